/* SPDX-License-Identifier: MIT */
/**
 * stats.c - see stats.h
 *
 * Each worker counts for itself; what they have is added up at the end, in any order. A stream's records are gathered in its state
 * while they are of one process and CPU, and only added to these when they change, mostly with the packet.
 *
 * Running totals of reasons: of each stream the lowest and the highest that was seen with a loss are kept. Their difference, and
 * what the lowest itself came from, is what was lost, whichever worker saw which.
 */
#include "analysis/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/place.h"
#include "analysis/slices.h"

#define REASONS_MAX 16
#define NONE UINT32_MAX
#define NS_PER_S 1000000000
#define SLICE_BYTES ((uint64_t)64 << 20) /* there is no output that would wait */

/* Where a value is. */
enum origin {
	NOWHERE,
	IN_PACKET,
	IN_RECORD,
	IN_ENV,
};

struct value_source {
	enum origin origin;
	const char *member;
	const struct ctf_env *env;
};

/* What is known of a stream before it is read. */
struct source {
	uint32_t trace; /* index */
	struct value_source pid, name, cpu;
	bool by_record; /* anything of it */
	const struct ctf_class *reasons;
};

/* Totals by reason in a packet's context. */
struct totals {
	uint64_t sum;
	uint64_t n_lost; /* of the loss that they came with */
	uint64_t by[REASONS_MAX];
};

struct stream_lost {
	bool any;
	struct totals lowest, highest;
};

/* A worker's view of a stream. */
struct state {
	const char *file; /* the packet */
	uint64_t offset;
	uint32_t process; /* whose records are pending: indices of groups */
	uint32_t cpu;
	struct stats_count pending;
};

struct counter {
	const struct ctf *ctf;
	const struct stats_options *options;
	const struct source *sources; /* by stream */
	uint32_t n_sources;
	uint32_t n_events;
	struct stats *stats; /* the result */
	struct stats_count *events;
	struct stream_lost *lost; /* by stream */
	bool no_memory;
};

struct worker {
	const struct counter *counter;
	struct state *states;       /* by stream */
	struct stream_lost *lost;   /* by stream */
	struct stats_count *events; /* by ctf_trace.first_event + index */
	struct stats_trace *traces;
	struct stats_groups processes;
	struct stats_groups cpus;
	int64_t bin_from; /* the bin of the last record */
	int64_t bin_to;
	uint64_t *bin;
	uint64_t bins[STATS_BINS];
	bool no_memory;
};

/* ---- Where values are ---- */

static const struct ctf_member *find_member(const struct ctf_class *structure, const char *name)
{
	for (uint32_t i = 0; structure && i < structure->n_members; i++)
		if (structure->members[i].name && !strcmp(structure->members[i].name, name))
			return &structure->members[i];
	return NULL;
}

static const struct ctf_env *find_env(const struct ctf_trace *trace, const char *name)
{
	for (uint32_t i = 0; i < trace->n_env; i++)
		if (trace->env[i].name && !strcmp(trace->env[i].name, name))
			return &trace->env[i];
	return NULL;
}

static struct value_source find_value(const struct ctf_stream *stream, const char *name)
{
	if (find_member(stream->class->packet_context, name))
		return (struct value_source){.origin = IN_PACKET, .member = name};
	if (find_member(stream->class->event_context, name))
		return (struct value_source){.origin = IN_RECORD, .member = name};
	if (find_env(stream->trace, name))
		return (struct value_source){.origin = IN_ENV, .env = find_env(stream->trace, name)};
	return (struct value_source){.origin = NOWHERE};
}

static void find_source(struct source *source, const struct ctf *ctf, const struct ctf_stream *stream)
{
	const struct ctf_member *reasons = find_member(stream->class->packet_context, "discarded");

	while (ctf_trace_at(ctf, source->trace) != stream->trace)
		source->trace++;
	source->pid = find_value(stream, "pid");
	if (source->pid.origin == NOWHERE || source->pid.origin == IN_ENV)
		source->pid = find_value(stream, "vpid");
	source->name = find_value(stream, "procname");
	source->cpu = find_value(stream, "cpu_id");
	source->by_record = source->pid.origin == IN_RECORD || source->cpu.origin == IN_RECORD;
	if (reasons && reasons->class->type == CTF_STRUCT && reasons->class->n_members <= REASONS_MAX)
		source->reasons = reasons->class;
}

