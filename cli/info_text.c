/* SPDX-License-Identifier: MIT */
/**
 * info_text.c - `borelog info` for people
 *
 * A trace is a block of lines, each with a label. Names come from traces: they are printed as text_shown() makes them.
 */
#include "cli/info.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/notation.h"
#include "analysis/stats.h"
#include "cli/show.h"

#define LABEL 15 /* columns in front of a line */
#define STREAMS_MAX 20
#define MAPPINGS_MAX 16
#define CHUNKS_MAX 8

struct page {
	const struct info *info;
	const struct term *term;
	struct text name;  /* for show_name() */
	struct text types; /* for notation */
};

static void print_label(struct page *page, const char *label)
{
	fputs("  ", page->term->to);
	term_style(page->term, TERM_DIM);
	term_text(page->term, label, LABEL - 2);
	term_style(page->term, TERM_PLAIN);
}

static const char *shown(struct page *page, const char *name)
{
	return show_name(&page->name, name);
}

/* ---- A trace ---- */

static void print_format(struct page *page, const struct ctf_trace *trace)
{
	FILE *to = page->term->to;

	print_label(page, "format");
	fprintf(to, "CTF %u.%u", trace->major, trace->minor);
	if (trace->major == 1)
		fputs(trace->big_endian ? ", big-endian" : ", little-endian", to);
	if (trace->has_uuid) {
		fputs(", uuid ", to);
		for (size_t i = 0; i < sizeof(trace->uuid); i++)
			fprintf(to, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", trace->uuid[i]);
	}
	fputc('\n', to);
	if (!trace->name && (!trace->uid || trace->has_uuid))
		return;
	print_label(page, "identity");
	fprintf(to, "%s", shown(page, trace->ns));
	fprintf(to, "%s%s", trace->ns ? ":" : "", shown(page, trace->name));
	fprintf(to, "%s%s\n", trace->name && trace->uid ? " " : "", shown(page, trace->uid));
}

static const struct ctf_env *find_env(const struct ctf_trace *trace, const char *name)
{
	for (uint32_t i = 0; i < trace->n_env; i++)
		if (trace->env[i].name && !strcmp(trace->env[i].name, name))
			return &trace->env[i];
	return NULL;
}

/* " word VALUE", if there is one. */
static void print_env_value(struct page *page, const struct ctf_env *env, const char *word)
{
	if (!env)
		return;
	fputs(word, page->term->to);
	if (env->text)
		fputs(shown(page, env->text), page->term->to);
	else
		fprintf(page->term->to, "%" PRId64, env->number);
}

static void print_producer(struct page *page, const struct ctf_trace *trace)
{
	const struct ctf_env *version = find_env(trace, "tracer_version");

	if (!find_env(trace, "tracer_name"))
		return;
	print_label(page, "producer");
	print_env_value(page, find_env(trace, "tracer_name"), "");
	if (version) {
		print_env_value(page, version, " ");
	} else {
		print_env_value(page, find_env(trace, "tracer_major"), " ");
		print_env_value(page, find_env(trace, "tracer_minor"), ".");
		print_env_value(page, find_env(trace, "tracer_patchlevel"), ".");
	}
	print_env_value(page, find_env(trace, "hostname"), " on ");
	fputc('\n', page->term->to);
}

static void print_env(struct page *page, const struct ctf_trace *trace)
{
	for (uint32_t i = 0; i < trace->n_env; i++) {
		const struct ctf_env *env = &trace->env[i];

		print_label(page, i ? "" : "environment");
		fprintf(page->term->to, "%s = ", shown(page, env->name));
		if (env->text)
			fprintf(page->term->to, "\"%s\"\n", shown(page, env->text));
		else
			fprintf(page->term->to, "%" PRId64 "\n", env->number);
	}
}

static void print_origin(struct page *page, const struct ctf_clock *clock)
{
	FILE *to = page->term->to;

	fputs(", 0 is ", to);
	show_time(to, ctf_clock_ns(clock, 0), clock->unix_epoch);
	if (clock->unix_epoch)
		return;
	fputs(" from an origin of its own", to);
	if (clock->origin_ns || clock->origin_name || clock->origin_uid) {
		fprintf(to, " (%s", shown(page, clock->origin_ns));
		fprintf(to, "%s%s", clock->origin_ns ? ":" : "", shown(page, clock->origin_name));
		fprintf(to, "%s%s)", clock->origin_uid ? " " : "", shown(page, clock->origin_uid));
	}
}

static void print_exactness(struct page *page, const char *what, const struct ctf_clock *clock, uint64_t cycles)
{
	char buf[CLI_NUMBER_MAX];
	const double ns = (double)cycles * 1e9 / (double)clock->frequency;

	fprintf(page->term->to, ", %s %s", what, show_ns((uint64_t)(ns + 0.999999), buf));
}

static void print_clock(struct page *page, const struct ctf_clock *clock, bool first)
{
	FILE *to = page->term->to;

	print_label(page, first ? "clock" : "");
	fprintf(to, "%s, %.10g MHz", clock->name ? shown(page, clock->name) : "unnamed", (double)clock->frequency / 1e6);
	print_origin(page, clock);
	if (clock->has_precision)
		print_exactness(page, "precision", clock, clock->precision);
	if (clock->has_accuracy)
		print_exactness(page, "accuracy", clock, clock->accuracy);
	fputc('\n', to);
	if (!clock->uid && !clock->description)
		return;
	print_label(page, "");
	if (clock->uid)
		fprintf(to, "uid %s%s", shown(page, clock->uid), clock->description ? ", " : "");
	if (clock->description)
		fprintf(to, "\"%s\"", shown(page, clock->description));
	fputc('\n', to);
}

/* ---- Data streams ---- */

/* "3 packets, 22.6 kB, TIME to TIME (32 ms)" */
static void print_inventory(struct page *page, const struct inventory *inventory, uint64_t file_bytes, bool date)
{
	char number[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX];
	FILE *to = page->term->to;

	fprintf(to, "%s packet%s, %s", cli_number(inventory->packets, number), inventory->packets == 1 ? "" : "s",
		cli_bytes(file_bytes, bytes));
	if (inventory->has_time) {
		fputs(", ", to);
		show_span(to, inventory->first, inventory->last, date);
	}
}

static void print_losses(struct page *page, const struct inventory *inventory)
{
	char number[CLI_NUMBER_MAX];
	FILE *to = page->term->to;

	if (!inventory->lost_records && !inventory->lost_packets)
		return;
	term_style(page->term, TERM_RED);
	fputs(", lost ", to);
	if (inventory->lost_records)
		fprintf(to, "%s record%s", cli_number(inventory->lost_records, number), inventory->lost_records == 1 ? "" : "s");
	if (inventory->lost_packets)
		fprintf(to, "%s%s packet%s", inventory->lost_records ? ", " : "", cli_number(inventory->lost_packets, number),
			inventory->lost_packets == 1 ? "" : "s");
	term_style(page->term, TERM_PLAIN);
}

static bool has_date(const struct ctf_stream_class *class)
{
	return class->clock && class->clock->unix_epoch;
}

static const char *file_name(const struct ctf_stream *stream)
{
	const char *slash = strrchr(stream->files[0], '/');

	return slash ? slash + 1 : stream->files[0];
}

static void print_stream(struct page *page, const struct ctf_stream *stream)
{
	const struct inventory *inventory = &page->info->streams[stream->index];
	char label[LABEL] = "stream";

	if (stream->has_id)
		snprintf(label, sizeof(label), "stream %" PRIu64, stream->id);
	print_label(page, label);
	if (stream->n_files)
		fprintf(page->term->to, "%s", shown(page, file_name(stream)));
	if (stream->n_files > 1)
		fprintf(page->term->to, " and %" PRIu32 " more", stream->n_files - 1);
	fputs(": ", page->term->to);
	print_inventory(page, inventory, stream->size, has_date(stream->class));
	print_losses(page, inventory);
	fputc('\n', page->term->to);
}

/* All of a trace, or of a stream class if @class is not NULL. Returns how many there are. */
static uint32_t sum_streams(const struct info *info, const struct ctf_trace *trace, const struct ctf_stream_class *class,
			    struct inventory *ret, uint64_t *ret_bytes)
{
	uint32_t n = 0;

	*ret = (struct inventory){0};
	*ret_bytes = 0;
	for (uint32_t i = 0; i < ctf_n_streams(info->ctf); i++) {
		const struct ctf_stream *stream = ctf_stream_at(info->ctf, i);

		if (stream->trace != trace || (class && stream->class != class))
			continue;
		inventory_add(ret, &info->streams[i]);
		*ret_bytes += stream->size;
		n++;
	}
	return n;
}

static void print_streams(struct page *page, const struct ctf_trace *trace, const struct ctf_stream_class *class)
{
	const struct info *info = page->info;
	char number[CLI_NUMBER_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < ctf_n_streams(info->ctf); i++) {
		const struct ctf_stream *stream = ctf_stream_at(info->ctf, i);

		if (stream->trace != trace || stream->class != class)
			continue;
		if (++n <= STREAMS_MAX || info->long_form)
			print_stream(page, stream);
	}
	if (n <= STREAMS_MAX || info->long_form)
		return;
	print_label(page, "");
	fprintf(page->term->to, "... and %s other data streams; -l shows all\n", cli_number(n - STREAMS_MAX, number));
}

static void print_total(struct page *page, const struct ctf_trace *trace)
{
	char number[CLI_NUMBER_MAX];
	struct inventory total;
	uint64_t bytes;
	const uint32_t n = sum_streams(page->info, trace, NULL, &total, &bytes);
	bool date = true;

	for (uint32_t i = 0; i < trace->n_streams; i++)
		date &= !trace->streams[i]->clock || has_date(trace->streams[i]);
	print_label(page, "data");
	fprintf(page->term->to, "%s data stream%s, ", cli_number(n, number), n == 1 ? "" : "s");
	print_inventory(page, &total, bytes, date);
	print_losses(page, &total);
	fputc('\n', page->term->to);
}

/* ---- Types ---- */

/* A text, begun at @column, broken at blanks where a terminal is not wide enough; what follows is indented. */
static void print_wrapped(struct page *page, const char *text, unsigned int column, unsigned int indent)
{
	FILE *to = page->term->to;
	bool first = true;

	for (; *text; first = false) {
		const size_t size = strcspn(text, " ");

		if (!first && page->term->terminal && column + 1 + size > page->term->width) {
			fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', to);
			column++;
		}
		fwrite(text, 1, size, to);
		column += (unsigned int)size;
		text += size;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

static const char *notation(struct page *page, const struct notation *where, const struct ctf_class *class)
{
	page->types.size = 0;
	notation_class(&page->types, where, class);
	text_put(&page->types, "", 1);
	return page->types.failed ? "?" : page->types.bytes;
}

static void print_scope(struct page *page, const char *label, struct notation where, enum ctf_scope scope)
{
	const struct ctf_class *class = notation_scope(&where, scope);

	if (!class || !class->n_members)
		return;
	where.scope = scope;
	print_label(page, label);
	print_wrapped(page, notation(page, &where, class), LABEL, LABEL);
}

static void print_event_more(struct page *page, const struct ctf_event_class *event)
{
	FILE *to = page->term->to;

	fprintf(to, "%*sid %" PRIu64, LABEL + 2, "", event->id);
	if (event->ns)
		fprintf(to, ", name space %s", shown(page, event->ns));
	if (event->uid)
		fprintf(to, ", uid %s", shown(page, event->uid));
	if (event->has_loglevel)
		fprintf(to, ", log level %" PRId64, event->loglevel);
	if (event->emf_uri)
		fprintf(to, ", %s", shown(page, event->emf_uri));
	if (event->attributes)
		fprintf(to, ", attributes %s", shown(page, event->attributes));
	fputc('\n', to);
}

static void print_event(struct page *page, struct notation where, const struct ctf_event_class *event)
{
	const char *name = event->name ? shown(page, event->name) : "";
	FILE *to = page->term->to;

	fprintf(to, "%*s", LABEL, "");
	term_style(page->term, TERM_BOLD);
	if (event->name)
		fputs(name, to);
	else
		fprintf(to, "event %" PRIu64, event->id);
	term_style(page->term, TERM_PLAIN);
	where.event = event;
	where.scope = CTF_PAYLOAD;
	fputc(event->payload ? ' ' : '\n', to);
	if (event->payload)
		print_wrapped(page, notation(page, &where, event->payload), LABEL + term_columns(name) + 1, LABEL + 2);
	where.scope = CTF_SPECIFIC_CONTEXT;
	if (event->context && event->context->n_members) {
		fprintf(to, "%*scontext ", LABEL + 2, "");
		print_wrapped(page, notation(page, &where, event->context), LABEL + 9, LABEL + 4);
	}
	if (page->info->long_form)
		print_event_more(page, event);
}

static int by_name(const void *left, const void *right)
{
	const struct ctf_event_class *a = *(const struct ctf_event_class *const *)left;
	const struct ctf_event_class *b = *(const struct ctf_event_class *const *)right;
	const int order = strcmp(a->name ? a->name : "", b->name ? b->name : "");

	return order ? order : (a->id > b->id) - (a->id < b->id);
}

static void print_events(struct page *page, const struct notation *where, const struct ctf_stream_class *class)
{
	const struct ctf_event_class **sorted = calloc((size_t) class->n_events + 1, sizeof(*sorted));
	char number[CLI_NUMBER_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; sorted && i < class->n_events; i++)
		if (info_wants(page->info, class->events[i]))
			sorted[n++] = class->events[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	print_label(page, "events");
	fprintf(page->term->to, "%s\n", cli_number(n, number));
	for (uint32_t i = 0; i < n; i++)
		print_event(page, *where, sorted[i]);
	free(sorted);
}

static bool any_wanted(const struct info *info, const struct ctf_stream_class *class)
{
	for (uint32_t i = 0; i < class->n_events; i++)
		if (info_wants(info, class->events[i]))
			return true;
	return !info->pattern;
}

static void print_class(struct page *page, const struct ctf_trace *trace, const struct ctf_stream_class *class)
{
	const struct notation where = {.trace = trace, .stream = class, .mappings_max = page->info->long_form ? 0 : MAPPINGS_MAX};
	struct inventory inventory;
	uint64_t bytes;

	if (!any_wanted(page->info, class) ||
	    (!class->n_events && !page->info->long_form && !sum_streams(page->info, trace, class, &inventory, &bytes)))
		return;
	fprintf(page->term->to, "  ");
	term_style(page->term, TERM_BOLD);
	fprintf(page->term->to, "stream class %" PRIu64 "%s%s", class->id, class->name ? " " : "", shown(page, class->name));
	term_style(page->term, TERM_PLAIN);
	fputc('\n', page->term->to);
	print_scope(page, "packet", where, CTF_PACKET_CONTEXT);
	if (page->info->long_form)
		print_scope(page, "header", where, CTF_EVENT_HEADER);
	print_scope(page, "context", where, CTF_COMMON_CONTEXT);
	print_streams(page, trace, class);
	print_events(page, &where, class);
}

/* The first one is the headline. */
static void print_chunks(struct page *page, const struct ctf_trace *trace)
{
	const uint32_t n = trace->n_dirs < CHUNKS_MAX ? trace->n_dirs : CHUNKS_MAX;

	for (uint32_t i = 1; i < n; i++) {
		print_label(page, i == 1 ? "goes on in" : "");
		fprintf(page->term->to, "%s\n", shown(page, trace->dirs[i]));
	}
	if (n < trace->n_dirs) {
		print_label(page, "");
		fprintf(page->term->to, "and %" PRIu32 " more\n", trace->n_dirs - n);
	}
}

static void print_trace(struct page *page, const struct ctf_trace *trace)
{
	const struct notation where = {.trace = trace};

	term_style(page->term, TERM_BOLD);
	fprintf(page->term->to, "%s", shown(page, trace->dir));
	term_style(page->term, TERM_PLAIN);
	fputc('\n', page->term->to);
	print_chunks(page, trace);
	print_label(page, "layer");
	fprintf(page->term->to, "%s\n", shown(page, stats_layer(trace)));
	print_format(page, trace);
	print_producer(page, trace);
	print_env(page, trace);
	for (uint32_t i = 0; i < trace->n_clocks; i++)
		print_clock(page, trace->clocks[i], i == 0);
	print_total(page, trace);
	if (page->info->long_form)
		print_scope(page, "packet header", where, CTF_PACKET_HEADER);
	for (uint32_t i = 0; i < trace->n_streams; i++)
		print_class(page, trace, trace->streams[i]);
}

void info_print_text(const struct info *info, const struct term *term)
{
	struct page page = {.info = info, .term = term};

	for (uint32_t i = 0; i < ctf_n_traces(info->ctf); i++) {
		if (i)
			fputc('\n', term->to);
		print_trace(&page, ctf_trace_at(info->ctf, i));
	}
	text_fini(&page.name);
	text_fini(&page.types);
}
