"""Saved state: an engine's hits as plain data with a version, and where it may be kept.

Adapters bring the store (a file, Splunk's KV store) behind `StateStore`; the core only makes and
takes the data. A state is saved after the findings are out: a run that dies in between repeats
findings with the same id and loses none.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from flowtrap.model.errors import StateError
from flowtrap.model.hit import Hit

from .entry import event_id, head, head_of, in_order, pack, pack_keys, time_ms, unpack
from .related import past_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .engine import Engine
    from .plan import Use

FORMAT = "flowtrap-state"
VERSION = 3


class StateStore(Protocol):
    """Keeps one engine's state between runs.

    `save` puts the new state in the place of the old one at once, or not at all.
    """

    def load(self) -> dict[str, Any] | None:
        """Return the saved state, None where there is none yet."""

    def save(self, state: dict[str, Any]) -> None:
        """Put a state in the place of the old one."""


def snapshot(engine: Engine) -> dict[str, Any]:
    """Return what `restore` needs, as data that JSON can hold.

    Each hit is written once, and named by its number wherever a stage of a detection holds it.
    """
    hits = _Hits()

    def held(*tables: int | None) -> list[int]:
        return list(map(hits.number, in_order(_entries(engine, tables))))

    detections = {
        detection.name: {
            name: {
                "present": held(use.anchor_table, use.relation_table),
                "past": [held(table) for _, table in use.past],
                "earliest_ms": [engine._earliest.get(table) for _, table in use.past],
            }
            for name, use in engine.plan.by_name[number].items()
        }
        for number, detection in enumerate(engine.plan.detections)
    }
    gone = engine.read.difference(head_of(row[0], row[1]) for row in hits.rows)
    return {
        "format": FORMAT,
        "version": VERSION,
        "latest_ms": engine._latest_ms,
        "watermark_ms": engine._watermark_ms,
        "learnt": engine.learnt.rows(),
        "told": engine.told.rows(),
        # what this run read and does not hold: the next may read it too
        "gone": [[time_ms(mark), event_id(mark)] for mark in sorted(gone)],
        "hits": hits.rows,
        "detections": detections,
    }


def _entries(engine: Engine, tables: Iterable[int | None]) -> Iterator[bytes]:
    for table in tables:
        for _, log in engine.logs.scan(table) if table is not None else ():
            yield from log


class _Hits:
    """Distinct hits as rows, numbered as they come.

    There may be a hundred thousand: equal texts become one object, and an entry, which may come
    from disk, is known by its digest.
    """

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
        self._numbers: dict[bytes, int] = {}
        self._texts: dict[Any, Any] = {}

    def number(self, entry: bytes) -> int:
        """Return the number of an entry's row."""
        mark = blake2b(entry, digest_size=16).digest()
        number = self._numbers.setdefault(mark, len(self.rows))
        if number == len(self.rows):
            same = self._texts.setdefault
            hit = unpack(entry)
            values = {same(name, name): same(value, value) for name, value in hit.values.items()}
            self.rows.append([hit.time_ms, *[same(text, text) for text in hit[1:6]], values])
        return number


def _hit(row: list[Any]) -> Hit:
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in row[6].items()}
    identity, feed, action, actor, summary = map(str, row[1:6])
    return Hit(int(row[0]), identity, feed, action, actor, summary, values)


def restore(engine: Engine, saved: dict[str, Any]) -> None:
    """Fill an empty engine. Stages that are gone since are left out; new ones start empty."""
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise StateError("is not a Flowtrap state", cure="remove it: the next run starts anew")
    if saved.get("version") != VERSION:
        raise StateError(
            f"has version {saved.get('version')!r}, this Flowtrap writes {VERSION}",
            cure="update Flowtrap, or remove the state to start anew",
        )
    try:
        _fill(engine, saved)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"is damaged: {error!r}", cure="remove it to start anew") from error


def _fill(engine: Engine, saved: dict[str, Any]) -> None:
    engine._latest_ms = saved["latest_ms"]
    engine._watermark_ms = engine.late_before_ms = saved["watermark_ms"]
    engine.learnt.restore(saved["learnt"])
    engine.told.restore(saved["told"])
    engine.known.update(head_of(int(time), str(name)) for time, name in saved["gone"])
    hits = [_hit(row) for row in saved["hits"]]
    engine.known.update(map(head, map(pack, hits)))
    filled: set[int] = set()
    for number, detection in enumerate(engine.plan.detections):
        for name, stage in saved["detections"].get(detection.name, {}).items():
            use = engine.plan.by_name[number].get(name)
            if use is not None:
                _fill_use(engine, use, stage, hits, filled)


def _fill_use(
    engine: Engine, use: Use, stage: dict[str, Any], hits: Sequence[Hit], filled: set[int]
) -> None:
    """Fill the tables of a use; one that it shares with a use before it is full already."""
    routes = [route for route in use.routes if route[0] not in filled]
    for number in stage["present"] if routes else ():
        engine.put(routes, hits[number], pack(hits[number]))
    filled.update(table for table, _ in routes)
    for (rule, table), numbers, earliest in zip(use.past, stage["past"], stage["earliest_ms"]):
        if earliest is not None:
            engine._earliest[table] = min(earliest, engine._earliest.get(table, earliest))
        for number in numbers if table not in filled else ():
            hit = hits[number]
            engine.logs.append(table, past_key(hit, rule.key), pack_keys(hit, rule.key))
        filled.add(table)
