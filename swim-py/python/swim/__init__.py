"""Software image management of network devices.

:class:`Client` (blocking) and :class:`AsyncClient` (asyncio) have the same methods. What calls give are read-only
values: mappings whose fields are attributes as well. Errors are :class:`SwimError`, one class a kind in
:mod:`swim.errors`. A small upgrade::

    with swim.Client("hosts.toml") as client:
        image = client.import_image("cat9k_iosxe.17.09.04a.SPA.bin")
        client.inspect(client.devices())
        plan = client.plan(image, client.devices(), policy={"accept_unknown": ["ram.requirement_unknown"]})
        print(plan)                                    # somebody reads and approves it
        job = client.submit(plan, plan.digest)
        print(client.wait(job).outcomes)
"""

from __future__ import annotations

from os import PathLike
from typing import Any

from . import errors
from ._async_client import AsyncClient
from ._client import Client
from ._convert import plain
from ._values import (
    Acknowledged, AuditRecord, CatalogChange, CatalogImage, CheckCall, Checked, Collected, Collection, Conflict, Crypto,
    Damage, Decision, Deleted, Device, DevicePlan, DeviceReport, DeviceResult, Digests, Document, Downloaded, Elsewhere,
    Entry, ErrorRecord, Event, Exported, Fact, FamilyGroup, Fetched, FileEntry, FileSystem, Finding, Form, FormDecision,
    FormField, Found, FoundFor, HasLatest, Image, ImageAudit, ImageFacts, ImageInfo, InUse, Inspected, Inventory, Item,
    Job, JobReport, Judged, KeptCatalogue, KnownGoodList, KnownGoodTaken, Lifecycle, Lifted, Listed, Login, Member,
    Moved, NotGranted, Offered, Overrides, ParsedName, Plan, Quarantine, Ran, Receipt, Recommendation, Referrer,
    Refused, Rejudged, RejudgedImage, Report, Requirement, RequirementChange, Requirements, Requires, Run, Running,
    SaidOf, Schedule, ScrubReport, Settings, Signature, Signed, Staged, TypeGroup, Unpacked, UpgradePath, Usage,
    VendorCode,
)
from ._values import _function as function
from .errors import SwimError

__all__ = [
    "Acknowledged", "AsyncClient", "AuditRecord", "CatalogChange", "CatalogImage", "CheckCall", "Checked", "Client",
    "Collected", "Collection", "Conflict", "Crypto", "Damage", "Decision", "Deleted", "Device", "DevicePlan",
    "DeviceReport", "DeviceResult", "Digests", "Document", "Downloaded", "Elsewhere", "Entry", "ErrorRecord", "Event",
    "Exported", "Fact", "FamilyGroup", "Fetched", "FileEntry", "FileSystem", "Finding", "Form", "FormDecision",
    "FormField", "Found", "FoundFor", "HasLatest", "Image", "ImageAudit", "ImageFacts", "ImageInfo", "InUse",
    "Inspected", "Inventory", "Item", "Job", "JobReport", "Judged", "KeptCatalogue", "KnownGoodList", "KnownGoodTaken",
    "Lifecycle", "Lifted", "Listed", "Login", "Member", "Moved", "NotGranted", "Offered", "Overrides", "ParsedName",
    "Plan", "Quarantine", "Ran", "Receipt", "Recommendation", "Referrer", "Refused", "Rejudged", "RejudgedImage",
    "Report", "Requirement", "RequirementChange", "Requirements", "Requires", "Run", "Running", "SaidOf", "Schedule",
    "ScrubReport", "Settings", "Signature", "Signed", "Staged", "SwimError", "TypeGroup", "Unpacked", "UpgradePath",
    "Usage", "VendorCode", "compare_versions", "errors", "function", "identify", "parse_filename", "parse_output",
    "support",
]

__version__: str = function("version")


def compare_versions(platform: str, a: str, b: str) -> int | None:
    """-1, 0 or 1: ``a`` is older, the same, newer. ``None`` when the two cannot be ordered.

    A release and a numbered build of it (``17.9.4``, ``17.09.04.0.5148``) have no order: which build the release is, its text does
    not say. Raises ``UnsupportedError`` for a platform without versions that are known, with those that have some;
    ``InvalidInputError`` for what is no version of the platform (``ios``, ``ios_xe``, also ``IOS-XE``).

    >>> compare_versions("ios", "15.2(7)E", "15.2(7)E1")
    -1
    """
    order: int | None = function(
        "compare_versions", platform=plain(platform, "platform"), a=plain(a, "a"), b=plain(b, "b")
    )
    return order


def parse_filename(name: str | PathLike[str]) -> ParsedName:
    """What the name of an image file tells, of a path its last part. A name that tells nothing gives ``None`` in its fields.

    ``platform``, ``family`` and ``image_type`` are in the words of names (``iosxe``, ``cat9k_iosxe``, ``xe-bundle``);
    ``facts`` has the same in the words of an imported image (``ios_xe``, ``cat9k``, ``image``): what its ``facts`` are where
    its bytes say nothing.

    >>> told = parse_filename("cat9k_iosxe.17.09.04a.SPA.bin")
    >>> told.platform, told.facts.platform.value, told.facts.family.value, told.facts.image_type.value
    ('iosxe', 'ios_xe', 'cat9k', 'image')
    >>> parse_filename("isr4300-universalk9.03.16.04b.S.155-3.S4b-ext.SPA.bin").version
    '3.16.4bS'
    """
    return ParsedName(function("parse_filename", name=plain(name, "name")))


def parse_output(platform: str, command: str, text: str) -> dict[str, Any]:
    """Reads the output of a command that you have from elsewhere, as ``inspect`` does.

    Raises ``UnsupportedError`` or ``InvalidInputError`` for a platform or a command that is not known.

    >>> parse_output("ios", "show version", "sw1 uptime is 2 minutes")["hostname"]
    'sw1'
    """
    facts: dict[str, Any] = function("parse_output", platform=platform, command=command, text=text)
    return facts


def identify(path: str | PathLike[str], *, file_name: str | None = None) -> ImageFacts:
    """Says what an image file is, from its bytes and its name, where it lies; nothing is kept.

    ``file_name`` is the name to go by (default: its own), as ``import_image`` takes it.

    Raises ``NotFoundError``; ``InvalidInputError`` for what is no regular file, and for a name that no image can have.
    """
    return ImageFacts(function("identify", path=plain(path, "path"), file_name=plain(file_name, "file_name")))


def support(
    platform: str, process: str, *, family: str | None = None, model: str | None = None, mode: str | None = None
) -> Document:
    """Is a process supported on a product? ``answer`` is ``yes``, ``no``, ``conditional`` or ``unknown``, ``why`` says why not.

    ``process`` is ``import_from_device``, ``import_from_file``, ``import_from_url``, ``import_by_protocol``,
    ``distribution``, ``recommendation`` or ``analysis``; ``mode`` is ``install`` or ``bundle``.

    >>> support("aireos", "analysis").answer
    'no'
    """
    return Document(function("support", platform=platform, process=process, family=family, model=model, mode=mode))
