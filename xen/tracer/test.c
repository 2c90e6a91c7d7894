/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.c - of a test build (BORELOG_TEST): a pCPU sends itself an NMI at the named steps of its own record path, every EVERYth
 * time, so that what records in the NMI interrupts a record at each of them. NMIs that come from within an NMI wait until it has
 * ended, so there are none there.
 */
#ifdef BORELOG_TEST
#include <xen/types.h>
#include <asm/current.h>
#include <xen/percpu.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#include "core/ring.h"

#define EVERY 61 /* a prime: in turn at every step */

static DEFINE_PER_CPU(unsigned int, steps);

void blx_test_step(int step)
{
	if (!in_nmi_handler() && ++this_cpu(steps) % EVERY == 0)
		self_nmi();
}
#endif
