// SPDX-License-Identifier: GPL-2.0
/*
 * The default pool, which the series is to leave as it is: its areas, and with
 * CONFIG_SWIOTLB_DYNAMIC the pools that it grows.
 */
#include "test.h"

static struct device dev;
static struct model m;
static struct rig_view view;

static void begin(unsigned int segsize)
{
	default_begin(&dev, &m, &view, segsize);
}

static void end(void)
{
	default_end(&m);
}

/* Made at boot, as the command line says: slots, areas */
static void at_boot(void)
{
	static const struct {
		const char *param;
		unsigned long slots;
		unsigned int areas;
	} rows[] = {
		{ "4096,4", 4096, 4 },
		{ "4096,1", 4096, 1 },
		{ "4096,3", 4096, 4 },
		{ "1000,1", 1024, 1 },
		{ "256,8", 1024, 8 },
		{ NULL, 32768, 4 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		rig_default_early(rows[i].param, 0);
		begin(SET);
		expect(view.nslabs == rows[i].slots && view.nareas == rows[i].areas,
		       "swiotlb=%s: %lu slots in %u areas, expected %lu in %u",
		       rows[i].param ?: "", view.nslabs, view.nareas, rows[i].slots,
		       rows[i].areas);
		expect(rig_max_mapping_size(&dev) == SET * RIG_SLOT, "announced are %zu",
		       rig_max_mapping_size(&dev));
		end();
	}
}

/* Made later, from pages: no more than these give in one piece */
static void late(void)
{
	expect(!rig_default_late(4 * SZ_1M, 4), "no pool of 4 MiB");
	begin(SET);
	expect(view.nslabs == 2048 && view.nareas == 4, "%lu slots in %u areas",
	       view.nslabs, view.nareas);
	end();
	/* 64 MiB are too large for the page allocator; what it has is taken. */
	expect(!rig_default_late(64 * SZ_1M, 2), "no pool, although there are 4 MiB");
	begin(SET);
	expect(view.nslabs == RIG_PAGE << MAX_PAGE_ORDER >> RIG_SLOT_SHIFT ||
	       view.nslabs == 32768, "%lu slots", view.nslabs);
	end();
}

/*
 * Not needed after all, it is freed; one that is made after that is like the first.
 * With bouncing forced it stays.
 */
static void torn_down(void)
{
	unsigned int i;

	expect(rig_default_teardown(), "it stays, although there is none");
	for (i = 0; i < 2; i++) {
		if (i)
			rig_default_early("4096,4", 0);
		else
			expect(!rig_default_late(4 * SZ_1M, 4), "no pool of 4 MiB");
		rig_default_growth(false);
		begin(SET);
		model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
		model_drain(&m);
		model_exit(&m);
		expect(rig_default_teardown(), "it stays");
		expect(!rig_pages_in_use(), "%zu bytes of pages were never freed",
		       rig_pages_in_use());
	}
	rig_default_early("4096,4,force", 0);
	begin(SET);
	expect(!rig_default_teardown(), "it goes, although all is bounced");
	model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	end();
}

/*
 * Four areas. Each CPU begins with its own, and goes on with the others when
 * that is full:
 *
 *	CPU 2:	[  0  ][  1  ][# 2 #][  3  ]	then 3, 0, 1
 */
static void all_areas(void)
{
	static const unsigned int order[] = { 2, 3, 0, 1 };
	unsigned int i, j;

	rig_default_early("4096,4", 0);
	rig_default_growth(false);
	begin(SET);
	rig_cpu = 6;
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 1024 / SET; j++) {
			struct model_buf *buf;

			buf = model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0,
					     DMA_TO_DEVICE);
			expect(buf->first / 1024 == order[i],
			       "it is in area %lu, expected %u", buf->first / 1024,
			       order[i]);
		}
	}
	expect(!model_map(&m, &dev, SOURCE, 1, 0, DMA_TO_DEVICE), "all areas are full");
	end();
}

/* A buffer of the default pool is in one slot set, and one may be all of it. */
static void limit(void)
{
	rig_default_early("4096,1", 0);
	rig_default_growth(false);
	begin(SET);
	model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	expect(!model_map(&m, &dev, SOURCE, SET * RIG_SLOT + 1, 0, DMA_TO_DEVICE),
	       "a mapping of more than a slot set");
	end();
}

/*
 * A full pool that may grow: the mapping gets a transient pool of its own at
 * once, and others find a larger pool when the work has run. The transient pool
 * goes with its mapping.
 */
