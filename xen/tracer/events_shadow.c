/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shadow page tables. The code that walks a guest's page tables is compiled for two, three and four levels, and bits 8 and 9 of the
 * id say which one it was: names without an ending are for two, then _pae and 64.
 *
 * path_flags: bit n is set if the path through the code was there; bits are TRCE_SFLAG_* in arch/x86/mm/shadow/private.h, from 0
 * on: set_ad, set_a, l1_get_ref, l1_put_ref, l2_propagate, set_changed, set_flush, set_error, demote, promote, wrmap,
 * wrmap_guess_found, wrmap_brute_force, early_unshadow, 2nd_pt_written, emulation_last_failed, emulate_full_pt, prealloc_unhook,
 * unsync, oos_fixup_add, oos_fixup_evict.
 */
#include "events_table.h"

#define SHADOW(words, event, ...) EVENT_WITH("shadow", 0, 0, words, event, __VA_ARGS__)
#define PAE (1 << 8)
#define LONG (2 << 8)

/* What happened at an address. */
#define AT(event, name) \
	SHADOW(1, event, name, FX(U32, "address")), \
	SHADOW(1, (event) | PAE, name "_pae", FX(U32, "address")), \
	SHADOW(2, (event) | LONG, name "64", FX(U64, "address"))

/* ... with the guest's page-table entry for it */
#define AT_ENTRY(event, name) \
	SHADOW(3, event, name, FX(U32, "guest_l1e"), FX(U32, "address"), FX(U32, "path_flags")), \
	SHADOW(4, (event) | PAE, name "_pae", FX(U64, "guest_l1e"), FX(U32, "address"), FX(U32, "path_flags")), \
	SHADOW(5, (event) | LONG, name "64", FX(U64, "guest_l1e"), FX(U64, "address"), FX(U32, "path_flags"))

/* ... in a page table that is the guest's frame gfn */
#define AT_FRAME(event, name) \
	SHADOW(2, event, name, FX(U32, "gfn"), FX(U32, "address")), \
	SHADOW(3, (event) | PAE, name "_pae", FX(U64, "gfn"), FX(U32, "address")), \
	SHADOW(4, (event) | LONG, name "64", FX(U64, "gfn"), FX(U64, "address"))

static const struct blx_event events[] = {
	AT_ENTRY(TRC_SHADOW_NOT_SHADOW, "shadow_not_shadow"),
	AT(TRC_SHADOW_FAST_PROPAGATE, "shadow_fast_propagate"),
	AT(TRC_SHADOW_FAST_MMIO, "shadow_fast_mmio"),
	AT(TRC_SHADOW_FALSE_FAST_PATH, "shadow_false_fast_path"),
	AT(TRC_SHADOW_MMIO, "shadow_mmio"),
	AT_ENTRY(TRC_SHADOW_FIXUP, "shadow_fixup"),
	AT(TRC_SHADOW_DOMF_DYING, "shadow_domf_dying"),
	/* The last word: path_flags, and in its upper three bits how many more instructions were emulated. */
	SHADOW(4, TRC_SHADOW_EMULATE, "shadow_emulate",
	       FX(U32, "guest_l1e"), FX(U32, "written"), FX(U32, "address"), FX(U32, "path_flags_and_count")),
	SHADOW(6, TRC_SHADOW_EMULATE | PAE, "shadow_emulate_pae",
	       FX(U64, "guest_l1e"), FX(U64, "written"), FX(U32, "address"), FX(U32, "path_flags_and_count")),
	SHADOW(7, TRC_SHADOW_EMULATE | LONG, "shadow_emulate64",
	       FX(U64, "guest_l1e"), FX(U64, "written"), FX(U64, "address"), FX(U32, "path_flags_and_count")),
	AT_FRAME(TRC_SHADOW_EMULATE_UNSHADOW_USER, "shadow_emulate_unshadow_user"),
	AT_FRAME(TRC_SHADOW_EMULATE_UNSHADOW_EVTINJ, "shadow_emulate_unshadow_evtinj"),
	AT_FRAME(TRC_SHADOW_EMULATE_UNSHADOW_UNHANDLED, "shadow_emulate_unshadow_unhandled"),
	SHADOW(2, TRC_SHADOW_WRMAP_BF, "shadow_wrmap_bf", FX(U64, "gfn")),
	SHADOW(2, TRC_SHADOW_PREALLOC_UNPIN, "shadow_prealloc_unpin", FX(U64, "gfn")),
	SHADOW(2, TRC_SHADOW_RESYNC_FULL, "shadow_resync_full", FX(U64, "gfn")),
	SHADOW(2, TRC_SHADOW_RESYNC_ONLY, "shadow_resync_only", FX(U64, "gfn")),
};

const struct blx_events blx_events_shadow = EVENTS(events);
