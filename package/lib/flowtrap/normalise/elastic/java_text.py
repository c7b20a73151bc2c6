"""The text that a Java map prints as, which `aws.cloudtrail.request_parameters` holds.

Example: `{functionName=billing, layers=[arn:…:1], code={s3Key=a.zip}}`. Nothing is escaped: the
text `x, functionName=decoy` in a description looks like two members. But a HashMap prints its keys
in the order of their hash, so of a key that seems to be there twice, the one out of order is text.

Source: java.util.AbstractMap.toString, java.lang.String.hashCode, java.util.HashMap.
"""

from __future__ import annotations

import re
from typing import Any

MOST_CHARACTERS = 1_000_000
_NEXT_KEY = re.compile(r", (?=[A-Za-z_][\w.:/@$-]*=)")
_KEY = re.compile(r"[A-Za-z_][\w.:/@$-]*=")
_OPEN, _CLOSE = "{[", "}]"


def java_text(value: Any) -> str:
    """Return a JSON value as Java prints it, the keys of objects in the order of a HashMap."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key}={java_text(value[key])}" for key in hash_order(value))
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(java_text, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def hash_order(keys: Any) -> list[str]:
    """Return keys as a HashMap of just so many walks them."""
    size = _table_size(len(keys))
    return sorted(keys, key=lambda key: _bucket(key, size))


def _table_size(count: int) -> int:
    size = 16
    while count > size * 3 // 4:
        size *= 2
    return size


def _bucket(key: str, size: int) -> int:
    code = 0
    for character in key:
        code = (31 * code + ord(character)) & 0xFFFFFFFF
    return (code ^ code >> 16) & size - 1


def read_java_text(text: Any) -> dict[str, Any] | None:
    """Return the object that a Java map's text shows, values as text; None if it is none."""
    if not isinstance(text, str) or text[:1] != "{" or text[-1:] != "}":
        return None
    return None if len(text) > MOST_CHARACTERS else _object(text[1:-1])


def _object(inside: str) -> dict[str, Any]:
    members = [part.partition("=") for part in _parts(inside, _NEXT_KEY) if "=" in part]
    named = _without_fakes([(key.strip(), value) for key, _, value in members])
    return {key: _value(value) for key, value in named}


def _without_fakes(members: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return members of which no key is there twice: what is out of hash order was a text's end.

    Where order does not tell them apart, the first is kept.
    """
    names = [key for key, _ in members]
    for place, name in enumerate(names):
        if names.count(name) > 1 and place and _in_order(names[:place] + names[place + 1 :]):
            before, value = members[place - 1]
            joined = (before, f"{value}, {name}={members[place][1]}")
            return _without_fakes([*members[: place - 1], joined, *members[place + 1 :]])
    first: dict[str, str] = {}
    for key, value in members:
        first.setdefault(key, value)
    return list(first.items())


def _in_order(names: list[str]) -> bool:
    size = _table_size(len(names))
    buckets = [_bucket(name, size) for name in names]
    return buckets == sorted(buckets)


def _value(text: str) -> Any:
    if text in ("{}", "[]", "null"):
        return {"{}": {}, "[]": []}.get(text)
    if text[:1] == "{" and text[-1:] == "}" and _KEY.match(text, 1):
        return _object(text[1:-1])
    if text[:1] == "[" and text[-1:] == "]" and text[1:2] not in ('"', "["):
        return [_value(part) for part in _parts(text[1:-1], re.compile(", "))]
    return text


def _parts(text: str, between: re.Pattern[str]) -> list[str]:
    """Split at separators that lie outside of brackets; O(length)."""
    cuts, depth, start = [0], 0, 0
    for found in between.finditer(text):
        depth = max(0, depth + _depth(text[start : found.start()]))
        start = found.start()
        if depth == 0:
            cuts += [found.start(), found.end()]
    cuts.append(len(text))
    return [text[a:b] for a, b in zip(cuts[::2], cuts[1::2])]


def _depth(text: str) -> int:
    return sum(map(text.count, _OPEN)) - sum(map(text.count, _CLOSE))
