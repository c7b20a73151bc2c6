"""Azure Activity Log records become events: who did what to which resource, and how it ended.

Read are the flat export (Event Hub, blobs), the REST shape, and rows of the AzureActivity table;
and storage resource logs, which come by the same hub. A request gives a start and an end record of
one correlationId: `outcome` tells them apart, and stages count the end.

Example: a flat record of `MICROSOFT.WEB/SITES/HOSTRUNTIME/VFS/RUN.CSX/WRITE` with resultType
Success gives operation `sites/hostruntime/vfs/run.csx/write`, change `file`, file `RUN.CSX`, and as
function the site's id in small letters.

Sources: Azure Monitor activity log schema; shared events.md, sections 1 and 5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from . import azure_functions
from .azure_activity_facts import read_facts
from .azure_claims import caller_of, claims_of
from .azure_names import (
    Fields,
    address,
    automation_of,
    digest,
    digest_of,
    first,
    get,
    guid,
    ident,
    mapping,
    one_line,
    pick,
    put,
    small,
    subscription_of,
    text,
    ties,
    value_of,
)
from .times import time_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "azure_activity"
CATEGORIES = frozenset(
    (
        "administrative", "policy", "security", "alert", "autoscale", "servicehealth",
        "resourcehealth", "recommendation", "action", "write", "delete",
        "storageread", "storagewrite", "storagedelete",
    )
)  # fmt: skip
_STORAGE = ("blob", "container", "file", "queue", "table", "message", "entity", "path")
_TIMES = (
    "time", "eventtimestamp", "timegenerated", "timegenerated [utc]", "@timestamp",
    "submissiontimestamp", "p_event_time", "_time",
)  # fmt: skip
_SUCCESS = ("success", "succeeded", "succeed", "ok", "active", "resolved")
_STARTED = ("start", "started", "accept", "accepted", "inprogress", "running")
_PROVIDER = re.compile(r"^microsoft\.(web|logic|automation)/")
_FILE = re.compile(r"/hostruntime/vfs/(.+?)/(?:write|delete|action|read)$", re.IGNORECASE)


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is of the Activity Log, or of storage.

    Records of other categories share the hub: they are not.
    """
    operation = _operation(record)
    if not operation or azure_functions.recognise(record):
        return False
    category = value_of(get(record, "category")) or first(record, "CategoryValue")
    if category:
        return category.lower() in CATEGORIES and not _of_tenant(record)
    return ("/" in operation or operation.lower().endswith(_STORAGE)) and bool(
        subscription_of(_resource(record))
    )


