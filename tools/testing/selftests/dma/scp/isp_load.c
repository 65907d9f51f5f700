// SPDX-License-Identifier: GPL-2.0
/*
 * A stand-in for the camera's image processor (ISP) on the SCP's pool: allocates
 * and frees noncontiguous buffers of 200 to 2000 slots of 2 KiB at random, while
 * the SCP's driver gives its memory back and asks for it anew.
 *
 *	isp_load DEVICE SCP-DEVICE ROUNDS SEED ALIGN
 *
 * DEVICE is a probe device (kernel/dma/dma_probe.c) on the SCP's pool, SCP-DEVICE
 * what mtk-scp drives, as sysfs calls it, and ALIGN what the kernel aligns its
 * coherent buffer of 5 MiB to, in bytes. Each buffer is kept for some time, and
 * its address known: so it is known, too, whether the pool has room for the SCP's
 * 5 MiB. Where it has from the driver's beginning to its end, the driver must get
 * them; where it has not, it must fail, and succeed once the ISP has freed its
 * buffers. What the ISP's share of the pool is, is chosen anew each round.
 *
 * Where the driver's memory is not where the firmware image says, it cannot load
 * the image: a round in which the SCP has its memory, but does not run.
 *
 * A line of key=value pairs each round, and one for each tenth of the pool.
 * Exit status: 0 when the driver got its memory in all rounds in which it had to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/dma_probe.h>

#define SLOT		2048ULL
#define MIB		(1024 * 1024ULL)
/* What mtk_scp allocates */
#define SCP_SIZE	(5 * MIB)
/* The least that a kernel aligns it to, whatever its own page size */
#define PAGE		4096ULL

#define DRIVER		"/sys/bus/platform/drivers/mtk-scp"
#define MAX_BUFFERS	256

struct buffer {
	uint64_t addr, size;
	uint32_t handle;
};

/* What the ISP has; @lock protects it and is held over each of its operations. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t drained;
	struct buffer buffers[MAX_BUFFERS];
	unsigned int count;
	uint64_t used, target;
	/* For each page of the pool: used now, used at some time of this round */
	unsigned char *now, *since;
	/* A place for the SCP was free at some time of this round. */
	bool sometimes;
	unsigned long allocated, refused, freed;
	bool end;
} isp = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.drained = PTHREAD_COND_INITIALIZER,
};

static struct dma_probe_info pool;
static uint64_t scp_align;
static int probe = -1;
static char scp_name[64];

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("isp-load: error: ");
	vprintf(format, args);
	printf(": %s\n", strerror(errno));
	va_end(args);
	exit(2);
}

/* Random numbers that are the same everywhere */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* How many places in the pool have 5 MiB at their alignment, with no page used */
static unsigned int count_places(const unsigned char *used)
{
	unsigned int page, run = 0, places = 0;

	for (page = 0; page < pool.pool_size / PAGE; page++) {
		run = used[page] ? 0 : run + 1;
		if (run >= SCP_SIZE / PAGE &&
		    !((pool.pool_base + (page + 1) * PAGE - SCP_SIZE) & (scp_align - 1)))
			places++;
	}
	return places;
}

static void use_pages(const struct buffer *buf, bool use)
{
	uint64_t first = (buf->addr - pool.pool_base) / PAGE;
	uint64_t last = (buf->addr + buf->size - 1 - pool.pool_base) / PAGE;

	/* A page can have the end of a buffer and the start of another one. */
	for (; first <= last; first++) {
		isp.now[first] += use ? 1 : -1;
		isp.since[first] |= use;
	}
}

/* A new round: the pages that are used now are all that were. */
static unsigned int forget_places(void)
{
	unsigned int places = count_places(isp.now);

	memcpy(isp.since, isp.now, pool.pool_size / PAGE);
	isp.sometimes = places;
	return places;
}

