/* SPDX-License-Identifier: MIT */
/**
 * slices.c - see slices.h; where the boundaries are: plan.h
 *
 * Slices are numbered as they are planned. The one at run->head is being handed to the caller; those behind it are read ahead, at
 * most `window` of them, and what they have written waits in their queues. A queue holds pieces: bytes, or an error.
 *
 * Who waits for whom: a worker with a piece of the slice at the head waits only while HEAD_BYTES of it are not taken, so the caller
 * always gets on; any other worker waits while HELD_BYTES wait altogether, until its slice is the head or room was made. Nobody
 * else waits for output, so there is no circle.
 *
 * The caller's thread sleeps until there are NEWS_BYTES to be taken, or the slice at the head is done, or SHOW_NS have passed: each
 * time it wakes up it takes a CPU from a worker.
 *
 * run->lock guards everything but the plan. run->plan_lock is held while a slice is planned, by who will read it; that includes
 * waiting for room in the window, as nobody else may plan then either. Order: plan_lock, lock. A slice's unlisted members are its
 * worker's.
 */
#include "analysis/slices.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analysis/plan.h"

#define PIECE_SIZE ((size_t)128 << 10)
#define HELD_BYTES ((size_t)24 << 20)
#define HEAD_BYTES ((size_t)1 << 20)
#define NEWS_BYTES (HEAD_BYTES / 2)
#define LOOK_RECORDS 1024     /* records between two looks at the clock */
#define SHOW_NS 50000000      /* output is not kept longer than that while records come */
#define PROGRESS_NS 100000000 /* between two calls of job->progress */
#define KNOWN_ERRORS 256      /* that are remembered, to tell each once */
#define WORKERS_MAX 1024
#define NS_PER_S 1000000000

/* A part of the output: bytes, or an error in place of them. */
struct piece {
	struct piece *next;
	struct ctf_error *error;
	size_t room;
	size_t size;
	bool noted;
	char bytes[];
};

struct slice_full {
	struct slice pub;
	struct run *run;
	struct plan_slice plan;
	struct piece *writing; /* its worker's */
	uint64_t shown_ns;     /* when a piece was last given */
	struct piece *first;   /* the queue */
	struct piece **last;
	size_t queued; /* bytes in it */
	bool done;
};

struct worker {
	struct run *run;
	void *data;
	pthread_t thread;
};

struct run {
	const struct slices_job *job;
	unsigned int n_workers;
	bool threads; /* the workers have their own */
	struct worker *workers;

	pthread_mutex_t plan_lock;
	struct plan plan;

	pthread_mutex_t lock;
	pthread_cond_t room;        /* the head moved on, or output was taken */
	pthread_cond_t news;        /* output of the head, an end */
	struct slice_full **slices; /* number % window */
	uint64_t window;
	uint64_t head;
	uint64_t planned;
	size_t held;        /* bytes in all queues */
	struct piece *free; /* of PIECE_SIZE */
	unsigned int at_work;
	atomic_bool stop;
	bool stopped_by_take;
	bool no_memory;

	_Atomic uint64_t single_bytes; /* read so far, if there is but one slice */
	uint64_t taken_bytes;          /* of the slices that are finished */
	uint64_t progress_ns;
	uint64_t taken_ns;            /* when output was last taken */
	uint64_t known[KNOWN_ERRORS]; /* hashes; the latest first */
	unsigned int n_known;
};

