"""No secret comes out of the Python module: not in errors, values, logs, or files."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import subprocess
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import swim
from conftest import POLICY, Serve
from peers import free_port
from swim import errors

MARK = "Canary-5e1f"
PASSWORD, ENABLE, WRONG, PASSPHRASE = (f"{MARK}-{name}" for name in ("password", "enable", "wrong", "passphrase"))


class Lookout:
    """Looks for the mark in everything that it is shown."""

    def __init__(self) -> None:
        self.shown = 0

    def at(self, *values: Any) -> None:
        for value in values:
            for text in self.texts(value):
                self.shown += 1
                assert MARK.encode() not in text, f"{type(value).__name__}: {text.decode(errors='replace')[:400]}"

    def texts(self, value: Any) -> list[bytes]:
        found = [str(value), repr(value)]
        raw = [pickle.dumps(value)] if isinstance(value, (BaseException, swim.Document)) else []
        if isinstance(value, BaseException):
            found += [repr(value.args), repr(vars(value)), *traceback.format_exception(value)]
            for inner in (value.__cause__, value.__context__):
                raw += [] if inner is None else self.texts(inner)
        if isinstance(value, swim.Document):
            found.append(json.dumps(value.to_dict()))
        if hasattr(value, "_repr_html_"):
            found.append(value._repr_html_())
        return [text.encode() for text in found] + raw

    def at_files(self, folder: Path) -> list[str]:
        names = []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            names.append(file.name)
            try:
                held = file.read_bytes()
            except FileNotFoundError:
                # The database's side files go when its thread closes it, a moment after the client was closed.
                continue
            assert MARK.encode() not in held, file
        return names


def test_the_lookout_sees_what_it_should(tmp_path: Path) -> None:
    lookout = Lookout()
    cause = swim.SwimError("x", causes=["outer", MARK])
    for value in (MARK, cause, swim.Document({"a": [MARK]}), swim.SwimError("x", details={"a": MARK})):
        with pytest.raises(AssertionError):
            lookout.at(value)
    (tmp_path / "swim.db-wal").write_bytes(b"\0" + MARK.encode())
    with pytest.raises(AssertionError):
        lookout.at_files(tmp_path)


def test_a_run_with_failures_leaks_nothing(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    question = {"fault": "unknown_prompt", "command_prefix": "install add", "text": "Why? "}
    fleet = serve(
        {"id": "sw1"}, {"id": "sw2", "faults": [{"fault": "comes_back_on_old"}]}, {"id": "sw3", "faults": [question]},
        {"id": "wrong"}, {"id": "keyed"}, {"id": "away"}, {"id": "edge1", "kind": "ios_switch"},
        password=PASSWORD, enable=ENABLE,
    )
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", f"{PASSPHRASE}-other", "-f", key], check=True)
    config = fleet.config
    config["data"] = Path(config["data"])
    config["secrets"] |= {"wrong": {"value": WRONG}, "key": {"file": key}, "passphrase": {"value": PASSPHRASE}}
    devices = {device["id"]: device for device in config["devices"]}
    devices["wrong"]["login"]["password"] = "wrong"
    devices["keyed"]["login"] = {"user": "admin", "key": "key", "key_passphrase": "passphrase"}
    devices["away"]["at"]["port"] = free_port()

    lookout = Lookout()
    # In real time: the simulator takes a second to refuse a login, which is minutes at the pace of the others.
    with swim.Client({name: value for name, value in config.items() if name != "simulation"}) as client:
        refused = client.inspect(["wrong", "keyed", "away"])
        lookout.at(*refused, *(s.error for s in refused))
        assert [s.error.kind for s in refused if s.error] == ["auth", "invalid_input", "unreachable"], refused

    def check(call: swim.CheckCall) -> bool:
        lookout.at(call, call.inventory)
        return True

    with swim.Client(config, post_check=check) as client:
        lookout.at(client, client.devices(), *client.devices())
        image, other = client.import_image(fleet.image), client.import_image(fleet.ios_image)
        seen = {s.device: s for s in client.inspect(client.devices())}
        lookout.at(*seen.values(), *(s.error for s in seen.values()), *(s.inventory for s in seen.values()))
        assert {name for name, s in seen.items() if s.error is not None} == {"wrong", "keyed", "away"}
        everyone = ["sw1", "sw2", "sw3", "wrong", "away"]
        plans = [
            client.plan(image, everyone, policy={**POLICY, "post_check": True}),
            client.plan(other, ["edge1"], policy=POLICY),
        ]
        assert {r.device for r in plans[0].refused} == {"wrong", "away"}
        lookout.at(image, *plans, client.analyse(image, everyone, policy=POLICY), client.rehearse(plans[0]))
        jobs = [client.submit(plan, plan.digest) for plan in plans]
        for job in jobs:
            events = list(client.watch(job))
            assert len(events) > 20
            result = client.wait(job)
            lookout.at(*events, result, *result.devices, *(d.error for d in result.devices), *client.audit(job))
        outcomes = client.wait(jobs[0]).outcomes
        assert outcomes == {"sw1": "upgraded", "sw2": "fell_back", "sw3": "failed"}, outcomes
        lookout.at(*client.list(), client)
        # While it is open: the write-ahead log is still there.
        names = lookout.at_files(config["data"])
        assert "swim.db" in names and "swim.db-wal" in names, names
    lookout.at_files(config["data"])
    for record in caplog.records:
        lookout.at(record.getMessage(), vars(record))
    assert lookout.shown > 500


# What people do: the secret itself where the configuration wants something else.
MISPLACED: dict[str, dict[str, Any]] = {
    "secret without a source": {"secrets": {"lab": PASSWORD}},
    "list as a secret": {"secrets": {"lab": {"value": [PASSWORD]}}},
    "secret as a source": {"secrets": {"lab": {PASSWORD: "x"}}},
    "secret at the top": {"password": PASSWORD},
    "secret as the devices": {"devices": PASSWORD},
    "secret as a login": {"device": {"login": PASSWORD}},
    "source in a login": {"device": {"login": {"user": "admin", "password": {"value": PASSWORD}}}},
    "enable in a list": {"device": {"login": {"user": "admin", "enable": [ENABLE]}}},
    "secret as a host key policy": {"device": {"host_key": PASSWORD}},
    "secret as a port": {"device": {"at": {"host": "127.0.0.1", "port": PASSWORD}}},
    "secret as a list of platforms": {"platforms": PASSWORD},
}

DEVICE = {
    "id": "sw1", "at": {"host": "127.0.0.1", "port": 22}, "platform": "ios_xe",
    "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
}


def misplaced(name: str, data: Path) -> dict[str, Any]:
    """A configuration with this mistake."""
    change = dict(MISPLACED[name])
    config: dict[str, Any] = {"data": str(data), "secrets": {"lab": {"value": PASSWORD}}}
    if "device" in change:
        config["devices"] = [DEVICE | change.pop("device")]
    return config | change


def toml(value: Any) -> str:
    """A value in TOML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value)


