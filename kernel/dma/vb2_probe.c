// SPDX-License-Identifier: GPL-2.0
/*
 * A camera without a sensor, and a display without a screen, to see what video
 * buffers of videobuf2's dma-contig get from a restricted pool.
 *
 * A node with the compatible "swiotlb-test,vb2-probe" becomes a V4L2 device. It
 * captures frames; with the property swiotlb-test,output it takes frames and
 * compares them instead. A frame is NV12. Its first word is a seed, and the others
 * follow from that and their place. A frame that is not in the device's
 * memory-region, if it has one, is an error, and so is one that differs, or that is
 * shown twice.
 *
 * The device's accesses are played by the CPU through the DMA address, as in
 * dma_probe.c: DMA addresses have to be physical ones, and where a device is not
 * coherent the machine must have no caches (QEMU).
 */

#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include <media/v4l2-device.h>
#include <media/v4l2-fh.h>
#include <media/v4l2-ioctl.h>
#include <media/videobuf2-dma-contig.h>
#include <media/videobuf2-v4l2.h>

#define VB2_PROBE_MAX_WIDTH	8192
#define VB2_PROBE_MAX_HEIGHT	8192

struct vb2_probe {
	struct device *dev;
	struct v4l2_device v4l2_dev;
	struct video_device vdev;
	struct vb2_queue queue;
	/* Serializes ioctls, and protects @format. */
	struct mutex lock;
	struct v4l2_pix_format format;
	struct resource pool;
	bool output;

	struct work_struct work;
	/* Protects @queued and @streaming. */
	spinlock_t queued_lock;
	struct list_head queued;
	bool streaming;
	u32 sequence;
	/* The seed of the last frame that was shown */
	u32 shown;
};

struct vb2_probe_buffer {
	struct vb2_v4l2_buffer vb;
	struct list_head node;
};

static u32 vb2_probe_word(u32 seed, size_t i)
{
	return seed + (u32)i * 2654435761U;
}

static int vb2_probe_access(struct vb2_probe *probe, struct vb2_buffer *vb)
{
	dma_addr_t dma_addr = vb2_dma_contig_plane_dma_addr(vb, 0);
	size_t size = probe->format.sizeimage, i;
	int ret = 0;
	u32 *word;

	if (dma_addr < probe->pool.start || dma_addr + size - 1 > probe->pool.end) {
		dev_err(probe->dev, "a frame at %pad, not in %pR\n", &dma_addr,
			&probe->pool);
		return -EFAULT;
	}
	word = memremap(dma_addr, size, MEMREMAP_WB);
	if (!word)
		return -ENXIO;
	if (probe->output) {
		for (i = 0; i < size / 4; i++) {
			if (word[i] == vb2_probe_word(word[0], i))
				continue;
			dev_err(probe->dev, "a frame differs at offset %zu of %zu\n",
				i * 4, size);
			ret = -EIO;
			break;
		}
		if (word[0] == probe->shown) {
			dev_err(probe->dev, "a frame is shown twice\n");
			ret = -EIO;
		}
		probe->shown = word[0];
	} else {
		for (i = 0; i < size / 4; i++)
			word[i] = vb2_probe_word(probe->sequence + 1, i);
	}
	memunmap(word);
	return ret;
}

static struct vb2_probe_buffer *vb2_probe_next(struct vb2_probe *probe)
{
	struct vb2_probe_buffer *buf = NULL;
	unsigned long flags;

	spin_lock_irqsave(&probe->queued_lock, flags);
	if (probe->streaming)
		buf = list_first_entry_or_null(&probe->queued,
					       struct vb2_probe_buffer, node);
	if (buf)
		list_del(&buf->node);
	spin_unlock_irqrestore(&probe->queued_lock, flags);
	return buf;
}

static void vb2_probe_work(struct work_struct *work)
{
	struct vb2_probe *probe = container_of(work, struct vb2_probe, work);
	struct vb2_probe_buffer *buf;
	int ret;

	while ((buf = vb2_probe_next(probe))) {
		ret = vb2_probe_access(probe, &buf->vb.vb2_buf);
		buf->vb.sequence = probe->sequence++;
		vb2_set_plane_payload(&buf->vb.vb2_buf, 0, probe->format.sizeimage);
		vb2_buffer_done(&buf->vb.vb2_buf,
				ret ? VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
	}
}

static int vb2_probe_queue_setup(struct vb2_queue *queue, unsigned int *num_buffers,
				 unsigned int *num_planes, unsigned int sizes[],
				 struct device *alloc_devs[])
{
	struct vb2_probe *probe = vb2_get_drv_priv(queue);

	if (*num_planes)
		return sizes[0] < probe->format.sizeimage ? -EINVAL : 0;
	*num_planes = 1;
	sizes[0] = probe->format.sizeimage;
	return 0;
}

static int vb2_probe_buf_prepare(struct vb2_buffer *vb)
{
	struct vb2_probe *probe = vb2_get_drv_priv(vb->vb2_queue);

	return vb2_plane_size(vb, 0) < probe->format.sizeimage ? -EINVAL : 0;
}

static void vb2_probe_buf_queue(struct vb2_buffer *vb)
{
	struct vb2_probe *probe = vb2_get_drv_priv(vb->vb2_queue);
	struct vb2_probe_buffer *buf = container_of(to_vb2_v4l2_buffer(vb),
						    struct vb2_probe_buffer, vb);
	unsigned long flags;

	spin_lock_irqsave(&probe->queued_lock, flags);
	list_add_tail(&buf->node, &probe->queued);
	spin_unlock_irqrestore(&probe->queued_lock, flags);
	schedule_work(&probe->work);
}

static void vb2_probe_set_streaming(struct vb2_probe *probe, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&probe->queued_lock, flags);
	probe->streaming = on;
	spin_unlock_irqrestore(&probe->queued_lock, flags);
}

