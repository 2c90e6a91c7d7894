/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * hypercall.h - all that dom0's kernel and the hypervisor say to each other.
 *
 * The way is Xen's own sysctl for trace buffers (XEN_SYSCTL_tbuf_op), with operations of ours: struct blx_call has its layout on
 * x86-64, 4.17 to 4.21. A Xen without us answers -EINVAL to them. XSM's check for trace buffers covers them. Arguments are a
 * structure in the caller's memory, at blx_call.arg; it is copied in and, where it has an "out" part, back. Members that are called
 * reserved are 0.
 *
 * There is one session at a time. It is named by its serial, which is never used again in the life of a hypervisor; a call with
 * another one gets -ESRCH. Nothing that dom0 says is trusted.
 *
 * A session's rings are core/ring_abi.h's, read-only for dom0, with one spare sub-buffer each: BLX_PUT exchanges it.
 *
 * Two virqs, both global and of this hypervisor only: BLX_VIRQ_TRACE, when there is something to take or a session has gone, and
 * BLX_VIRQ_RESOURCES, when what BLX_DOMAINS or BLX_MEMORY would say has changed.
 *
 * Errors of all operations: -EINVAL (an argument makes no sense; a Xen without us), -EFAULT, -ESRCH (no such session), -EBUSY,
 * -ENOMEM, -EPERM (XSM).
 */
#ifndef BLX_HYPERCALL_H
#define BLX_HYPERCALL_H

#define BLX_ABI 1u
#define BLX_MAGIC (0x424c5800u + BLX_ABI)

#define BLX_SYSCTL_HYPERCALL 35      /* __HYPERVISOR_sysctl */
#define BLX_SYSCTL_TBUF 2u           /* XEN_SYSCTL_tbuf_op */
#define BLX_SYSCTL_VERSION_MIN 0x15u /* of the interface: Xen 4.17; a wrong one gets -EACCES */
#define BLX_SYSCTL_VERSION_MAX 0x16u

#define BLX_VIRQ_TRACE 14u
#define BLX_VIRQ_RESOURCES 15u

enum blx_op {
	BLX_INFO = 6, /* struct blx_info */
	BLX_CREATE,   /* struct blx_create */
	BLX_DESTROY,  /* struct blx_session_name */
	BLX_START,    /* struct blx_session_name */
	BLX_STOP,     /* struct blx_session_name */
	BLX_FLUSH,    /* struct blx_session_name */
	BLX_LAYOUT,   /* struct blx_layout */
	BLX_PUT,      /* struct blx_put */
	BLX_COUNTERS, /* struct blx_counters */
	BLX_EVENTS,   /* struct blx_buffer */
	BLX_DOMAINS,  /* struct blx_buffer: of struct blx_domain */
	BLX_MEMORY,   /* struct blx_memory */
	BLX_OP_END
};

/** What the sysctl hypercall is given: struct xen_sysctl. */
struct blx_call {
	uint32_t sysctl;  /* BLX_SYSCTL_TBUF */
	uint32_t version; /* BLX_SYSCTL_VERSION_* */
	uint32_t op;      /* enum blx_op: tbuf_op.cmd */
	uint32_t reserved0;
	uint64_t arg;      /* tbuf_op.cpu_mask.bitmap: address of the argument */
	uint32_t arg_size; /* tbuf_op.cpu_mask.nr_bits: its size in bytes, exactly that of the operation's structure */
	uint32_t reserved1;
	uint32_t magic; /* tbuf_op.evt_mask: BLX_MAGIC */
	uint32_t reserved2[3];
	uint32_t size;
	uint8_t rest[84]; /* 136 bytes in all */
};

/** BLX_INFO: what is there. Always allowed. */
enum blx_state {
	BLX_NONE = 0,     /* no session */
	BLX_CREATING = 1, /* rings are missing still */
	BLX_READY = 2,    /* created, or stopped */
	BLX_RUNNING = 3,
	BLX_DESTROYING = 4, /* until BLX_VIRQ_TRACE says otherwise */
};

struct blx_info {
	/* out */
	uint32_t abi;       /* BLX_ABI */
	uint32_t ring_abi;  /* BL_RING_ABI of core */
	uint32_t state;     /* enum blx_state */
	uint32_t n_cpus;    /* pCPUs are 0 .. n_cpus - 1; not all are online */
	uint64_t serial;    /* of the session, or of the last one */
	uint64_t destroyed; /* serial of the last session whose rings Xen has given up */
	uint32_t tsc_khz;
	uint32_t flags;       /* enum blx_info_flags */
	uint32_t n_events;    /* ids are 1 .. n_events */
	uint32_t events_size; /* bytes of BLX_EVENTS */
	uint64_t pages;       /* that the session has */
	uint64_t resources;   /* goes up with each change that BLX_VIRQ_RESOURCES tells of */
};

enum blx_info_flags {
	BLX_TSC_RELIABLE = 1u << 0, /* Xen takes the TSC for one that is the same on all CPUs */
	BLX_STOCK_BUSY = 1u << 1,   /* Xen's own tracer is on (xentrace): no session can be created */
};

