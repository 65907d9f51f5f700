// SPDX-License-Identifier: GPL-2.0
/*
 * The search for free slots: it finds what is there, wherever it begins, and
 * nothing that is not.
 *
 * In the drawings a slot set is [        ], a free slot or run ".", a used one
 * "#", and "^" is where the search begins.
 */
#include "test.h"

#define KUKUI_BASE	0x50000000ULL
#define KUKUI_SLOTS	20992UL		/* 41 MiB: 164 slot sets, 5.125 * 4096 */

/*
 * A pool of 16 MiB at 0x56100000 has one start that is a multiple of 8 MiB:
 *
 *	0x56100000        0x56800000                          0x57100000
 *	|.................|..................................|
 *	                  <------- 8 MiB ------->
 *	^        ^         ^                 ^               ^
 *
 * Expected: 8 MiB are served there, wherever the search begins.
 */
static void one_aligned_start(void)
{
	const unsigned long slots = SZ_16M / RIG_SLOT, aligned = 0x700000 / RIG_SLOT;
	const unsigned long starts[] = {
		0, 1, aligned - 1, aligned, aligned + 1, aligned + 4095,
		aligned + 4096, slots - 1,
	};
	struct model_buf *buf;
	struct fixture f;
	unsigned int i;

	setup(&f, 0x56100000, slots, 4096);
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		rig_set_index(&f.view, 0, starts[i]);
		buf = model_must_alloc(&f.m, &f.dev, SZ_8M);
		expect(buf->first == aligned, "it is at slot %lu, expected %lu",
		       buf->first, aligned);
		model_free(&f.m, buf);
	}
	teardown(&f);
}

/*
 * A buffer of more than a slot set, given back and asked for again, and smaller
 * ones in between, wherever the last search ended:
 *
 *	[AAAAAAAA][AAAA....][........][........]
 *	                 ^         ^
 *
 * Expected: it gets the same place; those of up to a slot set go on from where
 * the last search ended.
 */
static void same_place_again(void)
{
	static const unsigned int starts[] = { 0, 1, 129, 300, 4096, 20991 };
	struct model_buf *buf, *small;
	struct fixture f;
	unsigned int i;

	setup(&f, KUKUI_BASE, KUKUI_SLOTS, 4096);
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		rig_set_index(&f.view, 0, starts[i]);
		buf = model_must_alloc(&f.m, &f.dev, 5 * SZ_1M);
		expect(buf->first == 0, "5 MiB are at slot %lu", buf->first);
		model_free(&f.m, buf);
		buf = model_must_map(&f.m, &f.dev, SOURCE, (SET + 1) * RIG_SLOT, 0,
				     DMA_TO_DEVICE);
		expect(buf->first == 0, "a set and a slot are at slot %lu", buf->first);
		model_free(&f.m, buf);
	}
	/* What else goes on from there has no other place where all take the first. */
	if (rig_build.takes_lowest) {
		teardown(&f);
		return;
	}
	rig_set_index(&f.view, 0, 1024);
	small = model_must_map(&f.m, &f.dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	expect(small->first == 1024, "a set is at slot %lu, expected 1024", small->first);
	model_free(&f.m, small);
	small = model_must_map(&f.m, &f.dev, SOURCE, 1, 0, DMA_TO_DEVICE);
	expect(small->first == 1024 + SET, "a slot is at slot %lu, expected %u",
	       small->first, 1024 + SET);
	teardown(&f);
}

/*
 * One hole in a full pool, and every place for the search to begin:
 *
 *	[####....][........][..######][########]
 *	^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
 *
 * Expected: it is found from everywhere, be it within a slot set, over several,
 * at the pool's begin or at its end.
 */
static void hole_from_everywhere(void)
{
	static const struct { unsigned int first, nslots; } holes[] = {
		{ 0, 1 }, { 0, 128 }, { 0, 300 }, { 5, 2 }, { 127, 2 }, { 100, 200 },
		{ 128, 128 }, { 255, 258 }, { 383, 129 }, { 599, 1 }, { 560, 40 },
		{ 472, 128 }, { 300, 300 }, { 512, 88 },
	};
	unsigned int i, index;
	struct fixture f;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		struct model_buf **bufs;

		setup(&f, KUKUI_BASE, 600, 1024);
		bufs = fill(&f);
		open_hole(&f, bufs, holes[i].first, holes[i].nslots);
		/* Without page alignment, which an odd hole does not have */
		f.dev.min_align_mask = RIG_SLOT - 1;
		for (index = 0; index < 600; index++) {
			struct model_buf *buf;

			rig_set_index(&f.view, 0, index);
			buf = model_must_map(&f.m, &f.dev, SOURCE,
					     holes[i].nslots * RIG_SLOT, 0,
					     DMA_TO_DEVICE);
			model_free(&f.m, buf);
			/* One more has no place; the model agrees. */
			rig_set_index(&f.view, 0, index);
			expect(!model_map(&f.m, &f.dev, SOURCE,
					  holes[i].nslots * RIG_SLOT + 1, 0,
					  DMA_TO_DEVICE),
			       "%u slots were found in a hole of %u",
			       holes[i].nslots + 1, holes[i].nslots);
		}
		free(bufs);
		teardown(&f);
	}
}

