/* SPDX-License-Identifier: MIT */
/*
 * print_json.c - records as lines of JSON. The format is in print.h.
 */
#include <math.h>

#include "analysis/print_inside.h"

static void put_key(struct text *text, const char *name)
{
	text_json(text, name, strlen(name));
	text_char(text, ':');
}

static void put_uint(struct text *text, uint64_t value)
{
	char *to = text_room(text, NUMBER_MAX);

	if (to)
		text_end(text, number_uint(to, value));
}

static void put_int(struct text *text, int64_t value)
{
	char *to = text_room(text, NUMBER_MAX);

	if (to)
		text_end(text, number_int(to, value));
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
	if (class->type == CTF_SINT)
		put_int(text, (int64_t)value);
	else
		put_uint(text, value);
	text_string(text, class->type == CTF_BITMAP ? ",\"flags\":[" : ",\"labels\":[");
	while ((mapping = ctf_mapping_next(class, value, next, &next))) {
		if (!first)
			text_char(text, ',');
		first = false;
		text_json(text, mapping->label, strlen(mapping->label));
	}
	text_string(text, "]}");
}

static void put_integer(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	if (print_has_labels(field->class))
		print_label(printer, field, make_labels, text);
	else if (field->class->type == CTF_SINT)
		put_int(text, ctf_field_int(field));
	else
		put_uint(text, ctf_field_uint(field));
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

/* An array of integers that have no labels. */
static void put_integers(const struct ctf_field *field, struct text *text)
{
	const bool is_signed = field->class->members[0].class->type == CTF_SINT;
	uint64_t values[PRINT_VALUES], n;

	text_char(text, '[');
	for (uint64_t i = 0; !text->failed && (n = ctf_field_numbers(field, i, PRINT_VALUES, values)); i += n) {
		for (uint64_t k = 0; k < n; k++) {
			if (i || k)
				text_char(text, ',');
			if (is_signed)
				put_int(text, (int64_t)values[k]);
			else
				put_uint(text, values[k]);
		}
	}
	text_char(text, ']');
}

static void put_array(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	struct ctf_field element;

	if (print_has_integers(field->class)) {
		put_integers(field, text);
		return;
	}
	element = ctf_field_first(field);
	text_char(text, '[');
	while (element.class && !text->failed) {
		print_json_value(printer, &element, text);
		element = ctf_field_next(field, &element);
		if (element.class)
			text_char(text, ',');
	}
	text_char(text, ']');
}

/* Members but those with one of @roles. */
static void put_structure(struct printer *printer, const struct ctf_field *field, uint32_t roles, struct text *text)
{
	struct ctf_field member = ctf_field_first(field);
	bool first = true;

	text_char(text, '{');
	for (; member.class; member = ctf_field_next(field, &member)) {
		if (member.class->roles & roles)
			continue;
		if (!first)
			text_char(text, ',');
		first = false;
		put_key(text, ctf_field_name(&member) ? ctf_field_name(&member) : "");
		print_json_value(printer, &member, text);
	}
	text_char(text, '}');
}

static void put_inner(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	const struct ctf_field inner = ctf_field_first(field);

	if (inner.class)
		print_json_value(printer, &inner, text);
	else
		text_string(text, "null");
}

void print_json_value(struct printer *printer, const struct ctf_field *field, struct text *text)
{
	switch (field->class->type) {
	case CTF_UINT:
	case CTF_SINT:
	case CTF_BITS:
	case CTF_BITMAP:
		put_integer(printer, field, text);
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
		put_structure(printer, field, 0, text);
		break;
	case CTF_ARRAY:
		put_array(printer, field, text);
		break;
	case CTF_OPTIONAL:
		put_inner(printer, field, text);
		break;
	case CTF_VARIANT:
		text_char(text, '{');
		put_key(text, ctf_field_option(field)->name ? ctf_field_option(field)->name : "");
		put_inner(printer, field, text);
		text_char(text, '}');
		break;
	}
}

/* ---- Records ---- */

static void put_time(const struct ctf_record *record, struct text *text)
{
	if (!record->has_time)
		return;
	text_string(text, "\"time\":");
	put_int(text, record->time);
	text_string(text, ",\"cycles\":");
	put_uint(text, record->cycles);
	text_char(text, ',');
}

static void make_packet(struct printer *printer, const struct ctf_record *record, struct print_packet *packet)
{
	const struct ctf_field context = ctf_record_scope(record, CTF_PACKET_CONTEXT);
	struct text *text = &packet->text;

	text_string(text, "\"stream\":");
	put_uint(text, record->stream->class->id);
	text_string(text, ",\"file\":");
	text_json(text, record->packet->file, strlen(record->packet->file));
	text_string(text, ",\"packet\":");
	put_uint(text, record->packet->number);
	if (!context.class)
		return;
	text_string(text, ",\"packet_context\":");
	put_structure(printer, &context, UINT32_MAX, text);
}

static void put_scope(struct printer *printer, const struct ctf_record *record, enum ctf_scope scope, const char *key,
		      struct text *text)
{
	const struct ctf_field field = ctf_record_scope(record, scope);

	if (!field.class)
		return;
	text_string(text, key);
	put_structure(printer, &field, 0, text);
}

/* What a place says; false: nothing. */
static bool put_place(struct printer *printer, const struct place *place, const struct ctf_record *record, struct text *text)
{
	struct ctf_field field;
	const char *layer;

	switch (place->kind) {
	case PLACE_NONE:
		return false;
	case PLACE_NAME:
		text_json(text, record->event->name, strlen(record->event->name));
		return true;
	case PLACE_LAYER:
		layer = place_layer(record->stream->trace);
		text_json(text, layer, strlen(layer));
		return true;
	case PLACE_TIME:
		if (record->has_time)
			put_int(text, record->time);
		return record->has_time;
	case PLACE_STREAM:
		put_uint(text, record->stream->class->id);
		return true;
	case PLACE_FIELD:
		field = place_field(place, record);
		if (field.class)
			print_json_value(printer, &field, text);
		return field.class;
	}
	return false;
}

/* Only the fields that were asked for, by the names that they were asked for with. */
static void put_chosen(struct printer *printer, const struct print_event *event, const struct ctf_record *record, struct text *text)
{
	const struct print *print = printer->print;
	bool first = true;

	text_string(text, ",\"fields\":{");
	for (uint32_t i = 0; i < print->n_fields; i++) {
		const size_t size = text->size;

		if (!first)
			text_char(text, ',');
		put_key(text, print->fields[i].name);
		if (put_place(printer, event->fields[i], record, text))
			first = false;
		else
			text->size = size;
	}
	text_char(text, '}');
}

void print_json_event(struct printer *printer, struct print_event *event, const struct ctf_record *record, struct text *text)
{
	text_char(text, '{');
	put_time(record, text);
	text_copy(text, &event->head);
	print_kept(&print_packet(printer, record, make_packet)->text, text);
	if (printer->print->options.fields) {
		put_chosen(printer, event, record, text);
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
		put_int(text, record->time);
		text_char(text, ',');
	}
	text_string(text, "\"lost\":");
	if (record->n_lost)
		put_uint(text, record->n_lost);
	else
		text_string(text, "null");
	text_string(text, record->kind == CTF_LOST_PACKETS ? ",\"what\":\"packets\"" : ",\"what\":\"records\"");
	if (record->has_time) {
		text_string(text, ",\"from\":");
		put_int(text, record->lost_from);
		text_string(text, ",\"to\":");
		put_int(text, record->lost_to);
	}
	text_string(text, ",\"stream\":");
	put_uint(text, record->stream->class->id);
	text_string(text, ",\"file\":");
	text_json(text, record->packet->file, strlen(record->packet->file));
	text_string(text, "}\n");
}

/* ---- Event classes ---- */

static void member_ready(struct print_member *member, const char *name, bool first)
{
	if (!first)
		text_char(&member->prefix, ',');
	put_key(&member->prefix, name);
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
	put_uint(&event->head, event->class->id);
	text_char(&event->head, ',');
	return !event->head.failed && print_members_ready(event, member_ready, NULL);
}
