/* SPDX-License-Identifier: MIT */
/**
 * stats_text.c - tables of `borelog stats`, for people
 *
 * Names come from traces: they are printed as text_shown() makes them.
 */
#include "cli/stats.h"

#include <inttypes.h>
#include <string.h>

#include "cli/show.h"

#define NS_PER_S 1000000000
#define RATE_ROWS 4

struct page {
	struct term term;
	const struct stats *stats;
	uint64_t span_ns;
	unsigned int top;
};

/* Columns of a table behind its name. */
#define NUMBERS_WIDTH 52

static void print_label(const struct page *page, const char *label)
{
	term_style(&page->term, TERM_BOLD);
	fprintf(page->term.to, "%-*s", STATS_LABEL, label);
	term_style(&page->term, TERM_PLAIN);
}

static uint64_t per_second(uint64_t n, uint64_t ns)
{
	return ns ? (uint64_t)((double)n * NS_PER_S / (double)ns + 0.5) : 0;
}

static bool is_date(const struct stats *stats)
{
	for (uint32_t i = 0; i < stats->n_clocks; i++)
		if (!stats->clocks[i].clock->unix_epoch)
			return false;
	return true;
}

static void print_traces(const struct page *page)
{
	const struct stats *stats = page->stats;
	char number[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX];
	struct text text = {0};

	for (uint32_t i = 0; i < stats->n_traces; i++) {
		const struct stats_trace *trace = &stats->traces[i];

		print_label(page, i ? "" : stats->n_traces > 1 ? "traces" : "trace");
		fprintf(page->term.to, "%s", show_name(&text, trace->trace->dir));
		if (trace->trace->n_dirs > 1)
			fprintf(page->term.to, " and %" PRIu32 " more", trace->trace->n_dirs - 1);
		fputs(": ", page->term.to);
		fprintf(page->term.to, "%s, ", show_name(&text, stats_layer(trace->trace)));
		fprintf(page->term.to, "%s file%s, %s\n", cli_number(trace->n_files, number), trace->n_files == 1 ? "" : "s",
			cli_bytes(trace->file_bytes, bytes));
	}
	text_fini(&text);
}

static void print_span(const struct page *page)
{
	const struct stats_trace *total = &page->stats->total;

	if (!total->has_time)
		return;
	print_label(page, "time");
	show_span(page->term.to, total->first, total->last, is_date(page->stats));
	fputc('\n', page->term.to);
}

static void print_records(const struct page *page)
{
	const struct stats_count *count = &page->stats->total.count;
	char number[CLI_NUMBER_MAX], rate[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX];

	print_label(page, "records");
	fprintf(page->term.to, "%s", cli_number(count->records, number));
	if (page->span_ns)
		fprintf(page->term.to, ", %s a second", cli_number(per_second(count->records, page->span_ns), rate));
	fprintf(page->term.to, ", %s", cli_bytes(stats_bytes(count->bits), bytes));
	if (count->records)
		fprintf(page->term.to, ", %.1f bytes each", (double)count->bits / 8 / (double)count->records);
	fputc('\n', page->term.to);
}

static void print_lost(const struct page *page)
{
	const struct stats_lost *lost = &page->stats->total.lost;
	const uint64_t all = lost->records + page->stats->total.count.records;
	char number[CLI_NUMBER_MAX], times[CLI_NUMBER_MAX];
	FILE *to = page->term.to;
	struct text text = {0};

	print_label(page, "lost");
	if (!lost->times) {
		fputs("nothing\n", to);
		return;
	}
	term_style(&page->term, TERM_RED);
	if (lost->records)
		fprintf(to, "%s record%s (%.3g %%)", cli_number(lost->records, number), lost->records == 1 ? "" : "s",
			100 * (double)lost->records / (double)all);
	if (lost->packets)
		fprintf(to, "%s%s packet%s", lost->records ? ", " : "", cli_number(lost->packets, number),
			lost->packets == 1 ? "" : "s");
	if (lost->unknown)
		fprintf(to, "%sand nobody knows how many more", lost->records || lost->packets ? ", " : "");
	term_style(&page->term, TERM_PLAIN);
	fprintf(to, ", at %s place%s", cli_number(lost->times, times), lost->times == 1 ? "" : "s");
	for (uint32_t i = 0; i < lost->n_reasons; i++)
		fprintf(to, "%s%s %s", i ? ", " : ": ", show_name(&text, lost->reasons[i].name),
			cli_number(lost->reasons[i].n, number));
	fputc('\n', to);
	text_fini(&text);
}

