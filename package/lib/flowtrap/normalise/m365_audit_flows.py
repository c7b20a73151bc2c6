"""Microsoft 365 audit: Power Automate flows, whose they are, and what they connect to.

Example: FlowDetailsUrl `https://…/environments/Default-1f0e…/flows/6ba2…/details` gives flow
`6ba2…` and environment `Default-1f0e…`; FlowConnectorNames "Office 365 Outlook, Gmail" gives both
as `connector`.

Sources: "View Power Automate audit logs" (Power Platform admin guide); Office 365 Management
Activity API schema, Power Automate; shared events.md, section 7, for what the tail varies in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .m365_names import domain_of, guid, guids_in, is_guest, site_domain, text, user_of
from .values import unique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

    Fields = dict[str, FieldValue]
    Named = dict[str, dict[str, str]]

# Example: https://admin.flow.microsoft.com/environments/Default-1f0e…/flows/6ba2…/flowDetails
# Example: …/environments/Default-1f0e…/solutions/~preferred/flows/shared/6ba2…
_PATH = re.compile(
    r"(?:environments/([^/?#\s]+)/(?:[^?#\s]*?/)?)?flows/(?:shared/)?([^/?#\s]+)", re.IGNORECASE
)
_PLACES = ("FlowDetailsUrl", "FlowDetailsURL", "FlowUrl", "ObjectId", "OfficeObjectId")
_CONNECTORS = ("FlowConnectorNames", "ConnectorNames", "ConnectorName")
_SPLIT = re.compile(r"\s*[,;]\s*")
# Permission of a share: 3 is co-owner, 2 may run it. Source: the same guide.
_PERMISSIONS = {
    **dict.fromkeys(("3", "owner", "coowner"), "owner"),
    **dict.fromkeys(("2", "runonly", "runonlyuser", "canrun", "run"), "run-only"),
}
_RECIPIENTS = ("RecipientUPN", "RecipientUpn", "RecipientId", "RecipientID")
# The service and its client, which hold the user's token while a flow runs. Source: events.md, 6.
FLOW_APPS = frozenset(
    ("7ab7862c-4c57-491e-8a45-d52a7e023983", "7df0a125-d3be-4c96-aa54-591f83ff541c")
)
_FLOW_AGENTS = ("azure-logic-apps", "microsoft-flow", "microsoft power automate")
# What a connector's name tells of its reach. Triggers and action types of no service are vague.
_VAGUE = re.compile(
    r"(open)?apiconnection(webhook|notification)?|request|button|recurrence|manual|schedule"
    r"|response|scope|workflow|compose|control|variables?|data operations?",
    re.IGNORECASE,
)
# What reaches files or mail by itself. Source: connector reference of Power Automate.
# An action of any service is an ApiConnection, and -5f is in the ids of custom connectors.
_ANYTHING = r"apiconnection|graph|webcontents|entra|custom|-5f"
_FILES = re.compile(rf"{_ANYTHING}|share ?point|one ?drive|\bfiles?\b|groups", re.IGNORECASE)
_MAIL = re.compile(rf"{_ANYTHING}|outlook|exchange|mail|office ?365", re.IGNORECASE)
_WEB = re.compile(r"http|web ?hook|azure ?(?:automation|functions?|logic)", re.IGNORECASE)


def is_flow_client(agent: str, app_ids: tuple[str, ...]) -> bool:
    """Tell whether a client names itself as a running flow, or bears the service's id.

    Example: `azure-logic-apps/1.0 (workflow 32HEX; version N) microsoft-flow/1.0`. Anybody can
    write that.
    """
    small = agent.lower()
    return any(name in small for name in _FLOW_AGENTS) or not FLOW_APPS.isdisjoint(app_ids)


def flow(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read CreateFlow, EditFlow and the like.

    Who makes a flow is of the tenant, unless a guest; who edits one may be anybody it was shared
    with.
    """
    if action.lower() == "createflow":
        _read_home(fields)
    shown = _read_flow(fields, record, named)
    connectors = _read_connectors(fields, record, named)
    return f"{action} {shown}" + (f" with {connectors}" if connectors else "")


