// SPDX-License-Identifier: GPL-2.0
/*
 * A user of the SCP, to see that messages and buffers get through.
 *
 * A node with the compatible "swiotlb-test,scp-probe" points at the SCP as those
 * of the video codecs do: mediatek,scp = <&scp>. User space writes what is to
 * be done into a file of the device and reads there how it went:
 *
 *	ipi_echo	COUNT: messages of all lengths by scp_ipi_send()
 *	buffer		KIND SIZE: a buffer of the SCP's device, written here, read
 *			and written by the SCP, read here
 *	camera		SIZE: a coherent buffer of the SCP's device, used like that, and
 *			then mapped for this device, which is the camera's and reads
 *			what the SCP has left there; kept until SIZE is 0, which gives
 *			all back
 *
 * and on the rpmsg channel that the firmware announces:
 *
 *	echo		COUNT: messages of all lengths by rpmsg_send()
 *
 * The other side is tools/testing/selftests/dma/scp/scp_model.c.
 */

#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/remoteproc/mtk_scp.h>
#include <linux/rpmsg.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <uapi/linux/scp_probe.h>

#include "compat.h"

/* An answer that has not come by then is lost. */
#define SCP_PROBE_TIMEOUT_MS	2000
#define SCP_PROBE_MAX_SIZE	SZ_16M

/* A message that is sent, what came back, and how it went so far */
struct scp_probe_echo {
	struct completion answered;
	u8 sent[SCP_PROBE_MESSAGE_MAX];
	unsigned int len;
	bool same;
	unsigned int count, good, wrong, lost;
	u64 bytes;
};

/* A buffer that the camera keeps: memory of the SCP's device, mapped for its own */
struct scp_probe_camera {
	struct list_head node;
	struct mtk_scp *scp;
	size_t size;
	void *cpu_addr;
	dma_addr_t dma_addr;
	struct sg_table sgt;
};

struct scp_probe {
	struct device *dev;
	/* One job at a time: protects what follows. */
	struct mutex lock;
	struct scp_probe_echo echo;
	struct scp_probe_buffer answer;
	struct list_head camera;
	char ipi_said[128];
	char buffer_said[160];
	char camera_said[160];
};

struct scp_probe_channel {
	struct rpmsg_device *rpdev;
	/* As above */
	struct mutex lock;
	struct scp_probe_echo echo;
	char said[128];
};

/* Different from the message before, whatever the length */
static void scp_probe_compose(struct scp_probe_echo *echo, unsigned int i)
{
	unsigned int k;

	echo->len = i % (SCP_PROBE_MESSAGE_MAX + 1);
	for (k = 0; k < echo->len; k++)
		echo->sent[k] = i * 31 + k * 7 + (i >> 8);
	echo->same = false;
	reinit_completion(&echo->answered);
}

static void scp_probe_compare(struct scp_probe_echo *echo, const void *data,
			      unsigned int len)
{
	echo->same = len == echo->len && !memcmp(data, echo->sent, len);
	complete(&echo->answered);
}

static void scp_probe_count(struct scp_probe_echo *echo, bool answered)
{
	echo->count++;
	echo->bytes += echo->len;
	if (!answered)
		echo->lost++;
	else if (!echo->same)
		echo->wrong++;
	else
		echo->good++;
}

static void scp_probe_start(struct scp_probe_echo *echo)
{
	memset(echo, 0, sizeof(*echo));
	init_completion(&echo->answered);
}

static void scp_probe_tell(const struct scp_probe_echo *echo, char *said,
			   size_t size)
{
	snprintf(said, size, "sent=%u bytes=%llu returned=%u wrong=%u lost=%u",
		 echo->count, echo->bytes, echo->good, echo->wrong, echo->lost);
}

static void scp_probe_ipi_echo(void *data, unsigned int len, void *priv)
{
	scp_probe_compare(priv, data, len);
}

/* The SCP's driver may have come and gone since the last time. */
static struct mtk_scp *scp_probe_get(struct scp_probe *probe)
{
	return scp_get(to_platform_device(probe->dev)) ?: ERR_PTR(-ENODEV);
}

