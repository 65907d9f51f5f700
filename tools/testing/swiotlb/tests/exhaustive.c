// SPDX-License-Identifier: GPL-2.0
/*
 * A complete proof for small pools: slot sets have 4 slots, so that a pool of a
 * few has several sets and a short last one; then every state of the pool is
 * visited, and every operation tried in it. This is for make SET=4.
 *
 * There are two ways to visit all states.
 *
 * "reachable" begins with an empty pool and goes on, breadth first, from each
 * state that was not seen before. A state is all that the allocator knows of the
 * pool, byte by byte. Nothing is taken for granted, but there are many of them: a
 * pool of n slots can be cut into buffers and free slots in F(2n+1) ways
 * (Fibonacci), each with n places where the next search may begin.
 *
 * "bitmaps" reaches larger pools. Which used slots belong to one buffer is known
 * only to who frees one of them: a search reads the counts, which are those of
 * the free slots, the area's number of used ones, and its index; a release reads
 * pad_slots and alloc_size of its own buffer, and the counts around it. So all
 * other used slots may as well be buffers of one slot, and what is left of
 * the state is a bitmap and an index: n * 2^n states. Each is visited, reachable
 * or not, each request made in it, and each buffer that comes of it freed again.
 * This is a proof by induction: if the counts are right in every slot before
 * an operation, then they are after it.
 *
 * Both judge with a checker of their own, which is a bitmap and brute force.
 * What must hold is the same as in model.h.
 */
#include <sys/mman.h>

#include "test.h"

#define MAX_SLOTS	20
#define MAX_AREAS	2
#define MAX_REQUESTS	192
#define MAX_STATE	1024

/**
 * struct request - what can be asked for
 * @orig:	The address to be bounced, or RIG_NO_ADDR for a coherent buffer.
 * @bytes:	Its size.
 * @align_mask:	Alignment, less one.
 * @cpu:	The CPU that asks, which is the area to begin with.
 * @total:	Bytes with padding.
 * @nslots:	Slots with padding.
 * @offset:	Bytes of padding before the buffer.
 * @zero_mask:	Bits of the first slot's address that must be 0.
 * @stride:	Slots from one start to the next, where addresses aren't aligned.
 * @starts:	A bit for each slot at which it may begin, were the pool empty.
 * @aligned:	A bit for each slot whose address has the right bits.
 * @base_stride: Slots from one start to the next in the base's search.
 * @like:	The first request that leaves the same traces in its slots.
 */
struct request {
	phys_addr_t orig;
	size_t bytes;
	unsigned int align_mask;
	unsigned int cpu;
	size_t total;
	unsigned int nslots;
	unsigned int offset;
	u64 zero_mask;
	unsigned int stride;
	u32 starts;
	u32 aligned;
	unsigned int base_stride;
	unsigned int like;
};

/**
 * struct layout - what is where in the pool
 * @used:	A bit for each slot in use.
 * @request:	By first slot of a buffer: what it was asked for by, plus 1.
 */
struct layout {
	u32 used;
	u8 request[MAX_SLOTS];
};

/**
 * struct config - one family of pools
 * @segsize:	The most slots of a buffer.
 * @max_slots:	Pools have from 1 to so many slots, if --ops doesn't say more.
 * @phases:	Bit i: try a base that is i slots off a multiple of 16.
 * @nareas:	Number of areas, if not 1: then slots are multiples of as many sets.
 * @cpus:	If not 0, the number of CPUs: the kernel makes the areas.
 * @coherent:	Ask for coherent buffers, not for mappings.
 * @min_align_mask: The device's.
 * @origs:	The originals' offsets in a page are multiples of 2048 / @origs,
 *		as far as @min_align_mask lets them matter; 0 for page-aligned ones.
 * @boundary_slots: The device's segment boundary in slots, or 0.
 * @dma_offset:	The device's, in slots.
 */
struct config {
	unsigned int segsize;
	unsigned int max_slots;
	u32 phases;
	unsigned int nareas;
	unsigned int cpus;
	bool coherent;
	unsigned int min_align_mask;
	unsigned int origs;
	unsigned int boundary_slots;
	unsigned int dma_offset;
};

static struct rig_pool pool;
static struct device dev;
static struct rig_view view;
static struct request requests[MAX_REQUESTS];
static unsigned int nrequests, segsize;

