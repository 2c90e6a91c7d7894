/* SPDX-License-Identifier: MIT */
/*
 * killed_at_step.c - an instrumented program that kills itself at a named step of the record path (enum bl_step), in a build of
 * library and trace points whose steps are live.
 *
 *     killed_at_step BOOKS STEP TIME THREADS NESTED
 *
 * SIGKILL at the TIMEth time that any thread comes to STEP. With NESTED, every fifth step of a record has another record in it, as
 * from a signal handler. Each thread stays on one CPU, and so in one ring.
 *
 * BOOKS is an empty file that becomes a struct books, where the program notes what it is about to do before it does it. A lane is a
 * thread's own records, or those nested in them: numbered without gaps from 0, one after the other.
 */
#include <borelog.h>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 4
#define TIMES_MAX 2048
#define TEXT_MAX 80u
#define ATTEMPTS_MAX 100000000u
#define NESTED_EVERY 5

struct lane {
	uint32_t attempted;        /* records that were begun */
	uint32_t returned;         /* of them, those whose trace point has been left */
	uint32_t reached;          /* steps that the last one came to, as bits */
	uint32_t cpu;
	int32_t tid;
	uint32_t reserved;
	uint64_t begun[TIMES_MAX]; /* CLOCK_MONOTONIC around the trace point of each record */
	uint64_t ended[TIMES_MAX];
};

struct books {
	uint32_t killed; /* 1 + the step */
	uint32_t killer; /* its lane */
	struct lane lane[2 * THREADS_MAX];
};

static struct books *books;
static int kill_step, nested;
static uint32_t kill_time, times;
static __thread struct lane *mine; /* of the thread: its own records, then those nested in them */
static __thread uint32_t depth, steps;

static uint64_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void put(void)
{
	struct lane *at = &mine[depth];
	const uint32_t lane = (uint32_t)(at - books->lane), n = at->attempted;
	char text[TEXT_MAX + 1];

	memset(text, 'a' + (int)((n + lane) % 26), sizeof(text));
	text[1 + n * 7 % (TEXT_MAX - 1)] = 0; /* not empty: babeltrace2 would show the text of some record before */
	if (n < TIMES_MAX)
		bl_store_release(&at->begun[n], now());
	bl_store_release(&at->reached, 0);
	bl_store_release(&at->attempted, n + 1);
	borelog_event("k", "step", lane, n, text);
	if (n < TIMES_MAX)
		bl_store_release(&at->ended[n], now());
	bl_store_release(&at->returned, n + 1);
}

/* The step hook of core/. */
void bl_test_step(int step)
{
	if (!mine)
		return;
	bl_store_release(&mine[depth].reached, mine[depth].reached | 1u << step);
	if (step == kill_step && __atomic_add_fetch(&times, 1, __ATOMIC_RELAXED) == kill_time) {
		books->killer = (uint32_t)(&mine[depth] - books->lane);
		bl_store_release(&books->killed, (uint32_t)step + 1);
		for (;;)
			(void)kill(getpid(), SIGKILL);
	}
	if (nested && !depth && ++steps % NESTED_EVERY == 0) {
		depth = 1;
		put();
		depth = 0;
	}
}

/* The @index-th of the CPUs that we may use, over and over. */
static uint32_t choose_cpu(uint32_t index)
{
	cpu_set_t allowed;
	uint32_t cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		exit(99);
	index %= (uint32_t)CPU_COUNT(&allowed);
	for (cpu = 0; !CPU_ISSET(cpu, &allowed) || index--; cpu++)
		;
	return cpu;
}

static void *write_records(void *arg)
{
	const uint32_t thread = (uint32_t)(uintptr_t)arg, cpu = choose_cpu(thread);
	struct lane *lane = &books->lane[2 * thread];
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		exit(99);
	lane[0].cpu = lane[1].cpu = cpu;
	lane[0].tid = lane[1].tid = gettid();
	mine = lane;
	while (lane->attempted < ATTEMPTS_MAX)
		put();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS_MAX];
	int i, n_threads, fd;

	if (argc != 6)
		return 2;
	fd = open(argv[1], O_RDWR);
	kill_step = atoi(argv[2]);
	kill_time = (uint32_t)atoi(argv[3]);
	n_threads = atoi(argv[4]);
	nested = atoi(argv[5]);
	if (fd < 0 || ftruncate(fd, sizeof(*books)) || n_threads > THREADS_MAX)
		return 2;
	books = mmap(NULL, sizeof(*books), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (books == MAP_FAILED)
		return 2;
	for (i = 0; i < n_threads; i++)
		if (pthread_create(&thread[i], NULL, write_records, (void *)(uintptr_t)i))
			return 2;
	for (i = 0; i < n_threads; i++)
		(void)pthread_join(thread[i], NULL);
	return 1;
}
