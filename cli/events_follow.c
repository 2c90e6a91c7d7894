/* SPDX-License-Identifier: MIT */
/**
 * events_follow.c - `borelog events --follow`: the records of a session that runs, as they come
 *
 * Once a second the recorder is asked to write what its rings hold; if it wrote anything the trace is opened anew, and what was not
 * printed yet is.
 *
 * Order. A flush takes one ring after the other, so a stream that is flushed early lacks records that are older than the newest of
 * one flushed late. But every record that is older than anything that could be seen when a flush began has been written when it is
 * done:
 *
 *     a round prints the records before its horizon, the newest time that the round before saw
 *
 * which makes output a second or two late, and at the session's end the rest is printed. A record that was being written while its
 * ring was flushed comes later than its time says; it is printed then, out of order.
 *
 * Neither twice nor never. For each stream there is kept
 *
 *     the place of the last record that was looked at and is before the horizon: what is at or before it was printed
 *     an anchor: a packet such that nothing in it, or before it, is still to be printed
 *
 * and a round begins to read a little before the horizon of the one before (the recorder knows its clock better at the end, so
 * times change a little), or at the begin of the earliest packet that is new. A packet does not change once it is seen, but its
 * size does, when the next one is put into its padding (record/stream_file.h): so the newest packet of a stream is never an anchor.
 */
#include "cli/events.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/record.h"

#define TOLD_MAX 256u
#define OUTPUT_SIZE (64u << 10)
#define SLACK_NS INT64_C(1000000000) /* that times may change by when metadata is written anew */

/* A place in a stream. Losses come before the records of their packet. */
struct place {
	uint32_t file;   /* in the order of the stream's files */
	uint64_t packet; /* byte of the file */
	uint64_t record; /* 0: none; 1: lost packets; 2: lost records; from 3 on, bits of the packet */
};

struct followed {
	char *first_file; /* names the stream */
	struct place last;
	struct ctf_packet anchor; /* file NULL: none */
	char *anchor_file;        /* that anchor.file is */
};

struct follow {
	struct events *events;
	const char *dir;
	char *session; /* NULL: none records there */
	pid_t pid;     /* of its recorder */
	uint64_t bytes;

	struct when_origin origin; /* that times in words refer to, from the first round on */
	bool has_origin;
	bool headed;             /* what comes before all records was printed */
	uint64_t n;              /* records printed */
	uint64_t told[TOLD_MAX]; /* hashes of errors, which every round meets again */
	uint32_t n_told;

	bool has_newest;
	int64_t newest; /* time seen so far, ns */
	bool has_horizon;
	int64_t horizon; /* of this round: records at this time and after are left for the next one */
	bool has_done;
	int64_t done; /* horizon of the round before */

	struct followed *streams;
	uint32_t n_streams;
	uint32_t *index; /* in streams, by index of the stream in the set of this round */
	struct text text;
};

static volatile sig_atomic_t stopped;

bool events_stopped(void)
{
	return stopped;
}

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void sleep_a_second(void)
{
	const struct timespec second = {.tv_sec = 1};

	if (!stopped)
		nanosleep(&second, NULL);
}

/* ---- The session ---- */

struct search {
	const char *dir; /* absolute, links resolved */
	char *found;
};

/* Is @dir the directory @of, or in it? */
static bool is_inside(const char *dir, const char *of)
{
	const size_t size = strlen(of);

	return !strncmp(dir, of, size) && (!dir[size] || dir[size] == '/');
}

static int look_at_session(void *data, const char *name)
{
	struct search *search = data;
	struct record_status status;
	struct record_error error;
	char *dir;

	if (record_client_status(name, &status, &error))
		return 0;
	dir = realpath(status.trace_dir, NULL);
	if (dir && is_inside(search->dir, dir))
		search->found = strdup(name);
	free(dir);
	return search->found != NULL;
}

/* The name of the session that records to the directory; NULL: none does. */
static char *find_session(const char *dir)
{
	struct record_error error;
	struct search search = {.dir = realpath(dir, NULL)};

	if (search.dir)
		record_sessions_each(look_at_session, &search, &error);
	free((char *)search.dir);
	return search.found;
}

/* Have everything written that is in the rings. False: the session has ended. */
static bool flush(struct follow *follow, uint64_t *ret_bytes)
{
	struct record_status status;
	struct record_error error;

	if (!follow->session || record_client_flush(follow->session, &error) ||
	    record_client_status(follow->session, &status, &error) || status.pid != follow->pid)
		return false;
	*ret_bytes = status.progress.bytes;
	return true;
}

