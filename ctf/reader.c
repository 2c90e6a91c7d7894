/* SPDX-License-Identifier: MIT */
/**
 * reader.c - packets and records of one data stream. See reader.h.
 *
 * The window begins at a multiple of CTF_ALIGN_MAX bits of the packet, so that alignment within it is alignment within the packet.
 * A record that does not fit into what is loaded is tried again from its beginning when more is there.
 */
#include "ctf/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAGIC 0xc1fc1fc1u
#define LOST_UNKNOWN UINT64_MAX /* some, nobody knows how many */

/* ---- Errors ---- */

/* At a byte of the file, in a packet. */
static __attribute__((cold, format(printf, 3, 4))) enum ctf_status fail(struct stream_reader *reader, uint64_t offset,
									const char *format, ...)
{
	struct ctf_error *error = &reader->error;
	va_list args;
	int n;

	*error = (struct ctf_error){.packet = reader->packet.number, .offset = offset};
	n = snprintf(error->text, sizeof(error->text),
		     "%s: packet %" PRIu64 " (byte 0x%" PRIx64 "): ", reader->packet.file ? reader->packet.file : "?",
		     reader->packet.number, offset);
	if (n < 0 || (size_t)n >= sizeof(error->text))
		n = 0;
	error->what = error->text + n;
	va_start(args, format);
	vsnprintf(error->text + n, sizeof(error->text) - (size_t)n, format, args);
	va_end(args);
	return CTF_ERROR;
}

static enum ctf_status fail_errno(struct stream_reader *reader, int error)
{
	return fail(reader, reader->packet.offset, "cannot be read: %s", strerror(-error));
}

/* ---- Begin and end ---- */

int reader_init(struct stream_reader *reader, const struct set_stream *stream, size_t room, bool keep_open)
{
	*reader = (struct stream_reader){.stream = stream, .keep_open = keep_open, .window.fd = -1};
	if (stream) {
		reader->trace = stream->pub.trace;
		reader->class = (const struct layout_stream *)stream->pub.class;
		reader->record.stream = reader->packet.stream = &stream->pub;
		reader->decoder.saved = calloc(reader->trace->n_saves + 1, sizeof(struct saved));
		if (!reader->decoder.saved)
			return -ENOMEM;
	}
	reader->record.packet = &reader->packet;
	return window_grow(&reader->window, room < READER_HEAD_ROOM ? READER_HEAD_ROOM : room);
}

void reader_free(struct stream_reader *reader)
{
	window_close(&reader->window);
	free(reader->decoder.saved);
	free(reader->head);
	free(reader->places);
	for (size_t i = 0; i < CTF_N_SCOPES; i++)
		free(reader->scopes[i].own);
}

void reader_go(struct stream_reader *reader, const struct place *place)
{
	reader_forget(reader);
	reader->next = *place;
	reader->in_packet = false;
	reader->packet = (struct ctf_packet){.stream = reader->packet.stream};
	reader->n_lost_records = reader->n_lost_packets = 0;
	reader->unsaid = false;
	reader->clock = place->clock;
	window_leave(&reader->window);
}

/* ---- The window ---- */

/* Where the decoder may go, from the packet's place in the window on. */
static void decoder_bounds(struct stream_reader *reader)
{
	struct decoder *decoder = &reader->decoder;
	const struct window *window = &reader->window;
	const uint64_t first = reader->packet.offset + reader->base / 8; /* byte of the file */
	const uint64_t loaded = 8 * (window->offset + window->size - first);
	const uint64_t content = reader->content > reader->base ? reader->content - reader->base : 0;

	decoder->bytes = window->bytes + (first - window->offset);
	decoder->end = content < loaded ? content : loaded;
}

/* Is there more of the packet than what is loaded? */
static bool may_load(const struct stream_reader *reader)
{
	return reader->content > reader->base + reader->decoder.end &&
	       reader->window.offset + reader->window.size < reader->window.file_size;
}

/* Load what is at and behind @pos, for the decoder, which goes back there. */
static int load_from(struct stream_reader *reader, uint64_t pos)
{
	const uint64_t at = reader->base + pos; /* bits of the packet */
	const uint64_t base = at / CTF_ALIGN_MAX * CTF_ALIGN_MAX;
	const uint64_t offset = reader->packet.offset + base / 8;
	struct window *window = &reader->window;
	int result = 0;

	/* The window begins as near as it can and was full: the record is bigger. */
	if (window->offset == offset && window->size == window->room) {
		if (window->room >= READER_RECORD_MAX)
			return -EMSGSIZE;
		result = window_grow(window, 2 * window->room);
	}
	if (!result)
		result = window_load(window, offset);
	if (result)
		return result;
	reader->base = base;
	reader->decoder.pos = at - base;
	if (reader->content / 8 > window->file_size - reader->packet.offset) {
		reader->content = 8 * (window->file_size - reader->packet.offset);
		reader->cut = true;
	}
	decoder_bounds(reader);
	return 0;
}

