"""Analysis, recommendation and plans."""

from __future__ import annotations

from ..errors import SwimError, from_record
from .document import Document, _function


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
    ``image`` (its id, where the repository has it), ``bytes``, ``version``, ``verdict`` and one line a criterion
    (``explanation``). ``print`` shows it as text, a notebook as a table.
    """

    device: str
    running: Document
    settings: Document
    recommended: tuple[Document, ...]
    dropped: tuple[Document, ...]
    elsewhere: tuple[Document, ...]

    @property
    def as_of(self) -> str | None:
        """When the device said what it runs: what was done to it since is not known here."""
        at = self._fields.get("as_of")
        return None if at is None else str(at)

    @property
    def as_of_job(self) -> str | None:
        """The job that read it then; ``None`` when the device was inspected."""
        job = self._fields.get("as_of_job")
        return None if job is None else str(job)

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
    ``left_out`` what is newer and may not be recommended, ``against`` what is held against the running release itself.
    """

    device: str
    running: str | None
    latest: str
    why: str
    against: tuple[str, ...]
    newer: tuple[Document, ...]
    left_out: tuple[Document, ...]

    @property
    def as_of(self) -> str | None:
        """When the device said what it runs: what was done to it since is not known here."""
        at = self._fields.get("as_of")
        return None if at is None else str(at)

    @property
    def as_of_job(self) -> str | None:
        """The job that read it then; ``None`` when the device was inspected."""
        job = self._fields.get("as_of_job")
        return None if job is None else str(job)

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
