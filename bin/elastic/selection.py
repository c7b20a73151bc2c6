"""Which documents of a source the cluster hands over: those of a time, without boring operations.

The cluster lists the operations that a window holds, the detections say which of these no stage can
match, and exactly those are left out, by name. What bears no operation, or a name that was not
listed, is read: the filter cannot hide anything. A document is left out only if its `event.dataset`
says that the fields which name its operation are what `operations` takes them for.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from elasticsearch import BadRequestError

from . import boring
from .client import gaps_of
from .errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .boring import Possible, Query
    from .client import Cluster
    from .sources import Source

INGESTED, TIMESTAMP = "event.ingested", "@timestamp"


class Window(NamedTuple):
    """A stretch of time: from, included, to, excluded; milliseconds UTC."""

    since_ms: int
    until_ms: int


class Fields(NamedTuple):
    """How a source is mapped: the fields that tell the time, and those that bear whole values.

    `whole` names the field to ask by the one that is meant: `event.action` may be asked as
    `event.action.keyword`.
    """

    times: tuple[str, ...]
    whole: Mapping[str, str]


class Selection(NamedTuple):
    """What is read of one window: a query, how many documents are there, how many left out.

    Where shards did not answer, the numbers are not `certain`, and nothing is left out.
    """

    query: Query
    total: int
    left_out: int
    certain: bool

    @property
    def empty(self) -> bool:
        """Whether there is certainly nothing to read."""
        return self.certain and self.left_out >= self.total


def fields_of(cluster: Cluster, source: Source) -> Fields | None:
    """Return how a source is mapped, None where no index matches; raise ClusterError."""
    asked = boring.fields(source)
    names = [INGESTED, TIMESTAMP, *(f"{name}{end}" for name in asked for end in ("", ".keyword"))]
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

    whole = {name: field for name in asked for field in _whole(name, known)}
    return Fields(times, whole)


def _whole(name: str, known: Mapping[str, Any]) -> list[str]:
    """Return the field, or its keyword, of which every index has whole values, if one has."""
    for field in (name, f"{name}.keyword"):
        kinds = known.get(field, {})
        if len(kinds) == 1 and all(kind["aggregatable"] for kind in kinds.values()):
            return [field]
    return []


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
    """Return when the oldest document of a window came, the window's end where there is none.

    Where shards did not answer it is the window's beginning.
    """
    aggregations = {name: {"min": {"field": name}} for name in fields.times}
    answer = _counted(cluster, source, within(fields, window), aggregations)
    if gaps_of(answer):
        return window.since_ms
    values = [answer["aggregations"][name]["value"] for name in fields.times]
    known = [int(value) for value in values if value is not None]
    return max(window.since_ms, min(known, default=window.until_ms))


def select(
    cluster: Cluster, source: Source, fields: Fields, window: Window, possible: Possible
) -> Selection:
    """Return what to read of a window; `possible(feed, known)` are the stages left."""
    time = within(fields, window)
    every: Query = {"bool": {"filter": [time]}}
    counted = _counted(cluster, source, every)
    total, certain = _total(counted), not gaps_of(counted)
    if not total or not certain:
        return Selection(every, total, 0, certain)

    def count(query: Query, aggregations: Query) -> Any:
        return _counted(cluster, source, {"bool": {"filter": [time, query]}}, aggregations)

    left_out = boring.queries(source, fields.whole, possible, count)
    query: Query = {"bool": {"filter": [time], "must_not": left_out}}
    try:
        kept = _counted(cluster, source, query)
    except ClusterError as error:
        if not isinstance(error.__cause__, BadRequestError):
            raise
        return Selection(every, total, 0, certain)  # search.allow_expensive_queries may be off
    if gaps_of(kept):
        return Selection(every, total, 0, certain=False)
    return Selection(query, total, max(0, total - _total(kept)), certain)


def _total(answer: Any) -> int:
    return int(answer["hits"]["total"]["value"])


def _counted(
    cluster: Cluster,
    source: Source,
    query: Query,
    aggregations: Mapping[str, Any] | None = None,
) -> Any:
    return cluster.ask(
        lambda client: client.search(
            index=source.pattern,
            ignore_unavailable=True,
            size=0,
            query=query,
            aggs=aggregations,
            track_total_hits=True,
        )
    )


def day_of(time_ms: int) -> str:
    """Return a time as a person reads it: 2026-03-10 09:00:00."""
    moment = datetime.datetime.fromtimestamp(time_ms / 1000, tz=datetime.timezone.utc)
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
