/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * match.h - what values of expressions mean: how two of them relate, what is true, what a glob matches. The language is in expr.h.
 *
 * Compiled in place by whoever evaluates: the machine in the program (lib/filter.c), whose bytes may change under its hands, and
 * the reader (analysis/filter.c). So: freestanding, no libc call, every byte is read once, and looked-at bytes can be counted
 * against a limit. Texts are bytes with a size; NUL is one of them.
 */
#ifndef BL_QUERY_MATCH_H
#define BL_QUERY_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum match_kind {
	MATCH_NOTHING, /* what a record does not have */
	MATCH_I64,
	MATCH_U64,
	MATCH_F64,
	MATCH_TEXT,
};

struct match_value {
	enum match_kind kind;
	size_t size; /* of a text */
	union {
		int64_t i64;
		uint64_t u64;
		double f64;
		const char *text;
	} as;
};

/** How two values relate; a comparison holds if the relation is among those that it accepts. */
enum match_relation {
	MATCH_NONE = 0, /* not comparable: nothing, or a text with a number */
	MATCH_LESS = 1,
	MATCH_EQUAL = 2,
	MATCH_GREATER = 4,
	MATCH_UNORDERED = 8, /* a NaN */
};

static inline bool match_is_number(const struct match_value *v)
{
	return v->kind != MATCH_NOTHING && v->kind != MATCH_TEXT;
}

static inline bool match_is_integer(const struct match_value *v)
{
	return v->kind == MATCH_I64 || v->kind == MATCH_U64;
}

/** The bits that two integers have in common; nothing, if one is no integer. */
static inline struct match_value match_and(const struct match_value *l, const struct match_value *r)
{
	struct match_value bits;

	/* One by one: a compiler may call memset() for more. */
	bits.kind = MATCH_NOTHING;
	bits.size = 0;
	bits.as.u64 = 0;
	if (!match_is_integer(l) || !match_is_integer(r))
		return bits;
	bits.kind = l->kind == MATCH_I64 && r->kind == MATCH_I64 ? MATCH_I64 : MATCH_U64;
	bits.as.u64 = l->as.u64 & r->as.u64;
	return bits;
}

static inline bool match_is_true(const struct match_value *v)
{
	switch (v->kind) {
	case MATCH_I64:
	case MATCH_U64:
		return v->as.u64 != 0;
	case MATCH_F64:
		return v->as.f64 != 0; /* a NaN is true, as in C */
	case MATCH_TEXT:
		return v->size != 0;
	default:
		return false;
	}
}

static inline unsigned char match_byte(const char *text, size_t at)
{
	return (unsigned char)__atomic_load_n(&text[at], __ATOMIC_RELAXED);
}

static inline enum match_relation match_order(bool less, bool greater)
{
	return less ? MATCH_LESS : greater ? MATCH_GREATER : MATCH_EQUAL;
}

static inline double match_double(const struct match_value *v)
{
	return v->kind == MATCH_I64 ? (double)v->as.i64 : v->kind == MATCH_U64 ? (double)v->as.u64 : v->as.f64;
}

/** Two numbers: integers by their mathematical value, an integer and a floating point number as double. */
static inline enum match_relation match_numbers(const struct match_value *l, const struct match_value *r)
{
	if (l->kind == MATCH_F64 || r->kind == MATCH_F64) {
		const double a = match_double(l);
		const double b = match_double(r);

		if (a != a || b != b)
			return MATCH_UNORDERED;
		return match_order(a < b, b < a);
	}
	if (l->kind == MATCH_I64 && r->kind == MATCH_I64)
		return match_order(l->as.i64 < r->as.i64, r->as.i64 < l->as.i64);
	/* At least one is unsigned: a negative one is below it. */
	if (l->kind == MATCH_I64 && l->as.i64 < 0)
		return MATCH_LESS;
	if (r->kind == MATCH_I64 && r->as.i64 < 0)
		return MATCH_GREATER;
	return match_order(l->as.u64 < r->as.u64, r->as.u64 < l->as.u64);
}

/** Two texts, by bytes; the shorter is the smaller where one begins with the other. Looks at no more than the shorter's size of
 * each. */
static inline enum match_relation match_texts(const struct match_value *l, const struct match_value *r)
{
	const size_t common = l->size < r->size ? l->size : r->size;

	for (size_t i = 0; i < common; i++) {
		const unsigned char a = match_byte(l->as.text, i);
		const unsigned char b = match_byte(r->as.text, i);

		if (a != b)
			return match_order(a < b, true);
	}
	return match_order(l->size < r->size, r->size < l->size);
}

