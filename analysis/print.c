/* SPDX-License-Identifier: MIT */
/*
 * print.c - what to print, and what a printer keeps ready. The formats are in print_text.c, print_json.c and print_csv.c.
 */
#include "analysis/print.h"

#include <stdlib.h>

#include "analysis/print_inside.h"

#define NEAR_MAX 32u

/* ---- Fields that were asked for ---- */

/* The comma that ends a name, or the end; commas in back quotes and brackets belong to it. */
static size_t name_end(const char *list, size_t at)
{
	bool quoted = false;

	for (; list[at] && (quoted || list[at] != ','); at++)
		quoted ^= list[at] == '`';
	return at;
}

static bool invalid(struct expr_error *error, size_t column, const char *message)
{
	error->column = column;
	if (message)
		snprintf(error->message, sizeof(error->message), "%s", message);
	return false;
}

static bool is_one_name(const struct expr *expr)
{
	return expr->n_nodes == 1 && (expr->node[0].kind == EXPR_FIELD || expr->node[0].kind == EXPR_VARIABLE);
}

static bool parse_field(struct print_field *field, struct expr_error *ret_error)
{
	field->expr = expr_parse(field->name, place_variables, ret_error);
	if (!field->expr)
		return ret_error->column ? invalid(ret_error, ret_error->column + field->column, NULL) : false;
	if (!is_one_name(field->expr))
		return invalid(ret_error, field->column + 1, "the name of a field expected, as rows, req.len or $cpu");
	return true;
}

/* Blanks around a name are no part of it. */
static char *trim(char *name, size_t *column)
{
	size_t size;

	while (*name == ' ') {
		name++;
		++*column;
	}
	for (size = strlen(name); size && name[size - 1] == ' '; size--)
		name[size - 1] = '\0';
	return name;
}

static bool parse_fields(struct print *print, const char *list, struct expr_error *ret_error)
{
	size_t n = 1, at = 0;

	for (at = name_end(list, 0); list[at]; at = name_end(list, at + 1))
		n++;
	print->names = strdup(list);
	print->fields = calloc(n, sizeof(*print->fields));
	if (!print->names || !print->fields)
		return invalid(ret_error, 0, "out of memory");
	for (at = 0; print->n_fields < n; at++) {
		struct print_field *field = &print->fields[print->n_fields];
		char *name = print->names + at;

		field->column = at;
		at = name_end(list, at);
		print->names[at] = '\0';
		field->name = trim(name, &field->column);
		if (!*field->name)
			return invalid(ret_error, field->column + 1, "the name of a field is missing");
		print->n_fields++;
		if (!parse_field(field, ret_error))
			return false;
	}
	return true;
}

/* For CSV: all that there are. Names of members can be anything, so they are no expressions. */
static bool find_columns(struct print *print)
{
	struct text names = {0};
	size_t at = 0;
	bool ok = print_csv_columns(print, &names);
	uint32_t n = 0;

	for (size_t i = 0; i < names.size; i++)
		n += !names.bytes[i];
	print->names = names.bytes;
	print->fields = calloc((size_t)n + 1, sizeof(*print->fields));
	for (; ok && print->fields && print->n_fields < n; print->n_fields++) {
		print->fields[print->n_fields].name = print->names + at;
		at += strlen(print->names + at) + 1;
	}
	return ok && print->fields;
}

void print_prefix(const struct print_style *style, const char *name, bool first, struct text *prefix)
{
	text_string(prefix, style->separator + first);
	style->key(name, prefix);
}

static bool prefixes_ready(struct print *print)
{
	const struct print_style *style = print->options.format == PRINT_TEXT ? &print_text_style : &print_json_style;
	bool failed = false;

	for (uint32_t i = 0; i < print->n_fields; i++) {
		print_prefix(style, print->fields[i].name, false, &print->fields[i].prefix);
		failed |= print->fields[i].prefix.failed;
	}
	return !failed;
}

/* ---- What to print ---- */

