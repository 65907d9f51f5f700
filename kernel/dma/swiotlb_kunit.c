// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the swiotlb allocator behind restricted DMA pools.
 *
 * The pools and the devices that use them are nodes of the device tree (see
 * tools/testing/selftests/dma/kunit/virt.dtso). A driver binds the devices as any other would, and
 * the tests use nothing but the DMA API on them. So they run on any kernel, with
 * the property io-tlb-segsize or without. What to expect of a pool is told by
 * the device's node:
 *
 *	swiotlb-test,segsize		the most slots that one buffer may take;
 *					128 if absent
 *	swiotlb-test,min-align-mask,
 *	swiotlb-test,seg-boundary-mask	what the device asks of its buffers
 *
 * Beside each pool the tests keep a map of which buffer owns which slot. It is
 * as simple as can be, no counts and no hints, and has the last word:
 *
 *  - a buffer that the kernel hands out must lie inside the pool, in slots that
 *    nobody owns, where the device's requirements are met;
 *  - a request that the kernel refuses must really fit nowhere.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/kmsg_dump.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>
#include <linux/prandom.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include "compat.h"

static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "What the random sizes and orders begin with");

/* The bytes behind a mapping's source that must stay as they were */
#define GUARD		64
/* Larger sources than kmalloc() has are taken from a region of their own. */
#define KMALLOC_SOURCE	SZ_2M
/* Slots in a block: a slot set, in swiotlb.rst's words */
#define BLOCK		IO_TLB_SEGSIZE
/* Slots that a page is long: a mapping of a page or more begins at one */
#define PAGE_SLOTS	((unsigned int)(PAGE_SIZE >> IO_TLB_SHIFT))

/*
 * Older kernels look at every so many slots, counted from the area's start, and align
 * coherent buffers to a page only (Kbuild looks at the source).
 */
#ifdef SWIOTLB_ALIGNS
#define SEG_ALIGNS	true
#else
#define SEG_ALIGNS	false
#endif

/* Does a search look at each place for a buffer (Kbuild looks at the source)? */
#ifdef SWIOTLB_SEARCHES_ALL_STARTS
#define SEG_SEARCHES_ALL	true
#else
#define SEG_SEARCHES_ALL	false
#endif

struct seg_buf;

/**
 * struct seg_pool - a pool, as the tests see it
 * @start:	Where it begins.
 * @nslots:	How many slots it has.
 * @next:	Where the search for the next buffer of no more than a block begins.
 * @owner:	For each slot, the buffer that has it, or NULL.
 */
struct seg_pool {
	phys_addr_t start;
	unsigned int nslots;
	unsigned int next;
	struct seg_buf **owner;
};

/**
 * struct seg_dev - a device that the tests use
 * @dev:	The device.
 * @name:	Name of its node.
 * @pool:	Its restricted pool, NULL if it has none.
 * @segsize:	The most slots that one of its buffers may take.
 * @bufs:	The buffers that it has now.
 * @rnd:	What its random sizes come from.
 */
struct seg_dev {
	struct device *dev;
	const char *name;
	struct seg_pool *pool;
	u32 segsize;
	struct list_head bufs;
	struct rnd_state rnd;
};

enum seg_kind {
	SEG_MAP,		/* dma_map_single() */
	SEG_COHERENT,		/* dma_alloc_coherent() */
	SEG_NONCONTIGUOUS,	/* dma_alloc_noncontiguous() */
};

/**
 * struct seg_buf - a buffer
 * @list:	Link in the device's list.
 * @kind:	Where it is from.
 * @dir:	Direction of a mapping.
 * @size:	Its size in bytes.
 * @dma:	The device's address of it.
 * @phys:	The CPU's address of it.
 * @first:	Its first slot.
 * @nslots:	Number of its slots.
 * @vaddr:	A coherent buffer's memory.
 * @sgt:	A noncontiguous buffer's one segment.
 * @orig:	What a mapping bounces.
 * @kmem:	What kfree() takes when the mapping is gone.
 * @tag:	What its data is made from, 0 if nobody looks at that.
 */
struct seg_buf {
	struct list_head list;
	enum seg_kind kind;
	enum dma_data_direction dir;
	size_t size;
	dma_addr_t dma;
	phys_addr_t phys;
	unsigned int first;
	unsigned int nslots;
	void *vaddr;
	struct sg_table *sgt;
	void *orig;
	void *kmem;
	u32 tag;
};

static struct seg_dev seg_devs[64];
static unsigned int seg_ndevs;
static struct seg_pool seg_pools[64];
static unsigned int seg_npools;

/* Memory for the large sources: mapped, contiguous, used by nobody else. */
static void *seg_source;
static size_t seg_source_size;

/* Descriptors not in use: on a kernel with all checks on, allocating is slow. */
static LIST_HEAD(seg_spare);
static DEFINE_SPINLOCK(seg_spare_lock);

static atomic_t seg_tags = ATOMIC_INIT(0);

/* With two threads on a pool, what fits changes while one looks. */
static bool seg_racing;

static struct seg_dev *seg_find(struct kunit *test, const char *name)
{
	unsigned int i;

	for (i = 0; i < seg_ndevs; i++)
		if (!strcmp(seg_devs[i].name, name))
			return &seg_devs[i];
	KUNIT_FAIL_AND_ABORT(test, "no device %s: is this the right device tree?", name);
	return NULL;
}

static u32 seg_below(struct seg_dev *sd, u32 n)
{
	return prandom_u32_state(&sd->rnd) % n;
}

/*
 * Data: every eight bytes depend on the tag and on where they are, so neither
 * another buffer's data nor the same buffer's from elsewhere passes for them.
 * KASAN is to look at what the kernel does with the data, not at these.
 */
static u64 seg_word(u32 tag, size_t offset)
{
	return (((u64)tag << 32) | (offset >> 3)) * 0x9e3779b97f4a7c15ULL;
}

static __no_sanitize_address void seg_write(void *p, size_t size, u32 tag)
{
	size_t i;
	u64 word;

	for (i = 0; i + 8 <= size; i += 8)
		put_unaligned(seg_word(tag, i), (u64 *)(p + i));
	word = seg_word(tag, i);
	memcpy(p + i, &word, size - i);
}

/* The offset from @from on of the first eight bytes with other data, or -1 */
static __no_sanitize_address long seg_differs_from(const void *p, size_t from, size_t to,
						   u32 tag)
{
	size_t i, n, skip;
	u64 word;

	for (i = from; i < to; i += n) {
		word = seg_word(tag, i);
		skip = i & 7;
		n = min(8 - skip, to - i);
		if (n == 8 ? get_unaligned((u64 *)(p + i)) != word :
			     memcmp(p + i, (char *)&word + skip, n))
			return i;
	}
	return -1;
}

static long seg_differs(const void *p, size_t size, u32 tag)
{
	return seg_differs_from(p, 0, size, tag);
}

/* The tag of what the device writes into a buffer */
static u32 seg_device_tag(const struct seg_buf *buf)
{
	return buf->tag | BIT(31);
}

static void *seg_bounce(const struct seg_buf *buf)
{
	return phys_to_virt(buf->phys);
}

/*
 * What a request asks of the first slot's DMA address: (address & mask) == bits,
 * how many slots it takes from there on, and of how many slots, from the pool's
 * start, the first that is good will do.
 */
struct seg_need {
	dma_addr_t mask;
	dma_addr_t bits;
	unsigned int nslots;
	unsigned int stride;
};

static struct seg_need seg_need(struct seg_dev *sd, enum seg_kind kind,
				phys_addr_t orig, size_t size)
{
	unsigned int min_align = dma_get_min_align_mask(sd->dev);
	unsigned int offset = 0;
	struct seg_need need = {};

	if (kind == SEG_MAP) {
		offset = orig & min_align & (IO_TLB_SIZE - 1);
		need.mask = min_align & ~(IO_TLB_SIZE - 1);
		need.bits = orig & need.mask;
		if (!min_align && size >= PAGE_SIZE)
			need.mask = PAGE_SIZE - 1;
	} else {
		size = PAGE_ALIGN(size);
		need.mask = SEG_ALIGNS ? (PAGE_SIZE << get_order(size)) - 1 : PAGE_SIZE - 1;
	}
	need.stride = 1;
	if (!SEG_ALIGNS && kind == SEG_MAP && offset + size >= PAGE_SIZE)
		need.stride = PAGE_SLOTS * ((min_align >> IO_TLB_SHIFT) + 1);
	need.nslots = DIV_ROUND_UP(offset + size, IO_TLB_SIZE);
	return need;
}