/*
 * Buffers aligned to 2, 4, ... slots, in pools that begin anywhere. All of
 * the pool is used but one aligned start, and what is needed behind it:
 *
 *	#####....####        stride 4: * . . . * . . . *
 *	     *
 *
 * Expected: found, wherever the search begins, and nothing else is.
 */
static void every_aligned_start(void)
{
	const unsigned int slots = 200, page = RIG_PAGE / RIG_SLOT;
	struct fixture f;
	unsigned int base, align, first, index, found = 0;

	for (base = 0; base < 4; base++) {
		struct model_buf **bufs;

		setup(&f, KUKUI_BASE + base * RIG_PAGE, slots, 256);
		bufs = fill(&f);
		for (align = page; align <= 32; align *= 2) {
			for (first = 0; first + align <= slots; first++) {
				struct model_buf *buf;
				unsigned int i;

				if ((f.view.start / RIG_SLOT + first) % align)
					continue;
				open_hole(&f, bufs, first, align);
				for (index = 0; index < slots; index += 7) {
					rig_set_index(&f.view, 0, index);
					buf = model_must_alloc(&f.m, &f.dev,
							       align * RIG_SLOT);
					expect(buf->first == first,
					       "it is at slot %lu, expected %u",
					       buf->first, first);
					model_free(&f.m, buf);
					found++;
				}
				for (i = 0; i < align; i++) {
					buf = model_must_map(&f.m, &f.dev, SOURCE,
							     RIG_SLOT, 0, DMA_TO_DEVICE);
					bufs[buf->first] = buf;
				}
			}
		}
		free(bufs);
		teardown(&f);
	}
	expect(found, "nothing was tested");
}

/*
 * Without the property a buffer stays within a slot set; with a larger segment
 * it goes over:
 *
 *	[####....][....####]
 *	     <------>
 */
static void over_a_set_or_not(void)
{
	static const struct { unsigned int segsize; bool fits; } limits[] = {
		{ 0, false }, { 128, false }, { 256, true }, { 1048576, true },
	};
	struct fixture f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		struct model_buf **bufs;
		struct model_buf *buf;

		if (limits[i].fits && !rig_build.has_segsize)
			continue;
		setup(&f, KUKUI_BASE, 4 * SET, limits[i].segsize);
		bufs = fill(&f);
		open_hole(&f, bufs, 2 * SET - SET / 2, SET);
		buf = model_map(&f.m, &f.dev, SOURCE, SET / 2 * RIG_SLOT + RIG_PAGE, 0,
				DMA_TO_DEVICE);
		expect(!buf == !limits[i].fits, "segment of %u: %s",
		       limits[i].segsize, buf ? "it went over" : "it was refused");
		free(bufs);
		teardown(&f);
	}
}

/*
 * No more slots than a segment has, and as many as it has. 20992 slots:
 *
 *	|----- 4096 -----|----- 4096 -----| ... |- 512 -|
 */
static void segment_is_the_limit(void)
{
	unsigned int segsize;
	struct fixture f;

	for (segsize = SET; segsize <= 16384; segsize *= 2) {
		if (segsize > SET && !rig_build.has_segsize)
			break;
		setup(&f, KUKUI_BASE, KUKUI_SLOTS, segsize);
		model_free(&f.m, model_must_alloc(&f.m, &f.dev, segsize * RIG_SLOT));
		model_free(&f.m, model_must_map(&f.m, &f.dev, SOURCE, segsize * RIG_SLOT,
						0, DMA_TO_DEVICE));
		expect(!model_alloc(&f.m, &f.dev, segsize * RIG_SLOT + 1),
		       "a buffer larger than a segment");
		expect(!model_map(&f.m, &f.dev, SOURCE, segsize * RIG_SLOT + 1, 0,
				  DMA_TO_DEVICE), "a mapping larger than a segment");
		teardown(&f);
	}
}

/*
 * All of a pool in one piece, of whatever size, and one slot more:
 *
 *	[........][........][...
 *	<---------------------->
 *	<----------------------->
 */
