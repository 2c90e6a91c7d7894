/* SPDX-License-Identifier: MIT */
/*
 * describe_parse.c - published descriptions: what a program means is what the recorder gets, and whatever a program writes the set
 * keeps its rules or is refused. Buffers are of the exact size, so that a sanitizer sees a byte too many.
 */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ctf/metadata.h"
#include "ctf/text.h"
#include "describe_build.h"
#include "record/describe.h"

static struct build b;

static int parse(const uint8_t *bytes, size_t size, struct event_set **ret, struct event_set_error *error)
{
	uint8_t *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, bytes, size);
	err = event_set_parse(copy, size, ret, error);
	free(copy);
	return err;
}

static struct event_set *parse_good(void)
{
	struct event_set_error error = {0};
	struct event_set *set = NULL;

	if (parse(b.bytes, b.size, &set, &error))
		fail_msg("byte %zu: %s", error.offset, error.text);
	return set;
}

static void refuse(size_t offset, const char *text)
{
	struct event_set *set = (void *)&b;
	struct event_set_error error = {0};

	assert_int_equal(parse(b.bytes, b.size, &set, &error), -EINVAL);
	assert_ptr_equal(set, &b);
	assert_string_equal(error.text, text);
	assert_int_equal(error.offset, offset);
	assert_int_equal(parse(b.bytes, b.size, &set, NULL), -EINVAL);
}

static void assert_text(const char *text, size_t max)
{
	char clean[EVENT_FILE_MAX + 1];

	assert_true(strlen(text) <= max);
	ctf_text_clean(clean, text, strlen(text), EVENT_FILE_MAX);
	assert_string_equal(clean, text);
}

static void assert_rules(const struct event_set *set)
{
	uint32_t i, k, m;

	for (i = 0; i < set->n; i++) {
		const struct event_desc *event = &set->events[i];

		assert_true(event->id >= 1 && event->id <= EVENT_ID_MAX && event->n_fields <= BL_EVENT_FIELDS_MAX);
		assert_true(!i || event[-1].id < event->id);
		assert_ptr_equal(event_set_find(set, event->id), event);
		assert_text(event->category, EVENT_TEXT_MAX);
		assert_text(event->name, EVENT_TEXT_MAX);
		assert_text(event->file, EVENT_FILE_MAX);
		for (k = 0; k < event->n_fields; k++) {
			const struct event_field *field = &event->fields[k];

			assert_text(field->name, EVENT_TEXT_MAX);
			assert_true(bl_type_size(field->type) || (field->type & BL_TYPE_SCALAR_MASK) == BL_TYPE_STRING);
			for (m = 0; m < field->n_mappings; m++)
				assert_text(field->mappings[m].label, EVENT_TEXT_MAX);
		}
	}
	assert_null(event_set_find(set, 0));
}

static void test_meaning(void **state)
{
	const struct event_desc *event;
	struct event_set *set;

	(void)state;
	build_sample(&b);
	set = parse_good();
	assert_rules(set);
	assert_int_equal(set->n, 3);
	event = event_set_find(set, 7);
	assert_ptr_equal(event, &set->events[1]);
	assert_string_equal(event->category, "db");
	assert_string_equal(event->name, "query");
	assert_string_equal(event->file, "src/db.c");
	assert_int_equal(event->line, 107);
	assert_int_equal(event->n_fields, 4);
	assert_string_equal(event->fields[2].name, "x->data[1]");
	assert_int_equal(event->fields[2].type, BL_TYPE_U8 | BL_TYPE_HEX | BL_TYPE_SEQUENCE);
	assert_int_equal(event->fields[3].n_mappings, 2);
	assert_int_equal(event->fields[3].mappings[0].first, -3);
	assert_int_equal(event->fields[3].mappings[0].last, -1);
	assert_string_equal(event->fields[3].mappings[1].label, "good");
	assert_int_equal(event->fields[3].mappings[1].last, 127);
	assert_null(event_set_find(set, 8));
	event_set_free(set);
	event_set_free(NULL);
}

