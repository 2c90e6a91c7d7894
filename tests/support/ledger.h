/* SPDX-License-Identifier: MIT */
/*
 * ledger.h - self-checking records, and the books in which a test notes what it wrote, held against what a consumer reads.
 *
 * A test makes an entry for each attempt to record (ledger_new()), writes the record (ledger_write(), at once, or in pieces by itself)
 * and notes the end of it (ledger_end()). A consumer takes packets (audit_take()), each of which is checked at once; when all writers
 * are done, audit_finish() flushes, takes what is left and balances the books:
 *
 *     every record that was reported as reserved is there exactly once, whole, in the packet where it was claimed
 *     its time, read by CTF's rule, lies between the clock readings before and after it
 *     packets are complete, their numbers consecutive, their times in order, their bytes zero behind the content
 *     the counts of discarded records are those of the attempts that failed, reason by reason, and only rise
 *
 * Nothing here asserts: audits say what is wrong, so that a test can also expect a fault to be found.
 */
#ifndef BL_TESTS_LEDGER_H
#define BL_TESTS_LEDGER_H

#include "core/ring.h"
#include "decode.h"

struct entry {
	uint32_t id;
	uint32_t size;
	int err;        /* of reserve; ENTRY_PENDING before */
	uint32_t n;     /* sub-buffer where it was claimed */
	uint32_t at;    /* where in it */
	uint64_t after; /* clock readings around it; not_before in front, after behind, 0 while it goes on */
	uint64_t not_before;
	bool seen;
};

#define ENTRY_PENDING 1
#ifndef TAKEN_MAX
#define TAKEN_MAX 1024u /* packets of a test in overwrite mode */
#endif

struct ledger {
	struct entry *entry;
	uint32_t n, max;
};

/** A consumer and what it has found. */
struct audit {
	struct bl_reader reader;
	struct ledger *ledger;
	uint64_t next_seq;
	uint64_t end;                 /* of the packet before */
	uint64_t lost[LOST_REASONS];  /* of the packet before */
	uint32_t packets, records, overwritten;
	/*
	 * Ticks by which times may be late: BL_BACK_TICKS after an idle time of nearly 2^32; and early as well, where clock readings
	 * of two CPUs are compared.
	 */
	uint32_t late, early;
	bool dirty;                   /* the spare holds what was taken */
	uint8_t taken[TAKEN_MAX];     /* by packet number */
	char wrong[160];              /* the first fault; "" while there is none */
};

/** Lay out a ring at @memory (page aligned, zeroed here), of test_ring_size() bytes. The ring's geometry and flags are filled in. */
size_t test_ring_size(const struct bl_ring *ring);
bool test_ring_init(struct bl_ring *ring, void *memory);
/** Let a new ring begin with sub-buffer @n. */
void test_ring_begin_at(struct bl_ring *ring, struct audit *audit, uint32_t n);

/** A new entry, or NULL when the books are full. Any thread and any signal handler may call it. */
struct entry *ledger_new(struct ledger *ledger, const struct bl_ring *ring, uint32_t id, uint32_t size);
void ledger_fill(const struct ledger *ledger, const struct entry *entry, uint8_t *payload);
int ledger_write(struct ledger *ledger, struct bl_ring *ring, struct entry *entry);
void ledger_end(struct entry *entry, const struct bl_ring *ring);
/** All of the above. */
int ledger_record(struct ledger *ledger, struct bl_ring *ring, uint32_t id, uint32_t size);

void audit_init(struct audit *audit, struct bl_ring *ring, struct ledger *ledger);
/** Take one packet and check it. False: nothing there, or a fault. */
bool audit_take(struct audit *audit);
/** For who steps through bl_reader_take() by itself: check what it got. */
void audit_taken(struct audit *audit, uint32_t n);
/** All writers are done. True: no fault. */
bool audit_finish(struct audit *audit);
bool audit_wrong(struct audit *audit, const char *what, uint64_t found, uint64_t expected);

extern uint64_t bl_test_now, bl_test_tick;

#endif
