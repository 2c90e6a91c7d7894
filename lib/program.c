/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * program.c - the program's control file, made at load, and what happens to it on fork and exit.
 *
 * A program that may not be traced (setuid, no runtime directory, another owner) keeps the inert page: its trace points see 0 and do
 * nothing, ever.
 *
 * Fork. The child inherits the mappings of the parent's control file, but not the rings (MADV_DONTFORK) and not the content of the
 * token page. fork() calls after_fork(); a child made by a raw clone is noticed by the first slow path that finds the token dead. Both
 * make a control file of its own, arm it for the sessions that the parent was in, and start with no ring attached.
 */
#include "lib/program.h"
#include "lib/sys.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Address space that a control file's descriptions may grow into. */
#define CONTROL_SPACE (4u << 20)
#define CONTROL_STEP 65536u

static struct bl_control inert_control __attribute__((aligned(64)));
static struct bl_token inert_token;
static uint32_t state; /* 0: not initialised, 1: being initialised or done */

struct bl_program bl_program = {.control = &inert_control, .token = &inert_token};
const uint32_t *borelog_word = &inert_control.word;
const struct borelog_view *borelog_views = bl_program.view;

bool bl_program_take_busy(void)
{
	return !__atomic_exchange_n(&bl_program.token->busy, 1, __ATOMIC_ACQUIRE);
}

void bl_program_release_busy(void)
{
	bl_store_release(&bl_program.token->busy, 0);
}

void bl_program_move_word(void)
{
	uint32_t *word = &bl_program.control->word;

	/* A recorder moves it too; it never becomes 0 again. */
	if (__atomic_add_fetch(word, 256, __ATOMIC_ACQ_REL) == 0)
		__atomic_add_fetch(word, 256, __ATOMIC_ACQ_REL);
}

