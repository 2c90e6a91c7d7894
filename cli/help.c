/* SPDX-License-Identifier: MIT */
/**
 * help.c - `borelog help`
 */
#include "cli/cli.h"

#include <getopt.h>

static int run(const struct cli_command *command, int argc, char **argv)
{
	const struct cli_command *about;
	const int status = cli_parse(command, argc, argv, NULL, NULL);

	if (status >= 0)
		return status;
	if (optind == argc) {
		cli_print_overview(stdout);
		return CLI_OK;
	}
	about = cli_find_command(argv[optind]);
	if (!about)
		return cli_usage_error(command, "there is no command \"%s\"; 'borelog help' lists them", argv[optind]);
	cli_print_help(about, stdout);
	return CLI_OK;
}

const struct cli_command cli_help = {
	.name = "help",
	.summary = "say what a command does and takes",
	.synopsis = "[COMMAND]",
	.description = "Prints the list of commands, or what COMMAND does and the options it takes.\n",
	.run = run,
};
