// SPDX-License-Identifier: GPL-2.0
/*
 * Where a restricted pool begins: devices are attached, one after the other or at the
 * same time, to a pool of any size, in any place. What is shown here is fixed by
 * patches/fixes.
 */
#include "test.h"

#define BASE	0x50000000ULL

static struct rig_pool pool;
static struct device devs[2];
static int errors[2];

static void create(phys_addr_t base, size_t bytes)
{
	unsigned int i;

	rig_pool_create(&pool, base, bytes, RIG_NO_PROPERTY);
	for (i = 0; i < ARRAY_SIZE(devs); i++)
		rig_device_init(&devs[i], i ? "second" : "first");
}

/* ---- at the same time ---- */

static void attach(unsigned int i)
{
	errors[i] = rig_pool_attach(&pool, &devs[i]);
}

static void attach_second(void)
{
	attach(1);
}

static void check_both(const char *when)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(devs); i++)
		expect(!errors[i], "%s: the %s device cannot be attached: %s", when,
		       devs[i].name, strerror(-errors[i]));
	expect(devs[0].dma_io_tlb_mem == devs[1].dma_io_tlb_mem,
	       "%s: two allocators for one pool", when);
	expect(rig_debugfs_dirs(pool.rmem.name) == 1, "%s: debugfs has %u folders of it", when,
	       rig_debugfs_dirs(pool.rmem.name));
}

static unsigned int allocations, second_at;
static pthread_t second;

static void on_alloc(void)
{
	if (allocations++ != second_at)
		return;
	rig_on_alloc = NULL;
	second = rig_interleave(attach_second);
}

/*
 * A second device is attached while the first one sets up the pool, at each point where
 * that allocates memory:
 *
 *	first	|--- set up ---?           ---- set up ----|
 *	second	               |--- as far as it gets ---?  --- the rest ---|
 *
 * Expected: one allocator.
 */
static void while_set_up(void)
{
	char when[40];

	for (second_at = 0;; second_at++) {
		create(BASE, SZ_1M);
		allocations = 0;
		rig_on_alloc = on_alloc;
		attach(0);
		if (rig_on_alloc)
			break;
		pthread_join(second, NULL);
		snprintf(when, sizeof(when), "at allocation %u", second_at);
		check_both(when);
		rig_pool_destroy(&pool);
	}
	rig_on_alloc = NULL;
	expect(second_at >= 3, "%u allocations, expected 3 or more", second_at);
	rig_pool_destroy(&pool);
}

#define ROUNDS	200

/* Two, since who passes one late would be thought to come after all that was done since. */
static pthread_barrier_t start, end;

static void *run_second(void *arg)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(&start);
		attach(1);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

/* Two threads begin at once; how far each gets is left to chance and ThreadSanitizer. */
static void two_threads(void)
{
	unsigned int i, twice = 0;

	pthread_barrier_init(&start, NULL, 2);
	pthread_barrier_init(&end, NULL, 2);
	expect(!pthread_create(&second, NULL, run_second, NULL), "no thread");
	for (i = 0; i < ROUNDS; i++) {
		create(BASE, SZ_1M);
		pthread_barrier_wait(&start);
		attach(0);
		pthread_barrier_wait(&end);
		twice += devs[0].dma_io_tlb_mem != devs[1].dma_io_tlb_mem;
		expect(!errors[0] && !errors[1], "round %u: errors %d and %d", i, errors[0],
		       errors[1]);
		rig_pool_destroy(&pool);
	}
	pthread_join(second, NULL);
	expect(!twice, "%u of %u rounds made two allocators", twice, ROUNDS);
}

/* ---- of any size ---- */

/*
 * Pools around 341 MiB, the largest whose slot array kmalloc() can give with pages of
 * 4 KiB, and the largest that there is room for. All of each is to be had, in slot sets,
 * and in one piece where segments may be so large.
 */
