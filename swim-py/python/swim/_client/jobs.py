"""Jobs: approved plans that are worked on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import List, Literal

from .. import _convert as convert
from .._convert import DeviceRef, ids
from .._values import AuditRecord, Job, JobReport, Plan
from ._calls import Calls


class Jobs(Calls):
    """Jobs: approved plans that are worked on."""

    def submit(self, plan: Plan, approval: str, *, key: str | None = None, due: str | None = None) -> str:
        """Makes a job of an approved plan and starts to work on it in the background. Gives the job's id.

        ``approval`` is the digest of the plan that somebody read and approved (``plan.digest``). The same ``key`` never
        makes two jobs. ``due`` (``2026-11-24T01:30:00Z``) is when the job may start; default: now.

        A plan that has no device to upgrade makes a job that ends at once and is not ``all_good``: its report says that
        nothing was done, and who is ``left_out``.

        The job is durable when this returns. It is worked on while the client is open; when it was closed, or the
        process died, any client on the same data goes on with ``resume``.

        Raises ``ConflictError`` when another plan was approved, ``NotFoundError`` when the image is gone.
        """
        return str(self.call("submit", {"plan": plan, "approval": approval, "key": key, "due": due}))

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

    def commit(self, job: str, *, devices: Iterable[DeviceRef] | None = None) -> None:
        """Says go for a commit that was held back (policy ``hold_commit``), and works on it in the background.

        For some devices of the job, or without ``devices`` for all of them (an empty list is refused). Any process may say
        it. Raises ``NotFoundError``, ``InvalidInputError``.
        """
        self.call("commit", {"job": job, "devices": None if devices is None else ids(devices)})

    def cancel(self, job: str, *, how: Literal["gently", "now"] = "gently") -> None:
        """Asks for a job to stop, whoever works on it.

        ``gently``: before the next step. ``now``: waits and transfers are interrupted; what cannot be taken back is
        never interrupted. Raises ``NotFoundError``.
        """
        self.call("cancel", {"job": job, "how": how})

    def audit(self, job: str) -> List[AuditRecord]:
        """What was done to which device, when, and with which verdict. Raises ``NotFoundError``."""
        return convert.all_of(AuditRecord, self.call("audit", {"job": job}))
