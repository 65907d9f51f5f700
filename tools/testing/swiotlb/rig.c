// SPDX-License-Identifier: GPL-2.0
/*
 * The rig's own half: memory, messages, device tree, debugfs and work, as far
 * as the allocator needs them.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(addr, bytes)		((void)(addr), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(addr, bytes)	((void)(addr), (void)(bytes))
#endif

char *rig_ram;
phys_addr_t rig_highmem = ~0ULL;
unsigned int rig_cpus = 1;
__thread unsigned int rig_cpu;
__thread int rig_locks_held;
bool rig_copy = true;
bool rig_cc;
bool rig_cc_host;
int rig_cc_error;
bool rig_verbose;
bool rig_abort;
void (*rig_on_die)(void);

/* One lock for all that is shared in this file. */
static pthread_mutex_t rig_lock = PTHREAD_MUTEX_INITIALIZER;

void rig_init(unsigned int cpus)
{
	rig_ram = mmap(NULL, RIG_RAM_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (rig_ram == MAP_FAILED)
		rig_die("no address space for %llu MiB: %s; see ulimit -v, vm.overcommit_memory",
			RIG_RAM_SIZE >> 20, strerror(errno));
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(rig_last_words);
#endif
	rig_cpus = cpus;
	rig_setup_allocator();
}

/* ---- the end ---- */

void rig_last_words(void)
{
	void (*on_die)(void) = rig_on_die;

	rig_on_die = NULL;
	if (on_die)
		on_die();
	fflush(stdout);
}

static void __noreturn rig_end(void)
{
	rig_last_words();
	if (rig_abort)
		abort();
	/* Not exit(): what the test holds is no leak. */
	_exit(1);
}

void rig_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	rig_end();
}

void rig_bug(const char *file, int line, const char *what)
{
	const char *slash = strrchr(file, '/');

	printf("# BUG at %s:%d: %s\n", slash ? slash + 1 : file, line, what);
	rig_end();
}

/* ---- messages ---- */

#define LOG_BYTES	16384

static char log_text[LOG_BYTES];
static size_t log_length;
static unsigned int log_counts[RIG_LEVELS];

/* The kernel's extensions of %p that swiotlb.c uses; returns what it took. */
static int format_pointer(char *out, size_t room, const char *ext, const void *p)
{
	if (!strncmp(ext, "OF", 2)) {
		const struct device_node *np = p;

		snprintf(out, room, "%s", np ? np->full_name : "(null)");
		return 2;
	}
	if (*ext == 'a') {
		snprintf(out, room, "0x%016llx",
			 (unsigned long long)*(const u64 *)p);
		return ext[1] == 'd' || ext[1] == 'p' ? 2 : 1;
	}
	snprintf(out, room, "%p", p);
	return 0;
}

static void format(char *out, size_t room, const char *fmt, va_list args)
{
	char *end = out + room, spec[32];

	while (*fmt && out < end - 1) {
		const char *from = fmt;
		int longs = 0;
		bool size = false;
		size_t length;

		if (*fmt != '%') {
			*out++ = *fmt++;
			continue;
		}
		for (fmt++; *fmt && strchr("-+ #0123456789.", *fmt); fmt++)
			;
		for (; *fmt == 'l' || *fmt == 'z' || *fmt == 'h'; fmt++) {
			longs += *fmt == 'l';
			size |= *fmt == 'z';
		}
		length = min((size_t)(fmt - from + 1), sizeof(spec) - 1);
		memcpy(spec, from, length);
		spec[length] = 0;
		switch (*fmt++) {
		case 'd':
		case 'i':
		case 'u':
		case 'x':
			if (longs || size)
				snprintf(out, end - out, spec, va_arg(args, long));
			else
				snprintf(out, end - out, spec, va_arg(args, int));
			break;
		case 'c':
			snprintf(out, end - out, spec, va_arg(args, int));
			break;
		case 's':
			snprintf(out, end - out, spec, va_arg(args, char *));
			break;
		case 'p':
			fmt += format_pointer(out, end - out, fmt,
					      va_arg(args, void *));
			break;
		case '%':
			snprintf(out, end - out, "%%");
			break;
		default:
			rig_die("a conversion that the rig does not know: %s", spec);
		}
		out += strlen(out);
	}
	*out = 0;
}

