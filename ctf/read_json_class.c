/* SPDX-License-Identifier: MIT */
/*
 * read_json_class.c - field classes of CTF 2.
 *
 * One function reads one group of properties; the table of kinds says which properties a kind has and which function reads them.
 * What depends on other fields (where a length or selector is, what it is) is only noted here.
 *
 * An alias is a class like others, read once in no scope and copied for each use. What it could not be asked there (does this scope
 * know that role?) is asked of the copy.
 */
#include "ctf/read_json.h"

#include <stdlib.h>
#include <string.h>

struct class_kind {
	const char *name;
	enum ctf_type type;
	uint64_t required;
	uint64_t optional;
	bool (*read)(struct json_reader *r, struct model_class *class, const struct json_properties *p);
};

/* ---- Words ---- */

const char *const json_origins[] = {
	[CTF_PACKET_HEADER] = "packet-header",
	[CTF_PACKET_CONTEXT] = "packet-context",
	[CTF_EVENT_HEADER] = "event-record-header",
	[CTF_COMMON_CONTEXT] = "event-record-common-context",
	[CTF_SPECIFIC_CONTEXT] = "event-record-specific-context",
	[CTF_PAYLOAD] = "event-record-payload",
	NULL,
};

const char *const json_encodings[] = {
	[CTF_UTF8] = "utf-8",       [CTF_UTF16LE] = "utf-16le", [CTF_UTF16BE] = "utf-16be",
	[CTF_UTF32LE] = "utf-32le", [CTF_UTF32BE] = "utf-32be", NULL,
};

/* ---- Roles ---- */

#define SCOPE(name) (1u << CTF_##name)

static const struct {
	const char *name;
	enum ctf_role role;
	uint32_t scopes;
	bool blob; /* on a BLOB; others are on unsigned integers */
} roles[] = {
	{"packet-magic-number", CTF_ROLE_MAGIC, SCOPE(PACKET_HEADER), false},
	{"metadata-stream-uuid", CTF_ROLE_UUID, SCOPE(PACKET_HEADER), true},
	{"data-stream-class-id", CTF_ROLE_STREAM_CLASS_ID, SCOPE(PACKET_HEADER), false},
	{"data-stream-id", CTF_ROLE_STREAM_ID, SCOPE(PACKET_HEADER), false},
	{"packet-total-length", CTF_ROLE_PACKET_SIZE, SCOPE(PACKET_CONTEXT), false},
	{"packet-content-length", CTF_ROLE_CONTENT_SIZE, SCOPE(PACKET_CONTEXT), false},
	{"default-clock-timestamp", CTF_ROLE_CLOCK, SCOPE(PACKET_CONTEXT) | SCOPE(EVENT_HEADER), false},
	{"packet-end-default-clock-timestamp", CTF_ROLE_END_CLOCK, SCOPE(PACKET_CONTEXT), false},
	{"discarded-event-record-counter-snapshot", CTF_ROLE_DISCARDED, SCOPE(PACKET_CONTEXT), false},
	{"packet-sequence-number", CTF_ROLE_SEQUENCE, SCOPE(PACKET_CONTEXT), false},
	{"event-record-class-id", CTF_ROLE_EVENT_ID, SCOPE(EVENT_HEADER), false},
};

#define N_ROLES (sizeof(roles) / sizeof(roles[0]))

const char *json_role(uint32_t role)
{
	uint32_t i = 0;

	while (roles[i].role != role)
		i++;
	return roles[i].name;
}

static const char *const scope_names[CTF_N_SCOPES + 1] = {
	[CTF_PACKET_HEADER] = "packet header",
	[CTF_PACKET_CONTEXT] = "packet context",
	[CTF_EVENT_HEADER] = "event record header",
	[CTF_COMMON_CONTEXT] = "event record common context",
	[CTF_SPECIFIC_CONTEXT] = "event record specific context",
	[CTF_PAYLOAD] = "event record payload",
};