struct print *print_new(const struct ctf *ctf, const struct print_options *options, struct expr_error *ret_error)
{
	struct print *print = calloc(1, sizeof(*print));
	bool ok = print;

	*ret_error = (struct expr_error){.message = "out of memory"};
	if (ok) {
		print->ctf = ctf;
		print->options = *options;
		print->n_traces = ctf_n_traces(ctf);
		for (uint32_t i = 0; i < print->n_traces; i++)
			print->n_events += ctf_trace_at(ctf, i)->n_events;
	}
	if (ok && options->fields)
		ok = parse_fields(print, options->fields, ret_error) && prefixes_ready(print);
	else if (ok && options->format == PRINT_CSV)
		ok = find_columns(print);
	if (ok)
		return print;
	print_free(print);
	return NULL;
}

void print_free(struct print *print)
{
	if (!print)
		return;
	for (uint32_t i = 0; i < print->n_fields; i++) {
		text_fini(&print->fields[i].prefix);
		expr_free(print->fields[i].expr);
	}
	free(print->fields);
	free(print->names);
	free(print);
}

void print_head(const struct print *print, struct text *text)
{
	if (print->options.format == PRINT_CSV)
		print_csv_head(print, text);
}

/* ---- A printer ---- */

struct printer *printer_new(const struct print *print)
{
	struct printer *printer = calloc(1, sizeof(*printer));

	if (!printer)
		return NULL;
	printer->print = print;
	printer->time.day = INT64_MIN;
	printer->n_packets = ctf_n_streams(print->ctf);
	printer->events = calloc((size_t)print->n_events + 1, sizeof(*printer->events));
	printer->packets = calloc((size_t)printer->n_packets + 1, sizeof(*printer->packets));
	if (printer->events && printer->packets)
		return printer;
	printer_free(printer);
	return NULL;
}

static void event_free(const struct print *print, struct print_event *event)
{
	if (!event)
		return;
	for (uint32_t i = 0; event->payload && i < event->class->payload->n_members; i++)
		text_fini(&event->payload[i].prefix);
	for (uint32_t i = 0; event->fields && i < print->n_fields; i++)
		free(event->fields[i]);
	free(event->payload);
	free(event->fields);
	free(event->cpu);
	free(event->pid);
	free(event->tid);
	text_fini(&event->head);
	free(event);
}

void printer_free(struct printer *printer)
{
	if (!printer)
		return;
	for (uint32_t i = 0; printer->events && i < printer->print->n_events; i++)
		event_free(printer->print, printer->events[i]);
	for (uint32_t i = 0; printer->packets && i < printer->n_packets; i++) {
		text_fini(&printer->packets[i].text);
		text_fini(&printer->packets[i].origin);
	}
	for (uint32_t i = 0; i < PRINT_LABELS; i++)
		text_fini(&printer->labels[i].text);
	free(printer->events);
	free(printer->packets);
	text_fini(&printer->scratch);
	free(printer);
}

/* Where the fields are that were asked for. */
static bool find_fields(const struct print *print, const struct ctf_trace *trace, struct print_event *event)
{
	event->fields = calloc((size_t)print->n_fields + 1, sizeof(*event->fields));
	for (uint32_t i = 0; event->fields && i < print->n_fields; i++) {
		const struct print_field *field = &print->fields[i];
		const struct expr_node name = {.kind = EXPR_FIELD, .as.string = field->name};

		event->fields[i] = place_new(trace, event->class, field->expr ? &field->expr->node[0] : &name);
		if (!event->fields[i])
			return false;
	}
	return event->fields;
}

static bool event_ready(const struct print *print, const struct ctf_trace *trace, struct print_event *event)
{
	event->cpu = place_variable(trace, event->class, "cpu");
	event->pid = place_variable(trace, event->class, "pid");
	event->tid = place_variable(trace, event->class, "tid");
	if (!event->cpu || !event->pid || !event->tid || !find_fields(print, trace, event))
		return false;
	switch (print->options.format) {
	case PRINT_TEXT:
		return print_text_ready(print, event);
	case PRINT_JSON:
		return print_json_ready(event);
	default:
		return print_csv_ready(event);
	}
}

