"""Between what callers pass and the JSON that crosses."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from os import PathLike, fspath
from typing import Any, TypeVar, Union

from . import _swim
from ._values import CheckCall, Document
from .errors import InvalidInputError

T = TypeVar("T")
D = TypeVar("D", bound=Document)

#: A device, or its id.
DeviceRef = Union[str, Mapping[str, Any]]
#: An image, or what it is called: its id, the first digits of it (four or more), or its file name.
ImageRef = Union[str, Mapping[str, Any]]
#: A configuration, or the path of a TOML file with one.
ConfigSource = Union[Mapping[str, Any], str, "PathLike[str]"]

NativeCheck = Callable[[str], "str | None"]


def as_list(items: Iterable[T]) -> Any:
    """A list. What is none (a single text, a mapping, a number) is passed on as it is, to be refused by its name, not taken apart."""
    return list(items) if isinstance(items, Iterable) and not isinstance(items, (str, bytes, Mapping)) else items


def ids(devices: Iterable[DeviceRef]) -> Any:
    """The ids of devices."""
    if isinstance(devices, Mapping):
        shown = {"field": "devices"}
        raise InvalidInputError("devices = a mapping: must be a list of devices or ids", operation="read input", details=shown)
    items = as_list(devices)
    return [d.get("id", d) if isinstance(d, Mapping) else d for d in items] if isinstance(items, list) else items


def named(image: ImageRef) -> Any:
    """The id of an image, or the name that was given."""
    return image.get("id", image) if isinstance(image, Mapping) else image


def numbered(offered: Mapping[str, Any] | int) -> Any:
    """The number of an offer."""
    return offered.get("offer", offered) if isinstance(offered, Mapping) else offered


def all_named(images: Iterable[ImageRef]) -> Any:
    """The ids of images, or the names that were given."""
    items = as_list(images)
    return [named(image) for image in items] if isinstance(items, list) else items


def plain(value: Any, where: str = "value") -> Any:
    """A value as JSON knows it. What it does not know is named by its place and type, never shown: it may be secret."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{where}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, PathLike):
        return plain(fspath(value), where)
    told = f"{where}: a {type(value).__name__} cannot be passed on"
    raise InvalidInputError(told, operation="read input", details={"field": where})


def written(value: Mapping[str, Any], where: str) -> str:
    """JSON."""
    try:
        return json.dumps(plain(value, where), allow_nan=False)
    except ValueError:
        refused = InvalidInputError(f"{where}: a number in it is not finite", operation="read input")
    raise refused


def opening(config: ConfigSource, check: NativeCheck | None) -> tuple[str | None, str | None, NativeCheck | None]:
    """What the native half opens a client with."""
    if isinstance(config, Mapping):
        return written(config, "config"), None, check
    return None, fspath(config), check


def reason(answer: Any) -> str | None:
    """Why a device must go back; ``None`` when it is good."""
    if answer is True:
        return None
    if answer is False or answer == "":
        return "the post-check said no"
    if isinstance(answer, str):
        return answer
    raise TypeError(f"post_check answered a {type(answer).__name__}: it must answer True, False or a reason")


def blocking_check(post_check: Callable[[CheckCall], bool | str] | None) -> NativeCheck | None:
    """The check of a blocking client."""
    if post_check is None:
        return None
    if inspect.iscoroutinefunction(post_check):
        raise TypeError("post_check of a blocking client must be a plain function: AsyncClient takes coroutines")
    return lambda call: reason(post_check(CheckCall(json.loads(call))))


def awaited_check(
    post_check: Callable[[CheckCall], bool | str | Awaitable[bool | str]] | None, loop: asyncio.AbstractEventLoop
) -> NativeCheck | None:
    """The check of an asyncio client: what it has to await is awaited by the event loop, not by the asking thread."""
    if post_check is None:
        return None

    async def awaited(answer: Awaitable[bool | str]) -> bool | str:
        return await answer

    def check(call: str) -> str | None:
        answer = post_check(CheckCall(json.loads(call)))
        if inspect.isawaitable(answer):
            answer = asyncio.run_coroutine_threadsafe(awaited(answer), loop).result()
        return reason(answer)

    return check


def opened(native: _swim.NativeClient | None) -> _swim.NativeClient:
    """The native client, while there is one."""
    if native is None:
        raise InvalidInputError("the client is closed", operation="call")
    return native


def all_of(kind: type[D], items: Iterable[Mapping[str, Any]]) -> list[D]:
    """Values of one kind."""
    return [kind(item) for item in items]


def shown(config: ConfigSource) -> str:
    """What a client says of itself: where its data or its configuration is, and nothing else."""
    return repr(str(config.get("data"))) if isinstance(config, Mapping) else repr(fspath(config))
