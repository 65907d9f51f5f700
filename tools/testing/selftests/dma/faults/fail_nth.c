// SPDX-License-Identifier: GPL-2.0
/*
 * Have one allocation fail while something is written to a file of sysfs, such
 * as a driver's "bind": the N-th one that the write makes in this task, after
 * the file was opened. What may fail is set in the debugfs folders of failslab
 * and fail_page_alloc.
 *
 *	fail_nth N FILE TEXT
 *
 * prints "nth=N injected=0|1 result=ok|failed errno=E". When nothing was injected,
 * the write has made less than N allocations: there is nothing left to try.
 *
 * Exit status: 0 when there is an answer, 2 when not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_or_exit(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0) {
		fprintf(stderr, "fail_nth: cannot open %s: %s\n", path,
			strerror(errno));
		exit(2);
	}
	return fd;
}

/* Nothing is allocated between the two writes. */
int main(int argc, char **argv)
{
	int file, nth, error;
	char left[16] = "";
	ssize_t done;

	if (argc != 4) {
		fputs("usage: fail_nth N FILE TEXT\n", stderr);
		return 2;
	}
	file = open_or_exit(argv[2], O_WRONLY);
	nth = open_or_exit("/proc/thread-self/fail-nth", O_RDWR);
	if (write(nth, argv[1], strlen(argv[1])) < 0) {
		perror("fail_nth: /proc/thread-self/fail-nth");
		return 2;
	}
	done = write(file, argv[3], strlen(argv[3]));
	error = done < 0 ? errno : 0;
	if (pread(nth, left, sizeof(left) - 1, 0) <= 0) {
		perror("fail_nth: /proc/thread-self/fail-nth");
		return 2;
	}
	/* Nor may what follows fail. */
	if (pwrite(nth, "0", 1, 0) < 0) {
		perror("fail_nth: /proc/thread-self/fail-nth");
		return 2;
	}
	printf("nth=%s injected=%d result=%s errno=%d\n", argv[1],
	       strtoul(left, NULL, 10) == 0, error ? "failed" : "ok", error);
	return 0;
}
