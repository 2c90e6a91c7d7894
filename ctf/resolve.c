/* SPDX-License-Identifier: MIT */
/**
 * resolve.c - finds the fields that lengths and selectors refer to.
 *
 * All scopes of a trace are walked in the order in which they are decoded. Where a class refers to a value, its candidates are
 * looked for: there are several if the way to the value leads through a variant. Each of them is told to save its value under one
 * index, and the class to take it from there (ctf_class.save and source). A value that may not be there in some record, because it
 * is in an optional or in a variant's option, is forgotten whenever the structure begins in which the search began
 * (layout_class.resets).
 *
 * Only what has been decoded before can be referred to: members before the one being walked, earlier scopes, the elements and
 * options being decoded. Source of the rules: CTF 1.8.3, 7.3.2 ("dynamic scope"), CTF2-SPEC-2.0, 5.3.1 and 6.4.2.
 */
#include "ctf/layout.h"

#include <stdlib.h>
#include <string.h>

#define TARGETS_MAX 256u
#define LOOKUPS_MAX ((uint64_t)1 << 27) /* comparisons of names: half a second */

/** A class that is being decoded, within the one that contains it. */
struct frame {
	const struct frame *outer;
	struct layout_class *class;
	uint32_t member; /* that is being decoded */
};

struct search {
	const struct model_ref *ref;
	bool tsdl; /* ways through variants name the option */
	bool conditional;
	uint32_t n;
	struct layout_class *targets[TARGETS_MAX];
	uint64_t *work;      /* names that may still be compared for the whole trace */
	const char *missing; /* name that was not found */
	const char *wrong;   /* why what was found is no good */
};

struct resolver {
	struct ctf_model *model;
	struct layout_class *roots[CTF_N_SCOPES];
	enum ctf_scope scope;       /* being walked */
	uint64_t work;              /* names that may still be compared */
	struct layout_event *event; /* being walked; NULL: scopes that all events share */
	bool all_cross;             /* the stream's common context needs a value of the record's header */
};

static struct layout_class *member_class(const struct layout_class *class, uint32_t i)
{
	return (struct layout_class *)class->model.pub.members[i].class;
}

static const char *raw_name(const struct layout_class *class, uint32_t i)
{
	return class->model.raw ? class->model.raw[i] : class->model.pub.members[i].name;
}

