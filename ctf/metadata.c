/* SPDX-License-Identifier: MIT */
/* metadata.c - see metadata.h: the choice of a writer, and the names that both writers use. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "writer.h"

#define SUFFIX_SIZE 16u /* room for what makes a name unique, and for what makes it a length */

const char *const ctf_discard_reasons[] = {"full", "size", "attach", "torn", "busy"};
const size_t ctf_discard_n_reasons = sizeof(ctf_discard_reasons) / sizeof(ctf_discard_reasons[0]);

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool ctf_is_name(const char *text)
{
	while (*text && is_name_char(*text))
		text++;
	return !*text;
}

void ctf_identifier(char to[CTF_NAME_SIZE], const char *text)
{
	const size_t max = CTF_NAME_SIZE - 1 - 2 * SUFFIX_SIZE;
	bool gap = false;
	size_t n = 0;

	for (; *text && n + 1 < max; text++) {
		if (!is_name_char(*text)) {
			gap = true;
			continue;
		}
		if (gap && n)
			to[n++] = '_';
		gap = false;
		to[n++] = *text;
	}
	to[n] = '\0';
	if (!n)
		strcpy(to, "field");
}

/* Does any of the first @n fields have @name, for itself or for its length? */
static bool is_taken(const struct ctf_name *names, uint32_t n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(names[i].name, name) || !strcmp(names[i].length, name))
			return true;
	}
	return false;
}

static void set_length_name(struct ctf_name *name, bool sequence)
{
	const int n = (int)(CTF_NAME_SIZE - SUFFIX_SIZE);

	name->length[0] = '\0';
	if (sequence)
		snprintf(name->length, sizeof(name->length), "_%.*s_length", n, name->name);
}

struct ctf_name *ctf_names_new(const struct ctfw_field *fields, uint32_t n)
{
	struct ctf_name *names = calloc(n ? n : 1, sizeof(*names));
	uint32_t i, try;
	size_t size;

	for (i = 0; names && i < n; i++) {
		struct ctf_name *name = &names[i];

		ctf_identifier(name->name, fields[i].name);
		set_length_name(name, fields[i].sequence);
		size = strlen(name->name);
		for (try = 2; is_taken(names, i, name->name) || (name->length[0] && is_taken(names, i, name->length)); try++) {
			snprintf(name->name + size, SUFFIX_SIZE, "_%u", try);
			set_length_name(name, fields[i].sequence);
		}
	}
	return names;
}

void ctf_clean(char to[CTF_TEXT_MAX + 1], const char *text)
{
	ctf_text_clean(to, text ? text : "", text ? strlen(text) : 0, CTF_TEXT_MAX);
}

void ctf_event_name(char to[CTF_TEXT_MAX + 1], const struct ctfw_event *event)
{
	size_t n = 0;

	if (event->category[0]) {
		n = ctf_text_clean(to, event->category, strlen(event->category), CTF_TEXT_MAX / 2);
		to[n - 1] = ':';
	}
	ctf_text_clean(to + n, event->name, strlen(event->name), CTF_TEXT_MAX - n);
}

void ctf_uuid_text(char to[CTF_UUID_SIZE], const uint8_t uuid[16])
{
	size_t i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to += sprintf(to, "%02x", uuid[i]);
	}
}

static int result(int err, FILE *out)
{
	return err ? err : ferror(out) ? -EIO : 0;
}

int ctf_metadata_write_trace(const struct ctfw_trace_class *trace, enum ctf_version version, FILE *out)
{
	return result(version == CTF_2 ? ctf_json_write_trace(trace, out) : ctf_tsdl_write_trace(trace, out), out);
}

int ctf_metadata_write_stream(const struct ctfw_trace_class *trace, const struct ctfw_stream_class *stream,
			      enum ctf_version version, FILE *out)
{
	return result(version == CTF_2 ? ctf_json_write_stream(trace, stream, out)
				       : ctf_tsdl_write_stream(stream, &trace->clock, out),
		      out);
}

int ctf_metadata_write(const struct ctfw_trace_class *trace, enum ctf_version version, FILE *out)
{
	int err = ctf_metadata_write_trace(trace, version, out);
	uint32_t i;

	for (i = 0; !err && i < trace->n_streams; i++)
		err = ctf_metadata_write_stream(trace, &trace->streams[i], version, out);
	return err;
}

char *ctf_metadata_text(const struct ctfw_trace_class *trace, enum ctf_version version, size_t *ret_size)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int err;

	if (!out)
		return NULL;
	err = ctf_metadata_write(trace, version, out);
	if (fclose(out) || err) {
		free(text);
		return NULL;
	}
	if (ret_size)
		*ret_size = size;
	return text;
}
