/* SPDX-License-Identifier: MIT */
/**
 * record.c - `borelog record`
 *
 * The progress line is drawn on a terminal, but not into the output of the command that is recorded: with a command whose standard
 * output is a terminal there is none unless --progress asks for it.
 */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/record.h"
#include "record/select.h"

#define PROGRESS_INTERVAL_MS 250

enum {
	OPT_OVERWRITE = CLI_LONG_ONLY,
	OPT_SIZE,
	OPT_SUB_SIZE,
	OPT_CONTEXT,
	OPT_CTF,
	OPT_NO_PRELOAD,
	OPT_BACKGROUND,
	OPT_FLUSH_INTERVAL,
	OPT_FULL_DISK,
	OPT_PROGRESS,
};

static const struct cli_option options[] = {
	{'o', "output", "DIR", "directory of the trace; is made, must not exist\n(default: borelog-DATE-TIME)"},
	{'e', "event", "FILTER",
	 "record only what matches; may be repeated:\n"
	 "'GLOB' on category:name ('db:*'; '!GLOB' excludes),\n"
	 "'EXPRESSION' on fields, or 'GLOB if EXPRESSION':\n"
	 "'db:query if rows > 100 && sql ~ \"SELECT*\"'"},
	{OPT_OVERWRITE, "overwrite", NULL,
	 "flight recorder: keep only the newest records in\nmemory, write them on snapshot and at the end"},
	{OPT_SIZE, "size", "SIZE", "of each CPU's ring in each program and in the\nhypervisor (default: 1M)"},
	{OPT_SUB_SIZE, "sub-size", "SIZE",
	 "of a sub-buffer, the part of a ring that is written\nas a whole (default: an eighth of the ring)"},
	{OPT_CONTEXT, "context", "LIST", "what each record carries besides its fields:\nnone, or tid (default: tid)"},
	{OPT_CTF, "ctf", "VERSION", "format of the metadata: 1.8 or 2 (default: 1.8);\n2 needs babeltrace2 2.1 or later"},
	{OPT_NO_PRELOAD, "no-preload", NULL, "only the events that CMD has itself, without the\nprobes for the C library"},
	{OPT_BACKGROUND, "background", "NAME", "record in the background, as a session of this name"},
	{OPT_FLUSH_INTERVAL, "flush-interval", "TIME",
	 "write what the rings hold every TIME, as 500ms or 2s\n(default: when a sub-buffer is full, and at the end)"},
	{OPT_FULL_DISK, "full-disk", "stop|discard", "what to do when the disk is full (default: stop)"},
	{OPT_PROGRESS, "progress", NULL, "draw the progress line even into CMD's terminal"},
	{'q', "quiet", NULL, "print nothing but errors"},
	{0},
};

struct record_command {
	const struct cli_command *command;
	struct record_options options;
	const char **filters;
	size_t n_filters;
	bool no_preload;
	bool background;
	bool progress;
	bool quiet;
	struct cli_progress line;
};

static int set_ring_size(const struct cli_command *command, const char *arg, uint64_t *ret)
{
	uint64_t bytes;

	if (!cli_parse_size(arg, &bytes))
		return cli_usage_error(command, "\"%s\" is no size; it is a number of bytes, or one with K, M or G, as 4M", arg);
	if (bytes < RECORD_RING_SIZE_MIN || bytes > RECORD_RING_SIZE_MAX)
		return cli_usage_error(command, "--size %s is not between %uK and %uM", arg, RECORD_RING_SIZE_MIN >> 10,
				       RECORD_RING_SIZE_MAX >> 20);
	*ret = bytes;
	return -1;
}

static int set_sub_size(const struct cli_command *command, const char *arg, uint64_t *ret)
{
	uint64_t bytes;

	if (!cli_parse_size(arg, &bytes) || !bytes)
		return cli_usage_error(command, "\"%s\" is no size; it is a number of bytes, or one with K or M, as 64K", arg);
	if (bytes > RECORD_SUB_SIZE_MAX)
		return cli_usage_error(command, "--sub-size %s is more than %uK", arg, RECORD_SUB_SIZE_MAX >> 10);
	*ret = bytes;
	return -1;
}

