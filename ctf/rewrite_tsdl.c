/* SPDX-License-Identifier: MIT */
/**
 * rewrite_tsdl.c - the metadata of a rewritten trace in CTF 1.8: rewrite_class.h
 *
 * No type has a name: each is written out where it is used, so that no field's name can be taken for one. Every integer says its
 * size and alignment.
 */
#include "ctf/rewrite_class.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/writer.h"

struct tsdl {
	const struct ctf_rewrite *rewrite;
	struct out_scopes scopes;
	FILE *out;
	unsigned int depth;
};

static void indent(const struct tsdl *tsdl)
{
	for (unsigned int i = 0; i < tsdl->depth; i++)
		putc('\t', tsdl->out);
}

/* ---- References ---- */

static const struct out_class *structure_around(const struct out_class *class)
{
	do
		class = class->around;
	while (class && class->from->type != CTF_STRUCT);
	return class;
}

static bool is_in(const struct out_class *class, const struct out_class *around)
{
	while (class && class != around)
		class = class->around;
	return class;
}

/* Names from @top to @class. */
static void put_path(const struct tsdl *tsdl, const struct out_class *top, const struct out_class *class)
{
	const struct out_class *around = class->around;

	if (!around || class == top)
		return;
	put_path(tsdl, top, around);
	if (around->from->type == CTF_ARRAY)
		return;
	fprintf(tsdl->out, "%s%s", around == top ? "" : ".", around->members[class->index].name);
}

/* The first name on the way from @top to @class. */
static const char *first_name(const struct out_class *top, const struct out_class *class)
{
	while (class->around != top)
		class = class->around;
	return top->members[class->index].name;
}

static bool has_before(const struct out_class *structure, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (structure->members[i].class && !strcmp(structure->members[i].name, name))
			return true;
	return false;
}

/* Would a reader that looks for @name from @user on find it in a structure within @top? */
static bool is_shadowed(const struct out_class *top, const struct out_class *user, const char *name)
{
	for (const struct out_class *class = user; class->around && class != top; class = class->around)
		if (class->around != top && class->around->from->type == CTF_STRUCT &&
		    has_before(class->around, class->index + 1, name))
			return true;
	return false;
}

static void put_reference(const struct tsdl *tsdl, const struct out_class *user)
{
	static const char *const scopes[] = {"trace.packet.header",  "stream.packet.context", "stream.event.header",
					     "stream.event.context", "event.context",         "event.fields"};
	const struct out_class *target = rewrite_target(&tsdl->scopes, user->from->source);
	const struct out_class *top = structure_around(user);

	if (!target)
		return;
	while (top && !is_in(target, top))
		top = structure_around(top);
	if (top && !is_shadowed(top, user, first_name(top, target))) {
		put_path(tsdl, top, target);
		return;
	}
	fprintf(tsdl->out, "%s.", scopes[target->scope]);
	put_path(tsdl, tsdl->scopes.roots[target->scope], target);
}

/* ---- Numbers ---- */

static void put_order(const struct tsdl *tsdl, const struct out_class *class)
{
	if (class->big_endian != tsdl->rewrite->trace->big_endian)
		fprintf(tsdl->out, " byte_order = %s;", class->big_endian ? "be" : "le");
}

static void put_integer(const struct tsdl *tsdl, const struct out_class *class)
{
	static const char *const bases[] = {[2] = "binary", [8] = "octal", [10] = "decimal", [16] = "hexadecimal"};
	const struct ctf_class *from = class->from;
	const unsigned int base = from->type == CTF_BITS || from->type == CTF_BITMAP ? 16 : from->base;
	const char *clock = from->clock ? rewrite_clock_name(tsdl->rewrite, from->clock) : NULL;

	fprintf(tsdl->out, "integer { size = %u; align = %u; signed = %s;", class->size, class->align,
		from->type == CTF_SINT ? "true" : "false");
	if (base == 2 || base == 8 || base == 16)
		fprintf(tsdl->out, " base = %s;", bases[base]);
	put_order(tsdl, class);
	/* A role of a head that is kept as an ordinary field is no time any more. */
	if (clock && class->scope > CTF_EVENT_HEADER)
		fprintf(tsdl->out, " map = clock.%s.value;", clock);
	fprintf(tsdl->out, " }");
}

