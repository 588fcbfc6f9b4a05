#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of the decode and defrag fuzz targets into tests/fuzz/seeds: one for each link type, tunnel, header kind."""
import pathlib
import struct

SEEDS = pathlib.Path(__file__).parent / "seeds"
MACS = bytes.fromhex("020000000001020000000002")
WIFI = bytes.fromhex("010101010101020202020202030303030303") + b"\0\0"
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"


def write(target, name, data):
    (SEEDS / target).mkdir(parents=True, exist_ok=True)
    (SEEDS / target / name).write_bytes(data)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def addresses(version, net):
    if version == 4:
        return bytes([192, 0, 2, net]), bytes([198, 51, 100, net])
    return bytes.fromhex("20010db8" + "00" * 11) + bytes([net]), bytes.fromhex("20010db8" + "00" * 9 + "ff00") + bytes([net])


def ip(version, proto, body, net=1, options=b"", more=0, off=0, sum_off=None):
    src, dst = addresses(version, net)
    if sum_off is not None:
        pseudo = b"" if proto == 1 else src + dst + struct.pack(">II", len(body), proto)
        body = body[:sum_off] + struct.pack(">H", checksum(pseudo + body)) + body[sum_off + 2:]
    if version == 6:
        return struct.pack(">IHBB", 0x60000000, len(body), proto, 58) + src + dst + body
    head = 20 + len(options)
    return struct.pack(">BBHHHBBH", 0x40 | head // 4, 0, head + len(body), 0x1234, 0x4000 if not more and not off else
                       more << 13 | off // 8, 57, proto, 0) + src + dst + options + body


def tcp(payload=b"hello", flags=0x18, options=b""):
    return struct.pack(">HHIIBBHHH", 40000, 443, 1, 2, (20 + len(options)) // 4 << 4, flags, 4660, 0, 0) + options + payload


def udp(sport, dport, body):
    return struct.pack(">HHHH", sport, dport, len(body) + 8, 0) + body


PACKET = ip(4, 6, tcp(), sum_off=16)
PACKET6 = ip(6, 6, tcp(), sum_off=16)


def frame(name, linktype, data, extra=0):
    write("decode_frame", name, struct.pack(">HB", linktype, extra) + data)


def links():
    kinds = {
        "ether": (1, MACS + b"\x08\0"), "vlan": (1, MACS + b"\x81\0\0\5\x08\0"), "qinq": (1, MACS + b"\x88\xa8\0\5\x81\0\0\6\x08\0"),
        "vntag": (1, MACS + b"\x89\x26\0\1\0\1\x08\0"), "mpls": (1, MACS + b"\x88\x47\0\1\0\x40\0\1\1\x40"),
        "pseudowire": (1, MACS + b"\x88\x47\0\1\1\x40\0\0\0\0" + MACS + b"\x08\0"),
        "pseudowire-plain": (1, MACS + b"\x88\x48\0\1\1\x40" + MACS + b"\x08\0"),
        "pbb": (1, MACS + b"\x88\xe7\0\0\0\7" + MACS + b"\x08\0"), "teb": (1, MACS + b"\x65\x58" + MACS + b"\x08\0"),
        "pppoe": (1, MACS + b"\x88\x64\x11\0\0\1\0\x2f\0\x21"), "llc": (1, MACS + b"\0\x30\6\6\3"), "snap": (1, MACS + b"\0\x35" + SNAP),
        "null": (0, b"\2\0\0\0"), "loop": (108, b"\0\0\0\2"), "null-type": (0, b"\x0f\0\x08\0"), "raw": (101, b""), "sll": (113, b"\0\0\0\1\0\6" + b"\2" * 8 + b"\x08\0"),
        "sll-llc": (113, b"\0\0\0\1\0\6" + b"\2" * 8 + b"\0\4" + SNAP), "sll2": (276, b"\x08\0\0\0\0\0\0\2\0\1\0\6" + b"\2" * 8),
        "ppp": (9, b"\xff\3\0\x21"), "ppp-short": (9, b"\x21"), "ppp-mpls": (9, b"\2\x81\0\1\1\x40"), "ppp-hdlc": (50, b"\xff\3\0\x21"),
        "ppp-chdlc": (50, b"\x0f\0\x08\0"), "ppp-ether": (51, b"\x11\0\0\1\0\x2f\0\x21"), "ppp-dir": (204, b"\1\0\x21"), "chdlc": (104, b"\x8f\0\x08\0"),
        "fddi": (10, b"\x50" + MACS + SNAP), "atm": (100, SNAP), "fc": (122, b"\0" * 16 + SNAP), "wifi": (105, b"\x08\1\0\0" + WIFI + SNAP),
        "wifi-qos": (105, b"\x88\x83\0\0" + WIFI + b"\4" * 6 + b"\0\0\0\0\0\0" + SNAP),
        "radiotap": (127, b"\0\0\x19\0\3\0\0\x80" + b"\0" * 8 + b"\1" * 8 + b"\x20\x88\2\0\0" + WIFI + b"\0\0\0\0" + SNAP),
        "pflog": (117, b"\x0d\2" + b"\0" * 14), "nflog": (239, b"\2\0\0\0\x08\0\1\0\x08\0\1\0" + b"\x31\0\x09\0"),
        "pktap": (258, struct.pack("<III", 14, 1, 1) + b"\0\0" + MACS + b"\x08\0"), "ppi": (192, b"\0\0\x08\0\1\0\0\0" + MACS + b"\x08\0"), "unknown": (147, b""), "arp": (1, MACS + b"\x08\6"),
    }
    for name, (linktype, head) in kinds.items():
        frame("link-" + name, linktype, head + PACKET)
    frame("link-pcapdroid", 1, MACS + b"\x08\0" + PACKET + bytes.fromhex("0107202100002710") + b"app".ljust(20, b"\0") + b"\0" * 4)
    frame("link-raw6", 101, PACKET6)
    frame("wifi-beacon", 105, b"\x80\0\0\0" + WIFI + b"\0" * 8)
    frame("wifi-no-body", 105, b"\x48\1\0\0" + WIFI)
    frame("wifi-encrypted", 105, b"\x08\x41\0\0" + WIFI + b"\0" * 8)
    frame("wifi-several", 105, b"\x88\1\0\0" + WIFI + b"\x80\0" + SNAP)
    frame("radiotap-checksum", 127, b"\0\0\x09\0\2\0\0\0\x10\x08\1\0\0" + WIFI + SNAP + PACKET + b"\0" * 4)
    frame("radiotap-bad", 127, b"\1\0\x08\0" + b"\0" * 8)
    frame("radiotap-bitmaps", 127, b"\0\0\x08\0\0\0\0\x80" + b"\0" * 8)
    frame("link-too-deep", 1, MACS + b"\x81\0\0\1" * 30)
    frame("link-cut", 101, PACKET[:-3], 3)


def inside():
    frame("ip4-options", 101, ip(4, 6, tcp(), options=b"\1\1\1\0"))
    frame("ip4-tso", 101, PACKET[:2] + b"\0\0" + PACKET[4:])
    frame("ip4-long", 101, PACKET[:2] + b"\1\0" + PACKET[4:])
    frame("ip4-ah", 101, ip(4, 51, b"\6\4" + b"\0" * 22 + tcp()))
    frame("ip4-fragment", 101, ip(4, 6, tcp(b"12345678"), more=1))
    frame("ip4-fragment-last", 101, ip(4, 17, b"12345678", off=24))
    frame("ip6-headers", 101, ip(6, 0, b"\x2b\0" + b"\0" * 6 + b"\x3c\0\0\0\0\0\0\0" + b"\6\0\1\4\0\0\0\0" + tcp()))
    frame("ip6-fragment", 101, ip(6, 44, b"\x11\0\0\1\0\0\0\7" + udp(53, 53, b"x" * 8)))
    frame("ip6-atomic", 101, ip(6, 44, b"\6\0\0\0\0\0\0\7" + tcp()))
    frame("ip6-jumbo", 101, PACKET6[:4] + b"\0\0" + PACKET6[6:])
    for v, proto in ((4, 17), (6, 17)):
        frame(f"udp{v}", 101, ip(v, proto, udp(1053, 53, b"query"), sum_off=6))
    frame("udp-length", 101, ip(4, 17, udp(1053, 53, b"query")[:4] + b"\0\x09" + b"\0\0query"))
    frame("udp-cut", 101, ip(4, 17, udp(1053, 53, b"query"))[:26], 7)
    frame("udp-cut-ports", 101, ip(4, 17, udp(1053, 53, b"query"))[:22], 11)
    frame("icmp-cut", 101, ip(4, 1, b"\3\4\0\0\0\0\5\x78")[:25], 3)
    frame("icmp-echo", 101, ip(4, 1, b"\x08\0\0\0\0\1\0\1ping", sum_off=2))
    frame("icmp-unreachable", 101, ip(4, 1, b"\3\4\0\0\0\0\5\x78" + PACKET[:28], sum_off=2))
    frame("icmp6-too-big", 101, ip(6, 58, b"\2\0\0\0\0\0\5\0" + PACKET6[:48], sum_off=2))
    frame("icmp6-fragment", 101, ip(6, 58, b"\3\0\0\0\0\0\0\0" + ip(6, 60, b"\x2c\0" + b"\0" * 6 + b"\x11\0\0\1\0\0\0\7" + udp(1, 2, b""))))
    frame("sctp", 101, ip(4, 132, b"\0" * 12))


def tunnels():
    ether = MACS + b"\x08\0"
    kinds = {
        "ipip": (4, PACKET), "6in4": (41, PACKET6), "gre": (47, b"\0\0\x08\0" + PACKET), "gre-all": (47, b"\xb0\0\x08\0" + b"\0" * 12 + PACKET),
        "gre-ether": (47, b"\0\0\x65\x58" + ether + PACKET), "gre-ppp": (47, b"\x30\x81\x88\x0b\0\x30" + b"\0" * 10 + b"\xff\3\0\x21" + PACKET),
        "wccp": (47, b"\0\0\x88\x3e\0\0\0\0" + PACKET), "erspan1": (47, b"\0\0\x88\xbe" + ether + PACKET),
        "erspan2": (47, b"\x10\0\x88\xbe\0\0\0\1" + b"\x10" + b"\0" * 7 + ether + PACKET),
        "erspan3": (47, b"\x10\0\x22\xeb\0\0\0\1" + b"\x20" + b"\0" * 10 + b"\1" + b"\0" * 8 + ether + PACKET),
        "etherip": (97, b"\x30\0" + ether + PACKET), "mpls": (137, b"\0\1\1\x40" + PACKET), "nested": (4, ip(4, 4, ip(4, 47, b"\0\0\x86\xdd" + PACKET6))),
    }
    for name, (proto, body) in kinds.items():
        frame("tunnel-" + name, 101, ip(4, proto, body, net=2))
    kinds = {
        "gtpu": (2152, b"\x30\xff\0\x2d\0\0\0\1" + PACKET), "gtpu-ext": (2152, b"\x34\xff\0\x35\0\0\0\1\0\1\0\x85\1\0\0\0" + PACKET),
        "vxlan": (4789, b"\x08\0\0\0\0\0\5\0" + ether + PACKET), "geneve": (6081, b"\2\0\x65\x58\0\0\5\0" + b"\1" * 8 + ether + PACKET),
        "teredo": (3544, PACKET6), "teredo-headers": (3544, b"\0\1\0\0" + b"\1" * 8 + b"\0" + b"\0\0" + b"\1" * 6 + PACKET6),
        "mpls-udp": (6635, b"\0\1\1\x40" + PACKET), "no-teredo": (3544, b"\x45hello"),
    }
    for name, (port, body) in kinds.items():
        frame("tunnel-" + name, 101, ip(4, 17, udp(5555, port, body), net=2))


def options():
    kinds = {
        "none": b"", "linux-syn": b"\2\4\5\xb4\4\2\x08\x0a\0\0\0\1\0\0\0\0\1\3\3\7", "sack": b"\1\1\5\x0a" + b"\1" * 8, "timestamps": b"\1\1\x08\x0a" + b"\1" * 8,
        "md5": b"\x13\x12" + b"\1" * 16 + b"\0\0", "fastopen": b"\x22\2\0\0", "fastopen-old": b"\xfe\4\xf9\x89", "mptcp": b"\x1e\4\0\0", "other": b"\xfd\4\0\0",
        "bad-zero": b"\2\4\5\xb4\x09\0\0\0", "bad-long": b"\x09\xff\0\0", "bad-mss": b"\2\3\5\0", "bad-wscale": b"\3\4\5\0", "bad-sack-ok": b"\4\4\0\0",
        "bad-sack": b"\5\4\0\0", "bad-timestamps": b"\x08\4\0\0", "bad-end": b"\1\1\1\2",
    }
    for name, opts in kinds.items():
        write("decode_tcp_opts", name, b"\xff" + tcp(options=opts))
    write("decode_tcp_opts", "cut", bytes([27]) + tcp(options=kinds["linux-syn"]))
    write("decode_tcp_opts", "cut-header", bytes([14]) + tcp(b"0123456789"))
    write("decode_tcp_opts", "short", b"\xff" + tcp()[:12])
    write("decode_tcp_opts", "offset", b"\xff" + tcp()[:12] + b"\xf0" + tcp()[13:])
    write("decode_tcp_opts", "padding", b"\xff" + tcp(b"\0" * 6, flags=0x14))
    write("decode_tcp_opts", "odd-flags", b"\xff" + tcp()[:12] + b"\x5f\0\0\0\0\0\0\7")


def record(flags, ident, off, length, step=0):
    return struct.pack(">BBHBB", flags, ident, off, length, step)


def fragments():
    more, lie, cut, large = 2, 4, 8, 16
    whole = {
        "in-order": [record(more, 1, 0, 8), record(more, 1, 1, 8), record(0, 1, 2, 5)],
        "reversed": [record(0, 1, 2, 5), record(more, 1, 1, 8), record(more, 1, 0, 8)],
        "overlap": [record(more, 1, 1, 16), record(more, 1, 4, 8), record(more, 1, 0, 48), record(0, 1, 6, 1)],
        "conflict": [record(more, 1, 0, 16), record(more | lie, 1, 1, 16), record(0, 1, 3, 8)],
        "six": [record(1 | more, 1, 0, 8), record(1, 1, 1, 8)],
        "two-at-once": [record(more, 1, 0, 8), record(more, 2, 0, 8), record(0, 2, 1, 8), record(0, 1, 1, 8)],
        "timeout": [record(more, 1, 0, 8), record(0, 2, 1, 8, 255), record(0, 1, 1, 8, 255)],
        "truncated": [record(more | cut, 1, 0, 8), record(0, 1, 1, 8)],
        "malformed": [record(more, 1, 0, 7), record(0, 1, 0, 0), record(more, 1, 8191, 80), record(0, 1, 4, 8), record(more, 1, 9, 8)],
        "large": [record(more | large, i, 5000, 200) for i in range(12)] + [record(more | large, 11, 0, 200)],
        "holes": [record(more, 1, 2 * i, 8) for i in range(70)],
    }
    for name, records in whole.items():
        write("defrag", name, b"\x20" + b"".join(records))
    write("defrag", "no-room", b"\0" + record(more, 1, 0, 8))
    write("defrag", "table-full", b"\xff" + b"".join(record(v | more, i, 0, 8) for i in range(256) for v in (0, 1)))


links()
inside()
tunnels()
options()
fragments()
