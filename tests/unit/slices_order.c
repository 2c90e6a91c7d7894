// SPDX-License-Identifier: MIT
/**
 * slices_order.c - whatever the slices and the workers, the output is that of one iterator, and errors are told once.
 *
 * The reader is a model: traces are arrays in memory, made at random from a seed, and the few functions of ctf.h that slices use
 * are here. A model's record is (stream, number); what a job writes for it is a line, and lines are compared. Sizes of packets are
 * only claimed, so that few records make many slices.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "analysis/slices.h"

#define STREAMS_MAX 8
#define LINE 64

/* ---- The model of a reader ---- */

struct model_packet {
	uint32_t first; /* record */
	uint32_t n;
	uint64_t size;
	int64_t begin; /* as the head tells */
	int64_t end;
	bool has_begin;
	bool has_end;
	uint32_t bad_at; /* this record cannot be read, nor can those behind it; n: all can */
};

struct model_stream {
	struct ctf_stream pub;
	struct ctf_stream_class class;
	uint32_t n_packets;
	struct model_packet *packets;
	int64_t *times; /* of records */
};

struct ctf {
	uint32_t n_streams;
	bool no_packet_times;
	_Atomic uint64_t packets_seen;
	struct model_stream streams[STREAMS_MAX];
};

static const struct ctf_clock a_clock = {.frequency = 1000000000};

struct place {
	uint32_t packet;
	uint32_t record; /* in the packet */
	bool arrived;    /* at the selection's first record */
};

struct ctf_iter {
	struct ctf *ctf;
	struct ctf_select select;
	struct place places[STREAMS_MAX];
	struct ctf_record record;
	uint64_t offset; /* of record */
	struct ctf_packet packet;
	struct ctf_error error;
};

uint32_t ctf_n_streams(const struct ctf *ctf)
{
	return ctf->n_streams;
}

const struct ctf_stream *ctf_stream_at(const struct ctf *ctf, uint32_t index)
{
	return &ctf->streams[index].pub;
}

static void describe_packet(const struct ctf *ctf, const struct model_stream *stream, uint32_t number, struct ctf_packet *packet)
{
	const struct model_packet *from = &stream->packets[number];

	*packet = (struct ctf_packet){.stream = &stream->pub, .file = stream->pub.files[0], .number = number, .size = from->size};
	packet->has_begin = stream->pub.class->clock && !ctf->no_packet_times && from->has_begin;
	packet->has_end = packet->has_begin && from->has_end;
	packet->begin_ns = packet->has_begin ? from->begin : 0;
	packet->end_ns = packet->has_end ? from->end : 0;
}

enum ctf_status ctf_packet_next(const struct ctf *ctf, struct ctf_packet *packet, struct ctf_error *ret_error)
{
	const struct model_stream *stream = &ctf->streams[packet->stream->index];
	const uint32_t next = packet->file ? (uint32_t)packet->number + 1 : 0;

	(void)ret_error;
	atomic_fetch_add(&((struct ctf *)ctf)->packets_seen, 1);
	if (next == stream->n_packets)
		return CTF_END;
	describe_packet(ctf, stream, next, packet);
	return CTF_RECORD;
}

struct ctf_iter *ctf_iter_new(const struct ctf *ctf, const struct ctf_select *select, struct ctf_error *ret_error)
{
	struct ctf_iter *iter = calloc(1, sizeof(*iter));

	(void)ret_error;
	assert_non_null(iter);
	iter->ctf = (struct ctf *)ctf;
	iter->select = *select;
	return iter;
}

void ctf_iter_free(struct ctf_iter *iter)
{
	free(iter);
}

const struct ctf_error *ctf_iter_error(const struct ctf_iter *iter)
{
	return &iter->error;
}

uint64_t ctf_record_offset(const struct ctf_record *record)
{
	return ((const struct ctf_iter *)((const char *)record - offsetof(struct ctf_iter, record)))->offset;
}

uint64_t ctf_iter_bytes(const struct ctf_iter *iter)
{
	(void)iter;
	return 0;
}

static int64_t time_of(const struct model_stream *stream, const struct place *place)
{
	return stream->times[stream->packets[place->packet].first + place->record];
}

static enum ctf_status complain(struct ctf_iter *iter, uint32_t stream, struct place *place)
{
	snprintf(iter->error.text, sizeof(iter->error.text), "stream %u: packet %u: bad", stream, place->packet);
	*place = (struct place){.packet = place->packet + 1, .arrived = place->arrived};
	return CTF_ERROR;
}

