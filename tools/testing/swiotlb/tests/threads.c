// SPDX-License-Identifier: GPL-2.0
/*
 * Threads: eight of them allocate, map, sync, unmap and free at random, each on a
 * CPU of its own that it leaves now and then, all with the same few devices. For
 * make FLAVOUR=tsan; with FLAVOUR=threads it is quicker, and sees less.
 *
 * ThreadSanitizer sees who goes where a lock is needed and has none. The data see
 * the rest: a buffer is filled with numbers that only its owner knows, and is
 * looked at before it is synced or freed. Now and then a buffer is exchanged for
 * one of another thread, so it is freed on another CPU than it is from.
 *
 * Every now and then all threads come to rest. Then the live buffers
 * have to be what is in use of the pools, slot by slot, and what the kernel put
 * off is done: with dynamic pools, memory is added and freed. In the end all is
 * freed, and the pools have to be as they were in the beginning.
 *
 * A seed says what each thread does, and not when: to see an error again may
 * take several runs.
 */
#include "test.h"

#define THREADS		8
#define DEVICES		3
#define BUFS		20
#define EXCHANGES	16
/* Steps of each thread from one rest to the next */
#define PHASE		100
/* Memory that each buffer has for what it bounces */
#define WINDOW		0x800000UL
/* ThreadSanitizer is slow, but sees what needs not even happen. */
#ifdef __SANITIZE_THREAD__
#define STEPS		20000
#else
#define STEPS		300000
#endif
/* Between two of the numbers that fill a buffer: a few in each slot */
#define GAP		512

/**
 * struct buf - a buffer, or what may become one
 * @dev:	Its device, or %NULL if it is not live.
 * @addr:	Its physical address.
 * @orig:	The address that it bounces, or RIG_NO_ADDR if it is coherent.
 * @bytes:	Its size.
 * @align_mask:	Alignment asked for, less one.
 * @dir:	Direction of a mapping.
 * @window:	Memory to bounce.
 * @at_cpu:	What fills its original.
 * @at_device:	What fills the buffer.
 */
struct buf {
	struct device *dev;
	phys_addr_t addr;
	phys_addr_t orig;
	size_t bytes;
	unsigned int align_mask;
	enum dma_data_direction dir;
	phys_addr_t window;
	u64 at_cpu;
	u64 at_device;
};

struct thread {
	pthread_t pthread;
	unsigned int number;
	struct model_random r;
	struct buf *bufs[BUFS];
	u64 steps;
	u64 got;
	u64 refused;
};

static struct {
	const char *name;
	const char *debugfs;
	struct device devs[DEVICES];
	/* The most slots of most requests, and of all */
	unsigned int usual;
	unsigned int most;
	bool coherent;
	bool dynamic;
	u64 steps;
	pthread_barrier_t barrier;
	struct thread threads[THREADS];
	struct buf bufs[THREADS * BUFS + EXCHANGES];
	struct {
		pthread_mutex_t lock;
		struct buf *buf;
	} exchanges[EXCHANGES];
	unsigned int most_pools;
} test;

#ifdef __SANITIZE_THREAD__
/*
 * What the kernel does, says so, and accepts. One function a line, each with the
 * reason.
 */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return
		/* "The result is not accurate": it reads each area's number. */
		"race:^mem_pool_used$\n";
}
#endif

static void context(void)
{
	printf("# perhaps again: --filter 'threads/%s' --seed %llu --ops %llu\n", test.name,
	       (unsigned long long)options.seed, (unsigned long long)test.steps);
}

static u64 below(struct thread *t, u64 n)
{
	return model_below(&t->r, n);
}

static bool chance(struct thread *t, unsigned int percent)
{
	return below(t, 100) < percent;
}

/* ---- data ---- */

static u64 number(u64 what, size_t offset)
{
	return (what ^ offset) * 0x9e3779b97f4a7c15ULL;
}

static void fill_bytes(phys_addr_t addr, size_t bytes, u64 what)
{
	char *p = phys_to_virt(addr);
	size_t offset;
	u64 n;

	for (offset = 0; offset + sizeof(n) <= bytes; offset += GAP) {
		n = number(what, offset);
		memcpy(p + offset, &n, sizeof(n));
	}
}

