/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests with hardware's help: entry, exit, and what the handlers of exits do. Names that end in 64 are ids with TRC_64_FLAG; those
 * that end in _nested have TRC_HVM_NESTEDFLAG, which only SVM sets: a guest of a guest runs.
 */
#include "events_table.h"

#define HVM(words, event, ...) EVENT_WITH("hvm", 0, 0, words, event, __VA_ARGS__)
#define VMX(words, event, ...) EVENT_WITH("hvm", BLX_VMX, 0, words, event, __VA_ARGS__)
#define SVM(words, event, ...) EVENT_WITH("hvm", BLX_SVM, 0, words, event, __VA_ARGS__)
/* One word more, or two, if the data is not somewhere in the guest's memory. */
#define IO(words, event, ...) EVENT_WITH("hvm", BLX_FOLLOWS, 0, words, event, __VA_ARGS__)

/* Basic exit reasons: Intel's manual, volume 3, appendix C. */
static const struct blx_labels vmx_reasons = LABELS(
	L(0, "exception_nmi"), L(1, "external_interrupt"), L(2, "triple_fault"), L(3, "init"), L(4, "sipi"), L(5, "io_smi"),
	L(6, "other_smi"), L(7, "pending_virt_intr"), L(8, "pending_virt_nmi"), L(9, "task_switch"), L(10, "cpuid"),
	L(11, "getsec"), L(12, "hlt"), L(13, "invd"), L(14, "invlpg"), L(15, "rdpmc"), L(16, "rdtsc"), L(17, "rsm"),
	L(18, "vmcall"), L(19, "vmclear"), L(20, "vmlaunch"), L(21, "vmptrld"), L(22, "vmptrst"), L(23, "vmread"),
	L(24, "vmresume"), L(25, "vmwrite"), L(26, "vmxoff"), L(27, "vmxon"), L(28, "cr_access"), L(29, "dr_access"),
	L(30, "io_instruction"), L(31, "msr_read"), L(32, "msr_write"), L(33, "invalid_guest_state"), L(34, "msr_loading"),
	L(36, "mwait_instruction"), L(37, "monitor_trap_flag"), L(39, "monitor_instruction"), L(40, "pause_instruction"),
	L(41, "mce_during_vmentry"), L(43, "tpr_below_threshold"), L(44, "apic_access"), L(45, "eoi_induced"),
	L(46, "access_gdtr_or_idtr"), L(47, "access_ldtr_or_tr"), L(48, "ept_violation"), L(49, "ept_misconfig"),
	L(50, "invept"), L(51, "rdtscp"), L(52, "vmx_preemption_timer_expired"), L(53, "invvpid"), L(54, "wbinvd"),
	L(55, "xsetbv"), L(56, "apic_write"), L(58, "invpcid"), L(59, "vmfunc"),
	L(62, "pml_full"), L(63, "xsaves"), L(64, "xrstors"), L(74, "bus_lock"), L(75, "notify"));

/* Exit codes: AMD's manual, volume 2, appendix C. */
#define CR_OR_DR(n, reg, way) \
	L((n) + 0, reg "0_" way), L((n) + 1, reg "1_" way), L((n) + 2, reg "2_" way), L((n) + 3, reg "3_" way), \
	L((n) + 4, reg "4_" way), L((n) + 5, reg "5_" way), L((n) + 6, reg "6_" way), L((n) + 7, reg "7_" way), \
	L((n) + 8, reg "8_" way), L((n) + 9, reg "9_" way), L((n) + 10, reg "10_" way), L((n) + 11, reg "11_" way), \
	L((n) + 12, reg "12_" way), L((n) + 13, reg "13_" way), L((n) + 14, reg "14_" way), L((n) + 15, reg "15_" way)

