/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.c - the record path, behind Xen's internal trace interface: xen/trace.h's functions are here, so that every trace site of
 * Xen records into our rings while a session runs, and into Xen's own tracer otherwise.
 *
 * From reading blx_recording to the commit there is no lock, no call out but to core, nothing that can fail but the reserve, which
 * counts what it discards. Xen's own tracer takes a lock, so it is never called from NMI or #MC: its sites are not there, and ours
 * (hooks) do not pass on.
 */
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/trace.h>

#include "xen/include/borelog.h"
#include "xen/tracer/known.h"
#include "xen/tracer/stock.h"

int tb_init_done __read_mostly;

static inline bool is_enabled(const struct blx_target *target, unsigned int id)
{
	return test_bit(id, target->enabled);
}

/* @n words of a site, @data as many bytes as it has: sites that pass less than whole words are padded. */
static inline uint8_t *put_words(uint8_t *to, const void *data, unsigned int bytes)
{
	const uint32_t *from = data;
	unsigned int i;

	for (i = 0; i < bytes / 4; i++)
		__builtin_memcpy(to + 4 * i, from + i, 4);
	if (unlikely(bytes % 4)) {
		const uint32_t zero = 0;

		__builtin_memcpy(to + 4 * i, &zero, 4);
		memcpy(to + 4 * i, from + i, bytes % 4);
		i++;
	}
	return to + 4 * i;
}

static uint8_t *put_sequence(uint8_t *to, const void *data, unsigned int bytes)
{
	const uint16_t count = (bytes + 3) / 4;

	__builtin_memcpy(to, &count, sizeof(count));
	return put_words(to + sizeof(count), data, bytes);
}

/* What nobody described, or not with this number of words. */
static noinline void record_raw(struct blx_target *target, uint32_t event, unsigned int bytes, const void *data)
{
	struct bl_record rec;

	if (!is_enabled(target, BLX_ID_RAW) || bl_ring_reserve(&target->ring, BLX_ID_RAW, 4 + 2 + ROUNDUP(bytes, 4), &rec))
		return;
	__builtin_memcpy(rec.payload, &event, sizeof(event));
	put_sequence(rec.payload + sizeof(event), data, bytes);
	bl_ring_commit(&target->ring, &rec);
}

/* The rare forms: bits of the id as bytes, a sequence at the end. */
static noinline void record_special(struct blx_target *target, const struct blx_known *known, uint32_t event, unsigned int bytes,
				    const void *data)
{
	const unsigned int fixed = 4u * known->words;
	const bool follows = known->flags & BLX_KNOWN_FOLLOWS;
	uint8_t from_id[BLX_FROM_ID_MAX];
	const unsigned int n = blx_known_from_id(known, event, from_id);
	struct bl_record rec;
	uint8_t *to;

	if (bl_ring_reserve(&target->ring, known->id, n + (follows ? 2 : 0) + ROUNDUP(bytes, 4), &rec))
		return;
	memcpy(rec.payload, from_id, n);
	to = put_words(rec.payload + n, data, fixed);
	if (follows)
		put_sequence(to, (const uint8_t *)data + fixed, bytes - fixed);
	bl_ring_commit(&target->ring, &rec);
}

static void record(struct blx_target *target, uint32_t event, unsigned int bytes, const void *data)
{
	const struct blx_known *known = blx_known_find(event);
	struct bl_record rec;

	if (unlikely(!known || (bytes + 3) / 4 < known->words ||
		     ((bytes + 3) / 4 > known->words && !(known->flags & BLX_KNOWN_FOLLOWS)))) {
		record_raw(target, event, bytes, data);
		return;
	}
	if (!is_enabled(target, known->id))
		return;
	if (unlikely(known->flags)) {
		record_special(target, known, event, bytes, data);
		return;
	}
	if (bl_ring_reserve(&target->ring, known->id, 4u * known->words, &rec))
		return;
	put_words(rec.payload, data, bytes);
	bl_ring_commit(&target->ring, &rec);
}

uint8_t *blx_open(struct blx_target *target, unsigned int id, size_t size, struct bl_record *rec)
{
	/* What is larger than a uint32_t is larger than any ring takes, too, and counted as such. */
	return bl_ring_reserve(&target->ring, id, size > INT32_MAX ? INT32_MAX : (uint32_t)size, rec) ? NULL : rec->payload;
}

void __trace_var(uint32_t event, bool cycles, unsigned int extra, const void *data)
{
	struct blx_target *target = this_cpu(blx_recording);

	if (likely(target))
		record(target, event, min_t(unsigned int, extra, TRACE_EXTRA_MAX * 4), data);
	else
		blx_stock_trace_var(event, cycles, extra, data);
}

int trace_will_trace_event(uint32_t event)
{
	const struct blx_target *target = this_cpu(blx_recording);
	const struct blx_known *known;

	if (!target)
		return blx_stock_will_trace(event);
	known = blx_known_find(event);
	return is_enabled(target, known ? known->id : BLX_ID_RAW);
}

/* Which arguments of a hypercall are recorded: bits by number, those that say what is done to how much. */
static unsigned int recorded_args(unsigned long op)
{
	switch (op) {
	case __HYPERVISOR_mmu_update:
	case __HYPERVISOR_multicall:
	case __HYPERVISOR_mmuext_op:
		return 1u << 1;
	case __HYPERVISOR_grant_table_op:
		return 1u << 0 | 1u << 2;
	case __HYPERVISOR_vcpu_op:
		return 1u << 0 | 1u << 1;
	case __HYPERVISOR_sched_op:
	case __HYPERVISOR_memory_op:
	case __HYPERVISOR_event_channel_op:
	case __HYPERVISOR_physdev_op:
	case __HYPERVISOR_hvm_op:
	case __HYPERVISOR_console_io:
		return 1u << 0;
	default:
		return 0;
	}
}

void __trace_hypercall(uint32_t event, unsigned long op, const xen_ulong_t *args)
{
	struct blx_target *target = this_cpu(blx_recording);
	const unsigned int id = event == TRC_PV_HYPERCALL_SUBCALL ? BLX_ID_SUBCALL : BLX_ID_HYPERCALL;
	const unsigned int which = recorded_args(op);
	struct bl_record rec;
	uint32_t words[2];
	unsigned int i, n = 0;

	if (unlikely(!target)) {
		blx_stock_trace_hypercall(event, op, args);
		return;
	}
	if (!is_enabled(target, id))
		return;
	for (i = 0; which >> i; i++)
		if (which >> i & 1)
			words[n++] = args[i];
	if (bl_ring_reserve(&target->ring, id, 1 + 2 + 4 * n, &rec))
		return;
	rec.payload[0] = op;
	put_sequence(rec.payload + 1, words, 4 * n);
	bl_ring_commit(&target->ring, &rec);
}