static const struct request *now;
static int now_freeing = -1;
static const struct layout *before;
static unsigned int index_before[MAX_AREAS];
static u64 nstates, ntransitions, nrefused;

/* ---- what went wrong ---- */

static void print_layout(const struct layout *l)
{
	unsigned int slot, i, n = 0;
	char text[MAX_SLOTS + 1];

	for (slot = 0; slot < view.nslabs; slot++)
		text[slot] = '.';
	text[slot] = 0;
	for (slot = 0; slot < view.nslabs; slot++) {
		if (!l->request[slot])
			continue;
		for (i = 0; i < requests[l->request[slot] - 1].nslots; i++)
			text[slot + i] = 'a' + n % 26;
		n++;
	}
	printf("# before: %s, the search begins at", text);
	for (i = 0; i < view.nareas; i++)
		printf(" %u", index_before[i]);
	printf("\n");
}

/* Pools grow, so what is printed is the smallest in which it can be seen. */
static void context(void)
{
	printf("# pool: %lu slots at 0x%llx, %u areas, segment %u\n", view.nslabs,
	       (unsigned long long)view.start, view.nareas, segsize);
	printf("# device: min_align_mask 0x%x, boundary 0x%lx, offset 0x%llx\n",
	       dev.min_align_mask, dev.seg_boundary_mask,
	       (unsigned long long)dev.dma_offset);
	if (before)
		print_layout(before);
	if (now_freeing >= 0)
		printf("# operation: free the buffer from slot %d on\n", now_freeing);
	else if (now)
		printf("# operation: %zu bytes (%u slots) of 0x%llx, alignment mask 0x%x, CPU %u\n",
		       now->bytes, now->nslots, (unsigned long long)now->orig,
		       now->align_mask, now->cpu);
}

/* ---- what is right ---- */

static u32 mask_of(unsigned int first, unsigned int nslots)
{
	return ((1u << nslots) - 1) << first;
}

static bool is_aligned(const struct request *r, unsigned int slot)
{
	u64 dma = view.start + slot * RIG_SLOT + dev.dma_offset;
	unsigned int preserve = dev.min_align_mask;

	if (dma & r->zero_mask)
		return false;
	if (!rig_build.has_alignment)
		preserve &= ~r->align_mask | (RIG_SLOT - 1);
	return r->orig == RIG_NO_ADDR || !(((dma + r->offset) ^ r->orig) & preserve);
}

static bool may_begin(const struct request *r, unsigned int slot)
{
	u64 dma = view.start + slot * RIG_SLOT + dev.dma_offset;
	unsigned int last = slot + r->nslots - 1;

	if (r->nslots > segsize || slot + r->nslots > view.nslabs)
		return false;
	if (rig_area_of(&view, slot) != rig_area_of(&view, last))
		return false;
	if (segsize == SET && slot / SET != last / SET)
		return false;
	if (!is_aligned(r, slot))
		return false;
	return !((dma ^ (dma + r->nslots * RIG_SLOT - 1)) & ~dev.seg_boundary_mask);
}

/* 6.1 counts its strides from the area's start, and begins with what matches. */
static bool is_first_of_stride(const struct request *r, unsigned int slot)
{
	u64 bits = dev.min_align_mask & ~(u64)(r->align_mask | (RIG_SLOT - 1));
	unsigned int i;

	slot -= rig_area_start(&view, rig_area_of(&view, slot));
	for (i = slot % r->stride; i; i--) {
		u64 dma = view.start + (slot - i) * RIG_SLOT + dev.dma_offset;

		if (r->orig == RIG_NO_ADDR || !((dma ^ r->orig) & bits))
			return false;
	}
	return true;
}

/* Brute force: is there any start at which all slots are free? */
static bool fits(const struct layout *l, const struct request *r)
{
	unsigned int slot;

	for (slot = 0; slot + r->nslots <= view.nslabs; slot++)
		if (r->starts >> slot & 1 && !(l->used & mask_of(slot, r->nslots)))
			return true;
	return false;
}

/*
 * Does the base, too, pass over what fits? It goes from stride to stride, and at an
 * area's end takes a stride as checked of which a part is behind the end. 6.1 begins
 * with a whole stride.
 */
