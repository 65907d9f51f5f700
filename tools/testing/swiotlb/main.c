// SPDX-License-Identifier: GPL-2.0
/*
 * Run the suites of tests, and print TAP.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

#define SECONDS	60	/* that a test may take, if it doesn't say otherwise */

struct options options = { .seed = 1 };
static const char *filter = "";
static bool list, no_fork, stop;
static unsigned int count, failed;

static void usage(FILE *to)
{
	fputs("Usage: swiotlb-test [OPTION]...\n"
	      "Test the swiotlb allocator that it was compiled with.\n"
	      "\n"
	      "  --filter TEXT  only tests whose name, suite/test, has the text\n"
	      "  --list         print the names\n"
	      "  --seed N       what random tests begin with (1)\n"
	      "  --ops N        operations of each random test\n"
	      "  --rounds N     at most so many rounds of a random test\n"
	      "  --steps N      at most so many steps of a round\n"
	      "  --fixes        tests of what patches/fixes fixes, too: the kernel has it\n"
	      "  --verbose      show the kernel's messages\n"
	      "  --stop         end at the first test that fails\n"
	      "  --no-fork      run in this process, for a debugger; ends at an error\n"
	      "  --abort        end a test at an error by abort()\n",
	      to);
}

/*
 * It never ended, or went where there is no memory: say where it was. That
 * this must not be done in a handler is no matter, the process is lost anyway.
 */
static void on_signal(int sig)
{
	signal(sig, SIG_DFL);
	rig_last_words();
	raise(sig);
}

static void run(const struct test *test)
{
	signal(SIGALRM, on_signal);
#ifndef __SANITIZE_ADDRESS__
	signal(SIGSEGV, on_signal);
	signal(SIGBUS, on_signal);
#endif
	rig_init(4);
	/* Only slots matter to most; the others switch it on. */
	rig_copy = false;
	/* A kernel without the fix has its large pools, too: it is their slots that matter. */
	rig_large_kmalloc = !options.fixes;
	test->run();
}

static const char *why_not(const struct test *test)
{
	if ((test->needs & NEEDS_SEGSIZE) && !rig_build.has_segsize)
		return "this kernel's segments are slot sets";
	if ((test->needs & NEEDS_DYNAMIC) && !rig_build.dynamic)
		return "built without CONFIG_SWIOTLB_DYNAMIC";
	if ((test->needs & NEEDS_STATIC) && rig_build.dynamic)
		return "built with CONFIG_SWIOTLB_DYNAMIC";
	if ((test->needs & NEEDS_SETS_128) && rig_build.set_slots != 128)
		return "built with another size of a slot set";
	if ((test->needs & NEEDS_SETS_4) && rig_build.set_slots != 4)
		return "not built with slot sets of 4 slots";
	if ((test->needs & NEEDS_ALIGNMENT) && !rig_build.has_alignment)
		return "this kernel does not align addresses";
	if ((test->needs & NEEDS_PADDING) && !rig_build.has_pad_slots)
		return "this kernel has no padding slots, nor offsets where it syncs";
	if ((test->needs & NEEDS_BITMAP) && !rig_build.has_bitmap)
		return "this kernel counts free slots";
	if ((test->needs & NEEDS_MAP) && !rig_build.has_map)
		return "this kernel does not show which slots are in use";
	if ((test->needs & NEEDS_CC_POOLS) && !rig_build.has_cc_pools)
		return "this kernel's pools do not know whether they are shared";
	if ((test->needs & NEEDS_AREAS) && !rig_build.has_areas)
		return "this kernel's restricted pools have one area";
	if ((test->needs & NEEDS_ALL_AREAS) && !rig_build.searches_all_areas)
		return "this kernel searches as many areas as a default pool is to have";
	if ((test->needs & NEEDS_PARAM) && !rig_build.has_segsize_param)
		return "this kernel has no parameter swiotlb_segsize";
	if ((test->needs & NEEDS_FEWER_AREAS) && !rig_build.reduces_nareas && !options.fixes)
		return "this kernel gives a smaller pool as many areas";
	if ((test->needs & NEEDS_FIXES) && !options.fixes)
		return "of what patches/fixes fixes; --fixes runs it";
	if ((test->needs & NEEDS_THREADS) && !IS_ENABLED(CONFIG_RIG_THREADS))
		return "built without real locks";
	return NULL;
}

static void run_test(const struct suite *suite, const struct test *test)
{
	const char *skip = why_not(test);
	struct timeval start, now;
	unsigned int ms;
	char name[128];
	int status = 0;
	pid_t pid;

	snprintf(name, sizeof(name), "%s/%s", suite->name, test->name);
	if (!strstr(name, filter))
		return;
	if (list) {
		printf("%s\n", name);
		return;
	}
	count++;
	if (skip) {
		printf("ok %u - %s # SKIP %s\n", count, name, skip);
		return;
	}
	gettimeofday(&start, NULL);
	fflush(stdout);
	if (no_fork) {
		run(test);
	} else {
		pid = fork();
		if (pid < 0) {
			perror("# fork");
			exit(1);
		}
		if (!pid) {
			alarm(test->seconds ?: SECONDS);
			run(test);
			exit(0);
		}
		if (waitpid(pid, &status, 0) != pid) {
			perror("# waitpid");
			exit(1);
		}
	}
	gettimeofday(&now, NULL);
	ms = (now.tv_sec - start.tv_sec) * 1000 +
		(now.tv_usec - start.tv_usec) / 1000;
	if (WIFSIGNALED(status))
		printf("# ended by signal %d, %s\n", WTERMSIG(status),
		       WTERMSIG(status) == SIGALRM ? "which is: it took too long" :
		       strsignal(WTERMSIG(status)));
	if (status)
		failed++;
	printf("%s %u - %s%s", status ? "not ok" : "ok", count, name,
	       ms < 1000 ? "\n" : "");
	if (ms >= 1000)
		printf(" # %u.%u s\n", ms / 1000, ms % 1000 / 100);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "filter", required_argument, NULL, 'f' },
		{ "list", no_argument, NULL, 'l' },
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "steps", required_argument, NULL, 'n' },
		{ "fixes", no_argument, NULL, 'x' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "stop", no_argument, NULL, 'S' },
		{ "no-fork", no_argument, NULL, 'F' },
		{ "abort", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const struct suite * const *suite;
	const struct test *test;
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			filter = optarg;
			break;
		case 'l':
			list = true;
			break;
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			options.ops = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			options.rounds = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.steps = strtoull(optarg, NULL, 0);
			break;
		case 'x':
			options.fixes = true;
			break;
		case 'v':
			rig_verbose = true;
			break;
		case 'S':
			stop = true;
			break;
		case 'F':
			no_fork = true;
			break;
		case 'a':
			rig_abort = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 1;
		}
	}

	for (suite = __start_test_suites; suite < __stop_test_suites; suite++)
		for (test = (*suite)->tests; test->name && !(stop && failed); test++)
			run_test(*suite, test);
	if (list)
		return 0;
	printf("1..%u\n", count);
	if (!count)
		fprintf(stderr, "error: no test has '%s' in its name\n", filter);
	return failed || !count;
}
