/* SPDX-License-Identifier: MIT */
/*
 * recorder_victim.c - an instrumented program for the tests of the recorder. Every thread's records are numbered without gaps.
 *
 *     count N THREADS     N records from each thread, exit
 *     forever THREADS [BOOKS]
 *                         until it is killed; BOOKS is an empty file that becomes an array of struct book, one for each thread
 *     ask                 for each line "N" on stdin: N records, then says "done"; exits at the end of stdin
 *     exit STATUS, kill SIGNAL
 */
#include <borelog.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS_MAX 64

/* What the program leaves when it is killed. */
struct book {
	uint64_t attempted; /* records that were begun, the one that is being made included */
	uint64_t reserved[7];
};

static long records;
static struct book no_books[THREADS_MAX];
static struct book *books = no_books;

static void *write_records(void *arg)
{
	const int thread = (int)(long)arg;
	unsigned int n;

	for (n = 0; records < 0 || n < (unsigned int)records; n++) {
		bl_store_release(&books[thread].attempted, n + 1);
		borelog_event("v", "step", thread, n);
	}
	return NULL;
}

static void open_books(const char *path)
{
	const int fd = open(path, O_RDWR);

	if (fd < 0 || ftruncate(fd, sizeof(no_books)))
		exit(99);
	books = mmap(NULL, sizeof(no_books), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (books == MAP_FAILED)
		exit(99);
	close(fd);
}

static void run_threads(long n_threads)
{
	pthread_t thread[THREADS_MAX];
	long i;

	for (i = 0; i < n_threads && i < THREADS_MAX; i++)
		if (pthread_create(&thread[i], NULL, write_records, (void *)i))
			exit(99);
	for (i = 0; i < n_threads && i < THREADS_MAX; i++)
		(void)pthread_join(thread[i], NULL);
}

static void answer(void)
{
	char line[64];
	unsigned int n = 0;
	long left;

	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		const int thread = 0;

		for (left = atol(line); left > 0; left--, n++)
			borelog_event("v", "step", thread, n);
		printf("done\n");
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	const long number = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(mode, "ask")) {
		answer();
	} else if (!strcmp(mode, "exit")) {
		return (int)number;
	} else if (!strcmp(mode, "kill")) {
		(void)raise((int)number);
	} else if (!strcmp(mode, "forever")) {
		records = -1;
		if (argc > 3)
			open_books(argv[3]);
		run_threads(number);
	} else {
		records = number;
		run_threads(argc > 3 ? atol(argv[3]) : 1);
	}
	return 0;
}