const char *stats_layer(const struct ctf_trace *trace)
{
	const char *layer = place_layer(trace);
	const char *slash = strrchr(trace->dir, '/');

	if (layer)
		return layer;
	return slash && slash[1] ? slash + 1 : trace->dir;
}

/* ---- Groups ---- */

static uint64_t group_hash(const struct ctf_trace *trace, bool known, int64_t id)
{
	uint64_t h = (uint64_t)(uintptr_t)trace ^ ((uint64_t)id * 2 + known) * 0x9e3779b97f4a7c15;

	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9;
	return h ^ h >> 32;
}

/* The place in the table where the group is or would be. */
static uint32_t *groups_place(const struct stats_groups *groups, const struct ctf_trace *trace, bool known, int64_t id)
{
	for (uint64_t h = group_hash(trace, known, id);; h++) {
		uint32_t *place = &groups->table[h % groups->table_size];
		const struct stats_group *group = &groups->groups[*place];

		if (*place == NONE || (group->trace == trace && group->known == known && group->id == id))
			return place;
	}
}

static bool groups_grow(struct stats_groups *groups)
{
	const uint32_t room = groups->room ? 2 * groups->room : 64;
	struct stats_group *more = realloc(groups->groups, room * sizeof(*more));
	uint32_t *table;

	if (!more)
		return false;
	groups->groups = more;
	table = malloc(2 * (size_t)room * sizeof(*table));
	if (!table)
		return false;
	free(groups->table);
	groups->table = table;
	groups->table_size = 2 * room;
	groups->room = room;
	memset(table, 0xff, 2 * (size_t)room * sizeof(*table));
	for (uint32_t i = 0; i < groups->n; i++) {
		const struct stats_group *group = &groups->groups[i];

		*groups_place(groups, group->trace, group->known, group->id) = i;
	}
	return true;
}

/* Finds or makes it. NONE: no memory. */
static uint32_t groups_find(struct stats_groups *groups, const struct ctf_trace *trace, bool known, int64_t id)
{
	uint32_t *place;

	if (groups->n == groups->room && !groups_grow(groups))
		return NONE;
	place = groups_place(groups, trace, known, id);
	if (*place == NONE) {
		*place = groups->n;
		groups->groups[groups->n++] =
			(struct stats_group){.trace = trace, .known = known, .id = id, .name_time = INT64_MIN};
	}
	return *place;
}

static void groups_fini(struct stats_groups *groups)
{
	free(groups->groups);
	free(groups->table);
	*groups = (struct stats_groups){0};
}

static void count_add(struct stats_count *to, const struct stats_count *from)
{
	to->records += from->records;
	to->bits += from->bits;
	to->lost += from->lost;
}

static bool groups_add(struct stats_groups *to, const struct stats_groups *from)
{
	for (uint32_t i = 0; i < from->n; i++) {
		const struct stats_group *group = &from->groups[i];
		const uint32_t index = groups_find(to, group->trace, group->known, group->id);
		struct stats_group *sum;

		if (index == NONE)
			return false;
		sum = &to->groups[index];
		count_add(&sum->count, &group->count);
		if (group->name[0] && group->name_time >= sum->name_time) {
			memcpy(sum->name, group->name, sizeof(sum->name));
			sum->name_time = group->name_time;
		}
	}
	return true;
}

/* ---- A worker: whose is the record? ---- */

static struct ctf_field value_field(const struct value_source *source, const struct ctf_record *record)
{
	const struct ctf_field scope =
		ctf_record_scope(record, source->origin == IN_PACKET ? CTF_PACKET_CONTEXT : CTF_COMMON_CONTEXT);

	return scope.class ? ctf_field_member(&scope, source->member) : scope;
}

/* A number, if there is one. A loss has no context of a record. */
static bool value_number(const struct value_source *source, const struct ctf_record *record, int64_t *ret)
{
	struct ctf_field field;

	if (source->origin == IN_ENV && !source->env->text) {
		*ret = source->env->number;
		return true;
	}
	if (source->origin == NOWHERE || source->origin == IN_ENV || (source->origin == IN_RECORD && record->kind != CTF_EVENT))
		return false;
	field = value_field(source, record);
	if (!field.class || field.class->type > CTF_BITMAP)
		return false;
	*ret = ctf_field_int(&field);
	return true;
}

