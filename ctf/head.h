/* SPDX-License-Identifier: MIT */
/**
 * head.h - headers of records that are read without nodes: numbers at fixed places, and behind them perhaps a variant that one of
 * them selects, as most producers write them. Not for anybody outside ctf/.
 *
 * What such a header is was found when the metadata was read (layout.c). Whoever cannot read one here goes the long way by its
 * class, which says what is wrong with it.
 */
#ifndef BL_CTF_HEAD_H
#define BL_CTF_HEAD_H

#include "ctf/bits.h"
#include "ctf/layout.h"

static inline uint64_t head_load(const struct head *head, const uint8_t *bytes, uint64_t pos, uint32_t size)
{
	return head->big_endian ? bits_load_be(bytes, pos, size) : bits_load_le(bytes, pos, size);
}

/**
 * head_find() - which kind the header at @pos is of
 * @pos: aligned; not behind @end
 *
 * Return: NULL: none, or it goes on behind @end.
 */
static inline const struct head_case *head_find(const struct head *head, const uint8_t *bytes, uint64_t pos, uint64_t end)
{
	const struct head_case *one = head->cases, *last = one + head->n_cases;

	if (head->select_size) {
		uint64_t selector;

		if (head->select_at + head->select_size > end - pos)
			return NULL;
		selector = head_load(head, bytes, pos + head->select_at, head->select_size);
		while (one < last && (selector < one->first || selector > one->last))
			one++;
	}
	return one < last && one->bits <= end - pos ? one : NULL;
}

/** head_id() - of the event; 0 if the header has none. */
static inline uint64_t head_id(const struct head *head, const struct head_case *one, const uint8_t *bytes, uint64_t pos)
{
	return one->id_size ? head_load(head, bytes, pos + one->id_at, one->id_size) : 0;
}

#endif
