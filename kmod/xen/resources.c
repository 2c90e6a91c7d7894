/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * resources.c - /sys/hypervisor/resources: what the hypervisor has and somebody may wait for. docs/xen-resources.md is for its
 * users.
 *
 *     trace/session/   state, serial, pages, destroyed
 *     memory/          free_pages, total_pages, threshold
 *     cpus/N/          online
 *     domains/         domains.c
 *
 * Values are asked for when they are read. What is kept here is what waiters were told of last: a virq causes one refresh, which
 * compares and wakes those whose value has changed. It runs after what it tells of, so a waiter that reads, polls and reads again
 * misses nothing: a change that the first read did not show is found by a later refresh.
 *
 * The end. @leaving makes each read fail with ENODEV, then all waiters are woken, then the files are removed: so nobody goes to
 * sleep on a file in between.
 */
#define pr_fmt(fmt) "borelog-xen: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/limits.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>
#include <asm/xen/hypercall.h>

#include "kmod/xen/module.h"

#define CPUS_MAX 8192u
#define AGAIN_MS 1000 /* after a refresh that failed for want of memory */

static struct kobject *resources;
static bool leaving;

/* ---- Directories ---- */

static ssize_t show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct kobj_attribute *ours = container_of(attr, struct kobj_attribute, attr);

	return READ_ONCE(leaving) ? -ENODEV : ours->show(kobj, ours, buf);
}

static ssize_t store(struct kobject *kobj, struct attribute *attr, const char *buf, size_t size)
{
	struct kobj_attribute *ours = container_of(attr, struct kobj_attribute, attr);

	return READ_ONCE(leaving) ? -ENODEV : ours->store(kobj, ours, buf, size);
}

const struct sysfs_ops blx_sysfs_ops = {.show = show, .store = store};

static void directory_release(struct kobject *kobj)
{
	kfree(kobj);
}

static struct kobj_type directory_type = {.release = directory_release, .sysfs_ops = &blx_sysfs_ops};

struct kobject *blx_directory_new(const char *name, struct kobject *parent, const struct attribute_group *group)
{
	struct kobject *directory = kzalloc(sizeof(*directory), GFP_KERNEL);
	int err;

	if (!directory)
		return ERR_PTR(-ENOMEM);
	err = kobject_init_and_add(directory, &directory_type, parent, "%s", name);
	if (!err && group)
		err = sysfs_create_group(directory, group);
	if (err) {
		kobject_put(directory);
		return ERR_PTR(err);
	}
	return directory;
}

void blx_directory_remove(struct kobject *directory)
{
	kobject_del(directory);
	kobject_put(directory);
}

void blx_wake(struct kobject *directory, const struct attribute_group *group)
{
	struct attribute **attr;

	for (attr = group->attrs; *attr; attr++)
		sysfs_notify(directory, group->name, (*attr)->name);
}

/* ---- The trace session ---- */

static struct kobject *trace;
static struct blx_info told; /* what waiters know */

static const char *const state_names[] = {
	[BLX_NONE] = "none",
	[BLX_CREATING] = "creating",
	[BLX_READY] = "ready",
	[BLX_RUNNING] = "running",
	[BLX_DESTROYING] = "destroying",
};

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_info info = {};
	const int err = blx_info(&info);

	if (err)
		return err;
	return sysfs_emit(buf, "%s\n", info.state < ARRAY_SIZE(state_names) ? state_names[info.state] : "unknown");
}

static ssize_t serial_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_info info = {};
	const int err = blx_info(&info);

	return err ? err : sysfs_emit(buf, "%llu\n", info.serial);
}

static ssize_t destroyed_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_info info = {};
	const int err = blx_info(&info);

	return err ? err : sysfs_emit(buf, "%llu\n", info.destroyed);
}

static ssize_t pages_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_info info = {};
	const int err = blx_info(&info);

	return err ? err : sysfs_emit(buf, "%llu\n", info.pages);
}

static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute serial_attr = __ATTR_RO(serial);
static struct kobj_attribute destroyed_attr = __ATTR_RO(destroyed);
static struct kobj_attribute pages_attr = __ATTR_RO(pages);
static struct attribute *session_attrs[] = {&state_attr.attr, &serial_attr.attr, &destroyed_attr.attr, &pages_attr.attr, NULL};
static const struct attribute_group session_group = {.name = "session", .attrs = session_attrs};