static void put_value(const struct tsdl *tsdl, const struct out_class *class, uint64_t value)
{
	if (class->from->type == CTF_SINT)
		fprintf(tsdl->out, "%" PRId64, (int64_t)value);
	else
		fprintf(tsdl->out, "%" PRIu64, value);
}

static void put_label(const struct tsdl *tsdl, const struct out_class *class, const char *label, const struct ctf_range *range,
		      bool *any)
{
	struct ctf_range clipped;

	if (!rewrite_clip(class, range, &clipped))
		return;
	fprintf(tsdl->out, "%s", *any ? ", " : "enum : ");
	if (!*any) {
		put_integer(tsdl, class);
		fprintf(tsdl->out, " { ");
	}
	*any = true;
	ctf_tsdl_string(tsdl->out, label);
	fprintf(tsdl->out, " = ");
	put_value(tsdl, class, clipped.first);
	if (clipped.first == clipped.last)
		return;
	fprintf(tsdl->out, " ... ");
	put_value(tsdl, class, clipped.last);
}

/* A bit's name is the name of the number that has only this bit. */
static void put_flag(const struct tsdl *tsdl, const struct out_class *class, const struct ctf_mapping *flag, bool *any)
{
	for (uint32_t i = 0; i < flag->n_ranges; i++)
		for (uint64_t bit = flag->ranges[i].first; bit <= flag->ranges[i].last; bit++) {
			const struct ctf_range range = {(uint64_t)1 << bit, (uint64_t)1 << bit};

			put_label(tsdl, class, flag->label, &range, any);
		}
}

/* An enumeration if there is any label, else an integer. */
static void put_enumeration(const struct tsdl *tsdl, const struct out_class *class)
{
	const struct ctf_class *from = class->from;
	bool any = false;

	if (from->type == CTF_BOOL) {
		put_label(tsdl, class, "false", &(struct ctf_range){0, 0}, &any);
		put_label(tsdl, class, "true", &(struct ctf_range){1, rewrite_domain(class).last}, &any);
	}
	for (uint32_t i = 0; i < from->n_mappings; i++) {
		const struct ctf_mapping *mapping = &from->mappings[i];

		if (from->type == CTF_BITMAP)
			put_flag(tsdl, class, mapping, &any);
		for (uint32_t k = 0; from->type != CTF_BITMAP && k < mapping->n_ranges; k++)
			put_label(tsdl, class, mapping->label, &mapping->ranges[k], &any);
	}
	for (const struct out_label *label = class->labels; label; label = label->next)
		for (uint32_t k = 0; k < label->n_ranges; k++)
			put_label(tsdl, class, label->text, &label->ranges[k], &any);
	if (any)
		fprintf(tsdl->out, " }");
	else
		put_integer(tsdl, class);
}

static void put_float(const struct tsdl *tsdl, const struct out_class *class)
{
	const unsigned int mantissa = class->size == 64 ? 53 : 24;

	fprintf(tsdl->out, "floating_point { exp_dig = %u; mant_dig = %u; align = %u;", class->size - mantissa, mantissa,
		class->align);
	put_order(tsdl, class);
	fprintf(tsdl->out, " }");
}

/* ---- Classes ---- */

static bool is_text(const struct out_class *class)
{
	return class->from->type == CTF_STRING && (class->from->length == CTF_ENDED || class->recoded);
}

static void put_type(struct tsdl *tsdl, const struct out_class *class);

/* The elements' type in front of the name, and what follows it: array[4][ _n ]. */
static const struct out_class *innermost(const struct out_class *class)
{
	while (class->from->type == CTF_ARRAY)
		class = class->members->class;
	return class;
}

static void put_counts(const struct tsdl *tsdl, const struct out_class *class)
{
	const bool bytes = class->from->type == CTF_BLOB || (class->from->type == CTF_STRING && !is_text(class));

	if (!bytes && class->from->type != CTF_ARRAY)
		return;
	putc('[', tsdl->out);
	if (class->from->length == CTF_STATIC)
		fprintf(tsdl->out, "%" PRIu64, class->from->count);
	else
		put_reference(tsdl, class);
	putc(']', tsdl->out);
	if (!bytes)
		put_counts(tsdl, class->members->class);
}

