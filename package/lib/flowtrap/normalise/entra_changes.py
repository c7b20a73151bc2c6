"""Changes of the directory: who gave whom which role, scopes or credentials.

Values in `modifiedProperties` are JSON-quoted and found by `displayName`, never by position.

Example: "Add member to role" with Role.DisplayName `"Global Administrator"` on a service principal
gives role `Global Administrator`, principal (its object id) and target `pay`.

Sources: Entra audit activity reference; shared events.md, section 6.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .azure_names import (
    Fields,
    address,
    first,
    get,
    ident,
    mapping,
    pick,
    put,
    text,
    tied,
    walk_texts,
)
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OWNER = re.compile(r"/subscriptions/[^\s\"',\]]+/providers/[^\s\"',\]]+", re.IGNORECASE)
_APP = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE
)
_SCOPE = re.compile(r"Scope: ([^,\]]+)")
_CONSENT = re.compile(r"ConsentType: (\w+)")
_IDENTITIES = "managed service identity"  # the app that makes and removes managed identities


def read_change(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Read an audit record into fields; return its summary."""
    named = pick(row, "operationname") or first(told, "activityDisplayName", "operationName")
    action = named.rstrip(".") or "a change"
    fields["action"] = action
    _read_actor(fields, row, told)
    targets = [mapping(item) for item in _list(get(told, "targetResources"))]
    changed = dict(_changed(targets))
    _read_targets(fields, targets, changed)
    _read_grant(fields, targets, changed)
    fields["outcome"] = _outcome(row, told)
    shown = [_shown(target) for target in targets] or [
        str(item)
        for item in _list(get(told, "TargetObjectIds"))  # Intune
    ]
    given = [str(fields[name]) for name in ("role", "scopes") if name in fields]
    what = f": {', '.join(given)}" if given else ""
    return f"{action}{what} on {', '.join(filter(None, shown)) or 'nothing named'}"


def _list(value: Any) -> list[Any]:
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return value if isinstance(value, list) else []


def _read_actor(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    by = get(told, "initiatedBy")
    user, app, intune = get(by, "user"), get(by, "app"), get(told, "Actor")
    person = first(user, "userPrincipalName", "displayName", "id") or first(intune, "UPN")
    program = first(app, "displayName", "servicePrincipalId", "appId")
    caller = person or program or (text(row.get("identity")))
    put(fields, "caller", caller)
    put(fields, "actor", caller.lower())
    put(fields, "actor_type", "user" if person else "app" if program else "")
    ids = (
        ident(first(user, "id")),
        ident(first(app, "servicePrincipalId")),
        ident(first(app, "appId")),
        ident(first(intune, "ObjectId")),
    )
    put(fields, "actor_id", ids)
    put(fields, "app_id", ident(first(app, "appId")))
    details = {first(item, "key"): item for item in _list(get(told, "additionalDetails"))}
    put(fields, "user_agent", first(details.get("User-Agent"), "value"))
    source = first(user, "ipAddress") or pick(row, "calleripaddress", "ipaddress")
    put(fields, "src", address(source))


def _changed(targets: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield what was changed, by name in small letters, and its new value without quotes."""
    for target in targets:
        for item in _list(get(target, "modifiedProperties")):
            name = first(item, "displayName", "name").lower()
            if name:
                yield name, _unquoted(get(item, "newValue"))


def _unquoted(value: Any) -> str:
    """Return a value that is JSON in a text.

    Example: `"\\"Owner\\""`, `"[\\"Owner\\"]"`
    """
    found = text(value)
    if found[:1] not in ('"', "["):
        return found
    try:
        decoded = json.loads(found)
    except ValueError:
        return found.strip('"')
    if isinstance(decoded, list):
        return ", ".join(text(item) or json.dumps(item) for item in decoded)
    return text(decoded)


def _read_targets(
    fields: Fields, targets: list[Mapping[str, Any]], changed: Mapping[str, str]
) -> None:
    programs = [
        t for t in targets if first(t, "type").lower() in ("serviceprincipal", "application")
    ]
    people = [t for t in targets if first(t, "type").lower() == "user"]
    put(fields, "target_user", [first(t, "userPrincipalName").lower() for t in people])
    put(fields, "app", [first(t, "displayName") for t in programs])
    put(fields, "target_id", [ident(first(t, "id")) for t in targets])
    put(fields, "app_object_id", [ident(first(t, "id")) for t in programs])
    given_to = changed.get("serviceprincipal.displayname", "")
    app_id = changed.get("appprincipalid") or changed.get("serviceprincipal.appid", "")
    app_id = app_id or next(
        iter(_APP.findall(changed.get("targetid.serviceprincipalnames", ""))), ""
    )
    put(fields, "target_app_id", ident(app_id))
    put(
        fields,
        "object_id",
        ident(changed.get("serviceprincipal.objectid", ""))
        or [ident(first(t, "id")) for t in programs],
    )
    # Example: AlternativeNames ["isExplicit=False", "/subscriptions/…/sites/pay"], at its birth
    owners = unique(
        found.lower() for told in walk_texts(list(targets)) for found in _OWNER.findall(told)
    )
    by_azure = _IDENTITIES in str(fields.get("actor", ""))
    name = given_to or (first(programs[0], "displayName") if programs else "")
    if owners:
        fields["owner"] = owners if len(owners) > 1 else owners[0]
    elif by_azure and name:
        put(fields, "owner", tied(name, str(fields.get("tenant", ""))))
    put(fields, "identity_name", name)


def _read_grant(
    fields: Fields, targets: list[Mapping[str, Any]], changed: Mapping[str, str]
) -> None:
    role = changed.get("role.displayname") or changed.get("approle.value", "")
    put(fields, "role", role)
    if role:
        put(fields, "privilege", role)
        holder = changed.get("serviceprincipal.objectid", "")
        types = ("serviceprincipal", "user", "group")
        named = [t for t in targets if first(t, "type").lower() in types]
        put(fields, "principal", ident(holder) or [ident(first(t, "id")) for t in named])
    permissions = changed.get("consentaction.permissions", "")
    scopes = _SCOPE.findall(permissions)
    scopes += [changed.get("delegatedpermissiongrant.scope", "")]
    put(fields, "scopes", unique(word for found in scopes for word in found.split()))
    kind = _CONSENT.findall(permissions)
    put(fields, "consent_kind", kind[-1] if kind else "")
    put(fields, "admin_consent", changed.get("consentcontext.isadminconsent", "").lower())


def _outcome(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    word = first(told, "result") or pick(row, "result", "resulttype")
    return "success" if word.lower() in ("", "success", "0", "timeout") else "failure"


def _shown(target: Mapping[str, Any]) -> str:
    name = first(target, "userPrincipalName", "displayName")
    object_id = first(target, "id")
    return f"{name} ({object_id})" if name and object_id else name or object_id