/* Open directory @path if it is the user's own and closed to others, making it if @make. */
static int open_own_dir(const char *path, bool make)
{
	struct stat st;
	long fd;

	if (make)
		(void)bl_sys(SYS_mkdirat, AT_FDCWD, path, 0700);
	fd = bl_sys(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return (int)fd;
	if (fstat((int)fd, &st) || st.st_uid != geteuid() || (st.st_mode & 0077)) {
		(void)bl_sys(SYS_close, fd);
		return -EPERM;
	}
	return (int)fd;
}

/* RUN of lib/abi/control.h, with programs/ in it, into bl_program.control_dir. */
static int find_control_dir(void)
{
	char base[PATH_MAX - 32];
	const char *xdg = secure_getenv("XDG_RUNTIME_DIR");
	int i, fd;

	for (i = 0; i < 3; i++) {
		if (i == 0 && (!xdg || xdg[0] != '/' || strlen(xdg) > sizeof(base) - 32))
			continue;
		if (i == 0)
			snprintf(base, sizeof(base), "%s/borelog", xdg);
		else
			snprintf(base, sizeof(base), i == 1 ? "/run/user/%u/borelog" : "/tmp/borelog-%u", (unsigned)geteuid());
		fd = open_own_dir(base, true);
		if (fd < 0)
			continue;
		(void)bl_sys(SYS_mkdirat, fd, "programs", 0700);
		(void)bl_sys(SYS_close, fd);
		snprintf(bl_program.control_dir, sizeof(bl_program.control_dir), "%s/programs", base);
		return 0;
	}
	return -ENOENT;
}

static void control_path(char *path, size_t size, uint32_t pid)
{
	snprintf(path, size, "%s/%u", bl_program.control_dir, pid);
}

/* Make a control file for this process. Return: its mapping, or NULL. */
static struct bl_control *make_control(void)
{
	char path[PATH_MAX + 16];
	struct bl_control *control;
	const uint32_t pid = (uint32_t)bl_sys(SYS_getpid);
	long fd;

	control_path(path, sizeof(path), pid);
	(void)bl_sys(SYS_unlinkat, AT_FDCWD, path, 0); /* of a process that had this pid, or that exec'ed us */
	fd = bl_sys(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
	control = MAP_FAILED;
	if (!bl_sys(SYS_ftruncate, fd, (long)CONTROL_STEP))
		control = mmap(NULL, CONTROL_SPACE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
	(void)bl_sys(SYS_close, fd);
	if (control == MAP_FAILED) {
		(void)bl_sys(SYS_unlinkat, AT_FDCWD, path, 0);
		return NULL;
	}
	bl_program.control_size = CONTROL_STEP;
	control->abi = BL_CONTROL_ABI;
	control->pid = pid;
	bl_store_release(&control->magic, BL_CONTROL_MAGIC); /* ORD(publish:C) */
	return control;
}

int bl_program_grow(size_t size)
{
	const size_t want = (size + BL_CONTROL_SIZE + CONTROL_STEP - 1) / CONTROL_STEP * CONTROL_STEP;
	char path[PATH_MAX + 16];
	long fd, err;

	if (want <= bl_program.control_size)
		return 0;
	if (want > CONTROL_SPACE)
		return -ENOSPC;
	control_path(path, sizeof(path), bl_program.control->pid);
	fd = bl_sys(SYS_openat, AT_FDCWD, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return (int)fd;
	err = bl_sys(SYS_ftruncate, fd, (long)want);
	(void)bl_sys(SYS_close, fd);
	if (!err)
		bl_program.control_size = want;
	return (int)err;
}

/* What a child takes over: descriptions, and the sessions, which it will attach to for itself. */
static void inherit(struct bl_control *control, const struct bl_control *parent)
{
	const uint32_t size = bl_load_relaxed(&parent->events_size);
	uint32_t s;

	bl_program.control = control;
	if (size <= CONTROL_SPACE - BL_CONTROL_SIZE && !bl_program_grow(size)) {
		memcpy((uint8_t *)control + BL_CONTROL_SIZE, (const uint8_t *)parent + BL_CONTROL_SIZE, size);
		control->n_events = parent->n_events;
		control->events_size = size;
		control->generation = parent->generation;
	}
	for (s = 0; s < BL_SESSIONS_MAX; s++)
		control->slot[s] = parent->slot[s];
	control->word = parent->word ? (parent->word + 256) | 256 : 0;
}

static void use_control(struct bl_control *control)
{
	bl_program.control = control;
	bl_store_release(&borelog_word, &control->word);
}

void bl_program_check_fork(void)
{
	const struct bl_control *parent = bl_program.control;
	struct bl_control *control;
	uint32_t s;

	if (bl_program.token == &inert_token || bl_load_relaxed(&bl_program.token->alive))
		return;
	bl_program.attached = 0;
	bl_program.seen_word = 0;
	for (s = 0; s < BL_SESSIONS_MAX; s++) {
		/* The parent's mappings: holes here, which a record that the fork interrupted may still write to. Never reused. */
		bl_program.session[s] = (struct bl_session){.generation = 0};
	}
	bl_sessions_init();
	borelog_tid = 0;
	control = bl_program.explicit_only ? NULL : make_control();
	if (control) {
		inherit(control, parent);
		use_control(control);
	} else {
		inert_control.word = 0;
		use_control(&inert_control);
	}
	bl_store_release(&bl_program.token->alive, 1);
}

static void after_fork(void)
{
	if (bl_program.control != &inert_control)
		bl_program_check_fork();
}

static struct bl_token *make_token(void)
{
	const size_t size = (size_t)getauxval(AT_PAGESZ);
	struct bl_token *token = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (token == MAP_FAILED)
		return NULL;
	if (madvise(token, size, MADV_WIPEONFORK)) {
		munmap(token, size);
		return NULL;
	}
	token->alive = 1;
	return token;
}

void bl_program_init(void)
{
	const int saved = errno;
	struct bl_token *token;
	struct bl_control *control;

	if (__atomic_exchange_n(&state, 1, __ATOMIC_ACQ_REL))
		return;
	bl_sessions_init();
	if (!getauxval(AT_SECURE) && !find_control_dir()) {
		token = make_token();
		control = token ? make_control() : NULL;
		if (control) {
			bl_program.token = token;
			use_control(control);
			(void)pthread_atfork(NULL, NULL, after_fork);
			bl_sessions_discover();
		}
	}
	errno = saved;
}

/* Is @object part of the executable? It registers last at start-up: the loader initialises libraries first. */
static bool is_executable(const void *object)
{
	const ElfW(Phdr) *phdr = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	const size_t n = (size_t)getauxval(AT_PHNUM);
	uintptr_t base = 0, at = (uintptr_t)object;
	size_t i;

	for (i = 0; phdr && i < n; i++)
		if (phdr[i].p_type == PT_PHDR)
			base = (uintptr_t)phdr - phdr[i].p_vaddr;
	for (i = 0; phdr && i < n; i++)
		if (phdr[i].p_type == PT_LOAD && at - base - phdr[i].p_vaddr < phdr[i].p_memsz)
			return true;
	return false;
}

void borelog_register(struct borelog_object *object)
{
	const int saved = errno;
	struct borelog_object *o;
	uint32_t added = 0;

	bl_program_init();
	if (object->abi != BORELOG_ABI)
		return;
	for (o = bl_program.objects; o; o = o->next)
		if (o == object)
			return;
	object->next = bl_program.objects;
	bl_program.objects = object;
	if (bl_program.control != &inert_control) {
		/* Not bl_program_take_busy(): the dynamic loader's lock keeps registrations apart, and they touch no session. */
		added = bl_publish(object);
		if (added && bl_load_relaxed(&bl_program.control->word))
			bl_program_move_word();
		if (added && is_executable(object))
			bl_sessions_update_early();
	}
	errno = saved;
}

void borelog_unregister(struct borelog_object *object)
{
	struct borelog_object **link;

	for (link = &bl_program.objects; *link; link = &(*link)->next)
		if (*link == object) {
			*link = object->next;
			break;
		}
}

__attribute__((destructor(101))) static void program_exit(void)
{
	char path[PATH_MAX + 16];

	if (bl_program.control == &inert_control || !bl_program.token->alive)
		return;
	control_path(path, sizeof(path), bl_program.control->pid);
	(void)bl_sys(SYS_unlinkat, AT_FDCWD, path, 0);
}