void rig_print(enum rig_level level, const struct device *dev, const char *fmt, ...)
{
	static const char * const names[] = { "info", "warn", "err", "WARNING" };
	char text[512];
	va_list args;
	size_t length;

	va_start(args, fmt);
	format(text, sizeof(text), fmt, args);
	va_end(args);
	if (rig_locks_held)
		rig_die("printed with a spinlock held: %s", text);
	length = strlen(text);
	if (length && text[length - 1] == '\n')
		text[--length] = 0;

	pthread_mutex_lock(&rig_lock);
	log_counts[level]++;
	if (rig_verbose)
		printf("# %s: %s%s%s\n", names[level], dev ? dev->name : "",
		       dev ? ": " : "", text);
	if (log_length < LOG_BYTES - 1)
		log_length += min((size_t)(LOG_BYTES - 1 - log_length),
				  (size_t)snprintf(log_text + log_length,
						   LOG_BYTES - log_length,
						   "%s: %s%s%s\n", names[level],
						   dev ? dev->name : "",
						   dev ? ": " : "", text));
	pthread_mutex_unlock(&rig_lock);
}

const char *rig_log(void)
{
	return log_text;
}

unsigned int rig_log_count(enum rig_level level)
{
	return log_counts[level];
}

void rig_log_reset(void)
{
	memset(log_counts, 0, sizeof(log_counts));
	log_text[0] = 0;
	log_length = 0;
}

/* ---- memory ---- */

/*
 * Pages are handed out first-fit and aligned to their number rounded up to a
 * power of two, as the buddy allocator does. One page that nobody gets follows
 * each allocation; AddressSanitizer sees who goes there.
 */
#define MAX_CHUNKS	512

static struct chunk {
	phys_addr_t addr;
	size_t bytes;
} chunks[MAX_CHUNKS];

static unsigned int nchunks;
static size_t pages_in_use;
static bool memory_refused;
static int fail_after = -1;
static size_t most_pages = ~(size_t)0;

static bool refuse(void)
{
	if (fail_after < 0)
		return false;
	if (fail_after) {
		fail_after--;
		return false;
	}
	memory_refused = true;
	return true;
}

void rig_fail_after(int n)
{
	fail_after = n;
}

void rig_fail_above(size_t bytes)
{
	most_pages = bytes;
}

size_t rig_pages_in_use(void)
{
	return pages_in_use;
}

bool rig_memory_refused(void)
{
	bool refused = memory_refused;

	memory_refused = false;
	return refused;
}

void rig_forget(phys_addr_t addr, size_t bytes)
{
	phys_addr_t end = addr + bytes, first = ALIGN(addr, 4096);
	phys_addr_t last = ALIGN_DOWN(end, 4096);

	if (bytes < 16 * 4096) {
		memset(phys_to_virt(addr), 0, bytes);
		return;
	}
	memset(phys_to_virt(addr), 0, first - addr);
	memset(phys_to_virt(last), 0, end - last);
	if (madvise(phys_to_virt(first), last - first, MADV_DONTNEED))
		rig_die("madvise(): %s", strerror(errno));
}

/* Find room in [from, to), or return 0. */
static phys_addr_t find_pages(size_t bytes, phys_addr_t from, phys_addr_t to)
{
	phys_addr_t align = roundup_pow_of_two(bytes), addr = from;
	unsigned int i;

	do {
		addr = ALIGN(addr, align);
		if (addr + bytes + RIG_PAGE > to)
			return 0;
		for (i = 0; i < nchunks; i++) {
			struct chunk *chunk = &chunks[i];

			if (addr < chunk->addr + chunk->bytes + RIG_PAGE &&
			    chunk->addr < addr + bytes + RIG_PAGE) {
				addr = chunk->addr + chunk->bytes + RIG_PAGE;
				break;
			}
		}
	} while (i < nchunks);
	return addr;
}

