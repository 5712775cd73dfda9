"""What all values are: read-only mappings whose fields are attributes as well, also those that are absent."""

from __future__ import annotations

import copy
import json
import keyword
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, NamedTuple, NoReturn, Union, get_args, get_origin, get_type_hints

from .. import _swim
from ..errors import SwimError, from_record


def _function(name: str, /, **arguments: Any) -> Any:
    """Calls a function that needs no client by its name, with plain values: ``function("version")``."""
    return json.loads(_swim.function(name, json.dumps(arguments)))


def _wrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return Document(value)
    if isinstance(value, list):
        return tuple(_wrapped(item) for item in value)
    return value


class _Declared(NamedTuple):
    """What a class says of one of its fields."""

    kind: type[Any]
    many: bool
    absent: Any


#: A field that must be there.
_REQUIRED = object()


#: What every document has as a mapping.
_METHODS = frozenset({"get", "items", "keys", "to_dict", "values"})


def _field(name: str) -> str:
    """The field that an attribute is: ``from_`` is ``from``, ``values_`` is ``values``."""
    field = name[:-1] if name.endswith("_") else name
    return field if keyword.iskeyword(field) or field in _METHODS else name


def _understood(hint: Any) -> _Declared:
    choices = [kind for kind in get_args(hint) if kind is not NoneType]
    if NoneType in get_args(hint):
        return _understood(Union[tuple(choices)])._replace(absent=None)
    if get_origin(hint) in (Union, UnionType):
        documents = [kind for kind in choices if isinstance(kind, type) and issubclass(kind, Document)]
        return _Declared(documents[0] if documents else object, False, _REQUIRED)
    if get_origin(hint) is tuple:
        return _Declared(choices[0] if isinstance(choices[0], type) else object, True, ())
    if hint is bool:
        return _Declared(bool, False, False)
    return _Declared(hint if isinstance(hint, type) else object, False, _REQUIRED)


#: What classes declare, by class: worked out once.
_known: dict[type[Document], dict[str, _Declared]] = {}


def _declared(kind: type[Document]) -> dict[str, _Declared]:
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = {_field(name): _understood(hint) for name, hint in hints.items() if not name.startswith("_")}
    return _known[kind]


class Document(Mapping[str, Any]):
    """A read-only mapping. ``document.field`` is ``document["field"]``; what is inside is wrapped in the same way.

    A field whose name is a word of Python's own, or a method of mappings, has an underscore behind it as an attribute:
    ``document.from_`` is ``document["from"]``, ``document.values_`` is ``document["values"]``.

    JSON leaves out what there is not. A field that the class declares is an attribute all the same: ``None`` where it may be
    absent, ``()`` for a list, ``False`` for a yes or no; as a mapping the document has only what is there. What is not
    declared and not there raises ``AttributeError``.
    """

    __slots__ = ("_fields",)
    _fields: dict[str, Any]

    def __init__(self, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_fields", copy.deepcopy(dict(fields)))

    def __getitem__(self, key: str) -> Any:
        value, declared = self._fields[key], _declared(type(self)).get(key)
        if value is None or declared is None or not issubclass(declared.kind, Document):
            return _wrapped(value)
        if declared.many:
            return tuple(declared.kind(item) for item in value)
        return declared.kind(value) if isinstance(value, Mapping) else _wrapped(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_fields":
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        field = _field(name)
        declared = _declared(type(self)).get(field)
        if field not in self._fields:
            if declared is None or declared.absent is _REQUIRED:
                raise AttributeError(f"{type(self).__name__} has no field {name!r}")
            return declared.absent
        value = self._fields[field]
        if value is not None and declared is not None and declared.kind is SwimError:
            return from_record(value)
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
