/* SPDX-License-Identifier: MIT */
/**
 * record.h - all that the command line (cli/) needs of the recorder: a session, questions to a running one, the programs and the
 * hypervisor that could be traced.
 *
 * Every function that can fail returns 0 or a negative errno and then says in struct record_error what went wrong, where, and what
 * to do about it, in one or two plain sentences without a trailing newline. Outputs are untouched on failure.
 *
 * A foreground session:
 *
 *     record_session_new(&options, &callbacks, &session, &error)    opens everything, starts the command; records from here on
 *     record_session_run(session, &error)                           until the command exits, Ctrl-C, stop, or a fatal error
 *     record_session_summary(session, &summary)
 *     record_session_free(session)
 *
 * From new to free the process' SIGINT, SIGTERM, SIGHUP, SIGCHLD and SIGXFSZ belong to the session (they are blocked and read from a
 * descriptor): the first SIGINT stops it cleanly (with a command: the terminal sends it to the command too, and the session ends when
 * the command has), a second one at once. Only one session at a time in a process. Call from the only thread of the process.
 */
#ifndef BL_RECORD_RECORD_H
#define BL_RECORD_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/event.h"
#include "core/packet.h"

#define RECORD_RING_SIZE_DEFAULT (1u << 20)
#define RECORD_RING_SIZE_MIN (8u << 10)
#define RECORD_RING_SIZE_MAX (64u << 20)
#define RECORD_SUB_SIZE_MAX (512u << 10)
#define RECORD_NAME_MAX 48u /* of a session, with its NUL */

struct record_error {
	char text[512];
};

enum record_full_disk {
	RECORD_FULL_DISK_STOP,    /* end the session */
	RECORD_FULL_DISK_DISCARD, /* go on; what finds no room is counted as discarded */
};

/** What to record, where to. All zero is a valid choice: everything, until Ctrl-C, with the defaults. */
struct record_options {
	const char *output_dir;      /* NULL: borelog-YYYYMMDD-HHMMSS in the current directory. Must not exist, is made. */
	const char *name;            /* of the session's socket; letters, digits, '-', '_'. NULL: pid-N */
	uint64_t ring_size;          /* bytes of each CPU's ring in each program; 0: RECORD_RING_SIZE_DEFAULT. Rounded up. */
	uint64_t sub_size;           /* bytes of a sub-buffer; 0: an eighth of the ring. Rounded up to a power of two. */
	bool overwrite;              /* flight recorder: keep the newest, write on snapshot and at the end */
	bool no_default_contexts;    /* take @contexts as it is; otherwise the default, BL_CONTEXT_TID */
	uint32_t contexts;           /* enum bl_context */
	uint32_t ctf_version;        /* 0 or 1: CTF 1.8; 2: CTF 2 */
	const char *const *filters;  /* -e FILTER: globs and expressions, see record/select.h; NULL-terminated, or NULL for everything */
	const char *const *command;  /* argv, NULL-terminated; NULL: every instrumented program of the user until stopped */
	const char *preload;         /* library to put in front of the command's LD_PRELOAD; NULL: none. record_find_preload() */
	uint32_t flush_interval_ms;  /* 0: never by time */
	enum record_full_disk full_disk;
};

struct record_progress {
	uint64_t records;
	uint64_t bytes;      /* in the stream files */
	uint64_t discarded;
	uint64_t elapsed_ns;
	uint32_t programs;   /* attached now */
};

struct record_callbacks {
	void *data;
	/* Something the user should know (a program was left out, packets were refused): one line without newline. May be NULL. */
	void (*message)(void *data, const char *text);
	/* Called while records arrive, at most every progress_interval_ms; never while nothing happens. May be NULL. */
	void (*progress)(void *data, const struct record_progress *progress);
	uint32_t progress_interval_ms;
};

struct record_summary {
	uint64_t records;
	uint64_t bytes;                     /* in the stream files */
	uint64_t packets;
	uint64_t duration_ns;
	uint64_t discarded[BL_LOST_NR];     /* by enum bl_lost */
	uint64_t discarded_disk;            /* of these, BL_LOST_FULL for want of room on the disk */
	uint64_t refused_packets;           /* that made no sense: their program wrote over its own ring */
	uint64_t clock_error_ns;
	uint32_t streams;
	uint32_t stream_classes;
	uint32_t programs;                  /* attached in all */
	bool hypervisor;                    /* was recorded, too */
	uint32_t programs_refused;          /* that asked to attach and could not */
	uint32_t snapshots;
	int command_status;                 /* exit status of the command, 128 + n if signal n killed it; -1: there was none */
	char trace_dir[PATH_MAX];           /* empty: nothing was written */
};

struct record_status {
	pid_t pid;             /* of the recorder */
	bool overwrite;
	struct record_progress progress;
	char trace_dir[PATH_MAX];
};

struct record_session;

int record_session_new(const struct record_options *options, const struct record_callbacks *callbacks, struct record_session **ret_session,
		       struct record_error *error);

/** Until the end of the session. An error that ended it (the directory vanished, the disk is full) comes back; the trace is closed. */
int record_session_run(struct record_session *session, struct record_error *error);

