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

int session_watch_for(struct record_session *session, struct watch *watch, int fd, uint32_t events,
		      void (*ready)(struct record_session *session, struct watch *watch))
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	watch->fd = -1;
	if (epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	watch->fd = fd;
	watch->ready = ready;
	return 0;
}

int session_watch(struct record_session *session, struct watch *watch, int fd,
		  void (*ready)(struct record_session *session, struct watch *watch))
{
	return session_watch_for(session, watch, fd, EPOLLIN, ready);
}

void session_unwatch(struct record_session *session, struct watch *watch)
{
	if (watch->fd >= 0)
		(void)epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
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
	const struct source *source;
	const struct stream *stream;
	uint64_t total = 0;
	int i;

	memset(by, 0, BL_LOST_NR * sizeof(*by));
	for (source = session->sources; source; source = source->next)
		for (stream = source->streams.all; stream; stream = stream->next)
			for (i = 0; i < BL_LOST_NR; i++) {
				by[i] += stream->lost[i];
				total += stream->lost[i];
			}
	return total;
}

void session_progress(const struct record_session *session, struct record_progress *ret)
{
	const struct source *source;
	uint64_t by[BL_LOST_NR];

	ret->records = session->summary.records;
	ret->bytes = 0;
	for (source = session->sources; source; source = source->next)
		ret->bytes += source->trace.bytes;
	ret->discarded = total_discarded(session, by);
	ret->elapsed_ns = (session->end_ns ? session->end_ns : session_now_ns()) - session->start_ns;
	ret->programs = session->n_programs;
}

void session_wrote(struct record_session *session)
{
	const uint32_t ms = session->callbacks.progress_interval_ms ? session->callbacks.progress_interval_ms : 1000;
	const struct itimerspec when = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}};
	struct source *source;

	if (session->callbacks.progress && !session->progress_due && !session->stopping) {
		session->progress_due = true;
		(void)timerfd_settime(session->progress_timer.fd, 0, &when, NULL);
	}
	/* Ten times as long a span, ten times as good a frequency; a recorder that is killed leaves the last one. */
	if (!session->stopping && trace_clock_is_stale(&session->clock)) {
		trace_clock_refine(&session->clock);
		for (source = session->sources; source; source = source->next)
			(void)trace_describe(&source->trace, NULL);
	}
}

static void ready_progress(struct record_session *session, struct watch *watch)
{
	struct record_progress progress;
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	session->progress_due = false;
	session_progress(session, &progress);
	session->callbacks.progress(session->callbacks.data, &progress);
}

void source_fini(struct source *source)
{
	trace_finish(&source->trace);
	streams_fini(&source->streams);
	trace_close(&source->trace);
}

void session_flush(struct record_session *session)
{
	struct source *source;

	for (source = session->sources; source; source = source->next) {
		source->ops->flush(session, source);
		source->more = source->ops->drain(session, source);
	}
}

static void ready_interval(struct record_session *session, struct watch *watch)
{
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) >= 0 && !session->options.overwrite)
		session_flush(session);
}

static void ready_bell(struct record_session *session, struct watch *watch)
{
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) < 0)
		return;
	session->bells_awake = true;
}

