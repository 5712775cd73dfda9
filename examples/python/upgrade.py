"""Upgrades the devices of a configuration: python upgrade.py CONFIG.json IMAGE. The exit code says whether all is good."""

from __future__ import annotations

import json
import sys

import swim


def main(config_path: str, image_path: str) -> int:
    with open(config_path, encoding="utf-8") as file:
        config = json.load(file)
    with swim.Client(config) as client:
        image = client.import_image(image_path)
        devices = [device["id"] for device in client.devices()]
        client.inspect(devices)
        policy = {"activate": "parallel", "accept_unknown": ["ram.requirement_unknown"]}
        report = client.analyse(image, devices, policy=policy)
        print(swim.function("report_text", report=report.to_dict()))
        plan = client.plan(image, devices, policy=policy)
        job = client.submit(plan, swim.function("plan_digest", plan=plan.to_dict()))
        for event in client.watch(job):
            if event.get("event") == "verified":
                print(event["device"], event["how"])
        result = client.wait(job)
        outcomes = {device["device"]: device["outcome"] for device in result["devices"]}
        print(json.dumps(outcomes))
        return 0 if all(o in ("upgraded", "already_there") for o in outcomes.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
