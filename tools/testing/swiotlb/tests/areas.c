// SPDX-License-Identifier: GPL-2.0
/*
 * Several areas and segments larger than a slot set: all that the search reckons
 * with an area's slots it must reckon from where the area begins. The first tests
 * split a pool themselves; the others need a kernel that gives restricted pools
 * several areas (patches/extra/areas).
 *
 * In the drawings an area is |[slot set][slot set]|, a free slot ".", a used one
 * "#".
 */
#include "test.h"

#define BASE	0x50000000ULL

static void setup_areas(struct fixture *f, phys_addr_t base, unsigned long slots,
			unsigned int segsize, unsigned int nareas)
{
	setup(f, base, slots, segsize);
	rig_split(&f->dev, nareas);
	model_exit(&f->m);
	model_init(&f->m, &f->dev, segsize);
	rig_pools(&f->dev, &f->view, 1);
}

/*
 * The first area has slots enough, but not in a row. Its last row is not made
 * longer by the next area:
 *
 *	|[....####][####....]|[........][........]|
 *	               <------> no
 *	                      <------> yes
 */
static void end_of_area(void)
{
	struct model_buf **bufs, *buf;
	struct fixture f;

	setup_areas(&f, BASE, 4 * SET, 4 * SET, 2);
	bufs = fill(&f);
	open_hole(&f, bufs, 0, SET / 2);
	open_hole(&f, bufs, 2 * SET - SET / 2, SET / 2);
	open_hole(&f, bufs, 2 * SET, 2 * SET);
	rig_cpu = 0;
	buf = model_must_map(&f.m, &f.dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	expect(buf->first == 2 * SET, "it is at slot %lu, expected %u", buf->first, 2 * SET);
	free(bufs);
	teardown(&f);
}

/*
 * A row goes on over slot sets to the very end of its area, whichever it is:
 *
 *	|[........][........]|[........][........]|[........][........]|
 *	 <------------------> <------------------> <------------------>
 */
static void all_of_each_area(void)
{
	unsigned int i, nareas = 4, area = 3 * SET;
	struct fixture f;

	setup_areas(&f, BASE, nareas * area, 4 * SET, nareas);
	for (i = 0; i < nareas; i++) {
		struct model_buf *buf;

		rig_cpu = i;
		buf = model_must_map(&f.m, &f.dev, SOURCE, area * RIG_SLOT, 0,
				     DMA_TO_DEVICE);
		expect(buf->first == i * area, "it is at slot %lu, expected %u",
		       buf->first, i * area);
	}
	teardown(&f);
}

/*
 * The device's boundary is in the middle of the second area, as the pool begins
 * between two:
 *
 *	     |[................]|[................]|
 *	      <------------>      <-----|------> no
 *	   ...                         ^ boundary
 */
static void boundary_inside(void)
{
	struct fixture f;

	setup_areas(&f, BASE + SET / 2 * RIG_SLOT, 2 * SET, 2 * SET, 2);
	f.dev.seg_boundary_mask = 2 * SET * RIG_SLOT - 1;
	rig_cpu = 0;
	model_must_map(&f.m, &f.dev, SOURCE, (SET - 28) * RIG_SLOT, 0, DMA_TO_DEVICE);
	expect(!model_map(&f.m, &f.dev, SOURCE, (SET - 28) * RIG_SLOT, 0, DMA_TO_DEVICE),
	       "a buffer across the boundary");
	teardown(&f);
}

/*
 * Starts that are a whole slot set apart, in areas that begin between two. The
 * step from the last one leads over the area's end, by half of a slot set;
 * so does a search that begins behind the only free one:
 *
 *	|    *        *        *        *    |
 *	|####[......]########################|
 *	      ^
 *
 * Expected: it comes round to it, in every area, wherever it begins.
 */
static void around_each_area(void)
{
	const unsigned int area = 4 * SET, nareas = 4;
	unsigned int i, index;
	struct fixture f;

	for (i = 0; i < nareas; i++) {
		unsigned int first = i * area + SET / 2;
		struct model_buf **bufs;

		setup_areas(&f, BASE + SET / 2 * RIG_SLOT, nareas * area, area, nareas);
		bufs = fill(&f);
		open_hole(&f, bufs, first, SET);
		for (index = 0; index < area; index += 3) {
			struct model_buf *buf;

			rig_set_index(&f.view, i, index);
			buf = model_must_map(&f.m, &f.dev, SOURCE, SET * RIG_SLOT,
					     SET * RIG_SLOT - 1, DMA_TO_DEVICE);
			model_free(&f.m, buf);
		}
		free(bufs);
		teardown(&f);
	}
}

/* What is announced is a quarter of what an area has, not of the pool. */
static void announced_size(void)
{
	struct fixture f;
	size_t size;

	setup_areas(&f, BASE, 16 * SET, 16 * SET, 2);
	size = rig_max_mapping_size(&f.dev);
	expect(size == 2 * SET * RIG_SLOT, "announced are %zu, expected %lu", size,
	       2 * SET * RIG_SLOT);
	teardown(&f);
}

/* ---- the areas that the kernel makes of a restricted pool ---- */

/**
 * struct areas - what is expected of a pool
 * @nareas:	Number of areas.
 * @each:	Slots of each.
 * @last:	Slots of the last one.
 */
struct areas {
	unsigned int nareas;
	unsigned long each;
	unsigned long last;
};

/*
 * By trying: twice as many areas, until there are as many as CPUs, as long as each
 * has at least a segment, or two of them where a segment that is aligned to its
 * size needs not begin with the area.
 */
static struct areas areas_of(u64 start, u64 dma, unsigned long slots, unsigned int segsize,
			     unsigned int cpus)
{
	struct areas a = { .nareas = 1, .each = slots };
	unsigned long least = segsize;

	if (segsize != SET && (start % (segsize * RIG_SLOT) || dma % (segsize * RIG_SLOT)))
		least += segsize;
	while (a.nareas < cpus && 2 * a.nareas * least <= slots)
		a.nareas *= 2;
	if (a.nareas > 1)
		for (a.each = 0; a.nareas * (a.each + segsize) <= slots; a.each += segsize)
			;
	a.last = slots - (a.nareas - 1) * a.each;
	return a;
}

static void check_areas(const struct rig_view *v, const struct areas *a)
{
	unsigned int i;

	expect(v->nareas == a->nareas && v->area_nslabs == a->each,
	       "%lu slots at 0x%llx are in %u areas of %u, expected %u of %lu", v->nslabs,
	       (unsigned long long)v->start, v->nareas, v->area_nslabs, a->nareas, a->each);
	for (i = 0; i < v->nareas; i++) {
		unsigned long expected = i == v->nareas - 1 ? a->last : a->each;

		expect(rig_read_area(v, i).nslabs == expected,
		       "area %u has %lu slots, expected %lu", i, rig_read_area(v, i).nslabs,
		       expected);
	}
}

static void attach(struct rig_pool *pool, struct device *dev, struct rig_view *v, u64 start,
		   unsigned long slots, unsigned int segsize, unsigned int cpus, u64 dma_offset)
{
	rig_cpus = cpus;
	rig_pool_create(pool, start, slots * RIG_SLOT, segsize);
	rig_device_init(dev, "device");
	dev->dma_offset = dma_offset;
	expect(!rig_pool_attach(pool, dev), "the device was not attached");
	expect(rig_pools(dev, v, 1) == 1, "there is not one pool");
}

/* Pools as they are met, and what comes of them */
static void known_pools(void)
{
	static const struct {
		u64 start;
		unsigned long slots;
		unsigned int segsize;
		unsigned int cpus;
		u64 dma_offset;
		struct areas areas;
	} rows[] = {
		/* krane's SCP: 41 MiB, which are 5 segments and an eighth */
		{ 0x50000000, 20992, 4096, 1, 0, { 1, 20992, 20992 } },
		{ 0x50000000, 20992, 4096, 2, 0, { 2, 8192, 12800 } },
		{ 0x50000000, 20992, 4096, 8, 0, { 4, 4096, 8704 } },
		{ 0x50000000, 20992, 4096, 64, 0, { 4, 4096, 8704 } },
		{ 0x50000000, 20992, 128, 8, 0, { 8, 2560, 3072 } },
		{ 0x50000000, 20992, 128, 5, 0, { 8, 2560, 3072 } },
		{ 0x50000000, 20992, 128, 64, 0, { 64, 256, 4864 } },
		/* It has its only 8 MiB that are so aligned in the middle. */
		{ 0x56100000, 8192, 4096, 8, 0, { 1, 8192, 8192 } },
		{ 0x56000000, 8192, 4096, 8, 0, { 2, 4096, 4096 } },
		{ 0x56100000, 16384, 4096, 8, 0, { 2, 8192, 8192 } },
		/* Where the device has another address for it, that one counts, too. */
		{ 0x56000000, 8192, 4096, 8, 0x100000, { 1, 8192, 8192 } },
		{ 0x56100000, 8192, 4096, 8, 0x700000, { 1, 8192, 8192 } },
		{ 0x56000000, 8192, 4096, 8, 0x800000, { 2, 4096, 4096 } },
		/* The same start is of no matter to slot sets. */
		{ 0x56100800, 512, 128, 8, 0, { 4, 128, 128 } },
		{ 0x50000000, 511, 128, 8, 0, { 2, 128, 383 } },
		{ 0x50000000, 255, 128, 8, 0, { 1, 255, 255 } },
		{ 0x50000000, 256, 128, 8, 0, { 2, 128, 128 } },
		{ 0x50000000, 1, 128, 8, 0, { 1, 1, 1 } },
		/* A segment that is larger than the pool */
		{ 0x50000000, 20992, 32768, 8, 0, { 1, 20992, 20992 } },
		{ 0x50000000, 20992, 1048576, 8, 0, { 1, 20992, 20992 } },
		{ 0x40000000, 524288, 4096, 64, 0, { 64, 8192, 8192 } },
	};
	struct rig_pool pool;
	struct rig_view view;
	struct device dev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		attach(&pool, &dev, &view, rows[i].start, rows[i].slots, rows[i].segsize,
		       rows[i].cpus, rows[i].dma_offset);
		check_areas(&view, &rows[i].areas);
		rig_pool_destroy(&pool);
	}
}

