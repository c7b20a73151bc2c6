"""The whole page: what was read, what was found, and every case.

Example: `render(findings, Run(inputs=("logs/",), counters=counters.to_dict()))`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowtrap.model.finding import SEVERITIES, rfc3339

from .case import LOUD, Known, case
from .markup import asset, environment, policy
from .moments import clock, day, milliseconds, period
from .names import words
from .raw import RawEvents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flowtrap.correlation.engine import Suppressed
    from flowtrap.model.finding import Finding


__all__ = ["Known", "Run", "render"]

COUNTER_MEANINGS = {
    "read": "records in the input",
    "matched": "met the condition of at least one stage",
    "unmatched": "parsed, and met no condition",
    "filtered_out": "cannot matter to any detection; not parsed",
    "duplicate": "seen before in this input",
    "parse_error": "could not be parsed: evidence may be missing",
    "no_time": "had no usable time: evidence may be missing",
    "unrecognised": "belong to no feed that Flowtrap knows",
    "no_key": "met a condition but lack what joins them to anything",
    "late": "came too late to be used: evidence may be missing",
    "expired": "left the window before anything joined them",
    "spilled": "kept in a temporary file instead of in memory",
    "evicted": "dropped for want of memory: evidence may be missing",
    "suppressed": "taken out by allow-lists",
    "unlearned": "“never seen before” held back: too little history before them",
}
SUPPRESSED_SHOWN = 500
MESSAGES_SHOWN = 200


@dataclass(frozen=True)
class Run:
    """How the findings came about. `made_ms` is when, None where the page shall not say.

    `suppressed` is None where it was not asked for.
    """

    inputs: tuple[str, ...] = ()
    counters: Mapping[str, int] = field(default_factory=dict)
    incomplete: bool = False
    reason: str = ""
    messages: tuple[str, ...] = ()
    suppressed: Sequence[Suppressed] | None = None
    detections: int = 0
    settings: str = ""
    since_ms: int | None = None
    until_ms: int | None = None
    made_ms: int | None = None
    version: str = ""


@dataclass(frozen=True)
class CounterLine:
    """A counter that is not zero."""

    name: str
    number: int
    meaning: str


@dataclass(frozen=True)
class SuppressedLine:
    """A hit that an allow-list took out."""

    time: str
    where: str
    what: str
    actor: str
    why: str


@dataclass(frozen=True)
class Page:
    """What the page says beside its cases."""

    headline: str
    lead: str
    made: str
    looked_at: str
    severities: tuple[tuple[str, int], ...]
    detections_found: tuple[tuple[str, str], ...]
    counters: tuple[CounterLine, ...]
    suppressed: tuple[SuppressedLine, ...]
    suppressed_left_out: int


def render(
    findings: Iterable[Finding],
    run: Run,
    *,
    known: Mapping[str, Known] | None = None,
    raw: RawEvents | None = None,
) -> str:
    """Return the page as one HTML document, cases by falling risk."""
    ordered = sorted(findings, key=lambda f: (-f.risk_score, f.first_time, f.finding_id))
    cases = [
        case(finding, (known or {}).get(finding.detection), raw or RawEvents(), number)
        for number, finding in enumerate(ordered, 1)
    ]
    style, script = asset("style.css"), asset("report.js")
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            page=_page(ordered, run),
            run=run,
            cases=cases,
            style=style,
            script=script,
            policy=policy(style, script),
            loud=LOUD,
        )
    )


def _page(findings: Sequence[Finding], run: Run) -> Page:
    counts = Counter(finding.severity for finding in findings)
    suppressed = list(run.suppressed or ())
    titles = {finding.detection: finding.title for finding in findings}
    return Page(
        headline=_headline(findings, counts),
        lead=_lead(findings, run.counters),
        made=_moment(run.made_ms),
        looked_at=_looked_at(run),
        severities=tuple((name, counts[name]) for name in reversed(SEVERITIES)),
        detections_found=tuple(sorted(titles.items())),
        counters=_counters(run.counters),
        suppressed=tuple(map(_suppressed, suppressed[:SUPPRESSED_SHOWN])),
        suppressed_left_out=max(0, len(suppressed) - SUPPRESSED_SHOWN),
    )


def _headline(findings: Sequence[Finding], counts: Counter[str]) -> str:
    if not findings:
        return "No cases found"
    total = len(findings)
    noun = "case" if total == 1 else "cases"
    worst = max(counts, key=SEVERITIES.index)
    if counts[worst] == total:
        return f"{total} {worst} {noun}"
    return f"{total} {noun}, {counts[worst]} {worst}"


def _lead(findings: Sequence[Finding], counters: Mapping[str, int]) -> str:
    if findings:
        first = min(milliseconds(finding.first_time) for finding in findings)
        last = max(milliseconds(finding.last_time) for finding in findings)
        return f"Events of these cases: {period(first, last)}."
    if counters.get("read", 0) == counters.get("unrecognised", 0):
        return "Nothing was hunted in: the input holds no record of a known feed."
    return (
        "Nothing in this input met a detection’s conditions. That is no proof of absence: see what "
        "was read, below."
    )


def _moment(time_ms: int | None) -> str:
    return "" if time_ms is None else f"{day(time_ms)} {clock(time_ms // 1000 * 1000)} UTC"


def _looked_at(run: Run) -> str:
    if run.since_ms is None and run.until_ms is None:
        return "all events of the input"
    since = f"from {_moment(run.since_ms)}" if run.since_ms is not None else ""
    until = f"until {_moment(run.until_ms)}" if run.until_ms is not None else ""
    return " ".join(part for part in (since, until) if part)


def _counters(counters: Mapping[str, int]) -> tuple[CounterLine, ...]:
    return tuple(
        CounterLine(words(name), number, COUNTER_MEANINGS.get(name, ""))
        for name, number in counters.items()
        if number or name == "read"
    )


def _suppressed(row: Suppressed) -> SuppressedLine:
    entry, hit = row.entry, row.hit
    why = ", ".join(part for part in (entry.reason, entry.owner) if part) or "no reason given"
    return SuppressedLine(
        rfc3339(hit.time_ms),
        f"{row.detection}, {words(row.stage)}",
        hit.summary,
        hit.actor,
        f"{row.tunable} {entry.pattern!r}: {why}",
    )
