/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * events_table.h - how the tables of events.h are written, and labels that several of them use.
 *
 * An event is a line: the number of words that a site passes, the id, the name, and the fields in the order of their bytes. In a
 * structure with bit fields that is from the lowest bit on. Ids and values of Xen are taken from its headers; what only a source
 * file of Xen knows (schedulers' ids, some values) is written here as a number, and tests/xen compares it.
 *
 * Units are in the names: _ns, _us, _mhz; "tsc" and "ticks" are in units of the machine. A value of 64 bits of which a site passes
 * only the lower word has _low in its name. "pad" is what the compiler put at the end of Xen's structure: no data.
 */
#ifndef BLX_EVENTS_TABLE_H
#define BLX_EVENTS_TABLE_H

#ifdef __XEN__
#include <xen/types.h>
#else
#include <stdint.h>
#endif
#include <public/xen.h>
#include <public/trace.h>

#include "events.h"

#define F(type_, name_) { .name = (name_), .type = BL_TYPE_##type_ }
#define FX(type_, name_) { .name = (name_), .type = BL_TYPE_##type_ | BL_TYPE_HEX }
#define FE(type_, name_, labels_) { .name = (name_), .type = BL_TYPE_##type_ | BL_TYPE_ENUM, .labels = &(labels_) }
#define PAD(type_, name_) FX(type_, name_)
#define FROM_ID(shift_, bits_, name_, labels_) \
	{ .name = (name_), .type = BL_TYPE_U8 | BL_TYPE_ENUM, .shift = (shift_), .bits = (bits_), .labels = &(labels_) }

#define FIELDS(...) ((const struct blx_field[]){ __VA_ARGS__ })
#define EVENT_WITH(category_, flags_, from_id_, words_, event_, name_, ...) \
	{ \
		.event = (event_), .words = (words_), .flags = (flags_), .n_from_id = (from_id_), \
		.n_fields = sizeof(FIELDS(__VA_ARGS__)) / sizeof(struct blx_field), .fields = FIELDS(__VA_ARGS__), \
		.category = (category_), .name = (name_), \
	}

#define L(value_, name_) { (value_), (value_), (name_) }
#define LABELS(...) { .label = (const struct blx_label[]){ __VA_ARGS__ }, \
		      .n = sizeof((const struct blx_label[]){ __VA_ARGS__ }) / sizeof(struct blx_label) }
#define EVENTS(table_) { (table_), sizeof(table_) / sizeof((table_)[0]) }

extern const struct blx_labels blx_hypercalls; /* __HYPERVISOR_*: for TRC_PV_HYPERCALL_V2 and its relatives too */
extern const struct blx_labels blx_traps;      /* TRAP_*: the CPU's exceptions */
extern const struct blx_labels blx_p2m_types;  /* p2m_type_t */

extern const struct blx_events blx_events_sched;
extern const struct blx_events blx_events_credit;
extern const struct blx_events blx_events_credit2;
extern const struct blx_events blx_events_rtds;
extern const struct blx_events blx_events_null;
extern const struct blx_events blx_events_pv;
extern const struct blx_events blx_events_hvm;
extern const struct blx_events blx_events_devices;
extern const struct blx_events blx_events_memory;
extern const struct blx_events blx_events_shadow;
extern const struct blx_events blx_events_hardware;

#endif
