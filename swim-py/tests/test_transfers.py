"""Single transfers: an offer is pulled once, whoever opened it."""

import asyncio
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import swim

SWITCH = {
    "id": "sw1", "at": {"host": "127.0.0.1", "port": 1}, "platform": "ios_xe",
    "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
}
CONTENT = bytes(n * 7 % 251 for n in range(100_001))


def config(tmp_path: Path) -> dict[str, object]:
    (tmp_path / "c2960x-universalk9-mz.152-7.E10.bin").write_bytes(CONTENT)
    return {
        "data": str(tmp_path / "data"), "offers": {"listen": "127.0.0.1"}, "devices": [SWITCH],
        "secrets": {"lab": {"value": "canary-lab"}},
    }


def pulled(offered: swim.Offered) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{offered.port}/{offered.path}", timeout=30) as answer:
        return bytes(answer.read())


def test_an_offer_is_pulled_once(tmp_path: Path) -> None:
    with swim.Client(config(tmp_path)) as client:
        image = client.import_image(tmp_path / "c2960x-universalk9-mz.152-7.E10.bin")
        offered = client.offer(image, client.devices()[0], "http", seconds=60)
        assert pulled(offered) == CONTENT
        with pytest.raises(urllib.error.HTTPError):
            pulled(offered)
        receipt = client.withdraw(offered)
        assert (receipt.bytes, receipt.protocol, receipt.cipher) == (len(CONTENT), "http", None)
        assert (receipt.completed, receipt.compared, receipt.digest) == (1, "none", image.id)
        nobody = client.withdraw(client.offer(image, "sw1", "http", seconds=60))
        assert (nobody.completed, nobody.digest) == (0, None)
        with pytest.raises(swim.errors.NotFoundError):
            client.withdraw(offered.offer)


def test_the_password_of_an_offer_is_in_no_repr(tmp_path: Path) -> None:
    with swim.Client(config(tmp_path)) as client:
        image = client.import_image(tmp_path / "c2960x-universalk9-mz.152-7.E10.bin")
        offered = client.offer(image, "sw1", "scp", seconds=60)
        assert offered.user and offered.password and offered.password not in repr(offered)


def test_awaitable_twins(tmp_path: Path) -> None:
    async def main() -> int:
        async with swim.AsyncClient(config(tmp_path)) as client:
            image = await client.import_image(tmp_path / "c2960x-universalk9-mz.152-7.E10.bin")
            offered = await client.offer(image, "sw1", "http", seconds=60)
            assert await asyncio.to_thread(pulled, offered) == CONTENT
            with pytest.raises(swim.errors.UnreachableError) as raised:
                await client.push(image, "sw1", "flash:x.bin")
            assert "sftp: " in str(raised.value) and "scp: " in str(raised.value)
            with pytest.raises(swim.errors.UnreachableError):
                await client.fetch("sw1", "flash:x.bin", tmp_path / "x.bin")
            return (await client.withdraw(offered)).bytes

    assert asyncio.run(main()) == len(CONTENT)
    assert not (tmp_path / "x.bin.part").exists()
