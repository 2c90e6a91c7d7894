/* SPDX-License-Identifier: MIT */
/**
 * events.c - `borelog events`: the records of traces, in the order of time
 *
 * What is printed is made by analysis/print.h in slices of time by all CPUs (analysis/slices.h), and written here, in order. A
 * session that is still being recorded is followed in events_follow.c.
 */
#include "cli/events.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analysis/slices.h"

#define JOBS_MAX 1024
#define WIDTH_MAX 1000000 /* characters */

enum {
	OPT_FIELDS = CLI_TRACES_OTHER,
	OPT_FORMAT,
	OPT_FOLLOW,
	OPT_UTC,
	OPT_NS,
	OPT_COLOR,
	OPT_WIDTH,
	OPT_JOBS,
};

static const struct cli_option options[] = {
	CLI_TRACES_OPTIONS,
	{OPT_FIELDS, "fields", "LIST", "only these fields: rows,req.len,$cpu"},
	{OPT_FORMAT, "format", "FORMAT", "text, json (an object a line) or csv (default: text)"},
	{'n', "limit", "N", "no more than N records"},
	{OPT_FOLLOW, "follow", NULL, "go on with what a running session records, until it ends\nor Ctrl-C"},
	{OPT_UTC, "utc", NULL, "times are not in your time zone but in UTC"},
	{OPT_NS, "ns", NULL, "times in nanoseconds since 1970"},
	{OPT_COLOR, "color", "WHEN", "always, never, or auto: on a terminal (default)"},
	{OPT_WIDTH, "width", "N", "cut lines at N characters; 0: never (default: as the\nterminal)"},
	{OPT_JOBS, "jobs", "N", "CPUs to use (default: all)"},
	{0},
};

/* ---- Options ---- */

static bool parse_number(const char *arg, uint64_t max, uint64_t *ret)
{
	char *end;
	unsigned long long value;

	if (arg[0] < '0' || arg[0] > '9')
		return false;
	errno = 0;
	value = strtoull(arg, &end, 10);
	if (errno || *end || value > max)
		return false;
	*ret = value;
	return true;
}

static bool parse_format(const char *arg, enum print_format *ret)
{
	static const char *const names[] = {[PRINT_TEXT] = "text", [PRINT_JSON] = "json", [PRINT_CSV] = "csv"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(arg, names[i])) {
			*ret = (enum print_format)i;
			return true;
		}
	}
	return false;
}

static int set_number(struct events *events, int key, const char *arg)
{
	uint64_t number;

	switch (key) {
	case 'n':
		if (!parse_number(arg, UINT64_MAX, &events->limit) || !events->limit)
			return cli_usage_error(events->command, "--limit takes a number of records, not \"%s\"", arg);
		break;
	case OPT_WIDTH:
		if (!parse_number(arg, WIDTH_MAX, &number))
			return cli_usage_error(events->command, "--width takes a number of characters, not \"%s\"", arg);
		events->how.width = (uint32_t)number;
		events->has_width = true;
		break;
	case OPT_JOBS:
		if (!parse_number(arg, JOBS_MAX, &number) || !number)
			return cli_usage_error(events->command, "--jobs is a number from 1 to %d, not \"%s\"", JOBS_MAX, arg);
		events->jobs = (unsigned int)number;
		break;
	}
	return -1;
}

static int set(void *data, int key, const char *arg)
{
	struct events *events = data;

	if (cli_traces_set(&events->which, key, arg))
		return -1;
	switch (key) {
	case OPT_FIELDS:
		events->how.fields = arg;
		break;
	case OPT_FORMAT:
		if (!parse_format(arg, &events->how.format))
			return cli_usage_error(events->command, "--format is text, json or csv, not \"%s\"", arg);
		break;
	case OPT_FOLLOW:
		events->follow = true;
		break;
	case OPT_UTC:
		events->how.utc = events->which.utc = true;
		break;
	case OPT_NS:
		events->how.ns = true;
		break;
	case OPT_COLOR:
		if (strcmp(arg, "auto") && strcmp(arg, "always") && strcmp(arg, "never"))
			return cli_usage_error(events->command, "--color is auto, always or never, not \"%s\"", arg);
		events->color = arg;
		break;
	default:
		return set_number(events, key, arg);
	}
	return -1;
}