static dma_addr_t seg_slot_dma(struct seg_dev *sd, unsigned int slot)
{
	return phys_to_dma(sd->dev, sd->pool->start) + ((dma_addr_t)slot << IO_TLB_SHIFT);
}

/* May a buffer begin at @slot, as far as its alignment is concerned? */
static bool seg_may_begin(struct seg_dev *sd, const struct seg_need *need, unsigned int slot)
{
	unsigned int i;

	if ((seg_slot_dma(sd, slot) & need->mask) != need->bits)
		return false;
	/* Of those that are good in a stride, the first */
	for (i = slot % need->stride; i; i--)
		if ((seg_slot_dma(sd, slot - i) & need->mask) == need->bits)
			return false;
	return true;
}

/* The most slots that a buffer may have that begins at @slot, were all free */
static unsigned int seg_limit(struct seg_dev *sd, unsigned int slot)
{
	u64 boundary = dma_get_seg_boundary(sd->dev);
	u64 left = ((boundary - (seg_slot_dma(sd, slot) & boundary)) >> IO_TLB_SHIFT) + 1;

	/* In a pool as ever, no buffer goes on from one block to the next. */
	if (sd->segsize == BLOCK)
		left = min(left, BLOCK - slot % BLOCK);
	return min3(left, (u64)sd->segsize, (u64)sd->pool->nslots - slot);
}

/*
 * The most slots that a request with this alignment could get now, found by
 * looking at every slot of the pool.
 */
static __no_sanitize_address unsigned int seg_room(struct seg_dev *sd,
						   const struct seg_need *need)
{
	unsigned int slot = sd->pool->nslots, run = 0, room = 0;

	while (slot--) {
		run = READ_ONCE(sd->pool->owner[slot]) ? 0 : run + 1;
		if (run > room && seg_may_begin(sd, need, slot))
			room = max(room, min(run, seg_limit(sd, slot)));
	}
	return room;
}

/*
 * Where a buffer is no larger than a block, the kernel goes through the pool stride by
 * stride. Where that takes it past the pool's end it counts the whole stride, and so may
 * end before it has seen all places:
 *
 *	pool		|---------------------------|
 *	looks at	.   .   .   . ^ .   .   .   .
 *	and passes over		 .      begins here
 */
static bool seg_passed_over(struct seg_dev *sd, const struct seg_need *need)
{
	unsigned int stride = (need->mask >> IO_TLB_SHIFT) + 1;
	unsigned int slot = sd->pool->next, checked, step, run;

	if (SEG_SEARCHES_ALL || !SEG_ALIGNS || sd->segsize > BLOCK)
		return false;
	for (checked = 0; checked < sd->pool->nslots; checked += step) {
		step = 1;
		if (seg_may_begin(sd, need, slot)) {
			run = 0;
			while (run < seg_limit(sd, slot) && !sd->pool->owner[slot + run])
				run++;
			if (run >= need->nslots)
				return false;
			step = stride;
		}
		slot += step;
		if (slot >= sd->pool->nslots)
			slot = 0;
	}
	return true;
}

/*
 * The most bytes that a request could get now. A coherent buffer begins at a
 * multiple of its size rounded up to a power of two; so for each such alignment
 *
 *	room at it	|-------------------------|
 *	sizes of it		  (--------------]
 *				the largest     ^
 */
static size_t seg_largest(struct seg_dev *sd, enum seg_kind kind)
{
	struct seg_need need;
	size_t size, room;

	if (kind == SEG_MAP) {
		need = seg_need(sd, kind, 0, PAGE_SIZE);
		return (size_t)seg_room(sd, &need) << IO_TLB_SHIFT;
	}

	for (size = SZ_1G; size >= PAGE_SIZE; size /= 2) {
		need = seg_need(sd, kind, 0, size);
		room = PAGE_ALIGN_DOWN((size_t)seg_room(sd, &need) << IO_TLB_SHIFT);
		if (room > size / 2)
			return min(room, size);
	}
	return 0;
}

/* Enter a buffer that the kernel handed out into the map of the pool. */
static void seg_claim(struct kunit *test, struct seg_dev *sd, struct seg_buf *buf)
{
	struct seg_pool *pool = sd->pool;
	struct seg_need need;
	unsigned int i, slot;

	buf->phys = dma_to_phys(sd->dev, buf->dma);
	if (!pool)
		return;

	need = seg_need(sd, buf->kind, buf->orig ? virt_to_phys(buf->orig) : 0, buf->size);
	if (buf->phys < pool->start ||
	    buf->phys + buf->size > pool->start + ((phys_addr_t)pool->nslots << IO_TLB_SHIFT)) {
		KUNIT_FAIL(test, "%s: got %zu bytes at %pa, outside its pool",
			   sd->name, buf->size, &buf->phys);
		return;
	}

	slot = (buf->phys - pool->start) >> IO_TLB_SHIFT;
	if (!seg_may_begin(sd, &need, slot))
		KUNIT_FAIL(test, "%s: got %zu bytes at %pad, against its alignment",
			   sd->name, buf->size, &buf->dma);
	if (need.nslots > seg_limit(sd, slot))
		KUNIT_FAIL(test, "%s: got %u slots at slot %u, where %u is the limit",
			   sd->name, need.nslots, slot, seg_limit(sd, slot));
	if (dma_get_min_align_mask(sd->dev) && buf->kind == SEG_MAP)
		KUNIT_EXPECT_EQ(test, buf->dma & dma_get_min_align_mask(sd->dev),
				virt_to_phys(buf->orig) & dma_get_min_align_mask(sd->dev));

	buf->first = slot;
	buf->nslots = need.nslots;
	if (need.nslots <= BLOCK)
		pool->next = (slot + need.nslots) % pool->nslots;
	for (i = slot; i < slot + need.nslots && i < pool->nslots; i++) {
		if (cmpxchg(&pool->owner[i], NULL, buf)) {
			KUNIT_FAIL(test, "%s: got slot %u, which is in use", sd->name, i);
			break;
		}
	}
}

static void seg_disclaim(struct seg_dev *sd, struct seg_buf *buf)
{
	unsigned int i;

	for (i = buf->first; i < buf->first + buf->nslots; i++)
		cmpxchg(&sd->pool->owner[i], buf, NULL);
}

static void seg_drop(struct seg_buf *buf)
{
	kfree(buf->kmem);
	spin_lock(&seg_spare_lock);
	list_add(&buf->list, &seg_spare);
	spin_unlock(&seg_spare_lock);
}

static struct seg_buf *seg_refused(struct kunit *test, struct seg_dev *sd, struct seg_buf *buf)
{
	phys_addr_t orig = buf->orig ? virt_to_phys(buf->orig) : 0;
	struct seg_need need;

	if (sd->pool && !seg_racing) {
		need = seg_need(sd, buf->kind, orig, buf->size);
		if (seg_room(sd, &need) >= need.nslots && !seg_passed_over(sd, &need))
			KUNIT_FAIL(test, "%s: refused %zu bytes (kind %d) although they fit",
				   sd->name, buf->size, buf->kind);
	}
	seg_drop(buf);
	return NULL;
}

static struct seg_buf *seg_granted(struct kunit *test, struct seg_dev *sd, struct seg_buf *buf)
{
	list_add_tail(&buf->list, &sd->bufs);
	seg_claim(test, sd, buf);
	return buf;
}

static struct seg_buf *seg_new(struct kunit *test, enum seg_kind kind, size_t size)
{
	struct seg_buf *buf;

	spin_lock(&seg_spare_lock);
	buf = list_first_entry_or_null(&seg_spare, struct seg_buf, list);
	if (buf)
		list_del(&buf->list);
	spin_unlock(&seg_spare_lock);
	if (!buf)
		buf = kmalloc_obj(*buf);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	*buf = (struct seg_buf){ .kind = kind, .size = size };
	return buf;
}

