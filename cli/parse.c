/* SPDX-License-Identifier: MIT */
/**
 * parse.c - sizes, times, contexts and names of the command line.
 */
#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

/* A number without sign, and what follows it. */
static bool number(const char *text, uint64_t *ret, const char **ret_rest)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return false;
	*ret = value;
	*ret_rest = end;
	return true;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static uint64_t unit_factor(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(units[i].name, name))
			return units[i].factor;
	return 0;
}

bool cli_parse_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{"", 1},          {"K", 1u << 10},   {"KB", 1u << 10}, {"KiB", 1u << 10}, {"M", 1u << 20},
		{"MB", 1u << 20}, {"MiB", 1u << 20}, {"G", 1u << 30},  {"GB", 1u << 30},  {"GiB", 1u << 30},
	};
	uint64_t value, factor;
	const char *rest;

	if (!number(text, &value, &rest))
		return false;
	factor = unit_factor(units, sizeof(units) / sizeof(units[0]), rest);
	return factor && !__builtin_mul_overflow(value, factor, ret_bytes);
}

bool cli_parse_time(const char *text, uint32_t *ret_ms)
{
	static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"min", 60 * 1000}};
	const uint64_t day = 24ull * 60 * 60 * 1000;
	uint64_t value, factor;
	const char *rest;

	if (!number(text, &value, &rest))
		return false;
	factor = unit_factor(units, sizeof(units) / sizeof(units[0]), rest);
	if (!factor || !value || value > day / factor)
		return false;
	*ret_ms = (uint32_t)(value * factor);
	return true;
}

bool cli_parse_contexts(const char *text, uint32_t *ret_contexts)
{
	static const struct unit names[] = {{"tid", BL_CONTEXT_TID}};
	uint32_t contexts = 0;
	char name[32];

	if (!strcmp(text, "none")) {
		*ret_contexts = 0;
		return true;
	}
	for (const char *p = text;; p++) {
		const size_t length = strcspn(p, ",");
		uint64_t bit;

		if (length >= sizeof(name))
			return false;
		memcpy(name, p, length);
		name[length] = 0;
		bit = unit_factor(names, sizeof(names) / sizeof(names[0]), name);
		if (!bit)
			return false;
		contexts |= (uint32_t)bit;
		p += length;
		if (!*p)
			break;
	}
	*ret_contexts = contexts;
	return true;
}

bool cli_is_name(const char *text)
{
	const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return length && !text[length] && length < RECORD_NAME_MAX;
}
