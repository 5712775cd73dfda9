"""Two hundred devices pull at once: from our offers (one each), and from sshd and nginx."""

import os

from harness import Bar, Case, Failed, Method, faster, many
from offered import QUIET, Offered

DEVICES = 200
MIB = 64
# All of the pulled files are in memory at the same time, and the rest of the machine has to live.
NEEDED_MIB = DEVICES * MIB + 2048
# 12.5 GiB a run: fewer rounds.
ROUNDS = 3
# 32 MiB, and one for each active transfer.
MOST_MIB = 32 + DEVICES
# Pulls, checks and removes.
ONE = 'to=$1; digest=$2; shift 2; "$@" || exit 1; echo "$digest  $to" | sha256sum -c --status; right=$?; rm -f "$to"; exit $right'


def available_mib():
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("MemAvailable")) // 1024


def pulls(bench, digest, make, far):
    def run():
        if available_mib() < NEEDED_MIB:
            raise Failed(f"{NEEDED_MIB} MiB of free memory are needed")
        commands = []
        for n in range(DEVICES):
            made = bench.file(f"pulled-{n}")
            command, environment = make(n, made)
            commands.append((["sh", "-c", ONE, "sh", made, digest, *command], environment))
        return many(commands, far)

    return run


def fan(bench, protocol, server, theirs):
    """`theirs` makes the command that pulls from the peer."""
    image = bench.image(MIB)
    digest = image[1][3]
    offer = Offered(bench, protocol, image, offers=DEVICES)
    doors = offer.doors

    def ours(n, made):
        return offer.command(doors[n], made), offer.environment(doors[n])

    name, peer = "our offers", "sshd" if protocol == "sftp" else "nginx"
    methods = [
        Method(peer, pulls(bench, digest, theirs(image[0]), server)),
        Method(name, pulls(bench, digest, ours, offer.process)),
    ]
    memory = Bar("MiB of our process", name, [peer], most=MOST_MIB, measure="far_mib", absolute=True)
    bars = [faster(name, [peer], 1.0, "all right, and the rate of all together"), memory]
    work = f"{DEVICES} x {MIB} MiB over {protocol.upper()} at once"
    yield Case(work, DEVICES * MIB * 1.048576, methods, bars, rounds=ROUNDS)
    offer.close()


def fan_sftp(bench, _quick):
    port, server = bench.sshd()

    def theirs(source):
        options = [*QUIET, "-i", bench.file("user"), "-P", str(port)]
        return lambda _, made: (["sftp", *options, f"root@127.0.0.1:{source}", made], {})

    yield from fan(bench, "sftp", server, theirs)


def fan_http(bench, _quick):
    port, server = bench.nginx()

    def theirs(source):
        url = f"http://127.0.0.1:{port}/{os.path.basename(source)}"
        return lambda _, made: (["curl", "-s", "-f", "-o", made, url], {})

    yield from fan(bench, "http", server, theirs)


SECTIONS = {"Fan-out over SFTP": fan_sftp, "Fan-out over HTTP": fan_http}
