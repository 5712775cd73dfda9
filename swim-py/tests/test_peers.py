"""What devices and servers do, done by real programs: an upload by OpenSSH, a login by telnetd, a pull by HTTPS."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import swim
from conftest import Serve
from peers import Sshd, Telnetd, upload
from test_transfers import CONTENT, config

#: What a device uploads before an upgrade.
RUNNING = b"version 17.9\nhostname sw1\n" + b"!\n" * 50_000


def pulled(offered: swim.Offered, trust: ssl.SSLContext) -> bytes:
    url = f"https://127.0.0.1:{offered.port}/{offered.path}"
    with urllib.request.urlopen(url, timeout=30, context=trust) as answer:
        return bytes(answer.read())


def believing(offered: swim.Offered) -> ssl.SSLContext:
    """What a device does that was told the certificate, and compared its fingerprint."""
    assert offered.certificate is not None and offered.fingerprint is not None
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(offered.certificate)).hexdigest()
    assert offered.fingerprint.replace(":", "").lower() == shown
    return ssl.create_default_context(cadata=offered.certificate)


def by_https(tmp_path: Path) -> dict[str, Any]:
    return {**config(tmp_path), "offers": {"listen": "127.0.0.1", "https": {}}}


def running(tmp_path: Path) -> Path:
    (tmp_path / "running").write_bytes(RUNNING)
    return tmp_path / "running"


def test_a_device_uploads_its_configuration_by_sftp(tmp_path: Path) -> None:
    with swim.Client(config(tmp_path)) as client:
        taken = tmp_path / "sw1-confg"
        offered = client.accept("sw1", "sftp", taken, most=len(RUNNING), seconds=60)
        assert (offered.direction, offered.path) == ("upload", "sw1-confg")
        upload(tmp_path, running(tmp_path), offered.to_dict())
        receipt = client.withdraw(offered)
        assert taken.read_bytes() == RUNNING
        assert (receipt.bytes, receipt.protocol) == (len(RUNNING), "sftp") and receipt.cipher
        assert (receipt.digest, receipt.completed) == (hashlib.sha256(RUNNING).hexdigest(), None)
        with pytest.raises(swim.errors.ConflictError):
            client.accept("sw1", "sftp", taken)
        # Nobody comes: the file is not there.
        nothing = client.accept("sw1", "sftp", tmp_path / "core", seconds=60)
        with pytest.raises(swim.errors.InterruptedError):
            client.withdraw(nothing)
        assert not (tmp_path / "core").exists()


def test_a_pull_by_https_and_an_upload_by_sftp_awaited(tmp_path: Path) -> None:
    async def main() -> None:
        async with swim.AsyncClient(by_https(tmp_path)) as client:
            image = await client.import_image(tmp_path / "c2960x-universalk9-mz.152-7.E10.bin")
            offered = await client.offer(image, "sw1", "https", seconds=60)
            told = await client.accept("sw1", "sftp", tmp_path / "core", name="core.gz", seconds=60)
            both = await asyncio.gather(
                asyncio.to_thread(pulled, offered, believing(offered)),
                asyncio.to_thread(upload, tmp_path, running(tmp_path), told.to_dict()),
            )
            assert both[0] == CONTENT and (tmp_path / "core").read_bytes() == RUNNING
            receipts = [await client.withdraw(offered), await client.withdraw(told)]
            assert [(r.protocol, r.bytes) for r in receipts] == [("https", len(CONTENT)), ("sftp", len(RUNNING))]
            assert all(r.cipher for r in receipts)

    asyncio.run(main())


def test_a_pull_by_https_by_who_trusts_the_certificate(tmp_path: Path) -> None:
    with swim.Client(by_https(tmp_path)) as client:
        image = client.import_image(tmp_path / "c2960x-universalk9-mz.152-7.E10.bin")
        offered = client.offer(image, client.devices()[0], "https", seconds=60)
        with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
            pulled(offered, ssl.create_default_context())
        assert pulled(offered, believing(offered)) == CONTENT
        with pytest.raises(urllib.error.HTTPError):
            pulled(offered, believing(offered))
        receipt = client.withdraw(offered)
        assert (receipt.bytes, receipt.protocol) == (len(CONTENT), "https") and receipt.cipher


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    (tmp_path / "sshd").mkdir()
    serving = Sshd(tmp_path / "sshd")
    yield serving
    serving.end()


def test_the_self_test_says_what_is_wrong_with_each_server(tmp_path: Path, sshd: Sshd) -> None:
    images = tmp_path / "images"
    images.mkdir()
    whole: dict[str, Any] = {**config(tmp_path), "servers": sshd.servers(images)}
    whole["secrets"] = {**whole["secrets"], "key": {"file": str(sshd.key)}}

    async def later() -> list[swim.Checked]:
        async with swim.AsyncClient(whole) as client:
            return await client.check_servers()

    with swim.Client(whole) as client:
        checked = client.check_servers()
    for of in (checked, asyncio.run(later())):
        found = {c.server: c for c in of if c.server is not None}
        assert {name: [f.code for f in c.findings] for name, c in found.items()} == Sshd.FAULTS
        assert {name for name, c in found.items() if c.works == "yes"} == {"good"}
        assert all(f.message and f.remedy for c in found.values() for f in c.findings)
        assert "127.0.0.1:1" in found["gone"].findings[0].message
        assert isinstance(found["stranger"].error, swim.errors.AuthError)
        assert all(c.left_behind is None for c in of) and list(images.iterdir()) == []


def test_a_live_login_by_telnet(tmp_path: Path, serve: Serve) -> None:
    fleet = serve({"id": "edge1", "kind": "ios_switch"}, password="canary-5d1e")
    by_ssh = fleet.config["devices"][0]
    telnetd = Telnetd(tmp_path, by_ssh, "canary-5d1e")
    # In real time: behind the telnetd is a login by SSH.
    live = {**fleet.config, "devices": [telnetd.device(by_ssh)]}
    del live["simulation"]

    async def later() -> swim.Inspected:
        async with swim.AsyncClient({**live, "data": str(tmp_path / "later")}) as client:
            return (await client.inspect(["edge1"]))[0]

    try:
        with swim.Client(live) as client:
            seen = client.inspect(["edge1"])[0]
            assert client.devices()[0].telnet is True
            image = client.import_image(fleet.ios_image, min_ram=1, min_flash=1)
            report = client.analyse(image, ["edge1"])
            assert "session.telnet" in str(report), "what goes in the clear is told"
        again = asyncio.run(later())
        for inspected in (seen, again):
            assert inspected.inventory is not None and inspected.inventory.hostname == "edge1", inspected
        assert len(telnetd.sessions) == 2
        wrong = {**live, "data": str(tmp_path / "wrong"), "secrets": {"lab": {"value": "canary-no"}}}
        with swim.Client(wrong) as client:
            refused = client.inspect(["edge1"])[0]
            assert isinstance(refused.error, swim.errors.AuthError) and "canary" not in str(refused.error)
    finally:
        telnetd.end()
