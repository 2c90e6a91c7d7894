/* SPDX-License-Identifier: MIT */
/*
 * locks.c - waiting for other threads: mutexes, read-write locks, conditions, barriers, semaphores, and C11's names for them.
 *
 * A lock that is free is taken and not recorded: programs take millions of them, and nothing was waited for. While a session records,
 * a lock is tried first; only if that says "busy" there is a span, from then until the lock is ours (or the wait failed). Trying first
 * changes nothing that the program can see: whatever a try returns other than EBUSY, the lock call would have returned too (errors of
 * robust, priority-protected and recursive mutexes included), and after EBUSY the lock call itself is made.
 *
 * Conditions and barriers always wait, so they are always spans. A condition's span includes getting the mutex back.
 */
#include "preload/probe.h"

/* @try is made first; span @name, naming @object, only when that is busy. */
#define LOCK(name, params, args, try, object)                                                                                  \
	BL_WRAPPER(int, name, params, args)\
	{                                                                                                                      \
		int result;                                                                                                    \
                                                                                                                               \
		result = bl_real(try)(object);                                                                                 \
		if (result != EBUSY)                                                                                           \
			return result;                                                                                         \
		borelog_begin("libc", #name, object);                                                                          \
		result = bl_real(name) args;                                                                                   \
		borelog_end("libc", #name, object, result);                                                                    \
		return result;                                                                                                 \
	}

LOCK(pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex), pthread_mutex_trylock, mutex)
LOCK(pthread_mutex_timedlock, (pthread_mutex_t * mutex, const struct timespec *until), (mutex, until), pthread_mutex_trylock, mutex)
LOCK(pthread_mutex_clocklock, (pthread_mutex_t * mutex, clockid_t clock, const struct timespec *until), (mutex, clock, until),
     pthread_mutex_trylock, mutex)
LOCK(pthread_rwlock_rdlock, (pthread_rwlock_t * rwlock), (rwlock), pthread_rwlock_tryrdlock, rwlock)
LOCK(pthread_rwlock_timedrdlock, (pthread_rwlock_t * rwlock, const struct timespec *until), (rwlock, until),
     pthread_rwlock_tryrdlock, rwlock)
LOCK(pthread_rwlock_clockrdlock, (pthread_rwlock_t * rwlock, clockid_t clock, const struct timespec *until), (rwlock, clock, until),
     pthread_rwlock_tryrdlock, rwlock)
LOCK(pthread_rwlock_wrlock, (pthread_rwlock_t * rwlock), (rwlock), pthread_rwlock_trywrlock, rwlock)
LOCK(pthread_rwlock_timedwrlock, (pthread_rwlock_t * rwlock, const struct timespec *until), (rwlock, until),
     pthread_rwlock_trywrlock, rwlock)
LOCK(pthread_rwlock_clockwrlock, (pthread_rwlock_t * rwlock, clockid_t clock, const struct timespec *until), (rwlock, clock, until),
     pthread_rwlock_trywrlock, rwlock)

BL_SPAN_RESULT(pthread_cond_wait, (pthread_cond_t * cond, pthread_mutex_t *mutex), (cond, mutex), cond, mutex)
BL_SPAN_RESULT(pthread_cond_timedwait, (pthread_cond_t * cond, pthread_mutex_t *mutex, const struct timespec *until),
	       (cond, mutex, until), cond, mutex)
BL_SPAN_RESULT(pthread_cond_clockwait, (pthread_cond_t * cond, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until),
	       (cond, mutex, clock, until), cond, mutex)
BL_SPAN_RESULT(pthread_barrier_wait, (pthread_barrier_t * barrier), (barrier), barrier)

/* Waiting for a semaphore is a cancellation point even when nothing is waited for; trying is not. */
static bool sem_taken(sem_t *sem)
{
	const int saved_errno = errno;
	bool taken;

	pthread_testcancel();
	taken = !bl_real(sem_trywait)(sem);
	errno = saved_errno;
	return taken;
}

#define SEMAPHORE(name, params, args)                                                                                          \
	BL_WRAPPER(int, name, params, args)\
	{                                                                                                                      \
		int result, error;                                                                                             \
                                                                                                                               \
		if (sem_taken(sem))                                                                                            \
			return 0;                                                                                              \
		borelog_begin("libc", #name, sem);                                                                             \
		result = bl_real(name) args;                                                                                   \
		error = result < 0 ? errno : 0;                                                                                \
		borelog_end("libc", #name, sem, result, error);                                                                \
		return result;                                                                                                 \
	}
SEMAPHORE(sem_wait, (sem_t * sem), (sem))
SEMAPHORE(sem_timedwait, (sem_t * sem, const struct timespec *until), (sem, until))
SEMAPHORE(sem_clockwait, (sem_t * sem, clockid_t clock, const struct timespec *until), (sem, clock, until))

/* C11. Its results are not errno's numbers. */
#define C11_LOCK(name, params, args)                                                                                           \
	BL_WRAPPER(int, name, params, args)\
	{                                                                                                                      \
		int result;                                                                                                    \
                                                                                                                               \
		result = bl_real(mtx_trylock)(mutex);                                                                          \
		if (result != thrd_busy)                                                                                       \
			return result;                                                                                         \
		borelog_begin("libc", #name, mutex);                                                                           \
		result = bl_real(name) args;                                                                                   \
		borelog_end("libc", #name, mutex, result);                                                                     \
		return result;                                                                                                 \
	}
C11_LOCK(mtx_lock, (mtx_t * mutex), (mutex))
C11_LOCK(mtx_timedlock, (mtx_t * restrict mutex, const struct timespec *restrict until), (mutex, until))
BL_SPAN_RESULT(cnd_wait, (cnd_t * cond, mtx_t *mutex), (cond, mutex), cond, mutex)
BL_SPAN_RESULT(cnd_timedwait, (cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until), (cond, mutex, until),
	       cond, mutex)
