"""Runs commands side by side and judges them: seconds, CPU seconds and peak memory of both ends, round by round.

The methods of a case take turns in every round, so that whatever else the machine does meets all of them. What the first
transfer of each method brought is compared byte for byte.
"""

import filecmp
import os
import resource
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass, field

TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20
# No single transfer of these benchmarks takes longer.
LIMIT = 600


class Failed(Exception):
    """A method did not do its work."""


@dataclass
class Sample:
    """One run. The near side is who dials."""
    seconds: float
    near_cpu: float = 0.0
    near_mib: float = 0.0
    far_cpu: float = 0.0
    far_mib: float = 0.0


@dataclass
class Method:
    """One way to do the work; `run` does it once and returns a sample."""

    name: str
    run: object
    # Called before each run, outside of the measured time.
    before: object = None
    # The file that the run made, to be compared with the source.
    made: str | None = None


@dataclass
class Bar:
    """One line of the table of bars: `measure` of ours against the peers."""

    text: str
    ours: str
    peers: list
    least: float | None = None
    most: float | None = None
    measure: str = "rate"
    # The bar is a number of its own and not a ratio to the peers.
    absolute: bool = False

    def limit(self):
        if self.least is None and self.most is None:
            return "works"
        return f">= {self.least:g}" if self.least is not None else f"<= {self.most:g}"


@dataclass
class Case:
    """One piece of work, done in several ways."""

    work: str
    megabytes: float
    methods: list
    bars: list
    source: str | None = None
    rounds: int | None = None
    samples: dict = field(default_factory=dict)
    failures: dict = field(default_factory=dict)

    def run(self, rounds):
        for number in range(self.rounds or rounds):
            for method in self.methods:
                if method.name in self.failures:
                    continue
                try:
                    self._once(method, number == 0)
                except (Failed, OSError, subprocess.SubprocessError) as e:
                    self.failures[method.name] = str(e).strip().splitlines()[-1][:200] if str(e).strip() else repr(e)
                    print(f"  {self.work}: {method.name} failed: {e}", flush=True)
        for name, samples in self.samples.items():
            print(f"  {self.work}: {name}: {self.shown(name)}", flush=True)

    def _once(self, method, first):
        if method.made and os.path.exists(method.made):
            os.remove(method.made)
        if method.before:
            method.before()
        sample = method.run()
        if first and method.made and self.source and not filecmp.cmp(self.source, method.made, shallow=False):
            raise Failed(f"{method.made} is not what was sent")
        self.samples.setdefault(method.name, []).append(sample)

    def rates(self, name):
        return [self.megabytes / s.seconds for s in self.samples[name]]

    def median(self, name, measure):
        if measure == "rate":
            return statistics.median(self.rates(name))
        return statistics.median(getattr(s, measure) for s in self.samples[name])

    def shown(self, name):
        rates, of = self.rates(name), lambda m: self.median(name, m)
        digits = 0 if statistics.median(rates) >= 10 else 2
        return (
            f"{statistics.median(rates):.{digits}f} MB/s ({min(rates):.{digits}f}–{max(rates):.{digits}f}), "
            f"CPU {of('near_cpu'):.2f} + {of('far_cpu'):.2f} s, {of('near_mib'):.0f} + {of('far_mib'):.0f} MiB"
        )

    def judged(self):
        """Rows: work, peers, ours, ratio, bar, met."""
        for bar in self.bars:
            peers = [p for p in bar.peers if p in self.samples]
            words = [f"{p}: {self.shown(p)}" for p in peers]
            words += [f"{p}: failed ({self.failures[p]})" for p in bar.peers if p in self.failures]
            limit = bar.limit()
            row = [f"{self.work}: {bar.text}", "<br>".join(words)]
            if bar.ours not in self.samples:
                yield [*row, self.failures.get(bar.ours, "not there"), "–", limit, "**no**"]
                continue
            ours = self.median(bar.ours, bar.measure)
            if bar.absolute:
                ratio = ours
            elif peers:
                best = (max if bar.least is not None else min)(self.median(p, bar.measure) for p in peers)
                ratio = ours / best if best else float("inf")
            elif bar.peers:
                yield [*row, self.shown(bar.ours), "–", limit, "no peer did it"]
                continue
            else:
                # What is asked is that it works, and it did.
                yield [*row, self.shown(bar.ours), "–", limit, "yes"]
                continue
            met = ratio >= bar.least if bar.least is not None else ratio <= bar.most
            yield [*row, self.shown(bar.ours), f"{ratio:.2f}", limit, "yes" if met else "**no**"]


