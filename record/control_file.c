/* SPDX-License-Identifier: MIT */
#include "control_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "describe.h"
#include "rundir.h"

#define LOCK_TRIES 20
/* A file's and a process' time are known to about a second each. */
#define TIME_SLACK_S 2

/* A program can truncate its file while we are in the mapping. */
static sigjmp_buf *on_bus_error;

static void bus_error(int signal)
{
	if (on_bus_error)
		siglongjmp(*on_bus_error, 1);
	(void)sigaction(signal, &(const struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

static int64_t made_at(int fd, const struct stat *st)
{
	struct statx stx;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) && (stx.stx_mask & STATX_BTIME))
		return stx.stx_btime.tv_sec;
	return st->st_mtim.tv_sec;
}

int control_file_open(int dir_fd, const char *name, uid_t uid, struct control_file *ret)
{
	/* Not blocking: it may turn out to be a pipe. */
	const int fd = openat(dir_fd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != uid || st.st_size < BL_CONTROL_SIZE) {
		close(fd);
		return -EPROTO;
	}
	ret->fd = fd;
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
	ret->made_s = made_at(fd, &st);
	return 0;
}

void control_file_close(struct control_file *file)
{
	close(file->fd);
	file->fd = -1;
}

bool control_file_is_older(const struct control_file *file, const struct proc_facts *facts)
{
	return facts->start_s > file->made_s + TIME_SLACK_S;
}

bool control_file_is_let_go(const struct control_file *file)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	uint32_t flags;

	return pread(file->fd, &flags, sizeof(flags), offsetof(struct bl_control, flags)) == (ssize_t)sizeof(flags) &&
	       (flags & BL_CONTROL_HELD) && !fcntl(file->fd, F_OFD_GETLK, &lock) && lock.l_type == F_UNLCK;
}

static int find_of(uid_t uid, const struct proc_facts *facts, struct control_file *ret)
{
	char name[48];
	unsigned int i;
	int dir, err;

	(void)snprintf(name, sizeof(name), "%d-%" PRIu64, (int)facts->ns_pid, facts->ns);
	for (i = 0; (dir = rundir_open_programs(uid, i)) != -ENXIO; i++) {
		if (dir < 0)
			continue;
		err = control_file_open(dir, name, uid, ret);
		close(dir);
		if (!err && !control_file_is_older(ret, facts))
			return 0;
		if (!err)
			control_file_close(ret);
	}
	return -ENOENT;
}

int control_file_find(uid_t uid, const struct proc_facts *facts, struct control_file *ret)
{
	const int err = find_of(uid, facts, ret);

	return err && uid && !geteuid() ? find_of(0, facts, ret) : err;
}

static bool read_all(int fd, void *buf, size_t size, off_t offset)
{
	while (size) {
		const ssize_t n = pread(fd, buf, size, offset);

		if (n <= 0)
			return false;
		buf = (char *)buf + n;
		size -= (size_t)n;
		offset += n;
	}
	return true;
}

int control_file_read(const struct control_file *file, struct control_image *ret)
{
	struct bl_control control, again;
	void *events;

	if (!read_all(file->fd, &control, sizeof(control), 0))
		return -EPROTO;
	if (control.magic != BL_CONTROL_MAGIC || control.abi != BL_CONTROL_ABI || control.events_size > EVENT_SET_BYTES_MAX)
		return -EPROTO;
	events = malloc(control.events_size + 1);
	if (!events)
		return -ENOMEM;
	if (!read_all(file->fd, events, control.events_size, BL_CONTROL_SIZE) || !read_all(file->fd, &again, sizeof(again), 0)) {
		free(events);
		return -EPROTO;
	}
	if (again.generation != control.generation || again.events_size != control.events_size) {
		free(events);
		return -EAGAIN;
	}
	ret->control = control;
	ret->events = events;
	ret->events_size = control.events_size;
	return 0;
}

void control_image_fini(struct control_image *image)
{
	free(image->events);
	image->events = NULL;
}

static bool slot_is(const struct bl_control_slot *slot, const char *socket)
{
	char copy[BL_SOCKET_PATH_MAX];

	if (bl_load_acquire(&slot->state) != BL_SLOT_STATE_ARMED)
		return false;
	memcpy(copy, slot->socket, sizeof(copy));
	copy[sizeof(copy) - 1] = 0;
	return !strcmp(copy, socket);
}

