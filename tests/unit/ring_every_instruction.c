/* SPDX-License-Identifier: MIT */
/*
 * The record path, interrupted at every instruction, two deep. x86-64.
 *
 * A small machine: the code under test (the "guest": reserve, fields, commit; flush; the consumer's take) runs on a stack of its own
 * under single-step, and the driver decides after each instruction what comes next. The guest's whole state, registers, stack, ring
 * and books, can be saved and restored, so the driver walks through *all* ways in which one or two further operations can interrupt
 * the first one:
 *
 *     explore(k): at each point of what runs, save; let operation k interrupt here, and explore(k + 1); restore, go on.
 *
 * The second operation thus interrupts the first at every point, and the third interrupts either of them at every point that comes
 * later. When all have ended, the books must balance (support/ledger.h). An operation interrupts as a signal or NMI does: it runs
 * to its end, on the same stack below the red zone, with all registers restored.
 *
 * With two operations every instruction is a point. With three, points are the beginnings and ends of operations, and behind each
 * instruction that touches what operations share: ring, books, clock. Where two neighbouring instructions touch nothing of it, an
 * interrupt between them is the same as one in front of both, so nothing is left out. That is not taken for granted: with two
 * operations, where a point follows an instruction that touched nothing, all that is shared must end up as it did from the point
 * before. What touches it is found by taking its pages away.
 *
 * How control goes back and forth: the guest traps, by its trap flag or by int3 at its end; the SIGTRAP handler saves its registers and
 * jumps to the driver, which later jumps back into the handler, which loads the registers and returns from the signal. A repeated string
 * instruction traps after each iteration: the first two and the last are stepped, those between are done by the driver.
 *
 * With --broken, for cores that were broken on purpose, the test passes if a fault is found.
 */
#include "support/ledger.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define PAGE 4096u
#define FP_MAX 16384u
#define FP_LEGACY_SIZE 512u
#define FP_SW_RESERVED 464u
#define FP_XSTATE_MAGIC 0x46505853u
#define STACK_SIZE 8192u
#define SHIFT 12u
#define SUB (1u << SHIFT)
#define PHYS_MAX 5u
#define ENTRIES 64u
#define OPS_MAX 3u
#define TRAP_FLAG 0x100ll
#define TRAPNO_INT3 3
#define TRAPNO_FAULT 14
#define INT3 0xcc
#define NEXT_MAX 4096u

struct cpu {
	greg_t reg[REG_EFL + 1]; /* all general registers, rip and flags; the segments stay as they are */
	uint8_t fp[FP_MAX];
};

enum op_kind { OP_RECORD, OP_FLUSH, OP_TAKE };

struct op {
	enum op_kind kind;
	uint32_t id;
	uint32_t size;
};

/* What an operation in progress works on. */
struct run {
	const struct op *op;
	struct entry *entry; /* OP_RECORD */
	uint32_t n;          /* OP_TAKE: what it asked for */
	int err;
};

/* Everything that the guest can change, but for the clock. */
struct world {
	/* What operations share. */
	uint8_t ring_memory[BL_RING_CONTROL_SIZE + PHYS_MAX * SUB];
	struct entry entry[ENTRIES];
	struct ledger ledger;
	struct audit audit;
	/* What each has for itself. */
	uint8_t stack[STACK_SIZE] __attribute__((aligned(PAGE)));
	struct run run[OPS_MAX];
	uint32_t depth; /* operations that run or are interrupted */
	uint64_t now;
};

#define SHARED_SIZE __builtin_offsetof(struct world, stack)

/* The clock is in front of what is shared, so that both are taken away at once. Nobody calls it by this name. */
extern struct machine {
	uint64_t now;
	struct world world __attribute__((aligned(PAGE)));
} machine;
struct machine machine __attribute__((aligned(PAGE)));
__asm__(".globl bl_test_now\n.set bl_test_now, machine\n");

static struct world *const world = &machine.world;
static struct world *saved[OPS_MAX];
static struct cpu guest, interrupted[OPS_MAX], saved_guest[OPS_MAX], saved_interrupted[OPS_MAX][OPS_MAX];
static jmp_buf in_driver, in_handler;
static volatile greg_t guest_trap;
static uint32_t fp_size;
static uint32_t repeats, saved_repeats[OPS_MAX]; /* iterations of a repeated instruction so far */
static struct bl_ring ring;
static const struct op *ops;
static uint32_t n_ops;
static uint64_t n_ends, n_steps;
static bool by_access; /* points are where something shared was touched; else every instruction */
static bool untouched; /* nothing shared was, since the point before */
static uint64_t end_hash; /* of what is shared, when all had ended */

