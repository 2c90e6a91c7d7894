/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of values that several tables use. */
#include "events_table.h"

const struct blx_labels blx_hypercalls = LABELS(
	L(__HYPERVISOR_set_trap_table, "set_trap_table"), L(__HYPERVISOR_mmu_update, "mmu_update"),
	L(__HYPERVISOR_set_gdt, "set_gdt"), L(__HYPERVISOR_stack_switch, "stack_switch"),
	L(__HYPERVISOR_set_callbacks, "set_callbacks"), L(__HYPERVISOR_fpu_taskswitch, "fpu_taskswitch"),
	L(__HYPERVISOR_sched_op_compat, "sched_op_compat"), L(__HYPERVISOR_platform_op, "platform_op"),
	L(__HYPERVISOR_set_debugreg, "set_debugreg"), L(__HYPERVISOR_get_debugreg, "get_debugreg"),
	L(__HYPERVISOR_update_descriptor, "update_descriptor"), L(__HYPERVISOR_memory_op, "memory_op"),
	L(__HYPERVISOR_multicall, "multicall"), L(__HYPERVISOR_update_va_mapping, "update_va_mapping"),
	L(__HYPERVISOR_set_timer_op, "set_timer_op"), L(__HYPERVISOR_event_channel_op_compat, "event_channel_op_compat"),
	L(__HYPERVISOR_xen_version, "xen_version"), L(__HYPERVISOR_console_io, "console_io"),
	L(__HYPERVISOR_physdev_op_compat, "physdev_op_compat"), L(__HYPERVISOR_grant_table_op, "grant_table_op"),
	L(__HYPERVISOR_vm_assist, "vm_assist"), L(__HYPERVISOR_update_va_mapping_otherdomain, "update_va_mapping_otherdomain"),
	L(__HYPERVISOR_iret, "iret"), L(__HYPERVISOR_vcpu_op, "vcpu_op"), L(__HYPERVISOR_set_segment_base, "set_segment_base"),
	L(__HYPERVISOR_mmuext_op, "mmuext_op"), L(__HYPERVISOR_xsm_op, "xsm_op"), L(__HYPERVISOR_nmi_op, "nmi_op"),
	L(__HYPERVISOR_sched_op, "sched_op"), L(__HYPERVISOR_callback_op, "callback_op"),
	L(__HYPERVISOR_xenoprof_op, "xenoprof_op"), L(__HYPERVISOR_event_channel_op, "event_channel_op"),
	L(__HYPERVISOR_physdev_op, "physdev_op"), L(__HYPERVISOR_hvm_op, "hvm_op"), L(__HYPERVISOR_sysctl, "sysctl"),
	L(__HYPERVISOR_domctl, "domctl"), L(__HYPERVISOR_kexec_op, "kexec_op"), L(__HYPERVISOR_tmem_op, "tmem_op"),
	L(__HYPERVISOR_argo_op, "argo_op"), L(__HYPERVISOR_xenpmu_op, "xenpmu_op"), L(__HYPERVISOR_dm_op, "dm_op"),
	L(__HYPERVISOR_hypfs_op, "hypfs_op"),
	/* of x86 */
	L(__HYPERVISOR_arch_0, "mca"), L(__HYPERVISOR_arch_1, "paging_domctl_cont"));

const struct blx_labels blx_traps = LABELS(
	L(0, "divide_error"), L(1, "debug"), L(2, "nmi"), L(3, "int3"), L(4, "overflow"), L(5, "bounds"), L(6, "invalid_op"),
	L(7, "no_device"), L(8, "double_fault"), L(9, "copro_seg"), L(10, "invalid_tss"), L(11, "no_segment"),
	L(12, "stack_error"), L(13, "gp_fault"), L(14, "page_fault"), L(15, "spurious_int"), L(16, "copro_error"),
	L(17, "alignment_check"), L(18, "machine_check"), L(19, "simd_error"), L(20, "virtualisation"));

const struct blx_labels blx_p2m_types = LABELS(
	L(0, "ram_rw"), L(1, "invalid"), L(2, "ram_logdirty"), L(3, "ram_ro"), L(4, "mmio_dm"), L(5, "mmio_direct"),
	L(6, "populate_on_demand"), L(7, "grant_map_rw"), L(8, "grant_map_ro"), L(9, "ram_paging_out"), L(10, "ram_paged"),
	L(11, "ram_paging_in"), L(12, "ram_shared"), L(13, "ram_broken"), L(14, "map_foreign"), L(15, "ioreq_server"));
