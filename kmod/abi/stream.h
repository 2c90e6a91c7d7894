/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/**
 * stream.h - what the recorder and a kernel module of ours say to each other: one interface for /dev/borelog-xen (the hypervisor's
 * rings) and /dev/borelog (the kernel's).
 *
 * A session belongs to an open file: it is created by an ioctl on it and ends with it, whichever way the process dies. Rings are
 * mapped read-only; progress goes through BLS_PUT. The module trusts nothing that comes in here.
 *
 *     open     mode 0600, root. Many may be open; one of them at a time can have the session.
 *     poll     POLLIN: there is something that BLS_PUT may take, since BLS_LOOK. POLLHUP: the session has gone.
 *
 *     mmap     PROT_READ, MAP_SHARED, at offset cpu << BLS_CPU_SHIFT: the control page of the CPU's ring and then its sub-buffers, as
 *              BLS_RING says
 *
 *     close    destroys the session; what is still mapped stays readable until it is unmapped
 *
 * Errors: EINVAL, EFAULT, ENOTTY (no such ioctl), EBUSY (another session, or xentrace), EBADFD (no session here, or it has one),
 * ENODEV (no ring for this CPU), ENOMEM, EAGAIN.
 */
#ifndef BLS_STREAM_H
#define BLS_STREAM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define BLS_ABI 1u
#define BLS_CPU_SHIFT 32

enum bls_layer {
	BLS_LAYER_KERNEL = 1,
	BLS_LAYER_XEN = 2,
};

struct bls_info {
	__u32 abi;
	__u32 ring_abi; /* BL_RING_ABI */
	__u32 layer;    /* enum bls_layer */
	__u32 n_cpus;   /* 0 .. n_cpus - 1 */
	__u32 n_events;
	__u32 events_size; /* bytes of descriptions */
	__u32 tsc_khz;
	__u32 flags;        /* enum bls_info_flags */
	__u64 serial;       /* of the session of whoever has one, or the last one's */
	__u64 mapped_pages; /* of sessions that have ended, mapped still */
};

enum bls_info_flags {
	BLS_TSC_RELIABLE = 1u << 0,
	BLS_BUSY = 1u << 1, /* a session exists, or xentrace records */
};

enum bls_create_flags {
	BLS_OVERWRITE = 1u << 0,
};

struct bls_create {
	__u32 sub_shift;
	__u32 n_sub;
	__u32 flags; /* enum bls_create_flags */
	__u32 stream_id;
	__u8 uuid[16];
	__u64 events;   /* address of a bitmap by event id; 0: all */
	__u64 cpus;     /* address of a bitmap by CPU; 0: all */
	__u32 n_events; /* bits */
	__u32 n_cpus;   /* bits */
	__u64 serial;   /* out */
};

struct bls_ring {
	__u32 cpu; /* in */
	__u32 n_phys;
	__u32 sub_shift;
	__u32 n_sub;
	__u32 id_bits;
	__u32 online;
};

struct bls_put {
	__u32 cpu;  /* in */
	__u32 phys; /* out */
};

struct bls_counters {
	__u32 cpu; /* in */
	__u32 reserved;
	__u64 lost[5]; /* enum bl_lost */
	__u64 taken;
	__u64 records;
	__u64 wakes;
};

struct bls_events {
	__u64 to; /* address */
	__u32 size;
	__u32 from;   /* bytes to pass over, a multiple of 8 */
	__u32 copied; /* out */
	__u32 total;  /* out */
};

#define BLS_INFO _IOR('b', 1, struct bls_info)
#define BLS_EVENTS _IOWR('b', 2, struct bls_events)
#define BLS_CREATE _IOWR('b', 3, struct bls_create)
#define BLS_START _IO('b', 4)
#define BLS_STOP _IO('b', 5) /* and flush */
#define BLS_FLUSH _IO('b', 6)
#define BLS_RING _IOWR('b', 7, struct bls_ring)
#define BLS_PUT                                                                                                                    \
	_IOWR('b', 8, struct bls_put) /* give back what was taken from this ring, take the next one; EAGAIN: nothing there */
#define BLS_COUNTERS _IOWR('b', 9, struct bls_counters)
#define BLS_LOOK _IO('b', 10) /* POLLIN is over until something new comes; to be called before the rings are looked at */

#endif
