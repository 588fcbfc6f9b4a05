# SPDX-License-Identifier: BSD-3-Clause
"""The lab's network: client - r1 - box - r2 - r3 - server, six namespaces of one machine.

Nothing leaves them: no link leads out, and the names carry the process id so that two labs never meet.
"""
import os
import shutil
import signal
import subprocess
import time

CLIENT4, WEB4, DNS4 = "192.0.2.10", "198.51.100.20", "203.0.113.53"
CLIENT6, WEB6, DNS6 = "2001:db8:1::10", "2001:db8:2::20", "2001:db8:53::53"
# A second address of the server, and one where nobody is: what an address blocked is laid beside.
WEB4B, WEB6B = "198.51.100.30", "2001:db8:2::30"
NOBODY4, NOBODY6 = "198.51.100.99", "2001:db8:2::99"
NAMES = ("cl", "r1", "mb", "r2", "r3", "sv")
# (namespace, interface) pairs that a veth joins; the box has no addresses, it is the wire r1-r2.
LINKS = (("cl", "eth0", "r1", "west"), ("r1", "east", "mb", "west"), ("mb", "east", "r2", "west"),
         ("r2", "east", "r3", "west"), ("r3", "east", "sv", "eth0"))
ADDRS = (("cl", "eth0", "192.0.2.10/28", "2001:db8:1::10/64"),
         ("r1", "west", "192.0.2.1/28", "2001:db8:1::1/64"),
         ("r1", "east", "192.0.2.129/30", "2001:db8:f1::1/64"),
         ("r2", "west", "192.0.2.130/30", "2001:db8:f1::2/64"),
         ("r2", "east", "192.0.2.133/30", "2001:db8:f2::1/64"),
         ("r3", "west", "192.0.2.134/30", "2001:db8:f2::2/64"),
         ("r3", "east", "198.51.100.1/24", "2001:db8:2::1/64"),
         ("sv", "eth0", "198.51.100.20/24", "2001:db8:2::20/64"))
# namespace, destination, gateway, interface
ROUTES = (("cl", "default", "192.0.2.1", "eth0"), ("cl", "default", "2001:db8:1::1", "eth0"),
          ("r1", "default", "192.0.2.130", "east"), ("r1", "default", "2001:db8:f1::2", "east"),
          ("r2", "192.0.2.0/28", "192.0.2.129", "west"), ("r2", "2001:db8:1::/64", "2001:db8:f1::1", "west"),
          ("r2", "default", "192.0.2.134", "east"), ("r2", "default", "2001:db8:f2::2", "east"),
          ("r3", "default", "192.0.2.133", "west"), ("r3", "default", "2001:db8:f2::1", "west"),
          ("r3", "203.0.113.0/24", "198.51.100.20", "east"),
          ("r3", "2001:db8:53::/64", "2001:db8:2::20", "east"),
          ("sv", "default", "198.51.100.1", "eth0"), ("sv", "default", "2001:db8:2::1", "eth0"))
# Who can see whom over a link: permanent neighbours, so that no ARP or ND mixes into delays or captures.
PEERS = (("cl", "eth0", "r1", "west"), ("r1", "east", "r2", "west"), ("r2", "east", "r3", "west"),
         ("r3", "east", "sv", "eth0"))


class LabError(Exception):
    """Something in the lab is not as it must be; the run is worth nothing."""


def run(cmd, **kw):
    p = subprocess.run(cmd, text=True, capture_output=True, timeout=30, **kw)
    if p.returncode:
        raise LabError(f"{' '.join(cmd)}: {p.stderr.strip()}")
    return p.stdout


def mac(ns, dev):
    i = next(k for k, l in enumerate(LINKS) if (ns, dev) in (l[:2], l[2:]))
    return f"02:00:5e:00:{i + 1:02x}:{1 if (ns, dev) == LINKS[i][:2] else 2:02x}"


