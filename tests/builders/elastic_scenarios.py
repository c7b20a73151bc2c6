"""Every scenario as documents of the integrations, and what the native rules tell of each.

All scenarios of a platform go into the same indices, each in a namespace of its own; rules compiled
`by_namespace` keep them apart, so that one query a rule answers for all of them.
"""

from __future__ import annotations

import functools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from elasticsearch import Elasticsearch, helpers

from builders import scenarios_page
from builders.elastic_documents import document_of
from compiler.elastic import lookup, native
from compiler.elastic.export import Native, natives, settled_by
from compiler.elastic.query import query_of
from compiler.runtime_json import DETECTIONS, compile_all
from elastic.client import Cluster
from elastic.cluster_shelves import Lists
from elastic.shelf import carry_out, plan
from elastic.templates import ORIGINAL, columns_mapping, nested, runtime_mapping
from flowtrap.content.runtime import from_document
from flowtrap.feed.wrappers import unwrap
from flowtrap.model.detection import Detection
from flowtrap.model.tunable import Tunables

FOLDERS = {
    "AWS": "aws_",
    "gcp": "gcp_",
    "azure": "azure_",
    "Microsoft 365": "m365_",
    "workspace": "workspace_",
}
# What Fleet's templates say of a data stream: a field that is not declared is mapped as it comes.
_DYNAMIC = {
    "date_detection": False,
    "dynamic_templates": [
        {
            "texts": {
                "match_mapping_type": "string",
                "mapping": {"type": "keyword", "ignore_above": 1024},
            }
        }
    ],
}
_LONG = "aws.cloudtrail.request_parameters", "aws.cloudtrail.response_elements"
_ROWS = 10_000  # more cases than all scenarios of a platform have

Told = dict[str, set[tuple[str, str]]]


class Case(NamedTuple):
    """A scenario: whether it is an attack, and its native records."""

    id: str
    attack: bool
    records: list[Any]


def cases(platform: str) -> list[Case]:
    """Return a platform's attacks and look-alikes."""
    attacks, quiet = scenarios_page.platforms()[platform]
    return [
        Case(row.id, kind, [step.record for step in row.steps])
        for rows, kind in ((attacks, True), (quiet, False))
        for row in rows
    ]


def namespace(scenario: str) -> str:
    """Return a scenario's namespace."""
    return re.sub(r"[^a-z0-9]+", "_", scenario.lower())


@functools.cache
def _detections() -> tuple[Detection, ...]:
    return tuple(from_document(compile_all(), place="detections"))


def plans(
    prefix: str,
    tunables: dict[str, Any] | None = None,
    lists: str = "compiled",
    *,
    runtime: bool = False,
) -> list[Native]:
    """Return the detections whose name begins so that have native verdicts."""
    settled = settled_by(_detections(), Tunables(tunables or {}, now_ms=0))
    chosen = {name: value for name, value in settled.items() if name.startswith(prefix)}
    found = natives(DETECTIONS, chosen, lists, runtime_fields=runtime)
    return [one for one in found if one.plan.verdicts]


