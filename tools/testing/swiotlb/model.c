// SPDX-License-Identifier: GPL-2.0
/*
 * The reference model, see model.h. Clarity is worth more than speed here,
 * except that what does not depend on the pool's size must not take time in
 * proportion to it: a run is millions of operations.
 */
#include <stdio.h>

#include "model.h"

#define SETS_MAX	1024	/* slots read at a time */
#define GUARD		16	/* bytes watched before and behind a source */

void (*model_context)(void);

/* ---- errors ---- */

static const char * const dir_names[] = {
	"bidirectional", "to the device", "from the device", "none",
};

/* What is being done, for the message at an error. */
static struct {
	const struct model *m;
	const char *what;
	const struct device *dev;
	phys_addr_t orig;
	phys_addr_t addr;
	size_t bytes;
	size_t offset;
	unsigned int align_mask;
	enum dma_data_direction dir;
} op;

static void report(void)
{
	unsigned int i;

	if (op.what) {
		printf("# operation %llu: %s", (unsigned long long)op.m->ops, op.what);
		if (op.bytes)
			printf(", %zu bytes", op.bytes);
		if (op.orig != RIG_NO_ADDR)
			printf(", original 0x%llx, alignment mask 0x%x, %s",
			       (unsigned long long)op.orig, op.align_mask,
			       dir_names[op.dir]);
		if (op.addr != RIG_NO_ADDR)
			printf(", buffer 0x%llx", (unsigned long long)op.addr);
		if (op.offset)
			printf(", from byte %zu on", op.offset);
		printf("\n");
		printf("# min_align_mask 0x%x, boundary 0x%lx, offset 0x%llx, segment %u\n",
		       op.dev->min_align_mask, op.dev->seg_boundary_mask,
		       (unsigned long long)op.dev->dma_offset, op.m->segsize);
		for (i = 0; i < op.m->npools; i++) {
			const struct rig_view *v = &op.m->pools[i]->view;

			printf("# pool: 0x%llx, %lu slots, %u areas%s\n",
			       (unsigned long long)v->start, v->nslabs,
			       v->nareas, v->transient ? ", transient" : "");
		}
	}
	if (model_context)
		model_context();
}

static void begin(struct model *m, const char *what, struct device *dev,
		  phys_addr_t orig, phys_addr_t addr, size_t bytes,
		  unsigned int align_mask, enum dma_data_direction dir)
{
	op.m = m;
	op.what = what;
	op.dev = dev;
	op.orig = orig;
	op.addr = addr;
	op.bytes = bytes;
	op.offset = 0;
	op.align_mask = align_mask;
	op.dir = dir;
	m->ops++;
}

/* ---- the bitmap ---- */

static bool is_used(const struct model_pool *p, unsigned long slot)
{
	return p->used[slot / 64] >> (slot % 64) & 1;
}

/* The first slot from @slot on, before @end, that is used or not; or @end. */
static unsigned long next(const struct model_pool *p, unsigned long slot,
			  unsigned long end, bool used)
{
	while (slot < end) {
		u64 word = used ? p->used[slot / 64] : ~p->used[slot / 64];

		word >>= slot % 64;
		if (word)
			return min(slot + __builtin_ctzll(word), end);
		slot = (slot / 64 + 1) * 64;
	}
	return end;
}

static void set_used(struct model_pool *p, unsigned long first, unsigned long n,
		     bool used)
{
	unsigned long slot;

	for (slot = first; slot < first + n; slot++) {
		if (used)
			p->used[slot / 64] |= 1ULL << (slot % 64);
		else
			p->used[slot / 64] &= ~(1ULL << (slot % 64));
	}
	/* All of a buffer is in one area, see check_place(). */
	if (used)
		p->area_used[rig_area_of(&p->view, first)] += n;
	else
		p->area_used[rig_area_of(&p->view, first)] -= n;
}

/* ---- what a request asks for ---- */

struct request {
	struct device *dev;
	/* Slots, with padding */
	unsigned long nslots;
	/* Bytes, with padding */
	size_t total;
	/* Bytes of the padding before the buffer */
	unsigned int offset;
	/* DMA address bits of the first slot that must be 0 ... */
	u64 zero_mask;
	/* ... and that must be as in @preserve */
	u64 preserve_mask;
	u64 preserve;
	/* Without alignment of addresses: slots from one start to the next */
	unsigned long stride;
	/* The same, in the base's search for no more than a slot set */
	unsigned long base_stride;
};