static void put_member(struct tsdl *tsdl, const char *name, const struct out_class *class)
{
	indent(tsdl);
	put_type(tsdl, innermost(class));
	fprintf(tsdl->out, " %s", name);
	put_counts(tsdl, class);
	fprintf(tsdl->out, ";\n");
}

static void put_members(struct tsdl *tsdl, const struct out_class *class)
{
	tsdl->depth++;
	for (uint32_t i = 0; i < class->from->n_members; i++)
		if (class->members[i].class)
			put_member(tsdl, class->members[i].name, class->members[i].class);
	tsdl->depth--;
}

static void put_structure(struct tsdl *tsdl, const struct out_class *class)
{
	fprintf(tsdl->out, "struct {\n");
	put_members(tsdl, class);
	indent(tsdl);
	putc('}', tsdl->out);
	if (class->align > 1)
		fprintf(tsdl->out, " align(%u)", class->align);
}

static void put_variant(struct tsdl *tsdl, const struct out_class *class)
{
	fprintf(tsdl->out, "variant <");
	put_reference(tsdl, class);
	fprintf(tsdl->out, "> {\n");
	put_members(tsdl, class);
	if (class->from->type == CTF_OPTIONAL && class->members[1].name) {
		tsdl->depth++;
		indent(tsdl);
		fprintf(tsdl->out, "struct { } %s;\n", class->members[1].name);
		tsdl->depth--;
	}
	indent(tsdl);
	putc('}', tsdl->out);
}

static void put_type(struct tsdl *tsdl, const struct out_class *class)
{
	switch (class->from->type) {
	case CTF_FLOAT:
		put_float(tsdl, class);
		return;
	case CTF_STRING:
		fprintf(tsdl->out, is_text(class) ? "string { encoding = UTF8; }"
						  : "integer { size = 8; align = 8; signed = false; encoding = UTF8; }");
		return;
	case CTF_BLOB:
		fprintf(tsdl->out, "integer { size = 8; align = 8; signed = false; base = hexadecimal; }");
		return;
	case CTF_STRUCT:
		put_structure(tsdl, class);
		return;
	case CTF_OPTIONAL:
	case CTF_VARIANT:
		put_variant(tsdl, class);
		return;
	default:
		put_enumeration(tsdl, class);
	}
}

/* ---- Heads ---- */

static void put_own(struct tsdl *tsdl, const struct out_stream *stream, const struct rewrite_own *own)
{
	const char *clock = stream && stream->from->clock ? rewrite_clock_name(tsdl->rewrite, stream->from->clock) : NULL;

	for (; own->name; own++) {
		if (!rewrite_has_own(tsdl->rewrite, stream, own))
			continue;
		indent(tsdl);
		fprintf(tsdl->out, "integer { size = %u; align = 8; signed = false;", own->bits == 128 ? 8 : own->bits);
		if (own->role & (CTF_ROLE_CLOCK | CTF_ROLE_END_CLOCK))
			fprintf(tsdl->out, " map = clock.%s.value;", clock);
		fprintf(tsdl->out, " } %s%s;\n", own->name, own->bits == 128 ? "[16]" : "");
	}
}

static void put_head(struct tsdl *tsdl, const char *what, const struct out_stream *stream, const struct rewrite_own *own,
		     const struct out_class *kept)
{
	indent(tsdl);
	fprintf(tsdl->out, "%s := struct {\n", what);
	tsdl->depth++;
	put_own(tsdl, stream, own);
	tsdl->depth--;
	if (kept)
		put_members(tsdl, kept);
	indent(tsdl);
	fprintf(tsdl->out, "} align(8);\n");
}

static void put_record_header(struct tsdl *tsdl, const struct out_stream *stream)
{
	fprintf(tsdl->out, "\tevent.header := struct {\n");
	if (stream->from->clock)
		ctf_tsdl_record_header(tsdl->out, rewrite_clock_name(tsdl->rewrite, stream->from->clock), 0, stream->id_bits,
				       stream->id_size);
	else
		fprintf(tsdl->out, "\t\tinteger { size = %u; align = 8; signed = false; } id;\n", stream->id_size);
	if (stream->event_header)
		put_members(tsdl, stream->event_header);
	fprintf(tsdl->out, "\t} align(8);\n");
}