/* Map @orig, data unwatched; NULL if that is refused. */
static struct seg_buf *seg_map(struct kunit *test, struct seg_dev *sd, void *orig, size_t size,
			       enum dma_data_direction dir)
{
	struct seg_buf *buf = seg_new(test, SEG_MAP, size);

	buf->orig = orig;
	buf->dir = dir;
	buf->dma = dma_map_single_attrs(sd->dev, orig, size, dir, DMA_ATTR_NO_WARN);
	if (dma_mapping_error(sd->dev, buf->dma))
		return seg_refused(test, sd, buf);
	return seg_granted(test, sd, buf);
}

/*
 * Map some source for which only the size matters. A device with a
 * min_align_mask can use a slot for a source in the same place of its page, so
 * both halves of a page are tried.
 */
static struct seg_buf *seg_map_any(struct kunit *test, struct seg_dev *sd, size_t size)
{
	struct seg_buf *buf = seg_map(test, sd, seg_source, size, DMA_TO_DEVICE);

	if (!buf && dma_get_min_align_mask(sd->dev))
		buf = seg_map(test, sd, seg_source + IO_TLB_SIZE, size, DMA_TO_DEVICE);
	return buf;
}

static struct seg_buf *seg_alloc(struct kunit *test, struct seg_dev *sd, enum seg_kind kind,
				 size_t size)
{
	struct seg_buf *buf = seg_new(test, kind, size);

	if (kind == SEG_COHERENT) {
		buf->vaddr = dma_alloc_coherent(sd->dev, size, &buf->dma,
						GFP_KERNEL | __GFP_NOWARN);
		if (!buf->vaddr)
			return seg_refused(test, sd, buf);
	} else {
		buf->dir = DMA_BIDIRECTIONAL;
		buf->sgt = dma_alloc_noncontiguous(sd->dev, size, buf->dir,
						   GFP_KERNEL | __GFP_NOWARN, 0);
		if (!buf->sgt)
			return seg_refused(test, sd, buf);
		KUNIT_EXPECT_EQ(test, buf->sgt->nents, 1);
		KUNIT_EXPECT_GE(test, sg_dma_len(buf->sgt->sgl), size);
		buf->dma = sg_dma_address(buf->sgt->sgl);
	}
	return seg_granted(test, sd, buf);
}

/*
 * Get a buffer and give it data of its own:
 *
 *	source, before and during the mapping	|tag|
 *	bounce buffer, after mapping		|tag|
 *	then the device writes it		|device_tag|
 *	source, after unmapping			|device_tag|
 */
static struct seg_buf *seg_get(struct kunit *test, struct seg_dev *sd, enum seg_kind kind,
			       size_t size, unsigned int offset)
{
	u32 tag = atomic_inc_return(&seg_tags);
	struct seg_buf *buf;
	size_t room;
	void *orig;

	if (kind != SEG_MAP) {
		buf = seg_alloc(test, sd, kind, size);
		if (!buf)
			return NULL;
		buf->tag = tag;
		if (kind == SEG_COHERENT) {
			KUNIT_EXPECT_FALSE(test, memchr_inv(buf->vaddr, 0, size));
			seg_write(buf->vaddr, size, tag);
		} else {
			seg_write(seg_bounce(buf), size, tag);
		}
		return buf;
	}

	/* No two mappings that the device writes may share a cache line. */
	room = ALIGN(offset + size + GUARD, dma_get_cache_alignment());
	orig = kmalloc(max_t(size_t, room, PAGE_SIZE), GFP_KERNEL | __GFP_NOWARN);
	KUNIT_ASSERT_NOT_NULL(test, orig);
	seg_write(orig + offset, size, tag);
	memset(orig + offset + size, 0x5a, GUARD);

	buf = seg_map(test, sd, orig + offset, size, DMA_BIDIRECTIONAL);
	if (!buf) {
		kfree(orig);
		return NULL;
	}
	buf->tag = tag;
	buf->kmem = orig;
	KUNIT_EXPECT_EQ_MSG(test, seg_differs(seg_bounce(buf), size, tag), -1,
			    "%s: the device sees other data than was mapped", sd->name);
	seg_write(seg_bounce(buf), size, seg_device_tag(buf));
	return buf;
}

/* Give a buffer back; what it holds must be what it was given. */
static void seg_put(struct kunit *test, struct seg_dev *sd, struct seg_buf *buf)
{
	if (buf->tag && buf->kind == SEG_MAP) {
		KUNIT_EXPECT_EQ_MSG(test, seg_differs(seg_bounce(buf), buf->size,
						      seg_device_tag(buf)), -1,
				    "%s: another wrote into slots %u+%u", sd->name,
				    buf->first, buf->nslots);
		KUNIT_EXPECT_EQ_MSG(test, seg_differs(buf->orig, buf->size, buf->tag), -1,
				    "%s: the source changed while mapped", sd->name);
	} else if (buf->tag) {
		KUNIT_EXPECT_EQ_MSG(test, seg_differs(buf->vaddr ?: seg_bounce(buf), buf->size,
						      buf->tag), -1,
				    "%s: another wrote into slots %u+%u", sd->name,
				    buf->first, buf->nslots);
	}

	if (sd->pool)
		seg_disclaim(sd, buf);
	switch (buf->kind) {
	case SEG_MAP:
		dma_unmap_single(sd->dev, buf->dma, buf->size, buf->dir);
		break;
	case SEG_COHERENT:
		dma_free_coherent(sd->dev, buf->size, buf->vaddr, buf->dma);
		break;
	case SEG_NONCONTIGUOUS:
		dma_free_noncontiguous(sd->dev, buf->size, buf->sgt, buf->dir);
		break;
	}

	if (buf->tag && buf->kind == SEG_MAP) {
		KUNIT_EXPECT_EQ_MSG(test, seg_differs(buf->orig, buf->size,
						      seg_device_tag(buf)), -1,
				    "%s: what the device wrote did not arrive", sd->name);
		KUNIT_EXPECT_FALSE_MSG(test, memchr_inv(buf->orig + buf->size, 0x5a, GUARD),
				       "%s: bytes behind the source changed", sd->name);
	}
	list_del(&buf->list);
	seg_drop(buf);
}

static void seg_put_all(struct kunit *test, struct seg_dev *sd)
{
	struct seg_buf *buf, *next;

	list_for_each_entry_safe(buf, next, &sd->bufs, list)
		seg_put(test, sd, buf);
}

/* Give all buffers back, in random order. */
static void seg_put_all_shuffled(struct kunit *test, struct seg_dev *sd)
{
	size_t n = list_count_nodes(&sd->bufs), i = 0;
	struct seg_buf **bufs, *buf;

	bufs = kvmalloc_objs(*bufs, n + 1);
	KUNIT_ASSERT_NOT_NULL(test, bufs);
	list_for_each_entry(buf, &sd->bufs, list)
		bufs[i++] = buf;
	while (n) {
		i = seg_below(sd, n);
		seg_put(test, sd, bufs[i]);
		bufs[i] = bufs[--n];
	}
	kvfree(bufs);
}

/*
 * Map buffers of @size bytes until there is no room, for a source in either half
 * of a page; return how many.
 */
static unsigned int seg_fill_with(struct kunit *test, struct seg_dev *sd, size_t size)
{
	unsigned int n = 0;

	while (seg_map(test, sd, seg_source, size, DMA_TO_DEVICE))
		n++;
	while (seg_map_any(test, sd, size))
		n++;
	return n;
}

static unsigned int seg_fill(struct kunit *test, struct seg_dev *sd)
{
	return seg_fill_with(test, sd, IO_TLB_SIZE);
}

/*
 * Have the next search in an empty pool start at @slot or close behind: it goes
 * on where the last buffer ended.
 */
static void seg_search_from(struct kunit *test, struct seg_dev *sd, unsigned int slot)
{
	unsigned int end = UINT_MAX;
	struct seg_buf *buf;

	/* Round the pool's end once, */
	while (end > 128) {
		buf = seg_map_any(test, sd, 64 << IO_TLB_SHIFT);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		end = buf->first + buf->nslots;
	}
	seg_put_all(test, sd);

	/* and on from there. */
	while (end < slot) {
		buf = seg_map_any(test, sd, (size_t)min(slot - end, 64) << IO_TLB_SHIFT);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		if (buf->first < end)
			break;
		end = buf->first + buf->nslots;
	}
	seg_put_all(test, sd);
}

