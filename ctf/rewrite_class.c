/* SPDX-License-Identifier: MIT */
/**
 * rewrite_class.c - makes the classes that are written out of those that were read: rewrite_class.h
 *
 * First it is found which values something that is written refers to (used). Fields with a role are left out, unless they are such
 * values: each head has its own. Then the classes are made, with names that the version knows and that are unique. At last, for
 * CTF 1.8, selectors get the labels that it selects by.
 */
#include "ctf/rewrite_class.h"

#include <stdlib.h>
#include <string.h>

#include "ctf/lex_tsdl.h"
#include "ctf/writer.h"

#define NAME_TRIES 100000u

struct maker {
	struct ctf_rewrite *rewrite;
	enum ctf_scope scope;
	const struct rewrite_own *own; /* of the scope that is being made; NULL: none */
	bool packed;
};

const struct rewrite_own rewrite_own_header[] = {
	{"magic", 32, CTF_ROLE_MAGIC},
	{"uuid", 128, CTF_ROLE_UUID},
	{"stream_id", 64, CTF_ROLE_STREAM_CLASS_ID},
	{"stream_instance_id", 64, CTF_ROLE_STREAM_ID},
	{NULL, 0, 0},
};

const struct rewrite_own rewrite_own_context[] = {
	{"timestamp_begin", 64, CTF_ROLE_CLOCK},
	{"timestamp_end", 64, CTF_ROLE_END_CLOCK},
	{"content_size", 64, CTF_ROLE_CONTENT_SIZE},
	{"packet_size", 64, CTF_ROLE_PACKET_SIZE},
	{"packet_seq_num", 64, CTF_ROLE_SEQUENCE},
	{"events_discarded", 64, CTF_ROLE_DISCARDED},
	{NULL, 0, 0},
};

static const struct rewrite_own own_record[] = {{"id", 0, 0}, {"v", 0, 0}, {"timestamp", 0, 0}, {NULL, 0, 0}};

bool rewrite_has_own(const struct ctf_rewrite *rewrite, const struct out_stream *stream, const struct rewrite_own *own)
{
	switch (own->role) {
	case CTF_ROLE_UUID:
		return rewrite->trace->has_uuid;
	case CTF_ROLE_STREAM_ID:
		return rewrite->has_stream_id;
	case CTF_ROLE_CLOCK:
		return stream->has_begin;
	case CTF_ROLE_END_CLOCK:
		return stream->has_end;
	default:
		return true;
	}
}

/* ---- What is used ---- */

static void use(bool *used, const struct ctf_class *class)
{
	if (!class)
		return;
	if (class->source >= 0)
		used[class->source] = true;
	for (uint32_t i = 0; i < class->n_members; i++)
		use(used, class->members[i].class);
}

static bool is_used(const bool *used, const struct ctf_class *class)
{
	if (class->save >= 0 && used[class->save])
		return true;
	for (uint32_t i = 0; i < class->n_members; i++)
		if (is_used(used, class->members[i].class))
			return true;
	return false;
}

/* One of @roles; @class may be NULL. */
static bool has_role(const struct ctf_class *class, uint32_t roles)
{
	if (!class || class->roles & roles)
		return class;
	for (uint32_t i = 0; i < class->n_members; i++)
		if (has_role(class->members[i].class, roles))
			return true;
	return false;
}

/* Has it anything without a role? */
static bool has_other(const struct ctf_class *class)
{
	if (class->type < CTF_STRUCT || !class->n_members)
		return !class->roles;
	if (class->roles)
		return false;
	for (uint32_t i = 0; i < class->n_members; i++)
		if (has_other(class->members[i].class))
			return true;
	return false;
}

/* Is this part of a head written? A variant of headers is a whole that the new one takes the place of. */
static bool is_kept(const struct ctf_rewrite *rewrite, enum ctf_scope scope, const struct ctf_class *class)
{
	if (is_used(rewrite->used, class) || !has_role(class, UINT32_MAX))
		return true;
	if (class->type != CTF_STRUCT && scope == CTF_EVENT_HEADER)
		return false;
	return has_other(class);
}

