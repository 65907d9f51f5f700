// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a pool, in the middle of a slot set, with nobody looking but the
 * sanitizer: the model compares the counts of free slots before anything is
 * handed out, and would end each of these too early to see what wrong ones lead
 * to.
 */
#include "test.h"

#define BASE	0x50000000ULL
/* One slot set and a half */
#define SLOTS	(SET + SET / 2)

static struct rig_pool pool;
static struct device dev;

static void begin(void)
{
	int err;

	rig_pool_create(&pool, BASE, SLOTS * RIG_SLOT, RIG_NO_PROPERTY);
	rig_device_init(&dev, "device");
	err = rig_pool_attach(&pool, &dev);
	expect(!err, "a device cannot be attached: %s", strerror(-err));
}

/*
 * One slot is used, and a slot set's worth asked for. There are as many free
 * slots, but not in one slot set:
 *
 *	[#.......][....|
 *	          <----|---> no: it has no such slots
 */
static void half_a_set(void)
{
	phys_addr_t addr;

	begin();
	addr = rig_map(&dev, SOURCE, 1, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	expect(addr == BASE, "the first slot is at 0x%llx", (unsigned long long)addr);
	expect(rig_map(&dev, SOURCE, SET * RIG_SLOT, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN) ==
	       RIG_NO_ADDR, "slots behind the pool's end");
	rig_unmap(&dev, addr, 1, DMA_TO_DEVICE, 0);
	rig_pool_destroy(&pool);
}

/*
 * The last slots, released. What is behind them is no slot:
 *
 *	[........][....|
 *	           <--->
 */
static void last_slots(void)
{
	size_t bytes = SET / 2 * RIG_SLOT;
	phys_addr_t addr[3];
	unsigned int i;

	begin();
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		addr[i] = rig_map(&dev, SOURCE, bytes, 0, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
		expect(addr[i] == BASE + i * bytes, "piece %u is at 0x%llx", i,
		       (unsigned long long)addr[i]);
	}
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		rig_unmap(&dev, addr[i], bytes, DMA_TO_DEVICE, 0);
	expect(!rig_used(&dev), "%lu slots are said to be used", rig_used(&dev));
	rig_pool_destroy(&pool);
}

static const struct test tests[] = {
	{ "half a slot set", half_a_set },
	{ "the last slots", last_slots },
	{ }
};

test_suite(end, tests);
