"""Upgrades the devices of a configuration: python upgrade.py CONFIG.json IMAGE. The exit code says whether all is good."""

from __future__ import annotations

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
        print(json.dumps(result.outcomes))
        return 0 if result.all_good else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
