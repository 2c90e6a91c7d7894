/* SPDX-License-Identifier: MIT */
/*
 * Numbers and strings in output: every number reads as itself and no shorter one does; strings hold nothing that a terminal, JSON or
 * CSV would take for something else.
 */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/number.h"
#include "analysis/text.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t random_next(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static void test_integers(void **state)
{
	char text[NUMBER_MAX + 1], expected[NUMBER_MAX];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		/* around every power of 10 and of 2, and anywhere */
		uint64_t value = random_next() >> random_next() % 64;

		if (i % 4 == 0)
			value = (uint64_t)pow(10, i / 4 % 20) + random_next() % 3 - 1;
		*number_uint(text, value) = '\0';
		snprintf(expected, sizeof(expected), "%" PRIu64, value);
		assert_string_equal(text, expected);
		*number_int(text, (int64_t)value) = '\0';
		snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)value);
		assert_string_equal(text, expected);
		*number_base(text, value, 16) = '\0';
		snprintf(expected, sizeof(expected), "0x%" PRIx64, value);
		assert_string_equal(text, expected);
		*number_base(text, value, 8) = '\0';
		snprintf(expected, sizeof(expected), "0o%" PRIo64, value);
		assert_string_equal(text, expected);
		*number_nine(text, (uint32_t)(value % 1000000000)) = '\0';
		snprintf(expected, sizeof(expected), "%09" PRIu64, value % 1000000000);
		assert_string_equal(text, expected);
	}
	*number_base(text, 10, 2) = '\0';
	assert_string_equal(text, "0b1010");
	assert_ptr_equal(number_base(text, UINT64_MAX, 2), text + 66);
}

static void check_double(double value, const char *expected)
{
	char text[NUMBER_MAX + 1];

	*number_double(text, value) = '\0';
	assert_string_equal(text, expected);
}

static void test_known_doubles(void **state)
{
	(void)state;
	check_double(0, "0.0");
	check_double(-0.0, "-0.0");
	check_double(1, "1.0");
	check_double(0.1, "0.1");
	check_double(-1.5, "-1.5");
	check_double(100, "100.0");
	check_double(1234567.875, "1234567.875");
	check_double(1.0 / 3, "0.3333333333333333");
	check_double(2.0 / 3, "0.6666666666666666");
	check_double(0.30000000000000004, "0.30000000000000004");
	check_double(0.0001, "0.0001");
	check_double(0.00001, "1e-05");
	check_double(123456789012345678, "1.2345678901234568e+17");
	check_double(1e15, "1000000000000000.0");
	check_double(1e16, "1e+16");
	check_double(9007199254740993, "9007199254740992.0");
	check_double(5e-324, "5e-324");
	check_double(DBL_MIN, "2.2250738585072014e-308");
	check_double(DBL_MAX, "1.7976931348623157e+308");
	check_double(nextafter(0.1, 0), "0.09999999999999999");
	check_double(nextafter(1, 0), "0.9999999999999999");
	check_double(NAN, "NaN");
	check_double(INFINITY, "Infinity");
	check_double(-INFINITY, "-Infinity");
}

static int significant_digits(const char *text)
{
	char digits[64];
	int n = 0;

	for (; *text && *text != 'e'; text++)
		if (*text >= '0' && *text <= '9' && (n || *text != '0'))
			digits[n++] = *text;
	while (n && digits[n - 1] == '0')
		n--;
	return n;
}

static double random_double(int i)
{
	const uint64_t bits = random_next();
	double value;

	switch (i % 5) {
	case 0: /* any */
		memcpy(&value, &bits, sizeof(value));
		return value;
	case 1: /* what people measure */
		return (double)(bits >> 40) / pow(10, (double)(bits % 9));
	case 2: /* many digits, in the middle */
		return (double)bits / 18446744073709551616.0 * pow(10, (double)(bits % 22) - 6);
	case 3: /* beside a power of 10 */
		value = pow(10, (double)(bits % 24) - 7);
		return nextafter(value, bits & 64 ? 0 : 1e300);
	default: /* few bits */
		return (double)(bits % 1024) / 1024;
	}
}

static void test_random_doubles(void **state)
{
	char text[NUMBER_MAX + 1], shorter[64];

	(void)state;
	for (int i = 0; i < 300000; i++) {
		const double value = random_double(i);
		int exponent, n;

		if (!isfinite(value) || value == 0)
			continue;
		*number_double(text, value) = '\0';
		if (strtod(text, NULL) != value)
			fail_msg("%.17g is printed as %s", value, text);
		/* A power of two has a gap below it that is half of the one above; for those any number that reads is good. */
		n = significant_digits(text);
		snprintf(shorter, sizeof(shorter), "%.*e", n - 2 < 0 ? 0 : n - 2, value);
		if (n > 1 && fabs(frexp(value, &exponent)) != 0.5 && strtod(shorter, NULL) == value)
			fail_msg("%.17g is printed as %s, but %s is shorter", value, text, shorter);
		/* Of those of its length it is the nearest, which is what printf() prints. */
		snprintf(shorter, sizeof(shorter), "%.*e", n - 1, value);
		if (strtod(shorter, NULL) == value && strtold(shorter, NULL) != strtold(text, NULL))
			fail_msg("%.17g is printed as %s, but %s is nearer", value, text, shorter);
	}
}

