/* SPDX-License-Identifier: BSD-3-Clause */
/* untested: tests/cli/live.test runs it on a real interface */
#include "source/device.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool kind(struct device *d, struct ifreq *r, struct err_info *err)
{
	if (ioctl(d->fd, SIOCGIFHWADDR, r))
		return err_set(err, "%s", strerror(errno));
	switch (r->ifr_hwaddr.sa_family) {
	case ARPHRD_LOOPBACK:
	case ARPHRD_ETHER:
		d->loops = r->ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
		d->linktype = 1;
		d->link_len = 14;
		return true;
	case ARPHRD_NONE: /* WireGuard, tun */
		d->linktype = 101;
		d->link_len = 0;
		return true;
	default:
		return err_set(err, "its frames are of a kind that it does not read (ARPHRD %u)",
			       r->ifr_hwaddr.sa_family);
	}
}

static bool listen_to_all(const struct device *d, struct err_info *err)
{
	const struct packet_mreq m = {.mr_ifindex = d->index, .mr_type = PACKET_MR_PROMISC};

	return !setsockopt(d->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) ||
	       err_set(err, "promiscuous mode: %s", strerror(errno));
}

bool device_open(struct device *d, const char *name, bool promisc, struct err_info *err)
{
	struct ifreq r = {0};
	size_t n = strlen(name);

	*d = (struct device){.fd = -1};
	if (n >= sizeof(r.ifr_name))
		return err_set(err, "no interface has so long a name");
	memcpy(r.ifr_name, name, n);
	d->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		return err_set(err, "%s", strerror(errno));
	if (ioctl(d->fd, SIOCGIFINDEX, &r))
		return err_set(err, "no one interface is called '%s'", name);
	d->index = r.ifr_ifindex;
	return kind(d, &r, err) && (!promisc || listen_to_all(d, err));
}

bool device_there(const struct device *d)
{
	struct ifreq r = {.ifr_ifindex = d->index};

	/* by number: another interface may come to have the name */
	return !ioctl(d->fd, SIOCGIFNAME, &r) || errno != ENODEV;
}

void device_close(struct device *d)
{
	if (d->fd >= 0)
		(void)close(d->fd); /* nothing was written */
	d->fd = -1;
}
