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
	pid_t ns_pid;       /* in its own pid namespace, */
	uint64_t ns;        /* which is that of this number; 0: the kernel does not tell us */
	bool seccomp;       /* some filter is on */
	int64_t start_s;    /* CLOCK_REALTIME when it was made, to about a second; exec does not change it */
	char executable[PATH_MAX];
};

/** Return: 0; -ESRCH: no such process (or a zombie). */
int proc_read(pid_t pid, struct proc_facts *ret);

/** proc_own_namespace() - number of this process' pid namespace; 0: the kernel has none */
uint64_t proc_own_namespace(void);

/** proc_is_ours() - is what /proc shows this process' pid namespace? */
bool proc_is_ours(void);
#define PROC_IS_NOT_OURS "/proc is missing, or shows another pid namespace than this process is in. Mount it: mount -t proc proc /proc"

/**
 * proc_knows_user() - does the process' user namespace know user @uid of ours?
 *
 * Where not, it cannot tell that user from any other.
 */
bool proc_knows_user(pid_t pid, uid_t uid);

/** Processes in pid namespaces below ours. */
struct proc_inner {
	size_t n;
	struct proc_inner_entry {
		uint64_t ns;
		pid_t ns_pid;
		pid_t pid;
	} *at; /* heap */
};

/** Return: 0, -ENOMEM. */
int proc_inner_read(struct proc_inner *ret);
void proc_inner_fini(struct proc_inner *inner);
/** Return: its pid here; 0: it is not seen from here. */
pid_t proc_inner_find(const struct proc_inner *inner, uint64_t ns, pid_t ns_pid);

#endif