/* 6.1's stride, in slots: it looks at one start in each, for what has bits as in @mask. */
static unsigned long stride_of(u64 mask, size_t total, unsigned int align_mask)
{
	unsigned long stride = mask / RIG_SLOT + 1;

	if (total >= RIG_PAGE)
		stride *= RIG_PAGE / RIG_SLOT;
	return roundup_pow_of_two(max(stride, align_mask / RIG_SLOT + 1ul));
}

/* The two forms of it, from the documentation of swiotlb_tbl_map_single(). */
static struct request request(struct device *dev, phys_addr_t orig, size_t bytes,
			      unsigned int align_mask)
{
	struct request r = { .dev = dev, .stride = 1 };
	u64 align = (u64)align_mask + 1;
	u64 mask = dev->min_align_mask & ~(u64)(align_mask | (RIG_SLOT - 1));

	if (orig == RIG_NO_ADDR) {
		/* Coherent: aligned to its size, a power of two of pages. */
		r.total = bytes;
		r.zero_mask = max(roundup_pow_of_two(bytes), RIG_PAGE) - 1;
	} else {
		r.offset = orig & dev->min_align_mask & (RIG_SLOT - 1);
		if (rig_build.has_pad_slots) {
			r.offset |= orig & dev->min_align_mask & align_mask;
			r.total = (bytes + r.offset + align - 1) / align * align;
		} else {
			r.total = (bytes + align - 1) / align * align + r.offset;
		}
		r.zero_mask = align_mask | (RIG_SLOT - 1);
		if (!align_mask && !dev->min_align_mask && r.total >= RIG_PAGE)
			r.zero_mask = RIG_PAGE - 1;
		r.preserve_mask = dev->min_align_mask & ~r.zero_mask;
		r.preserve = orig & r.preserve_mask;
	}
	r.base_stride = max(r.zero_mask, dev->min_align_mask & ~r.zero_mask) / RIG_SLOT + 1;
	if (!rig_build.has_alignment) {
		r.zero_mask = RIG_SLOT - 1;
		r.preserve_mask = orig == RIG_NO_ADDR ? 0 : mask;
		r.preserve = orig & r.preserve_mask;
		r.stride = stride_of(r.preserve_mask, r.total, align_mask);
		r.base_stride = stride_of(mask, r.total, align_mask);
	}
	r.nslots = (r.total + RIG_SLOT - 1) / RIG_SLOT;
	return r;
}

/* Is this slot as the first one of it good, apart from what is in use there? */
static bool legal(const struct model *m, const struct rig_view *v,
		  const struct request *r, unsigned long slot)
{
	u64 dma = v->start + slot * RIG_SLOT + r->dev->dma_offset;
	u64 last = dma + r->nslots * RIG_SLOT - 1;
	unsigned int set = rig_build.set_slots, i;

	if (dma & r->zero_mask)
		return false;
	if ((dma & r->preserve_mask) != r->preserve)
		return false;
	/* From a stride's first slot that has the bits to the next stride */
	for (i = (slot - rig_area_start(v, rig_area_of(v, slot))) % r->stride; i; i--)
		if (((dma - i * RIG_SLOT) & r->preserve_mask) == r->preserve)
			return false;
	if ((dma & ~(u64)r->dev->seg_boundary_mask) !=
	    (last & ~(u64)r->dev->seg_boundary_mask))
		return false;
	if (r->nslots > m->segsize)
		return false;
	if (m->segsize == set && slot / set != (slot + r->nslots - 1) / set)
		return false;
	return rig_area_of(v, slot) == rig_area_of(v, slot + r->nslots - 1);
}

/*
 * The first place for it from slot @from on, the pool's slots if there is none:
 * look at every start in every run of free slots.
 */
static unsigned long first_place(struct model *m, const struct model_pool *p,
				 const struct request *r, unsigned long from)
{
	unsigned long nslabs = p->view.nslabs, end, start, slot;

	m->work += nslabs / 64;
	for (start = next(p, from, nslabs, false); start < nslabs;
	     start = next(p, end, nslabs, false)) {
		end = next(p, start, nslabs, true);
		for (slot = start; slot + r->nslots <= end; slot++) {
			m->work++;
			if (legal(m, &p->view, r, slot))
				return slot;
		}
	}
	return nslabs;
}

static bool fits_in_pool(struct model *m, const struct model_pool *p,
			 const struct request *r)
{
	return first_place(m, p, r, 0) < p->view.nslabs;
}

static bool fits(struct model *m, const struct request *r)
{
	unsigned int i;

	if (r->nslots > m->segsize)
		return false;
	for (i = 0; i < m->npools; i++)
		if (!m->pools[i]->owner && fits_in_pool(m, m->pools[i], r))
			return true;
	return false;
}