/* Last member first: members refer to those before. */
static void use_head(struct ctf_rewrite *rewrite, enum ctf_scope scope, const struct ctf_class *class)
{
	if (!class)
		return;
	for (uint32_t i = class->n_members; i-- > 0;) {
		const struct ctf_class *member = class->members[i].class;

		if (!is_kept(rewrite, scope, member))
			continue;
		if (member->type == CTF_STRUCT)
			use_head(rewrite, scope, member);
		else
			use(rewrite->used, member);
	}
}

static void find_used(struct ctf_rewrite *rewrite)
{
	const struct ctf_trace *trace = rewrite->trace;

	for (uint32_t i = 0; i < trace->n_events; i++) {
		use(rewrite->used, trace->events[i]->context);
		use(rewrite->used, trace->events[i]->payload);
	}
	for (uint32_t i = 0; i < trace->n_streams; i++) {
		use(rewrite->used, trace->streams[i]->event_context);
		use_head(rewrite, CTF_EVENT_HEADER, trace->streams[i]->event_header);
		use_head(rewrite, CTF_PACKET_CONTEXT, trace->streams[i]->packet_context);
	}
	use_head(rewrite, CTF_PACKET_HEADER, trace->packet_header);
}

/* ---- Names ---- */

bool rewrite_is_plain(const char *text)
{
	return *text && !(*text >= '0' && *text <= '9') && !tsdl_is_keyword(text) && ctf_is_name(text);
}

/* @name, or an identifier like it, with one '_' in front that readers take off. */
static const char *underscored(struct maker *maker, const char *name)
{
	char identifier[CTF_NAME_SIZE];
	char *text;

	if (!*name || !ctf_is_name(name)) {
		ctf_identifier(identifier, name);
		name = identifier;
	}
	text = model_alloc(&maker->rewrite->memory, strlen(name) + 2);
	if (text) {
		text[0] = '_';
		strcpy(text + 1, name);
	}
	return text;
}

/* A member's name before it is made unique; NULL: no memory. */
static const char *member_name(struct maker *maker, const struct ctf_class *class, uint32_t i)
{
	const char *name = class->members[i].name;
	const char **raw = layout_of(class)->model.raw;

	if (maker->rewrite->version == CTF_2)
		return name ? name : "";
	if (maker->rewrite->trace->major == 1)
		return raw ? raw[i] : name;
	if (!name)
		return "_option";
	/* Members of a packet's context are known to other tools by their plain names. */
	if (maker->scope <= CTF_PACKET_CONTEXT && rewrite_is_plain(name) && name[0] != '_')
		return name;
	return underscored(maker, name);
}

/* Readers of CTF 1.8 take one '_' off, and some end at once where two names are the same then. */
static bool are_same(const struct maker *maker, const char *a, const char *b)
{
	if (maker->rewrite->version == CTF_1_8) {
		a += a[0] == '_' && a[1];
		b += b[0] == '_' && b[1];
	}
	return !strcmp(a, b);
}

static bool is_taken(const struct maker *maker, const struct out_class *in, uint32_t n, const char *name)
{
	for (const struct rewrite_own *own = in->around ? NULL : maker->own; own && own->name; own++)
		if (are_same(maker, own->name, name))
			return true;
	for (uint32_t i = 0; i < n; i++)
		if (in->members[i].name && are_same(maker, in->members[i].name, name))
			return true;
	return false;
}

static const char *numbered(struct maker *maker, const char *name, uint32_t number)
{
	const size_t room = strlen(name) + 16;
	char *text = model_alloc(&maker->rewrite->memory, room);

	if (text)
		snprintf(text, room, "%s_%u", name, number);
	return text;
}

