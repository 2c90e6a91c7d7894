/* SPDX-License-Identifier: MIT */
/**
 * cli.h - what the commands of `borelog` share.
 *
 * A command is a struct cli_command in a file of its own; main.c has the list. Its table of options is the one source of what
 * getopt_long accepts and of what --help prints. Commands parse and print; everything else is behind record/record.h.
 *
 * Exit status: 0; 1 when something could not be done; 2 for a command line that makes no sense; `record CMD` passes on CMD's.
 * Results go to stdout, everything else (errors, progress, summaries) to stderr.
 */
#ifndef BL_CLI_CLI_H
#define BL_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
};

/** Keys of options that have no short form begin here. */
#define CLI_LONG_ONLY 256

struct cli_option {
	int key;          /* the short form's letter, or from CLI_LONG_ONLY on; 0 ends the table */
	const char *name; /* without "--" */
	const char *arg;  /* name of the argument; NULL: takes none */
	const char *help; /* lines after the first are indented by who prints */
};

struct cli_command {
	const char *name;
	const char *summary;              /* a few words for the list of commands */
	const char *synopsis;             /* after "borelog NAME", NULL: nothing */
	const char *description;          /* for --help: paragraphs, complete lines */
	const struct cli_option *options; /* NULL: only --help */
	bool ends_at_operand;             /* what follows the first operand belongs to another program */
	int (*run)(const struct cli_command *command, int argc, char **argv);
};

extern const struct cli_command cli_record, cli_list, cli_status, cli_snapshot, cli_flush, cli_stop, cli_events, cli_stats,
	cli_info, cli_convert, cli_xen, cli_help, cli_version;
/** All of them, in the order of the help text, NULL-terminated. */
extern const struct cli_command *const cli_commands[];

const struct cli_command *cli_find_command(const char *name);

/**
 * cli_parse() - go through the options
 * @set: called for each option with its key and argument; returns -1 to go on, else an exit status. NULL: there are none.
 *
 * Return: -1: go on, operands begin at argv[optind]; else the exit status (help was printed, or the error was).
 */
int cli_parse(const struct cli_command *command, int argc, char **argv, int (*set)(void *data, int key, const char *arg),
	      void *data);

/** As cli_parse(), for a command whose only operand is an optional session name. @ret_name is NULL without. */
int cli_parse_name(const struct cli_command *command, int argc, char **argv, int (*set)(void *data, int key, const char *arg),
		   void *data, const char **ret_name);

void cli_print_help(const struct cli_command *command, FILE *to);
void cli_print_overview(FILE *to);

/** cli_usage_error() - say what is wrong and where help is. Return: CLI_USAGE. */
int cli_usage_error(const struct cli_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** cli_fail() - "borelog NAME: text" on stderr. Return: CLI_FAILED. */
int cli_fail(const struct cli_command *command, const char *text);

/* ---- parse.c: arguments. Each returns false, and leaves the output alone, for what it does not understand. ---- */

/** "65536", "64K", "64KiB", "1M", "2G": powers of 1024. */
bool cli_parse_size(const char *text, uint64_t *ret_bytes);
/** "500ms", "2s", "1m"; at least 1 ms, at most a day. */
bool cli_parse_time(const char *text, uint32_t *ret_ms);
/** "none", or names of contexts separated by commas, as bits of enum bl_context. */
bool cli_parse_contexts(const char *text, uint32_t *ret_contexts);
/** A session's name: letters, digits, '-', '_'. */
bool cli_is_name(const char *text);

/* ---- print.c: results ---- */

struct record_progress;
struct record_summary;

#define CLI_NUMBER_MAX 40

/** "1,234,567"; returns @buf. */
const char *cli_number(uint64_t n, char buf[CLI_NUMBER_MAX]);
/** "12.3 MB". */
const char *cli_bytes(uint64_t bytes, char buf[CLI_NUMBER_MAX]);
/** "850 us", "3.21 s", "2 min 5 s". */
const char *cli_duration(uint64_t ns, char buf[CLI_NUMBER_MAX]);

/** The summary at a session's or snapshot's end, with what to type next. */
void cli_print_summary(FILE *to, const struct record_summary *summary);

/** The progress line of a terminal, drawn over itself. */
struct cli_progress {
	FILE *to; /* NULL: draw nothing */
	bool drawn;
	uint64_t last_records;
	uint64_t last_ns;
};

void cli_progress_draw(struct cli_progress *line, const struct record_progress *progress);
/** Takes the line away, before something else is printed. */
void cli_progress_clear(struct cli_progress *line);

/** Prints @text with what a shell would take for syntax quoted. */
void cli_print_quoted(FILE *to, const char *text);

#endif
