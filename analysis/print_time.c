/* SPDX-License-Identifier: MIT */
/*
 * print_time.c - times of records in text, and the days in between.
 *
 * The zone is asked for once in a quarter of an hour, which is what the changes of all zones fall on.
 */
#include <time.h>

#include "analysis/print_inside.h"

#define NS_PER_S INT64_C(1000000000)
#define DAY_S INT64_C(86400)
#define QUARTER_S INT64_C(900)

static int64_t divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool is_date(const struct ctf_stream *stream)
{
	return stream->class->clock && stream->class->clock->unix_epoch;
}

/* Seconds of the shown day and time, as if it was Greenwich's. */
static int64_t local_second(struct printer *printer, int64_t second)
{
	struct print_time *cache = &printer->time;
	const int64_t quarter = divide(second, QUARTER_S);
	const time_t at = (time_t)second;
	struct tm tm;

	if (printer->print->options.utc)
		return second;
	if (!cache->valid || cache->quarter != quarter) {
		cache->quarter = quarter;
		cache->east = localtime_r(&at, &tm) ? tm.tm_gmtoff : 0;
	}
	return second + cache->east;
}

static void fill_second(struct printer *printer, int64_t second)
{
	struct print_time *cache = &printer->time;
	const int64_t local = local_second(printer, second);
	char *p = cache->text;
	uint32_t of_day;

	cache->second_day = divide(local, DAY_S);
	of_day = (uint32_t)(local - cache->second_day * DAY_S);
	p = number_two(p, of_day / 3600);
	*p++ = ':';
	p = number_two(p, of_day / 60 % 60);
	*p++ = ':';
	p = number_two(p, of_day % 60);
	*p = '.';
	cache->second = second;
	cache->valid = true;
	cache->clock = NULL;
}

static void look_at_second(struct printer *printer, int64_t second)
{
	if (!printer->time.valid || printer->time.second != second)
		fill_second(printer, second);
}

static void put_zone(const struct printer *printer, struct text *text)
{
	char zone[16];
	const int64_t east = printer->time.east;
	const int64_t minutes = (east < 0 ? -east : east) / 60;

	if (printer->print->options.utc) {
		text_string(text, "UTC");
		return;
	}
	zone[0] = east < 0 ? '-' : '+';
	number_two(zone + 1, (uint32_t)(minutes / 60 % 100));
	zone[3] = ':';
	number_two(zone + 4, (uint32_t)(minutes % 60));
	text_put(text, zone, 6);
}

/* "== 2026-11-27 Friday (+01:00) ==" */
static void put_day(struct printer *printer, int64_t day, struct text *text)
{
	const time_t noon = (time_t)(day * DAY_S + DAY_S / 2);
	char date[40];
	struct tm tm;
	size_t n;

	if (!gmtime_r(&noon, &tm))
		return;
	n = strftime(date, sizeof(date), "== %Y-%m-%d %A (", &tm);
	text_char(text, PRINT_MARK);
	text_put(text, date, n);
	put_zone(printer, text);
	text_string(text, ") ==");
	text_char(text, PRINT_MARK);
}

static void print_day(struct printer *printer, const struct ctf_record *record, struct text *text)
{
	const struct print_options *options = &printer->print->options;
	struct print_time *cache = &printer->time;

	if (options->ns || !record->has_time || !is_date(record->stream))
		return;
	look_at_second(printer, divide(record->time, NS_PER_S));
	if (cache->second_day == cache->day)
		return;
	cache->day = cache->second_day;
	put_day(printer, cache->day, text);
}

/* Of a clock with another origin. */
static char *put_seconds(char *to, int64_t ns)
{
	const uint64_t positive = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		*to++ = '-';
	to = number_uint(to, positive / (uint64_t)NS_PER_S);
	*to++ = '.';
	return number_nine(to, (uint32_t)(positive % (uint64_t)NS_PER_S));
}

void print_clock(struct printer *printer, const struct ctf_stream *stream, bool has_time, int64_t ns, struct text *text)
{
	struct print_time *cache = &printer->time;
	char *to = text_room(text, NUMBER_MAX);
	int64_t second;

	if (!to)
		return;
	if (!has_time) {
		text_string(text, printer->print->options.ns ? "-" : "--:--:--.---------");
		return;
	}
	if (printer->print->options.ns) {
		text_end(text, number_int(to, ns));
		return;
	}
	if (!is_date(stream)) {
		text_end(text, put_seconds(to, ns));
		return;
	}
	second = divide(ns, NS_PER_S);
	look_at_second(printer, second);
	memcpy(to, cache->text, sizeof(cache->text));
	text_end(text, number_nine(to + sizeof(cache->text), (uint32_t)(ns - second * NS_PER_S)));
}

void print_record_time(struct printer *printer, const struct ctf_record *record, const char *before, struct text *text)
{
	struct print_time *cache = &printer->time;
	char *to;

	if (record->has_time && record->stream->class->clock == cache->clock &&
	    (uint64_t)record->time - (uint64_t)cache->begin < (uint64_t)NS_PER_S && (to = text_room(text, NUMBER_MAX))) {
		/* In the same second as the one before. */
		while (*before)
			*to++ = *before++;
		memcpy(to, cache->text, sizeof(cache->text));
		text_end(text, number_nine(to + sizeof(cache->text), (uint32_t)(record->time - cache->begin)));
		return;
	}
	print_day(printer, record, text);
	text_string(text, before);
	print_clock(printer, record->stream, record->has_time, record->time, text);
	cache->clock = NULL;
	if (printer->print->options.ns || !record->has_time || !is_date(record->stream) || !cache->valid)
		return;
	cache->clock = record->stream->class->clock;
	cache->begin = cache->second * NS_PER_S;
}

/* The day is complete. */
static bool join_day(struct print_joint *joint, bool (*write)(void *data, const char *bytes, size_t size), void *data)
{
	joint->in_mark = false;
	if (joint->next_size && !strncmp(joint->day, joint->next, joint->next_size) && !joint->day[joint->next_size])
		return true;
	memcpy(joint->day, joint->next, joint->next_size);
	joint->day[joint->next_size] = '\0';
	joint->next[joint->next_size] = '\n';
	return write(data, joint->next, joint->next_size + 1);
}

bool print_join(struct print_joint *joint, const char *bytes, size_t size,
		bool (*write)(void *data, const char *bytes, size_t size), void *data)
{
	while (size) {
		const char *mark = memchr(bytes, PRINT_MARK, size);
		const size_t n = mark ? (size_t)(mark - bytes) : size;

		if (joint->in_mark) {
			for (size_t i = 0; i < n && joint->next_size < sizeof(joint->next) - 1; i++)
				joint->next[joint->next_size++] = bytes[i];
		} else if (n && !write(data, bytes, n)) {
			return false;
		}
		if (!mark)
			return true;
		bytes += n + 1;
		size -= n + 1;
		if (!joint->in_mark) {
			joint->in_mark = true;
			joint->next_size = 0;
		} else if (!join_day(joint, write, data)) {
			return false;
		}
	}
	return true;
}