static void ready_stop(struct record_session *session, struct watch *watch)
{
	(void)watch;
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

static void ready_signal(struct record_session *session, struct watch *watch)
{
	struct signalfd_siginfo info;

	if (read(watch->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGXFSZ)
		return; /* the write that was too much has said so itself */
	if (info.ssi_signo != SIGCHLD)
		interrupted(session, (int)info.ssi_signo);
	else if (command_reap(session))
		session->stopping = true;
}

void session_fit_ring(uint64_t ring, uint64_t sub, uint32_t shift_max, uint32_t *ret_sub_shift, uint32_t *ret_n_sub)
{
	uint32_t shift = BL_SUB_SHIFT_MIN, n = 2;

	while (shift < shift_max && 1ull << shift < sub)
		shift++;
	while (n < BL_SUB_MAX && (uint64_t)n << shift < ring)
		n *= 2;
	*ret_sub_shift = shift;
	*ret_n_sub = n;
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
	session_fit_ring(ring, sub, BL_PROGRAM_SUB_SHIFT_MAX, &geometry->sub_shift, &geometry->n_sub);
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

static int watch_new(struct record_session *session, struct watch *watch, int fd,
		     void (*ready)(struct record_session *session, struct watch *watch))
{
	int err;

	if (fd < 0)
		return -errno;
	err = session_watch(session, watch, fd, ready);
	if (err)
		close(fd);
	return err;
}

static int open_watches(struct record_session *session)
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
	session->user.ops = &programs_ops;
	session->user.trace.dir_fd = -1;
	session->sources = &session->user;
	session->command_status = -1;
	(void)sigprocmask(SIG_SETMASK, NULL, &session->signals_before);
	(void)getrlimit(RLIMIT_NOFILE, &session->files_before);
}

/* Layers are traces of their own, and so are their names. */
int session_name_layer(struct record_session *session, struct source *source, const char *layer, struct record_error *error)
{
	struct trace *trace = &source->trace;

	if (getrandom(trace->uuid, sizeof(trace->uuid), 0) != (ssize_t)sizeof(trace->uuid))
		return record_fail(error, -EIO, "no random numbers for the trace's name");
	trace->uuid[6] = (uint8_t)((trace->uuid[6] & 0x0f) | 0x40);
	trace->uuid[8] = (uint8_t)((trace->uuid[8] & 0x3f) | 0x80);
	trace->layer = layer;
	trace->version = session->options.ctf_version == 2 ? CTF_2 : CTF_1_8;
	trace->clock = &session->clock;
	trace->streams = &source->streams;
	trace->command = session->command_text;
	return 0;
}

static int open_traces(struct record_session *session, struct record_error *error)
{
	struct source *source;
	int err;

	err = trace_make_dir(session->dir, session->options.output_dir, error);
	for (source = session->sources; source && !err; source = source->next) {
		err = trace_open(&source->trace, session->dir, error);
		if (!err)
			err = trace_describe(&source->trace, error);
	}
	return err;
}

static void remove_traces(struct record_session *session)
{
	struct source *source;

	for (source = session->sources; source; source = source->next)
		trace_remove(&source->trace);
	if (session->dir[0])
		(void)rmdir(session->dir);
	session->dir[0] = 0;
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
	if (options->command)
		session->command_text = command_text(options->command);
	trace_clock_init(&session->clock);
	err = choose_geometry(session, error);
	if (!err)
		err = choose_events(session, error);
	if (!err)
		err = choose_name(session, error);
	if (err)
		return err;
	session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = session->epoll_fd < 0 ? -errno : open_watches(session);
	if (!err)
		err = start_interval(session);
	if (err)
		return record_fail(error, err, "cannot set up the recorder: %s", strerror(-err));
	err = life_open(&session->life, error);
	if (!err)
		err = attach_listen(session, error);
	if (!err)
		err = session_name_layer(session, &session->user, "user", error);
	if (!err)
		err = hypervisor_add(session, error);
	return err ? err : open_traces(session, error);
}

static int start_all(struct record_session *session, struct record_error *error)
{
	struct source *source;
	int err = 0;

	session->start_ns = session_now_ns();
	for (source = session->sources; source && !err; source = source->next)
		err = source->ops->start(session, source, error);
	return err || !session->options.command ? err : command_start(session, error);
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
	if (!err)
		err = start_all(session, error);
	if (err) {
		remove_traces(session);
		record_session_free(session);
		return err;
	}
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
			(void)drain_program(session, program, &session->user.trace);
}

static bool has_more(const struct record_session *session)
{
	const struct source *source;

	for (source = session->sources; source && !source->more; source = source->next)
		;
	return source;
}

static void turn(struct record_session *session)
{
	struct epoll_event event;
	/* One event at a time: what it does may do away with the watch of the next. */
	const int n = epoll_wait(session->epoll_fd, &event, 1, session->bells_awake || has_more(session) ? 0 : -1);
	struct watch *watch = n == 1 ? event.data.ptr : NULL;
	struct source *source;

	if (watch)
		watch->ready(session, watch);
	if (session->bells_awake && !session->stopping) {
		session->bells_awake = bells_serve(&session->bells, drain_serve, session);
		serve_silent(session);
	}
	for (source = session->sources; source && !session->stopping; source = source->next)
		if (source->more)
			source->more = source->ops->drain(session, source);
}

static void say_unused_filters(struct record_session *session)
{
	struct select_cursor cursor = {0};
	struct expr_error what;
	const char *option;

	while ((session->summary.programs || session->summary.hypervisor) && selection_warning(session->selection, &cursor, &option, &what))
		session_say(session, "-e '%s': column %zu: %s", option, what.column, what.message);
}

/* The clock and the environment are known best at the end. What is there describes all packets, so on a full disk it may stay. */
static void describe_last(struct record_session *session, struct source *source)
{
	struct record_error error;
	const int err = trace_describe(&source->trace, &error);

	if (!err || session->failure)
		return;
	if ((err == -ENOSPC || err == -EDQUOT) && session->options.full_disk == RECORD_FULL_DISK_DISCARD &&
	    source->trace.n_described == source->streams.n_classes) {
		session_say(session, "%s. It stays as it was.", error.text);
		return;
	}
	session->failure = err;
	session->failure_text = error;
}

static void close_session(struct record_session *session)
{
	struct source *source;

	session->stopping = true;
	for (source = session->sources; source; source = source->next)
		source->ops->stop(session, source);
	session->end_ns = session_now_ns();
	for (source = session->sources; source; source = source->next)
		trace_finish(&source->trace);
	trace_clock_refine(&session->clock);
	hypervisor_check_clock(session);
	for (source = session->sources; source; source = source->next)
		describe_last(session, source);
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
	const struct source *source;

	*ret = session->summary;
	ret->bytes = ret->packets = 0;
	ret->streams = ret->stream_classes = 0;
	for (source = session->sources; source; source = source->next) {
		ret->bytes += source->trace.bytes;
		ret->packets += source->trace.packets;
		ret->streams += source->trace.n_made;
		ret->stream_classes += source->streams.n_classes;
	}
	ret->duration_ns = end - session->start_ns;
	ret->clock_error_ns = session->clock.error_ns;
	ret->command_status = session->command_status;
	(void)total_discarded(session, ret->discarded);
	(void)snprintf(ret->trace_dir, sizeof(ret->trace_dir), "%s", session->dir);
}

const char *record_session_trace_dir(const struct record_session *session)
{
	return session->dir;
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
	struct source *source, *next;

	if (!session)
		return;
	session->stopping = true;
	attach_close(session);
	for (source = session->sources; source; source = next) {
		next = source->next;
		source->ops->close(session, source);
	}
	bells_fini(&session->bells);
	pool_fini(&session->pool);
	life_close(&session->life);
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
