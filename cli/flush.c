/* SPDX-License-Identifier: MIT */
/**
 * flush.c - `borelog flush`
 */
#include "cli/cli.h"

#include "record/record.h"

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct record_error error;
	const char *name;
	const int status = cli_parse_name(command, argc, argv, NULL, NULL, &name);

	if (status >= 0)
		return status;
	return record_client_flush(name, &error) ? cli_fail(command, error.text) : CLI_OK;
}

const struct cli_command cli_flush = {
	.name = "flush",
	.summary = "write what the rings of a session hold now",
	.synopsis = "[NAME]",
	.description = "Makes the session NAME, or the only one that runs, write what its rings hold now.\n"
		       "Otherwise a record waits in its ring until a sub-buffer is full or the session ends.\n",
	.run = run,
};