/* Goes to the stream's next record that is selected. Return: CTF_ERROR: a record was reached that is bad. */
static enum ctf_status settle(struct ctf_iter *iter, uint32_t index)
{
	const struct model_stream *stream = &iter->ctf->streams[index];
	struct place *place = &iter->places[index];

	while (place->packet < stream->n_packets) {
		const struct model_packet *packet = &stream->packets[place->packet];

		if (place->record == packet->n) {
			*place = (struct place){.packet = place->packet + 1, .arrived = place->arrived};
			continue;
		}
		if (place->record == packet->bad_at)
			return complain(iter, index, place);
		if (!stream->pub.class->clock)
			return CTF_RECORD;
		/* Of parts, times alone decide: no packet of the model is off by the margin. */
		if ((iter->select.has_to && time_of(stream, place) >= iter->select.to) ||
		    (iter->select.has_part_to && time_of(stream, place) >= iter->select.part_to))
			return CTF_END;
		place->arrived |= (!iter->select.has_from || time_of(stream, place) >= iter->select.from) &&
				  (!iter->select.has_part_from || time_of(stream, place) >= iter->select.part_from);
		if (place->arrived)
			return CTF_RECORD;
		place->record++;
	}
	return CTF_END;
}

enum ctf_status ctf_iter_next(struct ctf_iter *iter, const struct ctf_record **ret_record)
{
	struct model_stream *best = NULL;
	int64_t best_time = 0;
	struct place *place;

	for (uint32_t i = 0; i < iter->ctf->n_streams; i++) {
		struct model_stream *stream = &iter->ctf->streams[i];
		enum ctf_status status;
		int64_t time;

		if (iter->select.streams && !iter->select.streams[i])
			continue;
		status = settle(iter, i);
		if (status == CTF_ERROR)
			return CTF_ERROR;
		if (status == CTF_END)
			continue;
		time = stream->pub.class->clock ? time_of(stream, &iter->places[i]) : INT64_MIN;
		if (!best || time < best_time) {
			best = stream;
			best_time = time;
		}
	}
	if (!best)
		return CTF_END;
	place = &iter->places[best->pub.index];
	describe_packet(iter->ctf, best, place->packet, &iter->packet);
	iter->record = (struct ctf_record){.stream = &best->pub, .packet = &iter->packet, .time = best_time};
	iter->offset = best->packets[place->packet].first + place->record;
	place->record++;
	*ret_record = &iter->record;
	return CTF_RECORD;
}

/* ---- Models at random ---- */

static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % sides;
}

/* What a packet's head tells: the truth, or off by @lie; some do not tell when they end. */
static void tell_times(const struct model_stream *stream, struct model_packet *packet, int64_t lie)
{
	const int64_t last = stream->times[packet->first + packet->n - 1];

	packet->begin = stream->times[packet->first] + lie;
	packet->end = last - lie;
	packet->has_begin = dice(2000);
	packet->has_end = dice(10);
	if (packet->begin > last)
		packet->begin = last;
	if (packet->end < packet->begin)
		packet->end = packet->begin;
}

static void make_stream(struct ctf *ctf, uint32_t index, uint32_t n_packets, bool clock)
{
	struct model_stream *stream = &ctf->streams[index];
	static const char *const files[] = {"file"};
	const int64_t tick = dice(2) ? 1 : 1000000;
	uint32_t n = 0;

	stream->pub = (struct ctf_stream){.class = &stream->class, .index = index, .n_files = 1, .files = files};
	stream->class.clock = clock ? &a_clock : NULL;
	stream->n_packets = n_packets;
	stream->packets = calloc(n_packets, sizeof(*stream->packets));
	stream->times = calloc((size_t)n_packets * 8, sizeof(*stream->times));
	assert_non_null(stream->packets);
	assert_non_null(stream->times);
	for (uint32_t i = 0; i < n_packets; i++) {
		stream->packets[i] = (struct model_packet){.first = n, .n = 1 + dice(8), .size = 1 + dice(128 << 10)};
		stream->packets[i].bad_at = dice(9) ? stream->packets[i].n : dice(stream->packets[i].n);
		stream->pub.size += stream->packets[i].size;
		n += stream->packets[i].n;
	}
	/* Coarse, so that many are equal, within a stream and among them. */
	for (uint32_t i = 0; i < n; i++)
		stream->times[i] =
			(i ? stream->times[i - 1] : tick * dice(2000)) + (dice(3) ? 0 : tick * dice(dice(50) ? 30 : 2000));
	for (uint32_t i = 0; i < n_packets; i++)
		tell_times(stream, &stream->packets[i], dice(4) ? 0 : tick);
}

