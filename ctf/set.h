/* SPDX-License-Identifier: MIT */
/**
 * set.h - a set of traces, inside. Not for anybody outside ctf/.
 */
#ifndef BL_CTF_SET_H
#define BL_CTF_SET_H

#include <pthread.h>

#include "ctf/index.h"
#include "ctf/model.h"

struct set_stream {
	struct ctf_stream pub;
	struct index index;
};

struct set_trace {
	struct ctf_model model;
	struct set_trace *next;
};

struct ctf {
	struct arena arena; /* paths, streams */
	struct set_trace **traces;
	uint32_t n_traces;
	struct set_stream **streams;
	uint32_t n_streams;
	struct ctf_error **troubles;
	uint32_t n_troubles;
};

static inline const struct set_stream *set_stream_of(const struct ctf_stream *stream)
{
	return (const struct set_stream *)stream;
}

#endif
