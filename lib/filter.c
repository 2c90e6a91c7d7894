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

enum value_kind {
	VALUE_NOTHING,
	VALUE_I64,
	VALUE_U64,
	VALUE_F64,
	VALUE_STRING,
};

struct value {
	uint32_t kind;
	uint32_t length; /* of a string */
	union {
		int64_t i64;
		uint64_t u64;
		double f64;
		const char *string;
	} as;
};

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
	struct value stack[BL_FILTER_STACK];
};

/** How two values relate; a comparison holds if the relation is among those that it accepts. */
enum relation {
	RELATION_NONE = 0, /* not comparable: nothing, or a string with a number */
	RELATION_LESS = 1,
	RELATION_EQUAL = 2,
	RELATION_GREATER = 4,
	RELATION_UNORDERED = 8, /* a NaN */
};

static bool spend(struct run *run, uint32_t steps)
{
	const bool enough = steps <= run->steps_left;

	run->steps_left = enough ? run->steps_left - steps : 0;
	return enough;
}

static unsigned char byte_at(const char *string, uint32_t at)
{
	return (unsigned char)bl_load_relaxed(&string[at]);
}

static struct value *push(struct run *run, enum value_kind kind)
{
	struct value *v;

	if (run->depth >= BL_FILTER_STACK)
		return NULL;
	v = &run->stack[run->depth++];
	v->kind = kind;
	return v;
}

static bool push_i64(struct run *run, int64_t i64)
{
	struct value *v = push(run, VALUE_I64);

	if (v)
		v->as.i64 = i64;
	return v;
}

static bool push_u64(struct run *run, uint64_t u64)
{
	struct value *v = push(run, VALUE_U64);

	if (v)
		v->as.u64 = u64;
	return v;
}

static bool push_f64(struct run *run, uint64_t bits)
{
	struct value *v = push(run, VALUE_F64);

	if (v)
		v->as.u64 = bits; /* the same storage: no floating point register is touched on the way */
	return v;
}

static bool push_text(struct run *run, uint64_t place)
{
	const uint32_t offset = (uint32_t)(place >> 32);
	const uint32_t length = (uint32_t)place;
	struct value *v;

	if (offset > run->text_size || length > run->text_size - offset)
		return false;
	v = push(run, VALUE_STRING);
	if (!v)
		return false;
	v->as.string = run->text + offset;
	v->length = length;
	return true;
}

static bool push_string(struct run *run, const char *string)
{
	struct value *v = push(run, VALUE_STRING);
	uint32_t length = 0;

	if (!v)
		return false;
	if (!string)
		string = "(null)"; /* as it would be recorded */
	while (length < BL_FILTER_STRING_MAX && string[length])
		length++;
	v->as.string = string;
	v->length = length;
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
		return push(run, VALUE_NOTHING);
	}
}

static bool is_true(const struct value *v)
{
	switch (v->kind) {
	case VALUE_I64:
	case VALUE_U64:
		return v->as.u64 != 0;
	case VALUE_F64:
		return v->as.f64 != 0; /* a NaN is true, as in C */
	case VALUE_STRING:
		return v->length != 0;
	default:
		return false;
	}
}

static enum relation relation_of(bool less, bool greater)
{
	return less ? RELATION_LESS : greater ? RELATION_GREATER : RELATION_EQUAL;
}

static double as_double(const struct value *v)
{
	return v->kind == VALUE_I64 ? (double)v->as.i64 : v->kind == VALUE_U64 ? (double)v->as.u64 : v->as.f64;
}

static enum relation relate_numbers(const struct value *l, const struct value *r)
{
	if (l->kind == VALUE_F64 || r->kind == VALUE_F64) {
		const double a = as_double(l);
		const double b = as_double(r);

		if (a != a || b != b)
			return RELATION_UNORDERED;
		return relation_of(a < b, a > b);
	}
	if (l->kind == VALUE_I64 && r->kind == VALUE_I64)
		return relation_of(l->as.i64 < r->as.i64, l->as.i64 > r->as.i64);
	/* At least one is unsigned: a negative one is below it. */
	if (l->kind == VALUE_I64 && l->as.i64 < 0)
		return RELATION_LESS;
	if (r->kind == VALUE_I64 && r->as.i64 < 0)
		return RELATION_GREATER;
	return relation_of(l->as.u64 < r->as.u64, l->as.u64 > r->as.u64);
}

/* By bytes; the shorter is the smaller where one begins with the other. The caller paid for both lengths. */
static enum relation relate_strings(const struct value *l, const struct value *r)
{
	const uint32_t common = l->length < r->length ? l->length : r->length;
	uint32_t i;

	for (i = 0; i < common; i++) {
		const unsigned char a = byte_at(l->as.string, i);
		const unsigned char b = byte_at(r->as.string, i);

		if (a != b)
			return relation_of(a < b, true);
	}
	return relation_of(l->length < r->length, l->length > r->length);
}

static uint32_t accepted_relations(uint32_t code)
{
	switch (code) {
	case BL_FILTER_EQ:
		return RELATION_EQUAL;
	case BL_FILTER_NE:
		return RELATION_LESS | RELATION_GREATER | RELATION_UNORDERED;
	case BL_FILTER_LT:
		return RELATION_LESS;
	case BL_FILTER_LE:
		return RELATION_LESS | RELATION_EQUAL;
	case BL_FILTER_GT:
		return RELATION_GREATER;
	default:
		return RELATION_GREATER | RELATION_EQUAL;
	}
}

