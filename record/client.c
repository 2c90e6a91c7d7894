/* SPDX-License-Identifier: MIT */
/*
 * client.c - questions to a running session of the same user, and sessions that run in the background.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "request.h"
#include "rundir.h"

static int connect_session(const char *directory, const char *name, struct record_error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, err;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%.*s/%s", PATH_MAX - 64, directory, name) >= (int)sizeof(address.sun_path))
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", name);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return record_fail(error, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = errno;
		close(fd);
		return record_fail(error, -err, "no session named %s is running. Which ones are: borelog status", name);
	}
	return fd;
}

static bool is_running(const char *directory, const char *name)
{
	const int fd = connect_session(directory, name, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int record_sessions_each(int (*each)(void *data, const char *name), void *data, struct record_error *error)
{
	const struct dirent *entry;
	char path[PATH_MAX];
	const int fd = rundir_open_sessions(path, error);
	DIR *dir;
	int err = 0;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return record_fail(error, -ENOMEM, "out of memory");
	}
	while (!err && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && is_running(path, entry->d_name))
			err = each(data, entry->d_name);
	closedir(dir);
	return err;
}

struct only {
	char name[NAME_MAX + 1];
	unsigned int n;
};

static int count_session(void *data, const char *name)
{
	struct only *only = data;

	if (!only->n++)
		(void)snprintf(only->name, sizeof(only->name), "%s", name);
	return 0;
}

/* @name, with or without the dot of a command's session; or the only one there is. */
static int find_session(const char *name, struct record_error *error)
{
	struct only only = {.n = 0};
	char path[PATH_MAX], dotted[RECORD_NAME_MAX + 1];
	int fd, err;

	if (!name) {
		err = record_sessions_each(count_session, &only, error);
		if (err)
			return err;
		if (only.n != 1)
			return record_fail(error, only.n ? -EINVAL : -ENOENT,
					   only.n ? "%u sessions are running: name one of them. Which ones: borelog status" : "no session is running",
					   only.n);
		name = only.name;
	}
	fd = rundir_open_sessions(path, error);
	if (fd < 0)
		return fd;
	close(fd);
	fd = connect_session(path, name, error);
	if (fd >= 0 || strlen(name) + 2 > sizeof(dotted))
		return fd;
	(void)snprintf(dotted, sizeof(dotted), ".%s", name);
	err = connect_session(path, dotted, NULL);
	return err >= 0 ? err : fd;
}

static int ask_fd(int fd, const struct record_request *request, struct record_reply *reply, struct record_error *error)
{
	ssize_t n;

	if (send(fd, request, sizeof(*request), MSG_NOSIGNAL) != (ssize_t)sizeof(*request))
		return record_fail(error, -errno, "the session does not listen: %s", strerror(errno));
	do
		n = recv(fd, reply, sizeof(*reply), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*reply) || reply->magic != BL_CONTROL_MAGIC || reply->size != sizeof(*reply))
		return record_fail(error, -EPROTO, n ? "the session's answer makes no sense: is it of another version of borelog?"
						     : "the session refused to answer: it is another user's, or has just ended");
	reply->error.text[sizeof(reply->error.text) - 1] = 0;
	if (reply->status)
		return record_fail(error, reply->status, "%s", reply->error.text);
	return 0;
}

