# SPDX-License-Identifier: BSD-3-Clause
"""docs/LAB.md from the rows of `lab table`."""
import concurrent.futures
import json
import os
import subprocess
from collections import Counter, defaultdict

GRADES = ("none", "anomaly", "likely", "confirmed", "proof")
TECHNIQUES = ("rst_injection", "dns_injection", "data_injection", "http_blockpage", "tls_interception", "packet_drop", "quic_blocking",
              "throttling", "dns_manipulation")
AIMS = ("sni_filtering", "host_filtering", "address_blocking", "protocol_blocking")
GOAL = {"likely": 95.0, "confirmed": 99.5}


def sure(grade):
    return GRADES.index(grade) >= GRADES.index("likely")


def percent(n, of):
    return f"{100 * n / of:.1f} %" if of else "-"


def grid(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"] +
                     ["| " + " | ".join(str(c) for c in r) + " |" for r in rows]) + "\n"


def sides(rows):
    for r in rows:
        for s, j in r.get("sides", {}).items():
            yield r, s, j


def twin_calls(rows):
    """For each technique: in how many captures of twins of plays that do it somebody was accused of it."""
    of, called = defaultdict(set), defaultdict(set)
    innocent = {(r["play"], r["seed"]): r for r in rows if r["injector"] == "none" and "sides" in r}
    for r, _, j in sides(rows):
        twin = innocent.get((r["twin"], r["seed"]))
        if twin is None:
            continue
        for t in j["must"] + j["aims"]:
            for s, k in twin["sides"].items():
                of[t].add((twin["play"], twin["seed"], s))
                if sure(k["best"].get(t, "none")):
                    called[t].add((twin["play"], twin["seed"], s))
    return {t: (len(of[t]), len(called[t])) for t in of}


def by_technique(rows):
    twins, out = twin_calls(rows), []
    for t in TECHNIQUES:
        grades = [j["best"].get(t, "none") for _, _, j in sides(rows) if t in j["must"]]
        found = sum(map(sure, grades))
        of, called = twins.get(t, (0, 0))
        out.append([t, len(grades), found, percent(found, len(grades)), sum(g in ("confirmed", "proof") for g in grades),
                    grades.count("anomaly"), grades.count("none"), of, called])
    return grid(["technique", "captures with it", "found", "", "of these confirmed", "anomaly only", "missed", "captures of its twin", "twins accused of it"],
                out)


def by_aim(rows):
    twins, out = twin_calls(rows), []
    for t in AIMS:
        named = [sure(j["best"].get(t, "none")) for _, _, j in sides(rows) if t in j["aims"]]
        of, called = twins.get(t, (0, 0))
        out.append([t, len(named), sum(named), percent(sum(named), len(named)), of, called])
    return grid(["aim", "captures with it", "named", "", "captures of its twin", "twins accused of it"], out)


def by_grade(rows):
    n, right = Counter(), Counter()
    for _, _, j in sides(rows):
        for g, ok in j["right"]:
            n[g] += 1
            right[g] += ok
    return grid(["grade", "findings", "right", "", "asked for"],
                [[g, n[g], right[g], percent(right[g], n[g]), f"{GOAL[g]} %"] for g in ("likely", "confirmed")])


def verdict(r):
    js = r["sides"].values()
    if any(j["wrong"] or j["wrong_frames"] for j in js):
        return "wrong"
    return "missed" if any(j["lacking"] for j in js) else "found"


def by_play(rows):
    out, order = defaultdict(Counter), {}
    for r in rows:
        if r["injector"] == "none":
            continue
        k = (r["play"], r["injector"])
        order.setdefault(k, r["twin"])
        out[k]["error" if "error" in r else verdict(r)] += 1
        if "sides" in r:
            out[k]["frames"] += all(not j["missed_frames"] and not j["wrong_frames"] for j in r["sides"].values())
    return grid(["play", "by", "runs", "all found", "something missed", "something wrong", "exactly the forged frames", "not played", "twin"],
                [[p, i, sum(c[k] for k in ("found", "missed", "wrong")), c["found"], c["missed"], c["wrong"], c["frames"], c["error"], order[p, i]]
                 for (p, i), c in sorted(out.items())])


