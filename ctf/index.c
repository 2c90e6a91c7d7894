/* SPDX-License-Identifier: MIT */
/**
 * index.c - see index.h.
 */
#include "ctf/index.h"

#include <errno.h>
#include <stdlib.h>

#include "ctf/reader.h"

int index_init(struct index *index)
{
	*index = (struct index){.stride = 1, .done = INT64_MIN, .next = {.done = INT64_MIN, .ends = INT64_MIN}};
	return -pthread_mutex_init(&index->lock, NULL);
}

void index_destroy(struct index *index)
{
	free(index->places);
	pthread_mutex_destroy(&index->lock);
}

static void thin_out(struct index *index)
{
	index->n /= 2;
	for (uint32_t i = 0; i < index->n; i++)
		index->places[i] = index->places[2 * i];
	index->stride *= 2;
}

static int add_place(struct index *index, const struct index_place *place)
{
	const uint64_t number = index->n_packets++;

	if (number % index->stride)
		return 0;
	if (!index->places) {
		index->places = malloc(INDEX_PLACES_MAX * sizeof(*index->places));
		if (!index->places)
			return -ENOMEM;
	}
	if (index->n == INDEX_PLACES_MAX)
		thin_out(index);
	if (number % index->stride == 0)
		index->places[index->n++] = *place;
	return 0;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/*
 * Read the head of the packet at @at, where the reader is.
 *
 * Return: CTF_RECORD: at->done is known, *ret_next is the place behind it; CTF_ERROR: only *ret_next is; CTF_END.
 */
static enum ctf_status look(struct stream_reader *reader, struct index_place *at, struct index_place *ret_next)
{
	const struct ctf_packet *packet = &reader->packet;
	const enum ctf_status status = reader_packet(reader);

	/* One that does not say when it ends goes on until the next one begins, or until anything. */
	if (status == CTF_RECORD && at->open && (!packet->has_begin || packet->begin_ns < at->done))
		at->done = INT64_MAX;
	else if (status == CTF_RECORD && packet->has_begin)
		at->done = later(at->done, packet->begin_ns);
	at->done = later(at->done, at->ends);
	*ret_next = *at;
	ret_next->place = reader->next;
	if (status != CTF_RECORD)
		return status;
	ret_next->open = !packet->has_end;
	if (packet->has_end)
		ret_next->ends = packet->end_ns;
	return status;
}

/* Go on through the packets' heads until one is @ns or behind it. */
static int go_through(struct index *index, struct stream_reader *reader, int64_t ns)
{
	reader_go(reader, &index->next.place);
	while (!index->complete && index->done < ns) {
		struct index_place at = index->next;
		const enum ctf_status status = look(reader, &at, &index->next);
		int result = 0;

		if (status == CTF_END)
			index->complete = true;
		else if (status == CTF_RECORD)
			result = add_place(index, &at);
		if (result)
			return result;
		index->done = at.done;
	}
	return 0;
}

/* The last place that is known to be in front of @ns, of those that are kept. */
static struct index_place last_before(const struct index *index, int64_t ns)
{
	uint32_t low = 0, high = index->n;

	while (high - low > 1) {
		const uint32_t middle = low + (high - low) / 2;

		if (index->places[middle].done < ns)
			low = middle;
		else
			high = middle;
	}
	return index->n ? index->places[low] : (struct index_place){.done = INT64_MIN, .ends = INT64_MIN};
}

/* The last of all: from a place on, packet by packet. @part: see index_find(). */
static struct place last_packet_before(struct stream_reader *reader, struct index_place at, int64_t ns, bool part)
{
	struct place best = at.place;
	struct index_place next;
	enum ctf_status status;

	reader_go(reader, &at.place);
	for (; (status = look(reader, &at, &next)) != CTF_END && at.done < ns; at = next) {
		if (status == CTF_RECORD)
			best = at.place;
		if (status == CTF_RECORD && part && !next.open && ctf_part_margin(later(at.done, next.ends)) < ns)
			best = next.place;
	}
	return best;
}

int index_find(struct index *index, struct stream_reader *reader, int64_t ns, bool part, struct place *ret)
{
	struct index_place near;
	int result;

	reader->window.use = READER_HEAD_ROOM;
	pthread_mutex_lock(&index->lock);
	result = go_through(index, reader, ns);
	near = last_before(index, ns);
	pthread_mutex_unlock(&index->lock);
	*ret = last_packet_before(reader, near, ns, part);
	reader->window.use = reader->window.room;
	return result;
}
