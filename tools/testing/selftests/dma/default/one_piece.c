// SPDX-License-Identifier: GPL-2.0
/*
 * Write a buffer that is one piece of physical memory to the beginning of a disk, in
 * one request if the disk takes that, read it back into another one, and compare.
 *
 * usage: one_piece DISK MIB COPY
 *
 *   MIB   the size, a multiple of 2
 *   COPY  the file that gets what was written
 *
 * The buffers are made of huge pages, which are to be 2 MiB, of the file system on
 * /huge: those that happen to be neighbours are mapped side by side. Needs root's
 * rights, to see where they are. Exit status: 0 if it is the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE	(2UL << 20)
#define PAGES		16
#define PFN_MASK	((1ULL << 55) - 1)

static unsigned long frames[PAGES];
static int huge;

static void die(const char *what)
{
	fprintf(stderr, "one_piece: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Take all huge pages, and look where they are. */
static void take_pages(void)
{
	long page_size = sysconf(_SC_PAGESIZE);
	uint64_t entry;
	char *map;
	int fd, i;

	huge = open("/huge/one-piece", O_CREAT | O_RDWR, 0600);
	if (huge < 0 || ftruncate(huge, PAGES * HUGE_PAGE))
		die("/huge/one-piece");
	map = mmap(NULL, PAGES * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, huge, 0);
	if (map == MAP_FAILED)
		die("too few huge pages");
	fd = open("/proc/self/pagemap", O_RDONLY);
	for (i = 0; i < PAGES; i++) {
		map[i * HUGE_PAGE] = 1;
		if (pread(fd, &entry, sizeof(entry), (uintptr_t)(map + i * HUGE_PAGE) /
			  page_size * sizeof(entry)) != sizeof(entry) || !(entry & PFN_MASK))
			die("/proc/self/pagemap");
		frames[i] = (entry & PFN_MASK) * page_size / HUGE_PAGE;
	}
	close(fd);
}

/* The page with this frame number, or -1; it is taken. */
static int page_at(unsigned long frame)
{
	int i;

	for (i = 0; i < PAGES; i++) {
		if (frames[i] == frame) {
			frames[i] = 0;
			return i;
		}
	}
	return -1;
}

static bool has_row(unsigned long frame, unsigned int n)
{
	unsigned int i, found = 0, j;

	for (j = 0; j < n; j++)
		for (i = 0; i < PAGES; i++)
			found += frames[i] == frame + j;
	return found == n;
}

static char *one_piece(unsigned int n)
{
	unsigned long frame = 0;
	unsigned int i, j;
	char *buffer;

	for (i = 0; i < PAGES && !frame; i++)
		if (frames[i] && has_row(frames[i], n))
			frame = frames[i];
	errno = ENOMEM;
	if (!frame)
		die("too few huge pages are neighbours");
	/* Aligned, as huge pages must be */
	buffer = mmap(NULL, (n + 1) * HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		die("no address space");
	buffer += -(uintptr_t)buffer % HUGE_PAGE;
	for (j = 0; j < n; j++)
		if (mmap(buffer + j * HUGE_PAGE, HUGE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, huge, page_at(frame + j) * HUGE_PAGE) ==
		    MAP_FAILED)
			die("a huge page cannot be mapped");
	return buffer;
}

int main(int argc, char **argv)
{
	char *written, *read_back;
	size_t bytes, i;
	uint32_t word = 1;
	int disk, copy;

	if (argc != 4 || strtoul(argv[2], NULL, 10) % 2 || !strtoul(argv[2], NULL, 10)) {
		fprintf(stderr, "usage: one_piece DISK MIB COPY, MIB a multiple of 2\n");
		return 1;
	}
	bytes = strtoul(argv[2], NULL, 10) << 20;
	take_pages();
	written = one_piece(bytes / HUGE_PAGE);
	read_back = one_piece(bytes / HUGE_PAGE);
	for (i = 0; i < bytes; i += sizeof(word)) {
		word = word * 1664525 + 1013904223;
		memcpy(written + i, &word, sizeof(word));
	}
	memset(read_back, 0x5a, bytes);

	disk = open(argv[1], O_RDWR | O_DIRECT);
	if (disk < 0)
		die(argv[1]);
	errno = EIO;
	if (pwrite(disk, written, bytes, 0) != (ssize_t)bytes)
		die("not all can be written");
	if (pread(disk, read_back, bytes, 0) != (ssize_t)bytes)
		die("not all can be read");
	copy = open(argv[3], O_CREAT | O_WRONLY | O_TRUNC, 0600);
	if (copy < 0 || write(copy, written, bytes) != (ssize_t)bytes)
		die(argv[3]);
	close(copy);
	if (memcmp(written, read_back, bytes)) {
		fprintf(stderr, "one_piece: what was read is not what was written\n");
		return 1;
	}
	return 0;
}
