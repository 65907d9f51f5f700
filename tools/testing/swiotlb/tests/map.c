// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings: where in their slots they begin, and what is copied when.
 */
#include "test.h"

#define KUKUI_BASE	0x50000000ULL

/*
 * A device that wants the low 12 bits of an address preserved, as NVMe does. An
 * original that begins 0xa10 bytes into its page:
 *
 *	page   |          xxxxxx|xxxxxxxx...
 *	slots  |....|.xxxx|xxxx|xxx...	the mapping begins 0x210 bytes into
 *	        0x000 0x800		the second slot of a page
 *
 * Expected: for every offset and size it lies so, and takes no more slots than
 * needed (the model knows how many).
 */
static void preserved_bits(void)
{
	static const unsigned int masks[] = { 511, 2047, 4095, 0xffff };
	static const unsigned int offsets[] = {
		0, 1, 511, 512, 2047, 2048, 2049, 0xa10, 4095, 4096, 0x8765, 0xffff,
	};
	static const unsigned int sizes[] = { 1, 512, 2048, 4096, 4097, 65536 };
	unsigned int i, j, k;
	struct fixture f;

	rig_copy = true;
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		setup(&f, KUKUI_BASE, 400, 0);
		f.m.data = true;
		f.dev.min_align_mask = masks[i];
		for (j = 0; j < ARRAY_SIZE(offsets); j++)
			for (k = 0; k < ARRAY_SIZE(sizes); k++)
				model_free(&f.m, model_must_map(&f.m, &f.dev,
								SOURCE + offsets[j], sizes[k],
								0, DMA_BIDIRECTIONAL));
		teardown(&f);
	}
}

/*
 * Alignment asked for by the caller, as an IOMMU driver does for pages larger
 * than the CPU's, and bits to be preserved below it: whole slots of padding
 * come before the mapping, and are given back with it.
 *
 *	|pppp|pppp|..xx|xxxx|....|....|....|....|
 *	<-------- aligned to, and a multiple of, 16 KiB -------->
 */
static void padding_slots(void)
{
	struct model_buf *buf;
	struct fixture f;
	unsigned int i;

	rig_copy = true;
	setup(&f, KUKUI_BASE, 64, 0);
	f.m.data = true;
	f.dev.min_align_mask = 0x3fff;
	for (i = 0; i < 8; i++) {
		buf = model_must_map(&f.m, &f.dev, SOURCE + i * SZ_1M + 0x1234, 3000,
				     0x3fff, DMA_BIDIRECTIONAL);
		expect(buf->pad_slots == 2 && buf->nslots == 8,
		       "%u padding slots of %lu, expected 2 of 8", buf->pad_slots,
		       buf->nslots);
	}
	expect(!model_map(&f.m, &f.dev, SOURCE, 1, 0, DMA_TO_DEVICE), "it was full");
	while (f.m.nbufs)
		model_free(&f.m, f.m.bufs[0]);
	teardown(&f);
}

/*
 * Syncs of parts: what is copied is the part, whichever slots and slot sets it
 * is in.
 *
 *	[aaaaaaaa][aaaaaaaa][aaa
 *	   <->   <-->  <-------->
 */
static void partial_sync(void)
{
	static const enum dma_data_direction dirs[] = {
		DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE,
	};
	const size_t size = rig_build.has_segsize ? 300 * RIG_SLOT + 100 : 100000;
	unsigned int i, j, seed = 0;
	struct model_random r;
	struct model_buf *buf;
	struct fixture f;

	rig_copy = true;
	model_seed(&r, options.seed);
	setup(&f, KUKUI_BASE, 600, rig_build.has_segsize ? 1024 : 0);
	f.m.data = true;
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		f.dev.min_align_mask = i == 1 ? 4095 : 0;
		buf = model_must_map(&f.m, &f.dev, SOURCE + 0x623, size, 0, dirs[i]);
		for (j = 0; j < 60; j++) {
			size_t offset = model_below(&r, size);
			size_t bytes = model_from(&r, 1, size - offset);

			model_write(&f.m, buf, offset, bytes, j & 1, ++seed);
			model_sync(&f.m, buf, offset, model_from(&r, 1, bytes), !(j & 1));
		}
		model_free(&f.m, buf);
	}
	teardown(&f);
}

/*
 * A driver that syncs more than it has mapped, in the last slot of a buffer that begins
 * further into its slot than it ends in that one: told, and cut to what is mapped.
 *
 *	|......xx|xx......|	mapped
 *	          x~~~~~~	synced
 */
static void too_much_synced(void)
{
	struct model_buf *buf;
	struct fixture f;
	char *original;
	size_t i;

	rig_copy = true;
	setup(&f, KUKUI_BASE, 64, 0);
	f.dev.min_align_mask = 4095;
	original = phys_to_virt(SOURCE + 2000);
	memset(original, 'o', 1000);
	buf = model_must_map(&f.m, &f.dev, SOURCE + 2000, 100, 0, DMA_FROM_DEVICE);
	memset(phys_to_virt(buf->addr), 'd', 1000);
	rig_log_reset();
	rig_sync_for_cpu(&f.dev, buf->addr + 60, 500, DMA_FROM_DEVICE);
	expect(rig_log_count(RIG_BUG) == 1, "%u times told, expected 1:\n%s",
	       rig_log_count(RIG_BUG), rig_log());
	for (i = 0; i < 1000; i++)
		expect(original[i] == (i >= 60 && i < 100 ? 'd' : 'o'),
		       "byte %zu is '%c'", i, original[i]);
	rig_log_reset();
	model_free(&f.m, buf);
	teardown(&f);
}

