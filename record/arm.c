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

/* A file's and a process' time are known to about a second each. */
#define TIME_SLACK_S 2

/** One control file whose process is there. */
struct found {
	pid_t pid;
	uid_t uid;
	struct control_file file;
	struct proc_facts facts;
};

struct search {
	int (*each)(void *data, const struct found *found);
	void *data;
	uid_t uid;
};

static bool is_stale(pid_t pid, const struct control_file *file, struct proc_facts *facts)
{
	return proc_read(pid, facts) || facts->start_s > file->made_s + TIME_SLACK_S;
}

static int look_at(const struct search *search, int dir_fd, const char *name)
{
	struct found found = {.uid = search->uid};
	char *end;
	const unsigned long pid = strtoul(name, &end, 10);
	int err;

	if (*end || name[0] < '1' || name[0] > '9' || pid > INT_MAX)
		return 0;
	found.pid = (pid_t)pid;
	if (control_file_open(dir_fd, name, search->uid, &found.file))
		return 0;
	if (is_stale(found.pid, &found.file, &found.facts)) {
		(void)unlinkat(dir_fd, name, 0);
		err = 0;
	} else if (found.facts.uid != search->uid || found.facts.ns_pid != found.pid) {
		err = 0;
	} else {
		err = search->each(search->data, &found);
	}
	control_file_close(&found.file);
	return err;
}

static int search_directory(const struct search *search, int dir_fd)
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
	struct search search = {.each = each, .data = data};

	return rundir_each_user(search_user, &search);
}

static const char *why_not(const struct found *found, const struct bl_control *control)
{
	if (control->flags & BL_CONTROL_EXPLICIT)
		return "it called borelog_attach() and attaches to nothing that came later: start the session before the program";
	if (found->facts.seccomp)
		return "it runs under seccomp, where a system call could kill it: let it call borelog_attach() before the sandbox";
	return NULL;
}

static int arm_one(void *data, const struct found *found)
{
	struct record_session *session = data;
	struct control_image image;
	const char *why;
	int err;

	if (found->pid == getpid() || control_file_read(&found->file, &image))
		return 0;
	why = why_not(found, &image.control);
	control_image_fini(&image);
	if (why) {
		session_say(session, "process %d (%s) is not recorded: %s", (int)found->pid, found->facts.executable, why);
		return 0;
	}
	err = control_file_arm(&found->file, session->socket_path);
	if (err == -EUSERS)
		session_say(session, "process %d (%s) is not recorded: it is in %u sessions already", (int)found->pid,
			    found->facts.executable, BL_SESSIONS_MAX);
	else if (err && err != -EALREADY)
		session_say(session, "process %d (%s) is not recorded: its control file cannot be written: %s", (int)found->pid,
			    found->facts.executable, strerror(-err));
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
		.uid = found->uid,
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

	(void)error;
	return search_all(list_one, &listing);
}
