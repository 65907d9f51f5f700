# SPDX-License-Identifier: GPL-2.0
#
# Of QEMU's trace: the sectors of the largest request of that "kind", virtio_blk_handle_write
# or _read, and its pieces: the buffers of the queue's element, less those of the head
# and of the status. The element is told before the request.

/virtqueue_pop / {
	for (i = 1; i < NF; i++) {
		if ($i == "in_num")
			in_num = $(i + 1)
		if ($i == "out_num")
			out_num = $(i + 1)
	}
}

index($0, kind " ") {
	for (i = 1; i < NF; i++)
		sectors = $i == "nsectors" ? $(i + 1) : sectors
	if (sectors + 0 > most + 0) {
		most = sectors
		pieces = in_num + out_num - 2
	}
}

END { print most + 0, pieces + 0 }