/* @limit is the last address that is good enough. */
phys_addr_t rig_pages_alloc(size_t bytes, phys_addr_t limit, bool zero)
{
	phys_addr_t addr = 0;

	pthread_mutex_lock(&rig_lock);
	if (nchunks < MAX_CHUNKS && bytes <= most_pages && !refuse()) {
		if (limit >= RIG_SOURCES - 1)
			addr = find_pages(bytes, RIG_PAGES, RIG_SOURCES);
		if (!addr && limit >= RIG_PAGES - 1)
			addr = find_pages(bytes, RIG_PAGES_LOW, RIG_PAGES);
	}
	if (addr) {
		chunks[nchunks++] = (struct chunk){ addr, bytes };
		pages_in_use += bytes;
		ASAN_UNPOISON_MEMORY_REGION(phys_to_virt(addr), bytes);
		/* What was freed is poisoned already; this is the one behind. */
		ASAN_POISON_MEMORY_REGION(phys_to_virt(addr + bytes), RIG_PAGE);
		/* Freed memory is zero here, which nobody must count on. */
		if (!zero)
			memset(phys_to_virt(addr), 0xa5, min(bytes, (size_t)4096));
	} else {
		memory_refused = true;
	}
	pthread_mutex_unlock(&rig_lock);
	return addr;
}

/* @bytes is not looked at: chunks are freed as they were allocated. */
void rig_pages_free(phys_addr_t addr, size_t bytes)
{
	unsigned int i;

	pthread_mutex_lock(&rig_lock);
	for (i = 0; i < nchunks && chunks[i].addr != addr; i++)
		;
	if (i == nchunks)
		rig_die("pages at 0x%llx are freed that nobody allocated",
			(unsigned long long)addr);
	if (bytes > chunks[i].bytes)
		rig_die("pages at 0x%llx are freed as %zu bytes, allocated were %zu",
			(unsigned long long)addr, bytes, chunks[i].bytes);
	bytes = chunks[i].bytes;
	rig_forget(addr, bytes);
	ASAN_POISON_MEMORY_REGION(phys_to_virt(addr), bytes);
	pages_in_use -= bytes;
	chunks[i] = chunks[--nchunks];
	pthread_mutex_unlock(&rig_lock);
}

void *rig_get_pages(gfp_t gfp, unsigned int order, unsigned int page_shift)
{
	phys_addr_t limit = ~0ULL, addr;

	if (order > MAX_PAGE_ORDER) {
		memory_refused = true;
		return NULL;
	}
	/* There is no memory that is low enough for __GFP_DMA. */
	if (gfp & __GFP_DMA)
		limit = DMA_BIT_MASK(24);
	else if (gfp & __GFP_DMA32)
		limit = DMA_BIT_MASK(32);
	addr = rig_pages_alloc(1UL << (order + page_shift), limit, gfp & __GFP_ZERO);
	return addr ? phys_to_virt(addr) : NULL;
}

/* What kvmalloc() took from vmalloc(), which kfree() must not be given */
static const void *vmallocs[64];

bool rig_large_kmalloc;
void (*rig_on_alloc)(void);

static void *allocate(size_t bytes)
{
	bool refused;

	if (rig_on_alloc)
		rig_on_alloc();
	pthread_mutex_lock(&rig_lock);
	refused = refuse();
	pthread_mutex_unlock(&rig_lock);
	return refused ? NULL : calloc(1, bytes);
}

void *rig_kzalloc(size_t bytes)
{
	/* KMALLOC_MAX_SIZE */
	if (bytes > RIG_PAGE << MAX_PAGE_ORDER && !rig_large_kmalloc) {
		rig_print(RIG_BUG, NULL, "kmalloc() of %zu bytes", bytes);
		memory_refused = true;
		return NULL;
	}
	return allocate(bytes);
}

