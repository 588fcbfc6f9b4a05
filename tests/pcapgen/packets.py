# SPDX-License-Identifier: BSD-3-Clause
"""Bytes of single packets and of a capture file, for pcapgen. Pure functions."""
import socket
import struct
import zlib

import certs

QTYPES = {"a": 1, "ns": 2, "cname": 5, "soa": 6, "mx": 15, "txt": 16, "aaaa": 28}
# Words of a TCP line that make payload; see payload().
PAYLOADS = ("tls-sni", "ech", "esni", "http-get", "server-hello", "tls-flight", "tls-alert", "text", "hex", "zeros", "fill", "dns-ask", "dns-reply")


def steady32(text):
    """A number that looks random and is always the same for the same text."""
    return zlib.crc32(text.encode()) or 1


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def addr_bytes(addr):
    return socket.inet_pton(socket.AF_INET6 if ":" in addr else socket.AF_INET, addr)


def l4_checksum(src, dst, proto, l4):
    a, b = addr_bytes(src), addr_bytes(dst)
    if len(a) == 16:
        return checksum(a + b + struct.pack(">IHBB", len(l4), 0, 0, proto) + l4)
    return checksum(a + b + struct.pack(">BBH", 0, proto, len(l4)) + l4)


def ip(src, dst, proto, ttl, ident, df, l4):
    a, b = addr_bytes(src), addr_bytes(dst)
    if len(a) == 16:
        return struct.pack(">IHBB", 0x60000000, len(l4), proto, ttl) + a + b + l4
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(l4), ident, 0x4000 if df else 0, ttl, proto, 0)
    head += a + b
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + l4


def ether(packet):
    kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00"
    return b"\x02\x00\x00\x00\x00\x02" + b"\x02\x00\x00\x00\x00\x01" + kind + packet


def tcp(src, dst, sport, dport, seq, ack, flags, win, opts, body, bad):
    """`flags` are the 12 bits of the flags field."""
    opts += b"\0" * (-len(opts) % 4)
    off = (20 + len(opts)) // 4 << 12
    seg = struct.pack(">HHIIHHHH", sport, dport, seq, ack, off | flags, win, 0, 0) + opts + body
    check = l4_checksum(src, dst, 6, seg) ^ (0x5555 if bad else 0)
    return seg[:16] + struct.pack(">H", check) + seg[18:]


def udp(src, dst, sport, dport, body, bad):
    seg = struct.pack(">HHHH", sport, dport, 8 + len(body), 0) + body
    check = (l4_checksum(src, dst, 17, seg) or 0xffff) ^ (0x5555 if bad else 0)
    return seg[:6] + struct.pack(">H", check) + seg[8:]


def icmp_unreachable(code, quoted):
    """RFC 792: type 3 with the IP header and 8 bytes of what could not be delivered. IPv4 only."""
    body = struct.pack(">BBHI", 3, code, 0, 0) + quoted[:28]
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


# What an ICMP error says: type and code for IPv4 (RFC 792, RFC 1812) and IPv6 (RFC 4443).
ICMP_SAYS = {"prohibited": ((3, 13), (1, 1)), "too-big": ((3, 4), (2, 0)), "port": ((3, 3), (1, 4)), "host": ((3, 1), (1, 3)),
             "net": ((3, 0), (1, 0)), "expired": ((11, 0), (3, 0))}


def icmp_error(src, dst, says, mtu, quoted):
    """About `quoted`, an IP packet: IPv4 with its header and 8 bytes more (RFC 792), IPv6 with up to 1232 bytes (RFC 4443 2.4 c)."""
    v6 = quoted[0] >> 4 == 6
    kind, code = ICMP_SAYS[says][v6]
    body = struct.pack(">BBHI", kind, code, 0, mtu) + quoted[:1232 if v6 else 28]
    check = l4_checksum(src, dst, 58, body) if v6 else checksum(body)
    return body[:2] + struct.pack(">H", check) + body[4:]


def hopped(packet, hops):
    """An IP packet so many routers later; the header's checksum stays as it was."""
    at = 7 if packet[0] >> 4 == 6 else 8
    return packet[:at] + bytes([packet[at] - hops]) + packet[at + 1:]


def tcp_options(kind, syn, tsval, tsecr):
    """linux: MSS, SACK, timestamps, window scale, as Linux orders them; windows: MSS, window scale,
    SACK; mss: MSS alone. Only `linux` negotiates timestamps, so only it has options after the SYN."""
    stamp = struct.pack(">BBII", 8, 10, tsval, tsecr)
    if kind == "linux":
        return b"\x02\x04\x05\xb4\x04\x02" + stamp + b"\x01\x03\x03\x07" if syn else b"\x01\x01" + stamp
    if kind == "windows":
        return b"\x02\x04\x05\xb4\x01\x03\x03\x08\x01\x01\x04\x02" if syn else b""
    if kind == "mss":
        return b"\x02\x04\x05\xb4" if syn else b""
    raise ValueError("unknown options: %s" % kind)


