"""Takes native records out of what collectors and exports wrap around them.

Example: `{"detail-type": …, "detail": {CloudTrail record}}` gives the CloudTrail record, and
`{"logEvents": [{"message": "2 123456789012 eni-…"}]}` gives the flow log's line.

A native record is never taken apart, whatever its members are called: it is told by members that
only it has. A wrapper is told by its own members, one function a wrapper, in the table WRAPPERS.
Sources: events.md, section 10.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from .decode import loads
from .structure import ENVELOPE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH = 6
Record = Union[dict, str]  # type: ignore[type-arg]
Wrapper = Callable[["Mapping[str, Any]"], Optional[object]]  # what is inside; None: not this one

NATIVE: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            {"eventName", "eventSource"},  # CloudTrail; Azure activity over Event Hub
            {"eventName", "eventTime"},
            {"protoPayload"},  # Cloud Audit Logs
            {"logName", "insertId"},
            {"logName", "timestamp"},
            {"protopayload"},  # the same, keys in lower case
            {"logname", "timestamp"},
            {"methodName", "authenticationInfo"},  # an AuditLog alone
            {"operationName"},  # Azure, Entra
            {"OperationName", "TimeGenerated"},  # Log Analytics
            {"CreationTime", "Operation"},  # M365
            {"Operation", "Workload"},
            {"RequestMethod", "RequestUri"},  # Graph activity in Log Analytics
            {"id", "events"},  # Reports
            {"actor", "events"},
            {"id", "actor"},  # singular `event`; Panther: name, type, parameters
            {"kind", "observedTime"},  # what Flowtrap's own inputs read
            {"p_log_type"},  # any record, as Panther copies it
            {"interface_id", "srcaddr"},  # flow logs as JSON
            {"interfaceId", "srcAddr"},
            {"srcAddr", "dstAddr"},
            {"srcaddr", "dstaddr"},
            {"@timestamp", "azure"},  # documents whose `message` is a part of the record
            {"@timestamp", "o365"},
        ),
    )
)
_TEXT_MEMBERS = (
    *("_raw", "AuditData", "auditData", "RawEventData", "CloudTrailEvent"),
    *("event.original", "@message"),
)
_CARRIERS = frozenset(("event", *_TEXT_MEMBERS))
_ELEMENTS: dict[str, Any] = {
    "Records": (dict, str),
    "records": (dict, str),
    "value": dict,
    "items": dict,
    "results": dict,
    "logEvents": dict,
    "Events": dict,
    "receivedMessages": dict,
    "entries": dict,
}
_ENVELOPE = {name.decode() for name in ENVELOPE_KEYS}  # beside them, an empty list is no loss
_LOG_EVENT = {"id", "timestamp", "message", "ingestionTime", "eventId", "logStreamName"}
_SPLUNK_ROW = {"preview", "offset", "lastrow", "result", "sid"}
_HEC = {"event", "time", "host", "source", "sourcetype", "index", "fields"}
_FLOW_LINE = re.compile(r"(?:version |\S+ ).*\beni-[0-9a-f]+\b")


def unwrap(value: object) -> Iterator[Record]:
    """Yield the native records in what one line decoded to.

    A str is a text line, such as a flow log's. What is no known wrapper comes as it is, to be
    recognised or counted. JSON in strings and base64 is decoded, to a depth of 6; the value
    itself is not changed. Raises nothing.
    """
    return _unwrap(value, MAX_DEPTH)


def _unwrap(value: object, depth: int) -> Iterator[Record]:
    if isinstance(value, str):
        yield from _from_text(value, depth)
    elif isinstance(value, list):
        yield from _unwrap_all(value, depth)
    elif isinstance(value, dict):
        inside = _inside(value) if depth else None
        if inside is None:
            yield from _members(value)
        else:
            yield from _unwrap(inside, depth - 1)
    elif value is not None:
        yield str(value)


def _unwrap_all(values: list[Any], depth: int) -> Iterator[Record]:
    for value in values:
        if depth or not isinstance(value, list):
            yield from _unwrap(value, depth - isinstance(value, list))
        else:
            yield "[nested too deep]"


def _from_text(text: str, depth: int) -> Iterator[Record]:
    """Yield what a string holds: the records of its JSON, or its lines."""
    decoded = _decoded(text) if depth else None
    if decoded is not None:
        yield from _unwrap(decoded, depth)
        return
    yield from (line.strip() for line in text.splitlines() if line.strip())


def _decoded(text: str) -> object:
    """Return the object or list that a text is the JSON of, else None."""
    text = text.strip("\ufeff \t\r\n\0")
    if text[:1] not in ("{", "["):
        return None
    try:
        return loads(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return None


def is_native(record: Mapping[str, Any]) -> bool:
    """Tell whether this is a vendor's own record rather than a wrapper."""
    return any(members <= record.keys() for members in NATIVE)


# Example: {"id": {…}, "actor": {…}, "events": [{"name": "create"}, {"name": "edit"}]}
def _members(value: dict[str, Any]) -> Iterator[Record]:
    """Yield one record per member of a Workspace activity; any other record as it is.

    Each keeps what is about the whole, and its member as `event`, as Splunk's collectors send it.
    """
    events = value.get("events")
    if not isinstance(events, list) or not isinstance(value.get("id"), dict):
        yield value
        return
    shared = {name: part for name, part in value.items() if name != "events"}
    members = [event for event in events if isinstance(event, dict)]
    yield from ({**shared, "event": member} for member in members or [{}])


