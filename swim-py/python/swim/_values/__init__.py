"""Values that calls give, by noun."""

from __future__ import annotations

from .collections import Collected, Collection, ErrorRecord, Item, Ran, Run, Schedule
from .devices import Device, FileEntry, FileSystem, Inspected, Inventory, Login, Member
from .document import Document, _function
from .images import (
    Damage, Digests, Fact, Image, ImageAudit, ImageFacts, ImageInfo, Lifted, Overrides, ParsedName, Quarantine,
    Requirement, RequirementChange, Requirements,
)
from .jobs import AuditRecord, CheckCall, DeviceResult, Event, Job, JobReport
from .planning import (
    DevicePlan, DeviceReport, Finding, HasLatest, Judged, Plan, Recommendation, Refused, Report, Running,
)
from .transfers import Checked, Moved, Offered, Receipt

__all__ = [
    "AuditRecord", "CheckCall", "Checked", "Collected", "Collection", "Damage", "Device", "DevicePlan",
    "DeviceReport", "DeviceResult", "Digests", "Document", "ErrorRecord", "Event", "Fact", "FileEntry",
    "FileSystem", "Finding", "HasLatest", "Image", "ImageAudit", "ImageFacts", "ImageInfo", "Inspected",
    "Inventory", "Item", "Job", "JobReport", "Judged", "Lifted", "Login", "Member", "Moved", "Offered", "Overrides",
    "ParsedName", "Plan", "Quarantine", "Ran", "Receipt", "Recommendation", "Refused", "Report", "Requirement",
    "RequirementChange", "Requirements", "Run", "Running", "Schedule", "_function",
]
