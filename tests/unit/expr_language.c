/* SPDX-License-Identifier: MIT */
/*
 * The language of filters: what each form means, what is decided without a filter, what is an error and where, and the warnings.
 */
#include <locale.h>
#include <math.h>

#include "tests/unit/expr_eval.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const struct event_mapping states[] = {{0, 0, "idle"}, {1, 3, "running"}, {7, 9, "idle"}, {-5, -1, "waiting"}};
static const struct event_mapping large[] = {{0, 9, "low"}, {INT64_MIN, -1, "high"}}; /* high: 2^63 to 2^64 - 1 */

/* One event with a field of every type, and a record of it. */
static const struct event_field fields[] = {
	{.name = "u8", .type = BL_TYPE_U8},
	{.name = "u64", .type = BL_TYPE_U64 | BL_TYPE_HEX},
	{.name = "i8", .type = BL_TYPE_I8},
	{.name = "i64", .type = BL_TYPE_I64},
	{.name = "f", .type = BL_TYPE_F64},
	{.name = "nan", .type = BL_TYPE_F32},
	{.name = "yes", .type = BL_TYPE_BOOL},
	{.name = "sql", .type = BL_TYPE_STRING},
	{.name = "empty", .type = BL_TYPE_STRING},
	{.name = "null", .type = BL_TYPE_STRING},
	{.name = "seq", .type = BL_TYPE_SEQUENCE | BL_TYPE_I16},
	{.name = "state", .type = BL_TYPE_I32 | BL_TYPE_ENUM, .n_mappings = LENGTH(states), .mappings = states},
	{.name = "big", .type = BL_TYPE_U64 | BL_TYPE_ENUM, .n_mappings = LENGTH(large), .mappings = large},
	{.name = "req->len.x[0]", .type = BL_TYPE_U32},
	{.name = "strlen(s) + 1", .type = BL_TYPE_U32},
	{.name = "u8", .type = BL_TYPE_STRING}, /* names need not differ: the first counts */
};

static const struct bl_filter_arg record[] = {
	{.type = BL_TYPE_U8, .value.u64 = 200},
	{.type = BL_TYPE_U64 | BL_TYPE_HEX, .value.u64 = UINT64_MAX},
	{.type = BL_TYPE_I8, .value.i64 = -1},
	{.type = BL_TYPE_I64, .value.i64 = INT64_MIN},
	{.type = BL_TYPE_F64, .value.f64 = 1.5},
	{.type = BL_TYPE_F32, .value.f64 = NAN},
	{.type = BL_TYPE_BOOL, .value.u64 = 1},
	{.type = BL_TYPE_STRING, .value.pointer = "SELECT \"a\""},
	{.type = BL_TYPE_STRING, .value.pointer = ""},
	{.type = BL_TYPE_STRING, .value.pointer = NULL},
	{.type = BL_TYPE_SEQUENCE | BL_TYPE_I16, .count = 12},
	{.type = BL_TYPE_I32 | BL_TYPE_ENUM, .value.i64 = 8},
	{.type = BL_TYPE_U64 | BL_TYPE_ENUM, .value.u64 = UINT64_MAX - 1},
	{.type = BL_TYPE_U32, .value.u64 = 64},
	{.type = BL_TYPE_U32, .value.u64 = 5},
	{.type = BL_TYPE_STRING, .value.pointer = "second"},
};

static int eval(const char *text)
{
	struct expr *expr = parse_or_fail(text);
	const int result = evaluate(expr, fields, record, LENGTH(fields));

	expr_free(expr);
	return result;
}

