/* SPDX-License-Identifier: MIT */
/**
 * types_tsdl.c - TSDL's declarations: types, their names, and where a name is valid.
 *
 * A declared type is never used itself: whoever names it gets a copy. What is written out in full is used where it stands, and
 * copied if it is used again (`struct { ... } a, b;`).
 *
 * The name of a type is its words with one blank between: "unsigned int", "struct page *". Words are not reordered as in C.
 *
 * A length or tag is the closest field before, from the inside out, seen from where its type is *defined*: a typedef that uses a
 * field of the structure around it means that field wherever it is used, be there a closer one of that name or not. The
 * reference is bound to that structure then, and when the structure is complete each use knows how far outside it is.
 */
#include "ctf/read_tsdl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 16u
#define NAMES_FIRST 1024u

/** What is in front of the names that are declared. */
struct specifiers {
	int kind; /* TSDL_STRUCT, TSDL_VARIANT, TSDL_ENUM; TSDL_NAME; TSDL_INT: C's words; TSDL_INTEGER: another class; 0: none */
	bool is_typedef;
	bool is_used;              /* class is in a structure already */
	struct model_class *class; /* written out in full; NULL: it is named */
	uint32_t n_words;
	const struct tsdl_symbol *words[WORDS_MAX];
	uint64_t min_align;    /* struct NAME align(N) */
	struct model_ref *tag; /* variant NAME <TAG> */
	uint32_t line;
	uint32_t column;
};

struct dimension {
	uint64_t count;
	struct model_ref *length; /* NULL: count */
	uint32_t line;
	uint32_t column;
};

struct declarator {
	const struct tsdl_symbol *name; /* NULL: an abstract one */
	uint32_t line;
	uint32_t column;
	uint32_t n_pointers;
	uint32_t n_dimensions;
	struct dimension dimensions[CTF_DEPTH_MAX];
};

static uint64_t round_up(uint64_t bits, uint64_t align)
{
	return (bits + align - 1) & ~(align - 1);
}

/* ---- Names ---- */

static uint32_t name_slot(const struct tsdl_names *names, uint32_t space, const struct tsdl_symbol *symbol)
{
	const uint64_t hash = (symbol->hash ^ space) * 0x9e3779b97f4a7c15u;
	uint32_t i = (uint32_t)(hash >> 32) & (names->room - 1);

	while (names->slots[i].symbol && (names->slots[i].symbol != symbol || names->slots[i].space != space))
		i = (i + 1) & (names->room - 1);
	return i;
}

void *tsdl_name_find(const struct tsdl_reader *reader, uint32_t space, const struct tsdl_symbol *symbol)
{
	if (!reader->names.room)
		return NULL;
	return reader->names.slots[name_slot(&reader->names, space, symbol)].value;
}

static bool names_grow(struct tsdl_reader *reader)
{
	struct tsdl_names *old = &reader->names;
	struct tsdl_names names = {.n = old->n, .room = old->room ? 2 * old->room : NAMES_FIRST};

	names.slots = calloc(names.room, sizeof(*names.slots));
	if (!names.slots)
		return model_no_memory(reader->model);
	for (uint32_t i = 0; i < old->room; i++)
		if (old->slots[i].symbol)
			names.slots[name_slot(&names, old->slots[i].space, old->slots[i].symbol)] = old->slots[i];
	free(old->slots);
	*old = names;
	return true;
}

bool tsdl_name_add(struct tsdl_reader *reader, uint32_t space, const struct tsdl_symbol *symbol, void *value)
{
	if (reader->names.n >= reader->names.room / 2 && !names_grow(reader))
		return false;
	reader->names.slots[name_slot(&reader->names, space, symbol)] =
		(struct tsdl_name){.symbol = symbol, .value = value, .space = space};
	reader->names.n++;
	return true;
}

/* Room for one more. Return: the array; NULL: it was model_no_memory(). */
static void *grow(struct tsdl_reader *reader, void *array, size_t size, uint32_t n, uint32_t *room)
{
	const uint32_t wanted = *room ? 2 * *room : 64;
	void *grown;

	if (n < *room)
		return array;
	grown = realloc(array, wanted * size);
	if (!grown) {
		model_no_memory(reader->model);
		return NULL;
	}
	*room = wanted;
	return grown;
}

/* ---- Scopes ---- */

bool tsdl_scope_open(struct tsdl_reader *reader)
{
	const struct tsdl_token *token = &reader->lexer.token;

	if (reader->n_scopes == sizeof(reader->scopes) / sizeof(reader->scopes[0]))
		return model_error(reader->model, token->line, token->column, "types are nested more than %u deep", CTF_DEPTH_MAX);
	reader->scopes[reader->n_scopes++] = (struct tsdl_scope){.space = ++reader->n_spaces};
	return true;
}

void tsdl_scope_close(struct tsdl_reader *reader)
{
	reader->n_scopes--;
}

static bool open_structure(struct tsdl_reader *reader, bool is_variant)
{
	const struct tsdl_token *token = &reader->lexer.token;

	if (reader->n_open == CTF_DEPTH_MAX)
		return model_error(reader->model, token->line, token->column, "types are nested more than %u deep", CTF_DEPTH_MAX);
	if (!tsdl_scope_open(reader))
		return false;
	reader->open[reader->n_open++] =
		(struct tsdl_open){.space = ++reader->n_spaces, .first = reader->n_members, .is_variant = is_variant};
	return true;
}

/* The type of that name that is valid here; NULL: none. */
static struct model_class *find_type(const struct tsdl_reader *reader, const struct tsdl_symbol *symbol)
{
	for (uint32_t i = reader->n_scopes; i--;) {
		struct model_class *class;

		if (!reader->scopes[i].n_types)
			continue;
		class = tsdl_name_find(reader, reader->scopes[i].space, symbol);
		if (class)
			return class;
	}
	return NULL;
}

