"""Devices, and what they said of themselves."""

from __future__ import annotations

from ..errors import SwimError, from_record
from .document import Document


class Device(Document):
    """A device as it is known. Its login names secrets; it does not hold any."""

    id: str
    at: Document
    platform: str
    login: Document

    def __repr__(self) -> str:
        return f"Device(id={self.id!r}, platform={self.platform!r}, at='{self.at.host}:{self.at.port}')"


class Inventory(Document):
    """What a device said of itself when it was asked (``taken``)."""

    device: str
    platform: str
    taken: str
    model: str | None
    serial: str | None
    version: Document | None
    members: tuple[Document, ...]

    @property
    def job(self) -> str | None:
        """The job that asked it; ``None`` when it was inspected."""
        job = self._fields.get("job")
        return None if job is None else str(job)

    def __repr__(self) -> str:
        version = self.get("version")
        running = None if version is None else version.get("text")
        return f"Inventory(device={self.device!r}, model={self.get('model')!r}, version={running!r})"


class Inspected(Document):
    """What one device said of itself (``inventory``), or why it did not (``error``)."""

    device: str

    @property
    def inventory(self) -> Inventory | None:
        """What it said."""
        said = self._fields.get("inventory")
        return None if said is None else Inventory(said)

    @property
    def error(self) -> SwimError | None:
        """Why it did not."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)

    def __repr__(self) -> str:
        return f"Inspected(device={self.device!r}, {self.error or self.inventory!r})"
