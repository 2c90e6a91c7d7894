/* SPDX-License-Identifier: MIT */
/**
 * describe.h - descriptions of events as a producer published them (core/event.h), checked and turned into heap structures.
 *
 * The bytes come from a program that may be broken or hostile. Whatever they are, event_set_parse() ends with a set that keeps
 * every rule below, or with an error that names the byte. It reads nothing outside the buffer, and memory stays below
 * EVENT_SET_AMPLIFY times the size of the buffer plus a constant.
 *
 * Rules of a set:
 *     events are sorted by id, ids are 1..EVENT_ID_MAX and differ
 *     every text is UTF-8 without control characters (ASCII, C1, bidirectional overrides; each byte that breaks this became '?')
 * and has at most EVENT_TEXT_MAX bytes (cut at a character) types are valid combinations of enum bl_type; ranges of mappings have
 * first <= last and lie inside the field's type. For BL_TYPE_U64 they are the bits of unsigned numbers. Mappings that no value can
 * have are left out.
 */
#ifndef BL_RECORD_DESCRIBE_H
#define BL_RECORD_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_SET_BYTES_MAX (16u << 20) /* of all published descriptions of a process */
#define EVENT_SET_AMPLIFY 16u
#define EVENT_ID_MAX 0xfffffu
#define EVENT_TEXT_MAX 255u /* names and labels */
#define EVENT_FILE_MAX 4095u

/** Values first..last have this name. */
struct event_mapping {
	int64_t first;
	int64_t last;
	const char *label;
};

struct event_field {
	const char *name; /* as the program wrote it: any expression, not unique */
	uint32_t type;    /* enum bl_type with flags */
	uint32_t n_mappings;
	const struct event_mapping *mappings;
};

struct event_desc {
	uint32_t id;
	uint32_t line;
	uint32_t n_fields;
	uint32_t offset; /* of the description, in the published bytes */
	const char *category;
	const char *name;
	const char *file;
	const struct event_field *fields;
};

/** Names a set of descriptions: two processes of the same build have the same one. Not proof against an adversary, see
 * event_set_equal(). */
struct event_set_hash {
	uint64_t high;
	uint64_t low;
};

struct event_set {
	uint32_t n;
	const struct event_desc *events;
	struct event_set_hash hash;
	/* The whole set in one canonical row of bytes; what is hashed and compared. */
	const uint8_t *canonical;
	size_t canonical_size;
};

struct event_set_error {
	size_t offset; /* in the published bytes */
	char text[128];
};

/**
 * event_set_parse() - check published descriptions and copy them to the heap
 * @bytes: private copy: nobody changes it meanwhile. May be unaligned. NULL if size is 0.
 * @ret:   set only on success; give it to event_set_free()
 * @ret_error: may be NULL; on failure says where and what
 *
 * Return: 0; -EINVAL (malformed); -E2BIG (a limit); -ENOMEM.
 */
int event_set_parse(const void *bytes, size_t size, struct event_set **ret, struct event_set_error *ret_error);

/** event_set_free() - takes NULL */
void event_set_free(struct event_set *set);

/** event_set_find() - the event with this id, or NULL */
const struct event_desc *event_set_find(const struct event_set *set, uint32_t id);

/** event_set_equal() - do both mean the same, byte for byte? To be asked when hashes agree, before two programs share a stream
 * class. */
bool event_set_equal(const struct event_set *a, const struct event_set *b);

/* ---- For the metadata: a set as a class of streams (ctf/metadata.h). ---- */

struct ctfw_stream_class;

/** What streams of a class have besides their events. */
struct stream_form {
	uint32_t id_bits;     /* of the rings */
	uint32_t contexts;    /* enum bl_context, of the channel */
	const char *owner[3]; /* names of the owner words in the packet context; NULL: means nothing here. No gaps. */
};

/**
 * event_set_to_ctf() - describe streams that carry these events
 * @id:  stream_id of the packets
 * @set: must outlive the result, which points into it
 * @ret: overwritten on success; give it to event_set_ctf_fini()
 *
 * Return: 0; -ENOMEM.
 */
int event_set_to_ctf(const struct event_set *set, uint32_t id, const struct stream_form *form, struct ctfw_stream_class *ret);
void event_set_ctf_fini(struct ctfw_stream_class *class);

#endif
