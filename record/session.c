/* SPDX-License-Identifier: MIT */
/*
 * session.c - opening and closing a session, and the wait loop. What the rooms are: session.h.
 *
 * Order of opening: all that can fail without a trace first, then the trace directory, last the command or the arming of what runs.
 * Order of closing: disarm, stop listening, take out what is in the rings, punch the memory out, finish the files and the metadata, and only
 * then let the page of life go.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "proc.h"

/* All rings of a program, unless the user names a size: machines with many CPUs get smaller rings. */
#define PROGRAM_SIZE_DEFAULT (32u << 20)
#define RING_SIZE_SMALL (128u << 10)
#define SUB_PER_RING 8u
/* So long the end of a session waits for writers that are in the middle of a record, all in all. */
#define QUIET_NS 100000000u

uint64_t session_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void session_say(struct record_session *session, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!session->callbacks.message)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	session->callbacks.message(session->callbacks.data, text);
}

int session_watch(struct record_session *session, struct source *source, int fd,
		  void (*ready)(struct record_session *session, struct source *source))
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	source->fd = -1;
	if (epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	source->fd = fd;
	source->ready = ready;
	return 0;
}

void session_unwatch(struct record_session *session, struct source *source)
{
	if (source->fd >= 0)
		(void)epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

void session_abort(struct record_session *session, int err, const char *text)
{
	if (!session->failure) {
		session->failure = err;
		(void)snprintf(session->failure_text.text, sizeof(session->failure_text.text), "%s", text);
	}
	session->stopping = true;
}

void record_session_stop(struct record_session *session)
{
	const uint64_t one = 1;

	if (write(session->stop_event.fd, &one, sizeof(one)) < 0)
		return; /* only if it is full, and then it stops anyway */
}

static uint64_t total_discarded(const struct record_session *session, uint64_t by[BL_LOST_NR])
{
	const struct stream *stream;
	uint64_t total = 0;
	int i;

	memset(by, 0, BL_LOST_NR * sizeof(*by));
	for (stream = session->streams.all; stream; stream = stream->next)
		for (i = 0; i < BL_LOST_NR; i++) {
			by[i] += stream->lost[i];
			total += stream->lost[i];
		}
	return total;
}

void session_progress(const struct record_session *session, struct record_progress *ret)
{
	uint64_t by[BL_LOST_NR];

	ret->records = session->summary.records;
	ret->bytes = session->trace.bytes;
	ret->discarded = total_discarded(session, by);
	ret->elapsed_ns = (session->end_ns ? session->end_ns : session_now_ns()) - session->start_ns;
	ret->programs = session->n_programs;
}

void session_wrote(struct record_session *session)
{
	const uint32_t ms = session->callbacks.progress_interval_ms ? session->callbacks.progress_interval_ms : 1000;
	const struct itimerspec when = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}};

	if (session->callbacks.progress && !session->progress_due && !session->stopping) {
		session->progress_due = true;
		(void)timerfd_settime(session->progress_timer.fd, 0, &when, NULL);
	}
	/* Ten times as long a span, ten times as good a frequency; a recorder that is killed leaves the last one. */
	if (!session->stopping && trace_clock_is_stale(&session->clock)) {
		trace_clock_refine(&session->clock);
		(void)trace_describe(&session->trace, NULL);
	}
}

static void ready_progress(struct record_session *session, struct source *source)
{
	struct record_progress progress;
	uint64_t count;

	if (read(source->fd, &count, sizeof(count)) < 0)
		return;
	session->progress_due = false;
	session_progress(session, &progress);
	session->callbacks.progress(session->callbacks.data, &progress);
}

static void ready_interval(struct record_session *session, struct source *source)
{
	struct program *program;
	uint64_t count;

	if (read(source->fd, &count, sizeof(count)) < 0 || session->options.overwrite)
		return;
	for (program = session->programs; program; program = program->next) {
		drain_flush(program);
		(void)drain_program(session, program, &session->trace);
	}
}

static void ready_bell(struct record_session *session, struct source *source)
{
	uint64_t count;

	if (read(source->fd, &count, sizeof(count)) < 0)
		return;
	session->bells_awake = true;
}

static void ready_stop(struct record_session *session, struct source *source)
{
	(void)source;
	session->stopping = true;
}

static void interrupted(struct record_session *session, int signal)
{
	session->interrupts++;
	if (session->command_pid > 0 && session->interrupts == 1) {
		/* The terminal has told the command of Ctrl-C already; other signals came to us alone. */
		if (signal != SIGINT)
			command_signal(session, signal);
		return;
	}
	session->stopping = true;
}

