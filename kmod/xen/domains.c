/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domains.c - /sys/hypervisor/resources/domains: a directory for each domain whose memory is not all freed yet, named by its
 * serial.
 *
 *     absent -> created -> running <-> shutdown -> dying -> freed, and the directory goes
 *
 * Attributes are read from Xen each time, so a domain that Xen has no more reads as "freed" at once, also before its directory
 * goes. That is what makes waiting safe: the refresh that finds it missing wakes all waiters and then removes the directory, and
 * whoever looks between the two reads "freed" and need not wait; after that, ENODEV.
 *
 * What is in @last is what waiters were told. Only the refresh, which is one at a time, adds and removes.
 */
#include <linux/errno.h>
#include <linux/kobject.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/xarray.h>

#include "kmod/xen/module.h"

#define ROOM 64u           /* domains that are expected at first */
#define ROOM_MORE 16u      /* those that may come between two calls */
#define DOMAINS_MAX 65536u /* more than there are domain ids */
#define TRIES 16

struct domain {
	struct kobject kobj;
	u64 serial;
	struct blx_domain last;
	unsigned long round; /* of the last refresh that saw it */
};

static struct kobject *domains;
static DEFINE_XARRAY(by_serial);
static unsigned long round;
static u64 generation;

/* ---- Asking Xen ---- */

/* The whole list, in as many parts as Xen likes. -EAGAIN: it has changed meanwhile. -ENOSPC: it has *ret_n and does not fit. */
static int list_read(struct blx_domain *list, u32 room, u32 *ret_n)
{
	const u32 size = room * sizeof(*list);
	struct blx_buffer part;
	u64 first = 0;
	u32 done = 0;

	do {
		int err;

		part = (struct blx_buffer){.to = (unsigned long)list + done, .size = size - done, .from = done};
		err = blx_call(BLX_DOMAINS, &part, sizeof(part));
		if (err)
			return err;
		if (part.copied > size - done || part.total % sizeof(*list) || part.total / sizeof(*list) > DOMAINS_MAX)
			return -EPROTO;
		if (!done)
			first = part.generation;
		if (part.generation != first)
			return -EAGAIN;
		done += part.copied;
	} while (done < part.total && part.copied);
	*ret_n = part.total / sizeof(*list);
	return done == part.total ? 0 : -ENOSPC;
}

/* To be freed with kvfree(). */
static int list_get(struct blx_domain **ret_list, u32 *ret_n)
{
	u32 room = ROOM;
	int err = -EAGAIN;
	int i;

	for (i = 0; i < TRIES && (err == -EAGAIN || err == -ENOSPC); i++) {
		struct blx_domain *list = kvmalloc_array(room, sizeof(*list), GFP_KERNEL);
		u32 n;

		if (!list)
			return -ENOMEM;
		err = list_read(list, room, &n);
		if (!err) {
			*ret_list = list;
			*ret_n = n;
			return 0;
		}
		kvfree(list);
		if (err == -ENOSPC)
			room = n + ROOM_MORE;
	}
	return err == -ENOSPC ? -EAGAIN : err;
}

/* Return: -ENOENT: freed. */
static int domain_now(u64 serial, struct blx_domain *ret)
{
	struct blx_domain *list;
	u32 i, n;
	int err;

	err = list_get(&list, &n);
	if (err)
		return err;
	err = -ENOENT;
	for (i = 0; i < n; i++)
		if (list[i].serial == serial) {
			*ret = list[i];
			err = 0;
			break;
		}
	kvfree(list);
	return err;
}

/* ---- Attributes ---- */

static const char *const state_names[] = {
	[BLX_DOMAIN_CREATED] = "created",
	[BLX_DOMAIN_RUNNING] = "running",
	[BLX_DOMAIN_SHUTDOWN] = "shutdown",
	[BLX_DOMAIN_DYING] = "dying",
};

static struct domain *domain_of(struct kobject *kobj)
{
	return container_of(kobj, struct domain, kobj);
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_domain now;
	const int err = domain_now(domain_of(kobj)->serial, &now);

	if (err == -ENOENT)
		return sysfs_emit(buf, "freed\n");
	if (err)
		return err;
	return sysfs_emit(buf, "%s\n", now.state && now.state < ARRAY_SIZE(state_names) ? state_names[now.state] : "unknown");
}

