"""TFTP: atftp pulls from atftpd and from our offer, with windows and without, on loopback and over 50 ms."""

import socket

from delayline import Path
from harness import Bar, Case, Method, faster, timed
from offered import Offered, can
from servers import free_port, unpacked

# atftp with windows of 8192-byte blocks stalls at its own server: it waits five seconds for each window.
LIMIT = 90
RTT_MS = 50
# Every five hundredth packet: in every eighth window of 64 blocks one is lost.
LOSS_PPM = 2000


def atftp(host, port, path, made, block, window):
    options = ["--option", f"blksize {block}", *(["--option", f"windowsize {window}"] if window > 1 else [])]
    return ["atftp", "-g", "-r", path, "-l", made, *options, host, str(port)]


class Servers:
    """atftpd and one of our offers, with the same file."""

    def __init__(self, bench, mib, path=None):
        self.bench, self.image, self.made = bench, bench.image(mib), bench.file("pulled")
        self.host, wrap = (path.FAR, path.far) if path else ("127.0.0.1", None)
        self.near = path.near if path else lambda command: command
        self.port = free_port(socket.SOCK_DGRAM)
        atftpd = str(unpacked("atftpd", bench.cache) / "usr" / "sbin" / "atftpd")
        command = [atftpd, "--daemon", "--no-fork", "--port", str(self.port), "--user", "root.root"]
        self.theirs = bench.start([*command, "--bind-address", "0.0.0.0", str(bench.folder)], wrap=wrap)
        self.offer = Offered(bench, "tftp", self.image, port=free_port(socket.SOCK_DGRAM), wrap=wrap)

    def peer(self, block, window):
        name = self.image[0].rpartition("/")[2]
        return self._method("atftp from atftpd", self.port, name, self.theirs, block, window)

    def ours(self, block, window):
        door = self.offer.doors[0]
        return self._method("atftp from our offer", door["port"], door["path"], self.offer.process, block, window)

    def _method(self, title, port, path, far, block, window):
        command = self.near(atftp(self.host, port, path, self.made, block, window))
        return Method(title, lambda: timed(command, far, limit=LIMIT)[0], made=self.made)

    def both_ours(self):
        door = self.offer.doors[0]
        place = [self.bench.ours, "fetch", "tftp", self.host, str(door["port"]), door["path"], self.made]
        return Method("ours from ours", lambda: timed(self.near(place), self.offer.process, limit=LIMIT)[0], made=self.made)


def loopback(bench, quick):
    mib = 16 if quick else 64
    servers, size = Servers(bench, mib), mib * 1.048576
    for block, window, least in ((1468, 64, 1.4), (1468, 1, 0.95), (8192, 16, None)):
        theirs, ours = servers.peer(block, window), servers.ours(block, window)
        bars = [faster(ours.name, [theirs.name], least) if least else Bar("works", ours.name, [])]
        methods, rounds = [theirs, ours], None
        if least is None:
            # The peer is known to stall here.
            methods, rounds = [ours], 3
        elif window > 1 and can(bench.ours, "tftp", "fetch"):
            methods.append(servers.both_ours())
            bars.append(faster("ours from ours", [theirs.name], 2.5, "both ends ours, our window"))
        yield Case(f"TFTP, {mib} MiB, blocks of {block}, window {window}", size, methods, bars, servers.image[0], rounds)
    servers.offer.close()


def delayed(bench, quick):
    mib, block, window = (4 if quick else 16), 1468, 64
    with Path(rtt_ms=RTT_MS) as path:
        servers = Servers(bench, mib, path)
        theirs, ours = servers.peer(block, window), servers.ours(block, window)
        least = 0.95 * window * block / (RTT_MS / 1e3) / 1e6
        bar = Bar("MB/s, 95 % of window x block / RTT", ours.name, [theirs.name], least=round(least, 3), absolute=True)
        work = f"TFTP, {mib} MiB, {RTT_MS} ms, blocks of {block}, window {window}"
        yield Case(work, mib * 1.048576, [theirs, ours], [bar], servers.image[0])
        servers.offer.close()


def lossy(bench, quick):
    """One lost packet costs a window of its own: what is lost with ours must not cost more than with atftpd."""
    mib, block, window = (4 if quick else 16), 1468, 64
    # Without offloads: a packet of the line is a block.
    with Path(rtt_ms=RTT_MS, loss_ppm=LOSS_PPM, plain=True) as path:
        servers = Servers(bench, mib, path)
        theirs, ours, both = servers.peer(block, window), servers.ours(block, window), servers.both_ours()
        bars = [faster(ours.name, [theirs.name], 1), faster(both.name, [theirs.name], 1, "both ends ours, our window")]
        work = f"TFTP, {mib} MiB, {RTT_MS} ms, {LOSS_PPM / 1e4:g} % loss, blocks of {block}, window {window}"
        yield Case(work, mib * 1.048576, [theirs, ours, both], bars, servers.image[0])
        servers.offer.close()


SECTIONS = {"TFTP, loopback": loopback, "TFTP over 50 ms": delayed, "TFTP over 50 ms with loss": lossy}
