// SPDX-License-Identifier: GPL-2.0
/*
 * How many buffers can several CPUs map and unmap at once? scripts/bench/contention.sh runs
 * this for several kernels and makes the table. Each CPU keeps DEPTH buffers mapped and
 * does nothing but unmap the oldest and map another, in a restricted pool of 41 MiB,
 * krane's; that is a driver which costs nothing by itself, so CPUs meet as often as
 * they can.
 *
 * With real locks (FLAVOUR=threads) each CPU is a thread, and time is the clock's:
 *
 *	swiotlb-contention threads CPUS SEGSIZE KIB
 *
 * A machine has few CPUs, and its clock is not the same twice. So, with FLAVOUR=sim,
 * CPUs are simulated. Each is a coroutine with a clock of its own, in instructions. What
 * it executes is the kernel's real code; where that takes a lock the CPU whose clock is
 * behind all others' goes on, so that locks are taken in the order of time, and a lock
 * that is held till later is waited for:
 *
 *	CPU 0	--before--[##hold##]--after--
 *	CPU 1	   --before--.......[##hold##]--after--
 *
 * What each of these sections takes is counted in advance by callgrind, as the mean
 * over OPS operations in a pool that as many CPUs use, and so is the same in each run.
 * A copy takes an instruction for COPY bytes, as arm64's memcpy() does.
 *
 *	swiotlb-contention sections SEGSIZE KIB		under callgrind
 *	swiotlb-contention simulate SEGSIZE KIB <FILE
 *
 * The first has two parts in callgrind's output for each section, of which the names are
 * "CPUS SECTION with OPS" and "CPUS SECTION without OPS": the latter is what counting by
 * itself takes. The other reads lines "CPUS SECTION INSTRUCTIONS" of the mean, and prints
 * lines "CPUS PAIRS WAITING AREAS ELSEWHERE": mappings, unmapped again, in
 * SIM_TIME; how much of the CPUs' time was spent waiting, in per mille; the pool's
 * areas; and how many searches went on to another area.
 *
 * What is left out: the time that a lock, and what it protects, takes from one CPU's
 * cache to another's, and that caches and memory are shared. All that makes one area
 * worse, and more areas better by more than is told here.
 */
#include <stdio.h>
#include <time.h>
#include <ucontext.h>
#include <valgrind/callgrind.h>

#include "rig.h"

#define BASE		0x50000000ULL
#define POOL_BYTES	(41UL << 20)
#define MAX_CPUS	64
/* Buffers that a CPU has mapped */
#define DEPTH		4
/* Sources of a CPU's buffers lie so far apart. */
#define SOURCE_BYTES	(DEPTH * (256UL << 10))

static struct rig_pool pool;
static struct device dev;
static size_t bytes;

/**
 * struct cpu - one of those that map and unmap
 * @addr:	Its buffers, in a ring.
 * @oldest:	The place of the oldest one.
 * @pairs:	Buffers unmapped so far.
 */
struct cpu {
	phys_addr_t addr[DEPTH];
	unsigned int oldest;
	u64 pairs;
};

static struct cpu cpus[MAX_CPUS];

static phys_addr_t source(unsigned int cpu, unsigned int i)
{
	return RIG_SOURCES + cpu * SOURCE_BYTES + i * bytes;
}

static void make_pool(unsigned int ncpus, unsigned int segsize)
{
	memset(cpus, 0, sizeof(cpus));
	rig_cpus = ncpus;
	rig_pool_create(&pool, BASE, POOL_BYTES,
			rig_build.has_segsize ? segsize : RIG_NO_PROPERTY);
	rig_device_init(&dev, "contention");
	if (rig_pool_attach(&pool, &dev))
		rig_die("the device was not attached to the pool");
	if (rig_segsize(&dev) != segsize)
		rig_die("this kernel has no segments of %u slots", segsize);
}

static phys_addr_t must_map(unsigned int cpu, unsigned int i)
{
	phys_addr_t addr = rig_map(&dev, source(cpu, i), bytes, 0, DMA_TO_DEVICE, 0);

	if (addr == RIG_NO_ADDR)
		rig_die("the pool is full");
	return addr;
}

