/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * filter.c - the machine that runs compiled filters (lib/abi/filter.h) inside the traced program.
 *
 * The bytecode lies in memory that a recorder can write at any time, so nothing in it is trusted and nothing is assumed to stay:
 *
 *     the head and each operation are read once, into locals, and checked there
 *     every index (operation, stack, argument, text) is compared with its bound right where it is used
 *     bytes of text are only ever compared, never used as an index
 *     jumps go forwards, so    operations run <= n_ops <= BL_FILTER_OPS_MAX
 *     every byte looked at costs a step, so    bytes looked at <= BL_FILTER_STEPS_MAX + BL_FILTER_STRING_MAX
 *
 * Whatever breaks a rule ends the run with BL_FILTER_BROKEN. Strings of the program are its own: they are read up to their NUL.
 *
 * Freestanding: no libc call, not even those that the compiler makes up for copies (see tests/unit/filter_freestanding.sh).
 */
#include "lib/filter.h"
#include "query/match.h"

struct run {
	/* the filter; counts are our own checked copies */
	const struct bl_filter_op *ops;
	const char *text;
	uint32_t n_ops;
	uint32_t text_size;
	/* the record */
	const struct bl_filter_arg *args;
	uint32_t n_args;
	int32_t tid;
	int32_t pid;
	/* the machine */
	uint32_t pc;
	uint32_t depth;
	uint32_t steps_left;
	struct match_value stack[BL_FILTER_STACK];
};

static bool spend(struct run *run, size_t steps)
{
	return match_spend(&run->steps_left, steps);
}

static struct match_value *push(struct run *run, enum match_kind kind)
{
	struct match_value *v;

	if (run->depth >= BL_FILTER_STACK)
		return NULL;
	v = &run->stack[run->depth++];
	v->kind = kind;
	return v;
}

static bool push_value(struct run *run, struct match_value value)
{
	struct match_value *v = push(run, value.kind);

	if (v)
		*v = value;
	return v;
}

static bool push_i64(struct run *run, int64_t i64)
{
	struct match_value *v = push(run, MATCH_I64);

	if (v)
		v->as.i64 = i64;
	return v;
}

static bool push_u64(struct run *run, uint64_t u64)
{
	struct match_value *v = push(run, MATCH_U64);

	if (v)
		v->as.u64 = u64;
	return v;
}

static bool push_f64(struct run *run, uint64_t bits)
{
	struct match_value *v = push(run, MATCH_F64);

	if (v)
		v->as.u64 = bits; /* the same storage: no floating point register is touched on the way */
	return v;
}

static bool push_text(struct run *run, uint64_t place)
{
	const uint32_t offset = (uint32_t)(place >> 32);
	const uint32_t length = (uint32_t)place;
	struct match_value *v;

	if (offset > run->text_size || length > run->text_size - offset)
		return false;
	v = push(run, MATCH_TEXT);
	if (!v)
		return false;
	v->as.text = run->text + offset;
	v->size = length;
	return true;
}

static bool push_string(struct run *run, const char *string)
{
	struct match_value *v = push(run, MATCH_TEXT);
	uint32_t length = 0;

	if (!v)
		return false;
	if (!string)
		string = "(null)"; /* as it would be recorded */
	while (length < BL_FILTER_STRING_MAX && string[length])
		length++;
	v->as.text = string;
	v->size = length;
	return spend(run, length);
}

static bool push_field(struct run *run, uint32_t index)
{
	const struct bl_filter_arg *arg;

	if (index >= run->n_args)
		return false;
	arg = &run->args[index];
	if (arg->type & BL_TYPE_SEQUENCE)
		return push_u64(run, arg->count);
	switch (arg->type & BL_TYPE_SCALAR_MASK) {
	case BL_TYPE_U8:
	case BL_TYPE_U16:
	case BL_TYPE_U32:
	case BL_TYPE_U64:
	case BL_TYPE_BOOL:
		return push_u64(run, arg->value.u64);
	case BL_TYPE_I8:
	case BL_TYPE_I16:
	case BL_TYPE_I32:
	case BL_TYPE_I64:
		return push_i64(run, arg->value.i64);
	case BL_TYPE_F32:
	case BL_TYPE_F64:
		return push_f64(run, arg->value.u64);
	case BL_TYPE_STRING:
		return push_string(run, arg->value.pointer);
	default:
		return push(run, MATCH_NOTHING);
	}
}

static uint32_t accepted_relations(uint32_t code)
{
	switch (code) {
	case BL_FILTER_EQ:
		return MATCH_EQUAL;
	case BL_FILTER_NE:
		return MATCH_LESS | MATCH_GREATER | MATCH_UNORDERED;
	case BL_FILTER_LT:
		return MATCH_LESS;
	case BL_FILTER_LE:
		return MATCH_LESS | MATCH_EQUAL;
	case BL_FILTER_GT:
		return MATCH_GREATER;
	default:
		return MATCH_GREATER | MATCH_EQUAL;
	}
}

