/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * known.c - which of Xen's event numbers is which id of ours, and the descriptions as they are published. Both are made once, at
 * boot, from the tables (events.h), and do not change.
 *
 * Event numbers are found by a hash with linear probing; the table is at most a quarter full, and the place behind a run of entries
 * is empty, so a search is short and ends. Where bits of the number are data, each value has an entry.
 */
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/trace.h>
#include <xen/vmap.h>
#include <asm/cpufeature.h>

#include "core/describe.h"
#include "xen/tracer/events_table.h"
#include "xen/tracer/known.h"
#include "xen/tracer/tracer.h"

#define HASH_BITS 11
#define HASH_SIZE (1u << HASH_BITS)
#define HASH_FILL_MAX (HASH_SIZE / 4)
#define CATEGORY "xen"

static struct blx_known __read_mostly hash[HASH_SIZE];
static uint32_t hash_fill;

/* By id: the table's entry, for the bytes that are taken from the number. */
static const struct blx_event *__read_mostly by_id[BLX_EVENTS_MAX];
static uint32_t __read_mostly n_ids;

const uint8_t *__read_mostly blx_published;
uint32_t __read_mostly blx_published_size;

static inline uint32_t place(uint32_t event)
{
	return event * 0x9e3779b1u >> (32 - HASH_BITS);
}

const struct blx_known *blx_known_find(uint32_t event)
{
	uint32_t i = place(event);

	for (; hash[i].event; i = (i + 1) % HASH_SIZE)
		if (hash[i].event == event)
			return &hash[i];
	return NULL;
}

unsigned int blx_known_from_id(const struct blx_known *known, uint32_t event, uint8_t *bytes)
{
	const struct blx_event *is = by_id[known->id];
	unsigned int i;

	for (i = 0; i < is->n_from_id && i < BLX_FROM_ID_MAX; i++)
		bytes[i] = event >> is->fields[i].shift & ((1u << is->fields[i].bits) - 1);
	return i;
}

uint32_t blx_events_count(void)
{
	return n_ids;
}

/* So that every id fits the compact header. */
unsigned int blx_id_bits(void)
{
	unsigned int bits = BL_ID_BITS_MIN;

	while ((1u << bits) - 1 <= n_ids)
		bits++;
	return bits;
}

/* ---- Published form, core/event.h ---- */

static void put_labels(struct bl_out *out, const struct blx_labels *labels)
{
	unsigned int i;

	bl_out_put(out, &labels->n, sizeof(labels->n));
	for (i = 0; i < labels->n; i++) {
		bl_out_put(out, &labels->label[i].first, sizeof(int64_t));
		bl_out_put(out, &labels->label[i].last, sizeof(int64_t));
		bl_out_text(out, labels->label[i].name);
	}
}

static void put_field(struct bl_out *out, uint8_t type, const char *name, const struct blx_labels *labels)
{
	type |= labels ? BL_TYPE_ENUM : 0;
	bl_out_put(out, &type, 1);
	bl_out_text(out, name);
	if (labels)
		put_labels(out, labels);
}

static void put_end(struct bl_out *out, size_t begin, uint32_t id, unsigned int n_fields)
{
	const struct bl_event_head head = {.id = id, .n_fields = n_fields};

	bl_out_end(out, begin, &head);
}

static void put_event(struct bl_out *out, const struct blx_event *event, uint32_t id)
{
	const bool follows = event->flags & BLX_FOLLOWS;
	const size_t begin = bl_out_begin(out, CATEGORY, event->name, "");
	unsigned int i;

	for (i = 0; i < event->n_fields; i++) {
		const struct blx_field *field = &event->fields[i];

		put_field(out, field->bits ? BL_TYPE_U8 : field->type, field->name, field->labels);
	}
	if (follows)
		put_field(out, BL_TYPE_U32 | BL_TYPE_HEX | BL_TYPE_SEQUENCE, "args", NULL);
	put_end(out, begin, id, event->n_fields + follows);
}

static void put_hypercall(struct bl_out *out, uint32_t id, const char *name)
{
	const size_t begin = bl_out_begin(out, CATEGORY, name, "");

	put_field(out, BL_TYPE_U8, "op", &blx_hypercalls);
	put_field(out, BL_TYPE_U32 | BL_TYPE_HEX | BL_TYPE_SEQUENCE, "args", NULL);
	put_end(out, begin, id, 2);
}

