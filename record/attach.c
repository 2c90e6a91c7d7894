/* SPDX-License-Identifier: MIT */
/*
 * attach.c - the session's socket. Who connects says one thing: a program that it wants to attach, a client what it wants to know.
 *
 * A connection lives until its message came or CONNECT_TIMEOUT passed. Who it is comes from the kernel (SO_PEERCRED); what a program
 * publishes comes from its control file. Nothing in a message is believed but what the program may choose itself.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control_file.h"
#include "error.h"
#include "proc.h"
#include "request.h"
#include "rundir.h"
#include "session.h"

#define CONNECT_TIMEOUT_NS 1000000000ull
#define CONNECTIONS_MAX 1024u
#define CONNECTIONS_OF_ONE_STRANGER 512u /* so that one user who holds connections keeps no other from attaching */
#define POLL_DEATH_NS 200000000
#define DESCRIBE_TRIES 3
#define LEFT_OVER_AGE_S 10
#define TOLD_REFUSALS 8u

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SO_PEERPIDFD /* Linux 6.5 */
#define SO_PEERPIDFD 77
#endif

struct connection {
	struct watch watch;
	struct connection *next;
	pid_t pid;
	uid_t uid;
	uint64_t deadline_ns;
};

static void forget(struct record_session *session, struct connection *connection)
{
	struct connection **at;

	for (at = &session->connections; *at != connection; at = &(*at)->next)
		;
	*at = connection->next;
	if (!--session->n_connections)
		(void)timerfd_settime(session->connect_timer.fd, 0, &(const struct itimerspec){0}, NULL);
	session_unwatch(session, &connection->watch);
	free(connection);
}

static void hang_up(struct record_session *session, struct connection *connection)
{
	const int fd = connection->watch.fd;

	forget(session, connection);
	close(fd);
}

/* Return: false if nobody listens any more: it is dead or has given up. */
static bool reply(int fd, int status, const struct record_session *session, const struct ring_memory *memory)
{
	struct bl_attach_reply answer = {.magic = BL_CONTROL_MAGIC, .abi = BL_CONTROL_ABI, .status = status};
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = &answer, .iov_len = sizeof(answer)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (memory) {
		const int fds[2] = {memory->fd, session->life.fd};
		struct cmsghdr *head;

		answer.size = memory->size;
		memset(&control, 0, sizeof(control));
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(fds));
		memcpy(CMSG_DATA(head), fds, sizeof(fds));
	}
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static struct stream_class *class_of(struct record_session *session, struct event_set *set, int *ret_err)
{
	const struct stream_form form = {.contexts = session->contexts, .owner = {"pid"}};
	struct stream_class *class = stream_class_find(&session->user.streams, set);

	if (class) {
		event_set_free(set);
	} else {
		class = stream_class_new(&session->user.streams, set, session->geometry.n_rings, &form);
		*ret_err = class ? 0 : -errno;
		if (!class)
			event_set_free(set);
	}
	if (class && !class->enabled)
		*ret_err = program_class_init(session, class);
	if (!*ret_err && class->id >= session->user.trace.n_described)
		*ret_err = trace_describe(&session->user.trace, NULL);
	return *ret_err ? NULL : class;
}

/* A few are told, all are counted: somebody may try it in a loop. */
__attribute__((format(printf, 3, 4))) static void refuse(struct record_session *session, pid_t pid, const char *format, ...)
{
	char why[512];
	va_list args;

	if (session->summary.programs_refused >= TOLD_REFUSALS)
		return;
	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (pid)
		session_say(session, "process %d is not recorded: %s", (int)pid, why);
	else
		session_say(session, "a process that wants to be is not recorded: %s", why);
}

static int describe(struct record_session *session, pid_t pid, const struct control_file *file, const struct bl_attach_request *request,
		    struct stream_class **ret)
{
	struct event_set_error what = {0};
	struct control_image image;
	struct event_set *set;
	int err, i;

	for (i = 0; i < DESCRIBE_TRIES; i++) {
		err = control_file_read(file, &image);
		if (err != -EAGAIN)
			break;
	}
	if (err)
		return err;
	err = image.control.generation == request->generation ? event_set_parse(image.events, image.events_size, &set, &what) : -ESTALE;
	control_image_fini(&image);
	if (err == -EINVAL || err == -E2BIG)
		refuse(session, pid, "its descriptions are malformed at byte %zu: %s", what.offset, what.text);
	if (!err)
		*ret = class_of(session, set, &err);
	return err;
}