static ssize_t ipi_echo_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t size)
{
	struct scp_probe *probe = dev_get_drvdata(dev);
	struct scp_probe_echo *echo = &probe->echo;
	unsigned int i, count;
	struct mtk_scp *scp;
	int ret;

	ret = kstrtouint(buf, 0, &count);
	if (ret)
		return ret;

	guard(mutex)(&probe->lock);
	scp_probe_start(echo);
	scp = scp_probe_get(probe);
	if (IS_ERR(scp))
		return PTR_ERR(scp);
	ret = scp_ipi_register(scp, SCP_PROBE_IPI_ECHO, scp_probe_ipi_echo, echo);
	for (i = 0; !ret && i < count; i++) {
		scp_probe_compose(echo, i);
		/* -EIO: sent, but not answered */
		ret = scp_ipi_send(scp, SCP_PROBE_IPI_ECHO, echo->sent,
				   echo->len, SCP_PROBE_TIMEOUT_MS);
		if (!ret || ret == -EIO) {
			scp_probe_count(echo, !ret);
			ret = 0;
		}
	}
	scp_ipi_unregister(scp, SCP_PROBE_IPI_ECHO);
	scp_put(scp);
	scp_probe_tell(echo, probe->ipi_said, sizeof(probe->ipi_said));
	return ret ?: size;
}

static ssize_t ipi_echo_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct scp_probe *probe = dev_get_drvdata(dev);

	guard(mutex)(&probe->lock);
	return sysfs_emit(buf, "%s\n", probe->ipi_said);
}
static DEVICE_ATTR_RW(ipi_echo);

static void scp_probe_ipi_buffer(void *data, unsigned int len, void *priv)
{
	struct scp_probe *probe = priv;

	if (len == sizeof(probe->answer))
		memcpy(&probe->answer, data, len);
}

static void scp_probe_fill(u32 *word, size_t size, u32 seed)
{
	size_t i;

	for (i = 0; i < size / 4; i++)
		word[i] = seed + (u32)i * SCP_PROBE_STEP;
}

static bool scp_probe_is_filled(const u32 *word, size_t size, u32 seed)
{
	size_t i;

	for (i = 0; i < size / 4; i++)
		if (word[i] != seed + (u32)i * SCP_PROBE_STEP)
			return false;
	return true;
}

/* The SCP reads and writes the buffer: what it was told is in probe->answer. */
static int scp_probe_ask(struct scp_probe *probe, struct mtk_scp *scp,
			 dma_addr_t addr, size_t size, u32 seed)
{
	struct scp_probe_buffer msg = {
		.addr = addr,
		.size = size,
		.seed = seed,
	};
	int ret;

	memset(&probe->answer, 0xff, sizeof(probe->answer));
	ret = scp_ipi_register(scp, SCP_PROBE_IPI_BUFFER, scp_probe_ipi_buffer,
			       probe);
	if (!ret)
		ret = scp_ipi_send(scp, SCP_PROBE_IPI_BUFFER, &msg, sizeof(msg),
				   SCP_PROBE_TIMEOUT_MS);
	scp_ipi_unregister(scp, SCP_PROBE_IPI_BUFFER);
	return ret;
}

static int scp_probe_coherent(struct scp_probe *probe, struct mtk_scp *scp,
			      struct device *dev, size_t size, bool *same)
{
	dma_addr_t addr;
	void *cpu_addr;
	int ret;

	cpu_addr = dma_alloc_coherent(dev, size, &addr, GFP_KERNEL | __GFP_NOWARN);
	if (!cpu_addr)
		return -ENOMEM;
	scp_probe_fill(cpu_addr, size, size);
	ret = scp_probe_ask(probe, scp, addr, size, size);
	*same = scp_probe_is_filled(cpu_addr, size, ~size);
	dma_free_coherent(dev, size, cpu_addr, addr);
	return ret;
}

static int scp_probe_noncontiguous(struct scp_probe *probe, struct mtk_scp *scp,
				   struct device *dev, size_t size, bool *same)
{
	struct sg_table *sgt;
	void *cpu_addr;
	int ret = -ENOMEM;

	sgt = dma_alloc_noncontiguous(dev, size, DMA_BIDIRECTIONAL,
				      GFP_KERNEL | __GFP_NOWARN, 0);
	if (!sgt)
		return ret;
	cpu_addr = dma_vmap_noncontiguous(dev, size, sgt);
	if (cpu_addr) {
		scp_probe_fill(cpu_addr, size, size);
		flush_kernel_vmap_range(cpu_addr, size);
		dma_sync_sgtable_for_device(dev, sgt, DMA_BIDIRECTIONAL);
		ret = scp_probe_ask(probe, scp, sg_dma_address(sgt->sgl), size, size);
		dma_sync_sgtable_for_cpu(dev, sgt, DMA_BIDIRECTIONAL);
		invalidate_kernel_vmap_range(cpu_addr, size);
		*same = scp_probe_is_filled(cpu_addr, size, ~size);
		dma_vunmap_noncontiguous(dev, cpu_addr);
	}
	dma_free_noncontiguous(dev, size, sgt, DMA_BIDIRECTIONAL);
	return ret;
}

