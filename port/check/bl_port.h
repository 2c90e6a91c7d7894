/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The core's port for tests and benches: user space, but with the atomics of the kernel and the hypervisor. On x86 they are the
 * same ones; elsewhere the local ones are relaxed, and commit is ordered by a release fence, as a kernel port does it.
 * BL_CHECK_FREESTANDING leaves out all that needs a libc. The contract is in core/port.h.
 */
#ifndef BL_PORT_CHECK_H
#define BL_PORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)

#include "port/x86/bl_local.h"

#ifndef bl_port_clock
#define bl_port_clock(ring) bl_x86_clock()
#define bl_port_clock_fast(ring) bl_x86_ticks()
#define bl_port_clock_is_fast(ring) true
#endif

#else

#define bl_load_relaxed(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define bl_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define bl_store_relaxed(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define bl_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

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

static inline bool bl_shared_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	return __atomic_compare_exchange_n(p, &old, new_value, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static inline void bl_port_zero(void *p, size_t size)
{
	uint64_t *word = p;

	for (; size; size -= sizeof(*word))
		bl_store_relaxed(word++, 0);
}

uint64_t bl_check_clock(void);
#ifndef bl_port_clock
#define bl_port_clock(ring) bl_check_clock()
#endif

#endif

#ifndef bl_port_step
#define bl_port_step(step) ((void)0)
#endif

struct bl_ring;
void bl_port_wake(struct bl_ring *ring);

#endif
