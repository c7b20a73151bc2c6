"""Native records come out of every wrapper, and are never taken apart themselves."""

from __future__ import annotations

import base64
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.feed.wrappers import is_native, unwrap

TRAIL = {
    "eventVersion": "1.11",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "resources": [],
}
LOG_ENTRY = {"protoPayload": {"methodName": "x"}, "insertId": "1", "logName": "projects/p/logs/a"}
ACTIVITY = {
    "time": "2026-01-01T00:00:00Z",
    "operationName": "X/WRITE",
    "properties": {"value": [{}]},
}
AUDIT = {
    "CreationTime": "2026-01-01T00:00:00",
    "Id": "1",
    "Operation": "Send",
    "Workload": "Exchange",
}
REPORT = {
    "kind": "admin#reports#activity",
    "id": {"time": "x"},
    "actor": {},
    "events": [{"name": "a"}],
}
MEMBER = {**{k: v for k, v in REPORT.items() if k != "events"}, "event": {"name": "a"}}
FLOW = "2 123456789012 eni-0a1b2c3d 10.0.0.1 192.0.2.7 443 49152 6 1 1 1 2 ACCEPT OK"
TEXT = json.dumps(TRAIL)


def b64(value) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def message(text, n=1):
    return {"id": str(n), "timestamp": n, "message": text}


