"""Software image management of network devices."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from . import errors
from ._async_client import AsyncClient
from ._client import Client
from ._values import Document, Image, Inspected, Inventory, JobReport, Plan, Report
from ._values import _function as function
from .errors import SwimError

__all__ = [
    "AsyncClient", "Client", "Document", "Image", "Inspected", "Inventory", "JobReport", "Plan", "Report", "SwimError",
    "compare_versions", "errors", "function", "identify", "parse_filename", "parse_output",
]

__version__: str = function("version")


def compare_versions(platform: str, a: str, b: str) -> int | None:
    """-1, 0 or 1; ``None`` when the two cannot be ordered.

    >>> compare_versions("ios", "15.2(7)E", "15.2(7)E1")
    -1
    """
    order: int | None = function("compare_versions", platform=platform, a=a, b=b)
    return order


def parse_filename(name: str) -> Document:
    """What the name of an image file tells.

    >>> parse_filename("isr4300-universalk9.03.16.04b.S.155-3.S4b-ext.SPA.bin").version
    '3.16.4bS'
    """
    return Document(function("parse_filename", name=name))


def parse_output(platform: str, command: str, text: str) -> dict[str, Any]:
    """Reads the output of a command."""
    facts: dict[str, Any] = function("parse_output", platform=platform, command=command, text=text)
    return facts


def identify(path: str | PathLike[str], *, file_name: str | None = None) -> Document:
    """Says what an image file is, from its bytes and its name."""
    return Document(function("identify", path=fspath(path), file_name=file_name))
