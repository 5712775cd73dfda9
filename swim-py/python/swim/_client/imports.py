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

        ``file_name`` is the name to keep it under (default: its own), 1 to 255 bytes without folders. ``sha512`` (128
        hexadecimal digits, in any case), ``sha256`` (64), ``sha1`` (40) and ``md5`` (32) are published digests: other bytes
        are refused (``IntegrityError``) and nothing is kept; as many as you have are compared.

        ``platform``, ``family`` and ``version`` are for what you know better than the file: they count, and where its bytes
        say otherwise ``facts.remarks`` says so. ``platform`` is one of ``aci``,
        ``aireos``, ``aoscx``, ``asa``, ``asdm``, ``comware``, ``eos``, ``fortios``, ``fxos``, ``ios``, ``ios_xe`` (also
        ``iosxe``), ``ios_xr`` (``iosxr``), ``junos``, ``nxos``, ``panos``, ``rommon``, ``routeros`` and ``sonic``, or one
        that ``platforms`` of the configuration defines; ``family`` is a product family as ``facts.family`` has it
        (``cat9k``), in 1 to 255 bytes; ``version`` is in the grammar of the platform, in any spelling.

        The least ``min_ram`` and ``min_flash`` (bytes, 1 to 999999999999999) and ``min_boot_rom`` (``16.7(3r)``) are kept
        beside what the file says, as by ``set_requirements``.

        Raises ``NotFoundError``, ``InvalidInputError`` (which names the field, the value and what would be taken),
        ``NoSpaceError``.

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
        running image where nothing is said. What was cut goes on when it is asked for again.

        For URLs: ``host_key`` is ``"first_use"``, ``{"pinned": "SHA256:..."}``, ``{"known_hosts_file": path}`` or
        ``{"known_hosts": text}`` (``sftp`` and ``scp`` need one), ``tls`` is ``"machine_roots"`` (the default),
        ``{"ca": pem}``, ``{"pinned": "AB:CD:..."}`` or ``"first_use"``.

        For devices and servers: ``protocols`` are those to try, in this order: ``"sftp"``, ``"scp"``, ``"https"``,
        ``"http"``, ``"ftps"``, ``"ftp"``, ``"tftp"`` (default: SFTP, SCP; of an image server its own doors); ``port`` is 1
        to 65535, where it is not that of the device or the protocol.

        ``most`` is the largest file to take, in bytes (at least 1; default: 16 GiB). Everything else is as in
        ``import_image``.

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

    def baseline(self, *, devices: Iterable[DeviceRef] | None = None) -> Run:
        """Takes the running images of devices into the repository; without ``devices`` of all that are known (an empty list is
        refused). Devices that were never inspected are inspected.

        What is there already, by name and size, is not fetched again. Devices without an image that could be taken are in
        the answer. Raises ``NotFoundError``, ``InvalidInputError``.
        """
        return Run(self.call("baseline", {"devices": None if devices is None else ids(devices)}))
