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
 * Who has changed its user since it was loaded (a daemon that gave root up) keeps its control file, and attaches to root's sessions only.
 * Its children make theirs where their new user's are, if nothing of the old user is left in them: see follow_user().
 *
 * The room in the file is allocated before it is touched: on a full file system a program goes without, and is not killed by SIGBUS.
 */
#include "lib/program.h"
#include "lib/sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
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

/* Not snprintf(): this runs in signal handlers of raw clones too. */
static char *put_text(char *at, const char *text)
{
	const size_t length = strlen(text);

	memcpy(at, text, length + 1);
	return at + length;
}

static char *put_number(char *at, uint64_t n)
{
	char digits[20], *digit = digits;

	do
		*digit++ = (char)('0' + n % 10);
	while (n /= 10);
	while (digit > digits)
		*at++ = *--digit;
	*at = 0;
	return at;
}

/* Open directory @path of @at if it is user @uid's and others may not do there what is @forbidden. */
static long open_dir_of(int at, const char *path, uid_t uid, mode_t forbidden)
{
	const long fd = bl_sys(SYS_openat, at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat((int)fd, &st) || st.st_uid != uid || (st.st_mode & forbidden)) {
		(void)bl_sys(SYS_close, fd);
		return -EPERM;
	}
	return fd;
}

/* RUN of lib/abi/control.h is @run: make what is not there, bl_program.control_dir is programs/ in it. Return: a descriptor of that. */
static long use_run_dir(const char *run, uid_t uid)
{
	const bool open_to_all = !strcmp(run, BL_ROOT_RUN_DIR);
	const mode_t mode = open_to_all ? 0755 : 0700;
	long fd, programs;

	/* Whatever the umask is. */
	if (!bl_sys(SYS_mkdirat, AT_FDCWD, run, mode) && open_to_all)
		(void)bl_sys(SYS_fchmodat, AT_FDCWD, run, mode);
	fd = open_dir_of(AT_FDCWD, run, uid, open_to_all ? 0022 : 0077);
	if (fd < 0)
		return fd;
	(void)bl_sys(SYS_mkdirat, fd, "programs", 0700);
	programs = open_dir_of((int)fd, "programs", uid, 0077);
	(void)bl_sys(SYS_close, fd);
	if (programs < 0)
		return programs;
	put_text(put_text(bl_program.control_dir, run), "/programs");
	bl_program.dir_uid = uid;
	return programs;
}

/* Of @uid's, by the number that others know him by. */
static long use_numbered_dir(const char *before, uid_t number, const char *behind, uid_t uid)
{
	char run[64];

	put_text(put_number(put_text(run, before), number), behind);
	return use_run_dir(run, uid);
}

/* Root's number outside of its user namespace; 0 if it is root there too. */
static uid_t outer_root(void)
{
	char map[64];
	const long fd = bl_sys(SYS_openat, AT_FDCWD, "/proc/self/uid_map", O_RDONLY | O_CLOEXEC, 0);
	const long n = fd < 0 ? 0 : bl_sys(SYS_read, fd, map, sizeof(map) - 1);
	char *end;

	if (fd >= 0)
		(void)bl_sys(SYS_close, fd);
	map[n > 0 ? n : 0] = 0;
	return strtoul(map, &end, 10) ? 0 : (uid_t)strtoul(end, NULL, 10);
}

/* The usual places of @uid's RUN. */
static long open_usual_dir(uid_t uid)
{
	uid_t number = uid;
	long fd = use_numbered_dir("/run/user/", uid, "/borelog", uid);

	if (fd < 0 && !uid) {
		fd = use_run_dir(BL_ROOT_RUN_DIR, uid);
		number = fd < 0 ? outer_root() : 0;
		if (number)
			fd = use_numbered_dir("/run/user/", number, "/borelog", uid);
	}
	return fd < 0 ? use_numbered_dir("/tmp/borelog-", number, "", uid) : fd;
}

/* RUN, as lib/abi/control.h has it. Return: a descriptor of programs/ in it. */
static long find_control_dir(void)
{
	const char *xdg = secure_getenv("XDG_RUNTIME_DIR");
	char run[PATH_MAX], usual[32];
	struct stat st;
	long fd;

	bl_program.uid = geteuid();
	if (!xdg || xdg[0] != '/' || strlen(xdg) > sizeof(run) - 32 || stat(xdg, &st) || !S_ISDIR(st.st_mode) ||
	    st.st_uid != bl_program.uid)
		return open_usual_dir(bl_program.uid);
	put_number(put_text(usual, "/run/user/"), bl_program.uid);
	bl_program.apart = strcmp(xdg, usual) != 0;
	put_text(put_text(run, xdg), "/borelog");
	fd = use_run_dir(run, bl_program.uid);
	return fd < 0 && !bl_program.apart ? open_usual_dir(bl_program.uid) : fd;
}

/* Does nothing of another user stick to this process? Then its user may do to it whatever a control file allows. */
static bool is_all_of(uid_t uid)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) || bl_sys(SYS_capget, &head, data))
		return false;
	return real == uid && effective == uid && saved == uid && !(data[0].permitted | data[1].permitted);
}