static unsigned long number(const char *text, unsigned long most)
{
	unsigned long n;
	char *end;

	n = strtoul(text, &end, 10);
	if (!n || *end || n > most)
		rig_die("%s: 1 to %lu was expected", text, most);
	return n;
}

#ifdef CONFIG_RIG_THREADS

#define TIME_NS		100000000ULL

static pthread_barrier_t barrier;
static bool stop;

static void *run_thread(void *arg)
{
	struct cpu *cpu = arg;
	unsigned int i;

	rig_cpu = cpu - cpus;
	for (i = 0; i < DEPTH; i++)
		cpu->addr[i] = must_map(rig_cpu, i);
	pthread_barrier_wait(&barrier);
	for (i = 0; !READ_ONCE(stop); i = (i + 1) % DEPTH) {
		rig_unmap(&dev, cpu->addr[i], bytes, DMA_TO_DEVICE, 0);
		cpu->addr[i] = must_map(rig_cpu, i);
		cpu->pairs++;
	}
	return NULL;
}

/* Buffers a second, of all threads */
static void run_threads(unsigned int ncpus, unsigned int segsize)
{
	struct timespec start, end, time = { .tv_nsec = TIME_NS };
	pthread_t threads[MAX_CPUS];
	unsigned int i;
	u64 pairs = 0;
	double ns;

	make_pool(ncpus, segsize);
	pthread_barrier_init(&barrier, NULL, ncpus + 1);
	for (i = 0; i < ncpus; i++)
		if (pthread_create(&threads[i], NULL, run_thread, &cpus[i]))
			rig_die("no thread");
	pthread_barrier_wait(&barrier);
	clock_gettime(CLOCK_MONOTONIC, &start);
	nanosleep(&time, NULL);
	WRITE_ONCE(stop, true);
	clock_gettime(CLOCK_MONOTONIC, &end);
	for (i = 0; i < ncpus; i++) {
		pthread_join(threads[i], NULL);
		pairs += cpus[i].pairs;
	}
	ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
	printf("%.0f\n", pairs * 1e9 / ns);
}

int main(int argc, char **argv)
{
	if (argc != 5 || strcmp(argv[1], "threads")) {
		fputs("Usage: swiotlb-contention threads CPUS SEGSIZE KIB\n", stderr);
		return 1;
	}
	rig_init(1);
	bytes = number(argv[4], 256) << 10;
	run_threads(number(argv[2], MAX_CPUS), number(argv[3], 1048576));
	return 0;
}

#else /* !CONFIG_RIG_THREADS */

/* Instructions that are simulated */
#define SIM_TIME	10000000ULL
/* Bytes that are copied by an instruction */
#define COPY		6
/* Operations that are counted, and those before, for the pool's usual state */
#define OPS		1024
#define WARM_UP		8

enum section {
	MAP_BEFORE,		/* up to the first lock */
	MAP_FAILED,		/* an area's lock held, and nothing found */
	MAP_BETWEEN,		/* from there to the next area's lock */
	MAP_FOUND,		/* a lock held, and slots taken */
	MAP_AFTER,
	UNMAP_BEFORE,
	UNMAP_HOLD,
	UNMAP_AFTER,
	SECTIONS
};

static const char * const section_names[] = {
	"map-before", "map-failed", "map-between", "map-found", "map-after",
	"unmap-before", "unmap-hold", "unmap-after",
};

/* ---- counting ---- */

/* The section that is counted, and the one that is being executed */
static enum section wanted = SECTIONS;
static bool counting, mapping;
/* Locks that this operation has taken, and the one that will have slots */
static unsigned int locks_taken, good_lock;

static __always_inline void border(enum section ends, enum section begins)
{
	if (ends == wanted || begins == wanted)
		CALLGRIND_TOGGLE_COLLECT;
}

static __always_inline void begin_op(bool map)
{
	mapping = map;
	locks_taken = 0;
	border(SECTIONS + 1, map ? MAP_BEFORE : UNMAP_BEFORE);
}

static __always_inline void end_op(void)
{
	border(mapping ? MAP_AFTER : UNMAP_AFTER, SECTIONS + 1);
}