static void name_group(struct stats_group *group, const struct value_source *source, const struct ctf_record *record)
{
	const char *text = source->origin == IN_ENV ? source->env->text : NULL;
	size_t size = text ? strlen(text) : 0;
	char buf[sizeof(group->name)];
	struct ctf_field field;

	if (source->origin == IN_PACKET || (source->origin == IN_RECORD && record->kind == CTF_EVENT)) {
		field = value_field(source, record);
		if (field.class && field.class->type == CTF_STRING)
			text = ctf_field_text(&field, buf, sizeof(buf), &size);
	}
	if (!text || !size || record->time < group->name_time)
		return;
	if (size >= sizeof(group->name))
		size = sizeof(group->name) - 1;
	memcpy(group->name, text, size);
	group->name[size] = 0;
	group->name_time = record->time;
}

static void flush(struct worker *worker, struct state *state, const struct source *source)
{
	if (state->process != NONE)
		count_add(&worker->processes.groups[state->process].count, &state->pending);
	if (state->cpu != NONE)
		count_add(&worker->cpus.groups[state->cpu].count, &state->pending);
	count_add(&worker->traces[source->trace].count, &state->pending);
	state->pending = (struct stats_count){0};
}

/* Which process and CPU what comes now belongs to. */
static void settle(struct worker *worker, struct state *state, const struct source *source, const struct ctf_record *record,
		   bool new_packet)
{
	const struct ctf_trace *trace = record->stream->trace;
	int64_t pid = 0, cpu = 0;
	const bool has_pid = value_number(&source->pid, record, &pid);
	const bool has_cpu = value_number(&source->cpu, record, &cpu);
	const uint32_t process = groups_find(&worker->processes, trace, has_pid, pid);
	const uint32_t on = groups_find(&worker->cpus, trace, has_cpu, cpu);

	if (process == NONE || on == NONE) {
		worker->no_memory = true;
		return;
	}
	if (!new_packet && process == state->process && on == state->cpu)
		return;
	flush(worker, state, source);
	if (source->name.origin != NOWHERE && has_pid)
		name_group(&worker->processes.groups[process], &source->name, record);
	state->process = process;
	state->cpu = on;
}

/* ---- A worker: counting ---- */

static void count_loss_reasons(struct worker *worker, const struct source *source, const struct ctf_record *record)
{
	struct stream_lost *lost = &worker->lost[record->stream->index];
	struct ctf_field scope = ctf_record_scope(record, CTF_PACKET_CONTEXT);
	struct ctf_field structure = scope.class ? ctf_field_member(&scope, "discarded") : scope;
	struct totals totals = {.n_lost = record->n_lost};
	struct ctf_field field;
	uint32_t i = 0;

	if (!source->reasons || structure.class != source->reasons)
		return;
	for (field = ctf_field_first(&structure); field.class; field = ctf_field_next(&structure, &field)) {
		totals.by[i] = field.class->type <= CTF_BITMAP ? ctf_field_uint(&field) : 0;
		totals.sum += totals.by[i++];
	}
	if (!lost->any || totals.sum < lost->lowest.sum)
		lost->lowest = totals;
	if (!lost->any || totals.sum >= lost->highest.sum)
		lost->highest = totals;
	lost->any = true;
}

static void count_loss(struct worker *worker, struct state *state, const struct source *source, const struct ctf_record *record)
{
	struct stats_lost *lost = &worker->traces[source->trace].lost;

	lost->times++;
	lost->unknown |= !record->n_lost;
	if (record->kind == CTF_LOST_PACKETS) {
		lost->packets += record->n_lost;
		return;
	}
	lost->records += record->n_lost;
	state->pending.lost += record->n_lost;
	count_loss_reasons(worker, source, record);
}

static void find_bin(struct worker *worker, int64_t time)
{
	const struct stats *stats = worker->counter->stats;
	uint64_t i = time > stats->bins_from ? ((uint64_t)time - (uint64_t)stats->bins_from) / stats->bins_width : 0;

	if (i >= stats->n_bins)
		i = stats->n_bins - 1;
	worker->bin = &worker->bins[i];
	worker->bin_from = (int64_t)((uint64_t)stats->bins_from + i * stats->bins_width);
	if (__builtin_add_overflow(worker->bin_from, (int64_t)stats->bins_width, &worker->bin_to))
		worker->bin_to = INT64_MAX;
}

