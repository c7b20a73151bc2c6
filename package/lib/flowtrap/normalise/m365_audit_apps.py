"""Microsoft 365 audit: applications that a user or administrator consented to.

Example: "Consent to application." with ConsentAction.Permissions "[] => [[…ConsentType:
AllPrincipals, Scope: Mail.Read, …]]" gives app, app_name, scope Mail.Read and consent_kind
"for all users".

Sources: Entra audit activities; the records' ModifiedProperties, shared events.md, section 7.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .m365_names import decoded, guid, guids_in, own_domains, plain_value, text
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]
    Named = dict[str, dict[str, str]]

_SCOPE = re.compile(r"Scope:\s*([^,\]]*)", re.IGNORECASE)
_KIND = re.compile(r"ConsentType:\s*(\w+)", re.IGNORECASE)
_YES = "true"
# Resources that everybody consents for, never the client: Graph, Exchange, SharePoint, Entra.
_RESOURCES = frozenset((
    "00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000",
    "00000003-0000-0ff1-ce00-000000000000", "00000002-0000-0000-c000-000000000000",
))  # fmt: skip
_CLIENT = ("ServicePrincipal.AppId", "ServicePrincipal.ObjectID")


def consent(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read a consent or grant: to which application, for what, for whom."""
    # Example (Elastic): ConsentAction_Permissions, as its names hold no dots
    modified = named.get("ModifiedProperties", {})
    changed = {name.replace("_", "."): plain_value(value) for name, value in modified.items()}
    ids = _apps(action, record, changed, named)
    if ids:
        fields["app"] = ids
    else:
        fields.pop("app", None)
    name = _name(action, record, changed)
    if name:
        fields["app_name"] = name
    scopes = _scopes(changed)
    if scopes:
        fields["scope"] = scopes
    kind = _kind(changed)
    fields["consent_kind"] = kind
    directory(fields, action, record, named)
    shown = name or (ids[0] if ids else "an application")
    told = f" ({ids[0]})" if name and ids else ""
    return f"{action} {shown}{told}: {' '.join(scopes) or 'scopes not logged'}, {kind}"


def _apps(
    action: str, record: Mapping[str, Any], changed: dict[str, str], named: Named
) -> tuple[str, ...]:
    """Return the client's ids; of most grants the target is the resource, if they name both."""
    client = [found for key in _CLIENT for found in guids_in(changed.get(key))]
    if client and not _is_of_client(action):
        return unique(one for one in client if one not in _RESOURCES)
    found = [*client, *guids_in(text(record.get("ObjectId")))]
    found += guids_in(changed.get("TargetId.ServicePrincipalNames"))
    # Example: {"Name": "additionalDetails", "Value": "{\"AppId\":\"95106c0e-…\"}"}
    details = decoded(named.get("ExtendedProperties", {}).get("additionalDetails"))
    if isinstance(details, dict):
        found.append(guid(details.get("AppId")))
    found += [guid(one) for kind, one in _targets(record) if kind in ("2", "4")]
    return unique(one for one in found if one not in _RESOURCES)


def _is_of_client(action: str) -> bool:
    """Tell whether the target of the act is the application that is let in."""
    return action.lower().startswith("consent") or action.lower().endswith("grant to user")


def _targets(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = decoded(record.get("Target"))
    rows = rows if isinstance(rows, list) else []
    return [(text(row.get("Type")), text(row.get("ID"))) for row in rows if isinstance(row, dict)]


def _name(action: str, record: Mapping[str, Any], changed: dict[str, str]) -> str:
    if not _is_of_client(action):
        return changed.get("ServicePrincipal.DisplayName", "")
    return next((one for kind, one in _targets(record) if kind == "1" and one), "")


def _scopes(changed: dict[str, str]) -> tuple[str, ...]:
    # Example: "[] => [[Id: …, ConsentType: Principal, Scope: Mail.Read offline_access, …]]; "
    told = changed.get("ConsentAction.Permissions", "").rpartition("=>")[2]
    found = [scope for match in _SCOPE.findall(told) for scope in match.split()]
    found += changed.get("DelegatedPermissionGrant.Scope", "").split()
    return unique((*found, changed.get("AppRole.Value", "")))


def _kind(changed: dict[str, str]) -> str:
    """Return for whom it was consented, in words."""
    told = _KIND.findall(changed.get("ConsentAction.Permissions", ""))
    told.append(changed.get("DelegatedPermissionGrant.ConsentType", ""))
    everybody = changed.get("ConsentContext.OnBehalfOfAll", "").lower() == _YES
    admin = changed.get("ConsentContext.IsAdminConsent", "").lower() == _YES
    if everybody or "AllPrincipals" in told:
        return "admin consent for all users" if admin else "consent for all users"
    if "AppRole.Value" in changed:
        return "application permission"
    return "admin consent" if admin else "consent by the user"


def directory(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read a sign-in or change of the directory: a member's own domain, where it is proven.

    A guest's home is another tenant: ActorContextId.
    """
    home = text(record.get("ActorContextId")).lower()
    if home and home == fields.get("account") and "guest" not in fields:
        domains = own_domains(str(fields.get("user", "")))
        if domains:
            fields["home_domain"] = domains
    target = fields.get("object")
    return f"{action} {target}"[:300] if target else action


_CONSENTS = (
    "consent to application", "add delegated permission grant",
    "add app role assignment to service principal", "add app role assignment grant to user",
)  # fmt: skip
_DIRECTORY = (
    "userloggedin", "userloginfailed", "add service principal", "add owner to application",
    "update application", "add member to role", "update user", "add user",
)  # fmt: skip
CALLS = {**dict.fromkeys(_CONSENTS, consent), **dict.fromkeys(_DIRECTORY, directory)}
