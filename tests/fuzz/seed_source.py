#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of fuzz_source_pcap and fuzz_source_pcapng: one small valid file for every kind of header and block.

Run from anywhere; writes to seeds/ beside itself. The output is the same every time.
"""
import gzip
import lzma
import os
import struct

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "seeds")


def write(target, name, data):
    folder = os.path.join(HERE, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as out:
        out.write(data)


def pcap(order, magic, header, version=(2, 4), link=1, extra=b"", lengths=(20, 20)):
    data = struct.pack(order + "IHHIIII", magic, *version, 0, 0, 65535, link) + extra
    for i in range(2):
        data += struct.pack(order + "IIII", 1700000000 + i, 5, *lengths)
        data += bytes(header - 16) + bytes(min(lengths))
    return data


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def section(order, minor=0):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, minor, -1))


def interface(order, link=1, snaplen=0, tsresol=None, offset=None):
    body = struct.pack(order + "HHI", link, 0, snaplen)
    if tsresol is not None:
        body += struct.pack(order + "HHB3x", 9, 1, tsresol)
    if offset is not None:
        body += struct.pack(order + "HHq", 14, 8, offset)
    return block(order, 1, body + struct.pack(order + "HH", 0, 0))


def enhanced(order, iface, ticks, cap=20, wire=20):
    return block(order, 6, struct.pack(order + "IIIII", iface, ticks >> 32, ticks & 0xFFFFFFFF, cap, wire) + bytes(cap))


def simple(order, wire, there):
    return block(order, 3, struct.pack(order + "I", wire) + bytes(there))


def old(order, iface, cap=20, wire=20):
    return block(order, 2, struct.pack(order + "HHIIII", iface, 0, 0, 7, cap, wire) + bytes(cap))


def pcap_seeds():
    kinds = {"usec": (0xA1B2C3D4, 16, b""), "nsec": (0xA1B23C4D, 16, b""), "kuznetzov": (0xA1B2CD34, 24, b""),
             "netsniff": (0xA1E2CB12, 24, b""), "ixia-hw": (0x1C0001AC, 16, b"xtra"), "ixia-sw": (0x1C0001AB, 16, b"xtra")}
    for name, (magic, header, extra) in kinds.items():
        write("source_pcap", name + "-le", pcap("<", magic, header, extra=extra))
        write("source_pcap", name + "-be", pcap(">", magic, header, extra=extra))
    write("source_pcap", "version-2.2", pcap("<", 0xA1B2C3D4, 16, version=(2, 2), lengths=(30, 20)))
    write("source_pcap", "version-2.3", pcap("<", 0xA1B2C3D4, 16, version=(2, 3), lengths=(30, 20)))
    write("source_pcap", "version-1", pcap("<", 0xA1B2C3D4, 16, version=(1, 4)))
    write("source_pcap", "link-fcs", pcap("<", 0xA1B2C3D4, 16, link=0x24000001))
    write("source_pcap", "link-reserved", pcap("<", 0xA1B2C3D4, 16, link=0x00010001))
    write("source_pcap", "damaged", pcap("<", 0xA1B2C3D4, 16) + struct.pack("<IIII", 1, 1, 1 << 24, 1))
    write("source_pcap", "cut", pcap("<", 0xA1B2C3D4, 16)[:-3])
    plain = pcap("<", 0xA1B2C3D4, 16)
    write("source_pcap", "gz", gzip.compress(plain[:40], mtime=0) + gzip.compress(plain[40:], mtime=0) + bytes(5))
    write("source_pcap", "xz", lzma.compress(plain[:40], preset=0) + bytes(4) + lzma.compress(plain[40:], preset=0))
    # A zstd frame with one raw block: RFC 8878 3.1.1.
    size = len(plain)
    write("source_pcap", "zst", b"\x28\xb5\x2f\xfd\x20" + bytes([size]) + (size << 3 | 1).to_bytes(3, "little") + plain)


def pcapng_seeds():
    for name, o in {"le": "<", "be": ">"}.items():
        write("source_pcapng", "enhanced-" + name, section(o) + interface(o) + enhanced(o, 0, 1700000000000000))
        write("source_pcapng", "simple-" + name, section(o) + interface(o, snaplen=16) + simple(o, 20, 16) + simple(o, 8, 8))
        write("source_pcapng", "old-" + name, section(o, 2) + interface(o) + old(o, 0))
        write("source_pcapng", "others-" + name, section(o) + interface(o) + enhanced(o, 0, 1) +
              b"".join(block(o, kind, bytes(16)) for kind in (4, 5, 9, 10, 0xBAD, 0x40000BAD, 0x204, 0x777)) + enhanced(o, 0, 2))
        clocks = (0, 3, 6, 9, 12, 19, 28, 29, 0x80, 0x8A, 0xA0, 0xDD, 0xDE, 0xFF)
        write("source_pcapng", "clocks-" + name, section(o) + b"".join(interface(o, 1 + i % 2, 0, c, i - 3) for i, c in
              enumerate(clocks)) + b"".join(enhanced(o, i, 1 << 4 * i) for i in range(len(clocks))))
        write("source_pcapng", "clock-ends-" + name, section(o) + interface(o, 1, 0, 0, 2**63 - 1) + interface(o, 1, 0, 9, -2**63) +
              enhanced(o, 0, 2**64 - 1) + enhanced(o, 1, 0))
        write("source_pcapng", "unknown-interface-" + name, section(o) + interface(o) + enhanced(o, 1, 0))
        write("source_pcapng", "short-packet-" + name, section(o) + interface(o) + block(o, 6, bytes(8)))
        write("source_pcapng", "short-interface-" + name, section(o) + block(o, 1, bytes(4)))
        write("source_pcapng", "captured-too-much-" + name, section(o) + interface(o) + simple(o, 60, 20))
        write("source_pcapng", "option-too-long-" + name, section(o) + block(o, 1, struct.pack(o + "HHIHHI", 1, 0, 0, 2, 99, 0)))
        write("source_pcapng", "version-" + name, section(o) + section(o, 1))
        write("source_pcapng", "short-section-" + name, section(o) + block(o, 0x0A0D0D0A, struct.pack(o + "I", 0x1A2B3C4D)))
        write("source_pcapng", "lengths-differ-" + name, section(o) + interface(o)[:-4] + struct.pack(o + "I", 8))
    write("source_pcapng", "two-sections", section("<") + interface("<") + enhanced("<", 0, 1) + section(">") +
          interface(">", 101) + enhanced(">", 0, 1))
    write("source_pcapng", "no-padding", section("<") + interface("<") +
          struct.pack("<IIIIIII", 6, 49, 0, 0, 1, 17, 17) + bytes(20) + struct.pack("<I", 49))
    write("source_pcapng", "length-zero", section("<") + struct.pack("<III", 5, 0, 0))
    write("source_pcapng", "no-byte-order", section("<") + struct.pack("<IIII", 0x0A0D0D0A, 28, 0, 0) + bytes(12))
    write("source_pcapng", "cut", section("<")[:20])


pcap_seeds()
pcapng_seeds()