static void count_time(struct worker *worker, struct stats_trace *trace, int64_t time)
{
	if (!trace->has_time || time < trace->first)
		trace->first = time;
	if (!trace->has_time || time > trace->last)
		trace->last = time;
	trace->has_time = true;
	if (!worker->counter->stats->n_bins)
		return;
	if (time < worker->bin_from || time >= worker->bin_to)
		find_bin(worker, time);
	++*worker->bin;
}

static void count_record(struct worker *worker, const struct ctf_record *record)
{
	const struct source *source = &worker->counter->sources[record->stream->index];
	struct state *state = &worker->states[record->stream->index];
	const bool new_packet = record->packet->offset != state->offset || record->packet->file != state->file;
	struct stats_count *event;
	uint64_t bits;

	if (new_packet || source->by_record) {
		state->file = record->packet->file;
		state->offset = record->packet->offset;
		settle(worker, state, source, record, new_packet);
	}
	if (record->kind != CTF_EVENT) {
		count_loss(worker, state, source, record);
		return;
	}
	bits = ctf_record_size(record);
	state->pending.records++;
	state->pending.bits += bits;
	event = &worker->events[record->stream->trace->first_event + record->event->index];
	event->records++;
	event->bits += bits;
	if (record->has_time)
		count_time(worker, &worker->traces[source->trace], record->time);
}

static void work(void *data, void *worker_data, struct slice *slice)
{
	const struct filter *filter = ((struct counter *)data)->options->filter;
	struct worker *worker = worker_data;
	const struct ctf_record *record;

	while (!worker->no_memory && (record = slice_next(slice)))
		if (!filter || filter_match(filter, record))
			count_record(worker, record);
}

/* ---- Workers begin and end ---- */

static void worker_free(struct worker *worker)
{
	groups_fini(&worker->processes);
	groups_fini(&worker->cpus);
	free(worker->states);
	free(worker->lost);
	free(worker->events);
	free(worker->traces);
	free(worker);
}

static void *worker_new(void *data)
{
	const struct counter *counter = data;
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->counter = counter;
	worker->states = calloc((size_t)counter->n_sources + 1, sizeof(*worker->states));
	worker->lost = calloc((size_t)counter->n_sources + 1, sizeof(*worker->lost));
	worker->events = calloc((size_t)counter->n_events + 1, sizeof(*worker->events));
	worker->traces = calloc((size_t)counter->stats->n_traces + 1, sizeof(*worker->traces));
	if (!worker->states || !worker->lost || !worker->events || !worker->traces) {
		worker_free(worker);
		return NULL;
	}
	for (uint32_t i = 0; i < counter->n_sources; i++)
		worker->states[i].process = worker->states[i].cpu = NONE;
	return worker;
}

static void trace_add(struct stats_trace *to, const struct stats_trace *from)
{
	count_add(&to->count, &from->count);
	to->lost.records += from->lost.records;
	to->lost.packets += from->lost.packets;
	to->lost.times += from->lost.times;
	to->lost.unknown |= from->lost.unknown;
	if (!from->has_time)
		return;
	if (!to->has_time || from->first < to->first)
		to->first = from->first;
	if (!to->has_time || from->last > to->last)
		to->last = from->last;
	to->has_time = true;
}

static void stream_lost_add(struct stream_lost *to, const struct stream_lost *from)
{
	if (!from->any)
		return;
	if (!to->any || from->lowest.sum < to->lowest.sum)
		to->lowest = from->lowest;
	if (!to->any || from->highest.sum >= to->highest.sum)
		to->highest = from->highest;
	to->any = true;
}

static void worker_end(void *data, void *worker_data)
{
	struct counter *counter = data;
	struct worker *worker = worker_data;
	struct stats *stats = counter->stats;

	for (uint32_t i = 0; i < counter->n_sources; i++) {
		flush(worker, &worker->states[i], &counter->sources[i]);
		stream_lost_add(&counter->lost[i], &worker->lost[i]);
	}
	for (uint32_t i = 0; i < counter->n_events; i++)
		count_add(&counter->events[i], &worker->events[i]);
	for (uint32_t i = 0; i < stats->n_traces; i++)
		trace_add(&stats->traces[i], &worker->traces[i]);
	for (uint32_t i = 0; i < stats->n_bins; i++)
		stats->bins[i] += worker->bins[i];
	counter->no_memory |=
		worker->no_memory || !groups_add(&stats->processes, &worker->processes) || !groups_add(&stats->cpus, &worker->cpus);
	worker_free(worker);
}

