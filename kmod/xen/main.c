/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - borelog-xen.ko: whether this machine is one for it, its two virqs, its beginning and its end.
 *
 * The module can be inserted in a PV dom0 on a Xen that xen/apply was used on. In a PVH dom0 it would have to find room in the
 * guest's physical memory for frames of Xen's, and Linux does not export what finds it.
 *
 * Both virqs are bound for the module's life. Xen sends none while nothing happens that they tell of. They are not the one that
 * xentrace binds, so that goes on working.
 */
#define pr_fmt(fmt) "borelog-xen: " fmt

#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <xen/events.h>
#include <xen/xen.h>

#include "kmod/xen/module.h"

static irqreturn_t on_trace(int irq, void *unused)
{
	blx_session_news();
	return IRQ_HANDLED;
}

static irqreturn_t on_resources(int irq, void *unused)
{
	blx_resources_changed();
	return IRQ_HANDLED;
}

static struct {
	const char *name;
	unsigned int virq;
	irq_handler_t handler;
	int irq;
} virqs[] = {
	{"borelog-xen-trace", BLX_VIRQ_TRACE, on_trace},
	{"borelog-xen-resources", BLX_VIRQ_RESOURCES, on_resources},
};

static void unbind_virqs(unsigned int n)
{
	while (n--)
		unbind_from_irqhandler(virqs[n].irq, &virqs[n]);
}

/* Global virqs are delivered to one vCPU of dom0, and can be bound by vCPU 0 only. */
static int bind_virqs(void)
{
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(virqs); n++) {
		virqs[n].irq = bind_virq_to_irqhandler(virqs[n].virq, 0, virqs[n].handler, 0, virqs[n].name, &virqs[n]);
		if (virqs[n].irq < 0) {
			pr_err("virq %u cannot be bound (error %d): somebody else has it\n", virqs[n].virq, virqs[n].irq);
			unbind_virqs(n);
			return virqs[n].irq;
		}
	}
	return 0;
}

static int check_machine(void)
{
	if (!xen_domain()) {
		pr_err("this machine does not run under Xen\n");
		return -ENODEV;
	}
	if (!xen_initial_domain()) {
		pr_err("this is a guest: the hypervisor is traced from dom0\n");
		return -ENODEV;
	}
	if (!xen_pv_domain()) {
		pr_err("a PVH dom0 cannot map the hypervisor's rings: boot Xen without dom0=pvh\n");
		return -EOPNOTSUPP;
	}
	return blx_call_init();
}

static int __init module_begin(void)
{
	int err;

	err = check_machine();
	if (err)
		return err;
	err = blx_resources_init();
	if (err)
		return err;
	err = bind_virqs();
	if (err)
		goto out_resources;
	/* What happened before the virqs were bound */
	blx_resources_settle();
	err = blx_stream_init();
	if (err)
		goto out_virqs;
	return 0;

out_virqs:
	unbind_virqs(ARRAY_SIZE(virqs));
out_resources:
	blx_resources_exit();
	return err;
}

/* Nobody has the device open, nor a ring mapped. */
static void __exit module_end(void)
{
	blx_stream_exit();
	unbind_virqs(ARRAY_SIZE(virqs));
	blx_resources_exit();
}

module_init(module_begin);
module_exit(module_end);
MODULE_DESCRIPTION("borelog: traces of the Xen hypervisor, for dom0");
MODULE_LICENSE("GPL");
