"""The blocking client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike, fspath
from types import TracebackType
from typing import Any, List

from . import _convert as convert
from . import _swim
from ._convert import as_list, plain
from ._values import Document, Image, Inspected, JobReport, Plan, Report


class Client:
    """Software image management; every call waits for its result.

    ``config`` is a mapping, or the path of a TOML file. ``post_check`` gets ``{"job", "inventory"}`` of a device that
    was upgraded and answers ``True`` (keep it) or a reason to go back.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
    ...     client.devices()
    []
    """

    def __init__(
        self,
        config: Mapping[str, Any] | str | PathLike[str],
        *,
        post_check: Callable[[dict[str, Any]], bool | str] | None = None,
    ) -> None:
        self._native: _swim.NativeClient | None = _swim.NativeClient(*convert.opening(config, post_check))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the client. Jobs stay durable."""
        self._native = None

    def call(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Calls a verb by its name, with plain values."""
        return json.loads(convert.opened(self._native).call(verb, json.dumps(arguments)))

    def watch(self, job: str) -> Iterator[Document]:
        """The events of a job, from its first one to its last."""
        events = convert.opened(self._native).watch(job)
        while (event := events.next()) is not None:
            yield Document(json.loads(event))

    def add_devices(self, devices: Iterable[Mapping[str, Any]]) -> None:
        """Makes devices known, or replaces what is known of them."""
        return convert.nothing(self.call("add_devices", {"devices": plain(as_list(devices))}))

    def devices(self) -> List[Document]:
        """The devices that are known, by name."""
        return convert.documents(self.call("devices", {}))

    def inspect(self, devices: Iterable[str]) -> List[Inspected]:
        """Asks devices for their inventory. One that does not answer is in the result, with its error."""
        return convert.inspected(self.call("inspect", {"devices": as_list(devices)}))

    def analyse(self, image: Image | str, devices: Iterable[str], *, policy: Mapping[str, Any] | None = None) -> Report:
        """May these devices run this image?"""
        return convert.Report(self.call("analyse", {"image": plain(image), "devices": as_list(devices), "policy": plain(policy)}))

    def plan(self, image: Image | str, devices: Iterable[str], *, policy: Mapping[str, Any] | None = None) -> Plan:
        """Plans an upgrade: who, with which steps, and who is left out and why."""
        return convert.Plan(self.call("plan", {"image": plain(image), "devices": as_list(devices), "policy": plain(policy)}))

    def rehearse(self, plan: Plan) -> JobReport:
        """Plays a plan on simulated devices. Nothing real is touched."""
        return convert.JobReport(self.call("rehearse", {"plan": plain(plan)}))

    def submit(self, plan: Plan, approval: str, *, key: str | None = None, due: str | None = None) -> str:
        """Makes a job of an approved plan and starts to work on it. ``approval`` is the plan's digest."""
        return convert.text(self.call("submit", {"plan": plain(plan), "approval": approval, "key": key, "due": due}))

    def resume(self) -> List[str]:
        """Goes on with every unfinished job of the data folder."""
        return convert.texts(self.call("resume", {}))

    def wait(self, job: str) -> JobReport:
        """Waits until the job finished, or waits for somebody's go."""
        return convert.JobReport(self.call("wait", {"job": job}))

    def status(self, job: str) -> JobReport:
        """How a job stands."""
        return convert.JobReport(self.call("status", {"job": job}))

    def list(self) -> List[Document]:
        """All jobs, oldest first."""
        return convert.documents(self.call("list", {}))

    def commit(self, job: str, *, devices: Iterable[str] = ()) -> None:
        """Says go for a commit that was held back, for some devices or for all."""
        return convert.nothing(self.call("commit", {"job": job, "devices": as_list(devices)}))

    def cancel(self, job: str, *, how: str = "gently") -> None:
        """Asks for a job to stop: ``gently`` or ``now``."""
        return convert.nothing(self.call("cancel", {"job": job, "how": how}))

    def audit(self, job: str) -> List[Document]:
        """The audit of a job."""
        return convert.documents(self.call("audit", {"job": job}))

    def import_image(self, path: str | PathLike[str], *, file_name: str | None = None, sha512: str | None = None, md5: str | None = None, platform: str | None = None, family: str | None = None, version: str | None = None, min_ram: int | None = None, min_flash: int | None = None) -> Image:
        """Takes a local file into the repository."""
        return convert.Image(self.call("import", {"path": fspath(path), "file_name": file_name, "sha512": sha512, "md5": md5, "platform": platform, "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash}))

    def images(self, *, text: str | None = None, platform: str | None = None, family: str | None = None, version: str | None = None, image_type: str | None = None) -> List[Image]:
        """The images of the repository, oldest first."""
        return convert.images(self.call("images", {"text": text, "platform": platform, "family": family, "version": version, "image_type": image_type}))

    def image(self, name: str) -> Image:
        """One image: by id, first digits of the id, or file name."""
        return convert.Image(self.call("image", {"image": name}))

    def remove_image(self, name: str) -> bool:
        """Removes an image. Was it there?"""
        return convert.boolean(self.call("remove_image", {"image": name}))
