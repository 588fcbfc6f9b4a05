/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* The passive taps. A socket filter sees a copy: whatever it answers, the host's own packet has gone its way. tc and XDP see
 * the packet itself, and let every one go on. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "decide.bpf.h"
#include "ring.bpf.h"

/* Cooked sockets (`-i any`, tunnels without a link header) begin at the network header. */
const volatile __u32 link_len = 14;

SEC("socket")
int tap_socket(struct __sk_buff *skb)
{
	struct tap_bytes b = {.ctx = skb, .hook = AT_SOCKET};

	/* skb->protocol is the ethertype behind a tag that the kernel took off. */
	return decide(&b, link_len, (__be16)skb->protocol) ? -1 : 0;
}

/* Both directions. TC_ACT_UNSPEC: whoever else looks at the packet, and the host, go on as if nobody had been here. */
SEC("tc")
int tap_tc(struct __sk_buff *skb)
{
	struct tap_bytes b = {.ctx = skb, .hook = AT_TC};
	struct tap_record r = {.wire_len = skb->len, .joined = skb->gso_size != 0};

	if (!decide(&b, link_len, (__be16)skb->protocol))
		return TC_ACT_UNSPEC;
	if (skb->vlan_present) {
		r.vlan_proto = (__be16)skb->vlan_proto;
		r.vlan_tci = (__u16)skb->vlan_tci;
	}
	ring_put(&b, &r);
	return TC_ACT_UNSPEC;
}

INLINE int look_xdp(struct xdp_md *xdp)
{
	struct tap_bytes b = {.ctx = xdp, .hook = AT_XDP};
	struct tap_record r = {.wire_len = (__u32)bpf_xdp_get_buff_len(xdp)};
	__be16 type;

	if (!tap_load(&b, link_len - 2, &type, sizeof(type)) && decide(&b, link_len, type))
		ring_put(&b, &r);
	return XDP_PASS;
}

/* frags: also where an MTU is larger than a page. */
SEC("xdp.frags")
int tap_xdp(struct xdp_md *xdp)
{
	return look_xdp(xdp);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