/* Return: -1: go on; else the exit status. */
static int find(struct follow *follow)
{
	struct record_status status;
	struct record_error error;

	follow->session = find_session(follow->dir);
	if (!follow->session || record_client_status(follow->session, &status, &error)) {
		fprintf(stderr, "borelog events: no session records to %s; this is all that is there\n", follow->dir);
		free(follow->session);
		follow->session = NULL;
		return -1;
	}
	follow->pid = status.pid;
	if (!status.overwrite)
		return -1;
	fprintf(stderr,
		"borelog events: the session %s is a flight recorder: it writes nothing before a snapshot or its end, so it cannot "
		"be "
		"followed\n",
		follow->session);
	return CLI_FAILED;
}

/* ---- Streams ---- */

/* The stream's memory, made when it is new; @hint is where it probably is. NULL: out of memory. */
static struct followed *followed_of(struct follow *follow, const struct ctf_stream *stream, uint32_t hint)
{
	struct followed *more;

	if (hint < follow->n_streams && !strcmp(follow->streams[hint].first_file, stream->files[0]))
		return &follow->streams[hint];
	for (uint32_t i = 0; i < follow->n_streams; i++)
		if (!strcmp(follow->streams[i].first_file, stream->files[0]))
			return &follow->streams[i];
	more = realloc(follow->streams, (follow->n_streams + 1) * sizeof(*more));
	if (!more)
		return NULL;
	follow->streams = more;
	more += follow->n_streams;
	*more = (struct followed){.first_file = strdup(stream->files[0])};
	if (!more->first_file)
		return NULL;
	follow->n_streams++;
	return more;
}

static bool find_streams(struct follow *follow, const struct ctf *ctf)
{
	const uint32_t n = ctf_n_streams(ctf);

	free(follow->index);
	follow->index = calloc((size_t)n + 1, sizeof(*follow->index));
	if (!follow->index)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const struct followed *followed = followed_of(follow, ctf_stream_at(ctf, i), i);

		if (!followed)
			return false;
		follow->index[i] = (uint32_t)(followed - follow->streams);
	}
	return true;
}

static uint32_t file_number(const struct ctf_stream *stream, const char *file)
{
	uint32_t i;

	for (i = 0; i + 1 < stream->n_files && stream->files[i] != file && strcmp(stream->files[i], file); i++)
		;
	return i;
}

static struct place place_of(const struct ctf_record *record)
{
	static const uint64_t before_records[] = {[CTF_LOST_PACKETS] = 1, [CTF_LOST_RECORDS] = 2};

	return (struct place){
		.file = file_number(record->stream, record->packet->file),
		.packet = record->packet->offset,
		.record = record->kind == CTF_EVENT ? 3 + ctf_record_offset(record) : before_records[record->kind],
	};
}

static bool is_behind(const struct place *a, const struct place *b)
{
	if (a->file != b->file)
		return a->file > b->file;
	return a->packet != b->packet ? a->packet > b->packet : a->record > b->record;
}

/* ---- Where to begin ---- */

static void lower(bool *has, int64_t *from, int64_t ns)
{
	if (*has && ns < *from)
		*from = ns;
}

static bool set_anchor(struct followed *followed, const struct ctf_packet *packet)
{
	char *file = strdup(packet->file);

	if (!file)
		return false;
	free(followed->anchor_file);
	followed->anchor_file = file;
	followed->anchor = *packet;
	followed->anchor.file = file;
	return true;
}

/* A packet that has something to print, perhaps: when it begins, and what was lost before. */
static void look_at_new(const struct ctf_packet *packet, const struct ctf_packet *before, bool *has_from, int64_t *from)
{
	if (!packet->has_begin)
		*has_from = false;
	else
		lower(has_from, from, packet->begin_ns);
	if (before->file && before->has_end && (packet->discarded != before->discarded || packet->sequence != before->sequence + 1))
		lower(has_from, from, before->end_ns);
}

/* Has no record of the packet been looked at? */
static bool is_new(const struct followed *followed, const struct ctf_packet *packet)
{
	const struct place here = {.file = file_number(packet->stream, packet->file), .packet = packet->offset};
	const struct place last = {.file = followed->last.file, .packet = followed->last.packet};

	return !followed->last.record || is_behind(&here, &last);
}

