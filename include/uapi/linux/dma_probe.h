/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What user space may ask of a DMA probe device, /dev/dma-probe-*: see
 * kernel/dma/dma_probe.c. All sizes and addresses are in bytes. A request that
 * the DMA API turns down ends with errno ENOMEM; EIO means that the data in a
 * buffer was not what had been written; ENODEV that the device was unbound.
 */
#ifndef _UAPI_LINUX_DMA_PROBE_H
#define _UAPI_LINUX_DMA_PROBE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* How memory is to be had for the device */
enum dma_probe_kind {
	DMA_PROBE_COHERENT,		/* dma_alloc_coherent() */
	DMA_PROBE_NONCONTIGUOUS,	/* dma_alloc_noncontiguous() */
	DMA_PROBE_STREAMING,		/* dma_map_single() */
	/* For DMA_PROBE_BENCH only: */
	DMA_PROBE_STREAMING_IN,		/* dma_map_single() from the device */
	DMA_PROBE_COPY,			/* memcpy() */
};

#define DMA_PROBE_IS_COHERENT	(1 << 0)	/* the device snoops the caches */
#define DMA_PROBE_IS_RESTRICTED	(1 << 1)	/* it has a restricted pool */
#define DMA_PROBE_HAS_POOL	(1 << 2)	/* it has a memory-region at all */

/**
 * struct dma_probe_info - what drivers of this device are told
 * @max_mapping_size: dma_max_mapping_size(), all ones: no limit
 * @dma_mask: the device's DMA mask
 * @pool_base: first address of the device's memory-region, or of the first of several
 * @pool_size: size of the device's memory-region, or of all together
 * @source_size: the largest buffer that DMA_PROBE_STREAMING can map
 * @flags: DMA_PROBE_IS_COHERENT and so on
 * @pad: 0
 */
struct dma_probe_info {
	__u64 max_mapping_size;
	__u64 dma_mask;
	__u64 pool_base;
	__u64 pool_size;
	__u64 source_size;
	__u32 flags;
	__u32 pad;
};

#define DMA_PROBE_KEEP		(1 << 0)	/* until it is freed or closed */
#define DMA_PROBE_QUIET		(1 << 1)	/* no kernel message on failure */

/**
 * struct dma_probe_alloc - get a buffer, write it, read it, and let it go
 * @size: in: how large
 * @kind: in: one of the first three of enum dma_probe_kind
 * @flags: in: DMA_PROBE_KEEP, DMA_PROBE_QUIET
 * @dma_addr: out: where the device finds it
 * @handle: out: for DMA_PROBE_FREE, when it is kept
 * @pad: 0
 */
struct dma_probe_alloc {
	__u64 size;
	__u32 kind;
	__u32 flags;
	__u64 dma_addr;
	__u32 handle;
	__u32 pad;
};

/**
 * struct dma_probe_bench - the time that getting and returning a buffer takes
 * @size: in: how large
 * @kind: in: one of enum dma_probe_kind; DMA_PROBE_STREAMING is to the device
 * @count: in: how often in a round
 * @rounds: in: how many rounds, one to warm up not counted
 * @pad: 0
 * @best_ns: out: the time of the fastest round
 * @total_ns: out: the time of all rounds
 */
struct dma_probe_bench {
	__u64 size;
	__u32 kind;
	__u32 count;
	__u32 rounds;
	__u32 pad;
	__u64 best_ns;
	__u64 total_ns;
};

#define DMA_PROBE_INFO	_IOR('d', 0x41, struct dma_probe_info)
#define DMA_PROBE_ALLOC	_IOWR('d', 0x42, struct dma_probe_alloc)
#define DMA_PROBE_FREE	_IOW('d', 0x43, __u32)
#define DMA_PROBE_BENCH	_IOWR('d', 0x44, struct dma_probe_bench)
/* All that this file has kept is as it was written, or EIO. */
#define DMA_PROBE_CHECK	_IO('d', 0x45)

#endif /* _UAPI_LINUX_DMA_PROBE_H */