static void make_model(struct ctf *ctf, uint64_t number)
{
	uint32_t n_packets;

	seed = number;
	*ctf = (struct ctf){.n_streams = 1 + dice(STREAMS_MAX)};
	n_packets = dice(4) ? 200 : 3;
	for (uint32_t i = 0; i < ctf->n_streams; i++)
		make_stream(ctf, i, 1 + dice(n_packets), dice(8));
	ctf->no_packet_times = !dice(8);
}

static void free_model(struct ctf *ctf)
{
	for (uint32_t i = 0; i < ctf->n_streams; i++) {
		free(ctf->streams[i].packets);
		free(ctf->streams[i].times);
	}
}

/* ---- Jobs ---- */

struct result {
	char *text;
	size_t size;
	size_t room;
	size_t end_at; /* take no more than that */
	bool ended;
	unsigned int n_errors;
	char **errors;
	unsigned int n_noted, n_others; /* pieces */
	uint64_t records;               /* as the workers have counted them */
	unsigned int n_workers;
};

static void keep_error(struct result *result, const char *text)
{
	for (unsigned int i = 0; i < result->n_errors; i++)
		assert_string_not_equal(result->errors[i], text);
	result->errors = realloc(result->errors, (result->n_errors + 1) * sizeof(*result->errors));
	assert_non_null(result->errors);
	result->errors[result->n_errors++] = strdup(text);
}

/* Records that workers note: one of so many. */
#define NOTED 97u

static bool has_noted(const char *bytes, size_t size)
{
	for (const char *end = bytes + size; bytes < end; bytes = (const char *)memchr(bytes, '\n', (size_t)(end - bytes)) + 1)
		if (strtoull((const char *)memchr(bytes, ':', (size_t)(end - bytes)) + 1, NULL, 10) % NOTED == 0)
			return true;
	return false;
}

static bool take(void *data, const char *bytes, size_t size, bool noted)
{
	struct result *result = data;

	assert_int_equal(noted, has_noted(bytes, size));
	result->n_noted += noted;
	result->n_others += !noted;
	assert_false(result->ended);
	if (result->size + size > result->room) {
		result->room = 2 * (result->size + size);
		result->text = realloc(result->text, result->room);
		assert_non_null(result->text);
	}
	memcpy(result->text + result->size, bytes, size);
	result->size += size;
	result->ended = result->end_at && result->size >= result->end_at;
	return !result->ended;
}

static void take_error(void *data, const struct ctf_error *error)
{
	assert_false(((struct result *)data)->ended);
	keep_error(data, error->text);
}

static int line_of(const struct ctf_record *record, char *line)
{
	return snprintf(line, LINE, "%u:%" PRIu64 " %" PRId64 "\n", record->stream->index, ctf_record_offset(record), record->time);
}

static void *worker_new(void *data)
{
	(void)data;
	return calloc(1, sizeof(uint64_t));
}

static void worker_end(void *data, void *worker)
{
	struct result *result = data;

	result->records += *(uint64_t *)worker;
	result->n_workers++;
	free(worker);
}

static void work(void *data, void *worker, struct slice *slice)
{
	const struct ctf_record *record;
	char *line;

	(void)data;
	while ((record = slice_next(slice)) && (line = slice_room(slice, LINE))) {
		slice_used(slice, (size_t)line_of(record, line));
		if (ctf_record_offset(record) % NOTED == 0)
			slice_note(slice);
		++*(uint64_t *)worker;
	}
}

static struct slices_job job_for(struct ctf *ctf, struct result *result, unsigned int workers)
{
	return (struct slices_job){.ctf = ctf,
				   .workers = workers,
				   .slice_bytes = 200 << 10,
				   .data = result,
				   .worker_new = worker_new,
				   .worker_end = worker_end,
				   .work = work,
				   .take = take,
				   .error = take_error};
}

/* What one iterator gives. */
static struct result read_plainly(struct ctf *ctf, const struct ctf_select *select)
{
	struct ctf_iter *iter = ctf_iter_new(ctf, select, NULL);
	struct result result = {0};
	const struct ctf_record *record;
	enum ctf_status status;
	char line[LINE];

