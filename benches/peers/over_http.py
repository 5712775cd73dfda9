"""HTTP: curl pulls from our offer and from nginx, whole and in ranges."""

import os

from harness import Case, Method, faster, timed
from offered import Offered

# Parts that a device fetches at the same time.
PARTS = 4
# Joins parts behind curl, so that the file can be compared.
IN_PARTS = """
set -eu
pids=""
for n in $(seq 0 {last}); do
  from=$((n * {each})); to=$((from + {each} - 1)); [ "$n" -lt {last} ] || to=""
  curl -s -S -f -r "$from-$to" -o "{made}.$n" "{url}" & pids="$pids $!"
done
for p in $pids; do wait "$p"; done
"""


def join(made):
    with open(made, "wb") as whole:
        for n in range(PARTS):
            with open(f"{made}.{n}", "rb") as part:
                while piece := part.read(1 << 20):
                    whole.write(piece)
            os.remove(f"{made}.{n}")


def pulls(bench, _quick):
    image, size = bench.image(bench.size_mib), bench.size_mib * 1.048576
    port, server = bench.nginx()
    made, offer = bench.file("pulled"), Offered(bench, "http", image)
    door = offer.doors[0]
    urls = {
        "nginx": (f"http://127.0.0.1:{port}/{os.path.basename(image[0])}", server),
        "our offer": (f"http://127.0.0.1:{door['port']}/{door['path']}", offer.process),
    }

    def whole(url, far):
        return timed(["curl", "-s", "-S", "-f", "-o", made, url], far)[0]

    def parts(url, far):
        each = -(-bench.size_mib // PARTS) << 20
        script = IN_PARTS.format(last=PARTS - 1, each=each, made=made, url=url)
        sample = timed(["sh", "-c", script], far)[0]
        join(made)
        return sample

    for work, run in (("one stream", whole), (f"{PARTS} ranges at once", parts)):
        methods = [Method(name, lambda r=run, at=at: r(*at), made=made) for name, at in urls.items()]
        bars = [faster("our offer", ["nginx"], 0.9)]
        yield Case(f"HTTP offer pulled by curl, {bench.size_mib} MiB, {work}", size, methods, bars, image[0])
    offer.close()


def clients(bench, _quick):
    """Our client against curl, at nginx: no bar of the issue, but it should be seen."""
    image, size = bench.image(bench.size_mib), bench.size_mib * 1.048576
    port, server = bench.nginx()
    name = os.path.basename(image[0])
    for verb in ("push", "fetch"):
        made = bench.file(f"{verb}ed")
        url = f"http://127.0.0.1:{port}/{os.path.basename(made) if verb == 'push' else name}"
        curl = ["curl", "-s", "-S", "-f", *(["-T", image[0], url] if verb == "push" else ["-o", made, url])]
        place = [bench.ours, verb, "http", "127.0.0.1", str(port)]
        ours = [*place, os.path.basename(made), *image[1], "--fresh"] if verb == "push" else [*place, name, made]
        methods = [Method(n, lambda c=c: timed(c, server)[0], made=made) for n, c in (("curl", curl), ("ours http", ours))]
        yield Case(f"HTTP {verb}, {bench.size_mib} MiB, nginx", size, methods, [faster("ours http", ["curl"], 0.9)], image[0])


SECTIONS = {"HTTP offers": pulls, "HTTP client": clients}