/* ---- A packet's head ---- */

/* Decode a scope of the head at the decoder's place, whose nodes stay. Loads more when it has to. */
static enum ctf_status head_scope(struct stream_reader *reader, enum ctf_scope scope, const struct ctf_class *class,
				  const char *name)
{
	struct scope_nodes *nodes = &reader->scopes[scope];
	struct decoder *decoder = &reader->decoder;
	const uint64_t begin = decoder->pos;
	enum decode_result result;

	for (;;) {
		int loaded;

		decoder->nodes = nodes->own;
		decoder->room = nodes->room;
		decoder->n_nodes = 0;
		decoder->work = decoder->n_elements = 0;
		decoder->from = 0;
		decoder->start = 0;
		decoder->pos = begin;
		result = decode_expand(decoder, &layout_of(class)->self);
		nodes->own = decoder->nodes;
		nodes->room = decoder->room;
		if (result != DECODE_SHORT || !may_load(reader))
			break;
		if (reader->window.room >= READER_RECORD_MAX)
			return fail(reader, reader->packet.offset, "the %s is bigger than %zu MiB", name, READER_RECORD_MAX >> 20);
		loaded = window_grow(&reader->window, 2 * reader->window.room);
		if (!loaded)
			loaded = window_load(&reader->window, reader->packet.offset);
		if (loaded)
			return fail_errno(reader, loaded);
		decoder_bounds(reader);
	}
	reader->cut = result == DECODE_SHORT;
	if (reader->cut)
		return fail(reader, reader->packet.offset, "the file ends in the %s", name);
	if (result)
		return fail(reader, reader->packet.offset + begin / 8, "%s: %s", name, decoder->error);
	nodes->root = nodes->own;
	nodes->view = (struct ctf_view){decoder->bytes, &nodes->place};
	reader->ready |= 1u << scope;
	return CTF_RECORD;
}

/* What the head says, by roles. */
struct head_values {
	uint64_t stream_class;
	uint64_t stream_id;
	uint64_t packet_size;
	uint64_t content_size;
	bool has_stream_class, has_stream_id, has_packet_size, has_content_size;
};

static bool uuid_is(const struct ctf_trace *trace, const struct ctf_field *field)
{
	uint8_t uuid[16];

	if (field->n != sizeof(uuid))
		return false;
	if (field->class->type == CTF_BLOB)
		return !memcmp(ctf_field_byte(field), trace->uuid, sizeof(uuid));
	for (size_t i = 0; i < sizeof(uuid); i++) {
		const struct ctf_field byte = ctf_field_element(field, i);

		uuid[i] = (uint8_t)ctf_field_uint(&byte);
	}
	return !memcmp(uuid, trace->uuid, sizeof(uuid));
}

static enum ctf_status head_checks(struct stream_reader *reader, const struct ctf_field *field)
{
	const uint32_t roles = field->class->roles;

	if (roles & CTF_ROLE_MAGIC && ctf_field_uint(field) != MAGIC)
		return fail(reader, reader->packet.offset + field->at / 8,
			    "the magic number is 0x%" PRIx64 ", not 0x%x: this is no packet of a CTF trace", ctf_field_uint(field),
			    MAGIC);
	if (roles & CTF_ROLE_UUID && reader->trace->has_uuid && !uuid_is(reader->trace, field))
		return fail(reader, reader->packet.offset + field->at / 8, "the uuid is another trace's");
	return CTF_RECORD;
}

