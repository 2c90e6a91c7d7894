/* SPDX-License-Identifier: MIT */
/**
 * info_json.c - `borelog info --format json`: one object; its members are in borelog-info(1)
 */
#include "cli/info.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/notation.h"
#include "analysis/stats.h"
#include "cli/json.h"

/* Attributes are JSON already. */
static void json_attributes(struct text *text, const char *attributes)
{
	if (!attributes)
		return;
	text_string(text, ",\"attributes\":");
	text_string(text, attributes);
}

/* ---- Classes ---- */

static void json_value(struct text *text, uint64_t value, bool is_signed)
{
	if (is_signed)
		json_format(text, "%" PRId64, (int64_t)value);
	else
		json_format(text, "%" PRIu64, value);
}

static void json_ranges(struct text *text, const struct ctf_range *ranges, uint32_t n, bool is_signed)
{
	text_string(text, "\"ranges\":[");
	for (uint32_t i = 0; i < n; i++) {
		text_string(text, i ? ",[" : "[");
		json_value(text, ranges[i].first, is_signed);
		text_char(text, ',');
		json_value(text, ranges[i].last, is_signed);
		text_char(text, ']');
	}
	text_char(text, ']');
}

static void json_mappings(struct text *text, const struct ctf_class *class)
{
	if (!class->is_enum && class->type != CTF_BITMAP)
		return;
	text_string(text, ",\"mappings\":[");
	for (uint32_t i = 0; i < class->n_mappings; i++) {
		text_string(text, i ? ",{" : "{");
		json_string(text, "label", class->mappings[i].label);
		text_char(text, ',');
		json_ranges(text, class->mappings[i].ranges, class->mappings[i].n_ranges, class->type == CTF_SINT);
		text_char(text, '}');
	}
	text_char(text, ']');
}

static void json_number(struct text *text, const struct ctf_class *class)
{
	static const char *const names[] = {"unsigned", "signed", "boolean", "bits", "bitmap", "float"};

	json_string(text, "type", names[class->type]);
	if (class->leb128)
		text_string(text, ",\"encoding\":\"leb128\"");
	else
		json_format(text, ",\"size\":%u,\"byte_order\":\"%s\"", class->size,
			    class->big_endian ? "big-endian" : "little-endian");
	if (class->reversed)
		text_string(text, ",\"reversed\":true");
	if (class->base)
		json_format(text, ",\"base\":%u", class->base);
	if (class->clock)
		json_more(text, "clock", class->clock->name ? class->clock->name : "");
	json_mappings(text, class);
}

static void json_source(struct text *text, const char *key, const struct notation *where, const struct ctf_class *class)
{
	struct text name = {0};

	notation_source(&name, where, class->source);
	text_put(&name, "", 1);
	json_more(text, key, name.failed ? "" : name.bytes);
	text_fini(&name);
}

static void json_length(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	if (class->length == CTF_STATIC)
		json_format(text, ",\"length\":%" PRIu64, class->count);
	else if (class->length == CTF_DYNAMIC)
		json_source(text, "length", where, class);
}

static void json_string_class(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	static const char *const encodings[] = {"utf-8", "utf-16le", "utf-16be", "utf-32le", "utf-32be"};

	json_string(text, "type", class->type == CTF_BLOB ? "blob" : "string");
	if (class->type == CTF_STRING)
		json_more(text, "encoding", encodings[class->encoding]);
	json_more(text, "media_type", class->media_type);
	json_length(text, where, class);
}

static void json_class(struct text *text, const struct notation *where, const struct ctf_class *class);

/* What is common to members, options, elements and contents. */
static void json_member(struct text *text, const struct notation *where, const struct ctf_member *member, bool ranges,
			bool is_signed)
{
	text_char(text, '{');
	if (member->name) {
		json_string(text, "name", member->name);
		text_char(text, ',');
	}
	if (ranges) {
		json_ranges(text, member->ranges, member->n_ranges, is_signed);
		text_char(text, ',');
	}
	text_string(text, "\"class\":");
	json_class(text, where, member->class);
	json_attributes(text, member->attributes);
	text_char(text, '}');
}

static void json_members(struct text *text, const char *key, const struct notation *where, const struct ctf_class *class,
			 bool ranges)
{
	json_format(text, ",\"%s\":[", key);
	for (uint32_t i = 0; i < class->n_members; i++) {
		if (i)
			text_char(text, ',');
		json_member(text, where, &class->members[i], ranges, class->selector_signed);
	}
	text_char(text, ']');
}

static void json_compound(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	switch (class->type) {
	case CTF_STRUCT:
		json_string(text, "type", "structure");
		json_members(text, "members", where, class, false);
		break;
	case CTF_ARRAY:
		json_string(text, "type", "array");
		json_length(text, where, class);
		text_string(text, ",\"element\":");
		json_class(text, where, class->members[0].class);
		break;
	case CTF_OPTIONAL:
		json_string(text, "type", "optional");
		json_source(text, "selector", where, class);
		text_string(text, ",\"content\":");
		json_member(text, where, &class->members[0], class->members[0].n_ranges, class->selector_signed);
		break;
	default:
		json_string(text, "type", "variant");
		json_source(text, "selector", where, class);
		json_members(text, "options", where, class, true);
	}
}