def _of_tenant(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is Entra's, which has a category Policy too."""
    return first(record, "resourceId").lower().startswith("/tenants/")


def _operation(record: Mapping[str, Any]) -> str:
    """Return the operation's name as the record spells it."""
    found = record.get("operationName")
    if found is None:
        found = get(record, "OperationNameValue")
        if found is None and "OperationName" in record and "Category" in record:
            found = record["OperationName"]
    return value_of(found)


def _resource(record: Mapping[str, Any]) -> str:
    """Return the id of the resource that a record is about."""
    found = first(record, "resourceId", "resourceUri", "_ResourceId", "resource_id")
    if found.startswith(("/", "sub")):
        return found
    own = first(record, "id").split("/events/")[0]
    scope = first(get(record, "authorization"), "scope")
    return own if own.startswith("/") else scope or found


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a record tells. Raises RecordError where its time is no good."""
    row = small(record)
    told_at = next((row[name] for name in _TIMES if row.get(name) not in (None, "")), None)
    when = time_ms(told_at)
    named, resource = _operation(record), _resource(record)
    fields: Fields = {}
    put(fields, "at", text(told_at))
    put(fields, "action", named.lower())
    put(fields, "category", (value_of(row.get("category")) or pick(row, "categoryvalue")).lower())
    fields["outcome"] = outcome = _outcome(row)
    _read_caller(fields, row)
    _read_resource(fields, row, resource, named)
    put(fields, "correlation", pick(row, "correlationid").lower())
    put(fields, "region", pick(row, "location"))
    summary = read_facts(fields, _properties(row), named or "an operation", resource)
    fields["summary"] = one_line(summary if outcome == "success" else f"{summary} ({outcome})")
    return Event(NAME, _event_id(row, fields, when), when, fields, record)


def _properties(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(row.get("properties")) or mapping(row.get("properties_d"))


def _outcome(row: Mapping[str, Any]) -> str:
    """Return success, started or failure; a record that does not say is taken for a success."""
    told = value_of(row.get("resulttype") or row.get("status") or row.get("activitystatusvalue"))
    signature = pick(row, "resultsignature") or value_of(row.get("substatus"))
    word = (told or signature.split(".")[0] or pick(row, "statustext", "activitystatus")).lower()
    if word in _STARTED:
        return "started"
    code = first(_properties(row), "statusCode") or pick(row, "statuscode") or signature
    if word.startswith(("fail", "error", "cancel", "deny", "denied", "unauthor", "forbid")) or (
        code[:1] in ("4", "5") and code[:3].isdigit()
    ):
        return "failure"
    return "success" if not word or word in _SUCCESS or code[:1] == "2" else word


def _read_caller(fields: Fields, row: Mapping[str, Any]) -> None:
    identity = mapping(row.get("identity"))
    claims = claims_of(
        get(identity, "claims"), row.get("claims"), row.get("claims_d"), get(identity, "claim")
    )
    granted = get(identity, "authorization") or row.get("authorization")
    requester = mapping(get(identity, "requester"))  # storage logs
    named = pick(row, "caller") or first(requester, "upn", "objectId", "appId")
    if not named and not identity:
        named = pick(row, "identity")
    caller = caller_of(named, claims, get(granted, "evidence"))
    put(fields, "caller", caller.name)
    put(fields, "actor", caller.name.lower())
    put(fields, "actor_type", caller.kind)
    put(fields, "actor_id", caller.ids)
    put(fields, "app_id", caller.app_id)
    put(fields, "own_resource", caller.own_resource)
    source = pick(row, "calleripaddress", "caller_ip_address") or first(
        row.get("httprequest"), "clientIpAddress"
    )
    source = address(source or caller.address)
    put(fields, "src", source)
    if not caller.name:  # sparse copies: who called from one address is taken for one
        put(fields, "actor", source)
    # The table's own TenantId is that of the workspace.
    own = "" if "operationnamevalue" in row else pick(row, "tenantid", "tenant_id")
    put(fields, "tenant", ident(own) or caller.tenant)


def _read_resource(fields: Fields, row: Mapping[str, Any], resource: str, named: str) -> None:
    account = subscription_of(resource) or guid(row.get("subscriptionid"))
    put(fields, "account", account or str(fields.get("tenant", "")))
    put(fields, "resource", resource)
    put(fields, "resource_key", resource.lower().rstrip("/"))
    operation = named.lower()
    put(fields, "operation", re.sub(r"^microsoft\.", "", operation))
    if not _PROVIDER.match(operation):
        return
    fields["operation"] = operation.partition("/")[2].replace("/slots/", "/", 1)
    found = automation_of(resource)
    if found:
        fields["function"], fields["function_id"], fields["function_name"] = found
        tenant = str(fields.get("tenant", ""))
        fields["owner_ties"] = (found.key, *ties(found.name, tenant))
    file = _FILE.search(named)
    put(fields, "file", file[1] if file else "")


def _event_id(row: Mapping[str, Any], fields: Fields, when: int) -> str:
    own = pick(row, "eventdataid")
    if own:
        return own
    if "correlation" not in fields:
        return digest_of(row)
    parts = (fields.get(name, "") for name in ("resource_key", "action", "outcome", "correlation"))
    return digest(when, *parts)


SPEC = FeedSpec(NAME, recognise, normalise)
