/* SPDX-License-Identifier: MIT */
/**
 * stats.c - `borelog stats`
 *
 * Counting is analysis/stats.h; here it becomes tables for people (stats_text.c) or JSON for machines (stats_json.c).
 */
#include "cli/stats.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/traces.h"

#define TOP_DEFAULT 20
#define JSON_BINS 100
#define JOBS_MAX 1024

enum {
	OPT_FORMAT = CLI_TRACES_OTHER,
	OPT_JOBS,
};

static const struct cli_option options[] = {
	CLI_TRACES_OPTIONS,
	{OPT_FORMAT, "format", "FORMAT", "text or json (default: text)"},
	{'n', "top", "N", "lines of each table; 0: all (default: 20)"},
	{OPT_JOBS, "jobs", "N", "CPUs to use (default: all)"},
	{0},
};

struct stats_command {
	const struct cli_command *command;
	struct cli_traces_options which;
	struct cli_traces traces;
	struct term term;
	struct term_progress progress;
	bool json;
	unsigned int top;
	unsigned int jobs;
};

static bool parse_number(const char *arg, unsigned int max, unsigned int *ret)
{
	char *end;
	unsigned long value;

	if (arg[0] < '0' || arg[0] > '9')
		return false;
	errno = 0;
	value = strtoul(arg, &end, 10);
	if (errno || *end || value > max)
		return false;
	*ret = (unsigned int)value;
	return true;
}

static int set(void *data, int key, const char *arg)
{
	struct stats_command *round = data;

	if (cli_traces_set(&round->which, key, arg))
		return -1;
	switch (key) {
	case OPT_FORMAT:
		if (strcmp(arg, "text") && strcmp(arg, "json"))
			return cli_usage_error(round->command, "--format is text or json, not \"%s\"", arg);
		round->json = !strcmp(arg, "json");
		break;
	case 'n':
		if (!parse_number(arg, UINT32_MAX, &round->top))
			return cli_usage_error(round->command, "--top takes a number of lines, not \"%s\"", arg);
		break;
	case OPT_JOBS:
		if (!parse_number(arg, JOBS_MAX, &round->jobs) || !round->jobs)
			return cli_usage_error(round->command, "--jobs is a number from 1 to %d, not \"%s\"", JOBS_MAX, arg);
		break;
	}
	return -1;
}

static void complain(void *data, const struct ctf_error *error)
{
	struct stats_command *round = data;

	term_progress_clear(&round->progress);
	cli_traces_complain(&round->traces, error);
}

static void progress(void *data, uint64_t done, uint64_t total)
{
	term_progress_draw(&((struct stats_command *)data)->progress, done, total);
}

static int read_and_print(struct stats_command *round)
{
	const struct stats_options how = {
		.select = round->traces.select,
		.filter = round->traces.filter,
		.workers = round->jobs,
		.n_bins = round->json ? JSON_BINS : round->term.width - STATS_LABEL,
		.data = round,
		.error = complain,
		.progress = progress,
	};
	struct stats stats;
	bool printed = true;
	int r;

	r = stats_read(round->traces.ctf, &how, &stats);
	term_progress_clear(&round->progress);
	if (r)
		return cli_fail(round->command, "out of memory");
	if (round->json)
		printed = stats_print_json(&stats, stdout);
	else
		stats_print_text(&stats, &round->term, round->top);
	stats_fini(&stats);
	if (!printed)
		return cli_fail(round->command, "out of memory");
	return round->traces.failed ? CLI_FAILED : CLI_OK;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct stats_command round = {.command = command, .top = TOP_DEFAULT};
	int status = cli_parse(command, argc, argv, set, &round);

	if (status >= 0)
		return status;
	term_init(&round.term, stdout);
	term_progress_init(&round.progress, "counting");
	status = cli_traces_open(&round.traces, command, argc, argv, &round.which);
	if (status < 0)
		status = read_and_print(&round);
	cli_traces_close(&round.traces);
	return status;
}

const struct cli_command cli_stats = {
	.name = "stats",
	.summary = "count what is in a trace: by event, process, CPU and time",
	.synopsis = "[-n N] [--from TIME] [--to TIME] [--filter EXPR] [OPTION]... DIR...",
	.description = "Counts the records of traces, of all that are in DIR: by event, by process, by CPU, over\n"
		       "time; and says what was lost, and how exact the clocks are.\n",
	.options = options,
	.run = run,
};