static void count_lock(void)
{
	if (!mapping)
		border(UNMAP_BEFORE, UNMAP_HOLD);
	else
		border(locks_taken ? MAP_BETWEEN : MAP_BEFORE,
		       locks_taken < good_lock ? MAP_FAILED : MAP_FOUND);
}

static void count_unlock(void)
{
	if (!mapping)
		border(UNMAP_HOLD, UNMAP_AFTER);
	else if (locks_taken < good_lock)
		border(MAP_FAILED, MAP_BETWEEN);
	else
		border(MAP_FOUND, MAP_AFTER);
	locks_taken++;
}

/* ---- simulating ---- */

/**
 * struct sim_cpu - a CPU's course
 * @context:	Where it goes on.
 * @clock:	Its time.
 * @waited:	For locks.
 * @map:	Does it map, or unmap?
 * @locks:	Locks that the operation has taken.
 * @lock:	The last one of them, of which it is not yet known what it was for.
 * @taken_at:	When it was taken.
 */
struct sim_cpu {
	ucontext_t context;
	u64 clock;
	u64 waited;
	bool map;
	unsigned int locks;
	spinlock_t *lock;	/* an area's */
	u64 taken_at;
};

static struct sim_cpu sim_cpus[MAX_CPUS];
static ucontext_t scheduler;
static bool simulating;
static u64 costs[SECTIONS];
static bool has_cost[SECTIONS];
static u64 went_on;

static u64 cost(enum section section)
{
	if (!has_cost[section])
		rig_die("it was not counted what %s takes", section_names[section]);
	return costs[section];
}

/* The others' turn, until this CPU's clock is behind theirs */
static void yield(struct sim_cpu *cpu)
{
	swapcontext(&cpu->context, &scheduler);
}

/* Only now it is known what the lock was held for. */
static void end_hold(struct sim_cpu *cpu, enum section hold)
{
	cpu->clock = cpu->taken_at + cost(hold);
	cpu->lock->free_at = cpu->clock;
	cpu->lock = NULL;
}

static void sim_lock(spinlock_t *lock)
{
	struct sim_cpu *cpu = &sim_cpus[rig_cpu];

	if (!cpu->locks) {
		cpu->clock += cost(cpu->map ? MAP_BEFORE : UNMAP_BEFORE);
	} else {
		end_hold(cpu, MAP_FAILED);
		cpu->clock += cost(MAP_BETWEEN);
		went_on++;
	}
	yield(cpu);
	if (lock->free_at > cpu->clock) {
		cpu->waited += lock->free_at - cpu->clock;
		cpu->clock = lock->free_at;
	}
	cpu->locks++;
	cpu->lock = lock;
	cpu->taken_at = cpu->clock;
}

void rig_sim_lock(spinlock_t *lock)
{
	if (simulating)
		sim_lock(lock);
	else if (counting)
		count_lock();
	if (lock->locked)
		rig_die("a lock is taken twice");
	lock->locked = true;
}

void rig_sim_unlock(spinlock_t *lock)
{
	if (!lock->locked)
		rig_die("a lock is released that was not taken");
	lock->locked = false;
	if (!simulating && counting)
		count_unlock();
}

static void sim_end(struct sim_cpu *cpu)
{
	end_hold(cpu, cpu->map ? MAP_FOUND : UNMAP_HOLD);
	cpu->clock += cost(cpu->map ? MAP_AFTER : UNMAP_AFTER);
	if (cpu->map)
		cpu->clock += bytes / COPY;
	cpu->locks = 0;
}

static void sim_map(struct sim_cpu *cpu, unsigned int i)
{
	cpu->map = true;
	cpus[rig_cpu].addr[i] = must_map(rig_cpu, i);
	sim_end(cpu);
}

static void sim_unmap(struct sim_cpu *cpu, unsigned int i)
{
	cpu->map = false;
	rig_unmap(&dev, cpus[rig_cpu].addr[i], bytes, DMA_TO_DEVICE, 0);
	sim_end(cpu);
}

