/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * event.h - descriptions of events: the types that fields can have, and the form in which a producer publishes them.
 *
 * A description is made where the trace point is (a program, a module, the hypervisor) and is never typed in again: the metadata,
 * the filters and the walk over a dead program's last packet are all made from this one form.
 *
 * Published form: a sequence of events, each of them
 *
 *     struct bl_event_head                 aligned to 8 bytes, native byte order
 *     category NUL name NUL file NUL       UTF-8; file is the source file, may be empty
 *     n_fields times:
 *         uint8_t type                     enum bl_type, with flags
 *         name NUL
 *         if BL_TYPE_ENUM: uint16_t count (unaligned), then count times: int64_t first, int64_t last (unaligned), label NUL
 *     zero bytes up to head.size
 *
 * Encoding of fields in a record: packed in this order, native byte order, no alignment.
 *     scalar           its size
 *     BL_TYPE_STRING   bytes, then NUL; a NULL pointer is the string "(null)"
 *     BL_TYPE_SEQUENCE uint16_t count, then count scalars. uint8_t with BL_TYPE_HEX is a byte block.
 * In front of the fields are the channel's contexts, in the order of enum bl_context.
 */
#ifndef BL_CORE_EVENT_H
#define BL_CORE_EVENT_H

#include "port.h"

enum bl_type {
	BL_TYPE_NONE = 0,
	BL_TYPE_U8 = 1,
	BL_TYPE_U16 = 2,
	BL_TYPE_U32 = 3,
	BL_TYPE_U64 = 4,
	BL_TYPE_I8 = 5,
	BL_TYPE_I16 = 6,
	BL_TYPE_I32 = 7,
	BL_TYPE_I64 = 8,
	BL_TYPE_F32 = 9,
	BL_TYPE_F64 = 10,
	BL_TYPE_BOOL = 11,   /* one byte, 0 or 1 */
	BL_TYPE_STRING = 12,
	BL_TYPE_SCALAR_MASK = 0x1f,
	/* flags */
	BL_TYPE_HEX = 0x20,      /* unsigned integers: shown in base 16 */
	BL_TYPE_SEQUENCE = 0x40, /* of the scalar, any but BL_TYPE_STRING */
	BL_TYPE_ENUM = 0x80,     /* integers: values have names */
};

/** Bytes of a scalar type; 0 for a string and for what is no type. */
static inline uint32_t bl_type_size(uint32_t type)
{
	switch (type & BL_TYPE_SCALAR_MASK) {
	case BL_TYPE_U8:
	case BL_TYPE_I8:
	case BL_TYPE_BOOL:
		return 1;
	case BL_TYPE_U16:
	case BL_TYPE_I16:
		return 2;
	case BL_TYPE_U32:
	case BL_TYPE_I32:
	case BL_TYPE_F32:
		return 4;
	case BL_TYPE_U64:
	case BL_TYPE_I64:
	case BL_TYPE_F64:
		return 8;
	default:
		return 0;
	}
}

/** Contexts that a channel can put in front of every record's fields; bits, encoded from the lowest to the highest. */
enum bl_context {
	BL_CONTEXT_TID = 1u << 0, /* int32_t tid */
	BL_CONTEXT_ALL = BL_CONTEXT_TID,
};

#define BL_EVENT_FIELDS_MAX 16u
#define BL_EVENT_SIZE_MAX 65536u /* of one published description */

struct bl_event_head {
	uint32_t size;     /* of the whole description, a multiple of 8 */
	uint32_t id;       /* 1.. */
	uint32_t line;     /* in the source file */
	uint16_t n_fields; /* 0..BL_EVENT_FIELDS_MAX */
	uint16_t reserved; /* 0 */
};

/** An argument of a trace point, as filters see it: made on the stack, where a filter asks for it. */
struct bl_filter_arg {
	uint32_t type;  /* enum bl_type with flags */
	uint32_t count; /* sequence: elements */
	union {
		uint64_t u64;        /* every unsigned type and bool, widened */
		int64_t i64;         /* every signed type, widened */
		double f64;          /* both floats */
		const void *pointer; /* string (may be NULL), sequence */
	} value;
};

bl_static_assert(sizeof(struct bl_event_head) == 16, "published form is versioned with the control page");

#endif
