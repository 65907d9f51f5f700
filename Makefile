# SPDX-License-Identifier: GPL-2.0
#
# The front door: each target calls one script, which says more in its head.

export BASE ?= mainline
export KERNEL UPDATE FORCE SEND VERSION

# The scripts share the processors out themselves.
.NOTPARALLEL:
.PHONY: help deps tree series sign send run test test-all check bench chromebook clean

help:
	@echo 'make run      boot krane without and with the series, print the table'
	@echo 'make test     all tests; make check: those for while you work, a minute'
	@echo 'make test-all make test, on every kernel of scripts/matrix.sh: hours'
	@echo 'make bench    instructions per mapping, without and with the series'
	@echo 'make tree     the kernel tree with the series, in build/$(BASE)/tree'
	@echo 'make series   write patches/$(BASE) anew from the commits of that tree'
	@echo 'make sign     put your name into the mails: you certify their origin'
	@echo 'make send     show what would be sent, and to whom; SEND=1: send it'
	@echo 'make chromebook  a signed kernel partition for the MT8183 Chromebooks'
	@echo 'make deps     install what is needed (run, test, bench and tree do it too)'
	@echo 'make clean    remove build/; CLEAN=force: with commits not in the mails'
	@echo
	@echo 'BASE=name     another line of scripts/bases, or a version as 7.2'
	@echo 'KERNEL=path   a Linux tree of yours as the base; it is not changed'
	@echo 'UPDATE=1      with tree: look for a newer kernel than the tree has'
	@echo 'FORCE=1       with series: write it over mails that changed meanwhile'
	@echo 'VERSION=2     with send: the second posting, with its changelog'

deps:
	@scripts/deps.sh

tree: deps
	@scripts/tree.sh

series:
	@scripts/series.sh

sign: tree
	@scripts/sign.sh

send: tree
	@scripts/send.sh

run: deps
	@scripts/run.sh

bench: tree
	@scripts/bench.sh
	@scripts/bench-swiotlb.sh
	@EXTRA=bitmap scripts/bench.sh
	@EXTRA=bitmap scripts/bench-swiotlb.sh
	@scripts/placement.sh
	@scripts/contention.sh

chromebook: tree
	@scripts/chromebook.sh

check: tree
	@scripts/test.sh check

test: tree
	@scripts/test.sh all

test-all: tree
	@scripts/test.sh long

clean:
	@scripts/clean.sh