static void run_cpu(void)
{
	struct sim_cpu *cpu = &sim_cpus[rig_cpu];
	unsigned int i;

	for (i = 0; i < DEPTH; i++)
		sim_map(cpu, i);
	for (i = 0; cpu->clock < SIM_TIME; i = (i + 1) % DEPTH) {
		sim_unmap(cpu, i);
		sim_map(cpu, i);
		cpus[rig_cpu].pairs += cpu->clock <= SIM_TIME;
	}
	/* The last turn: nobody asks for this one again. */
	cpu->clock = ~0ULL;
	yield(cpu);
}

static void begin_cpu(struct sim_cpu *cpu)
{
	static char stacks[MAX_CPUS][65536];

	getcontext(&cpu->context);
	cpu->context.uc_stack.ss_sp = stacks[cpu - sim_cpus];
	cpu->context.uc_stack.ss_size = sizeof(stacks[0]);
	makecontext(&cpu->context, run_cpu, 0);
}

static void simulate(unsigned int ncpus)
{
	struct rig_view view;
	unsigned int i, next;
	u64 pairs = 0, waited = 0;

	rig_pools(&dev, &view, 1);
	memset(sim_cpus, 0, sizeof(sim_cpus));
	went_on = 0;
	simulating = true;
	for (i = 0; i < ncpus; i++)
		begin_cpu(&sim_cpus[i]);
	for (;;) {
		for (next = 0, i = 1; i < ncpus; i++)
			if (sim_cpus[i].clock < sim_cpus[next].clock)
				next = i;
		if (sim_cpus[next].clock == ~0ULL)
			break;
		rig_cpu = next;
		swapcontext(&scheduler, &sim_cpus[next].context);
	}
	simulating = false;
	for (i = 0; i < ncpus; i++) {
		unsigned int j;

		pairs += cpus[i].pairs;
		waited += sim_cpus[i].waited;
		rig_cpu = i;
		for (j = 0; j < DEPTH; j++)
			rig_unmap(&dev, cpus[i].addr[j], bytes, DMA_TO_DEVICE, 0);
	}
	if (rig_used(&dev))
		rig_die("%lu slots are in use in the end", rig_used(&dev));
	printf("%u %llu %llu %u %llu\n", ncpus, (unsigned long long)pairs,
	       (unsigned long long)(waited * 1000 / (SIM_TIME * ncpus)), view.nareas,
	       (unsigned long long)went_on);
}

static void simulate_all(unsigned int segsize)
{
	char name[32], line[128];
	unsigned int ncpus = 0, n;
	double instructions;
	enum section s;

	for (;;) {
		bool more = fgets(line, sizeof(line), stdin);

		if (more && sscanf(line, "%u %31s %lf", &n, name, &instructions) != 3)
			rig_die("a line CPUS SECTION INSTRUCTIONS was expected, and is: %s", line);
		if (ncpus && (!more || n != ncpus)) {
			make_pool(ncpus, segsize);
			simulate(ncpus);
			rig_pool_destroy(&pool);
			memset(has_cost, 0, sizeof(has_cost));
		}
		if (!more)
			return;
		ncpus = n;
		for (s = 0; s < SECTIONS && strcmp(name, section_names[s]); s++)
			;
		if (s == SECTIONS || n > MAX_CPUS)
			rig_die("not known: %s", line);
		costs[s] = instructions + 0.5;
		has_cost[s] = true;
	}
}

/* ---- counting, all of it ---- */

static void count_map(unsigned int cpu, unsigned int i)
{
	rig_cpu = cpu;
	begin_op(true);
	cpus[cpu].addr[i] = rig_map(&dev, source(cpu, i), bytes, 0, DMA_TO_DEVICE, 0);
	end_op();
	if (cpus[cpu].addr[i] == RIG_NO_ADDR)
		rig_die("the pool is full");
}

static void count_unmap(unsigned int cpu, unsigned int i)
{
	rig_cpu = cpu;
	begin_op(false);
	rig_unmap(&dev, cpus[cpu].addr[i], bytes, DMA_TO_DEVICE, 0);
	end_op();
}

/* What counting itself takes: the same borders with nothing between them */
static void __attribute__((__noipa__)) nothing(spinlock_t *lock, bool map)
{
	begin_op(map);
	if (map && good_lock) {
		rig_sim_lock(lock);
		rig_sim_unlock(lock);
	}
	rig_sim_lock(lock);
	rig_sim_unlock(lock);
	end_op();
}

