/* SPDX-License-Identifier: MIT */
/**
 * list.c - `borelog list`: what can be recorded here: the instrumented programs that run now, the hypervisor, and their events
 *
 * The events are read from the programs' control files; the programs do not notice. What is found there was written by other
 * processes: record/describe.h checks it, and takes control characters out, before anything is printed. What the hypervisor
 * publishes goes the same way.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "record/describe.h"
#include "record/record.h"

struct list_round {
	const struct cli_command *command;
	const char *pattern; /* of events; NULL: all */
	bool long_form;      /* with source lines */
	bool names_only;     /* category:name, for scripts and completion */
	unsigned int programs;
	unsigned int events;
	struct record_hypervisor hypervisor;
};

/** What has the events, and how its own line is printed. */
struct list_owner {
	void (*print)(const void *of);
	const void *of;
};

static const struct cli_option options[] = {
	{'e', "event", "GLOB", "only events whose category:name matches"},
	{'l', "long", NULL, "with the source file and line of each event"},
	{'n', "names", NULL, "nothing but names, one a line, for scripts"},
	{0},
};

static int set(void *data, int key, const char *arg)
{
	struct list_round *round = data;

	switch (key) {
	case 'e':
		round->pattern = arg;
		break;
	case 'l':
		round->long_form = true;
		break;
	case 'n':
		round->names_only = true;
		break;
	}
	return -1;
}

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[BL_TYPE_U8] = "uint8",  [BL_TYPE_U16] = "uint16", [BL_TYPE_U32] = "uint32", [BL_TYPE_U64] = "uint64",
		[BL_TYPE_I8] = "int8",   [BL_TYPE_I16] = "int16",  [BL_TYPE_I32] = "int32",  [BL_TYPE_I64] = "int64",
		[BL_TYPE_F32] = "float", [BL_TYPE_F64] = "double", [BL_TYPE_BOOL] = "bool",  [BL_TYPE_STRING] = "string",
	};
	const uint32_t scalar = type & BL_TYPE_SCALAR_MASK;

	if (type & BL_TYPE_ENUM)
		return "enum";
	if ((type & BL_TYPE_SEQUENCE) && (type & BL_TYPE_HEX) && scalar == BL_TYPE_U8)
		return "bytes";
	return scalar < sizeof(names) / sizeof(names[0]) && names[scalar] ? names[scalar] : "?";
}

static void print_field(const struct event_field *field, bool first)
{
	const bool block = (field->type & BL_TYPE_HEX) && (field->type & BL_TYPE_SCALAR_MASK) == BL_TYPE_U8;

	printf("%s%s %s%s", first ? "" : ", ", type_name(field->type), field->name,
	       (field->type & BL_TYPE_SEQUENCE) && !block ? "[]" : "");
}

/* @name is category:name */
static void print_event(const struct list_round *round, const struct event_desc *event, const char *name)
{
	if (round->names_only) {
		puts(name);
		return;
	}
	printf("    %s(", name);
	for (uint32_t i = 0; i < event->n_fields; i++)
		print_field(&event->fields[i], i == 0);
	putchar(')');
	if (round->long_form && event->file[0])
		printf("  %s:%" PRIu32, event->file, event->line);
	putchar('\n');
}

static void print_program(const void *of)
{
	const struct record_program *program = of;

	if (program->pid)
		printf("%d ", (int)program->pid);
	else
		printf("%d of another pid namespace", (int)program->ns_pid);
	if (program->pid)
		cli_print_quoted(stdout, program->executable);
	if (program->not_traceable)
		printf("  (%s)", program->not_traceable);
	putchar('\n');
}

static int compare_names(const void *a, const void *b)
{
	const struct event_desc *const *left = a, *const *right = b;
	const int category = strcmp((*left)->category, (*right)->category);
	const int name = category ? category : strcmp((*left)->name, (*right)->name);

	return name ? name : ((*left)->id > (*right)->id) - ((*left)->id < (*right)->id);
}

/* The same trace point in several places of the source? Only the long form tells them apart. */
static bool looks_same(const struct list_round *round, const struct event_desc *a, const struct event_desc *b)
{
	if (round->long_form || strcmp(a->category, b->category) || strcmp(a->name, b->name))
		return false;
	if (round->names_only)
		return true;
	if (a->n_fields != b->n_fields)
		return false;
	for (uint32_t i = 0; i < a->n_fields; i++)
		if (a->fields[i].type != b->fields[i].type || strcmp(a->fields[i].name, b->fields[i].name))
			return false;
	return true;
}

