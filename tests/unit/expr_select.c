/* SPDX-License-Identifier: MIT */
/*
 * The -e options: which form is a pattern and which an expression, what several of them come to for an event, and the warnings.
 */
#include <errno.h>

#include "record/select.h"
#include "tests/unit/expr_eval.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const struct event_mapping states[] = {{0, 0, "idle"}, {1, 3, "running"}};
static const struct event_field fields[] = {
	{.name = "rows", .type = BL_TYPE_I32},
	{.name = "sql", .type = BL_TYPE_STRING},
	{.name = "state", .type = BL_TYPE_U8 | BL_TYPE_ENUM, .n_mappings = LENGTH(states), .mappings = states},
};
static const struct event_field other_fields[] = {{.name = "size", .type = BL_TYPE_U64}};

static const struct event_desc query = {.id = 1, .category = "db", .name = "query_done", .n_fields = 3, .fields = fields};
static const struct event_desc spaced = {.id = 2, .category = "db", .name = "all is done", .n_fields = 3, .fields = fields};
static const struct event_desc allocated = {.id = 3, .category = "libc", .name = "malloc", .n_fields = 1, .fields = other_fields};
static const struct event_desc bare = {.id = 4, .category = "user", .name = "login"};

/* Options, ended by NULL. */
static struct selection *select_options(const char *const *options)
{
	struct selection *selection = selection_new();
	struct expr_error error = {0};

	assert_non_null(selection);
	for (; *options; options++)
		if (selection_add(selection, *options, &error))
			fail_msg("'%s', column %zu: %s", *options, error.column, error.message);
	return selection;
}

/* A record with @rows, or of size @rows, passes: 0, 1. */
static int wanted_in(enum select_layer layer, const struct event_desc *event, int64_t rows, const char *const *options)
{
	struct selection *selection = select_options(options);
	const struct bl_filter_arg args[] = {
		{.type = event->n_fields ? event->fields[0].type : 0, .value.i64 = rows},
		{.type = BL_TYPE_STRING, .value.pointer = "SELECT 1"},
		{.type = BL_TYPE_U8 | BL_TYPE_ENUM, .value.u64 = 2},
	};
	struct select_filters filters = {0};
	uint32_t offset = 12345;
	int result = selection_apply(selection, layer, event, &filters, &offset);

	if (result == SELECT_FILTER) {
		assert_int_equal(offset, 0);
		assert_int_equal(filters.size % 8, 0);
		result = bl_filter_run(filters.data, filters.size, args, event->n_fields, EVAL_TID, EVAL_PID);
		assert_in_range(result, 0, 1);
	} else {
		assert_int_equal(offset, 12345);
		assert_int_equal(filters.size, 0);
	}
	free(filters.data);
	selection_free(selection);
	return result;
}

#define WANTED(event, rows, ...) wanted_in(SELECT_USER, event, rows, (const char *const[]){__VA_ARGS__, NULL})

