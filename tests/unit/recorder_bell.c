/* SPDX-License-Identifier: MIT */
/*
 * recorder_bell.c - record/bell.c: no ring is missed, whoever rings and whenever. Every ringer counts up before it rings, as a program
 * hands over before it rings; at the end the server has seen every count. A missed ring makes the server wait for ever, which the
 * test's time limit turns into a failure.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/futex.h>
#include <string.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/port.h"
#include "record/bell.h"

#ifndef SYS_futex
#define SYS_futex SYS_futex_time64
#endif

#define RINGERS 4
#define WORDS 300 /* more than fit a group */

struct ringer {
	struct bell bell;
	uint32_t word;
	uint64_t handed_over;
	uint64_t seen;
};

static struct ringer ringers[WORDS];
static uint64_t rounds;

static void hand_over(struct ringer *ringer)
{
	__atomic_add_fetch(&ringer->handed_over, 1, __ATOMIC_RELEASE);
	if (!__atomic_exchange_n(&ringer->word, 1, __ATOMIC_SEQ_CST))
		(void)syscall(SYS_futex, &ringer->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void *run_ringer(void *arg)
{
	const size_t first = (size_t)arg;
	uint64_t i;
	size_t at;

	for (i = 0; i < rounds; i++) {
		for (at = first; at < WORDS; at += RINGERS)
			if (ringers[at].bell.group)
				hand_over(&ringers[at]);
		if (i % 16 == 0)
			(void)usleep(100); /* let the server fall asleep now and then */
	}
	return NULL;
}

static bool look(struct ringer *ringer)
{
	const uint64_t now = bl_load_acquire(&ringer->handed_over);
	const bool found = now != ringer->seen;

	ringer->seen = now;
	return found;
}

static bool serve(void *data, void *owner)
{
	struct ringer *ringer = owner;

	(void)data;
	if (look(ringer))
		return true;
	bell_silence(&ringer->bell);
	return look(ringer);
}

static uint64_t seen_by_all(uint32_t n)
{
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		total += ringers[i].seen;
	return total;
}

static void serve_until(struct bells *bells, uint32_t n, uint64_t total)
{
	struct pollfd rung = {.fd = bells->event_fd, .events = POLLIN};
	bool more = false;
	uint64_t count;

	while (seen_by_all(n) < total) {
		assert_true(poll(&rung, 1, more ? 0 : 20000) > 0 || more); /* nobody rang, and not all was seen: missed */
		if (rung.revents && read(bells->event_fd, &count, sizeof(count)) < 0)
			fail();
		more = bells_serve(bells, serve, NULL);
	}
}

static void ring_all(bool single, uint32_t n, uint64_t n_rounds)
{
	pthread_t thread[RINGERS];
	struct bells bells;
	uint32_t i;

	memset(ringers, 0, sizeof(ringers));
	rounds = n_rounds;
	assert_int_equal(bells_init(&bells), 0);
	bells.single = bells.single || single;
	for (i = 0; i < n; i++)
		assert_int_equal(bells_add(&bells, &ringers[i].bell, &ringers[i].word, &ringers[i]), 0);
	for (i = 0; i < RINGERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, run_ringer, (void *)(size_t)i), 0);
	serve_until(&bells, n, n * rounds);
	for (i = 0; i < RINGERS; i++)
		(void)pthread_join(thread[i], NULL);
	for (i = 0; i < n; i++)
		bells_remove(&bells, &ringers[i].bell);
	bells_fini(&bells);
}

static void groups_miss_nothing(void **state)
{
	(void)state;
	ring_all(false, WORDS, 300);
}

static void one_word_misses_nothing(void **state)
{
	(void)state;
	ring_all(false, 1, 20000);
}

static void without_waitv_nothing_is_missed(void **state)
{
	(void)state;
	ring_all(true, 20, 1000);
}

/* Programs come and go while others ring. */
static void members_change(void **state)
{
	pthread_t thread;
	struct bells bells;
	uint32_t i;

	(void)state;
	memset(ringers, 0, sizeof(ringers));
	rounds = 2000;
	assert_int_equal(bells_init(&bells), 0);
	assert_int_equal(bells_add(&bells, &ringers[0].bell, &ringers[0].word, &ringers[0]), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_ringer, (void *)(size_t)0), 0);
	for (i = 0; i < 500; i++) {
		const uint32_t at = 1 + i % (RINGERS - 1); /* words of ringers that do not run */

		assert_int_equal(bells_add(&bells, &ringers[at].bell, &ringers[at].word, &ringers[at]), 0);
		hand_over(&ringers[at]);
		while (bl_load_acquire(&ringers[at].handed_over) != ringers[at].seen)
			serve_until(&bells, 4, seen_by_all(4) + 1);
		bells_remove(&bells, &ringers[at].bell);
	}
	serve_until(&bells, 1, rounds);
	(void)pthread_join(thread, NULL);
	bells_remove(&bells, &ringers[0].bell);
	bells_fini(&bells);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_miss_nothing),
		cmocka_unit_test(one_word_misses_nothing),
		cmocka_unit_test(without_waitv_nothing_is_missed),
		cmocka_unit_test(members_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