/* Trace points compare the word: it goes on with every change and is never 0. */
static void move_word(struct bl_control *control)
{
	uint32_t word = bl_load_relaxed(&control->word), next;

	do {
		next = (word & ~0xffu) + 256;
		if (!next)
			next = 256;
	} while (!__atomic_compare_exchange_n(&control->word, &word, next, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

static int rearm(struct bl_control *control, const char *socket)
{
	int i;

	for (i = 0; i < (int)BL_SESSIONS_MAX; i++) {
		struct bl_control_slot *slot = &control->slot[i];

		if (!slot_is(slot, socket))
			continue;
		bl_store_release(&slot->generation, bl_load_relaxed(&slot->generation) + 1);
		move_word(control);
		return 0;
	}
	return -ENOENT;
}

static int arm(struct bl_control *control, const char *socket)
{
	struct bl_control_slot *slot;
	int i, free_slot = -1;

	for (i = 0; i < (int)BL_SESSIONS_MAX; i++) {
		/* Of a session of this name whose recorder was killed, or the program has found us by itself just now. */
		if (slot_is(&control->slot[i], socket)) {
			bl_store_relaxed(&control->lost_attach[i], 0);
			return rearm(control, socket);
		}
		if (free_slot < 0 && bl_load_acquire(&control->slot[i].state) == BL_SLOT_STATE_FREE)
			free_slot = i;
	}
	if (free_slot < 0)
		return -EUSERS;
	slot = &control->slot[free_slot];
	memset(slot->socket, 0, sizeof(slot->socket));
	memcpy(slot->socket, socket, strlen(socket));
	bl_store_relaxed(&control->lost_attach[free_slot], 0);
	bl_store_relaxed(&slot->generation, bl_load_relaxed(&slot->generation) + 1);
	bl_store_release(&slot->state, (uint32_t)BL_SLOT_STATE_ARMED); /* ORD(arm:A) */
	move_word(control);                                          /* ORD(arm:B) */
	return 0;
}

static int disarm(struct bl_control *control, const char *socket)
{
	bool found = false;
	unsigned int i;

	for (i = 0; i < BL_SESSIONS_MAX; i++) {
		if (!slot_is(&control->slot[i], socket))
			continue;
		bl_store_release(&control->slot[i].state, (uint32_t)BL_SLOT_STATE_FREE);
		found = true;
	}
	if (found)
		move_word(control);
	return found ? 0 : -ENOENT;
}

static int try_lock(int fd, int tries)
{
	int i;

	/* Its owner may hold the lock for ever, and then is not traced. */
	for (i = 0; i < tries; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		(void)nanosleep(&(const struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return -EBUSY;
}

static int mapped(const struct control_file *file, int (*change)(struct bl_control *control, const char *socket), const char *socket,
		  int tries)
{
	const struct sigaction action = {.sa_handler = bus_error, .sa_flags = SA_NODEFER};
	struct sigaction before;
	struct bl_control *control;
	sigjmp_buf jump;
	volatile int err;

	if (strlen(socket) >= BL_SOCKET_PATH_MAX)
		return -ENAMETOOLONG;
	err = try_lock(file->fd, tries);
	if (err)
		return err;
	control = mmap(NULL, BL_CONTROL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
	if (control == MAP_FAILED) {
		err = -errno;
		(void)flock(file->fd, LOCK_UN);
		return err;
	}
	(void)sigaction(SIGBUS, &action, &before);
	if (sigsetjmp(jump, 1)) {
		err = -EFAULT;
	} else {
		on_bus_error = &jump;
		err = change(control, socket);
	}
	on_bus_error = NULL;
	(void)sigaction(SIGBUS, &before, NULL);
	munmap(control, BL_CONTROL_SIZE);
	(void)flock(file->fd, LOCK_UN);
	return err;
}

int control_file_arm(const struct control_file *file, const char *socket)
{
	return mapped(file, arm, socket, LOCK_TRIES);
}

int control_file_rearm(const struct control_file *file, const char *socket)
{
	return mapped(file, rearm, socket, 1); /* while others are recorded: nobody makes them wait */
}

uint64_t control_file_lost(int fd, const char *socket)
{
	struct bl_control control;
	unsigned int i;

	if (!read_all(fd, &control, sizeof(control), 0))
		return 0;
	/* At the session's end the slot is free already. */
	for (i = 0; i < BL_SESSIONS_MAX; i++)
		if (!strncmp(control.slot[i].socket, socket, BL_SOCKET_PATH_MAX) && control.lost_attach[i])
			return control.lost_attach[i];
	return 0;
}

int control_file_disarm(const struct control_file *file, const char *socket)
{
	return mapped(file, disarm, socket, LOCK_TRIES);
}
