/* SPDX-License-Identifier: MIT */
/*
 * write_json.c - metadata in CTF 2 (CTF2-SPEC-2.0): fragments of JSON, each between a record separator and a newline.
 *
 * Fixed-length fields keep CTF 2's default alignment of one bit, because they are packed; what is wider than a byte starts at a
 * byte anyway. The bit order is the default one of the byte order, which is that of core/record.h.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "writer.h"

#define RECORD_SEPARATOR 0x1e

/* One call's state: what all fields need, and whether memory ran out on the way. */
struct json_writer {
	const char *byte_order;
	FILE *out;
	bool failed;
};

static void put(struct json_writer *w, struct json_object *to, const char *key, struct json_object *value)
{
	if (!to || !value || json_object_object_add(to, key, value)) {
		w->failed = true;
		json_object_put(value);
	}
}

/* Return: @value, or NULL if it is gone. */
static struct json_object *append(struct json_writer *w, struct json_object *to, struct json_object *value)
{
	if (to && value && !json_object_array_add(to, value))
		return value;
	w->failed = true;
	json_object_put(value);
	return NULL;
}

static void put_text(struct json_writer *w, struct json_object *to, const char *key, const char *text)
{
	char clean[CTF_TEXT_MAX + 1];

	ctf_clean(clean, text);
	put(w, to, key, json_object_new_string(clean));
}

static void put_number(struct json_writer *w, struct json_object *to, const char *key, uint64_t number)
{
	put(w, to, key, json_object_new_uint64(number));
}

static struct json_object *new_object(struct json_writer *w, const char *type)
{
	struct json_object *object = json_object_new_object();

	if (type)
		put_text(w, object, "type", type);
	return object;
}

static struct json_object *new_fixed(struct json_writer *w, const char *type, uint32_t bits)
{
	struct json_object *class = new_object(w, type);

	put_number(w, class, "length", bits);
	put_text(w, class, "byte-order", w->byte_order);
	return class;
}

static struct json_object *new_unsigned(struct json_writer *w, uint32_t bits, const char *role)
{
	struct json_object *class = new_fixed(w, "fixed-length-unsigned-integer", bits);
	struct json_object *roles;

	if (role) {
		roles = json_object_new_array();
		append(w, roles, json_object_new_string(role));
		put(w, class, "roles", roles);
	}
	return class;
}

/* put_member() adds to it. */
static struct json_object *new_structure(struct json_writer *w)
{
	struct json_object *class = new_object(w, "structure");

	put(w, class, "member-classes", json_object_new_array());
	return class;
}

static struct json_object *put_member(struct json_writer *w, struct json_object *structure, const char *name,
				      struct json_object *class)
{
	struct json_object *member = json_object_new_object();

	put_text(w, member, "name", name);
	put(w, member, "field-class", class);
	return append(w, json_object_object_get(structure, "member-classes"), member);
}

static struct json_object *new_location(struct json_writer *w, const char *origin, const char *name)
{
	struct json_object *location = json_object_new_object();
	struct json_object *path = json_object_new_array();

	put_text(w, location, "origin", origin);
	append(w, path, json_object_new_string(name));
	put(w, location, "path", path);
	return location;
}

static struct json_object *new_range(struct json_writer *w, struct json_object *first, struct json_object *last)
{
	struct json_object *range = json_object_new_array();

	append(w, range, first);
	append(w, range, last);
	return range;
}

