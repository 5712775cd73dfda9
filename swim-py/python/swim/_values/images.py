"""Images, and what they require."""

from __future__ import annotations

from typing import Any

from .document import Document
from .uses import Referrer, Staged, Usage


class Fact(Document):
    """A ``value``, and where it is from (``from_``; ``from`` in JSON): ``header``, ``member``, ``payload``, ``file_name``,
    ``catalogue`` or ``user``.
    """

    value: Any
    from_: str


class ImageFacts(Document):
    """What an image is. ``None`` (of a list: ``()``) where neither bytes nor name nor a person says it.

    ``damage`` is what proves that the file is not whole, ``remarks`` what else looks wrong.
    """

    container: Fact | None
    platform: Fact | None
    family: Fact | None
    version: Fact | None
    alt_version: Fact | None
    feature_set: Fact | None
    k9: Fact | None
    npe: Fact | None
    ldpe: Fact | None
    image_type: Fact | None
    min_ram: Fact | None
    min_flash: Fact | None
    min_boot_rom: Fact | None
    signature: Fact | None
    internal_name: Fact | None
    embedded_sum: Fact | None
    compatibility: tuple[Fact, ...]
    damage: tuple[str, ...]
    remarks: tuple[str, ...]


class ParsedName(Document):
    """What the name of an image file tells, in the words of names; ``facts`` has the same in those of an imported image."""

    platform: str | None
    family: str | None
    version: str | None
    feature_set: str | None
    k9: bool | None
    npe: bool | None
    ldpe: bool | None
    image_type: str | None
    alt_version: str | None
    signature: str | None
    facts: ImageFacts


class Digests(Document):
    """The digests of a file, in hexadecimal digits."""

    sha256: str
    sha512: str
    sha1: str | None
    md5: str


class Lifted(Document):
    """A person took the responsibility for an image: who (``by``), when (``at``) and why (``reason``)."""

    at: str
    by: str
    reason: str


class Quarantine(Document):
    """Why an image is kept away from devices: the ``list`` of known good values that contradicts it ``since`` when, and what
    differs (``reasons``). ``elsewhere``: it is a list of the repository that the image came from in an archive. ``lifted`` is
    there in ``image.quarantine_lifted`` alone.
    """

    since: str
    list: str
    reasons: tuple[str, ...]
    elsewhere: bool
    lifted: Lifted | None


class Overrides(Document):
    """What a person requires beside what the image says."""

    ram: int | None
    flash: int | None
    boot_rom: Document | None
    last: RequirementChange | None


class Image(Document):
    """An image of the repository. ``facts`` says what it is (``facts.version.value.text``, as the image writes it) and where
    each is from: ``facts.version.from_``, which is ``from`` in JSON.

    ``quarantine`` is ``None`` unless a list of known good values keeps the image away from devices; once a person lifted that
    it is ``quarantine_lifted``.
    """

    id: str
    file_name: str
    bytes: int
    digests: Digests
    facts: ImageFacts
    overrides: Overrides | None
    imported: str
    read_by: str | None
    quarantine: Quarantine | None
    quarantine_lifted: Quarantine | None

    def __repr__(self) -> str:
        return f"Image(id={self.id[:12]!r}, file_name={self.file_name!r})"


class Damage(Document):
    """What a scrub found wrong with the bytes of an image (``kind``), and when (``at``)."""

    image: str
    file_name: str
    kind: str
    found: str | None
    expected_bytes: int
    bytes: int
    why: str | None
    at: str


class ImageInfo(Document):
    """Everything that is known of an image: its ``names``, how many ``devices`` use it and how the first of them do
    (``usage``), its copies on image servers (``staged``), what still needs it (``referrers``), and its ``damage``.
    """

    image: Image
    names: tuple[str, ...]
    devices: int
    usage: tuple[Usage, ...]
    staged: tuple[Staged, ...]
    damage: Damage | None
    referrers: tuple[Referrer, ...]


class ImageAudit(Document):
    """What was done with an image (``action``), when (``at``), by whom and why, where that was said."""

    at: str
    image: str
    file_name: str
    action: str
    by: str | None
    reason: str | None
    overridden: tuple[Referrer, ...]


class Requirement(Document):
    """One requirement: the ``default``, the ``override`` (what a person set) and what holds (``effective``)."""

    default: Fact | None
    override: Fact | None
    effective: Fact | None


class RequirementChange(Document):
    """A change of requirements: ``at`` which time, ``by`` whom, and ``changes`` with ``field``, ``from_`` and ``to``."""

    image: str
    file_name: str
    number: int
    at: str
    by: str | None
    changes: tuple[Document, ...]


class Requirements(Document):
    """What an image requires of devices: of ``ram`` and ``flash`` (bytes) and ``boot_rom`` the ``default``, the
    ``override`` and what is ``effective``, each with its ``value`` and where it is from (``from_``); absent is ``None``: nobody
    knows. ``history`` has every change: ``at``, ``by``, and ``changes`` with ``field``, ``from_`` and ``to``.
    """

    image: str
    file_name: str
    ram: Requirement
    flash: Requirement
    boot_rom: Requirement
    history: tuple[RequirementChange, ...]

    def __repr__(self) -> str:
        held = {name: self[name].effective and self[name].effective.value for name in ("ram", "flash", "boot_rom")}
        boot_rom = held["boot_rom"] and held["boot_rom"].text
        return (
            f"Requirements(file_name={self.file_name!r}, ram={held['ram']!r}, flash={held['flash']!r}, "
            f"boot_rom={boot_rom!r})"
        )
