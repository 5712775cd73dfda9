"""The asyncio client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from os import PathLike, fspath
from types import TracebackType
from typing import Any, List

from . import _convert as convert
from . import _swim
from ._convert import as_list, plain
from ._values import Document, Image, Inspected, JobReport, Plan, Report


class AsyncClient:
    """The asyncio twin of :class:`swim.Client`: the same methods, awaitable. It opens at its first use."""

    def __init__(
        self,
        config: Mapping[str, Any] | str | PathLike[str],
        *,
        post_check: Callable[[dict[str, Any]], bool | str] | None = None,
    ) -> None:
        self._opening = convert.opening(config, post_check)
        self._lock = asyncio.Lock()
        self._native: _swim.NativeClient | None = None
        self._closed = False

    async def __aenter__(self) -> AsyncClient:
        await self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Lets go of the client. Jobs stay durable."""
        self._native = None
        self._closed = True

    async def _opened(self) -> _swim.NativeClient:
        async with self._lock:
            if self._native is None and not self._closed:
                self._native = await _swim.open_later(*self._opening)
        return convert.opened(self._native)

    async def call(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Calls a verb by its name, with plain values."""
        return json.loads(await (await self._opened()).call_later(verb, json.dumps(arguments)))

    async def watch(self, job: str) -> AsyncIterator[Document]:
        """The events of a job, from its first one to its last."""
        events = (await self._opened()).watch(job)
        while (event := await events.next_later()) is not None:
            yield Document(json.loads(event))

    async def add_devices(self, devices: Iterable[Mapping[str, Any]]) -> None:
        """Makes devices known, or replaces what is known of them."""
        return convert.nothing(await self.call("add_devices", {"devices": plain(as_list(devices))}))

    async def devices(self) -> List[Document]:
        """The devices that are known, by name."""
        return convert.documents(await self.call("devices", {}))

    async def inspect(self, devices: Iterable[str]) -> List[Inspected]:
        """Asks devices for their inventory. One that does not answer is in the result, with its error."""
        return convert.inspected(await self.call("inspect", {"devices": as_list(devices)}))

    async def analyse(self, image: Image | str, devices: Iterable[str], *, policy: Mapping[str, Any] | None = None) -> Report:
        """May these devices run this image?"""
        return convert.Report(await self.call("analyse", {"image": plain(image), "devices": as_list(devices), "policy": plain(policy)}))

    async def plan(self, image: Image | str, devices: Iterable[str], *, policy: Mapping[str, Any] | None = None) -> Plan:
        """Plans an upgrade: who, with which steps, and who is left out and why."""
        return convert.Plan(await self.call("plan", {"image": plain(image), "devices": as_list(devices), "policy": plain(policy)}))

    async def rehearse(self, plan: Plan) -> JobReport:
        """Plays a plan on simulated devices. Nothing real is touched."""
        return convert.JobReport(await self.call("rehearse", {"plan": plain(plan)}))

    async def submit(self, plan: Plan, approval: str, *, key: str | None = None, due: str | None = None) -> str:
        """Makes a job of an approved plan and starts to work on it. ``approval`` is the plan's digest."""
        return convert.text(await self.call("submit", {"plan": plain(plan), "approval": approval, "key": key, "due": due}))

    async def resume(self) -> List[str]:
        """Goes on with every unfinished job of the data folder."""
        return convert.texts(await self.call("resume", {}))

    async def wait(self, job: str) -> JobReport:
        """Waits until the job finished, or waits for somebody's go."""
        return convert.JobReport(await self.call("wait", {"job": job}))

    async def status(self, job: str) -> JobReport:
        """How a job stands."""
        return convert.JobReport(await self.call("status", {"job": job}))

    async def list(self) -> List[Document]:
        """All jobs, oldest first."""
        return convert.documents(await self.call("list", {}))

    async def commit(self, job: str, *, devices: Iterable[str] = ()) -> None:
        """Says go for a commit that was held back, for some devices or for all."""
        return convert.nothing(await self.call("commit", {"job": job, "devices": as_list(devices)}))

    async def cancel(self, job: str, *, how: str = "gently") -> None:
        """Asks for a job to stop: ``gently`` or ``now``."""
        return convert.nothing(await self.call("cancel", {"job": job, "how": how}))

    async def audit(self, job: str) -> List[Document]:
        """The audit of a job."""
        return convert.documents(await self.call("audit", {"job": job}))

    async def import_image(self, path: str | PathLike[str], *, file_name: str | None = None, sha512: str | None = None, md5: str | None = None, platform: str | None = None, family: str | None = None, version: str | None = None, min_ram: int | None = None, min_flash: int | None = None) -> Image:
        """Takes a local file into the repository."""
        return convert.Image(await self.call("import", {"path": fspath(path), "file_name": file_name, "sha512": sha512, "md5": md5, "platform": platform, "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash}))

    async def images(self, *, text: str | None = None, platform: str | None = None, family: str | None = None, version: str | None = None, image_type: str | None = None) -> List[Image]:
        """The images of the repository, oldest first."""
        return convert.images(await self.call("images", {"text": text, "platform": platform, "family": family, "version": version, "image_type": image_type}))

    async def image(self, name: str) -> Image:
        """One image: by id, first digits of the id, or file name."""
        return convert.Image(await self.call("image", {"image": name}))

    async def remove_image(self, name: str) -> bool:
        """Removes an image. Was it there?"""
        return convert.boolean(await self.call("remove_image", {"image": name}))
