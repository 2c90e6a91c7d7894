/* SPDX-License-Identifier: MIT */
/**
 * text.h - text from anywhere made safe to show and to store: UTF-8 without control characters.
 */
#ifndef BL_CTF_TEXT_H
#define BL_CTF_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** ctf_text_next() - the UTF-8 character at @s, of which @left bytes are there, 1 at least. Return: its bytes; 0: malformed. */
size_t ctf_text_next(const char *s, size_t left, uint32_t *ret);

/** ctf_text_put() - the bytes of a character in UTF-8. @c: at most 0x10ffff. Return: how many. */
size_t ctf_text_put(char to[4], uint32_t c);

/**
 * ctf_text_clean() - copy text, cleaned and cut
 * @to:   room for min(size, max) + 1 bytes, or NULL to measure only; may be @s
 * @size: bytes at @s; a NUL among them is a control character as any other
 * @max:  bytes that the result may have, without its NUL; it is cut in front of a character that does not fit
 *
 * Each byte that is not part of well-formed UTF-8, and each control character (C0, DEL, C1, line and paragraph separators,
 * direction marks and overrides, byte order mark) becomes one '?'. Return: bytes of the result, NUL included.
 */
size_t ctf_text_clean(char *to, const char *s, size_t size, size_t max);

#endif