/* ---- The result ---- */

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_counts(const struct stats_count *a, const struct stats_count *b)
{
	return a->records == b->records ? (a->lost < b->lost) - (a->lost > b->lost) : a->records < b->records ? 1 : -1;
}

static int by_event_name(const void *left, const void *right)
{
	const struct stats_event *a = left, *b = right;
	int order;

	if (a->trace != b->trace)
		return a->trace < b->trace ? -1 : 1;
	order = compare_text(a->class->ns, b->class->ns);
	return order ? order : compare_text(a->class->name, b->class->name);
}

static int by_event_count(const void *left, const void *right)
{
	const struct stats_event *a = left, *b = right;
	const int order = compare_counts(&a->count, &b->count);

	return order ? order : by_event_name(a, b);
}

static int by_group_count(const void *left, const void *right)
{
	const struct stats_group *a = left, *b = right;
	const int order = compare_counts(&a->count, &b->count);

	if (order)
		return order;
	if (a->trace != b->trace)
		return a->trace < b->trace ? -1 : 1;
	return a->id == b->id ? 0 : a->id < b->id ? -1 : 1;
}

/* The events that occurred; those of the same name in a trace are one. */
static void list_events(struct counter *counter)
{
	struct stats *stats = counter->stats;
	uint32_t n = 0;

	for (uint32_t t = 0; t < stats->n_traces; t++) {
		const struct ctf_trace *trace = stats->traces[t].trace;

		for (uint32_t i = 0; i < trace->n_events; i++) {
			const struct stats_count *count = &counter->events[trace->first_event + i];

			if (count->records)
				stats->events[n++] = (struct stats_event){
					.trace = trace, .class = trace->events[i], .n_classes = 1, .count = *count};
		}
	}
	qsort(stats->events, n, sizeof(*stats->events), by_event_name);
	for (uint32_t i = 0; i < n; i++) {
		struct stats_event *last = stats->n_events ? &stats->events[stats->n_events - 1] : NULL;

		if (last && !by_event_name(last, &stats->events[i])) {
			count_add(&last->count, &stats->events[i].count);
			last->n_classes++;
		} else {
			stats->events[stats->n_events++] = stats->events[i];
		}
	}
	qsort(stats->events, stats->n_events, sizeof(*stats->events), by_event_count);
}

static bool add_reason(struct stats_lost *lost, const char *name, uint64_t n)
{
	struct stats_reason *reason;
	uint32_t i;

	for (i = 0; i < lost->n_reasons && strncmp(lost->reasons[i].name, name, sizeof(reason->name) - 1); i++)
		;
	if (i == lost->n_reasons) {
		reason = realloc(lost->reasons, (i + 1) * sizeof(*reason));
		if (!reason)
			return false;
		lost->reasons = reason;
		lost->n_reasons++;
		reason[i] = (struct stats_reason){.n = 0};
		strncpy(reason[i].name, name, sizeof(reason[i].name) - 1);
	}
	lost->reasons[i].n += n;
	return true;
}

/*
 * What the first loss that was counted came from: the total itself where nothing was lost before, else the only reason there is.
 * Return: the reason all of it came from; NONE: the totals say it; REASONS_MAX: nobody knows.
 */
static uint32_t first_reason(const struct totals *totals)
{
	uint32_t reason = NONE;

	if (totals->sum == totals->n_lost)
		return NONE;
	for (uint32_t i = 0; i < REASONS_MAX; i++) {
		if (totals->by[i] && reason != NONE)
			return REASONS_MAX;
		if (totals->by[i])
			reason = i;
	}
	return reason == NONE ? REASONS_MAX : reason;
}

static bool add_reasons(struct stats_lost *to, const struct stream_lost *lost, const struct ctf_class *class)
{
	const uint32_t first = first_reason(&lost->lowest);

	for (uint32_t i = 0; i < class->n_members; i++) {
		uint64_t n = lost->highest.by[i] - lost->lowest.by[i];

		if (first == NONE)
			n += lost->lowest.by[i];
		else if (first == i)
			n += lost->lowest.n_lost;
		if (n && !add_reason(to, class->members[i].name ? class->members[i].name : "", n))
			return false;
	}
	return first != REASONS_MAX || !lost->lowest.n_lost || add_reason(to, "not told", lost->lowest.n_lost);
}

