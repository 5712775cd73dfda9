"""What uses an image, and what needs it."""

from __future__ import annotations

from .document import Document


class Usage(Document):
    """A ``device`` uses an image: ``how`` is ``running``, ``boot_next``, ``committed``, ``installed`` or ``on_flash``; ``by`` what
    that is known (``name_and_size``, ``name``, ``release``); ``software`` is what the device calls it.
    """

    device: str
    how: str
    by: str
    software: str


class InUse(Document):
    """Software as ``devices`` call it, how many run it, and the ids of the images that it is: ``()`` when it was not imported,
    several when each of them may be it.
    """

    software: tuple[str, ...]
    images: tuple[str, ...]
    devices: int


class Referrer(Document):
    """What needs an image: ``what`` is ``job`` (its id is ``job``), ``offer`` (its number is ``offer``) or ``staged`` (a copy on
    the image ``server``, at ``path``). ``None``: it is another kind.
    """

    what: str
    job: str | None
    offer: int | None
    server: str | None
    path: str | None


class Staged(Document):
    """A copy of an image on an image ``server``, its size in ``bytes``, and when (``at``) and how it was ``verified``."""

    server: str
    host: str
    path: str
    protocol: str
    sha256: str
    bytes: int
    at: str
    verified: str
