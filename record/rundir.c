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

static int open_checked(const char *path, uid_t uid, mode_t mode, mode_t forbidden, bool make, struct record_error *error)
{
	int fd, err;

	if (make && mkdir(path, mode) && errno != EEXIST)
		return record_fail(error, -errno, "cannot make the directory %s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
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
	return open_checked(path, uid, 0700, 0077, make, error);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
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

int rundir_path(char ret_path[PATH_MAX], struct record_error *error)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	char user[64];

	if (xdg && xdg[0] == '/') {
		if (snprintf(ret_path, PATH_MAX, "%s/borelog", xdg) >= PATH_MAX)
			return record_fail(error, -ENAMETOOLONG, "XDG_RUNTIME_DIR is too long");
		return 0;
	}
	(void)snprintf(user, sizeof(user), "/run/user/%u", (unsigned int)geteuid());
	return other_path(geteuid(), is_directory(user) ? 0 : 1, ret_path, PATH_MAX);
}

static int open_sub(const char *run, const char *sub, char ret_path[PATH_MAX], struct record_error *error)
{
	int fd = rundir_open(run, geteuid(), true, error);

	if (fd < 0)
		return fd;
	close(fd);
	if (snprintf(ret_path, PATH_MAX, "%s/%s", run, sub) >= PATH_MAX)
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", run);
	return rundir_open(ret_path, geteuid(), true, error);
}

int rundir_open_sessions(char ret_path[PATH_MAX], struct record_error *error)
{
	char run[PATH_MAX - 16];
	int err, fd;

	if (!geteuid()) {
		fd = open_checked(RUNDIR_ROOT, 0, 0755, 0022, true, error);
		if (fd < 0)
			return fd;
		close(fd);
		(void)snprintf(ret_path, PATH_MAX, RUNDIR_ROOT "/sessions");
		return open_checked(ret_path, 0, 0755, 0022, true, error);
	}
	err = rundir_path(ret_path, error);
	if (err)
		return err;
	if (strlen(ret_path) >= sizeof(run))
		return record_fail(error, -ENAMETOOLONG, "%s: the name is too long", ret_path);
	strcpy(run, ret_path);
	return open_sub(run, "sessions", ret_path, error);
}

int rundir_open_programs(uid_t uid, unsigned int i)
{
	char path[PATH_MAX], programs[PATH_MAX];
	int fd, err;

	if (uid == geteuid())
		err = i ? other_path(uid, i - 1, path, sizeof(path)) : rundir_path(path, NULL);
	else
		err = other_path(uid, i, path, sizeof(path));
	if (err)
		return err;
	fd = rundir_open(path, uid, false, NULL);
	if (fd < 0)
		return -ENOENT;
	close(fd);
	if (snprintf(programs, sizeof(programs), "%s/programs", path) >= (int)sizeof(programs))
		return -ENOENT;
	fd = rundir_open(programs, uid, false, NULL);
	return fd < 0 ? -ENOENT : fd;
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

	if (err || geteuid())
		return err;
	/* A user may come twice; a program that is armed already is passed over. */
	err = each_in("/run/user", "", each, data);
	return err ? err : each_in("/tmp", "borelog-", each, data);
}
