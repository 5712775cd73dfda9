"""The blocking client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any

from .. import _convert as convert
from .. import _swim
from .._convert import ConfigSource
from .._values import CheckCall, Event
from .catalog import Catalogues
from .collections import Collections
from .devices import Devices
from .imports import Imports
from .jobs import Jobs
from .known_good import KnownGood
from .planning import Planning
from .recommend import Recommending
from .repository import Repository
from .requirements import ImageRequirements
from .transfers import Transfers


class Client(
    Devices, Planning, Recommending, Jobs, Imports, Collections, Repository,
    ImageRequirements, Catalogues, KnownGood, Transfers,
):
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
        """Ends the work of this client, and waits for its end and until nothing of the data folder is open: it can be removed
        or moved then. Jobs stay durable. Closing twice does no harm.

        Calls that still run in other threads raise ``InterruptedError``; later ones raise ``InvalidInputError``.
        Raises ``StepTimeoutError`` when the disk does not take the last writes within some seconds.
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


def _events(events: _swim.NativeWatch) -> Iterator[Event]:
    while (event := events.next()) is not None:
        yield Event(json.loads(event))
