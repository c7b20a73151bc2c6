"""Microsoft 365 names: users in their spellings, domains, addresses, ids, and lists of pairs.

One user is `UserA@…` in Exchange and `usera@…` in SharePoint; a guest is
`mallory_partner.example#EXT#@tenant.example` in the directory and `mallory@partner.example` at
home. Users that join events are one spelling: small letters, guests by their home address.

Example: `user_of("i:0#.f|membership|Eve@Example.com")` is `eve@example.com`, and
`pairs([{"Name": "ForwardTo", "Value": "x@example.org"}])` is `{"ForwardTo": "x@example.org"}`.

Sources: Office 365 Management Activity API schema (UserId, UserKey, Parameters,
ExtendedProperties, ModifiedProperties); Entra B2B, "Properties of a B2B collaboration user".
"""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import RecordError
from flowtrap.model.event import NO_VALUE

from .values import unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
ADDRESS = re.compile(
    r"[\w.%+'#&-]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+",
    re.ASCII | re.IGNORECASE,
)
# Stands for the tenant where its id was left out: users' addresses are unique among tenants.
NO_TENANT = "not logged"
_GUEST = "#ext#"
_WITH_PORT = re.compile(r"\[([0-9a-f:.%]+)\](?::\d+)?|(\d+(?:\.\d+){3}):\d+", re.IGNORECASE)
_MAPPED = re.compile(r"::ffff:(\d+(?:\.\d+){3})", re.IGNORECASE)
_NONE = frozenset(value for value in NO_VALUE if value is not None)
_GUID_LENGTH = 36
_COUNTRY = 2  # letters of a country's domain
_LONGEST_LITERAL = 200_000
_NAME_KEYS = ("Name", "name", "displayName", "Key", "key")
_VALUE_KEYS = ("Value", "value", "NewValue", "newValue")
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"))
_SHARED = frozenset(("onmicrosoft.com", "onmicrosoft.us", "onmicrosoft.de", "onmschina.cn"))
# Anybody can have a mailbox there: such a domain is nobody's own.
PUBLIC_MAIL = frozenset((
    "aol.com", "fastmail.com", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "googlemail.com",
    "hotmail.com", "icloud.com", "live.com", "mail.com", "mail.ru", "me.com", "msn.com",
    "outlook.com", "proton.me", "protonmail.com", "qq.com", "tutanota.com", "web.de", "yahoo.com",
    "yandex.com", "yandex.ru", "ymail.com", "zoho.com", "163.com", "126.com",
))  # fmt: skip


def text(value: Any) -> str:
    """Return a text or number as text, "" where there is no value."""
    if value.__class__ is str:
        return "" if value in _NONE else value
    if value is None or not isinstance(value, (str, bool, int, float)):
        return ""
    return str(value)


