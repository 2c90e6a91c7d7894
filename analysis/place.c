/* SPDX-License-Identifier: MIT */
/*
 * place.c - names to places in records.
 *
 * A name is walked down the classes of a scope: every member that the text begins with is tried, the longest name first, until one
 * leads to the text's end. Each step goes one class deeper, so the depth is bounded by that of the classes, and what is tried by
 * the parts of the text.
 */
#include "analysis/place.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 128u /* of classes, which are nested at most 64 deep */

enum variable {
	VARIABLE_NAME,
	VARIABLE_LAYER,
	VARIABLE_TIME,
	VARIABLE_STREAM,
	VARIABLE_CPU,
	VARIABLE_TID,
	VARIABLE_PID,
	VARIABLE_PAYLOAD,
	VARIABLE_EVENT_CONTEXT,
	VARIABLE_CONTEXT,
	VARIABLE_PACKET,
	VARIABLE_HEADER,
	VARIABLE_ANY_CONTEXT,
};

const struct expr_variable place_variables[] = {
	{"name", EXPR_STRING, VARIABLE_NAME},
	{"layer", EXPR_STRING, VARIABLE_LAYER},
	{"cpu", EXPR_NUMBER, VARIABLE_CPU},
	{"tid", EXPR_NUMBER, VARIABLE_TID},
	{"pid", EXPR_NUMBER, VARIABLE_PID},
	{"time", EXPR_TIME, VARIABLE_TIME},
	{"stream", EXPR_NUMBER, VARIABLE_STREAM},
	{"payload.", EXPR_ANY, VARIABLE_PAYLOAD},
	{"event_context.", EXPR_ANY, VARIABLE_EVENT_CONTEXT},
	{"context.", EXPR_ANY, VARIABLE_CONTEXT},
	{"packet.", EXPR_ANY, VARIABLE_PACKET},
	{"header.", EXPR_ANY, VARIABLE_HEADER},
	{"ctx.tid", EXPR_NUMBER, VARIABLE_TID},
	{"ctx.pid", EXPR_NUMBER, VARIABLE_PID},
	{"ctx.", EXPR_ANY, VARIABLE_ANY_CONTEXT},
	{0},
};

/* Where a name is looked for, in this order. Those from the second on are contexts. */
static const enum ctf_scope scopes[] = {CTF_PAYLOAD, CTF_SPECIFIC_CONTEXT, CTF_COMMON_CONTEXT, CTF_PACKET_CONTEXT};
#define N_SCOPES (sizeof(scopes) / sizeof(scopes[0]))

/* ---- Layers ---- */

static const char *const layers[] = {"xen", "kernel", "user"};

