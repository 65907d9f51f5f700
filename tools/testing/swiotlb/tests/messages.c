// SPDX-License-Identifier: GPL-2.0
/*
 * What is said of a request that is refused: that it is larger than the pool's limit,
 * and which property to set, or that the pool is full. Not both, and nothing to who asked
 * for silence.
 */
#include "test.h"

static struct fixture f;

/* What is said: nothing if @said is %NULL; otherwise it contains this, in one line. */
static void expect_said(const char *said, const char *of)
{
	const char *log = rig_log(), *end = strchr(log, '\n');

	if (!said)
		expect(!*log, "%s: said is '%s', expected nothing", of, log);
	else
		expect(strstr(log, said) && end && !end[1],
		       "%s: said is '%s', expected '%s'", of, log, said);
	rig_log_reset();
}

static void refused_map(struct device *dev, size_t bytes, unsigned long attrs, const char *said)
{
	rig_log_reset();
	expect(rig_map(dev, SOURCE, bytes, 0, DMA_TO_DEVICE, attrs) == RIG_NO_ADDR,
	       "%zu bytes are mapped", bytes);
	expect_said(said, "a mapping");
}

static void refused_alloc(struct device *dev, size_t bytes, unsigned long attrs, const char *said)
{
	rig_log_reset();
	expect(rig_alloc_attrs(dev, bytes, attrs) == RIG_NO_ADDR, "%zu bytes are allocated", bytes);
	expect_said(said, "a coherent buffer");
}

/* A slot more than the limit, wherever the limit is, in an empty pool */
static void over_the_limit(void)
{
	static const unsigned int segsizes[] = { 128, 256, 4096 };
	unsigned int i, segsize;
	char said[128];
	size_t bytes;

	for (i = 0; i < ARRAY_SIZE(segsizes); i++) {
		segsize = segsizes[i];
		setup(&f, RIG_POOLS, 8192, i ? segsize : 0);
		bytes = segsize * RIG_SLOT + 1;
		snprintf(said, sizeof(said),
			 "warn: device: swiotlb buffer of %zu bytes needs %u slots, the pool's io-tlb-segsize allows %u\n",
			 bytes, segsize + 1, segsize);
		refused_map(&f.dev, bytes, 0, said);
		refused_map(&f.dev, bytes, DMA_ATTR_NO_WARN, NULL);
		if (rig_build.alloc_has_attrs) {
			refused_alloc(&f.dev, bytes, 0, said);
			refused_alloc(&f.dev, bytes, DMA_ATTR_NO_WARN, NULL);
		}
		teardown(&f);
	}
}

/* As much as the limit allows, but the pool is full; coherent requests say nothing then. */
static void no_room(void)
{
	setup(&f, RIG_POOLS, 1024, 1024);
	model_must_alloc(&f.m, &f.dev, RIG_PAGE);
	refused_map(&f.dev, 1024 * RIG_SLOT, 0, "swiotlb buffer is full (sz: 2097152 bytes)");
	refused_map(&f.dev, 1024 * RIG_SLOT, DMA_ATTR_NO_WARN, NULL);
	refused_alloc(&f.dev, 1024 * RIG_SLOT, 0, NULL);
	/* More than the pool has is refused by the limit only if that is less. */
	refused_map(&f.dev, 1024 * RIG_SLOT + 1, 0, "needs 1025 slots, the pool's");
	teardown(&f);
}

/* The default pool has no such property: what it says and shows is as ever. */
static void of_the_default_pool(void)
{
	struct device dev;
	u64 shown;

	rig_default_early("1024,1", 0);
	rig_device_init(&dev, "device");
	rig_default_debugfs();
	expect(rig_debugfs("swiotlb", "io_tlb_nslabs", &shown), "no files in debugfs");
	expect(!rig_debugfs("swiotlb", "io_tlb_segsize", &shown), "it shows a segment size");
	refused_map(&dev, SET * RIG_SLOT + 1, 0, "swiotlb buffer is full (sz: 262145 bytes)");
	refused_map(&dev, SET * RIG_SLOT + 1, DMA_ATTR_NO_WARN, NULL);
}

static const struct test tests[] = {
	{ "over the limit", over_the_limit, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "no room", no_room, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "of the default pool", of_the_default_pool, NEEDS_SETS_128 | NEEDS_STATIC },
	{ }
};

test_suite(messages, tests);