static void put_raw(struct bl_out *out)
{
	const size_t begin = bl_out_begin(out, CATEGORY, "raw", "");

	put_field(out, BL_TYPE_U32 | BL_TYPE_HEX, "event", NULL);
	put_field(out, BL_TYPE_U32 | BL_TYPE_HEX | BL_TYPE_SEQUENCE, "words", NULL);
	put_end(out, begin, BLX_ID_RAW, 2);
}

static void put_point(struct bl_out *out, const struct blx_point *from)
{
	const struct bl_point point = {
		.category = from->category,
		.name = from->name,
		.file = from->file,
		.text = from->text,
		.line = from->line,
		.n_fields = from->n_fields,
		.types = from->types,
	};
	const size_t left = out->used < out->size ? out->size - out->used : 0;

	out->used += bl_describe(left ? out->at + out->used : NULL, left, blx_point_id(from), &point);
}

static void publish(struct bl_out *out)
{
	const struct blx_point *point;
	uint32_t id;

	put_raw(out);
	put_hypercall(out, BLX_ID_HYPERCALL, "pv_hypercall");
	put_hypercall(out, BLX_ID_SUBCALL, "pv_hypercall_subcall");
	for (point = __start_borelog_points; point < __stop_borelog_points; point++)
		put_point(out, point);
	for (id = blx_point_id(__stop_borelog_points); id <= n_ids; id++)
		put_event(out, by_id[id], id);
}

/* ---- At boot ---- */

static void __init insert(uint32_t event, uint32_t id, const struct blx_event *is)
{
	uint32_t i = place(event);

	/* Each table entry was checked by tests/xen; what is too much is recorded as raw words. */
	if (blx_known_find(event) || hash_fill >= HASH_FILL_MAX) {
		printk(XENLOG_WARNING "borelog: event %#x twice, or too many\n", event);
		return;
	}
	while (hash[i].event)
		i = (i + 1) % HASH_SIZE;
	hash[i] = (struct blx_known){
		.event = event,
		.id = id,
		.words = is->words,
		.flags = (is->flags & BLX_FOLLOWS ? BLX_KNOWN_FOLLOWS : 0) | (is->n_from_id ? BLX_KNOWN_FROM_ID : 0),
	};
	hash_fill++;
}

/* All values of the bits that are data, from field @i on. */
static void __init insert_all(uint32_t event, uint32_t id, const struct blx_event *is, unsigned int i)
{
	uint32_t value;

	if (i == is->n_from_id) {
		insert(event, id, is);
		return;
	}
	for (value = 0; value < 1u << is->fields[i].bits; value++)
		insert_all(event | value << is->fields[i].shift, id, is, i + 1);
}

static bool __init is_for_this_cpu(const struct blx_event *event)
{
	if (event->flags & BLX_SVM)
		return cpu_has_svm;
	return !(event->flags & BLX_VMX) || !cpu_has_svm;
}

static void __init add_table(const struct blx_events *table)
{
	uint32_t i;

	for (i = 0; i < table->n && n_ids + 1 < BLX_EVENTS_MAX; i++) {
		if (!is_for_this_cpu(&table->event[i]))
			continue;
		by_id[++n_ids] = &table->event[i];
		insert_all(table->event[i].event, n_ids, &table->event[i], 0);
	}
}

static int __init cf_check known_init(void)
{
	struct bl_out out = {NULL, 0, 0};
	uint32_t i;

	BUILD_BUG_ON(BLX_ID_OWN_END != BLX_ID_FIRST);
	BUILD_BUG_ON(sizeof(struct blx_point) != 64);
	n_ids = blx_point_id(__stop_borelog_points) - 1;
	for (i = 0; i < blx_n_tables; i++)
		add_table(blx_tables[i]);
	publish(&out);
	out = (struct bl_out){vzalloc(out.used), out.used, 0};
	if (!out.at)
		return -ENOMEM;
	publish(&out);
	blx_published = out.at;
	blx_published_size = out.used;
	printk(XENLOG_INFO "borelog: %u events\n", n_ids);
	return 0;
}
__initcall(known_init);
