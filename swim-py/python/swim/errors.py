"""Errors. All are :class:`SwimError`; ``kind`` is stable and the same in every language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


class Cause(Exception):
    """A cause of an error, as one sentence."""


class SwimError(Exception):
    """What went wrong.

    ``kind`` is a stable name. ``retry`` is ``None`` (the same call would fail again), or the seconds after which it may
    work. ``effect`` says what the failed call may have done to the device: ``none``, ``applied`` or ``unknown``.
    ``said`` holds the device's own words, ``details`` what is known by name, ``device`` which device it is about.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str | None = None,
        operation: str = "",
        retry: float | None = None,
        effect: str = "none",
        said: str | None = None,
        details: Mapping[str, Any] | None = None,
        causes: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{operation}: {message}" if operation else message)
        self.message = message
        self.kind = kind or next((name for name, of in BY_KIND.items() if of is type(self)), "internal")
        self.operation = operation
        self.retry = retry
        self.effect = effect
        self.said = said
        self.details: dict[str, Any] = dict(details or {})
        self.causes = tuple(causes)
        outer: BaseException = self
        for sentence in self.causes:
            outer.__cause__ = Cause(sentence)
            outer = outer.__cause__

    @property
    def device(self) -> str | None:
        """The device that it is about."""
        device = self.details.get("device")
        return None if device is None else str(device)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = ("kind", "operation", "retry", "effect", "said", "details", "causes")
        return (_rebuilt, (type(self), self.message, {name: getattr(self, name) for name in fields}))


def _rebuilt(kind: type[SwimError], message: str, fields: dict[str, Any]) -> SwimError:
    return kind(message, **fields)


class InvalidInputError(SwimError):
    """The kind ``invalid_input``."""


class NotFoundError(SwimError):
    """The kind ``not_found``."""


class UnsupportedError(SwimError):
    """The kind ``unsupported``."""


class UnreachableError(SwimError):
    """The kind ``unreachable``."""


class AuthError(SwimError):
    """The kind ``auth``."""


class PrivilegeError(SwimError):
    """The kind ``privilege``."""


class StepTimeoutError(SwimError):
    """The kind ``timeout``."""


class InterruptedError(SwimError):
    """The kind ``interrupted``."""


class CancelledError(SwimError):
    """The kind ``cancelled``."""


class NoSpaceError(SwimError):
    """The kind ``no_space``."""


class IntegrityError(SwimError):
    """The kind ``integrity``."""


class IncompatibleError(SwimError):
    """The kind ``incompatible``."""


class BlockedError(SwimError):
    """The kind ``blocked``."""


class DeviceRejectedError(SwimError):
    """The kind ``device_rejected``."""


class UnexpectedReplyError(SwimError):
    """The kind ``unexpected_reply``."""


class AgreementRequiredError(SwimError):
    """The kind ``agreement_required``."""


class NotEntitledError(SwimError):
    """The kind ``not_entitled``."""


class BusyError(SwimError):
    """The kind ``busy``."""


class ConflictError(SwimError):
    """The kind ``conflict``."""


class LeaseLostError(SwimError):
    """The kind ``lease_lost``."""


class StoreError(SwimError):
    """The kind ``store``."""


class InternalError(SwimError):
    """The kind ``internal``."""


BY_KIND: dict[str, type[SwimError]] = {
    "invalid_input": InvalidInputError,
    "not_found": NotFoundError,
    "unsupported": UnsupportedError,
    "unreachable": UnreachableError,
    "auth": AuthError,
    "privilege": PrivilegeError,
    "timeout": StepTimeoutError,
    "interrupted": InterruptedError,
    "cancelled": CancelledError,
    "no_space": NoSpaceError,
    "integrity": IntegrityError,
    "incompatible": IncompatibleError,
    "blocked": BlockedError,
    "device_rejected": DeviceRejectedError,
    "unexpected_reply": UnexpectedReplyError,
    "agreement_required": AgreementRequiredError,
    "not_entitled": NotEntitledError,
    "busy": BusyError,
    "conflict": ConflictError,
    "lease_lost": LeaseLostError,
    "store": StoreError,
    "internal": InternalError,
}


def from_record(record: str | Mapping[str, Any]) -> SwimError:
    """The exception of an error record."""
    fields: Mapping[str, Any] = json.loads(record) if isinstance(record, str) else record
    details: dict[str, Any] = dict(fields.get("context", ()))
    if "forked" in details:
        details["forked"] = details["forked"] == "true"
    kind = fields["kind"]
    return BY_KIND.get(kind, SwimError)(
        fields["message"],
        kind=kind,
        operation=fields["operation"],
        retry=_seconds(fields["retry"]),
        effect=fields["effect"],
        said=fields.get("said"),
        details=details,
        causes=fields.get("causes", ()),
    )


def _seconds(retry: Any) -> float | None:
    if retry == "now":
        return 0.0
    if isinstance(retry, Mapping):
        after = retry["after"]
        return float(after["secs"]) + float(after["nanos"]) / 1e9
    return None
