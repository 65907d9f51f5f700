// SPDX-License-Identifier: GPL-2.0
/*
 * Write to a disk what lies in many small pieces, each in a place of its own, by one
 * call, past the page cache; then read it back.
 *
 *	scatter DISK COUNT SIZE
 *
 * writes COUNT pieces of SIZE bytes, SIZE bytes apart from each other.
 *
 * Exit status: 0 when the disk has what was written, 1 when not, 2 for a wrong argument.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define ALIGNMENT	4096

static int fail(const char *what)
{
	fprintf(stderr, "scatter: %s: ", what);
	perror(NULL);
	return 1;
}

int main(int argc, char **argv)
{
	size_t count, size, i;
	struct iovec *pieces;
	char *from, *back;
	int disk;

	if (argc != 4) {
		fputs("usage: scatter DISK COUNT SIZE\n", stderr);
		return 2;
	}
	count = strtoul(argv[2], NULL, 0);
	size = strtoul(argv[3], NULL, 0);
	from = aligned_alloc(ALIGNMENT, 2 * count * size);
	back = aligned_alloc(ALIGNMENT, count * size);
	pieces = calloc(count, sizeof(*pieces));
	if (!from || !back || !pieces)
		return fail("memory");
	for (i = 0; i < count; i++) {
		pieces[i].iov_base = from + 2 * i * size;
		pieces[i].iov_len = size;
		memset(pieces[i].iov_base, i * 7 + 1, size);
	}
	disk = open(argv[1], O_RDWR | O_DIRECT);
	if (disk < 0)
		return fail(argv[1]);
	if (pwritev(disk, pieces, count, 0) != (ssize_t)(count * size))
		return fail("write");
	if (pread(disk, back, count * size, 0) != (ssize_t)(count * size))
		return fail("read");
	for (i = 0; i < count; i++) {
		if (memcmp(pieces[i].iov_base, back + i * size, size)) {
			fprintf(stderr, "scatter: piece %zu differs\n", i);
			return 1;
		}
	}
	return 0;
}
