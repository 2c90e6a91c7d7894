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
	(void)snprintf(status->trace_dir, sizeof(status->trace_dir), "%s", session->dir);
}

static int flush_all(struct record_session *session, struct record_error *error)
{
	if (session->options.overwrite)
		return record_fail(error, -EINVAL, "this session keeps the newest in memory and writes nothing. Try: borelog snapshot");
	session_flush(session);
	return 0;
}

/* The directory of a snapshot: what the user names, or the next in the session's own. */
static int make_snapshot_dir(struct record_session *session, const char *dir, char ret[PATH_MAX], struct record_error *error)
{
	char path[PATH_MAX + 32];
	uint32_t i;
	int err = -EEXIST;

	if (dir[0])
		return trace_make_dir(ret, dir, error);
	for (i = session->summary.snapshots + 1; i < SNAPSHOT_NAMES && err == -EEXIST; i++) {
		(void)snprintf(path, sizeof(path), "%s/snapshot-%u", session->dir, i);
		err = trace_make_dir(ret, path, error);
	}
	return err;
}

/* A layer's trace in a snapshot. */
static struct trace layer_of(const struct source *source)
{
	const struct trace *from = &source->trace;
	struct trace trace = {.layer = from->layer, .snapshot = true, .version = from->version, .clock = from->clock, .streams = from->streams,
			      .command = from->command, .programs = from->programs, .more = from->more, .n_more = from->n_more, .dir_fd = -1};

	memcpy(trace.uuid, from->uuid, sizeof(trace.uuid));
	return trace;
}

/* All of @traces are to be closed, also on failure. */
static int open_layers(struct record_session *session, const char *dir, struct trace *traces, struct record_error *error)
{
	struct source *source;
	uint32_t i, n = 0;
	int err = 0;

	for (source = session->sources; source; source = source->next)
		traces[n++] = layer_of(source);
	for (i = 0; i < n && !err; i++) {
		err = trace_open(&traces[i], dir, error);
		if (!err)
			err = trace_describe(&traces[i], error);
	}
	return err;
}

static void take_snapshot(struct record_session *session, struct trace *traces)
{
	struct source *source;

	/* All at once first, so that the rings end at about the same time. */
	for (source = session->sources; source; source = source->next)
		source->ops->flush(session, source);
	for (source = session->sources; source; source = source->next)
		source->ops->newest(session, source, traces++);
}

/* Results of all layers, and the end of their files. Return: what kept packets out. */
static int close_layers(struct record_session *session, struct trace *traces, struct record_summary *summary)
{
	struct source *source;
	int err = 0;

	for (source = session->sources; source; source = source->next, traces++) {
		if (!err)
			err = traces->failure;
		summary->bytes += traces->bytes;
		summary->packets += traces->packets;
		summary->streams += traces->n_made;
		summary->stream_classes += source->streams.n_classes;
		trace_finish(traces);
		trace_close(traces);
	}
	return err;
}

static uint32_t count_sources(const struct record_session *session)
{
	const struct source *source;
	uint32_t n = 0;

	for (source = session->sources; source; source = source->next)
		n++;
	return n;
}

static int snapshot(struct record_session *session, const char *dir, struct record_reply *reply)
{
	const uint64_t records = session->summary.records;
	struct record_summary *summary = &reply->summary;
	struct trace *traces;
	int err, failure;

	if (!session->options.overwrite)
		return record_fail(&reply->error, -EINVAL,
				   "this session writes all the time; snapshots are for sessions begun with --overwrite. Try: borelog stop");
	err = make_snapshot_dir(session, dir, summary->trace_dir, &reply->error);
	if (err)
		return err;
	traces = calloc(count_sources(session), sizeof(*traces));
	if (!traces)
		return record_fail(&reply->error, -ENOMEM, "out of memory");
	trace_clock_refine(&session->clock);
	err = open_layers(session, summary->trace_dir, traces, &reply->error);
	if (!err)
		take_snapshot(session, traces);
	failure = close_layers(session, traces, summary);
	free(traces);
	if (!err && failure) {
		err = failure;
		(void)record_fail(&reply->error, err, "the snapshot in %.300s is incomplete: %s", summary->trace_dir, strerror(-err));
	}
	summary->records = session->summary.records - records;
	summary->programs = session->n_programs;
	summary->hypervisor = session->summary.hypervisor;
	summary->clock_error_ns = session->clock.error_ns;
	summary->duration_ns = session_now_ns() - session->start_ns;
	summary->snapshots = ++session->summary.snapshots;
	summary->command_status = -1;
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
