// SPDX-License-Identifier: GPL-2.0
/*
 * What drivers are told that they may map at once.
 */
#include "test.h"

#define KUKUI_BASE	0x50000000ULL
#define KIB(n)		((size_t)(n) << 10)

/*
 * The segment, or a quarter of the pool if that is less, or the default; less what the
 * device's min_align_mask may cost.
 */
static void table(void)
{
	static const struct {
		unsigned long slots;
		unsigned int segsize;
		unsigned int min_align_mask;
		size_t announced;
	} rows[] = {
		/* 41 MiB */
		{ 20992, 0, 0, KIB(256) },
		{ 20992, 128, 0, KIB(256) },
		{ 20992, 256, 0, KIB(512) },
		{ 20992, 4096, 0, KIB(8192) },
		{ 20992, 8192, 0, KIB(10496) },
		{ 20992, 1048576, 0, KIB(10496) },
		{ 20992, 4096, 4095, KIB(8192 - 4) },
		{ 20992, 4096, 2047, KIB(8192 - 2) },
		{ 20992, 4096, 511, KIB(8192 - 2) },
		{ 20992, 4096, 0xffff, KIB(8192 - 64) },
		{ 20992, 1048576, 4095, KIB(10496 - 4) },
		{ 20992, 0, 4095, KIB(252) },
		/* Smaller than the default's segment: as ever */
		{ 64, 0, 0, KIB(256) },
		{ 64, 128, 4095, KIB(252) },
		/* A quarter of it is no more than the default's segment. */
		{ 1, 256, 4095, KIB(252) },
		{ 64, 256, 0, KIB(256) },
		{ 512, 4096, 0, KIB(256) },
		{ 515, 4096, 0, KIB(256) },
		/* And is more than that */
		{ 516, 4096, 0, KIB(258) },
		{ 519, 4096, 0, KIB(258) },
		{ 1024, 4096, 0, KIB(512) },
		{ 4096, 1024, 0, KIB(2048) },
		{ 4096, 512, 0, KIB(1024) },
		/* 1 GiB */
		{ 524288, 1048576, 0, KIB(256 * 1024) },
		{ 524288, 131072, 0, KIB(256 * 1024) },
		{ 524288, 65536, 0, KIB(128 * 1024) },
	};
	struct fixture f;
	unsigned int i;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].segsize > SET && !rig_build.has_segsize)
			continue;
		setup(&f, KUKUI_BASE, rows[i].slots, rows[i].segsize);
		f.dev.min_align_mask = rows[i].min_align_mask;
		size = rig_max_mapping_size(&f.dev);
		expect(size == rows[i].announced,
		       "%lu slots, segment %u, min_align_mask 0x%x: announced %zu, expected %zu",
		       rows[i].slots, rows[i].segsize, rows[i].min_align_mask, size,
		       rows[i].announced);
		teardown(&f);
	}
}

/*
 * Whatever is announced can be mapped in an empty pool, from wherever the
 * original begins; for a device that wants bits preserved, too.
 */
static void kept(void)
{
	static const unsigned int sizes[] = {
		128, 129, 256, 300, 511, 512, 513, 4096, 5000, 20992,
	};
	static const unsigned int masks[] = { 0, 511, 2047, 4095, 0xffff };
	unsigned int i, j, base, orig, segsize;
	struct fixture f;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (segsize = SET; segsize <= 32768; segsize *= 4) {
			if (segsize > SET && !rig_build.has_segsize)
				break;
			for (base = 0; base < 3; base++) {
				setup(&f, KUKUI_BASE + base * RIG_PAGE, sizes[i], segsize);
				for (j = 0; j < ARRAY_SIZE(masks); j++) {
					if (masks[j] >= SET * RIG_SLOT)
						break;
					f.dev.min_align_mask = masks[j];
					for (orig = 0; orig < 0x20000; orig += 0x1fff)
						model_check_announced(&f.m, &f.dev,
								      SOURCE + orig);
				}
				teardown(&f);
			}
		}
	}
}

/* So it can while another buffer is in use, wherever that is: not so all of a pool. */
static void beside_another(void)
{
	static const unsigned int sizes[] = { 512, 516, 700, 1024, 4096 };
	struct model_buf *bufs[4096], *buf;
	unsigned int i, j, k, pages;
	struct fixture f;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		setup(&f, KUKUI_BASE, sizes[i], 1048576);
		pages = sizes[i] * RIG_SLOT / RIG_PAGE;
		for (j = 0; j < pages; j += max(pages / 64, 1U)) {
			for (k = 0; k < pages; k++)
				bufs[k] = model_must_alloc(&f.m, &f.dev, RIG_PAGE);
			buf = bufs[j];
			for (k = 0; k < pages; k++)
				if (k != j)
					model_free(&f.m, bufs[k]);
			model_check_announced(&f.m, &f.dev, SOURCE);
			model_free(&f.m, buf);
		}
		teardown(&f);
	}
}

/* Without a pool: what there would be. */
static void no_pool(void)
{
	struct device dev;

	rig_device_init(&dev, "device");
	expect(rig_max_mapping_size(&dev) == SET * RIG_SLOT, "announced are %zu",
	       rig_max_mapping_size(&dev));
	expect(rig_map(&dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "a mapping without a pool");
}

static const struct test tests[] = {
	{ "a table", table, NEEDS_SETS_128 },
	{ "what is announced can be mapped", kept },
	{ "what is announced can be mapped beside another buffer", beside_another,
	  NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "no pool", no_pool },
	{ }
};

test_suite(announce, tests);
