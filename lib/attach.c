/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * attach.c - joining and leaving sessions. The protocol is in lib/abi/control.h.
 *
 * Runs in whatever thread or signal handler came to a trace point first after the control page's word moved, with bl_token.busy taken.
 * The recorder is not trusted: everything it sends is copied once and checked; after a failed attempt the slot is left alone until
 * there are new descriptions: a dlopen() in another thread may have come between the request and the recorder's look at them.
 *
 * A recorder that does not answer in time (it is stopped, its disk hangs) finds the request later, sees that nobody waits for the answer,
 * and arms the slot again. Until then records are counted as lost (bl_program.unanswered).
 *
 * Leaving is only forgetting: bits and views change, the memory stays mapped, because another thread may be in the middle of a record.
 */
#include "lib/program.h"
#include "lib/sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#ifndef F_GET_SEALS
#define F_GET_SEALS 1034
#define F_SEAL_SHRINK 0x0002
#endif

/* A ring without memory, so that a view never leads nowhere, whatever somebody writes into the control page. */
static struct bl_ring_shared gone_shared;
static struct bl_ring gone_ring;
static struct bl_ring *const gone_rings[1] = {&gone_ring};

void bl_sessions_init(void)
{
	uint32_t s;

	gone_ring = (struct bl_ring){.shared = &gone_shared, .sub_shift = BL_SUB_SHIFT_MIN, .n_sub = 2, .n_phys = 3, .id_bits = BL_ID_BITS_MIN};
	bl_ring_lay(&gone_ring, NULL);
	(void)!bl_ring_setup(&gone_ring);
	gone_ring.fast_ids = 0; /* never the inline path, whatever the clock says */
	for (s = 0; s < BL_SESSIONS_MAX; s++)
		bl_program.view[s] = (struct borelog_view){.rings = gone_rings};
}

/* How often a call is made again that was interrupted. Signals are held, but being stopped and continued interrupts too. */
#define INTERRUPTIONS_MAX 100

/* A system call, made again while it is interrupted. */
#define sys_again(...)                                                                                                         \
	__extension__({                                                                                                        \
		long again_result_;                                                                                            \
		int again_ = 0;                                                                                                \
		do                                                                                                             \
			again_result_ = bl_sys(__VA_ARGS__);                                                                   \
		while (again_result_ == -EINTR && ++again_ < INTERRUPTIONS_MAX);                                               \
		again_result_;                                                                                                 \
	})

static void set_timeout(int fd, int name)
{
	const struct timeval timeout = {.tv_sec = BL_ATTACH_TIMEOUT_MS / 1000, .tv_usec = BL_ATTACH_TIMEOUT_MS % 1000 * 1000};

	(void)bl_sys(SYS_setsockopt, fd, SOL_SOCKET, name, &timeout, sizeof(timeout));
}

/* Root may do anything to us, and our user, unless we were another one's once and may know what he should not. */
static bool may_record_us(uid_t uid)
{
	return !uid || (uid == bl_program.uid && geteuid() == bl_program.uid);
}

/* Connect to the recorder's socket, if it is root's or our own user's. */
static int call_recorder(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t size = sizeof(peer);
	long fd, err;

	memcpy(address.sun_path, path, strnlen(path, BL_SOCKET_PATH_MAX));
	fd = bl_sys(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return (int)fd;
	set_timeout((int)fd, SO_SNDTIMEO);
	set_timeout((int)fd, SO_RCVTIMEO);
	err = sys_again(SYS_connect, fd, &address, sizeof(address));
	if (!err)
		err = bl_sys(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	if (!err && !may_record_us(peer.uid))
		err = -EPERM;
	if (err) {
		(void)bl_sys(SYS_close, fd);
		return (int)err;
	}
	return (int)fd;
}

/* Take the two descriptors out of @msg. Anything else that came is closed. */
static bool take_descriptors(struct msghdr *msg, int fds[2])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(sizeof(int)))
		return false;
	if (c->cmsg_len != CMSG_LEN(2 * sizeof(int))) {
		memcpy(fds, CMSG_DATA(c), sizeof(int));
		(void)bl_sys(SYS_close, fds[0]);
		return false;
	}
	memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
	return true;
}