static bool passed_over(const struct layout *l, const struct request *r)
{
	unsigned int i, slot, checked, step;

	if (rig_build.searches_all_starts || segsize > SET)
		return false;
	for (i = 0; i < view.nareas; i++) {
		slot = index_before[i];
		if (!rig_build.has_alignment)
			slot = ALIGN(slot, r->base_stride);
		slot = rig_area_start(&view, i) + (slot < view.area_nslabs ? slot : 0);
		for (checked = 0; checked < view.area_nslabs; checked += step) {
			if (r->starts >> slot & 1 && !(l->used & mask_of(slot, r->nslots)))
				return false;
			step = r->aligned >> slot & 1 ? r->base_stride : 1;
			slot += step;
			if (slot >= rig_area_end(&view, i))
				slot = rig_area_start(&view, i);
		}
	}
	return true;
}

static void check_buffer(const struct rig_slot *slots, unsigned int first,
			 const struct request *r)
{
	unsigned int pad = r->offset / RIG_SLOT, i;

	for (i = 0; i < r->nslots; i++) {
		const struct rig_slot *slot = &slots[first + i];
		phys_addr_t orig = RIG_NO_ADDR;

		if (i >= pad && r->orig != RIG_NO_ADDR)
			orig = r->orig + (i - pad) * RIG_SLOT;
		expect(slot->orig_addr == orig, "slot %u is of 0x%llx, expected 0x%llx",
		       first + i, (unsigned long long)slot->orig_addr,
		       (unsigned long long)orig);
		expect(slot->alloc_size == r->total - r->offset % RIG_SLOT - i * RIG_SLOT,
		       "slot %u has an alloc_size of %zd, expected %zd", first + i,
		       slot->alloc_size,
		       r->total - r->offset % RIG_SLOT - i * RIG_SLOT);
		expect(slot->pad_slots == (i == pad ? pad : 0),
		       "slot %u has %u padding slots, expected %u", first + i,
		       slot->pad_slots, i == pad ? pad : 0);
	}
}

/* Every slot and area, as it must be with that in the pool. */
static void check_pool(const struct layout *l)
{
	struct rig_slot slots[MAX_SLOTS];
	unsigned int count = 0, i;
	u32 seen = 0;
	int slot;

	rig_read_slots(&view, 0, view.nslabs, slots);
	for (slot = view.nslabs - 1; slot >= 0; slot--) {
		if (slot % SET == SET - 1)
			count = 0;
		count = l->used >> slot & 1 ? 0 : count + 1;
		expect(slots[slot].list == count, "slot %d has a count of %u, expected %u",
		       slot, slots[slot].list, count);
		if (count)
			expect(slots[slot].orig_addr == RIG_NO_ADDR &&
			       !slots[slot].alloc_size && !slots[slot].pad_slots,
			       "slot %d is free, but tells of a buffer", slot);
	}
	for (slot = 0; slot < view.nslabs; slot++) {
		const struct request *r;

		if (!l->request[slot])
			continue;
		r = &requests[l->request[slot] - 1];
		expect(!(seen & mask_of(slot, r->nslots)), "buffers overlap at slot %d", slot);
		seen |= mask_of(slot, r->nslots);
		check_buffer(slots, slot, r);
	}
	expect(seen == l->used, "the test's own error: 0x%x is in use, of buffers 0x%x",
	       l->used, seen);
	for (i = 0; i < view.nareas; i++) {
		struct rig_area area = rig_read_area(&view, i);
		unsigned int used, start = rig_area_start(&view, i);

		expect(area.nslabs == rig_area_end(&view, i) - start,
		       "area %u has %lu slots, expected %lu", i, area.nslabs,
		       rig_area_end(&view, i) - start);
		used = __builtin_popcount(l->used & mask_of(start, area.nslabs));
		expect(area.used == used, "area %u has %lu slots in use, expected %u", i,
		       area.used, used);
		expect(area.index < area.nslabs,
		       "area %u's search begins at %u of its %lu slots", i, area.index,
		       area.nslabs);
	}
}

/* ---- operations ---- */

