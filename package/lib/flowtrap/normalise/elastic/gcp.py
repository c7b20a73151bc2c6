"""The integration "Google Cloud": data set gcp.audit.

Source: elastic/integrations, packages/gcp, audit: exported fields and sample event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowtrap.normalise import gcp_audit

from .aws import address, moment
from .paths import at, put
from .rows import Mapped, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

_AUDIT, _P = "gcp.audit", "protoPayload"
_KEPT = {  # member of the payload -> its name below gcp.audit
    "@type": "type",
    "request": "request",
    "response": "response",
    "resourceName": "resource_name",
    "numResponseItems": "num_response_items",
    "resourceLocation.currentLocations": "resource_location.current_locations",
    "status.code": "status.code",
    "status.message": "status.message",
    "authenticationInfo.authoritySelector": "authentication_info.authority_selector",
    "authenticationInfo.serviceAccountKeyName": "authentication_info.service_account_key_name",
    "authenticationInfo.serviceAccountDelegationInfo": (
        "authentication_info.service_account_delegation_info"  # newer packages
    ),
}


def _renamed(old: str, new: str) -> Any:
    def rename(rows: Any) -> Any:
        some = [rows] if isinstance(rows, dict) else rows
        if not isinstance(some, list):
            return None
        return [
            {new if key == old else key: value for key, value in one.items()}
            for one in some
            if isinstance(one, dict)
        ]

    return rename


ROWS = (
    Row("timestamp", "@timestamp", moment),
    Row("insertId", "event.id"),
    Row("logName", "log.logger"),
    Row("severity", "log.level"),
    Row("labels", f"{_AUDIT}.labels"),
    Row("operation.id", f"{_AUDIT}.logentry_operation.id"),
    Row("resource.labels.project_id", "cloud.project.id"),
    Row(f"{_P}.methodName", "event.action"),
    Row(f"{_P}.serviceName", "service.name"),
    Row(f"{_P}.authenticationInfo.principalEmail", "client.user.email"),
    Row(f"{_P}.authenticationInfo.principalSubject", "client.user.id"),
    Row(f"{_P}.requestMetadata.callerIp", "source.ip", address),
    Row(f"{_P}.requestMetadata.callerSuppliedUserAgent", "user_agent.original"),
    *(Row(f"{_P}.{name}", f"{_AUDIT}.{kept}") for name, kept in _KEPT.items()),
    Row(
        f"{_P}.authorizationInfo",
        f"{_AUDIT}.authorization_info",
        _renamed("resourceAttributes", "resource_attributes"),
        _renamed("resource_attributes", "resourceAttributes"),
    ),
)


def _done(document: dict[str, Any], record: Mapping[str, Any]) -> None:
    """Tell as the pipeline does which log it is, how far an operation is, and what passed."""
    log = record.get("logName")
    if isinstance(log, str) and "%2F" in log:
        put(document, "event.provider", log.partition("%2F")[2])
    operation = record.get("operation")
    operation = operation if isinstance(operation, dict) else {}
    first, last = operation.get("first") is True, operation.get("last") is True
    types = ["start" if first else "end"] if first != last else []
    checks = at(document, f"{_AUDIT}.authorization_info")
    only = checks[0] if isinstance(checks, list) and len(checks) == 1 else None
    granted = only.get("granted") if isinstance(only, dict) else None
    if granted is not None:
        types += ["access", "allowed" if granted else "denied"]
    if only is not None:
        put(document, "event.category", ["network", "configuration"])
    put(document, "event.type", types)
    put(document, "event.outcome", _outcome(at(document, f"{_AUDIT}.status.code"), granted))
    put(document, "event.kind", "event")
    put(document, "cloud.provider", "gcp")


def _outcome(code: Any, granted: Any) -> str:
    """Return what the pipeline makes of a status, else of the only permission that was checked."""
    if code is not None:
        return "success" if code == 0 else "failure"
    return {True: "success", False: "failure"}.get(granted, "unknown")


def _restored(record: dict[str, Any], document: Mapping[str, Any]) -> None:
    """Say again whether an operation begins or ends; one record that is both says neither."""
    types = at(document, "event.type")
    types = types if isinstance(types, list) else [types]
    if "start" in types:
        put(record, "operation.first", True)
    elif "end" in types:
        put(record, "operation.last", True)


AUDIT = Mapped(
    _AUDIT,
    "gcp_audit",
    "",
    ROWS,
    lambda record: gcp_audit.recognise(record) and "protoPayload" in record,
    lost=(
        "protoPayload.serviceData (what a policy change added)",
        "protoPayload.metadata",
        "resource.type and resource.labels but project_id",
        "time below the millisecond",
        "callerIp that is no address",
    ),
    finish=_done,
    restore=_restored,
)
