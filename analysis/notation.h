/* SPDX-License-Identifier: MIT */
/**
 * notation.h - field classes in a line of text: rows: i32, state: enum i32 {IDLE=0, BUSY=1..4}, data: u8[len].
 *
 *     u8 i16 x32 o32 b8              integers: bits behind their sign; x, o, b: unsigned, shown in hexadecimal, octal, binary.
 *                                    For signed ones the base comes behind: i32 hex
 *     u12be u12le                    byte order, where it is not the trace's own; "reversed" behind: bits counted from the
 *                                    other end
 *     uleb128 ileb128                of variable length
 *     bool bits12 f32 f64
 *     enum u8 {A=0, B=1..4}          integers with names for values; an empty list: none has
 *     flags u8 {READ=0, MODE=4..7}   numbers whose bits have names
 *     string string[16] string[len]  up to a NUL; of so many bytes; of as many as the field len says. utf16le string: of that
 *                                    encoding
 *     blob[16] blob[len image/png]
 *     {a: u8, b: string}             structures
 *     u8[4] u32[len]                 arrays
 *     string?[flag] u8?[sel=1..3]    optional: there if flag is true, if sel is in the range
 *     <tag: A=0 u8, B=1..2 string>   variant: which option the field tag selects by its value
 *     u64 @clock                     a value of that clock
 *
 * A length or selector in another scope is written with it: $packet.len. Names and labels that are not made of letters, digits and
 * the signs _ : . - > [ ] are in quotes.
 */
#ifndef BL_ANALYSIS_NOTATION_H
#define BL_ANALYSIS_NOTATION_H

#include "analysis/text.h"
#include "ctf/ctf.h"

/** Where a class is: names of lengths and selectors are looked up in all scopes that are decoded with it. */
struct notation {
	const struct ctf_trace *trace;
	const struct ctf_stream_class *stream; /* NULL: none, for a packet's header */
	const struct ctf_event_class *event;   /* NULL: none */
	enum ctf_scope scope;                  /* of the class */
	uint32_t mappings_max;                 /* more of them are "... and 84 more"; 0: all */
};

/** notation_class() - the class's notation. */
void notation_class(struct text *text, const struct notation *where, const struct ctf_class *class);

/** notation_source() - the field that a length or selector is: "len", "$packet.len"; nothing if it cannot be found. */
void notation_source(struct text *text, const struct notation *where, int32_t source);

/** notation_scope() - the class of a scope; NULL: there is none. */
const struct ctf_class *notation_scope(const struct notation *where, enum ctf_scope scope);

#endif