/* Make the request. Returns the first slot; or -1, if that is right. */
static int request_slots(struct layout *l, const struct request *r)
{
	phys_addr_t addr;
	u64 first;

	now = r;
	ntransitions++;
	rig_cpu = r->cpu;
	if (r->orig == RIG_NO_ADDR)
		addr = rig_alloc(&dev, r->bytes);
	else
		addr = rig_map(&dev, r->orig, r->bytes, r->align_mask, DMA_TO_DEVICE,
			       DMA_ATTR_NO_WARN);
	if (addr == RIG_NO_ADDR) {
		expect(!fits(l, r) || passed_over(l, r), "refused, although it fits");
		nrefused++;
		return -1;
	}
	expect(addr >= view.start + r->offset &&
	       (addr - r->offset - view.start) / RIG_SLOT < view.nslabs,
	       "the buffer at 0x%llx is not in the pool", (unsigned long long)addr);
	first = (addr - r->offset - view.start) / RIG_SLOT;
	expect(view.start + first * RIG_SLOT + r->offset == addr,
	       "the buffer at 0x%llx is in no slot's right place",
	       (unsigned long long)addr);
	expect(r->starts >> first & 1, "it must not begin at slot %llu, but does",
	       (unsigned long long)first);
	expect(!(l->used & mask_of(first, r->nslots)),
	       "it overlaps another buffer at slot %llu", (unsigned long long)first);
	l->used |= mask_of(first, r->nslots);
	l->request[first] = r->like + 1;
	return first;
}

static void free_slots(struct layout *l, unsigned int first)
{
	const struct request *r = &requests[l->request[first] - 1];
	phys_addr_t addr = view.start + first * RIG_SLOT + r->offset;

	now_freeing = first;
	ntransitions++;
	if (r->orig == RIG_NO_ADDR)
		expect(rig_free(&dev, addr, r->bytes), "not freed");
	else
		rig_unmap(&dev, addr, r->bytes, DMA_TO_DEVICE, 0);
	l->used &= ~mask_of(first, r->nslots);
	l->request[first] = 0;
}

/* ---- pools and requests ---- */

static void add_request(phys_addr_t orig, size_t bytes, unsigned int align_mask,
			unsigned int cpu)
{
	struct request *r = &requests[nrequests];
	u64 align = (u64)align_mask + 1;
	unsigned int i;

	expect(nrequests < MAX_REQUESTS, "more than %u requests", MAX_REQUESTS);
	*r = (struct request){
		.orig = orig,
		.bytes = bytes,
		.align_mask = align_mask,
		.cpu = cpu,
		.total = bytes,
		.stride = 1,
	};
	if (orig == RIG_NO_ADDR) {
		r->zero_mask = max(roundup_pow_of_two(bytes), RIG_PAGE) - 1;
	} else {
		r->offset = orig & dev.min_align_mask & (align_mask | (RIG_SLOT - 1));
		r->total = (bytes + r->offset + align - 1) / align * align;
		r->zero_mask = align_mask | (RIG_SLOT - 1);
		if (!align_mask && !dev.min_align_mask && r->total >= RIG_PAGE)
			r->zero_mask = RIG_PAGE - 1;
	}
	r->base_stride = max(r->zero_mask, dev.min_align_mask & ~r->zero_mask) / RIG_SLOT + 1;
	if (!rig_build.has_alignment) {
		u64 bits = dev.min_align_mask & ~(u64)(align_mask | (RIG_SLOT - 1));

		r->base_stride = bits / RIG_SLOT + 1;
		r->zero_mask = RIG_SLOT - 1;
		if (orig != RIG_NO_ADDR) {
			r->offset = orig & dev.min_align_mask & (RIG_SLOT - 1);
			r->total = (bytes + align - 1) / align * align + r->offset;
			r->stride = r->base_stride;
		}
		if (r->total >= RIG_PAGE) {
			r->stride *= RIG_PAGE / RIG_SLOT;
			r->base_stride *= RIG_PAGE / RIG_SLOT;
		}
		r->stride = roundup_pow_of_two(max(r->stride, align_mask / RIG_SLOT + 1));
		r->base_stride = roundup_pow_of_two(max(r->base_stride,
							align_mask / RIG_SLOT + 1));
	}
	r->nslots = (r->total + RIG_SLOT - 1) / RIG_SLOT;
	/* One slot too many for the pool is enough of these. */
	if (r->nslots > view.nslabs + 1)
		return;
	for (i = 0; i < view.nslabs; i++) {
		if (may_begin(r, i) && is_first_of_stride(r, i))
			r->starts |= 1u << i;
		if (is_aligned(r, i))
			r->aligned |= 1u << i;
	}
	for (i = 0; i < nrequests; i++)
		if (requests[i].orig == orig && requests[i].total == r->total &&
		    requests[i].offset == r->offset)
			break;
	r->like = i;
	nrequests++;
}

