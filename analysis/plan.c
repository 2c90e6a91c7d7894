/* SPDX-License-Identifier: MIT */
/**
 * plan.c - see plan.h
 */
#include "analysis/plan.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE_FIRST ((uint64_t)128 << 10) /* so that there is something to see */
#define SIZE_MAX_EVER ((uint64_t)64 << 20)
#define SPREAD_FACTOR 4 /* a slice has so many times the bytes that its boundary cuts */

static void classify(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->n_streams; i++) {
		const struct ctf_stream *stream = ctf_stream_at(plan->ctf, i);

		if (plan->select.streams && !plan->select.streams[i])
			continue;
		plan->total += stream->size;
		plan->timed[i] = stream->class->clock != NULL;
		plan->any_timed |= plan->timed[i];
		plan->any_untimed |= !plan->timed[i];
	}
	plan->left = plan->total;
}

int plan_init(struct plan *plan, const struct ctf *ctf, const struct ctf_select *select, unsigned int workers, uint64_t slice_bytes)
{
	const size_t n = (size_t)ctf_n_streams(ctf) + 1;

	*plan = (struct plan){.ctf = ctf,
			      .select = *select,
			      .n_streams = ctf_n_streams(ctf),
			      .workers = workers,
			      .size_max = slice_bytes,
			      .size = SIZE_FIRST,
			      .has_at = select->has_from,
			      .at = select->from};
	plan->timed = calloc(n, sizeof(*plan->timed));
	plan->streams = calloc(n, sizeof(*plan->streams));
	plan->heap = calloc(n, sizeof(struct plan_stream *));
	plan->live = calloc(n, sizeof(struct plan_stream *));
	if (!plan->timed || !plan->streams || !plan->heap || !plan->live) {
		plan_fini(plan);
		return -ENOMEM;
	}
	classify(plan);
	return 0;
}

void plan_fini(struct plan *plan)
{
	free(plan->timed);
	free(plan->streams);
	free(plan->heap);
	free(plan->live);
	*plan = (struct plan){0};
}

/* ---- The heap: no stream's packet begins before that of its parent at (i - 1) / 2. ---- */

static void heap_swap(struct plan *plan, uint32_t a, uint32_t b)
{
	struct plan_stream *stream = plan->heap[a];

	plan->heap[a] = plan->heap[b];
	plan->heap[b] = stream;
}

static bool heap_before(const struct plan *plan, uint32_t a, uint32_t b)
{
	return plan->heap[a]->packet.begin_ns < plan->heap[b]->packet.begin_ns;
}

static void heap_down(struct plan *plan, uint32_t i)
{
	for (uint32_t child; (child = 2 * i + 1) < plan->n_heap; i = child) {
		if (child + 1 < plan->n_heap && heap_before(plan, child + 1, child))
			child++;
		if (!heap_before(plan, child, i))
			return;
		heap_swap(plan, child, i);
	}
}

static void heap_add(struct plan *plan, struct plan_stream *stream)
{
	uint32_t i = plan->n_heap++;

	plan->heap[i] = stream;
	plan->spread += stream->packet.size;
	for (; i && heap_before(plan, i, (i - 1) / 2); i = (i - 1) / 2)
		heap_swap(plan, i, (i - 1) / 2);
}

static void heap_remove_first(struct plan *plan)
{
	heap_swap(plan, 0, --plan->n_heap);
	heap_down(plan, 0);
}

/* ---- Streams that can have something in a slice ---- */

static void live_add(struct plan *plan, struct plan_stream *stream)
{
	if (stream->live)
		return;
	stream->live = true;
	plan->live[plan->n_live++] = stream;
}

/* Streams in the heap at and below @i whose packet begins before @to. */
static void live_add_beginning(struct plan *plan, uint32_t i, int64_t to)
{
	if (i >= plan->n_heap || plan->heap[i]->packet.begin_ns >= to)
		return;
	live_add(plan, plan->heap[i]);
	live_add_beginning(plan, 2 * i + 1, to);
	live_add_beginning(plan, 2 * i + 2, to);
}