static int set_ctf(const struct cli_command *command, const char *arg, uint32_t *ret)
{
	if (strcmp(arg, "1.8") && strcmp(arg, "2"))
		return cli_usage_error(command, "--ctf is 1.8 or 2, not \"%s\"", arg);
	*ret = arg[0] == '1' ? 1 : 2;
	return -1;
}

static int set_full_disk(const struct cli_command *command, const char *arg, enum record_full_disk *ret)
{
	if (strcmp(arg, "stop") && strcmp(arg, "discard"))
		return cli_usage_error(command, "--full-disk is stop or discard, not \"%s\"", arg);
	*ret = arg[0] == 's' ? RECORD_FULL_DISK_STOP : RECORD_FULL_DISK_DISCARD;
	return -1;
}

/* Only to point at what is wrong in it; the session reads it again. */
static int add_filter(struct record_command *record, const char *arg)
{
	struct selection *selection = selection_new();
	struct expr_error error;
	const int err = selection ? selection_add(selection, arg, &error) : -ENOMEM;

	selection_free(selection);
	if (err == -EINVAL) {
		expr_error_print(stderr, "borelog record: -e: ", arg, &error);
		return CLI_USAGE;
	}
	if (err)
		return cli_fail(record->command, "out of memory");
	record->filters[record->n_filters++] = arg;
	return -1;
}

static int set_valued(struct record_command *record, int key, const char *arg)
{
	struct record_options *to = &record->options;

	switch (key) {
	case 'o':
		if (!arg[0])
			return cli_usage_error(record->command, "the directory's name is empty");
		to->output_dir = arg;
		return -1;
	case 'e':
		return add_filter(record, arg);
	case OPT_SIZE:
		return set_ring_size(record->command, arg, &to->ring_size);
	case OPT_SUB_SIZE:
		return set_sub_size(record->command, arg, &to->sub_size);
	case OPT_CONTEXT:
		to->no_default_contexts = true;
		if (!cli_parse_contexts(arg, &to->contexts))
			return cli_usage_error(record->command, "--context is none or tid, not \"%s\"", arg);
		return -1;
	case OPT_CTF:
		return set_ctf(record->command, arg, &to->ctf_version);
	case OPT_BACKGROUND:
		record->background = true;
		to->name = arg;
		if (!cli_is_name(arg))
			return cli_usage_error(record->command, "\"%s\" is no session's name: letters, digits, - and _, at most %u",
					       arg, RECORD_NAME_MAX - 1);
		return -1;
	case OPT_FLUSH_INTERVAL:
		if (!cli_parse_time(arg, &to->flush_interval_ms))
			return cli_usage_error(record->command, "\"%s\" is no time; it is a number with ms, s or m, as 500ms", arg);
		return -1;
	default:
		return set_full_disk(record->command, arg, &to->full_disk);
	}
}

static int set(void *data, int key, const char *arg)
{
	struct record_command *record = data;

	switch (key) {
	case OPT_OVERWRITE:
		record->options.overwrite = true;
		return -1;
	case OPT_NO_PRELOAD:
		record->no_preload = true;
		return -1;
	case OPT_PROGRESS:
		record->progress = true;
		return -1;
	case 'q':
		record->quiet = true;
		return -1;
	default:
		return set_valued(record, key, arg);
	}
}

static void on_message(void *data, const char *text)
{
	struct record_command *record = data;

	cli_progress_clear(&record->line);
	fprintf(stderr, "borelog record: %s\n", text);
}

static void on_progress(void *data, const struct record_progress *progress)
{
	struct record_command *record = data;

	cli_progress_draw(&record->line, progress);
}

static int in_background(struct record_command *record)
{
	struct record_status status;
	struct record_error error;

	if (record_background(&record->options, &status, &error))
		return cli_fail(record->command, error.text);
	if (record->quiet)
		return CLI_OK;
	fprintf(stderr, "session %s records in process %d, to ", record->options.name, (int)status.pid);
	cli_print_quoted(stderr, status.trace_dir);
	fprintf(stderr, "\nend it with: borelog stop %s\n", record->options.name);
	return CLI_OK;
}

