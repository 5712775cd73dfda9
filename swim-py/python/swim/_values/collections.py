"""What came of baselines and collections."""

from __future__ import annotations

from .document import Document


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
