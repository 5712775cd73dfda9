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

        Of each the ``default``, the ``override`` (what a person set) and what holds (``effective``), each with its ``value``
        and where it is from (``from_``; ``from`` in JSON). A person's word counts more than the image's, and the image's
        more than that of an open catalogue (of several the one that asks for more). ``history`` has every change.
        Raises as ``image``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder + "/data"}) as client:
        ...     file, lab = Path(folder, "x.bin"), Path(folder, "lab.json")
        ...     _ = file.write_bytes(b"made up")
        ...     _ = lab.write_text('{"schema": 1, "entries": [{"filename": "x.bin", "requires": {"ram_mib": 4096}}]}')
        ...     _ = client.import_image(file), client.import_catalog(lab, allow_unsigned=True)
        ...     ram = client.requirements("x.bin").ram
        ...     ram.default.value, ram.default.from_, ram.override
        (4294967296, 'catalogue', None)
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

        What is not given stays as it is. ``by`` is who sets it: kept with the time and the values in ``history``;
        left out, nobody is named there.

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
        self, image: Image | str, *, fields: Iterable[str] | None = None, by: str | None = None
    ) -> Requirements:
        """Takes back what a person set: the defaults hold again. ``fields`` are some of ``ram``, ``flash``, ``boot_rom``;
        without ``fields`` it is all (an empty list is refused). Raises as ``image``, ``InvalidInputError``.
        """
        arguments = {"image": named(image), "fields": None if fields is None else as_list(fields), "by": by}
        return Requirements(self.call("restore_requirements", arguments))
