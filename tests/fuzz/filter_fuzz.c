/* SPDX-License-Identifier: MIT */
/*
 * Random bytecode against the machine that runs filters. Whatever it is, the machine ends, reads nothing that is not the filter's
 * or the record's (address sanitizer: the filter lies in a block of exactly its size), and says the same twice.
 *
 * Input: one byte of flags, then, if BYTES_RAW is set, the filter as it is; otherwise five bytes for each operation (code,
 * argument, kind of value, two bytes of it) up to an END, then the filter's text, so that most inputs get past the first operation.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/filter.h"

enum {
	BYTES_RAW = 0x80,
	BYTES_N_ARGS = 0x0f,
	END = 0xff,
	OP_BYTES = 5,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bl_filter_arg record[] = {
	{.type = BL_TYPE_U8, .value.u64 = 200},
	{.type = BL_TYPE_I64, .value.i64 = INT64_MIN},
	{.type = BL_TYPE_F64, .value.f64 = NAN},
	{.type = BL_TYPE_STRING, .value.pointer = "abacab[]*"},
	{.type = BL_TYPE_F32, .value.f64 = 1e30},
	{.type = BL_TYPE_STRING, .value.pointer = NULL},
	{.type = BL_TYPE_SEQUENCE | BL_TYPE_U8, .count = 4},
	{.type = 31},
};

static uint64_t make_value(const uint8_t *op)
{
	const uint64_t low = op[3];
	const uint64_t high = op[4];

	switch (op[2] % 4) {
	case 0:
		return low;
	case 1:
		return low << 32 | high; /* a text's place */
	case 2:
		return -low;
	default:
		return high << 56 | low << 44; /* doubles of all sizes, large integers */
	}
}

/* Return the size of what is made. */
static size_t make_filter(uint8_t *to, const uint8_t *data, size_t size)
{
	struct bl_filter head = {0};
	size_t at = 0;
	size_t made = sizeof(head);

	for (; size - at >= OP_BYTES && data[at] != END; at += OP_BYTES) {
		const struct bl_filter_op op = {
			.code = data[at] % (BL_FILTER_JUMP_TRUE + 2),
			.arg = data[at + 1],
			.value = make_value(data + at),
		};

		memcpy(to + made, &op, sizeof(op));
		made += sizeof(op);
		head.n_ops++;
	}
	if (at < size)
		at++;
	head.text_size = (uint32_t)(size - at);
	memcpy(to, &head, sizeof(head));
	memcpy(to + made, data + at, size - at);
	return made + size - at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t n_args_max = sizeof(record) / sizeof(record[0]);
	uint8_t *room, *filter;
	size_t made = size - 1;
	uint32_t n_args;
	enum bl_filter_verdict verdict;

	if (!size)
		return 0;
	n_args = (data[0] & BYTES_N_ARGS) % (n_args_max + 1);
	room = malloc(sizeof(struct bl_filter) + 4 * size);
	if (!room)
		abort();
	if (data[0] & BYTES_RAW)
		memcpy(room, data + 1, made);
	else
		made = make_filter(room, data + 1, size - 1);
	filter = malloc(made);
	if (!filter)
		abort();
	memcpy(filter, room, made);
	free(room);
	verdict = bl_filter_run(filter, made, record, n_args, -1, 4711);
	if (verdict != BL_FILTER_BROKEN && verdict != BL_FILTER_NO && verdict != BL_FILTER_YES)
		abort();
	if (bl_filter_run(filter, made, record, n_args, -1, 4711) != verdict)
		abort();
	if (bl_filter_match(filter, made, record, n_args, -1, 4711) != (verdict != BL_FILTER_NO))
		abort();
	free(filter);
	return 0;
}