/* How many slots somebody owns */
static unsigned int seg_used(struct seg_dev *sd)
{
	unsigned int i, n = 0;

	for (i = 0; i < sd->pool->nslots; i++)
		n += !!sd->pool->owner[i];
	return n;
}

static const void *seg_next_dev(const void *prev, char *desc,
				bool (*want)(const struct seg_dev *sd))
{
	const struct seg_dev *sd = prev;

	for (sd = sd ? sd + 1 : seg_devs; sd < seg_devs + seg_ndevs; sd++) {
		if (want(sd)) {
			strscpy(desc, sd->name, KUNIT_PARAM_DESC_SIZE);
			return sd;
		}
	}
	return NULL;
}

static bool seg_any(const struct seg_dev *sd)
{
	return true;
}

static bool seg_has_pool(const struct seg_dev *sd)
{
	return sd->pool;
}

/* Not the pools of 1 MiB that there are for the property's values alone */
static bool seg_has_own_pool(const struct seg_dev *sd)
{
	return sd->pool && strncmp(sd->name, "row-", 4);
}

/* A device that says where its buffers may not go on has less room than was announced. */
static bool seg_is_unbounded(const struct seg_dev *sd)
{
	return seg_has_own_pool(sd) && dma_get_seg_boundary(sd->dev) > SZ_1G;
}

static bool seg_is_default(const struct seg_dev *sd)
{
	return sd->segsize == BLOCK && !dma_get_min_align_mask(sd->dev);
}

/*
 * Where any run of slots will do that begins with a page, across blocks; not the
 * largest pools, as the tests that want this fill them many times.
 */
static bool seg_is_plain(const struct seg_dev *sd)
{
	return seg_is_unbounded(sd) && sd->segsize > 2 * BLOCK &&
	       sd->pool->nslots < 32 * BLOCK && !dma_get_min_align_mask(sd->dev);
}

static KUNIT_GENERATOR(seg_all_devs)
{
	return seg_next_dev(prev, desc, seg_any);
}

static KUNIT_GENERATOR(seg_pool_devs)
{
	return seg_next_dev(prev, desc, seg_has_pool);
}

static KUNIT_GENERATOR(seg_own_pool_devs)
{
	return seg_next_dev(prev, desc, seg_has_own_pool);
}

static KUNIT_GENERATOR(seg_unbounded_devs)
{
	return seg_next_dev(prev, desc, seg_is_unbounded);
}

static KUNIT_GENERATOR(seg_default_devs)
{
	return seg_next_dev(prev, desc, seg_is_default);
}

static KUNIT_GENERATOR(seg_plain_devs)
{
	return seg_next_dev(prev, desc, seg_is_plain);
}

/* A device for each node, or the tests below say less than they seem to. */
static void devices_bound(struct kunit *test)
{
	struct device_node *np;
	unsigned int n = 0;

	for_each_compatible_node(np, NULL, "swiotlb-test,kunit")
		n++;
	KUNIT_EXPECT_GT(test, n, 0);
	KUNIT_EXPECT_EQ(test, n, seg_ndevs);
	KUNIT_ASSERT_NOT_NULL_MSG(test, seg_source, "no swiotlb-test,kunit-source");
}

/*
 * What drivers are told is what the pool can serve beside others: its limit or, if that
 * is less, a quarter of the pool, but a block at least; less what may be lost in front to
 * the device's alignment.
 *
 *	limit		|--------------|          |--------------------|
 *	a quarter	|--------------------|    |-----------|
 *	announced	|--------------|          |-----------|
 */
static size_t seg_announced(const struct seg_dev *sd)
{
	unsigned int slots = BLOCK;

	if (sd->pool)
		slots = max(slots, min(sd->segsize, sd->pool->nslots / 4));
	return ((size_t)slots << IO_TLB_SHIFT) -
	       round_up(dma_get_min_align_mask(sd->dev), IO_TLB_SIZE);
}

static void announced(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;

	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(sd->dev), seg_announced(sd));
}

/*
 * It can be had, too, while others have an eighth of the pool each, where they are the
 * most in the way:
 *
 *	pool		|------RRR------RRR------|
 *	announced	|======|
 */
static void announced_beside_others(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;
	unsigned int nslots = sd->pool->nslots, unit = BLOCK / 2, i;
	struct seg_buf *buf, *next, *others[2];

	KUNIT_ASSERT_GE(test, nslots, 4 * BLOCK);
	seg_fill_with(test, sd, unit << IO_TLB_SHIFT);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = sd->pool->owner[nslots / 8 * (2 + 3 * i)];
		KUNIT_ASSERT_NOT_NULL(test, others[i]);
	}
	list_for_each_entry_safe(buf, next, &sd->bufs, list)
		if (buf != others[0] && buf != others[1])
			seg_put(test, sd, buf);
	KUNIT_EXPECT_NOT_NULL(test, seg_map(test, sd, seg_source, dma_max_mapping_size(sd->dev),
					    DMA_TO_DEVICE));
}

/*
 * In an empty pool, the largest request of each kind succeeds, of what is
 * announced and of what the map of the pool says; one more slot or page fails.
 */
static void largest(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;
	size_t told = dma_max_mapping_size(sd->dev), size;
	enum seg_kind kind;
	struct seg_buf *buf;

	/* The announced size ends at a DMA segment boundary only by chance. */
	if (dma_get_seg_boundary(sd->dev) > SZ_1G) {
		buf = seg_map(test, sd, seg_source, told, DMA_TO_DEVICE);
		KUNIT_EXPECT_NOT_NULL_MSG(test, buf, "announced, but refused: %zu bytes", told);
		seg_put_all(test, sd);
	}

	for (kind = SEG_MAP; kind <= SEG_NONCONTIGUOUS; kind++) {
		size = seg_largest(sd, kind);
		if (kind == SEG_MAP) {
			buf = seg_map(test, sd, seg_source, size, DMA_TO_DEVICE);
			KUNIT_EXPECT_NOT_NULL_MSG(test, buf, "refused: %zu bytes", size);
			seg_put_all(test, sd);
			buf = seg_map(test, sd, seg_source, size + IO_TLB_SIZE, DMA_TO_DEVICE);
		} else {
			buf = seg_get(test, sd, kind, size, 0);
			KUNIT_EXPECT_NOT_NULL_MSG(test, buf, "kind %d refused: %zu bytes",
						  kind, size);
			seg_put_all(test, sd);
			buf = seg_alloc(test, sd, kind, size + PAGE_SIZE);
		}
		KUNIT_EXPECT_NULL_MSG(test, buf, "kind %d: more than %zu bytes", kind, size);
		seg_put_all(test, sd);
	}
}

/*
 * The largest request succeeds wherever the search begins:
 *
 *	|=========|=========|=========|====|
 *	                  ^ begins here, must come round
 */
static void largest_from_anywhere(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;
	unsigned int nslots = sd->pool->nslots, i, from;
	size_t coherent = seg_largest(sd, SEG_COHERENT);
	size_t map = seg_largest(sd, SEG_MAP);
	unsigned int steps = nslots > 32 * BLOCK ? 4 : 12;
	struct seg_buf *buf;

	for (i = 0; i <= steps; i++) {
		from = i < steps ? nslots / steps * i + i % 3 : nslots - 1;

		seg_search_from(test, sd, from);
		if (i & 1)
			buf = seg_map(test, sd, seg_source, map, DMA_TO_DEVICE);
		else
			buf = seg_alloc(test, sd, SEG_COHERENT, coherent);
		KUNIT_EXPECT_NOT_NULL_MSG(test, buf, "%s, from slot %u",
					  i & 1 ? "mapping" : "coherent", from);
		seg_put_all(test, sd);
	}
}

/*
 * Use every slot of the pool, with buffers of @unit slots as far as they go: the first
 * may begin anywhere, and then there is a rest at the end of its block, and before it.
 */
static void seg_fill_all(struct kunit *test, struct seg_dev *sd, unsigned int unit)
{
	unsigned int n = sd->pool->nslots / unit;

	KUNIT_EXPECT_GE(test, seg_fill_with(test, sd, unit << IO_TLB_SHIFT), n - (unit > 1));
	seg_fill(test, sd);
	KUNIT_EXPECT_EQ(test, seg_used(sd), sd->pool->nslots);
}

