// SPDX-License-Identifier: GPL-2.0
/*
 * The fuzz target: any bytes are a pool, two devices and a row of operations,
 * which the model judges as it judges the random tests'. What is no longer there
 * reads as 0, so that every input is good, and the shorter the quicker.
 *
 *	header:	kind, slots (2), base (2), segsize (and raw bytes of the
 *		property), min_align_mask, boundary, DMA offset (2), index (2)
 *	then:	operation and its arguments, until the end
 *
 * An operation's byte has the operation in its low three bits, and flags above.
 * Numbers of two bytes are big-endian.
 */
#include <stdio.h>

#include "model.h"

#define MAX_LIVE	2048
/* Slots to be looked at: what ends an input that has grown too slow */
#define WORK		(100 * 1000)
/* With data each mapping has a window of memory for its original. */
#define WINDOWS		64
#define WINDOW		0x80000UL
#define DATA_BYTES	0x3000UL
#define SOURCE		(RIG_SOURCES + WINDOW)
/* A default pool is larger than this (IO_TLB_MIN_SLABS). */
#define LEAST_SLOTS	512UL

static struct {
	const u8 *next, *end;
	struct rig_pool pool;
	u8 property[8];
	/* One with the header's wishes, and one without any */
	struct device devs[2];
	struct model m;
	struct rig_view view;
	/* The kernel has one default pool, which may grow. */
	bool is_default;
	bool window_used[WINDOWS];
	/* For the data that is written */
	unsigned int step;
} in;

static unsigned int get_u8(void)
{
	return in.next < in.end ? *in.next++ : 0;
}

static unsigned int get_u16(void)
{
	unsigned int high = get_u8();

	return high << 8 | get_u8();
}

/* @bits low bits set, at most @most */
static unsigned int get_mask(unsigned int bits, unsigned int most)
{
	return BIT(min(bits, most)) - 1;
}

/* ---- the pool ---- */

/* Most pools are small: they are quick, and have all that large ones have. */
static unsigned long get_slots(void)
{
	unsigned int n = get_u16();

	return (n & (n >> 13 == 7 ? 0x1fff : 0x7ff)) + 1UL;
}

static bool is_good(u64 segsize)
{
	return is_power_of_2(segsize) && segsize >= rig_build.set_slots &&
		segsize <= 1048576;
}

/* Give the node any property, and return the slots that must come of it. */
static unsigned int set_property(bool *good)
{
	unsigned int mode = get_u8(), length, i;
	u64 segsize;

	*good = true;
	if (!(mode & 15))
		return rig_build.set_slots;
	if ((mode & 15) < 15) {
		segsize = (u64)rig_build.set_slots << ((mode & 15) - 1);
		for (i = 0; i < 4; i++)
			in.property[i] = segsize >> (24 - 8 * i);
		length = 4;
	} else {
		/* A cell is likelier than what is none. */
		length = mode & 0x40 ? get_u8() % (sizeof(in.property) + 1) : 4;
		for (i = 0; i < length; i++)
			in.property[i] = get_u8();
		segsize = (u64)in.property[0] << 24 | in.property[1] << 16 |
			in.property[2] << 8 | in.property[3];
	}
	rig_pool_property(&in.pool, mode & 0x80 ? NULL : in.property, length);
	*good = !(mode & 0x80) && length == 4 && is_good(segsize);
	return *good ? segsize : rig_build.set_slots;
}

static unsigned int make_restricted(unsigned int kind)
{
	unsigned int nareas = kind & 2 ? 1 << (kind >> 2 & 3) : 1;
	unsigned int segsize, errors = rig_log_count(RIG_ERR), i;
	unsigned long slots = get_slots();
	phys_addr_t base = RIG_POOLS + get_u16() * RIG_SLOT;
	bool good;

	/* 6.1 does not know pools that begin within a page. */
	if (!rig_build.has_alignment)
		base = ALIGN(base, RIG_PAGE);
	rig_cpus = rig_build.has_areas ? nareas : 1;
	/* Only whole sets can be split into areas. */
	if (nareas > 1 && !rig_build.has_areas)
		slots = roundup(slots, nareas * rig_build.set_slots);
	rig_pool_create(&in.pool, base, slots * RIG_SLOT, RIG_NO_PROPERTY);
	segsize = set_property(&good);
	if (!rig_build.has_segsize) {
		segsize = rig_build.set_slots;
		good = true;
	}
	for (i = 0; i < ARRAY_SIZE(in.devs); i++) {
		rig_device_init(&in.devs[i], i ? "plain" : "wishes");
		if (rig_pool_attach(&in.pool, &in.devs[i]))
			rig_die("a device cannot be attached");
	}
	if (rig_log_count(RIG_ERR) - errors != !good)
		rig_die("%u errors were printed for the property, expected %u",
			rig_log_count(RIG_ERR) - errors, !good);
	if (nareas > 1 && !rig_build.has_areas)
		rig_split(&in.devs[0], nareas);
	return segsize;
}

