"""Power Automate flow definitions, as Flowtrap's own input reads them: what a flow is made to do.

No audit log has it. The input wraps what the service gave, unchanged, with what it does not say:
when it was seen, of which tenant, environment and flow.

Example: `{"kind": "flowtrap#flowDefinition", "observedTime": "2026-03-10T10:00:00Z", "tenantId":
"1f0e…", "environmentName": "Default-1f0e…", "flowId": "6ba2…", "flow": {"name": "6ba2…",
"properties": {"displayName": …, "definition": {…}}}}` gives flow `6ba2…`, its triggers, actions,
connectors, the hosts it calls and the addresses it sends to. It shows how the flow looked when it
was seen, not that it ran.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from .aws_summary import one_line, some
from .flow_actions import host_of, read_definition
from .m365_names import NO_TENANT, digest, domain_of, site_domain, text
from .times import time_ms
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    from .flow_actions import Definition

    Fields = dict[str, FieldValue]

NAME = "m365_flow_definitions"
KIND = "flowtrap#flowDefinition"
# What starts on mail that came in. Source: connector reference (OnNewEmailV3, OnFlaggedEmailV3,
# OnNewMentionMeEmailV3, SharedMailboxOnNewEmailV2); Gmail's is OnNewEmail.
_MAIL_COMES = re.compile(r"(?:new|flagged)\w*mail", re.IGNORECASE)
# Source: the same (SendEmailV2, ForwardEmail_V2, ReplyToV3, SharedMailboxSendEmailV2).
_MAIL_GOES = re.compile(r"(?:send|forward)\w*mail|replyto", re.IGNORECASE)
_CALLS = re.compile(r"http", re.IGNORECASE)
# The tenant's own services, which flows call all day; anybody may have a workflow or a web app.
_MICROSOFT = re.compile(
    r"(?:^|\.)(?:graph\.microsoft\.com|management\.azure\.com|sharepoint\.com|office\.com"
    r"|office365\.com|dynamics\.com|login\.microsoftonline\.com|outlook\.office\.com)$"
)


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is one of this input's, by the kind that it writes."""
    return record.get("kind") == KIND


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a definition tells. Raises RecordError where its time is no good."""
    when = time_ms(record.get("observedTime"))
    flow = record.get("flow")
    flow = flow if isinstance(flow, dict) else {}
    properties = flow.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    definition = read_definition(properties)
    flow_id = text(record.get("flowId")) or text(flow.get("name"))
    creator = properties.get("creator")
    creator = creator if isinstance(creator, dict) else {}
    given = {
        "action": "FlowDefinition",
        "at": text(record.get("observedTime")),
        "account": text(record.get("tenantId")).lower() or NO_TENANT,
        "flow": flow_id.lower(),
        "flow_id": flow_id,
        "environment": text(record.get("environmentName")),
        "title": text(properties.get("displayName")),
        "state": text(properties.get("state")),
        "modified": text(properties.get("lastModifiedTime")),
        "creator_id": text(creator.get("objectId")).lower(),
        "actor": text(creator.get("objectId")).lower(),
        "detail": "whole" if definition.whole else "operations alone",
        "outcome": "success",
    }
    fields: Fields = {name: value for name, value in given.items() if value}
    _read_steps(fields, definition)
    _read_connectors(fields, properties, definition)
    _read_ends(fields, definition)
    fields["summary"] = one_line(_summary(fields))[:1_000]
    return Event(NAME, digest(record), when, fields, record)


def _read_steps(fields: Fields, definition: Definition) -> None:
    triggers = unique(step.name for step in definition.triggers)
    acts = unique(step.name for step in definition.actions)
    _set(fields, trigger=triggers, act=acts)
    if any(_MAIL_COMES.search(name) for name in triggers):
        fields["on_mail"] = "true"
    if any(_MAIL_GOES.search(name) for name in acts):
        fields["sends_mail"] = "true"
    if any(step.opens for step in definition.actions):
        fields["opens"] = "true"


def _read_connectors(fields: Fields, properties: Mapping[str, Any], definition: Definition) -> None:
    """Read with what a flow works: connectors, and actions that call any address.

    Example: `shared_gmail`, `Http`. Operations of a connector are left out: SharePoint has one
    called HttpRequest, which stays in the tenant.
    """
    steps = (*definition.triggers, *definition.actions)
    references = properties.get("connectionReferences")
    rows = list(references.values()) if isinstance(references, dict) else references
    found = [step.connector for step in steps]
    found += [_connector(row) for row in (rows if isinstance(rows, list) else ())]
    calls = [step.name for step in definition.actions if not step.connector]
    found += [name for name in calls if _CALLS.match(name)]
    _set(fields, connector=unique(found))


# Example: {"id": "/providers/Microsoft.PowerApps/apis/shared_gmail", "connectionName": …}
def _connector(row: Any) -> str:
    named = text(row.get("id")) or text(row.get("apiId")) if isinstance(row, dict) else ""
    return named.rpartition("/")[2]


def _read_ends(fields: Fields, definition: Definition) -> None:
    """Read where a flow leads: hosts that it calls, addresses that its mail goes to."""
    hosts = unique(host_of(step.address) for step in definition.actions)
    outside = tuple(host for host in hosts if not _MICROSOFT.search(host))
    mails = [step for step in definition.actions if _MAIL_GOES.search(step.name)]
    sent = unique(one for step in mails for one in step.recipients)
    sent_to = unique(map(domain_of, sent))
    ends = unique((*outside, *sent_to))
    if any(step.passes_on and step.recipients for step in mails):
        fields["passes_on"] = "true"
    _set(
        fields,
        endpoint_host=hosts,
        outside_host=outside,
        recipient=sent,
        recipient_host=sent_to,
        recipient_domain=unique(map(site_domain, sent_to)),
        end_host=ends,
        end_domain=unique(map(site_domain, ends)),
    )


def _set(fields: Fields, **lists: tuple[str, ...]) -> None:
    """Set fields that have values."""
    fields.update({name: values for name, values in lists.items() if values})


def _summary(fields: Fields) -> str:
    parts = [f"flow {fields.get('flow_id', 'without id')} as defined"]
    for word, name in (
        ("on", "trigger"),
        ("does", "act"),
        ("with", "connector"),
        ("calls", "endpoint_host"),
        ("mails", "recipient"),
    ):
        values = fields.get(name)
        if isinstance(values, tuple):
            parts.append(f"{word} {some(values, 8)}")
    return ", ".join(parts)


SPEC = FeedSpec(NAME, recognise, normalise)