static ssize_t pages_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_domain now = {};
	const int err = domain_now(domain_of(kobj)->serial, &now);

	return err && err != -ENOENT ? err : sysfs_emit(buf, "%llu\n", now.pages);
}

static ssize_t shutdown_code_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_domain now = domain_of(kobj)->last;
	const int err = domain_now(now.serial, &now);

	return err && err != -ENOENT ? err : sysfs_emit(buf, "%u\n", now.shutdown_code);
}

static ssize_t uuid_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_domain now = domain_of(kobj)->last;
	const int err = domain_now(now.serial, &now);

	return err && err != -ENOENT ? err : sysfs_emit(buf, "%pUb\n", now.handle);
}

static ssize_t domain_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", domain_of(kobj)->last.domain);
}

static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute pages_attr = __ATTR_RO(pages);
static struct kobj_attribute shutdown_code_attr = __ATTR_RO(shutdown_code);
static struct kobj_attribute uuid_attr = __ATTR_RO(uuid);
static struct kobj_attribute domain_attr = __ATTR_RO(domain);
static struct attribute *domain_attrs[] = {
	&state_attr.attr, &pages_attr.attr, &shutdown_code_attr.attr, &uuid_attr.attr, &domain_attr.attr, NULL,
};
static const struct attribute_group domain_group = {.attrs = domain_attrs};
static const struct attribute_group *domain_groups[] = {&domain_group, NULL};

/* Settles first: whoever has read it finds in the directory all that there was when he began. */
static ssize_t generation_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	blx_resources_settle();
	return sysfs_emit(buf, "%llu\n", READ_ONCE(generation));
}

static struct kobj_attribute generation_attr = __ATTR_RO(generation);
static struct attribute *generation_attrs[] = {&generation_attr.attr, NULL};
static const struct attribute_group generation_group = {.attrs = generation_attrs};

/* ---- Domains come and go ---- */

static void domain_release(struct kobject *kobj)
{
	kfree(domain_of(kobj));
}

static struct kobj_type domain_type = {.release = domain_release, .sysfs_ops = &blx_sysfs_ops, .default_groups = domain_groups};

static int domain_add(const struct blx_domain *now)
{
	struct domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL);
	int err;

	if (!domain)
		return -ENOMEM;
	domain->serial = now->serial;
	domain->last = *now;
	domain->round = round;
	err = kobject_init_and_add(&domain->kobj, &domain_type, domains, "%llu", now->serial);
	if (!err)
		err = xa_err(xa_store(&by_serial, now->serial, domain, GFP_KERNEL));
	if (err)
		kobject_put(&domain->kobj);
	else
		WRITE_ONCE(generation, generation + 1);
	return err;
}

static void domain_remove(struct domain *domain)
{
	xa_erase(&by_serial, domain->serial);
	blx_wake(&domain->kobj, &domain_group);
	blx_directory_remove(&domain->kobj);
}

static int domain_seen(const struct blx_domain *now)
{
	struct domain *domain = xa_load(&by_serial, now->serial);

	if (!domain)
		return domain_add(now);
	domain->round = round;
	if (memcmp(&domain->last, now, sizeof(*now))) {
		domain->last = *now;
		blx_wake(&domain->kobj, &domain_group);
	}
	return 0;
}

int blx_domains_refresh(void)
{
	const u64 before = generation;
	struct blx_domain *list;
	struct domain *domain;
	unsigned long serial;
	u32 i, n;
	int err;

	err = list_get(&list, &n);
	if (err)
		return err;
	round++;
	for (i = 0; i < n; i++)
		err = domain_seen(&list[i]) ?: err;
	kvfree(list);
	xa_for_each (&by_serial, serial, domain)
		if (domain->round != round) {
			domain_remove(domain);
			WRITE_ONCE(generation, generation + 1);
		}
	if (generation != before)
		blx_wake(domains, &generation_group);
	return err;
}

int blx_domains_init(struct kobject *parent)
{
	domains = blx_directory_new("domains", parent, &generation_group);
	return PTR_ERR_OR_ZERO(domains);
}

void blx_domains_stop(void)
{
	blx_wake(domains, &generation_group);
	sysfs_remove_group(domains, &generation_group);
}

void blx_domains_exit(void)
{
	struct domain *domain;
	unsigned long serial;

	xa_for_each (&by_serial, serial, domain)
		domain_remove(domain);
	blx_directory_remove(domains);
}
