/* SPDX-License-Identifier: MIT */
/**
 * feed.h - a ring, as it is seen from here, and the stream that its packets go to: the way of a packet from memory to the file.
 *
 * The producer's bytes are in memory that it can still write to, so the head is copied, believed as far as packet.h says, and written in
 * place of the original; the payload is passed on as it is. What finds no room on the disk is counted as discarded.
 */
#ifndef BL_RECORD_FEED_H
#define BL_RECORD_FEED_H

#include "core/ring.h"
#include "packet.h"
#include "trace.h"

struct record_session;

struct feed {
	struct bl_ring ring; /* geometry and names are ours; memory is the producer's */
	struct stream *stream;
	uint64_t extra[BL_LOST_NR]; /* discarded by the recorder, since the stream was bound */
	bool broken;                /* its slots made no sense: not looked at any more */
};

/** feed_ts_max() - no record can be newer than that, on whichever CPU. */
uint64_t feed_ts_max(const struct record_session *session);
/** feed_lost_max() - more than that cannot have been discarded so far. */
uint64_t feed_lost_max(const struct record_session *session);

/**
 * feed_take() - write what was taken from the ring
 * @bytes:   the sub-buffer
 * @records: in it, as its count says
 *
 * Return: 0; -BL_EPROTO: its head makes no sense, nothing was written. A disk that is full, or a directory that vanished, is the session's affair.
 */
int feed_take(struct record_session *session, struct feed *feed, struct trace *trace, const uint8_t *bytes, uint64_t records);

/** feed_write() - the same for a head that was checked or made here; @bytes is where its payload is. */
void feed_write(struct record_session *session, struct feed *feed, struct trace *trace, struct bl_packet *packet, const uint8_t *bytes,
		uint64_t records);

/** feed_write_counters() - a packet without records for what was discarded and no packet has said yet, if there is such. */
void feed_write_counters(struct record_session *session, struct feed *feed, struct trace *trace);

#endif