static void large_pools(void)
{
	static const unsigned int mib[] = { 341, 342, 512, 1024, 2048 };
	const size_t set = (size_t)SET * RIG_SLOT;
	phys_addr_t addr;
	unsigned int i;
	size_t n;

	for (i = 0; i < ARRAY_SIZE(mib); i++) {
		size_t bytes = (size_t)mib[i] << 20;

		create(0x20000000, bytes);
		attach(0);
		expect(!errors[0], "%u MiB: a device cannot be attached: %s", mib[i],
		       strerror(-errors[0]));
		expect(!rig_log_count(RIG_BUG), "%u MiB: %s", mib[i], rig_log());
		for (n = 0; n < bytes / set; n++) {
			addr = rig_map(&devs[0], SOURCE, set, 0, DMA_TO_DEVICE, 0);
			expect(addr == pool.rmem.base + n * set,
			       "%u MiB: piece %zu is at 0x%llx", mib[i], n,
			       (unsigned long long)addr);
		}
		expect(rig_map(&devs[0], SOURCE, 1, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN) ==
		       RIG_NO_ADDR, "%u MiB: more than the pool", mib[i]);
		for (n = 0; n < bytes / set; n++)
			rig_unmap(&devs[0], pool.rmem.base + n * set, set, DMA_TO_DEVICE, 0);
		expect(!rig_used(&devs[0]), "%u MiB: %lu slots are used", mib[i],
		       rig_used(&devs[0]));
		/* How many areas a pool has is decided by its first segment size. */
		if (rig_build.has_segsize && !rig_build.has_areas) {
			rig_set_segsize(&devs[0], 1048576);
			addr = rig_map(&devs[0], SOURCE, bytes, 0, DMA_TO_DEVICE, 0);
			expect(addr == pool.rmem.base, "%u MiB: all of it is at 0x%llx", mib[i],
			       (unsigned long long)addr);
			rig_unmap(&devs[0], addr, bytes, DMA_TO_DEVICE, 0);
		}
		rig_pool_destroy(&pool);
	}
}

/* Memory is short at each allocation: an error, and nothing is freed the wrong way. */
static void large_pool_without_memory(void)
{
	unsigned int n;

	create(0x20000000, 512 << 20);
	for (n = 0; n < 3; n++) {
		rig_fail_after(n);
		attach(0);
		expect(errors[0] == -ENOMEM, "without memory for %u: %d", n, errors[0]);
		rig_fail_after(-1);
	}
	if (rig_build.has_cc_pools) {
		rig_cc = true;
		rig_cc_error = -EIO;
		attach(0);
		expect(errors[0] == -EIO, "a pool that cannot be shared: %d", errors[0]);
		rig_cc = false;
	}
	attach(0);
	expect(!errors[0], "with memory it fails, too: %d", errors[0]);
	rig_pool_destroy(&pool);
}

/* ---- in any place ---- */

/* Refused, by a message that names the pool and where it is */
static void refused(const char *what)
{
	char range[48];

	snprintf(range, sizeof(range), "0x%016llx-0x%016llx",
		 (unsigned long long)pool.rmem.base,
		 (unsigned long long)(pool.rmem.base + pool.rmem.size - 1));
	rig_log_reset();
	attach(0);
	expect(errors[0] == -EINVAL, "%s: the error is %d, expected %d", what, errors[0],
	       -EINVAL);
	expect(rig_log_count(RIG_ERR) == 1 && strstr(rig_log(), pool.rmem.name) &&
	       strstr(rig_log(), range) && strstr(rig_log(), "linear mapping"),
	       "%s: the message does not name the pool, its range %s and the reason: %s", what,
	       range, rig_log());
}

/*
 * Memory ends before the pool, in it, and just where it ends:
 *
 *	   |====== pool ======|
 *	---|                      no
 *	----------|               no
 *	---------------------|    no: the last page is missing
 *	----------------------|   yes
 *	       ---------------|   no, and so on from the other side
 */
static void before_pool(void)
{
	create(BASE, SZ_1M);
	rig_no_memory(BASE, RIG_PAGES_LOW);
	refused("memory ends where the pool begins");
	rig_pool_destroy(&pool);
}

