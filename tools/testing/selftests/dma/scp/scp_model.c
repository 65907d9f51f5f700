// SPDX-License-Identifier: GPL-2.0
/*
 * Plays MT8183's SCP for the kernel that this runs on.
 *
 * The SCP's registers and its SRAM are plain RAM in the guest (see
 * mt8183-kukui-qemu.dtso), its interrupt can be raised in the interrupt
 * controller, and its DRAM is what it is: so a program can look at them through
 * /dev/mem as the SCP would through its bus, and do what a firmware does. Where
 * they are, it reads from the device tree that has booted.
 *
 *	scp_model FIRMWARE
 *
 * Each time that the driver lets the SCP out of reset, the model compares what
 * was loaded with the file FIRMWARE, begins where the vectors in SRAM say, tells
 * the driver that it is ready, announces its rpmsg channels, and serves messages
 * until it is put back into reset:
 *
 *	SCP_PROBE_IPI_ECHO, _RPMSG	sent back
 *	SCP_PROBE_IPI_BUFFER		read, checked and written
 *
 * It sees DRAM through the memory that the device tree gives the SCP and nothing
 * else: an address outside is told, and not touched. SIGUSR1 makes it hang, which
 * its watchdog reports; SIGTERM ends it. It prints lines of key=value pairs.
 *
 * Nothing here waits for a fixed time: the registers are looked at over and over,
 * as hardware would with each clock.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/scp_probe.h>

#define DEVICE_TREE	"/sys/firmware/devicetree/base"

/* drivers/remoteproc/mtk_common.h: offsets of registers, and their bits */
#define SW_RSTN			0x00
#define   SW_RSTN_BIT		0x001
#define SCP_TO_HOST		0x1c
#define   SCP_IPC_INT_BIT	0x001
#define   SCP_WDT_INT_BIT	0x100
#define HOST_TO_SCP		0x28
#define SCP_CLK_SW_SEL		0x4000

/* include/linux/remoteproc/mtk_scp.h */
#define SCP_IPI_INIT		0
#define SCP_IPI_CROS_HOST_CMD	13
#define SCP_IPI_NS_SERVICE	0xff

/* The GIC's distributor */
#define GICD_ISPENDR		0x200
#define GIC_FIRST_SPI		32

/* A range of physical addresses, and where it is mapped */
struct window {
	uint64_t base;
	uint64_t size;
	uint8_t *at;
};

static struct {
	struct window sram, cfg, dram, gicd;
	unsigned int irq;
	/* Offset in SRAM of what is shared with the AP, or 0 before it is known */
	uint32_t ipi_buffer;
	unsigned int boots, crashes, outside, messages, unknown;
} scp;

static int must_hang, must_end;

static bool is_set(const int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static _Noreturn void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("scp-model: error: ");
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	exit(1);
}

/* One write a line: the kernel's log takes each as a message. */
static void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("scp-model: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
}

/* The device tree that has booted */

/* Returns -1 when the node has no such property. */
static ssize_t read_property(const char *node, const char *name, void *buf,
			     size_t size)
{
	ssize_t len;
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", node, name) < 0)
		die("no memory");
	fd = open(path, O_RDONLY);
	free(path);
	if (fd < 0)
		return -1;
	len = read(fd, buf, size);
	close(fd);
	return len;
}

/* How many cells there are, at most @max of which are read */
static int read_cells(const char *node, const char *name, uint32_t *cells, int max)
{
	uint8_t buf[1024];
	ssize_t len;
	int i;

	len = read_property(node, name, buf, sizeof(buf));
	if (len < 0)
		return -1;
	for (i = 0; i < len / 4 && i < max; i++)
		cells[i] = (uint32_t)buf[4 * i] << 24 | buf[4 * i + 1] << 16 |
			   buf[4 * i + 2] << 8 | buf[4 * i + 3];
	return len / 4;
}