static bool compare(struct run *run, uint32_t code, const struct value *l, const struct value *r)
{
	enum relation relation = RELATION_NONE;

	if (l->kind == VALUE_STRING && r->kind == VALUE_STRING) {
		if (!spend(run, l->length < r->length ? l->length : r->length))
			return false;
		relation = relate_strings(l, r);
	} else if (l->kind != VALUE_STRING && r->kind != VALUE_STRING && l->kind != VALUE_NOTHING && r->kind != VALUE_NOTHING) {
		relation = relate_numbers(l, r);
	}
	return push_i64(run, (relation & accepted_relations(code)) != 0);
}

/*
 * A bracket expression whose '[' is at @at: does @c belong to it? Return the bytes that it takes, 0 if it has no end (then the
 * '[' is an ordinary character).
 */
static uint32_t glob_bracket(const struct value *pattern, uint32_t at, unsigned char c, bool *ret_match)
{
	const uint32_t end = pattern->length;
	uint32_t i = at + 1;
	uint32_t first;
	bool negate = false;
	bool match = false;

	if (i < end) {
		const unsigned char sign = byte_at(pattern->as.string, i);

		negate = sign == '!' || sign == '^';
		i += negate;
	}
	for (first = i; i < end;) {
		unsigned char low = byte_at(pattern->as.string, i++);
		unsigned char high;

		if (low == ']' && i - 1 > first) {
			*ret_match = match != negate;
			return i - at;
		}
		if (low == '\\' && i < end)
			low = byte_at(pattern->as.string, i++);
		high = low;
		if (end - i >= 2 && byte_at(pattern->as.string, i) == '-') {
			const unsigned char to = byte_at(pattern->as.string, i + 1);

			if (to == '\\' && end - i >= 3) {
				high = byte_at(pattern->as.string, i + 2);
				i += 3;
			} else if (to != ']') {
				high = to;
				i += 2;
			}
		}
		match |= low <= c && c <= high;
	}
	return 0;
}

/* Does the pattern's element at @at, which is no star, match @c? Return the bytes of the element, 0 for no match. */
static uint32_t glob_one(struct run *run, const struct value *pattern, uint32_t at, unsigned char element, unsigned char c)
{
	bool match = false;
	uint32_t size;

	switch (element) {
	case '?':
		return 1;
	case '\\':
		return pattern->length - at >= 2 && byte_at(pattern->as.string, at + 1) == c ? 2 : 0;
	case '[':
		size = glob_bracket(pattern, at, c, &match);
		if (!spend(run, size ? size : pattern->length - at))
			return 0;
		if (size)
			return match ? size : 0;
		return c == '[';
	default:
		return element == c;
	}
}

/* Only the last star is ever tried again: what an earlier one could take instead, the last one can take too. */
static bool glob(struct run *run, const struct value *string, const struct value *pattern)
{
	uint32_t s = 0, p = 0;
	uint32_t star_s = 0, star_p = 0; /* where the last star's tail goes on; star_p is behind the star, so 0: none yet */

	while (s < string->length) {
		const unsigned char c = byte_at(string->as.string, s);
		const unsigned char element = p < pattern->length ? byte_at(pattern->as.string, p) : 0;
		uint32_t size;

		if (!spend(run, 1))
			return false;
		if (element == '*' && p < pattern->length) {
			star_p = ++p;
			star_s = s;
			continue;
		}
		size = p < pattern->length ? glob_one(run, pattern, p, element, c) : 0;
		if (size) {
			p += size;
			s++;
		} else if (star_p) {
			p = star_p;
			s = ++star_s;
		} else {
			return false;
		}
	}
	while (p < pattern->length && byte_at(pattern->as.string, p) == '*')
		p++;
	return p == pattern->length;
}

static bool compare_glob(struct run *run, const struct value *l, const struct value *r)
{
	bool match = false;

	if (l->kind == VALUE_STRING && r->kind == VALUE_STRING) {
		match = glob(run, l, r);
		if (!spend(run, 1)) /* was it cut short? */
			return false;
	}
	return push_i64(run, match);
}

static bool and_bits(struct run *run, const struct value *l, const struct value *r)
{
	const bool both_signed = l->kind == VALUE_I64 && r->kind == VALUE_I64;
	const uint64_t bits = l->as.u64 & r->as.u64;

	if ((l->kind != VALUE_I64 && l->kind != VALUE_U64) || (r->kind != VALUE_I64 && r->kind != VALUE_U64))
		return push(run, VALUE_NOTHING);
	return both_signed ? push_i64(run, (int64_t)bits) : push_u64(run, bits);
}

/* The values popped stay where they are until the result is pushed over the left one, which is the last thing done. */
static bool binary(struct run *run, uint32_t code)
{
	struct value l, r;

	if (run->depth < 2)
		return false;
	r = run->stack[--run->depth];
	l = run->stack[--run->depth];
	switch (code) {
	case BL_FILTER_GLOB:
		return compare_glob(run, &l, &r);
	case BL_FILTER_AND_BITS:
		return and_bits(run, &l, &r);
	default:
		return compare(run, code, &l, &r);
	}
}

static bool negate(struct run *run)
{
	if (!run->depth)
		return false;
	return push_i64(run, !is_true(&run->stack[--run->depth]));
}

static bool jump(struct run *run, uint32_t distance, bool on)
{
	if (!run->depth || distance > run->n_ops - run->pc)
		return false;
	if (is_true(&run->stack[run->depth - 1]) == on)
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
	return is_true(&run.stack[0]) ? BL_FILTER_YES : BL_FILTER_NO;
}

bool bl_filter_match(const void *filter, size_t size_available, const struct bl_filter_arg *args, uint32_t n_args, int32_t tid,
		     int32_t pid)
{
	return bl_filter_run(filter, size_available, args, n_args, tid, pid) != BL_FILTER_NO;
}