static void test_empty(void **state)
{
	struct event_set *set = NULL;

	(void)state;
	assert_int_equal(event_set_parse(NULL, 0, &set, NULL), 0);
	assert_int_equal(set->n, 0);
	assert_null(event_set_find(set, 1));
	event_set_free(set);
}

/* The same events in another order are the same set; a change of anything that means something makes another one. */
static void test_hash(void **state)
{
	static struct build again;
	struct event_set *one, *other;
	size_t i, different = 0;

	(void)state;
	build_sample(&b);
	one = parse_good();
	again = b;
	for (i = 0; i < again.size; i++) {
		b.bytes[i] ^= 1;
		if (!parse(b.bytes, b.size, &other, NULL)) {
			assert_int_equal(event_set_equal(one, other), !memcmp(&one->hash, &other->hash, sizeof(one->hash)));
			different += !event_set_equal(one, other);
			event_set_free(other);
		}
		b.bytes[i] ^= 1;
	}
	assert_true(different > 60);
	/* The last of the three events to the front. */
	i = again.event;
	b.size = 0;
	build_bytes(&b, again.bytes + i, again.size - i);
	build_bytes(&b, again.bytes, i);
	other = parse_good();
	assert_true(event_set_equal(one, other));
	assert_memory_equal(&one->hash, &other->hash, sizeof(one->hash));
	event_set_free(other);
	event_set_free(one);
}

static void test_every_cut(void **state)
{
	struct event_set_error error;
	struct event_set *set;
	size_t size, good = 0;

	(void)state;
	build_sample(&b);
	for (size = 0; size <= b.size; size++) {
		if (!parse(b.bytes, size, &set, &error)) {
			assert_rules(set);
			event_set_free(set);
			good++;
		} else {
			assert_true(error.offset <= size);
			assert_true(error.text[0]);
		}
	}
	assert_int_equal(good, 4); /* after 0, 1, 2, 3 events */
}

static void test_every_byte_changed(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x20, 0x7f, 0x80, 0xc3, 0xff};
	struct event_set_error error;
	struct event_set *set;
	size_t i, k, refused = 0;

	(void)state;
	build_sample(&b);
	for (i = 0; i < b.size; i++) {
		const uint8_t was = b.bytes[i];

		for (k = 0; k < sizeof(values); k++) {
			b.bytes[i] = values[k];
			if (!parse(b.bytes, b.size, &set, &error)) {
				assert_rules(set);
				event_set_free(set);
			} else {
				assert_true(error.offset <= b.size);
				refused++;
			}
		}
		b.bytes[i] = was;
	}
	assert_true(refused > 50);
}

static void set_head(struct bl_event_head head)
{
	memcpy(b.bytes, &head, sizeof(head));
}

static void test_heads(void **state)
{
	const struct bl_event_head good = {.size = 24, .id = 1};

	(void)state;
	b.size = 0;
	build_event(&b, 1, 0, "a", "b", "");
	build_end(&b);
	assert_int_equal(b.size, 24);
	set_head((struct bl_event_head){.size = 16 - 8, .id = 1});
	refuse(0, "event's size 8 is not valid");
	set_head((struct bl_event_head){.size = 23, .id = 1});
	refuse(0, "event's size 23 is not valid");
	set_head((struct bl_event_head){.size = 0xfffffff8, .id = 1});
	refuse(0, "event's size 4294967288 is not valid");
	set_head((struct bl_event_head){.size = 32, .id = 1});
	refuse(0, "event of 32 bytes is cut short");
	set_head((struct bl_event_head){.size = 16, .id = 1});
	refuse(16, "category does not end");
	set_head((struct bl_event_head){.size = 24});
	refuse(0, "event id 0 is not in 1..1048575");
	set_head((struct bl_event_head){.size = 24, .id = EVENT_ID_MAX + 1});
	refuse(0, "event id 1048576 is not in 1..1048575");
	set_head((struct bl_event_head){.size = 24, .id = 1, .n_fields = 17});
	refuse(0, "event has 17 fields, more than 16");
	set_head((struct bl_event_head){.size = 24, .id = 1, .n_fields = 1});
	refuse(21, "0x00 is not a type");
	set_head((struct bl_event_head){.size = 24, .id = 1, .reserved = 1});
	refuse(0, "event is of a later version");
	set_head(good);
	b.bytes[23] = 1;
	refuse(23, "bytes behind the last field");
	b.bytes[23] = 0;
	build_event(&b, 2, 0, "a", "b", "");
	build_end(&b);
	build_event(&b, 1, 0, "a", "c", "");
	build_end(&b);
	refuse(48, "event id 1 is there twice");
}

