/* SPDX-License-Identifier: MIT */
/**
 * show.h - times, durations and names of traces, for people
 */
#ifndef BL_CLI_SHOW_H
#define BL_CLI_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "analysis/text.h"
#include "cli/cli.h"

/** show_time() - "2026-11-27 16:41:33.123456789" in the user's time zone; without @date, for clocks of unknown origin:
 * "12.345678901 s". */
void show_time(FILE *to, int64_t ns, bool date);

/** show_span() - "TIME to TIME (32 ms)" */
void show_span(FILE *to, int64_t first, int64_t last, bool date);

/** show_ns() - as cli_duration(), but "850 ns" below 10 us; returns @buf. */
const char *show_ns(uint64_t ns, char buf[CLI_NUMBER_MAX]);

/** show_name() - a name out of a trace, harmless for a terminal; valid until @text, which is any, is used again. NULL is "". */
const char *show_name(struct text *text, const char *name);

#endif
