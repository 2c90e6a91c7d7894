/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * arena.c - the mapping of a session's memory.
 *
 * The rings must not be in a forked child, and yet a child that was forked by a signal handler in the middle of a record, and returns
 * into that record, must not fault. So the mapping is cut into chunks that children do not inherit (MADV_DONTFORK), and behind each
 * lies a gap that they do inherit and that grows downwards on demand like a stack (MAP_GROWSDOWN): the child's stray stores land in
 * private zero pages. The kernel keeps new mappings at least 1 MiB (its stack guard gap) below such a gap, so a chunk that is smaller
 * stays unused in the child; the lowest chunk has a page without access in front, which counts as no neighbour.
 *
 *     | no access | head | v | ring 0: control, sub-buffers .. | v | .. sub-buffers | v | ring 1 ... | v |
 *
 * (v: a gap that grows downwards, bl_piece_gap() bytes of address space.) So every place below a ring's limit (bl_ring.limit), whatever
 * a hostile recorder makes of a ring's head, is memory that may be written to. A child that may not grow a stack by a chunk's size
 * (RLIMIT_STACK below CHUNK_MAX) can fault there.
 *
 * Memory is mapped over that of an older session if it has the same shape and a few others were used meanwhile (KEPT): a writer that was
 * in the middle of a record all that time can only spoil a record of this program. So ten thousand sessions take no more mappings
 * than a few, and nothing is ever unmapped under a writer.
 */
#include "lib/program.h"
#include "lib/sys.h"

#include <sys/auxv.h>
#include <sys/mman.h>

/* Retired memory of one shape that is left alone. */
#define KEPT 3
#define CHUNK_MAX BL_PIECE_SIZE

struct layout {
	uint8_t *base; /* NULL: only measuring */
	size_t at;
	size_t gap;
	int memfd;
	int err;
	bool punch; /* give the memory back instead of mapping it */
};

/* The next @size bytes of the memfd, from @offset on. Return: where they are. */
static uint8_t *chunk(struct layout *l, uint64_t offset, size_t size)
{
	uint8_t *const at = l->base + l->at;

	l->at += size + l->gap;
	if (!l->base || l->err)
		return at;
	if (l->punch) {
		(void)bl_sys(SYS_madvise, at, size, MADV_REMOVE);
		return at;
	}
	if (mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, l->memfd, (off_t)offset) == MAP_FAILED)
		l->err = -errno;
	else if (mmap(at + size, l->gap, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		l->err = -errno;
	else
		l->err = (int)bl_sys(SYS_madvise, at, size, MADV_DONTFORK);
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
		for (i = 0; ring && i < per_chunk && p < n_phys; i++, p++) {
			ring->sub[p] = at + lead + ((size_t)i << sub_shift);
			ring->offset[p] = bl_sub_offset(sub_shift, p);
		}
		done += length;
	}
}

/* Lay out everything; with @rings NULL only measure. */
static void lay_all(struct layout *l, const struct bl_session_head *head, uint8_t **ret_head, struct bl_ring *rings)
{
	uint32_t r;

	/* On 32-bit machines, more than there is address space for. A gap is not larger than the piece in front of it. */
	if (head->head_size + 2 * (uint64_t)head->n_rings * head->ring_size > SIZE_MAX / 2)
		l->err = -ENOMEM;
	l->gap = bl_piece_gap(head->sub_shift);
	l->at = l->gap;
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

/*
 * Late writers may read it meanwhile, without order: what leads somewhere is the same as before, and the rest ends up in a record of
 * theirs that nobody will see. Not memcpy(), which sanitizers watch wherever it is called.
 */
__attribute__((no_sanitize("thread"))) static void copy_ring(struct bl_ring *to, const struct bl_ring *from)
{
	typedef uint32_t __attribute__((may_alias)) word_t;
	volatile word_t *t = (volatile word_t *)(void *)to;
	const word_t *f = (const word_t *)(const void *)from;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*t); i++)
		if (t[i] != f[i])
			t[i] = f[i];
}

/* Fill in one ring's private view from what the recorder said of it. */
static bool set_up_ring(struct bl_ring *ret, const struct bl_session_head *head, const uint8_t *shared_head, uint32_t r)
{
	struct bl_ring ring = *ret;
	struct bl_session_ring said;

	memcpy(&said, shared_head + head->rings_offset + r * sizeof(said), sizeof(said));
	ring.sub_shift = head->sub_shift;
	ring.n_sub = head->n_sub;
	ring.n_phys = head->n_phys;
	ring.id_bits = head->id_bits;
	ring.flags = head->ring_flags & BL_RING_OVERWRITE; /* each hand-over looks whether the recorder lives */
	ring.clock = head->clock;
	ring.contexts = head->contexts;
	ring.stream_id = said.stream_id;
	ring.cpu_id = said.cpu_id;
	memcpy(ring.owner, head->owner, sizeof(ring.owner));
	memcpy(ring.uuid, head->uuid, sizeof(ring.uuid));
	ring.stream_instance_id = said.stream_instance_id;
	ring.seq_base = said.seq_base;
	memcpy(ring.lost_base, said.lost_base, sizeof(ring.lost_base));
	if (!bl_ring_setup(&ring))
		return false;
	copy_ring(ret, &ring);
	return true;
}

static struct bl_shape shape_of(const struct bl_session_head *head)
{
	return (struct bl_shape){.head_size = head->head_size,
				 .n_rings = head->n_rings,
				 .sub_shift = head->sub_shift,
				 .n_sub = head->n_sub,
				 .n_phys = head->n_phys,
				 .id_bits = head->id_bits};
}

