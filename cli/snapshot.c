/* SPDX-License-Identifier: MIT */
/**
 * snapshot.c - `borelog snapshot`
 */
#include "cli/cli.h"

#include "record/record.h"

static const struct cli_option options[] = {
	{'o', "output", "DIR", "where the snapshot goes; must not exist\n(default: snapshot-N in the session's directory)"},
	{0},
};

static int set(void *data, int key, const char *arg)
{
	const char **dir = data;

	(void)key; /* there is only one */
	*dir = arg;
	return -1;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct record_summary summary;
	struct record_error error;
	const char *name, *dir = NULL;
	const int status = cli_parse_name(command, argc, argv, set, &dir, &name);

	if (status >= 0)
		return status;
	if (record_client_snapshot(name, dir, &summary, &error))
		return cli_fail(command, error.text);
	cli_print_summary(stdout, &summary);
	return CLI_OK;
}

const struct cli_command cli_snapshot = {
	.name = "snapshot",
	.summary = "write what a flight recorder holds, and let it go on",
	.synopsis = "[-o DIR] [NAME]",
	.description = "Writes what the rings of the session NAME (or the only one that runs) hold now into a\n"
		       "trace of its own, and takes them out of the rings. For sessions begun with --overwrite,\n"
		       "which keep the newest records and go on afterwards.\n",
	.options = options,
	.run = run,
};