static bool declare(struct tsdl_reader *reader, const struct tsdl_symbol *symbol, struct model_class *class, uint32_t line,
		    uint32_t column)
{
	struct tsdl_scope *scope = &reader->scopes[reader->n_scopes - 1];
	const struct model_class *before = tsdl_name_find(reader, scope->space, symbol);

	if (before)
		return model_error(reader->model, line, column, "the type \"%.100s\" is declared already, at %u:%u", symbol->text,
				   before->line, before->column);
	scope->n_types++;
	return model_count(reader->model, 1, line, column) && tsdl_name_add(reader, scope->space, symbol, class);
}

/* ---- Names of types ---- */

static bool text_add(struct tsdl_reader *reader, const char *text, size_t size)
{
	const size_t wanted = reader->text_size + size;

	if (wanted > reader->text_room) {
		const size_t room = wanted < 256 ? 256 : 2 * wanted;
		char *grown = realloc(reader->text, room);

		if (!grown)
			return model_no_memory(reader->model);
		reader->text = grown;
		reader->text_room = room;
	}
	memcpy(reader->text + reader->text_size, text, size);
	reader->text_size += size;
	return true;
}

/* reader->text becomes the words; what pointers a declarator has is added by read_pointers(). */
static bool name_begin(struct tsdl_reader *reader, const struct specifiers *specifiers)
{
	reader->text_size = 0;
	for (uint32_t i = 0; i < specifiers->n_words; i++)
		if ((i && !text_add(reader, " ", 1)) || !text_add(reader, specifiers->words[i]->text, specifiers->words[i]->size))
			return false;
	return true;
}

/* Take the word const out of reader->text. Return: it was there. */
static bool name_without_const(struct tsdl_reader *reader)
{
	const size_t size = reader->text_size;
	char *text = reader->text;
	size_t to = 0;

	for (size_t from = 0, end; from < size; from = end + 1) {
		const char *blank = memchr(text + from, ' ', size - from);

		end = blank ? (size_t)(blank - text) : size;
		if (end - from == 5 && !memcmp(text + from, "const", 5))
			continue;
		if (to)
			text[to++] = ' ';
		memmove(text + to, text + from, end - from);
		to += end - from;
	}
	reader->text_size = to;
	return to != size;
}

static struct model_class *find_named(struct tsdl_reader *reader)
{
	const struct tsdl_symbol *symbol = tsdl_symbol_find(&reader->lexer, reader->text, reader->text_size);
	struct model_class *class = symbol ? find_type(reader, symbol) : NULL;

	if (!class && name_without_const(reader)) {
		symbol = tsdl_symbol_find(&reader->lexer, reader->text, reader->text_size);
		class = symbol ? find_type(reader, symbol) : NULL;
	}
	return class;
}

static bool add_word(struct tsdl_reader *reader, struct specifiers *specifiers)
{
	if (specifiers->n_words == WORDS_MAX)
		return tsdl_expected(reader, "a type's name of no more than 16 words");
	specifiers->words[specifiers->n_words++] = reader->lexer.token.symbol;
	tsdl_next(&reader->lexer);
	return true;
}

/* ---- References ---- */

static bool starts_with(const struct tsdl_value *path, const char *first, const char *second, const char *third)
{
	return path->n >= (third ? 3 : 2) && !strcmp(path->path[0]->text, first) && !strcmp(path->path[1]->text, second) &&
	       (!third || !strcmp(path->path[2]->text, third));
}

/* Return: names of the path that say the scope; 0: none do. */
static uint32_t scope_of_path(const struct tsdl_value *path, int *ret_scope)
{
	static const struct {
		const char *names[3];
		enum ctf_scope scope;
	} scopes[] = {
		{{"trace", "packet", "header"}, CTF_PACKET_HEADER}, {{"stream", "packet", "context"}, CTF_PACKET_CONTEXT},
		{{"stream", "event", "header"}, CTF_EVENT_HEADER},  {{"stream", "event", "context"}, CTF_COMMON_CONTEXT},
		{{"event", "context", NULL}, CTF_SPECIFIC_CONTEXT}, {{"event", "fields", NULL}, CTF_PAYLOAD},
	};

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		if (starts_with(path, scopes[i].names[0], scopes[i].names[1], scopes[i].names[2])) {
			*ret_scope = scopes[i].scope;
			return scopes[i].names[2] ? 3 : 2;
		}
	}
	*ret_scope = TSDL_SCOPE_ENV;
	return path->path[0]->kind == TSDL_ENV;
}

/* The space of the structure that a type which is being defined is bound to by this name; 0: none. */
static uint32_t bind(struct tsdl_reader *reader, const struct tsdl_symbol *name)
{
	for (uint32_t i = reader->n_open; i--;) {
		if (reader->open[i].is_variant || !tsdl_name_find(reader, reader->open[i].space, name))
			continue;
		if (i >= reader->defining)
			return 0;
		reader->open[i].has_bound = true;
		return reader->open[i].space;
	}
	return 0;
}

static struct model_ref *make_ref(struct tsdl_reader *reader, const struct tsdl_value *value, const char *what)
{
	struct tsdl_ref *ref;
	uint32_t prefix;
	int scope;

