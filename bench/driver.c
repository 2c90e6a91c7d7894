/* SPDX-License-Identifier: MIT */
/*
 * driver.c - runs the contestants of one bench, interleaved, and prints a JSON line for each.
 *
 * usage: driver [-c CPU] [-r ROUNDS] [-n BURST] [-s SLEEP_US] [-t THREADS,...] [-l LABEL] MODULE:CASE...
 *
 * MODULE is a file, or "self" for the cases that are linked into the driver: a trace point in an executable costs less than one in
 * a module.
 *
 * One thread (no -t): each round runs one burst of every case; what is kept is the wall time of each burst by the CPU's counter.
 * The minimum is the cost of the code, the median what the machine gave, p90 - p10 the spread. -s sleeps after each round, so that
 * consumers in other processes can keep up and no case is measured while it discards.
 *
 * Threads (-t N,...): each round runs every case in each number of threads at once; what is kept is the CPU time of the threads for
 * each record.
 */
#include "bench.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>
#endif

#define CASES_MAX 32
#define THREADS_MAX 256

struct contestant {
	const char *spec;
	const struct bench_case *bench;
	int threads; /* 0: the driver's own */
	double *ns; /* of each round, for one operation */
};

static struct contestant contestants[CASES_MAX];
static int n_contestants;
static int opt_cpu = -1;
static int opt_rounds = 1000;
static uint32_t opt_burst = 2000;
static unsigned int opt_sleep_us;
static int opt_threads[CASES_MAX];
static int n_opt_threads;
static const char *opt_label = "";
static double ticks_per_ns = 1;

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __rdtsc();
#else
	return clock_ns(CLOCK_MONOTONIC);
#endif
}

static void calibrate(void)
{
	const uint64_t ns = clock_ns(CLOCK_MONOTONIC);
	const uint64_t t = ticks();

	usleep(50000);
	ticks_per_ns = (double)(ticks() - t) / (double)(clock_ns(CLOCK_MONOTONIC) - ns);
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "driver: %s: %s\n", what, why);
	exit(2);
}

extern const struct bench_case bench_cases[] __attribute__((weak));

static const struct bench_case *cases_of(const char *file)
{
	const struct bench_case *cases;
	void *module;

	if (!strcmp(file, "self"))
		return bench_cases;
	module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!module)
		die(file, dlerror());
	cases = dlsym(module, "bench_cases");
	if (!cases)
		die(file, "no table of cases");
	return cases;
}

static void load(char *spec, struct contestant *c)
{
	const struct bench_case *at;
	char *colon = strrchr(spec, ':');

	if (!colon)
		die(spec, "not MODULE:CASE");
	c->spec = strdup(colon + 1);
	*colon = 0;
	at = cases_of(spec);
	if (!at)
		die(spec, "no cases in this driver");
	while (at->name && strcmp(at->name, c->spec))
		at++;
	if (!at->name)
		die(c->spec, "no such case");
	if (at->start && at->start())
		die(c->spec, "cannot start");
	c->bench = at;
}

/* Makes room for the results of the case at the end of the table, in @threads threads. */
static void enter(struct contestant c, int threads)
{
	if (n_contestants == CASES_MAX)
		die(c.spec, "too many cases");
	c.threads = threads;
	c.ns = calloc((size_t)opt_rounds, sizeof(*c.ns));
	if (!c.ns)
		die(c.spec, "no memory");
	contestants[n_contestants++] = c;
}

static double burst(const struct bench_case *bench)
{
	const uint64_t begin = ticks();
	uint64_t end;

	bench->run(opt_burst);
	end = ticks();
	if (bench->rest)
		bench->rest();
	return (double)(end - begin) / ticks_per_ns / opt_burst;
}

static pthread_barrier_t barrier;

static void *thread(void *arg)
{
	const struct bench_case *bench = arg;
	uint64_t begin;

	pthread_barrier_wait(&barrier);
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	bench->run(opt_burst);
	return (void *)(uintptr_t)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
}