/* Ask for the session's memory. On success two descriptors are the caller's. */
static int ask(int fd, const struct bl_session *session, struct bl_attach_reply *reply, int fds[2])
{
	struct bl_attach_request request = {BL_CONTROL_MAGIC, BL_CONTROL_ABI, BL_MESSAGE_ATTACH, session->set_generation,
					    bl_program.no_calls ? BL_CONTROL_EXPLICIT : 0};
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {reply, sizeof(*reply)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control)};
	long n;

	n = sys_again(SYS_sendto, fd, &request, sizeof(request), MSG_NOSIGNAL, NULL, 0);
	if (n >= 0)
		n = sys_again(SYS_recvmsg, fd, &msg, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return (int)n;
	if (n != sizeof(*reply) || reply->magic != BL_CONTROL_MAGIC || reply->abi != BL_CONTROL_ABI)
		return -EPROTO;
	if (reply->status)
		return reply->status < 0 ? reply->status : -EPROTO;
	return take_descriptors(&msg, fds) ? 0 : -EPROTO;
}

/* Will the file have @size bytes as long as we look at it? Otherwise it could be cut off under our feet. */
static bool stays(int fd, uint64_t size)
{
	struct stat st;
	const long seals = bl_sys(SYS_fcntl, fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK) && !fstat(fd, &st) && st.st_size >= 0 && (uint64_t)st.st_size >= size;
}

/* The start of the session's memory, copied once. */
static int read_head(int memfd, uint64_t size, struct bl_session_head *head)
{
	void *map;

	if (!stays(memfd, size) || size < BL_ABI_PAGE)
		return -EPROTO;
	map = mmap(NULL, BL_ABI_PAGE, PROT_READ, MAP_SHARED, memfd, 0);
	if (map == MAP_FAILED)
		return -errno;
	memcpy(head, map, sizeof(*head));
	munmap(map, BL_ABI_PAGE);
	if (head->magic != BL_CONTROL_MAGIC || head->abi != BL_CONTROL_ABI || head->ring_abi != BL_RING_ABI ||
	    head->head_size > size || (head->ring_size && head->n_rings > (size - head->head_size) / head->ring_size))
		return -EPROTO;
	return 0;
}

/* Map what the recorder sent and publish it to trace points. */
static int join(struct bl_session *session, const int fds[2], uint64_t size)
{
	const uint32_t s = (uint32_t)(session - bl_program.session);
	struct bl_session_head head;
	struct bl_memory *memory;
	int err;

	err = stays(fds[1], sizeof(struct bl_life)) ? read_head(fds[0], size, &head) : -EPROTO;
	if (!err)
		err = bl_arena_map(&head, fds[0], fds[1], &memory);
	if (err)
		return err;
	bl_store_relaxed(&memory->slot, s);
	bl_store_relaxed(&memory->n_events, head.n_events);
	bl_store_relaxed(&memory->enabled_offset, head.enabled_offset);
	bl_store_relaxed(&memory->flags, head.flags | (bl_program.no_calls ? BL_SESSION_NO_WAKE : 0));
	bl_arena_retire(session->memory);
	bl_store_release(&session->memory, memory);
	bl_store_relaxed(&bl_program.view[s].rings, (struct bl_ring *const *)memory->table); /* long enough for any mask, so no mix of two views leads out of it */
	bl_store_release(&bl_program.view[s].ring_mask, BL_RINGS_MAX - 1);
	__atomic_or_fetch(&bl_program.attached, 1u << s, __ATOMIC_RELEASE); /* ORD(site:B) */
	return 0;
}

static int attach(struct bl_session *session, const char *path)
{
	struct bl_attach_reply reply;
	int fds[2], err;
	const int fd = call_recorder(path);

	if (fd < 0)
		return fd;
	err = ask(fd, session, &reply, fds);
	if (!err) {
		err = join(session, fds, reply.size);
		(void)bl_sys(SYS_close, fds[0]);
		(void)bl_sys(SYS_close, fds[1]);
	}
	(void)bl_sys(SYS_close, fd);
	return err;
}

