/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * session.c - the session of an open file: created, named in calls, and ended with the file.
 *
 * Xen has one session at a time; @owner is the open file that has it, or NULL. A session that somebody else made by hypercall, or
 * ended by it, is none of ours: the first makes a creation fail with -EBUSY, the second is noticed when the owner polls or calls.
 *
 *     serial   0 -> n        once, at the end of the creation; n is in all calls from then on
 *     owner    NULL -> file  with it
 *              file -> NULL  before BLX_DESTROY is called
 */
#define pr_fmt(fmt) "borelog-xen: " fmt

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "kmod/xen/module.h"

/* Only to end what hangs: Xen is done with a session when each pCPU has been through a softirq. */
#define END_S 30

static DEFINE_MUTEX(create_lock);
static DEFINE_SPINLOCK(owner_lock); /* taken by the virq's handler too */
static struct blx_file *owner;
static DECLARE_WAIT_QUEUE_HEAD(end_wait); /* for the end of the session before */

u64 blx_session_serial(const struct blx_file *file)
{
	return test_bit(BLX_FILE_GONE, &file->flags) ? 0 : smp_load_acquire(&file->serial);
}

bool blx_session_is_live(u64 serial)
{
	bool is;

	spin_lock_irq(&owner_lock);
	is = owner && owner->serial == serial;
	spin_unlock_irq(&owner_lock);
	return is;
}

static void own(struct blx_file *file, u64 serial)
{
	spin_lock_irq(&owner_lock);
	smp_store_release(&file->serial, serial);
	owner = file;
	spin_unlock_irq(&owner_lock);
	wake_up_interruptible_all(&file->wait); /* who polls since before there was a session */
}

static void disown(struct blx_file *file)
{
	spin_lock_irq(&owner_lock);
	if (owner == file)
		owner = NULL;
	spin_unlock_irq(&owner_lock);
}

/* ---- Creation ---- */

static bool is_ending(void)
{
	struct blx_info info = {};

	return !blx_info(&info) && info.state == BLX_DESTROYING;
}

static int wait_for_end(void)
{
	const long left = wait_event_killable_timeout(end_wait, !is_ending(), END_S * HZ);

	return left < 0 ? -EINTR : left ? 0 : -EBUSY;
}

static void destroy(u64 serial)
{
	struct blx_session_name name = {.serial = serial};
	const int err = blx_call(BLX_DESTROY, &name, sizeof(name));

	if (err && err != -ESRCH)
		pr_err("Xen does not end session %llu: error %d\n", serial, err);
}

/* Xen makes a ring in each call. */
static int create_rings(struct blx_create *create)
{
	int err;

	do {
		err = blx_call(BLX_CREATE, create, sizeof(*create));
		if (!err && create->left && signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (!err && create->left);
	if (!err && !create->serial)
		err = -EPROTO;
	if (err && create->serial)
		destroy(create->serial);
	return err;
}

static int create(struct blx_file *file, const struct bls_create *how, const struct blx_selection *what)
{
	struct blx_create create = {
		.sub_shift = how->sub_shift,
		.n_sub = how->n_sub,
		.flags = how->flags & BLS_OVERWRITE ? BLX_OVERWRITE : 0,
		.stream_id = how->stream_id,
		.events = (unsigned long)what->events,
		.n_events = what->events ? how->n_events : 0,
		.cpus = (unsigned long)what->cpus,
		.n_cpus = what->cpus ? how->n_cpus : 0,
	};
	int err = wait_for_end();

	if (err)
		return err;
	memcpy(create.uuid, how->uuid, sizeof(create.uuid));
	err = create_rings(&create);
	if (err)
		return err;
	own(file, create.serial);
	return 0;
}

int blx_session_create(struct blx_file *file, const struct bls_create *how, const struct blx_selection *what)
{
	int err;

	if (mutex_lock_killable(&create_lock))
		return -EINTR;
	err = file->serial ? -EBADFD : create(file, how, what);
	mutex_unlock(&create_lock);
	blx_resources_changed();
	return err;
}

/* ---- Use and end ---- */

static void gone(struct blx_file *file)
{
	set_bit(BLX_FILE_GONE, &file->flags);
	disown(file);
	wake_up_interruptible_all(&file->wait);
	blx_resources_changed();
}

int blx_session_call(struct blx_file *file, enum blx_op op, void *arg, size_t size)
{
	const int err = blx_call(op, arg, size);

	if (err != -ESRCH)
		return err;
	gone(file);
	return -EBADFD;
}

void blx_session_check(struct blx_file *file)
{
	struct blx_info info = {};
	const u64 serial = blx_session_serial(file);

	if (!serial || !test_and_clear_bit(BLX_FILE_CHECK, &file->flags) || blx_info(&info))
		return;
	if (info.serial != serial || info.state == BLX_NONE || info.state == BLX_DESTROYING)
		gone(file);
}

void blx_session_end(struct blx_file *file)
{
	if (!blx_session_serial(file))
		return;
	disown(file);
	destroy(file->serial);
	blx_resources_changed();
}

void blx_session_news(void)
{
	bool has_owner;

	spin_lock(&owner_lock);
	has_owner = owner;
	if (has_owner) {
		set_bit(BLX_FILE_NEWS, &owner->flags);
		set_bit(BLX_FILE_CHECK, &owner->flags);
		wake_up_interruptible_all(&owner->wait);
	}
	spin_unlock(&owner_lock);
	wake_up_all(&end_wait);
	if (!has_owner) /* A session has come to its end. */
		blx_resources_changed();
}