/*
 * Every slot of the pool can be used, and again after all was given back in
 * random order, whether it was used by buffers of one size or of many; and then
 * nothing is left in pieces.
 */
static void fill_and_refill(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;
	size_t coherent = seg_largest(sd, SEG_COHERENT);
	size_t map = seg_largest(sd, SEG_MAP), size;
	unsigned int nslots = sd->pool->nslots;
	/* Slots of a buffer; one each would take long in the largest pools. */
	unsigned int unit = nslots > SZ_8K ? 4 : 1;

	KUNIT_ASSERT_EQ(test, nslots % unit, 0);
	seg_fill_all(test, sd, unit);
	seg_put_all_shuffled(test, sd);

	for (size = map; size >= IO_TLB_SIZE; )
		if (!seg_map_any(test, sd, 1 + seg_below(sd, size)))
			size /= 2;
	seg_fill(test, sd);
	KUNIT_EXPECT_EQ(test, seg_used(sd), nslots);
	seg_put_all_shuffled(test, sd);

	KUNIT_EXPECT_NOT_NULL(test, seg_map(test, sd, seg_source, map, DMA_TO_DEVICE));
	seg_put_all(test, sd);
	KUNIT_EXPECT_NOT_NULL(test, seg_alloc(test, sd, SEG_COHERENT, coherent));
	seg_put_all(test, sd);
	seg_fill_all(test, sd, unit);
	seg_put_all_shuffled(test, sd);
	KUNIT_EXPECT_EQ(test, seg_used(sd), 0);
}

/* A size in bytes: mostly small, now and then as large as may be */
static size_t seg_random_size(struct seg_dev *sd, size_t max)
{
	u32 dice = seg_below(sd, 100);
	size_t top;

	if (dice < 60)
		top = SZ_8K;
	else if (dice < 85)
		top = SZ_64K;
	else if (dice < 97)
		top = SZ_512K;
	else
		top = max;
	return 1 + seg_below(sd, min(top, max));
}

static void seg_churn(struct kunit *test, struct seg_dev *sd, unsigned int ops, size_t max)
{
	static const u8 percent[] = { 10, 50, 90, 100 };
	unsigned int n = 0, i, full = 0;
	struct seg_buf *buf;
	size_t size, used = 0, limit;
	enum seg_kind kind;

	for (i = 0; i < ops; i++) {
		limit = ((size_t)sd->pool->nslots << IO_TLB_SHIFT) / 100 *
			percent[i * ARRAY_SIZE(percent) / ops];
		if (used < limit && seg_below(sd, 8) && full < 3) {
			size = seg_random_size(sd, max);
			kind = size < PAGE_SIZE ? SEG_MAP : seg_below(sd, 4);
			if (kind > SEG_NONCONTIGUOUS)
				kind = SEG_MAP;
			buf = seg_get(test, sd, kind, size, seg_below(sd, PAGE_SIZE));
			if (buf) {
				used += size;
				n++;
			} else {
				full++;
			}
		} else if (n) {
			unsigned int victim = seg_below(sd, n);

			list_for_each_entry(buf, &sd->bufs, list)
				if (!victim--)
					break;
			used -= buf->size;
			seg_put(test, sd, buf);
			n--;
			full = 0;
		} else {
			full = 0;
		}
	}
}

/*
 * Buffers of all kinds and sizes come and go, at rising levels of use. Each has
 * data of its own, which nobody else may touch; a request is refused only when
 * the map of the pool has no place for it.
 */
static void come_and_go(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;
	size_t max = min(seg_largest(sd, SEG_MAP), KMALLOC_SOURCE);
	unsigned int ops = sd->pool->nslots > SZ_1K ? 400 : 100;

	seg_churn(test, sd, ops, max);
	seg_put_all_shuffled(test, sd);
	KUNIT_EXPECT_NOT_NULL(test, seg_map(test, sd, seg_source, seg_largest(sd, SEG_MAP),
					    DMA_TO_DEVICE));
}

/* The default pool has no map here: only data and the limit can be watched. */
static void default_pool_data(struct kunit *test)
{
	struct seg_dev *sd = seg_find(test, "default-pool");
	unsigned int i;

	for (i = 0; i < 300; i++)
		KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_MAP,
						    seg_random_size(sd, SZ_256K),
						    seg_below(sd, PAGE_SIZE)));
}

/*
 * A hole between two neighbours that hold data, across blocks:
 *
 *	block		|---------------|---------------|---------------|
 *	slots		1111111111111111111L                 R1111111111111
 *	one buffer		           |=================|
 *
 * It serves just what fits in; the neighbours' data stays, and giving them back
 * makes the hole larger by one slot each.
 */
static void hole_at(struct kunit *test, struct seg_dev *sd, unsigned int from, unsigned int to)
{
	unsigned int sides[] = { from - 1, to }, n = to - from, i;
	struct seg_buf *side[2] = {}, *buf;

	KUNIT_ASSERT_EQ(test, seg_fill(test, sd), sd->pool->nslots);
	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		if (sides[i] >= sd->pool->nslots)
			continue;
		seg_put(test, sd, sd->pool->owner[sides[i]]);
		side[i] = seg_get(test, sd, SEG_MAP, IO_TLB_SIZE, 0);
		KUNIT_ASSERT_NOT_NULL(test, side[i]);
		KUNIT_ASSERT_EQ(test, side[i]->first, sides[i]);
	}
	for (i = from; i < to; i++)
		seg_put(test, sd, sd->pool->owner[i]);

	buf = seg_map(test, sd, seg_source, (n + 1) << IO_TLB_SHIFT, DMA_TO_DEVICE);
	KUNIT_EXPECT_NULL(test, buf);
	buf = seg_get(test, sd, SEG_MAP, (n << IO_TLB_SHIFT) - 3, 8);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, buf->first, from);
	seg_put(test, sd, buf);

	/* Larger by R, and then by L, and what is before that in its page */
	if (side[1]) {
		seg_put(test, sd, side[1]);
		n++;
		buf = seg_get(test, sd, SEG_MAP, n << IO_TLB_SHIFT, 0);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		KUNIT_EXPECT_EQ(test, buf->first, from);
		seg_put(test, sd, buf);
	}
	seg_put(test, sd, side[0]);
	for (i = from - PAGE_SLOTS; i < from - 1; i++)
		seg_put(test, sd, sd->pool->owner[i]);
	n += PAGE_SLOTS;
	buf = seg_get(test, sd, SEG_MAP, n << IO_TLB_SHIFT, 0);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, buf->first, from - PAGE_SLOTS);
	seg_put_all_shuffled(test, sd);
}

static void neighbours(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;
	unsigned int nslots = sd->pool->nslots;

	/* within a block, up to its end, over it by one, over several, to the pool's end */
	hole_at(test, sd, BLOCK / 4, BLOCK / 4 * 3);
	hole_at(test, sd, BLOCK - 3 * PAGE_SLOTS, BLOCK);
	hole_at(test, sd, BLOCK - 3 * PAGE_SLOTS, BLOCK + 1);
	hole_at(test, sd, BLOCK, BLOCK + 9);
	hole_at(test, sd, BLOCK - PAGE_SLOTS, 2 * BLOCK);
	hole_at(test, sd, BLOCK - PAGE_SLOTS, 2 * BLOCK + 1);
	hole_at(test, sd, round_down(nslots - 2 * BLOCK + 2, PAGE_SLOTS), nslots);
	hole_at(test, sd, round_down(nslots - BLOCK / 2, PAGE_SLOTS), nslots - 1);
}

/*
 * One used slot breaks a row of free ones, be it in a block's middle, at its
 * end or at its start; given back, it closes the row.
 *
 *	block		|-------|-------|-------|
 *	slots		1111             x    111
 *	refused		    |=================|
 *	granted		                  |===|    and before x
 */
