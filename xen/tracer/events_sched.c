/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the scheduler's core traces, whatever the scheduler is, and the life of domains.
 *
 * A unit is what is scheduled: one vCPU, or with core or socket scheduling several; its number is that of its first vCPU.
 */
#include "events_table.h"

#include <public/sched.h>
#include <public/vcpu.h>

#define SCHED(words, event, ...) EVENT_WITH("sched", 0, 0, words, event, __VA_ARGS__)
#define DOM0(words, event, ...) EVENT_WITH("dom0", 0, 0, words, event, __VA_ARGS__)

static const struct blx_labels runstates = LABELS(
	L(RUNSTATE_running, "running"),
	L(RUNSTATE_runnable, "runnable"),
	L(RUNSTATE_blocked, "blocked"),
	L(RUNSTATE_offline, "offline"));

static const struct blx_labels shutdown_reasons = LABELS(
	L(SHUTDOWN_poweroff, "poweroff"),
	L(SHUTDOWN_reboot, "reboot"),
	L(SHUTDOWN_suspend, "suspend"),
	L(SHUTDOWN_crash, "crash"),
	L(SHUTDOWN_watchdog, "watchdog"),
	L(SHUTDOWN_soft_reset, "soft_reset"));

static const struct blx_event events[] = {
	EVENT_WITH("sched", 0, 2, 1, TRC_SCHED_RUNSTATE_CHANGE, "sched_runstate_change",
		   FROM_ID(8, 2, "old", runstates), FROM_ID(4, 2, "new", runstates), F(U16, "vcpu"), F(U16, "domain")),
	SCHED(1, TRC_SCHED_CONTINUE_RUNNING, "sched_continue_running", F(U16, "vcpu"), F(U16, "domain")),
	SCHED(1, TRC_SCHED_DOM_ADD, "sched_dom_add", F(U32, "domain")),
	SCHED(1, TRC_SCHED_DOM_REM, "sched_dom_rem", F(U32, "domain")),
	SCHED(2, TRC_SCHED_SLEEP, "sched_sleep", F(U32, "domain"), F(U32, "vcpu")),
	SCHED(2, TRC_SCHED_WAKE, "sched_wake", F(U32, "domain"), F(U32, "vcpu")),
	SCHED(2, TRC_SCHED_YIELD, "sched_yield", F(U32, "domain"), F(U32, "vcpu")),
	SCHED(2, TRC_SCHED_BLOCK, "sched_block", F(U32, "domain"), F(U32, "vcpu")),
	SCHED(3, TRC_SCHED_SHUTDOWN, "sched_shutdown", F(U32, "domain"), F(U32, "vcpu"), FE(U32, "reason", shutdown_reasons)),
	SCHED(3, TRC_SCHED_SHUTDOWN_CODE, "sched_shutdown_code",
	      F(U32, "domain"), F(U32, "vcpu"), FE(U32, "reason", shutdown_reasons)),
	SCHED(1, TRC_SCHED_ADJDOM, "sched_adjdom", F(U32, "domain")),
	SCHED(4, TRC_SCHED_SWITCH, "sched_switch",
	      F(U32, "prev_domain"), F(U32, "prev_unit"), F(U32, "next_domain"), F(U32, "next_unit")),
	/* How long it ran, or waited (0: it was not runnable), and for how long what runs next may do so: -1 is no limit. */
	SCHED(3, TRC_SCHED_SWITCH_INFPREV, "sched_switch_infprev", F(U32, "domain"), F(U32, "unit"), F(U32, "ran_ns")),
	SCHED(4, TRC_SCHED_SWITCH_INFNEXT, "sched_switch_infnext",
	      F(U32, "domain"), F(U32, "unit"), F(U32, "waited_ns"), F(I32, "slice_ns")),
	SCHED(4, TRC_SCHED_SWITCH_INFCONT, "sched_switch_infcont",
	      F(U32, "domain"), F(U32, "unit"), F(U32, "ran_ns"), F(I32, "slice_ns")),

	DOM0(1, TRC_DOM0_DOM_ADD, "dom0_dom_add", F(U32, "domain")),
	DOM0(1, TRC_DOM0_DOM_REM, "dom0_dom_rem", F(U32, "domain")),
};

const struct blx_events blx_events_sched = EVENTS(events);
