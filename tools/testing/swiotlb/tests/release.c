// SPDX-License-Identifier: GPL-2.0
/*
 * Slots that are given back: all of them, and none but them, can be had again.
 */
#include "test.h"

#define KUKUI_BASE	0x50000000ULL

/*
 * A pool that ends within a slot set, filled and emptied. Behind its last slot
 * there is nothing to be read (AddressSanitizer tells):
 *
 *	[########][########][##|
 *	                       ^ slots[nslabs]
 */
static void pool_end(void)
{
	static const unsigned int sizes[] = {
		1, 2, 127, 128, 129, 255, 256, 257, 2048, 2050,
	};
	unsigned int i, segsize;
	struct fixture f;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (segsize = SET; segsize <= 16 * SET; segsize *= 16) {
			if (segsize > SET && !rig_build.has_segsize)
				break;
			setup(&f, KUKUI_BASE, sizes[i], segsize);
			free(fill(&f));
			teardown(&f);
		}
	}
}

/* Mappings of random sizes until nothing fits; returns the slots in use. */
static unsigned long fill_random(struct fixture *f, struct model_random *r,
				 unsigned int most)
{
	unsigned long used = 0;
	struct model_buf *buf;
	unsigned int nslots;

	while (1) {
		nslots = model_from(r, 1, most);
		buf = model_map(&f->m, &f->dev, SOURCE, nslots * RIG_SLOT, 0,
				DMA_TO_DEVICE);
		if (!buf) {
			if (nslots == 1)
				return used;
			most = nslots - 1;
			continue;
		}
		used += buf->nslots;
	}
}

/*
 * Fill with whatever fits, free in another order, and fill again, several
 * times:
 *
 *	[##22####][33333333][33444411][1
 *	[........][........][........][.
 *
 * Expected: every time all slots can be used, and in the end a whole pool is
 * one free run.
 */
static void fill_and_refill(void)
{
	static const unsigned int sizes[] = { 1, 130, 600, 2049, 20992 };
	struct model_random r;
	unsigned int i, round;
	struct fixture f;

	model_seed(&r, options.seed);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		setup(&f, KUKUI_BASE, sizes[i], rig_build.has_segsize ? 4096 : 0);
		/* Slots may then begin anywhere, not only at a page. */
		f.dev.min_align_mask = RIG_SLOT - 1;
		for (round = 0; round < 4; round++) {
			unsigned long used = fill_random(&f, &r, 1 + sizes[i] / 8);

			expect(used == sizes[i], "%lu slots of %u could be used", used,
			       sizes[i]);
			while (f.m.nbufs)
				model_free(&f.m, f.m.bufs[model_below(&r, f.m.nbufs)]);
			model_check(&f.m);
		}
		if (rig_build.has_segsize && sizes[i] <= 4096)
			model_must_map(&f.m, &f.dev, SOURCE, sizes[i] * RIG_SLOT, 0,
				       DMA_TO_DEVICE);
		teardown(&f);
	}
}

/*
 * A buffer between two others, wherever it begins and however long it is:
 *
 *	[##aaaaaa][aaaaaaaa][aabbbbbb][..
 *	   <- given back ---->
 *
 * Expected: every count is right, be the slots before and behind free or not
 * (the model looks at each).
 */
static void between_neighbours(void)
{
	static const unsigned int lengths[] = { 1, 2, 127, 128, 129, 256, 300 };
	/* Behind it */
	const unsigned int tail = 20;
	unsigned int first, i, end;
	struct model_buf **bufs, *buf;
	struct fixture f;

	for (first = 120; first < 140; first += 1 + (first < 126 || first > 130)) {
		for (i = 0; i < ARRAY_SIZE(lengths) * 4; i++) {
			end = first + lengths[i / 4];
			setup(&f, KUKUI_BASE, end + tail, 1024);
			f.dev.min_align_mask = RIG_SLOT - 1;
			bufs = fill(&f);
			/* There is one place for it. */
			open_hole(&f, bufs, first, end - first);
			buf = model_must_map(&f.m, &f.dev, SOURCE, (end - first) * RIG_SLOT,
					     0, DMA_TO_DEVICE);
			if (i & 1)
				open_hole(&f, bufs, 0, first);
			if (i & 2)
				open_hole(&f, bufs, end, tail);
			model_free(&f.m, buf);
			model_check(&f.m);
			model_drain(&f.m);
			free(bufs);
			teardown(&f);
		}
	}
}

/*
 * Two devices, one pool: what one gives back the other can have, and no more.
 */
static void two_devices(void)
{
	struct model_buf *buf;
	struct device other;
	struct fixture f;

	setup(&f, KUKUI_BASE, 256, 0);
	rig_device_init(&other, "other");
	expect(!rig_pool_attach(&f.pool, &other), "a second device cannot be attached");
	expect(other.dma_io_tlb_mem == f.dev.dma_io_tlb_mem,
	       "the second device has a pool of its own");
	buf = model_must_map(&f.m, &f.dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	model_must_map(&f.m, &other, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	expect(!model_map(&f.m, &other, SOURCE, 1, 0, DMA_TO_DEVICE), "it was full");
	model_free(&f.m, buf);
	model_must_map(&f.m, &other, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	teardown(&f);
}

static const struct test tests[] = {
	{ "the pool's end", pool_end },
	{ "fill and refill", fill_and_refill },
	{ "between neighbours", between_neighbours,
	  NEEDS_SEGSIZE | NEEDS_SETS_128 | NEEDS_ALIGNMENT },
	{ "two devices", two_devices, NEEDS_SETS_128 },
	{ }
};

test_suite(release, tests);
