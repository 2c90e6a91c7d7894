/* SPDX-License-Identifier: MIT */
/*
 * program.c - the traced programs of the benches that are not about the cost of one record.
 *
 * usage: bench-program flood a|c SECONDS THREADS   records as fast as it can; prints how many it tried
 *        bench-program send a|b|c|m N              N records, with pauses, so that none is discarded; m: 5 a, 4 b, 1 c, and again
 *        bench-program idle                        one record, then sleeps until its input ends
 *        bench-program attach                      looks each millisecond until its input ends; makes a record when a session has
 *                                                  come or gone, and prints how long it took, in ns
 *        bench-program crowd THREADS               THREADS threads, each makes records and then waits until the input ends
 */
#include "bench.h"

#include <borelog.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 256

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool input_ended(int timeout_ms)
{
	struct pollfd fd = {0, POLLIN | POLLHUP, 0};

	return poll(&fd, 1, timeout_ms) > 0;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

static uint64_t flood_until;
static char flood_what;

static void *flood(void *arg)
{
	const struct bench_input in = bench_input();
	uint64_t count = 0;
	uint32_t i;

	(void)arg;
	while (now_ns() < flood_until) {
		for (i = 0; i < 1000; i++) {
			if (flood_what == 'a')
				borelog_event("bench", "flood_a", in.number);
			else
				borelog_event("bench", "flood_c", borelog_bytes(in.bytes, 128));
		}
		count += i;
	}
	return (void *)(uintptr_t)count;
}

static int run_flood(char what, unsigned int seconds, int n_threads)
{
	pthread_t threads[THREADS_MAX];
	uint64_t sum = 0;
	void *count;
	int i;

	flood_what = what;
	flood_until = now_ns() + seconds * 1000000000ull;
	for (i = 0; i < n_threads; i++)
		if (pthread_create(&threads[i], NULL, flood, NULL))
			return 1;
	for (i = 0; i < n_threads; i++) {
		pthread_join(threads[i], &count);
		sum += (uintptr_t)count;
	}
	printf("%llu\n", (unsigned long long)sum);
	return 0;
}

static int run_send(char what, unsigned int n)
{
	const struct bench_input in = bench_input();
	static const char mix[] = "abababaabc";

	for (; n; n--) {
		switch (what == 'm' ? mix[n % 10] : what) {
		case 'a':
			borelog_event("bench", "a", in.number);
			break;
		case 'b':
			borelog_event("bench", "b", in.number, in.wide, in.text);
			break;
		default:
			borelog_event("bench", "c", borelog_bytes(in.bytes, 128));
		}
		if (!(n % 2000))
			usleep(2000);
	}
	return 0;
}

static int run_idle(void)
{
	borelog_event("bench", "idle", 1);
	ready();
	while (!input_ended(-1))
		;
	return 0;
}

static int run_attach(void)
{
	uint32_t last = *borelog_word;
	uint64_t begin, ns;

	ready();
	while (!input_ended(1)) {
		if (bl_load_relaxed(borelog_word) == last)
			continue;
		last = bl_load_relaxed(borelog_word);
		begin = now_ns();
		borelog_event("bench", "attach", 1);
		ns = now_ns() - begin;
		printf("%llu\n", (unsigned long long)ns);
		fflush(stdout);
		last = bl_load_relaxed(borelog_word);
	}
	return 0;
}

static pthread_barrier_t made;

static void *crowd(void *arg)
{
	int i;

	for (i = 0; i < 1000; i++)
		borelog_event("bench", "crowd", i);
	pthread_barrier_wait(&made);
	pause();
	return arg;
}

static int run_crowd(int n_threads)
{
	pthread_t id;
	int i;

	pthread_barrier_init(&made, NULL, (unsigned int)n_threads + 1);
	for (i = 0; i < n_threads; i++)
		if (pthread_create(&id, NULL, crowd, NULL))
			return 1;
	pthread_barrier_wait(&made);
	ready();
	while (!input_ended(-1))
		;
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "flood") && argc == 5 && atoi(argv[4]) <= THREADS_MAX)
		return run_flood(*argv[2], (unsigned int)atoi(argv[3]), atoi(argv[4]));
	if (!strcmp(what, "send") && argc == 4)
		return run_send(*argv[2], (unsigned int)atoi(argv[3]));
	if (!strcmp(what, "idle"))
		return run_idle();
	if (!strcmp(what, "attach"))
		return run_attach();
	if (!strcmp(what, "crowd") && argc == 3)
		return run_crowd(atoi(argv[2]));
	fputs("usage: see the source's head\n", stderr);
	return 2;
}