/* Those that have ended before @at. */
static void live_drop(struct plan *plan, int64_t at)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->n_live; i++) {
		struct plan_stream *stream = plan->live[i];

		stream->live = stream->open || stream->waits || ctf_part_margin(stream->reach) >= at;
		if (stream->live)
			plan->live[n++] = stream;
	}
	plan->n_live = n;
}

/* How far the stream reaches with the packet. */
static void reach(struct plan_stream *stream, const struct ctf_packet *packet)
{
	/* One that does not say when it ends goes on until the next one begins, or until anything. */
	stream->open = !packet->has_end || (stream->open && packet->begin_ns < stream->reach);
	if (packet->begin_ns > stream->reach)
		stream->reach = packet->begin_ns;
	if (packet->has_end && packet->end_ns > stream->reach)
		stream->reach = packet->end_ns;
}

/* The packet in front of the stream is in the slice. */
static void live_take(struct plan *plan, struct plan_stream *stream)
{
	const struct ctf_packet *packet = &stream->packet;

	live_add(plan, stream);
	reach(stream, packet);
}

/* ---- Packets ---- */

/*
 * The stream's next packet. What cannot be read is passed over: whoever reads the records meets the same error, and says so.
 * Return: false: the stream has no more.
 */
static bool next_packet(struct plan *plan, struct plan_stream *stream)
{
	for (;;) {
		const struct ctf_packet before = stream->packet;
		struct ctf_error error;
		const enum ctf_status status = ctf_packet_next(plan->ctf, &stream->packet, &error);

		if (status != CTF_ERROR)
			return status == CTF_RECORD;
		stream->open = true;
		if (stream->packet.file == before.file && stream->packet.offset == before.offset)
			return false; /* not of the trace's making: no memory */
	}
}

/* A packet was entered on the way there: it may say that it ends far behind its records. */
static void pass(void *data, const struct ctf_record *record)
{
	reach(data, record->packet);
}

/* The packet that has the stream's first record, or loss, from plan->at on, so that those before need not be walked. */
static bool packet_at(struct plan *plan, struct plan_stream *stream, bool *streams)
{
	const uint32_t index = stream->packet.stream->index;
	struct ctf_select select = {.has_from = true, .from = plan->at, .streams = streams, .packet = pass, .data = stream};
	const struct ctf_record *record;
	struct ctf_error error;
	struct ctf_iter *iter;
	enum ctf_status status = CTF_END;

	streams[index] = true;
	iter = ctf_iter_new(plan->ctf, &select, &error);
	if (iter)
		while ((status = ctf_iter_next(iter, &record)) == CTF_ERROR)
			stream->open = true;
	if (status == CTF_RECORD)
		stream->packet = *record->packet;
	ctf_iter_free(iter);
	streams[index] = false;
	return status == CTF_RECORD;
}

static bool is_first(const struct ctf_packet *packet)
{
	return !packet->number && !packet->offset && packet->file == packet->stream->files[0];
}

static void begin_stream(struct plan *plan, struct plan_stream *stream, bool *streams)
{
	stream->reach = INT64_MIN;
	if (!(plan->has_at ? packet_at(plan, stream, streams) : next_packet(plan, stream))) {
		stream->reach = INT64_MIN;
		stream->open = false;
		live_add(plan, stream); /* whoever reads it first says why there is nothing */
		return;
	}
	if (!stream->packet.has_begin)
		plan->rest = true;
	heap_add(plan, stream);
	stream->waits = !is_first(&stream->packet);
	if (stream->waits || stream->open)
		live_add(plan, stream);
}

/* A packet of each stream into the heap. */
static int begin(struct plan *plan)
{
	bool *streams = calloc((size_t)plan->n_streams + 1, sizeof(*streams));

	if (!streams)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->n_streams; i++) {
		plan->streams[i].packet.stream = ctf_stream_at(plan->ctf, i);
		if (plan->timed[i])
			begin_stream(plan, &plan->streams[i], streams);
	}
	free(streams);
	plan->begun = true;
	return 0;
}

/* Takes the first packet of the heap. */
static void take_packet(struct plan *plan)
{
	struct plan_stream *stream = plan->heap[0];

	live_take(plan, stream);
	plan->spread -= stream->packet.size;
	stream->waits = next_packet(plan, stream);
	if (!stream->waits) {
		heap_remove_first(plan);
		return;
	}
	plan->spread += stream->packet.size;
	if (!stream->packet.has_begin)
		plan->rest = true;
	heap_down(plan, 0);
}

