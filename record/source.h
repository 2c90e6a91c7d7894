/* SPDX-License-Identifier: MIT */
/**
 * source.h - where packets come from: the programs of this host, the hypervisor, the kernel. One interface, whatever the layer.
 *
 * A source has one layer of what a session records: a directory of the trace, streams and their classes. What it reads is an affair of
 * its own; it puts its descriptors into the session's one wait (session_watch) and writes packets through feed.h. In its life, in this
 * order, and stop() and close() always:
 *
 *     made (it looked for its producer, and the events are chosen) -> the layer's directory and metadata are there -> start()
 *     -> drain(), flush(), newest() in any order, as often as is wished -> stop() -> close()
 *
 * A source that fails on its way says so (session_say) and is silent from then on; the others go on.
 */
#ifndef BL_RECORD_SOURCE_H
#define BL_RECORD_SOURCE_H

#include "stream.h"
#include "trace.h"

struct record_session;
struct source;

struct source_ops {
	/** From here on its producer records. */
	int (*start)(struct record_session *session, struct source *source, struct record_error *error);
	/** Have the producer hand over what is in sub-buffers that are being written. */
	void (*flush)(struct record_session *session, struct source *source);
	/** Discard mode: write what was handed over. Return: is there more? Then it is called again after a look at other descriptors. */
	bool (*drain)(struct record_session *session, struct source *source);
	/** Overwrite mode: write what is still there to @trace. */
	void (*newest)(struct record_session *session, struct source *source, struct trace *trace);
	/** The end: nothing is recorded any more; write what there is, with the last counters. */
	void (*stop)(struct record_session *session, struct source *source);
	/** Let go of everything. Without stop() before it, nobody wants what is left. */
	void (*close)(struct record_session *session, struct source *source);
};

struct source {
	const struct source_ops *ops;
	struct source *next;
	bool more; /* drain() has said so */
	struct trace trace;
	struct streams streams;
};

/** source_fini() - for close(): finish the files of what every source has, and free it */
void source_fini(struct source *source);

#endif