static bool compare(struct run *run, uint32_t code, const struct match_value *l, const struct match_value *r)
{
	if (l->kind == MATCH_TEXT && r->kind == MATCH_TEXT && !spend(run, l->size < r->size ? l->size : r->size))
		return false;
	return push_i64(run, (match_relate(l, r) & accepted_relations(code)) != 0);
}

static bool compare_glob(struct run *run, const struct match_value *l, const struct match_value *r)
{
	bool match = false;

	if (l->kind == MATCH_TEXT && r->kind == MATCH_TEXT) {
		match = match_glob(r->as.text, r->size, l->as.text, l->size, &run->steps_left);
		if (!spend(run, 1)) /* was it cut short? */
			return false;
	}
	return push_i64(run, match);
}

/* The values popped stay where they are until the result is pushed over the left one, which is the last thing done. */
static bool binary(struct run *run, uint32_t code)
{
	struct match_value l, r;

	if (run->depth < 2)
		return false;
	r = run->stack[--run->depth];
	l = run->stack[--run->depth];
	switch (code) {
	case BL_FILTER_GLOB:
		return compare_glob(run, &l, &r);
	case BL_FILTER_AND_BITS:
		return push_value(run, match_and(&l, &r));
	default:
		return compare(run, code, &l, &r);
	}
}

static bool negate(struct run *run)
{
	if (!run->depth)
		return false;
	return push_i64(run, !match_is_true(&run->stack[--run->depth]));
}

static bool jump(struct run *run, uint32_t distance, bool on)
{
	if (!run->depth || distance > run->n_ops - run->pc)
		return false;
	if (match_is_true(&run->stack[run->depth - 1]) == on)
		run->pc += distance;
	else
		run->depth--;
	return true;
}

/* Run the operation at pc, which is moved on before. False: a rule is broken. */
static bool step(struct run *run)
{
	const struct bl_filter_op *op = &run->ops[run->pc++];
	const uint32_t code = bl_load_relaxed(&op->code);
	const uint32_t arg = bl_load_relaxed(&op->arg);
	const uint64_t value = bl_load_relaxed(&op->value);

	switch (code) {
	case BL_FILTER_PUSH_I64:
		return push_i64(run, (int64_t)value);
	case BL_FILTER_PUSH_U64:
		return push_u64(run, value);
	case BL_FILTER_PUSH_F64:
		return push_f64(run, value);
	case BL_FILTER_PUSH_TEXT:
		return push_text(run, value);
	case BL_FILTER_PUSH_FIELD:
		return push_field(run, arg);
	case BL_FILTER_PUSH_TID:
		return push_i64(run, run->tid);
	case BL_FILTER_PUSH_PID:
		return push_i64(run, run->pid);
	case BL_FILTER_EQ:
	case BL_FILTER_NE:
	case BL_FILTER_LT:
	case BL_FILTER_LE:
	case BL_FILTER_GT:
	case BL_FILTER_GE:
	case BL_FILTER_GLOB:
	case BL_FILTER_AND_BITS:
		return binary(run, code);
	case BL_FILTER_NOT:
		return negate(run);
	case BL_FILTER_JUMP_FALSE:
		return jump(run, arg, false);
	case BL_FILTER_JUMP_TRUE:
		return jump(run, arg, true);
	default:
		return false;
	}
}

/* Read the filter's head once and check that all of it is there. */
static bool open_filter(struct run *run, const void *filter, size_t size_available)
{
	const struct bl_filter *head = filter;

	if ((uintptr_t)filter % 8 || size_available < sizeof(*head))
		return false;
	run->n_ops = bl_load_relaxed(&head->n_ops);
	run->text_size = bl_load_relaxed(&head->text_size);
	if (!run->n_ops || run->n_ops > BL_FILTER_OPS_MAX || run->text_size > BL_FILTER_TEXT_MAX)
		return false;
	run->ops = (const struct bl_filter_op *)(head + 1);
	run->text = (const char *)(run->ops + run->n_ops);
	return sizeof(*head) + run->n_ops * sizeof(*run->ops) + run->text_size <= size_available;
}

enum bl_filter_verdict bl_filter_run(const void *filter, size_t size_available, const struct bl_filter_arg *args, uint32_t n_args,
				     int32_t tid, int32_t pid)
{
	struct run run;

	if (!open_filter(&run, filter, size_available))
		return BL_FILTER_BROKEN;
	run.args = args;
	run.n_args = n_args;
	run.tid = tid;
	run.pid = pid;
	run.pc = 0;
	run.depth = 0;
	run.steps_left = BL_FILTER_STEPS_MAX;
	while (run.pc < run.n_ops)
		if (!step(&run))
			return BL_FILTER_BROKEN;
	if (run.depth != 1)
		return BL_FILTER_BROKEN;
	return match_is_true(&run.stack[0]) ? BL_FILTER_YES : BL_FILTER_NO;
}

bool bl_filter_match(const void *filter, size_t size_available, const struct bl_filter_arg *args, uint32_t n_args, int32_t tid,
		     int32_t pid)
{
	return bl_filter_run(filter, size_available, args, n_args, tid, pid) != BL_FILTER_NO;
}
