/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.c - the session: NONE -> CREATING -> READY <-> RUNNING -> DESTROYING -> NONE, pCPUs that come and go meanwhile, and its
 * end.
 *
 * The end. blx_recording becomes NULL on all pCPUs, then each pCPU that is online runs a softirq tasklet. Xen does not preempt: a
 * pCPU that runs a softirq is inside of no trace call, nor of an NMI that interrupted one, and whoever comes later finds NULL. The
 * last of them begins to give the memory back, piece by piece, and at last tells dom0. The record path pays nothing for it.
 *
 * pCPUs are not taken offline while a hypercall or a softirq runs, since that needs a softirq of every pCPU. One that comes gets a
 * ring before it is online, and starts with it; one that has gone is flushed by whoever buried it, and keeps its ring for the case
 * that it comes back. While one is in between, alive but not online, it runs no softirq that one could wait for: the end waits for
 * that to be over.
 */
#include <xen/cpu.h>
#include <xen/err.h>
#include <xen/event.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/smp.h>
#include <xen/timer.h>
#include <xen/trace.h>
#include <xen/xmalloc.h>

#include "xen/include/borelog_resources.h"
#include "xen/tracer/stock.h"
#include "xen/tracer/tracer.h"

DEFINE_SPINLOCK(blx_lock);
struct blx_session *blx_session;
uint64_t blx_serial;
uint64_t blx_destroyed;

/* pCPUs that have a per-CPU area, and so can record: those online, and those on their way. */
static cpumask_t alive;

/* ---- Creation ---- */

/* The next pCPU that is to have a ring and has none, or nr_cpu_ids. */
static unsigned int cpu_without_ring(const struct blx_session *session, unsigned int *ret_left)
{
	unsigned int cpu, first = nr_cpu_ids;

	*ret_left = 0;
	for_each_online_cpu(cpu)
	{
		if (!cpumask_test_cpu(cpu, &session->cpus) || session->cpu[cpu])
			continue;
		if (first == nr_cpu_ids)
			first = cpu;
		++*ret_left;
	}
	return first;
}

static bool is_same(const struct blx_session *session, const struct blx_create *arg)
{
	return session->serial == arg->serial && session->state == BLX_CREATING && session->how.sub_shift == arg->sub_shift &&
	       session->how.n_sub == arg->n_sub && session->how.flags == arg->flags;
}

static int session_new(struct blx_create *arg, const unsigned long *enabled, const cpumask_t *cpus)
{
	struct blx_session *session;

	if (arg->serial)
		return -ESRCH;
	if (blx_session || blx_stock_is_on())
		return -EBUSY;
	session = xzalloc(struct blx_session);
	if (!session)
		return -ENOMEM;
	session->state = BLX_CREATING;
	session->serial = ++blx_serial;
	session->how = *arg;
	bitmap_copy(session->enabled, enabled, BLX_EVENTS_MAX);
	cpumask_copy(&session->cpus, cpus);
	blx_session = session;
	arg->serial = session->serial;
	return 0;
}

int blx_session_create(struct blx_create *arg, const unsigned long *enabled, const cpumask_t *cpus)
{
	unsigned int cpu, left;
	int err = 0;

	if (!blx_session || !is_same(blx_session, arg))
		err = session_new(arg, enabled, cpus);
	if (err)
		return err;
	cpu = cpu_without_ring(blx_session, &left);
	if (cpu < nr_cpu_ids) {
		err = blx_ring_new(blx_session, cpu);
		if (err) {
			blx_session_destroy(blx_session);
			return err;
		}
		left--;
	}
	if (!left)
		blx_session->state = BLX_READY;
	arg->left = left;
	return 0;
}

/* ---- Recording ---- */

void blx_trace_flag(void)
{
	tb_init_done = blx_stock_is_on() || (blx_session && blx_session->state == BLX_RUNNING);
}

static void set_recording(unsigned int cpu, struct blx_target *what)
{
	smp_wmb(); /* the ring before the pointer to it */
	write_atomic(&per_cpu(blx_recording, cpu), what);
}

int blx_session_start(struct blx_session *session)
{
	unsigned int cpu;

	if (session->state == BLX_RUNNING)
		return 0;
	if (session->state != BLX_READY)
		return -EBUSY;
	session->state = BLX_RUNNING;
	for_each_online_cpu(cpu) if (session->cpu[cpu]) set_recording(cpu, &session->cpu[cpu]->to);
	blx_trace_flag();
	return 0;
}

/* On the ring's pCPU: its atomics are local. It may interrupt a record, which then is part of what is handed over. */
static void cf_check flush_here(void *unused)
{
	struct blx_cpu *cpu = blx_session->cpu[smp_processor_id()];

	if (cpu)
		(void)bl_ring_flush(&cpu->to.ring);
}

void blx_session_flush(struct blx_session *session)
{
	on_each_cpu(flush_here, NULL, 1);
}

static void stop_recording(void)
{
	unsigned int cpu;

	for_each_cpu(cpu, &alive) set_recording(cpu, NULL);
}

