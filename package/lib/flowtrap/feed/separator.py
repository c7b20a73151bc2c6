"""What stands between two records of a list, and cutting at it: the fast way of `documents`.

Example: in `[{"a":1},{"a":2}]` records are separated by `},` and `{"a"`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .structure import is_one_value

_NEXT = re.compile(rb'(\s*,\s*)(\{\s*"(?:[^"\\\n]|\\.)*")').match


class Separator(NamedTuple):
    """What stands between two records: `closing` ends one (`},`), `opening` begins the next."""

    closing: bytes
    opening: bytes

    @property
    def gap(self) -> int:
        """Return the length of what is in neither record."""
        return len(self.closing) - 1


def separator_at(text: bytes, at: int) -> Separator | None:
    """Return what separates the record that ends at `at` from the next, None if none follows."""
    found = _NEXT(text, at)
    return Separator(b"}" + found[1], found[2]) if found else None


def cut(text: bytes, start: int, separator: Separator) -> tuple[list[bytes], int, bool]:
    """Return the records from `start` on, the start of the first not cut, and if it is in doubt.

    Cost: one search through the text and one slice a record.
    """
    closing, opening = separator
    gap, before = separator.gap, len(closing)
    pieces: list[bytes] = []
    add, find, is_closed = pieces.append, text.find, text.startswith
    at = find(opening, start + 1)
    while at >= 0:
        if not is_closed(closing, at - before):
            return pieces, start, True
        add(text[start : at - gap])
        start = at
        at = find(opening, at + 1)
    return pieces, start, False


def is_one_record(piece: bytes, separator: Separator) -> bool:
    """Tell whether a piece was cut right: without a list inside it cannot be part of a record."""
    if b"[" not in piece and separator.closing + b"{" not in piece:
        return True
    return is_one_value(piece)