def by_innocent(rows):
    out = defaultdict(Counter)
    for r in rows:
        if r["injector"] != "none":
            continue
        c = out[r["play"]]
        if "error" in r:
            c["error"] += 1
            continue
        c["n"] += 1
        c["accused"] += any(sure(g) for j in r["sides"].values() for g in j["best"].values())
        c["anomaly"] += any(g == "anomaly" for j in r["sides"].values() for g in j["best"].values())
    return grid(["innocent play", "runs", "accused", "anomaly at most", "not played"],
                [[p, c["n"], c["accused"], c["anomaly"], c["error"]] for p, c in sorted(out.items())])


def by_condition(rows):
    out = []
    for key, name in (("family", "IPv{}"), ("rtt", "round trip {} ms"), ("loss", "loss {} %")):
        for v in sorted({r[key] for r in rows}):
            must = [(t in j["lacking"]) for r, _, j in sides(rows) if r[key] == v for t in j["must"]]
            inn = [r for r in rows if r[key] == v and r["injector"] == "none" and "sides" in r]
            bad = sum(any(sure(g) for j in r["sides"].values() for g in j["best"].values()) for r in inn)
            out.append([name.format(v), len(must), len(must) - sum(must), percent(len(must) - sum(must), len(must)), len(inn), bad])
    return grid(["condition", "techniques done", "found", "", "innocent runs", "accused"], out)


def confusion(pairs):
    """pairs: (set of what was done, set of what was said). Rows: done; columns: said. A capture with two techniques is in two rows."""
    said_all = [t for t in TECHNIQUES + AIMS if any(t in said for _, said in pairs)]
    out = []
    for t in TECHNIQUES + AIMS + ("nothing",):
        mine = [said for done, said in pairs if (t in done if t != "nothing" else not done)]
        if mine:
            out.append([t, len(mine)] + [sum(x in said for said in mine) or "" for x in said_all] + [sum(not said for said in mine) or ""])
    return grid(["done, down; said, across", "captures"] + said_all + ["nothing"], out)


def lab_pairs(rows):
    # `may`: something true besides that this end may or may not show (a drop beyond it).
    return [(set(j["must"]), {t for t, g in j["best"].items() if sure(g)}) for _, _, j in sides(rows) if j["must"] or not j["may"]]


def failures(rows):
    out = []
    for r in rows:
        for s, j in r.get("sides", {}).items():
            if j["wrong"] or j["wrong_frames"]:
                out.append(f"- **wrong** {s}: {', '.join(j['wrong']) or 'frames'} {j['wrong_frames'] or ''}: `{r['command']} --out DIR`")
    for r in rows:
        for s, j in r.get("sides", {}).items():
            if j["lacking"]:
                seen = ", ".join(t for t in j["lacking"] if j["best"].get(t) == "anomaly")
                out.append(f"- missed {s}: {', '.join(j['lacking'])}{' (anomaly)' if seen else ''}: `{r['command']} --out DIR`")
    return out


LIST_MAX = 120


