"""Entra ID records become events: changes of the directory (AuditLogs) and sign-ins.

The four sign-in categories and AuditLogs come by Azure Monitor (`category`, `properties`) or from
Graph's REST lists, whose members are those of `properties`. Intune's audit records share the
category and are read as far as they go. MicrosoftGraphActivityLogs and others are not ours.

Example: a ManagedIdentitySignInLogs record with servicePrincipalName `pay` and servicePrincipalId
`2222…` gives signin `managed_identity`, object_id `2222…`, and owner `pay@TENANT` by which the app
of that name finds it.

Sources: Entra audit and sign-in log schemas; Graph directoryAudit and signIn; shared events.md,
section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from .azure_names import (
    Fields,
    digest_of,
    first,
    get,
    ident,
    mapping,
    one_line,
    pick,
    put,
    small,
    text,
    value_of,
)
from .entra_changes import read_change
from .entra_signins import SIGNINS, read_signin
from .times import time_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "entra_audit"
_TIMES = (
    "time", "timegenerated", "activitydatetime", "createddatetime", "@timestamp", "p_event_time",
    "_time",
)  # fmt: skip

# What Graph's list and the table of Log Analytics call the act and who did it.
_CHANGES = ({"activityDisplayName", "initiatedBy"}, {"ActivityDisplayName", "InitiatedBy"})


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is an audit record or a sign-in of Entra, or of Graph's lists."""
    category = value_of(get(record, "category")).lower()
    if category in SIGNINS or category == "auditlogs":
        return True
    return _is_change(record, category) or _is_signin(record)


def _is_change(record: Mapping[str, Any], category: str) -> bool:
    """Tell an audit record by its shape: bare, or with a category of its own."""
    # Example: {"category": "Policy", "resourceId": "/tenants/…", "properties": {"initiatedBy": …}}
    # Example (Graph): {"activityDisplayName": "Add member to role", "initiatedBy": {…}}
    # Example (Log Analytics): {"ActivityDisplayName": "Add member to role", "InitiatedBy": "{…}"}
    bare = any(signs <= record.keys() for signs in _CHANGES)
    if bare or category != "policy":
        return bare
    resource = first(record, "resourceId").lower()
    return resource.startswith("/tenants/") and "initiatedBy" in mapping(record.get("properties"))


def _is_signin(record: Mapping[str, Any]) -> bool:
    """Tell a sign-in of Graph's list.

    Example: {"createdDateTime": …, "appId": …, "ipAddress": …, "status": {"errorCode": 0}}
    """
    return (
        "createdDateTime" in record
        and "appId" in record
        and "errorCode" in mapping(record.get("status"))
    )


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a record tells. Raises RecordError where its time is no good."""
    row = small(record)
    told = mapping(row.get("properties")) or record
    own_times = (first(told, "activityDateTime"), first(told, "createdDateTime"))
    found = (row[name] for name in _TIMES if row.get(name) not in (None, ""))
    told_at = next(found, None) or next(filter(None, own_times), None)
    when = time_ms(told_at)
    category = value_of(row.get("category"))
    fields: Fields = {}
    put(fields, "at", text(told_at))
    put(fields, "category", category.lower())
    tenant = _tenant(row, told)
    put(fields, "account", tenant)
    put(fields, "tenant", tenant)
    put(fields, "correlation", (pick(row, "correlationid") or first(told, "correlationId")).lower())
    if category.lower() in SIGNINS or _is_signin(record):
        summary = read_signin(fields, row, told)
    else:
        summary = read_change(fields, row, told)
    outcome = fields["outcome"]
    fields["summary"] = one_line(summary if outcome == "success" else f"{summary} ({outcome})")
    event_id = first(told, "id", "AuditEventId") or digest_of(record)
    return Event(NAME, event_id, when, fields, record)


def _tenant(row: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """Return the tenant; the TenantId of a Log Analytics table's row is that of the workspace."""
    own = "aadtenantid" if "timegenerated" in row else "tenantid"
    tenant = ident(row.get(own)) or _tenant_of(pick(row, "resourceid"))
    if tenant or own == "aadtenantid":
        return tenant
    return ident(get(told, "tenantId")) or ident(get(told, "homeTenantId"))


def _tenant_of(resource: str) -> str:
    """Return the tenant of `/tenants/1111…/providers/Microsoft.aadiam`."""
    parts = resource.lower().split("/")
    return ident(parts[2]) if parts[:2] == ["", "tenants"] and len(parts) > 2 else ""


SPEC = FeedSpec(NAME, recognise, normalise)
