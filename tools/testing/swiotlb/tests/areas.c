// SPDX-License-Identifier: GPL-2.0
/*
 * Several areas and segments larger than a slot set, which no kernel has in one
 * pool so far: all that the search reckons with an area's slots it must reckon
 * from where the area begins.
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

/* What is announced is what an area can serve, not the pool. */
static void announced_size(void)
{
	struct fixture f;
	size_t size;

	setup_areas(&f, BASE, 4 * SET, 4 * SET, 2);
	size = rig_max_mapping_size(&f.dev);
	expect(size == 2 * SET * RIG_SLOT, "announced are %zu, expected %lu", size,
	       2 * SET * RIG_SLOT);
	teardown(&f);
}

static const struct test tests[] = {
	{ "a row ends with its area", end_of_area, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "all of each area", all_of_each_area, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "a boundary within an area", boundary_inside, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "around each area", around_each_area,
	  NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ "announced", announced_size, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ }
};

const struct suite areas_suite = { "areas", tests };
