"""Clients of both kinds, and simulated switches on loopback, served by `examples/sim_fleet.rs` (`make python` builds it)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import swim

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/examples/sim_fleet"

#: An upgrade of about twenty minutes takes twelve seconds. A lease lasts thirty seconds, which a pause of 0.3 s costs:
#: at more, a busy machine's pauses would end workers.
PACE = 100

POLICY: dict[str, Any] = {
    "activate": "parallel",
    "accept_unknown": ["ram.requirement_unknown", "ram.unknown"],
}


class Fleet:
    """Served devices: the configuration of their clients, and images for them."""

    def __init__(self, folder: Path, devices: tuple[dict[str, Any], ...], options: dict[str, Any]) -> None:
        asked = json.dumps({"pace": PACE, "devices": devices, **options})
        self.program = subprocess.Popen(
            [PROGRAM, folder, asked], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.program.stdout is not None
        made = json.loads(self.program.stdout.readline())
        self.config: dict[str, Any] = made["config"]
        self.image: str = made["image"]
        self.ios_image: str = made["ios_image"]
        self.config_file = folder / "config.json"

    def other_process(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        """Runs a script in another process, where `config` is the configuration and `arguments` are the arguments."""
        self.config_file.write_text(json.dumps(self.config), encoding="utf-8")
        head = "import json, sys, swim\nconfig, *arguments = json.load(open(sys.argv[1])), *sys.argv[2:]\n"
        command = [sys.executable, "-c", head + script, str(self.config_file), *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def end(self) -> None:
        assert self.program.stdin is not None and self.program.stdout is not None
        self.program.stdin.close()
        self.program.wait(10)
        self.program.stdout.close()


Serve = Callable[..., Fleet]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves devices: `serve({"id": "sw1"}, {"id": "sw2", "faults": [...]}, enable="...")`."""
    fleets: list[Fleet] = []

    def start(*devices: dict[str, Any], **options: Any) -> Fleet:
        fleets.append(Fleet(tmp_path / f"fleet{len(fleets)}", devices, options))
        return fleets[-1]

    yield start
    for fleet in fleets:
        fleet.end()


Ask = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """What the client of `ask` is opened with."""
    return {"data": str(tmp_path / "data")}


@pytest.fixture(params=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest, config: dict[str, Any]) -> Iterator[Ask]:
    """Calls a method of a client of either kind: ``ask("images", text="x")``."""
    if request.param == "blocking":
        with swim.Client(config) as client:
            yield lambda method, *arguments, **named: getattr(client, method)(*arguments, **named)
        return
    loop, later = asyncio.new_event_loop(), swim.AsyncClient(config)
    yield lambda method, *arguments, **named: loop.run_until_complete(getattr(later, method)(*arguments, **named))
    loop.run_until_complete(later.close())
    loop.close()


def imported(ask: Ask, tmp_path: Path, name: str, text: str = "made up", **known: Any) -> swim.Image:
    (tmp_path / name).write_text(text)
    image = ask("import_image", tmp_path / name, **known)
    assert isinstance(image, swim.Image)
    return image
