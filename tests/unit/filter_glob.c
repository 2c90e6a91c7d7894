/* SPDX-License-Identifier: MIT */
/*
 * Globs in filters: the cases one by one, random patterns against fnmatch(), and patterns made to blow up. All of it is asked of the
 * machine in the program and of the matcher without a limit, as the reader uses it: they agree, but that the machine gives up what is too expensive.
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/filter.h"
#include "query/match.h"

static enum bl_filter_verdict glob(const char *string, const char *pattern)
{
	const struct bl_filter_arg arg = {.type = BL_TYPE_STRING, .value.pointer = string};
	const size_t length = strlen(pattern);
	const struct bl_filter head = {.n_ops = 3, .text_size = (uint32_t)length};
	const struct bl_filter_op ops[3] = {
		{.code = BL_FILTER_PUSH_FIELD},
		{.code = BL_FILTER_PUSH_TEXT, .value = length},
		{.code = BL_FILTER_GLOB},
	};
	const size_t size = sizeof(head) + sizeof(ops) + length;
	char *filter = malloc(size);
	enum bl_filter_verdict verdict;

	assert_non_null(filter);
	memcpy(filter, &head, sizeof(head));
	memcpy(filter + sizeof(head), ops, sizeof(ops));
	memcpy(filter + sizeof(head) + sizeof(ops), pattern, length);
	verdict = bl_filter_run(filter, size, &arg, 1, 0, 0);
	free(filter);
	if (verdict != BL_FILTER_BROKEN && match_glob(pattern, length, string, strlen(string), NULL) != (verdict == BL_FILTER_YES))
		fail_msg("the two disagree: '%s' ~ '%s'", string, pattern);
	return verdict;
}

static void test_cases(void **state)
{
	static const struct {
		const char *string;
		const char *pattern;
		bool match;
	} cases[] = {
		{"", "", true},		    {"a", "", false},	       {"", "a", false},	  {"", "*", true},
		{"", "?", false},	    {"abc", "abc", true},      {"abc", "ab", false},	  {"ab", "abc", false},
		{"SELECT 1", "SELECT*", true}, {"select 1", "SELECT*", false}, {"abc", "*c", true},	  {"abc", "*b", false},
		{"abc", "a*c", true},	    {"abc", "a?c", true},      {"abc", "a??c", false},	  {"abc", "***", true},
		{"abcbd", "*b?", true},	    {"mississippi", "m*iss*ip*i", true}, {"mississippi", "m*iss*ipp*pi", false},
		{"a", "[a-c]", true},	    {"d", "[a-c]", false},     {"d", "[!a-c]", true},	  {"d", "[^a-c]", true},
		{"]", "[]]", true},	    {"a", "[]a]", true},       {"]", "[!]]", false},	  {"-", "[a-]", true},
		{"b", "[a-]", false},	    {"[", "[", true},	       {"[a", "[a", true},	  {"a", "[a", false},
		{"*", "\\*", true},	    {"a", "\\*", false},       {"\\", "\\\\", true},	  {"]", "[\\]]", true},
		{"\\", "\\", false},	    {"\xff", "[\x80-\xff]", true}, {"a*c", "a\\*c", true}, {"b", "[a-\\c]", true},
		{"x[", "x[", true},	    {"x", "x*[", false},       {"ab", "[a][b]", true},	  {"/.", "*", true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (glob(cases[i].string, cases[i].pattern) != (enum bl_filter_verdict)cases[i].match)
			fail_msg("'%s' ~ '%s'", cases[i].string, cases[i].pattern);
}

static uint64_t random_next(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x >> 11;
}

/* Pieces that fnmatch() and we read alike; it knows more inside of brackets (classes), which we do not have. */
static void random_pattern(char *to)
{
	static const char *const pieces[] = {"a", "b", "c", "*", "*", "?", "\\*", "\\a", "[ab]", "[!a]", "[a-b]", "[]]", "[^b-c]", "[*]"};
	uint32_t n = (uint32_t)(random_next() % 8);

	*to = '\0';
	while (n--)
		strcat(to, pieces[random_next() % (sizeof(pieces) / sizeof(pieces[0]))]);
}

static void test_random(void **state)
{
	uint32_t matches = 0;
	uint32_t i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		char pattern[64], string[16];
		const uint32_t n = (uint32_t)(random_next() % 10);
		uint32_t k;
		bool expected;

		random_pattern(pattern);
		for (k = 0; k < n; k++)
			string[k] = "aaabbc*]"[random_next() % 8];
		string[n] = '\0';
		expected = !fnmatch(pattern, string, 0);
		matches += expected;
		if (glob(string, pattern) != (enum bl_filter_verdict)expected)
			fail_msg("'%s' ~ '%s' is %d for fnmatch()", string, pattern, expected);
	}
	assert_in_range(matches, 10000, 190000); /* both answers were asked for */
}

/* Exponential for who tries every star again: here it takes length of string times length of pattern. */
static void test_many_stars(void **state)
{
	char string[301], pattern[101];

	(void)state;
	memset(string, 'a', sizeof(string) - 1);
	string[sizeof(string) - 1] = '\0';
	memset(pattern, 0, sizeof(pattern));
	while (strlen(pattern) < sizeof(pattern) - 3)
		strcat(pattern, "*a");
	strcat(pattern, "b");
	assert_int_equal(glob(string, pattern), BL_FILTER_NO);
	pattern[strlen(pattern) - 1] = '\0';
	assert_int_equal(glob(string, pattern), BL_FILTER_YES);
}

/* What is too expensive is given up, and lets the record through. */
static void test_budget(void **state)
{
	char *string = malloc(60001);
	char pattern[2003] = "*";

	(void)state;
	assert_non_null(string);
	memset(string, 'a', 60000);
	string[60000] = '\0';
	memset(pattern + 1, 'a', 2000);
	pattern[2001] = 'b';
	assert_int_equal(glob(string, pattern), BL_FILTER_BROKEN);
	/* brackets without end cost what they are long */
	memset(pattern + 1, '[', 2000);
	assert_int_equal(glob(string, pattern), BL_FILTER_BROKEN);
	free(string);
}

/* Strings of a trace may hold a NUL. */
static void test_nul(void **state)
{
	(void)state;
	assert_true(match_glob("a?b", 3, "a\0b", 3, NULL));
	assert_true(match_glob("a*", 2, "a\0b", 3, NULL));
	assert_false(match_glob("a", 1, "a\0b", 3, NULL));
	assert_false(match_glob("a[!x]", 5, "a\0b", 3, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_many_stars),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
