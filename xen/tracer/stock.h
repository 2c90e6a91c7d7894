/* SPDX-License-Identifier: GPL-2.0-only */
/** stock.h - Xen's own tracer under the names that stock.c gives it; what each does is in Xen's xen/trace.h. */
#ifndef BLX_STOCK_H
#define BLX_STOCK_H

#include <xen/types.h>
#include <public/xen.h>

struct xen_sysctl_tbuf_op;

void blx_stock_init(void);
int blx_stock_control(struct xen_sysctl_tbuf_op *op);
void blx_stock_trace_var(uint32_t event, bool cycles, unsigned int extra, const void *data);
void blx_stock_trace_hypercall(uint32_t event, unsigned long op, const xen_ulong_t *args);
int blx_stock_will_trace(uint32_t event);

/** Does it record? */
bool blx_stock_is_on(void);

#endif
