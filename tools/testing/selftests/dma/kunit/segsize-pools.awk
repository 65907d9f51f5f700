# SPDX-License-Identifier: GPL-2.0
#
# The lines of lib/segsize-values become an overlay: one pool of 1 MiB and its device for
# each value.

BEGIN { FS = "\t" }
/^(#|$)/ { next }
{
	base = sprintf("%x", 1761607680 + 1048576 * n++)
	prop = "\t\t\tio-tlb-segsize = " $2 ";\n"
	if ($3 == "absent")
		prop = ""
	else if ($2 == "-")
		prop = "\t\t\tio-tlb-segsize;\n"
	pools = pools "\t\tpool_row_" n ": row-" $1 "-pool@" base " {\n" \
		"\t\t\tcompatible = \"restricted-dma-pool\";\n" \
		"\t\t\treg = <0x0 0x" base " 0x0 0x100000>;\n" prop "\t\t};\n"
	devices = devices "\trow-" $1 " {\n" \
		"\t\tcompatible = \"swiotlb-test,kunit\";\n" \
		"\t\tmemory-region = <&pool_row_" n ">;\n" \
		"\t\tswiotlb-test,segsize = <" $4 ">;\n\t};\n"
}
END {
	printf "/dts-v1/;\n/plugin/;\n&{/} {\n\treserved-memory {\n%s\t};\n%s};\n", pools, devices
}