static void test_forms(void **state)
{
	(void)state;
	assert_int_equal(wanted_in(SELECT_USER, &query, 1, (const char *const[]){NULL}), 1);
	assert_int_equal(WANTED(&query, 1, "db:*"), 1);
	assert_int_equal(WANTED(&query, 1, "  db:q*_done  "), 1);
	assert_int_equal(WANTED(&query, 1, "*"), 1);
	assert_int_equal(WANTED(&query, 1, "*:query_done"), 1);
	assert_int_equal(WANTED(&query, 1, "db:query"), 0);
	assert_int_equal(WANTED(&query, 1, "DB:*"), 0);
	assert_int_equal(WANTED(&query, 1, "[!d]*:*"), 0);
	assert_int_equal(WANTED(&bare, 1, "user:login"), 1); /* one colon: a category, no layer */
	/* with a condition */
	assert_int_equal(WANTED(&query, 101, "db:query_done if rows > 100"), 1);
	assert_int_equal(WANTED(&query, 100, "db:query_done if rows > 100"), 0);
	assert_int_equal(WANTED(&query, 101, "db:other if rows > 100"), 0);
	assert_int_equal(WANTED(&query, 101, "* if rows > 100 && sql ~ \"SEL*\" && state == \"running\""), 1);
	assert_int_equal(WANTED(&query, 101, "*:* \t if\n(rows > 100)"), 1);
	/* an expression alone: events that cannot have it are off, with no filter */
	assert_int_equal(WANTED(&query, 101, "rows > 100"), 1);
	assert_int_equal(WANTED(&query, 100, "rows > 100"), 0);
	assert_int_equal(WANTED(&allocated, 101, "rows > 100"), 0);
	assert_int_equal(WANTED(&query, 1, "!(rows > 100)"), 1);
	assert_int_equal(WANTED(&query, 101, "!(rows > 100)"), 0);
	/* colons and "if" in strings are no pattern's */
	assert_int_equal(WANTED(&query, 1, "sql != \"a:b\""), 1);
	assert_int_equal(WANTED(&query, 1, "sql != \"x if y\""), 1);
	assert_int_equal(WANTED(&query, 1, "'SELECT 1' == sql"), 1);
	assert_int_equal(WANTED(&query, 1, "`a:b` > 1"), 0);
	/* names with blanks */
	assert_int_equal(WANTED(&spaced, 101, "db:all is done if rows > 100"), 1);
	assert_int_equal(WANTED(&spaced, 100, "db:all is done if rows > 100"), 0);
	assert_int_equal(WANTED(&spaced, 100, "db:all is done"), 1);
}

static void test_layers(void **state)
{
	static const char *const user[] = {"user:db:*", NULL};
	static const char *const xen[] = {"xen:*:*", NULL};
	static const char *const kernel_not[] = {"!kernel:*:*", NULL};

	(void)state;
	assert_int_equal(wanted_in(SELECT_USER, &query, 1, user), 1);
	assert_int_equal(wanted_in(SELECT_XEN, &query, 1, user), 0);
	assert_int_equal(wanted_in(SELECT_KERNEL, &query, 1, user), 0);
	assert_int_equal(wanted_in(SELECT_USER, &allocated, 1, user), 0);
	assert_int_equal(wanted_in(SELECT_XEN, &query, 1, xen), 1);
	assert_int_equal(wanted_in(SELECT_USER, &query, 1, xen), 0);
	assert_int_equal(wanted_in(SELECT_USER, &query, 1, kernel_not), 1);
	assert_int_equal(wanted_in(SELECT_KERNEL, &query, 1, kernel_not), 0);
}

static int chosen_in_xen(const struct event_desc *event, const char *const *options, const char *want_option)
{
	struct selection *selection = select_options(options);
	const char *option = "untouched";
	const int result = selection_choose(selection, SELECT_XEN, event, &option);

	assert_string_equal(option, want_option);
	selection_free(selection);
	return result;
}

#define CHOSEN(event, ...) chosen_in_xen(event, (const char *const[]){__VA_ARGS__, NULL}, "untouched")

/* Producers that evaluate nothing: what is clear is chosen, the rest is refused with the option that asks for it. */
static void test_choose(void **state)
{
	static const char *const second[] = {"libc:*", "rows > 100", NULL};
	static const char *const excluded[] = {"!db:* if $ctx.tid == 4711", NULL};

	(void)state;
	assert_int_equal(chosen_in_xen(&query, (const char *const[]){NULL}, "untouched"), SELECT_ON);
	assert_int_equal(CHOSEN(&query, "db:*"), SELECT_ON);
	assert_int_equal(CHOSEN(&query, "user:db:*"), SELECT_OFF);
	assert_int_equal(CHOSEN(&query, "user:*:* if rows > 100"), SELECT_OFF);
	assert_int_equal(CHOSEN(&query, "libc:*"), SELECT_OFF);
	assert_int_equal(CHOSEN(&query, "!db:*"), SELECT_OFF);
	assert_int_equal(CHOSEN(&allocated, "rows > 100"), SELECT_OFF); /* it has no such field */
	assert_int_equal(CHOSEN(&query, "db:*", "rows > 100"), SELECT_ON);
	assert_int_equal(chosen_in_xen(&query, second, "rows > 100"), -EOPNOTSUPP);
	assert_int_equal(chosen_in_xen(&query, excluded, excluded[0]), -EOPNOTSUPP);
}

