/* SPDX-License-Identifier: MIT */
/**
 * proc.h - what /proc says about a process.
 */
#ifndef BL_RECORD_PROC_H
#define BL_RECORD_PROC_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_facts {
	uid_t uid;          /* effective */
	pid_t ns_pid;       /* in its own pid namespace */
	bool seccomp;       /* some filter is on */
	int64_t start_s;    /* CLOCK_REALTIME when it was made, to about a second; exec does not change it */
	char executable[PATH_MAX];
};

/** Return: 0; -ESRCH: no such process (or a zombie). */
int proc_read(pid_t pid, struct proc_facts *ret);

#endif
