/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * tracer.h - the rooms of the hypervisor's tracer.
 *
 *     trace.c     the record path: takes over Xen's internal trace interface
 *     stock.[ch]  Xen's own trace.c under other names, for xentrace
 *     ring.c      rings and their memory; the rest of the port of core
 *     session.c   the session: its states, CPUs that come and go, its end
 *     known.[ch]  which event is which id; descriptions as they are published
 *     control.c   the hypercall: arguments in, checked, and results out
 *     clocks.c    guests' time stamp counters
 *     resources.c domains, memory: what somebody in dom0 may wait for
 *     events*.c   what Xen's own trace sites record
 *
 * Who may do what, when. The record path runs in any context, NMI and #MC included. It reads this_cpu(blx_recording) once; what
 * that points to stays while the path runs, because a session's end waits until each pCPU has been through a softirq, and Xen never
 * preempts. All else runs in hypercalls, notifiers and softirqs, under blx_lock; nothing of it is called with interrupts disabled.
 */
#ifndef BLX_TRACER_H
#define BLX_TRACER_H

#include <xen/cpumask.h>
#include <xen/mm.h>
#include <xen/percpu.h>
#include <xen/spinlock.h>
#include <xen/tasklet.h>

#include "xen/include/borelog.h"
#include "xen/abi/hypercall.h"

/* ---- Rings: ring.c ---- */

/** A pCPU's part of the session. Lives as long as the session. */
struct blx_cpu {
	struct blx_target to; /* first: whoever records finds the rest by it */
	struct bl_reader reader;
	unsigned int cpu;
	bool taken; /* reader.spare has what was taken last */
	uint64_t n_taken;
	uint64_t n_records;
	uint64_t n_wakes;
	struct tasklet quiesce;
	void *mapped;  /* control page and sub-buffers */
	mfn_t *frames; /* their pages */
	uint32_t n_pages;
	uint32_t n_given_up; /* that Xen has let go of */
};

struct blx_session {
	enum blx_state state;
	uint64_t serial;
	struct blx_create how; /* as it was checked */
	cpumask_t cpus;        /* those that record */
	DECLARE_BITMAP(enabled, BLX_EVENTS_MAX);
	struct blx_cpu *cpu[NR_CPUS];
	uint64_t pages;
	atomic_t busy; /* pCPUs that may still be inside of the record path: its end waits */
};

/** blx_ring_new() - memory and ring for @cpu; -ENOMEM. */
int blx_ring_new(struct blx_session *session, unsigned int cpu);

/**
 * blx_ring_free() - unmap the ring and let go of some of its pages; those that dom0 has mapped live until it unmaps them
 *
 * Return: true: all is done and freed; false: call again.
 */
bool blx_ring_free(struct blx_cpu *cpu);

enum blx_notify {
	BLX_NOTIFY_TRACE,     /* BLX_VIRQ_TRACE */
	BLX_NOTIFY_RESOURCES, /* BLX_VIRQ_RESOURCES */
};

/** blx_notify() - tell dom0, soon, from a softirq of this pCPU. Any context. */
void blx_notify(enum blx_notify what);

/* ---- Resources: resources.c; what happens to them: xen/include/borelog_resources.h ---- */

void blx_resources_tell(void); /* from the softirq */
uint64_t blx_resources_generation(void);

/** blx_resources_domains() - BLX_DOMAINS; @copy writes to the caller's memory and returns 0 or -EFAULT. */
int blx_resources_domains(struct blx_buffer *buffer, int (*copy)(uint64_t to, const void *from, uint32_t size));
void blx_resources_memory(struct blx_memory *memory);

/** blx_clocks_record() - what all vCPUs' counters are of the host's, into the session that runs. Hypercall context. */
void blx_clocks_record(void);

/* ---- The session: session.c. With blx_lock held, unless said otherwise. ---- */

extern spinlock_t blx_lock;
extern struct blx_session *blx_session; /* NULL: none */
extern uint64_t blx_serial;             /* of the last one */
extern uint64_t blx_destroyed;          /* the last one that is gone */

int blx_session_create(struct blx_create *arg, const unsigned long *enabled, const cpumask_t *cpus);
int blx_session_start(struct blx_session *session);
void blx_session_stop(struct blx_session *session);
void blx_session_flush(struct blx_session *session);
void blx_session_destroy(struct blx_session *session);
int blx_session_put(struct blx_session *session, struct blx_put *put);

/** blx_trace_flag() - set tb_init_done to what ours and Xen's own tracer want of it. */
void blx_trace_flag(void);

#endif
