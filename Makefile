# SPDX-License-Identifier: GPL-2.0
#
# The front door: each target calls one script, which says more in its head
# (--help prints it).

export BASE ?= mainline
export FIXES KERNEL UPDATE FORCE SEND VERSION
export T N FAILED JUNIT LEVEL SEED

# The scripts share the processors out themselves.
.NOTPARALLEL:
.PHONY: help deps tree series sign send run test test-all check list soak shell container bench chromebook clean

help:
	@echo 'make run      boot krane without and with the series, print the table'
	@echo 'make test     all tests; make check: those for while you work, a minute'
	@echo 'make test-all each test as long as it can be, on every kernel: hours'
	@echo 'make check-NAME  one test; make list: their names and groups'
	@echo 'make soak     the guest tests N=20 times, beside busy loops'
	@echo 'make shell    a shell in the guest: krane, its pools, the probe device'
	@echo 'make container  make test in a Debian 12 container; DO="run": make run'
	@echo 'make bench    instructions per mapping, without and with the series'
	@echo 'make tree     the kernel tree with the series, in build/$(BASE)/tree'
	@echo 'make series   write patches/$(BASE) anew from the commits of that tree'
	@echo 'make sign     put your name into the patches: you certify their origin'
	@echo 'make send     show what would be sent, and to whom; SEND=1: send it'
	@echo 'make chromebook  a signed kernel partition for the MT8183 Chromebooks'
	@echo 'make deps     install what is needed (run, test, bench and tree do it too)'
	@echo 'make clean    remove build/; CLEAN=force: with commits not in the patches'
	@echo
	@echo 'T="io scp"    with test, check, test-all, list, soak: only these tests or groups'
	@echo 'GDB=1         with shell: wait for a debugger; SCP=1: with the SCP running'
	@echo 'FAILED=1      with test: only those that failed the last time; JUNIT=file'
	@echo 'BASE=name     another line of scripts/bases, or a version as 7.2'
	@echo 'FIXES=1       with tree and tests: the base with patches/fixes, in build/$(BASE)-fixes'
	@echo 'KERNEL=path   a Linux tree of yours as the base; it is not changed'
	@echo 'UPDATE=1      with tree: look for a newer kernel than the tree has'
	@echo 'FORCE=1       with series: write it over patches that changed meanwhile'
	@echo 'VERSION=2     with send: the second posting, with its changelog'

deps:
	@scripts/deps.sh

tree: deps
	@scripts/kernel/tree.sh

series:
	@scripts/patches/series.sh

sign: tree
	@scripts/patches/sign.sh

send: tree
	@scripts/patches/send.sh

run:
	@scripts/deps.sh run
	@scripts/guest/run.sh

shell:
	@scripts/deps.sh run
	@scripts/guest/shell.sh

container:
	@scripts/container.sh $(or $(DO),test)

bench: tree
	@scripts/bench/kernel.sh
	@scripts/bench/swiotlb.sh
	@EXTRA=bitmap scripts/bench/kernel.sh
	@EXTRA=bitmap scripts/bench/swiotlb.sh
	@scripts/bench/placement.sh
	@scripts/bench/contention.sh

chromebook: tree
	@scripts/chromebook/image.sh

check: tree
	@scripts/test.sh check

test: tree
	@scripts/test.sh test

test-all: tree
	@scripts/test.sh all

check-%: tree
	@scripts/test.sh test $*

soak: tree
	@scripts/test.sh soak

list:
	@scripts/test.sh list

clean:
	@scripts/clean.sh