/* What is wrong with a role of a class in its place; NULL: nothing. @depth and @first: see struct json_reader. */
static const char *role_problem(const struct json_reader *r, enum ctf_role role, const struct ctf_class *class, uint32_t depth,
				bool first)
{
	if (role == CTF_ROLE_MAGIC && (class->leb128 || class->size != 32))
		return "needs a fixed-length integer of 32 bits";
	if (role == CTF_ROLE_UUID && class->count != 16)
		return "needs a length of 16 bytes";
	if (r->scope == CTF_N_SCOPES)
		return NULL;
	if (role == CTF_ROLE_MAGIC && (depth != 1 || !first))
		return "must be the first member of the packet header";
	if (role == CTF_ROLE_UUID && !r->model->trace.has_uuid)
		return "needs a \"uuid\" in the preamble";
	if (role & (CTF_ROLE_CLOCK | CTF_ROLE_END_CLOCK) && !r->has_clock)
		return "needs a \"default-clock-class-id\" in the data-stream-class";
	return NULL;
}

/* @value: where to report it. */
static bool check_role(struct json_reader *r, struct json_value value, uint32_t index, const struct ctf_class *class,
		       uint32_t depth, bool first)
{
	const char *problem;

	if (r->scope != CTF_N_SCOPES && !(roles[index].scopes & 1u << r->scope))
		return json_error(r, value, "role \"%s\" has no meaning in the %s", roles[index].name, scope_names[r->scope]);
	problem = role_problem(r, roles[index].role, class, depth, first);
	if (problem)
		return json_error(r, value, "role \"%s\" %s", roles[index].name, problem);
	return true;
}

static bool read_role(struct json_reader *r, struct model_class *class, struct json_value value)
{
	const bool blob = class->pub.type == CTF_BLOB;
	const char *name = json_peek_text(r, value);
	uint32_t i = 0;

	if (!name)
		return false;
	while (i < N_ROLES && strcmp(name, roles[i].name))
		i++;
	if (i == N_ROLES)
		return json_error(r, value, "there is no role \"%s\"", name);
	if (roles[i].blob != blob)
		return json_error(r, value, "role \"%s\" is not for %s", roles[i].name, blob ? "BLOBs" : "integers");
	class->pub.roles |= roles[i].role;
	return check_role(r, value, i, &class->pub, r->depth, r->first);
}

static bool read_roles(struct json_reader *r, struct model_class *class, struct json_value value)
{
	struct json_walk walk;

	if (!json_is_absent(value) && !json_type_is(r, value, json_type_array))
		return false;
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);)
		if (!read_role(r, class, walk.value))
			return false;
	return true;
}

/* ---- Ranges ---- */

/* A range as it is written: whether it is of signed numbers is not known yet, or does not matter. */
struct wide_range {
	struct json_integer first;
	struct json_integer last;
	uint32_t at; /* the place of it */
	uint32_t owner;
};

static int compare(struct json_integer a, struct json_integer b)
{
	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	if (a.magnitude == b.magnitude)
		return 0;
	return (a.magnitude < b.magnitude) == a.negative ? 1 : -1;
}

static bool read_range(struct json_reader *r, struct json_value value, struct wide_range *range)
{
	struct json_integer bounds[2] = {0};
	struct json_walk walk;

	if (!json_type_is(r, value, json_type_array))
		return false;
	if (r->fragment.places[value.at].count != 2)
		return json_error(r, value, "a range has two integers, the first and the last value; here are %u",
				  r->fragment.places[value.at].count);
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);)
		if (!json_get_integer(r, walk.value, &bounds[walk.index]))
			return false;
	if (compare(bounds[0], bounds[1]) > 0)
		return json_error(r, value, "the first value of a range must not be greater than the last");
	*range = (struct wide_range){.first = bounds[0], .last = bounds[1], .at = value.at};
	return true;
}

/* @ret_ranges: in the arena. */
static bool read_ranges(struct json_reader *r, struct json_value value, struct wide_range **ret_ranges, uint32_t *ret_n)
{
	const uint32_t n = r->fragment.places[value.at].count;
	struct wide_range *ranges;
	struct json_walk walk;

	if (!json_type_is(r, value, json_type_array))
		return false;
	if (!n)
		return json_error(r, value, "there must be a range at least");
	ranges = model_alloc(r->model, n * sizeof(*ranges));
	if (!ranges)
		return false;
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);)
		if (!read_range(r, walk.value, &ranges[walk.index]))
			return false;
	*ret_ranges = ranges;
	*ret_n = n;
	return true;
}

