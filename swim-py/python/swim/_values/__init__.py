"""Values that calls give, by noun."""

from __future__ import annotations

from .catalogs import (
    Acknowledged, CatalogChange, CatalogImage, Crypto, Decision, Downloaded, Entry, Fetched, Form, FormDecision,
    FormField, Found, FoundFor, KeptCatalogue, Lifecycle, Listed, NotGranted, Requires, Signature, Signed, UpgradePath,
    VendorCode,
)
from .collections import Collected, Collection, ErrorRecord, Item, Ran, Run, Schedule
from .devices import Device, FileEntry, FileSystem, Inspected, Inventory, Login, Member
from .document import Document, _function
from .images import (
    Damage, Digests, Fact, Image, ImageAudit, ImageFacts, ImageInfo, Lifted, Overrides, ParsedName, Quarantine,
    Requirement, RequirementChange, Requirements,
)
from .jobs import AuditRecord, CheckCall, DeviceResult, Event, Job, JobReport
from .known_good import KnownGoodList, KnownGoodTaken, Rejudged, RejudgedImage, SaidOf
from .planning import (
    DevicePlan, DeviceReport, Elsewhere, Finding, HasLatest, Judged, Plan, Recommendation, Refused, Report, Running,
    Settings,
)
from .repository import Conflict, Deleted, Exported, FamilyGroup, ScrubReport, TypeGroup, Unpacked
from .transfers import Checked, Moved, Offered, Receipt
from .uses import InUse, Referrer, Staged, Usage

__all__ = [
    "Acknowledged", "AuditRecord", "CatalogChange", "CatalogImage", "CheckCall", "Checked", "Collected", "Collection",
    "Conflict", "Crypto", "Damage", "Decision", "Deleted", "Device", "DevicePlan", "DeviceReport", "DeviceResult",
    "Digests", "Document", "Downloaded", "Elsewhere", "Entry", "ErrorRecord", "Event", "Exported", "Fact",
    "FamilyGroup", "Fetched", "FileEntry", "FileSystem", "Finding", "Form", "FormDecision", "FormField", "Found",
    "FoundFor", "HasLatest", "Image", "ImageAudit", "ImageFacts", "ImageInfo", "InUse", "Inspected", "Inventory",
    "Item", "Job", "JobReport", "Judged", "KeptCatalogue", "KnownGoodList", "KnownGoodTaken", "Lifecycle", "Lifted",
    "Listed", "Login", "Member", "Moved", "NotGranted", "Offered", "Overrides", "ParsedName", "Plan", "Quarantine",
    "Ran", "Receipt", "Recommendation", "Referrer", "Refused", "Rejudged", "RejudgedImage", "Report", "Requirement",
    "RequirementChange", "Requirements", "Requires", "Run", "Running", "SaidOf", "Schedule", "ScrubReport", "Settings",
    "Signature", "Signed", "Staged", "TypeGroup", "Unpacked", "UpgradePath", "Usage", "VendorCode", "_function",
]
