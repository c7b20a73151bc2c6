"""The integration "Google Workspace": drive, token, admin, login and the other applications.

A document tells one member of an activity; its parameters lie below
`google_workspace.APPLICATION`, some under other names.

Source: elastic/integrations, packages/google_workspace: exported fields and sample events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap.normalise import gws_reports
from flowtrap.normalise.gws_activity import member_of, read

from .aws import address, moment
from .paths import at, put, take
from .rows import Mapped, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILY = "google_workspace"
# parameter of the API -> where the document has it below google_workspace.APPLICATION
_RENAMED = {
    "doc_id": "file.id",
    "doc_type": "file.type",
    "owner": "file.owner.email",
    "owner_is_shared_drive": "file.owner.is_shared_drive",
    "target_user": "target",
    "client_id": "client.id",
    "client_type": "client.type",
    "scope": "scope.value",
    "scope_data": "scope.data",
    "API_CLIENT_NAME": "api.client.name",
    "API_SCOPES": "api.scopes",
}
_OF = {  # the applications whose parameters are renamed so
    "drive": ("doc_id", "doc_type", "owner", "owner_is_shared_drive", "target_user"),
    "token": ("client_id", "client_type", "scope", "scope_data"),
    "admin": ("API_CLIENT_NAME", "API_SCOPES"),
}
ROWS = (
    Row("id.time", "@timestamp", moment),
    Row("id.uniqueQualifier", "event.id", str),
    Row("id.applicationName", "event.provider"),
    Row("id.customerId", "organization.id"),
    Row("actor.email", "source.user.email"),
    Row("actor.email", "user.email"),
    Row("actor.profileId", "source.user.id", str),
    Row("actor.profileId", "user.id", str),
    Row("actor.callerType", f"{_FAMILY}.actor.type"),
    Row("actor.key", f"{_FAMILY}.actor.key"),
    Row("actor.applicationInfo.applicationName", f"{_FAMILY}.actor.application_name"),
    Row("ipAddress", "source.ip", address),
    Row("ownerDomain", f"{_FAMILY}.organization.domain"),
    Row("kind", f"{_FAMILY}.kind"),
    Row("event.name", "event.action"),
    Row("event.type", f"{_FAMILY}.event.type"),
)


def _done(document: dict[str, Any], record: Mapping[str, Any]) -> None:
    """Write the parameters of the act, under the integration's names."""
    activity = read(record)
    put(document, "event.action", activity.name)
    put(document, "event.kind", "event")
    member = member_of(record)
    if isinstance(member.get("type"), str):
        put(document, f"{_FAMILY}.event.type", member["type"])
    own = f"{_FAMILY}.{activity.application}"
    renamed = _OF.get(activity.application, ())
    for name, value in activity.parameters.items():
        if activity.application == "drive" and name == "doc_title":
            put(document, "file.name", value)
        else:
            put(document, f"{own}.{_RENAMED[name] if name in renamed else name}", value)


def _restored(record: dict[str, Any], document: Mapping[str, Any]) -> None:
    """Read the parameters back under the API's names."""
    application = str(at(document, "event.provider") or "")
    own = at(document, f"{_FAMILY}.{application}")
    parameters = _copy(own) if isinstance(own, dict) else {}
    renamed = {name: take(parameters, _RENAMED[name]) for name in _OF.get(application, ())}
    parameters.update({name: value for name, value in renamed.items() if value is not None})
    title = at(document, "file.name")
    if application == "drive" and title is not None:
        parameters["doc_title"] = title
    put(record, "event.parameters", parameters)


def _copy(node: dict[str, Any]) -> dict[str, Any]:
    return {key: _copy(value) if isinstance(value, dict) else value for key, value in node.items()}


REPORTS = Mapped(
    _FAMILY,
    "gws_reports",
    "",
    ROWS,
    lambda record: "id" in record and gws_reports.recognise(record),
    lost=(
        "actor.applicationInfo but the application's name",
        "drive: parameters of whole numbers and messages",
    ),
    finish=_done,
    restore=_restored,
)