	while ((status = ctf_iter_next(iter, &record)) != CTF_END) {
		if (status == CTF_ERROR)
			keep_error(&result, ctf_iter_error(iter)->text);
		else
			take(&result, line, (size_t)line_of(record, line), ctf_record_offset(record) % NOTED == 0);
		result.records += status == CTF_RECORD;
	}
	ctf_iter_free(iter);
	return result;
}

static void free_result(struct result *result)
{
	for (unsigned int i = 0; i < result->n_errors; i++)
		free(result->errors[i]);
	free(result->errors);
	free(result->text);
}

static bool has_error(const struct result *result, const char *text)
{
	for (unsigned int i = 0; i < result->n_errors; i++)
		if (!strcmp(result->errors[i], text))
			return true;
	return false;
}

static void assert_same(const struct result *got, const struct result *wanted)
{
	assert_int_equal(got->size, wanted->size);
	assert_int_equal(got->records, wanted->records);
	if (wanted->size)
		assert_memory_equal(got->text, wanted->text, wanted->size);
	/* Their order among streams depends on when an iterator looks ahead. */
	assert_int_equal(got->n_errors, wanted->n_errors);
	for (unsigned int i = 0; i < wanted->n_errors; i++)
		assert_true(has_error(got, wanted->errors[i]));
}

static void compare(struct ctf *ctf, const struct ctf_select *select, unsigned int workers)
{
	struct result wanted = read_plainly(ctf, select);
	struct result got = {0};
	struct slices_job job = job_for(ctf, &got, workers);

	job.select = *select;
	assert_int_equal(slices_run(&job), 0);
	assert_same(&got, &wanted);
	assert_int_equal(got.n_workers, workers);
	free_result(&wanted);
	free_result(&got);
}

static void test_same_as_one_iterator(void **state)
{
	static const unsigned int workers[] = {1, 2, 3, 16};

	(void)state;
	for (uint64_t number = 0; number < 120; number++) {
		struct ctf ctf;

		make_model(&ctf, number);
		compare(&ctf, &(struct ctf_select){0}, workers[number % 4]);
		free_model(&ctf);
	}
}

static void test_selection(void **state)
{
	(void)state;
	for (uint64_t number = 1000; number < 1100; number++) {
		struct ctf ctf;
		bool streams[STREAMS_MAX];
		struct ctf_select select = {.streams = streams};

		make_model(&ctf, number);
		select.has_from = dice(2);
		select.has_to = dice(2);
		select.from = (int64_t)dice(4000) * (dice(2) ? 1 : 1000000);
		select.to = select.from + (int64_t)dice(4000) * (dice(2) ? 1 : 1000000);
		for (unsigned int i = 0; i < STREAMS_MAX; i++)
			streams[i] = dice(3);
		compare(&ctf, &select, 1 + dice(4));
		free_model(&ctf);
	}
}

/* The output may end anywhere: what was taken until then is the beginning, and nothing comes after. */
static void test_end_early(void **state)
{
	(void)state;
	for (uint64_t number = 2000; number < 2060; number++) {
		struct result wanted, got = {0};
		struct slices_job job;
		struct ctf ctf;

		make_model(&ctf, number);
		job = job_for(&ctf, &got, 1 + dice(4));
		wanted = read_plainly(&ctf, &(struct ctf_select){0});
		got.end_at = 1 + dice((uint32_t)wanted.size);
		assert_int_equal(slices_run(&job), -ECANCELED);
		assert_true(got.size >= got.end_at);
		assert_memory_equal(got.text, wanted.text, got.size);
		free_result(&wanted);
		free_result(&got);
		free_model(&ctf);
	}
}

/* The first output comes when few packets were looked at, not all. */
static void test_found_as_needed(void **state)
{
	(void)state;
	for (unsigned int workers = 1; workers <= 2; workers++) {
		struct result got = {.end_at = 1};
		struct ctf ctf = {.n_streams = 2};
		struct slices_job job = job_for(&ctf, &got, workers);

		make_stream(&ctf, 0, 10000, true);
		make_stream(&ctf, 1, 10000, true);
		assert_int_equal(slices_run(&job), -ECANCELED);
		assert_in_range(ctf.packets_seen, 2, 400);
		free_result(&got);
		free_model(&ctf);
	}
}