/*
 * A process that attaches again has new descriptions (dlopen), or is another program under the same number (exec): what it had is over.
 * Return: did it?
 */
static bool replace(struct record_session *session, pid_t pid, const struct control_file *file)
{
	struct program *program = program_find(session, pid);

	if (!program)
		return false;
	session->quiet_deadline_ns = 0;
	/* With another control file it is certain that nobody writes to the old rings any more. */
	program_end(session, program, program->control_ino != file->ino || program->control_dev != file->dev);
	return true;
}

static int admit(struct record_session *session, const struct connection *connection, const struct bl_attach_request *request,
		 const struct control_file *file, int pidfd, struct program **ret)
{
	const bool again = replace(session, connection->pid, file);
	struct stream_class *class;
	int err;

	err = describe(session, connection->pid, file, request, &class);
	if (!err)
		err = program_new(session, connection->pid, connection->uid, pidfd, class, !(request->flags & BL_CONTROL_EXPLICIT), ret);
	if (err)
		return err;
	(*ret)->control_dev = file->dev;
	(*ret)->control_ino = file->ino;
	(*ret)->control_fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	session->summary.programs += !again;
	return 0;
}

/* Of the process that connected: by its number it may be another one by now, where the kernel has nothing better. */
static int open_pidfd(struct record_session *session, const struct connection *connection)
{
	socklen_t size = sizeof(int);
	int fd;

	if (!getsockopt(connection->watch.fd, SOL_SOCKET, SO_PEERPIDFD, &fd, &size))
		return fd;
	if (errno == ESRCH)
		return -ESRCH;
	fd = (int)syscall(SYS_pidfd_open, connection->pid, 0);
	if (fd >= 0 || errno != ENOSYS)
		return fd < 0 ? -errno : fd;
	/* No such thing (before 5.3, qemu-user): look from time to time who is still there. */
	if (session->poll_timer.fd >= 0)
		(void)timerfd_settime(session->poll_timer.fd, 0,
				      &(const struct itimerspec){.it_interval.tv_nsec = POLL_DEATH_NS, .it_value.tv_nsec = POLL_DEATH_NS},
				      NULL);
	return -ENOSYS;
}

/* It gave up and is no more, and yet its losses are this session's: its control file is there because nobody was told of them. */
static int attach_dead(struct record_session *session, const struct connection *connection, const struct bl_attach_request *request)
{
	/* /proc knows it no more; one of another pid namespace is not looked for. */
	const struct proc_facts facts = {
		.uid = connection->uid, .ns_pid = connection->pid, .ns = proc_own_namespace(), .start_s = INT64_MIN};
	struct control_file file;
	struct program *program;

	if (control_file_find(connection->uid, &facts, &file))
		return -ESRCH;
	if (control_file_lost(file.fd, session->socket_path) && !admit(session, connection, request, &file, -1, &program))
		program_end(session, program, true);
	control_file_close(&file);
	return -ESRCH;
}

/* What /proc says is of the process that connected if that still lives, and the number is its own. */
static int identify(const struct connection *connection, int pidfd, struct proc_facts *facts)
{
	struct pollfd death = {.fd = pidfd, .events = POLLIN};

	if (proc_read(connection->pid, facts) || (pidfd >= 0 && poll(&death, 1, 0)))
		return -ESRCH;
	return facts->uid == connection->uid ? 0 : -EPERM;
}

static int find_control(struct record_session *session, const struct connection *connection, int pidfd, struct proc_facts *facts,
			struct control_file *ret)
{
	int err;

	err = identify(connection, pidfd, facts);
	if (err)
		return err;
	err = control_file_find(connection->uid, facts, ret);
	if (!err)
		return 0;
	/* What it has mapped may be in a directory of a container's. */
	refuse(session, connection->pid, facts->ns ? "no control file of it is where its user's are: it sees another /run, /tmp or XDG_RUNTIME_DIR"
						   : "it is in another pid namespace, and the kernel does not show in which one");
	return -EINVAL;
}

static int attach(struct record_session *session, const struct connection *connection, const struct bl_attach_request *request,
		  struct program **ret)
{
	struct control_file file;
	struct proc_facts facts;
	int err, pidfd;