/* How many this process may use. */
static unsigned int n_cpus(void)
{
	for (int n = 1024; n <= 1 << 20; n *= 2) {
		const size_t size = CPU_ALLOC_SIZE(n);
		cpu_set_t *set = CPU_ALLOC(n);
		int count = 0;

		if (set && !sched_getaffinity(0, size, set))
			count = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (count)
			return (unsigned int)count;
	}
	return 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static bool stopping(const struct run *run)
{
	return atomic_load_explicit(&run->stop, memory_order_relaxed);
}

/* With run->lock held. */
static void stop(struct run *run)
{
	atomic_store_explicit(&run->stop, true, memory_order_relaxed);
	pthread_cond_broadcast(&run->room);
	pthread_cond_broadcast(&run->news);
}

static void stop_no_memory(struct run *run)
{
	pthread_mutex_lock(&run->lock);
	run->no_memory = true;
	stop(run);
	pthread_mutex_unlock(&run->lock);
}

/* ---- Pieces ---- */

static struct piece *piece_new(struct run *run, size_t room)
{
	struct piece *piece = NULL;

	if (room <= PIECE_SIZE) {
		room = PIECE_SIZE;
		pthread_mutex_lock(&run->lock);
		piece = run->free;
		if (piece)
			run->free = piece->next;
		pthread_mutex_unlock(&run->lock);
	}
	if (!piece)
		piece = malloc(sizeof(*piece) + room);
	if (!piece) {
		stop_no_memory(run);
		return NULL;
	}
	*piece = (struct piece){.room = room};
	return piece;
}

static void pieces_free(struct piece *piece)
{
	while (piece) {
		struct piece *next = piece->next;

		free(piece->error);
		free(piece);
		piece = next;
	}
}

/* Pieces that were taken; those of the usual size are kept. With run->lock held. */
static void pieces_keep(struct run *run, struct piece *piece)
{
	while (piece) {
		struct piece *next = piece->next;

		piece->next = NULL;
		if (piece->room == PIECE_SIZE) {
			piece->next = run->free;
			run->free = piece;
		} else {
			pieces_free(piece);
		}
		piece = next;
	}
}

static size_t piece_weight(const struct piece *piece)
{
	return piece->room + sizeof(*piece) + (piece->error ? sizeof(*piece->error) : 0);
}

/* ---- The caller's side ---- */

static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	return h;
}

/* Was this one told already? It is remembered from now on; the one that was not met for the longest time is forgotten. */
static bool is_known(struct run *run, const struct ctf_error *error)
{
	const uint64_t h = hash(error->text);
	unsigned int i;
	bool known;

	for (i = 0; i < run->n_known && run->known[i] != h; i++)
		;
	known = i < run->n_known;
	if (!known && run->n_known < KNOWN_ERRORS)
		run->n_known++;
	if (!known && i == KNOWN_ERRORS)
		i--;
	memmove(run->known + 1, run->known, i * sizeof(*run->known));
	run->known[0] = h;
	return known;
}

/* Return: false: the caller wants no more. */
static bool hand_out(struct run *run, const struct piece *piece)
{
	const struct slices_job *job = run->job;

	if (!piece->error)
		return !job->take || !piece->size || job->take(job->data, piece->bytes, piece->size, piece->noted);
	if (job->error && !is_known(run, piece->error))
		job->error(job->data, piece->error);
	return true;
}

static void show_progress(struct run *run)
{
	const uint64_t now = now_ns();

	if (!run->job->progress || now - run->progress_ns < PROGRESS_NS)
		return;
	run->progress_ns = now;
	run->job->progress(run->job->data, run->taken_bytes + atomic_load_explicit(&run->single_bytes, memory_order_relaxed),
			   run->plan.total);
}

static bool hand_out_all(struct run *run, const struct piece *piece)
{
	for (; piece; piece = piece->next)
		if (!hand_out(run, piece))
			return false;
	return true;
}

/* ---- The worker's side ---- */

/* Is the slice to wait before it gives @weight more bytes? With run->lock held. */
static bool must_wait(const struct run *run, const struct slice_full *slice, size_t weight)
{
	if (slice->pub.number == run->head)
		return slice->queued && slice->queued + weight > HEAD_BYTES;
	return run->held + weight > HELD_BYTES;
}

static void enqueue(struct run *run, struct slice_full *slice, struct piece *piece)
{
	const size_t weight = piece_weight(piece);

	pthread_mutex_lock(&run->lock);
	while (!stopping(run) && must_wait(run, slice, weight))
		pthread_cond_wait(&run->room, &run->lock);
	*slice->last = piece;
	slice->last = &piece->next;
	slice->queued += weight;
	run->held += weight;
	if (slice->pub.number == run->head && slice->queued >= NEWS_BYTES)
		pthread_cond_signal(&run->news);
	pthread_mutex_unlock(&run->lock);
}

