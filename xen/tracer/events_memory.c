/* SPDX-License-Identifier: GPL-2.0-only */
/* Grants, and what happens to guests' memory: physical map, populate on demand, decreased reservations. */
#include "events_table.h"

#define MEM(words, event, ...) EVENT_WITH("mem", 0, 0, words, event, __VA_ARGS__)

static const struct blx_event events[] = {
	MEM(1, TRC_MEM_PAGE_GRANT_MAP, "mem_page_grant_map", F(U32, "domain")),
	MEM(1, TRC_MEM_PAGE_GRANT_UNMAP, "mem_page_grant_unmap", F(U32, "domain")),
	MEM(1, TRC_MEM_PAGE_GRANT_TRANSFER, "mem_page_grant_transfer", F(U32, "domain")),
	MEM(6, TRC_MEM_SET_P2M_ENTRY, "mem_set_p2m_entry",
	    FX(U64, "gfn"), FX(U64, "mfn"), FE(U32, "p2m_type", blx_p2m_types), F(U16, "domain"), F(U16, "order")),
	MEM(4, TRC_MEM_DECREASE_RESERVATION, "mem_decrease_reservation",
	    FX(U64, "gfn"), F(U16, "domain"), F(U16, "order"), PAD(U32, "pad")),
	MEM(6, TRC_MEM_POD_POPULATE, "mem_pod_populate",
	    FX(U64, "gfn"), FX(U64, "mfn"), F(U16, "domain"), F(U16, "order"), PAD(U32, "pad")),
	MEM(6, TRC_MEM_POD_ZERO_RECLAIM, "mem_pod_zero_reclaim",
	    FX(U64, "gfn"), FX(U64, "mfn"), F(U16, "domain"), F(U16, "order"), PAD(U32, "pad")),
	MEM(4, TRC_MEM_POD_SUPERPAGE_SPLINTER, "mem_pod_superpage_splinter",
	    FX(U64, "gfn"), F(U16, "domain"), PAD(U16, "pad"), PAD(U32, "pad2")),
};

const struct blx_events blx_events_memory = EVENTS(events);
