/* SPDX-License-Identifier: MIT */
/*
 * The machine that runs filters, on filters that were put together by hand: every operation on every pair of types, every rule that
 * bytecode can break, and bytecode that changes while it runs.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/filter.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define TID 4711
#define PID 42

static struct bl_filter_op op(enum bl_filter_code code, uint32_t arg, uint64_t value)
{
	return (struct bl_filter_op){.code = (uint16_t)code, .arg = (uint16_t)arg, .value = value};
}

static struct bl_filter_op plain(enum bl_filter_code code)
{
	return op(code, 0, 0);
}

static struct bl_filter_op push_i64(int64_t value)
{
	return op(BL_FILTER_PUSH_I64, 0, (uint64_t)value);
}

static struct bl_filter_op push_u64(uint64_t value)
{
	return op(BL_FILTER_PUSH_U64, 0, value);
}

static struct bl_filter_op push_f64(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return op(BL_FILTER_PUSH_F64, 0, bits);
}

static struct bl_filter_op push_field(uint32_t index)
{
	return op(BL_FILTER_PUSH_FIELD, index, 0);
}

static struct bl_filter_op push_text(uint32_t offset, uint32_t length)
{
	return op(BL_FILTER_PUSH_TEXT, 0, (uint64_t)offset << 32 | length);
}

/* The filter lies in memory exactly as large as it says, so that the address sanitizer sees a byte read too many. */
static enum bl_filter_verdict run_args(const struct bl_filter_op *ops, uint32_t n_ops, const char *text,
				       const struct bl_filter_arg *args, uint32_t n_args)
{
	const struct bl_filter head = {.n_ops = n_ops, .text_size = (uint32_t)strlen(text)};
	const size_t size = sizeof(head) + n_ops * sizeof(*ops) + head.text_size;
	char *filter = malloc(size);
	enum bl_filter_verdict verdict;

	assert_non_null(filter);
	memcpy(filter, &head, sizeof(head));
	memcpy(filter + sizeof(head), ops, n_ops * sizeof(*ops));
	memcpy(filter + sizeof(head) + n_ops * sizeof(*ops), text, head.text_size);
	verdict = bl_filter_run(filter, size, args, n_args, TID, PID);
	assert_int_equal(bl_filter_match(filter, size, args, n_args, TID, PID), verdict != BL_FILTER_NO);
	free(filter);
	return verdict;
}

#define RUN(text, ...) RUN_ARGS(text, NULL, 0, __VA_ARGS__)
#define RUN_ARGS(text, args, n_args, ...)                                                                                             \
	run_args((const struct bl_filter_op[]){__VA_ARGS__}, sizeof((const struct bl_filter_op[]){__VA_ARGS__}) /                      \
		 sizeof(struct bl_filter_op), text, args, n_args)

/* ---- Comparisons ---- */

enum {
	LESS,
	EQUAL,
	GREATER,
	UNORDERED,
	NEVER,
};

static void check_pair(struct bl_filter_op left, struct bl_filter_op right, int relation, const char *text)
{
	static const struct {
		enum bl_filter_code code;
		bool holds[5]; /* less, equal, greater, unordered, never */
	} all[] = {
		{BL_FILTER_EQ, {false, true, false, false, false}}, {BL_FILTER_NE, {true, false, true, true, false}},
		{BL_FILTER_LT, {true, false, false, false, false}}, {BL_FILTER_LE, {true, true, false, false, false}},
		{BL_FILTER_GT, {false, false, true, false, false}}, {BL_FILTER_GE, {false, true, true, false, false}},
	};
	size_t i;

	for (i = 0; i < LENGTH(all); i++)
		assert_int_equal(RUN(text, left, right, plain(all[i].code)), all[i].holds[relation]);
}