/* ---- Blocks ---- */

static void put_trace(struct tsdl *tsdl)
{
	const struct ctf_trace *trace = tsdl->rewrite->trace;
	char uuid[CTF_UUID_SIZE];

	fprintf(tsdl->out, "/* CTF 1.8 */\n\ntrace {\n\tmajor = 1;\n\tminor = 8;\n");
	if (trace->has_uuid) {
		ctf_uuid_text(uuid, trace->uuid);
		fprintf(tsdl->out, "\tuuid = \"%s\";\n", uuid);
	}
	fprintf(tsdl->out, "\tbyte_order = %s;\n", trace->big_endian ? "be" : "le");
	tsdl->depth = 1;
	put_head(tsdl, "packet.header", NULL, rewrite_own_header, tsdl->rewrite->packet_header);
	fprintf(tsdl->out, "};\n\n");
}

static bool has_env(const struct ctf_trace *trace, uint32_t n, const char *name)
{
	char other[CTF_NAME_SIZE];

	for (uint32_t i = 0; i < n; i++) {
		ctf_identifier(other, trace->env[i].name);
		if (!strcmp(other, name))
			return true;
	}
	return false;
}

/* What CTF 1.8 has no word for, unless the environment says it already. */
static void put_extra_env(const struct tsdl *tsdl, const char *name, const char *text)
{
	const struct ctf_trace *trace = tsdl->rewrite->trace;

	if (!text || has_env(trace, trace->n_env, name))
		return;
	fprintf(tsdl->out, "\t%s = ", name);
	ctf_tsdl_string(tsdl->out, text);
	fprintf(tsdl->out, ";\n");
}

static void put_env(const struct tsdl *tsdl)
{
	const struct ctf_trace *trace = tsdl->rewrite->trace;
	char name[CTF_NAME_SIZE];

	if (!trace->n_env && !trace->name && !trace->ns && !trace->uid)
		return;
	fprintf(tsdl->out, "env {\n");
	for (uint32_t i = 0; i < trace->n_env; i++) {
		ctf_identifier(name, trace->env[i].name);
		fprintf(tsdl->out, "\t%s%s", rewrite_is_plain(name) ? "" : "_", name);
		if (has_env(trace, i, name))
			fprintf(tsdl->out, "_%u", i);
		fprintf(tsdl->out, " = ");
		if (trace->env[i].text)
			ctf_tsdl_string(tsdl->out, trace->env[i].text);
		else
			fprintf(tsdl->out, "%" PRId64, trace->env[i].number);
		fprintf(tsdl->out, ";\n");
	}
	put_extra_env(tsdl, "trace_name", trace->name);
	put_extra_env(tsdl, "trace_namespace", trace->ns);
	put_extra_env(tsdl, "trace_uid", trace->uid);
	fprintf(tsdl->out, "};\n\n");
}

