/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/record.h"

uint32_t stream_id_bits(uint32_t max_id)
{
	uint32_t bits = BL_ID_BITS_MIN;

	while (bits < BL_ID_BITS_MAX && (1u << bits) - 1 <= max_id)
		bits++;
	return bits;
}

static struct stream *stream_new(struct streams *streams, struct stream_class *class, uint32_t cpu)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->class = class;
	stream->cpu = cpu;
	stream->file = STREAM_FILE_CLOSED;
	stream->instance_id = streams->next_instance++;
	stream->next = streams->all;
	streams->all = stream;
	return stream;
}

struct stream *stream_bind(struct streams *streams, struct stream_class *class, uint32_t cpu)
{
	struct stream *stream = class->free[cpu];

	if (!stream)
		return stream_new(streams, class, cpu);
	class->free[cpu] = stream->next_free;
	stream->next_free = NULL;
	return stream;
}

void stream_unbind(struct stream *stream)
{
	stream_file_close(&stream->file);
	if (stream->spoiled)
		return;
	stream->next_free = stream->class->free[stream->cpu];
	stream->class->free[stream->cpu] = stream;
}

struct stream_class *stream_class_find(const struct streams *streams, const struct event_set *set)
{
	struct stream_class *class;

	for (class = streams->classes; class; class = class->next)
		if (class->set->hash.high == set->hash.high && class->set->hash.low == set->hash.low && event_set_equal(class->set, set))
			return class;
	return NULL;
}

static void class_free(struct stream_class *class)
{
	event_set_ctf_fini(&class->ctf);
	event_set_free(class->set);
	free(class->free);
	free(class->enabled);
	free(class);
}

struct stream_class *stream_class_new(struct streams *streams, struct event_set *set, uint32_t n_cpus, const struct stream_form *form)
{
	struct stream_form all = *form;
	struct stream_class *class;

	if (streams->n_classes >= STREAM_CLASSES_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	class = calloc(1, sizeof(*class));
	if (!class)
		return NULL;
	class->id = streams->n_classes;
	class->n_events = set->n ? set->events[set->n - 1].id : 0;
	class->id_bits = all.id_bits = form->id_bits ? form->id_bits : stream_id_bits(class->n_events);
	class->free = calloc(n_cpus, sizeof(*class->free));
	if (!class->free || event_set_to_ctf(set, class->id, &all, &class->ctf)) {
		free(class->free);
		free(class);
		errno = ENOMEM;
		return NULL;
	}
	class->set = set;
	class->next = streams->classes;
	streams->classes = class;
	streams->n_classes++;
	return class;
}

void streams_fini(struct streams *streams)
{
	struct stream_class *class;
	struct stream *stream;

	while ((stream = streams->all)) {
		streams->all = stream->next;
		stream_file_close(&stream->file);
		free(stream);
	}
	while ((class = streams->classes)) {
		streams->classes = class->next;
		class_free(class);
	}
	streams->n_classes = 0;
}