static void test_random_floats(void **state)
{
	char text[NUMBER_MAX + 1], shorter[64];

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const uint32_t bits = (uint32_t)random_next();
		float value;
		int exponent, n;

		memcpy(&value, &bits, sizeof(value));
		if (i % 2)
			value = (float)(random_next() % 1000000) / (float)(1 << random_next() % 20);
		if (!isfinite(value) || value == 0)
			continue;
		*number_float(text, value) = '\0';
		if (strtof(text, NULL) != value)
			fail_msg("%.9g is printed as %s", (double)value, text);
		n = significant_digits(text);
		snprintf(shorter, sizeof(shorter), "%.*e", n - 2 < 0 ? 0 : n - 2, (double)value);
		if (n > 1 && fabsf(frexpf(value, &exponent)) != 0.5f && strtof(shorter, NULL) == value)
			fail_msg("%.9g is printed as %s, but %s is shorter", (double)value, text, shorter);
	}
}

/* ---- Strings ---- */

static void check_string(void (*put)(struct text *text, const char *string, size_t size), const char *string, size_t size,
			 const char *expected)
{
	struct text text = {0};

	put(&text, string, size);
	assert_false(text.failed);
	text_char(&text, '\0');
	assert_string_equal(text.bytes, expected);
	text_fini(&text);
}

#define SIZED(literal) (literal), sizeof(literal) - 1

static void test_shown(void **state)
{
	(void)state;
	check_string(text_shown, SIZED(""), "");
	check_string(text_shown, SIZED("plain, and long enough for words of eight"), "plain, and long enough for words of eight");
	check_string(text_shown, SIZED("a\tb\nc\rd\be\ff"), "a\\tb\\nc\\rd\\be\\ff");
	check_string(text_shown, SIZED("\0\x01\x1b[31m\x7f"), "\\x00\\x01\\x1b[31m\\x7f");
	check_string(text_shown, SIZED("\"q\" \\ 'p'"), "\\\"q\\\" \\\\ 'p'");
	check_string(text_shown, SIZED("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	/* not UTF-8: alone, cut, overlong, a surrogate, too high */
	check_string(text_shown, SIZED("\x80x\xc3"), "\\x80x\\xc3");
	check_string(text_shown, SIZED("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80"), "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
	/* what turns a terminal or the direction of text: C1, separators, overrides, isolates, the byte order mark */
	check_string(text_shown, SIZED("\xc2\x9b\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf"), "\\u009b\\u2028\\u202e\\u2066\\ufeff");
	check_string(text_quoted, SIZED("a\"b"), "\"a\\\"b\"");
	check_string(text_quoted, SIZED("1234567\x1b"), "\"1234567\\x1b\"");
}

static void test_json(void **state)
{
	(void)state;
	check_string(text_json, SIZED("plain"), "\"plain\"");
	check_string(text_json, SIZED("a\tb\n\"\\/\x01\x7f"), "\"a\\tb\\n\\\"\\\\/\\u0001\x7f\"");
	check_string(text_json, SIZED("\0x"), "\"\\u0000x\"");
	check_string(text_json, SIZED("\xc3\xa4\xff\xc3"), "\"\xc3\xa4\\udcff\\udcc3\"");
	check_string(text_json, SIZED("\xe2\x80\xae"), "\"\xe2\x80\xae\"");
}

static void test_csv(void **state)
{
	(void)state;
	check_string(text_csv, SIZED(""), "");
	check_string(text_csv, SIZED("plain text"), "plain text");
	check_string(text_csv, SIZED("a,b"), "\"a,b\"");
	check_string(text_csv, SIZED("a\nb"), "\"a\nb\"");
	check_string(text_csv, SIZED("\r"), "\"\r\"");
	check_string(text_csv, SIZED("say \"x\""), "\"say \"\"x\"\"\"");
	check_string(text_csv, SIZED("\""), "\"\"\"\"");
}

/* Every byte at every place of a word, and long strings: nothing but printable ASCII and UTF-8 comes out. */
static void test_every_byte(void **state)
{
	char string[40];

	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < 20; at++) {
			struct text text = {0};
			const bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';

			memset(string, 'x', sizeof(string));
			string[at] = (char)byte;
			text_shown(&text, string, 20 + at);
			for (size_t i = 0; i < text.size; i++)
				assert_in_range((unsigned char)text.bytes[i], 0x20, 0x7e);
			assert_int_equal(text.size == 20 + at, plain);
			text_fini(&text);
		}
	}
}

static void test_growing(void **state)
{
	struct text text = {0};
	char *expected = malloc(300000);
	size_t size = 0;

	(void)state;
	assert_non_null(expected);
	for (size_t i = 0; size < 250000; i++) {
		char piece[64];
		const size_t n = i % sizeof(piece);

		memset(piece, 'a' + (int)(i % 26), n);
		text_put(&text, piece, n);
		memcpy(expected + size, piece, n);
		size += n;
	}
	assert_int_equal(text.size, size);
	assert_memory_equal(text.bytes, expected, size);
	text_fini(&text);
	free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers), cmocka_unit_test(test_known_doubles), cmocka_unit_test(test_random_doubles),
		cmocka_unit_test(test_random_floats), cmocka_unit_test(test_shown), cmocka_unit_test(test_json),
		cmocka_unit_test(test_csv), cmocka_unit_test(test_every_byte), cmocka_unit_test(test_growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
