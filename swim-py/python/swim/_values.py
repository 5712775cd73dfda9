"""Values that calls give: read-only mappings whose fields are attributes as well."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from . import _swim
from .errors import SwimError, from_record


def _function(name: str, /, **arguments: Any) -> Any:
    """Calls a function that needs no client by its name, with plain values: ``function("version")``."""
    return json.loads(_swim.function(name, json.dumps(arguments)))


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return Document(value)
    if isinstance(value, list):
        return tuple(_wrapped(item) for item in value)
    return value


class Document(Mapping[str, Any]):
    """A read-only mapping. ``document.field`` is ``document["field"]``; what is inside is wrapped in the same way."""

    __slots__ = ("_fields",)
    _fields: dict[str, Any]

    def __init__(self, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_fields", copy.deepcopy(dict(fields)))

    def __getitem__(self, key: str) -> Any:
        return _wrapped(self._fields[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_fields" or name not in self._fields:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        return self[name]

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is read-only")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is read-only")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Document):
            return self._fields == other._fields
        return self._fields == other

    def __hash__(self) -> int:
        return hash(json.dumps(self._fields, sort_keys=True))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._fields,))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._fields!r})"

    def to_dict(self) -> dict[str, Any]:
        """A plain copy."""
        return copy.deepcopy(self._fields)


class Image(Document):
    """An image of the repository. ``facts`` says what it is (``facts.version.value.text``) and how that is known."""

    id: str
    file_name: str
    bytes: int
    digests: Document
    facts: Document
    imported: str

    def __repr__(self) -> str:
        return f"Image(id={self.id[:12]!r}, file_name={self.file_name!r})"


class Requirements(Document):
    """What an image requires of devices: of ``ram`` and ``flash`` (bytes) and ``boot_rom`` the ``default``, the
    ``override`` and what is ``effective``, each with its ``value`` and where it is ``from``; absent is ``None``: nobody
    knows. ``history`` has every change: ``at``, ``by``, and ``changes`` with ``field``, ``from`` and ``to``.
    """

    image: str
    file_name: str
    ram: Document
    flash: Document
    boot_rom: Document
    history: tuple[Document, ...]

    def __repr__(self) -> str:
        held = {name: self[name].effective and self[name].effective.value for name in ("ram", "flash", "boot_rom")}
        boot_rom = held["boot_rom"] and held["boot_rom"].text
        return (
            f"Requirements(file_name={self.file_name!r}, ram={held['ram']!r}, flash={held['flash']!r}, "
            f"boot_rom={boot_rom!r})"
        )


class Device(Document):
    """A device as it is known. Its login names secrets; it does not hold any."""

    id: str
    at: Document
    platform: str
    login: Document

    def __repr__(self) -> str:
        return f"Device(id={self.id!r}, platform={self.platform!r}, at='{self.at.host}:{self.at.port}')"


class Inventory(Document):
    """What a device said of itself."""

    device: str
    platform: str
    taken: str
    model: str | None
    serial: str | None
    version: Document | None
    members: tuple[Document, ...]

    def __repr__(self) -> str:
        version = self.get("version")
        running = None if version is None else version.get("text")
        return f"Inventory(device={self.device!r}, model={self.get('model')!r}, version={running!r})"


class Inspected(Document):
    """What one device said of itself (``inventory``), or why it did not (``error``)."""

    device: str

    @property
    def inventory(self) -> Inventory | None:
        """What it said."""
        said = self._fields.get("inventory")
        return None if said is None else Inventory(said)

    @property
    def error(self) -> SwimError | None:
        """Why it did not."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)

    def __repr__(self) -> str:
        return f"Inspected(device={self.device!r}, {self.error or self.inventory!r})"


