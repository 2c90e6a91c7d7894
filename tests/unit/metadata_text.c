/* SPDX-License-Identifier: MIT */
/*
 * metadata_text.c - the texts of metadata: names that are made for fields, what is escaped, what can be written piece by piece, and
 * what happens when it cannot be written. What readers make of it is tested in tests/golden.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctf/metadata.h"
#include "ctf/text.h"
#include "ctf/writer.h"

static const struct ctfw_field one_field = {.name = "x", .type = CTFW_UNSIGNED, .bits = 32};
static const struct ctfw_event one_event = {
	.id = 1, .category = "a\"", .name = "b\\\n", .file = "c\"", .n_fields = 1, .fields = &one_field};
static const struct ctfw_stream_class streams[] = {
	{.id = 0, .id_bits = 12, .owner = {"domain", "vcpu"}, .n_events = 1, .events = &one_event},
	{.id = 1, .id_bits = 5, .owner = {"pid"}, .n_contexts = 1, .contexts = &one_field, .n_events = 1, .events = &one_event},
};
static const struct ctfw_trace_class trace = {
	.clock = {.name = "clock name", .frequency = 1, .description = "\""},
	.n_streams = 2,
	.streams = streams,
};

static void assert_names(const char *const *from, const char *const *want, const bool *sequence, uint32_t n)
{
	struct ctfw_field fields[16] = {0};
	struct ctf_name *names;
	uint32_t i;

	for (i = 0; i < n; i++)
		fields[i] = (struct ctfw_field){.name = from[i], .sequence = sequence && sequence[i]};
	names = ctf_names_new(fields, n);
	assert_non_null(names);
	for (i = 0; i < n; i++)
		assert_string_equal(names[i].name, want[i]);
	free(names);
}

static void test_names(void **state)
{
	static const char *const from[] = {"x",      "x",   "x->y[3]", "x.y(3)", "*p", "",  "\xc3\xa9",
					   "a  + b", "int", "x_2",     "9",      "_",  "__"};
	static const char *const want[] = {"x",   "x_2", "x_y_3", "x_y_3_2", "p", "field", "field_2",
					   "a_b", "int", "x_2_2", "9",       "_", "__"};
	static const char *const lengths[] = {"_x_length", "x", "x", "_x_3_length"};
	static const char *const want_lengths[] = {"_x_length", "x_2", "x_3", "_x_3_length_2"};
	static const bool sequences[] = {false, true, true, false};

	(void)state;
	assert_names(from, want, NULL, 13);
	assert_names(lengths, want_lengths, sequences, 4);
}

/* The longest names still differ, and so do their lengths. */
static void test_long_names(void **state)
{
	char text[1000];
	struct ctfw_field fields[3];
	struct ctf_name *names;
	int i;

	(void)state;
	memset(text, 'n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 3; i++)
		fields[i] = (struct ctfw_field){.name = text, .sequence = true};
	names = ctf_names_new(fields, 3);
	for (i = 0; i < 3; i++) {
		assert_true(strlen(names[i].name) > 200);
		assert_true(strstr(names[i].length, names[i].name) && strcmp(strrchr(names[i].length, '_'), "_length") == 0);
		assert_string_not_equal(names[i].name, names[(i + 1) % 3].name);
		assert_string_not_equal(names[i].length, names[(i + 1) % 3].length);
	}
	free(names);
}

static void test_clean(void **state)
{
	char to[64];

	(void)state;
	assert_int_equal(ctf_text_clean(to, "a\0b", 3, 63), 4);
	assert_string_equal(to, "a?b");
	assert_int_equal(ctf_text_clean(to, "ab\xc3\xa9", 4, 3), 3); /* the last character does not fit */
	assert_string_equal(to, "ab");
	assert_int_equal(ctf_text_clean(to, "\xc0\x80\xe0\x80\x80\xf4\x90\x80\x80\xf8", 10, 63), 11); /* overlong, too large */
	assert_string_equal(to, "??????????");
	assert_int_equal(ctf_text_clean(to, "\xf4\x8f\xbf\xbf\xe2\x80", 6, 63), 7); /* the last code point; cut short */
	assert_string_equal(to, "\xf4\x8f\xbf\xbf??");
	assert_int_equal(ctf_text_clean(NULL, "abc", 3, 2), 3);
}

static void assert_has(const char *text, const char *part)
{
	assert_non_null(text);
	if (text && !strstr(text, part))
		fail_msg("no %s in\n%s", part, text);
}

static void test_escapes(void **state)
{
	char *tsdl = ctf_metadata_text(&trace, CTF_1_8, NULL);
	char *json = ctf_metadata_text(&trace, CTF_2, NULL);

	(void)state;
	assert_has(tsdl, "name = \"a\\\":b\\\\?\";");
	assert_has(tsdl, "model.emf.uri = \"file:c\\\"#L0\";");
	assert_has(tsdl, "name = clock_name;");
	assert_has(tsdl, "map = clock.clock_name.value;");
	assert_has(tsdl, "\t\tu32 domain;\n\t\tu32 vcpu;\n\t\tinteger");
	assert_has(json, "\"name\":\"a\\\":b\\\\?\"");
	assert_has(json, "{\"borelog\":{\"file\":\"c\\\"\",\"line\":0}}");
	assert_has(json, "\"default-clock-class-id\":\"clock_name\"");
	free(tsdl);
	free(json);
}

/* Head and classes of streams one after the other are what is written at once. */
static void test_pieces(void **state)
{
	static const enum ctf_version versions[] = {CTF_1_8, CTF_2};
	char *whole, *pieces;
	size_t size, whole_size;
	FILE *out;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		whole = ctf_metadata_text(&trace, versions[i], &whole_size);
		out = open_memstream(&pieces, &size);
		assert_int_equal(ctf_metadata_write_trace(&trace, versions[i], out), 0);
		assert_int_equal(ctf_metadata_write_stream(&trace, &streams[0], versions[i], out), 0);
		assert_int_equal(ctf_metadata_write_stream(&trace, &streams[1], versions[i], out), 0);
		fclose(out);
		assert_int_equal(size, whole_size);
		assert_memory_equal(whole, pieces, size);
		free(whole);
		free(pieces);
	}
}

static void test_full_disk(void **state)
{
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	if (!out)
		skip();
	setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(ctf_metadata_write(&trace, CTF_1_8, out), -EIO);
	assert_int_equal(ctf_metadata_write(&trace, CTF_2, out), -EIO);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),   cmocka_unit_test(test_long_names), cmocka_unit_test(test_clean),
		cmocka_unit_test(test_escapes), cmocka_unit_test(test_pieces),     cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