	if (session->stopping)
		return -ESHUTDOWN;
	if (geteuid() && connection->uid != geteuid())
		return -EPERM;
	if (connection->pid <= 0) {
		refuse(session, connection->pid, "its pid namespace is not seen from here");
		return -EINVAL;
	}
	pidfd = open_pidfd(session, connection);
	if (pidfd == -ESRCH)
		return attach_dead(session, connection, request);
	if (pidfd < 0 && pidfd != -ENOSYS)
		return pidfd;
	err = find_control(session, connection, pidfd, &facts, &file);
	if (err == -ESRCH)
		(void)attach_dead(session, connection, request);
	if (!err) {
		err = admit(session, connection, request, &file, pidfd, ret);
		control_file_close(&file);
	}
	if (!err)
		program_note_executable(session, facts.executable);
	else if (pidfd >= 0)
		close(pidfd);
	return err;
}

static void handle_attach(struct record_session *session, struct connection *connection, const struct bl_attach_request *request)
{
	struct program *program = NULL;
	const int err = attach(session, connection, request, &program);

	/* It stays on the books: if it ends before it comes again, its control file says what was lost. */
	if (!reply(connection->watch.fd, err, session, program ? program->memory : NULL) && program) {
		program->unanswered = true;
		(void)control_file_rearm(&(const struct control_file){.fd = program->control_fd}, session->socket_path);
	}
	if (err && err != -ESHUTDOWN && err != -ESRCH) {
		if (err != -EINVAL && err != -E2BIG) /* said already */
			refuse(session, connection->pid, "it could not attach: %s", strerror(-err));
		session->summary.programs_refused++;
	}
	hang_up(session, connection);
	if (program)
		pool_prepare(&session->pool, program->uid, program->memory->size);
}

static void ready_connection(struct record_session *session, struct watch *watch)
{
	struct connection *connection = (struct connection *)(void *)watch;
	union {
		struct bl_attach_request attach;
		struct record_request request;
	} message;
	const ssize_t n = recv(watch->fd, &message, sizeof(message), MSG_DONTWAIT);
	const uid_t uid = connection->uid;
	int fd = watch->fd;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < (ssize_t)sizeof(message.attach) || message.attach.magic != BL_CONTROL_MAGIC || message.attach.abi != BL_CONTROL_ABI) {
		hang_up(session, connection);
	} else if (message.attach.message == BL_MESSAGE_ATTACH) {
		handle_attach(session, connection, &message.attach);
	} else {
		forget(session, connection);
		request_handle(session, fd, uid, &message, (size_t)n);
	}
}

/* One second from now, which may give a newcomer up to two. */
static void arm_timer(struct record_session *session)
{
	const struct itimerspec when = {.it_value.tv_sec = CONNECT_TIMEOUT_NS / 1000000000};

	if (session->connections)
		(void)timerfd_settime(session->connect_timer.fd, 0, &when, NULL);
}

static void ready_connect_timer(struct record_session *session, struct watch *watch)
{
	const uint64_t now = session_now_ns();
	struct connection *connection, *next;
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	for (connection = session->connections; connection; connection = next) {
		next = connection->next;
		if (connection->deadline_ns <= now)
			hang_up(session, connection);
	}
	arm_timer(session);
}

static void ready_poll_timer(struct record_session *session, struct watch *watch)
{
	struct program *program, *next;
	struct proc_facts facts;
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	for (program = session->programs; program; program = next) {
		next = program->next;
		if (program->death.fd < 0 && proc_read(program->pid, &facts))
			program_end(session, program, true);
	}
	if (!session->programs)
		(void)timerfd_settime(watch->fd, 0, &(const struct itimerspec){0}, NULL);
}

static void turn_away(struct record_session *session)
{
	int fd;

	if (session->reserve_fd >= 0)
		close(session->reserve_fd);
	fd = accept4(session->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		close(fd);
		session->summary.programs_refused++;
	}
	session->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool has_too_many(const struct record_session *session, uid_t uid)
{
	const struct connection *connection;
	uint32_t n = 0;

	for (connection = session->connections; connection && uid != geteuid(); connection = connection->next)
		n += connection->uid == uid;
	return n >= CONNECTIONS_OF_ONE_STRANGER;
}

static void ready_listener(struct record_session *session, struct watch *watch)
{
	struct connection *connection;
	socklen_t size = sizeof(struct ucred);
	struct ucred peer;
	int fd;

	if (session->n_connections >= CONNECTIONS_MAX) {
		turn_away(session);
		return;
	}
	fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			turn_away(session);
		return;
	}
	connection = calloc(1, sizeof(*connection));
	if (!connection || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || has_too_many(session, peer.uid) ||
	    session_watch(session, &connection->watch, fd, ready_connection)) {
		free(connection);
		close(fd);
		return;
	}
	connection->pid = peer.pid;
	connection->uid = peer.uid;
	connection->deadline_ns = session_now_ns() + CONNECT_TIMEOUT_NS;
	connection->next = session->connections;
	session->connections = connection;
	if (!session->n_connections++)
		arm_timer(session);
}