static void head_value(struct stream_reader *reader, struct head_values *values, const struct ctf_field *field)
{
	struct ctf_packet *packet = &reader->packet;
	const struct ctf_class *class = field->class;
	const uint64_t value = ctf_field_uint(field);
	const unsigned int size = class->leb128 ? 7 * (unsigned int)field->n : class->size;

	if (class->roles & CTF_ROLE_STREAM_CLASS_ID) {
		values->stream_class = value;
		values->has_stream_class = true;
	}
	if (class->roles & CTF_ROLE_STREAM_ID) {
		values->stream_id = value;
		values->has_stream_id = true;
	}
	if (class->roles & CTF_ROLE_PACKET_SIZE) {
		values->packet_size = value;
		values->has_packet_size = true;
	}
	if (class->roles & CTF_ROLE_CONTENT_SIZE) {
		values->content_size = value;
		values->has_content_size = true;
	}
	if (class->roles & CTF_ROLE_CLOCK) {
		packet->begin = clock_update(packet->has_begin ? packet->begin : reader->clock, value, size);
		packet->has_begin = true;
	}
	if (class->roles & CTF_ROLE_END_CLOCK) {
		packet->end = value;
		packet->has_end = true;
	}
	if (class->roles & CTF_ROLE_DISCARDED) {
		packet->discarded = value;
		packet->has_discarded = true;
	}
	if (class->roles & CTF_ROLE_SEQUENCE) {
		packet->sequence = value;
		packet->has_sequence = true;
	}
}

/* All fields of a scope of the head that mean something. */
static enum ctf_status head_roles(struct stream_reader *reader, enum ctf_scope scope, struct head_values *values)
{
	const struct scope_nodes *nodes = &reader->scopes[scope];

	for (uint32_t i = 0; i < nodes->root->next; i++) {
		const struct ctf_field field = ctf_field_of_node(&nodes->view, &nodes->root[i]);

		if (!field.class->roles)
			continue;
		if (head_checks(reader, &field) != CTF_RECORD)
			return CTF_ERROR;
		if (field.class->type <= CTF_FLOAT)
			head_value(reader, values, &field);
	}
	return CTF_RECORD;
}

static enum ctf_status head_class(struct stream_reader *reader, const struct head_values *values)
{
	const struct ctf_trace *trace = reader->trace;
	const struct ctf_stream_class *class = model_stream_by_id(trace, values->stream_class);

	/* In CTF 1.8 the only one needs no id; in CTF 2 a packet that has none is of class 0. */
	if (!values->has_stream_class && trace->n_streams == 1 && trace->major == 1)
		class = trace->streams[0];
	if (!class)
		return fail(reader, reader->packet.offset, "its stream class %" PRIu64 " is not in the metadata",
			    values->stream_class);
	if (reader->stream && class != reader->stream->pub.class)
		return fail(reader, reader->packet.offset, "it is of stream class %" PRIu64 ", packets before it are of %" PRIu64,
			    class->id, reader->stream->pub.class->id);
	reader->class = (const struct layout_stream *)class;
	return CTF_RECORD;
}

/* Sizes, which decide where everything else is. */
static enum ctf_status head_sizes(struct stream_reader *reader, const struct head_values *values)
{
	struct ctf_packet *packet = &reader->packet;
	const uint64_t rest = reader->window.file_size - packet->offset; /* bytes */
	const uint64_t head = reader->decoder.pos;
	uint64_t size = values->packet_size, content = values->content_size;

	if (values->has_packet_size && !size)
		return fail(reader, packet->offset, "its size is 0: the %" PRIu64 " bytes from here on cannot be read", rest);
	if (values->has_packet_size && size % 8)
		return fail(reader, packet->offset, "its size of %" PRIu64 " bits is not a whole number of bytes", size);
	if (!values->has_packet_size)
		size = values->has_content_size ? (content + 7) / 8 * 8 : 8 * rest;
	if (size < head)
		return fail(reader, packet->offset, "its size of %" PRIu64 " bits is less than its head of %" PRIu64, size, head);
	packet->size = size / 8;
	reader->next.offset = packet->size > rest ? packet->offset + rest : packet->offset + packet->size;
	/* A producer that died does not say how much is in its last packet: nothing is known to be. */
	if (values->has_content_size && !content)
		content = head;
	if (!values->has_content_size)
		content = size;
	if (content > size)
		return fail(reader, packet->offset, "its content of %" PRIu64 " bits is more than its size of %" PRIu64, content,
			    size);
	if (content < head)
		return fail(reader, packet->offset, "its content of %" PRIu64 " bits is less than its head of %" PRIu64, content,
			    head);
	packet->content = content;
	reader->content = (content + 7) / 8 > rest ? 8 * rest : content;
	reader->cut = packet->size > rest;
	return CTF_RECORD;
}

static void head_times(struct stream_reader *reader)
{
	struct ctf_packet *packet = &reader->packet;
	const struct ctf_clock *clock = reader->class->model.pub.clock;

	reader->line.clock = clock;
	if (packet->has_begin) {
		reader->clock = packet->begin;
		packet->begin_ns = ctf_clock_ns(clock, packet->begin);
	}
	/* A packet that was not finished ends at 0. */
	if (packet->has_end && packet->has_begin && packet->end < packet->begin)
		packet->has_end = false;
	if (packet->has_end)
		packet->end_ns = ctf_clock_ns(clock, packet->end);
}