static void json_roles(struct text *text, uint32_t roles)
{
	static const char *const names[] = {"magic", "uuid",      "stream_class_id", "stream_id", "packet_size", "content_size",
					    "clock", "end_clock", "discarded",       "sequence",  "event_id"};
	const char *comma = "";

	if (!roles)
		return;
	text_string(text, ",\"roles\":[");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(roles & 1u << i))
			continue;
		json_format(text, "%s\"%s\"", comma, names[i]);
		comma = ",";
	}
	text_char(text, ']');
}

static void json_class(struct text *text, const struct notation *where, const struct ctf_class *class)
{
	text_char(text, '{');
	if (class->type <= CTF_FLOAT)
		json_number(text, class);
	else if (class->type == CTF_STRING || class->type == CTF_BLOB)
		json_string_class(text, where, class);
	else
		json_compound(text, where, class);
	if (class->align > 1)
		json_format(text, ",\"align\":%u", class->align);
	json_roles(text, class->roles);
	json_attributes(text, class->attributes);
	text_char(text, '}');
}

/* ,"KEY":{...},"KEY_text":"..." */
static void json_scope(struct text *text, const char *key, struct notation where, enum ctf_scope scope)
{
	const struct ctf_class *class = notation_scope(&where, scope);
	struct text line = {0};

	if (!class)
		return;
	where.scope = scope;
	json_format(text, ",\"%s\":", key);
	json_class(text, &where, class);
	notation_class(&line, &where, class);
	text_put(&line, "", 1);
	if (line.failed)
		text->failed = true;
	else
		json_format(text, ",\"%s_text\":", key);
	if (!line.failed)
		text_json(text, line.bytes, line.size - 1);
	text_fini(&line);
}

/* ---- Traces ---- */

static void json_event(struct text *text, struct notation where, const struct ctf_event_class *event)
{
	where.event = event;
	json_format(text, "{\"id\":%" PRIu64, event->id);
	json_more(text, "name", event->name);
	json_more(text, "namespace", event->ns);
	json_more(text, "uid", event->uid);
	if (event->has_loglevel)
		json_format(text, ",\"log_level\":%" PRId64, event->loglevel);
	json_more(text, "source", event->emf_uri);
	json_scope(text, "event_context", where, CTF_SPECIFIC_CONTEXT);
	json_scope(text, "fields", where, CTF_PAYLOAD);
	json_attributes(text, event->attributes);
	text_char(text, '}');
}

static void json_stream_class(struct text *text, const struct info *info, const struct ctf_trace *trace,
			      const struct ctf_stream_class *class)
{
	const struct notation where = {.trace = trace, .stream = class};
	const char *comma = "";

	json_format(text, "{\"id\":%" PRIu64, class->id);
	json_more(text, "name", class->name);
	json_more(text, "namespace", class->ns);
	json_more(text, "uid", class->uid);
	if (class->clock)
		json_more(text, "clock", class->clock->name ? class->clock->name : "");
	json_scope(text, "packet_context", where, CTF_PACKET_CONTEXT);
	json_scope(text, "header", where, CTF_EVENT_HEADER);
	json_scope(text, "context", where, CTF_COMMON_CONTEXT);
	json_attributes(text, class->attributes);
	text_string(text, ",\"events\":[");
	for (uint32_t i = 0; i < class->n_events; i++) {
		if (!info_wants(info, class->events[i]))
			continue;
		text_string(text, comma);
		json_event(text, where, class->events[i]);
		comma = ",";
	}
	text_string(text, "]}");
}

static void json_env(struct text *text, const struct ctf_trace *trace)
{
	text_string(text, ",\"environment\":{");
	for (uint32_t i = 0; i < trace->n_env; i++) {
		const struct ctf_env *env = &trace->env[i];

		if (i)
			text_char(text, ',');
		text_json(text, env->name, strlen(env->name));
		text_char(text, ':');
		if (env->text)
			text_json(text, env->text, strlen(env->text));
		else
			json_format(text, "%" PRId64, env->number);
	}
	text_char(text, '}');
}