def first(record: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Return the value of the first of these members that has one, as text, or ""."""
    get = record.get
    for key in keys:
        value = get(key)
        if value is not None and (found := text(value)):
            return found
    return ""


# --- users and domains -------------------------------------------------------------------------


def user_of(value: Any) -> str:
    """Return the one spelling of a user, "" where there is none.

    What is no address, such as `NT AUTHORITY\\SYSTEM` or an object id, comes in small letters.
    """
    return _user_of(value) if isinstance(value, str) and value not in _NONE else ""


@lru_cache(maxsize=8_192)
def _user_of(spelling: str) -> str:
    # Example: "i:0#.f|membership|eve@example.com", SharePoint's claim
    name = spelling.strip().lower().rpartition("|")[2].strip()
    # Example: "mallory_partner.example#ext#@tenant.example"
    if _GUEST in name:
        local, _, domain = name.partition(_GUEST)[0].rpartition("_")
        return f"{local}@{domain}" if local and "." in domain else name
    # Example: "urn:spo:guest#mallory@partner.example", "live.com#mallory@partner.example"
    behind = name.rpartition("#")[2]
    return behind if "@" in behind else name


def is_guest(value: Any) -> bool:
    """Tell whether a user is spelled as a guest of the tenant."""
    return isinstance(value, str) and (
        _GUEST in value.lower() or value.lower().startswith("urn:spo:guest#")
    )


def addresses_in(value: str) -> tuple[str, ...]:
    """Return the mail addresses in a text, as they are written.

    Example: `"Eve" [SMTP:eve@example.com]; smtp:x@example.org` has two; a distinguished name none.
    """
    return unique(match.strip("'") for match in ADDRESS.findall(value)) if "@" in value else ()


def domain_of(address: str) -> str:
    """Return what is behind the last @, in small letters, "" where there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


@lru_cache(maxsize=8_192)
def site_domain(domain: str) -> str:
    """Return the domain that somebody registered: `mail.example.com` is of `example.com`.

    Without a list of public suffixes: three labels under names like co.uk and under the domain
    that Microsoft shares out, else two.
    """
    labels = domain.split(".")
    two = ".".join(labels[-2:])
    if two in _SHARED:
        # Example: example.mail.onmicrosoft.com, the routing name of example.onmicrosoft.com
        below = [label for label in labels[:-2] if label != "mail"] or labels[:-2]
        return ".".join((*below[-1:], two))
    if len(labels[-1]) == _COUNTRY and labels[-2:-1] and labels[-2] in _SECOND_LEVEL:
        return ".".join(labels[-3:])
    return two


@lru_cache(maxsize=8_192)
def own_domains(*users: str) -> tuple[str, ...]:
    """Return the domains that these members' addresses prove to be the tenant's.

    Public mail providers' are left out.
    """
    domains = [domain_of(user) if "@" in user else "" for user in users]
    found = [name for domain in domains if domain for name in (domain, site_domain(domain))]
    return unique(name for name in found if name not in PUBLIC_MAIL)


# --- ids and addresses -------------------------------------------------------------------------


def guids_in(value: Any) -> tuple[str, ...]:
    """Return the GUIDs in a text, in small letters."""
    return unique(match.lower() for match in GUID.findall(value)) if isinstance(value, str) else ()


def guid(value: Any) -> str:
    """Return a text that is a GUID and nothing else, in small letters, or ""."""
    if value.__class__ is not str or len(value) != _GUID_LENGTH:
        return ""
    return value.lower() if GUID.fullmatch(value) else ""


def host(value: Any) -> str:
    """Return an address without brackets and port, or ""."""
    return _host(text(value).strip())


@lru_cache(maxsize=8_192)
def _host(spelled: str) -> str:
    # Example: "203.0.113.5:52816", "[2001:db8::1]:443", "::ffff:203.0.113.5"
    found = _WITH_PORT.fullmatch(spelled)
    bare = (found[1] or found[2]) if found else spelled
    mapped = _MAPPED.fullmatch(bare)
    return mapped[1] if mapped else bare.lower()


def digest(record: Mapping[str, Any]) -> str:
    """Return an id for a record that bears none: equal records have equal ids."""
    try:
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        raise RecordError("no id, and nothing to make one of", cure="it was left out") from None
    return blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


# --- lists of pairs ----------------------------------------------------------------------------


def decoded(value: Any) -> Any:
    """Return what a text holds as JSON, or as a Python literal of some exporter; else the value."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        pass
    # Example: "[{'Name': 'ResultStatusDetail', 'Value': 'Success'}]"
    try:
        return ast.literal_eval(value) if len(value) <= _LONGEST_LITERAL else value
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value


def pairs(value: Any) -> dict[str, str]:
    """Return a list of names and values as a mapping; empty values are left out.

    Of modified properties it is the new value. A name that comes twice has both values. A mapping
    (Elastic makes one of the list) is taken as it is.
    """
    value = decoded(value)
    found: dict[str, str] = {}
    if isinstance(value, dict):
        if value.keys().isdisjoint(_NAME_KEYS) or value.keys().isdisjoint(_VALUE_KEYS):
            return {str(k): shown for k, v in value.items() if (shown := _shown(v))}
        value = [value]
    for row in value if isinstance(value, list) else ():
        if not isinstance(row, dict):
            continue
        name = next((row[key] for key in _NAME_KEYS if isinstance(row.get(key), str)), "")
        new = next((row[key] for key in _VALUE_KEYS if key in row), None)
        shown = _shown(new)
        if name and shown:
            found[name] = f"{found[name]}; {shown}" if name in found else shown
    return found


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(unique(map(_shown, value)))
    if isinstance(value, dict):
        # Example (Elastic): {"NewValue": "True", "OldValue": ""}
        new = value.get("NewValue", value.get("newValue"))
        return json.dumps(value, default=str) if new is None else _shown(new)
    return text(value).strip()


def plain_value(value: str) -> str:
    """Return a value without the JSON that the directory puts around it.

    Example: `[\\r\\n  "Mail app"\\r\\n]` is `Mail app`.
    """
    inner = decoded(value)
    if isinstance(inner, list):
        return "; ".join(unique(map(_shown, inner)))
    return value.strip().strip('"')