/* The command's status counts; but a success of the command is none of ours when its trace is not what it should be. */
static int exit_status(const struct record_command *record, const struct record_summary *summary, int err)
{
	if (summary->command_status > 0)
		return summary->command_status;
	/* A second Ctrl-C does not wait for a command that goes on. */
	if (record->options.command && summary->command_status < 0)
		return CLI_FAILED;
	return err ? CLI_FAILED : CLI_OK;
}

static int in_foreground(struct record_command *record)
{
	const struct record_callbacks callbacks = {
		.data = record,
		.message = record->quiet ? NULL : on_message,
		.progress = record->line.to ? on_progress : NULL,
		.progress_interval_ms = PROGRESS_INTERVAL_MS,
	};
	struct record_session *session;
	struct record_summary summary;
	struct record_error error;
	int err;

	if (record_session_new(&record->options, &callbacks, &session, &error))
		return cli_fail(record->command, error.text);
	record_session_summary(session, &summary);
	if (record->line.to && !record->options.command)
		fprintf(stderr, "Recording every instrumented program%s; Ctrl-C ends it.\n",
			summary.hypervisor ? " and the hypervisor" : "");
	err = record_session_run(session, &error);
	cli_progress_clear(&record->line);
	record_session_summary(session, &summary);
	record_session_free(session);
	if (err)
		cli_fail(record->command, error.text);
	if (!record->quiet)
		cli_print_summary(stderr, &summary);
	return exit_status(record, &summary, err);
}

/* Where the probes cannot be found, the command's own events are still worth recording. */
static void find_preload(struct record_command *record, char path[PATH_MAX])
{
	struct record_error error;

	if (record->no_preload || !record->options.command)
		return;
	if (!record_find_preload(path, &error))
		record->options.preload = path;
	else if (!record->quiet)
		fprintf(stderr, "borelog record: %s\n", error.text);
}

static bool draws_progress(const struct record_command *record)
{
	if (record->quiet || record->background || !isatty(STDERR_FILENO))
		return false;
	return record->progress || !record->options.command || !isatty(STDOUT_FILENO);
}

static int go(struct record_command *record, int argc, char **argv)
{
	char preload[PATH_MAX];
	const int status = cli_parse(record->command, argc, argv, set, record);

	if (status >= 0)
		return status;
	if (record->n_filters)
		record->options.filters = record->filters;
	if (optind < argc)
		record->options.command = (const char *const *)argv + optind;
	find_preload(record, preload);
	if (record->background)
		return in_background(record);
	record->line.to = draws_progress(record) ? stderr : NULL;
	return in_foreground(record);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct record_command record = {.command = command};
	int status;

	record.filters = calloc((size_t)argc + 1, sizeof(*record.filters));
	if (!record.filters)
		return cli_fail(command, "out of memory");
	status = go(&record, argc, argv);
	free(record.filters);
	return status;
}

const struct cli_command cli_record = {
	.name = "record",
	.summary = "record a command, or every instrumented program until Ctrl-C, and the hypervisor",
	.synopsis = "[OPTION]... [--] [CMD [ARG]...]",
	.description = "Records CMD and what it starts, with the probes for the C library, until it ends; the exit\n"
		       "status is CMD's. Without CMD: every instrumented program of the user (root: everybody's),\n"
		       "those that run now and those to come, until Ctrl-C. In dom0 of a host under Xen, root\n"
		       "records the hypervisor as well; its events are 'xen:*'.\n"
		       "\n"
		       "Examples:\n"
		       "  borelog record -- make -j4\n"
		       "  borelog record -e 'libc:pthread_mutex*' -e 'db:*' -- ./server\n"
		       "  borelog record --overwrite --background flight; sleep 60; borelog snapshot flight\n",
	.options = options,
	.ends_at_operand = true,
	.run = run,
};
