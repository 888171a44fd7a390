// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * Reclaim unlocks a dirty folio before it flushes the TLB: fsync(2) returns
 * 0, and the last store is on no disk.
 *
 * What it shows
 *
 *   1. A thread stores a counter to page 0 of a shared file mapping without
 *      pause: its CPU has a writable, dirty TLB entry.
 *   2. madvise(MADV_PAGEOUT) over all pages. shrink_folio_list() unmaps page
 *      0, moves D from the PTE to PG_dirty, puts the TLB flush off until the
 *      end of the list, and unlocks the folio.
 *   3. A flusher sees that page 0 is not mapped any more and writes it by
 *      sync_file_range(). folio_mkclean() finds no PTE, so nothing flushes.
 *   4. The thread stores once more, through its old TLB entry: no fault. The
 *      page is clean, and changes.
 *   5. madvise() flushes, too late. fsync() finds nothing to write.
 *
 *   Then memory has the last store and the disk has not; after eviction it is
 *   gone. Reclaim can also free the clean folio itself: then it is gone from
 *   memory at once. Both count as lost.
 *
 * Where it was seen (x86, rounds of 512 pages)
 *
 *   Linux 6.18.44: ext4 31 of 200, XFS 57 of 200. btrfs 7 of 200, as EIO: the
 *   checksum is of other bytes than were written. Linux 6.12.117, 6.1.192: yes.
 *   It is a race: 3 to 30 % of rounds on an idle machine, under 1 % under
 *   load. That it is not seen says little.
 *
 * Controls, which must not lose anything
 *
 *   no-io        the flusher looks and writes nothing
 *   flush-first  before it writes, the flusher flushes the TLB (mprotect of
 *                another page of the process)
 *   late-store   the last store comes after madvise() has returned
 *   dontneed     MADV_DONTNEED in place of MADV_PAGEOUT
 *
 * Two CPUs, and no privilege. As root the flusher has realtime priority on
 * its CPU, and on that one alone; it sleeps 25 us at a time.
 *
 * Usage: finding-2 DIR [ROUNDS]    (200 rounds, if not given; a quarter as
 * many of each control)
 *
 * Exit code: 0 not seen, 10 seen, 2 could not run (or a control lost a store,
 * so that something else is wrong).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 512

enum kind { TEST, NO_IO, FLUSH_FIRST, LATE_STORE, DONTNEED };
static const char *const names[] = { "test", "no-io", "flush-first", "late-store", "dontneed" };

static char path[4096];
static enum kind kind;
static int fd, direct, pagemap;
static char *map, *other;
static volatile int stop, advised, stored;
static volatile uint64_t last;

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "could not run: %s: %s\n", what, strerror(errno));
	unlink(path);
	exit(2);
}

static void run_on(int cpu, int priority)
{
	struct sched_param param = { .sched_priority = priority };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
	if (priority)
		sched_setscheduler(0, SCHED_FIFO, &param);	/* root only; helps */
}

static void *store(void *unused)
{
	volatile uint64_t *counter = (uint64_t *)map;
	uint64_t value = *counter;

	run_on(1, 0);
	do {
		*counter = ++value;
		stored = 1;
	} while (!stop);
	*counter = ++value;					/* 4: the last store of all */
	last = value;
	return unused;
}

static void *flush(void *unused)
{
	struct timespec nap = { .tv_nsec = 25000 };
	uint64_t entry;

	run_on(0, 1);
	while (!advised && pread(pagemap, &entry, 8, (uintptr_t)map / PAGE * 8) == 8 && entry >> 63)
		nanosleep(&nap, NULL);
	if (kind == FLUSH_FIRST) {
		*(volatile char *)other = 1;
		mprotect(other, PAGE, PROT_READ);
		mprotect(other, PAGE, PROT_READ | PROT_WRITE);
	}
	if (kind != NO_IO)
		sync_file_range(fd, 0, PAGE, SYNC_FILE_RANGE_WAIT_BEFORE |
				SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);	/* 3 */
	if (kind == LATE_STORE)
		while (!advised)
			nanosleep(&nap, NULL);
	stop = 1;
	return unused;
}

/* Returns whether the last store was lost. */
static int one_round(int number)
{
	static char buffer[PAGE] __attribute__((aligned(PAGE)));
	uint64_t memory, disk;
	pthread_t storer, flusher;
	int unreadable;

	stop = advised = stored = 0;
	for (int i = 1; i < PAGES; i++)
		*(volatile int *)(map + i * PAGE) = number;
	check(!(errno = pthread_create(&storer, NULL, store, NULL)), "pthread_create");
	while (!stored)
		usleep(100);
	check(!(errno = pthread_create(&flusher, NULL, flush, NULL)), "pthread_create");
	usleep(200);
	madvise(map, PAGES * PAGE, kind == DONTNEED ? MADV_DONTNEED : MADV_PAGEOUT);	/* 2 */
	advised = 1;
	pthread_join(storer, NULL);
	pthread_join(flusher, NULL);
	check(!fsync(fd), "fsync");							/* 5 */
	check(pread(fd, &memory, 8, 0) == 8, "pread");
	unreadable = pread(direct, buffer, PAGE, 0) != PAGE;
	memcpy(&disk, buffer, 8);
	if (!unreadable && memory == last && disk == last)
		return 0;
	memset(buffer, 0, PAGE);			/* a whole page: readable again */
	check(pwrite(fd, buffer, PAGE, 0) == PAGE && !fsync(fd), "repair");
	return 1;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 200, controls = 0, seen = 0;
	static char zeros[PAGE];

	if (argc < 2 || argc > 3 || rounds < 1 || rounds > 1000 ||
	    snprintf(path, sizeof(path), "%s/finding-2.dat", argv[1]) >= (int)sizeof(path)) {
		fprintf(stderr, "usage: finding-2 DIR [ROUNDS]    (1 to 1000 rounds)\n");
		return 2;
	}
	alarm(240);
	setvbuf(stdout, NULL, _IOLBF, 0);
	check(sysconf(_SC_NPROCESSORS_ONLN) > 1, "two CPUs are needed");
	run_on(0, 0);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	direct = open(path, O_RDONLY | O_DIRECT);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	check(fd >= 0 && direct >= 0 && pagemap >= 0, path);
	for (int i = 0; i < PAGES; i++)			/* one by one: folios of one page */
		check(pwrite(fd, zeros, PAGE, i * PAGE) == PAGE, "write of the file");
	check(!fsync(fd), "fsync");
	map = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(map != MAP_FAILED && other != MAP_FAILED, "mmap");
	for (kind = TEST; kind <= DONTNEED; kind++) {
		int lost = 0, these = kind == TEST ? rounds : (rounds + 3) / 4;

		for (int i = 1; i <= these; i++)
			lost += one_round(i);
		printf("%s: lost in %d of %d rounds\n", names[kind], lost, these);
		*(kind == TEST ? &seen : &controls) += lost;
	}
	unlink(path);
	return controls ? 2 : seen ? 10 : 0;
}
