"""Parts of a Cloud Audit Logs record, whatever its copy calls them.

The same field is `serviceAccountEmail` in answers and `service_account_email` in requests of newer
APIs; some log tools lower-case every key, write `callerIP`, or rename `@type` to `at_sign_type`.
So a key is looked up as Google spells it in answers, then in its other spellings.

Example: `pick({"service_config": {"service_account_email": "a@b"}},
"serviceConfig.serviceAccountEmail")` is `a@b`.

Sources: Cloud Logging, "LogEntry" and "AuditLog"; events.md, section 4.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .values import text

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAPITAL = re.compile("(?<!^)[A-Z]")
_SHORT = re.compile("(Ip|Id|Uri|Url)$")
Part = dict[str, Any]


@lru_cache(maxsize=8_192)
def folded(name: str) -> str:
    """Return a name without what copies change."""
    return name.replace("_", "").lower()


@lru_cache(maxsize=2_048)
def _spellings(name: str) -> tuple[str, ...]:
    """Return the other spellings of a key: snake case, lower case, `IP` for `Ip`."""
    snake = _CAPITAL.sub(lambda found: "_" + found[0].lower(), name)
    capitals = _SHORT.sub(lambda found: found[0].upper(), name)
    found = dict.fromkeys((snake, name.lower(), snake.replace("_", ""), capitals))
    return tuple(spelling for spelling in found if spelling != name)


@lru_cache(maxsize=2_048)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def member(part: Any, name: str) -> Any:
    """Return the value of one key, None where the part has none or is no mapping. O(1)."""
    if part.__class__ is not dict:
        return None
    value = part.get(name)
    if value is not None:
        return value
    for spelling in _spellings(name):
        value = part.get(spelling)
        if value is not None:
            return value
    return None


def pick(part: Any, path: str) -> Any:
    """Return the value at a dotted path, None where there is none."""
    for name in _steps(path):
        part = member(part, name)
        if part is None:
            return None
    return part


def words(part: Any, *paths: str) -> str:
    """Return the first text at some paths, or ""."""
    for path in paths:
        found = text(pick(part, path))
        if found:
            return found
    return ""


def mapping(value: Any) -> Part:
    """Return a mapping, an empty one where the value is none."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Part]:
    """Return the mappings of a list; a mapping alone counts as a list of one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def is_true(value: Any) -> bool:
    """Tell whether a flag is set; copies write it as a text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def payload_of(record: Mapping[str, Any]) -> Any:
    """Return the audit log of a record: its `protoPayload`, or the record that is one itself."""
    payload = member(record, "protoPayload")
    if isinstance(payload, dict):
        return payload
    return record if isinstance(record.get("methodName"), str) else {}
