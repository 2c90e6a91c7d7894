/* SPDX-License-Identifier: MIT */
/*
 * Random text against the parser and the compiler of expressions, and against -e options. Every text is refused with a message that
 * points into it, or becomes a filter that breaks no rule of the machine.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/filter.h"
#include "record/select.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct event_mapping states[] = {{0, 0, "idle"}, {1, 3, "run"}, {7, 9, "idle"}, {-5, -1, "wait"}};
static const struct event_field fields[] = {
	{.name = "a", .type = BL_TYPE_I32},
	{.name = "b", .type = BL_TYPE_U64},
	{.name = "s", .type = BL_TYPE_STRING},
	{.name = "f", .type = BL_TYPE_F64},
	{.name = "e", .type = BL_TYPE_I8 | BL_TYPE_ENUM, .n_mappings = LENGTH(states), .mappings = states},
};
static const struct bl_filter_arg record[] = {
	{.type = BL_TYPE_I32, .value.i64 = -3},
	{.type = BL_TYPE_U64, .value.u64 = UINT64_MAX},
	{.type = BL_TYPE_STRING, .value.pointer = "abc"}, /* short, so that no pattern of an input costs too much */
	{.type = BL_TYPE_F64, .value.f64 = 0.5},
	{.type = BL_TYPE_I8 | BL_TYPE_ENUM, .value.i64 = 2},
};
static const struct event_desc event = {.category = "db", .name = "done", .n_fields = LENGTH(fields), .fields = fields};

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* A message in one line, a column in the text or just behind it; and it can be shown. */
static void check_error(const char *text, const struct expr_error *error)
{
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "w");
	require(null);
	require(error->column >= 1 && error->column <= strlen(text) + 1);
	require(error->message[0] && strlen(error->message) < sizeof(error->message));
	expr_error_print(null, "", text, error);
}

static void check_run(const uint8_t *filter, size_t size)
{
	uint8_t *exact = malloc(size);

	require(exact);
	memcpy(exact, filter, size);
	require(bl_filter_run(exact, size, record, LENGTH(record), 1, 2) != BL_FILTER_BROKEN);
	free(exact);
}

static void check_compile(struct expr *expr, uint32_t n_fields)
{
	static struct expr_code code;
	static uint8_t filter[sizeof(struct expr_code) + 16];

	expr_code_init(&code);
	if (expr_compile(expr, fields, n_fields, &code) != EXPR_DEPENDS) {
		require(!code.n_ops);
		return;
	}
	if (code.overflow) { /* only the labels of the last field can make it so long */
		require(n_fields == LENGTH(fields));
		return;
	}
	expr_code_write(&code, filter);
	check_run(filter, expr_code_size(&code));
}

static void check_expression(const char *text)
{
	struct expr_error error = {0};
	struct expr *expr = expr_parse(text, expr_code_variables, &error);
	uint32_t n_fields;
	uint32_t next = 0;

	if (!expr) {
		check_error(text, &error);
		return;
	}
	for (n_fields = 0; n_fields <= LENGTH(fields); n_fields++)
		check_compile(expr, n_fields);
	while (expr_warning(expr, &next, &error))
		check_error(text, &error);
	expr_free(expr);
}

static void check_option(const char *text)
{
	struct selection *selection = selection_new();
	struct select_filters filters = {0};
	struct select_cursor cursor = {0};
	struct expr_error error = {0};
	const char *option;
	uint32_t offset;
	int result;

	require(selection);
	result = selection_add(selection, text, &error);
	if (result) {
		require(result == -EINVAL);
		check_error(text, &error);
	}
	result = selection_apply(selection, SELECT_USER, &event, &filters, &offset);
	require(result >= SELECT_OFF && result <= SELECT_FILTER);
	if (result == SELECT_FILTER)
		check_run(filters.data + offset, filters.size - offset);
	while (selection_warning(selection, &cursor, &option, &error))
		check_error(text, &error);
	free(filters.data);
	selection_free(selection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_expression(text);
	check_option(text);
	free(text);
	return 0;
}
