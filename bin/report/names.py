"""Long vendor values made short enough for a drawing; the whole value stands elsewhere.

Example: `short_name("arn:aws:lambda:us-east-1:123456789012:function:billing")` is `billing`.
"""

from __future__ import annotations

import re

from flowtrap.output.text import sanitise

AUTOMATIONS = ("function", "flow", "script")
IDENTITIES = ("role", "service_account")
_KIND_NAMES = {
    "src": "source address",
    "dest": "destination",
    "service_account": "service account",
    "url": "URL",
    "": "other actor",
    "what": "what was touched",
}
LONGEST_SHOWN = 600


def kind_name(kind: str) -> str:
    """Return an entity type in words."""
    return _KIND_NAMES.get(kind, kind.replace("_", " "))


def words(name: str) -> str:
    """Return `hand_run` as `hand run`."""
    return name.replace("_", " ")


def short_name(value: str) -> str:
    """Return the last part of an ARN or a resource path, any other value as it is."""
    if "://" in value or not re.match(r"arn:|/?[a-z]+/[^/]+/", value, re.IGNORECASE):
        return value
    parts = [part for part in re.split(r"[/:]", value) if part]
    return parts[-1] if parts else value


def clip(text: str, most: int) -> str:
    """Return text made visible, its middle left out where it is longer than `most`."""
    text = sanitise(text[: 20 * most] if len(text) > 40 * most else text)
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - tail - 1]}…{text[-tail:]}"
