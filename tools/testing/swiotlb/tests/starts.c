// SPDX-License-Identifier: GPL-2.0
/*
 * How far the search may step: from one start to the next that could succeed, no
 * further. In each of these tests all is used but one place, and what is before
 * it misleads a search that steps too far.
 *
 * In the drawings a slot set is [        ], a suitable start "*", a free slot
 * ".", a used one "#".
 */
#include "test.h"

#define BASE	0x50000000ULL

/* Map @nslots, from everywhere; it has to be at @first. */
static void expect_at(struct fixture *f, unsigned int nslots, unsigned int align_mask,
		      unsigned long first, unsigned int every)
{
	unsigned int index;

	for (index = 0; index < f->view.nslabs; index += every) {
		struct model_buf *buf;

		rig_set_index(&f->view, 0, index);
		buf = model_must_map(&f->m, &f->dev, SOURCE, nslots * RIG_SLOT,
				     align_mask, DMA_TO_DEVICE);
		expect(buf->first == first, "it is at slot %lu, expected %lu",
		       buf->first, first);
		model_free(&f->m, buf);
	}
}

/*
 * With default segments a row ends with its slot set, and the next start is the
 * very next slot, which is free:
 *
 *	[####....][........][########]
 *	     <--> too short
 *	          <--------> this one
 */
static void next_set(void)
{
	static const unsigned int rows[] = { 1, 2, 3, 64, 126, 127 };
	struct fixture f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct model_buf **bufs;

		setup(&f, BASE, 4 * SET, 0);
		bufs = fill(&f);
		open_hole(&f, bufs, SET - rows[i], SET + rows[i]);
		/* Any slot will do for a start. */
		f.dev.min_align_mask = RIG_SLOT - 1;
		expect_at(&f, SET, 0, SET, 5);
		free(bufs);
		teardown(&f);
	}
}

/*
 * Alignment to a page and address bits to be preserved above it: together they
 * make every 16th slot a start. A row that is too short ends before the next:
 *
 *	*               *               *               *
 *	...................#############..........................####
 *	<----------------->             <------------------------>
 */
static void both_masks_in(unsigned int segsize)
{
	const unsigned int period = 16, nslots = 50;
	struct model_buf **bufs;
	struct fixture f;
	unsigned int row, first;

	for (row = 1; row < 3 * period; row++) {
		if (row % period == 0)
			continue;
		first = (row / period + 1) * period;
		setup(&f, BASE, 2 * SET, segsize);
		bufs = fill(&f);
		open_hole(&f, bufs, 0, row);
		open_hole(&f, bufs, first, nslots);
		f.dev.min_align_mask = period * RIG_SLOT - 1;
		expect_at(&f, nslots, 4095, first, 11);
		free(bufs);
		teardown(&f);
	}
}

static void both_masks(void)
{
	both_masks_in(2 * SET);
	/* Here no search from run to run comes to its aid. */
	if (rig_build.searches_all_starts)
		both_masks_in(0);
}

/*
 * A row that a boundary of the device goes through is of no use, but what is
 * behind the boundary may be:
 *
 *	   |               |               |
 *	###############...........################
 *	               <---|-----> no
 *	###############...............############
 *	                   <---------> this one
 */
static void behind_boundary(void)
{
	static const unsigned int sizes[] = { 2, 3, 5, 31, 32 };
	const unsigned int boundary = 32, at = 96;
	struct fixture f;
	unsigned int i, before, nslots;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		nslots = sizes[i];
		for (before = 1; before < nslots; before += 1 + nslots / 4) {
			struct model_buf **bufs;

			setup(&f, BASE, 2 * SET, 2 * SET);
			bufs = fill(&f);
			f.dev.min_align_mask = RIG_SLOT - 1;
			f.dev.seg_boundary_mask = boundary * RIG_SLOT - 1;
			open_hole(&f, bufs, at - before, nslots);
			expect(!model_map(&f.m, &f.dev, SOURCE, nslots * RIG_SLOT, 0,
					  DMA_TO_DEVICE), "a buffer across the boundary");
			open_hole(&f, bufs, at + nslots - before, before);
			expect_at(&f, nslots, 0, at, 7);
			free(bufs);
			teardown(&f);
		}
	}
}

/* A mapping of exactly a page, too, is aligned to one. */
static void one_page(void)
{
	struct fixture f;
	unsigned int index;

	setup(&f, BASE, SET, 0);
	for (index = 0; index < SET; index++) {
		struct model_buf *buf;

		rig_set_index(&f.view, 0, index);
		buf = model_must_map(&f.m, &f.dev, SOURCE, RIG_PAGE, 0, DMA_TO_DEVICE);
		expect(!(buf->addr % RIG_PAGE), "a page is at 0x%llx",
		       (unsigned long long)buf->addr);
		model_free(&f.m, buf);
	}
	teardown(&f);
}

/*
 * The largest buffer of all, 2 GiB: its alignment has bit 31. The pool begins
 * at 512 MiB, and at 2 GiB on the bus.
 */
static void two_gib(void)
{
	const phys_addr_t base = 0x20000000;
	struct fixture f;

	setup(&f, base, 1048576, 1048576);
	f.dev.dma_offset = 0x80000000 - base;
	model_free(&f.m, model_must_alloc(&f.m, &f.dev, 1048576 * RIG_SLOT));
	/* A page off, there is none. */
	f.dev.dma_offset += RIG_PAGE;
	expect(!model_alloc(&f.m, &f.dev, 1048576 * RIG_SLOT), "2 GiB, badly aligned");
	teardown(&f);
}

static const struct test tests[] = {
	{ "the next slot set", next_set, NEEDS_SETS_128 },
	{ "both masks", both_masks, NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ "behind a boundary", behind_boundary, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "one page", one_page },
	{ "2 GiB", two_gib, NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ }
};

test_suite(starts, tests);
