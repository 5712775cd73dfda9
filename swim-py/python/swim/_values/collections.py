"""What came of baselines and collections."""

from __future__ import annotations

from .document import Document


class ErrorRecord(Document):
    """An error of one of many things: its ``kind`` and ``message``, what failed (``operation``), the words of the device
    (``said``), and what it came of (``causes``).
    """

    kind: str
    operation: str
    message: str
    context: tuple[tuple[str, str], ...]
    said: str | None
    causes: tuple[str, ...]


class Item(Document):
    """What came of one file or device (``what``): ``outcome`` is ``imported``, ``known``, ``refused`` or ``failed``.

    ``image`` is the id of the image, where there is one; ``error`` (its ``kind`` and ``message``) why there is none.
    """

    what: str
    outcome: str
    image: str | None
    error: ErrorRecord | None


class Run(Document):
    """What came of a baseline or a collection: how many were ``imported``, ``known``, ``refused`` and ``failed``.

    ``error`` is why there is no more, where the source itself could not be read: its ``kind`` and ``message``.
    """

    began: str
    ended: str
    imported: int
    known: int
    refused: int
    failed: int
    results: tuple[Item, ...]
    error: ErrorRecord | None

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={getattr(self, name)}" for name in ("imported", "known", "refused", "failed"))
        return f"Run({counts}, error={self.error.message!r})" if self.error else f"Run({counts})"


class Ran(Document):
    """A run of the source ``name``."""

    name: str
    run: Run

    def __repr__(self) -> str:
        return f"Ran(name={self.name!r}, run={self.run!r})"


class Schedule(Document):
    """When a source runs by itself: once ``at`` a time, by a ``cron`` pattern in a ``zone``, or first at that time and then by
    the pattern.
    """

    at: str | None
    cron: str | None
    zone: str | None


class Collection(Document):
    """A source of images: where it is (``from_``; ``from`` in JSON), and when it runs by itself (``schedule``; ``None``:
    when it is asked for).
    """

    name: str
    from_: Document
    only: tuple[str, ...]
    again: bool
    schedule: Schedule | None


class Collected(Document):
    """A source of images, when it is ``due`` next (``None``: when it is asked for), and what it brought: in all its ``runs``,
    and in the ``last`` one.
    """

    source: Collection
    due: str | None
    claimed: tuple[str, ...] | None
    runs: int
    imported: int
    last: Run | None

    def __repr__(self) -> str:
        return f"Collected(name={self.source.name!r}, runs={self.runs}, imported={self.imported})"
