/* SPDX-License-Identifier: MIT */
/* text.c - see text.h. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

size_t ctf_text_next(const char *text, size_t left, uint32_t *ret)
{
	const uint8_t *s = (const uint8_t *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const size_t size = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	uint32_t c;
	size_t i;

	if (!size || size > left)
		return 0;
	c = size == 1 ? s[0] : s[0] & (0x7fu >> size);
	for (i = 1; i < size; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[size] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return size;
}

/* Could @c change what a terminal or an editor shows of the text around it? */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

size_t ctf_text_clean(char *to, const char *s, size_t size, size_t max)
{
	size_t at = 0, out = 0;

	while (at < size) {
		uint32_t c = 0;
		const size_t in = ctf_text_next(s + at, size - at, &c);
		const bool keep = in && !is_control(c);
		const size_t n = keep ? in : 1;

		if (n > max - out)
			break;
		if (to && keep)
			memmove(to + out, s + at, n);
		else if (to)
			to[out] = '?';
		out += n;
		at += in ? in : 1;
	}
	if (to)
		to[out] = '\0';
	return out + 1;
}

size_t ctf_text_put(char to[4], uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}