/*
 * Would the base's search find it in the area? It goes from stride to stride, and at
 * the area's end takes a stride as checked of which a part is behind the end. 6.1
 * begins with a whole stride.
 */
static bool base_finds(struct model *m, const struct model_pool *p,
		       const struct request *r, unsigned int area)
{
	unsigned long start = rig_area_start(&p->view, area), slot, checked, step;
	unsigned long nslabs = rig_area_end(&p->view, area) - start;
	unsigned long index = rig_read_area(&p->view, area).index;

	if (!rig_build.has_alignment)
		index = ALIGN(index, r->base_stride);
	if (index >= nslabs)
		index = 0;
	for (checked = 0; checked < nslabs; checked += step) {
		u64 dma;

		m->work++;
		slot = start + index;
		dma = p->view.start + slot * RIG_SLOT + r->dev->dma_offset;
		step = 1;
		if (!(dma & r->zero_mask) && (dma & r->preserve_mask) == r->preserve) {
			if (legal(m, &p->view, r, slot) &&
			    next(p, slot, slot + r->nslots, true) == slot + r->nslots)
				return true;
			step = r->base_stride;
		}
		index += step;
		if (index >= nslabs)
			index = 0;
	}
	return false;
}

/* Is what has a place passed over, as it is in the base? */
static bool passed_over(struct model *m, const struct request *r)
{
	unsigned int i, area;

	if (rig_build.searches_all_starts || m->segsize > rig_build.set_slots)
		return false;
	for (i = 0; i < m->npools; i++)
		for (area = 0; !m->pools[i]->owner && area < m->pools[i]->view.nareas; area++)
			if (base_finds(m, m->pools[i], r, area))
				return false;
	return true;
}

bool model_fits(struct model *m, struct device *dev, phys_addr_t orig, size_t bytes,
		unsigned int align_mask)
{
	struct request r = request(dev, orig, bytes, align_mask);

	return fits(m, &r);
}

/*
 * A transient pool is as large as the request, and begins at a multiple of its
 * size rounded up to a power of two: is that good enough for the request?
 */
static bool fits_in_transient(const struct model *m, const struct request *r)
{
	u64 align = max(roundup_pow_of_two(r->nslots * RIG_SLOT), RIG_PAGE);

	return r->nslots <= m->segsize &&
		r->nslots * RIG_SLOT <= RIG_PAGE << MAX_PAGE_ORDER &&
		!r->preserve &&
		!((align - 1) & r->dev->dma_offset) &&
		(r->zero_mask | r->preserve_mask) < align &&
		r->dev->seg_boundary_mask >= align - 1;
}

/* ---- checks ---- */

static void check_slots(struct model *m, const struct model_pool *p,
			unsigned long first, unsigned long end)
{
	static struct rig_slot slots[SETS_MAX];
	unsigned int set = rig_build.set_slots;
	unsigned int count = 0, expected;
	unsigned long base;

	/* From the last slot set down, and from its last slot down. */
	first = first / set * set;
	end = min(((end + set - 1) / set) * set, p->view.nslabs);
	m->work += end - first;
	while (end > first) {
		base = (end - 1) / set * set;
		if (end - base > SETS_MAX)
			base = end - SETS_MAX;
		rig_read_slots(&p->view, base, end - base, slots);
		while (end-- > base) {
			const struct rig_slot *slot = &slots[end - base];
			bool used = is_used(p, end);

			if ((end + 1) % set == 0)
				count = 0;
			count = used ? 0 : count + 1;
			expected = count;
			if (slot->list != expected)
				rig_die("slot %lu, %s: its count is %u, expected %u",
					end, used ? "used" : "free",
					slot->list, expected);
			if (used)
				continue;
			if (slot->orig_addr != RIG_NO_ADDR)
				rig_die("slot %lu, free: its original is 0x%llx, expected none",
					end, (unsigned long long)slot->orig_addr);
			if (slot->alloc_size)
				rig_die("slot %lu, free: its size is %zu, expected 0",
					end, slot->alloc_size);
			if (slot->pad_slots)
				rig_die("slot %lu, free: it has %u padding slots, expected 0",
					end, slot->pad_slots);
		}
		end = base;
	}
}

/*
 * The kernel passes over slots that it believes to begin no long row of free
 * ones: it may think too high of them, but not too low.
 */
