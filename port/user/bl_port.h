/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The core's port for programs and for the recorder. Writers migrate between CPUs and the recorder flushes from outside, so local
 * operations are atomic against every CPU. They are the compiler's own, which the sanitizers understand.
 * The contract is in core/port.h.
 */
#ifndef BL_PORT_USER_H
#define BL_PORT_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define bl_load_relaxed(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define bl_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define bl_store_relaxed(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define bl_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

#if defined(__x86_64__) || defined(__i386__)
static inline bool bl_user_load_is(const uint32_t *p, uint32_t v)
{
	bool same;

	__asm__ volatile("cmpl %2, %1" : "=@cce"(same) : "m"(*p), "r"(v));
	return same;
}
#define bl_load_is(p, v) bl_user_load_is(p, v)
#endif

/* All that these work on is so aligned, which Clang does not believe of a uint64_t on i386, and would call a library. */
typedef uint64_t bl_aligned_u64 __attribute__((aligned(8)));

static inline bool bl_local_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	return __atomic_compare_exchange_n((bl_aligned_u64 *)p, &old, new_value, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline void bl_local_add(uint64_t *p, uint64_t v)
{
	__atomic_add_fetch((bl_aligned_u64 *)p, v, __ATOMIC_RELAXED);
}

static inline bool bl_local_add_negative(uint64_t *p, uint64_t v)
{
	typedef int64_t __attribute__((aligned(8))) signed_t;

	return __atomic_add_fetch((signed_t *)p, (int64_t)v, __ATOMIC_ACQ_REL) < 0;
}

#define bl_shared_cas bl_local_cas

/** Values of bl_ring.clock. */
enum bl_user_clock {
	BL_CLOCK_MONOTONIC = 0, /* CLOCK_MONOTONIC in ns; async-signal-safe, in the vDSO */
	BL_CLOCK_COUNTER = 1,   /* the CPU's counter, see bl_user_counter() */
};

/** The CPU's free-running counter, or 0 where this architecture has none that programs can read. */
static inline struct bl_ticks bl_user_ticks(void)
{
	struct bl_ticks ticks;
#if defined(__x86_64__) || defined(__i386__)
	__asm__ volatile("rdtsc" : "=a"(ticks.low), "=d"(ticks.high) : : "memory");
#else
	uint64_t count = 0;

#if defined(__aarch64__)
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(count) : : "memory");
#endif
	ticks.low = (uint32_t)count;
	ticks.high = (uint32_t)(count >> 32);
#endif
	return ticks;
}

static inline uint64_t bl_user_counter(void)
{
	const struct bl_ticks ticks = bl_user_ticks();

	return (uint64_t)ticks.high << 32 | ticks.low;
}

/* clock_gettime() of libc under a name of our own: with -std=c11 and nothing else its header does not declare it. */
struct bl_user_timespec {
	long sec;
	long nsec;
};
extern int bl_user_clock_gettime(int clock, struct bl_user_timespec *ts) __asm__("clock_gettime");
#define BL_USER_MONOTONIC 1 /* CLOCK_MONOTONIC */

static inline uint64_t bl_user_clock_read(uint32_t clock)
{
	struct bl_user_timespec ts;

	if (__builtin_expect(clock == BL_CLOCK_COUNTER, 1))
		return bl_user_counter();
	(void)bl_user_clock_gettime(BL_USER_MONOTONIC, &ts);
	return (uint64_t)ts.sec * 1000000000u + (uint64_t)ts.nsec;
}

#define bl_port_clock(ring) bl_user_clock_read((ring)->clock)
#define bl_port_clock_fast(ring) bl_user_ticks()
#define bl_port_clock_is_fast(ring) ((ring)->clock == BL_CLOCK_COUNTER)
#define bl_port_zero(p, size) memset(p, 0, size)

/*
 * The recorder clears what it has taken, mostly on another CPU, in whose cache the lines then are; a store to one would have to fetch it,
 * and LOCK waits for that store. So they are asked for early: by so much that they are there in time, and as many as a record of up to
 * three lines uses up; longer copies the CPU foresees by itself.
 */
#define BL_USER_AHEAD 1024
#if defined(__x86_64__)
#define BL_USER_FETCH(at) __asm__ volatile("prefetchw %0" : : "m"(*(at)))
#else
#define BL_USER_FETCH(at) __builtin_prefetch(at, 1)
#endif

static inline __attribute__((always_inline)) void bl_user_fetch_ahead(const uint8_t *at, uint32_t size)
{
	BL_USER_FETCH(at + BL_USER_AHEAD);
	if (size > 64) {
		BL_USER_FETCH(at + BL_USER_AHEAD + 64);
		BL_USER_FETCH(at + BL_USER_AHEAD + 128);
	}
}
#define bl_port_fetch_ahead(at, size) bl_user_fetch_ahead(at, size)

#ifndef bl_port_step
#define bl_port_step(step) ((void)0)
#endif

/* lib/ rings the recorder's bell; the recorder itself, which flushes, has none to ring. */
struct bl_ring;
void bl_port_wake(struct bl_ring *ring);

#endif