static uint32_t read_cell(const char *node, const char *name)
{
	uint32_t cell;

	if (read_cells(node, name, &cell, 1) < 1)
		die("no %s in %s", name, node);
	return cell;
}

/* The path becomes that of the node above. */
static void go_up(char *node)
{
	if (!strcmp(node, DEVICE_TREE))
		die("the device tree's root has no parent");
	*strrchr(node, '/') = '\0';
}

/* The first node with that phandle, or with that string in its compatible */
static struct {
	uint32_t phandle;
	const char *compatible;
	char path[PATH_MAX];
} wanted;

static int look_at_node(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	char list[512], *name;
	ssize_t len;
	uint32_t phandle;

	(void)st;
	(void)ftw;
	if (type != FTW_D)
		return 0;
	if (wanted.compatible) {
		len = read_property(path, "compatible", list, sizeof(list) - 1);
		if (len <= 0)
			return 0;
		list[len] = '\0';
		for (name = list; name < list + len; name += strlen(name) + 1)
			if (!strcmp(name, wanted.compatible))
				goto found;
		return 0;
	}
	if (read_cells(path, "phandle", &phandle, 1) < 1 || phandle != wanted.phandle)
		return 0;
found:
	strcpy(wanted.path, path);
	return 1;
}

static void find_compatible(const char *compatible, char *path)
{
	wanted.compatible = compatible;
	if (nftw(DEVICE_TREE, look_at_node, 16, FTW_PHYS) != 1)
		die("the device tree has no %s", compatible);
	strcpy(path, wanted.path);
}

static void find_phandle(uint32_t phandle, char *path)
{
	wanted.compatible = NULL;
	wanted.phandle = phandle;
	if (nftw(DEVICE_TREE, look_at_node, 16, FTW_PHYS) != 1)
		die("the device tree has no node with phandle %u", phandle);
	strcpy(path, wanted.path);
}

/* Buses that translate addresses are not known here: there are none above. */
static void no_translation(const char *node)
{
	char up[PATH_MAX], buf[4];

	strcpy(up, node);
	for (go_up(up); strcmp(up, DEVICE_TREE); go_up(up))
		if (read_property(up, "ranges", buf, sizeof(buf)) != 0)
			die("%s has no empty ranges", up);
}

static uint64_t join_cells(const uint32_t *cells, unsigned int n)
{
	return n == 2 ? (uint64_t)cells[0] << 32 | cells[1] : cells[0];
}

/* Entry @index of the node's reg, mapped */
static struct window map_reg(int mem, const char *node, unsigned int index)
{
	char parent[PATH_MAX];
	uint32_t na, ns, cells[64];
	struct window win;
	int n;

	strcpy(parent, node);
	go_up(parent);
	na = read_cell(parent, "#address-cells");
	ns = read_cell(parent, "#size-cells");
	no_translation(node);
	n = read_cells(node, "reg", cells, 64);
	if (na < 1 || na > 2 || ns < 1 || ns > 2 || n < (int)((index + 1) * (na + ns)))
		die("%s: no entry %u in its reg", node, index);
	win.base = join_cells(cells + index * (na + ns), na);
	win.size = join_cells(cells + index * (na + ns) + na, ns);
	/* Whole pages around it */
	win.at = mmap(NULL, win.size + (win.base & 0xfff), PROT_READ | PROT_WRITE,
		      MAP_SHARED, mem, win.base & ~0xfffULL);
	if (win.at == MAP_FAILED)
		die("cannot map %#llx: %s", (unsigned long long)win.base, strerror(errno));
	win.at += win.base & 0xfff;
	return win;
}

static struct window map_named_reg(int mem, const char *node, const char *name)
{
	char list[256];
	unsigned int index = 0;
	ssize_t len, i;

	len = read_property(node, "reg-names", list, sizeof(list));
	for (i = 0; i < len; i += strnlen(list + i, len - i) + 1, index++)
		if (!strcmp(list + i, name))
			return map_reg(mem, node, index);
	die("%s: no reg of the name %s", node, name);
}