/* Write one fragment, and free it. */
static int write_fragment(struct json_writer *w, struct json_object *fragment)
{
	const char *text =
		w->failed ? NULL
			  : json_object_to_json_string_ext(fragment, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (text)
		fprintf(w->out, "%c%s\n", RECORD_SEPARATOR, text);
	json_object_put(fragment);
	return text ? 0 : -ENOMEM;
}

static int write_preamble(struct json_writer *w, const struct ctfw_trace_class *trace)
{
	struct json_object *fragment = new_object(w, "preamble");
	struct json_object *uuid = json_object_new_array();
	size_t i;

	for (i = 0; i < 16; i++)
		append(w, uuid, json_object_new_int(trace->uuid[i]));
	put_number(w, fragment, "version", 2);
	put(w, fragment, "uuid", uuid);
	return write_fragment(w, fragment);
}

static struct json_object *new_packet_header(struct json_writer *w)
{
	struct json_object *header = new_structure(w);
	struct json_object *uuid = new_object(w, "static-length-blob");
	struct json_object *roles = json_object_new_array();

	append(w, roles, json_object_new_string("metadata-stream-uuid"));
	put_number(w, uuid, "length", 16);
	put(w, uuid, "roles", roles);
	put_member(w, header, "magic", new_unsigned(w, 32, "packet-magic-number"));
	put_member(w, header, "stream_id", new_unsigned(w, 32, "data-stream-class-id"));
	put_member(w, header, "uuid", uuid);
	put_member(w, header, "stream_instance_id", new_unsigned(w, 64, "data-stream-id"));
	return header;
}

static struct json_object *new_env(struct json_writer *w, const struct ctfw_trace_class *trace)
{
	struct json_object *env = json_object_new_object();
	char name[CTF_NAME_SIZE];
	uint32_t i;

	for (i = 0; i < trace->n_env; i++) {
		ctf_identifier(name, trace->env[i].name);
		if (trace->env[i].text)
			put_text(w, env, name, trace->env[i].text);
		else
			put(w, env, name, json_object_new_int64(trace->env[i].number));
	}
	return env;
}

static int write_trace_class(struct json_writer *w, const struct ctfw_trace_class *trace)
{
	struct json_object *fragment = new_object(w, "trace-class");
	char uuid[CTF_UUID_SIZE];

	ctf_uuid_text(uuid, trace->uuid);
	put_text(w, fragment, "uid", uuid);
	if (trace->n_env)
		put(w, fragment, "environment", new_env(w, trace));
	put(w, fragment, "packet-header-field-class", new_packet_header(w));
	return write_fragment(w, fragment);
}

static int write_clock_class(struct json_writer *w, const struct ctfw_clock *clock)
{
	struct json_object *fragment = new_object(w, "clock-class");
	struct json_object *offset = json_object_new_object();
	char uuid[CTF_UUID_SIZE], name[CTF_NAME_SIZE];

	ctf_uuid_text(uuid, clock->uuid);
	ctf_identifier(name, clock->name);
	put_text(w, fragment, "id", name);
	put_text(w, fragment, "name", name);
	put_text(w, fragment, "uid", uuid);
	put_text(w, fragment, "description", clock->description);
	put_number(w, fragment, "frequency", clock->frequency);
	put_number(w, fragment, "precision", clock->precision);
	put_text(w, fragment, "origin", "unix-epoch");
	put(w, offset, "seconds", json_object_new_int64(clock->offset_s));
	put_number(w, offset, "cycles", clock->offset_cycles);
	put(w, fragment, "offset-from-origin", offset);
	return write_fragment(w, fragment);
}

int ctf_json_write_trace(const struct ctfw_trace_class *trace, FILE *out)
{
	struct json_writer w = {.byte_order = trace->big_endian ? "big-endian" : "little-endian", .out = out};
	int err = write_preamble(&w, trace);

	if (!err)
		err = write_trace_class(&w, trace);
	if (!err)
		err = write_clock_class(&w, &trace->clock);
	return err;
}

static struct json_object *new_packet_context(struct json_writer *w, const struct ctfw_stream_class *stream)
{
	struct json_object *context = new_structure(w);
	struct json_object *end = new_unsigned(w, 64, "packet-end-default-clock-timestamp");
	struct json_object *discarded = new_structure(w);
	char name[CTF_NAME_SIZE];
	size_t i;

	put_member(w, context, "timestamp_begin", new_unsigned(w, 64, "default-clock-timestamp"));
	put_member(w, context, "packet_seq_num", new_unsigned(w, 64, "packet-sequence-number"));
	put_member(w, context, "cpu_id", new_unsigned(w, 32, NULL));
	for (i = 0; i < CTFW_OWNERS && stream->owner[i]; i++) {
		ctf_identifier(name, stream->owner[i]);
		put_member(w, context, name, new_unsigned(w, 32, NULL));
	}
	put_number(w, end, "alignment", CTF_END_ALIGN_BITS);
	put_member(w, context, "timestamp_end", end);
	put_member(w, context, "content_size", new_unsigned(w, 64, "packet-content-length"));
	put_member(w, context, "packet_size", new_unsigned(w, 64, "packet-total-length"));
	put_member(w, context, "events_discarded", new_unsigned(w, 64, "discarded-event-record-counter-snapshot"));
	for (i = 0; i < ctf_discard_n_reasons; i++)
		put_member(w, discarded, ctf_discard_reasons[i], new_unsigned(w, 64, NULL));
	put_member(w, context, "discarded", discarded);
	return context;
}

static struct json_object *new_option(struct json_writer *w, const char *name, uint32_t first, uint32_t last,
				      struct json_object *class)
{
	struct json_object *option = json_object_new_object();
	struct json_object *ranges = json_object_new_array();

	append(w, ranges, new_range(w, json_object_new_uint64(first), json_object_new_uint64(last)));
	put_text(w, option, "name", name);
	put(w, option, "selector-field-ranges", ranges);
	put(w, option, "field-class", class);
	return option;
}

static struct json_object *new_record_header(struct json_writer *w, const struct ctfw_stream_class *stream)
{
	const uint32_t all_ones = (1u << stream->id_bits) - 1;
	struct json_object *header = new_structure(w);
	struct json_object *variant = new_object(w, "variant");
	struct json_object *compact = new_structure(w), *extended = new_structure(w);
	struct json_object *options = json_object_new_array();

	put_member(w, compact, "timestamp", new_unsigned(w, 32 - stream->id_bits, "default-clock-timestamp"));
	put_member(w, extended, "zero", new_unsigned(w, 32 - stream->id_bits, NULL));
	put_member(w, extended, "id", new_unsigned(w, 32, "event-record-class-id"));
	put_member(w, extended, "timestamp", new_unsigned(w, 64, "default-clock-timestamp"));
	append(w, options, new_option(w, "compact", 1, all_ones - 1, compact));
	append(w, options, new_option(w, "extended", all_ones, all_ones, extended));
	put(w, variant, "selector-field-location", new_location(w, "event-record-header", "id"));
	put(w, variant, "options", options);
	put_member(w, header, "id", new_unsigned(w, stream->id_bits, "event-record-class-id"));
	put_member(w, header, "v", variant);
	return header;
}

static struct json_object *new_mapped_number(const struct ctfw_field *field, int64_t value)
{
	return field->type == CTFW_UNSIGNED ? json_object_new_uint64((uint64_t)value) : json_object_new_int64(value);
}

static void put_mappings(struct json_writer *w, struct json_object *class, const struct ctfw_field *field)
{
	struct json_object *mappings = json_object_new_object();
	char label[CTF_TEXT_MAX + 1];
	uint32_t i;

	for (i = 0; i < field->n_mappings; i++) {
		const struct ctfw_mapping *mapping = &field->mappings[i];
		struct json_object *ranges;

		ctf_clean(label, mapping->label);
		ranges = json_object_object_get(mappings, label);
		if (!ranges) {
			ranges = json_object_new_array();
			put(w, mappings, label, ranges);
		}
		append(w, ranges, new_range(w, new_mapped_number(field, mapping->first), new_mapped_number(field, mapping->last)));
	}
	put(w, class, "mappings", mappings);
}

static struct json_object *new_scalar(struct json_writer *w, const struct ctfw_field *field)
{
	struct json_object *class;

	switch (field->type) {
	case CTFW_FLOAT:
		return new_fixed(w, "fixed-length-floating-point-number", field->bits);
	case CTFW_BOOL:
		return new_fixed(w, "fixed-length-boolean", 8);
	case CTFW_STRING:
		return new_object(w, "null-terminated-string");
	case CTFW_UNSIGNED:
	case CTFW_SIGNED:
		break;
	}
	class = new_fixed(w, field->type == CTFW_SIGNED ? "fixed-length-signed-integer" : "fixed-length-unsigned-integer",
			  field->bits);
	if (field->hex)
		put_number(w, class, "preferred-display-base", 16);
	if (field->n_mappings)
		put_mappings(w, class, field);
	return class;
}

static struct json_object *new_field(struct json_writer *w, const struct ctfw_field *field, const struct ctf_name *name,
				     const char *origin)
{
	const bool bytes = field->type == CTFW_UNSIGNED && field->bits == 8 && field->hex && !field->n_mappings;
	struct json_object *class;

	if (!field->sequence)
		return new_scalar(w, field);
	class = new_object(w, bytes ? "dynamic-length-blob" : "dynamic-length-array");
	put(w, class, "length-field-location", new_location(w, origin, name->length));
	if (!bytes)
		put(w, class, "element-field-class", new_scalar(w, field));
	return class;
}

/* attributes: {"borelog": {...}} */
static void put_attributes(struct json_writer *w, struct json_object *to, struct json_object *ours)
{
	struct json_object *attributes = json_object_new_object();

	put(w, attributes, "borelog", ours);
	put(w, to, "attributes", attributes);
}

static struct json_object *new_fields(struct json_writer *w, const struct ctfw_field *fields, uint32_t n, const char *origin)
{
	struct ctf_name *names = ctf_names_new(fields, n);
	struct json_object *structure = new_structure(w);
	uint32_t i;

	if (!names) {
		w->failed = true;
		return structure;
	}
	for (i = 0; i < n; i++) {
		struct json_object *member, *expression;

		if (fields[i].sequence)
			put_member(w, structure, names[i].length, new_unsigned(w, 16, NULL));
		member = put_member(w, structure, names[i].name, new_field(w, &fields[i], &names[i], origin));
		if (!strcmp(names[i].name, fields[i].name))
			continue;
		expression = json_object_new_object();
		put_text(w, expression, "expression", fields[i].name);
		put_attributes(w, member, expression);
	}
	free(names);
	return structure;
}

static int write_stream_class(struct json_writer *w, const struct ctfw_trace_class *trace, const struct ctfw_stream_class *stream)
{
	struct json_object *fragment = new_object(w, "data-stream-class");
	char clock[CTF_NAME_SIZE];

	ctf_identifier(clock, trace->clock.name);
	put_number(w, fragment, "id", stream->id);
	put_text(w, fragment, "default-clock-class-id", clock);
	put(w, fragment, "packet-context-field-class", new_packet_context(w, stream));
	put(w, fragment, "event-record-header-field-class", new_record_header(w, stream));
	if (stream->n_contexts)
		put(w, fragment, "event-record-common-context-field-class",
		    new_fields(w, stream->contexts, stream->n_contexts, "event-record-common-context"));
	return write_fragment(w, fragment);
}

static int write_event_class(struct json_writer *w, const struct ctfw_stream_class *stream, const struct ctfw_event *event)
{
	struct json_object *fragment = new_object(w, "event-record-class");
	struct json_object *source;
	char name[CTF_TEXT_MAX + 1];

	ctf_event_name(name, event);
	put_number(w, fragment, "data-stream-class-id", stream->id);
	put_number(w, fragment, "id", event->id);
	put_text(w, fragment, "name", name);
	if (event->file[0]) {
		source = json_object_new_object();
		put_text(w, source, "file", event->file);
		put_number(w, source, "line", event->line);
		put_attributes(w, fragment, source);
	}
	put(w, fragment, "payload-field-class", new_fields(w, event->fields, event->n_fields, "event-record-payload"));
	return write_fragment(w, fragment);
}

int ctf_json_write_stream(const struct ctfw_trace_class *trace, const struct ctfw_stream_class *stream, FILE *out)
{
	struct json_writer w = {.byte_order = trace->big_endian ? "big-endian" : "little-endian", .out = out};
	int err = write_stream_class(&w, trace, stream);
	uint32_t i;

	for (i = 0; !err && i < stream->n_events; i++)
		err = write_event_class(&w, stream, &stream->events[i]);
	return err;
}