def lab_page(rows, seeds):
    rows = [r for r in rows if r["seed"] in seeds]
    bad = failures(rows)
    diffs = [r["diff"] for r in rows if r.get("diff") is not None]
    played, errors = [r for r in rows if "sides" in r], [r for r in rows if "error" in r]
    tool = sorted({tuple(r["tool"]) for r in played})
    parts = [
        "# The lab's table\n\nMade by `make lab N=...` (`tests/lab/lab table`, `tests/lab/page.py`); do not edit. Every play of tests/lab runs over random seeds with every "
        "injector it has, beside its innocent twin under the same conditions (family, round trip, loss), is recorded at both ends and judged by "
        "`wallprint replay` from each end alone. What must be found comes from the box's log and both captures (`truth.json`), never from wallprint.\n",
        f"**This run**: N = {len(seeds)} (seeds {seeds[0] if seeds else '-'} to {seeds[-1] if seeds else '-'}), {len(played)} runs, {2 * len(played)} captures, "
        f"{len(errors)} not played (a race the play needs was lost three times). Linux {os.uname().release.split('-')[0]}; "
        f"{', '.join(f'wallprint {v}, signatures {d[:12]}' for v, d in tool)}.\n",
        "## Techniques\n\nFound: at `likely` or better. `throttling` is asked for beside the sender only, where losses can be told.\n\n" + by_technique(rows),
        # In step with docs/techniques: what no rule of ours should call.
        "What stays below `likely` by right: `dns-lie` asks one resolver for one name, and an address that no host can have is what filters"
        " of the user's own choice answer too (METHODS d.2, d.4: 72 % of what consistency alone accused was innocent); with more names and "
        "a second resolver (`dns-lie-many`) it is told. `tls-proxy` draws one issuer in four that nobody has published, with one visit let "
        "alone and two taken: a server that moves shows the same. `tls-proxy-13` shows no certificate, and three visits are fewer than the "
        "three controls that METHODS e asks for. Addresses without any answer are dead hosts as well.\n",
        "## Aims\n\nWhat an act was aimed at may be named; nothing asks for it.\n\n" + by_aim(rows),
        "## Grades\n\nA finding is right when every technique and aim it names is true of that capture and every frame it calls injected was forged.\n\n" + by_grade(rows),
        "## Conditions\n\n" + by_condition(rows),
        f"## Both ends\n\n`wallprint diff` over {len(diffs)} runs: all forged and all dropped frames and no other in {diffs.count('whole')}; some of them and no "
        f"other in {diffs.count('part')} (what passed after the other capture's last packet, or fewer than three packets, is not called dropped); a frame that was neither in {diffs.count('false')}.\n",
        "## Confusions\n\n" + confusion(lab_pairs(rows)),
        "## Plays\n\n" + by_play(rows), "## Innocent plays\n\n" + by_innocent(rows),
        "## What went wrong\n\nEach line is one capture; the command plays it again.\n\n" + "\n".join(bad[:LIST_MAX] or ["Nothing."]) +
        (f"\n\n{len(bad) - LIST_MAX} more are in build/lab/table/results.jsonl." if len(bad) > LIST_MAX else "") + "\n",
    ]
    return "\n".join(parts)


# --- confusions over lab and corpus ------------------------------------------------------------------

CORPUS = "../shared/corpus/manifest.tsv"


def corpus_pairs(root, program):
    """(done, said) for each labelled capture of the corpus; None when it is not at hand. `a|b` in a label asks for either: it counts as what was
    said of the two, or as the first."""
    manifest = os.environ.get("CORPUS", os.path.join(root, CORPUS))
    if not os.path.exists(manifest):
        return None
    with open(manifest, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#")]
    rows = [(os.path.join(os.path.dirname(manifest), c[0]), c[2]) for c in rows if c[1] == "benign" or c[1] == "censored" and c[2] != "-"]

    def pair(row):
        path, labels = row
        p = subprocess.run([program, "replay", "--signatures", os.path.join(root, "signatures"), "--format", "jsonl", path],
                           capture_output=True, check=False, timeout=300)
        evs = [json.loads(line) for line in p.stdout.decode("utf-8", "replace").splitlines()]
        said = {t for e in evs if e["event_type"] == "finding" and sure(e["grade"]) for t in e["techniques"]}
        either = [x.split("|") for x in labels.split(",")] if labels != "-" else []
        return {next((x for x in e if x in said), e[0]) for e in either}, said
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        return list(pool.map(pair, [r for r in rows if os.path.exists(r[0])]))


def confusion_page(rows, seeds, path, root, program):
    """docs/CONFUSION.md. Where the corpus is not at hand, its table stays as it was."""
    mark = "## Corpus\n"
    old = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            old = mark + f.read().partition(mark)[2]
    pairs = corpus_pairs(root, program)
    if pairs is not None:
        n = sum(bool(d) for d, _ in pairs)
        old = (f"{mark}\nLabelled captures of others, which are not part of this repository: {n} in which somebody interfered, {len(pairs) - n} in which nobody "
               "did. Captures labelled with an aim only (`sni_filtering`) have a row of their own.\n\n" + confusion(pairs))
    text = ("# What is taken for what\n\nMade by `make lab` and `make confusion` (`tests/lab/page.py`); do not edit. Down: what was done, by the truth. Across: what "
            "was said at `likely` or better. A capture with two techniques stands in two rows, so a row may hold techniques that were done as well. Row "
            f"`nothing` is innocent traffic.\n\n## Lab\n\nN = {len(seeds)}, {sum('sides' in r for r in rows)} runs, each from both ends.\n\n" + confusion(lab_pairs(rows)) + "\n" + old)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
