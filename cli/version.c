/* SPDX-License-Identifier: MIT */
/**
 * version.c - `borelog version`
 */
#include "cli/cli.h"

#include <getopt.h>

static int run(const struct cli_command *command, int argc, char **argv)
{
	const int status = cli_parse(command, argc, argv, NULL, NULL);

	if (status >= 0)
		return status;
	if (optind < argc)
		return cli_usage_error(command, "takes no argument like \"%s\"", argv[optind]);
	puts("borelog " BORELOG_VERSION);
	return CLI_OK;
}

const struct cli_command cli_version = {
	.name = "version",
	.summary = "print the version",
	.description = "Prints the version of borelog.\n",
	.run = run,
};
