/* SPDX-License-Identifier: MIT */
/**
 * iter.c - the records of all data streams of a set, in the order of time.
 *
 * A heap of readers, each in front of its next record. The record that was given out last is still its reader's: that is moved on
 * when the next one is asked for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctf/reader.h"

#define CTF_PASS ((enum ctf_status)2) /* a record that is not selected */

#define ITER_MEMORY ((size_t)24 << 20) /* for the windows of all streams together */
#define ITER_OPEN_MAX 256u             /* streams; with more of them files are not kept open */

struct ctf_iter {
	const struct ctf *ctf;
	struct ctf_select select;
	bool selects; /* select leaves out some records of the readers */
	struct stream_reader *readers;
	uint32_t n_readers;
	uint32_t n_started; /* readers that are in front of their first record, or at their end */
	struct stream_reader **heap;
	uint32_t n;
	struct stream_reader *given; /* the record given out last is its; it is at the top of the heap */
	int64_t bound;               /* a record of its that is before this is before those of all others */
	const struct ctf_error *error;
};

/* ---- Order ---- */

static inline bool is_before(const struct stream_reader *a, const struct stream_reader *b)
{
	const struct ctf_record *x = &a->record, *y = &b->record;

	if (x->has_time != y->has_time)
		return !x->has_time;
	if (__builtin_expect(x->time != y->time, 1))
		return x->time < y->time;
	/* A nanosecond may be several cycles. */
	if (x->has_time && x->cycles != y->cycles && x->stream->class->clock == y->stream->class->clock)
		return x->cycles < y->cycles;
	return a < b;
}

