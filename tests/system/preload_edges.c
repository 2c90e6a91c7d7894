/* SPDX-License-Identifier: MIT */
/*
 * preload_edges.c - a program that calls each wrapped function at its edges and checks that it behaves as libc's does: results, errno,
 * cancellation, interruption, modes, timed locks, unusual memory. It knows nothing of borelog, so it must pass alone; the build runs
 * it alone, under the probes without a session, with a session that cannot be reached, and (preload_trace.py) under the recorder.
 *
 * Arguments: path of libpreload_outer.so.
 */
#include "preload_edges.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

static const char *outer_path;
static char dir[] = "/tmp/preload-edges-XXXXXX";
extern char **environ;

/* ---- Helpers ---- */

static const char *in_dir(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct timespec past(void)
{
	return (struct timespec){.tv_sec = 1};
}

/* Exit status of @child, which must end by itself; 128 + n: killed by signal n. */
static int status_of(pid_t child)
{
	int status;

	assert_true(child > 0);
	while (waitpid(child, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool is_blocked(pid_t tid)
{
	char path[64], text[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	return strstr(text, ") S ") != NULL;
}

struct waiter {
	void (*wait)(struct waiter *waiter);
	pid_t tid;
	int cleaned;
	int fd[2];
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	sem_t sem;
	pthread_t thread;
	struct sockaddr_un address;
};

static void cleaned(void *data)
{
	struct waiter *waiter = data;

	waiter->cleaned++;
}

static void *waiter_thread(void *data)
{
	struct waiter *waiter = data;

	pthread_cleanup_push(cleaned, waiter);
	__atomic_store_n(&waiter->tid, gettid(), __ATOMIC_RELEASE);
	waiter->wait(waiter);
	pthread_cleanup_pop(0);
	return NULL;
}

static void waiter_start(struct waiter *waiter, void (*wait)(struct waiter *waiter))
{
	pid_t tid;

	waiter->wait = wait;
	assert_int_equal(pthread_create(&waiter->thread, NULL, waiter_thread, waiter), 0);
	while (!(tid = __atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE)) || !is_blocked(tid))
		usleep(100);
}

/* ---- Memory ---- */

static void memory_results(void **state)
{
	volatile size_t huge = SIZE_MAX / 2 + 1; /* the compiler would warn */
	void *block = (void *)1, *other;

	(void)state;
	errno = 123;
	block = malloc(100);
	assert_non_null(block);
	memset(block, 1, 100);
	block = realloc(block, 100000);
	assert_int_equal(((char *)block)[99], 1);
	free(block);
	free(NULL);
	block = calloc(10, 10);
	for (int i = 0; i < 100; i++)
		assert_int_equal(((char *)block)[i], 0);
	free(block);
	assert_int_equal(errno, 123);

	block = realloc(NULL, 10);
	assert_non_null(block);
	free(block);
	errno = 0;
	assert_null(malloc(huge));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(calloc(huge, 3));
	assert_int_equal(errno, ENOMEM);
	errno = 0;
	assert_null(reallocarray(NULL, huge, 3));
	assert_int_equal(errno, ENOMEM);
	other = reallocarray(NULL, 10, 10);
	assert_non_null(other);
	free(other);
}

static void memory_aligned(void **state)
{
	void *block = (void *)1;

	(void)state;
	assert_int_equal(posix_memalign(&block, 3, 100), EINVAL);
	assert_ptr_equal(block, (void *)1);
	assert_int_equal(posix_memalign(&block, 256, 100), 0);
	assert_int_equal((uintptr_t)block % 256, 0);
	free(block);
	block = aligned_alloc(512, 1024);
	assert_int_equal((uintptr_t)block % 512, 0);
	free(block);
	block = memalign(128, 10);
	assert_int_equal((uintptr_t)block % 128, 0);
	free(block);
	block = valloc(10);
	assert_int_equal((uintptr_t)block % 4096, 0);
	free(block);
	block = pvalloc(10);
	assert_int_equal((uintptr_t)block % 4096, 0);
	free(block);
}

static void memory_cxx(void **state)
{
	(void)state;
	assert_true(edges_cxx_new(100));
	assert_true(edges_cxx_thread_exception());
}

static volatile sig_atomic_t handled;

static void handler_uses_heap(int sig)
{
	(void)sig;
	free(malloc(50));
	handled++;
}

static int quiet_pipe[2];

static void handler_uses_io(int sig)
{
	const int saved_errno = errno;
	char c;

	(void)sig;
	(void)!write(quiet_pipe[1], "x", 1);
	(void)!read(quiet_pipe[0], &c, 1);
	handled++;
	errno = saved_errno;
}

/* The heap in a handler, at a point where the heap is not in use; functions that POSIX allows anywhere while it is. */
static void memory_signals(void **state)
{
	const struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};

	(void)state;
	signal(SIGUSR1, handler_uses_heap);
	handled = 0;
	raise(SIGUSR1);
	assert_int_equal(handled, 1);
	assert_int_equal(pipe(quiet_pipe), 0);
	signal(SIGALRM, handler_uses_io);
	handled = 0;
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	while (handled < 20) {
		errno = 99;
		free(malloc(100));
		assert_int_equal(errno, 99);
	}
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	signal(SIGALRM, SIG_IGN);
	close(quiet_pipe[0]);
	close(quiet_pipe[1]);
}

/* ---- Files ---- */

static mode_t mode_of(int fd)
{
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	return st.st_mode & 07777;
}

static void open_modes(void **state)
{
	const mode_t mask = umask(0);
	int fd;

	(void)state;
	assert_int_equal(mode_of(open(in_dir("a"), O_CREAT | O_WRONLY, 0641)), 0641);
	assert_int_equal(mode_of(open64(in_dir("b"), O_CREAT | O_WRONLY, 0642)), 0642);
	assert_int_equal(mode_of(openat(AT_FDCWD, in_dir("c"), O_CREAT | O_WRONLY, 0643)), 0643);
	assert_int_equal(mode_of(openat64(AT_FDCWD, in_dir("d"), O_CREAT | O_WRONLY, 0644)), 0644);
	assert_int_equal(mode_of(creat(in_dir("e"), 0645)), 0645);
	assert_int_equal(mode_of(creat64(in_dir("f"), 0646)), 0646);
	fd = open(dir, O_TMPFILE | O_WRONLY, 0647);
	if (fd >= 0 || errno != EOPNOTSUPP)
		assert_int_equal(mode_of(fd), 0647);
	assert_int_equal(mode_of(fortified_open(in_dir("a"), O_RDONLY)), 0641);
	assert_int_equal(mode_of(fortified_openat(AT_FDCWD, in_dir("c"), O_RDONLY)), 0643);
	umask(mask);
}

static void open_errors(void **state)
{
	/* The compiler warns of NULL and of small numbers, so it must not know. */
	const char *volatile bad = (const char *)8;
	const char *volatile null = NULL;

	(void)state;
	errno = 0;
	assert_int_equal(open(in_dir("missing"), O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(open(bad, O_RDONLY), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(open(null, O_RDONLY), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(openat(AT_FDCWD, bad, O_RDONLY), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(creat(bad, 0600), -1);
	assert_int_equal(errno, EFAULT);
	assert_null(fopen(bad, "r"));
	assert_int_equal(errno, EFAULT);
	assert_int_equal(openat(-5, "x", O_RDONLY), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(close(-1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(connect(0, (const struct sockaddr *)(const void *)bad, 16), -1);
	assert_true(errno == EFAULT || errno == ENOTSOCK);
	assert_int_equal(poll((struct pollfd *)(uintptr_t)bad, 1, 0), -1);
	assert_int_equal(errno, EFAULT);
	assert_int_equal(nanosleep((const struct timespec *)(const void *)bad, NULL), -1);
	assert_int_equal(errno, EFAULT);
}

static void read_write(void **state)
{
	char a[4] = "", b[4] = "";
	const struct iovec in[2] = {{a, 3}, {b, 3}}, out[2] = {{"abc", 3}, {"def", 3}};
	const int fd = open(in_dir("data"), O_CREAT | O_RDWR, 0600);

	(void)state;
	assert_true(fd >= 0);
	errno = 55;
	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_int_equal(pwrite(fd, "X", 1, 2), 1);
	assert_int_equal(pwrite64(fd, "Y", 1, 3), 1);
	assert_int_equal(pread(fd, a, 3, 1), 3);
	assert_memory_equal(a, "1XY", 3);
	assert_int_equal(pread64(fd, a, 3, 2), 3);
	assert_memory_equal(a, "XY4", 3);
	assert_int_equal(pwritev(fd, out, 2, 4), 6);
	assert_int_equal(preadv(fd, in, 2, 4), 6);
	assert_memory_equal(a, "abc", 3);
	assert_memory_equal(b, "def", 3);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(writev(fd, out, 2), 6);
	assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
	assert_int_equal(readv(fd, in, 1), 3);
	assert_memory_equal(a, "def", 3);
	assert_int_equal(fsync(fd), 0);
	assert_int_equal(fdatasync(fd), 0);
	assert_int_equal(fortified_pread(fd, 8, 0), 8);
	assert_int_equal(lseek(fd, 100, SEEK_SET), 100);
	assert_int_equal(read(fd, a, 3), 0);
	assert_int_equal(errno, 55);
	assert_int_equal(pread(fd, a, 1, -1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(close(fd), 0);
	assert_int_equal(read(fd, a, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(write(fd, a, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fsync(fd), -1);
	assert_int_equal(errno, EBADF);
}

/* What must end the program, in a child of its own: "buffer overflow detected" goes to the terminal or stderr, which we close. */
static void assert_overflows(int kind, int fd, FILE *stream)
{
	const pid_t child = fork();

	if (!child) {
		struct pollfd fds[2] = {{.fd = fd}, {.fd = fd}};

		close(2);
		setenv("LIBC_FATAL_STDERR_", "1", 1);
		if (kind == 0)
			fortified_read(fd, 9);
		if (kind == 1)
			fortified_pread(fd, 9, 0);
		if (kind == 2)
			fortified_recv(fd, 9);
		if (kind == 3)
			fortified_recvfrom(fd, 9);
		if (kind == 4)
			fortified_poll(fds, 3);
		if (kind == 5)
			fortified_ppoll(fds, 3);
		if (kind == 6)
			fortified_open(dir, O_CREAT | O_WRONLY);
		if (kind == 7)
			fortified_openat(AT_FDCWD, dir, O_CREAT | O_WRONLY);
		if (kind == 8)
			fortified_fread(stream, 9);
		if (kind == 9)
			fortified_fgets(stream, 20);
		_exit(0);
	}
	assert_int_equal(status_of(child), 128 + SIGABRT);
}

static void fortified(void **state)
{
	struct pollfd fds[2] = {{.fd = 0}, {.fd = 0}};
	FILE *stream;
	int pair[2], n = 0, kind;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], "0123456789abcdef0123456789abcdef", 32), 32);
	assert_int_equal(fortified_read(pair[0], 8), 8);
	assert_int_equal(fortified_recv(pair[0], 8), 8);
	assert_int_equal(fortified_recvfrom(pair[0], 8), 8);
	fds[0].fd = pair[0];
	fds[0].events = POLLIN;
	fds[1].fd = -1;
	assert_int_equal(fortified_poll(fds, 2), 1);
	assert_int_equal(fortified_ppoll(fds, 2), 1);
	stream = fopen(in_dir("lines"), "w+");
	assert_non_null(stream);
	assert_int_equal(fortified_print(stream, "%.1f and %.2Lf\n", 1.5, 2.25L, &n), 13);
	assert_int_equal(fprintf(stream, "a line that is much too long for eight\n"), 39);
	rewind(stream);
	assert_int_equal(fortified_fread(stream, 8), 8);
	assert_non_null(fortified_fgets(stream, 8));
	assert_int_equal(fflush(stream), 0);
	for (kind = 0; kind < 10; kind++)
		assert_overflows(kind, pair[0], stream);
	assert_int_equal(fclose(stream), 0);
	close(pair[0]);
	close(pair[1]);
}

/* ---- Interruption ---- */

static void handler_nothing(int sig)
{
	(void)sig;
	handled++;
}

#define ENOUGH 1000000

static void *interrupts(void *data)
{
	const pthread_t target = *(pthread_t *)data;

	while (handled < ENOUGH) {
		pthread_kill(target, SIGUSR2);
		usleep(500);
	}
	return NULL;
}

static void interrupted(void **state)
{
	struct sigaction action = {.sa_handler = handler_nothing};
	pthread_t self = pthread_self(), thread;
	struct pollfd fd = {.events = POLLIN};
	int ends[2];
	fd_set set;
	sem_t sem;
	char c;

	(void)state;
	assert_int_equal(sigaction(SIGUSR2, &action, NULL), 0);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sem_init(&sem, 0, 0), 0);
	handled = 0;
	assert_int_equal(pthread_create(&thread, NULL, interrupts, &self), 0);
	assert_int_equal(read(ends[0], &c, 1), -1);
	assert_int_equal(errno, EINTR);
	fd.fd = ends[0];
	assert_int_equal(poll(&fd, 1, -1), -1);
	assert_int_equal(errno, EINTR);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	assert_int_equal(select(ends[0] + 1, &set, NULL, NULL, NULL), -1);
	assert_int_equal(errno, EINTR);
	errno = 0;
	assert_int_equal(sem_wait(&sem), -1);
	assert_int_equal(errno, EINTR);
	assert_true(sleep(1000) > 0);
	handled = ENOUGH;
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(ends[0]);
	close(ends[1]);
	sem_destroy(&sem);
}

static sigjmp_buf out;

static void handler_jumps(int sig)
{
	(void)sig;
	siglongjmp(out, 1);
}

/* The classic time limit: a handler that jumps out of a call. Everything must work as before, and go on being recorded. */
static void jumped_out(void **state)
{
	const struct itimerval soon = {{0, 0}, {0, 1000}};
	volatile int rounds = 0;
	int ends[2];
	char c;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	signal(SIGALRM, handler_jumps);
	for (rounds = 0; rounds < 3; rounds++) {
		if (!sigsetjmp(out, 1)) {
			setitimer(ITIMER_REAL, &soon, NULL);
			for (;;)
				assert_int_equal(read(ends[0], &c, 1), 1);
		}
	}
	signal(SIGALRM, SIG_IGN);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(ends[0]);
	close(ends[1]);
}

/* ---- Cancellation ---- */

static void wait_read(struct waiter *waiter)
{
	char c;

	(void)!read(waiter->fd[0], &c, 1);
}

static void wait_poll(struct waiter *waiter)
{
	struct pollfd fd = {.fd = waiter->fd[0], .events = POLLIN};

	poll(&fd, 1, -1);
}

static void wait_select(struct waiter *waiter)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(waiter->fd[0], &set);
	select(waiter->fd[0] + 1, &set, NULL, NULL, NULL);
}

static void wait_recv(struct waiter *waiter)
{
	char c;

	(void)!recv(waiter->fd[0], &c, 1, 0);
}

static void wait_cond(struct waiter *waiter)
{
	pthread_mutex_lock(&waiter->mutex);
	pthread_cond_wait(&waiter->cond, &waiter->mutex);
}

static void wait_sem(struct waiter *waiter)
{
	sem_wait(&waiter->sem);
}

static void wait_sleep(struct waiter *waiter)
{
	(void)waiter;
	sleep(1000);
}

static void wait_join(struct waiter *waiter)
{
	(void)waiter;
	pthread_join(*(pthread_t *)(void *)&waiter->address, NULL);
}

static void waiter_init(struct waiter *waiter)
{
	memset(waiter, 0, sizeof(*waiter));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, waiter->fd), 0);
	assert_int_equal(pthread_mutex_init(&waiter->mutex, NULL), 0);
	assert_int_equal(pthread_cond_init(&waiter->cond, NULL), 0);
	assert_int_equal(sem_init(&waiter->sem, 0, 0), 0);
}

static void waiter_fini(struct waiter *waiter)
{
	close(waiter->fd[0]);
	close(waiter->fd[1]);
}

static void cancelled_in(void (*wait)(struct waiter *waiter))
{
	struct waiter waiter, other;
	void *result = NULL;

	waiter_init(&waiter);
	if (wait == wait_join) {
		waiter_init(&other);
		waiter_start(&other, wait_read);
		memcpy(&waiter.address, &other.thread, sizeof(other.thread));
	}
	waiter_start(&waiter, wait);
	assert_int_equal(pthread_cancel(waiter.thread), 0);
	assert_int_equal(pthread_join(waiter.thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(waiter.cleaned, 1);
	if (wait == wait_cond) /* whoever is cancelled there has the mutex again */
		assert_int_equal(pthread_mutex_trylock(&waiter.mutex), EBUSY);
	if (wait == wait_join) {
		assert_int_equal(pthread_cancel(other.thread), 0);
		assert_int_equal(pthread_join(other.thread, NULL), 0);
		waiter_fini(&other);
	}
	waiter_fini(&waiter);
}

static void cancelled(void **state)
{
	(void)state;
	cancelled_in(wait_read);
	cancelled_in(wait_poll);
	cancelled_in(wait_select);
	cancelled_in(wait_recv);
	cancelled_in(wait_cond);
	cancelled_in(wait_sem);
	cancelled_in(wait_sleep);
	cancelled_in(wait_join);
}

static int cancel_point;

/* A cancellation point acts on a pending request even if it has nothing to wait for. */
static void *cancels_itself(void *data)
{
	struct waiter *waiter = data;
	char c;

	pthread_cancel(pthread_self());
	if (cancel_point == 0)
		(void)!read(waiter->fd[0], &c, 1);
	if (cancel_point == 1)
		sem_wait(&waiter->sem);
	if (cancel_point == 2)
		close(open("/dev/null", O_RDONLY));
	return NULL;
}

static void cancelled_at_once(void **state)
{
	struct waiter waiter;
	void *result;

	(void)state;
	waiter_init(&waiter);
	assert_int_equal(write(waiter.fd[1], "xxx", 3), 3);
	sem_post(&waiter.sem);
	for (cancel_point = 0; cancel_point < 3; cancel_point++) {
		assert_int_equal(pthread_create(&waiter.thread, NULL, cancels_itself, &waiter), 0);
		assert_int_equal(pthread_join(waiter.thread, &result), 0);
		assert_ptr_equal(result, PTHREAD_CANCELED);
	}
	waiter_fini(&waiter);
}

/* ---- Locks ---- */

static void *holds(void *data)
{
	struct waiter *waiter = data;

	pthread_mutex_lock(&waiter->mutex);
	return NULL; /* for good */
}

static void mutex_kinds(void **state)
{
	const struct timespec when = past(), wrong = {.tv_nsec = -1};
	struct waiter waiter;
	pthread_mutexattr_t attr;
	pthread_mutex_t mutex;

	(void)state;
	waiter_init(&waiter);
	assert_int_equal(pthread_create(&waiter.thread, NULL, holds, &waiter), 0);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	assert_int_equal(pthread_mutex_timedlock(&waiter.mutex, &when), ETIMEDOUT);
	assert_int_equal(pthread_mutex_clocklock(&waiter.mutex, CLOCK_MONOTONIC, &when), ETIMEDOUT);
	assert_int_equal(pthread_mutex_timedlock(&waiter.mutex, &wrong), EINVAL);
	waiter_fini(&waiter);

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&mutex, &attr);
	assert_int_equal(pthread_mutex_timedlock(&mutex, &wrong), 0);
	assert_int_equal(pthread_mutex_lock(&mutex), EDEADLK);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	assert_int_equal(pthread_mutex_unlock(&mutex), EPERM);

	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&mutex, &attr);
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);

	waiter_init(&waiter);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&waiter.mutex, &attr);
	assert_int_equal(pthread_create(&waiter.thread, NULL, holds, &waiter), 0);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	assert_int_equal(pthread_mutex_lock(&waiter.mutex), EOWNERDEAD);
	assert_int_equal(pthread_mutex_unlock(&waiter.mutex), 0);
	assert_int_equal(pthread_mutex_lock(&waiter.mutex), ENOTRECOVERABLE);
	waiter_fini(&waiter);

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&mutex, &attr);
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	assert_int_equal(pthread_mutex_timedlock(&mutex, &when), ETIMEDOUT);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
}

static void rwlock_kinds(void **state)
{
	const struct timespec when = past();
	pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

	(void)state;
	assert_int_equal(pthread_rwlock_wrlock(&rwlock), 0);
	assert_int_equal(pthread_rwlock_rdlock(&rwlock), EDEADLK);
	assert_int_equal(pthread_rwlock_wrlock(&rwlock), EDEADLK);
	assert_int_equal(pthread_rwlock_unlock(&rwlock), 0);
	assert_int_equal(pthread_rwlock_rdlock(&rwlock), 0);
	assert_int_equal(pthread_rwlock_timedrdlock(&rwlock, &when), 0);
	assert_int_equal(pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &when), 0);
	assert_int_equal(pthread_rwlock_timedwrlock(&rwlock, &when), ETIMEDOUT);
	assert_int_equal(pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &when), ETIMEDOUT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_rwlock_unlock(&rwlock), 0);
	assert_int_equal(pthread_rwlock_timedwrlock(&rwlock, &when), 0);
	assert_int_equal(pthread_rwlock_unlock(&rwlock), 0);
}

static void cond_and_sem(void **state)
{
	const struct timespec when = past();
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	sem_t sem;

	(void)state;
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	assert_int_equal(pthread_cond_timedwait(&cond, &mutex, &when), ETIMEDOUT);
	assert_int_equal(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &when), ETIMEDOUT);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	assert_int_equal(sem_init(&sem, 0, 1), 0);
	errno = 44;
	assert_int_equal(sem_timedwait(&sem, &when), 0);
	assert_int_equal(errno, 44);
	assert_int_equal(sem_timedwait(&sem, &when), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(sem_clockwait(&sem, CLOCK_MONOTONIC, &when), -1);
	assert_int_equal(errno, ETIMEDOUT);
	sem_destroy(&sem);
}

static void wait_mutex(struct waiter *waiter)
{
	pthread_mutex_lock(&waiter->mutex);
	pthread_mutex_unlock(&waiter->mutex);
}

static pthread_rwlock_t held_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static mtx_t held_mtx;

static void wait_rdlock(struct waiter *waiter)
{
	(void)waiter;
	pthread_rwlock_rdlock(&held_rwlock);
	pthread_rwlock_unlock(&held_rwlock);
}

static void wait_wrlock(struct waiter *waiter)
{
	(void)waiter;
	pthread_rwlock_wrlock(&held_rwlock);
	pthread_rwlock_unlock(&held_rwlock);
}

static void wait_mtx(struct waiter *waiter)
{
	(void)waiter;
	mtx_lock(&held_mtx);
	mtx_unlock(&held_mtx);
}

/* Each lock is let go when somebody waits for it. */
static void locks_wait(void **state)
{
	struct waiter waiter;

	(void)state;
	waiter_init(&waiter);
	pthread_mutex_lock(&waiter.mutex);
	waiter_start(&waiter, wait_mutex);
	pthread_mutex_unlock(&waiter.mutex);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	waiter_fini(&waiter);

	waiter_init(&waiter);
	pthread_rwlock_wrlock(&held_rwlock);
	waiter_start(&waiter, wait_rdlock);
	pthread_rwlock_unlock(&held_rwlock);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	waiter_fini(&waiter);

	waiter_init(&waiter);
	pthread_rwlock_rdlock(&held_rwlock);
	waiter_start(&waiter, wait_wrlock);
	pthread_rwlock_unlock(&held_rwlock);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	waiter_fini(&waiter);

	waiter_init(&waiter);
	mtx_init(&held_mtx, mtx_plain);
	mtx_lock(&held_mtx);
	waiter_start(&waiter, wait_mtx);
	mtx_unlock(&held_mtx);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	waiter_fini(&waiter);
}

struct crowd {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	int count, turn, serial;
};

#define CROWD 4
#define CROWD_ROUNDS 500

static void *crowd_member(void *data)
{
	struct crowd *crowd = data;
	int i;

	for (i = 0; i < CROWD_ROUNDS; i++) {
		pthread_mutex_lock(&crowd->mutex);
		crowd->count++;
		if (i % 50 == 0)
			sched_yield();
		pthread_mutex_unlock(&crowd->mutex);
		if (i % 10 == 0) {
			pthread_rwlock_wrlock(&crowd->rwlock);
			crowd->turn++;
			pthread_rwlock_unlock(&crowd->rwlock);
		} else {
			pthread_rwlock_rdlock(&crowd->rwlock);
			pthread_rwlock_unlock(&crowd->rwlock);
		}
	}
	if (pthread_barrier_wait(&crowd->barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
		__atomic_add_fetch(&crowd->serial, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&crowd->mutex);
	crowd->count++;
	pthread_cond_broadcast(&crowd->cond);
	while (crowd->count < CROWD * (CROWD_ROUNDS + 1))
		pthread_cond_wait(&crowd->cond, &crowd->mutex);
	pthread_mutex_unlock(&crowd->mutex);
	return NULL;
}

static void locks_hold(void **state)
{
	struct crowd crowd = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .rwlock = PTHREAD_RWLOCK_INITIALIZER};
	pthread_t threads[CROWD];
	int i;

	(void)state;
	assert_int_equal(pthread_barrier_init(&crowd.barrier, NULL, CROWD), 0);
	for (i = 0; i < CROWD; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_member, &crowd), 0);
	for (i = 0; i < CROWD; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(crowd.count, CROWD * (CROWD_ROUNDS + 1));
	assert_int_equal(crowd.turn, CROWD * CROWD_ROUNDS / 10);
	assert_int_equal(crowd.serial, 1);
}

/* ---- Threads ---- */

static pthread_key_t key;
static int key_rounds;

static void key_ends(void *value)
{
	key_rounds++;
	if (value != (void *)3)
		pthread_setspecific(key, (void *)((uintptr_t)value + 1));
	free(malloc(10));
}

static void *returns(void *data)
{
	pthread_setspecific(key, (void *)1);
	return data;
}

static void *exits(void *data)
{
	pthread_setspecific(key, (void *)1);
	pthread_exit(data);
}

static void threads_end(void **state)
{
	void *result;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_key_create(&key, key_ends), 0);
	assert_int_equal(pthread_create(&thread, NULL, returns, &thread), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &thread);
	assert_int_equal(key_rounds, 3);
	assert_int_equal(pthread_create(&thread, NULL, exits, &key), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &key);
	assert_int_equal(key_rounds, 6);
	pthread_key_delete(key);
}

static int c11_function(void *data)
{
	return *(int *)data + 1;
}

static void threads_c11(void **state)
{
	const struct timespec when = past();
	int number = 41, result = 0;
	mtx_t mutex;
	cnd_t cond;
	thrd_t thread;

	(void)state;
	assert_int_equal(thrd_create(&thread, c11_function, &number), thrd_success);
	assert_int_equal(thrd_join(thread, &result), thrd_success);
	assert_int_equal(result, 42);
	assert_int_equal(mtx_init(&mutex, mtx_timed), thrd_success);
	assert_int_equal(cnd_init(&cond), thrd_success);
	assert_int_equal(mtx_lock(&mutex), thrd_success);
	assert_int_equal(mtx_timedlock(&mutex, &when), thrd_timedout);
	assert_int_equal(cnd_timedwait(&cond, &mutex, &when), thrd_timedout);
	assert_int_equal(mtx_unlock(&mutex), thrd_success);
}

/* More threads, failures first, than there are places for handing over a thread's start: none may stay taken and be leaked. */
static void threads_fail(void **state)
{
	pthread_attr_t attr, usual;
	pthread_t thread;
	thrd_t thread_c11;
	size_t before;
	int i;

	(void)state;
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)1 << 50), 0);
	before = mallinfo2().uordblks;
	for (i = 0; i < 200; i++)
		assert_int_equal(pthread_create(&thread, &attr, returns, NULL), EAGAIN);
	assert_true(mallinfo2().uordblks - before < 2000);
	assert_int_equal(pthread_getattr_default_np(&usual), 0);
	assert_int_equal(pthread_setattr_default_np(&attr), 0);
	for (i = 0; i < 200; i++)
		assert_int_not_equal(thrd_create(&thread_c11, c11_function, &i), thrd_success);
	assert_int_equal(pthread_setattr_default_np(&usual), 0);
	assert_true(mallinfo2().uordblks - before < 2000);
	pthread_attr_destroy(&attr);
	pthread_attr_destroy(&usual);
	pthread_key_create(&key, NULL);
	for (i = 0; i < 400; i++) {
		/* The first ones leave something to be used again. */
		before = i == 200 ? mallinfo2().uordblks : before;
		assert_int_equal(pthread_create(&thread, NULL, returns, &i), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	assert_true(mallinfo2().uordblks - before < 2000);
	pthread_key_delete(key);
}

struct own {
	pthread_t thread;
	sem_t *done;
};

static pthread_t freed;

static void *frees_itself(void *data)
{
	struct own *own = data;
	sem_t *done = own->done;

	freed = pthread_self();
	munmap(own, 4096);
	sem_post(done);
	return NULL;
}

/* The new thread takes away the memory that its own id was written to; it runs on a stack of the least size. */
static void threads_small(void **state)
{
	pthread_attr_t attr;
	struct own *own;
	sem_t done;
	int i;

	(void)state;
	pthread_attr_init(&attr);
	assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN), 0);
	sem_init(&done, 0, 0);
	for (i = 0; i < 100; i++) {
		own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(own, MAP_FAILED);
		own->done = &done;
		assert_int_equal(pthread_create(&own->thread, &attr, frees_itself, own), 0);
		assert_int_equal(sem_wait(&done), 0);
		assert_int_equal(pthread_join(freed, NULL), 0);
	}
	pthread_attr_destroy(&attr);
	sem_destroy(&done);
}

static void *last_thread(void *data)
{
	pthread_join(*(pthread_t *)data, NULL);
	_exit(7);
}

static void main_thread_exits(void **state)
{
	const pid_t child = fork();

	(void)state;
	if (!child) {
		static pthread_t main_thread;
		pthread_t thread;

		main_thread = pthread_self();
		pthread_create(&thread, NULL, last_thread, &main_thread);
		pthread_exit(NULL);
	}
	assert_int_equal(status_of(child), 7);
}

/* ---- Sockets ---- */

static void sockets(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(in);
	struct epoll_event event = {.events = EPOLLIN};
	struct iovec iov = {"hello", 5};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	char text[16];
	int server, client, peer, ep;

	(void)state;
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/none", dir);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&un, sizeof(un)), -1);
	assert_int_equal(errno, ENOENT);
	close(client);
	server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&in, &length), 0);
	assert_int_equal(accept(server, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(poll(&(struct pollfd){.fd = server, .events = POLLIN}, 1, -1), 1);
	length = sizeof(in);
	peer = accept4(server, (struct sockaddr *)&in, &length, SOCK_CLOEXEC);
	assert_true(peer >= 0 && (fcntl(peer, F_GETFD) & FD_CLOEXEC));
	ep = epoll_create1(0);
	assert_int_equal(epoll_wait(ep, &event, 1, 0), 0);
	assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, peer, &event), 0);
	assert_int_equal(send(client, "x", 1, 0), 1);
	assert_int_equal(epoll_wait(ep, &event, 1, -1), 1);
	assert_int_equal(epoll_pwait(ep, &event, 1, 0, NULL), 1);
	assert_int_equal(recv(peer, text, sizeof(text), 0), 1);
	assert_int_equal(sendmsg(client, &msg, 0), 5);
	iov.iov_base = text;
	assert_int_equal(recvmsg(peer, &msg, MSG_WAITALL), 5);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(sendto(client, "y", 1, 0, NULL, 0), 1);
	assert_int_equal(recvfrom(peer, text, 1, 0, NULL, NULL), 1);
	assert_int_equal(recv(peer, text, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(client);
	assert_int_equal(recv(peer, text, 1, 0), 0);
	close(peer);
	close(server);
	close(ep);
}

static void waiting_times_out(void **state)
{
	struct timespec zero = {0, 0};
	struct timeval no_time = {0, 0};
	struct pollfd none;

	(void)state;
	assert_int_equal(poll(&none, 0, 0), 0);
	assert_int_equal(ppoll(&none, 0, &zero, NULL), 0);
	assert_int_equal(select(0, NULL, NULL, NULL, &no_time), 0);
	assert_int_equal(pselect(0, NULL, NULL, NULL, &zero, NULL), 0);
	assert_int_equal(nanosleep(&zero, NULL), 0);
	assert_int_equal(clock_nanosleep(CLOCK_MONOTONIC, 0, &zero, NULL), 0);
	assert_int_equal(clock_nanosleep(-1, 0, &zero, NULL), EINVAL);
	assert_int_equal(usleep(0), 0);
	assert_int_equal(sleep(0), 0);
}

/* ---- Streams ---- */

static int print_list(FILE *stream, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vfprintf(stream, format, ap);
	va_end(ap);
	return n;
}

static void streams(void **state)
{
	ssize_t (*volatile get)(char **, size_t *, FILE *) = getline; /* the header's inline one is getdelim() */
	char *text = NULL, *line = NULL, data[16];
	size_t size = 0, line_size = 0;
	FILE *stream = open_memstream(&text, &size);
	int ends[2];

	(void)state;
	assert_non_null(stream);
	errno = 33;
	assert_int_equal(fputs("one\n", stream) >= 0, 1);
	assert_int_equal(fwrite("two\n", 2, 2, stream), 2);
	assert_int_equal(fwrite("two\n", 0, 2, stream), 0);
	assert_int_equal(fprintf(stream, "%s %d %.1f %.1Lf\n", "three", 3, 3.5, 3.25L), 16);
	assert_int_equal(print_list(stream, "%c\n", '4'), 2);
	assert_int_equal(fflush(stream), 0);
	assert_int_equal(errno, 33);
	assert_string_equal(text, "one\ntwo\nthree 3 3.5 3.2\n4\n");
	assert_int_equal(fclose(stream), 0);
	free(text);

	stream = fopen64(in_dir("stream"), "w+");
	assert_non_null(stream);
	assert_int_equal(fputs("first\nsecond\nthird", stream) >= 0, 1);
	rewind(stream);
	assert_non_null(fgets(data, sizeof(data), stream));
	assert_string_equal(data, "first\n");
	assert_int_equal(get(&line, &line_size, stream), 7);
	assert_int_equal(getdelim(&line, &line_size, 'r', stream), 4);
	assert_int_equal(fread(data, 1, sizeof(data), stream), 1);
	assert_null(fgets(data, sizeof(data), stream));
	assert_true(feof(stream) && !ferror(stream));
	free(line);
	stream = freopen(in_dir("stream2"), "w", stream);
	assert_non_null(stream);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(fflush(NULL), 0);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dprintf(ends[1], "%s", "direct"), 6);
	assert_int_equal(read(ends[0], data, sizeof(data)), 6);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	stream = fdopen(ends[1], "w");
	assert_int_equal(fputs("nobody reads this", stream) >= 0, 1);
	errno = 0;
	assert_int_equal(fflush(stream), EOF);
	assert_int_equal(errno, EPIPE);
	fclose(stream);
	assert_int_equal(printf("%s", ""), 0);
	assert_true(puts("#") >= 0);
}

