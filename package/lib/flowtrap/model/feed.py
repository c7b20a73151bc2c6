"""What the pipeline must know of a feed: one row of the feed table.

Example: `aws_cloudtrail` is recognised by eventSource and eventName; its front door looks for the
raw token `"eventName":` and takes a function's session from the bytes `assumed-role/ROLE/NAME`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from re import Pattern

    from .event import Event


class RawKey(NamedTuple):
    """Where the raw bytes of a record show a normalised field, so that it need not be parsed yet.

    The field's true value is always among `values`, unless the record holds none of them and one
    of `guards` is found: then the bytes do not tell, and it must be parsed. A record with neither
    has no such field. Not to be asked of a record with escaped letters or slashes.

    A value is group 1 of a pattern. Each pattern begins with plain text: that is what `re` finds
    fast, and why there are several instead of one with alternatives.
    """

    patterns: tuple[Pattern[bytes], ...]
    guards: tuple[bytes, ...] = ()

    def values(self, line: bytes) -> list[bytes] | None:
        """Return what the field may be, None where only parsing can tell."""
        found: list[bytes] = []
        for pattern in self.patterns:
            found += pattern.findall(line)
        if len(found) > 1:
            return list(dict.fromkeys(found))
        if not found:
            for guard in self.guards:
                if guard in line:
                    return None
        return found


class TextFormat(NamedTuple):
    """A feed whose records may be text lines.

    `header(line)` returns the columns if the line is a header, or the default ones if it is a
    record of this feed, else None. `parse(columns, line)` returns the record.
    """

    header: Callable[[str], tuple[str, ...] | None]
    parse: Callable[[tuple[str, ...], str], Mapping[str, Any]]


class FeedSpec(NamedTuple):
    """A feed: how it is recognised, normalised, and sifted before parsing.

    `name_field` is the native field whose value names the operation ("" where there is none);
    it must be a top-level key of the record. `normalise` raises RecordError. `raw_fields` are
    native fields, by path, whose texts stand in the bytes as they are. `least_ms` tells from the
    bytes a time, in milliseconds, before which the record did not happen.
    """

    name: str
    recognise: Callable[[Mapping[str, Any]], bool]
    normalise: Callable[[Mapping[str, Any]], Event]
    name_field: str = ""
    raw_keys: Mapping[str, RawKey] = {}
    raw_fields: frozenset[str] = frozenset()
    least_ms: Callable[[bytes], int] | None = None
    text: TextFormat | None = None
