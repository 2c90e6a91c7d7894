/* SPDX-License-Identifier: MIT */
/**
 * info.c - `borelog info`
 *
 * Everything is in the metadata and in the packets' heads; no record is read. Printing is in info_text.c and info_json.c.
 */
#include "cli/info.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "cli/traces.h"

enum {
	OPT_FORMAT = CLI_LONG_ONLY,
};

static const struct cli_option options[] = {
	{'e', "event", "GLOB", "only events whose name matches"},
	{OPT_FORMAT, "format", "FORMAT", "text or json (default: text)"},
	{'l', "long", NULL, "all data streams, all names of values, source lines,\nattributes"},
	{0},
};

struct info_command {
	const struct cli_command *command;
	struct cli_traces traces;
	struct info info;
	bool json;
};

static int set(void *data, int key, const char *arg)
{
	struct info_command *round = data;

	switch (key) {
	case 'e':
		round->info.pattern = arg;
		break;
	case 'l':
		round->info.long_form = true;
		break;
	case OPT_FORMAT:
		if (strcmp(arg, "text") && strcmp(arg, "json"))
			return cli_usage_error(round->command, "--format is text or json, not \"%s\"", arg);
		round->json = !strcmp(arg, "json");
		break;
	}
	return -1;
}

bool info_wants(const struct info *info, const struct ctf_event_class *event)
{
	return !info->pattern || !fnmatch(info->pattern, event->name ? event->name : "", 0);
}

static void complain(void *data, const struct ctf_error *error)
{
	cli_traces_complain(data, error);
}

static int read_and_print(struct info_command *round)
{
	const struct ctf *ctf = round->traces.ctf;
	struct inventory *streams = calloc((size_t)ctf_n_streams(ctf) + 1, sizeof(*streams));
	struct term term;
	bool printed = true;

	if (!streams)
		return cli_fail(round->command, "out of memory");
	for (uint32_t i = 0; i < ctf_n_streams(ctf); i++)
		inventory_read(ctf, ctf_stream_at(ctf, i), complain, &round->traces, &streams[i]);
	round->info.ctf = ctf;
	round->info.streams = streams;
	term_init(&term, stdout);
	if (round->json)
		printed = info_print_json(&round->info, stdout);
	else
		info_print_text(&round->info, &term);
	free(streams);
	if (!printed)
		return cli_fail(round->command, "out of memory");
	return round->traces.failed ? CLI_FAILED : CLI_OK;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct info_command round = {.command = command};
	int status = cli_parse(command, argc, argv, set, &round);

	if (status >= 0)
		return status;
	status = cli_traces_open(&round.traces, command, argc, argv, &(struct cli_traces_options){0});
	if (status < 0)
		status = read_and_print(&round);
	cli_traces_close(&round.traces);
	return status;
}

const struct cli_command cli_info = {
	.name = "info",
	.summary = "say what is in a trace, and in what form",
	.synopsis = "[-l] [-e GLOB] [--format FORMAT] DIR...",
	.description = "Describes traces, all that are in DIR: format, producer, environment, clocks, data streams\n"
		       "and what they lost, events with their fields and types.\n",
	.options = options,
	.run = run,
};