@pytest.mark.parametrize("name", MISPLACED)
def test_a_misplaced_secret_is_refused_unseen(name: str, tmp_path: Path) -> None:
    config = misplaced(name, tmp_path / "data")
    with pytest.raises(errors.InvalidInputError) as raised:
        swim.Client(config)
    Lookout().at(raised.value)

    async def main() -> None:
        with pytest.raises(errors.InvalidInputError) as raised:
            async with swim.AsyncClient(config):
                pass
        Lookout().at(raised.value)

    asyncio.run(main())
    Lookout().at_files(tmp_path)


@pytest.mark.parametrize("name", MISPLACED)
def test_a_misplaced_secret_in_a_file_is_refused_unseen(name: str, tmp_path: Path) -> None:
    config = misplaced(name, tmp_path / "data")
    file = tmp_path / "swim.toml"
    file.write_text("".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in config.items()))
    with pytest.raises(errors.InvalidInputError) as raised:
        swim.Client(file)
    file.unlink()
    Lookout().at(raised.value)
    Lookout().at_files(tmp_path)


@pytest.mark.parametrize("name", [name for name in MISPLACED if "device" in MISPLACED[name]])
def test_a_misplaced_secret_of_an_added_device_is_refused_unseen(name: str, tmp_path: Path) -> None:
    with swim.Client({"data": tmp_path}) as client:
        with pytest.raises(errors.InvalidInputError) as raised:
            client.add_devices([DEVICE | MISPLACED[name]["device"]])
    Lookout().at(raised.value)
    Lookout().at_files(tmp_path)


def test_values_that_cannot_be_passed_on_are_not_shown(tmp_path: Path) -> None:
    for wrong in ({PASSWORD}, PASSWORD.encode(), object()):
        with pytest.raises(errors.InvalidInputError, match="config.secrets.lab.value") as raised:
            swim.Client({"data": tmp_path, "secrets": {"lab": {"value": wrong}}})
        Lookout().at(raised.value)


def test_a_password_in_the_place_of_a_secret_s_name(tmp_path: Path) -> None:
    """The likeliest mistake: it would be kept as a name, and shown wherever names are shown."""
    login = {"user": "admin", "password": PASSWORD}
    with pytest.raises(errors.InvalidInputError) as raised:
        with swim.Client({"data": tmp_path, "devices": [DEVICE | {"login": login}]}) as client:
            Lookout().at(*client.devices())
    Lookout().at(raised.value)
    Lookout().at_files(tmp_path)
