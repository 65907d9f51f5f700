// SPDX-License-Identifier: GPL-2.0
/*
 * A device that does no DMA, to ask the DMA API what a real one would get.
 *
 * A node with the compatible "swiotlb-test,dma-probe" stands for a device: its
 * memory-region and its (missing) dma-coherent say which one. User space finds
 * it as /dev/NODE-NAME and can allocate or map buffers of any size, have them
 * written and read, and time that (include/uapi/linux/dma_probe.h). Only what
 * the DMA API offers to every driver is used, so that what is seen here is what
 * drivers see.
 *
 * To map more than the page allocator gives in one piece, the node can point
 * at a reserved piece of normal memory: swiotlb-test,source = <&node>.
 *
 * The device's own accesses are played by the CPU through the address that the
 * DMA API returned. That takes DMA addresses to be physical ones, and a machine
 * without caches (QEMU) where the device is not coherent.
 *
 * A device may be unbound while its file is open. What the file has kept is
 * then given back, as a driver has to, and what is asked later ends with ENODEV.
 */

#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <uapi/linux/dma_probe.h>

#include "compat.h"

/* Larger is a caller's mistake, not a question. */
#define DMA_PROBE_MAX_SIZE	SZ_2G
#define DMA_PROBE_MAX_LOOPS	1000000

struct dma_probe {
	/* Open files have it longer than the device has a driver. */
	struct kref kref;
	/* Taken for writing to set @gone, which lasts. */
	struct rw_semaphore gone_lock;
	bool gone;
	/* Protects the list of open files. */
	struct mutex files_lock;
	struct list_head files;
	struct device *dev;
	struct miscdevice misc;
	struct resource pool;
	u32 flags;
	/* The memory that large streaming mappings are made of */
	void *source;
	size_t source_size;
	/* @source belongs to one buffer at a time. */
	atomic_t source_busy;
};

struct dma_probe_buffer {
	struct list_head node;
	u32 handle;
	enum dma_probe_kind kind;
	size_t size;
	dma_addr_t dma_addr;
	void *cpu_addr;
	struct sg_table *sgt;
};

/* What one open file has kept */
struct dma_probe_file {
	struct list_head node;
	struct dma_probe *probe;
	/* Protects what follows. */
	struct mutex lock;
	struct list_head buffers;
	u32 next_handle;
};

static void dma_probe_fill(void *buf, size_t size, u32 seed)
{
	u8 *tail = buf;
	u32 *word = buf;
	size_t i;

	for (i = 0; i < size / 4; i++)
		word[i] = seed + (u32)i * 2654435761U;
	for (i = size & ~3UL; i < size; i++)
		tail[i] = seed + i;
}

static int dma_probe_check(struct device *dev, const char *who, const void *buf,
			   size_t size, u32 seed)
{
	const u8 *tail = buf;
	const u32 *word = buf;
	size_t i;

	for (i = 0; i < size / 4; i++) {
		if (word[i] != seed + (u32)i * 2654435761U) {
			dev_err(dev, "%s reads %#x at offset %zu of %zu, %#x was written\n",
				who, word[i], i * 4, size,
				seed + (u32)i * 2654435761U);
			return -EIO;
		}
	}
	for (i = size & ~3UL; i < size; i++) {
		if (tail[i] != (u8)(seed + i)) {
			dev_err(dev, "%s reads %#x at offset %zu of %zu, %#x was written\n",
				who, tail[i], i, size, (u8)(seed + i));
			return -EIO;
		}
	}
	return 0;
}

/* The memory that is to be mapped, as a driver's caller would hand it over */
static void *dma_probe_get_source(struct dma_probe *probe, size_t size)
{
	void *buf;

	buf = alloc_pages_exact(size, GFP_KERNEL | __GFP_NOWARN);
	if (buf)
		return buf;
	if (!probe->source || size > probe->source_size)
		return ERR_PTR(-E2BIG);
	if (atomic_cmpxchg(&probe->source_busy, 0, 1))
		return ERR_PTR(-EBUSY);
	return probe->source;
}

static void dma_probe_put_source(struct dma_probe *probe, void *buf, size_t size)
{
	if (buf == probe->source)
		atomic_set(&probe->source_busy, 0);
	else
		free_pages_exact(buf, size);
}

