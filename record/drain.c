/* SPDX-License-Identifier: MIT */
/*
 * drain.c - from a ring to the stream's file.
 *
 * On the common path a sub-buffer is taken, the head copied and checked, head and payload written by one pwritev() straight from the
 * ring, and the sub-buffer cleaned. Records are counted by the commit counter's high half; nothing is decoded.
 *
 * When nobody will finish what is in a ring (its program is dead, or stopped in the middle of a record while the session ends), the
 * rest is looked at sub-buffer by sub-buffer: the walk (walk.h) finds the first unfinished record and the packet is closed there.
 *
 * A hostile program can change everything at any time, so each visit is bounded by the number of sub-buffers, and a slot that makes no sense
 * ends the ring.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_file.h"
#include "session.h"
#include "walk.h"

#define NEWEST_ROUNDS 4

static void spoil(struct record_session *session, struct program *program, struct program_ring *pr, const char *what)
{
	session->summary.refused_packets++;
	pr->feed.stream->spoiled = true;
	if (program->spoiled)
		return;
	program->spoiled = true;
	session_say(session, "process %d wrote over its own ring (%s): its stream is incomplete, the others are not affected",
		    (int)program->pid, what);
}

static void write_taken(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace)
{
	const struct bl_reader *reader = &pr->reader;

	if (feed_take(session, &pr->feed, trace, pr->feed.ring.sub[reader->spare], bl_reader_records(reader)))
		spoil(session, program, pr, "a packet's size or time cannot be");
}

static uint32_t drain_ring(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace)
{
	uint32_t n;
	int err = 0;

	for (n = 0; n < pr->feed.ring.n_sub && !pr->feed.broken; n++) {
		err = bl_reader_take(&pr->reader);
		if (err)
			break;
		write_taken(session, program, pr, trace);
		bl_reader_clean(&pr->reader);
	}
	if (err == -BL_EPROTO) {
		pr->feed.broken = true;
		spoil(session, program, pr, "a slot makes no sense");
	}
	return n;
}

uint32_t drain_program(struct record_session *session, struct program *program, struct trace *trace)
{
	uint32_t i, n = 0;

	for (i = 0; i < program->n_rings; i++)
		n += drain_ring(session, program, &program->ring[i], trace);
	return n;
}

void drain_flush(struct program *program)
{
	uint32_t i;

	for (i = 0; i < program->n_rings; i++)
		if (!program->ring[i].feed.broken)
			(void)bl_ring_flush(&program->ring[i].feed.ring);
}

bool drain_serve(void *data, void *owner)
{
	struct record_session *session = data;
	struct program *program = owner;

	if (session->stopping || drain_program(session, program, &session->user.trace))
		return !session->stopping; /* the bell stays at 1: who writes without pause makes no system call */
	bell_silence(&program->bell);
	return drain_program(session, program, &session->user.trace) != 0;
}

/* Pass over what was overwritten. The numbers of those packets are missing in the trace, which says that they were there. */
static void seek(struct program *program)
{
	uint32_t i;

	for (i = 0; i < program->n_rings; i++) {
		struct program_ring *pr = &program->ring[i];
		const uint32_t before = pr->reader.next;

		if (pr->feed.broken)
			continue;
		bl_reader_seek_oldest(&pr->reader);
		pr->feed.stream->seq_next += (pr->reader.next - before) & BL_N_MASK;
	}
}

void drain_newest(struct record_session *session, struct program *program, struct trace *trace)
{
	int round;

	/* Writers that are faster than the disk can run over us, but not for ever. */
	for (round = 0; round < NEWEST_ROUNDS; round++) {
		seek(program);
		if (!drain_program(session, program, trace))
			return;
	}
}

bool drain_is_quiet(const struct program *program)
{
	struct bl_unfinished left;
	uint32_t i;

	for (i = 0; i < program->n_rings; i++)
		if (!program->ring[i].feed.broken && !bl_reader_peek(&program->ring[i].reader, &left))
			return false;
	return true;
}

static void fill_walk_head(struct walk_head *head, const struct program_ring *pr, const uint64_t lost[BL_LOST_NR])
{
	const struct bl_ring *ring = &pr->feed.ring;

	memset(head, 0, sizeof(*head));
	head->stream_id = ring->stream_id;
	head->cpu_id = ring->cpu_id;
	memcpy(head->owner, ring->owner, sizeof(head->owner));
	memcpy(head->uuid, ring->uuid, sizeof(head->uuid));
	head->stream_instance_id = ring->stream_instance_id;
	head->seq = pr->feed.stream->seq_next;
	head->ts_min = pr->feed.stream->ts_last;
	head->lost = lost;
}

