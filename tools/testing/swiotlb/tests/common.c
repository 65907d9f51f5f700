// SPDX-License-Identifier: GPL-2.0
/*
 * What many tests begin and end with.
 */
#include "test.h"

void setup_cpus(struct fixture *f, phys_addr_t base, unsigned long slots,
		unsigned int segsize, unsigned int cpus)
{
	int err;

	memset(f, 0, sizeof(*f));
	rig_cpus = cpus;
	rig_pool_create(&f->pool, base, slots * RIG_SLOT, segsize ?: RIG_NO_PROPERTY);
	rig_device_init(&f->dev, "device");
	err = rig_pool_attach(&f->pool, &f->dev);
	expect(!err, "a device cannot be attached: %s", strerror(-err));
	model_init(&f->m, &f->dev, segsize ?: DEFAULT_SEGSIZE);
	expect(rig_pools(&f->dev, &f->view, 1) == 1, "there is not one pool");
	expect(f->view.start == base && f->view.nslabs == slots,
	       "the pool has %lu slots at 0x%llx, expected %lu at 0x%llx",
	       f->view.nslabs, (unsigned long long)f->view.start, slots,
	       (unsigned long long)base);
}

void setup(struct fixture *f, phys_addr_t base, unsigned long slots, unsigned int segsize)
{
	setup_cpus(f, base, slots, segsize, 1);
}

void teardown(struct fixture *f)
{
	model_drain(&f->m);
	model_exit(&f->m);
	expect(!rig_node_refs(), "%d references to device tree nodes were kept",
	       rig_node_refs());
	rig_pool_destroy(&f->pool);
}

struct model_buf **fill(struct fixture *f)
{
	struct model_buf **bufs = calloc(f->view.nslabs, sizeof(*bufs));
	unsigned long i;

	for (i = 0; i < f->view.nslabs; i++) {
		struct model_buf *buf = model_must_map(&f->m, &f->dev, SOURCE, RIG_SLOT,
						       0, DMA_TO_DEVICE);

		expect(!bufs[buf->first], "slot %lu was given twice", buf->first);
		bufs[buf->first] = buf;
	}
	return bufs;
}

void open_hole(struct fixture *f, struct model_buf **bufs, unsigned long first,
	       unsigned long nslots)
{
	unsigned long i;

	for (i = first; i < first + nslots; i++) {
		model_free(&f->m, bufs[i]);
		bufs[i] = NULL;
	}
}

void default_begin(struct device *dev, struct model *m, struct rig_view *view,
		   unsigned int segsize)
{
	rig_device_init(dev, "device");
	model_init(m, dev, segsize);
	expect(rig_pools(dev, view, 1) == 1, "there is not one pool");
}

void default_end(struct model *m)
{
	model_drain(m);
	rig_run_work();
	model_update_pools(m);
	model_exit(m);
	rig_default_exit();
	expect(!rig_pages_in_use(), "%zu bytes of pages were never freed",
	       rig_pages_in_use());
}
