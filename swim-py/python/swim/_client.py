"""The blocking client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, List, Literal

from . import _convert as convert
from . import _swim
from ._convert import ConfigSource, DeviceRef, as_list, ids, named
from ._values import (
    AuditRecord, CheckCall, Checked, Collected, Device, Document, Event, HasLatest, Image, Inspected, Job, JobReport,
    Moved, Offered, Plan, Ran, Receipt, Recommendation, Report, Requirements, Run,
)


class Client:
    """Software image management; every call waits for its result, and other threads run meanwhile.

    ``config`` is a mapping, or the path of a TOML file: the ``data`` folder, ``devices``, ``secrets`` by name, and what
    the README lists. A login *names* secrets (``"password": "lab"``); ``secrets`` says where each comes from
    (``{"lab": {"env": "LAB_PASSWORD"}}``).

    ``post_check`` is asked about each upgraded device of a plan whose policy has ``post_check``, before the upgrade is
    made final: it gets a :class:`swim.CheckCall` and answers ``True`` (keep it), ``False`` or a reason (go back). An
    exception takes the device back as well. It runs in a thread of its own, and must not call this client.

    Jobs are worked on in the background while the client is open. :meth:`close`, or leaving ``with``, ends that work;
    jobs stay durable, and :meth:`resume` of any client on the same data goes on with them.

    Raises ``InvalidInputError`` for a configuration that does not fit, ``NotFoundError`` for a missing file or secret,
    ``StoreError`` when the data folder cannot be used.

    >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
    ...     client.devices()
    []
    """

    def __init__(self, config: ConfigSource, *, post_check: Callable[[CheckCall], bool | str] | None = None) -> None:
        self._at = convert.shown(config)
        self._native: _swim.NativeClient | None = None
        self._native = _swim.NativeClient(*convert.opening(config, convert.blocking_check(post_check)))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<swim.Client of {self._at}, {'closed' if self._native is None else 'open'}>"

    def close(self) -> None:
        """Ends the work of this client and waits for its end. Jobs stay durable. Closing twice does no harm.

        Calls that still run in other threads raise ``InterruptedError``; later ones raise ``InvalidInputError``.
        """
        native, self._native = self._native, None
        if native is not None:
            native.close()

    def call(self, verb: str, arguments: Mapping[str, Any], *, timeout: float | None = None) -> Any:
        """Calls a verb by its name with plain values, and gives plain values: what the other methods stand on.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     client.call("devices", {})
        []
        """
        return json.loads(convert.opened(self._native).call(verb, convert.written(arguments, "arguments"), timeout))

    def watch(self, job: str) -> Iterator[Event]:
        """The events of a job, from its first one to its last; also of a job that another process works on.

        Durable entries come in order and without gaps, progress notes in between may be lost. Stopping in the middle
        does no harm. Raises ``NotFoundError``.
        """
        return _events(convert.opened(self._native).watch(job))

    def add_devices(self, devices: Iterable[Mapping[str, Any]]) -> None:
        """Makes devices known, or replaces what is known of them.

        A device is a mapping like those of the configuration. Its login *names* secrets of the configuration.

        Raises ``InvalidInputError`` for a device that is not complete or names a secret that there is not,
        ``UnsupportedError`` for an unknown platform.

        >>> switch = {
        ...     "id": "sw1", "at": {"host": "192.0.2.10", "port": 22}, "platform": "ios_xe",
        ...     "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        ... }
        >>> secrets = {"lab": {"env": "HOME"}}
        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder, "secrets": secrets}) as client:
        ...     client.add_devices([switch])
        ...     client.devices()
        [Device(id='sw1', platform='ios_xe', at='192.0.2.10:22')]
        """
        self.call("add_devices", {"devices": as_list(devices)})

    def devices(self) -> List[Device]:
        """The devices that are known, by name."""
        return convert.all_of(Device, self.call("devices", {}))

    def inspect(self, devices: Iterable[DeviceRef]) -> List[Inspected]:
        """Asks devices for their inventory, many at once, and remembers the answers.

        A device that does not answer is in the result, with its ``error``. Raises ``NotFoundError`` for a device that
        is not known.

        ``for seen in client.inspect(client.devices()): print(seen.device, seen.error or seen.inventory.version.text)``
        """
        return convert.all_of(Inspected, self.call("inspect", {"devices": ids(devices)}))

    def analyse(
        self,
        image: Image | str,
        devices: Iterable[DeviceRef],
        *,
        policy: Mapping[str, Any] | None = None,
        knowledge: Mapping[str, Any] | None = None,
    ) -> Report:
        """May these devices run this image?

        Uses the last inventories: call ``inspect`` first for fresh ones. ``image`` is an image or its name. ``policy``
        holds settings that differ from their defaults, e.g. ``{"accept_unknown": ["ram.requirement_unknown"]}``.
        ``knowledge`` is what you know from elsewhere: how the image stands with its vendor (``standing``), what a list
        of known-good values says (``known_good``), pending ``forms``, upgrade ``paths``, IOS XR ``matrices``.

        Raises ``NotFoundError`` for an unknown image or device, ``InvalidInputError`` for a policy that does not fit.
        """
        arguments = {"image": image, "devices": ids(devices), "policy": policy, "knowledge": knowledge}
        return Report(self.call("analyse", arguments))

    def recommend(
        self,
        devices: Iterable[DeviceRef],
        *,
        settings: Mapping[str, Any] | None = None,
        all: bool = False,
    ) -> List[Recommendation]:
        """Which images should these devices run? By their last inventories; no device is asked.

        ``settings`` are ``latest_maintenance``, ``same_feature``, ``higher_than_current`` (default: off) and
        ``include_catalogue`` (default: on); without them those of ``recommendation_settings`` hold. ``all`` lists images
        for other hardware as well, which are counted otherwise.

        A device that was never inspected is in the result, with its ``error``. Raises ``NotFoundError`` for a device that
        is not known.

        ``for r in client.recommend(client.devices()): print(r)``
        """
        arguments = {"devices": ids(devices), "settings": settings, "all": all}
        return convert.all_of(Recommendation, self.call("recommend", arguments))

    def has_latest(self, device: DeviceRef, *, settings: Mapping[str, Any] | None = None) -> HasLatest:
        """Does this device have the latest image? ``latest`` is ``yes``, ``no`` or ``unknown``, and ``why`` says why.

        Raises ``NotFoundError`` for a device that is not known.
        """
        return HasLatest(self.call("has_latest", {"device": ids([device])[0], "settings": settings}))

    def recommendation_settings(self) -> Document:
        """The settings of recommendations where none are given.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     kept = client.set_recommendation_settings({"same_feature": True})
        ...     kept.same_feature, kept.include_catalogue, kept == client.recommendation_settings()
        (True, True, True)
        """
        return Document(self.call("recommendation_settings", {}))

    def set_recommendation_settings(self, settings: Mapping[str, Any]) -> Document:
        """Keeps settings for every later recommendation; what is left out has its default.

        Raises ``InvalidInputError`` for a setting that there is not.
        """
        return Document(self.call("set_recommendation_settings", {"settings": settings}))

    def plan(
        self,
        image: Image | str,
        devices: Iterable[DeviceRef],
        *,
        policy: Mapping[str, Any] | None = None,
        knowledge: Mapping[str, Any] | None = None,
    ) -> Plan:
        """Plans an upgrade: who, with which steps (``plan.devices``), and who is left out and why (``plan.refused``).

        Nothing is done yet. ``print(plan)`` shows what would be. Policies: ``activate`` (``sequential``, ``parallel``,
        ``off``), ``hold_commit``, ``post_check``, ``transfers``, ``make_room``, ``max_parallel`` and others.

        Raises as ``analyse``; ``InvalidInputError`` also when the image's version is not known.
        """
        arguments = {"image": image, "devices": ids(devices), "policy": policy, "knowledge": knowledge}
        return Plan(self.call("plan", arguments))

    def rehearse(self, plan: Plan) -> JobReport:
        """Plays a plan on simulated devices that look like the real ones did when they were inspected.

        Nothing real is touched, and an hour takes no time. Raises ``NotFoundError`` for a device that was never
        inspected, ``UnsupportedError`` for one that cannot be simulated.
        """
        return JobReport(self.call("rehearse", {"plan": plan}))

    def submit(self, plan: Plan, approval: str, *, key: str | None = None, due: str | None = None) -> str:
        """Makes a job of an approved plan and starts to work on it in the background. Gives the job's id.

        ``approval`` is the digest of the plan that somebody read and approved (``plan.digest``). The same ``key`` never
        makes two jobs. ``due`` (``2026-11-24T01:30:00Z``) is when the job may start; default: now.

        The job is durable when this returns. It is worked on while the client is open; when it was closed, or the
        process died, any client on the same data goes on with ``resume``.

        Raises ``ConflictError`` when another plan was approved, ``NotFoundError`` when the image is gone.
        """
        return str(self.call("submit", {"plan": plan, "approval": approval, "key": key, "due": due}))

    def check_servers(self) -> List[Checked]:
        """Sends a file made for it through every offer of ours and every protocol of every image server, end to end.

        Our own offers are tried from this machine: a firewall between us and the devices is not seen. From image servers
        the file is removed afterwards; where that cannot be, ``left_behind`` says why.

        ``for c in client.check_servers(): print(c.server or "ours", c.protocol, c.works, *(f.code for f in c.findings))``
        """
        return convert.all_of(Checked, self.call("check_servers", {}))

    def resume(self) -> List[str]:
        """Goes on with every unfinished job of the data folder, in the background; gives their ids."""
        return [str(job) for job in self.call("resume", {})]

    def wait(self, job: str, *, timeout: float | None = None) -> JobReport:
        """Waits until the job finished, or waits for somebody's go (``status == "held"``).

        The job may be worked on by another process. Ctrl-C, a cancelled task and ``timeout`` (seconds; raises
        ``StepTimeoutError``) end the waiting, not the job: wait again, or ``cancel`` it.

        A device that failed is no exception: see ``outcomes`` of the result. Raises ``NotFoundError``.
        """
        return JobReport(self.call("wait", {"job": job}, timeout=timeout))

    def status(self, job: str) -> JobReport:
        """How a job stands. Raises ``NotFoundError``."""
        return JobReport(self.call("status", {"job": job}))

    def list(self) -> List[Job]:
        """All jobs, oldest first."""
        return convert.all_of(Job, self.call("list", {}))

    def commit(self, job: str, *, devices: Iterable[DeviceRef] = ()) -> None:
        """Says go for a commit that was held back (policy ``hold_commit``), and works on it in the background.

        For some devices, or for all when none is named. Any process may say it. Raises ``NotFoundError``.
        """
        self.call("commit", {"job": job, "devices": ids(devices)})

    def cancel(self, job: str, *, how: Literal["gently", "now"] = "gently") -> None:
        """Asks for a job to stop, whoever works on it.

        ``gently``: before the next step. ``now``: waits and transfers are interrupted; what cannot be taken back is
        never interrupted. Raises ``NotFoundError``.
        """
        self.call("cancel", {"job": job, "how": how})

    def audit(self, job: str) -> List[AuditRecord]:
        """What was done to which device, when, and with which verdict. Raises ``NotFoundError``."""
        return convert.all_of(AuditRecord, self.call("audit", {"job": job}))

    def import_image(
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
        """Takes a local file into the repository, in one pass.

        ``sha512`` and ``md5`` are published digests: other bytes are refused (``IntegrityError``) and nothing is kept.
        ``platform``, ``family`` and ``version`` are for what you know better than the file. The least ``min_ram`` and
        ``min_flash`` (bytes) and ``min_boot_rom`` are kept beside what the file says, as by ``set_requirements``.

        Raises ``NotFoundError``, ``InvalidInputError``, ``NoSpaceError``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     file = Path(folder, "c2960x-universalk9-mz.152-7.E10.bin")
        ...     _ = file.write_bytes(b"made up")
        ...     image = client.import_image(file, platform="ios", version="15.2(7)E10")
        ...     image.facts.version.value.text, client.remove_image(image.file_name).devices
        ('15.2(7)E10', 0)
        """
        arguments = {
            "path": path, "file_name": file_name, "sha512": sha512, "sha256": sha256, "sha1": sha1, "md5": md5,
            "platform": platform, "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash,
            "min_boot_rom": min_boot_rom,
        }
        return Image(self.call("import", arguments))

    def import_from(
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
        """Takes an image from elsewhere into the repository.

        From a ``url`` (http, https, ftp, ftps, sftp, scp, tftp; a login in it is kept nowhere, or ``login`` names secrets:
        ``{"user": "u", "password": "name"}``), or from a ``device`` or image server: the file at ``path``, of a device its
        running image where nothing is said. ``host_key`` and ``tls`` are for URLs, as in the configuration of a device.
        What was cut goes on when it is asked for again. Everything else is as in ``import_image``.

        Raises ``UnsupportedError`` where the running image of a device is no file (install mode, IOS XR, wireless LAN
        controllers), ``NotFoundError``, ``AuthError``, ``UnreachableError``, and as ``import_image``.
        """
        arguments = {
            "url": url, "device": None if device is None else ids([device])[0], "path": path, "login": login,
            "host_key": host_key, "tls": tls, "protocols": as_list(protocols), "port": port, "most": most,
            "file_name": file_name, "sha512": sha512, "sha256": sha256, "sha1": sha1, "md5": md5, "platform": platform,
            "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash,
            "min_boot_rom": min_boot_rom,
        }
        return Image(self.call("import_from", arguments))

    def baseline(self, *, devices: Iterable[DeviceRef] = ()) -> Run:
        """Takes the running images of devices into the repository; of all that are known where none is named.

        What is there already, by name and size, is not fetched again. Devices without an image that could be taken are in
        the answer. Raises ``NotFoundError``.
        """
        return Run(self.call("baseline", {"devices": ids(devices)}))

    def add_collection(
        self,
        name: str,
        source: Mapping[str, Any],
        *,
        only: Iterable[str] = (),
        again: bool = False,
        schedule: Mapping[str, str] | None = None,
    ) -> Collected:
        """Keeps a source of images, or replaces the one of its name.

        ``source`` is ``{"url": {"url": "ftp://depot/images/", "login": {...}}}`` (one file, or a folder that ends in a
        slash), ``{"file": {"path": ...}}`` or ``{"devices": {"devices": [...]}}``. Of a folder those are taken that are
        named like an image, or that fit a pattern of ``only`` (``*``, ``?``); what the repository has under the same name is
        fetched ``again`` only if you say so. ``schedule`` is ``{"at": ...}`` or ``{"cron": "0 3 * * *", "zone":
        "Europe/Berlin"}``. Raises ``InvalidInputError``, ``NotFoundError``.
        """
        arguments = {"name": name, "from": source, "only": as_list(only), "again": again, "schedule": schedule}
        return Collected(self.call("add_collection", arguments))

    def collections(self) -> List[Collected]:
        """The sources of images, by name, each with what it brought."""
        return convert.all_of(Collected, self.call("collections", {}))

    def collect(self, *, name: str | None = None) -> List[Ran]:
        """Collects from one source now, or from all that are due where none is named.

        Raises ``NotFoundError``, and ``BusyError`` while another process collects from it.
        """
        return convert.all_of(Ran, self.call("collect", {"name": name}))

    def remove_collection(self, name: str) -> bool:
        """Forgets a source of images; its images stay. Was there one?"""
        return bool(self.call("remove_collection", {"name": name}))

    def images(
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
        """The images of the repository that fit all of what is given.

        ``text`` is part of any field, in any case (of ids and digests: their first digits, four or more); the others are
        parts of one field: ``version="3.1"`` finds 3.12.02S and 3.13.01S. ``"=ios"`` is the whole field, ``"="`` one that
        is not known. For the next page give the last image of the one before as ``after``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     for version in ("03.12.02.S.154-2.S2", "03.13.01.S.154-3.S1", "03.16.05.S.155-3.S5"):
        ...         file = Path(folder, f"isr4300-universalk9.{version}.SPA.bin")
        ...         _ = file.write_text(version)
        ...         _ = client.import_image(file)
        ...     page = client.images(version="3.1", sort="version", descending=True, limit=2)
        ...     rest = client.images(version="3.1", sort="version", descending=True, after=page[-1])
        ...     [len(page), *(image.facts.version.value.text for image in rest)]
        [2, '3.12.2S']
        """
        arguments = {
            "text": text, "file_name": file_name, "internal_name": internal_name, "platform": platform,
            "family": family, "version": version, "feature_set": feature_set, "image_type": image_type, "sort": sort,
            "descending": descending, "limit": limit, "after": after,
        }
        return convert.all_of(Image, self.call("images", arguments))

    def image_groups(self) -> List[Document]:
        """The images by type (``image_type``), and in it by family (``families``), each with ``images`` and ``bytes``."""
        return convert.all_of(Document, self.call("image_groups", {}))

    def image_info(self, image: str) -> Document:
        """Everything that is known of an image: ``image``, ``names``, ``devices`` (how many use it), ``usage``, ``staged``,
        ``referrers``, and ``damage`` where a scrub found any. Raises as ``image``.
        """
        return Document(self.call("image_info", {"image": image}))

    def devices_using(self, image: str, *, after: str | None = None, limit: int | None = None) -> List[Document]:
        """Which devices use an image, by their last inventories: ``device``, ``how`` (``running``, ``boot_next``,
        ``committed``, ``installed``, ``on_flash``), and ``by`` what that is known (``name_and_size``, ``name``,
        ``release``). Of at most ``limit`` devices behind ``after``, by name. Raises as ``image``.
        """
        return convert.all_of(Document, self.call("devices_using", {"image": image, "after": after, "limit": limit}))

    def top_images(self, *, count: int = 10) -> List[Document]:
        """The software that most devices run: ``software`` as they call it, ``devices``, and the ``images`` of the
        repository that it is: none when it was not imported, several when each of them may be it.
        """
        return convert.all_of(Document, self.call("top_images", {"count": count}))

    def image_audit(self, *, image: str | None = None) -> List[Document]:
        """Who deleted which image, with the reason where one was given; of one image by its whole id."""
        return convert.all_of(Document, self.call("image_audit", {"image": image}))

    def image(self, name: str) -> Image:
        """One image: by id, first digits of the id (four or more), or file name.

        Raises ``NotFoundError``; ``InvalidInputError`` when it could be several.
        """
        return Image(self.call("image", {"image": name}))

    def remove_image(self, name: str, *, reason: str | None = None) -> Document:
        """Deletes an image from the repository.

        Refused (``ConflictError``, which names each) while an unfinished job, an open offer or a copy on an image server
        refers to it; with a ``reason``, which is audited, the copies do not count. Devices keep theirs: ``used_by``
        names some of the ``devices`` that use it. Raises as ``image``.
        """
        return Document(self.call("remove_image", {"image": name, "reason": reason}))

    def export_repository(self, path: str | PathLike[str], *, images: Iterable[str] = ()) -> Document:
        """Writes all images, or these, with what is recorded of them into one file, a tar archive.

        Raises ``ConflictError`` when the file is there, ``IntegrityError`` for an image that is damaged, ``NoSpaceError``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder + "/a"}) as client:
        ...     _ = Path(folder, "made-up.bin").write_bytes(b"made up")
        ...     _ = client.import_image(folder + "/made-up.bin")
        ...     _ = client.export_repository(folder + "/moved.tar")
        ...     with Client({"data": folder + "/b"}) as other:
        ...         moved = other.import_repository(folder + "/moved.tar")
        ...         len(moved.imported), other.images() == client.images(), other.scrub().damaged
        (1, True, ())
        """
        return Document(self.call("export_repository", {"path": path, "images": as_list(images)}))

    def import_repository(self, path: str | PathLike[str]) -> Document:
        """Reads a file of ``export_repository``: ``imported``, ``present``, ``healed``, and ``conflicts``: what the file
        says otherwise; what is here stays. Called again after a kill it completes what is missing.

        Raises ``NotFoundError``; ``IntegrityError`` with the member that is wrong; ``NoSpaceError``.
        """
        return Document(self.call("import_repository", {"path": path}))

    def scrub(
        self, *, bytes_per_second: int | None = None, seconds: int | None = None, afresh: bool = False
    ) -> Document:
        """Reads every image again and tells which ones are ``damaged``: they are neither planned nor offered until the right
        file is imported again. A call that was interrupted, or ended after ``seconds``, is gone on with by the next one.
        """
        arguments = {"bytes_per_second": bytes_per_second, "seconds": seconds, "afresh": afresh}
        return Document(self.call("scrub", arguments))

    def requirements(self, image: Image | str) -> Requirements:
        """What an image requires of devices: ``ram`` and ``flash`` in bytes, ``boot_rom`` as a version.

        Of each the ``default`` (of the image or a catalogue), the ``override`` (what a person set) and what holds
        (``effective``), with where each comes from; and every change (``history``). Raises as ``image``.
        """
        return Requirements(self.call("requirements", {"image": named(image)}))

    def set_requirements(
        self,
        image: Image | str,
        *,
        ram: int | None = None,
        flash: int | None = None,
        boot_rom: str | None = None,
        by: str | None = None,
    ) -> Requirements:
        """Sets what an image requires, beside its defaults: ``ram`` and ``flash`` in bytes, 1 to 999999999999999.

        What is not given stays as it is. ``by`` is who sets it: kept with the time and the values in ``history``.

        Raises ``InvalidInputError`` that names the field and the value; and as ``image``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     file = Path(folder, "c2960x-universalk9-mz.152-7.E10.bin")
        ...     _ = file.write_bytes(b"made up")
        ...     image = client.import_image(file)
        ...     set_ = client.set_requirements(image, ram=256 << 20, by="ann")
        ...     back = client.restore_requirements(image, fields=["ram"])
        ...     set_.ram.effective.value, back.ram.effective, len(back.history)
        (268435456, None, 2)
        """
        arguments = {"image": named(image), "ram": ram, "flash": flash, "boot_rom": boot_rom, "by": by}
        return Requirements(self.call("set_requirements", arguments))

    def restore_requirements(
        self, image: Image | str, *, fields: Iterable[str] = (), by: str | None = None
    ) -> Requirements:
        """Takes back what a person set: the defaults hold again. ``fields`` are some of ``ram``, ``flash``, ``boot_rom``;
        without them it is all. Raises as ``image``.
        """
        arguments = {"image": named(image), "fields": as_list(fields), "by": by}
        return Requirements(self.call("restore_requirements", arguments))

    def set_catalog_login(
        self, client_id: str, client_secret: str, *, user: str | None = None, password: str | None = None
    ) -> None:
        """Changes who we are at the vendor's software service, also for clients that are opened later on the same data.

        ``client_secret`` and ``password`` *name* secrets of the configuration. Raises ``InvalidInputError`` for one that
        there is not.
        """
        arguments = {"client_id": client_id, "client_secret": client_secret, "user": user, "password": password}
        self.call("set_catalog_login", arguments)

    def catalog_query(
        self,
        *,
        pid: str | None = None,
        current: str | None = None,
        output: str | None = None,
        images: Iterable[str] | None = None,
    ) -> Document:
        """Asks the vendor for images: of a product that runs the release ``current`` (``output``: a release, default
        ``latest``), or by their names (``images``), of a product (``pid``) or of all.

        Raises ``InvalidInputError`` for what is missing, ``NotFoundError`` when the vendor has nothing, ``AuthError``,
        ``NotEntitledError``; ``details["code"]`` is the vendor's code.
        """
        named = None if images is None else as_list(images)
        arguments = {"pid": pid, "current": current, "output": output, "images": named}
        return Document(self.call("catalog_query", arguments))

    def catalog_query_devices(self, devices: Iterable[DeviceRef], *, output: str | None = None) -> List[Document]:
        """Asks the vendor for images of at most 20 devices, by the model and the version of their last inventories.

        Each result has its ``device`` and ``found`` or ``error``.
        """
        arguments = {"devices": ids(devices), "output": output}
        return convert.all_of(Document, self.call("catalog_query", arguments))

    def catalog_download(
        self, pid: str, images: Iterable[str], *, decisions: Iterable[Mapping[str, Any]] = ()
    ) -> Document:
        """Brings images of a product from the vendor into the repository; size and digests are the vendor's, or nothing stays.

        The result has ``images``, ``refused`` (each with its ``error``) and ``forms``: those must be answered by a person
        first. ``decisions`` are what people decided, e.g. ``{"form": "k9", "accepted": True, "by": "Ada Lovelace",
        "business_function": "commercial_or_civil"}``; nothing is ever accepted without one, and each is recorded.

        Raises ``AgreementRequiredError`` for a form that was declined, and as ``catalog_query``.
        """
        arguments = {"pid": pid, "images": as_list(images), "decisions": as_list(decisions)}
        return Document(self.call("catalog_download", arguments))

    def catalog_form(self, form: Literal["k9", "eula"]) -> Document:
        """The text of a form of the vendor, for a person to read (``content``, ``url``). Nothing is answered by this."""
        return Document(self.call("catalog_form", {"form": form}))

    def answer_form(self, decision: Mapping[str, Any], *, images: Iterable[str] = ()) -> Document:
        """Tells the vendor what a person decided about a form, for these files; the decision is recorded before.

        Raises ``InvalidInputError`` for a decision without its person or its fields, ``AgreementRequiredError`` when the
        vendor does not take it.
        """
        return Document(self.call("answer_form", {"decision": decision, "images": as_list(images)}))

    def form_decisions(self) -> List[Document]:
        """What people decided about forms of the vendor, oldest first: ``at``, ``decision`` and ``files``."""
        return convert.all_of(Document, self.call("form_decisions", {}))

    def import_catalog(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        signature: str | PathLike[str] | None = None,
        certificate: str | PathLike[str] | None = None,
        root: str | PathLike[str] | None = None,
        allow_unsigned: bool = False,
        allow_older: bool = False,
    ) -> Document:
        """Takes an open catalogue from a file, in the place of the one of its ``name``.

        ``signature`` is the file of the detached signature (RSA with SHA-512, or Ed25519), ``certificate`` that of the
        certificate or public key, ``root`` that of what the certificate must come from. Without a signature it is taken
        only with ``allow_unsigned``. One that was made before the one that is here is taken only with ``allow_older``.

        Raises ``ConflictError`` for an older one, ``IntegrityError`` for a signature that is not of these bytes, ``AuthError``
        for a certificate that is not good, ``UnexpectedReplyError`` for what is no catalogue.
        """
        arguments = {
            "path": path, "name": name, "signature": signature, "certificate": certificate, "root": root,
            "allow_unsigned": allow_unsigned, "allow_older": allow_older,
        }
        return Document(self.call("import_catalog", arguments))

    def catalog(self, *, text: str | None = None) -> List[Document]:
        """The images of all open catalogues; ``text`` is looked for in the file names.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder + "/data"}) as client:
        ...     file = Path(folder, "lab.json")
        ...     _ = file.write_text('{"schema": 1, "entries": [{"filename": "a.bin", "version": "17.9.5"}]}')
        ...     taken = client.import_catalog(file, allow_unsigned=True)
        ...     taken.authenticity, [(entry.catalog, entry.version) for entry in client.catalog()]
        ('unsigned', [('lab.json', '17.9.5')])
        """
        return convert.all_of(Document, self.call("catalog", {"text": text}))

    def import_known_good(
        self,
        path: str | PathLike[str],
        *,
        name: str | None = None,
        signature: str | PathLike[str] | None = None,
        certificate: str | PathLike[str] | None = None,
        root: str | PathLike[str] | None = None,
        allow_unsigned: bool = False,
    ) -> Document:
        """Takes a list of known good values from a file, in the place of the one of its ``name``, and judges every image by it.

        An image that contradicts a list is in quarantine (``image.quarantine``): no plan, no offer, no push. The signature
        is as in ``import_catalog``, and so is what is raised.
        """
        arguments = {
            "path": path, "name": name, "signature": signature, "certificate": certificate, "root": root,
            "allow_unsigned": allow_unsigned,
        }
        return Document(self.call("import_known_good", arguments))

    def known_good(self, *, image: str | None = None) -> List[Document]:
        """The lists of known good values; or what each of them says of an image: ``judgement`` is ``matches``, ``contradicts`` or
        ``not_listed``.
        """
        return convert.all_of(Document, self.call("known_good", {"image": image}))

    def remove_known_good(self, name: str) -> Document:
        """Removes a list of known good values and judges every image by those that are left. Raises ``NotFoundError``."""
        return Document(self.call("remove_known_good", {"name": name}))

    def lift_quarantine(self, image: str, *, by: str, reason: str) -> Image:
        """Lifts the quarantine of an image: the person ``by`` takes the responsibility, for a ``reason``. Both are kept.

        Raises ``NotFoundError``; ``ConflictError`` when the image is in no quarantine.
        """
        return Image(self.call("lift_quarantine", {"image": image, "by": by, "reason": reason}))

    def push(
        self,
        image: Image | str,
        device: DeviceRef,
        path: str,
        *,
        protocols: Iterable[str] = (),
        port: int | None = None,
        afresh: bool = False,
    ) -> Moved:
        """Brings an image to a path of a device or of an image server: ``client.push(image, "sw1", "flash:x.bin")``.

        ``protocols`` are tried in their order (default: SFTP, SCP): the next one after a failure of the network, also in
        the middle, or of the login. What an earlier try left there is not sent again, where the protocol can go on,
        unless ``afresh``.

        Raises ``NotFoundError`` for an unknown device, ``NoSpaceError``, ``PrivilegeError``; when no protocol worked, the
        error of them all where it is one (``AuthError``), else ``UnreachableError``.
        """
        arguments = {
            "image": image, "device": ids([device])[0], "path": path, "protocols": as_list(protocols), "port": port,
            "afresh": afresh,
        }
        return Moved(self.call("push", arguments))

    def fetch(
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
        """Fetches a file of a device or an image server: ``client.fetch("sw1", "flash:x.bin", "backup/x.bin")``.

        ``file`` must not be there yet; what an earlier try left in ``FILE.part`` is not fetched again. ``bytes`` and
        ``sha256`` are what it must be (``IntegrityError``), ``most`` is the largest file to take.
        """
        arguments = {
            "device": ids([device])[0], "path": path, "file": file, "protocols": as_list(protocols), "port": port,
            "bytes": bytes, "sha256": sha256, "most": most,
        }
        return Moved(self.call("fetch", arguments))

    def offer(
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
        """Serves an image to one device under a single-use login or path; the answer is what to tell the device.

        It ends by ``withdraw``, after ``seconds`` (default: six hours), or after so many ``uses`` (default: 1).
        ``source`` is the only address that may come; default: the first one that shows the secret.
        """
        arguments = {
            "image": image, "device": ids([device])[0], "protocol": protocol, "name": name, "source": source,
            "uses": uses, "seconds": seconds,
        }
        return Offered(self.call("offer", arguments))

    def accept(
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
        """Takes one file that a device uploads, e.g. its configuration or a core dump, into ``file``; the answer is what to
        tell the device.

        The device must call it ``name`` (default: the name of ``file``). ``withdraw`` ends it and tells what came.

        >>> config = {
        ...     "offers": {"listen": "127.0.0.1"}, "secrets": {"lab": {"env": "HOME"}},
        ...     "devices": [{
        ...         "id": "sw1", "at": {"host": "192.0.2.10", "port": 22}, "platform": "ios_xe",
        ...         "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        ...     }],
        ... }
        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder, **config}) as client:
        ...     told = client.accept("sw1", "sftp", folder + "/sw1-confg", seconds=60)
        ...     told.direction, told.path, told.user is not None
        ('upload', 'sw1-confg', True)
        """
        arguments = {
            "device": ids([device])[0], "protocol": protocol, "file": file, "name": name, "source": source,
            "most": most, "seconds": seconds,
        }
        return Offered(self.call("accept", arguments))

    def withdraw(self, offered: Offered | int) -> Receipt:
        """Ends an offer or an accept. Raises ``InterruptedError`` for an upload that is not whole."""
        number = offered if isinstance(offered, int) else offered.offer
        return Receipt(self.call("withdraw", {"offer": number}))


def _events(events: _swim.NativeWatch) -> Iterator[Event]:
    while (event := events.next()) is not None:
        yield Event(json.loads(event))
