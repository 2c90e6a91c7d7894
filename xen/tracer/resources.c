/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * resources.c - what the hypervisor owns and somebody in dom0 may wait for: domains, up to the moment that all of theirs is free;
 * memory.
 *
 * A domain is listed here from its creation until it has been freed, under a serial of its own: Xen's list has lost it by then, and
 * its id may be another domain's. Whoever frees it runs in an RCU softirq and is not quite done when he says so; BORELOG_SOFTIRQ
 * comes after it on the same pCPU, and only that takes the entry away.
 */
#include <xen/domain.h>
#include <xen/event.h>
#include <xen/list.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/xmalloc.h>

#include "xen/include/borelog_resources.h"
#include "xen/tracer/tracer.h"

struct entry {
	struct list_head list;
	const struct domain *d; /* not to be followed but with a reference of Xen's list */
	uint64_t serial;
	domid_t domain;
	uint8_t handle[16];
	bool freed;
};

static DEFINE_SPINLOCK(lock); /* inside of blx_lock */
static LIST_HEAD(entries);
static uint64_t last_serial;
static uint64_t generation;

unsigned long __read_mostly blx_memory_threshold = ~0ul;

/* ---- What happens ---- */

void blx_resources_changed(void)
{
	blx_notify(BLX_NOTIFY_RESOURCES);
}

void blx_domain_created(const struct domain *d)
{
	struct entry *entry;

	if (d->domain_id >= DOMID_FIRST_RESERVED)
		return;
	entry = xzalloc(struct entry);
	if (!entry) { /* it lives unseen: nobody can wait for it */
		printk(XENLOG_WARNING "borelog: no memory to list %pd\n", d);
		return;
	}
	entry->d = d;
	entry->domain = d->domain_id;
	memcpy(entry->handle, d->handle, sizeof(entry->handle));
	spin_lock(&lock);
	entry->serial = ++last_serial;
	list_add_tail(&entry->list, &entries);
	spin_unlock(&lock);
	blx_resources_changed();
}

void blx_domain_freed(const struct domain *d)
{
	struct entry *entry;

	spin_lock(&lock);
	list_for_each_entry(entry, &entries, list) if (entry->d == d && !entry->freed)
	{
		entry->freed = true;
		break;
	}
	spin_unlock(&lock);
	blx_resources_changed();
}

void blx_memory_reached(void)
{
	blx_memory_threshold = ~0ul;
	blx_resources_changed();
}

void blx_resources_tell(void)
{
	struct entry *entry, *next;

	spin_lock(&lock);
	generation++;
	list_for_each_entry_safe(entry, next, &entries, list) if (entry->freed)
	{
		list_del(&entry->list);
		xfree(entry);
	}
	spin_unlock(&lock);
	send_global_virq(BLX_VIRQ_RESOURCES);
}

uint64_t blx_resources_generation(void)
{
	return generation;
}

/* ---- What is asked ---- */

static enum blx_domain_state state_of(const struct domain *d)
{
	if (d->is_dying)
		return BLX_DOMAIN_DYING;
	if (d->is_shut_down)
		return BLX_DOMAIN_SHUTDOWN;
	return d->creation_finished || is_hardware_domain(d) ? BLX_DOMAIN_RUNNING : BLX_DOMAIN_CREATED;
}

static void fill(struct blx_domain *out, const struct entry *entry)
{
	struct domain *d = rcu_lock_domain_by_id(entry->domain);

	*out = (struct blx_domain){.serial = entry->serial, .domain = entry->domain, .state = BLX_DOMAIN_DYING};
	memcpy(out->handle, entry->handle, sizeof(out->handle));
	if (d && d == entry->d) { /* listed by Xen still, and no other of that id */
		out->state = state_of(d);
		out->shutdown_code = d->is_shut_down ? d->shutdown_code : 0;
		out->pages = domain_tot_pages(d);
		memcpy(out->handle, d->handle, sizeof(out->handle));
	}
	if (d)
		rcu_unlock_domain(d);
}

int blx_resources_domains(struct blx_buffer *buffer, int (*copy)(uint64_t to, const void *from, uint32_t size))
{
	const uint32_t size = sizeof(struct blx_domain);
	const struct entry *entry;
	uint32_t at = 0;
	int err = 0;

	if (buffer->from % size)
		return -EINVAL;
	buffer->copied = 0;
	spin_lock(&lock);
	buffer->generation = generation;
	list_for_each_entry(entry, &entries, list)
	{
		struct blx_domain domain;

		if (!err && at >= buffer->from && buffer->size - buffer->copied >= size) {
			fill(&domain, entry);
			err = copy(buffer->to + buffer->copied, &domain, size);
			buffer->copied += size;
		}
		at += size;
	}
	spin_unlock(&lock);
	buffer->total = at;
	return err;
}

void blx_resources_memory(struct blx_memory *memory)
{
	memory->free_pages = avail_domheap_pages();
	memory->total_pages = total_pages;
	if (memory->threshold && memory->free_pages >= memory->threshold)
		blx_memory_reached();
	else
		blx_memory_threshold = memory->threshold ?: ~0ul;
}
