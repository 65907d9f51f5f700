// SPDX-License-Identifier: GPL-2.0
/*
 * Edges of the allocator that patches/fixes fixes: requests of sizes and alignments that
 * are rarely met, and default pools that are not there, or no more.
 */
#include "test.h"

#define BASE	0x50000000ULL

static struct device dev;
static struct fixture f;

/* ---- the search ---- */

/*
 * Coherent buffers of half a slot set in a pool that begins, and ends, between two places
 * with their alignment. All is used but one of these:
 *
 *	    *       *       *       *
 *	####........####################
 *	     ^ the search begins behind it, and steps over the end
 *
 * Expected: found, wherever it is and wherever the search begins.
 */
static void wrap(void)
{
	const unsigned int nslots = SET / 2, slots = 4 * SET;
	unsigned long hole, index;
	struct model_buf **bufs;
	struct model_buf *buf;

	setup(&f, BASE + nslots / 2 * RIG_SLOT, slots, 0);
	bufs = fill(&f);
	for (hole = nslots / 2; hole + nslots <= slots; hole += nslots) {
		if (hole % SET + nslots > SET)
			continue;
		open_hole(&f, bufs, hole, nslots);
		for (index = 0; index < slots; index++) {
			rig_set_index(&f.view, 0, index);
			buf = model_must_alloc(&f.m, &f.dev, nslots * RIG_SLOT);
			expect(buf->first == hole, "at slot %lu, expected %lu", buf->first, hole);
			model_free(&f.m, buf);
		}
		for (index = hole; index < hole + nslots; index++)
			bufs[index] = model_must_map(&f.m, &f.dev, SOURCE, RIG_SLOT, 0,
						     DMA_TO_DEVICE);
	}
	free(bufs);
	teardown(&f);
}

/* ---- sizes ---- */

/* A slot set, and no byte more */
static void more_than_a_set(void)
{
	const size_t bytes[] = {
		1UL << 31, (1UL << 31) + 1, 1UL << 32, 3UL << 31, 1UL << 40,
		/* Their numbers of slots, of which an unsigned int sees the last bits */
		1UL << 43, (1UL << 43) + 4096,
		SET * RIG_SLOT + 1, 2 * SET * RIG_SLOT,
	};
	unsigned int i;

	setup(&f, BASE, 4 * SET, 0);
	/* UndefinedBehaviorSanitizer sees that nothing is shifted out of its type. */
	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		expect(rig_alloc(&f.dev, bytes[i]) == RIG_NO_ADDR, "0x%zx bytes in a pool of 0x%lx",
		       bytes[i], 4 * SET * RIG_SLOT);
	model_must_alloc(&f.m, &f.dev, SET * RIG_SLOT);
	teardown(&f);
}

/* No bytes: refused, and no bug */
static void nothing(void)
{
	setup(&f, BASE, 4 * SET, 0);
	expect(rig_alloc(&f.dev, 0) == RIG_NO_ADDR, "0 bytes are at an address");
	model_must_alloc(&f.m, &f.dev, RIG_PAGE);
	teardown(&f);
}

/* A default pool of 1 MiB and less, to the smallest: a slot set, or a page of more */
static void small_late(void)
{
	static const size_t bytes[] = { SZ_1M, SZ_1M / 2, SZ_1M / 4, 4096, 2048 };
	struct rig_view view;
	unsigned int i;
	size_t slots;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		slots = max(ALIGN(bytes[i], SET * RIG_SLOT), RIG_PAGE) / RIG_SLOT;
		expect(!rig_default_late(bytes[i], 1), "no pool of %zu bytes", bytes[i]);
		rig_device_init(&dev, "device");
		expect(rig_pools(&dev, &view, 1) == 1 && view.nslabs == slots,
		       "%zu bytes: the pool has %lu slots, expected %zu", bytes[i], view.nslabs,
		       slots);
		rig_default_exit();
	}
	/* Without memory for the smallest it is an error, and not tried for ever. */
	rig_fail_above(0);
	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		expect(rig_default_late(bytes[i], 1) == -ENOMEM, "%zu bytes of no memory",
		       bytes[i]);
}