/*
 * Every size in slots, up to one more than the pool has, with every alignment
 * from a slot to 16. With an alignment, sizes are rounded up to it and only
 * multiples of it differ. What is bounced is always the same, unless its offset
 * matters: the allocator does not look at it otherwise.
 */
static void add_requests(const struct config *c)
{
	unsigned int cpu, slots, align, i, origs = c->origs ?: 1;

	nrequests = 0;
	for (cpu = 0; cpu < view.nareas; cpu++) {
		for (slots = 1; slots <= view.nslabs + 1; slots++) {
			if (c->coherent) {
				/* 6.1 knows whole pages only. */
				if (!rig_build.has_alignment &&
				    slots % (RIG_PAGE / RIG_SLOT))
					continue;
				add_request(RIG_NO_ADDR, slots * RIG_SLOT, 0, cpu);
				continue;
			}
			for (i = 0; i < origs; i++) {
				phys_addr_t orig = SOURCE + i * RIG_SLOT * 3 / 2;

				/* Also such as end within a slot */
				add_request(orig, slots * RIG_SLOT - (c->origs ? 512 : 0),
					    0, cpu);
				for (align = 1; align <= 16; align *= 2)
					if (slots % align == 0)
						add_request(orig, slots * RIG_SLOT -
							    (c->origs ? 512 : 0),
							    align * RIG_SLOT - 1, cpu);
			}
		}
	}
}

static void begin_pool(const struct config *c, unsigned int slots, unsigned int phase)
{
	int err;

	segsize = c->segsize;
	rig_cpus = c->cpus ?: 1;
	rig_pool_create(&pool, RIG_POOLS + phase * RIG_SLOT, slots * RIG_SLOT,
			c->cpus ? c->segsize : RIG_NO_PROPERTY);
	rig_device_init(&dev, "device");
	err = rig_pool_attach(&pool, &dev);
	expect(!err, "a device cannot be attached: %s", strerror(-err));
	if (c->nareas > 1)
		rig_split(&dev, c->nareas);
	/* The property's limits are those of slot sets of 128. */
	rig_set_segsize(&dev, segsize);
	dev.min_align_mask = c->min_align_mask;
	if (c->boundary_slots)
		dev.seg_boundary_mask = c->boundary_slots * RIG_SLOT - 1;
	dev.dma_offset = c->dma_offset * RIG_SLOT;
	expect(rig_pools(&dev, &view, 1) == 1, "there is not one pool");
	expect(rig_state_bytes(&view) <= MAX_STATE, "a state is too large");
	add_requests(c);
	before = NULL;
	now = NULL;
	now_freeing = -1;
	rig_on_die = context;
}

static void end_pool(void)
{
	before = NULL;
	rig_pool_destroy(&pool);
}

/* Every pool of the family, the small ones first. */
static void run(const char *name, const struct config *c,
		void (*visit)(void))
{
	unsigned int unit = c->nareas > 1 ? c->nareas * SET : 1, slots, phase;
	u64 states = nstates, transitions = ntransitions, refused = nrefused;
	unsigned int npools = 0;

	for (slots = unit; slots <= MAX_SLOTS; slots += unit) {
		if (options.ops ? ntransitions - transitions >= options.ops : slots > c->max_slots)
			break;
		/* A slot set more for each area is too many states at once. */
		if (c->nareas > 1 && slots > c->max_slots)
			break;
		for (phase = 0; phase < 16; phase++) {
			if (!(c->phases >> phase & 1))
				continue;
			/* Nor does 6.1 know pools that begin within a page. */
			if (c->coherent && !rig_build.has_alignment &&
			    phase % (RIG_PAGE / RIG_SLOT))
				continue;
			begin_pool(c, slots, phase);
			visit();
			end_pool();
			npools++;
		}
	}
	printf("# %s, segment %2u: %3u pools of up to %2u slots: ", name, c->segsize,
	       npools, slots - unit);
	printf("%7llu states, %8llu transitions, %8llu refused\n",
	       (unsigned long long)(nstates - states),
	       (unsigned long long)(ntransitions - transitions),
	       (unsigned long long)(nrefused - refused));
}