static void whole_pool(void)
{
	static const unsigned int sizes[] = {
		1, 2, 3, 127, 128, 129, 130, 255, 256, 257, 384, 512, 513, 1000,
		4095, 4096, 4097, 20992, 20993, 65535, 65536, 65537, 131071, 524288,
	};
	struct fixture f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		setup(&f, KUKUI_BASE, sizes[i], 1048576);
		model_free(&f.m, model_must_map(&f.m, &f.dev, SOURCE,
						sizes[i] * RIG_SLOT, 0, DMA_TO_DEVICE));
		expect(!model_map(&f.m, &f.dev, SOURCE, sizes[i] * RIG_SLOT + 1, 0,
				  DMA_TO_DEVICE),
		       "more than the pool's %u slots", sizes[i]);
		teardown(&f);
	}
}

/*
 * A run that is broken just before it is long enough, and one behind it:
 *
 *	[........][.......#][........][........]
 *	<-----------------> no         <------> and so on
 */
static void broken_run(void)
{
	unsigned int at, nslots;
	struct fixture f;

	for (at = 250; at < 262; at++) {
		struct model_buf **bufs;

		setup(&f, KUKUI_BASE, 700, 1024);
		bufs = fill(&f);
		open_hole(&f, bufs, 0, at);
		open_hole(&f, bufs, at + 1, 699 - at);
		f.dev.min_align_mask = RIG_SLOT - 1;
		for (nslots = at - 3; nslots < 460; nslots++) {
			struct model_buf *buf;

			rig_set_index(&f.view, 0, 0);
			buf = model_map(&f.m, &f.dev, SOURCE, nslots * RIG_SLOT, 0,
					DMA_TO_DEVICE);
			if (buf)
				model_free(&f.m, buf);
		}
		free(bufs);
		teardown(&f);
	}
}

/*
 * A pool whose end no power of 2 has, and two free slots that are not in a row: all of
 * it is searched for two, to the last slot and not further.
 *
 *	[#.#.####][########][####
 *	  <> no                  ?
 */
static void used_to_the_end(void)
{
	static const unsigned int sizes[] = { 300, 320, 448, 1088, 8256, 8320, 20992 };
	struct model_buf **bufs;
	struct fixture f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		setup(&f, KUKUI_BASE, sizes[i], 4096);
		bufs = fill(&f);
		open_hole(&f, bufs, 1, 1);
		open_hole(&f, bufs, 3, 1);
		expect(!model_map(&f.m, &f.dev, SOURCE, 2 * RIG_SLOT, 0, DMA_TO_DEVICE),
		       "two slots in a row in a pool of %u slots", sizes[i]);
		free(bufs);
		teardown(&f);
	}
}

/*
 * Two areas, side by side. A run of free slots over the border is of no use:
 *
 *	[########][####....] [....####][########]
 *	      area 0                area 1
 *	               <------>
 */
static void area_border(void)
{
	struct model_buf **bufs;
	struct fixture f;

	setup(&f, KUKUI_BASE, 4 * SET, 4 * SET);
	rig_split(&f.dev, 2);
	model_exit(&f.m);
	model_init(&f.m, &f.dev, 4 * SET);
	rig_pools(&f.dev, &f.view, 1);
	bufs = fill(&f);
	open_hole(&f, bufs, 2 * SET - SET / 2, SET);
	expect(!model_map(&f.m, &f.dev, SOURCE, SET / 2 * RIG_SLOT + RIG_PAGE, 0,
			  DMA_TO_DEVICE), "a buffer in two areas");
	model_must_map(&f.m, &f.dev, SOURCE, SET / 2 * RIG_SLOT, 0, DMA_TO_DEVICE);
	model_must_map(&f.m, &f.dev, SOURCE, SET / 2 * RIG_SLOT, 0, DMA_TO_DEVICE);
	free(bufs);
	teardown(&f);
}

/*
 * A device's boundary, here of 1 MiB, in a pool that begins in the middle:
 *
 *	0x50080000         0x50100000          0x50200000
 *	|..................|...................|.......
 *	   <------------------> no
 *	                   <------------------> yes, once each
 */
static void boundary(void)
{
	struct fixture f;
	unsigned int i;

	setup(&f, 0x50080000, 4 * 512, 4096);
	f.dev.seg_boundary_mask = SZ_1M - 1;
	for (i = 0; i < 3; i++) {
		struct model_buf *buf = model_must_map(&f.m, &f.dev, SOURCE, SZ_1M, 0,
						       DMA_TO_DEVICE);

		expect(!(buf->addr & (SZ_1M - 1)), "1 MiB is at 0x%llx",
		       (unsigned long long)buf->addr);
	}
	expect(!model_map(&f.m, &f.dev, SOURCE, SZ_1M, 0, DMA_TO_DEVICE),
	       "a fourth piece within boundaries of 1 MiB");
	/* Half a piece is left at each end. */
	model_must_map(&f.m, &f.dev, SOURCE, SZ_1M / 2, 0, DMA_TO_DEVICE);
	model_must_map(&f.m, &f.dev, SOURCE, SZ_1M / 2, 0, DMA_TO_DEVICE);
	expect(!model_map(&f.m, &f.dev, SOURCE, 1, 0, DMA_TO_DEVICE),
	       "more slots than there are");
	teardown(&f);
}

