/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kernel/dma/swiotlb.c uses of the kernel, in user space.
 *
 * Every header that swiotlb.c or linux/swiotlb.h includes is made (headers.sh)
 * as a file of one line that includes this one, whichever they are in the kernel
 * at hand. So there is one place to look for a stand-in, and a kernel that
 * has its declarations in other headers needs no change here. The exceptions are
 * linux/swiotlb.h and linux/iommu-helper.h: they are part of what is tested, and
 * are the kernel's own.
 *
 * What these stand-ins do is kept to what the allocator can see. The functions
 * with a body of more than a line or two are in rig.c.
 */
#ifndef SWIOTLB_STANDIN_H
#define SWIOTLB_STANDIN_H

#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* ---- configuration ---- */

#define CONFIG_SWIOTLB			1
#define CONFIG_DMA_RESTRICTED_POOL	1
#define CONFIG_DEBUG_FS			1
#define CONFIG_ZONE_DMA32		1
#define CONFIG_SWIOTLB_DEFAULT_SIZE_MB	64
#define CONFIG_ARCH_HAS_DMA_SET_MASK	0
#define CONFIG_64BIT			1
/* CONFIG_SWIOTLB_DYNAMIC and PAGE_SHIFT are given by the Makefile. */
#ifndef PAGE_SHIFT
#define PAGE_SHIFT			12
#endif
#define MAX_PAGE_ORDER			10

#define __ARG_PLACEHOLDER_1		0,
#define __take_second_arg(__ignored, val, ...)	val
#define ____is_defined(arg1_or_junk)	__take_second_arg(arg1_or_junk 1, 0, 0)
#define ___is_defined(val)		____is_defined(__ARG_PLACEHOLDER_##val)
#define __is_defined(x)			___is_defined(x)
#define IS_ENABLED(option)		__is_defined(option)

/* ---- types ---- */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef u64 phys_addr_t;
typedef u64 dma_addr_t;
typedef unsigned int gfp_t;
typedef u32 __be32;

struct page;
struct dentry;
struct inode;

/* ---- compiler ---- */

#define __init
#define __initdata
#define __ro_after_init
#define __read_mostly
#define __iomem
#undef __always_inline
#define __always_inline		inline __attribute__((always_inline))
#define __maybe_unused		__attribute__((unused))
#define __noreturn		__attribute__((noreturn))
#define __printf(a, b)		__attribute__((format(printf, a, b)))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define EXPORT_SYMBOL_GPL(x)
#define EXPORT_SYMBOL(x)
#define early_param(param, fn)						\
	static void __attribute__((constructor)) fn##_of_param(void)	\
	{								\
		rig_early_param(param, fn);				\
	}
#define late_initcall(fn) \
	static int (*const fn##_call)(void) __maybe_unused = fn
#define barrier()		__asm__ __volatile__("" : : : "memory")

/*
 * Atomic for the compiler and for ThreadSanitizer, without an order, as in the
 * kernel.
 */
#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val)	__atomic_store_n(&(x), (val), __ATOMIC_RELAXED)
/* A race that the kernel says it accepts: ThreadSanitizer does not look at it. */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
#define data_race(expr) ({				\
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);	\
	__auto_type __v = (expr);			\
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);	\
	__v; })
#else
#define data_race(expr)		(expr)
#endif
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)

/* ---- numbers ---- */

#define BITS_PER_LONG		64
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define SZ_1M			0x00100000
#define SZ_8M			0x00800000
#define SZ_16M			0x01000000
#define SZ_2G			0x80000000

#define min(a, b) ({				\
	__auto_type __a = (a);			\
	__auto_type __b = (b);			\
	__a < __b ? __a : __b; })
#define max(a, b) ({				\
	__auto_type __a = (a);			\
	__auto_type __b = (b);			\
	__a > __b ? __a : __b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define min_not_zero(a, b) ({			\
	__auto_type __p = (a);			\
	__auto_type __q = (b);			\
	__p == 0 ? __q : __q == 0 ? __p : min(__p, __q); })

