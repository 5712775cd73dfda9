"""Devices, and what they said of themselves."""

from __future__ import annotations

from typing import Any

from ..errors import SwimError
from .collections import Item
from .document import Document


class Login(Document):
    """How one logs in. Secrets are named; none is here."""

    user: str
    password: str | None
    key: str | None
    key_passphrase: str | None
    enable: str | None


class Device(Document):
    """A device as it is known. Its login names secrets; it does not hold any."""

    id: str
    at: Document
    platform: str
    login: Login
    host_key: Any | None
    tls: Any | None
    legacy_ssh: bool
    telnet: bool
    reach_us_at: str | None
    pulls_from: str | None
    vrf: str | None
    site: str | None
    groups: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Device(id={self.id!r}, platform={self.platform!r}, at='{self.at.host}:{self.at.port}')"


class FileEntry(Document):
    """A file of a device: its ``name`` and size; or a ``directory``."""

    name: str
    bytes: int
    directory: bool


class FileSystem(Document):
    """A file system of a device: its size (``total``) and what of it is ``free``, in bytes, and its ``files``."""

    prefix: str
    total: int | None
    free: int | None
    files: tuple[FileEntry, ...]


class Member(Document):
    """A member of a stack, or the only one. ``boot_next`` is what it boots next."""

    number: int
    role: str | None
    state: str | None
    model: str | None
    serial: str | None
    version: Document | None
    ram: int | None
    mode: str | None
    flash: FileSystem | None
    boot_next: tuple[str, ...] | None


class Inventory(Document):
    """What a device said of itself when it was asked (``taken``). ``job`` is the job that asked it; ``None`` when it was
    inspected. What the device did not say is ``None``.
    """

    device: str
    platform: str
    taken: str
    job: str | None
    hostname: str | None
    model: str | None
    serial: str | None
    version: Document | None
    software: str | None
    image: str | None
    mode: str | None
    ram: int | None
    boot_rom: str | None
    uptime_seconds: int | None
    reload_reason: str | None
    boot: Document
    install: Document | None
    redundancy: Document | None
    config_unsaved: bool | None
    privilege: int | None
    operating_mode: str | None
    snmp: Document | None
    members: tuple[Member, ...]

    def __repr__(self) -> str:
        version = self.get("version")
        running = None if version is None else version.get("text")
        return f"Inventory(device={self.device!r}, model={self.get('model')!r}, version={running!r})"


class Inspected(Document):
    """What one device said of itself (``inventory``), or why it did not (``error``), and what came of its running image where
    images are ``collected`` along with inventories.
    """

    device: str
    inventory: Inventory | None
    error: SwimError | None
    collected: Item | None

    def __repr__(self) -> str:
        return f"Inspected(device={self.device!r}, {self.error or self.inventory!r})"
