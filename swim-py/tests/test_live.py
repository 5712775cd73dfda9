"""Upgrades of simulated switches over real SSH on loopback, through the Python module alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from typing import Any

import pytest

import swim
from conftest import POLICY, Serve
from swim import errors

OLD, NEW = "17.06.03", "17.09.04a"
OLD_ON = {"fault": "comes_back_on_old"}


def versions(client: swim.Client) -> dict[str, str]:
    """What devices say that they run, asked now."""
    found = {}
    for seen in client.inspect(client.devices()):
        assert seen.inventory is not None and seen.inventory.version is not None, seen
        found[seen.device] = seen.inventory.version.text
    return found


async def versions_later(client: swim.AsyncClient) -> dict[str, str]:
    """The same, awaited."""
    found = {}
    for seen in await client.inspect(await client.devices()):
        assert seen.inventory is not None and seen.inventory.version is not None, seen
        found[seen.device] = seen.inventory.version.text
    return found


def submitted(client: swim.Client, image: str, devices: list[str], **policy: Any) -> str:
    """Imports, inspects, plans and submits: the job's id."""
    imported = client.import_image(image)
    client.inspect(devices)
    plan = client.plan(imported, devices, policy={**POLICY, **policy})
    assert plan.refused == () and len(plan.devices) == len(devices), str(plan)
    return client.submit(plan, plan.digest)


def entries(events: list[swim.Event]) -> list[tuple[int, str]]:
    """The durable events."""
    return [(e.sequence, e.event) for e in events if e.type == "entry"]


WATCH = """
with swim.Client(config) as client:
    print(json.dumps([[e.sequence, e.event] for e in client.watch(arguments[0]) if e.type == "entry"]))
"""


def test_an_upgrade(serve: Serve) -> None:
    fleet = serve({"id": "sw1"}, {"id": "sw2", "faults": [OLD_ON]})
    with swim.Client(fleet.config) as client:
        image = client.import_image(fleet.image, platform="ios_xe")
        assert image.facts["version"].value.text == "17.9.4a" and client.images(text="cat9k") == [image]
        assert set(versions(client).values()) == {OLD}
        doubtful = client.analyse(image, client.devices())
        assert {d.verdict for d in doubtful.devices} == {"unknown"} and "ram.requirement_unknown" in str(doubtful)
        assert client.plan(image, ["sw1"]).devices == (), "an unknown requirement is nobody's yes"
        report = client.analyse(image, ["sw1", "sw2"], policy=POLICY)
        assert {d.device for d in report.devices} == {"sw1", "sw2"}
        plan = client.plan(image, ["sw1", "sw2"], policy=POLICY)
        assert [d.device.id for d in plan.devices] == ["sw1", "sw2"] and "activate 17.9.4a" in str(plan)
        rehearsed = client.rehearse(plan)
        assert rehearsed.all_good and set(versions(client).values()) == {OLD}, "nothing real was touched"
        with pytest.raises(errors.ConflictError):
            client.submit(plan, "somebody approved something else")

        before = client.has_latest("sw1", settings={"include_catalogue": False})
        assert before.as_of is not None and before.as_of_job is None and "as the device said at" in str(before)
        job = client.submit(plan, plan.digest, key="monday")
        assert client.submit(plan, plan.digest, key="monday") == job, "one key, one job"
        watching = fleet.other_process(WATCH, job)
        with pytest.raises(errors.StepTimeoutError) as late:
            client.wait(job, timeout=0.2)
        assert late.value.retry == 0.0 and client.status(job).status == "running"
        own = list(client.watch(job))
        result = client.wait(job)

        assert result.status == "finished" and result.outcomes == {"sw1": "upgraded", "sw2": "fell_back"}
        assert not result.all_good and result == client.status(job)
        # What the job read is known without another inspection.
        known = client.has_latest("sw1", settings={"include_catalogue": False})
        assert (known.latest, known.running, known.as_of_job) == ("yes", "17.9.4a", job), known
        assert known.as_of is not None and known.as_of > before.as_of and before.latest == "no"
        assert client.has_latest("sw2").running == "17.6.3" and OLD in str(client.recommend(["sw2"])[0])
        good, bad = result.devices
        assert good.error is None and good.activations == 1 and any("17.09.04a" in e for e in good.evidence)
        assert isinstance(bad.error, swim.SwimError) and OLD in str(bad.error)
        assert versions(client) == {"sw1": NEW, "sw2": OLD}
        finished = {e.device: e.outcome for e in own if e.get("event") == "device_finished"}
        assert finished == result.outcomes and entries(own)[-1][1] == "job_finished"
        assert any(e.type == "note" for e in own), "progress is told"
        others, _ = watching.communicate(timeout=30)
        assert [tuple(e) for e in json.loads(others)] == entries(own), "another process sees the same"
        verdicts = {r.device: r.outcome for r in client.audit(job) if "outcome" in r}
        assert verdicts == result.outcomes
        again = client.plan(image, ["sw1"], policy=POLICY)
        assert client.wait(client.submit(again, again.digest)).outcomes == {"sw1": "already_there"}