static void take_now(struct run *run, struct piece *piece)
{
	const bool go_on = stopping(run) || hand_out(run, piece);

	pthread_mutex_lock(&run->lock);
	pieces_keep(run, piece);
	if (!go_on) {
		run->stopped_by_take = true;
		stop(run);
	}
	pthread_mutex_unlock(&run->lock);
}

static void give(struct slice_full *slice, struct piece *piece)
{
	if (slice->run->threads)
		enqueue(slice->run, slice, piece);
	else
		take_now(slice->run, piece);
}

/* What was written so far. */
static void give_written(struct slice_full *slice)
{
	struct piece *piece = slice->writing;

	if (!piece)
		return;
	piece->size = (size_t)(slice->pub.at - piece->bytes);
	if (!piece->size)
		return;
	piece->noted = slice->pub.noted;
	slice->writing = NULL;
	slice->pub.at = NULL;
	slice->pub.left = 0;
	slice->pub.noted = false;
	slice->shown_ns = now_ns();
	give(slice, piece);
}

char *slice_room_slowly(struct slice *pub, size_t size)
{
	struct slice_full *slice = (struct slice_full *)pub;

	give_written(slice);
	if (stopping(slice->run))
		return NULL;
	if (size <= pub->left) /* nothing was written, so nothing was given */
		return pub->at;
	pieces_free(slice->writing);
	slice->writing = piece_new(slice->run, size);
	pub->at = slice->writing ? slice->writing->bytes : NULL;
	pub->left = slice->writing ? slice->writing->room : 0;
	return pub->at;
}

static void give_error(struct slice_full *slice, const struct ctf_error *error)
{
	struct piece *piece = malloc(sizeof(*piece));

	give_written(slice);
	if (!piece) {
		stop_no_memory(slice->run);
		return;
	}
	*piece = (struct piece){.error = malloc(sizeof(*error))};
	if (!piece->error) {
		free(piece);
		stop_no_memory(slice->run);
		return;
	}
	*piece->error = *error;
	give(slice, piece);
}

/* Now and then: show what is written, and how far we are. */
static void look(struct slice_full *slice)
{
	slice->pub.until_look = LOOK_RECORDS;
	if (slice->plan.all)
		atomic_store_explicit(&slice->run->single_bytes, ctf_iter_bytes(slice->pub.iter), memory_order_relaxed);
	if (slice->writing && now_ns() - slice->shown_ns > SHOW_NS)
		give_written(slice);
	if (!slice->run->threads)
		show_progress(slice->run);
}

const struct ctf_record *slice_next_slowly(struct slice *pub, enum ctf_status status, const struct ctf_record *record)
{
	struct slice_full *slice = (struct slice_full *)pub;

	while (status == CTF_ERROR && !stopping(slice->run)) {
		give_error(slice, ctf_iter_error(pub->iter));
		status = ctf_iter_next(pub->iter, &record);
	}
	if (status != CTF_RECORD || stopping(slice->run))
		return NULL;
	if (!pub->until_look || !--pub->until_look)
		look(slice);
	return record;
}

/* ---- Slices ---- */

static void slice_free(struct slice_full *slice)
{
	if (!slice)
		return;
	ctf_iter_free(slice->pub.iter);
	plan_slice_fini(&slice->plan);
	pieces_free(slice->writing);
	pieces_free(slice->first);
	free(slice);
}

/* The next one of the plan, without its place in run->slices. With run->plan_lock held. NULL: no more, or no memory. */
static struct slice_full *slice_plan(struct run *run)
{
	struct slice_full *slice = calloc(1, sizeof(*slice));
	const int r = slice ? plan_next(&run->plan, &slice->plan) : -ENOMEM;

	if (r < 0)
		stop_no_memory(run);
	if (r <= 0) {
		free(slice);
		return NULL;
	}
	slice->run = run;
	slice->pub.number = run->planned;
	slice->pub.until_look = LOOK_RECORDS;
	slice->last = &slice->first;
	slice->shown_ns = now_ns();
	return slice;
}

