"""Images, and what they require."""

from __future__ import annotations

from .document import Document


class Image(Document):
    """An image of the repository. ``facts`` says what it is (``facts.version.value.text``, as the image writes it) and where
    each is from: ``facts.version.from_``, which is ``from`` in JSON.
    """

    id: str
    file_name: str
    bytes: int
    digests: Document
    facts: Document
    imported: str

    def __repr__(self) -> str:
        return f"Image(id={self.id[:12]!r}, file_name={self.file_name!r})"


class Requirements(Document):
    """What an image requires of devices: of ``ram`` and ``flash`` (bytes) and ``boot_rom`` the ``default``, the
    ``override`` and what is ``effective``, each with its ``value`` and where it is from (``from_``); absent is ``None``: nobody
    knows. ``history`` has every change: ``at``, ``by``, and ``changes`` with ``field``, ``from_`` and ``to``.
    """

    image: str
    file_name: str
    ram: Document
    flash: Document
    boot_rom: Document
    history: tuple[Document, ...]

    def __repr__(self) -> str:
        held = {name: self[name].effective and self[name].effective.value for name in ("ram", "flash", "boot_rom")}
        boot_rom = held["boot_rom"] and held["boot_rom"].text
        return (
            f"Requirements(file_name={self.file_name!r}, ram={held['ram']!r}, flash={held['flash']!r}, "
            f"boot_rom={boot_rom!r})"
        )
