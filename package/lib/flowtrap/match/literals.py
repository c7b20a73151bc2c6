"""Texts that the bytes of a record must hold if a condition is to hold.

A condition that asks `userAgent` to contain exec-env/AWS_Lambda in just this case can only hold for
a record in whose bytes that text stands. The front door asks for it before it parses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAFE = re.compile(r"[\w .:/-]*[A-Za-z][\w .:/-]*", re.ASCII)  # JSON writes it as it is
_ANY = (".*", "^", "$", r"\A", r"\Z")
NONE: frozenset[bytes] = frozenset()


def required(ast: Sequence[Any], raw_fields: frozenset[str]) -> frozenset[bytes]:
    """Return texts that all must stand in a record for which the condition holds.

    Only conditions that heed case say anything, on `raw_fields`: native fields whose text stands in
    the bytes.
    """
    kind, *parts = ast
    if kind == "and":
        return NONE.union(*(required(part, raw_fields) for part in parts))
    if kind == "or" and parts:
        return frozenset.intersection(*(required(part, raw_fields) for part in parts))
    if kind == "re" and parts[0] in raw_fields and "i" not in parts[2]:
        text = _literal(parts[1])
        return frozenset((text.encode(),)) if _SAFE.fullmatch(text) else NONE
    return NONE


def _literal(pattern: str) -> str:
    """Return the text that a wildcard's pattern asks for, "" where it is not one text."""
    for end in _ANY:
        pattern = pattern[len(end) :] if pattern.startswith(end) else pattern
    for end in _ANY:
        pattern = pattern[: -len(end)] if pattern.endswith(end) else pattern
    text = re.sub(r"\\(.)", r"\1", pattern)
    return text if re.escape(text) == pattern else ""
