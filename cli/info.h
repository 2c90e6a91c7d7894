/* SPDX-License-Identifier: MIT */
/**
 * info.h - what `borelog info` prints
 */
#ifndef BL_CLI_INFO_H
#define BL_CLI_INFO_H

#include "analysis/inventory.h"
#include "cli/term.h"
#include "ctf/ctf.h"

/** What is to be printed. */
struct info {
	const struct ctf *ctf;
	const struct inventory *streams; /* by ctf_stream.index */
	const char *pattern;             /* of events' names; NULL: all */
	bool long_form;
};

/** info_wants() - is the event one of those that were asked for? */
bool info_wants(const struct info *info, const struct ctf_event_class *event);

void info_print_text(const struct info *info, const struct term *term);

/** info_print_json() - Return: false: out of memory. */
bool info_print_json(const struct info *info, FILE *to);

#endif
