// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that take memory while they probe, as most do, and keep it: to see what
 * they get when many of them probe at once, and when a pool cannot be set up.
 *
 * A node with the compatible "swiotlb-test,attach-probe" stands for a device. It
 * leaves it to the driver core to attach the device to its memory-region, asks for
 * pages of coherent memory, maps one page, and gives all back when it is unbound.
 * With the property swiotlb-test,atomic it asks for coherent memory in an interrupt;
 * with swiotlb-test,again it looks whether the core's assignment is recorded as one of
 * the driver's. What is not to be had is counted, and the device probes all the same.
 *
 * The module's parameters have the sums for all devices.
 */

#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "compat.h"

static unsigned int pages = 24;
module_param(pages, uint, 0444);
MODULE_PARM_DESC(pages, "coherent pages that each device asks for");

static unsigned int given;
module_param(given, uint, 0444);
MODULE_PARM_DESC(given, "(read) coherent pages and mappings that devices got");

static unsigned int refused;
module_param(refused, uint, 0444);
MODULE_PARM_DESC(refused, "(read) coherent pages and mappings that they did not get");

static unsigned int twice;
module_param(twice, uint, 0444);
MODULE_PARM_DESC(twice, "(read) coherent pages that another device had at the time");

static unsigned int outside;
module_param(outside, uint, 0444);
MODULE_PARM_DESC(outside, "(read) what was not in its device's memory-region");

static unsigned int recorded;
module_param(recorded, uint, 0444);
MODULE_PARM_DESC(recorded, "(read) assignments of the core that a driver could undo");

/* Protects the sums. */
static DEFINE_MUTEX(sums_lock);

/* The device that has the coherent page, by its number */
static DEFINE_XARRAY(owners);

struct attach_probe_page {
	void *cpu_addr;
	dma_addr_t dma_addr;
	bool owned;
};

struct attach_probe {
	struct device *dev;
	struct resource pool;
	bool atomic;
	/* Where memory is asked for in an interrupt */
	struct hrtimer timer;
	struct completion done;
	void *buf;
	dma_addr_t buf_addr;
	struct attach_probe_page page[];
};

static void attach_probe_put(void *data)
{
	struct attach_probe *probe = data;
	unsigned int i;

	for (i = 0; i < pages; i++) {
		struct attach_probe_page *page = &probe->page[i];

		if (page->owned)
			xa_erase(&owners, page->dma_addr >> PAGE_SHIFT);
		if (page->cpu_addr)
			dma_free_coherent(probe->dev, PAGE_SIZE, page->cpu_addr,
					  page->dma_addr);
	}
	if (probe->buf_addr != DMA_MAPPING_ERROR)
		dma_unmap_single(probe->dev, probe->buf_addr, PAGE_SIZE,
				 DMA_TO_DEVICE);
	free_page((unsigned long)probe->buf);
	kfree(probe);
}

static void attach_probe_get_pages(struct attach_probe *probe)
{
	gfp_t gfp = probe->atomic ? GFP_ATOMIC : GFP_KERNEL;
	unsigned int i;

	for (i = 0; i < pages; i++) {
		struct attach_probe_page *page = &probe->page[i];

		page->cpu_addr = dma_alloc_coherent(probe->dev, PAGE_SIZE,
						    &page->dma_addr, gfp);
	}
}

static enum hrtimer_restart attach_probe_timer(struct hrtimer *timer)
{
	struct attach_probe *probe = container_of(timer, struct attach_probe, timer);

	attach_probe_get_pages(probe);
	complete(&probe->done);
	return HRTIMER_NORESTART;
}

static void attach_probe_get_pages_in_irq(struct attach_probe *probe)
{
	init_completion(&probe->done);
	hrtimer_setup(&probe->timer, attach_probe_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	hrtimer_start(&probe->timer, 0, HRTIMER_MODE_REL_HARD);
	wait_for_completion(&probe->done);
	hrtimer_cancel(&probe->timer);
}

static void attach_probe_count_one(struct attach_probe *probe, dma_addr_t dma_addr)
{
	given++;
	if (dma_addr >= probe->pool.start &&
	    dma_addr + PAGE_SIZE - 1 <= probe->pool.end)
		return;
	outside++;
	dev_warn(probe->dev, "DMA at %pad, not in %pR\n", &dma_addr, &probe->pool);
}

static int attach_probe_count(struct attach_probe *probe)
{
	unsigned int i;
	int ret;

	guard(mutex)(&sums_lock);
	for (i = 0; i < pages; i++) {
		struct attach_probe_page *page = &probe->page[i];

		if (!page->cpu_addr) {
			refused++;
			continue;
		}
		attach_probe_count_one(probe, page->dma_addr);
		ret = xa_insert(&owners, page->dma_addr >> PAGE_SHIFT, probe,
				GFP_KERNEL);
		page->owned = !ret;
		if (ret == -EBUSY)
			twice++;
		else if (ret)
			return ret;
	}
	if (probe->buf_addr == DMA_MAPPING_ERROR)
		refused++;
	else
		attach_probe_count_one(probe, probe->buf_addr);
	return 0;
}

/*
 * Has the core recorded the pool that it assigned, as if the driver had? Then a release,
 * which is for the driver's own, resets dma_io_tlb_mem.
 */
static bool attach_probe_is_recorded(struct device *dev)
{
	struct io_tlb_mem *pool = dev->dma_io_tlb_mem;
	bool is_recorded;

	of_reserved_mem_device_release(dev);
	is_recorded = dev->dma_io_tlb_mem != pool;
	dev->dma_io_tlb_mem = pool;
	return is_recorded;
}

static int attach_probe_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct attach_probe *probe;
	struct device_node *np;
	int ret;

	probe = kzalloc(struct_size(probe, page, pages), GFP_KERNEL);
	if (!probe)
		return -ENOMEM;
	probe->dev = dev;
	probe->atomic = device_property_read_bool(dev, "swiotlb-test,atomic");
	probe->buf_addr = DMA_MAPPING_ERROR;
	ret = devm_add_action_or_reset(dev, attach_probe_put, probe);
	if (ret)
		return ret;
	probe->buf = (void *)__get_free_page(GFP_KERNEL);
	if (!probe->buf)
		return -ENOMEM;

	np = of_parse_phandle(dev->of_node, "memory-region", 0);
	if (!np)
		return dev_err_probe(dev, -ENODEV, "no memory-region\n");
	ret = of_address_to_resource(np, 0, &probe->pool);
	of_node_put(np);
	if (ret)
		return dev_err_probe(dev, ret, "no address in the memory-region\n");

	if (device_property_read_bool(dev, "swiotlb-test,again"))
		recorded += attach_probe_is_recorded(dev);

	if (probe->atomic)
		attach_probe_get_pages_in_irq(probe);
	else
		attach_probe_get_pages(probe);
	probe->buf_addr = dma_map_single(dev, probe->buf, PAGE_SIZE, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, probe->buf_addr))
		probe->buf_addr = DMA_MAPPING_ERROR;
	return attach_probe_count(probe);
}

static const struct of_device_id attach_probe_of_match[] = {
	{ .compatible = "swiotlb-test,attach-probe" },
	{ }
};
MODULE_DEVICE_TABLE(of, attach_probe_of_match);

static struct platform_driver attach_probe_driver = {
	.probe = attach_probe_probe,
	.driver = {
		.name = "attach-probe",
		.of_match_table = attach_probe_of_match,
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};
module_platform_driver(attach_probe_driver);

MODULE_DESCRIPTION("Take DMA memory while many devices probe");
MODULE_LICENSE("GPL");