def _inside(value: Mapping[str, Any]) -> object:
    """Return what a wrapper holds; None if it is none."""
    original = _original(value)
    if original is not None:
        return original
    if is_native(value):
        return None
    return next((inside for wrapper in WRAPPERS if (inside := wrapper(value)) is not None), None)


def _original(value: Mapping[str, Any]) -> object:
    """Return the text of the native record that a row or document carries beside its fields.

    Source: Splunk `_raw`; Purview and Search-UnifiedAuditLog `AuditData`, Graph `auditData`,
    Defender `RawEventData`; CloudTrail LookupEvents `CloudTrailEvent`; ECS `event.original`;
    CloudWatch Logs Insights `@message`. A native record keeps its own members if this is no JSON.
    """
    if _CARRIERS.isdisjoint(value):
        return None
    event = value.get("event")
    nested = event.get("original") if isinstance(event, dict) else None
    for text in (nested, *(value.get(name) for name in _TEXT_MEMBERS)):
        if isinstance(text, list) and len(text) == 1:  # Elastic `fields`, Splunk multivalue
            text = text[0]
        if isinstance(text, dict):
            return text
        if isinstance(text, str) and text.strip() and (_decoded(text) or not is_native(value)):
            return text
    return None


# Example: {"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": {…}}
def _event_bridge(value: Mapping[str, Any]) -> object:
    return value.get("detail") if "detail-type" in value else None


# Example: {"preview": false, "offset": 0, "result": {"_raw": "{…}"}}
def _splunk_row(value: Mapping[str, Any]) -> object:
    return value.get("result") if value.keys() <= _SPLUNK_ROW else None


# Example (HTTP Event Collector): {"time": 1, "sourcetype": "aws:cloudtrail", "event": {…}}
def _splunk_collector(value: Mapping[str, Any]) -> object:
    return value.get("event") if value.keys() <= _HEC else None


# Example: {"_index": "logs-1", "_id": "1", "_source": {"event": {"original": "{…}"}}}
# A document without its original text comes as it is: normalise.elastic reads its fields.
def _elastic_hit(value: Mapping[str, Any]) -> object:
    source = value.get("_source") or (value.get("fields") if "_id" in value else None)
    return source if isinstance(source, dict) else None


# Example: {"took": 3, "hits": {"total": {"value": 1}, "hits": [{"_source": {…}}]}}
def _elastic_answer(value: Mapping[str, Any]) -> object:
    hits = value.get("hits")
    if isinstance(hits, dict):
        hits = hits.get("hits")
    return hits if isinstance(hits, list) else None


# Example: {"Records": [{…}]}, {"value": [{…}], "nextLink": …}, {"items": [{…}]}
# (Cloud Logging, entries.list): {"entries": [{LogEntry}], "nextPageToken": …}
# (aws cloudtrail lookup-events): {"Events": [{"EventId": "1", "CloudTrailEvent": "{…}"}]}
def _list_of_records(value: Mapping[str, Any]) -> object:
    for name in _ELEMENTS:
        elements = value.get(name)
        if isinstance(elements, list) and all(isinstance(e, _ELEMENTS[name]) for e in elements):
            return elements if elements or value.keys() <= {name, *_ENVELOPE} else None
    return None


# Example (aws logs get-log-events): {"events": [{"timestamp": 1, "message": "…"}]}
def _log_events(value: Mapping[str, Any]) -> object:
    events = value.get("events")
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        return None
    return events if all("message" in event for event in events) else None


# Example: {"message": {"data": "BASE64", "messageId": "1"}, "subscription": "projects/…"}
def _pubsub_message(value: Mapping[str, Any]) -> object:
    message = value.get("message")
    return _pubsub_data(message) if isinstance(message, dict) else None


# Example (Splunk add-on): {"attributes": {}, "publish_time": 1.5, "data": {LogEntry}}
def _pubsub_data(value: Mapping[str, Any]) -> object:
    content = value.get("data")
    if isinstance(content, str):
        return content if _decoded(content) is not None else _from_base64(content)
    return content if isinstance(content, dict) else None


def _from_base64(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace") or None
    except (binascii.Error, ValueError):
        return None


# Example (a CloudWatch event): {"id": "36…", "timestamp": 1, "message": "2 123456789012 eni-… "}
# Example (Elastic, Logstash): {"@timestamp": "…", "message": "{…}"}
def _log_message(value: Mapping[str, Any]) -> object:
    message = value.get("message")
    if not isinstance(message, str) or not message.strip():
        return None
    known = value.keys() <= _LOG_EVENT or _decoded(message) is not None
    return message if known or _FLOW_LINE.match(message) else None


# Example (SNS): {"Type": "Notification", "TopicArn": "arn:…", "Message": "{…}"}
def _notification(value: Mapping[str, Any]) -> object:
    return value.get("Message") if value.get("Type") == "Notification" else None


WRAPPERS: tuple[Wrapper, ...] = (
    _event_bridge,
    _splunk_row,
    _elastic_hit,
    _elastic_answer,
    _list_of_records,
    _log_events,
    _pubsub_message,
    _pubsub_data,
    _log_message,
    _notification,
    _splunk_collector,
)
