/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reference model: for each pool a plain bitmap of the slots in use, and a
 * list of the live buffers. It knows nothing of how the allocator searches or
 * what it keeps to be quick.
 *
 * Its functions do an operation with the rig and judge what came out. After each
 * of them holds, around what was touched, and in model_check() everywhere:
 *
 *  - a buffer lies in its pool, in one area, in slots that were free; it meets
 *    the alignment asked for, has the address bits of min_align_mask, and stays
 *    within one DMA segment boundary; it has no more slots than a segment; where
 *    a segment is a slot set, it stays within one;
 *  - a free slot's count is that of the free slots from it to the end of its
 *    slot set, or of the pool; a used slot's is 0; a slot says which bytes it
 *    stands for, and a free one says nothing;
 *  - an area's number of used slots is right, and its next search begins in it;
 *  - what was refused really fits nowhere;
 *  - with data on: no byte changes but those that the operation is to copy.
 *
 * What is not so ends the process, with a message that says what was expected
 * and what was found, and the operation.
 */
#ifndef SWIOTLB_MODEL_H
#define SWIOTLB_MODEL_H

#include "rig.h"

struct model_pool;

/**
 * struct model_buf - a live buffer
 * @dev:	The device that has it.
 * @pool:	The pool that it is in.
 * @addr:	Its physical address, as the allocator returned it.
 * @orig:	The physical address that it bounces, or RIG_NO_ADDR.
 * @bytes:	Its size as asked for.
 * @total:	Its size with padding before and behind.
 * @first:	Its first slot, be it padding.
 * @nslots:	All its slots.
 * @pad_slots:	Those that are padding before it.
 * @align_mask:	Alignment asked for, less one; 0 for none.
 * @dir:	Direction of a mapping.
 * @index:	Its place in the model's list.
 * @id:		A number that no other buffer has.
 * @cpu:	With data: what is expected at @orig.
 * @device:	With data: what is expected at @addr.
 */
struct model_buf {
	struct device *dev;
	struct model_pool *pool;
	phys_addr_t addr;
	phys_addr_t orig;
	size_t bytes;
	size_t total;
	unsigned long first;
	unsigned long nslots;
	unsigned int pad_slots;
	unsigned int align_mask;
	enum dma_data_direction dir;
	unsigned int index;
	unsigned int id;
	unsigned char *cpu;
	unsigned char *device;
};

/**
 * struct model_pool - what the model knows of a pool
 * @view:	As the rig shows it.
 * @owner:	The device that a transient pool belongs to, or %NULL.
 * @used:	A bit for each slot: is it in use?
 * @area_used:	How many are, by area.
 * @area_index:	Where the next search in each area began, when the operation did.
 */
struct model_pool {
	struct rig_view view;
	struct device *owner;
	u64 *used;
	unsigned long *area_used;
	unsigned int *area_index;
};

#define MODEL_POOLS	256

/**
 * struct model - what the model knows of an allocator
 * @dev:	Some device of it.
 * @segsize:	The most slots of one buffer.
 * @pools:	Its pools, and the transient ones of its devices.
 * @npools:	How many.
 * @bufs:	The live buffers.
 * @nbufs:	How many.
 * @room:	Room in @bufs.
 * @next_id:	The next buffer's id.
 * @data:	Is the data watched? Needs rig_copy.
 * @tracked:	Was the kernel booted with swiotlb=track_hiwater?
 * @ops:	Operations so far.
 * @refused:	Requests that were rightly refused.
 * @work:	Slots that had to be looked at, for who plans by effort.
 */
struct model {
	struct device *dev;
	unsigned int segsize;
	struct model_pool *pools[MODEL_POOLS];
	unsigned int npools;
	struct model_buf **bufs;
	unsigned int nbufs;
	unsigned int room;
	unsigned int next_id;
	bool data;
	bool tracked;
	u64 ops;
	u64 refused;
	u64 work;
};

/**
 * model_init() - begin with an allocator of which nothing is in use
 * @m:		The model, overwritten.
 * @dev:	A device that is attached to it. It stays attached.
 * @segsize:	The most slots that a buffer is to take; 0 for what the
 *		allocator says.
 */
void model_init(struct model *m, struct device *dev, unsigned int segsize);

/* Forget all; nothing is freed in the allocator. */
void model_exit(struct model *m);

