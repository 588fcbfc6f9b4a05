# SPDX-License-Identifier: BSD-3-Clause
"""`lab table`: every play over many seeds, each beside its innocent twin under the same conditions, judged by wallprint from either end.

Conditions hang on the seed alone, so a play and its twin share them: IPv4 and IPv6 by turns, three round-trip times, 0, 1 and 3 % loss. What must
be found comes from truth.json. One row a run goes to results.jsonl; page.py makes the tables.
"""
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time

import net
import page
import scenarios

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.abspath(os.environ.get("WALLPRINT", os.path.join(ROOT, "build", "wallprint")))
GRADES = ("none", "anomaly", "likely", "confirmed", "proof")
RTTS, LOSSES = (40, 100, 200), (0, 1, 3)
KEEP_MAX = 40                      # captures of runs with something wrong that are kept to look at


def conditions(name, injector, seed):
    t = scenarios.TABLE[name]
    o = {"injector": injector, "family": t.get("family") or (4, 6)[seed % 2], "rtt": t.get("rtt") or RTTS[seed % 3],
         "loss": LOSSES[(seed + (seed - 1) // 3) % 3]}
    return o


def tasks(seed, only):
    acting = [(n, i, seed) for n, t in scenarios.TABLE.items() for i in t["injectors"] if i != "none" and (not only or only in n)]
    twins = {scenarios.TABLE[n]["twin"] for n, _, _ in acting}
    innocent = [n for n, t in scenarios.TABLE.items() if t["injectors"] == ("none",)]
    every = acting + [(n, "none", seed) for n in innocent if not only or n in twins or only in n]
    # The longest first: nobody waits for one that began last.
    return sorted(every, key=lambda t: -sum(c[1] for c in scenarios.make_plan(t[0], seed, injector=t[1]).cmds))


def events(args):
    p = subprocess.run([PROGRAM, *args], capture_output=True, check=False, timeout=60)
    if p.returncode:
        raise net.LabError(f"wallprint {args[0]}: exit {p.returncode}: {p.stderr.decode(errors='replace')[-300:]}")
    return [json.loads(line) for line in p.stdout.decode("utf-8").splitlines()]


def brief(f):
    return {"grade": f["grade"], "techniques": f["techniques"], "injected": f["injected"],
            "signatures": sorted({m["signature"] for m in f["matches"]})}


def judge(truth, side, found):
    """What wallprint said of one capture, beside what was done."""
    t = truth[side]
    true = set(t["techniques"]) | set(t["aims"]) | set(t["may"])
    sure = [f for f in found if GRADES.index(f["grade"]) >= GRADES.index("likely")]
    best = {}
    for f in found:
        for x in f["techniques"]:
            best[x] = max(best.get(x, "none"), f["grade"], key=GRADES.index)
    return {"must": t["techniques"], "aims": t["aims"], "may": t["may"], "best": best,
            "lacking": sorted(x for x in t["techniques"] if GRADES.index(best.get(x, "none")) < GRADES.index("likely")),
            "wrong": sorted({x for f in sure for x in f["techniques"]} - true),
            "wrong_frames": sorted({i for f in sure for i in f["injected"]} - set(t["injected"])),
            "missed_frames": sorted(set(t["telling"]) - {i for f in sure for i in f["injected"]}),
            "right": [[f["grade"], not (set(f["techniques"]) - true or set(f["injected"]) - set(t["injected"]))] for f in sure],
            "findings": [brief(f) for f in found]}


def compare(truth, out):
    """Does `wallprint diff` name all frames injected and dropped (`whole`), some (`part`), or others (`false`)? None where a proxy
    stood between the ends."""
    if "tls_interception" in truth["client"]["techniques"]:
        return None
    paths = {s: os.path.join(out, truth[s]["file"]) for s in ("client", "server")}
    addrs = [o for a in (net.WEB4, net.WEB4B, net.WEB6, net.WEB6B) for o in ("--server-addr", a)]     # all are the server's
    found = [e for e in events(["diff", "--format", "jsonl", *addrs, paths["client"], paths["server"]]) if e["event_type"] == "finding"]

    def named(kinds, side):
        return {n for f in found for k in kinds for part in f.get(k, ()) if part["file"] == paths[side] for n in part["frames"]}
    got = {s: (named(("injected", "changed"), s), named(("dropped",), s)) for s in paths}
    if any(got[s][0] - set(truth[s]["injected"]) or got[s][1] - set(truth[s]["dropped"]) - set(truth[s]["lost"]) for s in paths):
        return "false"
    whole = all(got[s][0] == set(truth[s]["injected"]) and (truth[s]["lost"] or got[s][1] == set(truth[s]["dropped"])) for s in paths)
    return "whole" if whole else "part"


def judged(row, truth, d):
    """The row with what wallprint says of both captures in d."""
    row["command"] = truth["command"]
    paths = {s: os.path.join(d, truth[s]["file"]) for s in ("client", "server")}
    found = {s: [] for s in paths}
    evs = events(["replay", "--signatures", os.path.join(os.path.dirname(PROGRAM), "signatures"), "--format", "jsonl", *paths.values()])
    for e in evs:
        if e["event_type"] == "finding":
            found[next(s for s, p in paths.items() if p == e["src"]["file"])].append(e)
    row["sides"] = {s: judge(truth, s, found[s]) for s in paths}
    row["diff"] = compare(truth, d)
    row["tool"] = [evs[-1]["tool"]["version"], evs[-1]["signatures"]["sha256"]]
    row["bad"] = any(s["lacking"] or s["wrong"] or s["wrong_frames"] for s in row["sides"].values()) or row["diff"] == "false"


def one(task):
    name, injector, seed, out, keep, run_one = task
    opts = conditions(name, injector, seed)
    d = os.path.join(out, f"{name}.{injector}.{seed}")
    row = {"play": name, "injector": injector, "seed": seed, "twin": scenarios.TABLE[name]["twin"], "family": opts["family"], "rtt": opts["rtt"],
           "loss": opts["loss"], "command": "", "bad": True}
    t0 = time.monotonic()
    try:
        if run_one:
            truth = run_one(name, seed, d, opts, tries=3)
        else:
            with open(os.path.join(d, "truth.json"), encoding="ascii") as f:
                truth = json.load(f)
        if not run_one:
            row.update(family=truth["family"], rtt=truth["path"]["rtt_ms"], loss=truth["path"]["loss_pct"])
        judged(row, truth, d)
    except (net.LabError, subprocess.SubprocessError, OSError) as e:
        row["error"] = str(e)
    row["seconds"] = round(time.monotonic() - t0, 1)
    if not keep and (not row["bad"] or len(os.listdir(out)) > KEEP_MAX + 12):
        shutil.rmtree(d, ignore_errors=True)
    return row


def worker():
    # The driver alone decides about ends; a worker that is told to stop takes its namespaces down by exception.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def tell(row):
    if "error" in row:
        print(f"NOT PLAYED {row['play']} {row['injector']} seed {row['seed']}: {row['error']}", flush=True)
        return
    for s, j in row["sides"].items():
        if j["lacking"] or j["wrong"] or j["wrong_frames"]:
            print(f"{'MISSED' if j['lacking'] else 'WRONG'} {row['play']} {row['injector']} seed {row['seed']} {s}: "
                  f"lacking {','.join(j['lacking']) or '-'} wrong {','.join(j['wrong']) or '-'} {j['wrong_frames'] or ''}; "
                  f"again: {row['command']} --out DIR", flush=True)
    if row["diff"] == "false":
        print(f"DIFF {row['play']} {row['injector']} seed {row['seed']}: frames that were neither forged nor dropped; again: {row['command']} --out DIR",
              flush=True)


def table(a, run_one):
    global PROGRAM
    if a.again:
        run_one, a.keep = None, True
    elif os.path.exists(os.path.join(a.out, "results.jsonl")):     # an earlier table of ours, nothing else
        shutil.rmtree(a.out)
    os.makedirs(a.out, exist_ok=True)
    # A copy judges: the original may be built anew meanwhile.
    PROGRAM = shutil.copy2(PROGRAM, os.path.join(a.out, "wallprint"))
    shutil.rmtree(os.path.join(a.out, "signatures"), ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "signatures"), os.path.join(a.out, "signatures"))
    start, rows, seeds = time.monotonic(), [], []
    print(f"seeds {a.seed}..{a.seed + a.n - 1}, {len(tasks(a.seed, a.only))} runs each", flush=True)
    with multiprocessing.Pool(a.jobs, worker) as pool, open(os.path.join(a.out, "results.jsonl"), "w", encoding="ascii") as log:
        for seed in range(a.seed, a.seed + a.n):
            if a.minutes and seeds and (time.monotonic() - start) * (len(seeds) + 1) / len(seeds) > a.minutes * 60:
                print(f"{a.minutes:g} minutes would not do for another seed: {len(seeds)} of {a.n} played", flush=True)
                break
            for row in pool.imap_unordered(one, [(*t, a.out, a.keep, run_one) for t in tasks(seed, a.only)]):
                tell(row)
                rows.append(row)
                log.write(json.dumps(row) + "\n")
                log.flush()
            seeds.append(seed)
            print(f"seed {seed}: {len(rows)} runs, {time.monotonic() - start:.0f} s", flush=True)
    text = page.lab_page(rows, seeds)
    if a.page:
        with open(a.page, "w", encoding="utf-8") as f:
            f.write(text)
        page.confusion_page(rows, seeds, os.path.join(os.path.dirname(a.page), "CONFUSION.md"), ROOT, PROGRAM)
    else:
        print(text)
    return 0
