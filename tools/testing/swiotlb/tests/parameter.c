// SPDX-License-Identifier: GPL-2.0
/*
 * swiotlb_segsize= on the command line: the default pool's segment size, its areas,
 * which are to hold a segment each, and with CONFIG_SWIOTLB_DYNAMIC the pools that it
 * grows.
 */
#include "test.h"

/* SWIOTLB_VERBOSE */
#define VERBOSE		BIT(0)

static struct device dev;
static struct model m;
static struct rig_view view;

static void begin(unsigned int segsize)
{
	default_begin(&dev, &m, &view, segsize);
}

static void __printf(2, 3) boot(unsigned int segsize, const char *fmt, ...)
{
	char cmdline[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(cmdline, sizeof(cmdline), fmt, args);
	va_end(args);
	rig_log_reset();
	rig_default_boot(cmdline, 0);
	begin(segsize);
}

static void end(void)
{
	default_end(&m);
}

static void set_cpus(unsigned int cpus)
{
	rig_cpus = cpus;
	rig_default_exit();
}

static struct model_buf *map(unsigned long slots)
{
	return model_must_map(&m, &dev, SOURCE, slots * RIG_SLOT, 0, DMA_TO_DEVICE);
}

/* The most slots of a pool that is made of pages */
static unsigned long most_of_pages(void)
{
	return RIG_PAGE << MAX_PAGE_ORDER >> RIG_SLOT_SHIFT;
}

/* ---- what is made of a value ---- */

static void one_value(const char *value, bool good, unsigned int slots)
{
	char expected[160] = "", cmdline[80] = "swiotlb=512,1";
	const char *said;

	if (value)
		snprintf(cmdline + strlen(cmdline), 60, " swiotlb_segsize%s", value);
	if (!good)
		snprintf(expected, sizeof(expected),
			 "err: software IO TLB: swiotlb_segsize=%s: must be a power of 2 from 128 to 1048576; using 128\n",
			 *value ? value + 1 : "");
	boot(slots, "%s", cmdline);
	said = strstr(rig_log(), "err: ") ?: "";
	expect(!strncmp(said, expected, strlen(expected)) &&
	       rig_log_count(RIG_ERR) == !good && !rig_log_count(RIG_WARN),
	       "%s: said is '%s', expected '%s'", cmdline, rig_log(), expected);
	expect(view.nslabs == 512 && view.nareas == 1, "%s: %lu slots in %u areas", cmdline,
	       view.nslabs, view.nareas);
	expect(rig_max_mapping_size(&dev) == min(slots, 512U) * RIG_SLOT,
	       "%s: announced are %zu", cmdline, rig_max_mapping_size(&dev));
	model_free(&m, map(min(slots, 512U)));
	expect(!model_map(&m, &dev, SOURCE, min(slots, 512U) * RIG_SLOT + 1, 0,
			  DMA_TO_DEVICE) || (rig_build.dynamic && slots > 512),
	       "%s: a mapping of more than is announced", cmdline);
	end();
}

/* Those of the property that are one number, and what only a parameter can be */
static void all_values(void)
{
	static const char * const bad[] = {
		"", "=", "=x", "=4096x", "=4096,4096", "=-4096", "=4096.0", "=4294967424",
		"=18446744073709551744", "=4K", "=0x", "=none",
	};
	static const char * const good[] = { "=0x1000", "=4096", "=+4096" };
	FILE *file = fopen(SEGSIZE_VALUES, "r");
	char line[256], *dts, *what, *slots, *close;
	unsigned int i, n = 0;

	expect(file, "cannot read " SEGSIZE_VALUES ": %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (*line == '#' || *line == '\n')
			continue;
		strtok(line, "\t");
		dts = strtok(NULL, "\t");
		what = strtok(NULL, "\t");
		slots = strtok(NULL, "\t\n");
		expect(slots, "a line of " SEGSIZE_VALUES " is too short: %s", line);
		close = strchr(dts, '>');
		if (strcmp(what, "absent") && (*dts != '<' || strchr(dts, ' ') || !close))
			continue;
		if (close) {
			*close = 0;
			*dts = '=';
		}
		one_value(strcmp(what, "absent") ? dts : NULL, strcmp(what, "range"),
			  strtoul(slots, NULL, 0));
		n++;
	}
	fclose(file);
	expect(n > 20, "only %u values in " SEGSIZE_VALUES, n);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		one_value(bad[i], false, 128);
	for (i = 0; i < ARRAY_SIZE(good); i++)
		one_value(good[i], true, 4096);
	printf("# %u values\n", n + i);
}

/* Whatever comes first; of several the last one counts, be it bad. */
static void any_order(void)
{
	static const struct {
		const char *cmdline;
		unsigned int segsize, areas;
	} rows[] = {
		{ "swiotlb=8192,8 swiotlb_segsize=2048", 2048, 4 },
		{ "swiotlb_segsize=2048 swiotlb=8192,8", 2048, 4 },
		{ "swiotlb_segsize=2048 swiotlb=8192,8,force", 2048, 4 },
		{ "swiotlb=force swiotlb_segsize=2048 swiotlb=8192,8", 2048, 4 },
		{ "swiotlb=8192 swiotlb_segsize=2048", 2048, 4 },
		{ "swiotlb_segsize=4096 swiotlb=8192,8 swiotlb_segsize=1024", 1024, 8 },
		{ "swiotlb_segsize=3 swiotlb=8192,8 swiotlb_segsize=1024", 1024, 8 },
		{ "swiotlb_segsize=1024 swiotlb_segsize=3 swiotlb=8192,8", 128, 8 },
		{ "swiotlb=8192,8 swiotlb_segsizes=1024", 128, 8 },
		/* Two of the one: no power of two */
		{ "swiotlb=4096,8 swiotlb=9216 swiotlb_segsize=1024", 1024, 8 },
		{ "swiotlb=4096,8 swiotlb=6144 swiotlb_segsize=1024", 1024, 4 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		boot(rows[i].segsize, "%s", rows[i].cmdline);
		expect(view.nareas == rows[i].areas, "%s: %u areas, expected %u",
		       rows[i].cmdline, view.nareas, rows[i].areas);
		end();
	}
}

/* The log tells it, and debugfs. */
static void in_debugfs(void)
{
	u64 shown;

	rig_default_boot("swiotlb=8192,4 swiotlb_segsize=2048", VERBOSE);
	begin(2048);
	expect(strstr(rig_log(), "segments of 2048 slabs, area num 4 of 2048 slabs"),
	       "said is '%s'", rig_log());
	rig_default_debugfs();
	expect(rig_debugfs("swiotlb", "io_tlb_segsize", &shown), "there is no io_tlb_segsize");
	expect(shown == 2048, "debugfs shows %llu", (unsigned long long)shown);
	end();
}

/* Without the parameter the files are what they are without the patch. */
static void not_in_debugfs(void)
{
	u64 shown;

	rig_default_boot("swiotlb=8192,4", VERBOSE);
	begin(SET);
	expect(!strstr(rig_log(), "segments of"), "said is '%s'", rig_log());
	rig_default_debugfs();
	expect(rig_debugfs("swiotlb", "io_tlb_nslabs", &shown), "there is no io_tlb_nslabs");
	expect(!rig_debugfs("swiotlb", "io_tlb_segsize", &shown), "debugfs shows %llu",
	       (unsigned long long)shown);
	end();
}

/*
 * A mapping that no pool will ever have room for says so by the parameter's name.
 * Without the parameter it is said as ever that the buffer is full.
 */
static void refused(void)
{
	char expected[160];

	boot(1024, "swiotlb=8192,4 swiotlb_segsize=1024");
	rig_default_growth(false);
	expect(rig_map(&dev, SOURCE, 1025 * RIG_SLOT, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "more than a segment");
	snprintf(expected, sizeof(expected),
		 "swiotlb buffer of %lu bytes needs 1025 slots, swiotlb_segsize allows 1024\n",
		 1025 * RIG_SLOT);
	expect(strstr(rig_log(), expected) && rig_log_count(RIG_WARN) == 1,
	       "said is '%s', expected '%s'", rig_log(), expected);
	end();

	boot(SET, "swiotlb=8192,4");
	rig_default_growth(false);
	expect(rig_map(&dev, SOURCE, (SET + 1) * RIG_SLOT, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "more than a segment");
	expect(strstr(rig_log(), "swiotlb buffer is full") && rig_log_count(RIG_WARN) == 1,
	       "said is '%s'", rig_log());
	end();
}

/* Without a pool nothing but the default is announced: before it, and when it went. */
static void no_pool(void)
{
	rig_parse_early_params("swiotlb_segsize=4096");
	rig_device_init(&dev, "device");
	expect(rig_max_mapping_size(&dev) == SET * RIG_SLOT, "announced are %zu",
	       rig_max_mapping_size(&dev));
	rig_default_early("16384,4", 0);
	expect(rig_max_mapping_size(&dev) == 4096 * RIG_SLOT, "announced are %zu",
	       rig_max_mapping_size(&dev));
	expect(rig_default_teardown(), "it stays");
	expect(rig_max_mapping_size(&dev) == SET * RIG_SLOT, "announced are %zu",
	       rig_max_mapping_size(&dev));
}

/* ---- the areas ---- */

/*
 * The pool is as large as without the parameter, and has as many areas as hold a
 * segment, or one. A mapping of what is announced succeeds from each CPU, in its
 * own area, and one in each area at once:
 *
 *	swiotlb_segsize=1024	[   0    ][   1    ][   2    ][   3    ]
 *	CPU 2, 6, ...		                    <-------->
 */
static void check_areas(unsigned int cpus, unsigned long slots, unsigned int segsize,
			unsigned long plain_slots, unsigned int plain_areas)
{
	unsigned long size = min_t(unsigned long, segsize, plain_slots);
	unsigned int areas = plain_areas, i;
	struct model_buf *buf;

	while (areas > 1 && plain_slots / areas < segsize)
		areas /= 2;
	expect(view.nslabs == plain_slots && view.nareas == areas &&
	       view.area_nslabs == plain_slots / areas,
	       "swiotlb=%lu swiotlb_segsize=%u, %u CPUs: %lu slots in %u areas of %u, expected %lu in %u",
	       slots, segsize, cpus, view.nslabs, view.nareas, view.area_nslabs, plain_slots,
	       areas);
	rig_default_growth(false);
	/* All of few CPUs, and the first and last ones of many where a segment is large */
	for (i = 0; i < cpus; i++) {
		if (i == 3 && cpus > 6 && size > 1024)
			i = cpus - 3;
		rig_cpu = i;
		model_check_announced(&m, &dev, SOURCE);
		buf = map(size);
		expect(buf->first / view.area_nslabs == i % areas,
		       "CPU %u: it is in area %lu of %u", i, buf->first / view.area_nslabs,
		       areas);
		model_free(&m, buf);
	}
	for (i = 0; i < areas; i++) {
		rig_cpu = 0;
		map(size);
	}
	rig_cpu = 0;
}

static void whole_areas(void)
{
	static const unsigned int cpus[] = { 1, 3, 8, 64 };
	static const unsigned long slots[] = { 512, 1000, 16384 };
	static const unsigned int segsizes[] = { 128, 256, 1024, 4096, 16384, 1048576 };
	unsigned int i, j, k, areas;
	unsigned long nslabs;

	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		set_cpus(cpus[i]);
		for (j = 0; j < ARRAY_SIZE(slots); j++) {
			boot(SET, "swiotlb=%lu", slots[j]);
			nslabs = view.nslabs;
			areas = view.nareas;
			end();
			for (k = 0; k < ARRAY_SIZE(segsizes); k++) {
				boot(segsizes[k], "swiotlb=%lu swiotlb_segsize=%u", slots[j],
				     segsizes[k]);
				check_areas(cpus[i], slots[j], segsizes[k], nslabs, areas);
				end();
			}
		}
	}
}

/* The same with all numbers of CPUs, for one size */
static void all_cpus(void)
{
	unsigned int cpus;

	for (cpus = 1; cpus <= 64; cpus++) {
		set_cpus(cpus);
		boot(256, "swiotlb=8192 swiotlb_segsize=256");
		check_areas(cpus, 8192, 256, 8192, roundup_pow_of_two(cpus));
		end();
	}
}

/* Memory for the pool is short at boot: half of it, and half of that. */
static void less_memory(void)
{
	static const unsigned int segsizes[] = { 32768, 262144, 1048576 };
	unsigned long size;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(segsizes); i++) {
		boot(segsizes[i], "swiotlb=1048576,8 swiotlb_segsize=%u", segsizes[i]);
		expect(view.nslabs < 1048576, "there is memory for %lu slots", view.nslabs);
		size = min_t(unsigned long, segsizes[i], view.nslabs);
		expect(view.area_nslabs >= size, "%lu slots in %u areas, a segment has %u",
		       view.nslabs, view.nareas, segsizes[i]);
		rig_default_growth(false);
		model_free(&m, map(size));
		end();
	}
}

/* Made later, from pages */
static void late(void)
{
	rig_parse_early_params("swiotlb_segsize=1024");
	expect(!rig_default_late(4 * SZ_1M, 8), "no pool of 4 MiB");
	begin(1024);
	check_areas(8, 2048, 1024, 2048, 8);
	end();
	/* What is asked for is more than the page allocator has. */
	rig_parse_early_params("swiotlb_segsize=524288");
	expect(!rig_default_late(1024UL * SZ_1M, 8), "no pool");
	begin(524288);
	expect(view.nareas == 1 && view.nslabs == most_of_pages(), "%lu slots in %u areas",
	       view.nslabs, view.nareas);
	rig_default_growth(false);
	model_check_announced(&m, &dev, SOURCE);
	end();
}

/*
 * Xen's callback makes pieces of a slot set contiguous. So that is a segment,
 * and who asked for more is told.
 */
static void on_xen(void)
{
	static const char said[] =
		"swiotlb_segsize=4096: not possible in a pool that is remapped, using 128\n";
	unsigned int i;

	rig_remap = true;
	for (i = 0; i < 2; i++) {
		rig_log_reset();
		if (i) {
			rig_default_boot("swiotlb=2048,4 swiotlb_segsize=4096", 0);
		} else {
			rig_parse_early_params("swiotlb_segsize=4096");
			expect(!rig_default_late(4 * SZ_1M, 4), "no pool");
		}
		begin(SET);
		expect(strstr(rig_log(), said) && rig_log_count(RIG_WARN) == 1,
		       "said is '%s', expected '%s'", rig_log(), said);
		check_areas(4, 2048, SET, 2048, 4);
		expect(!model_map(&m, &dev, SOURCE, SET * RIG_SLOT + 1, 0, DMA_TO_DEVICE),
		       "a mapping of more than a slot set");
		expect(!rig_can_grow(&dev), "it may grow");
		end();
	}
	boot(SET, "swiotlb=2048,4");
	expect(!rig_log_count(RIG_WARN), "said is '%s'", rig_log());
	end();
}

/* A restricted pool has its property, or the default. */
static void restricted(void)
{
	struct fixture f;

	boot(4096, "swiotlb=16384,4 swiotlb_segsize=4096");
	setup(&f, 0x50000000, 8 * SET, 0);
	expect(rig_max_mapping_size(&f.dev) == SET * RIG_SLOT, "announced are %zu",
	       rig_max_mapping_size(&f.dev));
	expect(!model_alloc(&f.m, &f.dev, SET * RIG_SLOT + 1), "more than a slot set");
	teardown(&f);
	setup(&f, 0x50000000, 8 * SET, 4 * SET);
	model_must_alloc(&f.m, &f.dev, 4 * SET * RIG_SLOT);
	expect(!model_alloc(&f.m, &f.dev, 4 * SET * RIG_SLOT + 1), "more than a segment");
	teardown(&f);
	end();
}

/* ---- pools that it grows ---- */

static void fill_pool(unsigned long slots)
{
	rig_default_growth(false);
	while (model_map(&m, &dev, SOURCE, slots * RIG_SLOT, 0, DMA_TO_DEVICE))
		;
	rig_default_growth(true);
}

/*
 * Full: a mapping of a whole segment gets a transient pool at once; then there is
 * another pool, whose areas hold a segment each, too.
 */
static void growth(void)
{
	static const struct {
		unsigned int slots, areas, segsize;
	} rows[] = {
		{ 2048, 4, 512 }, { 2048, 4, 1024 }, { 2048, 4, 2048 }, { 4096, 8, 1024 },
		{ 512, 4, 2048 }, { 32768, 16, 256 },
	};
	struct rig_view grown;
	unsigned int i, cpu, areas;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int segsize = rows[i].segsize;
		struct model_buf *buf;

		rig_cpu = 0;
		boot(segsize, "swiotlb=%u,%u swiotlb_segsize=%u", rows[i].slots,
		     rows[i].areas, segsize);
		fill_pool(min(segsize, rows[i].slots));
		buf = map(segsize);
		expect(buf->pool->view.transient && buf->pool->view.nslabs == segsize,
		       "it is in a pool of %lu slots", buf->pool->view.nslabs);
		rig_run_work();
		model_update_pools(&m);
		for (cpu = 0; cpu < 16; cpu++) {
			rig_cpu = cpu;
			buf = map(segsize);
			grown = buf->pool->view;
			expect(!grown.transient, "CPU %u: it is in a transient pool", cpu);
			expect(grown.area_nslabs >= segsize,
			       "a new pool has areas of %u slots, a segment has %u",
			       grown.area_nslabs, segsize);
			expect(buf->first / grown.area_nslabs == cpu % grown.nareas,
			       "CPU %u: it is in area %lu of %u", cpu,
			       buf->first / grown.area_nslabs, grown.nareas);
			model_free(&m, buf);
		}
		areas = max(1UL, grown.nslabs / segsize);
		expect(grown.nareas == min(areas, rows[i].areas),
		       "a new pool of %lu slots has %u areas", grown.nslabs, grown.nareas);
		end();
	}
}

/*
 * No pages in one piece for all of a new pool. If there are some for a segment, it
 * is that small, and has as many areas as hold one. If not: no pool rather than
 * one that can't hold a segment.
 */
static void growth_min(void)
{
	unsigned int most = most_of_pages(), i, segsize, n;
	phys_addr_t taken[256];
	size_t bytes;

	for (i = 0; i < 2; i++) {
		segsize = i ? most : most / 4;
		boot(segsize, "swiotlb=%u,8 swiotlb_segsize=%u", most, segsize);
		fill_pool(segsize);
		for (n = 0, bytes = 512UL * SZ_1M; bytes >= most * RIG_SLOT;) {
			expect(n < ARRAY_SIZE(taken), "more memory than that");
			taken[n] = rig_pages_alloc(bytes, ~0ULL, true);
			if (taken[n])
				n++;
			else
				bytes /= 2;
		}
		/* The transient pool, which is small, can be made. */
		map(1);
		rig_log_reset();
		rig_run_work();
		model_update_pools(&m);
		if (i) {
			expect(m.npools == 2, "there are %u pools, expected 2", m.npools);
			expect(strstr(rig_log(), "Failed to allocate new pool"),
			       "said is '%s'", rig_log());
		} else {
			struct rig_view grown = map(segsize)->pool->view;

			expect(!grown.transient && grown.nslabs < most,
			       "it is in a pool of %lu slots", grown.nslabs);
			expect(grown.area_nslabs >= segsize, "%u areas in %lu slots",
			       grown.nareas, grown.nslabs);
		}
		while (n)
			rig_pages_free(taken[--n], 0);
		end();
	}
}

/*
 * Segments that are larger than what the page allocator gives: the first pool serves
 * them. Further pools, of one area, serve what is not larger than they are, and
 * none is made for what they can't.
 */
static void beyond_pages(void)
{
	unsigned long most = most_of_pages();
	struct model_buf *buf;

	boot(4 * most, "swiotlb=%lu,4 swiotlb_segsize=%lu", 16 * most, 4 * most);
	model_check_announced(&m, &dev, SOURCE);
	expect(rig_max_mapping_size(&dev) == 4 * most * RIG_SLOT, "announced are %zu",
	       rig_max_mapping_size(&dev));
	fill_pool(4 * most);
	expect(!model_map(&m, &dev, SOURCE, most * RIG_SLOT + 1, 0, DMA_TO_DEVICE),
	       "a mapping of more than pages");
	expect(!rig_run_work(), "it grows for what a new pool cannot serve");
	buf = map(most);
	expect(buf->pool->view.transient, "it is in no transient pool");
	rig_run_work();
	model_update_pools(&m);
	model_free(&m, buf);
	buf = map(most);
	expect(!buf->pool->view.transient && buf->pool->view.nslabs == most &&
	       buf->pool->view.nareas == 1, "it is in a pool of %lu slots in %u areas",
	       buf->pool->view.nslabs, buf->pool->view.nareas);
	end();
}

#define NEEDS_ALL	(NEEDS_PARAM | NEEDS_SETS_128)

static const struct test tests[] = {
	{ "values", all_values, NEEDS_ALL },
	{ "any order", any_order, NEEDS_ALL },
	{ "debugfs", in_debugfs, NEEDS_ALL },
	{ "no debugfs", not_in_debugfs, NEEDS_ALL },
	{ "refused", refused, NEEDS_ALL },
	{ "no pool", no_pool, NEEDS_ALL },
	{ "whole areas", whole_areas, NEEDS_ALL, .seconds = 300 },
	{ "1 to 64 CPUs", all_cpus, NEEDS_ALL, .seconds = 300 },
	{ "less memory", less_memory, NEEDS_ALL },
	{ "late", late, NEEDS_ALL },
	{ "remapped", on_xen, NEEDS_ALL },
	{ "restricted pools", restricted, NEEDS_ALL },
	{ "growth", growth, NEEDS_ALL | NEEDS_DYNAMIC },
	{ "growth has a minimum", growth_min, NEEDS_ALL | NEEDS_DYNAMIC },
	{ "more than pages", beyond_pages, NEEDS_ALL | NEEDS_DYNAMIC },
	{ }
};

test_suite(parameter, tests);
