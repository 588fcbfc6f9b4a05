#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The lab's second injector, on scapy: other code, other quirks than mbox, so that we do not tune to our own.

inject2.py IFACE SPEC.json LOG LIFE_S

Sits at the box's mirror port: sees each packet when the box sees it, and sends forged ones back in.
It finds names its own way (bytes in the payload, scapy's DNS), keeps no flow state but "done once", and builds with
scapy's defaults unless its quirk says otherwise. What it sends stands in LOG, whole.
"""
import json
import re
import signal
import sys
import time

from scapy.config import conf
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether


class Injector:
    def __init__(self, spec, log):
        self.spec, self.log, self.done, self.sent = spec, log, set(), 0

    def hit(self, pkt):
        """True if the spec's name is in this packet, where such a name belongs."""
        name = self.spec["name"].encode()
        if self.spec["match"] == "qname":
            return (UDP in pkt and pkt[UDP].dport == 53 and DNS in pkt and pkt[DNS].qr == 0 and
                    pkt[DNS].qd and pkt[DNSQR].qname.rstrip(b".").lower() == name)
        if TCP not in pkt:
            return False
        data = bytes(pkt[TCP].payload)
        if self.spec["match"] == "sni":
            return data[:1] == b"\x16" and data[5:6] == b"\x01" and name in data
        return re.search(rb"(?mi)^host:[ \t]*" + re.escape(name) + rb"\r?$", data) is not None

    def network(self, pkt, to_client):
        """Ethernet and IP headers towards one end, built as the quirk builds them."""
        old = pkt[IP] if IP in pkt else pkt[IPv6]
        q, ttl = self.spec["quirk"], self.spec["ttl"]
        src, dst = (old.dst, old.src) if to_client else (old.src, old.dst)
        eth = Ether(src=pkt.dst, dst=pkt.src) if to_client else Ether(src=pkt.src, dst=pkt.dst)
        if q == "mirror":
            ttl = old.ttl if IP in pkt else old.hlim
        if q == "climb":
            ttl += self.sent
        if IP not in pkt:
            return eth / IPv6(src=src, dst=dst, hlim=ttl)
        ip = IP(src=src, dst=dst, ttl=ttl)      # scapy's own: id 1, no DF
        if q == "copy":
            ip.id, ip.flags = old.id, old.flags
        if q == "climb":
            ip.id = (self.spec["win"] + self.sent) & 0xFFFF
        return eth / ip

    def segment(self, pkt, to_client, flags, seq_add=0, data=b""):
        t = pkt[TCP]
        end = t.seq + len(bytes(t.payload))
        seq, ack = (t.ack, end) if to_client else (end, t.ack)
        out = TCP(sport=t.dport if to_client else t.sport, dport=t.sport if to_client else t.dport,
                  seq=(seq + seq_add) & 0xFFFFFFFF, ack=ack & 0xFFFFFFFF, flags=flags,
                  window=t.window if self.spec["quirk"] == "copy" else self.spec["win"])
        stamp = dict(o for o in t.options if isinstance(o, tuple)).get("Timestamp")
        if data and stamp and self.spec["stamps"]:
            mine, theirs = (stamp[1], stamp[0]) if to_client else stamp
            out.options = [("NOP", None), ("NOP", None), ("Timestamp", (mine + 7, theirs))]
        p = self.network(pkt, to_client) / out
        return p / data if data else p

    def resets(self, pkt):
        s = self.spec
        for end in s["to"]:
            for i in range(s["count"]):
                yield self.segment(pkt, end == "client", s["flags"], i * s["seq_step"])

    def page(self, pkt):
        s = self.spec
        body = b"<html><h1>Sorry</h1>This page has been held back.</html>"
        head = s["status"].encode() + b"\r\nContent-Length: %d\r\n" % len(body)
        if " 302 " in s["status"]:
            head += b"Location: http://elsewhere.example/\r\n"
        whole = head + b"Connection: close\r\n\r\n" + body
        if not s["split"]:
            yield self.segment(pkt, True, "FPA", 0, whole)
            return
        half = len(whole) // 2
        yield self.segment(pkt, True, "A", 0, whole[:half])
        yield self.segment(pkt, True, "FA", half, whole[half:])

    def answer(self, pkt):
        s, q = self.spec, pkt[DNS]
        six = q.qd[0].qtype == 28 if isinstance(q.qd, list) else q.qd.qtype == 28
        rr = DNSRR(rrname=pkt[DNSQR].qname, type="AAAA" if six else "A", ttl=s["rr_ttl"],
                   rdata=s["addr6"] if six else s["addr"])
        d = DNS(id=q.id, qr=1, aa=int(s["aa"]), rd=q.rd, ra=1, qd=q.qd, an=rr, ar=None)
        for _ in range(s["count"]):
            yield self.network(pkt, True) / UDP(sport=53, dport=pkt[UDP].sport) / d

    def react(self, raw, sock):
        pkt = Ether(raw)
        l4 = pkt[TCP] if TCP in pkt else pkt[UDP] if UDP in pkt else None
        if l4 is None or (l4.sport, l4.dport) in self.done or not self.hit(pkt):
            return
        self.done.add((l4.sport, l4.dport))
        time.sleep(self.spec["delay_ms"] / 1000)
        make = {"rst": self.resets, "data": self.page, "dns": self.answer}[self.spec["kind"]]
        for p in make(pkt):
            b = bytes(p)
            ip = bytes(p.payload)
            way = "s2c" if p.dst == pkt.src else "c2s"
            self.log.write(json.dumps({"ev": "inject", "t": time.time_ns(), "dir": way, "why": "scapy",
                                       "hex": ip.hex()}) + "\n")
            self.log.flush()
            sock.outs.send(b)
            self.sent += 1


def main(iface, spec, log, life_s):
    conf.verb = 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(spec, encoding="ascii") as f:
        orders = json.load(f)
    sock = conf.L2socket(iface=iface)
    end = time.monotonic() + float(life_s)
    with open(log, "w", encoding="ascii") as out:
        inj = Injector(orders, out)
        # The first packet built loads scapy's tables; better before the race than in it.
        bytes(Ether() / IP() / TCP() / b"x")
        bytes(Ether() / IPv6(src="::1", dst="::1") / UDP() / DNS(qd=DNSQR(qname="x")))
        Ether(bytes(Ether() / IP() / UDP(dport=53) / DNS(qd=DNSQR(qname="x"))))
        print("ready", flush=True)
        while time.monotonic() < end:
            if sock.select([sock], 0.2):
                cls, raw, _ = sock.recv_raw(2048)
                if raw:
                    inj.react(raw, sock)


main(*sys.argv[1:5])