static void slice_read(struct run *run, const struct worker *worker, struct slice_full *slice)
{
	struct ctf_error error;

	slice->pub.iter = ctf_iter_new(run->job->ctf, &slice->plan.select, &error);
	if (!slice->pub.iter) {
		give_error(slice, &error);
		return;
	}
	run->job->work(run->job->data, worker->data, &slice->pub);
	give_written(slice);
	ctf_iter_free(slice->pub.iter);
	slice->pub.iter = NULL;
	pieces_free(slice->writing);
	slice->writing = NULL;
}

static bool worker_begin(struct worker *worker)
{
	const struct slices_job *job = worker->run->job;

	if (!job->worker_new)
		return true;
	worker->data = job->worker_new(job->data);
	if (!worker->data)
		stop_no_memory(worker->run);
	return worker->data != NULL;
}

/* A slice of one's own, in its place of the window. NULL: no more. */
static struct slice_full *slice_begin(struct run *run)
{
	struct slice_full *slice = NULL;

	pthread_mutex_lock(&run->plan_lock);
	pthread_mutex_lock(&run->lock);
	while (!stopping(run) && run->planned - run->head >= run->window)
		pthread_cond_wait(&run->room, &run->lock);
	pthread_mutex_unlock(&run->lock);
	if (!stopping(run))
		slice = slice_plan(run);
	if (slice) {
		pthread_mutex_lock(&run->lock);
		run->slices[run->planned++ % run->window] = slice;
		pthread_mutex_unlock(&run->lock);
	}
	pthread_mutex_unlock(&run->plan_lock);
	return slice;
}

static void slice_end(struct run *run, struct slice_full *slice)
{
	pthread_mutex_lock(&run->lock);
	slice->done = true;
	if (slice->pub.number == run->head)
		pthread_cond_signal(&run->news);
	pthread_mutex_unlock(&run->lock);
}

static void *worker_main(void *data)
{
	struct worker *worker = data;
	struct run *run = worker->run;
	struct slice_full *slice;

	if (worker_begin(worker))
		while ((slice = slice_begin(run))) {
			slice_read(run, worker, slice);
			slice_end(run, slice);
		}
	pthread_mutex_lock(&run->lock);
	run->at_work--;
	pthread_cond_signal(&run->news);
	pthread_mutex_unlock(&run->lock);
	return NULL;
}

/* ---- The caller's thread ---- */

static void wait_news(struct run *run)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += SHOW_NS;
	if (until.tv_nsec >= NS_PER_S) {
		until.tv_nsec -= NS_PER_S;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&run->news, &run->lock, &until);
	pthread_mutex_unlock(&run->lock);
	show_progress(run);
	pthread_mutex_lock(&run->lock);
}

/* Hands out what the slice at the head has queued. With run->lock held, but not while the caller is busy with it. */
static void take_queue(struct run *run, struct slice_full *slice)
{
	struct piece *pieces = slice->first;
	bool go_on;

	run->taken_ns = now_ns();
	run->held -= slice->queued;
	slice->queued = 0;
	slice->first = NULL;
	slice->last = &slice->first;
	pthread_cond_broadcast(&run->room);
	pthread_mutex_unlock(&run->lock);
	go_on = hand_out_all(run, pieces);
	show_progress(run);
	pthread_mutex_lock(&run->lock);
	pieces_keep(run, pieces);
	if (!go_on) {
		run->stopped_by_take = true;
		stop(run);
	}
}

static void head_on(struct run *run)
{
	struct slice_full **place = &run->slices[run->head % run->window];

	if (!(*place)->plan.all)
		run->taken_bytes += (*place)->plan.bytes;
	slice_free(*place);
	*place = NULL;
	run->head++;
	pthread_cond_broadcast(&run->room);
}

static bool is_news(const struct run *run, const struct slice_full *slice)
{
	return slice->done || slice->queued >= NEWS_BYTES || now_ns() - run->taken_ns >= SHOW_NS;
}

