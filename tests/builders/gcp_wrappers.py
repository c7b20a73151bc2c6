"""Writes Cloud Audit Logs entries to disk in every wrapper and copy that they come in.

Shapes: shared events.md, sections 4 and 10.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from builders import wrappers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Writer = Callable[[Path, list[dict[str, Any]]], list[str]]


def _lines(folder: Path, name: str, rows: list[Any]) -> list[str]:
    path = folder / name
    path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    return [str(path)]


def _message(record: Any, n: int) -> dict[str, Any]:
    data = base64.b64encode(json.dumps(record).encode()).decode()
    return {
        "data": data,
        "messageId": str(n),
        "publishTime": "2026-03-10T09:00:01Z",
        "attributes": {"logging.googleapis.com/timestamp": record["timestamp"]},
    }


def pubsub_push(folder: Path, records: list[Any]) -> list[str]:
    """Pub/Sub push requests, one a line."""
    topic = "projects/acme-prod/subscriptions/siem"
    rows = [{"message": _message(r, n), "subscription": topic} for n, r in enumerate(records)]
    return _lines(folder, "push.jsonl", rows)


def pubsub_pull(folder: Path, records: list[Any]) -> list[str]:
    """The answer of a pull."""
    rows = [{"ackId": f"a{n}", "message": _message(r, n)} for n, r in enumerate(records)]
    path = folder / "pull.json"
    path.write_text(json.dumps({"receivedMessages": rows}, indent=1))
    return [str(path)]


def splunk_addon(folder: Path, records: list[Any]) -> list[str]:
    """Events of Splunk's Google Cloud add-on."""
    rows = [
        {"attributes": {"logging.googleapis.com/timestamp": "x"}, "publish_time": 1.5, "data": r}
        for r in records
    ]
    return _lines(folder, "addon.jsonl", rows)


def splunk_addon_text(folder: Path, records: list[Any]) -> list[str]:
    """The same, the entry as text, as `_raw` of a search result."""
    rows = [
        {"result": {"_raw": json.dumps({"data": json.dumps(r), "publish_time": 1.5})}}
        for r in records
    ]
    return _lines(folder, "addon.json", rows)


def gcloud_read(folder: Path, records: list[Any]) -> list[str]:
    """`gcloud logging read --format=json`: an indented array, newest first."""
    path = folder / "read.json"
    path.write_text(json.dumps(records[::-1], indent=2))
    return [str(path)]


def entries_list(folder: Path, records: list[Any]) -> list[str]:
    """The answer of entries.list."""
    path = folder / "entries.json"
    path.write_text(json.dumps({"entries": records, "nextPageToken": "abc"}))
    return [str(path)]


WRAPPERS: dict[str, Writer] = {
    "json lines": wrappers.json_lines,
    "spaced lines": wrappers.spaced_lines,
    "escaped lines": wrappers.escaped_lines,
    "Pub/Sub push": pubsub_push,
    "Pub/Sub pull": pubsub_pull,
    "Splunk add-on": splunk_addon,
    "Splunk add-on text": splunk_addon_text,
    "gcloud logging read": gcloud_read,
    "entries.list": entries_list,
    "Splunk rows": wrappers.splunk_rows,
    "Splunk results": wrappers.splunk_results,
    "Splunk CSV": wrappers.splunk_csv,
}


# --- copies that rename keys ------------------------------------------------------------------


def panther(record: dict[str, Any]) -> dict[str, Any]:
    """Return a copy as Panther keeps it: keys renamed, times without zone, p_ fields."""
    copied = _renamed(record)
    for name in ("timestamp", "receiveTimestamp"):
        copied[name] = copied[name].replace("T", " ").rstrip("Z")
    return {**copied, "p_log_type": "GCP.AuditLog", "p_event_time": copied["timestamp"]}


def _renamed(node: Any) -> Any:
    if isinstance(node, list):
        return [_renamed(item) for item in node]
    if not isinstance(node, dict):
        return node
    names = {"@type": "at_sign_type", "callerIp": "callerIP"}
    return {names.get(key, key): _renamed(value) for key, value in node.items()}


def lowered(node: Any) -> Any:
    """Return a copy with every key in lower case."""
    if isinstance(node, list):
        return [lowered(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key.lower(): lowered(value) for key, value in node.items()}


COPIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Panther": panther,
    "lower-case keys": lowered,
    "Panther, lower case": lambda record: lowered(panther(record)),
}
