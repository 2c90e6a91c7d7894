/* SPDX-License-Identifier: MIT */
/* The code behind the trace points of ust_provider.h; apart from the program, which uses LTTng's own providers too. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "ust_provider.h"