static void allocate(uint64_t size)
{
	struct dma_probe_alloc req = {
		.size = size,
		.kind = DMA_PROBE_NONCONTIGUOUS,
		.flags = DMA_PROBE_KEEP | DMA_PROBE_QUIET,
	};

	if (ioctl(probe, DMA_PROBE_ALLOC, &req)) {
		if (errno != ENOMEM)
			die("no buffer of %llu bytes", (unsigned long long)size);
		isp.refused++;
		return;
	}
	if (req.dma_addr < pool.pool_base ||
	    req.dma_addr + size > pool.pool_base + pool.pool_size)
		die("a buffer at %#llx is out of the pool", req.dma_addr);
	isp.buffers[isp.count].addr = req.dma_addr;
	isp.buffers[isp.count].size = size;
	isp.buffers[isp.count].handle = req.handle;
	use_pages(&isp.buffers[isp.count], true);
	isp.count++;
	isp.used += size;
	isp.allocated++;
}

static void release(unsigned int i)
{
	if (ioctl(probe, DMA_PROBE_FREE, &isp.buffers[i].handle))
		die("cannot free a buffer");
	use_pages(&isp.buffers[i], false);
	isp.used -= isp.buffers[i].size;
	isp.buffers[i] = isp.buffers[--isp.count];
	isp.freed++;
}

static void *run_isp(void *seed)
{
	uint64_t state = *(uint64_t *)seed;
	bool end;

	do {
		pthread_mutex_lock(&isp.lock);
		if (isp.target && isp.count < MAX_BUFFERS &&
		    next_random(&state) % 100 < (isp.used < isp.target ? 75 : 25))
			allocate((200 + next_random(&state) % 1801) * SLOT);
		else if (isp.count)
			release(next_random(&state) % isp.count);
		isp.sometimes |= count_places(isp.now) > 0;
		if (!isp.count)
			pthread_cond_broadcast(&isp.drained);
		end = isp.end;
		pthread_mutex_unlock(&isp.lock);
		/* A mutex is not fair: the others have their turn here. */
		usleep(100);
	} while (!end);
	return NULL;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static bool read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, buf, size - 1);
	close(fd);
	buf[len < 0 ? 0 : len] = '\0';
	return len >= 0;
}

static bool is_bound(void)
{
	char path[128];

	snprintf(path, sizeof(path), DRIVER "/%s", scp_name);
	return !access(path, F_OK);
}

/* Waits for the line of the kernel's log that tells how the start has ended. */
static bool starts(int kmsg)
{
	char line[4096];
	ssize_t len;

	for (;;) {
		len = read(kmsg, line, sizeof(line) - 1);
		if (len < 0 && errno == EPIPE)
			continue;
		if (len < 0)
			die("cannot read the kernel's log");
		line[len] = '\0';
		if (strstr(line, "is now up"))
			return true;
		if (strstr(line, "Failed to load program segments") ||
		    strstr(line, "can't start rproc"))
			return false;
	}
}

static int open_log(void)
{
	int kmsg = open("/dev/kmsg", O_RDONLY);

	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		die("cannot open the kernel's log");
	return kmsg;
}

static bool echoes(void)
{
	char said[256];

	return write_file("/sys/bus/platform/devices/scp-probe/ipi_echo", "50") &&
	       read_file("/sys/bus/platform/devices/scp-probe/ipi_echo", said, sizeof(said)) &&
	       strstr(said, "returned=50 wrong=0 lost=0");
}

static void drain(void)
{
	pthread_mutex_lock(&isp.lock);
	isp.target = 0;
	while (isp.count)
		pthread_cond_wait(&isp.drained, &isp.lock);
	pthread_mutex_unlock(&isp.lock);
}

/* Rounds by the ISP's share of the pool */
static struct {
	unsigned int rounds, got, none, running;
} tenths[10];

static unsigned int broken;

