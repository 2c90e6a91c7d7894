/* SPDX-License-Identifier: MIT */
/*
 * Random text as a filter of the reader, as --fields, and as a time, on a trace with a field of every kind. What is refused is refused with a
 * message that points into the text. What a filter excludes beforehand, it would not have let through.
 */
#include "analysis/filter.h"
#include "analysis/print.h"
#include "tests/unit/trace_made.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct ctf *ctf;
static char dir[64];
static const struct when_origin origin = {.has_span = true, .first = MADE_TIME, .last = MADE_TIME + 40, .utc = true};

static void clean_up(void)
{
	made_close(ctf, dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	ctf = made_open(dir);
	atexit(clean_up);
	return 0;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_error(const char *text, const struct expr_error *error)
{
	require(error->column >= 1 && error->column <= strlen(text) + 1 && error->message[0]);
}

static void check_filter(const char *text)
{
	struct expr_error error = {0};
	struct filter *filter = filter_new(ctf, text, &origin, &error);
	const struct ctf_record *record;
	struct ctf_error broken;
	struct ctf_iter *iter;
	uint32_t next = 0;

	if (!filter) {
		check_error(text, &error);
		return;
	}
	iter = ctf_iter_new(ctf, NULL, &broken);
	require(iter);
	while (ctf_iter_next(iter, &record) == CTF_RECORD) {
		const bool *streams = filter_streams(filter);

		if (filter_match(filter, record))
			require(filter_events(filter)[record->event->index] && (!streams || streams[0]));
	}
	ctf_iter_free(iter);
	while (filter_warning(filter, &next, &error))
		check_error(text, &error);
	filter_free(filter);
}

static void check_fields(const char *text, enum print_format format)
{
	struct expr_error error = {0};
	struct print *print = print_new(ctf, &(struct print_options){.fields = text, .format = format, .utc = true}, &error);
	const struct ctf_record *record;
	struct printer *printer;
	struct text out = {0};
	struct ctf_error broken;
	struct ctf_iter *iter;

	if (!print) {
		check_error(text, &error);
		return;
	}
	printer = printer_new(print);
	iter = ctf_iter_new(ctf, NULL, &broken);
	require(printer && iter);
	print_head(print, &out);
	while (ctf_iter_next(iter, &record) == CTF_RECORD) {
		printer_put(printer, record, &out);
		require(!out.failed && out.size && out.bytes[out.size - 1] == '\n');
	}
	ctf_iter_free(iter);
	printer_free(printer);
	print_free(print);
	text_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[WHEN_ERROR_MAX] = "";
	char *text = malloc(size + 1);
	int64_t ns;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_filter(text);
	check_fields(text, PRINT_TEXT);
	check_fields(text, PRINT_JSON);
	check_fields(text, PRINT_CSV);
	require(when_parse(text, &origin, &ns, error) || error[0]);
	free(text);
	return 0;
}