#define __ALIGN_MASK(x, mask)	(((x) + (mask)) & ~(mask))
#define ALIGN(x, a)		__ALIGN_MASK(x, (typeof(x))(a) - 1)
#define ALIGN_DOWN(x, a)	ALIGN((x) - ((a) - 1), (a))
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define roundup(x, y) ({			\
	typeof(y) __y = (y);			\
	(((x) + (__y - 1)) / __y) * __y; })
#define rounddown(x, y)		((x) - (x) % (y))
#define DMA_BIT_MASK(n)		((n) == 64 ? ~0ULL : (1ULL << (n)) - 1)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define PTR_ALIGN(p, a)		((typeof(p))ALIGN((unsigned long)(p), (a)))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static inline bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << (64 - __builtin_clzl(n - 1));
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << (63 - __builtin_clzl(n));
}

static inline size_t array_size(size_t a, size_t b)
{
	size_t bytes;

	return __builtin_mul_overflow(a, b, &bytes) ? SIZE_MAX : bytes;
}

static inline int isdigit(int c)
{
	return c >= '0' && c <= '9';
}

#define simple_strtoul		strtoul

/* What the command line is looked through for, see rig_default_boot() */
void rig_early_param(const char *param, int (*fn)(char *value));
int kstrtouint(const char *text, unsigned int base, unsigned int *value);

/* ---- bitmaps ---- */

#define BITS_PER_BYTE		8
#define BIT_WORD(nr)		((nr) / BITS_PER_LONG)
#define BITMAP_FIRST_WORD_MASK(start)	(~0UL << ((start) & (BITS_PER_LONG - 1)))
#define bitmap_size(nbits)	(ALIGN((size_t)(nbits), BITS_PER_LONG) / BITS_PER_BYTE)
#define __ffs(word)		((unsigned long)__builtin_ctzl(word))

#define ilog2(n)		(63 - __builtin_clzl(n))

static inline bool test_bit(unsigned int nr, const unsigned long *map)
{
	return map[BIT_WORD(nr)] & BIT(nr % BITS_PER_LONG);
}

/* Word by word, as the kernel's do it: they are counted by the benchmarks. */
static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits)
{
	unsigned int end = start + nbits;

	for (; start < end; start = (BIT_WORD(start) + 1) * BITS_PER_LONG) {
		unsigned long mask = BITMAP_FIRST_WORD_MASK(start);

		if (BIT_WORD(start) == BIT_WORD(end))
			mask &= ~BITMAP_FIRST_WORD_MASK(end);
		map[BIT_WORD(start)] |= mask;
	}
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nbits)
{
	unsigned int end = start + nbits;

	for (; start < end; start = (BIT_WORD(start) + 1) * BITS_PER_LONG) {
		unsigned long mask = BITMAP_FIRST_WORD_MASK(start);

		if (BIT_WORD(start) == BIT_WORD(end))
			mask &= ~BITMAP_FIRST_WORD_MASK(end);
		map[BIT_WORD(start)] &= ~mask;
	}
}

/* The first bit from @bit on that is set, or, if @flip is ~0UL, clear; or @nbits */
static inline unsigned long rig_next_bit(const unsigned long *map, unsigned long nbits,
					 unsigned long bit, unsigned long flip)
{
	unsigned long word;

	if (bit >= nbits)
		return nbits;
	word = (map[BIT_WORD(bit)] ^ flip) & BITMAP_FIRST_WORD_MASK(bit);
	bit = ALIGN_DOWN(bit, BITS_PER_LONG);
	while (!word) {
		bit += BITS_PER_LONG;
		if (bit >= nbits)
			return nbits;
		word = map[BIT_WORD(bit)] ^ flip;
	}
	return min(bit + __ffs(word), nbits);
}

#define find_next_bit(map, nbits, bit)		rig_next_bit(map, nbits, bit, 0)
#define find_next_zero_bit(map, nbits, bit)	rig_next_bit(map, nbits, bit, ~0UL)