/* The entry of @vmallocs that is @p, which may be %NULL for a free one */
static const void **find_vmalloc(const void *p)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmallocs); i++)
		if (vmallocs[i] == p)
			return &vmallocs[i];
	return NULL;
}

/* More than a page is always from vmalloc(), as it may be in the kernel. */
void *rig_kvzalloc(size_t bytes)
{
	const void **entry;
	void *p;

	if (bytes > INT_MAX) {
		rig_print(RIG_BUG, NULL, "kvmalloc() of %zu bytes", bytes);
		memory_refused = true;
		return NULL;
	}
	p = allocate(bytes);
	if (!p || bytes <= RIG_PAGE)
		return p;
	pthread_mutex_lock(&rig_lock);
	entry = find_vmalloc(NULL);
	if (!entry)
		rig_die("more than %zu pieces from vmalloc()", ARRAY_SIZE(vmallocs));
	*entry = p;
	pthread_mutex_unlock(&rig_lock);
	return p;
}

void rig_kfree(const void *p)
{
	pthread_mutex_lock(&rig_lock);
	if (p && find_vmalloc(p))
		rig_die("kfree() of what kvmalloc() has from vmalloc()");
	pthread_mutex_unlock(&rig_lock);
	free((void *)p);
}

void rig_kvfree(const void *p)
{
	const void **entry;

	pthread_mutex_lock(&rig_lock);
	entry = p ? find_vmalloc(p) : NULL;
	if (entry)
		*entry = NULL;
	pthread_mutex_unlock(&rig_lock);
	free((void *)p);
}

/* ---- what is memory ---- */

static phys_addr_t hole_start, hole_end;

void rig_no_memory(phys_addr_t start, phys_addr_t end)
{
	hole_start = start;
	hole_end = end;
}

bool rig_is_memory(phys_addr_t addr, size_t bytes)
{
	return hole_start == hole_end || addr + bytes <= hole_start || addr >= hole_end;
}

phys_addr_t rig_page_phys(phys_addr_t addr)
{
	if (!rig_is_memory(addr, 1))
		rig_die("the struct page of 0x%llx is looked at, which is no memory",
			(unsigned long long)addr);
	return addr;
}

/* Whole pages of the memory before the hole, and behind it */
int walk_system_ram_range(unsigned long start_pfn, unsigned long nr_pages, void *arg,
			  int (*func)(unsigned long start_pfn, unsigned long nr_pages,
				      void *arg))
{
	const unsigned int shift = rig_build.page_shift;
	const unsigned long pfns[][2] = {
		{ 0, hole_start >> shift },
		{ (hole_end + RIG_PAGE - 1) >> shift, RIG_RAM_SIZE >> shift },
	};
	unsigned long first, end;
	unsigned int i;
	int ret = -1;

	for (i = 0; i < ARRAY_SIZE(pfns); i++) {
		first = max(start_pfn, pfns[i][0]);
		end = min(start_pfn + nr_pages, pfns[i][1]);
		if (first >= end)
			continue;
		ret = func(first, end - first, arg);
		if (ret)
			break;
	}
	return ret;
}

/* ---- two threads by turns ---- */

static pthread_cond_t thread_rests = PTHREAD_COND_INITIALIZER;
static unsigned int mutex_waiters;

struct mutex *rig_mutex_lock(struct mutex *lock)
{
	if (!pthread_mutex_trylock(&lock->mutex))
		return lock;
	pthread_mutex_lock(&rig_lock);
	mutex_waiters++;
	pthread_cond_broadcast(&thread_rests);
	pthread_mutex_unlock(&rig_lock);
	pthread_mutex_lock(&lock->mutex);
	pthread_mutex_lock(&rig_lock);
	mutex_waiters--;
	pthread_mutex_unlock(&rig_lock);
	return lock;
}