/* A name that the members before have not, but options of CTF 2 need none; NULL: no memory. */
static const char *unique_name(struct maker *maker, const struct out_class *in, uint32_t i)
{
	const char *base = member_name(maker, in->from, i), *name = base;

	for (uint32_t number = 2; name && *name && number < NAME_TRIES && is_taken(maker, in, i, name); number++)
		name = numbered(maker, base, number);
	return name;
}

/* ---- Can bits be copied? ---- */

static bool is_number(const struct ctf_class *class)
{
	return class->type <= CTF_FLOAT;
}

static bool number_stays(const struct ctf_rewrite *rewrite, const struct ctf_class *class)
{
	if (class->leb128)
		return rewrite->version == CTF_2;
	if (rewrite->version == CTF_1_8 && (class->reversed || (class->type == CTF_FLOAT && class->size < 32)))
		return false;
	/* What is of two byte orders in the source may get another neighbour, with which it must not share a byte. */
	return !rewrite->trace->strict;
}

static bool stays(const struct ctf_rewrite *rewrite, const struct ctf_class *class)
{
	if (is_number(class))
		return number_stays(rewrite, class);
	if (class->type == CTF_STRING || class->type == CTF_BLOB)
		return rewrite->version == CTF_2 || class->type == CTF_BLOB || class->encoding == CTF_UTF8;
	if (class->type == CTF_ARRAY && rewrite->version == CTF_1_8 && class->align != class->members->class->align)
		return false;
	for (uint32_t i = 0; i < class->n_members; i++)
		if (!stays(rewrite, class->members[i].class))
			return false;
	return true;
}

static uint32_t greatest_align(const struct ctf_class *class)
{
	uint32_t align = class->align;

	for (uint32_t i = 0; i < class->n_members; i++) {
		const uint32_t own = greatest_align(class->members[i].class);

		align = own > align ? own : align;
	}
	return align;
}

/* ---- Classes ---- */

static uint32_t packed_align(const struct ctf_class *class)
{
	return class->type == CTF_OPTIONAL || class->type == CTF_VARIANT ? 1 : 8;
}

static void set_number(const struct maker *maker, struct out_class *class)
{
	const struct ctf_class *from = class->from;

	class->size = from->size;
	class->big_endian = from->big_endian;
	if (!maker->packed) {
		class->reversed = from->reversed;
		class->leb128 = from->leb128;
		return;
	}
	if (from->leb128) {
		class->leb128 = maker->rewrite->version == CTF_2;
		class->size = 64;
	}
	class->widened = from->type == CTF_FLOAT && from->size == 16 && maker->rewrite->version == CTF_1_8;
	if (class->widened)
		class->size = 32;
}

static struct out_class *make(struct maker *maker, const struct ctf_class *from, const struct out_class *around, uint32_t index);

/* The first range that an option before the @n-th has in common with @range and that begins first; NULL: none. */
static const struct ctf_range *find_taken(const struct ctf_class *variant, uint32_t n, const struct ctf_range *range)
{
	const bool is_signed = variant->selector_signed;
	const struct ctf_range *found = NULL;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < variant->members[i].n_ranges; k++) {
			const struct ctf_range *taken = &variant->members[i].ranges[k];

			if (!model_is_less(range->last, taken->first, is_signed) &&
			    !model_is_less(taken->last, range->first, is_signed) &&
			    !model_is_less(taken->last, taken->first, is_signed) &&
			    (!found || model_is_less(taken->first, found->first, is_signed)))
				found = taken;
		}
	return found;
}

bool rewrite_take_piece(const struct ctf_class *variant, uint32_t n, struct ctf_range *left, struct ctf_range *ret)
{
	static const struct ctf_range nothing = {.first = 1, .last = 0};
	const bool is_signed = variant->selector_signed;

	while (!model_is_less(left->last, left->first, is_signed)) {
		const struct ctf_range *taken = find_taken(variant, n, left);
		const bool piece = !taken || model_is_less(left->first, taken->first, is_signed);

		*ret = (struct ctf_range){left->first, taken ? taken->first - 1 : left->last};
		if (!taken || !model_is_less(taken->last, left->last, is_signed))
			*left = nothing;
		else
			left->first = taken->last + 1;
		if (piece)
			return true;
	}
	return false;
}