/* ---- every reachable state ---- */

/*
 * States in the order in which they were found, and a hash table of their
 * numbers plus 1. What has a state's bytes behind its layout is a record.
 */
static char *records;
static u64 nrecords, room;
static size_t record_bytes;
static u32 *table;
static u64 table_size;

static char *record(u64 n)
{
	return records + n * record_bytes;
}

static u64 hash(const void *state, size_t bytes)
{
	const u64 *words = state;
	u64 h = 0;
	size_t i;

	for (i = 0; i < bytes / sizeof(*words); i++) {
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 32;
	}
	return h;
}

static void *must_have(void *memory)
{
	expect(memory, "out of memory");
	return memory;
}

static u32 *find(const void *state, size_t bytes)
{
	u64 i;

	for (i = hash(state, bytes) % table_size; table[i]; i = (i + 1) % table_size)
		if (!memcmp(record(table[i] - 1) + sizeof(struct layout), state, bytes))
			break;
	return &table[i];
}

/* Take note of the state at hand, unless it is known. */
static void note(const struct layout *l)
{
	static u64 state[MAX_STATE / sizeof(u64)];
	size_t bytes = rig_state_bytes(&view);
	u32 *entry;
	u64 i;

	rig_state_get(&view, state);
	entry = find(state, bytes);
	if (*entry) {
		expect(!memcmp(record(*entry - 1), l, sizeof(*l)),
		       "the same state with other buffers in it");
		return;
	}
	if (nrecords == room) {
		room = room ? room * 2 : 1024;
		records = must_have(realloc(records, room * record_bytes));
	}
	memcpy(record(nrecords), l, sizeof(*l));
	memcpy(record(nrecords) + sizeof(*l), state, bytes);
	*entry = ++nrecords;
	if (nrecords * 2 <= table_size)
		return;
	free(table);
	table_size *= 2;
	table = must_have(calloc(table_size, sizeof(*table)));
	for (i = 0; i < nrecords; i++)
		*find(record(i) + sizeof(*l), bytes) = i + 1;
}

static void go_to(u64 n, struct layout *l, void *state)
{
	memcpy(l, record(n), sizeof(*l));
	memcpy(state, record(n) + sizeof(*l), rig_state_bytes(&view));
	rig_state_set(&view, state);
}

static void visit_reachable(void)
{
	static u64 state[MAX_STATE / sizeof(u64)], after[MAX_STATE / sizeof(u64)];
	size_t bytes = rig_state_bytes(&view);
	struct layout start = { }, here, l;
	unsigned int i;
	u64 n;

	record_bytes = ALIGN(sizeof(struct layout), 8) + bytes;
	nrecords = 0;
	room = 0;
	table_size = 4096;
	table = must_have(calloc(table_size, sizeof(*table)));
	check_pool(&start);
	note(&start);

	for (n = 0; n < nrecords; n++) {
		go_to(n, &here, state);
		before = &here;
		for (i = 0; i < view.nareas; i++)
			index_before[i] = rig_read_area(&view, i).index;
		for (i = 0; i < nrequests; i++) {
			l = here;
			if (request_slots(&l, &requests[i]) >= 0) {
				check_pool(&l);
				note(&l);
				rig_state_set(&view, state);
				continue;
			}
			rig_state_get(&view, after);
			expect(!memcmp(state, after, bytes),
			       "refused, but the pool has changed");
		}
		for (i = 0; i < view.nslabs; i++) {
			if (!here.request[i])
				continue;
			l = here;
			free_slots(&l, i);
			check_pool(&l);
			note(&l);
			rig_state_set(&view, state);
			now_freeing = -1;
		}
	}
	nstates += nrecords;
	free(records);
	records = NULL;
	free(table);
}

/* ---- every bitmap ---- */

