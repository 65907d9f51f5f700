// SPDX-License-Identifier: GPL-2.0
/*
 * The slots in use as debugfs shows them, in io_tlb_map, are those that the slots
 * themselves say. That what is read while buffers come and go has the same form
 * is a matter of tests/threads.c.
 */
#include "test.h"

static struct fixture f;
static struct device dev;
static struct model m;

void expect_map(const char *text)
{
	unsigned long long start;
	unsigned long nslots, area, first, last, next;
	char end;
	int n;

	for (; *text; text += n) {
		expect(sscanf(text, "0x%16llx %lu %lu%n", &start, &nslots, &area, &n) == 3,
		       "no pool: %.60s", text);
		expect(area && area <= nslots, "%lu slots, %lu an area", nslots, area);
		next = 0;
		for (text += n, end = ' '; *text == end; text += n, end = ',') {
			expect(sscanf(text + 1, "%lu%n", &first, &n) == 1, "no slot: %.60s",
			       text);
			n++;
			last = first;
			if (text[n] == '-') {
				text += n;
				expect(sscanf(text + 1, "%lu%n", &last, &n) == 1,
				       "no slot: %.60s", text);
				n++;
				expect(last > first, "%lu is one slot: %.60s", first, text);
			}
			expect(first >= next, "%lu behind %lu", first, next);
			expect(last < nslots, "%lu of %lu slots", last, nslots);
			next = last + 1;
		}
		expect(*text == '\n', "the line goes on: %.60s", text);
		n = 1;
	}
}

/* What is shown is one line for each view, from what the slots say. */
static void compare(const char *dir, const struct rig_view *views, unsigned int n)
{
	char *shown = rig_debugfs_text(dir, "io_tlb_map"), *rest = shown;
	unsigned int i;

	expect(shown, "debugfs has no %s/io_tlb_map", dir);
	expect_map(shown);
	for (i = 0; i < n; i++) {
		char *line = rig_map_text(&views[i]);

		expect(!strncmp(rest, line, strlen(line)),
		       "shown is %.200s, expected %.200s", rest, line);
		rest += strlen(line);
		free(line);
	}
	expect(!*rest, "there is more: %.200s", rest);
	free(shown);
}

static void expect_line(const char *line)
{
	char *shown = rig_debugfs_text("memory@50000000", "io_tlb_map");

	expect(!strcmp(shown, line), "shown is '%s', expected '%s'", shown, line);
	free(shown);
}

/*
 * 200 slots, in more than three words, and the last of these is not complete:
 *
 *	none, the first, the last too, all, holes of 1 and more at the words' ends
 */
static void ranges(void)
{
	struct model_buf **bufs, *first;

	setup(&f, 0x50000000, 200, 0);
	expect_line("0x0000000050000000 200 200\n");
	first = model_must_map(&f.m, &f.dev, SOURCE, RIG_SLOT, 0, DMA_TO_DEVICE);
	expect_line("0x0000000050000000 200 200 0\n");
	model_free(&f.m, first);
	bufs = fill(&f);
	expect_line("0x0000000050000000 200 200 0-199\n");
	open_hole(&f, bufs, 1, 62);
	expect_line("0x0000000050000000 200 200 0,63-199\n");
	open_hole(&f, bufs, 64, 1);
	open_hole(&f, bufs, 127, 2);
	expect_line("0x0000000050000000 200 200 0,63,65-126,129-199\n");
	open_hole(&f, bufs, 190, 9);
	expect_line("0x0000000050000000 200 200 0,63,65-126,129-189,199\n");
	compare("memory@50000000", &f.view, 1);
	open_hole(&f, bufs, 199, 1);
	compare("memory@50000000", &f.view, 1);
	free(bufs);
	teardown(&f);
}

/* More ranges than a page has room for: every other slot of krane's pool */
static void many(void)
{
	unsigned long i;
	char *shown;

	setup(&f, 0x50000000, 20992, rig_build.has_segsize ? 32 * SET : 0);
	/* With each mapping it would look at all slots. */
	model_exit(&f.m);
	for (i = 0; i < f.view.nslabs; i++)
		rig_map(&f.dev, SOURCE, RIG_SLOT, 0, DMA_TO_DEVICE, 0);
	for (i = 0; i < f.view.nslabs; i += 2)
		rig_unmap(&f.dev, f.view.start + i * RIG_SLOT, RIG_SLOT, DMA_TO_DEVICE, 0);
	compare("memory@50000000", &f.view, 1);
	shown = rig_debugfs_text("memory@50000000", "io_tlb_map");
	expect(strlen(shown) > 10000, "only %zu characters", strlen(shown));
	free(shown);
	rig_pool_destroy(&f.pool);
}

/* Each area has something in use. */
static void areas(void)
{
	struct rig_view view;

	rig_default_early("4096,4", 0);
	rig_default_growth(false);
	rig_default_debugfs();
	rig_device_init(&dev, "device");
	model_init(&m, &dev, SET);
	expect(rig_pools(&dev, &view, 1) == 1, "there is not one pool");
	expect(view.area_nslabs == 1024, "an area has %u slots", view.area_nslabs);
	for (rig_cpu = 0; rig_cpu < 4; rig_cpu++)
		model_must_map(&m, &dev, SOURCE, (rig_cpu + 1) * RIG_SLOT, 0, DMA_TO_DEVICE);
	rig_cpu = 0;
	compare("swiotlb", &view, 1);
	model_drain(&m);
	compare("swiotlb", &view, 1);
	model_exit(&m);
	rig_default_exit();
}

/* Pools that were added are shown, with a line each, and transient ones are not. */
static void growth(void)
{
	struct model_buf *transient;
	struct rig_view views[3];

	rig_default_early("512,1", 0);
	rig_default_debugfs();
	rig_device_init(&dev, "device");
	model_init(&m, &dev, SET);
	while (rig_used(&dev) < 512)
		model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	transient = model_must_map(&m, &dev, SOURCE, 50000, 0, DMA_TO_DEVICE);
	rig_run_work();
	model_update_pools(&m);
	expect(rig_pools(&dev, views, 3) == 3, "there are not three pools");
	expect(views[2].transient, "the last one is not transient");
	model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	compare("swiotlb", views, 2);
	model_free(&m, transient);
	compare("swiotlb", views, 2);
	model_drain(&m);
	rig_run_work();
	model_update_pools(&m);
	model_exit(&m);
	rig_default_exit();
}

/* A pool that the kernel has done away with, after its files were made */
static void torn_down(void)
{
	rig_default_early("4096,4", 0);
	rig_default_debugfs();
	expect(rig_default_teardown(), "it stays");
	compare("swiotlb", NULL, 0);
}

static const struct test tests[] = {
	{ "ranges", ranges, NEEDS_MAP | NEEDS_SETS_128 },
	{ "many ranges", many, NEEDS_MAP | NEEDS_SETS_128 },
	{ "areas", areas, NEEDS_MAP | NEEDS_SETS_128 },
	{ "pools that were added", growth, NEEDS_MAP | NEEDS_DYNAMIC | NEEDS_SETS_128 },
	{ "torn down", torn_down, NEEDS_MAP | NEEDS_SETS_128 },
	{ }
};

test_suite(occupancy, tests);
