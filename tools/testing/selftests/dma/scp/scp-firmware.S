/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A firmware image for MT8183's SCP, a Cortex-M4, of the shape of a real one:
 * vectors and code in SRAM, more in the DRAM that the kernel has reserved, and a
 * section .ipi_buffer that tells where the two talk. In QEMU nothing executes
 * it; scp_model.c does what such a firmware would, from what it finds in memory.
 *
 * scp-firmware.ld says what goes where.
 */
#include <linux/scp_probe.h>

	.syntax unified
	.cpu cortex-m4
	.thumb

	.section .vectors, "a"
	.long	stack_top
	.long	reset
	.rept	SCP_FIRMWARE_INFO_SLOT - 2
	.long	hang
	.endr
	.long	firmware_info

	.text
	.thumb_func
	.global reset
reset:
	/* The IPI SCP_IPI_INIT would be sent from here. */
	.thumb_func
hang:
	wfi
	b	hang

	.section .rodata, "a"
	.align	2
firmware_info:
	.long	SCP_FIRMWARE_MAGIC
	.long	ipi_buffer
	.long	version
	.long	dram_start
	.long	DRAM_SIZE

	.section .ipi_buffer, "aw", %nobits
ipi_buffer:
	.space	2 * (4 + 4 + SCP_PROBE_MESSAGE_MAX)

	/*
	 * All of what the driver allocates, no two words of it alike: what is
	 * missing, moved or written over is seen.
	 */
	.section .dram, "aw"
dram_start:
version:
	.asciz	"swiotlb-test-scp-1.0"
	.org	32
	.set	word, 0
	.rept	(DRAM_SIZE - 32) / 4
	.long	0x5c000000 + word
	.set	word, word + 1
	.endr
