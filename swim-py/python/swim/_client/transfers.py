"""Transfers: files to and from devices and image servers, and places for devices to pull from."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import List

from .. import _convert as convert
from .._convert import DeviceRef, as_list, ids
from .._values import Checked, Image, Moved, Offered, Receipt
from ._calls import Calls


class Transfers(Calls):
    """Transfers: files to and from devices and image servers, and places for devices to pull from."""

    def push(
        self,
        image: Image | str,
        device: DeviceRef,
        path: str,
        *,
        protocols: Iterable[str] = (),
        port: int | None = None,
        afresh: bool = False,
    ) -> Moved:
        """Brings an image to a path of a device or of an image server: ``client.push(image, "sw1", "flash:x.bin")``.

        ``protocols`` are tried in their order (default: SFTP, SCP): the next one after a failure of the network, also in
        the middle, or of the login. What an earlier try left there is not sent again, where the protocol can go on,
        unless ``afresh``.

        Raises ``NotFoundError`` for an unknown device, ``NoSpaceError``, ``PrivilegeError``; when no protocol worked, the
        error of them all where it is one (``AuthError``), else ``UnreachableError``.
        """
        arguments = {
            "image": image, "device": ids([device])[0], "path": path, "protocols": as_list(protocols), "port": port,
            "afresh": afresh,
        }
        return Moved(self.call("push", arguments))

    def fetch(
        self,
        device: DeviceRef,
        path: str,
        file: str | PathLike[str],
        *,
        protocols: Iterable[str] = (),
        port: int | None = None,
        bytes: int | None = None,
        sha256: str | None = None,
        most: int | None = None,
    ) -> Moved:
        """Fetches a file of a device or an image server: ``client.fetch("sw1", "flash:x.bin", "backup/x.bin")``.

        ``file`` must not be there yet; what an earlier try left in ``FILE.part`` is not fetched again. ``bytes`` and
        ``sha256`` are what it must be (``IntegrityError``), ``most`` is the largest file to take.
        """
        arguments = {
            "device": ids([device])[0], "path": path, "file": file, "protocols": as_list(protocols), "port": port,
            "bytes": bytes, "sha256": sha256, "most": most,
        }
        return Moved(self.call("fetch", arguments))

    def offer(
        self,
        image: Image | str,
        device: DeviceRef,
        protocol: str,
        *,
        name: str | None = None,
        source: str | None = None,
        uses: int | None = None,
        seconds: int | None = None,
    ) -> Offered:
        """Serves an image to one device under a single-use login or path; the answer is what to tell the device.

        It ends by ``withdraw``, after ``seconds`` (default: six hours), or after so many ``uses`` (default: 1).
        ``source`` is the only address that may come; default: the first one that shows the secret.
        """
        arguments = {
            "image": image, "device": ids([device])[0], "protocol": protocol, "name": name, "source": source,
            "uses": uses, "seconds": seconds,
        }
        return Offered(self.call("offer", arguments))

    def accept(
        self,
        device: DeviceRef,
        protocol: str,
        file: str | PathLike[str],
        *,
        name: str | None = None,
        source: str | None = None,
        most: int | None = None,
        seconds: int | None = None,
    ) -> Offered:
        """Takes one file that a device uploads, e.g. its configuration or a core dump, into ``file``; the answer is what to
        tell the device.

        The device must call it ``name`` (default: the name of ``file``). ``withdraw`` ends it and tells what came.

        >>> config = {
        ...     "offers": {"listen": "127.0.0.1"}, "secrets": {"lab": {"env": "HOME"}},
        ...     "devices": [{
        ...         "id": "sw1", "at": {"host": "192.0.2.10", "port": 22}, "platform": "ios_xe",
        ...         "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        ...     }],
        ... }
        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder, **config}) as client:
        ...     told = client.accept("sw1", "sftp", folder + "/sw1-confg", seconds=60)
        ...     told.direction, told.path, told.user is not None
        ('upload', 'sw1-confg', True)
        """
        arguments = {
            "device": ids([device])[0], "protocol": protocol, "file": file, "name": name, "source": source,
            "most": most, "seconds": seconds,
        }
        return Offered(self.call("accept", arguments))

    def withdraw(self, offered: Offered | int) -> Receipt:
        """Ends an offer or an accept. Raises ``InterruptedError`` for an upload that is not whole."""
        return Receipt(self.call("withdraw", {"offer": convert.numbered(offered)}))

    def check_servers(self) -> List[Checked]:
        """Sends a file made for it through every offer of ours and every protocol of every image server, end to end.

        Our own offers are tried from this machine: a firewall between us and the devices is not seen. From image servers
        the file is removed afterwards; where that cannot be, ``left_behind`` says why.

        ``for c in client.check_servers(): print(c.server or "ours", c.protocol, c.works, *(f.code for f in c.findings))``
        """
        return convert.all_of(Checked, self.call("check_servers", {}))