static inline enum match_relation match_relate(const struct match_value *l, const struct match_value *r)
{
	if (l->kind == MATCH_TEXT && r->kind == MATCH_TEXT)
		return match_texts(l, r);
	return match_is_number(l) && match_is_number(r) ? match_numbers(l, r) : MATCH_NONE;
}

/** match_spend() - @n of the steps that are left; NULL: no limit. Return: false: there were not so many, now there are none. */
static inline bool match_spend(uint32_t *steps, size_t n)
{
	const bool enough = !steps || n <= *steps;

	if (steps)
		*steps = enough ? *steps - (uint32_t)n : 0;
	return enough;
}

/* ---- Globs: * ? [a-z] [!a-z] and \ to quote ---- */

/*
 * A bracket expression whose '[' is at @at: does @c belong to it? Return: the bytes that it takes; 0: it has no end (then the '['
 * is an ordinary character).
 */
static inline size_t match_glob_bracket(const char *pattern, size_t end, size_t at, unsigned char c, bool *ret_match)
{
	size_t i = at + 1;
	size_t first;
	bool negate = false;
	bool match = false;

	if (i < end) {
		const unsigned char sign = match_byte(pattern, i);

		negate = sign == '!' || sign == '^';
		i += negate;
	}
	for (first = i; i < end;) {
		unsigned char low = match_byte(pattern, i++);
		unsigned char high;

		if (low == ']' && i - 1 > first) {
			*ret_match = match != negate;
			return i - at;
		}
		if (low == '\\' && i < end)
			low = match_byte(pattern, i++);
		high = low;
		if (end - i >= 2 && match_byte(pattern, i) == '-') {
			const unsigned char to = match_byte(pattern, i + 1);

			if (to == '\\' && end - i >= 3) {
				high = match_byte(pattern, i + 2);
				i += 3;
			} else if (to != ']') {
				high = to;
				i += 2;
			}
		}
		match |= low <= c && c <= high;
	}
	return 0;
}

/* Does the pattern's element at @at, which is no star, match @c? Return: the bytes of the element; 0: no, or no steps are left. */
static inline size_t match_glob_one(const char *pattern, size_t end, size_t at, unsigned char element, unsigned char c,
				    uint32_t *steps)
{
	bool match = false;
	size_t size;

	switch (element) {
	case '?':
		return 1;
	case '\\':
		return end - at >= 2 && match_byte(pattern, at + 1) == c ? 2 : 0;
	case '[':
		size = match_glob_bracket(pattern, end, at, c, &match);
		if (!match_spend(steps, size ? size : end - at))
			return 0;
		if (size)
			return match ? size : 0;
		return c == '[';
	default:
		return element == c;
	}
}

/**
 * match_glob() - does the whole of @text match @pattern?
 * @steps: one is spent for each byte looked at; NULL: no limit
 *
 * As fnmatch() in the C locale without its classes [[:alpha:]]: a '[' that is not closed is an ordinary character, a ']' that comes
 * first belongs to the set, a \ at the very end matches nothing. Only the last star is ever tried again: what an earlier one could
 * take instead, the last one can take too.
 *
 * Return: false also when no steps are left.
 */
static inline bool match_glob(const char *pattern, size_t pattern_size, const char *text, size_t text_size, uint32_t *steps)
{
	size_t s = 0, p = 0;
	size_t star_s = 0, star_p = 0; /* where the last star's tail goes on; star_p is behind the star, so 0: none yet */

	while (s < text_size) {
		const unsigned char c = match_byte(text, s);
		const unsigned char element = p < pattern_size ? match_byte(pattern, p) : 0;
		size_t size;

		if (!match_spend(steps, 1))
			return false;
		if (element == '*' && p < pattern_size) {
			star_p = ++p;
			star_s = s;
			continue;
		}
		size = p < pattern_size ? match_glob_one(pattern, pattern_size, p, element, c, steps) : 0;
		if (size) {
			p += size;
			s++;
		} else if (star_p) {
			p = star_p;
			s = ++star_s;
		} else {
			return false;
		}
	}
	while (p < pattern_size && match_byte(pattern, p) == '*')
		p++;
	return p == pattern_size;
}

#endif
