/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * control.h - all that a traced program (lib/) and a recorder (record/) say to each other.
 *
 * Files, in the runtime directory RUN: $XDG_RUNTIME_DIR/borelog if XDG_RUNTIME_DIR is a directory of the user's, else
 * /run/user/UID/borelog if /run/user/UID is there, else /run/borelog for root, else /tmp/borelog-UID. Mode 0700 (but /run/borelog), owned
 * by the user; refused otherwise. UID is the effective one.
 *
 *     RUN/programs/PID-NS     a program's control file: one page, struct bl_control, then its descriptions (core/event.h). Made at
 *                             load, unlinked at exit. PID is as the program sees it itself, NS the inode number of its pid namespace
 *                             (/proc/self/ns/pid; 0: it could not find out), so that containers can share RUN. Stale when no such
 *                             process is there, or it is younger than the file, or nobody holds it any more (BL_CONTROL_HELD).
 *     RUN/sessions/NAME       a session's socket, AF_UNIX SOCK_SEQPACKET, where programs attach and commands (stop, status,
 *                             snapshot) talk. Sessions that record one command only have names that begin with a dot.
 *     /run/borelog/sessions/  the same for root's sessions, mode 0755; sockets there are mode 0666.
 *
 * A directory of one's own in XDG_RUNTIME_DIR that is not /run/user/UID makes a world apart, for tests and containers: root too keeps
 * its sessions there, and looks for running programs there only; programs there know of no other sessions.
 *
 * Which sessions a program belongs to:
 *     at load   those listed in the environment variable BORELOG_SESSION (socket paths, separated by ':'; the recorder of a command
 *               sets it for the command), and every socket in RUN/sessions and /run/borelog/sessions whose name has no dot in front.
 *     later     the recorder opens the control file, writes the socket's path into a free slot and moves bl_control.word on.
 *
 * Attaching, done by the program's next trace point with raw system calls only:
 *     1. connect to the socket; the other end must be root or the program's own user (SO_PEERCRED). Root only, if the program has changed
 *        its user since it was loaded.
 *     2. send struct bl_attach_request. The recorder has pid, in its own pid namespace, and uid by SO_PEERCRED, asks /proc what number the
 *        process has in which namespace, and opens and reads RUN/programs/PID-NS of that uid. Root's, if it is not there, that of
 *        uid 0: a process that gave root up keeps its file.
 *     3. receive struct bl_attach_reply; with status 0 it carries two descriptors (SCM_RIGHTS): the session's memory (a memfd sealed
 *        against shrinking, growing and sealing) and the page of the recorder's life (a memfd that the program can only map readable).
 *     4. map both, close everything. Any failure: the slot is given up for good. More than BL_ATTACH_TIMEOUT_MS: given up until the
 *        slot's generation moves on; the recorder, when it comes to the request and nobody takes the answer, moves it.
 *
 * Slots are armed by recorders and by the program (at load, in a forked child, and in borelog_attach()): whoever does holds
 * flock(LOCK_EX) on the control file, for microseconds.
 *
 * Memory of a session in one program (the offsets are multiples of the page size, taken as 64 KiB: BL_ABI_PAGE):
 *     0                    struct bl_session_head, tables behind it (offsets inside head_size)
 *     head_size            ring 0: BL_ABI_PAGE with struct bl_ring_shared at its start, then n_phys sub-buffers of 2^sub_shift bytes
 *     + ring_size          ring 1 ...
 * In the program's address space sub-buffers lie apart by BL_PIECE_SIZE, see lib/arena.c: bl_sub_offset() says where the places are that a
 * ring's head names.
 * The program reads the head once, copies and checks it (bl_ring_setup() and every offset), and never trusts it again.
 *
 * Wake-up: a program that hands over a sub-buffer sets bl_session_head.bell to 1 by exchange; if it was 0 it calls FUTEX_WAKE (shared,
 * not private) on it. The recorder sets it to 0 by exchange, *then* looks at the rings, then waits for it to become 1. BL_SESSION_NO_WAKE:
 * the program makes no system call at all, the recorder looks by interval or at the end.
 *
 * End of a session: the recorder sets the slot's state to BL_SLOT_STATE_FREE and moves bl_control.word on, takes out what is in the
 * rings, then punches the memory out of the memfd. Writers that are still in a record find zeros and give up; the mapping stays.
 * Recorder dead: bl_life.owner is the futex word of a robust mutex that the recorder holds; FUTEX_OWNER_DIED in it tells. The program
 * looks whenever a sub-buffer is handed over, and then punches the memory out itself (MADV_REMOVE).
 *
 * Nothing here holds pointers or longs: 32-bit programs and 64-bit recorders understand each other.
 */
#ifndef BL_LIB_ABI_CONTROL_H
#define BL_LIB_ABI_CONTROL_H

#include "core/event.h"
#include "core/ring_abi.h"

#define BL_CONTROL_MAGIC 0x4c524f42u /* "BORL" */
#define BL_CONTROL_ABI 2u
#define BL_ROOT_RUN_DIR "/run/borelog"
#define BL_ABI_PAGE 65536u
#define BL_SESSIONS_MAX 8u /* that one program can be in at a time */
#define BL_SOCKET_PATH_MAX 104u
#define BL_ATTACH_TIMEOUT_MS 1000
#define BL_RINGS_MAX 1024u
#define BL_PROGRAM_SUB_SHIFT_MAX 19u /* 512 KiB: a program maps rings in pieces of that size, see lib/arena.c */
#define BL_PIECE_SIZE (1u << BL_PROGRAM_SUB_SHIFT_MAX)

