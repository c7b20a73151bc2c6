"""What documents tell of an operation, and what that settles of the event that they are of.

    {"event.provider": "data_access", "service.name": "k8s.io", "event.action": "io.k8s.core…list"}

settles an event's log, service and action, and that it grants nothing: enough to know, for a whole
list of such names, which no stage can match. Where a name settles nothing, nothing is said.

Sources of the documents' fields: elastic/integrations, the ingest pipelines of packages aws, gcp,
azure, o365 and google_workspace. What is settled comes out of the feed's own normaliser, fed with
nothing but the names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowtrap.normalise import (
    azure_activity,
    azure_functions,
    entra_audit,
    gcp_audit,
    gws_reports,
    m365_graph,
)
from flowtrap.normalise.azure_activity_facts import has_facts
from flowtrap.normalise.gcp_audit_iam import is_policy_change
from flowtrap.normalise.gws_reports import is_plain
from flowtrap.normalise.table import recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flowtrap.model.event import Event

    Settled = Mapping[str, str]

_TIME = "2026-01-01T00:00:00Z"


class Telling(NamedTuple):
    """Some data sets (`event.dataset`) of a feed, and the fields that name their operations.

    `settled(*names)` returns the fields of the event, native or normalised, that every document
    with these names has, "" for those that none has; None where such documents are no event.
    """

    feed: str
    datasets: tuple[str, ...]
    fields: tuple[str, ...]
    settled: Callable[..., Settled | None]


class Silence(NamedTuple):
    """Some data sets of a feed, and words: a document whose `field` has none of them settles this.

    A field that is absent says nothing. Words are in small letters.
    """

    feed: str
    datasets: tuple[str, ...]
    field: str
    words: tuple[str, ...]
    settled: Settled


def _of(event: Event, *names: str) -> dict[str, str]:
    """Return an event's fields of these names, "" for those that it lacks."""
    return {name: str(event.fields.get(name, "")) for name in names}


def _flow(action: str) -> Settled:
    return {"action": action if action.upper() in ("ACCEPT", "REJECT") else ""}


def _gcp(log: str, service: str, method: str) -> Settled:
    payload = {"methodName": method, "serviceName": service}
    name = f"projects/p/logs/cloudaudit.googleapis.com%2F{log}"
    event = gcp_audit.normalise({"timestamp": _TIME, "logName": name, "protoPayload": payload})
    settled = _of(event, "log", "service", "action")
    if is_policy_change(method) or settled["service"] in ("cloudfunctions", "run"):
        return settled
    return {**settled, "added": "", "granted_account": "", "door": "", "policy_known": ""}


def _activity(result: str, operation: str) -> Settled:
    record = {"time": _TIME, "operationName": operation, "resultType": result}
    event = azure_activity.normalise(record)
    settled = _of(event, "action", "operation")
    if event.fields["outcome"] == "started":  # any other word is overruled by a status code
        settled["outcome"] = "started"
    if not has_facts(settled["operation"]):
        settled.update(change="", code="", edited="", web_app="", identities="", setting="")
    return settled


def _change(operation: str) -> Settled:
    record = {"time": _TIME, "category": "AuditLogs", "operationName": operation}
    return _of(entra_audit.normalise(record), "action", "signin")


def _signin(category: str, result: str, operation: str) -> Settled:
    record = {
        "time": _TIME, "category": category, "resultType": result, "operationName": operation,
    }  # fmt: skip
    return _of(entra_audit.normalise(record), "action", "signin", "outcome")


def _platform(category: str, operation: str) -> Settled | None:
    record = {"time": _TIME, "category": category, "operationName": operation}
    if recognise(record) is None:
        return None
    if category.lower() != "auditevent":  # others tell what happened in texts
        return {}
    return _of(azure_functions.normalise(record), "action", "secret_read", "run")


def _request(status: str) -> Settled:
    told = {"requestMethod": "GET", "requestUri": "/", "responseStatusCode": status}
    event = m365_graph.normalise({"time": _TIME, "properties": told})
    return _of(event, "outcome")


def _act(application: str, name: str) -> Settled:
    return _of(_workspace(application, name), *_ACT, *(_OF_ACTS if is_plain(name) else ()))


def _file(kind: str, name: str) -> Settled:
    event = _workspace("drive", name, doc_type=kind)
    return {**_act("drive", name), **_of(event, "doc_type", "holds_script")}


def _workspace(application: str, name: str, **parameters: str) -> Event:
    told = {"name": name, "parameters": parameters}
    return gws_reports.normalise(
        {"id": {"time": _TIME, "applicationName": application}, "event": told}
    )


_ACT, _OF_ACTS = ("application", "action", "outcome"), ("script_change", "opened", "outside_host")
_ACTION = "event.action"
_WORKSPACE = tuple(
    f"google_workspace.{application}"
    for application in (
        "access_transparency", "admin", "calendar", "chat", "chrome", "context_aware_access",
        "data_studio", "device", "gcp", "group_enterprise", "groups", "keep", "login", "meet",
        "rules", "saml", "token", "user_accounts", "vault",
    )
)  # fmt: skip
TELLINGS: tuple[Telling, ...] = (
    Telling("aws_cloudtrail", ("aws.cloudtrail",), (_ACTION,), lambda name: {"eventName": name}),
    Telling("aws_vpcflow", ("aws.vpcflow",), ("aws.vpcflow.action",), _flow),
    Telling("gcp_audit", ("gcp.audit",), ("event.provider", "service.name", _ACTION), _gcp),
    Telling(
        "azure_activity",
        ("azure.activitylogs",),
        ("azure.activitylogs.result_type", _ACTION),
        _activity,
    ),
    Telling(
        "azure_functions",
        ("azure.platformlogs",),
        ("azure.platformlogs.category", _ACTION),
        _platform,
    ),
    Telling("entra_audit", ("azure.auditlogs",), (_ACTION,), _change),
    Telling(
        "entra_audit",
        ("azure.signinlogs",),
        ("azure.signinlogs.category", "azure.signinlogs.result_type", _ACTION),
        _signin,
    ),
    Telling("m365_audit", ("o365.audit",), (_ACTION,), lambda name: {"Operation": name}),
    Telling("m365_graph", ("azure.graphactivitylogs",), ("http.response.status_code",), _request),
    Telling("gws_reports", _WORKSPACE, ("event.provider", _ACTION), _act),
    Telling(
        "gws_reports",
        ("google_workspace.drive",),
        ("google_workspace.drive.file.type", _ACTION),
        _file,
    ),
)
SILENCES: tuple[Silence, ...] = (
    Silence(
        "m365_graph",
        ("azure.graphactivitylogs",),
        "url.path",
        (*m365_graph.ACT_WORDS, "%"),  # what the pipeline could not decode is read
        {"graph_act": ""},
    ),
)
