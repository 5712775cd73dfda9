"""Two hundred devices pull at once: from our offers (one each), and from sshd and nginx."""

import os

from harness import Bar, Case, Failed, Method, faster, many
from offered import QUIET, Offered

DEVICES = 200
# While this is developed.
FEW = 40
MIB = 64
# Beside the pulled files, which are all in memory at the same time: what the rest of the machine lives in.
SPARE_MIB = 2048
# 12.5 GiB a run: fewer rounds.
ROUNDS = 3
# What our process may take, and one more for each active transfer.
MOST_MIB = 32
# Pulls, checks and removes.
ONE = 'to=$1; digest=$2; shift 2; "$@" || exit 1; echo "$digest  $to" | sha256sum -c --status; right=$?; rm -f "$to"; exit $right'


def available_mib():
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("MemAvailable")) // 1024


def pulls(bench, digest, make, far, devices):
    def run():
        needed = devices * MIB + SPARE_MIB
        if available_mib() < needed:
            raise Failed(f"{needed} MiB of free memory are needed")
        commands = []
        for n in range(devices):
            made = bench.file(f"pulled-{n}")
            command, environment = make(n, made)
            commands.append((["sh", "-c", ONE, "sh", made, digest, *command], environment))
        return many(commands, far)

    return run


def fan(bench, protocol, server, theirs, quick):
    """`theirs` makes the command that pulls from the peer."""
    image = bench.image(MIB)
    digest, devices = image[1][3], FEW if quick else DEVICES
    offer = Offered(bench, protocol, image, offers=devices)
    doors = offer.doors

    def ours(n, made):
        return offer.command(doors[n], made), offer.environment(doors[n])

    name, peer = "our offers", "sshd" if protocol == "sftp" else "nginx"
    methods = [
        Method(peer, pulls(bench, digest, theirs(image[0]), server, devices)),
        Method(name, pulls(bench, digest, ours, offer.process, devices)),
    ]
    memory = Bar("MiB of our process", name, [peer], most=MOST_MIB + devices, measure="far_mib", absolute=True)
    bars = [faster(name, [peer], 1.0, "all right, and the rate of all together"), memory]
    work = f"{devices} x {MIB} MiB over {protocol.upper()} at once"
    yield Case(work, devices * MIB * 1.048576, methods, bars, rounds=1 if quick else ROUNDS)
    offer.close()


def fan_sftp(bench, quick):
    port, server = bench.sshd()

    def theirs(source):
        options = [*QUIET, "-i", bench.file("user"), "-P", str(port)]
        return lambda _, made: (["sftp", *options, f"root@127.0.0.1:{source}", made], {})

    yield from fan(bench, "sftp", server, theirs, quick)


def fan_http(bench, quick):
    port, server = bench.nginx()

    def theirs(source):
        url = f"http://127.0.0.1:{port}/{os.path.basename(source)}"
        return lambda _, made: (["curl", "-s", "-f", "-o", made, url], {})

    yield from fan(bench, "http", server, theirs, quick)


SECTIONS = {"Fan-out over SFTP": fan_sftp, "Fan-out over HTTP": fan_http}
