# SPDX-License-Identifier: BSD-3-Clause
"""What really happened, from both ends' captures and the boxes' own logs. wallprint has no part in it.

Every packet must be explained: what an end received, the other end sent or a box forged; what an end sent,
the other end received or the box dropped. Anything else is a LabError, and the run is thrown away.
The shape of truth.json is described in tests/golden/README.md.
"""
import json
from collections import Counter, defaultdict

import net
import pcapio
from pcapio import ACK, FIN, RST, SYN

SCHEMA = "wallprint.lab-truth/1"
ENDS = {"client": {net.CLIENT4, net.CLIENT6}, "server": {net.WEB4, net.WEB6, net.DNS4, net.DNS6, net.WEB4B, net.WEB6B}}
OTHER = {"client": "server", "server": "client"}
TOWARDS = {"s2c": "client", "c2s": "server"}


def read_logs(paths):
    out = []
    for p in paths:
        with open(p, encoding="ascii") as f:
            out += [json.loads(line) for line in f]
    for e in out:
        e["key"] = pcapio.masked(bytes.fromhex(e["hex"]))
        e["frame"] = pcapio.from_ip(e["hex"])
    return out


def by_key(frames, want):
    d = defaultdict(list)
    for i, f in enumerate(frames, 1):
        if want(f):
            d[f.key].append(i)
    return d


def explain(caps, log, way, plan):
    """One direction. Returns ({receiver frame}: injected, {sender frame: why} dropped, checks made)."""
    to = TOWARDS[way]
    frm = OTHER[to]
    leg_ns, path_ns = plan.leg_us[0 if way == "c2s" else 1] * 1000, sum(plan.leg_us) * 1000
    def ours(f):
        # Routers speak too (ICMP), and a proxy has connections of its own.
        return f.src in ENDS[frm] and f.dst in ENDS[to] and not split(plan, f)
    got, sent = by_key(caps[to], ours), by_key(caps[frm], ours)
    forged = Counter(e["key"] for e in log if e["ev"] == "inject" and e["dir"] == way)
    drops = [e for e in log if e["ev"] == "drop" and e["dir"] == way and ours(e["frame"])]
    elsewhere = {f.key for f in caps[frm]}
    injected, dropped = set(), {}
    for key, n in forged.items():
        if key in elsewhere:
            raise net.LabError(f"{way}: a forged packet equals one the {frm} handled; the truth is ambiguous")
        if len(got.get(key, ())) != n:
            raise net.LabError(f"{way}: {n} forged alike, {len(got.get(key, ()))} seen at the {to}")
        injected |= set(got.pop(key))
    for e in drops:
        left = [i for i in sent.get(e["key"], ()) if i not in dropped]
        if not left:
            raise net.LabError(f"{way}: the box dropped what the {frm} did not send")
        best = min(left, key=lambda i: abs(caps[frm][i - 1].ts + leg_ns - e["t"]))
        dropped[best] = e["why"]
    for key in set(got) | set(sent):
        arrived = got.get(key, [])
        left = [i for i in sent.get(key, ()) if i not in dropped]
        if len(arrived) < len(left) and way in plan.kernel_drops:
            # What a router's rule took away stands in no log: it is what is missing. Of equal packets, those that fit best in time arrived.
            for a in arrived:
                left.remove(min(left, key=lambda i: abs(caps[frm][i - 1].ts + path_ns - caps[to][a - 1].ts)))
            dropped.update((i, plan.kernel_why) for i in left)
        elif len(arrived) > len(left) and not left and way in plan.kernel_forges:
            injected |= set(arrived)
        elif len(arrived) != len(left):
            where = got.get(key) or sent.get(key)
            raise net.LabError(f"{way}: {len(left)} sent, {len(arrived)} arrived (frames {where}): unexplained")
    return injected, dropped, sum(map(len, got.values())) + len(injected) + len(dropped)


def split(plan, f):
    """Does a proxy end this flow and speak for both sides? Then no packet of it is what the other end sent."""
    return plan.proxied and f.tcp and plan.proxied in (f.sport, f.dport)


def trigger_frame(frames, trigger, log):
    """The first frame from the client that carries the trigger, or None. A QUIC name is not readable here: the box logs what it read."""
    kind, name = trigger
    read = {e["key"] for e in log if e["ev"] == "trigger"}
    for i, f in enumerate(frames, 1):
        if f.src not in ENDS["client"]:
            continue
        if kind == "syn" and f.tcp and f.flags & (SYN | ACK) == SYN and f.dst == name:
            return i
        if kind == "quic" and f.key in read or kind == "bytes" and f.tcp and name.encode() in f.payload:
            return i
        if kind == "sni" and f.payload[:1] == b"\x16" and name.encode() in f.payload:
            return i
        if kind == "host" and f"\r\nHost: {name}\r\n".encode() in f.payload:
            return i
        labels = b"".join(bytes([len(x)]) + x.encode() for x in name.split("."))
        if kind == "qname" and f.dport == 53 and f.payload[14 if f.tcp else 12:].startswith(labels + b"\0"):
            return i
    return None