def test_an_upgrade_awaited(serve: Serve) -> None:
    fleet = serve({"id": "sw1"}, {"id": "sw2", "faults": [OLD_ON]}, {"id": "edge1", "kind": "ios_switch"})

    async def upgrade(client: swim.AsyncClient, image_file: str, devices: list[str]) -> dict[str, str | None]:
        image = await client.import_image(image_file)
        plan = await client.plan(image, devices, policy=POLICY)
        assert plan.refused == (), str(plan)
        assert (await client.rehearse(plan)).all_good
        job = await client.submit(plan, plan.digest)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.wait(job), 0.1)
        events = [event async for event in client.watch(job)]
        assert entries(events)[0][1] == "submitted" and entries(events)[-1][1] == "job_finished"
        assert {r.device for r in await client.audit(job) if "device" in r} == set(devices)
        return (await client.wait(job)).outcomes

    async def main() -> None:
        async with swim.AsyncClient(fleet.config) as client:
            assert (await versions_later(client)).keys() == {"sw1", "sw2", "edge1"}
            both = await asyncio.gather(
                upgrade(client, fleet.image, ["sw1", "sw2"]), upgrade(client, fleet.ios_image, ["edge1"])
            )
            assert both[0] == {"sw1": "upgraded", "sw2": "fell_back"} and both[1] == {"edge1": "upgraded"}
            assert (await client.has_latest("edge1")).running == "15.2(7)E10", "known from the job"
            assert await versions_later(client) == {"sw1": NEW, "sw2": OLD, "edge1": "15.2(7)E10"}

    asyncio.run(main())


def test_a_post_check_decides(serve: Serve) -> None:
    fleet = serve({"id": "sw1"}, {"id": "sw2"}, {"id": "sw3"}, {"id": "edge1", "kind": "ios_switch"})
    asked: dict[str, str] = {}

    def check(call: swim.CheckCall) -> bool | str:
        assert call.inventory.version is not None
        asked[call.inventory.device] = call.inventory.version.text
        if call.inventory.device == "sw3":
            client.devices()
        answers: dict[str, bool | str] = {"sw1": True, "sw2": "two neighbours are missing", "edge1": False}
        return answers[call.inventory.device]

    with swim.Client(fleet.config, post_check=check) as client:
        jobs = [
            submitted(client, fleet.image, ["sw1", "sw2", "sw3"], post_check=True),
            submitted(client, fleet.ios_image, ["edge1"], post_check=True),
        ]
        results = {d.device: d for job in jobs for d in client.wait(job).devices}
        assert asked == {"sw1": NEW, "sw2": NEW, "sw3": NEW, "edge1": "15.2(7)E10"}, "asked while it runs the new one"
        outcomes = {name: d.outcome for name, d in results.items()}
        assert outcomes == {"sw1": "upgraded", "sw2": "rolled_back", "sw3": "rolled_back", "edge1": "rolled_back"}
        said = {name: d.error for name, d in results.items() if d.error is not None}
        assert str(said["sw2"]) == "post-check: two neighbours are missing"
        assert "raised an exception" in str(said["sw3"]) and "from inside a callback" in str(said["sw3"].__cause__)
        assert str(said["edge1"]) == "post-check: the post-check said no"
        assert versions(client) == {"sw1": NEW, "sw2": OLD, "sw3": OLD, "edge1": "15.2(7)E3"}


