// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own file, and behind it the accessors that need to see its
 * insides: struct io_tlb_slot and the static functions are private to that file.
 *
 * Kernels differ: 6.1 has its one pool in struct io_tlb_mem itself, functions
 * have got arguments since. rig-features.h (see headers.sh) says which it is.
 */
#include <stdio.h>

#include "rig.h"
#include "rig-features.h"

#if !RIG_HAS_DYNAMIC
#undef CONFIG_SWIOTLB_DYNAMIC
#endif

/*
 * The allocator clears a pool when it is made, and copies into it. A sparse
 * pool is not to be filled with zeros, and where only slots matter nothing is to
 * be copied.
 */
static void *rig_memset(void *to, int c, size_t bytes)
{
	bool in_ram = (char *)to >= rig_ram && (char *)to < rig_ram + RIG_RAM_SIZE;

	if (!in_ram || c)
		return memset(to, c, bytes);
	if (!rig_is_memory(virt_to_phys(to), bytes))
		rig_die("memset() of 0x%llx, where there is no memory",
			(unsigned long long)virt_to_phys(to));
	rig_forget(virt_to_phys(to), bytes);
	return to;
}

static inline void *rig_memcpy(void *to, const void *from, size_t bytes)
{
	return rig_copy ? memcpy(to, from, bytes) : to;
}

#define memset rig_memset
#define memcpy rig_memcpy
#undef pr_fmt
/* A call of a function that does not say so may come with any kernel. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-variable"
#include SWIOTLB_C
#pragma GCC diagnostic pop
#undef memset
#undef memcpy

#if RIG_HAS_POOL
#define mem_pool(mem)	(&(mem)->defpool)
#define rig_mem_pool	io_tlb_pool
#else
#define mem_pool(mem)	(mem)
#define rig_mem_pool	io_tlb_mem
#endif

/* Bytes of the slot descriptors, with what is behind them */
static size_t slots_bytes(unsigned long nslabs)
{
#if RIG_HAS_BITMAP
	return slots_size(nslabs);
#else
	return array_size(sizeof(struct io_tlb_slot), nslabs);
#endif
}

const struct rig_build rig_build = {
	.page_shift = PAGE_SHIFT,
	.set_slots = IO_TLB_SEGSIZE,
	.dynamic = IS_ENABLED(CONFIG_SWIOTLB_DYNAMIC),
	.has_segsize = RIG_HAS_SEGSIZE,
	.has_pad_slots = RIG_HAS_PAD_SLOTS,
	.tracks_used = RIG_HAS_TOTAL_USED && !RIG_HAS_TRACK_HIWATER,
	.has_alignment = RIG_HAS_ALIGNMENT,
	.has_bitmap = RIG_HAS_BITMAP,
	.takes_lowest = RIG_TAKES_LOWEST,
	.adds_up_counts = RIG_ADDS_UP_COUNTS,
	.searches_all_starts = RIG_SEARCHES_ALL_STARTS,
	.has_areas = RIG_HAS_AREAS,
	.searches_all_areas = RIG_SEARCHES_ALL_AREAS,
	.has_map = RIG_HAS_MAP,
	.has_cc_pools = RIG_HAS_CC_POOLS,
	.alloc_has_attrs = RIG_ALLOC_HAS_ATTRS,
	.has_segsize_param = RIG_HAS_SEGSIZE_PARAM,
	.reduces_nareas = RIG_REDUCES_NAREAS,
};

/*
 * A kernel without a default pool does not set the number of areas. With
 * dynamic pools, nothing is then found in a restricted pool either, unless it
 * has the fix: it is set for those that have not.
 */
void rig_setup_allocator(void)
{
#if !RIG_SEARCHES_ALL_AREAS
	swiotlb_adjust_nareas(rig_cpus);
#endif
}

