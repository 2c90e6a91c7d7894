/* SPDX-License-Identifier: MIT */
/**
 * control_file.h - a program's control file (lib/abi/control.h), seen by the recorder.
 *
 * The file belongs to the program, which may be hostile: it can change it at any time, cut it short under a mapping, or hold locks on
 * it. So it is read with pread() into private memory and checked there; where it must be mapped, to claim a slot, the access survives
 * SIGBUS, and no lock is waited for. Recorders keep out of each other's way with flock().
 */
#ifndef BL_RECORD_CONTROL_FILE_H
#define BL_RECORD_CONTROL_FILE_H

#include <sys/types.h>

#include "lib/abi/control.h"
#include "proc.h"

struct control_file {
	int fd;
	dev_t dev;
	ino_t ino;
	int64_t made_s; /* CLOCK_REALTIME */
};

struct control_image {
	struct bl_control control;
	void *events; /* heap */
	size_t events_size;
};

/** control_file_open() - by name in a directory of @uid's; the owner is checked. Return: 0, negative errno. */
int control_file_open(int dir_fd, const char *name, uid_t uid, struct control_file *ret);
void control_file_close(struct control_file *file);

/**
 * control_file_find() - that of a process, wherever its user's runtime directory is
 *
 * For root also of one that was root when it was loaded, and has kept its file since.
 */
int control_file_find(uid_t uid, const struct proc_facts *facts, struct control_file *ret);

/** control_file_is_older() - was it made before the process was, by another one that had the same number? */
bool control_file_is_older(const struct control_file *file, const struct proc_facts *facts);

/** control_file_is_let_go() - is it certain that nobody maps it any more? */
bool control_file_is_let_go(const struct control_file *file);

/** control_file_read() - a private copy; -EAGAIN: the program is changing it now; -EPROTO: it is nonsense. */
int control_file_read(const struct control_file *file, struct control_image *ret);
void control_image_fini(struct control_image *image);

/**
 * control_file_arm() - write @socket into a free slot, or let the program attach again if it is in one
 *
 * Return: 0; -EUSERS: no slot is free; -EBUSY, -EFAULT: its owner plays.
 */
int control_file_arm(const struct control_file *file, const char *socket);

/** control_file_rearm() - let a program that is armed with @socket attach again. Return: 0, -ENOENT, or as above. */
int control_file_rearm(const struct control_file *file, const char *socket);

/** control_file_lost() - records that the program lost while attaching to @socket, and told no ring */
uint64_t control_file_lost(int fd, const char *socket);

/** control_file_disarm() - free the slots that hold @socket */
int control_file_disarm(const struct control_file *file, const char *socket);

#endif
