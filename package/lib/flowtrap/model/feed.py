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

    The field's true value is always among the values of group 1 of `pattern`, unless the record
    holds none of them and `guard` is found: then the bytes do not tell, and it must be parsed.
    A record with neither has no such field.
    """

    pattern: Pattern[bytes]
    guard: Pattern[bytes] | None = None


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
    it must be a top-level key of the record. `normalise` raises RecordError.
    """

    name: str
    recognise: Callable[[Mapping[str, Any]], bool]
    normalise: Callable[[Mapping[str, Any]], Event]
    name_field: str = ""
    raw_keys: Mapping[str, RawKey] = {}
    text: TextFormat | None = None
