/* SPDX-License-Identifier: MIT */
/*
 * The core as programs use it: threads that record while they are moved from CPU to CPU, interrupted by signals whose handlers record too,
 * two rings chosen by CPU, and a consumer that is prompt, slow, stopped for a while, or gone. Random delays at the named steps widen
 * what is otherwise a few instructions. A fixed number of records, each of them accounted for (support/ledger.h).
 *
 * usage: ring_stress [RECORDS of each thread]
 */
#include "support/ledger.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define N_RINGS 2u
#define N_THREADS 4u
#define MOVE_EVERY 500u

enum consumer { PROMPT, SLOW, STOPPED, GONE, N_CONSUMERS };

struct channel {
	struct bl_ring ring;
	struct ledger ledger;
	struct audit audit;
};

static const char *const consumer_names[] = { "prompt", "slow", "stopped", "gone" };
static struct channel channels[N_RINGS];
static uint32_t n_records = 20000;
static uint32_t running; /* threads that record */
static uint32_t stopped; /* the consumer, until half of the records are written */
static uint64_t n_handled;
static uint32_t n_written; /* records outside of handlers, all cases */
static __thread uint32_t random_state;

void bl_port_wake(struct bl_ring *ring)
{
	(void)ring;
}

static uint32_t random32(void)
{
	uint32_t r = random_state ? random_state : (uint32_t)(uintptr_t)&random_state | 1;

	r ^= r << 13;
	r ^= r >> 17;
	r ^= r << 5;
	random_state = r;
	return r;
}

void bl_test_step(int step)
{
	const uint32_t r = random32();
	uint32_t i;

	(void)step;
	if (r % 512 == 0)
		sched_yield();
	else if (r % 16 == 0)
		for (i = 0; i < (r >> 16) % 256; i++)
			__asm__ volatile("" : : : "memory");
}

static void record(void)
{
	struct channel *channel = &channels[(uint32_t)sched_getcpu() % N_RINGS];
	const uint32_t r = random32();
	struct entry *entry = ledger_new(&channel->ledger, &channel->ring, r % 32 ? 1 : 40, 8 + (r >> 8) % (r % 16 ? 32 : 600));

	if (!entry)
		return;
	(void)ledger_write(&channel->ledger, &channel->ring, entry);
	ledger_end(entry, &channel->ring);
}

static void on_signal(int number)
{
	(void)number;
	record();
	record();
	__atomic_add_fetch(&n_handled, 1, __ATOMIC_RELAXED);
}

static void move(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(random32() % (uint32_t)sysconf(_SC_NPROCESSORS_ONLN), &set);
	(void)sched_setaffinity(0, sizeof(set), &set); /* where we may not go, we stay */
}

static void *write_records(void *arg)
{
	uint32_t i;

	(void)arg;
	for (i = 0; i < n_records; i++) {
		if (i % MOVE_EVERY == 0)
			move();
		record();
		__atomic_add_fetch(&n_written, 1, __ATOMIC_RELAXED);
		if (i == n_records / 2)
			bl_store_relaxed(&stopped, 0);
		if (i % 5000 == 4999)
			(void)bl_ring_flush(&channels[i % N_RINGS].ring);
	}
	__atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
	while (bl_load_acquire(&running)) /* signals are for who is there */
		sched_yield();
	return NULL;
}

static void consume(struct channel *channel, enum consumer how)
{
	const struct timespec slow = { .tv_nsec = 200000 };

	if (how == GONE || bl_load_relaxed(&stopped))
		return;
	while (!channel->audit.wrong[0] && audit_take(&channel->audit))
		if (how == SLOW)
			nanosleep(&slow, NULL);
}

static void *consumer_thread(void *arg)
{
	const enum consumer how = *(const enum consumer *)arg;
	uint32_t i;

	while (bl_load_acquire(&running)) {
		for (i = 0; i < N_RINGS; i++)
			consume(&channels[i], how);
		sched_yield();
	}
	return NULL;
}

static void storm(const pthread_t *threads)
{
	const struct timespec pause = { .tv_nsec = 30000 };
	const uint32_t before = bl_load_relaxed(&n_written);
	uint32_t i;

	for (i = 0; bl_load_acquire(&running) == N_THREADS; i++) {
		/* No more signals than records, or a slow machine does nothing but handle signals. */
		while (i >= bl_load_relaxed(&n_written) - before && bl_load_acquire(&running) == N_THREADS)
			sched_yield();
		pthread_kill(threads[i % N_THREADS], SIGUSR1);
		if (i % 8 == 0)
			nanosleep(&pause, NULL);
	}
}

static bool channel_init(struct channel *channel, uint32_t flags)
{
	const uint32_t most = N_THREADS * n_records * 2;
	size_t size;
	void *memory;

	free(channel->ledger.entry);
	*channel = (struct channel){ 0 };
	channel->ring = (struct bl_ring){ .sub_shift = 12, .n_sub = 8, .n_phys = 9, .id_bits = 5, .flags = flags };
#if defined(__x86_64__) && !defined(BL_TEST_PORT_CHECK)
	channel->ring.clock = BL_CLOCK_COUNTER;
#endif
	size = test_ring_size(&channel->ring);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	channel->ledger = (struct ledger){ .entry = calloc(most, sizeof(struct entry)), .max = most };
	if (memory == MAP_FAILED || !channel->ledger.entry || !test_ring_init(&channel->ring, memory))
		return false;
	audit_init(&channel->audit, &channel->ring, &channel->ledger);
	channel->audit.late = channel->audit.early = BL_BACK_TICKS;
	return true;
}

static bool finish(struct channel *channel, const char *how)
{
	const bool good = audit_finish(&channel->audit);

	printf("%s: %s, %s: %u attempts, %u records in %u packets read, %llu discarded%s%s\n", good ? "ok" : "FAULT", how,
	       channel->ring.flags & BL_RING_OVERWRITE ? "overwrite" : "discard", channel->ledger.n, channel->audit.records,
	       channel->audit.packets, (unsigned long long)(channel->ring.shared->lost[BL_LOST_FULL] + channel->ring.shared->lost[BL_LOST_BUSY]),
	       good ? "" : ": ", channel->audit.wrong);
	munmap(channel->ring.shared, test_ring_size(&channel->ring));
	return good;
}

static bool run(enum consumer how, uint32_t flags)
{
	pthread_t threads[N_THREADS], consumer;
	bool good = true;
	uint32_t i;

	for (i = 0; i < N_RINGS; i++)
		if (!channel_init(&channels[i], flags))
			return false;
	running = N_THREADS;
	stopped = how == STOPPED;
	if (pthread_create(&consumer, NULL, consumer_thread, &how))
		return false;
	for (i = 0; i < N_THREADS; i++)
		if (pthread_create(&threads[i], NULL, write_records, NULL))
			return false;
	storm(threads);
	for (i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(consumer, NULL);
	for (i = 0; i < N_RINGS; i++)
		good &= finish(&channels[i], consumer_names[how]);
	return good;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	bool good = true;
	uint32_t flags;
	int how;

	if (argc > 1)
		n_records = (uint32_t)strtoul(argv[1], NULL, 10);
	sigaction(SIGUSR1, &action, NULL);
	for (flags = 0; flags <= BL_RING_OVERWRITE; flags++)
		for (how = 0; how < N_CONSUMERS; how++)
			good &= run((enum consumer)how, flags);
	printf("%llu signals handled\n", (unsigned long long)n_handled);
	return !good;
}