static void find_scp(char *node)
{
	char path[PATH_MAX], up[PATH_MAX];
	uint32_t cells[4];
	int mem;

	mem = open("/dev/mem", O_RDWR | O_SYNC);
	if (mem < 0)
		die("cannot open /dev/mem: %s", strerror(errno));
	find_compatible("mediatek,mt8183-scp", node);
	scp.sram = map_named_reg(mem, node, "sram");
	scp.cfg = map_named_reg(mem, node, "cfg");

	find_phandle(read_cell(node, "memory-region"), path);
	scp.dram = map_reg(mem, path, 0);

	/* A shared peripheral interrupt, in the GIC's binding */
	if (read_cells(node, "interrupts", cells, 4) < 3 || cells[0] != 0)
		die("%s: its interrupt is no SPI", node);
	scp.irq = GIC_FIRST_SPI + cells[1];
	strcpy(up, node);
	while (read_cells(up, "interrupt-parent", cells, 1) < 1)
		go_up(up);
	find_phandle(cells[0], path);
	if (read_property(path, "interrupt-controller", cells, sizeof(cells)) < 0)
		die("%s is no interrupt controller", path);
	scp.gicd = map_reg(mem, path, 0);
	close(mem);

	tell("sram=%#llx+%#llx cfg=%#llx dram=%#llx+%#llx irq=%u",
	     (unsigned long long)scp.sram.base, (unsigned long long)scp.sram.size,
	     (unsigned long long)scp.cfg.base,
	     (unsigned long long)scp.dram.base, (unsigned long long)scp.dram.size,
	     scp.irq);
}

/* Memory as the SCP sees it: whole words, as its SRAM has no others */

static uint32_t *word_at(const struct window *win, uint64_t offset)
{
	if (offset % 4 || win->size < 4 || offset > win->size - 4)
		die("offset %#llx is not in %#llx+%#llx", (unsigned long long)offset,
		    (unsigned long long)win->base, (unsigned long long)win->size);
	return (uint32_t *)(win->at + offset);
}

static uint32_t get(const struct window *win, uint64_t offset)
{
	return __atomic_load_n(word_at(win, offset), __ATOMIC_SEQ_CST);
}

static void put(const struct window *win, uint64_t offset, uint32_t value)
{
	__atomic_store_n(word_at(win, offset), value, __ATOMIC_SEQ_CST);
}

static bool is_in(const struct window *win, uint64_t addr, uint64_t size)
{
	return addr >= win->base && addr - win->base <= win->size &&
	       size <= win->size - (addr - win->base);
}

/* All that the SCP reaches of DRAM, it reaches here. */
static bool may_reach(uint64_t addr, uint64_t size, const char *what)
{
	if (is_in(&scp.dram, addr, size))
		return true;
	scp.outside++;
	tell("outside what=%s addr=%#llx size=%#llx", what, (unsigned long long)addr,
	     (unsigned long long)size);
	return false;
}

/*
 * An address that the firmware has: SRAM is at 0, and what lies behind is DRAM.
 * Returns NULL for what is in neither.
 */
static const struct window *find_window(uint32_t addr, uint32_t size,
					uint64_t *offset, const char *what)
{
	if (addr < scp.sram.size) {
		*offset = addr;
		return size <= scp.sram.size - addr ? &scp.sram : NULL;
	}
	*offset = addr - scp.dram.base;
	return may_reach(addr, size, what) ? &scp.dram : NULL;
}

static void read_bytes(const struct window *win, uint64_t offset, void *buf, size_t len)
{
	uint8_t *to = buf;
	uint32_t word;
	size_t i;

	for (i = 0; i < len; i += 4) {
		word = get(win, offset + i);
		memcpy(to + i, &word, len - i < 4 ? len - i : 4);
	}
}