/* What depends on where the output goes. */
static void look_at_output(struct events *events)
{
	const bool terminal = isatty(STDOUT_FILENO);
	struct winsize size;
	struct term term;

	term_init(&term, stdout);
	events->how.color = strcmp(events->color, "never") && (term.colour || !strcmp(events->color, "always"));
	if (!events->has_width && terminal && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		events->how.width = size.ws_col;
	term_progress_init(&events->progress, "reading");
}

/* ---- Output ---- */

static bool write_out(void *data, const char *bytes, size_t size)
{
	struct events *events = data;

	while (size) {
		const ssize_t n = write(STDOUT_FILENO, bytes, size);

		if (n >= 0) {
			bytes += n;
			size -= (size_t)n;
		} else if (errno != EINTR) {
			events->write_error = errno;
			return false;
		} else if (events_stopped()) {
			return false;
		}
	}
	return true;
}

bool events_take(struct events *events, const char *bytes, size_t size)
{
	if (events->how.format == PRINT_TEXT)
		return print_join(&events->joint, bytes, size, write_out, events);
	return write_out(events, bytes, size);
}

void events_count_loss(struct events_losses *losses, const struct ctf_record *record)
{
	const uint64_t n = record->n_lost ? record->n_lost : 1;

	if (record->kind == CTF_LOST_RECORDS)
		losses->records += n;
	else if (record->kind == CTF_LOST_PACKETS)
		losses->packets += n;
}

static void say_losses(const struct events *events)
{
	char n[CLI_NUMBER_MAX];

	if (events->how.format != PRINT_CSV)
		return;
	if (events->losses.records)
		fprintf(stderr, "borelog events: %s records were discarded while this was recorded; CSV has no lines for them\n",
			cli_number(events->losses.records, n));
	if (events->losses.packets)
		fprintf(stderr, "borelog events: %s packets are missing; CSV has no lines for them\n",
			cli_number(events->losses.packets, n));
}

int events_end(struct events *events)
{
	term_progress_clear(&events->progress);
	if (events->write_error == EPIPE) {
		/* Who read this has seen enough. */
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	if (events->write_error) {
		fprintf(stderr, "borelog events: cannot write to standard output: %s\n", strerror(events->write_error));
		return CLI_FAILED;
	}
	if (events->no_memory)
		return cli_fail(events->command, "out of memory");
	say_losses(events);
	return events->traces.failed ? CLI_FAILED : CLI_OK;
}

void events_print_error(const struct events *events, const struct expr_error *error)
{
	expr_error_print(stderr, "borelog events: --fields: ", events->how.fields ? events->how.fields : "", error);
}

/* ---- The work of one thread ---- */

struct worker {
	struct printer *printer;
	struct text line;
	uint64_t n;
	struct events_losses losses;
	bool no_memory;
};

struct job {
	struct events *events;
	const struct print *print;
	struct worker *only; /* if there is a limit */
};

static void *worker_new(void *data)
{
	struct job *job = data;
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->printer = printer_new(job->print);
	if (!worker->printer) {
		free(worker);
		return NULL;
	}
	job->only = worker;
	return worker;
}

static void worker_end(void *data, void *at)
{
	struct job *job = data;
	struct worker *worker = at;

	job->events->losses.records += worker->losses.records;
	job->events->losses.packets += worker->losses.packets;
	job->events->no_memory |= worker->no_memory;
	printer_free(worker->printer);
	text_fini(&worker->line);
	free(worker);
}

/* Return: false: the whole is to end. */
static bool put(struct worker *worker, struct slice *slice, const struct ctf_record *record)
{
	struct text *line = &worker->line;
	char *to;

	line->size = 0;
	printer_put(worker->printer, record, line);
	if (line->failed) {
		worker->no_memory = true;
		return false;
	}
	if (!line->size)
		return true;
	to = slice_room(slice, line->size);
	if (!to)
		return false;
	memcpy(to, line->bytes, line->size);
	slice_used(slice, line->size);
	if (print_is_marked(line->bytes))
		slice_note(slice);
	return true;
}

static void work(void *data, void *at, struct slice *slice)
{
	const struct events *events = ((struct job *)data)->events;
	const struct filter *filter = events->traces.filter;
	struct worker *worker = at;
	const struct ctf_record *record;

	while ((!events->limit || worker->n < events->limit) && !worker->no_memory && (record = slice_next(slice))) {
		if (filter && !filter_match(filter, record))
			continue;
		events_count_loss(&worker->losses, record);
		if (!put(worker, slice, record))
			return;
		worker->n += record->kind == CTF_EVENT;
	}
}

/* What has no day in it goes out as it is: it is in another CPU's cache. */
static bool take(void *data, const char *bytes, size_t size, bool noted)
{
	struct job *job = data;
	struct events *events = job->events;

	if (!(noted ? events_take(events, bytes, size) : write_out(events, bytes, size)))
		return false;
	return !events->limit || job->only->n < events->limit;
}

static void complain(void *data, const struct ctf_error *error)
{
	struct events *events = ((struct job *)data)->events;

	term_progress_clear(&events->progress);
	cli_traces_complain(&events->traces, error);
}

static void progress(void *data, uint64_t done, uint64_t total)
{
	struct events *events = ((struct job *)data)->events;

	if (!isatty(STDOUT_FILENO))
		term_progress_draw(&events->progress, done, total);
}

/* ---- The command ---- */

bool events_put_head(struct events *events, const struct print *print)
{
	struct text head = {0};
	bool ok;

	print_head(print, &head);
	events->no_memory |= head.failed;
	ok = !head.failed && (!head.size || events_take(events, head.bytes, head.size));
	text_fini(&head);
	return ok;
}

static int print_all(struct events *events)
{
	struct expr_error error;
	struct job data = {.events = events};
	const struct slices_job job = {
		.ctf = events->traces.ctf,
		.select = events->traces.select,
		.workers = events->limit ? 1 : events->jobs,
		.data = &data,
		.worker_new = worker_new,
		.work = work,
		.worker_end = worker_end,
		.take = take,
		.error = complain,
		.progress = progress,
	};
	struct print *print;

	events->how.events = events->traces.select.events;
	print = print_new(events->traces.ctf, &events->how, &error);
	if (!print) {
		events_print_error(events, &error);
		return error.column ? CLI_USAGE : CLI_FAILED;
	}
	data.print = print;
	if (events_put_head(events, print) && slices_run(&job) == -ENOMEM)
		events->no_memory = true;
	print_free(print);
	return events_end(events);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct events events = {.command = command, .color = "auto"};
	int status = cli_parse(command, argc, argv, set, &events);

	if (status >= 0)
		return status;
	look_at_output(&events);
	if (events.follow) {
		events.traces.command = command;
		if (argc - optind != 1)
			return cli_usage_error(command, "--follow takes the directory of one session");
		if (events.how.format == PRINT_CSV && !events.how.fields)
			return cli_usage_error(command, "--follow cannot know the columns in advance: name them with --fields");
		return events_follow(&events, argv[optind]);
	}
	status = cli_traces_open(&events.traces, command, argc, argv, &events.which);
	if (status < 0)
		status = print_all(&events);
	cli_traces_close(&events.traces);
	return status;
}

const struct cli_command cli_events = {
	.name = "events",
	.summary = "print the records of a trace, in the order of time",
	.synopsis = "[--filter EXPR] [--from TIME] [--to TIME] [OPTION]... DIR...",
	.description = "Prints the records of traces, of all that are in DIR, from any producer of CTF 1.8 or 2.\n"
		       "\n"
		       "  borelog events DIR --filter 'rows > 100 && $name ~ \"db:*\"' --from 16:41:30\n"
		       "  borelog events DIR --format csv --fields '$pid,rows,sql' > rows.csv\n"
		       "  borelog events DIR --follow\n",
	.options = options,
	.run = run,
};
