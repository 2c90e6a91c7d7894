/* SPDX-License-Identifier: MIT */
/* describe_build.h - writes published descriptions (core/event.h), valid or not, for the tests of who reads them. */
#ifndef BL_TESTS_DESCRIBE_BUILD_H
#define BL_TESTS_DESCRIBE_BUILD_H

#include <stdint.h>
#include <string.h>

#include "core/event.h"

struct build {
	uint8_t bytes[1 << 20];
	size_t size;
	size_t event; /* where the open event begins */
};

static inline void build_bytes(struct build *b, const void *bytes, size_t size)
{
	memcpy(b->bytes + b->size, bytes, size);
	b->size += size;
}

static inline void build_text(struct build *b, const char *text)
{
	build_bytes(b, text, strlen(text) + 1);
}

static inline void build_event(struct build *b, uint32_t id, uint16_t n_fields, const char *category, const char *name,
			       const char *file)
{
	const struct bl_event_head head = {.id = id, .line = 100 + id, .n_fields = n_fields};

	b->event = b->size;
	build_bytes(b, &head, sizeof(head));
	build_text(b, category);
	build_text(b, name);
	build_text(b, file);
}

static inline void build_field(struct build *b, uint8_t type, const char *name)
{
	build_bytes(b, &type, 1);
	build_text(b, name);
}

static inline void build_count(struct build *b, uint16_t count)
{
	build_bytes(b, &count, sizeof(count));
}

static inline void build_mapping(struct build *b, int64_t first, int64_t last, const char *label)
{
	build_bytes(b, &first, sizeof(first));
	build_bytes(b, &last, sizeof(last));
	build_text(b, label);
}

static inline void build_end(struct build *b)
{
	uint32_t size;

	while (b->size % 8)
		b->bytes[b->size++] = 0;
	size = (uint32_t)(b->size - b->event);
	memcpy(b->bytes + b->event, &size, sizeof(size));
}

/* One event of each kind of field. */
static inline void build_sample(struct build *b)
{
	b->size = 0;
	build_event(b, 7, 4, "db", "query", "src/db.c");
	build_field(b, BL_TYPE_I32, "rows");
	build_field(b, BL_TYPE_STRING, "sql");
	build_field(b, BL_TYPE_U8 | BL_TYPE_HEX | BL_TYPE_SEQUENCE, "x->data[1]");
	build_field(b, BL_TYPE_I8 | BL_TYPE_ENUM, "state");
	build_count(b, 2);
	build_mapping(b, -3, -1, "bad");
	build_mapping(b, 0, 1000, "good");
	build_end(b);
	build_event(b, 2, 0, "db", "nothing", "");
	build_end(b);
	build_event(b, 300, 1, "a", "b", "c");
	build_field(b, BL_TYPE_F64 | BL_TYPE_SEQUENCE, "values");
	build_end(b);
}

#endif
