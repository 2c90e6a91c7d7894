/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the schedulers trace themselves: credit, credit2, rtds, null. The arinc653 scheduler traces nothing.
 *
 * Their ids are private to common/sched/{credit,credit2,rt,null}.c: numbers within a scheduler's part of the class.
 */
#include "events_table.h"

#define CREDIT(words, n, ...) EVENT_WITH("sched", 0, 0, words, TRC_SCHED_CLASS_EVT(CSCHED, n), __VA_ARGS__)
#define CREDIT2(words, n, ...) EVENT_WITH("sched", 0, 0, words, TRC_SCHED_CLASS_EVT(CSCHED2, n), __VA_ARGS__)
#define RTDS(words, n, ...) EVENT_WITH("sched", 0, 0, words, TRC_SCHED_CLASS_EVT(RTDS, n), __VA_ARGS__)
#define SNULL(words, n, ...) EVENT_WITH("sched", 0, 0, words, TRC_SCHED_CLASS_EVT(SNULL, n), __VA_ARGS__)

#define UNIT F(U16, "unit"), F(U16, "domain")

static const struct blx_labels steal_checks = LABELS(L(0, "skipped"), L(1, "checked"));

static const struct blx_event credit[] = {
	CREDIT(0, 1, "csched_sched_tasklet"),
	CREDIT(3, 2, "csched_account_start", F(U32, "domain"), F(U32, "unit"), F(U32, "active_units")),
	CREDIT(3, 3, "csched_account_stop", F(U32, "domain"), F(U32, "unit"), F(U32, "active_units")),
	CREDIT(3, 4, "csched_stolen_unit", F(U32, "cpu"), F(U32, "domain"), F(U32, "unit")),
	CREDIT(3, 5, "csched_picked_cpu", F(U32, "domain"), F(U32, "unit"), F(U32, "cpu")),
	CREDIT(1, 6, "csched_tickle", F(U32, "cpu")),
	CREDIT(2, 7, "csched_boost_start", F(U32, "domain"), F(U32, "unit")),
	CREDIT(2, 8, "csched_boost_end", F(U32, "domain"), F(U32, "unit")),
	CREDIT(1, 9, "csched_schedule", F(U16, "cpu"), F(U8, "tasklet"), F(U8, "idle")),
	CREDIT(2, 10, "csched_ratelimit", UNIT, F(U32, "ran_ns")),
	CREDIT(2, 11, "csched_steal_check", F(U32, "cpu"), FE(U32, "result", steal_checks)),
};

/*
 * Loads are fixed-point numbers with "shift" bits after the point. A budget of -2147483648 means that the domain has no cap. A CPU
 * or run queue of 65535 or 255 is none.
 */
static const struct blx_event credit2[] = {
	CREDIT2(2, 2, "csched2_runq_pos", UNIT, F(U32, "position")),
	CREDIT2(4, 3, "csched2_credit_burn", UNIT, F(I32, "credit"), F(I32, "budget_ns"), F(I32, "ran_ns")),
	CREDIT2(3, 5, "csched2_tickle_check", UNIT, F(I32, "credit"), F(I32, "score")),
	CREDIT2(1, 6, "csched2_tickle", F(U16, "cpu"), PAD(U16, "pad")),
	CREDIT2(3, 7, "csched2_credit_reset", UNIT, F(I32, "old_credit"), F(I32, "new_credit")),
	CREDIT2(0, 8, "csched2_sched_tasklet"),
	CREDIT2(0, 9, "csched2_update_load"),
	CREDIT2(2, 10, "csched2_runq_assign", UNIT, F(U16, "runqueue"), PAD(U16, "pad")),
	CREDIT2(4, 11, "csched2_update_unit_load", F(U64, "load"), UNIT, F(U32, "shift")),
	CREDIT2(6, 12, "csched2_update_runq_load", F(U64, "load"), F(U64, "balanced_load"),
		F(U16, "units"), F(U8, "runqueue"), F(U8, "shift"), PAD(U32, "pad")),
	CREDIT2(3, 13, "csched2_tickle_new", UNIT, F(U32, "cpu"), F(I32, "credit")),
	CREDIT2(1, 14, "csched2_runq_max_weight", F(U16, "runqueue"), F(U16, "max_weight")),
	CREDIT2(2, 15, "csched2_migrate", UNIT, F(U16, "old_runqueue"), F(U16, "new_runqueue")),
	CREDIT2(2, 16, "csched2_load_check", F(U16, "runqueue"), F(U16, "other_runqueue"), F(U32, "load_delta")),
	CREDIT2(6, 17, "csched2_load_balance", F(U64, "load"), F(U64, "other_load"),
		F(U16, "runqueue"), F(U16, "other_runqueue"), PAD(U32, "pad")),
	CREDIT2(4, 19, "csched2_picked_cpu", F(U64, "load"), UNIT, F(U16, "runqueue"), F(U16, "cpu")),
	CREDIT2(3, 20, "csched2_runq_candidate", UNIT, F(I32, "tickled_cpu"), F(I32, "credit")),
	CREDIT2(2, 21, "csched2_schedule", F(U16, "cpu"), F(U16, "runqueue"),
		F(U8, "tasklet"), F(U8, "idle"), F(U8, "smt_idle"), F(U8, "tickled")),
	CREDIT2(2, 22, "csched2_ratelimit", UNIT, F(U32, "ran_ns")),
	CREDIT2(1, 23, "csched2_runq_cand_check", UNIT),
};

/* Two bit fields of four bits. */
static const struct blx_labels rtds_states = LABELS(L(0x00, "none"), L(0x01, "tickled"), L(0x10, "idle"), L(0x11, "tickled_idle"));

static const struct blx_event rtds[] = {
	RTDS(1, 1, "rtds_tickle", F(U16, "cpu"), PAD(U16, "pad")),
	RTDS(5, 2, "rtds_runq_pick", UNIT, F(U64, "deadline_ns"), F(U64, "budget_ns")),
	RTDS(6, 3, "rtds_budget_burn", UNIT, F(U64, "budget_ns"), F(I32, "ran_ns"), F(U32, "priority_level"),
	     F(U8, "has_extratime"), PAD(U8, "pad"), PAD(U16, "pad2")),
	RTDS(6, 4, "rtds_budget_replenish", UNIT, F(U32, "priority_level"), F(U64, "deadline_ns"), F(U64, "budget_ns")),
	RTDS(0, 5, "rtds_sched_tasklet"),
	RTDS(1, 6, "rtds_schedule", F(U16, "cpu"), F(U8, "tasklet"), FE(U8, "state", rtds_states)),
};

static const struct blx_event null[] = {
	SNULL(2, 1, "snull_picked_cpu", UNIT, F(U32, "cpu")),
	SNULL(2, 2, "snull_unit_assign", UNIT, F(U32, "cpu")),
	SNULL(2, 3, "snull_unit_deassign", UNIT, F(U32, "cpu")),
	SNULL(2, 4, "snull_migrate", UNIT, F(U16, "old_cpu"), F(U16, "new_cpu")),
	SNULL(2, 5, "snull_schedule", F(U16, "tasklet"), F(U16, "cpu"), F(I16, "unit"), F(I16, "domain")), /* -1: none */
	SNULL(0, 6, "snull_tasklet"),
};

const struct blx_events blx_events_credit = EVENTS(credit);
const struct blx_events blx_events_credit2 = EVENTS(credit2);
const struct blx_events blx_events_rtds = EVENTS(rtds);
const struct blx_events blx_events_null = EVENTS(null);