void rig_mutex_unlock(struct mutex *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

static struct {
	void (*fn)(void);
	bool done;
} other_thread;

static void *run_other(void *arg)
{
	other_thread.fn();
	pthread_mutex_lock(&rig_lock);
	other_thread.done = true;
	pthread_cond_broadcast(&thread_rests);
	pthread_mutex_unlock(&rig_lock);
	return NULL;
}

pthread_t rig_interleave(void (*fn)(void))
{
	pthread_t thread;
	int err;

	other_thread.fn = fn;
	other_thread.done = false;
	err = pthread_create(&thread, NULL, run_other, NULL);
	if (err)
		rig_die("pthread_create(): %s", strerror(err));
	pthread_mutex_lock(&rig_lock);
	while (!other_thread.done && !mutex_waiters)
		pthread_cond_wait(&thread_rests, &rig_lock);
	pthread_mutex_unlock(&rig_lock);
	return thread;
}

/* ---- the command line ---- */

static struct {
	const char *param;
	int (*fn)(char *value);
} early_params[8];

void rig_early_param(const char *param, int (*fn)(char *value))
{
	unsigned int i;

	for (i = 0; early_params[i].param; i++)
		if (i == ARRAY_SIZE(early_params) - 1)
			rig_die("more than %u parameters", i);
	early_params[i].param = param;
	early_params[i].fn = fn;
}

void rig_parse_early_params(const char *cmdline)
{
	char *words = strdup(cmdline), *rest = words, *word, *value;
	unsigned int i;

	while ((word = strsep(&rest, " "))) {
		value = strchr(word, '=');
		if (value)
			*value++ = 0;
		for (i = 0; i < ARRAY_SIZE(early_params) && early_params[i].param; i++)
			if (!strcmp(word, early_params[i].param) && early_params[i].fn(value))
				rig_print(RIG_WARN, NULL, "Malformed early option '%s'\n", word);
	}
	free(words);
}

/* A number and nothing behind it but a newline; no sign but a plus */
int kstrtouint(const char *text, unsigned int base, unsigned int *value)
{
	unsigned long long n;
	char *end;

	if (*text == '+')
		text++;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, base);
	if (end == text || *(*end == '\n' ? end + 1 : end))
		return -EINVAL;
	if (errno || n > UINT_MAX)
		return -ERANGE;
	*value = n;
	return 0;
}

/* ---- work ---- */

static struct work_struct *works, **last_work = &works;

bool schedule_work(struct work_struct *work)
{
	bool pending;

	pthread_mutex_lock(&rig_lock);
	pending = work->pending;
	if (!pending) {
		work->pending = true;
		work->next = NULL;
		*last_work = work;
		last_work = &work->next;
	}
	pthread_mutex_unlock(&rig_lock);
	return !pending;
}

unsigned int rig_run_work(void)
{
	unsigned int done = 0;

	while (works) {
		struct work_struct *work = works;

		works = work->next;
		if (!works)
			last_work = &works;
		/* The function may free what the work is a part of. */
		work->pending = false;
		work->func(work);
		done++;
	}
	return done;
}

/* ---- device tree ---- */

static struct rig_pool *reserved;
static int node_refs;

static struct device_node *node_get(struct device_node *np)
{
	if (np) {
		np->refcount++;
		node_refs++;
	}
	return np;
}

void of_node_put(struct device_node *np)
{
	if (np) {
		np->refcount--;
		node_refs--;
	}
}

int rig_node_refs(void)
{
	return node_refs;
}

/* All nodes of reserved memory are of one kind. */
struct device_node *rig_next_compatible(struct device_node *prev, const char *compatible)
{
	struct rig_pool *next = reserved;

	if (strcmp(compatible, "restricted-dma-pool"))
		return NULL;
	if (prev)
		next = container_of(prev, struct rig_pool, node)->next;
	of_node_put(prev);
	return next ? node_get(&next->node) : NULL;
}

