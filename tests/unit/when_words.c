/* SPDX-License-Identifier: MIT */
/*
 * Times in words: every form, in UTC and in a zone that changes its clocks; what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "analysis/when.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define S INT64_C(1000000000)
#define NOON (INT64_C(1795780800) * S) /* 2026-11-27 12:00 UTC */

/* A trace from noon to half past one in the next night. */
static const struct when_origin utc = {.has_span = true, .first = NOON + 250, .last = NOON + 13 * 3600 * S + 1800 * S, .utc = true};

struct words {
	const char *text;
	int64_t ns;
};

static void check(const struct when_origin *origin, const struct words *cases, size_t n)
{
	char error[WHEN_ERROR_MAX] = "";

	for (size_t i = 0; i < n; i++) {
		int64_t ns = 0;

		if (!when_parse(cases[i].text, origin, &ns, error) || ns != cases[i].ns)
			fail_msg("%s: %lld, %lld expected; %s", cases[i].text, (long long)ns, (long long)cases[i].ns, error);
	}
}

static void test_forms(void **state)
{
	static const struct words cases[] = {
		{"2026-11-27T12:00:00", NOON},
		{"2026-11-27 12:00", NOON},
		{"2026-11-27t12:00:01.5", NOON + S + S / 2},
		{"2026-11-27", NOON - 12 * 3600 * S},
		{"2026-11-27T12:00:00Z", NOON},
		{"2026-11-27T13:00:00+01:00", NOON},
		{"2026-11-27T13:00:00+01", NOON},
		{"2026-11-27T06:30:00-05:30", NOON},
		{"1969-12-31T23:59:59.75", -S / 4},
		{"2024-02-29", INT64_C(1709164800) * S},
		{"12:00:00.000000250", NOON + 250},
		{"12:30", NOON + 1800 * S},
		{"12:00:00.1234567899", NOON + 123456789},
		{"@1795780800", NOON},
		{"@1795780800.25", NOON + S / 4},
		{"@0", 0},
		{"@-1.5", -S - S / 2},
		{"1795780800000000000", NOON},
		{"+1.5s", NOON + 250 + S + S / 2},
		{"+2", NOON + 250 + 2 * S},
		{"+20ms", NOON + 250 + 20000000},
		{"+3us", NOON + 250 + 3000},
		{"+7ns", NOON + 257},
		{"+1m", NOON + 250 + 60 * S},
		{"+1.5min", NOON + 250 + 90 * S},
		{"+2h", NOON + 250 + 7200 * S},
		{"+1d", NOON + 250 + 86400 * S},
		{"+0.5d", NOON + 250 + 43200 * S},
		{"-0s", NOON + 13 * 3600 * S + 1800 * S},
		{"-200ms", NOON + 13 * 3600 * S + 1800 * S - 200000000},
		/* the trace's day, but for times that only the next one has in the trace */
		{"11:59", NOON - 60 * S},
		{"01:00", NOON + 13 * 3600 * S},
		{"00:00", NOON + 12 * 3600 * S},
		{"02:00", NOON - 10 * 3600 * S},
	};

	(void)state;
	check(&utc, cases, LENGTH(cases));
}

static void test_zone(void **state)
{
	const struct when_origin local = {.has_span = true, .first = NOON, .last = NOON + S};
	static const struct words cases[] = {
		{"2026-11-27T13:00", NOON},
		{"13:00:00.5", NOON + S / 2},
		{"2026-11-27T12:00Z", NOON},
		{"2026-07-01T14:00", INT64_C(1782907200) * S}, /* summer */
		{"2026-07-01", INT64_C(1782856800) * S},
		{"2026-03-29T03:00", INT64_C(1774746000) * S}, /* the night of the change */
		{"2026-03-29T01:59:59", INT64_C(1774745999) * S},
	};

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	check(&local, cases, LENGTH(cases));
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"", "no time"},	   {"now", "no time"},	      {"+", "amount"},		 {"+x", "amount"},
		{"+1.s", "amount"},	   {"+1parsec", "amount"},    {"-1 s", "amount"},	 {"2026-13-01", "a date"},
		{"2026-02-30", "a date"}, {"2026-11-27T25:00", "a date"}, {"2026-11-27T12", "a date"}, {"2026-11-27T12:00x", "a date"},
		{"2026-11-27T12:00+99", "a date"}, {"2026-1", "a date"}, {"12:60", "16:41"},	 {"12:00:00.", "16:41"},
		{"12:", "16:41"},	   {"@", "seconds"},	      {"@1x", "seconds"},	 {"5", "nanoseconds"},
		{"99999999999999999999999", "nanoseconds"}, {"+9999999999999d", "amount"}, {"@99999999999999999", "seconds"},
	};
	const struct when_origin none = {.utc = true};
	char error[WHEN_ERROR_MAX];
	int64_t ns = 42;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		if (when_parse(cases[i].text, &utc, &ns, error) || !strstr(error, cases[i].message) || ns != 42)
			fail_msg("'%s': %s", cases[i].text, error);
	assert_false(when_parse("+1s", &none, &ns, error));
	assert_non_null(strstr(error, "no times"));
	assert_false(when_parse("12:00", &none, &ns, error));
	assert_non_null(strstr(error, "no times"));
	assert_true(when_parse("2026-11-27T12:00", &none, &ns, error));
}

static void test_needs_span(void **state)
{
	(void)state;
	assert_true(when_needs_span("+1s"));
	assert_true(when_needs_span("-1s"));
	assert_true(when_needs_span("12:00"));
	assert_false(when_needs_span("2026-11-27T12:00"));
	assert_false(when_needs_span("@5"));
	assert_false(when_needs_span("1795780800000000000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_needs_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
