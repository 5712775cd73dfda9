"""The examples say by their exit codes what came out, and what they do when they are asked."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import PROGRAM, ROOT, Serve

UPGRADE = [sys.executable, str(ROOT / "examples/python/upgrade.py")]


def ended(program: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(program, capture_output=True, text=True, check=False)


def test_a_device_that_is_left_out_is_no_success(serve: Serve) -> None:
    fleet = serve({"id": "sw1"}, {"id": "sw2"})
    fleet.config["devices"][1]["at"]["port"] = 1
    fleet.config_file.write_text(json.dumps(fleet.config), encoding="utf-8")
    done = ended([*UPGRADE, str(fleet.config_file), fleet.image])
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"sw1": "upgraded", "sw2": "left_out"}
    # Devices stay known in their data folder.
    fleet.config.update(devices=fleet.config["devices"][:1], data=fleet.config["data"] + "-of-one")
    fleet.config_file.write_text(json.dumps(fleet.config), encoding="utf-8")
    done = ended([*UPGRADE, str(fleet.config_file), fleet.image])
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[-1]) == {"sw1": "already_there"}


def test_errors_are_told_in_words(serve: Serve) -> None:
    fleet = serve({"id": "sw1"})
    fleet.config_file.write_text(json.dumps(fleet.config), encoding="utf-8")
    for program in ([*UPGRADE, "none.json", fleet.image], [*UPGRADE, str(fleet.config_file), "none.bin"]):
        done = ended(program)
        assert done.returncode == 2 and done.stderr.startswith("error: ") and "Traceback" not in done.stderr
    for program in ([str(PROGRAM)], [str(PROGRAM), str(fleet.config_file.parent), "many"]):
        done = ended(program)
        assert done.returncode == 2 and done.stderr.startswith("error: ") and "Error(" not in done.stderr, done.stderr


def test_help() -> None:
    for program in (UPGRADE, [str(PROGRAM)]):
        done = ended([*program, "--help"])
        assert done.returncode == 0 and "DEVICE" in done.stdout.upper() and done.stderr == "", program


def test_an_approval_needs_devices() -> None:
    done = ended([str(PROGRAM.with_name("upgrade_fleet")), "--approve", "0" * 64])
    assert done.returncode == 2 and done.stderr.startswith("error: --approve needs --devices"), done.stderr
