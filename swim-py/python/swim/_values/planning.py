"""Analysis, recommendation and plans."""

from __future__ import annotations

from ..errors import SwimError
from .devices import Device
from .document import Document, _function


class Finding(Document):
    """What a rule found: a stable ``code``, its ``severity`` (``pass``, ``warning``, ``unknown``, ``blocking``) and a
    ``message``; where there are such, what was ``measured`` and is ``required``, the fact that is ``missing``, what to do
    (``remedy``) and the ``member`` that it is about. ``accepted``: it is unknown, and the policy accepts that.
    """

    code: str
    severity: str
    message: str
    measured: str | None
    required: str | None
    missing: str | None
    provenance: tuple[str, ...]
    remedy: str | None
    member: int | None
    accepted: bool


class DeviceReport(Document):
    """May one device run an image? ``verdict`` is ``compatible``, ``compatible_with_warnings``, ``unknown`` or
    ``incompatible``.
    """

    device: str
    verdict: str
    findings: tuple[Finding, ...]


class Report(Document):
    """May devices run an image? ``print`` shows it as text, a notebook as a picture and a table."""

    schema: int
    image: str
    file_name: str
    version: str | None
    devices: tuple[DeviceReport, ...]

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


class Judged(Document):
    """An image of a recommendation: ``image`` is its id, where the repository has it; ``explanation`` has one line a criterion,
    ``unknown`` and ``blocked`` the codes of findings.
    """

    file_name: str
    image: str | None
    catalogues: tuple[str, ...]
    version: str | None
    feature_set: str | None
    bytes: int | None
    suggested: bool
    verdict: str
    relation: str
    unknown: tuple[str, ...]
    blocked: tuple[str, ...]
    explanation: tuple[Document, ...]


class Running(Document):
    """What a device runs: its ``version``, as it was ``said`` where that is spelled otherwise, and its ``feature_set``."""

    version: str | None
    said: str | None
    feature_set: str | None


class Settings(Document):
    """By what images are recommended, each on or off; see ``recommend``."""

    latest_maintenance: bool
    same_feature: bool
    higher_than_current: bool
    include_catalogue: bool


class Elsewhere(Document):
    """How many ``candidates`` are for other devices, by the ``code`` and the ``message`` of a finding."""

    code: str
    message: str
    candidates: int


class Recommendation(Document):
    """What a device should run: ``recommended``, the best one first, and what was ``dropped``. Each has ``file_name``,
    ``image`` (its id, where the repository has it), ``bytes``, ``version``, ``verdict`` and one line a criterion
    (``explanation``). ``print`` shows it as text, a notebook as a table.

    ``as_of`` is when the device said what it runs (what was done to it since is not known here), ``as_of_job`` the job that
    read it then; ``None`` when the device was inspected. ``error`` is why nothing can be said, e.g. because the device was
    never inspected.
    """

    device: str
    as_of: str | None
    as_of_job: str | None
    running: Running
    settings: Settings
    recommended: tuple[Judged, ...]
    dropped: tuple[Judged, ...]
    elsewhere: tuple[Elsewhere, ...]
    notes: tuple[str, ...]
    error: SwimError | None

    def __repr__(self) -> str:
        best = self.recommended[0].file_name if self.recommended else None
        return f"Recommendation(device={self.device!r}, best={best!r}, dropped={len(self.dropped)}, error={self.error!r})"

    def __str__(self) -> str:
        return str(_function("recommendation_text", recommendation=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("recommendation_html", recommendation=self._fields))


class HasLatest(Document):
    """Does a device have the latest image? ``latest`` is ``yes``, ``no`` or ``unknown``; ``newer`` is what it could run,
    ``left_out`` what is newer and may not be recommended, ``against`` what is held against the running release itself.
    ``as_of`` and ``as_of_job`` are as in a recommendation; ``error`` is why nothing could be looked at.
    """

    device: str
    as_of: str | None
    as_of_job: str | None
    running: str | None
    latest: str
    why: str
    against: tuple[str, ...]
    newer: tuple[Judged, ...]
    left_out: tuple[Judged, ...]
    error: SwimError | None

    def __repr__(self) -> str:
        return f"HasLatest(device={self.device!r}, latest={self.latest!r}, why={self.why!r})"

    def __str__(self) -> str:
        return str(_function("latest_text", latest=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("latest_html", latest=self._fields))


class DevicePlan(Document):
    """What is done to one ``device``: the ``steps`` (none: it is there already), what it must look like at the start
    (``expects``), and the ``findings`` that do not forbid it.
    """

    device: Device
    expects: Document
    steps: tuple[Document, ...]
    findings: tuple[Finding, ...]


class Refused(Document):
    """A ``device`` that a plan leaves out, and the ``findings`` that forbid it."""

    device: str
    findings: tuple[Finding, ...]


class Plan(Document):
    """An upgrade, step by step; approved by its digest. ``refused`` says who is left out and why."""

    goal: Document
    policy: Document
    devices: tuple[DevicePlan, ...]
    refused: tuple[Refused, ...]

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
