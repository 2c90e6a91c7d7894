/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * borelog_resources.h - for Xen's own code: what becomes of domains and memory, for those in dom0 who wait for it.
 *
 * Each only notes what has happened: dom0 hears of it from a softirq, when the caller is done.
 */
#ifndef BLX_RESOURCES_H
#define BLX_RESOURCES_H

struct domain;

#ifdef CONFIG_TRACEBUFFER
/** blx_domain_created() - @d is listed. Hypercall context or boot. */
void blx_domain_created(const struct domain *d);

/** blx_domain_runs() - @d is unpaused for the first time: all of it is there. Hypercall context. */
void blx_domain_runs(const struct domain *d);

/** blx_domain_freed() - all that belonged to @d has been freed but its structure, which is next. RCU callback. */
void blx_domain_freed(const struct domain *d);

/** blx_resources_changed() - a domain is in another state, or a pCPU. Any context but NMI and #MC. */
void blx_resources_changed(void);

/** blx_memory_freed() - @pages are free now. Under the heap's lock. */
extern unsigned long blx_memory_threshold; /* in pages; ~0: nobody waits */
void blx_memory_reached(void);
static inline void blx_memory_freed(unsigned long pages)
{
	if (unlikely(pages >= blx_memory_threshold))
		blx_memory_reached();
}
#else
static inline void blx_domain_runs(const struct domain *d)
{
}
static inline void blx_domain_created(const struct domain *d)
{
}
static inline void blx_domain_freed(const struct domain *d)
{
}
static inline void blx_resources_changed(void)
{
}
static inline void blx_memory_freed(unsigned long pages)
{
}
#endif

#endif
