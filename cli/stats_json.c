/* SPDX-License-Identifier: MIT */
/**
 * stats_json.c - `borelog stats --format json`: one object; its members are in borelog-stats(1)
 */
#include "cli/stats.h"

#include <inttypes.h>
#include <string.h>

#include "cli/json.h"

#define NS_PER_S 1000000000

static void json_lost(struct text *text, const struct stats_lost *lost)
{
	json_format(text, "\"lost\":{\"records\":%" PRIu64 ",\"packets\":%" PRIu64, lost->records, lost->packets);
	json_format(text, ",\"times\":%" PRIu64 ",\"unknown\":%s,\"reasons\":{", lost->times, lost->unknown ? "true" : "false");
	for (uint32_t i = 0; i < lost->n_reasons; i++) {
		if (i)
			text_char(text, ',');
		text_json(text, lost->reasons[i].name, strlen(lost->reasons[i].name));
		json_format(text, ":%" PRIu64, lost->reasons[i].n);
	}
	text_string(text, "}}");
}

/* "records":, "bytes":, "rate": */
static void json_count(struct text *text, const struct stats_count *count, uint64_t span_ns)
{
	json_format(text, "\"records\":%" PRIu64 ",\"bytes\":%" PRIu64, count->records, stats_bytes(count->bits));
	if (span_ns)
		json_format(text, ",\"rate\":%.1f", (double)count->records * NS_PER_S / (double)span_ns);
}

static void json_trace(struct text *text, const struct stats_trace *trace)
{
	const uint64_t span_ns = trace->has_time ? (uint64_t)trace->last - (uint64_t)trace->first : 0;

	json_count(text, &trace->count, span_ns);
	json_format(text, ",\"files\":%" PRIu32 ",\"file_bytes\":%" PRIu64, trace->n_files, trace->file_bytes);
	if (trace->has_time)
		json_format(text, ",\"first\":%" PRId64 ",\"last\":%" PRId64 ",\"duration\":%" PRIu64, trace->first, trace->last,
			    span_ns);
	text_char(text, ',');
	json_lost(text, &trace->lost);
}

static void json_clocks(struct text *text, const struct stats *stats, const struct ctf_trace *trace)
{
	const char *comma = "";

	text_string(text, ",\"clocks\":[");
	for (uint32_t i = 0; i < stats->n_clocks; i++) {
		const struct ctf_clock *clock = stats->clocks[i].clock;

		if (stats->clocks[i].trace != trace)
			continue;
		json_format(text, "%s{\"frequency\":%" PRIu64, comma, clock->frequency);
		json_more(text, "name", clock->name);
		json_more(text, "uid", clock->uid);
		if (stats->clocks[i].known)
			json_format(text, ",\"error\":%" PRIu64, stats->clocks[i].error_ns);
		text_char(text, '}');
		comma = ",";
	}
	text_char(text, ']');
}

static void json_traces(struct text *text, const struct stats *stats)
{
	text_string(text, ",\"traces\":[");
	for (uint32_t i = 0; i < stats->n_traces; i++) {
		const struct ctf_trace *trace = stats->traces[i].trace;

		text_string(text, i ? ",{" : "{");
		json_string(text, "dir", trace->dir);
		if (trace->n_dirs > 1)
			json_strings(text, "chunks", trace->n_dirs, trace->dirs);
		json_more(text, "layer", stats_layer(trace));
		text_char(text, ',');
		json_trace(text, &stats->traces[i]);
		json_clocks(text, stats, trace);
		text_char(text, '}');
	}
	text_char(text, ']');
}

static uint32_t trace_index(const struct stats *stats, const struct ctf_trace *trace)
{
	uint32_t i = 0;

	while (stats->traces[i].trace != trace)
		i++;
	return i;
}

static void json_events(struct text *text, const struct stats *stats, uint64_t span_ns)
{
	text_string(text, ",\"events\":[");
	for (uint32_t i = 0; i < stats->n_events; i++) {
		const struct stats_event *event = &stats->events[i];

		json_format(text, "%s{\"trace\":%" PRIu32 ",", i ? "," : "", trace_index(stats, event->trace));
		if (event->class->name)
			json_string(text, "name", event->class->name);
		else
			json_format(text, "\"id\":%" PRIu64, event->class->id);
		json_more(text, "namespace", event->class->ns);
		text_char(text, ',');
		json_count(text, &event->count, span_ns);
		text_char(text, '}');
	}
	text_char(text, ']');
}

static void json_groups(struct text *text, const struct stats *stats, const struct stats_groups *groups, const char *key,
			const char *id, uint64_t span_ns)
{
	json_format(text, ",\"%s\":[", key);
	for (uint32_t i = 0; i < groups->n; i++) {
		const struct stats_group *group = &groups->groups[i];

		json_format(text, "%s{\"trace\":%" PRIu32 ",\"%s\":", i ? "," : "", trace_index(stats, group->trace), id);
		if (group->known)
			json_format(text, "%" PRId64, group->id);
		else
			text_string(text, "null");
		json_more(text, "name", group->name[0] ? group->name : NULL);
		text_char(text, ',');
		json_count(text, &group->count, span_ns);
		json_format(text, ",\"lost\":%" PRIu64 "}", group->count.lost);
	}
	text_char(text, ']');
}

static void json_histogram(struct text *text, const struct stats *stats)
{
	if (!stats->n_bins)
		return;
	json_format(text, ",\"histogram\":{\"from\":%" PRId64 ",\"width\":%" PRIu64 ",\"records\":[", stats->bins_from,
		    stats->bins_width);
	for (uint32_t i = 0; i < stats->n_bins; i++)
		json_format(text, "%s%" PRIu64, i ? "," : "", stats->bins[i]);
	text_string(text, "]}");
}

bool stats_print_json(const struct stats *stats, FILE *to)
{
	const uint64_t span_ns = stats->total.has_time ? (uint64_t)stats->total.last - (uint64_t)stats->total.first : 0;
	struct text text = {0};
	bool good;

	text_char(&text, '{');
	json_trace(&text, &stats->total);
	if (stats->has_error)
		json_format(&text, ",\"clock_error\":%" PRIu64 ",\"clocks_apart\":%" PRIu64, stats->error_ns, stats->apart_ns);
	json_traces(&text, stats);
	json_events(&text, stats, span_ns);
	json_groups(&text, stats, &stats->processes, "processes", "pid", span_ns);
	json_groups(&text, stats, &stats->cpus, "cpus", "cpu", span_ns);
	json_histogram(&text, stats);
	text_string(&text, "}\n");
	good = !text.failed;
	if (good)
		fwrite(text.bytes, 1, text.size, to);
	text_fini(&text);
	return good;
}