/* @bytes: private copy of what was claimed. */
static void write_walked(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace,
			 uint8_t *bytes, const struct bl_unfinished *left)
{
	uint64_t lost[BL_LOST_NR];
	struct bl_packet packet;
	struct walk_head head;
	struct walk walk;
	uint64_t torn;

	if (walk_packet(bytes, left->claimed_bytes, program->class->set, pr->feed.ring.id_bits, session->contexts, &walk)) {
		pr->feed.extra[BL_LOST_TORN]++;
		return;
	}
	if (!walk.records) {
		/* Whoever opened it did not come far enough, perhaps not even to the packet's head; others may have committed behind it. */
		torn = walk_torn(&walk, left->committed_records);
		pr->feed.extra[BL_LOST_TORN] += torn ? torn : 1;
		return;
	}
	if (walk.ts > feed_ts_max(session) || walk.ts < walk.begin || walk.begin < pr->feed.stream->ts_last) {
		spoil(session, program, pr, "a packet's time cannot be");
		return;
	}
	packet_lost(lost, &pr->feed.ring, pr->feed.stream, pr->feed.extra, feed_lost_max(session));
	fill_walk_head(&head, pr, lost);
	/* If the count says that all claims are committed, only the closing is missing. */
	head.torn = left->committed_bytes == walk.end ? 0 : walk_torn(&walk, left->committed_records);
	pr->feed.extra[BL_LOST_TORN] += head.torn;
	walk_close(bytes, &walk, &head);
	memcpy(&packet, bytes, sizeof(packet));
	feed_write(session, &pr->feed, trace, &packet, bytes, walk.records);
}

/* A count that the program had in its hands: each record has at least its compact header. */
static uint32_t believable(const struct bl_unfinished *left)
{
	const uint32_t most = left->claimed_bytes / BL_RECORD_COMPACT;

	return left->committed_records < most ? left->committed_records : most;
}

static void write_unfinished(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace,
			     const struct bl_unfinished *left)
{
	uint8_t *bytes;

	if (!left->opened) {
		/* The one who was to open it, and what others recorded behind that claim. */
		pr->feed.extra[BL_LOST_TORN] += 1 + believable(left);
		return;
	}
	bytes = malloc(pr->feed.ring.sub_size);
	if (!bytes) {
		pr->feed.extra[BL_LOST_TORN] += left->committed_records ? left->committed_records : 1;
		return;
	}
	memcpy(bytes, pr->feed.ring.sub[left->phys], pr->feed.ring.sub_size);
	write_walked(session, program, pr, trace, bytes, left);
	free(bytes);
}

static void finish_ring(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace,
			bool dead)
{
	struct bl_unfinished left;
	uint32_t n;
	int err;

	for (n = 0; n < 2 * pr->feed.ring.n_sub && !pr->feed.broken; n++) {
		(void)drain_ring(session, program, pr, trace);
		err = bl_reader_peek(&pr->reader, &left);
		if (err == -BL_EAGAIN)
			break;
		/* A living program in overwrite mode may have run over us meanwhile. */
		if (err && !dead && session->options.overwrite)
			break;
		if (err) {
			pr->feed.broken = true;
			spoil(session, program, pr, "its offsets make no sense");
			break;
		}
		program->torn = true;
		write_unfinished(session, program, pr, trace, &left);
		bl_reader_skip(&pr->reader);
	}
	feed_write_counters(session, &pr->feed, trace);
}

/* What fell into its attaching and it could tell no ring, because it died first, or had none. */
static void count_untold(const struct record_session *session, struct program *program)
{
	const uint64_t lost = program->control_fd >= 0 ? control_file_lost(program->control_fd, session->socket_path) : 0;

	if (lost <= feed_lost_max(session))
		program->ring[0].feed.extra[BL_LOST_ATTACH] += lost;
}

void drain_finish(struct record_session *session, struct program *program, struct trace *trace, bool dead)
{
	uint32_t i;

	if (dead || (program->unanswered && session->stopping))
		count_untold(session, program);

	for (i = 0; i < program->n_rings; i++)
		finish_ring(session, program, &program->ring[i], trace, dead);
}
