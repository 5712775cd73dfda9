"""The delay line of the tests, as the benchmarks use it."""

import json
import subprocess
import sys
import time
from pathlib import Path as File

sys.path.insert(0, str(File(__file__).resolve().parents[2] / "tests" / "delayline"))

from path import Path  # noqa: E402
from harness import Failed, Sample  # noqa: E402

__all__ = ["Path", "stream_sample"]


def stream_sample(path, mib, backwards):
    """One raw TCP stream of so many MiB, its slow start included, as iperf3 sends it."""
    server = subprocess.Popen(path.far(["iperf3", "-s", "-1"]), stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        client = ["iperf3", "-c", path.FAR, "-n", f"{mib}M", "-J"] + (["-R"] if backwards else [])
        done = subprocess.run(path.near(client), capture_output=True, text=True, check=False, timeout=300)
        told = json.loads(done.stdout)
        if "error" in told:
            raise Failed(told["error"])
        return Sample(mib * 1.048576 * 8e6 / told["end"]["sum_received"]["bits_per_second"])
    finally:
        server.kill()
        server.wait()
