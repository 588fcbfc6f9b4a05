#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSD-3-Clause
"""Copies of a lab capture in which the bytes that carry the finding are mended: the finding must fall.

mend.py CASE_DIR [--side client|server] [--mode MODE] --out DIR

CASE_DIR holds truth.json and the captures. Writes DIR/<side>.<mode>.pcap for every mode that applies and prints
its path, one a line. Modes:

  remove    the forged packets are taken out. Nothing else changes.
  stack     the forged packets stay, dressed by the genuine sender's stack: TTL, IPID (later ones move up), DF, TOS,
            window, timestamps where it negotiated them, no reserved bits; a reset also gets the window 0, no payload and
            the exact sequence number.
            What is left is timing, count and what came later; no feature of the `stack` group may hold.
  innocent  what an honest end would have sent instead:
            resets   one RST+ACK of the sender's stack, a round trip after the trigger, and nothing after it;
            answers  each forged answer becomes the resolver's own answer, sent twice;
            pages    a page whose genuine answer arrived is taken out; one without is dressed (as `stack`, options and
                     PSH too) and moved a round trip after the request;
            SYN/ACK  taken out;
            silence  the responder acknowledges what it got and says nothing;
            address  the router's refusals come from the server itself;
            QUIC     the server has none at all, so nothing stands beside the silence;
            policing no segment is lost, so none is sent twice;
            resolver nobody else was asked, so no other answer contradicts it;
            proxy    the certificates name an issuer that nobody knows.
"""
import argparse
import copy
import ipaddress
import json
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pcapio                                              # noqa: E402
from pcapio import ACK, FIN, PSH, RST, SYN                 # noqa: E402

MODES = ("remove", "stack", "innocent")


class Case:
    def __init__(self, folder, side):
        with open(os.path.join(folder, "truth.json"), encoding="ascii") as f:
            self.truth = json.load(f)
        self.t = self.truth[side]
        self.frames = pcapio.read(os.path.join(folder, self.t["file"]), cut=True)
        self.forged = [self.frames[i - 1] for i in self.t["injected"]]
        trig = self.t["trigger_frame"]
        self.trigger = self.frames[trig - 1] if trig else None
        self.rtt_ns = int(self.truth["path"]["rtt_ms"] * 1e6)
        self.dressed = []

    def genuine(self, like):
        """The genuine packets of the same sender and flow."""
        return [f for f in self.frames if f.flow() == like.flow() and f.src == like.src and
                not any(f is x for x in self.forged)]


def next_seq(f):
    return (f.seq + len(f.payload) + bool(f.flags & SYN) + bool(f.flags & FIN)) & 0xFFFFFFFF


def newest(frames, value):
    """The furthest sequence number, by serial arithmetic (RFC 1982), or None."""
    best = None
    for f in frames:
        v = value(f)
        if best is None or (v - best) & 0xFFFFFFFF < 1 << 31:
            best = v
    return best


def model(case, f):
    """A genuine packet of the sender to copy the stack from: one after the handshake if there is one."""
    mine = case.genuine(f)
    plain = [g for g in mine if not g.flags & SYN]
    return (plain or mine or [None])[0]


def dress(case, f, options=False):
    """Gives f the network header (and options) of its claimed sender. False if that one sent nothing at all."""
    g = model(case, f)
    if g is None:
        return False
    d = f.data
    if f.v6:
        d[f.ip:f.ip + 4] = g.data[g.ip:g.ip + 4]
        d[f.ip + 7] = g.data[g.ip + 7]
    else:
        d[f.ip + 1] = g.data[g.ip + 1]
        d[f.ip + 6:f.ip + 8] = g.data[g.ip + 6:g.ip + 8]
        d[f.ip + 8] = g.data[g.ip + 8]
        renumber(case, f, g)
    case.dressed.append(f)
    if f.tcp:
        struct.pack_into("!H", d, f.l4 + 12, (d[f.l4 + 12] >> 4) << 12 | f.flags & 0x3F)
        if not f.flags & (SYN | RST):
            win = g.win >> dict(options_of(g)).get(3, b"\0")[0] if g.flags & SYN else g.win
            struct.pack_into("!H", d, f.l4 + 14, win)
        f.parse()
        if options:
            regrow(f, stamps(case, f, g), f.payload)
    pcapio.checksums(f)
    return True


