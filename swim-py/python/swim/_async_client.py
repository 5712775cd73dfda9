"""The asyncio client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, List, Literal, overload

from . import _convert as convert
from . import _swim
from ._client import Client
from ._convert import ConfigSource, DeviceRef, all_named, as_list, ids, named
from ._values import (
    Acknowledged, AuditRecord, CatalogChange, CheckCall, Checked, Collected, Deleted, Device, Downloaded, Event,
    Exported, Form, FormDecision, Found, FoundFor, HasLatest, Image, ImageAudit, ImageInfo, InUse, Inspected, Job,
    JobReport, KeptCatalogue, KnownGoodList, KnownGoodTaken, Listed, Moved, Offered, Plan, Ran, Receipt, Recommendation,
    Rejudged, Report, Requirements, Run, SaidOf, ScrubReport, Settings, TypeGroup, Unpacked, Usage,
)


class AsyncClient:
    """The asyncio twin of :class:`swim.Client`: the same methods, awaitable. It opens at its first use.

    ``post_check`` may be a coroutine function here: it runs on the event loop that opened the client. A plain function
    runs in a thread.

    >>> async def main():
    ...     with tempfile.TemporaryDirectory() as folder:
    ...         async with AsyncClient({"data": folder}) as client:
    ...             return await client.devices()
    >>> asyncio.run(main())
    []
    """

    def __init__(
        self,
        config: ConfigSource,
        *,
        post_check: Callable[[CheckCall], bool | str | Awaitable[bool | str]] | None = None,
    ) -> None:
        self._at = convert.shown(config)
        self._config = convert.opening(config, None)
        self._post_check = post_check
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

    def __repr__(self) -> str:
        state = "closed" if self._closed else "not opened yet" if self._native is None else "open"
        return f"<swim.AsyncClient of {self._at}, {state}>"

    async def close(self) -> None:
        """Ends the work of this client, and waits for its end and until nothing of the data folder is open: it can be removed
        or moved then. Jobs stay durable. Closing twice does no harm.
        """
        async with self._lock:
            self._closed = True
            native, self._native = self._native, None
        if native is not None:
            await native.close_later()

    async def _opened(self) -> _swim.NativeClient:
        async with self._lock:
            if self._native is None and not self._closed:
                config, path, _ = self._config
                check = convert.awaited_check(self._post_check, asyncio.get_running_loop())
                self._native = await _swim.open_later(config, path, check)
            return convert.opened(self._native)

    async def call(self, verb: str, arguments: Mapping[str, Any], *, timeout: float | None = None) -> Any:
        native = await self._opened()
        return json.loads(await native.call_later(verb, convert.written(arguments, "arguments"), timeout))

    async def watch(self, job: str) -> AsyncIterator[Event]:
        events = (await self._opened()).watch(job)
        while (event := await events.next_later()) is not None:
            yield Event(json.loads(event))

    async def add_devices(self, devices: Iterable[Mapping[str, Any]]) -> None:
        await self.call("add_devices", {"devices": as_list(devices)})

    async def devices(self) -> List[Device]:
        return convert.all_of(Device, await self.call("devices", {}))

    async def inspect(self, devices: Iterable[DeviceRef]) -> List[Inspected]:
        return convert.all_of(Inspected, await self.call("inspect", {"devices": ids(devices)}))

    async def analyse(
        self,
        image: Image | str,
        devices: Iterable[DeviceRef],
        *,
        policy: Mapping[str, Any] | None = None,
        knowledge: Mapping[str, Any] | None = None,
    ) -> Report:
        arguments = {"image": image, "devices": ids(devices), "policy": policy, "knowledge": knowledge}
        return Report(await self.call("analyse", arguments))

    async def recommend(
        self,
        devices: Iterable[DeviceRef],
        *,
        settings: Mapping[str, Any] | None = None,
        all: bool = False,
    ) -> List[Recommendation]:
        arguments = {"devices": ids(devices), "settings": settings, "all": all}
        return convert.all_of(Recommendation, await self.call("recommend", arguments))

    async def has_latest(self, device: DeviceRef, *, settings: Mapping[str, Any] | None = None) -> HasLatest:
        return HasLatest(await self.call("has_latest", {"device": ids([device])[0], "settings": settings}))

    async def recommendation_settings(self) -> Settings:
        return Settings(await self.call("recommendation_settings", {}))

    async def set_recommendation_settings(self, settings: Mapping[str, Any]) -> Settings:
        return Settings(await self.call("set_recommendation_settings", {"settings": settings}))

    async def plan(
        self,
        image: Image | str,
        devices: Iterable[DeviceRef],
        *,
        policy: Mapping[str, Any] | None = None,
        knowledge: Mapping[str, Any] | None = None,
    ) -> Plan:
        arguments = {"image": image, "devices": ids(devices), "policy": policy, "knowledge": knowledge}
        return Plan(await self.call("plan", arguments))

    async def rehearse(self, plan: Plan) -> JobReport:
        return JobReport(await self.call("rehearse", {"plan": plan}))

    async def submit(self, plan: Plan, approval: str, *, key: str | None = None, due: str | None = None) -> str:
        return str(await self.call("submit", {"plan": plan, "approval": approval, "key": key, "due": due}))

    async def check_servers(self) -> List[Checked]:
        return convert.all_of(Checked, await self.call("check_servers", {}))

    async def resume(self) -> List[str]:
        return [str(job) for job in await self.call("resume", {})]

    async def wait(self, job: str, *, timeout: float | None = None) -> JobReport:
        return JobReport(await self.call("wait", {"job": job}, timeout=timeout))

    async def status(self, job: str) -> JobReport:
        return JobReport(await self.call("status", {"job": job}))

    async def list(self) -> List[Job]:
        return convert.all_of(Job, await self.call("list", {}))

    async def commit(self, job: str, *, devices: Iterable[DeviceRef] | None = None) -> None:
        await self.call("commit", {"job": job, "devices": None if devices is None else ids(devices)})

    async def cancel(self, job: str, *, how: Literal["gently", "now"] = "gently") -> None:
        await self.call("cancel", {"job": job, "how": how})

    async def audit(self, job: str) -> List[AuditRecord]:
        return convert.all_of(AuditRecord, await self.call("audit", {"job": job}))

    async def import_image(
        self,
        path: str | PathLike[str],
        *,
        file_name: str | None = None,
        sha512: str | None = None,
        sha256: str | None = None,
        sha1: str | None = None,
        md5: str | None = None,
        platform: str | None = None,
        family: str | None = None,
        version: str | None = None,
        min_ram: int | None = None,
        min_flash: int | None = None,
        min_boot_rom: str | None = None,
    ) -> Image:
        arguments = {
            "path": path, "file_name": file_name, "sha512": sha512, "sha256": sha256, "sha1": sha1, "md5": md5,
            "platform": platform, "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash,
            "min_boot_rom": min_boot_rom,
        }
        return Image(await self.call("import", arguments))

    async def import_from(
        self,
        *,
        url: str | None = None,
        device: DeviceRef | None = None,
        path: str | None = None,
        login: Mapping[str, Any] | None = None,
        host_key: str | Mapping[str, str] | None = None,
        tls: str | Mapping[str, str] | None = None,
        protocols: Iterable[str] = (),
        port: int | None = None,
        most: int | None = None,
        file_name: str | None = None,
        sha512: str | None = None,
        sha256: str | None = None,
        sha1: str | None = None,
        md5: str | None = None,
        platform: str | None = None,
        family: str | None = None,
        version: str | None = None,
        min_ram: int | None = None,
        min_flash: int | None = None,
        min_boot_rom: str | None = None,
    ) -> Image:
        arguments = {
            "url": url, "device": None if device is None else ids([device])[0], "path": path, "login": login,
            "host_key": host_key, "tls": tls, "protocols": as_list(protocols), "port": port, "most": most,
            "file_name": file_name, "sha512": sha512, "sha256": sha256, "sha1": sha1, "md5": md5, "platform": platform,
            "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash,
            "min_boot_rom": min_boot_rom,
        }
        return Image(await self.call("import_from", arguments))

    async def baseline(self, *, devices: Iterable[DeviceRef] | None = None) -> Run:
        return Run(await self.call("baseline", {"devices": None if devices is None else ids(devices)}))

    async def add_collection(
        self,
        name: str,
        source: Mapping[str, Any],
        *,
        only: Iterable[str] = (),
        again: bool = False,
        schedule: Mapping[str, str] | None = None,
    ) -> Collected:
        arguments = {"name": name, "from": source, "only": as_list(only), "again": again, "schedule": schedule}
        return Collected(await self.call("add_collection", arguments))

    async def collections(self) -> List[Collected]:
        return convert.all_of(Collected, await self.call("collections", {}))

    async def collect(self, *, name: str | None = None) -> List[Ran]:
        return convert.all_of(Ran, await self.call("collect", {"name": name}))

    async def remove_collection(self, name: str) -> bool:
        return bool(await self.call("remove_collection", {"name": name}))

    async def images(
        self,
        *,
        text: str | None = None,
        file_name: str | None = None,
        internal_name: str | None = None,
        platform: str | None = None,
        family: str | None = None,
        version: str | None = None,
        feature_set: str | None = None,
        image_type: str | None = None,
        sort: Literal["imported", "file_name", "family", "version", "bytes"] = "imported",
        descending: bool = False,
        limit: int | None = None,
        after: Image | str | None = None,
    ) -> List[Image]:
        arguments = {
            "text": text, "file_name": file_name, "internal_name": internal_name, "platform": platform,
            "family": family, "version": version, "feature_set": feature_set, "image_type": image_type, "sort": sort,
            "descending": descending, "limit": limit, "after": after,
        }
        return convert.all_of(Image, await self.call("images", arguments))

    async def image_groups(self) -> List[TypeGroup]:
        return convert.all_of(TypeGroup, await self.call("image_groups", {}))

    async def image_info(self, image: Image | str) -> ImageInfo:
        return ImageInfo(await self.call("image_info", {"image": named(image)}))

    async def devices_using(
        self, image: Image | str, *, after: DeviceRef | None = None, limit: int | None = None
    ) -> List[Usage]:
        behind = None if after is None else ids([after])[0]
        arguments = {"image": named(image), "after": behind, "limit": limit}
        return convert.all_of(Usage, await self.call("devices_using", arguments))

    async def top_images(self, *, count: int = 10) -> List[InUse]:
        return convert.all_of(InUse, await self.call("top_images", {"count": count}))

    async def image_audit(self, *, image: Image | str | None = None) -> List[ImageAudit]:
        wanted = None if image is None else named(image)
        return convert.all_of(ImageAudit, await self.call("image_audit", {"image": wanted}))

    async def image(self, name: Image | str) -> Image:
        return Image(await self.call("image", {"image": named(name)}))

    async def remove_image(self, name: Image | str, *, reason: str | None = None) -> Deleted:
        return Deleted(await self.call("remove_image", {"image": named(name), "reason": reason}))

    async def export_repository(
        self, path: str | PathLike[str], *, images: Iterable[Image | str] | None = None
    ) -> Exported:
        arguments = {"path": path, "images": None if images is None else all_named(images)}
        return Exported(await self.call("export_repository", arguments))

    async def import_repository(self, path: str | PathLike[str]) -> Unpacked:
        return Unpacked(await self.call("import_repository", {"path": path}))

    async def scrub(
        self, *, bytes_per_second: int | None = None, seconds: int | None = None, afresh: bool = False
    ) -> ScrubReport:
        arguments = {"bytes_per_second": bytes_per_second, "seconds": seconds, "afresh": afresh}
        return ScrubReport(await self.call("scrub", arguments))

    async def requirements(self, image: Image | str) -> Requirements:
        return Requirements(await self.call("requirements", {"image": named(image)}))

    async def set_requirements(
        self,
        image: Image | str,
        *,
        ram: int | None = None,
        flash: int | None = None,
        boot_rom: str | None = None,
        by: str | None = None,
    ) -> Requirements:
        arguments = {"image": named(image), "ram": ram, "flash": flash, "boot_rom": boot_rom, "by": by}
        return Requirements(await self.call("set_requirements", arguments))

    async def restore_requirements(
        self, image: Image | str, *, fields: Iterable[str] | None = None, by: str | None = None
    ) -> Requirements:
        arguments = {"image": named(image), "fields": None if fields is None else as_list(fields), "by": by}
        return Requirements(await self.call("restore_requirements", arguments))

    async def set_catalog_login(
        self, client_id: str, client_secret: str, *, user: str | None = None, password: str | None = None
    ) -> None:
        arguments = {"client_id": client_id, "client_secret": client_secret, "user": user, "password": password}
        await self.call("set_catalog_login", arguments)

    async def catalog_query(
        self,
        *,
        pid: str | None = None,
        current: str | None = None,
        output: str | None = None,
        images: Iterable[str] | None = None,
    ) -> Found:
        wanted = None if images is None else as_list(images)
        given = {"pid": pid, "current": current, "output": output, "images": wanted}
        # A question by names takes no releases, not even absent ones.
        arguments = {name: value for name, value in given.items() if value is not None}
        return Found(await self.call("catalog_query", arguments))

    async def catalog_query_devices(self, devices: Iterable[DeviceRef], *, output: str | None = None) -> List[FoundFor]:
        arguments = {"devices": ids(devices), "output": output}
        return convert.all_of(FoundFor, await self.call("catalog_query", arguments))

    async def catalog_download(
        self, pid: str, images: Iterable[str], *, decisions: Iterable[Mapping[str, Any]] = ()
    ) -> Downloaded:
        arguments = {"pid": pid, "images": as_list(images), "decisions": as_list(decisions)}
        return Downloaded(await self.call("catalog_download", arguments))

    async def catalog_form(self, form: Literal["k9", "eula"]) -> Form:
        return Form(await self.call("catalog_form", {"form": form}))

    async def answer_form(self, decision: Mapping[str, Any], *, images: Iterable[str] = ()) -> Acknowledged:
        return Acknowledged(await self.call("answer_form", {"decision": decision, "images": as_list(images)}))

    async def form_decisions(self) -> List[FormDecision]:
        return convert.all_of(FormDecision, await self.call("form_decisions", {}))

    async def import_catalog(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        signature: str | PathLike[str] | None = None,
        certificate: str | PathLike[str] | None = None,
        root: str | PathLike[str] | None = None,
        allow_unsigned: bool = False,
        allow_older: bool = False,
    ) -> KeptCatalogue:
        arguments = {
            "path": path, "name": name, "signature": signature, "certificate": certificate, "root": root,
            "allow_unsigned": allow_unsigned, "allow_older": allow_older,
        }
        return KeptCatalogue(await self.call("import_catalog", arguments))

    async def catalog(self, *, text: str | None = None) -> List[Listed]:
        return convert.all_of(Listed, await self.call("catalog", {"text": text}))

    async def catalogs(self) -> List[KeptCatalogue]:
        return convert.all_of(KeptCatalogue, await self.call("catalogs", {}))

    async def remove_catalog(self, name: str) -> KeptCatalogue:
        return KeptCatalogue(await self.call("remove_catalog", {"name": name}))

    async def catalog_audit(self) -> List[CatalogChange]:
        return convert.all_of(CatalogChange, await self.call("catalog_audit", {}))

    async def import_known_good(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        signature: str | PathLike[str] | None = None,
        certificate: str | PathLike[str] | None = None,
        root: str | PathLike[str] | None = None,
        allow_unsigned: bool = False,
    ) -> KnownGoodTaken:
        arguments = {
            "path": path, "name": name, "signature": signature, "certificate": certificate, "root": root,
            "allow_unsigned": allow_unsigned,
        }
        return KnownGoodTaken(await self.call("import_known_good", arguments))

    @overload
    async def known_good(self) -> List[KnownGoodList]: ...
    @overload
    async def known_good(self, *, image: None) -> List[KnownGoodList]: ...
    @overload
    async def known_good(self, *, image: Image | str) -> List[SaidOf]: ...
    async def known_good(self, *, image: Image | str | None = None) -> List[KnownGoodList] | List[SaidOf]:
        if image is None:
            return convert.all_of(KnownGoodList, await self.call("known_good", {"image": None}))
        return convert.all_of(SaidOf, await self.call("known_good", {"image": named(image)}))

    async def remove_known_good(self, name: str) -> Rejudged:
        return Rejudged(await self.call("remove_known_good", {"name": name}))

    async def lift_quarantine(self, image: Image | str, *, by: str, reason: str) -> Image:
        return Image(await self.call("lift_quarantine", {"image": named(image), "by": by, "reason": reason}))

    async def push(
        self,
        image: Image | str,
        device: DeviceRef,
        path: str,
        *,
        protocols: Iterable[str] = (),
        port: int | None = None,
        afresh: bool = False,
    ) -> Moved:
        arguments = {
            "image": image, "device": ids([device])[0], "path": path, "protocols": as_list(protocols), "port": port,
            "afresh": afresh,
        }
        return Moved(await self.call("push", arguments))

    async def fetch(
        self,
        device: DeviceRef,
        path: str,
        file: str | PathLike[str],
        *,
        protocols: Iterable[str] = (),
        port: int | None = None,
        bytes: int | None = None,
        sha256: str | None = None,
        most: int | None = None,
    ) -> Moved:
        arguments = {
            "device": ids([device])[0], "path": path, "file": file, "protocols": as_list(protocols), "port": port,
            "bytes": bytes, "sha256": sha256, "most": most,
        }
        return Moved(await self.call("fetch", arguments))

    async def offer(
        self,
        image: Image | str,
        device: DeviceRef,
        protocol: str,
        *,
        name: str | None = None,
        source: str | None = None,
        uses: int | None = None,
        seconds: int | None = None,
    ) -> Offered:
        arguments = {
            "image": image, "device": ids([device])[0], "protocol": protocol, "name": name, "source": source,
            "uses": uses, "seconds": seconds,
        }
        return Offered(await self.call("offer", arguments))

    async def accept(
        self,
        device: DeviceRef,
        protocol: str,
        file: str | PathLike[str],
        *,
        name: str | None = None,
        source: str | None = None,
        most: int | None = None,
        seconds: int | None = None,
    ) -> Offered:
        arguments = {
            "device": ids([device])[0], "protocol": protocol, "file": file, "name": name, "source": source,
            "most": most, "seconds": seconds,
        }
        return Offered(await self.call("accept", arguments))

    async def withdraw(self, offered: Offered | int) -> Receipt:
        return Receipt(await self.call("withdraw", {"offer": convert.numbered(offered)}))


def _documented() -> None:
    """Gives the methods the docstrings of their twins."""
    for name, method in vars(AsyncClient).items():
        if callable(method) and method.__doc__ is None and hasattr(Client, name):
            # The examples are those of the twin: they are shown, and run there.
            method.__doc__ = f"The awaitable twin of :meth:`swim.Client.{name}`.\n\n{getattr(Client, name).__doc__}"


_documented()
