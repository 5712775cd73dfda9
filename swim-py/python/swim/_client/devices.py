"""Devices: which are known, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, List

from .. import _convert as convert
from .._convert import DeviceRef, as_list, ids
from .._values import Device, Inspected
from ._calls import Calls


class Devices(Calls):
    """Devices: which are known, and what they say of themselves."""

    def add_devices(self, devices: Iterable[Mapping[str, Any]]) -> None:
        """Makes devices known, or replaces what is known of them.

        A device is a mapping like those of the configuration. Its login *names* secrets of the configuration.

        Raises ``InvalidInputError`` for a device that is not complete or names a secret that there is not,
        ``UnsupportedError`` for an unknown platform.

        >>> switch = {
        ...     "id": "sw1", "at": {"host": "192.0.2.10", "port": 22}, "platform": "ios_xe",
        ...     "login": {"user": "admin", "password": "lab"}, "host_key": "first_use",
        ... }
        >>> secrets = {"lab": {"env": "HOME"}}
        >>> with tempfile.TemporaryDirectory() as folder, Client({"data": folder, "secrets": secrets}) as client:
        ...     client.add_devices([switch])
        ...     client.devices()
        [Device(id='sw1', platform='ios_xe', at='192.0.2.10:22')]
        """
        self.call("add_devices", {"devices": as_list(devices)})

    def devices(self) -> List[Device]:
        """The devices that are known, by name."""
        return convert.all_of(Device, self.call("devices", {}))

    def inspect(self, devices: Iterable[DeviceRef]) -> List[Inspected]:
        """Asks devices for their inventory, many at once, and remembers the answers.

        A device that does not answer is in the result, with its ``error``. Raises ``NotFoundError`` for a device that
        is not known, ``InvalidInputError`` for one that is named twice.

        ``for seen in client.inspect(client.devices()): print(seen.device, seen.error or seen.inventory.version.text)``
        """
        return convert.all_of(Inspected, self.call("inspect", {"devices": ids(devices)}))