def share(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read PutPermissions, DeletePermissions: whom the flow was shared with, and how far."""
    # Example: {"SharingPermission": 3, "RecipientUPN": "mallory@example.org"}
    shown = _read_flow(fields, record, named)
    _read_home(fields)
    level = text(record.get("SharingPermission"))
    permission = _PERMISSIONS.get(level.lower().replace("-", "").replace(" ", ""), level)
    if permission:
        fields["permission"] = permission
    spelled = unique(text(record.get(key)) for key in _RECIPIENTS)
    if not spelled:
        return f"{action} of {shown}" + (f" as {permission}" if permission else "")
    fields["recipient"] = unique(map(user_of, spelled))
    fields["recipient_as"] = spelled[0]
    if is_guest(spelled[0]):
        fields["recipient_guest"] = "true"
    domain = domain_of(user_of(spelled[0]))
    if domain:
        fields["recipient_host"], fields["recipient_domain"] = domain, site_domain(domain)
    link = "from" if action.lower().startswith("delete") else "to"
    return f"{action} of {shown} {link} {spelled[0]}" + (f" as {permission}" if permission else "")


def connection(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read PutConnection: a connector that a user signed in to."""
    shown = _read_connectors(fields, record, named)
    return f"{action} {shown or fields.get('object', '')}".rstrip()


def policy(fields: Fields, action: str, record: Mapping[str, Any], named: Named) -> str:
    """Read GovernanceApiPolicyOperation: a data policy, told in its property collection."""
    rows = named.get("PropertyCollection", {})
    told = ", ".join(f"{name} {value[:100]}" for name, value in list(rows.items())[:6])
    return f"{action} {told}".rstrip()


def _read_home(fields: Fields) -> None:
    if "member_domain" in fields:
        fields["home_domain"] = fields["member_domain"]


def _read_flow(fields: Fields, record: Mapping[str, Any], named: Named) -> str:
    """Set flow and environment; return them in words."""
    spelled = [text(record.get(key)) for key in _PLACES]
    spelled += named.get("PropertyCollection", {}).values()
    found = next((path for value in spelled if (path := _PATH.search(unquote(value)))), None)
    if found:
        environment, name = found[1] or "", found[2]
    else:
        environment, name = "", _bare_id(record)
    environment = environment or text(record.get("EnvironmentName"))
    url = next((value for value in spelled[:3] if value), "")
    if url:
        fields["flow_url"] = url
    if environment:
        fields["environment"] = environment
    if not name:
        return "a flow that is not named"
    fields["flow"], fields["flow_id"] = name.lower(), name
    return f"{name} in environment {environment}" if environment else name


def _bare_id(record: Mapping[str, Any]) -> str:
    """Return the flow's id where the record has no path: its object, if that is an id alone."""
    candidates = (text(record.get(key)) for key in ("FlowId", "FlowName", "ObjectId"))
    return next((value for value in candidates if guid(value) or len(guids_in(value)) == 1), "")


def _read_connectors(fields: Fields, record: Mapping[str, Any], named: Named) -> str:
    listed = [record.get(key) for key in _CONNECTORS]
    # Example: "shared_office365, shared_gmail", "Office 365 Outlook, Gmail", or a list of them
    joined = ", ".join(
        ", ".join(map(text, one)) if isinstance(one, list) else text(one) for one in listed if one
    ).strip("[] ")
    names = unique(name.strip("\"' ") for name in _SPLIT.split(joined))
    if not names:
        fields["may_share"] = fields["may_mail"] = fields["vague"] = "true"
        return ""
    fields["connectors"], fields["connector"] = ", ".join(names), names
    services = [name for name in names if not _VAGUE.fullmatch(name)]
    web = [name for name in services if _WEB.search(name)]
    if not services:
        fields["vague"] = "true"
    if not services or web or any(map(_FILES.search, names)):
        fields["may_share"] = "true"
    # A flow calls the web as itself, and mails as its user only by a connector for mail.
    if len(web) == len(services) or any(map(_MAIL.search, names)):
        fields["may_mail"] = "true"
    return ", ".join(names)


CALLS = {
    "createflow": flow,
    "editflow": flow,
    "deleteflow": flow,
    "putpermissions": share,
    "deletepermissions": share,
    "putconnection": connection,
    "governanceapipolicyoperation": policy,
}