static inline void bitmap_zero(unsigned long *map, unsigned int nbits)
{
	memset(map, 0, bitmap_size(nbits));
}

static inline void bitmap_fill(unsigned long *map, unsigned int nbits)
{
	memset(map, 0xff, bitmap_size(nbits));
}

/* ---- messages ---- */

enum rig_level { RIG_INFO, RIG_WARN, RIG_ERR, RIG_BUG, RIG_LEVELS };

struct device;
void rig_print(enum rig_level level, const struct device *dev,
	       const char *fmt, ...);
void __noreturn rig_bug(const char *file, int line, const char *what);

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define pr_info(fmt, ...)	rig_print(RIG_INFO, NULL, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	rig_print(RIG_WARN, NULL, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)	rig_print(RIG_ERR, NULL, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once		pr_warn
#define pr_warn_ratelimited	pr_warn
#define dev_warn_ratelimited(dev, fmt, ...) \
	rig_print(RIG_WARN, dev, fmt, ##__VA_ARGS__)
#define dev_warn_once		dev_warn_ratelimited
#define dev_err(dev, fmt, ...)	rig_print(RIG_ERR, dev, fmt, ##__VA_ARGS__)
/* Every time, not once: a test wants to see each. */
#define dev_WARN_ONCE(dev, condition, fmt, ...) ({		\
	bool __warn = (condition);				\
	if (unlikely(__warn))					\
		rig_print(RIG_BUG, dev, fmt, ##__VA_ARGS__);	\
	__warn; })
#define WARN_ON_ONCE(condition) ({				\
	bool __warn = (condition);				\
	if (unlikely(__warn))					\
		rig_print(RIG_BUG, NULL, "%s", #condition);	\
	__warn; })
#define BUG_ON(condition) do {					\
	if (unlikely(condition))				\
		rig_bug(__FILE__, __LINE__, #condition);	\
} while (0)

/* ---- errors ---- */

#include <errno.h>

#define MAX_ERRNO		4095
#define ERR_PTR(error)		((void *)(long)(error))
#define PTR_ERR(ptr)		((long)(ptr))
#define IS_ERR(ptr)		((unsigned long)(ptr) >= (unsigned long)-MAX_ERRNO)

/* ---- locks, per-CPU, atomics ---- */

/*
 * The threaded flavours take a real lock, and the simulating one a simulated lock
 * (contention.c). In the others there is nobody to wait for: a lock that is taken
 * twice, or released untaken, is a bug.
 */
#ifdef CONFIG_RIG_THREADS
typedef struct { pthread_mutex_t mutex; } spinlock_t;
#define __SPIN_LOCK_UNLOCKED(lock)	{ .mutex = PTHREAD_MUTEX_INITIALIZER }
#define spin_lock_init(lock)		pthread_mutex_init(&(lock)->mutex, NULL)
#define spin_lock(lock)			pthread_mutex_lock(&(lock)->mutex)
#define spin_unlock(lock)		pthread_mutex_unlock(&(lock)->mutex)
#elif defined(CONFIG_RIG_SIM)
typedef struct { u64 free_at; bool locked; } spinlock_t;
#define __SPIN_LOCK_UNLOCKED(lock)	{ .free_at = 0 }
#define spin_lock_init(lock)		((void)(*(lock) = (spinlock_t){ }))
#define spin_lock(lock)			rig_sim_lock(lock)
#define spin_unlock(lock)		rig_sim_unlock(lock)
void rig_sim_lock(spinlock_t *lock);
void rig_sim_unlock(spinlock_t *lock);
#else
typedef struct { int locked; } spinlock_t;
#define __SPIN_LOCK_UNLOCKED(lock)	{ .locked = 0 }
#define spin_lock_init(lock)		((void)((lock)->locked = 0))
#define spin_lock(lock) do {				\
	BUG_ON((lock)->locked);				\
	(lock)->locked = 1;				\
	RIG_COUNT_LOCKS(1);				\
} while (0)
#define spin_unlock(lock) do {				\
	BUG_ON(!(lock)->locked);			\
	(lock)->locked = 0;				\
	RIG_COUNT_LOCKS(-1);				\
} while (0)
#endif
/*
 * A message takes its time, and should not be printed with a spinlock held. Not where
 * instructions are counted.
 */
