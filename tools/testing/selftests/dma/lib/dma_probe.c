// SPDX-License-Identifier: GPL-2.0
/*
 * Ask a DMA probe device (kernel/dma/dma_probe.c) what its drivers would get.
 * Every answer is one line of key=value pairs, sizes in bytes.
 *
 * "hold" takes buffers until there is no room for one more of that size, or
 * COUNT of them; SIZE "all" takes a whole pool, in pieces as large as it gives.
 * It then reads commands, a line each, and answers each with a line: "check"
 * looks whether all that is held is as it was written, "give" gives the first
 * half of it back, "try SIZE" asks for one more, "quit" gives all back, as the
 * input's end does.
 *
 * Exit status: 0 when what was asked for worked, 1 when the kernel turned it
 * down, 2 when the question could not be put.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/dma_probe.h>

#define KIB 1024ULL
#define MIB (1024 * KIB)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char * const kinds[] = {
	[DMA_PROBE_COHERENT] = "coherent",
	[DMA_PROBE_NONCONTIGUOUS] = "noncontiguous",
	[DMA_PROBE_STREAMING] = "streaming",
	[DMA_PROBE_STREAMING_IN] = "streaming-in",
	[DMA_PROBE_COPY] = "copy",
};

static void show_usage(void)
{
	fputs("usage: dma_probe DEVICE info\n"
	      "       dma_probe DEVICE try KIND SIZE\n"
	      "       dma_probe DEVICE largest KIND\n"
	      "       dma_probe DEVICE hold KIND SIZE|all [COUNT]\n"
	      "       dma_probe DEVICE bench KIND SIZE [COUNT [ROUNDS]]\n"
	      "KIND is coherent, noncontiguous or streaming; bench also knows\n"
	      "streaming-in (from the device) and copy.\n"
	      "SIZE is in bytes, or has a K or an M behind it.\n", stderr);
	exit(2);
}

static __u32 parse_kind(const char *arg)
{
	__u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(arg, kinds[i]))
			return i;
	fprintf(stderr, "dma_probe: '%s' is no kind of buffer\n", arg);
	show_usage();
	return 0;
}

static __u64 parse_size(const char *arg)
{
	char *end;
	__u64 size;

	errno = 0;
	size = strtoull(arg, &end, 0);
	if (*end == 'K')
		size *= KIB;
	else if (*end == 'M')
		size *= MIB;
	if (errno || end == arg || (*end && end[1]) ||
	    (*end && *end != 'K' && *end != 'M')) {
		fprintf(stderr, "dma_probe: '%s' is no size\n", arg);
		show_usage();
	}
	return size;
}

static struct dma_probe_info get_info(int fd)
{
	struct dma_probe_info info;

	if (ioctl(fd, DMA_PROBE_INFO, &info)) {
		perror("dma_probe: DMA_PROBE_INFO");
		exit(2);
	}
	return info;
}

static int do_info(int fd)
{
	struct dma_probe_info info = get_info(fd);

	printf("max_mapping_size=%llu dma_mask=0x%llx coherent=%d ",
	       info.max_mapping_size, info.dma_mask,
	       !!(info.flags & DMA_PROBE_IS_COHERENT));
	printf("pool=%s pool_base=0x%llx pool_size=%llu\n",
	       info.flags & DMA_PROBE_IS_RESTRICTED ? "restricted" :
	       info.flags & DMA_PROBE_HAS_POOL ? "shared" : "none",
	       info.pool_base, info.pool_size);
	return 0;
}

static int do_try(int fd, __u32 kind, __u64 size)
{
	struct dma_probe_alloc req = { .kind = kind, .size = size };

	printf("kind=%s size=%llu", kinds[kind], size);
	if (ioctl(fd, DMA_PROBE_ALLOC, &req)) {
		printf(" result=failed errno=%d error=\"%s\"\n", errno,
		       strerror(errno));
		return 1;
	}
	printf(" result=ok dma_addr=0x%llx\n", req.dma_addr);
	return 0;
}

/* Only "no" is an answer to go on with; anything else has to be looked at. */
static bool works(int fd, __u32 kind, __u64 size)
{
	struct dma_probe_alloc req = {
		.kind = kind,
		.size = size,
		.flags = DMA_PROBE_QUIET,
	};

	if (!ioctl(fd, DMA_PROBE_ALLOC, &req))
		return true;
	if (errno != ENOMEM) {
		fprintf(stderr, "dma_probe: %s buffer of %llu bytes: %s\n",
			kinds[kind], size, strerror(errno));
		exit(2);
	}
	return false;
}

/*
 * The largest buffer, in steps of a page (streaming: of a slot). What is larger
 * needs at least as much room and alignment, so between two powers of two a
 * bisection finds the limit. Above it all powers of two are tried, in case an
 * allocator cannot do one size but a larger one.
 */
static int do_largest(int fd, __u32 kind)
{
	struct dma_probe_info info = get_info(fd);
	__u64 step = kind == DMA_PROBE_STREAMING ? 2 * KIB : 4 * KIB;
	__u64 limit = 64 * MIB, good = 0, bad, size;

	if (info.flags & DMA_PROBE_HAS_POOL)
		limit = info.pool_size;
	if (kind == DMA_PROBE_STREAMING)
		limit = info.source_size ? info.source_size : 4 * MIB;

	if (works(fd, kind, limit)) {
		good = limit;
	} else {
		bad = limit;
		for (size = step; size < limit; size *= 2) {
			if (works(fd, kind, size)) {
				good = size;
				bad = size * 2 < limit ? size * 2 : limit;
			}
		}
		while (bad - good > step) {
			size = good + (bad - good) / 2 / step * step;
			if (works(fd, kind, size))
				good = size;
			else
				bad = size;
		}
	}
	printf("kind=%s largest=%llu limit=%llu\n", kinds[kind],
	       good, limit);
	return 0;
}

