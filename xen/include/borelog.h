/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * borelog.h - trace points for Xen's own code: one line, in any file of Xen that says #include <borelog.h>.
 *
 *     borelog_event("xen", "grant_copy", d->domain_id, count, borelog_hex(flags));
 *
 * As in programs (include/borelog.h): category, name, then 0 to 16 arguments, whose names and types are taken from the expressions.
 * Integers of every width and sign, bool, enumerations (as integers, bit fields with + 0), char * (a string), other pointers (as
 * hexadecimal addresses), borelog_hex(), borelog_bytes(p, n), borelog_array(p, n), borelog_named(name, x). Nothing else has to be
 * declared: the event is in `borelog list`, and in the trace with its names. No floating point; no borelog_enum().
 *
 * Arguments are evaluated once, and only while a session records this event.
 *
 * Context: any, NMI and #MC included; arguments must be safe there, too. Takes no lock, disables nothing. While nobody records: a
 * load, a compare and a branch. Xen's own tracer gets nothing of it.
 */
#ifndef BLX_BORELOG_H
#define BLX_BORELOG_H

#include <xen/bitops.h>
#include <asm/current.h>
#include <xen/percpu.h>
#include <xen/trace.h> /* tb_init_done: is there anything to record for? */
#include <xen/types.h>

#include "core/fields.h"
#include "core/ring.h"

/** What a trace point needs to know of its pCPU's part in the session. */
struct blx_target {
	struct bl_ring ring;
	const unsigned long *enabled; /* by id, BLX_EVENTS_MAX bits */
};

#define BLX_EVENTS_MAX 1024
#define BLX_ID_FIRST 4 /* of trace points; what is before is in tracer.h */

/** Where this pCPU records to now; NULL: no session. */
DECLARE_PER_CPU(struct blx_target *, blx_recording);

/** A trace point. All of them are one array, made by the linker. */
struct blx_point {
	const char *category;
	const char *name;
	const char *file;
	const char *text;
	uint32_t line;
	uint32_t n_fields;
	uint8_t types[16];
	uint64_t reserved;
};

extern const struct blx_point __start_borelog_points[], __stop_borelog_points[];

#ifdef CONFIG_TRACEBUFFER
/* Not inline: it is what is rare, and each trace point would have it. */
uint8_t *blx_open(struct blx_target *to, unsigned int id, size_t size, struct bl_record *rec);

static inline unsigned int blx_point_id(const struct blx_point *point)
{
	return BLX_ID_FIRST + (unsigned int)(point - __start_borelog_points);
}

static inline struct blx_target *blx_target_of(unsigned int id)
{
	struct blx_target *to = this_cpu(blx_recording);

	return to && test_bit(id, to->enabled) ? to : NULL;
}

#define BLX_TYPE(i, x) BL_CODE(x),

#define BLX_EVENT(text_, cat, event, n, ...)                                                                                       \
	do {                                                                                                                       \
		static const struct blx_point blx_point_ __attribute__((section(".borelog.points"), used, aligned(64))) = {        \
			cat, event, __FILE__, text_, __LINE__, n, {BL_EACH_##n(BLX_TYPE, __VA_ARGS__)}, 0};                        \
                                                                                                                                   \
		if (bl_unlikely(tb_init_done)) {                                                                                   \
			const unsigned int bl_id_ = blx_point_id(&blx_point_);                                                     \
			struct blx_target *bl_to_ = blx_target_of(bl_id_);                                                         \
                                                                                                                                   \
			if (bl_to_) {                                                                                              \
				BL_EACH_##n(BL_DECLARE, __VA_ARGS__) struct bl_record bl_rec_;                                     \
				uint8_t *bl_at_ = blx_open(bl_to_, bl_id_, 0 BL_EACH_##n(BL_PLUS_SIZE, __VA_ARGS__), &bl_rec_);    \
                                                                                                                                   \
				if (bl_at_) {                                                                                      \
					BL_EACH_##n(BL_PUT, __VA_ARGS__)(void) bl_at_;                                             \
					bl_ring_commit(&bl_to_->ring, &bl_rec_);                                                   \
				}                                                                                                  \
			}                                                                                                          \
		}                                                                                                                  \
	} while (0)

#define BLX_ARITY_0(text, cat, event) BLX_EVENT(text, cat, event, 0, )
#define BLX_ARITY_1(text, cat, event, ...) BLX_EVENT(text, cat, event, 1, __VA_ARGS__)
#define BLX_ARITY_2(text, cat, event, ...) BLX_EVENT(text, cat, event, 2, __VA_ARGS__)
#define BLX_ARITY_3(text, cat, event, ...) BLX_EVENT(text, cat, event, 3, __VA_ARGS__)
#define BLX_ARITY_4(text, cat, event, ...) BLX_EVENT(text, cat, event, 4, __VA_ARGS__)
#define BLX_ARITY_5(text, cat, event, ...) BLX_EVENT(text, cat, event, 5, __VA_ARGS__)
#define BLX_ARITY_6(text, cat, event, ...) BLX_EVENT(text, cat, event, 6, __VA_ARGS__)
#define BLX_ARITY_7(text, cat, event, ...) BLX_EVENT(text, cat, event, 7, __VA_ARGS__)
#define BLX_ARITY_8(text, cat, event, ...) BLX_EVENT(text, cat, event, 8, __VA_ARGS__)
#define BLX_ARITY_9(text, cat, event, ...) BLX_EVENT(text, cat, event, 9, __VA_ARGS__)
#define BLX_ARITY_10(text, cat, event, ...) BLX_EVENT(text, cat, event, 10, __VA_ARGS__)
#define BLX_ARITY_11(text, cat, event, ...) BLX_EVENT(text, cat, event, 11, __VA_ARGS__)
#define BLX_ARITY_12(text, cat, event, ...) BLX_EVENT(text, cat, event, 12, __VA_ARGS__)
#define BLX_ARITY_13(text, cat, event, ...) BLX_EVENT(text, cat, event, 13, __VA_ARGS__)
#define BLX_ARITY_14(text, cat, event, ...) BLX_EVENT(text, cat, event, 14, __VA_ARGS__)
#define BLX_ARITY_15(text, cat, event, ...) BLX_EVENT(text, cat, event, 15, __VA_ARGS__)
#define BLX_ARITY_16(text, cat, event, ...) BLX_EVENT(text, cat, event, 16, __VA_ARGS__)

#define borelog_event(...) BL_JOIN(BLX_ARITY_, BL_COUNT(__VA_ARGS__))(#__VA_ARGS__, __VA_ARGS__)
#else
#define borelog_event(...) ((void)0)
#endif

#endif