static void print_hypervisor(const void *of)
{
	const struct record_hypervisor *hypervisor = of;

	printf("hypervisor: %s", hypervisor->name);
	if (hypervisor->n_cpus)
		printf(" on %" PRIu32 " CPU%s", hypervisor->n_cpus, hypervisor->n_cpus == 1 ? "" : "s");
	if (hypervisor->missing)
		printf("%scannot be recorded: %s\n    %s", hypervisor->name[0] ? ", " : "", hypervisor->missing,
		       hypervisor->remedy);
	putchar('\n');
}

/* Events of one owner, by name; its own line is printed in front of the first. */
static void print_events(struct list_round *round, const struct list_owner *owner, const struct event_desc **events, size_t n)
{
	bool named = round->names_only;
	char name[2 * EVENT_TEXT_MAX + 2];

	qsort(events, n, sizeof(*events), compare_names);
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s:%s", events[i]->category, events[i]->name);
		if (round->pattern && fnmatch(round->pattern, name, 0))
			continue;
		if (i && looks_same(round, events[i - 1], events[i]))
			continue;
		if (!named)
			owner->print(owner->of);
		named = true;
		round->events++;
		print_event(round, events[i], name);
	}
	if (!named && !round->pattern)
		owner->print(owner->of); /* so far without an event */
}

static int print_set(struct list_round *round, const struct list_owner *owner, const struct event_set *set)
{
	const struct event_desc **sorted = calloc((size_t)set->n + 1, sizeof(*sorted));

	for (uint32_t i = 0; sorted && i < set->n; i++)
		sorted[i] = &set->events[i];
	if (sorted)
		print_events(round, owner, sorted, set->n);
	free(sorted);
	return sorted ? 0 : -ENOMEM;
}

static int each(void *data, const struct record_program *program)
{
	const struct list_owner owner = {print_program, program};
	struct list_round *round = data;
	struct event_set_error error;
	struct event_set *events;
	int err;

	round->programs++;
	if (event_set_parse(program->events, program->events_size, &events, &error)) {
		fprintf(stderr, "borelog list: process %d (", (int)program->pid);
		cli_print_quoted(stderr, program->executable);
		fprintf(stderr, ") has descriptions that make no sense at byte %zu: %s\n", error.offset, error.text);
		return 0;
	}
	err = print_set(round, &owner, events);
	event_set_free(events);
	return err;
}

static int list_hypervisor(struct list_round *round)
{
	const struct record_hypervisor *hypervisor = &round->hypervisor;
	const struct list_owner owner = {print_hypervisor, hypervisor};
	struct event_set_error error;
	struct event_set *events;
	int err;

	if (event_set_parse(hypervisor->events, hypervisor->events_size, &events, &error)) {
		fprintf(stderr, "borelog list: the hypervisor's descriptions make no sense at byte %zu: %s\n", error.offset,
			error.text);
		return 0;
	}
	err = print_set(round, &owner, events);
	event_set_free(events);
	return err;
}

/* Nothing was found: what else there would be, and why it is not. */
static void print_nothing(const struct list_round *round)
{
	const struct record_hypervisor *hypervisor = &round->hypervisor;

	if (!round->programs)
		fputs("No instrumented program runs. Programs that nobody instrumented are recorded with: borelog record -- CMD\n",
		      stderr);
	if (round->events || !round->pattern)
		return;
	fprintf(stderr, "No event matches \"%s\"; without -e all are shown.\n", round->pattern);
	if (hypervisor->missing && !hypervisor->events && (hypervisor->name[0] || !strncmp(round->pattern, "xen", 3)))
		fprintf(stderr, "The hypervisor cannot be recorded: %s. %s.\n", hypervisor->missing, hypervisor->remedy);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct list_round round = {.command = command};
	struct record_error error;
	const int status = cli_parse(command, argc, argv, set, &round);
	int err;

	if (status >= 0)
		return status;
	if (optind < argc)
		return cli_usage_error(command, "takes no argument like \"%s\"; events are chosen with -e", argv[optind]);
	error.text[0] = 0;
	if (record_programs_each(each, &round, &error))
		return cli_fail(command, error.text[0] ? error.text : "out of memory");
	record_hypervisor_look(&round.hypervisor);
	err = list_hypervisor(&round);
	if (!err && !round.names_only)
		print_nothing(&round);
	record_hypervisor_fini(&round.hypervisor);
	return err ? cli_fail(command, "out of memory") : CLI_OK;
}

const struct cli_command cli_list = {
	.name = "list",
	.summary = "show what can be recorded: programs that run now, the hypervisor, their events",
	.synopsis = "[-ln] [-e GLOB]",
	.description = "Shows the instrumented programs that run now and the events they have, with the types\n"
		       "of their fields. The programs are not disturbed. Root sees everybody's. Then the\n"
		       "hypervisor's, or why it cannot be recorded from here, and what to do about it.\n",
	.options = options,
	.run = run,
};