static int dma_probe_get(struct dma_probe *probe, struct dma_probe_buffer *buf,
			 bool quiet)
{
	/* What the page allocator would say is not about pools. */
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;
	struct device *dev = probe->dev;

	switch (buf->kind) {
	case DMA_PROBE_COHERENT:
		buf->cpu_addr = dma_alloc_coherent(dev, buf->size,
						   &buf->dma_addr, gfp);
		return buf->cpu_addr ? 0 : -ENOMEM;

	case DMA_PROBE_NONCONTIGUOUS:
		buf->sgt = dma_alloc_noncontiguous(dev, buf->size,
						   DMA_BIDIRECTIONAL, gfp, 0);
		if (!buf->sgt)
			return -ENOMEM;
		buf->cpu_addr = dma_vmap_noncontiguous(dev, buf->size, buf->sgt);
		if (!buf->cpu_addr) {
			dma_free_noncontiguous(dev, buf->size, buf->sgt,
					       DMA_BIDIRECTIONAL);
			return -ENOMEM;
		}
		buf->dma_addr = sg_dma_address(buf->sgt->sgl);
		return 0;

	case DMA_PROBE_STREAMING:
		buf->cpu_addr = dma_probe_get_source(probe, buf->size);
		if (IS_ERR(buf->cpu_addr))
			return PTR_ERR(buf->cpu_addr);
		/* Mapping copies to where the device looks. */
		dma_probe_fill(buf->cpu_addr, buf->size, buf->handle);
		buf->dma_addr = dma_map_single_attrs(dev, buf->cpu_addr, buf->size,
						     DMA_BIDIRECTIONAL,
						     quiet ? DMA_ATTR_NO_WARN : 0);
		if (dma_mapping_error(dev, buf->dma_addr)) {
			dma_probe_put_source(probe, buf->cpu_addr, buf->size);
			return -ENOMEM;
		}
		return 0;

	default:
		return -EINVAL;
	}
}

static void dma_probe_put(struct dma_probe *probe, struct dma_probe_buffer *buf)
{
	struct device *dev = probe->dev;

	switch (buf->kind) {
	case DMA_PROBE_COHERENT:
		dma_free_coherent(dev, buf->size, buf->cpu_addr, buf->dma_addr);
		break;
	case DMA_PROBE_NONCONTIGUOUS:
		dma_vunmap_noncontiguous(dev, buf->cpu_addr);
		dma_free_noncontiguous(dev, buf->size, buf->sgt,
				       DMA_BIDIRECTIONAL);
		break;
	default:
		dma_unmap_single(dev, buf->dma_addr, buf->size,
				 DMA_BIDIRECTIONAL);
		dma_probe_put_source(probe, buf->cpu_addr, buf->size);
		break;
	}
}

/*
 * A streaming mapping has two sides: what the CPU wrote before the mapping has
 * to be there for the device, and what the device writes for the CPU.
 */
static int dma_probe_access_streaming(struct dma_probe *probe,
				      struct dma_probe_buffer *buf)
{
	struct device *dev = probe->dev;
	void *device_side;
	int ret;

	device_side = memremap(buf->dma_addr, buf->size, MEMREMAP_WB);
	if (!device_side)
		return -ENXIO;

	ret = dma_probe_check(dev, "the device", device_side, buf->size,
			      buf->handle);
	if (!ret) {
		dma_probe_fill(device_side, buf->size, ~buf->handle);
		dma_sync_single_for_cpu(dev, buf->dma_addr, buf->size,
					DMA_BIDIRECTIONAL);
		ret = dma_probe_check(dev, "the CPU", buf->cpu_addr, buf->size,
				      ~buf->handle);
		dma_sync_single_for_device(dev, buf->dma_addr, buf->size,
					   DMA_BIDIRECTIONAL);
	}
	memunmap(device_side);
	return ret;
}