static int refresh_session(void)
{
	struct blx_info info = {};
	const int err = blx_info(&info);

	if (err)
		return err;
	if (info.state != told.state || info.serial != told.serial || info.destroyed != told.destroyed ||
	    info.pages != told.pages) {
		told = info;
		blx_wake(trace, &session_group);
	}
	return 0;
}

/* ---- Memory ---- */

static DEFINE_MUTEX(memory_lock);
static struct kobject *memory;
static u64 threshold; /* pages: the lowest that is waited for; 0: nobody waits */

static const struct attribute_group memory_group;

/* Asks Xen, which is told the threshold each time. If it is reached it is over. */
static int memory_look(struct blx_memory *ret)
{
	int err;

	lockdep_assert_held(&memory_lock);
	*ret = (struct blx_memory){.threshold = threshold};
	err = blx_call(BLX_MEMORY, ret, sizeof(*ret));
	if (!err && threshold && ret->free_pages >= threshold) {
		WRITE_ONCE(threshold, 0);
		blx_wake(memory, &memory_group);
	}
	return err;
}

static int memory_now(struct blx_memory *ret)
{
	int err;

	mutex_lock(&memory_lock);
	err = memory_look(ret);
	mutex_unlock(&memory_lock);
	return err;
}

static ssize_t free_pages_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_memory now;
	const int err = memory_now(&now);

	return err ? err : sysfs_emit(buf, "%llu\n", now.free_pages);
}

static ssize_t total_pages_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct blx_memory now;
	const int err = memory_now(&now);

	return err ? err : sysfs_emit(buf, "%llu\n", now.total_pages);
}

static ssize_t threshold_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(threshold));
}

/* Who waits for more than another is woken with him and writes again; so they do not take turns in overwriting. */
static int threshold_set(u64 pages)
{
	struct blx_memory now;
	int err;

	mutex_lock(&memory_lock);
	if (!pages || !threshold || pages < threshold)
		WRITE_ONCE(threshold, pages);
	err = memory_look(&now);
	mutex_unlock(&memory_lock);
	if (!pages)
		blx_wake(memory, &memory_group);
	return err;
}

static ssize_t threshold_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf, size_t size)
{
	u64 pages;
	int err = kstrtoull(buf, 0, &pages);

	if (!err)
		err = threshold_set(pages);
	return err ? err : size;
}

static struct kobj_attribute free_pages_attr = __ATTR_RO(free_pages);
static struct kobj_attribute total_pages_attr = __ATTR_RO(total_pages);
static struct kobj_attribute threshold_attr = __ATTR(threshold, 0644, threshold_show, threshold_store);
static struct attribute *memory_attrs[] = {&free_pages_attr.attr, &total_pages_attr.attr, &threshold_attr.attr, NULL};
static const struct attribute_group memory_group = {.attrs = memory_attrs};

static int refresh_memory(void)
{
	struct blx_memory now;

	return memory_now(&now);
}

/* ---- pCPUs ---- */

struct pcpu {
	struct kobject kobj;
	unsigned int n;
	bool online; /* as waiters know */
};

static struct kobject *cpus;
static struct pcpu **cpu_list;
static unsigned int n_cpus;

static int is_online(unsigned int n, bool *ret_is)
{
	struct xen_platform_op op = {.cmd = XENPF_get_cpuinfo, .u.pcpu_info.xen_cpuid = n};
	const int err = HYPERVISOR_platform_op(&op);

	if (err)
		return err;
	*ret_is = !(op.u.pcpu_info.flags & XEN_PCPU_FLAGS_INVALID) && op.u.pcpu_info.flags & XEN_PCPU_FLAGS_ONLINE;
	return 0;
}

static ssize_t online_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	bool is;
	const int err = is_online(container_of(kobj, struct pcpu, kobj)->n, &is);

	return err ? err : sysfs_emit(buf, "%d\n", is);
}

static struct kobj_attribute online_attr = __ATTR_RO(online);
static struct attribute *cpu_attrs[] = {&online_attr.attr, NULL};
static const struct attribute_group cpu_group = {.attrs = cpu_attrs};
static const struct attribute_group *cpu_groups[] = {&cpu_group, NULL};

static void cpu_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct pcpu, kobj));
}

static struct kobj_type cpu_type = {.release = cpu_release, .sysfs_ops = &blx_sysfs_ops, .default_groups = cpu_groups};

