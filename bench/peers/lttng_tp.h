/* SPDX-License-Identifier: MIT */
/*
 * lttng_tp.h - the benches' records as an LTTng-UST tracepoint provider.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng_tp.h"

#if !defined(BL_BENCH_LTTNG_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define BL_BENCH_LTTNG_TP_H

#include <lttng/tracepoint.h>
#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(bench, a, LTTNG_UST_TP_ARGS(int32_t, number),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int32_t, number, number)))

LTTNG_UST_TRACEPOINT_EVENT(bench, b, LTTNG_UST_TP_ARGS(int32_t, number, int64_t, wide, const char *, text),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int32_t, number, number)
						       lttng_ust_field_integer(int64_t, wide, wide)
							       lttng_ust_field_string(text, text)))

LTTNG_UST_TRACEPOINT_EVENT(bench, c, LTTNG_UST_TP_ARGS(const uint8_t *, bytes),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_sequence_hex(uint8_t, bytes, bytes, uint16_t, 128)))

LTTNG_UST_TRACEPOINT_EVENT(bench, disabled, LTTNG_UST_TP_ARGS(int32_t, number),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int32_t, number, number)))

#endif

#include <lttng/tracepoint-event.h>
