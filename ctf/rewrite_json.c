/* SPDX-License-Identifier: MIT */
/**
 * rewrite_json.c - the metadata of a rewritten trace in CTF 2: rewrite_class.h
 *
 * Attributes are JSON texts that were read, and are written as they are.
 */
#include "ctf/rewrite_class.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctf/read_json.h"
#include "ctf/text.h"
#include "ctf/writer.h"

#define RECORD_SEPARATOR 0x1e

struct json {
	const struct ctf_rewrite *rewrite;
	struct out_scopes scopes;
	FILE *out;
};

/* ---- Pieces ---- */

/* What is not UTF-8, which JSON cannot say, becomes \\xff and the like: names stay different. */
static void put_text(const struct json *json, const char *text)
{
	size_t left = strlen(text);

	putc('"', json->out);
	while (left) {
		uint32_t c = 0;
		const size_t n = ctf_text_next(text, left, &c);

		if (!n)
			fprintf(json->out, "\\\\x%02x", (unsigned char)*text);
		else if (c < 0x20)
			fprintf(json->out, "\\u%04x", c);
		else
			fprintf(json->out, "%s%.*s", c == '"' || c == '\\' ? "\\" : "", (int)n, text);
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	putc('"', json->out);
}

static void put_named(const struct json *json, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(json->out, ",\"%s\":", key);
	put_text(json, text);
}

static void put_attributes(const struct json *json, const char *attributes)
{
	if (attributes)
		fprintf(json->out, ",\"attributes\":%s", attributes);
}

static void put_value(const struct json *json, bool is_signed, uint64_t value)
{
	if (is_signed)
		fprintf(json->out, "%" PRId64, (int64_t)value);
	else
		fprintf(json->out, "%" PRIu64, value);
}

static void put_range(const struct json *json, bool is_signed, const struct ctf_range *range, bool *any)
{
	fprintf(json->out, "%s[", *any ? "," : "");
	*any = true;
	put_value(json, is_signed, range->first);
	putc(',', json->out);
	put_value(json, is_signed, range->last);
	putc(']', json->out);
}

/* ---- Numbers ---- */

/* Readers give each label one mapping. One without ranges is of values that the number cannot have. */
static void put_mappings(const struct json *json, const struct ctf_class *class, const char *key)
{
	bool any = false;

	for (uint32_t i = 0; i < class->n_mappings; i++) {
		const struct ctf_mapping *mapping = &class->mappings[i];
		bool any_range = false;

		if (!mapping->n_ranges)
			continue;
		if (any)
			putc(',', json->out);
		else
			fprintf(json->out, ",\"%s\":{", key);
		any = true;
		put_text(json, mapping->label);
		fputs(":[", json->out);
		for (uint32_t k = 0; k < mapping->n_ranges; k++)
			put_range(json, class->type == CTF_SINT, &mapping->ranges[k], &any_range);
		putc(']', json->out);
	}
	if (any)
		putc('}', json->out);
}

static void put_fixed(const struct json *json, const struct out_class *class)
{
	fprintf(json->out, ",\"length\":%u,\"byte-order\":\"%s\"", class->size, class->big_endian ? "big-endian" : "little-endian");
	if (class->reversed)
		fprintf(json->out, ",\"bit-order\":\"%s\"", class->big_endian ? "first-to-last" : "last-to-first");
	if (class->align > 1)
		fprintf(json->out, ",\"alignment\":%u", class->align);
}

static void put_number(const struct json *json, const struct out_class *class)
{
	static const char *const types[] = {
		[CTF_UINT] = "unsigned-integer", [CTF_SINT] = "signed-integer", [CTF_BOOL] = "boolean",
		[CTF_BITS] = "bit-array",        [CTF_BITMAP] = "bit-map",      [CTF_FLOAT] = "floating-point-number"};
	const struct ctf_class *from = class->from;

	fprintf(json->out, "{\"type\":\"%s-length-%s\"", class->leb128 ? "variable" : "fixed", types[from->type]);
	if (!class->leb128)
		put_fixed(json, class);
	if (from->base && from->base != 10)
		fprintf(json->out, ",\"preferred-display-base\":%u", from->base);
	if (from->type == CTF_UINT || from->type == CTF_SINT)
		put_mappings(json, from, "mappings");
	if (from->type == CTF_BITMAP)
		put_mappings(json, from, "flags");
}

/* ---- Classes ---- */

static void put_path(const struct json *json, const struct out_class *class, bool *any)
{
	const struct out_class *around = class->around;

	if (!around)
		return;
	put_path(json, around, any);
	if (around->from->type != CTF_STRUCT)
		return;
	if (*any)
		putc(',', json->out);
	*any = true;
	put_text(json, around->members[class->index].name);
}

static void put_location(const struct json *json, const char *key, const struct out_class *user)
{
	const struct out_class *target = rewrite_target(&json->scopes, user->from->source);
	bool any = false;

	if (!target)
		return;
	fprintf(json->out, ",\"%s\":{\"origin\":\"%s\",\"path\":[", key, json_origins[target->scope]);
	put_path(json, target, &any);
	fprintf(json->out, "]}");
}

static void put_class(const struct json *json, const struct out_class *class);

static void put_length(const struct json *json, const struct out_class *class, const char *kind)
{
	static const char *const lengths[] = {
		[CTF_STATIC] = "static-length", [CTF_DYNAMIC] = "dynamic-length", [CTF_ENDED] = "null-terminated"};

	fprintf(json->out, "{\"type\":\"%s-%s\"", lengths[class->from->length], kind);
	if (class->from->length == CTF_STATIC)
		fprintf(json->out, ",\"length\":%" PRIu64, class->from->count);
	if (class->from->length == CTF_DYNAMIC)
		put_location(json, "length-field-location", class);
}

static void put_string(const struct json *json, const struct out_class *class)
{
	put_length(json, class, "string");
	if (class->from->encoding != CTF_UTF8)
		fprintf(json->out, ",\"encoding\":\"%s\"", json_encodings[class->from->encoding]);
}

static void put_align(const struct json *json, const struct out_class *class)
{
	if (class->align > 1)
		fprintf(json->out, ",\"minimum-alignment\":%u", class->align);
}

static void put_array(const struct json *json, const struct out_class *class)
{
	put_length(json, class, "array");
	put_align(json, class);
	fprintf(json->out, ",\"element-field-class\":");
	put_class(json, class->members->class);
}

static void put_members(const struct json *json, const struct out_class *class, bool *any)
{
	for (uint32_t i = 0; class && i < class->from->n_members; i++) {
		const struct out_member *member = &class->members[i];

		if (!member->class)
			continue;
		fprintf(json->out, "%s{\"name\":", *any ? "," : "");
		*any = true;
		put_text(json, member->name);
		fprintf(json->out, ",\"field-class\":");
		put_class(json, member->class);
		put_attributes(json, class->from->members[i].attributes);
		putc('}', json->out);
	}
}

static void put_structure(const struct json *json, const struct out_class *class)
{
	bool any = false;

	fprintf(json->out, "{\"type\":\"structure\"");
	put_align(json, class);
	fprintf(json->out, ",\"member-classes\":[");
	put_members(json, class, &any);
	putc(']', json->out);
}

static void put_ranges(const struct json *json, const struct ctf_class *class, uint32_t n)
{
	const struct ctf_member *option = &class->members[n];
	bool any = false;

	fprintf(json->out, ",\"selector-field-ranges\":[");
	for (uint32_t i = 0; i < option->n_ranges; i++) {
		struct ctf_range left = option->ranges[i], piece;

		while (rewrite_take_piece(class, n, &left, &piece))
			put_range(json, class->selector_signed, &piece, &any);
	}
	/* An optional or option that is never there: one range must be given, and no value of the selector is in this one. */
	if (!any)
		fputs(class->selector_signed ? "[9223372036854775808,9223372036854775808]" : "[-1,-1]", json->out);
	putc(']', json->out);
}

static void put_optional(const struct json *json, const struct out_class *class)
{
	fprintf(json->out, "{\"type\":\"optional\"");
	put_location(json, "selector-field-location", class);
	if (class->from->members->n_ranges)
		put_ranges(json, class->from, 0);
	fprintf(json->out, ",\"field-class\":");
	put_class(json, class->members->class);
}

static void put_variant(const struct json *json, const struct out_class *class)
{
	bool any = false;

	fprintf(json->out, "{\"type\":\"variant\"");
	put_location(json, "selector-field-location", class);
	fprintf(json->out, ",\"options\":[");
	for (uint32_t i = 0; i < class->from->n_members; i++) {
		const struct out_member *option = &class->members[i];

		if (!option->class)
			continue;
		fprintf(json->out, "%s{\"field-class\":", any ? "," : "");
		any = true;
		put_class(json, option->class);
		if (option->name[0])
			put_named(json, "name", option->name);
		put_ranges(json, class->from, i);
		put_attributes(json, class->from->members[i].attributes);
		putc('}', json->out);
	}
	putc(']', json->out);
}

static void put_class(const struct json *json, const struct out_class *class)
{
	switch (class->from->type) {
	case CTF_STRING:
		put_string(json, class);
		break;
	case CTF_BLOB:
		put_length(json, class, "blob");
		put_named(json, "media-type", class->from->media_type);
		break;
	case CTF_STRUCT:
		put_structure(json, class);
		break;
	case CTF_ARRAY:
		put_array(json, class);
		break;
	case CTF_OPTIONAL:
		put_optional(json, class);
		break;
	case CTF_VARIANT:
		put_variant(json, class);
		break;
	default:
		put_number(json, class);
	}
	put_attributes(json, class->from->attributes);
	putc('}', json->out);
}

/* ---- Heads ---- */

static void put_own_number(const struct json *json, const char *name, uint32_t bits, uint32_t align, uint32_t role)
{
	fprintf(json->out, "{\"name\":\"%s\",\"field-class\":{\"type\":\"fixed-length-unsigned-integer\",\"length\":%u,", name,
		bits);
	fprintf(json->out, "\"byte-order\":\"%s\"", json->rewrite->trace->big_endian ? "big-endian" : "little-endian");
	if (align > 1)
		fprintf(json->out, ",\"alignment\":%u", align);
	if (role)
		fprintf(json->out, ",\"roles\":[\"%s\"]", json_role(role));
	fprintf(json->out, "}}");
}

static void put_head(const struct json *json, const char *key, const struct out_stream *stream, const struct rewrite_own *own,
		     const struct out_class *kept)
{
	bool any = false;

	fprintf(json->out, ",\"%s\":{\"type\":\"structure\",\"minimum-alignment\":8,\"member-classes\":[", key);
	for (; own->name; own++) {
		if (!rewrite_has_own(json->rewrite, stream, own))
			continue;
		if (any)
			putc(',', json->out);
		any = true;
		if (own->role == CTF_ROLE_UUID)
			fprintf(json->out,
				"{\"name\":\"%s\",\"field-class\":{\"type\":\"static-length-blob\",\"length\":16,\"roles\":[\"%s\"]"
				"}}",
				own->name, json_role(own->role));
		else
			put_own_number(json, own->name, own->bits, 8, own->role);
	}
	put_members(json, kept, &any);
	fprintf(json->out, "]}");
}

static void put_option(const struct json *json, const char *name, unsigned int first, unsigned int last)
{
	fprintf(json->out, "{\"name\":\"%s\",\"selector-field-ranges\":[[%u,%u]],", name, first, last);
	fprintf(json->out, "\"field-class\":{\"type\":\"structure\",\"member-classes\":[");
}

static void put_compact_header(const struct json *json, const struct out_stream *stream)
{
	const unsigned int extended = (1u << stream->id_bits) - 1, clock_bits = 32 - stream->id_bits;

	put_own_number(json, "id", stream->id_bits, 1, CTF_ROLE_EVENT_ID);
	fprintf(json->out, ",{\"name\":\"v\",\"field-class\":{\"type\":\"variant\",\"selector-field-location\":"
			   "{\"origin\":\"event-record-header\",\"path\":[\"id\"]},\"options\":[");
	put_option(json, "compact", 0, extended - 1);
	put_own_number(json, "timestamp", clock_bits, 1, CTF_ROLE_CLOCK);
	fprintf(json->out, "]}},");
	put_option(json, "extended", extended, extended);
	put_own_number(json, "zero", clock_bits, 1, 0);
	putc(',', json->out);
	put_own_number(json, "id", stream->id_size, 1, CTF_ROLE_EVENT_ID);
	putc(',', json->out);
	put_own_number(json, "timestamp", 64, 1, CTF_ROLE_CLOCK);
	fprintf(json->out, "]}}]}}");
}

static void put_record_header(const struct json *json, const struct out_stream *stream)
{
	bool any = true;

	fprintf(json->out,
		",\"event-record-header-field-class\":{\"type\":\"structure\",\"minimum-alignment\":8,\"member-classes\":[");
	if (stream->from->clock)
		put_compact_header(json, stream);
	else
		put_own_number(json, "id", stream->id_size, 8, CTF_ROLE_EVENT_ID);
	put_members(json, stream->event_header, &any);
	fprintf(json->out, "]}");
}

/* ---- Fragments ---- */

static void begin_fragment(const struct json *json, const char *type)
{
	fprintf(json->out, "%c{\"type\":\"%s\"", RECORD_SEPARATOR, type);
}

static void end_fragment(const struct json *json, const char *attributes)
{
	put_attributes(json, attributes);
	fprintf(json->out, "}\n");
}

static void put_identity(const struct json *json, const char *ns, const char *name, const char *uid)
{
	put_named(json, "namespace", ns);
	put_named(json, "name", name);
	put_named(json, "uid", uid);
}

static void put_preamble(const struct json *json)
{
	const struct ctf_trace *trace = json->rewrite->trace;

	begin_fragment(json, "preamble");
	fprintf(json->out, ",\"version\":2");
	for (uint32_t i = 0; trace->has_uuid && i < 16; i++)
		fprintf(json->out, "%s%u", i ? "," : ",\"uuid\":[", trace->uuid[i]);
	if (trace->has_uuid)
		putc(']', json->out);
	end_fragment(json, NULL);
}

static void put_trace(const struct json *json)
{
	const struct ctf_trace *trace = json->rewrite->trace;

	begin_fragment(json, "trace-class");
	put_identity(json, trace->ns, trace->name, trace->uid);
	for (uint32_t i = 0; i < trace->n_env; i++) {
		fprintf(json->out, "%s", i ? "," : ",\"environment\":{");
		put_text(json, trace->env[i].name);
		putc(':', json->out);
		if (trace->env[i].text)
			put_text(json, trace->env[i].text);
		else
			fprintf(json->out, "%" PRId64, trace->env[i].number);
	}
	if (trace->n_env)
		putc('}', json->out);
	put_head(json, "packet-header-field-class", NULL, rewrite_own_header, json->rewrite->packet_header);
	end_fragment(json, trace->attributes);
}

static void put_origin(const struct json *json, const struct ctf_clock *clock)
{
	if (clock->unix_epoch) {
		fprintf(json->out, ",\"origin\":\"unix-epoch\"");
		return;
	}
	if (!clock->origin_name)
		return;
	fprintf(json->out, ",\"origin\":{\"name\":");
	put_text(json, clock->origin_name);
	put_named(json, "uid", clock->origin_uid);
	put_named(json, "namespace", clock->origin_ns);
	putc('}', json->out);
}

static void put_clock(const struct json *json, const struct ctf_clock *clock)
{
	begin_fragment(json, "clock-class");
	put_named(json, "id", rewrite_clock_name(json->rewrite, clock));
	put_identity(json, clock->ns, clock->name, clock->uid);
	put_named(json, "description", clock->description);
	fprintf(json->out, ",\"frequency\":%" PRIu64, clock->frequency);
	put_origin(json, clock);
	fprintf(json->out, ",\"offset-from-origin\":{\"seconds\":%" PRId64 ",\"cycles\":%" PRIu64 "}", clock->offset_s,
		clock->offset_cycles);
	if (clock->has_precision)
		fprintf(json->out, ",\"precision\":%" PRIu64, clock->precision);
	if (clock->has_accuracy)
		fprintf(json->out, ",\"accuracy\":%" PRIu64, clock->accuracy);
	end_fragment(json, clock->attributes);
}

static void put_scope(const struct json *json, const char *key, const struct out_class *class)
{
	if (!class)
		return;
	fprintf(json->out, ",\"%s\":", key);
	put_class(json, class);
}

static void put_stream(struct json *json, const struct out_stream *stream)
{
	const struct ctf_stream_class *from = stream->from;

	json->scopes = rewrite_scopes(json->rewrite, stream, NULL);
	begin_fragment(json, "data-stream-class");
	fprintf(json->out, ",\"id\":%" PRIu64, from->id);
	put_identity(json, from->ns, from->name, from->uid);
	if (from->clock)
		put_named(json, "default-clock-class-id", rewrite_clock_name(json->rewrite, from->clock));
	put_head(json, "packet-context-field-class", stream, rewrite_own_context, stream->packet_context);
	put_record_header(json, stream);
	put_scope(json, "event-record-common-context-field-class", stream->event_context);
	end_fragment(json, from->attributes);
}

/* What LTTng says in TSDL it says in CTF 2 by its own attributes. */
static void put_event_attributes(const struct json *json, const struct ctf_event_class *event)
{
	if (event->attributes || (!event->has_loglevel && !event->emf_uri)) {
		put_attributes(json, event->attributes);
		return;
	}
	fprintf(json->out, ",\"attributes\":{\"lttng.org,2009\":{");
	if (event->has_loglevel)
		fprintf(json->out, "\"log-level\":%" PRId64 "%s", event->loglevel, event->emf_uri ? "," : "");
	if (event->emf_uri) {
		fprintf(json->out, "\"emf-uri\":");
		put_text(json, event->emf_uri);
	}
	fprintf(json->out, "}}");
}

static void put_event(struct json *json, const struct out_stream *stream, uint32_t i)
{
	const struct ctf_event_class *event = stream->from->events[i];

	json->scopes = rewrite_scopes(json->rewrite, stream, &stream->events[i]);
	begin_fragment(json, "event-record-class");
	fprintf(json->out, ",\"data-stream-class-id\":%" PRIu64 ",\"id\":%" PRIu64, stream->from->id, event->id);
	put_identity(json, event->ns, event->name, event->uid);
	put_event_attributes(json, event);
	put_scope(json, "specific-context-field-class", stream->events[i].context);
	put_scope(json, "payload-field-class", stream->events[i].payload);
	end_fragment(json, NULL);
}

int rewrite_write_json(const struct ctf_rewrite *rewrite, FILE *out)
{
	struct json json = {.rewrite = rewrite, .scopes = rewrite_scopes(rewrite, NULL, NULL), .out = out};
	const struct ctf_trace *trace = rewrite->trace;

	put_preamble(&json);
	put_trace(&json);
	for (uint32_t i = 0; i < trace->n_clocks; i++)
		put_clock(&json, trace->clocks[i]);
	for (uint32_t i = 0; i < trace->n_streams; i++) {
		put_stream(&json, &rewrite->streams[i]);
		for (uint32_t k = 0; k < trace->streams[i]->n_events; k++)
			put_event(&json, &rewrite->streams[i], k);
	}
	return ferror(out) ? -EIO : 0;
}
