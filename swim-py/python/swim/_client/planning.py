"""Analysis and plans: what would be done, and whether it may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._convert import DeviceRef, ids
from .._values import Image, JobReport, Plan, Report
from ._calls import Calls


class Planning(Calls):
    """Analysis and plans: what would be done, and whether it may be."""

    def analyse(
        self,
        image: Image | str,
        devices: Iterable[DeviceRef],
        *,
        policy: Mapping[str, Any] | None = None,
        knowledge: Mapping[str, Any] | None = None,
    ) -> Report:
        """May these devices run this image?

        Judged by the last inventory of each: call ``inspect`` first for fresh ones. A device that was never inspected is
        dialled and inspected now; of one that does not answer nothing is known, which is the *unknown* finding
        ``device.silent``. ``image`` is an image of the repository or its name. ``policy``
        holds settings that differ from their defaults, e.g. ``{"accept_unknown": ["ram.requirement_unknown"]}``.
        ``knowledge`` is what you know from elsewhere: how the image stands with its vendor (``standing``), what a list
        of known-good values says (``known_good``), catalogues with other bytes under its name (``contradictions``), pending
        ``forms``, upgrade ``paths``, IOS XR ``matrices``.

        Raises ``NotFoundError`` for an unknown image or device, ``InvalidInputError`` for a policy that does not fit or a
        device that is named twice.
        """
        arguments = {"image": image, "devices": ids(devices), "policy": policy, "knowledge": knowledge}
        return Report(self.call("analyse", arguments))

    def plan(
        self,
        image: Image | str,
        devices: Iterable[DeviceRef],
        *,
        policy: Mapping[str, Any] | None = None,
        knowledge: Mapping[str, Any] | None = None,
    ) -> Plan:
        """Plans an upgrade: who, with which steps (``plan.devices``), and who is left out and why (``plan.refused``).

        Nothing is done to devices yet; those that were never inspected are inspected, as by ``analyse``. ``print(plan)`` shows
        what would be done. Policies: ``activate`` (``sequential``, ``parallel``,
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