static void check_rows(const struct model *m, const struct model_pool *p)
{
	unsigned long start, end, slot, behind, area_end;

	if (!rig_build.takes_lowest || m->segsize == rig_build.set_slots)
		return;
	for (start = next(p, 0, p->view.nslabs, false); start < p->view.nslabs;
	     start = next(p, end, p->view.nslabs, false)) {
		area_end = rig_area_end(&p->view, rig_area_of(&p->view, start));
		end = next(p, start, area_end, true);
		/* A slot without an area is behind the last one. */
		for (slot = start; slot < end && rig_area_of(&p->view, slot) < p->view.nareas;
		     slot = behind) {
			unsigned int most = rig_longest_row(&p->view, slot, &behind);

			if (most < end - slot)
				rig_die("slot %lu: %lu in a row are free, the kernel says %u",
					slot, end - slot, most);
		}
	}
}

static void check_area(const struct model_pool *p, unsigned int i)
{
	struct rig_area area = rig_read_area(&p->view, i);

	if (area.used != p->area_used[i])
		rig_die("area %u: %lu slots are said to be used, expected %lu",
			i, area.used, p->area_used[i]);
	if (area.nslabs != rig_area_end(&p->view, i) - rig_area_start(&p->view, i))
		rig_die("area %u: %lu slots are said to be its own, expected %lu", i, area.nslabs,
			rig_area_end(&p->view, i) - rig_area_start(&p->view, i));
	if (area.index >= area.nslabs)
		rig_die("area %u: its next search begins at slot %u of %lu",
			i, area.index, area.nslabs);
}

/* The slots of a buffer say whose they are. */
static void check_buf_slots(struct model *m, const struct model_buf *buf)
{
	unsigned int offset = (buf->addr - buf->pool->view.start) % RIG_SLOT;
	static struct rig_slot slots[SETS_MAX];
	unsigned long i, j, n;

	m->work += buf->nslots;
	for (i = 0; i < buf->nslots; i += n) {
		n = min(buf->nslots - i, (unsigned long)SETS_MAX);
		rig_read_slots(&buf->pool->view, buf->first + i, n, slots);
		for (j = 0; j < n; j++) {
			unsigned long k = i + j;
			size_t size = buf->total - offset - k * RIG_SLOT;
			phys_addr_t orig = RIG_NO_ADDR;
			unsigned int pad = 0;

			if (buf->orig != RIG_NO_ADDR && k >= buf->pad_slots)
				orig = buf->orig + (k - buf->pad_slots) * RIG_SLOT;
			if (k == buf->pad_slots)
				pad = buf->pad_slots;
			if (slots[j].list)
				rig_die("slot %lu, used: its count is %u, expected 0",
					buf->first + k, slots[j].list);
			if (slots[j].orig_addr != orig)
				rig_die("slot %lu: its original address is 0x%llx, expected 0x%llx",
					buf->first + k,
					(unsigned long long)slots[j].orig_addr,
					(unsigned long long)orig);
			if (slots[j].alloc_size != size)
				rig_die("slot %lu: its size is %zd, expected %zd",
					buf->first + k, slots[j].alloc_size, size);
			if (slots[j].pad_slots != pad)
				rig_die("slot %lu: it has %u padding slots, expected %u",
					buf->first + k, slots[j].pad_slots, pad);
		}
	}
}

static void check_around(struct model *m, const struct model_pool *p,
			 unsigned long first, unsigned long nslots)
{
	/* One slot more on each side: a neighbour's set may have been touched. */
	unsigned long from = first ? first - 1 : 0;
	unsigned long to = min(first + nslots + 1, p->view.nslabs);

	check_slots(m, p, from, to);
	check_area(p, rig_area_of(&p->view, first));
}

/* Only alignment beyond a page is warned about, and only when mapping. */
static void check_warnings(unsigned int expected)
{
	static unsigned int seen;
	unsigned int count = rig_log_count(RIG_BUG);

	/* The log was reset meanwhile. */
	if (count < seen)
		seen = 0;
	if (count > seen + expected)
		rig_die("a warning that was not expected; the last messages:\n%s",
			rig_log());
	seen = count;
}

/* ---- data ---- */

static void compare(const struct model_buf *buf, phys_addr_t at,
		    const unsigned char *expected, const char *whose)
{
	const unsigned char *found = phys_to_virt(at);
	size_t i;

	if (!memcmp(found, expected, buf->bytes))
		return;
	for (i = 0; found[i] == expected[i]; i++)
		;
	rig_die("byte %zu of %zu %s, at 0x%llx, is 0x%02x, expected 0x%02x",
		i, buf->bytes, whose, (unsigned long long)at + i, found[i], expected[i]);
}

static void check_original(const struct model_buf *buf)
{
	const unsigned char *source = phys_to_virt(buf->orig);
	unsigned int i;

	compare(buf, buf->orig, buf->cpu, "in the original");
	for (i = 1; i <= GUARD; i++)
		if (source[-(int)i] != 0xee || source[buf->bytes + i - 1] != 0xee)
			rig_die("a byte beside the original at 0x%llx was written",
				(unsigned long long)buf->orig);
}