/* What is missing between the packet before and this one. */
static void head_losses(struct stream_reader *reader, const struct packet_before *before)
{
	const struct ctf_packet *packet = &reader->packet;
	uint64_t discarded = before->discarded;

	reader->n_lost_records = reader->n_lost_packets = 0;
	reader->lost_from = before->has_end ? before->end_ns : packet->begin_ns;
	reader->lost_to = packet->has_end ? packet->end_ns : packet->begin_ns;
	if (packet->has_sequence && before->has_sequence && packet->sequence > before->sequence + 1)
		reader->n_lost_packets = packet->sequence - before->sequence - 1;
	if (!packet->has_discarded)
		return;
	/* The first packet of all counts from 0, the first one that is left of a flight recorder from nobody knows where. */
	if (!before->has_discarded)
		discarded = 0;
	if (packet->discarded > discarded)
		reader->n_lost_records = packet->discarded - discarded;
	if (reader->n_lost_records && !before->has_discarded && packet->has_sequence && packet->sequence)
		reader->n_lost_records = LOST_UNKNOWN;
}

/* The head's bytes, out of the window that moves on. */
static enum ctf_status keep_head(struct stream_reader *reader)
{
	const size_t size = (size_t)(reader->decoder.pos + 7) / 8;

	if (reader->head_room < size + BITS_SLACK) {
		uint8_t *head = realloc(reader->head, size + BITS_SLACK);

		if (!head)
			return fail(reader, reader->packet.offset, "out of memory");
		reader->head = head;
		reader->head_room = size + BITS_SLACK;
	}
	memcpy(reader->head, reader->decoder.bytes, size);
	memset(reader->head + size, 0, BITS_SLACK);
	reader->scopes[CTF_PACKET_HEADER].view.base = reader->head;
	reader->scopes[CTF_PACKET_CONTEXT].view.base = reader->head;
	return CTF_RECORD;
}

/* The next file that is not at its end; the window's file afterwards. */
static enum ctf_status next_file(struct stream_reader *reader)
{
	const struct ctf_stream *stream = &reader->stream->pub;
	struct place *next = &reader->next;

	while (!reader->window.path || next->offset >= reader->window.file_size) {
		int result;

		if (reader->window.path) {
			next->file++;
			next->offset = next->number = 0;
		}
		if (next->file >= stream->n_files)
			return CTF_END;
		reader->packet.file = stream->files[next->file];
		reader->packet.number = next->number;
		result = window_open(&reader->window, stream->files[next->file], reader->keep_open);
		if (result) {
			fail_errno(reader, result);
			next->file++;
			next->offset = next->number = 0;
			return CTF_ERROR;
		}
		if (reader->stream->ends[next->file] < reader->window.file_size)
			reader->window.file_size = reader->stream->ends[next->file];
	}
	return CTF_RECORD;
}

static enum ctf_status enter_packet(struct stream_reader *reader)
{
	struct packet_before before = reader->next.before;
	struct ctf_packet *packet = &reader->packet;
	struct head_values values = {0};
	uint64_t clock = reader->trace->major == 1 ? reader->clock : 0;
	int loaded;

	*packet = (struct ctf_packet){
		.stream = packet->stream,
		.file = reader->window.path,
		.offset = reader->next.offset,
		.number = reader->next.number,
	};
	/* Unless the head says better, there is nothing behind. */
	reader->next.offset = reader->window.file_size;
	reader->next.number++;
	reader->clock = clock;
	reader->line.most = 0;
	reader->base = 0;
	reader->content = UINT64_MAX;
	reader->decoder.pos = 0;
	reader->decoder.order = 0;
	reader->decoder.strict = reader->trace->strict;
	memset(reader->decoder.saved, 0, reader->trace->n_saves * sizeof(*reader->decoder.saved));
	reader->ready = 0;
	reader->record.roots = NULL;
	loaded = window_has(&reader->window, packet->offset, READER_HEAD_ROOM) ? 0 : window_load(&reader->window, packet->offset);
	if (loaded)
		return fail_errno(reader, loaded);
	decoder_bounds(reader);
	if (reader->trace->packet_header &&
	    (head_scope(reader, CTF_PACKET_HEADER, reader->trace->packet_header, "packet header") != CTF_RECORD ||
	     head_roles(reader, CTF_PACKET_HEADER, &values) != CTF_RECORD))
		return CTF_ERROR;
	if (head_class(reader, &values) != CTF_RECORD)
		return CTF_ERROR;
	if (reader->class->model.pub.packet_context &&
	    (head_scope(reader, CTF_PACKET_CONTEXT, reader->class->model.pub.packet_context, "packet context") != CTF_RECORD ||
	     head_roles(reader, CTF_PACKET_CONTEXT, &values) != CTF_RECORD))
		return CTF_ERROR;
	if (head_sizes(reader, &values) != CTF_RECORD)
		return CTF_ERROR;
	head_times(reader);
	head_losses(reader, &before);
	if (keep_head(reader) != CTF_RECORD)
		return CTF_ERROR;
	decoder_bounds(reader);
	reader->next.before = reader_before(reader);
	reader->next.clock = reader->clock;
	reader->in_packet = true;
	return CTF_RECORD;
}