class Checked(Document):
    """What the self-test found about one protocol of one server: ``works`` is ``yes``, ``no`` or ``unknown``.

    ``findings`` say what is wrong, each with a stable ``code`` (``server.login``, ``server.data_port``,
    ``server.tftp_window``), a ``message`` and a ``remedy``; a server that works may have warnings.
    """

    protocol: str
    works: str
    tried: str
    findings: tuple[Document, ...]

    @property
    def server(self) -> str | None:
        """Which image server; ``None`` for our own offers."""
        name = self._fields.get("server")
        return None if name is None else str(name)

    @property
    def left_behind(self) -> str | None:
        """The file of the test that stays on the server, and why it could not be removed; ``None`` when nothing stays."""
        left = self._fields.get("left_behind")
        return None if left is None else str(left)

    @property
    def error(self) -> SwimError | None:
        """Why it does not work, or was not tried."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)

    def __repr__(self) -> str:
        where = self.server or "our offers"
        return f"Checked({where!r}, protocol={self.protocol!r}, works={self.works!r}, error={self.error!r})"


class Receipt(Document):
    """What a transfer did: ``bytes`` of the file that crossed the wire, in ``millis``, from ``resumed_from`` on.

    ``compared`` says what of the bytes before ``resumed_from`` was looked at: ``"none"``, ``"tail"`` or ``"whole"``.
    """

    protocol: str
    direction: str
    bytes: int
    resumed_from: int
    compared: str
    millis: int

    @property
    def cipher(self) -> str | None:
        """The cipher, where there is one."""
        name = self._fields.get("cipher")
        return None if name is None else str(name)

    @property
    def completed(self) -> int | None:
        """How often an offer was pulled whole; ``bytes`` counts broken pulls as well."""
        completed = self._fields.get("completed")
        return None if completed is None else int(completed)

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the whole file, where this transfer knows it: not behind a part that was there."""
        digest = self._fields.get("digest")
        return None if digest is None else str(digest)

    def __repr__(self) -> str:
        return f"Receipt(protocol={self.protocol!r}, bytes={self.bytes}, resumed_from={self.resumed_from})"


class Run(Document):
    """What came of a baseline or a collection: how many were ``imported``, ``known``, ``refused`` and ``failed``.

    ``error`` is why there is no more, where the source itself could not be read: its ``kind`` and ``message``.
    """

    imported: int
    known: int
    refused: int
    failed: int
    results: tuple[Document, ...]

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={getattr(self, name)}" for name in ("imported", "known", "refused", "failed"))
        return f"Run({counts}, error={self.error.message!r})" if self.error else f"Run({counts})"

    @property
    def error(self) -> Document | None:
        """Why the source could not be read."""
        error = self._fields.get("error")
        return Document(error) if error else None


class Ran(Document):
    """A run of the source ``name``."""

    name: str

    @property
    def run(self) -> Run:
        """What came of it."""
        return Run(self._fields["run"])

    def __repr__(self) -> str:
        return f"Ran(name={self.name!r}, run={self.run!r})"


class Collected(Document):
    """A source of images, when it is ``due`` next, and what it brought."""

    source: Document
    due: str | None
    runs: int
    imported: int

    def __repr__(self) -> str:
        return f"Collected(name={self.source.name!r}, runs={self.runs}, imported={self.imported})"


class Moved(Document):
    """A transfer that is done. ``fallbacks`` says which protocols were tried before, and why they did not do."""

    fallbacks: tuple[str, ...]

    @property
    def receipt(self) -> Receipt:
        """What it did."""
        return Receipt(self._fields["receipt"])

    def __repr__(self) -> str:
        return f"Moved({self.receipt!r}, fallbacks={len(self.fallbacks)})"


class Offered(Document):
    """An open offer or accept: what a device must be told. The ``password`` is good once; it is in no ``repr``.

    By HTTPS the device must trust ``certificate`` (PEM), whose SHA-256 is ``fingerprint``.
    """

    offer: int
    protocol: str
    direction: str
    port: int
    path: str
    user: str | None
    password: str | None
    certificate: str | None
    fingerprint: str | None

    def __repr__(self) -> str:
        return f"Offered(offer={self.offer}, protocol={self.protocol!r}, port={self.port}, user={self.user!r})"


class CheckCall(Document):
    """What a post-check is asked about: a device that runs the new software, before that is made final."""

    job: str

    @property
    def inventory(self) -> Inventory:
        """The device as it is now."""
        return Inventory(self._fields["inventory"])


class Event(Document):
    """Something that happened in a job.

    ``type`` is ``entry`` (durable; ``event`` says what: ``submitted``, ``verified``, ``device_finished``,
    ``job_finished``, ...) or ``note`` (progress, may be lost; ``note`` says what: ``bytes``, ``rate``,
    ``flushing``, ``heartbeat``, ``line``, ``staging``, ``stalled``). The other fields depend on it: use ``event.get("device")``.
    """

    type: str

    def __repr__(self) -> str:
        what = {name: self._fields[name] for name in ("event", "note", "device", "outcome") if name in self._fields}
        return f"Event({', '.join(f'{name}={value!r}' for name, value in what.items())})"


class Job(Document):
    """One line of the list of jobs."""

    id: str
    due: str
    finished: bool


class AuditRecord(Document):
    """One line of the audit: what was done ``at`` which time, in one sentence (``detail``)."""

    at: str
    job: str
    action: str
    detail: str


