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
	borelog_tid = -1; /* for the trace points that a wrapped mutex has */
	borelog_tid = bl_program.explicit_only ? tid_from_libc() : (int32_t)bl_sys(SYS_gettid);
	return borelog_tid;
}

static void count_lost(void)
{
	__atomic_add_fetch(&bl_program.control->lost_attach, 1, __ATOMIC_RELAXED);
}

/* What the session says about event @id: off 0, on 1, else where its filter is. */
static uint32_t enabled(const struct bl_session *session, uint32_t id)
{
	const uint32_t *table = (const uint32_t *)(const void *)(session->head + session->enabled_offset);

	return id && id <= session->n_events ? bl_load_relaxed(&table[id]) : 0;
}

uint32_t borelog_site_refresh(struct borelog_site *site)
{
	uint32_t word, attached, mask = 0, filtered = 0, s, on;

	if (!bl_load_relaxed(&bl_program.token->alive) || bl_load_relaxed(&bl_program.seen_word) != bl_load_acquire(borelog_word)) {
		if (!bl_program_take_busy()) {
			if (bl_load_relaxed(&bl_program.joining))
				count_lost();
			return site->word & 0xff & bl_load_acquire(&bl_program.attached);
		}
		bl_program_check_fork();
		bl_sessions_update();
		bl_program_release_busy();
	}
	word = bl_load_relaxed(&bl_program.seen_word);
	attached = bl_load_acquire(&bl_program.attached); /* ORD(site:B) */
	for (s = 0; s < BL_SESSIONS_MAX; s++) {
		on = attached & 1u << s ? enabled(&bl_program.session[s], site->id) : 0;
		mask |= (on != 0) << s;
		filtered |= (on > 1) << s;
	}
	bl_store_relaxed(&site->filtered, filtered);
	bl_store_release(&site->word, (word & ~255u) | mask); /* ORD(site:A) */
	return mask;
}

void bl_sessions_update_early(void)
{
	if (bl_load_relaxed(&bl_program.seen_word) == bl_load_acquire(borelog_word) || !bl_program_take_busy())
		return;
	bl_program_check_fork();
	bl_sessions_update();
	bl_program_release_busy();
}

uint32_t borelog_site_filter(const struct borelog_site *site, uint32_t mask, const struct bl_filter_arg *args, uint32_t n_args)
{
	const int32_t tid = borelog_tid ? borelog_tid : borelog_tid_find();
	uint32_t asked = mask & site->filtered;

	for (; asked; asked &= asked - 1) {
		const uint32_t s = (uint32_t)__builtin_ctz(asked);
		const struct bl_session *session = &bl_program.session[s];
		const uint32_t at = enabled(session, site->id);

		if (at > 1 && at < session->head_size && !(at % 8) &&
		    !bl_filter_match(session->head + at, session->head_size - at, args, n_args, tid, (int32_t)bl_program.control->pid))
			mask &= ~(1u << s);
	}
	return mask;
}

/* A record found its ring without memory: the session has ended, or this is a child that does not know it yet. */
void borelog_session_gone(uint32_t session)
{
	if (!bl_load_relaxed(&bl_program.token->alive)) {
		if (bl_program_take_busy()) {
			bl_program_check_fork();
			bl_program_release_busy();
		}
		count_lost();
		return;
	}
	if (__atomic_fetch_and(&bl_program.attached, ~(1u << session), __ATOMIC_ACQ_REL) & 1u << session)
		bl_program_move_word();
}

int borelog_attach(void)
{
	uint32_t s;

	if (!bl_load_relaxed(&bl_program.token->alive))
		return -EPERM;
	if (!bl_program_take_busy())
		return -EAGAIN;
	bl_program_check_fork();
	bl_sessions_discover();
	/* Sessions that we are in already are joined again, as a program that cannot wake anybody. */
	for (s = 0; s < BL_SESSIONS_MAX; s++)
		bl_program.session[s].set_generation = ~bl_program.control->generation;
	bl_program.no_calls = 1;
	bl_sessions_update();
	bl_program.explicit_only = 1;
	bl_program.control->flags |= BL_CONTROL_EXPLICIT;
	bl_program_release_busy();
	return __builtin_popcount(bl_load_relaxed(&bl_program.attached));
}