WRAPPED = {
    "EventBridge": {
        "version": "0",
        "id": "1",
        "detail-type": "AWS API Call via CloudTrail",
        "time": "x",
        "resources": [],
        "detail": TRAIL,
    },
    "CloudTrail document": {"Records": [TRAIL]},
    "Event Hub": {"records": [TRAIL]},
    "CloudWatch": {"logEvents": [message(TEXT)]},
    "CloudWatch event": message(TEXT),
    "get-log-events": {
        "events": [{"timestamp": 1, "message": TEXT, "ingestionTime": 2}],
        "nextForwardToken": "f/1",
    },
    "subscription": {
        "messageType": "DATA_MESSAGE",
        "owner": "1",
        "logGroup": "g",
        "logEvents": [message(TEXT)],
    },
    "Splunk row": {
        "preview": False,
        "offset": 0,
        "result": {"_raw": TEXT, "sourcetype": "aws:cloudtrail"},
    },
    "Splunk results": {"preview": False, "results": [{"_raw": TEXT}]},
    "Splunk raw": {"_raw": TEXT, "_time": "1"},
    "Splunk raw with extracted fields": {"_raw": TEXT, **TRAIL, "host": "h"},
    "Splunk collector": {"time": 1, "host": "h", "sourcetype": "aws:cloudtrail", "event": TRAIL},
    "Elastic nested": {"_index": "i", "_source": {"@timestamp": "x", "event": {"original": TEXT}}},
    "Elastic dotted": {"_id": "1", "_source": {"event.original": TEXT}},
    "Elastic message": {"_source": {"@timestamp": "x", "agent": {}, "message": TEXT}},
    "Elastic fields": {"_id": "1", "fields": {"event.original": [TEXT]}},
    "Elastic answer": {
        "took": 1,
        "hits": {"total": 1, "hits": [{"_source": {"event": {"original": TEXT}}}]},
    },
    "Elastic document": {"event": {"original": TEXT}, "@timestamp": "x"},
    "Pub/Sub push": {
        "message": {"data": b64(TRAIL), "messageId": "1"},
        "subscription": "projects/p/s",
    },
    "Pub/Sub pull": {"receivedMessages": [{"ackId": "a", "message": {"data": b64(TRAIL)}}]},
    "Pub/Sub add-on": {"attributes": {}, "publish_time": 1.5, "data": TRAIL},
    "Pub/Sub add-on, text": {"publish_time": 1.5, "data": TEXT},
    "REST": {"value": [TRAIL], "nextLink": "https://x"},
    "Reports page": {"kind": "admin#reports#activities", "items": [TRAIL], "nextPageToken": "t"},
    "Purview row": {"CreationDate": "x", "Operation": "Send", "AuditData": TEXT, "RecordType": "2"},
    "Graph query": {"value": [{"id": "1", "operation": "Send", "auditData": TRAIL}]},
    "CloudTrail lookup": {"Events": [{"EventId": "1", "CloudTrailEvent": TEXT}], "NextToken": "t"},
    "SNS": {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": TEXT},
    "array": [TRAIL],
    "text": TEXT,
    "document in a log event": {"logEvents": [message(json.dumps({"Records": [TRAIL]}))]},
    "Splunk row of EventBridge": {
        "result": {"_raw": json.dumps({"detail-type": "x", "detail": TRAIL})}
    },
}


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_the_record_comes_out(wrapper):
    value = copy.deepcopy(WRAPPED[wrapper])
    assert list(unwrap(value)) == [TRAIL]
    assert value == WRAPPED[wrapper]


@pytest.mark.parametrize(
    "wrapper", ["CloudTrail document", "Splunk results", "Elastic answer", "array"]
)
def test_several_records_come_out_in_order(wrapper):
    text = json.dumps(WRAPPED[wrapper])
    inner, outer = json.dumps(json.loads(text)), json.loads(text)
    assert inner == text
    for name in ("Records", "results"):
        if isinstance(outer, dict) and name in outer:
            outer[name] = outer[name] * 3
    if isinstance(outer, dict) and "hits" in outer:
        outer["hits"]["hits"] *= 3
    if isinstance(outer, list):
        outer *= 3
    assert list(unwrap(outer)) == [TRAIL] * 3


NATIVE = {
    "CloudTrail": {**TRAIL, "records": [{"a": 1}], "message": "{}", "value": [{}]},
    "CloudTrail with items": {**TRAIL, "requestParameters": {"items": [1]}, "items": [{"x": 1}]},
    "CloudTrail copy": {"eventName": "x", "eventTime": "y", "data": {"a": 1}},
    "LogEntry": {**LOG_ENTRY, "data": {"a": 1}},
    "script LogEntry": {
        "insertId": "1",
        "logName": "l",
        "jsonPayload": {"message": "{}"},
        "message": "{}",
    },
    "Azure": {**ACTIVITY, "value": [{"a": 1}], "records": [{"b": 1}]},
    "Azure REST": {
        "eventTimestamp": "x",
        "operationName": {"value": "a"},
        "eventDataId": "1",
        "value": [{}],
    },
    "M365": {**AUDIT, "Data": '{"a": 1}', "items": [{"a": 1}]},
    "Reports": MEMBER,
    "Reports, singular": {
        "id": {"time": "x"},
        "actor": {},
        "event": {"name": "a", "original": None},
    },
    "Panther": {"p_log_type": "AWS.VPCFlow", "value": [{"a": 1}]},
    "Panther Workspace": {"actor": {}, "id": {}, "name": "a", "parameters": {}, "items": [{}]},
    "flow JSON": {"interface_id": "eni-1", "srcaddr": "10.0.0.1", "dstaddr": "192.0.2.1"},
}


@pytest.mark.parametrize("native", NATIVE)
def test_a_native_record_is_never_taken_apart(native):
    record = NATIVE[native]
    assert is_native(record)
    assert list(unwrap(record)) == [record]
    assert list(unwrap({"Records": [record]})) == [record]


def test_an_activity_comes_as_its_members():
    assert list(unwrap(REPORT)) == [MEMBER]
    both = {**REPORT, "events": [{"name": "a"}, {"name": "b"}]}
    assert list(unwrap({"items": [both]})) == [MEMBER, {**MEMBER, "event": {"name": "b"}}]


@pytest.mark.parametrize("record", [LOG_ENTRY, ACTIVITY, AUDIT, MEMBER])
def test_every_feed_comes_out_of_pubsub_and_splunk(record):
    assert list(unwrap({"message": {"data": b64(record)}})) == [record]
    assert list(unwrap({"result": {"_raw": json.dumps(record)}})) == [record]
    assert list(unwrap({"value": [record], "items": 1})) == [record]


@pytest.mark.parametrize(
    "value",
    [
        {"logEvents": [message(FLOW)]},
        {"messageType": "DATA_MESSAGE", "logEvents": [message(FLOW)]},
        {"result": {"_raw": FLOW}},
        {"_raw": FLOW + "\n"},
        {"_source": {"@timestamp": "x", "message": FLOW, "agent": {}}},
        {"_source": {"event": {"original": FLOW}}},
        FLOW,
        [FLOW],
    ],
)
def test_a_flow_log_comes_out_as_its_line(value):
    assert list(unwrap(value)) == [FLOW]


def test_several_lines_in_one_text_are_several():
    assert list(unwrap({"_raw": f"{FLOW}\n\n{FLOW}\n"})) == [FLOW, FLOW]


@pytest.mark.parametrize(
    "value",
    [
        {"_source": {"@timestamp": "x", "cloud": {"provider": "aws"}}},  # to be rebuilt one day
    ],
)
def test_a_document_without_its_original_comes_as_it_is(value):
    assert list(unwrap(value)) == [value["_source"]]


@pytest.mark.parametrize(
    "value",
    [
        {"awsAccountId": "1", "digestStartTime": "x", "logFiles": [{"s3Bucket": "b"}]},
        {"a": 1, "items": [], "b": 2},
        {"name": "x", "value": ["a", "b"]},
        {"message": "something happened", "level": "INFO", "logger": "a"},
        {"result": "ok", "status": 200},
        {"data": "not base64!"},
        {"_raw": "  "},
        {"events": [{"name": "x"}]},
        {"Records": [None]},
        {},
    ],
)
def test_what_is_no_wrapper_comes_as_it_is_to_be_counted(value):
    assert list(unwrap(value)) == [value]


@pytest.mark.parametrize("value", [{"Records": []}, {"value": [], "nextLink": "x"}, [], None, ""])
def test_an_empty_wrapper_holds_nothing(value):
    assert list(unwrap(value)) == []


def test_text_that_only_looks_like_json_stays_text():
    assert list(unwrap({"_raw": '{"cut": '})) == ['{"cut":']


def test_fields_beside_a_raw_text_that_is_no_json_win_if_they_are_a_record():
    row = {**TRAIL, "_raw": "prose"}
    assert list(unwrap(row)) == [row]


@pytest.mark.parametrize("depth", [7, 400])
def test_nesting_ends_somewhere(depth):
    value: object = TRAIL
    for _ in range(depth):
        value = {"Records": [value]}
    (found,) = unwrap(value)
    assert isinstance(found, dict)
    deep: object = TRAIL
    for _ in range(depth):
        deep = [deep]
    assert len(list(unwrap(deep))) == 1


def test_six_wrappers_are_taken_off():
    value: object = TRAIL
    for _ in range(6):
        value = {"Records": [value]}
    assert list(unwrap(value)) == [TRAIL]


NAMES = st.sampled_from(
    ["Records", "records", "value", "items", "results", "logEvents", "message", "data", "detail",
     "detail-type", "_raw", "result", "hits", "_source", "fields", "_id", "event", "events", "Type",
     "Message", "AuditData", "original", "event.original", "receivedMessages", "timestamp"]
)  # fmt: skip


@given(
    st.recursive(
        st.none()
        | st.integers()
        | st.text(max_size=6)
        | st.sampled_from([TEXT, "{", "[1]", "e30="]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    )
)
def test_anything_gives_records_or_text_and_no_exception(value):
    assert all(isinstance(record, (dict, str)) for record in unwrap(value))


def test_the_corpus_is_native_or_left_as_it_is(corpus):
    for path in sorted(corpus.glob("*/*.jsonl")):
        for line in path.read_bytes().splitlines():
            record = json.loads(line)
            members = record.get("events") if isinstance(record.get("id"), dict) else None
            if isinstance(members, list):  # a Workspace activity is taken apart
                assert len(list(unwrap(record))) == max(1, len(members)), path.name
            else:
                assert list(unwrap(record)) == [record], path.name


AUDIT = {"CreationTime": "2026-03-10T09:00:00", "Operation": "CreateFlow", "Workload": "x"}


@pytest.mark.parametrize(
    "wrapped",
    [
        {"AuditData": json.dumps(AUDIT), "Operations": "CreateFlow", "ResultIndex": 1},
        {"RecordId": "1", "Operation": "CreateFlow", "UserId": "x", "AuditData": json.dumps(AUDIT)},
        {"value": [{"id": "1", "operation": "CreateFlow", "auditData": AUDIT}]},
        {"ActionType": "CreateFlow", "RawEventData": AUDIT},
        {"ActionType": "CreateFlow", "RawEventData": json.dumps(AUDIT)},
        {"_source": {"event": {"original": json.dumps(AUDIT)}, "@timestamp": "x"}},
    ],
)
def test_audit_records_are_taken_out(wrapped):
    assert list(unwrap(wrapped)) == [AUDIT]
