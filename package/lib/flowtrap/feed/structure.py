"""Where JSON values end, told from strings and brackets alone: nothing is decoded.

A raw newline never occurs inside a JSON string, brackets close in the order in which they open, and
inside a value an object only stands behind a colon, or in a list at its start or behind a comma.
Whatever breaks these rules shows where a damaged value ends and the next one begins.

Example: `value_end(b'{"a": "}"} {"b": 1}', 0)` is 10.
"""

from __future__ import annotations

import re
from typing import NamedTuple

INCOMPLETE = -1
_STRING = rb'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*(?:' + _STRING + rb'[^"{}\[\]]*)*([{}\[\]])').match
_BROKEN_STRING = re.compile(
    rb'[^"{}\[\]]*(?:' + _STRING + rb'[^"{}\[\]]*)*"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*\\?\n'
).match
_SCALAR = re.compile(rb"\s*(?:" + _STRING + rb"|[-+.\w]+)").match
_KEY = re.compile(rb'\s*,?\s*"([^"\\\n]*)"\s*:\s*').match
_LIST = re.compile(rb"\[\s*(?=[{\]])").match
_ANY = b"?"
_OPENED_BY = {ord("}"): b"{?", ord("]"): b"[?"}
_OPENS_BEHIND = {ord("{"): b":", ord("["): b"[,:", ord("?"): b"[,:"}  # ":" if too far back to see

LIST_KEYS = {
    *(b"Records", b"records", b"value", b"items", b"results", b"logEvents", b"hits", b"entries"),
    *(b"Events", b"receivedMessages"),
}
# What stands beside those lists in answers and messages: Elasticsearch search, Splunk results,
# CloudWatch subscription and get-log-events, Graph and ARM pages, Reports API pages.
ENVELOPE_KEYS = {
    *(b"took", b"timed_out", b"_shards", b"_clusters", b"_scroll_id", b"total", b"max_score"),
    *(b"preview", b"init_offset", b"post_process_count", b"messages", b"fields", b"highlighted"),
    *(b"messageType", b"owner", b"logGroup", b"logStream", b"subscriptionFilters"),
    *(b"@odata.context", b"@odata.count", b"@odata.nextLink", b"nextLink", b"count"),
    *(b"kind", b"etag", b"nextPageToken", b"nextForwardToken", b"nextBackwardToken", b"NextToken"),
}


class BrokenJson(ValueError):
    """The text is not JSON; from byte `at` on it may be again."""

    def __init__(self, at: int) -> None:
        super().__init__(f"not JSON at byte {at}")
        self.at = at


class Opening(NamedTuple):
    """A list of records begins: its first element's place, and how many brackets are open."""

    at: int
    depth: int


def value_end(text: bytes, at: int, depth: int = 0) -> int:
    """Return the end of the object or array at `at`, or INCOMPLETE if the text ends before.

    With a depth, the end of the value `depth` brackets out. Linear in the length of the value.
    Raises BrokenJson.
    """
    if text.find(b"}", at) < 0 and text.find(b"]", at) < 0:
        return INCOMPLETE
    inside = bytearray(_ANY * depth)  # the brackets that are open
    while True:
        found = _TO_BRACKET(text, at)
        if found is None:
            return _incomplete(text, at)
        at = found.end()
        bracket = text[at - 1]
        if bracket in b"{[":
            if inside and not _may_open(inside[-1], text, at - 1):
                raise BrokenJson(at - 1)
            inside.append(bracket)
        else:
            if not inside or inside.pop() not in _OPENED_BY[bracket]:
                raise BrokenJson(at - 1)
            if not inside:
                return at


def _incomplete(text: bytes, at: int) -> int:
    broken = _BROKEN_STRING(text, at) if text.find(b"\n", at) >= 0 else None
    if broken:
        raise BrokenJson(broken.end() - 1)
    return INCOMPLETE


def _may_open(container: int, text: bytes, at: int) -> bool:
    """Tell whether a bracket may open here, directly inside an object or a list."""
    before = text[at - 1]
    if before in b" \t\r\n":
        before = (text[max(0, at - 1024) : at].rstrip() or b":")[-1]
    return before in _OPENS_BEHIND[container]


def scalar_end(text: bytes, at: int) -> int:
    """Return the end of the string, number or word at `at`, or `at` if there is none."""
    found = _SCALAR(text, at)
    return found.end() if found else at


def is_one_value(line: bytes) -> bool:
    """Tell whether a line is exactly one object, or one array."""
    line = line.strip()
    try:
        return line[:1] in (b"{", b"[") and value_end(line, 0) == len(line)
    except BrokenJson:
        return False


def list_opening(text: bytes, at: int) -> Opening | None:
    """Return where the list of records begins that the value at `at` wraps, None if it is none.

    Known are a bare array of objects, and an object in which nothing but members of known
    envelopes come before one of LIST_KEYS. Only looks at the text it is given.
    """
    depth = 0
    try:
        while text[at : at + 1] == b"{":
            depth += 1
            at = _list_member(text, at + 1)
    except BrokenJson:
        return None
    found = _LIST(text, at)
    return Opening(found.end(), depth + 1) if found else None


def _list_member(text: bytes, at: int) -> int:
    """Return the place of the value under a list key (an object again under `hits`)."""
    while True:
        key = _KEY(text, at)
        if key is None:
            raise BrokenJson(at)
        first = text[key.end() : key.end() + 1]
        if (first == b"[" and key[1] in LIST_KEYS) or (first == b"{" and key[1] == b"hits"):
            return key.end()
        if key[1] not in ENVELOPE_KEYS:
            raise BrokenJson(at)
        at = _past_value(text, key.end())


def _past_value(text: bytes, at: int) -> int:
    end = value_end(text, at) if text[at : at + 1] in (b"{", b"[") else scalar_end(text, at)
    if end in (INCOMPLETE, at):
        raise BrokenJson(at)
    return end
