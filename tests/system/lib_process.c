/* SPDX-License-Identifier: MIT */
/*
 * lib_process.c - a program that does to itself what programs do: fork in every way, exec, lose its descriptors, load and unload
 * libraries, record from constructors, destructors, handlers and dying threads, enter sandboxes. One subcommand for each; the checks
 * are in lib_process.py. `t:step` counts up in n for each `who`, so that a lost or doubled record is seen.
 */
#include <borelog.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define STEPS 10

static void step(const char *who, int n)
{
	borelog_event("t", "step", who, n);
}

static void steps(const char *who)
{
	int n;

	for (n = 0; n < STEPS; n++)
		step(who, n);
}

static int wait_all(void)
{
	int status, bad = 0;

	while (wait(&status) > 0 || errno == EINTR)
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			fprintf(stderr, "a child ended with wait status %#x\n", status);
			bad++;
		}
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int do_fork(void)
{
	steps("parent");
	if (!fork()) {
		steps("child");
		if (!fork()) {
			steps("grandchild");
			_exit(0);
		}
		exit(wait_all());
	}
	steps("parent_after");
	return wait_all();
}

static int do_vfork(void)
{
	int n;

	steps("parent");
	if (!vfork()) {
		for (n = 0; n < STEPS; n++)
			borelog_event("t", "step", borelog_named(who, "child"), n); /* by itself: it looks at the sessions anew */
		_exit(0);
	}
	steps("parent_after");
	return wait_all();
}

