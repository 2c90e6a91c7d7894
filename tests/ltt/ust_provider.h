/* SPDX-License-Identifier: MIT */
/*
 * Trace points of LTTng-UST 2.13 with every type of field that it has, in every width and order. LTTng's headers include this file
 * several times. Names of fields are chosen to hurt: keywords of TSDL, leading underscores, names of CTF's own fields.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER ltt

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "ust_provider.h"

#if !defined(UST_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define UST_PROVIDER_H

#include <lttng/tracepoint.h>
#include <stddef.h>
#include <stdint.h>

#ifndef UST_PROVIDER_VALUES
#define UST_PROVIDER_VALUES

/* What one round of the program records; the arrays are longer than any sequence. */
struct ust_values {
	uint64_t n;		/* a number of many bits */
	float f;
	double d;
	const char *text;	/* ends with NUL, has at least 8 bytes after it */
	unsigned int length;	/* of sequences, 0 to 40 */
	int8_t i8[40];
	int16_t i16[40];
	int32_t i32[40];
	int64_t i64[40];
};

#endif

LTTNG_UST_TRACEPOINT_EVENT(ltt, integers, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(int8_t, i8, (int8_t)v->n)
		lttng_ust_field_integer(uint8_t, u8, (uint8_t)v->n)
		lttng_ust_field_integer(int16_t, i16, (int16_t)v->n)
		lttng_ust_field_integer(uint16_t, u16, (uint16_t)v->n)
		lttng_ust_field_integer(int32_t, i32, (int32_t)v->n)
		lttng_ust_field_integer(uint32_t, u32, (uint32_t)v->n)
		lttng_ust_field_integer(int64_t, i64, (int64_t)v->n)
		lttng_ust_field_integer(uint64_t, u64, v->n)
		lttng_ust_field_integer(char, integer, (char)v->n)
		lttng_ust_field_integer(long, signed, (long)v->n)
		lttng_ust_field_integer(size_t, _under, (size_t)v->n)
		lttng_ust_field_integer(int, __two, (int)v->n)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, integers_hex, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_hex(int8_t, i8, (int8_t)v->n)
		lttng_ust_field_integer_hex(uint8_t, u8, (uint8_t)v->n)
		lttng_ust_field_integer_hex(int16_t, i16, (int16_t)v->n)
		lttng_ust_field_integer_hex(uint16_t, u16, (uint16_t)v->n)
		lttng_ust_field_integer_hex(int32_t, i32, (int32_t)v->n)
		lttng_ust_field_integer_hex(uint32_t, u32, (uint32_t)v->n)
		lttng_ust_field_integer_hex(int64_t, i64, (int64_t)v->n)
		lttng_ust_field_integer_hex(uint64_t, u64, v->n)
		lttng_ust_field_integer_hex(uintptr_t, event, (uintptr_t)v)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, integers_network, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_network(int8_t, i8, (int8_t)v->n)
		lttng_ust_field_integer_network(int16_t, i16, (int16_t)v->n)
		lttng_ust_field_integer_network(uint16_t, u16, (uint16_t)v->n)
		lttng_ust_field_integer_network(int32_t, i32, (int32_t)v->n)
		lttng_ust_field_integer_network(uint32_t, u32, (uint32_t)v->n)
		lttng_ust_field_integer_network(int64_t, i64, (int64_t)v->n)
		lttng_ust_field_integer_network(uint64_t, u64, v->n)
		lttng_ust_field_integer_network_hex(uint16_t, x16, (uint16_t)v->n)
		lttng_ust_field_integer_network_hex(uint32_t, x32, (uint32_t)v->n)
		lttng_ust_field_integer_network_hex(uint64_t, x64, v->n)
	)
)

