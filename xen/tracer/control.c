/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control.c - the hypercall: what xen/abi/hypercall.h says. Everything that comes in is copied once, checked, then used.
 *
 * The caller is privileged (XSM has looked), and may be broken or hostile all the same: it must not get more than its own trace
 * wrong.
 */
#include <xen/bitmap.h>
#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/sched.h>
#include <xen/trace.h>
#include <asm/time.h>

#include "xen/tracer/known.h"
#include "xen/tracer/stock.h"
#include "xen/tracer/tracer.h"

#define FRAMES_AT_ONCE 64

/* The argument of a call: it is smaller than this, or not one of ours. */
union argument {
	struct blx_info info;
	struct blx_create create;
	struct blx_session_name name;
	struct blx_layout layout;
	struct blx_put put;
	struct blx_counters counters;
	struct blx_buffer buffer;
	struct blx_memory memory;
};

static XEN_GUEST_HANDLE_PARAM(uint8) guest(uint64_t address)
{
	return (XEN_GUEST_HANDLE_PARAM(uint8)){(uint8_t *)(unsigned long)address};
}

static int find_session(uint64_t serial, struct blx_session **ret)
{
	if (!blx_session || blx_session->serial != serial || blx_session->state == BLX_DESTROYING)
		return -ESRCH;
	*ret = blx_session;
	return 0;
}

/* ---- Operations: with blx_lock held ---- */

static int op_info(union argument *arg)
{
	arg->info = (struct blx_info){
		.abi = BLX_ABI,
		.ring_abi = BL_RING_ABI,
		.state = blx_session ? blx_session->state : BLX_NONE,
		.n_cpus = nr_cpu_ids,
		.serial = blx_serial,
		.destroyed = blx_destroyed,
		.tsc_khz = cpu_khz,
		.flags = (host_tsc_is_safe() ? BLX_TSC_RELIABLE : 0) | (blx_stock_is_on() ? BLX_STOCK_BUSY : 0),
		.n_events = blx_events_count(),
		.events_size = blx_published_size,
		.pages = blx_session ? blx_session->pages : 0,
		.resources = blx_resources_generation(),
	};
	return 0;
}

/* A bitmap of the guest's, of @bits bits at @address; all set where that is 0. @room: bits at @to. Bits that @to has no room for do
 * not count. */
static int get_bitmap(unsigned long *to, unsigned int room, uint64_t address, uint32_t bits)
{
	const unsigned int n = min_t(unsigned int, bits, room);

	bitmap_zero(to, room);
	if (!address) {
		bitmap_fill(to, room);
		return 0;
	}
	if (copy_from_guest((uint8_t *)to, guest(address), DIV_ROUND_UP(n, 8)))
		return -EFAULT;
	for (unsigned int bit = n; bit < ROUNDUP(n, 8) && bit < room; bit++)
		__clear_bit(bit, to);
	return 0;
}

static bool is_geometry(const struct blx_create *create)
{
	return create->sub_shift >= BL_SUB_SHIFT_MIN && create->sub_shift <= BL_SUB_SHIFT_MAX && create->n_sub >= 2 &&
	       create->n_sub <= BL_SUB_MAX && !(create->n_sub & (create->n_sub - 1)) &&
	       ((uint64_t)(create->n_sub + 1) << create->sub_shift) <= BLX_RING_BYTES_MAX;
}

static int op_create(union argument *arg)
{
	struct blx_create *create = &arg->create;
	DECLARE_BITMAP(enabled, BLX_EVENTS_MAX);
	cpumask_t cpus;
	int err;

	if (!is_geometry(create) || create->flags & ~BLX_OVERWRITE || create->reserved)
		return -EINVAL;
	err = get_bitmap(enabled, BLX_EVENTS_MAX, create->events, create->n_events);
	if (!err)
		err = get_bitmap(cpumask_bits(&cpus), NR_CPUS, create->cpus, create->n_cpus);
	return err ? err : blx_session_create(create, enabled, &cpus);
}

static int op_destroy(union argument *arg)
{
	struct blx_session *session;
	const int err = find_session(arg->name.serial, &session);

	if (!err)
		blx_session_destroy(session);
	return err;
}

static int op_start(union argument *arg)
{
	struct blx_session *session;
	const int err = find_session(arg->name.serial, &session);

	return err ? err : blx_session_start(session);
}

static int op_stop(union argument *arg)
{
	struct blx_session *session;
	const int err = find_session(arg->name.serial, &session);

	if (!err)
		blx_session_stop(session);
	return err;
}

static int op_flush(union argument *arg)
{
	struct blx_session *session;
	const int err = find_session(arg->name.serial, &session);

	if (!err)
		blx_session_flush(session);
	return err;
}

static int find_ring(uint64_t serial, uint32_t cpu, struct blx_cpu **ret)
{
	struct blx_session *session;
	const int err = find_session(serial, &session);

	if (err)
		return err;
	if (cpu >= nr_cpu_ids || !session->cpu[cpu])
		return -ENODEV;
	*ret = session->cpu[cpu];
	return 0;
}

static int put_frames(const struct blx_cpu *cpu, uint64_t to)
{
	uint64_t frames[FRAMES_AT_ONCE];
	uint32_t done = 0;

	while (done < cpu->n_pages) {
		const uint32_t n = min_t(uint32_t, cpu->n_pages - done, FRAMES_AT_ONCE);
		uint32_t i;

		for (i = 0; i < n; i++)
			frames[i] = mfn_x(cpu->frames[done + i]);
		if (copy_to_guest(guest(to + 8ull * done), (const uint8_t *)frames, 8 * n))
			return -EFAULT;
		done += n;
	}
	return 0;
}

