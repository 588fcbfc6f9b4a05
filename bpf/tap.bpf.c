/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* The passive tap. A socket filter sees a copy: whatever it answers, the host's own packet has gone
 * its way. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __always_inline int tap_load(void *ctx, __u32 off, void *to, __u32 n)
{
	return (int)bpf_skb_load_bytes(ctx, off, to, n);
}

#include "decide.bpf.h"

/* Cooked sockets (`-i any`, tunnels without a link header) begin at the network header. */
const volatile __u32 link_len = 14;

SEC("socket")
int tap_socket(struct __sk_buff *skb)
{
	/* skb->protocol is the ethertype behind a tag that the kernel took off. */
	int choice = decide(skb, link_len, (__be16)skb->protocol);

	return choice == TAP_NOT_WANTED || choice == TAP_NOT_IP ? 0 : -1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
