"""Runs the same upgrade from Python and from C on simulated switches: one must be upgraded, one must have fallen back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
EXPECTED = {"sw1": "upgraded", "sw2": "fell_back"}
FLEET = {"pace": 100, "devices": [{"id": "sw1"}, {"id": "sw2", "faults": [{"fault": "comes_back_on_old"}]}]}


def checked(program: list[str | Path]) -> str:
    """Runs a program that must say by its exit code that not all devices are good."""
    done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1, f"{program[0]} ended with {done.returncode}"
    return done.stdout


def outcomes_of_python(config: Path, image: str) -> dict[str, str]:
    out = checked([sys.executable, ROOT / "examples/python/upgrade.py", config, image])
    return dict(json.loads(out.strip().splitlines()[-1]))


def outcomes_of_c(config: Path, image: str) -> dict[str, str]:
    program = config.parent / "upgrade"
    library = config.parent / "lib"
    library.mkdir()
    (library / "libswim.so.0").symlink_to(TARGET / "libswim.so")
    (library / "libswim.so").symlink_to(TARGET / "libswim.so")
    subprocess.run(
        ["gcc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT}/swim-capi/include",
         ROOT / "examples/c/upgrade.c", "-o", program, f"-L{library}", f"-Wl,-rpath,{library}", "-lswim"],
        check=True,
    )
    out = checked([program, config, image, *EXPECTED])
    return {device["device"]: device["outcome"] for device in json.loads(out)["devices"]}


def main() -> int:
    wrong = 0
    for language, run in (("python", outcomes_of_python), ("c", outcomes_of_c)):
        with tempfile.TemporaryDirectory() as folder:
            fleet = subprocess.Popen(
                [TARGET / "examples/sim_fleet", folder, json.dumps(FLEET)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            assert fleet.stdin is not None and fleet.stdout is not None
            made = json.loads(fleet.stdout.readline())
            config = Path(folder) / "config.json"
            config.write_text(json.dumps(made["config"]), encoding="utf-8")
            found = run(config, made["image"])
            fleet.stdin.close()
            fleet.wait()
            print(f"{language}: {found}")
            wrong += found != EXPECTED
    return wrong


if __name__ == "__main__":
    sys.exit(main())
