// SPDX-License-Identifier: GPL-2.0
/*
 * Go on with another kernel at once, whatever is still mapped or open:
 *
 *	kexec_file IMAGE INITRAMFS COMMAND-LINE
 *
 * Exit status: 1, if it comes back at all.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

int main(int argc, char **argv)
{
	int image, initramfs;

	if (argc != 4) {
		fputs("usage: kexec_file IMAGE INITRAMFS COMMAND-LINE\n", stderr);
		return 1;
	}
	image = open(argv[1], O_RDONLY);
	initramfs = open(argv[2], O_RDONLY);
	if (image < 0 || initramfs < 0) {
		perror("kexec_file: open");
		return 1;
	}
	if (syscall(SYS_kexec_file_load, image, initramfs, strlen(argv[3]) + 1,
		    argv[3], 0UL))
		perror("kexec_file: kexec_file_load");
	else
		reboot(LINUX_REBOOT_CMD_KEXEC);
	return 1;
}