	if (value->kind != TSDL_NAME) {
		model_error(reader->model, value->line, value->column, "expected %s, the name of a field", what);
		return NULL;
	}
	prefix = scope_of_path(value, &scope);
	reader->has_env_lengths |= prefix == 1;
	if (prefix == value->n || (!prefix && value->path[0]->kind != TSDL_NAME)) {
		model_error(reader->model, value->line, value->column,
			    "expected %s, the name of a field; \"%.100s\" begins none of the scopes trace.packet.header, "
			    "stream.packet.context, "
			    "stream.event.header, stream.event.context, event.context, event.fields and env, or nothing follows",
			    what, value->path[0]->text);
		return NULL;
	}
	ref = model_alloc(reader->model, sizeof(*ref));
	if (!ref)
		return NULL;
	*ref = (struct tsdl_ref){.pub = {.origin = prefix ? REF_SCOPE : REF_NEAR,
					 .scope = (enum ctf_scope)(prefix ? scope : 0),
					 .n = value->n - prefix,
					 .line = value->line,
					 .column = value->column}};
	ref->pub.path = model_alloc(reader->model, ref->pub.n * sizeof(*ref->pub.path));
	if (!ref->pub.path)
		return NULL;
	for (uint32_t i = prefix; i < value->n; i++)
		ref->pub.path[i - prefix] = value->path[i]->text;
	if (!prefix)
		ref->space = bind(reader, value->path[0]);
	return &ref->pub;
}

static bool each_ref(struct tsdl_reader *reader, struct model_class *class, tsdl_visit visit, uint32_t space, uint32_t out,
		     uint32_t depth)
{
	if (depth > CTF_DEPTH_MAX)
		return model_error(reader->model, class->line, class->column, "types are nested more than %u deep", CTF_DEPTH_MAX);
	if (class->ref && !visit(reader, class, space, out))
		return false;
	out += class->pub.type == CTF_STRUCT;
	for (uint32_t i = 0; i < class->pub.n_members; i++)
		if (!each_ref(reader, (struct model_class *)class->pub.members[i].class, visit, space, out, depth + 1))
			return false;
	return true;
}

bool tsdl_each_ref(struct tsdl_reader *reader, struct model_class *class, tsdl_visit visit, uint32_t space)
{
	return each_ref(reader, class, visit, space, 0, 0);
}

/* @out structures are around the class, the outermost of which is the one that it is bound to. */
static bool settle_bound(struct tsdl_reader *reader, struct model_class *class, uint32_t space, uint32_t out)
{
	const struct tsdl_ref *bound = (const struct tsdl_ref *)class->ref;
	const uint32_t n_nulls = out - 1;
	struct tsdl_ref *ref;

	if (bound->space != space)
		return true;
	ref = model_alloc(reader->model, sizeof(*ref));
	if (!ref)
		return false;
	ref->pub = bound->pub;
	ref->pub.origin = REF_RELATIVE;
	ref->pub.n += n_nulls;
	ref->pub.path = model_alloc(reader->model, ref->pub.n * sizeof(*ref->pub.path));
	if (!ref->pub.path)
		return false;
	memcpy(ref->pub.path + n_nulls, bound->pub.path, bound->pub.n * sizeof(*ref->pub.path));
	class->ref = &ref->pub;
	return true;
}

/* ---- Structures and variants ---- */

static bool read_specifiers(struct tsdl_reader *reader, struct specifiers *ret);
static bool read_declarator(struct tsdl_reader *reader, struct declarator *ret, const char *name);
static bool read_typedef(struct tsdl_reader *reader, struct specifiers *specifiers);
static struct model_class *use_type(struct tsdl_reader *reader, struct specifiers *specifiers, const struct declarator *declarator);

/* A variant's options are selected by something, wherever it is. */
static bool check_tagged(struct tsdl_reader *reader, const struct model_class *class, uint32_t line, uint32_t column)
{
	while (class->pub.type == CTF_ARRAY)
		class = (const struct model_class *)class->pub.members[0].class;
	if (class->pub.type == CTF_VARIANT && !class->ref)
		return model_error(reader->model, line, column, "this variant has no tag; write variant NAME <TAG>");
	return true;
}

/* Alignment and size of a field class whose size is known. Return: false: it is not. */
static bool measure(const struct ctf_class *class, uint32_t depth, uint64_t *ret_align, uint64_t *ret_bits)
{
	uint64_t align, bits = 0;

	*ret_align = class->align;
	*ret_bits = class->size;
	if (class->type == CTF_UINT || class->type == CTF_SINT || class->type == CTF_FLOAT)
		return true;
	if (depth == CTF_DEPTH_MAX || (class->type != CTF_STRUCT && (class->type != CTF_ARRAY || class->length != CTF_STATIC)))
		return false;
	if (((const struct model_class *)class)->min_align > *ret_align)
		*ret_align = ((const struct model_class *)class)->min_align;
	for (uint32_t i = 0; i < class->n_members; i++) {
		if (!measure(class->members[i].class, depth + 1, &align, &bits))
			return false;
		*ret_bits = class->type == CTF_ARRAY ? 0 : round_up(*ret_bits, align) + bits;
		*ret_align = align > *ret_align ? align : *ret_align;
	}
	if (class->type == CTF_ARRAY && class->count) {
		align = *ret_align;
		if (__builtin_mul_overflow(round_up(bits, align), class->count - 1, ret_bits))
			return false;
		*ret_bits += bits;
	}
	return *ret_bits <= CTF_STATIC_MAX;
}

/* Where the next member of the innermost structure would begin if it had no alignment. Return: false: that is not always the same.
 */
static bool measure_open(struct tsdl_reader *reader, uint64_t *ret)
{
	struct tsdl_open *open = &reader->open[reader->n_open - 1];
	uint64_t align, bits;

	for (; open->first + open->n_measured < reader->n_members; open->n_measured++) {
		if (!measure(&reader->members[open->first + open->n_measured].class->pub, 0, &align, &bits))
			return false;
		open->bits = round_up(open->bits, align) + bits;
		if (open->bits > CTF_STATIC_MAX)
			return false;
	}
	*ret = open->bits;
	return true;
}