/* Make ranges of signed or unsigned numbers; what is beyond these is cut off, and what is all beyond is left out. */
static bool narrow_ranges(struct json_reader *r, const struct wide_range *wide, uint32_t n_wide, bool is_signed, uint64_t max,
			  const struct ctf_range **ret, uint32_t *ret_n)
{
	const struct json_integer least = {.negative = is_signed, .magnitude = is_signed ? (uint64_t)1 << 63 : 0};
	const struct json_integer most = {.magnitude = max};
	struct ctf_range *ranges = model_alloc(r->model, n_wide * sizeof(*ranges));
	uint32_t n = 0;

	if (!ranges)
		return false;
	for (uint32_t i = 0; i < n_wide; i++) {
		const struct json_integer first = compare(wide[i].first, least) < 0 ? least : wide[i].first;
		const struct json_integer last = compare(wide[i].last, most) > 0 ? most : wide[i].last;

		if (compare(first, last) > 0)
			continue;
		ranges[n].first = first.negative ? 0 - first.magnitude : first.magnitude;
		ranges[n++].last = last.negative ? 0 - last.magnitude : last.magnitude;
	}
	*ret = ranges;
	*ret_n = n;
	return true;
}

static bool read_mapping(struct json_reader *r, const struct ctf_class *class, const struct json_walk *walk,
			 struct ctf_mapping *mapping)
{
	const bool is_signed = class->type == CTF_SINT;
	const uint64_t max = class->type == CTF_BITMAP ? class->size - 1 : is_signed ? INT64_MAX : UINT64_MAX;
	struct wide_range *ranges;
	uint32_t n;

	mapping->label = model_text(r->model, walk->key, strlen(walk->key));
	return mapping->label && read_ranges(r, walk->value, &ranges, &n) &&
	       narrow_ranges(r, ranges, n, is_signed, max, &mapping->ranges, &mapping->n_ranges);
}

/* Of values of an integer, or of bits of a bit map. */
static bool read_mappings(struct json_reader *r, struct model_class *class, struct json_value value)
{
	struct ctf_mapping *mappings;
	struct json_walk walk;

	if (json_is_absent(value))
		return true;
	if (!json_type_is(r, value, json_type_object))
		return false;
	class->pub.n_mappings = r->fragment.places[value.at].count;
	class->pub.mappings = mappings = model_alloc(r->model, class->pub.n_mappings * sizeof(*mappings));
	if (!mappings)
		return false;
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);)
		if (!read_mapping(r, &class->pub, &walk, &mappings[walk.index]))
			return false;
	return true;
}

/* ---- Field locations ---- */

/* A null leads out of what the name before it led into: both are as nothing. Only leading ones stay. */
static void shorten_path(struct model_ref *ref)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ref->n; i++) {
		if (!ref->path[i] && n && ref->path[n - 1])
			n--;
		else
			ref->path[n++] = ref->path[i];
	}
	ref->n = n;
}

static bool read_path(struct json_reader *r, struct json_value value, struct model_ref *ref)
{
	struct json_walk walk;

	if (!json_type_is(r, value, json_type_array))
		return false;
	ref->n = r->fragment.places[value.at].count;
	if (!ref->n)
		return json_error(r, value, "the path of a field location must not be empty");
	ref->path = model_alloc(r->model, ref->n * sizeof(*ref->path));
	if (!ref->path)
		return false;
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);) {
		const bool last = walk.index + 1 == ref->n;

		if (!walk.value.json && last)
			return json_error(r, walk.value, "the path of a field location must end with a name, not with null");
		if (walk.value.json && !json_get_text(r, walk.value, &ref->path[walk.index]))
			return false;
	}
	shorten_path(ref);
	return true;
}