static int dma_probe_access(struct dma_probe *probe, struct dma_probe_buffer *buf)
{
	struct device *dev = probe->dev;
	int ret;

	if (buf->kind == DMA_PROBE_STREAMING)
		return dma_probe_access_streaming(probe, buf);

	if (buf->kind == DMA_PROBE_NONCONTIGUOUS)
		dma_sync_sgtable_for_cpu(dev, buf->sgt, DMA_BIDIRECTIONAL);
	dma_probe_fill(buf->cpu_addr, buf->size, buf->handle);
	if (buf->kind == DMA_PROBE_NONCONTIGUOUS) {
		dma_sync_sgtable_for_device(dev, buf->sgt, DMA_BIDIRECTIONAL);
		dma_sync_sgtable_for_cpu(dev, buf->sgt, DMA_BIDIRECTIONAL);
	}
	ret = dma_probe_check(dev, "the CPU", buf->cpu_addr, buf->size,
			      buf->handle);
	if (buf->kind == DMA_PROBE_NONCONTIGUOUS)
		dma_sync_sgtable_for_device(dev, buf->sgt, DMA_BIDIRECTIONAL);
	return ret;
}

static long dma_probe_do_info(struct dma_probe *probe, void __user *argp)
{
	struct dma_probe_info info = {
		.max_mapping_size = dma_max_mapping_size(probe->dev),
		.dma_mask = dma_get_mask(probe->dev),
		.source_size = probe->source_size,
		.flags = probe->flags,
	};

	if (info.max_mapping_size == SIZE_MAX)
		info.max_mapping_size = U64_MAX;
	if (probe->flags & DMA_PROBE_HAS_POOL) {
		info.pool_base = probe->pool.start;
		info.pool_size = resource_size(&probe->pool);
	}
	return copy_to_user(argp, &info, sizeof(info)) ? -EFAULT : 0;
}

static long dma_probe_do_alloc(struct dma_probe_file *file, void __user *argp)
{
	struct dma_probe *probe = file->probe;
	struct dma_probe_buffer *buf;
	struct dma_probe_alloc req;
	int ret;

	if (copy_from_user(&req, argp, sizeof(req)))
		return -EFAULT;
	if (!req.size || req.size > DMA_PROBE_MAX_SIZE || req.pad ||
	    req.kind > DMA_PROBE_STREAMING ||
	    (req.flags & ~(DMA_PROBE_KEEP | DMA_PROBE_QUIET)))
		return -EINVAL;

	buf = kzalloc_obj(*buf);
	if (!buf)
		return -ENOMEM;
	buf->kind = req.kind;
	buf->size = req.size;
	buf->handle = ++file->next_handle;

	ret = dma_probe_get(probe, buf, req.flags & DMA_PROBE_QUIET);
	if (ret)
		goto free_buf;
	ret = dma_probe_access(probe, buf);
	if (ret)
		goto put_buf;

	req.dma_addr = buf->dma_addr;
	req.handle = req.flags & DMA_PROBE_KEEP ? buf->handle : 0;
	if (copy_to_user(argp, &req, sizeof(req))) {
		ret = -EFAULT;
		goto put_buf;
	}
	if (req.flags & DMA_PROBE_KEEP) {
		list_add(&buf->node, &file->buffers);
		return 0;
	}

put_buf:
	dma_probe_put(probe, buf);
free_buf:
	kfree(buf);
	return ret;
}

/* What the last access has left is still there, on both sides. */
static int dma_probe_intact(struct dma_probe *probe, struct dma_probe_buffer *buf)
{
	struct device *dev = probe->dev;
	void *device_side;
	int ret;

	if (buf->kind != DMA_PROBE_STREAMING)
		return dma_probe_check(dev, "the CPU", buf->cpu_addr, buf->size,
				       buf->handle);

	device_side = memremap(buf->dma_addr, buf->size, MEMREMAP_WB);
	if (!device_side)
		return -ENXIO;
	ret = dma_probe_check(dev, "the device", device_side, buf->size,
			      ~buf->handle);
	memunmap(device_side);
	return ret ?: dma_probe_check(dev, "the CPU", buf->cpu_addr, buf->size,
				      ~buf->handle);
}

/* All that the file has kept: intact, and still good for an access. */
static long dma_probe_do_check(struct dma_probe_file *file)
{
	struct dma_probe *probe = file->probe;
	struct dma_probe_buffer *buf;
	int ret;

	list_for_each_entry(buf, &file->buffers, node) {
		ret = dma_probe_intact(probe, buf);
		if (ret)
			return ret;
		/* For the device to read, as before the mapping */
		if (buf->kind == DMA_PROBE_STREAMING) {
			dma_probe_fill(buf->cpu_addr, buf->size, buf->handle);
			dma_sync_single_for_device(probe->dev, buf->dma_addr,
						   buf->size, DMA_BIDIRECTIONAL);
		}
		ret = dma_probe_access(probe, buf);
		if (ret)
			return ret;
	}
	return 0;
}