static int do_bench(int fd, __u32 kind, __u64 size, __u32 count, __u32 rounds)
{
	struct dma_probe_bench req = {
		.kind = kind,
		.size = size,
		.count = count,
		.rounds = rounds,
	};

	printf("kind=%s size=%llu", kinds[kind], size);
	if (ioctl(fd, DMA_PROBE_BENCH, &req)) {
		printf(" result=failed errno=%d error=\"%s\"\n", errno,
		       strerror(errno));
		return 1;
	}
	printf(" result=ok mean_ns=%.1f best_ns=%.1f\n",
	       (double)req.total_ns / count / rounds,
	       (double)req.best_ns / count);
	return 0;
}

/* What is held, in the order in which it was taken */
static struct dma_probe_alloc held[32768];
static unsigned int nr_held;

static bool take(int fd, __u32 kind, __u64 size)
{
	struct dma_probe_alloc *req = &held[nr_held];

	if (nr_held == ARRAY_SIZE(held))
		return false;
	*req = (struct dma_probe_alloc) {
		.kind = kind,
		.size = size,
		.flags = DMA_PROBE_KEEP | DMA_PROBE_QUIET,
	};
	if (ioctl(fd, DMA_PROBE_ALLOC, req))
		return false;
	nr_held++;
	return true;
}

static void show_held(const char *what, int error)
{
	__u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < nr_held; i++)
		bytes += held[i].size;
	printf("%s buffers=%u bytes=%llu result=%s errno=%d\n", what, nr_held,
	       bytes, error ? "failed" : "ok", error);
	fflush(stdout);
}

static int do_give(int fd)
{
	unsigned int i, nr = (nr_held + 1) / 2;

	for (i = 0; i < nr; i++)
		if (ioctl(fd, DMA_PROBE_FREE, &held[i].handle))
			return errno;
	nr_held -= nr;
	memmove(held, held + nr, nr_held * sizeof(held[0]));
	return 0;
}

static int do_hold(int fd, __u32 kind, const char *arg, __u32 count)
{
	struct dma_probe_info info = get_info(fd);
	__u64 size, last;
	char line[64];
	int error = 0;

	if (!strcmp(arg, "all")) {
		size = 1;
		while (size * 2 <= info.pool_size)
			size *= 2;
		last = kind == DMA_PROBE_STREAMING ? 2 * KIB : 4 * KIB;
	} else {
		size = parse_size(arg);
		last = size;
	}
	errno = 0;
	for (; size >= last; size /= 2)
		while (nr_held < count && take(fd, kind, size))
			;
	/* To be turned down is how a whole pool is known to be taken. */
	if (nr_held < count)
		error = errno;
	if (count == ARRAY_SIZE(held) && error == ENOMEM)
		error = 0;
	show_held("hold", error);

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!strcmp(line, "quit"))
			break;
		if (!strcmp(line, "check"))
			error = ioctl(fd, DMA_PROBE_CHECK) ? errno : 0;
		else if (!strcmp(line, "give"))
			error = do_give(fd);
		else if (!strncmp(line, "try ", 4))
			error = take(fd, kind, parse_size(line + 4)) ? 0 : errno;
		else
			show_usage();
		line[strcspn(line, " ")] = 0;
		show_held(line, error);
	}
	return 0;
}

static __u32 parse_loops(const char *arg)
{
	char *end;
	unsigned long loops = strtoul(arg, &end, 0);

	if (*end || end == arg || !loops || loops > 1000000) {
		fprintf(stderr, "dma_probe: '%s' is not a number from 1 to 1000000\n",
			arg);
		show_usage();
	}
	return loops;
}

int main(int argc, char **argv)
{
	int fd;

	if (argc < 3)
		show_usage();
	fd = open(argv[1], O_RDWR);
	if (fd < 0) {
		fprintf(stderr, "dma_probe: cannot open %s: %s\n", argv[1],
			strerror(errno));
		return 2;
	}

	if (!strcmp(argv[2], "info") && argc == 3)
		return do_info(fd);
	if (!strcmp(argv[2], "try") && argc == 5)
		return do_try(fd, parse_kind(argv[3]), parse_size(argv[4]));
	if (!strcmp(argv[2], "largest") && argc == 4)
		return do_largest(fd, parse_kind(argv[3]));
	if (!strcmp(argv[2], "hold") && argc >= 5 && argc <= 6)
		return do_hold(fd, parse_kind(argv[3]), argv[4],
			       argc > 5 ? parse_loops(argv[5]) : ARRAY_SIZE(held));
	if (!strcmp(argv[2], "bench") && argc >= 5 && argc <= 7)
		return do_bench(fd, parse_kind(argv[3]), parse_size(argv[4]),
				argc > 5 ? parse_loops(argv[5]) : 100,
				argc > 6 ? parse_loops(argv[6]) : 10);
	show_usage();
	return 2;
}
