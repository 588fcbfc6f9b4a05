/* SPDX-License-Identifier: BSD-3-Clause */
/* The yardstick: what reading a capture costs with libpcap and nothing else. bare FILE prints
 * packets and bytes. */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>

struct count {
	uint64_t packets, bytes;
};

static void count_packet(u_char *arg, const struct pcap_pkthdr *h, const u_char *at)
{
	struct count *c = (struct count *)(void *)arg;

	(void)at;
	c->packets++;
	c->bytes += h->len;
}

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE];
	struct count c = {0, 0};
	pcap_t *p;

	if (argc < 2) {
		fprintf(stderr, "usage: bare FILE...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		p = pcap_open_offline(argv[i], why);
		if (!p) {
			fprintf(stderr, "bare: %s\n", why);
			return 1;
		}
		if (pcap_loop(p, -1, count_packet, (u_char *)&c)) {
			fprintf(stderr, "bare: %s\n", pcap_geterr(p));
			return 1;
		}
		pcap_close(p);
	}
	printf("%" PRIu64 " %" PRIu64 "\n", c.packets, c.bytes);
	return 0;
}