struct packet_before reader_before(const struct stream_reader *reader)
{
	const struct ctf_packet *packet = &reader->packet;

	return (struct packet_before){
		.is = true,
		.has_end = packet->has_end,
		.has_discarded = packet->has_discarded,
		.has_sequence = packet->has_sequence,
		.end_ns = packet->end_ns,
		.discarded = packet->discarded,
		.sequence = packet->sequence,
	};
}

enum ctf_status reader_packet(struct stream_reader *reader)
{
	const enum ctf_status status = next_file(reader);

	reader->in_packet = reader->cut = false;
	return status == CTF_RECORD ? enter_packet(reader) : status;
}

/* ---- Records ---- */

static __attribute__((noinline)) enum decode_result general_header(struct stream_reader *reader, uint64_t *ret_id)
{
	struct scope_nodes *nodes = &reader->scopes[CTF_EVENT_HEADER];
	struct decoder *decoder = &reader->decoder;
	const struct ctf_class *class = reader->class->model.pub.event_header;
	enum decode_result result;

	*ret_id = 0;
	if (!class)
		return DECODE_OK;
	decoder->nodes = nodes->own;
	decoder->room = nodes->room;
	decoder->n_nodes = 0;
	decoder->start = 0;
	nodes->place.at = 0;
	result = decode_expand(decoder, &layout_of(class)->self);
	nodes->own = decoder->nodes;
	nodes->room = decoder->room;
	if (result)
		return result;
	nodes->view = (struct ctf_view){decoder->bytes, &nodes->place};
	for (uint32_t i = 0; i < decoder->n_nodes; i++) {
		const struct ctf_field field = ctf_field_of_node(&nodes->view, &nodes->own[i]);
		const uint32_t roles = field.class->roles;

		if (roles & CTF_ROLE_EVENT_ID)
			*ret_id = ctf_field_uint(&field);
		if (roles & CTF_ROLE_CLOCK)
			reader->clock = clock_update(reader->clock, ctf_field_uint(&field),
						     field.class->leb128 ? 7 * (unsigned int)field.n : field.class->size);
	}
	return DECODE_OK;
}

/* Return: false: it is none that can be read quickly, or goes on behind the end. */
static inline bool simple_header(struct stream_reader *reader, uint64_t *ret_id)
{
	const struct head *head = &reader->class->head;
	struct decoder *decoder = &reader->decoder;
	const uint64_t pos = bits_align(decoder->pos, head->align);
	const struct head_case *one;

	if (!head->simple || reader->class->crosses || pos > decoder->end)
		return false;
	one = head_find(head, decoder->bytes, pos, decoder->end);
	if (!one)
		return false;
	*ret_id = head_id(head, one, decoder->bytes, pos);
	if (one->clock_size)
		reader->clock = clock_update(reader->clock, head_load(head, decoder->bytes, pos + one->clock_at, one->clock_size),
					     one->clock_size);
	decoder->pos = pos + one->bits;
	return true;
}

static __attribute__((cold)) enum decode_result no_event(struct stream_reader *reader, uint64_t id)
{
	snprintf(reader->decoder.error, sizeof(reader->decoder.error),
		 "there is no event class with id %" PRIu64 " in stream class %" PRIu64, id, reader->class->model.pub.id);
	return DECODE_BAD;
}