static const char *asked_for(const char *const *options)
{
	struct selection *selection = select_options(options);
	const char *option = selection_asks_for(selection, SELECT_XEN, "xen");
	static char copy[64];

	if (option)
		snprintf(copy, sizeof(copy), "%s", option);
	selection_free(selection);
	return option ? copy : NULL;
}

#define ASKED(...) asked_for((const char *const[]){__VA_ARGS__, NULL})

static void test_asks_for(void **state)
{
	(void)state;
	assert_null(asked_for((const char *const[]){NULL}));
	assert_null(ASKED("*", "db:*", "rows > 1", "x*:*", "user:xen:*", "xenon:*", "!xen:*", "!xen:xen:*"));
	assert_string_equal(ASKED("db:*", "xen:sched_*"), "xen:sched_*");
	assert_string_equal(ASKED("xen:other:*", "xen:*"), "xen:other:*");
	assert_string_equal(ASKED("xen:* if domain == 1"), "xen:* if domain == 1");
}

static void test_several(void **state)
{
	(void)state;
	assert_int_equal(WANTED(&query, 1, "libc:*", "db:*"), 1);
	assert_int_equal(WANTED(&query, 1, "libc:*", "x:*"), 0);
	/* exclusion: alone, with others, in any order, with a condition */
	assert_int_equal(WANTED(&allocated, 1, "!libc:malloc"), 0);
	assert_int_equal(WANTED(&query, 1, "!libc:malloc"), 1);
	assert_int_equal(WANTED(&query, 1, "!libc:malloc", "libc:*"), 0);
	assert_int_equal(WANTED(&allocated, 1, "!libc:malloc", "*"), 0);
	assert_int_equal(WANTED(&allocated, 1, "*", "! libc:malloc"), 0);
	assert_int_equal(WANTED(&query, 5, "!db:* if rows > 3"), 0);
	assert_int_equal(WANTED(&query, 2, "!db:* if rows > 3"), 1);
	assert_int_equal(WANTED(&query, 2, "!db:* if nosuch > 3"), 1);
	assert_int_equal(WANTED(&query, 2, "!db:* if !nosuch"), 0);
	/* conditions of several options: any of those that include, none of those that exclude */
	assert_int_equal(WANTED(&query, 2, "rows > 9", "rows < 3", "rows == 5"), 1);
	assert_int_equal(WANTED(&query, 5, "rows > 9", "rows < 3", "rows == 5"), 1);
	assert_int_equal(WANTED(&query, 10, "rows > 9", "rows < 3", "rows == 5"), 1);
	assert_int_equal(WANTED(&query, 4, "rows > 9", "rows < 3", "rows == 5"), 0);
	assert_int_equal(WANTED(&query, 4, "rows > 9", "db:*", "rows == 5"), 1);
	assert_int_equal(WANTED(&query, 4, "nosuch > 9", "rows == 4", "nosuch < 5"), 1);
	assert_int_equal(WANTED(&query, 12, "rows > 9", "rows < 3", "!db:* if rows == 10", "!db:* if sql ~ '*2'"), 1);
	assert_int_equal(WANTED(&query, 10, "rows > 9", "rows < 3", "!db:* if rows == 10", "!db:* if sql ~ '*2'"), 0);
	assert_int_equal(WANTED(&query, 12, "rows > 9", "rows < 3", "!db:* if rows == 10", "!db:* if sql ~ '*1'"), 0);
	assert_int_equal(WANTED(&query, 4, "rows > 9", "rows < 3", "!db:* if rows == 10"), 0);
	/* texts of several options lie side by side */
	assert_int_equal(WANTED(&query, 4, "sql == 'x'", "sql ~ 'SEL*'", "!*:* if sql ~ '*7'"), 1);
	assert_int_equal(WANTED(&query, 4, "sql == 'x'", "sql ~ 'SEL*'", "!*:* if sql ~ '* 1'"), 0);
}

