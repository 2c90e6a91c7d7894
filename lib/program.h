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
 * Everything here may run in a signal handler that interrupted anything: no heap, no lock that is waited for, raw system calls (sys.h).
 * bl_token.busy is taken by whoever changes sessions, with signals held; who does not get it goes on without.
 */
#ifndef BL_LIB_PROGRAM_H
#define BL_LIB_PROGRAM_H

#include "borelog.h"
#include "lib/abi/control.h"

#include <limits.h>

#define BL_HIDDEN __attribute__((visibility("hidden")))

/** What has to be the same for the memory of a new session to be mapped where that of an old one was. */
struct bl_shape {
	uint32_t head_size;
	uint32_t n_rings;
	uint32_t sub_shift;
	uint32_t n_sub;
	uint32_t n_phys;
	uint32_t id_bits;
};

/**
 * A session's memory in this program. It is never unmapped, because another thread may be in the middle of a record, and only used
 * again, after a while, for memory of the same shape: whatever late writers believe of it stays true.
 */
struct bl_memory {
	struct bl_shape shape; /* n_rings 0: not in use */
	uint64_t retired;      /* number of the retirement; 0: it belongs to a session */
	uint32_t slot;
	uint32_t flags;        /* enum bl_session_flags */
	uint32_t n_events;
	uint32_t enabled_offset;
	uint8_t *head; /* struct bl_session_head and tables, shared */
	const struct bl_life *life; /* read-only, shared */
	uint8_t *arena;             /* all of the mapping */
	size_t arena_size;
	struct bl_ring *rings;  /* private */
	struct bl_ring **table; /* BL_RINGS_MAX pointers to them, whatever their number is, so that no CPU number leads out of it */
};

/** One session that the program is, was or will be in, by slot of the control page. */
struct bl_session {
	uint32_t generation;      /* of the slot when it was last looked at */
	uint32_t set_generation;  /* of the descriptions that its ids refer to */
	struct bl_memory *memory; /* NULL: never attached */
};

#define BL_MEMORIES_MAX 64u

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
	uint32_t unanswered;    /* sessions, as bits, whose recorder did not answer in time: it arms the slot again when it comes to it */
	uint32_t joining;       /* sessions, as bits, that are being joined: who cannot wait for it has lost a record */
	uint32_t explicit_only; /* borelog_attach() was called: join nothing that came later, make no system call */
	uint32_t no_calls;      /* ... is being called: tell recorders so */
	char control_dir[PATH_MAX];       /* RUN/programs */
	char control_path[PATH_MAX + 48]; /* RUN/programs/PID-NAMESPACE, of the process that token->alive is about */
	uint32_t pid;
	uint32_t uid;      /* effective, when the program was loaded */
	uint32_t dir_uid;  /* whose control_dir is */
	uint32_t apart;    /* XDG_RUNTIME_DIR makes a world apart: what is outside of it is none of our business */
	size_t control_size; /* of the control file; less than its mapping */
	/* What is published so far: the control page says so to others, who can write to it. */
	uint32_t n_events;
	uint32_t events_size;
	uint64_t retirements;
	struct bl_memory memory[BL_MEMORIES_MAX];
	struct bl_session session[BL_SESSIONS_MAX];
	struct borelog_view view[BL_SESSIONS_MAX];
};

extern struct bl_program bl_program BL_HIDDEN;
extern struct bl_token bl_inert_token BL_HIDDEN; /* of a program that is not traced */

/* program.c */
void bl_program_init(void) BL_HIDDEN;
/** Is this still the process that made the control page? If not: make one of its own. Caller holds busy, or is the only thread. */
void bl_program_check_fork(void) BL_HIDDEN;
/** Signals that wait until busy is released again, so that no handler can jump out of the middle of it. */
struct bl_held_signals {
	uint64_t before;
	bool held;
};
bool bl_program_take_busy(struct bl_held_signals *held) BL_HIDDEN;
void bl_program_release_busy(const struct bl_held_signals *held) BL_HIDDEN;
/** Keep recorders from writing into the control file's slots. Return: what to unlock them with, or a negative errno. */
long bl_program_lock_slots(void) BL_HIDDEN;
void bl_program_unlock_slots(long lock) BL_HIDDEN;
/** Make every trace point look again. */
void bl_program_move_word(void) BL_HIDDEN;
/** Make room for @size bytes of descriptions in the control file. Return: 0 or a negative errno. */
int bl_program_grow(size_t size) BL_HIDDEN;

/* publish.c */
/** Give every site of @object an id, publishing the descriptions that are new. Return: how many were new. */
uint32_t bl_publish(struct borelog_object *object) BL_HIDDEN;

/* site.c */
/** Tell sessions what fell into attaching to them. */
void bl_lost_tell(void) BL_HIDDEN;
bool bl_lost_are_told(void) BL_HIDDEN;

/* attach.c */
void bl_sessions_init(void) BL_HIDDEN;
/** Bring sessions up to the control page: attach, leave. Caller holds busy. */
void bl_sessions_update(void) BL_HIDDEN;
/** The same in the program's own time, where that is better than at the first trace point: no other thread is in the way yet. */
void bl_sessions_update_early(void) BL_HIDDEN;
/** If the recorder that @memory came from is dead, leave its session and take the memory back. Return: it is. */
bool bl_session_check_life(struct bl_memory *memory) BL_HIDDEN;
/** Sessions whose recorder did not answer and is dead by now: wait for it no longer. Makes system calls. */
void bl_sessions_check_unanswered(void) BL_HIDDEN;
/** Find the sessions that run now and write them into free slots of the control page. Caller has locked the slots. */
void bl_sessions_discover(void) BL_HIDDEN;
/** A copy of a slot that somebody else may be writing to: all of it or, if it is not armed, its state. */
void bl_slot_read(const struct bl_control_slot *slot, struct bl_control_slot *ret) BL_HIDDEN;
/** Make no system call for the sake of any session any more. */
void bl_sessions_silence(void) BL_HIDDEN;

/* arena.c */
/** Map @memfd as @head says, and @life, and set up the rings. Return: 0 or a negative errno; nothing is mapped then. */
int bl_arena_map(const struct bl_session_head *head, int memfd, int life, struct bl_memory **ret) BL_HIDDEN;
/** No session uses it any more; late writers may. */
void bl_arena_retire(struct bl_memory *memory) BL_HIDDEN;
/** Give the memory behind the mapping back; the mapping stays. */
void bl_arena_punch(const struct bl_memory *memory) BL_HIDDEN;

#endif