static void refuse_type(uint8_t type)
{
	char text[64];

	b.size = 0;
	build_event(&b, 1, 1, "a", "b", "");
	build_field(&b, type, "x");
	if (type & BL_TYPE_ENUM)
		build_count(&b, 0);
	build_end(&b);
	snprintf(text, sizeof(text), "0x%02x is not a type", type);
	refuse(21, text);
}

static void test_types(void **state)
{
	struct event_set *set;
	uint32_t type;

	(void)state;
	refuse_type(0);
	refuse_type(13);
	refuse_type(31);
	refuse_type(BL_TYPE_STRING | BL_TYPE_SEQUENCE);
	for (type = BL_TYPE_I8; type <= BL_TYPE_STRING; type++)
		refuse_type((uint8_t)(type | BL_TYPE_HEX));
	for (type = BL_TYPE_F32; type <= BL_TYPE_STRING; type++)
		refuse_type((uint8_t)(type | BL_TYPE_ENUM));
	for (type = BL_TYPE_U8; type <= BL_TYPE_U64; type++) {
		b.size = 0;
		build_event(&b, 1, 1, "a", "b", "");
		build_field(&b, (uint8_t)(type | BL_TYPE_HEX | BL_TYPE_SEQUENCE | BL_TYPE_ENUM), "x");
		build_count(&b, 0);
		build_end(&b);
		set = parse_good();
		assert_rules(set);
		event_set_free(set);
	}
}

static const struct event_field *with_mappings(uint8_t type, const int64_t (*ranges)[2], uint16_t n, struct event_set **set)
{
	uint16_t i;

	b.size = 0;
	build_event(&b, 1, 1, "a", "b", "");
	build_field(&b, type | BL_TYPE_ENUM, "x");
	build_count(&b, n);
	for (i = 0; i < n; i++)
		build_mapping(&b, ranges[i][0], ranges[i][1], "label");
	build_end(&b);
	*set = parse_good();
	return (*set)->events[0].fields;
}

static void test_mappings(void **state)
{
	static const int64_t u8[][2] = {{-1, 5}, {256, 300}, {-9, -1}, {250, INT64_MAX}};
	static const int64_t i16[][2] = {{INT64_MIN, INT64_MAX}, {40000, 40000}};
	static const int64_t u64[][2] = {{0, -1}, {INT64_MAX, INT64_MIN}};
	const struct event_field *field;
	struct event_set *set;

	(void)state;
	field = with_mappings(BL_TYPE_U8, u8, 4, &set);
	assert_int_equal(field->n_mappings, 2);
	assert_int_equal(field->mappings[0].first, 0);
	assert_int_equal(field->mappings[0].last, 5);
	assert_int_equal(field->mappings[1].first, 250);
	assert_int_equal(field->mappings[1].last, 255);
	event_set_free(set);
	field = with_mappings(BL_TYPE_I16, i16, 2, &set);
	assert_int_equal(field->n_mappings, 1);
	assert_int_equal(field->mappings[0].first, -32768);
	assert_int_equal(field->mappings[0].last, 32767);
	event_set_free(set);
	field = with_mappings(BL_TYPE_U64, u64, 2, &set);
	assert_int_equal(field->n_mappings, 2);
	assert_int_equal((uint64_t)field->mappings[0].last, UINT64_MAX);
	event_set_free(set);
	b.size = 0;
	build_event(&b, 1, 1, "a", "b", "");
	build_field(&b, BL_TYPE_I64 | BL_TYPE_ENUM, "x");
	build_count(&b, 1);
	build_mapping(&b, 1, 0, "label");
	build_end(&b);
	refuse(26, "mapping's range ends before it begins");
}