def tls_record(kind, body):
    return struct.pack(">BHH", kind, 0x0301, len(body)) + body


def handshake(kind, body):
    return tls_record(22, struct.pack(">B", kind) + len(body).to_bytes(3, "big") + body)


def client_hello(name, ech=0, esni=0):
    """A small TLS 1.2/1.3 hello (RFC 8446 4.1.2) with server_name (RFC 6066 3), and an encrypted hello of some bytes (RFC 9849) or its
    forerunner ESNI."""
    host = name.encode()
    sni = struct.pack(">HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    versions = struct.pack(">HHBHH", 43, 5, 4, 0x0304, 0x0303)
    ext = sni + versions
    for code, n in ((0xfe0d, ech), (0xffce, esni)):
        if n:
            ext += struct.pack(">HH", code, n) + bytes(n)
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + b"\0\x04\x13\x01\xc0\x2f" + b"\x01\0"
    return handshake(1, body + struct.pack(">H", len(ext)) + ext)


def server_hello():
    return handshake(2, b"\x03\x03" + bytes(range(32, 64)) + b"\0\xc0\x2f\0\0\0")


def payload(kv):
    """The payload that the words of one line ask for; the words stand in for whole messages so that a
    script reads like the happening."""
    if "tls-sni" in kv:
        return client_hello(kv["tls-sni"], int(kv.get("ech", 0)), int(kv.get("esni", 0)))
    if "http-get" in kv:
        host, slash, path = kv["http-get"].partition("/")
        return ("GET /%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n" % (path, host)).encode()
    if "server-hello" in kv:
        return server_hello()
    if "tls-flight" in kv:
        return certs.flight(kv["tls-flight"])
    if "tls-alert" in kv:
        return tls_record(21, bytes([2, int(kv["tls-alert"])]))
    if "text" in kv:
        return kv["text"].encode().decode("unicode_escape").encode("latin-1")
    if "hex" in kv:
        return bytes.fromhex(kv["hex"])
    if "zeros" in kv:
        return bytes(int(kv["zeros"]))
    if "dns-ask" in kv:
        return dns_framed(dns_query(steady32(kv["dns-ask"]) & 0xffff, kv["dns-ask"], 1, 0x0100, False))
    if "dns-reply" in kv:
        name, _, a = kv["dns-reply"].partition("/")
        return dns_framed(dns_answer(steady32(name) & 0xffff, name, 1, 0x8180, a, "", 300, True, False))
    if "fill" in kv:
        count, _, first = kv["fill"].partition("@")
        return bytes((int(first or "97") + i % 23) & 0xff for i in range(int(count)))
    return b""


def tsg(word, src, dst):
    """Window and IP ID by the published TSG generator equation (Ablove et al. 2026, 6.3), k = 13, M = 65535:
    win = val + S mod 13; id = 65535 - 13 val + D mod win; S source, D destination, little-endian. `word` is VAL, or
    VAL@ADDR where a NAT hides the address that the generator saw."""
    val, _, other = word.partition("@")
    s = int.from_bytes(addr_bytes(src), "little")
    d = int.from_bytes(addr_bytes(other or dst), "little")
    win = int(val) + s % 13 or 1
    return win, (65535 - 13 * int(val) + d % win) & 0xffff


def dns_name(name):
    out = b"".join(bytes([len(p)]) + p.encode() for p in name.strip(".").split(".") if p)
    return out + b"\0"


def dns_framed(message):
    """As over TCP: RFC 1035 4.2.2."""
    return struct.pack(">H", len(message)) + message


OPT = b"\0\0\x29\x10\0\0\0\0\0\0\0"


def dns_query(txid, name, qtype, flags, edns):
    head = struct.pack(">HHHHHH", txid, flags, 1, 0, 0, int(edns))
    return head + dns_name(name) + struct.pack(">HH", qtype, 1) + (OPT if edns else b"")


def dns_answer(txid, name, qtype, flags, a, aaaa, rrttl, pointer, edns):
    """`a` and `aaaa` are addresses joined by commas; with neither the answer section is empty."""
    records = [(1, addr_bytes(x)) for x in a.split(",") if x]
    records += [(28, addr_bytes(x)) for x in aaaa.split(",") if x]
    head = struct.pack(">HHHHHH", txid, flags, 1, len(records), 0, int(edns))
    out = head + dns_name(name) + struct.pack(">HH", qtype, 1)
    owner = b"\xc0\x0c" if pointer else dns_name(name)
    for kind, data in records:
        out += owner + struct.pack(">HHIH", kind, 1, rrttl, len(data)) + data
    return out + (OPT if edns else b"")


def pcap(frames):
    """Classic pcap, little-endian, microseconds, Ethernet. frames: (ns, captured bytes, length on the wire)."""
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for ns, data, wire in frames:
        out += struct.pack("<IIII", ns // 10**9, ns % 10**9 // 1000, len(data), wire) + data
    return out