/* Behind ':'. As C compilers have it: a bit field follows the one before, but does not cross units of its type's size. */
static bool read_bit_field(struct tsdl_reader *reader, const struct declarator *declarator, struct model_class *class)
{
	struct tsdl_open *open = &reader->open[reader->n_open - 1];
	const uint32_t unit = class->pub.size;
	struct tsdl_value value;
	uint64_t size, at;

	if ((class->pub.type != CTF_UINT && class->pub.type != CTF_SINT) || class->pub.is_enum)
		return model_error(reader->model, declarator->line, declarator->column, "a bit field must be an integer");
	if (open->is_variant)
		return model_error(reader->model, declarator->line, declarator->column, "a bit field must be in a structure");
	if (class->pub.align != unit)
		return model_error(reader->model, declarator->line, declarator->column,
				   "the type of a bit field must be aligned to its own size, %u bits", unit);
	if (!tsdl_value(reader, &value) || !tsdl_unsigned(reader, &value, "the size of this bit field", 1, unit, &size))
		return false;
	if (!measure_open(reader, &at))
		return model_error(reader->model, declarator->line, declarator->column,
				   "a bit field behind fields of variable size is not supported");
	class->pub.align = at % unit + size > unit ? unit : 1;
	class->pub.size = (uint32_t)size;
	class->text_candidate = false;
	if (open->unit < unit)
		open->unit = unit;
	return true;
}

static bool add_member(struct tsdl_reader *reader, const struct declarator *declarator, struct model_class *class)
{
	const struct tsdl_open *open = &reader->open[reader->n_open - 1];
	const struct tsdl_symbol *name = declarator->name;
	struct tsdl_member *members;

	if (tsdl_name_find(reader, open->space, name))
		return model_error(reader->model, declarator->line, declarator->column, "there is a field \"%.100s\" already",
				   name->text);
	if (!check_tagged(reader, class, declarator->line, declarator->column) ||
	    !model_count(reader->model, 1, declarator->line, declarator->column))
		return false;
	members = grow(reader, reader->members, sizeof(*members), reader->n_members, &reader->members_room);
	if (!members)
		return false;
	reader->members = members;
	members[reader->n_members++] =
		(struct tsdl_member){.symbol = name, .class = class, .keeps = name->text[0] == '_' && name->text[1] ? -1 : 1};
	return tsdl_name_add(reader, open->space, name, (void *)(uintptr_t)reader->n_members);
}

/* The member of the innermost structure that is called like this one without an underscore; NULL: there is none. */
static struct tsdl_member *bare_member(struct tsdl_reader *reader, const struct tsdl_member *member)
{
	const struct tsdl_symbol *bare = tsdl_symbol_find(&reader->lexer, member->symbol->text + 1, member->symbol->size - 1);
	const uintptr_t index = bare ? (uintptr_t)tsdl_name_find(reader, reader->open[reader->n_open - 1].space, bare) : 0;

	return index ? &reader->members[index - 1] : NULL;
}

/* Does a name keep its underscore? Only if the name without it is taken, by one that has none or that keeps its own. */
static bool keeps_underscore(struct tsdl_reader *reader, struct tsdl_member *member)
{
	struct tsdl_member *last = member;
	int8_t keeps;

	while (last && last->keeps < 0)
		last = bare_member(reader, last);
	keeps = last ? last->keeps : 0;
	while (member != last) {
		member->keeps = keeps;
		member = bare_member(reader, member);
	}
	return keeps;
}

static bool take_members(struct tsdl_reader *reader, struct model_class *class)
{
	const struct tsdl_open *open = &reader->open[reader->n_open - 1];
	const uint32_t n = reader->n_members - open->first;
	struct ctf_member *members = model_alloc(reader->model, n * sizeof(*members) + 1);
	const char **raw = model_alloc(reader->model, n * sizeof(*raw) + 1);

	if (!members || !raw)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct tsdl_member *member = &reader->members[open->first + i];

		raw[i] = member->symbol->text;
		members[i].name = raw[i] + !keeps_underscore(reader, member);
		members[i].class = &member->class->pub;
	}
	class->pub.members = members;
	class->pub.n_members = n;
	class->raw = raw;
	return true;
}

/* A line of a structure's or variant's body. */
static bool read_member(struct tsdl_reader *reader)
{
	const uint32_t defining = reader->defining;
	struct specifiers specifiers;
	struct declarator declarator;

	if (tsdl_kind(reader) == TSDL_TYPEALIAS)
		return tsdl_read_declaration(reader);
	if (!read_specifiers(reader, &specifiers))
		return false;
	if (specifiers.is_typedef) {
		if (!read_typedef(reader, &specifiers))
			return false;
		reader->defining = defining;
		return true;
	}
	if (specifiers.class && specifiers.n_words && tsdl_kind(reader) == ';')
		return true;
	do {
		struct model_class *class;

		if (!name_begin(reader, &specifiers) || !read_declarator(reader, &declarator, "the name of a field"))
			return false;
		class = use_type(reader, &specifiers, &declarator);
		if (!class || (tsdl_accept(reader, ':') && !read_bit_field(reader, &declarator, class)) ||
		    !add_member(reader, &declarator, class))
			return false;
	} while (tsdl_accept(reader, ','));
	return true;
}

/* From '{' to '}'. */
static struct model_class *read_body(struct tsdl_reader *reader, enum ctf_type type, uint32_t line, uint32_t column)
{
	struct model_class *class = model_class_new(reader->model, type, line, column);
	const struct tsdl_open *open;

