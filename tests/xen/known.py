# SPDX-License-Identifier: MIT
"""What sites.py cannot find out by itself: exceptions, each with its reason, and how names correspond."""

FOLLOWS, VMX, SVM = 1, 2, 4

# Ids that are traced and not described by a table.
OWN_FORM = {
    "TRC_PV_HYPERCALL_V2": "its first word says which arguments follow",
    "TRC_PV_HYPERCALL_SUBCALL": "its first word says which arguments follow",
}
# Ids that Xen defines and no site traces.
NOT_TRACED = {
    **dict.fromkeys(("TRC_LOST_RECORDS", "TRC_TRACE_WRAP_BUFFER"), "Xen's own buffers write it, not a site"),
    "TRC_TRACE_CPU_CHANGE": "the program xentrace writes it",
    **dict.fromkeys(("TRC_HVM_CR_READ", "TRC_HVM_CR_WRITE", "TRC_HVM_INVLPG", "TRC_HVM_LMSW", "TRC_HVM_PF_INJECT",
                     "TRC_PV_PTWR_EMULATION"), "always with TRC_64_FLAG"),
    "TRC_PV_HYPERCALL": "an older form",
    **dict.fromkeys(("TRC_SCHED_CTL", "TRC_SCHED_S_TIMER_FN", "TRC_SCHED_T_TIMER_FN", "TRC_SCHED_DOM_TIMER_FN", "TRC_HVM_DR_READ",
                     "TRC_HVM_IO_READ", "TRC_HVM_IO_WRITE", "TRC_HVM_REINJ_VIRQ", "TRC_PV_EMULATE_4GB", "TRC_CSCHED2_TICK",
                     "TRC_CSCHED2_CREDIT_ADD"), "without a site"),
}
# Places in the text that are never reached: (file, function).
DEAD = {
    ("arch/x86/hvm/rtc.c", "rtc_pf_callback"): "rtc_mode_is(s, no_ack) is constant",
}

# Events whose fields are not members: bit fields that are not bytes.
PACKED = {
    "pv_trap": "15 bits and 1, of which 8 and 1 are used",
    "pv_trap64": "15 bits and 1, of which 8 and 1 are used",
    "rtds_schedule": "4 bits and 4 in a byte with labels",
    "shadow_emulate": "29 bits and 3",
    "shadow_emulate_pae": "29 bits and 3",
    "shadow_emulate64": "29 bits and 3",
}
# Fields with names that are clearer than those of Xen's members.
RENAMED = {
    "dom": "domain", "d": "domain", "va": "address", "va2": "address offset", "addr": "address", "eip": "ip", "rip": "ip",
    "va1": "ip", "flags": "path_flags", "l1": "guest_l1e written", "p2mt": "p2m_type", "vec": "vector",
    "mask": "cpus_0_63 cpus_64_127 cpus_128_191",
    "cpu": "old_cpu", "processor": "cpu", "pos": "position", "runtime": "ran_ns", "delta": "ran_ns", "budget": "budget_ns",
    "cur_budget": "budget_ns", "cur_deadline": "deadline_ns", "credit_start": "old_credit", "credit_end": "new_credit",
    "rqi": "runqueue old_runqueue", "trqi": "new_runqueue", "rq_id": "runqueue", "lrq_id": "runqueue", "orq_id": "other_runqueue",
    "rq_load": "units", "rq_avgload": "load", "v_avgload": "load", "lb_avgload": "load", "ob_avgload": "other_load",
    "b_avgload": "load balanced_load", "new_cpu": "cpu",
}
# Whose constants the names of values are:
# (first letters of the event's name, field, flags or 0): (header, first letters of the constants, are they in upper case?)
CONSTANTS = {
    ("sched_runstate_change", "old", 0): ("public/vcpu.h", "RUNSTATE_", False),
    ("sched_runstate_change", "new", 0): ("public/vcpu.h", "RUNSTATE_", False),
    ("sched_shutdown", "reason", 0): ("public/sched.h", "SHUTDOWN_", False),
    ("hvm_vmexit", "reason", VMX): ("asm/hvm/vmx/vmx.h", "EXIT_REASON_", True),
    ("hvm_vmexit", "reason", SVM): ("asm/hvm/svm/vmcb.h", "VMEXIT_", True),
    ("hvm_", "trap", 0): ("asm/processor.h", "TRAP_", False),
    ("pv_", "trap", 0): ("asm/processor.h", "TRAP_", False),
    ("hvm_", "source", 0): ("asm/hvm/hvm.h", "hvm_intsrc_", False),
    ("hvm_", "p2m_type", 0): ("asm/p2m.h", "p2m_", False),
    ("mem_", "p2m_type", 0): ("asm/p2m.h", "p2m_", False),
    ("hvm_", "op", 0): ("xen/hypercall.h", "__HYPERVISOR_", False),
    ("hypercalls", "op", 0): ("xen/hypercall.h", "__HYPERVISOR_", False),
}
# Values whose names are explained by Xen's code only.
OWN_LABELS = {("pv_", "has_error_code"), ("csched_steal_check", "result"), ("rtds_schedule", "state")}