static void test_true(void **state)
{
	static const char *const texts[] = {
		/* numbers */
		"u8 == 200", "u8 == 0xc8", "u8 == 0XC8", "u8 == 0o310", "u8 == 0310", "u8 == 0b11001000", "u8 == 200.0", "u8 == 2e2",
		"u8 == 0.2k", "2k == 2000", "2Ki == 2048", "3M == 3000000", "3Mi == 3145728", "1G == 1000000000", "1Gi == 0x40000000",
		"4T == 4000000000000", "1Ti == 0x10000000000", "1.5k == 1500", "1.5e-1 == 0.15", "1E+2 == 100", "0 == -0", "0 == 00",
		"u64 == 18446744073709551615", "u64 == 0xffffffffffffffff", "i64 == -9223372036854775808", "i64 == -0x8000000000000000",
		"i8 == -1", "f == 1.5", "f < 2", "f > 1", "f >= 1.5", "f <= 1.5", "seq == 12", "u8 >= 200", "200 <= u8", "0xdeadBEEF > 1e9",
		/* signs */
		"i8 < u64", "i64 < u64", "i8 < u8", "u64 > -1", "u64 != -1", "i8 != u64", "-1 < 18446744073709551615",
		/* a value alone */
		"u8", "f", "nan", "sql", "yes", "true", "!false", "!0", "!empty", "!!yes", "1", "\"x\"", "yes == true", "(u8 > 1) == true",
		"(u8 && f) == 1", "(u8 || f) == 1", "(nosuch || 0) == 0", "(!u8) == 0", "(u8 && 1) == 1",
		/* NaN */
		"nan != nan", "nan != 1", "!(nan == nan)", "!(nan < 1)", "!(nan >= 1)",
		/* strings */
		"sql == 'SELECT \"a\"'", "sql == \"SELECT \\\"a\\\"\"", "sql ~ \"SELECT*\"", "sql !~ \"select*\"", "sql > \"SELECT\"",
		"sql < \"SELECTED\"", "sql != \"x\"", "\"abc\" < \"abd\"", "sql ~ '*[!b]\"'", "empty == \"\"", "null == \"(null)\"",
		"\"\\x53ELECT\\40\\\"a\\\"\" == sql", "\"\\a\\b\\f\\n\\r\\t\\v\\e\\?\" == '\\7\\10\\14\\12\\15\\11\\13\\33?'",
		"\"a*\" ~ 'a\\\\*'", "sql == sql", "sql <= sql",
		/* bits, and that & binds tighter than a comparison */
		"u8 & 8", "!(u8 & 4)", "u8 & 0x48 == 0x48", "8 == u8 & 0xf & 0x18", "i8 & 0x80", "i8 & -2 == -2", "u64 & i64 == 0x8000000000000000",
		/* precedence and grouping */
		"1 || 0 && 0", "!((1 || 0) && 0)", "0 && 0 || 1", "!0 && 1", "1==1&&2==2", "(((u8)))", " \t\n u8\r\n>\t1 ",
		/* labels */
		"state == \"idle\"", "\"idle\" == state", "state != \"running\"", "state ~ \"i*\"", "state !~ \"[rw]*\"", "state == 8",
		"state != \"nosuch\"", "big == \"high\"", "big != \"low\"", "(state == \"idle\") == 1", "(state != \"idle\") == 0",
		/* names and contexts */
		"req->len.x[0] == 64", "`strlen(s) + 1` == 5", "`u8` == 200", "tid == 4711", "pid == 42", "$ctx.tid == 4711", "$ctx.pid == 42", "$tid == 4711", "$pid == 42",
		"tid != pid",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(texts); i++)
		if (eval(texts[i]) != 1)
			fail_msg("not true: %s", texts[i]);
}

