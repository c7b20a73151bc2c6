"""A page of activities.list, cut into events without changing a byte of what Google wrote.

    {"items":[{"id":{…},"events":[{"name":"edit"},{"name":"view"}]}]}

gives two events, each the activity with one member as `event` in the place of `events`:

    {"id":{…},"event":{"name":"edit"}}    {"id":{…},"event":{"name":"view"}}

An activity without members is one event, as it came.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from flowtrap.model.errors import RecordError
from flowtrap.normalise.times import time_ms
from flowtrap_inputs.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_decode: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(strict=False).raw_decode
_SPACE = re.compile(r"[ \t\r\n]*")


class Event(NamedTuple):
    """One member of an activity: its bytes, when (None: not told), and 64 bits that name it."""

    content: bytes
    time_s: float | None
    key: int


class Page(NamedTuple):
    """The events of a page, newest first, and the token of the next page, "" on the last."""

    events: list[Event]
    next_token: str


class _Span(NamedTuple):
    """A member of an object, or an element of an array, in a text from `start` to `end`.

    `name` and `name_start` are its name and where that begins; of an element, "" and `start`.
    """

    name: str
    name_start: int
    start: int
    end: int
    value: Any


def read_page(body: bytes) -> Page:
    """Return a page; raise MalformedError if it is not one, or is cut off."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        told = {span.name: span for span in _members(text, _skip(text, 0))}
        items = _elements(text, told["items"].start) if "items" in told else ()
        events = [event for item in items for event in _events(text, item)]
    except RecursionError:
        raise MalformedError("the page is nested too deep") from None
    except (ValueError, IndexError):
        raise MalformedError("the page is not JSON of the Reports API, or is cut off") from None
    token = told["nextPageToken"].value if "nextPageToken" in told else ""
    return Page(events, str(token or ""))


def _events(text: str, item: _Span) -> Iterator[Event]:
    """Yield the events of one activity."""
    if not isinstance(item.value, dict):
        raise MalformedError("an activity of the page is not a JSON object")
    identity = item.value.get("id")
    identity = identity if isinstance(identity, dict) else {}
    time_s = _time_s(identity.get("time"))
    name = _named(identity) or text[item.start : item.end]
    for number, content in enumerate(_contents(text, item)):
        digest = hashlib.blake2b(_bytes(f"{name}\x1f{number}"), digest_size=8).digest()
        yield Event(content, time_s, int.from_bytes(digest, "big"))


def _named(identity: dict[str, Any]) -> str:
    """Return what names an activity among all, "" where Google does not say it all."""
    parts = ("time", "uniqueQualifier", "applicationName", "customerId")
    if not all(identity.get(part) for part in parts):
        return ""
    return "\x1f".join(str(identity[part]) for part in parts)


def _time_s(told: Any) -> float | None:
    try:
        return time_ms(told) / 1000 if isinstance(told, str) else None
    except RecordError:
        return None


def _contents(text: str, item: _Span) -> Iterator[bytes]:
    """Yield the activity once for each of its members."""
    fields = {span.name: span for span in _members(text, item.start)}
    field = fields.get("events")
    if field is None or not isinstance(field.value, list) or not field.value:
        yield _bytes(text[item.start : item.end])
        return
    before, after = text[item.start : field.name_start], text[field.end : item.end]
    colon = text[text.index('"', field.name_start + 1) + 1 : field.start]
    for member in _elements(text, field.start):
        yield _bytes(f'{before}"event"{colon}{text[member.start : member.end]}{after}')


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# -- where things are in JSON text; ValueError or IndexError where it is none ----------------------


def _skip(text: str, at: int) -> int:
    """Return where the next character is that is no white space."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def _members(text: str, at: int) -> Iterator[_Span]:
    """Yield the members of the object that begins here."""
    if text[at] != "{":
        raise ValueError("no object")
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = _decode(text, at)
        colon = _skip(text, end)
        if not isinstance(name, str) or text[colon] != ":":
            raise ValueError("no name")
        start = _skip(text, colon + 1)
        value, end = _decode(text, start)
        yield _Span(name, at, start, end, value)
        at = _after(text, end, "}")


def _elements(text: str, at: int) -> Iterator[_Span]:
    """Yield the elements of the array that begins here."""
    if text[at] != "[":
        raise ValueError("no array")
    at = _skip(text, at + 1)
    while text[at] != "]":
        value, end = _decode(text, at)
        yield _Span("", at, at, end, value)
        at = _after(text, end, "]")


def _after(text: str, at: int, closing: str) -> int:
    """Return where the next member or element begins, or the closing bracket is."""
    at = _skip(text, at)
    if text[at] == closing:
        return at
    if text[at] != ",":
        raise ValueError("no comma")
    return _skip(text, at + 1)
