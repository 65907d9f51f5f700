// SPDX-License-Identifier: GPL-2.0
/*
 * io-tlb-segsize in a pool's node: what is made of each value, good and bad. The
 * values are those of the guest's and the binding's tests (SEGSIZE_VALUES).
 */
#include "test.h"

#define KUKUI_BASE	0x50000000ULL
#define NODE		"/reserved-memory/memory@50000000"

/*
 * The bytes that dtc makes of a value as in a .dts: cells, a string, or
 * /bits/ 8 and bytes. Returns their number.
 */
static int compile(const char *dts, unsigned char *out)
{
	unsigned long n;
	int length = 0, width = 4, i;
	char *end;

	if (!strcmp(dts, "-"))
		return 0;
	if (*dts == '"') {
		length = strlen(dts) - 2;
		memcpy(out, dts + 1, length);
		out[length] = 0;
		return length + 1;
	}
	if (!strncmp(dts, "/bits/ 8 ", 9)) {
		width = 1;
		dts += 9;
	}
	expect(*dts == '<', "a value that this test cannot read: %s", dts);
	for (dts++; *dts != '>'; dts = end) {
		n = strtoul(dts, &end, 0);
		expect(end != dts, "a value that this test cannot read: %s", dts);
		for (i = width - 1; i >= 0; i--)
			out[length++] = n >> (8 * i);
	}
	return length;
}

/* The kernel's message for a value that it does not take */
static const char *message(void)
{
	static char text[256];

	snprintf(text, sizeof(text), "err: software IO TLB: " NODE
		 ": io-tlb-segsize must be one u32, a power of 2 from %u to 1048576; using %u\n",
		 SET, SET);
	return text;
}

static void one_value(const char *name, const char *dts, const char *what, unsigned int slots)
{
	unsigned char bytes[64] = { };
	struct rig_pool pool;
	struct device dev;
	const char *expected = "";
	struct model m;
	u64 shown;
	int length;

	rig_pool_create(&pool, KUKUI_BASE, 512 * RIG_SLOT, RIG_NO_PROPERTY);
	length = compile(dts, bytes);
	if (strcmp(what, "absent"))
		rig_pool_property(&pool, bytes, length);
	if (!strcmp(what, "malformed") || !strcmp(what, "range"))
		expected = message();

	rig_log_reset();
	rig_device_init(&dev, "device");
	expect(!rig_pool_attach(&pool, &dev), "%s: the pool was lost", name);
	expect(!strcmp(rig_log(), expected), "%s: said is '%s', expected '%s'", name,
	       rig_log(), expected);
	expect(rig_segsize(&dev) == slots, "%s: a segment has %u slots, expected %u", name,
	       rig_segsize(&dev), slots);
	expect(rig_debugfs("memory@50000000", "io_tlb_segsize", &shown),
	       "%s: debugfs has no io_tlb_segsize", name);
	expect(shown == slots, "%s: debugfs shows %llu", name, (unsigned long long)shown);
	expect(!rig_node_refs(), "%s: %d references to nodes were kept", name,
	       rig_node_refs());
	expect(!pool.node.refcount, "%s: %d references to the node were kept", name,
	       pool.node.refcount);
	model_init(&m, &dev, slots);
	model_free(&m, model_must_alloc(&m, &dev, min(slots, 512U) * RIG_SLOT));
	model_exit(&m);
	rig_pool_destroy(&pool);
}

static void all_values(void)
{
	FILE *file = fopen(SEGSIZE_VALUES, "r");
	char line[256], *name, *dts, *what, *slots;
	unsigned int n = 0;

	expect(file, "cannot read " SEGSIZE_VALUES ": %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (*line == '#' || *line == '\n')
			continue;
		name = strtok(line, "\t");
		dts = strtok(NULL, "\t");
		what = strtok(NULL, "\t");
		slots = strtok(NULL, "\t\n");
		expect(slots, "a line of " SEGSIZE_VALUES " is too short: %s", line);
		one_value(name, dts, what, strtoul(slots, NULL, 0));
		n++;
	}
	fclose(file);
	expect(n > 20, "only %u values in " SEGSIZE_VALUES, n);
	printf("# %u values\n", n);
}

/* A property without any value at all, which no flattened tree can have */
static void no_value(void)
{
	struct rig_pool pool;
	struct device dev;

	rig_pool_create(&pool, KUKUI_BASE, 512 * RIG_SLOT, RIG_NO_PROPERTY);
	rig_pool_property(&pool, NULL, 0);
	rig_device_init(&dev, "device");
	expect(!rig_pool_attach(&pool, &dev), "the pool was lost");
	expect(rig_segsize(&dev) == SET, "a segment has %u slots", rig_segsize(&dev));
	expect(strstr(rig_log(), message()), "said is '%s'", rig_log());
	rig_pool_destroy(&pool);
}

/* Several pools: each has its own node's value, in whichever order it is asked. */
static void several_pools(void)
{
	static const unsigned int segsizes[] = { 256, 0, 1024, 4096, 512 };
	static const unsigned int order[] = { 3, 0, 4, 1, 2 };
	struct rig_pool pools[ARRAY_SIZE(segsizes)];
	struct device devs[ARRAY_SIZE(segsizes)];
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(segsizes); i++)
		rig_pool_create(&pools[i], KUKUI_BASE + i * SZ_1M, SZ_1M,
				segsizes[i] ?: RIG_NO_PROPERTY);
	rig_log_reset();
	for (i = 0; i < ARRAY_SIZE(segsizes); i++) {
		n = order[i];
		rig_device_init(&devs[n], "device");
		expect(!rig_pool_attach(&pools[n], &devs[n]), "pool %u was lost", n);
		expect(rig_segsize(&devs[n]) == (segsizes[n] ?: SET),
		       "pool %u: a segment has %u slots, expected %u", n,
		       rig_segsize(&devs[n]), segsizes[n] ?: SET);
		expect(!rig_node_refs(), "%d references to nodes were kept",
		       rig_node_refs());
	}
	expect(!*rig_log(), "said is '%s'", rig_log());
	for (i = 0; i < ARRAY_SIZE(segsizes); i++)
		rig_pool_destroy(&pools[i]);
}

/* No memory for it: an error, nothing is leaked, and the next attempt works. */
static void no_memory(void)
{
	struct rig_pool pool;
	struct device dev;
	int n, err;

	rig_pool_create(&pool, KUKUI_BASE, SZ_1M, 256);
	rig_device_init(&dev, "device");
	for (n = 0; n < 3; n++) {
		rig_fail_after(n);
		err = rig_pool_attach(&pool, &dev);
		expect(err == -ENOMEM, "without memory for %d: %d", n, err);
	}
	rig_fail_after(-1);
	expect(!rig_pool_attach(&pool, &dev), "with memory it fails, too");
	expect(rig_segsize(&dev) == 256, "a segment has %u slots", rig_segsize(&dev));
	rig_pool_destroy(&pool);
}

static const struct test tests[] = {
	{ "values", all_values, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "no value", no_value, NEEDS_SEGSIZE },
	{ "several pools", several_pools, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ "no memory", no_memory, NEEDS_SEGSIZE | NEEDS_SETS_128 },
	{ }
};

test_suite(property, tests);
