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
 *     device_source.c, device.c   rings of a kernel module of ours
 *     hypervisor.c    the hypervisor: is it there, may we, what of it
 *     bell.c      programs wake the recorder         stream.c   classes of streams, streams
 *     clock.c     the trace clock                    packet.c   believing a packet's head
 *     pool.c      the rings' memory                  feed.c     from a packet in memory to the stream's file
 *     life.c      programs notice the recorder's end trace.c    a layer's directory
 *     stream_file.c   a stream's files, whole at every instant
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
#include "feed.h"
#include "lib/abi/control.h"
#include "life.h"
#include "pool.h"
#include "record.h"
#include "select.h"
#include "source.h"

/** Something that epoll watches; @ready is called with what it is part of. */
struct watch {
	int fd;
	void (*ready)(struct record_session *session, struct watch *watch);
};

struct program_ring {
	struct feed feed;
	struct bl_reader reader;
};

struct program {
	struct watch death; /* its pidfd; -1 where there are none */
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
	struct trace_clock clock;
	struct selection *selection;
	char dir[PATH_MAX];     /* of the trace, absolute; empty: there is none */
	struct source user;     /* the programs */
	struct source *sources; /* all: those beside the programs first */
	struct ctfw_env hypervisor_env[TRACE_ENV_MORE];
	char hypervisor_name[96];
	uint64_t hypervisor_khz; /* of the TSC, as Xen says; 0: it is not recorded */
	char *command_text;
	char *programs_text; /* executables of all programs so far, for the env */
	size_t programs_text_size;

	struct life life;
	struct pool pool;
	struct bells bells;
	bool bells_awake;
	struct program *programs;
	uint32_t n_programs;
	uint32_t n_silent; /* of these, that ring no bell */

	int epoll_fd;
	struct watch signals;
	struct watch stop_event;
	struct watch bell_event;
	struct watch listener;
	struct watch connect_timer;
	struct watch interval_timer;
	struct watch progress_timer;
	struct watch poll_timer; /* only where there are no pidfds */
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
int session_watch(struct record_session *session, struct watch *watch, int fd,
		  void (*ready)(struct record_session *session, struct watch *watch));
/** The same for other events than EPOLLIN; with none, what epoll always tells of. */
int session_watch_for(struct record_session *session, struct watch *watch, int fd, uint32_t events,
		      void (*ready)(struct record_session *session, struct watch *watch));
/** Takes a watch without descriptor. */
void session_unwatch(struct record_session *session, struct watch *watch);
/** End the session with an error; the first one counts. */
void session_abort(struct record_session *session, int err, const char *text);
void session_progress(const struct record_session *session, struct record_progress *ret);
uint64_t session_now_ns(void);
/** What a new layer's trace has from its session. */
int session_name_layer(struct record_session *session, struct source *source, const char *layer, struct record_error *error);
/** The smallest ring of at least @ring bytes, as far as BL_SUB_MAX allows, in sub-buffers of at least @sub, as far as @shift_max does. */
void session_fit_ring(uint64_t ring, uint64_t sub, uint32_t shift_max, uint32_t *ret_sub_shift, uint32_t *ret_n_sub);
/** Discard mode: have all that is in the rings handed over, and write it. */
void session_flush(struct record_session *session);
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
/** The layer "user". */
extern const struct source_ops programs_ops;

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

/* hypervisor.c */
/** The hypervisor's source, if the user wants it and it can be had. Return: an error only where he asked for it. */
int hypervisor_add(struct record_session *session, struct record_error *error);
/** At the end: does the clock run as Xen says? */
void hypervisor_check_clock(struct record_session *session);

/* command.c */
int command_start(struct record_session *session, struct record_error *error);
/** A child ended. Return: it was the command. */
bool command_reap(struct record_session *session);
void command_signal(const struct record_session *session, int signal);
char *command_text(const char *const *argv);

#endif
