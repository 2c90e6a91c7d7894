/* SPDX-License-Identifier: MIT */
/*
 * The ports as the tests compile them: port/check with -DBL_TEST_PORT_CHECK, port/user otherwise, unchanged but for
 *
 *     the clock      a counter that the test owns (bl_test_now moves on by bl_test_tick with every reading), unless the test wants the
 *                    port's own: -DBL_TEST_REAL_CLOCK
 *     the steps      call bl_test_step(), with -DBL_TEST_STEPS
 */
#ifndef BL_TEST_PORT_H
#define BL_TEST_PORT_H

#include <stdint.h>

#ifdef BL_TEST_STEPS
void bl_test_step(int step);
#define bl_port_step(step) bl_test_step(step)
#endif

#ifdef BL_TEST_PORT_CHECK
#include "port/check/bl_port.h"
#else
#include "port/user/bl_port.h"
#endif

#ifndef BL_TEST_REAL_CLOCK
extern uint64_t bl_test_now;
extern uint64_t bl_test_tick;
#undef bl_port_clock
#undef bl_port_clock_fast
#undef bl_port_clock_is_fast
#undef bl_port_clock_fast
#undef bl_port_clock_is_fast
#define bl_port_clock(ring) __atomic_add_fetch(&bl_test_now, bl_test_tick, __ATOMIC_SEQ_CST)
#endif

/* Ports that are broken on purpose, for tests that must find it: local operations that an interrupt can split. */
#ifdef BL_TEST_STEPS
#define bl_test_split() bl_test_step(BL_STEP_NR)
#else
#define bl_test_split() ((void)0)
#endif
#ifdef BL_TEST_BREAK_CAS
static inline bool bl_test_split_cas(uint64_t *p, uint64_t old, uint64_t new_value)
{
	const bool same = bl_load_relaxed(p) == old;

	bl_test_split();
	if (same)
		bl_store_relaxed(p, new_value);
	return same;
}
#define bl_local_cas bl_test_split_cas
#endif
#ifdef BL_TEST_BREAK_ADD
static inline bool bl_test_split_add(uint64_t *p, uint64_t v)
{
	v += bl_load_relaxed(p);
	bl_test_split();
	bl_store_relaxed(p, v);
	return v >> 63;
}
#define bl_local_add_negative bl_test_split_add
#define bl_local_add (void)bl_test_split_add
#endif

#endif