static bool read_location(struct json_reader *r, struct model_class *class, struct json_value value)
{
	const struct json_place *place = &r->fragment.places[value.at];
	struct json_properties p;
	uint32_t scope = 0;

	class->ref = model_alloc(r->model, sizeof(*class->ref));
	if (!class->ref || !json_get_properties(r, value, P(PATH), P(ORIGIN), &p))
		return false;
	class->ref->origin = json_is_absent(p.is[PROPERTY_ORIGIN]) ? REF_RELATIVE : REF_SCOPE;
	class->ref->line = place->line;
	class->ref->column = place->column;
	if (!json_get_word(r, p.is[PROPERTY_ORIGIN], json_origins, &scope))
		return false;
	class->ref->scope = (enum ctf_scope)scope;
	return read_path(r, p.is[PROPERTY_PATH], class->ref);
}

/* ---- Numbers ---- */

static bool read_alignment(struct json_reader *r, struct json_value value, uint64_t *ret)
{
	uint64_t align = *ret;

	if (!json_get_uint(r, value, 1, UINT64_MAX, &align))
		return false;
	if (align & (align - 1))
		return json_wrong(r, value, "a power of two");
	if (align > CTF_ALIGN_MAX)
		return json_error(r, value, "alignments of more than %u bits are not supported", CTF_ALIGN_MAX);
	*ret = align;
	return true;
}

static bool too_long(struct json_reader *r, struct json_value length, const char *what)
{
	const char *field = r->field ? r->field : "";

	return json_error(r, length, "field \"%s\": %s are not supported", field, what);
}

static bool read_size(struct json_reader *r, struct model_class *class, struct json_value value)
{
	uint64_t length = 0;

	if (!json_get_uint(r, value, 1, UINT64_MAX, &length))
		return false;
	if (class->pub.type == CTF_FLOAT) {
		if (length != 16 && length != 32 && length != 64 && (length < 128 || length % 32))
			return json_wrong(r, value, "16, 32, 64, 128, or a greater multiple of 32");
		if (length > 64)
			return too_long(r, value, "floating-point numbers of more than 64 bits");
	}
	if (length > 64)
		return too_long(r, value, "numbers of more than 64 bits");
	class->pub.size = (uint32_t)length;
	return true;
}

/* What all fixed-length numbers have. */
static bool read_fixed(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	static const char *const byte_orders[] = {"little-endian", "big-endian", NULL};
	static const char *const bit_orders[] = {"first-to-last", "last-to-first", NULL};
	uint64_t align = 1;
	uint32_t byte_order = 0, bit_order;

	if (!read_size(r, class, p->is[PROPERTY_LENGTH]) || !json_get_word(r, p->is[PROPERTY_BYTE_ORDER], byte_orders, &byte_order))
		return false;
	bit_order = byte_order;
	if (!json_get_word(r, p->is[PROPERTY_BIT_ORDER], bit_orders, &bit_order) ||
	    !read_alignment(r, p->is[PROPERTY_ALIGNMENT], &align))
		return false;
	class->pub.big_endian = byte_order;
	class->pub.reversed = bit_order != byte_order;
	class->pub.align = (uint32_t)align;
	return true;
}

static bool read_bit_map(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	const struct json_value flags = p->is[PROPERTY_FLAGS];

	if (!read_fixed(r, class, p) || !read_mappings(r, class, flags))
		return false;
	return class->pub.n_mappings ? true : json_error(r, flags, "there must be a flag at least");
}

/* What integers of fixed and of variable length have. */
static bool read_integer(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	const struct json_value value = p->is[PROPERTY_BASE];
	uint64_t base = 0;

	if (!json_get_uint(r, value, 2, 16, &base))
		return false;
	if (base && base != 2 && base != 8 && base != 10 && base != 16)
		return json_wrong(r, value, "2, 8, 10 or 16");
	class->pub.base = (uint8_t)base;
	if (!read_mappings(r, class, p->is[PROPERTY_MAPPINGS]))
		return false;
	class->pub.is_enum = class->pub.n_mappings; /* none is the default */
	return read_roles(r, class, p->is[PROPERTY_ROLES]);
}

static bool read_fixed_integer(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	return read_fixed(r, class, p) && read_integer(r, class, p);
}

static bool read_variable_integer(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	class->pub.leb128 = true;
	class->pub.size = 64;
	class->pub.align = 8;
	return read_integer(r, class, p);
}

/* ---- Strings, BLOBs, arrays ---- */