/* Return: NULL: out of memory. */
static struct print_event *event_new(struct printer *printer, const struct ctf_trace *trace, const struct ctf_event_class *class)
{
	struct print_event *event = calloc(1, sizeof(*event));

	if (event)
		event->class = class;
	if (event && event_ready(printer->print, trace, event)) {
		printer->events[trace->first_event + class->index] = event;
		return event;
	}
	event_free(printer->print, event);
	return NULL;
}

static void put_event(struct printer *printer, const struct ctf_record *record, struct text *text)
{
	const struct ctf_trace *trace = record->stream->trace;
	struct print_event *event = printer->events[trace->first_event + record->event->index];

	if (!event)
		event = event_new(printer, trace, record->event);
	if (!event) {
		text->failed = true;
		return;
	}
	switch (printer->print->options.format) {
	case PRINT_TEXT:
		print_text_event(printer, event, record, text);
		break;
	case PRINT_JSON:
		print_json_event(printer, event, record, text);
		break;
	case PRINT_CSV:
		print_csv_event(printer, event, record, text);
		break;
	}
}

void printer_put(struct printer *printer, const struct ctf_record *record, struct text *text)
{
	if (record->kind == CTF_EVENT)
		put_event(printer, record, text);
	else if (printer->print->options.format == PRINT_TEXT)
		print_text_loss(printer, record, text);
	else if (printer->print->options.format == PRINT_JSON)
		print_json_loss(record, text);
	text->failed |= printer->scratch.failed;
}

/* ---- What was asked for ---- */

bool print_time_ns(struct printer *printer, const struct ctf_record *record, struct text *text)
{
	(void)printer;
	if (record->has_time)
		print_int(record->time, text);
	return record->has_time;
}

bool print_place(struct printer *printer, const struct print_style *style, const struct place *place,
		 const struct ctf_record *record, struct text *text)
{
	struct ctf_field field;
	const char *layer;

	switch (place->kind) {
	case PLACE_NONE:
		return false;
	case PLACE_NAME:
		style->string(text, record->event->name, strlen(record->event->name));
		return true;
	case PLACE_LAYER:
		layer = place_layer(record->stream->trace);
		style->string(text, layer, strlen(layer));
		return true;
	case PLACE_TIME:
		return style->time(printer, record, text);
	case PLACE_STREAM:
		print_uint(record->stream->class->id, text);
		return true;
	case PLACE_FIELD:
		field = place_field(place, record);
		if (field.class)
			style->value(printer, &field, text);
		return field.class;
	}
	return false;
}

void print_chosen(struct printer *printer, const struct print_style *style, const struct print_event *event,
		  const struct ctf_record *record, struct text *text)
{
	const struct print *print = printer->print;
	size_t comma = 1; /* that the first is without */

	for (uint32_t i = 0; i < print->n_fields; i++) {
		const struct text *prefix = &print->fields[i].prefix;
		const size_t size = text->size;

		text_put(text, prefix->bytes + comma, prefix->size - comma);
		if (print_place(printer, style, event->fields[i], record, text))
			comma = 0;
		else
			text->size = size;
	}
}

/* ---- Kept ready ---- */

bool print_has_labels(const struct ctf_class *class)
{
	return class->is_enum || class->n_mappings || class->type == CTF_BITMAP;
}

void print_kept(const struct text *kept, struct text *text)
{
	text_copy(text, kept);
	text->failed |= kept->failed;
}