/* ---- Slices ---- */

/* Small ones at first and at the end, where workers would wait for the last one; large ones where packets are large. */
static uint64_t next_size(struct plan *plan)
{
	const uint64_t share = plan->left / (2 * plan->workers);
	uint64_t size = plan->size;
	uint64_t max = plan->size_max;

	if (plan->size != SIZE_FIRST && plan->size < SPREAD_FACTOR * plan->spread)
		size = SPREAD_FACTOR * plan->spread;
	if (max < SPREAD_FACTOR * plan->spread)
		max = SPREAD_FACTOR * plan->spread;
	if (max > SIZE_MAX_EVER)
		max = SIZE_MAX_EVER;
	if (size > max)
		size = max;
	if (plan->workers > 1 && size > share)
		size = share > SIZE_FIRST ? share : SIZE_FIRST;
	if (plan->size < SIZE_MAX_EVER)
		plan->size *= 2;
	return size;
}

/* Takes packets that begin from plan->at on. Return: true: the slice ends at *ret_to; false: it is the last. */
static bool take_packets(struct plan *plan, uint64_t size, uint64_t *ret_bytes, int64_t *ret_to)
{
	uint64_t bytes = 0;

	while (plan->n_heap && !plan->rest) {
		const struct ctf_packet *packet = &plan->heap[0]->packet;

		if (plan->select.has_to && packet->begin_ns >= plan->select.to)
			break;
		if (bytes >= size && packet->begin_ns < INT64_MAX && (!plan->has_at || packet->begin_ns >= plan->at)) {
			*ret_bytes = bytes;
			*ret_to = packet->begin_ns + 1;
			return true;
		}
		bytes += packet->size;
		take_packet(plan);
	}
	*ret_bytes = plan->left;
	return false;
}

static void next_timed(struct plan *plan, struct plan_slice *slice)
{
	int64_t to;

	if (!plan->begun && begin(plan))
		plan->rest = true;
	slice->select.has_part_from = plan->has_part;
	slice->select.part_from = plan->at;
	if (take_packets(plan, next_size(plan), &slice->bytes, &to)) {
		live_add_beginning(plan, 0, ctf_part_margin(to));
		slice->select.has_part_to = true;
		slice->select.part_to = to;
		plan->has_at = plan->has_part = true;
		plan->at = to;
	} else {
		slice->all = !plan->any_untimed && plan->left == plan->total;
		plan->ended = true;
	}
	for (uint32_t i = 0; i < plan->n_live; i++)
		slice->streams[plan->live[i]->packet.stream->index] = true;
	for (uint32_t i = 0; plan->rest && i < plan->n_streams; i++)
		slice->streams[i] = plan->timed[i];
	live_drop(plan, plan->at);
	plan->left -= slice->bytes < plan->left ? slice->bytes : plan->left;
}

static void next_untimed(struct plan *plan, struct plan_slice *slice)
{
	for (uint32_t i = 0; i < plan->n_streams; i++) {
		slice->streams[i] = !plan->timed[i] && (!plan->select.streams || plan->select.streams[i]);
		if (slice->streams[i])
			slice->bytes += ctf_stream_at(plan->ctf, i)->size;
	}
	slice->all = !plan->any_timed;
	plan->left -= slice->bytes;
	plan->any_untimed = false;
	plan->ended = !plan->any_timed;
}

int plan_next(struct plan *plan, struct plan_slice *ret_slice)
{
	if (plan->ended || (!plan->any_timed && !plan->any_untimed))
		return 0;
	*ret_slice = (struct plan_slice){.select = plan->select};
	ret_slice->streams = calloc((size_t)plan->n_streams + 1, sizeof(*ret_slice->streams));
	if (!ret_slice->streams)
		return -ENOMEM;
	ret_slice->select.streams = ret_slice->streams;
	if (plan->any_untimed)
		next_untimed(plan, ret_slice);
	else
		next_timed(plan, ret_slice);
	return 1;
}

void plan_slice_fini(struct plan_slice *slice)
{
	free(slice->streams);
	*slice = (struct plan_slice){0};
}
