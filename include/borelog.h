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

struct borelog_enum_entry {
	int64_t value;
	const char *label;
};

struct borelog_enum_table {
	const char *name;
	const struct borelog_enum_entry *entries;
	uint64_t n_entries;
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

/* ---- Arguments: for each kind its type code, size, encoding, and form for filters. ---- */

#define BL_SEQUENCE_MAX 65535u
/* More than any ring takes, so it is counted as too large; and so little that 16 of them do not wrap a 32-bit size. */
#define BL_FIELD_TOO_LARGE ((size_t)1 << 26)

static inline size_t borelog_size_string(const char *s)
{
	size_t size;

	if (!s)
		return sizeof("(null)");
	size = __builtin_constant_p(__builtin_strlen(s)) ? __builtin_strlen(s) + 1 : bl_text_length(s) + 1;
	return sizeof(size) > 4 || size < BL_FIELD_TOO_LARGE ? size : BL_FIELD_TOO_LARGE;
}

static inline uint8_t *borelog_put_string(uint8_t *p, const char *s, size_t size)
{
	return bl_text_put(p, s ? s : "(null)", size);
}

static inline size_t borelog_size_elements(size_t count, size_t size)
{
	return count <= BL_SEQUENCE_MAX ? sizeof(uint16_t) + count * size : BL_FIELD_TOO_LARGE;
}

static inline uint8_t *borelog_put_elements(uint8_t *p, const void *data, size_t count, size_t size)
{
	const uint16_t n = (uint16_t)count;

	memcpy(p, &n, sizeof(n));
	if (count)
		memcpy(p + sizeof(n), data, count * size);
	return p + sizeof(n) + count * size;
}

/* K(type, suffix, type code, member of bl_filter_arg) for every scalar ... */
#define BL_SCALARS(K)                                                                                                          \
	K(bool, b, BL_TYPE_BOOL, u64)                                                                                          \
	K(signed char, sc, BL_TYPE_I8, i64)                                                                                    \
	K(unsigned char, uc, BL_TYPE_U8, u64)                                                                                  \
	K(short, s, BL_TYPE_I16, i64)                                                                                          \
	K(unsigned short, us, BL_TYPE_U16, u64)                                                                                \
	K(int, i, BL_TYPE_I32, i64)                                                                                            \
	K(unsigned int, ui, BL_TYPE_U32, u64)                                                                                  \
	K(long, l, sizeof(long) == 8 ? BL_TYPE_I64 : BL_TYPE_I32, i64)                                                         \
	K(unsigned long, ul, sizeof(long) == 8 ? BL_TYPE_U64 : BL_TYPE_U32, u64)                                               \
	K(long long, ll, BL_TYPE_I64, i64)                                                                                     \
	K(unsigned long long, ull, BL_TYPE_U64, u64)                                                                           \
	K(float, f, BL_TYPE_F32, f64)                                                                                          \
	K(double, d, BL_TYPE_F64, f64)
/* ... and char, whose sign the machine chooses. */
#ifdef __CHAR_UNSIGNED__
#define BL_CHAR(K) K(char, c, BL_TYPE_U8, u64)
#else
#define BL_CHAR(K) K(char, c, BL_TYPE_I8, i64)
#endif
#define BL_ELEMENTS(K) BL_SCALARS(K) BL_CHAR(K)

/* W(type of the value, suffix, type code, member) for every wrapper of one value. */
#define BL_WRAPPERS(W)                                                                                                         \
	W(uint8_t, x8, BL_TYPE_U8 | BL_TYPE_HEX, u64)                                                                          \
	W(uint16_t, x16, BL_TYPE_U16 | BL_TYPE_HEX, u64)                                                                       \
	W(uint32_t, x32, BL_TYPE_U32 | BL_TYPE_HEX, u64)                                                                       \
	W(uint64_t, x64, BL_TYPE_U64 | BL_TYPE_HEX, u64)                                                                       \
	W(int32_t, e32, BL_TYPE_I32 | BL_TYPE_ENUM, i64)                                                                       \
	W(int64_t, e64, BL_TYPE_I64 | BL_TYPE_ENUM, i64)

#define BL_POINTER_TYPE ((sizeof(void *) == 8 ? BL_TYPE_U64 : BL_TYPE_U32) | BL_TYPE_HEX)

#define BL_WRAPPER_STRUCT(type, k, code, member)                                                                               \
	struct borelog_##k {                                                                                                   \
		type value;                                                                                                    \
	};