/* ---- Characters, scanf ---- */

#define N_CHARS 10000

static FILE *open_buffered(const char *name, const char *mode, int kind, size_t size)
{
	static char buffer[1000];
	FILE *stream = fopen(in_dir(name), mode);

	assert_non_null(stream);
	assert_true(size <= sizeof(buffer));
	assert_int_equal(setvbuf(stream, buffer, kind, size), 0);
	return stream;
}

/* Through a buffer of 1000: the recorder has ten of them, and not ten thousand characters. */
static void characters_buffered(void **state)
{
	FILE *stream = open_buffered("chars", "w", _IOFBF, 1000);
	int i;

	(void)state;
	errno = 55;
	for (i = 0; i < N_CHARS; i++)
		assert_int_equal(fputc('a' + i % 26, stream), 'a' + i % 26);
	assert_int_equal(errno, 55);
	assert_int_equal(fclose(stream), 0);
	stream = open_buffered("chars", "r", _IOFBF, 1000);
	for (i = 0; i < N_CHARS; i++)
		assert_int_equal(fgetc(stream), 'a' + i % 26);
	assert_int_equal(fgetc(stream), EOF);
	assert_true(feof(stream) && !ferror(stream));
	assert_int_equal(errno, 55);
	assert_int_equal(fclose(stream), 0);
}