static long dma_probe_do_free(struct dma_probe_file *file, void __user *argp)
{
	struct dma_probe_buffer *buf;
	u32 handle;

	if (copy_from_user(&handle, argp, sizeof(handle)))
		return -EFAULT;

	list_for_each_entry(buf, &file->buffers, node) {
		if (buf->handle == handle) {
			list_del(&buf->node);
			dma_probe_put(file->probe, buf);
			kfree(buf);
			return 0;
		}
	}
	return -ENOENT;
}

/* One turn of what is timed; @copy is as large as the buffer. */
static int dma_probe_turn(struct device *dev, const struct dma_probe_bench *req,
			  void *buf, void *copy)
{
	enum dma_data_direction dir = DMA_TO_DEVICE;
	struct sg_table *sgt;
	dma_addr_t dma_addr;
	void *cpu_addr;

	switch (req->kind) {
	case DMA_PROBE_COHERENT:
		cpu_addr = dma_alloc_coherent(dev, req->size, &dma_addr, GFP_KERNEL);
		if (!cpu_addr)
			return -ENOMEM;
		dma_free_coherent(dev, req->size, cpu_addr, dma_addr);
		return 0;
	case DMA_PROBE_NONCONTIGUOUS:
		sgt = dma_alloc_noncontiguous(dev, req->size, DMA_BIDIRECTIONAL,
					      GFP_KERNEL, 0);
		if (!sgt)
			return -ENOMEM;
		dma_free_noncontiguous(dev, req->size, sgt, DMA_BIDIRECTIONAL);
		return 0;
	case DMA_PROBE_STREAMING_IN:
		dir = DMA_FROM_DEVICE;
		fallthrough;
	case DMA_PROBE_STREAMING:
		dma_addr = dma_map_single(dev, buf, req->size, dir);
		if (dma_mapping_error(dev, dma_addr))
			return -ENOMEM;
		dma_unmap_single(dev, dma_addr, req->size, dir);
		return 0;
	default:
		memcpy(copy, buf, req->size);
		return 0;
	}
}

static long dma_probe_do_bench(struct dma_probe *probe, void __user *argp)
{
	struct dma_probe_bench req;
	void *buf, *copy = NULL;
	u32 round, i;
	u64 ns;
	int ret;

	if (copy_from_user(&req, argp, sizeof(req)))
		return -EFAULT;
	if (!req.size || req.size > DMA_PROBE_MAX_SIZE || req.pad ||
	    req.kind > DMA_PROBE_COPY ||
	    !req.count || req.count > DMA_PROBE_MAX_LOOPS ||
	    !req.rounds || req.rounds > DMA_PROBE_MAX_LOOPS)
		return -EINVAL;

	buf = alloc_pages_exact(req.size, GFP_KERNEL | __GFP_NOWARN);
	if (!buf)
		return -E2BIG;
	dma_probe_fill(buf, req.size, 0);
	if (req.kind == DMA_PROBE_COPY) {
		copy = alloc_pages_exact(req.size, GFP_KERNEL | __GFP_NOWARN);
		if (!copy) {
			ret = -E2BIG;
			goto free_buf;
		}
	}

	req.best_ns = U64_MAX;
	req.total_ns = 0;
	for (round = 0; round <= req.rounds; round++) {
		ns = ktime_get_ns();
		for (i = 0; i < req.count; i++) {
			ret = dma_probe_turn(probe->dev, &req, buf, copy);
			if (ret)
				goto free_copy;
		}
		ns = ktime_get_ns() - ns;
		/* The first has cold caches and first-time work in it. */
		if (round) {
			req.best_ns = min(req.best_ns, ns);
			req.total_ns += ns;
		}
		cond_resched();
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			goto free_copy;
		}
	}
	ret = copy_to_user(argp, &req, sizeof(req)) ? -EFAULT : 0;

free_copy:
	if (copy)
		free_pages_exact(copy, req.size);
free_buf:
	free_pages_exact(buf, req.size);
	return ret;
}