static void take_all(struct run *run)
{
	pthread_mutex_lock(&run->lock);
	while (!stopping(run) && (run->at_work || run->head < run->planned)) {
		struct slice_full *slice = run->head < run->planned ? run->slices[run->head % run->window] : NULL;

		if (slice && slice->first && is_news(run, slice))
			take_queue(run, slice);
		else if (slice && slice->done)
			head_on(run);
		else
			wait_news(run);
	}
	pthread_mutex_unlock(&run->lock);
}

/* As many threads as there can be. Return: false: none. */
static bool start_workers(struct run *run)
{
	unsigned int n = 0;

	run->at_work = run->n_workers;
	while (n < run->n_workers && !pthread_create(&run->workers[n].thread, NULL, worker_main, &run->workers[n]))
		n++;
	pthread_mutex_lock(&run->lock);
	run->at_work -= run->n_workers - n;
	pthread_mutex_unlock(&run->lock);
	run->n_workers = n;
	return n > 0;
}

static void run_threads(struct run *run)
{
	take_all(run);
	for (unsigned int i = 0; i < run->n_workers; i++)
		pthread_join(run->workers[i].thread, NULL);
}

static void run_here(struct run *run)
{
	struct worker *worker = &run->workers[0];
	struct slice_full *slice;

	run->n_workers = 1;
	run->threads = false;
	if (!worker_begin(worker))
		return;
	while (!stopping(run) && (slice = slice_plan(run))) {
		run->planned++;
		slice_read(run, worker, slice);
		if (!slice->plan.all)
			run->taken_bytes += slice->plan.bytes;
		show_progress(run);
		slice_free(slice);
	}
}

/*
 * The output of all workers but one waits: the more there are, the less each may have. Without output only the packets matter that
 * boundaries cut, and are read twice.
 */
static uint64_t slice_bytes(const struct slices_job *job, unsigned int n_workers)
{
	if (job->slice_bytes)
		return job->slice_bytes;
	if (!job->take)
		return 8 * SLICES_BYTES;
	return n_workers > 2 ? 2 * SLICES_BYTES / n_workers : SLICES_BYTES;
}

static int run_init(struct run *run, const struct slices_job *job)
{
	pthread_condattr_t monotonic;
	int r;

	*run = (struct run){.job = job, .n_workers = job->workers ? job->workers : n_cpus(), .progress_ns = now_ns()};
	if (run->n_workers > WORKERS_MAX)
		run->n_workers = WORKERS_MAX;
	run->window = 4 * (uint64_t)run->n_workers;
	run->workers = calloc(run->n_workers, sizeof(*run->workers));
	run->slices = calloc(run->window, sizeof(struct slice_full *));
	r = run->workers && run->slices ? 0 : -ENOMEM;
	if (!r)
		r = plan_init(&run->plan, job->ctf, &job->select, run->n_workers, slice_bytes(job, run->n_workers));
	for (unsigned int i = 0; i < run->n_workers && !r; i++)
		run->workers[i].run = run;
	pthread_mutex_init(&run->plan_lock, NULL);
	pthread_mutex_init(&run->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&run->room, &monotonic);
	pthread_cond_init(&run->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return r;
}

static void run_fini(struct run *run)
{
	for (uint64_t i = 0; run->slices && i < run->window; i++)
		slice_free(run->slices[i]);
	pieces_free(run->free);
	plan_fini(&run->plan);
	free(run->slices);
	free(run->workers);
	pthread_cond_destroy(&run->news);
	pthread_cond_destroy(&run->room);
	pthread_mutex_destroy(&run->lock);
	pthread_mutex_destroy(&run->plan_lock);
}

int slices_run(const struct slices_job *job)
{
	struct run run;
	int r = run_init(&run, job);

	if (!r) {
		run.threads = run.n_workers > 1;
		if (run.threads && start_workers(&run))
			run_threads(&run);
		else
			run_here(&run);
		for (unsigned int i = 0; i < run.n_workers && job->worker_end; i++)
			if (run.workers[i].data || !job->worker_new)
				job->worker_end(job->data, run.workers[i].data);
		r = run.no_memory ? -ENOMEM : run.stopped_by_take ? -ECANCELED : 0;
	}
	run_fini(&run);
	return r;
}
