/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.c - rings of the session: their memory, and the rest of the port of core.
 *
 * A ring's pages belong to dom_xen, so that dom0 can map them as it maps xentrace's buffers. Each has a type reference that is not
 * of a writable page, from before it has an owner until Xen has let go of it: nobody can map it writable meanwhile. Letting go
 * drops that first, then the allocation's reference and ours: the page goes back to the heap with the last mapping of dom0's. What
 * dom0 does in between to a page that it still has is its own affair: Xen neither reads nor writes it any more.
 */
#include <xen/domain_page.h>
#include <xen/event.h>
#include <xen/init.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/vmap.h>
#include <asm/smp.h>
#include <irq_vectors.h>

#include "xen/tracer/known.h"
#include "xen/tracer/tracer.h"

#define GIVE_UP_PAGES 512 /* at once: the other softirqs wait meanwhile */

DEFINE_PER_CPU_READ_MOSTLY(struct blx_target *, blx_recording);

/* ---- The port ---- */

uint32_t blx_port_owner(const struct bl_ring *ring, unsigned int i)
{
	return i == 0 ? current->domain->domain_id : i == 1 ? current->vcpu_id : 0;
}

/* What is to be told from this pCPU: bits by enum blx_notify. */
static DEFINE_PER_CPU(unsigned long, pending);

static void cf_check tell_dom0(void)
{
	unsigned long *mine = &this_cpu(pending);

	if (test_and_clear_bit(BLX_NOTIFY_TRACE, mine))
		send_global_virq(BLX_VIRQ_TRACE);
	if (test_and_clear_bit(BLX_NOTIFY_RESOURCES, mine))
		blx_resources_tell();
}

/*
 * The softirq is seen on the way out of the hypervisor, and before a halt. Who is behind that last look already, because he is an
 * NMI or runs with interrupts disabled, sends an interrupt as well: that ends the halt.
 */
void blx_notify(enum blx_notify what)
{
	set_bit(what, &this_cpu(pending));
	raise_softirq(BORELOG_SOFTIRQ);
	if (in_nmi_handler() || in_mce_handler() || !local_irq_is_enabled())
		send_IPI_self(EVENT_CHECK_VECTOR);
}

void bl_port_wake(struct bl_ring *ring)
{
	struct blx_cpu *cpu = container_of(ring, struct blx_cpu, to.ring);

	bl_local_add(&cpu->n_wakes, 1);
	blx_notify(BLX_NOTIFY_TRACE);
}

static int __init cf_check wake_init(void)
{
	open_softirq(BORELOG_SOFTIRQ, tell_dom0);
	return 0;
}
__initcall(wake_init);

/* ---- Memory ---- */

static struct page_info *page_new(unsigned int cpu)
{
	struct page_info *page = alloc_domheap_page(NULL, MEMF_node(cpu_to_node(cpu)));

	if (!page)
		return NULL;
	clear_domain_page(page_to_mfn(page));
	set_gpfn_from_mfn(mfn_x(page_to_mfn(page)), INVALID_M2P_ENTRY);
	page->u.inuse.type_info = PGT_none | PGT_validated | 1;
	page->count_info = PGC_extra;
	if (assign_pages(page, 1, dom_xen, MEMF_no_refcount)) {
		page->count_info = 0;
		page->u.inuse.type_info = 0;
		free_domheap_page(page);
		return NULL;
	}
	/* The last reference must not be the allocation's: put_page_alloc_ref(). */
	if (!get_page(page, dom_xen))
		BUG();
	return page;
}

static void page_give_up(struct page_info *page)
{
	page->u.inuse.type_info = 0;
	smp_wmb();
	put_page_alloc_ref(page);
	put_page(page);
}

bool blx_ring_free(struct blx_cpu *cpu)
{
	unsigned int n;

	tasklet_kill(&cpu->quiesce); /* it may be on its last lines */
	if (cpu->mapped) {
		vunmap(cpu->mapped);
		cpu->mapped = NULL;
	}
	for (n = 0; n < GIVE_UP_PAGES && cpu->n_given_up < cpu->n_pages; n++)
		page_give_up(mfn_to_page(cpu->frames[cpu->n_given_up++]));
	if (cpu->n_given_up < cpu->n_pages)
		return false;
	vfree(cpu->frames);
	xfree(cpu);
	return true;
}

static int ring_memory(struct blx_cpu *cpu, uint32_t n_pages)
{
	cpu->frames = vzalloc(n_pages * sizeof(*cpu->frames));
	if (!cpu->frames)
		return -ENOMEM;
	while (cpu->n_pages < n_pages) {
		struct page_info *page = page_new(cpu->cpu);

		if (!page)
			return -ENOMEM;
		cpu->frames[cpu->n_pages++] = page_to_mfn(page);
	}
	cpu->mapped = vmap(cpu->frames, n_pages);
	return cpu->mapped ? 0 : -ENOMEM;
}

static bool ring_fill(struct blx_cpu *cpu, const struct blx_session *session)
{
	struct bl_ring *ring = &cpu->to.ring;

	ring->shared = cpu->mapped;
	ring->sub_shift = session->how.sub_shift;
	ring->n_sub = session->how.n_sub;
	ring->n_phys = ring->n_sub + 1;
	ring->id_bits = blx_id_bits();
	/* What is overwritten need not be taken in time: nobody waits for it. */
	ring->flags = session->how.flags & BLX_OVERWRITE ? BL_RING_OVERWRITE | BL_RING_NO_WAKE : 0;
	ring->stream_id = session->how.stream_id;
	ring->cpu_id = cpu->cpu;
	memcpy(ring->uuid, session->how.uuid, sizeof(ring->uuid));
	ring->stream_instance_id = cpu->cpu;
	bl_ring_lay(ring, (uint8_t *)cpu->mapped + BL_RING_CONTROL_SIZE);
	if (!bl_ring_setup(ring))
		return false;
	bl_ring_init(ring);
	bl_reader_init(&cpu->reader, ring);
	return true;
}

int blx_ring_new(struct blx_session *session, unsigned int n)
{
	const uint32_t n_pages = PFN_UP(BL_RING_CONTROL_SIZE) + ((session->how.n_sub + 1) << (session->how.sub_shift - PAGE_SHIFT));
	struct blx_cpu *cpu = xzalloc(struct blx_cpu);
	int err;

	if (!cpu)
		return -ENOMEM;
	cpu->cpu = n;
	softirq_tasklet_init(&cpu->quiesce, NULL, NULL);
	cpu->to.enabled = session->enabled;
	err = ring_memory(cpu, n_pages);
	if (!err && !ring_fill(cpu, session))
		err = -EINVAL;
	if (err) {
		while (!blx_ring_free(cpu))
			continue;
		return err;
	}
	session->pages += cpu->n_pages;
	session->cpu[n] = cpu;
	return 0;
}
