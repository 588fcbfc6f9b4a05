# SPDX-License-Identifier: BSD-3-Clause
"""The captures that ship: case -> play, seed, and what the reader of its README should know."""

V4 = {"family": 4}
V6 = {"family": 6}


def case(scenario, seed, text, cut=None, **opts):
    """`cut`: bytes kept of each frame, where the whole would be large and headers say it all."""
    return {"scenario": scenario, "seed": seed, "text": text, "cut": cut, "opts": opts}


CASES = {
    "rst-sni-single": case(
        "rst-sni-single", 3, "openssl says blocked.example in its ClientHello; one forged reset (flags 0xf04, the IPID of the\n"
        "client's own packet) comes to the client only. The server's genuine answer arrives later.", **V4),
    "rst-sni-inpath": case(
        "rst-sni-single", 4, "One forged RST+ACK (window 0, DF clear) to the client after the SNI; the box then drops the\n"
        "server's packets, so nothing genuine follows.", **V4),
    "rst-sni-gfw2": case(
        "rst-sni-gfw2", 2, "Three equal RST+ACK whose window and IPID obey the TSG generator, to both ends after the SNI.", **V4),
    "rst-sni-gfw1-2": case(
        "rst-sni-gfw1-2", 2, "A plain RST (ack 0), then three equal RST+ACK of the generator, to both ends after the SNI.", **V4),
    "rst-sni-v6": case(
        "rst-sni-single", 6, "IPv6, the second injector (scapy): a forged reset to the client after the SNI; no IPID exists here.",
        family=6, injector="scapy"),
    "rst-host-both": case(
        "rst-host-both", 2, "After the Host header, a triple of RST+ACK and a plain RST to each end: the server's view\n"
        "of a reset forged in the client's name is in server.pcap.", **V4),
    "dns-race-a": case(
        "dns-race-a", 2, "A forged A answer overtakes the resolver's; both arrive.", **V4),
    "dns-race-aaaa": case(
        "dns-race-aaaa", 2, "A forged AAAA answer overtakes the resolver's, over IPv6.", **V6),
    "dns-multi": case(
        "dns-multi", 1, "Three injectors answer one query, then the resolver does.", **V4),
    "dns-race-scapy": case(
        "dns-race-a", 3, "The second injector (scapy) forges the A answer.", family=4, injector="scapy"),
    "page-race": case(
        "page-race", 3, "A page with FIN overtakes nginx's answer, which arrives later with other bytes at the same place.", **V4),
    "redirect-307": case(
        "redirect-307", 2, "PacketLogic's 307 in a FIN+ACK without PSH; the genuine answer is dropped; an ACK of the client's\n"
        "FIN follows 100 ms later.", **V4),
    "redirect-307-v6": case(
        "redirect-307", 3, "The same over IPv6, where no IPID betrays it; the box's trailing ACK has the TTL of its page. What remains\n"
        "is that the timestamps are missing which both ends agreed on.", **V6),
    "synack-data": case(
        "synack-data", 2, "A forged SYN/ACK wins the race, a forged page follows on its numbers; the genuine SYN/ACK comes second.",
        **V4),
    "drop-sni": case(
        "drop-sni-both", 1, "From the ClientHello on both directions are dropped; nothing is forged.", **V4),
    "inn-twin-sni": case(
        "twin-sni", 1, "Innocent: the same name over TLS, nobody interferes.", **V4),
    "inn-unread-rst": case(
        "inn-unread-rst", 3, "Innocent: a server refuses an upload and closes with data unread; its kernel sends a burst of\n"
        "resets, some of them alike byte for byte.", **V4),
    "inn-hello-rst": case(
        "inn-hello-rst", 1, "Innocent: a server closes with the ClientHello unread; its kernel resets right after the SNI.", **V4),
    "inn-client-abort": case(
        "inn-client-linger", 1, "Innocent: a client closes in mid-transfer with SO_LINGER 0; the reset is its own.", **V4),
    "inn-closed-port": case(
        "inn-closed-port", 1, "Innocent: nobody listens; RST+ACK to the SYN.", **V4),
    "inn-302": case(
        "inn-302", 1, "Innocent: nginx's own redirect, connection closed.", **V4),
    "inn-403": case(
        "inn-403", 1, "Innocent: nginx's own refusal, connection closed.", **V4),
    "inn-dns-dup": case(
        "inn-dns-dup", 1, "Innocent: the path is slow, glibc repeats its query, the resolver answers both alike.", **V4),
    "inn-loss": case(
        "inn-loss-http", 1, "Innocent: a download with lost segments; retransmissions, duplicate ACKs.", **V4),
    "inn-mute": case(
        "inn-mute", 1, "Innocent: a server that acknowledges the request and never answers (drop's look-alike).", **V4),
    "policed": case(
        "police-sni", 1, "A download is policed from the ClientHello on: a token bucket of the box's drops what exceeds it.", cut=160,
        injector="mbox", **V4),
    "policed-nft-v6": case(
        "police-sni", 2, "The same over IPv6 by nftables' `limit` in a router.", cut=160, injector="kernel", rtt=60, **V6),
    "inn-shaped": case(
        "inn-shape", 1, "Innocent: the same download behind a shaper (tc tbf), whose deep queue delays.", cut=160, **V4),
    "inn-congestion": case(
        "inn-congestion", 2, "Innocent: the same download through a slow link whose queue overflows.", cut=160, **V4),
    "quic-sni": case(
        "quic-sni", 3, "QUIC (ngtcp2): Initials that name blocked.example are dropped, another name is answered meanwhile.", **V4),
    "quic-version-v6": case(
        "quic-version", 2, "QUIC over IPv6: version 1 is dropped by its version field (nftables); draft 29 passes.", **V6),
    "inn-quic": case(
        "inn-quic", 2, "Innocent: both names over QUIC.", **V4),
    "inn-quic-none": case(
        "inn-quic-none", 2, "Innocent: a server without QUIC whose own packet filter drops UDP 443.", **V4),
    "dns-tcp-answer": case(
        "dns-tcp-answer", 2, "dig asks over TCP; a forged answer in the connection overtakes the resolver's.", **V4),
    "dns-lie": case(
        "dns-lie-many", 2, "A resolver denies three unrelated names that a second resolver knows; it sends its answers itself, so none is injected.", **V4),
    "inn-dns-two": case(
        "inn-dns-two", 2, "Innocent: the same questions to the same two resolvers, both honest.", **V4),
    "tls-proxy": case(
        "tls-proxy", 1, "sslsplit in a router ends TLS 1.2, with the name of a root that publications know from intercepted connections only (the key is\n"
        "the lab's own); the first visit was let alone.", **V4),
    "tls-proxy-product": case(
        "tls-proxy", 3, "The same with the name of a product: a confirmed one, since the same server has shown its own certificate before.", **V6),
    "inn-dns-tcp": case(
        "inn-dns-tcp", 2, "Innocent: the question over TCP and its answer.", **V4),
    "drop-nft": case(
        "drop-filter-both", 2, "nftables in a router lets the handshake pass and nothing after it.", **V4),
    "addr-icmp": case(
        "addr-icmp", 2, "An address answers; then a router refuses it: ICMP, administratively prohibited. The server's second address goes\n"
        "on answering.", **V4),
    "inn-own-firewall": case(
        "inn-own-firewall", 2, "Innocent: the server's own packet filter refuses; the ICMP comes from the server itself.", **V4),
    "inn-nobody": case(
        "inn-nobody", 2, "Innocent: SYNs to an address where nobody is, until the last router says so.", **V4),
    "inn-new-certificate": case(
        "inn-new-certificate", 2, "Innocent: a server has a new key and certificate, of another issuer, from the second visit on.", **V4),
    "quit-forged": case(
        "quit-forged", 2, "A letter by SMTP: the server is sent a QUIT in the client's name, then three RST+ACK; the client, which knows\n"
        "nothing of it, goes on (METHODS f.1).", **V4),
    "inn-mail": case(
        "inn-mail", 2, "Innocent: a letter by SMTP, with the client's own QUIT.", **V4),
}
