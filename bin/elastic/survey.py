"""What there is to read of a source, asked once a run, and what of it cannot be read, in words.

An index pattern may hold indices that are closed, keep no `_source`, or have no time; a search
passes over them without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import boring
from .client import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .client import Cluster
    from .sources import Source

INGESTED, TIMESTAMP = "event.ingested", "@timestamp"
_TIMES = (INGESTED, TIMESTAMP)
_MOST_NAMED = 5
_EVERY_STATE = ["open", "closed", "hidden"]


class Fields(NamedTuple):
    """How a source is mapped: the fields that tell the time, and those that bear whole values.

    `whole` names the field to ask by the one that is meant: `event.action` may be asked as
    `event.action.keyword`. `skipped` are indices that must not be asked for documents.
    """

    times: tuple[str, ...]
    whole: Mapping[str, str]
    skipped: tuple[str, ...] = ()


class Survey(NamedTuple):
    """A source's fields, None where nothing of it can be read, and lines for a person.

    `missed` may be there for the next run, `lost` cannot be read as it is, `notes` tell what was
    closed or left out on purpose. `stamped`: whether `event.ingested` is mapped everywhere.
    """

    there: bool
    fields: Fields | None = None
    missed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stamped: bool = True


def survey(cluster: Cluster, source: Source) -> Survey:
    """Return what there is to read of a source; raise ClusterError."""
    caps = _caps(cluster, source)
    indices, known = list(caps["indices"]), caps["fields"]
    missed = _away(source, caps)
    notes = _shut(cluster, source)
    if not indices:
        return Survey(bool(missed or notes), None, missed, notes=notes)
    wrong = [line for name in _TIMES for line in _no_date(name, known, indices)]
    bare = [set(_where("unmapped", known.get(name), indices)) for name in _TIMES]
    blind = sorted(bare[0] & bare[1])
    if not wrong and len(blind) == len(indices):
        wrong = ["has no date field @timestamp or event.ingested (map one as a date)"]
    if wrong:
        return Survey(True, None, (*missed, *wrong), notes=notes)
    whole = {name: field for name in boring.fields(source) for field in _whole(name, known)}
    hollow, partial = _sources(cluster, source)
    times = tuple(
        name for name, without in zip(_TIMES, bare, strict=True) if len(without) < len(indices)
    )
    lost = (
        *_line("without @timestamp and event.ingested, so that it cannot be read: {}", blind),
        *_line("without _source, so that it cannot be read: {}", hollow),
        *_timeless(cluster, source, times, blind),
    )
    notes += _line("only a part of _source is kept, and only that is seen: {}", partial)
    return Survey(True, Fields(times, whole, tuple(hollow)), missed, lost, notes, not bare[0])


def _caps(cluster: Cluster, source: Source) -> Any:
    names = {f"{name}{end}" for name in boring.fields(source) for end in ("", ".keyword")}
    return cluster.ask(
        lambda client: client.field_caps(
            index=source.pattern,
            fields=[*_TIMES, *sorted(names)],
            include_unmapped=True,
            ignore_unavailable=True,
            allow_no_indices=True,
        )
    )


def _where(kind: str, kinds: Mapping[str, Any] | None, indices: list[str]) -> list[str]:
    """Return the indices in which a field is of a kind; a field that is nowhere is unmapped."""
    kinds = kinds or {"unmapped": {}}
    return list(kinds[kind].get("indices", indices)) if kind in kinds else []


def _no_date(name: str, known: Mapping[str, Any], indices: list[str]) -> list[str]:
    kinds = sorted(set(known.get(name, ())) - {"date", "date_nanos", "unmapped"})
    return [
        f"{name} is {kind}, no date, in {_named(_where(kind, known[name], indices))}"
        " (map it as a date, or name other indices with --index)"
        for kind in kinds
    ]


def _whole(name: str, known: Mapping[str, Any]) -> list[str]:
    """Return the field, or its keyword, of which every index has whole values, if one has."""
    for field in (name, f"{name}.keyword"):
        kinds = [row for kind, row in known.get(field, {}).items() if kind != "unmapped"]
        if len(kinds) == 1 and kinds[0]["aggregatable"]:
            return [field]
    return []


def _away(source: Source, caps: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what did not answer: remote clusters, and indices that failed."""
    remotes = {part.partition(":")[0] for part in source.pattern.split(",") if ":" in part}
    answered = {index.partition(":")[0] for index in caps["indices"] if ":" in index}
    named = sorted(name for name in remotes - answered if "*" not in name and name[:1] != "-")
    failures = caps.get("failures", ())
    return (
        *(f"remote cluster {name} did not answer, or has no such index" for name in named),
        *(f"{_named(one['indices'])}: {reason_of(one['failure'])}" for one in failures),
    )


def _local(source: Source) -> str:
    return ",".join(part for part in source.pattern.split(",") if ":" not in part)


def _shut(cluster: Cluster, source: Source) -> tuple[str, ...]:
    """Return which indices are closed, and which that were named one by one are not there."""
    local = _local(source)
    if not local:
        return ()
    # Only a closed index has this setting.
    answer = cluster.ask(
        lambda client: client.indices.get_settings(
            index=local,
            name="index.verified_before_close",
            expand_wildcards=_EVERY_STATE,
            ignore_unavailable=True,
            allow_no_indices=True,
        )
    )
    single = [part for part in local.split(",") if "*" not in part and part[:1] != "-"]
    return (
        *_line("closed, so that it is not read: {}", sorted(answer)),
        *(f"there is no index {name}" for name in single if not _is_there(cluster, name)),
    )


def _is_there(cluster: Cluster, name: str) -> bool:
    return cluster.ask(lambda client: bool(client.indices.exists(index=name)))


def _sources(cluster: Cluster, source: Source) -> tuple[list[str], list[str]]:
    """Return the indices that keep no `_source`, and those that keep a part of it."""
    local = _local(source)
    if not local:
        return [], []
    answer = cluster.ask(
        lambda client: client.indices.get_field_mapping(
            index=local, fields="_source", ignore_unavailable=True, allow_no_indices=True
        )
    )
    kept = {
        index: row["mappings"].get("_source", {}).get("mapping", {}).get("_source", {})
        for index, row in answer.items()
    }
    hollow = sorted(index for index, one in kept.items() if one.get("enabled") is False)
    return hollow, sorted(
        i for i, one in kept.items() if one.get("excludes") or one.get("includes")
    )


def _timeless(
    cluster: Cluster, source: Source, times: Iterable[str], blind: list[str]
) -> tuple[str, ...]:
    """Return how many documents elsewhere have no time, such as one that was ignored."""
    absent = [{"exists": {"field": name}} for name in times]
    query = {"bool": {"must_not": [*absent, {"terms": {"_index": blind}}]}}
    answer = cluster.ask(
        lambda client: client.count(
            index=source.pattern, query=query, ignore_unavailable=True, allow_no_indices=True
        )
    )
    count = int(answer["count"])
    return (f"documents without a time, so that they cannot be read: {count:,}",) if count else ()


def _line(words: str, indices: list[str]) -> tuple[str, ...]:
    return (words.format(_named(indices)),) if indices else ()


def _named(indices: list[str]) -> str:
    more = len(indices) - _MOST_NAMED
    return ", ".join(indices[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
