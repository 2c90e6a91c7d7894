/* SPDX-License-Identifier: MIT */
/**
 * stop.c - `borelog stop`
 */
#include "cli/cli.h"

#include "record/record.h"

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct record_summary summary;
	struct record_error error;
	const char *name;
	const int status = cli_parse_name(command, argc, argv, NULL, NULL, &name);

	if (status >= 0)
		return status;
	if (record_client_stop(name, &summary, &error))
		return cli_fail(command, error.text);
	cli_print_summary(stdout, &summary);
	return CLI_OK;
}

const struct cli_command cli_stop = {
	.name = "stop",
	.summary = "end a session and complete its trace",
	.synopsis = "[NAME]",
	.description = "Ends the session NAME, or the only one that runs, waits until its trace is complete,\n"
		       "and prints the summary.\n",
	.run = run,
};
