/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * borelog.h - trace points for programs, in C11 and C++17. The whole API is in this header.
 *
 *     #include <borelog.h>
 *     borelog_event("db", "query_done", rows, sql, latency_us);
 *
 * That line is a whole trace point: category, name, and 0 to 16 arguments, whose names and types are taken from the expressions.
 * Nothing else has to be declared, generated or initialised. Category and name are string literals.
 *
 *     borelog_event(category, name, ...)    one record
 *     borelog_begin(category, name, ...)    a span: records the event name_begin ...
 *     borelog_end(category, name, ...)      ... and name_end
 *
 * Arguments: integers of every width and sign, bool, float, double, enumerations (as integers; a bit field in C needs + 0), char *
 * (a string, NULL allowed), other pointers (as hexadecimal addresses), and these wrappers:
 *
 *     borelog_hex(x)             an integer or pointer, shown in base 16
 *     borelog_bytes(p, n)        n bytes at p, at most 65535
 *     borelog_array(p, n)        n elements at p (of a type above but strings), at most 65535
 *     borelog_enum(x, table)     an integer whose values have names; BORELOG_ENUM(table, {0, "idle"}, {1, "run"}) at file scope
 *     borelog_named(name, x)     a field name that differs from the expression
 *
 * Arguments are evaluated once, and only while a session records this event. One that changes meanwhile in another thread gives a
 * well-formed record with some old or new content.
 *
 *     borelog_attach()           attach now to the sessions that run; to be called before entering a sandbox (see there)
 *
 * Context: anywhere. Signal handlers, constructors, destructors, code after fork, vfork or clone, and inside malloc included. A trace
 * point takes no lock, allocates nothing, keeps errno, and makes no system call but one that wakes a sleeping recorder; the first one
 * that runs after a session has started also attaches (bounded by BL_ATTACH_TIMEOUT_MS; others that fall into that are counted as
 * discarded). While no session records, it costs a load, a compare and a branch.
 *
 * Link with libborelog (pkg-config borelog). With BORELOG_DISABLE defined, trace points compile to nothing and no library is needed.
 */
#ifndef BORELOG_H
#define BORELOG_H

#define BORELOG_VERSION_MAJOR 0
#define BORELOG_VERSION_MINOR 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BORELOG_DISABLE

#ifdef __cplusplus
template <class... T> int borelog_ignore_(const T &...);
#else
int borelog_ignore_(const char *category, const char *name, ...);
#endif
#define borelog_event(...) ((void)sizeof(borelog_ignore_(__VA_ARGS__)))
#define borelog_begin(...) borelog_event(__VA_ARGS__)
#define borelog_end(...) borelog_event(__VA_ARGS__)
#define borelog_hex(x) (x)
#define borelog_bytes(p, n) (p), (n)
#define borelog_array(p, n) (p), (n)
#define borelog_enum(x, table) (x)
#define borelog_named(name, x) (x)
#define BORELOG_ENUM(table, ...) struct borelog_no_enum_##table
#define borelog_attach() 0

#else /* BORELOG_DISABLE */