/* A driver that unmaps a buffer a second time: nobody else's slots are free for that. */
static void unmapped_twice(void)
{
	static const unsigned int slots[] = { 0, 5, 63, 64, 127, 128, 599 };
	struct model_buf **bufs;
	struct fixture f;
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		if (i && !rig_build.has_segsize)
			break;
		setup(&f, KUKUI_BASE, 600, i ? 1024 : 0);
		bufs = fill(&f);
		for (j = 0; j < ARRAY_SIZE(slots); j++) {
			phys_addr_t addr = bufs[slots[j]]->addr;

			model_free(&f.m, bufs[slots[j]]);
			rig_unmap(&f.dev, addr, RIG_SLOT, DMA_TO_DEVICE, 0);
			/* Some kernels tell. */
			rig_log_reset();
			model_check(&f.m);
		}
		free(bufs);
		teardown(&f);
	}
}

/* What is copied in part, and what is preserved, where originals have no lasting address */
static void highmem(void)
{
	rig_highmem = RIG_SOURCES;
	partial_sync();
	preserved_bits();
}

/*
 * Many buffers side by side, each written by its device: nobody's bytes get
 * into another's.
 */
static void side_by_side(void)
{
	struct model_random r;
	struct fixture f;
	unsigned int i;

	rig_copy = true;
	model_seed(&r, options.seed);
	setup(&f, KUKUI_BASE, 2000, rig_build.has_segsize ? 512 : 0);
	f.m.data = true;
	for (i = 0; i < 40; i++) {
		size_t bytes = model_from(&r, 1, 24 * RIG_SLOT);

		if (i & 1)
			model_must_map(&f.m, &f.dev, SOURCE + i * SZ_1M + i * 77, bytes,
				       0, DMA_FROM_DEVICE);
		else
			model_must_alloc(&f.m, &f.dev, bytes);
	}
	for (i = 0; i < f.m.nbufs; i++)
		model_write(&f.m, f.m.bufs[i], 0, f.m.bufs[i]->bytes, false, i);
	model_check(&f.m);
	teardown(&f);
}

/*
 * swiotlb_map(): the DMA address is the buffer's, and one that the device cannot
 * send gives the slots back.
 */
static void dma_address(void)
{
	struct fixture f;
	dma_addr_t dma;

	setup(&f, KUKUI_BASE, 256, 0);
	f.dev.dma_offset = 0x10000000;
	dma = rig_map_dma(&f.dev, SOURCE, 5000, DMA_TO_DEVICE, 0);
	expect(dma == KUKUI_BASE + 0x10000000, "the DMA address is 0x%llx",
	       (unsigned long long)dma);
	expect(rig_used(&f.dev) == 3, "%lu slots are used, expected 3", rig_used(&f.dev));
	rig_unmap(&f.dev, KUKUI_BASE, 5000, DMA_TO_DEVICE, 0);

	f.dev.dma_mask_value = 0x5fffffff;
	dma = rig_map_dma(&f.dev, SOURCE, 5000, DMA_TO_DEVICE, 0);
	expect(dma == DMA_MAPPING_ERROR, "a DMA address that the device cannot send");
	expect(rig_log_count(RIG_BUG) == 1, "there is no warning: %s", rig_log());
	rig_log_reset();
	model_check(&f.m);
	teardown(&f);
}

/* A full pool says so, with its size and use, unless it is asked not to. */
static void full_message(void)
{
	struct fixture f;

	setup(&f, KUKUI_BASE, 128, 0);
	free(fill(&f));
	rig_log_reset();
	expect(rig_map(&f.dev, SOURCE, 4096, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN) ==
	       RIG_NO_ADDR, "it was full");
	expect(!*rig_log(), "there is a message: %s", rig_log());
	rig_map(&f.dev, SOURCE, 4096, 0, DMA_TO_DEVICE, 0);
	expect(strstr(rig_log(),
		      "buffer is full (sz: 4096 bytes), total 128 (slots), used 128 (slots)\n"),
	       "the message is: %s", rig_log());
	teardown(&f);
}

static const struct test tests[] = {
	{ "preserved bits", preserved_bits, NEEDS_SETS_128 },
	{ "padding slots", padding_slots, NEEDS_SETS_128 | NEEDS_PADDING },
	{ "partial sync", partial_sync, NEEDS_SETS_128 },
	{ "too much synced", too_much_synced, NEEDS_SETS_128 | NEEDS_PADDING },
	{ "unmapped twice", unmapped_twice, NEEDS_SETS_128 | NEEDS_PADDING },
	{ "highmem", highmem, NEEDS_SETS_128 | NEEDS_PADDING },
	{ "side by side", side_by_side, NEEDS_SETS_128 },
	{ "DMA address", dma_address, NEEDS_SETS_128 },
	{ "a full pool", full_message, NEEDS_SETS_128 },
	{ }
};

test_suite(map, tests);
