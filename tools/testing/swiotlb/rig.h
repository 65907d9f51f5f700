/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test rig: the kernel's real swiotlb.c, and what it takes to call it from a
 * program.
 *
 *	tests/	what is expected		uses the model and the rig
 *	model	the reference model		uses the rig
 *	rig	memory, messages, device tree	is what the allocator uses
 *	swiotlb	the allocator and its insides	includes the kernel's file
 *
 * The last is the only one that is compiled with the kernel's headers, and
 * the only one that is compiled anew for another kernel, page size, size of a
 * slot set, or with dynamic pools on or off. What these differ in is told in
 * rig_build.
 *
 * Memory is one sparse piece, laid out at the end of standin.h. Physical
 * addresses are offsets into it. What is never written takes no room, so a pool
 * of 1 GiB costs no more than its slot array, as long as rig_copy is off or
 * little of it is mapped.
 *
 * Nothing here is checked: that is the model's part. Only the model and the
 * tests' verdicts know right from wrong.
 */
#ifndef SWIOTLB_RIG_H
#define SWIOTLB_RIG_H

#include "standin.h"

#define RIG_SLOT_SHIFT	11
#define RIG_SLOT	BIT(RIG_SLOT_SHIFT)
#define RIG_NO_ADDR	(~(phys_addr_t)0)
/* What rig_pool_create() takes for "the node has no such property" */
#define RIG_NO_PROPERTY	(~0ULL)

/**
 * struct rig_build - what the swiotlb.c at hand is
 * @page_shift:		Log of the page size.
 * @set_slots:		Slots of a slot set (IO_TLB_SEGSIZE).
 * @dynamic:		Is it built with CONFIG_SWIOTLB_DYNAMIC?
 * @has_segsize:	Does it have segments larger than a slot set?
 * @has_pad_slots:	Does a mapping keep the number of its padding slots? In 6.1
 *			it has none: what is aligned then is not the original.
 * @tracks_used:	Does it always keep track of the slots in use?
 * @has_alignment:	Does it align addresses? 6.1 looks at every so many slots,
 *			counted from the area's start, and knows no alignment of
 *			coherent buffers but that of a page.
 * @has_bitmap:	Does it track free slots in a bitmap?
 * @takes_lowest:	Does every buffer take the area's first place, if segments are
 *			larger than a slot set?
 * @adds_up_counts:	Does a search add up the counts of slot sets? Then more than a slot
 *		set leaves the place where the next search begins as it was.
 * @searches_all_starts:	Does a search for up to a slot set look at each start? The
 *			base passes some over after it has come to the area's end.
 * @has_areas:	Does a restricted pool have an area for each CPU, if it is large enough,
 *		and the rest of it in the last one?
 * @searches_all_areas:	With dynamic pools, are all areas of a restricted pool searched,
 *		whatever the default pool has?
 * @has_map:		Does debugfs show which slots are in use?
 * @has_cc_pools:	Does a pool know whether its memory is shared with devices,
 *			where there is memory encryption?
 * @alloc_has_attrs:	Do coherent requests have attributes?
 * @has_segsize_param:	Has the default pool's segment size a boot parameter?
 * @reduces_nareas:	Have pools that come later as few areas as a default pool for which
 *		there was less memory than asked for?
 */
struct rig_build {
	unsigned int page_shift;
	unsigned int set_slots;
	bool dynamic;
	bool has_segsize;
	bool has_pad_slots;
	bool tracks_used;
	bool has_alignment;
	bool has_bitmap;
	bool takes_lowest;
	bool adds_up_counts;
	bool searches_all_starts;
	bool has_areas;
	bool searches_all_areas;
	bool has_map;
	bool has_cc_pools;
	bool alloc_has_attrs;
	bool has_segsize_param;
	bool reduces_nareas;
};

extern const struct rig_build rig_build;
#define RIG_PAGE	BIT(rig_build.page_shift)

/* Does bouncing copy? Off, for runs in which only the slots matter. */
extern bool rig_copy;

/**
 * rig_init() - lay out memory and do what every boot does
 * @cpus:	Number of possible CPUs; the default pool's areas.
 *
 * To be called once in a process, before anything else. Ends the process if
 * there is no room in the address space.
 */
void rig_init(unsigned int cpus);

/* ---- devices ---- */

