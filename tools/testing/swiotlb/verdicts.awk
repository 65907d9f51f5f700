# SPDX-License-Identifier: GPL-2.0
#
# Of what the tests say, a line "TEST: WHAT IT SAID" for each that failed

/^ok / { said = found = "" }
/^not ok / {
	sub(/^not ok [0-9]+ - /, "")
	sub(/ *#.*/, "")
	print $0 ": " (found ? found : said)
	said = found = ""
}
/^SUMMARY: AddressSanitizer: / { found = "AddressSanitizer: " $3 " in " $NF }
/: runtime error: / { found = $0; sub(/.*: runtime error: /, "UBSan: ", found) }
/^# BUG at / { found = $0; sub(/^# BUG at [^ ]*: /, "BUG_ON: ", found) }
/^# ended by signal (14|24),/ { found = "hangs" }
/^# / && !said { said = substr($0, 3) }