/** As a first Ctrl-C. From any thread and from signal handlers. */
void record_session_stop(struct record_session *session);

void record_session_summary(const struct record_session *session, struct record_summary *ret);
const char *record_session_trace_dir(const struct record_session *session);

/** Accepts NULL. */
void record_session_free(struct record_session *session);

/**
 * record_background() - record in a process of its own, with no terminal
 *
 * @options->name must be given. Returns in the caller when the new process records (or could not begin).
 */
int record_background(const struct record_options *options, struct record_status *ret, struct record_error *error);

/**
 * record_find_preload() - path of the probes for libc: beside the running executable in its build tree, else where it is installed
 *
 * Return: 0, -ENOENT.
 */
int record_find_preload(char ret_path[PATH_MAX], struct record_error *error);

/*
 * Questions to a running session of the same user, by its name; NULL: the only one there is. Root can ask everybody's, by USER/NAME, or by
 * NAME alone where only one has it and none of root's own.
 */

int record_client_status(const char *name, struct record_status *ret, struct record_error *error);
/** Comes back when the session has ended and its trace is complete. */
int record_client_stop(const char *name, struct record_summary *ret, struct record_error *error);
/** @dir: absolute or relative to the caller's directory, must not exist; NULL: snapshot-N in the session's own directory. */
int record_client_snapshot(const char *name, const char *dir, struct record_summary *ret, struct record_error *error);
/** Hand over and write what the rings hold now. */
int record_client_flush(const char *name, struct record_error *error);

/** Calls @each with every running session's name; a return other than 0 ends the round and comes back. */
int record_sessions_each(int (*each)(void *data, const char *name), void *data, struct record_error *error);

/** A program that carries descriptions and runs now. Valid during the call only. */
struct record_program {
	pid_t pid;                /* 0: it is in a pid namespace that is not seen from here, */
	pid_t ns_pid;             /* and has this pid there */
	uid_t uid;
	const char *executable;   /* its path, or its short name where the path cannot be read */
	uint32_t n_events;
	const void *events;       /* descriptions as in core/event.h, checked no further; see record/describe.h */
	size_t events_size;
	const char *not_traceable; /* why a session that starts now would not get it; NULL: it would */
};

/** All programs of the user, for root everybody's. Reads files and /proc only; the programs do not notice. */
int record_programs_each(int (*each)(void *data, const struct record_program *program), void *data, struct record_error *error);

/** The hypervisor that this kernel runs under. */
struct record_hypervisor {
	char name[96];       /* "Xen 4.17.5"; empty: there is none */
	bool host;           /* we are where it can be recorded: in dom0 */
	const char *missing; /* why it cannot be recorded from here now, no sentence; NULL: it can */
	const char *remedy;  /* what to do about it, without the last period */
	uint32_t n_cpus;     /* the rest: 0 where it cannot be asked */
	uint32_t tsc_khz;
	bool tsc_reliable;   /* one clock for all CPUs */
	void *events;        /* descriptions as in core/event.h, checked no further; may be NULL */
	size_t events_size;
};

void record_hypervisor_look(struct record_hypervisor *ret);
void record_hypervisor_fini(struct record_hypervisor *hypervisor);

/* Domains of the hypervisor, as dom0's module shows them in /sys/hypervisor/resources/domains. Root is not needed. */

/** Each later state includes those before. */
enum record_domain_state {
	RECORD_DOMAIN_UNKNOWN,
	RECORD_DOMAIN_CREATED,  /* exists, has not been unpaused */
	RECORD_DOMAIN_RUNNING,
	RECORD_DOMAIN_SHUTDOWN, /* has ended, or crashed, and is there still; may run again when it was saved */
	RECORD_DOMAIN_DYING,    /* being destroyed; what holds its memory may be elsewhere */
	RECORD_DOMAIN_FREED,    /* all that it had is free again */
	RECORD_DOMAIN_STATES
};

/** "created", ...; NULL: no such state. */
const char *record_domain_state_name(enum record_domain_state state);
/** RECORD_DOMAIN_UNKNOWN: there is no state of this name. */
enum record_domain_state record_domain_state_of(const char *name);

struct record_domain {
	uint64_t serial; /* never used again, where numbers of domains are */
	uint32_t domain;
	enum record_domain_state state;
	uint32_t shutdown_code;
	uint64_t pages;
	char uuid[40];
};

/** All that are not freed, by their numbers. */
int record_domains_each(int (*each)(void *data, const struct record_domain *domain), void *data, struct record_error *error);

/**
 * record_domain_wait() - sleep until the domain of number @domain is in @state, or a later one
 * @timeout_ms: 0: as long as it takes
 *
 * One that is not there has come to its end, unless the state is RECORD_DOMAIN_CREATED or RUNNING: then it is waited for. Which domain has the
 * number is decided once, so another one that gets it later does not count.
 * Return: 0; -ETIMEDOUT; others. The error is filled in.
 */
int record_domain_wait(uint32_t domain, enum record_domain_state state, uint32_t timeout_ms, struct record_error *error);

#endif
