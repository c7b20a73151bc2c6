"""Why a detection fired: what its verdict asks for, beside what the case holds.

Example: `{acts: {at_least: 1}}` reads "at least 1 event", found "2 events: 5, 6".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowtrap.model.detection import FirstSeen

from .moments import span
from .names import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrap.model.detection import Detection, HitCondition, Requirement, Verdict
    from flowtrap.model.finding import Finding

    from .events import Happening

NUMBERS_SHOWN = 12
_OPERATORS = {
    "in": "on the list {}",
    "not_in": "not on the list {}",
    "equals": "{}",
    "not_equals": "not {}",
}


@dataclass(frozen=True)
class Reason:
    """One line of the comparison; `numbers` are those of the events shown below."""

    stage: str
    what: str
    asked: str
    found: str
    numbers: tuple[int, ...]
    more: int


def verdict_of(finding: Finding, detection: Detection | None) -> Verdict | None:
    """Return the verdict that the finding names, None where the detection no longer has it."""
    verdicts = detection.verdicts if detection else ()
    return next((verdict for verdict in verdicts if verdict.name == finding.verdict), None)


def reasons(
    finding: Finding,
    detection: Detection,
    verdict: Verdict,
    events: Sequence[Happening],
    descriptions: dict[str, str],
) -> list[Reason]:
    """Return the anchor's line, then one for each stage that the verdict asks for or excludes."""
    anchor = detection.anchor
    asked = "; ".join(["the event that opens the case", *map(condition_text, verdict.anchor)])
    rows = [(anchor, asked)]
    rows += [(rule.stage, requirement_text(rule)) for rule in verdict.require]
    return [
        _reason(stage, text, finding, events, descriptions.get(stage, "")) for stage, text in rows
    ]


def _reason(
    stage: str, asked: str, finding: Finding, events: Sequence[Happening], what: str
) -> Reason:
    total = finding.evidence_totals.get(stage, 0)
    numbers = [event.number for event in events if stage in event.stages]
    found = f"{total:,} event{'' if total == 1 else 's'}" if total else "none"
    shown = tuple(numbers[:NUMBERS_SHOWN])
    return Reason(words(stage), what, asked, found, shown, len(numbers) - len(shown))


def requirement_text(rule: Requirement) -> str:
    """Return a requirement in words."""
    if not rule.at_least:
        return "; ".join(["none at all", *_each(rule.where)])
    if rule.distinct:
        count = f"events with at least {rule.at_least} different values of {words(rule.distinct)}"
    else:
        count = f"at least {rule.at_least} event{'' if rule.at_least == 1 else 's'}"
    return "; ".join([count, *_each(rule.where)])


def _each(conditions: Iterable[HitCondition]) -> list[str]:
    return [condition_text(condition) for condition in conditions]


def condition_text(condition: HitCondition) -> str:
    """Return a condition on a hit in words."""
    if isinstance(condition, FirstSeen):
        same = ", ".join(map(words, condition.key))
        return f"not seen in the {span(condition.over_ms)} before (same {same})"
    form = _OPERATORS.get(condition.op, f"{words(condition.op)} {{}}")
    return f"{words(condition.field)} is {form.format(condition.operand)}"
