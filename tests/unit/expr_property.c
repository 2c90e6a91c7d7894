/* SPDX-License-Identifier: MIT */
/*
 * Thousands of random expressions on random records: what the compiled filter says must be what a plain walk over the tree says.
 * The walk shares nothing with the compiler: it has its own tree, from which the text is made, numbers in 128 bits, and fnmatch().
 */
#include <fnmatch.h>
#include <math.h>

#include "tests/unit/expr_eval.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define EXPRESSIONS 20000u
#define RECORDS 6u /* for each of them */
#define NODES_MAX 64u
#define TEXT_MAX 4096u

__extension__ typedef __int128 wide;

static uint64_t random_state = 0x2545f4914f6cdd1du;

static uint32_t pick(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)((random_state >> 16) % n);
}

/* ---- Records ---- */

static const struct event_mapping labels[] = {{0, 0, "idle"}, {1, 3, "run"}, {-5, -1, "wait"}, {7, 9, "idle"}, {INT16_MAX, INT16_MAX, "rest"}};
static const struct event_mapping high[] = {{0, 1, "run"}, {INT64_MIN, -1, "wait"}};

static const struct event_field fields[] = {
	{.name = "u8", .type = BL_TYPE_U8},
	{.name = "u64", .type = BL_TYPE_U64},
	{.name = "i32", .type = BL_TYPE_I32},
	{.name = "i64", .type = BL_TYPE_I64},
	{.name = "f64", .type = BL_TYPE_F64},
	{.name = "yes", .type = BL_TYPE_BOOL},
	{.name = "s", .type = BL_TYPE_STRING},
	{.name = "p->t", .type = BL_TYPE_STRING},
	{.name = "seq", .type = BL_TYPE_SEQUENCE | BL_TYPE_U8},
	{.name = "e", .type = BL_TYPE_I16 | BL_TYPE_ENUM, .n_mappings = LENGTH(labels), .mappings = labels},
	{.name = "h", .type = BL_TYPE_U64 | BL_TYPE_ENUM, .n_mappings = LENGTH(high), .mappings = high},
};

static const char *const missing[] = {"nosuch", "x.y"};
static const char *const strings[] = {"", "a", "ab", "abc", "b", "idle", "run", "wait", "(null)"};
static const char *const patterns[] = {"*", "a*", "?", "*b*", "[ab]", "[!a]*", "idle", "i*", "*t", "", "r?n"};
static const uint64_t integers[] = {0, 1, 2, 3, 7, 8, 9, 127, 128, 255, (uint64_t)-1, (uint64_t)-5, 0x7fffffff, 0x80000000u,
				    INT64_MAX, (uint64_t)INT64_MIN, (uint64_t)1 << 53, ((uint64_t)1 << 53) + 1, INT16_MAX};
static const double floats[] = {0, 0.5, 1, -1, 2, 1e3, 9007199254740992.0, 9223372036854775808.0, 18446744073709551616.0, -1e300, 3};

static uint64_t clip(uint64_t value, uint32_t type)
{
	switch (type & BL_TYPE_SCALAR_MASK) {
	case BL_TYPE_U8:
		return (uint8_t)value;
	case BL_TYPE_BOOL:
		return value & 1;
	case BL_TYPE_I16:
		return (uint64_t)(int64_t)(int16_t)value;
	case BL_TYPE_I32:
		return (uint64_t)(int64_t)(int32_t)value;
	default:
		return value;
	}
}

static void random_record(struct bl_filter_arg *args)
{
	uint32_t i;

	for (i = 0; i < LENGTH(fields); i++) {
		const uint32_t type = fields[i].type;
		const uint32_t at = pick(LENGTH(strings) + 1);

		args[i] = (struct bl_filter_arg){.type = type};
		if (type & BL_TYPE_SEQUENCE)
			args[i].count = pick(4);
		else if (type == BL_TYPE_STRING)
			args[i].value.pointer = at < LENGTH(strings) ? strings[at] : NULL;
		else if (type == BL_TYPE_F64)
			args[i].value.f64 = pick(12) ? floats[pick(LENGTH(floats))] : NAN;
		else
			args[i].value.u64 = clip(integers[pick(LENGTH(integers))], type);
	}
}

/* ---- Trees ---- */