static void look_at_newest(struct follow *follow, const struct ctf_packet *packet)
{
	const int64_t ns = packet->has_end ? packet->end_ns : packet->begin_ns;

	if (!packet->has_end && !packet->has_begin)
		return;
	if (!follow->has_newest || ns > follow->newest)
		follow->newest = ns;
	follow->has_newest = true;
}

/*
 * Go through the packets behind the anchor. @from is lowered to what is new, and the anchor moved to the last packet that has
 * another one behind it and ends before the horizon, as all before it do. False: out of memory.
 */
static bool look_at_stream(struct follow *follow, const struct ctf *ctf, const struct ctf_stream *stream, bool *has_from,
			   int64_t *from)
{
	struct followed *followed = &follow->streams[follow->index[stream->index]];
	struct ctf_packet packet = followed->anchor;
	struct ctf_error error;
	enum ctf_status status;
	bool done = true;

	packet.stream = stream;
	for (;;) {
		const struct ctf_packet before = packet;
		const bool moved = before.file != followed->anchor.file;

		status = ctf_packet_next(ctf, &packet, &error);
		if (status == CTF_END)
			return true;
		if (status == CTF_ERROR)
			continue; /* it will be met again, and told, when the records are read */
		if (done && moved && !set_anchor(followed, &before))
			return false;
		look_at_newest(follow, &packet);
		if (is_new(followed, &packet))
			look_at_new(&packet, &before, has_from, from);
		done &= follow->has_horizon && packet.has_end && packet.end_ns < follow->horizon;
	}
}

/* What to read in this round. False: out of memory. */
static bool look_at_packets(struct follow *follow, const struct ctf *ctf, struct ctf_select *select)
{
	bool has_from = follow->has_done;
	int64_t from = follow->done < INT64_MIN + SLACK_NS ? INT64_MIN : follow->done - SLACK_NS;

	if (!find_streams(follow, ctf))
		return false;
	for (uint32_t i = 0; i < ctf_n_streams(ctf); i++)
		if (!look_at_stream(follow, ctf, ctf_stream_at(ctf, i), &has_from, &from))
			return false;
	if (has_from && (!select->has_from || select->from < from)) {
		select->has_from = true;
		select->from = from;
	}
	if (follow->has_horizon && (!select->has_to || follow->horizon < select->to)) {
		select->has_to = true;
		select->to = follow->horizon;
	}
	return true;
}

/* ---- A round ---- */

static void tell(struct follow *follow, const struct ctf_error *error)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *p = error->text; *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	for (uint32_t i = 0; i < follow->n_told; i++)
		if (follow->told[i] == hash)
			return;
	if (follow->n_told < TOLD_MAX)
		follow->told[follow->n_told++] = hash;
	cli_traces_complain(&follow->events->traces, error);
}

static bool write_text(struct follow *follow)
{
	struct text *text = &follow->text;
	const size_t size = text->size;

	text->size = 0;
	if (text->failed) {
		follow->events->no_memory = true;
		return false;
	}
	return !size || events_take(follow->events, text->bytes, size);
}

static bool has_all(const struct follow *follow)
{
	return follow->events->limit && follow->n >= follow->events->limit;
}

/* Return: false: no more is wanted, or possible. */
static bool put(struct follow *follow, struct printer *printer, const struct ctf_record *record)
{
	struct followed *followed = &follow->streams[follow->index[record->stream->index]];
	const struct filter *filter = follow->events->traces.filter;
	const struct place place = place_of(record);

	if (!is_behind(&place, &followed->last))
		return true;
	followed->last = place;
	if (filter && !filter_match(filter, record))
		return true;
	events_count_loss(&follow->events->losses, record);
	printer_put(printer, record, &follow->text);
	follow->n += record->kind == CTF_EVENT;
	return (follow->text.size < OUTPUT_SIZE && !follow->text.failed) || write_text(follow);
}

/* Return: false: no more is wanted, or possible. */
static bool put_records(struct follow *follow, struct ctf_iter *iter, struct printer *printer)
{
	const struct ctf_record *record;
	enum ctf_status status;

	while (!stopped && !has_all(follow) && (status = ctf_iter_next(iter, &record)) != CTF_END) {
		if (status == CTF_ERROR)
			tell(follow, ctf_iter_error(iter));
		else if (!put(follow, printer, record))
			return false;
	}
	return write_text(follow) && !stopped && !has_all(follow);
}

