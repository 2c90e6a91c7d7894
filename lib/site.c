/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * site.c - the cold half of a trace point: what happens when the control page's word has moved, when a filter has to be asked, when
 * a ring turns out to be gone; and what a thread or CPU is called.
 */
#include "lib/filter.h"
#include "lib/program.h"
#include "lib/sys.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

__thread int32_t borelog_tid __attribute__((tls_model("initial-exec")));
ptrdiff_t borelog_rseq_offset;

/* Stands in for struct rseq where the C library registered none: its cpu_id says "ask". */
static __thread struct {
	uint32_t cpu_id_start;
	int32_t cpu_id;
} no_rseq __attribute__((tls_model("initial-exec"))) = {0, -1};

/* From glibc 2.35 on. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

static char *thread_pointer(void)
{
#if defined(__x86_64__)
	char *tp;

	__asm__("movq %%fs:0, %0" : "=r"(tp));
	return tp;
#elif defined(__aarch64__)
	return __builtin_thread_pointer();
#else
	return (char *)&no_rseq;
#endif
}

__attribute__((constructor(101))) static void find_rseq(void)
{
	if (&__rseq_size && __rseq_size >= 20)
		borelog_rseq_offset = __rseq_offset;
	else
		borelog_rseq_offset = (char *)&no_rseq - thread_pointer();
	bl_program_init();
}

uint32_t borelog_cpu_find(void)
{
	const int saved = errno;
	const int cpu = sched_getcpu();

	errno = saved;
	return cpu < 0 ? 0 : (uint32_t)cpu;
}

/*
 * In a sandbox that forbids the system call, the C library, which knows the thread's id, writes it into a mutex as the owner. (After a
 * raw clone it knows no better than its parent, so this is not the usual way.)
 */
static int32_t tid_from_libc(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	int32_t tid = -1;

#ifdef __GLIBC__
	if (!pthread_mutex_trylock(&mutex)) {
		tid = mutex.__data.__owner;
		pthread_mutex_unlock(&mutex);
	}
#endif
	return tid;
}

int32_t borelog_tid_find(void)
{
	int32_t tid;

	if (bl_program.explicit_only) {
		borelog_tid = -1; /* for the trace points that a wrapped mutex has */
		borelog_tid = tid_from_libc();
		return borelog_tid;
	}
	/* A signal handler can fork in the middle of this, and then the child must not go on with its parent's. */
	do {
		tid = (int32_t)bl_sys(SYS_gettid);
		borelog_tid = tid;
	} while ((int32_t)bl_sys(SYS_gettid) != tid);
	return tid;
}

/* So many records are lost to a recorder that does not answer before it is looked at whether it lives. */
#define UNANSWERED_CHECK 65536

/* A record is lost to @sessions. Return: is it time for that look? */
static bool count_lost(uint32_t sessions)
{
	bool look = false;

	for (; sessions; sessions &= sessions - 1)
		look |= !(__atomic_add_fetch(&bl_program.control->lost_attach[__builtin_ctz(sessions)], 1, __ATOMIC_RELAXED) %
			  UNANSWERED_CHECK);
	return look;
}

/* What the session that @memory is of says about event @id: off 0, on 1, else where its filter is. */
static uint32_t enabled(const struct bl_memory *memory, uint32_t id)
{
	const uint64_t at = bl_load_relaxed(&memory->enabled_offset) + (uint64_t)id * sizeof(uint32_t);

	/* Memory that is used again can change its tables, but not their limit. */
	if (!id || id > bl_load_relaxed(&memory->n_events) || at + sizeof(uint32_t) > memory->shape.head_size)
		return 0;
	return bl_load_relaxed((const uint32_t *)(const void *)(memory->head + at));
}

/* Which of the sessions that the program is in record @site? */
static uint32_t look(const struct borelog_site *site, uint32_t *ret_filtered)
{
	const uint32_t attached = bl_load_acquire(&bl_program.attached); /* ORD(site:B) */
	uint32_t mask = 0, filtered = 0, s, on;

	for (s = 0; s < BL_SESSIONS_MAX; s++) {
		on = attached & 1u << s ? enabled(bl_load_acquire(&bl_program.session[s].memory), site->id) : 0;
		mask |= (on != 0) << s;
		filtered |= (on > 1) << s;
	}
	*ret_filtered = filtered;
	return mask;
}

/* Somebody else is changing sessions: go on with those that are there. */
static uint32_t look_meanwhile(struct borelog_site *site)
{
	uint32_t mask, filtered;

	if (!bl_load_relaxed(&bl_program.token->alive))
		return 0;
	(void)count_lost(bl_load_relaxed(&bl_program.joining));
	mask = look(site, &filtered);
	__atomic_or_fetch(&site->filtered, filtered, __ATOMIC_RELAXED); /* asked once too often does no harm */
	return mask;
}

void bl_lost_tell(void)
{
	uint32_t told = bl_load_acquire(&bl_program.attached) & ~bl_load_relaxed(&bl_program.joining);

	for (; told; told &= told - 1) {
		const uint32_t s = (uint32_t)__builtin_ctz(told);
		uint64_t *lost = &bl_program.control->lost_attach[s];

		if (bl_load_relaxed(lost))
			bl_ring_lose(&bl_load_acquire(&bl_program.session[s].memory)->rings[0], BL_LOST_ATTACH,
				     __atomic_exchange_n(lost, 0, __ATOMIC_RELAXED));
	}
}

bool bl_lost_are_told(void)
{
	uint32_t s;

	for (s = 0; s < BL_SESSIONS_MAX && !bl_load_relaxed(&bl_program.control->lost_attach[s]); s++)
		;
	return s == BL_SESSIONS_MAX;
}

