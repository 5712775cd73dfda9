"""Between what callers pass and the JSON that crosses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from os import PathLike, fspath
from typing import Any, TypeVar

from . import _swim
from ._values import Document, Image, Inspected, JobReport, Plan, Report
from .errors import SwimError

__all__ = ["Image", "JobReport", "Plan", "Report"]

T = TypeVar("T")


def as_list(items: Iterable[T]) -> list[T] | str:
    """A list. A single text is passed on as it is, to be refused, not taken apart into letters."""
    return items if isinstance(items, str) else list(items)


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if isinstance(value, Document):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def opening(
    config: Mapping[str, Any] | str | PathLike[str], post_check: Callable[[dict[str, Any]], bool | str] | None
) -> tuple[str | None, str | None, Callable[[str], str | None] | None]:
    """What the native half opens a client with."""
    check: Callable[[str], str | None] | None = None
    if post_check is not None:
        asked = post_check

        def check(call: str) -> str | None:
            answer = asked(json.loads(call))
            if answer is True:
                return None
            return answer if isinstance(answer, str) else "the post-check said no"

    if isinstance(config, Mapping):
        return json.dumps(plain(config)), None, check
    return None, fspath(config), check


def opened(native: _swim.NativeClient | None) -> _swim.NativeClient:
    """The native client, while there is one."""
    if native is None:
        raise SwimError("the client is closed", kind="invalid_input", operation="call")
    return native


def nothing(_: Any) -> None:
    """No result."""


def text(value: Any) -> str:
    """A text."""
    return str(value)


def texts(value: Any) -> list[str]:
    """Texts."""
    return [str(item) for item in value]


def boolean(value: Any) -> bool:
    """Yes or no."""
    return bool(value)


def documents(value: Any) -> list[Document]:
    """Documents."""
    return [Document(item) for item in value]


def images(value: Any) -> list[Image]:
    """Images."""
    return [Image(item) for item in value]


def inspected(value: Any) -> list[Inspected]:
    """What devices said, or why not."""
    return [Inspected(item) for item in value]