static void broken_at(struct kunit *test, struct seg_dev *sd, unsigned int from,
		      unsigned int to, unsigned int used)
{
	/* On both sides of it; a page's alignment may take some slots. */
	unsigned int start[] = { from, round_up(used + 1, PAGE_SLOTS) };
	unsigned int n[] = { used - from, to - start[1] };
	struct seg_buf *x, *side[2];
	unsigned int i, k;

	KUNIT_ASSERT_EQ(test, seg_fill(test, sd), sd->pool->nslots);
	x = sd->pool->owner[used];
	for (i = from; i < to; i++)
		if (i != used)
			seg_put(test, sd, sd->pool->owner[i]);

	KUNIT_EXPECT_NULL(test, seg_map(test, sd, seg_source, (to - from) << IO_TLB_SHIFT,
					DMA_TO_DEVICE));
	/* The larger one first: it has one place. */
	for (i = 0; i < 2; i++) {
		k = n[0] < n[1] ? !i : i;
		side[k] = seg_map(test, sd, seg_source, n[k] << IO_TLB_SHIFT, DMA_TO_DEVICE);
		KUNIT_ASSERT_NOT_NULL(test, side[k]);
		KUNIT_EXPECT_EQ(test, side[k]->first, start[k]);
	}

	seg_put(test, sd, side[0]);
	KUNIT_EXPECT_NULL(test, seg_map(test, sd, seg_source, (to - from) << IO_TLB_SHIFT,
					DMA_TO_DEVICE));
	seg_put(test, sd, side[1]);
	seg_put(test, sd, x);
	x = seg_map(test, sd, seg_source, (to - from) << IO_TLB_SHIFT, DMA_TO_DEVICE);
	KUNIT_ASSERT_NOT_NULL(test, x);
	KUNIT_EXPECT_EQ(test, x->first, from);
	seg_put_all(test, sd);
}

static void broken_chain(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;
	unsigned int from = BLOCK / 2, to = 2 * BLOCK + BLOCK / 2, used;

	for (used = BLOCK - 1; used <= BLOCK + 1; used++)
		broken_at(test, sd, from, to, used);
	for (used = 2 * BLOCK - 1; used <= 2 * BLOCK + 1; used++)
		broken_at(test, sd, from, to, used);
	broken_at(test, sd, from, to, BLOCK + BLOCK / 2);
}

/*
 * The pool of 16 MiB at 0x56100000 has one place for 8 MiB, in its middle:
 *
 *	0x56100000      0x56800000        0x57000000 0x57100000
 *	|---------------|=================|----------|
 */
static void odd_base(struct kunit *test)
{
	struct seg_dev *sd = seg_find(test, "odd-base");
	unsigned int from[] = { 0, 1, 3582, 3584, 3586, 5000, 7680, 8190, 8191 }, i;
	struct seg_buf *buf;

	if (!SEG_ALIGNS)
		kunit_skip(test, "this kernel does not align it");
	KUNIT_ASSERT_EQ(test, sd->pool->start & (SZ_8M - 1), SZ_1M);
	for (i = 0; i < ARRAY_SIZE(from); i++) {
		seg_search_from(test, sd, from[i]);
		buf = seg_get(test, sd, SEG_COHERENT, SZ_8M, 0);
		KUNIT_ASSERT_NOT_NULL_MSG(test, buf, "from slot %u", from[i]);
		KUNIT_EXPECT_EQ(test, buf->dma, sd->pool->start + 7 * SZ_1M);
		KUNIT_EXPECT_NULL(test, seg_alloc(test, sd, SEG_COHERENT, SZ_8M));
		seg_put_all(test, sd);
	}
}

/* The SCP's 5 MiB and the ISP's 600 KiB, together, in the pool that kukui has */
static void kukui(struct kunit *test)
{
	struct seg_dev *sd = seg_find(test, "kukui");
	unsigned int i;

	KUNIT_ASSERT_EQ(test, sd->pool->start & (SZ_8M - 1), 0);
	KUNIT_ASSERT_EQ(test, sd->pool->nslots, 20992);
	KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_COHERENT, 5 * SZ_1M, 0));
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_NONCONTIGUOUS, 600 * SZ_1K, 0));
	KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_COHERENT, SZ_8M, 0));
}

/* A pool as ever: 256 KiB and not a byte more */
static void default_limit(struct kunit *test)
{
	struct seg_dev *sd = (struct seg_dev *)test->param_value;

	KUNIT_EXPECT_EQ(test, dma_max_mapping_size(sd->dev), SZ_256K);
	KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_MAP, SZ_256K, 0));
	KUNIT_EXPECT_NULL(test, seg_map(test, sd, seg_source, SZ_256K + 1, DMA_TO_DEVICE));
	KUNIT_EXPECT_NULL(test, seg_map(test, sd, seg_source, SZ_256K + IO_TLB_SIZE,
					DMA_TO_DEVICE));
	if (!sd->pool)
		return;
	KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_COHERENT, SZ_256K, 0));
	KUNIT_EXPECT_NULL(test, seg_alloc(test, sd, SEG_COHERENT, SZ_256K + 1));
}

/* A request that has to fail, as others make it; it may want to hear nothing of that. */
static void seg_fail(struct kunit *test, struct seg_dev *sd, enum seg_kind kind, size_t size,
		     bool quiet)
{
	gfp_t gfp = GFP_KERNEL | (quiet ? __GFP_NOWARN : 0);
	dma_addr_t dma;

	switch (kind) {
	case SEG_MAP:
		dma = dma_map_single_attrs(sd->dev, seg_source, size, DMA_TO_DEVICE,
					   quiet ? DMA_ATTR_NO_WARN : 0);
		KUNIT_ASSERT_NE(test, dma_mapping_error(sd->dev, dma), 0);
		break;
	case SEG_COHERENT:
		KUNIT_ASSERT_NULL(test, dma_alloc_coherent(sd->dev, size, &dma, gfp));
		if (quiet)
			KUNIT_ASSERT_NULL(test, dma_alloc_attrs(sd->dev, size, &dma, GFP_KERNEL,
								DMA_ATTR_NO_WARN));
		break;
	case SEG_NONCONTIGUOUS:
		KUNIT_ASSERT_NULL(test, dma_alloc_noncontiguous(sd->dev, size, DMA_TO_DEVICE,
								gfp, 0));
		break;
	}
}

/*
 * How many lines of the kernel's log, from @iter on, are about a buffer of @size bytes,
 * and how many of these have @text. It goes on to the log's end.
 */
