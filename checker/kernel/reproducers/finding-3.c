// SPDX-License-Identifier: GPL-2.0 OR MIT OR Apache-2.0
/*
 * Unpinning a page trusts PG_dirty: fsync(2) returns 0, and bytes are lost.
 *
 * What it shows
 *
 *   process_vm_writev(2) pins a page of a shared file mapping, copies bytes
 *   into it, and unpins it. At the unpin, unpin_user_pages_dirty_lock() marks
 *   the folio dirty only if PG_dirty is not set. A folio can have several
 *   blocks, and PG_dirty can be set for another one:
 *
 *     1. process_vm_writev() pins. The write fault dirties every block of the
 *        folio. The copy stops: its source is a page that userfaultfd holds.
 *     2. fsync() writes the folio. Every block is clean, PG_dirty is clear.
 *     3. write(2) of one byte to another block: that block is dirty, and
 *        PG_dirty is set.
 *     4. The source page arrives. The copy stores 8 bytes through the pin; no
 *        fault sees it. At the unpin PG_dirty is set: nothing is marked.
 *     5. fsync() writes the dirty block only, and clears PG_dirty.
 *
 *   The 8 bytes are in memory and not on disk. After eviction they are gone.
 *   Nothing here is a race: one CPU is enough, and every round shows it. A
 *   direct read into the mapping does the same (bio_check_pages_dirty()).
 *
 * Where it was seen
 *
 *   Linux 6.18.44: XFS and ext4, default options (large folios) and blocks of
 *   1 KiB, 50 of 50 rounds each. Linux 6.12.117: XFS, both, 20 of 20 each.
 *   Not on tmpfs (no writeback), and not where a folio is one block.
 *
 * Controls, which must not lose anything
 *
 *   no-write     step 3 is left out: the unpin finds PG_dirty clear
 *   same-block   step 3 writes to the block that the pin stores to
 *   one-block    the file, and so its folio, is one page of one block
 *                (left out where a block is smaller than a page)
 *
 * It needs a userfaultfd for faults of the kernel: root, or
 * vm.unprivileged_userfaultfd = 1.
 *
 * Usage: finding-3 DIR [ROUNDS]    (20 rounds of each kind, if not given)
 *
 * Exit code: 0 not seen, 10 seen, 2 could not run (or a control lost bytes,
 * so that something else is wrong). "Lost" means: fsync() returned 0 after
 * the store, and then memory and an O_DIRECT read of the disk differ.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096
#define BIG 65536		/* one write(2) of this makes a large folio */

enum kind { TEST, NO_WRITE, SAME_BLOCK, ONE_BLOCK };
static const char *const names[] = { "test", "no-write", "same-block", "one-block" };

static const char new_bytes[8] = { 'N', 'E', 'W', 'B', 'Y', 'T', 'E', 'S' };
static char path[4096];
static char *map, *source;
static size_t pin_at;
static ssize_t stored;

static void check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "could not run: %s: %s\n", what, strerror(errno));
	unlink(path);
	exit(2);
}

static void *store_through_pin(void *unused)
{
	struct iovec from = { source, sizeof(new_bytes) };
	struct iovec to = { map + pin_at, sizeof(new_bytes) };

	stored = process_vm_writev(getpid(), &from, 1, &to, 1, 0);
	return unused;
}

/* A page that stops whoever reads it, until release(). */
static int hold_source(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	check(fd >= 0 && !ioctl(fd, UFFDIO_API, &api), "userfaultfd");
	source = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(source != MAP_FAILED, "mmap");
	reg.range.start = (uintptr_t)source;
	reg.range.len = PAGE;
	check(!ioctl(fd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER");
	return fd;
}

static void release(int fd)
{
	static char page[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = { .len = PAGE };

	memcpy(page, new_bytes, sizeof(new_bytes));
	copy.src = (uintptr_t)page;
	copy.dst = (uintptr_t)source;
	check(!ioctl(fd, UFFDIO_COPY, &copy), "UFFDIO_COPY");
}

/* Returns whether the bytes were lost; counts in *gone if they are gone after eviction. */
static int round_of(enum kind kind, size_t block, int *gone)
{
	static char bytes[BIG] __attribute__((aligned(PAGE)));
	size_t size = kind == ONE_BLOCK ? PAGE : BIG;
	off_t write_at = kind == SAME_BLOCK ? (off_t)(block + 512) : 0;
	struct pollfd event = { .events = POLLIN };
	char memory[8], later[8];
	pthread_t pinner;
	int fd, direct, held, lost;
	size_t page;

	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	check(fd >= 0, path);
	memset(bytes, 'o', size);
	check(pwrite(fd, bytes, size, 0) == (ssize_t)size && !fsync(fd), "write of the file");
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(map != MAP_FAILED, "mmap");
	pin_at = kind == ONE_BLOCK ? PAGE / 2 : block;	/* else the second block */
	held = hold_source();

	errno = pthread_create(&pinner, NULL, store_through_pin, NULL);
	check(!errno, "pthread_create");
	event.fd = held;
	check(poll(&event, 1, 5000) == 1, "no fault at the source");		/* 1 */
	check(!fsync(fd), "fsync");						/* 2 */
	if (kind != NO_WRITE)
		check(pwrite(fd, "w", 1, write_at) == 1, "write");		/* 3 */
	release(held);								/* 4 */
	pthread_join(pinner, NULL);
	check(stored == sizeof(new_bytes), "process_vm_writev");
	check(!fsync(fd), "fsync");						/* 5 */

	check(pread(fd, memory, 8, pin_at) == 8, "pread");
	check(!memcmp(memory, new_bytes, 8), "the store is not in memory");
	direct = open(path, O_RDONLY | O_DIRECT);
	check(direct >= 0, "open with O_DIRECT");
	page = pin_at & ~(size_t)(PAGE - 1);
	check(pread(direct, bytes, PAGE, page) == PAGE, "read with O_DIRECT");
	lost = memcmp(memory, bytes + pin_at - page, 8) != 0;
	munmap(map, size);
	check(!(errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)), "posix_fadvise");
	check(pread(fd, later, 8, pin_at) == 8, "pread");
	*gone += memcmp(memory, later, 8) != 0;
	munmap(source, PAGE);
	close(held);
	close(direct);
	close(fd);
	unlink(path);
	return lost;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 20, counts[4] = { 0 };
	struct statfs fs;

	if (argc < 2 || argc > 3 || rounds < 1 || rounds > 1000 ||
	    snprintf(path, sizeof(path), "%s/finding-3.dat", argv[1]) >= (int)sizeof(path)) {
		fprintf(stderr, "usage: finding-3 DIR [ROUNDS]    (1 to 1000 rounds)\n");
		return 2;
	}
	alarm(300);
	setvbuf(stdout, NULL, _IOLBF, 0);
	check(!statfs(argv[1], &fs), argv[1]);
	for (int kind = TEST; kind <= ONE_BLOCK; kind++) {
		int gone = 0;

		if (kind == ONE_BLOCK && fs.f_bsize < PAGE)
			continue;
		for (int i = 0; i < rounds; i++)
			counts[kind] += round_of(kind, fs.f_bsize, &gone);
		printf("%s: lost in %d of %d rounds, gone after eviction in %d\n",
		       names[kind], counts[kind], rounds, gone);
	}
	if (counts[NO_WRITE] || counts[SAME_BLOCK] || counts[ONE_BLOCK])
		return 2;
	return counts[TEST] ? 10 : 0;
}