struct reserved_mem *of_reserved_mem_lookup(struct device_node *np)
{
	return &container_of(np, struct rig_pool, node)->rmem;
}

bool of_property_present(const struct device_node *np, const char *name)
{
	return np && np->prop && !strcmp(np->prop, name);
}

int of_property_read_variable_u32_array(const struct device_node *np,
					const char *name, u32 *out,
					size_t min, size_t max)
{
	const u8 *bytes;
	size_t i, n;

	if (!of_property_present(np, name))
		return -EINVAL;
	if (!np->value)
		return -ENODATA;
	if (np->length < min * sizeof(*out) ||
	    (max && np->length > max * sizeof(*out)))
		return -EOVERFLOW;
	n = max ? np->length / sizeof(*out) : min;
	for (i = 0, bytes = np->value; i < n; i++, bytes += 4)
		out[i] = (u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 |
			bytes[3];
	return n;
}

/* The flattened tree's nodes are those of the live one. */
const void *of_get_flat_dt_prop(unsigned long node, const char *name, int *size)
{
	const struct device_node *np = (const void *)node;

	if (!np || !np->prop || strcmp(np->prop, name))
		return NULL;
	if (size)
		*size = np->length;
	return np->value ?: "";
}

void rig_pool_create(struct rig_pool *pool, phys_addr_t base, size_t bytes, u64 segsize)
{
	struct rig_pool **end = &reserved;

	if (base + bytes > RIG_PAGES_LOW)
		rig_die("a pool of %zu bytes at 0x%llx is outside the pools' memory",
			bytes, (unsigned long long)base);
	memset(pool, 0, sizeof(*pool));
	snprintf(pool->name, sizeof(pool->name), "/reserved-memory/memory@%llx",
		 (unsigned long long)base);
	pool->node.full_name = pool->name;
	pool->rmem.name = strrchr(pool->name, '/') + 1;
	pool->rmem.base = base;
	pool->rmem.size = bytes;
	pool->rmem.fdt_node = (unsigned long)&pool->node;
	if (segsize != RIG_NO_PROPERTY) {
		u8 *cell = (u8 *)pool->cells;
		int i;

		for (i = 0; i < 4; i++)
			cell[i] = segsize >> (24 - 8 * i);
		rig_pool_property(pool, pool->cells, sizeof(pool->cells));
	}
	while (*end)
		end = &(*end)->next;
	*end = pool;
}

void rig_pool_property(struct rig_pool *pool, const void *value, int length)
{
	pool->node.prop = "io-tlb-segsize";
	pool->node.value = value;
	pool->node.length = length;
}

static void debugfs_remove(const char *dir);

void rig_pool_destroy(struct rig_pool *pool)
{
	struct rig_pool **link = &reserved;

	while (*link && *link != pool)
		link = &(*link)->next;
	if (*link)
		*link = pool->next;
	rig_pool_free(pool->rmem.priv);
	pool->rmem.priv = NULL;
	debugfs_remove(pool->rmem.name);
	rig_forget(pool->rmem.base, pool->rmem.size);
}

/* ---- debugfs ---- */

#define MAX_FILES	64

struct dentry {
	const char *name;
	const struct dentry *dir;
	const void *value;
	unsigned int bytes;
	const struct file_operations *fops;
};

static struct dentry files[MAX_FILES];

static struct dentry *new_file(const char *name, const struct dentry *dir)
{
	struct dentry *file;

	for (file = files; file < files + MAX_FILES; file++) {
		if (!file->name) {
			*file = (struct dentry){ .name = name, .dir = dir };
			return file;
		}
	}
	rig_die("more than %d files in debugfs", MAX_FILES);
}

static void debugfs_remove(const char *dir)
{
	struct dentry *file;

	for (file = files; file < files + MAX_FILES; file++)
		if (file->name && file->dir && file->dir->name == dir)
			file->name = NULL;
	for (file = files; file < files + MAX_FILES; file++)
		if (file->name == dir)
			file->name = NULL;
}

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	return new_file(name, parent);
}

