"""What a value of a record is worth as text; shared by the feeds that take texts as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap.model.event import NO_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable

NONE = frozenset(NO_VALUE)


def text(value: Any) -> str:
    """Return a text, or "" where it is none or says that there is none."""
    return value if isinstance(value, str) and value not in NONE else ""


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Return what is not empty, once each, in order."""
    return tuple(dict.fromkeys(value for value in values if value))
