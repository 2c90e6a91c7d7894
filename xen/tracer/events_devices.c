/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that Xen emulates for HVM guests: timers (HPET, PIT, RTC, local APIC) and interrupt controllers (PIC, local APIC). */
#include "events_table.h"

#define DEVICE(words, event, ...) EVENT_WITH("hvm", 0, 0, words, event, __VA_ARGS__)

static const struct blx_event events[] = {
	DEVICE(6, TRC_HVM_EMUL_HPET_START_TIMER, "hvm_emul_hpet_start_timer",
	       F(U32, "timer"), F(U32, "irq"), F(U64, "delta_ns"), F(U64, "period_ns")),
	DEVICE(1, TRC_HVM_EMUL_HPET_STOP_TIMER, "hvm_emul_hpet_stop_timer", F(U32, "timer")),
	DEVICE(2, TRC_HVM_EMUL_PIT_START_TIMER, "hvm_emul_pit_start_timer", F(U32, "delta_ns"), F(U32, "period_ns")),
	DEVICE(0, TRC_HVM_EMUL_PIT_STOP_TIMER, "hvm_emul_pit_stop_timer"),
	DEVICE(0, TRC_HVM_EMUL_PIT_TIMER_CB, "hvm_emul_pit_timer_cb"),
	DEVICE(2, TRC_HVM_EMUL_RTC_START_TIMER, "hvm_emul_rtc_start_timer", F(U32, "delta_ns"), F(U32, "period_ns")),
	DEVICE(0, TRC_HVM_EMUL_RTC_STOP_TIMER, "hvm_emul_rtc_stop_timer"),
	DEVICE(5, TRC_HVM_EMUL_LAPIC_START_TIMER, "hvm_emul_lapic_start_timer",
	       F(U64, "delta_ns"), F(U64, "period_ns"), FX(U32, "vector")),
	DEVICE(0, TRC_HVM_EMUL_LAPIC_STOP_TIMER, "hvm_emul_lapic_stop_timer"),
	DEVICE(0, TRC_HVM_EMUL_LAPIC_TIMER_CB, "hvm_emul_lapic_timer_cb"),
	DEVICE(3, TRC_HVM_EMUL_PIC_INT_OUTPUT, "hvm_emul_pic_int_output",
	       F(U32, "int_output"), F(U32, "is_master"), F(I32, "irq")), /* -1: none */
	DEVICE(1, TRC_HVM_EMUL_PIC_KICK, "hvm_emul_pic_kick", F(I32, "irq")),
	DEVICE(2, TRC_HVM_EMUL_PIC_INTACK, "hvm_emul_pic_intack", F(U32, "is_master"), F(U32, "irq")),
	DEVICE(1, TRC_HVM_EMUL_PIC_POSEDGE, "hvm_emul_pic_posedge", F(U32, "irq")),
	DEVICE(1, TRC_HVM_EMUL_PIC_NEGEDGE, "hvm_emul_pic_negedge", F(U32, "irq")),
	DEVICE(2, TRC_HVM_EMUL_PIC_PEND_IRQ_CALL, "hvm_emul_pic_pend_irq_call", F(U32, "accepted"), F(U32, "int_output")),
	DEVICE(2, TRC_HVM_EMUL_LAPIC_PIC_INTR, "hvm_emul_lapic_pic_intr", F(U32, "target"), F(U32, "accepted")),
};

const struct blx_events blx_events_devices = EVENTS(events);