static int cpu_add(unsigned int n)
{
	struct pcpu *cpu = kzalloc(sizeof(*cpu), GFP_KERNEL);
	int err;

	if (!cpu)
		return -ENOMEM;
	cpu->n = n;
	err = kobject_init_and_add(&cpu->kobj, &cpu_type, cpus, "%u", n);
	if (!err)
		err = is_online(n, &cpu->online);
	if (err) {
		kobject_put(&cpu->kobj);
		return err;
	}
	cpu_list[n] = cpu;
	return 0;
}

static int refresh_cpus(void)
{
	unsigned int n;
	bool online;
	int err;

	for (n = 0; n < n_cpus; n++) {
		err = is_online(n, &online);
		if (err)
			return err;
		if (online == cpu_list[n]->online)
			continue;
		cpu_list[n]->online = online;
		blx_wake(&cpu_list[n]->kobj, &cpu_group);
	}
	return 0;
}

static void cpus_exit(void)
{
	while (n_cpus--) {
		blx_wake(&cpu_list[n_cpus]->kobj, &cpu_group);
		blx_directory_remove(&cpu_list[n_cpus]->kobj);
	}
	kfree(cpu_list);
	blx_directory_remove(cpus);
}

static int cpus_init(unsigned int n)
{
	int err = 0;

	if (!n || n > CPUS_MAX)
		return -EPROTO;
	cpus = blx_directory_new("cpus", resources, NULL);
	if (IS_ERR(cpus))
		return PTR_ERR(cpus);
	cpu_list = kcalloc(n, sizeof(*cpu_list), GFP_KERNEL);
	if (!cpu_list)
		err = -ENOMEM;
	for (n_cpus = 0; !err && n_cpus < n; n_cpus++) {
		err = cpu_add(n_cpus);
		if (err)
			break;
	}
	if (err)
		cpus_exit();
	return err;
}

/* ---- Refresh ---- */

static void refresh(struct work_struct *unused);
static DECLARE_WORK(refresh_work, refresh);

static void refresh_again(struct work_struct *unused)
{
	blx_resources_changed();
}

static DECLARE_DELAYED_WORK(again_work, refresh_again);

static void refresh(struct work_struct *unused)
{
	static int (*const parts[])(void) = {refresh_session, refresh_memory, refresh_cpus, blx_domains_refresh};
	bool again = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		const int err = parts[i]();

		if (err == -ENOMEM || err == -EAGAIN)
			again = true;
		else if (err)
			pr_err_ratelimited("what Xen says of its resources makes no sense: error %d in part %u\n", err, i);
	}
	if (again && !READ_ONCE(leaving))
		schedule_delayed_work(&again_work, msecs_to_jiffies(AGAIN_MS));
}

void blx_resources_changed(void)
{
	schedule_work(&refresh_work);
}

/* Nobody takes the work off its queue, as mod_delayed_work() would for a moment: this would not wait for it then. */
void blx_resources_settle(void)
{
	schedule_work(&refresh_work);
	flush_work(&refresh_work);
}

/* ---- Beginning and end ---- */

static void trace_exit(void)
{
	blx_wake(trace, &session_group);
	blx_directory_remove(trace);
}

static void memory_exit(void)
{
	blx_wake(memory, &memory_group);
	blx_directory_remove(memory);
}

int blx_resources_init(void)
{
	int err = blx_info(&told);

	if (err)
		return err;
	resources = blx_directory_new("resources", hypervisor_kobj, NULL);
	if (IS_ERR(resources))
		return PTR_ERR(resources);
	trace = blx_directory_new("trace", resources, &session_group);
	err = PTR_ERR_OR_ZERO(trace);
	if (err)
		goto out;
	memory = blx_directory_new("memory", resources, &memory_group);
	err = PTR_ERR_OR_ZERO(memory);
	if (err)
		goto out_trace;
	err = cpus_init(told.n_cpus);
	if (err)
		goto out_memory;
	err = blx_domains_init(resources);
	if (err)
		goto out_cpus;
	return 0;

out_cpus:
	cpus_exit();
out_memory:
	memory_exit();
out_trace:
	trace_exit();
out:
	blx_directory_remove(resources);
	return err;
}

void blx_resources_exit(void)
{
	WRITE_ONCE(leaving, true);
	blx_domains_stop();
	cancel_work_sync(&refresh_work); /* the last one that may have scheduled another */
	cancel_delayed_work_sync(&again_work);
	cancel_work_sync(&refresh_work); /* that one */
	blx_domains_exit();
	cpus_exit();
	memory_exit();
	trace_exit();
	blx_directory_remove(resources);
}