/* fork() behind the C library's back. */
static long raw_clone(void)
{
#ifdef __s390x__
	return syscall(SYS_clone, 0, SIGCHLD, 0, 0, 0);
#else
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

static int do_clone(void)
{
	steps("parent");
	if (!raw_clone()) {
		steps("child");
		_exit(0);
	}
	steps("parent_after");
	return wait_all();
}

static int do_exec(char **argv)
{
	char *const args[] = {argv[0], "exec2", NULL};

	steps("before");
	execv(argv[2], args);
	return EXIT_FAILURE;
}

static int do_daemon(void)
{
	if (fork())
		return EXIT_SUCCESS;
	setsid();
	if (fork())
		_exit(0);
	syscall(SYS_close_range, 0u, ~0u, 0u);
	steps("daemon");
	_exit(0);
}

static int do_dlopen(const char *plugin)
{
	int round;

	for (round = 0; round < 3; round++) {
		void *handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
		void (*run)(int);

		if (!handle) {
			fprintf(stderr, "%s\n", dlerror());
			return EXIT_FAILURE;
		}
		steps("main");
		run = (void (*)(int))(uintptr_t)dlsym(handle, "plugin_run");
		run(round);
		dlclose(handle);
		steps("main_after");
	}
	return EXIT_SUCCESS;
}

/* With its own checks of order: constructors before main, destructors after. */
static int constructors;

__attribute__((constructor(102))) static void early(void)
{
	if (getenv("LIB_PROCESS_EARLY"))
		step("constructor", constructors++);
}

__attribute__((destructor(102))) static void late(void)
{
	if (getenv("LIB_PROCESS_EARLY"))
		step("destructor", 0);
}

static void at_exit(void)
{
	step("atexit", 0);
}

static pthread_key_t key;

static void at_thread_exit(void *value)
{
	(void)value;
	step("thread_exit", 0);
}

static void *thread(void *arg)
{
	pthread_setspecific(key, arg);
	steps("thread");
	if (arg == &key)
		pthread_exit(NULL);
	return NULL;
}

static int do_threads(void)
{
	pthread_t id;
	int i;

	atexit(at_exit);
	pthread_key_create(&key, at_thread_exit);
	for (i = 0; i < 20; i++) {
		if (pthread_create(&id, NULL, thread, i & 1 ? (void *)&key : (void *)&id))
			return EXIT_FAILURE;
		pthread_join(id, NULL);
	}
	return EXIT_SUCCESS;
}

static volatile sig_atomic_t handled;

static void on_signal(int signal)
{
	const int before = errno;

	(void)signal;
	errno = 4711;
	step("handler", handled++);
	if (errno != 4711)
		_exit(3); /* a trace point keeps errno */
	errno = before;
}

static int do_signals(void)
{
	struct itimerval every = {{0, 50}, {0, 50}};
	int n;

	signal(SIGALRM, on_signal);
	setitimer(ITIMER_REAL, &every, NULL);
	for (n = 0; handled < 300; n++)
		step("main", n);
	memset(&every, 0, sizeof(every));
	setitimer(ITIMER_REAL, &every, NULL);
	printf("%d %d\n", n, (int)handled);
	return EXIT_SUCCESS;
}

#ifdef __x86_64__

static volatile int stepping, children;

/* One instruction of a trace point done: fork here, and let the child go on from here. */
static void on_trap(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	long pid;

	(void)signal;
	(void)info;
	if (!stepping)
		return;
	pid = raw_clone();
	if (!pid) {
		uc->uc_mcontext.gregs[REG_EFL] &= ~0x100;
		stepping = 0;
		children = -1;
		return;
	}
	if (pid > 0)
		children++;
	while (syscall(SYS_wait4, pid, &(int){0}, WNOHANG, NULL) == 0)
		sched_yield();
}

/* A record whose every instruction is interrupted by a handler that forks by a raw clone. */
static int do_clone_inside(void)
{
	struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	int n;

	sigaction(SIGTRAP, &action, NULL);
	step("first", 0); /* attaches */
	for (n = 0; n < 3; n++) {
		stepping = 1;
		__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc");
		borelog_event("t", "stepped", n);
		__asm__ volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc");
		stepping = 0;
		if (children < 0) {
			step("child", n);
			_exit(0);
		}
		step("between", n);
	}
	printf("%d\n", children);
	return EXIT_SUCCESS;
}

#endif

static int allow_only_exit(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* Enough to fill sub-buffers, so that hand-overs want to wake somebody. */
static int do_seccomp(void)
{
	int n;

	step("before", 0);
	if (borelog_attach() < 1 || allow_only_exit())
		_exit(5);
	for (n = 0; n < 100000; n++)
		step("inside", n);
	syscall(SYS_exit_group, 0);
	return 0;
}

/* main() returns inside the sandbox; descriptors of stdio are not flushed there. */
static int do_sandbox_exit(void)
{
	if (borelog_attach() < 1 || allow_only_exit())
		_exit(5);
	steps("inside");
	return EXIT_SUCCESS;
}

static sigjmp_buf jump;
static volatile sig_atomic_t jumps;

static void on_jump(int signal)
{
	(void)signal;
	jumps = jumps + 1;
	siglongjmp(jump, 1);
}

static int open_descriptors(void)
{
	int fd, n = 0;

	for (fd = 3; fd < 100; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Again and again a child begins to attach, and is interrupted somewhere else each time. The last words come when it is quiet. */
static int do_jumps(void)
{
	struct itimerval once = {{0, 0}, {0, 0}};
	volatile int i, bad = 0;
	volatile const int before = open_descriptors();

	signal(SIGALRM, on_jump);
	for (i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (!pid) {
			once.it_value.tv_usec = 1 + i * 25;
			if (!sigsetjmp(jump, 1)) {
				setitimer(ITIMER_REAL, &once, NULL);
				for (;;)
					step("jumping", 0);
			}
			step("jumped", i);
			_exit(open_descriptors() > before ? EXIT_FAILURE : EXIT_SUCCESS);
		}
		bad += wait_all();
	}
	steps("after");
	printf("%d\n", open_descriptors() - before);
	return bad;
}

/* One thread records all the time while another loads libraries: each one brings descriptions, and with them another attachment. */
static int loaded_all;

static void *record_until_loaded(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&loaded_all, __ATOMIC_RELAXED))
		step("meanwhile", 0);
	return NULL;
}

static int do_libraries(char **paths)
{
	void *handle = NULL;
	void (*run)(int);
	pthread_t id;

	if (pthread_create(&id, NULL, record_until_loaded, NULL))
		return EXIT_FAILURE;
	for (; *paths; paths++) {
		handle = dlopen(*paths, RTLD_NOW | RTLD_LOCAL);
		if (!handle) {
			fprintf(stderr, "%s\n", dlerror());
			return EXIT_FAILURE;
		}
	}
	__atomic_store_n(&loaded_all, 1, __ATOMIC_RELAXED);
	pthread_join(id, NULL);
	steps("after");
	run = (void (*)(int))(uintptr_t)dlsym(handle, "plugin_run");
	run(0);
	return EXIT_SUCCESS;
}

/* Children that leave by _exit(). */
static int do_children(const char *count)
{
	long n, limit = atol(count);

	for (n = 0; n < limit; n++) {
		if (!fork())
			_exit(0);
		wait(NULL);
	}
	return EXIT_SUCCESS;
}

static int do_chroot(const char *dir)
{
	if (chroot(dir) || chdir("/"))
		return EXIT_FAILURE;
	steps("inside");
	if (!raw_clone()) {
		steps("child"); /* cannot make a control file: not traced, and not harmed */
		_exit(0);
	}
	return wait_all();
}

/* Each byte asks for steps of @who; an answer says that they are made. */
static void serve(const char *who, int from, int to)
{
	char c;

	while (read(from, &c, 1) == 1) {
		steps(who);
		if (write(to, &c, 1) != 1)
			break;
	}
}

/* A worker that lives as long as the daemon, and does what it does. */
static int start_worker(int *ret_to, int *ret_from)
{
	int to[2], from[2];

	if (pipe(to) || pipe(from))
		return -1;
	if (!fork()) {
		close(to[1]);
		serve("worker", to[0], from[1]);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	*ret_to = to[1];
	*ret_from = from[0];
	return 0;
}

/* How much of root is left: nothing; the saved uid; capabilities. */
static int give_up_root(const char *how, uid_t uid)
{
	if (setresgid(uid, uid, uid))
		return -1;
	if (!strcmp(how, "half"))
		return seteuid(uid);
	if (!strcmp(how, "capable") && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -1;
	return setresuid(uid, uid, uid);
}

/*
 * A daemon that gives root up. For each byte on stdin it makes its steps, its worker's, and those of a child that is forked for it.
 */
static int do_drop(const char *how, const char *number)
{
	int to, from;
	char c;

	steps("root");
	if (give_up_root(how, (uid_t)atol(number)) || start_worker(&to, &from))
		return EXIT_FAILURE;
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1) {
		steps("daemon");
		if (write(to, &c, 1) != 1 || read(from, &c, 1) != 1)
			return EXIT_FAILURE;
		if (!fork()) {
			steps("child");
			_exit(0);
		}
		wait(NULL);
		putchar('.');
		fflush(stdout);
	}
	close(to);
	return wait_all();
}

static sig_atomic_t stop;

static void on_stop(int signal)
{
	(void)signal;
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
}

static void *flat_out(void *arg)
{
	unsigned long n;

	(void)arg;
	for (n = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
		borelog_event("t", "flat_out", n);
		if (n % 2000 == 0)
			usleep(1000); /* a trace of a size that can be read */
	}
	return NULL;
}

/* Four threads that do little but record, until SIGTERM. */
static int do_loop(void)
{
	pthread_t ids[4];
	int i;

	signal(SIGTERM, on_stop);
	for (i = 0; i < 4; i++)
		pthread_create(&ids[i], NULL, flat_out, NULL);
	puts("ready");
	fflush(stdout);
	for (i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	return EXIT_SUCCESS;
}

/* Records one step whenever a byte comes on stdin. */
static int do_on_demand(void)
{
	char c;
	int n = 0;

	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1) {
		step("demand", n++);
		putchar('.');
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}

static int do_too_large(void)
{
	static char large[3 << 20];

	memset(large, 'x', sizeof(large) - 1);
	borelog_event("t", "large", borelog_named(text, (const char *)large));
	borelog_event("t", "large", borelog_bytes(large, 70000));
	/* Two sizes that must not add up to a small one where a size has 32 bits. */
	borelog_event("t", "large", borelog_bytes(large, 70000), borelog_named(again, borelog_bytes(large, 70000)), 7);
	steps("after");
	return EXIT_SUCCESS;
}

static int do_many(const char *count)
{
	long n, limit = atol(count);

	for (n = 0; n < limit; n++)
		borelog_event("t", "many", n);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "fork"))
		return do_fork();
	if (!strcmp(what, "vfork"))
		return do_vfork();
	if (!strcmp(what, "clone"))
		return do_clone();
	if (!strcmp(what, "exec") && argc > 2)
		return do_exec(argv);
	if (!strcmp(what, "exec2"))
		return steps("after"), EXIT_SUCCESS;
	if (!strcmp(what, "daemon"))
		return do_daemon();
	if (!strcmp(what, "dlopen") && argc > 2)
		return do_dlopen(argv[2]);
	if (!strcmp(what, "threads"))
		return do_threads();
	if (!strcmp(what, "signals"))
		return do_signals();
#ifdef __x86_64__
	if (!strcmp(what, "clone_inside"))
		return do_clone_inside();
#endif
	if (!strcmp(what, "seccomp"))
		return do_seccomp();
	if (!strcmp(what, "sandbox_exit"))
		return do_sandbox_exit();
	if (!strcmp(what, "jumps"))
		return do_jumps();
	if (!strcmp(what, "libraries"))
		return do_libraries(argv + 2);
	if (!strcmp(what, "children") && argc > 2)
		return do_children(argv[2]);
	if (!strcmp(what, "chroot") && argc > 2)
		return do_chroot(argv[2]);
	if (!strcmp(what, "drop") && argc > 3)
		return do_drop(argv[2], argv[3]);
	if (!strcmp(what, "loop"))
		return do_loop();
	if (!strcmp(what, "on_demand"))
		return do_on_demand();
	if (!strcmp(what, "too_large"))
		return do_too_large();
	if (!strcmp(what, "many") && argc > 2)
		return do_many(argv[2]);
	if (!strcmp(what, "_exit"))
		steps("main"), _exit(7);
	if (!strcmp(what, "steps"))
		return steps("main"), EXIT_SUCCESS;
	fprintf(stderr, "usage: lib_process WHAT [ARG]\n");
	return 2;
}
