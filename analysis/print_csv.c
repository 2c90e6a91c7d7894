/* SPDX-License-Identifier: MIT */
/*
 * print_csv.c - records as lines of CSV. The format is in print.h.
 */
#include <stdlib.h>

#include "analysis/print_inside.h"

/* ---- Columns ---- */

/* Names that were seen: open addressing, at most half full. Offsets of names in a text, plus 1. */
struct seen {
	size_t *slots;
	size_t n_slots; /* a power of 2 */
	size_t n;
};

static size_t hash(const char *name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return (size_t)(h ^ h >> 32);
}

static bool seen_grow(struct seen *seen, const struct text *names)
{
	struct seen more = {.n_slots = seen->n_slots ? 2 * seen->n_slots : 64, .n = seen->n};

	more.slots = calloc(more.n_slots, sizeof(*more.slots));
	if (!more.slots)
		return false;
	for (size_t i = 0; i < seen->n_slots; i++) {
		size_t at;

		if (!seen->slots[i])
			continue;
		for (at = hash(names->bytes + seen->slots[i] - 1); more.slots[at & (more.n_slots - 1)]; at++)
			;
		more.slots[at & (more.n_slots - 1)] = seen->slots[i];
	}
	free(seen->slots);
	*seen = more;
	return true;
}

/* Append @name, if it is not there yet. False: out of memory. */
static bool add_name(struct seen *seen, struct text *names, const char *name)
{
	size_t at;

	if (2 * (seen->n + 1) > seen->n_slots && !seen_grow(seen, names))
		return false;
	for (at = hash(name);; at++) {
		const size_t slot = seen->slots[at & (seen->n_slots - 1)];

		if (!slot)
			break;
		if (!strcmp(names->bytes + slot - 1, name))
			return true;
	}
	seen->slots[at & (seen->n_slots - 1)] = names->size + 1;
	seen->n++;
	text_put(names, name, strlen(name) + 1);
	return !names->failed;
}

/* Of a packet's context only what is no structure and says something of the records: not times, sizes, counters, the CPU. */
static bool add_scope(struct seen *seen, struct text *names, const struct ctf_class *scope, bool packet)
{
	for (uint32_t i = 0; scope && i < scope->n_members; i++) {
		const struct ctf_member *member = &scope->members[i];

		if (!member->name ||
		    (packet && (member->class->roles || member->class->type == CTF_STRUCT || !strcmp(member->name, "cpu_id"))))
			continue;
		if (!add_name(seen, names, member->name))
			return false;
	}
	return true;
}

static bool add_event(struct seen *seen, struct text *names, const struct ctf_event_class *event)
{
	return add_scope(seen, names, event->stream->packet_context, true) &&
	       add_scope(seen, names, event->stream->event_context, false) && add_scope(seen, names, event->context, false) &&
	       add_scope(seen, names, event->payload, false);
}

bool print_csv_columns(const struct print *print, struct text *names)
{
	const bool *events = print->options.events;
	struct seen seen = {0};
	bool ok = true;

	for (uint32_t i = 0; ok && i < print->n_traces; i++) {
		const struct ctf_trace *trace = ctf_trace_at(print->ctf, i);

		for (uint32_t k = 0; ok && k < trace->n_events; k++)
			if (!events || events[trace->first_event + trace->events[k]->index])
				ok = add_event(&seen, names, trace->events[k]);
	}
	free(seen.slots);
	return ok;
}

void print_csv_head(const struct print *print, struct text *text)
{
	text_string(text, "time,cpu,layer,name");
	for (uint32_t i = 0; i < print->n_fields; i++) {
		text_char(text, ',');
		text_csv(text, print->fields[i].name, strlen(print->fields[i].name));
	}
	text_char(text, '\n');
}

/* ---- Values ---- */

/* As JSON, in quotes where CSV wants them. */
static void put_json(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	struct text json = {0};

	print_json_value(printer, field, &json);
	text_csv(text, json.bytes, json.size);
	text->failed |= json.failed;
	text_fini(&json);
}

static void put_value(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	const char *string;
	struct ctf_field inner;
	size_t size;

	switch (field->class->type) {
	case CTF_UINT:
	case CTF_SINT:
	case CTF_BITS:
	case CTF_BITMAP:
		if (print_has_labels(field->class)) {
			struct text labels = {0};

			print_label(printer, field, print_text_labels, &labels);
			text_csv(text, labels.bytes, labels.size);
			text->failed |= labels.failed;
			text_fini(&labels);
		} else {
			print_text_number(field, true, text);
		}
		break;
	case CTF_BOOL:
	case CTF_FLOAT:
		print_text_number(field, true, text);
		break;
	case CTF_STRING:
		string = print_string(printer, field, &size);
		text_csv(text, string, size);
		break;
	case CTF_BLOB:
		string = (const char *)ctf_field_bytes(field, &size);
		text_hex(text, (const unsigned char *)string, size);
		break;
	case CTF_OPTIONAL:
		inner = ctf_field_first(field);
		if (inner.class)
			put_value(printer, &inner, text);
		break;
	case CTF_STRUCT:
	case CTF_ARRAY:
	case CTF_VARIANT:
		put_json(printer, field, text);
		break;
	}
}

static const struct print_style style = {.string = text_csv, .value = put_value, .time = print_time_ns};

void print_csv_event(struct printer *printer, struct print_event *event, const struct ctf_record *record, struct text *text)
{
	const char *layer = place_layer(record->stream->trace);

	print_time_ns(printer, record, text);
	text_char(text, ',');
	print_place(printer, &style, event->cpu, record, text);
	text_char(text, ',');
	if (layer)
		text_csv(text, layer, strlen(layer));
	text_put(text, event->head.bytes, event->head.size);
	for (uint32_t i = 0; i < printer->print->n_fields; i++) {
		text_char(text, ',');
		print_place(printer, &style, event->fields[i], record, text);
	}
	text_char(text, '\n');
}

bool print_csv_ready(struct print_event *event)
{
	const char *name = event->class->name;

	text_char(&event->head, ',');
	if (name)
		text_csv(&event->head, name, strlen(name));
	return !event->head.failed;
}