void rig_device_init(struct device *dev, const char *name)
{
	*dev = (struct device){
		.name = name,
		.seg_boundary_mask = ULONG_MAX,
		.coherent = true,
		.dma_mask_value = DMA_BIT_MASK(64),
	};
	dev->dma_mask = &dev->dma_mask_value;
#if RIG_HAS_POOL
	swiotlb_dev_init(dev);
#else
	dev->dma_io_tlb_mem = &io_tlb_default_mem;
#endif
}

int rig_pool_attach(struct rig_pool *pool, struct device *dev)
{
	return rmem_swiotlb_ops.device_init(&pool->rmem, dev);
}

void rig_pool_free(void *priv)
{
	struct io_tlb_mem *mem = priv;

	if (!mem)
		return;
	kvfree(mem_pool(mem)->slots);
	kfree(mem_pool(mem)->areas);
	kfree(mem);
}

void rig_set_default_nareas(unsigned int nareas)
{
	default_nareas = nareas;
}

void rig_split(struct device *dev, unsigned int nareas)
{
	struct rig_mem_pool *pool = mem_pool(dev->dma_io_tlb_mem);

	/* With dynamic pools, no more areas than this are ever searched. */
	default_nareas = max_t(unsigned long, default_nareas, nareas);
#if RIG_SEARCHES_ALL_AREAS && defined(CONFIG_SWIOTLB_DYNAMIC)
	dev->dma_io_tlb_mem->nareas = nareas;
#endif
	kfree(pool->areas);
	pool->areas = kcalloc(nareas, sizeof(*pool->areas), GFP_KERNEL);
#if RIG_HAS_AREAS
	swiotlb_init_io_tlb_pool(pool, pool->start, pool->vaddr, pool->nslabs,
				 pool->late_alloc, nareas, pool->nslabs / nareas);
#elif RIG_HAS_POOL
	swiotlb_init_io_tlb_pool(pool, pool->start, pool->vaddr, pool->nslabs,
				 pool->late_alloc, nareas);
#else
	swiotlb_init_io_tlb_mem(pool, pool->start, pool->nslabs, SWIOTLB_FORCE,
				pool->late_alloc, nareas);
#endif
}

bool rig_remap;
unsigned long rig_remap_most = ULONG_MAX;

/* Xen's takes the pool by slot sets. */
static int remap(void *tlb, unsigned long nslabs)
{
	if (nslabs > rig_remap_most)
		return -ENOMEM;
	/* It gives the memory other addresses: whose it is matters. */
	memset(tlb, 0, nslabs << IO_TLB_SHIFT);
	return nslabs % IO_TLB_SEGSIZE ? -EINVAL : 0;
}

/*
 * When it tears down the pool, a kernel without the fix leaves it in the list, as zeros,
 * and its slots in the allocator's number.
 */
static void begin_default(void)
{
#if !RIG_DELETES_POOL
	if (mem_pool(&io_tlb_default_mem)->nslabs)
		return;
	io_tlb_default_mem.nslabs = 0;
#ifdef CONFIG_SWIOTLB_DYNAMIC
	INIT_LIST_HEAD_RCU(&io_tlb_default_mem.pools);
#endif
#endif
}

int rig_default_late(size_t bytes, unsigned int nareas)
{
	begin_default();
	swiotlb_adjust_nareas(nareas);
	return swiotlb_init_late(bytes, GFP_KERNEL, rig_remap ? remap : NULL);
}

void rig_default_early(const char *param, unsigned int flags)
{
	char buf[64];

	begin_default();
	if (param) {
		snprintf(buf, sizeof(buf), "%s", param);
		setup_io_tlb_npages(buf);
	}
	swiotlb_init(true, flags);
}

void rig_default_boot(const char *cmdline, unsigned int flags)
{
	begin_default();
	/* What the rig has set for kernels without a default pool */
	default_nareas = 0;
	default_nslabs = IO_TLB_DEFAULT_SIZE >> IO_TLB_SHIFT;
	rig_parse_early_params(cmdline);
	swiotlb_init_remap(true, flags, rig_remap ? remap : NULL);
}