def faster(ours, peers, least, text="rate"):
    return Bar(text, ours, peers, least=least)


def leaner(ours, peers, most, measure="near_cpu", text="CPU of the client"):
    return Bar(text, ours, peers, most=most, measure=measure)


def stat_seconds(pid):
    """CPU seconds of a process and of its children that ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        numbers = f.read().rpartition(")")[2].split()
    return sum(int(n) for n in numbers[11:15]) / TICKS


def descendants(pid):
    found, todo = [pid], [pid]
    while todo:
        try:
            with open(f"/proc/{(one := todo.pop())}/task/{one}/children", encoding="ascii") as f:
                children = [int(c) for c in f.read().split()]
        except OSError:
            continue
        found += children
        todo += children
    return found


def peak_mib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
            line = next((l for l in f if l.startswith("VmHWM:")), None)
        return int(line.split()[1]) / 1024 if line else 0.0
    except OSError:
        return 0.0


class Watched:
    """The far side during a run: CPU seconds that it used, and the largest of its processes; of the near side, how large
    it grew (what the kernel tells of a child at its end counts what it was before it became another program)."""

    def __init__(self, process, near):
        self.pid, self.near, self.mib, self.near_mib, self.over = process.pid, near.pid, 0.0, 0.0, threading.Event()

    def __enter__(self):
        self.began = stat_seconds(self.pid)
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()
        return self

    def _watch(self):
        while not self.over.wait(0.05):
            self.mib = max([self.mib, *map(peak_mib, descendants(self.pid))])
            self.near_mib = max(self.near_mib, *map(peak_mib, descendants(self.near)))

    def __exit__(self, *_):
        self.over.set()
        self.watcher.join()
        # The server's child of this connection ends a moment after the client.
        until = time.monotonic() + 2
        while len(descendants(self.pid)) > 1 and time.monotonic() < until:
            time.sleep(0.01)
        self.mib = max(self.mib, peak_mib(self.pid))
        running = sum(stat_seconds(p) for p in descendants(self.pid)[1:] if os.path.exists(f"/proc/{p}"))
        self.cpu = stat_seconds(self.pid) + running - self.began


def timed(command, far, env=None, stdin=None, limit=LIMIT):
    """Runs the near side once, and returns its sample and what it printed."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, env={**os.environ, **(env or {})}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    killer = threading.Timer(limit, process.kill)
    killer.start()
    try:
        with Watched(far, process) as watch:
            if stdin:
                process.stdin.write(stdin.encode())
            process.stdin.close()
            said = process.stdout.read().decode(errors="replace")
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
    finally:
        killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{command[0]} ended with {process.returncode}: {said[-400:]}")
    return Sample(seconds, usage.ru_utime + usage.ru_stime, watch.near_mib, watch.cpu, watch.mib), said


def many(commands, far):
    """Runs many near sides at once, each a command and its environment; the memory is that of the largest."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = [subprocess.Popen(c, env={**os.environ, **env}, **quiet) for c, env in commands]
    with Watched(far, running[0]) as watch:
        failed = sum(p.wait() != 0 for p in running)
        seconds = time.monotonic() - began
    if failed:
        raise Failed(f"{failed} of {len(running)} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(seconds, cpu, watch.near_mib, watch.cpu, watch.mib)
