/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * arena.c - the mapping of a session's memory.
 *
 * The rings must not be in a forked child, and yet a child that was forked by a signal handler in the middle of a record, and returns
 * into that record, must not fault. So the mapping is cut into chunks that children do not inherit (MADV_DONTFORK), and behind each
 * lies a page that they do inherit and that grows downwards on demand like a stack (MAP_GROWSDOWN): the child's stray stores land in
 * private zero pages. The kernel keeps new mappings at least 1 MiB (its stack guard gap) below such a page, so a chunk that is smaller
 * stays unused in the child; the lowest chunk has a page without access in front, which counts as no neighbour.
 *
 *     | no access | head | v | ring 0: control, sub-buffers .. | v | .. sub-buffers | v | ring 1 ... | v |
 *
 * (v: a page that grows downwards.) A child that may not grow a stack by a chunk's size (RLIMIT_STACK below CHUNK_MAX) can fault there.
 *
 * A session's memory is mapped over that of the session that had the slot before, if it has the same size: a writer that was in the
 * middle of a record when that one ended can only spoil a record of this program. Otherwise the old address range is left alone.
 */
#include "lib/program.h"
#include "lib/sys.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#define CHUNK_MAX (1u << BL_PROGRAM_SUB_SHIFT_MAX)

struct layout {
	uint8_t *base; /* NULL: only measuring */
	size_t at;
	size_t page;
	int memfd;
	int err;
	bool punch; /* give the memory back instead of mapping it */
};

/* The next @size bytes of the memfd, from @offset on. Return: where they are. */
static uint8_t *chunk(struct layout *l, uint64_t offset, size_t size)
{
	uint8_t *const at = l->base + l->at;

	l->at += size + l->page;
	if (!l->base || l->err)
		return at;
	if (l->punch) {
		(void)bl_sys(SYS_madvise, at, size, MADV_REMOVE);
		return at;
	}
	if (mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, l->memfd, (off_t)offset) == MAP_FAILED)
		l->err = -errno;
	else if (mmap(at + size, l->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0) !=
		 MAP_FAILED)
		(void)bl_sys(SYS_madvise, at, size, MADV_DONTFORK);
	return at;
}

static size_t ring_size(uint32_t sub_shift, uint32_t n_phys)
{
	return (BL_ABI_PAGE + ((size_t)n_phys << sub_shift) + BL_ABI_PAGE - 1) & ~(size_t)(BL_ABI_PAGE - 1);
}

/* One ring: its control page and as many sub-buffers as go into each chunk. @ring may be NULL: only measuring. */
static void lay_ring(struct layout *l, uint64_t offset, uint32_t sub_shift, uint32_t n_phys, struct bl_ring *ring)
{
	const size_t size = ring_size(sub_shift, n_phys), per_chunk = CHUNK_MAX >> sub_shift;
	size_t done = 0;
	uint32_t p = 0, i;

	while (done < size) {
		const size_t lead = done ? 0 : BL_ABI_PAGE;
		const size_t left = size - done;
		const size_t length = left < lead + CHUNK_MAX ? left : lead + CHUNK_MAX;
		uint8_t *at = chunk(l, offset + done, length);

		if (ring && lead)
			ring->shared = (struct bl_ring_shared *)(void *)at;
		for (i = 0; ring && i < per_chunk && p < n_phys; i++, p++)
			ring->sub[p] = at + lead + ((size_t)i << sub_shift);
		done += length;
	}
}

/* Lay out everything; with @rings NULL only measure. */
static void lay_all(struct layout *l, const struct bl_session_head *head, uint8_t **ret_head, struct bl_ring *rings)
{
	uint32_t r;

	l->at = l->page;
	*ret_head = chunk(l, 0, head->head_size);
	for (r = 0; r < head->n_rings; r++)
		lay_ring(l, head->head_size + r * head->ring_size, head->sub_shift, head->n_phys, rings ? &rings[r] : NULL);
}