/* Have slot @slot in use alone, or free: it is the other way now. */
static void toggle(struct layout *l, unsigned int slot)
{
	static u64 state[MAX_STATE / sizeof(u64)];
	int got;

	if (l->used >> slot & 1) {
		free_slots(l, slot);
		now_freeing = -1;
	} else {
		/* requests[1] is one slot at no alignment, in any family here. */
		rig_state_get(&view, state);
		rig_set_index(&view, 0, slot);
		/* Where all buffers take the first place, only sets have a next one. */
		if (rig_build.takes_lowest)
			rig_set_segsize(&dev, rig_build.set_slots);
		got = request_slots(l, &requests[1]);
		rig_set_segsize(&dev, segsize);
		expect(got == slot, "the search began at %u, a free slot, and found %d",
		       slot, got);
	}
	check_pool(l);
}

/*
 * Gray code: neighbouring bitmaps differ in one slot, which is allocated or
 * freed. So the pool is brought into each state by its own operations.
 */
static void visit_bitmaps(void)
{
	static u64 state[MAX_STATE / sizeof(u64)], after[MAX_STATE / sizeof(u64)];
	size_t bytes = rig_state_bytes(&view);
	struct layout here = { }, l;
	unsigned int index, i;
	u32 n;
	int got;

	check_pool(&here);
	for (n = 1; ; n++) {
		before = &here;
		for (index = 0; index < view.nslabs; index++) {
			nstates++;
			index_before[0] = index;
			rig_set_index(&view, 0, index);
			rig_state_get(&view, state);
			l = here;
			for (i = 0; i < nrequests; i++) {
				got = request_slots(&l, &requests[i]);
				if (got < 0)
					continue;
				check_pool(&l);
				free_slots(&l, got);
				rig_set_index(&view, 0, index);
				rig_state_get(&view, after);
				/* This is quicker than to look what is wrong. */
				if (memcmp(state, after, bytes))
					check_pool(&l);
				expect(!memcmp(state, after, bytes),
				       "there and back, and the pool has changed");
				now_freeing = -1;
			}
			/* So none of those that were refused can have done harm. */
			now = NULL;
			rig_state_get(&view, after);
			expect(!memcmp(state, after, bytes),
			       "a request was refused, but the pool has changed");
		}
		if (n >> view.nslabs)
			break;
		before = NULL;
		toggle(&here, __builtin_ctz(n));
	}
}

/* ---- the families ---- */

#define PAGE_MASK_OF(pages)	((pages) * 4096 - 1)
#define ALIGNED			BIT(0)
#define ODD			BIT(5)

/* What all families have come to: each test has a process of its own. */
static struct totals {
	u64 states;
	u64 transitions;
} *totals;

static void __attribute__((constructor)) share_totals(void)
{
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		rig_die("no memory for the totals: %s", strerror(errno));
}

static void run_all(const char *name, const struct config *c, unsigned int n,
		    void (*visit)(void))
{
	u64 states = nstates, transitions = ntransitions;
	unsigned int i;

	for (i = 0; i < n; i++)
		run(name, &c[i], visit);
	totals->states += nstates - states;
	totals->transitions += ntransitions - transitions;
	printf("# %s: %llu states, %llu transitions; so far: %llu, %llu\n", name,
	       (unsigned long long)(nstates - states),
	       (unsigned long long)(ntransitions - transitions),
	       (unsigned long long)totals->states,
	       (unsigned long long)totals->transitions);
}

/* Mappings of every size and alignment */
static void reachable_mappings(void)
{
	static const struct config c[] = {
		{ .segsize = 4, .max_slots = 10, .phases = ALIGNED | ODD },
		{ .segsize = 8, .max_slots = 10, .phases = ALIGNED | ODD },
		{ .segsize = 16, .max_slots = 10, .phases = ALIGNED | ODD },
		{ .segsize = 32, .max_slots = 10, .phases = ALIGNED | ODD },
	};

	run_all("mappings", c, ARRAY_SIZE(c), visit_reachable);
}

/* Coherent buffers of every size, which are aligned to it but not rounded up */
static void reachable_coherent(void)
{
	static const struct config c[] = {
		{ .segsize = 4, .max_slots = 12, .phases = ALIGNED | ODD, .coherent = true },
		{ .segsize = 8, .max_slots = 12, .phases = ALIGNED | ODD, .coherent = true },
		{ .segsize = 16, .max_slots = 12, .phases = ALIGNED | ODD, .coherent = true },
	};

	run_all("coherent", c, ARRAY_SIZE(c), visit_reachable);
}

