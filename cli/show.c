/* SPDX-License-Identifier: MIT */
/**
 * show.c - see show.h
 */
#include "cli/show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

void show_time(FILE *to, int64_t ns, bool date)
{
	const int64_t below = ns % NS_PER_S;
	const time_t seconds = (time_t)(ns / NS_PER_S - (below < 0));
	const long rest = (long)(below < 0 ? below + NS_PER_S : below);
	char text[64];
	struct tm tm;

	if (date && localtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		fprintf(to, "%s.%09ld", text, rest);
	else
		fprintf(to, "%" PRId64 ".%09ld s", (int64_t)seconds, rest);
}

void show_span(FILE *to, int64_t first, int64_t last, bool date)
{
	char buf[CLI_NUMBER_MAX];

	show_time(to, first, date);
	fputs(" to ", to);
	show_time(to, last, date);
	fprintf(to, " (%s)", show_ns((uint64_t)last - (uint64_t)first, buf));
}

const char *show_ns(uint64_t ns, char buf[CLI_NUMBER_MAX])
{
	if (ns >= 10000)
		return cli_duration(ns, buf);
	snprintf(buf, CLI_NUMBER_MAX, "%" PRIu64 " ns", ns);
	return buf;
}

const char *show_name(struct text *text, const char *name)
{
	text->size = 0;
	if (name)
		text_shown(text, name, strlen(name));
	text_put(text, "", 1);
	return text->failed ? "?" : text->bytes;
}
