// SPDX-License-Identifier: GPL-2.0
/*
 * Stream video frames from the devices of kernel/dma/vb2_probe.c.
 *
 * usage: vb2_probe capture|export|show|replay|import WIDTH HEIGHT coherent|noncoherent FRAMES
 *
 *	capture	FRAMES frames from the capture device, in buffers that are mapped
 *		here, each compared word by word
 *	export	that, and each frame given to the device "display" as a dma-buf, which
 *		maps it, compares it, and lets it go
 *	show	the same with the device "screen"
 *	replay	FRAMES frames in one buffer, which the display keeps mapped
 *	import	FRAMES frames, each captured into a dma-buf of the output device, and
 *		compared where that has it mapped
 *
 * Prints one line: "frames=N", or which call failed, with its errno.
 * Exit status: 0 if all frames were as they should be, or if a device refused the
 * dma-buf ("refused: "), 1 otherwise.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFERS	3

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void call(int fd, unsigned long request, const char *what, void *arg)
{
	if (ioctl(fd, request, arg))
		fail(what);
}

static int open_device(const char *name)
{
	char path[] = "/dev/videoN";
	struct v4l2_capability cap;
	int fd, i;

	for (i = 0; i < 10; i++) {
		path[sizeof(path) - 2] = '0' + i;
		fd = open(path, O_RDWR);
		if (fd < 0)
			continue;
		if (!ioctl(fd, VIDIOC_QUERYCAP, &cap) && !strcmp((char *)cap.card, name))
			return fd;
		close(fd);
	}
	errno = ENODEV;
	fail(name);
	return -1;
}

static size_t set_format(int fd, unsigned int type, unsigned int width, unsigned int height)
{
	struct v4l2_format format = { .type = type };

	format.fmt.pix.width = width;
	format.fmt.pix.height = height;
	format.fmt.pix.pixelformat = V4L2_PIX_FMT_NV12;
	call(fd, VIDIOC_S_FMT, "S_FMT", &format);
	if (format.fmt.pix.sizeimage < width * height * 3 / 2) {
		errno = EINVAL;
		fail("S_FMT");
	}
	return format.fmt.pix.sizeimage;
}

static void request_buffers(int fd, unsigned int type, unsigned int memory,
			    unsigned int flags, unsigned int count)
{
	struct v4l2_requestbuffers request = {
		.count = count, .type = type, .memory = memory, .flags = flags,
	};

	call(fd, VIDIOC_REQBUFS, "REQBUFS", &request);
	if (request.count != count || (request.flags & flags) != flags) {
		errno = ENOMEM;
		fail("REQBUFS");
	}
}

/* Each word follows from the first, which is not 0, and its place. */
static void compare(const uint32_t *word, size_t size)
{
	uint32_t seed = word[0];
	size_t i;

	for (i = 0; i < size / 4; i++) {
		if (!seed || word[i] != seed + (uint32_t)i * 2654435761U) {
			printf("a frame differs at offset %zu of %zu\n", i * 4, size);
			exit(1);
		}
	}
}

static void import_buffer(int fd, struct v4l2_buffer *buf)
{
	if (!ioctl(fd, VIDIOC_QBUF, buf))
		return;
	printf("refused: QBUF: %s\n", strerror(errno));
	exit(0);
}

/* One frame for the other device, which has the buffer mapped until hide() */
static void show(int display, int frame, size_t size)
{
	unsigned int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
	struct v4l2_buffer buf = {
		.type = type, .memory = V4L2_MEMORY_DMABUF, .m.fd = frame,
		.bytesused = size, .length = size,
	};

	import_buffer(display, &buf);
	call(display, VIDIOC_STREAMON, "STREAMON of the output", &type);
	call(display, VIDIOC_DQBUF, "DQBUF of a dma-buf", &buf);
	if (buf.flags & V4L2_BUF_FLAG_ERROR) {
		errno = EIO;
		fail("the output's frame");
	}
}

static void hide(int display)
{
	unsigned int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;

	call(display, VIDIOC_STREAMOFF, "STREAMOFF of the output", &type);
	request_buffers(display, type, V4L2_MEMORY_DMABUF, 0, 0);
}

/* One frame into the other device's buffer, which is let go before it is looked at */
static void capture_into(int camera, int frame, size_t size)
{
	unsigned int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	struct v4l2_buffer buf = {
		.type = type, .memory = V4L2_MEMORY_DMABUF, .m.fd = frame, .length = size,
	};

	request_buffers(camera, type, V4L2_MEMORY_DMABUF, 0, 1);
	import_buffer(camera, &buf);
	call(camera, VIDIOC_STREAMON, "STREAMON", &type);
	call(camera, VIDIOC_DQBUF, "DQBUF", &buf);
	if (buf.flags & V4L2_BUF_FLAG_ERROR || buf.bytesused != size) {
		errno = EIO;
		fail("a frame");
	}
	call(camera, VIDIOC_STREAMOFF, "STREAMOFF", &type);
	request_buffers(camera, type, V4L2_MEMORY_DMABUF, 0, 0);
}

