/* SPDX-License-Identifier: MIT */
/**
 * packets.c - packets without their records, and the span of time that they give.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctf/reader.h"

static enum ctf_status no_memory(struct ctf_error *ret_error)
{
	*ret_error = (struct ctf_error){.text = "out of memory"};
	ret_error->what = ret_error->text;
	return CTF_ERROR;
}

/* Where the packet behind @packet is. If its size is not known (0), nothing more of its file can be found. */
static struct place behind(const struct ctf_packet *packet)
{
	const struct ctf_stream *stream = packet->stream;
	struct place place = {.clock = packet->has_begin ? packet->begin : 0, .before = {.is = packet->file}};

	while (packet->file && place.file < stream->n_files && strcmp(stream->files[place.file], packet->file))
		place.file++;
	if (packet->file && !packet->size) {
		place.file++;
	} else if (packet->file) {
		place.offset = packet->offset + packet->size;
		place.number = packet->number + 1;
	}
	return place;
}

enum ctf_status ctf_packet_next(const struct ctf *ctf, struct ctf_packet *packet, struct ctf_error *ret_error)
{
	const struct place place = behind(packet);
	struct stream_reader reader;
	enum ctf_status status;

	(void)ctf;
	if (reader_init(&reader, set_stream_of(packet->stream), READER_HEAD_ROOM, false))
		return no_memory(ret_error);
	reader_go(&reader, &place);
	status = reader_packet(&reader);
	if (status != CTF_END)
		*packet = reader.packet;
	if (status == CTF_ERROR) {
		*ret_error = reader.error;
		ret_error->what = ret_error->text + (reader.error.what - reader.error.text);
	}
	reader_free(&reader);
	return status;
}

/* ---- The span of time ---- */

struct span {
	bool is;
	int64_t first;
	int64_t last;
};

static void span_add(struct span *span, int64_t ns)
{
	if (!span->is || ns < span->first)
		span->first = ns;
	if (!span->is || ns > span->last)
		span->last = ns;
	span->is = true;
}

/* Times of the packets' heads; false: a packet does not say when it begins and ends. */
static bool span_by_packets(struct span *span, struct stream_reader *reader)
{
	struct span own = *span;
	enum ctf_status status;

	reader->window.use = READER_HEAD_ROOM;
	while ((status = reader_packet(reader)) != CTF_END) {
		if (status == CTF_ERROR)
			continue;
		if (!reader->packet.has_begin || !reader->packet.has_end)
			return false;
		span_add(&own, reader->packet.begin_ns);
		span_add(&own, reader->packet.end_ns);
	}
	*span = own;
	return true;
}

static void span_by_records(struct span *span, struct stream_reader *reader)
{
	enum ctf_status status;

	reader->window.use = reader->window.room;
	reader->no_losses = true;
	reader_go(reader, &(struct place){0});
	while ((status = reader_next(reader)) != CTF_END)
		if (status == CTF_RECORD)
			span_add(span, reader->record.time);
}

bool ctf_span(const struct ctf *ctf, int64_t *ret_first, int64_t *ret_last)
{
	struct span span = {0};

	for (uint32_t i = 0; i < ctf->n_streams; i++) {
		struct stream_reader reader;

		if (!ctf->streams[i]->pub.class->clock)
			continue;
		if (!reader_init(&reader, ctf->streams[i], READER_ROOM_MIN, true) && !span_by_packets(&span, &reader))
			span_by_records(&span, &reader);
		reader_free(&reader);
	}
	*ret_first = span.first;
	*ret_last = span.last;
	return span.is;
}
