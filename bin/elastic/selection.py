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
    from .survey import Fields


class Window(NamedTuple):
    """A stretch of time: from, included, to, excluded; milliseconds UTC."""

    since_ms: int
    until_ms: int


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


def within(fields: Fields, window: Window) -> Query:
    """Return the query for a window: by `event.ingested`, else by `@timestamp`."""
    first, *second = [{"range": {name: _range(window)}} for name in fields.times]
    absent = {"bool": {"must_not": {"exists": {"field": fields.times[0]}}}}
    either = [first, *({"bool": {"filter": [absent, one]}} for one in second)]
    query: Query = {"bool": {"should": either}}
    if fields.skipped:
        query["bool"] |= {"minimum_should_match": 1}
        query["bool"] |= {"must_not": {"terms": {"_index": list(fields.skipped)}}}
    return query


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