static unsigned int make_default(unsigned int kind)
{
	unsigned int nareas = 1 << (kind >> 2 & 3), i;
	unsigned long slots = max(get_slots(), LEAST_SLOTS + 1);
	char param[32];

	/* What restricted pools read here */
	get_u16();
	get_u8();
	if (rig_build.dynamic) {
		snprintf(param, sizeof(param), "%lu,%u", slots, nareas);
		rig_default_early(param, kind & 0x10 ? 2 : 0);
	} else if (rig_default_late(roundup(slots, nareas * rig_build.set_slots) *
				    RIG_SLOT, nareas)) {
		rig_die("there is no default pool of %lu slots", slots);
	}
	for (i = 0; i < ARRAY_SIZE(in.devs); i++)
		rig_device_init(&in.devs[i], i ? "plain" : "wishes");
	return rig_build.set_slots;
}

static void get_wishes(struct device *dev)
{
	unsigned int bits = get_u8(), offset, least;

	dev->coherent = bits & 0x20;
	dev->min_align_mask = get_mask(bits & 31, 17);
	/*
	 * A boundary within the bits that are to be preserved is more than the
	 * allocator has ever understood.
	 */
	least = max(bits & 31, (unsigned int)RIG_SLOT_SHIFT);
	least = min(least, 17U);
	bits = get_u8();
	if (bits & 31)
		dev->seg_boundary_mask = BIT(max(bits & 31, least)) - 1;
	offset = get_u16();
	dev->dma_offset = (u64)(offset >> 1) << rig_build.page_shift;
	if (offset & 1)
		dev->dma_offset -= in.view.start & ~(RIG_PAGE - 1);
}

static void begin(void)
{
	unsigned int kind = get_u8(), segsize;

	memset(&in.pool, 0, sizeof(in.pool));
	memset(in.property, 0, sizeof(in.property));
	memset(in.window_used, 0, sizeof(in.window_used));
	in.is_default = (kind & 3) == 3;
	in.step = 0;
	rig_cpu = 0;
	rig_copy = kind & 0x40;
	rig_highmem = kind & 0x20 ? RIG_SOURCES : ~0ULL;

	segsize = in.is_default ? make_default(kind) : make_restricted(kind);
	if (rig_pools(&in.devs[0], &in.view, 1) != 1)
		rig_die("there is not one pool");
	get_wishes(&in.devs[0]);
	model_init(&in.m, &in.devs[0], segsize);
	in.m.data = rig_copy;
	rig_set_index(&in.view, 0, get_u16() % in.view.area_nslabs);
	if (kind & 0x80)
		model_check_announced(&in.m, &in.devs[0], SOURCE);
}

static void end(void)
{
	rig_fail_after(-1);
	/* Twice: what is put off may put something off. */
	rig_run_work();
	model_update_pools(&in.m);
	model_drain(&in.m);
	rig_run_work();
	model_update_pools(&in.m);
	model_exit(&in.m);
	if (in.is_default) {
		rig_default_exit();
		if (rig_pages_in_use())
			rig_die("%zu bytes of pages were never freed",
				rig_pages_in_use());
	} else {
		rig_pool_destroy(&in.pool);
		if (rig_node_refs())
			rig_die("%d references to device tree nodes were kept",
				rig_node_refs());
	}
}

/* ---- operations ---- */

/* Bytes up to 32 KiB, or slots up to all of the largest pool */
static size_t get_bytes(void)
{
	unsigned int n = get_u16();
	size_t bytes = n + 1;

	if (n & 0x8000)
		bytes = ((n & 0x1fff) + 1UL) * RIG_SLOT;
	return in.m.data ? min(bytes, DATA_BYTES) : bytes;
}