/* The same, from somewhere in the middle: packets before are not walked. */
static void test_from_the_middle(void **state)
{
	struct result got = {.end_at = 1};
	struct ctf ctf = {.n_streams = 1};
	struct slices_job job = job_for(&ctf, &got, 2);

	(void)state;
	make_stream(&ctf, 0, 10000, true);
	job.select = (struct ctf_select){.has_from = true, .from = ctf.streams[0].times[20000]};
	assert_int_equal(slices_run(&job), -ECANCELED);
	assert_in_range(ctf.packets_seen, 1, 400);
	free_result(&got);
	free_model(&ctf);
}

/* ---- Heads that are wrong: a stream that ticks, and another with a record that its head tells nothing of ---- */

#define MS INT64_C(1000000)

static void set_packet(struct ctf *ctf, uint32_t stream, uint32_t packet, int64_t time, int64_t begin, int64_t end)
{
	struct model_stream *to = &ctf->streams[stream];

	to->times[packet] = time;
	to->packets[packet] = (struct model_packet){.first = packet,
						    .n = 1,
						    .size = 100 << 10,
						    .begin = begin,
						    .end = end,
						    .has_begin = true,
						    .has_end = true,
						    .bad_at = 1};
}

static void make_ticking(struct ctf *ctf, uint32_t n_packets, int64_t step)
{
	ctf->n_streams = 2;
	make_stream(ctf, 0, n_packets, true);
	for (uint32_t i = 0; i < n_packets; i++)
		set_packet(ctf, 0, i, i * step, i * step, i * step);
}

/* A record a little before its packet begins, or after it ends; wherever the slices are. */
static void test_records_outside(void **state)
{
	(void)state;
	for (int64_t time = 100 * MS; time < 130 * MS; time += MS)
		for (int late = 0; late < 2; late++) {
			const int64_t told = late ? time - 5 * MS : time + 5 * MS;
			struct ctf ctf = {0};

			make_ticking(&ctf, 300, MS);
			make_stream(&ctf, 1, 1, true);
			set_packet(&ctf, 1, 0, time, told, told);
			compare(&ctf, &(struct ctf_select){0}, 2);
			free_model(&ctf);
		}
}

/* Between two packets of a stream that are far apart, and far from both. */
static void test_records_between(void **state)
{
	struct ctf ctf = {0};

	(void)state;
	make_ticking(&ctf, 300, MS);
	make_stream(&ctf, 1, 3, true);
	set_packet(&ctf, 1, 0, 1 * MS, 1 * MS, 1 * MS);
	set_packet(&ctf, 1, 1, 100 * MS, 200 * MS, 200 * MS);
	set_packet(&ctf, 1, 2, 290 * MS, 290 * MS, 290 * MS);
	compare(&ctf, &(struct ctf_select){0}, 2);
	/* The same for who begins in the middle, and finds the stream by a record in front of its packet. */
	compare(&ctf, &(struct ctf_select){.has_from = true, .from = 50 * MS}, 2);
	free_model(&ctf);
}

/* ---- Much output, taken slowly: workers wait, memory stays bounded ---- */

static _Atomic uint64_t written;

struct slow {
	uint64_t taken;
	uint64_t held_max;
};

#define MUCH ((size_t)100 << 10)

static void write_much(void *data, void *worker, struct slice *slice)
{
	char *bytes;

	(void)data;
	(void)worker;
	while (slice_next(slice) && (bytes = slice_room(slice, MUCH))) {
		memset(bytes, 'x', MUCH);
		atomic_fetch_add(&written, MUCH);
		slice_used(slice, MUCH);
	}
}

static bool take_slowly(void *data, const char *bytes, size_t size, bool noted)
{
	struct slow *slow = data;
	const uint64_t held = written - slow->taken;

	(void)bytes;
	(void)noted;
	if (held > slow->held_max)
		slow->held_max = held;
	slow->taken += size;
	usleep(100);
	return true;
}

/* In many slices, of which all but one are ahead; in one that is never ahead. */
static void test_bounded_memory(void **state)
{
	(void)state;
	for (int single = 0; single < 2; single++) {
		struct ctf ctf = {.n_streams = 1, .no_packet_times = single};
		struct slow slow = {0};
		const struct slices_job job = {
			.ctf = &ctf, .workers = 3, .slice_bytes = 1 << 20, .data = &slow, .work = write_much, .take = take_slowly};

		written = 0;
		make_stream(&ctf, 0, 300, true);
		assert_int_equal(slices_run(&job), 0);
		assert_int_equal(slow.taken, written);
		assert_true(written > (uint64_t)64 << 20);
		assert_in_range(slow.held_max, 0, (single ? 4 : 32) << 20);
		free_model(&ctf);
	}
}

