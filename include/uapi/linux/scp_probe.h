/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the SCP's stand-ins agree on: the firmware image (scp-firmware.S), the
 * model that plays the SCP in the guest (scp_model.c, both in
 * tools/testing/selftests/dma/), and the kernel's side of the tests
 * (kernel/dma/scp_probe.c).
 */
#ifndef _UAPI_LINUX_SCP_PROBE_H
#define _UAPI_LINUX_SCP_PROBE_H

/* Ids of inter-processor interrupts that no driver of the kernel has. */
#define SCP_PROBE_IPI_ECHO	0x40	/* comes back as it was sent */
#define SCP_PROBE_IPI_BUFFER	0x41	/* struct scp_probe_buffer */
#define SCP_PROBE_IPI_RPMSG	0x42	/* the address of SCP_PROBE_CHANNEL */

/* The rpmsg channel that the firmware announces; comes back as it was sent. */
#define SCP_PROBE_CHANNEL	"swiotlb-test-echo"

/* The longest message, in bytes; mtk_scp's ipi_share_buffer_size for mt8183 */
#define SCP_PROBE_MESSAGE_MAX	288

/*
 * A Cortex-M's vector table has slots that the architecture leaves free: in
 * this one is where the firmware has its struct scp_firmware_info.
 */
#define SCP_FIRMWARE_INFO_SLOT	7
#define SCP_FIRMWARE_MAGIC	0x50435353

#ifndef __ASSEMBLER__

#include <linux/types.h>

/**
 * struct scp_firmware_info - what the firmware would know of itself
 * @magic: SCP_FIRMWARE_MAGIC
 * @ipi_buffer: address in SRAM of what is shared with the AP: first from the
 *	SCP to the AP, then from the AP to the SCP, each of an id, a length and
 *	SCP_PROBE_MESSAGE_MAX bytes
 * @version: address in DRAM of the version string
 * @dram_start: first address in DRAM that is the firmware's
 * @dram_size: how many bytes are
 */
struct scp_firmware_info {
	__u32 magic;
	__u32 ipi_buffer;
	__u32 version;
	__u32 dram_start;
	__u32 dram_size;
};

enum scp_probe_result {
	SCP_PROBE_OK,
	SCP_PROBE_OUTSIDE,	/* not in the SCP's memory; not touched */
	SCP_PROBE_WRONG,	/* not what was written there */
};

/**
 * struct scp_probe_buffer - a buffer for the SCP to read and to write
 * @addr: where it is, as the SCP sees it
 * @size: in bytes, a multiple of 4
 * @seed: what word i has is @seed + i * SCP_PROBE_STEP, and what the SCP
 *	leaves there is ~@seed + i * SCP_PROBE_STEP
 * @result: the SCP's answer, one of enum scp_probe_result
 * @pad: 0
 */
struct scp_probe_buffer {
	__u64 addr;
	__u32 size;
	__u32 seed;
	__u32 result;
	__u32 pad;
};

#define SCP_PROBE_STEP		2654435761U

#endif /* __ASSEMBLER__ */

#endif /* _UAPI_LINUX_SCP_PROBE_H */