/* Of instructions that touch what is shared: where the next one is. Learned by stepping. */
static struct {
	greg_t at, next;
} next_of[NEXT_MAX];
static bool text_is_writable;
extern const uint8_t __executable_start[], etext[];

void bl_port_wake(struct bl_ring *woken)
{
	(void)woken;
}

/* ---- switching between driver and guest ---- */

static void cpu_copy(struct cpu *to, const struct cpu *from)
{
	memcpy(to->reg, from->reg, sizeof(to->reg));
	memcpy(to->fp, from->fp, fp_size);
}

static void on_trap(int signal_number, siginfo_t *info, void *context)
{
	mcontext_t *mc = &((ucontext_t *)context)->uc_mcontext;

	guest_trap = mc->gregs[REG_TRAPNO];
	if (signal_number == SIGSEGV && (info->si_addr < (void *)&machine || info->si_addr >= (void *)world->stack)) {
		signal(SIGSEGV, SIG_DFL); /* a real one */
		return;
	}
	memcpy(guest.reg, mc->gregs, sizeof(guest.reg));
	memcpy(guest.fp, mc->fpregs, fp_size);
	if (!_setjmp(in_handler))
		_longjmp(in_driver, 1);
	memcpy(mc->gregs, guest.reg, sizeof(guest.reg));
	memcpy(mc->fpregs, guest.fp, fp_size);
}

/* The first trap of all: learn how large the floating-point state is. */
static void on_first_trap(int signal_number, siginfo_t *info, void *context)
{
	const uint8_t *fp = (const void *)((ucontext_t *)context)->uc_mcontext.fpregs;
	uint32_t sw_reserved[2]; /* magic number and whole size, as the kernel tells it */

	(void)signal_number;
	(void)info;
	memcpy(sw_reserved, fp + FP_SW_RESERVED, sizeof(sw_reserved));
	fp_size = sw_reserved[0] == FP_XSTATE_MAGIC ? sw_reserved[1] : FP_LEGACY_SIZE;
	if (fp_size <= FP_MAX)
		memcpy(guest.fp, fp, fp_size);
}