void blx_session_stop(struct blx_session *session)
{
	if (session->state != BLX_RUNNING)
		return;
	session->state = BLX_READY;
	stop_recording();
	blx_trace_flag();
	blx_session_flush(session);
}

/* ---- Taking ---- */

static void put_back(struct blx_cpu *cpu)
{
	if (cpu->taken)
		bl_reader_clean(&cpu->reader);
	cpu->taken = false;
}

int blx_session_put(struct blx_session *session, struct blx_put *put)
{
	struct blx_cpu *cpu = put->cpu < nr_cpu_ids ? session->cpu[put->cpu] : NULL;

	if (!cpu)
		return -ENODEV;
	put_back(cpu);
	if (cpu->to.ring.flags & BL_RING_OVERWRITE)
		bl_reader_seek_oldest(&cpu->reader);
	if (bl_reader_take(&cpu->reader))
		return -EAGAIN;
	cpu->taken = true;
	cpu->n_taken++;
	cpu->n_records += bl_reader_records(&cpu->reader);
	put->phys = cpu->reader.spare;
	return 0;
}

/* ---- The end ---- */

static void cf_check free_some(void *unused);
static DECLARE_SOFTIRQ_TASKLET(free_tasklet, free_some, NULL);
static struct timer end_timer;

static void cf_check free_some(void *unused)
{
	struct blx_session *session;
	unsigned int cpu;

	spin_lock(&blx_lock);
	session = blx_session;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!session->cpu[cpu])
			continue;
		if (blx_ring_free(session->cpu[cpu]))
			session->cpu[cpu] = NULL;
		tasklet_schedule(&free_tasklet);
		spin_unlock(&blx_lock);
		return;
	}
	blx_destroyed = session->serial;
	blx_session = NULL;
	spin_unlock(&blx_lock);
	xfree(session);
	send_global_virq(BLX_VIRQ_TRACE);
}

static void cf_check quiesced(void *data)
{
	struct blx_session *session = data;

	if (atomic_dec_and_test(&session->busy))
		tasklet_schedule(&free_tasklet);
}

static void quiesce(struct blx_session *session)
{
	unsigned int cpu;

	atomic_set(&session->busy, 1);
	for_each_online_cpu(cpu)
	{
		struct blx_cpu *has = session->cpu[cpu];

		if (!has)
			continue;
		atomic_inc(&session->busy);
		softirq_tasklet_init(&has->quiesce, quiesced, session);
		tasklet_schedule_on_cpu(&has->quiesce, cpu);
	}
	quiesced(session);
}

/* By a timer, until no pCPU is in between. */
static void cf_check begin_end(void *unused)
{
	spin_lock(&blx_lock);
	if (cpumask_subset(&alive, &cpu_online_map))
		quiesce(blx_session);
	else
		set_timer(&end_timer, NOW() + MILLISECS(1));
	spin_unlock(&blx_lock);
}

void blx_session_destroy(struct blx_session *session)
{
	if (session->state == BLX_DESTROYING)
		return;
	session->state = BLX_DESTROYING;
	stop_recording();
	blx_trace_flag();
	set_timer(&end_timer, NOW());
}

/* ---- pCPUs that come and go ---- */

static void cpu_comes(unsigned int cpu)
{
	struct blx_session *session = blx_session;

	if (!session || session->state == BLX_DESTROYING || !cpumask_test_cpu(cpu, &session->cpus))
		return;
	/* Without memory for it the pCPU comes all the same, and is seen to have no ring. */
	if (!session->cpu[cpu] && blx_ring_new(session, cpu))
		printk(XENLOG_WARNING "borelog: no memory for a ring of CPU%u\n", cpu);
	if (session->cpu[cpu] && session->state == BLX_RUNNING)
		set_recording(cpu, &session->cpu[cpu]->to);
}

static void cpu_gone(unsigned int cpu)
{
	if (blx_session && blx_session->state != BLX_DESTROYING && blx_session->cpu[cpu])
		(void)bl_ring_flush(&blx_session->cpu[cpu]->to.ring);
	blx_resources_changed();
}

static int cf_check cpu_callback(struct notifier_block *nfb, unsigned long action, void *hcpu)
{
	const unsigned int cpu = (unsigned long)hcpu;

	spin_lock(&blx_lock);
	switch (action) {
	case CPU_ONLINE:
		blx_resources_changed();
		break;
	case CPU_UP_PREPARE:
		cpumask_set_cpu(cpu, &alive);
		cpu_comes(cpu);
		break;
	case CPU_UP_CANCELED:
	case CPU_DEAD:
		cpumask_clear_cpu(cpu, &alive);
		cpu_gone(cpu);
		break;
	}
	spin_unlock(&blx_lock);
	return NOTIFY_DONE;
}

static struct notifier_block cpu_nfb = {.notifier_call = cpu_callback};

void __init init_trace_bufs(void)
{
	cpumask_copy(&alive, &cpu_online_map);
	init_timer(&end_timer, begin_end, NULL, smp_processor_id());
	register_cpu_notifier(&cpu_nfb);
	blx_stock_init();
	blx_trace_flag();
}