/* The ends of a pipe: a line goes out when it is complete. Functions and what the compiler makes of them. */
static void characters_lines(void **state)
{
	int (*volatile get)(FILE *) = getc_unlocked, (*volatile put)(int, FILE *) = putc_unlocked;
	char buffer[100], data[16];
	FILE *reader, *writer, *unbuffered = fopen("/dev/null", "w");
	int ends[2];

	(void)state;
	assert_non_null(unbuffered);
	assert_int_equal(setvbuf(unbuffered, NULL, _IONBF, 0), 0);
	assert_int_equal(putc('0', unbuffered), '0');
	fclose(unbuffered);
	assert_int_equal(pipe(ends), 0);
	reader = fdopen(ends[0], "r");
	writer = fdopen(ends[1], "w");
	assert_int_equal(setvbuf(writer, buffer, _IOLBF, sizeof(buffer)), 0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(putc('1', writer), '1');
	assert_int_equal(put('2', writer), '2');
	assert_int_equal(putc_unlocked('3', writer), '3');
	assert_int_equal(read(ends[0], data, 1), -1);
	assert_int_equal(putc_unlocked('\n', writer), '\n');
	assert_int_equal(getc(reader), '1');
	assert_int_equal(getc_unlocked(reader), '2');
	assert_int_equal(get(reader), '3');
	assert_int_equal(ungetc('3', reader), '3');
	assert_int_equal(getc(reader), '3');
	assert_int_equal(getc(reader), '\n');
	errno = 0;
	assert_int_equal(get(reader), EOF);
	assert_true(errno == EAGAIN && ferror(reader));
	clearerr(reader);
	assert_int_equal(putc('\xff', writer), 255);
	assert_int_equal(put('\n', writer), '\n');
	assert_int_equal(getc_unlocked(reader), 255);
	assert_int_equal(get(reader), '\n');
	fclose(reader);
	signal(SIGPIPE, SIG_IGN);
	errno = 0;
	assert_int_equal(putc('\n', writer), EOF);
	assert_int_equal(errno, EPIPE);
	fclose(writer);
}

/* The standard streams of a child, so that those of the test stay. */
static void characters_standard(void **state)
{
	int (*volatile get)(void) = getchar, (*volatile put)(int) = putchar; /* the headers' inline ones are getc() and putc() */
	char buffer[100], line[16];
	FILE *stream;
	const pid_t child = fork();
	int good = 0;

	(void)state;
	if (!child) {
		stream = fopen(in_dir("in"), "w");
		fputs("xyz 12 13 w", stream);
		fclose(stream);
		if (!freopen(in_dir("in"), "r", stdin) || !freopen(in_dir("out"), "w", stdout))
			_exit(1);
		setvbuf(stdout, buffer, _IOLBF, sizeof(buffer));
		good += get() == 'x' && getchar_unlocked() == 'y' && put('z') == 'z' && putchar_unlocked('\n') == '\n';
		good += put('\n') == '\n';
		good += scanf("z %15s", line) == 1 && !strcmp(line, "12");
		good += getwchar() == WEOF && getchar() == ' '; /* it is a stream of bytes by now */
		_exit(good == 4 ? 0 : 2);
	}
	assert_int_equal(status_of(child), 0);
	stream = fopen(in_dir("out"), "r");
	assert_int_equal(fread(line, 1, sizeof(line), stream), 3);
	assert_memory_equal(line, "z\n\n", 3);
	fclose(stream);
}

static void characters_wide(void **state)
{
	wchar_t line[16];
	FILE *stream = fopen(in_dir("wide"), "w");
	int i;

	(void)state;
	for (i = 0; i < N_CHARS; i++)
		assert_int_equal(fputwc(L'a' + i % 26, stream), L'a' + i % 26);
	assert_int_equal(putwc(L'\n', stream), L'\n');
	assert_true(fputws(L"second\n", stream) >= 0);
	assert_int_equal(fclose(stream), 0);
	stream = fopen(in_dir("wide"), "r");
	for (i = 0; i < N_CHARS; i++)
		assert_int_equal(fgetwc(stream), L'a' + i % 26);
	assert_int_equal(ungetwc(L'!', stream), L'!');
	assert_int_equal(getwc(stream), L'!');
	assert_int_equal(getwc(stream), L'\n');
	assert_non_null(fgetws(line, 16, stream));
	assert_int_equal(wcscmp(line, L"second\n"), 0);
	assert_int_equal(getwc(stream), WEOF);
	assert_null(fgetws(line, 16, stream));
	assert_int_equal(fclose(stream), 0);
	stream = fopen("/dev/full", "w");
	setvbuf(stream, NULL, _IOLBF, 100);
	assert_int_equal(fputwc(L'x', stream), L'x');
	assert_int_equal(putwc(L'\n', stream), WEOF);
	assert_int_equal(errno, ENOSPC);
	fclose(stream);
}

static int scan_list(FILE *stream, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vfscanf(stream, format, ap);
	va_end(ap);
	return n;
}

static void scanning(void **state)
{
	int (*old)(FILE *, const char *, ...) = (int (*)(FILE *, const char *, ...))dlsym(RTLD_DEFAULT, "fscanf");
	FILE *stream = fopen(in_dir("scan"), "w+");
	char word[16], *text = NULL;
	float number = 0;
	int a = 0, b = 0;

	(void)state;
	fputs("12 13 word 0x1p3 gnu 14", stream);
	rewind(stream);
	assert_int_equal(fscanf(stream, "%d %d", &a, &b), 2);
	assert_int_equal(a + b, 25);
	assert_int_equal(scan_list(stream, "%15s", word), 1);
	assert_string_equal(word, "word");
	assert_int_equal(fscanf(stream, "%a", &number), 1); /* C99: a number */
	assert_true(number == 8);
	assert_non_null(old);
	assert_int_equal(old(stream, " %as", &text), 1); /* as GNU had it: a string, allocated */
	assert_string_equal(text, "gnu");
	free(text);
	assert_int_equal(fscanf(stream, "%15[x]", word), 0);
	assert_int_equal(fscanf(stream, "%d", &a), 1);
	assert_int_equal(fscanf(stream, "%d", &a), EOF);
	assert_true(feof(stream));
	fclose(stream);
}

/* ---- Locks of files, names of hosts ---- */

static void wait_lock(struct waiter *waiter)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	assert_int_equal(fcntl(waiter->fd[1], F_OFD_SETLKW, &lock), 0);
}

