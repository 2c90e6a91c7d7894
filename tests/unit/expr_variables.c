/* SPDX-License-Identifier: MIT */
/*
 * Variables of expressions: which there are is in a table, what they can be compared with too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "query/expr.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

enum {
	CPU = 7,
	NAME,
	TIME,
	CONTEXT,
	CONTEXT_CPU,
};

static const struct expr_variable variables[] = {
	{"cpu", EXPR_NUMBER, CPU},   {"name", EXPR_STRING, NAME},	   {"time", EXPR_TIME, TIME},
	{"context.", EXPR_ANY, CONTEXT}, {"context.cpu", EXPR_NUMBER, CONTEXT_CPU}, {0},
};

/* The first variable of a text, and the field behind it. */
static void test_found(void **state)
{
	static const struct {
		const char *text;
		int id;
		const char *field;
	} cases[] = {
		{"$cpu == 1", CPU, NULL},
		{"$name ~ \"a*\"", NAME, NULL},
		{"$context.cpu == 1", CONTEXT_CPU, NULL},
		{"$context.cpus == 1", CONTEXT, "cpus"},
		{"$context.a->b[3].c == 1", CONTEXT, "a->b[3].c"},
		{"$context.`a b` == \"x\"", CONTEXT, "a b"},
		{"$context.cpu.x == 1", CONTEXT, "cpu.x"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct expr_error error = {0};
		struct expr *expr = expr_parse(cases[i].text, variables, &error);
		const struct expr_node *node;

		if (!expr)
			fail_msg("%s: %s", cases[i].text, error.message);
		node = &expr->node[0];
		assert_int_equal(node->kind, EXPR_VARIABLE);
		assert_int_equal(node->variable->id, cases[i].id);
		assert_int_equal(!node->as.string, !cases[i].field);
		if (cases[i].field)
			assert_string_equal(node->as.string, cases[i].field);
		expr_free(expr);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		size_t column;
		const char *message; /* a part of it; NULL: it is none */
	} cases[] = {
		{"$cpus == 1", 1, "unknown variable; there are $cpu, $name, $time, $context.FIELD and $context.cpu"},
		{"1 == $", 6, "unknown variable"},
		{"$cpu.x == 1", 1, "unknown variable"},
		{"$context == 1", 1, "unknown variable"},
		{"$context. == 1", 10, "behind $context."},
		{"$context.`a", 10, "no closing `"},
		{"$name == 1", 7, "string cannot be compared with a number"},
		{"$name == $cpu", 7, "string cannot be compared with a number"},
		{"$cpu == \"x\"", 6, "string cannot be compared with a number"},
		{"$cpu & $name", 8, "integers"},
		{"$name == $time", 7, "string cannot"},
		{"$time ~ \"1*\"", 7, "string cannot"},
		{"$time > \"16:41\"", 0, NULL},
		{"\"16:41\" <= $time", 0, NULL},
		{"$time & 1", 0, NULL},
		{"$context.x == \"a\" && $context.x == 1", 0, NULL},
		{"$name == \"a\" && $name > field", 0, NULL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct expr_error error = {0};
		struct expr *expr = expr_parse(cases[i].text, variables, &error);

		if (!expr != !!cases[i].message || error.column != cases[i].column ||
		    (!expr && !strstr(error.message, cases[i].message)))
			fail_msg("'%s': %s, column %zu: %s", cases[i].text, expr ? "parsed" : "error", error.column, error.message);
		expr_free(expr);
	}
}

static void test_warnings(void **state)
{
	struct expr_error error;
	struct expr *expr = expr_parse("$cpu == 1 || $context.x == $cpu || $context.y || x", variables, &error);
	static const char *const messages[] = {"$cpu", "$context.x", "$context.y", "field 'x'"};
	uint32_t next = 0;
	size_t i;

	(void)state;
	assert_non_null(expr);
	for (i = 0; i < LENGTH(messages); i++) {
		assert_true(expr_warning(expr, &next, &error));
		if (!strstr(error.message, messages[i]))
			fail_msg("%s: %s", messages[i], error.message);
	}
	assert_false(expr_warning(expr, &next, &error));
	expr_free(expr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