enum kind {
	OR,
	AND,
	NOT,
	COMPARE,
	BITS,
	INTEGER,
	FLOAT,
	STRING,
	FIELD,
	MISSING,
	TID,
	PID,
};

enum comparison {
	EQ,
	NE,
	LT,
	LE,
	GT,
	GE,
	MATCH,
	NO_MATCH,
};

struct tree {
	enum kind kind;
	enum comparison op;
	const struct tree *left;
	const struct tree *right;
	uint64_t integer;
	bool is_signed;
	double number;
	const char *string;
	uint32_t field;
};

static struct tree nodes[NODES_MAX];
static uint32_t n_nodes;

static struct tree *new_node(enum kind kind)
{
	assert_in_range(n_nodes, 0, NODES_MAX - 1);
	nodes[n_nodes] = (struct tree){.kind = kind};
	return &nodes[n_nodes++];
}

static struct tree *random_number(void)
{
	struct tree *t = new_node(pick(4) ? INTEGER : FLOAT);

	t->number = floats[pick(LENGTH(floats))];
	t->integer = integers[pick(LENGTH(integers))];
	/* as the text says it: a literal is negative, or not above INT64_MAX, or unsigned */
	t->is_signed = t->integer <= INT64_MAX || pick(2);
	return t;
}

static struct tree *random_field(void)
{
	struct tree *t = new_node(pick(12) ? FIELD : MISSING);

	t->field = pick(t->kind == FIELD ? LENGTH(fields) : LENGTH(missing));
	if (!pick(15))
		t->kind = pick(2) ? TID : PID;
	return t;
}

static const struct tree *random_string(const char *const *from, uint32_t n)
{
	struct tree *t = new_node(STRING);

	t->string = from[pick(n)];
	return t;
}

static const struct tree *random_condition(uint32_t depth);

/* Not a string literal, and no float for &, which are errors in most places. */
static const struct tree *random_value(uint32_t depth)
{
	struct tree *t;

	if (depth && !pick(5)) {
		t = new_node(BITS);
		t->left = random_value(depth - 1);
		t->right = random_value(depth - 1);
		if (t->left->kind == FLOAT || t->right->kind == FLOAT)
			t->kind = COMPARE; /* EQ */
		return t;
	}
	if (depth && !pick(8))
		return random_condition(depth - 1);
	return pick(4) ? random_field() : random_number();
}

static const struct tree *random_compare(uint32_t depth)
{
	struct tree *t = new_node(COMPARE);

	t->op = (enum comparison)pick(NO_MATCH + 1);
	if (t->op >= MATCH) {
		t->left = random_field();
		t->right = random_string(patterns, LENGTH(patterns));
	} else if (!pick(3)) {
		t->left = random_field();
		t->right = random_string(strings, LENGTH(strings));
		if (pick(2)) {
			const struct tree *swap = t->left;

			t->left = t->right;
			t->right = swap;
		}
	} else {
		t->left = random_value(depth);
		t->right = random_value(depth);
	}
	/* a context is never a string, and the parser says so; a field may be one */
	if ((t->left->kind == TID || t->left->kind == PID) && t->right->kind == STRING)
		t->left = random_string(strings, LENGTH(strings));
	if ((t->right->kind == TID || t->right->kind == PID) && t->left->kind == STRING)
		t->right = random_string(strings, LENGTH(strings));
	return t;
}

static const struct tree *random_condition(uint32_t depth)
{
	struct tree *t;

	switch (depth ? pick(6) : 3 + pick(3)) {
	case 0:
	case 1:
		t = new_node(pick(2) ? AND : OR);
		t->left = random_condition(depth - 1);
		t->right = random_condition(depth - 1);
		return t;
	case 2:
		t = new_node(NOT);
		t->left = random_condition(depth - 1);
		return t;
	case 3:
		return random_value(depth ? depth - 1 : 0);
	default:
		return random_compare(depth ? depth - 1 : 0);
	}
}

/* ---- Text ---- */

static void print(char *to, const struct tree *t);

/* The precedence of what stands there, and of what may stand there bare; parentheses now and then where none are needed. */
static void print_operand(char *to, const struct tree *t, enum kind weakest)
{
	const bool parentheses = t->kind < weakest || !pick(6);

	strcat(to, parentheses ? "(" : "");
	print(to, t);
	strcat(to, parentheses ? ")" : "");
}

