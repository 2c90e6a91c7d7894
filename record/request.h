/* SPDX-License-Identifier: MIT */
/**
 * request.h - what a client (client.c) says to a running session (request.c) over the session's socket, one message each way. Both are the
 * same program, so the layout may change with the version; the sizes are checked.
 */
#ifndef BL_RECORD_REQUEST_H
#define BL_RECORD_REQUEST_H

#include "lib/abi/control.h"
#include "record.h"

struct record_request {
	uint32_t magic;      /* as struct bl_attach_request */
	uint32_t abi;
	uint32_t message;    /* enum bl_message */
	uint32_t reserved[2];
	char dir[PATH_MAX];  /* snapshot: absolute path, or empty */
};

struct record_reply {
	uint32_t magic;
	uint32_t size;       /* of this struct */
	int32_t status;      /* 0, or a negative errno with the error filled in */
	struct record_error error;
	struct record_status session;
	struct record_summary summary;
};

#endif
