/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stock.c - Xen's own tracer, as it is, under other names: what Xen calls by the names of xen/trace.h is ours (trace.c), and passes
 * on to this one what is for xentrace.
 */
#define tb_init_done blx_stock_flag
#define init_trace_bufs blx_stock_init
#define tb_control blx_stock_control
#define trace_will_trace_event blx_stock_will_trace
#define __trace_var blx_stock_trace_var
#define __trace_hypercall blx_stock_trace_hypercall

#include "../../../trace.c" /* of this directory's place in Xen, common/borelog/xen/tracer */

/* Not in Xen's xen/trace.h */
bool blx_stock_is_on(void);

bool blx_stock_is_on(void)
{
	return blx_stock_flag;
}