void print_label(struct printer *printer, const struct ctf_field *field, print_make_label *make, struct text *text)
{
	const uint64_t value = ctf_field_uint(field);
	const uint64_t hash = ((uint64_t)(uintptr_t)field->class / sizeof(*field->class) + value) * UINT64_C(0x9e3779b97f4a7c15);
	struct print_label *label = &printer->labels[hash >> 32 & (PRINT_LABELS - 1)];

	if (label->make != make || label->class != field->class || label->value != value || label->text.failed) {
		label->make = make;
		label->class = field->class;
		label->value = value;
		label->text.size = 0;
		label->text.failed = false;
		make(field->class, value, &label->text);
	}
	print_kept(&label->text, text);
}

struct print_packet *print_packet(struct printer *printer, const struct ctf_record *record,
				  void (*make)(struct printer *printer, const struct ctf_record *record,
					       struct print_packet *packet))
{
	struct print_packet *packet = &printer->packets[record->stream->index];

	if (packet->file != record->packet->file || packet->number != record->packet->number || packet->text.failed) {
		packet->file = record->packet->file;
		packet->number = record->packet->number;
		packet->text.size = 0;
		packet->text.failed = false;
		make(printer, record, packet);
	}
	return packet;
}

bool print_members_ready(struct print_event *event, void (*ready)(struct print_member *member, const char *name, bool first),
			 bool (*is_shown)(const struct ctf_class *payload, uint32_t member))
{
	const struct ctf_class *payload = event->class->payload;
	bool first = true;

	if (!payload)
		return true;
	event->n_near = payload->n_members < NEAR_MAX ? payload->n_members : NEAR_MAX;
	event->payload = calloc((size_t)payload->n_members + 1, sizeof(*event->payload));
	for (uint32_t i = 0; event->payload && i < payload->n_members; i++) {
		struct print_member *member = &event->payload[i];

		if (is_shown && !is_shown(payload, i))
			continue;
		member->is_shown = true;
		member->class = payload->members[i].class;
		member->direct = place_is_direct(payload, i);
		member->offset = payload->members[i].offset;
		ready(member, payload->members[i].name ? payload->members[i].name : "", first);
		if (member->prefix.failed)
			return false;
		first = false;
	}
	return event->payload;
}

/* The members behind those that are near. */
static void print_far(struct printer *printer, const struct print_event *event, const struct ctf_field *payload, struct text *text)
{
	struct ctf_field field = ctf_field_element(payload, event->n_near);

	for (uint32_t i = event->n_near; field.class; i++, field = ctf_field_next(payload, &field)) {
		if (!event->payload[i].is_shown)
			continue;
		text_copy(text, &event->payload[i].prefix);
		event->payload[i].put(printer, &field, text);
	}
}

/*
 * Numbers are read where they always are. Of the rest the first few are asked for by number, and their fields stay where they were
 * made: copying one that was just written costs more than passing over the nodes in front.
 */
void print_payload(struct printer *printer, const struct print_event *event, const struct ctf_record *record, struct text *text)
{
	const struct ctf_field payload = ctf_record_scope(record, CTF_PAYLOAD);
	struct ctf_field number = payload;
	uint32_t i = 0;

	for (; i < event->n_near; i++) {
		const struct print_member *member = &event->payload[i];

		if (!member->is_shown)
			continue;
		text_copy(text, &member->prefix);
		if (member->direct) {
			number.class = member->class;
			number.at = payload.at + member->offset;
			member->put(printer, &number, text);
		} else {
			const struct ctf_field field = ctf_field_element(&payload, i);

			member->put(printer, &field, text);
		}
	}
	if (event->class->payload && i < event->class->payload->n_members)
		print_far(printer, event, &payload, text);
}

const char *print_string(struct printer *printer, const struct ctf_field *field, size_t *ret_size)
{
	size_t room;

	if (field->class->encoding == CTF_UTF8)
		return ctf_field_text(field, NULL, 0, ret_size);
	ctf_field_bytes(field, &room);
	room = 2 * room + 4;
	printer->scratch.size = 0;
	if (!text_room(&printer->scratch, room)) {
		*ret_size = 0;
		return "";
	}
	return ctf_field_text(field, printer->scratch.bytes, room, ret_size);
}
