/* SPDX-License-Identifier: MIT */
#include "bell.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/port.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
/* 32-bit machines with 64-bit time only have the new call. Without a timeout both are the same. */
#ifndef SYS_futex
#define SYS_futex SYS_futex_time64
#endif

struct bell_group {
	struct bell_group *next;
	struct bells *bells;
	pthread_t thread;
	pthread_mutex_t lock; /* of bell[] and n */
	uint32_t control;     /* moved on by the session's thread: look again */
	uint32_t awake;
	uint32_t stop;
	uint32_t n;
	uint32_t max;
	struct bell *bell[BELL_GROUP_MAX];
};

static long futex(uint32_t *word, int op, uint32_t value)
{
	return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

static struct futex_waitv waiter(uint32_t *word, uint32_t value, uint32_t flags)
{
	return (struct futex_waitv){.uaddr = (uintptr_t)word, .val = value, .flags = FUTEX_32 | flags};
}

/* Fill in what to wait for. Return: has one rung already? */
static bool gather(struct bell_group *group, uint32_t control, struct futex_waitv *waiters, uint32_t *ret_n)
{
	bool rung = false;
	uint32_t i;

	(void)pthread_mutex_lock(&group->lock);
	waiters[0] = waiter(&group->control, control, FUTEX_PRIVATE_FLAG);
	for (i = 0; i < group->n; i++) {
		rung = rung || bl_load_acquire(group->bell[i]->word);
		waiters[1 + i] = waiter(group->bell[i]->word, 0, 0); /* ORD(bell:C) */
	}
	*ret_n = 1 + group->n;
	(void)pthread_mutex_unlock(&group->lock);
	return rung;
}

static void wait_for_ring(struct bell_group *group, struct futex_waitv *waiters, uint32_t n)
{
	if (!group->bells->single)
		(void)syscall(SYS_futex_waitv, waiters, n, 0, NULL, 0);
	else if (n > 1)
		(void)futex((uint32_t *)(uintptr_t)waiters[1].uaddr, FUTEX_WAIT, 0); /* who moves control on also rings */
	else
		(void)futex(&group->control, FUTEX_WAIT_PRIVATE, (uint32_t)waiters[0].val);
}

static void *group_run(void *arg)
{
	struct bell_group *group = arg;
	struct futex_waitv waiters[1 + BELL_GROUP_MAX];
	const uint64_t one = 1;

	for (;;) {
		const uint32_t control = bl_load_acquire(&group->control);
		uint32_t n;

		if (bl_load_acquire(&group->stop))
			return NULL;
		if (!gather(group, control, waiters, &n)) {
			wait_for_ring(group, waiters, n);
			continue;
		}
		bl_store_release(&group->awake, 1u);
		if (write(group->bells->event_fd, &one, sizeof(one)) < 0)
			continue; /* cannot be: the counter is read before it is full */
		(void)futex(&group->control, FUTEX_WAIT_PRIVATE, control);
	}
}

static void move_control(struct bell_group *group)
{
	(void)__atomic_add_fetch(&group->control, 1, __ATOMIC_ACQ_REL);
	(void)futex(&group->control, FUTEX_WAKE_PRIVATE, INT_MAX);
}

/* With one word for each thread, the thread may be waiting for that and not for control. */
static void ring(struct bell *bell)
{
	(void)__atomic_exchange_n(bell->word, 1, __ATOMIC_ACQ_REL);
	(void)futex(bell->word, FUTEX_WAKE, INT_MAX);
}

static int group_start(struct bell_group *group)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&group->thread, NULL, group_run, group);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

static struct bell_group *group_new(struct bells *bells)
{
	struct bell_group *group = calloc(1, sizeof(*group));
	int err;

	if (!group)
		return NULL;
	group->bells = bells;
	group->max = bells->single ? 1 : BELL_GROUP_MAX;
	(void)pthread_mutex_init(&group->lock, NULL);
	err = group_start(group);
	if (err) {
		free(group);
		errno = -err;
		return NULL;
	}
	group->next = bells->groups;
	bells->groups = group;
	return group;
}

static void group_free(struct bell_group *group)
{
	bl_store_release(&group->stop, 1u);
	move_control(group);
	(void)pthread_join(group->thread, NULL);
	(void)pthread_mutex_destroy(&group->lock);
	free(group);
}

int bells_init(struct bells *bells)
{
	uint32_t word = 1;
	struct futex_waitv probe = waiter(&word, 0, FUTEX_PRIVATE_FLAG);

	bells->groups = NULL;
	/* A word that has rung already: EAGAIN, unless the call is not there. */
	bells->single = syscall(SYS_futex_waitv, &probe, 1, 0, NULL, 0) < 0 && errno != EAGAIN;
	bells->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return bells->event_fd < 0 ? -errno : 0;
}

void bells_fini(struct bells *bells)
{
	struct bell_group *group;

	while ((group = bells->groups)) {
		bells->groups = group->next;
		group_free(group);
	}
	if (bells->event_fd >= 0)
		close(bells->event_fd);
	bells->event_fd = -1;
}

int bells_add(struct bells *bells, struct bell *bell, uint32_t *word, void *owner)
{
	struct bell_group *group;

	for (group = bells->groups; group && group->n == group->max; group = group->next)
		;
	if (!group)
		group = group_new(bells);
	if (!group)
		return -errno;
	bell->word = word;
	bell->owner = owner;
	bell->group = group;
	(void)pthread_mutex_lock(&group->lock);
	bell->index = group->n;
	group->bell[group->n++] = bell;
	(void)pthread_mutex_unlock(&group->lock);
	move_control(group);
	return 0;
}

void bells_remove(struct bells *bells, struct bell *bell)
{
	struct bell_group *group = bell->group;

	if (!group)
		return;
	(void)pthread_mutex_lock(&group->lock);
	group->bell[bell->index] = group->bell[--group->n];
	group->bell[bell->index]->index = bell->index;
	(void)pthread_mutex_unlock(&group->lock);
	bell->group = NULL;
	if (bells->single)
		ring(bell);
	move_control(group);
}

void bell_silence(struct bell *bell)
{
	(void)__atomic_exchange_n(bell->word, 0, __ATOMIC_ACQ_REL); /* ORD(bell:B) */
}

static bool serve_group(struct bell_group *group, bool (*serve)(void *data, void *owner), void *data)
{
	bool more = false;
	uint32_t i;

	/* The session's thread alone changes the members, so it may read them without the lock. */
	for (i = 0; i < group->n; i++)
		if (bl_load_acquire(group->bell[i]->word))
			more = serve(data, group->bell[i]->owner) || more;
	return more;
}

bool bells_serve(struct bells *bells, bool (*serve)(void *data, void *owner), void *data)
{
	struct bell_group *group;
	bool more = false;
	uint64_t count;

	if (read(bells->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return false;
	for (group = bells->groups; group; group = group->next) {
		if (!bl_load_acquire(&group->awake))
			continue;
		if (serve_group(group, serve, data)) {
			more = true;
			continue;
		}
		bl_store_relaxed(&group->awake, 0u);
		move_control(group);
	}
	return more;
}