static void check_bytes(const struct buf *buf, phys_addr_t addr, u64 what,
			const char *when)
{
	const char *p = phys_to_virt(addr);
	size_t offset;
	u64 n;

	for (offset = 0; offset + sizeof(n) <= buf->bytes; offset += GAP) {
		memcpy(&n, p + offset, sizeof(n));
		expect(n == number(what, offset),
		       "%s: byte %zu of the %zu at 0x%llx is not what its owner wrote; buffer 0x%llx",
		       when, offset, buf->bytes, (unsigned long long)addr,
		       (unsigned long long)buf->addr);
	}
}

/* ---- steps ---- */

static size_t pick_bytes(struct thread *t)
{
	unsigned int most = chance(t, 95) ? test.usual : test.most;
	size_t bytes = (1 + below(t, 1 + below(t, most))) * RIG_SLOT;

	return chance(t, 50) ? bytes : bytes - below(t, RIG_SLOT - 8);
}

static void get(struct thread *t, struct buf *buf)
{
	struct device *dev = &test.devs[below(t, DEVICES)];

	buf->bytes = pick_bytes(t);
	buf->align_mask = chance(t, 20) ? RIG_PAGE - 1 : 0;
	buf->dir = below(t, 3);
	buf->at_device = model_u64(&t->r);
	buf->at_cpu = buf->at_device;
	if (test.coherent && chance(t, 30)) {
		buf->orig = RIG_NO_ADDR;
		/* See model_alloc(). */
		if (!rig_build.has_alignment)
			buf->bytes = ALIGN(buf->bytes, RIG_PAGE);
		buf->addr = rig_alloc(dev, buf->bytes);
	} else {
		buf->orig = buf->window + below(t, 4 * RIG_SLOT);
		fill_bytes(buf->orig, buf->bytes, buf->at_cpu);
		/*
		 * Now and then it complains, which reads how much is in use. Who
		 * does not keep track of that adds up what others write.
		 */
		buf->addr = rig_map(dev, buf->orig, buf->bytes, buf->align_mask, buf->dir,
				    !rig_build.tracks_used || chance(t, 95) ?
				    DMA_ATTR_NO_WARN : 0);
	}
	if (buf->addr == RIG_NO_ADDR) {
		t->refused++;
		return;
	}
	t->got++;
	buf->dev = dev;
	if (buf->orig == RIG_NO_ADDR)
		fill_bytes(buf->addr, buf->bytes, buf->at_device);
	else
		check_bytes(buf, buf->addr, buf->at_device, "mapped");
}

static void write_by_device(struct thread *t, struct buf *buf)
{
	check_bytes(buf, buf->addr, buf->at_device, "in use");
	buf->at_device = model_u64(&t->r);
	fill_bytes(buf->addr, buf->bytes, buf->at_device);
}

/* Sync all, in two pieces, but see model_sync(). */
static void sync_buf(struct thread *t, struct buf *buf)
{
	size_t bytes = buf->bytes, cut = below(t, bytes);

	if (!rig_build.has_pad_slots)
		cut = 0;
	if (buf->orig == RIG_NO_ADDR) {
		write_by_device(t, buf);
	} else if (buf->dir == DMA_FROM_DEVICE ||
		   (buf->dir == DMA_BIDIRECTIONAL && chance(t, 50))) {
		write_by_device(t, buf);
		if (cut)
			rig_sync_for_cpu(buf->dev, buf->addr, cut, buf->dir);
		rig_sync_for_cpu(buf->dev, buf->addr + cut, bytes - cut, buf->dir);
		buf->at_cpu = buf->at_device;
		check_bytes(buf, buf->orig, buf->at_cpu, "synced for the CPU");
	} else {
		buf->at_cpu = model_u64(&t->r);
		fill_bytes(buf->orig, bytes, buf->at_cpu);
		check_bytes(buf, buf->addr, buf->at_device, "not yet synced");
		if (cut)
			rig_sync_for_device(buf->dev, buf->addr, cut, buf->dir);
		rig_sync_for_device(buf->dev, buf->addr + cut, bytes - cut, buf->dir);
		buf->at_device = buf->at_cpu;
		check_bytes(buf, buf->addr, buf->at_device, "synced for the device");
	}
}

