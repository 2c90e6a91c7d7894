/* SPDX-License-Identifier: MIT */
/*
 * Filters of the reader, on a record of every kind: what each name and comparison means, what is decided by the event's class, errors
 * and warnings.
 */
#include "analysis/filter.h"
#include "tests/unit/trace_made.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static struct ctf *ctf;
static char dir[64];
static struct when_origin origin = {.has_span = true, .first = MADE_TIME, .last = MADE_TIME + 40, .utc = true};

/* The numbers of the records that match, as bits; -1: it does not parse. */
static int matches(const char *text)
{
	struct expr_error error = {0};
	struct filter *filter = filter_new(ctf, text, &origin, &error);
	const struct ctf_record *record;
	struct ctf_error broken;
	struct ctf_iter *iter;
	int bits = 0, seen = 0, n = 0;

	if (!filter) {
		print_message("%s: column %zu: %s\n", text, error.column, error.message);
		return -1;
	}
	/* All records, */
	iter = ctf_iter_new(ctf, NULL, &broken);
	while (ctf_iter_next(iter, &record) == CTF_RECORD)
		bits |= filter_match(filter, record) << n++;
	assert_int_equal(n, MADE_RECORDS);
	ctf_iter_free(iter);
	/* and only those that the filter does not exclude beforehand: the same match. */
	iter = ctf_iter_new(ctf, &(struct ctf_select){.events = filter_events(filter), .streams = filter_streams(filter)}, &broken);
	while (ctf_iter_next(iter, &record) == CTF_RECORD)
		if (filter_match(filter, record))
			seen |= 1 << (record->time - MADE_TIME) / 10;
	ctf_iter_free(iter);
	assert_int_equal(seen, bits);
	filter_free(filter);
	return bits;
}

struct match {
	const char *text;
	int records; /* bits */
};

static void check(const struct match *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int bits = matches(cases[i].text);

		if (bits != cases[i].records)
			fail_msg("%s matches 0x%x, not 0x%x", cases[i].text, (unsigned int)bits, (unsigned int)cases[i].records);
	}
}

#define NONE 0
#define ALL 0x1f
#define FIRST 0x1  /* of t:all */
#define SECOND 0x4
#define BOTH 0x5
#define SMALL 0xa

static void test_numbers(void **state)
{
	static const struct match cases[] = {
		{"u8 == 1", FIRST}, {"u8 == 7", 0x2}, {"u8 >= 200", SECOND | 0x8}, {"u8", BOTH | SMALL}, {"!u8", 0x10},
		{"i16 == -2", FIRST}, {"i16 < 0", FIRST}, {"i16 > 299.5", SECOND}, {"hex == 0xbeef", FIRST},
		{"big == 18446744073709551615", FIRST}, {"big > -1", BOTH}, {"big != i16", BOTH}, {"i16 < big", FIRST}, {"i16 < u8", FIRST}, {"u8 > i16", FIRST},
		{"f64 == 1.5", FIRST}, {"f64 == -0.1", SECOND}, {"f64 > 1", FIRST}, {"f32 > 1e30", SECOND}, {"f32 == 0.1", NONE},
		{"f32 < 0.1001 && f32 > 0.0999", FIRST}, {"yes", FIRST}, {"yes == true", FIRST}, {"yes == 0", SECOND},
		{"bits & 0x18 == 0x18", FIRST}, {"bits & 1", SECOND}, {"i16 & 0xff == 0xfe", FIRST}, {"leb == -1", FIRST}, {"leb == 127", SECOND},
		{"u8 == 1 || u8 == 200", FIRST | 0x8}, {"u8 > 1 && u8 < 200", 0x2}, {"(u8 == 7) == true", 0x2},
	};

	(void)state;
	check(cases, LENGTH(cases));
}

static void test_texts(void **state)
{
	static const struct match cases[] = {
		{"s ~ \"SELECT*\"", FIRST}, {"s == \"SELECT \\\"a\\\"\\n\\xff\xc3\xa4\"", FIRST}, {"s == \"\"", SECOND}, {"s", FIRST},
		{"s !~ \"*x*\"", BOTH}, {"s > \"SEL\"", FIRST}, {"s != \"\"", FIRST}, {"s ~ \"*\xc3\xa4\"", FIRST},
		{"wide == \"\xc3\xa4x\"", FIRST}, {"wide ~ \"\xf0\x9f\x98\x80\"", SECOND}, {"wide == wide", BOTH}, {"s == wide", NONE},
		{"wide > s", SECOND | FIRST},
	};

	(void)state;
	check(cases, LENGTH(cases));
}