#include <string.h>
#ifdef __cplusplus
#if __cplusplus < 201703L
#error "borelog.h needs C++17: compile with -std=c++17 or later"
#endif
#include <type_traits>
extern "C" {
#endif

#include "borelog/core/event.h"
#include "borelog/core/ring.h"
#include "borelog/core/text.h"

#ifdef __cplusplus
} /* extern "C" */
#endif
#include "borelog/core/fields.h" /* templates in it */
#ifdef __cplusplus
extern "C" {
#endif

/* ---- What the macros below stand on. Not for direct use. ---- */

/**
 * One trace point. Lives in the section borelog_sites of its object, written by the assembler; the library fills in @id when the object
 * is loaded. @word is compared with *borelog_word: equal but for the low 8 bits means that those say which sessions record it.
 */
struct borelog_site {
	uint32_t word;
	uint32_t id;
	uint32_t filtered; /* sessions that have a filter on it */
	uint32_t line;
	int32_t category, name, text, file; /* offsets of strings from these members themselves */
	uint32_t types[4];                  /* one byte for each argument, enum bl_type */
	uint32_t n_fields;
	uint32_t reserved;
};

/** An executable or shared library with trace points. Lives in the object itself, so that registering needs no memory. */
struct borelog_object {
	struct borelog_object *next;
	struct borelog_site *sites, *sites_end;
	struct borelog_enum_table *enums, *enums_end;
	uint32_t abi; /* BORELOG_ABI that the object was compiled with; the library leaves others alone */
};

/* Goes up with every change of what trace points have compiled in; the size notices what is forgotten. */
#define BORELOG_ABI (3u << 16 | (uint32_t)sizeof(struct bl_ring))

/** What a trace point needs to know of a session that it is in. */
struct borelog_view {
	struct bl_ring *const *rings; /* ring_mask + 1 of them, some of them the same */
	uint32_t ring_mask;           /* a CPU uses ring cpu & ring_mask */
};

#ifdef BORELOG_BUILDING_LIBRARY
#define BL_FIXED
#else
#define BL_FIXED const
#endif

/*
 * Pointers, so that an executable's copy relocation of them is harmless. Const to trace points, which may keep them in registers as long as
 * they like: they change before the first trace point only; a forked child's control page takes the place of its parent's.
 */
extern const uint32_t *BL_FIXED borelog_word;
extern const struct borelog_view *BL_FIXED borelog_views; /* BL_SESSIONS_MAX of them */
extern BL_FIXED ptrdiff_t borelog_rseq_offset; /* of struct rseq from the thread pointer */
extern __thread int32_t borelog_tid __attribute__((tls_model("initial-exec")));

/* The record path is inlined whole: a call in it costs as much as the copy. */
#define BL_INLINE __attribute__((always_inline))

/* The cold half, in the library. */
uint32_t borelog_site_refresh(struct borelog_site *site);
int32_t borelog_tid_find(void);
uint32_t borelog_cpu_find(void);
void borelog_refused(const struct bl_ring *ring, int err);
uint32_t borelog_site_filter(const struct borelog_site *site, uint32_t mask, const struct bl_filter_arg *args, uint32_t n_args);
void borelog_register(struct borelog_object *object);
void borelog_unregister(struct borelog_object *object);

/**
 * borelog_attach() - attach now to the sessions that run
 *
 * For programs that enter a sandbox (seccomp): call it before. Afterwards the program makes no system call for tracing any more: it
 * stays in the sessions that ran at this call, joins none that start later, and its rings are emptied by interval or at a session's end.
 *
 * Return: number of sessions that the program is in, or a negative errno.
 */
int borelog_attach(void);

extern struct borelog_site __start_borelog_sites[] __attribute__((weak, visibility("hidden")));
extern struct borelog_site __stop_borelog_sites[] __attribute__((weak, visibility("hidden")));
extern struct borelog_enum_table __start_borelog_enums[] __attribute__((weak, visibility("hidden")));
extern struct borelog_enum_table __stop_borelog_enums[] __attribute__((weak, visibility("hidden")));
extern struct borelog_object borelog_this_object __attribute__((weak, visibility("hidden")));
struct borelog_object borelog_this_object __attribute__((weak, visibility("hidden")));

/* Before constructors that may have trace points in them; as many times as the object has sources, which is harmless. */
void borelog_object_init_(void) __attribute__((weak, visibility("hidden"), constructor(101)));
void borelog_object_init_(void)
{
	borelog_this_object.sites = __start_borelog_sites;
	borelog_this_object.sites_end = __stop_borelog_sites;
	borelog_this_object.enums = __start_borelog_enums;
	borelog_this_object.enums_end = __stop_borelog_enums;
	borelog_this_object.abi = BORELOG_ABI;
	borelog_register(&borelog_this_object);
}

void borelog_object_fini_(void) __attribute__((weak, visibility("hidden"), destructor(101)));
void borelog_object_fini_(void)
{
	borelog_unregister(&borelog_this_object);
}

/** CPU that the caller runs on, from the rseq area: one load. May be stale when it is used, which costs nothing but locality. */
static inline BL_INLINE uint32_t borelog_cpu(void)
{
	int32_t cpu;

#if defined(__x86_64__)
	__asm__ volatile("movl %%fs:4(%1), %0" : "=r"(cpu) : "r"(borelog_rseq_offset));
#elif defined(__aarch64__)
	cpu = *(volatile int32_t *)((char *)__builtin_thread_pointer() + borelog_rseq_offset + 4);
#else
	cpu = -1;
#endif
	return bl_likely(cpu >= 0) ? (uint32_t)cpu : borelog_cpu_find();
}

/* Sessions that record this trace point, as bits. @now is what *borelog_word was when the trace point looked. */
static inline BL_INLINE uint32_t borelog_site_mask(struct borelog_site *site, uint32_t now)
{
	const uint32_t differs = bl_load_acquire(&site->word) ^ now; /* ORD(site:A) */

	return bl_likely(differs < 256) ? differs : borelog_site_refresh(site);
}

struct borelog_open_record {
	struct bl_ring *ring;
	struct bl_record rec;
};

static inline uint32_t borelog_context_size(const struct bl_ring *ring)
{
	return ring->contexts & BL_CONTEXT_TID ? (uint32_t)sizeof(int32_t) : 0;
}

/*
 * Begin a record of @size bytes of fields in the first session of @mask. Return where the fields go, or NULL: discarded. What it needs
 * is little and short-lived: a register that is put on the stack in front of the claim is a store that the claim waits for.
 */
static inline BL_INLINE uint8_t *borelog_open(struct borelog_open_record *open, uint32_t id, uint32_t mask, size_t size)
{
	const struct borelog_view *view = borelog_views;
	int err;

	/* A branch that is foreseen, where an index would put the load of the mask in front of all others. */
	if (bl_unlikely(mask != 1)) {
		view = &borelog_views[__builtin_ctz(mask)];
		__asm__("" : "+r"(view));
	}

	open->ring = bl_load_relaxed(&view->rings)[borelog_cpu() & bl_load_relaxed(&view->ring_mask)];
	err = bl_ring_reserve(open->ring, id, (size > 0x7fffffff ? 0x7fffffff : (uint32_t)size) + borelog_context_size(open->ring),
			      &open->rec);
	if (bl_unlikely(err)) {
		borelog_refused(open->ring, err);
		return NULL;
	}
	/* Asked again: a load costs less than a register that is held across the claim. */
	if (borelog_context_size(open->ring)) {
		const int32_t tid = bl_likely(borelog_tid) ? borelog_tid : borelog_tid_find();

		memcpy(open->rec.payload, &tid, sizeof(tid));
		return open->rec.payload + sizeof(tid);
	}
	return open->rec.payload;
}

static inline BL_INLINE void borelog_close(struct borelog_open_record *open)
{
	bl_ring_commit(open->ring, &open->rec);
}

#ifdef __cplusplus
} /* extern "C" */
#endif

