/* SPDX-License-Identifier: MIT */
/**
 * fill.c - the way of nearly all records: linear ones behind a simple header (linear.h, head.h).
 *
 * Each record waits for the size of the one before, so what is on the way from one to the next is kept short; what a record is
 * given out with is computed when it is given out.
 */
#include "ctf/reader.h"

/* What a header says. */
struct found {
	const struct layout_id *id;
	uint64_t clock; /* with bits of others above */
	uint32_t clock_size;
	uint32_t bits; /* of the header */
};

static inline bool find_shaped(const struct layout_stream *class, const uint8_t *bytes, uint64_t pos, unsigned int id_size,
			       unsigned int clock_size, struct found *ret)
{
	uint64_t word, id;

	memcpy(&word, bytes + pos / 8, sizeof(word));
	word = le64toh(word);
	id = word & (((uint64_t)1 << id_size) - 1);
	if (id - class->head.cases[0].first >= class->n_first)
		return false;
	*ret = (struct found){&class->by_id[id], word >> id_size, clock_size, id_size + clock_size};
	return true;
}

static inline bool find_other(const struct layout_stream *class, const uint8_t *bytes, uint64_t pos, uint64_t end,
			      struct found *ret)
{
	const struct head *head = &class->head;
	const struct head_case *one = head_find(head, bytes, pos, end);
	uint64_t id;

	if (!one || !one->clock_size)
		return false;
	id = head_id(head, one, bytes, pos);
	if (id >= class->n_by_id)
		return false;
	*ret = (struct found){&class->by_id[id], head_load(head, bytes, pos + one->clock_at, one->clock_size), one->clock_size,
			      one->bits};
	return true;
}

static inline __attribute__((always_inline)) bool find(const struct layout_stream *class, enum head_shape shape,
						       const uint8_t *bytes, uint64_t pos, uint64_t end, struct found *ret)
{
	switch (shape) {
	case HEAD_5_27:
		return find_shaped(class, bytes, pos, 5, 27, ret);
	case HEAD_16_32:
		return find_shaped(class, bytes, pos, 16, 32, ret);
	default:
		return find_other(class, bytes, pos, end, ret);
	}
}

/* Compiled for each shape. */
static inline __attribute__((always_inline)) void fill(struct stream_reader *reader, enum head_shape shape)
{
	const struct layout_stream *class = reader->class;
	const uint64_t gap = class->head.align - 1;
	const bool whole = gap == 7 && shape != HEAD_OTHER;
	const uint8_t *bytes = reader->decoder.bytes;
	const uint64_t end = reader->decoder.end;
	const bool *wanted = reader->wanted;
	struct saved *saved = reader->decoder.saved;
	uint64_t begin = (reader->decoder.pos + gap) & ~gap, pos = reader->decoder.pos, clock = reader->clock;
	struct passed *to = reader->passed;

	while (to < reader->passed + READER_PASSED && begin < end) {
		struct found found;
		uint64_t at;

		if (!find(class, shape, bytes, begin, end, &found))
			break;
		at = begin + found.bits;
		/* Nothing to be aligned: one step less on the way to the next record. */
		if (!whole || !found.id->whole)
			at = linear_align(&found.id->first, at);
		to->places[0].at = (uint32_t)at;
		at += found.id->first.bits;
		if (found.id->first.op != LINEAR_END && at <= end)
			at = linear_rest(found.id, bytes, at, end, saved, to->places);
		if (at > end)
			break;
		clock = clock_update(clock, found.clock, found.clock_size);
		to->event = found.id->event;
		to->cycles = clock;
		to->begin = (uint32_t)begin;
		to->scopes = (uint32_t)begin + found.bits;
		to->end = (uint32_t)at;
		to += !wanted || wanted[found.id->event->model.pub.index];
		pos = begin = at;
		if (!whole || !found.id->whole)
			begin = (pos + gap) & ~gap;
	}
	reader->end_passed = to;
	reader->record.view.base = bytes;
	reader->decoder.pos = pos;
	reader->clock = clock;
}

bool reader_fill(struct stream_reader *reader)
{
	reader->next_passed = reader->end_passed = reader->passed;
	if (!reader->quick || reader->unsaid)
		return false;
	switch (reader->class->head.shape) {
	case HEAD_5_27:
		fill(reader, HEAD_5_27);
		break;
	case HEAD_16_32:
		fill(reader, HEAD_16_32);
		break;
	default:
		fill(reader, HEAD_OTHER);
	}
	return reader->end_passed > reader->passed;
}
