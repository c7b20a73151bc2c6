"""Findings for people: one block a case, at home in 80 columns, safe to show.

What stands in a log was written by an intruder, so that every value goes through `sanitise` into
a rich Text, which knows no markup.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from itertools import chain
from typing import IO, TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flowtrap.model.finding import SEVERITIES
from flowtrap.output.text import sanitise, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowtrap.model.finding import Evidence, Finding

WIDTH = 80
WIDEST = 120
NARROWEST = 60
EVIDENCE_LINES = {True: 12, False: 6}  # of a loud case, of one that is only context
LOUD = ("critical", "high", "medium")
VALUES_OF_A_TYPE = 6
LONGEST_VALUE = 400
AUTOMATIONS = ("function", "flow", "script")
_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "bold cyan",
    "informational": "dim",
}


def console_for(file: IO[str]) -> Console:
    """Return a console: colour and its own width for a terminal, 80 plain columns for the rest."""
    width, colour = WIDTH, False
    if file is sys.stdout and file.isatty():
        width = max(NARROWEST, min(Console().width, WIDEST))
        colour = not os.environ.get("NO_COLOR")
    return Console(
        file=file,
        width=width,
        color_system="auto" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
    )


def write_table(findings: Sequence[Finding], file: IO[str]) -> None:
    """Write a block for each finding and a line that sums up."""
    console = console_for(file)
    for part in chain(map(block, findings), [summary(findings)]):
        with console.capture() as written:
            console.print(part)
        file.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())


def summary(findings: Iterable[Finding]) -> Text:
    """Return `3 findings: 1 critical, 2 high`."""
    counts = Counter(finding.severity for finding in findings)
    total = sum(counts.values())
    if not total:
        return Text("no findings")
    parts = ", ".join(f"{counts[s]} {s}" for s in reversed(SEVERITIES) if counts[s])
    return Text(f"{total} finding{'s' if total > 1 else ''}: {parts}")


def block(finding: Finding) -> Group:
    """Return one case: what, where, when, why it matters, who took part, and the evidence."""
    return Group(
        _headline(finding),
        Padding(_facts(finding), (0, 0, 0, 2)),
        Padding(_safe(finding.explanation, 4 * LONGEST_VALUE), (1, 0, 1, 2)),
        Padding(_evidence(finding), (0, 0, 1, 2)),
    )


def _safe(text: str, most: int = LONGEST_VALUE) -> Text:
    return Text(shorten(sanitise(text), most), overflow="fold")


def _headline(finding: Finding) -> Table:
    style = _STYLES.get(finding.severity, "")
    line = Table.grid(expand=True, padding=(0, 1))
    line.add_column(no_wrap=True)
    line.add_column(ratio=1, overflow="fold")
    line.add_column(no_wrap=True, justify="right")
    title = _safe(finding.title)
    title.stylize("bold")
    badge = Text(f"[{finding.severity.upper()}]", style=style)
    line.add_row(badge, title, Text(f"risk {finding.risk_score}"))
    return line


def _facts(finding: Finding) -> Table:
    """Return the lines with a name in front: detection, time, and every kind of entity."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(no_wrap=True, min_width=9)
    lines.add_column(overflow="fold")
    for kind, values in _entities(finding):
        lines.add_row(Text(sanitise(kind), style="dim"), values)
    lines.add_row(Text("time", style="dim"), Text(_period(finding)))
    lines.add_row(Text("detection", style="dim"), _safe(f"{finding.detection}, {finding.verdict}"))
    lines.add_row(Text("finding", style="dim"), _safe(finding.finding_id))
    return lines


def _entities(finding: Finding) -> list[tuple[str, Text]]:
    """Return each kind's values, one a line; the function, flow or script comes first."""
    values: dict[str, list[str]] = {}
    for entity in finding.entities:
        values.setdefault(entity.type, []).append(entity.value)
    kinds = sorted(values, key=lambda kind: kind not in AUTOMATIONS)
    rows = []
    for kind in kinds:
        shown = [_safe(value) for value in values[kind][:VALUES_OF_A_TYPE]]
        more = len(values[kind]) - len(shown)
        if more:
            shown.append(Text(f"+{more} more", style="dim"))
        rows.append((kind, Text("\n", overflow="fold").join(shown)))
    return rows


def _period(finding: Finding) -> str:
    first, last = _moment(finding.first_time), _moment(finding.last_time)
    return f"{first} UTC" if first == last else f"{first} – {last} UTC"


def _moment(time: str) -> str:
    """Return `2026-03-10 09:00:00` of an RFC 3339 time."""
    return sanitise(time)[:19].replace("T", " ")


def _evidence(finding: Finding) -> Table:
    """Return the events in time order, an event that plays several parts once."""
    lines = Table.grid(padding=(0, 1))
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold", max_width=16)
    lines.add_column(overflow="fold")
    shown = chosen(finding.evidence, EVIDENCE_LINES[finding.severity in LOUD])
    one_day = len({_moment(item.time)[:10] for item in shown}) == 1
    for event in _by_event(shown):
        time = _moment(event[0].time)[11 if one_day else 5 :]
        stages = Text("\n").join(_safe(item.stage) for item in event)
        lines.add_row(Text(time, style="dim"), stages, _safe(event[0].summary))
    more = sum(finding.evidence_totals.values()) - len(shown)
    if more > 0:
        totals = ", ".join(f"{stage} {n}" for stage, n in finding.evidence_totals.items())
        lines.add_row(Text(f"+{more} more", style="dim"), Text(""), _safe(f"in all: {totals}"))
    return lines


def _by_event(evidence: Sequence[Evidence]) -> list[list[Evidence]]:
    events: dict[tuple[str, str], list[Evidence]] = {}
    for item in evidence:
        events.setdefault((item.feed, item.event_id), []).append(item)
    return list(events.values())


def chosen(evidence: Sequence[Evidence], most: int) -> list[Evidence]:
    """Return what to show, in time order: the first of every stage, then the earliest."""
    ordered = sorted(evidence, key=lambda item: item.time)
    firsts: dict[str, int] = {}
    for position, item in enumerate(ordered):
        firsts.setdefault(item.stage, position)
    others = [position for position in range(len(ordered)) if position not in firsts.values()]
    keep = [*firsts.values(), *others[: max(0, most - len(firsts))]]
    return [ordered[position] for position in sorted(keep)]
