/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * call.c - the hypercall, as xen/abi/hypercall.h says.
 *
 * Linux has no wrapper for sysctl, since only Xen's tools call it. Its interface has a version, that of the hypervisor and not
 * ours: the right one is found by trying.
 */
#define pr_fmt(fmt) "borelog-xen: " fmt

#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <asm/xen/hypercall.h>

#include "kmod/xen/module.h"

/* What a call without an operation of ours gets: Xen has looked at the version before. */
#define WRONG_VERSION (-EACCES)

static u32 version = BLX_SYSCTL_VERSION_MIN;

int blx_call(enum blx_op op, void *arg, size_t size)
{
	struct blx_call call = {
		.sysctl = BLX_SYSCTL_TBUF,
		.version = version,
		.op = op,
		.arg = (unsigned long)arg,
		.arg_size = size,
		.magic = BLX_MAGIC,
	};

	BUILD_BUG_ON(sizeof(call) != 8 + 128);
	return xen_single_call(BLX_SYSCTL_HYPERCALL, (unsigned long)&call, 0, 0, 0, 0);
}

static int find_version(struct blx_info *ret_info)
{
	int err;

	do {
		err = blx_info(ret_info);
	} while (err == WRONG_VERSION && version++ < BLX_SYSCTL_VERSION_MAX);
	return err;
}

int blx_call_init(void)
{
	struct blx_info info = {};
	const int err = find_version(&info);

	if (err == WRONG_VERSION) {
		pr_err("this Xen speaks no version of sysctl from 0x%x to 0x%x: it is too new, or too old\n",
		       BLX_SYSCTL_VERSION_MIN, BLX_SYSCTL_VERSION_MAX);
		return -ENODEV;
	}
	if (err == -EPERM) {
		pr_err("Xen's security policy (XSM) does not let this domain trace\n");
		return -EPERM;
	}
	if (err) {
		pr_err("this Xen has no borelog tracer (error %d): boot one that xen/apply was used on\n", err);
		return -ENODEV;
	}
	if (info.abi != BLX_ABI) {
		pr_err("the tracer in this Xen speaks ABI %u, this module %u: take both from one borelog\n", info.abi, BLX_ABI);
		return -ENODEV;
	}
	return 0;
}
