/* SPDX-License-Identifier: MIT */
/**
 * traces.c - see traces.h
 */
#include "cli/traces.h"

#include <getopt.h>
#include <string.h>

bool cli_traces_set(struct cli_traces_options *options, int key, const char *arg)
{
	switch (key) {
	case CLI_TRACES_FROM:
		options->from = arg;
		return true;
	case CLI_TRACES_TO:
		options->to = arg;
		return true;
	case CLI_TRACES_FILTER:
		options->filter = arg;
		return true;
	}
	return false;
}

void cli_traces_complain(struct cli_traces *traces, const struct ctf_error *error)
{
	traces->failed = true;
	cli_fail(traces->command, error->text);
}

static bool set_time(const struct cli_command *command, const char *option, const char *text, const struct when_origin *origin,
		     int64_t *ret)
{
	char error[WHEN_ERROR_MAX];

	if (when_parse(text, origin, ret, error))
		return true;
	cli_usage_error(command, "%s \"%s\": %s", option, text, error);
	return false;
}

static bool set_filter(struct cli_traces *traces, const char *text, const struct when_origin *origin, bool quiet)
{
	struct expr_error error;
	char what[64];
	uint32_t next = 0;

	snprintf(what, sizeof(what), "borelog %s: --filter: ", traces->command->name);
	traces->filter = filter_new(traces->ctf, text, origin, &error);
	if (!traces->filter) {
		expr_error_print(stderr, what, text, &error);
		return false;
	}
	while (!quiet && filter_warning(traces->filter, &next, &error))
		expr_error_print(stderr, what, text, &error);
	traces->select.events = filter_events(traces->filter);
	traces->select.streams = filter_streams(traces->filter);
	return true;
}

bool cli_traces_select(struct cli_traces *traces, const struct cli_traces_options *options, const struct when_origin *origin,
		       bool quiet)
{
	struct ctf_select *select = &traces->select;

	*select = (struct ctf_select){.has_from = options->from, .has_to = options->to};
	if (options->from && !set_time(traces->command, "--from", options->from, origin, &select->from))
		return false;
	if (options->to && !set_time(traces->command, "--to", options->to, origin, &select->to))
		return false;
	return !options->filter || set_filter(traces, options->filter, origin, quiet);
}

/* What words refer to is found by going through all packets: only for who needs it. */
static bool needs_span(const struct cli_traces_options *options)
{
	return (options->from && when_needs_span(options->from)) || (options->to && when_needs_span(options->to)) ||
	       (options->filter && strstr(options->filter, "$time"));
}

int cli_traces_open(struct cli_traces *traces, const struct cli_command *command, int argc, char **argv,
		    const struct cli_traces_options *options)
{
	struct when_origin origin = {.utc = options->utc};
	const struct ctf_error *trouble;
	struct ctf_error error;

	*traces = (struct cli_traces){.command = command};
	if (optind == argc)
		return cli_usage_error(command, "which trace? Its directory is missing");
	traces->ctf = ctf_open((const char *const *)argv + optind, (size_t)(argc - optind), &error);
	if (!traces->ctf)
		return cli_fail(command, error.text);
	for (uint32_t i = 0; (trouble = ctf_trouble(traces->ctf, i)); i++)
		cli_traces_complain(traces, trouble);
	if (needs_span(options))
		origin.has_span = ctf_span(traces->ctf, &origin.first, &origin.last);
	return cli_traces_select(traces, options, &origin, false) ? -1 : CLI_USAGE;
}

void cli_traces_close(struct cli_traces *traces)
{
	filter_free(traces->filter);
	ctf_close(traces->ctf);
	*traces = (struct cli_traces){0};
}
