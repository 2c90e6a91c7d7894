/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The atomics and the clock of x86-64 where a writer cannot migrate: the kernel's and the hypervisor's, and those of the tests that
 * stand in for both. Local ones carry no LOCK, so they are atomic against interruption on the same CPU and against nothing else.
 * Needs no header. The contract is in core/port.h.
 */
#ifndef BL_PORT_X86_LOCAL_H
#define BL_PORT_X86_LOCAL_H

#define bl_load_relaxed(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define bl_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define bl_store_relaxed(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define bl_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

static inline bool bl_x86_load_is(const uint32_t *p, uint32_t v)
{
	bool same;

	__asm__ volatile("cmpl %2, %1" : "=@cce"(same) : "m"(*p), "r"(v));
	return same;
}
#define bl_load_is(p, v) bl_x86_load_is(p, v)

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

static inline bool bl_shared_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	return __atomic_compare_exchange_n(p, &old, new_value, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline struct bl_ticks bl_x86_ticks(void)
{
	struct bl_ticks ticks;

	__asm__ volatile("rdtsc" : "=a"(ticks.low), "=d"(ticks.high) : : "memory");
	return ticks;
}

static inline uint64_t bl_x86_clock(void)
{
	const struct bl_ticks ticks = bl_x86_ticks();

	return (uint64_t)ticks.high << 32 | ticks.low;
}

static inline void bl_x86_zero(void *p, size_t size)
{
	__asm__ volatile("rep stosb" : "+D"(p), "+c"(size) : "a"(0) : "memory");
}
#define bl_port_zero(p, size) bl_x86_zero(p, size)

#endif