/* Of 4 MiB there is only 1 MiB, which is the least that is taken instead. */
static void less_late(void)
{
	struct rig_view view;

	rig_fail_above(SZ_1M);
	expect(!rig_default_late(4 * SZ_1M, 1), "no pool, although there is 1 MiB");
	rig_device_init(&dev, "device");
	expect(rig_pools(&dev, &view, 1) == 1 && view.nslabs == SZ_1M / RIG_SLOT,
	       "the pool has %lu slots", view.nslabs);
	rig_default_exit();
	rig_fail_above(SZ_1M / 2);
	expect(rig_default_late(4 * SZ_1M, 1) == -ENOMEM, "less than the least is taken");
}

/*
 * 2 MiB cannot be remapped, and 1 MiB can, or cannot: then other pages are asked for, as
 * the first ones have been freed.
 */
static void late_remapped(void)
{
	struct rig_view view;

	rig_remap = true;
	rig_remap_most = SZ_1M / RIG_SLOT;
	expect(!rig_default_late(2 * SZ_1M, 1), "no pool, although 1 MiB can be remapped");
	rig_device_init(&dev, "device");
	expect(rig_pools(&dev, &view, 1) == 1 && view.nslabs == SZ_1M / RIG_SLOT,
	       "the pool has %lu slots", view.nslabs);
	expect(rig_pages_in_use() >= SZ_1M, "its pages are free: %zu bytes are in use",
	       rig_pages_in_use());
	rig_default_exit();
	rig_remap_most = SZ_1M / RIG_SLOT - 1;
	expect(rig_default_late(2 * SZ_1M, 1) == -ENOMEM, "what cannot be remapped is taken");
	expect(!rig_pages_in_use(), "%zu bytes are in use", rig_pages_in_use());
}

/* ---- released twice ---- */

/* One warning, and all is as before. */
static void expect_warning(const void *before, unsigned long used, const char *what)
{
	size_t bytes = rig_state_bytes(&f.view);
	void *after = malloc(bytes);

	rig_state_get(&f.view, after);
	expect(rig_used(&f.dev) == used, "%s: %ld slots are used", what,
	       (long)rig_used(&f.dev));
	expect(!memcmp(before, after, bytes), "%s: slots or counts are changed", what);
	expect(rig_log_count(RIG_BUG) == 1 && strstr(rig_log(), "released twice"),
	       "%s: no warning, or more than one: %s", what, rig_log());
	rig_log_reset();
	free(after);
}

/*
 * A buffer that does not begin at the start of a slot, because the device keeps address
 * bits, is unmapped twice, and others, beside one that stays:
 *
 *	|..##|####|##..|....|....
 *	   ^ offset 512
 */
static void twice(void)
{
	static const struct {
		size_t offset, bytes;
		unsigned int min_align_mask;
	} rows[] = {
		{ 512, 3000, 4095 },
		{ 2560, 3000, 4095 },
		{ 0, 3000, 4095 },
		{ 0, 2048, 0 },
	};
	struct model_buf **bufs;
	struct model_buf *buf;
	phys_addr_t addr;
	unsigned int i;
	void *before;

	setup(&f, BASE, 4 * SET, 0);
	before = malloc(rig_state_bytes(&f.view));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		f.dev.min_align_mask = rows[i].min_align_mask;
		buf = model_must_map(&f.m, &f.dev, SOURCE + rows[i].offset, rows[i].bytes, 0,
				     DMA_TO_DEVICE);
		addr = buf->addr;
		model_free(&f.m, buf);
		rig_log_reset();
		rig_state_get(&f.view, before);
		rig_unmap(&f.dev, addr, rows[i].bytes, DMA_TO_DEVICE, 0);
		expect_warning(before, 0, "a mapping");
	}
	addr = rig_alloc(&f.dev, RIG_PAGE);
	expect(addr != RIG_NO_ADDR && rig_free(&f.dev, addr, RIG_PAGE), "no page");
	rig_state_get(&f.view, before);
	rig_free(&f.dev, addr, RIG_PAGE);
	expect_warning(before, 0, "a coherent buffer");

	/* The only free slot, between two that are in use */
	f.dev.min_align_mask = 0;
	bufs = fill(&f);
	addr = bufs[5]->addr;
	model_free(&f.m, bufs[5]);
	free(bufs);
	rig_state_get(&f.view, before);
	rig_unmap(&f.dev, addr, RIG_SLOT, DMA_TO_DEVICE, 0);
	expect_warning(before, 4 * SET - 1, "the only free slot");
	free(before);
	teardown(&f);
}