/* Bits of the original's address kept, so that there is padding before a buffer */
static void reachable_padding(void)
{
	static const struct config c[] = {
		{ .segsize = 4, .max_slots = 6, .phases = ALIGNED | ODD, .origs = 3,
		  .min_align_mask = PAGE_MASK_OF(1) },
		{ .segsize = 8, .max_slots = 6, .phases = ALIGNED | ODD, .origs = 3,
		  .min_align_mask = PAGE_MASK_OF(1) },
		{ .segsize = 16, .max_slots = 6, .phases = ALIGNED | ODD, .origs = 3,
		  .min_align_mask = PAGE_MASK_OF(2) },
	};

	run_all("padding", c, ARRAY_SIZE(c), visit_reachable);
}

/* Two areas, two CPUs; the kernel has that only in the default pool. */
static void reachable_areas(void)
{
	static const struct config c[] = {
		{ .segsize = 4, .max_slots = 8, .phases = ALIGNED | ODD, .nareas = 2 },
		{ .segsize = 8, .max_slots = 8, .phases = ALIGNED | ODD, .nareas = 2 },
	};

	run_all("areas", c, ARRAY_SIZE(c), visit_reachable);
}

/* Areas as a restricted pool gets them, the last of which is larger */
static void reachable_rest(void)
{
	static const struct config c[] = {
		{ .segsize = 4, .max_slots = 10, .phases = ALIGNED | ODD, .cpus = 2 },
	};

	run_all("areas with a rest", c, ARRAY_SIZE(c), visit_reachable);
}

/* Mappings of every size and alignment again */
static void bitmaps_mappings(void)
{
	static const struct config c[] = {
		{ .segsize = 4, .max_slots = 12, .phases = ALIGNED | ODD },
		{ .segsize = 8, .max_slots = 12, .phases = ALIGNED },
		{ .segsize = 8, .max_slots = 15, .phases = ODD },
		{ .segsize = 16, .max_slots = 12, .phases = ALIGNED | ODD },
		{ .segsize = 32, .max_slots = 12, .phases = ALIGNED | ODD },
	};

	run_all("bitmaps", c, ARRAY_SIZE(c), visit_bitmaps);
}

/*
 * A segment boundary, of 4 slots and of 8, against pools that begin anywhere
 * between two; and devices that have another address for memory.
 */
static void bitmaps_boundary(void)
{
	static const struct config c[] = {
		{ .segsize = 4, .max_slots = 10, .phases = ALIGNED | ODD,
		  .boundary_slots = 4 },
		{ .segsize = 8, .max_slots = 10, .phases = ALIGNED | ODD,
		  .boundary_slots = 4 },
		{ .segsize = 16, .max_slots = 10, .phases = ALIGNED | ODD,
		  .boundary_slots = 8 },
		{ .segsize = 16, .max_slots = 10, .phases = ALIGNED | ODD,
		  .boundary_slots = 8, .dma_offset = 3 },
	};

	run_all("boundary", c, ARRAY_SIZE(c), visit_bitmaps);
}

static const struct test tests[] = {
	{ "reachable, mappings", reachable_mappings, NEEDS_SEGSIZE | NEEDS_SETS_4, 6000 },
	{ "reachable, coherent", reachable_coherent, NEEDS_SEGSIZE | NEEDS_SETS_4, 6000 },
	{ "reachable, padding", reachable_padding, NEEDS_SEGSIZE | NEEDS_SETS_4, 6000 },
	{ "reachable, areas", reachable_areas, NEEDS_SEGSIZE | NEEDS_SETS_4, 6000 },
	{ "reachable, areas with a rest", reachable_rest, NEEDS_AREAS | NEEDS_SETS_4, 6000 },
	{ "bitmaps, mappings", bitmaps_mappings, NEEDS_SEGSIZE | NEEDS_SETS_4, 6000 },
	{ "bitmaps, boundary", bitmaps_boundary, NEEDS_SEGSIZE | NEEDS_SETS_4, 6000 },
	{ }
};

test_suite(exhaustive, tests);