static int vb2_probe_start_streaming(struct vb2_queue *queue, unsigned int count)
{
	struct vb2_probe *probe = vb2_get_drv_priv(queue);

	vb2_probe_set_streaming(probe, true);
	schedule_work(&probe->work);
	return 0;
}

static void vb2_probe_stop_streaming(struct vb2_queue *queue)
{
	struct vb2_probe *probe = vb2_get_drv_priv(queue);
	struct vb2_probe_buffer *buf, *next;

	vb2_probe_set_streaming(probe, false);
	cancel_work_sync(&probe->work);
	list_for_each_entry_safe(buf, next, &probe->queued, node) {
		list_del(&buf->node);
		vb2_buffer_done(&buf->vb.vb2_buf, VB2_BUF_STATE_ERROR);
	}
}

static const struct vb2_ops vb2_probe_queue_ops = {
	.queue_setup = vb2_probe_queue_setup,
	.buf_prepare = vb2_probe_buf_prepare,
	.buf_queue = vb2_probe_buf_queue,
	.start_streaming = vb2_probe_start_streaming,
	.stop_streaming = vb2_probe_stop_streaming,
};

static int vb2_probe_querycap(struct file *file, void *fh, struct v4l2_capability *cap)
{
	struct vb2_probe *probe = video_drvdata(file);

	/* With their sizes, for 6.1 */
	strscpy(cap->driver, "vb2-probe", sizeof(cap->driver));
	strscpy(cap->card, dev_name(probe->dev), sizeof(cap->card));
	return 0;
}

static int vb2_probe_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f)
{
	if (f->index)
		return -EINVAL;
	f->pixelformat = V4L2_PIX_FMT_NV12;
	return 0;
}

static int vb2_probe_g_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct vb2_probe *probe = video_drvdata(file);

	f->fmt.pix = probe->format;
	return 0;
}

static int vb2_probe_try_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct v4l2_pix_format *pix = &f->fmt.pix;

	pix->width = clamp(ALIGN(pix->width, 16), 16U, VB2_PROBE_MAX_WIDTH);
	pix->height = clamp(ALIGN(pix->height, 2), 2U, VB2_PROBE_MAX_HEIGHT);
	pix->pixelformat = V4L2_PIX_FMT_NV12;
	pix->field = V4L2_FIELD_NONE;
	pix->bytesperline = pix->width;
	pix->sizeimage = pix->width * pix->height * 3 / 2;
	pix->colorspace = V4L2_COLORSPACE_REC709;
	return 0;
}

static int vb2_probe_s_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct vb2_probe *probe = video_drvdata(file);

	if (vb2_is_busy(&probe->queue))
		return -EBUSY;
	vb2_probe_try_fmt(file, fh, f);
	probe->format = f->fmt.pix;
	return 0;
}

static const struct v4l2_ioctl_ops vb2_probe_ioctl_ops = {
	.vidioc_querycap = vb2_probe_querycap,
	.vidioc_enum_fmt_vid_cap = vb2_probe_enum_fmt,
	.vidioc_g_fmt_vid_cap = vb2_probe_g_fmt,
	.vidioc_try_fmt_vid_cap = vb2_probe_try_fmt,
	.vidioc_s_fmt_vid_cap = vb2_probe_s_fmt,
	.vidioc_enum_fmt_vid_out = vb2_probe_enum_fmt,
	.vidioc_g_fmt_vid_out = vb2_probe_g_fmt,
	.vidioc_try_fmt_vid_out = vb2_probe_try_fmt,
	.vidioc_s_fmt_vid_out = vb2_probe_s_fmt,
	.vidioc_reqbufs = vb2_ioctl_reqbufs,
	.vidioc_create_bufs = vb2_ioctl_create_bufs,
	.vidioc_querybuf = vb2_ioctl_querybuf,
	.vidioc_qbuf = vb2_ioctl_qbuf,
	.vidioc_dqbuf = vb2_ioctl_dqbuf,
	.vidioc_expbuf = vb2_ioctl_expbuf,
	.vidioc_streamon = vb2_ioctl_streamon,
	.vidioc_streamoff = vb2_ioctl_streamoff,
};

