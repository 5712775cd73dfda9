"""Jobs, and what happens in them."""

from __future__ import annotations

from ..errors import SwimError
from .devices import Inventory
from .document import Document, _function


class CheckCall(Document):
    """What a post-check is asked about: a device that runs the new software, before that is made final."""

    job: str
    inventory: Inventory


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
    """One line of the audit: what was done ``at`` which time, in one sentence (``detail``), to which ``device`` and with which
    verdict (``outcome``), where it is about one.
    """

    at: str
    job: str
    device: str | None
    action: str
    detail: str
    outcome: str | None


class DeviceResult(Document):
    """How one device of a job stands. ``outcome`` is its verdict once there is one: ``upgraded``, ``fell_back``, ...; ``error``
    is why, with the device's own words (``error.said``). ``held``: it waits for somebody's go.
    """

    device: str
    outcome: str | None
    step: str | None
    error: SwimError | None
    evidence: tuple[str, ...]
    activations: int
    seconds: int | None
    held: bool

    def __repr__(self) -> str:
        return f"DeviceResult(device={self.device!r}, outcome={self.outcome!r}, step={self.step!r})"


class JobReport(Document):
    """How a job stands: ``status`` is ``running``, ``held`` (it waits for ``commit``) or ``finished``.

    ``devices`` are in the plan's order; ``left_out`` are those that the plan leaves out. ``all_good``: is there a device, and
    did every one get where it was meant to get?
    """

    job: str
    status: str
    submitted: str | None
    devices: tuple[DeviceResult, ...]
    left_out: tuple[str, ...]
    all_good: bool

    @property
    def outcomes(self) -> dict[str, str | None]:
        """The verdict on each device."""
        return {result.device: result.outcome for result in self.devices}

    def __repr__(self) -> str:
        return f"JobReport(job={self.job!r}, status={self.status!r}, outcomes={self.outcomes!r})"

    def __str__(self) -> str:
        return str(_function("job_text", report=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("job_html", report=self._fields))
