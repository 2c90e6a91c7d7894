/* SPDX-License-Identifier: MIT */
/*
 * tsdl_read.c - what the reader of TSDL makes of each construct of the language, and where it says that something is wrong.
 *
 * A class is compared as a text, in a short form of its own:
 *
 *     u8 s32 f64 text       integers, floating-point numbers, strings that end with NUL
 *     /16                   the alignment, if it is not 8;  be, le, if it is not the trace's;  x o b: the base;  char: of texts
 *     @NAME                 mapped to a clock
 *     (a=0 b=1..3,7)        labels
 *     {RAW:CLASS ...}       a structure; SHOWN=RAW:CLASS, if the name that is shown is not RAW without its first underscore;
 *                           &32 behind: the alignment that the text asks for
 *     <REF>{...}            a variant
 *     CLASS[3] CLASS[REF]   arrays; a reference is a.b, ^.^.a if it is bound, SCOPE:a.b if it is absolute
 *     !ROLE                 roles
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctf/model.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define TYPES                                                                                                                      \
	"trace { major = 1; minor = 8; byte_order = le; };"                                                                        \
	"typealias integer { size = 8; } := u8; typealias integer { size = 32; } := u32;"                                          \
	"typealias integer { size = 32; signed = true; } := int;\n"
#define STREAMS "trace { byte_order = le; packet.header := struct { integer { size = 8; } stream_id; }; };\n"
#define FIELDS "event { fields := struct {\n" /* the third line is the first field's */
#define FIELDS_END "\n}; };"

/** Where a text goes. */
enum place {
	WHOLE,  /* it is everything */
	GLOBAL, /* behind TYPES, in line 2 */
	FIELD,  /* in an event's fields, in line 3 */
};

struct read {
	struct ctf_model model;
	struct ctf_error error;
	bool ok;
};

/* ---- Memory that runs out: the linker puts these in the place of the C library's ---- */

static long fail_in; /* that many allocations from now, one fails; 0: none */

void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return fail_in && !--fail_in ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fail_in && !--fail_in ? NULL : __real_realloc(memory, size);
}

/* The text in a block of exactly its size, for the address sanitizer. */
static void read_bytes(struct read *read, const char *text, size_t size)
{
	char *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, text, size);
	model_init(&read->model, "metadata", &read->error);
	read->ok = ctf_tsdl_read(&read->model, copy, size);
	free(copy);
	assert_int_equal(read->ok, !read->error.text[0]);
}

static char *place_text(enum place place, const char *text)
{
	char *whole;

	assert_true(asprintf(&whole, "%s%s%s%s", place == WHOLE ? "" : TYPES, place == FIELD ? FIELDS : "", text,
			     place == FIELD ? FIELDS_END : "") >= 0);
	return whole;
}

static void read_text(struct read *read, enum place place, const char *text)
{
	char *whole = place_text(place, text);

	read_bytes(read, whole, strlen(whole));
	free(whole);
}

static void read_end(struct read *read)
{
	model_lists_free(&read->model);
	arena_free(&read->model.arena);
}

static void assert_read(const struct read *read)
{
	if (!read->ok)
		fail_msg("%s", read->error.text);
}

/* ---- Classes as texts ---- */

static void describe(FILE *to, const struct ctf_class *class, bool big_endian);

static void describe_ref(FILE *to, const struct model_ref *ref)
{
	static const char *const scopes[] = {"packet.header",  "packet.context", "event.header",
					     "common.context", "context",        "fields"};

	if (ref->origin == REF_SCOPE)
		fprintf(to, "%s:", scopes[ref->scope]);
	for (uint32_t i = 0; i < ref->n; i++)
		fprintf(to, "%s%s", i ? "." : ref->origin == REF_RELATIVE ? "./" : "", ref->path[i] ? ref->path[i] : "^");
}

static void describe_labels(FILE *to, const struct ctf_class *class)
{
	for (uint32_t i = 0; i < class->n_mappings; i++) {
		const struct ctf_mapping *mapping = &class->mappings[i];

		fprintf(to, "%s%s=", i ? " " : "(", mapping->label);
		for (uint32_t k = 0; k < mapping->n_ranges; k++) {
			const struct ctf_range *range = &mapping->ranges[k];

			fprintf(to, class->type == CTF_SINT ? "%s%" PRId64 : "%s%" PRIu64, k ? "," : "", range->first);
			if (range->last != range->first)
				fprintf(to, class->type == CTF_SINT ? "..%" PRId64 : "..%" PRIu64, range->last);
		}
	}
	if (class->is_enum)
		fputc(')', to);
}

static void describe_number(FILE *to, const struct ctf_class *class, bool big_endian)
{
	const struct model_class *model = (const struct model_class *)class;

	fprintf(to, "%c%u", class->type == CTF_UINT ? 'u' : class->type == CTF_SINT ? 's' : 'f', class->size);
	if (class->align != 8)
		fprintf(to, "/%u", class->align);
	if (class->big_endian != big_endian)
		fprintf(to, class->big_endian ? "be" : "le");
	if (class->base)
		fprintf(to, "%s", class->base == 16 ? "x" : class->base == 8 ? "o" : class->base == 2 ? "b" : "d");
	if (model->text_candidate)
		fprintf(to, "char");
	if (model->clock_name)
		fprintf(to, "@%s", model->clock_name);
	describe_labels(to, class);
}

static void describe_members(FILE *to, const struct ctf_class *class, bool big_endian)
{
	const struct model_class *model = (const struct model_class *)class;

	fputc('{', to);
	for (uint32_t i = 0; i < class->n_members; i++) {
		const char *raw = model->raw ? model->raw[i] : class->members[i].name;

		fprintf(to, "%s", i ? " " : "");
		if (strcmp(class->members[i].name, raw[0] == '_' ? raw + 1 : raw) != 0)
			fprintf(to, "%s=", class->members[i].name);
		fprintf(to, "%s:", raw);
		describe(to, class->members[i].class, big_endian);
	}
	fputc('}', to);
	if (model->min_align)
		fprintf(to, "&%" PRIu64, model->min_align);
}

static void describe(FILE *to, const struct ctf_class *class, bool big_endian)
{
	const struct model_class *model = (const struct model_class *)class;

	switch (class->type) {
	case CTF_STRING:
		assert_int_equal(class->length, CTF_ENDED);
		assert_int_equal(class->align, 8);
		fprintf(to, "text");
		break;
	case CTF_VARIANT:
		assert_true(model->by_label);
		fputc('<', to);
		describe_ref(to, model->ref);
		fputc('>', to);
		describe_members(to, class, big_endian);
		break;
	case CTF_STRUCT:
		describe_members(to, class, big_endian);
		break;
	case CTF_ARRAY:
		assert_int_equal(class->n_members, 1);
		assert_null(class->members[0].name);
		describe(to, class->members[0].class, big_endian);
		if (class->length == CTF_STATIC)
			fprintf(to, "[%" PRIu64, class->count);
		else
			fputc('[', to);
		if (class->length == CTF_DYNAMIC)
			describe_ref(to, model->ref);
		fputc(']', to);
		break;
	default:
		describe_number(to, class, big_endian);
	}
	if (class->roles)
		fprintf(to, "!%x", class->roles);
}

/* No class is in two places: none is marked yet. */
static void assert_unshared(const struct ctf_class *class)
{
	assert_int_equal(class->save, -1);
	((struct model_class *)class)->pub.save = -2;
	for (uint32_t i = 0; i < class->n_members; i++)
		assert_unshared(class->members[i].class);
}

static void assert_class(const struct read *read, const struct ctf_class *class, const char *want)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(class);
	assert_non_null(to);
	describe(to, class, read->model.trace.big_endian);
	fclose(to);
	assert_string_equal(text, want);
	free(text);
	assert_unshared(class);
}

static const struct model_event *event_at(const struct read *read, uint32_t i)
{
	assert_true(i < read->model.events.n);
	return read->model.events.items[i];
}

static const struct model_stream *stream_at(const struct read *read, uint32_t i)
{
	assert_true(i < read->model.streams.n);
	return read->model.streams.items[i];
}

static const struct model_clock *clock_at(const struct read *read, uint32_t i)
{
	assert_true(i < read->model.clocks.n);
	return read->model.clocks.items[i];
}

/* ---- Types ---- */

struct construct {
	const char *fields;
	const char *want; /* of the structure */
};

static void assert_constructs(const struct construct *constructs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct read read;

		read_text(&read, FIELD, constructs[i].fields);
		assert_read(&read);
		assert_class(&read, event_at(&read, 0)->pub.payload, constructs[i].want);
		read_end(&read);
	}
}