static void put(struct thread *t, struct buf *buf)
{
	if (buf->orig == RIG_NO_ADDR) {
		check_bytes(buf, buf->addr, buf->at_device, "to be freed");
		expect(rig_free(buf->dev, buf->addr, buf->bytes), "not freed");
	} else {
		if (buf->dir == DMA_TO_DEVICE) {
			check_bytes(buf, buf->addr, buf->at_device, "to be unmapped");
		} else {
			write_by_device(t, buf);
			buf->at_cpu = buf->at_device;
		}
		rig_unmap(buf->dev, buf->addr, buf->bytes, buf->dir, 0);
		check_bytes(buf, buf->orig, buf->at_cpu, "unmapped");
	}
	buf->dev = NULL;
}

static void swap_bufs(struct thread *t, struct buf **buf)
{
	unsigned int i = below(t, EXCHANGES);
	struct buf *other;

	pthread_mutex_lock(&test.exchanges[i].lock);
	other = test.exchanges[i].buf;
	test.exchanges[i].buf = *buf;
	pthread_mutex_unlock(&test.exchanges[i].lock);
	*buf = other;
}

static void read_map(void)
{
	char *text = rig_debugfs_text(test.debugfs, "io_tlb_map");

	expect(text && *text, "debugfs has no %s/io_tlb_map, or it is empty", test.debugfs);
	expect_map(text);
	free(text);
}

static void step(struct thread *t)
{
	struct buf **buf = &t->bufs[below(t, BUFS)];
	unsigned int p = below(t, 100);

	if (rig_build.has_map && !below(t, 100))
		read_map();
	rig_cpu = chance(t, 95) ? t->number : below(t, THREADS);
	if (p < 10)
		swap_bufs(t, buf);
	else if (!(*buf)->dev)
		get(t, *buf);
	else if (p < 30)
		sync_buf(t, *buf);
	else
		put(t, *buf);
	t->steps++;
}

/* ---- all at rest ---- */

#define MAX_POOLS	64
#define MAX_SLOTS	65536

/* Are the buffers in this pool, and nothing else, what is in use of it? */
static unsigned int check_pool(const struct rig_view *v)
{
	static struct rig_slot slots[MAX_SLOTS];
	static bool used[MAX_SLOTS];
	unsigned long i, first, nslots, area_used = 0;
	unsigned int nbufs = 0, count = 0;
	struct buf *buf;

	expect(v->nslabs <= MAX_SLOTS, "a pool of %lu slots", v->nslabs);
	memset(used, 0, v->nslabs);
	for (buf = test.bufs; buf < test.bufs + ARRAY_SIZE(test.bufs); buf++) {
		size_t align = buf->align_mask + 1UL, offset = 0, total;

		if (!buf->dev || buf->addr < v->start ||
		    buf->addr >= v->start + v->nslabs * RIG_SLOT)
			continue;
		nbufs++;
		total = buf->bytes;
		if (buf->orig != RIG_NO_ADDR) {
			offset = buf->orig & buf->dev->min_align_mask &
				(buf->align_mask | (RIG_SLOT - 1));
			total = (buf->bytes + offset + align - 1) / align * align;
			/* See model.c's request(). */
			if (!rig_build.has_pad_slots) {
				offset &= RIG_SLOT - 1;
				total = (buf->bytes + align - 1) / align * align + offset;
			}
		}
		first = (buf->addr - offset - v->start) / RIG_SLOT;
		nslots = (total + RIG_SLOT - 1) / RIG_SLOT;
		for (i = first; i < first + nslots; i++) {
			expect(i < v->nslabs, "a buffer goes beyond its pool");
			expect(!used[i], "two buffers share slot %lu of the pool at 0x%llx",
			       i, (unsigned long long)v->start);
			used[i] = true;
		}
	}

	rig_read_slots(v, 0, v->nslabs, slots);
	for (i = v->nslabs; i-- > 0; ) {
		if (i % SET == SET - 1)
			count = 0;
		count = used[i] ? 0 : count + 1;
		expect(slots[i].list == count,
		       "slot %lu of the pool at 0x%llx has a count of %u, expected %u", i,
		       (unsigned long long)v->start, slots[i].list, count);
		area_used += used[i];
		if (i != rig_area_start(v, rig_area_of(v, i)))
			continue;
		expect(rig_read_area(v, rig_area_of(v, i)).used == area_used,
		       "area %u has %lu slots in use, expected %lu", rig_area_of(v, i),
		       rig_read_area(v, rig_area_of(v, i)).used, area_used);
		area_used = 0;
	}
	return nbufs;
}

