"""Upgrades the devices of a configuration: python upgrade.py CONFIG.json IMAGE.

The exit code is 0 only when every device runs the new software; 1 when one does not, was left out or did not answer; 2 after
an error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import swim

POLICY = {"activate": "parallel", "accept_unknown": ["ram.requirement_unknown"]}


def main(config: Path, file: Path) -> int:
    with swim.Client(json.loads(config.read_text(encoding="utf-8"))) as client:
        image = client.import_image(file)
        devices = client.devices()
        for seen in client.inspect(devices):
            print(seen.error or seen.inventory)
        print(client.analyse(image, devices, policy=POLICY))
        plan = client.plan(image, devices, policy=POLICY)
        print(plan)
        job = client.submit(plan, plan.digest)  # a program that asks somebody first passes on what they approved
        for event in client.watch(job):
            if event.get("event") == "verified":
                print(event.device, event.how)
        result = client.wait(job)
        left_out = {refused.device: "left_out" for refused in plan.refused}
        print(json.dumps({**result.outcomes, **left_out}))
        return 0 if result.all_good and not left_out else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path, metavar="CONFIG.json")
    parser.add_argument("image", type=Path, metavar="IMAGE")
    given = parser.parse_args()
    try:
        sys.exit(main(given.config, given.image))
    except (swim.SwimError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