extern __thread int rig_locks_held;
#ifdef __SANITIZE_ADDRESS__
#define RIG_COUNT_LOCKS(n)	((void)(rig_locks_held += (n)))
#else
#define RIG_COUNT_LOCKS(n)	do { } while (0)
#endif
#define local_irq_save(flags)		((void)((flags) = 0))
#define local_irq_restore(flags)	((void)(flags))
#define spin_lock_irqsave(lock, flags) do {		\
	local_irq_save(flags);				\
	spin_lock(lock);				\
} while (0)
#define spin_unlock_irqrestore(lock, flags) do {	\
	spin_unlock(lock);				\
	local_irq_restore(flags);			\
} while (0)

/*
 * A mutex is a real one in all flavours: rig_interleave() runs two threads by turns, and
 * has to see that one of them waits.
 */
struct mutex {
	pthread_mutex_t mutex;
};

#define DEFINE_MUTEX(name)	struct mutex name = { PTHREAD_MUTEX_INITIALIZER }

struct mutex *rig_mutex_lock(struct mutex *lock);
void rig_mutex_unlock(struct mutex *lock);
#define mutex_lock(lock)		((void)rig_mutex_lock(lock))
#define mutex_unlock(lock)		rig_mutex_unlock(lock)

static inline void rig_guard_end(struct mutex **lock)
{
	rig_mutex_unlock(*lock);
}

/* guard(mutex)(lock) holds it to the end of the block. */
#define guard(type) \
	struct type *rig_guard __attribute__((cleanup(rig_guard_end))) = rig_##type##_lock

extern __thread unsigned int rig_cpu;
extern unsigned int rig_cpus;
#define raw_smp_processor_id()		rig_cpu
#define smp_processor_id()		rig_cpu
#define num_possible_cpus()		rig_cpus

typedef struct { long counter; } atomic_long_t;
#define ATOMIC_LONG_INIT(i)		{ (i) }
#define atomic_long_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_long_set(v, i) \
	__atomic_store_n(&(v)->counter, (i), __ATOMIC_RELAXED)
#define atomic_long_add_return(i, v) \
	__atomic_add_fetch(&(v)->counter, (i), __ATOMIC_SEQ_CST)
#define atomic_long_add(i, v) \
	((void)__atomic_add_fetch(&(v)->counter, (i), __ATOMIC_RELAXED))
#define atomic_long_sub(i, v) \
	((void)__atomic_sub_fetch(&(v)->counter, (i), __ATOMIC_RELAXED))