static bool head_is_valid(const struct bl_session_head *head)
{
	return head->head_size >= BL_ABI_PAGE && head->head_size <= CHUNK_MAX && !(head->head_size % BL_ABI_PAGE) && head->n_rings &&
	       head->n_rings <= BL_RINGS_MAX && head->sub_shift >= BL_SUB_SHIFT_MIN && head->sub_shift <= BL_PROGRAM_SUB_SHIFT_MAX &&
	       head->n_phys <= BL_PHYS_MAX && head->ring_size == ring_size(head->sub_shift, head->n_phys) &&
	       head->n_events < head->head_size / sizeof(uint32_t) && !(head->rings_offset % 8) && !(head->enabled_offset % 4) &&
	       head->rings_offset + (uint64_t)head->n_rings * sizeof(struct bl_session_ring) <= head->head_size &&
	       head->enabled_offset + (uint64_t)(head->n_events + 1) * sizeof(uint32_t) <= head->head_size &&
	       head->clock <= BL_CLOCK_COUNTER && !(head->contexts & ~(uint32_t)BL_CONTEXT_ALL);
}

/* Fill in one ring's private view from what the recorder said of it. */
static bool set_up_ring(struct bl_ring *ring, const struct bl_session_head *head, const uint8_t *shared_head, uint32_t r)
{
	struct bl_session_ring said;

	memcpy(&said, shared_head + head->rings_offset + r * sizeof(said), sizeof(said));
	ring->sub_shift = head->sub_shift;
	ring->n_sub = head->n_sub;
	ring->n_phys = head->n_phys;
	ring->id_bits = head->id_bits;
	ring->flags = head->ring_flags & (BL_RING_OVERWRITE | BL_RING_NO_WAKE);
	ring->clock = head->clock;
	ring->stream_id = said.stream_id;
	ring->cpu_id = said.cpu_id;
	memcpy(ring->owner, head->owner, sizeof(ring->owner));
	memcpy(ring->uuid, head->uuid, sizeof(ring->uuid));
	ring->stream_instance_id = said.stream_instance_id;
	ring->seq_base = said.seq_base;
	memcpy(ring->lost_base, said.lost_base, sizeof(ring->lost_base));
	return bl_ring_setup(ring);
}

/* Private memory for the rings' views and the table of pointers to them: the slot's old one if it has that size. */
static struct bl_ring *make_rings(const struct bl_session *session, uint32_t n_rings)
{
	struct bl_ring *rings = session->rings && session->n_rings == n_rings ? session->rings : mmap(NULL, n_rings * (sizeof(*rings) + sizeof(rings)), PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bl_ring **table;
	uint32_t r;

	if (rings == MAP_FAILED)
		return NULL;
	table = (struct bl_ring **)(void *)(rings + n_rings);
	for (r = 0; r < n_rings; r++)
		table[r] = &rings[r];
	return rings;
}

/* Address space for @size bytes: the slot's old one if it has that size. */
static uint8_t *make_space(struct bl_session *session, size_t size)
{
	uint8_t *space;

	if (session->arena && session->arena_size == size)
		return session->arena;
	space = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (space == MAP_FAILED)
		return NULL;
	session->arena = space;
	session->arena_size = size;
	return space;
}

int bl_arena_map(struct bl_session *session, int memfd, const struct bl_session_head *head)
{
	struct layout l = {.page = (size_t)getauxval(AT_PAGESZ), .memfd = memfd};
	struct bl_ring *rings;
	uint32_t r;

	if (!head_is_valid(head))
		return -EPROTO;
	lay_all(&l, head, &session->head, NULL);
	l.base = make_space(session, l.at);
	rings = make_rings(session, head->n_rings);
	if (!l.base || !rings)
		return -ENOMEM;
	lay_all(&l, head, &session->head, rings);
	if (l.err)
		return l.err;
	for (r = 0; r < head->n_rings; r++) {
		rings[r].host = session;
		if (!set_up_ring(&rings[r], head, session->head, r))
			return -EPROTO;
	}
	session->head_size = head->head_size;
	session->rings = rings;
	session->n_rings = head->n_rings;
	return 0;
}

void bl_arena_punch(const struct bl_session *session)
{
	struct layout l = {.base = session->arena, .page = (size_t)getauxval(AT_PAGESZ), .punch = true};
	struct bl_session_head head = {.head_size = session->head_size, .n_rings = session->n_rings};
	uint8_t *shared_head;

	head.sub_shift = session->rings[0].sub_shift;
	head.n_phys = session->rings[0].n_phys;
	lay_all(&l, &head, &shared_head, NULL);
}