/* Either a length or the location of one; strings may have neither. */
static bool read_length(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	const struct json_value length = p->is[PROPERTY_LENGTH], location = p->is[PROPERTY_LENGTH_LOCATION];
	const uint64_t most = class->pub.type == CTF_ARRAY ? CTF_STATIC_MAX : CTF_STATIC_MAX / 8;

	if (json_is_absent(length) && json_is_absent(location)) {
		class->pub.length = CTF_ENDED;
		return true;
	}
	if (!json_is_absent(location)) {
		class->pub.length = CTF_DYNAMIC;
		return read_location(r, class, location);
	}
	class->pub.length = CTF_STATIC;
	if (!json_get_uint(r, length, 0, UINT64_MAX, &class->pub.count))
		return false;
	if (class->pub.count > most)
		return json_error(r, length, "lengths of more than %llu are not supported", (unsigned long long)most);
	return true;
}

static bool read_string(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	uint32_t encoding = CTF_UTF8;

	if (!json_get_word(r, p->is[PROPERTY_ENCODING], json_encodings, &encoding))
		return false;
	class->pub.encoding = (enum ctf_encoding)encoding;
	class->pub.align = 8;
	return read_length(r, class, p);
}

static bool read_blob(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	class->pub.align = 8;
	return read_length(r, class, p) && json_get_text(r, p->is[PROPERTY_MEDIA_TYPE], &class->pub.media_type) &&
	       read_roles(r, class, p->is[PROPERTY_ROLES]);
}

/* ---- Compounds ---- */

static struct ctf_member *new_members(struct json_reader *r, struct model_class *class, uint32_t n)
{
	struct ctf_member *members = model_alloc(r->model, n * sizeof(*members));

	class->pub.n_members = n;
	class->pub.members = members;
	return members;
}

/* The class of a member, an option, an element or a content. */
static bool read_inner(struct json_reader *r, struct ctf_member *member, struct json_value value, bool first)
{
	struct model_class *class;
	bool good;

	if (r->depth == CTF_DEPTH_MAX)
		return json_error(r, value, "field classes nested more than %u deep are not supported", CTF_DEPTH_MAX);
	r->depth++;
	r->first = first;
	good = json_read_class(r, value, &class);
	r->depth--;
	if (good)
		member->class = &class->pub;
	return good;
}

static bool read_array(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	struct ctf_member *element = new_members(r, class, 1);

	return element && read_length(r, class, p) && read_alignment(r, p->is[PROPERTY_MINIMUM_ALIGNMENT], &class->min_align) &&
	       read_inner(r, element, p->is[PROPERTY_ELEMENT_FIELD_CLASS], false);
}

/* A member of a structure or an option of a variant: @p has its name, class and attributes. */
static bool read_member(struct json_reader *r, struct ctf_member *member, const struct json_properties *p, bool first)
{
	const char *around = r->field;
	bool good;

	if (!json_get_text(r, p->is[PROPERTY_NAME], &member->name) ||
	    !json_get_attributes(r, p->is[PROPERTY_ATTRIBUTES], &member->attributes) ||
	    !json_check_extensions(r, p->is[PROPERTY_EXTENSIONS]))
		return false;
	if (member->name)
		r->field = member->name;
	good = read_inner(r, member, p->is[PROPERTY_FIELD_CLASS], first);
	r->field = around;
	return good;
}

/* No two members of a structure, or options of a variant, have the same name. */
static bool check_name(struct json_reader *r, struct lh_table **names, struct json_value value, struct ctf_member *member)
{
	void *had = NULL;

	if (member->name && !json_name_add(r, names, member->name, member, &had))
		return false;
	return had ? json_error(r, value, "there is another \"%s\" before this one", member->name) : true;
}

static bool read_members(struct json_reader *r, struct model_class *class, struct json_value value, struct lh_table **names)
{
	struct ctf_member *members = new_members(r, class, r->fragment.places[value.at].count);
	struct json_properties p;
	struct json_walk walk;

	if (!members)
		return false;
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);) {
		struct ctf_member *member = &members[walk.index];

		if (!json_get_properties(r, walk.value, P(NAME) | P(FIELD_CLASS), P_COMMON, &p) ||
		    !read_member(r, member, &p, !walk.index) || !check_name(r, names, p.is[PROPERTY_NAME], member))
			return false;
	}
	return true;
}

