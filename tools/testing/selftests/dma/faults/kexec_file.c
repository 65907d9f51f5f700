// SPDX-License-Identifier: GPL-2.0
/*
 * Go on with another kernel at once, whatever is still mapped or open:
 *
 *	kexec_file IMAGE INITRAMFS COMMAND-LINE
 *
 * With -p as the first argument, have it ready for a panic.
 *
 * Exit status: 0 with -p when it is ready, 1 otherwise, if it comes back at all.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kexec.h>
#include <linux/reboot.h>

int main(int argc, char **argv)
{
	bool on_crash = argc > 1 && !strcmp(argv[1], "-p");
	int image, initramfs;

	argv += on_crash;
	argc -= on_crash;
	if (argc != 4) {
		fputs("usage: kexec_file [-p] IMAGE INITRAMFS COMMAND-LINE\n", stderr);
		return 1;
	}
	image = open(argv[1], O_RDONLY);
	initramfs = open(argv[2], O_RDONLY);
	if (image < 0 || initramfs < 0) {
		perror("kexec_file: open");
		return 1;
	}
	if (syscall(SYS_kexec_file_load, image, initramfs, strlen(argv[3]) + 1,
		    argv[3], on_crash ? KEXEC_FILE_ON_CRASH : 0UL)) {
		perror("kexec_file: kexec_file_load");
		return 1;
	}
	if (on_crash)
		return 0;
	reboot(LINUX_REBOOT_CMD_KEXEC);
	return 1;
}