static const struct blx_labels svm_codes = LABELS(
	CR_OR_DR(0x00, "cr", "read"), CR_OR_DR(0x10, "cr", "write"), CR_OR_DR(0x20, "dr", "read"),
	CR_OR_DR(0x30, "dr", "write"), L(0x40, "exception_de"), L(0x41, "exception_db"), L(0x42, "exception_nmi"),
	L(0x43, "exception_bp"), L(0x44, "exception_of"), L(0x45, "exception_br"), L(0x46, "exception_ud"),
	L(0x47, "exception_nm"), L(0x48, "exception_df"), L(0x49, "exception_09"), L(0x4a, "exception_ts"),
	L(0x4b, "exception_np"), L(0x4c, "exception_ss"), L(0x4d, "exception_gp"), L(0x4e, "exception_pf"),
	L(0x4f, "exception_15"), L(0x50, "exception_mf"), L(0x51, "exception_ac"), L(0x52, "exception_mc"),
	L(0x53, "exception_xf"), L(0x55, "exception_cp"), L(0x60, "intr"), L(0x61, "nmi"), L(0x62, "smi"), L(0x63, "init"),
	L(0x64, "vintr"), L(0x65, "cr0_sel_write"), L(0x66, "idtr_read"), L(0x67, "gdtr_read"), L(0x68, "ldtr_read"),
	L(0x69, "tr_read"), L(0x6a, "idtr_write"), L(0x6b, "gdtr_write"), L(0x6c, "ldtr_write"), L(0x6d, "tr_write"),
	L(0x6e, "rdtsc"), L(0x6f, "rdpmc"), L(0x70, "pushf"), L(0x71, "popf"), L(0x72, "cpuid"), L(0x73, "rsm"),
	L(0x74, "iret"), L(0x75, "swint"), L(0x76, "invd"), L(0x77, "pause"), L(0x78, "hlt"), L(0x79, "invlpg"),
	L(0x7a, "invlpga"), L(0x7b, "ioio"), L(0x7c, "msr"), L(0x7d, "task_switch"), L(0x7e, "ferr_freeze"),
	L(0x7f, "shutdown"), L(0x80, "vmrun"), L(0x81, "vmmcall"), L(0x82, "vmload"), L(0x83, "vmsave"), L(0x84, "stgi"),
	L(0x85, "clgi"), L(0x86, "skinit"), L(0x87, "rdtscp"), L(0x88, "icebp"), L(0x89, "wbinvd"), L(0x8a, "monitor"),
	L(0x8b, "mwait"), L(0x8c, "mwait_conditional"), L(0x8d, "xsetbv"), L(0x8e, "rdpru"), L(0x400, "npf"),
	L(0xffffffff, "invalid"));

/* enum hvm_intsrc */
static const struct blx_labels interrupt_sources = LABELS(
	L(0, "none"), L(1, "pic"), L(2, "lapic"), L(3, "nmi"), L(4, "mce"), L(5, "vector"));