#define atomic_long_try_cmpxchg(v, old, new) \
	__atomic_compare_exchange_n(&(v)->counter, (long *)(old), (new), \
				    false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

#define DEFINE_STATIC_CALL(name, func) \
	static typeof(func) *name##__call = &(func)
#define static_call(name)		name##__call
#define static_call_update(name, func)	((void)(name##__call = &(func)))

/* ---- lists, RCU, work ---- */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

#define INIT_LIST_HEAD_RCU	INIT_LIST_HEAD

/* A reader on another CPU sees an entry whole, or not at all. */
static inline void list_add_rcu(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	__atomic_store_n(&head->next, entry, __ATOMIC_RELEASE);
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	entry->next = NULL;
	entry->prev = NULL;
}

/* A reader that stands on the entry can still go on from it. */
static inline void list_del_rcu(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	__atomic_store_n(&entry->prev->next, entry->next, __ATOMIC_RELEASE);
	entry->prev = NULL;
}

#define list_entry_rcu(ptr, type, member) \
	container_of(__atomic_load_n(&(ptr), __ATOMIC_ACQUIRE), type, member)
#define list_for_each_entry_rcu(pos, head, member)			\
	for (pos = list_entry_rcu((head)->next, typeof(*pos), member);	\
	     &pos->member != (head);					\
	     pos = list_entry_rcu(pos->member.next, typeof(*pos), member))

/*
 * Readers don't announce themselves: what waits for a grace period waits until
 * the test calls rig_run_work(), when no reader is under way.
 */
#define rcu_read_lock()		do { } while (0)
#define rcu_read_unlock()	do { } while (0)

struct work_struct {
	void (*func)(struct work_struct *work);
	struct work_struct *next;
	bool pending;
};

struct rcu_work {
	struct work_struct work;
};

#define __WORK_INITIALIZER(n, f)	{ .func = (f) }
#define INIT_WORK(w, f) \
	(*(w) = (struct work_struct){ .func = (f) })
#define INIT_RCU_WORK(w, f)		INIT_WORK(&(w)->work, f)
#define to_rcu_work(w)			container_of(w, struct rcu_work, work)

/* Kept until the test calls rig_run_work(). */
bool schedule_work(struct work_struct *work);
#define queue_rcu_work(wq, rwork)	schedule_work(&(rwork)->work)

struct rcu_head {
	struct work_struct work;
	void (*func)(struct rcu_head *head);
};

static inline void call_rcu_work(struct work_struct *work)
{
	struct rcu_head *head = container_of(work, struct rcu_head, work);

	head->func(head);
}

static inline void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	INIT_WORK(&head->work, call_rcu_work);
	schedule_work(&head->work);
}

/* ---- memory ---- */

#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x)		ALIGN(x, PAGE_SIZE)
#define PAGE_ALIGNED(x)		IS_ALIGNED((unsigned long)(x), PAGE_SIZE)
#define PFN_DOWN(x)		((x) >> PAGE_SHIFT)
#define PFN_UP(x)		(((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_PHYS(x)		((phys_addr_t)(x) << PAGE_SHIFT)
#define PHYS_PFN(x)		((unsigned long)((x) >> PAGE_SHIFT))
#define SMP_CACHE_BYTES		64

static inline int get_order(unsigned long size)
{
	unsigned long pages = (size - 1) >> PAGE_SHIFT;

	if (!size)
		return BITS_PER_LONG - PAGE_SHIFT;
	return pages ? 64 - __builtin_clzl(pages) : 0;
}

/* All physical memory, in one piece; most of it is never touched. */
extern char *rig_ram;
/* From here on memory is "highmem", which has no lasting address. */
extern phys_addr_t rig_highmem;
/* The memory's end, as an address in it */
#define high_memory		((void *)(rig_ram + RIG_RAM_SIZE))

#define phys_to_virt(p)		((void *)(rig_ram + (phys_addr_t)(p)))
#define virt_to_phys(v)		((phys_addr_t)((char *)(v) - rig_ram))
#define __pa(v)			virt_to_phys(v)
/* A struct page is nothing but the number of its frame, which is never 0. */
#define pfn_to_page(pfn)	((struct page *)(unsigned long)(pfn))
#define page_to_pfn(page)	((unsigned long)(page))
#define page_to_phys(page)	PFN_PHYS(page_to_pfn(page))
#define virt_to_page(v)		pfn_to_page(PFN_DOWN(virt_to_phys(v)))
#define page_address(page)	phys_to_virt(page_to_phys(page))
#define PhysHighMem(p)		((p) >= rig_highmem)
/* Where there is no memory, there is no struct page to look at. */
#define PageHighMem(page)	PhysHighMem(rig_page_phys(page_to_phys(page)))

phys_addr_t rig_page_phys(phys_addr_t addr);
int walk_system_ram_range(unsigned long start_pfn, unsigned long nr_pages, void *arg,
			  int (*func)(unsigned long start_pfn, unsigned long nr_pages,
				      void *arg));