def options_of(f):
    """(kind, body) of each TCP option with a body."""
    o, i = bytes(f.data[f.l4 + 20:f.data_off]), 0
    while i < len(o) and o[i]:
        if o[i] == 1:
            i += 1
            continue
        if len(o) - i < 2 or o[i + 1] < 2:
            return
        yield o[i], o[i + 2:i + o[i + 1]]
        i += o[i + 1]


def stamps(case, f, g):
    """The options its sender puts on every later packet: timestamps if it negotiated them, else none."""
    mine = dict(options_of(g)).get(8)
    if mine is None:
        return b""
    peer = [dict(options_of(x)).get(8) for x in case.frames
            if x.flow() == f.flow() and x.src == f.dst and x.ts <= f.ts]
    echo = next((p[:4] for p in reversed(peer) if p), mine[4:])
    val = struct.unpack("!I", mine[:4])[0] + (f.ts - g.ts) // 1000000     # Linux ticks in ms
    return b"\x01\x01\x08\x0a" + struct.pack("!I", val & 0xFFFFFFFF) + echo


def delay(f, ns):
    """Moves f to later, and the clock in its timestamps with it."""
    f.ts += ns
    i = f.l4 + 20
    while f.tcp and i + 10 <= f.data_off:
        if f.data[i] == 8:
            val = struct.unpack_from("!I", f.data, i + 2)[0] + ns // 1000000
            struct.pack_into("!I", f.data, i + 2, val & 0xFFFFFFFF)
            break
        i += 1 if f.data[i] < 2 else max(f.data[i + 1], 2)
    pcapio.checksums(f)


def renumber(case, f, g):
    """IPID: the place after the sender's last one; those that came later move up by one."""
    before = sorted((x for x in case.genuine(f) + [d for d in case.dressed if d.src == f.src]
                     if x.ts <= f.ts and x.ipid), key=lambda x: x.ts)
    later = [x for x in case.genuine(f) if x.ts > f.ts and x.ipid]
    if before:
        new = before[-1].ipid + 1
    else:
        # Only a SYN/ACK to go by, and Linux puts 0 there: any start of a counter will do.
        new = later[0].ipid if later else g.ipid if not g.flags & SYN else 0x4000
    struct.pack_into("!H", f.data, f.ip + 4, new & 0xFFFF)
    # Only a counting sender has a place to make room at; Linux sends 0 on what belongs to no socket.
    for x in later if new else ():
        struct.pack_into("!H", x.data, x.ip + 4, (x.ipid + 1) & 0xFFFF or 1)
        pcapio.checksums(x)