static bool read_structure(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	const struct json_value value = p->is[PROPERTY_MEMBER_CLASSES];
	struct lh_table *names = NULL;
	bool good;

	if (!read_alignment(r, p->is[PROPERTY_MINIMUM_ALIGNMENT], &class->min_align))
		return false;
	if (json_is_absent(value))
		return true;
	good = json_type_is(r, value, json_type_array) && read_members(r, class, value, &names);
	if (names)
		lh_table_free(names);
	return good;
}

/*
 * The selector's class is not known yet: ranges are of signed numbers if one bound is negative. model_finish() makes them what the
 * selector is.
 */
static bool set_selector_ranges(struct json_reader *r, struct model_class *class, struct json_value value, struct wide_range *wide,
				uint32_t n, struct ctf_member *member)
{
	const bool is_signed = class->pub.selector_signed;

	for (uint32_t i = 0; is_signed && i < n; i++)
		if (!wide[i].last.negative && wide[i].last.magnitude > INT64_MAX)
			return json_error(r, value, "ranges with values below 0 and values above %lld, together, are not supported",
					  (long long)INT64_MAX);
	return narrow_ranges(r, wide, n, is_signed, is_signed ? INT64_MAX : UINT64_MAX, &member->ranges, &member->n_ranges);
}

static bool any_negative(const struct wide_range *ranges, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (ranges[i].first.negative)
			return true;
	return false;
}

static bool read_optional(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	struct ctf_member *content = new_members(r, class, 1);
	const struct json_value value = p->is[PROPERTY_SELECTOR_RANGES];
	struct wide_range *ranges;
	uint32_t n;

	if (!content || !read_location(r, class, p->is[PROPERTY_SELECTOR_LOCATION]))
		return false;
	if (!json_is_absent(value)) {
		if (!read_ranges(r, value, &ranges, &n))
			return false;
		class->pub.selector_signed = any_negative(ranges, n);
		if (!set_selector_ranges(r, class, value, ranges, n, content))
			return false;
	}
	return read_inner(r, content, p->is[PROPERTY_FIELD_CLASS], false);
}

static int by_first(const void *a, const void *b)
{
	const struct wide_range *x = a, *y = b;
	const int order = compare(x->first, y->first);

	return order ? order : x->at < y->at ? -1 : 1;
}

/* Ranges of different options must not overlap. @ranges: of all options; sorted. */
static bool check_overlap(struct json_reader *r, struct wide_range *ranges, uint32_t n)
{
	const struct wide_range *farthest = ranges; /* of those before, the one that reaches most far */

	qsort(ranges, n, sizeof(*ranges), by_first);
	for (uint32_t i = 1; i < n; i++) {
		const struct wide_range *range = &ranges[i];

		if (range->owner != farthest->owner && compare(range->first, farthest->last) <= 0) {
			const uint32_t later = range->at > farthest->at ? range->at : farthest->at;

			return json_error(r, (struct json_value){.at = later}, "ranges of options %u and %u overlap",
					  range->owner < farthest->owner ? range->owner : farthest->owner,
					  range->owner < farthest->owner ? farthest->owner : range->owner);
		}
		if (compare(range->last, farthest->last) > 0)
			farthest = range;
	}
	return true;
}

/* An option, without its ranges. */
static bool read_option(struct json_reader *r, struct json_walk *walk, struct ctf_member *option, struct lh_table **names,
			struct json_value *ret_ranges)
{
	const uint64_t required = P(FIELD_CLASS) | P(SELECTOR_RANGES), optional = P(NAME) | P_COMMON;
	struct json_properties p;

	if (!json_get_properties(r, walk->value, required, optional, &p) || !read_member(r, option, &p, false))
		return false;
	*ret_ranges = p.is[PROPERTY_SELECTOR_RANGES];
	return check_name(r, names, p.is[PROPERTY_NAME], option);
}

