/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine's own: power management of its CPUs, and its interrupts on their way through vectors. */
#include "events_table.h"

#define PM(words, event, ...) EVENT_WITH("pm", 0, 0, words, event, __VA_ARGS__)
#define IRQ(words, event, ...) EVENT_WITH("irq", 0, 0, words, event, __VA_ARGS__)

/* The CPUs of a vector: bit masks, however many CPUs there are. */
#define VECTOR(event, name) \
	IRQ(7, event, name, F(U16, "irq"), FX(U16, "vector"), FX(U64, "cpus_0_63"), FX(U64, "cpus_64_127"), FX(U64, "cpus_128_191"))

static const struct blx_event events[] = {
	PM(2, TRC_PM_FREQ_CHANGE, "pm_freq_change", F(U32, "old_mhz"), F(U32, "new_mhz")),
	/* ticks: of the clock that the idle loop measures with, ns or the ACPI timer's. */
	PM(4, TRC_PM_IDLE_ENTRY, "pm_idle_entry",
	   F(U32, "cstate"), F(U32, "ticks_low"), F(U32, "expected_us"), F(U32, "predicted_us")),
	/* Up to four vectors that wait; 0: no more of them. */
	PM(6, TRC_PM_IDLE_EXIT, "pm_idle_exit", F(U32, "cstate"), F(U32, "ticks_low"),
	   FX(U32, "vector0"), FX(U32, "vector1"), FX(U32, "vector2"), FX(U32, "vector3")),

	IRQ(3, TRC_HW_IRQ_MOVE_CLEANUP_DELAY, "hw_irq_move_cleanup_delay", F(U32, "irq"), FX(U32, "vector"), F(U32, "cpu")),
	IRQ(3, TRC_HW_IRQ_MOVE_CLEANUP, "hw_irq_move_cleanup", F(U32, "irq"), FX(U32, "vector"), F(U32, "cpu")),
	VECTOR(TRC_HW_IRQ_BIND_VECTOR, "hw_irq_bind_vector"),
	VECTOR(TRC_HW_IRQ_CLEAR_VECTOR, "hw_irq_clear_vector"),
	IRQ(3, TRC_HW_IRQ_MOVE_FINISH, "hw_irq_move_finish", F(U32, "irq"), FX(U32, "vector"), F(U32, "cpu")),
	VECTOR(TRC_HW_IRQ_ASSIGN_VECTOR, "hw_irq_assign_vector"),
	IRQ(1, TRC_HW_IRQ_UNMAPPED_VECTOR, "hw_irq_unmapped_vector", FX(U32, "vector")),
	IRQ(3, TRC_HW_IRQ_HANDLED, "hw_irq_handled", F(U32, "irq"), F(U32, "start_tsc_low"), F(U32, "end_tsc_low")),
};

const struct blx_events blx_events_hardware = EVENTS(events);