/* Filters of many events in one buffer, as a recorder has them. */
static void test_many_events(void **state)
{
	struct selection *selection = select_options((const char *const[]){"rows > 7", "libc:* if size > 7", NULL});
	const struct event_desc *const events[] = {&query, &bare, &allocated, &spaced};
	struct select_filters filters = {0};
	uint32_t offsets[LENGTH(events) * 40];
	uint32_t i;

	(void)state;
	for (i = 0; i < LENGTH(offsets); i++) {
		const int result = selection_apply(selection, SELECT_USER, events[i % 4], &filters, &offsets[i]);

		assert_int_equal(result, i % 4 == 1 ? SELECT_OFF : SELECT_FILTER);
	}
	for (i = 0; i < LENGTH(offsets); i++) {
		const struct bl_filter_arg args[] = {{.type = BL_TYPE_U64, .value.u64 = i}, {.type = BL_TYPE_STRING}, {.type = BL_TYPE_U8}};

		if (i % 4 != 1)
			assert_int_equal(bl_filter_run(filters.data + offsets[i], filters.size - offsets[i], args, 3, 0, 0), i > 7);
	}
	free(filters.data);
	selection_free(selection);
}

static void test_errors(void **state)
{
	static const struct {
		const char *option;
		size_t column;
		const char *message;
	} cases[] = {
		{"", 1, "empty"},
		{"  ", 3, "empty"},
		{"malloc", 1, "neither"},
		{"!malloc", 2, "neither"},
		{"mall*", 1, "neither"},
		{"malloc if size > 3", 1, "in front of"},
		{"db:* if", 8, "empty"},
		{"db:* if (x", 9, "not closed"},
		{"db:* if rows = 3", 14, "=="},
		{"!db:* if rows = 3", 15, "=="},
		{"  rows = 3", 8, "=="},
		{"rows > ", 8, "too early"},
	};
	struct selection *selection = selection_new();
	struct select_filters filters = {0};
	uint32_t offset;
	size_t i;

	(void)state;
	assert_non_null(selection);
	for (i = 0; i < LENGTH(cases); i++) {
		struct expr_error error = {0};

		if (selection_add(selection, cases[i].option, &error) != -EINVAL || error.column != cases[i].column ||
		    !strstr(error.message, cases[i].message))
			fail_msg("'%s', column %zu: %s", cases[i].option, error.column, error.message);
	}
	/* what was refused left nothing behind */
	assert_int_equal(selection_apply(selection, SELECT_USER, &query, &filters, &offset), SELECT_ON);
	selection_free(selection);
	selection_free(NULL);
}

static void check_warnings(struct selection *selection, size_t n, const char *const *options, const size_t *columns,
			   const char *const *messages)
{
	struct select_cursor cursor = {0};
	struct expr_error error;
	const char *option;
	size_t i;

	for (i = 0; i < n; i++) {
		assert_true(selection_warning(selection, &cursor, &option, &error));
		if (strcmp(option, options[i]) || error.column != columns[i] || !strstr(error.message, messages[i]))
			fail_msg("'%s', column %zu: %s", option, error.column, error.message);
	}
	if (selection_warning(selection, &cursor, &option, &error))
		fail_msg("one more: '%s', column %zu: %s", option, error.column, error.message);
}

