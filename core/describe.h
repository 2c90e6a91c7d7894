/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/** describe.h - from what the compiler left of a trace point to its published description (event.h). Not for the record path. */
#ifndef BL_CORE_DESCRIBE_H
#define BL_CORE_DESCRIBE_H

#include "event.h"
#include "fields.h"

/** Where descriptions are being written; counts on when it is full. */
struct bl_out {
	uint8_t *at; /* NULL with size 0: only counts */
	size_t size, used;
};

/** For who has no trace point of this project, the pieces: begin, n_fields times a field as event.h says, end. */
void bl_out_put(struct bl_out *out, const void *data, size_t size);
void bl_out_text(struct bl_out *out, const char *text);                                            /* with its NUL */
size_t bl_out_begin(struct bl_out *out, const char *category, const char *name, const char *file); /* returns where it begins */
/** bl_out_end() - pad the description that begins at @begin, and write its head: @head, with the right size */
void bl_out_end(struct bl_out *out, size_t begin, const struct bl_event_head *head);

/** A trace point as it is written in the source. Strings end with NUL. */
struct bl_point {
	const char *category;
	const char *name;
	const char *file;
	const char *text; /* of all arguments, category and name first */
	uint32_t line;
	uint32_t n_fields;
	const uint8_t *types;                               /* n_fields of them, enum bl_type with flags */
	const struct borelog_enum_table *enums, *enums_end; /* of the same object, for fields with names of values */
};

/**
 * bl_describe() - write the description of @point with @id to @at, if it fits in @size bytes
 *
 * Return: its size in bytes, a multiple of 8, which can be more than @size: then what is at @at is no description.
 */
size_t bl_describe(uint8_t *at, size_t size, uint32_t id, const struct bl_point *point);

#endif