static const struct blx_event events[] = {
	HVM(0, TRC_HVM_VMENTRY, "hvm_vmentry"),
	SVM(0, TRC_HVM_VMENTRY | TRC_HVM_NESTEDFLAG, "hvm_vmentry_nested"),
	/* The upper half of Intel's reason is flags; the uppermost: the entry failed. */
	VMX(2, TRC_HVM_VMEXIT, "hvm_vmexit", FE(U16, "reason", vmx_reasons), FX(U16, "reason_flags"), FX(U32, "ip")),
	SVM(2, TRC_HVM_VMEXIT, "hvm_vmexit", FE(U32, "reason", svm_codes), FX(U32, "ip")),
	SVM(2, TRC_HVM_VMEXIT | TRC_HVM_NESTEDFLAG, "hvm_vmexit_nested", FE(U32, "reason", svm_codes), FX(U32, "ip")),
	VMX(3, TRC_HVM_VMEXIT64, "hvm_vmexit64", FE(U16, "reason", vmx_reasons), FX(U16, "reason_flags"), FX(U64, "ip")),
	SVM(3, TRC_HVM_VMEXIT64, "hvm_vmexit64", FE(U32, "reason", svm_codes), FX(U64, "ip")),
	SVM(3, TRC_HVM_VMEXIT64 | TRC_HVM_NESTEDFLAG, "hvm_vmexit64_nested", FE(U32, "reason", svm_codes), FX(U64, "ip")),

	HVM(2, TRC_HVM_PF_XEN, "hvm_pf_xen", FX(U32, "error_code"), FX(U32, "address")),
	HVM(3, TRC_HVM_PF_XEN64, "hvm_pf_xen64", FX(U32, "error_code"), FX(U64, "address")),
	HVM(3, TRC_HVM_PF_INJECT64, "hvm_pf_inject64", FX(U32, "error_code"), FX(U64, "address")),
	HVM(2, TRC_HVM_INJ_EXC, "hvm_inj_exc", FE(U32, "trap", blx_traps), F(I32, "error_code")), /* -1: it has none */
	HVM(2, TRC_HVM_INJ_VIRQ, "hvm_inj_virq", FX(U32, "vector"), F(U32, "fake")),
	HVM(3, TRC_HVM_INTR_WINDOW, "hvm_intr_window",
	    FX(U32, "vector"), FE(U32, "source", interrupt_sources), F(I32, "pending_vector")), /* -1: none */
	HVM(3, TRC_HVM_CR_READ64, "hvm_cr_read64", F(U32, "register"), FX(U64, "value")),
	HVM(3, TRC_HVM_CR_WRITE64, "hvm_cr_write64", F(U32, "register"), FX(U64, "value")),
	HVM(3, TRC_HVM_XCR_READ64, "hvm_xcr_read64", F(U32, "register"), FX(U64, "value")),
	HVM(3, TRC_HVM_XCR_WRITE64, "hvm_xcr_write64", F(U32, "register"), FX(U64, "value")),
	HVM(0, TRC_HVM_DR_WRITE, "hvm_dr_write"),
	HVM(3, TRC_HVM_MSR_READ, "hvm_msr_read", FX(U32, "msr"), FX(U64, "value")),
	HVM(3, TRC_HVM_MSR_WRITE, "hvm_msr_write", FX(U32, "msr"), FX(U64, "value")),
	HVM(2, TRC_HVM_RDTSC, "hvm_rdtsc", F(U64, "tsc")),
	HVM(6, TRC_HVM_CPUID, "hvm_cpuid",
	    FX(U32, "leaf"), FX(U32, "subleaf"), FX(U32, "eax"), FX(U32, "ebx"), FX(U32, "ecx"), FX(U32, "edx")),
	VMX(1, TRC_HVM_INTR, "hvm_intr", FX(U32, "vector")),
	SVM(0, TRC_HVM_INTR, "hvm_intr"),
	HVM(0, TRC_HVM_NMI, "hvm_nmi"),
	HVM(0, TRC_HVM_SMI, "hvm_smi"),
	HVM(0, TRC_HVM_MCE, "hvm_mce"),
	HVM(1, TRC_HVM_VMMCALL, "hvm_vmmcall", FE(U32, "op", blx_hypercalls)),
	HVM(1, TRC_HVM_HLT, "hvm_hlt", F(U32, "pending")),
	HVM(3, TRC_HVM_INVLPG64, "hvm_invlpg64", F(U32, "invlpga"), FX(U64, "address")),
	HVM(0, TRC_HVM_CLTS, "hvm_clts"),
	HVM(2, TRC_HVM_LMSW64, "hvm_lmsw64", FX(U64, "value")),
	HVM(6, TRC_HVM_NPF, "hvm_npf",
	    FX(U64, "gpa"), FX(U64, "mfn"), FX(U32, "qualification"), FE(U32, "p2m_type", blx_p2m_types)),
	HVM(0, TRC_HVM_REALMODE_EMULATE, "hvm_realmode_emulate"),
	HVM(1, TRC_HVM_TRAP, "hvm_trap", FE(U32, "trap", blx_traps)),
	HVM(1, TRC_HVM_TRAP_DEBUG, "hvm_trap_debug", FX(U32, "qualification")),
	HVM(0, TRC_HVM_VLAPIC, "hvm_vlapic"),

	IO(1, TRC_HVM_IOPORT_READ, "hvm_ioport_read", FX(U32, "port")),
	IO(2, TRC_HVM_IOPORT_READ | TRC_64_FLAG, "hvm_ioport_read64", FX(U64, "port")),
	IO(1, TRC_HVM_IOPORT_WRITE, "hvm_ioport_write", FX(U32, "port")),
	IO(2, TRC_HVM_IOPORT_WRITE | TRC_64_FLAG, "hvm_ioport_write64", FX(U64, "port")),
	IO(1, TRC_HVM_IOMEM_READ, "hvm_iomem_read", FX(U32, "gpa")),
	IO(2, TRC_HVM_IOMEM_READ | TRC_64_FLAG, "hvm_iomem_read64", FX(U64, "gpa")),
	IO(1, TRC_HVM_IOMEM_WRITE, "hvm_iomem_write", FX(U32, "gpa")),
	IO(2, TRC_HVM_IOMEM_WRITE | TRC_64_FLAG, "hvm_iomem_write64", FX(U64, "gpa")),
};

const struct blx_events blx_events_hvm = EVENTS(events);