static void check_data(struct model *m, const struct model_buf *buf)
{
	if (!buf->device)
		return;
	m->work += buf->bytes / 256;
	compare(buf, buf->addr, buf->device, "in the buffer");
	if (buf->orig != RIG_NO_ADDR)
		check_original(buf);
}

/* Bytes that tell the buffer, and who wrote them when */
static void pattern(unsigned char *to, size_t bytes, u64 seed)
{
	struct model_random r;

	model_seed(&r, seed);
	for (; bytes >= 8; bytes -= 8, to += 8) {
		u64 word = model_u64(&r);

		memcpy(to, &word, 8);
	}
	while (bytes--)
		*to++ = model_u64(&r) >> 56;
}

static void prepare_source(struct model *m, phys_addr_t orig, size_t bytes)
{
	unsigned char *source = phys_to_virt(orig);

	memset(source - GUARD, 0xee, GUARD);
	pattern(source, bytes, m->next_id);
	memset(source + bytes, 0xee, GUARD);
}

static void begin_data(struct model *m, struct model_buf *buf)
{
	buf->device = malloc(buf->bytes);
	if (buf->orig == RIG_NO_ADDR) {
		pattern(buf->device, buf->bytes, buf->id);
		memcpy(phys_to_virt(buf->addr), buf->device, buf->bytes);
		return;
	}
	/* Mapping copies, whatever the direction. */
	buf->cpu = malloc(buf->bytes);
	pattern(buf->cpu, buf->bytes, buf->id);
	memcpy(buf->device, buf->cpu, buf->bytes);
	check_data(m, buf);
}

void model_write(struct model *m, struct model_buf *buf, size_t offset, size_t bytes,
		 bool by_cpu, unsigned int seed)
{
	unsigned char *side = by_cpu ? buf->cpu : buf->device;

	if (!side)
		return;
	pattern(side + offset, bytes, (u64)buf->id << 32 | seed << 1 | by_cpu);
	memcpy(phys_to_virt((by_cpu ? buf->orig : buf->addr) + offset),
	       side + offset, bytes);
}

/* ---- pools ---- */

static void add_pool(struct model *m, const struct rig_view *view, struct device *owner)
{
	struct model_pool *p = calloc(1, sizeof(*p));

	if (m->npools == MODEL_POOLS)
		rig_die("the model has no room for more than %d pools", MODEL_POOLS);
	p->view = *view;
	p->owner = owner;
	p->used = calloc(view->nslabs / 64 + 1, sizeof(*p->used));
	p->area_used = calloc(view->nareas, sizeof(*p->area_used));
	p->area_index = calloc(view->nareas, sizeof(*p->area_index));
	m->pools[m->npools++] = p;
}

static void remove_pool(struct model *m, unsigned int i)
{
	free(m->pools[i]->used);
	free(m->pools[i]->area_used);
	free(m->pools[i]->area_index);
	free(m->pools[i]);
	m->pools[i] = m->pools[--m->npools];
}

static void update_pools(struct model *m, struct device *dev)
{
	static struct rig_view views[MODEL_POOLS];
	unsigned int i, j, n, listed = 0;

	n = rig_pools(dev, views, MODEL_POOLS);
	if (n > MODEL_POOLS)
		rig_die("%u pools are more than the model has room for", n);
	for (i = 0; i < n; i++) {
		for (j = 0; j < m->npools; j++)
			if (m->pools[j]->view.pool == views[i].pool)
				break;
		if (j == m->npools)
			add_pool(m, &views[i], views[i].transient ? dev : NULL);
	}
	/* None goes away, unless the model knows of it. */
	for (j = 0; j < m->npools; j++)
		listed += !m->pools[j]->owner || m->pools[j]->owner == dev;
	if (listed != n)
		rig_die("the device has %u pools, expected %u", n, listed);
}

void model_update_pools(struct model *m)
{
	update_pools(m, m->dev);
}

static struct model_pool *find_pool(struct model *m, struct device *dev, phys_addr_t addr)
{
	unsigned int i;

	for (i = 0; i < m->npools; i++) {
		struct model_pool *p = m->pools[i];

		if ((!p->owner || p->owner == dev) && addr >= p->view.start &&
		    addr < p->view.start + p->view.nslabs * RIG_SLOT)
			return p;
	}
	return NULL;
}

/* ---- operations ---- */

