"""Saved state: an engine's hits as plain data with a version, and where it may be kept.

Adapters bring the store (a file, Splunk's KV store) behind `StateStore`; the core only makes and
takes the data. A state is saved after the findings are out: a run that dies in between repeats
findings with the same id and loses none.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from flowtrap.model.errors import StateError
from flowtrap.model.hit import Hit

from .entry import event_id, head, head_of, in_order, pack, time_ms, unpack
from .related import past_key

if TYPE_CHECKING:
    from .engine import Engine
    from .plan import Use

FORMAT = "flowtrap-state"
VERSION = 2


class StateStore(Protocol):
    """Keeps one engine's state between runs.

    `save` puts the new state in the place of the old one at once, or not at all.
    """

    def load(self) -> dict[str, Any] | None:
        """Return the saved state, None where there is none yet."""

    def save(self, state: dict[str, Any]) -> None:
        """Put a state in the place of the old one."""


def snapshot(engine: Engine) -> dict[str, Any]:
    """Return what `restore` needs, as data that JSON can hold."""
    detections = {
        detection.name: {
            name: {
                "present": _rows(engine, [use.anchor_table, use.relation_table]),
                "past": [_rows(engine, [table]) for _, table in use.past],
                "earliest_ms": [engine._earliest.get(table) for _, table in use.past],
            }
            for name, use in engine.plan.by_name[number].items()
        }
        for number, detection in enumerate(engine.plan.detections)
    }
    return {
        "format": FORMAT,
        "version": VERSION,
        "latest_ms": engine._latest_ms,
        "watermark_ms": engine._watermark_ms,
        "learnt": engine.learnt.rows(),
        "told": engine.told.rows(),
        "gone": _gone(engine, detections),
        "detections": detections,
    }


def _gone(engine: Engine, detections: dict[str, Any]) -> list[list[Any]]:
    """Return [time, event id] of what this run read and does not hold: the next may read it too."""
    uses = [use for uses in detections.values() for use in uses.values()]
    rows = chain.from_iterable([rows for use in uses for rows in (use["present"], *use["past"])])
    held = {head_of(row[0], row[1]) for row in rows}
    return [[time_ms(head), event_id(head)] for head in sorted(engine.read - held)]


def _rows(engine: Engine, tables: list[int | None]) -> list[list[Any]]:
    entries = [
        entry
        for table in tables
        if table is not None
        for _, log in engine.logs.scan(table)
        for entry in log
    ]
    return [[*list(unpack(entry)[:6]), dict(unpack(entry).values)] for entry in in_order(entries)]


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
    filled: set[int] = set()
    for number, detection in enumerate(engine.plan.detections):
        for name, stage in saved["detections"].get(detection.name, {}).items():
            use = engine.plan.by_name[number].get(name)
            if use is not None:
                _fill_use(engine, use, stage, filled)


def _fill_use(engine: Engine, use: Use, stage: dict[str, Any], filled: set[int]) -> None:
    """Fill the tables of a use; one that it shares with a use before it is full already."""
    routes = [route for route in use.routes if route[0] not in filled]
    for row in stage["present"] if routes else ():
        hit = _hit(row)
        entry = pack(hit)
        engine.known.add(head(entry))
        engine.put(routes, hit, entry)
    filled.update(table for table, _ in routes)
    for (rule, table), rows, earliest in zip(use.past, stage["past"], stage["earliest_ms"]):
        if earliest is not None:
            engine._earliest[table] = min(earliest, engine._earliest.get(table, earliest))
        for row in rows if table not in filled else ():
            hit = _hit(row)
            entry = pack(hit)
            engine.known.add(head(entry))
            engine.logs.append(table, past_key(hit, rule.key), entry)
        filled.add(table)
