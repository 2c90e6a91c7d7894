/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * events.h - what Xen's own trace sites record: a name and fields for each event id, for sites that are not ours.
 *
 * A site hands over an id of Xen (public/trace.h, or private to a scheduler) and 0..7 words of 32 bits; these tables say what the
 * words mean. They are the only place that does. tests/xen holds them against the sites of a Xen tree: each id is here, with the
 * number of words that the site passes. What is not here, or has another number of words than here, is recorded as raw words.
 *
 * Invariants: the sizes of an event's fields that are not from the id add up to 4 * words; ids and names are unique, but for an
 * entry for Intel and one for AMD; names are those of Xen's constants in lower case without TRC_, where flags in the id add what
 * the table's file says; a field has the name that a user of Xen would look for ("domain", "vcpu", "reason").
 */
#ifndef BLX_EVENTS_H
#define BLX_EVENTS_H

#include "core/event.h"

#define BLX_WORDS_MAX 7 /* of a site */

/** A value, or an interval of values, that has a name. */
struct blx_label {
	int64_t first;
	int64_t last;
	const char *name;
};

struct blx_labels {
	const struct blx_label *label;
	uint16_t n;
};

struct blx_field {
	const char *name;
	uint8_t type;  /* enum bl_type with flags: BL_TYPE_HEX, BL_TYPE_ENUM if it has labels */
	uint8_t shift; /* from_id: which bits of the id; it is recorded as a byte */
	uint8_t bits;
	const struct blx_labels *labels;
};

enum blx_event_flags {
	BLX_FOLLOWS = 1u << 0, /* 0..7-words more words follow the fields; published as the sequence "args" */
	BLX_VMX = 1u << 1,     /* describes it on Intel only; another entry with the same id and words does for ... */
	BLX_SVM = 1u << 2,     /* ... AMD */
};

struct blx_event {
	uint32_t event; /* Xen's id, without the bits of fields from the id */
	uint8_t words;  /* what a site passes; with BLX_FOLLOWS: at least */
	uint8_t flags;
	uint8_t n_fields;
	uint8_t n_from_id; /* so many of them, the first ones, are bits of the id */
	const char *category; /* "sched", "pv", "hvm", "mem", "shadow", "irq", "pm", "dom0" */
	const char *name;
	const struct blx_field *fields;
};

struct blx_events {
	const struct blx_event *event;
	uint32_t n;
};

/** All of them. */
extern const struct blx_events *const blx_tables[];
extern const uint32_t blx_n_tables;

#endif