static void check_at_rest(void)
{
	unsigned int nbufs = 0, live = 0, npools = 0, i, j, n;
	struct rig_view views[MAX_POOLS];

	for (i = 0; i < DEVICES; i++) {
		n = rig_pools(&test.devs[i], views, MAX_POOLS);
		expect(n <= MAX_POOLS, "%u pools", n);
		for (j = 0; j < n; j++) {
			/* Those that are shared are in each device's list. */
			if (i && !views[j].transient)
				continue;
			nbufs += check_pool(&views[j]);
			npools++;
		}
	}
	for (i = 0; i < ARRAY_SIZE(test.bufs); i++)
		live += !!test.bufs[i].dev;
	expect(live == nbufs, "%u buffers are live, %u are in pools", live, nbufs);
	test.most_pools = max(test.most_pools, npools);
}

/*
 * Let the pool grow twice only: in one that is never full nothing gets a
 * transient pool of its own.
 */
static void rest(struct thread *t, unsigned int phase)
{
	check_at_rest();
	if (test.dynamic) {
		rig_fail_after(phase == 10 || phase == 20 ? -1 : 0);
		rig_run_work();
		rig_fail_after(-1);
		rig_default_growth(chance(t, 80));
	}
}

/* ---- the run ---- */

static void *run_thread(void *arg)
{
	unsigned int phases = test.steps / THREADS / PHASE + 1, phase, i;
	struct thread *t = arg;

	for (phase = 0; phase < phases; phase++) {
		for (i = 0; i < PHASE; i++)
			step(t);
		pthread_barrier_wait(&test.barrier);
		if (!t->number)
			rest(t, phase);
		pthread_barrier_wait(&test.barrier);
	}
	for (i = 0; i < BUFS; i++)
		if (t->bufs[i]->dev)
			put(t, t->bufs[i]);
	return NULL;
}

static void finish(unsigned int segsize)
{
	struct device *dev = &test.devs[0];
	u64 steps = 0, got = 0, refused = 0;
	struct model_buf *buf;
	struct rig_view view;
	struct model m;
	unsigned int i;

	for (i = 0; i < EXCHANGES; i++)
		if (test.exchanges[i].buf->dev)
			put(&test.threads[0], test.exchanges[i].buf);
	rig_run_work();
	expect(!rig_used(dev), "%lu slots are in use in the end", rig_used(dev));
	rig_default_growth(false);
	/* The model looks at every slot. */
	model_init(&m, dev, segsize);
	rig_pools(dev, &view, 1);
	rig_copy = false;
	buf = model_must_map(&m, dev, SOURCE, min(segsize, view.area_nslabs) * RIG_SLOT, 0,
			     DMA_TO_DEVICE);
	model_free(&m, buf);
	model_drain(&m);
	model_exit(&m);
	for (i = 0; i < THREADS; i++) {
		steps += test.threads[i].steps;
		got += test.threads[i].got;
		refused += test.threads[i].refused;
	}
	printf("# seed %llu: %llu steps, %llu buffers, %llu refused, up to %u pools\n",
	       (unsigned long long)options.seed, (unsigned long long)steps,
	       (unsigned long long)got, (unsigned long long)refused, test.most_pools);
	/* A run in which the pools never were full has tried too little. */
	expect(options.ops || (got > refused && refused),
	       "%llu were refused: too many, or too few", (unsigned long long)refused);
}