void model_init(struct model *m, struct device *dev, unsigned int segsize)
{
	memset(m, 0, sizeof(*m));
	m->dev = dev;
	m->segsize = segsize ?: rig_segsize(dev);
	rig_on_die = report;
	update_pools(m, dev);
	begin(m, "begin", dev, RIG_NO_ADDR, RIG_NO_ADDR, 0, 0, DMA_NONE);
	if (rig_segsize(dev) != m->segsize)
		rig_die("the allocator's segments have %u slots, expected %u",
			rig_segsize(dev), m->segsize);
	model_check(m);
}

static void forget_buf(struct model *m, struct model_buf *buf)
{
	m->bufs[buf->index] = m->bufs[--m->nbufs];
	m->bufs[buf->index]->index = buf->index;
	free(buf->cpu);
	free(buf->device);
	free(buf);
}

void model_exit(struct model *m)
{
	while (m->nbufs)
		forget_buf(m, m->bufs[0]);
	while (m->npools)
		remove_pool(m, 0);
	free(m->bufs);
	memset(m, 0, sizeof(*m));
	op.what = NULL;
}

static void note_indices(struct model *m)
{
	unsigned int i, area;

	for (i = 0; i < m->npools; i++)
		for (area = 0; area < m->pools[i]->view.nareas; area++)
			m->pools[i]->area_index[area] =
				rig_read_area(&m->pools[i]->view, area).index;
}

struct model_buf *model_adopt(struct model *m, struct device *dev, phys_addr_t addr,
			      phys_addr_t orig, size_t bytes, unsigned int align_mask,
			      enum dma_data_direction dir)
{
	struct request r = request(dev, orig, bytes, align_mask);
	struct model_pool *p;
	struct model_buf *buf;
	unsigned long first, area;
	unsigned int preserve;
	u64 dma;

	op.addr = addr;
	if (rig_build.dynamic)
		update_pools(m, dev);
	p = find_pool(m, dev, addr);
	if (!p)
		rig_die("0x%llx is in none of the pools", (unsigned long long)addr);

	/* From here on it is enough to look at the first slot. */
	dma = addr + dev->dma_offset;
	preserve = r.preserve_mask | (dev->min_align_mask & (RIG_SLOT - 1));
	if (rig_build.has_pad_slots)
		preserve = dev->min_align_mask;
	if (orig != RIG_NO_ADDR && ((dma ^ orig) & preserve))
		rig_die("DMA address 0x%llx, original 0x%llx: other bits in 0x%x",
			(unsigned long long)dma, (unsigned long long)orig,
			preserve);
	if ((addr - r.offset - p->view.start) % RIG_SLOT)
		rig_die("the buffer does not begin %u bytes into a slot",
			r.offset);
	first = (addr - r.offset - p->view.start) / RIG_SLOT;
	if (addr - r.offset < p->view.start || first + r.nslots > p->view.nslabs)
		rig_die("the buffer has slots %ld to %ld, the pool %lu",
			(long)first, (long)(first + r.nslots - 1), p->view.nslabs);
	if (!legal(m, &p->view, &r, first))
		rig_die("slots %lu + %lu at 0x%llx break a rule; bits 0x%llx 0, 0x%llx as 0x%llx",
			first, r.nslots, (unsigned long long)(dma - r.offset),
			(unsigned long long)r.zero_mask,
			(unsigned long long)r.preserve_mask,
			(unsigned long long)r.preserve);
	if (next(p, first, first + r.nslots, true) != first + r.nslots)
		rig_die("slots %lu to %lu: slot %lu is another buffer's", first,
			first + r.nslots - 1, next(p, first, first + r.nslots, true));

	/*
	 * More than a slot set takes the area's first place, next-fit or not, and so
	 * do all buffers of such a pool if its kernel has no next-fit there.
	 */
	area = rig_area_start(&p->view, rig_area_of(&p->view, first));
	if ((r.nslots > rig_build.set_slots ||
	     (rig_build.takes_lowest && m->segsize > rig_build.set_slots)) &&
	    first_place(m, p, &r, area) != first)
		rig_die("%lu slots are at %lu, although there is a place at %lu", r.nslots,
			first, first_place(m, p, &r, area));

	/*
	 * Next-fit, elsewhere: the next search begins behind this buffer, unless it is
	 * more than a slot set.
	 */
	if (!rig_build.takes_lowest || m->segsize == rig_build.set_slots) {
		unsigned int i = rig_area_of(&p->view, first);
		struct rig_area here = rig_read_area(&p->view, i);
		unsigned long behind = first - area + r.nslots;

		if (behind >= here.nslabs)
			behind = 0;
		if (rig_build.adds_up_counts && r.nslots > rig_build.set_slots)
			behind = p->area_index[i];
		if (here.index != behind)
			rig_die("%lu slots at %lu, the next search begins at %u, expected %lu",
				r.nslots, first, here.index, behind);
	}