BL_WRAPPERS(BL_WRAPPER_STRUCT)

#define BL_SEQ_STRUCT(type, k, code, member)                                                                                   \
	struct borelog_seq_##k {                                                                                               \
		const type *data;                                                                                              \
		size_t count;                                                                                                  \
	};
BL_ELEMENTS(BL_SEQ_STRUCT)

struct borelog_seq_bytes {
	const void *data;
	size_t count;
};

static inline struct borelog_seq_bytes borelog_bytes(const void *data, size_t count)
{
	struct borelog_seq_bytes bytes;

	bytes.data = data;
	bytes.count = count;
	return bytes;
}

/* Three functions for each kind: its size in a record, its encoding, its form for filters. Overloaded in C++, chosen by _Generic in C. */
#ifdef __cplusplus
} /* extern "C" */
#define BL_NAME(what, k) borelog_##what##_
#else
#define BL_NAME(what, k) borelog_##what##_##k
#endif

#define BL_SCALAR_FUNCTIONS(vtype, k, code, member)                                                                            \
	static inline size_t BL_NAME(size, k)(vtype v)                                                                         \
	{                                                                                                                      \
		(void)v;                                                                                                       \
		return sizeof(v);                                                                                              \
	}                                                                                                                      \
	static inline uint8_t *BL_NAME(put, k)(uint8_t * p, vtype v, size_t size)                                              \
	{                                                                                                                      \
		(void)size;                                                                                                    \
		memcpy(p, &v, sizeof(v));                                                                                      \
		return p + sizeof(v);                                                                                          \
	}                                                                                                                      \
	static inline void BL_NAME(arg, k)(struct bl_filter_arg * arg, vtype v)                                                \
	{                                                                                                                      \
		arg->type = (uint32_t)(code);                                                                                  \
		arg->value.member = v;                                                                                         \
	}
BL_ELEMENTS(BL_SCALAR_FUNCTIONS)

