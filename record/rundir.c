/* SPDX-License-Identifier: MIT */
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "lib/abi/control.h"

static int check_directory(int fd, const char *path, uid_t uid, mode_t forbidden, struct record_error *error)
{
	struct stat st;

	if (fstat(fd, &st))
		return record_fail(error, -errno, "%s: %s", path, strerror(errno));
	if (st.st_uid != uid)
		return record_fail(error, -EPERM, "%s belongs to user %u, not to %u: it is not used. Remove it.", path,
				   (unsigned int)st.st_uid, (unsigned int)uid);
	if (st.st_mode & forbidden)
		return record_fail(error, -EPERM, "%s: others may write there (mode %03o): it is not used. Try: chmod go= '%s'", path,
				   (unsigned int)(st.st_mode & 0777), path);
	return 0;
}

static int open_checked(int at, const char *path, uid_t uid, mode_t mode, mode_t forbidden, bool make, struct record_error *error)
{
	const bool made = make && !mkdirat(at, path, mode);
	int fd, err;

	if (make && !made && errno != EEXIST)
		return record_fail(error, -errno, "cannot make the directory %s: %s", path, strerror(errno));
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return record_fail(error, -errno, "cannot open the directory %s: %s", path, strerror(errno));
	err = check_directory(fd, path, uid, forbidden, error);
	if (made && !err)
		(void)fchmod(fd, mode); /* whatever the umask is */
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* A runtime directory of @uid. Root's own is open to all: its sessions are there. */
static int open_run(const char *path, uid_t uid, bool make, struct record_error *error)
{
	const bool open_to_all = !strcmp(path, BL_ROOT_RUN_DIR);

	return open_checked(AT_FDCWD, path, uid, open_to_all ? 0755 : 0700, open_to_all ? 0022 : 0077, make, error);
}

/* Places of users, but for what their environment may say. */
static int usual_path(uid_t uid, unsigned int i, char *ret, size_t size)
{
	if (uid && i)
		i++;
	if (i == 0)
		(void)snprintf(ret, size, "/run/user/%u/borelog", (unsigned int)uid);
	else if (i == 1)
		(void)snprintf(ret, size, BL_ROOT_RUN_DIR);
	else if (i == 2)
		(void)snprintf(ret, size, "/tmp/borelog-%u", (unsigned int)uid);
	else
		return -ENXIO;
	return 0;
}

/* XDG_RUNTIME_DIR, if it is a directory of ours: su and sudo may leave us another user's. */
static const char *own_xdg(void)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	return xdg && xdg[0] == '/' && strlen(xdg) + 32 < PATH_MAX && !stat(xdg, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() ?
		       xdg : NULL;
}

/*
 * Is that not the usual one? Then somebody wants to be by himself (a test, a container), and nothing outside is looked at; root too
 * keeps its sessions there.
 */
static bool is_private(void)
{
	const char *xdg = own_xdg();
	char usual[64];

	(void)snprintf(usual, sizeof(usual), "/run/user/%u", (unsigned int)geteuid());
	return xdg && strcmp(xdg, usual);
}

/* The places where @uid's may be, best first. */
static int run_path(uid_t uid, unsigned int i, char *ret, size_t size)
{
	const char *xdg = uid == geteuid() ? own_xdg() : NULL;

	if (!xdg)
		return usual_path(uid, i, ret, size);
	if (i)
		return is_private() ? -ENXIO : usual_path(uid, i - 1, ret, size);
	(void)snprintf(ret, size, "%s/borelog", xdg);
	return 0;
}

/* As programs do: the first one that can be made and is safe. The error is the last one's. */
static int own_run(char ret_path[PATH_MAX], struct record_error *error)
{
	unsigned int i;
	int fd = -ENOENT;

	if (!geteuid() && !is_private()) {
		(void)snprintf(ret_path, PATH_MAX, BL_ROOT_RUN_DIR);
		return open_run(ret_path, 0, true, error);
	}
	for (i = 0; fd < 0 && !run_path(geteuid(), i, ret_path, PATH_MAX); i++)
		fd = open_run(ret_path, geteuid(), true, error);
	return fd;
}

static int open_sessions(int run_fd, const char *path, uid_t uid, bool make, struct record_error *error)
{
	const bool open_to_all = !strcmp(path, BL_ROOT_RUN_DIR "/sessions");
	int fd;

	fd = open_checked(run_fd, "sessions", uid, open_to_all ? 0755 : 0700, open_to_all ? 0022 : 0077, make, error);
	close(run_fd);
	return fd;
}

int rundir_open_sessions(char ret_path[PATH_MAX], struct record_error *error)
{
	char run[PATH_MAX];
	const int fd = own_run(run, error);

	if (fd < 0)
		return fd;
	if ((size_t)snprintf(ret_path, PATH_MAX, "%s/sessions", run) >= PATH_MAX) {
		close(fd);
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", run);
	}
	return open_sessions(fd, ret_path, geteuid(), true, error);
}

int rundir_find_sessions(uid_t uid, unsigned int i, char ret_path[PATH_MAX])
{
	char run[PATH_MAX - 16];
	int fd, err;

	err = uid != geteuid() && is_private() ? -ENXIO : run_path(uid, i, run, sizeof(run));
	if (err)
		return err;
	fd = open_run(run, uid, false, NULL);
	if (fd < 0)
		return -ENOENT;
	(void)snprintf(ret_path, PATH_MAX, "%s/sessions", run);
	fd = open_sessions(fd, ret_path, uid, false, NULL);
	return fd < 0 ? -ENOENT : fd;
}

int rundir_open_programs(uid_t uid, unsigned int i)
{
	char path[PATH_MAX];
	int fd, programs, err;

	err = run_path(uid, i, path, sizeof(path));
	if (err)
		return err;
	fd = open_run(path, uid, false, NULL);
	if (fd < 0)
		return -ENOENT;
	programs = open_checked(fd, "programs", uid, 0700, 0077, false, NULL);
	close(fd);
	return programs < 0 ? -ENOENT : programs;
}

/* Users that have an entry "@prefix UID @suffix" in @directory. */
static int each_in(const char *directory, const char *prefix, int (*each)(void *data, uid_t uid), void *data)
{
	const size_t skip = strlen(prefix);
	const struct dirent *entry;
	DIR *dir = opendir(directory);
	int err = 0;

	while (dir && !err && (entry = readdir(dir))) {
		char *end;
		unsigned long uid;

		if (strncmp(entry->d_name, prefix, skip) || entry->d_name[skip] < '0' || entry->d_name[skip] > '9')
			continue;
		uid = strtoul(entry->d_name + skip, &end, 10);
		if (*end || uid == geteuid() || uid >= UINT32_MAX)
			continue;
		err = each(data, (uid_t)uid);
	}
	if (dir)
		closedir(dir);
	return err;
}

int rundir_each_user(int (*each)(void *data, uid_t uid), void *data)
{
	int err = each(data, geteuid());

	if (err || geteuid() || is_private())
		return err;
	/* A user may come twice; a program that is armed already is passed over. */
	err = each_in("/run/user", "", each, data);
	return err ? err : each_in("/tmp", "borelog-", each, data);
}
