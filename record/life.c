/* SPDX-License-Identifier: MIT */
#include "life.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"

/* One entry, whose word is as far from it as the list's offset says. */
static struct robust_list_head list;
static struct robust_list entry;

int life_open(struct life *life, struct record_error *error)
{
	life->page = MAP_FAILED;
	life->fd = memfd_create("borelog-life", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (life->fd < 0 || ftruncate(life->fd, BL_CONTROL_SIZE))
		goto fail;
	life->page = mmap(NULL, BL_CONTROL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, life->fd, 0);
	if (life->page == MAP_FAILED)
		goto fail;
	if (fcntl(life->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL))
		goto fail;
	life->page->owner = (uint32_t)syscall(SYS_gettid);
	list.list.next = &entry;
	list.futex_offset = (long)((char *)&life->page->owner - (char *)&entry);
	entry.next = &list.list;
	(void)syscall(SYS_set_robust_list, &list, sizeof(list));
	return 0;
fail:
	record_fail(error, -errno, "cannot make the memory that shows programs that the recorder lives: %s", strerror(errno));
	life_close(life);
	return -errno;
}

void life_close(struct life *life)
{
	if (life->fd < 0)
		return;
	if (life->page != MAP_FAILED && list.list.next) {
		bl_store_release(&life->page->owner, (uint32_t)FUTEX_OWNER_DIED);
		list.list.next = &list.list;
		munmap(life->page, BL_CONTROL_SIZE);
	}
	close(life->fd);
	life->fd = -1;
}
