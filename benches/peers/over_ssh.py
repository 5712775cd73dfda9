"""SFTP and SCP: OpenSSH, and scp.py on paramiko, against ours; on loopback and over the delay line."""

from delayline import Path, stream_sample
from harness import Bar, Case, Method, faster, leaner, timed
from offered import QUIET, Offered
from servers import python

SCP_PY = """
import sys, paramiko, scp
host, port, key, verb, a, b = sys.argv[1:]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(host, int(port), "root", key_filename=key, allow_agent=False, look_for_keys=False)
with scp.SCPClient(client.get_transport(), socket_timeout=60) as s:
    s.put(a, b) if verb == "push" else s.get(a, b)
"""


class Far:
    """An sshd, and the clients that talk to it: ours and OpenSSH's, from the same place."""

    def __init__(self, bench, image, path=None, extra=""):
        self.bench, self.path = bench, path
        self.source, self.stored = image
        self.host = path.FAR if path else "127.0.0.1"
        self.port, self.server = bench.sshd(path.far if path else None, extra)
        self.key = bench.file("user")

    def near(self, command, stdin=None):
        wrapped = self.path.near(command) if self.path else command
        return timed(wrapped, self.server, stdin=stdin)[0]

    def ours(self, verb, protocol, made):
        login = ["--user", "root", "--key", self.key]
        place = [self.bench.ours, verb, protocol, self.host, str(self.port)]
        if verb == "push":
            command = [*place, made, *self.stored, *login, "--fresh"]
        else:
            command = [*place, self.source, made, *login]
        return Method(f"ours {protocol}", lambda: self.near(command), made=made)

    def sftp(self, verb, made):
        line = f"put {self.source} {made}" if verb == "push" else f"get {self.source} {made}"
        command = ["sftp", *QUIET, "-i", self.key, "-P", str(self.port), "-b", "-", f"root@{self.host}"]
        return Method("OpenSSH sftp", lambda: self.near(command, line + "\n"), made=made)

    def scp(self, verb, made):
        far = f"root@{self.host}:"
        ends = [self.source, far + made] if verb == "push" else [far + self.source, made]
        command = ["scp", "-O", *QUIET, "-i", self.key, "-P", str(self.port), *ends]
        return Method("scp -O", lambda: self.near(command), made=made)

    def scp_py(self, verb, made, python):
        command = [python, "-c", SCP_PY, self.host, str(self.port), self.key, verb, self.source, made]
        return Method("scp.py", lambda: self.near(command), made=made)


def loopback(bench, quick):
    image = bench.image(bench.size_mib)
    far, size = Far(bench, image), bench.size_mib * 1.048576
    for verb in ("push", "fetch"):
        made = bench.file(f"{verb}ed")
        yield Case(
            f"SFTP {verb}, {bench.size_mib} MiB, loopback", size, [far.sftp(verb, made), far.ours(verb, "sftp", made)],
            [faster("ours sftp", ["OpenSSH sftp"], 1.3), leaner("ours sftp", ["OpenSSH sftp"], 0.6)], source=image[0],
        )  # fmt: skip
    for verb in ("push", "fetch"):
        made, peers, bars = bench.file(f"{verb}ed"), [], []
        if not quick:
            peers = [far.scp_py(verb, made, python(bench.cache, "paramiko", "scp"))]
            bars = [faster("ours scp", ["scp.py"], 2, "rate against scp.py")]
        yield Case(
            f"SCP {verb}, {bench.size_mib} MiB, loopback", size, [far.scp(verb, made), far.ours(verb, "scp", made), *peers],
            [faster("ours scp", ["scp -O"], 1.3), *bars], source=image[0],
        )  # fmt: skip


def offers(bench, _quick):
    """The same OpenSSH client pulls from our offer and from sshd."""
    image, size = bench.image(bench.size_mib), bench.size_mib * 1.048576
    far, made = Far(bench, image), bench.file("pulled")
    for protocol, theirs in (("sftp", far.sftp("fetch", made)), ("scp", far.scp("fetch", made))):
        offer = Offered(bench, protocol, image)
        theirs.name = f"{theirs.name} from sshd"
        ours = Method(f"{protocol} from our offer", lambda offer=offer: offer.pull(made), made=made)
        bar = faster(ours.name, [theirs.name], 1.0)
        less = Bar("CPU of the server", ours.name, [theirs.name], most=1.0, measure="far_cpu")
        yield Case(f"{protocol.upper()} offer pulled by OpenSSH, loopback", size, [theirs, ours], [bar, less], image[0])
        offer.close()


def delayed(bench, _quick):
    mib = bench.size_mib
    image, size = bench.image(mib), mib * 1.048576
    for buffers, tcp_mib, push, fetch in (("stock TCP buffers", None, 1.5, 1.4), ("64 MiB TCP buffers", 64, 4, 4)):
        with Path(rtt_ms=50, tcp_mib=tcp_mib) as path:
            far = Far(bench, image, path)
            for verb, least in (("push", push), ("fetch", fetch)):
                made = bench.file(f"{verb}ed")
                methods = [far.sftp(verb, made), far.ours(verb, "sftp", made)]
                bars = [faster("ours sftp", ["OpenSSH sftp"], least)]
                if tcp_mib is None:
                    methods.append(Method("raw TCP", lambda v=verb: stream_sample(path, mib, v == "fetch")))
                    bars.append(faster("ours sftp", ["raw TCP"], 0.65, "rate against one raw TCP stream"))
                yield Case(f"SFTP {verb}, {mib} MiB, 50 ms, {buffers}", size, methods, bars, source=image[0])
    with Path(rtt_ms=50, tcp_mib=64, loss_ppm=1000, plain=True) as path:
        far = Far(bench, image, path)
        for verb in ("push", "fetch"):
            made = bench.file(f"{verb}ed")
            bars = [faster("ours sftp", ["OpenSSH sftp"], 1.0)]
            work = f"SFTP {verb}, {mib} MiB, 50 ms, 64 MiB TCP buffers, 0.1 % loss"
            yield Case(work, size, [far.sftp(verb, made), far.ours(verb, "sftp", made)], bars, source=image[0])


def rekeyed(bench, _quick):
    """New keys every 32 MiB, asked for by the OpenSSH end: right bytes are all that counts."""
    image, size = bench.image(bench.size_mib), bench.size_mib * 1.048576
    far = Far(bench, image, extra="RekeyLimit 32M")
    for protocol in ("sftp", "scp"):
        for verb in ("push", "fetch"):
            ours = far.ours(verb, protocol, bench.file("rekeyed"))
            yield Case(f"{protocol.upper()} {verb}, rekey every 32 MiB", size, [ours], [right(ours.name)], image[0], 1)
        offer = Offered(bench, protocol, image)
        options = ["-o", "RekeyLimit=32M"]
        name, made = f"{protocol} from our offer", bench.file("rekeyed")
        ours = Method(name, lambda o=offer: o.pull(made, options), made=made)
        yield Case(f"{protocol.upper()} offer, rekey every 32 MiB", size, [ours], [right(name)], image[0], 1)
        offer.close()


def right(name):
    return Bar("byte for byte", name, [])


SECTIONS = {"SFTP and SCP, loopback": loopback, "SFTP and SCP offers": offers, "SFTP over 50 ms": delayed, "Rekey": rekeyed}
