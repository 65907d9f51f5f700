// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences of operations, judged by the model.
 *
 * A test is a row of rounds. A round makes a pool and a few devices, as its seed
 * says, does some ten thousand steps with them, frees all and takes the pool
 * away. So any step can be come to again by the seed of its round alone; the
 * next round's seed is one more.
 *
 * What a step costs depends on the pool and on the sizes. A round ends when
 * it has looked at so many slots: large pools get fewer steps, and the operations
 * that are asked for are done in about the same time whatever the seed. No clock
 * is read, and no two numbers are drawn in an order that the compiler may choose,
 * so a seed means the same everywhere.
 */
#include "test.h"

#define MAX_DEVICES	3
#define MAX_LIVE	4096
#define STEPS		20000
#define WORK		(8 * 1000 * 1000)
/* With data each mapping has a window of memory for its original. */
#define WINDOWS		256
#define WINDOW		0x800000UL

enum kind { RESTRICTED, AREAS, DYNAMIC, DATA };

static struct {
	enum kind kind;
	u64 seed;
	u64 step;
	struct model_random r;
	struct rig_pool pool;
	struct device devs[MAX_DEVICES];
	unsigned int ndevs;
	struct model m;
	struct rig_view view;
	/* The most slots that most requests ask for */
	unsigned long usual;
	/* Percentage of the slots that are to be in use, about */
	unsigned int occupancy;
	unsigned long used;
	unsigned int windows_used;
	bool window_used[WINDOWS];
} round;

static const char * const names[] = {
	"restricted pools", "areas", "dynamic pools", "data",
};

static void context(void)
{
	printf("# again: --filter 'random/%s' --seed %llu --rounds 1 --steps %llu\n",
	       names[round.kind], (unsigned long long)round.seed,
	       (unsigned long long)round.step);
}

static u64 below(u64 n)
{
	return model_below(&round.r, n);
}

static u64 from(u64 first, u64 last)
{
	return model_from(&round.r, first, last);
}

static bool chance(unsigned int percent)
{
	return below(100) < percent;
}

/* Small numbers as often as large ones */
static u64 log_from(u64 first, u64 last)
{
	unsigned int bits = 63 - __builtin_clzll(last);
	u64 n = BIT(below(bits + 1));

	n += below(n);
	return min(max(n, first), last);
}

/* ---- what a round is about ---- */

static unsigned long pick_slots(void)
{
	unsigned int p = below(1000);

	if (round.kind == DATA)
		return from(1, 8192);
	if (p < 250)
		return from(1, 3 * SET);
	if (p < 700)
		return from(1, 64 * SET);
	if (p < 920)
		return from(SET, 20992);
	if (p < 995)
		return from(SET, 131072);
	return from(131072, 524288);
}

static void pick_device(struct device *dev)
{
	static const unsigned int masks[] = {
		0, 0, 0, 0, 0, 511, 2047, 4095, 4095, 8191, 0xffff, 0x1ffff,
	};
	unsigned int bits;

	dev->min_align_mask = masks[below(ARRAY_SIZE(masks))];
	dev->coherent = chance(50);
	if (chance(40)) {
		/*
		 * A boundary within the bits that are to be preserved is more
		 * than the allocator has ever understood.
		 */
		for (bits = RIG_SLOT_SHIFT; BIT(bits) <= dev->min_align_mask; bits++)
			;
		dev->seg_boundary_mask = BIT(from(bits, 32)) - 1;
	}
	if (chance(40)) {
		dev->dma_offset = from(0, 1 << 20) << rig_build.page_shift;
		if (chance(50))
			dev->dma_offset -= round.view.start & ~(RIG_PAGE - 1);
	}
}

static unsigned int pick_segsize(void)
{
	unsigned int segsize = SET;

	if (!rig_build.has_segsize || chance(25))
		return SET;
	/* Up to what the property may be */
	while (segsize < 1048576 && chance(85))
		segsize *= 2;
	return segsize;
}