static void write_bytes(const struct window *win, uint64_t offset, const void *buf,
			size_t len)
{
	const uint8_t *from = buf;
	uint32_t word;
	size_t i;

	for (i = 0; i < len; i += 4) {
		word = 0;
		memcpy(&word, from + i, len - i < 4 ? len - i : 4);
		put(win, offset + i, word);
	}
}

/* Registers */

/*
 * A reset can be over before it is looked for. But the driver sets the clock back
 * before it loads a firmware, and the firmware chooses another one: where that is
 * gone, there was a reset.
 */
static bool was_reset(void)
{
	return !get(&scp.cfg, SCP_CLK_SW_SEL) || !(get(&scp.cfg, SW_RSTN) & SW_RSTN_BIT);
}

/* In this order: the clock is set back while the reset is held. */
static bool may_start(void)
{
	return !get(&scp.cfg, SCP_CLK_SW_SEL) && get(&scp.cfg, SW_RSTN) & SW_RSTN_BIT;
}

/* Between two looks, so that others can run. Not a wait for anything. */
static void next_clock(void)
{
	struct timespec t = { .tv_nsec = 20000 };

	nanosleep(&t, NULL);
}

/*
 * The driver takes an interrupt back by writing ones to both bits; in RAM they
 * stay. The register holds one bit at most while an interrupt is on its way.
 */
static void take_back(void)
{
	if (get(&scp.cfg, SCP_TO_HOST) == (SCP_IPC_INT_BIT | SCP_WDT_INT_BIT))
		put(&scp.cfg, SCP_TO_HOST, 0);
}

static void interrupt_host(uint32_t bit)
{
	put(&scp.cfg, SCP_TO_HOST, bit);
	put(&scp.gicd, GICD_ISPENDR + scp.irq / 32 * 4, 1U << scp.irq % 32);
}

/* Returns false if the SCP was put into reset instead. */
static bool host_is_ready(void)
{
	for (;;) {
		if (was_reset() || is_set(&must_end))
			return false;
		take_back();
		if (!get(&scp.cfg, SCP_TO_HOST))
			return true;
		next_clock();
	}
}

static bool send_message(uint32_t id, const void *buf, uint32_t len)
{
	if (!host_is_ready())
		return false;
	write_bytes(&scp.sram, scp.ipi_buffer + 8, buf, len);
	put(&scp.sram, scp.ipi_buffer + 4, len);
	put(&scp.sram, scp.ipi_buffer, id);
	interrupt_host(SCP_IPC_INT_BIT);
	return true;
}

/* What was loaded, against the file */

static struct {
	uint8_t *data;
	size_t size;
} image;

static void read_image(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die("cannot open %s: %s", path, strerror(errno));
	image.size = st.st_size;
	image.data = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image.data == MAP_FAILED || image.size < sizeof(Elf32_Ehdr))
		die("cannot read %s", path);
	close(fd);
}

/* The driver waits for two seconds: this is a fast loop, not get(). */
static bool segment_is_loaded(const Elf32_Phdr *phdr, unsigned int number)
{
	const struct window *win;
	uint32_t *loaded, word;
	uint64_t offset;
	uint32_t i, n;

	win = find_window(phdr->p_paddr, phdr->p_memsz, &offset, "segment");
	if (!win || phdr->p_filesz % 4 || phdr->p_offset + phdr->p_filesz > image.size) {
		tell("segment=%u addr=%#x size=%u cannot be", number, phdr->p_paddr,
		     phdr->p_filesz);
		return false;
	}
	loaded = word_at(win, offset);
	n = phdr->p_filesz / 4;
	for (i = 0; i < n; i++) {
		memcpy(&word, image.data + phdr->p_offset + i * 4, 4);
		if (__atomic_load_n(loaded + i, __ATOMIC_RELAXED) != word) {
			tell("segment=%u addr=%#x differs at=%#x has=%#x file=%#x",
			     number, phdr->p_paddr, i * 4,
			     __atomic_load_n(loaded + i, __ATOMIC_RELAXED), word);
			return false;
		}
	}
	tell("segment=%u in=%s addr=%#x size=%u equals the file", number,
	     win == &scp.dram ? "dram" : "sram", phdr->p_paddr, phdr->p_filesz);
	return true;
}