/**
 * rig_device_init() - a device without a wish: no minimum alignment, no
 * boundary, all of memory, on the default pool
 * @dev:	Is overwritten. Change its fields as the test needs it.
 * @name:	For messages.
 */
void rig_device_init(struct device *dev, const char *name);

/* ---- restricted pools ---- */

/**
 * struct rig_pool - a reserved-memory node and what the kernel made of it
 * @rmem:	As the kernel has it after boot.
 * @node:	Its node in the device tree.
 * @cells:	Room for the property's value.
 * @next:	The next child of /reserved-memory.
 */
struct rig_pool {
	struct reserved_mem rmem;
	struct device_node node;
	char name[40];
	__be32 cells[1];
	struct rig_pool *next;
};

/**
 * rig_pool_create() - add a node to /reserved-memory
 * @pool:	Is overwritten, and in use until rig_pool_destroy().
 * @base:	Physical address, below RIG_PAGES_LOW.
 * @bytes:	Size; the pool has as many slots as fit.
 * @segsize:	The value of io-tlb-segsize, one cell, or RIG_NO_PROPERTY.
 *
 * The allocator itself is made when the first device is attached.
 */
void rig_pool_create(struct rig_pool *pool, phys_addr_t base, size_t bytes, u64 segsize);

/**
 * rig_pool_property() - give the node's io-tlb-segsize any value
 * @pool:	No device is attached yet.
 * @value:	The bytes as in a flattened tree; %NULL for a property of which
 *		the kernel has no value at all.
 * @length:	Bytes at @value.
 */
void rig_pool_property(struct rig_pool *pool, const void *value, int length);

/**
 * rig_pool_attach() - attach a device to the pool, the kernel's own way
 * @pool:	The pool.
 * @dev:	The device, from rig_device_init().
 *
 * Return: 0, or the kernel's negative error.
 */
int rig_pool_attach(struct rig_pool *pool, struct device *dev);

/* Take the node away and free what the kernel, which never does, has made. */
void rig_pool_destroy(struct rig_pool *pool);

/* Split the empty pool of an attached device into @nareas areas, a power of 2. */
void rig_split(struct device *dev, unsigned int nareas);

/*
 * What "swiotlb=" on the command line left behind: the number of areas that a default
 * pool is to have, or 0 if there never was to be one.
 */
void rig_set_default_nareas(unsigned int nareas);

/* ---- the default pool ---- */

/**
 * rig_default_late() - make the default pool with swiotlb_init_late()
 * @bytes:	Its size.
 * @nareas:	Number of areas.
 *
 * Return: 0, or the kernel's negative error.
 */
int rig_default_late(size_t bytes, unsigned int nareas);

/**
 * rig_default_early() - make the default pool with swiotlb_init()
 * @param:	What the command line has behind "swiotlb=", or %NULL.
 * @flags:	0 for low memory, or SWIOTLB_ANY (2).
 */
void rig_default_early(const char *param, unsigned int flags);

/**
 * rig_default_boot() - read the command line, and make the default pool with
 * swiotlb_init(), as a boot does
 * @cmdline:	The command line. Words that are no parameter of swiotlb's are
 *		passed over.
 * @flags:	0 for low memory, or SWIOTLB_ANY (2).
 */
void rig_default_boot(const char *cmdline, unsigned int flags);

/* Only read it: rig_default_late() is to follow. */
void rig_parse_early_params(const char *cmdline);

/* Is the default pool remapped as it is made? That is Xen's. */
extern bool rig_remap;
/* More slots than this cannot be remapped. */
extern unsigned long rig_remap_most;

/*
 * Make the files of the default pool in debugfs, in "swiotlb", as boots do late. Once in
 * a process.
 */
void rig_default_debugfs(void);

/* Let the default pool get further pools, or not (CONFIG_SWIOTLB_DYNAMIC). */
void rig_default_growth(bool on);

/* Free the default pool and all that it has grown, whatever is in use. */
void rig_default_exit(void);

/**
 * rig_default_teardown() - free the default pool as the kernel does when no device
 * needs one; no slot is in use, and it has not grown
 *
 * What the kernel leaves of it is to be seen until the next default pool is made.
 *
 * Return: true, or false if the kernel keeps it.
 */
bool rig_default_teardown(void);

/**
 * rig_run_work() - do what the kernel put off: grow, free transient pools
 *
 * No other thread may be in the allocator.
 *
 * Return: the number of works that were done.
 */
