/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stream.c - /dev/borelog-xen, as kmod/abi/stream.h says: arguments of user space, copied once, checked, and passed on.
 */
#include <linux/compat.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kmod/xen/module.h"

#define BITS_MAX 65536u     /* of a selection: more than there are events or pCPUs */
#define EVENTS_AT_ONCE 65536u /* bytes of descriptions */

/* ---- Without a session ---- */

static int ioctl_info(struct blx_file *file, void __user *user)
{
	struct blx_info xen = {};
	struct bls_info info;
	const int err = blx_info(&xen);

	if (err)
		return err;
	info = (struct bls_info){
		.abi = BLS_ABI,
		.ring_abi = xen.ring_abi,
		.layer = BLS_LAYER_XEN,
		.n_cpus = xen.n_cpus,
		.n_events = xen.n_events,
		.events_size = xen.events_size,
		.tsc_khz = xen.tsc_khz,
		.serial = xen.serial,
		.mapped_pages = blx_mapped_pages(),
	};
	if (xen.flags & BLX_TSC_RELIABLE)
		info.flags |= BLS_TSC_RELIABLE;
	if (xen.flags & BLX_STOCK_BUSY || xen.state != BLX_NONE)
		info.flags |= BLS_BUSY;
	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT : 0;
}

/* Xen writes to the kernel's memory only: user space's may not be there when it does. */
static int copy_events(struct bls_events *events)
{
	const u32 size = min(events->size, EVENTS_AT_ONCE);
	void *copy = kvzalloc(size, GFP_KERNEL);
	struct blx_buffer buffer = {.to = (unsigned long)copy, .size = size, .from = events->from};
	int err;

	if (!copy)
		return -ENOMEM;
	err = blx_call(BLX_EVENTS, &buffer, sizeof(buffer));
	if (!err && buffer.copied > size)
		err = -EPROTO;
	if (!err && copy_to_user(u64_to_user_ptr(events->to), copy, buffer.copied))
		err = -EFAULT;
	kvfree(copy);
	events->copied = buffer.copied;
	events->total = buffer.total;
	return err;
}

static int ioctl_events(struct blx_file *file, void __user *user)
{
	struct bls_events events;
	int err;

	if (copy_from_user(&events, user, sizeof(events)))
		return -EFAULT;
	if (!events.size || events.from % 8)
		return -EINVAL;
	err = copy_events(&events);
	if (!err && copy_to_user(user, &events, sizeof(events)))
		err = -EFAULT;
	return err;
}

/* Return: NULL for an address of 0, or a copy in whole words. */
static unsigned long *bitmap_of_user(u64 address, u32 bits)
{
	unsigned long *bitmap;

	if (!address)
		return NULL;
	if (!bits || bits > BITS_MAX)
		return ERR_PTR(-EINVAL);
	bitmap = kcalloc(BITS_TO_LONGS(bits), sizeof(*bitmap), GFP_KERNEL);
	if (!bitmap)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(bitmap, u64_to_user_ptr(address), DIV_ROUND_UP(bits, 8))) {
		kfree(bitmap);
		return ERR_PTR(-EFAULT);
	}
	return bitmap;
}

static int ioctl_create(struct blx_file *file, void __user *user)
{
	u64 __user *to_serial = &((struct bls_create __user *)user)->serial;
	struct bls_create create;
	struct blx_selection what;
	int err;

	if (copy_from_user(&create, user, sizeof(create)) || put_user(0, to_serial))
		return -EFAULT;
	if (create.flags & ~BLS_OVERWRITE)
		return -EINVAL;
	what.events = bitmap_of_user(create.events, create.n_events);
	if (IS_ERR(what.events))
		return PTR_ERR(what.events);
	what.cpus = bitmap_of_user(create.cpus, create.n_cpus);
	err = PTR_ERR_OR_ZERO(what.cpus);
	if (!err) {
		err = blx_session_create(file, &create, &what);
		kfree(what.cpus);
	}
	kfree(what.events);
	/* If that fails now the file has a session all the same. */
	if (!err && put_user(blx_session_serial(file), to_serial))
		err = -EFAULT;
	return err;
}

/* ---- With one ---- */

static int ioctl_session(struct blx_file *file, enum blx_op op)
{
	struct blx_session_name name = {.serial = blx_session_serial(file)};
	int err;

	if (!name.serial)
		return -EBADFD;
	err = blx_session_call(file, op, &name, sizeof(name));
	if (!err && op != BLX_FLUSH)
		blx_resources_changed();
	return err;
}

