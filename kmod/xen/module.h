/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * module.h - the rooms of borelog-xen.ko, dom0's side of the hypervisor's tracer.
 *
 *     main.c       whether this machine is one for us; the two virqs; the module's beginning and end
 *     call.c       the hypercall
 *     session.c    the session of an open file, and who has it
 *     stream.c     /dev/borelog-xen: kmod/abi/stream.h
 *     mapping.c    rings in user space's memory, read-only
 *     resources.c  /sys/hypervisor/resources: the trace session, memory, pCPUs
 *     domains.c    the same: domains
 *
 * Everything runs in process context and may sleep, but for the virqs' handlers. Nobody does anything by time: what happens is
 * caused by user space or by a virq.
 *
 * What comes from the hypervisor is believed as far as it says what the trace is and who is there. Sizes and counts are checked
 * before anything is allocated or passed over by them.
 */
#ifndef BLX_MODULE_H
#define BLX_MODULE_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "kmod/abi/stream.h"
#include "xen/abi/hypercall.h"

struct attribute_group;
struct file;
struct kobject;
struct sysfs_ops;
struct vm_area_struct;

/* ---- The hypercall: call.c ---- */

/**
 * blx_call_init() - find the version of the hypercall's interface that this Xen speaks, and whether our tracer is there
 *
 * Return: 0; -ENODEV: no tracer of ours, or one that speaks otherwise; the kernel's log says which.
 */
int blx_call_init(void);

/**
 * blx_call() - an operation of xen/abi/hypercall.h
 * @arg:  its structure, in the kernel's memory; written back by Xen also when it fails
 *
 * Context: any but NMI; long for BLX_CREATE and BLX_LAYOUT, so not with interrupts disabled.
 */
int blx_call(enum blx_op op, void *arg, size_t size);

static inline int blx_info(struct blx_info *ret_info)
{
	return blx_call(BLX_INFO, ret_info, sizeof(*ret_info));
}

/* ---- Sessions: session.c ---- */

/** An open file. It has at most one session in its life. */
struct blx_file {
	wait_queue_head_t wait; /* of poll() */
	u64 serial;             /* of its session; 0: it has none yet. Written once, then published by a release store. */
	unsigned long flags;    /* bits of enum blx_file_flags */
};

enum blx_file_flags {
	BLX_FILE_NEWS,  /* a virq came since BLS_LOOK */
	BLX_FILE_CHECK, /* a virq came since somebody looked whether the session is there still */
	BLX_FILE_GONE,  /* the session is not there any more */
};

/** What of a session's selection is in the kernel's memory already; NULL: all. */
struct blx_selection {
	unsigned long *events;
	unsigned long *cpus;
};

/**
 * blx_session_create() - a session for @file; waits until the one before it has gone, if that is on its way
 *
 * Return: 0, -EBADFD (it has had one), -EBUSY, -EINTR, or what BLX_CREATE says.
 */
int blx_session_create(struct blx_file *file, const struct bls_create *how, const struct blx_selection *what);

/** blx_session_end() - of an open file that nobody uses any more, with or without a session. */
void blx_session_end(struct blx_file *file);

/** blx_session_serial() - Return: 0: @file has no session, or it has gone. */
u64 blx_session_serial(const struct blx_file *file);

/** blx_session_call() - blx_call(); -EBADFD and POLLHUP if the session has gone. @arg must have its serial. */
int blx_session_call(struct blx_file *file, enum blx_op op, void *arg, size_t size);

/** blx_session_check() - find out whether the session is there still, if a virq has come since the last time. */
void blx_session_check(struct blx_file *file);

/** blx_session_news() - BLX_VIRQ_TRACE came. Context: interrupt. */
void blx_session_news(void);

/** blx_session_is_live() - is @serial the session of an open file? Others have ended. */
bool blx_session_is_live(u64 serial);

/* ---- Rings: mapping.c ---- */

/**
 * blx_layout() - what BLX_LAYOUT says of the ring of @layout->cpu, checked
 * @layout:      serial and cpu are set
 * @ret_frames:  layout->n_pages machine frames; the caller's, to be freed with kvfree(). NULL: not wanted.
 *
 * Return: 0, -EBADFD, -ENODEV (no ring), -ENOMEM, -EPROTO (the hypervisor makes no sense).
 */
int blx_layout(struct blx_file *file, struct blx_layout *layout, u64 **ret_frames);

/** blx_mapping_new() - mmap() of @file. */
int blx_mapping_new(struct blx_file *file, struct vm_area_struct *vma);

/** blx_mapped_pages() - pages of sessions that have ended, mapped still. */
u64 blx_mapped_pages(void);

/* ---- /dev/borelog-xen: stream.c ---- */

int blx_stream_init(void);
void blx_stream_exit(void);

/* ---- /sys/hypervisor/resources: resources.c, domains.c ---- */

/** For kobjects with attributes that are struct kobj_attribute. */
extern const struct sysfs_ops blx_sysfs_ops;

/** blx_directory_new() - @group may be NULL. Return: an error pointer on failure. */
struct kobject *blx_directory_new(const char *name, struct kobject *parent, const struct attribute_group *group);

/** blx_directory_remove() - and its attributes; returns when nobody is inside of one any more. */
void blx_directory_remove(struct kobject *directory);

/** blx_wake() - who polls attributes of @group. */
void blx_wake(struct kobject *directory, const struct attribute_group *group);

int blx_resources_init(void);

/** blx_resources_exit() - wakes all who wait, then takes everything away. No virq comes any more. */
void blx_resources_exit(void);

/** blx_resources_changed() - look at all of them again, soon, and wake who waits for what has changed. Context: interrupt too. */
void blx_resources_changed(void);

/** blx_resources_settle() - the same, and wait until it is done. */
void blx_resources_settle(void);

int blx_domains_init(struct kobject *parent);

/** blx_domains_stop() - from here on nobody in domains/ asks for a refresh. blx_domains_exit() comes after it. */
void blx_domains_stop(void);
void blx_domains_exit(void);

/** blx_domains_refresh() - Return: 0, or what to try again for. One at a time. */
int blx_domains_refresh(void);

#endif