unsigned int rig_run_work(void);

/* ---- what is tested; addresses are physical, RIG_NO_ADDR is failure ---- */

/* @attrs: DMA_ATTR_...; a kernel whose swiotlb_alloc() has none leaves them out. */
phys_addr_t rig_alloc_attrs(struct device *dev, size_t bytes, unsigned long attrs);
phys_addr_t rig_alloc(struct device *dev, size_t bytes);
bool rig_free(struct device *dev, phys_addr_t addr, size_t bytes);
phys_addr_t rig_map(struct device *dev, phys_addr_t orig, size_t bytes,
		    unsigned int alloc_align_mask, enum dma_data_direction dir,
		    unsigned long attrs);
void rig_unmap(struct device *dev, phys_addr_t addr, size_t bytes,
	       enum dma_data_direction dir, unsigned long attrs);
void rig_sync_for_cpu(struct device *dev, phys_addr_t addr, size_t bytes,
		      enum dma_data_direction dir);
void rig_sync_for_device(struct device *dev, phys_addr_t addr, size_t bytes,
			 enum dma_data_direction dir);
/* swiotlb_map(): returns the DMA address, or DMA_MAPPING_ERROR */
dma_addr_t rig_map_dma(struct device *dev, phys_addr_t orig, size_t bytes,
		       enum dma_data_direction dir, unsigned long attrs);
/* swiotlb_max_mapping_size(), in bytes */
size_t rig_max_mapping_size(struct device *dev);

/* ---- the allocator's insides ---- */

/**
 * struct rig_view - one memory pool of an allocator
 * @pool:	The kernel's descriptor, for nothing but comparing.
 * @start:	Physical address of its first slot.
 * @nslabs:	Number of its slots.
 * @nareas:	Number of its areas.
 * @area_nslabs: Slots of an area, of which the last one may have more.
 * @transient:	Was it made for one mapping only?
 */
struct rig_view {
	void *pool;
	phys_addr_t start;
	unsigned long nslabs;
	unsigned int nareas;
	unsigned int area_nslabs;
	bool transient;
};

/*
 * The area that a slot is in, its first slot, and the one behind its last. Where the
 * last area has no more slots than others, what may be left over is in none.
 */
static inline unsigned int rig_area_of(const struct rig_view *view, unsigned long slot)
{
	unsigned int area = slot / view->area_nslabs;

	return rig_build.has_areas ? min(area, view->nareas - 1) : area;
}

static inline unsigned long rig_area_start(const struct rig_view *view, unsigned int area)
{
	return (unsigned long)area * view->area_nslabs;
}

static inline unsigned long rig_area_end(const struct rig_view *view, unsigned int area)
{
	if (rig_build.has_areas && area == view->nareas - 1)
		return view->nslabs;
	return min(rig_area_start(view, area + 1), view->nslabs);
}

/**
 * struct rig_slot - one slot, as the kernel describes it
 * @orig_addr:	Where its bytes come from; RIG_NO_ADDR if nowhere.
 * @alloc_size:	Bytes of the buffer from this slot on.
 * @list:	Free slots from this one on.
 * @pad_slots:	Padding slots before it.
 */
struct rig_slot {
	phys_addr_t orig_addr;
	size_t alloc_size;
	unsigned int list;
	unsigned int pad_slots;
};

/**
 * struct rig_area - one area
 * @nslabs:	Its slots.
 * @used:	Slots in use.
 * @index:	Where the next search begins, from the area's first slot on.
 */
struct rig_area {
	unsigned long nslabs;
	unsigned long used;
	unsigned int index;
};

/**
 * rig_pools() - the memory pools that a device may get slots from
 * @dev:	The device.
 * @views:	Receives them: shared ones, then the device's transient ones.
 * @max:	How many there is room for.
 *
 * Return: how many there are, which may be more than @max.
 */
unsigned int rig_pools(struct device *dev, struct rig_view *views, unsigned int max);

/* Copy the descriptions of @n slots, from @first on. */
void rig_read_slots(const struct rig_view *view, unsigned long first,
		    unsigned long n, struct rig_slot *slots);
struct rig_area rig_read_area(const struct rig_view *view, unsigned int area);
/*
 * The most free slots in a row, from the pool's slot @slot on, that the kernel
 * reckons with; UINT_MAX if it keeps no such number. It is the same for all slots
 * before @behind.
 */