static int scp_probe_streaming(struct scp_probe *probe, struct mtk_scp *scp,
			       struct device *dev, size_t size, bool *same)
{
	dma_addr_t addr;
	void *cpu_addr;
	int ret = -ENOMEM;

	cpu_addr = alloc_pages_exact(size, GFP_KERNEL | __GFP_NOWARN);
	if (!cpu_addr)
		return -E2BIG;
	scp_probe_fill(cpu_addr, size, size);
	addr = dma_map_single(dev, cpu_addr, size, DMA_BIDIRECTIONAL);
	if (!dma_mapping_error(dev, addr)) {
		ret = scp_probe_ask(probe, scp, addr, size, size);
		dma_unmap_single(dev, addr, size, DMA_BIDIRECTIONAL);
		*same = scp_probe_is_filled(cpu_addr, size, ~size);
	}
	free_pages_exact(cpu_addr, size);
	return ret;
}

/* What the SCP was told, in a word */
static const char *scp_probe_result(const struct scp_probe *probe, bool same)
{
	static const char * const results[] = {
		[SCP_PROBE_OK] = "ok",
		[SCP_PROBE_OUTSIDE] = "outside",
		[SCP_PROBE_WRONG] = "wrong",
	};

	if (probe->answer.result >= ARRAY_SIZE(results))
		return "lost";
	if (probe->answer.result == SCP_PROBE_OK && !same)
		return "unread";
	return results[probe->answer.result];
}

static ssize_t buffer_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct scp_probe *probe = dev_get_drvdata(dev);
	struct device *scp_dev;
	struct mtk_scp *scp;
	bool same = false;
	unsigned int size;
	char kind[16];
	int ret;

	if (sscanf(buf, "%15s %u", kind, &size) != 2 || !size || size % 4 ||
	    size > SCP_PROBE_MAX_SIZE)
		return -EINVAL;

	guard(mutex)(&probe->lock);
	probe->buffer_said[0] = '\0';
	scp = scp_probe_get(probe);
	if (IS_ERR(scp))
		return PTR_ERR(scp);
	scp_dev = scp_get_device(scp);
	/* A buffer is one segment, as it is for the SCP's other users. */
	dma_set_max_seg_size(scp_dev, UINT_MAX);
	memset(&probe->answer, 0, sizeof(probe->answer));
	if (!strcmp(kind, "coherent"))
		ret = scp_probe_coherent(probe, scp, scp_dev, size, &same);
	else if (!strcmp(kind, "noncontiguous"))
		ret = scp_probe_noncontiguous(probe, scp, scp_dev, size, &same);
	else if (!strcmp(kind, "streaming"))
		ret = scp_probe_streaming(probe, scp, scp_dev, size, &same);
	else
		ret = -EINVAL;
	scp_put(scp);

	snprintf(probe->buffer_said, sizeof(probe->buffer_said),
		 "kind=%s size=%u dma_addr=%#llx result=%s errno=%d", kind, size,
		 ret ? 0 : probe->answer.addr,
		 ret ? "failed" : scp_probe_result(probe, same), -ret);
	return count;
}

static ssize_t buffer_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct scp_probe *probe = dev_get_drvdata(dev);

	guard(mutex)(&probe->lock);
	return sysfs_emit(buf, "%s\n", probe->buffer_said);
}
static DEVICE_ATTR_RW(buffer);

static void scp_probe_camera_free(struct scp_probe *probe, struct scp_probe_camera *buf)
{
	if (buf->sgt.sgl) {
		dma_unmap_sgtable(probe->dev, &buf->sgt, DMA_BIDIRECTIONAL,
				  DMA_ATTR_SKIP_CPU_SYNC);
		sg_free_table(&buf->sgt);
	}
	if (buf->cpu_addr)
		dma_free_coherent(scp_get_device(buf->scp), buf->size, buf->cpu_addr,
				  buf->dma_addr);
	scp_put(buf->scp);
	kfree(buf);
}

static void scp_probe_camera_free_all(struct scp_probe *probe)
{
	struct scp_probe_camera *buf, *next;

	list_for_each_entry_safe(buf, next, &probe->camera, node) {
		list_del(&buf->node);
		scp_probe_camera_free(probe, buf);
	}
}

