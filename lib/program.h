/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * program.h - what libborelog keeps about the program that it runs in. Internal.
 *
 * Rooms:
 *     program.c   the control file, descriptions, fork
 *     publish.c   from a trace point's site to its published description
 *     attach.c    joining and leaving sessions
 *     arena.c     the mapping of a session's memory
 *     site.c      the cold half of a trace point
 *
 * Everything here may run in a signal handler that interrupted anything, itself included: no heap, no lock that is waited for, raw
 * system calls (sys.h). bl_token.busy is taken by whoever changes sessions; who does not get it goes on without.
 */
#ifndef BL_LIB_PROGRAM_H
#define BL_LIB_PROGRAM_H

#include "borelog.h"
#include "lib/abi/control.h"

#include <limits.h>

#define BL_HIDDEN __attribute__((visibility("hidden")))

/** One session that the program is, was or will be in, by slot of the control page. */
struct bl_session {
	uint32_t generation;     /* of the slot when it was last looked at */
	uint32_t set_generation; /* of the descriptions that its ids refer to */
	uint32_t n_events;
	uint32_t enabled_offset;
	uint32_t flags; /* enum bl_session_flags */
	uint32_t n_rings;
	uint8_t *head; /* struct bl_session_head and tables, shared */
	uint32_t head_size;
	const struct bl_life *life; /* read-only, shared */
	uint8_t *arena;             /* all of the mapping; kept when the session has ended */
	size_t arena_size;
	struct bl_ring *rings; /* n_rings, private */
};

/** Private page that a forked child finds zeroed (MADV_WIPEONFORK), however it was forked. */
struct bl_token {
	uint32_t alive; /* 1: this process is the one that wrote it */
	uint32_t busy;  /* somebody is changing sessions or descriptions */
};

struct bl_program {
	struct bl_control *control; /* never NULL: an inert page before the program has one of its own */
	struct bl_token *token;
	struct borelog_object *objects;
	uint32_t seen_word;     /* value of control->word that sessions were last brought up to */
	uint32_t attached;      /* sessions, as bits */
	uint32_t joining;       /* sessions are being joined: who cannot wait for it has lost a record */
	uint32_t explicit_only; /* borelog_attach() was called: join nothing that came later, make no system call */
	uint32_t no_calls;      /* ... is being called: tell recorders so */
	char control_dir[PATH_MAX]; /* RUN/programs */
	size_t control_size;        /* of the control file; less than its mapping */
	struct bl_session session[BL_SESSIONS_MAX];
	struct borelog_view view[BL_SESSIONS_MAX];
};

extern struct bl_program bl_program BL_HIDDEN;

/* program.c */
void bl_program_init(void) BL_HIDDEN;
/** Is this still the process that made the control page? If not: make one of its own. Caller holds busy, or is the only thread. */
void bl_program_check_fork(void) BL_HIDDEN;
bool bl_program_take_busy(void) BL_HIDDEN;
void bl_program_release_busy(void) BL_HIDDEN;
/** Make every trace point look again. */
void bl_program_move_word(void) BL_HIDDEN;
/** Make room for @size bytes of descriptions in the control file. Return: 0 or a negative errno. */
int bl_program_grow(size_t size) BL_HIDDEN;

/* publish.c */
/** Give every site of @object an id, publishing the descriptions that are new. Return: how many were new. */
uint32_t bl_publish(struct borelog_object *object) BL_HIDDEN;

/* attach.c */
void bl_sessions_init(void) BL_HIDDEN;
/** Bring sessions up to the control page: attach, leave. Caller holds busy. */
void bl_sessions_update(void) BL_HIDDEN;
/** The same in the program's own time, where that is better than at the first trace point: no other thread is in the way yet. */
void bl_sessions_update_early(void) BL_HIDDEN;
/** Find the sessions that run now and write them into free slots of the control page. */
void bl_sessions_discover(void) BL_HIDDEN;

/* arena.c */
/** Map @memfd as head->... say into session->arena and fill in session and its rings. Return: 0 or a negative errno. */
int bl_arena_map(struct bl_session *session, int memfd, const struct bl_session_head *head) BL_HIDDEN;
/** Give the memory behind the mapping back; the mapping stays. */
void bl_arena_punch(const struct bl_session *session) BL_HIDDEN;

#endif