	if (!class || !open_structure(reader, type == CTF_VARIANT))
		return NULL;
	tsdl_next(&reader->lexer);
	while (tsdl_kind(reader) != '}') {
		if (!read_member(reader) || !tsdl_expect(reader, ';', "\";\" behind a field"))
			return NULL;
	}
	tsdl_next(&reader->lexer);
	open = &reader->open[reader->n_open - 1];
	if (!take_members(reader, class))
		return NULL;
	class->min_align = open->unit;
	if (open->has_bound && !tsdl_each_ref(reader, class, settle_bound, open->space))
		return NULL;
	reader->n_members = open->first;
	reader->n_open--;
	tsdl_scope_close(reader);
	return class;
}

static bool read_align_attribute(struct tsdl_reader *reader, uint64_t *ret)
{
	struct tsdl_value value;

	*ret = 0;
	if (!tsdl_accept(reader, TSDL_ALIGN))
		return true;
	return tsdl_expect(reader, '(', "\"(\" behind align") && tsdl_value(reader, &value) && tsdl_align(reader, &value, ret) &&
	       tsdl_expect(reader, ')', "\")\" behind the alignment");
}

static bool read_tag(struct tsdl_reader *reader, struct model_ref **ret)
{
	struct tsdl_value value;

	*ret = NULL;
	if (!tsdl_accept(reader, '<'))
		return true;
	if (!tsdl_value(reader, &value))
		return false;
	*ret = make_ref(reader, &value, "a tag");
	if (*ret && (*ret)->origin == REF_SCOPE && (int)(*ret)->scope == TSDL_SCOPE_ENV)
		return model_error(reader->model, value.line, value.column,
				   "a tag must be an enumeration; there are none in the environment");
	return *ret && tsdl_expect(reader, '>', "\">\" behind the tag");
}

/* The body of what is going to have the name that the specifiers say, if they say one. */
static struct model_class *read_named_body(struct tsdl_reader *reader, const struct specifiers *specifiers)
{
	const enum ctf_type type = specifiers->kind == TSDL_STRUCT ? CTF_STRUCT : CTF_VARIANT;
	const uint32_t defining = reader->defining;
	struct model_class *class;

	if (specifiers->n_words)
		reader->defining = reader->n_open;
	class = read_body(reader, type, specifiers->line, specifiers->column);
	reader->defining = defining;
	if (class && type == CTF_VARIANT && !class->pub.n_members) {
		model_error(reader->model, specifiers->line, specifiers->column, "this variant has no options");
		return NULL;
	}
	return class;
}

static bool declare_words(struct tsdl_reader *reader, const struct specifiers *specifiers)
{
	const struct tsdl_symbol *symbol;

	if (!specifiers->n_words)
		return true;
	if (!name_begin(reader, specifiers))
		return false;
	symbol = tsdl_symbol(&reader->lexer, reader->text, reader->text_size);
	return symbol && declare(reader, symbol, specifiers->class, specifiers->line, specifiers->column);
}

/* struct and variant, from the keyword on */
static bool read_compound(struct tsdl_reader *reader, struct specifiers *specifiers)
{
	struct model_class *class;

	specifiers->kind = tsdl_kind(reader);
	if (!add_word(reader, specifiers))
		return false;
	if (tsdl_kind(reader) == TSDL_NAME) {
		if (!add_word(reader, specifiers))
			return false;
	} else {
		specifiers->n_words = 0;
	}
	if (specifiers->kind == TSDL_VARIANT && !read_tag(reader, &specifiers->tag))
		return false;
	if (tsdl_kind(reader) != '{') {
		if (!specifiers->n_words)
			return tsdl_expected(reader, specifiers->kind == TSDL_STRUCT ? "a name or \"{\" behind struct"
										     : "a name, \"<\" or \"{\" behind variant");
		return specifiers->kind == TSDL_VARIANT || read_align_attribute(reader, &specifiers->min_align);
	}
	class = specifiers->class = read_named_body(reader, specifiers);
	if (!class)
		return false;
	class->ref = specifiers->tag;
	class->by_label = specifiers->kind == TSDL_VARIANT;
	if (specifiers->kind == TSDL_STRUCT && !read_align_attribute(reader, &specifiers->min_align))
		return false;
	if (specifiers->min_align > class->min_align)
		class->min_align = specifiers->min_align;
	return declare_words(reader, specifiers);
}

/* ---- Enumerations ---- */

/* A number as the container has it. */
static bool enum_value(struct tsdl_reader *reader, const struct tsdl_value *value, bool is_signed, uint64_t *ret)
{
	int64_t number;

	if (value->kind == TSDL_NUMBER && !value->negative && !is_signed) {
		*ret = value->number;
		return true;
	}
	if (!tsdl_signed(reader, value, "the value of a label", &number))
		return false;
	*ret = (uint64_t)number;
	return true;
}

/* What is behind a label: nothing, = VALUE, = FIRST ... LAST. @next: the value if there is nothing; NULL: there is none. */
static bool read_range(struct tsdl_reader *reader, bool is_signed, const uint64_t *next, struct ctf_range *ret)
{
	const struct tsdl_token *token = &reader->lexer.token;
	struct tsdl_value value;

	if (!tsdl_accept(reader, '=')) {
		if (!next)
			return model_error(reader->model, token->line, token->column,
					   "expected \"=\" and a value: there is none behind the one before");
		ret->first = ret->last = *next;
		return true;
	}
	if (!tsdl_value(reader, &value) || !enum_value(reader, &value, is_signed, &ret->first))
		return false;
	ret->last = ret->first;
	if (!tsdl_accept(reader, TSDL_ELLIPSIS))
		return true;
	if (!tsdl_value(reader, &value) || !enum_value(reader, &value, is_signed, &ret->last))
		return false;
	if (model_is_less(ret->last, ret->first, is_signed))
		return model_error(reader->model, value.line, value.column, "the range ends before it begins");
	return true;
}

