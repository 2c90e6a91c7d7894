/* SPDX-License-Identifier: MIT */
/**
 * stats.h - what `borelog stats` prints
 */
#ifndef BL_CLI_STATS_H
#define BL_CLI_STATS_H

#include "analysis/stats.h"
#include "cli/term.h"

#define STATS_LABEL 10 /* columns in front of the first lines, and of the histogram */

/** stats_print_text() - @top: lines of each table; 0: all. The histogram has a column for each bin. */
void stats_print_text(const struct stats *stats, const struct term *term, unsigned int top);

/** stats_print_json() - Return: false: out of memory. */
bool stats_print_json(const struct stats *stats, FILE *to);

#endif