/*
 * As a firmware does with its data, writes over it: what is there at the next
 * start was loaded again.
 */
static void use_segment(const Elf32_Phdr *phdr)
{
	const struct window *win;
	uint64_t offset;
	uint32_t *loaded, i;

	win = find_window(phdr->p_paddr, phdr->p_memsz, &offset, "segment");
	loaded = word_at(win, offset);
	for (i = 0; i < phdr->p_filesz / 4; i++)
		__atomic_store_n(loaded + i, ~i, __ATOMIC_RELAXED);
}

static bool image_is_loaded(void)
{
	const Elf32_Ehdr *ehdr = (void *)image.data;
	const Elf32_Phdr *phdr = (void *)(image.data + ehdr->e_phoff);
	unsigned int i;
	bool good = true;

	for (i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_filesz)
			good = segment_is_loaded(&phdr[i], i) && good;
	return good;
}

static void use_image(void)
{
	const Elf32_Ehdr *ehdr = (void *)image.data;
	const Elf32_Phdr *phdr = (void *)(image.data + ehdr->e_phoff);
	unsigned int i;

	for (i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_LOAD && phdr[i].p_filesz)
			use_segment(&phdr[i]);
}

/* The firmware's life */

struct init_message {
	uint32_t signaled;
	char version[32];
	uint32_t dec_capability;
	uint32_t enc_capability;
};

struct ns_message {
	char name[32];
	uint32_t addr;
};

static bool announce(const char *name, uint32_t addr)
{
	struct ns_message msg = { .addr = addr };

	snprintf(msg.name, sizeof(msg.name), "%s", name);
	return send_message(SCP_IPI_NS_SERVICE, &msg, sizeof(msg));
}

/* The channels that the board's tree has nodes for, and that of the tests */
static bool announce_all(const char *node)
{
	char name[32] = "";
	char *pattern;
	glob_t found;

	/* The node of the embedded controller is "cros_ec" in an older tree. */
	if (asprintf(&pattern, "%s/*/mediatek,rpmsg-name", node) < 0)
		die("no memory");
	if (!glob(pattern, 0, NULL, &found)) {
		read_property("", found.gl_pathv[0], name, sizeof(name) - 1);
		globfree(&found);
	}
	free(pattern);
	if (name[0] && !announce(name, SCP_IPI_CROS_HOST_CMD))
		return false;
	return announce(SCP_PROBE_CHANNEL, SCP_PROBE_IPI_RPMSG);
}

/* Out of reset: from the vectors on, with what is in memory. */
static bool start_firmware(const char *node)
{
	const Elf32_Ehdr *ehdr = (void *)image.data;
	struct init_message init = { .signaled = 1 };
	struct scp_firmware_info info;
	const struct window *win;
	uint64_t offset;
	uint32_t sp, pc;

	scp.boots++;
	__atomic_store_n(&must_hang, 0, __ATOMIC_SEQ_CST);
	put(&scp.cfg, SCP_TO_HOST, 0);
	put(&scp.cfg, HOST_TO_SCP, 0);
	put(&scp.cfg, SCP_CLK_SW_SEL, 1);

	if (!image_is_loaded())
		return false;
	sp = get(&scp.sram, 0);
	pc = get(&scp.sram, 4);
	if (!(pc & 1) || pc >= scp.sram.size || sp % 8 || sp > scp.sram.size ||
	    pc != ehdr->e_entry) {
		tell("no vectors: sp=%#x pc=%#x entry=%#x", sp, pc, ehdr->e_entry);
		return false;
	}
	read_bytes(&scp.sram, get(&scp.sram, SCP_FIRMWARE_INFO_SLOT * 4), &info,
		   sizeof(info));
	if (info.magic != SCP_FIRMWARE_MAGIC) {
		tell("no firmware: magic=%#x", info.magic);
		return false;
	}
	if (!may_reach(info.dram_start, info.dram_size, "firmware"))
		return false;
	win = find_window(info.version, sizeof(init.version), &offset, "version");
	if (!win)
		return false;
	read_bytes(win, offset, init.version, sizeof(init.version) - 1);
	scp.ipi_buffer = info.ipi_buffer;
	use_image();

	tell("boot=%u entry=%#x ipi_buffer=%#x version=%s", scp.boots, pc,
	     scp.ipi_buffer, init.version);
	return send_message(SCP_IPI_INIT, &init, sizeof(init)) && announce_all(node);
}

