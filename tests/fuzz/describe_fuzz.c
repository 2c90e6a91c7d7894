/* SPDX-License-Identifier: MIT */
/*
 * Whatever bytes a program publishes: the parser refuses them with an offset inside, or makes a set whose metadata, in both
 * formats, is well formed. In JSON each fragment must parse by itself; in TSDL no text may leave its quotes: outside of them there
 * are no quotes, brackets are balanced, and nothing is there but what the writer itself writes. The buffer has exactly its size
 * (address sanitizer).
 *
 * Input: the published bytes. Sizes of events that cannot be are repaired, so that most inputs get past the first event.
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "ctf/metadata.h"
#include "record/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(int condition)
{
	if (!condition)
		abort();
}

/* Each event's size: a multiple of 8 that is there. */
static void repair(uint8_t *bytes, size_t size)
{
	size_t at = 0;

	while (size - at >= sizeof(struct bl_event_head)) {
		struct bl_event_head head;

		memcpy(&head, bytes + at, sizeof(head));
		head.size = head.size % 512 & ~7u;
		if (head.size < sizeof(head))
			head.size = sizeof(head);
		if (head.size > size - at)
			head.size = (uint32_t)(size - at) & ~7u;
		head.n_fields %= BL_EVENT_FIELDS_MAX + 1;
		head.id &= EVENT_ID_MAX;
		head.reserved = 0;
		memcpy(bytes + at, &head, sizeof(head));
		at += head.size;
	}
}

static void check_json(const char *text, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	size_t at = 0;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	while (at < size) {
		const char *end = memchr(text + at, '\n', size - at);
		struct json_object *fragment;

		need(end && text[at] == 0x1e);
		json_tokener_reset(tokener);
		fragment = json_tokener_parse_ex(tokener, text + at + 1, (int)(end - (text + at)) - 1);
		if (json_tokener_get_error(tokener) == json_tokener_continue)
			fragment = json_tokener_parse_ex(tokener, "", 1);
		need(json_tokener_get_error(tokener) == json_tokener_success && json_object_is_type(fragment, json_type_object));
		json_object_put(fragment);
		at = (size_t)(end - text) + 1;
	}
	json_tokener_free(tokener);
}

static void check_tsdl(const char *text, size_t size)
{
	const char *outside = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ \n\t;:=<>,.-()[]{}/*";
	int depth = 0, quoted = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		if (quoted && text[i] == '\\') {
			i++;
			need(i < size && (text[i] == '"' || text[i] == '\\'));
		} else if (text[i] == '"') {
			quoted = !quoted;
		} else if (quoted) {
			need((uint8_t)text[i] >= 0x20);
		} else {
			need(text[i] && strchr(outside, text[i]));
			depth += (text[i] == '{') - (text[i] == '}');
			need(depth >= 0);
		}
	}
	need(!depth && !quoted);
}

static void check_metadata(const struct event_set *set)
{
	struct ctfw_stream_class class;
	struct ctfw_trace_class trace = {.clock = {.name = "c", .frequency = 1}, .n_streams = 1, .streams = &class};
	size_t size;
	char *text;

	need(!event_set_to_ctf(set, 1, 12, BL_CONTEXT_TID, &class));
	text = ctf_metadata_text(&trace, CTF_1_8, &size);
	need(text != NULL);
	check_tsdl(text, size);
	free(text);
	text = ctf_metadata_text(&trace, CTF_2, &size);
	need(text != NULL);
	check_json(text, size);
	free(text);
	event_set_ctf_fini(&class);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1);
	struct event_set_error error;
	struct event_set *set;

	memcpy(bytes, data, size);
	if (size && data[size - 1] & 1)
		repair(bytes, size);
	if (event_set_parse(bytes, size, &set, &error)) {
		need(error.offset <= size && error.text[0]);
	} else {
		check_metadata(set);
		event_set_free(set);
	}
	free(bytes);
	return 0;
}
