"""The integration "AWS": data sets aws.cloudtrail and aws.vpcflow.

Source: elastic/integrations, packages/aws: exported fields and sample events of cloudtrail and
vpcflow.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import RecordError
from flowtrap.model.finding import rfc3339
from flowtrap.normalise import aws_cloudtrail, aws_vpcflow
from flowtrap.normalise.times import time_ms

from .java_text import java_text, read_java_text
from .paths import put
from .rows import Mapped, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = {
    "requestParameters": "request_parameters",
    "responseElements": "response_elements",
    "additionalEventData": "additional_eventdata",
    "serviceEventDetails": "service_event_details",
}
_TRAIL, _WHO = "aws.cloudtrail", "aws.cloudtrail.user_identity"
_SESSION = f"{_WHO}.session_context"
_ISSUER = "userIdentity.sessionContext.sessionIssuer"


def address(value: Any) -> str | None:
    """Return an IP address, None for a host's name or a service."""
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return None


def moment(value: Any) -> str:
    """Return a time as the pipelines write it: ISO 8601 with milliseconds."""
    text = rfc3339(time_ms(value))
    return text if "." in text else f"{text[:-1]}.000Z"


def whole_seconds(value: Any) -> Any:
    """Return a document's time as CloudTrail writes it, without milliseconds that are none."""
    return value[:-5] + "Z" if isinstance(value, str) and value.endswith(".000Z") else value