/* Header, and then the size of everything behind it. */
static inline enum decode_result decode_record(struct stream_reader *reader, const struct layout_event **ret)
{
	struct decoder *decoder = &reader->decoder;
	const struct layout_stream *class = reader->class;
	const struct layout_event *event;
	enum decode_result result;
	uint64_t id;

	decoder->work = decoder->n_elements = 0;
	decoder->from = decoder->pos;
	result = simple_header(reader, &id) ? DECODE_OK : general_header(reader, &id);
	if (result)
		return result;
	event = layout_event_find(class, id);
	if (!event)
		return no_event(reader, id);
	*ret = event;
	for (uint32_t i = 0; i < event->n_scopes; i++) {
		reader->scope_at[i] = decoder->pos;
		result = decode_skip(decoder, event->scopes[i]);
		if (result)
			return result;
	}
	return DECODE_OK;
}

static uint64_t bytes_missing(const struct stream_reader *reader)
{
	return reader->packet.size - (reader->window.file_size - reader->packet.offset);
}

/* The packet's records are read, as far as there are any. */
static enum ctf_status leave_packet(struct stream_reader *reader)
{
	reader->in_packet = false;
	if (reader->cut)
		return fail(reader, reader->window.file_size, "the file ends here, %" PRIu64 " bytes before the packet does",
			    bytes_missing(reader));
	return CTF_END;
}

static __attribute__((cold)) enum ctf_status record_error(struct stream_reader *reader, uint64_t pos, enum decode_result result)
{
	const uint64_t at = reader->base + pos; /* bits of the packet */
	const uint64_t offset = reader->packet.offset + at / 8;

	reader->in_packet = false;
	if (result == DECODE_BAD)
		return fail(reader, offset, "%s", reader->decoder.error);
	if (reader->cut)
		return fail(reader, offset,
			    "the file ends in the record that begins here, %" PRIu64 " bytes before the packet does",
			    bytes_missing(reader));
	return fail(reader, offset,
		    "the record that begins here goes beyond the packet's content, which ends at bit %" PRIu64 " of the packet",
		    reader->packet.content);
}

static __attribute__((cold)) enum ctf_status load_error(struct stream_reader *reader, uint64_t pos, int error)
{
	const uint64_t offset = reader->packet.offset + (reader->base + pos) / 8;

	reader->in_packet = false;
	if (error == -EMSGSIZE)
		return fail(reader, offset, "a record is bigger than %zu MiB", READER_RECORD_MAX >> 20);
	return fail(reader, offset, "cannot be read: %s", strerror(-error));
}

/* Behind the alignment in front of a record that was decoded. */
static inline uint64_t record_begin(const struct stream_reader *reader, const struct layout_event *event, uint64_t pos)
{
	const struct ctf_class *header = reader->class->model.pub.event_header;

	if (header)
		return bits_align(pos, header->align);
	return event->n_scopes ? bits_align(pos, event->scopes[0]->model.pub.align) : pos;
}

/* In front of a record, or at the packet's end: leave it. Return: CTF_END: left; CTF_RECORD; CTF_ERROR. */
static inline enum ctf_status next_record(struct stream_reader *reader)
{
	struct decoder *decoder = &reader->decoder;
	struct ctf_record *record = &reader->record;
	const struct layout_event *event = NULL;
	const uint64_t clock = reader->clock;
	const uint8_t order = decoder->order;
	enum decode_result result;
	uint64_t pos = decoder->pos;

	for (;;) {
		int loaded;

		if (reader->base + pos >= reader->content)
			return leave_packet(reader);
		result = decode_record(reader, &event);
		if (__builtin_expect(!result, 1))
			break;
		if (result == DECODE_BAD || !may_load(reader))
			return record_error(reader, pos, result);
		loaded = load_from(reader, pos);
		if (loaded)
			return load_error(reader, pos, loaded);
		pos = decoder->pos;
		reader->clock = clock;
		decoder->order = order;
	}
	if (decoder->pos == pos) {
		snprintf(decoder->error, sizeof(decoder->error), "a record of 0 bits: there would be no end of them");
		return record_error(reader, pos, DECODE_BAD);
	}
	pos = record_begin(reader, event, pos);
	reader->passed[0] = (struct passed){
		.event = event,
		.cycles = reader->clock,
		.begin = (uint32_t)pos,
		.scopes = (uint32_t)(event->n_scopes ? reader->scope_at[0] : decoder->pos),
		.end = (uint32_t)decoder->pos,
	};
	reader->next_passed = reader->end_passed = reader->passed + 1;
	reader->ready &= READER_HEAD_SCOPES;
	record->kind = CTF_EVENT;
	record->event = &event->model.pub;
	record->has_time = reader->class->model.pub.clock;
	if (record->has_time) {
		record->cycles = reader->clock;
		record->time = clock_line_ns(&reader->line, reader->clock);
	}
	record->roots = NULL;
	reader->quick = reader->class->head.simple && record->has_time;
	return CTF_RECORD;
}

