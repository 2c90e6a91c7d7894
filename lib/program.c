/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * program.c - the program's control file, made at load, and what happens to it on fork and exit.
 *
 * A program that may not be traced (setuid, no runtime directory, another owner) keeps the inert page: its trace points see 0 and do
 * nothing, ever.
 *
 * Fork. The child inherits the mappings of the parent's control file, but not the rings (MADV_DONTFORK) and not the content of the
 * token page. fork() calls after_fork(); a child made by a raw clone is noticed by the first slow path that finds the token dead. Both
 * make a control file of its own, map it in place of the parent's (trace points may keep its address), arm it for the sessions that the
 * parent was in, and start with no ring attached.
 *
 * The room in the file is allocated before it is touched: on a full file system a program goes without, and is not killed by SIGBUS.
 */
#include "lib/program.h"
#include "lib/sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Address space that a control file's descriptions may grow into. */
#define CONTROL_SPACE (4u << 20)
#define CONTROL_SIZE_MIN 8192u
/* One process in so many looks for control files that others left behind when they were killed. */
#define SWEEP_EVERY 64

static struct bl_control inert_control __attribute__((aligned(64)));
struct bl_token bl_inert_token;
static uint32_t state; /* 0: not initialised, 1: being initialised or done */

struct bl_program bl_program = {.control = &inert_control, .token = &bl_inert_token};
const uint32_t *borelog_word = &inert_control.word;
const struct borelog_view *borelog_views = bl_program.view;

