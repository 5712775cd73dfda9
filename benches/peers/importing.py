"""An import with its four digests: ours, and the way of a shell."""

import json
import os
import shutil
import subprocess
import time

from harness import Bar, Case, Failed, Method, Sample, faster

MIB = 1024
SUMS = ["md5sum", "sha1sum", "sha256sum", "sha512sum"]
# Copies the file, then takes all sums of the copy at the same time.
SHELL = 'cp "$1" "$2" && for sum in md5sum sha1sum sha256sum sha512sum; do $sum "$2" > "$2.$sum" & done; wait'


def alone(command):
    """Runs a command to its end; its CPU seconds are those of all that it started."""
    before, began = os.times(), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds, after = time.monotonic() - began, os.times()
    if done.returncode:
        raise Failed(done.stderr[-200:])
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Sample(seconds, cpu), done.stdout


def sums_of(path):
    """What the shell found, by the name of the digest."""
    return {name[:-3]: open(f"{path}.{name}", encoding="ascii").read().split()[0] for name in SUMS}


def importing(bench, quick):
    mib = 64 if quick else MIB
    source, copy, store = bench.file("import.bin"), bench.file("copy.bin"), bench.file("import-store")
    with open(source, "wb") as f:
        for _ in range(mib):
            f.write(os.urandom(1 << 20))
    megabytes = mib * 1.048576

    def shell():
        return alone(["bash", "-c", SHELL, "sh", source, copy])[0]

    def ours():
        sample, said = alone([bench.ours, "import", "--store", store, "--threads", "2", source])
        told = json.loads(said)
        told["sha256"] = told["image"]
        if any(told[name] != digest for name, digest in sums_of(copy).items()):
            raise Failed(f"other digests than those of the shell: {told}")
        return sample

    def limit():
        # All four over every byte, spread over all cores without a gap; no digest can be on two cores at once.
        each = [1 / speed for speed in json.loads(alone([bench.ours, "digests"])[1]).values()]
        return Sample(megabytes * max(sum(each) / os.cpu_count(), *each))

    name, peer, bound = "import", "cp and four sums", "limit of the digests"
    clean = lambda: shutil.rmtree(store, ignore_errors=True)  # noqa: E731
    methods = [Method(peer, shell), Method(name, ours, before=clean), Method(bound, limit)]
    bars = [
        faster(name, [peer], 1.5),
        Bar("CPU seconds", name, [peer], most=1.0, measure="near_cpu"),
        faster(name, [bound], 0.8, "rate against what the digests alone allow on all cores"),
    ]
    yield Case(f"import of {mib} MiB with MD5, SHA-1, SHA-256 and SHA-512", megabytes, methods, bars)
    clean()
    for path in [source, copy, *(f"{copy}.{name}" for name in SUMS)]:
        os.remove(path)


SECTIONS = {"Import": importing}