static const struct v4l2_file_operations vb2_probe_fops = {
	.owner = THIS_MODULE,
	.open = v4l2_fh_open,
	.release = vb2_fop_release,
	.mmap = vb2_fop_mmap,
	.poll = vb2_fop_poll,
	.unlocked_ioctl = video_ioctl2,
};

static int vb2_probe_init_queue(struct vb2_probe *probe)
{
	struct vb2_queue *queue = &probe->queue;

	queue->type = probe->output ? V4L2_BUF_TYPE_VIDEO_OUTPUT :
				      V4L2_BUF_TYPE_VIDEO_CAPTURE;
	queue->io_modes = VB2_MMAP | VB2_DMABUF;
	queue->dev = probe->dev;
	queue->drv_priv = probe;
	queue->buf_struct_size = sizeof(struct vb2_probe_buffer);
	queue->ops = &vb2_probe_queue_ops;
	queue->mem_ops = &vb2_dma_contig_memops;
	queue->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	queue->lock = &probe->lock;
	/* User space may ask for memory that is not coherent. */
	queue->allow_cache_hints = 1;
	return vb2_queue_init(queue);
}

static void vb2_probe_unregister(void *data)
{
	struct vb2_probe *probe = data;

	vb2_video_unregister_device(&probe->vdev);
	v4l2_device_unregister(&probe->v4l2_dev);
}

static int vb2_probe_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct v4l2_format format = { .fmt.pix = { .width = 1920, .height = 1080 } };
	struct vb2_probe *probe;
	struct device_node *np;
	int ret;

	probe = devm_kzalloc(dev, sizeof(*probe), GFP_KERNEL);
	if (!probe)
		return -ENOMEM;
	probe->dev = dev;
	probe->output = device_property_read_bool(dev, "swiotlb-test,output");
	mutex_init(&probe->lock);
	spin_lock_init(&probe->queued_lock);
	INIT_LIST_HEAD(&probe->queued);
	INIT_WORK(&probe->work, vb2_probe_work);
	vb2_probe_try_fmt(NULL, NULL, &format);
	probe->format = format.fmt.pix;

	/* The restricted pool itself is attached before a driver probes. */
	probe->pool.end = (resource_size_t)-1;
	np = of_parse_phandle(dev->of_node, "memory-region", 0);
	if (np) {
		ret = of_address_to_resource(np, 0, &probe->pool);
		of_node_put(np);
		if (ret)
			return dev_err_probe(dev, ret, "no address in the memory-region\n");
	}

	/* One address is all that such a device takes for a frame. */
	ret = vb2_dma_contig_set_max_seg_size(dev, DMA_BIT_MASK(32));
	if (ret)
		return ret;
	ret = v4l2_device_register(dev, &probe->v4l2_dev);
	if (ret)
		return ret;
	ret = vb2_probe_init_queue(probe);
	if (ret)
		goto unregister;

	strscpy(probe->vdev.name, "vb2-probe", sizeof(probe->vdev.name));
	probe->vdev.fops = &vb2_probe_fops;
	probe->vdev.ioctl_ops = &vb2_probe_ioctl_ops;
	probe->vdev.release = video_device_release_empty;
	probe->vdev.v4l2_dev = &probe->v4l2_dev;
	probe->vdev.queue = &probe->queue;
	probe->vdev.lock = &probe->lock;
	probe->vdev.vfl_dir = probe->output ? VFL_DIR_TX : VFL_DIR_RX;
	probe->vdev.device_caps = V4L2_CAP_STREAMING |
		(probe->output ? V4L2_CAP_VIDEO_OUTPUT : V4L2_CAP_VIDEO_CAPTURE);
	video_set_drvdata(&probe->vdev, probe);
	ret = video_register_device(&probe->vdev, VFL_TYPE_VIDEO, -1);
	if (ret)
		goto unregister;
	/* A driver's remove function has another type in 6.1. */
	return devm_add_action_or_reset(dev, vb2_probe_unregister, probe);

unregister:
	v4l2_device_unregister(&probe->v4l2_dev);
	return ret;
}

static const struct of_device_id vb2_probe_of_match[] = {
	{ .compatible = "swiotlb-test,vb2-probe" },
	{ }
};
MODULE_DEVICE_TABLE(of, vb2_probe_of_match);

static struct platform_driver vb2_probe_driver = {
	.probe = vb2_probe_probe,
	.driver = {
		.name = "vb2-probe",
		.of_match_table = vb2_probe_of_match,
	},
};
module_platform_driver(vb2_probe_driver);

MODULE_DESCRIPTION("Video buffers from a restricted DMA pool");
MODULE_LICENSE("GPL");
