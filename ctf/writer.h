/* SPDX-License-Identifier: MIT */
/**
 * writer.h - what the two writers of metadata share. Not for anybody outside ctf/.
 */
#ifndef BL_CTF_WRITER_H
#define BL_CTF_WRITER_H

#include "metadata.h"

#define CTF_TEXT_MAX 4096u /* a longer text is cut */
#define CTF_NAME_SIZE 256u
#define CTF_UUID_SIZE 37u

/** Where timestamp_end is, in the packet and so in CTF's alignment: see metadata.h. */
#define CTF_END_ALIGN_BITS 256

/** Names of the reasons, in the order of the words (enum bl_lost). */
extern const char *const ctf_discard_reasons[];
extern const size_t ctf_discard_n_reasons;

/** A field's name and the name of its length, if it is a sequence; both unique within their event. */
struct ctf_name {
	char name[CTF_NAME_SIZE];
	char length[CTF_NAME_SIZE];
};

/** ctf_names_new() - names for @n fields, to be freed; NULL: out of memory. */
struct ctf_name *ctf_names_new(const struct ctfw_field *fields, uint32_t n);

/** ctf_is_name() - is all of it letters, digits and '_'? */
bool ctf_is_name(const char *text);

/** ctf_identifier() - the nearest thing to @text that is letters, digits and '_'. Never empty. */
void ctf_identifier(char to[CTF_NAME_SIZE], const char *text);

/** ctf_clean() - @text with ctf_text_clean(), in a buffer of CTF_TEXT_MAX bytes and a NUL; NULL is "". */
void ctf_clean(char to[CTF_TEXT_MAX + 1], const char *text);

/** ctf_event_name() - `category:name`, cleaned. */
void ctf_event_name(char to[CTF_TEXT_MAX + 1], const struct ctfw_event *event);

void ctf_uuid_text(char to[CTF_UUID_SIZE], const uint8_t uuid[16]);

/** ctf_tsdl_string() - in quotes, with escapes. */
void ctf_tsdl_string(FILE *out, const char *text);

/**
 * ctf_tsdl_record_header() - the members of a compact record header (core/record.h): a word, of which @id_bits are the id, from
 * @first_id on, and the rest the clock; all id bits set: then an id of @id_size bits and the whole clock follow
 */
void ctf_tsdl_record_header(FILE *out, const char *clock, uint32_t first_id, uint32_t id_bits, uint32_t id_size);

/* write_tsdl.c and write_json.c. Return: 0, -ENOMEM. */
int ctf_tsdl_write_trace(const struct ctfw_trace_class *trace, FILE *out);
int ctf_tsdl_write_stream(const struct ctfw_stream_class *stream, const struct ctfw_clock *clock, FILE *out);
int ctf_json_write_trace(const struct ctfw_trace_class *trace, FILE *out);
int ctf_json_write_stream(const struct ctfw_trace_class *trace, const struct ctfw_stream_class *stream, FILE *out);

#endif
