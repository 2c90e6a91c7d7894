/* SPDX-License-Identifier: MIT */
/*
 * command.c - the command that is recorded: a child whose environment names the session's socket, and the probes to preload. The session
 * ends when it exits; what it left running is not recorded any further.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "session.h"

/* In front of what is there already. */
static int prepend(const char *name, const char *value)
{
	const char *before = getenv(name);
	char *all = NULL;
	int err;

	if (!before || !before[0])
		return setenv(name, value, 1);
	if (asprintf(&all, "%s:%s", value, before) < 0)
		return -1;
	err = setenv(name, all, 1);
	free(all);
	return err;
}

__attribute__((noreturn)) static void run_command(const struct record_session *session, int error_fd)
{
	const struct record_options *options = &session->options;
	int err;

	(void)setrlimit(RLIMIT_NOFILE, &session->files_before);
	(void)sigprocmask(SIG_SETMASK, &session->signals_before, NULL);
	if (prepend("BORELOG_SESSION", session->socket_path) || (options->preload && prepend("LD_PRELOAD", options->preload)))
		err = errno;
	else {
		(void)execvp(options->command[0], (char *const *)(uintptr_t)options->command);
		err = errno;
	}
	if (write(error_fd, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

int command_start(struct record_session *session, struct record_error *error)
{
	const char *name = session->options.command[0];
	int pipe_fd[2], err = 0;
	ssize_t n;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return record_fail(error, -errno, "cannot start %s: %s", name, strerror(errno));
	session->command_pid = fork();
	if (session->command_pid < 0) {
		err = errno;
		close(pipe_fd[0]);
		close(pipe_fd[1]);
		return record_fail(error, -err, "cannot start %s: %s", name, strerror(err));
	}
	if (!session->command_pid)
		run_command(session, pipe_fd[1]);
	close(pipe_fd[1]);
	/* Closed by exec, or it says why there was none. */
	do
		n = read(pipe_fd[0], &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(pipe_fd[0]);
	if (n != (ssize_t)sizeof(err))
		return 0;
	(void)waitpid(session->command_pid, NULL, 0);
	session->command_pid = 0;
	return record_fail(error, -err, "cannot run %s: %s", name, strerror(err));
}

bool command_reap(struct record_session *session)
{
	int status;
	pid_t pid;

	if (session->command_pid <= 0)
		return false;
	do
		pid = waitpid(session->command_pid, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid != session->command_pid)
		return false;
	session->command_pid = 0;
	session->command_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

void command_signal(const struct record_session *session, int signal)
{
	if (session->command_pid > 0)
		(void)kill(session->command_pid, signal);
}

char *command_text(const char *const *argv)
{
	size_t size = 1;
	char *text, *at;
	int i;

	for (i = 0; argv[i]; i++)
		size += strlen(argv[i]) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	at = text;
	for (i = 0; argv[i]; i++)
		at = stpcpy(stpcpy(at, i ? " " : ""), argv[i]);
	*at = 0;
	return text;
}

/* The build tree has build/borelog and build/preload/, an installation PREFIX/bin/borelog and PREFIX/LIBDIR/borelog/. */
int record_find_preload(char ret_path[PATH_MAX], struct record_error *error)
{
	static const char *const places[] = {
		"%s/libborelog-libc.so",
		"%s/preload/libborelog-libc.so",
		"%s/../preload/libborelog-libc.so",
		"%s/../lib/borelog/libborelog-libc.so",
		"%s/../" BORELOG_LIBDIR "/borelog/libborelog-libc.so",
		"%s/../" BORELOG_LIBDIR "/libborelog-libc.so",
	};
	char self[PATH_MAX], path[2 * PATH_MAX], *slash;
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (n <= 0)
		return record_fail(error, -ENOENT, "cannot find where borelog is installed: /proc is needed");
	self[n] = 0;
	slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct stat st;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(path, sizeof(path), places[i], self);
#pragma GCC diagnostic pop
		if (!stat(path, &st) && realpath(path, ret_path))
			return 0;
	}
	return record_fail(error, -ENOENT, "libborelog-libc.so is not beside %s/borelog: reinstall, or record with --no-preload", self);
}