static void handle_trap(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaction(SIGTRAP, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

static void machine_init(void)
{
	static uint8_t handler_stack[65536 + 4 * FP_MAX];
	const stack_t on = { .ss_sp = handler_stack, .ss_size = sizeof(handler_stack) };

	sigaltstack(&on, NULL);
	handle_trap(on_first_trap);
	__asm__ volatile("int3" : : : "memory");
	if (fp_size > FP_MAX) {
		printf("skipped: this CPU's register state takes %u bytes\n", fp_size);
		exit(77);
	}
	handle_trap(on_trap);
	/* So that breakpoints can be set, which are ten times cheaper than steps on a virtual machine. */
	text_is_writable = !mprotect((void *)(uintptr_t)__executable_start, (size_t)(etext - __executable_start),
				     PROT_READ | PROT_WRITE | PROT_EXEC);
	if (!_setjmp(in_driver))
		__asm__ volatile("int3" : : : "memory");
}

/* Where an operation returns to: tells the driver that it has ended. */
extern const char guest_end[];
__asm__(".text\nguest_end: int3\n");

static void guard(int protection)
{
	if (mprotect(&machine, PAGE + SHARED_SIZE, protection)) {
		perror("mprotect");
		exit(1);
	}
}

/* Until the next trap; @guarded: what is shared cannot be touched. */
static void guest_resume(bool step, bool guarded)
{
	guest.reg[REG_EFL] = step ? guest.reg[REG_EFL] | TRAP_FLAG : guest.reg[REG_EFL] & ~TRAP_FLAG;
	bl_test_now = world->now;
	if (guarded)
		guard(PROT_NONE);
	if (!_setjmp(in_driver))
		_longjmp(in_handler, 1);
	if (guarded)
		guard(PROT_READ | PROT_WRITE);
	world->now = bl_test_now;
}

/* ---- operations ---- */

static void guest_record(struct run *run)
{
	run->err = ledger_write(&world->ledger, &ring, run->entry);
}

static void guest_flush(struct run *run)
{
	run->err = bl_ring_flush(&ring);
}

static void guest_take(struct run *run)
{
	struct audit *audit = &world->audit;

	if (audit->dirty)
		bl_reader_clean(&audit->reader);
	audit->dirty = false;
	if (ring.flags & BL_RING_OVERWRITE)
		bl_reader_seek_oldest(&audit->reader);
	run->n = audit->reader.next;
	run->err = bl_reader_take(&audit->reader);
}

/* Begin an operation: from nothing, or as an interrupt of what runs. */
static void begin(const struct op *op)
{
	static void (*const entry_point[])(struct run *) = { guest_record, guest_flush, guest_take };
	struct run *run = &world->run[world->depth];
	const bool nested = world->depth > 0;
	uint64_t sp = (uint64_t)(world->stack + STACK_SIZE);
	const uint64_t end = (uint64_t)guest_end;

	bl_test_now = world->now;
	*run = (struct run){ .op = op };
	if (op->kind == OP_RECORD)
		run->entry = ledger_new(&world->ledger, &ring, op->id, op->size);
	if (nested) {
		cpu_copy(&interrupted[world->depth - 1], &guest);
		sp = (uint64_t)guest.reg[REG_RSP] - 128;
	}
	sp = (sp & ~15ull) - 8;
	memcpy((void *)sp, &end, sizeof(end));
	guest.reg[REG_RSP] = (greg_t)sp;
	guest.reg[REG_RDI] = (greg_t)run;
	guest.reg[REG_RIP] = (greg_t)entry_point[op->kind];
	guest.reg[REG_EFL] = 0x202;
	world->depth++;
}

/* The innermost operation has ended: its interrupted one goes on. */
static void end(void)
{
	struct run *run = &world->run[--world->depth];

	bl_test_now = world->now;
	if (run->entry)
		ledger_end(run->entry, &ring);
	if (run->op->kind == OP_TAKE && !run->err) {
		world->audit.dirty = true;
		audit_taken(&world->audit, run->n);
	} else if (run->op->kind == OP_TAKE && run->err != -BL_EAGAIN) {
		audit_wrong(&world->audit, "take failed with", (uint64_t)-run->err, BL_EAGAIN);
	}
	if (world->depth)
		cpu_copy(&guest, &interrupted[world->depth - 1]);
}

/* Do all but the last iteration of a repeated store or move of bytes or words. */
static void skip_repeats(void)
{
	const uint8_t *code = (const uint8_t *)guest.reg[REG_RIP];
	uint64_t count = (uint64_t)guest.reg[REG_RCX];
	const bool wide = code[1] == 0x48;
	const uint8_t what = code[wide ? 2 : 1];
	uint64_t bytes;

	if (code[0] != 0xf3 || count < 2 || (what & 0xfe) == 0xa6)
		return;
	if (what == 0xaa || (what == 0xab && wide)) {
		bytes = (count - 1) * (wide ? 8 : 1);
		memset((void *)guest.reg[REG_RDI], (int)guest.reg[REG_RAX], bytes); /* a word that is stored has equal bytes: zeros */
	} else if (what == 0xa4 || (what == 0xa5 && wide)) {
		bytes = (count - 1) * (wide ? 8 : 1);
		memcpy((void *)guest.reg[REG_RDI], (const void *)guest.reg[REG_RSI], bytes);
		guest.reg[REG_RSI] += (greg_t)bytes;
	} else {
		return;
	}
	guest.reg[REG_RDI] += (greg_t)bytes;
	guest.reg[REG_RCX] = 1;
}

/* One instruction. False: everything has ended. */
static bool step(void)
{
	const greg_t before = guest.reg[REG_RIP];

	n_steps++;
	guest_resume(true, false);
	if (guest_trap == TRAPNO_INT3) {
		end();
		return world->depth > 0;
	}
	repeats = guest.reg[REG_RIP] == before ? repeats + 1 : 0;
	if (repeats == 2)
		skip_repeats();
	return true;
}

/* One instruction, and whether it touches what is shared. */
static bool step_watched(void)
{
	const greg_t before = guest.reg[REG_RIP];

	untouched = false;
	if (repeats)
		return step();
	guest_resume(true, true);
	if (guest_trap == TRAPNO_FAULT)
		return step();
	n_steps++;
	if (guest_trap == TRAPNO_INT3) {
		end();
		return world->depth > 0;
	}
	/* A repeated one that works on the guest's own stack is stepped through, and touches nothing. */
	repeats = guest.reg[REG_RIP] == before ? 1 : 0;
	untouched = true;
	return true;
}

/* String instructions with a repeat prefix, each iteration of which touches something. */
static bool is_repeated(const uint8_t *code)
{
	const uint8_t what = (code[1] & 0xf0) == 0x40 ? code[2] : code[1];

	return (code[0] == 0xf3 || code[0] == 0xf2) &&
	       ((what & 0xfc) == 0xa4 || (what >= 0xaa && what <= 0xaf) || (what & 0xfc) == 0x6c);
}

/* Over an instruction that touches what is shared, by a breakpoint behind it if we know where that is. */
static void step_over(void)
{
	const greg_t at = guest.reg[REG_RIP], next = next_of[(uint64_t)at % NEXT_MAX].next;
	uint8_t *const breakpoint = (uint8_t *)next;
	uint8_t covered;

	if (next_of[(uint64_t)at % NEXT_MAX].at != at) {
		(void)step(); /* it is not an operation's end */
		if (text_is_writable && (const uint8_t *)at >= __executable_start && (const uint8_t *)at + 15 < etext &&
		    !is_repeated((const uint8_t *)at) && guest.reg[REG_RIP] > at && guest.reg[REG_RIP] <= at + 15) {
			next_of[(uint64_t)at % NEXT_MAX].at = at;
			next_of[(uint64_t)at % NEXT_MAX].next = guest.reg[REG_RIP];
		}
		return;
	}
	n_steps++;
	covered = *breakpoint;
	*breakpoint = INT3;
	guest_resume(false, false);
	*breakpoint = covered;
	if (guest_trap != TRAPNO_INT3 || guest.reg[REG_RIP] != next + 1) {
		printf("FAULT: an instruction at %#llx was not followed by %#llx\n", at, next);
		exit(1);
	}
	guest.reg[REG_RIP] = next;
	repeats = 0;
}

/* To the next point. False: everything has ended. */
static bool advance(void)
{
	if (!by_access)
		return step_watched();
	if (repeats)
		return step();
	guest_resume(false, true);
	if (guest_trap == TRAPNO_INT3) {
		end();
		return world->depth > 0;
	}
	step_over();
	return true;
}

static void run_to_end(void)
{
	while (world->depth) {
		guest_resume(false, false);
		end();
	}
}

/* ---- exploration ---- */

static void save(uint32_t k)
{
	memcpy(saved[k], world, sizeof(*world));
	saved_repeats[k] = repeats;
	cpu_copy(&saved_guest[k], &guest);
	for (uint32_t i = 0; i + 1 < world->depth; i++)
		cpu_copy(&saved_interrupted[k][i], &interrupted[i]);
}

static void restore(uint32_t k)
{
	memcpy(world, saved[k], sizeof(*world));
	repeats = saved_repeats[k];
	cpu_copy(&guest, &saved_guest[k]);
	for (uint32_t i = 0; i + 1 < world->depth; i++)
		cpu_copy(&interrupted[i], &saved_interrupted[k][i]);
}

static bool balance(void)
{
	n_ends++;
	bl_test_now = world->now;
	return audit_finish(&world->audit);
}

static bool interrupt(uint32_t k);

static uint64_t hash_shared(void)
{
	const uint64_t *word = (const uint64_t *)(const void *)world;
	uint64_t hash = 0;
	size_t i;

	for (i = 0; i < SHARED_SIZE / sizeof(*word); i++)
		hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15u ^ hash >> 29;
	return hash;
}

/* Operations 0..k-1 have begun. True: no fault found. */
static bool explore(uint32_t k)
{
	uint64_t before = 0;

	untouched = false;
	do {
		const bool same = untouched;

		if (!interrupt(k))
			return false;
		if (same && k + 1 == n_ops && end_hash != before)
			return audit_wrong(&world->audit, "an instruction that touches nothing shared matters", end_hash, before);
		before = end_hash;
	} while (advance());
	return balance();
}

/* Let operation k begin here, with all that can come of it; then be back here. */
static bool interrupt(uint32_t k)
{
	bool good;

	save(k);
	begin(&ops[k]);
	if (k + 1 < n_ops) {
		good = explore(k + 1);
	} else {
		run_to_end();
		good = balance();
		if (!by_access)
			end_hash = hash_shared();
	}
	if (good)
		restore(k);
	else if (k)
		printf("# operation %u began at rip %#llx, %llu behind guest_end\n", k, saved_guest[k].reg[REG_RIP],
		       saved_guest[k].reg[REG_RIP] - (greg_t)guest_end);
	return good;
}

/* ---- scenarios ---- */

struct scenario {
	const char *name;
	uint32_t flags;
	uint32_t n_sub;
	uint32_t id_bits;
	uint32_t begin_at; /* number of the first sub-buffer */
	uint32_t filled;   /* sub-buffers handed over before */
	uint32_t taken;    /* of them, by the consumer */
	uint32_t room;     /* bytes left in the open one; SUB: not open yet; 0: as it comes */
	uint64_t idle;     /* ticks before the first operation */
	struct op op[OPS_MAX];
};

static void put(uint32_t size)
{
	ledger_record(&world->ledger, &ring, 1, size);
}

/* Records until @room bytes are left in the open sub-buffer. */
static void fill_to(uint32_t room)
{
	uint32_t pos;

	put(8);
	pos = (uint32_t)ring.shared->head & ring.sub_mask;
	put(SUB - room - pos - BL_RECORD_COMPACT);
}

static bool prepare(const struct scenario *s)
{
	uint32_t i;

	memset(world, 0, sizeof(*world));
	ring = (struct bl_ring){ .sub_shift = SHIFT, .n_sub = s->n_sub, .n_phys = s->n_sub + 1, .id_bits = s->id_bits, .flags = s->flags };
	ring.seq_base = 1000;
	ring.lost_base[BL_LOST_FULL] = 7;
	bl_test_now = 0x76543210fedcull;
	if (!test_ring_init(&ring, world->ring_memory))
		return false;
	world->ledger = (struct ledger){ .entry = world->entry, .max = ENTRIES };
	audit_init(&world->audit, &ring, &world->ledger);
	test_ring_begin_at(&ring, &world->audit, s->begin_at);
	for (i = 0; i < s->filled; i++) {
		fill_to(BL_COUNT_SIZE);
		bl_ring_flush(&ring);
		if (i < s->taken)
			audit_take(&world->audit);
	}
	if (s->room && s->room < SUB)
		fill_to(s->room);
	world->now = bl_test_now + s->idle;
	world->audit.late = s->idle > 1ull << 31 ? BL_BACK_TICKS : 0;
	return true;
}

static bool run_scenario(const struct scenario *s, uint32_t depth)
{
	const uint64_t ends = n_ends, steps = n_steps;
	bool good;

	if (!prepare(s))
		return false;
	ops = s->op;
	n_ops = depth;
	good = interrupt(0);
	printf("%s: %s, room %u, %u deep: %llu %s, %llu ends%s%s\n", good ? "ok" : "FAULT", s->name, s->room, depth - 1,
	       (unsigned long long)(n_steps - steps), by_access ? "accesses" : "instructions", (unsigned long long)(n_ends - ends),
	       good ? "" : ": ", world->audit.wrong);
	return good;
}

#define RECORD { OP_RECORD, 1, 8 }
#define WIDE { OP_RECORD, 40, 8 }
#define LARGE { OP_RECORD, 1, 3000 }
#define TOO_LARGE { OP_RECORD, 1, SUB }
#define FLUSH { OP_FLUSH, 0, 0 }
#define TAKE { OP_TAKE, 0, 0 }

/* What interrupts what; each at the sub-buffer's end and elsewhere. */
static const struct op mixes[][OPS_MAX] = {
	{ RECORD, RECORD, RECORD }, { RECORD, FLUSH, TAKE },   { FLUSH, RECORD, RECORD }, { RECORD, RECORD, TAKE },
	{ FLUSH, RECORD, TAKE },    { WIDE, RECORD, FLUSH },   { RECORD, WIDE, RECORD },  { RECORD, LARGE, RECORD },
	{ LARGE, FLUSH, RECORD },   { TAKE, RECORD, RECORD },  { TAKE, LARGE, LARGE },    { RECORD, TAKE, LARGE },
	{ LARGE, LARGE, LARGE },    { RECORD, TOO_LARGE, FLUSH },  { RECORD, FLUSH, TOO_LARGE },
};

#define N_MIXES (sizeof(mixes) / sizeof(mixes[0]))

/* @depth: operations; @n_mixes: the first ones of the table. */
static bool run_mixes(struct scenario s, uint32_t depth, uint32_t n_mixes)
{
	uint32_t i;

	for (i = 0; i < n_mixes; i++) {
		memcpy(s.op, mixes[i], sizeof(s.op));
		if (!run_scenario(&s, depth))
			return false;
	}
	return true;
}

/* BL_COUNT_SIZE: none but for the count. */
static const uint32_t rooms[] = { 20, 19, 32, 0, 2000, 8, 9, 10, 11, 12, 21, 31, 33, 43, 44 };

static bool run_rooms(struct scenario s, uint32_t depth, uint32_t n_rooms, uint32_t n_mixes)
{
	uint32_t i;

	for (i = 0; i < n_rooms; i++) {
		s.room = rooms[i];
		if (!run_mixes(s, depth, n_mixes))
			return false;
	}
	return true;
}

static bool run_modes(struct scenario s, uint32_t depth, uint32_t n_rooms, uint32_t n_mixes)
{
	for (s.flags = 0; s.flags <= BL_RING_OVERWRITE; s.flags++)
		if (!run_rooms(s, depth, n_rooms, n_mixes))
			return false;
	return true;
}

#define OVERWRITE BL_RING_OVERWRITE

static const struct scenario plain = { "new ring", 0, 4, 5, 0, 0, 0, 0, 0, { { 0 } } };
static const struct scenario special[] = {
	{ "full ring", 0, 2, 5, 0, 2, 0, 0, 0, { { 0 } } },
	{ "full ring, the last one open", 0, 2, 5, 0, 1, 0, 20, 0, { { 0 } } },
	{ "full ring, the last one open", 0, 2, 5, 0, 1, 0, 19, 0, { { 0 } } },
	{ "one sub-buffer free", 0, 4, 5, 0, 3, 1, 20, 0, { { 0 } } },
	{ "second round", 0, 2, 5, 0, 4, 4, 19, 0, { { 0 } } },
	{ "overwriting", OVERWRITE, 2, 5, 0, 5, 0, 20, 0, { { 0 } } },
	{ "overwriting", OVERWRITE, 4, 5, 0, 9, 0, 19, 0, { { 0 } } },
	{ "overwriting behind a consumer", OVERWRITE, 4, 5, 0, 6, 3, 20, 0, { { 0 } } },
	{ "numbers wrap", 0, 4, 5, BL_N_MASK, 0, 0, 19, 0, { { 0 } } },
	{ "numbers wrap", OVERWRITE, 4, 5, BL_N_MASK - 1, 2, 0, 19, 0, { { 0 } } },
	{ "16 bits of id, as many of clock", 0, 4, 16, 0, 0, 0, 20, 0xffe8, { { 0 } } },
	{ "idle for the compact clock's width", 0, 4, 5, 0, 0, 0, 32, 1 << 27, { { 0 } } },
	{ "idle for 2^31 ticks", 0, 4, 5, 0, 0, 0, 2000, (1ull << 31) - 10, { { 0 } } },
	{ "idle for 2^32 ticks", 0, 4, 5, 0, 0, 0, 40, (1ull << 32) - 10, { { 0 } } },
};

static const struct scenario round_trip = { "once round", 0, 2, 5, 0, 0, 0, 0, 0, { LARGE, LARGE, LARGE } };

static bool run_depth(uint32_t depth)
{
	uint32_t i;

	if (!run_modes(plain, depth, sizeof(rooms) / sizeof(rooms[0]), N_MIXES))
		return false;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (!run_mixes(special[i], depth, N_MIXES))
			return false;
	return true;
}

/* One deep at every instruction, all pairs at every access; and, of one mix, all pairs at every instruction. */
static bool run_all(void)
{
	by_access = false;
	if (!run_depth(2))
		return false;
	by_access = true;
	/* Claims without an opened slot all round a small ring. */
	if (!run_scenario(&round_trip, 3) || !run_depth(3))
		return false;
	by_access = false;
	return run_rooms(plain, 3, 1, 1);
}

int main(int argc, char **argv)
{
	const bool broken = argc > 1 && !strcmp(argv[1], "--broken");
	bool good;
	uint32_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < OPS_MAX; i++)
		saved[i] = malloc(sizeof(*world));
	if (!saved[OPS_MAX - 1])
		return 1;
	machine_init();
	good = run_all();
	printf("%llu instructions and accesses stepped, %llu ends balanced\n", (unsigned long long)n_steps, (unsigned long long)n_ends);
	if (broken)
		printf("%s\n", good ? "NOT OK: the fault in this core was not found" : "ok: the fault in this core was found");
	return good == broken;
}