static void print_binary(char *to, const struct tree *t, const char *op, enum kind left, enum kind right)
{
	print_operand(to, t->left, left);
	strcat(to, pick(4) ? " " : "");
	strcat(to, op);
	strcat(to, pick(4) ? " " : "");
	print_operand(to, t->right, right);
}

static void print(char *to, const struct tree *t)
{
	static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">=", "~", "!~"};
	static const char *const formats[] = {"%llu", "0x%llx", "0o%llo", "0%llo"};
	char *end;

	switch (t->kind) {
	case OR:
		print_binary(to, t, "||", OR, AND);
		break;
	case AND:
		print_binary(to, t, "&&", AND, NOT);
		break;
	case NOT:
		strcat(to, "!");
		if (t->left->kind == NOT)
			print(to, t->left);
		else
			print_operand(to, t->left, INTEGER);
		break;
	case COMPARE:
		print_binary(to, t, ops[t->op], BITS, BITS);
		break;
	case BITS:
		print_binary(to, t, "&", BITS, INTEGER);
		break;
	case INTEGER:
		end = to + strlen(to);
		if (t->is_signed && (int64_t)t->integer < 0) {
			*end++ = '-';
			sprintf(end, formats[pick(3)], (unsigned long long)-t->integer);
		} else {
			sprintf(end, formats[pick(4)], (unsigned long long)t->integer);
		}
		break;
	case FLOAT:
		sprintf(to + strlen(to), fabs(t->number) < 1e20 && pick(2) ? "%.1f" : "%.17e", t->number);
		break;
	case STRING:
		sprintf(to + strlen(to), pick(2) ? "\"%s\"" : "'%s'", t->string);
		break;
	case FIELD:
		sprintf(to + strlen(to), pick(4) ? "%s" : "`%s`", fields[t->field].name);
		break;
	case MISSING:
		strcat(to, missing[t->field]);
		break;
	case TID:
		strcat(to, "$ctx.tid");
		break;
	case PID:
		strcat(to, "pid");
		break;
	}
}

/* ---- The plain walk ---- */

enum value_kind {
	V_NOTHING,
	V_INTEGER,
	V_FLOAT,
	V_STRING,
};

struct value {
	enum value_kind kind;
	wide integer;
	double number;
	const char *string;
	const struct event_field *labelled; /* a field with labels, itself */
};

static struct value integer_value(wide integer)
{
	return (struct value){.kind = V_INTEGER, .integer = integer};
}

static struct value float_value(double number)
{
	return (struct value){.kind = V_FLOAT, .number = number};
}

static struct value string_value(const char *string)
{
	return (struct value){.kind = V_STRING, .string = string ? string : "(null)"};
}

static struct value field_value(uint32_t index, const struct bl_filter_arg *arg)
{
	const uint32_t type = fields[index].type;
	const uint32_t scalar = type & BL_TYPE_SCALAR_MASK;
	struct value v;

	if (type & BL_TYPE_SEQUENCE)
		return integer_value(arg->count);
	if (scalar == BL_TYPE_STRING)
		return string_value(arg->value.pointer);
	if (scalar == BL_TYPE_F64)
		return float_value(arg->value.f64);
	v = integer_value(scalar >= BL_TYPE_I8 && scalar <= BL_TYPE_I64 ? (wide)arg->value.i64 : (wide)arg->value.u64);
	if (type & BL_TYPE_ENUM)
		v.labelled = &fields[index];
	return v;
}

static bool in_mapping(const struct value *v, const struct event_mapping *m)
{
	const bool is_unsigned = (v->labelled->type & BL_TYPE_SCALAR_MASK) == BL_TYPE_U64;
	const wide first = is_unsigned ? (wide)(uint64_t)m->first : (wide)m->first;
	const wide last = is_unsigned ? (wide)(uint64_t)m->last : (wide)m->last;

	return first <= v->integer && v->integer <= last;
}

static bool has_label(const struct value *v, const char *wanted, bool as_glob)
{
	uint32_t i;

	for (i = 0; i < v->labelled->n_mappings; i++) {
		const struct event_mapping *m = &v->labelled->mappings[i];

		if (in_mapping(v, m) && (as_glob ? !fnmatch(wanted, m->label, 0) : !strcmp(wanted, m->label)))
			return true;
	}
	return false;
}

