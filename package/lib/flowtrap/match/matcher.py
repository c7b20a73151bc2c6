"""Which stages does an event match? Asked of every parsed event, so it must be quick.

Stages are indexed by the one or two fields that tell them apart best (for aws_cloudtrail
`eventName` and `eventSource`). The first event with given values decides, by three-valued
evaluation, which stages they leave possible; later ones look it up and test what is left of those
alone, a few of some forty.

Example: `Matcher(stages, tunables).hits(event)` -> `[(3, Hit(…))]`, 3 being the stage's position.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, Callable

from flowtrap.model.hit import Hit, HitValue

from .condition import (
    Ast,
    Test,
    compile_condition,
    deciding_fields,
    field_texts,
    leaves,
    possible,
    residue,
    text_reader,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowtrap.model.detection import Stage
    from flowtrap.model.event import Event
    from flowtrap.model.tunable import Tunables

MOST_HITS = 64
NAMES_KEPT = 10_000
Read = Callable[["Event"], "str | tuple[str, ...]"]
_Candidates = tuple[tuple[int, Test], ...]
_Values = tuple["str | tuple[str, ...]", ...]


class Matcher:
    """Tests events against stages of any feeds.

    `no_key` counts matches that gave no hit because a key was absent, `capped` those whose
    many-valued keys had more than 64 combinations, of which the first 64 were kept.
    """

    def __init__(self, stages: Sequence[Stage], tunables: Tunables) -> None:
        self.no_key = 0
        self.capped = 0
        self._stages = [_StageReader(stage) for stage in stages]
        self._feeds = {
            feed: _FeedIndex([(n, s) for n, s in enumerate(stages) if s.feed == feed], tunables)
            for feed in dict.fromkeys(stage.feed for stage in stages)
        }

    def hits(self, event: Event) -> list[tuple[int, Hit]]:
        """Return the position of each stage matched, with a hit per combination of its keys."""
        index = self._feeds.get(event.feed)
        if index is None:
            return []
        found: list[tuple[int, Hit]] = []
        known: dict[str, HitValue] = {}
        for number, test in index.candidates(event):
            if test(event):
                hits = self._hits_of(self._stages[number], event, known)
                found.extend((number, hit) for hit in hits)
        return found

    def _hits_of(self, stage: _StageReader, event: Event, known: dict[str, HitValue]) -> list[Hit]:
        """Return the hits of a stage that matches; `known` keeps fields that were read before."""
        keys = stage.keys(event, known)
        if keys is None:
            self.no_key += 1
            return []
        facts = stage.facts(event, known)
        if len(keys) > MOST_HITS:
            self.capped += 1
        return [_hit(event, {**values, **facts}) for values in keys[:MOST_HITS]]

    def possible(self, feed: str, known: Mapping[str, str]) -> tuple[int, ...]:
        """Return the stages that a record may match whose fields have these values, "" for none.

        The fields are native or normalised, the values in any spelling of their case.
        """
        index = self._feeds.get(feed)
        return () if index is None else index.possible(known)


def _hit(event: Event, values: Mapping[str, HitValue]) -> Hit:
    return Hit(
        event.time_ms,
        event.event_id,
        event.feed,
        _shown(event, "action"),
        _shown(event, "actor"),
        _shown(event, "summary"),
        values,
    )


def _shown(event: Event, name: str) -> str:
    value = event.fields.get(name, "")
    return value if isinstance(value, str) else ", ".join(value)


class _StageReader:
    """Reads a stage's keys and facts."""

    def __init__(self, stage: Stage) -> None:
        self._keys = [(name, field, text_reader(field)) for name, field in stage.keys.items()]
        self._facts = [(name, field, text_reader(field)) for name, field in stage.facts.items()]

    def keys(self, event: Event, known: dict[str, HitValue]) -> list[dict[str, HitValue]] | None:
        """Return one mapping per combination (one more than the cap at most), None if one lacks."""
        single: dict[str, HitValue] = {}
        many = False
        for name, field, read in self._keys:
            value = known.get(field)
            if value is None:
                value = known[field] = event.fields.get(field) or read(event)
            if not value:
                return None
            single[name] = value
            many = many or type(value) is not str
        return _combinations(single) if many else [single]

    def facts(self, event: Event, known: dict[str, HitValue]) -> dict[str, HitValue]:
        """Return the facts that the event has."""
        values: dict[str, HitValue] = {}
        for name, field, read in self._facts:
            value = known.get(field)
            if value is None:
                value = known[field] = event.fields.get(field) or read(event)
            if value:
                values[name] = value if type(value) is str or len(value) > 1 else value[0]
        return values


def _combinations(values: Mapping[str, HitValue]) -> list[dict[str, HitValue]]:
    """Return every way to choose one value of each, in order, without repeats."""
    choices = [[v] if isinstance(v, str) else list(dict.fromkeys(v)) for v in values.values()]
    return [dict(zip(values, chosen)) for chosen in islice(product(*choices), MOST_HITS + 1)]


class _FeedIndex:
    """The stages of one feed, by the values of the fields that tell them apart best."""

    def __init__(self, stages: Sequence[tuple[int, Stage]], tunables: Tunables) -> None:
        self._stages = stages
        self._tunables = tunables
        self._fields = _best_fields([stage.condition for _, stage in stages])
        self._readers = tuple(map(text_reader, self._fields))
        self._by_values: dict[_Values, _Candidates] = {}
        self._by_names: dict[tuple[tuple[str, str], ...], tuple[int, ...]] = {}

    def candidates(self, event: Event) -> _Candidates:
        """Return the stages that the event's values leave possible, and what is left to test.

        O(1) but for new values.
        """
        values = tuple([read(event) for read in self._readers])
        found = self._by_values.get(values)
        return self._learn(values, event) if found is None else found

    def _learn(self, values: _Values, event: Event) -> _Candidates:
        texts = {field: field_texts(event, field) for field in self._fields}
        known = {field: found for field, found in texts.items() if found}
        if len(self._by_values) >= NAMES_KEPT:
            self._by_values.clear()
        rest = [(number, residue(stage.condition, known)) for number, stage in self._stages]
        left = tuple(
            (number, compile_condition(condition, self._tunables))
            for number, condition in rest
            if condition is not False
        )
        self._by_values[values] = left
        return left

    def possible(self, known: Mapping[str, str]) -> tuple[int, ...]:
        """Return the stages possible for some fields' values, in any case."""
        names = tuple(known.items())
        found = self._by_names.get(names)
        if found is None:
            if len(self._by_names) >= NAMES_KEPT:
                self._by_names.clear()
            found = tuple(n for n, s in self._stages if possible(s.condition, known))
            self._by_names[names] = found
        return found


def _best_fields(conditions: Sequence[Ast]) -> tuple[str, ...]:
    """Return the one or two fields that most stages need and that split them most finely.

    A second one is worth its reading only if at least half of the stages need it.
    """
    needed = [field for condition in conditions for field in deciding_fields(condition)]
    splits = {repr(leaf): leaf[1] for condition in conditions for leaf in leaves(condition)}
    fineness = list(splits.values())
    scores = {f: needed.count(f) * fineness.count(f) for f in sorted(set(needed))}
    first, *others = sorted(scores, key=lambda field: -scores[field]) or [""]
    common = [field for field in others if 2 * needed.count(field) >= len(conditions)]
    return (first, *common[:1]) if first else ()
