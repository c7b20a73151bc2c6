"""Azure's ids and the loose ways in which its records hold values.

Azure compares ids without case and writes them in any; joins use the small form. An automation is a
function app or web app, a Logic App or an Automation account: its resource id, up to its name.

Example: `automation_of("/SUBSCRIPTIONS/1/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.WEB/SITES/Pay")`
is `Automation("/subscriptions/1/resourcegroups/rg/providers/microsoft.web/sites/pay", …, "Pay")`.

Sources: Azure Resource Manager resource ids; Azure Monitor activity log schema; shared events.md,
sections 1, 5 and 6.
"""

from __future__ import annotations

import ast
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from flowtrap.model.errors import RecordError
from flowtrap.model.event import NO_VALUE, FieldValue

from .values import unique

Fields = dict[str, FieldValue]
NONE = frozenset((*NO_VALUE, "None"))
KEPT = 8_192
_AUTOMATION = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/.+?/?providers/"
    r"(?:microsoft\.web/sites|microsoft\.logic/workflows|microsoft\.automation/automationaccounts)"
    r"/([^/]+)",
    re.IGNORECASE,
)
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_PORT = re.compile(r"(\d+(?:\.\d+){3}):\d+|\[([^\]]+)\](?::\d+)?")
_INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/9",
    )
)  # fmt: skip
_EMPTY: Mapping[str, Any] = {}


class Automation(NamedTuple):
    """A function app, Logic App or Automation account: id in small letters, as written, name."""

    key: str
    shown: str
    name: str


def text(value: Any) -> str:
    """Return a text, or a number as text; "" where it is none or says that there is none."""
    if isinstance(value, str):
        value = value.strip()
        return "" if value in NONE else value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def small(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with its keys in small letters; the first of equal ones wins."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        found.setdefault(str(key).lower(), value)
    return found


def get(record: Any, *path: str) -> Any:
    """Return the value at a path of names, without regard to their case; None if it is not there.

    JSON in strings on the way is decoded.
    """
    for name in path:
        if record.__class__ is not dict:
            record = mapping(record)
        if name in record:
            record = record[name]
        elif record:
            wanted = name.lower()
            found = (value for key, value in record.items() if str(key).lower() == wanted)
            record = next(found, None)
        else:
            return None
    return record


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, whether it is one or the JSON text of one; an empty one for all else."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        return _decoded(value) or _EMPTY
    return _EMPTY


@lru_cache(maxsize=64)
def _decoded(value: str) -> Mapping[str, Any] | None:
    """Return the object that a text holds as JSON, or with single quotes (FunctionAppLogs)."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(value.strip()) if len(value) < 65_536 else None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return found if isinstance(found, dict) else None


def first(record: Any, *names: str) -> str:
    """Return the first of these members that has a text, in any case."""
    for name in names:
        found = text(get(record, name))
        if found:
            return found
    return ""


def pick(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these members that has a text, of a mapping whose keys are `small`."""
    for name in names:
        value = row.get(name)
        if value is not None:
            found = text(value)
            if found:
                return found
    return ""


def value_of(value: Any) -> str:
    """Return a text that may be wrapped: REST writes {"value": …, "localizedValue": …}."""
    return first(value, "value") if isinstance(value, Mapping) else text(value)


def put(fields: Fields, name: str, value: str | Iterable[str]) -> None:
    """Set a field if there is a value: one text, or several (one of several is a plain text)."""
    if isinstance(value, str):
        if value:
            fields[name] = value
        return
    values = unique(value)
    if values:
        fields[name] = values if len(values) > 1 else values[0]


def guid(value: Any) -> str:
    """Return a GUID in small letters with dashes, "" if it is none; evidence drops the dashes."""
    found = text(value)
    if not _GUID.fullmatch(found):
        return ""
    plain = found.replace("-", "").lower()
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))


def ident(value: Any) -> str:
    """Return an object id for joins: a GUID in one spelling, anything else in small letters."""
    return guid(value) or text(value).lower()


@lru_cache(maxsize=KEPT)
def automation_of(resource_id: str) -> Automation | None:
    """Return the automation that a resource id lies in or is."""
    found = _AUTOMATION.match(_rooted(resource_id))
    if not found:
        return None
    return Automation(found[0].lower().rstrip("/"), found[0].rstrip("/"), found[1])


def _rooted(resource_id: str) -> str:
    return resource_id if resource_id.startswith("/") else "/" + resource_id


def subscription_of(resource_id: str) -> str:
    """Return a resource's subscription, "" where it lies in none."""
    found = _SUBSCRIPTION.match(_rooted(resource_id)) if resource_id else None
    return found[1].lower() if found else ""


def address(value: Any) -> str:
    """Return an address without its port.

    Example: `5.5.5.5:29713`, which storage logs write.
    """
    found = text(value)
    ported = _PORT.fullmatch(found)
    return (ported[1] or ported[2]) if ported else found


@lru_cache(maxsize=KEPT)
def is_public(value: str) -> bool:
    """Tell whether an address is one of the internet."""
    try:
        parsed = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not any(parsed.version == net.version and parsed in net for net in _INSIDE)


def ties(name: str, tenant: str) -> tuple[str, ...]:
    """Return how an automation of this name is asked for among sign-ins, which know only names.

    A tenant is told on both sides or on one only: the other then may be of any.
    """
    name = name.lower()
    return (f"{name}@{tenant}", f"{name}@untold") if tenant else (f"{name}@any",)


def tied(name: str, tenant: str) -> tuple[str, ...]:
    """Return what a sign-in by this name answers to: the other side of `ties`."""
    name = name.lower()
    return (f"{name}@{tenant}", f"{name}@any") if tenant else (f"{name}@untold", f"{name}@any")


def one_line(summary: str) -> str:
    """Return a summary without line breaks; values come from the record as they are."""
    return summary if summary.isprintable() else " ".join(summary.split())


def digest(*parts: object) -> str:
    """Return an id made of a record's parts."""
    line = "\x1f".join(map(str, parts))
    return blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def digest_of(record: Mapping[str, Any]) -> str:
    """Return an id for a record that bears none: equal records have equal ids."""
    try:
        return digest(json.dumps(record, sort_keys=True, separators=(",", ":"), default=str))
    except (TypeError, ValueError, RecursionError):
        problem, cure = "no id, and nothing to make one of", "the record was left out"
        raise RecordError(problem, cure=cure) from None


def walk_texts(node: Any, depth: int = 6) -> Iterator[str]:
    """Yield every text in a record, to a depth."""
    if isinstance(node, str):
        yield node
    elif depth and isinstance(node, Mapping):
        for item in node.values():
            yield from walk_texts(item, depth - 1)
    elif depth and isinstance(node, (list, tuple)):
        for item in node:
            yield from walk_texts(item, depth - 1)
