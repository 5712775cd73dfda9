"""Recommendations: which images devices should run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, List

from .. import _convert as convert
from .._convert import DeviceRef, ids
from .._values import HasLatest, Recommendation, Settings
from ._calls import Calls


class Recommending(Calls):
    """Recommendations: which images devices should run."""

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

        Each has ``as_of``, when the device said what it runs. A device that was never inspected is in the result, with its ``error``. Raises ``NotFoundError`` for a device that
        is not known.

        ``for r in client.recommend(client.devices()): print(r)``
        """
        arguments = {"devices": ids(devices), "settings": settings, "all": all}
        return convert.all_of(Recommendation, self.call("recommend", arguments))

    def has_latest(self, device: DeviceRef, *, settings: Mapping[str, Any] | None = None) -> HasLatest:
        """Does this device have the latest image? ``latest`` is ``yes``, ``no`` or ``unknown``, and ``why`` says why.

        What is held against the running release itself (deferred, withdrawn, in quarantine) is in ``against``, and in ``why``.
        By what the device said ``as_of`` then: when it was inspected, or when a job (``as_of_job``) read it for its verdict.

        Raises ``NotFoundError`` for a device that is not known.
        """
        return HasLatest(self.call("has_latest", {"device": ids([device])[0], "settings": settings}))

    def recommendation_settings(self) -> Settings:
        """The settings of recommendations where none are given.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     kept = client.set_recommendation_settings({"same_feature": True})
        ...     kept.same_feature, kept.include_catalogue, kept == client.recommendation_settings()
        (True, True, True)
        """
        return Settings(self.call("recommendation_settings", {}))

    def set_recommendation_settings(self, settings: Mapping[str, Any]) -> Settings:
        """Keeps settings for every later recommendation; what is left out has its default.

        Raises ``InvalidInputError`` for a setting that there is not.
        """
        return Settings(self.call("set_recommendation_settings", {"settings": settings}))