	if (m->nbufs == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		m->bufs = realloc(m->bufs, m->room * sizeof(*m->bufs));
	}
	buf = calloc(1, sizeof(*buf));
	*buf = (struct model_buf){
		.dev = dev,
		.pool = p,
		.addr = addr,
		.orig = orig,
		.bytes = bytes,
		.total = r.total,
		.first = first,
		.nslots = r.nslots,
		.pad_slots = r.offset / RIG_SLOT,
		.align_mask = align_mask,
		.dir = dir,
		.index = m->nbufs,
		.id = m->next_id++,
	};
	m->bufs[m->nbufs++] = buf;
	set_used(p, first, r.nslots, true);
	check_buf_slots(m, buf);
	check_around(m, p, first, r.nslots);
	return buf;
}

static void check_refusal(struct model *m, struct device *dev, phys_addr_t orig,
			  size_t bytes, unsigned int align_mask)
{
	struct request r = request(dev, orig, bytes, align_mask);
	bool no_memory = rig_memory_refused();
	unsigned int i;

	m->refused++;
	for (i = 0; i < m->npools; i++)
		m->work += m->pools[i]->view.nslabs;
	if (fits(m, &r) && !passed_over(m, &r))
		rig_die("refused, although %lu slots have a place", r.nslots);
	if (rig_can_grow(dev) && !no_memory && fits_in_transient(m, &r))
		rig_die("refused, although a transient pool of %lu slots would do",
			r.nslots);
}

struct model_buf *model_alloc(struct model *m, struct device *dev, size_t bytes)
{
	struct model_buf *buf;
	phys_addr_t addr;

	/* Whoever frees a part of a page in 6.1 frees what begins with it. */
	if (!rig_build.has_alignment)
		bytes = ALIGN(bytes, RIG_PAGE);
	begin(m, "allocate", dev, RIG_NO_ADDR, RIG_NO_ADDR, bytes, 0, DMA_NONE);
	note_indices(m);
	addr = rig_alloc(dev, bytes);
	check_warnings(0);
	if (addr == RIG_NO_ADDR) {
		check_refusal(m, dev, RIG_NO_ADDR, bytes, 0);
		return NULL;
	}
	buf = model_adopt(m, dev, addr, RIG_NO_ADDR, bytes, 0, DMA_NONE);
	if (m->data)
		begin_data(m, buf);
	return buf;
}

struct model_buf *model_map(struct model *m, struct device *dev, phys_addr_t orig,
			    size_t bytes, unsigned int align_mask,
			    enum dma_data_direction dir)
{
	struct model_buf *buf;
	phys_addr_t addr;

	begin(m, "map", dev, orig, RIG_NO_ADDR, bytes, align_mask, dir);
	if (m->data)
		prepare_source(m, orig, bytes);
	note_indices(m);
	addr = rig_map(dev, orig, bytes, align_mask, dir, DMA_ATTR_NO_WARN);
	check_warnings(align_mask >= RIG_PAGE);
	if (addr == RIG_NO_ADDR) {
		check_refusal(m, dev, orig, bytes, align_mask);
		return NULL;
	}
	buf = model_adopt(m, dev, addr, orig, bytes, align_mask, dir);
	if (m->data)
		begin_data(m, buf);
	return buf;
}

struct model_buf *model_must_alloc(struct model *m, struct device *dev, size_t bytes)
{
	struct model_buf *buf = model_alloc(m, dev, bytes);

	if (!buf)
		rig_die("%zu bytes are refused; the test expects that they fit", bytes);
	return buf;
}

struct model_buf *model_must_map(struct model *m, struct device *dev, phys_addr_t orig,
				 size_t bytes, unsigned int align_mask,
				 enum dma_data_direction dir)
{
	struct model_buf *buf = model_map(m, dev, orig, bytes, align_mask, dir);

	if (!buf)
		rig_die("%zu bytes are refused; the test expects that they fit", bytes);
	return buf;
}

