/* SPDX-License-Identifier: MIT */
/**
 * trace_fuzz.c - whole traces: metadata of either kind and the bytes of one data stream file.
 *
 * What is opened is read twice: by an iterator, which passes over several records at once where it can and whose every field is
 * looked at, and by the reader alone, record by record. Both must give the same records at the same places with the same values,
 * and the same errors.
 */
#include <assert.h>
#include <string.h>

#include "ctf/reader.h"
#include "tests/fuzz/trace_input.h"

#define RECORDS_MAX 20000u /* of one input: tiny records of big inputs take too long */

static struct trace_dir input;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void remove_directory(void)
{
	trace_dir_remove(&input);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	trace_dir_make(&input);
	atexit(remove_directory);
	return 0;
}

static uint64_t sum;

/* The fields of a record one after the other, beside the same fields scope by scope. */
static struct {
	const struct ctf_record *record; /* NULL: not of this scope */
	struct ctf_field field;          /* the next one */
} walk;

static void walk_on(const struct ctf_field *field)
{
	if (!walk.record || !field->node)
		return;
	assert(walk.field.node == field->node && walk.field.class == field->class);
	assert(walk.field.at == field->at && walk.field.n == field->n);
	walk.field = ctf_record_next(walk.record, &walk.field);
}

/* Elements where they are have the same bits as those that are read. */
static void look_at_raw(const struct ctf_field *array, const uint64_t *numbers, uint64_t n)
{
	const size_t size = array->class->members->class->size / 8;
	const uint8_t *raw = ctf_field_raw(array);

	for (uint64_t i = 0; raw && i < n; i++)
		assert(!memcmp(raw + i * size, (const uint8_t *)&numbers[i] + (BYTE_ORDER == BIG_ENDIAN ? 8 - size : 0), size));
}

/* @record: the field is in it; NULL: in the packet's head. */
static void look_at(const struct ctf_field *field, const struct passed *record)
{
	const struct ctf_class *class = field->class;
	char text[64];
	size_t size;

	assert(!record || (record->begin <= field->at && field->at <= record->end));
	walk_on(field);
	if (class->type <= CTF_FLOAT) {
		sum += ctf_field_uint(field) + (uint64_t)ctf_field_bool(field) + (ctf_field_double(field) != 0);
		for (uint32_t next = 0; ctf_mapping_next(class, ctf_field_uint(field), next, &next);)
			sum++;
	} else if (class->type == CTF_STRING || class->type == CTF_BLOB) {
		const uint8_t *bytes = ctf_field_bytes(field, &size);

		for (size_t i = 0; i < size; i++)
			sum += bytes[i];
		if (class->type == CTF_STRING) {
			const char *chars = ctf_field_text(field, text, sizeof(text), &size);

			sum += size ? (uint64_t)chars[size - 1] : 0;
		}
	} else {
		uint64_t numbers[16], n = 0;

		for (struct ctf_field child = ctf_field_first(field); child.class && n < 4096;
		     child = ctf_field_next(field, &child), n++)
			look_at(&child, record);
		if (n == 4096) /* not all were looked at */
			walk.record = NULL;
		if (class->numbers) {
			n = ctf_field_numbers(field, 0, 16, numbers);
			assert(n == (field->n < 16 ? field->n : 16));
			look_at_raw(field, numbers, n);
		}
	}
}

static uint64_t look_at_record(const struct ctf_record *record)
{
	sum = 0;
	walk.record = NULL;
	for (int scope = 0; scope < CTF_N_SCOPES; scope++) {
		const struct ctf_field field = ctf_record_scope(record, (enum ctf_scope)scope);

		if (scope == CTF_COMMON_CONTEXT) {
			walk.record = record;
			walk.field = ctf_record_first(record);
		}
		if (field.class)
			look_at(&field, scope >= CTF_EVENT_HEADER ? reader_taken((const struct stream_reader *)record) : NULL);
	}
	assert(!walk.record || !walk.field.class);
	return sum;
}

static void same_record(const struct ctf_record *a, const struct ctf_record *b)
{
	assert(a->kind == b->kind && a->event == b->event && a->has_time == b->has_time);
	assert(ctf_record_offset(a) == ctf_record_offset(b) && ctf_record_size(a) == ctf_record_size(b));
	assert(!a->has_time || (a->time == b->time && a->cycles == b->cycles));
	assert(a->kind == CTF_EVENT || (a->n_lost == b->n_lost && a->lost_from == b->lost_from && a->lost_to == b->lost_to));
	assert(!a->has_time || a->kind != CTF_EVENT || a->time == ctf_clock_ns(a->stream->class->clock, a->cycles));
}

static void read_both_ways(const struct ctf *ctf)
{
	struct stream_reader reader;
	struct ctf_error error;
	struct ctf_iter *iter = ctf_iter_new(ctf, NULL, &error);
	unsigned int n = 0;
	enum ctf_status status;

	assert(ctf_n_streams(ctf) == 1 && iter);
	assert(!reader_init(&reader, set_stream_of(ctf_stream_at(ctf, 0)), READER_ROOM_MIN, true));
	reader_go(&reader, &(struct place){0});
	do {
		const struct ctf_record *record;

		status = ctf_iter_next(iter, &record);
		assert(reader_next(&reader) == status);
		if (status == CTF_RECORD) {
			same_record(record, &reader.record);
			assert(look_at_record(record) == look_at_record(&reader.record));
		} else if (status == CTF_ERROR) {
			assert(!strcmp(ctf_iter_error(iter)->text, reader.error.text));
		}
	} while (status != CTF_END && ++n < RECORDS_MAX);
	reader_free(&reader);
	ctf_iter_free(iter);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ctf *ctf = trace_input_open(&input, bytes, size);

	if (ctf && ctf_n_streams(ctf))
		read_both_ways(ctf);
	ctf_close(ctf);
	return 0;
}
