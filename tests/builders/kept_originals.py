"""Native records as documents of the Elastic integrations that keep `event.original`.

Example: a CloudTrail record becomes `{"@timestamp": …, "event": {"dataset": "aws.cloudtrail",
"action": "CreateFunction20150331", "original": "{…}"}}` for the index logs-aws.cloudtrail-default.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch, helpers

from builders.all_scenarios import event_of
from builders.elastic_documents import document_of
from elastic.operations import SILENCES, TELLINGS
from elastic.sources import FEEDS
from flowtrap.feed.wrappers import unwrap
from flowtrap.model.finding import rfc3339

KEYWORD = {"type": "keyword", "ignore_above": 1024}
_KINDS = {
    "@timestamp": {"type": "date"},
    "event.original": {"type": "keyword", "index": False, "doc_values": False},
    "http.response.status_code": {"type": "long"},
}


def _mappings() -> dict[str, Any]:
    """Return mappings of the times and of all that names an operation, and of nothing else."""
    told = {"event.dataset", *(one.field for one in SILENCES)}
    told |= {name for one in TELLINGS for name in one.fields}
    found: dict[str, Any] = {"dynamic": False}
    for name in sorted({*told, *_KINDS}):
        place = found
        for part in name.split("."):
            place = place.setdefault("properties", {}).setdefault(part, {})
        place.update(_KINDS.get(name, KEYWORD))
    return found


MAPPINGS = _mappings()


class Kept(NamedTuple):
    """A document and the feed that it is of."""

    feed: str
    source: dict[str, Any]


def documents(records: Iterable[Any]) -> Iterator[Kept]:
    """Yield a document for each native record."""
    for record in records:
        for native in unwrap(record):
            event = event_of(native)
            text = native if isinstance(native, str) else json.dumps(native)
            bare = {"@timestamp": rfc3339(event.time_ms), "event": {"original": text}}
            yield Kept(event.feed, document_of(dict(event.record), original=text) or bare)


def load(node: Elasticsearch, room: str, records: Iterable[Any]) -> list[str]:
    """Put records into one index a feed; return the `--index` options that name them."""
    feeds: dict[str, list[dict[str, Any]]] = {}
    for feed, source in documents(records):
        feeds.setdefault(feed, []).append(source)
    for feed, sources in feeds.items():
        index = index_of(room, feed)
        if not node.indices.exists(index=index):
            node.indices.create(index=index, mappings=MAPPINGS)
        helpers.bulk(node, ({"_index": index, "_source": one} for one in sources), refresh=True)
    return [f"--index={feed}={index_of(room, feed)}*" for feed in FEEDS]


def index_of(room: str, feed: str) -> str:
    """Return the index of a test for a feed."""
    return f"logs-{room}-{feed}"