static unsigned int seg_said(struct kmsg_dump_iter *iter, size_t size, const char *text,
			     unsigned int *with_text)
{
	char line[256], what[32];
	unsigned int n = 0;
	size_t len;

	snprintf(what, sizeof(what), "%zu bytes", size);
	*with_text = 0;
	while (kmsg_dump_get_line(iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (!strstr(line, ": swiotlb buffer ") || !strstr(line, what))
			continue;
		n++;
		*with_text += !!strstr(line, text);
	}
	return n;
}

/*
 * A request above the limit is told once, with the slots that it needs and those that it
 * may have; nobody says that the pool is full. Where the limit is not to blame, it is
 * not named. The kernel says no more than ten such things in five seconds, and all that
 * the other tests have refused is quiet.
 */
static void refused_aloud(struct kunit *test)
{
	struct seg_dev *devs[] = { seg_find(test, "kukui"), seg_find(test, "pool-4m4k-default") };
	struct seg_dev *sd = devs[0];
	struct kmsg_dump_iter iter;
	unsigned int i, with_text;
	enum seg_kind kind;
	char text[80];
	size_t size;

	kmsg_dump_rewind(&iter);
	seg_said(&iter, 0, "", &with_text);
	for (i = 0; i < ARRAY_SIZE(devs); i++) {
		sd = devs[i];
		size = ((size_t)sd->segsize << IO_TLB_SHIFT) + PAGE_SIZE;
		snprintf(text, sizeof(text), "needs %u slots, the pool's io-tlb-segsize allows %u",
			 sd->segsize + PAGE_SLOTS, sd->segsize);
		for (kind = SEG_MAP; kind <= SEG_NONCONTIGUOUS; kind++) {
			seg_fail(test, sd, kind, size, true);
			KUNIT_EXPECT_EQ_MSG(test, seg_said(&iter, size, text, &with_text), 0,
					    "%s, kind %d, quiet", sd->name, kind);
			seg_fail(test, sd, kind, size, false);
			KUNIT_EXPECT_EQ_MSG(test, seg_said(&iter, size, text, &with_text), 1,
					    "%s, kind %d", sd->name, kind);
			KUNIT_EXPECT_EQ_MSG(test, with_text, 1, "%s, kind %d", sd->name, kind);
		}
	}

	/* Just the limit, in a pool that has no room for it */
	sd = seg_find(test, "pool-1m");
	size = (size_t)sd->segsize << IO_TLB_SHIFT;
	KUNIT_ASSERT_NOT_NULL(test, seg_map(test, sd, seg_source, IO_TLB_SIZE, DMA_TO_DEVICE));
	for (kind = SEG_MAP; kind <= SEG_NONCONTIGUOUS; kind++) {
		seg_fail(test, sd, kind, size, false);
		KUNIT_EXPECT_EQ_MSG(test, seg_said(&iter, size, "is full", &with_text),
				    kind == SEG_MAP, "kind %d", kind);
		KUNIT_EXPECT_EQ_MSG(test, with_text, kind == SEG_MAP, "kind %d", kind);
	}

	/* Nor has the default pool the property. */
	sd = seg_find(test, "default-pool");
	seg_fail(test, sd, SEG_MAP, SZ_512K, false);
	KUNIT_EXPECT_EQ(test, seg_said(&iter, SZ_512K, "is full", &with_text), 1);
	KUNIT_EXPECT_EQ(test, with_text, 1);
}

/* Neither of two devices on one pool is given what the other has. */
static void two_devices(struct kunit *test)
{
	struct seg_dev *a = seg_find(test, "pair-a"), *b = seg_find(test, "pair-b");
	unsigned int i;

	KUNIT_ASSERT_PTR_EQ(test, a->pool, b->pool);
	for (i = 0; i < 60; i++) {
		seg_get(test, a, SEG_MAP, seg_random_size(a, SZ_256K), 0);
		seg_get(test, b, SEG_MAP, seg_random_size(b, SZ_256K), 0);
	}
	while (seg_map_any(test, a, IO_TLB_SIZE) && seg_map_any(test, b, IO_TLB_SIZE))
		;
	KUNIT_EXPECT_EQ(test, seg_used(a), a->pool->nslots);

	seg_put_all_shuffled(test, a);
	seg_fill(test, b);
	KUNIT_EXPECT_EQ(test, seg_used(b), b->pool->nslots);
	seg_put_all_shuffled(test, b);
	KUNIT_EXPECT_NOT_NULL(test, seg_get(test, a, SEG_COHERENT, SZ_512K, 0));
	KUNIT_EXPECT_NOT_NULL(test, seg_get(test, b, SEG_COHERENT, SZ_512K, 0));
}

struct seg_racer {
	struct kunit *test;
	struct seg_dev *sd;
	struct completion done;
};

static int seg_race(void *data)
{
	struct seg_racer *racer = data;

	seg_churn(racer->test, racer->sd, 600, SZ_512K);
	seg_put_all_shuffled(racer->test, racer->sd);
	complete(&racer->done);
	return 0;
}

/* The same at the same time, on two CPUs */
static void two_devices_at_once(struct kunit *test)
{
	struct seg_racer racers[] = {
		{ .test = test, .sd = seg_find(test, "pair-a") },
		{ .test = test, .sd = seg_find(test, "pair-b") },
	};
	struct task_struct *task;
	unsigned int i, n;

	seg_racing = true;
	for (n = 0; n < ARRAY_SIZE(racers); n++) {
		init_completion(&racers[n].done);
		task = kthread_run(seg_race, &racers[n], "swiotlb-kunit/%u", n);
		if (IS_ERR(task))
			break;
	}
	for (i = 0; i < n; i++)
		wait_for_completion(&racers[i].done);
	seg_racing = false;
	KUNIT_EXPECT_EQ(test, n, ARRAY_SIZE(racers));
	KUNIT_EXPECT_EQ(test, seg_used(racers[0].sd), 0);
	KUNIT_EXPECT_EQ(test, seg_fill(test, racers[0].sd), racers[0].sd->pool->nslots);
}

/*
 * A device with min_align_mask 4095 gets what it is told, wherever in a page
 * the source begins; the bounce buffer begins there in a page, too.
 */
static void min_align(struct kunit *test)
{
	struct seg_dev *sd = seg_find(test, "min-align");
	unsigned int offsets[] = { 0, 1, 2047, 2048, 2049, 4095 }, i;
	size_t told = dma_max_mapping_size(sd->dev);
	struct seg_buf *buf;

	KUNIT_ASSERT_EQ(test, dma_get_min_align_mask(sd->dev), SZ_4K - 1);
	KUNIT_EXPECT_EQ(test, told, seg_announced(sd));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		buf = seg_map(test, sd, seg_source + offsets[i], told, DMA_TO_DEVICE);
		KUNIT_ASSERT_NOT_NULL_MSG(test, buf, "offset %u", offsets[i]);
		KUNIT_EXPECT_EQ(test, buf->dma & (SZ_4K - 1), offsets[i]);
		seg_put(test, sd, buf);

		buf = seg_get(test, sd, SEG_MAP, 700 * SZ_1K, offsets[i]);
		KUNIT_ASSERT_NOT_NULL_MSG(test, buf, "offset %u", offsets[i]);
		KUNIT_EXPECT_EQ(test, buf->dma & (SZ_4K - 1), offsets[i]);
	}
}

/*
 * No buffer crosses a multiple of 1 MiB of a device that cannot:
 *
 *	pool	     |------|---------------|---------------|----- ...
 *	granted	            |===============|
 *	refused	            |=================|
 */
static void seg_boundary(struct kunit *test)
{
	struct seg_dev *sd = seg_find(test, "seg-boundary");
	unsigned int i;

	KUNIT_ASSERT_EQ(test, dma_get_seg_boundary(sd->dev), SZ_1M - 1);
	KUNIT_EXPECT_GT(test, dma_max_mapping_size(sd->dev), SZ_1M);
	KUNIT_EXPECT_NULL(test, seg_map(test, sd, seg_source, SZ_1M + 1, DMA_TO_DEVICE));
	KUNIT_EXPECT_NULL(test, seg_alloc(test, sd, SEG_COHERENT, SZ_2M));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_MAP, SZ_1M, 0));
		KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_COHERENT, SZ_1M, 0));
	}
}

/*
 * A device whose bus shows memory elsewhere: the alignment that counts is the
 * device's, which is not the CPU's here.
 */
static void bus_offset(struct kunit *test)
{
	struct seg_dev *sd = seg_find(test, "bus-offset");
	struct seg_buf *buf = seg_get(test, sd, SEG_COHERENT, SZ_2M, 0);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, (buf->phys - buf->dma) & (SZ_2M - 1), SZ_1M);
	if (SEG_ALIGNS) {
		KUNIT_EXPECT_EQ(test, buf->dma & (SZ_2M - 1), 0);
		KUNIT_EXPECT_NE(test, buf->phys & (SZ_2M - 1), 0);
	}
	KUNIT_EXPECT_NOT_NULL(test, seg_get(test, sd, SEG_MAP, SZ_2M, 5));
}

/*
 * A mapping's data, of one byte to 8 MiB, goes both ways and is whole across
 * the blocks' ends.
 */
static void data_of_all_sizes(struct kunit *test)
{
	static const size_t sizes[] = {
		1, 7, 2047, 2048, 2049, SZ_4K - 1, SZ_256K - 1, SZ_256K, SZ_256K + 1,
		SZ_1M + 17, SZ_4M - 5, SZ_8M - 1, SZ_8M,
	};
	struct seg_dev *sd = seg_find(test, "kukui");
	struct seg_buf *buf;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		/* behind the source, and its guard */
		memset(seg_source + sizes[i], 0x5a, GUARD);
		seg_write(seg_source, sizes[i], 2 * i + 2);
		buf = seg_map(test, sd, seg_source, sizes[i], DMA_BIDIRECTIONAL);
		KUNIT_ASSERT_NOT_NULL_MSG(test, buf, "%zu bytes", sizes[i]);
		KUNIT_EXPECT_EQ(test, seg_differs(seg_bounce(buf), sizes[i], 2 * i + 2), -1);
		seg_write(seg_bounce(buf), sizes[i], 2 * i + 3);
		seg_put(test, sd, buf);
		KUNIT_EXPECT_EQ(test, seg_differs(seg_source, sizes[i], 2 * i + 3), -1);
		KUNIT_EXPECT_FALSE(test, memchr_inv(seg_source + sizes[i], 0x5a, GUARD));
	}
}