/* ---- Little output of long work is shown while it goes on ---- */

#define WORK_RECORDS 1100 /* after each 1024 is looked whether something waits for long */

static atomic_bool shown;
static bool shown_meanwhile; /* the worker's, until it has ended */

static bool take_shown(void *data, const char *bytes, size_t size, bool noted)
{
	(void)noted;
	(void)data;
	(void)bytes;
	atomic_store(&shown, size > 0);
	return true;
}

static void write_little(void *data, void *worker, struct slice *slice)
{
	uint32_t n = 0;

	(void)data;
	(void)worker;
	slice_write(slice, "x", 1);
	while (n < WORK_RECORDS && slice_next(slice)) {
		usleep(60);
		n++;
	}
	for (int i = 0; n == WORK_RECORDS && !shown && i < 10000; i++)
		usleep(1000);
	shown_meanwhile = n == WORK_RECORDS && shown;
}

static void test_shown_meanwhile(void **state)
{
	struct ctf ctf = {.n_streams = 1, .no_packet_times = true};
	const struct slices_job job = {.ctf = &ctf, .workers = 2, .work = write_little, .take = take_shown};

	(void)state;
	make_stream(&ctf, 0, 300, true);
	assert_int_equal(slices_run(&job), 0);
	assert_true(shown_meanwhile);
	free_model(&ctf);
}

/* ---- Trouble ---- */

static void *no_worker(void *data)
{
	(void)data;
	return NULL;
}

static void test_no_memory_for_workers(void **state)
{
	(void)state;
	for (unsigned int workers = 1; workers <= 3; workers++) {
		struct result got = {0};
		struct ctf ctf;
		struct slices_job job = job_for(&ctf, &got, workers);

		make_model(&ctf, workers);
		job.worker_new = no_worker;
		assert_int_equal(slices_run(&job), -ENOMEM);
		assert_int_equal(got.n_workers, 0);
		free_result(&got);
		free_model(&ctf);
	}
}

/* A piece larger than usual, and work that writes nothing. */
static void write_large(void *data, void *worker, struct slice *slice)
{
	char *bytes;

	(void)data;
	(void)worker;
	if (slice->number % 2)
		return;
	while (slice_next(slice) && (bytes = slice_room(slice, 1 << 20))) {
		memset(bytes, 'x', 1 << 20);
		slice_used(slice, 1 << 20);
		return;
	}
}

static void test_large_and_nothing(void **state)
{
	(void)state;
	for (unsigned int workers = 1; workers <= 3; workers++) {
		struct slow slow = {0};
		struct ctf ctf = {.n_streams = 1};
		const struct slices_job job = {
			.ctf = &ctf, .workers = workers, .data = &slow, .work = write_large, .take = take_slowly};

		make_stream(&ctf, 0, 300, true);
		assert_int_equal(slices_run(&job), 0);
		assert_true(slow.taken && slow.taken % (1 << 20) == 0);
		free_model(&ctf);
	}
}

/* Pieces that have something that was noted, and pieces that have nothing. */
static void test_noted(void **state)
{
	(void)state;
	for (unsigned int workers = 1; workers < 4; workers++) {
		struct ctf ctf = {.n_streams = 2};
		struct result got = {0};
		const struct slices_job job = job_for(&ctf, &got, workers);

		make_stream(&ctf, 0, 300, true);
		make_stream(&ctf, 1, 300, true);
		assert_int_equal(slices_run(&job), 0);
		assert_true(got.n_noted && got.n_others);
		free_result(&got);
		free_model(&ctf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_one_iterator),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_end_early),
		cmocka_unit_test(test_found_as_needed),
		cmocka_unit_test(test_from_the_middle),
		cmocka_unit_test(test_bounded_memory),
		cmocka_unit_test(test_shown_meanwhile),
		cmocka_unit_test(test_records_outside),
		cmocka_unit_test(test_records_between),
		cmocka_unit_test(test_no_memory_for_workers),
		cmocka_unit_test(test_large_and_nothing),
		cmocka_unit_test(test_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
