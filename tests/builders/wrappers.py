"""Writes CloudTrail records to disk in every wrapper that exports come in.

Each writer takes a folder and the records, and returns the paths to hunt over. Shapes: shared
events.md, section 10.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Writer = Callable[[Path, list[dict[str, Any]]], list[str]]


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _file(folder: Path, name: str, text: str) -> list[str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return [str(path)]


def _lines(rows: list[Any]) -> str:
    return "".join(_compact(row) + "\n" for row in rows)


def json_lines(folder: Path, records: list[Any]) -> list[str]:
    """One record a line."""
    return _file(folder, "trail.jsonl", _lines(records))


def spaced_lines(folder: Path, records: list[Any]) -> list[str]:
    """One record a line, a space after each colon and comma, CRLF line ends."""
    return _file(folder, "trail.ndjson", "".join(json.dumps(row) + "\r\n" for row in records))


def escaped_lines(folder: Path, records: list[Any]) -> list[str]:
    """One record a line in which every slash is escaped, as PHP and some shippers write it."""
    return _file(folder, "trail.jsonl", _lines(records).replace("/", "\\/"))


def records_gz(folder: Path, records: list[Any]) -> list[str]:
    """CloudTrail's own files: one document on one line, gzipped."""
    return _file(folder, "trail.json.gz", _compact({"Records": records}))


def records_pretty(folder: Path, records: list[Any]) -> list[str]:
    """The same, indented by hand."""
    return _file(folder, "trail.json", json.dumps({"Records": records}, indent=2))


def bare_array(folder: Path, records: list[Any]) -> list[str]:
    """A bare array."""
    return _file(folder, "trail.json", json.dumps(records))


def s3_tree(folder: Path, records: list[Any]) -> list[str]:
    """A bucket's tree: a file for each three records, and a digest file beside them."""
    base = "AWSLogs/123456789012"
    for n in range(0, len(records), 3):
        name = f"{base}/CloudTrail/us-east-1/2026/03/10/part-{n:03d}.json.gz"
        _file(folder, name, _compact({"Records": records[n : n + 3]}))
    digest = {"awsAccountId": "123456789012", "digestEndTime": "2026-03-10T10:00:00Z"}
    _file(folder, f"{base}/CloudTrail-Digest/us-east-1/2026/03/10/d.json.gz", _compact(digest))
    return [str(folder)]


def event_bridge(folder: Path, records: list[Any]) -> list[str]:
    """EventBridge events."""
    rows = [
        {
            "version": "0",
            "id": record["eventID"],
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws." + record["eventSource"].split(".")[0],
            "account": record["recipientAccountId"],
            "time": record["eventTime"],
            "region": record["awsRegion"],
            "resources": [],
            "detail": record,
        }
        for record in records
    ]
    return _file(folder, "bridge.jsonl", _lines(rows))


def _log_events(records: list[Any]) -> list[dict[str, Any]]:
    return [
        {"id": f"{n:056d}", "timestamp": 1773133200000 + n, "message": _compact(record)}
        for n, record in enumerate(records)
    ]


def cloudwatch(folder: Path, records: list[Any]) -> list[str]:
    """The answer of get-log-events."""
    return _file(folder, "events.json", json.dumps({"logEvents": _log_events(records)}))


def cloudwatch_subscription(folder: Path, records: list[Any]) -> list[str]:
    """Subscription messages of two events each."""
    rows = [
        {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": "aws-cloudtrail-logs",
            "logStream": "123456789012_CloudTrail_us-east-1",
            "subscriptionFilters": ["all"],
            "logEvents": _log_events(records[n : n + 2]),
        }
        for n in range(0, len(records), 2)
    ]
    return _file(folder, "subscription.jsonl", _lines(rows))


def splunk_rows(folder: Path, records: list[Any]) -> list[str]:
    """Splunk's JSON export: a result a line."""
    rows = [
        {
            "preview": False,
            "offset": n,
            "result": {
                "_time": "2026-03-10 09:00:00.000 UTC",
                "_raw": _compact(record),
                "sourcetype": "aws:cloudtrail",
            },
        }
        for n, record in enumerate(records)
    ]
    return _file(folder, "export.json", _lines(rows))


def splunk_results(folder: Path, records: list[Any]) -> list[str]:
    """Splunk's REST results: one document."""
    rows = [{"_raw": json.dumps(record), "index": "aws"} for record in records]
    return _file(folder, "results.json", _compact({"preview": False, "results": rows}))


def lookup_events(folder: Path, records: list[Any]) -> list[str]:
    """What `aws cloudtrail lookup-events` prints: each record as a text among its summary."""
    rows = [
        {"EventId": record.get("eventID"), "CloudTrailEvent": json.dumps(record)}
        for record in records
    ]
    return _file(folder, "lookup.json", json.dumps({"Events": rows, "NextToken": "t"}, indent=4))


def splunk_csv(folder: Path, records: list[Any]) -> list[str]:
    """Splunk's CSV export with its column `_raw`."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["_time", "host", "_raw", "sourcetype"])
    for record in records:
        rows.writerow(["2026-03-10T09:00:00Z", "aws", _compact(record), "aws:cloudtrail"])
    return _file(folder, "export.csv", text.getvalue())


def _elastic(records: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "_index": "logs-aws.cloudtrail-default",
            "_id": f"id-{n}",
            "_source": {
                "@timestamp": record["eventTime"],
                "event": {
                    "original": _compact(record),
                    "action": record["eventName"],
                    "provider": record["eventSource"],
                },
                "data_stream": {"dataset": "aws.cloudtrail"},
            },
        }
        for n, record in enumerate(records)
    ]


def elastic_lines(folder: Path, records: list[Any]) -> list[str]:
    """Elastic documents with a nested event.original, one a line."""
    return _file(folder, "hits.ndjson", _lines(_elastic(records)))


def elastic_dotted(folder: Path, records: list[Any]) -> list[str]:
    """Elastic documents with a dotted `event.original`."""
    rows = [
        {"_id": str(n), "_source": {"event.original": _compact(record), "@timestamp": "-"}}
        for n, record in enumerate(records)
    ]
    return _file(folder, "hits.ndjson", _lines(rows))


def elastic_answer(folder: Path, records: list[Any]) -> list[str]:
    """A whole search answer."""
    answer = {"took": 3, "timed_out": False, "hits": {"total": 1, "hits": _elastic(records)}}
    return _file(folder, "answer.json", _compact(answer))


WRAPPERS: dict[str, Writer] = {
    "json lines": json_lines,
    "spaced lines": spaced_lines,
    "escaped lines": escaped_lines,
    "Records gz": records_gz,
    "Records pretty": records_pretty,
    "bare array": bare_array,
    "S3 tree": s3_tree,
    "EventBridge": event_bridge,
    "CloudWatch": cloudwatch,
    "CloudWatch subscription": cloudwatch_subscription,
    "Splunk rows": splunk_rows,
    "CloudTrail lookup": lookup_events,
    "Splunk results": splunk_results,
    "Splunk CSV": splunk_csv,
    "Elastic lines": elastic_lines,
    "Elastic dotted": elastic_dotted,
    "Elastic answer": elastic_answer,
}
