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
from elastic.sources import FEEDS
from flowtrap.feed.wrappers import unwrap
from flowtrap.model.finding import rfc3339

OPERATIONS = {"aws_cloudtrail": "eventName", "m365_audit": "Operation"}
_PROPERTIES = {
    "@timestamp": {"type": "date"},
    "event": {
        "properties": {
            "original": {"type": "keyword", "index": False, "doc_values": False},
            "dataset": {"type": "keyword"},
            "action": {"type": "keyword"},
        }
    },
}
MAPPINGS = {"dynamic": False, "properties": _PROPERTIES}


class Kept(NamedTuple):
    """A document and the feed that it is of."""

    feed: str
    source: dict[str, Any]


def documents(records: Iterable[Any]) -> Iterator[Kept]:
    """Yield a document for each native record."""
    for record in records:
        for native in unwrap(record):
            event = event_of(native)
            told: dict[str, Any] = {"original": native}
            if not isinstance(native, str):
                told["original"] = json.dumps(native)
                if event.feed in OPERATIONS:
                    told["action"] = native[OPERATIONS[event.feed]]
                    told["dataset"] = FEEDS[event.feed].dataset
            yield Kept(event.feed, {"@timestamp": rfc3339(event.time_ms), "event": told})


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
