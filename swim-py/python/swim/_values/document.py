"""What all values are: read-only mappings whose fields are attributes as well."""

from __future__ import annotations

import copy
import json
import keyword
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from .. import _swim


def _function(name: str, /, **arguments: Any) -> Any:
    """Calls a function that needs no client by its name, with plain values: ``function("version")``."""
    return json.loads(_swim.function(name, json.dumps(arguments)))


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return Document(value)
    if isinstance(value, list):
        return tuple(_wrapped(item) for item in value)
    return value


class Document(Mapping[str, Any]):
    """A read-only mapping. ``document.field`` is ``document["field"]``; what is inside is wrapped in the same way.

    A field whose name is a word of Python's own has an underscore behind it as an attribute: ``document.from_`` is
    ``document["from"]``.
    """

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
        if name.startswith("__") or name == "_fields":
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        field = name[:-1] if name.endswith("_") and keyword.iskeyword(name[:-1]) else name
        if field not in self._fields:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        return self[field]

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
