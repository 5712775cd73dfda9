"""Catalogues: of the vendor's software service, and open ones."""

from __future__ import annotations

from ..errors import SwimError
from .document import Document
from .images import Image


class Crypto(Document):
    """What cryptography is in an image: strong (``k9``: its export is regulated), payload encryption left out (``npe``) or
    limited (``ldpe``). ``None``: not said.
    """

    k9: bool | None
    npe: bool | None
    ldpe: bool | None


class Requires(Document):
    """What a device must have, as a catalogue says it: memory and flash in MiB, the least boot ROM, and the release that must
    run before. ``None``: not said.
    """

    ram_mib: int | None
    flash_mib: int | None
    bootrom: str | None
    base_version: str | None


class Lifecycle(Document):
    """How an image stands with its vendor: ``status`` is ``active``, ``deferred`` or ``withdrawn``; the day of the release
    (``released``), whether the vendor suggests it, and the vendor's word for its age (``stage``). ``None``: not said.
    """

    released: str | None
    status: str
    suggested: bool | None
    stage: str | None


class UpgradePath(Document):
    """A way to an image ``from_`` another release on (``from`` in JSON), over others (``via``; ``()``: at once)."""

    from_: str
    via: tuple[str, ...]
    note: str | None


class Entry(Document):
    """What a catalogue says of an image: its ``size`` in bytes, digests in hexadecimal digits. ``None`` (of a list: ``()``):
    not said. Of ``forms`` ``()`` says that none is pending.
    """

    filename: str
    size: int | None
    sha512: str | None
    sha256: str | None
    md5: str | None
    platform: str | None
    families: tuple[str, ...]
    version: str | None
    alt_version: str | None
    feature_set: str | None
    crypto: Crypto
    image_type: str | None
    requires: Requires
    lifecycle: Lifecycle
    advisories: tuple[str, ...]
    paths: tuple[UpgradePath, ...]
    forms: tuple[str, ...] | None
    provenance: str | None


class VendorCode(Document):
    """A ``code`` of the vendor's service and its words (``message``), both verbatim."""

    code: str
    message: str


class CatalogImage(Document):
    """An image of the vendor: its id there (``guid``), the product that was asked for (``pid``), the ids of its group and kind,
    and what the catalogue says of it (``entry``). ``related``: it is only named because it belongs to another one.
    """

    guid: str
    pid: str | None
    mdf_id: str | None
    software_type: str | None
    related: bool
    entry: Entry
    exceptions: tuple[VendorCode, ...]


class Found(Document):
    """What the vendor has: its ``images``, names that are not known there (``unknown``), and codes that were dealt with or forbid
    nothing (``notes``).
    """

    images: tuple[CatalogImage, ...]
    unknown: tuple[str, ...]
    notes: tuple[VendorCode, ...]


class FoundFor(Document):
    """What the vendor has for a ``device``; ``found`` is ``None`` where there is an ``error``."""

    device: str
    found: Found | None
    error: SwimError | None


class Fetched(Document):
    """An ``image`` that came from the vendor: what was compared with the catalogue (``checked``: ``size``, ``md5``, ...), and the
    bytes at which the download went on after a break (``resumed``).
    """

    image: Image
    checked: tuple[str, ...]
    resumed: tuple[int, ...]


class NotGranted(Document):
    """An image that is not to be had, by its file name, and why."""

    image: str
    error: SwimError


class FormField(Document):
    """A field of a form, verbatim: its ``label``, the ``value`` in it, how it is answered (``input``), and what can be chosen.
    ``None``: not said.
    """

    id: str
    label: str | None
    value: str | None
    input: str | None
    choices: tuple[FormField, ...]


class Form(Document):
    """A form of the vendor for a person: ``kind`` is ``k9`` or ``eula``; where it can be answered in a browser (``url``), its text
    (``content``, often HTML) and its ``fields``. ``None``: the vendor does not say it.
    """

    kind: str
    url: str | None
    content: str | None
    fields: tuple[FormField, ...]


class Downloaded(Document):
    """What became of a download: ``images`` that are in the repository now, those that are not (``refused``), ``forms`` that a
    person must answer first, and codes of the service that were dealt with (``recovered``).
    """

    images: tuple[Fetched, ...]
    refused: tuple[NotGranted, ...]
    forms: tuple[Form, ...]
    recovered: tuple[VendorCode, ...]


class Acknowledged(Document):
    """What the vendor says to an answer: was it ``taken``, in which session the download goes on (``None``: in none), its words."""

    taken: bool
    session_id: str | None
    message: str


class Decision(Document):
    """What a person (``by``) decided about a ``form``: for whom the encryption is, whether in one of the ``countries`` that the
    form names, and why it is declined (``comments``). ``None``: not said.
    """

    form: str
    accepted: bool
    by: str
    business_function: str | None
    countries: bool | None
    comments: str | None


class FormDecision(Document):
    """A ``decision`` that the vendor was told, when (``at``), and for which ``files``."""

    at: str
    decision: Decision
    files: tuple[str, ...]


class Signature(Document):
    """A signature that holds: by whom (``signer``), the SHA-256 of the certificate or public key (``fingerprint``), what was
    looked at (``verified``) and what was not.
    """

    algorithm: str
    signer: str
    fingerprint: str
    verified: tuple[str, ...]
    not_verified: tuple[str, ...]


class Signed(Document):
    """Who signed a document."""

    signed: Signature


class KeptCatalogue(Document):
    """An open catalogue that is kept: ``authenticity`` is ``"unsigned"``, or says who signed it; ``generated`` is when it was
    made (``None``: it does not say), ``entries`` how many images it has.
    """

    name: str
    imported: str
    authenticity: str | Signed
    generated: str | None
    entries: int


class Listed(Entry):
    """An image of an open catalogue: the name of the catalogue, whether it is ``signed``, and what it says."""

    catalog: str
    signed: bool


class CatalogChange(Document):
    """An open catalogue was ``imported``, ``replaced`` or ``removed`` (``action``): what was there ``before`` and is there ``now``
    (``None``: nothing). ``allow_older``: somebody said that an older one, or one of another signer, may be taken.
    """

    at: str
    name: str
    action: str
    before: KeptCatalogue | None
    now: KeptCatalogue | None
    allow_older: bool
