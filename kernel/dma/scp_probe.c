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
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/remoteproc/mtk_scp.h>
#include <linux/rpmsg.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <uapi/linux/scp_probe.h>

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

struct scp_probe {
	struct device *dev;
	/* One job at a time: protects what follows. */
	struct mutex lock;
	struct scp_probe_echo echo;
	struct scp_probe_buffer answer;
	char ipi_said[128];
	char buffer_said[160];
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

static ssize_t buffer_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	static const char * const results[] = {
		[SCP_PROBE_OK] = "ok",
		[SCP_PROBE_OUTSIDE] = "outside",
		[SCP_PROBE_WRONG] = "wrong",
	};
	struct scp_probe *probe = dev_get_drvdata(dev);
	struct device *scp_dev;
	const char *result;
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

	if (ret)
		result = "failed";
	else if (probe->answer.result >= ARRAY_SIZE(results))
		result = "lost";
	else if (probe->answer.result == SCP_PROBE_OK && !same)
		result = "unread";
	else
		result = results[probe->answer.result];
	snprintf(probe->buffer_said, sizeof(probe->buffer_said),
		 "kind=%s size=%u dma_addr=%#llx result=%s errno=%d", kind, size,
		 ret ? 0 : probe->answer.addr, result, -ret);
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

static struct attribute *scp_probe_attrs[] = {
	&dev_attr_ipi_echo.attr,
	&dev_attr_buffer.attr,
	NULL
};
ATTRIBUTE_GROUPS(scp_probe);

static int scp_probe_probe(struct platform_device *pdev)
{
	struct scp_probe *probe;

	probe = devm_kzalloc(&pdev->dev, sizeof(*probe), GFP_KERNEL);
	if (!probe)
		return -ENOMEM;
	probe->dev = &pdev->dev;
	mutex_init(&probe->lock);
	platform_set_drvdata(pdev, probe);
	return 0;
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