static void add_devices(bool restricted)
{
	unsigned int i;

	round.ndevs = from(1, MAX_DEVICES);
	for (i = 0; i < round.ndevs; i++) {
		struct device *dev = &round.devs[i];
		int err;

		rig_device_init(dev, "device");
		if (restricted) {
			err = rig_pool_attach(&round.pool, dev);
			expect(!err, "a device cannot be attached: %s", strerror(-err));
		}
	}
	expect(rig_pools(&round.devs[0], &round.view, 1) == 1, "there is not one pool");
	for (i = 0; i < round.ndevs; i++)
		pick_device(&round.devs[i]);
}

static void make_restricted(void)
{
	unsigned long slots = pick_slots();
	unsigned int segsize = pick_segsize();
	phys_addr_t base;
	u64 unit;

	unit = chance(20) ? RIG_SLOT : chance(90) ? RIG_PAGE : SZ_1M;
	base = from(RIG_POOLS / unit, (RIG_PAGES_LOW - slots * RIG_SLOT) / unit) * unit;
	rig_pool_create(&round.pool, base, slots * RIG_SLOT,
			segsize == SET && chance(50) ? RIG_NO_PROPERTY : segsize);
	/* The number of areas, where the pool allows for it; half of the pools have one. */
	if (rig_build.has_areas)
		rig_cpus = chance(50) ? 1 : log_from(1, 64);
	add_devices(true);
	/*
	 * Slot sets of another size are the rig's doing; the property's limits
	 * have to follow.
	 */
	model_init(&round.m, &round.devs[0], segsize);
}

static void boot_default(unsigned int slots, unsigned int nareas, unsigned int segsize,
			 unsigned int flags)
{
	char cmdline[80];
	int n;

	n = snprintf(cmdline, sizeof(cmdline), "swiotlb=%u,%u", slots, nareas);
	if (segsize != SET)
		snprintf(cmdline + n, sizeof(cmdline) - n, " swiotlb_segsize=%u", segsize);
	rig_default_boot(cmdline, flags);
}

static void make_areas(void)
{
	unsigned int nareas = 1 << below(6), segsize = SET;
	unsigned long slots;

	if (rig_build.has_segsize_param && chance(40)) {
		/* As many areas as hold a segment, at most what is asked for */
		segsize = pick_segsize();
		boot_default(512 * from(1, 256), nareas, segsize, 0);
		rig_default_growth(false);
		add_devices(false);
	} else if (chance(50)) {
		/*
		 * More than 1 MiB, or there is none. What is not a power of two
		 * is made one, and what is too much is made less.
		 */
		slots = 512 + from(1, 64) * nareas * SET;
		expect(!rig_default_late(slots * RIG_SLOT, nareas),
		       "no default pool of %lu slots", slots);
		rig_default_growth(false);
		add_devices(false);
	} else {
		/* In no kernel, but what the allocator is ready for */
		slots = from(1, 64) * nareas * SET;
		segsize = pick_segsize();
		rig_pool_create(&round.pool, from(512, 4096) * RIG_PAGE,
				slots * RIG_SLOT, segsize);
		rig_cpus = 1;
		add_devices(true);
		rig_split(&round.devs[0], nareas);
		rig_pools(&round.devs[0], &round.view, 1);
	}
	model_init(&round.m, &round.devs[0], segsize);
}

static void make_dynamic(void)
{
	unsigned int slots = from(1, 8) * 512;
	unsigned int nareas = 1 << below(4), segsize = SET;
	unsigned int flags = chance(50) ? 2 : 0;

	if (rig_build.has_segsize_param)
		segsize = pick_segsize();
	boot_default(slots, nareas, segsize, flags);
	add_devices(false);
	model_init(&round.m, &round.devs[0], segsize);
}