class Net:
    def __init__(self):
        self.tag = f"wl{os.getpid()}"
        self.procs = []
        self.made = []
        self.etc = []

    def ns(self, short):
        return f"{self.tag}{short}"

    def batch(self, short, lines):
        run(["ip", "-n", self.ns(short), "-batch", "-"], input="\n".join(lines) + "\n")

    def up(self, ttl_client, ttl_server):
        self.made = list(NAMES)
        run(["ip", "-batch", "-"], input="".join(f"netns add {self.ns(n)}\n" for n in NAMES))
        for n in NAMES:
            # Before any link is up: no addresses or packets of the kernel's own making.
            self.sysctl(n, {"net.ipv6.conf.all.accept_dad": 0, "net.ipv6.conf.default.accept_dad": 0,
                            "net.ipv6.conf.default.addr_gen_mode": 1, "net.ipv6.conf.default.router_solicitations": 0,
                            "net.ipv6.conf.default.accept_ra": 0,
                            **({"net.ipv6.conf.default.disable_ipv6": 1} if n == "mb" else {}),
                            **({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1} if n[0] == "r" else {})})
        links = [f"link add dev {da} netns {self.ns(a)} address {mac(a, da)} type veth peer name {db} netns {self.ns(b)} "
                 f"address {mac(b, db)}\n" for a, da, b, db in LINKS]
        run(["ip", "-batch", "-"], input="".join(links))
        run(["ip", "-n", self.ns("mb"), "link", "add", "dev", "tap0", "type", "veth", "peer", "name", "tap1"])
        for n in NAMES:
            self._plumb(n)
        for n, ttl in (("cl", ttl_client), ("sv", ttl_server)):
            self.sysctl(n, {"net.ipv4.ip_default_ttl": ttl, "net.ipv6.conf.eth0.hop_limit": ttl})

    def _plumb(self, n):
        devs = [d for l in LINKS for s, d in (l[:2], l[2:]) if s == n]
        if n == "mb":
            devs += ["tap0", "tap1"]
        lines = ["link set lo up"]
        for s, d, a4, a6 in ADDRS:
            if s == n:
                lines += [f"addr add {a4} dev {d}", f"addr add {a6} dev {d} nodad"]
        if n == "sv":
            lines += [f"addr add {DNS4}/32 dev lo", f"addr add {DNS6}/128 dev lo nodad",
                      f"addr add {WEB4B}/24 dev eth0", f"addr add {WEB6B}/64 dev eth0 nodad"]
        lines += [f"link set {d} up" for d in devs]
        lines += [f"route add {dst} via {gw} dev {d}" for s, dst, gw, d in ROUTES if s == n]
        for a, da, b, db in PEERS:
            for s, d, o, od in ((a, da, b, db), (b, db, a, da)):
                if s == n:
                    ips = list(next(x[2:] for x in ADDRS if x[:2] == (o, od)))
                    if o == "sv":
                        ips += [WEB4B, WEB6B]
                    lines += [f"neigh replace {i.split('/')[0]} lladdr {mac(o, od)} dev {d} nud permanent"
                              for i in ips]
        # ip -batch wants -6 routes told apart; it finds the family by the gateway for all but default.
        six = [x for x in lines if x.startswith("route add") and ":" in x.split("via")[1]]
        self.batch(n, [x for x in lines if x not in six])
        if six:
            run(["ip", "-6", "-n", self.ns(n), "-batch", "-"], input="\n".join(six) + "\n")
        # Captures must look like a wire's: no giant segments, no unfinished checksums.
        self.do(n, ["sh", "-ec", "for d; do ethtool -K $d tx off rx off tso off gso off gro off; done", "sh"] + devs)

    def sysctl(self, n, pairs):
        self.do(n, ["sysctl", "-q", "-w"] + [f"{k}={v}" for k, v in pairs.items()])

    def do(self, n, cmd):
        return run(["ip", "netns", "exec", self.ns(n)] + cmd)

    def client_etc(self, name, text):
        """A file of /etc for the client namespace only (ip-netns(8) binds /etc/netns/NAME over /etc)."""
        d = f"/etc/netns/{self.ns('cl')}"
        os.makedirs(d, exist_ok=True)
        self.etc.append(d)
        with open(f"{d}/{name}", "w", encoding="ascii") as f:
            f.write(text)

    def start(self, n, cmd, log, ready=None, wait_s=10):
        """Starts a program in a namespace; with `ready`, waits for that word on its output."""
        out = open(log, "w+b")
        p = subprocess.Popen(["ip", "netns", "exec", self.ns(n)] + cmd, stdout=out, stderr=out,
                             stdin=subprocess.DEVNULL, start_new_session=True)
        self.procs.append(p)
        end = time.monotonic() + wait_s
        while ready:
            with open(log, "rb") as f:
                if ready.encode() in f.read():
                    break
            if p.poll() is not None or time.monotonic() > end:
                with open(log, "rb") as f:
                    raise LabError(f"{cmd[0]} did not start: {f.read().decode(errors='replace')}")
            time.sleep(0.01)
        return p

    def wait_port(self, n, port, udp=False):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if f":{port} " in self.do(n, ["ss", "-Hnl" + ("u" if udp else "t")]):
                return
            time.sleep(0.03)
        raise LabError(f"nothing listens on port {port}")

    def freeze(self):
        """From here on neither end sends: what is on its way arrives, and the two captures agree."""
        for n in ("cl", "sv"):
            self.nft(n, "table inet stop { chain o { type filter hook output priority 0; policy drop; }; }")

    def nft(self, n, rules):
        run(["ip", "netns", "exec", self.ns(n), "nft", "-f", "-"], input=rules)

    def stop(self, p, sig=signal.SIGTERM):
        if p.poll() is None:
            os.killpg(p.pid, sig)
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait(5)
        if p in self.procs:
            self.procs.remove(p)

    def down(self):
        for p in list(self.procs):
            try:
                self.stop(p)
            except (OSError, subprocess.SubprocessError):
                pass
        if self.made:
            subprocess.run(["ip", "-force", "-batch", "-"], text=True, check=False, capture_output=True,
                           input="".join(f"netns del {self.ns(n)}\n" for n in self.made))
        for d in self.etc:
            shutil.rmtree(d, ignore_errors=True)
        self.made, self.etc = [], []
