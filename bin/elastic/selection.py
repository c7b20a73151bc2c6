"""Which documents of a source the cluster hands over: those of a time, without boring operations.

The cluster lists the operations that a window holds, the detections say which of these no stage can
match, and exactly those are left out, by name. What bears no operation, or a name that was not
listed, is read: the filter cannot hide anything. A document is left out only if its `event.dataset`
says that `event.action` is what we take it for.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from flowtrap.normalise.table import FEEDS as SPECS

from .client import ClusterError
from .sources import FEEDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .client import Cluster
    from .sources import Source

MOST_NAMES = 10_000  # search.max_buckets is 65,536 and index.max_terms_count as much
INGESTED, TIMESTAMP = "event.ingested", "@timestamp"
_NAME_FIELDS = {spec.name: spec.name_field for spec in SPECS}
Query = dict[str, Any]
Possible = "Callable[[str, str, str], tuple[int, ...]]"


class Window(NamedTuple):
    """A stretch of time: from, included, to, excluded; milliseconds UTC."""

    since_ms: int
    until_ms: int


class Fields(NamedTuple):
    """How a source is mapped: the fields that tell the time, and those that can be counted."""

    times: tuple[str, ...]
    dataset: str | None
    action: str | None


class Selection(NamedTuple):
    """What is read of one window: a query, how many documents are there, how many left out."""

    query: Query
    total: int
    left_out: int


def fields_of(cluster: Cluster, source: Source) -> Fields | None:
    """Return how a source is mapped, None where no index matches; raise ClusterError."""
    names = [INGESTED, TIMESTAMP]
    names += [f"event.{name}{end}" for name in ("dataset", "action") for end in ("", ".keyword")]
    answer = cluster.ask(
        lambda client: client.field_caps(
            index=source.pattern, fields=names, ignore_unavailable=True, allow_no_indices=True
        )
    )
    if not answer["indices"]:
        return None
    known = answer["fields"]
    times = tuple(name for name in (INGESTED, TIMESTAMP) if name in known)
    if not times or any(set(known[name]) - {"date", "date_nanos", "unmapped"} for name in times):
        raise ClusterError(
            "has no date field @timestamp or event.ingested",
            place=source.pattern,
            cure="map one as a date, or name other indices with --index",
        )

    def countable(name: str) -> str | None:
        for field in (name, f"{name}.keyword"):
            kinds = known.get(field, {})
            if kinds and all(kind["aggregatable"] for kind in kinds.values()):
                return field
        return None

    return Fields(times, countable("event.dataset"), countable("event.action"))


def within(fields: Fields, window: Window) -> Query:
    """Return the query for a window: by `event.ingested`, else by `@timestamp`."""
    ranges = [{"range": {name: _range(window)}} for name in fields.times]
    if len(ranges) == 1:
        return ranges[0]
    absent = {"bool": {"must_not": {"exists": {"field": fields.times[0]}}}}
    return {"bool": {"should": [ranges[0], {"bool": {"filter": [absent, ranges[1]]}}]}}


def _range(window: Window) -> dict[str, Any]:
    return {"gte": window.since_ms, "lt": window.until_ms, "format": "epoch_millis"}


def oldest_ms(cluster: Cluster, source: Source, fields: Fields, window: Window) -> int:
    """Return when the oldest document of a window came, the window's end where there is none."""
    aggregations = {name: {"min": {"field": name}} for name in fields.times}
    answer = _counted(cluster, source, within(fields, window), aggregations)
    values = [answer["aggregations"][name]["value"] for name in fields.times]
    known = [int(value) for value in values if value is not None]
    return max(window.since_ms, min(known, default=window.until_ms))


def select(
    cluster: Cluster,
    source: Source,
    fields: Fields,
    window: Window,
    possible: Callable[[str, str, str], tuple[int, ...]],
) -> Selection:
    """Return what to read of a window; `possible(feed, field, name)` are the stages left."""
    time = within(fields, window)
    told = [feed for feed in source.feeds if FEEDS[feed].operation]
    if not (told and fields.dataset and fields.action):
        return Selection({"bool": {"filter": [time]}}, _total(cluster, source, time), 0)
    asked = {
        feed: {
            "filter": {"term": {fields.dataset: FEEDS[feed].dataset}},
            "aggs": {"names": {"terms": {"field": fields.action, "size": MOST_NAMES}}},
        }
        for feed in told
    }
    answer = _counted(cluster, source, time, asked)
    boring: list[Query] = []
    left_out = 0
    for feed in told:
        rows = answer["aggregations"][feed]["names"]["buckets"]
        none = [row for row in rows if not possible(feed, _NAME_FIELDS[feed], str(row["key"]))]
        left_out += sum(row["doc_count"] for row in none)
        dataset = {"term": {fields.dataset: FEEDS[feed].dataset}}
        names = {"terms": {fields.action: [row["key"] for row in none]}}
        boring.append({"bool": {"filter": [dataset, names]}})
    query = {"bool": {"filter": [time], "must_not": boring}}
    return Selection(query, answer["hits"]["total"]["value"], left_out)


def _total(cluster: Cluster, source: Source, query: Query) -> int:
    return int(_counted(cluster, source, query, {})["hits"]["total"]["value"])


def _counted(
    cluster: Cluster, source: Source, query: Query, aggregations: Mapping[str, Any]
) -> Any:
    return cluster.ask(
        lambda client: client.search(
            index=source.pattern,
            ignore_unavailable=True,
            size=0,
            query=query,
            aggs=aggregations or None,
            track_total_hits=True,
        )
    )


def day_of(time_ms: int) -> str:
    """Return a time as a person reads it: 2026-03-10 09:00:00."""
    moment = datetime.datetime.fromtimestamp(time_ms / 1000, tz=datetime.timezone.utc)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