/* Numbers of every type and sign, in rising order, all against all. */
static void test_numbers(void **state)
{
	const struct {
		int rank;
		struct bl_filter_op push;
	} n[] = {
		{0, push_f64(-INFINITY)},
		{1, push_i64(INT64_MIN)},
		{1, push_f64(-0x1p63)},
		{2, push_i64(-2)},
		{3, push_f64(-1.5)},
		{4, push_i64(-1)},
		{4, push_f64(-1)},
		{5, push_i64(0)},
		{5, push_u64(0)},
		{5, push_f64(-0.0)},
		{6, push_f64(0.5)},
		{7, push_i64(1)},
		{7, push_u64(1)},
		{7, push_f64(1)},
		{8, push_i64(0x7fffffff)},
		{9, push_u64(0xffffffff)},
		{10, push_f64(0x1p62)},
		{11, push_f64(0x1.8p63)},
		{12, push_f64(INFINITY)},
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(n); i++)
		for (j = 0; j < LENGTH(n); j++)
			check_pair(n[i].push, n[j].push, n[i].rank < n[j].rank ? LESS : n[i].rank == n[j].rank ? EQUAL : GREATER, "");
	/* 64 bits wide: no detour over double, and a negative number is not a large one */
	check_pair(push_i64(INT64_MAX - 1), push_i64(INT64_MAX), LESS, "");
	check_pair(push_i64(INT64_MAX), push_u64((uint64_t)INT64_MAX + 1), LESS, "");
	check_pair(push_u64(UINT64_MAX), push_u64(UINT64_MAX - 1), GREATER, "");
	check_pair(push_i64(-1), push_u64(UINT64_MAX), LESS, "");
	check_pair(push_u64(UINT64_MAX), push_i64(-1), GREATER, "");
	check_pair(push_i64(INT64_MIN), push_u64((uint64_t)1 << 63), LESS, "");
}

static void test_nan(void **state)
{
	(void)state;
	check_pair(push_f64(NAN), push_f64(NAN), UNORDERED, "");
	check_pair(push_f64(NAN), push_f64(1), UNORDERED, "");
	check_pair(push_i64(1), push_f64(-NAN), UNORDERED, "");
	check_pair(push_u64(1), push_f64(NAN), UNORDERED, "");
	assert_int_equal(RUN("", push_f64(NAN), plain(BL_FILTER_NOT)), BL_FILTER_NO); /* true, as in C */
}

static void test_strings(void **state)
{
	const char *text = "abcabd\xff";

	(void)state;
	check_pair(push_text(0, 3), push_text(0, 3), EQUAL, text);
	check_pair(push_text(0, 3), push_text(3, 3), LESS, text);
	check_pair(push_text(3, 3), push_text(0, 3), GREATER, text);
	check_pair(push_text(0, 2), push_text(3, 3), LESS, text);
	check_pair(push_text(0, 3), push_text(3, 2), GREATER, text);
	check_pair(push_text(0, 0), push_text(7, 0), EQUAL, text);
	check_pair(push_text(0, 0), push_text(0, 1), LESS, text);
	check_pair(push_text(6, 1), push_text(0, 1), GREATER, text); /* bytes are unsigned */
	check_pair(push_text(0, 1), push_i64('a'), NEVER, text);
	check_pair(push_f64(0), push_text(0, 0), NEVER, text);
}

/* What is no number and no string: bits of a double, of a string; a field of an unknown type. */
static void test_nothing(void **state)
{
	const struct bl_filter_arg unknown = {.type = 31};

	(void)state;
	assert_int_equal(RUN_ARGS("", &unknown, 1, push_field(0), plain(BL_FILTER_NOT)), BL_FILTER_YES);
	assert_int_equal(RUN_ARGS("", &unknown, 1, push_field(0), push_i64(0), plain(BL_FILTER_NE)), BL_FILTER_NO);
	assert_int_equal(RUN_ARGS("", &unknown, 1, push_field(0), push_field(0), plain(BL_FILTER_EQ)), BL_FILTER_NO);
	assert_int_equal(RUN_ARGS("", &unknown, 1, push_field(0), push_field(0), plain(BL_FILTER_GLOB)), BL_FILTER_NO);
	assert_int_equal(RUN("", push_f64(3), push_i64(1), plain(BL_FILTER_AND_BITS), push_i64(1), plain(BL_FILTER_LE)), BL_FILTER_NO);
	assert_int_equal(RUN("a", push_i64(1), push_text(0, 1), plain(BL_FILTER_AND_BITS)), BL_FILTER_NO);
}

static void test_bits(void **state)
{
	(void)state;
	assert_int_equal(RUN("", push_i64(6), push_i64(3), plain(BL_FILTER_AND_BITS), push_i64(2), plain(BL_FILTER_EQ)), 1);
	assert_int_equal(RUN("", push_i64(-1), push_i64(-2), plain(BL_FILTER_AND_BITS), push_i64(-2), plain(BL_FILTER_EQ)), 1);
	assert_int_equal(RUN("", push_i64(-1), push_u64(1ull << 63), plain(BL_FILTER_AND_BITS), push_u64(1ull << 63),
			     plain(BL_FILTER_EQ)), 1);
	assert_int_equal(RUN("", push_u64(8), push_u64(7), plain(BL_FILTER_AND_BITS)), 0);
}