static void ready_signal(struct record_session *session, struct source *source)
{
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGXFSZ)
		return; /* the write that was too much has said so itself */
	if (info.ssi_signo != SIGCHLD)
		interrupted(session, (int)info.ssi_signo);
	else if (command_reap(session))
		session->stopping = true;
}

static int choose_geometry(struct record_session *session, struct record_error *error)
{
	const struct record_options *options = &session->options;
	struct geometry *geometry = &session->geometry;
	const long cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t ring = options->ring_size, sub = options->sub_size;

	geometry->n_rings = cpus < 1 ? 1 : cpus > (long)BL_RINGS_MAX ? BL_RINGS_MAX : (uint32_t)cpus;
	if (ring > RECORD_RING_SIZE_MAX || (ring && ring < RECORD_RING_SIZE_MIN))
		return record_fail(error, -EINVAL, "a ring has %u KiB to %u MiB, not %llu bytes", RECORD_RING_SIZE_MIN >> 10,
				   RECORD_RING_SIZE_MAX >> 20, (unsigned long long)ring);
	_Static_assert(RECORD_SUB_SIZE_MAX == 1u << BL_PROGRAM_SUB_SHIFT_MAX, "the largest sub-buffer that a program takes");
	if (sub > RECORD_SUB_SIZE_MAX)
		return record_fail(error, -EINVAL, "a sub-buffer has at most %u KiB, not %llu bytes", RECORD_SUB_SIZE_MAX >> 10,
				   (unsigned long long)sub);
	for (ring = ring ? ring : RECORD_RING_SIZE_DEFAULT;
	     !options->ring_size && ring > RING_SIZE_SMALL && ring * geometry->n_rings > PROGRAM_SIZE_DEFAULT; ring /= 2)
		;
	if (!sub)
		sub = ring / SUB_PER_RING;
	geometry->sub_shift = BL_SUB_SHIFT_MIN;
	while (geometry->sub_shift < BL_PROGRAM_SUB_SHIFT_MAX && 1ull << geometry->sub_shift < sub)
		geometry->sub_shift++;
	geometry->n_sub = 2;
	while (geometry->n_sub < BL_SUB_MAX && (uint64_t)geometry->n_sub << geometry->sub_shift < ring)
		geometry->n_sub *= 2;
	if (options->ring_size && options->sub_size && (uint64_t)geometry->n_sub << geometry->sub_shift < ring)
		return record_fail(error, -EINVAL, "a ring has at most %u sub-buffers: larger ones (--sub-size) or a smaller ring (--size)",
				   BL_SUB_MAX);
	geometry->n_phys = geometry->n_sub + 1;
	geometry->ring_size = BL_ABI_PAGE + (((uint64_t)geometry->n_phys << geometry->sub_shift) + BL_ABI_PAGE - 1) / BL_ABI_PAGE * BL_ABI_PAGE;
	return 0;
}

static int choose_events(struct record_session *session, struct record_error *error)
{
	const char *const *filter = session->options.filters;
	struct expr_error what;
	int err = 0;

	session->selection = selection_new();
	if (!session->selection)
		return record_fail(error, -ENOMEM, "out of memory");
	for (; filter && *filter && !err; filter++) {
		err = selection_add(session->selection, *filter, &what);
		if (err == -EINVAL)
			(void)record_fail(error, err, "-e '%.200s': column %zu: %s", *filter, what.column, what.message);
		else if (err)
			(void)record_fail(error, err, "out of memory");
	}
	return err;
}

static int choose_name(struct record_session *session, struct record_error *error)
{
	const char *name = session->options.name;
	char *own = session->socket_name;

	if (!name) {
		(void)snprintf(own, RECORD_NAME_MAX, "%s%d", session->options.command ? "." : "pid-", (int)getpid());
		return 0;
	}
	if (!name[0] || strlen(name) + 2 > RECORD_NAME_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(name))
		return record_fail(error, -EINVAL, "a session's name has letters, digits, '-' and '_', and at most %u of them",
				   RECORD_NAME_MAX - 2);
	/* A command's session is not for others, and they keep away from names with a dot. */
	(void)snprintf(own, RECORD_NAME_MAX, "%s%s", session->options.command ? "." : "", name);
	return 0;
}

static int watch_new(struct record_session *session, struct source *source, int fd,
		     void (*ready)(struct record_session *session, struct source *source))
{
	int err;

	if (fd < 0)
		return -errno;
	err = session_watch(session, source, fd, ready);
	if (err)
		close(fd);
	return err;
}

static int open_sources(struct record_session *session)
{
	const struct rlimit *before = &session->files_before;
	const struct rlimit files = {.rlim_cur = before->rlim_max, .rlim_max = before->rlim_max};
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGXFSZ);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	err = watch_new(session, &session->signals, signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), ready_signal);
	if (!err)
		err = watch_new(session, &session->stop_event, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), ready_stop);
	if (!err)
		err = watch_new(session, &session->progress_timer, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
				ready_progress);
	if (!err)
		err = bells_init(&session->bells);
	if (!err)
		err = session_watch(session, &session->bell_event, session->bells.event_fd, ready_bell);
	return err;
}

