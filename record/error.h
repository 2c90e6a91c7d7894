/* SPDX-License-Identifier: MIT */
/**
 * error.h - the recorder's way to say what went wrong (record.h): a negative errno and a sentence.
 */
#ifndef BL_RECORD_ERROR_H
#define BL_RECORD_ERROR_H

#include "record.h"

/** record_fail() - write the sentence; returns @err. @error may be NULL. */
__attribute__((format(printf, 3, 4))) int record_fail(struct record_error *error, int err, const char *format, ...);

#endif