/* ---- Fields and contexts ---- */

static void test_fields(void **state)
{
	const struct bl_filter_arg args[] = {
		{.type = BL_TYPE_U8, .value.u64 = 200},
		{.type = BL_TYPE_U16 | BL_TYPE_HEX, .value.u64 = 0xffff},
		{.type = BL_TYPE_U32, .value.u64 = 0xffffffff},
		{.type = BL_TYPE_U64, .value.u64 = UINT64_MAX},
		{.type = BL_TYPE_BOOL, .value.u64 = 1},
		{.type = BL_TYPE_I8, .value.i64 = -128},
		{.type = BL_TYPE_I16 | BL_TYPE_ENUM, .value.i64 = -3},
		{.type = BL_TYPE_I32, .value.i64 = INT32_MIN},
		{.type = BL_TYPE_I64, .value.i64 = INT64_MIN},
		{.type = BL_TYPE_F32, .value.f64 = 0.5},
		{.type = BL_TYPE_F64, .value.f64 = -1e300},
		{.type = BL_TYPE_STRING, .value.pointer = "SELECT 1"},
		{.type = BL_TYPE_STRING, .value.pointer = NULL},
		{.type = BL_TYPE_SEQUENCE | BL_TYPE_U8 | BL_TYPE_HEX, .count = 77},
	};
	const struct bl_filter_op expect[] = {
		push_i64(200),	     push_i64(0xffff),	  push_u64(0xffffffff), push_u64(UINT64_MAX), push_i64(1),
		push_i64(-128),	     push_i64(-3),	  push_i64(INT32_MIN),	push_i64(INT64_MIN),  push_f64(0.5),
		push_f64(-1e300),    push_text(0, 8),	  push_text(8, 6),	push_i64(77),
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < LENGTH(args); i++) {
		assert_int_equal(RUN_ARGS("SELECT 1(null)", args, LENGTH(args), push_field(i), expect[i], plain(BL_FILTER_EQ)), 1);
		assert_int_equal(RUN_ARGS("SELECT 1(null)", args, LENGTH(args), push_field(i), expect[i], plain(BL_FILTER_NE)), 0);
	}
	assert_int_equal(RUN("", plain(BL_FILTER_PUSH_TID), push_i64(TID), plain(BL_FILTER_EQ)), 1);
	assert_int_equal(RUN("", plain(BL_FILTER_PUSH_PID), push_i64(PID), plain(BL_FILTER_EQ)), 1);
}

/* Of a string without an end in sight, BL_FILTER_STRING_MAX bytes are read. */
static void test_long_string(void **state)
{
	char *string = malloc(BL_FILTER_STRING_MAX);
	const struct bl_filter_arg arg = {.type = BL_TYPE_STRING, .value.pointer = string};

	(void)state;
	assert_non_null(string);
	memset(string, 'a', BL_FILTER_STRING_MAX);
	assert_int_equal(RUN_ARGS("a*b*", &arg, 1, push_field(0), push_text(0, 2), plain(BL_FILTER_GLOB)), BL_FILTER_YES);
	assert_int_equal(RUN_ARGS("a*b*", &arg, 1, push_field(0), push_text(0, 4), plain(BL_FILTER_GLOB)), BL_FILTER_NO);
	free(string);
}

/* ---- Truth and jumps ---- */

static void test_truth(void **state)
{
	(void)state;
	assert_int_equal(RUN("", push_i64(-5)), BL_FILTER_YES);
	assert_int_equal(RUN("", push_i64(0)), BL_FILTER_NO);
	assert_int_equal(RUN("", push_u64(1ull << 63)), BL_FILTER_YES);
	assert_int_equal(RUN("", push_f64(0.25)), BL_FILTER_YES);
	assert_int_equal(RUN("", push_f64(-0.0)), BL_FILTER_NO);
	assert_int_equal(RUN("x", push_text(0, 1)), BL_FILTER_YES);
	assert_int_equal(RUN("x", push_text(1, 0)), BL_FILTER_NO);
	assert_int_equal(RUN("", push_i64(0), plain(BL_FILTER_NOT)), BL_FILTER_YES);
	assert_int_equal(RUN("", push_i64(9), plain(BL_FILTER_NOT), plain(BL_FILTER_NOT), push_i64(1), plain(BL_FILTER_EQ)), 1);
}

