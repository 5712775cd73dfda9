"""Values that calls give: read-only mappings whose fields are attributes as well."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from . import _swim
from .errors import SwimError, from_record


def _function(name: str, /, **arguments: Any) -> Any:
    return json.loads(_swim.function(name, json.dumps(arguments)))


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return Document(value)
    if isinstance(value, list):
        return tuple(_wrapped(item) for item in value)
    return value


class Document(Mapping[str, Any]):
    """A read-only mapping. ``document.field`` is ``document["field"]``; what is inside is wrapped in the same way."""

    __slots__ = ("_fields",)
    _fields: dict[str, Any]

    def __init__(self, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_fields", copy.deepcopy(dict(fields)))

    def __getitem__(self, key: str) -> Any:
        return _wrapped(self._fields[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_fields" or name not in self._fields:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        return self[name]

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is read-only")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is read-only")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Document):
            return self._fields == other._fields
        return self._fields == other

    def __hash__(self) -> int:
        return hash(json.dumps(self._fields, sort_keys=True))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self._fields,))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._fields!r})"

    def to_dict(self) -> dict[str, Any]:
        """A plain copy."""
        return copy.deepcopy(self._fields)


class Image(Document):
    """An image of the repository."""

    def __repr__(self) -> str:
        return f"Image(id={self.id[:12]!r}, file_name={self.file_name!r})"


class Inventory(Document):
    """What a device said of itself."""

    def __repr__(self) -> str:
        return f"Inventory(device={self.device!r}, model={self.get('model')!r})"


class Inspected(Document):
    """What one device said of itself, or why it did not."""

    @property
    def inventory(self) -> Inventory | None:
        """What it said."""
        said = self._fields.get("inventory")
        return None if said is None else Inventory(said)

    @property
    def error(self) -> SwimError | None:
        """Why it did not."""
        record = self._fields.get("error")
        return None if record is None else from_record(record)


class Report(Document):
    """May devices run an image?"""

    def __repr__(self) -> str:
        return f"Report(file_name={self.file_name!r}, devices={len(self.devices)})"

    def __str__(self) -> str:
        return str(_function("report_text", report=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("report_html", report=self._fields))


class Plan(Document):
    """An upgrade, step by step; approved by its digest."""

    @property
    def digest(self) -> str:
        """What approves it."""
        return str(_function("plan_digest", plan=self._fields))

    def diff(self, other: Plan) -> list[str]:
        """What ``other`` does in another way, one line each."""
        return [str(line) for line in _function("plan_diff", old=self._fields, new=other._fields)]

    def __repr__(self) -> str:
        return f"Plan(digest={self.digest[:12]!r}, devices={len(self.devices)}, refused={len(self.refused)})"

    def __str__(self) -> str:
        return str(_function("plan_text", plan=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("plan_html", plan=self._fields))


class JobReport(Document):
    """How a job stands."""

    def __repr__(self) -> str:
        return f"JobReport(job={self.job!r}, status={self.status!r}, devices={len(self.devices)})"

    def __str__(self) -> str:
        return str(_function("job_text", report=self._fields))

    def _repr_html_(self) -> str:
        return str(_function("job_html", report=self._fields))