static void do_round(unsigned int number, uint64_t target)
{
	unsigned int percent, places, tenth;
	const char *result;
	bool bound;
	int kmsg;

	if (!write_file(DRIVER "/unbind", scp_name))
		die("cannot unbind %s", scp_name);

	pthread_mutex_lock(&isp.lock);
	isp.target = target;
	/* The share that was chosen, or as near as it gets */
	while (isp.used < target * 9 / 10 && isp.refused < 20) {
		pthread_mutex_unlock(&isp.lock);
		usleep(100);
		pthread_mutex_lock(&isp.lock);
	}
	isp.refused = 0;
	places = forget_places();
	percent = isp.used * 100 / pool.pool_size;
	pthread_mutex_unlock(&isp.lock);

	kmsg = open_log();
	/* Whether it worked, the driver's link tells. */
	write_file(DRIVER "/bind", scp_name);
	bound = is_bound();

	pthread_mutex_lock(&isp.lock);
	tenth = percent / 10;
	tenths[tenth].rounds++;
	if (bound) {
		tenths[tenth].got++;
		result = "got";
		/* Then what is known here of the pool is not so. */
		broken += !isp.sometimes;
	} else {
		bool room = count_places(isp.since);

		tenths[tenth].none++;
		result = room ? "refused-with-room" : "no-room";
		broken += room;
	}
	pthread_mutex_unlock(&isp.lock);

	printf("isp-load: round=%u occupancy=%u%% places=%u result=%s", number, percent,
	       places, result);
	if (!bound) {
		drain();
		bound = write_file(DRIVER "/bind", scp_name) && is_bound();
		printf(" later=%s", bound ? "got" : "refused");
		if (!bound)
			broken++;
	}
	if (bound && starts(kmsg)) {
		tenths[tenth].running++;
		printf(" running=1 echo=%s", echoes() ? "ok" : "FAILED");
	} else {
		printf(" running=0");
	}
	putchar('\n');
	fflush(stdout);
	close(kmsg);
}

int main(int argc, char **argv)
{
	uint64_t seed, isp_seed;
	unsigned int i, rounds;
	pthread_t thread;

	if (argc != 6) {
		fputs("usage: isp_load DEVICE SCP-DEVICE ROUNDS SEED ALIGN\n", stderr);
		return 2;
	}
	probe = open(argv[1], O_RDWR);
	if (probe < 0 || ioctl(probe, DMA_PROBE_INFO, &pool))
		die("cannot ask %s", argv[1]);
	snprintf(scp_name, sizeof(scp_name), "%s", argv[2]);
	rounds = strtoul(argv[3], NULL, 0);
	seed = strtoull(argv[4], NULL, 0);
	scp_align = strtoull(argv[5], NULL, 0);
	if (scp_align < PAGE || scp_align & (scp_align - 1)) {
		fprintf(stderr, "isp_load: %s is no power of 2 from %llu on\n", argv[5], PAGE);
		return 2;
	}
	isp.now = calloc(2, pool.pool_size / PAGE);
	if (!isp.now)
		die("no memory");
	isp.since = isp.now + pool.pool_size / PAGE;
	isp_seed = seed + 1;

	if (pthread_create(&thread, NULL, run_isp, &isp_seed))
		die("cannot start a thread");
	for (i = 1; i <= rounds; i++)
		do_round(i, pool.pool_size / 100 * (next_random(&seed) % 96));

	drain();
	pthread_mutex_lock(&isp.lock);
	isp.end = true;
	pthread_mutex_unlock(&isp.lock);
	pthread_join(thread, NULL);

	for (i = 0; i < 10; i++)
		if (tenths[i].rounds)
			printf("isp-load: tenth=%u rounds=%u got=%u no_room=%u running=%u\n",
			       i, tenths[i].rounds, tenths[i].got, tenths[i].none,
			       tenths[i].running);
	printf("isp-load: end rounds=%u broken=%u isp_allocated=%lu isp_freed=%lu\n",
	       rounds, broken, isp.allocated, isp.freed);
	return broken ? 1 : 0;
}
