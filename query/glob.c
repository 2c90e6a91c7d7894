/* SPDX-License-Identifier: MIT */
/*
 * glob.c - the globs of expressions: * ? [a-z] [!a-z] and \ to quote.
 *
 * The same meaning as in the program (lib/filter.c), and as fnmatch() has in the C locale without its classes [[:alpha:]]: a '['
 * that is not closed is an ordinary character, a ']' that comes first belongs to the set, a \ at the very end matches nothing.
 */
#include "query/expr.h"

/*
 * A bracket expression whose '[' is at @at: does @c belong to it? Return the bytes that it takes, 0 if it has no end.
 */
static size_t bracket(const unsigned char *pattern, size_t end, size_t at, unsigned char c, bool *ret_match)
{
	size_t i = at + 1;
	size_t first;
	bool negate = false;
	bool match = false;

	if (i < end && (pattern[i] == '!' || pattern[i] == '^')) {
		negate = true;
		i++;
	}
	for (first = i; i < end;) {
		unsigned char low = pattern[i++];
		unsigned char high;

		if (low == ']' && i - 1 > first) {
			*ret_match = match != negate;
			return i - at;
		}
		if (low == '\\' && i < end)
			low = pattern[i++];
		high = low;
		if (end - i >= 2 && pattern[i] == '-') {
			if (pattern[i + 1] == '\\' && end - i >= 3) {
				high = pattern[i + 2];
				i += 3;
			} else if (pattern[i + 1] != ']') {
				high = pattern[i + 1];
				i += 2;
			}
		}
		match |= low <= c && c <= high;
	}
	return 0;
}

/* Does the element at @at, which is no star, match @c? Return the bytes of the element, 0 for no match. */
static size_t one(const unsigned char *pattern, size_t end, size_t at, unsigned char c)
{
	bool match = false;
	size_t size;

	switch (pattern[at]) {
	case '?':
		return 1;
	case '\\':
		return end - at >= 2 && pattern[at + 1] == c ? 2 : 0;
	case '[':
		size = bracket(pattern, end, at, c, &match);
		if (size)
			return match ? size : 0;
		return c == '[';
	default:
		return pattern[at] == c;
	}
}

/* Only the last star is ever tried again: what an earlier one could take instead, the last one can take too. */
bool expr_glob(const char *pattern, size_t pattern_size, const char *text, size_t text_size)
{
	const unsigned char *const elements = (const unsigned char *)pattern;
	const unsigned char *const bytes = (const unsigned char *)text;
	size_t s = 0, p = 0;
	size_t star_s = 0, star_p = 0; /* where the last star's tail goes on; star_p is behind the star, so 0: none yet */

	while (s < text_size) {
		size_t size;

		if (p < pattern_size && elements[p] == '*') {
			star_p = ++p;
			star_s = s;
			if (p == pattern_size)
				return true;
			continue;
		}
		size = p < pattern_size ? one(elements, pattern_size, p, bytes[s]) : 0;
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
	while (p < pattern_size && elements[p] == '*')
		p++;
	return p == pattern_size;
}
