/* SPDX-License-Identifier: MIT */
/**
 * rewrite.h - write a trace that was read (ctf.h) as another one, in CTF 1.8 or 2.
 *
 *     struct ctf_rewrite *rewrite = ctf_rewrite_new(trace, CTF_2, &error);
 *
 *     ctf_rewrite_metadata(rewrite, file);
 *     for each stream of the trace:
 *             struct ctf_rewriter *to = ctf_rewriter_new(rewrite, stream, fd);
 *             for each of its records: ctf_rewriter_put(to, record);
 *             ctf_rewriter_end(to);
 *
 * Heads of packets and of records are new ones; everything else keeps its names, values and meaning, as far as the version has
 * words for it, and the nearest thing that keeps the values where it has not. In CTF 1.8:
 *
 *     integers of variable length      integers of 64 bits
 *     booleans                         enumerations of false and true
 *     bit maps                         enumerations of their bits
 *     floats of 16 bits                floats of 32 bits
 *     UTF-16, UTF-32                   strings of UTF-8 that end with NUL
 *     BLOBs                            arrays and sequences of bytes in base 16
 *     optionals                        variants of "some" and "none"
 *     options selected by any integer  its enumeration, with a label for each option
 *     names that are no identifiers    the nearest identifiers
 *     names, name spaces and uids of traces   members of the environment
 *     names of streams, attributes, other origins of clocks, media types   nothing
 */
#ifndef BL_CTF_REWRITE_H
#define BL_CTF_REWRITE_H

#include "ctf/ctf.h"
#include "ctf/metadata.h"

struct ctf_rewrite;

/** ctf_rewrite_new() - to be given to ctf_rewrite_free(), before ctf_close(); NULL with *@ret_error. */
struct ctf_rewrite *ctf_rewrite_new(const struct ctf_trace *trace, enum ctf_version version, struct ctf_error *ret_error);

/** Accepts NULL. */
void ctf_rewrite_free(struct ctf_rewrite *rewrite);

/** ctf_rewrite_metadata() - Return: 0; -EIO: @out says that something went wrong. */
int ctf_rewrite_metadata(const struct ctf_rewrite *rewrite, FILE *out);

/** The data stream that is being written. */
struct ctf_rewriter;

/** What of the source is written; all zero: everything. */
struct ctf_rewrite_cut {
	bool has_from;
	bool has_to;
	int64_t from; /* ns: packets begin then at the earliest */
	int64_t to;   /* and end then at the latest */
};

/**
 * ctf_rewriter_new() - begin a data stream
 * @fd: of an empty file; stays the caller's
 *
 * Return: to be given to ctf_rewriter_free(); NULL: out of memory.
 */
struct ctf_rewriter *ctf_rewriter_new(const struct ctf_rewrite *rewrite, const struct ctf_stream *stream,
				      const struct ctf_rewrite_cut *cut, int fd);

/** Accepts NULL. */
void ctf_rewriter_free(struct ctf_rewriter *to);

/**
 * ctf_rewriter_packet() - the source goes on to another packet; for ctf_select.packet
 *
 * It becomes a packet even if there is no record in it. Without, packets with records or losses are found by
 * ctf_rewriter_put(). Return: 0; -errno of writing; -ENOMEM. All three stay with their first error.
 */
int ctf_rewriter_packet(struct ctf_rewriter *to, const struct ctf_record *record);

/** ctf_rewriter_put() - a record or a loss, in the order of the stream. */
int ctf_rewriter_put(struct ctf_rewriter *to, const struct ctf_record *record);

/** ctf_rewriter_end() - write what is left. */
int ctf_rewriter_end(struct ctf_rewriter *to);

#endif
