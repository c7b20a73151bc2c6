"""One finding as the page shows it: every section of a case, ready for the template.

Example: `case(finding, known, raw, 1).steps[0].number == 1`. Values stay as the log had them; the
template makes them safe (markup.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .events import happenings
from .graph import Graph, graph
from .moments import clock, day, milliseconds, period, span
from .names import AUTOMATIONS, IDENTITIES, LONGEST_SHOWN, clip, kind_name, short_name, words
from .reasons import Reason, reasons, verdict_of
from .timeline import Timeline, timeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowtrap.model.detection import Detection
    from flowtrap.model.finding import Entity, Finding

    from .events import Happening
    from .raw import RawEvent, RawEvents

LOUD = ("critical", "high", "medium")
STEPS_OPEN = 24
LONGEST_SENTENCE = 4_000
LONGEST_COPIED = 20_000
VALUES_OPEN = 8
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_ORDER = (*AUTOMATIONS, *IDENTITIES, "user", "app", "account", "src", "dest", "url")


@dataclass(frozen=True)
class Known:
    """A detection and what its file says beside the chain."""

    detection: Detection
    description: str = ""
    stages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Value:
    """A vendor's value: what is shown, and what is copied (JSON text, ASCII)."""

    shown: str
    copied: str


@dataclass(frozen=True)
class Group:
    """The entities of one type; those beyond the first few are folded."""

    kind: str
    name: str
    first: tuple[Value, ...]
    rest: tuple[Value, ...]


@dataclass(frozen=True)
class Step:
    """One event of the evidence; `date` and `pause` only where they are worth a line."""

    number: int
    date: str
    pause: str
    time: str
    stages: tuple[str, ...]
    telling: bool
    summary: str
    actor: str
    feed: str
    event_id: str
    raw: RawEvent | None


@dataclass(frozen=True)
class Piece:
    """A part of the sentence; `value` where it is an entity's."""

    text: str
    value: bool


@dataclass(frozen=True)
class Technique:
    """An ATT&CK technique; no link where the id is not of ATT&CK's form."""

    id: str
    url: str


@dataclass(frozen=True)
class Case:
    """Everything the page says of one finding."""

    number: int
    finding: Finding
    severity: str
    open: bool
    name: str
    when: str
    lasted: str
    sentence: tuple[Piece, ...]
    groups: tuple[Group, ...]
    techniques: tuple[Technique, ...]
    timeline: Timeline | None
    graph: Graph | None
    steps: tuple[Step, ...]
    folded: tuple[Step, ...]
    cut_short: tuple[str, ...]
    raw_note: str
    description: str
    reasons: tuple[Reason, ...]
    triage: tuple[str, ...]
    false_positives: tuple[str, ...]
    blind: tuple[str, ...]
    references: tuple[str, ...]


def case(finding: Finding, known: Known | None, raw: RawEvents, number: int) -> Case:
    """Return the view of a finding; without its detection, what that says is left out."""
    events = happenings(finding)
    detection = known.detection if known else None
    verdict = verdict_of(finding, detection)
    telling = frozenset(verdict.present) if verdict else frozenset()
    anchor = detection.anchor if detection else ""
    steps = _steps(events, telling | {anchor}, raw)
    first, last = milliseconds(finding.first_time), milliseconds(finding.last_time)
    return Case(
        number=number,
        finding=finding,
        severity=finding.severity,
        open=finding.severity in LOUD,
        name=_name(finding),
        when=period(first, last),
        lasted=span(last - first) if last > first else "",
        sentence=_sentence(finding),
        groups=_groups(finding.entities),
        techniques=tuple(_technique(name) for name in finding.techniques),
        timeline=timeline(events, telling, anchor),
        graph=graph(finding.entities, events, raw),
        steps=steps[:STEPS_OPEN],
        folded=steps[STEPS_OPEN:],
        cut_short=_cut_short(finding),
        raw_note=_raw_note(steps, raw),
        description=known.description if known else "",
        reasons=_reasons(finding, known, events),
        triage=_prose(detection, "triage"),
        false_positives=_prose(detection, "false_positives"),
        blind=_prose(detection, "blind"),
        references=_prose(detection, "references"),
    )