static void begin_round(enum kind kind, u64 seed)
{
	memset(&round, 0, sizeof(round));
	round.kind = kind;
	round.seed = seed;
	model_seed(&round.r, seed);
	model_context = context;
	rig_log_reset();
	rig_copy = kind == DATA;
	rig_highmem = kind == DATA && chance(30) ? RIG_SOURCES : ~0ULL;

	if (kind == AREAS)
		make_areas();
	else if (kind == DYNAMIC)
		make_dynamic();
	else
		make_restricted();
	round.m.data = kind == DATA;

	round.usual = log_from(1, round.view.nslabs);
	if (kind == DATA)
		round.usual = min(round.usual, 512UL);
	round.occupancy = chance(30) ? 100 : from(1, 100);
	if (round.view.nslabs >= 2)
		rig_set_index(&round.view, 0, below(round.view.area_nslabs));
}

static void end_round(void)
{
	rig_fail_after(-1);
	rig_run_work();
	model_update_pools(&round.m);
	model_drain(&round.m);
	/* What mappings had to themselves goes now. */
	rig_run_work();
	model_update_pools(&round.m);
	model_exit(&round.m);
	if (round.pool.rmem.size) {
		rig_pool_destroy(&round.pool);
	} else {
		rig_default_exit();
		expect(!rig_pages_in_use(), "%zu bytes of pages were never freed",
		       rig_pages_in_use());
	}
	if (round.kind == DATA)
		rig_forget(RIG_SOURCES, RIG_RAM_SIZE - RIG_SOURCES);
}

/* ---- steps ---- */

/* Bytes to ask for; now and then more than there can be. */
static size_t pick_bytes(void)
{
	unsigned long most = chance(90) ? round.usual : 2UL * round.m.segsize;
	unsigned long slots;

	most = min(most, 2 * round.view.nslabs + 1);
	/* Every byte of data is looked at: few large ones will do. */
	if (round.kind == DATA)
		slots = log_from(1, min(most, chance(99) ? 32UL : 1024UL));
	else
		slots = chance(50) ? log_from(1, most) : from(1, most);
	/* Up to all of the last slot, which is what whole sizes are. */
	return (slots - 1) * RIG_SLOT + (chance(60) ? RIG_SLOT : from(1, RIG_SLOT));
}

static unsigned int pick_align_mask(void)
{
	unsigned int p = below(100);

	if (p < 60)
		return 0;
	if (p < 85)
		return RIG_PAGE - 1;
	return BIT(from(9, p < 95 ? 16 : 20)) - 1;
}

static phys_addr_t pick_orig(void)
{
	unsigned int i;

	if (round.kind != DATA)
		return from(RIG_SOURCES, RIG_RAM_SIZE - 1);
	if (round.windows_used == WINDOWS)
		return RIG_NO_ADDR;
	for (i = below(WINDOWS); round.window_used[i]; i = (i + 1) % WINDOWS)
		;
	round.window_used[i] = true;
	round.windows_used++;
	return RIG_SOURCES + i * WINDOW + from(64, chance(90) ? 0x4000 : 0x100000);
}

static void give_back(phys_addr_t orig)
{
	if (round.kind != DATA || orig == RIG_NO_ADDR)
		return;
	round.window_used[(orig - RIG_SOURCES) / WINDOW] = false;
	round.windows_used--;
}

static void step_get(void)
{
	struct device *dev = &round.devs[below(round.ndevs)];
	enum dma_data_direction dir = below(3);
	size_t bytes = pick_bytes();
	unsigned int align_mask;
	struct model_buf *buf;
	phys_addr_t orig;

	/* Nobody frees a transient pool of a coherent buffer. */
	if (round.kind != DYNAMIC && chance(40) && !(round.view.start & (RIG_PAGE - 1))) {
		buf = model_alloc(&round.m, dev, bytes);
	} else {
		orig = pick_orig();
		if (orig == RIG_NO_ADDR)
			return;
		align_mask = pick_align_mask();
		buf = model_map(&round.m, dev, orig, bytes, align_mask, dir);
		if (!buf)
			give_back(orig);
	}
	if (buf)
		round.used += buf->nslots;
}

static void step_put(void)
{
	struct model_buf *buf = round.m.bufs[below(round.m.nbufs)];

	round.used -= buf->nslots;
	give_back(buf->orig);
	model_free(&round.m, buf);
}