def techniques(frames, injected):
    """What was done in this capture, from the forged packets alone."""
    out = set()
    for i in injected:
        f = frames[i - 1]
        if f.udp:
            out.add("dns_injection")
        elif f.flags & RST:
            out.add("rst_injection")
        elif f.flags & (SYN | ACK) == SYN | ACK:
            out.add("data_injection")
        elif f.payload and f.tcp and 53 in (f.sport, f.dport):
            out.add("dns_injection")
        elif f.payload:
            out.add("data_injection")
            if f.payload.startswith((b"HTTP/", b"<html")):
                out.add("http_blockpage")
    return out


def telling(f):
    """True if a technique hangs on this forged packet; a bare ACK or FIN only accompanies one."""
    return f.udp or bool(f.flags & (RST | SYN)) or bool(f.payload)


def conflicts(frames, injected):
    """True if a forged and a genuine segment of one direction claim the same numbers with other bytes."""
    for i in injected:
        a = frames[i - 1]
        for j, b in enumerate(frames, 1):
            if j in injected or not (a.tcp and b.tcp and a.payload and b.payload):
                continue
            if (a.src, a.sport, a.dport) == (b.src, b.sport, b.dport) and a.seq == b.seq and \
               a.payload[:len(b.payload)] != b.payload[:len(a.payload)]:
                return True
    return False


def facts(caps, found):
    """What a play may need to have happened, established from the captures."""
    out, c, s = set(), caps["client"], caps["server"]
    if any(f.tcp and f.flags & RST and f.src in ENDS["server"] for f in s):
        out.add("genuine_rst_s2c")
    if any(f.tcp and f.flags & RST and f.src in ENDS["client"] for f in c):
        out.add("genuine_rst_c2s")
    if conflicts(c, found["client"]["injected"]):
        out.add("conflict")
    answers = Counter(f.flow() + (f.payload[:2],) for f in c if f.udp and f.src in ENDS["server"])
    if any(n > 1 for n in answers.values()):
        out.add("two_answers")
    if any(f.tcp and f.sport == 443 and b"\x0b\x00" in f.payload[:200] for f in c if f.src in ENDS["server"]):
        out.add("certificate")
    if sum(v == "policy" for v in found["server"]["dropped"].values()) >= 15:
        out.add("policed")
    if sum(f.udp and f.dport == 443 for f in c) and sum(f.udp and f.sport == 443 for f in c) > 2:
        out.add("quic_answered")
    if any(v == "loss" for side in found.values() for v in side["dropped"].values()):
        out.add("loss")
    return out


def tells(frames, i, injected, trig):
    """How frame i differs from the same sender's genuine packets in this capture: for reading, not a score."""
    x = frames[i - 1]
    same = [f for j, f in enumerate(frames, 1) if j not in injected and f.flow() == x.flow() and f.src == x.src]
    t = {"frame": i}
    if x.tcp:
        t["flags"] = f"{x.flags:#05x}"
        t["win"] = x.win
        t["payload"] = len(x.payload)
    if x.ipid is not None:
        t["ipid"], t["df"] = x.ipid, int(x.df)
    if same:
        usual = Counter(f.ttl for f in same).most_common(1)[0][0]
        t["ttl_delta"] = x.ttl - usual
    t["ttl"] = x.ttl
    if trig:
        t["lag_ms"] = round((x.ts - frames[trig - 1].ts) / 1e6, 3)
    t["genuine_later"] = sum(f.ts > x.ts for f in same)
    t["alike"] = sum(frames[j - 1].key == x.key for j in injected)
    return t


def round_trip(frames):
    """ms from the first SYN to the genuine first answer of its flow, or None; UDP: query to last answer."""
    for f in frames:
        if f.tcp and f.flags & (SYN | ACK) == SYN:
            for g in frames:
                if g.flow() == f.flow() and g.src == f.dst and g.ts > f.ts:
                    return round((g.ts - f.ts) / 1e6, 3)
    return None