static long dma_probe_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct dma_probe_file *file = filp->private_data;
	struct dma_probe *probe = file->probe;
	void __user *argp = (void __user *)arg;
	long ret;

	if (down_read_interruptible(&probe->gone_lock))
		return -ERESTARTSYS;
	if (probe->gone) {
		ret = -ENODEV;
		goto up_gone;
	}
	if (mutex_lock_interruptible(&file->lock)) {
		ret = -ERESTARTSYS;
		goto up_gone;
	}
	switch (cmd) {
	case DMA_PROBE_INFO:
		ret = dma_probe_do_info(probe, argp);
		break;
	case DMA_PROBE_ALLOC:
		ret = dma_probe_do_alloc(file, argp);
		break;
	case DMA_PROBE_FREE:
		ret = dma_probe_do_free(file, argp);
		break;
	case DMA_PROBE_BENCH:
		ret = dma_probe_do_bench(probe, argp);
		break;
	case DMA_PROBE_CHECK:
		ret = dma_probe_do_check(file);
		break;
	default:
		ret = -ENOTTY;
		break;
	}
	mutex_unlock(&file->lock);
up_gone:
	up_read(&probe->gone_lock);
	return ret;
}

static void dma_probe_free(struct kref *kref)
{
	struct dma_probe *probe = container_of(kref, struct dma_probe, kref);

	mutex_destroy(&probe->files_lock);
	kfree(probe);
}

static void dma_probe_put_all(struct dma_probe_file *file)
{
	struct dma_probe_buffer *buf, *next;

	list_for_each_entry_safe(buf, next, &file->buffers, node) {
		list_del(&buf->node);
		dma_probe_put(file->probe, buf);
		kfree(buf);
	}
}

static int dma_probe_open(struct inode *inode, struct file *filp)
{
	struct dma_probe_file *file;
	struct dma_probe *probe;

	file = kzalloc_obj(*file);
	if (!file)
		return -ENOMEM;
	/*
	 * misc_open() left the misc device there, and lets nobody deregister it
	 * meanwhile.
	 */
	probe = container_of(filp->private_data, struct dma_probe, misc);
	kref_get(&probe->kref);
	file->probe = probe;
	mutex_init(&file->lock);
	INIT_LIST_HEAD(&file->buffers);
	mutex_lock(&probe->files_lock);
	list_add(&file->node, &probe->files);
	mutex_unlock(&probe->files_lock);
	filp->private_data = file;
	return 0;
}

static int dma_probe_release(struct inode *inode, struct file *filp)
{
	struct dma_probe_file *file = filp->private_data;
	struct dma_probe *probe = file->probe;

	down_read(&probe->gone_lock);
	dma_probe_put_all(file);
	mutex_lock(&probe->files_lock);
	list_del(&file->node);
	mutex_unlock(&probe->files_lock);
	up_read(&probe->gone_lock);

	mutex_destroy(&file->lock);
	kfree(file);
	kref_put(&probe->kref, dma_probe_free);
	return 0;
}

static const struct file_operations dma_probe_fops = {
	.owner = THIS_MODULE,
	.open = dma_probe_open,
	.release = dma_probe_release,
	.unlocked_ioctl = dma_probe_ioctl,
};

static void dma_probe_release_pool(void *dev)
{
	of_reserved_mem_device_release(dev);
}

static void dma_probe_put_ref(void *data)
{
	struct dma_probe *probe = data;

	kref_put(&probe->kref, dma_probe_free);
}

/* Waits for those who are asking, and takes back what files have kept. */
static void dma_probe_leave(void *data)
{
	struct dma_probe *probe = data;
	struct dma_probe_file *file;

	down_write(&probe->gone_lock);
	probe->gone = true;
	list_for_each_entry(file, &probe->files, node)
		dma_probe_put_all(file);
	up_write(&probe->gone_lock);
}

static void dma_probe_deregister(void *misc)
{
	misc_deregister(misc);
}

static void dma_probe_unmap_source(void *source)
{
	memunmap(source);
}

