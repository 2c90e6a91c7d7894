/* SPDX-License-Identifier: MIT */
/*
 * client.c - questions to a running session, and sessions that run in the background.
 *
 * Sessions are the user's own and, for root, everybody's: those of others have names USER/NAME. What another user's session answers is
 * as little believed as what a program says, and it is not waited for for ever.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "request.h"
#include "rundir.h"

#define PATIENCE_S 2
#define OWNER_MAX 40u

/* Is the other end what @uid's session must be? Somebody may have put a link to another's there. */
static bool is_of(int fd, uid_t uid)
{
	socklen_t size = sizeof(struct ucred);
	struct ucred peer;

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.uid == uid;
}

/* The socket @name in a directory of @uid's. Return: a descriptor, -ENOENT: nobody listens there. */
static int connect_socket(uid_t uid, const char *directory, const char *name)
{
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%.*s/%s", PATH_MAX - 64, directory, name) >= (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) || !is_of(fd, uid)) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* A directory of sessions. */
struct place {
	uid_t uid;
	int fd;
	char path[PATH_MAX];
};

struct round {
	int (*each)(void *data, const struct place *place, const char *name);
	void *data;
};

static int each_socket(const struct round *round, const struct place *place)
{
	const struct dirent *entry;
	DIR *dir = fdopendir(dup(place->fd));
	int err = 0;

	while (dir && !err && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			err = round->each(round->data, place, entry->d_name);
	if (dir)
		closedir(dir);
	return err;
}

static int each_other(void *data, uid_t uid)
{
	struct place place = {.uid = uid};
	unsigned int i;
	int err = 0;

	if (uid == geteuid())
		return 0; /* had them already */
	for (i = 0; !err && (place.fd = rundir_find_sessions(uid, i, place.path)) != -ENXIO; i++) {
		if (place.fd < 0)
			continue;
		err = each_socket(data, &place);
		close(place.fd);
	}
	return err;
}

/* Sessions of this user, then for root those of everybody else. */
static int each_session(int (*each)(void *data, const struct place *place, const char *name), void *data, struct record_error *error)
{
	struct round round = {.each = each, .data = data};
	struct place place = {.uid = geteuid()};
	int err;

	place.fd = rundir_open_sessions(place.path, error);
	if (place.fd < 0)
		return place.fd;
	err = each_socket(&round, &place);
	close(place.fd);
	return err || geteuid() ? err : rundir_each_user(each_other, &round);
}

static void owner_name(uid_t uid, char ret[OWNER_MAX])
{
	const struct passwd *user = getpwuid(uid);

	if (!user || (size_t)snprintf(ret, OWNER_MAX, "%s", user->pw_name) >= OWNER_MAX)
		(void)snprintf(ret, OWNER_MAX, "%u", (unsigned int)uid);
}

/* What a session is called: without its owner where that is who asks. */
static void full_name(const struct place *place, const char *name, char *ret, size_t size)
{
	char owner[OWNER_MAX];

	if (place->uid == geteuid()) {
		(void)snprintf(ret, size, "%s", name);
	} else {
		owner_name(place->uid, owner);
		(void)snprintf(ret, size, "%s/%s", owner, name);
	}
}

struct naming {
	int (*each)(void *data, const char *name);
	void *data;
};

static int name_one(void *data, const struct place *place, const char *name)
{
	const struct naming *naming = data;
	char full[OWNER_MAX + NAME_MAX + 2];
	const int fd = connect_socket(place->uid, place->path, name);

	if (fd < 0)
		return 0;
	close(fd);
	full_name(place, name, full, sizeof(full));
	return naming->each(naming->data, full);
}

int record_sessions_each(int (*each)(void *data, const char *name), void *data, struct record_error *error)
{
	struct naming naming = {.each = each, .data = data};

	return each_session(name_one, &naming, error);
}

/* Looking for one session. */
struct finding {
	const char *name;  /* NULL: any */
	bool dotted;       /* a command's, whose dot the user need not know of */
	bool any_owner;
	uid_t uid;         /* else whose it is */
	unsigned int n;
	int fd;            /* the only one so far */
	uid_t found_uid;
};

static bool is_called(const char *socket, const struct finding *finding)
{
	if (!finding->name)
		return true;
	return finding->dotted ? socket[0] == '.' && !strcmp(socket + 1, finding->name) : !strcmp(socket, finding->name);
}

static int find_one(void *data, const struct place *place, const char *name)
{
	struct finding *finding = data;
	int fd;

	if (!is_called(name, finding) || (!finding->any_owner && place->uid != finding->uid))
		return 0;
	fd = connect_socket(place->uid, place->path, name);
	if (fd < 0)
		return 0;
	if (finding->n++)
		close(finding->fd);
	finding->fd = fd;
	finding->found_uid = place->uid;
	return 0;
}

static int find_among(struct finding *finding, struct record_error *error)
{
	int err;

	finding->n = 0;
	err = each_session(find_one, finding, error);
	if (err)
		return err;
	if (!finding->n && finding->name && !finding->dotted) {
		finding->dotted = true;
		err = find_among(finding, error);
		finding->dotted = false;
		return err;
	}
	if (finding->n == 1)
		return finding->fd;
	if (finding->n)
		close(finding->fd);
	return finding->n ? -EINVAL : -ENOENT;
}

/* Root's sessions can be seen by all. They will say themselves that they do not answer. */
static int find_roots(const char *name, uid_t *ret_uid)
{
	char path[PATH_MAX];
	int dir = -ENOENT, fd;
	unsigned int i;

	for (i = 0; geteuid() && name && dir == -ENOENT; i++)
		dir = rundir_find_sessions(0, i, path);
	if (dir < 0)
		return -ENOENT;
	close(dir);
	fd = connect_socket(0, path, name);
	if (fd >= 0)
		*ret_uid = 0;
	return fd < 0 ? -ENOENT : fd;
}

/* Whose "OWNER/NAME" is; what is behind the '/' is left in *@name. */
static int parse_owner(const char **name, uid_t *ret_uid, struct record_error *error)
{
	const char *slash = strchr(*name, '/');
	char owner[OWNER_MAX], *end;
	const struct passwd *user;
	unsigned long uid;

	(void)snprintf(owner, sizeof(owner), "%.*s", (int)(slash - *name), *name);
	uid = strtoul(owner, &end, 10);
	user = *end ? getpwnam(owner) : NULL;
	if (*end && !user)
		return record_fail(error, -ENOENT, "there is no user %s", owner);
	*ret_uid = user ? user->pw_uid : (uid_t)uid;
	*name = slash + 1;
	return 0;
}

/* @name, which may be OWNER/NAME; or the only one there is. */
static int find_session(const char *name, uid_t *ret_uid, struct record_error *error)
{
	struct finding finding = {.name = name, .uid = geteuid()};
	int fd, err;

	if (name && strchr(name, '/')) {
		err = parse_owner(&finding.name, &finding.uid, error);
		if (err)
			return err;
	}
	fd = find_among(&finding, error);
	/* One's own come first. */
	if (fd == -ENOENT && finding.name == name && !geteuid()) {
		finding.any_owner = true;
		fd = find_among(&finding, error);
	}
	*ret_uid = finding.found_uid;
	if (fd == -ENOENT)
		fd = find_roots(finding.name, ret_uid);
	if (fd >= 0)
		return fd;
	if (fd != -EINVAL && fd != -ENOENT)
		return fd;
	if (fd == -EINVAL)
		return record_fail(error, fd, "%u sessions %s: name one of them%s. Which ones: borelog status", finding.n,
				   name ? "have this name" : "are running", name ? ", as USER/NAME" : "");
	return name ? record_fail(error, fd, "no session named %s is running. Which ones are: borelog status", name)
		    : record_fail(error, fd, "no session is running");
}

/* Another user's session may say what it likes, also to our terminal. */
static void clean(char *text, size_t size)
{
	text[size - 1] = 0;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static int ask_fd(int fd, const struct record_request *request, struct record_reply *reply, struct record_error *error)
{
	ssize_t n;

	if (send(fd, request, sizeof(*request), MSG_NOSIGNAL) != (ssize_t)sizeof(*request))
		return record_fail(error, -errno, "the session does not listen: %s", strerror(errno));
	do
		n = recv(fd, reply, sizeof(*reply), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return record_fail(error, -errno, "the session does not answer: %s", strerror(errno));
	if (n != (ssize_t)sizeof(*reply) || reply->magic != BL_CONTROL_MAGIC || reply->size != sizeof(*reply))
		return record_fail(error, -EPROTO, n ? "the session's answer makes no sense: is it of another version of borelog?"
						     : "the session gave no answer: it has just ended");
	clean(reply->error.text, sizeof(reply->error.text));
	clean(reply->session.trace_dir, sizeof(reply->session.trace_dir));
	clean(reply->summary.trace_dir, sizeof(reply->summary.trace_dir));
	if (reply->status)
		return record_fail(error, reply->status, "%s", reply->error.text);
	return 0;
}

static int ask(const char *name, uint32_t message, const char *dir, struct record_reply *reply, struct record_error *error)
{
	struct record_request request = {.magic = BL_CONTROL_MAGIC, .abi = BL_CONTROL_ABI, .message = message};
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	char cwd[PATH_MAX] = "";
	uid_t uid = geteuid();
	int fd, err;

	if (dir && dir[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return record_fail(error, -errno, "cannot find the current directory: %s", strerror(errno));
	if (dir && (size_t)snprintf(request.dir, sizeof(request.dir), "%s%s%s", cwd, cwd[0] ? "/" : "", dir) >= sizeof(request.dir))
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", dir);
	fd = find_session(name, &uid, error);
	if (fd < 0)
		return fd;
	if (uid != geteuid() && message == BL_MESSAGE_STATUS)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
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

/* What was said before there was a directory for it, when programs that run were looked at, comes first. */
static FILE *open_log(const char *trace_dir, FILE *before, char *const *text)
{
	char path[PATH_MAX + 16];
	FILE *log;

	(void)snprintf(path, sizeof(path), "%s/record.log", trace_dir);
	log = fopen(path, "ae");
	if (log)
		(void)setvbuf(log, NULL, _IOLBF, 0);
	if (before)
		(void)fclose(before);
	if (log && *text)
		(void)fputs(*text, log);
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
	char *early = NULL;
	size_t early_size;
	FILE *log = open_memstream(&early, &early_size);
	const struct record_callbacks callbacks = {.data = &log, .message = log_message};
	struct record_session *session = NULL;
	struct record_error error;
	static struct birth birth;

	birth.err = record_session_new(options, &callbacks, &session, &birth.error);
	if (!birth.err) {
		birth.status.pid = getpid();
		birth.status.overwrite = options->overwrite;
		(void)snprintf(birth.status.trace_dir, sizeof(birth.status.trace_dir), "%s", record_session_trace_dir(session));
		log = open_log(birth.status.trace_dir, log, &early);
		free(early);
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