#define __GFP_DMA		0x01u
#define __GFP_DMA32		0x04u
#define __GFP_ZERO		0x100u
#define __GFP_NOWARN		0x2000u
#define __GFP_DIRECT_RECLAIM	0x400u
#define GFP_KERNEL		__GFP_DIRECT_RECLAIM
#define GFP_NOWAIT		0x800u
#define GFP_ZONEMASK		(__GFP_DMA | __GFP_DMA32)
#define gfpflags_allow_blocking(gfp)	(!!((gfp) & __GFP_DIRECT_RECLAIM))
#define zone_dma_limit		DMA_BIT_MASK(24)
#define zone_dma_bits		24
#define ARCH_LOW_ADDRESS_LIMIT	0xffffffffUL

/* All are %NULL when there is no room, or where rig_fail_after() says so. */
void *rig_kzalloc(size_t bytes);
void *rig_kvzalloc(size_t bytes);
phys_addr_t rig_pages_alloc(size_t bytes, phys_addr_t limit, bool zero);
void rig_pages_free(phys_addr_t addr, size_t bytes);
void *rig_get_pages(gfp_t gfp, unsigned int order, unsigned int page_shift);

#define kzalloc(size, gfp)	((void)(gfp), rig_kzalloc(size))
#define kcalloc(n, size, gfp)	((void)(gfp), rig_kzalloc(array_size(n, size)))
#define kzalloc_obj(obj, ...)	((typeof(obj) *)rig_kzalloc(sizeof(obj)))
#define kzalloc_objs(obj, n, ...) \
	((typeof(obj) *)rig_kzalloc(array_size(n, sizeof(obj))))
#define kvzalloc(size, gfp)	((void)(gfp), rig_kvzalloc(size))
#define kvcalloc(n, size, gfp)	((void)(gfp), rig_kvzalloc(array_size(n, size)))
#define kvzalloc_objs(obj, n, ...) \
	((typeof(obj) *)rig_kvzalloc(array_size(n, sizeof(obj))))
#define kfree(p)		rig_kfree(p)
#define kvfree(p)		rig_kvfree(p)

void rig_kfree(const void *p);
void rig_kvfree(const void *p);

static inline unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	return (unsigned long)rig_get_pages(gfp, order, PAGE_SHIFT);
}

static inline void free_pages(unsigned long addr, unsigned int order)
{
	rig_pages_free(virt_to_phys(addr), PAGE_SIZE << order);
}

static inline struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	void *vaddr = rig_get_pages(gfp, order, PAGE_SHIFT);

	return vaddr ? virt_to_page(vaddr) : NULL;
}

static inline void __free_pages(struct page *page, unsigned int order)
{
	rig_pages_free(page_to_phys(page), PAGE_SIZE << order);
}

static inline void *rig_memblock(size_t bytes, phys_addr_t limit)
{
	phys_addr_t addr = rig_pages_alloc(PAGE_ALIGN(bytes), limit, true);

	return addr ? phys_to_virt(addr) : NULL;
}

#define memblock_alloc(bytes, align)		rig_memblock(bytes, ~0ULL)
#define memblock_alloc_low(bytes, align)	rig_memblock(bytes, ARCH_LOW_ADDRESS_LIMIT)
#define memblock_free(vaddr, bytes) \
	rig_pages_free(virt_to_phys(vaddr), PAGE_ALIGN(bytes))
#define memblock_phys_free(addr, bytes)		rig_pages_free(addr, PAGE_ALIGN(bytes))
#define memblock_free_late			memblock_phys_free

static inline void memcpy_from_page(char *to, struct page *page, size_t offset,
				    size_t len)
{
	memcpy(to, (char *)page_address(page) + offset, len);
}

static inline void memcpy_to_page(struct page *page, size_t offset,
				  const char *from, size_t len)
{
	memcpy((char *)page_address(page) + offset, from, len);
}

#define kmsan_unpoison_memory(addr, size)	do { } while (0)

/* ---- confidential computing: off, unless a test says otherwise ---- */

enum cc_attr {
	CC_ATTR_MEM_ENCRYPT,
	CC_ATTR_HOST_MEM_ENCRYPT,
	CC_ATTR_GUEST_MEM_ENCRYPT,
};

