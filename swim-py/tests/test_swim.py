"""The Python module answers as tests/surface.toml says, blocking and awaitable."""

import asyncio
import doctest
import importlib
import inspect
import json
import os
import pickle
import pkgutil
import signal
import subprocess
import sys
import tempfile
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
LATEST = next(g for n, g in GOOD if n == "latest_html")["arguments"]["latest"]
RECOMMENDATION = next(g for n, g in GOOD if n == "recommendation_html")["arguments"]["recommendation"]
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


def test_requirements_and_recommendation(client, tmp_path):
    image = client.import_image(made_up(tmp_path), platform="ios", version="15.2(7)E10", min_ram=5)
    kept = client.set_requirements(image, flash=7, boot_rom="15.2(3r)E1", by="ann")
    assert (kept.ram.effective.value, kept.flash.override.value, kept.ram.default) == (5, 7, None)
    assert [(h.number, h.get("by")) for h in kept.history] == [(1, None), (2, "ann")]
    assert repr(kept) == "Requirements(file_name='made-up.bin', ram=5, flash=7, boot_rom='15.2(3r)E1')"
    back = client.restore_requirements("made-up.bin", fields=["flash"])
    assert back == client.requirements(image) and back.flash.effective is None and back.ram.effective.value == 5
    with pytest.raises(errors.InvalidInputError, match="ram = 0: it is in bytes"):
        client.set_requirements(image, ram=0)
    assert client.recommend([]) == []
    with pytest.raises(errors.NotFoundError):
        client.has_latest("sw1")


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
    told = swim.Recommendation(RECOMMENDATION)
    assert "a&lt;b" in told._repr_html_() and "1. x.bin" in str(told) and "best='x.bin'" in repr(told)
    latest = swim.HasLatest(LATEST)
    assert "a&lt;b" in latest._repr_html_() and "unknown" in str(latest) and "latest='unknown'" in repr(latest)
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


def test_the_examples_of_the_docstrings():
    parts = [f"swim._client.{part.name}" for part in pkgutil.iter_modules(swim._client.__path__)]
    attempted = 0
    for module in map(importlib.import_module, ["swim", "swim._async_client", "swim._client", *parts]):
        names = {**vars(swim), **vars(module), "asyncio": asyncio, "tempfile": tempfile, "Path": Path}
        result = doctest.testmod(module, globs=names)
        assert result.failed == 0, module
        attempted += result.attempted
    assert attempted >= 15


def test_everything_has_a_docstring():
    for kind in (getattr(swim, name) for name in swim.__all__):
        assert inspect.getdoc(kind), kind
    for client in (swim.Client, swim.AsyncClient):
        for name, method in inspect.getmembers(client):
            if not name.startswith("_"):
                assert len(method.__doc__) > 20, name


def test_the_import_is_quick():
    code = "import time; t = time.perf_counter(); import swim; print(time.perf_counter() - t)"
    runs = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    assert min(runs) < 0.5, runs


def test_wrong_arguments_are_named(client, tmp_path):
    for call, words in (
        (lambda: client.inspect("sw1"), "devices = "),
        (lambda: client.plan("none.bin", [], policy={"colour": 1}), "colour"),
        (lambda: client.cancel("x", how="never"), "never"),
        (lambda: client.wait("x", timeout=-1), "timeout = -1"),
        (lambda: client.submit(object(), "x"), "arguments.plan: a object"),
        (lambda: swim.Client({"data": tmp_path, "x": float("nan")}), "not finite"),
    ):
        with pytest.raises(errors.InvalidInputError, match=words):
            call()
    with pytest.raises(errors.NotFoundError):
        list(client.watch("no-such-job"))
    with pytest.raises(TypeError, match="AsyncClient"):
        swim.Client({"data": tmp_path / "x"}, post_check=check_later)


async def check_later(call):
    return True


def test_clients_show_themselves(tmp_path):
    config = {"data": tmp_path, "secrets": {"lab": {"value": "hidden"}}}
    with swim.Client(config) as client:
        assert repr(client) == f"<swim.Client of {str(tmp_path)!r}, open>"
    assert repr(client) == f"<swim.Client of {str(tmp_path)!r}, closed>"
    assert repr(swim.AsyncClient(config)) == f"<swim.AsyncClient of {str(tmp_path)!r}, not opened yet>"


def test_a_call_is_over_when_the_client_is_closed(client):
    threading.Timer(0.3, client.close).start()
    start = time.monotonic()
    with pytest.raises(errors.InterruptedError, match="closed"):
        client.call("_sleep", {"millis": 20000})
    assert time.monotonic() - start < 5


def test_a_closed_asyncio_client(tmp_path):
    async def main():
        client = swim.AsyncClient({"data": tmp_path})
        sleeping = asyncio.ensure_future(client.call("_sleep", {"millis": 20000}))
        await asyncio.sleep(0.3)
        await client.close()
        with pytest.raises(errors.InterruptedError, match="closed"):
            await sleeping
        with pytest.raises(errors.InvalidInputError, match="closed"):
            await client.devices()

    asyncio.run(main())


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