unsigned int rig_longest_row(const struct rig_view *view, unsigned long slot,
			     unsigned long *behind);
/* Move the place where the next search begins, in slots from the area's first. */
void rig_set_index(const struct rig_view *view, unsigned int area, unsigned int index);

/*
 * All state of a memory pool, for who wants to come back to it: slots, and each
 * area's count and index, in rig_state_bytes() bytes. Two states are the same
 * if these bytes are.
 */
size_t rig_state_bytes(const struct rig_view *view);
void rig_state_get(const struct rig_view *view, void *state);
void rig_state_set(const struct rig_view *view, const void *state);

/* Is it on the default pool? */
bool rig_is_default(struct device *dev);

/* The most slots of one allocation; what to set is a power of two. */
unsigned int rig_segsize(struct device *dev);
void rig_set_segsize(struct device *dev, unsigned int slots);
/* All slots of the allocator, and those in use as the kernel reports it */
unsigned long rig_nslabs(struct device *dev);
unsigned long rig_used(struct device *dev);
/* May the allocator grow? */
bool rig_can_grow(struct device *dev);

/* ---- the world around ---- */

/* Messages since rig_log_reset(), as text and by level. */
const char *rig_log(void);
unsigned int rig_log_count(enum rig_level level);
void rig_log_reset(void);
/* Print messages as they come, as TAP comments. */
extern bool rig_verbose;

/**
 * rig_debugfs() - read a file that the kernel made in debugfs
 * @dir:	Name of the folder.
 * @file:	Name of the file.
 * @value:	Receives its number.
 *
 * Return: was it there?
 */
bool rig_debugfs(const char *dir, const char *file, u64 *value);

/* The same for a file of text, which the caller frees; %NULL if it is not there */
char *rig_debugfs_text(const char *dir, const char *file);

/* Folders of that name: the kernel refuses a second one with an error. */
unsigned int rig_debugfs_dirs(const char *dir);

/**
 * rig_map_text() - the slots in use, as the kernel's file io_tlb_map shows them
 * @view:	The memory pool.
 *
 * It is made of what rig_read_slots() says, with any kernel: tools/dma/poolmap draws
 * it.
 *
 * Return: a line, which the caller frees.
 */
char *rig_map_text(const struct rig_view *view);

/* References to device tree nodes that were taken and not put */
int rig_node_refs(void);

/*
 * Let the memory allocations after the next @n fail, until it is called with
 * a negative @n.
 */
void rig_fail_after(int n);

/* Let allocations of more than so many bytes of pages fail. */
void rig_fail_above(size_t bytes);

/* kmalloc() gives more than KMALLOC_MAX_SIZE, which no kernel's does. */
extern bool rig_large_kmalloc;

/* Called before each allocation of memory but pages */
extern void (*rig_on_alloc)(void);

/**
 * rig_interleave() - run a function in a thread of its own
 * @fn:		The function.
 *
 * Return: the thread, when it has ended or waits for a mutex. With the caller going on
 * then, the order of what the two do is always the same.
 */
pthread_t rig_interleave(void (*fn)(void));

/*
 * There is no memory in [start, end): no struct page, and who goes there dies. Memory
 * before and behind are two pieces, even if there is nothing between them.
 */
void rig_no_memory(phys_addr_t start, phys_addr_t end);
bool rig_is_memory(phys_addr_t addr, size_t bytes);

/* What has been handed out by the page allocator and not been freed, in bytes */
size_t rig_pages_in_use(void);
/* Was any allocation of memory refused since the last call of this? */
bool rig_memory_refused(void);

/* Back to zeros, and to no memory behind it: all of [addr, addr + bytes) */
void rig_forget(phys_addr_t addr, size_t bytes);

/* Print what is wrong and end the process; with rig_abort, by abort(). */
void __noreturn __printf(1, 2) rig_die(const char *fmt, ...);
extern bool rig_abort;
/* Called at the end by an error for what the test wants to add. */
extern void (*rig_on_die)(void);
/* Call it now: the process is about to end by a signal. */
void rig_last_words(void);

/* ---- between the rig's two halves ---- */

void rig_setup_allocator(void);
void rig_pool_free(void *priv);

#endif /* SWIOTLB_RIG_H */