/* All that can be held: the others would kill the program if they came now. */
static uint64_t signals_to_hold(void)
{
	const int now[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
	uint64_t set = ~UINT64_C(0);
	size_t i;

	for (i = 0; i < sizeof(now) / sizeof(now[0]); i++)
		set &= ~(UINT64_C(1) << (now[i] - 1));
	return set;
}

static void hold_signals(struct bl_held_signals *held)
{
	const uint64_t set = signals_to_hold();

	held->held = !bl_program.explicit_only && !bl_sys(SYS_rt_sigprocmask, SIG_BLOCK, &set, &held->before, sizeof(set));
}

static void let_signals(const struct bl_held_signals *held)
{
	if (held->held)
		(void)bl_sys(SYS_rt_sigprocmask, SIG_SETMASK, &held->before, NULL, sizeof(held->before));
}

bool bl_program_take_busy(struct bl_held_signals *held)
{
	if (bl_load_relaxed(&bl_program.token->busy))
		return false;
	hold_signals(held);
	if (!__atomic_exchange_n(&bl_program.token->busy, 1, __ATOMIC_ACQUIRE))
		return true;
	let_signals(held);
	return false;
}

void bl_program_release_busy(const struct bl_held_signals *held)
{
	bl_store_release(&bl_program.token->busy, 0);
	let_signals(held);
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

/* The control file of process @pid is DIR/@pid. Not snprintf(): this runs in signal handlers of raw clones too. */
static void set_control_path(uint32_t pid)
{
	const size_t length = strlen(bl_program.control_dir);
	char digits[16], *at = bl_program.control_path + length, *digit = digits;

	memcpy(bl_program.control_path, bl_program.control_dir, length);
	*at++ = '/';
	do
		*digit++ = (char)('0' + pid % 10);
	while (pid /= 10);
	while (digit > digits)
		*at++ = *--digit;
	*at = 0;
}

/* Make the file @to bytes long, from @from, with all of its room allocated. */
static long allocate(long fd, size_t from, size_t to)
{
	static const char zeros[4096];
	long n = bl_sys(SYS_fallocate, fd, 0, BL_SYS_64(from), BL_SYS_64(to - from));

	if (n != -EOPNOTSUPP && n != -ENOSYS)
		return n;
	for (n = 1; n > 0 && from < to; from += n > 0 ? (size_t)n : 0)
		n = bl_sys(SYS_pwrite64, fd, zeros, to - from < sizeof(zeros) ? to - from : sizeof(zeros), BL_SYS_64(from));
	return n < 0 ? n : 0;
}

/* Make a control file for this process. Return: a descriptor that keeps recorders from writing to it, or a negative errno. */
static long make_control_file(void)
{
	long fd, err;

	bl_program.pid = (uint32_t)bl_sys(SYS_getpid);
	set_control_path(bl_program.pid);
	(void)bl_sys(SYS_unlinkat, AT_FDCWD, bl_program.control_path, 0); /* of a process that had this pid, or that exec'ed us */
	fd = bl_sys(SYS_openat, AT_FDCWD, bl_program.control_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fd;
	(void)bl_sys(SYS_flock, fd, LOCK_EX | LOCK_NB);
	err = allocate(fd, 0, CONTROL_SIZE_MIN);
	if (!err)
		return fd;
	(void)bl_sys(SYS_unlinkat, AT_FDCWD, bl_program.control_path, 0);
	bl_program_unlock_slots(fd);
	return err;
}

/* Map the new control file. Return: its mapping, or NULL, and then there is no file any more. */
static struct bl_control *map_control_file(long fd)
{
	struct bl_control *control = mmap(NULL, CONTROL_SPACE, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);

	if (control == MAP_FAILED) {
		(void)bl_sys(SYS_unlinkat, AT_FDCWD, bl_program.control_path, 0);
		return NULL;
	}
	bl_program.control_size = CONTROL_SIZE_MIN;
	control->abi = BL_CONTROL_ABI;
	control->pid = bl_program.pid;
	bl_store_release(&control->magic, BL_CONTROL_MAGIC); /* ORD(publish:C) */
	return control;
}

long bl_program_lock_slots(void)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	const long fd = bl_sys(SYS_openat, AT_FDCWD, bl_program.control_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	int tries;

	for (tries = 0; fd >= 0 && tries < 100 && bl_sys(SYS_flock, fd, LOCK_EX | LOCK_NB) == -EWOULDBLOCK; tries++)
		(void)bl_sys(SYS_nanosleep, &nap, NULL);
	return fd;
}

/* Not by closing alone: the mapping holds on to the open file, and that to the lock. */
void bl_program_unlock_slots(long fd)
{
	if (fd < 0)
		return;
	(void)bl_sys(SYS_flock, fd, LOCK_UN);
	(void)bl_sys(SYS_close, fd);
}

int bl_program_grow(size_t size)
{
	size_t want = bl_program.control_size;
	long fd, err;

	if (size > CONTROL_SPACE - BL_CONTROL_SIZE)
		return -ENOSPC;
	while (want < size + BL_CONTROL_SIZE)
		want *= 2;
	if (want == bl_program.control_size)
		return 0;
	fd = bl_sys(SYS_openat, AT_FDCWD, bl_program.control_path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return (int)fd;
	err = allocate(fd, bl_program.control_size, want);
	(void)bl_sys(SYS_close, fd);
	if (!err)
		bl_program.control_size = want;
	return (int)err;
}

/* What a child takes over: descriptions, and the sessions, which it will attach to for itself. Caller has locked the slots. */
static void inherit(struct bl_control *control, const struct bl_control *parent)
{
	uint32_t s;

	if (!bl_program_grow(bl_program.events_size)) {
		memcpy((uint8_t *)control + BL_CONTROL_SIZE, (const uint8_t *)parent + BL_CONTROL_SIZE, bl_program.events_size);
	} else {
		bl_program.n_events = 0; /* no room: ids without description are in no session */
		bl_program.events_size = 0;
	}
	control->n_events = bl_program.n_events;
	control->events_size = bl_program.events_size;
	control->generation = parent->generation;
	for (s = 0; s < BL_SESSIONS_MAX; s++)
		bl_slot_read(&parent->slot[s], &control->slot[s]);
	control->word = parent->word ? (parent->word + 256) | 256 : 0;
}

static void use_control(struct bl_control *control)
{
	bl_program.control = control;
	bl_store_release(&borelog_word, &control->word);
}

/*
 * A control file for a child, mapped over its parent's; without one, the inert page. In a sandbox the parent's stays mapped, and is
 * not looked at any more.
 */
static void replace_control(struct bl_control *parent)
{
	const long fd = bl_program.explicit_only ? -EPERM : make_control_file();
	struct bl_control *control = fd < 0 ? NULL : map_control_file(fd);

	if (control) {
		inherit(control, parent);
		if (bl_sys(SYS_mremap, control, CONTROL_SPACE, CONTROL_SPACE, MREMAP_MAYMOVE | MREMAP_FIXED, parent) != (long)parent)
			use_control(control);
	} else {
		use_control(&inert_control);
	}
	bl_program_unlock_slots(fd);
}

void bl_program_check_fork(void)
{
	if (bl_program.token == &bl_inert_token || bl_load_relaxed(&bl_program.token->alive))
		return;
	bl_program.attached = 0;
	bl_program.joining = 0;
	bl_program.unanswered = 0;
	bl_program.seen_word = 0;
	/*
	 * The parent's mappings are holes here, which a record that the fork interrupted may still write to: never used again. The views
	 * that lead there stay for the same reason.
	 */
	memset(bl_program.session, 0, sizeof(bl_program.session));
	memset(bl_program.memory, 0, sizeof(bl_program.memory));
	borelog_tid = 0;
	if (bl_program.control != &inert_control)
		replace_control(bl_program.control);
	bl_store_release(&bl_program.token->alive, 1);
}

/* Control files of processes that are no more: killed ones, and children that left by _exit(), do not take theirs with them. */
static void sweep(void)
{
	char buffer[1024] __attribute__((aligned(8)));
	const long fd = bl_sys(SYS_openat, AT_FDCWD, bl_program.control_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long n, at;

	if (fd < 0)
		return;
	while ((n = bl_sys(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < n;) {
			const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
			char *end;
			const unsigned long pid = strtoul(entry->d_name, &end, 10);

			at += entry->d_reclen;
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && !*end && pid <= INT_MAX &&
			    bl_sys(SYS_kill, (int)pid, 0) == -ESRCH)
				(void)bl_sys(SYS_unlinkat, fd, entry->d_name, 0);
		}
	}
	(void)bl_sys(SYS_close, fd);
}

static void after_fork(void)
{
	struct bl_held_signals held;
	const int saved = errno;

	/* A kernel that takes MADV_WIPEONFORK and does not do it (qemu-user): here at least it is known without. */
	if (bl_program.control != &inert_control && bl_program.pid != (uint32_t)bl_sys(SYS_getpid)) {
		bl_store_relaxed(&bl_program.token->alive, 0);
		bl_store_relaxed(&bl_program.token->busy, 0);
	}
	if (bl_program.control == &inert_control || !bl_program_take_busy(&held))
		return;
	bl_program_check_fork();
	bl_program_release_busy(&held);
	if (bl_program.control != &inert_control && bl_program.pid % SWEEP_EVERY == 0)
		sweep();
	errno = saved;
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

/* Make the control file, and join what runs. */
static void start(void)
{
	struct bl_token *token = make_token();
	const long fd = token ? make_control_file() : -ENOMEM;
	struct bl_control *control = fd < 0 ? NULL : map_control_file(fd);

	if (control) {
		bl_program.token = token;
		use_control(control);
		(void)pthread_atfork(NULL, NULL, after_fork);
		bl_sessions_discover();
		if (bl_program.pid % SWEEP_EVERY == 0)
			sweep();
	} else if (token) {
		munmap(token, (size_t)getauxval(AT_PAGESZ));
	}
	bl_program_unlock_slots(fd);
}

void bl_program_init(void)
{
	const int saved = errno;

	if (__atomic_exchange_n(&state, 1, __ATOMIC_ACQ_REL))
		return;
	bl_sessions_init();
	if (!getauxval(AT_SECURE) && !find_control_dir())
		start();
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

/*
 * In a sandbox the file is left to others (sweep()): the program may be killed for a system call. With losses in it that no ring was told
 * of, it is left to the recorder that has not answered.
 */
__attribute__((destructor(101))) static void program_exit(void)
{
	if (bl_program.control == &inert_control || !bl_program.token->alive)
		return;
	bl_lost_tell();
	if (!bl_program.explicit_only && bl_lost_are_told())
		(void)bl_sys(SYS_unlinkat, AT_FDCWD, bl_program.control_path, 0);
}
