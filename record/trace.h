/* SPDX-License-Identifier: MIT */
/**
 * trace.h - one layer of what a session records: the directory DIR/LAYER, a CTF trace of its own, with its metadata and the files of
 * each stream. All layers of a session have one clock, so readers merge them.
 *
 * Invariants, at every instant, whatever kills the recorder:
 *     the metadata is whole, and describes every stream class that has a packet in a file
 *     each stream file is a row of whole packets (stream_file.h); until trace_finish() the last one may have padding
 *     what is neither has a name with a leading dot, which readers pass over
 * The directory is never one that was there before.
 */
#ifndef BL_RECORD_TRACE_H
#define BL_RECORD_TRACE_H

#include "clock.h"
#include "record.h"
#include "stream.h"

#define TRACE_ENV_MORE 4u

struct trace {
	const char *layer;   /* "user", "xen": the directory's name, and the env's domain */
	char path[PATH_MAX]; /* of DIR/LAYER, absolute */
	int dir_fd;
	bool snapshot;       /* its files are in files[] by instance, not in the streams */
	struct stream_file *files;
	uint64_t n_files;
	struct stream_file_rooms rooms; /* 0: the usual ones */
	/* what the metadata needs */
	enum ctf_version version;
	uint8_t uuid[16];
	const struct trace_clock *clock;
	const struct streams *streams;
	const char *command; /* text for the env, may be NULL */
	const char *programs;
	const struct ctfw_env *more; /* of the env, what only this layer has */
	uint32_t n_more;             /* at most TRACE_ENV_MORE */
	uint32_t n_described; /* stream classes in the metadata file */
	uint32_t n_behind;    /* and in the hidden one; 0: there is none */
	/* results */
	uint64_t bytes;
	uint64_t packets;
	uint32_t n_made;
	int failure; /* of a snapshot: what kept packets out */
};

/**
 * trace_make_dir() - make the directory that has the layers'
 * @path: NULL: borelog-YYYYMMDD-HHMMSS in the current directory
 * @ret:  absolute; empty on failure
 */
int trace_make_dir(char ret[PATH_MAX], const char *path, struct record_error *error);

/** trace_open() - make the layer's directory in @dir. The other members have been filled in. */
int trace_open(struct trace *trace, const char *dir, struct record_error *error);
void trace_close(struct trace *trace);

/** trace_finish() - all is written: every file has its real size from now on. May be called again. */
void trace_finish(struct trace *trace);

/** trace_remove() - a trace that was never begun: take the layer's directory away again */
void trace_remove(struct trace *trace);

/** trace_describe() - write the metadata, as it is known now */
int trace_describe(struct trace *trace, struct record_error *error);

/**
 * trace_write() - append a packet
 * @packet: its head; @payload: what is behind it
 *
 * Return: 0; -ENOSPC, -EDQUOT and others with the files as before; -ENOENT: somebody removed the directory.
 */
int trace_write(struct trace *trace, struct stream *stream, const struct bl_packet *packet, const void *payload, size_t payload_size);

#endif