/* ---- the default pool ---- */

/* Without a default pool, none of its areas are there to be searched: restricted pools work. */
static void no_default_pool(void)
{
	rig_set_default_nareas(0);
	setup(&f, BASE, 4 * SET, 0);
	free(fill(&f));
	teardown(&f);
	setup(&f, BASE, 4 * SET, 0);
	model_must_alloc(&f.m, &f.dev, RIG_PAGE);
	teardown(&f);
}

/* Freed, as no device needs it: nothing of it is left, and reading its files does no harm. */
static void torn_down(void)
{
	struct rig_view view;
	unsigned int i;
	u64 value;

	for (i = 0; i < 2; i++) {
		if (i)
			rig_default_early("4096,4", 0);
		else
			expect(!rig_default_late(4 * SZ_1M, 4), "no pool of 4 MiB");
		if (!i)
			rig_default_debugfs();
		rig_default_growth(true);
		rig_device_init(&dev, "device");
		expect(rig_default_teardown(), "it stays");
		expect(!rig_nslabs(&dev), "%lu slots are left", rig_nslabs(&dev));
		expect(!rig_pools(&dev, &view, 1), "the pool is left in the list");
		expect(rig_debugfs("swiotlb", "io_tlb_used", &value) && !value,
		       "io_tlb_used is %llu", (unsigned long long)value);
		expect(!rig_can_grow(&dev), "it may grow again");
		expect(rig_map(&dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
		       "a byte was mapped in no pool");
	}
}

/* ---- memory encryption ---- */

static void expect_refused(phys_addr_t addr, const char *has, const char *required)
{
	char text[80];

	snprintf(text, sizeof(text), "pool is %s, but %s memory is required", has, required);
	expect(addr == RIG_NO_ADDR, "served by a pool that is %s", has);
	expect(strstr(rig_log(), text), "no message '%s': %s", text, rig_log());
	rig_log_reset();
}

static void expect_silence(phys_addr_t addr)
{
	expect(addr == RIG_NO_ADDR, "served by a pool of the other kind");
	expect(!strstr(rig_log(), "pool is"), "said is: %s", rig_log());
}

/*
 * A pool of one kind and a request for the other: refused by a message that names both,
 * unless none is wanted
 */
static void encryption(void)
{
	setup(&f, BASE, 4 * SET, 0);
	rig_cc = true;
	expect_refused(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0), "encrypted",
		       "decrypted");
	expect_silence(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN));
	rig_cc_host = true;
	expect_refused(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0), "encrypted",
		       "decrypted");
	expect_silence(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN));
	rig_cc = false;
	rig_cc_host = false;
	rig_log_reset();
	model_must_map(&f.m, &f.dev, SOURCE, 1, 0, DMA_TO_DEVICE);
	model_must_alloc(&f.m, &f.dev, RIG_PAGE);
	expect(!*rig_log(), "said is: %s", rig_log());
	teardown(&f);

	rig_cc = true;
	setup(&f, BASE, 4 * SET, 0);
	rig_log_reset();
	expect_refused(rig_alloc(&f.dev, RIG_PAGE), "decrypted", "encrypted");
	expect(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0) != RIG_NO_ADDR,
	       "a byte of shared memory");
	expect(!strstr(rig_log(), "pool is"), "said is: %s", rig_log());
}

