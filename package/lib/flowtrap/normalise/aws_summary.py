"""Shared pieces of the line that says what was done to what.

Example: `some(["a", "b", "c"], most=2)` is `a, b, +1`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .values import text

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUES_SHOWN = 20  # BatchGetSecretValue takes 20 secrets at most, GetParameters 10


def some(values: Sequence[str], most: int = VALUES_SHOWN) -> str:
    """Return values joined by commas, with a count of those left out."""
    shown = list(values[:most])
    if len(values) > most:
        shown.append(f"+{len(values) - most}")
    return ", ".join(shown)


def plain_summary(action: str, request: dict[str, Any]) -> str:
    """Return the summary of a call that nothing special is known of: its first texts.

    Example: `CreateDomain domainName demo-search`
    """
    for key, value in request.items():
        if text(value):
            return f"{action} {key} {value[:200]}"
    return action


def one_line(summary: str) -> str:
    """Return a summary without line breaks; values come from the record as they are."""
    return summary if summary.isprintable() else " ".join(summary.split())