static void in_pool(void)
{
	const phys_addr_t end = BASE + SZ_1M;
	const struct {
		phys_addr_t hole, to;
		const char *what;
	} rows[] = {
		{ BASE + SZ_1M / 2, end + SZ_1M, "half of the pool" },
		{ end - RIG_PAGE, end + SZ_1M, "all but the last page" },
		{ end - 1, end + SZ_1M, "all but a byte" },
		{ BASE - SZ_1M, BASE + RIG_PAGE, "all but the first page" },
		{ BASE + RIG_PAGE, BASE + 2 * RIG_PAGE, "all but the second page" },
	};
	unsigned int i;

	create(BASE, SZ_1M);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		rig_no_memory(rows[i].hole, rows[i].to);
		refused(rows[i].what);
	}
	rig_pool_destroy(&pool);

	/* It begins and ends within a page, of which all has to be there. */
	create(BASE + RIG_PAGE / 2, SZ_1M);
	rig_no_memory(BASE, BASE + RIG_PAGE / 2);
	refused("the page that it begins in");
	rig_no_memory(end, end + RIG_PAGE);
	refused("the page that it ends in");
	rig_pool_destroy(&pool);
}

static void around_pool(void)
{
	create(BASE, SZ_1M);
	rig_no_memory(BASE + SZ_1M, RIG_PAGES_LOW);
	attach(0);
	expect(!errors[0], "memory ends with the pool: %d", errors[0]);
	rig_pool_destroy(&pool);

	create(BASE, SZ_1M);
	rig_no_memory(RIG_POOLS, BASE);
	attach(0);
	expect(!errors[0], "memory begins with the pool: %d", errors[0]);
	rig_pool_destroy(&pool);

	create(BASE, SZ_1M);
	rig_no_memory(BASE + SZ_1M / 4, BASE + SZ_1M / 4);
	attach(0);
	expect(!errors[0], "it is in two pieces of memory: %d", errors[0]);
	rig_pool_destroy(&pool);

	create(BASE + RIG_PAGE / 2, SZ_1M);
	rig_no_memory(BASE + SZ_1M + RIG_PAGE, RIG_PAGES_LOW);
	attach(0);
	expect(!errors[0], "it begins and ends within a page: %d", errors[0]);
	rig_pool_destroy(&pool);
}

/* Highmem begins in the pool: its first page has a lasting address, its last has none. */
static void highmem_at_end(void)
{
	create(BASE, SZ_1M);
	rig_highmem = BASE + SZ_1M - RIG_PAGE;
	refused("the last page is highmem");
	rig_highmem = BASE;
	refused("all of it is highmem");
	rig_highmem = BASE + SZ_1M;
	attach(0);
	expect(!errors[0], "highmem begins where the pool ends: %d", errors[0]);
	rig_pool_destroy(&pool);
}

/* Less than a slot: there is nothing to hand out, nor a page to look at. */
static void without_slots(void)
{
	static const size_t bytes[] = { 0, 1, RIG_SLOT - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bytes); i++) {
		create(BASE, bytes[i]);
		rig_log_reset();
		attach(0);
		expect(errors[0] == -EINVAL, "%zu bytes: the error is %d", bytes[i], errors[0]);
		expect(rig_log_count(RIG_ERR) == 1 && strstr(rig_log(), pool.rmem.name),
		       "%zu bytes: said is: %s", bytes[i], rig_log());
		rig_pool_destroy(&pool);
	}
	create(BASE, RIG_SLOT);
	attach(0);
	expect(!errors[0], "one slot: %d", errors[0]);
	rig_pool_destroy(&pool);
}

/* What was good enough for the first device is not looked at again for the second. */
static void looked_at_once(void)
{
	create(BASE, SZ_1M);
	attach(0);
	rig_no_memory(BASE, BASE + SZ_1M);
	attach(1);
	check_both("the pool is set up");
	rig_pool_destroy(&pool);
}

static const struct test tests[] = {
	{ "while the pool is set up", while_set_up, NEEDS_FIXES },
	{ "two threads at once", two_threads, NEEDS_FIXES | NEEDS_THREADS },
	{ "large pools", large_pools, NEEDS_FIXES | NEEDS_SETS_128 },
	{ "a large pool without memory", large_pool_without_memory, NEEDS_FIXES },
	{ "memory ends before the pool", before_pool, NEEDS_FIXES },
	{ "memory ends in the pool", in_pool, NEEDS_FIXES },
	{ "memory around the pool", around_pool },
	{ "highmem at the end of the pool", highmem_at_end, NEEDS_FIXES },
	{ "a pool without slots", without_slots, NEEDS_FIXES },
	{ "a pool that is looked at once", looked_at_once, NEEDS_FIXES },
	{ }
};

test_suite(attach, tests);