/* How many ranges all options have, at most. */
static uint32_t count_ranges(const struct json_reader *r, struct json_value options)
{
	struct json_walk walk;
	uint32_t n = 0;

	for (json_walk_init(&walk, options); json_walk_next(r, &walk);) {
		const struct json_value ranges = json_get(r, walk.value, "selector-field-ranges");

		n += json_is_absent(ranges) ? 0 : r->fragment.places[ranges.at].count;
	}
	return n;
}

/* Read the ranges of all options, one after the other, and give them to the options. */
static bool read_option_ranges(struct json_reader *r, struct model_class *class, const struct json_value *values,
			       struct ctf_member *options, struct wide_range *all)
{
	const uint32_t n_options = class->pub.n_members;
	uint32_t n = 0, count;

	for (uint32_t i = 0; i < n_options; i++) {
		struct wide_range *ranges;

		if (!read_ranges(r, values[i], &ranges, &count))
			return false;
		for (uint32_t k = 0; k < count; k++) {
			ranges[k].owner = i;
			all[n++] = ranges[k];
		}
	}
	class->pub.selector_signed = any_negative(all, n);
	for (uint32_t i = 0, at = 0; i < n_options; i++, at += count) {
		count = r->fragment.places[values[i].at].count;
		if (!set_selector_ranges(r, class, values[i], all + at, count, &options[i]))
			return false;
	}
	return check_overlap(r, all, n);
}

static bool read_options(struct json_reader *r, struct model_class *class, struct json_value value, struct lh_table **names)
{
	const uint32_t n = r->fragment.places[value.at].count;
	struct json_value *ranges = model_alloc(r->model, n * sizeof(*ranges));
	struct wide_range *all = model_alloc(r->model, count_ranges(r, value) * sizeof(*all));
	struct ctf_member *options = new_members(r, class, n);
	struct json_walk walk;

	if (!ranges || !all || !options)
		return false;
	for (json_walk_init(&walk, value); json_walk_next(r, &walk);)
		if (!read_option(r, &walk, &options[walk.index], names, &ranges[walk.index]))
			return false;
	return read_option_ranges(r, class, ranges, options, all);
}

static bool read_variant(struct json_reader *r, struct model_class *class, const struct json_properties *p)
{
	const struct json_value options = p->is[PROPERTY_OPTIONS];
	struct lh_table *names = NULL;
	bool good;

	if (!read_location(r, class, p->is[PROPERTY_SELECTOR_LOCATION]) || !json_type_is(r, options, json_type_array))
		return false;
	if (!r->fragment.places[options.at].count)
		return json_error(r, options, "there must be an option at least");
	good = read_options(r, class, options, &names);
	if (names)
		lh_table_free(names);
	return good;
}

/* ---- Kinds ---- */

#define FIXED (P(LENGTH) | P(BYTE_ORDER))
#define FIXED_OPTIONAL (P(BIT_ORDER) | P(ALIGNMENT))
#define INTEGER (P(BASE) | P(MAPPINGS))

