/* SPDX-License-Identifier: MIT */
/**
 * print.c - numbers for people, the progress line, the summary.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

#include "record/record.h"

#define NS_PER_S ((uint64_t)1000000000)

const char *cli_number(uint64_t n, char buf[CLI_NUMBER_MAX])
{
	char digits[24];
	const int length = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *out = buf;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = 0;
	return buf;
}

const char *cli_bytes(uint64_t bytes, char buf[CLI_NUMBER_MAX])
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(buf, CLI_NUMBER_MAX, "%" PRIu64 " bytes", bytes);
		return buf;
	}
	for (; value >= 999.5 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		value /= 1000;
	snprintf(buf, CLI_NUMBER_MAX, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[i]);
	return buf;
}

const char *cli_duration(uint64_t ns, char buf[CLI_NUMBER_MAX])
{
	if (ns < 1000 * 1000)
		snprintf(buf, CLI_NUMBER_MAX, "%" PRIu64 " us", ns / 1000);
	else if (ns < NS_PER_S)
		snprintf(buf, CLI_NUMBER_MAX, "%" PRIu64 " ms", ns / (1000 * 1000));
	else if (ns < 100 * NS_PER_S)
		snprintf(buf, CLI_NUMBER_MAX, "%.2f s", (double)ns / NS_PER_S);
	else
		snprintf(buf, CLI_NUMBER_MAX, "%" PRIu64 " min %" PRIu64 " s", ns / NS_PER_S / 60, ns / NS_PER_S % 60);
	return buf;
}

void cli_print_quoted(FILE *to, const char *text)
{
	const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";

	if (*text && !text[strspn(text, plain)]) {
		fputs(text, to);
		return;
	}
	fputc('\'', to);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", to);
		else
			fputc(*text, to);
	}
	fputc('\'', to);
}

static uint64_t rate(uint64_t records, uint64_t ns)
{
	return ns ? (uint64_t)((double)records * NS_PER_S / (double)ns) : 0;
}

static const char *const lost_texts[] = {
	[BL_LOST_FULL] = "found the ring full",
	[BL_LOST_SIZE] = "were larger than a sub-buffer",
	[BL_LOST_ATTACH] = "fell into the attaching",
	[BL_LOST_TORN] = "were unfinished when their program died",
	[BL_LOST_BUSY] = "were given up among too many others",
};
_Static_assert(sizeof(lost_texts) / sizeof(lost_texts[0]) == BL_LOST_NR, "every reason has a text");

static void print_reason(FILE *to, uint64_t count, const char *text, const char **separator)
{
	char number[CLI_NUMBER_MAX];

	if (!count)
		return;
	fprintf(to, "%s%s %s", *separator, cli_number(count, number), text);
	*separator = ", ";
}

static void print_discarded(FILE *to, const struct record_summary *summary)
{
	const uint64_t disk = summary->discarded_disk;
	const char *separator = ": ";
	char number[CLI_NUMBER_MAX];
	uint64_t total = 0;

	for (size_t i = 0; i < BL_LOST_NR; i++)
		total += summary->discarded[i];
	fprintf(to, "discarded: %s", cli_number(total, number));
	print_reason(to, disk, "found the disk full", &separator);
	for (size_t i = 0; i < BL_LOST_NR; i++)
		print_reason(to, summary->discarded[i] - (i == BL_LOST_FULL ? disk : 0), lost_texts[i], &separator);
	fputc('\n', to);
	if (summary->discarded[BL_LOST_FULL] > disk)
		fputs("           larger rings help (--size), or fewer events (-e)\n", to);
	if (summary->discarded[BL_LOST_SIZE])
		fputs("           larger sub-buffers help (--sub-size)\n", to);
}

/* What only matters when it is there. */
static void print_trouble(FILE *to, const struct record_summary *summary)
{
	if (summary->programs_refused)
		fprintf(to, "refused:   %" PRIu32 " program%s could not attach\n", summary->programs_refused,
			summary->programs_refused == 1 ? "" : "s");
	if (summary->refused_packets)
		fprintf(to, "refused:   %" PRIu64 " packets that made no sense; their program wrote over its own ring\n",
			summary->refused_packets);
}

static void print_next(FILE *to, const struct record_summary *summary)
{
	if (!summary->trace_dir[0]) {
		fputs("trace:     none was written\n", to);
		return;
	}
	fputs("trace:     ", to);
	cli_print_quoted(to, summary->trace_dir);
	if (summary->records) {
		fputs("\nnext:      borelog events ", to);
		cli_print_quoted(to, summary->trace_dir);
	} else if (summary->programs || summary->hypervisor) {
		fputs("\nnext:      borelog list     shows which events there are, for -e", to);
	} else {
		fputs("\nnext:      borelog record -- CMD     records a command, instrumented or not", to);
	}
	fputc('\n', to);
}

void cli_print_summary(FILE *to, const struct record_summary *summary)
{
	char records[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX], duration[CLI_NUMBER_MAX], per_s[CLI_NUMBER_MAX];

	fprintf(to, "recorded:  %s record%s of %" PRIu32 " program%s%s, %s, in %s (%s records/s)\n",
		cli_number(summary->records, records), summary->records == 1 ? "" : "s", summary->programs,
		summary->programs == 1 ? "" : "s", summary->hypervisor ? " and the hypervisor" : "",
		cli_bytes(summary->bytes, bytes), cli_duration(summary->duration_ns, duration),
		cli_number(rate(summary->records, summary->duration_ns), per_s));
	print_discarded(to, summary);
	print_trouble(to, summary);
	print_next(to, summary);
}

void cli_progress_draw(struct cli_progress *line, const struct record_progress *progress)
{
	char records[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX], discarded[CLI_NUMBER_MAX], duration[CLI_NUMBER_MAX];
	const uint64_t ns = progress->elapsed_ns - line->last_ns;

	if (!line->to)
		return;
	fprintf(line->to, "\r\033[K%s  %s records/s  %s  %s discarded  %" PRIu32 " program%s",
		cli_duration(progress->elapsed_ns, duration), cli_number(rate(progress->records - line->last_records, ns), records),
		cli_bytes(progress->bytes, bytes), cli_number(progress->discarded, discarded), progress->programs,
		progress->programs == 1 ? "" : "s");
	fflush(line->to);
	line->drawn = true;
	line->last_records = progress->records;
	line->last_ns = progress->elapsed_ns;
}

void cli_progress_clear(struct cli_progress *line)
{
	if (!line->drawn)
		return;
	fputs("\r\033[K", line->to);
	line->drawn = false;
}
