/* SPDX-License-Identifier: MIT */
/*
 * program.c - one attached program: its memory, laid out as lib/abi/control.h says, and its end.
 *
 * States: made (program_new) -> told (attach.c) -> ended (program_end), when it died, was replaced by exec, or the session ends.
 *
 * All of them are the source of the layer "user". They wake the recorder by their bells (bell.h), each for itself.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

/* How often the end of a session looks at writers that are in the middle of a record. */
#define QUIET_NS 1000000
/* So long the end of a session waits for writers that are in the middle of a record, all in all. */
#define ALL_QUIET_NS 100000000u

/* The core calls it when the recorder itself hands a sub-buffer over, by flush: nobody needs to be woken. */
void bl_port_wake(struct bl_ring *ring)
{
	(void)ring;
}

static uint8_t *ring_memory_at(const struct program *program, const struct geometry *geometry, uint32_t i)
{
	return program->memory->base + program->class->head_size + i * geometry->ring_size;
}

static int ring_init(const struct record_session *session, struct program *program, uint32_t i)
{
	const struct geometry *geometry = &session->geometry;
	struct program_ring *pr = &program->ring[i];
	struct bl_ring *ring = &pr->feed.ring;
	uint8_t *at = ring_memory_at(program, geometry, i);
	uint32_t p;

	ring->shared = (struct bl_ring_shared *)(void *)at;
	ring->sub_shift = geometry->sub_shift;
	ring->n_sub = geometry->n_sub;
	ring->n_phys = geometry->n_phys;
	ring->id_bits = program->class->id_bits;
	ring->flags = BL_RING_NO_WAKE | (session->options.overwrite ? BL_RING_OVERWRITE : 0);
	ring->clock = session->clock.kind;
	ring->stream_id = program->class->id;
	ring->cpu_id = i;
	ring->owner[0] = (uint32_t)program->pid;
	memcpy(ring->uuid, session->user.trace.uuid, sizeof(ring->uuid));
	ring->stream_instance_id = pr->feed.stream->instance_id;
	ring->seq_base = pr->feed.stream->seq_next;
	memcpy(ring->lost_base, pr->feed.stream->lost, sizeof(ring->lost_base));
	bl_ring_lay(ring, at + BL_ABI_PAGE);
	for (p = 0; p < geometry->n_phys; p++)
		ring->offset[p] = bl_sub_offset(geometry->sub_shift, p); /* as the program has them; we look a sub-buffer up by its number */
	if (!bl_ring_setup(ring))
		return -EINVAL;
	bl_ring_init(ring);
	bl_reader_init(&pr->reader, ring);
	return 0;
}

static void head_init(const struct record_session *session, struct program *program)
{
	const struct geometry *geometry = &session->geometry;
	const struct stream_class *class = program->class;
	uint8_t *base = program->memory->base;
	struct bl_session_head *head = (struct bl_session_head *)(void *)base;
	struct bl_session_ring *ring = (struct bl_session_ring *)(void *)(base + class->rings_offset);
	uint32_t i;

	memset(base, 0, class->head_size);
	head->magic = BL_CONTROL_MAGIC;
	head->abi = BL_CONTROL_ABI;
	head->ring_abi = BL_RING_ABI;
	head->head_size = class->head_size;
	head->ring_size = geometry->ring_size;
	head->n_rings = geometry->n_rings;
	head->sub_shift = geometry->sub_shift;
	head->n_sub = geometry->n_sub;
	head->n_phys = geometry->n_phys;
	head->id_bits = class->id_bits;
	head->ring_flags = session->options.overwrite ? BL_RING_OVERWRITE : 0;
	head->clock = session->clock.kind;
	head->contexts = session->contexts;
	head->flags = program->rings_bell ? 0 : BL_SESSION_NO_WAKE;
	head->ring_flags |= program->rings_bell ? 0 : BL_RING_NO_WAKE;
	head->owner[0] = (uint32_t)program->pid;
	memcpy(head->uuid, session->user.trace.uuid, sizeof(head->uuid));
	head->n_events = class->n_events;
	head->rings_offset = class->rings_offset;
	head->enabled_offset = class->enabled_offset;
	/* In overwrite mode nobody waits for the bell: it has rung for good. */
	head->bell = session->options.overwrite;
	memcpy(base + class->enabled_offset, class->enabled, class->enabled_size);
	for (i = 0; i < geometry->n_rings; i++) {
		const struct bl_ring *mine = &program->ring[i].feed.ring;

		ring[i].cpu_id = mine->cpu_id;
		ring[i].stream_id = mine->stream_id;
		ring[i].stream_instance_id = mine->stream_instance_id;
		ring[i].seq_base = mine->seq_base;
		memcpy(ring[i].lost_base, mine->lost_base, sizeof(ring[i].lost_base));
	}
}