/* Does any value of the selector select the option? */
static bool is_selected(const struct ctf_class *variant, uint32_t i)
{
	const struct ctf_member *option = &variant->members[i];

	for (uint32_t k = 0; k < option->n_ranges; k++) {
		struct ctf_range left = option->ranges[k], piece;

		if (rewrite_take_piece(variant, i, &left, &piece))
			return true;
	}
	return false;
}

/* Options that nothing selects have no words in CTF 2; but a variant must have one. */
static bool is_written(const struct maker *maker, const struct ctf_class *class, uint32_t i)
{
	if (class->type == CTF_STRUCT && maker->scope <= CTF_EVENT_HEADER)
		return is_kept(maker->rewrite, maker->scope, class->members[i].class);
	if (class->type != CTF_VARIANT || is_selected(class, i))
		return true;
	for (uint32_t k = 0; k < class->n_members; k++)
		if (is_selected(class, k))
			return false;
	return i == 0;
}

static bool make_members(struct maker *maker, struct out_class *class)
{
	const struct ctf_class *from = class->from;

	class->members = model_alloc(&maker->rewrite->memory, (from->n_members + 1) * sizeof(*class->members));
	if (!class->members)
		return false;
	for (uint32_t i = 0; i < from->n_members; i++) {
		struct out_member *member = &class->members[i];

		if (!is_written(maker, from, i))
			continue;
		if (from->type == CTF_STRUCT || from->type == CTF_VARIANT) {
			member->name = unique_name(maker, class, i);
			if (!member->name)
				return false;
		}
		member->class = make(maker, from->members[i].class, class, i);
		if (!member->class)
			return false;
	}
	return true;
}

static struct out_class *make(struct maker *maker, const struct ctf_class *from, const struct out_class *around, uint32_t index)
{
	struct out_class *class = model_alloc(&maker->rewrite->memory, sizeof(*class));

	if (!class)
		return NULL;
	class->from = from;
	class->around = around;
	class->index = index;
	class->scope = maker->scope;
	class->align = maker->packed ? packed_align(from) : from->align;
	if (is_number(from))
		set_number(maker, class);
	class->recoded = from->type == CTF_STRING && from->encoding != CTF_UTF8 && maker->rewrite->version == CTF_1_8;
	return make_members(maker, class) ? class : NULL;
}

/* NULL in *@ret: the source has no such scope. Return: false: no memory. */
static bool make_scope(struct ctf_rewrite *rewrite, enum ctf_scope scope, const struct ctf_class *from,
		       const struct rewrite_own *own, struct out_class **ret)
{
	struct maker maker = {.rewrite = rewrite, .scope = scope, .own = own};

	if (!from)
		return true;
	maker.packed = scope <= CTF_EVENT_HEADER || !stays(rewrite, from);
	*ret = make(&maker, from, NULL, 0);
	if (*ret)
		(*ret)->same = !maker.packed;
	return *ret;
}

static bool make_event(struct ctf_rewrite *rewrite, const struct out_stream *stream, const struct ctf_event_class *from,
		       struct out_event *event)
{
	const struct out_class *scopes[3];

	if (!make_scope(rewrite, CTF_SPECIFIC_CONTEXT, from->context, NULL, &event->context) ||
	    !make_scope(rewrite, CTF_PAYLOAD, from->payload, NULL, &event->payload))
		return false;
	scopes[0] = stream->event_context;
	scopes[1] = event->context;
	scopes[2] = event->payload;
	event->same = true;
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t align;

		if (!scopes[i])
			continue;
		align = greatest_align(scopes[i]->from);
		event->same &= scopes[i]->same;
		event->align = event->align ? event->align : scopes[i]->align;
		event->align_max = align > event->align_max ? align : event->align_max;
	}
	event->same &= event->align >= 8;
	return true;
}