static void json_clock(struct text *text, const struct ctf_clock *clock)
{
	json_format(text, "{\"frequency\":%" PRIu64 ",\"offset_seconds\":%" PRId64 ",\"offset_cycles\":%" PRIu64, clock->frequency,
		    clock->offset_s, clock->offset_cycles);
	json_more(text, "name", clock->name);
	json_more(text, "uid", clock->uid);
	json_more(text, "namespace", clock->ns);
	json_more(text, "description", clock->description);
	json_format(text, ",\"unix_epoch\":%s", clock->unix_epoch ? "true" : "false");
	if (clock->has_precision)
		json_format(text, ",\"precision\":%" PRIu64, clock->precision);
	if (clock->has_accuracy)
		json_format(text, ",\"accuracy\":%" PRIu64, clock->accuracy);
	if (clock->origin_ns || clock->origin_name || clock->origin_uid) {
		text_string(text, ",\"origin\":{");
		json_string(text, "name", clock->origin_name ? clock->origin_name : "");
		json_more(text, "namespace", clock->origin_ns);
		json_more(text, "uid", clock->origin_uid);
		text_char(text, '}');
	}
	json_attributes(text, clock->attributes);
	text_char(text, '}');
}

static void json_stream(struct text *text, const struct info *info, const struct ctf_stream *stream)
{
	const struct inventory *inventory = &info->streams[stream->index];

	json_format(text, "{\"class\":%" PRIu64, stream->class->id);
	if (stream->has_id)
		json_format(text, ",\"id\":%" PRIu64, stream->id);
	text_string(text, ",\"files\":[");
	for (uint32_t i = 0; i < stream->n_files; i++) {
		if (i)
			text_char(text, ',');
		text_json(text, stream->files[i], strlen(stream->files[i]));
	}
	json_format(text, "],\"bytes\":%" PRIu64 ",\"packets\":%" PRIu64, stream->size, inventory->packets);
	if (inventory->has_time)
		json_format(text, ",\"first\":%" PRId64 ",\"last\":%" PRId64, inventory->first, inventory->last);
	json_format(text, ",\"lost_records\":%" PRIu64 ",\"lost_packets\":%" PRIu64 "}", inventory->lost_records,
		    inventory->lost_packets);
}

static void json_uuid(struct text *text, const struct ctf_trace *trace)
{
	text_string(text, ",\"uuid\":\"");
	for (size_t i = 0; i < sizeof(trace->uuid); i++)
		json_format(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", trace->uuid[i]);
	text_char(text, '"');
}

static void json_streams(struct text *text, const struct info *info, const struct ctf_trace *trace)
{
	const char *comma = "";

	text_string(text, ",\"streams\":[");
	for (uint32_t i = 0; i < ctf_n_streams(info->ctf); i++) {
		if (ctf_stream_at(info->ctf, i)->trace != trace)
			continue;
		text_string(text, comma);
		json_stream(text, info, ctf_stream_at(info->ctf, i));
		comma = ",";
	}
	text_char(text, ']');
}

static void json_trace(struct text *text, const struct info *info, const struct ctf_trace *trace)
{
	const struct notation where = {.trace = trace};

	text_char(text, '{');
	json_string(text, "dir", trace->dir);
	if (trace->n_dirs > 1)
		json_strings(text, "chunks", trace->n_dirs, trace->dirs);
	json_format(text, ",\"version\":\"%u.%u\"", trace->major, trace->minor);
	json_more(text, "layer", stats_layer(trace));
	if (trace->major == 1)
		json_more(text, "byte_order", trace->big_endian ? "big-endian" : "little-endian");
	if (trace->has_uuid)
		json_uuid(text, trace);
	json_more(text, "name", trace->name);
	json_more(text, "namespace", trace->ns);
	json_more(text, "uid", trace->uid);
	json_env(text, trace);
	text_string(text, ",\"clocks\":[");
	for (uint32_t i = 0; i < trace->n_clocks; i++) {
		if (i)
			text_char(text, ',');
		json_clock(text, trace->clocks[i]);
	}
	text_char(text, ']');
	json_scope(text, "packet_header", where, CTF_PACKET_HEADER);
	json_attributes(text, trace->attributes);
	json_streams(text, info, trace);
	text_string(text, ",\"stream_classes\":[");
	for (uint32_t i = 0; i < trace->n_streams; i++) {
		if (i)
			text_char(text, ',');
		json_stream_class(text, info, trace, trace->streams[i]);
	}
	text_string(text, "]}");
}

static void json_troubles(struct text *text, const struct ctf *ctf)
{
	const struct ctf_error *trouble;

	text_string(text, ",\"troubles\":[");
	for (uint32_t i = 0; (trouble = ctf_trouble(ctf, i)); i++) {
		if (i)
			text_char(text, ',');
		text_json(text, trouble->text, strlen(trouble->text));
	}
	text_char(text, ']');
}

bool info_print_json(const struct info *info, FILE *to)
{
	struct text text = {0};
	bool good;

	text_string(&text, "{\"traces\":[");
	for (uint32_t i = 0; i < ctf_n_traces(info->ctf); i++) {
		if (i)
			text_char(&text, ',');
		json_trace(&text, info, ctf_trace_at(info->ctf, i));
	}
	text_char(&text, ']');
	json_troubles(&text, info->ctf);
	text_string(&text, "}\n");
	good = !text.failed;
	if (good)
		fwrite(text.bytes, 1, text.size, to);
	text_fini(&text);
	return good;
}