static bool print_records(struct follow *follow, const struct ctf_select *select, const struct print *print)
{
	struct events *events = follow->events;
	struct ctf_error error;
	struct ctf_iter *iter = ctf_iter_new(events->traces.ctf, select, &error);
	struct printer *printer = printer_new(print);
	bool ok = iter && printer;

	if (!iter)
		tell(follow, &error);
	else if (!printer)
		events->no_memory = true;
	if (ok && !follow->headed)
		ok = events_put_head(events, print);
	follow->headed = true;
	ok = ok && put_records(follow, iter, printer);
	printer_free(printer);
	ctf_iter_free(iter);
	return ok;
}

/* The round's trace is open. Return: false: no more is wanted, or possible. */
static bool print_round(struct follow *follow)
{
	struct events *events = follow->events;
	struct ctf_select select = events->traces.select;
	struct expr_error error;
	struct print *print;
	bool ok;

	if (!look_at_packets(follow, events->traces.ctf, &select)) {
		events->no_memory = true;
		return false;
	}
	events->how.events = select.events;
	print = print_new(events->traces.ctf, &events->how, &error);
	if (!print) {
		events_print_error(events, &error);
		events->traces.failed = true;
		return false;
	}
	ok = print_records(follow, &select, print);
	print_free(print);
	follow->has_done = follow->has_horizon;
	follow->done = follow->horizon;
	return ok && !(events->traces.select.has_to && follow->has_done && follow->done > events->traces.select.to);
}

/* What times in words refer to: the trace as it was first seen. False: nothing was seen yet. */
static bool find_origin(struct follow *follow, bool last)
{
	struct when_origin *origin = &follow->origin;

	if (!follow->has_origin)
		origin->has_span = ctf_span(follow->events->traces.ctf, &origin->first, &origin->last);
	follow->has_origin = origin->has_span;
	return origin->has_span || last;
}

static void close_round(struct events *events)
{
	const bool failed = events->traces.failed;

	cli_traces_close(&events->traces);
	events->traces.command = events->command;
	events->traces.failed = failed;
}

/*
 * Open the trace anew and print what is to be printed. @last: the session has ended, so everything. Return: false: no more is
 * wanted, or possible.
 */
static bool go_round(struct follow *follow, bool last)
{
	struct events *events = follow->events;
	const struct ctf_error *trouble;
	struct ctf_error error;
	bool ok = true;

	events->traces.ctf = ctf_open(&follow->dir, 1, &error);
	if (!events->traces.ctf) {
		/* There is no trace before the first program comes. */
		if (last)
			tell(follow, &error);
		return !last;
	}
	for (uint32_t i = 0; (trouble = ctf_trouble(events->traces.ctf, i)); i++)
		tell(follow, trouble);
	follow->has_horizon = !last && follow->has_newest;
	follow->horizon = follow->newest < INT64_MAX ? follow->newest + 1 : INT64_MAX;
	if (!find_origin(follow, last))
		ok = true;
	else if (!cli_traces_select(&events->traces, &events->which, &follow->origin, true))
		ok = false;
	else if (!last && !follow->has_horizon)
		ok = look_at_packets(follow, events->traces.ctf, &(struct ctf_select){0});
	else
		ok = print_round(follow);
	close_round(events);
	return ok;
}

/* Return: false: the session has ended, or no more is wanted. */
static bool follow_on(struct follow *follow)
{
	uint64_t bytes = 0;
	const bool runs = flush(follow, &bytes);
	/* Is there anything new, or anything left that the round before saw? */
	const bool news = bytes != follow->bytes || !follow->has_done || follow->done <= follow->newest;

	if (stopped)
		return false;
	follow->bytes = bytes;
	return (runs && !news) || (go_round(follow, !runs) && runs);
}

static void follow_free(struct follow *follow)
{
	for (uint32_t i = 0; i < follow->n_streams; i++) {
		free(follow->streams[i].first_file);
		free(follow->streams[i].anchor_file);
	}
	free(follow->streams);
	free(follow->index);
	free(follow->session);
	text_fini(&follow->text);
}

int events_follow(struct events *events, const char *dir)
{
	struct follow follow = {.events = events, .dir = dir, .origin.utc = events->which.utc};
	int status;

	catch_signals();
	status = find(&follow);
	if (status < 0) {
		if (follow_on(&follow)) /* the first round only looks */
			while (follow_on(&follow))
				sleep_a_second();
		status = events_end(events);
	}
	follow_free(&follow);
	return status;
}