static enum ctf_status tell_loss(struct stream_reader *reader, enum ctf_record_kind kind, uint64_t n)
{
	struct ctf_record *record = &reader->record;

	record->kind = kind;
	record->event = NULL;
	record->has_time = reader->class->model.pub.clock;
	record->time = reader->lost_from;
	record->cycles = record->has_time ? ctf_clock_cycles(reader->class->model.pub.clock, reader->lost_from) : 0;
	record->n_lost = n == LOST_UNKNOWN ? 0 : n;
	record->lost_from = reader->lost_from;
	/* Packets are missing up to the begin of this one, records up to its end. */
	record->lost_to = kind == CTF_LOST_PACKETS && reader->packet.has_begin ? reader->packet.begin_ns : reader->lost_to;
	return CTF_RECORD;
}

static enum ctf_status next_loss(struct stream_reader *reader)
{
	const uint64_t n_packets = reader->n_lost_packets;
	const uint64_t n_records = reader->n_lost_records;

	if (n_packets) {
		reader->n_lost_packets = 0;
		return tell_loss(reader, CTF_LOST_PACKETS, n_packets);
	}
	reader->n_lost_records = 0;
	return tell_loss(reader, CTF_LOST_RECORDS, n_records);
}

enum ctf_status reader_next(struct stream_reader *reader)
{
	reader_forget(reader);
	if (reader->unsaid) {
		reader->unsaid = false;
		return CTF_ERROR;
	}
	for (;;) {
		enum ctf_status status;

		if (!reader->in_packet) {
			status = reader_packet(reader);
			if (status != CTF_RECORD)
				return status;
			if (reader->no_losses)
				reader->n_lost_packets = reader->n_lost_records = 0;
			reader->record.event = NULL;
			if (reader->entered)
				reader->entered(reader->entered_data, &reader->record);
		}
		if (reader->n_lost_packets || reader->n_lost_records)
			return next_loss(reader);
		status = next_record(reader);
		if (status != CTF_END)
			return status;
	}
}

/* ---- A record ---- */

uint64_t ctf_record_offset(const struct ctf_record *record)
{
	const struct stream_reader *reader = (const struct stream_reader *)record;

	return record->event ? reader->base + reader_taken(reader)->begin : 0;
}

uint64_t ctf_record_size(const struct ctf_record *record)
{
	const struct passed *passed;

	if (!record->event)
		return 0;
	passed = reader_taken((const struct stream_reader *)record);
	return passed->end - passed->begin;
}

/*
 * A scope has more fields than there may be nodes, or memory is short: the record was given out already, so the next call says so.
 */
static __attribute__((cold)) bool say_later(struct stream_reader *reader)
{
	fail(reader, reader->packet.offset + ctf_record_offset(&reader->record) / 8, "%s", reader->decoder.error);
	reader->unsaid = true;
	return false;
}

/* Return: nodes of the scope at nodes->place; NULL: say_later() was called. */
static const struct ctf_node *make_nodes(struct stream_reader *reader, struct scope_nodes *nodes, const struct layout_class *class)
{
	struct decoder *decoder = &reader->decoder;
	const uint64_t behind = decoder->pos;
	const uint8_t order = decoder->order;
	bool made;

	decoder->pos = decoder->start = nodes->place.at;
	decoder->nodes = nodes->own;
	decoder->room = nodes->room;
	decoder->n_nodes = 0;
	decoder->work = decoder->n_elements = 0;
	decoder->from = reader_taken(reader)->begin;
	decoder->order = 0;
	made = decode_expand(decoder, &class->self) == DECODE_OK;
	nodes->own = decoder->nodes;
	nodes->room = decoder->room;
	decoder->pos = behind;
	decoder->order = order;
	return made || say_later(reader) ? nodes->own : NULL;
}

static void make_scope(struct stream_reader *reader, enum ctf_scope scope, const struct ctf_class *class, uint64_t pos)
{
	struct scope_nodes *nodes = &reader->scopes[scope];

	reader->ready |= 1u << scope;
	nodes->root = NULL;
	nodes->view = (struct ctf_view){reader->decoder.bytes, &nodes->place};
	if (!class)
		return;
	nodes->place.at = (uint32_t)bits_align(pos, class->align);
	nodes->root = make_nodes(reader, nodes, layout_of(class));
}

