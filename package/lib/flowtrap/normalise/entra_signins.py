"""Sign-ins of people, apps and managed identities.

Example: `clientCredentialType` federatedIdentityCredential, or a `federatedCredentialId`, gives
federated "true": a token of another issuer was shown instead of a secret.

Sources: Graph signIn (servicePrincipalId, managedServiceIdentity, federatedCredentialId,
autonomousSystemNumber); tables AADManagedIdentitySignInLogs and AADServicePrincipalSignInLogs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .azure_names import (
    Fields,
    address,
    automation_of,
    first,
    get,
    ident,
    is_public,
    mapping,
    pick,
    put,
    text,
    tied,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNINS = {
    "signinlogs": "user",
    "noninteractiveusersigninlogs": "non_interactive",
    "serviceprincipalsigninlogs": "service_principal",
    "managedidentitysigninlogs": "managed_identity",
}
_KINDS = {  # Graph's signInEventTypes
    "interactiveuser": "user",
    "noninteractiveuser": "non_interactive",
    "serviceprincipal": "service_principal",
    "managedidentity": "managed_identity",
}
# Autonomous systems of Microsoft: an address of theirs is not outside Azure.
_MICROSOFT = frozenset(("8068", "8069", "8070", "8071", "8072", "8073", "8074", "8075", "12076"))


def read_signin(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Read a sign-in into fields; return its summary."""
    kind = _kind_of(fields, told)
    name = first(told, "servicePrincipalName", "servicePrincipalDisplayName", "appDisplayName")
    name = name or text(row.get("identity"))
    object_id = ident(get(told, "servicePrincipalId"))
    person = first(told, "userPrincipalName", "userDisplayName")
    by_app = kind in ("service_principal", "managed_identity") or (object_id and not person)
    caller = (name or object_id) if by_app else (person or name)
    fields["action"] = pick(row, "operationname") or "Sign-in activity"
    fields["signin"] = kind
    put(fields, "caller", caller)
    put(fields, "actor", caller.lower())
    put(fields, "actor_type", kind if by_app else "user")
    app_id = ident(get(told, "appId"))
    put(fields, "object_id", (object_id, app_id) if by_app else ident(get(told, "userId")))
    put(fields, "app_id", app_id)
    put(fields, "app", first(told, "appDisplayName"))
    put(fields, "user_agent", first(told, "userAgent"))
    resource = first(told, "resourceDisplayName", "resourceId")
    put(fields, "resource", resource)
    source = _read_source(fields, row, told)
    fields["outcome"] = _outcome(row, told)
    federated = " by a federated credential" if _read_federated(fields, told) else ""
    if by_app:
        _read_owner(fields, told, name)
    shown = f"{caller or 'unknown'} ({object_id})" if by_app else caller or "unknown"
    return f"{kind} sign-in of {shown} to {resource or 'unknown'} from {source}{federated}"


def _kind_of(fields: Fields, told: Mapping[str, Any]) -> str:
    known = SIGNINS.get(str(fields.get("category", "")))
    types = get(told, "signInEventTypes")
    named = str(types[0]).lower() if isinstance(types, list) and types else ""
    own = mapping(get(told, "managedServiceIdentity"))
    if known or named in _KINDS:
        return known or _KINDS[named]
    if first(own, "associatedResourceId"):
        return "managed_identity"
    return "service_principal" if first(told, "servicePrincipalId") else "user"


def _read_owner(fields: Fields, told: Mapping[str, Any], name: str) -> None:
    """Say whose identity it is: the resource if it is logged, else whatever bears its name."""
    own = first(get(told, "managedServiceIdentity"), "associatedResourceId").lower().rstrip("/")
    put(fields, "identity_name", name)
    tenant = str(fields.get("tenant", ""))
    if own:
        found = automation_of(own)
        put(fields, "owner", (own, found.key if found else ""))
    elif name and fields["signin"] == "managed_identity":
        put(fields, "owner", tied(name.partition("/slots/")[0], tenant))
    elif name and "federated" in fields:  # an app of that name is no app's identity
        put(fields, "owner", tied(f"federated {name}", tenant))


def _read_source(fields: Fields, row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    source = address(first(told, "ipAddress") or pick(row, "calleripaddress", "ipaddress"))
    put(fields, "src", source)
    system = first(told, "autonomousSystemNumber") or pick(row, "autonomoussystemnumber")
    if is_public(source) and system not in _MICROSOFT:
        fields["outside"] = "true"
    place = mapping(get(told, "location")) or mapping(row.get("locationdetails"))
    country = first(place, "countryOrRegion") or pick(row, "location")
    put(fields, "country", country)
    return f"{source or 'an address not logged'}{f' ({country})' if country else ''}"


def _read_federated(fields: Fields, told: Mapping[str, Any]) -> bool:
    used = first(told, "federatedCredentialId") or first(
        get(told, "managedServiceIdentity"), "federatedTokenId"
    )
    kind = first(told, "clientCredentialType").lower()
    if used.strip("0-") or kind == "federatedidentitycredential":
        fields["federated"] = "true"
    return "federated" in fields


def _outcome(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Return success or failure; `resultType` is "0", 0 or Success where it went well."""
    code = pick(row, "resulttype") or first(get(told, "status"), "errorCode")
    return "success" if code.lower() in ("", "0", "success") else "failure"
