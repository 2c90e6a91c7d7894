/* SPDX-License-Identifier: MIT */
/*
 * json_read.h - CTF 2 metadata for tests, and one reading of it.
 *
 * Texts are written with ' for ". A line is a fragment and gets its record separator, unless it begins with a blank. An @ is taken
 * out of the text: it says where something is.
 */
#ifndef BL_TESTS_UNIT_JSON_READ_H
#define BL_TESTS_UNIT_JSON_READ_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ctf/model.h"

#define PREAMBLE "{'type':'preamble','version':2}\n"
#define UUID "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,255]"
#define CLOCK "{'type':'clock-class','id':'k','frequency':1000}\n"
#define STREAM "{'type':'data-stream-class'}\n"
#define MEMBER(class) "{'name':'f','field-class':" class "}"
#define STRUCTURE(class) "{'type':'structure','member-classes':[" MEMBER(class) "]}"
#define FIXED(what, more) "{'type':'fixed-length-" what "','byte-order':'little-endian'" more "}"
#define UNSIGNED(more) FIXED("unsigned-integer", ",'length':8" more)
#define ROLE(role) FIXED("unsigned-integer", ",'length':64,'roles':['" role "']")

#define HEADER(class) PREAMBLE "{'type':'trace-class','packet-header-field-class':" class "}\n" STREAM
#define HEADER_UUID(class)                                                                                                         \
	"{'type':'preamble','version':2,'uuid':" UUID "}\n{'type':'trace-class','packet-header-field-class':" class "}\n" STREAM
#define IN_STREAM(scope, class) PREAMBLE "{'type':'data-stream-class','" scope "-field-class':" class "}\n"
#define IN_CLOCKED(scope, class)                                                                                                   \
	PREAMBLE CLOCK "{'type':'data-stream-class','default-clock-class-id':'k','" scope "-field-class':" class "}\n"
#define PAYLOAD(class) PREAMBLE STREAM "{'type':'event-record-class','payload-field-class':" class "}\n"
#define FIELD(class) PAYLOAD(STRUCTURE(class))

#define ALIAS(name, class) "{'type':'field-class-alias','name':'" name "','field-class':" class "}\n"
#define OPTION(more, ranges) "{'field-class':" UNSIGNED("") ",'selector-field-ranges':" ranges more "}"
#define VARIANT(options) "{'type':'variant','selector-field-location':{'path':['s']},'options':[" options "]}"

/* One reading: the text, and what became of it. */
struct reading {
	struct ctf_model model;
	struct ctf_error error;
	char *text;
	size_t size;
	uint32_t line; /* where the @ was; 0: nowhere */
	uint32_t column;
	bool good;
};

static struct reading now;

static inline void finish(void)
{
	model_lists_free(&now.model);
	arena_free(&now.model.arena);
	free(now.text);
	memset(&now, 0, sizeof(now));
}

static inline int teardown(void **state)
{
	(void)state;
	finish();
	return 0;
}

/* Exactly as it is, in memory that ends with it. */
static inline bool read_bytes(const char *text, size_t size)
{
	char *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, text, size);
	now.text = copy;
	now.size = size;
	model_init(&now.model, "metadata", &now.error);
	now.good = ctf_json_read(&now.model, now.text, now.size);
	assert_int_equal(now.good, !now.error.text[0]);
	return now.good;
}

static inline bool read_text(const char *text)
{
	char *bytes = malloc(2 * strlen(text) + 1), *to = bytes, *line_begin = bytes;
	uint32_t line = 1, at_line = 0, at_column = 0;

	finish();
	assert_non_null(bytes);
	for (const char *from = text; *from; from++) {
		const char first = *from == '@' ? from[1] : *from;

		if ((from == text || from[-1] == '\n') && first && first != ' ')
			*to++ = 0x1e;
		if (*from == '@') {
			at_line = line;
			at_column = (uint32_t)(to - line_begin) + 1;
			continue;
		}
		*to++ = *from == '\'' ? '"' : *from;
		if (*from == '\n') {
			line++;
			line_begin = to;
		}
	}
	read_bytes(bytes, (size_t)(to - bytes));
	now.line = at_line;
	now.column = at_column;
	free(bytes);
	return now.good;
}

static inline void must_read(const char *text)
{
	if (!read_text(text))
		fail_msg("%s", now.error.text);
}

#endif