void rig_default_debugfs(void)
{
	swiotlb_create_default_debugfs();
}

void rig_default_growth(bool on)
{
#ifdef CONFIG_SWIOTLB_DYNAMIC
	io_tlb_default_mem.can_grow = on;
#endif
}

static void free_default_pool(struct rig_mem_pool *pool)
{
	size_t slots = slots_bytes(pool->nslabs);
	size_t areas = array_size(sizeof(*pool->areas), pool->nareas);

	if (!pool->nslabs)
		return;
	rig_pages_free(pool->start, 0);
	rig_pages_free(virt_to_phys(pool->slots), slots);
	if ((char *)pool->areas >= rig_ram &&
	    (char *)pool->areas < rig_ram + RIG_RAM_SIZE)
		rig_pages_free(virt_to_phys(pool->areas), areas);
}

/* What else there is of the default pool, as it was before the boot */
static void forget_default(void)
{
	struct io_tlb_mem *mem = &io_tlb_default_mem;

	mem->force_bounce = false;
#if RIG_HAS_TOTAL_USED
	atomic_long_set(&mem->total_used, 0);
	atomic_long_set(&mem->used_hiwater, 0);
#endif
	default_nareas = 0;
	default_nslabs = IO_TLB_DEFAULT_SIZE >> IO_TLB_SHIFT;
	swiotlb_force_bounce = false;
	swiotlb_force_disable = false;
	rig_setup_allocator();
}

void rig_default_exit(void)
{
	struct io_tlb_mem *mem = &io_tlb_default_mem;

#ifdef CONFIG_SWIOTLB_DYNAMIC
	while (mem->pools.next != &mem->pools) {
		struct rig_mem_pool *pool;

		pool = container_of(mem->pools.next, struct rig_mem_pool, node);
		list_del_rcu(&pool->node);
		free_default_pool(pool);
		if (pool != &mem->defpool)
			kfree(pool);
	}
	mem->can_grow = false;
#else
	free_default_pool(mem_pool(mem));
#endif
	memset(mem_pool(mem), 0, sizeof(*mem_pool(mem)));
	mem->nslabs = 0;
#if RIG_SEARCHES_ALL_AREAS && defined(CONFIG_SWIOTLB_DYNAMIC)
	mem->nareas = 0;
#endif
#if RIG_HAS_SEGSIZE
	mem->segsize = 0;
#endif
	forget_default();
}

bool rig_default_teardown(void)
{
	swiotlb_exit();
	if (mem_pool(&io_tlb_default_mem)->nslabs)
		return false;
	forget_default();
	return true;
}

phys_addr_t rig_alloc_attrs(struct device *dev, size_t bytes, unsigned long attrs)
{
	struct page *page;

#if RIG_ALLOC_HAS_ATTRS
	page = swiotlb_alloc(dev, bytes, attrs);
#else
	page = swiotlb_alloc(dev, bytes);
#endif
	return page ? page_to_phys(page) : RIG_NO_ADDR;
}

phys_addr_t rig_alloc(struct device *dev, size_t bytes)
{
	return rig_alloc_attrs(dev, bytes, 0);
}

bool rig_free(struct device *dev, phys_addr_t addr, size_t bytes)
{
	return swiotlb_free(dev, pfn_to_page(PFN_DOWN(addr)), bytes);
}

phys_addr_t rig_map(struct device *dev, phys_addr_t orig, size_t bytes,
		    unsigned int alloc_align_mask, enum dma_data_direction dir,
		    unsigned long attrs)
{
#if RIG_MAP_ATTRS_BY_POINTER
	return swiotlb_tbl_map_single(dev, orig, bytes, alloc_align_mask, dir,
				      &attrs);
#elif RIG_MAP_HAS_ALLOC_SIZE
	return swiotlb_tbl_map_single(dev, orig, bytes,
				      ALIGN(bytes, alloc_align_mask + 1),
				      alloc_align_mask, dir, attrs);
#else
	return swiotlb_tbl_map_single(dev, orig, bytes, alloc_align_mask, dir,
				      attrs);
#endif
}

