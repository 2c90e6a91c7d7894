/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of events.h. */
#include "events_table.h"

const struct blx_events *const blx_tables[] = {
	&blx_events_sched, &blx_events_credit, &blx_events_credit2, &blx_events_rtds, &blx_events_null, &blx_events_pv,
	&blx_events_hvm, &blx_events_devices, &blx_events_memory, &blx_events_shadow, &blx_events_hardware,
};

const uint32_t blx_n_tables = sizeof(blx_tables) / sizeof(blx_tables[0]);