int program_class_init(const struct record_session *session, struct stream_class *class)
{
	const uint32_t table_size = 4 * (class->n_events + 1), filters = (table_size + 7) & ~7u;
	struct select_filters code = {0};
	uint32_t *table = calloc(1, filters);
	uint8_t *all;
	uint32_t i;

	class->rings_offset = (sizeof(struct bl_session_head) + 7) & ~7u;
	class->enabled_offset = class->rings_offset + session->geometry.n_rings * (uint32_t)sizeof(struct bl_session_ring);
	for (i = 0; table && i < class->set->n; i++) {
		const struct event_desc *event = &class->set->events[i];
		uint32_t offset = 0;
		const int result = selection_apply(session->selection, SELECT_USER, event, &code, &offset);

		if (result < 0)
			goto fail;
		table[event->id] = result == SELECT_FILTER ? class->enabled_offset + filters + offset : (uint32_t)result;
	}
	all = table ? realloc(table, filters + code.size) : NULL;
	if (!all)
		goto fail;
	if (code.size)
		memcpy(all + filters, code.data, code.size);
	free(code.data);
	class->enabled = all;
	class->enabled_size = filters + (uint32_t)code.size;
	class->head_size = (class->enabled_offset + class->enabled_size + BL_ABI_PAGE - 1) & ~(BL_ABI_PAGE - 1);
	return 0;
fail:
	free(table);
	free(code.data);
	return -ENOMEM;
}

static int bind_streams(struct record_session *session, struct program *program)
{
	uint32_t i;

	for (i = 0; i < program->n_rings; i++) {
		program->ring[i].feed.stream = stream_bind(&session->user.streams, program->class, i);
		if (!program->ring[i].feed.stream)
			return -ENOMEM;
	}
	return 0;
}

static void unbind_streams(struct program *program)
{
	uint32_t i;

	for (i = 0; i < program->n_rings; i++)
		if (program->ring[i].feed.stream)
			stream_unbind(program->ring[i].feed.stream);
}

static void program_free(struct record_session *session, struct program *program)
{
	unbind_streams(program);
	session_unwatch(session, &program->death);
	if (program->death.fd >= 0)
		close(program->death.fd);
	if (program->control_fd >= 0)
		close(program->control_fd);
	free(program);
}

static void ready_death(struct record_session *session, struct watch *watch)
{
	program_end(session, (struct program *)(void *)((char *)watch - offsetof(struct program, death)), true);
}

static int program_fill(struct record_session *session, struct program *program, int pidfd)
{
	const struct geometry *geometry = &session->geometry;
	uint32_t i;
	int err;

	err = bind_streams(session, program);
	if (err)
		return err;
	program->memory = pool_get(&session->pool, program->uid, program->class->head_size + geometry->n_rings * geometry->ring_size);
	if (!program->memory)
		return -errno;
	for (i = 0; i < program->n_rings && !err; i++)
		err = ring_init(session, program, i);
	if (err)
		return err;
	head_init(session, program);
	if (program->rings_bell && !session->options.overwrite)
		err = bells_add(&session->bells, &program->bell,
				&((struct bl_session_head *)(void *)program->memory->base)->bell, program);
	if (!err && pidfd >= 0)
		err = session_watch(session, &program->death, pidfd, ready_death);
	return err;
}

int program_new(struct record_session *session, pid_t pid, uid_t uid, int pidfd, struct stream_class *class, bool rings_bell,
		struct program **ret)
{
	const uint32_t n_rings = session->geometry.n_rings;
	struct program *program = calloc(1, sizeof(*program) + n_rings * sizeof(program->ring[0]));
	int err;

	if (!program)
		return -ENOMEM;
	program->death.fd = -1;
	program->control_fd = -1;
	program->pid = pid;
	program->uid = uid;
	program->class = class;
	program->rings_bell = rings_bell;
	program->n_rings = n_rings;
	err = program_fill(session, program, pidfd);
	if (err) {
		bells_remove(&session->bells, &program->bell);
		pool_drop(program->memory);
		program->death.fd = -1; /* the caller keeps it */
		program_free(session, program);
		return err;
	}
	program->next = session->programs;
	if (program->next)
		program->next->previous = program;
	session->programs = program;
	session->n_programs++;
	session->n_silent += !rings_bell;
	*ret = program;
	return 0;
}

struct program *program_find(const struct record_session *session, pid_t pid)
{
	struct program *program;