void rig_unmap(struct device *dev, phys_addr_t addr, size_t bytes,
	       enum dma_data_direction dir, unsigned long attrs)
{
	swiotlb_tbl_unmap_single(dev, addr, bytes, dir, attrs);
}

void rig_sync_for_cpu(struct device *dev, phys_addr_t addr, size_t bytes,
		      enum dma_data_direction dir)
{
	swiotlb_sync_single_for_cpu(dev, addr, bytes, dir);
}

void rig_sync_for_device(struct device *dev, phys_addr_t addr, size_t bytes,
			 enum dma_data_direction dir)
{
	swiotlb_sync_single_for_device(dev, addr, bytes, dir);
}

dma_addr_t rig_map_dma(struct device *dev, phys_addr_t orig, size_t bytes,
		       enum dma_data_direction dir, unsigned long attrs)
{
	return swiotlb_map(dev, orig, bytes, dir, attrs);
}

size_t rig_max_mapping_size(struct device *dev)
{
	return swiotlb_max_mapping_size(dev);
}

static struct rig_view view_of(struct rig_mem_pool *pool)
{
	return (struct rig_view){
		.pool = pool,
		.start = pool->start,
		.nslabs = pool->nslabs,
		.nareas = pool->nareas,
		.area_nslabs = pool->area_nslabs,
#ifdef CONFIG_SWIOTLB_DYNAMIC
		.transient = pool->transient,
#endif
	};
}

unsigned int rig_pools(struct device *dev, struct rig_view *views, unsigned int max)
{
	struct io_tlb_mem *mem = dev->dma_io_tlb_mem;
	unsigned int n = 0;

#ifdef CONFIG_SWIOTLB_DYNAMIC
	struct rig_mem_pool *pool;

	list_for_each_entry_rcu(pool, &mem->pools, node)
		if (n++ < max)
			views[n - 1] = view_of(pool);
	list_for_each_entry_rcu(pool, &dev->dma_io_tlb_pools, node)
		if (n++ < max)
			views[n - 1] = view_of(pool);
#else
	if (mem->nslabs && n++ < max)
		views[n - 1] = view_of(mem_pool(mem));
#endif
	return n;
}

#if RIG_HAS_BITMAP
/* Free slots from the first one on, in its slot set: what other kernels count */
static unsigned int free_slots(const struct rig_mem_pool *pool, unsigned long first)
{
	unsigned long end = min(ALIGN(first + 1, IO_TLB_SEGSIZE), pool->nslabs), slot;

	for (slot = first; slot < end; slot++)
		if (test_bit(slot, pool->bitmap))
			break;
	return slot - first;
}
#endif

void rig_read_slots(const struct rig_view *view, unsigned long first,
		    unsigned long n, struct rig_slot *slots)
{
	const struct rig_mem_pool *pool = view->pool;
	unsigned long i;

	/* From the last one on, for the sake of the counts */
	for (i = n; i--;) {
		const struct io_tlb_slot *slot = &pool->slots[first + i];

		slots[i].orig_addr = slot->orig_addr;
		slots[i].alloc_size = slot->alloc_size;
		/* Less than 0 behind the last byte, and no more than 2 GiB else */
		if (sizeof(slot->alloc_size) == sizeof(u32) &&
		    slot->alloc_size > 1UL << 31)
			slots[i].alloc_size -= 1UL << 32;
#if RIG_HAS_BITMAP
		if (i == n - 1 || (first + i + 1) % IO_TLB_SEGSIZE == 0)
			slots[i].list = free_slots(pool, first + i);
		else
			slots[i].list = test_bit(first + i, pool->bitmap) ? 0 :
				slots[i + 1].list + 1;
#else
		slots[i].list = slot->list;
#endif
#if RIG_HAS_PAD_SLOTS
		slots[i].pad_slots = slot->pad_slots;
#else
		slots[i].pad_slots = 0;
#endif
	}
}