static int import(int camera, int display, size_t size, unsigned int flags, int frames)
{
	unsigned int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
	struct v4l2_buffer buf = { .type = type, .memory = V4L2_MEMORY_MMAP };
	struct v4l2_exportbuffer export = { .type = type, .flags = O_RDWR };
	void *map;
	int n;

	request_buffers(display, type, V4L2_MEMORY_MMAP, flags, 1);
	call(display, VIDIOC_QUERYBUF, "QUERYBUF", &buf);
	call(display, VIDIOC_EXPBUF, "EXPBUF", &export);
	map = mmap(NULL, buf.length, PROT_READ | PROT_WRITE, MAP_SHARED, display,
		   buf.m.offset);
	if (map == MAP_FAILED)
		fail("mmap");
	for (n = 0; n < frames; n++) {
		memset(map, 0, size);
		capture_into(camera, export.fd, size);
		compare(map, size);
	}
	printf("frames=%d\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int type = V4L2_BUF_TYPE_VIDEO_CAPTURE, flags = 0, width, height, i;
	unsigned int buffers = BUFFERS;
	int camera, display = -1, dmabuf[BUFFERS], frames, n;
	const char *job = argc > 1 ? argv[1] : "";
	bool replay = !strcmp(job, "replay");
	void *map[BUFFERS];
	size_t size;

	if (argc != 6 || (strcmp(job, "capture") && strcmp(job, "export") &&
			  strcmp(job, "show") && !replay && strcmp(job, "import"))) {
		fprintf(stderr,
			"usage: %s capture|export|show|replay|import WIDTH HEIGHT coherent|noncoherent FRAMES\n",
			argv[0]);
		return 2;
	}
	width = atoi(argv[2]);
	height = atoi(argv[3]);
	frames = atoi(argv[5]);
	if (!strcmp(argv[4], "noncoherent"))
		flags = V4L2_MEMORY_FLAG_NON_COHERENT;

	camera = open_device("camera");
	size = set_format(camera, type, width, height);
	if (strcmp(job, "capture")) {
		display = open_device(strcmp(job, "show") ? "display" : "screen");
		set_format(display, V4L2_BUF_TYPE_VIDEO_OUTPUT, width, height);
	}
	if (!strcmp(job, "import"))
		return import(camera, display, size, flags, frames);
	if (replay)
		buffers = 1;
	if (display >= 0)
		request_buffers(display, V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_MEMORY_DMABUF, 0, 1);
	request_buffers(camera, type, V4L2_MEMORY_MMAP, flags, buffers);
	for (i = 0; i < buffers; i++) {
		struct v4l2_buffer buf = { .index = i, .type = type, .memory = V4L2_MEMORY_MMAP };
		struct v4l2_exportbuffer export = { .type = type, .index = i, .flags = O_RDWR };

		call(camera, VIDIOC_QUERYBUF, "QUERYBUF", &buf);
		map[i] = mmap(NULL, buf.length, PROT_READ | PROT_WRITE, MAP_SHARED, camera,
			      buf.m.offset);
		if (map[i] == MAP_FAILED)
			fail("mmap");
		if (display >= 0) {
			call(camera, VIDIOC_EXPBUF, "EXPBUF", &export);
			dmabuf[i] = export.fd;
		}
		call(camera, VIDIOC_QBUF, "QBUF", &buf);
	}
	call(camera, VIDIOC_STREAMON, "STREAMON", &type);
	for (n = 0; n < frames; n++) {
		struct v4l2_buffer buf = { .type = type, .memory = V4L2_MEMORY_MMAP };

		call(camera, VIDIOC_DQBUF, "DQBUF", &buf);
		if (buf.flags & V4L2_BUF_FLAG_ERROR || buf.bytesused != size) {
			errno = EIO;
			fail("a frame");
		}
		compare(map[buf.index], size);
		if (display >= 0)
			show(display, dmabuf[buf.index], size);
		if (display >= 0 && !replay) {
			hide(display);
			request_buffers(display, V4L2_BUF_TYPE_VIDEO_OUTPUT,
					V4L2_MEMORY_DMABUF, 0, 1);
		}
		/* The next frame must not be this one. */
		memset(map[buf.index], 0, size);
		call(camera, VIDIOC_QBUF, "QBUF", &buf);
	}
	call(camera, VIDIOC_STREAMOFF, "STREAMOFF", &type);
	if (display >= 0)
		request_buffers(display, V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_MEMORY_DMABUF, 0, 0);
	for (i = 0; i < buffers; i++) {
		munmap(map[i], size);
		if (display >= 0)
			close(dmabuf[i]);
	}
	request_buffers(camera, type, V4L2_MEMORY_MMAP, 0, 0);
	printf("frames=%d\n", n);
	return 0;
}