#define BL_WRAPPER_FUNCTIONS(vtype, k, code, member)                                                                           \
	static inline size_t BL_NAME(size, k)(struct borelog_##k v)                                                            \
	{                                                                                                                      \
		return sizeof(v.value);                                                                                        \
	}                                                                                                                      \
	static inline uint8_t *BL_NAME(put, k)(uint8_t * p, struct borelog_##k v, size_t size)                                 \
	{                                                                                                                      \
		(void)size;                                                                                                    \
		memcpy(p, &v.value, sizeof(v.value));                                                                          \
		return p + sizeof(v.value);                                                                                    \
	}                                                                                                                      \
	static inline void BL_NAME(arg, k)(struct bl_filter_arg * arg, struct borelog_##k v)                                   \
	{                                                                                                                      \
		arg->type = (uint32_t)(code);                                                                                  \
		arg->value.member = v.value;                                                                                   \
	}
BL_WRAPPERS(BL_WRAPPER_FUNCTIONS)

#define BL_SEQ_FUNCTIONS(k, code, element_size)                                                                                \
	static inline size_t BL_NAME(size, seq_##k)(struct borelog_seq_##k v)                                                  \
	{                                                                                                                      \
		return borelog_size_elements(v.count, element_size);                                                           \
	}                                                                                                                      \
	static inline uint8_t *BL_NAME(put, seq_##k)(uint8_t * p, struct borelog_seq_##k v, size_t size)                       \
	{                                                                                                                      \
		(void)size;                                                                                                    \
		return borelog_put_elements(p, v.data, v.count, element_size);                                                 \
	}                                                                                                                      \
	static inline void BL_NAME(arg, seq_##k)(struct bl_filter_arg * arg, struct borelog_seq_##k v)                         \
	{                                                                                                                      \
		arg->type = (uint32_t)(code) | BL_TYPE_SEQUENCE;                                                               \
		arg->count = (uint32_t)v.count;                                                                                \
		arg->value.pointer = v.data;                                                                                   \
	}
#define BL_ARRAY_FUNCTIONS(vtype, k, code, member) BL_SEQ_FUNCTIONS(k, code, sizeof(vtype))
BL_ELEMENTS(BL_ARRAY_FUNCTIONS)
BL_SEQ_FUNCTIONS(bytes, BL_TYPE_U8 | BL_TYPE_HEX, 1)

static inline size_t BL_NAME(size, str)(const char *v)
{
	return borelog_size_string(v);
}
static inline uint8_t *BL_NAME(put, str)(uint8_t *p, const char *v, size_t size)
{
	return borelog_put_string(p, v, size);
}
static inline void BL_NAME(arg, str)(struct bl_filter_arg *arg, const char *v)
{
	arg->type = BL_TYPE_STRING;
	arg->value.pointer = v;
}

static inline size_t BL_NAME(size, ld)(long double v)
{
	(void)v;
	return sizeof(double);
}
static inline uint8_t *BL_NAME(put, ld)(uint8_t *p, long double v, size_t size)
{
	const double d = (double)v;

	memcpy(p, &d, sizeof(d));
	return p + size;
}
static inline void BL_NAME(arg, ld)(struct bl_filter_arg *arg, long double v)
{
	arg->type = BL_TYPE_F64;
	arg->value.f64 = (double)v;
}

static inline size_t BL_NAME(size, ptr)(const volatile void *v)
{
	return sizeof(v);
}
static inline uint8_t *BL_NAME(put, ptr)(uint8_t *p, const volatile void *v, size_t size)
{
	memcpy(p, &v, sizeof(v));
	return p + size;
}
static inline void BL_NAME(arg, ptr)(struct bl_filter_arg *arg, const volatile void *v)
{
	arg->type = (uint32_t)BL_POINTER_TYPE;
	arg->value.u64 = (uintptr_t)v;
}

#ifdef __cplusplus

/* By value: arrays and bit fields become what they decay to, enumerations their integers. */
template <class T> static inline auto borelog_value_(T v)
{
	if constexpr (std::is_enum_v<T>)
		return static_cast<std::underlying_type_t<T>>(v);
	else
		return v;
}

template <class T> struct borelog_code {
	static_assert(std::is_pointer_v<T>, "borelog: a type that trace points cannot record");
	static constexpr uint32_t value = BL_POINTER_TYPE;
};
#define BL_CODE_SCALAR(vtype, k, code, member)                                                                                 \
	template <> struct borelog_code<vtype> {                                                                               \
		static constexpr uint32_t value = code;                                                                        \
	};                                                                                                                     \
	template <> struct borelog_code<struct borelog_seq_##k> {                                                              \
		static constexpr uint32_t value = (code) | BL_TYPE_SEQUENCE;                                                   \
	};                                                                                                                     \
	static inline struct borelog_seq_##k borelog_array(const vtype *data, size_t count)                                    \
	{                                                                                                                      \
		return {data, count};                                                                                          \
	}
#define BL_CODE_WRAPPER(vtype, k, code, member)                                                                                \
	template <> struct borelog_code<struct borelog_##k> {                                                                  \
		static constexpr uint32_t value = code;                                                                        \
	};
BL_ELEMENTS(BL_CODE_SCALAR)
BL_WRAPPERS(BL_CODE_WRAPPER)
template <> struct borelog_code<long double> {
	static constexpr uint32_t value = BL_TYPE_F64;
};
template <> struct borelog_code<char *> {
	static constexpr uint32_t value = BL_TYPE_STRING;
};
template <> struct borelog_code<const char *> {
	static constexpr uint32_t value = BL_TYPE_STRING;
};
template <> struct borelog_code<struct borelog_seq_bytes> {
	static constexpr uint32_t value = BL_TYPE_U8 | BL_TYPE_HEX | BL_TYPE_SEQUENCE;
};

template <class T> static inline auto borelog_hex_(T v)
{
	if constexpr (std::is_pointer_v<T>)
		return (const volatile void *)v;
	else if constexpr (sizeof(T) == 1)
		return borelog_x8{static_cast<uint8_t>(v)};
	else if constexpr (sizeof(T) == 2)
		return borelog_x16{static_cast<uint16_t>(v)};
	else if constexpr (sizeof(T) == 4)
		return borelog_x32{static_cast<uint32_t>(v)};
	else
		return borelog_x64{static_cast<uint64_t>(v)};
}

template <class T> static inline auto borelog_enum_(T v, const struct borelog_enum_entry *)
{
	if constexpr (sizeof(T) <= 4)
		return borelog_e32{static_cast<int32_t>(v)};
	else
		return borelog_e64{static_cast<int64_t>(v)};
}

#define BL_CODE(x) (borelog_code<decltype(borelog_value_(x))>::value)
#define BL_VALUE(x) auto
#define BL_OF(x) borelog_value_(x)
#define BL_SIZE(v) borelog_size_(v)
#define BL_PUT_VALUE(p, v, size) borelog_put_(p, v, size)
#define BL_ARG_VALUE(to, v) borelog_arg_(to, v)
#define borelog_hex(x) borelog_hex_(x)
#define borelog_enum(x, table) borelog_enum_(x, table)

#else /* C */

#define BL_PICK_SCALAR_size(vtype, k, code, member) vtype: borelog_size_##k, struct borelog_seq_##k: borelog_size_seq_##k,
#define BL_PICK_SCALAR_put(vtype, k, code, member) vtype: borelog_put_##k, struct borelog_seq_##k: borelog_put_seq_##k,
#define BL_PICK_SCALAR_arg(vtype, k, code, member) vtype: borelog_arg_##k, struct borelog_seq_##k: borelog_arg_seq_##k,
#define BL_PICK_WRAPPER_size(vtype, k, code, member) struct borelog_##k: borelog_size_##k,
#define BL_PICK_WRAPPER_put(vtype, k, code, member) struct borelog_##k: borelog_put_##k,
#define BL_PICK_WRAPPER_arg(vtype, k, code, member) struct borelog_##k: borelog_arg_##k,
#define BL_CODE_SCALAR(vtype, k, code, member) vtype: (code), struct borelog_seq_##k: (code) | BL_TYPE_SEQUENCE,
#define BL_CODE_WRAPPER(vtype, k, code, member) struct borelog_##k: (code),
#define BL_PICK(what, v)                                                                                                       \
	_Generic((v), BL_ELEMENTS(BL_PICK_SCALAR_##what) BL_WRAPPERS(BL_PICK_WRAPPER_##what) long double: borelog_##what##_ld, \
		 struct borelog_seq_bytes: borelog_##what##_seq_bytes, char *: borelog_##what##_str,                           \
		 const char *: borelog_##what##_str, default: borelog_##what##_ptr)

#define BL_CODE(x)                                                                                                             \
	_Generic((x), BL_ELEMENTS(BL_CODE_SCALAR) BL_WRAPPERS(BL_CODE_WRAPPER) long double: BL_TYPE_F64,                       \
		 struct borelog_seq_bytes: BL_TYPE_U8 | BL_TYPE_HEX | BL_TYPE_SEQUENCE, char *: BL_TYPE_STRING,                \
		 const char *: BL_TYPE_STRING, default: BL_POINTER_TYPE)
#define BL_VALUE(x) __extension__ __auto_type
#define BL_OF(x) (x)
#define BL_SIZE(v) BL_PICK(size, v)(v)
#define BL_PUT_VALUE(p, v, size) BL_PICK(put, v)(p, v, size)
#define BL_ARG_VALUE(to, v) BL_PICK(arg, v)(to, v)

#define BL_SEQ_MAKE(vtype, k, code, member)                                                                                    \
	static inline struct borelog_seq_##k borelog_seq_make_##k(const vtype *data, size_t count)                             \
	{                                                                                                                      \
		const struct borelog_seq_##k seq = {data, count};                                                              \
		return seq;                                                                                                    \
	}
BL_ELEMENTS(BL_SEQ_MAKE)
#define BL_PICK_SEQ(vtype, k, code, member) vtype *: borelog_seq_make_##k, const vtype *: borelog_seq_make_##k,
#define borelog_array(p, n) _Generic((p), BL_ELEMENTS(BL_PICK_SEQ) struct borelog_site *: 0)(p, n)

static inline struct borelog_x8 borelog_hex_1(uint64_t v)
{
	return (struct borelog_x8){(uint8_t)v};
}
static inline struct borelog_x16 borelog_hex_2(uint64_t v)
{
	return (struct borelog_x16){(uint16_t)v};
}
static inline struct borelog_x32 borelog_hex_4(uint64_t v)
{
	return (struct borelog_x32){(uint32_t)v};
}
static inline struct borelog_x64 borelog_hex_8(uint64_t v)
{
	return (struct borelog_x64){v};
}
/* The length of an array type makes the size a type, which _Generic can choose by. */
#define BL_BY_SIZE(x, one, two, four, eight)                                                                                   \
	_Generic((char(*)[sizeof(x)])0, char(*)[1]: one, char(*)[2]: two, char(*)[4]: four, char(*)[8]: eight)
#define borelog_hex(x)                                                                                                         \
	BL_BY_SIZE(x, borelog_hex_1, borelog_hex_2, borelog_hex_4, borelog_hex_8)                                              \
	(_Generic((x), long long: (x), unsigned long long: (x), default: (uintptr_t)(x)))

static inline struct borelog_e32 borelog_enum_4(int64_t v, const struct borelog_enum_entry *table)
{
	(void)table;
	return (struct borelog_e32){(int32_t)v};
}
static inline struct borelog_e64 borelog_enum_8(int64_t v, const struct borelog_enum_entry *table)
{
	(void)table;
	return (struct borelog_e64){v};
}
#define borelog_enum(x, table) BL_BY_SIZE(x, borelog_enum_4, borelog_enum_4, borelog_enum_4, borelog_enum_8)((int64_t)(x), table)

#endif /* C */

#define borelog_named(name, x) (x)

/** At file scope: names for values, for borelog_enum(). */
#define BORELOG_ENUM(table, ...)                                                                                               \
	static const struct borelog_enum_entry table[] = {__VA_ARGS__};                                                        \
	static struct borelog_enum_table table##_borelog_enum __attribute__((section("borelog_enums"), used)) = {              \
		#table, table, sizeof(table) / sizeof(table[0])}

/* ---- The trace point. ---- */

/* One macro for each number of arguments: BL_EACH_n(F, x1, .., xn) is F(n, x1) .. F(1, xn). */
#define BL_EACH_0(F, ...)
#define BL_EACH_1(F, x) F(1, x)
#define BL_EACH_2(F, x, ...) F(2, x) BL_EACH_1(F, __VA_ARGS__)
#define BL_EACH_3(F, x, ...) F(3, x) BL_EACH_2(F, __VA_ARGS__)
#define BL_EACH_4(F, x, ...) F(4, x) BL_EACH_3(F, __VA_ARGS__)
#define BL_EACH_5(F, x, ...) F(5, x) BL_EACH_4(F, __VA_ARGS__)
#define BL_EACH_6(F, x, ...) F(6, x) BL_EACH_5(F, __VA_ARGS__)
#define BL_EACH_7(F, x, ...) F(7, x) BL_EACH_6(F, __VA_ARGS__)
#define BL_EACH_8(F, x, ...) F(8, x) BL_EACH_7(F, __VA_ARGS__)
#define BL_EACH_9(F, x, ...) F(9, x) BL_EACH_8(F, __VA_ARGS__)
#define BL_EACH_10(F, x, ...) F(10, x) BL_EACH_9(F, __VA_ARGS__)
#define BL_EACH_11(F, x, ...) F(11, x) BL_EACH_10(F, __VA_ARGS__)
#define BL_EACH_12(F, x, ...) F(12, x) BL_EACH_11(F, __VA_ARGS__)
#define BL_EACH_13(F, x, ...) F(13, x) BL_EACH_12(F, __VA_ARGS__)
#define BL_EACH_14(F, x, ...) F(14, x) BL_EACH_13(F, __VA_ARGS__)
#define BL_EACH_15(F, x, ...) F(15, x) BL_EACH_14(F, __VA_ARGS__)
#define BL_EACH_16(F, x, ...) F(16, x) BL_EACH_15(F, __VA_ARGS__)
#define BL_COUNT(...) BL_COUNT_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, , )
#define BL_COUNT_(c, n, a, b, d, e, f, g, h, i, j, k, l, m, o, p, q, r, count, ...) count
#define BL_JOIN(a, b) BL_JOIN_(a, b)
#define BL_JOIN_(a, b) a##b

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
#define BL_DECLARE(i, x)                                                                                                       \
	BL_VALUE(x) bl_value_##i = BL_OF(x);                                                                                   \
	const size_t bl_size_##i = BL_SIZE(bl_value_##i);
#define BL_PLUS_SIZE(i, x) +bl_size_##i
#define BL_PUT(i, x) bl_at_ = BL_PUT_VALUE(bl_at_, bl_value_##i, bl_size_##i);
#define BL_ARG(i, x)                                                                                                           \
	bl_arg_->count = 0;                                                                                                    \
	BL_ARG_VALUE(bl_arg_, bl_value_##i);                                                                                   \
	bl_arg_++;

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