static void operate(unsigned int ncpus, unsigned int n)
{
	static unsigned int order;
	unsigned int cpu;

	/* Another CPU each time, and not one after the other */
	while (n--) {
		cpu = order++ * 29 % ncpus;
		count_unmap(cpu, cpus[cpu].oldest);
		count_map(cpu, cpus[cpu].oldest);
		cpus[cpu].oldest = (cpus[cpu].oldest + 1) % DEPTH;
	}
}

static void dump(unsigned int ncpus, enum section section, const char *what)
{
	char name[80];

	snprintf(name, sizeof(name), "%u %s %s %u", ncpus, section_names[section], what, OPS);
	CALLGRIND_DUMP_STATS_AT(name);
}

/* One section, of the operations of the first @active of @ncpus CPUs */
static void count_section(unsigned int ncpus, unsigned int active, enum section section)
{
	spinlock_t lock = { };
	unsigned int i;

	wanted = section;
	counting = true;
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
	operate(active, OPS);
	dump(ncpus, section, "with");
	CALLGRIND_ZERO_STATS;
	for (i = 0; i < OPS; i++)
		nothing(&lock, section < UNMAP_BEFORE);
	dump(ncpus, section, "without");
	CALLGRIND_STOP_INSTRUMENTATION;
	counting = false;
}

static void count(unsigned int ncpus, unsigned int segsize)
{
	phys_addr_t filler[POOL_BYTES / RIG_SLOT];
	unsigned int cpu, i, nfiller = 0;
	struct rig_view view;
	enum section s;

	make_pool(ncpus, segsize);
	rig_pools(&dev, &view, 1);
	for (cpu = 0; cpu < ncpus; cpu++)
		for (i = 0; i < DEPTH; i++)
			count_map(cpu, i);
	operate(ncpus, ncpus * DEPTH * WARM_UP);
	for (s = 0; s < SECTIONS; s++)
		if (s != MAP_FAILED && s != MAP_BETWEEN)
			count_section(ncpus, ncpus, s);
	/*
	 * Where there are several areas, one that has too little left: CPU 0's, and
	 * it alone asks.
	 */
	if (view.nareas > 1) {
		rig_cpu = 0;
		for (;;) {
			phys_addr_t addr = must_map(0, 0);

			filler[nfiller++] = addr;
			if (rig_area_of(&view, (addr - view.start) / RIG_SLOT))
				break;
		}
		/* What it has mapped itself would make room there. */
		for (i = 0; i < DEPTH; i++)
			filler[nfiller++] = cpus[0].addr[i];
		for (i = 0; i < DEPTH; i++)
			count_map(0, i);
		good_lock = 1;
		count_section(ncpus, 1, MAP_FAILED);
		count_section(ncpus, 1, MAP_BETWEEN);
		good_lock = 0;
		rig_cpu = 0;
		while (nfiller)
			rig_unmap(&dev, filler[--nfiller], bytes, DMA_TO_DEVICE, 0);
	}
	for (cpu = 0; cpu < ncpus; cpu++)
		for (i = 0; i < DEPTH; i++)
			count_unmap(cpu, i);
	rig_pool_destroy(&pool);
}

int main(int argc, char **argv)
{
	unsigned int ncpus, segsize;

	if (argc != 4 || (strcmp(argv[1], "sections") && strcmp(argv[1], "simulate"))) {
		fputs("Usage: swiotlb-contention sections|simulate SEGSIZE KIB\n", stderr);
		return 1;
	}
	rig_init(1);
	rig_copy = false;
	segsize = number(argv[2], 1048576);
	bytes = number(argv[3], 256) << 10;
	if (!strcmp(argv[1], "simulate")) {
		simulate_all(segsize);
		return 0;
	}
	if (!RUNNING_ON_VALGRIND) {
		fputs("error: not under callgrind; see scripts/bench/contention.sh\n", stderr);
		return 1;
	}
	for (ncpus = 1; ncpus <= MAX_CPUS; ncpus *= 2)
		count(ncpus, segsize);
	return 0;
}

#endif /* !CONFIG_RIG_THREADS */
