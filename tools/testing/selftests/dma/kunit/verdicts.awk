# SPDX-License-Identifier: GPL-2.0
#
# What kunit.py says of the suite's cases, "[VERDICT] CASE": those one level below the
# suite, which are told in one line, or, with parameters, between two.

{ sub(/^\[[0-9:]*\] /, "") }
/^=+ [^[]* =+$/ { depth++ }
/^=+ \[[A-Z ]+\] .* =+$/ { depth--; gsub(/^=+ | =+$/, "") }
/^\[ERROR\] / || !/^\[[A-Z ]+\]/ || depth != 1 { next }
{
	verdict = $0
	sub(/\].*/, "]", verdict)
	gsub(/ /, "-", verdict)
	sub(/^[^]]*\] */, "")
	print verdict, $1
}