/** At file scope: names for values, for borelog_enum(). */
#define BORELOG_ENUM(table, ...)                                                                                               \
	static const struct borelog_enum_entry table[] = {__VA_ARGS__};                                                        \
	static struct borelog_enum_table table##_borelog_enum __attribute__((section("borelog_enums"), used)) = {              \
		#table, table, sizeof(table) / sizeof(table[0])}

/* ---- The trace point. ---- */

/*
 * The site is written by the assembler because compilers get sections of variables wrong in templates and inline functions; offsets
 * from the place itself need no relocation when the program is loaded.
 */
#if defined(__x86_64__)
#define BL_SITE_ADDRESS "leaq 771b(%%rip), %[bl_site]\n"
#elif defined(__i386__)
#define BL_SITE_ADDRESS "call 772f\n772:\tpopl %[bl_site]\n\taddl $771b-772b, %[bl_site]\n"
#elif defined(__aarch64__)
#define BL_SITE_ADDRESS "adrp %[bl_site], 771b\n\tadd %[bl_site], %[bl_site], :lo12:771b\n"
#elif defined(__s390x__)
#define BL_SITE_ADDRESS "larl %[bl_site], 771b\n"
#else
#error "borelog: this architecture is not known here; see BL_SITE_ADDRESS"
#endif

#define BL_QUOTE(...) BL_QUOTE_(__VA_ARGS__)
#define BL_QUOTE_(...) #__VA_ARGS__