/* Free all buffers, in any order, and see that nothing is in use. */
void model_drain(struct model *m);

/*
 * A coherent buffer, a mapping: the new buffer, or %NULL if it was rightly
 * refused. All of @bytes bytes at @orig belong to the mapping until it is
 * unmapped; with data on they are overwritten.
 */
struct model_buf *model_alloc(struct model *m, struct device *dev, size_t bytes);
struct model_buf *model_map(struct model *m, struct device *dev, phys_addr_t orig,
			    size_t bytes, unsigned int align_mask,
			    enum dma_data_direction dir);

/* The same, and a refusal, be it right, is an error of the test's. */
struct model_buf *model_must_alloc(struct model *m, struct device *dev, size_t bytes);
struct model_buf *model_must_map(struct model *m, struct device *dev, phys_addr_t orig,
				 size_t bytes, unsigned int align_mask,
				 enum dma_data_direction dir);

/* Free or unmap, whichever the buffer needs. It is gone afterwards. */
void model_free(struct model *m, struct model_buf *buf);

/* Sync @bytes bytes from the buffer's byte @offset on. Not for coherent ones. */
void model_sync(struct model *m, struct model_buf *buf, size_t offset, size_t bytes,
		bool for_cpu);

/* With data on: the CPU, or the device, writes into its side of a buffer. */
void model_write(struct model *m, struct model_buf *buf, size_t offset, size_t bytes,
		 bool by_cpu, unsigned int seed);

/* Take note of pools that came by rig_run_work(). */
void model_update_pools(struct model *m);

/**
 * model_adopt() - judge a buffer that was made without the model
 * @m:		The model.
 * @dev:	Its device.
 * @addr:	What rig_alloc() or rig_map() returned.
 * @orig:	The address that it bounces, or RIG_NO_ADDR if it is coherent.
 * @bytes:	Its size as asked for.
 * @align_mask:	As given to rig_map(); of no meaning for a coherent buffer.
 * @dir:	Direction of a mapping.
 *
 * For threads: make buffers, come to rest, then have the model adopt what
 * is live, and model_check().
 *
 * Return: the buffer, as model_map() would.
 */
struct model_buf *model_adopt(struct model *m, struct device *dev, phys_addr_t addr,
			      phys_addr_t orig, size_t bytes, unsigned int align_mask,
			      enum dma_data_direction dir);

/* Check every slot of every pool, and every buffer. */
void model_check(struct model *m);

/**
 * model_fits() - would such a request find a place?
 * @m:		The model.
 * @dev:	The device that asks.
 * @orig:	The address to be bounced, or RIG_NO_ADDR for a coherent buffer.
 * @bytes:	Its size.
 * @align_mask:	Alignment, less one; of no meaning for a coherent buffer.
 *
 * Return: whether any pool that is there has one. Transient pools don't count.
 */
bool model_fits(struct model *m, struct device *dev, phys_addr_t orig, size_t bytes,
		unsigned int align_mask);

/**
 * model_check_announced() - see that swiotlb_max_mapping_size() can be mapped
 * @m:		The model. Nothing is in use.
 * @dev:	A device.
 * @orig:	The address to be bounced.
 *
 * What must hold is said for pools that begin at a multiple of the page size and
 * devices without a boundary; and a pool with segments of one slot set must have
 * a complete one. Of others nothing is checked.
 */
void model_check_announced(struct model *m, struct device *dev, phys_addr_t orig);

/* Called at an error, to say how to come here again. */
extern void (*model_context)(void);

/* xorshift: the same numbers everywhere, for the same seed */
struct model_random {
	u64 state;
};

static inline void model_seed(struct model_random *r, u64 seed)
{
	/* Neighbouring seeds are to give different numbers, none of them 0. */
	seed += 0x9e3779b97f4a7c15ULL;
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9ULL;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111ebULL;
	r->state = (seed ^ seed >> 31) | 1;
}

static inline u64 model_u64(struct model_random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

/* A number from 0 to @n - 1; @n is not 0. */
static inline u64 model_below(struct model_random *r, u64 n)
{
	return (model_u64(r) >> 11) % n;
}

static inline u64 model_from(struct model_random *r, u64 first, u64 last)
{
	return first + model_below(r, last - first + 1);
}

#endif /* SWIOTLB_MODEL_H */
