// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to map and unmap one buffer: instructions, counted by
 * valgrind's callgrind, or time with --time, or with --flight=N, where N buffers
 * are mapped at any time, as a driver's queue has them. scripts/bench/swiotlb.sh runs
 * this for several kernels and makes the table.
 *
 * Only bench_op() is counted. All else is set up with instrumentation off, or
 * a pool of 1 GiB would take minutes. Each figure becomes a part of callgrind's
 * output, which has the cell's name in it:
 *
 *	MIB SEGSIZE OCCUPANCY KIB TIMES		(occupancy in percent)
 *
 * A search begins where the last one ended. What is behind, and how much is
 * free before that, decides what it costs. So that all kernels do the same work:
 *
 *  - Buffers that occupy the pool lie at the same addresses. The pattern depends
 *    on nothing but the size of the pool and the occupancy.
 *  - A figure is the mean over POSITIONS places where the search begins,
 *    spread over the pool.
 *  - Mapping and unmapping leaves the pool as it was, and this is checked.
 */
#include <getopt.h>
#include <stdio.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "rig.h"

#define POSITIONS	64
#define SLOT_SET	128
#define BASE		0x10000000ULL

/* Copied per figure with --time: more than any cache has */
#define TIME_BYTES	(64UL << 20)
#define MAX_FLIGHT	256

static const unsigned int occupancies[] = { 0, 50, 90 };

static struct rig_pool pool;
static struct device dev;
static struct rig_view view;
static bool timed;
/* Leave the pool empty. */
static bool only_empty;
/* Buffers that are mapped at a time; 0: one, and the search begins all over the pool. */
static unsigned int flight;

/* Seeded anew for each pattern */
static u64 random_state;

static unsigned long random_below(unsigned long n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random_state >> 33) % n;
}

/* ---- what is measured ---- */

/* Copied in by mapping and out by unmapping, if at all (rig_copy) */
static void __attribute__((__noipa__)) bench_op(size_t bytes)
{
	phys_addr_t addr;

	addr = rig_map(&dev, RIG_SOURCES, bytes, 0, DMA_FROM_DEVICE, 0);
	rig_unmap(&dev, addr, bytes, DMA_FROM_DEVICE, 0);
}

/* ---- the pool's state ---- */

/* Occupy @nslots slots from @first on, as buffers of up to 16 slots. */
static void occupy(unsigned long first, unsigned long nslots)
{
	unsigned long end = first + nslots, n;
	phys_addr_t addr;

	for (; first < end; first += n) {
		n = min(1 + random_below(16), end - first);
		/* No buffer may cross a slot set in the base. */
		n = min(n, SLOT_SET - first % SLOT_SET);
		/* Buffers of a page or more begin with a page. */
		if (first % (RIG_PAGE / RIG_SLOT))
			n = 1;
		rig_set_index(&view, 0, first);
		addr = rig_map(&dev, RIG_SOURCES, n * RIG_SLOT, 0, DMA_TO_DEVICE, 0);
		if (addr != view.start + first * RIG_SLOT)
			rig_die("%lu slots at %lu were not to be had", n, first);
	}
}

/*
 * Fill @percent of the pool. The holes are of 1, 2, 4 … slots, up to a quarter of
 * what is free; each of these sizes makes up about the same part of it. So
 * whatever is mapped, small or large, there is a place for it.
 */
