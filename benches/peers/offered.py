"""Our offers, and the foreign programs that pull from them."""

import json
import stat
import subprocess
from pathlib import Path

from harness import timed

CIPHER = "aes128-gcm@openssh.com"
QUIET = ["-q", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", f"Ciphers={CIPHER}"]


def can(ours, protocol, direction):
    """Is there an adapter of ours for that?"""
    told = subprocess.run([ours, "adapters"], capture_output=True, text=True, check=True).stdout
    return any(a["protocol"] == protocol and direction in a["directions"] for a in json.loads(told))


class Offered:
    """One of our offers, open for any number of pulls."""

    def __init__(self, bench, protocol, image, offers=1, uses=1000, threads=1, port=0, wrap=None):
        self.bench, self.protocol = bench, protocol
        command = [bench.ours, "offer", protocol, "x.bin", *image[1], "--bind", "0.0.0.0"]
        command += ["--uses", str(uses), "--offers", str(offers), "--threads", str(threads), "--port", str(port)]
        command = wrap(command) if wrap else command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.doors = [json.loads(self.process.stdout.readline()) for _ in range(offers)]
        self.asker = Path(bench.file("askpass"))
        self.asker.write_text('#!/bin/sh\nprintf "%s\\n" "$SWIM_BENCH_PASSWORD"\n')
        self.asker.chmod(self.asker.stat().st_mode | stat.S_IXUSR)

    def environment(self, door):
        asking = {"SSH_ASKPASS": str(self.asker), "SSH_ASKPASS_REQUIRE": "force"}
        return {**asking, "SWIM_BENCH_PASSWORD": door["password"] or ""}

    def command(self, door, made, options=()):
        who = f"{door['user']}@127.0.0.1:{door['path']}"
        if self.protocol in ("http", "ftp"):
            login = f"{door['user']}:{door['password']}@" if door["user"] else ""
            url = f"{self.protocol}://{login}127.0.0.1:{door['port']}/{door['path']}"
            return ["curl", "-s", "-S", "-f", "-o", made, *options, url]
        options = [*QUIET, "-o", "PubkeyAuthentication=no", "-P", str(door["port"]), *options]
        return ["scp", "-O", *options, who, made] if self.protocol == "scp" else ["sftp", *options, who, made]

    def pull(self, made, options=()):
        door = self.doors[0]
        return timed(self.command(door, made, options), self.process, self.environment(door))[0]

    def close(self):
        try:
            self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
