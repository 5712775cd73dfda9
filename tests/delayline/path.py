#!/usr/bin/env python3
"""Two network namespaces with a path of fixed delay, loss and rate between them (Linux, root).

    path.py --rtt-ms 50 [--loss-ppm 1000] [--rate-mbit 100] [--tcp-mib 64] [--plain] prove
    path.py --rtt-ms 50 ... run COMMAND...      runs COMMAND at the near end

As a module: `with Path(rtt_ms=50) as path: path.near(["curl", ...]); path.far(["sshd", ...])`. The far end is 10.77.0.2
and fd77::2, the near one .1; both have loopback. Both ends are namespaces of their own, so that nothing of the machine
changes, with names that no other run has; they go away with the `with` block or with the program, however it ends.
"""

import argparse
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path as File

HERE = File(__file__).resolve().parent
# What Linux ships: 4 MiB to send, 6 MiB to receive. A path of 50 ms carries 62 MB/s with them.
STOCK = ("4096 131072 6291456", "4096 16384 4194304")
MTU = "1500"
ECHO = 7007


def build():
    """Compiles the relay, unless it is newer than its sources, and says where it is."""
    target = HERE.parents[1] / "target" / "delayline"
    relay = target / "release" / "swim-delayline"
    sources = [HERE / "Cargo.toml", HERE / "Cargo.lock", *HERE.glob("src/*.rs")]
    if not relay.exists() or relay.stat().st_mtime < max(s.stat().st_mtime for s in sources):
        command = ["cargo", "build", "--release", "--quiet", "--manifest-path", str(HERE / "Cargo.toml")]
        subprocess.run([*command, "--target-dir", str(target)], check=True)
    return relay


class Path:
    """A path; it exists inside of a `with` block."""

    NEAR, FAR = "10.77.0.1", "10.77.0.2"
    NEAR6, FAR6 = "fd77::1", "fd77::2"
    count = 0

    def __init__(self, rtt_ms=50.0, loss_ppm=0, rate_mbit=0, tcp_mib=None, plain=False, seed=1):
        Path.count += 1
        tag = f"{os.getpid() % 100000}{Path.count}"
        self.names = (f"swim-near-{tag}", f"swim-far-{tag}")
        self.devices = (f"sn{tag}", f"sf{tag}")
        self.options = ["--delay-us", str(round(rtt_ms * 500)), "--loss-ppm", str(loss_ppm)]
        self.options += ["--rate-mbit", str(rate_mbit), "--seed", str(seed)] + (["--plain"] if plain else [])
        self.tcp_mib, self.relay, self.counts = tcp_mib, None, None

    def __enter__(self):
        atexit.register(self.close)
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _open(self):
        command = [str(build()), *self.devices, *self.options]
        self.relay = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.relay.stdout.readline().strip() != "ready":
            raise RuntimeError("the relay did not start: see its words above")
        ends = zip(self.names, self.devices, ((self.NEAR, self.NEAR6), (self.FAR, self.FAR6)))
        for name, device, (four, six) in ends:
            ip("netns", "add", name)
            ip("link", "set", device, "netns", name)
            for command in (
                ["addr", "add", f"{four}/24", "dev", device],
                ["addr", "add", f"{six}/64", "dev", device, "nodad"],
                ["link", "set", device, "mtu", MTU, "txqueuelen", "10000", "up"],
                ["link", "set", "lo", "up"],
            ):
                ip("-n", name, *command)
            self._buffers(name)

    def _buffers(self, name):
        receive, send = STOCK
        if self.tcp_mib:
            most = self.tcp_mib << 20
            receive, send = f"4096 131072 {most}", f"4096 16384 {most}"
        for key, value in (("tcp_rmem", receive), ("tcp_wmem", send)):
            command = ["sysctl", "-qw", f"net.ipv4.{key}={value}"]
            subprocess.run(["ip", "netns", "exec", name, *command], check=True)

    def near(self, command):
        """The command that runs another one at the near end."""
        return ["ip", "netns", "exec", self.names[0], *command]

    def far(self, command):
        """The command that runs another one at the far end."""
        return ["ip", "netns", "exec", self.names[1], *command]

    def close(self):
        """Takes everything away; a second time does nothing."""
        atexit.unregister(self.close)
        relay, self.relay = self.relay, None
        if relay:
            try:
                told, _ = relay.communicate(timeout=10)
                self.counts = json.loads(told) if told.strip() else None
            except (subprocess.TimeoutExpired, json.JSONDecodeError):
                relay.kill()
                relay.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def stream(path, seconds=4):
    """MB/s of one TCP stream from the near to the far end, its first second left out, as iperf3 measures it."""
    server = subprocess.Popen(path.far(["iperf3", "-s", "-1"]), stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        client = path.near(["iperf3", "-c", path.FAR, "-t", str(seconds), "-O", "1", "-J"])
        done = subprocess.run(client, capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout)["end"]["sum_received"]["bits_per_second"] / 8e6
    finally:
        server.kill()
        server.wait()


def pings(path, address, count=1000):
    """Milliseconds of the median round trip of a datagram, and the share of datagrams that did not come back."""
    echo = subprocess.Popen(path.far([sys.executable, __file__, "echo", address]))
    try:
        time.sleep(0.3)
        command = path.near([sys.executable, __file__, "probe", address, str(count)])
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        trips = json.loads(told)
        return (sorted(trips)[len(trips) // 2] if trips else float("nan")), 1 - len(trips) / count
    finally:
        echo.kill()
        echo.wait()


def datagrams(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.socket(family, socket.SOCK_DGRAM)


def echo(address):
    with datagrams(address) as port:
        port.bind((address, ECHO))
        while True:
            port.sendto(*port.recvfrom(2048))


def probe(address, count):
    """Sends numbered datagrams 2 ms apart, and prints the milliseconds of each that came back."""
    sent, trips = {}, []
    with datagrams(address) as port:
        port.settimeout(0.002)
        until = None
        while until is None or time.monotonic() < until:
            if len(sent) < count:
                sent[len(sent)] = time.monotonic()
                port.sendto((len(sent) - 1).to_bytes(4, "big"), (address, ECHO))
            elif until is None:
                until = time.monotonic() + 2
            try:
                number = int.from_bytes(port.recv(2048), "big")
                trips.append((time.monotonic() - sent[number]) * 1e3)
            except TimeoutError:
                pass
    print(json.dumps(trips))


def prove(path):
    for address in (path.FAR, path.FAR6):
        trip, lost = pings(path, address)
        print(f"{address}: {trip:.2f} ms, {lost:.2%} of round trips lost")
    print(f"one TCP stream: {stream(path):.0f} MB/s")


def main():
    if sys.argv[1:2] == ["echo"]:
        return echo(sys.argv[2])
    if sys.argv[1:2] == ["probe"]:
        return probe(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtt-ms", type=float, default=50)
    for name in ("--loss-ppm", "--rate-mbit", "--tcp-mib"):
        parser.add_argument(name, type=int, default=0)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("what", choices=("prove", "run"))
    parser.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    # A signal ends the program in the ordinary way, so that the `with` block is left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Path(asked.rtt_ms, asked.loss_ppm, asked.rate_mbit, asked.tcp_mib, asked.plain) as path:
        if asked.what == "prove":
            prove(path)
            code = 0
        else:
            code = subprocess.run(path.near(asked.command), check=False).returncode
    print(json.dumps(path.counts))
    return code


if __name__ == "__main__":
    sys.exit(main())
