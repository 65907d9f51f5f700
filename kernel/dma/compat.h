/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the test modules use of today's kernel and those of scripts/bases do not
 * have yet. Included last, and gone when those are.
 */
#ifndef SWIOTLB_TEST_COMPAT_H
#define SWIOTLB_TEST_COMPAT_H

#include <linux/list.h>
#include <linux/slab.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/* Before 7.0 */
#ifndef kmalloc_obj
#define kmalloc_obj(obj)	kmalloc(sizeof(obj), GFP_KERNEL)
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#define kvmalloc_objs(obj, n)	kvmalloc_array(n, sizeof(obj), GFP_KERNEL)
#define kvzalloc_objs(obj, n)	kvcalloc(n, sizeof(obj), GFP_KERNEL)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline size_t list_count_nodes(struct list_head *head)
{
	struct list_head *pos;
	size_t n = 0;

	list_for_each(pos, head)
		n++;
	return n;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#include <linux/hrtimer.h>

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#ifdef KUNIT_CASE_PARAM
/*
 * Before 6.6, a suite is run when its module has no kobject yet to put a driver under.
 * Without an owner a driver needs none, which is right for the kernels up to 6.12, too.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#undef platform_driver_register
#define platform_driver_register(driver)	__platform_driver_register(driver, NULL)
#endif

/* Before 6.8 */
#ifndef KUNIT_FAIL_AND_ABORT
#define KUNIT_FAIL_AND_ABORT(test, fmt, ...) \
	KUNIT_ASSERT_TRUE_MSG(test, false, fmt, ##__VA_ARGS__)
#endif

/* Up to 6.17 a generator of parameters does not get the test. */
#ifdef KUNIT_CASE_PARAM_WITH_INIT
#define KUNIT_GENERATOR(name) \
	const void *(name)(struct kunit *test, const void *prev, char *desc)
#else
#define KUNIT_GENERATOR(name) \
	const void *(name)(const void *prev, char *desc)
#endif
#endif

#endif /* SWIOTLB_TEST_COMPAT_H */