static uint32_t bits_of(uint64_t value)
{
	return value ? 64 - (uint32_t)__builtin_clzll(value) : 0;
}

static bool make_stream(struct ctf_rewrite *rewrite, const struct ctf_stream_class *from, struct out_stream *stream)
{
	const uint64_t greatest = from->n_events ? from->events[from->n_events - 1]->id : 0;

	stream->from = from;
	stream->has_begin = has_role(from->packet_context, CTF_ROLE_CLOCK);
	stream->has_end = has_role(from->packet_context, CTF_ROLE_END_CLOCK);
	stream->id_bits = bits_of(greatest < UINT32_MAX ? greatest + 1 : greatest);
	stream->id_bits = stream->id_bits < 5 ? 5 : stream->id_bits > 12 ? 12 : stream->id_bits;
	stream->id_size = greatest > UINT32_MAX ? 64 : 32;
	stream->events = model_alloc(&rewrite->memory, (from->n_events + 1) * sizeof(*stream->events));
	if (!stream->events ||
	    !make_scope(rewrite, CTF_PACKET_CONTEXT, from->packet_context, rewrite_own_context, &stream->packet_context) ||
	    !make_scope(rewrite, CTF_EVENT_HEADER, from->event_header, own_record, &stream->event_header) ||
	    !make_scope(rewrite, CTF_COMMON_CONTEXT, from->event_context, NULL, &stream->event_context))
		return false;
	for (uint32_t i = 0; i < from->n_events; i++)
		if (!make_event(rewrite, stream, from->events[i], &stream->events[i]))
			return false;
	return true;
}

/* ---- References ---- */

struct out_scopes rewrite_scopes(const struct ctf_rewrite *rewrite, const struct out_stream *stream, const struct out_event *event)
{
	return (struct out_scopes){rewrite,
				   {rewrite->packet_header, stream ? stream->packet_context : NULL,
				    stream ? stream->event_header : NULL, stream ? stream->event_context : NULL,
				    event ? event->context : NULL, event ? event->payload : NULL}};
}

static const struct out_class *find_saved(const struct out_class *class, int32_t index)
{
	const struct out_class *found = NULL;

	if (!class || class->from->save == index)
		return class;
	for (uint32_t i = 0; i < class->from->n_members && !found; i++)
		found = class->members[i].class ? find_saved(class->members[i].class, index) : NULL;
	return found;
}

const struct out_class *rewrite_target(const struct out_scopes *scopes, int32_t index)
{
	const struct out_class *found = NULL;

	for (uint32_t i = 0; i < CTF_N_SCOPES && !found; i++)
		found = find_saved(scopes->roots[i], index);
	return found;
}

/* ---- Labels that options are selected by, for CTF 1.8 ---- */

struct ctf_range rewrite_domain(const struct out_class *class)
{
	const uint64_t bits = class->size >= 64 ? UINT64_MAX : ((uint64_t)1 << class->size) - 1;

	if (class->from->type == CTF_SINT)
		return (struct ctf_range){~(bits >> 1), bits >> 1};
	return (struct ctf_range){0, bits};
}

bool rewrite_is_less(const struct out_class *class, uint64_t a, uint64_t b)
{
	return model_is_less(a, b, class->from->type == CTF_SINT);
}

bool rewrite_clip(const struct out_class *class, const struct ctf_range *range, struct ctf_range *ret)
{
	const struct ctf_range domain = rewrite_domain(class);

	*ret = *range;
	if (rewrite_is_less(class, ret->first, domain.first))
		ret->first = domain.first;
	if (rewrite_is_less(class, domain.last, ret->last))
		ret->last = domain.last;
	return !rewrite_is_less(class, ret->last, ret->first);
}