static void growth(void)
{
	struct model_buf *transient, *grown;

	rig_default_early("512,1", 0);
	begin(SET);
	while (rig_used(&dev) < 512)
		model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	transient = model_must_map(&m, &dev, SOURCE, 50000, 0, DMA_TO_DEVICE);
	expect(transient->pool->view.transient, "the mapping is in no transient pool");
	expect(transient->pool->view.nslabs == 25, "it has %lu slots, expected 25",
	       transient->pool->view.nslabs);
	expect(rig_run_work() == 1, "not one work was left to do");
	model_update_pools(&m);
	expect(m.npools == 3, "there are %u pools, expected 3", m.npools);
	grown = model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	expect(!grown->pool->view.transient, "the mapping is in a transient pool");
	model_free(&m, transient);
	expect(m.npools == 2, "there are %u pools, expected 2", m.npools);
	expect(rig_run_work() == 1, "the transient pool is not freed");
	end();
}

/*
 * At boot there is room for 4 MiB only, so for 16 areas and not 64. A pool that comes
 * later has areas of whole slot sets, too.
 */
static void growth_after_less(void)
{
	unsigned int i;

	rig_fail_above(4UL << 20);
	rig_default_early("8192,64", 0);
	begin(SET);
	while (rig_used(&dev) < 2048)
		model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	model_must_map(&m, &dev, SOURCE, RIG_PAGE, 0, DMA_TO_DEVICE);
	expect(rig_run_work() == 1, "not one work was left to do");
	model_update_pools(&m);
	for (i = 0; i < m.npools; i++)
		expect(m.pools[i]->view.transient ||
		       m.pools[i]->view.area_nslabs % SET == 0,
		       "pool %u has areas of %u slots", i, m.pools[i]->view.area_nslabs);
	expect(m.npools == 3, "there are %u pools, expected 3", m.npools);
	end();
}

/* More than a segment: no pool is made for that. */
static void growth_limit(void)
{
	rig_default_early("512,1", 0);
	begin(SET);
	expect(!model_map(&m, &dev, SOURCE, SET * RIG_SLOT + 1, 0, DMA_TO_DEVICE),
	       "a mapping of more than a slot set");
	expect(!rig_run_work(), "the pool grows for what it cannot serve");
	end();
}

/* A restricted pool never grows. */
static void restricted_does_not_grow(void)
{
	struct fixture f;

	setup(&f, 0x50000000, 2 * SET, rig_build.has_segsize ? 2 * SET : 0);
	free(fill(&f));
	expect(!model_map(&f.m, &f.dev, SOURCE, 1, 0, DMA_TO_DEVICE), "it was full");
	expect(!rig_run_work(), "it grows");
	teardown(&f);
}

/* swiotlb=track_hiwater: in use now, and the most that ever was */
static void hiwater(void)
{
	struct model_buf *buf;

	rig_default_early("4096,4,track_hiwater", 0);
	rig_default_growth(false);
	rig_device_init(&dev, "device");
	model_init(&m, &dev, SET);
	m.tracked = true;
	buf = model_must_map(&m, &dev, SOURCE, 100 * RIG_SLOT, 0, DMA_TO_DEVICE);
	model_must_map(&m, &dev, SOURCE, 20 * RIG_SLOT, 0, DMA_TO_DEVICE);
	expect(rig_used(&dev) == 120, "%lu slots are used, expected 120", rig_used(&dev));
	model_free(&m, buf);
	expect(rig_used(&dev) == 20, "%lu slots are used, expected 20", rig_used(&dev));
	end();
}

static const struct test tests[] = {
	{ "at boot", at_boot, NEEDS_SETS_128 },
	{ "late", late, NEEDS_SETS_128 },
	{ "torn down", torn_down, NEEDS_SETS_128 },
	{ "areas", all_areas, NEEDS_SETS_128 },
	{ "limit", limit, NEEDS_SETS_128 },
	{ "growth", growth, NEEDS_DYNAMIC | NEEDS_SETS_128 },
	{ "growth after less than was asked for", growth_after_less,
	  NEEDS_DYNAMIC | NEEDS_SETS_128 | NEEDS_FEWER_AREAS },
	{ "growth has the same limit", growth_limit, NEEDS_DYNAMIC | NEEDS_SETS_128 },
	{ "a restricted pool does not grow", restricted_does_not_grow },
	{ "track_hiwater", hiwater, NEEDS_SETS_128 },
	{ }
};

test_suite(default, tests);