/*
 * Coherent memory needs no care of caches, and where it has no place in the kernel's
 * linear map, it can't be given any: as a dma-buf of such memory is mapped.
 */
static int scp_probe_camera_map(struct scp_probe *probe, struct scp_probe_camera *buf)
{
	int ret;

	ret = dma_get_sgtable(scp_get_device(buf->scp), &buf->sgt, buf->cpu_addr,
			      buf->dma_addr, buf->size);
	if (ret)
		return ret;
	ret = dma_map_sgtable(probe->dev, &buf->sgt, DMA_BIDIRECTIONAL,
			      DMA_ATTR_SKIP_CPU_SYNC);
	if (ret) {
		sg_free_table(&buf->sgt);
		buf->sgt.sgl = NULL;
	}
	return ret;
}

/* The camera's DMA, played by the CPU: what is at the address that it was given */
static bool scp_probe_camera_reads(const struct scp_probe_camera *buf, u32 seed)
{
	bool same;
	void *p;

	if (buf->sgt.nents != 1 || sg_dma_len(buf->sgt.sgl) < buf->size)
		return false;
	p = memremap(sg_dma_address(buf->sgt.sgl), buf->size, MEMREMAP_WB);
	if (!p)
		return false;
	same = scp_probe_is_filled(p, buf->size, seed);
	memunmap(p);
	return same;
}

static ssize_t camera_store(struct device *dev, struct device_attribute *attr,
			    const char *text, size_t count)
{
	struct scp_probe *probe = dev_get_drvdata(dev);
	struct scp_probe_camera *buf;
	const char *camera = "-";
	unsigned int size;
	bool same = false;
	int ret;

	ret = kstrtouint(text, 0, &size);
	if (ret)
		return ret;
	if (size % 4 || size > SCP_PROBE_MAX_SIZE)
		return -EINVAL;

	guard(mutex)(&probe->lock);
	probe->camera_said[0] = '\0';
	if (!size) {
		scp_probe_camera_free_all(probe);
		return count;
	}
	buf = kzalloc_obj(*buf);
	if (!buf)
		return -ENOMEM;
	buf->scp = scp_probe_get(probe);
	if (IS_ERR(buf->scp)) {
		ret = PTR_ERR(buf->scp);
		kfree(buf);
		return ret;
	}
	buf->size = size;
	memset(&probe->answer, 0, sizeof(probe->answer));
	buf->cpu_addr = dma_alloc_coherent(scp_get_device(buf->scp), size, &buf->dma_addr,
					   GFP_KERNEL);
	ret = buf->cpu_addr ? 0 : -ENOMEM;
	if (!ret) {
		scp_probe_fill(buf->cpu_addr, size, size);
		ret = scp_probe_ask(probe, buf->scp, buf->dma_addr, size, size);
		same = scp_probe_is_filled(buf->cpu_addr, size, ~size);
	}
	if (!ret) {
		ret = scp_probe_camera_map(probe, buf);
		camera = ret ? "unmapped" : scp_probe_camera_reads(buf, ~size) ? "ok" : "wrong";
	}
	snprintf(probe->camera_said, sizeof(probe->camera_said),
		 "size=%u slots=%u dma_addr=%#llx scp=%s camera=%s errno=%d", size,
		 DIV_ROUND_UP(size, SZ_2K), (u64)buf->dma_addr,
		 buf->cpu_addr ? scp_probe_result(probe, same) : "failed", camera, -ret);
	if (ret)
		scp_probe_camera_free(probe, buf);
	else
		list_add(&buf->node, &probe->camera);
	return count;
}

static ssize_t camera_show(struct device *dev, struct device_attribute *attr, char *text)
{
	struct scp_probe *probe = dev_get_drvdata(dev);

	guard(mutex)(&probe->lock);
	return sysfs_emit(text, "%s\n", probe->camera_said);
}
static DEVICE_ATTR_RW(camera);

static struct attribute *scp_probe_attrs[] = {
	&dev_attr_ipi_echo.attr,
	&dev_attr_buffer.attr,
	&dev_attr_camera.attr,
	NULL
};
ATTRIBUTE_GROUPS(scp_probe);

static void scp_probe_leave(void *data)
{
	scp_probe_camera_free_all(data);
}