static bool seen_clock(const struct stats *stats, uint32_t index)
{
	for (uint32_t i = 0; i < index; i++) {
		const struct ctf_clock *a = stats->clocks[i].clock, *b = stats->clocks[index].clock;

		if (a->uid && b->uid && !strcmp(a->uid, b->uid) && stats->clocks[i].error_ns == stats->clocks[index].error_ns)
			return true;
	}
	return false;
}

static void print_clocks(const struct page *page)
{
	const struct stats *stats = page->stats;
	struct text text = {0};
	char buf[CLI_NUMBER_MAX];
	bool first = true;

	for (uint32_t i = 0; i < stats->n_clocks; i++) {
		const struct stats_clock *clock = &stats->clocks[i];

		if (seen_clock(stats, i))
			continue;
		print_label(page, first ? "clock" : "");
		fprintf(page->term.to, "%s, ", clock->clock->name ? show_name(&text, clock->clock->name) : "unnamed");
		fprintf(page->term.to, "%.6g MHz, ", (double)clock->clock->frequency / 1e6);
		if (clock->known)
			fprintf(page->term.to, "at most %s from the world's time\n", show_ns(clock->error_ns, buf));
		else
			fputs("which does not say how exact it is\n", page->term.to);
		first = false;
	}
	if (stats->has_error && stats->apart_ns) {
		print_label(page, "");
		fprintf(page->term.to, "times of two clocks are at most %s apart\n", show_ns(stats->apart_ns, buf));
	}
	text_fini(&text);
}

static void print_rate(const struct page *page)
{
	const struct stats *stats = page->stats;
	const uint32_t n = stats->n_bins;
	char buf[CLI_NUMBER_MAX];
	uint64_t max = 0;

	if (!n || !stats->total.count.records)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (stats->bins[i] > max)
			max = stats->bins[i];
	for (unsigned int row = RATE_ROWS; row--;) {
		print_label(page, row == RATE_ROWS - 1 ? "rate" : "");
		term_style(&page->term, TERM_BLUE);
		for (uint32_t i = 0; i < n; i++)
			term_level(&page->term, stats->bins[i], max, row, RATE_ROWS);
		term_style(&page->term, TERM_PLAIN);
		fputc('\n', page->term.to);
	}
	print_label(page, "");
	fprintf(page->term.to, "up to %s a second; each column is ", cli_number(per_second(max, stats->bins_width), buf));
	fprintf(page->term.to, "%s\n", show_ns(stats->bins_width, buf));
}

/* A line of a table. */
struct line {
	const char *layer; /* NULL: there is only one */
	const char *name;
	struct stats_count count;
};

static unsigned int name_width(const struct page *page)
{
	const unsigned int width = page->term.width > NUMBERS_WIDTH + 30 ? page->term.width - NUMBERS_WIDTH - 14 : 18;

	return width > 48 ? 48 : width;
}

static void print_head(const struct page *page, const char *what)
{
	fputc('\n', page->term.to);
	term_style(&page->term, TERM_BOLD);
	term_text(&page->term, what, name_width(page));
	fprintf(page->term.to, "%16s %7s %14s %12s\n", "records", "%", "a second", "bytes");
	term_style(&page->term, TERM_PLAIN);
}

