/* SPDX-License-Identifier: MIT */
/**
 * finish.c - makes a trace of a model: connects clocks, streams and events, then references and layout.
 */
#include "ctf/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/clock.h"

static int by_stream_id(const void *a, const void *b)
{
	const struct model_stream *x = *(void *const *)a, *y = *(void *const *)b;

	return x->pub.id < y->pub.id ? -1 : x->pub.id > y->pub.id;
}

/* By stream, then by id, then as the text has them. */
static int by_event_id(const void *a, const void *b)
{
	const struct model_event *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->stream_id != y->stream_id)
		return x->stream_id < y->stream_id ? -1 : 1;
	if (x->pub.id != y->pub.id)
		return x->pub.id < y->pub.id ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* The lists hold what starts with the public structure, so they can be given out as they are, once they are in the arena. */
static const void *list_publish(struct ctf_model *model, const struct model_list *list)
{
	void **items = model_alloc(model, list->n * sizeof(*items) + 1);

	if (items && list->n)
		memcpy(items, list->items, list->n * sizeof(*items));
	return items;
}

static bool publish_env(struct ctf_model *model)
{
	struct ctf_env *env = model_alloc(model, model->envs.n * sizeof(*env) + 1);

	if (!env)
		return false;
	for (uint32_t i = 0; i < model->envs.n; i++)
		env[i] = *(struct ctf_env *)model->envs.items[i];
	model->trace.env = env;
	model->trace.n_env = model->envs.n;
	return true;
}

static struct model_clock *find_clock(const struct ctf_model *model, const char *id)
{
	for (uint32_t i = 0; i < model->clocks.n; i++) {
		struct model_clock *clock = model->clocks.items[i];

		if (!strcmp(clock->id, id))
			return clock;
	}
	return NULL;
}

/* TSDL: the clock that fields of the class are mapped to; all of a stream's times must be of one. */
static bool map_clocks(struct ctf_model *model, struct layout_class *class, const struct ctf_clock **stream_clock, uint32_t depth)
{
	struct ctf_class *pub;

	if (!class)
		return true;
	pub = &class->model.pub;
	if (depth > CTF_DEPTH_MAX)
		return model_error(model, class->model.line, class->model.column, "field classes are nested more than %u deep",
				   CTF_DEPTH_MAX);
	if (class->model.clock_name) {
		struct model_clock *clock = find_clock(model, class->model.clock_name);

		if (!clock)
			return model_error(model, class->model.line, class->model.column, "there is no clock \"%s\"",
					   class->model.clock_name);
		pub->clock = &clock->pub;
		if (stream_clock && *stream_clock && *stream_clock != pub->clock)
			return model_error(model, class->model.line, class->model.column,
					   "the stream's times are of two clocks, \"%s\" and \"%s\"", (*stream_clock)->name,
					   class->model.clock_name);
		if (stream_clock)
			*stream_clock = pub->clock;
	}
	for (uint32_t i = 0; i < pub->n_members; i++)
		if (!map_clocks(model, (struct layout_class *)pub->members[i].class, stream_clock, depth + 1))
			return false;
	return true;
}

/* A time without a clock, and a role that nothing can be made of, are no roles. */
static void settle_roles(const struct ctf_class *class, const struct ctf_clock *clock)
{
	struct ctf_class *pub = (struct ctf_class *)class;

	if (!pub)
		return;
	if (pub->roles & (CTF_ROLE_CLOCK | CTF_ROLE_END_CLOCK)) {
		if (!clock)
			pub->roles &= ~(uint32_t)(CTF_ROLE_CLOCK | CTF_ROLE_END_CLOCK);
		else if (!pub->clock)
			pub->clock = clock;
	}
	for (uint32_t i = 0; i < pub->n_members; i++)
		settle_roles(pub->members[i].class, clock);
}

static bool connect_stream_clock(struct ctf_model *model, struct layout_stream *stream)
{
	struct ctf_stream_class *pub = &stream->model.pub;

	if (stream->model.clock_id) {
		struct model_clock *clock = find_clock(model, stream->model.clock_id);

		if (!clock)
			return model_error(model, stream->model.line, stream->model.column, "there is no clock \"%s\"",
					   stream->model.clock_id);
		pub->clock = &clock->pub;
	}
	if (!map_clocks(model, (struct layout_class *)pub->packet_context, &pub->clock, 0) ||
	    !map_clocks(model, (struct layout_class *)pub->event_header, &pub->clock, 0) ||
	    !map_clocks(model, (struct layout_class *)pub->event_context, NULL, 0))
		return false;
	settle_roles(pub->packet_context, pub->clock);
	settle_roles(pub->event_header, pub->clock);
	return true;
}