static bool same_ranges(const struct ctf_range *a, uint32_t n_a, const struct ctf_range *b, uint32_t n_b)
{
	return n_a == n_b && (!n_a || !memcmp(a, b, n_a * sizeof(*a)));
}

/*
 * Only optionals are selected by booleans, whose labels are none of theirs. Return: -1: no such label; 0: it means something else;
 * 1: it means these ranges.
 */
static int find_label(const struct out_class *selector, const char *text, const struct ctf_range *ranges, uint32_t n)
{
	const struct ctf_class *from = selector->from;

	for (uint32_t i = 0; i < from->n_mappings; i++)
		if (!strcmp(from->mappings[i].label, text))
			return same_ranges(from->mappings[i].ranges, from->mappings[i].n_ranges, ranges, n);
	for (const struct out_label *label = selector->labels; label; label = label->next)
		if (!strcmp(label->text, text))
			return same_ranges(label->ranges, label->n_ranges, ranges, n);
	return -1;
}

static bool add_label(struct maker *maker, struct out_class *selector, const char *text, const struct ctf_range *ranges, uint32_t n)
{
	struct out_label *label = model_alloc(&maker->rewrite->memory, sizeof(*label));
	struct out_label **last = &selector->labels;

	if (!label)
		return false;
	*label = (struct out_label){NULL, text, n, ranges};
	while (*last)
		last = &(*last)->next;
	*last = label;
	return true;
}

static bool is_option(const struct maker *maker, const struct out_class *variant, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (variant->members[i].name && are_same(maker, variant->members[i].name, name))
			return true;
	return false;
}

/* A name for option @i, which the selector has as a label for just these ranges; its own, if that can be. */
static bool label_option(struct maker *maker, struct out_class *variant, uint32_t i, const char *wanted, struct out_class *selector,
			 const struct ctf_range *ranges, uint32_t n)
{
	const char *plain = rewrite_is_plain(wanted) && wanted[0] != '_' ? wanted : underscored(maker, wanted);
	const char *base = underscored(maker, wanted), *name = plain;
	int found = 0;

	/* What was an option of TSDL has lost the '_' that its label still has. */
	if (base && find_label(selector, base, ranges, n) > 0)
		name = base;
	for (uint32_t number = 1; name && base && number < NAME_TRIES; number++) {
		found = is_option(maker, variant, i, name) ? 0 : find_label(selector, name, ranges, n);
		if (found)
			break;
		name = number == 1 ? base : numbered(maker, base, number);
	}
	variant->members[i].name = name;
	return name && base && (found > 0 || add_label(maker, selector, name, ranges, n));
}

/* What of the selector's domain is in none of the ranges; at most one more than they are. */
static struct ctf_range *complement(struct maker *maker, const struct out_class *selector, const struct ctf_range *ranges,
				    uint32_t n, uint32_t *ret_n)
{
	const struct ctf_range domain = rewrite_domain(selector);
	struct ctf_range *rest = model_alloc(&maker->rewrite->memory, (n + 1) * sizeof(*rest));
	uint64_t from = domain.first;

	*ret_n = 0;
	while (rest) {
		const struct ctf_range *next = NULL;

		/* The range that holds @from, else the nearest one behind. */
		for (uint32_t i = 0; i < n; i++) {
			if (rewrite_is_less(selector, ranges[i].last, from) ||
			    rewrite_is_less(selector, ranges[i].last, ranges[i].first))
				continue;
			if (!next || rewrite_is_less(selector, ranges[i].first, next->first))
				next = &ranges[i];
		}
		if (!next || rewrite_is_less(selector, domain.last, next->first)) {
			rest[(*ret_n)++] = (struct ctf_range){from, domain.last};
			return rest;
		}
		if (rewrite_is_less(selector, from, next->first))
			rest[(*ret_n)++] = (struct ctf_range){from, next->first - 1};
		if (!rewrite_is_less(selector, next->last, domain.last))
			return rest;
		from = next->last + 1;
	}
	return NULL;
}

