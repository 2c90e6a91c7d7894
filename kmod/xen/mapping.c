/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapping.c - rings in user space's memory.
 *
 * A mapping is of one ring from its control page on, read-only for good: no write or execute permission can be had later, by
 * nobody, and Xen would refuse it as well, since the frames are typed. The kernel has no struct page for them: no direct I/O, no
 * ptrace, no fork. mprotect() is refused whole, because a PV kernel loses foreign frames when it takes page table entries apart;
 * moving a mapping with mremap() loses them for that reason, and whoever reads it then gets SIGBUS.
 *
 * The memory area does not hold the open file of /dev/borelog-xen but one of its own, so that closing the device ends the session
 * even while rings are mapped. That file is the mapping's life: it is in @mappings until the last piece of the area is unmapped.
 * It holds the module, too.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/interface/xen.h>
#include <xen/xen-ops.h>

#include "kmod/xen/module.h"

#define PHYS_MAX 1024u /* sub-buffers of a ring, spare ones included: far more than core makes */

struct mapping {
	struct list_head all; /* in mappings */
	u64 serial;
	unsigned long pages;
};

static DEFINE_MUTEX(mappings_lock);
static LIST_HEAD(mappings);

/* ---- The layout ---- */

static bool is_layout(const struct blx_layout *layout)
{
	return layout->sub_shift >= PAGE_SHIFT && layout->sub_shift < 31 && layout->n_phys && layout->n_phys <= PHYS_MAX &&
	       (u64)layout->n_pages == 1 + ((u64)layout->n_phys << (layout->sub_shift - PAGE_SHIFT)) &&
	       (u64)layout->n_pages << PAGE_SHIFT <= 2ull * BLX_RING_BYTES_MAX;
}

int blx_layout(struct blx_file *file, struct blx_layout *layout, u64 **ret_frames)
{
	u64 *frames;
	int err;

	err = blx_session_call(file, BLX_LAYOUT, layout, sizeof(*layout));
	if (err != -ENOBUFS) /* There is no ring without pages. */
		return err ? err : -EPROTO;
	if (!is_layout(layout))
		return -EPROTO;
	if (!ret_frames)
		return 0;
	frames = kvmalloc_array(layout->n_pages, sizeof(*frames), GFP_KERNEL);
	if (!frames)
		return -ENOMEM;
	layout->room = layout->n_pages;
	layout->frames = (unsigned long)frames;
	err = blx_session_call(file, BLX_LAYOUT, layout, sizeof(*layout));
	if (!err && (!is_layout(layout) || layout->n_pages != layout->room))
		err = -EPROTO;
	if (err) {
		kvfree(frames);
		return err;
	}
	*ret_frames = frames;
	return 0;
}

/* ---- The mapping's file ---- */

static int mapping_release(struct inode *inode, struct file *file)
{
	struct mapping *mapping = file->private_data;

	mutex_lock(&mappings_lock);
	list_del(&mapping->all);
	mutex_unlock(&mappings_lock);
	kfree(mapping);
	return 0;
}

static const struct file_operations mapping_fops = {
	.owner = THIS_MODULE,
	.release = mapping_release,
	.llseek = noop_llseek,
};

static struct file *mapping_file(u64 serial, unsigned long pages)
{
	struct mapping *mapping = kmalloc(sizeof(*mapping), GFP_KERNEL);
	struct file *file;

	if (!mapping)
		return ERR_PTR(-ENOMEM);
	mapping->serial = serial;
	mapping->pages = pages;
	file = anon_inode_getfile("[borelog-xen]", &mapping_fops, mapping, O_RDONLY);
	if (IS_ERR(file)) {
		kfree(mapping);
		return file;
	}
	mutex_lock(&mappings_lock);
	list_add(&mapping->all, &mappings);
	mutex_unlock(&mappings_lock);
	return file;
}

u64 blx_mapped_pages(void)
{
	struct mapping *mapping;
	u64 pages = 0;

	mutex_lock(&mappings_lock);
	list_for_each_entry (mapping, &mappings, all)
		if (!blx_session_is_live(mapping->serial))
			pages += mapping->pages;
	mutex_unlock(&mappings_lock);
	return pages;
}

/* ---- The memory area ---- */

static int refuse_mprotect(struct vm_area_struct *vma, unsigned long start, unsigned long end, unsigned long newflags)
{
	return -EACCES;
}

/* Everything was mapped at once, so what is not there has been lost. */
static vm_fault_t no_page(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct mapping_vm_ops = {
	.mprotect = refuse_mprotect,
	.fault = no_page,
};

static int map_frames(struct vm_area_struct *vma, u64 *frames)
{
	const int n = vma_pages(vma);
	int *errors = (int *)frames; /* Each frame is read before its error is written. */
	int done;

	BUILD_BUG_ON(sizeof(*frames) != sizeof(xen_pfn_t));
	done = xen_remap_domain_mfn_array(vma, vma->vm_start, (xen_pfn_t *)frames, n, errors, vma->vm_page_prot, DOMID_XEN);
	if (done == n)
		return 0;
	return done < 0 ? done : -EFAULT;
}

static int map_ring(struct blx_file *file, u64 serial, struct vm_area_struct *vma)
{
	struct blx_layout layout = {.serial = serial, .cpu = vma->vm_pgoff >> (BLS_CPU_SHIFT - PAGE_SHIFT)};
	struct file *its_file;
	u64 *frames;
	int err;

	err = blx_layout(file, &layout, &frames);
	if (err)
		return err;
	err = -EINVAL;
	if (vma_pages(vma) > layout.n_pages)
		goto out;
	its_file = mapping_file(serial, vma_pages(vma));
	err = PTR_ERR_OR_ZERO(its_file);
	if (err)
		goto out;
	vma_set_file(vma, its_file);
	fput(its_file); /* The area has it now. */
	vma->vm_ops = &mapping_vm_ops;
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY;
	vma->vm_flags &= ~(VM_MAYWRITE | VM_MAYEXEC);
	err = map_frames(vma, frames); /* On failure the caller unmaps what was mapped. */
out:
	kvfree(frames);
	return err;
}

int blx_mapping_new(struct blx_file *file, struct vm_area_struct *vma)
{
	const u64 serial = blx_session_serial(file);
	const unsigned long ring_pages = 1ul << (BLS_CPU_SHIFT - PAGE_SHIFT);

	if (!serial)
		return -EBADFD;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EACCES;
	/* VM_SHARED is not set for a file that is open for reading only. */
	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_pgoff % ring_pages || vma->vm_pgoff / ring_pages > U32_MAX)
		return -EINVAL;
	return map_ring(file, serial, vma);
}