def _name(finding: Finding) -> str:
    """Return the automation of the case in short, else its first entity."""
    chosen = sorted(finding.entities, key=lambda entity: _rank(entity.type))
    return clip(short_name(chosen[0].value), 60) if chosen else ""


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _groups(entities: Sequence[Entity]) -> tuple[Group, ...]:
    values: dict[str, list[Value]] = {}
    for entity in entities:
        values.setdefault(entity.type, []).append(value_of(entity.value))
    kinds = sorted(values, key=_rank)
    return tuple(
        Group(kind, kind_name(kind), tuple(row[:VALUES_OPEN]), tuple(row[VALUES_OPEN:]))
        for kind in kinds
        for row in (values[kind],)
    )


def value_of(text: str) -> Value:
    """Return a value to show and to copy; beyond LONGEST_COPIED nobody pastes it anywhere."""
    return Value(clip(text, LONGEST_SHOWN), json.dumps(text[:LONGEST_COPIED]))


def _sentence(finding: Finding) -> tuple[Piece, ...]:
    """Cut the sentence at the values of entities, the longest first."""
    text = clip(finding.explanation, LONGEST_SENTENCE)
    values = {entity.value for entity in finding.entities if 3 < len(entity.value) < 400}
    longest_first = sorted(values, key=lambda value: (-len(value), value))[:100]
    if not longest_first:
        return (Piece(text, value=False),)
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)")
    parts = pattern.split(text)
    return tuple(Piece(part, value=bool(n % 2)) for n, part in enumerate(parts) if part)


def _technique(name: str) -> Technique:
    if not _TECHNIQUE.fullmatch(name):
        return Technique(name, "")
    return Technique(name, f"https://attack.mitre.org/techniques/{name.replace('.', '/')}/")


def _steps(
    events: Sequence[Happening], telling: frozenset[str] | set[str], raw: RawEvents
) -> tuple[Step, ...]:
    found: list[Step] = []
    before: Happening | None = None
    for event in events:
        date = day(event.time_ms)
        new_day = before is None or day(before.time_ms) != date
        gap = event.time_ms - before.time_ms if before else 0
        item = event.evidence
        found.append(
            Step(
                number=event.number,
                date=date if new_day else "",
                pause=span(gap) if gap >= 300_000 else "",
                time=clock(event.time_ms),
                stages=tuple(map(words, event.stages)),
                telling=not telling.isdisjoint(event.stages),
                summary=clip(item.summary, LONGEST_SHOWN),
                actor=clip(item.actor, LONGEST_SHOWN),
                feed=item.feed,
                event_id=clip(item.event_id, 200),
                raw=raw.found.get(event.key),
            )
        )
        before = event
    return tuple(found)


def _cut_short(finding: Finding) -> tuple[str, ...]:
    shown: dict[str, int] = {}
    for item in finding.evidence:
        shown[item.stage] = shown.get(item.stage, 0) + 1
    return tuple(
        f"{words(stage)}: the first {shown.get(stage, 0)} of {total:,}"
        for stage, total in finding.evidence_totals.items()
        if total > shown.get(stage, 0)
    )


def _raw_note(steps: Sequence[Step], raw: RawEvents) -> str:
    missing = sum(step.raw is None for step in steps)
    if missing in (0, len(steps)):
        return raw.why_missing if missing else ""
    return f"For {missing} of these {len(steps)} events there is none: {raw.why_missing}"


def _reasons(
    finding: Finding, known: Known | None, events: Sequence[Happening]
) -> tuple[Reason, ...]:
    verdict = verdict_of(finding, known.detection if known else None)
    if known is None or verdict is None:
        return ()
    return tuple(reasons(finding, known.detection, verdict, events, dict(known.stages)))


def _prose(detection: Detection | None, part: str) -> tuple[str, ...]:
    value = detection.document.get(part) if detection else None
    texts = [value] if isinstance(value, str) else value or []
    return tuple(re.sub(r"^\d+\. ", "", " ".join(str(text).split())) for text in texts)