static void test_text(void **state)
{
	char longer[600];
	struct event_set *set;

	(void)state;
	memset(longer, 'x', sizeof(longer));
	memcpy(longer + 254, "\xc3\xa9", 2);
	longer[sizeof(longer) - 1] = '\0';
	b.size = 0;
	build_event(&b, 1, 1, "a\n\x1b[31m\x7f", "\xc3\xa9 \xff\xc3 \xed\xa0\x80 \xc2\x85 \xe2\x80\xae \xf0\x9d\x84\x9e", longer);
	build_field(&b, BL_TYPE_U8, longer);
	build_end(&b);
	set = parse_good();
	assert_string_equal(set->events[0].category, "a??[31m?");
	assert_string_equal(set->events[0].name, "\xc3\xa9 ?? ??? ? ? \xf0\x9d\x84\x9e");
	assert_int_equal(strlen(set->events[0].file), sizeof(longer) - 1);
	assert_int_equal(strlen(set->events[0].fields[0].name), 254); /* the character that begins there does not fit */
	event_set_free(set);
}

/* The most structures for the fewest bytes. */
static void test_amplification(void **state)
{
	uint32_t id = 1, i;
	struct event_set *set;

	(void)state;
	b.size = 0;
	while (b.size < sizeof(b.bytes) - 1024) {
		build_event(&b, id++, 16, "", "", "");
		for (i = 0; i < 16; i++)
			build_field(&b, BL_TYPE_U8, "");
		build_end(&b);
	}
	set = parse_good();
	assert_true(malloc_usable_size(set) <= EVENT_SET_AMPLIFY * b.size + 4096);
	assert_int_equal(set->n, id - 1);
	event_set_free(set);
}

static void test_limit(void **state)
{
	uint8_t *bytes = calloc(1, EVENT_SET_BYTES_MAX + 1);
	struct event_set_error error;
	struct event_set *set;

	(void)state;
	assert_int_equal(event_set_parse(bytes, EVENT_SET_BYTES_MAX + 1, &set, &error), -E2BIG);
	assert_int_equal(error.offset, EVENT_SET_BYTES_MAX);
	free(bytes);
}

static void test_to_ctf(void **state)
{
	const struct stream_form form = {.id_bits = 12, .contexts = BL_CONTEXT_TID, .owner = {"pid"}};
	struct ctfw_stream_class class;
	struct event_set *set;

	(void)state;
	build_sample(&b);
	set = parse_good();
	assert_int_equal(event_set_to_ctf(set, 5, &form, &class), 0);
	assert_int_equal(class.id, 5);
	assert_int_equal(class.id_bits, 12);
	assert_int_equal(class.n_contexts, 1);
	assert_string_equal(class.owner[0], "pid");
	assert_null(class.owner[1]);
	assert_int_equal(class.n_events, 3);
	assert_int_equal(class.events[1].n_fields, 4);
	assert_int_equal(class.events[1].fields[2].type, CTFW_UNSIGNED);
	assert_true(class.events[1].fields[2].hex && class.events[1].fields[2].sequence);
	assert_int_equal(class.events[1].fields[3].n_mappings, 2);
	assert_string_equal(class.events[1].fields[3].mappings[0].label, "bad");
	assert_int_equal(class.events[2].fields[0].type, CTFW_FLOAT);
	assert_int_equal(class.events[2].fields[0].bits, 64);
	event_set_ctf_fini(&class);
	event_set_ctf_fini(&class);
	event_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_amplification),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_to_ctf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