static void run_threads(const char *name, unsigned int segsize, u64 steps)
{
	unsigned int i, j, n = 0;
	int err;

	test.name = name;
	test.steps = options.ops ?: steps;
	rig_on_die = context;
	rig_copy = true;
	test.devs[1].min_align_mask = RIG_PAGE - 1;
	test.devs[2].seg_boundary_mask = 128 * RIG_SLOT - 1;
	for (i = 0; i < ARRAY_SIZE(test.bufs); i++)
		test.bufs[i].window = RIG_SOURCES + i * WINDOW;
	for (i = 0; i < EXCHANGES; i++) {
		pthread_mutex_init(&test.exchanges[i].lock, NULL);
		test.exchanges[i].buf = &test.bufs[n++];
	}
	pthread_barrier_init(&test.barrier, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		struct thread *t = &test.threads[i];

		t->number = i;
		model_seed(&t->r, options.seed * THREADS + i);
		for (j = 0; j < BUFS; j++)
			t->bufs[j] = &test.bufs[n++];
	}
	for (i = 0; i < THREADS; i++) {
		err = pthread_create(&test.threads[i].pthread, NULL, run_thread,
				     &test.threads[i]);
		expect(!err, "no thread: %s", strerror(err));
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(test.threads[i].pthread, NULL);
	finish(segsize);
}

static void make_devices(struct rig_pool *pool)
{
	unsigned int i;
	int err;

	for (i = 0; i < DEVICES; i++) {
		rig_device_init(&test.devs[i], "device");
		if (!pool)
			continue;
		err = rig_pool_attach(pool, &test.devs[i]);
		expect(!err, "a device cannot be attached: %s", strerror(-err));
	}
}

/* The default pool, with an area for each CPU, which others go to if it is full */
static void default_pool(void)
{
	expect(!rig_default_late(THREADS * 128 * RIG_SLOT, THREADS), "no default pool");
	rig_default_growth(false);
	make_devices(NULL);
	rig_default_debugfs();
	test.debugfs = "swiotlb";
	test.usual = 32;
	test.most = SET;
	run_threads("default pool", SET, STEPS);
	rig_default_exit();
}

/* A restricted pool with large segments: one area, which all have to wait for */
static void restricted_pool(void)
{
	static struct rig_pool pool;

	rig_pool_create(&pool, RIG_POOLS, 2500 * RIG_SLOT, 1024);
	rig_cpus = 1;
	make_devices(&pool);
	test.debugfs = pool.rmem.name;
	test.coherent = true;
	test.usual = 64;
	test.most = 1024;
	run_threads("restricted pool", 1024, STEPS);
	rig_pool_destroy(&pool);
}

/* Large segments and several areas: in no kernel, but what it is ready for */
static void restricted_areas(void)
{
	static struct rig_pool pool;

	rig_pool_create(&pool, RIG_POOLS, THREADS * 512 * RIG_SLOT, 512);
	rig_cpus = 1;
	make_devices(&pool);
	rig_split(&test.devs[0], THREADS);
	test.debugfs = pool.rmem.name;
	test.coherent = true;
	test.usual = 128;
	test.most = 512;
	run_threads("restricted areas", 512, STEPS);
	rig_pool_destroy(&pool);
}

/* Areas as the kernel makes them, half as many as CPUs, the last of which is larger */
static void own_areas(void)
{
	static struct rig_pool pool;
	struct rig_view view;

	rig_pool_create(&pool, RIG_POOLS, (THREADS / 2 * 512 + 700) * RIG_SLOT, 512);
	rig_cpus = THREADS;
	make_devices(&pool);
	rig_pools(&test.devs[0], &view, 1);
	expect(view.nareas == THREADS / 2, "%u areas", view.nareas);
	test.debugfs = pool.rmem.name;
	test.coherent = true;
	test.usual = 128;
	test.most = 512;
	run_threads("areas of a restricted pool", 512, STEPS);
	rig_pool_destroy(&pool);
}

/* A default pool that grows, and mappings that get a pool of their own */
static void dynamic_pools(void)
{
	rig_default_early("1024,8,track_hiwater", 0);
	make_devices(NULL);
	rig_default_debugfs();
	test.debugfs = "swiotlb";
	test.dynamic = true;
	test.usual = 64;
	test.most = SET;
	run_threads("dynamic pools", SET, STEPS);
	rig_default_exit();
	expect(!rig_pages_in_use(), "%zu bytes of pages were never freed",
	       rig_pages_in_use());
}

static const struct test tests[] = {
	{ "default pool", default_pool, NEEDS_THREADS, 600 },
	{ "restricted pool", restricted_pool, NEEDS_THREADS | NEEDS_SEGSIZE, 600 },
	{ "restricted areas", restricted_areas, NEEDS_THREADS | NEEDS_SEGSIZE, 600 },
	{ "areas of a restricted pool", own_areas, NEEDS_THREADS | NEEDS_AREAS, 600 },
	{ "dynamic pools", dynamic_pools, NEEDS_THREADS | NEEDS_DYNAMIC, 600 },
	{ }
};

test_suite(threads, tests);
