/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The core's port for tests and benches: user space, but with the atomics of the kernel and the hypervisor. On x86 the local ones
 * carry no LOCK, so they are atomic against interruption on the same CPU and against nothing else; elsewhere they are relaxed, and
 * commit is ordered by a release fence, as a kernel port does it. BL_CHECK_FREESTANDING leaves out all that needs a libc.
 * The contract is in core/port.h.
 */
#ifndef BL_PORT_CHECK_H
#define BL_PORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define bl_load_relaxed(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define bl_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define bl_store_relaxed(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define bl_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

#if defined(__x86_64__)

static inline bool bl_check_load_is(const uint32_t *p, uint32_t v)
{
	bool same;

	__asm__ volatile("cmpl %2, %1" : "=@cce"(same) : "m"(*p), "r"(v));
	return same;
}
#define bl_load_is(p, v) bl_check_load_is(p, v)

static inline bool bl_local_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	bool done;

	__asm__ volatile("cmpxchgq %3, %1" : "=@ccz"(done), "+m"(*p), "+a"(old) : "r"(new_value) : "memory");
	return done;
}

static inline void bl_local_add(uint64_t *p, uint64_t v)
{
	__asm__ volatile("addq %1, %0" : "+m"(*p) : "er"(v) : "memory", "cc");
}

static inline bool bl_local_add_negative(uint64_t *p, uint64_t v)
{
	bool negative;

	__asm__ volatile("addq %2, %1" : "=@ccs"(negative), "+m"(*p) : "er"(v) : "memory");
	return negative;
}

static inline struct bl_ticks bl_check_ticks(void)
{
	struct bl_ticks ticks;

	__asm__ volatile("rdtsc" : "=a"(ticks.low), "=d"(ticks.high) : : "memory");
	return ticks;
}

static inline uint64_t bl_check_clock(void)
{
	const struct bl_ticks ticks = bl_check_ticks();

	return (uint64_t)ticks.high << 32 | ticks.low;
}

#else

static inline bool bl_local_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	return __atomic_compare_exchange_n(p, &old, new_value, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline void bl_local_add(uint64_t *p, uint64_t v)
{
	__atomic_add_fetch(p, v, __ATOMIC_RELAXED);
}

static inline bool bl_local_add_negative(uint64_t *p, uint64_t v)
{
	return __atomic_add_fetch((int64_t *)p, (int64_t)v, __ATOMIC_ACQ_REL) < 0;
}

uint64_t bl_check_clock(void);

#endif

static inline bool bl_shared_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	return __atomic_compare_exchange_n(p, &old, new_value, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline void bl_port_zero(void *p, size_t size)
{
#if defined(__x86_64__)
	__asm__ volatile("rep stosb" : "+D"(p), "+c"(size) : "a"(0) : "memory");
#else
	uint64_t *word = p;

	for (; size; size -= sizeof(*word))
		bl_store_relaxed(word++, 0);
#endif
}

#ifndef bl_port_clock
#define bl_port_clock(ring) bl_check_clock()
#if defined(__x86_64__)
#define bl_port_clock_fast(ring) bl_check_ticks()
#define bl_port_clock_is_fast(ring) true
#endif
#endif
#ifndef bl_port_step
#define bl_port_step(step) ((void)0)
#endif

struct bl_ring;
void bl_port_wake(struct bl_ring *ring);

#endif