def _an_object(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _resources_forth(resources: Any) -> Any:
    names = {"ARN": "arn", "accountId": "account_id"}
    return [{names.get(key, key): value for key, value in one.items()} for one in resources]


def _resources_back(resources: Any) -> Any:
    names = {"arn": "ARN", "account_id": "accountId"}
    some = [resources] if isinstance(resources, dict) else resources
    if not isinstance(some, list):
        return None
    return [
        {names.get(key, key): value for key, value in one.items()}
        for one in some
        if isinstance(one, dict)
    ]


CLOUDTRAIL_ROWS = (
    Row("eventTime", "@timestamp", moment, whole_seconds),
    Row("eventVersion", f"{_TRAIL}.event_version"),
    Row("eventSource", "event.provider"),
    Row("eventName", "event.action"),
    Row("eventID", "event.id"),
    Row("awsRegion", "cloud.region"),
    Row("sourceIPAddress", "source.address"),
    Row("sourceIPAddress", "source.ip", address),
    Row("userAgent", "user_agent.original"),
    Row("errorCode", f"{_TRAIL}.error_code"),
    Row("errorMessage", f"{_TRAIL}.error_message"),
    Row("userIdentity.type", f"{_WHO}.type"),
    Row("userIdentity.arn", f"{_WHO}.arn"),
    Row("userIdentity.principalId", "user.id"),
    Row("userIdentity.accountId", "cloud.account.id"),
    Row("userIdentity.accessKeyId", f"{_WHO}.access_key_id"),
    Row("userIdentity.invokedBy", f"{_WHO}.invoked_by"),
    Row("userIdentity.userName", "user.name"),
    Row(f"{_ISSUER}.userName", "user.name", back=lambda name: None),
    Row("userIdentity.sessionContext.attributes.mfaAuthenticated", f"{_SESSION}.mfa_authenticated"),
    Row(
        "userIdentity.sessionContext.attributes.creationDate",
        f"{_SESSION}.creation_date",
        moment,
        whole_seconds,
    ),
    Row(f"{_ISSUER}.type", f"{_SESSION}.session_issuer.type"),
    Row(f"{_ISSUER}.principalId", f"{_SESSION}.session_issuer.principal_id"),
    Row(f"{_ISSUER}.arn", f"{_SESSION}.session_issuer.arn"),
    Row(f"{_ISSUER}.accountId", f"{_SESSION}.session_issuer.account_id"),
    *(Row(part, f"{_TRAIL}.flattened.{name}", back=_an_object) for part, name in _PARTS.items()),
    *(Row(part, f"{_TRAIL}.{name}", java_text, read_java_text) for part, name in _PARTS.items()),
    Row("resources", f"{_TRAIL}.resources", _resources_forth, _resources_back),
    Row("requestID", f"{_TRAIL}.request_id"),
    Row("eventType", f"{_TRAIL}.event_type"),
    Row("eventCategory", f"{_TRAIL}.event_category"),
    Row("apiVersion", f"{_TRAIL}.api_version"),
    Row("managementEvent", f"{_TRAIL}.management_event"),
    Row("readOnly", f"{_TRAIL}.read_only"),
    Row("recipientAccountId", f"{_TRAIL}.recipient_account_id"),
    Row("vpcEndpointId", f"{_TRAIL}.vpc_endpoint_id"),
)


def _trail_done(document: dict[str, Any], record: Mapping[str, Any]) -> None:
    failed = record.get("errorCode") or record.get("errorMessage")
    put(document, "event.kind", "event")
    put(document, "event.outcome", "failure" if failed else "success")
    put(document, "cloud.provider", "aws")


def _trail_restored(record: dict[str, Any], document: Mapping[str, Any]) -> None:
    """Put the user's name where it was: a session's is its issuer's."""
    identity = record.get("userIdentity")
    if isinstance(identity, dict) and isinstance(identity.get("sessionContext"), dict):
        name = identity.pop("userName", None)
        issuer = identity["sessionContext"].get("sessionIssuer")
        if name and isinstance(issuer, dict):
            issuer["userName"] = name


CLOUDTRAIL = Mapped(
    "aws.cloudtrail",
    "aws_cloudtrail",
    "",
    CLOUDTRAIL_ROWS,
    aws_cloudtrail.recognise,
    lost=("userIdentity.inScopeOf", "userIdentity.identityProvider", "sharedEventID"),
    finish=_trail_done,
    restore=_trail_restored,
)

# --- flow logs --------------------------------------------------------------------------------

_FLOW = "aws.vpcflow"
_ENDS = (
    ("srcaddr", "source.ip"),
    ("dstaddr", "destination.ip"),
    ("srcaddr", "source.address"),
    ("dstaddr", "destination.address"),
    ("srcport", "source.port"),
    ("dstport", "destination.port"),
    ("protocol", "network.iana_number"),
    ("packets", "network.packets"),
    ("packets", "source.packets"),
    ("bytes", "network.bytes"),
    ("bytes", "source.bytes"),
    ("region", "cloud.region"),
    ("account-id", "cloud.account.id"),
    ("flow-direction", "network.direction"),
)
_NUMBERS = ("srcport", "dstport", "packets", "bytes")
_DIRECTIONS = {"ingress": "ingress", "egress": "egress", "inbound": "ingress", "outbound": "egress"}


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value) else value


def _seconds(value: Any) -> str | None:
    try:
        return str(time_ms(value) // 1000)
    except RecordError:  # the record has no time then, and is counted so
        return None


def _flow_row(column: str, field: str) -> Row:
    if column == "flow-direction":
        return Row(column, field, back=lambda value: _DIRECTIONS.get(str(value).lower()))
    return Row(column, field, _number if column in _NUMBERS else str, str)


_REST = tuple(
    column
    for column in aws_vpcflow.COLUMNS
    if column not in {name for name, _ in _ENDS} - {"account-id"} and column not in ("start", "end")
)
VPCFLOW = Mapped(
    "aws.vpcflow",
    "aws_vpcflow",
    "",
    (
        Row("start", "event.start", moment, _seconds),
        Row("end", "event.end", moment, _seconds),
        Row("end", "@timestamp", moment, _seconds),
        *(_flow_row(column, field) for column, field in _ENDS),
        *(Row(column, f"{_FLOW}.{column.replace('-', '_')}", back=str) for column in _REST),
    ),
    aws_vpcflow.recognise,
)
