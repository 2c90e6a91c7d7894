/* SPDX-License-Identifier: MIT */
/**
 * main.c - the `borelog` command: finds the command, reads its options from its table.
 */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX 32

const struct cli_command *const cli_commands[] = {
	&cli_record, &cli_list, &cli_status,  &cli_snapshot, &cli_flush, &cli_stop,    &cli_events,
	&cli_stats,  &cli_info, &cli_convert, &cli_xen,      &cli_help,  &cli_version, NULL,
};

const struct cli_command *cli_find_command(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++)
		if (!strcmp(cli_commands[i]->name, name))
			return cli_commands[i];
	return NULL;
}

static const struct cli_option option_help = {'h', "help", NULL, "print this help"};

static void print_option(const struct cli_option *option, FILE *to)
{
	char left[64];
	int n = 0;

	if (option->key < CLI_LONG_ONLY)
		n = snprintf(left, sizeof(left), "-%c, ", option->key);
	else
		n = snprintf(left, sizeof(left), "    ");
	snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", option->name, option->arg ? " " : "",
		 option->arg ? option->arg : "");
	fprintf(to, "  %-28s ", left);
	for (const char *p = option->help; *p; p++) {
		fputc(*p, to);
		if (*p == '\n')
			fprintf(to, "%31s", "");
	}
	fputc('\n', to);
}

void cli_print_help(const struct cli_command *command, FILE *to)
{
	fprintf(to, "usage: borelog %s%s%s\n", command->name, command->synopsis ? " " : "",
		command->synopsis ? command->synopsis : "");
	fprintf(to, "\n%s\nOptions:\n", command->description);
	for (const struct cli_option *option = command->options; option && option->key; option++)
		print_option(option, to);
	print_option(&option_help, to);
}

void cli_print_overview(FILE *to)
{
	fputs("usage: borelog COMMAND [OPTION]... [ARGUMENT]...\n"
	      "\n"
	      "Records what programs do into a trace, at the cost of a clock reading and a copy.\n"
	      "\n"
	      "Commands:\n",
	      to);
	for (size_t i = 0; cli_commands[i]; i++)
		fprintf(to, "  %-10s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
	fputs("\n"
	      "Try this:\n"
	      "  borelog record -- ls -l        record a program, with the probes for the C library\n"
	      "  borelog help record            options and examples of a command\n",
	      to);
}

int cli_usage_error(const struct cli_command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "borelog %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'borelog %s --help'.\n", command->name);
	return CLI_USAGE;
}

int cli_fail(const struct cli_command *command, const char *text)
{
	fprintf(stderr, "borelog %s: %s\n", command->name, text);
	return CLI_FAILED;
}

/* The same table in the forms that getopt_long wants. */
static void to_getopt(const struct cli_command *command, char *shorts, struct option *longs)
{
	const struct cli_option *option = command->options;

	if (command->ends_at_operand)
		*shorts++ = '+';
	for (; option && option->key; option++, longs++) {
		*longs = (struct option){option->name, option->arg ? required_argument : no_argument, NULL, option->key};
		if (option->key >= CLI_LONG_ONLY)
			continue;
		*shorts++ = (char)option->key;
		if (option->arg)
			*shorts++ = ':';
	}
	*longs++ = (struct option){option_help.name, no_argument, NULL, option_help.key};
	*longs = (struct option){0};
	*shorts++ = (char)option_help.key;
	*shorts = 0;
}

int cli_parse(const struct cli_command *command, int argc, char **argv, int (*set)(void *data, int key, const char *arg),
	      void *data)
{
	struct option longs[OPTIONS_MAX];
	char shorts[2 * OPTIONS_MAX];
	char name[64];
	int key, status;

	to_getopt(command, shorts, longs);
	snprintf(name, sizeof(name), "borelog %s", command->name);
	argv[0] = name; /* what getopt_long's own messages begin with */
	optind = 0;
	while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (key == '?') {
			fprintf(stderr, "Try 'borelog %s --help'.\n", command->name);
			return CLI_USAGE;
		}
		if (key == option_help.key) {
			cli_print_help(command, stdout);
			return CLI_OK;
		}
		status = set(data, key, optarg);
		if (status >= 0)
			return status;
	}
	return -1;
}

/* NAME, or USER/NAME. */
static bool is_session(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash ? slash > text && cli_is_name(slash + 1) : cli_is_name(text);
}

int cli_parse_name(const struct cli_command *command, int argc, char **argv, int (*set)(void *data, int key, const char *arg),
		   void *data, const char **ret_name)
{
	const int status = cli_parse(command, argc, argv, set, data);

	if (status >= 0)
		return status;
	if (argc - optind > 1)
		return cli_usage_error(command, "one session at a time, not also \"%s\"", argv[optind + 1]);
	if (optind < argc && !is_session(argv[optind]))
		return cli_usage_error(command, "\"%s\" is no session's name; 'borelog status' lists them", argv[optind]);
	*ret_name = optind < argc ? argv[optind] : NULL;
	return -1;
}

static int run(int argc, char **argv)
{
	const struct cli_command *command;

	if (argc < 2) {
		cli_print_overview(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cli_help.run(&cli_help, 1, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return cli_version.run(&cli_version, 1, argv);
	command = cli_find_command(argv[1]);
	if (!command) {
		fprintf(stderr, "borelog: there is no command \"%s\".\nTry 'borelog --help'.\n", argv[1]);
		return CLI_USAGE;
	}
	return command->run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const int status = run(argc, argv);

	/* What did not reach a full disk or a closed pipe is an error too. */
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "borelog: cannot write to standard output: %s\n", strerror(errno));
		return status ? status : CLI_FAILED;
	}
	return status;
}