static bool compare_order(enum comparison op, bool less, bool equal, bool greater)
{
	switch (op) {
	case EQ:
		return equal;
	case NE:
		return !equal;
	case LT:
		return less;
	case LE:
		return less || equal;
	case GT:
		return greater;
	default:
		return greater || equal;
	}
}

static double to_double(const struct value *v)
{
	return v->kind == V_FLOAT ? v->number : (double)v->integer;
}

static bool compare_values(const struct tree *t, const struct value *l, const struct value *r)
{
	if (l->kind == V_NOTHING || r->kind == V_NOTHING)
		return false;
	if (l->labelled && t->right->kind == STRING && (t->op <= NE || t->op >= MATCH))
		return has_label(l, r->string, t->op >= MATCH) == (t->op == EQ || t->op == MATCH);
	if (r->labelled && t->left->kind == STRING && t->op <= NE)
		return has_label(r, l->string, false) == (t->op == EQ);
	if (l->kind == V_STRING && r->kind == V_STRING) {
		const int order = strcmp(l->string, r->string);

		if (t->op >= MATCH)
			return !fnmatch(r->string, l->string, 0) == (t->op == MATCH);
		return compare_order(t->op, order < 0, order == 0, order > 0);
	}
	if (l->kind == V_STRING || r->kind == V_STRING || t->op >= MATCH)
		return false;
	if (l->kind == V_FLOAT || r->kind == V_FLOAT) {
		const double a = to_double(l), b = to_double(r);

		return compare_order(t->op, a < b, a == b, a > b);
	}
	return compare_order(t->op, l->integer < r->integer, l->integer == r->integer, l->integer > r->integer);
}

static bool is_true(const struct value *v)
{
	return v->kind == V_INTEGER ? v->integer != 0 : v->kind == V_FLOAT ? v->number != 0 : v->kind == V_STRING && v->string[0];
}

static struct value walk(const struct tree *t, const struct bl_filter_arg *args)
{
	struct value l, r;

	switch (t->kind) {
	case INTEGER:
		return integer_value(t->is_signed ? (wide)(int64_t)t->integer : (wide)t->integer);
	case FLOAT:
		return float_value(t->number);
	case STRING:
		return string_value(t->string);
	case FIELD:
		return field_value(t->field, &args[t->field]);
	case MISSING:
		return (struct value){.kind = V_NOTHING};
	case TID:
		return integer_value(EVAL_TID);
	case PID:
		return integer_value(EVAL_PID);
	default:
		break;
	}
	l = walk(t->left, args);
	if (t->kind == NOT)
		return integer_value(!is_true(&l));
	if (t->kind == AND && !is_true(&l))
		return integer_value(0);
	if (t->kind == OR && is_true(&l))
		return integer_value(1);
	r = walk(t->right, args);
	if (t->kind == COMPARE)
		return integer_value(compare_values(t, &l, &r));
	if (t->kind != BITS)
		return integer_value(is_true(&r));
	if (l.kind != V_INTEGER || r.kind != V_INTEGER)
		return (struct value){.kind = V_NOTHING};
	/* 64 bits wide; negative only where both sides are */
	if (l.integer < 0 && r.integer < 0)
		return integer_value(l.integer & r.integer);
	return integer_value((wide)((uint64_t)l.integer & (uint64_t)r.integer));
}

static void test_agree(void **state)
{
	uint32_t answers[2] = {0, 0};
	uint32_t i, k;

	(void)state;
	for (i = 0; i < EXPRESSIONS; i++) {
		char text[TEXT_MAX] = "";
		const struct tree *tree;
		struct expr *expr;

		n_nodes = 0;
		tree = random_condition(3);
		print(text, tree);
		expr = parse_or_fail(text);
		for (k = 0; k < RECORDS; k++) {
			struct bl_filter_arg args[LENGTH(fields)];
			struct value expected;
			int got;

			random_record(args);
			expected = walk(tree, args);
			got = evaluate(expr, fields, args, LENGTH(fields));
			if (got != is_true(&expected))
				fail_msg("expression %u, record %u: %d instead of %d: %s", i, k, got, is_true(&expected), text);
			answers[got]++;
		}
		expr_free(expr);
	}
	print_message("%u false, %u true\n", answers[0], answers[1]);
	assert_in_range(answers[0], EXPRESSIONS, (RECORDS - 1) * EXPRESSIONS); /* both answers were asked for */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_agree)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