static bool is_uuid(const char *text)
{
	for (size_t i = 0; i < CTF_UUID_SIZE - 1; i++) {
		const char c = text[i];
		const bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return !text[CTF_UUID_SIZE - 1];
}

static void put_clock(const struct tsdl *tsdl, const struct ctf_clock *clock)
{
	fprintf(tsdl->out, "clock {\n\tname = %s;\n", rewrite_clock_name(tsdl->rewrite, clock));
	if (clock->uid && is_uuid(clock->uid))
		fprintf(tsdl->out, "\tuuid = \"%s\";\n", clock->uid);
	if (clock->description) {
		fprintf(tsdl->out, "\tdescription = ");
		ctf_tsdl_string(tsdl->out, clock->description);
		fprintf(tsdl->out, ";\n");
	}
	fprintf(tsdl->out, "\tfreq = %" PRIu64 ";\n", clock->frequency);
	if (clock->has_precision)
		fprintf(tsdl->out, "\tprecision = %" PRIu64 ";\n", clock->precision);
	fprintf(tsdl->out, "\toffset_s = %" PRId64 ";\n\toffset = %" PRIu64 ";\n\tabsolute = %s;\n};\n\n", clock->offset_s,
		clock->offset_cycles, clock->unix_epoch ? "true" : "false");
}

static void put_scope(struct tsdl *tsdl, const char *what, const struct out_class *class)
{
	if (!class)
		return;
	tsdl->depth = 1;
	fprintf(tsdl->out, "\t%s := ", what);
	put_structure(tsdl, class);
	fprintf(tsdl->out, ";\n");
}

static void put_stream(struct tsdl *tsdl, const struct out_stream *stream)
{
	tsdl->scopes = rewrite_scopes(tsdl->rewrite, stream, NULL);
	fprintf(tsdl->out, "stream {\n\tid = %" PRIu64 ";\n", stream->from->id);
	tsdl->depth = 1;
	put_head(tsdl, "packet.context", stream, rewrite_own_context, stream->packet_context);
	put_record_header(tsdl, stream);
	put_scope(tsdl, "event.context", stream->event_context);
	fprintf(tsdl->out, "};\n\n");
}

static void put_uri(const struct tsdl *tsdl, const char *uri)
{
	fprintf(tsdl->out, "\tmodel.emf.uri = ");
	ctf_tsdl_string(tsdl->out, uri);
	fprintf(tsdl->out, ";\n");
}

/* Where borelog's own traces say in CTF 2 what is the uri in CTF 1.8 (metadata.h). */
static void put_source(const struct tsdl *tsdl, const char *attributes)
{
	struct json_object *json = json_tokener_parse(attributes), *ours, *file, *line;
	char *uri;

	if (json_object_object_get_ex(json, "borelog", &ours) && json_object_object_get_ex(ours, "file", &file) &&
	    json_object_object_get_ex(ours, "line", &line) && json_object_is_type(file, json_type_string) &&
	    asprintf(&uri, "file:%s#L%" PRId64, json_object_get_string(file), json_object_get_int64(line)) >= 0) {
		put_uri(tsdl, uri);
		free(uri);
	}
	json_object_put(json);
}

static void put_event(struct tsdl *tsdl, const struct out_stream *stream, uint32_t i)
{
	const struct ctf_event_class *event = stream->from->events[i];

	tsdl->scopes = rewrite_scopes(tsdl->rewrite, stream, &stream->events[i]);
	/* Other readers refuse an event without a name, but not an empty one. */
	fprintf(tsdl->out, "event {\n\tname = ");
	ctf_tsdl_string(tsdl->out, event->name ? event->name : "");
	fprintf(tsdl->out, ";\n\tid = %" PRIu64 ";\n\tstream_id = %" PRIu64 ";\n", event->id, stream->from->id);
	if (event->has_loglevel)
		fprintf(tsdl->out, "\tloglevel = %" PRId64 ";\n", event->loglevel);
	if (event->emf_uri)
		put_uri(tsdl, event->emf_uri);
	else if (event->attributes)
		put_source(tsdl, event->attributes);
	put_scope(tsdl, "context", stream->events[i].context);
	put_scope(tsdl, "fields", stream->events[i].payload);
	fprintf(tsdl->out, "};\n\n");
}

int rewrite_write_tsdl(const struct ctf_rewrite *rewrite, FILE *out)
{
	struct tsdl tsdl = {.rewrite = rewrite, .scopes = rewrite_scopes(rewrite, NULL, NULL), .out = out};
	const struct ctf_trace *trace = rewrite->trace;

	put_trace(&tsdl);
	put_env(&tsdl);
	for (uint32_t i = 0; i < trace->n_clocks; i++)
		put_clock(&tsdl, trace->clocks[i]);
	for (uint32_t i = 0; i < trace->n_streams; i++)
		put_stream(&tsdl, &rewrite->streams[i]);
	for (uint32_t i = 0; i < trace->n_streams; i++)
		for (uint32_t k = 0; k < trace->streams[i]->n_events; k++)
			put_event(&tsdl, &rewrite->streams[i], k);
	return ferror(out) ? -EIO : 0;
}
