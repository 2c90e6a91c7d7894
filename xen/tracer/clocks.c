/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clocks.c - what each vCPU's time stamp counter is of the host's, as an event: with it, a trace that a guest has made of itself can be put
 * on the host's time line.
 *
 * Not emulated: guest = offset + host * ratio / ratio_one. Emulated: it counts khz kHz of Xen's system time, which is system_ns at the time of the
 * record; offset_ns is what is taken off before. Recorded for all vCPUs when a session starts, and for a domain's when it begins to run. A
 * guest that writes its counter later is not seen.
 */
#include <xen/sched.h>
#include <xen/time.h>
#include <asm/hvm/hvm.h>

#include "xen/include/borelog.h"
#include "xen/include/borelog_resources.h"
#include "xen/tracer/tracer.h"

static void record_clock(const struct vcpu *v)
{
	const struct domain *d = v->domain;
	const bool hvm = is_hvm_domain(d) && hvm_tsc_scaling_supported;
	const uint64_t one = hvm ? hvm_default_tsc_scaling_ratio : 1;
	const uint64_t ratio = hvm ? d->arch.hvm.tsc_scaling_ratio : 1;
	const int64_t offset = is_hvm_domain(d) ? v->arch.hvm.cache_tsc_offset : 0;

	borelog_event("xen", "vcpu_clock", borelog_named("domain", d->domain_id), borelog_named("vcpu", v->vcpu_id),
		      borelog_named("uuid", borelog_bytes(d->handle, sizeof(d->handle))), borelog_named("emulated", d->arch.vtsc), offset, ratio,
		      borelog_named("ratio_one", one), borelog_named("khz", d->arch.tsc_khz), borelog_named("offset_ns", d->arch.vtsc_offset),
		      borelog_named("system_ns", NOW()));
}

void blx_domain_runs(const struct domain *d)
{
	const struct vcpu *v;

	for_each_vcpu (d, v)
		record_clock(v);
	blx_resources_changed();
}

void blx_clocks_record(void)
{
	const struct domain *d;
	const struct vcpu *v;

	rcu_read_lock(&domlist_read_lock);
	for_each_domain (d)
		for_each_vcpu (d, v)
			record_clock(v);
	rcu_read_unlock(&domlist_read_lock);
}
