#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSD-3-Clause
"""A tiny writer of MaxMind's format, for tests (MaxMind DB File Format 2.0: search tree, data section, metadata).
Run as a program it writes the seeds of the fuzz targets: mmdb.py DIR."""
import ipaddress
import os
import sys


def field(v):
    """One value of the data section."""
    def head(kind, size):
        first, more = (size, b"") if size < 29 else (29, bytes((size - 29,)))
        return (bytes((kind << 5 | first,)) if kind < 8 else bytes((first, kind - 7))) + more
    if isinstance(v, str):
        return head(2, len(v.encode())) + v.encode()
    if isinstance(v, dict):
        return head(7, len(v)) + b"".join(field(k) + field(x) for k, x in v.items())
    if isinstance(v, list):
        return head(11, len(v)) + b"".join(field(x) for x in v)
    kind, v = v                                            # (kind, number): 5 uint16, 6 uint32, 9 uint64
    raw = v.to_bytes((v.bit_length() + 7) // 8, "big")
    return head(kind, len(raw)) + raw


def mmdb(nets, name="Test-Country", epoch=1_700_000_000, languages=("en",)):
    """The bytes of a database; nets: {"192.0.2.0/24": {"country": {"iso_code": "XX"}}}. IPv4 stands below ::/96, as it should."""
    nodes, data, places = [[None, None]], b"", []
    for net, value in nets.items():
        n = ipaddress.ip_network(net)
        bits = f"{int(n.network_address):0{n.max_prefixlen}b}"[:n.prefixlen]
        bits = ("0" * 96 if n.version == 4 else "") + bits
        at = 0
        for b in bits[:-1]:
            if nodes[at][int(b)] is None:
                nodes.append([None, None])
                nodes[at][int(b)] = len(nodes) - 1
            at = nodes[at][int(b)]
        nodes[at][int(bits[-1])] = ("data", len(places))
        places.append(len(data))
        data += field(value)
    tree = b""
    for node in nodes:
        for r in node:
            n = len(nodes) if r is None else r if isinstance(r, int) else len(nodes) + 16 + places[r[1]]
            tree += n.to_bytes(3, "big")
    meta = {"binary_format_major_version": (5, 2), "binary_format_minor_version": (5, 0), "build_epoch": (9, epoch),
            "database_type": name, "description": {"en": "made by tests/geo/mmdb.py"}, "ip_version": (5, 6),
            "languages": list(languages), "node_count": (6, len(nodes)), "record_size": (5, 24)}
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + field(meta)


NETS = {
    "192.0.2.0/24": {"country": {"iso_code": "AQ"}},
    "198.51.100.0/25": {"country_code": "BV"},
    "198.51.100.128/25": {"registered_country": {"iso_code": "TF"}},
    "203.0.113.0/24": {"country": {"iso_code": "A1"}},
    "10.0.0.0/8": {"country": {"iso_code": "HM"}},
    "2001:db8::/32": {"country": {"iso_code": "GS"}, "names": {"en": "South Georgia"}},
}
ASNS = {
    "192.0.2.0/24": {"autonomous_system_number": (6, 64500), "autonomous_system_organization": "Test"},
    "198.51.100.0/24": {"asn": "AS4200000000"},
    "203.0.113.0/25": {"asn": "AS64500x"},
    "203.0.113.128/25": {"asn": "AS4294967296"},
    "2001:db8::/32": {"autonomous_system_number": (6, 64501)},
}

if __name__ == "__main__":
    out = os.path.join(sys.argv[1], "geo_mmdb")
    os.makedirs(out, exist_ok=True)
    for what, made in (("countries", mmdb(NETS)), ("networks", mmdb(ASNS, name="Test-ASN")), ("empty", mmdb({"::/1": {}})),
                       ("deep", mmdb({"192.0.2.1/32": {"country": {"iso_code": {"a": [{"b": "AQ"}]}}}}))):
        with open(os.path.join(out, what), "wb") as f:
            f.write(made)
