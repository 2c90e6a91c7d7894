/* SPDX-License-Identifier: MIT */
/*
 * read_json.c - metadata of CTF 2 (CTF2-SPEC-2.0): a sequence of JSON texts, each behind a record separator (RFC 7464), read one
 * after the other into the model.
 *
 * What a fragment refers to was in a fragment before it, so one pass does; only fields that lengths and selectors refer to are
 * found later, by model_finish(). What the specification does not know is refused, and so are extensions: what they mean for the
 * decoding of data is unknown.
 */
#include "ctf/read_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_SEPARATOR 0x1e

/* Two numbers as a name in a table of names. */
struct number_name {
	char text[48];
};

static struct number_name number_name(uint64_t a, uint64_t b)
{
	struct number_name name;

	snprintf(name.text, sizeof(name.text), "%" PRIu64 ":%" PRIu64, a, b);
	return name;
}

/* Put @item under two numbers. */
static bool number_add(struct json_reader *r, struct lh_table **table, uint64_t a, uint64_t b, void *item, void **ret_had)
{
	const struct number_name name = number_name(a, b);
	const char *text = model_text(r->model, name.text, strlen(name.text));

	return text && json_name_add(r, table, text, item, ret_had);
}

static struct json_value fragment_value(const struct json_reader *r)
{
	return (struct json_value){.json = r->fragment.json};
}

/* Properties of the fragment, besides its type. */
static bool get_fragment(struct json_reader *r, uint64_t required, uint64_t optional, const char **ret_attributes,
			 struct json_properties *p)
{
	return json_get_properties(r, fragment_value(r), required | P(TYPE), optional | P_COMMON, p) &&
	       json_get_attributes(r, p->is[PROPERTY_ATTRIBUTES], ret_attributes) &&
	       json_check_extensions(r, p->is[PROPERTY_EXTENSIONS]);
}

/* A number that identifies something: 0 unless it is said. */
static bool get_id(struct json_reader *r, struct json_value value, uint64_t *ret)
{
	return json_get_uint(r, value, 0, UINT64_MAX, ret);
}

/* The structure of a scope. */
static bool read_scope(struct json_reader *r, struct json_value value, enum ctf_scope scope, const struct ctf_class **ret)
{
	struct model_class *class;

	if (json_is_absent(value))
		return true;
	r->scope = scope;
	if (!json_read_class(r, value, &class))
		return false;
	if (class->pub.type != CTF_STRUCT)
		return json_error(r, value, "must be a structure");
	*ret = &class->pub;
	return true;
}

/* ---- Preamble ---- */

static bool read_uuid(struct json_reader *r, struct json_value value)
{
	struct ctf_trace *trace = &r->model->trace;
	struct json_walk walk;
	uint64_t byte = 0;

	if (json_is_absent(value))
		return true;
	if (!json_type_is(r, value, json_type_array))
		return false;
	if (r->fragment.places[value.at].count != sizeof(trace->uuid))
		return json_error(r, value, "must have %zu bytes, has %u", sizeof(trace->uuid), r->fragment.places[value.at].count);
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);) {
		if (!json_get_uint(r, walk.value, 0, UINT8_MAX, &byte))
			return false;
		trace->uuid[walk.index] = (uint8_t)byte;
	}
	trace->has_uuid = true;
	return true;
}

static bool read_preamble(struct json_reader *r)
{
	const char *attributes;
	struct json_properties p;
	uint64_t version = 0;

	if (r->fragment.number != 1)
		return json_error(r, fragment_value(r), "there is a preamble already: it must be the first fragment, once");
	if (!get_fragment(r, P(VERSION), P(UUID), &attributes, &p) || !json_get_uint(r, p.is[PROPERTY_VERSION], 2, 2, &version))
		return false;
	r->model->trace.major = 2;
	return read_uuid(r, p.is[PROPERTY_UUID]);
}

/* ---- Aliases ---- */

static bool read_alias(struct json_reader *r)
{
	struct json_properties p;
	struct model_class *class;
	const char *name, *attributes;
	void *had;

	if (!get_fragment(r, P(NAME) | P(FIELD_CLASS), 0, &attributes, &p) || !json_get_text(r, p.is[PROPERTY_NAME], &name))
		return false;
	r->scope = CTF_N_SCOPES;
	if (!json_read_class(r, p.is[PROPERTY_FIELD_CLASS], &class) || !json_name_add(r, &r->aliases, name, class, &had))
		return false;
	return had ? json_error(r, p.is[PROPERTY_NAME], "there is another alias \"%s\" before this one", name) : true;
}

