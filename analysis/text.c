/* SPDX-License-Identifier: MIT */
/*
 * text.c - a growing buffer, and the escapes of text, JSON and CSV.
 *
 * Most strings need none: eight bytes at a time are looked at for any that is not plain, and copied.
 */
#include "analysis/text.h"

#include <stdint.h>
#include <stdlib.h>

#include "ctf/text.h"

#define ROOM_MIN 4096u
#define ESCAPE_MAX 6u /* bytes that one byte can become */

void text_fini(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}

char *text_grow(struct text *text, size_t size)
{
	size_t room = text->room ? text->room : ROOM_MIN;
	char *bytes;

	while (room - text->size < size) {
		if (__builtin_mul_overflow(room, (size_t)2, &room)) {
			text->failed = true;
			return NULL;
		}
	}
	bytes = realloc(text->bytes, room);
	if (!bytes) {
		text->failed = true;
		return NULL;
	}
	text->bytes = bytes;
	text->room = room;
	return bytes + text->size;
}

/* ---- What is plain ---- */

#define EVERY_BYTE 0x0101010101010101u
#define HIGH_BITS 0x8080808080808080u

/* The high bit of a byte is set if the byte is 0; bits above the first that is set mean nothing. */
static uint64_t zeros(uint64_t word)
{
	return (word - EVERY_BYTE) & ~word & HIGH_BITS;
}

/* Are all eight printable ASCII, neither quote nor backslash? */
static bool all_plain(uint64_t word)
{
	const uint64_t controls = (word - EVERY_BYTE * 0x20) & ~word;

	return !((controls | word) & HIGH_BITS) && !zeros(word ^ EVERY_BYTE * '"') && !zeros(word ^ EVERY_BYTE * '\\') &&
	       !zeros(word ^ EVERY_BYTE * 0x7f);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Bytes at the beginning that are plain. */
static size_t plain_size(const char *string, size_t size)
{
	size_t n = 0;
	uint64_t word;

	for (; size - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, string + n, sizeof(word));
		if (!all_plain(word))
			break;
	}
	while (n < size && is_plain((unsigned char)string[n]))
		n++;
	return n;
}

/* ---- Escapes ---- */

static bool changes_display(uint32_t c)
{
	return c < 0xa0 || c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static char hex_digit(unsigned int value)
{
	return "0123456789abcdef"[value & 15];
}

static char *escape_u(char *to, uint32_t c)
{
	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = hex_digit(c >> shift);
	return to;
}

static char *escape_x(char *to, unsigned char c)
{
	*to++ = '\\';
	*to++ = 'x';
	*to++ = hex_digit(c >> 4);
	*to++ = hex_digit(c);
	return to;
}

/* \n and the like; NULL: it has no letter. */
static char *escape_letter(char *to, unsigned char c)
{
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	for (size_t i = 0; letters[i]; i += 2) {
		if ((unsigned char)letters[i] == c) {
			*to++ = '\\';
			*to++ = letters[i + 1];
			return to;
		}
	}
	return NULL;
}

/* One byte that is ASCII, or one that belongs to no character. */
static char *escape_byte(char *to, unsigned char c, bool json)
{
	char *end = c < 0x80 ? escape_letter(to, c) : NULL;

	if (end)
		return end;
	if (!json)
		return escape_x(to, c);
	if (c == 0x7f) {
		*to++ = (char)c;
		return to;
	}
	return escape_u(to, c < 0x80 ? c : 0xdc00u + c);
}

/* The first character, which is not plain. Return: bytes of it that were used; 0: out of memory. */
static size_t put_special(struct text *text, const char *string, size_t size, bool json)
{
	char *to = text_room(text, ESCAPE_MAX);
	uint32_t c = 0;
	size_t n = 0;

	if (!to)
		return 0;
	if ((unsigned char)string[0] >= 0x80)
		n = ctf_text_next(string, size, &c);
	if (!n) {
		text_end(text, escape_byte(to, (unsigned char)string[0], json));
		return 1;
	}
	if (!json && changes_display(c)) {
		text_end(text, escape_u(to, c));
		return n;
	}
	memcpy(to, string, n);
	text_end(text, to + n);
	return n;
}

static void put_escaped(struct text *text, const char *string, size_t size, bool json)
{
	while (size && !text->failed) {
		size_t n = plain_size(string, size);

		if (n)
			text_put(text, string, n);
		else
			n = put_special(text, string, size, json);
		string += n;
		size -= n;
	}
}

void text_shown(struct text *text, const char *string, size_t size)
{
	put_escaped(text, string, size, false);
}

static void put_quoted(struct text *text, const char *string, size_t size, bool json)
{
	char *to;

	if (plain_size(string, size) == size && (to = text_room(text, size + 2))) {
		*to = '"';
		memcpy(to + 1, string, size);
		to[size + 1] = '"';
		text_end(text, to + size + 2);
		return;
	}
	text_char(text, '"');
	put_escaped(text, string, size, json);
	text_char(text, '"');
}

void text_quoted(struct text *text, const char *string, size_t size)
{
	put_quoted(text, string, size, false);
}

void text_json(struct text *text, const char *string, size_t size)
{
	put_quoted(text, string, size, true);
}

void text_csv(struct text *text, const char *string, size_t size)
{
	bool quotes = false;

	for (size_t i = 0; i < size && !quotes; i++)
		quotes = string[i] == ',' || string[i] == '"' || string[i] == '\n' || string[i] == '\r';
	if (!quotes) {
		text_put(text, string, size);
		return;
	}
	text_char(text, '"');
	for (;;) {
		const char *quote = memchr(string, '"', size);
		const size_t n = quote ? (size_t)(quote - string) + 1 : size;

		text_put(text, string, n);
		text_char(text, '"'); /* doubles the quote, or closes the value */
		if (!quote)
			break;
		string += n;
		size -= n;
	}
}

void text_hex(struct text *text, const unsigned char *bytes, size_t size)
{
	char *to = size < SIZE_MAX / 2 ? text_room(text, 2 * size) : NULL;

	if (!to) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < size; i++) {
		*to++ = hex_digit(bytes[i] >> 4);
		*to++ = hex_digit(bytes[i]);
	}
	text_end(text, to);
}
