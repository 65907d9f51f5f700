// SPDX-License-Identifier: GPL-2.0
/*
 * Is there room left for a large buffer when small ones come and go? swiotlb-placement
 * has mappings of 4 to 64 KiB, a multiple of 4 KiB, made and undone at random in a
 * restricted pool of 41 MiB, krane's, and after that asks for 5 MiB, as its SCP does:
 * a mapping, which is aligned to a page, and a coherent buffer, which is aligned to
 * 8 MiB.
 *
 *	swiotlb-placement [-m PREFIX] [SEED [CPUS]]
 *
 * Small buffers are of as many CPUs, 1 if not said, at random, and the large ones of the
 * first: that matters where a restricted pool has an area for each.
 *
 * For each occupancy, in percent of the slots: after OPERATIONS operations, TRIES
 * times CHURN further ones, and one try of each kind. Prints lines
 * "OCCUPANCY KIND SUCCESSES TRIES LONGEST", the last of which is the mean of the
 * longest row of free slots, in KiB. A given seed gives the same figures everywhere.
 *
 * PREFIX-OCCUPANCY.map then has which slots were in use after the OPERATIONS, as the
 * kernel's file io_tlb_map shows it, for tools/dma/poolmap.
 */
#include <stdio.h>
#include <unistd.h>

#include "model.h"

#define BASE		0x50000000ULL
#define POOL_BYTES	(41UL << 20)
#define SEGSIZE		4096
#define SLOTS		(POOL_BYTES / RIG_SLOT)
#define LARGE		(5UL << 20)
#define OPERATIONS	100000
#define TRIES		200
#define CHURN		100

static const unsigned int occupancies[] = { 10, 30, 50, 60, 70 };

static struct rig_pool pool;
static struct device dev;
static struct rig_view view;
static struct model_random seeded;

static struct {
	phys_addr_t addr;
	size_t bytes;
} bufs[SLOTS];

static unsigned int nbufs, cpus = 1;
static unsigned long used;

static void undo(unsigned int i)
{
	rig_unmap(&dev, bufs[i].addr, bufs[i].bytes, DMA_TO_DEVICE, 0);
	used -= bufs[i].bytes / RIG_SLOT;
	bufs[i] = bufs[--nbufs];
}

/* Below the wanted occupancy one comes, and above it one goes. */
static void operate(unsigned long wanted)
{
	size_t bytes = model_from(&seeded, 1, 16) * 4096;
	phys_addr_t addr;

	rig_cpu = cpus > 1 ? model_below(&seeded, cpus) : 0;
	if (nbufs && used + bytes / RIG_SLOT > wanted) {
		undo(model_below(&seeded, nbufs));
		return;
	}
	addr = rig_map(&dev, RIG_SOURCES, bytes, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	if (addr == RIG_NO_ADDR)
		return;
	bufs[nbufs].addr = addr;
	bufs[nbufs++].bytes = bytes;
	used += bytes / RIG_SLOT;
}

/* The longest row of free slots, in KiB */
static unsigned long longest_row(void)
{
	static struct rig_slot slots[SLOTS];
	unsigned long row = 0, longest = 0, i;

	rig_read_slots(&view, 0, SLOTS, slots);
	for (i = 0; i < SLOTS; i++) {
		row = slots[i].list ? row + 1 : 0;
		longest = max(longest, row);
	}
	return longest * RIG_SLOT / 1024;
}

static void write_map(const char *prefix, unsigned int percent)
{
	char name[PATH_MAX], *text = rig_map_text(&view);
	FILE *file;

	snprintf(name, sizeof(name), "%s-%u.map", prefix, percent);
	file = fopen(name, "w");
	if (!file || fputs(text, file) == EOF || fclose(file))
		rig_die("%s cannot be written: %s", name, strerror(errno));
	free(text);
}

static void measure(unsigned int percent, const char *prefix)
{
	unsigned long wanted = SLOTS * percent / 100, longest = 0, i, j;
	unsigned int mapped = 0, allocated = 0;
	phys_addr_t addr;

	for (i = 0; i < OPERATIONS; i++)
		operate(wanted);
	if (prefix)
		write_map(prefix, percent);
	for (i = 0; i < TRIES; i++) {
		for (j = 0; j < CHURN; j++)
			operate(wanted);
		rig_cpu = 0;
		longest += longest_row();
		addr = rig_map(&dev, RIG_SOURCES, LARGE, RIG_PAGE - 1, DMA_TO_DEVICE,
			       DMA_ATTR_NO_WARN);
		if (addr != RIG_NO_ADDR) {
			mapped++;
			rig_unmap(&dev, addr, LARGE, DMA_TO_DEVICE, 0);
		}
		addr = rig_alloc(&dev, LARGE);
		if (addr != RIG_NO_ADDR) {
			allocated++;
			rig_free(&dev, addr, LARGE);
		}
	}
	printf("%u mapping %u %u %lu\n", percent, mapped, TRIES, longest / TRIES);
	printf("%u coherent %u %u %lu\n", percent, allocated, TRIES, longest / TRIES);
	while (nbufs)
		undo(0);
}

int main(int argc, char **argv)
{
	const char *prefix = NULL;
	unsigned long seed = 1;
	bool wrong = false;
	unsigned int i;
	char *end;
	int c;

	while ((c = getopt(argc, argv, "m:")) != -1) {
		if (c == 'm')
			prefix = optarg;
		else
			wrong = true;
	}
	for (i = optind; i < argc; i++) {
		unsigned long n = strtoul(argv[i], &end, 10);

		wrong |= i > optind + 1 || end == argv[i] || *end;
		if (i == optind)
			seed = n;
		else
			cpus = n;
	}
	if (wrong || !cpus || cpus > 1024) {
		fputs("Usage: swiotlb-placement [-m PREFIX] [SEED [CPUS]]\n", stderr);
		return 1;
	}
	rig_init(cpus);
	if (!rig_build.has_segsize)
		rig_die("this kernel has no segments of 5 MiB");
	rig_copy = false;
	rig_pool_create(&pool, BASE, POOL_BYTES, SEGSIZE);
	rig_device_init(&dev, "placement");
	if (rig_pool_attach(&pool, &dev))
		rig_die("the device was not attached to the pool");
	rig_pools(&dev, &view, 1);
	for (i = 0; i < ARRAY_SIZE(occupancies); i++) {
		model_seed(&seeded, seed + i);
		measure(occupancies[i], prefix);
	}
	rig_pool_destroy(&pool);
	return 0;
}