static const struct class_kind kinds[] = {
	{"fixed-length-unsigned-integer", CTF_UINT, FIXED, FIXED_OPTIONAL | INTEGER | P(ROLES), read_fixed_integer},
	{"fixed-length-signed-integer", CTF_SINT, FIXED, FIXED_OPTIONAL | INTEGER, read_fixed_integer},
	{"structure", CTF_STRUCT, 0, P(MEMBER_CLASSES) | P(MINIMUM_ALIGNMENT), read_structure},
	{"null-terminated-string", CTF_STRING, 0, P(ENCODING), read_string},
	{"fixed-length-floating-point-number", CTF_FLOAT, FIXED, FIXED_OPTIONAL, read_fixed},
	{"fixed-length-boolean", CTF_BOOL, FIXED, FIXED_OPTIONAL, read_fixed},
	{"fixed-length-bit-array", CTF_BITS, FIXED, FIXED_OPTIONAL, read_fixed},
	{"fixed-length-bit-map", CTF_BITMAP, FIXED | P(FLAGS), FIXED_OPTIONAL, read_bit_map},
	{"variable-length-unsigned-integer", CTF_UINT, 0, INTEGER | P(ROLES), read_variable_integer},
	{"variable-length-signed-integer", CTF_SINT, 0, INTEGER, read_variable_integer},
	{"static-length-string", CTF_STRING, P(LENGTH), P(ENCODING), read_string},
	{"dynamic-length-string", CTF_STRING, P(LENGTH_LOCATION), P(ENCODING), read_string},
	{"static-length-blob", CTF_BLOB, P(LENGTH), P(MEDIA_TYPE) | P(ROLES), read_blob},
	{"dynamic-length-blob", CTF_BLOB, P(LENGTH_LOCATION), P(MEDIA_TYPE), read_blob},
	{"static-length-array", CTF_ARRAY, P(LENGTH) | P(ELEMENT_FIELD_CLASS), P(MINIMUM_ALIGNMENT), read_array},
	{"dynamic-length-array", CTF_ARRAY, P(LENGTH_LOCATION) | P(ELEMENT_FIELD_CLASS), P(MINIMUM_ALIGNMENT), read_array},
	{"optional", CTF_OPTIONAL, P(FIELD_CLASS) | P(SELECTOR_LOCATION), P(SELECTOR_RANGES), read_optional},
	{"variant", CTF_VARIANT, P(OPTIONS) | P(SELECTOR_LOCATION), 0, read_variant},
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct class_kind *find_kind(struct json_reader *r, struct json_value value)
{
	const struct json_value type = json_get(r, value, "type");
	const char *name;

	if (json_is_absent(type)) {
		json_error(r, value, "missing: type");
		return NULL;
	}
	name = json_peek_text(r, type);
	if (!name)
		return NULL;
	for (uint32_t i = 0; i < N_KINDS; i++)
		if (!strcmp(name, kinds[i].name))
			return &kinds[i];
	json_error(r, type, "there is no type of field class \"%s\"", name);
	return NULL;
}

static bool read_object(struct json_reader *r, struct json_value value, struct model_class **ret)
{
	const struct json_place *place = &r->fragment.places[value.at];
	const struct class_kind *kind = find_kind(r, value);
	struct json_properties p;
	struct model_class *class;

	if (!kind || !json_get_properties(r, value, kind->required | P(TYPE), kind->optional | P_COMMON, &p))
		return false;
	class = model_class_new(r->model, kind->type, place->line, place->column);
	if (!class || !json_get_attributes(r, p.is[PROPERTY_ATTRIBUTES], &class->pub.attributes) ||
	    !json_check_extensions(r, p.is[PROPERTY_EXTENSIONS]))
		return false;
	*ret = class;
	return kind->read(r, class, &p);
}

/* ---- Aliases ---- */

/* A class that came as a copy into the place of @value must be good there. */
static bool check_copy(struct json_reader *r, struct json_value value, const struct ctf_class *class, uint32_t depth, bool first)
{
	if (depth > CTF_DEPTH_MAX)
		return json_error(r, value, "field classes nested more than %u deep are not supported", CTF_DEPTH_MAX);
	for (uint32_t i = 0; class->roles && i < N_ROLES; i++)
		if (class->roles & roles[i].role && !check_role(r, value, i, class, depth, first))
			return false;
	for (uint32_t i = 0; i < class->n_members; i++)
		if (!check_copy(r, value, class->members[i].class, depth + 1, !i))
			return false;
	return true;
}

static bool read_alias(struct json_reader *r, struct json_value value, struct model_class **ret)
{
	const struct json_place *place = &r->fragment.places[value.at];
	const char *name = json_peek_text(r, value);
	const struct model_class *alias = name ? json_name_find(r->aliases, name) : NULL;
	struct model_class *class;

	if (!alias)
		return name ? json_error(r, value, "there is no field-class-alias \"%s\" before this", name) : false;
	class = model_class_copy(r->model, alias);
	if (!class)
		return false;
	class->line = place->line;
	class->column = place->column;
	*ret = class;
	return check_copy(r, value, &class->pub, r->depth, r->first);
}

bool json_read_class(struct json_reader *r, struct json_value value, struct model_class **ret)
{
	if (json_object_is_type(value.json, json_type_string))
		return read_alias(r, value, ret);
	if (!json_object_is_type(value.json, json_type_object))
		return json_wrong(r, value, "a field class (an object) or the name of a field-class-alias");
	return read_object(r, value, ret);
}
