/* SPDX-License-Identifier: MIT */
/*
 * read.c - reads traces through ctf/ctf.h, as a program would that does nothing else with them.
 *
 * usage: bench-read time DIR...           every record's event id and time
 *        bench-read all DIR...            and every field of its contexts and payload
 *        bench-read first DIR...          the first record
 *        bench-read seek N SEED DIR...    N times at random: seek, and the record that is there
 *
 * Prints a JSON object: records, a sum over what was read (so that nothing can be left out), whether times ever went back, and the
 * time from the opening on; seek: of each the time that passed, and CPU time.
 */
#include "ctf/ctf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct reading {
	uint64_t records;
	uint64_t lost;
	uint64_t errors;
	uint64_t sum;
	uint64_t steps_back;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t sum_bytes(const uint8_t *bytes, size_t size)
{
	uint64_t sum = 0, word;

	for (; size >= sizeof(word); bytes += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		sum += word;
	}
	for (; size; size--)
		sum += *bytes++;
	return sum;
}

/* There are quicker ways than looking at each element. */
static uint64_t sum_numbers(struct ctf_field array)
{
	uint64_t values[64], sum = 0, at = 0, n;

	while ((n = ctf_field_numbers(&array, at, sizeof(values) / sizeof(values[0]), values))) {
		for (uint64_t i = 0; i < n; i++)
			sum += values[i];
		at += n;
	}
	return sum;
}

static inline uint64_t sum_string(const struct ctf_field *field)
{
	size_t size;
	const uint8_t *bytes = ctf_field_bytes(field, &size);

	return size + sum_bytes(bytes, size);
}

static inline uint64_t sum_float(const struct ctf_field *field)
{
	const double number = ctf_field_double(field);
	uint64_t sum;

	memcpy(&sum, &number, sizeof(sum));
	return sum;
}

/* Elements that are no numbers are fields of their own. */
static inline uint64_t sum_array(const struct ctf_field *array)
{
	const uint8_t *raw = ctf_field_raw(array);

	if (raw)
		return sum_bytes(raw, array->n * array->class->stride / 8);
	return array->class->numbers ? sum_numbers(*array) : 0;
}

/* Always in line where it is called: the field then is in registers. What is in others comes behind them. */
static inline __attribute__((always_inline)) uint64_t sum_field(const struct ctf_field *field)
{
	switch (field->class->type) {
	case CTF_FLOAT:
		return sum_float(field);
	case CTF_STRING:
	case CTF_BLOB:
		return sum_string(field);
	case CTF_ARRAY:
		return sum_array(field);
	case CTF_STRUCT:
	case CTF_OPTIONAL:
	case CTF_VARIANT:
		return 0;
	default:
		return ctf_field_uint(field);
	}
}

/* The header's fields are the id and the time. */
static inline __attribute__((always_inline)) uint64_t sum_fields(const struct ctf_record *record)
{
	uint64_t sum = 0;

	for (struct ctf_field field = ctf_record_first(record); field.class; field = ctf_record_next(record, &field))
		sum += sum_field(&field);
	return sum;
}

/* Of what is no event. */
static void add_other(struct reading *reading, const struct ctf_iter *iter, enum ctf_status status, const struct ctf_record *record)
{
	if (status == CTF_RECORD) {
		reading->lost += record->n_lost;
		return;
	}
	reading->errors++;
	fprintf(stderr, "bench-read: %s\n", ctf_iter_error(iter)->text);
}

/* Compiled once with @all and once without, and with sums in registers: what is measured is the reading. */
static inline __attribute__((always_inline)) void read_loop(struct reading *reading, struct ctf_iter *iter, bool all,
							    uint64_t limit)
{
	uint64_t records = 0, sum = 0, steps_back = 0;
	const struct ctf_record *record;
	int64_t last = INT64_MIN;
	enum ctf_status status;

	while (records < limit && (status = ctf_iter_next(iter, &record)) != CTF_END) {
		if (status != CTF_RECORD || record->kind != CTF_EVENT) {
			add_other(reading, iter, status, record);
			continue;
		}
		steps_back += record->time < last;
		last = record->time;
		records++;
		sum += record->event->id + (uint64_t)last;
		if (all)
			sum += sum_fields(record);
	}
	reading->records = records;
	reading->sum = sum;
	reading->steps_back = steps_back;
}

static bool read_records(struct reading *reading, const struct ctf *ctf, bool all, uint64_t limit)
{
	struct ctf_error error;
	struct ctf_iter *iter = ctf_iter_new(ctf, NULL, &error);

	if (!iter) {
		fprintf(stderr, "bench-read: %s\n", error.text);
		return false;
	}
	if (all)
		read_loop(reading, iter, true, limit);
	else
		read_loop(reading, iter, false, limit);
	ctf_iter_free(iter);
	return true;
}

/* Return: false: a record before @to came. There may be none at all, if that is behind the last one. */
static bool seek_once(struct ctf_iter *iter, int64_t to)
{
	const struct ctf_record *record;

	return !ctf_iter_seek(iter, to) && (ctf_iter_next(iter, &record) != CTF_RECORD || record->time >= to);
}

/* Each seek is from wherever the one before left the iterator. */
static bool seek_often(const struct ctf *ctf, unsigned int n, unsigned int seed)
{
	struct ctf_error error;
	struct ctf_iter *iter = ctf_iter_new(ctf, NULL, &error);
	int64_t first, last;
	const char *comma = "";
	bool good = iter && ctf_span(ctf, &first, &last);

	printf("{\"seeks\":[");
	srand(seed);
	for (; good && n; n--, comma = ",") {
		const int64_t to = first + (int64_t)((double)rand() / RAND_MAX * (double)(last - first));
		const uint64_t begin = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

		good = seek_once(iter, to);
		printf("%s[%" PRIu64 ",%" PRIu64 "]", comma, clock_ns(CLOCK_MONOTONIC) - begin,
		       clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	}
	puts("]}");
	if (!good)
		fprintf(stderr, "bench-read: a time could not be gone to\n");
	ctf_iter_free(iter);
	return good;
}

static bool run(const char *what, char **argv, const struct ctf *ctf, uint64_t begin)
{
	struct reading reading = {0};

	if (!strcmp(what, "seek"))
		return seek_often(ctf, (unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]));
	if (!read_records(&reading, ctf, !strcmp(what, "all"), !strcmp(what, "first") ? 1 : UINT64_MAX))
		return false;
	printf("{\"records\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"sum\":%" PRIu64 ",\"steps_back\":%" PRIu64
	       ",\"ns\":%" PRIu64 "}\n",
	       reading.records, reading.lost, reading.errors, reading.sum, reading.steps_back, clock_ns(CLOCK_MONOTONIC) - begin);
	return !reading.errors;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const int dirs = !strcmp(what, "seek") ? 4 : 2;
	const uint64_t begin = clock_ns(CLOCK_MONOTONIC);
	struct ctf_error error;
	struct ctf *ctf;
	bool good;

	if (argc <= dirs || (strcmp(what, "time") && strcmp(what, "all") && strcmp(what, "first") && dirs == 2)) {
		fputs("usage: see the source's head\n", stderr);
		return 2;
	}
	ctf = ctf_open((const char *const *)argv + dirs, (size_t)(argc - dirs), &error);
	if (!ctf) {
		fprintf(stderr, "bench-read: %s\n", error.text);
		return 1;
	}
	good = run(what, argv, ctf, begin);
	ctf_close(ctf);
	return !good;
}