static int op_layout(union argument *arg)
{
	struct blx_layout *layout = &arg->layout;
	struct blx_cpu *cpu;
	const int err = find_ring(layout->serial, layout->cpu, &cpu);

	if (err)
		return err;
	layout->n_pages = cpu->n_pages;
	layout->n_phys = cpu->to.ring.n_phys;
	layout->sub_shift = cpu->to.ring.sub_shift;
	layout->n_sub = cpu->to.ring.n_sub;
	layout->id_bits = cpu->to.ring.id_bits;
	layout->online = cpu_online(layout->cpu);
	return layout->room < cpu->n_pages ? -ENOBUFS : put_frames(cpu, layout->frames);
}

static int op_put(union argument *arg)
{
	struct blx_session *session;
	const int err = find_session(arg->put.serial, &session);

	return err ? err : blx_session_put(session, &arg->put);
}

static int op_counters(union argument *arg)
{
	struct blx_counters *counters = &arg->counters;
	struct blx_cpu *cpu;
	const int err = find_ring(counters->serial, counters->cpu, &cpu);
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(counters->lost) != BL_LOST_NR);
	if (err)
		return err;
	for (i = 0; i < BL_LOST_NR; i++)
		counters->lost[i] = bl_load_relaxed(&cpu->to.ring.shared->lost[i]);
	counters->taken = cpu->n_taken;
	counters->records = cpu->n_records;
	counters->wakes = bl_load_relaxed(&cpu->n_wakes);
	return 0;
}

static int op_events(union argument *arg)
{
	struct blx_buffer *buffer = &arg->buffer;

	if (buffer->from % 8 || buffer->from > blx_published_size)
		return -EINVAL;
	buffer->total = blx_published_size;
	buffer->copied = min(buffer->size, blx_published_size - buffer->from);
	buffer->generation = 0;
	return copy_to_guest(guest(buffer->to), blx_published + buffer->from, buffer->copied) ? -EFAULT : 0;
}

static int copy_out(uint64_t to, const void *from, uint32_t size)
{
	return copy_to_guest(guest(to), (const uint8_t *)from, size) ? -EFAULT : 0;
}

static int op_domains(union argument *arg)
{
	return blx_resources_domains(&arg->buffer, copy_out);
}

static int op_memory(union argument *arg)
{
	blx_resources_memory(&arg->memory);
	return 0;
}

static const struct {
	int (*run)(union argument *arg);
	uint16_t size;
} operations[] = {
	[BLX_INFO - BLX_INFO] = {op_info, sizeof(struct blx_info)},
	[BLX_CREATE - BLX_INFO] = {op_create, sizeof(struct blx_create)},
	[BLX_DESTROY - BLX_INFO] = {op_destroy, sizeof(struct blx_session_name)},
	[BLX_START - BLX_INFO] = {op_start, sizeof(struct blx_session_name)},
	[BLX_STOP - BLX_INFO] = {op_stop, sizeof(struct blx_session_name)},
	[BLX_FLUSH - BLX_INFO] = {op_flush, sizeof(struct blx_session_name)},
	[BLX_LAYOUT - BLX_INFO] = {op_layout, sizeof(struct blx_layout)},
	[BLX_PUT - BLX_INFO] = {op_put, sizeof(struct blx_put)},
	[BLX_COUNTERS - BLX_INFO] = {op_counters, sizeof(struct blx_counters)},
	[BLX_EVENTS - BLX_INFO] = {op_events, sizeof(struct blx_buffer)},
	[BLX_DOMAINS - BLX_INFO] = {op_domains, sizeof(struct blx_buffer)},
	[BLX_MEMORY - BLX_INFO] = {op_memory, sizeof(struct blx_memory)},
};

/* Results go back also with an error: -ENOBUFS says how many, -EAGAIN has given something back. */
static int run(struct xen_sysctl_tbuf_op *op)
{
	const unsigned int n = array_index_nospec(op->cmd - BLX_INFO, ARRAY_SIZE(operations));
	XEN_GUEST_HANDLE_PARAM(uint8) at = guest((unsigned long)op->cpu_mask.bitmap.p);
	union argument arg;
	int err;

	if (!operations[n].run || op->cpu_mask.nr_bits != operations[n].size)
		return -EINVAL;
	if (copy_from_guest((uint8_t *)&arg, at, operations[n].size))
		return -EFAULT;
	spin_lock(&blx_lock);
	err = operations[n].run(&arg);
	spin_unlock(&blx_lock);
	if (copy_to_guest(at, (const uint8_t *)&arg, operations[n].size))
		return -EFAULT;
	return err;
}

int tb_control(struct xen_sysctl_tbuf_op *op)
{
	int err;

	if (op->cmd >= BLX_INFO && op->cmd < BLX_OP_END && op->evt_mask == BLX_MAGIC)
		return run(op);
	spin_lock(&blx_lock);
	if (blx_session && (op->cmd == XEN_SYSCTL_TBUFOP_enable || op->cmd == XEN_SYSCTL_TBUFOP_set_size))
		err = -EBUSY;
	else
		err = blx_stock_control(op);
	blx_trace_flag();
	spin_unlock(&blx_lock);
	return err;
}