static void test_warnings(void **state)
{
	struct selection *selection = select_options((const char *const[]){"db:*", "nosuch:* if x > 3", "!db:* if row > 3 && sql == 4",
									    "size > 3", "rows > 3", NULL});
	struct select_filters filters = {0};
	uint32_t offset;

	(void)state;
	check_warnings(selection, 0, NULL, NULL, NULL); /* before the first event nothing can be said */
	assert_int_equal(selection_apply(selection, SELECT_USER, &query, &filters, &offset), SELECT_ON);
	check_warnings(selection, 4, (const char *const[]){"nosuch:* if x > 3", "!db:* if row > 3 && sql == 4",
							   "!db:* if row > 3 && sql == 4", "size > 3"},
		       (const size_t[]){1, 10, 21, 1},
		       (const char *const[]){"name like this", "field 'row'", "'sql == 4'", "field 'size'"});
	assert_int_equal(selection_apply(selection, SELECT_USER, &allocated, &filters, &offset), SELECT_FILTER);
	check_warnings(selection, 3, (const char *const[]){"nosuch:* if x > 3", "!db:* if row > 3 && sql == 4",
							   "!db:* if row > 3 && sql == 4"},
		       (const size_t[]){1, 10, 21}, (const char *const[]){"name like this", "field 'row'", "'sql == 4'"});
	free(filters.data);
	selection_free(selection);
}

/* What does not fit into a filter lets through, and is told; also when only all options together do not fit. */
static void test_too_large(void **state)
{
	static struct event_mapping many[200];
	const struct event_field field = {.name = "e", .type = BL_TYPE_U32 | BL_TYPE_ENUM, .n_mappings = LENGTH(many), .mappings = many};
	const struct event_desc event = {.id = 1, .category = "c", .name = "n", .n_fields = 1, .fields = &field};
	struct select_filters filters = {0};
	struct selection *selection;
	uint32_t offset;
	uint32_t i;

	(void)state;
	for (i = 0; i < LENGTH(many); i++)
		many[i] = (struct event_mapping){.first = 4 * i, .last = 4 * i + 1, .label = "x"};
	selection = select_options((const char *const[]){"e == 'x'", NULL});
	assert_int_equal(selection_apply(selection, SELECT_USER, &event, &filters, &offset), SELECT_ON);
	check_warnings(selection, 1, (const char *const[]){"e == 'x'"}, (const size_t[]){1}, (const char *const[]){"too much"});
	selection_free(selection);

	selection = select_options((const char *const[]){"c:* if e == 3", "!c:* if e == 'x'", NULL});
	assert_int_equal(selection_apply(selection, SELECT_USER, &event, &filters, &offset), SELECT_FILTER);
	check_warnings(selection, 1, (const char *const[]){"!c:* if e == 'x'"}, (const size_t[]){1}, (const char *const[]){"too much"});
	selection_free(selection);

	selection = selection_new();
	for (i = 0; i < 100; i++) {
		struct expr_error error;

		assert_int_equal(selection_add(selection, "e == 5 && e < 7", &error), 0);
		assert_int_equal(selection_add(selection, "!c:* if e == 9 && e < 10", &error), 0);
	}
	assert_int_equal(selection_apply(selection, SELECT_USER, &event, &filters, &offset), SELECT_FILTER);
	for (i = 0; i < 10; i++) {
		const struct bl_filter_arg arg = {.type = field.type, .value.u64 = i};

		/* the inclusions did not fit: all pass; as many exclusions as fit still hold */
		assert_int_equal(bl_filter_run(filters.data + offset, filters.size - offset, &arg, 1, 0, 0), i != 9);
	}
	free(filters.data);
	selection_free(selection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_layers), cmocka_unit_test(test_several),
		cmocka_unit_test(test_choose),	    cmocka_unit_test(test_asks_for),
		cmocka_unit_test(test_many_events), cmocka_unit_test(test_errors), cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
