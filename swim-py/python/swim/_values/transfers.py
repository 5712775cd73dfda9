"""Transfers and image servers."""

from __future__ import annotations

from ..errors import SwimError, from_record
from .document import Document


class Checked(Document):
    """What the self-test found about one protocol of one server: ``works`` is ``yes``, ``no`` or ``unknown``.

    ``findings`` say what is wrong, each with a stable ``code`` (``server.login``, ``server.data_port``,
    ``server.tftp_window``), a ``message`` and a ``remedy``; a server that works may have warnings.
    """

    protocol: str
    works: str
    tried: str
    findings: tuple[Document, ...]

    @property
    def server(self) -> str | None:
        """Which image server; ``None`` for our own offers."""
        name = self._fields.get("server")
        return None if name is None else str(name)

    @property
    def left_behind(self) -> str | None:
        """The file of the test that stays on the server, and why it could not be removed; ``None`` when nothing stays."""
        left = self._fields.get("left_behind")
        return None if left is None else str(left)

    @property
    def error(self) -> SwimError | None:
        """Why it does not work, or was not tried."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)

    def __repr__(self) -> str:
        where = self.server or "our offers"
        return f"Checked({where!r}, protocol={self.protocol!r}, works={self.works!r}, error={self.error!r})"


class Receipt(Document):
    """What a transfer did: ``bytes`` of the file that crossed the wire, in ``millis``, from ``resumed_from`` on.

    ``compared`` says what of the bytes before ``resumed_from`` was looked at: ``"none"``, ``"tail"`` or ``"whole"``.
    """

    protocol: str
    direction: str
    bytes: int
    resumed_from: int
    compared: str
    millis: int

    @property
    def cipher(self) -> str | None:
        """The cipher, where there is one."""
        name = self._fields.get("cipher")
        return None if name is None else str(name)

    @property
    def completed(self) -> int | None:
        """How often an offer was pulled whole; ``bytes`` counts broken pulls as well."""
        completed = self._fields.get("completed")
        return None if completed is None else int(completed)

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the whole file, where this transfer knows it: not behind a part that was there."""
        digest = self._fields.get("digest")
        return None if digest is None else str(digest)

    def __repr__(self) -> str:
        return f"Receipt(protocol={self.protocol!r}, bytes={self.bytes}, resumed_from={self.resumed_from})"


class Moved(Document):
    """A transfer that is done. ``fallbacks`` says which protocols were tried before, and why they did not do."""

    fallbacks: tuple[str, ...]

    @property
    def receipt(self) -> Receipt:
        """What it did."""
        return Receipt(self._fields["receipt"])

    def __repr__(self) -> str:
        return f"Moved({self.receipt!r}, fallbacks={len(self.fallbacks)})"


class Offered(Document):
    """An open offer or accept: what a device must be told. The ``password`` is good once; it is in no ``repr``.

    By HTTPS the device must trust ``certificate`` (PEM), whose SHA-256 is ``fingerprint``.
    """

    offer: int
    protocol: str
    direction: str
    port: int
    path: str
    user: str | None
    password: str | None
    certificate: str | None
    fingerprint: str | None

    def __repr__(self) -> str:
        return f"Offered(offer={self.offer}, protocol={self.protocol!r}, port={self.port}, user={self.user!r})"
