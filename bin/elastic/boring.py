"""Queries for the documents of a window that no stage can match, by the names of their operations.

    queries(source, {"event.dataset": …, "event.action": …}, matcher.possible, count)

`whole` are the fields that the source can be asked for whole values, by the names that `operations`
gives them. `count(query, aggregations)` asks the cluster about the window's documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .operations import SILENCES, TELLINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .operations import Silence, Telling
    from .sources import Source

    Possible = Callable[[str, Mapping[str, str]], tuple[int, ...]]
    Count = Callable[["Query", "Query"], Any]

DATASET = "event.dataset"
NAMES_A_PAGE = 5_000  # search.max_buckets is 65,536 and index.max_terms_count as much
MOST_PAGES = 10
MOST_GROUPS = 200  # of names under one head; a query may have 1,024 clauses
Query = dict[str, Any]
_Row = tuple[tuple[Any, ...], int]  # names that documents bear together, and how many do


def fields(source: Source) -> set[str]:
    """Return the fields that may be asked for whole values."""
    named = {name for one in TELLINGS if one.feed in source.feeds for name in one.fields}
    return {DATASET, *named, *(one.field for one in SILENCES if one.feed in source.feeds)}


def queries(
    source: Source, whole: Mapping[str, str], possible: Possible, count: Count
) -> list[Query]:
    """Return the queries; `possible(feed, known)` are the stages that known fields leave."""
    silences = [one for one in SILENCES if one.feed in source.feeds and _has(whole, one.field)]
    tellings = [one for one in TELLINGS if one.feed in source.feeds and _has(whole, *one.fields)]
    found = [_silent(whole, one) for one in silences if not possible(one.feed, one.settled)]
    for one in tellings:
        rows = [row for row in _listed(whole, one, count) if _never(one, row[0], possible)]
        found += _groups(whole, one, rows)
    return found


def _has(whole: Mapping[str, str], *names: str) -> bool:
    return {DATASET, *names} <= whole.keys()


def _of_datasets(whole: Mapping[str, str], one: Silence | Telling) -> Query:
    return {"terms": {whole[DATASET]: list(one.datasets)}}


def _silent(whole: Mapping[str, str], silence: Silence) -> Query:
    field = whole[silence.field]
    there = [_of_datasets(whole, silence), {"exists": {"field": field}}]
    words = [
        {"wildcard": {field: {"value": f"*{word}*", "case_insensitive": True}}}
        for word in silence.words
    ]
    return {"bool": {"filter": there, "must_not": words}}


def _listed(whole: Mapping[str, str], telling: Telling, count: Count) -> Iterator[_Row]:
    """Yield what names there are, the first 50,000."""
    columns = [{name: {"terms": {"field": whole[name]}}} for name in telling.fields]
    composite: Query = {"size": NAMES_A_PAGE, "sources": columns}
    for _ in range(MOST_PAGES):
        answer = count(_of_datasets(whole, telling), {"names": {"composite": composite}})
        rows = answer["aggregations"]["names"]
        for row in rows["buckets"]:
            yield tuple(row["key"].values()), row["doc_count"]
        if "after_key" not in rows:
            return
        composite = {**composite, "after": rows["after_key"]}


def _never(telling: Telling, names: Sequence[Any], possible: Possible) -> bool:
    """Tell whether no stage can match a document with these names."""
    texts = [str(name) for name in names]
    if any("{" in text for text in texts):  # an object that a pipeline wrote as a text
        return False
    settled = telling.settled(*texts)
    return settled is None or not possible(telling.feed, settled)


def _groups(whole: Mapping[str, str], telling: Telling, rows: Sequence[_Row]) -> list[Query]:
    """Return a query for all names under one head, for the heads that most documents have."""
    counts: dict[tuple[Any, ...], int] = {}
    names: dict[tuple[Any, ...], list[Any]] = {}
    for (*parts, last), number in rows:
        head = tuple(parts)
        counts[head] = counts.get(head, 0) + number
        names.setdefault(head, []).append(last)
    heads = sorted(counts, key=lambda head: -counts[head])[:MOST_GROUPS]
    return [_group(whole, telling, head, names[head]) for head in heads]


def _group(
    whole: Mapping[str, str], telling: Telling, head: Sequence[Any], names: Sequence[Any]
) -> Query:
    *above, last = (whole[name] for name in telling.fields)
    terms: list[Query] = [{"term": {name: value}} for name, value in zip(above, head, strict=True)]
    own = _of_datasets(whole, telling)
    return {"bool": {"filter": [own, *terms, {"terms": {last: list(names)}}]}}
