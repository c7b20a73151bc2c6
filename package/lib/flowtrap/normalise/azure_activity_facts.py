"""What an Activity Log record says beside who and where: roles, identities, settings, issuers.

Requests and answers are JSON in strings (`properties.requestbody`, `properties.responseBody`), with
members in either case. Often the start record bears the request and the end record does not.

Example: the requestbody `{"Properties": {"PrincipalId": "2222…", "RoleDefinitionId": "…/8e3a…"}}`
gives principal `2222…`, role `Owner` and privilege (`Owner`, `Owner at subscription`).

Sources: ARM template references of roleAssignments, sites, federatedIdentityCredentials; shared
events.md, section 5; xms claims and shapes without a published sample are marked there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable

from .azure_names import KEPT, Fields, first, get, guid, ident, mapping, put, ties
from .azure_roles import role_name
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

Bodies = tuple["Mapping[str, Any]", "Mapping[str, Any]"]  # request, answer
_BODIES = (("requestbody", "requestBody", "request"), ("responseBody", "responsebody", "response"))
_SCOPES = (
    (r"/?$", "root"),
    (r"/providers/microsoft\.management/managementgroups/[^/]+/?$", "management group"),
    (r"/subscriptions/[^/]+/?$", "subscription"),
    (r"/subscriptions/[^/]+/resourcegroups/[^/]+/?$", "resource group"),
)
_SHOWN = ("WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_RUN_FROM_ZIP")  # others may be secrets
_NAMES_SHOWN = 12
# What a write to an automation changes, by its operation without provider and slot.
_CHANGES: tuple[tuple[str, str], ...] = (
    (r"sites/(slots/)?write", "app"),
    (r"sites/functions/write", "function"),
    (r"sites/hostruntime/vfs/.+/write", "file"),
    (r"sites/(extensions|onedeploy)/(.+/)?write", "package"),
    (r"sites/sourcecontrols/(.+/)?write", "source"),
    (r"sites/config/(.+/)?write", "settings"),
    (r"sites/publishxml/action", "credentials"),
    (r"sites/(functions|host)/(list(keys|secrets)|.*keys/write).*", "keys"),
    (r"sites/host/list\w*keys/action", "keys"),
    (r"sites/hostruntime/(host|admin|.*host/.*)(/.*)?action", "call"),
    (r"workflows/(versions/)?write", "workflow"),
    (r"workflows/(versions/)?triggers/(listcallbackurl|histories/.*)/action", "callback"),
    (r"workflows/(triggers/)?run/action", "call"),
    (r"automationaccounts/runbooks/(draft/(content/)?)?write", "runbook"),
    (r"automationaccounts/runbooks/(draft/)?(publish|replacecontent)/action", "runbook"),
    (r"automationaccounts/webhooks/write", "webhook"),
    (r"automationaccounts/(schedules|jobschedules)/write", "schedule"),
    (r"automationaccounts/jobs/write", "call"),
    (r"automationaccounts/write", "app"),
)
_CHANGE = tuple((re.compile(pattern + "$"), change) for pattern, change in _CHANGES)
_CODE = frozenset(("function", "file", "package", "source", "workflow", "runbook"))
_EDITS = frozenset(("function", "file"))  # deployments send packages
_QUIET_SETTINGS = ("logs", "backup", "metadata", "slotconfignames", "pushsettings")


def read_facts(fields: Fields, properties: Mapping[str, Any], named: str, resource: str) -> str:
    """Read what is special to an operation into fields; return the summary."""
    operation = str(fields.get("operation", ""))
    if "function" in fields:
        change = _change_of(operation, resource)
        put(fields, "change", change)
        put(fields, "code", "true" if change in _CODE else "")
        put(fields, "edited", "true" if change in _EDITS else "")
    shown = resource or str(fields.get("account", "nothing named"))
    reader = _reader_of(operation)
    if reader is None:
        return f"{named} on {shown}"
    bodies = (_body(properties, _BODIES[0]), _body(properties, _BODIES[1]))
    return f"{named} {reader(fields, properties, bodies, shown)}"


def has_facts(operation: str) -> bool:
    """Tell whether some record of an operation has a field of those that `read_facts` reads."""
    return _reader_of(operation) is not None or bool(_change_of(operation, ""))


def _change_of(operation: str, resource: str) -> str:
    found = next((change for pattern, change in _CHANGE if pattern.match(operation)), "")
    tail = resource.lower().rstrip("/")
    if operation.startswith("sites/config/") and operation.endswith("/action"):
        return "settings_read"  # deployment tools list settings and credentials at each look
    if found == "settings" and tail.rsplit("/", 1)[-1] in _QUIET_SETTINGS:
        return "logging"
    return found


def _body(properties: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    return next((found for name in names if (found := mapping(get(properties, name)))), {})


def _told(bodies: Bodies, properties: Mapping[str, Any], *names: str) -> str:
    """Return the first value of a name in request or answer, with or without `properties`."""
    for body in bodies:
        found = first(get(body, "properties"), *names) or first(body, *names)
        if found:
            return found
    return first(properties, *names)


# --- roles ------------------------------------------------------------------------------------


def _read_role(fields: Fields, properties: Mapping[str, Any], bodies: Bodies, resource: str) -> str:
    # Example: …/providers/Microsoft.Authorization/roleAssignments/3333… is granted at what precedes
    own_scope = re.split("/providers/microsoft.authorization/", resource, flags=re.IGNORECASE)[0]
    scope = _told(bodies, properties, "scope") or own_scope
    definition = _told(bodies, properties, "roleDefinitionId")
    role_id = definition.rstrip("/").rsplit("/", 1)[-1].lower()
    role = role_name(guid(role_id)) or _told(bodies, properties, "roleName") or role_id
    principal = ident(_told(bodies, properties, "principalId"))
    kind = _told(bodies, properties, "principalType")
    put(fields, "principal", principal)
    put(fields, "principal_type", kind.lower())
    put(fields, "role", role)
    put(fields, "scope", scope)
    put(fields, "privilege", (role, f"{role} at {_scope_kind(scope)}", role_id) if role else "")
    if not role and not principal:
        return f"at {scope} ({resource.rsplit('/', 1)[-1]})"
    whom = f"{kind or 'principal'} {_told(bodies, properties, 'principalId') or 'unknown'}"
    return f"{role or 'a role'} ({definition or 'no definition logged'}) at {scope} to {whom}"


def _scope_kind(scope: str) -> str:
    found = (kind for pattern, kind in _SCOPES if re.match(pattern, scope, re.IGNORECASE))
    return next(found, "resource")


# --- apps and their settings ------------------------------------------------------------------


def _read_app(fields: Fields, properties: Mapping[str, Any], bodies: Bodies, resource: str) -> str:
    identities = [get(body, "identity") for body in (*bodies, properties)]
    known = [ident(first(identity, "principalId")) for identity in identities]
    assigned: dict[str, Any] = {}
    for identity in identities:
        assigned.update(mapping(get(identity, "userAssignedIdentities")))
    known += [ident(first(value, "principalId")) for value in assigned.values()]
    put(fields, "object_id", known)
    owned = [name.lower().rstrip("/") for name in assigned]
    put(fields, "identity_id", owned)
    put(fields, "identities", [*known, *owned])
    kind = next((found for body in bodies if (found := first(body, "kind"))), "")
    put(fields, "app_kind", kind.lower())
    if kind and not re.search("functionapp|workflowapp", kind, re.IGNORECASE):
        fields["web_app"] = "true"
    types = unique(first(identity, "type") for identity in identities)
    put(fields, "identity_type", types)
    said = [f"kind {kind}" if kind else "", f"identity {', '.join(types)}" if types else ""]
    said += [f"object id {', '.join(unique(known))}" if any(known) else "", *assigned]
    return f"on {resource}" + "".join(f", {part}" for part in said if part)


def _read_settings(
    fields: Fields, properties: Mapping[str, Any], bodies: Bodies, resource: str
) -> str:
    del properties
    values: dict[str, Any] = {}
    for body in bodies:
        values.update(mapping(get(body, "properties")))
    put(fields, "setting", sorted(map(str, values)))
    if any(str(name).upper() in _SHOWN and _is_address(value) for name, value in values.items()):
        fields["code"] = "true"  # the app runs what lies there
    shown = [_setting(str(name), value) for name, value in sorted(values.items())]
    if len(shown) > _NAMES_SHOWN:
        shown = [*shown[:_NAMES_SHOWN], f"+{len(shown) - _NAMES_SHOWN}"]
    which = resource.lower().partition("/config/")[2]
    put(fields, "settings_kind", which)
    return f"on {resource}" + (f": {', '.join(shown)}" if shown else "")


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.strip().lower().startswith(("http://", "https://"))


def _setting(name: str, value: Any) -> str:
    """Return a setting's name, with its value where that is where the code comes from."""
    if name.upper() in _SHOWN and isinstance(value, str):
        return f"{name}={value.partition('?')[0]}"  # what follows may be a signature
    return name


