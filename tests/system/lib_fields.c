/* SPDX-License-Identifier: MIT */
/* See lib_fields.h. */
#include "lib_fields.h"
