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
	int fd, err;

	if (make && mkdirat(at, path, mode) && errno != EEXIST)
		return record_fail(error, -errno, "cannot make the directory %s: %s", path, strerror(errno));
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return record_fail(error, -errno, "cannot open the directory %s: %s", path, strerror(errno));
	err = check_directory(fd, path, uid, forbidden, error);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int rundir_open(const char *path, uid_t uid, bool make, struct record_error *error)
{
	return open_checked(AT_FDCWD, path, uid, 0700, 0077, make, error);
}

/* Places of users other than the caller, whose environment we do not know. */
static int other_path(uid_t uid, unsigned int i, char *ret, size_t size)
{
	if (i == 0)
		(void)snprintf(ret, size, "/run/user/%u/borelog", (unsigned int)uid);
	else if (i == 1)
		(void)snprintf(ret, size, "/tmp/borelog-%u", (unsigned int)uid);
	else
		return -ENXIO;
	return 0;
}

/*
 * Is XDG_RUNTIME_DIR a directory of our own that is not the usual one? Then somebody wants to be by himself (a test, a container), and
 * nothing outside is looked at; root too keeps its sessions there.
 */
static bool is_private(void)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	char usual[64];
	struct stat st;

	if (!xdg || xdg[0] != '/')
		return false;
	(void)snprintf(usual, sizeof(usual), "/run/user/%u", (unsigned int)geteuid());
	return strcmp(xdg, usual) && !stat(xdg, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* The places where the caller's own may be, best first. */
static int own_path(unsigned int i, char *ret, size_t size)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	if (!xdg || xdg[0] != '/' || strlen(xdg) + 32 > size)
		return other_path(geteuid(), i, ret, size);
	if (i)
		return is_private() ? -ENXIO : other_path(geteuid(), i - 1, ret, size);
	(void)snprintf(ret, size, "%s/borelog", xdg);
	return 0;
}

int rundir_path(char ret_path[PATH_MAX], struct record_error *error)
{
	unsigned int i;
	int fd = -ENOENT;

	/* As programs do: the first one that can be made and is safe. The error is the last one's. */
	for (i = 0; fd < 0 && !own_path(i, ret_path, PATH_MAX); i++)
		fd = rundir_open(ret_path, geteuid(), true, error);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int rundir_open_sessions(char ret_path[PATH_MAX], struct record_error *error)
{
	char run[PATH_MAX];
	int err, fd;

	if (!geteuid() && !is_private()) {
		fd = open_checked(AT_FDCWD, RUNDIR_ROOT, 0, 0755, 0022, true, error);
		if (fd < 0)
			return fd;
		close(fd);
		(void)snprintf(ret_path, PATH_MAX, RUNDIR_ROOT "/sessions");
		return open_checked(AT_FDCWD, ret_path, 0, 0755, 0022, true, error);
	}
	err = rundir_path(run, error);
	if (err)
		return err;
	if ((size_t)snprintf(ret_path, PATH_MAX, "%s/sessions", run) >= PATH_MAX)
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", run);
	return rundir_open(ret_path, geteuid(), true, error);
}

int rundir_open_programs(uid_t uid, unsigned int i)
{
	char path[PATH_MAX];
	int fd, programs, err;

	if (uid == geteuid())
		err = own_path(i, path, sizeof(path));
	else
		err = other_path(uid, i, path, sizeof(path));
	if (err)
		return err;
	fd = rundir_open(path, uid, false, NULL);
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