/* A mapping that must not be bounced is refused, without a word. */
static void no_bounce(void)
{
	setup(&f, BASE, 4 * SET, 0);
	rig_log_reset();
	expect(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, DMA_ATTR_NO_BOUNCE) == RIG_NO_ADDR,
	       "a bounce buffer");
	expect(!*rig_log(), "said is: %s", rig_log());
	model_check(&f.m);
	teardown(&f);
}

/*
 * A device with a min_align_mask of two slots, whose original begins in the second one.
 * Every second slot of the pool is free, and the search is to begin at the fifth:
 *
 *	[#.#.#.#.#.#.#.#.]
 *
 * Expected: it ends, although its steps pass over the slot that it began at.
 */
static void never_ending(void)
{
	struct model_buf **bufs;
	unsigned int i;

	setup(&f, BASE, 4 * SET, 0);
	bufs = fill(&f);
	for (i = 1; i < 4 * SET; i += 2)
		model_free(&f.m, bufs[i]);
	free(bufs);
	rig_set_index(&f.view, 0, 4);
	f.dev.min_align_mask = 2 * RIG_SLOT - 1;
	expect(!model_map(&f.m, &f.dev, SOURCE + RIG_SLOT, 4 * RIG_SLOT, 0, DMA_TO_DEVICE),
	       "a place for four slots");
	teardown(&f);
}

/*
 * The same device. Only one slot is free, the one before that at which the search begins:
 *
 *	[###.####]
 *	     ^
 *
 * Expected: it is found, although a step of two slots ends past the end of the pool.
 */
static void last_looked_at(void)
{
	struct model_buf **bufs;

	setup(&f, BASE, 4 * SET, 0);
	bufs = fill(&f);
	model_free(&f.m, bufs[3]);
	free(bufs);
	rig_set_index(&f.view, 0, 4);
	f.dev.min_align_mask = 2 * RIG_SLOT - 1;
	model_must_map(&f.m, &f.dev, SOURCE + RIG_SLOT, 1, 0, DMA_TO_DEVICE);
	teardown(&f);
}

static const struct test tests[] = {
	{ "the search wraps around", wrap,
	  NEEDS_FIXES | NEEDS_ALIGNMENT | NEEDS_SETS_128 },
	{ "a coherent buffer of more than a slot set", more_than_a_set,
	  NEEDS_FIXES | NEEDS_ALIGNMENT },
	{ "a coherent buffer of no bytes", nothing, NEEDS_FIXES | NEEDS_ALIGNMENT },
	{ "a late default pool of 1 MiB and less", small_late, NEEDS_FIXES | NEEDS_SETS_128 },
	{ "a late default pool of less than asked for", less_late,
	  NEEDS_FIXES | NEEDS_SETS_128 },
	{ "a late default pool that cannot be remapped", late_remapped,
	  NEEDS_FIXES | NEEDS_SETS_128 },
	{ "the slot before the first", last_looked_at, NEEDS_FIXES },
	{ "a search that ends", never_ending, 0, 10 },
	{ "released twice", twice, NEEDS_FIXES },
	{ "no default pool", no_default_pool, NEEDS_FIXES | NEEDS_DYNAMIC },
	{ "a default pool that is freed", torn_down, NEEDS_FIXES | NEEDS_SETS_128 },
	{ "a mapping that must not be bounced", no_bounce, NEEDS_FIXES },
	{ "a pool of the other encryption", encryption, NEEDS_FIXES | NEEDS_CC_POOLS },
	{ }
};

test_suite(edges, tests);