static void test_false(void **state)
{
	static const char *const texts[] = {
		"u8 == 201", "u8 < 200", "u8 > 200", "0", "0.0", "false", "\"\"", "empty", "i8 > u64", "i8 == u64", "u8 == 200 && f == 2",
		"nan == nan", "nan < nan", "nan > 0", "nan <= 0", "sql ~ \"select*\"", "sql !~ \"*\"", "sql ~ \"SELECT\"", "u8 & 4",
		/* nothing: no comparison with it holds, whatever it is */
		"nosuch", "nosuch == 1", "nosuch != 1", "nosuch < 1", "nosuch >= 1", "nosuch ~ \"*\"", "nosuch !~ \"x\"", "nosuch == nosuch",
		"nosuch & 1", "nosuch & 1 != 1", "nosuch == \"x\"", "nosuch != \"x\"", "u8 > 1 && nosuch > 1",
		/* nor does one that makes no sense */
		"u8 == \"200\"", "u8 != \"200\"", "sql == 5", "sql != 5", "u8 ~ \"*\"", "u8 !~ \"x\"", "f & 1", "sql & 1 != 1", "sql == u8",
		"seq ~ \"*\"", "seq == \"x\"",
		/* labels */
		"state == \"running\"", "state != \"idle\"", "state == \"nosuch\"", "state ~ \"w*\"", "state !~ \"*\"", "state < \"running\"",
		"state > \"a\"", "state == sql", "big == \"low\"", "\"waiting\" == state", "big == \"high\" && state == 1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(texts); i++)
		if (eval(texts[i]) != 0)
			fail_msg("not false: %s", texts[i]);
}

/* A field named tid or pid goes before the context, which has a name of its own. */
static void test_field_named_tid(void **state)
{
	const struct event_field field = {.name = "tid", .type = BL_TYPE_STRING};
	const struct bl_filter_arg arg = {.type = BL_TYPE_STRING, .value.pointer = "x"};
	struct expr *expr = parse_or_fail("tid == \"x\" && $ctx.tid == 4711 && pid == 42");

	(void)state;
	assert_int_equal(evaluate(expr, &field, &arg, 1), 1);
	expr_free(expr);
}

/* All values of an enumeration around its ranges. */
static void test_label_ranges(void **state)
{
	struct expr *idle = parse_or_fail("state == \"idle\"");
	struct expr *not_idle = parse_or_fail("state != \"idle\"");
	struct expr *i_or_w = parse_or_fail("state ~ \"[iw]*\"");
	int64_t value;

	(void)state;
	for (value = -8; value <= 12; value++) {
		const struct bl_filter_arg arg = {.type = BL_TYPE_I32 | BL_TYPE_ENUM, .value.i64 = value};
		const bool is_idle = value == 0 || (value >= 7 && value <= 9);
		const bool is_waiting = value >= -5 && value <= -1;

		assert_int_equal(evaluate(idle, &fields[11], &arg, 1), is_idle);
		assert_int_equal(evaluate(not_idle, &fields[11], &arg, 1), !is_idle);
		assert_int_equal(evaluate(i_or_w, &fields[11], &arg, 1), is_idle || is_waiting);
	}
	expr_free(idle);
	expr_free(not_idle);
	expr_free(i_or_w);
}

static void test_decided(void **state)
{
	static const struct {
		const char *text;
		enum expr_truth truth;
	} cases[] = {
		{"u8 > 1", EXPR_DEPENDS},	       {"nosuch > 1", EXPR_FALSE},	  {"!(nosuch > 1)", EXPR_TRUE},
		{"nosuch > 1 && u8 > 1", EXPR_FALSE},  {"u8 > 1 && nosuch > 1", EXPR_FALSE}, {"nosuch > 1 || u8 > 1", EXPR_DEPENDS},
		{"u8 > 1 || !nosuch", EXPR_TRUE},      {"true && u8", EXPR_DEPENDS},	  {"state == \"nosuch\"", EXPR_FALSE},
		{"state != \"nosuch\"", EXPR_TRUE},    {"sql == 1", EXPR_FALSE},	  {"tid > 1", EXPR_DEPENDS},
		{"5", EXPR_TRUE},		       {"0.0", EXPR_FALSE},		  {"nosuch & 1", EXPR_FALSE},
	};
	static struct expr_code code;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct expr *expr = parse_or_fail(cases[i].text);

		expr_code_init(&code);
		if (expr_compile(expr, fields, LENGTH(fields), &code) != cases[i].truth)
			fail_msg("%s", cases[i].text);
		expr_free(expr);
	}
	/* what is decided costs no operation inside the rest either */
	{
		struct expr *expr = parse_or_fail("(nosuch > 1 || u8 > 1) && !(nosuch ~ \"x\")");

		expr_code_init(&code);
		assert_int_equal(expr_compile(expr, fields, LENGTH(fields), &code), EXPR_DEPENDS);
		assert_int_equal(code.n_ops, 3);
		expr_free(expr);
	}
}

