// SPDX-License-Identifier: GPL-2.0
/*
 * What goes wrong, or is odd, on the way to a pool and to a buffer. Each of these
 * is a branch that no good device tree and no good request takes.
 */
#include "test.h"

/* The default pool is told of encryption once, at boot. */
void swiotlb_update_mem_attributes(void);

static struct fixture f;

/* Memory that devices can read is shared; what asks for private pages gets none. */
static void shared_memory(void)
{
	rig_cc = true;
	setup(&f, RIG_POOLS, 4 * SET, 0);
	expect(rig_alloc(&f.dev, RIG_PAGE) == RIG_NO_ADDR,
	       "private pages came from a shared pool");
	model_must_map(&f.m, &f.dev, SOURCE, RIG_PAGE, 0, DMA_TO_DEVICE);
	teardown(&f);
}

/* A pool that cannot be shared must not be used; the next try is a new one. */
static void no_sharing(void)
{
	int err;

	rig_cc = true;
	rig_cc_error = -EIO;
	rig_pool_create(&f.pool, RIG_POOLS, SET * RIG_SLOT, RIG_NO_PROPERTY);
	rig_device_init(&f.dev, "device");
	err = rig_pool_attach(&f.pool, &f.dev);
	expect(err == -EIO, "the error is %d, expected %d", err, -EIO);
	expect(!f.pool.rmem.priv, "an allocator was kept");
	rig_pool_destroy(&f.pool);

	rig_cc_error = 0;
	setup(&f, RIG_POOLS, SET, 0);
	teardown(&f);
}

