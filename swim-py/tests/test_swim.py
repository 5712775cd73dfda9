"""The Python module answers as tests/surface.toml says, blocking and awaitable."""

import asyncio
import inspect
import json
import os
import pickle
import signal
import threading
import time
import tomllib
from pathlib import Path

import pytest

import swim
from swim import errors

LIST = tomllib.loads((Path(__file__).parents[2] / "tests" / "surface.toml").read_text())
GOOD = [(f["name"], g) for f in LIST["function"] for g in f["good"]]
BAD_FUNCTIONS = [(f["name"], b) for f in LIST["function"] for b in f["bad"]]
BAD_VERBS = [(v["name"], b) for v in LIST["verb"] for b in v["bad"]]
PLAN = next(g for n, g in GOOD if n == "plan_digest")["arguments"]["plan"]
REPORT = next(g for n, g in GOOD if n == "report_html")["arguments"]["report"]


@pytest.fixture
def client(tmp_path):
    with swim.Client({"data": str(tmp_path / "data")}) as client:
        yield client


def function(name, arguments):
    return json.loads(swim._swim.function(name, json.dumps(arguments)))


@pytest.mark.parametrize(("name", "case"), GOOD)
def test_functions_answer(name, case):
    result = function(name, case["arguments"])
    if "result" in case:
        assert result == json.loads(case["result"])
    if "contains" in case:
        assert case["contains"] in json.dumps(result, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize(("name", "case"), BAD_FUNCTIONS)
def test_functions_refuse(name, case):
    with pytest.raises(swim.SwimError) as raised:
        function(name, case["arguments"])
    assert raised.value.kind == case["error"]
    assert type(raised.value) is errors.BY_KIND[case["error"]]


def test_verbs_refuse(client):
    for name, case in BAD_VERBS:
        with pytest.raises(swim.SwimError) as raised:
            client.call(name, case["arguments"])
        assert raised.value.kind == case["error"], (name, case)


def test_verbs_refuse_awaited(tmp_path):
    async def main():
        async with swim.AsyncClient({"data": str(tmp_path / "data")}) as client:
            for name, case in BAD_VERBS:
                with pytest.raises(swim.SwimError) as raised:
                    await client.call(name, case["arguments"])
                assert raised.value.kind == case["error"], (name, case)

    asyncio.run(main())


def test_nothing_lags_behind():
    names = function("names", {})
    assert names["verbs"] == [v["name"] for v in LIST["verb"]]
    assert sorted(names["functions"]) == sorted(f["name"] for f in LIST["function"])
    for verb in names["verbs"]:
        method = {"import": "import_image"}.get(verb, verb)
        assert inspect.signature(getattr(swim.Client, method)) == inspect.signature(getattr(swim.AsyncClient, method))
    assert set(function("error_kinds", {})) == set(errors.BY_KIND)


def made_up(tmp_path):
    path = tmp_path / "made-up.bin"
    path.write_bytes(b"not really an image")
    return path


def test_a_job(client, tmp_path):
    image = client.import_image(made_up(tmp_path), platform="ios", version="15.2(7)E10")
    assert image.facts.version["from"] == "user" and client.images() == [image] == [client.image("made-up.bin")]
    assert client.devices() == [] and client.analyse(image, []).devices == ()
    plan = client.plan(image, [])
    job = client.submit(plan, plan.digest)
    report = client.wait(job)
    assert isinstance(report, swim.JobReport) and report.status == "finished" and job in report._repr_html_()
    events = [e.event for e in client.watch(job) if e.type == "entry"]
    assert events[0] == "submitted" and events[-1] == "job_finished"
    assert client.audit(job)[0].action == "submitted"
    assert [j.id for j in client.list()] == [job] and client.resume() == []


def test_a_job_awaited(tmp_path):
    async def main():
        client = swim.AsyncClient({"data": str(tmp_path / "data")})
        image = await client.import_image(made_up(tmp_path), platform="ios", version="15.2(7)E10")
        plan = await client.plan(image, [])
        job = await client.submit(plan, plan.digest)
        assert (await client.wait(job)).status == "finished"
        events = [e.event async for e in client.watch(job) if e.type == "entry"]
        assert events[0] == "submitted" and events[-1] == "job_finished"
        start = time.monotonic()
        await asyncio.gather(*(client.call("_sleep", {"millis": 200}) for _ in range(20)))
        assert time.monotonic() - start < 2
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.call("_sleep", {"millis": 20000}), 0.1)

    asyncio.run(main())


def test_values_are_read_only_and_show_themselves():
    plan = swim.Plan(PLAN)
    assert plan.to_dict() == PLAN and plan.goal.file_name == "x.bin" and "Plan(" in repr(plan)
    assert "swim-plan" in plan._repr_html_() and "Goal: x.bin" in str(plan) and plan.diff(plan) == []
    assert "a&lt;b.bin" in swim.Report(REPORT)._repr_html_()
    with pytest.raises(AttributeError):
        plan.goal = 1
    plan.to_dict()["goal"]["bytes"] = 9
    assert plan.goal.bytes == 5
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan and type(again) is swim.Plan and hash(again) == hash(plan)


def test_errors_carry_everything_and_pickle():
    record = {
        "kind": "device_rejected", "operation": "install", "message": "add failed", "context": [["device", "sw1"]],
        "retry": {"after": {"secs": 3, "nanos": 500000000}}, "effect": "unknown", "said": "FAILED", "causes": ["a", "b"],
    }
    first = errors.from_record(json.dumps(record))
    for e in (first, pickle.loads(pickle.dumps(first))):
        assert isinstance(e, errors.DeviceRejectedError) and str(e) == "install: add failed"
        assert (e.device, e.retry, e.effect, e.said) == ("sw1", 3.5, "unknown", "FAILED")
        assert str(e.__cause__) == "a" and str(e.__cause__.__cause__) == "b"


def test_a_bad_configuration_is_refused(tmp_path):
    with pytest.raises(errors.InvalidInputError):
        swim.Client({"dat": "x"})
    with pytest.raises(errors.NotFoundError) as raised:
        swim.Client(tmp_path / "none.toml")
    assert raised.value.__cause__ is not None
    (tmp_path / "swim.toml").write_text(f'data = "{tmp_path}/data"')
    client = swim.Client(tmp_path / "swim.toml", post_check=lambda call: True)
    client.close()
    with pytest.raises(swim.SwimError):
        client.devices()


def test_ctrl_c_ends_a_waiting_call(client, request):
    # A shell starts background jobs with SIGINT ignored, and Python keeps it so.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    sent = []

    def send():
        time.sleep(0.3)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        client.call("_sleep", {"millis": 20000})
    assert time.monotonic() - sent[0] < 1
    thread.join()


def test_other_threads_run_while_a_call_waits(client):
    counted = []
    thread = threading.Thread(target=lambda: [counted.append(time.sleep(0.01)) for _ in range(20)])
    thread.start()
    client.call("_sleep", {"millis": 1000})
    assert len(counted) == 20
    thread.join()


def test_a_forked_process_is_refused(client):
    client.devices()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            client.devices()
        except swim.SwimError as e:
            code = 0 if e.kind == "internal" and e.details["forked"] is True else 2
        finally:
            del client
            os._exit(code)
    for _ in range(100):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.1)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0