/*
 * Syncing a part of a large mapping copies this part and nothing else.
 *
 *	bounce		|ddddddddddddddddddddddddddd|
 *	synced for cpu	        |------|
 *	source		|cccccccddddddddcccccccccccc|
 */
static void partial_sync(struct kunit *test)
{
	static const struct {
		size_t from, size;
	} parts[] = {
		{ 0, 1 }, { SZ_256K - 1, 2 }, { SZ_256K - 8, SZ_256K + 16 },
		{ SZ_1M - 3, SZ_512K + 7 }, { SZ_1M, SZ_1M }, { SZ_2M - 1, 1 },
		{ 2047, 2 }, { 2048, 2048 },
	};
	struct seg_dev *sd = seg_find(test, "odd-base");
	const u32 cpu = 1, device = 2, later = 3;
	struct seg_buf *buf;
	unsigned int i;

	seg_write(seg_source, SZ_2M, cpu);
	buf = seg_map(test, sd, seg_source, SZ_2M, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_NOT_NULL(test, buf);

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t from = parts[i].from, to = from + parts[i].size;

		seg_write(seg_source, SZ_2M, cpu);
		seg_write(seg_bounce(buf), SZ_2M, device);
		dma_sync_single_range_for_cpu(sd->dev, buf->dma, from, to - from,
					      DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_EQ(test, seg_differs_from(seg_source, 0, from, cpu), -1);
		KUNIT_EXPECT_EQ(test, seg_differs_from(seg_source, from, to, device), -1);
		KUNIT_EXPECT_EQ(test, seg_differs_from(seg_source, to, SZ_2M, cpu), -1);
		KUNIT_EXPECT_EQ(test, seg_differs(seg_bounce(buf), SZ_2M, device), -1);

		seg_write(seg_source, SZ_2M, later);
		dma_sync_single_range_for_device(sd->dev, buf->dma, from, to - from,
						 DMA_BIDIRECTIONAL);
		KUNIT_EXPECT_EQ(test, seg_differs_from(seg_bounce(buf), 0, from, device), -1);
		KUNIT_EXPECT_EQ(test, seg_differs_from(seg_bounce(buf), from, to, later), -1);
		KUNIT_EXPECT_EQ(test, seg_differs_from(seg_bounce(buf), to, SZ_2M, device), -1);
	}
}

static int seg_test_init(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < seg_ndevs; i++)
		prandom_seed_state(&seg_devs[i].rnd, ((u64)seed << 32) | i);
	return 0;
}

/* Whatever a failed test left behind */
static void seg_test_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < seg_ndevs; i++)
		seg_put_all(test, &seg_devs[i]);
}

static struct platform_driver seg_driver;
static bool seg_registered;

/*
 * Not when the module is initialised: before 6.2 the suites of a module run before
 * that. They may run once more.
 */
static int seg_suite_init(struct kunit_suite *suite)
{
	struct device_node *np;
	struct resource res;
	int ret;

	if (!seg_registered) {
		np = of_find_compatible_node(NULL, NULL, "swiotlb-test,kunit-source");
		if (np && !of_address_to_resource(np, 0, &res)) {
			seg_source = phys_to_virt(res.start);
			seg_source_size = resource_size(&res);
		}
		of_node_put(np);

		ret = platform_driver_register(&seg_driver);
		if (ret)
			return ret;
		seg_registered = true;
	}
	pr_info("swiotlb_kunit: seed %u, %u devices, %u pools\n", seed, seg_ndevs, seg_npools);
	return 0;
}

static struct kunit_case seg_cases[] = {
	KUNIT_CASE(devices_bound),
	KUNIT_CASE_PARAM(announced, seg_all_devs),
	KUNIT_CASE_PARAM(announced_beside_others, seg_unbounded_devs),
	KUNIT_CASE_PARAM(largest, seg_pool_devs),
	KUNIT_CASE_PARAM(largest_from_anywhere, seg_own_pool_devs),
	KUNIT_CASE_PARAM(fill_and_refill, seg_own_pool_devs),
	KUNIT_CASE_PARAM(come_and_go, seg_pool_devs),
	KUNIT_CASE_PARAM(neighbours, seg_plain_devs),
	KUNIT_CASE_PARAM(broken_chain, seg_plain_devs),
	KUNIT_CASE_PARAM(default_limit, seg_default_devs),
	KUNIT_CASE(default_pool_data),
	KUNIT_CASE(refused_aloud),
	KUNIT_CASE(odd_base),
	KUNIT_CASE(kukui),
	KUNIT_CASE(two_devices),
	KUNIT_CASE(two_devices_at_once),
	KUNIT_CASE(min_align),
	KUNIT_CASE(seg_boundary),
	KUNIT_CASE(bus_offset),
	KUNIT_CASE(data_of_all_sizes),
	KUNIT_CASE(partial_sync),
	{}
};

static struct kunit_suite seg_suite = {
	.name = "swiotlb_restricted_pool",
	.suite_init = seg_suite_init,
	.init = seg_test_init,
	.exit = seg_test_exit,
	.test_cases = seg_cases,
};

kunit_test_suites(&seg_suite);

/* The pool that begins at @start, new or known from another device */
static struct seg_pool *seg_pool_at(phys_addr_t start, resource_size_t size)
{
	struct seg_pool *pool;
	unsigned int i;

	for (i = 0; i < seg_npools; i++)
		if (seg_pools[i].start == start)
			return &seg_pools[i];
	if (seg_npools == ARRAY_SIZE(seg_pools))
		return NULL;

	pool = &seg_pools[seg_npools];
	pool->start = start;
	pool->nslots = size >> IO_TLB_SHIFT;
	pool->owner = kvzalloc_objs(*pool->owner, pool->nslots);
	if (!pool->owner)
		return NULL;
	seg_npools++;
	return pool;
}

static int seg_probe(struct platform_device *pdev)
{
	struct seg_dev *sd = &seg_devs[seg_ndevs];
	struct device *dev = &pdev->dev;
	struct device_node *np;
	struct resource res;
	u32 mask;
	int ret;

	if (seg_ndevs == ARRAY_SIZE(seg_devs))
		return -ENOSPC;

	np = of_parse_phandle(dev->of_node, "memory-region", 0);
	if (np) {
		ret = of_address_to_resource(np, 0, &res);
		of_node_put(np);
		if (ret)
			return ret;
		sd->pool = seg_pool_at(res.start, resource_size(&res));
		if (!sd->pool)
			return -ENOMEM;
	}

	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
	if (ret)
		return ret;
	dma_set_max_seg_size(dev, UINT_MAX);
	if (!of_property_read_u32(dev->of_node, "swiotlb-test,min-align-mask", &mask))
		dma_set_min_align_mask(dev, mask);
	if (!of_property_read_u32(dev->of_node, "swiotlb-test,seg-boundary-mask", &mask))
		dma_set_seg_boundary(dev, mask);

	sd->segsize = BLOCK;
	of_property_read_u32(dev->of_node, "swiotlb-test,segsize", &sd->segsize);
	INIT_LIST_HEAD(&sd->bufs);
	sd->name = dev->of_node->name;
	sd->dev = dev;
	seg_ndevs++;
	return 0;
}

static const struct of_device_id seg_of_match[] = {
	{ .compatible = "swiotlb-test,kunit" },
	{}
};
MODULE_DEVICE_TABLE(of, seg_of_match);

static struct platform_driver seg_driver = {
	.probe = seg_probe,
	.driver = {
		.name = "swiotlb_kunit",
		.of_match_table = seg_of_match,
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
		.suppress_bind_attrs = true,
	},
};

static int __init seg_module_init(void)
{
	return 0;
}
module_init(seg_module_init);

static void __exit seg_module_exit(void)
{
	struct seg_buf *buf, *next;

	if (seg_registered)
		platform_driver_unregister(&seg_driver);
	while (seg_npools)
		kvfree(seg_pools[--seg_npools].owner);
	list_for_each_entry_safe(buf, next, &seg_spare, list)
		kfree(buf);
}
module_exit(seg_module_exit);

MODULE_DESCRIPTION("KUnit tests of restricted DMA pools");
MODULE_LICENSE("GPL");