/* ---- Trace class ---- */

static bool read_env(struct json_reader *r, const struct json_walk *walk)
{
	struct ctf_env *env = model_alloc(r->model, sizeof(*env));
	bool good;

	if (!env)
		return false;
	env->name = model_text(r->model, walk->key, strlen(walk->key));
	if (json_object_is_type(walk->value.json, json_type_string))
		good = json_get_text(r, walk->value, &env->text);
	else if (json_object_is_type(walk->value.json, json_type_int))
		good = json_get_int(r, walk->value, &env->number);
	else
		good = json_wrong(r, walk->value, "a string or an integer");
	return env->name && good && model_list_add(r->model, &r->model->envs, env);
}

static bool read_environment(struct json_reader *r, struct json_value value)
{
	struct json_walk walk;

	if (!json_is_absent(value) && !json_type_is(r, value, json_type_object))
		return false;
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);)
		if (!read_env(r, &walk))
			return false;
	return true;
}

static bool read_trace(struct json_reader *r)
{
	const uint64_t optional = P(NAMESPACE) | P(NAME) | P(UID) | P(ENVIRONMENT) | P(PACKET_HEADER);
	struct ctf_trace *trace = &r->model->trace;
	struct json_properties p;

	if (r->has_trace)
		return json_error(r, fragment_value(r), "there is another trace-class before this one");
	if (r->model->streams.n)
		return json_error(r, fragment_value(r), "the trace-class must be before every data-stream-class");
	r->has_trace = true;
	return get_fragment(r, 0, optional, &trace->attributes, &p) && json_get_text(r, p.is[PROPERTY_NAMESPACE], &trace->ns) &&
	       json_get_text(r, p.is[PROPERTY_NAME], &trace->name) && json_get_text(r, p.is[PROPERTY_UID], &trace->uid) &&
	       read_environment(r, p.is[PROPERTY_ENVIRONMENT]) &&
	       read_scope(r, p.is[PROPERTY_PACKET_HEADER], CTF_PACKET_HEADER, &trace->packet_header);
}

/* ---- Clock classes ---- */

static bool read_origin(struct json_reader *r, struct json_value value, struct ctf_clock *clock)
{
	static const char *const known[] = {"unix-epoch", NULL};
	struct json_properties p;
	uint32_t i;

	if (json_is_absent(value))
		return true;
	if (json_object_is_type(value.json, json_type_object))
		return json_get_properties(r, value, P(NAME) | P(UID), P(NAMESPACE), &p) &&
		       json_get_text(r, p.is[PROPERTY_NAMESPACE], &clock->origin_ns) &&
		       json_get_text(r, p.is[PROPERTY_NAME], &clock->origin_name) &&
		       json_get_text(r, p.is[PROPERTY_UID], &clock->origin_uid);
	clock->unix_epoch = true;
	if (json_object_is_type(value.json, json_type_string))
		return json_get_word(r, value, known, &i);
	return json_wrong(r, value, "\"unix-epoch\" or an object");
}