static void add_all_reasons(struct counter *counter)
{
	for (uint32_t i = 0; i < counter->n_sources; i++) {
		const struct source *source = &counter->sources[i];

		if (counter->lost[i].any &&
		    (!add_reasons(&counter->stats->traces[source->trace].lost, &counter->lost[i], source->reasons) ||
		     !add_reasons(&counter->stats->total.lost, &counter->lost[i], source->reasons)))
			counter->no_memory = true;
	}
}

static void add_up(struct counter *counter)
{
	struct stats *stats = counter->stats;

	add_all_reasons(counter);
	for (uint32_t i = 0; i < stats->n_traces; i++) {
		trace_add(&stats->total, &stats->traces[i]);
		stats->total.n_files += stats->traces[i].n_files;
		stats->total.file_bytes += stats->traces[i].file_bytes;
	}
	list_events(counter);
	if (stats->processes.n)
		qsort(stats->processes.groups, stats->processes.n, sizeof(struct stats_group), by_group_count);
	if (stats->cpus.n)
		qsort(stats->cpus.groups, stats->cpus.n, sizeof(struct stats_group), by_group_count);
}

/* ---- Clocks ---- */

/* Cycles as nanoseconds, rounded up. */
static uint64_t cycles_to_ns(const struct ctf_clock *clock, uint64_t cycles)
{
	const uint64_t seconds = cycles / clock->frequency;
	const uint64_t rest = cycles % clock->frequency;

	if (seconds > UINT64_MAX / NS_PER_S - 1)
		return UINT64_MAX;
	if (rest > UINT64_MAX / NS_PER_S - 1) /* a clock of more than 18 GHz: a little more than it is */
		return seconds * NS_PER_S + (rest / (clock->frequency / NS_PER_S)) + 1;
	return seconds * NS_PER_S + rest * NS_PER_S / clock->frequency + (rest * NS_PER_S % clock->frequency != 0);
}

static bool same_clock(const struct stats_clock *a, const struct stats_clock *b)
{
	return a->clock->uid && b->clock->uid && !strcmp(a->clock->uid, b->clock->uid);
}

static void look_at_clock(struct stats_clock *clock)
{
	const struct ctf_env *env = find_env(clock->trace, "clock_error_ns");

	clock->known = clock->clock->has_precision || clock->clock->has_accuracy;
	if (clock->clock->has_precision)
		clock->error_ns += cycles_to_ns(clock->clock, clock->clock->precision);
	if (clock->clock->has_accuracy)
		clock->error_ns += cycles_to_ns(clock->clock, clock->clock->accuracy);
	if (!clock->known && env && !env->text && env->number >= 0) {
		clock->known = true;
		clock->error_ns = (uint64_t)env->number;
	}
}

static bool list_clocks(struct stats *stats)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < stats->n_traces; t++)
		n += stats->traces[t].trace->n_clocks;
	stats->clocks = calloc((size_t)n + 1, sizeof(*stats->clocks));
	if (!stats->clocks)
		return false;
	stats->has_error = n > 0;
	for (uint32_t t = 0; t < stats->n_traces; t++)
		for (uint32_t i = 0; i < stats->traces[t].trace->n_clocks; i++) {
			struct stats_clock *clock = &stats->clocks[stats->n_clocks++];

			clock->trace = stats->traces[t].trace;
			clock->clock = clock->trace->clocks[i];
			look_at_clock(clock);
			stats->has_error &= clock->known;
			if (clock->error_ns > stats->error_ns)
				stats->error_ns = clock->error_ns;
		}
	for (uint32_t a = 0; a < n; a++)
		for (uint32_t b = 0; b < a; b++) {
			const uint64_t apart = stats->clocks[a].error_ns + stats->clocks[b].error_ns;

			if (!same_clock(&stats->clocks[a], &stats->clocks[b]) && apart > stats->apart_ns)
				stats->apart_ns = apart;
		}
	return true;
}

/* ---- All of it ---- */

