/* SPDX-License-Identifier: MIT */
/*
 * The record path, interrupted at every instruction, two deep. x86-64.
 *
 * A small machine: the code under test (the "guest": reserve, fields, commit; flush; the consumer's take) runs on a stack of its own
 * under single-step, and the driver decides after each instruction what comes next. The guest's whole state, registers, stack, ring
 * and books, can be saved and restored, so the driver walks through *all* ways in which one or two further operations can interrupt
 * the first one:
 *
 *     explore(k): before each instruction of what runs, save; let operation k interrupt here, and explore(k + 1); restore, go on.
 *
 * The second operation thus interrupts the first at every instruction, and the third interrupts either of them at every instruction
 * that comes later. When all have ended, the books must balance (support/ledger.h). An operation interrupts as a signal or NMI does:
 * it runs to its end, on the same stack below the red zone, with all registers restored.
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
#define TRAPNO_STEP 1
#define TRAPNO_INT3 3

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

/* Everything that the guest can change. */
struct world {
	uint8_t ring_memory[BL_RING_CONTROL_SIZE + PHYS_MAX * SUB];
	uint8_t stack[STACK_SIZE];
	struct entry entry[ENTRIES];
	struct ledger ledger;
	struct audit audit;
	struct run run[OPS_MAX];
	uint32_t depth; /* operations that run or are interrupted */
	uint64_t now;
};

static struct world *world; /* page aligned */
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
static uint32_t stride[OPS_MAX] = { 1, 1, 1 }; /* operation k interrupts at every stride[k]-th instruction */
static uint32_t points[OPS_MAX];

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

	(void)signal_number;
	(void)info;
	guest_trap = mc->gregs[REG_TRAPNO];
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
	if (!_setjmp(in_driver))
		__asm__ volatile("int3" : : : "memory");
}

/* Where an operation returns to: tells the driver that it has ended. */
extern const char guest_end[];
__asm__(".text\nguest_end: int3\n");

static void guest_resume(bool step)
{
	guest.reg[REG_EFL] = step ? guest.reg[REG_EFL] | TRAP_FLAG : guest.reg[REG_EFL] & ~TRAP_FLAG;
	bl_test_now = world->now;
	if (!_setjmp(in_driver))
		_longjmp(in_handler, 1);
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
	guest_resume(true);
	if (guest_trap == TRAPNO_INT3) {
		end();
		return world->depth > 0;
	}
	repeats = guest.reg[REG_RIP] == before ? repeats + 1 : 0;
	if (repeats == 2)
		skip_repeats();
	return true;
}

static void run_to_end(void)
{
	while (world->depth) {
		guest_resume(false);
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

/* Operations 0..k-1 have begun. True: no fault found. */
static bool explore(uint32_t k)
{
	do {
		if (++points[k] % stride[k] == 0 && !interrupt(k))
			return false;
	} while (step());
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
	printf("%s: %s, room %u, %u deep: %llu instructions, %llu ends%s%s\n", good ? "ok" : "FAULT", s->name, s->room, depth - 1,
	       (unsigned long long)(n_steps - steps), (unsigned long long)(n_ends - ends), good ? "" : ": ", world->audit.wrong);
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

static void set_stride(uint32_t first, uint32_t second)
{
	stride[1] = first;
	stride[2] = second;
}

/* Everything one deep; all pairs at the end of a sub-buffer; of the other pairs, one of 203. BL_TEST_LONG=1: every pair of all. */
static bool run_all(void)
{
	const bool all = getenv("BL_TEST_LONG") != NULL;
	struct scenario over = special[6];
	uint32_t i;

	if (!run_modes(plain, 2, sizeof(rooms) / sizeof(rooms[0]), N_MIXES))
		return false;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (!run_mixes(special[i], 2, N_MIXES))
			return false;
	/* Claims without an opened slot all round a small ring. */
	set_stride(5, 5);
	if (!run_scenario(&round_trip, 3))
		return false;
	if (!all)
		set_stride(29, 7);
	else
		set_stride(1, 1);
	if (!run_modes(plain, 3, all ? sizeof(rooms) / sizeof(rooms[0]) : 4, N_MIXES))
		return false;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (!run_mixes(special[i], 3, all ? N_MIXES : 3))
			return false;
	set_stride(1, 1);
	over.room = 20;
	return run_rooms(plain, 3, 1, 2) && run_mixes(over, 3, 1);
}

int main(int argc, char **argv)
{
	const bool broken = argc > 1 && !strcmp(argv[1], "--broken");
	const size_t size = (sizeof(*world) + 4095) & ~4095ull;
	bool good;
	uint32_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	world = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	for (i = 0; i < OPS_MAX; i++)
		saved[i] = malloc(sizeof(*world));
	if (world == MAP_FAILED || !saved[OPS_MAX - 1])
		return 1;
	machine_init();
	good = run_all();
	printf("%llu instructions stepped, %llu ends balanced\n", (unsigned long long)n_steps, (unsigned long long)n_ends);
	if (broken)
		printf("%s\n", good ? "NOT OK: the fault in this core was not found" : "ok: the fault in this core was found");
	return good == broken;
}