/* TSDL without a stream block: events need one all the same. */
static bool default_stream(struct ctf_model *model)
{
	struct model_stream *stream;

	if (model->streams.n || model->trace.major != 1)
		return true;
	stream = model_stream_new(model);
	return stream && model_list_add(model, &model->streams, stream);
}

static bool finish_streams(struct ctf_model *model)
{
	if (!default_stream(model))
		return false;
	if (model->streams.n)
		qsort(model->streams.items, model->streams.n, sizeof(void *), by_stream_id);
	for (uint32_t i = 0; i < model->streams.n; i++) {
		struct layout_stream *stream = model->streams.items[i];
		const struct layout_stream *before = i ? model->streams.items[i - 1] : NULL;

		if (before && before->model.pub.id == stream->model.pub.id)
			return model_error(model, stream->model.line, stream->model.column,
					   "there are two stream classes with id %" PRIu64, stream->model.pub.id);
		if (!connect_stream_clock(model, stream))
			return false;
	}
	model->trace.streams = list_publish(model, &model->streams);
	model->trace.n_streams = model->streams.n;
	return model->trace.streams;
}

static struct layout_stream *find_stream(const struct ctf_model *model, uint64_t id)
{
	uint32_t low = 0, high = model->streams.n;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		struct layout_stream *stream = model->streams.items[middle];

		if (stream->model.pub.id == id)
			return stream;
		if (stream->model.pub.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool connect_event(struct ctf_model *model, struct layout_event *event, uint32_t index)
{
	struct layout_stream *stream = find_stream(model, event->model.stream_id);

	if (!stream)
		return model_error(model, event->model.line, event->model.column,
				   "the event's stream class %" PRIu64 " is not there", event->model.stream_id);
	if (index) {
		const struct layout_event *before = model->events.items[index - 1];

		if (before->model.pub.stream == &stream->model.pub && before->model.pub.id == event->model.pub.id)
			return model_error(model, event->model.line, event->model.column,
					   "there are two event classes with id %" PRIu64 " in stream class %" PRIu64,
					   event->model.pub.id, stream->model.pub.id);
	}
	event->model.pub.stream = &stream->model.pub;
	event->model.pub.index = index;
	stream->model.pub.n_events++;
	return map_clocks(model, (struct layout_class *)event->model.pub.context, NULL, 0) &&
	       map_clocks(model, (struct layout_class *)event->model.pub.payload, NULL, 0);
}

static void default_stream_ids(struct ctf_model *model)
{
	for (uint32_t i = 0; i < model->events.n; i++) {
		struct model_event *event = model->events.items[i];

		if (!event->has_stream_id && model->streams.n == 1)
			event->stream_id = ((struct model_stream *)model->streams.items[0])->pub.id;
	}
}

static bool finish_events(struct ctf_model *model)
{
	uint32_t first = 0;

	default_stream_ids(model);
	if (model->events.n)
		qsort(model->events.items, model->events.n, sizeof(void *), by_event_id);
	for (uint32_t i = 0; i < model->events.n; i++)
		if (!connect_event(model, model->events.items[i], i))
			return false;
	model->trace.events = list_publish(model, &model->events);
	model->trace.n_events = model->events.n;
	if (!model->trace.events)
		return false;
	for (uint32_t i = 0; i < model->streams.n; i++) {
		struct model_stream *stream = model->streams.items[i];

		stream->pub.events = model->trace.events + first;
		first += stream->pub.n_events;
	}
	return true;
}

static bool check_clocks(struct ctf_model *model)
{
	for (uint32_t i = 0; i < model->clocks.n; i++) {
		const struct model_clock *clock = model->clocks.items[i];

		if (!clock->pub.frequency || clock->pub.frequency > CTF_FREQUENCY_MAX)
			return model_error(model, clock->line, clock->column, "a clock of %" PRIu64 " Hz; it must have 1 to 2^62",
					   clock->pub.frequency);
	}
	return true;
}

bool model_finish(struct ctf_model *model)
{
	if (!check_clocks(model))
		return false;
	model->trace.clocks = list_publish(model, &model->clocks);
	model->trace.n_clocks = model->clocks.n;
	if (!model->trace.clocks || !publish_env(model) ||
	    !map_clocks(model, (struct layout_class *)model->trace.packet_header, NULL, 0))
		return false;
	return finish_streams(model) && finish_events(model) && model_resolve(model) && layout_make(model);
}
