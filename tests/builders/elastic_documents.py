"""The scenarios' records as documents of the Elastic integrations, one hit of a search each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flowtrap.feed.wrappers import unwrap
from flowtrap.normalise.elastic.table import integration_doc
from flowtrap.normalise.table import FEEDS

Record = dict


# The Workspace integration has a data set for each application.
_FAMILIES = ("google_workspace",)


def document_of(record: Any, *, original: str | None = None) -> dict[str, Any] | None:
    """Return what an integration stores of a native record, None where none reads it."""
    try:
        document = integration_doc(record, original=original)
    except ValueError:  # a feed that no integration reads, such as the logs of scripts
        return None
    if document["event"]["dataset"] in _FAMILIES:
        document["event"]["dataset"] += f".{document['event']['provider']}"
    return document


def natives(records: Iterable[Any]) -> Iterator[Record]:
    """Yield the native records in what a scenario builds; text lines are parsed."""
    for record in records:
        for native in unwrap(record):
            if isinstance(native, str):
                yield from (
                    spec.text.parse(columns, native)
                    for spec in FEEDS
                    if spec.text and (columns := spec.text.header(native))
                )
            else:
                yield native


def hits(records: Iterable[Any], *, original: bool = False) -> Iterator[dict[str, Any]]:
    """Yield a search's hits, with or without `event.original`; what no integration reads is left out."""
    for number, record in enumerate(natives(records)):
        source = document_of(record, original=json.dumps(record) if original else None)
        if source:
            kept = json.loads(json.dumps(source))
            yield {"_index": "logs-x", "_id": str(number), "_source": kept}


def dotted(node: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a document with dotted names alone, as exports of Discover have them."""
    rows: dict[str, Any] = {}
    for name, value in node.items():
        inner = dotted(value, f"{prefix}{name}.") if isinstance(value, dict) and value else None
        rows |= inner if inner is not None else {prefix + name: value}
    return rows
