/* SPDX-License-Identifier: MIT */
/*
 * arm.c - programs that were there before the session: find their control files, look at each process, and write the session's socket
 * into a slot; the program's next trace point attaches. Also tells the command line which programs there are (record_programs_each).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control_file.h"
#include "error.h"
#include "proc.h"
#include "rundir.h"
#include "session.h"

/** One control file that somebody holds. */
struct found {
	pid_t pid; /* here; 0: the process is in a pid namespace that is not seen from here */
	uid_t uid; /* whose the file is */
	struct control_file file;
	struct proc_facts facts;
};

struct search {
	int (*each)(void *data, const struct found *found);
	void *data;
	uid_t uid;
	uint64_t ns;             /* our pid namespace */
	struct proc_inner inner; /* read when the first file needs it */
	bool inner_read;
};

static pid_t find_inner(struct search *search, uint64_t ns, pid_t ns_pid)
{
	if (!search->inner_read)
		(void)proc_inner_read(&search->inner);
	search->inner_read = true;
	return proc_inner_find(&search->inner, ns, ns_pid);
}

/* Is there such a process, and is it the one that made the file? One in a namespace that we do not see may be. */
static bool is_there(struct found *found)
{
	if (control_file_is_let_go(&found->file))
		return false;
	return !found->pid || (!proc_read(found->pid, &found->facts) && !control_file_is_older(&found->file, &found->facts));
}

/* A process that has changed its user is nobody's but root's. */
static bool is_ours(const struct found *found)
{
	return !found->pid || found->facts.uid == found->uid || (!found->uid && !geteuid());
}

/* "PID-NAMESPACE" */
static bool parse_name(const char *name, pid_t *ret_pid, uint64_t *ret_ns)
{
	char *end;
	const unsigned long pid = strtoul(name, &end, 10);

	if (name[0] < '1' || name[0] > '9' || pid > INT_MAX || end[0] != '-' || end[1] < '0' || end[1] > '9')
		return false;
	*ret_pid = (pid_t)pid;
	*ret_ns = strtoull(end + 1, &end, 10);
	return !*end;
}

static int look_at(struct search *search, int dir_fd, const char *name)
{
	struct found found = {.uid = search->uid};
	int err = 0;

	if (!parse_name(name, &found.facts.ns_pid, &found.facts.ns) || control_file_open(dir_fd, name, search->uid, &found.file))
		return 0;
	found.pid = found.facts.ns == search->ns ? found.facts.ns_pid : find_inner(search, found.facts.ns, found.facts.ns_pid);
	if (!is_there(&found))
		(void)unlinkat(dir_fd, name, 0);
	else if (is_ours(&found))
		err = search->each(search->data, &found);
	control_file_close(&found.file);
	return err;
}

static int search_directory(struct search *search, int dir_fd)
{
	const struct dirent *entry;
	DIR *dir = fdopendir(dir_fd);
	int err = 0;

	if (!dir) {
		close(dir_fd);
		return 0;
	}
	while (!err && (entry = readdir(dir)))
		err = look_at(search, dirfd(dir), entry->d_name);
	closedir(dir);
	return err;
}

static bool is_same(int a, int b)
{
	struct stat sa, sb;

	return a >= 0 && b >= 0 && !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int search_user(void *data, uid_t uid)
{
	struct search *search = data;
	unsigned int i;
	int dir, err = 0;

	search->uid = uid;
	for (i = 0; !err && (dir = rundir_open_programs(uid, i)) != -ENXIO; i++) {
		const int first = i ? rundir_open_programs(uid, 0) : -1;

		/* The user's own place may be one of the usual ones. */
		if (dir >= 0 && is_same(dir, first))
			close(dir);
		else if (dir >= 0)
			err = search_directory(search, dir);
		if (first >= 0)
			close(first);
	}
	return err;
}

static int search_all(int (*each)(void *data, const struct found *found), void *data)
{
	struct search search = {.each = each, .data = data, .ns = proc_own_namespace()};
	const int err = rundir_each_user(search_user, &search);

	proc_inner_fini(&search.inner);
	return err;
}

static const char *why_not(const struct found *found, const struct bl_control *control)
{
	if (!found->pid)
		return "its pid namespace is not seen from here: record it there, or in the machine's own";
	if (control->flags & BL_CONTROL_CHANGED_USER && geteuid())
		return "it was another user's when it started: only root can record it";
	if (!proc_knows_user(found->pid, geteuid()))
		return "its user namespace does not know the user that records: record it there, or as its own user";
	if (control->flags & BL_CONTROL_EXPLICIT)
		return "it called borelog_attach() and attaches to nothing that came later: start the session before the program";
	if (found->facts.seccomp)
		return "it runs under seccomp, where a system call could kill it: let it call borelog_attach() before the sandbox";
	return NULL;
}

static void say_not_recorded(struct record_session *session, const struct found *found, const char *why)
{
	if (found->pid)
		session_say(session, "process %d (%s) is not recorded: %s", (int)found->pid, found->facts.executable, why);
	else
		session_say(session, "process %d of another pid namespace is not recorded: %s", (int)found->facts.ns_pid, why);
}

static int arm_one(void *data, const struct found *found)
{
	struct record_session *session = data;
	struct control_image image;
	char text[128];
	const char *why;
	int err;

	if (found->pid == getpid() || control_file_read(&found->file, &image))
		return 0;
	why = why_not(found, &image.control);
	control_image_fini(&image);
	err = why ? 0 : control_file_arm(&found->file, session->socket_path);
	if (err == -EUSERS)
		(void)snprintf(text, sizeof(text), "it is in %u sessions already", BL_SESSIONS_MAX);
	else if (err)
		(void)snprintf(text, sizeof(text), "its control file cannot be written: %s", strerror(-err));
	if (why || err)
		say_not_recorded(session, found, why ? why : text);
	return 0;
}

void arm_all(struct record_session *session)
{
	(void)search_all(arm_one, session);
}

static int disarm_one(void *data, const struct found *found)
{
	const struct record_session *session = data;

	(void)control_file_disarm(&found->file, session->socket_path);
	return 0;
}

void disarm_all(struct record_session *session)
{
	(void)search_all(disarm_one, session);
}

struct listing {
	int (*each)(void *data, const struct record_program *program);
	void *data;
};

static int list_one(void *data, const struct found *found)
{
	const struct listing *listing = data;
	struct record_program program;
	struct control_image image;
	int err;

	if (control_file_read(&found->file, &image))
		return 0;
	program = (struct record_program){
		.pid = found->pid,
		.ns_pid = found->facts.ns_pid,
		.uid = found->pid ? found->facts.uid : found->uid,
		.executable = found->facts.executable,
		.n_events = image.control.n_events,
		.events = image.events,
		.events_size = image.events_size,
		.not_traceable = why_not(found, &image.control),
	};
	err = listing->each(listing->data, &program);
	control_image_fini(&image);
	return err;
}

int record_programs_each(int (*each)(void *data, const struct record_program *program), void *data, struct record_error *error)
{
	struct listing listing = {.each = each, .data = data};

	if (!proc_is_ours())
		return record_fail(error, -ENOENT, PROC_IS_NOT_OURS);
	return search_all(list_one, &listing);
}
