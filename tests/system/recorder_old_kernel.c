/* SPDX-License-Identifier: MIT */
/*
 * recorder_old_kernel.c - run a command on a kernel without futex_waitv() and pidfd_open(): they fail with ENOSYS, as before Linux 5.3.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	/* Both have the same numbers on every architecture. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 449, 1, 0), /* futex_waitv */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 434, 0, 1), /* pidfd_open */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (argc < 2)
		return 99;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		fprintf(stderr, "recorder_old_kernel: skipped: no seccomp: %s\n", strerror(errno));
		return 77;
	}
	(void)execvp(argv[1], argv + 1);
	fprintf(stderr, "recorder_old_kernel: %s: %s\n", argv[1], strerror(errno));
	return 99;
}
