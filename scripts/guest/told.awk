# SPDX-License-Identifier: GPL-2.0
#
# What is wrong with the plan of a guest, from its console without time stamps: what the
# last kernel told (kexec and a reset have two in one console) has to be as much as its
# init planned.

/^tap: TAP version/ { n = 0; plan = -1 }
/^tap: (not )?ok - / { n++ }
/^tap: 1\.\.[0-9]+$/ { sub(/.*\.\./, ""); plan = $0 + 0 }
END {
	if (plan < 0)
		print "told no plan"
	else if (plan != n + 0)
		print "planned " plan + 0 " answers, and " n + 0 " are here"
}