/* What && and || decide early is not run: the time of a glob that is too expensive is not spent. */
static void test_short_circuit(void **state)
{
	static char expensive[60001];
	const struct event_field two[] = {{.name = "a", .type = BL_TYPE_U8}, {.name = "s", .type = BL_TYPE_STRING}};
	struct bl_filter_arg args[] = {{.type = BL_TYPE_U8}, {.type = BL_TYPE_STRING, .value.pointer = expensive}};
	char text[1200] = "a && s ~ \"*";
	struct expr *both, *any;

	(void)state;
	memset(expensive, 'x', sizeof(expensive) - 1);
	memset(text + strlen(text), 'x', 1000);
	strcat(text, "y\"");
	both = parse_or_fail(text);
	memcpy(text, "a || ", 5);
	any = parse_or_fail(text);
	args[0].value.u64 = 0;
	assert_int_equal(evaluate(both, two, args, 2), 0);
	assert_int_equal(evaluate(any, two, args, 2), BL_FILTER_BROKEN);
	args[0].value.u64 = 1;
	assert_int_equal(evaluate(both, two, args, 2), BL_FILTER_BROKEN);
	assert_int_equal(evaluate(any, two, args, 2), 1);
	expr_free(both);
	expr_free(any);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		size_t column;
		const char *message; /* a part of it */
	} cases[] = {
		{"", 1, "empty"},
		{"   ", 4, "empty"},
		{"rows = 3", 6, "=="},
		{"rows =~ 'x'", 6, "write ~"},
		{"a == 1 | b == 2", 8, "||"},
		{"a && ", 6, "too early"},
		{"&& a", 1, "expected"},
		{"a b", 3, "operator"},
		{"a == == b", 6, "expected"},
		{"(a", 1, "not closed"},
		{"a == (b && (c)", 6, "not closed"},
		{"(a b)", 4, ")"},
		{"a)", 2, "no parenthesis"},
		{"()", 2, "expected"},
		{"1 < a < 3", 7, "chained"},
		{"a == b == c", 8, "chained"},
		{"!a > 3", 1, "left side"},
		{"x && !a & 3", 6, "left side"},
		{"1 == !a", 6, "parentheses"},
		{"x == \"abc", 6, "closing \""},
		{"x == 'abc\"", 6, "closing '"},
		{"`abc", 1, "closing `"},
		{"`` == 1", 1, "empty"},
		{"x == \"a\\qb\"", 8, "unknown escape"},
		{"x ~ \"a\\*b\"", 7, "\\\\*"},
		{"x == \"\\0\"", 7, "NUL"},
		{"x == \"\\x\"", 9, "hexadecimal"},
		{"x == \"\\777\"", 7, "more than a byte"},
		{"x == \"\\", 7, "unknown escape"},
		{"a > 10K", 7, "Ki"},
		{"a > 10q", 7, "'q'"},
		{"a > 10kB", 8, "'B'"},
		{"a > 10ki", 8, "'i'"},
		{"a > 089", 6, "octal"},
		{"a > 0o8", 7, "octal"},
		{"a > 0x", 7, "hexadecimal"},
		{"a > 0xfg", 8, "hexadecimal"},
		{"a > 0b12", 8, "binary"},
		{"a > 1.", 7, "point"},
		{"a > .5", 5, "0 in front"},
		{"a > 1e", 7, "exponent"},
		{"a > 1e999", 5, "large"},
		{"a > 18446744073709551616", 5, "64 bits"},
		{"a > 0x10000000000000000", 5, "64 bits"},
		{"a > 18446744073709551615k", 5, "64 bits"},
		{"a > -9223372036854775809", 5, "-2^63"},
		{"a > -b", 5, "minus"},
		{"a > - 1", 5, "minus"},
		{"a - 1", 3, "minus"},
		{"a ~ 5", 5, "pattern in quotes"},
		{"a ~ b", 5, "pattern in quotes"},
		{"5 ~ \"x\"", 3, "string"},
		{"$ctx.tid ~ \"x\"", 10, "string"},
		{"\"a\" == 5", 5, "string"},
		{"a & \"x\"", 5, "integers"},
		{"1.5 & a", 1, "integers"},
		{"$ctx.cpu == 1", 1, "there are $ctx.tid, $ctx.pid, $tid and $pid"},
		{"$ctx.tidy == 1", 1, "variable"},
		{"$", 1, "variable"},
		{"a ? 1", 3, "'?'"},
		{"a == \xc3\xa4", 6, "character"},
		{"a == \x01", 6, "character"},
		{"a[x] == 1", 2, "'['"},
		{"a.5 == 1", 2, "0 in front"},
		{"a. == 1", 2, "'.'"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct expr_error error = {0};
		struct expr *expr = expr_parse(cases[i].text, expr_code_variables, &error);

		if (expr || error.column != cases[i].column || !strstr(error.message, cases[i].message))
			fail_msg("'%s': %s, column %zu: %s", cases[i].text, expr ? "parsed" : "error", error.column, error.message);
	}
}

static char *repeat(const char *before, const char *what, uint32_t n, const char *after)
{
	char *text = malloc(strlen(before) + n * strlen(what) + strlen(after) + 1);

	char *end = text;

	assert_non_null(text);
	end = stpcpy(end, before);
	while (n--)
		end = stpcpy(end, what);
	strcpy(end, after);
	return text;
}

static void check_parses(char *text, bool expected, const char *message)
{
	struct expr_error error = {0};
	struct expr *expr = expr_parse(text, expr_code_variables, &error);

	if (!expr != !expected || (!expr && !strstr(error.message, message)))
		fail_msg("%.40s...: %s %s", text, expr ? "parsed" : "error:", error.message);
	if (expr)
		assert_in_range(evaluate(expr, fields, record, LENGTH(fields)), 0, 1);
	expr_free(expr);
	free(text);
}

