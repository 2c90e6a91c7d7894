/* SPDX-License-Identifier: MIT */
/*
 * cli_words.c - what the command line understands and prints: sizes, times, contexts, names; numbers for people, the summary.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "record/record.h"

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"0", 0},
		{"1", 1},
		{"8192", 8192},
		{"64K", 65536},
		{"64k", 65536},
		{"64KB", 65536},
		{"64KiB", 65536},
		{"3M", 3u << 20},
		{"2G", 2ull << 30},
		{"18446744073709551615", UINT64_MAX},
		{"17179869183G", 17179869183ull << 30},
	};
	static const char *const bad[] = {"", "K", "-1", "+1", " 1", "1 ", "1.5M", "0x10", "1KK", "1T", "18446744073709551616", "17179869184G"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t bytes = 4711;

		assert_true(cli_parse_size(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t bytes = 4711;

		if (cli_parse_size(bad[i], &bytes))
			fail_msg("\"%s\" was taken for a size", bad[i]);
	}
}

static void times(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {{"1ms", 1}, {"500ms", 500}, {"2s", 2000}, {"3m", 180000}, {"3min", 180000}, {"86400s", 86400000}};
	static const char *const bad[] = {"", "5", "0s", "-1s", "1.5s", "1h", "86401s", "18446744073709551615m", "ms"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint32_t ms = 0;

		assert_true(cli_parse_time(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint32_t ms = 4711;

		if (cli_parse_time(bad[i], &ms) || ms != 4711)
			fail_msg("\"%s\" was taken for a time", bad[i]);
	}
}

static void contexts_and_names(void **state)
{
	static const char *const bad_contexts[] = {"", ",", "tid,", ",tid", "none,tid", "tid tid", "a_name_that_is_longer_than_all_contexts"};
	static const char *const bad_names[] = {"", ".", "..", "a/b", "a b", ".hidden", "\303\244"};
	char name[RECORD_NAME_MAX + 1];
	uint32_t contexts = 4711;

	(void)state;
	for (size_t i = 0; i < sizeof(bad_contexts) / sizeof(bad_contexts[0]); i++)
		if (cli_parse_contexts(bad_contexts[i], &contexts) || contexts != 4711)
			fail_msg("\"%s\" was taken for contexts", bad_contexts[i]);
	assert_true(cli_parse_contexts("none", &contexts));
	assert_int_equal(contexts, 0);
	assert_true(cli_parse_contexts("tid", &contexts));
	assert_int_equal(contexts, BL_CONTEXT_TID);

	for (size_t i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++)
		if (cli_is_name(bad_names[i]))
			fail_msg("\"%s\" was taken for a name", bad_names[i]);
	memset(name, 'x', sizeof(name));
	name[RECORD_NAME_MAX - 1] = 0;
	assert_true(cli_is_name(name));
	name[RECORD_NAME_MAX - 1] = 'x';
	name[RECORD_NAME_MAX] = 0;
	assert_false(cli_is_name(name));
}

static void numbers(void **state)
{
	char buf[CLI_NUMBER_MAX];

	(void)state;
	assert_string_equal(cli_number(0, buf), "0");
	assert_string_equal(cli_number(999, buf), "999");
	assert_string_equal(cli_number(1000, buf), "1,000");
	assert_string_equal(cli_number(1234567, buf), "1,234,567");
	assert_string_equal(cli_number(UINT64_MAX, buf), "18,446,744,073,709,551,615");
	assert_string_equal(cli_bytes(0, buf), "0 bytes");
	assert_string_equal(cli_bytes(999, buf), "999 bytes");
	assert_string_equal(cli_bytes(1000, buf), "1.00 kB");
	assert_string_equal(cli_bytes(12340, buf), "12.3 kB");
	assert_string_equal(cli_bytes(999499, buf), "999 kB");
	assert_string_equal(cli_bytes(999500, buf), "1.00 MB");
	assert_string_equal(cli_bytes(UINT64_MAX, buf), "18.4 EB");
	assert_string_equal(cli_duration(0, buf), "0 us");
	assert_string_equal(cli_duration(850000, buf), "850 us");
	assert_string_equal(cli_duration(999999999, buf), "999 ms");
	assert_string_equal(cli_duration(3210000000, buf), "3.21 s");
	assert_string_equal(cli_duration(125000000000, buf), "2 min 5 s");
}

/* What print_summary() writes for @summary; to be freed. */
static char *summary_text(const struct record_summary *summary)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	cli_print_summary(to, summary);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void summary_names_every_loss(void **state)
{
	struct record_summary summary = {
		.records = 1500,
		.bytes = 24000,
		.duration_ns = 500000000,
		.discarded = {[BL_LOST_FULL] = 1007, [BL_LOST_SIZE] = 2, [BL_LOST_ATTACH] = 3, [BL_LOST_TORN] = 4, [BL_LOST_BUSY] = 5},
		.discarded_disk = 7,
		.programs = 2,
		.programs_refused = 8,
		.refused_packets = 9,
		.trace_dir = "/tmp/it's here",
	};
	char *text = summary_text(&summary);

	(void)state;
	assert_string_equal(text, "recorded:  1,500 records of 2 programs, 24.0 kB, in 500 ms (3,000 records/s)\n"
				  "discarded: 1,021: 7 found the disk full, 1,000 found the ring full, 2 were larger than a sub-buffer, "
				  "3 fell into the attaching, 4 were unfinished when their program died, 5 were given up among too many others\n"
				  "           larger rings help (--size), or fewer events (-e)\n"
				  "           larger sub-buffers help (--sub-size)\n"
				  "refused:   8 programs could not attach\n"
				  "refused:   9 packets that made no sense; their program wrote over its own ring\n"
				  "trace:     '/tmp/it'\\''s here'\n"
				  "next:      borelog events '/tmp/it'\\''s here'\n");
	free(text);

	summary = (struct record_summary){.records = 1, .bytes = 16, .duration_ns = 1000000, .programs = 1, .programs_refused = 1};
	text = summary_text(&summary);
	assert_string_equal(text, "recorded:  1 record of 1 program, 16 bytes, in 1 ms (1,000 records/s)\n"
				  "discarded: 0\n"
				  "refused:   1 program could not attach\n"
				  "trace:     none was written\n");
	free(text);

	/* All for want of disk: larger rings would not help. No time: no rate. */
	summary = (struct record_summary){.discarded = {[BL_LOST_FULL] = 7}, .discarded_disk = 7};
	text = summary_text(&summary);
	assert_string_equal(text, "recorded:  0 records of 0 programs, 0 bytes, in 0 us (0 records/s)\n"
				  "discarded: 7: 7 found the disk full\n"
				  "trace:     none was written\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(times),
		cmocka_unit_test(contexts_and_names),
		cmocka_unit_test(numbers),
		cmocka_unit_test(summary_names_every_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