static void fill(unsigned int percent)
{
	unsigned long used = view.nslabs * percent / 100;
	unsigned long left = view.nslabs - used;
	unsigned long size, n, run, share, first = 0;
	unsigned long *holes, nholes = 0, i;

	if (!used)
		return;
	random_state = view.nslabs * 100 + percent;

	holes = calloc(left, sizeof(*holes));
	if (!holes)
		rig_die("no memory for %lu holes", left);
	size = roundup_pow_of_two(left / 4 + 1) / 2;
	share = left / __builtin_ctzl(size * 2);
	for (; size; size /= 2) {
		for (n = max(share / size, 1UL); n && left >= size; n--) {
			holes[nholes++] = size;
			left -= size;
		}
	}
	for (; left; left--)
		holes[nholes++] = 1;

	for (i = nholes; i > 1; i--) {
		n = random_below(i);
		size = holes[n];
		holes[n] = holes[i - 1];
		holes[i - 1] = size;
	}

	for (i = 0; i < nholes; i++) {
		run = used;
		if (i < nholes - 1)
			run = min(1 + random_below(used * 2 / (nholes - i)), used);
		/* A hole for large buffers is no use if it is cut to pages. */
		if (holes[i] > 1 && (first + run) % (RIG_PAGE / RIG_SLOT) && run < used)
			run++;
		occupy(first, run);
		used -= run;
		first += run + holes[i];
	}
	free(holes);
}

/*
 * Where the search begins for the @k-th time: in the @k-th part of the pool,
 * and evenly spread over a slot set, and over a segment of whatever size, that
 * is by the bits of @k in reverse. What is free before a buffer depends on both.
 */
static unsigned int position(unsigned int k)
{
	unsigned int offset = k * 37 % POSITIONS * (SLOT_SET / POSITIONS);
	unsigned int reverse = 0, bit;

	for (bit = 1; bit < POSITIONS; bit *= 2)
		reverse = reverse * 2 + !!(k & bit);
	return (k * POSITIONS + reverse) * (view.nslabs / SLOT_SET) /
		(POSITIONS * POSITIONS) * SLOT_SET + offset;
}

/* Is there a place for so many bytes? */
static bool fits(size_t bytes)
{
	phys_addr_t addr;

	rig_set_index(&view, 0, 0);
	addr = rig_map(&dev, RIG_SOURCES, bytes, 0, DMA_FROM_DEVICE, 0);
	if (addr == RIG_NO_ADDR)
		return false;
	rig_unmap(&dev, addr, bytes, DMA_FROM_DEVICE, 0);
	return true;
}

/* ---- measuring ---- */

static void one_round(size_t bytes)
{
	unsigned int k;

	for (k = 0; k < POSITIONS; k++) {
		rig_set_index(&view, 0, position(k));
		bench_op(bytes);
	}
}

static void count(const char *cell, size_t bytes)
{
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
	one_round(bytes);
	CALLGRIND_DUMP_STATS_AT(cell);
	CALLGRIND_STOP_INSTRUMENTATION;
}

/*
 * So many buffers at a time, where the allocator puts them: the oldest goes, and a new
 * one comes. The memory that a buffer was copied to before may be in a cache still, or
 * not.
 */
static void fly(size_t bytes, unsigned int ops)
{
	phys_addr_t addr[MAX_FLIGHT];
	unsigned int i;

	for (i = 0; i < ops + flight; i++) {
		phys_addr_t *oldest = &addr[i % flight];

		if (i >= flight)
			rig_unmap(&dev, *oldest, bytes, DMA_FROM_DEVICE, 0);
		if (i < ops)
			*oldest = rig_map(&dev, RIG_SOURCES, bytes, 0, DMA_FROM_DEVICE, 0);
	}
}

static void many_rounds(size_t bytes, unsigned int rounds)
{
	if (flight)
		fly(bytes, rounds * POSITIONS);
	else
		while (rounds--)
			one_round(bytes);
}

static void take_time(const char *cell, size_t bytes)
{
	unsigned int rounds = max(TIME_BYTES / bytes / POSITIONS, 1UL);
	struct timespec start, end;
	double ns;

	/*
	 * The first round makes the kernel below us find memory. The time is the
	 * processor's: others may be using the machine.
	 */
	many_rounds(bytes, 1);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	many_rounds(bytes, rounds);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
	printf("%s %.1f\n", cell, ns / rounds / POSITIONS);
}

