# SPDX-License-Identifier: GPL-2.0
#
# Lines "DEVICE ADDRESS SIZE", or lists of both with commas: the address is hexadecimal,
# the size is if it begins with 0x. Instead of a device of virtio-mmio, of which each has a pool of its own, there may
# be "any", or @ with the address of its ring. Counts for each device what lies in its
# pool, shows what does not, and fails if there is such, or a device of "names" without
# any. The file "pools" has a line for each pool: its device, first and last address.

function owner(address,   device)
{
	for (device in base)
		if (device ~ /virtio_mmio$/ && address + 0 >= base[device] && address + 0 < end[device])
			return device
	return "nobody"
}

BEGIN {
	while ((getline line <pools) > 0) {
		split(line, f, " ")
		base[f[1]] = f[2] + 0
		end[f[1]] = f[3] + 0
	}
}

function check(device, address, size,   from, pool)
{
	from = hex(address)
	size = size ~ /^0x/ ? hex(size) : size
	pool = device == "any" ? owner(from) : device
	if (pool in base && from >= base[pool] && from + size <= end[pool]) {
		count[device]++
		bytes[device] += size
	} else if (bad++ < 20) {
		print "not in the pool of " device ": " address ", " size " bytes"
	}
}

{
	device = $1 ~ /^@/ ? owner(substr($1, 2)) : $1
	n = split($2, addresses, ",")
	split($3, sizes, ",")
	for (i = 1; i <= n; i++)
		check(device, addresses[i], sizes[i])
}

END {
	for (device in count)
		printf "%s: %d addresses, %.0f bytes in all\n", device, count[device], bytes[device]
	n = split(names, f, " ")
	for (i = 1; i <= n; i++)
		if (!count[f[i]]) {
			print "no address of " f[i]
			bad++
		}
	if (bad)
		print bad " are wrong"
	exit bad != 0
}