static const char *known_layer(const char *text)
{
	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		if (!strcmp(text, layers[i]))
			return layers[i];
	return NULL;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *place_layer(const struct ctf_trace *trace)
{
	for (uint32_t i = 0; i < trace->n_env; i++) {
		const struct ctf_env *env = &trace->env[i];

		if (!env->name || !env->text || strcmp(env->name, "domain"))
			continue;
		return !strcmp(env->text, "ust") ? "user" : known_layer(env->text);
	}
	return trace->dir ? known_layer(last_part(trace->dir)) : NULL;
}

/* ---- Names ---- */

struct walk {
	struct place_step steps[STEPS_MAX];
	uint32_t n;
};

static bool go(struct walk *walk, const struct ctf_class *class, const char *text);

static bool step(struct walk *walk, const struct ctf_member *member, const struct ctf_class *class, uint64_t index,
		 const char *rest)
{
	if (walk->n == STEPS_MAX)
		return false;
	walk->steps[walk->n++] = (struct place_step){.class = class, .member = member, .index = index};
	if (go(walk, class, rest))
		return true;
	walk->n--;
	return false;
}

/* Behind a member's name: NULL if the name goes on. Separators are taken away, brackets stay. */
static const char *behind(const char *text)
{
	if (!strncmp(text, "->", 2))
		return text[2] ? text + 2 : NULL;
	if (text[0] == '.')
		return text[1] ? text + 1 : NULL;
	return !text[0] || text[0] == '[' ? text : NULL;
}

static bool go_member(struct walk *walk, const struct ctf_class *class, const char *text)
{
	size_t longest = SIZE_MAX; /* tried so far, all that are longer too */

	for (;;) {
		const struct ctf_member *best = NULL;
		size_t best_size = 0;
		const char *rest;

		for (uint32_t i = 0; i < class->n_members; i++) {
			const struct ctf_member *member = &class->members[i];
			const size_t size = member->name ? strlen(member->name) : 0;

			if (size > best_size && size < longest && !strncmp(text, member->name, size) && behind(text + size)) {
				best = member;
				best_size = size;
			}
		}
		if (!best)
			return false;
		rest = behind(text + best_size);
		if (step(walk, best, best->class, (uint64_t)(best - class->members), rest))
			return true;
		longest = best_size;
	}
}

static bool go_element(struct walk *walk, const struct ctf_class *class, const char *text)
{
	const char *end;
	char *digits_end;
	uint64_t index;

	if (text[0] != '[')
		return false;
	index = strtoull(text + 1, &digits_end, 10);
	if (digits_end == text + 1 || *digits_end != ']')
		return false;
	end = behind(digits_end + 1);
	return end && step(walk, NULL, class->members[0].class, index, end);
}

static bool go(struct walk *walk, const struct ctf_class *class, const char *text)
{
	if (class->type == CTF_OPTIONAL)
		return step(walk, NULL, class->members[0].class, 0, text);
	if (!*text)
		return true;
	switch (class->type) {
	case CTF_STRUCT:
	case CTF_VARIANT:
		return go_member(walk, class, text);
	case CTF_ARRAY:
		return go_element(walk, class, text);
	default:
		return false;
	}
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Is @name what an identifier made of @text is: without what cannot be in one, and a _ for it in the middle? */
static bool is_identifier_of(const char *name, const char *text)
{
	bool gap = false;
	const char *at = name;

	for (; *text; text++) {
		if (!is_name_char(*text)) {
			gap = true;
			continue;
		}
		if (gap && at != name && *at++ != '_')
			return false;
		gap = false;
		if (*at++ != *text)
			return false;
	}
	return at != name && !*at;
}

static bool go_identifier(struct walk *walk, const struct ctf_class *class, const char *text)
{
	for (uint32_t i = 0; i < class->n_members; i++) {
		const struct ctf_member *member = &class->members[i];

		if (member->name && is_identifier_of(member->name, text))
			return step(walk, member, member->class, i, "");
	}
	return false;
}

static bool find_in(struct walk *walk, const struct ctf_event_class *event, enum ctf_scope scope, const char *text)
{
	const struct ctf_class *class = ctf_event_scope(event, scope);

	walk->n = 0;
	return class && (go(walk, class, text) || go_identifier(walk, class, text));
}

/* ---- Places ---- */

static bool may_miss(const struct ctf_class *parent, const struct place_step *step)
{
	switch (parent->type) {
	case CTF_STRUCT:
		return false;
	case CTF_ARRAY:
		return parent->length != CTF_STATIC || step->index >= parent->count;
	default:
		return true;
	}
}

static bool is_behind_fixed(const struct ctf_class *structure, uint64_t member)
{
	for (uint64_t i = 0; i < member; i++)
		if (!structure->members[i].class->fixed)
			return false;
	return true;
}

bool place_is_direct(const struct ctf_class *structure, uint32_t member)
{
	const struct ctf_class *class = structure->members[member].class;

	if (class->type > CTF_FLOAT || class->leb128)
		return false;
	return class->fixed && is_behind_fixed(structure, member);
}

/* Only of structures in structures. */
static void find_offset(struct place *place, const struct ctf_class *scope)
{
	const struct ctf_class *parent = scope;

	place->direct = place->n_steps;
	for (uint32_t i = 0; i < place->n_steps && place->direct; i++) {
		const struct place_step *at = &place->steps[i];

		place->direct =
			parent->type == CTF_STRUCT && (i + 1 < place->n_steps ? is_behind_fixed(parent, at->index)
									      : place_is_direct(parent, (uint32_t)at->index));
		if (place->direct)
			place->offset += at->member->offset;
		parent = at->class;
	}
}

static struct place *constant(enum place_kind kind)
{
	struct place *place = calloc(1, sizeof(*place));

	if (place)
		place->kind = kind;
	return place;
}

static struct place *found(const struct walk *walk, const struct ctf_event_class *event, enum ctf_scope scope)
{
	struct place *place = calloc(1, sizeof(*place) + walk->n * sizeof(place->steps[0]));
	const struct ctf_class *parent = ctf_event_scope(event, scope);

	if (!place)
		return NULL;
	place->kind = PLACE_FIELD;
	place->scope = scope;
	place->n_steps = walk->n;
	for (uint32_t i = 0; i < walk->n; i++) {
		place->steps[i] = walk->steps[i];
		place->may_miss |= may_miss(parent, &walk->steps[i]);
		parent = walk->steps[i].class;
	}
	place->class = parent;
	find_offset(place, ctf_event_scope(event, scope));
	return place;
}

static struct place *in_scope(const struct ctf_event_class *event, enum ctf_scope scope, const char *text)
{
	struct walk walk;

	return find_in(&walk, event, scope, text) ? found(&walk, event, scope) : constant(PLACE_NONE);
}

/* In scopes[@first] and those behind; false: nowhere. */
static bool search(const struct ctf_event_class *event, size_t first, const char *text, struct place **ret)
{
	struct walk walk;

	for (size_t i = first; i < N_SCOPES; i++) {
		if (find_in(&walk, event, scopes[i], text)) {
			*ret = found(&walk, event, scopes[i]);
			return true;
		}
	}
	return false;
}

/* The first of the names that is in a context. */
static struct place *context(const struct ctf_event_class *event, const char *const *names)
{
	struct place *place;

	for (; *names; names++)
		if (search(event, 1, *names, &place))
			return place;
	return constant(PLACE_NONE);
}

static struct place *variable(const struct ctf_trace *trace, const struct ctf_event_class *event, int id, const char *text)
{
	static const char *const cpu[] = {"cpu_id", "cpu", NULL}, *const tid[] = {"tid", "vtid", NULL},
				 *const pid[] = {"pid", "vpid", NULL};
	const char *const any[] = {text, NULL};

	switch (id) {
	case VARIABLE_NAME:
		return constant(event->name ? PLACE_NAME : PLACE_NONE);
	case VARIABLE_LAYER:
		return constant(place_layer(trace) ? PLACE_LAYER : PLACE_NONE);
	case VARIABLE_TIME:
		return constant(event->stream->clock ? PLACE_TIME : PLACE_NONE);
	case VARIABLE_STREAM:
		return constant(PLACE_STREAM);
	case VARIABLE_CPU:
		return context(event, cpu);
	case VARIABLE_TID:
		return context(event, tid);
	case VARIABLE_PID:
		return context(event, pid);
	case VARIABLE_PAYLOAD:
		return in_scope(event, CTF_PAYLOAD, text);
	case VARIABLE_EVENT_CONTEXT:
		return in_scope(event, CTF_SPECIFIC_CONTEXT, text);
	case VARIABLE_CONTEXT:
		return in_scope(event, CTF_COMMON_CONTEXT, text);
	case VARIABLE_PACKET:
		return in_scope(event, CTF_PACKET_CONTEXT, text);
	case VARIABLE_HEADER:
		return in_scope(event, CTF_EVENT_HEADER, text);
	default:
		return context(event, any);
	}
}

struct place *place_variable(const struct ctf_trace *trace, const struct ctf_event_class *event, const char *name)
{
	for (size_t i = 0; place_variables[i].name; i++)
		if (!strcmp(place_variables[i].name, name))
			return variable(trace, event, place_variables[i].id, NULL);
	return constant(PLACE_NONE);
}

struct place *place_new(const struct ctf_trace *trace, const struct ctf_event_class *event, const struct expr_node *node)
{
	struct place *place;

	if (node->kind == EXPR_VARIABLE)
		return variable(trace, event, node->variable->id, node->as.string);
	if (search(event, 0, node->as.string, &place))
		return place;
	if (!strcmp(node->as.string, "tid") || !strcmp(node->as.string, "pid"))
		return place_variable(trace, event, node->as.string);
	return constant(PLACE_NONE);
}

static struct ctf_field child(const struct ctf_field *parent, const struct place_step *step)
{
	switch (parent->class->type) {
	case CTF_STRUCT:
	case CTF_ARRAY:
		return ctf_field_element(parent, step->index);
	case CTF_VARIANT:
		if (ctf_field_option(parent) != step->member)
			return (struct ctf_field){0};
		return ctf_field_first(parent);
	default:
		return ctf_field_first(parent);
	}
}

struct ctf_field place_field(const struct place *place, const struct ctf_record *record)
{
	struct ctf_field field = ctf_record_scope(record, place->scope);

	if (place->direct && field.class) {
		field.class = place->class;
		field.at += place->offset;
		return field;
	}
	for (uint32_t i = 0; i < place->n_steps && field.class; i++)
		field = child(&field, &place->steps[i]);
	return field;
}