static void test_integers(void **state)
{
	static const struct construct constructs[] = {
		{"", "{}"},
		{"integer { size = 8; } a;", "{a:u8}"},
		{"integer { size = 7; } a;", "{a:u7/1}"},
		{"integer { size = 64; } a;", "{a:u64}"},
		{"integer { size = 12; align = 16; signed = true; } a;", "{a:s12/16}"},
		{"integer { size = 16; align = 1; signed = TRUE; } a;", "{a:s16/1}"},
		{"integer { size = 8; signed = 1; } a; integer { size = 8; signed = 0; } b;", "{a:s8 b:u8}"},
		{"integer { size = 8; signed = false; } a; integer { size = 8; signed = FALSE; } b;", "{a:u8 b:u8}"},
		{"integer { size = 8; byte_order = be; } a; integer { size = 8; byte_order = network; } b;", "{a:u8be b:u8be}"},
		{"integer { size = 8; byte_order = le; } a; integer { size = 8; byte_order = native; } b;", "{a:u8 b:u8}"},
		{"integer { size = 0x20; align = 010; } a; integer { size = 32UL; } b;", "{a:u32 b:u32}"},
		{"integer { size = +(4); align = (((2))); } a; integer { size = -(-8); } b;", "{a:u4/2 b:u8}"},
		{"integer { size = 8ull; } a; integer { size = 8LLU; } b; integer { size = 8lu; } c; integer { size = '\\b'; } d;",
		 "{a:u8 b:u8 c:u8 d:u8}"},
		{"integer { align = 32768; size = 1; } a;", "{a:u1/32768}"},
		{"integer { size = 8; nobody = knows; neither = this.one[3] -> x; a.b = { 1; \"}\" }; c := struct { u8 x; }; } a;",
		 "{a:u8}"},
		{"integer { size = 8; typedef u8 inner; typealias u8 := inner2; } a;", "{a:u8}"},
		{"integer { size = 8; encoding = UTF8; } a; integer { size = 8; encoding = ascii; signed = 1; } b;",
		 "{a:u8char b:s8char}"},
		{"integer { size = 8; encoding = \"UTF-8\"; } a; integer { size = 8; encoding = none; } b;", "{a:u8char b:u8}"},
		{"integer { size = 16; encoding = UTF8; } a; integer { size = 8; align = 4; encoding = UTF8; } b;",
		 "{a:u16 b:u8/4}"},
		{"integer { size = 8; map = clock.ticks.value; } a;", "{a:u8@ticks}"},
	};
	static const char *const bases[] = {"binary", "b", "2",  "octal",       "oct", "o", "8", "decimal", "dec", "d",
					    "i",      "u", "10", "hexadecimal", "hex", "x", "X", "p",       "16"};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
	for (size_t i = 0; i < N_OF(bases); i++) {
		char field[80], want[16];

		snprintf(field, sizeof(field), "integer { size = 8; base = %s; } a;", bases[i]);
		snprintf(want, sizeof(want), "{a:u8%c}", i < 3 ? 'b' : i < 7 ? 'o' : i < 13 ? 'd' : 'x');
		assert_constructs(&(struct construct){field, want}, 1);
	}
}

