/* SPDX-License-Identifier: MIT */
/**
 * traces.h - what the commands that read traces share: which traces, which records of them, what could not be read.
 */
#ifndef BL_CLI_TRACES_H
#define BL_CLI_TRACES_H

#include "analysis/filter.h"
#include "cli/cli.h"
#include "ctf/ctf.h"

/** What the command line says; NULL: nothing. */
struct cli_traces_options {
	const char *from;
	const char *to;
	const char *filter;
	bool utc; /* times are not in the user's zone */
};

struct cli_traces {
	const struct cli_command *command;
	struct ctf *ctf;
	struct filter *filter;    /* NULL: all records */
	struct ctf_select select; /* made of the options; the filter's events and streams are in it */
	bool failed;              /* something could not be read: the exit status is CLI_FAILED */
};

/** The rows of a command's table of options, to be put first; cli_traces_set() takes them. */
enum {
	CLI_TRACES_FROM = CLI_LONG_ONLY,
	CLI_TRACES_TO,
	CLI_TRACES_FILTER,
	CLI_TRACES_OTHER, /* keys of the command's own options begin here */
};

#define CLI_TRACES_OPTIONS                                                                                                         \
	{CLI_TRACES_FROM, "from", "TIME",                                                                                          \
	 "only records from then on: 16:41:33.5, 2026-11-27T16:41,\n+2s (behind the trace's begin), -2s (before its end)"},        \
		{CLI_TRACES_TO, "to", "TIME", "only records before then"},                                                         \
	{                                                                                                                          \
		CLI_TRACES_FILTER, "filter", "EXPR", "only records for which that is true:\n'rows > 100 && $cpu == 0'"             \
	}

/** cli_traces_set() - Return: false: it is another option. */
bool cli_traces_set(struct cli_traces_options *options, int key, const char *arg);

/**
 * cli_traces_open() - open the directories argv[optind] and on
 *
 * What is wrong is printed. Traces that cannot be read beside others that can set failed. cli_traces_close() comes in any case.
 * Return: -1: go on; else the exit status.
 */
int cli_traces_open(struct cli_traces *traces, const struct cli_command *command, int argc, char **argv,
		    const struct cli_traces_options *options);
/**
 * cli_traces_select() - what the options say, of the traces that are open; done by cli_traces_open()
 * @quiet: without warnings
 *
 * Return: false: it was said what is wrong.
 */
bool cli_traces_select(struct cli_traces *traces, const struct cli_traces_options *options, const struct when_origin *origin,
		       bool quiet);

void cli_traces_close(struct cli_traces *traces);

/** cli_traces_complain() - something cannot be read: "borelog NAME: text", and failed. */
void cli_traces_complain(struct cli_traces *traces, const struct ctf_error *error);

#endif
