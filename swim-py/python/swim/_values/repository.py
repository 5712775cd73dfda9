"""The repository: its groups, and what came of its care."""

from __future__ import annotations

from typing import Any

from .document import Document
from .images import Damage
from .uses import Referrer


class FamilyGroup(Document):
    """How many images of a ``family`` there are (``None``: it is not known), and their ``bytes``."""

    family: str | None
    images: int
    bytes: int


class TypeGroup(Document):
    """How many images of a type there are (``None``: it is not known), their ``bytes``, and the same by family."""

    image_type: str | None
    images: int
    bytes: int
    families: tuple[FamilyGroup, ...]


class Deleted(Document):
    """An image that was deleted: how many ``devices`` use it and keep their copies, some of them (``used_by``), and what needed it
    all the same (``overridden``).
    """

    image: str
    file_name: str
    devices: int
    used_by: tuple[str, ...]
    overridden: tuple[Referrer, ...]


class Exported(Document):
    """An archive of ``images``, how many: its size in ``bytes``, and the SHA-256 of its ``manifest``."""

    images: int
    bytes: int
    manifest: str


class Conflict(Document):
    """What an archive says otherwise of an image: which field or record (``what``), what stays (``here``) and what the archive has
    (``there``).
    """

    image: str
    file_name: str
    what: str
    here: Any
    there: Any


class Unpacked(Document):
    """What came of an archive: ids of images that are new (``imported``) or whole again (``healed``), how many were ``present``, how
    many further ``records`` are new, what differs, and ids of those in quarantine here.
    """

    imported: tuple[str, ...]
    present: int
    healed: tuple[str, ...]
    records: int
    conflicts: tuple[Conflict, ...]
    quarantined: tuple[str, ...]


class ScrubReport(Document):
    """What a scrub found since it ``begun``: how many ``images`` and ``bytes`` were read, what is ``damaged``, and ids of images that
    are right again (``healed``) or of which this release knows something else (``reread``), and of bytes that no record is of.
    Not ``finished``: the next call goes on.
    """

    begun: str
    images: int
    bytes: int
    damaged: tuple[Damage, ...]
    healed: tuple[str, ...]
    reread: tuple[str, ...]
    unrecorded: tuple[str, ...]
    finished: bool