static int scp_probe_probe(struct platform_device *pdev)
{
	struct scp_probe *probe;

	probe = devm_kzalloc(&pdev->dev, sizeof(*probe), GFP_KERNEL);
	if (!probe)
		return -ENOMEM;
	probe->dev = &pdev->dev;
	mutex_init(&probe->lock);
	INIT_LIST_HEAD(&probe->camera);
	platform_set_drvdata(pdev, probe);
	/* A buffer is one segment. */
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	return dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32)) ?:
	       devm_add_action_or_reset(&pdev->dev, scp_probe_leave, probe);
}

static const struct of_device_id scp_probe_of_match[] = {
	{ .compatible = "swiotlb-test,scp-probe" },
	{ }
};
MODULE_DEVICE_TABLE(of, scp_probe_of_match);

static struct platform_driver scp_probe_driver = {
	.driver = {
		.name = "scp-probe",
		.of_match_table = scp_probe_of_match,
		.dev_groups = scp_probe_groups,
	},
	.probe = scp_probe_probe,
};

static int scp_probe_rpmsg_callback(struct rpmsg_device *rpdev, void *data,
				    int len, void *priv, u32 src)
{
	struct scp_probe_channel *channel = dev_get_drvdata(&rpdev->dev);

	if (channel)
		scp_probe_compare(&channel->echo, data, len);
	return 0;
}

static ssize_t echo_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t size)
{
	struct scp_probe_channel *channel = dev_get_drvdata(dev);
	struct scp_probe_echo *echo = &channel->echo;
	unsigned long answered;
	unsigned int i, count;
	int ret;

	ret = kstrtouint(buf, 0, &count);
	if (ret)
		return ret;

	guard(mutex)(&channel->lock);
	scp_probe_start(echo);
	for (i = 0; i < count; i++) {
		scp_probe_compose(echo, i);
		ret = rpmsg_send(channel->rpdev->ept, echo->sent, echo->len);
		if (ret)
			break;
		answered = wait_for_completion_timeout(&echo->answered,
						       msecs_to_jiffies(SCP_PROBE_TIMEOUT_MS));
		scp_probe_count(echo, answered);
	}
	scp_probe_tell(echo, channel->said, sizeof(channel->said));
	return ret ?: size;
}

static ssize_t echo_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct scp_probe_channel *channel = dev_get_drvdata(dev);

	guard(mutex)(&channel->lock);
	return sysfs_emit(buf, "%s\n", channel->said);
}
static DEVICE_ATTR_RW(echo);

static struct attribute *scp_probe_rpmsg_attrs[] = {
	&dev_attr_echo.attr,
	NULL
};
ATTRIBUTE_GROUPS(scp_probe_rpmsg);

static int scp_probe_rpmsg_probe(struct rpmsg_device *rpdev)
{
	struct scp_probe_channel *channel;

	channel = devm_kzalloc(&rpdev->dev, sizeof(*channel), GFP_KERNEL);
	if (!channel)
		return -ENOMEM;
	channel->rpdev = rpdev;
	mutex_init(&channel->lock);
	init_completion(&channel->echo.answered);
	dev_set_drvdata(&rpdev->dev, channel);
	return 0;
}

static struct rpmsg_device_id scp_probe_rpmsg_id_table[] = {
	{ .name = SCP_PROBE_CHANNEL },
	{ }
};
MODULE_DEVICE_TABLE(rpmsg, scp_probe_rpmsg_id_table);

static struct rpmsg_driver scp_probe_rpmsg_driver = {
	.drv = {
		.name = "scp-probe-rpmsg",
		.dev_groups = scp_probe_rpmsg_groups,
	},
	.id_table = scp_probe_rpmsg_id_table,
	.probe = scp_probe_rpmsg_probe,
	.callback = scp_probe_rpmsg_callback,
};

static int __init scp_probe_init(void)
{
	int ret;

	ret = register_rpmsg_driver(&scp_probe_rpmsg_driver);
	if (ret)
		return ret;
	ret = platform_driver_register(&scp_probe_driver);
	if (ret)
		unregister_rpmsg_driver(&scp_probe_rpmsg_driver);
	return ret;
}
module_init(scp_probe_init);

static void __exit scp_probe_exit(void)
{
	platform_driver_unregister(&scp_probe_driver);
	unregister_rpmsg_driver(&scp_probe_rpmsg_driver);
}
module_exit(scp_probe_exit);

MODULE_DESCRIPTION("Messages and buffers to MT8183's SCP and back, for tests");
MODULE_LICENSE("GPL");