static void test_labels(void **state)
{
	static const struct match cases[] = {
		{"state == \"busy\"", FIRST}, {"state == \"odd one\"", FIRST}, {"state == \"idle\"", SECOND}, {"state != \"busy\"", SECOND},
		{"\"busy\" == state", FIRST}, {"state ~ \"[bo]*\"", FIRST}, {"state !~ \"b*\"", SECOND}, {"state == 3", FIRST},
		{"state == \"nosuch\"", NONE}, {"state != \"nosuch\"", BOTH}, {"state !~ \"nosuch\"", BOTH}, {"state < \"busy\"", NONE},
		{"neg == \"minus\"", FIRST}, {"neg != \"minus\"", SECOND}, {"neg == -5", FIRST},
		{"flags == \"read\"", FIRST}, {"flags == \"write\"", FIRST}, {"flags != \"read\"", SECOND}, {"flags ~ \"*r*\"", FIRST},
		{"flags == 5", FIRST}, {"flags & 4", FIRST}, {"flags == \"nosuch\"", NONE},
		{"v == \"one\"", FIRST}, {"v.num == \"one\"", FIRST}, {"v.num != \"one\"", NONE}, {"v.num != \"two\"", FIRST}, {"v ~ \"o*\"", FIRST},
	};

	(void)state;
	check(cases, LENGTH(cases));
}

static void test_structure(void **state)
{
	static const struct match cases[] = {
		{"st.a == 9", FIRST}, {"st.in.b == 8", FIRST}, {"st->in.b == 1", SECOND}, {"st.in == 13", BOTH}, {"st", NONE}, {"!st", ALL}, {"st.c == 1", NONE},
		{"three == 3", BOTH}, {"three[1] == 20", BOTH}, {"three[2] == 30", BOTH}, {"three[3] == 0", NONE}, {"three[0]", BOTH},
		{"seq == 2", FIRST}, {"seq == 0", SECOND}, {"seq[1] == 256", FIRST}, {"seq[0] != 256", FIRST}, {"!seq[0]", SECOND | 0x1a},
		{"blob == 3", BOTH}, {"opt == 42", FIRST}, {"opt != 42", NONE}, {"opt", FIRST}, {"v == 1", FIRST}, {"v == \"hi\"", SECOND},
		{"v.text == \"hi\"", SECOND}, {"v.text != \"x\"", SECOND}, {"v.num == 1", FIRST}, {"v.nosuch", NONE},
		/* names with dots, and those that CTF 1.8 made of them */
		{"r.state == 11", BOTH}, {"`r.state` == 11", BOTH}, {"p->q[3] == 12", BOTH}, {"`p(q)+3` == 12", BOTH}, {"p.q == 12", NONE},
	};

	(void)state;
	check(cases, LENGTH(cases));
}

static void test_variables(void **state)
{
	static const struct match cases[] = {
		{"$name == \"t:all\"", BOTH}, {"$name ~ \"t:*\"", BOTH | SMALL}, {"$name !~ \"t:*\"", 0x10}, {"$name", ALL}, {"$name > \"l\"", BOTH | SMALL},
		{"$layer == \"user\"", ALL}, {"$layer == \"kernel\"", NONE}, {"$layer != $name", ALL},
		{"$cpu == 3", ALL}, {"$cpu != 3", NONE}, {"$tid == 4712", BOTH}, {"$pid == 4711", ALL}, {"tid == 4711", 0x1a}, {"pid == 4711", ALL},
		{"$ctx.tid == 4712", BOTH}, {"$ctx.prio == -3", BOTH}, {"$stream == 0", ALL}, {"$stream == 1", NONE}, {"$stream != 1", ALL},
		{"$stream == 0 && u8 == 7", 0x2},
		{"$time == 1700000000000000110", 0x2}, {"$time > 1700000000000000110 && u8", 0xc}, {"$time >= \"+20ns\"", 0x1c},
		{"$time < \"22:13:20.000000120\"", 0x3}, {"\"2023-11-14T22:13:20.000000130Z\" <= $time", 0x18}, {"$time > \"-0s\"", NONE},
		/* the same name in several scopes */
		{"same == 2", ALL}, {"$context.same == 2", ALL}, {"$packet.same == 1", ALL}, {"$payload.same == 2", NONE}, {"$ctx.same == 2", ALL},
		{"$payload.u8 == 7", 0x2}, {"$event_context.prio == -3", BOTH}, {"$header.id == 1", SMALL}, {"$packet.cpu_id == 3", ALL},
		{"$payload.`r.state` == 11", BOTH}, {"prio == -3", BOTH},
	};

	(void)state;
	check(cases, LENGTH(cases));
}

