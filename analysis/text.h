/* SPDX-License-Identifier: MIT */
/**
 * text.h - output in a growing buffer, and strings of traces made safe for it.
 *
 * A buffer that cannot grow remembers it (failed) and drops what does not fit; who filled it looks once, at the end.
 */
#ifndef BL_ANALYSIS_TEXT_H
#define BL_ANALYSIS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/** All zero is an empty one. */
struct text {
	char *bytes;
	size_t size;
	size_t room;
	bool failed;
};

void text_fini(struct text *text);

/** text_grow() - the slow half of text_room(). */
char *text_grow(struct text *text, size_t size);

/**
 * text_room() - where at least @size bytes can be written
 *
 * text_end() says up to where they were. NULL: out of memory.
 */
static inline char *text_room(struct text *text, size_t size)
{
	return text->room - text->size >= size ? text->bytes + text->size : text_grow(text, size);
}

static inline void text_end(struct text *text, const char *end)
{
	text->size = (size_t)(end - text->bytes);
}

static inline void text_put(struct text *text, const char *bytes, size_t size)
{
	char *to = size ? text_room(text, size) : NULL;

	if (!to)
		return;
	memcpy(to, bytes, size);
	text->size += size;
}

/* Buffers are larger than this, and so is what is read of them by text_copy(). */
#define TEXT_PIECE 16u

/** text_copy() - append another text. Its bytes behind the end may be copied too, and written over later: quick for short ones. */
static inline void text_copy(struct text *text, const struct text *from)
{
	char *to = text_room(text, from->size + TEXT_PIECE);

	if (!to || !from->size)
		return;
	memcpy(to, from->bytes, TEXT_PIECE);
	if (from->size > TEXT_PIECE)
		memcpy(to + TEXT_PIECE, from->bytes + TEXT_PIECE, from->size - TEXT_PIECE);
	text->size += from->size;
}

static inline void text_string(struct text *text, const char *string)
{
	text_put(text, string, strlen(string));
}

static inline void text_char(struct text *text, char c)
{
	text_put(text, &c, 1);
}

/**
 * text_shown() - a string for a person's terminal, without quotes
 *
 * C's escapes for control characters, quotes, backslashes, and bytes that are not UTF-8; \uXXXX for characters that would change
 * how the rest is shown: C1, separators of lines and paragraphs, marks and overrides of direction, the byte order mark.
 */
void text_shown(struct text *text, const char *string, size_t size);

/** text_quoted() - the same, in quotes. */
void text_quoted(struct text *text, const char *string, size_t size);

/**
 * text_json() - a string of JSON, with its quotes
 *
 * Bytes that are not UTF-8 become \udc80..\udcff, which Python's surrogateescape reads back.
 */
void text_json(struct text *text, const char *string, size_t size);

/** text_csv() - a value of RFC 4180: in quotes if it has to be. */
void text_csv(struct text *text, const char *string, size_t size);

/** text_hex() - two digits a byte. */
void text_hex(struct text *text, const unsigned char *bytes, size_t size);

#endif
