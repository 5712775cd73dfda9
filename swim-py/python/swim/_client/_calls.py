"""What the verbs of the client stand on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Calls(ABC):
    """Something that calls a verb by its name."""

    @abstractmethod
    def call(self, verb: str, arguments: Mapping[str, Any], *, timeout: float | None = None) -> Any:
        """Calls a verb with plain values, and gives plain values."""