/* What other threads come to meanwhile is lost, to this session if there is going to be one. */
static int attach_counting(struct bl_session *session, const char *path)
{
	const uint32_t s = (uint32_t)(session - bl_program.session);
	int err;

	bl_store_relaxed(&bl_program.joining, 1u << s);
	err = attach(session, path);
	bl_store_relaxed(&bl_program.joining, 0);
	if (err == -EAGAIN)
		__atomic_or_fetch(&bl_program.unanswered, 1u << s, __ATOMIC_RELAXED);
	else
		__atomic_and_fetch(&bl_program.unanswered, ~(1u << s), __ATOMIC_RELAXED);
	return err;
}

static void leave(uint32_t s)
{
	__atomic_and_fetch(&bl_program.attached, ~(1u << s), __ATOMIC_RELEASE);
}

/* Session @s is not waited for any more. */
static void forget_unanswered(uint32_t s)
{
	if (__atomic_fetch_and(&bl_program.unanswered, ~(1u << s), __ATOMIC_RELAXED) & 1u << s)
		bl_store_relaxed(&bl_program.control->lost_attach[s], 0);
}

void bl_slot_read(const struct bl_control_slot *slot, struct bl_control_slot *ret)
{
	int tries;

	memset(ret, 0, sizeof(*ret));
	for (tries = 0; tries < 100; tries++) {
		const uint32_t state = bl_load_acquire(&slot->state);

		ret->generation = bl_load_relaxed(&slot->generation);
		if (state != BL_SLOT_STATE_ARMED)
			return;
		memcpy(ret->socket, slot->socket, sizeof(ret->socket));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (bl_load_relaxed(&slot->generation) == ret->generation && bl_load_relaxed(&slot->state) == state) {
			ret->state = state;
			return;
		}
	}
}

static void update_slot(uint32_t s)
{
	struct bl_session *session = &bl_program.session[s];
	const uint32_t set = bl_load_relaxed(&bl_program.control->generation);
	struct bl_control_slot slot;
	char path[BL_SOCKET_PATH_MAX + 1];
	bool tried;
	int err;

	bl_slot_read(&bl_program.control->slot[s], &slot);
	tried = slot.generation == session->generation;
	if (slot.state != BL_SLOT_STATE_ARMED) {
		leave(s);
		forget_unanswered(s);
		return;
	}
	if (tried && set == session->set_generation)
		return;
	if (bl_program.explicit_only) {
		if (!tried)
			leave(s);
		return;
	}
	leave(s); /* who records into the old rings now is not seen by the recorder any more */
	session->generation = slot.generation;
	session->set_generation = set;
	memcpy(path, slot.socket, BL_SOCKET_PATH_MAX);
	path[BL_SOCKET_PATH_MAX] = 0;
	err = attach_counting(session, path);
	if (err && err != -EAGAIN)
		bl_store_relaxed(&bl_program.control->lost_attach[s], 0);
	if (err == -ECONNREFUSED)
		bl_store_relaxed(&bl_program.control->slot[s].state, BL_SLOT_STATE_FREE); /* a dead recorder's socket, left behind */
}

void bl_sessions_update(void)
{
	const uint32_t word = bl_load_acquire(borelog_word); /* ORD(control:A) */
	uint32_t s;

	for (s = 0; s < BL_SESSIONS_MAX; s++)
		update_slot(s);
	bl_store_release(&bl_program.seen_word, word);
}

