/* SPDX-License-Identifier: MIT */
/*
 * request.c - status, stop, snapshot and flush, asked over the session's socket. Only the session's user and root are answered. Who
 * asked to stop is answered when the trace is complete.
 */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "session.h"

#define SNAPSHOT_NAMES 100000u

struct waiting_client {
	struct waiting_client *next;
	int fd;
};

static void send_reply(int fd, struct record_reply *reply)
{
	reply->magic = BL_CONTROL_MAGIC;
	reply->size = sizeof(*reply);
	(void)send(fd, reply, sizeof(*reply), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void fill_status(const struct record_session *session, struct record_status *status)
{
	status->pid = getpid();
	status->overwrite = session->options.overwrite;
	session_progress(session, &status->progress);
	(void)snprintf(status->trace_dir, sizeof(status->trace_dir), "%s", session->trace.path);
}

static int flush_all(struct record_session *session, struct record_error *error)
{
	struct program *program;

	if (session->options.overwrite)
		return record_fail(error, -EINVAL, "this session keeps the newest in memory and writes nothing. Try: borelog snapshot");
	for (program = session->programs; program; program = program->next) {
		drain_flush(program);
		(void)drain_program(session, program, &session->trace);
	}
	return 0;
}

static int open_snapshot(struct record_session *session, const char *dir, struct trace *trace, struct record_error *error)
{
	const struct trace *main_trace = &session->trace;
	char path[PATH_MAX + 32];
	uint32_t i;
	int err = -EEXIST;

	*trace = (struct trace){.snapshot = true, .version = main_trace->version, .clock = &session->clock, .streams = &session->streams,
				.command = main_trace->command, .programs = main_trace->programs, .dir_fd = -1};
	memcpy(trace->uuid, main_trace->uuid, sizeof(trace->uuid));
	if (dir[0])
		return trace_open(trace, dir, error);
	for (i = session->summary.snapshots + 1; i < SNAPSHOT_NAMES && err == -EEXIST; i++) {
		(void)snprintf(path, sizeof(path), "%s/snapshot-%u", main_trace->path, i);
		err = trace_open(trace, path, error);
	}
	return err;
}

static void take_snapshot(struct record_session *session, struct trace *trace)
{
	struct program *program;

	/* All at once first, so that the rings end at about the same time. */
	for (program = session->programs; program; program = program->next)
		drain_flush(program);
	for (program = session->programs; program; program = program->next)
		drain_newest(session, program, trace);
}

static int snapshot(struct record_session *session, const char *dir, struct record_reply *reply)
{
	const uint64_t records = session->summary.records;
	struct record_summary *summary = &reply->summary;
	struct trace trace;
	int err;

	if (!session->options.overwrite)
		return record_fail(&reply->error, -EINVAL,
				   "this session writes all the time; snapshots are for sessions begun with --overwrite. Try: borelog stop");
	err = open_snapshot(session, dir, &trace, &reply->error);
	if (err)
		return err;
	trace_clock_refine(&session->clock);
	err = trace_describe(&trace, &reply->error);
	if (!err)
		take_snapshot(session, &trace);
	if (!err && trace.failure) {
		err = trace.failure;
		(void)record_fail(&reply->error, err, "the snapshot in %.300s is incomplete: %s", trace.path, strerror(-err));
	}
	summary->records = session->summary.records - records;
	summary->bytes = trace.bytes;
	summary->packets = trace.packets;
	summary->streams = trace.n_made;
	summary->stream_classes = session->streams.n_classes;
	summary->programs = session->n_programs;
	summary->clock_error_ns = session->clock.error_ns;
	summary->duration_ns = session_now_ns() - session->start_ns;
	summary->snapshots = ++session->summary.snapshots;
	summary->command_status = -1;
	(void)snprintf(summary->trace_dir, sizeof(summary->trace_dir), "%s", trace.path);
	trace_finish(&trace);
	trace_close(&trace);
	return err;
}

static void wait_for_end(struct record_session *session, int fd)
{
	struct waiting_client *client = malloc(sizeof(*client));

	if (!client) {
		close(fd);
	} else {
		client->fd = fd;
		client->next = session->waiting;
		session->waiting = client;
	}
	record_session_stop(session);
}

void request_handle(struct record_session *session, int fd, uid_t uid, const void *message, size_t size)
{
	const struct record_request *request = message;
	struct record_reply *reply = calloc(1, sizeof(*reply));

	if (!reply || size != sizeof(*request) || request->dir[PATH_MAX - 1]) {
		free(reply);
		close(fd);
		return;
	}
	if (uid && uid != geteuid()) {
		reply->status = record_fail(&reply->error, -EPERM, "session %s is %s, and answers only %s", session->socket_name,
					    geteuid() ? "another user's" : "root's", geteuid() ? "that user and root" : "root");
		send_reply(fd, reply);
		free(reply);
		close(fd);
		return;
	}
	fill_status(session, &reply->session);
	if (request->message == BL_MESSAGE_STOP) {
		free(reply);
		wait_for_end(session, fd);
		return;
	}
	if (request->message == BL_MESSAGE_SNAPSHOT)
		reply->status = snapshot(session, request->dir, reply);
	else if (request->message == BL_MESSAGE_FLUSH)
		reply->status = flush_all(session, &reply->error);
	else if (request->message != BL_MESSAGE_STATUS)
		reply->status = record_fail(&reply->error, -EINVAL, "the session does not know this request");
	send_reply(fd, reply);
	free(reply);
	close(fd);
}

void request_stopped(struct record_session *session)
{
	struct record_reply *reply = calloc(1, sizeof(*reply));
	struct waiting_client *client;

	if (reply) {
		fill_status(session, &reply->session);
		record_session_summary(session, &reply->summary);
		reply->status = session->failure;
		reply->error = session->failure_text;
	}
	while ((client = session->waiting)) {
		session->waiting = client->next;
		if (reply)
			send_reply(client->fd, reply);
		close(client->fd);
		free(client);
	}
	free(reply);
}
