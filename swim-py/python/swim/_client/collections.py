"""Collections: sources of images that are asked again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, List

from .. import _convert as convert
from .._convert import as_list
from .._values import Collected, Ran
from ._calls import Calls


class Collections(Calls):
    """Collections: sources of images that are asked again and again."""

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

        ``source`` (``from`` in JSON, and so in the result: ``added.source["from"]`` or ``added.source.from_``) is ``{"url": {"url": "ftp://depot/images/", "login": {...}}}`` (one file, or a folder that ends in a
        slash), ``{"file": {"path": ...}}`` or ``{"devices": {"devices": [...]}}`` (``{"devices": {}}``: all that are known when it
        runs). Of a folder those are taken that are
        named like an image, or that fit a pattern of ``only`` (``*``, ``?``); what the repository has under the same name is
        fetched ``again`` only if you say so. ``schedule`` is ``{"at": ...}`` or ``{"cron": "0 3 * * *", "zone":
        "Europe/Berlin"}``: minute, hour, day of the month, month, day of the week, in UTC where no zone is given; with both
        it runs first ``at`` that time and then by the pattern. Without a schedule it runs when it is asked for. Raises
        ``InvalidInputError``, ``NotFoundError``.
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