#if defined(__i386__) && defined(__PIC__)
/*
 * GCC gives an asm no address of a string in position-independent code here ("i" takes no symbol, the others put a register in). So the
 * assembler makes the strings too, out of the source's own text, in an asm without operands: only there are %, { and | no syntax.
 * Number @c, of this trace point alone, joins the two. What copies there are of it all have the same strings, so that any of them will do.
 */
#define BL_STRINGS(c, cat, event, text)                                                                                        \
	__asm__ volatile(".pushsection .rodata.borelog,\"a\"\n" BL_STRING(c, 1, cat) BL_STRING(c, 2, event) BL_STRING(c, 3, text)  \
				 BL_STRING(c, 4, __FILE__) "\t.popsection");
#define BL_STRING(c, i, s) "1" BL_QUOTE(c) "9" #i ":\t.ascii " BL_QUOTE(s) "\n\t.byte 0\n"
#define BL_STRING_AT(c, i) "1" BL_QUOTE(c) "9" #i "b-."
#define BL_STRING_ASM(c) BL_STRING_AT(c, 1) "," BL_STRING_AT(c, 2) "," BL_STRING_AT(c, 3) "," BL_STRING_AT(c, 4) "\n\t"
#define BL_STRING_OPERANDS(cat, event, text)
#define BL_SITE_ASM __asm__ volatile /* stays behind its strings */
#else
/* How an asm takes the address of a string in code that may be position-independent. */
#ifdef __aarch64__
#define BL_SYMBOL "S"
#else
#define BL_SYMBOL "i"
#endif
#define BL_STRINGS(c, cat, event, text)
#define BL_STRING_ASM(c) "%c[bl_c]-., %c[bl_e]-., %c[bl_x]-., %c[bl_f]-.\n\t"
#define BL_STRING_OPERANDS(cat, event, text)                                                                                   \
	, [bl_c] BL_SYMBOL(cat), [bl_e] BL_SYMBOL(event), [bl_x] BL_SYMBOL(text), [bl_f] BL_SYMBOL(__FILE__)
#define BL_SITE_ASM __asm__
#endif

#define BL_TYPE_ASM(i, x) ".byte %c[t" #i "]\n\t"
#define BL_TYPE_OPERAND(i, x) , [t##i] "i"(BL_CODE(x))
/* A trace point in a C inline function with external linkage uses static functions; all copies of them are the same. */
#if defined(__clang__) && !defined(__cplusplus)
#define BL_QUIET_BEGIN _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wstatic-in-inline\"")
#define BL_QUIET_END _Pragma("clang diagnostic pop")
#else
#define BL_QUIET_BEGIN
#define BL_QUIET_END
#endif

/* Several sessions at once are rare: no code for them in every trace point. */
__attribute__((noinline, cold, unused)) static uint8_t *borelog_open_cold(struct borelog_open_record *open, uint32_t id, uint32_t mask,
									size_t size)
{
	return borelog_open(open, id, mask, size);
}