void debugfs_create_ulong(const char *name, int mode, struct dentry *dir,
			  unsigned long *value)
{
	struct dentry *file = new_file(name, dir);

	file->value = value;
	file->bytes = sizeof(*value);
}

void debugfs_create_u32(const char *name, int mode, struct dentry *dir, u32 *value)
{
	struct dentry *file = new_file(name, dir);

	file->value = value;
	file->bytes = sizeof(*value);
}

void debugfs_create_file(const char *name, int mode, struct dentry *dir,
			 void *data, const struct file_operations *fops)
{
	struct dentry *file = new_file(name, dir);

	file->value = data;
	file->fops = fops;
}

unsigned int rig_debugfs_dirs(const char *dir)
{
	const struct dentry *file;
	unsigned int n = 0;

	for (file = files; file < files + MAX_FILES; file++)
		n += file->name && !file->dir && !strcmp(file->name, dir);
	return n;
}

static const struct dentry *find_file(const char *dir, const char *name)
{
	const struct dentry *file;

	for (file = files; file < files + MAX_FILES; file++)
		if (file->name && file->dir && !strcmp(file->name, name) &&
		    !strcmp(file->dir->name, dir))
			return file;
	return NULL;
}

bool rig_debugfs(const char *dir, const char *name, u64 *value)
{
	const struct dentry *file = find_file(dir, name);

	if (!file)
		return false;
	if (file->fops)
		return !file->fops->get((void *)file->value, value);
	*value = file->bytes == 4 ? *(const u32 *)file->value : *(const u64 *)file->value;
	return true;
}

static void seq_put(struct seq_file *m, const char *text)
{
	size_t length = strlen(text);

	if (m->count + length < m->size) {
		memcpy(m->buf + m->count, text, length);
		m->count += length;
	} else {
		m->count = m->size;
	}
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	format(text, sizeof(text), fmt, args);
	va_end(args);
	seq_put(m, text);
}

void seq_putc(struct seq_file *m, char c)
{
	seq_put(m, (char []){ c, 0 });
}

/* As the kernel reads: what does not fit is shown once more, with twice the room. */
char *rig_debugfs_text(const char *dir, const char *name)
{
	const struct dentry *file = find_file(dir, name);
	struct seq_file m = { .size = 4096 };
	int err;

	if (!file)
		return NULL;
	m.private = (void *)file->value;
	for (;;) {
		m.buf = realloc(m.buf, m.size);
		if (!m.buf)
			rig_die("no memory for the text of %s/%s", dir, name);
		m.count = 0;
		err = file->fops->show(&m, NULL);
		if (err)
			rig_die("%s/%s: %s", dir, name, strerror(-err));
		if (!seq_has_overflowed(&m))
			break;
		m.size *= 2;
	}
	m.buf[m.count] = 0;
	return m.buf;
}

char *rig_map_text(const struct rig_view *view)
{
	struct rig_slot *slots = calloc(view->nslabs, sizeof(*slots));
	unsigned long first, end;
	char *text = NULL, separator = ' ';
	size_t length;
	FILE *file = open_memstream(&text, &length);

	if (!slots || !file)
		rig_die("no memory for the map of %lu slots", view->nslabs);
	rig_read_slots(view, 0, view->nslabs, slots);
	fprintf(file, "0x%016llx %lu %u", (unsigned long long)view->start, view->nslabs,
		view->area_nslabs);
	for (first = 0; first < view->nslabs; first = end) {
		for (end = first; end < view->nslabs && !slots[end].list; end++)
			;
		if (end == first) {
			end++;
			continue;
		}
		fprintf(file, "%c%lu", separator, first);
		if (end - first > 1)
			fprintf(file, "-%lu", end - 1);
		separator = ',';
	}
	fputc('\n', file);
	if (fclose(file))
		rig_die("no memory for the map of %lu slots", view->nslabs);
	free(slots);
	return text;
}