/* Fields that only filters see. */
LTTNG_UST_TRACEPOINT_EVENT(ltt, nowrite, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer_nowrite(int, hidden_integer, (int)v->n)
		lttng_ust_field_integer(int, shown, (int)v->length)
		lttng_ust_field_float_nowrite(double, hidden_float, v->d)
		lttng_ust_field_array_nowrite(int32_t, hidden_array, v->i32, 4)
		lttng_ust_field_sequence_nowrite(int16_t, hidden_sequence, v->i16, uint8_t, v->length)
		lttng_ust_field_string_nowrite(hidden_string, v->text)
		lttng_ust_field_string(last, v->text)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, floats, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(uint8_t, u8, (uint8_t)v->n)
		lttng_ust_field_float(float, float, v->f)
		lttng_ust_field_float(double, floating_point, v->d)
		lttng_ust_field_float(float, narrowed, (float)v->d)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, texts, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(string, v->text)
		lttng_ust_field_array_text(char, text8, v->text, 8)
		lttng_ust_field_sequence_text(char, text_u8, v->text, uint8_t, v->length)
		lttng_ust_field_sequence_text(char, text_u16, v->text, uint16_t, v->length)
		lttng_ust_field_sequence_text(char, text_u32, v->text, uint32_t, v->length)
		lttng_ust_field_sequence_text(char, text_size, v->text, size_t, v->length)
		lttng_ust_field_string(empty, "")
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, arrays, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_array(int8_t, i8, v->i8, 3)
		lttng_ust_field_array(uint8_t, u8, v->i8, 5)
		lttng_ust_field_array(int16_t, i16, v->i16, 3)
		lttng_ust_field_array(uint16_t, u16, v->i16, 3)
		lttng_ust_field_array(int32_t, i32, v->i32, 3)
		lttng_ust_field_array(uint32_t, u32, v->i32, 3)
		lttng_ust_field_array(int64_t, i64, v->i64, 3)
		lttng_ust_field_array(uint64_t, u64, v->i64, 1)
		lttng_ust_field_array_hex(uint8_t, x8, v->i8, 16)
		lttng_ust_field_array_hex(int32_t, x32, v->i32, 2)
		lttng_ust_field_array_network(int16_t, n16, v->i16, 3)
		lttng_ust_field_array_network(uint32_t, n32, v->i32, 3)
		lttng_ust_field_array_network(int64_t, n64, v->i64, 3)
		lttng_ust_field_array_network_hex(uint64_t, nx64, v->i64, 3)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, sequences, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_sequence(int8_t, i8, v->i8, uint8_t, v->length)
		lttng_ust_field_sequence(uint8_t, u8, v->i8, uint16_t, v->length)
		lttng_ust_field_sequence(int16_t, i16, v->i16, uint32_t, v->length)
		lttng_ust_field_sequence(uint16_t, u16, v->i16, uint64_t, v->length / 2)
		lttng_ust_field_sequence(int32_t, i32, v->i32, uint8_t, v->length)
		lttng_ust_field_sequence(uint32_t, u32, v->i32, unsigned long, v->length / 3)
		lttng_ust_field_sequence(int64_t, i64, v->i64, size_t, v->length)
		lttng_ust_field_sequence(uint64_t, u64, v->i64, uint8_t, v->length / 4)
		lttng_ust_field_sequence_hex(uint8_t, x8, v->i8, uint16_t, v->length)
		lttng_ust_field_sequence_hex(int64_t, x64, v->i64, uint8_t, v->length)
		lttng_ust_field_sequence_network(int16_t, n16, v->i16, uint8_t, v->length)
		lttng_ust_field_sequence_network(uint32_t, n32, v->i32, uint32_t, v->length)
		lttng_ust_field_sequence_network(int64_t, n64, v->i64, uint8_t, v->length / 2)
		lttng_ust_field_sequence_network_hex(uint64_t, nx64, v->i64, uint8_t, v->length)
	)
)

/* Labels that need to be escaped, ranges that overlap and leave holes, values that go on from the last one. */
LTTNG_UST_TRACEPOINT_ENUM(ltt, kinds,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_value("ZERO", 0)
		lttng_ust_field_enum_value("one and \"more\"", 1)
		lttng_ust_field_enum_range("two to five", 2, 5)
		lttng_ust_field_enum_range("OVERLAP", 4, 7)
		lttng_ust_field_enum_auto("NEXT")
		lttng_ust_field_enum_auto("NEXT_AGAIN")
		lttng_ust_field_enum_value("back\\slash", 20)
		lttng_ust_field_enum_value("same", 21)
		lttng_ust_field_enum_value("same too", 21)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(ltt, levels,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_range("far below", INT64_MIN, -100)
		lttng_ust_field_enum_range("below", -99, -1)
		lttng_ust_field_enum_value("none", 0)
		lttng_ust_field_enum_range("above", 1, INT64_MAX)
		lttng_ust_field_enum_value("minus two", -2)
	)
)

LTTNG_UST_TRACEPOINT_ENUM(ltt, large,
	LTTNG_UST_TP_ENUM_VALUES(
		lttng_ust_field_enum_range("lower half", 0, INT64_MAX)
		lttng_ust_field_enum_range("upper half", 0x8000000000000000ULL, UINT64_MAX)
		lttng_ust_field_enum_value("last", UINT64_MAX)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, enumerations, LTTNG_UST_TP_ARGS(const struct ust_values *, v),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_enum(ltt, kinds, int, enum, (int)(v->n % 24))
		lttng_ust_field_enum(ltt, kinds, uint8_t, kind_u8, (uint8_t)(v->n % 24))
		lttng_ust_field_enum(ltt, kinds, uint64_t, kind_u64, v->length)
		lttng_ust_field_enum(ltt, levels, int8_t, level_i8, (int8_t)v->n)
		lttng_ust_field_enum(ltt, levels, int64_t, level_i64, (int64_t)v->n)
		lttng_ust_field_enum(ltt, large, uint64_t, large, v->n)
	)
)

LTTNG_UST_TRACEPOINT_EVENT(ltt, empty, LTTNG_UST_TP_ARGS(), LTTNG_UST_TP_FIELDS())

/* One class with two events, of other levels, one with a model. */
LTTNG_UST_TRACEPOINT_EVENT_CLASS(ltt, pair, LTTNG_UST_TP_ARGS(int, id, const char *, text),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_integer(int, id, id)
		lttng_ust_field_string(timestamp, text)
	)
)
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(ltt, pair, ltt, first_of_pair, LTTNG_UST_TP_ARGS(int, id, const char *, text))
LTTNG_UST_TRACEPOINT_EVENT_INSTANCE(ltt, pair, ltt, second_of_pair, LTTNG_UST_TP_ARGS(int, id, const char *, text))
LTTNG_UST_TRACEPOINT_LOGLEVEL(ltt, first_of_pair, LTTNG_UST_TRACEPOINT_LOGLEVEL_EMERG)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ltt, second_of_pair, LTTNG_UST_TRACEPOINT_LOGLEVEL_DEBUG)
LTTNG_UST_TRACEPOINT_LOGLEVEL(ltt, empty, LTTNG_UST_TRACEPOINT_LOGLEVEL_WARNING)
LTTNG_UST_TRACEPOINT_MODEL_EMF_URI(ltt, second_of_pair, "http://example.com/model#second?a=b")

#endif

#include <lttng/tracepoint-event.h>