/* A socket file that nobody listens to is left over from a recorder that was killed. */
static bool is_left_over(const struct sockaddr_un *address)
{
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool dead;

	if (fd < 0)
		return false;
	dead = connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno == ECONNREFUSED;
	close(fd);
	return dead;
}

/*
 * Remove sockets that killed recorders left behind: every program would knock at them, and find its trace points armed for nothing. One
 * that is young may be another recorder's that has not come to listen yet.
 */
static void sweep_sockets(int dir_fd, const char *directory)
{
	const time_t old = time(NULL) - LEFT_OVER_AGE_S;
	DIR *dir = fdopendir(dup(dir_fd));
	const struct dirent *entry;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;

	while (dir && (entry = readdir(dir)))
		if (!fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISSOCK(st.st_mode) && st.st_mtime < old &&
		    snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, entry->d_name) <
			    (int)sizeof(address.sun_path) &&
		    is_left_over(&address))
			(void)unlinkat(dir_fd, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

static int bind_socket(const struct record_session *session, int fd, struct record_error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, session->socket_path, strlen(session->socket_path));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		if (errno != EADDRINUSE)
			return record_fail(error, -errno, "cannot make the socket %s: %s", session->socket_path, strerror(errno));
		if (!is_left_over(&address))
			return record_fail(error, -EEXIST, "a session named %s is running already. Choose another name, or: borelog stop %s",
					   session->socket_name, session->socket_name);
		if (unlink(session->socket_path) || bind(fd, (struct sockaddr *)&address, sizeof(address)))
			return record_fail(error, -errno, "cannot make the socket %s: %s", session->socket_path, strerror(errno));
	}
	if (chmod(session->socket_path, geteuid() ? 0600 : 0666) || listen(fd, 4096))
		return record_fail(error, -errno, "cannot listen on %s: %s", session->socket_path, strerror(errno));
	return 0;
}

static int make_timers(struct record_session *session)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || session_watch(session, &session->connect_timer, fd, ready_connect_timer))
		return -errno;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0 || session_watch(session, &session->poll_timer, fd, ready_poll_timer))
		return -errno;
	session->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return 0;
}

int attach_listen(struct record_session *session, struct record_error *error)
{
	char directory[PATH_MAX];
	int fd, err;

	session->sessions_dir = rundir_open_sessions(directory, error);
	if (session->sessions_dir < 0)
		return session->sessions_dir;
	sweep_sockets(session->sessions_dir, directory);
	if (snprintf(session->socket_path, sizeof(session->socket_path), "%.*s/%s", PATH_MAX - 64, directory, session->socket_name) >=
	    (int)sizeof(session->socket_path)) {
		session->socket_path[0] = 0;
		return record_fail(error, -ENAMETOOLONG, "%s/%s is too long for a socket. Choose a shorter name, or set XDG_RUNTIME_DIR.",
				   directory, session->socket_name);
	}
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		session->socket_path[0] = 0;
		return record_fail(error, -errno, "cannot make a socket: %s", strerror(errno));
	}
	err = bind_socket(session, fd, error);
	if (err) {
		session->socket_path[0] = 0;
		close(fd);
		return err;
	}
	err = session_watch(session, &session->listener, fd, ready_listener);
	if (!err)
		err = make_timers(session);
	return err ? record_fail(error, err, "cannot watch the socket: %s", strerror(-err)) : 0;
}

static void close_watch(struct record_session *session, struct watch *watch)
{
	const int fd = watch->fd;

	session_unwatch(session, watch);
	if (fd >= 0)
		close(fd);
	watch->fd = -1;
}

void attach_close(struct record_session *session)
{
	while (session->connections)
		hang_up(session, session->connections);
	close_watch(session, &session->listener);
	close_watch(session, &session->connect_timer);
	close_watch(session, &session->poll_timer);
	if (session->socket_path[0])
		(void)unlink(session->socket_path);
	session->socket_path[0] = 0;
	if (session->reserve_fd >= 0)
		close(session->reserve_fd);
	session->reserve_fd = -1;
	if (session->sessions_dir >= 0)
		close(session->sessions_dir);
	session->sessions_dir = -1;
}