static bool more_places(struct stream_reader *reader, uint32_t n)
{
	struct ctf_place *places = realloc(reader->places, n * sizeof(*places));

	if (!places) {
		snprintf(reader->decoder.error, sizeof(reader->decoder.error), "out of memory");
		return say_later(reader);
	}
	reader->places = places;
	reader->places_room = n;
	return true;
}

/* All scopes of a linear event. */
static void find_places(struct stream_reader *reader, const struct layout_event *event)
{
	if (reader->places_room < event->n_steps && !more_places(reader, event->n_steps))
		return;
	linear_places(event, reader->decoder.bytes, reader_taken(reader)->scopes, reader->decoder.end, reader->decoder.saved,
		      reader->places);
	reader->record.view = (struct ctf_view){reader->decoder.bytes, reader->places};
	reader->record.roots = event->roots;
}

/* The scope of an event, and then it is ready. */
static void make_ready(struct stream_reader *reader, enum ctf_scope scope)
{
	const struct layout_event *event = (const struct layout_event *)reader->record.event;
	uint32_t i = 0;

	if (scope == CTF_EVENT_HEADER) {
		make_scope(reader, scope, event->model.pub.stream->event_header, reader_taken(reader)->begin);
		return;
	}
	while (i < event->n_scopes && event->places[i] != scope - CTF_COMMON_CONTEXT)
		i++;
	make_scope(reader, scope, i < event->n_scopes ? &event->scopes[i]->model.pub : NULL, reader->scope_at[i]);
}

struct ctf_field ctf_record_scope_any(const struct ctf_record *record, enum ctf_scope scope)
{
	struct stream_reader *reader = (struct stream_reader *)(uintptr_t)record;
	const struct layout_event *event = (const struct layout_event *)record->event;
	const struct scope_nodes *nodes = &reader->scopes[scope];
	const struct ctf_field none = {0};

	if (event && event->steps && scope >= CTF_COMMON_CONTEXT) {
		find_places(reader, event);
		return record->roots ? ctf_record_scope(record, scope) : none;
	}
	if (!(reader->ready >> scope & 1) && (!event || scope <= CTF_PACKET_CONTEXT))
		return none;
	if (!(reader->ready >> scope & 1))
		make_ready(reader, scope);
	return nodes->root ? ctf_field_of_node(&nodes->view, nodes->root) : none;
}

static struct ctf_field first_of(const struct ctf_record *record, int scope)
{
	struct ctf_field field = {0};

	for (; !field.class && scope < CTF_N_SCOPES; scope++)
		field = ctf_record_scope(record, (enum ctf_scope)scope);
	return field;
}

struct ctf_field ctf_record_first_any(const struct ctf_record *record)
{
	const struct ctf_field field = first_of(record, CTF_COMMON_CONTEXT);

	return record->roots ? ctf_record_first(record) : field;
}

struct ctf_field ctf_record_next_any(const struct ctf_record *record, const struct ctf_field *field)
{
	const struct stream_reader *reader = (const struct stream_reader *)record;
	const struct ctf_node *next = field->node + 1;
	int scope = CTF_COMMON_CONTEXT;

	while (field->view != &reader->scopes[scope].view)
		scope++;
	if (next < reader->scopes[scope].root + reader->scopes[scope].root->next)
		return ctf_field_of_node(field->view, next);
	return first_of(record, scope + 1);
}

/* ---- Probing a file ---- */

enum ctf_status reader_probe(struct stream_reader *reader, const struct ctf_trace *trace, const char *path, bool *ret_has_id,
			     uint64_t *ret_id)
{
	struct head_values values = {0};
	int result;

	reader->trace = trace;
	reader->class = NULL;
	reader->packet = (struct ctf_packet){.file = path};
	reader->next = (struct place){0};
	reader->clock = 0;
	free(reader->decoder.saved);
	reader->decoder.saved = calloc(trace->n_saves + 1, sizeof(struct saved));
	if (!reader->decoder.saved)
		return fail(reader, 0, "out of memory");
	result = window_open(&reader->window, path, false);
	if (result)
		return fail_errno(reader, result);
	if (!reader->window.file_size)
		return CTF_END;
	if (enter_packet(reader) != CTF_RECORD)
		return CTF_ERROR;
	if (trace->packet_header && head_roles(reader, CTF_PACKET_HEADER, &values) != CTF_RECORD)
		return CTF_ERROR;
	*ret_has_id = values.has_stream_id;
	*ret_id = values.stream_id;
	return CTF_RECORD;
}
