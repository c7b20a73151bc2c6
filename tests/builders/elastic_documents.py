"""The scenarios' records as documents of the Elastic integrations, one hit of a search each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flowtrap.feed.wrappers import unwrap
from flowtrap.normalise.elastic.table import integration_doc
from flowtrap.normalise.table import FEEDS

Record = dict


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
        text = json.dumps(record) if original else None
        try:
            source = integration_doc(record, original=text)
        except ValueError:
            continue
        yield {"_index": "logs-x", "_id": str(number), "_source": json.loads(json.dumps(source))}


def dotted(node: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a document with dotted names alone, as exports of Discover have them."""
    rows: dict[str, Any] = {}
    for name, value in node.items():
        inner = dotted(value, f"{prefix}{name}.") if isinstance(value, dict) and value else None
        rows |= inner if inner is not None else {prefix + name: value}
    return rows