static bool read_offset(struct json_reader *r, struct json_value value, struct ctf_clock *clock)
{
	struct json_properties p;

	if (json_is_absent(value))
		return true;
	return json_get_properties(r, value, 0, P(SECONDS) | P(CYCLES), &p) &&
	       json_get_int(r, p.is[PROPERTY_SECONDS], &clock->offset_s) &&
	       json_get_uint(r, p.is[PROPERTY_CYCLES], 0, clock->frequency - 1, &clock->offset_cycles);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* In what two classes of one clock differ though they must not; NULL: nothing. */
static const char *difference(const struct ctf_clock *a, const struct ctf_clock *b)
{
	if (a->frequency != b->frequency)
		return "frequency";
	if (a->has_precision != b->has_precision || a->precision != b->precision)
		return "precision";
	if (a->has_accuracy != b->has_accuracy || a->accuracy != b->accuracy)
		return "accuracy";
	if (a->unix_epoch != b->unix_epoch || !same_text(a->origin_ns, b->origin_ns) ||
	    !same_text(a->origin_name, b->origin_name) || !same_text(a->origin_uid, b->origin_uid))
		return "origin";
	return NULL;
}

/* Classes with equal name space, name and uid are of the same clock. */
static bool check_identity(struct json_reader *r, struct model_clock *clock)
{
	const char *ns = clock->pub.ns ? clock->pub.ns : "", *name = clock->pub.name, *uid = clock->pub.uid;
	const struct model_clock *other;
	const char *what;
	void *had;
	size_t room;
	char *key;

	if (!name || !uid)
		return true;
	room = strlen(ns) + strlen(name) + strlen(uid) + 80;
	key = model_alloc(r->model, room);
	if (!key)
		return false;
	snprintf(key, room, "%d %zu %zu %s%s%s", clock->pub.ns ? 1 : 0, strlen(ns), strlen(name), ns, name, uid);
	if (!json_name_add(r, &r->identities, key, clock, &had))
		return false;
	other = had;
	what = other ? difference(&other->pub, &clock->pub) : NULL;
	if (what)
		return json_error(r, fragment_value(r), "this is the same clock as \"%s\", but their %s differs", other->id, what);
	return true;
}

static bool read_clock_values(struct json_reader *r, struct ctf_clock *clock, const struct json_properties *p)
{
	clock->has_precision = !json_is_absent(p->is[PROPERTY_PRECISION]);
	clock->has_accuracy = !json_is_absent(p->is[PROPERTY_ACCURACY]);
	return json_get_text(r, p->is[PROPERTY_NAMESPACE], &clock->ns) && json_get_text(r, p->is[PROPERTY_NAME], &clock->name) &&
	       json_get_text(r, p->is[PROPERTY_UID], &clock->uid) &&
	       json_get_text(r, p->is[PROPERTY_DESCRIPTION], &clock->description) &&
	       json_get_uint(r, p->is[PROPERTY_FREQUENCY], 1, UINT64_MAX, &clock->frequency) &&
	       json_get_uint(r, p->is[PROPERTY_PRECISION], 0, UINT64_MAX, &clock->precision) &&
	       json_get_uint(r, p->is[PROPERTY_ACCURACY], 0, UINT64_MAX, &clock->accuracy) &&
	       read_origin(r, p->is[PROPERTY_ORIGIN], clock) && read_offset(r, p->is[PROPERTY_OFFSET], clock);
}

static bool read_clock(struct json_reader *r)
{
	const uint64_t optional =
		P(NAMESPACE) | P(NAME) | P(UID) | P(ORIGIN) | P(OFFSET) | P(PRECISION) | P(ACCURACY) | P(DESCRIPTION);
	struct model_clock *clock = model_alloc(r->model, sizeof(*clock));
	struct json_properties p;
	void *had;

	if (!clock || !get_fragment(r, P(ID) | P(FREQUENCY), optional, &clock->pub.attributes, &p) ||
	    !json_get_text(r, p.is[PROPERTY_ID], &clock->id) || !read_clock_values(r, &clock->pub, &p))
		return false;
	clock->line = r->fragment.places[0].line;
	clock->column = r->fragment.places[0].column;
	if (!json_name_add(r, &r->clocks, clock->id, clock, &had))
		return false;
	if (had)
		return json_error(r, p.is[PROPERTY_ID], "there is another clock-class \"%s\" before this one", clock->id);
	return check_identity(r, clock) && model_list_add(r->model, &r->model->clocks, clock);
}

/* ---- Data stream classes ---- */

static bool read_default_clock(struct json_reader *r, struct json_value value, struct model_stream *stream)
{
	if (!json_get_text(r, value, &stream->clock_id))
		return false;
	if (stream->clock_id && !json_name_find(r->clocks, stream->clock_id))
		return json_error(r, value, "there is no clock-class \"%s\" before this", stream->clock_id);
	r->has_clock = stream->clock_id;
	return true;
}

static bool read_stream(struct json_reader *r)
{
	const uint64_t optional = P(ID) | P(NAMESPACE) | P(NAME) | P(UID) | P(DEFAULT_CLOCK_CLASS_ID) | P(PACKET_CONTEXT) |
				  P(EVENT_HEADER) | P(COMMON_CONTEXT);
	struct model_stream *stream = model_stream_new(r->model);
	struct json_properties p;
	void *had;

	if (!stream || !get_fragment(r, 0, optional, &stream->pub.attributes, &p) ||
	    !get_id(r, p.is[PROPERTY_ID], &stream->pub.id) || !number_add(r, &r->streams, stream->pub.id, 0, stream, &had))
		return false;
	if (had)
		return json_error(r, json_is_absent(p.is[PROPERTY_ID]) ? fragment_value(r) : p.is[PROPERTY_ID],
				  "there is another data-stream-class %" PRIu64 " before this one", stream->pub.id);
	stream->has_id = true;
	stream->line = r->fragment.places[0].line;
	stream->column = r->fragment.places[0].column;
	return json_get_text(r, p.is[PROPERTY_NAMESPACE], &stream->pub.ns) &&
	       json_get_text(r, p.is[PROPERTY_NAME], &stream->pub.name) && json_get_text(r, p.is[PROPERTY_UID], &stream->pub.uid) &&
	       read_default_clock(r, p.is[PROPERTY_DEFAULT_CLOCK_CLASS_ID], stream) &&
	       read_scope(r, p.is[PROPERTY_PACKET_CONTEXT], CTF_PACKET_CONTEXT, &stream->pub.packet_context) &&
	       read_scope(r, p.is[PROPERTY_EVENT_HEADER], CTF_EVENT_HEADER, &stream->pub.event_header) &&
	       read_scope(r, p.is[PROPERTY_COMMON_CONTEXT], CTF_COMMON_CONTEXT, &stream->pub.event_context) &&
	       model_list_add(r->model, &r->model->streams, stream);
}

/* ---- Event record classes ---- */

/*
 * What LTTng says of an event in its attributes. It is for showing only, so what is not as expected is left alone.
 */
static bool read_lttng(struct json_reader *r, struct ctf_event_class *event)
{
	const struct json_value attributes = json_get(r, fragment_value(r), "attributes");
	const struct json_value lttng = json_get(r, attributes, "lttng.org,2009");
	const struct json_value level = json_get(r, lttng, "log-level"), uri = json_get(r, lttng, "emf-uri");

	if (json_object_is_type(level.json, json_type_int)) {
		event->has_loglevel = true;
		event->loglevel = json_object_get_int64(level.json);
	}
	return json_object_is_type(uri.json, json_type_string) ? json_get_text(r, uri, &event->emf_uri) : true;
}

/* Both numbers of an event: its own and its data stream class'. */
static bool read_event_ids(struct json_reader *r, struct model_event *event, const struct json_properties *p)
{
	const struct json_value id = p->is[PROPERTY_ID], parent = p->is[PROPERTY_DATA_STREAM_CLASS_ID];
	const struct model_stream *stream;
	void *had;

	if (!get_id(r, id, &event->pub.id) || !get_id(r, parent, &event->stream_id))
		return false;
	event->has_id = event->has_stream_id = true;
	stream = json_name_find(r->streams, number_name(event->stream_id, 0).text);
	if (!stream)
		return json_error(r, json_is_absent(parent) ? fragment_value(r) : parent,
				  "there is no data-stream-class %" PRIu64 " before this", event->stream_id);
	r->has_clock = stream->clock_id;
	if (!number_add(r, &r->events, event->stream_id, event->pub.id, event, &had))
		return false;
	if (had)
		return json_error(r, json_is_absent(id) ? fragment_value(r) : id,
				  "there is another event-record-class %" PRIu64 " of data-stream-class %" PRIu64
				  " before this one",
				  event->pub.id, event->stream_id);
	return true;
}

static bool read_event(struct json_reader *r)
{
	const uint64_t optional =
		P(ID) | P(DATA_STREAM_CLASS_ID) | P(NAMESPACE) | P(NAME) | P(UID) | P(SPECIFIC_CONTEXT) | P(PAYLOAD);
	struct model_event *event = model_event_new(r->model);
	struct json_properties p;

	if (!event || !get_fragment(r, 0, optional, &event->pub.attributes, &p) || !read_event_ids(r, event, &p))
		return false;
	event->line = r->fragment.places[0].line;
	event->column = r->fragment.places[0].column;
	return json_get_text(r, p.is[PROPERTY_NAMESPACE], &event->pub.ns) &&
	       json_get_text(r, p.is[PROPERTY_NAME], &event->pub.name) && json_get_text(r, p.is[PROPERTY_UID], &event->pub.uid) &&
	       read_lttng(r, &event->pub) &&
	       read_scope(r, p.is[PROPERTY_SPECIFIC_CONTEXT], CTF_SPECIFIC_CONTEXT, &event->pub.context) &&
	       read_scope(r, p.is[PROPERTY_PAYLOAD], CTF_PAYLOAD, &event->pub.payload) &&
	       model_list_add(r->model, &r->model->events, event);
}

/* ---- The sequence ---- */

static const struct {
	const char *name;
	bool (*read)(struct json_reader *r);
} types[] = {
	{"event-record-class", read_event}, {"field-class-alias", read_alias}, {"data-stream-class", read_stream},
	{"clock-class", read_clock},        {"trace-class", read_trace},       {"preamble", read_preamble},
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

static bool read_type(struct json_reader *r)
{
	const struct json_value type = json_get(r, fragment_value(r), "type");
	const char *name;
	uint32_t i = 0;

	if (json_is_absent(type))
		return json_error(r, fragment_value(r), "missing: type");
	name = json_peek_text(r, type);
	if (!name)
		return false;
	while (i < N_TYPES && strcmp(name, types[i].name))
		i++;
	if (i == N_TYPES)
		return json_error(r, type, "there is no type of fragment \"%s\"", name);
	r->fragment.type = types[i].name;
	if (r->fragment.number == 1 && types[i].read != read_preamble)
		return json_error(r, fragment_value(r), "the first fragment must be the preamble");
	return types[i].read(r);
}

static bool is_blank(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!memchr(" \t\r\n", text[i], 4))
			return false;
	return true;
}

/* One text of the sequence, without its separator; a text of nothing is none. */
static bool read_fragment(struct json_reader *r, const char *text, size_t size)
{
	struct json_fragment *f = &r->fragment;
	bool good;

	if (is_blank(text, size))
		return true;
	f->text = text;
	f->size = size;
	f->number++;
	f->type = NULL;
	good = json_fragment_parse(r) && read_type(r);
	json_object_put(f->json);
	f->json = NULL;
	return good;
}

static bool read_sequence(struct json_reader *r, const char *text, size_t size)
{
	struct json_fragment *f = &r->fragment;
	const char *const end = text + size;

	f->line = f->column = 1;
	while (text < end) {
		const char *next = memchr(text + 1, RECORD_SEPARATOR, (size_t)(end - text) - 1);
		const char *line;

		if (!next)
			next = end;
		f->column++;
		if (!read_fragment(r, text + 1, (size_t)(next - text) - 1))
			return false;
		for (text++; (line = memchr(text, '\n', (size_t)(next - text))); text = line + 1) {
			f->line++;
			f->column = 1;
		}
		f->column += (uint32_t)(next - text);
		text = next;
	}
	return true;
}

static void free_table(struct lh_table *table)
{
	if (table)
		lh_table_free(table);
}

bool ctf_json_read(struct ctf_model *model, const char *text, size_t size)
{
	struct json_reader r = {.model = model};
	bool good;

	if (size > CTF_METADATA_MAX)
		return model_error(model, 0, 0, "metadata of more than %llu bytes is not supported",
				   (unsigned long long)CTF_METADATA_MAX);
	if (!size || *text != RECORD_SEPARATOR)
		return model_error(model, 1, 1, "this is no CTF 2 metadata: it must begin with a record separator (0x1e)");
	model_allow(model, size);
	good = read_sequence(&r, text, size);
	if (good && !r.fragment.number)
		good = model_error(model, r.fragment.line, r.fragment.column, "the metadata ends without a fragment");
	if (good && !model->streams.n)
		good = model_error(model, r.fragment.line, r.fragment.column, "the metadata ends without a data-stream-class");
	free_table(r.aliases);
	free_table(r.clocks);
	free_table(r.identities);
	free_table(r.streams);
	free_table(r.events);
	free(r.fragment.places);
	return good;
}