static void file_locks(void **state)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct waiter waiter;
	int fd;

	(void)state;
	waiter_init(&waiter);
	waiter.fd[0] = open(in_dir("lock"), O_RDWR | O_CREAT, 0600);
	waiter.fd[1] = open(in_dir("lock"), O_RDWR);
	assert_int_equal(fcntl(waiter.fd[0], F_OFD_SETLKW, &lock), 0);
	waiter_start(&waiter, wait_lock);
	assert_int_equal(fcntl(waiter.fd[0], F_OFD_GETLK, &lock), 0);
	lock.l_type = F_UNLCK;
	assert_int_equal(fcntl(waiter.fd[0], F_OFD_SETLK, &lock), 0);
	assert_int_equal(pthread_join(waiter.thread, NULL), 0);
	lock.l_type = F_WRLCK;
	lock.l_pid = 0;
	assert_int_equal(fcntl(waiter.fd[0], F_OFD_SETLK, &lock), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(-1, F_SETLKW, &lock), -1);
	assert_int_equal(errno, EBADF);
	fd = fcntl(waiter.fd[0], F_DUPFD_CLOEXEC, 77);
	assert_int_equal(fd, 77);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	close(fd);
	close(waiter.fd[0]);
	close(waiter.fd[1]);
}

static void host_names(void **state)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;

	(void)state;
	assert_int_equal(getaddrinfo("127.0.0.1", "80", &hints, &found), 0);
	assert_int_equal(((struct sockaddr_in *)(void *)found->ai_addr)->sin_port, htons(80));
	freeaddrinfo(found);
	assert_int_equal(getaddrinfo("no number", NULL, &hints, &found), EAI_NONAME);
	assert_int_equal(getaddrinfo(NULL, "81", &hints, &found), 0);
	freeaddrinfo(found);
}

