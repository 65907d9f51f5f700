/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test is. Each runs in a process of its own, so it begins with a kernel
 * that has just booted, and may end it by any error: rig_die(), the allocator's
 * BUG_ON(), a sanitizer's finding, or too much time.
 */
#ifndef SWIOTLB_TEST_H
#define SWIOTLB_TEST_H

#include <stdio.h>

#include "../model.h"
#include "../rig.h"

/* What a test needs of the build; without, it is skipped. */
#define NEEDS_SEGSIZE	BIT(0)
#define NEEDS_DYNAMIC	BIT(1)
#define NEEDS_STATIC	BIT(2)
#define NEEDS_SETS_128	BIT(3)
#define NEEDS_SETS_4	BIT(4)
#define NEEDS_THREADS	BIT(5)
#define NEEDS_ALIGNMENT	BIT(6)
#define NEEDS_PADDING	BIT(7)
#define NEEDS_CC_POOLS	BIT(8)
#define NEEDS_AREAS	BIT(9)
#define NEEDS_ALL_AREAS	BIT(10)
#define NEEDS_PARAM	BIT(11)
#define NEEDS_MAP	BIT(12)
#define NEEDS_BITMAP	BIT(13)
#define NEEDS_FEWER_AREAS	BIT(14)
/* It fails without a patch of patches/fixes: run with --fixes only. */
#define NEEDS_FIXES	BIT(15)

/**
 * struct test - a test
 * @name:	Unique in its suite.
 * @run:	Returns if it has passed.
 * @needs:	NEEDS_...
 * @seconds:	Time that it may take; 0 for the usual.
 */
struct test {
	const char *name;
	void (*run)(void);
	unsigned int needs;
	unsigned int seconds;
};

struct suite {
	const char *name;
	const struct test *tests;
};

/* Where the linker puts the suites' addresses, one after the other */
extern const struct suite * const __start_test_suites[];
extern const struct suite * const __stop_test_suites[];

/**
 * test_suite() - let the program run the tests of a file
 * @_name:	What the names of its tests begin with.
 * @_tests:	An array of struct test, the last without a name.
 */
#define test_suite(_name, _tests)						\
	static const struct suite _name##_suite = { #_name, _tests };		\
	static const struct suite * const _name##_suite_entry			\
	__attribute__((used, section("test_suites"))) = &_name##_suite

/**
 * struct options - from the command line
 * @seed:	What random sequences begin with.
 * @ops:	Operations of each random test; 0 for each one's own number.
 * @rounds:	At most so many rounds of a random test; 0 for no limit.
 * @steps:	At most so many steps of each round; 0 for no limit.
 * @fixes:	The kernel is expected to have the patches of patches/fixes.
 */
struct options {
	u64 seed;
	u64 ops;
	u64 rounds;
	u64 steps;
	bool fixes;
};

extern struct options options;

/* End the test with a message, unless @cond holds. */
#define expect(cond, fmt, ...) do {				\
	if (!(cond))						\
		rig_die("%s:%d: " fmt, strrchr("/" __FILE__, '/') + 1,	\
			__LINE__, ##__VA_ARGS__);		\
} while (0)

/**
 * struct fixture - a restricted pool with a device, and the model of it
 */
struct fixture {
	struct rig_pool pool;
	struct device dev;
	struct model m;
	struct rig_view view;
};

/**
 * setup() - make a restricted pool of @slots slots at @base
 * @f:		Overwritten.
 * @base:	Physical address.
 * @slots:	Its size.
 * @segsize:	The property's value, a good one; 0 for none.
 */
void setup(struct fixture *f, phys_addr_t base, unsigned long slots, unsigned int segsize);

/*
 * The same on a machine of @cpus CPUs, where setup() has one, so that the pool has one
 * area: that is of meaning to kernels with NEEDS_AREAS only.
 */
void setup_cpus(struct fixture *f, phys_addr_t base, unsigned long slots,
		unsigned int segsize, unsigned int cpus);

/* Free what is live, check, and take the pool away. */
void teardown(struct fixture *f);

/**
 * fill() - map all slots, one by one, in the order of their addresses
 * @f:		Nothing is in use.
 *
 * Return: the buffers, by slot. Who frees some is to set them to %NULL.
 */
struct model_buf **fill(struct fixture *f);

/* Unmap the slots from @first on. */
void open_hole(struct fixture *f, struct model_buf **bufs, unsigned long first,
	       unsigned long nslots);

/*
 * Is the text of the file io_tlb_map as it has to be, even if slots come and go
 * while it is made? Ranges ascend and end within their pool.
 */
void expect_map(const char *text);

/* Where nothing is copied any address will do. */
#define SOURCE	(RIG_SOURCES + 0x100000)
#define SET	rig_build.set_slots
#define DEFAULT_SEGSIZE	rig_build.set_slots

/**
 * default_begin() - begin with a default pool that has just been made
 * @dev:	Overwritten: a device on it.
 * @m:		Overwritten: its model.
 * @view:	Overwritten: its one memory pool.
 * @segsize:	Its segment size, in slots.
 */
void default_begin(struct device *dev, struct model *m, struct rig_view *view,
		   unsigned int segsize);

/* Free all that is in use, and the default pool; nothing of it may be left. */
void default_end(struct model *m);

#endif /* SWIOTLB_TEST_H */