def side_truth(plan, name, frames, found, trig, other_dropped):
    inj, dropped = found["injected"], found["dropped"]
    acts = techniques(frames, inj)
    policy = sorted(i for i, why in dropped.items() if why == "policy")
    may = set()
    if policy or other_dropped:
        may.add("packet_drop")
    for what in plan.expect[name] & {"packet_drop", "quic_blocking", "throttling"}:
        if not policy and not other_dropped:
            raise net.LabError(f"{name}: {what} expected and nothing dropped")
        acts.add(what)
    acts |= plan.expect[name] & plan.otherwise
    if acts != plan.expect[name]:
        raise net.LabError(f"{name}: planned {sorted(plan.expect[name])}, happened {sorted(acts)}")
    aims = AIMS.get(plan.trigger[0] if plan.trigger else None)
    if plan.trigger and plan.trigger[0] == "syn":
        may |= {"host_filtering", "address_blocking"}
    if acts:
        may |= plan.may
    return {
        "file": f"{name}.pcap", "packets": len(frames), "verdict": "interfered" if acts else "none",
        "techniques": sorted(acts), "aims": sorted(({aims} if aims and acts and trig else set()) | (plan.aims if acts else set())),
        "may": sorted(may - acts), "injected": sorted(inj),
        "telling": sorted(i for i in inj if telling(frames[i - 1])), "dropped": policy,
        "lost": sorted(i for i, why in dropped.items() if why == "loss"), "trigger_frame": trig,
        "round_trip_ms": round_trip(frames) if name == "client" else None,
        "tells": [tells(frames, i, inj, trig) for i in sorted(inj)],
    }


AIMS = {"sni": "sni_filtering", "host": "host_filtering", "quic": "sni_filtering"}
KINDS = {"sni": "tls-sni", "host": "http-host", "qname": "dns-qname", "syn": "address", "quic": "quic-sni", "bytes": "payload"}


def flow_list(caps, found):
    seen = {}
    for name in ("client", "server"):
        for i, f in enumerate(caps[name], 1):
            k = f.flow()
            if k is None:
                continue
            e = seen.setdefault(k, {"proto": "tcp" if f.tcp else "udp", "orig": None, "resp": None,
                                    "injected": {"client": [], "server": []}})
            if e["orig"] is None:
                a, b = {"ip": f.src, "port": f.sport}, {"ip": f.dst, "port": f.dport}
                e["orig"], e["resp"] = (a, b) if f.src in ENDS["client"] else (b, a)
            if i in found[name]["injected"]:
                e["injected"][name].append(i)
    return list(seen.values())


def build(plan, pcaps, logs, command, programs):
    caps = {n: pcapio.read(p) for n, p in pcaps.items()}
    if not caps["client"]:
        raise net.LabError("nothing was captured")
    log = read_logs(logs)
    found = {n: {"injected": set(), "dropped": {}} for n in caps}
    checked = 0
    for way in ("c2s", "s2c"):
        to = TOWARDS[way]
        inj, drp, n = explain(caps, log, way, plan)
        found[to]["injected"], found[OTHER[to]]["dropped"] = inj, drp
        checked += n
    forged = sum(e["ev"] == "inject" for e in log)
    if plan.box_acts() and not any(e["ev"] in ("trigger", "inject") for e in log):
        raise net.LabError("the box never saw its trigger")
    lacking = plan.need - facts(caps, found)
    if lacking:
        raise net.LabError(f"the run did not show its point: {sorted(lacking)} missing")
    trig = {n: trigger_frame(caps[n], plan.trigger, log) if plan.trigger else None for n in caps}
    policy = {n: any(w == "policy" for w in found[n]["dropped"].values()) for n in caps}
    sides = {n: side_truth(plan, n, caps[n], found[n], trig[n], policy[OTHER[n]]) for n in caps}
    return {
        "schema": SCHEMA, "scenario": plan.scenario, "seed": plan.seed, "family": plan.family,
        "injector": plan.injector if plan.acting() else "none", "command": command,
        "verdict": "interfered" if plan.acting() else "innocent",
        "trigger": {"kind": KINDS[plan.trigger[0]], "value": plan.trigger[1]} if plan.trigger else None,
        "path": {"rtt_ms": plan.rtt_ms, "loss_pct": plan.loss_pct, "box_one_way_ms": [x / 1000 for x in plan.leg_us],
                 "hops_client_to_box": plan.hops_real[0] + plan.hops[0] + 1,
                 "hops_client_to_server": sum(plan.hops_real) + sum(plan.hops) + 1,
                 "ttl_client": plan.ttl_client, "ttl_server": plan.ttl_server},
        "drawn": dict(plan.notes, drops=sorted(plan.drops), residual_s=plan.residual_s, lose=plan.lose,
                      v6_extra_us=plan.v6_extra_us, spec=plan.spec),
        "kernel": plan.kernel_note(), "programs": programs, "flows": flow_list(caps, found), **sides,
        "checks": {"packets_explained": checked, "forged": forged, "box_events": len(log)},
    }