void model_sync(struct model *m, struct model_buf *buf, size_t offset, size_t bytes,
		bool for_cpu)
{
	begin(m, for_cpu ? "sync for the CPU" : "sync for the device", buf->dev,
	      buf->orig, buf->addr, bytes, buf->align_mask, buf->dir);
	op.offset = offset;
	/*
	 * 6.1 takes some parts for errors if there are bits to be preserved, and
	 * in highmem takes the page that the mapping begins in for the part's.
	 */
	if (!rig_build.has_pad_slots && ((buf->dev->min_align_mask & (RIG_SLOT - 1)) ||
					 buf->orig >= rig_highmem)) {
		offset = 0;
		bytes = buf->bytes;
	}
	if (for_cpu) {
		rig_sync_for_cpu(buf->dev, buf->addr + offset, bytes, buf->dir);
		if (buf->device && buf->dir != DMA_TO_DEVICE)
			memcpy(buf->cpu + offset, buf->device + offset, bytes);
	} else {
		rig_sync_for_device(buf->dev, buf->addr + offset, bytes, buf->dir);
		if (buf->device && buf->dir != DMA_FROM_DEVICE)
			memcpy(buf->device + offset, buf->cpu + offset, bytes);
	}
	check_warnings(0);
	check_data(m, buf);
}

void model_free(struct model *m, struct model_buf *buf)
{
	struct model_pool *p = buf->pool;
	unsigned int i;

	begin(m, buf->orig == RIG_NO_ADDR ? "free" : "unmap", buf->dev, buf->orig,
	      buf->addr, buf->bytes, buf->align_mask, buf->dir);
	/* It has stayed as it was since it was made. */
	check_buf_slots(m, buf);
	check_data(m, buf);

	if (buf->orig == RIG_NO_ADDR) {
		if (!rig_free(buf->dev, buf->addr, buf->bytes))
			rig_die("the allocator does not know the buffer");
	} else {
		rig_unmap(buf->dev, buf->addr, buf->bytes, buf->dir, 0);
	}
	check_warnings(0);
	if (buf->cpu) {
		if (buf->dir != DMA_TO_DEVICE)
			memcpy(buf->cpu, buf->device, buf->bytes);
		check_original(buf);
	}

	set_used(p, buf->first, buf->nslots, false);
	if (p->owner) {
		for (i = 0; m->pools[i] != p; i++)
			;
		remove_pool(m, i);
		update_pools(m, buf->dev);
	} else {
		check_around(m, p, buf->first, buf->nslots);
	}
	forget_buf(m, buf);
}

void model_check(struct model *m)
{
	unsigned long used = 0;
	bool all = m->tracked || rig_build.tracks_used;
	unsigned int i, j;

	for (i = 0; i < m->npools; i++) {
		struct model_pool *p = m->pools[i];

		check_slots(m, p, 0, p->view.nslabs);
		check_rows(m, p);
		for (j = 0; j < p->view.nareas; j++) {
			check_area(p, j);
			used += p->owner && !all ? 0 : p->area_used[j];
		}
	}
	/* Who keeps track of it counts transient pools, too. */
	if (rig_used(m->dev) != used)
		rig_die("%lu slots are said to be used, expected %lu",
			rig_used(m->dev), used);
	for (i = 0; i < m->nbufs; i++) {
		check_buf_slots(m, m->bufs[i]);
		check_data(m, m->bufs[i]);
	}
}

void model_drain(struct model *m)
{
	while (m->nbufs)
		model_free(m, m->bufs[m->nbufs - 1]);
	model_check(m);
}

void model_check_announced(struct model *m, struct device *dev, phys_addr_t orig)
{
	const struct rig_view *v = &m->pools[0]->view;
	size_t min_align = ALIGN((size_t)dev->min_align_mask, RIG_SLOT);
	unsigned long most = rig_build.set_slots;
	size_t expected, announced = rig_max_mapping_size(dev);
	struct request r;

	begin(m, "announce", dev, orig, RIG_NO_ADDR, announced, 0, DMA_TO_DEVICE);
	/*
	 * More than a slot set is told only up to a quarter of the area, but for the
	 * default pool, for which it was asked for at boot.
	 */
	if (m->segsize > most)
		most = max(min(rig_is_default(dev) ? v->area_nslabs : v->area_nslabs / 4,
			       m->segsize), rig_build.set_slots);
	expected = most * RIG_SLOT - min_align;
	if (announced != expected)
		rig_die("%zu bytes are announced, expected %zu", announced, expected);

	/* A mask of a whole slot set leaves nothing: sets of 128 slots are larger than any. */
	if (min_align >= most * RIG_SLOT || (v->start & (RIG_PAGE - 1)) ||
	    (dev->dma_offset & (RIG_PAGE - 1)) ||
	    dev->seg_boundary_mask != ULONG_MAX ||
	    v->area_nslabs < min(m->segsize, rig_build.set_slots))
		return;
	/* 6.1's strides can be as long as a small pool. */
	r = request(dev, orig, announced, 0);
	if (fits(m, &r) && passed_over(m, &r))
		return;
	model_free(m, model_must_map(m, dev, orig, announced, 0, DMA_TO_DEVICE));
}