	for (program = session->programs; program && program->pid != pid; program = program->next)
		;
	return program;
}

/* Is every sub-buffer as it was given out? One is not that was being cleared by the program when it was killed. */
static bool all_free(const struct program *program)
{
	uint32_t i, k;

	for (i = 0; i < program->n_rings; i++)
		for (k = 0; k < program->ring[i].feed.ring.n_sub; k++)
			if (bl_slot_state(bl_load_relaxed(&program->ring[i].feed.ring.shared->slot[k])) != BL_SLOT_FREE)
				return false;
	return true;
}

/* Zero again for the next one: what was taken was cleaned, so only the control words are left. */
static void reset_memory(struct program *program)
{
	uint32_t i;

	for (i = 0; i < program->n_rings; i++)
		memset(program->ring[i].feed.ring.shared, 0, BL_RING_CONTROL_SIZE);
}

static void wait_until_quiet(struct record_session *session, struct program *program)
{
	while (!drain_is_quiet(program) && session->interrupts < 2 && session_now_ns() < session->quiet_deadline_ns) {
		(void)nanosleep(&(const struct timespec){.tv_nsec = QUIET_NS}, NULL);
		drain_flush(program);
		(void)drain_program(session, program, &session->user.trace);
	}
}

void program_end(struct record_session *session, struct program *program, bool dead)
{
	bells_remove(&session->bells, &program->bell);
	drain_flush(program);
	if (session->options.overwrite)
		drain_newest(session, program, &session->user.trace);
	else
		(void)drain_program(session, program, &session->user.trace);
	if (!dead)
		wait_until_quiet(session, program);
	drain_finish(session, program, &session->user.trace, dead);
	if (program->previous)
		program->previous->next = program->next;
	else
		session->programs = program->next;
	if (program->next)
		program->next->previous = program->previous;
	session->n_programs--;
	session->n_silent -= !program->rings_bell;
	if (dead && !program->spoiled && !program->torn && !session->stopping && all_free(program)) {
		reset_memory(program);
		pool_put(&session->pool, program->memory);
	} else {
		pool_drop(program->memory);
	}
	program_free(session, program);
}

void program_note_executable(struct record_session *session, const char *executable)
{
	const size_t used = session->programs_text ? strlen(session->programs_text) : 0, size = strlen(executable);
	const char *at = session->programs_text;
	char *text;

	while (at && (at = strstr(at, executable))) {
		if ((at == session->programs_text || at[-1] == ':') && (!at[size] || at[size] == ':'))
			return;
		at++;
	}
	if (!size || used + size + 2 > 8192)
		return;
	text = realloc(session->programs_text, used + size + 2);
	if (!text)
		return;
	(void)snprintf(text + used, size + 2, "%s%s", used ? ":" : "", executable);
	session->programs_text = text;
	session->user.trace.programs = text;
}

/* ---- The layer ---- */

static int programs_start(struct record_session *session, struct source *source, struct record_error *error)
{
	(void)source;
	(void)error;
	if (!session->options.command)
		arm_all(session);
	return 0;
}

static void programs_flush(struct record_session *session, struct source *source)
{
	struct program *program;

	(void)source;
	for (program = session->programs; program; program = program->next)
		drain_flush(program);
}

static bool programs_drain(struct record_session *session, struct source *source)
{
	struct program *program;

	for (program = session->programs; program; program = program->next)
		(void)drain_program(session, program, &source->trace);
	return false;
}

static void programs_newest(struct record_session *session, struct source *source, struct trace *trace)
{
	struct program *program;

	(void)source;
	for (program = session->programs; program; program = program->next)
		drain_newest(session, program, trace);
}

static bool is_dead(const struct program *program)
{
	struct pollfd death = {.fd = program->death.fd, .events = POLLIN};

	return program->death.fd < 0 ? kill(program->pid, 0) && errno == ESRCH : poll(&death, 1, 0) == 1;
}

static void programs_stop(struct record_session *session, struct source *source)
{
	disarm_all(session);
	if (!session->options.overwrite)
		programs_flush(session, source);
	session->quiet_deadline_ns = session_now_ns() + ALL_QUIET_NS;
	while (session->programs)
		program_end(session, session->programs, is_dead(session->programs));
}

static void programs_close(struct record_session *session, struct source *source)
{
	while (session->programs)
		program_end(session, session->programs, true);
	source_fini(source);
}

const struct source_ops programs_ops = {
	.start = programs_start,
	.flush = programs_flush,
	.drain = programs_drain,
	.newest = programs_newest,
	.stop = programs_stop,
	.close = programs_close,
};