/* One record, in the first session of bl_mask_. */
#define BL_RECORD(open, n, ...)                                                                                                \
	{                                                                                                                      \
		struct borelog_open_record bl_open_;                                                                           \
		uint8_t *bl_at_ =                                                                                              \
			open(&bl_open_, bl_id_, bl_mask_, 0 BL_EACH_##n(BL_PLUS_SIZE, __VA_ARGS__));                           \
                                                                                                                               \
		if (bl_likely(bl_at_)) {                                                                                       \
			BL_EACH_##n(BL_PUT, __VA_ARGS__)(void) bl_at_;                                                         \
			borelog_close(&bl_open_);                                                                              \
		}                                                                                                              \
	}

/* Trace point @c of its source, with @n arguments, after @n; the names in it end in _ so that expressions of the caller mean what they meant outside. */
#define BL_EVENT(c, name_text, cat, event, n, ...)                                                                               \
	do {                                                                                                                   \
		BL_QUIET_BEGIN                                                                                                 \
		const uint32_t bl_now_ = bl_load_relaxed(borelog_word);                                                        \
                                                                                                                               \
		if (bl_unlikely(bl_now_ != 0)) {                                                                               \
			struct borelog_site *bl_site_;                                                                         \
			uint32_t bl_mask_;                                                                                     \
			BL_STRINGS(c, cat, event, name_text)                                                                   \
			BL_SITE_ASM(".pushsection borelog_sites,\"aw\"\n\t"                                                    \
				".balign 8\n"                                                                                  \
				"771:\t.long 0, 0, 0, %c[bl_l]\n\t"                                                            \
				".long " BL_STRING_ASM(c) BL_EACH_##n(BL_TYPE_ASM, __VA_ARGS__) ".fill 16-" #n ", 1, 0\n\t"                                 \
				".long " #n ", 0\n\t"                                                                          \
				".popsection\n\t" BL_SITE_ADDRESS                                                              \
				: [bl_site] "=r"(bl_site_)                                                                        \
				: [bl_l] "i"(__LINE__) BL_STRING_OPERANDS(cat, event, name_text)                                 \
					  BL_EACH_##n(BL_TYPE_OPERAND, __VA_ARGS__));                                          \
			bl_mask_ = borelog_site_mask(bl_site_, bl_now_);                                                       \
			if (bl_mask_) {                                                                                        \
				BL_EACH_##n(BL_DECLARE, __VA_ARGS__) if (bl_unlikely(bl_load_relaxed(&bl_site_->filtered) &    \
										     bl_mask_))                                        \
				{                                                                                              \
					struct bl_filter_arg bl_args_[n + 1], *bl_arg_ = bl_args_;                             \
					BL_EACH_##n(BL_ARG, __VA_ARGS__)(void) bl_arg_;                                        \
					bl_mask_ = borelog_site_filter(bl_site_, bl_mask_, bl_args_, n);                       \
				}                                                                                              \
				const uint32_t bl_id_ = bl_site_->id;                                                          \
                                                                                                                               \
				if (bl_likely(!(bl_mask_ & (bl_mask_ - 1)))) {                                                 \
					if (bl_likely(bl_mask_))                                                               \
						BL_RECORD(borelog_open, n, __VA_ARGS__)                                        \
				} else {                                                                                       \
					for (; bl_mask_; bl_mask_ &= bl_mask_ - 1)                                             \
						BL_RECORD(borelog_open_cold, n, __VA_ARGS__)                                   \
				}                                                                                              \
			}                                                                                                      \
		}                                                                                                              \
		BL_QUIET_END                                                                                                   \
	} while (0)

#define BL_ARITY_0(c, text, suffix, cat, event) BL_EVENT(c, text, cat, event suffix, 0, )
#define BL_ARITY_1(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 1, __VA_ARGS__)
#define BL_ARITY_2(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 2, __VA_ARGS__)
#define BL_ARITY_3(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 3, __VA_ARGS__)
#define BL_ARITY_4(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 4, __VA_ARGS__)
#define BL_ARITY_5(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 5, __VA_ARGS__)
#define BL_ARITY_6(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 6, __VA_ARGS__)
#define BL_ARITY_7(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 7, __VA_ARGS__)
#define BL_ARITY_8(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 8, __VA_ARGS__)
#define BL_ARITY_9(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 9, __VA_ARGS__)
#define BL_ARITY_10(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 10, __VA_ARGS__)
#define BL_ARITY_11(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 11, __VA_ARGS__)
#define BL_ARITY_12(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 12, __VA_ARGS__)
#define BL_ARITY_13(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 13, __VA_ARGS__)
#define BL_ARITY_14(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 14, __VA_ARGS__)
#define BL_ARITY_15(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 15, __VA_ARGS__)
#define BL_ARITY_16(c, text, suffix, cat, event, ...) BL_EVENT(c, text, cat, event suffix, 16, __VA_ARGS__)
#define BL_DISPATCH(text, suffix, ...) BL_JOIN(BL_ARITY_, BL_COUNT(__VA_ARGS__))(__COUNTER__, text, suffix, __VA_ARGS__)

#define borelog_event(...) BL_DISPATCH(#__VA_ARGS__, "", __VA_ARGS__)
#define borelog_begin(...) BL_DISPATCH(#__VA_ARGS__, "_begin", __VA_ARGS__)
#define borelog_end(...) BL_DISPATCH(#__VA_ARGS__, "_end", __VA_ARGS__)

#endif /* BORELOG_DISABLE */

#endif