extern bool rig_cc;
extern int rig_cc_error;
/* Of those that are on, only the host's encrypts memory. */
extern bool rig_cc_host;

static inline int set_memory_decrypted(unsigned long addr, int pages)
{
	return rig_cc_error;
}

static inline int set_memory_encrypted(unsigned long addr, int pages)
{
	return rig_cc_error;
}

/* A function, so that its branches are not counted as the allocator's */
static inline bool cc_platform_has(enum cc_attr attr)
{
	return rig_cc && !(rig_cc_host && attr == CC_ATTR_GUEST_MEM_ENCRYPT);
}

#define force_dma_unencrypted(dev)	((void)(dev), rig_cc)

/* ---- devices and DMA ---- */

enum dma_data_direction {
	DMA_BIDIRECTIONAL = 0,
	DMA_TO_DEVICE = 1,
	DMA_FROM_DEVICE = 2,
	DMA_NONE = 3,
};

struct io_tlb_mem;

/**
 * struct device - what the allocator looks at in a device
 * @name:		For messages.
 * @min_align_mask:	Address bits that bouncing must preserve.
 * @seg_boundary_mask:	DMA address bits within which a buffer must stay.
 * @dma_offset:		A DMA address is a physical one plus this.
 * @coherent:		Does the device snoop the caches?
 * @dma_mask:		Points at the largest DMA address that it can send.
 * @dma_mask_value:	What @dma_mask points at.
 * @bus_dma_limit:	The bus' own limit, or 0.
 * @dma_io_tlb_mem:	Its allocator.
 * @dma_io_tlb_pools:	Its transient pools.
 * @dma_io_tlb_lock:	Protects changes of @dma_io_tlb_pools.
 * @dma_uses_io_tlb:	Has it ever been given a buffer?
 */
struct device {
	const char *name;
	unsigned int min_align_mask;
	unsigned long seg_boundary_mask;
	u64 dma_offset;
	bool coherent;
	u64 *dma_mask;
	u64 dma_mask_value;
	u64 bus_dma_limit;
	struct io_tlb_mem *dma_io_tlb_mem;
	struct list_head dma_io_tlb_pools;
	spinlock_t dma_io_tlb_lock;
	bool dma_uses_io_tlb;
};

#define DMA_ATTR_SKIP_CPU_SYNC		(1UL << 5)
#define DMA_ATTR_NO_WARN		(1UL << 8)
#define DMA_ATTR_NO_BOUNCE		(1UL << 15)
#define DMA_ATTR_CC_SHARED		(1UL << 13)
#define __DMA_ATTR_ALLOC_CC_SHARED	(1UL << 14)
#define DMA_MAPPING_ERROR		(~(dma_addr_t)0)
#define INVALID_PHYS_ADDR		(~(phys_addr_t)0)

#define dma_get_min_align_mask(dev)	((dev)->min_align_mask)
#define dma_get_seg_boundary(dev)	((dev)->seg_boundary_mask)
#define phys_to_dma(dev, p)		((dma_addr_t)((p) + (dev)->dma_offset))
#define phys_to_dma_unencrypted		phys_to_dma
#define phys_to_dma_encrypted		phys_to_dma
#define dev_is_dma_coherent(dev)	((dev)->coherent)
#define dma_reset_need_sync(dev)	do { } while (0)
#define arch_sync_dma_flush()		do { } while (0)
#define arch_sync_dma_for_device(p, size, dir)	do { } while (0)
#define arch_sync_dma_for_cpu(p, size, dir)	do { } while (0)
#define trace_swiotlb_bounced(dev, addr, size)	do { } while (0)
#define dma_coherent_ok			NULL
/* The atomic pools of encrypted systems are not ours. */
#define dma_alloc_from_pool(...)	((struct page *)NULL)
#define dma_free_from_pool(...)		false

static inline bool dma_capable(struct device *dev, dma_addr_t addr, size_t size,
			       bool is_ram, ...)
{
	return addr + size - 1 <=
		min_not_zero(*dev->dma_mask, dev->bus_dma_limit);
}

