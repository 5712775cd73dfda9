"""Lists of known good values, and what they say of images."""

from __future__ import annotations

from .catalogs import Signed
from .document import Document


class KnownGoodList(Document):
    """A list of known good values: the ``shape`` that it was published in, what it calls its form (``format``; ``None``: it does not
    say), how many files it has (``values_``; ``values`` in JSON), and what of it was passed over (``remarks``).
    ``authenticity`` is ``"unsigned"``, or says who signed it.
    """

    name: str
    shape: str
    format: str | None
    imported: str
    authenticity: str | Signed
    values_: int
    remarks: tuple[str, ...]


class RejudgedImage(Document):
    """An image whose quarantine began or ended: its id (``image``) and file name."""

    image: str
    file_name: str


class Rejudged(Document):
    """What became of the images when a list came or went: how many are as the lists have them (``good``), how many are in none;
    which are in quarantine now, and which are not any more (``released``).
    """

    good: int
    not_listed: int
    quarantined: tuple[RejudgedImage, ...]
    released: tuple[RejudgedImage, ...]


class KnownGoodTaken(Document):
    """A ``list`` that was taken, and what became of the ``images``."""

    list: KnownGoodList
    images: Rejudged


class SaidOf(Document):
    """What a ``list`` says of an image: ``judgement`` is ``matches`` (which digests were ``compared``), ``contradicts`` (what
    ``differs``) or ``not_listed``. ``listed_as`` is the name in the list; ``None`` where it is in none.
    """

    list: str
    judgement: str
    listed_as: str | None
    compared: tuple[str, ...]
    differs: tuple[str, ...]