static bool selects_any(const struct out_class *selector, const struct ctf_range *ranges, uint32_t n)
{
	struct ctf_range clipped;

	for (uint32_t i = 0; i < n; i++)
		if (rewrite_clip(selector, &ranges[i], &clipped))
			return true;
	return false;
}

/* As a variant; what is never there, or always, has no option for it. */
static bool label_optional(struct maker *maker, struct out_class *class, struct out_class *selector)
{
	const struct ctf_member *content = class->from->members;
	const bool of_true = !content->n_ranges;
	struct ctf_range *truth = model_alloc(&maker->rewrite->memory, sizeof(*truth)), *rest;
	uint32_t n_rest, n = of_true ? 1 : content->n_ranges;
	const struct ctf_range *ranges;

	if (!truth)
		return false;
	*truth = (struct ctf_range){1, rewrite_domain(selector).last};
	ranges = of_true ? truth : content->ranges;
	rest = complement(maker, selector, ranges, n, &n_rest);
	if (!selects_any(selector, ranges, n))
		class->members[0].class = NULL;
	return rest && (!class->members[0].class || label_option(maker, class, 0, "some", selector, ranges, n)) &&
	       (!n_rest || label_option(maker, class, 1, "none", selector, rest, n_rest));
}

static uint32_t count_saved(const struct out_class *class, int32_t index)
{
	uint32_t n = class && class->from->save == index;

	for (uint32_t i = 0; class && i < class->from->n_members; i++)
		n += count_saved(class->members[i].class, index);
	return n;
}

/* A way of TSDL through a variant names one option. */
static bool is_sayable(struct maker *maker, const struct out_scopes *scopes, const struct out_class *class)
{
	const struct out_class *structure = class;
	uint32_t n = 0;

	if (class->from->source < 0)
		return true;
	for (uint32_t i = 0; i < CTF_N_SCOPES; i++)
		n += count_saved(scopes->roots[i], class->from->source);
	if (n == 1)
		return true;
	while (structure->around && structure->around->from->type != CTF_STRUCT)
		structure = structure->around;
	return model_error(&maker->rewrite->memory, 0, 0,
			   "CTF 1.8 has no words for the length or selector of \"%s\", which may be in any of several options",
			   structure->around ? structure->around->members[structure->index].name : "a scope");
}

static bool label_class(struct maker *maker, const struct out_scopes *scopes, struct out_class *class)
{
	struct out_class *selector = NULL;
	const struct ctf_class *from;

	if (!class)
		return true;
	from = class->from;
	if (!is_sayable(maker, scopes, class))
		return false;
	if (from->type == CTF_VARIANT || from->type == CTF_OPTIONAL)
		selector = (struct out_class *)(uintptr_t)rewrite_target(scopes, from->source);
	if (selector && from->type == CTF_OPTIONAL && !label_optional(maker, class, selector))
		return false;
	for (uint32_t i = 0; selector && from->type == CTF_VARIANT && i < from->n_members; i++)
		if (class->members[i].class &&
		    !label_option(maker, class, i, from->members[i].name ? from->members[i].name : "option", selector,
				  from->members[i].ranges, from->members[i].n_ranges))
			return false;
	for (uint32_t i = 0; i < from->n_members; i++)
		if (!label_class(maker, scopes, class->members[i].class))
			return false;
	return true;
}

/* Variants of TSDL have their labels already. */
static bool add_labels(struct ctf_rewrite *rewrite)
{
	struct maker maker = {.rewrite = rewrite};
	struct out_scopes scopes = rewrite_scopes(rewrite, NULL, NULL);

	if (rewrite->version != CTF_1_8 || rewrite->trace->major == 1)
		return true;
	if (!label_class(&maker, &scopes, rewrite->packet_header))
		return false;
	for (uint32_t i = 0; i < rewrite->trace->n_streams; i++) {
		struct out_stream *stream = &rewrite->streams[i];

		scopes = rewrite_scopes(rewrite, stream, NULL);
		if (!label_class(&maker, &scopes, stream->packet_context) || !label_class(&maker, &scopes, stream->event_header) ||
		    !label_class(&maker, &scopes, stream->event_context))
			return false;
		for (uint32_t k = 0; k < stream->from->n_events; k++) {
			scopes = rewrite_scopes(rewrite, stream, &stream->events[k]);
			if (!label_class(&maker, &scopes, stream->events[k].context) ||
			    !label_class(&maker, &scopes, stream->events[k].payload))
				return false;
		}
	}
	return true;
}