static void test_floats_and_strings(void **state)
{
	static const struct construct constructs[] = {
		{"floating_point { exp_dig = 8; mant_dig = 24; } a;", "{a:f32}"},
		{"floating_point { mant_dig = 53; exp_dig = 11; align = 64; byte_order = be; } a;", "{a:f64/64be}"},
		{"floating_point { exp_dig = 8; mant_dig = 24; align = 1; what = ever; } a;", "{a:f32/1}"},
		{"string a; string b, c;", "{a:text b:text c:text}"},
		{"string { } a; string { encoding = UTF8; } b; string { encoding = ASCII; } c;", "{a:text b:text c:text}"},
		{"const string a; string const b;", "{a:text b:text}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

static void test_enumerations(void **state)
{
	static const struct construct constructs[] = {
		{"enum { A, B, C } e;", "{e:s32(A=0 B=1 C=2)}"},
		{"enum : u8 { A, B, C, } e;", "{e:u8(A=0 B=1 C=2)}"},
		{"enum : integer { size = 3; } { A = 5, B } e;", "{e:u3/1(A=5 B=6)}"},
		{"enum : u8 { A = 1 ... 3, B, C = 10, D, E = 0x20 ... 0x2f, F } e;", "{e:u8(A=1..3 B=4 C=10 D=11 E=32..47 F=48)}"},
		{"enum : u8 { A = 0...9, B = 5 ... 20 } e;", "{e:u8(A=0..9 B=5..20)}"},
		{"enum : int { A = -5 ... -1, B, C = -(3), D = +7 } e;", "{e:s32(A=-5..-1 B=0 C=-3 D=7)}"},
		{"enum : u8 { A = 1, B = 3, A = 7 ... 8, A } e;", "{e:u8(A=1,7..8,9 B=3)}"},
		{"enum : u8 { \"a b\" = 1, \"\" = 2, struct = 3, event, L\"x\" = 'a' } e;",
		 "{e:u8(a b=1 =2 struct=3 event=4 x=97)}"},
		{"enum : u8 { A = -1, B = 300 } e;", "{e:u8(A=18446744073709551615 B=300)}"},
		{"enum : int { A = -9223372036854775808 ... 9223372036854775807 } e;",
		 "{e:s32(A=-9223372036854775808..9223372036854775807)}"},
		{"enum : u8 { A = 18446744073709551615 } e;", "{e:u8(A=18446744073709551615)}"},
		{"enum : u8 { _a, __b } e;", "{e:u8(_a=0 __b=1)}"},
		{"enum kind : u8 { A } e; enum kind f; enum kind g[2];", "{e:u8(A=0) f:u8(A=0) g:u8(A=0)[2]}"},
		{"enum kind : u8 { A }; enum kind f;", "{f:u8(A=0)}"},
		{"typedef enum : u8 { A } kind; kind e, f;", "{e:u8(A=0) f:u8(A=0)}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

static void test_structures(void **state)
{
	static const struct construct constructs[] = {
		{"struct { } a;", "{a:{}}"},
		{"struct { u8 x; } align(32) a;", "{a:{x:u8}&32}"},
		{"struct { u8 x; } align((64)) a, b;", "{a:{x:u8}&64 b:{x:u8}&64}"},
		{"struct s { u8 x; }; struct s a; struct s align(16) b; struct s c;", "{a:{x:u8} b:{x:u8}&16 c:{x:u8}}"},
		{"struct s { u8 x; } align(32) a; struct s align(8) b; struct s align(64) c;",
		 "{a:{x:u8}&32 b:{x:u8}&32 c:{x:u8}&64}"},
		{"struct { struct { struct { u8 x; } y; } z; } a;", "{a:{z:{y:{x:u8}}}}"},
		{"u8 a, b[2], c;", "{a:u8 b:u8[2] c:u8}"},
		{"const u8 a; u8 const b;", "{a:u8 b:u8}"},
		{"u8 (a); u8 ((b)[2])[3];", "{a:u8 b:u8[3][2]}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

static void test_names(void **state)
{
	static const struct construct constructs[] = {
		{"u8 _a; u8 b; u8 __c; u8 _; u8 __;", "{_a:u8 b:u8 __c:u8 _=_:u8 __=__:u8}"},
		{"u8 _a; u8 a;", "{_a=_a:u8 a:u8}"},
		{"u8 a; u8 __a; u8 _a;", "{a:u8 __a=__a:u8 _a=_a:u8}"},
		{"u8 __a; u8 _a;", "{__a:u8 _a:u8}"},
		{"u8 ___a; u8 a; u8 _a;", "{___a:u8 a:u8 _a=_a:u8}"},
		{"struct { u8 _a; } a; u8 _a; struct { u8 _a; u8 a; } c;", "{a:{_a:u8} _a=_a:u8 c:{_a=_a:u8 a:u8}}"},
		{"enum : u8 { _a, b } t; variant <t> { u8 _a; u8 b; } v;", "{t:u8(_a=0 b=1) v:<t>{_a:u8 b:u8}}"},
		{"u8 \xc3\xa9t\xc3\xa9; u8 \\u00e9; u8 a\\U0001F600b;", "{\xc3\xa9t\xc3\xa9:u8 \xc3\xa9:u8 a\xf0\x9f\x98\x80"
									"b:u8}"},
		{"u8 TRUE; u8 be; u8 size; u8 name; u8 L;", "{TRUE:u8 be:u8 size:u8 name:u8 L:u8}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

static void test_arrays(void **state)
{
	static const struct construct constructs[] = {
		{"u8 a[3]; u8 b[0]; u8 c[0x10]; u8 d['a'];", "{a:u8[3] b:u8[0] c:u8[16] d:u8[97]}"},
		{"u8 a[2][3][4];", "{a:u8[4][3][2]}"},
		{"u8 n; u8 a[n]; u8 b[2][n]; u8 c[n][n];", "{n:u8 a:u8[n] b:u8[n][2] c:u8[n][n]}"},
		{"struct { u8 n; } s; u8 a[s.n];", "{s:{n:u8} a:u8[s.n]}"},
		{"string a[2]; struct { u8 x; } b[2];", "{a:text[2] b:{x:u8}[2]}"},
		{"typedef u8 pair[2]; pair a; pair b[3];", "{a:u8[2] b:u8[2][3]}"},
		{"u8 n; u8 a[trace.packet.header.n]; u8 b[stream.packet.context.n.m]; u8 c[stream.event.header.n];",
		 "{n:u8 a:u8[packet.header:n] b:u8[packet.context:n.m] c:u8[event.header:n]}"},
		{"u8 n; u8 a[stream.event.context.n]; u8 b[event.context.n]; u8 c[event.fields.n];",
		 "{n:u8 a:u8[common.context:n] b:u8[context:n] c:u8[fields:n]}"},
		{"u8 a[_n];", "{a:u8[_n]}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

static void test_variants(void **state)
{
	static const struct construct constructs[] = {
		{"enum : u8 { a, b } t; variant <t> { u8 a; string b; } v;", "{t:u8(a=0 b=1) v:<t>{a:u8 b:text}}"},
		{"enum : u8 { a } t; variant <t> { struct { u8 x; } a; } v[4];", "{t:u8(a=0) v:<t>{a:{x:u8}}[4]}"},
		{"variant var { u8 a; }; enum : u8 { a } t; variant var <t> v; variant var <event.context.t> w;",
		 "{t:u8(a=0) v:<t>{a:u8} w:<context:t>{a:u8}}"},
		{"typedef variant { u8 a; } var; variant var <t> v;", "{v:<t>{a:u8}}"},
		{"variant var <t> { u8 a; } v; variant var w; variant var <u> x;", "{v:<t>{a:u8} w:<t>{a:u8} x:<u>{a:u8}}"},
		{"variant <s.t> { u8 a; } v;", "{v:<s.t>{a:u8}}"},
		{"variant <t> { variant <u> { u8 a; } a; } v;", "{v:<t>{a:<u>{a:u8}}}"},
		{"variant var { u8 a; }; struct { variant var <t> x; } s[n];", "{s:{x:<t>{a:u8}}[n]}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

static void test_named_types(void **state)
{
	static const struct construct constructs[] = {
		{"typedef u8 byte; byte a;", "{a:u8}"},
		{"typedef u8 byte, bytes[3]; byte a; bytes b;", "{a:u8 b:u8[3]}"},
		{"integer { size = 3; } typedef bits; bits a;", "{a:u3/1}"},
		{"u8 typedef byte; byte a;", "{a:u8}"},
		{"typealias u8 := byte; byte a;", "{a:u8}"},
		{"typealias u8 := byte, octet; octet a;", "{a:u8}"},
		{"typealias integer { size = 64; } := unsigned long int; unsigned long int a;", "{a:u64}"},
		{"typealias integer { size = 64; } := unsigned long; typealias integer { size = 16; } := unsigned; unsigned a; "
		 "unsigned long b;",
		 "{a:u16 b:u64}"},
		{"typealias integer { size = 64; base = 16; } := struct page *; struct page *a, * b;", "{a:u64x b:u64x}"},
		{"typealias integer { size = 64; } := void *; void *a; void const *b; const void * const c;",
		 "{a:u64 b:u64 c:u64}"},
		{"typealias integer { size = 64; } := const char *; const char *a;", "{a:u64}"},
		{"typealias integer { size = 64; } := u8 * *; u8 **a;", "{a:u64}"},
		{"typealias u8 [16] := id; id a;", "{a:u8[16]}"},
		{"typealias struct { u8 x; } := thing; thing a; thing b;", "{a:{x:u8} b:{x:u8}}"},
		{"typealias enum : u8 { X } := struct odd; struct odd a;", "{a:u8(X=0)}"},
		{"typealias integer { size = 1; } := _Bool; typealias floating_point { exp_dig = 8; mant_dig = 24; } := float; "
		 "_Bool a; float b;",
		 "{a:u1/1 b:f32}"},
		{"typealias u8 := unsigned char; typealias u8 := short; typealias u8 := double _Complex; unsigned char a; short b; "
		 "double _Complex c;",
		 "{a:u8 b:u8 c:u8}"},
		/* Scopes: what is inside hides what is outside, and ends with its structure. */
		{"struct { typealias integer { size = 16; } := u8; u8 x; } a; u8 b;", "{a:{x:u16} b:u8}"},
		{"struct { typedef u32 t; t x; struct { typedef u8 t; t x; } y; t z; } a;", "{a:{x:u32 y:{x:u8} z:u32}}"},
		{"u8 u8; u8 x;", "{u8:u8 x:u8}"},
		{"variant <t> { typedef u32 t; t a; } v;", "{v:<t>{a:u32}}"},
		{"struct s { u8 x; } a; struct { struct s { u32 y; } a; } b; struct s c;", "{a:{x:u8} b:{a:{y:u32}} c:{x:u8}}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

/* The specification's example: a type means the field that is closest where it is defined. */
static void test_bound_types(void **state)
{
	static const struct construct constructs[] = {
		{"enum : u8 { a } x; typedef variant <x> { u8 a; } var; struct { enum : u8 { x } x; var v; } s[10]; var w;",
		 "{x:u8(a=0) s:{x:u8(x=0) v:<./^.x>{a:u8}}[10] w:<./x>{a:u8}}"},
		{"u8 n; typedef u8 seq[n]; struct { struct { seq a; } b; seq c[2]; } d;",
		 "{n:u8 d:{b:{a:u8[./^.^.n]} c:u8[./^.n][2]}}"},
		{"u8 n; typealias u8 [n] := seq; struct { seq a; } b;", "{n:u8 b:{a:u8[./^.n]}}"},
		{"u8 n; struct s { u8 a[n]; }; struct { struct s b; } c;", "{n:u8 c:{b:{a:u8[./^.^.n]}}}"},
		{"u8 n; struct s { u8 n; u8 a[n]; }; struct { struct s b; } c;", "{n:u8 c:{b:{n:u8 a:u8[n]}}}"},
		{"typedef u8 seq[n]; u8 n; seq a;", "{n:u8 a:u8[n]}"},
		{"struct { u8 n; typedef u8 seq[n]; seq a; } outer; struct { u8 n; u8 seq[n]; } b;",
		 "{outer:{n:u8 a:u8[./n]} b:{n:u8 seq:u8[n]}}"},
		{"struct { u8 n; struct { typedef u8 seq[n]; struct { seq a; } b; } c; } d;", "{d:{n:u8 c:{b:{a:u8[./^.^.n]}}}}"},
		{"variant <t> { u8 n; typedef u8 seq[n]; seq a; } v;", "{v:<t>{n:u8 a:u8[n]}}"},
		{"u8 n; struct s { typedef u8 seq[n]; seq a; } x; struct { struct s b; } c;",
		 "{n:u8 x:{a:u8[./^.n]} c:{b:{a:u8[./^.^.n]}}}"},
	};

	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

static void test_bit_fields(void **state)
{
#define UNITS                                                                                                                      \
	"typealias integer { size = 16; align = 16; } := short; typealias integer { size = 32; align = 32; signed = 1; } := long;" \
	"typealias integer { size = 8; } := char;"
	static const struct construct constructs[] = {
		{UNITS "short a:12; short b:5;", "{a:u12/1 b:u5/16}&16"},
		{UNITS "short a:12, b:4, c:1;", "{a:u12/1 b:u4/1 c:u1/1}&16"},
		{UNITS "char a; long b:20; long c:5; char d; char e:3;", "{a:u8 b:s20/1 c:s5/32 d:u8 e:u3/1}&32"},
		{UNITS "struct { char a; short b; } s[2]; short c:9; short d:8;", "{s:{a:u8 b:u16/16}[2] c:u9/1 d:u8/16}&16"},
		{UNITS "struct { char a; } align(32) s[2]; short c:9; struct { } e[5]; short d[0]; short f:7;",
		 "{s:{a:u8}&32[2] c:u9/16 e:{}[5] d:u16/16[0] f:u7/1}&16"},
		{UNITS "long a:(32); struct { long b:31; long c:2; } align(8) s;", "{a:s32/1 s:{b:s31/1 c:s2/32}&32}&32"},
	};
#undef UNITS
	(void)state;
	assert_constructs(constructs, N_OF(constructs));
}

/* ---- Blocks ---- */

static void test_trace(void **state)
{
	static const uint8_t uuid[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
				       0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
	struct read read;

	(void)state;
	read_text(&read, WHOLE,
		  "/* CTF 1.8 */ // types are declared before the byte order is known\n"
		  "typealias integer { size = 32; } := u32; typealias integer { size = 8; byte_order = le; } := u8;\n"
		  "struct { u32 byte_order; } typedef no_trace;\n"
		  "trace { typealias u32 := word; byte_order = be; uuid = \"01234567-89ab-CDEF-fedc-ba9876543210\"; minor = 8; "
		  "major = 1;\n"
		  "other = struct { a = b; }; packet.header := struct { word magic; u8 uuid[16]; u32 stream_id; u32 "
		  "stream_instance_id; }; };");
	assert_read(&read);
	assert_true(read.model.trace.big_endian);
	assert_true(read.model.trace.has_uuid);
	assert_memory_equal(read.model.trace.uuid, uuid, 16);
	assert_int_equal(read.model.trace.major, 1);
	assert_int_equal(read.model.trace.minor, 8);
	assert_class(&read, read.model.trace.packet_header,
		     "{magic:u32!1 uuid:u8le[16]!2 stream_id:u32!4 stream_instance_id:u32!8}");
	read_end(&read);
	read_text(&read, WHOLE, "trace { byte_order = le; };");
	assert_read(&read);
	assert_false(read.model.trace.big_endian);
	assert_false(read.model.trace.has_uuid);
	assert_int_equal(read.model.trace.major, 1);
	assert_int_equal(read.model.trace.minor, 8);
	assert_null(read.model.trace.packet_header);
	read_end(&read);
}

static void assert_env(const struct read *read, uint32_t i, const char *name, const char *text, int64_t number)
{
	const struct ctf_env *env;

	assert_true(i < read->model.envs.n);
	env = read->model.envs.items[i];
	assert_string_equal(env->name, name);
	if (text)
		assert_string_equal(env->text, text);
	else
		assert_null(env->text);
	assert_int_equal(env->number, number);
}

static void test_several_streams(void **state)
{
	struct read read;

	(void)state;
	read_text(&read, WHOLE,
		  STREAMS "stream { id = 1; }; stream { id = 0; }; event { stream_id = 1; }; event { stream_id = 0; id = 1; };");
	assert_read(&read);
	assert_int_equal(read.model.streams.n, 2);
	assert_int_equal(stream_at(&read, 0)->pub.id, 1);
	assert_int_equal(stream_at(&read, 1)->pub.id, 0);
	assert_int_equal(event_at(&read, 0)->stream_id, 1);
	read_end(&read);
}

static void test_env(void **state)
{
	struct read read;

	(void)state;
	read_text(&read, GLOBAL,
		  "env { a = 1; b = -9223372036854775808; c = 9223372036854775807; d = word; event = \"keyword\"; \"two words\" = "
		  "'x';\n"
		  "e = \"q\\\"\\\\\\'\\?\\a\\b\\f\\n\\r\\t\\v\\101\\x42\\0441\\u00e9\\U0001f600 /* no comment */ // none\"; f = "
		  "\"\"; };\n"
		  "env { g = 0xffu; h = L'\\''; i = \"\\u0041\\u20ac\"; };");
	assert_read(&read);
	assert_int_equal(read.model.envs.n, 11);
	assert_env(&read, 0, "a", NULL, 1);
	assert_env(&read, 1, "b", NULL, INT64_MIN);
	assert_env(&read, 2, "c", NULL, INT64_MAX);
	assert_env(&read, 3, "d", "word", 0);
	assert_env(&read, 4, "event", "keyword", 0);
	assert_env(&read, 5, "two words", NULL, 'x');
	assert_env(&read, 6, "e",
		   "q\"\\'?\a\b\f\n\r\t\v"
		   "AB$1\xc3\xa9\xf0\x9f\x98\x80 /* no comment */ // none",
		   0);
	assert_env(&read, 7, "f", "", 0);
	assert_env(&read, 8, "g", NULL, 255);
	assert_env(&read, 9, "h", NULL, '\'');
	assert_env(&read, 10, "i", "A\xe2\x82\xac", 0);
	read_end(&read);
}

/* Lengths in the environment are constants, wherever the environment is. */
static void test_env_lengths(void **state)
{
	struct read read;

	(void)state;
	read_text(&read, GLOBAL,
		  "typedef u8 seq[env.n]; event { context := struct { seq a[2]; }; fields := struct { u8 n; struct { seq a; } b; "
		  "u8 c[n]; }; };\n"
		  "stream { event.header := struct { seq a; }; }; env { n = 5; };");
	assert_read(&read);
	assert_class(&read, event_at(&read, 0)->pub.context, "{a:u8[5][2]}");
	assert_class(&read, event_at(&read, 0)->pub.payload, "{n:u8 b:{a:u8[5]} c:u8[n]}");
	assert_class(&read, stream_at(&read, 0)->pub.event_header, "{a:u8[5]}");
	read_end(&read);
}

static void test_clock(void **state)
{
	const struct model_clock *clock;
	struct read read;

	(void)state;
	read_text(
		&read, GLOBAL,
		"clock { name = ticks; uuid = \"ABCDEF01-89ab-cdef-fedc-ba9876543210\"; description = \"of a wall\"; freq = 1000;\n"
		"precision = 7; offset_s = -10; offset = 12345; absolute = TRUE; color = blue; };\n"
		"clock { name = \"local-clock\"; }; clock { offset = -1; name = negative; freq = 1000; offset_s = 5; };\n"
		"clock { offset = -2000; name = whole; freq = 1000; };");
	assert_read(&read);
	assert_int_equal(read.model.clocks.n, 4);
	clock = clock_at(&read, 0);
	assert_string_equal(clock->id, "ticks");
	assert_string_equal(clock->pub.name, "ticks");
	assert_string_equal(clock->pub.uid, "abcdef01-89ab-cdef-fedc-ba9876543210");
	assert_string_equal(clock->pub.description, "of a wall");
	assert_int_equal(clock->pub.frequency, 1000);
	assert_true(clock->pub.has_precision);
	assert_int_equal(clock->pub.precision, 7);
	assert_int_equal(clock->pub.offset_s, 2);
	assert_int_equal(clock->pub.offset_cycles, 345);
	assert_true(clock->pub.unix_epoch);
	clock = clock_at(&read, 1);
	assert_string_equal(clock->id, "local-clock");
	assert_int_equal(clock->pub.frequency, 1000000000);
	assert_null(clock->pub.uid);
	assert_null(clock->pub.description);
	assert_false(clock->pub.has_precision);
	assert_int_equal(clock->pub.offset_s, 0);
	assert_int_equal(clock->pub.offset_cycles, 0);
	assert_int_equal(clock_at(&read, 2)->pub.offset_s, 4);
	assert_int_equal(clock_at(&read, 2)->pub.offset_cycles, 999);
	assert_int_equal(clock_at(&read, 3)->pub.offset_s, -2);
	assert_int_equal(clock_at(&read, 3)->pub.offset_cycles, 0);
	read_end(&read);
}

static void test_stream(void **state)
{
	const struct model_stream *stream;
	struct read read;

	(void)state;
	read_text(
		&read, GLOBAL,
		"clock { name = c; }; typealias integer { size = 27; map = clock.c.value; } := u27c; typealias u32 := u32c;\n"
		"stream { id = 7; typedef u8 t; packet.context := struct { u8 packet_size; u8 content_size; u27c timestamp_begin;\n"
		"u32 timestamp_end; u8 events_discarded; u8 packet_seq_num; t cpu_id; struct { u8 packet_size; } s; };\n"
		"event.header := struct { enum : u8 { compact = 0 ... 30, extended = 31 } id; variant <id> { struct { u27c "
		"timestamp; } compact;\n"
		"struct { u32 id; u32 timestamp; u27c other; } extended; } v; } align(8); event.context := struct { u8 id; }; };");
	assert_read(&read);
	stream = stream_at(&read, 0);
	assert_true(stream->has_id);
	assert_int_equal(stream->pub.id, 7);
	assert_class(
		&read, stream->pub.packet_context,
		"{packet_size:u8!10 content_size:u8!20 timestamp_begin:u27/1@c!40 timestamp_end:u32@c!80 events_discarded:u8!100 "
		"packet_seq_num:u8!200 cpu_id:u8 s:{packet_size:u8}}");
	assert_class(&read, stream->pub.event_header,
		     "{id:u8(compact=0..30 extended=31)!400 v:<id>{compact:{timestamp:u27/1@c!40} extended:{id:u32!400 "
		     "timestamp:u32@c!40 "
		     "other:u27/1@c!40}}}&8");
	assert_class(&read, stream->pub.event_context, "{id:u8}");
	assert_int_equal(stream->line, 3);
	assert_int_equal(stream->column, 1);
	read_end(&read);
}

/* Clock fields of a packet context may be called anything that ends with _begin or _end. */
static void test_clock_fields(void **state)
{
	struct read read;

	(void)state;
	read_text(&read, GLOBAL,
		  "clock { name = c; }; typealias integer { size = 8; map = clock.c.value; } := t; clock { name = d; };\n"
		  "stream { packet.context := struct { t ccnt_begin; t ccnt_end; u8 other_end; t x; };\n"
		  "event.header := struct { u8 timestamp; t tick; }; };");
	assert_read(&read);
	assert_class(&read, stream_at(&read, 0)->pub.packet_context, "{ccnt_begin:u8@c!40 ccnt_end:u8@c!80 other_end:u8 x:u8@c}");
	assert_class(&read, stream_at(&read, 0)->pub.event_header, "{timestamp:u8 tick:u8@c!40}");
	read_end(&read);
	read_text(&read, GLOBAL,
		  "clock { name = c; }; typealias integer { size = 8; map = clock.c.value; } := t;\n"
		  "stream { packet.context := struct { t ccnt_begin; t ccnt_end; u8 timestamp_begin; u8 timestamp_end; }; };");
	assert_read(&read);
	assert_class(&read, stream_at(&read, 0)->pub.packet_context,
		     "{ccnt_begin:u8@c ccnt_end:u8@c timestamp_begin:u8@c!40 timestamp_end:u8@c!80}");
	read_end(&read);
}

/* Without a clock, times are of one that counts nanoseconds. */
static void test_default_clock(void **state)
{
	const struct model_clock *clock;
	struct read read;

	(void)state;
	read_text(&read, GLOBAL,
		  "stream { event.header := struct { u32 timestamp; }; packet.context := struct { u8 timestamp_end; }; };");
	assert_read(&read);
	assert_int_equal(read.model.clocks.n, 1);
	clock = clock_at(&read, 0);
	assert_int_equal(clock->pub.frequency, 1000000000);
	assert_true(clock->pub.unix_epoch);
	assert_string_equal(clock->id, "default");
	assert_class(&read, stream_at(&read, 0)->pub.event_header, "{timestamp:u32@default!40}");
	assert_class(&read, stream_at(&read, 0)->pub.packet_context, "{timestamp_end:u8@default!80}");
	read_end(&read);
	read_text(&read, GLOBAL, "stream { event.header := struct { u32 time; }; };");
	assert_read(&read);
	assert_int_equal(read.model.clocks.n, 0);
	read_end(&read);
}

static void test_event(void **state)
{
	const struct model_event *event;
	struct read read;

	(void)state;
	read_text(
		&read, GLOBAL,
		"struct payload { u8 x; };\nevent { name = \"a:b\"; id = 0xffffffffffffffff; stream_id = 3; loglevel = -2;\n"
		"model.emf.uri = \"http://x\"; model.emf.other = \"y\"; context := struct { u8 c; }; fields := struct payload; };\n"
		"event { name = bare; struct local { u8 y; }; fields := struct local; };\nevent { };");
	assert_read(&read);
	assert_int_equal(read.model.events.n, 3);
	event = event_at(&read, 0);
	assert_string_equal(event->pub.name, "a:b");
	assert_true(event->has_id);
	assert_true(event->pub.id == UINT64_MAX);
	assert_true(event->has_stream_id);
	assert_int_equal(event->stream_id, 3);
	assert_true(event->pub.has_loglevel);
	assert_int_equal(event->pub.loglevel, -2);
	assert_string_equal(event->pub.emf_uri, "http://x");
	assert_class(&read, event->pub.context, "{c:u8}");
	assert_class(&read, event->pub.payload, "{x:u8}");
	assert_int_equal(event->line, 3);
	event = event_at(&read, 1);
	assert_string_equal(event->pub.name, "bare");
	assert_false(event->has_id);
	assert_false(event->has_stream_id);
	assert_false(event->pub.has_loglevel);
	assert_null(event->pub.emf_uri);
	assert_class(&read, event->pub.payload, "{y:u8}");
	event = event_at(&read, 2);
	assert_null(event->pub.name);
	assert_null(event->pub.context);
	assert_null(event->pub.payload);
	read_end(&read);
}

static void test_callsite(void **state)
{
	struct read read;

	(void)state;
	read_text(&read, GLOBAL,
		  "callsite { name = \"event_name\"; func = \"f\"; file = \"m.c\"; line = 39; ip = 0x40096c; line = 40; };");
	assert_read(&read);
	assert_int_equal(read.model.events.n, 0);
	read_end(&read);
}

/* ---- Errors ---- */

struct wrong {
	enum place place;
	const char *text;
	uint32_t line;
	uint32_t column;
	const char *what; /* part of the error */
};

static const struct wrong wrongs[] = {
	/* Words */
	{WHOLE, "", 1, 1, "no trace block"},
	{WHOLE, "/* CTF 1.8 */\n\n", 3, 1, "no trace block"},
	{GLOBAL, "env { a = 1; }; /* never\nclosed", 2, 17, "comment has no end"},
	{GLOBAL, "env { a = \"never closed;\n}; \"", 2, 11, "no closing \""},
	{GLOBAL, "env { a = \"\\", 2, 11, "no closing \""},
	{GLOBAL, "env { a = 'x;\n};", 2, 11, "no closing '"},
	{GLOBAL, "env { a = 'xy'; };", 2, 11, "of one byte"},
	{GLOBAL, "env { a = ''; };", 2, 11, "of one byte"},
	{GLOBAL, "env { a = \"x\\q\"; };", 2, 13, "no such escape"},
	{GLOBAL, "env { a = \"\\x\"; };", 2, 12, "\\x must be followed"},
	{GLOBAL, "env { a = \"\\x100\"; };", 2, 12, "more than a byte"},
	{GLOBAL, "env { a = \"\\777\"; };", 2, 12, "more than a byte"},
	{GLOBAL, "env { a = \"\\0\"; };", 2, 12, "cannot hold the character 0"},
	{GLOBAL, "env { a = \"\\u12\"; };", 2, 12, "\\u must be followed by 4"},
	{GLOBAL, "env { a = \"\\U0001234\"; };", 2, 12, "\\U must be followed by 8"},
	{GLOBAL, "env { a = \"\\ud800\"; };", 2, 12, "is no character"},
	{GLOBAL, "env { a\\b = 1; };", 2, 8, "in a name"},
	{GLOBAL, "env { a = 08; };", 2, 12, "no octal digit"},
	{GLOBAL, "env { a = 0x; };", 2, 11, "0x must be followed"},
	{GLOBAL, "env { a = 12abc; };", 2, 13, "suffixes are u, l and ll"},
	{GLOBAL, "env { a = 1ulu; };", 2, 12, "suffixes are u, l and ll"},
	{GLOBAL, "env { a = 1lLl; };", 2, 12, "suffixes are u, l and ll"},
	{GLOBAL, "env { a = 18446744073709551616; };", 2, 11, "more than 64 bits"},
	{GLOBAL, "env { a = 1; }; $", 2, 17, "byte 0x24"},
	{GLOBAL, "env { a = 1; }\n#", 3, 1, "byte 0x23"},
	/* Values */
	{GLOBAL, "env { a = ; };", 2, 11, "expected a value, found \";\""},
	{GLOBAL, "env { a = - -1; };", 2, 13, "expected a number, found \"-\""},
	{GLOBAL, "env { a = -\"x\"; };", 2, 12, "expected a number, found \"x\""},
	{GLOBAL, "env { a = (1; };", 2, 13, "expected \")\", found \";\""},
	{GLOBAL, "env { a = b.; };", 2, 13, "expected a name, found \";\""},
	{GLOBAL, "env { a = b.c; };", 2, 11, "must be a number"},
	{GLOBAL, "env { a = 9223372036854775808; };", 2, 11, "must be from"},
	{GLOBAL, "env { a = 1 };", 2, 13, "expected \";\", found \"}\""},
	{GLOBAL, "env { a 1; };", 2, 9, "expected \"=\" and a value, found \"1\""},
	{GLOBAL, "env { a.b = 1; };", 2, 7, "one word"},
	{GLOBAL, "env { a = 1;\n a = 2; };", 3, 2, "variable \"a\" already"},
	{GLOBAL, "env { a := struct { }; };", 2, 9, "expected \"=\" and a value, found \":=\""},
	{GLOBAL, "env { 5 = 1; };", 2, 7, "the name of an attribute"},
	/* Blocks */
	{GLOBAL, "event", 2, 6, "expected \"{\" behind event, found the end of the text"},
	{GLOBAL, "event { name = x; ", 2, 19, "the name of an attribute, or \"}\", found the end"},
	{GLOBAL, "event { } stream { };", 2, 11, "expected \";\", found the keyword \"stream\""},
	{GLOBAL, "event { name = x; id = 1; name = y; };", 2, 27, "name is there already"},
	{GLOBAL, "event { fields := struct { };\n\tfields := struct { }; };", 3, 2, "fields is there already"},
	{GLOBAL, "event { fields = struct { }; };", 2, 16, "expected \":=\" and a structure"},
	{GLOBAL, "event { fields := u8; };", 2, 19, "fields must be a structure"},
	{GLOBAL, "event { fields := struct nowhere; };", 2, 19, "\"struct nowhere\" is not declared"},
	{GLOBAL, "event { id := u8; };", 2, 12, "expected \"=\" and a value, found \":=\""},
	{GLOBAL, "event { id = x; };", 2, 14, "the id of an event must be a number"},
	{GLOBAL, "event { id = -1; };", 2, 14, "from 0 to"},
	{GLOBAL, "event { name = 5; };", 2, 16, "the name of an event must be a text"},
	{GLOBAL, "event { stream_id = \"0\"; };", 2, 21, "stream_id must be a number"},
	{GLOBAL, "event { loglevel = high; };", 2, 20, "loglevel must be a number"},
	{GLOBAL, "event { unknown { }; };", 2, 17, "expected \"=\" or \":=\", found \"{\""},
	{GLOBAL, "event { unknown = { (; };", 2, 19, "has no end"},
	{GLOBAL, "event { unknown = ) ; };", 2, 19, "expected \";\", found \")\""},
	{GLOBAL, "event { 'x' = 1; };", 2, 9, "the name of an attribute"},
	{GLOBAL, "trace { byte_order = le; };", 2, 1, "a trace block already"},
	{WHOLE, "trace { major = 1; };", 1, 1, "no byte_order"},
	{WHOLE, "trace { byte_order = native; };", 1, 22, "must be be or le"},
	{WHOLE, "trace { byte_order = le; major = 2; };", 1, 34, "CTF 2 is not known in this form"},
	{WHOLE, "trace { byte_order = le; minor = 9; };", 1, 34, "minor, after 1, must be from 0 to 8, this is 9"},
	{WHOLE, "trace { byte_order = le; uuid = \"01234567-89ab-cdef-0123-456789abcde\"; };", 1, 33,
	 "uuid must be a text of the form"},
	{WHOLE, "trace { byte_order = le; uuid = \"01234567-89ab-cdef-0123-456789abcdef0\"; };", 1, 33, "uuid must be"},
	{WHOLE, "trace { byte_order = le; uuid = \"01234567-89ab-cdef-0123+456789abcdef\"; };", 1, 33, "uuid must be"},
	{WHOLE, "trace { byte_order = le; uuid = 5; };", 1, 33, "uuid must be"},
	{GLOBAL, "clock { freq = 1; };", 2, 1, "this clock has no name"},
	{GLOBAL, "clock { name = 1; };", 2, 16, "the name of a clock must be a text"},
	{GLOBAL, "clock { name = c; freq = 0; };", 2, 26, "freq must be from 1"},
	{GLOBAL, "clock { name = c; }; clock { name = c; };", 2, 22, "a clock \"c\" already"},
	{GLOBAL, "clock { name = c; absolute = maybe; };", 2, 30, "absolute must be true or false"},
	{GLOBAL, "clock { name = c; absolute = 2; };", 2, 30, "absolute must be true or false"},
	{GLOBAL, "clock { name = c; offset = x; };", 2, 28, "offset must be a number"},
	{GLOBAL, "clock { name = c; offset = 1; freq = 1; offset_s = 9223372036854775807; };", 2, 28, "beyond 64 bits"},
	{GLOBAL, "clock { name = c; description = 1; };", 2, 33, "description must be a text"},
	{GLOBAL, "clock { name = c; freq = 1.5; };", 2, 27, "expected \";\", found \".\""},
	{GLOBAL, "stream { id = 1; };\nstream { id = 2; };", 3, 1, "no stream_id to tell them apart"},
	{WHOLE, STREAMS "stream { id = 1; };\nstream { };", 3, 1, "this stream has no id, and it is not the only one"},
	{WHOLE, STREAMS "stream { id = 1; }; stream { id = 2; };\nevent { stream_id = 1; }; event { };", 3, 27,
	 "this event has no stream_id"},
	{GLOBAL, "stream { event.header := struct { string id; }; };", 2, 35, "id of an event header must be an unsigned integer"},
	{GLOBAL, "stream { event.header := struct { struct { int id; } x; }; };", 2, 44, "id of an event header must be"},
	{GLOBAL, "stream { packet.context := struct { int packet_size; }; };", 2, 37, "packet_size must be an unsigned integer"},
	{GLOBAL, "stream { packet.context := struct { string content_size; }; };", 2, 37, "content_size must be an unsigned"},
	{GLOBAL, "stream { packet.context := struct { u8 timestamp_end[2]; }; };", 2, 54, "timestamp_end must be an unsigned"},
	{WHOLE, "trace { byte_order = le; packet.header := struct { integer { size = 16; } magic; }; };", 1, 52,
	 "magic must have 32 bits"},
	{WHOLE, "trace { byte_order = le; packet.header := struct { integer { size = 8; } uuid[15]; }; };", 1, 79,
	 "array of 16 bytes"},
	{WHOLE, "trace { byte_order = le; packet.header := struct { integer { size = 9; } uuid[16]; }; };", 1, 79,
	 "array of 16 bytes"},
	/* Declarations */
	{GLOBAL, "nonsense\nevent { };", 2, 1, "expected a declaration or a block, found \"nonsense\""},
	{GLOBAL, ";", 2, 1, "expected a type, found \";\""},
	{GLOBAL, "/* one\n two\n */ nonsense;", 4, 5, "found \"nonsense\""},
	{GLOBAL, "} x;", 2, 1, "expected a type, found \"}\""},
	{GLOBAL, "u8 x;", 2, 1, "expected a declaration or a block, found \"u8\""},
	{GLOBAL, "struct { u8 x; };", 2, 1, "no name, so nothing is declared"},
	{GLOBAL, "struct s { u8 x; } y;", 2, 20, "expected \";\", found \"y\""},
	{GLOBAL, "struct", 2, 7, "a name or \"{\" behind struct"},
	{GLOBAL, "variant;", 2, 8, "a name, \"<\" or \"{\" behind variant"},
	{GLOBAL, "enum;", 2, 5, "a name, \":\" or \"{\" behind enum"},
	{GLOBAL, "typedef u8;", 2, 11, "expected the name of the type, found \";\""},
	{GLOBAL, "typedef typedef u8 x;", 2, 9, "expected a type, found the keyword \"typedef\""},
	{GLOBAL, "typedef u8 u8;", 2, 12, "the type \"u8\" is declared already, at 1:"},
	{GLOBAL, "typedef u8 x;\ntypedef u8 x;", 3, 12, "the type \"x\" is declared already, at 2:9"},
	{GLOBAL, "typedef nothing x;", 2, 9, "the type \"nothing\" is not declared"},
	{GLOBAL, "typedef u8 *x;", 2, 9, "the type \"u8 *\" is not declared"},
	{GLOBAL, "typedef unsigned u8 x;", 2, 9, "the type \"unsigned\" is not declared"},
	{GLOBAL, "typedef int y x;", 2, 15, "expected \";\", found \"x\""},
	{GLOBAL, "typealias u8;", 2, 13, "expected \":=\" and the type's name"},
	{GLOBAL, "typealias u8 := ;", 2, 17, "expected a type, found \";\""},
	{GLOBAL, "typealias u8 := struct { };", 2, 17, "expected the name of a type behind \":=\""},
	{GLOBAL, "typealias u8 := x[3];", 2, 18, "cannot be an array"},
	{GLOBAL, "typealias u8 [] := x;", 2, 15, "expected a length"},
	{GLOBAL, "struct s { };\nstruct s { };", 3, 1, "the type \"struct s\" is declared already, at 2:1"},
	{GLOBAL, "struct s { struct s x; };", 2, 12, "the type \"struct s\" is not declared"},
	{GLOBAL,
	 "typedef const const const const const const const const const const const const const const const const const u8 x;", 2,
	 105, "no more than 16 words"},
	/* Fields */
	{FIELD, "u8;", 3, 3, "expected the name of a field, found \";\""},
	{FIELD, "u8 x", 4, 1, "expected \";\" behind a field, found \"}\""},
	{FIELD, "u8 x y;", 3, 6, "expected \";\" behind a field, found \"y\""},
	{FIELD, "u8 x;\nu8 x;", 4, 4, "a field \"x\" already"},
	{FIELD, "u8 a, b,\n a;", 4, 2, "a field \"a\" already"},
	{FIELD, "u8 event;", 3, 4, "the name of a field, found the keyword \"event\""},
	{FIELD, "u8 (*x)[3];", 3, 5, "the name of a field, found \"*\""},
	{FIELD, "u8 (x;", 3, 6, "expected \")\", found \";\""},
	{FIELD, "u16 x;", 3, 1, "the type \"u16\" is not declared"},
	{FIELD, "struct nowhere *x;", 3, 1, "the type \"struct nowhere *\" is not declared"},
	{FIELD, "struct { typedef u8 inner; } a;\ninner b;", 4, 1, "the type \"inner\" is not declared"},
	{FIELD, "struct { } align 8 x;", 3, 18, "expected \"(\" behind align, found \"8\""},
	{FIELD, "struct { } align(12) x;", 3, 18, "power of 2, this is 12"},
	{FIELD, "struct { } align(65536) x;", 3, 18, "from 1 to 32768, this is 65536"},
	{FIELD, "struct { } align(-8) x;", 3, 18, "this is -8"},
	{FIELD, "struct { } align(8 x;", 3, 20, "expected \")\" behind the alignment"},
	{FIELD, "struct { u8 x; y;", 3, 17, "the name of a field, found \";\""},
	{FIELD, "integer { } x;", 3, 1, "this integer has no size"},
	{FIELD, "integer { size = 0; } x;", 3, 18, "size of an integer must be from 1 to 64, this is 0"},
	{FIELD, "integer { size = 65; } x;", 3, 18, "from 1 to 64, this is 65"},
	{FIELD, "integer { size = 8; size = 8; } x;", 3, 21, "size is there already"},
	{FIELD, "integer { size = big; } x;", 3, 18, "size of an integer must be a number"},
	{FIELD, "integer { size = 8; align = 3; } x;", 3, 29, "power of 2, this is 3"},
	{FIELD, "integer { size = 8; align = 0; } x;", 3, 29, "an alignment must be from 1"},
	{FIELD, "integer { size = 8; signed = maybe; } x;", 3, 30, "signed must be true or false"},
	{FIELD, "integer { size = 8; byte_order = pdp; } x;", 3, 34, "byte_order must be native"},
	{FIELD, "integer { size = 8; base = 7; } x;", 3, 28, "base must be 2, 8, 10 or 16"},
	{FIELD, "integer { size = 8; base = roman; } x;", 3, 28, "base must be 2, 8, 10 or 16"},
	{FIELD, "integer { size = 8; encoding = EBCDIC; } x;", 3, 32, "encoding must be none"},
	{FIELD, "integer { size = 8; map = clock; } x;", 3, 27, "clock.NAME.value"},
	{FIELD, "integer { size = 8; map = clock.c.cycles; } x;", 3, 27, "clock.NAME.value"},
	{FIELD, "integer x;", 3, 9, "expected \"{\" behind integer, found \"x\""},
	{FIELD, "floating_point { exp_dig = 8; } x;", 3, 1, "this has 8 and 0"},
	{FIELD, "floating_point { exp_dig = 5; mant_dig = 11; } x;", 3, 1, "this has 5 and 11"},
	{FIELD, "string { encoding = 8; } x;", 3, 21, "encoding must be none"},
	{FIELD, "enum : u8 { } x;", 3, 13, "expected a label of the enumeration, found \"}\""},
	{FIELD, "enum : u8 { A B } x;", 3, 15, "\",\" or \"}\" behind a label, found \"B\""},
	{FIELD, "enum : u8 { A = } x;", 3, 17, "expected a value"},
	{FIELD, "enum : u8 { A = 5 ... 3 } x;", 3, 23, "the range ends before it begins"},
	{FIELD, "enum : int { A = 1 ... -1 } x;", 3, 24, "the range ends before it begins"},
	{FIELD, "enum : u8 { A = \"x\" } x;", 3, 17, "value of a label must be a number"},
	{FIELD, "enum : int { A = 9223372036854775808 } x;", 3, 18, "must be from -9223372036854775808"},
	{FIELD, "enum : u8 { A = 18446744073709551615, B } x;", 3, 41, "there is none behind the one before"},
	{FIELD, "enum : int { A = 9223372036854775807, B } x;", 3, 41, "there is none behind the one before"},
	{FIELD, "typedef string s; enum : s { A } x;", 3, 26, "must be an integer"},
	{FIELD, "enum : u16 { A } x;", 3, 8, "\"u16\" is not declared"},
	{FIELD, "enum : struct { } { A } x;", 3, 8, "an integer type behind \":\", found the keyword \"struct\""},
	{FIELD, "enum : const enum { A } { A } x;", 3, 14, "an integer type behind \":\", found the keyword \"enum\""},
	{FIELD, "typedef enum : u8 { A } e; enum : e { B } x;", 3, 35, "must be an integer"},
	{FIELD, "enum k : u8 x;", 3, 13, "\"{\" before the labels"},
	{FIELD, "variant { u8 a; } x;", 3, 19, "this variant has no tag"},
	{FIELD, "variant { u8 a; } x[2];", 3, 19, "this variant has no tag"},
	{FIELD, "typedef variant { u8 a; } v; struct { v x; } y;", 3, 41, "this variant has no tag"},
	{FIELD, "variant <t> { } x;", 3, 1, "this variant has no options"},
	{FIELD, "variant <t> { u8 a; u8 a; } x;", 3, 24, "a field \"a\" already"},
	{FIELD, "variant <5> { u8 a; } x;", 3, 10, "expected a tag, the name of a field"},
	{FIELD, "variant <> { u8 a; } x;", 3, 10, "expected a value, found \">\""},
	{FIELD, "variant <t { u8 a; } x;", 3, 12, "expected \">\" behind the tag, found \"{\""},
	{FIELD, "variant <env.t> { u8 a; } x;", 3, 10, "none in the environment"},
	{FIELD, "variant nowhere <t> x;", 3, 1, "\"variant nowhere\" is not declared"},
	{FIELD, "variant u8 <t> x;", 3, 1, "it is no variant"},
	{FIELD, "u8 x[];", 3, 6, "expected a length, a number or the name of a field, found \"]\""},
	{FIELD, "u8 x[-1];", 3, 6, "a length must be from 0"},
	{FIELD, "u8 x[\"n\"];", 3, 6, "expected a length, the name of a field"},
	{FIELD, "u8 x[3;", 3, 7, "expected \"]\" behind the length, found \";\""},
	{FIELD, "u8 x[3+4];", 3, 7, "expected \"]\" behind the length, found \"+\""},
	{FIELD, "u8 x[event.n];", 3, 6, "\"event\" begins none of the scopes"},
	{FIELD, "u8 x[stream.event.header];", 3, 6, "or nothing follows"},
	{FIELD, "u8 x[env.n];", 3, 6, "no number \"n\""},
	{FIELD, "string x:3;", 3, 8, "a bit field must be an integer"},
	{FIELD, "u32 x:3;", 3, 5, "aligned to its own size, 32 bits"},
	{FIELD, "u8 x:9;", 3, 6, "must be from 1 to 8, this is 9"},
	{FIELD, "u8 x:0;", 3, 6, "must be from 1 to 8, this is 0"},
	{FIELD, "string s; u8 x:3;", 3, 14, "behind fields of variable size"},
	{FIELD, "u8 s[0xffffffffffff]; u8 x:3;", 3, 26, "behind fields of variable size"},
	{FIELD, "u8 n; struct { u8 a[n]; } s; u8 x:3;", 3, 33, "behind fields of variable size"},
	{FIELD, "variant <t> { u8 x:3; } v;", 3, 18, "must be in a structure"},
	{FIELD, "u8 :3;", 3, 4, "the name of a field, found \":\""},
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(wrongs); i++) {
		const struct wrong *wrong = &wrongs[i];
		struct read read;
		char place[64];

		read_text(&read, wrong->place, wrong->text);
		snprintf(place, sizeof(place), "metadata:%u:%u: ", wrong->line, wrong->column);
		if (read.ok)
			fail_msg("no error: %s", wrong->text);
		if (strncmp(read.error.text, place, strlen(place)) != 0 || !strstr(read.error.what, wrong->what))
			fail_msg("%s\n  wanted: %s%s\n  got:    %s", wrong->text, place, wrong->what, read.error.text);
		assert_int_equal(read.error.line, wrong->line);
		assert_int_equal(read.error.column, wrong->column);
		read_end(&read);
	}
}

static void test_nul(void **state)
{
	static const char byte[] = TYPES "env { a\0b = 1; };", text[] = TYPES "env { a = \"x\0y\"; };";
	struct read read;

	(void)state;
	read_bytes(&read, byte, sizeof(byte) - 1);
	assert_string_equal(read.error.text, "metadata:2:8: the byte 0x00 has no place in TSDL");
	read_end(&read);
	read_bytes(&read, text, sizeof(text) - 1);
	assert_string_equal(read.error.text, "metadata:2:13: a NUL in the text");
	read_end(&read);
}

/* Long and odd words are cut and cleaned where they are shown. */
static void test_shown_words(void **state)
{
	struct read read;

	(void)state;
	read_text(&read, FIELD, "u8 x \x1b[31m;");
	assert_string_equal(read.error.what, "the byte 0x1b has no place in TSDL");
	read_end(&read);
	read_text(&read, FIELD, "u8 x \"\x1b[31m\";");
	assert_string_equal(read.error.what, "expected \";\" behind a field, found \"?[31m\"");
	read_end(&read);
	read_text(&read, FIELD, "u8 x aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee;");
	assert_string_equal(read.error.what, "expected \";\" behind a field, found \"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd\"");
	read_end(&read);
}

/* ---- Limits ---- */

/* @head, then @middle @n times, then @tail. */
static char *repeat(const char *head, const char *middle, size_t n, const char *tail)
{
	const size_t size = strlen(head) + n * strlen(middle) + strlen(tail) + 1;
	char *text = malloc(size), *to = text;

	assert_non_null(text);
	to = stpcpy(to, head);
	while (n--)
		to = stpcpy(to, middle);
	strcpy(to, tail);
	return text;
}

static void assert_limit(enum place place, const char *head, const char *middle, size_t n, const char *tail, const char *what)
{
	char *text = repeat(head, middle, n, tail);
	struct read read;

	read_text(&read, place, text);
	if (what && (read.ok || !strstr(read.error.what, what)))
		fail_msg("%zu of \"%s\": wanted: %s, got: %s", n, middle, what, read.error.text);
	if (!what)
		assert_read(&read);
	read_end(&read);
	free(text);
}

static void test_limits(void **state)
{
	const size_t many = 100000;

	(void)state;
	assert_limit(FIELD, "u8 a", "[1]", CTF_DEPTH_MAX, ";", NULL);
	assert_limit(FIELD, "u8 a", "[1]", CTF_DEPTH_MAX + 1, ";", "more than 64 dimensions");
	assert_limit(FIELD, "u8 a[", "x.", CTF_DEPTH_MAX, "y];", NULL);
	assert_limit(FIELD, "u8 a[", "x.", many, "y];", "this path has more than");
	assert_limit(FIELD, "", "struct {", CTF_DEPTH_MAX, "", "nested more than 64 deep");
	assert_limit(FIELD, "", "struct {", many, "", "nested more than 64 deep");
	assert_limit(FIELD, "", "variant <t> {", many, "", "nested more than 64 deep");
	assert_limit(FIELD, "", "struct { typedef ", many, "", "nested more than 64 deep");
	assert_limit(FIELD, "", "integer { typedef ", many, "", "nested more than 64 deep");
	assert_limit(FIELD, "", "enum : ", many, "", "an integer type behind \":\"");
	assert_limit(FIELD, "", "enum : const enum : typedef ", many, "", "an integer type behind \":\"");
	assert_limit(FIELD, "", "enum : integer { typedef ", many, "", "an integer type behind \":\"");
	assert_limit(FIELD, "", "typealias ", many, "", "expected a type");
	assert_limit(GLOBAL, "env { a = ", "(-", many, "1", "expected \")\"");
	assert_limit(GLOBAL, "env { a = ", "((", many, "1", "expected \")\"");
	assert_limit(FIELD, "u8 ", "(", many, "x;", "expected \")\"");
	assert_limit(GLOBAL, "event { unknown = ", "{", many, ";", "has no end");
	assert_limit(GLOBAL, "typealias u8 := u8", " *", many, ";", NULL);
	assert_limit(GLOBAL, "", "event { };\n", many, "", NULL);
	assert_limit(FIELD, "u8 ", "_", many, ";", NULL);
	assert_limit(FIELD, "enum : u8 { ", "A, ", many, "} x;", NULL);
}

/* Types of types, each twice as large as the one before. */
static void test_doubling(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	struct read read;

	(void)state;
	assert_non_null(to);
	fprintf(to, "struct s0 { u8 a; u8 b; };");
	for (int i = 1; i < 60; i++)
		fprintf(to, "struct s%d { struct s%d a; struct s%d b; };", i, i - 1, i - 1);
	fclose(to);
	read_text(&read, GLOBAL, text);
	assert_false(read.ok);
	assert_non_null(strstr(read.error.what, "field classes and members"));
	assert_true(read.model.n_classes <= read.model.max_classes && read.model.max_classes < 2 * CTF_CLASSES_FREE);
	read_end(&read);
	free(text);
}

static void test_too_many(void **state)
{
	const struct {
		const char *format; /* of a number */
		const char *what;
	} things[] = {
		{"event{};", "more than 4194304 field classes"}, /* and what else costs memory */
		{"callsite{a%d=b%d;};", "more than 2097152 different words"},
	};

	(void)state;
	for (size_t i = 0; i < N_OF(things); i++) {
		char *text = NULL;
		size_t size;
		FILE *to = open_memstream(&text, &size);
		struct read read;

		assert_non_null(to);
		for (int k = 0; k <= 1 << 20; k++)
			fprintf(to, things[i].format, k, k);
		fclose(to);
		read_text(&read, GLOBAL, text);
		free(text);
		assert_false(read.ok);
		if (!strstr(read.error.what, things[i].what))
			fail_msg("%s: %s", things[i].format, read.error.text);
		read_end(&read);
	}
}

/* So many names that all tables have to grow. */
static void test_many_names(void **state)
{
	enum { MANY = 3000 };
	char *text = NULL, want[64];
	size_t size;
	FILE *to = open_memstream(&text, &size);
	const struct ctf_class *fields;
	struct read read;

	(void)state;
	assert_non_null(to);
	for (int i = 0; i < MANY; i++)
		fprintf(to, "typedef u8 t%d[%d]; ", i, i);
	for (int i = 0; i < MANY; i++)
		fprintf(to, "t%d _f%d;", MANY - 1 - i, i);
	fprintf(to, "enum : u8 { ");
	for (int i = 0; i < 2 * MANY; i++)
		fprintf(to, "l%d, ", i % MANY);
	fprintf(to, "} e;");
	fclose(to);
	read_text(&read, FIELD, text);
	free(text);
	assert_read(&read);
	fields = event_at(&read, 0)->pub.payload;
	assert_int_equal(fields->n_members, MANY + 1);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(want, sizeof(want), "f%u", i);
		assert_string_equal(fields->members[i].name, want);
		assert_int_equal(fields->members[i].class->count, MANY - 1 - i);
	}
	fields = fields->members[MANY].class;
	assert_int_equal(fields->n_mappings, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(want, sizeof(want), "l%u", i);
		assert_string_equal(fields->mappings[i].label, want);
		assert_int_equal(fields->mappings[i].n_ranges, 2);
		assert_int_equal(fields->mappings[i].ranges[0].first, i);
		assert_int_equal(fields->mappings[i].ranges[1].last, MANY + i);
	}
	read_end(&read);
}

/* Without memory, at whatever place, that is the error, and nothing is left behind (address sanitizer). */
static void test_no_memory(void **state)
{
	static const char text[] = TYPES
		"env { a = \"x\\ny\"; n = 3; }; clock { name = c; uuid = \"01234567-89AB-cdef-0123-456789abcdef\"; };"
		"stream { event.header := struct { u8 id; u32 timestamp; }; }; typealias int := struct page *; struct s { u8 n; };"
		"event { fields := struct { struct s a, b; u8 n; typedef u8 seq[n]; struct { seq x; } c; u8 d[env.n][n]; int e;"
		"enum : u8 { A, B = 1 ... 3 } t; variant <t> { string A; } v; struct page *p; const u8 q, r, w, \\u00e9; }; };";
	struct read read;

	(void)state;
	for (fail_in = 1;; fail_in++) {
		const long tried = fail_in;

		read_bytes(&read, text, sizeof(text) - 1);
		read_end(&read);
		if (fail_in > 0) { /* there were not so many */
			assert_true(read.ok && tried > 10);
			break;
		}
		assert_string_equal(read.error.text, "metadata: out of memory");
		fail_in = tried;
	}
	fail_in = 0;
}

/* Labels and members count, too. */
static void test_counting(void **state)
{
	struct read read;

	(void)state;
	read_text(&read, FIELD, "enum : u8 { A, B, C } e; struct { u8 x; } s; u8 a[2];");
	assert_read(&read);
	/* Three types and their names; the event, which counts as 8; structure, enumeration, its labels, structure, its member and
	 * class, array, its element, and that one's class; three members. */
	assert_int_equal(read.model.n_classes, 6 + 8 + 1 + 1 + 3 + 3 + 3 + 3);
	read_end(&read);
}

/* Whatever is cut off, there is an error or a trace. */
static void test_cut(void **state)
{
	static const enum place places[] = {GLOBAL, FIELD};
	static const char *const texts[] = {
		"env { a = \"x\\x41\\u00e9\"; b = ((1)); }; clock { name = c; offset = -5; }; stream { event.header := struct { u8 "
		"id; }; }; x",
		"struct s { u8 _a; enum k : u8 { A = 1 ... 3, \"B\" } e; typedef u8 seq[_a]; variant v <e> { seq A; } align; } "
		"align(8) b[2];",
	};

	(void)state;
	for (size_t i = 0; i < N_OF(texts); i++) {
		char *whole = place_text(places[i], texts[i]);

		for (size_t size = 0; size < strlen(whole); size++) {
			struct read read;

			read_bytes(&read, whole, size);
			if (!read.ok)
				assert_true(read.error.line && read.error.column && read.error.what[0]);
			read_end(&read);
		}
		free(whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_floats_and_strings),
		cmocka_unit_test(test_enumerations),
		cmocka_unit_test(test_structures),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_variants),
		cmocka_unit_test(test_named_types),
		cmocka_unit_test(test_bound_types),
		cmocka_unit_test(test_bit_fields),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_env_lengths),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_clock_fields),
		cmocka_unit_test(test_default_clock),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_callsite),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_shown_words),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_doubling),
		cmocka_unit_test(test_counting),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_several_streams),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
