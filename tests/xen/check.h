/* SPDX-License-Identifier: MIT */
/**
 * check.h - what test programs in dom0 say: a line for each thing that is not as it should be, and an exit status.
 */
#ifndef TESTS_XEN_CHECK_H
#define TESTS_XEN_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;

#define CHECK(condition, ...)                                                                                                      \
	do {                                                                                                                       \
		if (!(condition)) {                                                                                                \
			check_failures++;                                                                                          \
			printf("%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);                                             \
			printf(__VA_ARGS__);                                                                                       \
			putchar('\n');                                                                                             \
			fflush(stdout);                                                                                            \
		}                                                                                                                  \
	} while (0)

/* The last line of a test: its name, and what it has counted. */
static inline int check_end(const char *what)
{
	printf("%s: %s\n", what, check_failures ? "FAILED" : "good");
	return !!check_failures;
}

#endif