/* @near: the member to begin at, backwards: what is referred to mostly is just before. */
static bool find_member(struct search *search, const struct layout_class *class, uint32_t near, const char *name, uint32_t *ret)
{
	const uint32_t n = class->model.pub.n_members;

	if (n > *search->work) {
		search->wrong = "is one of too many to look for";
		return false;
	}
	for (uint32_t count = 0, i = near < n ? near : n - 1; count < n; count++, i = i ? i - 1 : n - 1) {
		const char *own = raw_name(class, i);

		--*search->work;
		if (own && !strcmp(own, name)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static void add_target(struct search *search, struct layout_class *class)
{
	if (search->n == TARGETS_MAX) {
		search->wrong = "leads to too many fields";
		return;
	}
	search->targets[search->n++] = class;
}

/* The frame whose outer one is @outer on the way to @innermost; NULL: none. */
static const struct frame *inner_frame(const struct frame *innermost, const struct frame *outer)
{
	while (innermost && innermost->outer != outer)
		innermost = innermost->outer;
	return innermost;
}

/* @frame: of @class, if it is being decoded; NULL: it is complete. @at: the next name of the path. */
static void follow(struct search *search, struct layout_class *class, const struct frame *frame, const struct frame *innermost,
		   uint32_t at, uint32_t depth);

static void follow_variant(struct search *search, struct layout_class *class, const struct frame *frame,
			   const struct frame *innermost, uint32_t at, uint32_t depth)
{
	const uint32_t n_before = search->n;
	const char *missing = NULL;
	uint32_t i;

	if (frame) { /* the option that is being decoded */
		const struct frame *inner = inner_frame(innermost, frame);

		if (inner && search->tsdl && at < search->ref->n)
			at += !strcmp(search->ref->path[at], raw_name(class, frame->member) ? raw_name(class, frame->member) : "");
		if (inner)
			follow(search, inner->class, inner, innermost, at, depth);
		return;
	}
	search->conditional = true;
	if (search->tsdl) {
		if (at == search->ref->n)
			search->wrong = "is a variant";
		else if (find_member(search, class, 0, search->ref->path[at], &i))
			follow(search, member_class(class, i), NULL, innermost, at + 1, depth);
		else
			search->missing = search->ref->path[at];
		return;
	}
	for (i = 0; i < class->model.pub.n_members && !search->wrong; i++) {
		follow(search, member_class(class, i), NULL, innermost, at, depth);
		if (search->missing)
			missing = search->missing;
		search->missing = NULL;
	}
	if (search->n == n_before)
		search->missing = missing;
}

static void follow_structure(struct search *search, struct layout_class *class, const struct frame *frame,
			     const struct frame *innermost, uint32_t at, uint32_t depth)
{
	const char *name;
	uint32_t i;

	if (at == search->ref->n) {
		search->wrong = "is a structure";
		return;
	}
	name = search->ref->path[at];
	if (!name || !find_member(search, class, frame ? frame->member : UINT32_MAX, name, &i)) {
		search->missing = name ? name : "null";
		return;
	}
	if (frame && i > frame->member) {
		search->wrong = "comes later";
		return;
	}
	if (frame && i == frame->member) {
		const struct frame *inner = inner_frame(innermost, frame);

		if (!inner || at + 1 == search->ref->n)
			search->wrong = "is the field itself, or one around it";
		else
			follow(search, inner->class, inner, innermost, at + 1, depth);
		return;
	}
	follow(search, member_class(class, i), NULL, innermost, at + 1, depth);
}

static void follow(struct search *search, struct layout_class *class, const struct frame *frame, const struct frame *innermost,
		   uint32_t at, uint32_t depth)
{
	if (depth > 2 * CTF_DEPTH_MAX) {
		search->wrong = "is nested too deep";
		return;
	}
	switch (class->model.pub.type) {
	case CTF_STRUCT:
		follow_structure(search, class, frame, innermost, at, depth + 1);
		return;
	case CTF_VARIANT:
		follow_variant(search, class, frame, innermost, at, depth + 1);
		return;
	case CTF_OPTIONAL:
	case CTF_ARRAY:
		if (frame) {
			const struct frame *inner = inner_frame(innermost, frame);

			if (inner)
				follow(search, inner->class, inner, innermost, at, depth + 1);
			else
				search->wrong = "is the field itself, or one around it";
		} else if (class->model.pub.type == CTF_OPTIONAL) {
			search->conditional = true;
			follow(search, member_class(class, 0), NULL, innermost, at, depth + 1);
		} else {
			search->wrong = "is an array";
		}
		return;
	case CTF_UINT:
	case CTF_SINT:
	case CTF_BOOL:
		if (at != search->ref->n)
			search->missing = search->ref->path[at] ? search->ref->path[at] : "null";
		else
			add_target(search, class);
		return;
	default:
		search->wrong = "is no integer";
	}
}

static const struct frame *structure_around(const struct frame *frame)
{
	while (frame && frame->class->model.pub.type != CTF_STRUCT)
		frame = frame->outer;
	return frame;
}

static const struct frame *root_frame(const struct frame *frame)
{
	while (frame && frame->outer)
		frame = frame->outer;
	return frame;
}

/* TSDL: the structure that has the first name of the path, from the inside out, then in earlier scopes. */
static struct layout_class *search_near(const struct resolver *resolver, struct search *search, const struct frame *innermost)
{
	const char *name = search->ref->path[0];
	uint32_t i;

	for (const struct frame *frame = structure_around(innermost); frame; frame = structure_around(frame->outer)) {
		if (find_member(search, frame->class, frame->member, name, &i) &&
		    (i < frame->member || (i == frame->member && search->ref->n > 1))) {
			follow(search, frame->class, frame, innermost, 0, 0);
			return frame->class;
		}
	}
	for (int scope = (int)resolver->scope - 1; scope >= 0; scope--) {
		struct layout_class *root = resolver->roots[scope];

		if (root && find_member(search, root, UINT32_MAX, name, &i)) {
			follow(search, root, NULL, innermost, 0, 0);
			return root;
		}
	}
	search->missing = name;
	return NULL;
}

static struct layout_class *search_relative(struct search *search, const struct frame *innermost)
{
	const struct frame *frame = structure_around(innermost);
	uint32_t at = 0;

	while (frame && at < search->ref->n && !search->ref->path[at]) {
		frame = structure_around(frame->outer);
		at++;
	}
	if (!frame) {
		search->wrong = "leaves the outermost structure";
		return NULL;
	}
	follow(search, frame->class, frame, innermost, at, 0);
	return frame->class;
}

static struct layout_class *search_scope(const struct resolver *resolver, struct search *search, const struct frame *innermost)
{
	struct layout_class *root = resolver->roots[search->ref->scope];

	if (search->ref->scope > resolver->scope || !root) {
		search->wrong = root ? "is in a scope that comes later" : "is in a scope that is not there";
		return NULL;
	}
	follow(search, root, search->ref->scope == resolver->scope ? root_frame(innermost) : NULL, innermost, 0, 0);
	return root;
}

static void path_text(const struct model_ref *ref, char *to, size_t size)
{
	size_t n = 0;

	to[0] = 0;
	for (uint32_t i = 0; i < ref->n && n + 2 < size; i++) {
		const char *name = ref->path[i] ? ref->path[i] : "null";
		const size_t length = strnlen(name, size - n - 2);

		if (i)
			to[n++] = '.';
		memcpy(to + n, name, length < size - n - 1 ? length : size - n - 1);
		n += length < size - n - 1 ? length : size - n - 1;
		to[n] = 0;
	}
}

static bool add_reset(struct resolver *resolver, struct layout_class *structure, int32_t save)
{
	int32_t *resets;

	for (uint32_t i = 0; i < structure->n_resets; i++)
		if (structure->resets[i] == save)
			return true;
	resets = model_alloc(resolver->model, (structure->n_resets + 1) * sizeof(*resets));
	if (!resets)
		return false;
	if (structure->n_resets)
		memcpy(resets, structure->resets, structure->n_resets * sizeof(*resets));
	resets[structure->n_resets++] = save;
	structure->resets = resets;
	return true;
}

/* All candidates save under one index, which one of them may have already. */
static bool share_save(struct resolver *resolver, struct search *search, int32_t *ret)
{
	int32_t save = -1;

	for (uint32_t i = 0; i < search->n; i++) {
		const int32_t own = search->targets[i]->model.pub.save;

		if (own < 0)
			continue;
		if (save >= 0 && own != save)
			return model_error(resolver->model, search->ref->line, search->ref->column,
					   "refers to fields that others refer to in another combination; this is not supported");
		save = own;
	}
	if (save < 0)
		save = (int32_t)resolver->model->trace.n_saves++;
	for (uint32_t i = 0; i < search->n; i++)
		search->targets[i]->model.pub.save = save;
	*ret = save;
	return true;
}

/* Values of the selector that have the option's label. */
static bool ranges_of_label(struct resolver *resolver, const struct ctf_class *selector, const char *label,
			    struct ctf_member *option)
{
	struct ctf_range *ranges;
	uint32_t n = 0;

	for (uint32_t i = 0; i < selector->n_mappings; i++)
		if (label && !strcmp(selector->mappings[i].label, label))
			n += selector->mappings[i].n_ranges;
	ranges = model_alloc(resolver->model, n * sizeof(*ranges) + 1);
	if (!ranges)
		return false;
	option->ranges = ranges;
	option->n_ranges = n;
	for (uint32_t i = 0; i < selector->n_mappings; i++) {
		const struct ctf_mapping *mapping = &selector->mappings[i];

		if (!label || strcmp(mapping->label, label))
			continue;
		memcpy(ranges, mapping->ranges, mapping->n_ranges * sizeof(*ranges));
		ranges += mapping->n_ranges;
	}
	return true;
}

static bool is_true_range(const struct layout_class *class)
{
	return class->model.pub.members[0].n_ranges == 0;
}

/* Is what was found of a kind that this class can use? */
static const char *wrong_kind(const struct layout_class *class, const struct search *search)
{
	const enum ctf_type kind = search->targets[0]->model.pub.type;

	for (uint32_t i = 1; i < search->n; i++)
		if (search->targets[i]->model.pub.type != kind)
			return "leads to fields of different kinds";
	if (class->model.pub.type == CTF_OPTIONAL && is_true_range(class) != (kind == CTF_BOOL))
		return kind == CTF_BOOL ? "is a boolean: no ranges can be given" : "is an integer: ranges are needed";
	if (class->model.pub.type == CTF_VARIANT && kind == CTF_BOOL)
		return "is a boolean: it cannot select an option";
	if (class->model.pub.type != CTF_OPTIONAL && class->model.pub.type != CTF_VARIANT && kind != CTF_UINT)
		return "is no unsigned integer: it cannot be a length";
	if (class->model.by_label && (search->n != 1 || !search->targets[0]->model.pub.is_enum))
		return "is no enumeration: it cannot select an option";
	return NULL;
}

/*
 * CTF 2: ranges were read as those of signed numbers if one bound is negative. If the selector's numbers are of the other kind,
 * what it cannot be is cut off. A range of nothing stays, as first 1, last 0: an optional without ranges would mean something else.
 */
static bool fit_ranges(struct resolver *resolver, struct ctf_member *option, bool is_signed)
{
	const uint64_t least = 0, most = INT64_MAX; /* what both kinds can be */
	struct ctf_range *ranges = model_alloc(resolver->model, option->n_ranges * sizeof(*ranges) + 1);

	if (!ranges)
		return false;
	for (uint32_t i = 0; i < option->n_ranges; i++) {
		ranges[i] = option->ranges[i];
		if (model_is_less(ranges[i].first, least, !is_signed))
			ranges[i].first = least;
		if (model_is_less(most, ranges[i].last, !is_signed))
			ranges[i].last = most;
		if (model_is_less(ranges[i].last, ranges[i].first, !is_signed))
			ranges[i] = (struct ctf_range){.first = 1, .last = 0};
	}
	option->ranges = ranges;
	return true;
}

static bool fit_options(struct resolver *resolver, struct ctf_class *class, bool is_signed)
{
	for (uint32_t i = 0; i < class->n_members && class->selector_signed != is_signed; i++)
		if (!fit_ranges(resolver, (struct ctf_member *)&class->members[i], is_signed))
			return false;
	class->selector_signed = is_signed;
	return true;
}

static bool connect(struct resolver *resolver, struct layout_class *class, struct search *search, struct layout_class *structure)
{
	struct ctf_class *pub = &class->model.pub;
	const struct ctf_class *selector = &search->targets[0]->model.pub;

	if (!share_save(resolver, search, &pub->source))
		return false;
	if (search->conditional && structure && !add_reset(resolver, structure, pub->source))
		return false;
	if ((pub->type == CTF_VARIANT || pub->type == CTF_OPTIONAL) && !fit_options(resolver, pub, selector->type == CTF_SINT))
		return false;
	for (uint32_t i = 0; class->model.by_label && i < pub->n_members; i++)
		if (!ranges_of_label(resolver, selector, raw_name(class, i), (struct ctf_member *)&pub->members[i]))
			return false;
	return true;
}

/* A value from another scope of the record: the record cannot be passed over scope by scope. */
static void note_crossing(struct resolver *resolver, const struct layout_class *structure)
{
	for (int scope = CTF_EVENT_HEADER; scope < (int)resolver->scope; scope++) {
		if (structure != resolver->roots[scope])
			continue;
		if (resolver->event)
			resolver->event->crosses = true;
		else
			resolver->all_cross = true;
	}
}

static bool resolve_ref(struct resolver *resolver, struct layout_class *class, const struct frame *innermost)
{
	const struct model_ref *ref = class->model.ref;
	struct search search = {.ref = ref, .tsdl = resolver->model->trace.major == 1, .work = &resolver->work};
	struct layout_class *structure;
	const char *wrong;
	char path[256];

	if (!ref->n)
		return model_error(resolver->model, ref->line, ref->column, "the path to a length or selector is empty");
	if (ref->origin == REF_NEAR)
		structure = search_near(resolver, &search, innermost);
	else if (ref->origin == REF_RELATIVE)
		structure = search_relative(&search, innermost);
	else
		structure = search_scope(resolver, &search, innermost);
	path_text(ref, path, sizeof(path));
	if (search.wrong)
		return model_error(resolver->model, ref->line, ref->column, "\"%s\" %s", path, search.wrong);
	if (!search.n)
		return model_error(resolver->model, ref->line, ref->column, "there is no field \"%s\" before this one%s%s%s", path,
				   search.missing && strcmp(search.missing, path) ? ": nothing is called \"" : "",
				   search.missing && strcmp(search.missing, path) ? search.missing : "",
				   search.missing && strcmp(search.missing, path) ? "\"" : "");
	wrong = wrong_kind(class, &search);
	if (wrong)
		return model_error(resolver->model, ref->line, ref->column, "\"%s\" %s", path, wrong);
	note_crossing(resolver, structure);
	return connect(resolver, class, &search, structure);
}

static bool walk(struct resolver *resolver, struct layout_class *class, const struct frame *outer, uint32_t depth)
{
	struct frame frame = {outer, class, 0};

	if (depth > CTF_DEPTH_MAX)
		return model_error(resolver->model, class->model.line, class->model.column,
				   "field classes are nested more than %u deep", CTF_DEPTH_MAX);
	if (class->model.ref && !resolve_ref(resolver, class, outer))
		return false;
	for (uint32_t i = 0; i < class->model.pub.n_members; i++) {
		frame.member = i;
		if (!walk(resolver, member_class(class, i), &frame, depth + 1))
			return false;
	}
	return true;
}

static bool walk_scope(struct resolver *resolver, enum ctf_scope scope, const struct ctf_class *root)
{
	resolver->roots[scope] = (struct layout_class *)root;
	resolver->scope = scope;
	return !root || walk(resolver, (struct layout_class *)root, NULL, 0);
}

bool model_resolve(struct ctf_model *model)
{
	struct resolver resolver = {.model = model, .work = LOOKUPS_MAX};
	const struct ctf_trace *trace = &model->trace;

	if (!walk_scope(&resolver, CTF_PACKET_HEADER, trace->packet_header))
		return false;
	for (uint32_t s = 0; s < trace->n_streams; s++) {
		const struct ctf_stream_class *stream = trace->streams[s];

		memset(&resolver.roots[CTF_PACKET_CONTEXT], 0, sizeof(resolver.roots) - sizeof(resolver.roots[0]));
		resolver.event = NULL;
		resolver.all_cross = false;
		if (!walk_scope(&resolver, CTF_PACKET_CONTEXT, stream->packet_context) ||
		    !walk_scope(&resolver, CTF_EVENT_HEADER, stream->event_header) ||
		    !walk_scope(&resolver, CTF_COMMON_CONTEXT, stream->event_context))
			return false;
		for (uint32_t e = 0; e < stream->n_events; e++) {
			resolver.roots[CTF_PAYLOAD] = NULL;
			resolver.event = (struct layout_event *)stream->events[e];
			resolver.event->crosses = resolver.all_cross;
			if (!walk_scope(&resolver, CTF_SPECIFIC_CONTEXT, stream->events[e]->context) ||
			    !walk_scope(&resolver, CTF_PAYLOAD, stream->events[e]->payload))
				return false;
		}
	}
	return true;
}