enum bl_control_slot_state {
	BL_SLOT_STATE_FREE = 0,
	BL_SLOT_STATE_ARMED = 1, /* written by the recorder: attach to socket; or by the program itself at load */
};

struct bl_control_slot {
	uint32_t state;
	uint32_t generation; /* moved on by whoever arms the slot */
	char socket[BL_SOCKET_PATH_MAX];
};

enum bl_control_flags {
	BL_CONTROL_EXPLICIT = 1u << 0, /* borelog_attach() was called: the program attaches to nothing that came later */
	BL_CONTROL_HELD = 1u << 1, /* byte 0 is locked (F_OFD_SETLK, F_RDLCK) as long as somebody maps the file */
	BL_CONTROL_CHANGED_USER = 1u << 2, /* it was loaded by another user than it has now: only root's sessions may record it */
};

/** First page of the control file. Mapped shared by the program; each member is written by one side, except the slots. */
struct bl_control {
	uint32_t magic;
	uint32_t abi;
	/*
	 * What trace points compare: moved on (by 256, never to 0, low 8 bits zero) with every change of a slot; 0: no session was
	 * ever armed.
	 */
	uint32_t word;
	uint32_t pid;            /* in the program's own pid namespace */
	uint32_t flags;          /* enum bl_control_flags */
	uint32_t n_events;
	uint32_t events_size;    /* bytes of descriptions that follow, at offset BL_CONTROL_SIZE */
	uint32_t generation;     /* moved on when descriptions were added or removed (dlopen, dlclose) */
	struct bl_control_slot slot[BL_SESSIONS_MAX];
	/* By slot: records that fell into attaching, not yet counted by any ring; if the program ends so, the recorder counts them. */
	uint64_t lost_attach[BL_SESSIONS_MAX];
};

#define BL_CONTROL_SIZE 4096u
bl_static_assert(sizeof(struct bl_control) <= BL_CONTROL_SIZE, "control words fit a page");

enum bl_message {
	BL_MESSAGE_ATTACH = 1,
	BL_MESSAGE_STOP = 2,
	BL_MESSAGE_STATUS = 3,
	BL_MESSAGE_SNAPSHOT = 4,
	BL_MESSAGE_FLUSH = 5,
};

struct bl_attach_request {
	uint32_t magic;      /* BL_CONTROL_MAGIC */
	uint32_t abi;        /* BL_CONTROL_ABI */
	uint32_t message;    /* BL_MESSAGE_ATTACH */
	uint32_t generation; /* of the descriptions that ids refer to */
	uint32_t flags;      /* BL_CONTROL_EXPLICIT: make no system call afterwards */
};

struct bl_attach_reply {
	uint32_t magic;
	uint32_t abi;
	int32_t status;      /* 0, or a negative errno: not attached, do not ask again */
	uint32_t reserved;
	uint64_t size;       /* of the session's memory */
};

enum bl_session_flags {
	BL_SESSION_NO_WAKE = 1u << 0,
};

/** One of n_rings, at rings_offset. */
struct bl_session_ring {
	uint32_t cpu_id;
	uint32_t stream_id;
	uint64_t stream_instance_id;
	uint64_t seq_base;
	uint64_t lost_base[BL_LOST_NR];
};

/** Start of a session's memory. Written by the recorder before the program sees it, except bell. */
struct bl_session_head {
	uint32_t magic; /* BL_CONTROL_MAGIC */
	uint32_t abi;   /* BL_CONTROL_ABI */
	uint32_t ring_abi; /* BL_RING_ABI */
	uint32_t head_size;
	uint64_t ring_size;
	uint32_t n_rings;    /* 1..BL_RINGS_MAX; a CPU above uses ring cpu % n_rings */
	uint32_t sub_shift;
	uint32_t n_sub;
	uint32_t n_phys;
	uint32_t id_bits;
	uint32_t ring_flags; /* enum bl_ring_flags */
	uint32_t clock;      /* enum bl_user_clock */
	uint32_t contexts;   /* enum bl_context */
	uint32_t flags;      /* enum bl_session_flags */
	uint32_t owner[3];   /* for the packet context: pid as the recorder sees it */
	uint8_t uuid[16];
	uint32_t n_events;
	uint32_t rings_offset;   /* struct bl_session_ring[n_rings] */
	uint32_t enabled_offset; /* uint32_t[n_events + 1], by event id: 0 off; 1 on; else offset of a struct bl_filter (filter.h) */
	uint32_t bell __attribute__((aligned(64)));
};

/** Bytes that a program leaves free behind each piece of a ring with sub-buffers of 2^@sub_shift bytes: a multiple of both. */
static inline uint32_t bl_piece_gap(uint32_t sub_shift)
{
	return 1u << sub_shift > BL_ABI_PAGE ? 1u << sub_shift : BL_ABI_PAGE;
}

/** bl_ring.offset[@phys] of a program's ring. */
static inline uint32_t bl_sub_offset(uint32_t sub_shift, uint32_t phys)
{
	const uint32_t in_piece = BL_PIECE_SIZE >> sub_shift;

	return phys / in_piece * (BL_PIECE_SIZE + bl_piece_gap(sub_shift)) + (phys % in_piece << sub_shift);
}

/** The page of the recorder's life. @owner is the futex word of a robust mutex. */
struct bl_life {
	uint32_t owner;
};

#endif