static bool add_label(struct tsdl_reader *reader, const struct tsdl_symbol *symbol, struct ctf_range range, uint32_t space,
		      uint32_t *n_mappings)
{
	const uintptr_t known = (uintptr_t)tsdl_name_find(reader, space, symbol);
	struct tsdl_label *labels = grow(reader, reader->labels, sizeof(*labels), reader->n_labels, &reader->labels_room);

	if (!labels)
		return false;
	reader->labels = labels;
	labels[reader->n_labels++] =
		(struct tsdl_label){.symbol = symbol, .range = range, .mapping = known ? (uint32_t)known - 1 : *n_mappings};
	return known || tsdl_name_add(reader, space, symbol, (void *)(uintptr_t)++ * n_mappings);
}

/* One mapping for each label, in the order in which they come first. */
static bool take_labels(struct tsdl_reader *reader, struct model_class *class, uint32_t n_mappings)
{
	struct ctf_mapping *mappings = model_alloc(reader->model, n_mappings * sizeof(*mappings));
	struct ctf_range *ranges = model_alloc(reader->model, reader->n_labels * sizeof(*ranges));

	if (!mappings || !ranges)
		return false;
	for (uint32_t i = 0; i < reader->n_labels; i++) {
		mappings[reader->labels[i].mapping].label = reader->labels[i].symbol->text;
		mappings[reader->labels[i].mapping].n_ranges++;
	}
	for (uint32_t i = 0; i < n_mappings; i++) {
		mappings[i].ranges = ranges;
		ranges += mappings[i].n_ranges;
		mappings[i].n_ranges = 0;
	}
	for (uint32_t i = 0; i < reader->n_labels; i++) {
		struct ctf_mapping *mapping = &mappings[reader->labels[i].mapping];

		((struct ctf_range *)mapping->ranges)[mapping->n_ranges++] = reader->labels[i].range;
	}
	class->pub.is_enum = true;
	class->pub.mappings = mappings;
	class->pub.n_mappings = n_mappings;
	return true;
}

/* From '{' to '}'. */
static bool read_labels(struct tsdl_reader *reader, struct model_class *class)
{
	const bool is_signed = class->pub.type == CTF_SINT;
	const uint32_t space = ++reader->n_spaces;
	uint64_t next = 0;
	bool has_next = true;
	uint32_t n_mappings = 0;

	if (!tsdl_expect(reader, '{', "\"{\" before the labels of the enumeration"))
		return false;
	reader->n_labels = 0;
	do {
		const struct tsdl_token label = reader->lexer.token;
		struct ctf_range range;

		if (label.kind == '}' && reader->n_labels)
			break;
		if (!tsdl_is_word(label.kind) && label.kind != TSDL_TEXT)
			return tsdl_expected(reader, "a label of the enumeration");
		tsdl_next(&reader->lexer);
		if (!model_count(reader->model, 1, label.line, label.column) ||
		    !read_range(reader, is_signed, has_next ? &next : NULL, &range) ||
		    !add_label(reader, label.symbol, range, space, &n_mappings))
			return false;
		next = range.last + 1;
		has_next = range.last != (is_signed ? INT64_MAX : UINT64_MAX);
	} while (tsdl_accept(reader, ','));
	return tsdl_expect(reader, '}', "\",\" or \"}\" behind a label") && take_labels(reader, class, n_mappings);
}

/* The integer that an enumeration is: what is behind ':', or int. */
static struct model_class *read_container(struct tsdl_reader *reader, const struct specifiers *of)
{
	static const struct declarator plain;
	struct specifiers specifiers = {.line = of->line, .column = of->column};
	const bool is_said = tsdl_accept(reader, ':');
	struct model_class *class;

	if (is_said) {
		const bool in_container = reader->in_container;

		reader->in_container = true;
		if (!read_specifiers(reader, &specifiers) || !name_begin(reader, &specifiers))
			return NULL;
		reader->in_container = in_container;
	} else {
		reader->text_size = 0;
		if (!text_add(reader, "int", 3))
			return NULL;
	}
	class = use_type(reader, &specifiers, &plain);
	if (class && ((class->pub.type != CTF_UINT && class->pub.type != CTF_SINT) || class->pub.is_enum)) {
		model_error(reader->model, specifiers.line, specifiers.column, "the type behind \":\" must be an integer");
		return NULL;
	}
	return class;
}

/* From the keyword on. */
static bool read_enum(struct tsdl_reader *reader, struct specifiers *specifiers)
{
	struct model_class *class;

	specifiers->kind = TSDL_ENUM;
	if (!add_word(reader, specifiers))
		return false;
	if (tsdl_kind(reader) == TSDL_NAME) {
		if (!add_word(reader, specifiers))
			return false;
		if (tsdl_kind(reader) != ':' && tsdl_kind(reader) != '{')
			return true;
	} else {
		specifiers->n_words = 0;
		if (tsdl_kind(reader) != ':' && tsdl_kind(reader) != '{')
			return tsdl_expected(reader, "a name, \":\" or \"{\" behind enum");
	}
	class = read_container(reader, specifiers);
	if (!class || !read_labels(reader, class))
		return false;
	class->line = specifiers->line;
	class->column = specifiers->column;
	specifiers->class = class;
	return declare_words(reader, specifiers);
}

/* ---- Declarations ---- */

static bool is_plain(int kind)
{
	switch (kind) {
	case TSDL_VOID:
	case TSDL_CHAR:
	case TSDL_SHORT:
	case TSDL_INT:
	case TSDL_LONG:
	case TSDL_FLOAT:
	case TSDL_DOUBLE:
	case TSDL_SIGNED:
	case TSDL_UNSIGNED:
	case TSDL_BOOL:
	case TSDL_COMPLEX:
	case TSDL_IMAGINARY:
		return true;
	default:
		return false;
	}
}

