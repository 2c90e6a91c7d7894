/* SPDX-License-Identifier: MIT */
/*
 * when.c - times in words to nanoseconds since 1970.
 */
#include "analysis/when.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define DAY_S (24 * 60 * 60)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool fail(char *ret_error, const char *what)
{
	snprintf(ret_error, WHEN_ERROR_MAX, "%s", what);
	return false;
}

/* Digits up to @max, moved behind them; false: there is none, or too many. */
static bool take_number(const char **at, int64_t max, int64_t *ret)
{
	int64_t value = 0;
	const char *p = *at;

	if (!is_digit(*p))
		return false;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *p - '0', &value) || value > max)
			return false;
	*at = p;
	*ret = value;
	return true;
}

/* ".5" in nanoseconds, moved behind it; 0 if there is no point. What is below a nanosecond is cut off. */
static bool take_fraction(const char **at, int64_t *ret_ns)
{
	int64_t unit = NS_PER_S;
	const char *p = *at;

	*ret_ns = 0;
	if (*p != '.')
		return true;
	if (!is_digit(*++p))
		return false;
	for (; is_digit(*p); p++) {
		unit /= 10;
		*ret_ns += unit * (*p - '0');
	}
	*at = p;
	return true;
}

static bool take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool to_ns(int64_t seconds, int64_t ns, int64_t *ret)
{
	return !__builtin_mul_overflow(seconds, NS_PER_S, &seconds) && !__builtin_add_overflow(seconds, ns, ret);
}

/* ---- Amounts: 1.5s ---- */

/* Nanoseconds in a unit; 0: there is none of this name. */
static int64_t unit_ns(const char *name)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		{"", NS_PER_S},
		{"ns", 1},
		{"us", 1000},
		{"ms", 1000000},
		{"s", NS_PER_S},
		{"m", 60 * NS_PER_S},
		{"min", 60 * NS_PER_S},
		{"h", 60 * 60 * NS_PER_S},
		{"d", DAY_S * NS_PER_S},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(name, units[i].name))
			return units[i].ns;
	return 0;
}

static bool parse_amount(const char *text, int64_t *ret_ns)
{
	int64_t whole, fraction, unit;

	if (!take_number(&text, INT64_MAX, &whole) || !take_fraction(&text, &fraction))
		return false;
	unit = unit_ns(text);
	if (!unit || __builtin_mul_overflow(whole, unit, ret_ns))
		return false;
	/* at most a day times a billion: in seconds and their rest */
	fraction = fraction * (unit / NS_PER_S) + fraction * (unit % NS_PER_S) / NS_PER_S;
	return !__builtin_add_overflow(*ret_ns, fraction, ret_ns);
}

static bool parse_relative(const char *text, const struct when_origin *origin, int64_t *ret_ns, char *ret_error)
{
	int64_t amount;

	if (!parse_amount(text + 1, &amount))
		return fail(ret_error,
			    "an amount of time is expected behind the sign, as +1.5s or -200ms; units are ns us ms s m h d");
	if (!origin->has_span)
		return fail(ret_error, "the trace has no times, so there is no begin or end to count from");
	if (text[0] == '+' ? __builtin_add_overflow(origin->first, amount, ret_ns)
			   : __builtin_sub_overflow(origin->last, amount, ret_ns))
		return fail(ret_error, "this is out of range");
	return true;
}

/* ---- Dates and times of day ---- */

/* 16:41:33.5, in @tm, and the fraction; moved behind it. */
static bool take_time_of_day(const char **at, struct tm *tm, int64_t *ret_ns)
{
	int64_t hour, minute, second = 0;
	const char *p = *at;

	*ret_ns = 0;
	if (!take_number(&p, 23, &hour) || !take_char(&p, ':') || !take_number(&p, 59, &minute))
		return false;
	if (take_char(&p, ':') && (!take_number(&p, 60, &second) || !take_fraction(&p, ret_ns)))
		return false;
	tm->tm_hour = (int)hour;
	tm->tm_min = (int)minute;
	tm->tm_sec = (int)second;
	*at = p;
	return true;
}

static bool is_date(const struct tm *tm)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= days[tm->tm_mon];
}

static bool take_date(const char **at, struct tm *tm)
{
	int64_t year, month, day;

	if (!take_number(at, 9999, &year) || !take_char(at, '-') || !take_number(at, 12, &month) || !take_char(at, '-') ||
	    !take_number(at, 31, &day))
		return false;
	tm->tm_year = (int)year - 1900;
	tm->tm_mon = (int)month - 1;
	tm->tm_mday = (int)day;
	return is_date(tm);
}

