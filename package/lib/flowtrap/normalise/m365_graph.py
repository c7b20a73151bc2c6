"""Microsoft Graph activity becomes events: which user's token asked for what, and by which client.

Over Event Hub a record has its own members under `properties`, in Log Analytics they are columns in
PascalCase. The user is an object id; the bodies of requests and so their recipients are not logged.

Example: `{"category": "MicrosoftGraphActivityLogs", "properties": {"requestMethod": "POST",
"requestUri": "https://graph.microsoft.com/v1.0/me/messages/AAMk…/forward", …}}` gives graph_act
`forward`, who the object id, and by_flow "true" where the agent is a flow's.

Source: Azure Monitor reference, MicrosoftGraphActivityLogs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from .aws_summary import one_line
from .m365_audit_flows import is_flow_client
from .m365_names import GUID, NO_TENANT, digest, guid, guids_in, host, text, user_of
from .times import time_ms
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]

NAME = "m365_graph"
_CATEGORY = "microsoftgraphactivitylogs"
_TABLES = ("category", "Category", "Type", "_Type")
_TIMES = ("time", "TimeGenerated", "timeGenerated", "@timestamp", "p_event_time", "_time")
# A workspace's own id is TenantId in Log Analytics, so that it comes last.
_TENANTS = ("tenantid", "aadtenantid")
_HTTP_ERROR = 400
_USER_IN_PATH = re.compile(r"/users(?:/|\(')([^/')]+)", re.IGNORECASE)
# What a request does, by the end of its path; the first that fits.
# Example: /me/messages/AAMk…/forward, /me/messages('AAMk…')/microsoft.graph.forward
_ACTS = (
    ("forward", re.compile(r"/messages.*[/.](?:create)?forward$", re.IGNORECASE)),
    ("sendMail", re.compile(r"[/.]sendmail$", re.IGNORECASE)),
    ("sendMail", re.compile(r"/messages.*[/.](?:send|reply|replyall)$", re.IGNORECASE)),
    ("messageRules", re.compile(r"/messagerules(?:/[^/]+|\([^)]*\))?$", re.IGNORECASE)),
    ("createLink", re.compile(r"[/.]createlink$", re.IGNORECASE)),
    ("invite", re.compile(r"[/.]invite$", re.IGNORECASE)),
)
# Example: azure-logic-apps/1.0 (workflow 0f1e…; version 0858…) microsoft-flow/1.0
_WORKFLOW = re.compile(r"\(workflow ([0-9a-f-]+)", re.IGNORECASE)
# A path without any of these words, in small letters, is none of these acts and reads no mail.
ACT_WORDS = ("message", "mailfolders", "sendmail", "createlink", "invite")
_READS_MAIL = re.compile(r"/(?:messages|mailfolders)(?:[/(]|$)", re.IGNORECASE)


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether a record is Graph activity, by its category or by the request it tells."""
    if any(text(record.get(key)).lower() == _CATEGORY for key in _TABLES):
        return True
    inner = record.get("properties")
    names = {key.lower() for key in (inner if isinstance(inner, dict) else record)}
    return {"requestmethod", "requesturi"} <= names and (
        "responsestatuscode" in names or "userid" in names or "appid" in names
    )


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that a request tells. Raises RecordError where its time is no good."""
    members = _members(record)
    spelled = next((record[key] for key in _TIMES if record.get(key)), None)
    spelled = spelled or members.get("timegenerated")
    when = time_ms(spelled)
    fields: Fields = {"action": "GraphRequest", "at": str(spelled)}
    account = next((text(members[key]) for key in _TENANTS if text(members.get(key))), "")
    # Example: "/TENANTS/1F0E…/PROVIDERS/MICROSOFT.AADIAM"
    account = account or next(iter(guids_in(text(members.get("resourceid")))), "")
    fields["account"] = account.lower() or NO_TENANT
    _read_who(fields, members)
    _read_request(fields, members)
    status = text(members.get("responsestatuscode"))
    failed = status.isdecimal() and int(status) >= _HTTP_ERROR
    fields["outcome"] = "failure" if failed else "success"
    method, path = fields.get("method", "request"), fields.get("path", "")
    shown = f"{method} {path} {status}".rstrip()
    fields["summary"] = one_line(f"{shown} by app {members.get('appid') or 'unknown'}")[:1_000]
    event_id = text(members.get("requestid")) or text(members.get("operationid"))
    return Event(NAME, event_id or digest(record), when, fields, record)


def _members(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a record and of its properties, by names in small letters."""
    found = {key.lower().replace("_", ""): value for key, value in record.items()}
    if "aadtenantid" in found and text(found["aadtenantid"]):
        found.pop("tenantid", None)
    inner = record.get("properties")
    if isinstance(inner, dict):
        found.update({key.lower().replace("_", ""): value for key, value in inner.items()})
    return found


def _read_who(fields: Fields, members: dict[str, Any]) -> None:
    user_id = guid(members.get("userid")) or text(members.get("userid")).lower()
    session = text(members.get("csid")) or text(members.get("sessionid"))
    # Example: /users/eve@example.com/sendMail
    found = _USER_IN_PATH.search(unquote(text(members.get("requesturi"))))
    named = user_of(found[1]) if found else ""
    if user_id:
        fields["user_id"] = fields["actor"] = user_id
    elif text(members.get("serviceprincipalid")):
        fields["actor"] = text(members.get("serviceprincipalid"))
    if session:
        fields["session"] = session.lower()
    if "@" not in named and not GUID.fullmatch(named):
        named = ""
    who = unique((user_id, named, f"session:{session.lower()}" if session else ""))
    if who:
        fields["who"] = who
    if "actor" not in fields and named:
        fields["actor"] = named


def _read_request(fields: Fields, members: dict[str, Any]) -> None:
    uri = text(members.get("requesturi"))
    path = unquote(uri.partition("?")[0]).rstrip("/")
    method = text(members.get("requestmethod")).upper()
    for field, value in (
        ("method", method),
        ("path", path),
        ("uri", uri),
        ("src", host(members.get("ipaddress") or members.get("calleripaddress"))),
        ("user_agent", text(members.get("useragent"))),
        ("scopes", text(members.get("scopes"))),
        ("graph_act", _act(method, path)),
    ):
        if value:
            fields[field] = value
    app = guid(members.get("appid"))
    if app:
        fields["app"] = (app,)
    if is_flow_client(text(members.get("useragent")), (app,) if app else ()):
        fields["by_flow"] = "true"
    running = _WORKFLOW.search(text(members.get("useragent")))
    if running:
        fields["workflow"] = running[1].lower()


def _act(method: str, path: str) -> str:
    """Return what a request does, "" where it is nothing that a finding asks for."""
    if method in ("POST", "PATCH", "PUT", ""):
        return next((name for name, pattern in _ACTS if pattern.search(path)), "")
    return "readMail" if method == "GET" and _READS_MAIL.search(path) else ""


SPEC = FeedSpec(NAME, recognise, normalise)
