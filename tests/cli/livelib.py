# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of `wallprint live` share: a veth pair wpa - wpb in a network namespace of its own, the program at wpb, golden captures
sent into wpa."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../golden"), os.path.join(HERE, "../lab")]
import lib                                                 # noqa: E402
import pcapio                                              # noqa: E402

GOLDEN = os.path.join(HERE, "../golden")


def inside():
    """Are we in a namespace of our own? If not, begin again in one."""
    if os.environ.get("WALLPRINT_LIVE_TEST"):
        return
    os.environ["WALLPRINT_LIVE_TEST"] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, "-B", os.path.abspath(sys.argv[0])])


def ok(holds, name, detail=""):
    lib.ok(name, "" if holds else str(detail) or "does not hold")


def run(*args):
    subprocess.run(args, check=True)


def content(f):
    """All of a file that a process beside us writes with the same descriptor: its place in the file must not move."""
    return os.pread(f.fileno(), os.fstat(f.fileno()).st_size, 0)


class Live:
    def __init__(self, *args, out=None, program=lib.PROGRAM, env=None):
        self.out = out or tempfile.TemporaryFile()
        self.err = tempfile.TemporaryFile()
        self.p = subprocess.Popen([program, "live", "-i", "wpb", *args], stdin=subprocess.DEVNULL, stdout=self.out,
                                  stderr=self.err, env=env and {**os.environ, **env})
        end = time.monotonic() + 20
        while b"listening" not in self.said() and self.p.poll() is None and time.monotonic() < end:
            time.sleep(0.02)

    def said(self):
        return content(self.err)

    def events(self):
        whole, _, _ = content(self.out).rpartition(b"\n")      # the writer may be in the middle of a line
        return [json.loads(x) for x in whole.splitlines()]

    def child(self):
        with open(f"/proc/{self.p.pid}/task/{self.p.pid}/children", encoding="ascii") as f:
            return int(f.read().split()[0])

    def end(self, sig=signal.SIGTERM):
        self.p.send_signal(sig)
        return self.p.wait(30)


def send(case, n=None):
    """Plays the client's capture of a golden case (its first n packets) into the veth at its own pace; returns when the last packet went
    out."""
    frames = list(pcapio.read(os.path.join(GOLDEN, case, "client.pcap")))[:n]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("wpa", 0))
        start = time.monotonic() - frames[0].ts / 1e9
        for f in frames:
            wait = start + f.ts / 1e9 - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            s.send(bytes(f.data))
    return time.monotonic()


def last(events):
    """Techniques and port of each finding in its last revision."""
    at = {}
    for e in events:
        if e["event_type"] == "finding":
            at[e["id"]] = e
    return sorted((sorted(e["techniques"]), e["flow"]["resp"]["port"]) for e in at.values() if not e.get("withdrawn"))


def replayed(path):
    out = subprocess.run([lib.PROGRAM, "replay", "--format", "jsonl", path], capture_output=True, check=True).stdout
    return last(json.loads(x) for x in out.splitlines())


def make_link():
    run("ip", "link", "add", "wpa", "type", "veth", "peer", "name", "wpb")
    for dev in "wpa", "wpb":
        with open(f"/proc/sys/net/ipv6/conf/{dev}/disable_ipv6", "w", encoding="ascii") as f:
            f.write("1")
        run("ip", "link", "set", dev, "up")
