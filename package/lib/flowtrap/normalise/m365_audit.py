"""Microsoft 365 audit records become events: who did what to which flow, rule, link or consent.

The common schema is read at once, the rest by a table of operations. Lists of names and values
(Parameters, OperationProperties, ModifiedProperties, ExtendedProperties, PropertyCollection) are
fields of their own: `Parameters.ForwardTo` has a value where the command set one.

Example: a record with `"Operation": "CreateFlow"` and `"UserId": "Eve@example.com"` becomes an
event with user `eve@example.com`, flow, connectors and `summary` "CreateFlow 6ba2… in environment
Default-… with Office 365 Outlook, Gmail".

Sources: Office 365 Management Activity API schema; "Audit log activities" (Microsoft Purview).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from . import m365_audit_apps as apps
from . import m365_audit_files as files
from . import m365_audit_flows as flows
from . import m365_audit_mail as mail
from .aws_summary import one_line
from .m365_names import (
    GUID,
    NO_TENANT,
    decoded,
    digest,
    first,
    guid,
    guids_in,
    host,
    is_guest,
    own_domains,
    pairs,
    text,
    user_of,
)
from .times import time_ms
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

NAME = "m365_audit"
_TIMES = (
    "CreationTime", "CreationDate", "TimeGenerated", "@timestamp", "p_event_time", "_time",
)  # fmt: skip
_SIGNS = (
    "CreationTime", "CreationDate", "RecordType", "Workload", "OfficeWorkload", "OrganizationId",
    "UserId", "UserKey", "UserType", "ResultStatus",
)  # fmt: skip
_FEWEST = 2
_NOTHING: dict[str, Any] = {}  # stands for a part that a record lacks; never written to
_COMMON = (
    ("workload", ("Workload", "OfficeWorkload")),
    ("record_type", ("RecordType",)),
    ("object", ("ObjectId", "OfficeObjectId")),
)
_GUESTS = ("10", "guest")
_PROGRAMS = ("5", "6", "application", "serviceprincipal")
_LISTS = (
    "Parameters", "OperationProperties", "ModifiedProperties", "ExtendedProperties",
    "PropertyCollection",
)  # fmt: skip
_USERS = ("UserId", "UserUPN", "UserIds", "MailboxOwnerUPN", "UserKey")
_SOURCES = ("ClientIP", "ClientIPAddress", "ActorIpAddress", "ClientIp", "SourceIPAddress")
_SESSIONS = ("SessionId", "AADSessionId")
_AGENTS = ("UserAgent", "ClientInfoString", "ActorInfoString")
_APPS = ("AppId", "ClientAppId", "ApplicationId", "ClientApplicationId")
_APP_IN_AGENT = re.compile(rf"AppId=({GUID.pattern})", re.IGNORECASE)
_FAILED = ("false", "fail", "error", "denied", "block", "unsucc", "not ")
_SYSTEM = ("nt authority\\", "nt service\\", "s-1-5-18")
_CALLS = {**flows.CALLS, **mail.CALLS, **files.CALLS, **apps.CALLS}


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is of the unified audit log: an Operation amid its common members."""
    return isinstance(record.get("Operation"), str) and (
        sum(sign in record for sign in _SIGNS) >= _FEWEST
    )


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a record tells. Raises RecordError where its time is no good."""
    spelled = next((record[key] for key in _TIMES if record.get(key)), None)
    when = time_ms(spelled)
    operation = text(record.get("Operation"))
    action = operation.rstrip(".")
    fields: Fields = {"action": action, "at": str(spelled)}
    named = {name: pairs(record[name]) for name in _LISTS if record.get(name)}
    for name, found in named.items():
        for key, value in found.items():
            fields[f"{name}.{key}"] = value
    context = decoded(record.get("AppAccessContext"))
    context = context if isinstance(context, dict) else _NOTHING
    _read_common(fields, record)
    _read_actor(fields, record, context)
    _read_client(fields, record, context, named)
    summary = _CALLS.get(action.lower(), _other)(fields, action, record, named)
    outcome = _outcome(record)
    fields["outcome"] = outcome
    if outcome != "success":
        summary = f"{summary} ({text(record.get('ResultStatus'))})"
    fields["summary"] = one_line(summary)[:1_000]
    event_id = text(record.get("Id")) or text(record.get("OfficeId"))
    return Event(NAME, event_id or digest(record), when, fields, record)


def _read_common(fields: Fields, record: Mapping[str, Any]) -> None:
    for field, keys in _COMMON:
        value = first(record, keys)
        if value:
            fields[field] = value
    fields["account"] = first(record, ("OrganizationId", "TenantId")).lower() or NO_TENANT


def _read_actor(fields: Fields, record: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    spelled = _spelled(record)
    user = user_of(spelled)
    if not user:
        return
    fields["actor"], fields["user"] = spelled, user
    kind = first(record, ("UserType",)).lower()
    ids = _object_ids(record, context, kind)
    if ids:
        fields["user_id"] = ids
    session = first(context, ("AADSessionId",)).lower()
    own = first(record, _SESSIONS).lower()
    device = pairs(record["DeviceProperties"]) if "DeviceProperties" in record else _NOTHING
    sessions = unique((session, own, text(device.get("SessionId")).lower()))
    if sessions:
        fields["session"] = sessions
    fields["who"] = (user, *ids, *[f"session:{one}" for one in sessions])
    if is_guest(spelled) or kind in _GUESTS:
        fields["guest"] = "true"
    elif "@" in user:
        fields["member_domain"] = own_domains(user)
    if user.startswith(_SYSTEM):
        fields["system"] = "true"


def _spelled(record: Mapping[str, Any]) -> str:
    """Return who did it as the record writes it: the address, where the id has one beside it.

    Example: {"UserId": "e4c7…", "UserUPN": "Eve@example.com"}
    """
    spelled = first(record, _USERS)
    if "UserUPN" in record and guid(spelled):
        return text(record["UserUPN"]) or spelled
    return spelled


def _object_ids(
    record: Mapping[str, Any], context: Mapping[str, Any], kind: str
) -> tuple[str, ...]:
    """Return the object ids that the directory knows the acting user by."""
    told = (record.get("UserKey"), record.get("UserId"), context.get("UserObjectId"))
    found = list(map(guid, told))
    actors = record.get("Actor")
    # Example: "Actor": [{"ID": "User_e4c7…", "Type": 2}, {"ID": "e4c7…", "Type": 0}]
    if actors and kind not in _PROGRAMS:
        actors = decoded(actors)
        for row in actors if isinstance(actors, list) else ():
            known_as = text(row.get("ID")) if isinstance(row, dict) else ""
            if known_as.startswith("User_"):
                found.extend(guids_in(known_as))
            elif isinstance(row, dict) and text(row.get("Type")) == "0":
                found.append(guid(known_as))
    return unique(found)


def _read_client(
    fields: Fields,
    record: Mapping[str, Any],
    context: Mapping[str, Any],
    named: dict[str, dict[str, str]],
) -> None:
    src = host(first(record, _SOURCES))
    if src:
        fields["src"] = src
    agent = first(record, _AGENTS)
    if not agent and "ExtendedProperties" in named:
        agent = named["ExtendedProperties"].get("UserAgent", "")
    if agent:
        fields["user_agent"] = agent
    found = [guid(part.get(key)) for part in (record, context) if part for key in _APPS]
    client = text(record.get("ClientInfoString"))
    # Example: "Client=WebServices;…python-requests/2.25.1[AppId=47629505-…];"
    if "AppId=" in client:
        found += map(str.lower, _APP_IN_AGENT.findall(client))
    ids = unique(found)
    if ids:
        fields["app"] = ids
    if flows.is_flow_client(f"{agent} {client}", ids):
        fields["by_flow"] = "true"


def _outcome(record: Mapping[str, Any]) -> str:
    """Return success or failure; most workloads leave the status out where all went well."""
    status = text(record.get("ResultStatus")).lower()
    return "failure" if status.startswith(_FAILED) else "success"


def _other(
    fields: Fields, action: str, record: Mapping[str, Any], named: dict[str, dict[str, str]]
) -> str:
    target = fields.get("object")
    return f"{action} {target}"[:300] if target else action


SPEC = FeedSpec(NAME, recognise, normalise, name_field="Operation")