void bl_sessions_check_unanswered(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct bl_control_slot slot;
	uint32_t s;
	long fd;

	for (s = 0; s < BL_SESSIONS_MAX; s++) {
		fd = bl_load_relaxed(&bl_program.unanswered) & 1u << s
			     ? bl_sys(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
			     : -EAGAIN;
		if (fd < 0)
			continue;
		bl_slot_read(&bl_program.control->slot[s], &slot);
		memcpy(address.sun_path, slot.socket, BL_SOCKET_PATH_MAX);
		if (slot.state != BL_SLOT_STATE_ARMED || bl_sys(SYS_connect, fd, &address, sizeof(address)) == -ECONNREFUSED)
			forget_unanswered(s);
		(void)bl_sys(SYS_close, fd);
	}
}

/* Arm a free slot with @path, unless one has it already. */
static void arm(const char *path, size_t length)
{
	struct bl_control *control = bl_program.control;
	struct bl_control_slot *free_slot = NULL;
	uint32_t s;

	if (!length || length >= BL_SOCKET_PATH_MAX)
		return;
	for (s = 0; s < BL_SESSIONS_MAX; s++) {
		struct bl_control_slot *slot = &control->slot[s];

		if (slot->state == BL_SLOT_STATE_ARMED && !strncmp(slot->socket, path, length) && !slot->socket[length])
			return;
		/* The one that was free for longest: late writers of its last session are long gone. */
		if (slot->state == BL_SLOT_STATE_FREE && (!free_slot || slot->generation < free_slot->generation))
			free_slot = slot;
	}
	if (!free_slot)
		return;
	memset(free_slot->socket, 0, sizeof(free_slot->socket));
	memcpy(free_slot->socket, path, length);
	bl_store_relaxed(&control->lost_attach[free_slot - control->slot], 0);
	free_slot->generation++;
	bl_store_release(&free_slot->state, BL_SLOT_STATE_ARMED);
	bl_program_move_word();
}

/* Every socket in directory @dir whose name does not begin with a dot. */
static void arm_dir(const char *dir)
{
	char buffer[2048] __attribute__((aligned(8))), path[PATH_MAX + 300];
	const size_t dir_length = strlen(dir);
	const long fd = bl_sys(SYS_openat, AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long n, at;

	if (fd < 0)
		return;
	while ((n = bl_sys(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (at = 0; at < n;) {
			const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buffer + at);
			const size_t length = strnlen(entry->d_name, 256);

			at += entry->d_reclen;
			if ((entry->d_type != DT_SOCK && entry->d_type != DT_UNKNOWN) || entry->d_name[0] == '.' || dir_length >= PATH_MAX)
				continue;
			memcpy(path, dir, dir_length);
			path[dir_length] = '/';
			memcpy(path + dir_length + 1, entry->d_name, length + 1);
			arm(path, dir_length + 1 + length);
		}
	}
	(void)bl_sys(SYS_close, fd);
}

void bl_sessions_discover(void)
{
	const char *list = secure_getenv("BORELOG_SESSION");
	char dir[PATH_MAX];
	size_t length;

	while (list && *list) {
		length = strcspn(list, ":");
		arm(list, length);
		list += length + (list[length] == ':');
	}
	/* RUN/programs -> RUN/sessions */
	length = strlen(bl_program.control_dir) - strlen("programs");
	memcpy(dir, bl_program.control_dir, length);
	memcpy(dir + length, "sessions", sizeof("sessions"));
	arm_dir(dir);
	if (!bl_program.apart)
		arm_dir(BL_ROOT_RUN_DIR "/sessions");
}

/* The recorder is dead: take the memory back, and let trace points forget the session. */
static void bury(struct bl_memory *memory)
{
	struct bl_held_signals held;

	if (!bl_program_take_busy(&held))
		return; /* the next sub-buffer that is handed over tells again */
	if (bl_program.session[memory->slot].memory == memory && bl_load_relaxed(&bl_program.attached) & 1u << memory->slot) {
		leave(memory->slot);
		bl_store_relaxed(&bl_program.control->slot[memory->slot].state, BL_SLOT_STATE_FREE);
		bl_program_move_word();
		if (!bl_program.explicit_only)
			bl_arena_punch(memory);
	}
	bl_program_release_busy(&held);
}

void bl_sessions_silence(void)
{
	uint32_t i;

	bl_program.no_calls = 1;
	for (i = 0; i < BL_MEMORIES_MAX; i++)
		__atomic_or_fetch(&bl_program.memory[i].flags, BL_SESSION_NO_WAKE, __ATOMIC_RELAXED); /* of those that others may still write to */
}

bool bl_session_check_life(struct bl_memory *memory)
{
	if (!memory->life || !(bl_load_relaxed(&memory->life->owner) & FUTEX_OWNER_DIED)) /* ORD(life:A) */
		return false;
	bury(memory);
	return true;
}

void bl_port_wake(struct bl_ring *ring)
{
	struct bl_memory *memory = ring->host;
	struct bl_session_head *head = (struct bl_session_head *)(void *)memory->head;

	if (bl_session_check_life(memory) || bl_load_relaxed(&memory->flags) & BL_SESSION_NO_WAKE)
		return;
	if (!__atomic_exchange_n(&head->bell, 1, __ATOMIC_SEQ_CST)) /* ORD(bell:A) */
		(void)bl_sys(SYS_futex, &head->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}
