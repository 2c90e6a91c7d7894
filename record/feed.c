/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session.h"

uint64_t feed_ts_max(const struct record_session *session)
{
	/* A millisecond for counters of CPUs that do not agree, and more where that is known. */
	return trace_clock_now(&session->clock) + session->clock.frequency_hz / (session->clock.note ? 1 : 1000);
}

uint64_t feed_lost_max(const struct record_session *session)
{
	/* Each discarded record took some thread at least a tick. */
	return (trace_clock_now(&session->clock) - session->clock.start.ticks) * session->geometry.n_rings;
}

static void write_failed(struct record_session *session, struct trace *trace, int err)
{
	char text[sizeof(session->failure_text.text)];

	if (trace->snapshot) {
		trace->failure = err; /* whoever asked for it is told */
		return;
	}
	if (err == -ENOENT) {
		session_abort(session, err, "the trace directory was removed while recording: what was not there before is lost");
		return;
	}
	(void)snprintf(text, sizeof(text), "cannot write to %.300s: %s", session->dir, strerror(-err));
	if ((err != -ENOSPC && err != -EDQUOT) || session->options.full_disk == RECORD_FULL_DISK_STOP) {
		(void)strncat(text, ". The trace ends here and is readable.", sizeof(text) - strlen(text) - 1);
		session_abort(session, err, text);
	} else if (!session->disk_full) {
		session->disk_full = true;
		session_say(session, "%s. Recording goes on; what finds no room is discarded and counted.", text);
	}
}

/* The file's first packet says that something was lost before it: readers only see differences, so one that says "nothing" goes first. */
static int write_zero(struct feed *feed, struct trace *trace, uint64_t ts)
{
	static const uint64_t nothing[BL_LOST_NR];
	struct bl_packet packet;
	int err;

	packet_empty(&packet, &feed->ring, feed->stream, nothing, ts);
	err = trace_write(trace, feed->stream, &packet, NULL, 0);
	if (!err)
		packet_written(feed->stream, &packet);
	return err;
}

void feed_write(struct record_session *session, struct feed *feed, struct trace *trace, struct bl_packet *packet, const uint8_t *bytes,
		uint64_t records)
{
	const uint32_t size = packet_payload_size(packet);
	int err = 0;

	/* Every record has at least its compact header. */
	if (records > size / BL_RECORD_COMPACT)
		records = size / BL_RECORD_COMPACT;
	if (packet->discarded && !trace->snapshot && !feed->stream->file.bytes) {
		err = write_zero(feed, trace, packet->timestamp_begin);
		packet->seq = feed->stream->seq_next;
	}
	if (!err)
		err = trace_write(trace, feed->stream, packet, bytes + sizeof(*packet), size);
	if (!err) {
		packet_written(feed->stream, packet);
		session->summary.records += records;
		session->disk_full = false;
	} else {
		feed->extra[BL_LOST_FULL] += records;
		feed->stream->seq_next++;
		session->summary.discarded_disk += records;
		write_failed(session, trace, err);
	}
	session_wrote(session);
}

int feed_take(struct record_session *session, struct feed *feed, struct trace *trace, const uint8_t *bytes, uint64_t records)
{
	struct bl_packet packet;
	int err;

	memcpy(&packet, bytes, sizeof(packet));
	err = packet_check(&packet, &feed->ring, feed->stream, feed->extra, feed_ts_max(session), feed_lost_max(session));
	if (!err)
		feed_write(session, feed, trace, &packet, bytes, records);
	return err;
}

void feed_write_counters(struct record_session *session, struct feed *feed, struct trace *trace)
{
	uint64_t lost[BL_LOST_NR];
	struct bl_packet packet;

	packet_lost(lost, &feed->ring, feed->stream, feed->extra, feed_lost_max(session));
	if (!memcmp(lost, feed->stream->lost, sizeof(lost)))
		return;
	packet_empty(&packet, &feed->ring, feed->stream, lost, trace_clock_now(&session->clock));
	feed_write(session, feed, trace, &packet, (const uint8_t *)&packet, 0);
	/* On a full disk the count is at least in the summary. */
	memcpy(feed->stream->lost, lost, sizeof(lost));
}