static void print_line(const struct page *page, const struct line *line, uint64_t max)
{
	const uint64_t all = page->stats->total.count.records;
	char number[CLI_NUMBER_MAX], rate[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX];
	const unsigned int used = name_width(page) + NUMBERS_WIDTH + 1;
	struct text layer = {0};
	char name[512];

	snprintf(name, sizeof(name), "%s%s%s", show_name(&layer, line->layer), line->layer ? " " : "", line->name);
	text_fini(&layer);
	term_text(&page->term, name, name_width(page));
	fprintf(page->term.to, "%16s %7.2f %14s %12s ", cli_number(line->count.records, number),
		all ? 100 * (double)line->count.records / (double)all : 0,
		page->span_ns ? cli_number(per_second(line->count.records, page->span_ns), rate) : "",
		cli_bytes(stats_bytes(line->count.bits), bytes));
	term_style(&page->term, TERM_BLUE);
	if (page->term.width > used)
		term_bar(&page->term, line->count.records, max, page->term.width - used);
	term_style(&page->term, TERM_PLAIN);
	if (line->count.lost) {
		term_style(&page->term, TERM_RED);
		fprintf(page->term.to, " lost %s", cli_number(line->count.lost, number));
		term_style(&page->term, TERM_PLAIN);
	}
	fputc('\n', page->term.to);
}

static void print_others(const struct page *page, uint32_t n, const char *what)
{
	char number[CLI_NUMBER_MAX];

	if (page->top && n > page->top)
		fprintf(page->term.to, "... and %s other %s; -n 0 shows all\n", cli_number(n - page->top, number), what);
}

static const char *line_layer(const struct page *page, const struct ctf_trace *trace)
{
	return page->stats->n_traces > 1 ? stats_layer(trace) : NULL;
}

static bool is_shown(const struct page *page, uint32_t i)
{
	return !page->top || i < page->top;
}

static void print_events(const struct page *page)
{
	const struct stats *stats = page->stats;
	struct text text = {0};

	if (!stats->n_events)
		return;
	print_head(page, "event");
	for (uint32_t i = 0; i < stats->n_events && is_shown(page, i); i++) {
		const struct stats_event *event = &stats->events[i];
		char number[32];
		const struct line line = {.layer = line_layer(page, event->trace),
					  .name = event->class->name ? show_name(&text, event->class->name) : number,
					  .count = event->count};

		snprintf(number, sizeof(number), "event %" PRIu64, event->class->id);
		print_line(page, &line, stats->events[0].count.records);
	}
	print_others(page, stats->n_events, "events");
	text_fini(&text);
}

/* Only a table of something that is known. */
static bool any_known(const struct stats_groups *groups)
{
	for (uint32_t i = 0; i < groups->n; i++)
		if (groups->groups[i].known)
			return true;
	return false;
}

static void print_groups(const struct page *page, const struct stats_groups *groups, const char *what, const char *plural)
{
	struct text text = {0};
	char name[sizeof(groups->groups->name) * 6 + 32];

	if (!any_known(groups))
		return;
	print_head(page, what);
	for (uint32_t i = 0; i < groups->n && is_shown(page, i); i++) {
		const struct stats_group *group = &groups->groups[i];
		const struct line line = {.layer = line_layer(page, group->trace), .name = name, .count = group->count};

		if (!group->known)
			snprintf(name, sizeof(name), "unknown");
		else
			snprintf(name, sizeof(name), "%" PRId64 "%s%s", group->id, group->name[0] ? " " : "",
				 group->name[0] ? show_name(&text, group->name) : "");
		print_line(page, &line, groups->groups[0].count.records);
	}
	print_others(page, groups->n, plural);
	text_fini(&text);
}

void stats_print_text(const struct stats *stats, const struct term *term, unsigned int top)
{
	struct page page = {.term = *term, .stats = stats, .top = top};

	if (stats->total.has_time)
		page.span_ns = (uint64_t)stats->total.last - (uint64_t)stats->total.first;
	print_traces(&page);
	print_span(&page);
	print_records(&page);
	print_lost(&page);
	print_clocks(&page);
	print_rate(&page);
	print_events(&page);
	print_groups(&page, &stats->processes, "process", "processes");
	print_groups(&page, &stats->cpus, "CPU", "CPUs");
}