/* ---- Processes ---- */

static void processes(void **state)
{
	char *const argv[] = {"sh", "-c", "exit 5", NULL};
	char *const env[] = {"EDGE=10", NULL};
	siginfo_t info = {.si_pid = 0};
	const char *volatile none = NULL;
	char line[32];
	FILE *stream;
	struct rusage usage;
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (!child) {
		free(malloc(10));
		_exit(3);
	}
	assert_int_equal(status_of(child), 3);
	child = vfork();
	if (!child) {
		execv("/nonexistent", argv);
		execve("/bin/sh", argv, environ);
		_exit(1);
	}
	assert_int_equal(status_of(child), 5);
	child = vfork();
	if (!child)
		_exit(6);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED), 0);
	assert_int_equal(info.si_status, 6);
	assert_int_equal(posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ), 0);
	assert_int_equal(wait4(child, &status, 0, &usage), child);
	assert_int_equal(WEXITSTATUS(status), 5);
	assert_int_equal(posix_spawnp(&child, "no-such-program", NULL, NULL, argv, environ), ENOENT);
	child = fork();
	if (!child) {
		execlp("sh", "sh", "-c", "exit 8", NULL);
		_exit(1);
	}
	assert_int_equal(status_of(child), 8);
	child = fork();
	if (!child) {
		execle("/bin/sh", "sh", "-c", "exit $EDGE", NULL, env);
		_exit(1);
	}
	assert_int_equal(status_of(child), 10);
	assert_int_equal(execl("/nonexistent", none, NULL), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(WEXITSTATUS(system("exit 9")), 9);
	stream = popen("echo from a pipe; exit 11", "r");
	assert_non_null(stream);
	assert_non_null(fgets(line, sizeof(line), stream));
	assert_string_equal(line, "from a pipe\n");
	assert_int_equal(WEXITSTATUS(pclose(stream)), 11);
	errno = 0;
	assert_int_equal(wait(&status), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(execv("/nonexistent", argv), -1);
	assert_int_equal(errno, ENOENT);
}

/* ---- Loading ---- */

static void loading(void **state)
{
	void *outer;
	int (*answer)(void);

	(void)state;
	assert_null(dlerror());
	assert_null(dlopen("libpreload_inner.so", RTLD_NOW)); /* our own search path does not have it */
	assert_non_null(strstr(dlerror(), "libpreload_inner.so"));
	outer = dlopen(outer_path, RTLD_NOW);
	assert_non_null(outer);
	answer = (int (*)(void))dlsym(outer, "preload_outer_answer");
	assert_non_null(answer);
	assert_int_equal(answer(), 42);
	assert_int_equal(dlclose(outer), 0);
	assert_null(dlopen(outer_path, RTLD_NOW | RTLD_NOLOAD));
	outer = dlopen(NULL, RTLD_NOW);
	assert_non_null(outer);
	assert_int_equal(dlclose(outer), 0);
}

/* A second preloaded library (preload_early.c), if it is there, was served in its constructor. */
static void before_main(void **state)
{
	const int *good = (const int *)dlsym(RTLD_DEFAULT, "preload_early_good");
	const int *bad = (const int *)dlsym(RTLD_DEFAULT, "preload_lookup_bad");
	const int *early = (const int *)dlsym(RTLD_DEFAULT, "preload_lookup_early");

	(void)state;
	if (good)
		assert_int_equal(*good, 7);
	/* What a third one (preload_lookup.c) got while the heap was looked up was usable. */
	if (bad && early) {
		assert_int_equal(*bad, 0);
		assert_true(*early > 0);
	}
	(void)dlerror();
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[PATH_MAX];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_main),	    cmocka_unit_test(loading),		cmocka_unit_test(memory_results),
		cmocka_unit_test(memory_aligned),   cmocka_unit_test(memory_cxx),	cmocka_unit_test(memory_signals),
		cmocka_unit_test(open_modes),	    cmocka_unit_test(open_errors),	cmocka_unit_test(read_write),
		cmocka_unit_test(fortified),	    cmocka_unit_test(interrupted),	cmocka_unit_test(jumped_out),
		cmocka_unit_test(cancelled),	    cmocka_unit_test(cancelled_at_once), cmocka_unit_test(mutex_kinds),
		cmocka_unit_test(locks_wait),	    cmocka_unit_test(rwlock_kinds),	    cmocka_unit_test(cond_and_sem),	cmocka_unit_test(locks_hold),
		cmocka_unit_test(threads_end),	    cmocka_unit_test(threads_c11),	cmocka_unit_test(threads_fail),
		cmocka_unit_test(threads_small),    cmocka_unit_test(main_thread_exits), cmocka_unit_test(sockets),
		cmocka_unit_test(waiting_times_out), cmocka_unit_test(streams),		cmocka_unit_test(processes),
		cmocka_unit_test(characters_buffered), cmocka_unit_test(characters_lines), cmocka_unit_test(characters_standard),
		cmocka_unit_test(characters_wide),  cmocka_unit_test(scanning),		cmocka_unit_test(file_locks),
		cmocka_unit_test(host_names),
	};

	if (argc < 2)
		return 2;
	outer_path = argv[1];
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