static int start_interval(struct record_session *session)
{
	const uint32_t ms = session->options.flush_interval_ms;
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	int err;

	if (!ms)
		return 0;
	err = watch_new(session, &session->interval_timer, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), ready_interval);
	if (!err && timerfd_settime(session->interval_timer.fd, 0, &(const struct itimerspec){.it_interval = time, .it_value = time}, NULL))
		err = -errno;
	return err;
}

static void init_nothing(struct record_session *session)
{
	session->epoll_fd = -1;
	session->signals.fd = -1;
	session->stop_event.fd = -1;
	session->bell_event.fd = -1;
	session->listener.fd = -1;
	session->connect_timer.fd = -1;
	session->interval_timer.fd = -1;
	session->progress_timer.fd = -1;
	session->poll_timer.fd = -1;
	session->reserve_fd = -1;
	session->sessions_dir = -1;
	session->life.fd = -1;
	session->bells.event_fd = -1;
	session->trace.dir_fd = -1;
	session->command_status = -1;
	(void)sigprocmask(SIG_SETMASK, NULL, &session->signals_before);
	(void)getrlimit(RLIMIT_NOFILE, &session->files_before);
}

static int open_trace(struct record_session *session, struct record_error *error)
{
	struct trace *trace = &session->trace;
	int err;

	if (getrandom(session->uuid, sizeof(session->uuid), 0) != (ssize_t)sizeof(session->uuid))
		return record_fail(error, -EIO, "no random numbers for the trace's name");
	session->uuid[6] = (uint8_t)((session->uuid[6] & 0x0f) | 0x40);
	session->uuid[8] = (uint8_t)((session->uuid[8] & 0x3f) | 0x80);
	memcpy(trace->uuid, session->uuid, sizeof(trace->uuid));
	trace->version = session->options.ctf_version == 2 ? CTF_2 : CTF_1_8;
	trace->clock = &session->clock;
	trace->streams = &session->streams;
	if (session->options.command)
		trace->command = session->command_text = command_text(session->options.command);
	trace_clock_init(&session->clock);
	err = trace_open(trace, session->options.output_dir, error);
	return err ? err : trace_describe(trace, error);
}

static int open_all(struct record_session *session, struct record_error *error)
{
	const struct record_options *options = &session->options;
	int err;

	session->contexts = options->no_default_contexts ? options->contexts : options->contexts | BL_CONTEXT_TID;
	if (session->contexts & ~(uint32_t)BL_CONTEXT_ALL || options->ctf_version > 2)
		return record_fail(error, -EINVAL, "unknown context or version of CTF");
	if (!proc_is_ours())
		return record_fail(error, -ENOENT, PROC_IS_NOT_OURS);
	err = choose_geometry(session, error);
	if (!err)
		err = choose_events(session, error);
	if (!err)
		err = choose_name(session, error);
	if (err)
		return err;
	session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = session->epoll_fd < 0 ? -errno : open_sources(session);
	if (!err)
		err = start_interval(session);
	if (err)
		return record_fail(error, err, "cannot set up the recorder: %s", strerror(-err));
	err = life_open(&session->life, error);
	if (!err)
		err = attach_listen(session, error);
	return err ? err : open_trace(session, error);
}

int record_session_new(const struct record_options *options, const struct record_callbacks *callbacks, struct record_session **ret_session,
		       struct record_error *error)
{
	struct record_session *session = calloc(1, sizeof(*session));
	int err;

	if (!session)
		return record_fail(error, -ENOMEM, "out of memory");
	session->options = *options;
	if (callbacks)
		session->callbacks = *callbacks;
	init_nothing(session);
	err = open_all(session, error);
	if (!err) /* for tables that fit one page, as most do */
		pool_prepare(&session->pool, geteuid(), BL_ABI_PAGE + session->geometry.n_rings * session->geometry.ring_size);
	session->start_ns = session_now_ns();
	if (!err && options->command)
		err = command_start(session, error);
	if (err) {
		trace_remove(&session->trace);
		record_session_free(session);
		return err;
	}
	if (!options->command)
		arm_all(session);
	*ret_session = session;
	return 0;
}

/* Programs that must not make a system call: looked at whenever somebody else has woken us. */
static void serve_silent(struct record_session *session)
{
	struct program *program;

	if (!session->n_silent || session->options.overwrite)
		return;
	for (program = session->programs; program; program = program->next)
		if (!program->rings_bell)
			(void)drain_program(session, program, &session->trace);
}