def regrow(f, options, payload):
    """Replaces TCP options and payload, and mends the lengths."""
    head = bytearray(f.data[:f.l4 + 20])
    struct.pack_into("!H", head, f.l4 + 12, (20 + len(options)) // 4 << 12 | f.flags)
    whole = head + options + payload
    if f.v6:
        struct.pack_into("!H", whole, f.ip + 4, len(whole) - f.ip - 40)
    else:
        struct.pack_into("!H", whole, f.ip + 2, len(whole) - f.ip)
    f.data = bytearray(whole)
    pcapio.checksums(f)


def exact_reset(case, f):
    """Makes f the reset its sender could have sent at that time: exact numbers, window 0, no payload."""
    keep = bytes(f.data[f.l4 + 20:f.data_off])
    sent = newest([g for g in case.genuine(f) if g.ts <= f.ts and not g.flags & RST], next_seq)
    got = newest([g for g in case.frames if g.flow() == f.flow() and g.src == f.dst and g.ts <= f.ts and
                  not g.flags & RST], next_seq)
    regrow(f, keep, b"")
    flags = f.flags & 0x3F & ~(PSH | FIN) | RST
    struct.pack_into("!IIH", f.data, f.l4 + 4, f.seq if sent is None else sent, got or 0 if flags & ACK else 0,
                     (5 + len(keep) // 4) << 12 | flags)
    struct.pack_into("!H", f.data, f.l4 + 14, 0)
    pcapio.checksums(f)


def mend_remove(case):
    if case.truth["trigger"] and case.truth["trigger"]["kind"] == "address" and not case.forged:
        return innocent_refusal(case)
    if not case.forged:
        return None
    return [f for f in case.frames if not any(f is x for x in case.forged)]


def mend_stack(case):
    if case.truth["trigger"] and case.truth["trigger"]["kind"] == "address" and not case.forged:
        return innocent_refusal(case)
    if not case.forged:
        return None
    for f in case.forged:
        if not dress(case, f, options=bool(f.payload)):
            return None
        if f.tcp and f.flags & RST:
            exact_reset(case, f)
    return case.frames


def innocent_resets(case):
    """Per flow and claimed sender: what came before, then one late reset of the sender's own."""
    out, first = list(case.frames), {}
    for f in case.forged:
        first.setdefault((f.flow(), f.src), f)
    for (flow, src), f in first.items():
        one = copy.deepcopy(f)
        kept = [g for g in out if g.flow() != flow or (g.ts < f.ts and not any(g is x for x in case.forged))]
        struct.pack_into("!H", one.data, one.l4 + 12, (one.data[one.l4 + 12] >> 4) << 12 | RST | ACK)
        one.parse()
        if not dress(case, one, options=True):
            return None
        exact_reset(case, one)
        if case.trigger:
            delay(one, max(0, case.trigger.ts + case.rtt_ns + 1000000 - one.ts))
        out = kept + [one]
    return sorted(out, key=lambda g: g.ts)


def innocent_answers(case):
    for k, f in enumerate(case.forged, 1):
        real = [g for g in case.genuine(f) if g.payload[:2] == f.payload[:2]]
        if not real:
            return None
        f.data = bytearray(real[0].data)
        f.ts = real[0].ts - k * 2000000
        f.parse()
        if not f.v6:
            struct.pack_into("!H", f.data, f.ip + 4, (f.ipid - k) & 0xFFFF)
            pcapio.checksums(f)
    return sorted(case.frames, key=lambda g: g.ts)


def innocent_pages(case):
    answered = any(g.payload for g in case.genuine(case.forged[0]))
    if answered or any(f.flags & SYN for f in case.forged):
        return mend_remove(case)
    late = max(0, case.trigger.ts + case.rtt_ns + 1000000 - case.forged[0].ts)
    for f in case.forged:
        if f.payload:
            regrow(f, b"", f.payload)
            struct.pack_into("!H", f.data, f.l4 + 12, 5 << 12 | f.flags | PSH)
            f.parse()
        dress(case, f, options=True)
    # The whole rest of the flow waits for the later page.
    start = case.forged[0].ts
    for g in case.frames:
        if g.ts >= start:
            delay(g, late)
    return [f for f in case.frames if f.flags & RST == 0 or not any(f is x for x in case.forged)]


def innocent_silence(case):
    """After each data packet of the orig from the trigger on, the responder's ACK, as its kernel sends it."""
    t = case.trigger
    if t is None:
        return None
    answer = next(g for g in case.frames if g.flow() == t.flow() and g.src == t.dst)
    out, ipid, upto = [], 0x4000, None
    for f in case.frames:
        out.append(f)
        if f.flow() != t.flow() or f.src != t.src or f.ts < t.ts or not next_seq(f) - f.seq & 0xFFFFFFFF:
            continue
        if upto is not None and f.payload and not (next_seq(f) - upto) & 0xFFFFFFFF:
            out.pop()           # a retransmission would not have happened
            continue
        upto = next_seq(f)
        a = copy.deepcopy(answer)
        struct.pack_into("!IIHH", a.data, a.l4 + 4, (answer.seq + 1) & 0xFFFFFFFF, upto, 5 << 12 | ACK, 64)
        a.parse()
        regrow(a, b"", b"")
        if not a.v6:
            ipid += 1
            struct.pack_into("!H", a.data, a.ip + 4, ipid)
        a.ts = f.ts + case.rtt_ns
        pcapio.checksums(a)
        out.append(a)
    return sorted(out, key=lambda g: g.ts)


def innocent_refusal(case):
    """The server's own packet filter refuses what a router did: the ICMP errors bear its address."""
    server = ipaddress.ip_address(case.truth["trigger"]["value"]).packed
    for f in case.frames:
        if f.proto in (1, 58) and f.dst == case.trigger.src:
            at = f.ip + 8 if f.v6 else f.ip + 12
            f.data[at:at + len(server)] = server
            pcapio.checksums(f)         # a v6 message's own sum stays as it was: nobody looks
    return case.frames


def innocent_transfer(case):
    """What a path without losses would have needed: no segment is sent twice."""
    out, upto = [], {}
    for f in case.frames:
        size = f.end - f.data_off
        if f.tcp and size:
            k = (f.flow(), f.src)
            end = (f.seq + size) & 0xFFFFFFFF
            if k in upto and (end - upto[k] - 1) & 0xFFFFFFFF >= 1 << 31:
                continue
            upto[k] = end
        out.append(f)
    return out


def innocent_quic(case):
    """A server without QUIC: none of its datagrams."""
    server = case.trigger.dst if case.trigger else next(f.dst for f in case.frames if f.udp and f.dport == 443)
    return [f for f in case.frames if not (f.udp and f.sport == 443 and f.src == server)]


def innocent_resolver(case):
    """Nobody else was asked: what one resolver denies may not exist."""
    return [f for f in case.frames if not (f.udp and 53 in (f.sport, f.dport)) or case.trigger.dst in (f.src, f.dst)]


def innocent_issuer(case):
    """Names of the issuer in letters of the same number; nobody checks the signatures."""
    names = [part.split("=", 1)[1].encode() for part in case.truth["drawn"]["issuer"].split("/") if "=" in part]
    for f in case.frames:
        for name in names:
            at = f.data.find(name) if len(name) > 2 else -1
            while at >= 0:
                f.data[at:at + len(name)] = b"n" * len(name)
                pcapio.checksums(f)
                at = f.data.find(name)
    return case.frames


def mend_innocent(case):
    kinds = set(case.t["techniques"])
    if "throttling" in kinds:
        return innocent_transfer(case)
    if "quic_blocking" in kinds:
        return innocent_quic(case)
    if "dns_manipulation" in kinds:
        return innocent_resolver(case)
    if "tls_interception" in kinds:
        return innocent_issuer(case)
    if "dns_injection" in kinds and case.forged[0].tcp:
        return mend_remove(case)        # the resolver's own answer stands behind it
    if case.truth["trigger"] and case.truth["trigger"]["kind"] == "address" and not case.forged:
        return innocent_refusal(case)
    if not case.forged:
        return innocent_silence(case) if "packet_drop" in kinds else None
    if "dns_injection" in kinds:
        return innocent_answers(case)
    if "data_injection" in kinds:
        return innocent_pages(case)
    return innocent_resets(case)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ap.add_argument("case")
    ap.add_argument("--side", choices=("client", "server"), action="append")
    ap.add_argument("--mode", choices=MODES, action="append")
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    for side in a.side or ("client", "server"):
        for mode in a.mode or MODES:
            frames = globals()[f"mend_{mode}"](Case(a.case, side))
            if frames is None:
                continue
            path = os.path.join(a.out, f"{side}.{mode}.pcap")
            pcapio.write(path, frames)
            print(path)


main()
