/* SPDX-License-Identifier: MIT */
/**
 * session.h - the recorder's engine, inside: one session and the rooms it is made of.
 *
 *     session.c   opening and closing a session; the wait loop
 *     attach.c    the session's socket: programs that attach
 *     request.c   the same socket: status, stop, snapshot, flush
 *     arm.c       programs that were there before the session
 *     program.c   one attached program: its memory, its death
 *     drain.c     from a ring to the stream's file
 *     command.c   the command that is recorded
 *     bell.c      programs wake the recorder         stream.c   classes of streams, streams
 *     clock.c     the trace clock                    packet.c   believing a packet's head
 *     pool.c      the rings' memory                  trace.c    the trace directory
 *     life.c      programs notice the recorder's end stream_file.c   a stream's files, whole at every instant
 *     rundir.c, control_file.c, proc.c   looking programs up
 *
 * One thread does everything but wait for bells (bell.c). It sleeps in epoll_wait() without a time-out, unless somebody has just
 * connected and said nothing yet, or the user asked for a flush by interval, or a progress line is due for what was written.
 *
 * Nothing that a program wrote is believed: not its messages, not its control file, not its rings. What it can do is spoil its own stream.
 */
#ifndef BL_RECORD_SESSION_H
#define BL_RECORD_SESSION_H

#include <signal.h>
#include <sys/resource.h>

#include "bell.h"
#include "clock.h"
#include "core/ring.h"
#include "lib/abi/control.h"
#include "life.h"
#include "pool.h"
#include "record.h"
#include "select.h"
#include "stream.h"
#include "trace.h"

/** Something that epoll watches; @ready is called with what it is part of. */
struct source {
	int fd;
	void (*ready)(struct record_session *session, struct source *source);
};

struct program_ring {
	struct bl_ring ring;
	struct bl_reader reader;
	struct stream *stream;
	uint64_t extra[BL_LOST_NR]; /* discarded by the recorder, since the stream was bound */
	bool broken;                /* its slots made no sense: not looked at any more */
};

struct program {
	struct source death; /* its pidfd; -1 where there are none */
	struct program *next;
	struct program *previous;
	struct bell bell;
	pid_t pid;
	uid_t uid;
	dev_t control_dev;
	ino_t control_ino;
	int control_fd;    /* its control file, which outlives it here */
	bool unanswered;   /* it did not wait for its rings, and has been asked to come again */
	struct stream_class *class;
	struct ring_memory *memory;
	bool rings_bell; /* it may make system calls, and somebody waits for it */
	bool spoiled;    /* wrote nonsense; the user was told */
	bool torn;
	uint32_t n_rings;
	struct program_ring ring[];
};

struct geometry {
	uint32_t sub_shift;
	uint32_t n_sub;
	uint32_t n_phys;
	uint32_t n_rings;
	uint64_t ring_size;
};

struct connection;
struct waiting_client;

struct record_session {
	struct record_options options;
	struct record_callbacks callbacks;
	struct geometry geometry;
	uint32_t contexts;
	uint8_t uuid[16];
	struct trace_clock clock;
	struct selection *selection;
	struct trace trace;
	char *command_text;
	char *programs_text; /* executables of all programs so far, for the env */
	size_t programs_text_size;

	struct life life;
	struct pool pool;
	struct bells bells;
	bool bells_awake;
	struct streams streams;
	struct program *programs;
	uint32_t n_programs;
	uint32_t n_silent; /* of these, that ring no bell */

	int epoll_fd;
	struct source signals;
	struct source stop_event;
	struct source bell_event;
	struct source listener;
	struct source connect_timer;
	struct source interval_timer;
	struct source progress_timer;
	struct source poll_timer; /* only where there are no pidfds */
	bool progress_due;
	struct connection *connections;
	uint32_t n_connections;
	int reserve_fd; /* given up for a moment to turn somebody away when there are no descriptors left */
	struct waiting_client *waiting; /* asked to stop, want to know when it is done */
	int sessions_dir;
	char socket_path[BL_SOCKET_PATH_MAX];
	char socket_name[RECORD_NAME_MAX];
	bool armed_others;

	pid_t command_pid;
	int command_status;
	sigset_t signals_before;
	struct rlimit files_before;
	uint32_t interrupts;

	bool stopping;
	bool disk_full; /* told already */
	int failure;    /* what ended the session early, with: */
	struct record_error failure_text;

	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t quiet_deadline_ns; /* so long the end of the session waits for writers in the middle of a record */
	struct record_summary summary;
};

/* session.c */
__attribute__((format(printf, 2, 3))) void session_say(struct record_session *session, const char *format, ...);
int session_watch(struct record_session *session, struct source *source, int fd,
		  void (*ready)(struct record_session *session, struct source *source));
/** Takes a source without descriptor. */
void session_unwatch(struct record_session *session, struct source *source);
/** End the session with an error; the first one counts. */
void session_abort(struct record_session *session, int err, const char *text);
void session_progress(const struct record_session *session, struct record_progress *ret);
uint64_t session_now_ns(void);
/** Something was written: a progress line is due, the clock may be known better by now. */
void session_wrote(struct record_session *session);

/* attach.c */
int attach_listen(struct record_session *session, struct record_error *error);
void attach_close(struct record_session *session);

/* request.c */
struct record_request;
/** Answers and closes @fd, or keeps it until the end. */
void request_handle(struct record_session *session, int fd, uid_t uid, const void *message, size_t size);
void request_stopped(struct record_session *session);

/* arm.c */
void arm_all(struct record_session *session);
void disarm_all(struct record_session *session);

/* program.c */
/** Tables of a new class: what is on, and filters. */
int program_class_init(const struct record_session *session, struct stream_class *class);
/** Make everything for a program; the caller then tells it. */
int program_new(struct record_session *session, pid_t pid, uid_t uid, int pidfd, struct stream_class *class, bool rings_bell,
		struct program **ret);
struct program *program_find(const struct record_session *session, pid_t pid);
/** Take out all that is there, then let go of it. @dead: nobody writes any more. */
void program_end(struct record_session *session, struct program *program, bool dead);
void program_note_executable(struct record_session *session, const char *executable);

/* drain.c */
/** Write what was handed over. Return: how many sub-buffers. */
uint32_t drain_program(struct record_session *session, struct program *program, struct trace *trace);
void drain_flush(struct program *program);
/** For bells_serve(): is there more? */
bool drain_serve(void *session, void *program);
/** Overwrite mode: the same for what is still there. */
void drain_newest(struct record_session *session, struct program *program, struct trace *trace);
/** Does no writer hold a claim that it has not committed? */
bool drain_is_quiet(const struct program *program);
/** What nobody will finish: write what can be read of it, count the rest; then the last counters. */
void drain_finish(struct record_session *session, struct program *program, struct trace *trace, bool dead);

/* command.c */
int command_start(struct record_session *session, struct record_error *error);
/** A child ended. Return: it was the command. */
bool command_reap(struct record_session *session);
void command_signal(const struct record_session *session, int signal);
char *command_text(const char *const *argv);

#endif