/* ---- device tree ---- */

/**
 * struct device_node - a child of /reserved-memory, with one property at most
 * @full_name:	For %pOF.
 * @prop:	The property's name, or %NULL if there is none.
 * @value:	Its value as in a flattened tree, big-endian; %NULL is possible.
 * @length:	Bytes at @value.
 * @refcount:	References that were taken and not put.
 */
struct device_node {
	const char *full_name;
	const char *prop;
	const void *value;
	int length;
	int refcount;
};

struct reserved_mem;

struct reserved_mem_ops {
	int (*node_validate)(unsigned long fdt_node, phys_addr_t *align);
	int (*node_init)(unsigned long fdt_node, struct reserved_mem *rmem);
	int (*device_init)(struct reserved_mem *rmem, struct device *dev);
	void (*device_release)(struct reserved_mem *rmem, struct device *dev);
};

struct reserved_mem {
	const char *name;
	unsigned long fdt_node;
	const struct reserved_mem_ops *ops;
	phys_addr_t base;
	phys_addr_t size;
	void *priv;
};

struct device_node *rig_next_compatible(struct device_node *prev, const char *compatible);
struct reserved_mem *of_reserved_mem_lookup(struct device_node *np);
void of_node_put(struct device_node *np);
int of_property_read_variable_u32_array(const struct device_node *np,
					const char *name, u32 *out,
					size_t min, size_t max);
bool of_property_present(const struct device_node *np, const char *name);
const void *of_get_flat_dt_prop(unsigned long node, const char *name, int *size);

#define for_each_compatible_node(child, type, compatible)		\
	for (child = rig_next_compatible(NULL, compatible); child;	\
	     child = rig_next_compatible(child, compatible))

#define RESERVEDMEM_OF_DECLARE(name, compat, ops) \
	static const void *const rmem_##name##_declared __maybe_unused = (ops)

/* ---- debugfs: the files are kept in a table, see rig_debugfs() ---- */

/* As in the kernel, @count is @size if the text was longer than that. */
struct seq_file {
	void *private;
	char *buf;
	size_t size;
	size_t count;
};

#define seq_has_overflowed(m)	((m)->count == (m)->size)

void seq_printf(struct seq_file *m, const char *fmt, ...);
void seq_putc(struct seq_file *m, char c);

struct file_operations {
	int (*get)(void *data, u64 *val);
	int (*set)(void *data, u64 val);
	int (*show)(struct seq_file *m, void *v);
};

#define DEFINE_SHOW_ATTRIBUTE(name) \
	static const struct file_operations name##_fops = { .show = name##_show }

#define DEFINE_DEBUGFS_ATTRIBUTE(fops, getter, setter, fmt) \
	static const struct file_operations fops = { .get = getter, .set = setter }
#define DEFINE_SIMPLE_ATTRIBUTE		DEFINE_DEBUGFS_ATTRIBUTE

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
void debugfs_create_ulong(const char *name, int mode, struct dentry *dir,
			  unsigned long *value);
void debugfs_create_u32(const char *name, int mode, struct dentry *dir, u32 *value);
void debugfs_create_file(const char *name, int mode, struct dentry *dir,
			 void *data, const struct file_operations *fops);

/*
 * Physical memory as the tests lay it out, all of it below RIG_RAM_SIZE:
 *
 *	 1 MiB .. 3 GiB	restricted pools, where a test says
 *	 3 GiB .. 4 GiB	page allocator and memblock, for those who need low memory
 *	 4 GiB .. 6 GiB	page allocator and memblock
 *	 6 GiB .. 8 GiB	what is bounced
 */
#define RIG_POOLS		0x000100000ULL
#define RIG_PAGES_LOW		0x0c0000000ULL
#define RIG_PAGES		0x100000000ULL
#define RIG_SOURCES		0x180000000ULL
#define RIG_RAM_SIZE		0x200000000ULL

#endif /* SWIOTLB_STANDIN_H */