/* A class that is written out: integer, floating_point, string, from the keyword on. */
static bool read_basic(struct tsdl_reader *reader, struct specifiers *specifiers)
{
	const int kind = tsdl_kind(reader);

	tsdl_next(&reader->lexer);
	specifiers->kind = TSDL_INTEGER;
	specifiers->n_words = 0;
	if (kind == TSDL_INTEGER)
		specifiers->class = tsdl_read_integer(reader, specifiers->line, specifiers->column);
	else if (kind == TSDL_STRING)
		specifiers->class = tsdl_read_string(reader, specifiers->line, specifiers->column);
	else
		specifiers->class = tsdl_read_float(reader, specifiers->line, specifiers->column);
	return specifiers->class;
}

/* The one class or name. */
static bool read_type(struct tsdl_reader *reader, struct specifiers *specifiers)
{
	const int kind = tsdl_kind(reader);

	if (reader->in_container && (kind == TSDL_STRUCT || kind == TSDL_VARIANT || kind == TSDL_ENUM))
		return tsdl_expected(reader, "an integer type behind \":\"");
	switch (kind) {
	case TSDL_STRUCT:
	case TSDL_VARIANT:
		return read_compound(reader, specifiers);
	case TSDL_ENUM:
		return read_enum(reader, specifiers);
	case TSDL_INTEGER:
	case TSDL_FLOATING_POINT:
	case TSDL_STRING:
		return read_basic(reader, specifiers);
	case TSDL_NAME:
		specifiers->kind = TSDL_NAME;
		return add_word(reader, specifiers);
	default:
		return tsdl_expected(reader, "a type");
	}
}

static bool read_specifiers(struct tsdl_reader *reader, struct specifiers *ret)
{
	*ret = (struct specifiers){0};
	for (;;) {
		const int kind = tsdl_kind(reader);

		if (!ret->kind && !ret->n_words) {
			ret->line = reader->lexer.token.line;
			ret->column = reader->lexer.token.column;
		}
		if (kind == TSDL_TYPEDEF && !ret->is_typedef) {
			ret->is_typedef = true;
			reader->defining = reader->n_open;
			tsdl_next(&reader->lexer);
		} else if (kind == TSDL_CONST) {
			if (!add_word(reader, ret))
				return false;
		} else if (is_plain(kind) && (!ret->kind || ret->kind == TSDL_INT)) {
			ret->kind = TSDL_INT;
			if (!add_word(reader, ret))
				return false;
		} else if (ret->kind) {
			return true;
		} else if (!read_type(reader, ret)) {
			return false;
		}
	}
}

static bool read_dimension(struct tsdl_reader *reader, struct declarator *declarator)
{
	struct dimension *dimension = &declarator->dimensions[declarator->n_dimensions];
	struct tsdl_value value;

	if (declarator->n_dimensions == CTF_DEPTH_MAX)
		return model_error(reader->model, reader->lexer.token.line, reader->lexer.token.column,
				   "an array has more than %u dimensions", CTF_DEPTH_MAX);
	tsdl_next(&reader->lexer);
	if (tsdl_kind(reader) == ']')
		return tsdl_expected(reader, "a length, a number or the name of a field");
	if (!tsdl_value(reader, &value))
		return false;
	*dimension = (struct dimension){.line = value.line, .column = value.column};
	if (value.kind == TSDL_NUMBER) {
		if (!tsdl_unsigned(reader, &value, "a length", 0, UINT64_MAX, &dimension->count))
			return false;
	} else {
		dimension->length = make_ref(reader, &value, "a length");
		if (!dimension->length)
			return false;
	}
	declarator->n_dimensions++;
	return tsdl_expect(reader, ']', "\"]\" behind the length");
}

static bool read_pointers(struct tsdl_reader *reader, struct declarator *declarator)
{
	while (tsdl_accept(reader, '*')) {
		declarator->n_pointers++;
		if (!text_add(reader, " *", 2))
			return false;
		while (tsdl_accept(reader, TSDL_CONST))
			if (!text_add(reader, " const", 6))
				return false;
	}
	return true;
}

/* Pointers, a name in parentheses or not, dimensions. @name: what the name would be; NULL: there is none. Behind name_begin(). */
static bool read_declarator(struct tsdl_reader *reader, struct declarator *ret, const char *name)
{
	size_t n_open = 0;

	ret->n_pointers = ret->n_dimensions = 0;
	ret->name = NULL;
	if (!read_pointers(reader, ret))
		return false;
	while (name && tsdl_accept(reader, '('))
		n_open++;
	ret->line = reader->lexer.token.line;
	ret->column = reader->lexer.token.column;
	if (name) {
		if (tsdl_kind(reader) != TSDL_NAME)
			return tsdl_expected(reader, name);
		ret->name = reader->lexer.token.symbol;
		tsdl_next(&reader->lexer);
	}
	for (;;) {
		if (tsdl_kind(reader) == '[') {
			if (!read_dimension(reader, ret))
				return false;
		} else if (n_open && tsdl_accept(reader, ')')) {
			n_open--;
		} else {
			return !n_open || tsdl_expected(reader, "\")\"");
		}
	}
}

static struct model_class *array_of(struct tsdl_reader *reader, const struct dimension *dimension, struct model_class *element)
{
	struct model_class *class = model_class_new(reader->model, CTF_ARRAY, dimension->line, dimension->column);
	struct ctf_member *member;