/* One of the device's memory-regions; they have to follow each other. */
static int dma_probe_add_region(struct dma_probe *probe, struct device_node *np)
{
	struct resource res;
	int ret;

	ret = of_address_to_resource(np, 0, &res);
	if (ret)
		return ret;
	if (of_device_is_compatible(np, "restricted-dma-pool"))
		probe->flags |= DMA_PROBE_IS_RESTRICTED;
	if (!(probe->flags & DMA_PROBE_HAS_POOL))
		probe->pool = res;
	else if (res.start == probe->pool.end + 1)
		probe->pool.end = res.end;
	else
		return -EINVAL;
	probe->flags |= DMA_PROBE_HAS_POOL;
	return 0;
}

static int dma_probe_init_pool(struct dma_probe *probe)
{
	struct device *dev = probe->dev;
	struct device_node *np;
	unsigned int i = 0;
	int ret;

	while ((np = of_parse_phandle(dev->of_node, "memory-region", i++))) {
		ret = dma_probe_add_region(probe, np);
		of_node_put(np);
		if (ret)
			return dev_err_probe(dev, ret, "cannot tell where the memory-region is\n");
	}
	if (!(probe->flags & DMA_PROBE_HAS_POOL))
		return 0;

	ret = of_reserved_mem_device_init(dev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot use the memory-region\n");
	return devm_add_action_or_reset(dev, dma_probe_release_pool, dev);
}

static int dma_probe_init_source(struct dma_probe *probe)
{
	struct device *dev = probe->dev;
	struct device_node *np;
	struct resource res;
	void *source;
	int ret;

	np = of_parse_phandle(dev->of_node, "swiotlb-test,source", 0);
	if (!np)
		return 0;
	ret = of_address_to_resource(np, 0, &res);
	of_node_put(np);
	if (ret)
		return dev_err_probe(dev, ret, "no address in the source\n");

	/* Normal memory comes back at its place in the linear map. */
	source = memremap(res.start, resource_size(&res), MEMREMAP_WB);
	if (!source)
		return dev_err_probe(dev, -ENOMEM, "cannot map the source %pR\n", &res);
	if (!virt_addr_valid(source)) {
		memunmap(source);
		return dev_err_probe(dev, -EINVAL,
				     "the source %pR is not normal memory: no-map?\n",
				     &res);
	}
	probe->source = source;
	probe->source_size = resource_size(&res);
	return devm_add_action_or_reset(dev, dma_probe_unmap_source, source);
}

static int dma_probe_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct dma_probe *probe;
	int ret;

	probe = kzalloc_obj(*probe);
	if (!probe)
		return -ENOMEM;
	kref_init(&probe->kref);
	init_rwsem(&probe->gone_lock);
	mutex_init(&probe->files_lock);
	INIT_LIST_HEAD(&probe->files);
	probe->dev = dev;
	ret = devm_add_action_or_reset(dev, dma_probe_put_ref, probe);
	if (ret)
		return ret;
	/* A buffer is one segment, and what limits it shall be the pool. */
	dma_set_max_seg_size(dev, UINT_MAX);
	if (device_get_dma_attr(dev) == DEV_DMA_COHERENT)
		probe->flags |= DMA_PROBE_IS_COHERENT;

	ret = dma_probe_init_pool(probe);
	if (ret)
		return ret;
	ret = dma_probe_init_source(probe);
	if (ret)
		return ret;

	probe->misc.name = devm_kasprintf(dev, GFP_KERNEL, "%pOFn", dev->of_node);
	if (!probe->misc.name)
		return -ENOMEM;
	probe->misc.minor = MISC_DYNAMIC_MINOR;
	probe->misc.fops = &dma_probe_fops;
	probe->misc.parent = dev;
	ret = devm_add_action_or_reset(dev, dma_probe_leave, probe);
	if (ret)
		return ret;
	ret = misc_register(&probe->misc);
	if (ret)
		return dev_err_probe(dev, ret, "cannot register the misc device\n");
	return devm_add_action_or_reset(dev, dma_probe_deregister, &probe->misc);
}

static const struct of_device_id dma_probe_of_match[] = {
	{ .compatible = "swiotlb-test,dma-probe" },
	{ }
};
MODULE_DEVICE_TABLE(of, dma_probe_of_match);

static struct platform_driver dma_probe_driver = {
	.probe = dma_probe_probe,
	.driver = {
		.name = "dma-probe",
		.of_match_table = dma_probe_of_match,
	},
};
module_platform_driver(dma_probe_driver);

MODULE_DESCRIPTION("Ask the DMA API from user space");
MODULE_LICENSE("GPL");
