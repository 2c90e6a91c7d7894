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
#include "packet.h"
#include "session.h"
#include "walk.h"

#define NEWEST_ROUNDS 4

static void spoil(struct record_session *session, struct program *program, struct program_ring *pr, const char *what)
{
	session->summary.refused_packets++;
	pr->stream->spoiled = true;
	if (program->spoiled)
		return;
	program->spoiled = true;
	session_say(session, "process %d wrote over its own ring (%s): its stream is incomplete, the others are not affected",
		    (int)program->pid, what);
}

static uint64_t ts_max(const struct record_session *session)
{
	/* A millisecond for counters of CPUs that do not agree. */
	return trace_clock_now(&session->clock) + session->clock.frequency_hz / 1000;
}

/* Each discarded record took some thread at least a tick. */
static uint64_t lost_max(const struct record_session *session)
{
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
	(void)snprintf(text, sizeof(text), "cannot write to %.300s: %s", session->trace.path, strerror(-err));
	if ((err != -ENOSPC && err != -EDQUOT) || session->options.full_disk == RECORD_FULL_DISK_STOP) {
		(void)strncat(text, ". The trace ends here and is readable.", sizeof(text) - strlen(text) - 1);
		session_abort(session, err, text);
	} else if (!session->disk_full) {
		session->disk_full = true;
		session_say(session, "%s. Recording goes on; what finds no room is discarded and counted.", text);
	}
}

/* The file's first packet says that something was lost before it: readers only see differences, so one that says "nothing" goes first. */
static int write_zero(struct program_ring *pr, struct trace *trace, uint64_t ts)
{
	static const uint64_t nothing[BL_LOST_NR];
	struct bl_packet packet;
	int err;

	packet_empty(&packet, &pr->ring, pr->stream, nothing, ts);
	err = trace_write(trace, pr->stream, &packet, NULL, 0);
	if (!err)
		packet_written(pr->stream, &packet);
	return err;
}

/* @packet is checked, @bytes is where its payload is. */
static void write_packet(struct record_session *session, struct program_ring *pr, struct trace *trace, struct bl_packet *packet,
			 const uint8_t *bytes, uint64_t records)
{
	const uint32_t size = packet_payload_size(packet);
	int err = 0;

	/* Every record has at least its compact header. */
	if (records > size / BL_RECORD_COMPACT)
		records = size / BL_RECORD_COMPACT;
	if (packet->discarded && !trace->snapshot && !pr->stream->file.bytes) {
		err = write_zero(pr, trace, packet->timestamp_begin);
		packet->seq = pr->stream->seq_next;
	}
	if (!err)
		err = trace_write(trace, pr->stream, packet, bytes + sizeof(*packet), size);
	if (!err) {
		packet_written(pr->stream, packet);
		session->summary.records += records;
		session->disk_full = false;
	} else {
		pr->extra[BL_LOST_FULL] += records;
		pr->stream->seq_next++;
		session->summary.discarded_disk += records;
		write_failed(session, trace, err);
	}
	session_wrote(session);
}

static void write_taken(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace)
{
	const struct bl_reader *reader = &pr->reader;
	const uint8_t *bytes = pr->ring.sub[reader->spare];
	struct bl_packet packet;

	memcpy(&packet, bytes, sizeof(packet));
	if (packet_check(&packet, &pr->ring, pr->stream, pr->extra, ts_max(session), lost_max(session)))
		spoil(session, program, pr, "a packet's size or time cannot be");
	else
		write_packet(session, pr, trace, &packet, bytes, bl_reader_records(reader));
}