/* "Z", "+01:00" or nothing: seconds east of Greenwich. */
static bool take_zone(const char **at, bool *ret_given, int64_t *ret_east)
{
	const char sign = **at;
	int64_t hours, minutes = 0;

	*ret_east = 0;
	*ret_given = sign;
	if (!sign)
		return true;
	if (take_char(at, 'Z') || take_char(at, 'z'))
		return true;
	if (!take_char(at, '+') && !take_char(at, '-'))
		return false;
	if (!take_number(at, 14, &hours) || (take_char(at, ':') && !take_number(at, 59, &minutes)))
		return false;
	*ret_east = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

/* Seconds since 1970 of a date and time, which is normalised on the way. */
static int64_t seconds_of(struct tm *tm, bool utc)
{
	tm->tm_isdst = -1;
	return utc ? timegm(tm) : mktime(tm);
}

static bool parse_date(const char *text, const struct when_origin *origin, int64_t *ret_ns, char *ret_error)
{
	struct tm tm = {0};
	int64_t ns = 0, east = 0;
	bool zone = false;
	const char *p = text;
	bool ok = take_date(&p, &tm);

	if (ok && *p)
		ok = (take_char(&p, 'T') || take_char(&p, 't') || take_char(&p, ' ')) && take_time_of_day(&p, &tm, &ns) &&
		     take_zone(&p, &zone, &east) && !*p;
	if (!ok)
		return fail(ret_error, "a date is written as 2026-11-27, with a time as 2026-11-27T16:41:33.5");
	if (!to_ns(seconds_of(&tm, origin->utc || zone) - east, ns, ret_ns))
		return fail(ret_error, "this is out of range");
	return true;
}

/* The first such time of day that is not before the trace's begin, if the trace has one; else on the day of its begin. */
static bool parse_time_of_day(const char *text, const struct when_origin *origin, int64_t *ret_ns, char *ret_error)
{
	const time_t begin = (time_t)(origin->first / NS_PER_S - (origin->first % NS_PER_S < 0));
	struct tm tm, next;
	int64_t ns, later;

	if (!origin->has_span)
		return fail(ret_error, "the trace has no times, so there is no day that this could be on");
	if (!(origin->utc ? gmtime_r(&begin, &tm) : localtime_r(&begin, &tm)))
		return fail(ret_error, "the trace's begin is out of range");
	if (!take_time_of_day(&text, &tm, &ns) || *text)
		return fail(ret_error, "a time is written as 16:41 or 16:41:33.5");
	next = tm;
	next.tm_mday++;
	if (!to_ns(seconds_of(&tm, origin->utc), ns, ret_ns))
		return fail(ret_error, "this is out of range");
	if (*ret_ns < origin->first && to_ns(seconds_of(&next, origin->utc), ns, &later) && later <= origin->last)
		*ret_ns = later;
	return true;
}

static bool parse_seconds(const char *text, int64_t *ret_ns, char *ret_error)
{
	int64_t seconds, ns;
	const bool negative = take_char(&text, '-');

	if (!take_number(&text, INT64_MAX / NS_PER_S - 1, &seconds) || !take_fraction(&text, &ns) || *text)
		return fail(ret_error, "seconds since 1970 are written as @1700000000.5");
	*ret_ns = seconds * NS_PER_S + ns;
	if (negative)
		*ret_ns = -*ret_ns;
	return true;
}

bool when_needs_span(const char *text)
{
	return text[0] == '+' || text[0] == '-' || (strchr(text, ':') && !strchr(text, '-'));
}

static bool parse(const char *text, const struct when_origin *origin, int64_t *ret_ns, char *ret_error)
{
	const size_t digits = strspn(text, "0123456789");
	const char *p = text;

	if (text[0] == '+' || text[0] == '-')
		return parse_relative(text, origin, ret_ns, ret_error);
	if (text[0] == '@')
		return parse_seconds(text + 1, ret_ns, ret_error);
	if (digits && text[digits] == '-')
		return parse_date(text, origin, ret_ns, ret_error);
	if (digits && text[digits] == ':')
		return parse_time_of_day(text, origin, ret_ns, ret_error);
	if (digits && !text[digits]) {
		if (!take_number(&p, INT64_MAX, ret_ns) || *ret_ns < NS_PER_S * DAY_S)
			return fail(ret_error,
				    "a number alone is nanoseconds since 1970; write +5s for an amount of time, @1700000000 "
				    "for seconds since 1970");
		return true;
	}
	return fail(ret_error, "this is no time; write 2026-11-27T16:41:33.5, 16:41:33, @1700000000, +1.5s or -200ms");
}

bool when_parse(const char *text, const struct when_origin *origin, int64_t *ret_ns, char ret_error[WHEN_ERROR_MAX])
{
	int64_t ns;

	if (!parse(text, origin, &ns, ret_error))
		return false;
	*ret_ns = ns;
	return true;
}