/* A field that is not there, a comparison that makes no sense: nothing holds, != and !~ neither. */
static void test_nothing(void **state)
{
	static const struct match cases[] = {
		{"nosuch", NONE}, {"nosuch == 1", NONE}, {"nosuch != 1", NONE}, {"nosuch !~ \"x\"", NONE}, {"!(nosuch == 1)", ALL},
		{"nosuch & 1 == 0", NONE}, {"u8 == \"x\"", NONE}, {"u8 != \"x\"", NONE}, {"s == 5", NONE}, {"s != 5", NONE}, {"u8 ~ \"*\"", NONE},
		{"f64 & 1 == 0", NONE}, {"s & 1 == 0", NONE}, {"st == 1", NONE}, {"nosuch == 1 || u8 == 7", 0x2}, {"v & 1", FIRST},
		{"1", ALL}, {"0", NONE}, {"\"x\"", ALL}, {"1 == 1.0", ALL}, {"\"a\" < \"b\"", ALL},
	};

	(void)state;
	check(cases, LENGTH(cases));
}

/* What the iterator may pass over. */
static void test_decided(void **state)
{
	static const struct {
		const char *text;
		int events; /* t:all, t:small, k:none, as bits */
		int stream; /* -1: no array */
	} cases[] = {
		{"u8 > 1", 3, -1}, {"$name == \"k:none\"", 4, -1}, {"$name ~ \"t:*\" && s", 1, -1}, {"nosuch", 0, -1}, {"$tid == 1", 7, -1},
		{"state == \"nosuch\"", 0, -1}, {"$layer == \"kernel\"", 0, -1}, {"$stream == 3", 7, 0}, {"$stream == 0", 7, 1},
		{"$stream == 0 && nosuch", 0, 0}, {"!(u8 > 1)", 7, -1},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct expr_error error;
		struct filter *filter = filter_new(ctf, cases[i].text, &origin, &error);
		const bool *events, *streams;

		assert_non_null(filter);
		events = filter_events(filter);
		streams = filter_streams(filter);
		if ((events[0] | events[1] << 1 | events[2] << 2) != cases[i].events || (streams ? streams[0] : -1) != cases[i].stream)
			fail_msg("%s", cases[i].text);
		filter_free(filter);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text;
		size_t column;
		const char *message;
	} cases[] = {
		{"u8 = 1", 4, "=="},
		{"$core == 1", 1, "$cpu"},
		{"$name == 1", 7, "string"},
		{"u8 == 1 && $time > \"25:99\"", 20, "16:41"},
		{"$time > \"x\"", 9, "this is no time"},
		{"$payload.", 10, "missing"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct expr_error error = {0};
		struct filter *filter = filter_new(ctf, cases[i].text, &origin, &error);

		if (filter || error.column != cases[i].column || !strstr(error.message, cases[i].message))
			fail_msg("%s: column %zu: %s", cases[i].text, error.column, error.message);
	}
}

static void test_warnings(void **state)
{
	static const char text[] = "nosuch == 1 || s == 5 || state == \"idel\" || u8 == 1 || $ctx.prio || v == \"x\" || $payload.prio";
	static const size_t columns[] = {1, 16, 26, 81};
	static const char *const messages[] = {"field 'nosuch'", "'s == 5'", "labels", "$payload.prio"};
	struct expr_error error;
	struct filter *filter = filter_new(ctf, text, &origin, &error);
	uint32_t next = 0;

	(void)state;
	assert_non_null(filter);
	for (size_t i = 0; i < LENGTH(columns); i++) {
		assert_true(filter_warning(filter, &next, &error));
		if (error.column != columns[i] || !strstr(error.message, messages[i]))
			fail_msg("column %zu: %s", error.column, error.message);
	}
	if (filter_warning(filter, &next, &error))
		fail_msg("column %zu: %s", error.column, error.message);
	filter_free(filter);
}

static int open_trace(void **state)
{
	(void)state;
	ctf = made_open(dir);
	return 0;
}

static int close_trace(void **state)
{
	(void)state;
	made_close(ctf, dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),   cmocka_unit_test(test_texts),	  cmocka_unit_test(test_labels),
		cmocka_unit_test(test_structure), cmocka_unit_test(test_variables), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_decided),   cmocka_unit_test(test_errors),   cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, open_trace, close_trace);
}