static int ask(const char *name, uint32_t message, const char *dir, struct record_reply *reply, struct record_error *error)
{
	struct record_request request = {.magic = BL_CONTROL_MAGIC, .abi = BL_CONTROL_ABI, .message = message};
	char cwd[PATH_MAX] = "";
	int fd, err;

	if (dir && dir[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return record_fail(error, -errno, "cannot find the current directory: %s", strerror(errno));
	if (dir && (size_t)snprintf(request.dir, sizeof(request.dir), "%s%s%s", cwd, cwd[0] ? "/" : "", dir) >= sizeof(request.dir))
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", dir);
	fd = find_session(name, error);
	if (fd < 0)
		return fd;
	err = ask_fd(fd, &request, reply, error);
	close(fd);
	return err;
}

/* Replies are large: on the heap. */
static int ask_and_copy(const char *name, uint32_t message, const char *dir, struct record_status *status, struct record_summary *summary,
			struct record_error *error)
{
	struct record_reply *reply = calloc(1, sizeof(*reply));
	int err;

	if (!reply)
		return record_fail(error, -ENOMEM, "out of memory");
	err = ask(name, message, dir, reply, error);
	if (!err && status)
		*status = reply->session;
	if (!err && summary)
		*summary = reply->summary;
	free(reply);
	return err;
}

int record_client_status(const char *name, struct record_status *ret, struct record_error *error)
{
	return ask_and_copy(name, BL_MESSAGE_STATUS, NULL, ret, NULL, error);
}

int record_client_stop(const char *name, struct record_summary *ret, struct record_error *error)
{
	return ask_and_copy(name, BL_MESSAGE_STOP, NULL, NULL, ret, error);
}

int record_client_snapshot(const char *name, const char *dir, struct record_summary *ret, struct record_error *error)
{
	return ask_and_copy(name, BL_MESSAGE_SNAPSHOT, dir, NULL, ret, error);
}

int record_client_flush(const char *name, struct record_error *error)
{
	return ask_and_copy(name, BL_MESSAGE_FLUSH, NULL, NULL, NULL, error);
}

/* ---- Sessions in the background. ---- */

/** What the new process says to the one that started it. */
struct birth {
	int err;
	struct record_error error;
	struct record_status status;
};

/* Nobody reads its terminal: what it has to say goes into a file beside the trace. */
static void log_message(void *data, const char *text)
{
	FILE *const *log = data;

	if (*log)
		(void)fprintf(*log, "%s\n", text);
}

static FILE *open_log(const char *trace_dir)
{
	char path[PATH_MAX + 16];
	FILE *log;

	(void)snprintf(path, sizeof(path), "%s/record.log", trace_dir);
	log = fopen(path, "ae");
	if (log)
		(void)setvbuf(log, NULL, _IOLBF, 0);
	return log;
}

static void leave_terminal(void)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd;

	for (fd = 0; fd < 3 && null >= 0; fd++)
		(void)dup2(null, fd);
	if (null > 2)
		close(null);
}

__attribute__((noreturn)) static void run_in_background(const struct record_options *options, int birth_fd)
{
	FILE *log = NULL;
	const struct record_callbacks callbacks = {.data = &log, .message = log_message};
	struct record_session *session = NULL;
	struct record_error error;
	static struct birth birth;

	birth.err = record_session_new(options, &callbacks, &session, &birth.error);
	if (!birth.err) {
		birth.status.pid = getpid();
		birth.status.overwrite = options->overwrite;
		(void)snprintf(birth.status.trace_dir, sizeof(birth.status.trace_dir), "%s", record_session_trace_dir(session));
		log = open_log(birth.status.trace_dir);
	}
	if (write(birth_fd, &birth, sizeof(birth)) != (ssize_t)sizeof(birth) || birth.err)
		_exit(1);
	close(birth_fd);
	leave_terminal();
	if (record_session_run(session, &error)) {
		log_message(&log, error.text);
		_exit(1);
	}
	record_session_free(session);
	if (log)
		(void)fclose(log);
	_exit(0);
}

__attribute__((noreturn)) static void detach(const struct record_options *options, int birth_fd)
{
	pid_t pid;

	(void)setsid();
	pid = fork(); /* not a session leader: no terminal can become its own */
	if (pid)
		_exit(pid < 0);
	run_in_background(options, birth_fd);
}

int record_background(const struct record_options *options, struct record_status *ret, struct record_error *error)
{
	static struct birth birth;
	int pipe_fd[2];
	pid_t pid;
	ssize_t n;

	if (!options->name)
		return record_fail(error, -EINVAL, "a session in the background needs a name");
	if (pipe2(pipe_fd, O_CLOEXEC))
		return record_fail(error, -errno, "cannot start a process: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		close(pipe_fd[0]);
		detach(options, pipe_fd[1]);
	}
	close(pipe_fd[1]);
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
	/* Larger than a pipe takes at once on some machines, so in parts. */
	for (n = 0; n < (ssize_t)sizeof(birth);) {
		const ssize_t part = read(pipe_fd[0], (char *)&birth + n, sizeof(birth) - (size_t)n);

		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0)
			break;
		n += part;
	}
	close(pipe_fd[0]);
	if (n != (ssize_t)sizeof(birth))
		return record_fail(error, -ECHILD, "the recorder ended before it began to record");
	if (birth.err)
		return record_fail(error, birth.err, "%s", birth.error.text);
	*ret = birth.status;
	return 0;
}
