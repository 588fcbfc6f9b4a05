/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Packets into an interface, as fast as one core makes them. The flow of each is drawn from 16 k (PERFORMANCE 6), one in a hundred is a SYN; the
 * flows change when each has had 58 packets, so that the first ones of each, which a tap wants, stay about 12 %. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum {
	SRC_AT = 26,
	FLAGS_AT = 47,
	ACK = 0x10,
	SYN = 0x02,
	FLOWS = 1 << 14,
	PACKETS = 58,
	SYN_IN = 100
};

const volatile __u32 ifindex;
static __u64 made;

SEC("xdp")
int pour(struct xdp_md *xdp)
{
	__u32 draw = bpf_get_prandom_u32();
	__u32 src = draw % FLOWS + (__u32)(made++ / (FLOWS * PACKETS)) * FLOWS;
	__u8 flags = (draw >> 16) % SYN_IN ? ACK : SYN;

	(void)bpf_xdp_store_bytes(xdp, SRC_AT, &src, sizeof(src)); /* the packet is long enough */
	(void)bpf_xdp_store_bytes(xdp, FLAGS_AT, &flags, sizeof(flags));
	return (int)bpf_redirect(ifindex, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
