/* SPDX-License-Identifier: MIT */
/**
 * events.h - what the halves of `borelog events` share: the options, and where the output goes
 */
#ifndef BL_CLI_EVENTS_H
#define BL_CLI_EVENTS_H

#include "analysis/print.h"
#include "cli/term.h"
#include "cli/traces.h"

/** What CSV has no lines for; a number that nobody knows counts as 1. */
struct events_losses {
	uint64_t records;
	uint64_t packets;
};

struct events {
	const struct cli_command *command;
	struct cli_traces_options which;
	struct cli_traces traces;
	struct print_options how;
	uint64_t limit; /* records; 0: all */
	unsigned int jobs;
	bool follow;
	const char *color; /* auto, always, never */
	bool has_width;    /* how.width was given */

	struct term_progress progress;
	struct print_joint joint;
	struct events_losses losses;
	int write_error; /* errno; no more output is possible */
	bool no_memory;
};

/**
 * events_take() - a piece of output
 *
 * Return: false: it cannot be written. A reader that is gone ends the process, as SIGPIPE does.
 */
bool events_take(struct events *events, const char *bytes, size_t size);

/** events_put_head() - what comes before all records. Return: as events_take(). */
bool events_put_head(struct events *events, const struct print *print);

/** events_count_loss() - nothing for other records. */
void events_count_loss(struct events_losses *losses, const struct ctf_record *record);

/** events_print_error() - of --fields; always after print_new(). */
void events_print_error(const struct events *events, const struct expr_error *error);

/** events_end() - the exit status, after what went wrong was said. */
int events_end(struct events *events);

/** events_follow() - print a session's records as they come. Return: exit status. */
int events_follow(struct events *events, const char *dir);

/** events_stopped() - was there a Ctrl-C? While following only. */
bool events_stopped(void);

#endif