/* CPU time of @n_threads threads, for one operation. */
static double crowd(const struct bench_case *bench, int n_threads)
{
	pthread_t threads[THREADS_MAX];
	double sum = 0;
	void *ns;
	int i;

	pthread_barrier_init(&barrier, NULL, (unsigned int)n_threads);
	for (i = 0; i < n_threads; i++) {
		if (pthread_create(&threads[i], NULL, thread, (void *)(uintptr_t)bench))
			die("pthread_create", strerror(errno));
	}
	for (i = 0; i < n_threads; i++) {
		pthread_join(threads[i], &ns);
		sum += (double)(uintptr_t)ns;
	}
	pthread_barrier_destroy(&barrier);
	if (bench->rest)
		bench->rest();
	return sum / n_threads / opt_burst;
}

static int compare(const void *left, const void *right)
{
	const double a = *(const double *)left;
	const double b = *(const double *)right;

	return (a > b) - (a < b);
}

static double percentile(const double *sorted, double part)
{
	return sorted[(int)(part * (opt_rounds - 1))];
}

static void report(struct contestant *c)
{
	qsort(c->ns, (size_t)opt_rounds, sizeof(*c->ns), compare);
	printf("{\"label\": \"%s\", \"case\": \"%s\", \"unit\": \"ns\", \"min\": %.3f, \"p10\": %.3f, \"median\": %.3f, \"p90\": %.3f, "
	       "\"rounds\": %d, \"burst\": %u, \"threads\": %d, \"discarded\": ",
	       opt_label, c->spec, c->ns[0], percentile(c->ns, .1), percentile(c->ns, .5), percentile(c->ns, .9), opt_rounds, opt_burst,
	       c->threads ? c->threads : 1);
	if (c->bench->discarded)
		printf("%llu}\n", (unsigned long long)c->bench->discarded());
	else
		printf("null}\n");
}

static void pin(void)
{
	cpu_set_t set;

	if (opt_cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(opt_cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("pinning", strerror(errno));
}

static void thread_counts(char *list)
{
	char *word;

	for (word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		if (n_opt_threads == CASES_MAX || atoi(word) < 1 || atoi(word) > THREADS_MAX)
			die(word, "not a list of threads");
		opt_threads[n_opt_threads++] = atoi(word);
	}
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:r:n:s:t:l:")) != -1) {
		switch (c) {
		case 'c':
			opt_cpu = atoi(optarg);
			break;
		case 'r':
			opt_rounds = atoi(optarg);
			break;
		case 'n':
			opt_burst = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			opt_sleep_us = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 't':
			thread_counts(optarg);
			break;
		case 'l':
			opt_label = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (opt_rounds < 1 || !opt_burst)
		die("options", "out of range");
}

static double measure(const struct contestant *c)
{
	return c->threads ? crowd(c->bench, c->threads) : burst(c->bench);
}

int main(int argc, char **argv)
{
	struct contestant c = {0};
	int round, i, k;

	options(argc, argv);
	pin();
	for (i = optind; i < argc; i++) {
		load(argv[i], &c);
		if (!n_opt_threads)
			enter(c, 0);
		for (k = 0; k < n_opt_threads; k++)
			enter(c, opt_threads[k]);
	}
	calibrate();
	/* Round -1 is not kept: it touches everything once. */
	for (round = -1; round < opt_rounds; round++) {
		for (i = 0; i < n_contestants; i++) {
			const double ns = measure(&contestants[i]);

			if (round >= 0)
				contestants[i].ns[round] = ns;
			if (opt_sleep_us && contestants[i].threads)
				usleep(opt_sleep_us);
		}
		if (opt_sleep_us)
			usleep(opt_sleep_us);
	}
	for (i = 0; i < n_contestants; i++)
		report(&contestants[i]);
	return 0;
}
