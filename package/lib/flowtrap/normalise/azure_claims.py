"""Who called: the claims that Azure records hold about a caller.

Claims bear short names (`oid`, `appid`) or long ones
(`http://schemas.microsoft.com/identity/claims/objectidentifier`); Key Vault writes
`identity.claim`, the Activity Log `identity.claims` or, in REST, `claims` beside `caller`. The
token of a managed identity names the identity's own resource in `xms_mirid`, and the resource that
asked for it in `xms_az_rid`.

Example: a caller whose claims hold `xms_mirid` of a site is that site's system-assigned identity.

Sources: Activity Log schema (claims); access token claims reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .azure_names import automation_of, guid, ident, mapping, text
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORT = {"objectidentifier": "oid", "tenantid": "tid", "emailaddress": "email"}


class Caller(NamedTuple):
    """A caller. `name` is what to show, `ids` all that may name it in other records.

    `kind` is user, managed_identity, app, or "" where the record does not say.
    """

    name: str
    kind: str
    ids: tuple[str, ...]
    app_id: str
    tenant: str
    address: str
    own_resource: str


def claims_of(*holders: Any) -> dict[str, str]:
    """Return claims by short name, in small letters, of the first holder that has any."""
    for holder in holders:
        found: dict[str, str] = {}
        for name, value in mapping(holder).items():
            short = str(name).rsplit("/", 1)[-1].lower()
            if text(value):
                found.setdefault(_SHORT.get(short, short), text(value))
        if found:
            return found
    return {}


def caller_of(named: str, claims: Mapping[str, str], evidence: Any = None) -> Caller:
    """Return the caller of a record: `named` is what the record itself calls it, if it does."""
    claim = claims.get
    resource = claim("xms_mirid", "").lower()
    asked_by = claim("xms_az_rid", "").lower()  # a user-assigned identity's token tells it
    principal = mapping(evidence)
    own = ident(claim("oid")) or guid(named)
    if not own and "@" not in named:
        own = guid(principal.get("principalId")) or named.lower()
    names = (named, claim("upn"), claim("email"), claim("unique_name"), claim("name"))
    addresses = (_bare(name) for name in names if name and "@" in name)
    name = next(addresses, "") or named or own or claim("appid", "") or claim("name", "")
    kind = _kind(name, claims, principal, resource)
    app_id = guid(claim("appid") or claim("azp"))
    return Caller(
        name=name,
        kind=kind,
        ids=unique(
            (
                own,
                "" if "@" in named else ident(named),
                "" if kind == "user" else app_id,  # a person's is the program they used
                resource,
                _automation(resource),
                asked_by,
                _automation(asked_by),
            )
        ),
        app_id=app_id,
        tenant=guid(claim("tid")) or claim("tid", "").lower(),
        address=claim("ipaddr", ""),
        own_resource=resource,
    )


def _automation(resource: str) -> str:
    """Return the automation that a resource lies in, such as the app of a slot."""
    found = automation_of(resource) if resource else None
    return found.key if found else ""


def _bare(name: str) -> str:
    """Return an address without its provider.

    Example: `live.com#eve@example.com`
    """
    return name.rsplit("#", 1)[-1] if "#ext#" not in name.lower() else name


def _kind(name: str, claims: Mapping[str, str], principal: Mapping[str, Any], resource: str) -> str:
    if resource:
        return "managed_identity"
    if "@" in name or claims.get("upn") or claims.get("scope") or claims.get("scp"):
        return "user"
    if claims.get("idtyp", "").lower() == "app" or guid(name) or name == claims.get("oid"):
        return "app"
    return "app" if text(principal.get("principalType")).lower() == "serviceprincipal" else ""