static void turn(struct record_session *session)
{
	struct epoll_event event;
	/* One event at a time: what it does may do away with the source of the next. */
	const int n = epoll_wait(session->epoll_fd, &event, 1, session->bells_awake ? 0 : -1);
	struct source *source = n == 1 ? event.data.ptr : NULL;

	if (source)
		source->ready(session, source);
	if (session->bells_awake && !session->stopping) {
		session->bells_awake = bells_serve(&session->bells, drain_serve, session);
		serve_silent(session);
	}
}

static bool is_dead(const struct program *program)
{
	struct pollfd death = {.fd = program->death.fd, .events = POLLIN};

	return program->death.fd < 0 ? kill(program->pid, 0) && errno == ESRCH : poll(&death, 1, 0) == 1;
}

static void say_unused_filters(struct record_session *session)
{
	struct select_cursor cursor = {0};
	struct expr_error what;
	const char *option;

	while (session->summary.programs && selection_warning(session->selection, &cursor, &option, &what))
		session_say(session, "-e '%s': column %zu: %s", option, what.column, what.message);
}

/* The clock and the environment are known best at the end. What is there describes all packets, so on a full disk it may stay. */
static void describe_last(struct record_session *session)
{
	struct record_error error;
	const int err = trace_describe(&session->trace, &error);

	if (!err || session->failure)
		return;
	if ((err == -ENOSPC || err == -EDQUOT) && session->options.full_disk == RECORD_FULL_DISK_DISCARD &&
	    session->trace.n_described == session->streams.n_classes) {
		session_say(session, "%s. It stays as it was.", error.text);
		return;
	}
	session->failure = err;
	session->failure_text = error;
}

static void close_session(struct record_session *session)
{
	struct program *program;

	session->stopping = true;
	disarm_all(session);
	for (program = session->programs; program; program = program->next)
		if (!session->options.overwrite)
			drain_flush(program);
	session->quiet_deadline_ns = session_now_ns() + QUIET_NS;
	while (session->programs)
		program_end(session, session->programs, is_dead(session->programs));
	session->end_ns = session_now_ns();
	trace_finish(&session->trace);
	trace_clock_refine(&session->clock);
	describe_last(session);
	life_close(&session->life);
	attach_close(session);
	say_unused_filters(session);
	request_stopped(session);
}

/* Its exit status is ours, even if the session was told to stop before. */
static void wait_for_command(struct record_session *session)
{
	struct pollfd signals = {.fd = session->signals.fd, .events = POLLIN};

	while (session->command_pid > 0 && session->interrupts < 2 && !command_reap(session)) {
		(void)poll(&signals, 1, -1);
		ready_signal(session, &session->signals);
	}
}

int record_session_run(struct record_session *session, struct record_error *error)
{
	while (!session->stopping)
		turn(session);
	close_session(session);
	wait_for_command(session);
	if (session->failure)
		*error = session->failure_text;
	return session->failure;
}

void record_session_summary(const struct record_session *session, struct record_summary *ret)
{
	const uint64_t end = session->end_ns ? session->end_ns : session_now_ns();

	*ret = session->summary;
	ret->bytes = session->trace.bytes;
	ret->packets = session->trace.packets;
	ret->streams = session->trace.n_made;
	ret->stream_classes = session->streams.n_classes;
	ret->duration_ns = end - session->start_ns;
	ret->clock_error_ns = session->clock.error_ns;
	ret->command_status = session->command_status;
	(void)total_discarded(session, ret->discarded);
	(void)snprintf(ret->trace_dir, sizeof(ret->trace_dir), "%s", session->trace.path);
}

const char *record_session_trace_dir(const struct record_session *session)
{
	return session->trace.path;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* One that is blocked and came for us, not for who is here after us. */
static void forget_signal(int signal)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, signal);
	(void)sigtimedwait(&signals, NULL, &(const struct timespec){0});
}

void record_session_free(struct record_session *session)
{
	if (!session)
		return;
	session->stopping = true;
	attach_close(session);
	while (session->programs)
		program_end(session, session->programs, true);
	trace_finish(&session->trace);
	bells_fini(&session->bells);
	streams_fini(&session->streams);
	pool_fini(&session->pool);
	life_close(&session->life);
	trace_close(&session->trace);
	selection_free(session->selection);
	close_fd(session->signals.fd);
	close_fd(session->stop_event.fd);
	close_fd(session->interval_timer.fd);
	close_fd(session->progress_timer.fd);
	close_fd(session->epoll_fd);
	(void)setrlimit(RLIMIT_NOFILE, &session->files_before);
	forget_signal(SIGXFSZ);
	(void)sigprocmask(SIG_SETMASK, &session->signals_before, NULL);
	free(session->command_text);
	free(session->programs_text);
	free(session);
}
