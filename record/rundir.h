/* SPDX-License-Identifier: MIT */
/**
 * rundir.h - the runtime directory: where it is, and that nobody else had his hands in it. The rules are in lib/abi/control.h.
 *
 * Every directory is opened without following a symbolic link, belongs to the expected user, and nobody else may write to it. What is
 * opened below it goes through that descriptor.
 *
 * If XDG_RUNTIME_DIR names a directory of the user's other than /run/user/UID, nothing outside of it is looked at, by root neither:
 * sessions and programs with the same XDG_RUNTIME_DIR are among themselves.
 */
#ifndef BL_RECORD_RUNDIR_H
#define BL_RECORD_RUNDIR_H

#include <sys/types.h>

#include "record.h"

/** rundir_open_sessions() - where sockets of this user's sessions are: made if needed, its path in @ret_path. */
int rundir_open_sessions(char ret_path[PATH_MAX], struct record_error *error);

/**
 * rundir_find_sessions() - the same of any user, the @i-th place where they may be; nothing is made
 *
 * Return: descriptor; -ENOENT: nothing (usable) there; -ENXIO: there is no @i-th place.
 */
int rundir_find_sessions(uid_t uid, unsigned int i, char ret_path[PATH_MAX]);

/**
 * rundir_open_programs() - a user's directory of control files, the @i-th place where one may be
 *
 * Return: descriptor; -ENOENT: nothing (usable) there; -ENXIO: there is no @i-th place.
 */
int rundir_open_programs(uid_t uid, unsigned int i);

/** rundir_each_user() - call @each with every user whose programs this process may trace: itself, and for root all. Some come twice. */
int rundir_each_user(int (*each)(void *data, uid_t uid), void *data);

#endif