def documents(platform: str, *, original: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield data set and document of every record that an integration reads."""
    for case in cases(platform):
        for document in documents_of(case.records, original=original):
            if document:
                document["data_stream"] = {"namespace": namespace(case.id)}
                yield document["event"]["dataset"], document


def unread(case: Case) -> int:
    """Return how many of a scenario's records no integration reads."""
    return sum(document is None for document in documents_of(case.records, original=False))


def documents_of(records: Iterable[Any], *, original: bool) -> Iterator[dict[str, Any] | None]:
    """Yield the document of each native record, None for one that no integration reads."""
    for record in records:
        for one in unwrap(record):
            text = json.dumps(one, separators=(",", ":"), ensure_ascii=False)
            yield document_of(one, original=text if original else None)


def reads_flattened(platform: str) -> bool:
    """Tell whether some rule of a platform names a field that only runtime fields make readable."""
    without, within = (plans(FOLDERS[platform], runtime=some) for some in (False, True))
    pairs = zip(without, within, strict=True)
    return any(query_of(a.plan, None) != query_of(b.plan, None) for a, b in pairs)


def told(
    node: Elasticsearch, room: str, platform: str, *, original: bool, runtime: bool = False
) -> Told:
    """Return by namespace what the platform's rules tell: detection and verdict of each case."""
    kind = "runtime" if runtime else "kept" if original else "bare"
    prefix = f"{room}-{namespace(platform)}-{kind}"
    found = plans(FOLDERS[platform], runtime=runtime)
    records = documents(platform, original=original)
    return told_by(node, prefix, found, records, runtime=runtime)


def told_by(
    node: Elasticsearch,
    prefix: str,
    found: Iterable[Native],
    records: Iterable[tuple[str, dict[str, Any]]],
    *,
    runtime: bool = False,
) -> Told:
    """Return by namespace what rules tell of documents, each with its data set."""
    queries = {one.subject.name: query_of(one.plan, None, by_namespace=True) for one in found}
    prepare(node, prefix, list(queries.values()), runtime=runtime)
    actions = (
        {"_index": f"{prefix}-logs-{name}-default", "_op_type": "create", "_source": document}
        for name, document in records
    )
    helpers.bulk(node, actions, refresh=True)
    answers: Told = defaultdict(set)
    for name, query in queries.items():
        for row in rows(node, in_room(query, prefix)):
            answers[row["flowtrap.namespace"]].add((name, row["flowtrap.verdict"]))
    return answers


def in_room(query: str, prefix: str) -> str:
    """Return a query over the indices of one test."""
    head, _, rest = query.partition("\n")
    moved = re.sub(r"(?<=[ ,])(?=logs-|flowtrap-)", f"{prefix}-", head)
    asked = rest.replace(f"JOIN {lookup.INDEX} ", f"JOIN {lists_index(prefix)} ")
    return f"{moved}\n{asked}".replace("LIMIT 1000", f"LIMIT {_ROWS}")


def lists_index(prefix: str) -> str:
    """Return the lookup index of one test."""
    return f"{prefix}-lists"


def put_lists(node: Elasticsearch, url: str, prefix: str, tunables: dict[str, Any]) -> None:
    """Bring the lookup index of one test to what a site sets, as deploy does."""
    site = Tunables(tunables, now_ms=0)
    wanted = {
        "settings": lookup.settings(),
        "mappings": lookup.mappings(_detections()),
        "rows": lookup.rows(_detections(), site),
    }
    for step in plan([Lists(Cluster(node, url), lists_index(prefix), wanted)]):
        carry_out(step)


def rows(node: Elasticsearch, query: str) -> list[dict[str, Any]]:
    """Run a query; return its rows by column."""
    answer = node.esql.query(query=query)
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, values, strict=True)) for values in answer["values"]]


def prepare(node: Elasticsearch, prefix: str, queries: list[str], *, runtime: bool = False) -> None:
    """Make a template as the integrations' are, the index of columns, and empty indices."""
    declared = {
        **{name: {"type": kind} for feed in native.feeds() for name, kind in feed.types.items()},
        **{name: {"type": "keyword", "ignore_above": 8191} for name in _LONG},
        "@timestamp": {"type": "date"},
        "event.ingested": {"type": "date"},
        "event.original": ORIGINAL,
    }
    names = [name for some in native.runtime_fields().values() for name in some]
    below = runtime_mapping(names if runtime else ())
    node.indices.put_index_template(
        name=prefix,
        index_patterns=[f"{prefix}-logs-*"],
        template={
            "settings": {"number_of_shards": 1, "number_of_replicas": 0},
            "mappings": {**_DYNAMIC, "properties": nested(declared), "runtime": below},
        },
    )
    node.indices.create(index=f"{prefix}-{native.COLUMNS_INDEX}", mappings=columns_mapping())
    for pattern in {p for query in queries for p in _indices(query)}:
        node.indices.create(index=f"{prefix}-{pattern.replace('*', 'none')}")


def _indices(query: str) -> list[str]:
    head = query.partition("\n")[0].removeprefix("FROM ").partition(" METADATA")[0]
    return [index for index in head.split(", ") if index.startswith("logs-")]