static void sift_down(struct ctf_iter *iter, uint32_t at)
{
	struct stream_reader **heap = iter->heap;
	struct stream_reader *moved = heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= iter->n)
			break;
		if (child + 1 < iter->n && is_before(heap[child + 1], heap[child]))
			child++;
		if (!is_before(heap[child], moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static void push(struct ctf_iter *iter, struct stream_reader *reader)
{
	uint32_t at = iter->n++;

	while (at && is_before(reader, iter->heap[(at - 1) / 2])) {
		iter->heap[at] = iter->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	iter->heap[at] = reader;
}

static void drop_top(struct ctf_iter *iter)
{
	iter->heap[0] = iter->heap[--iter->n];
	if (iter->n)
		sift_down(iter, 0);
}

/* ---- One reader ---- */

/*
 * Is the record, and what follows it in the stream, of a part that begins at @ns? Unless its packet is in the part in front as a
 * whole.
 */
static bool is_from(const struct stream_reader *reader, int64_t ns)
{
	const struct ctf_record *record = &reader->record;
	const struct ctf_packet *packet = &reader->packet;

	return record->has_time &&
	       (record->time >= ns || (record->event && packet->has_begin && packet->begin_ns >= ctf_part_margin(ns)));
}

/* Does the place of the reader's packet lie in front of @place? */
static bool is_in_front(const struct stream_reader *reader, const struct place *place)
{
	return reader->next.file != place->file ? reader->next.file < place->file : reader->packet.offset < place->offset;
}

static enum ctf_status no_memory(struct stream_reader *reader)
{
	snprintf(reader->error.text, sizeof(reader->error.text), "%s: out of memory", reader->stream->pub.files[0]);
	reader->error.what = reader->error.text;
	return CTF_ERROR;
}

static enum ctf_status find_part_end(struct stream_reader *reader, int64_t ns)
{
	struct stream_reader finder;

	reader->has_part_end = !reader_init(&finder, reader->stream, READER_HEAD_ROOM, false);
	if (reader->has_part_end) /* the place is right even if there is no memory to keep others */
		index_find((struct index *)&reader->stream->index, &finder, ns, true, &reader->part_end);
	reader_free(&finder);
	return reader->has_part_end ? CTF_RECORD : no_memory(reader);
}

/*
 * At a record behind the part's end: is its packet in the part as a whole? Only one that ends before that, as far as it says when,
 * may be. Return: CTF_RECORD: it is; CTF_END; CTF_ERROR.
 */
static enum ctf_status whole_in_part(const struct ctf_iter *iter, struct stream_reader *reader)
{
	const int64_t to = iter->select.part_to;

	if (reader->packet.has_end && reader->packet.end_ns >= to)
		return CTF_END;
	if (!reader->has_part_end && find_part_end(reader, to) == CTF_ERROR)
		return CTF_ERROR;
	return is_in_front(reader, &reader->part_end) ? CTF_RECORD : CTF_END;
}

/*
 * Is the record selected? A stream's part begins with its first record from the selection's begin on, and ends before the first one
 * from its end on, wherever times go in between: so what is cut off at a time is neither lost nor read twice by who goes on from
 * there.
 */
static enum ctf_status selected(const struct ctf_iter *iter, struct stream_reader *reader)
{
	const struct ctf_select *select = &iter->select;
	const struct ctf_record *record = &reader->record;

	if (select->has_to && record->has_time && record->time >= select->to)
		return CTF_END;
	if (select->has_part_to && is_from(reader, select->part_to)) {
		const enum ctf_status status = whole_in_part(iter, reader);

		if (status != CTF_RECORD)
			return status;
	}
	if (select->has_part_from && !reader->begun && !is_from(reader, select->part_from))
		return CTF_PASS;
	reader->begun = true;
	if (!reader->arrived && select->has_from && record->has_time && record->time < select->from)
		return CTF_PASS;
	reader->arrived = true;
	return reader->wanted && record->event && !reader->wanted[record->event->index] ? CTF_PASS : CTF_RECORD;
}

/* The reader's next record that is selected. */
static enum ctf_status advance(const struct ctf_iter *iter, struct stream_reader *reader)
{
	enum ctf_status status;

	do {
		status = CTF_RECORD;
		if (__builtin_expect(reader->next_passed < reader->end_passed, 1) || reader_fill(reader))
			reader_take(reader);
		else
			status = reader_next(reader);
		if (iter->selects && status == CTF_RECORD)
			status = selected(iter, reader);
	} while (status == CTF_PASS);
	return status;
}

/* To the beginning of what is wanted of the stream. */
static int place_reader(const struct ctf_iter *iter, struct stream_reader *reader)
{
	const struct ctf_select *select = &iter->select;
	struct index *index = (struct index *)&reader->stream->index;
	struct place place = {0};
	int result = 0;

	if (select->has_part_from && reader->class->model.pub.clock)
		result = index_find(index, reader, select->part_from, true, &place);
	else if (select->has_from && reader->class->model.pub.clock)
		result = index_find(index, reader, select->from, false, &place);
	reader_go(reader, &place);
	reader->begun = reader->has_part_end = false;
	/* Records that are earlier than the selection, behind the first one in it, may be in a later part. */
	reader->arrived = select->has_part_from && place.before.has_end && place.before.end_ns >= select->from;
	return result;
}

static enum ctf_status out_of_memory(struct ctf_iter *iter, struct stream_reader *reader)
{
	iter->error = &reader->error;
	return no_memory(reader);
}

/* Bring all readers to their first record. Return: CTF_END: done; CTF_ERROR: of one of them, to be called again. */
static enum ctf_status start(struct ctf_iter *iter)
{
	while (iter->n_started < iter->n_readers) {
		struct stream_reader *reader = &iter->readers[iter->n_started];
		enum ctf_status status;

		if (!reader->placed && place_reader(iter, reader)) {
			iter->n_started++;
			return out_of_memory(iter, reader);
		}
		reader->placed = true;
		status = advance(iter, reader);
		if (status == CTF_ERROR) {
			iter->error = &reader->error;
			return CTF_ERROR;
		}
		iter->n_started++;
		if (status == CTF_RECORD)
			push(iter, reader);
		else
			window_close(&reader->window);
	}
	return CTF_END;
}

/* ---- Interface ---- */

static bool is_selected(const struct ctf_select *select, const struct set_stream *stream)
{
	return !select->streams || select->streams[stream->pub.index];
}

static int make_readers(struct ctf_iter *iter)
{
	const struct ctf *ctf = iter->ctf;
	uint32_t n = 0;
	size_t room;

	for (uint32_t i = 0; i < ctf->n_streams; i++)
		n += is_selected(&iter->select, ctf->streams[i]);
	iter->readers = calloc(n + 1, sizeof(*iter->readers));
	iter->heap = calloc(n + 1, sizeof(struct stream_reader *));
	if (!iter->readers || !iter->heap)
		return -ENOMEM;
	room = ITER_MEMORY / (n + 1) / 4096 * 4096;
	room = room < READER_ROOM_MIN ? READER_ROOM_MIN : room > READER_ROOM_MAX ? READER_ROOM_MAX : room;
	for (uint32_t i = 0; i < ctf->n_streams; i++) {
		struct stream_reader *reader = &iter->readers[iter->n_readers];

		if (!is_selected(&iter->select, ctf->streams[i]))
			continue;
		iter->n_readers++;
		if (reader_init(reader, ctf->streams[i], room, n <= ITER_OPEN_MAX))
			return -ENOMEM;
		reader->no_losses = iter->select.no_losses;
		reader->entered = iter->select.packet;
		reader->entered_data = iter->select.data;
		if (iter->select.events)
			reader->wanted = iter->select.events + reader->trace->first_event;
	}
	return 0;
}

struct ctf_iter *ctf_iter_new(const struct ctf *ctf, const struct ctf_select *select, struct ctf_error *ret_error)
{
	struct ctf_iter *iter = calloc(1, sizeof(*iter));

	if (iter) {
		iter->ctf = ctf;
		if (select)
			iter->select = *select;
		iter->selects = iter->select.has_from || iter->select.has_to || iter->select.has_part_from ||
				iter->select.has_part_to || iter->select.events;
		if (!make_readers(iter))
			return iter;
	}
	ctf_iter_free(iter);
	*ret_error = (struct ctf_error){.text = "out of memory"};
	ret_error->what = ret_error->text;
	return NULL;
}

void ctf_iter_free(struct ctf_iter *iter)
{
	if (!iter)
		return;
	for (uint32_t i = 0; i < iter->n_readers; i++)
		reader_free(&iter->readers[i]);
	free(iter->readers);
	free(iter->heap);
	free(iter);
}

/* What is at the top of the heap is given out. */
static inline enum ctf_status give(struct ctf_iter *iter, const struct ctf_record **ret_record)
{
	iter->given = iter->n ? iter->heap[0] : NULL;
	if (!iter->given)
		return CTF_END;
	iter->bound = INT64_MAX;
	for (uint32_t i = 1; i < iter->n && i <= 2; i++) {
		const struct ctf_record *other = &iter->heap[i]->record;
		const int64_t time = other->has_time ? other->time : INT64_MIN;

		iter->bound = time < iter->bound ? time : iter->bound;
	}
	*ret_record = &iter->given->record;
	return CTF_RECORD;
}

static __attribute__((noinline)) enum ctf_status give_other(struct ctf_iter *iter, const struct ctf_record **ret_record)
{
	if (iter->n > 1)
		sift_down(iter, 0);
	return give(iter, ret_record);
}

static __attribute__((noinline)) enum ctf_status next_advanced(struct ctf_iter *iter, const struct ctf_record **ret_record)
{
	struct stream_reader *reader = iter->given;
	enum ctf_status status;

	if (!reader)
		return start(iter) == CTF_ERROR ? CTF_ERROR : give(iter, ret_record);
	status = advance(iter, reader);
	if (status == CTF_RECORD)
		return give_other(iter, ret_record);
	if (status == CTF_ERROR) {
		iter->error = &reader->error;
		return CTF_ERROR;
	}
	window_close(&reader->window);
	drop_top(iter);
	return give(iter, ret_record);
}

/* The short way: a record that is selected, and was passed over. */
enum ctf_status ctf_iter_next(struct ctf_iter *iter, const struct ctf_record **ret_record)
{
	struct stream_reader *reader = iter->given;

	if (!reader || iter->selects || (reader->next_passed == reader->end_passed && !reader_fill(reader)))
		return next_advanced(iter, ret_record);
	reader_take(reader);
	if (reader->record.time >= iter->bound)
		return give_other(iter, ret_record);
	*ret_record = &reader->record;
	return CTF_RECORD;
}

const struct ctf_error *ctf_iter_error(const struct ctf_iter *iter)
{
	return iter->error;
}

int ctf_iter_seek(struct ctf_iter *iter, int64_t ns)
{
	iter->select.has_from = iter->selects = true;
	iter->select.from = ns;
	iter->n = 0;
	iter->n_started = 0;
	iter->given = NULL;
	for (uint32_t i = 0; i < iter->n_readers; i++) {
		struct stream_reader *reader = &iter->readers[i];
		const int result = window_grow(&reader->window, READER_ROOM_MIN);

		if (result)
			return result;
		reader->placed = false;
	}
	return 0;
}

static uint64_t reader_bytes(const struct stream_reader *reader)
{
	const struct ctf_stream *stream = &reader->stream->pub;
	uint64_t bytes = 0;

	if (!reader->placed)
		return 0;
	for (uint32_t i = 0; i < reader->next.file && i < stream->n_files; i++)
		bytes += stream->file_sizes[i];
	if (reader->in_packet)
		return bytes + reader->packet.offset + (reader->base + reader->decoder.pos) / 8;
	return bytes + reader->next.offset;
}

uint64_t ctf_iter_bytes(const struct ctf_iter *iter)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < iter->n_readers; i++)
		bytes += reader_bytes(&iter->readers[i]);
	return bytes;
}

uint64_t ctf_iter_total(const struct ctf_iter *iter)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < iter->n_readers; i++)
		bytes += iter->readers[i].stream->pub.size;
	return bytes;
}