/* Any pool */
static void any_pool(void)
{
	struct model_random r;
	struct rig_pool pool;
	struct rig_view view;
	struct device dev;
	unsigned int i, several = 0;

	model_seed(&r, options.seed);
	for (i = 0; i < 4000; i++) {
		unsigned int segsize = SET << model_below(&r, model_from(&r, 1, 10));
		unsigned long slots = model_from(&r, 1, model_below(&r, 2) ? 40000 : 4000);
		unsigned int cpus = model_from(&r, 1, model_below(&r, 2) ? 8 : 130);
		u64 unit = model_below(&r, 2) ? segsize * RIG_SLOT : RIG_PAGE;
		u64 start = ALIGN(RIG_POOLS + model_below(&r, 1 << 30), unit), offset = 0;
		struct areas areas;

		if (model_below(&r, 4) == 0)
			offset = model_below(&r, 4096) * (model_below(&r, 2) ? unit : RIG_PAGE);
		attach(&pool, &dev, &view, start, slots, segsize, cpus, offset);
		areas = areas_of(start, start + offset, slots, segsize, cpus);
		check_areas(&view, &areas);
		several += areas.nareas > 1;
		rig_pool_destroy(&pool);
	}
	expect(several > 1000, "only %u pools had several areas", several);
}

/*
 * Buffers of the largest sizes, by a mapping that is aligned to a page, one that is
 * aligned to its size, a coherent buffer, and a mapping of the announced size by a
 * device that keeps bits of the address: a bit for each that is to be had.
 */