static void test_bounds(void **state)
{
	uint32_t n;

	(void)state;
	check_parses(repeat("", "!", EXPR_DEPTH_MAX, "a"), true, "");
	check_parses(repeat("", "!", EXPR_DEPTH_MAX + 1, "a"), false, "deeply");
	check_parses(repeat("", "!", 50000, "a"), false, "deeply");
	check_parses(repeat("", "(", 50000, "a"), false, "deeply");
	check_parses(repeat("", "a&&!(", 50000 / 5, "a"), false, "deeply");
	check_parses(repeat("", "(", EXPR_TEXT_MAX, "a"), false, "too long");
	check_parses(repeat("u8", " && u8", 10000, ""), false, "too long");
	check_parses(repeat("u8", " & u8", 10000, ""), false, "too long");
	check_parses(repeat("", "1 == (", 15, "u8") , false, "not closed");
	check_parses(repeat("sql == \"", "x", BL_FILTER_TEXT_MAX, "\""), true, "");
	check_parses(repeat("sql == \"", "x", BL_FILTER_TEXT_MAX + 1, "\""), false, "bytes together");
	check_parses(repeat("u8 == 1.", "1", 100, ""), false, "digits");
	/* on both sides of the limits of stack and operations; what parses always compiles and runs */
	for (n = 1; n < 24; n++) {
		char *opened = repeat("", "u8 == (", n, "u8");
		char *text = repeat(opened, ")", n, "");

		free(opened);
		check_parses(text, n < BL_FILTER_STACK, "intermediate");
	}
	for (n = 60; n < 90; n++) {
		const bool fits = 4 * n + 3 <= BL_FILTER_OPS_MAX;

		check_parses(repeat("u8 == 1", " || u8 == 2", n, ""), fits, "too long");
	}
}

/* Numbers have a decimal point in every locale. */
static void test_locale(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names) && !setlocale(LC_ALL, names[i]); i++)
		;
	if (i == LENGTH(names)) {
		print_message("no locale with a decimal comma is installed\n");
		skip();
	}
	assert_int_equal(eval("f == 1.5"), 1);
	setlocale(LC_ALL, "C");
}

static void check_warnings(struct expr *expr, size_t n, const size_t *columns, const char *const *messages)
{
	struct expr_error error;
	uint32_t next = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_true(expr_warning(expr, &next, &error));
		if (error.column != columns[i] || !strstr(error.message, messages[i]))
			fail_msg("column %zu: %s", error.column, error.message);
	}
	if (expr_warning(expr, &next, &error))
		fail_msg("one more: column %zu: %s", error.column, error.message);
}

static void test_warnings(void **state)
{
	const struct event_field later = {.name = "later", .type = BL_TYPE_U8};
	struct expr *expr = parse_or_fail("rows > 1 || rows < 9 || later == 1 || sql == 5 || state == 'idel' || u8 ~ 'x' || state < 'x' || tid");

	(void)state;
	evaluate(expr, fields, record, LENGTH(fields));
	check_warnings(expr, 6, (const size_t[]){1, 25, 39, 51, 70, 82},
		       (const char *const[]){"field 'rows'", "field 'later'", "'sql == 5'", "'state == 'idel''", "'u8 ~ 'x''", "'state < 'x''"});
	/* another event makes up for it, the rest stays */
	evaluate(expr, &later, record, 1);
	check_warnings(expr, 5, (const size_t[]){1, 39, 51, 70, 82},
		       (const char *const[]){"field 'rows'", "numbers with numbers", "labels", "'u8 ~ 'x''", "numbers with numbers"});
	expr_free(expr);
}

static void check_print(const char *text, size_t column, const char *expected)
{
	const struct expr_error error = {.column = column, .message = "message"};
	char *printed = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&printed, &size);

	assert_non_null(to);
	expr_error_print(to, "what: ", text, &error);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(printed, expected);
	free(printed);
}

static void test_print(void **state)
{
	(void)state;
	check_print("rows = 3", 6, "what: message\n    rows = 3\n         ^\n");
	check_print("rows", 5, "what: message\n    rows\n        ^\n");
	check_print("rows", 99, "what: message\n    rows\n        ^\n");
	check_print("a\nbcd e\nf", 6, "what: message\n    bcd e\n       ^\n");
	check_print("\ta = \x1b[1m", 4, "what: message\n    \ta = ?[1m\n    \t  ^\n");
	check_print("'\xc3\xa4\xc3\xb6' = 1", 8, "what: message\n    '\xc3\xa4\xc3\xb6' = 1\n         ^\n");
	check_print("x", 0, "what: message\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_true),	    cmocka_unit_test(test_false),	cmocka_unit_test(test_field_named_tid),
		cmocka_unit_test(test_label_ranges), cmocka_unit_test(test_decided),	cmocka_unit_test(test_short_circuit),
		cmocka_unit_test(test_errors),	    cmocka_unit_test(test_bounds),	cmocka_unit_test(test_locale),
		cmocka_unit_test(test_warnings),    cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