class Report(Document):
    """May devices run an image? ``print`` shows it as text, a notebook as a picture and a table."""

    schema: int
    file_name: str
    devices: tuple[Document, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many devices have each verdict: ``compatible``, ``compatible_with_warnings``, ``unknown``, ``incompatible``."""
        counts: dict[str, int] = {}
        for line in self._fields["devices"]:
            counts[line["verdict"]] = counts.get(line["verdict"], 0) + 1
        return counts

    def svg(self) -> str:
        """The verdicts and the most frequent findings as a picture of its own, without scripts."""
        return str(_function("report_svg", report=self._fields))

    def html(self) -> str:
        """A fragment of HTML: summary, picture and table."""
        return str(_function("report_html", report=self._fields))

    def __repr__(self) -> str:
        return f"Report(file_name={self.file_name!r}, devices={len(self.devices)})"

    def __str__(self) -> str:
        return str(_function("report_text", report=self._fields))

    def _repr_html_(self) -> str:
        return self.html()


class Recommendation(Document):
    """What a device should run: ``recommended``, the best one first, and what was ``dropped``. Each has ``file_name``,
    ``version``, ``verdict`` and one line a criterion (``explanation``). ``print`` shows it as text, a notebook as a table.
    """

    device: str
    running: Document
    settings: Document
    recommended: tuple[Document, ...]
    dropped: tuple[Document, ...]
    elsewhere: tuple[Document, ...]

    @property
    def error(self) -> SwimError | None:
        """Why nothing can be said, e.g. because the device was never inspected."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)

    def __repr__(self) -> str:
        best = self.recommended[0].file_name if self.recommended else None
        return f"Recommendation(device={self.device!r}, best={best!r}, dropped={len(self.dropped)}, error={self.error!r})"

    def __str__(self) -> str:
        return str(_function("recommendation_text", recommendation=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("recommendation_html", recommendation=self._fields))


class HasLatest(Document):
    """Does a device have the latest image? ``latest`` is ``yes``, ``no`` or ``unknown``; ``newer`` is what it could run,
    ``left_out`` what is newer and may not be recommended.
    """

    device: str
    running: str | None
    latest: str
    why: str
    newer: tuple[Document, ...]
    left_out: tuple[Document, ...]

    @property
    def error(self) -> SwimError | None:
        """Why nothing could be looked at."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)

    def __repr__(self) -> str:
        return f"HasLatest(device={self.device!r}, latest={self.latest!r}, why={self.why!r})"

    def __str__(self) -> str:
        return str(_function("latest_text", latest=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("latest_html", latest=self._fields))


class Plan(Document):
    """An upgrade, step by step; approved by its digest. ``refused`` says who is left out and why."""

    goal: Document
    policy: Document
    devices: tuple[Document, ...]
    refused: tuple[Document, ...]

    @property
    def digest(self) -> str:
        """What approves it: pass it to ``submit`` when somebody has read the plan."""
        return str(_function("plan_digest", plan=self._fields))

    def diff(self, other: Plan) -> list[str]:
        """What ``other`` does in another way, one line each."""
        return [str(line) for line in _function("plan_diff", old=self._fields, new=other._fields)]

    def __repr__(self) -> str:
        return f"Plan(digest={self.digest[:12]!r}, devices={len(self.devices)}, refused={len(self.refused)})"

    def __str__(self) -> str:
        return str(_function("plan_text", plan=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("plan_html", plan=self._fields))


class DeviceResult(Document):
    """How one device of a job stands. ``outcome`` is its verdict once there is one: ``upgraded``, ``fell_back``, ..."""

    device: str
    outcome: str | None
    step: str | None
    evidence: tuple[str, ...]
    activations: int
    seconds: int | None

    @property
    def error(self) -> SwimError | None:
        """Why, with the device's own words (``error.said``)."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)

    def __repr__(self) -> str:
        return f"DeviceResult(device={self.device!r}, outcome={self.outcome!r}, step={self.step!r})"


class JobReport(Document):
    """How a job stands: ``status`` is ``running``, ``held`` (it waits for ``commit``) or ``finished``."""

    job: str
    status: str
    submitted: str | None

    @property
    def devices(self) -> tuple[DeviceResult, ...]:
        """How each device stands, in the plan's order."""
        return tuple(DeviceResult(line) for line in self._fields["devices"])

    @property
    def outcomes(self) -> dict[str, str | None]:
        """The verdict on each device."""
        return {result.device: result.outcome for result in self.devices}

    @property
    def all_good(self) -> bool:
        """Is there a device, and did every one get where it was meant to get?"""
        return bool(self._fields.get("all_good", False))

    def __repr__(self) -> str:
        return f"JobReport(job={self.job!r}, status={self.status!r}, outcomes={self.outcomes!r})"

    def __str__(self) -> str:
        return str(_function("job_text", report=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("job_html", report=self._fields))