/* An empty pool, then so much of it occupied: one state for all sizes */
static void measure(unsigned int mib, unsigned int segsize, unsigned int percent,
		    const char *sizes)
{
	void *before, *after;
	const char *size;
	char cell[80];
	char *end;

	/*
	 * To fill a pool, buffers must go where they are wanted, to the next place. In
	 * other kernels the counts depend on the segment, and are made anew for it.
	 */
	rig_set_segsize(&dev, rig_build.takes_lowest ? SLOT_SET : segsize);
	rig_split(&dev, 1);
	rig_pools(&dev, &view, 1);
	/* Only what is measured is to be copied. */
	rig_copy = false;
	fill(percent);
	rig_set_segsize(&dev, segsize);

	before = malloc(rig_state_bytes(&view));
	after = malloc(rig_state_bytes(&view));
	if (!before || !after)
		rig_die("no memory for the state of a pool");
	rig_set_index(&view, 0, 0);
	rig_state_get(&view, before);

	for (size = sizes; *size; size = *end ? end + 1 : end) {
		unsigned long kib = strtoul(size, &end, 10);

		if (!kib || (*end && *end != ','))
			rig_die("%s: a list of KiB was expected", sizes);
		if (!fits(kib << 10))
			continue;
		snprintf(cell, sizeof(cell), "%u %u %u %lu %u", mib, segsize,
			 percent, kib, POSITIONS);
		rig_copy = timed;
		if (timed)
			take_time(cell, kib << 10);
		else
			count(cell, kib << 10);
		rig_copy = false;

		rig_set_index(&view, 0, 0);
		rig_state_get(&view, after);
		if (memcmp(before, after, rig_state_bytes(&view)))
			rig_die("%s: the pool is not as it was before", cell);
	}
	free(before);
	free(after);
}

/* @plan: MIB:SEGSIZE,…:KIB,… */
static void run(const char *plan)
{
	unsigned long mib, segsize;
	const char *sizes;
	unsigned int i;
	char *end;

	mib = strtoul(plan, &end, 10);
	sizes = *end ? strchr(end + 1, ':') : NULL;
	if (!mib || *end != ':' || !sizes)
		rig_die("%s: MIB:SEGSIZE,...:KIB,... was expected", plan);

	rig_pool_create(&pool, BASE, mib << 20, RIG_NO_PROPERTY);
	rig_device_init(&dev, "bench");
	if (rig_pool_attach(&pool, &dev))
		rig_die("the device was not attached to the pool");
	do {
		segsize = strtoul(end + 1, &end, 10);
		if (!segsize || (*end != ',' && *end != ':'))
			rig_die("%s: a list of slots was expected", plan);
		/* The base has but one. */
		if (segsize != SLOT_SET && !rig_build.has_segsize)
			continue;
		for (i = 0; i < (only_empty ? 1 : ARRAY_SIZE(occupancies)); i++)
			measure(mib, segsize, occupancies[i], sizes + 1);
	} while (*end == ',');
	rig_pool_destroy(&pool);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "time", no_argument, NULL, 't' },
		{ "flight", required_argument, NULL, 'f' },
		{ "empty", no_argument, NULL, 'e' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			flight = strtoul(optarg, NULL, 10);
			if (!flight || flight > MAX_FLIGHT) {
				fprintf(stderr, "error: --flight=%s: 1 to %u buffers\n",
					optarg, MAX_FLIGHT);
				return 1;
			}
			/* In an empty pool they are where the allocator wants them. */
			only_empty = true;
			timed = true;
			break;
		case 'e':
			only_empty = true;
			break;
		case 't':
			timed = true;
			break;
		default:
			return 1;
		}
	}
	if (optind == argc) {
		fputs("Usage: swiotlb-bench [--empty] [--time | --flight=N] MIB:SLOTS,..:KIB,..\n",
		      stderr);
		return 1;
	}
	if (!timed && !RUNNING_ON_VALGRIND) {
		fputs("error: not under callgrind; see scripts/bench/swiotlb.sh\n",
		      stderr);
		return 1;
	}
	rig_init(1);
	/* 1 GiB cannot be had without the fix for it; what is counted is the same. */
	rig_large_kmalloc = true;
	for (; optind < argc; optind++)
		run(argv[optind]);
	return 0;
}