/*
 * A child's place for its control file. One whose user is not the one that the program was loaded by, a daemon's that has given root up,
 * cannot make it in its parent's place: it goes to where its own user has his. That user could cut the file off and so kill the
 * process; so only if it is all his. Other uids than root's do not change, or in ways that are none of our business.
 */
static long follow_user(void)
{
	const uid_t uid = geteuid();

	if (uid == bl_program.dir_uid)
		return open_dir_of(AT_FDCWD, bl_program.control_dir, uid, 0077);
	return uid && !bl_program.apart && is_all_of(uid) ? open_usual_dir(uid) : -EPERM;
}

/* Tells apart processes of the same number, who may share RUN. 0: no /proc, or a kernel without. */
static uint64_t pid_namespace(void)
{
	const int saved = errno;
	struct stat st;
	const uint64_t ns = stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;

	errno = saved;
	return ns;
}

/* The control file of process @pid is DIR/@pid-NAMESPACE. */
static void set_control_path(uint32_t pid)
{
	char *at = put_text(put_text(bl_program.control_path, bl_program.control_dir), "/");

	put_number(put_text(put_number(at, pid), "-"), pid_namespace());
}

/* Name of the control file, in bl_program.control_dir. */
static const char *control_name(void)
{
	return bl_program.control_path + strlen(bl_program.control_dir) + 1;
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

/*
 * Hold the control file by a lock that goes with our mapping of it: as long as it is there, somebody maps it, in whatever pid namespace.
 * Return: enum bl_control_flags.
 */
static uint32_t hold(long fd)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};

	return bl_sys(BL_SYS_FCNTL, fd, F_OFD_SETLK, &lock) ? 0 : BL_CONTROL_HELD;
}

/* Make a control file for this process in @dir, and close that. Return: a descriptor that keeps recorders from writing to it, or a negative errno. */
static long make_control_file(long dir)
{
	long fd, err;

	if (dir < 0)
		return dir;
	bl_program.pid = (uint32_t)bl_sys(SYS_getpid);
	set_control_path(bl_program.pid);
	(void)bl_sys(SYS_unlinkat, dir, control_name(), 0); /* of a process that had this pid, or that exec'ed us */
	fd = bl_sys(SYS_openat, dir, control_name(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		(void)bl_sys(SYS_close, dir);
		return fd;
	}
	(void)bl_sys(SYS_flock, fd, LOCK_EX | LOCK_NB);
	err = allocate(fd, 0, CONTROL_SIZE_MIN);
	if (err) {
		(void)bl_sys(SYS_unlinkat, dir, control_name(), 0);
		bl_program_unlock_slots(fd);
	}
	(void)bl_sys(SYS_close, dir);
	return err ? err : fd;
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
	control->flags = hold(fd) | (bl_program.dir_uid == bl_program.uid ? 0 : BL_CONTROL_CHANGED_USER);
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
	const long fd = bl_program.explicit_only ? -EPERM : make_control_file(follow_user());
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

/* Control file @name in directory @dir, made in another pid namespace: does nobody hold it any more? */
static bool is_let_go(long dir, const char *name)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	const long fd = bl_sys(SYS_openat, dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	uint32_t flags = 0;
	bool let_go;

	if (fd < 0)
		return false;
	let_go = bl_sys(SYS_pread64, fd, &flags, sizeof(flags), BL_SYS_64(offsetof(struct bl_control, flags))) == sizeof(flags) &&
		 (flags & BL_CONTROL_HELD) && !bl_sys(BL_SYS_FCNTL, fd, F_OFD_GETLK, &lock) && lock.l_type == F_UNLCK;
	(void)bl_sys(SYS_close, fd);
	return let_go;
}

/* Is control file @name in directory @dir left over? @ns: our pid namespace */
static bool is_left_over(long dir, const char *name, uint64_t ns)
{
	char *end;
	const unsigned long pid = strtoul(name, &end, 10);

	if (name[0] < '1' || name[0] > '9' || *end != '-' || pid > INT_MAX)
		return false;
	if (strtoull(end + 1, &end, 10) != ns)
		return is_let_go(dir, name);
	return !*end && bl_sys(SYS_kill, (int)pid, 0) == -ESRCH;
}

/* Control files of processes that are no more: killed ones, and children that left by _exit(), do not take theirs with them. */
static void sweep(void)
{
	char buffer[1024] __attribute__((aligned(8)));
	const long fd = bl_sys(SYS_openat, AT_FDCWD, bl_program.control_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	const uint64_t ns = pid_namespace();
	long n, at;

	if (fd < 0)
		return;
	while ((n = bl_sys(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < n;) {
			const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);

			at += entry->d_reclen;
			if (is_left_over(fd, entry->d_name, ns))
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
static void start(struct bl_token *token)
{
	const long fd = token ? make_control_file(find_control_dir()) : -ENOMEM;
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
	if (!getauxval(AT_SECURE))
		start(make_token());
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