/* Recorders have not answered yet, and this record is lost to them. Who waits for a dead one would pay for each record for ever. */
static void lose_unanswered(uint32_t unanswered)
{
	struct bl_held_signals held;

	if (!count_lost(unanswered) || !bl_program_take_busy(&held))
		return;
	bl_sessions_check_unanswered();
	bl_program_release_busy(&held);
}

static bool is_up_to_date(void)
{
	return bl_load_relaxed(&bl_program.token->alive) && bl_load_relaxed(&bl_program.seen_word) == bl_load_acquire(borelog_word);
}

/* Return: false if somebody else is at it. */
static bool update(void)
{
	struct bl_held_signals held;
	int saved;

	if (!bl_program_take_busy(&held))
		return false;
	saved = errno;
	bl_program_check_fork();
	bl_sessions_update();
	errno = saved;
	bl_program_release_busy(&held);
	return true;
}

uint32_t borelog_site_refresh(struct borelog_site *site)
{
	uint32_t word, mask, filtered;

	if (!is_up_to_date() && !update())
		return look_meanwhile(site);
	bl_lost_tell();
	word = bl_load_acquire(&bl_program.seen_word);
	mask = look(site, &filtered);
	bl_store_relaxed(&site->filtered, filtered);
	if (bl_unlikely(bl_load_relaxed(&bl_program.unanswered))) {
		lose_unanswered(bl_load_relaxed(&bl_program.unanswered)); /* the site looks again next time */
		return mask;
	}
	bl_store_release(&site->word, (word & ~255u) | mask); /* ORD(site:A) */
	return mask;
}

void bl_sessions_update_early(void)
{
	if (!is_up_to_date())
		(void)update();
}

uint32_t borelog_site_filter(const struct borelog_site *site, uint32_t mask, const struct bl_filter_arg *args, uint32_t n_args)
{
	const int32_t tid = borelog_tid ? borelog_tid : borelog_tid_find();
	uint32_t asked = mask & bl_load_relaxed(&site->filtered);

	for (; asked; asked &= asked - 1) {
		const uint32_t s = (uint32_t)__builtin_ctz(asked);
		const struct bl_memory *memory = bl_load_acquire(&bl_program.session[s].memory);
		const uint32_t at = memory ? enabled(memory, site->id) : 0;

		if (at > 1 && at < memory->shape.head_size && !(at % 8) &&
		    !bl_filter_match(memory->head + at, memory->shape.head_size - at, args, n_args, tid, (int32_t)bl_program.pid))
			mask &= ~(1u << s);
	}
	return mask;
}

/* Its ring has no memory: the session has ended. A late writer may find that of one that has long had a successor. */
static void session_gone(const struct bl_memory *memory)
{
	struct bl_held_signals held;

	if (!memory || !bl_program_take_busy(&held))
		return; /* whoever is at it, or the next record, finds out too */
	if (bl_program.session[memory->slot].memory == memory &&
	    __atomic_fetch_and(&bl_program.attached, ~(1u << memory->slot), __ATOMIC_ACQ_REL) & 1u << memory->slot)
		bl_program_move_word();
	bl_program_release_busy(&held);
}

/*
 * A record was refused. Without memory: the session has ended, or this is a child that does not know it yet. Full: the one who should
 * empty the ring may be dead, and with nothing handed over any more nobody else would look.
 */
void borelog_refused(const struct bl_ring *ring, int err)
{
	uint32_t sessions;

	if (!bl_load_relaxed(&bl_program.token->alive)) {
		(void)update();
		/* To the first session: for any other, the trace point asks for its ring after this. */
		sessions = bl_load_relaxed(&bl_program.attached) | bl_load_relaxed(&bl_program.unanswered);
		(void)count_lost(sessions & -sessions);
		bl_lost_tell(); /* at once: it may be the only record that this process ever makes */
	} else if (err == -BL_ENOTCONN) {
		session_gone(ring->host);
	} else if (err == -BL_ENOSPC && ring->host) {
		(void)bl_session_check_life(ring->host);
	}
}

#define BUSY_TRIES 5000
#define BUSY_NAP_NS 1000000

/* Whoever is attaching in another thread is done soon; who calls us in a handler that interrupted it is not waited for, for ever. */
static bool wait_for_busy(struct bl_held_signals *held)
{
	const struct timespec nap = {.tv_nsec = BUSY_NAP_NS};
	int i;

	for (i = 0; i < BUSY_TRIES; i++) {
		if (bl_program_take_busy(held))
			return true;
		(void)nanosleep(&nap, NULL);
	}
	return false;
}

static void discover(void)
{
	const long lock = bl_program_lock_slots();

	bl_sessions_discover();
	bl_program_unlock_slots(lock);
}

int borelog_attach(void)
{
	const int saved = errno;
	struct bl_held_signals held;
	uint32_t s;

	if (bl_program.token == &bl_inert_token)
		return -EPERM;
	if (bl_program.explicit_only)
		return __builtin_popcount(bl_load_relaxed(&bl_program.attached));
	if (!wait_for_busy(&held))
		return -EAGAIN;
	bl_program_check_fork();
	discover();
	/* Sessions that we are in already are joined again, as a program that cannot wake anybody. */
	for (s = 0; s < BL_SESSIONS_MAX; s++)
		bl_program.session[s].set_generation = ~bl_program.control->generation;
	bl_sessions_silence();
	bl_sessions_update();
	bl_store_relaxed(&bl_program.unanswered, 0); /* it will not be asked again */
	bl_program.explicit_only = 1;
	bl_program.control->flags |= BL_CONTROL_EXPLICIT;
	bl_program_release_busy(&held);
	errno = saved;
	return __builtin_popcount(bl_load_relaxed(&bl_program.attached));
}
