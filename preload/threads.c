/* SPDX-License-Identifier: MIT */
/*
 * threads.c - start, exit and join of threads.
 *
 * Start. A new thread begins in a trampoline here that records thread_start and goes on in the program's function. What the trampoline has to know waits in a handoff: one of a static pool (a traced program's heap is left
 * alone), or from the real allocator if more than that many threads are being created at once.
 *
 * Exit. A thread-specific key of our own has its destructor run for every way out: return, pthread_exit() (of the main thread, too),
 * cancellation. It puts itself back until the last round of destructors, so that the program's own run before the record. A process
 * that ends as a whole ends all its threads without such a record, as it ends its streams.
 */
#include "preload/probe.h"

#include <limits.h>

#define HANDOFFS 64u

/* The program's function, of whichever type, and its argument. */
struct job {
	void (*start)(void);
	void *arg;
};

struct handoff {
	struct job job;
	uint32_t taken;
	bool on_heap;
};

static struct handoff handoffs[HANDOFFS];
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static bool exit_key_made;

static void thread_exits(void *round)
{
	if ((uintptr_t)round < PTHREAD_DESTRUCTOR_ITERATIONS) {
		pthread_setspecific(exit_key, (void *)((uintptr_t)round + 1));
		return;
	}
	borelog_event("libc", "thread_exit");
}

static void make_exit_key(void)
{
	exit_key_made = !pthread_key_create(&exit_key, thread_exits);
}

/* From now on the calling thread's exit is noticed. */
static void watch_exit(void)
{
	pthread_once(&exit_key_once, make_exit_key);
	if (exit_key_made)
		pthread_setspecific(exit_key, (void *)1);
}

__attribute__((constructor)) static void watch_main_thread(void)
{
	watch_exit();
}

static struct handoff *handoff_get(void)
{
	struct handoff *handoff;

	for (handoff = handoffs; handoff < handoffs + HANDOFFS; handoff++)
		if (!__atomic_exchange_n(&handoff->taken, 1, __ATOMIC_ACQUIRE))
			return handoff;
	handoff = bl_real(malloc)(sizeof(*handoff)); /* without it the thread is created all the same, its start is not recorded */
	if (handoff)
		handoff->on_heap = true;
	return handoff;
}

static void handoff_put(struct handoff *handoff)
{
	if (handoff->on_heap)
		bl_real(free)(handoff);
	else
		__atomic_store_n(&handoff->taken, 0, __ATOMIC_RELEASE);
}

/* First thing that a new thread does. */
static struct job thread_starts(struct handoff *handoff)
{
	const struct job job = handoff->job;
	void *start = (void *)(uintptr_t)job.start;
	void *arg = job.arg;
	void *thread = (void *)(uintptr_t)pthread_self();

	handoff_put(handoff);
	watch_exit();
	borelog_event("libc", "thread_start", thread, start, arg);
	return job;
}

static void *trampoline(void *handoff)
{
	const struct job job = thread_starts(handoff);

	return ((void *(*)(void *))job.start)(job.arg);
}

static int trampoline_c11(void *handoff)
{
	const struct job job = thread_starts(handoff);

	return ((thrd_start_t)job.start)(job.arg);
}

/* *ret is not read afterwards: by then the new thread may have run, ended, and freed what it lies in. */
BL_EXPORT int pthread_create(pthread_t *restrict ret, const pthread_attr_t *restrict attr, void *(*start)(void *), void *restrict arg)
{
	struct handoff *handoff = handoff_get();
	int result;

	borelog_begin("libc", "pthread_create", borelog_hex(start), arg);
	if (handoff) {
		handoff->job = (struct job){(void (*)(void))start, arg};
		result = bl_real(pthread_create)(ret, attr, trampoline, handoff);
		if (result)
			handoff_put(handoff);
	} else {
		result = bl_real(pthread_create)(ret, attr, start, arg);
	}
	borelog_end("libc", "pthread_create", result);
	return result;
}

BL_EXPORT int thrd_create(thrd_t *ret, thrd_start_t start, void *arg)
{
	struct handoff *handoff = handoff_get();
	int result;

	borelog_begin("libc", "thrd_create", borelog_hex(start), arg);
	if (handoff) {
		handoff->job = (struct job){(void (*)(void))start, arg};
		result = bl_real(thrd_create)(ret, trampoline_c11, handoff);
		if (result != thrd_success)
			handoff_put(handoff);
	} else {
		result = bl_real(thrd_create)(ret, start, arg);
	}
	borelog_end("libc", "thrd_create", result);
	return result;
}

#define JOIN(name, params, args)                                                                                               \
	BL_WRAPPER(int, name, params, args)\
	{                                                                                                                      \
		void *thread;                                                                                                  \
		int result;                                                                                                    \
                                                                                                                               \
		thread = (void *)(uintptr_t)id;                                                                                \
		borelog_begin("libc", #name, thread);                                                                          \
		result = bl_real(name) args;                                                                                   \
		borelog_end("libc", #name, thread, result);                                                                    \
		return result;                                                                                                 \
	}
JOIN(pthread_join, (pthread_t id, void **ret), (id, ret))
JOIN(pthread_timedjoin_np, (pthread_t id, void **ret, const struct timespec *until), (id, ret, until))
JOIN(pthread_clockjoin_np, (pthread_t id, void **ret, clockid_t clock, const struct timespec *until), (id, ret, clock, until))
JOIN(thrd_join, (thrd_t id, int *ret), (id, ret))
