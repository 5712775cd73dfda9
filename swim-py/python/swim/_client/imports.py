"""Imports: images that come into the repository one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from .._convert import DeviceRef, as_list, ids
from .._values import Image, Run
from ._calls import Calls


class Imports(Calls):
    """Imports: images that come into the repository one by one."""

    def import_image(
        self,
        path: str | PathLike[str],
        *,
        file_name: str | None = None,
        sha512: str | None = None,
        sha256: str | None = None,
        sha1: str | None = None,
        md5: str | None = None,
        platform: str | None = None,
        family: str | None = None,
        version: str | None = None,
        min_ram: int | None = None,
        min_flash: int | None = None,
        min_boot_rom: str | None = None,
    ) -> Image:
        """Takes a local file into the repository, in one pass.

        ``sha512`` and ``md5`` are published digests: other bytes are refused (``IntegrityError``) and nothing is kept.
        ``platform``, ``family`` and ``version`` are for what you know better than the file. The least ``min_ram`` and
        ``min_flash`` (bytes) and ``min_boot_rom`` are kept beside what the file says, as by ``set_requirements``.

        Raises ``NotFoundError``, ``InvalidInputError``, ``NoSpaceError``.

        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder}) as client:
        ...     file = Path(folder, "c2960x-universalk9-mz.152-7.E10.bin")
        ...     _ = file.write_bytes(b"made up")
        ...     image = client.import_image(file, platform="ios", version="15.2(7)E10")
        ...     image.facts.version.value.text, client.remove_image(image.file_name).devices
        ('15.2(7)E10', 0)
        """
        arguments = {
            "path": path, "file_name": file_name, "sha512": sha512, "sha256": sha256, "sha1": sha1, "md5": md5,
            "platform": platform, "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash,
            "min_boot_rom": min_boot_rom,
        }
        return Image(self.call("import", arguments))

    def import_from(
        self,
        *,
        url: str | None = None,
        device: DeviceRef | None = None,
        path: str | None = None,
        login: Mapping[str, Any] | None = None,
        host_key: str | Mapping[str, str] | None = None,
        tls: str | Mapping[str, str] | None = None,
        protocols: Iterable[str] = (),
        port: int | None = None,
        most: int | None = None,
        file_name: str | None = None,
        sha512: str | None = None,
        sha256: str | None = None,
        sha1: str | None = None,
        md5: str | None = None,
        platform: str | None = None,
        family: str | None = None,
        version: str | None = None,
        min_ram: int | None = None,
        min_flash: int | None = None,
        min_boot_rom: str | None = None,
    ) -> Image:
        """Takes an image from elsewhere into the repository.

        Either from a ``url`` (http, https, ftp, ftps, sftp, scp, tftp; a login in it is kept nowhere, or ``login`` names secrets:
        ``{"user": "u", "password": "name"}``), or from a ``device`` or image server: the file at ``path``, of a device its
        running image where nothing is said. ``host_key`` and ``tls`` are for URLs, as in the configuration of a device.
        What was cut goes on when it is asked for again. Everything else is as in ``import_image``.

        Raises ``UnsupportedError`` where the running image of a device is no file (install mode, IOS XR, wireless LAN
        controllers), ``NotFoundError``, ``AuthError``, ``UnreachableError``, and as ``import_image``.
        """
        arguments = {
            "url": url, "device": None if device is None else ids([device])[0], "path": path, "login": login,
            "host_key": host_key, "tls": tls, "protocols": as_list(protocols), "port": port, "most": most,
            "file_name": file_name, "sha512": sha512, "sha256": sha256, "sha1": sha1, "md5": md5, "platform": platform,
            "family": family, "version": version, "min_ram": min_ram, "min_flash": min_flash,
            "min_boot_rom": min_boot_rom,
        }
        return Image(self.call("import_from", arguments))

    def baseline(self, *, devices: Iterable[DeviceRef] = ()) -> Run:
        """Takes the running images of devices into the repository; of all that are known where none is named.

        What is there already, by name and size, is not fetched again. Devices without an image that could be taken are in
        the answer. Raises ``NotFoundError``.
        """
        return Run(self.call("baseline", {"devices": ids(devices)}))