/*
 * What counts for alignment and boundary is the DMA address. Here it is 1 MiB
 * off: the pool that has an aligned 8 MiB at 0x56800000 has it at 0x56700000.
 */
static void dma_offset(void)
{
	struct model_buf *buf;
	struct fixture f;

	setup(&f, 0x56100000, SZ_16M / RIG_SLOT, 4096);
	f.dev.dma_offset = SZ_1M;
	buf = model_must_alloc(&f.m, &f.dev, SZ_8M);
	expect(buf->addr == 0x56700000, "8 MiB are at 0x%llx, expected 0x56700000",
	       (unsigned long long)buf->addr);
	model_free(&f.m, buf);
	f.dev.dma_offset = -0x56100000ULL;
	f.dev.seg_boundary_mask = SZ_8M - 1;
	model_must_map(&f.m, &f.dev, SOURCE, SZ_8M, 0, DMA_TO_DEVICE);
	model_must_map(&f.m, &f.dev, SOURCE, SZ_8M, 0, DMA_TO_DEVICE);
	teardown(&f);
}

/*
 * A device that wants more address bits preserved than a buffer is aligned to.
 * A coherent buffer has no original address, so they are of no meaning to it.
 * With pages of two slots and a mask of 32, one free page anywhere:
 *
 *	[##..####################################][########]...
 *
 * Expected: it is found, wherever it is and wherever the search begins.
 */
static void coherent_with_mask(unsigned int segsize)
{
	const unsigned int page = RIG_PAGE / RIG_SLOT, pages = 4 * SET / page;
	struct model_buf **bufs = calloc(pages, sizeof(*bufs));
	unsigned int i, index;
	struct fixture f;

	setup(&f, KUKUI_BASE, 4 * SET, segsize);
	f.dev.min_align_mask = 0xffff;
	for (i = 0; i < pages; i++)
		bufs[i] = model_must_alloc(&f.m, &f.dev, RIG_PAGE);
	for (i = 0; i < pages; i++) {
		for (index = 0; index < 4 * SET; index += 13) {
			model_free(&f.m, bufs[i]);
			rig_set_index(&f.view, 0, index);
			bufs[i] = model_must_alloc(&f.m, &f.dev, RIG_PAGE);
		}
	}
	free(bufs);
	teardown(&f);
}

static void min_align_mask_coherent(void)
{
	coherent_with_mask(1024);
}

/* The base passes over some: patches/fixes has a fix. */
static void min_align_mask_default(void)
{
	coherent_with_mask(0);
}

/*
 * The largest requests: all of a pool of 1 GiB, and 2 GiB, which is what the
 * largest segment would be, and has the alignment of the highest bit of 32
 * (UndefinedBehaviorSanitizer looks on).
 */
static void largest(void)
{
	struct model_buf *buf;
	struct fixture f;

	setup(&f, 0x40000000, 524288, 1048576);
	buf = model_must_alloc(&f.m, &f.dev, SZ_1M << 10);
	model_free(&f.m, buf);
	model_must_alloc(&f.m, &f.dev, (SZ_1M << 9) + 1);
	expect(!model_alloc(&f.m, &f.dev, (SZ_1M << 10) + 1), "more than the pool");
	expect(!model_alloc(&f.m, &f.dev, (size_t)SZ_1M << 11), "more than the pool");
	teardown(&f);
}

static const struct test tests[] = {
	{ "one aligned start", one_aligned_start,
	  NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ "the same place again", same_place_again, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "a hole from everywhere", hole_from_everywhere,
	  NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ "every aligned start", every_aligned_start, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "over a slot set, or not", over_a_set_or_not, NEEDS_SETS_128 },
	{ "a segment is the limit", segment_is_the_limit, NEEDS_SETS_128 },
	{ "a whole pool", whole_pool, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "a broken run", broken_run, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "used to the end", used_to_the_end, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "the border of areas", area_border, NEEDS_SEGSIZE },
	{ "a segment boundary", boundary, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "the largest requests", largest, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "a DMA offset", dma_offset, NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ "min_align_mask and coherent buffers", min_align_mask_coherent,
	  NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "min_align_mask and coherent buffers, 128 slots", min_align_mask_default, NEEDS_FIXES },
	{ }
};

test_suite(search, tests);