static uint32_t use_buffer(const struct scp_probe_buffer *msg)
{
	uint64_t offset = msg->addr - scp.dram.base;
	uint32_t i;

	if (!may_reach(msg->addr, msg->size, "buffer"))
		return SCP_PROBE_OUTSIDE;
	for (i = 0; i < msg->size / 4; i++)
		if (get(&scp.dram, offset + 4 * i) != msg->seed + i * SCP_PROBE_STEP)
			return SCP_PROBE_WRONG;
	for (i = 0; i < msg->size / 4; i++)
		put(&scp.dram, offset + 4 * i, ~msg->seed + i * SCP_PROBE_STEP);
	return SCP_PROBE_OK;
}

static bool serve_message(void)
{
	uint32_t box = scp.ipi_buffer + 8 + SCP_PROBE_MESSAGE_MAX;
	uint8_t buf[SCP_PROBE_MESSAGE_MAX];
	struct scp_probe_buffer msg;
	uint32_t id, len;

	id = get(&scp.sram, box);
	len = get(&scp.sram, box + 4);
	if (len > sizeof(buf)) {
		tell("message too long: id=%u len=%u", id, len);
		len = sizeof(buf);
	}
	read_bytes(&scp.sram, box + 8, buf, len);
	/* The box is free for the next one. */
	put(&scp.cfg, HOST_TO_SCP, 0);
	scp.messages++;

	switch (id) {
	case SCP_PROBE_IPI_ECHO:
	case SCP_PROBE_IPI_RPMSG:
		return send_message(id, buf, len);
	case SCP_PROBE_IPI_BUFFER:
		memset(&msg, 0, sizeof(msg));
		if (len == sizeof(msg)) {
			memcpy(&msg, buf, len);
			msg.result = use_buffer(&msg);
		}
		return send_message(id, &msg, sizeof(msg));
	default:
		scp.unknown++;
		return true;
	}
}

/* Until it is put into reset */
static void run_firmware(const char *node)
{
	bool running = start_firmware(node);

	while (!was_reset() && !is_set(&must_end)) {
		take_back();
		if (running && is_set(&must_hang) && host_is_ready()) {
			running = false;
			scp.crashes++;
			tell("crash=%u", scp.crashes);
			interrupt_host(SCP_WDT_INT_BIT);
		}
		if (running && get(&scp.cfg, HOST_TO_SCP))
			running = serve_message();
		else
			next_clock();
	}
}

static void on_signal(int sig)
{
	__atomic_store_n(sig == SIGUSR1 ? &must_hang : &must_end, 1, __ATOMIC_SEQ_CST);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	char node[PATH_MAX];

	if (argc != 2) {
		fputs("usage: scp_model FIRMWARE\n", stderr);
		return 2;
	}
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	read_image(argv[1]);
	find_scp(node);
	tell("ready");

	while (!is_set(&must_end)) {
		if (may_start())
			run_firmware(node);
		else
			next_clock();
	}
	tell("end boots=%u crashes=%u messages=%u unknown=%u outside=%u", scp.boots,
	     scp.crashes, scp.messages, scp.unknown, scp.outside);
	return 0;
}