struct rig_area rig_read_area(const struct rig_view *view, unsigned int area)
{
	const struct rig_mem_pool *pool = view->pool;

	return (struct rig_area){
#if RIG_HAS_AREAS
		.nslabs = pool->areas[area].nslabs,
#else
		.nslabs = pool->area_nslabs,
#endif
		.used = pool->areas[area].used,
		.index = pool->areas[area].index,
	};
}

unsigned int rig_longest_row(const struct rig_view *view, unsigned long slot,
			     unsigned long *behind)
{
#if RIG_TAKES_LOWEST
	const struct rig_mem_pool *pool = view->pool;
	const struct io_tlb_area *area = &pool->areas[rig_area_of(view, slot)];
	unsigned long area_start = rig_area_start(view, rig_area_of(view, slot));

	slot -= area_start;
	*behind = area_start + ALIGN(slot + 1, 1UL << area->block_shift);
	return area->longest[slot >> area->block_shift];
#else
	*behind = view->nslabs;
	return UINT_MAX;
#endif
}

void rig_set_index(const struct rig_view *view, unsigned int area, unsigned int index)
{
	struct rig_mem_pool *pool = view->pool;

	pool->areas[area].index = index;
}

size_t rig_state_bytes(const struct rig_view *view)
{
	return slots_bytes(view->nslabs) +
		view->nareas * sizeof(struct rig_area);
}

void rig_state_get(const struct rig_view *view, void *state)
{
	size_t slots = slots_bytes(view->nslabs);
	struct rig_area *areas = state + slots;
	const struct rig_mem_pool *pool = view->pool;
	unsigned int i;

	memcpy(state, pool->slots, slots);
	memset(areas, 0, view->nareas * sizeof(*areas));
	for (i = 0; i < view->nareas; i++) {
		areas[i].used = pool->areas[i].used;
		areas[i].index = pool->areas[i].index;
	}
}

void rig_state_set(const struct rig_view *view, const void *state)
{
	size_t slots = slots_bytes(view->nslabs);
	const struct rig_area *areas = state + slots;
	struct rig_mem_pool *pool = view->pool;
	unsigned int i;

	memcpy(pool->slots, state, slots);
	for (i = 0; i < view->nareas; i++) {
		pool->areas[i].used = areas[i].used;
		pool->areas[i].index = areas[i].index;
#if RIG_TAKES_LOWEST
		/* Nothing is known of the rows of free slots. */
		memset(pool->areas[i].longest, 0xff, sizeof(pool->areas[i].longest));
#endif
	}
}

bool rig_is_default(struct device *dev)
{
	return dev->dma_io_tlb_mem == &io_tlb_default_mem;
}

unsigned int rig_segsize(struct device *dev)
{
#if RIG_HAS_SEGSIZE
	return dev->dma_io_tlb_mem->segsize ?: IO_TLB_SEGSIZE;
#else
	return IO_TLB_SEGSIZE;
#endif
}

void rig_set_segsize(struct device *dev, unsigned int slots)
{
#if RIG_HAS_SEGSIZE
	dev->dma_io_tlb_mem->segsize = slots;
#else
	if (slots != IO_TLB_SEGSIZE)
		rig_die("this kernel's segments have %u slots, always",
			IO_TLB_SEGSIZE);
#endif
}

unsigned long rig_nslabs(struct device *dev)
{
	return dev->dma_io_tlb_mem->nslabs;
}

unsigned long rig_used(struct device *dev)
{
	return mem_used(dev->dma_io_tlb_mem);
}

bool rig_can_grow(struct device *dev)
{
#ifdef CONFIG_SWIOTLB_DYNAMIC
	return dev->dma_io_tlb_mem->can_grow;
#else
	return false;
#endif
}