/**
 * BLX_CREATE: a session, stopped. Rings are made one in each call: call again, with the same argument, while @left is not 0.
 * -EBUSY: there is a session, or xentrace records.
 */
enum blx_create_flags {
	BLX_OVERWRITE = 1u << 0, /* flight recorder; discard otherwise */
};

#define BLX_RING_BYTES_MAX (32u << 20)

struct blx_create {
	/* in */
	uint32_t sub_shift; /* log2 of the sub-buffer's bytes, BL_SUB_SHIFT_MIN .. MAX */
	uint32_t n_sub;     /* of each ring, a power of two, 2 .. BL_SUB_MAX; all bytes of a ring at most BLX_RING_BYTES_MAX */
	uint32_t flags;     /* enum blx_create_flags */
	uint32_t stream_id; /* for the packets' heads */
	uint8_t uuid[16];
	uint64_t events;   /* address of a bitmap by event id (bit 0 is not used): what is recorded; 0: everything */
	uint32_t n_events; /* bits in it */
	uint32_t n_cpus;   /* bits in cpus */
	uint64_t cpus;     /* address of a bitmap by pCPU; 0: all, those that come online later included */
	/* in and out */
	uint64_t serial; /* 0 in the first call */
	/* out */
	uint32_t left; /* pCPUs that have no ring yet */
	uint32_t reserved;
};

/**
 * BLX_START, BLX_STOP: records are written between them. BLX_STOP flushes.
 * BLX_FLUSH: hands over what is in the sub-buffers that are being written, of all CPUs.
 * BLX_DESTROY: ends the session; returns at once. Its pages stay valid where they are mapped until they are unmapped.
 * BLX_VIRQ_TRACE, and blx_info.destroyed, tell when Xen uses them no more.
 */
struct blx_session_name {
	/* in */
	uint64_t serial;
};

/** BLX_LAYOUT: where a ring is. -ENODEV: no ring for this pCPU. -ENOBUFS: n_pages says how many there are. */
struct blx_layout {
	/* in */
	uint64_t serial;
	uint32_t cpu;
	uint32_t room;   /* entries at frames */
	uint64_t frames; /* address of an array of uint64_t: machine frames, owned by DOMID_XEN: the control page, then the
			    sub-buffers */
	/* out */
	uint32_t n_pages;
	uint32_t n_phys; /* physical sub-buffers */
	uint32_t sub_shift;
	uint32_t n_sub;
	uint32_t id_bits; /* of record headers */
	uint32_t online;  /* is the pCPU? */
};

/**
 * BLX_PUT: give back the sub-buffer that was taken last, if any, and take the next one of this ring.
 * -EAGAIN: nothing to take now; what was given back is given back all the same.
 */
struct blx_put {
	/* in */
	uint64_t serial;
	uint32_t cpu;
	/* out */
	uint32_t phys; /* the sub-buffer: the caller's until the next BLX_PUT */
};

/** BLX_COUNTERS: discarded records by reason, enum bl_lost, and what was handed over. */
struct blx_counters {
	/* in */
	uint64_t serial;
	uint32_t cpu;
	uint32_t reserved;
	/* out */
	uint64_t lost[5];
	uint64_t taken;   /* sub-buffers */
	uint64_t records; /* in those */
	uint64_t wakes;   /* times that dom0 was woken for this ring */
};

/**
 * BLX_EVENTS: descriptions of all events, in core/event.h's published form. BLX_DOMAINS: an array of struct blx_domain, those that
 * are not freed yet; a generation that differs from one part to the next means: begin again.
 */
struct blx_buffer {
	/* in */
	uint64_t to;   /* address of a buffer */
	uint32_t size; /* its bytes */
	uint32_t from; /* bytes to pass over, a multiple of 8 */
	/* out */
	uint32_t copied; /* bytes */
	uint32_t total;  /* bytes that there are */
	uint64_t generation;
};

/* Each later state includes those before. */
enum blx_domain_state {
	BLX_DOMAIN_CREATED = 1, /* exists, has not been unpaused */
	BLX_DOMAIN_RUNNING = 2,
	BLX_DOMAIN_SHUTDOWN = 3,
	BLX_DOMAIN_DYING = 4, /* being destroyed; what holds its memory may be elsewhere */
};

struct blx_domain {
	uint64_t serial; /* never used again, where domain ids are */
	uint16_t domain;
	uint16_t state; /* enum blx_domain_state; freed ones are not listed */
	uint32_t shutdown_code;
	uint64_t pages;     /* that it has now */
	uint8_t handle[16]; /* uuid */
};

/** BLX_MEMORY: how much is free; BLX_VIRQ_RESOURCES comes when it gets to @threshold pages or more (0: never), once. */
struct blx_memory {
	/* in */
	uint64_t threshold;
	/* out */
	uint64_t free_pages;
	uint64_t total_pages;
};

#endif
