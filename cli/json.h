/* SPDX-License-Identifier: MIT */
/**
 * json.h - pieces of JSON that is printed
 */
#ifndef BL_CLI_JSON_H
#define BL_CLI_JSON_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analysis/text.h"

#define JSON_FORMAT_MAX 128

/** json_format() - numbers and punctuation, at most JSON_FORMAT_MAX - 1 bytes. */
static inline void __attribute__((format(printf, 2, 3))) json_format(struct text *text, const char *format, ...)
{
	char buf[JSON_FORMAT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	text_string(text, buf);
}

/** json_string() - "KEY":"VALUE" */
static inline void json_string(struct text *text, const char *key, const char *value)
{
	json_format(text, "\"%s\":", key);
	text_json(text, value, strlen(value));
}

/** json_more() - ,"KEY":"VALUE", if there is one. */
static inline void json_more(struct text *text, const char *key, const char *value)
{
	if (!value)
		return;
	text_char(text, ',');
	json_string(text, key, value);
}

/** json_strings() - ,"KEY":["VALUE",...] */
static inline void json_strings(struct text *text, const char *key, uint32_t n, const char *const *values)
{
	json_format(text, ",\"%s\":[", key);
	for (uint32_t i = 0; i < n; i++) {
		text_string(text, i ? "," : "");
		text_json(text, values[i], strlen(values[i]));
	}
	text_char(text, ']');
}

#endif
