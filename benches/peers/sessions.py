"""A thousand command-line sessions that are logged in and idle: what each costs our process."""

import json
import os
import subprocess

COUNT = 1000
MOST_KIB = 100
# What a router says at its prompt, and nothing else.
SHELL = "printf 'r1#'; while IFS= read -r line; do printf '%s\\r\\nr1#' \"$line\"; done"


class Idle:
    """Looks like a case of the harness."""

    def __init__(self, bench, count):
        self.bench, self.count = bench, count
        self.port, _ = bench.sshd(extra=f"ForceCommand {SHELL}\nClientAliveInterval 0")

    def run(self, _rounds):
        program = os.path.join(os.path.dirname(self.bench.ours), "idle_sessions")
        command = [program, "127.0.0.1", str(self.port), "root", self.bench.file("user"), str(self.count)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
        self.told = json.loads(done.stdout or "{}")
        print(f"  idle sessions: {self.told or done.stderr[-200:]}", flush=True)

    def judged(self):
        work = f"{self.count} idle sessions, logged in at a prompt: KiB each"
        if "after_kib" not in self.told:
            yield [work, "–", str(self.told.get("error", "failed"))[:200], "–", f"<= {MOST_KIB}", "**no**"]
            return
        each = (self.told["after_kib"] - self.told["before_kib"]) / self.count
        ours = f"{self.told['before_kib'] / 1024:.0f} → {self.told['after_kib'] / 1024:.0f} MiB"
        yield [work, "–", ours, f"{each:.0f}", f"<= {MOST_KIB}", "yes" if each <= MOST_KIB else "**no**"]


def idle(bench, quick):
    yield Idle(bench, 50 if quick else COUNT)


SECTIONS = {"Idle sessions": idle}
