/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The core's port for the Xen hypervisor on x86-64: writers are pinned to their pCPU, so the local atomics carry no LOCK; the clock
 * is the host's TSC. The rest of the port is xen/tracer/ring.c. The contract is in core/port.h.
 */
#ifndef BL_PORT_XEN_H
#define BL_PORT_XEN_H

#include <xen/types.h>
#include <asm/byteorder.h>

#ifndef UINT64_C
#define UINT64_C(x) x##UL
#endif

#define BL_PORT_NO_FLOAT

#include "port/x86/bl_local.h"

#define bl_port_clock(ring) bl_x86_clock()
#define bl_port_clock_fast(ring) bl_x86_ticks()
#define bl_port_clock_is_fast(ring) true

#ifdef BORELOG_TEST
/* A test build sends itself an NMI inside the record path: xen/tracer/test.c. */
void blx_test_step(int step);
#define bl_port_step(step) blx_test_step(step)
#else
#define bl_port_step(step) ((void)0)
#endif

struct bl_ring;
void bl_port_wake(struct bl_ring *ring);

/* Who runs when a packet is opened: domain, vCPU. */
uint32_t blx_port_owner(const struct bl_ring *ring, unsigned int i);
#define bl_port_owner(ring, i) blx_port_owner(ring, i)

#endif