static void set_bins(struct stats *stats, const struct ctf *ctf, const struct stats_options *options)
{
	int64_t from, to;
	uint64_t span;

	if (!options->n_bins || !ctf_span(ctf, &from, &to))
		return;
	if (options->select.has_from && options->select.from > from)
		from = options->select.from;
	if (options->select.has_to && options->select.to <= to)
		to = options->select.to - 1;
	if (to < from)
		return;
	span = (uint64_t)to - (uint64_t)from + 1;
	if (!span) /* all the time there is */
		span = UINT64_MAX;
	stats->bins_from = from;
	stats->bins_width = span / options->n_bins + (span % options->n_bins != 0);
	stats->n_bins = (uint32_t)(span / stats->bins_width + (span % stats->bins_width != 0));
}

static bool list_traces(struct stats *stats, const struct ctf *ctf)
{
	stats->n_traces = ctf_n_traces(ctf);
	stats->traces = calloc((size_t)stats->n_traces + 1, sizeof(*stats->traces));
	if (!stats->traces)
		return false;
	for (uint32_t i = 0; i < stats->n_traces; i++)
		stats->traces[i].trace = ctf_trace_at(ctf, i);
	return true;
}

static struct source *find_sources(struct stats *stats, const struct ctf *ctf)
{
	const uint32_t n = ctf_n_streams(ctf);
	struct source *sources = calloc((size_t)n + 1, sizeof(*sources));

	for (uint32_t i = 0; sources && i < n; i++) {
		const struct ctf_stream *stream = ctf_stream_at(ctf, i);

		find_source(&sources[i], ctf, stream);
		stats->traces[sources[i].trace].n_files += stream->n_files;
		stats->traces[sources[i].trace].file_bytes += stream->size;
	}
	return sources;
}

static void pass_error(void *data, const struct ctf_error *error)
{
	const struct stats_options *options = ((struct counter *)data)->options;

	options->error(options->data, error);
}

static void pass_progress(void *data, uint64_t done, uint64_t total)
{
	const struct stats_options *options = ((struct counter *)data)->options;

	options->progress(options->data, done, total);
}

static int count_all(struct counter *counter)
{
	const struct stats_options *options = counter->options;
	const struct slices_job job = {
		.ctf = counter->ctf,
		.select = options->select,
		.workers = options->workers,
		.slice_bytes = SLICE_BYTES,
		.data = counter,
		.worker_new = worker_new,
		.work = work,
		.worker_end = worker_end,
		.error = options->error ? pass_error : NULL,
		.progress = options->progress ? pass_progress : NULL,
	};

	return slices_run(&job);
}

int stats_read(const struct ctf *ctf, const struct stats_options *options, struct stats *ret_stats)
{
	struct counter counter = {.ctf = ctf, .options = options, .stats = ret_stats, .n_sources = ctf_n_streams(ctf)};
	struct source *sources = NULL;
	int r = -ENOMEM;

	*ret_stats = (struct stats){0};
	if (list_traces(ret_stats, ctf) && list_clocks(ret_stats))
		sources = find_sources(ret_stats, ctf);
	for (uint32_t i = 0; i < ret_stats->n_traces; i++)
		counter.n_events += ret_stats->traces[i].trace->n_events;
	counter.sources = sources;
	counter.events = calloc((size_t)counter.n_events + 1, sizeof(*counter.events));
	counter.lost = calloc((size_t)counter.n_sources + 1, sizeof(*counter.lost));
	ret_stats->events = calloc((size_t)counter.n_events + 1, sizeof(*ret_stats->events));
	if (sources && counter.events && counter.lost && ret_stats->events) {
		set_bins(ret_stats, ctf, options);
		r = count_all(&counter);
	}
	if (!r)
		add_up(&counter);
	if (counter.no_memory)
		r = -ENOMEM;
	free(sources);
	free(counter.events);
	free(counter.lost);
	if (r)
		stats_fini(ret_stats);
	return r;
}

void stats_fini(struct stats *stats)
{
	for (uint32_t i = 0; stats->traces && i < stats->n_traces; i++)
		free(stats->traces[i].lost.reasons);
	free(stats->total.lost.reasons);
	free(stats->traces);
	free(stats->events);
	free(stats->clocks);
	groups_fini(&stats->processes);
	groups_fini(&stats->cpus);
	*stats = (struct stats){0};
}
