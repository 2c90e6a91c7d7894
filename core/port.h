/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * port.h - all that a host must provide; the only way out of core/.
 *
 * core/ is freestanding C11: it calls no libc, allocates nothing and has no #ifdef on a host. What it needs it takes from
 * "bl_port.h", which the build finds in exactly one of port/user, port/linux, port/xen, port/check. A port defines, as macros or
 * static inline functions:
 *
 * Types
 *   uint8_t uint16_t uint32_t uint64_t int32_t bool size_t, and NULL
 *
 * Plain ordered accesses, on aligned objects of 1, 2, 4 or 8 bytes that other CPUs touch
 *   bl_load_relaxed(p)      one load, never torn, never repeated
 *   bl_load_acquire(p)      the same; later accesses stay behind it
 *   bl_load_is(p, v)        optional, uint32_t: bl_load_relaxed(p) == v, for compilers that do not compare with memory what is loaded so
 *   bl_store_relaxed(p, v)  one store, never torn
 *   bl_store_release(p, v)  the same; earlier accesses stay in front of it
 *
 * Local read-modify-write, on words that only writers of one ring change
 *   bool     bl_local_cas(uint64_t *p, uint64_t old, uint64_t new)       acquire and release
 *   void     bl_local_add(uint64_t *p, uint64_t v)                       no order
 *   bool     bl_local_add_negative(uint64_t *p, uint64_t v)              acquire and release; is bit 63 of the sum set?
 *     Atomic against an interrupt, NMI or signal handler of the same CPU. A port whose writers can migrate in the middle of a record
 *     (user space) makes them atomic against every CPU; one whose writers cannot (kernel, Xen) leaves the LOCK prefix out.
 *
 * Shared read-modify-write, on words that the consumer changes too
 *   bool     bl_shared_cas(uint64_t *p, uint64_t old, uint64_t new)      acquire and release, against every CPU
 *
 * Services
 *   uint64_t bl_port_clock(const struct bl_ring *ring)  the trace clock, in ticks. Any context. Must not go back on one CPU.
 *   struct bl_ticks bl_port_clock_fast(ring)  optional: the same clock for the inline path, in halves and without a choice
 *   bool     bl_port_clock_is_fast(ring)      with it: is it the clock of this ring? Otherwise its records take the slow path.
 *   void     bl_port_wake(struct bl_ring *ring)         a sub-buffer was handed over: wake the consumer if it sleeps. Any context;
 *                                                        does nothing, or defers, where the context does not allow it.
 *   void     bl_port_zero(void *p, size_t size)         clear memory, without a libc call
 *   void     bl_port_fetch_ahead(const uint8_t *at, uint32_t size)  optional: a record of @size bytes is being written at @at, the next ones
 *                                                        will be behind it: have the cache lines further on ready to be written to
 *   uint32_t bl_port_owner(const struct bl_ring *ring, int i)  optional: packet.owner[i] of a packet that is being opened; otherwise ring.owner[i]
 *   void     bl_port_step(int step)                     named step of the record path, for the tests that kill or interrupt there;
 *                                                        an empty macro elsewhere (see enum bl_step)
 */
#ifndef BL_CORE_PORT_H
#define BL_CORE_PORT_H

struct bl_ring;

/** Steps of the record path at which tests/ kills, interrupts or delays a writer. */
enum bl_step {
	BL_STEP_LOADED,         /* head and clock read, nothing claimed */
	BL_STEP_CLAIMED,        /* head moved: the room is ours, nothing is written */
	BL_STEP_SWITCH_CLAIMED, /* head moved into the next sub-buffer, which is not open yet */
	BL_STEP_OPENED,         /* the packet header is written */
	BL_STEP_CLOSED,         /* closing fields of the previous packet written, padding not committed */
	BL_STEP_CLEANING,       /* overwrite mode: a sub-buffer is marked as being cleared */
	BL_STEP_WRITTEN,        /* fields written, the header is not: unfinished */
	BL_STEP_FINISHED,       /* header written, not yet counted */
	BL_STEP_COUNTED,        /* counted, and the count is full: not yet handed over */
	BL_STEP_DELIVERED,      /* handed over, consumer not yet woken */
	BL_STEP_NR
};

/** A clock in halves: the record path needs them apart, and compilers put them together first. */
struct bl_ticks {
	unsigned int low; /* 32 bits on every host; its own types come below */
	unsigned int high;
};

#include "bl_port.h"

#ifndef bl_load_is
#define bl_load_is(p, v) (bl_load_relaxed(p) == (v))
#endif

#ifndef bl_port_clock_fast
static inline __attribute__((__always_inline__)) struct bl_ticks bl_ticks_split(uint64_t clock)
{
	struct bl_ticks ticks;

	ticks.low = (uint32_t)clock;
	ticks.high = (uint32_t)(clock >> 32);
	return ticks;
}
#define bl_port_clock_fast(ring) bl_ticks_split(bl_port_clock(ring))
#define bl_port_clock_is_fast(ring) true
#endif

#ifndef bl_port_fetch_ahead
#define bl_port_fetch_ahead(at, size) ((void)0)
#endif

#ifndef bl_port_owner
#define bl_port_owner(ring, i) ((ring)->owner[i])
#endif

#define bl_likely(x) __builtin_expect(!!(x), 1)
#define bl_unlikely(x) __builtin_expect(!!(x), 0)
#define BL_MUST_CHECK __attribute__((warn_unused_result))
#define BL_ALWAYS_INLINE static inline __attribute__((__always_inline__))
#ifdef __cplusplus /* the inline parts are compiled into C++ programs */
#define bl_static_assert(cond, why) static_assert(cond, why)
#else
#define bl_static_assert(cond, why) _Static_assert(cond, why)
#endif

#endif