/* With encryption nothing can be made shared in atomic context: no pool. */
static void shared_growth(void)
{
	struct device dev;

	rig_default_early("1024,1", 0);
	rig_cc = true;
	swiotlb_update_mem_attributes();
	rig_device_init(&dev, "device");
	expect(rig_map(&dev, SOURCE, (SET + 1) * RIG_SLOT, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "more than a segment was mapped");
	while (rig_map(&dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE, 0) != RIG_NO_ADDR)
		;
	expect(rig_used(&dev) == 1024, "%lu slots are used, expected 1024", rig_used(&dev));
}

/* A pool in highmem has no address that the kernel could copy to. */
static void highmem(void)
{
	int err;

	rig_highmem = RIG_POOLS;
	rig_pool_create(&f.pool, RIG_POOLS, SET * RIG_SLOT, RIG_NO_PROPERTY);
	rig_device_init(&f.dev, "device");
	err = rig_pool_attach(&f.pool, &f.dev);
	expect(err == -EINVAL, "the error is %d, expected %d", err, -EINVAL);
	rig_pool_destroy(&f.pool);
}

/* A device that never had an allocator, not even the default one */
static void no_allocator(void)
{
	rig_device_init(&f.dev, "device");
	f.dev.dma_io_tlb_mem = NULL;
	expect(rig_alloc(&f.dev, RIG_PAGE) == RIG_NO_ADDR, "a buffer came from nowhere");
	expect(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "a mapping came from nowhere");
}

/* A pool of the other kind serves no mapping; on a host, shared memory is what is wanted. */
static void other_kind(void)
{
	setup(&f, RIG_POOLS, 4 * SET, 0);
	rig_cc = true;
	expect(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "a guest's device was given private memory");
	rig_cc_host = true;
	expect(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "a host's device was given private memory");
	rig_cc = false;
	rig_cc_host = false;
	teardown(&f);

	rig_cc = true;
	rig_cc_host = true;
	setup(&f, RIG_POOLS, 4 * SET, 0);
	model_must_map(&f.m, &f.dev, SOURCE, RIG_PAGE, 0, DMA_TO_DEVICE);
	teardown(&f);
}

/*
 * pool:	|slot|slot|slot| ...
 * DMA pages:	|  page   |  page   |		begin with the pool
 * pages:	     |  page   |		begin one slot later
 *
 * What is aligned for the device is then no page of the CPU's. It is refused,
 * and nothing of it stays in use.
 */
static void pages_out_of_step(void)
{
	unsigned int warnings;

	setup(&f, RIG_POOLS + RIG_SLOT, 2 * SET, 0);
	f.dev.dma_offset = -RIG_SLOT;
	warnings = rig_log_count(RIG_BUG);
	expect(rig_alloc(&f.dev, RIG_PAGE) == RIG_NO_ADDR, "a page was allocated");
	expect(rig_log_count(RIG_BUG) == warnings + 1, "%u warnings, expected 1",
	       rig_log_count(RIG_BUG) - warnings);
	teardown(&f);
}

/* Less than a slot is a pool without any. */
static void no_slots(void)
{
	u64 value;
	int err;

	rig_pool_create(&f.pool, RIG_POOLS, RIG_SLOT / 2, RIG_NO_PROPERTY);
	rig_device_init(&f.dev, "device");
	err = rig_pool_attach(&f.pool, &f.dev);
	/* patches/fixes has it refused, see attach/. */
	expect(err == (options.fixes ? -EINVAL : 0), "the error is %d", err);
	expect(!rig_debugfs(f.pool.rmem.name, "io_tlb_segsize", &value),
	       "debugfs has files for a pool without slots");
	expect(rig_map(&f.dev, SOURCE, 1, 0, DMA_TO_DEVICE, 0) == RIG_NO_ADDR,
	       "a byte was mapped in a pool without slots");
	rig_pool_destroy(&f.pool);
}

/* Reserved memory whose node is not found has no property. */
static void no_node(void)
{
	struct rig_pool other;
	int err;

	rig_pool_create(&other, RIG_POOLS + SZ_1M, SET * RIG_SLOT, 2 * SET);
	rig_pool_create(&f.pool, RIG_POOLS, SET * RIG_SLOT, 2 * SET);
	rig_pool_destroy(&f.pool);
	rig_device_init(&f.dev, "device");
	err = rig_pool_attach(&f.pool, &f.dev);
	expect(!err, "a device cannot be attached: %s", strerror(-err));
	expect(rig_segsize(&f.dev) == DEFAULT_SEGSIZE, "its segments have %u slots",
	       rig_segsize(&f.dev));
	expect(!rig_log_count(RIG_ERR), "there are errors:\n%s", rig_log());
	expect(!rig_node_refs(), "%d references to nodes were kept", rig_node_refs());
	rig_pool_destroy(&f.pool);
	rig_pool_destroy(&other);
}

/* A mapping's own pool is where both the device and its bus can reach it. */
static void limits(void)
{
	static const struct {
		u64 mask, bus;
	} rows[] = {
		{ DMA_BIT_MASK(32), 0 },
		{ 0, DMA_BIT_MASK(32) },
		{ DMA_BIT_MASK(64), DMA_BIT_MASK(32) },
		{ DMA_BIT_MASK(32), DMA_BIT_MASK(36) },
	};
	struct model_buf *buf;
	struct device dev;
	struct model m;
	unsigned int i;

	rig_default_early("1024,1", 0);
	rig_device_init(&dev, "device");
	model_init(&m, &dev, SET);
	for (i = 0; i < 1024; i += SET)
		model_must_map(&m, &dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		dev.dma_mask_value = rows[i].mask;
		dev.bus_dma_limit = rows[i].bus;
		buf = model_must_map(&m, &dev, SOURCE, RIG_PAGE, 0, DMA_TO_DEVICE);
		expect(buf->pool->view.transient, "row %u: the full pool has a place", i);
		expect(buf->addr < RIG_PAGES, "row %u: 0x%llx is above 4 GiB", i,
		       (unsigned long long)buf->addr);
		model_free(&m, buf);
	}
	model_drain(&m);
	model_exit(&m);
}

static const struct test tests[] = {
	{ "shared memory", shared_memory, NEEDS_SEGSIZE | NEEDS_CC_POOLS },
	{ "a pool that cannot be shared", no_sharing, NEEDS_SEGSIZE | NEEDS_CC_POOLS },
	{ "a pool of the other kind", other_kind, NEEDS_SEGSIZE | NEEDS_CC_POOLS },
	{ "a shared pool that cannot grow", shared_growth, NEEDS_DYNAMIC | NEEDS_SEGSIZE },
	{ "a pool in highmem", highmem },
	{ "no allocator", no_allocator, NEEDS_SEGSIZE },
	{ "pages out of step", pages_out_of_step, NEEDS_SEGSIZE | NEEDS_ALIGNMENT },
	{ "a pool without slots", no_slots, NEEDS_SEGSIZE },
	{ "a node that is not found", no_node, NEEDS_SEGSIZE },
	{ "limits of a mapping's own pool", limits, NEEDS_DYNAMIC | NEEDS_SEGSIZE },
	{ }
};

test_suite(refusals, tests);