	if (!class || !model_count(reader->model, 1, dimension->line, dimension->column))
		return NULL;
	member = model_alloc(reader->model, sizeof(*member));
	if (!member)
		return NULL;
	member->class = &element->pub;
	class->pub.members = member;
	class->pub.n_members = 1;
	class->pub.length = dimension->length ? CTF_DYNAMIC : CTF_STATIC;
	class->pub.count = dimension->count;
	class->ref = dimension->length;
	return class;
}

/* A copy of the declared type whose name is in reader->text. */
static struct model_class *copy_named(struct tsdl_reader *reader, const struct specifiers *specifiers)
{
	struct model_class *declared = find_named(reader), *class;

	if (!declared && specifiers->tag && specifiers->n_words) /* a typedef of a variant */
		declared = find_type(reader, specifiers->words[specifiers->n_words - 1]);
	if (!declared) {
		model_error(reader->model, specifiers->line, specifiers->column, "the type \"%.*s\" is not declared",
			    (int)(reader->text_size < 100 ? reader->text_size : 100), reader->text);
		return NULL;
	}
	class = model_class_copy(reader->model, declared);
	if (!class)
		return NULL;
	class->line = specifiers->line;
	class->column = specifiers->column;
	if (specifiers->tag) {
		if (class->pub.type != CTF_VARIANT) {
			model_error(reader->model, specifiers->line, specifiers->column,
				    "this type has a tag, but it is no variant");
			return NULL;
		}
		class->ref = specifiers->tag;
	}
	if (specifiers->min_align > class->min_align)
		class->min_align = specifiers->min_align;
	return class;
}

/* The class of what is declared, for it alone. */
static struct model_class *use_type(struct tsdl_reader *reader, struct specifiers *specifiers, const struct declarator *declarator)
{
	struct model_class *class = specifiers->class;

	if (!class || declarator->n_pointers) {
		class = copy_named(reader, specifiers);
	} else if (specifiers->is_used) {
		class = model_class_copy(reader->model, class);
	} else {
		specifiers->is_used = true;
	}
	for (uint32_t i = declarator->n_dimensions; class && i--;)
		class = array_of(reader, &declarator->dimensions[i], class);
	return class;
}

static bool read_typedef(struct tsdl_reader *reader, struct specifiers *specifiers)
{
	struct declarator declarator;

	do {
		struct model_class *class;

		if (!name_begin(reader, specifiers) || !read_declarator(reader, &declarator, "the name of the type"))
			return false;
		class = use_type(reader, specifiers, &declarator);
		if (!class || !declare(reader, declarator.name, class, declarator.line, declarator.column))
			return false;
	} while (tsdl_accept(reader, ','));
	return true;
}

/* What is behind ':='. */
static bool read_alias(struct tsdl_reader *reader, struct model_class *class)
{
	struct specifiers specifiers;
	struct declarator declarator;
	const struct tsdl_symbol *symbol;

	if (!read_specifiers(reader, &specifiers))
		return false;
	if (specifiers.class || specifiers.is_typedef)
		return model_error(reader->model, specifiers.line, specifiers.column,
				   "expected the name of a type behind \":=\", found a type that is written out");
	if (!name_begin(reader, &specifiers) || !read_declarator(reader, &declarator, NULL))
		return false;
	if (declarator.n_dimensions)
		return model_error(reader->model, declarator.line, declarator.column, "the name of a type cannot be an array");
	symbol = tsdl_symbol(&reader->lexer, reader->text, reader->text_size);
	return symbol && declare(reader, symbol, class, specifiers.line, specifiers.column);
}

/* From the keyword on. */
static bool read_typealias(struct tsdl_reader *reader)
{
	struct specifiers specifiers;
	struct declarator declarator;
	struct model_class *class;

	reader->defining = reader->n_open;
	tsdl_next(&reader->lexer);
	if (!read_specifiers(reader, &specifiers) || !name_begin(reader, &specifiers) ||
	    !read_declarator(reader, &declarator, NULL))
		return false;
	class = use_type(reader, &specifiers, &declarator);
	if (!class || !tsdl_expect(reader, TSDL_DEFINE, "\":=\" and the type's name"))
		return false;
	do {
		if (!read_alias(reader, class))
			return false;
	} while (tsdl_accept(reader, ','));
	return true;
}

/* Without typedef, only what has a body and a name is declared by standing there. */
static bool is_declared(struct tsdl_reader *reader, const struct specifiers *specifiers)
{
	if (specifiers->class && specifiers->n_words)
		return true;
	if (specifiers->class)
		return model_error(reader->model, specifiers->line, specifiers->column,
				   "this type has no name, so nothing is declared");
	return model_error(reader->model, specifiers->line, specifiers->column,
			   "expected a declaration or a block, found \"%.40s\"", specifiers->words[0]->text);
}

bool tsdl_read_declaration(struct tsdl_reader *reader)
{
	const uint32_t defining = reader->defining;
	struct specifiers specifiers;

	if (tsdl_kind(reader) == TSDL_TYPEALIAS) {
		if (!read_typealias(reader))
			return false;
	} else {
		if (!read_specifiers(reader, &specifiers))
			return false;
		if (specifiers.is_typedef ? !read_typedef(reader, &specifiers) : !is_declared(reader, &specifiers))
			return false;
	}
	reader->defining = defining;
	return true;
}

struct model_class *tsdl_read_structure(struct tsdl_reader *reader, const char *what)
{
	static const struct declarator plain;
	struct specifiers specifiers;
	struct model_class *class;

	if (!read_specifiers(reader, &specifiers) || !name_begin(reader, &specifiers))
		return NULL;
	class = use_type(reader, &specifiers, &plain);
	if (class && class->pub.type != CTF_STRUCT) {
		model_error(reader->model, specifiers.line, specifiers.column, "%s must be a structure", what);
		return NULL;
	}
	return class;
}
