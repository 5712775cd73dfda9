"""Values that calls give, by noun."""

from __future__ import annotations

from .collections import Collected, Ran, Run
from .devices import Device, Inspected, Inventory
from .document import Document, _function
from .images import Image, Requirements
from .jobs import AuditRecord, CheckCall, DeviceResult, Event, Job, JobReport
from .planning import HasLatest, Plan, Recommendation, Report
from .transfers import Checked, Moved, Offered, Receipt

__all__ = [
    "AuditRecord", "CheckCall", "Checked", "Collected", "Device", "DeviceResult", "Document", "Event", "HasLatest",
    "Image", "Inspected", "Inventory", "Job", "JobReport", "Moved", "Offered", "Plan", "Ran", "Receipt",
    "Recommendation", "Report", "Requirements", "Run", "_function",
]