static int ioctl_ring(struct blx_file *file, void __user *user)
{
	struct blx_layout layout = {.serial = blx_session_serial(file)};
	struct bls_ring ring;
	int err;

	if (copy_from_user(&ring, user, sizeof(ring)))
		return -EFAULT;
	if (!layout.serial)
		return -EBADFD;
	layout.cpu = ring.cpu;
	err = blx_layout(file, &layout, NULL);
	if (err)
		return err;
	ring = (struct bls_ring){
		.cpu = ring.cpu,
		.n_phys = layout.n_phys,
		.sub_shift = layout.sub_shift,
		.n_sub = layout.n_sub,
		.id_bits = layout.id_bits,
		.online = layout.online,
	};
	return copy_to_user(user, &ring, sizeof(ring)) ? -EFAULT : 0;
}

static int ioctl_put(struct blx_file *file, void __user *user)
{
	struct bls_put __user *to = user;
	struct blx_put put = {.serial = blx_session_serial(file)};
	int err;

	if (get_user(put.cpu, &to->cpu))
		return -EFAULT;
	if (!put.serial)
		return -EBADFD;
	err = blx_session_call(file, BLX_PUT, &put, sizeof(put));
	if (err)
		return err;
	return put_user(put.phys, &to->phys);
}

static int ioctl_counters(struct blx_file *file, void __user *user)
{
	struct bls_counters counters;
	struct blx_counters xen = {.serial = blx_session_serial(file)};
	int err;

	if (copy_from_user(&counters, user, sizeof(counters)))
		return -EFAULT;
	if (!xen.serial)
		return -EBADFD;
	xen.cpu = counters.cpu;
	err = blx_session_call(file, BLX_COUNTERS, &xen, sizeof(xen));
	if (err)
		return err;
	BUILD_BUG_ON(sizeof(counters.lost) != sizeof(xen.lost));
	memcpy(counters.lost, xen.lost, sizeof(counters.lost));
	counters.reserved = 0;
	counters.taken = xen.taken;
	counters.records = xen.records;
	counters.wakes = xen.wakes;
	return copy_to_user(user, &counters, sizeof(counters)) ? -EFAULT : 0;
}

static int ioctl_look(struct blx_file *file)
{
	clear_bit(BLX_FILE_NEWS, &file->flags);
	smp_mb__after_atomic(); /* before the caller's look at the rings: what comes after that sets it again */
	return 0;
}

static long device_ioctl(struct file *opened, unsigned int cmd, unsigned long arg)
{
	struct blx_file *file = opened->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case BLS_INFO:
		return ioctl_info(file, user);
	case BLS_EVENTS:
		return ioctl_events(file, user);
	case BLS_CREATE:
		return ioctl_create(file, user);
	case BLS_START:
		return ioctl_session(file, BLX_START);
	case BLS_STOP:
		return ioctl_session(file, BLX_STOP);
	case BLS_FLUSH:
		return ioctl_session(file, BLX_FLUSH);
	case BLS_RING:
		return ioctl_ring(file, user);
	case BLS_PUT:
		return ioctl_put(file, user);
	case BLS_COUNTERS:
		return ioctl_counters(file, user);
	case BLS_LOOK:
		return ioctl_look(file);
	default:
		return -ENOTTY;
	}
}

/* ---- The file ---- */

static int device_open(struct inode *inode, struct file *opened)
{
	struct blx_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	init_waitqueue_head(&file->wait);
	opened->private_data = file;
	return nonseekable_open(inode, opened);
}

static int device_release(struct inode *inode, struct file *opened)
{
	struct blx_file *file = opened->private_data;

	blx_session_end(file);
	kfree(file);
	return 0;
}

static __poll_t device_poll(struct file *opened, poll_table *wait)
{
	struct blx_file *file = opened->private_data;
	__poll_t ready = 0;

	poll_wait(opened, &file->wait, wait);
	blx_session_check(file);
	if (test_bit(BLX_FILE_NEWS, &file->flags))
		ready |= EPOLLIN | EPOLLRDNORM;
	if (test_bit(BLX_FILE_GONE, &file->flags))
		ready |= EPOLLHUP;
	return ready;
}

static int device_mmap(struct file *opened, struct vm_area_struct *vma)
{
	return blx_mapping_new(opened->private_data, vma);
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = device_poll,
	.mmap = device_mmap,
	.llseek = no_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "borelog-xen",
	.fops = &device_fops,
	.mode = 0600,
};

int blx_stream_init(void)
{
	return misc_register(&device);
}

void blx_stream_exit(void)
{
	misc_deregister(&device);
}
