/* SPDX-License-Identifier: MIT */
/**
 * status.c - `borelog status`
 */
#include "cli/cli.h"

#include <inttypes.h>

#include "record/record.h"

struct status_round {
	const struct cli_command *command;
	unsigned int sessions;
	int exit;
};

static void print_status(const char *name, const struct record_status *status)
{
	char records[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX], discarded[CLI_NUMBER_MAX], duration[CLI_NUMBER_MAX];
	const struct record_progress *progress = &status->progress;

	printf("%s: process %d, %s%s, %s records, %s, %s discarded, %" PRIu32 " program%s now\n", name, (int)status->pid,
	       cli_duration(progress->elapsed_ns, duration), status->overwrite ? ", overwrites" : "",
	       cli_number(progress->records, records), cli_bytes(progress->bytes, bytes),
	       cli_number(progress->discarded, discarded), progress->programs, progress->programs == 1 ? "" : "s");
	printf("    ");
	cli_print_quoted(stdout, status->trace_dir);
	putchar('\n');
}

static int each(void *data, const char *name)
{
	struct status_round *round = data;
	struct record_status status;
	struct record_error error;

	if (record_client_status(name, &status, &error)) {
		round->exit = cli_fail(round->command, error.text);
		return 0; /* the others can still be asked */
	}
	round->sessions++;
	print_status(name, &status);
	return 0;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct status_round round = {.command = command};
	struct record_error error;
	const char *name;
	const int status = cli_parse_name(command, argc, argv, NULL, NULL, &name);

	if (status >= 0)
		return status;
	if (name) {
		each(&round, name);
		return round.exit;
	}
	if (record_sessions_each(each, &round, &error))
		return cli_fail(command, error.text);
	if (!round.sessions && round.exit == CLI_OK)
		fputs("No session runs. Begin one with: borelog record --background NAME\n", stderr);
	return round.exit;
}

const struct cli_command cli_status = {
	.name = "status",
	.summary = "say what the running sessions do",
	.synopsis = "[NAME]",
	.description = "Prints, for the session NAME or for all that run, what was written so far and where to.\n"
		       "What waits in rings is not counted; borelog flush writes it.\n",
	.run = run,
};