static unsigned int largest_ones(struct device *dev, unsigned int segsize)
{
	size_t bytes = segsize * RIG_SLOT, announced;
	unsigned int got = 0;
	phys_addr_t addr;

	addr = rig_map(dev, SOURCE, bytes, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	if (addr != RIG_NO_ADDR) {
		got |= BIT(0);
		rig_unmap(dev, addr, bytes, DMA_TO_DEVICE, 0);
	}
	addr = rig_map(dev, SOURCE, bytes, bytes - 1, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	if (addr != RIG_NO_ADDR) {
		got |= BIT(1);
		rig_unmap(dev, addr, bytes, DMA_TO_DEVICE, 0);
	}
	addr = rig_alloc(dev, bytes);
	if (addr != RIG_NO_ADDR) {
		got |= BIT(2);
		rig_free(dev, addr, bytes);
	}
	dev->min_align_mask = 2 * RIG_SLOT - 1;
	announced = rig_max_mapping_size(dev);
	if (announced) {
		addr = rig_map(dev, SOURCE + 700, announced, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
		if (addr != RIG_NO_ADDR) {
			got |= BIT(3);
			rig_unmap(dev, addr, announced, DMA_TO_DEVICE, 0);
		}
	}
	dev->min_align_mask = 0;
	return got;
}

/*
 * Every start within two segments, and every size up to some segments: what an
 * empty pool of one area gives, one of several areas gives, too, to any CPU.
 */
static void whole_segments(void)
{
	/* All of them, where slot sets have 4 slots */
	unsigned int step = SET / 4, more = SET == 4 ? 1 : SET / 2;
	unsigned int segsize, cpus, cpu, several = 0, given = 0;
	unsigned long start, slots;
	struct rig_pool pool;
	struct rig_view view;
	struct device dev;

	for (segsize = SET; segsize <= 4 * SET; segsize *= 2) {
		for (start = 0; start < 2 * segsize; start += step) {
			u64 base = ALIGN(RIG_POOLS, 2 * segsize * RIG_SLOT) + start * RIG_SLOT;

			for (slots = step; slots <= 11 * segsize; slots += more) {
				unsigned int expected, got;

				/* Sizes that are not a multiple of anything, too */
				attach(&pool, &dev, &view, base, slots + start % 3, segsize, 1, 0);
				expected = largest_ones(&dev, segsize);
				rig_pool_destroy(&pool);
				for (cpus = 2; cpus <= 8; cpus *= 2) {
					attach(&pool, &dev, &view, base, slots + start % 3,
					       segsize, cpus, 0);
					several += view.nareas > 1;
					for (cpu = 0; cpu < view.nareas; cpu++) {
						rig_cpu = cpu;
						got = largest_ones(&dev, segsize);
						expect((got & expected) == expected,
						       "%lu slots at 0x%llx, segment %u, CPU %u of %u: got 0x%x, with one area 0x%x",
						       view.nslabs, (unsigned long long)base,
						       segsize, cpu, cpus, got, expected);
						given += __builtin_popcount(got);
					}
					rig_cpu = 0;
					rig_pool_destroy(&pool);
				}
			}
		}
	}
	expect(several && given, "nothing was tried");
	printf("# %u pools of several areas, %u buffers\n", several, given);
}

/*
 * What is larger than a slot set is searched for from the first area on, whichever
 * CPU asks, and gets the same place again. What is not goes to the CPU's own
 * area:
 *
 *	|[........][........]|[........][........]|
 *	 <-----> 0             <-----> 1
 *	 <-----------> any
 */
static void same_place_from_any_cpu(void)
{
	const unsigned int segsize = 4 * SET, cpus = 64;
	unsigned int cpu, occupied;
	struct model_buf *buf;
	struct fixture f;

	for (occupied = 0; occupied < 3; occupied++) {
		unsigned long place = occupied * segsize;

		setup_cpus(&f, BASE, 16 * segsize + SET, segsize, cpus);
		expect(f.view.nareas == 16, "%u areas", f.view.nareas);
		/* So many areas are not empty any more. */
		rig_cpu = 7;
		for (cpu = 0; cpu < occupied; cpu++)
			model_must_map(&f.m, &f.dev, SOURCE, segsize * RIG_SLOT, 0,
				       DMA_TO_DEVICE);
		for (cpu = 0; cpu < cpus; cpu++) {
			rig_cpu = cpu;
			buf = model_must_map(&f.m, &f.dev, SOURCE, (SET + 1) * RIG_SLOT, 0,
					     DMA_TO_DEVICE);
			expect(buf->first == place, "CPU %u: %u slots are at %lu, expected %lu",
			       cpu, SET + 1, buf->first, place);
			model_free(&f.m, buf);
			buf = model_must_alloc(&f.m, &f.dev, segsize * RIG_SLOT);
			expect(buf->first == place, "CPU %u: a segment is at %lu, expected %lu",
			       cpu, buf->first, place);
			model_free(&f.m, buf);

			if (cpu % f.view.nareas < occupied)
				continue;
			buf = model_must_map(&f.m, &f.dev, SOURCE, SET * RIG_SLOT, 0,
					     DMA_TO_DEVICE);
			expect(rig_area_of(&f.view, buf->first) == cpu % f.view.nareas,
			       "CPU %u: %u slots are in area %u", cpu, SET,
			       rig_area_of(&f.view, buf->first));
			model_free(&f.m, buf);
		}
		rig_cpu = 0;
		teardown(&f);
	}
}

/*
 * All slots are to be had, whichever CPUs ask: what the own area has not, another
 * one has. They are freed by another CPU than they were mapped by.
 */
static void fill_from(unsigned long slots, unsigned int segsize, unsigned int nareas,
		      unsigned int ncpus)
{
	unsigned long i;
	struct fixture f;

	setup_cpus(&f, BASE, slots, segsize, 8);
	expect(f.view.nareas == nareas, "%u areas, expected %u", f.view.nareas, nareas);
	for (i = 0; i < slots; i++) {
		rig_cpu = 5 + i % ncpus;
		model_must_map(&f.m, &f.dev, SOURCE, RIG_SLOT, 0, DMA_TO_DEVICE);
		/* The last area is the one with the rest. */
		if (ncpus == 1 && i < SET)
			expect(rig_area_of(&f.view, f.m.bufs[i]->first) == 5 % nareas,
			       "slot %lu is not in the CPU's area", f.m.bufs[i]->first);
	}
	expect(!model_map(&f.m, &f.dev, SOURCE, RIG_SLOT, 0, DMA_TO_DEVICE),
	       "there is more than the pool has");
	model_check(&f.m);
	while (f.m.nbufs) {
		rig_cpu = f.m.nbufs % 3;
		model_free(&f.m, f.m.bufs[f.m.nbufs * 7 / 11]);
	}
	rig_cpu = 0;
	teardown(&f);
}

static void all_slots(void)
{
	static const unsigned int ncpus[] = { 1, 3, 8 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ncpus); i++) {
		fill_from(8 * SET, SET, 8, ncpus[i]);
		fill_from(11 * SET + 3, SET, 8, ncpus[i]);
		fill_from(5 * SET + SET / 2 + 1, SET, 4, ncpus[i]);
		fill_from(11 * 2 * SET + 5, 2 * SET, 8, ncpus[i]);
		fill_from(3 * 4 * SET - 1, 4 * SET, 2, ncpus[i]);
	}
}

/*
 * The last area is larger than the others. A next-fit search in it goes on to its
 * very end, and then begins anew:
 *
 *	|[........][........]|[........][........][........][....|
 *	                      1-------->2-------->3-------->4--->
 */
static void next_fit_in_the_last_area(void)
{
	struct model_buf *buf;
	unsigned long first, i;
	struct fixture f;

	setup_cpus(&f, BASE, 5 * SET + 3 * SET / 4, SET, 2);
	first = rig_area_start(&f.view, 1);
	expect(first == 2 * SET, "the last area begins with slot %lu", first);
	rig_cpu = 1;
	for (i = 0; i < 2 * (f.view.nslabs - first); i++) {
		unsigned long expected = first + i % (f.view.nslabs - first);

		buf = model_must_map(&f.m, &f.dev, SOURCE, RIG_SLOT, 0, DMA_TO_DEVICE);
		expect(buf->first == expected, "the %luth slot is %lu, expected %lu", i,
		       buf->first, expected);
		model_free(&f.m, buf);
	}
	rig_cpu = 0;
	teardown(&f);
}

/*
 * A pool whose last area is so much larger that it has larger blocks: rows behind the
 * others' 64 blocks are found and noted as well.
 */
static void blocks_of_the_last_area(void)
{
	unsigned long slots = 2 * 64 * SET + 63 * SET, i;
	unsigned int segsize = 64 * SET;
	struct model_buf **bufs;
	struct fixture f;

	setup_cpus(&f, BASE, slots, segsize, 2);
	expect(f.view.nareas == 2 && f.view.area_nslabs == segsize, "%u areas of %u",
	       f.view.nareas, f.view.area_nslabs);
	rig_cpu = 1;
	bufs = fill(&f);
	for (i = slots - 10 * SET; i < slots; i += SET + 4) {
		open_hole(&f, bufs, i, 2);
		model_check(&f.m);
		model_must_map(&f.m, &f.dev, SOURCE, 2 * RIG_SLOT, 0, DMA_TO_DEVICE);
	}
	open_hole(&f, bufs, slots - SET / 2, SET / 2 - 8);
	model_check(&f.m);
	model_must_map(&f.m, &f.dev, SOURCE, (SET / 2 - 8) * RIG_SLOT, 0, DMA_TO_DEVICE);
	free(bufs);
	rig_cpu = 0;
	teardown(&f);
}

/*
 * What the default pool has, or that there is none (swiotlb=noforce), does not matter
 * to a restricted pool.
 */
static void default_has(unsigned int default_nareas)
{
	struct fixture f;
	unsigned long i;

	rig_set_default_nareas(default_nareas);
	setup_cpus(&f, BASE, 4 * SET, SET, 4);
	for (i = 0; i < 4 * SET; i++) {
		rig_cpu = 2;
		model_must_map(&f.m, &f.dev, SOURCE, RIG_SLOT, 0, DMA_TO_DEVICE);
	}
	rig_cpu = 0;
	teardown(&f);
}

static void default_has_none(void)
{
	default_has(0);
}

static void default_has_one(void)
{
	default_has(1);
}

/* A mapping that no allocation may be as large as is refused at once, by all. */
static void too_large(void)
{
	struct fixture f;
	unsigned int cpu;

	setup_cpus(&f, BASE, 8 * 2 * SET, 2 * SET, 4);
	for (cpu = 0; cpu < 4; cpu++) {
		rig_cpu = cpu;
		expect(!model_map(&f.m, &f.dev, SOURCE, (2 * SET + 1) * RIG_SLOT, 0,
				  DMA_TO_DEVICE), "more than a segment");
		expect(!model_alloc(&f.m, &f.dev, (2 * SET + 1) * RIG_SLOT),
		       "a coherent buffer of more than a segment");
	}
	rig_cpu = 0;
	teardown(&f);
}

/* What is announced is a segment, or a quarter of the smallest area, or the default. */
static void announced_with_areas(void)
{
	static const unsigned int cpus[] = { 1, 2, 8, 64 };
	unsigned long slots;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		for (slots = SET; slots < 80 * SET; slots += SET / 2) {
			unsigned long most;
			struct areas areas;
			struct fixture f;
			size_t size;

			setup_cpus(&f, BASE, slots, 4 * SET, cpus[i]);
			areas = areas_of(BASE, BASE, slots, 4 * SET, cpus[i]);
			most = max(areas.each / 4, (unsigned long)SET);
			size = rig_max_mapping_size(&f.dev);
			expect(size == min(most, 4UL * SET) * RIG_SLOT,
			       "of %lu slots %zu bytes are announced", slots, size);
			model_check_announced(&f.m, &f.dev, SOURCE);
			teardown(&f);
		}
	}
}

static const struct test tests[] = {
	{ "a row ends with its area", end_of_area, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "all of each area", all_of_each_area, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "a boundary within an area", boundary_inside, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "around each area", around_each_area,
	  NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ "announced", announced_size, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "known pools", known_pools, NEEDS_AREAS | NEEDS_SETS_128 },
	{ "any pool", any_pool, NEEDS_AREAS },
	{ "whole segments", whole_segments, NEEDS_AREAS, 600 },
	{ "the same place from any CPU", same_place_from_any_cpu, NEEDS_AREAS },
	{ "all slots", all_slots, NEEDS_AREAS },
	{ "next-fit in the last area", next_fit_in_the_last_area, NEEDS_AREAS },
	{ "blocks of the last area", blocks_of_the_last_area, NEEDS_AREAS | NEEDS_SETS_128 },
	{ "no default pool", default_has_none, NEEDS_ALL_AREAS },
	{ "a default pool of one area", default_has_one, NEEDS_ALL_AREAS },
	{ "more than a segment", too_large, NEEDS_AREAS },
	{ "announced, areas of the kernel's", announced_with_areas, NEEDS_AREAS },
	{ }
};

test_suite(areas, tests);
