#!/usr/bin/env python3
"""Our transfers against their peers, side by side; writes docs/performance.md (Linux with apt, root).

    benches/peers/run.py [--only WORD ...] [--rounds 7] [--size 512] [--quick] [--no-build]

`--only ssh` runs the sections of the family over_ssh, or those with that word in their title; the others in the file stay.
`--quick` is for development: 2 rounds of 64 MiB, and nothing is written.
"""

import argparse
import os
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import fanout  # noqa: E402
import importing  # noqa: E402
import over_ftp  # noqa: E402
import over_http  # noqa: E402
import over_ssh  # noqa: E402
import over_tftp  # noqa: E402
import sessions  # noqa: E402
from servers import Bench, install  # noqa: E402

REPORT = ROOT / "docs" / "performance.md"
HEAD = """# Performance

Written by `benches/peers/run.py`: peers and ours on the same machine, one after the other in every round, all files in
memory. **Only the ratios count**: client and server share the cores, so rates say what that machine did at that time.
A cell shows the median rate (lowest–highest), the CPU seconds of who dialled + of the server, and the peak memory of
both. A ratio is ours divided by the best peer's median; the bar is what it has to reach. The first transfer of each
method was compared byte for byte.
"""
COLUMNS = "| Work | Peers | Ours | Ratio | Bar | Met |\n|---|---|---|---|---|---|\n"
FAMILIES = [over_ssh, over_ftp, over_tftp, over_http, fanout, sessions, importing]


def built(build):
    """Our side."""
    if build:
        command = ["cargo", "build", "--release", "--quiet", "-p", "swim-protocols", "--examples"]
        subprocess.run(command, cwd=ROOT, check=True)
    return str(ROOT / "target" / "release" / "examples" / "transfer")


def section(title, cases, rounds):
    rows = []
    for case in cases:
        case.run(rounds)
        rows += case.judged()
    lines = "".join("| " + " | ".join(row) + " |\n" for row in rows)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    when = f"{time.strftime('%Y-%m-%d')}, {rounds} rounds, {system}."
    return f"## {title}\n\n{when}\n\n{COLUMNS}{lines}"


def merged(text, title, new):
    """The report with this section in the place of its predecessor, or at the end."""
    place = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.M | re.S)
    new = new.rstrip() + "\n\n"
    return place.sub(lambda _: new, text) if place.search(text) else text.rstrip() + "\n\n" + new


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--size", type=int, default=512, help="MiB of the image")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-build", action="store_true", help="take the examples as they were built last")
    asked = parser.parse_args()
    rounds, size = (2, 64) if asked.quick else (asked.rounds, asked.size)
    # A signal ends the program in the ordinary way, so that servers and namespaces go away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    install()
    ours, failed = built(not asked.no_build), False
    for family in FAMILIES:
        for title, make in family.SECTIONS.items():
            words = f"{family.__name__} {title}".lower()
            if asked.only and not any(w.lower() in words for w in asked.only):
                continue
            print(f"{title} ({time.strftime('%H:%M')})", flush=True)
            with Bench(ours, ROOT / "target" / "peers", size) as bench:
                text = section(title, make(bench, asked.quick), rounds)
            failed |= "**no**" in text
            if asked.quick:
                print(text)
                continue
            old = REPORT.read_text() if REPORT.exists() else HEAD
            REPORT.write_text(merged(old, title, text).rstrip() + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