/* Retired memory of this shape that no writer can be expected in any more, or else an entry that is not in use. */
static struct bl_memory *choose_memory(const struct bl_shape *shape)
{
	struct bl_memory *unused = NULL, *oldest = NULL, *m;
	uint32_t retired = 0;

	for (m = bl_program.memory; m < bl_program.memory + BL_MEMORIES_MAX; m++) {
		if (!m->shape.n_rings) {
			unused = m;
		} else if (m->retired && !memcmp(&m->shape, shape, sizeof(*shape))) {
			retired++;
			oldest = !oldest || m->retired < oldest->retired ? m : oldest;
		}
	}
	return oldest && (retired > KEPT || !unused) ? oldest : unused;
}

/* Too many shapes: forget the mapping that has been retired for longest. What is left of it is one piece that writers can write to. */
static struct bl_memory *forget_one(void)
{
	struct bl_memory *oldest = NULL, *m;

	for (m = bl_program.memory; m < bl_program.memory + BL_MEMORIES_MAX; m++)
		if (m->retired && (!oldest || m->retired < oldest->retired))
			oldest = m;
	if (!oldest || mmap(oldest->arena, oldest->arena_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	return oldest;
}

static size_t private_size(const struct bl_shape *shape)
{
	return BL_RINGS_MAX * sizeof(struct bl_ring *) + shape->n_rings * sizeof(struct bl_ring);
}

/* Address space of @size bytes for the arena, and private memory for what belongs to it, in an unused entry. */
static int make_space(struct bl_memory *memory, const struct bl_shape *shape, size_t size)
{
	uint8_t *arena, *own;
	uint32_t i;

	arena = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		return -errno;
	own = mmap(NULL, private_size(shape), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (own == MAP_FAILED) {
		munmap(arena, size);
		return -ENOMEM;
	}
	memory->arena = arena;
	memory->arena_size = size;
	memory->table = (struct bl_ring **)(void *)own;
	memory->rings = (struct bl_ring *)(void *)(own + BL_RINGS_MAX * sizeof(struct bl_ring *));
	for (i = 0; i < BL_RINGS_MAX; i++)
		memory->table[i] = &memory->rings[i % shape->n_rings];
	return 0;
}

/* Nobody has seen it yet. */
static void unmake_space(struct bl_memory *memory, const struct bl_shape *shape)
{
	munmap(memory->arena, memory->arena_size);
	munmap(memory->table, private_size(shape));
	if (memory->life)
		munmap((void *)(uintptr_t)memory->life, (size_t)getauxval(AT_PAGESZ));
	memset(memory, 0, sizeof(*memory));
}

static int map_life(struct bl_memory *memory, int fd)
{
	const size_t page = (size_t)getauxval(AT_PAGESZ);
	/* Over the old page: a writer that hands over late may be looking at it. */
	void *life = mmap((void *)(uintptr_t)memory->life, page, PROT_READ, MAP_SHARED | (memory->life ? MAP_FIXED : 0), fd, 0);

	if (life == MAP_FAILED)
		return -errno;
	if (!memory->life)
		memory->life = life;
	return 0;
}

/* Used again, memory keeps every pointer that it has. */
static int fill(struct bl_memory *memory, struct layout *l, const struct bl_session_head *head, int life, bool fresh)
{
	uint8_t *at;
	uint32_t r;
	int err;

	err = map_life(memory, life);
	if (err)
		return err;
	l->base = memory->arena;
	lay_all(l, head, &at, fresh ? memory->rings : NULL);
	if (fresh)
		memory->head = at;
	for (r = 0; r < head->n_rings && !l->err; r++) {
		if (fresh)
			memory->rings[r].host = memory;
		if (!set_up_ring(&memory->rings[r], head, at, r))
			return -EPROTO;
	}
	return l->err;
}

int bl_arena_map(const struct bl_session_head *head, int memfd, int life, struct bl_memory **ret)
{
	const struct bl_shape shape = shape_of(head);
	struct layout l = {.memfd = memfd};
	struct bl_memory *memory;
	uint8_t *unused;
	bool fresh;
	int err;

	if (!head_is_valid(head))
		return -EPROTO;
	lay_all(&l, head, &unused, NULL);
	if (l.err)
		return l.err;
	memory = choose_memory(&shape);
	if (!memory)
		memory = forget_one();
	if (!memory)
		return -ENOMEM;
	fresh = !memory->shape.n_rings;
	err = fresh ? make_space(memory, &shape, l.at) : 0;
	if (err)
		return err;
	err = fill(memory, &l, head, life, fresh);
	if (err) {
		if (fresh)
			unmake_space(memory, &shape);
		return err;
	}
	if (fresh)
		memory->shape = shape;
	memory->retired = 0;
	*ret = memory;
	return 0;
}

void bl_arena_retire(struct bl_memory *memory)
{
	if (memory && !memory->retired)
		memory->retired = ++bl_program.retirements;
}

void bl_arena_punch(const struct bl_memory *memory)
{
	const struct bl_shape *shape = &memory->shape;
	const struct bl_session_head head = {.head_size = shape->head_size,
					     .n_rings = shape->n_rings,
					     .sub_shift = shape->sub_shift,
					     .n_phys = shape->n_phys};
	struct layout l = {.base = memory->arena, .punch = true};
	uint8_t *unused;

	lay_all(&l, &head, &unused, NULL);
}
