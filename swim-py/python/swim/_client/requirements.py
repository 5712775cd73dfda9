"""Requirements: what an image asks of devices."""

from __future__ import annotations

from collections.abc import Iterable

from .._convert import as_list, named
from .._values import Image, Requirements
from ._calls import Calls


class ImageRequirements(Calls):
    """Requirements: what an image asks of devices."""

    def requirements(self, image: Image | str) -> Requirements:
        """What an image requires of devices: ``ram`` and ``flash`` in bytes, ``boot_rom`` as a version.

        Of each the ``default`` (of the image or a catalogue), the ``override`` (what a person set) and what holds
        (``effective``), with where each comes from; and every change (``history``). Raises as ``image``.
        """
        return Requirements(self.call("requirements", {"image": named(image)}))

    def set_requirements(
        self,
        image: Image | str,
        *,
        ram: int | None = None,
        flash: int | None = None,
        boot_rom: str | None = None,
        by: str | None = None,
    ) -> Requirements:
        """Sets what an image requires, beside its defaults: ``ram`` and ``flash`` in bytes, 1 to 999999999999999.

        What is not given stays as it is. ``by`` is who sets it: kept with the time and the values in ``history``.

        Raises ``InvalidInputError`` that names the field and the value; and as ``image``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     file = Path(folder, "c2960x-universalk9-mz.152-7.E10.bin")
        ...     _ = file.write_bytes(b"made up")
        ...     image = client.import_image(file)
        ...     set_ = client.set_requirements(image, ram=256 << 20, by="ann")
        ...     back = client.restore_requirements(image, fields=["ram"])
        ...     set_.ram.effective.value, back.ram.effective, len(back.history)
        (268435456, None, 2)
        """
        arguments = {"image": named(image), "ram": ram, "flash": flash, "boot_rom": boot_rom, "by": by}
        return Requirements(self.call("set_requirements", arguments))

    def restore_requirements(
        self, image: Image | str, *, fields: Iterable[str] = (), by: str | None = None
    ) -> Requirements:
        """Takes back what a person set: the defaults hold again. ``fields`` are some of ``ram``, ``flash``, ``boot_rom``;
        without them it is all. Raises as ``image``.
        """
        arguments = {"image": named(image), "fields": as_list(fields), "by": by}
        return Requirements(self.call("restore_requirements", arguments))
