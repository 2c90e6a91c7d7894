// SPDX-License-Identifier: MIT
/*
 * slices_print.c - the records of traces, a line each: by one iterator, or in slices of time.
 *
 * usage: slices_print WORKERS SLICE_BYTES FROM TO DIR...     WORKERS 0: one iterator. FROM and TO are in ns; "-": none
 *
 * Errors are on stderr, a line each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/slices.h"

#define LINE 256

static size_t print(const struct ctf_record *record, char *line)
{
	const bool event = record->kind == CTF_EVENT;

	return (size_t)snprintf(line, LINE, "%d %" PRIu32 " %" PRIu64 "+%" PRIu64 " %" PRId64 " %" PRIu64 "\n", (int)record->kind,
				record->stream->index, record->packet->number, ctf_record_offset(record), record->time,
				event ? ctf_record_size(record) : record->n_lost);
}

static void complain(void *data, const struct ctf_error *error)
{
	(void)data;
	fprintf(stderr, "%s\n", error->text);
}

static void work(void *data, void *worker, struct slice *slice)
{
	const struct ctf_record *record;
	char *line;

	(void)data;
	(void)worker;
	while ((record = slice_next(slice)) && (line = slice_room(slice, LINE)))
		slice_used(slice, print(record, line));
}

static bool take(void *data, const char *bytes, size_t size, bool noted)
{
	(void)data;
	(void)noted;
	return fwrite(bytes, 1, size, stdout) == size;
}

static void print_plainly(const struct ctf *ctf, const struct ctf_select *select)
{
	struct ctf_error error;
	struct ctf_iter *iter = ctf_iter_new(ctf, select, &error);
	const struct ctf_record *record;
	enum ctf_status status;
	char line[LINE];

	while (iter && (status = ctf_iter_next(iter, &record)) != CTF_END) {
		if (status == CTF_RECORD)
			fwrite(line, 1, print(record, line), stdout);
		else
			complain(NULL, ctf_iter_error(iter));
	}
	ctf_iter_free(iter);
}

static bool number(const char *text, int64_t *ret)
{
	*ret = strtoll(text, NULL, 10);
	return strcmp(text, "-");
}

int main(int argc, char **argv)
{
	struct slices_job job = {.work = work, .take = take, .error = complain};
	struct ctf_error error;
	struct ctf *ctf;

	if (argc < 6)
		return 2;
	job.workers = (unsigned int)atoi(argv[1]);
	job.slice_bytes = (uint64_t)atoll(argv[2]);
	job.select.has_from = number(argv[3], &job.select.from);
	job.select.has_to = number(argv[4], &job.select.to);
	ctf = ctf_open((const char *const *)argv + 5, (size_t)argc - 5, &error);
	if (!ctf) {
		complain(NULL, &error);
		return 1;
	}
	job.ctf = ctf;
	if (!job.workers)
		print_plainly(ctf, &job.select);
	else if (slices_run(&job))
		return 1;
	ctf_close(ctf);
	return 0;
}
