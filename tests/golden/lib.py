# SPDX-License-Identifier: BSD-3-Clause
"""What the script tests share: result lines, running the program, and captures as records that can be cut and written."""
import glob
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.abspath(os.environ.get("WALLPRINT", os.path.join(ROOT, "build", "wallprint")))
GRADES = ("none", "anomaly", "likely", "confirmed", "proof")
failed = 0


def ok(name, wrong=""):
    """One result line. `wrong` is empty, or says what was wrong."""
    global failed
    if wrong:
        failed += 1
        print(f"  {wrong}")
    print(f"{'not ok' if wrong else 'ok'} - {name}", flush=True)


def finish():
    sys.exit(1 if failed else 0)


def scratch():
    """A directory that is removed when the script ends."""
    import atexit
    d = tempfile.mkdtemp(prefix="wallprint-script.")
    atexit.register(shutil.rmtree, d, ignore_errors=True)
    return d


def sanitized():
    """Built with AddressSanitizer or ThreadSanitizer: its allocator, not the program, decides time and memory."""
    with open(PROGRAM, "rb") as f:
        blob = f.read()
    return b"__asan_init" in blob or b"__tsan_init" in blob


def some(things, step):
    """All of them; with a sanitizer, where a start of the program costs ten times as much, every step-th."""
    return list(things)[::step if sanitized() else 1]


def run(*args, **kw):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, check=False, **kw)


def events(out):
    return [json.loads(line) for line in out.decode("utf-8").splitlines()]


def last_revisions(evs):
    """The findings, a later revision in the place of an earlier one, by file and id."""
    out = {}
    for e in evs:
        if e["event_type"] != "finding":
            continue
        key = e["src"]["file"], e["id"]
        if e["rev"] >= out.get(key, e)["rev"]:
            out[key] = e
    return out


def findings(*files, options=()):
    """{file: [its findings]} and the run event, of one run over all files. Raises unless the exit status is 0."""
    p = run("replay", "--format", "jsonl", *options, *files)
    if p.returncode:
        raise RuntimeError(f"replay: exit {p.returncode}: {p.stderr.decode(errors='replace')[-2000:]}")
    evs = events(p.stdout)
    out = {str(f): [] for f in files}
    for f in last_revisions(evs).values():
        out[f["src"]["file"]].append(f)
    return out, evs[-1]


def sure(f):
    """Is the finding `likely` or better?"""
    return GRADES.index(f["grade"]) >= GRADES.index("likely")


def middleboxes(f):
    return [m["signature"] for m in f.get("matches", ()) if m["signature"].startswith("middlebox.")]


def bare(f):
    """A finding without what names the file: equal for the same capture read another way."""
    f = json.loads(json.dumps(f))
    del f["id"], f["src"]["file"], f["rev"]
    return json.dumps(f, sort_keys=True)


def golden_cases():
    return sorted(os.path.dirname(p) for p in glob.glob(os.path.join(ROOT, "tests/golden/*/truth.json")))


def golden_captures():
    return [os.path.join(c, s + ".pcap") for c in golden_cases() for s in ("client", "server")]


def truth(case):
    with open(os.path.join(case, "truth.json"), encoding="ascii") as f:
        return json.load(f)


# --- captures ---

MAGICS = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\x4d\x3c\xb2\xa1": ("<", 1),
          b"\xa1\xb2\xc3\xd4": (">", 1000), b"\xa1\xb2\x3c\x4d": (">", 1)}


class Capture:
    """A pcap file: its link type and records (time in ns, length on the wire, bytes)."""

    def __init__(self, link, records):
        self.link, self.records = link, records

    def cut(self, snaplen):
        return Capture(self.link, [(t, wire, data[:snaplen]) for t, wire, data in self.records])

    def one_way(self, from_orig):
        """Only the packets of the side that opened each flow, or only the other side's. The rest is dropped."""
        return Capture(self.link, [r for r, s in zip(self.records, sides(self)) if s is from_orig])

    def write(self, path):
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, self.link))
            for t, wire, data in self.records:
                f.write(struct.pack("<IIII", t // 10**9, t % 10**9, len(data), wire) + data)
        return path

    def write_pcapng(self, path):
        def block(kind, body):
            body += b"\0" * (-len(body) % 4)
            return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        with open(path, "wb") as f:
            f.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
            tsresol = struct.pack("<HHB3xHH", 9, 1, 9, 0, 0)
            f.write(block(1, struct.pack("<HHI", self.link, 0, 262144) + tsresol))
            for t, wire, data in self.records:
                f.write(block(6, struct.pack("<IIIII", 0, t >> 32, t & 0xFFFFFFFF, len(data), wire) + data))
        return path


def load(path):
    """A Capture, or None when the file is no whole plain pcap."""
    with open(path, "rb") as f:
        blob = f.read()
    if blob[:4] not in MAGICS or len(blob) < 24:
        return None
    end, mul = MAGICS[blob[:4]]
    out, off = [], 24
    while off < len(blob):
        if len(blob) - off < 16:
            return None
        sec, sub, cap, wire = struct.unpack_from(end + "IIII", blob, off)
        if len(blob) - off - 16 < cap:
            return None
        out.append((sec * 10**9 + sub * mul, wire, blob[off + 16:off + 16 + cap]))
        off += 16 + cap
    return Capture(struct.unpack_from(end + "I", blob, 20)[0] & 0xFFFF, out)


def ip_at(link, d):
    """Offset of the IP header, or None."""
    if link in (12, 14, 101, 228, 229):
        return 0
    if link == 113:
        return 16
    if link == 276:
        return 20
    if link != 1:
        return None
    off = 12
    while d[off:off + 2] in (b"\x81\x00", b"\x88\xa8"):
        off += 4
    return off + 2 if d[off:off + 2] in (b"\x08\x00", b"\x86\xdd") else None


def five_tuple(link, d):
    """(protocol, source, destination, TCP flags), or None for what is neither plain TCP nor UDP."""
    at = ip_at(link, d)
    if at is None or len(d) <= at:
        return None
    v6 = d[at] >> 4 == 6
    proto = d[at + 6:at + 7] if v6 else d[at + 9:at + 10]
    l4 = at + (40 if v6 else (d[at] & 15) * 4)
    if proto not in (b"\x06", b"\x11") or len(d) < l4 + 8 or (not v6 and d[at + 6] & 0x3F | d[at + 7]):
        return None
    a, b = (d[at + 8:at + 24], d[at + 24:at + 40]) if v6 else (d[at + 12:at + 16], d[at + 16:at + 20])
    flags = d[l4 + 13] if proto == b"\x06" and len(d) > l4 + 13 else 0
    return proto, a + d[l4:l4 + 2], b + d[l4 + 2:l4 + 4], flags


def sides(cap):
    """For each record: True if the side that opened its flow sent it, False if the other did, None if there is no telling."""
    opener, out = {}, []
    for _, _, d in cap.records:
        t = five_tuple(cap.link, d)
        if t is None:
            out.append(None)
            continue
        proto, src, dst, flags = t
        key = (proto,) + tuple(sorted((src, dst)))
        if key not in opener:
            opener[key] = dst if flags & 0x12 == 0x12 else src
        out.append(opener[key] == src)
    return out
