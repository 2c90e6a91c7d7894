/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * fields.h - the arguments of a trace point: their types, sizes and encodings, chosen by the compiler from the expressions. In C11 (as GNU C
 * has it) and in C++17, for programs, kernels and hypervisors alike. What a record's fields look like: event.h.
 *
 * BL_EACH_n(F, x1, .., xn) goes through n arguments. A trace point of n arguments is, in a host's own macro,
 *
 *     BL_EACH_n(BL_DECLARE, ...)                      each value, evaluated once, and its size
 *     0 BL_EACH_n(BL_PLUS_SIZE, ...)                  what to reserve
 *     bl_at_ = payload; BL_EACH_n(BL_PUT, ...)        the fields, into what was reserved
 *     BL_EACH_n(BL_ARG, ...)                          at bl_arg_: for filters
 *     BL_CODE(x)                                      a constant, enum bl_type with flags: for the description (describe.h)
 *
 * Invariant: what is put is as many bytes as BL_SIZE said, whatever changes meanwhile.
 *
 * In C++ <type_traits> is to be included before.
 *
 * Where a port defines BL_PORT_NO_FLOAT there are no floating-point types, as the code may not use their registers.
 */
#ifndef BL_CORE_FIELDS_H
#define BL_CORE_FIELDS_H

#include "event.h"
#include "text.h"


struct borelog_enum_entry {
	int64_t value;
	const char *label;
};

struct borelog_enum_table {
	const char *name;
	const struct borelog_enum_entry *entries;
	uint64_t n_entries;
};

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

	__builtin_memcpy(p, &n, sizeof(n));
	if (count)
		__builtin_memcpy(p + sizeof(n), data, count * size);
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
	BL_FLOATS(K)
#ifdef BL_PORT_NO_FLOAT
#define BL_FLOATS(K)
#else
#define BL_FLOATS(K) K(float, f, BL_TYPE_F32, f64) K(double, d, BL_TYPE_F64, f64)
#endif
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
		__builtin_memcpy(p, &v, sizeof(v));                                                                                      \
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
		__builtin_memcpy(p, &v.value, sizeof(v.value));                                                                          \
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

#ifndef BL_PORT_NO_FLOAT
static inline size_t BL_NAME(size, ld)(long double v)
{
	(void)v;
	return sizeof(double);
}
static inline uint8_t *BL_NAME(put, ld)(uint8_t *p, long double v, size_t size)
{
	const double d = (double)v;

	__builtin_memcpy(p, &d, sizeof(d));
	return p + size;
}
static inline void BL_NAME(arg, ld)(struct bl_filter_arg *arg, long double v)
{
	arg->type = BL_TYPE_F64;
	arg->value.f64 = (double)v;
}
#endif

static inline size_t BL_NAME(size, ptr)(const volatile void *v)
{
	return sizeof(v);
}
static inline uint8_t *BL_NAME(put, ptr)(uint8_t *p, const volatile void *v, size_t size)
{
	__builtin_memcpy(p, &v, sizeof(v));
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
#ifdef BL_PORT_NO_FLOAT
#define BL_LONG_DOUBLE(is)
#else
#define BL_LONG_DOUBLE(is) long double: is,
#endif
#define BL_PICK(what, v)                                                                                                       \
	_Generic((v), BL_ELEMENTS(BL_PICK_SCALAR_##what) BL_WRAPPERS(BL_PICK_WRAPPER_##what) BL_LONG_DOUBLE(borelog_##what##_ld)  \
		 struct borelog_seq_bytes: borelog_##what##_seq_bytes, char *: borelog_##what##_str,                           \
		 const char *: borelog_##what##_str, default: borelog_##what##_ptr)

#define BL_CODE(x)                                                                                                             \
	_Generic((x), BL_ELEMENTS(BL_CODE_SCALAR) BL_WRAPPERS(BL_CODE_WRAPPER) BL_LONG_DOUBLE(BL_TYPE_F64)                  \
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
#define borelog_array(p, n) _Generic((p), BL_ELEMENTS(BL_PICK_SEQ) struct borelog_no_array *: 0)(p, n)

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

/* ---- Many of them ---- */

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

#define BL_DECLARE(i, x)                                                                                                       \
	BL_VALUE(x) bl_value_##i = BL_OF(x);                                                                                   \
	const size_t bl_size_##i = BL_SIZE(bl_value_##i);
#define BL_PLUS_SIZE(i, x) +bl_size_##i
#define BL_PUT(i, x) bl_at_ = BL_PUT_VALUE(bl_at_, bl_value_##i, bl_size_##i);
#define BL_ARG(i, x)                                                                                                           \
	bl_arg_->count = 0;                                                                                                    \
	BL_ARG_VALUE(bl_arg_, bl_value_##i);                                                                                   \
	bl_arg_++;

#endif