def test_a_post_check_that_is_awaited(serve: Serve) -> None:
    fleet = serve({"id": "sw1"}, {"id": "sw2"})
    threads = set()

    async def check(call: swim.CheckCall) -> bool | str:
        threads.add(threading.current_thread())
        # Unlike in a blocking client, asking back is possible: nothing waits for this thread.
        assert [job.id for job in await client.list()] == [call.job]
        return call.inventory.device == "sw1" or "no"

    async def main() -> None:
        async with client:
            image = await client.import_image(fleet.image)
            plan = await client.plan(image, ["sw1", "sw2"], policy={**POLICY, "post_check": True})
            result = await client.wait(await client.submit(plan, plan.digest))
            assert result.outcomes == {"sw1": "upgraded", "sw2": "rolled_back"}
            assert await versions_later(client) == {"sw1": NEW, "sw2": OLD}
        assert threads == {threading.main_thread()}, "it runs on the event loop"

    client = swim.AsyncClient(fleet.config, post_check=check)
    asyncio.run(main())


COMMIT = """
with swim.Client(config) as client:
    client.commit(arguments[0])
    print(json.dumps(client.wait(arguments[0]).outcomes))
"""


def test_another_process_commits(serve: Serve) -> None:
    fleet = serve({"id": "sw1"})
    with swim.Client(fleet.config) as client:
        job = submitted(client, fleet.image, ["sw1"], hold_commit=True)
        held = client.wait(job)
        assert held.status == "held" and held.outcomes == {"sw1": None}
        assert client.has_latest("sw1").running == "17.9.4a", "it runs it, be it not final"
        assert versions(client) == {"sw1": NEW}
        time.sleep(0.5)
        assert client.wait(job).status == "held", "nobody said go"
        printed, _ = fleet.other_process(COMMIT, job).communicate(timeout=60)
        assert json.loads(printed) == {"sw1": "upgraded"}
        done = client.wait(job)
        assert done.status == "finished" and done.outcomes == {"sw1": "upgraded"}
        workers = {e.worker for e in client.watch(job) if e.get("event") == "claimed"}
        assert len(workers) == 2, "the other process did the work"


CANCEL = """
with swim.Client(config) as client:
    client.cancel(arguments[0], how="now")
"""


def test_another_process_cancels_in_the_middle(serve: Serve) -> None:
    # The device computes for ten seconds of ours; the cancelling process is there within one or two.
    fleet = serve({"id": "sw1", "faults": [{"fault": "slow_hash", "seconds": 2000}]})
    with swim.Client(fleet.config) as client:
        job = submitted(client, fleet.image, ["sw1"])
        for event in client.watch(job):
            if event.get("event") == "verified":
                break
        assert event.step == 0 and client.status(job).status == "running"
        assert fleet.other_process(CANCEL, job).wait(30) == 0
        result = client.wait(job)
        assert result.outcomes == {"sw1": "cancelled"}
        assert isinstance(result.devices[0].error, errors.CancelledError)
        assert versions(client) == {"sw1": OLD}
        assert client.audit(job)[-1].job == job and any("cancel" in r.action for r in client.audit(job))


def lines(client: swim.Client, job: str) -> int:
    """How far the job is."""
    return len(client.audit(job))


def test_what_ctrl_c_and_closing_leave(serve: Serve) -> None:
    fleet = serve({"id": "sw1"})
    client = swim.Client(fleet.config)
    job = submitted(client, fleet.image, ["sw1"])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            client.wait(job)
    finally:
        signal.signal(signal.SIGINT, before)
    at = lines(client, job)
    time.sleep(1)
    assert lines(client, job) > at, "the job went on"

    watch = client.watch(job)
    next(watch)
    client.close()
    client.close()
    assert "closed" in repr(client)
    with pytest.raises(errors.InvalidInputError, match="the client is closed"):
        client.status(job)
    with pytest.raises(errors.InterruptedError, match="the client was closed"):
        for _ in watch:
            pass
    with swim.Client(fleet.config) as other:
        stopped = lines(other, job)
        time.sleep(1)
        assert lines(other, job) == stopped and other.status(job).status == "running", "nobody works on it"
        assert other.resume() == [job]
        assert other.wait(job).outcomes == {"sw1": "upgraded"} and versions(other) == {"sw1": NEW}
        assert other.wait(job).devices[0].activations == 1, "what was done was not done again"
