/* SPDX-License-Identifier: MIT */
/*
 * print_json.c - records as lines of JSON. The format is in print.h.
 */
#include <math.h>

#include "analysis/print_compound.h"
#include "analysis/print_inside.h"

static void put_key(const char *name, struct text *text)
{
	text_json(text, name, strlen(name));
	text_char(text, ':');
}

static void put_integer(const struct ctf_class *class, uint64_t value, struct text *text)
{
	if (class->type == CTF_SINT)
		print_int((int64_t)value, text);
	else
		print_uint(value, text);
}

static void put_double(struct text *text, double value)
{
	char *to = text_room(text, NUMBER_MAX + 2);
	char *end;

	if (!to)
		return;
	if (isfinite(value)) {
		text_end(text, number_double(to, value));
		return;
	}
	*to = '"';
	end = number_double(to + 1, value);
	*end = '"';
	text_end(text, end + 1);
}

/* {"value":2,"labels":["BUSY"]} */
static void make_labels(const struct ctf_class *class, uint64_t value, struct text *text)
{
	const struct ctf_mapping *mapping;
	uint32_t next = 0;
	bool first = true;

	text_string(text, "{\"value\":");
	put_integer(class, value, text);
	text_string(text, class->type == CTF_BITMAP ? ",\"flags\":[" : ",\"labels\":[");
	while ((mapping = ctf_mapping_next(class, value, next, &next))) {
		if (!first)
			text_char(text, ',');
		first = false;
		text_json(text, mapping->label, strlen(mapping->label));
	}
	text_string(text, "]}");
}

static void put_string(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	size_t size;
	const char *string = print_string(printer, field, &size);

	text_json(text, string, size);
}

static void put_blob(const struct ctf_field *field, struct text *text)
{
	const char *media_type = field->class->media_type ? field->class->media_type : "application/octet-stream";
	size_t size;
	const uint8_t *bytes = ctf_field_bytes(field, &size);

	text_string(text, "{\"blob\":\"");
	text_hex(text, bytes, size);
	text_string(text, "\",\"media_type\":");
	text_json(text, media_type, strlen(media_type));
	text_char(text, '}');
}

const struct print_style print_json_style = {
	.separator = ",",
	.key = put_key,
	.string = text_json,
	.integer = put_integer,
	.value = print_json_value,
	.time = print_time_ns,
};

void print_json_value(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	switch (field->class->type) {
	case CTF_UINT:
	case CTF_SINT:
	case CTF_BITS:
	case CTF_BITMAP:
		if (print_has_labels(field->class))
			print_label(printer, field, make_labels, text);
		else
			put_integer(field->class, ctf_field_uint(field), text);
		break;
	case CTF_BOOL:
		text_string(text, ctf_field_bool(field) ? "true" : "false");
		break;
	case CTF_FLOAT:
		put_double(text, ctf_field_double(field));
		break;
	case CTF_STRING:
		put_string(printer, field, text);
		break;
	case CTF_BLOB:
		put_blob(field, text);
		break;
	case CTF_STRUCT:
		print_structure(printer, &print_json_style, field, 0, text);
		break;
	case CTF_ARRAY:
		print_array(printer, &print_json_style, field, text);
		break;
	case CTF_OPTIONAL:
		print_inner(printer, &print_json_style, field, text);
		break;
	case CTF_VARIANT:
		print_variant(printer, &print_json_style, field, text);
		break;
	}
}

/* ---- Records ---- */

static void put_time(const struct ctf_record *record, struct text *text)
{
	if (!record->has_time)
		return;
	text_string(text, "\"time\":");
	print_int(record->time, text);
	text_string(text, ",\"cycles\":");
	print_uint(record->cycles, text);
	text_char(text, ',');
}

static void make_packet(struct printer *printer, const struct ctf_record *record, struct print_packet *packet)
{
	const struct ctf_field context = ctf_record_scope(record, CTF_PACKET_CONTEXT);
	struct text *text = &packet->text;

	text_string(text, "\"stream\":");
	print_uint(record->stream->class->id, text);
	text_string(text, ",\"file\":");
	text_json(text, record->packet->file, strlen(record->packet->file));
	text_string(text, ",\"packet\":");
	print_uint(record->packet->number, text);
	if (!context.class)
		return;
	text_string(text, ",\"packet_context\":");
	print_structure(printer, &print_json_style, &context, UINT32_MAX, text);
}

static void put_scope(struct printer *printer, const struct ctf_record *record, enum ctf_scope scope, const char *key,
		      struct text *text)
{
	const struct ctf_field field = ctf_record_scope(record, scope);

	if (!field.class)
		return;
	text_string(text, key);
	print_structure(printer, &print_json_style, &field, 0, text);
}

void print_json_event(struct printer *printer, struct print_event *event, const struct ctf_record *record, struct text *text)
{
	text_char(text, '{');
	put_time(record, text);
	text_copy(text, &event->head);
	print_kept(&print_packet(printer, record, make_packet)->text, text);
	if (printer->print->options.fields) {
		text_string(text, ",\"fields\":{");
		print_chosen(printer, &print_json_style, event, record, text);
		text_char(text, '}');
	} else {
		put_scope(printer, record, CTF_COMMON_CONTEXT, ",\"context\":", text);
		put_scope(printer, record, CTF_SPECIFIC_CONTEXT, ",\"event_context\":", text);
		if (event->class->payload) {
			text_string(text, ",\"fields\":{");
			print_payload(printer, event, record, text);
			text_char(text, '}');
		}
	}
	text_put(text, "}\n", 2);
}

void print_json_loss(const struct ctf_record *record, struct text *text)
{
	text_char(text, '{');
	if (record->has_time) {
		text_string(text, "\"time\":");
		print_int(record->time, text);
		text_char(text, ',');
	}
	text_string(text, "\"lost\":");
	if (record->n_lost)
		print_uint(record->n_lost, text);
	else
		text_string(text, "null");
	text_string(text, record->kind == CTF_LOST_PACKETS ? ",\"what\":\"packets\"" : ",\"what\":\"records\"");
	if (record->has_time) {
		text_string(text, ",\"from\":");
		print_int(record->lost_from, text);
		text_string(text, ",\"to\":");
		print_int(record->lost_to, text);
	}
	text_string(text, ",\"stream\":");
	print_uint(record->stream->class->id, text);
	text_string(text, ",\"file\":");
	text_json(text, record->packet->file, strlen(record->packet->file));
	text_string(text, "}\n");
}

/* ---- Event classes ---- */

static void member_ready(struct print_member *member, const char *name, bool first)
{
	print_prefix(&print_json_style, name, first, &member->prefix);
	member->put = print_json_value;
}

bool print_json_ready(struct print_event *event)
{
	if (event->class->name) {
		text_string(&event->head, "\"name\":");
		text_json(&event->head, event->class->name, strlen(event->class->name));
		text_char(&event->head, ',');
	}
	text_string(&event->head, "\"id\":");
	print_uint(event->class->id, &event->head);
	text_char(&event->head, ',');
	return !event->head.failed && print_members_ready(event, member_ready, NULL);
}
