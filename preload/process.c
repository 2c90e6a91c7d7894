/* SPDX-License-Identifier: MIT */
/*
 * process.c - new processes and programs, waiting for them, and sleeping.
 *
 * vfork() returns twice on one stack, so there may be no frame of ours to return through: record, then jump, as in dl.c. An exec that
 * succeeds has no _end record; its path is read in front, as the only exception to the rule in probe.h. The variadic execl family puts
 * its arguments into an array and is recorded as the function that takes one.
 */
#include "preload/probe.h"

#include <signal.h>

/* In both processes. By itself, so that the child's trace point does not know from the parent's where the control page is. */
__attribute__((noinline)) static void note_fork_end(pid_t result, int error)
{
	borelog_end("libc", "fork", result, error);
}

BL_WRAPPER(pid_t, fork, (void), ())
{
	pid_t result;
	int error;

	borelog_begin("libc", "fork");
	result = bl_real(fork)();
	error = result < 0 ? errno : 0;
	note_fork_end(result, error);
	return result;
}

__attribute__((noinline)) static void note_vfork(void)
{
	borelog_event("libc", "vfork");
}

BL_EXPORT pid_t vfork(void)
{
	if (bl_tracing())
		note_vfork();
	return bl_real(vfork)();
}

BL_SPAN(int, execve, (const char *path, char *const argv[], char *const envp[]), (path, argv, envp), path)
BL_SPAN(int, execv, (const char *path, char *const argv[]), (path, argv), path)
BL_SPAN(int, execvp, (const char *file, char *const argv[]), (file, argv), file)
BL_SPAN(int, execvpe, (const char *file, char *const argv[], char *const envp[]), (file, argv, envp), file)
static size_t count_args(va_list ap)
{
	size_t n = 1;

	while (va_arg(ap, char *))
		n++;
	return n;
}

/* @call gets argv and, for execle, envp. On the stack, because the caller may be a vfork()ed child. */
#define EXECL(name, take_envp, call)                                                                                           \
	BL_EXPORT int name(const char *path, const char *arg, ...)                                                             \
	{                                                                                                                      \
		const char *volatile first = arg; /* declared to be no NULL, which POSIX does not say */                       \
		char *const *envp = NULL;                                                                                      \
		char **argv;                                                                                                   \
		size_t n = 1, i;                                                                                               \
		va_list ap;                                                                                                    \
                                                                                                                               \
		va_start(ap, arg);                                                                                             \
		if (first)                                                                                                     \
			n += count_args(ap);                                                                                   \
		va_end(ap);                                                                                                    \
		argv = __builtin_alloca(n * sizeof(*argv));                                                                    \
		argv[0] = (char *)(uintptr_t)first;                                                                            \
		va_start(ap, arg);                                                                                             \
		for (i = 1; i < n; i++)                                                                                        \
			argv[i] = va_arg(ap, char *);                                                                          \
		if (take_envp)                                                                                                 \
			envp = va_arg(ap, char *const *);                                                                      \
		va_end(ap);                                                                                                    \
		(void)envp;                                                                                                    \
		return call;                                                                                                   \
	}
EXECL(execl, false, execv(path, argv))
EXECL(execlp, false, execvp(path, argv))
EXECL(execle, true, execve(path, argv, envp))

BL_SPAN(int, fexecve, (int fd, char *const argv[], char *const envp[]), (fd, argv, envp), fd)
BL_SPAN(int, execveat, (int dirfd, const char *path, char *const argv[], char *const envp[], int flags),
	(dirfd, path, argv, envp, flags), dirfd, path, flags)

#define SPAWN(name)                                                                                                            \
	BL_WRAPPER(int, name,                                                                                                  \
		   (pid_t *restrict ret, const char *restrict path, const posix_spawn_file_actions_t *actions,                 \
		    const posix_spawnattr_t *restrict attr, char *const argv[restrict], char *const envp[restrict]),           \
		   (ret, path, actions, attr, argv, envp))                                                                     \
	{                                                                                                                      \
		int result;                                                                                                    \
                                                                                                                               \
		borelog_begin("libc", #name);                                                                                  \
		result = bl_real(name)(ret, path, actions, attr, argv, envp);                                                  \
		path = result == EFAULT ? NULL : path;                                                                         \
		borelog_end("libc", #name, path, result);                                                                      \
		return result;                                                                                                 \
	}
SPAWN(posix_spawn)
SPAWN(posix_spawnp)

BL_SPAN(int, system, (const char *command), (command), command)

BL_WRAPPER(FILE *, popen, (const char *command, const char *type), (command, type))
{
	FILE *stream;
	int fd, error;

	borelog_begin("libc", "popen", command, type);
	stream = bl_real(popen)(command, type);
	error = stream ? 0 : errno;
	fd = stream ? fileno_unlocked(stream) : -1;
	borelog_end("libc", "popen", fd, error);
	return stream;
}

BL_WRAPPER(int, pclose, (FILE * stream), (stream))
{
	const int fd = fileno_unlocked(stream);
	int result, error;

	borelog_begin("libc", "pclose", fd);
	result = bl_real(pclose)(stream);
	error = result < 0 ? errno : 0;
	borelog_end("libc", "pclose", fd, result, error);
	return result;
}

BL_SPAN(pid_t, wait, (int *status), (status), status)
BL_SPAN(pid_t, waitpid, (pid_t pid, int *status, int options), (pid, status, options), pid, options)
BL_SPAN(int, waitid, (idtype_t idtype, id_t id, siginfo_t *info, int options), (idtype, id, info, options), idtype, id, options)
BL_SPAN(pid_t, wait3, (int *status, int options, struct rusage *usage), (status, options, usage), options)
BL_SPAN(pid_t, wait4, (pid_t pid, int *status, int options, struct rusage *usage), (pid, status, options, usage), pid, options)

BL_WRAPPER(unsigned int, sleep, (unsigned int seconds), (seconds))
{
	unsigned int left;

	borelog_begin("libc", "sleep", seconds);
	left = bl_real(sleep)(seconds);
	borelog_end("libc", "sleep", left);
	return left;
}

BL_SPAN(int, usleep, (useconds_t usec), (usec), usec)

/* The time to sleep is the program's memory, which the kernel may refuse: it is seen from the length of the span. */
BL_WRAPPER(int, nanosleep, (const struct timespec *request, struct timespec *remaining), (request, remaining))
{
	int result, error;

	borelog_begin("libc", "nanosleep");
	result = bl_real(nanosleep)(request, remaining);
	error = result < 0 ? errno : 0;
	borelog_end("libc", "nanosleep", result, error);
	return result;
}

BL_SPAN_RESULT(clock_nanosleep, (clockid_t clock, int flags, const struct timespec *request, struct timespec *remaining),
	       (clock, flags, request, remaining), clock, flags)