/* ---- The whole ---- */

const char *rewrite_clock_name(const struct ctf_rewrite *rewrite, const struct ctf_clock *clock)
{
	for (uint32_t i = 0; i < rewrite->trace->n_clocks; i++)
		if (rewrite->trace->clocks[i] == clock)
			return rewrite->clocks[i];
	return NULL;
}

static bool name_clocks(struct ctf_rewrite *rewrite)
{
	const struct ctf_trace *trace = rewrite->trace;

	rewrite->clocks = model_alloc(&rewrite->memory, (trace->n_clocks + 1) * sizeof(*rewrite->clocks));
	for (uint32_t i = 0; rewrite->clocks && i < trace->n_clocks; i++) {
		const size_t room = CTF_NAME_SIZE + 16;
		char *name = model_alloc(&rewrite->memory, room);

		if (!name)
			return false;
		ctf_identifier(name, trace->clocks[i]->name ? trace->clocks[i]->name : "default");
		if (!rewrite_is_plain(name))
			strcpy(name, "clock_");
		for (uint32_t k = 0; k < i; k++)
			if (!strcmp(rewrite->clocks[k], name)) {
				snprintf(name + strlen(name), 16, "_%u", i + 1);
				k = UINT32_MAX;
			}
		rewrite->clocks[i] = name;
	}
	return rewrite->clocks;
}

static bool make_all(struct ctf_rewrite *rewrite)
{
	const struct ctf_trace *trace = rewrite->trace;

	rewrite->has_stream_id = has_role(trace->packet_header, CTF_ROLE_STREAM_ID);
	rewrite->used = model_alloc(&rewrite->memory, trace->n_saves + 1);
	rewrite->streams = model_alloc(&rewrite->memory, (trace->n_streams + 1) * sizeof(*rewrite->streams));
	if (!rewrite->used || !rewrite->streams || !name_clocks(rewrite))
		return false;
	find_used(rewrite);
	if (!make_scope(rewrite, CTF_PACKET_HEADER, trace->packet_header, rewrite_own_header, &rewrite->packet_header))
		return false;
	for (uint32_t i = 0; i < trace->n_streams; i++)
		if (!make_stream(rewrite, trace->streams[i], &rewrite->streams[i]))
			return false;
	return add_labels(rewrite);
}

struct ctf_rewrite *ctf_rewrite_new(const struct ctf_trace *trace, enum ctf_version version, struct ctf_error *ret_error)
{
	struct ctf_rewrite *rewrite = calloc(1, sizeof(*rewrite));

	*ret_error = (struct ctf_error){.text = "out of memory"};
	ret_error->what = ret_error->text;
	if (!rewrite)
		return NULL;
	model_init(&rewrite->memory, trace->dir, ret_error);
	rewrite->trace = trace;
	rewrite->version = version;
	if (make_all(rewrite))
		return rewrite;
	ctf_rewrite_free(rewrite);
	return NULL;
}

void ctf_rewrite_free(struct ctf_rewrite *rewrite)
{
	if (!rewrite)
		return;
	model_lists_free(&rewrite->memory);
	arena_free(&rewrite->memory.arena);
	free(rewrite);
}

int ctf_rewrite_metadata(const struct ctf_rewrite *rewrite, FILE *out)
{
	return rewrite->version == CTF_2 ? rewrite_write_json(rewrite, out) : rewrite_write_tsdl(rewrite, out);
}
