"""Console output of Apps Script in Cloud Logging: that a script of one's own project ran.

Example: an entry with resource.type `app_script_function`, labels function_name and
invocation_type, and top-level label `script.googleapis.com/project_key` becomes an event with
script, function and invocation.

Source: developers.google.com/apps-script/guides/logging (resource and labels). Only scripts in a
customer's own Cloud project have these, and only what they print.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from flowtrap.model.errors import RecordError
from flowtrap.model.event import Event
from flowtrap.model.feed import FeedSpec

from .gws_activity import text
from .times import time_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowtrap.model.event import FieldValue

NAME = "gws_script_logs"
_RESOURCE = "app_script_function"
_LABEL = "script.googleapis.com/"


def recognise(record: Mapping[str, Any]) -> bool:
    """Tell whether an entry is Apps Script's."""
    resource = record.get("resource")
    if isinstance(resource, dict) and resource.get("type") == _RESOURCE:
        return True
    return isinstance(record.get("logName"), str) and "/logs/script.googleapis.com" in str(
        record["logName"]
    )


def normalise(record: Mapping[str, Any]) -> Event:
    """Return the event that an entry tells. Raises RecordError where its time is no good."""
    when = time_ms(record.get("timestamp") or record.get("receiveTimestamp"))
    own, labels = _labels(record.get("resource")), _labels(record)
    project, function = text(own.get("project_id")), text(own.get("function_name"))
    invocation = text(own.get("invocation_type"))
    script = text(labels.get(f"{_LABEL}project_key"))
    fields: dict[str, FieldValue] = {}
    given = (
        ("action", "run"),
        ("account", project),
        ("function", function),
        ("invocation", invocation.lower()),
        ("script", script),
        ("process", text(labels.get(f"{_LABEL}process_id"))),
        ("deployment", text(labels.get(f"{_LABEL}deployment_id"))),
        ("actor", script or project),
        ("outcome", text(record.get("severity")).lower()),
        ("at", text(record.get("timestamp"))),
    )
    fields.update({name: value for name, value in given if value})
    by = f" by {invocation.lower()}" if invocation else ""
    fields["summary"] = f"script {script or 'unknown'} ran {function or 'a function'}{by}"
    return Event(NAME, text(record.get("insertId")) or _hash(record), when, fields, record)


def _labels(part: Any) -> Mapping[str, Any]:
    labels = part.get("labels") if isinstance(part, dict) else None
    return labels if isinstance(labels, dict) else {}


def _hash(record: Mapping[str, Any]) -> str:
    try:
        canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), default=str)
    except (TypeError, ValueError, RecursionError):
        raise RecordError(
            "no insertId, and nothing to make one of", cure="it was left out"
        ) from None
    return blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


SPEC = FeedSpec(NAME, recognise, normalise)
