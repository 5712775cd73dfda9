"""Transfers and image servers."""

from __future__ import annotations

from ..errors import SwimError
from .document import Document
from .planning import Finding


class Checked(Document):
    """What the self-test found about one protocol of one server: ``works`` is ``yes``, ``no`` or ``unknown``.

    ``findings`` say what is wrong, each with a stable ``code`` (``server.login``, ``server.data_port``,
    ``server.tftp_window``), a ``message`` and a ``remedy``; a server that works may have warnings. ``server`` is ``None`` for
    our own offers; ``error`` is why it does not work, or was not tried; ``left_behind`` is the file of the test that stays on
    the server, and why it could not be removed.
    """

    server: str | None
    protocol: str
    works: str
    tried: str
    findings: tuple[Finding, ...]
    error: SwimError | None
    left_behind: str | None

    def __repr__(self) -> str:
        where = self.server or "our offers"
        return f"Checked({where!r}, protocol={self.protocol!r}, works={self.works!r}, error={self.error!r})"


class Receipt(Document):
    """What a transfer did: ``bytes`` of the file that crossed the wire, in ``millis``, from ``resumed_from`` on.

    ``compared`` says what of the bytes before ``resumed_from`` was looked at: ``"none"``, ``"tail"`` or ``"whole"``.
    ``completed`` is how often an offer was pulled whole (``bytes`` counts broken pulls as well), ``digest`` the SHA-256 of the
    whole file, where this transfer knows it: not behind a part that was there. ``cipher`` and ``blocks`` (of TFTP) are there
    where there are such.
    """

    protocol: str
    direction: str
    bytes: int
    resumed_from: int
    compared: str
    millis: int
    cipher: str | None
    blocks: Document | None
    completed: int | None
    digest: str | None

    def __repr__(self) -> str:
        return f"Receipt(protocol={self.protocol!r}, bytes={self.bytes}, resumed_from={self.resumed_from})"


class Moved(Document):
    """A transfer that is done. ``fallbacks`` says which protocols were tried before, and why they did not do."""

    receipt: Receipt
    fallbacks: tuple[str, ...]

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