static void step_sync(void)
{
	struct model_buf *buf = round.m.bufs[below(round.m.nbufs)];
	size_t offset = below(buf->bytes), bytes = from(1, buf->bytes - offset);
	bool for_cpu = chance(50);

	if (chance(20)) {
		offset = 0;
		bytes = buf->bytes;
	}
	if (round.m.data) {
		size_t first = below(buf->bytes);

		model_write(&round.m, buf, first, from(1, buf->bytes - first),
			    buf->cpu && !for_cpu, round.step);
	}
	if (buf->orig != RIG_NO_ADDR)
		model_sync(&round.m, buf, offset, bytes, for_cpu);
}

/* The kernel's own time, and memory that runs out */
static void step_dynamic(void)
{
	if (chance(10)) {
		/* More pools than that make no difference. */
		rig_default_growth(chance(80) && round.m.npools < 24);
	} else if (chance(20)) {
		rig_fail_after(chance(50) ? (int)below(4) : -1);
	} else {
		rig_run_work();
		model_update_pools(&round.m);
	}
}

static void do_step(void)
{
	unsigned long goal = round.view.nslabs * round.occupancy / 100;
	unsigned int transient = round.m.nbufs, p = below(100);

	rig_cpu = below(8);
	if (round.kind == DYNAMIC && p < 5) {
		step_dynamic();
		return;
	}
	/* Transient pools are many; see that they don't take all of the pages. */
	if (round.kind == DYNAMIC && transient > 100)
		p = 99;
	if (round.m.nbufs && p < 15)
		step_sync();
	else if (!round.m.nbufs)
		step_get();
	else if (round.m.nbufs >= MAX_LIVE)
		step_put();
	else if (p < (round.used <= goal ? 70 : 30))
		step_get();
	else
		step_put();
}

static void run_round(enum kind kind, u64 seed, u64 *ops)
{
	u64 steps = options.steps ?: STEPS, next_check = 0;

	begin_round(kind, seed);
	if (chance(30)) {
		struct device *dev = &round.devs[below(round.ndevs)];

		/* With data it is all of the memory for sources that is written. */
		model_check_announced(&round.m, dev, RIG_SOURCES + from(64, 0x100000));
	}
	for (round.step = 1; round.step <= steps && round.m.work < WORK; round.step++) {
		do_step();
		if (round.step >= next_check) {
			model_check(&round.m);
			next_check = round.step + 1 + round.view.nslabs / 16 +
				(kind == DATA ? 1000 : 0);
		}
	}
	*ops += round.m.ops;
	/* Those that were done, for who wants to see an error of the end again. */
	round.step--;
	end_round();
}

static void run(enum kind kind, u64 most)
{
	u64 seed = options.seed, ops = 0, rounds = 0;

	most = options.ops ?: most;
	while (ops < most && (!options.rounds || rounds < options.rounds)) {
		run_round(kind, seed++, &ops);
		rounds++;
	}
	printf("# seeds %llu to %llu: %llu rounds, %llu operations\n",
	       (unsigned long long)options.seed, (unsigned long long)seed - 1,
	       (unsigned long long)rounds, (unsigned long long)ops);
}

/*
 * One area, one pool: segments from 128 to 1048576 slots, pools from one slot to
 * 1 GiB, of any size, at any multiple of a slot.
 */
static void restricted_pools(void)
{
	run(RESTRICTED, 8 * 1000 * 1000);
}

/* Several areas and CPUs, in the default pool and with larger segments. */
static void areas(void)
{
	run(AREAS, 2 * 1000 * 1000);
}

/* A default pool that grows, and mappings that get a pool of their own. */
static void dynamic_pools(void)
{
	run(DYNAMIC, 1000 * 1000);
}

/* What is in the buffers, and in the originals; some of these in highmem. */
static void data(void)
{
	run(DATA, 300 * 1000);
}

static const struct test tests[] = {
	{ "restricted pools", restricted_pools, .seconds = 600 },
	{ "areas", areas, .seconds = 600 },
	{ "dynamic pools", dynamic_pools, NEEDS_DYNAMIC, .seconds = 600 },
	{ "data", data, .seconds = 600 },
	{ }
};

test_suite(random, tests);
