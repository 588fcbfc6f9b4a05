# SPDX-License-Identifier: BSD-3-Clause
"""Captures and packets as the lab reads them: written apart from wallprint's reader on purpose."""
import ipaddress
import struct

MAGICS = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\x4d\x3c\xb2\xa1": ("<", 1),
          b"\xa1\xb2\xc3\xd4": (">", 1000), b"\xa1\xb2\x3c\x4d": (">", 1)}
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Frame:
    """One Ethernet frame with its time in ns and, once parsed, what the lab needs of it."""

    def __init__(self, ts, data, wire=0):
        self.ts, self.data, self.wire = ts, bytearray(data), wire
        self.parse()

    def parse(self):
        d = self.data
        etype = struct.unpack_from("!H", d, 12)[0]
        self.v6 = etype == 0x86DD
        if etype not in (0x0800, 0x86DD):
            raise ValueError(f"ethertype {etype:#x} in a lab capture")
        ip = self.ip = 14
        if self.v6:
            self.end = ip + 40 + struct.unpack_from("!H", d, ip + 4)[0]
            self.proto, self.ttl, self.l4 = d[ip + 6], d[ip + 7], ip + 40
            src, dst = d[ip + 8:ip + 24], d[ip + 24:ip + 40]
            self.ipid = self.df = None
        else:
            self.end = ip + struct.unpack_from("!H", d, ip + 2)[0]
            self.proto, self.ttl, self.l4 = d[ip + 9], d[ip + 8], ip + (d[ip] & 15) * 4
            src, dst = d[ip + 12:ip + 16], d[ip + 16:ip + 20]
            self.ipid = struct.unpack_from("!H", d, ip + 4)[0]
            self.df = bool(d[ip + 6] & 0x40)
        self.src, self.dst = (str(ipaddress.ip_address(bytes(x))) for x in (src, dst))
        self.tcp, self.udp = self.proto == 6, self.proto == 17
        self.flags = self.seq = self.ack = self.win = 0
        self.sport = self.dport = None
        self.data_off = self.end
        if self.tcp or self.udp:
            self.sport, self.dport = struct.unpack_from("!HH", d, self.l4)
            self.data_off = self.l4 + 8
        if self.tcp:
            self.seq, self.ack = struct.unpack_from("!II", d, self.l4 + 4)
            self.flags = struct.unpack_from("!H", d, self.l4 + 12)[0] & 0xFFF
            self.win = struct.unpack_from("!H", d, self.l4 + 14)[0]
            self.data_off = self.l4 + (d[self.l4 + 12] >> 4) * 4

    @property
    def payload(self):
        return bytes(self.data[self.data_off:self.end])

    @property
    def key(self):
        """The packet's bytes less what routers change: TTL or hop limit, IPv4 header checksum."""
        return masked(bytes(self.data[self.ip:self.end]))

    def flow(self):
        """The 5-tuple, lower end first; None for what has no ports."""
        if self.sport is None:
            return None
        return (self.proto,) + tuple(sorted(((self.src, self.sport), (self.dst, self.dport))))


def masked(ip):
    b = bytearray(ip)
    if b[0] >> 4 == 6:
        b[7] = 0
    else:
        b[8] = 0
        b[10:12] = b"\0\0"
    return bytes(b)


def from_ip(hexed):
    """A frame from the bytes of an IP packet (the boxes' logs hold those)."""
    ip = bytes.fromhex(hexed)
    return Frame(0, bytes(12) + (b"\x86\xdd" if ip[0] >> 4 == 6 else b"\x08\x00") + ip)


def read(path, cut=False):
    """The frames of a capture. Cut ones are an error unless `cut`: then `wire` is their length, and only headers are to be relied on."""
    with open(path, "rb") as f:
        blob = f.read()
    if blob[:4] not in MAGICS:
        raise ValueError(f"{path}: not a pcap")
    end, mul = MAGICS[blob[:4]]
    out, off = [], 24
    while off < len(blob):
        sec, sub, cap, full = struct.unpack_from(end + "IIII", blob, off)
        if cap != full and not cut or len(blob) - off - 16 < cap:
            raise ValueError(f"{path}: frame {len(out) + 1} is cut")
        out.append(Frame(sec * 10**9 + sub * mul, blob[off + 16:off + 16 + cap], full if cap != full else 0))
        off += 16 + cap
    return out


def write(path, frames):
    """Nanosecond pcap, Ethernet, little-endian."""
    with open(path, "wb") as f:
        f.write(b"\x4d\x3c\xb2\xa1" + struct.pack("<HHiIII", 2, 4, 0, 0, 262144, 1))
        for x in frames:
            f.write(struct.pack("<IIII", x.ts // 10**9, x.ts % 10**9, len(x.data), max(x.wire, len(x.data))))
            f.write(x.data)


def sum16(b):
    if len(b) % 2:
        b = bytes(b) + b"\0"
    s = sum(struct.unpack(f"!{len(b) // 2}H", b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


def checksums(x):
    """Mends lengths' and addresses' dependents in place: IPv4, TCP and UDP checksums. Reparses."""
    d, ip = x.data, x.ip
    if not x.v6:
        d[ip + 10:ip + 12] = b"\0\0"
        struct.pack_into("!H", d, ip + 10, sum16(bytes(d[ip:x.l4])))
    addrs = bytes(d[ip + 8:ip + 40]) if x.v6 else bytes(d[ip + 12:ip + 20])
    at = {6: 16, 17: 6}.get(x.proto)
    if at is not None:
        struct.pack_into("!H", d, x.l4 + at, 0)
        l4 = bytes(d[x.l4:x.end])
        pseudo = addrs + struct.pack("!II", len(l4), x.proto)
        struct.pack_into("!H", d, x.l4 + at, sum16(pseudo + l4) or (0 if x.tcp else 0xFFFF))
    x.parse()


def cut(path, snaplen):
    """Cuts the capture's frames in place: a long transfer is told by its headers."""
    frames = read(path)
    for x in frames:
        if len(x.data) > snaplen:
            x.data, x.wire = x.data[:snaplen], len(x.data)
    write(path, frames)