static uint32_t drain_ring(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace)
{
	uint32_t n;
	int err = 0;

	for (n = 0; n < pr->ring.n_sub && !pr->broken; n++) {
		err = bl_reader_take(&pr->reader);
		if (err)
			break;
		write_taken(session, program, pr, trace);
		bl_reader_clean(&pr->reader);
	}
	if (err == -BL_EPROTO) {
		pr->broken = true;
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
		if (!program->ring[i].broken)
			(void)bl_ring_flush(&program->ring[i].ring);
}

bool drain_serve(void *data, void *owner)
{
	struct record_session *session = data;
	struct program *program = owner;

	if (session->stopping || drain_program(session, program, &session->trace))
		return !session->stopping; /* the bell stays at 1: who writes without pause makes no system call */
	bell_silence(&program->bell);
	return drain_program(session, program, &session->trace) != 0;
}

/* Pass over what was overwritten. The numbers of those packets are missing in the trace, which says that they were there. */
static void seek(struct program *program)
{
	uint32_t i;

	for (i = 0; i < program->n_rings; i++) {
		struct program_ring *pr = &program->ring[i];
		const uint32_t before = pr->reader.next;

		if (pr->broken)
			continue;
		bl_reader_seek_oldest(&pr->reader);
		pr->stream->seq_next += (pr->reader.next - before) & BL_N_MASK;
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
		if (!program->ring[i].broken && !bl_reader_peek(&program->ring[i].reader, &left))
			return false;
	return true;
}

static void fill_walk_head(struct walk_head *head, const struct program_ring *pr, const uint64_t lost[BL_LOST_NR])
{
	const struct bl_ring *ring = &pr->ring;

	memset(head, 0, sizeof(*head));
	head->stream_id = ring->stream_id;
	head->cpu_id = ring->cpu_id;
	memcpy(head->owner, ring->owner, sizeof(head->owner));
	memcpy(head->uuid, ring->uuid, sizeof(head->uuid));
	head->stream_instance_id = ring->stream_instance_id;
	head->seq = pr->stream->seq_next;
	head->ts_min = pr->stream->ts_last;
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

	if (walk_packet(bytes, left->claimed_bytes, program->class->set, pr->ring.id_bits, session->contexts, &walk)) {
		pr->extra[BL_LOST_TORN]++;
		return;
	}
	if (!walk.records) {
		/* Whoever opened it did not come far enough, perhaps not even to the packet's head; others may have committed behind it. */
		torn = walk_torn(&walk, left->committed_records);
		pr->extra[BL_LOST_TORN] += torn ? torn : 1;
		return;
	}
	if (walk.ts > ts_max(session) || walk.ts < walk.begin || walk.begin < pr->stream->ts_last) {
		spoil(session, program, pr, "a packet's time cannot be");
		return;
	}
	packet_lost(lost, &pr->ring, pr->stream, pr->extra, lost_max(session));
	fill_walk_head(&head, pr, lost);
	/* If the count says that all claims are committed, only the closing is missing. */
	head.torn = left->committed_bytes == walk.end ? 0 : walk_torn(&walk, left->committed_records);
	pr->extra[BL_LOST_TORN] += head.torn;
	walk_close(bytes, &walk, &head);
	memcpy(&packet, bytes, sizeof(packet));
	write_packet(session, pr, trace, &packet, bytes, walk.records);
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
		pr->extra[BL_LOST_TORN] += 1 + believable(left);
		return;
	}
	bytes = malloc(pr->ring.sub_size);
	if (!bytes) {
		pr->extra[BL_LOST_TORN] += left->committed_records ? left->committed_records : 1;
		return;
	}
	memcpy(bytes, pr->ring.sub[left->phys], pr->ring.sub_size);
	write_walked(session, program, pr, trace, bytes, left);
	free(bytes);
}

/* Counters that no packet has said yet. */
static void write_last_counters(struct record_session *session, struct program_ring *pr, struct trace *trace)
{
	uint64_t lost[BL_LOST_NR];
	struct bl_packet packet;

	packet_lost(lost, &pr->ring, pr->stream, pr->extra, lost_max(session));
	if (!memcmp(lost, pr->stream->lost, sizeof(lost)))
		return;
	packet_empty(&packet, &pr->ring, pr->stream, lost, trace_clock_now(&session->clock));
	write_packet(session, pr, trace, &packet, (const uint8_t *)&packet, 0);
	/* On a full disk the count is at least in the summary. */
	memcpy(pr->stream->lost, lost, sizeof(lost));
}

static void finish_ring(struct record_session *session, struct program *program, struct program_ring *pr, struct trace *trace,
			bool dead)
{
	struct bl_unfinished left;
	uint32_t n;
	int err;

	for (n = 0; n < 2 * pr->ring.n_sub && !pr->broken; n++) {
		(void)drain_ring(session, program, pr, trace);
		err = bl_reader_peek(&pr->reader, &left);
		if (err == -BL_EAGAIN)
			break;
		/* A living program in overwrite mode may have run over us meanwhile. */
		if (err && !dead && session->options.overwrite)
			break;
		if (err) {
			pr->broken = true;
			spoil(session, program, pr, "its offsets make no sense");
			break;
		}
		program->torn = true;
		write_unfinished(session, program, pr, trace, &left);
		bl_reader_skip(&pr->reader);
	}
	write_last_counters(session, pr, trace);
}

/* What fell into its attaching and it could tell no ring, because it died first, or had none. */
static void count_untold(const struct record_session *session, struct program *program)
{
	const uint64_t lost = program->control_fd >= 0 ? control_file_lost(program->control_fd, session->socket_path) : 0;

	if (lost <= lost_max(session))
		program->ring[0].extra[BL_LOST_ATTACH] += lost;
}

void drain_finish(struct record_session *session, struct program *program, struct trace *trace, bool dead)
{
	uint32_t i;

	if (dead || (program->unanswered && session->stopping))
		count_untold(session, program);

	for (i = 0; i < program->n_rings; i++)
		finish_ring(session, program, &program->ring[i], trace, dead);
}