def _read_basic_sign_in(
    fields: Fields, properties: Mapping[str, Any], bodies: Bodies, resource: str
) -> str:
    allowed = _told(bodies, properties, "allow") or ("true" if _allowed(bodies) else "")
    if allowed.lower() == "true":
        fields["change"] = "basic_auth"
        return f"on {resource}: allowed"
    return f"on {resource}"


def _allowed(bodies: Bodies) -> bool:
    return any(get(body, "properties", "allow") is True for body in bodies)


# --- identities -------------------------------------------------------------------------------


def _read_federated(
    fields: Fields, properties: Mapping[str, Any], bodies: Bodies, resource: str
) -> str:
    identity, *rest = re.split("/federatedidentitycredentials/?", resource, flags=re.IGNORECASE)
    credential = rest[0] if rest else ""
    put(fields, "identity_key", identity.lower())
    put(fields, "identity_resource", identity)
    name = identity.rsplit("/", 1)[-1]
    put(fields, "identity_name", name)
    tenant = str(fields.get("tenant", ""))
    known_by = (*ties(name, tenant), *ties(f"federated {name}", tenant))
    put(fields, "owner_ties", (identity.lower(), *known_by))
    issuer, subject = (_told(bodies, properties, part) for part in ("issuer", "subject"))
    put(fields, "issuer", issuer)
    put(fields, "subject", subject)
    told = f": issuer {issuer or 'not logged'}, subject {subject or 'not logged'}"
    return f"{credential or 'a credential'} on {identity}{told if issuer or subject else ''}"


@lru_cache(maxsize=KEPT)
def _reader_of(operation: str) -> _Read | None:
    return next((read for pattern, read in _READERS if pattern.match(operation)), None)


_Read = Callable[["Fields", "Mapping[str, Any]", "Bodies", str], str]
_READERS: tuple[tuple[re.Pattern[str], _Read], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"authorization/role(assignments|assignmentschedulerequests)/write$", _read_role),
        (r"sites/(slots/)?(write|delete)$", _read_app),
        (r"(workflows|automationaccounts)/write$", _read_app),
        (r"sites/config/.*write$", _read_settings),
        (r"sites/basicpublishingcredentialspolicies/.*write$", _read_basic_sign_in),
        (r"managedidentity/userassignedidentities/federatedidentitycredentials/", _read_federated),
    )
)