static void map(struct device *dev, unsigned int offset, size_t bytes,
		unsigned int align_mask, enum dma_data_direction dir)
{
	phys_addr_t orig = SOURCE + offset;
	unsigned int i = 0;

	/* Transient pools take time, and more of them show nothing more. */
	if (in.m.nbufs >= (in.is_default && rig_build.dynamic ? 64 : MAX_LIVE))
		return;
	if (in.m.data) {
		while (i < WINDOWS && in.window_used[i])
			i++;
		if (i == WINDOWS)
			return;
		orig += i * WINDOW;
	}
	if (model_map(&in.m, dev, orig, bytes, align_mask, dir) && in.m.data)
		in.window_used[i] = true;
}

static void op_map(struct device *dev, unsigned int flags)
{
	size_t bytes = get_bytes();
	/* All bits that a min_align_mask may ask to be preserved */
	unsigned int offset = get_u16() << 1 | (flags & 1);
	unsigned int align_mask = get_mask(get_u8() & 31, 20);

	map(dev, offset, bytes, align_mask, flags >> 2 & 3 ? (flags >> 2 & 3) - 1 : 0);
}

static void op_alloc(struct device *dev)
{
	/* The DMA layer asks for whole pages. */
	size_t bytes = ALIGN(get_bytes(), RIG_PAGE);

	/* Nobody frees a transient pool of a coherent buffer. */
	if (in.m.nbufs < MAX_LIVE && !(in.is_default && rig_build.dynamic))
		model_alloc(&in.m, dev, bytes);
}

static void op_put(unsigned int flags)
{
	unsigned int i = get_u8(), n = flags & 1 ? get_u8() + 1 : 1;

	/* One; or many, or each second one of them, to tear holes. */
	for (; n && in.m.nbufs; n--) {
		struct model_buf *buf = in.m.bufs[i % in.m.nbufs];

		if (in.m.data && buf->orig != RIG_NO_ADDR)
			in.window_used[(buf->orig - SOURCE) / WINDOW] = false;
		model_free(&in.m, buf);
		if (flags & 2)
			i++;
	}
}

static void op_sync(unsigned int flags)
{
	unsigned int i = get_u8();
	size_t offset = get_u16(), bytes = get_u16();
	struct model_buf *buf;
	bool for_cpu = flags & 1;

	if (!in.m.nbufs)
		return;
	buf = in.m.bufs[i % in.m.nbufs];
	offset = offset * (flags & 2 ? 64 : 1) % buf->bytes;
	bytes = bytes * (flags & 2 ? 64 : 1) % (buf->bytes - offset) + 1;
	model_write(&in.m, buf, offset, bytes, buf->cpu && !for_cpu, in.step);
	if (buf->orig != RIG_NO_ADDR)
		model_sync(&in.m, buf, offset, bytes, for_cpu);
}

static void op_index(void)
{
	unsigned int area = get_u8() % in.view.nareas;

	rig_set_index(&in.view, area, get_u16() % in.view.area_nslabs);
}

static void op_check(struct device *dev, unsigned int flags)
{
	model_check(&in.m);
	if (!in.m.nbufs)
		model_check_announced(&in.m, dev, SOURCE + get_u16());
	rig_cpu = flags & 7;
}

/* The kernel's own time, and memory that runs out */
static void op_work(unsigned int flags)
{
	if (!rig_build.dynamic || !in.is_default)
		return;
	/* More pools than that make no difference. */
	rig_default_growth((flags & 1) && in.m.npools < 24);
	rig_fail_after(flags & 2 ? (int)(get_u8() & 7) : -1);
	if (flags & 4) {
		rig_run_work();
		model_update_pools(&in.m);
	}
}

/* A row of small buffers, as fills a pool */
static void op_fill(struct device *dev)
{
	unsigned int n = get_u8() + 1, bytes = (get_u8() + 1) * 512;

	while (n-- && in.m.work < WORK)
		map(dev, 0, bytes, 0, DMA_TO_DEVICE);
}

static void operation(void)
{
	unsigned int op = get_u8(), flags = op >> 4;
	struct device *dev = &in.devs[op >> 3 & 1];

	in.step++;
	switch (op & 7) {
	case 0:
		op_map(dev, flags);
		break;
	case 1:
		op_alloc(dev);
		break;
	case 2:
		op_put(flags);
		break;
	case 3:
		op_sync(flags);
		break;
	case 4:
		op_index();
		break;
	case 5:
		op_check(dev, flags);
		break;
	case 6:
		op_work(flags);
		break;
	case 7:
		op_fill(dev);
		break;
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	rig_init(4);
	rig_abort = true;
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	in.next = data;
	in.end = data + size;
	begin();
	while (in.next < in.end && in.m.work < WORK)
		operation();
	end();
	return 0;
}