/* What is jumped over does not run: here it would break a rule. */
static void test_jumps(void **state)
{
	const struct bl_filter_op bad = plain(99);

	(void)state;
	assert_int_equal(RUN("", push_i64(0), op(BL_FILTER_JUMP_FALSE, 1, 0), bad), BL_FILTER_NO);
	assert_int_equal(RUN("", push_i64(1), op(BL_FILTER_JUMP_FALSE, 1, 0), bad), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", push_i64(7), op(BL_FILTER_JUMP_TRUE, 2, 0), bad, bad, push_i64(7), plain(BL_FILTER_EQ)), 1);
	assert_int_equal(RUN("", push_i64(0), op(BL_FILTER_JUMP_TRUE, 1, 0), push_i64(3)), BL_FILTER_YES);
	assert_int_equal(RUN("", push_i64(1), op(BL_FILTER_JUMP_FALSE, 0, 0)), BL_FILTER_BROKEN); /* popped: nothing is left */
}

/* ---- Rules ---- */

static void test_broken(void **state)
{
	struct bl_filter_op ops[BL_FILTER_OPS_MAX];
	const struct bl_filter_arg arg = {.type = BL_TYPE_U8};
	uint32_t i;

	(void)state;
	assert_int_equal(RUN("", plain(0)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", plain(BL_FILTER_JUMP_TRUE + 1)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", plain(0xffff)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", push_i64(1), push_i64(1)), BL_FILTER_BROKEN); /* two values left */
	assert_int_equal(RUN("", push_field(0)), BL_FILTER_BROKEN);
	assert_int_equal(RUN_ARGS("", &arg, 1, push_field(1)), BL_FILTER_BROKEN);
	assert_int_equal(RUN_ARGS("", &arg, 1, push_field(0xffff)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("ab", push_text(0, 3)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("ab", push_text(3, 0)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("ab", push_text(2, UINT32_MAX)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("ab", push_text(UINT32_MAX, 2)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", push_i64(0), op(BL_FILTER_JUMP_FALSE, 1, 0)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", push_i64(0), op(BL_FILTER_JUMP_FALSE, 0xffff, 0)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", plain(BL_FILTER_NOT)), BL_FILTER_BROKEN);
	assert_int_equal(RUN("", op(BL_FILTER_JUMP_TRUE, 0, 0), push_i64(1)), BL_FILTER_BROKEN);
	for (i = BL_FILTER_EQ; i <= BL_FILTER_AND_BITS; i++) {
		assert_int_equal(RUN("", plain(i), push_i64(1)), BL_FILTER_BROKEN);
		assert_int_equal(RUN("", push_i64(1), plain(i), push_i64(1)), BL_FILTER_BROKEN);
	}
	for (i = 0; i < LENGTH(ops); i++)
		ops[i] = push_i64(1);
	for (i = 0; i < BL_FILTER_STACK - 1; i++)
		ops[BL_FILTER_STACK + i] = plain(BL_FILTER_EQ);
	assert_int_equal(run_args(ops, 2 * BL_FILTER_STACK - 1, "", NULL, 0), BL_FILTER_YES); /* a full stack */
	ops[BL_FILTER_STACK] = push_i64(1);
	assert_int_equal(run_args(ops, BL_FILTER_STACK + 1, "", NULL, 0), BL_FILTER_BROKEN);
}

static void test_broken_head(void **state)
{
	static struct {
		struct bl_filter head;
		struct bl_filter_op ops[BL_FILTER_OPS_MAX + 1];
		char text[BL_FILTER_TEXT_MAX + 16];
	} f;
	const size_t one = sizeof(struct bl_filter) + sizeof(struct bl_filter_op);
	uint32_t i;

	(void)state;
	f.ops[0] = push_i64(0);
	for (i = 1; i < LENGTH(f.ops); i++)
		f.ops[i] = plain(BL_FILTER_NOT); /* 255 times makes true of false */
	f.head.n_ops = 1;
	assert_int_equal(bl_filter_run(&f, one, NULL, 0, 1, 1), BL_FILTER_NO);
	for (i = 0; i < one; i++)
		assert_int_equal(bl_filter_run(&f, i, NULL, 0, 1, 1), BL_FILTER_BROKEN);
	for (i = 1; i < 8; i++)
		assert_int_equal(bl_filter_run((char *)&f + i, one, NULL, 0, 1, 1), BL_FILTER_BROKEN);
	f.head.text_size = 1;
	assert_int_equal(bl_filter_run(&f, one, NULL, 0, 1, 1), BL_FILTER_BROKEN);
	assert_int_equal(bl_filter_run(&f, one + 1, NULL, 0, 1, 1), BL_FILTER_NO);
	f.head.text_size = BL_FILTER_TEXT_MAX;
	assert_int_equal(bl_filter_run(&f, sizeof(f), NULL, 0, 1, 1), BL_FILTER_NO);
	f.head.text_size = BL_FILTER_TEXT_MAX + 1;
	assert_int_equal(bl_filter_run(&f, sizeof(f), NULL, 0, 1, 1), BL_FILTER_BROKEN);
	f.head.text_size = UINT32_MAX;
	assert_int_equal(bl_filter_run(&f, sizeof(f), NULL, 0, 1, 1), BL_FILTER_BROKEN);
	f.head.text_size = 0;
	f.head.n_ops = 0;
	assert_int_equal(bl_filter_run(&f, sizeof(f), NULL, 0, 1, 1), BL_FILTER_BROKEN);
	f.head.n_ops = BL_FILTER_OPS_MAX;
	assert_int_equal(bl_filter_run(&f, sizeof(f), NULL, 0, 1, 1), BL_FILTER_YES);
	f.head.n_ops = BL_FILTER_OPS_MAX + 1;
	assert_int_equal(bl_filter_run(&f, sizeof(f), NULL, 0, 1, 1), BL_FILTER_BROKEN);
	f.head.n_ops = UINT32_MAX;
	assert_int_equal(bl_filter_run(&f, sizeof(f), NULL, 0, 1, 1), BL_FILTER_BROKEN);
}

/* ---- A recorder that writes while the program reads ---- */

#define SCRIBBLE_OPS 24u
#define SCRIBBLE_ROUNDS 200000u

static struct {
	struct bl_filter head;
	struct bl_filter_op ops[SCRIBBLE_OPS];
	char text[32];
} shared __attribute__((aligned(8)));

static bool scribble_stop;

static void *scribble(void *data)
{
	uint64_t x = 88172645463325252u;

	(void)data;
	while (!bl_load_relaxed(&scribble_stop)) {
		struct bl_filter_op *o;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		o = &shared.ops[x % SCRIBBLE_OPS];
		bl_store_relaxed(&o->code, (uint16_t)(x >> 8) % (BL_FILTER_JUMP_TRUE + 2));
		bl_store_relaxed(&o->arg, (uint16_t)(x >> 24) % 6);
		bl_store_relaxed(&o->value, (x >> 40) % 40 | (x >> 48) % 40 << 32);
		bl_store_relaxed(&shared.text[(x >> 32) % sizeof(shared.text)], "a*?[]-\\!"[(x >> 56) % 8]);
		bl_store_relaxed(&shared.head.n_ops, (uint32_t)(x >> 20) % (SCRIBBLE_OPS + 2));
		bl_store_relaxed(&shared.head.text_size, (uint32_t)(x >> 36) % 40);
	}
	return NULL;
}

/*
 * Nothing can be said of the verdicts but that each is one; the sanitizers watch for what is read. That the two really ran side by
 * side shows in all three verdicts turning up.
 */
static void test_scribble(void **state)
{
	const struct bl_filter_arg args[] = {
		{.type = BL_TYPE_STRING, .value.pointer = "aaaaaaaaaaaaaaab"},
		{.type = BL_TYPE_I32, .value.i64 = -1},
		{.type = BL_TYPE_F64, .value.f64 = 7},
	};
	uint32_t seen[3] = {0, 0, 0};
	pthread_t thread;
	uint32_t i;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, scribble, NULL), 0);
	for (i = 0; i < SCRIBBLE_ROUNDS || !seen[0] || !seen[1] || !seen[2]; i++) {
		const enum bl_filter_verdict verdict = bl_filter_run(&shared, sizeof(shared), args, LENGTH(args), 1, 2);

		assert_in_range(verdict + 1, 0, 2);
		seen[verdict + 1]++;
	}
	bl_store_relaxed(&scribble_stop, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	     cmocka_unit_test(test_nan),    cmocka_unit_test(test_strings),
		cmocka_unit_test(test_nothing),	     cmocka_unit_test(test_bits),   cmocka_unit_test(test_fields),
		cmocka_unit_test(test_long_string),  cmocka_unit_test(test_truth),  cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_broken),	     cmocka_unit_test(test_broken_head), cmocka_unit_test(test_scribble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
