/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What PV guests do that makes them enter Xen. Ids with TRC_64_FLAG are for guests of 64 bits: their names end in 64.
 *
 * Hypercalls are not here: how many words they pass, and of what, is in their first word, so they have a form of their own.
 */
#include "events_table.h"

#define PV(words, event, ...) EVENT_WITH("pv", 0, 0, words, event, __VA_ARGS__)

/* In the upper byte of the trap's number: is error_code one? */
static const struct blx_labels have_error_code = LABELS(L(0, "no"), L(0x80, "yes"));

static const struct blx_event events[] = {
	PV(2, TRC_PV_TRAP, "pv_trap",
	   FX(U32, "ip"), FE(U8, "trap", blx_traps), FE(U8, "has_error_code", have_error_code), FX(U16, "error_code")),
	PV(3, TRC_PV_TRAP | TRC_64_FLAG, "pv_trap64",
	   FX(U64, "ip"), FE(U8, "trap", blx_traps), FE(U8, "has_error_code", have_error_code), FX(U16, "error_code")),
	PV(3, TRC_PV_PAGE_FAULT, "pv_page_fault", FX(U32, "ip"), FX(U32, "address"), FX(U32, "error_code")),
	PV(5, TRC_PV_PAGE_FAULT | TRC_64_FLAG, "pv_page_fault64", FX(U64, "ip"), FX(U64, "address"), FX(U32, "error_code")),
	PV(1, TRC_PV_FORCED_INVALID_OP, "pv_forced_invalid_op", FX(U32, "ip")),
	PV(2, TRC_PV_FORCED_INVALID_OP | TRC_64_FLAG, "pv_forced_invalid_op64", FX(U64, "ip")),
	PV(1, TRC_PV_EMULATE_PRIVOP, "pv_emulate_privop", FX(U32, "ip")),
	PV(2, TRC_PV_EMULATE_PRIVOP | TRC_64_FLAG, "pv_emulate_privop64", FX(U64, "ip")),
	PV(0, TRC_PV_MATH_STATE_RESTORE, "pv_math_state_restore"),
	PV(2, TRC_PV_PAGING_FIXUP, "pv_paging_fixup", FX(U32, "ip"), FX(U32, "address")),
	PV(4, TRC_PV_PAGING_FIXUP | TRC_64_FLAG, "pv_paging_fixup64", FX(U64, "ip"), FX(U64, "address")),
	PV(2, TRC_PV_GDT_LDT_MAPPING_FAULT, "pv_gdt_ldt_mapping_fault", FX(U32, "ip"), FX(U32, "offset")),
	PV(4, TRC_PV_GDT_LDT_MAPPING_FAULT | TRC_64_FLAG, "pv_gdt_ldt_mapping_fault64", FX(U64, "ip"), FX(U64, "offset")),
	PV(6, TRC_PV_PTWR_EMULATION | TRC_64_FLAG, "pv_ptwr_emulation64", FX(U64, "pte"), FX(U64, "address"), FX(U64, "ip")),
	PV(4, TRC_PV_PTWR_EMULATION_PAE, "pv_ptwr_emulation_pae", FX(U64, "pte"), FX(U32, "address"), FX(U32, "ip")),
};

const struct blx_events blx_events_pv = EVENTS(events);
