"""Writes docs/elastic-mapping.md: the fields of each data set, what they lose, and the recall.

PYTHONPATH=package/lib:bin:tests python -m builders.elastic_mapping_page
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from builders.all_scenarios import NAMES, attacks
from builders.elastic_documents import hits
from builders.hunting import Outcome, hunt
from flowtrap.normalise.elastic.rows import Mapped
from flowtrap.normalise.elastic.table import MAPPED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "elastic-mapping.md"
HEAD = """\
# Elastic documents

How `hunt` and `elastic run` read documents of the Elastic integrations. Written by
`python -m builders.elastic_mapping_page`; tests/elastic/test_mapping_page.py fails when it is not current.

A document that kept `event.original` is read from it, and nothing is lost: switch on "Preserve original event" in each integration.
Any other is read from its fields, by the tables below. They are one table in the code
(`package/lib/flowtrap/normalise/elastic/`), used in both directions, and tested on every record of every scenario. The names are
those of the public integrations; nothing here was read from a live Elastic agent.

Exports may be hits (`{"_source": …}`), whole answers (`hits.hits`), `fields` with their lists, rows with dotted names, or Kibana's CSV.
In CSV, times are read in UTC: set Kibana's `dateFormat:tz` to UTC before you export. A CSV has columns, not objects: what CloudTrail's
request tells is then read from the text `aws.cloudtrail.request_parameters`.

## CloudTrail's text of parameters

`aws.cloudtrail.request_parameters` is the text of a Java map, with nothing escaped. The flattened twin
(`aws.cloudtrail.flattened.request_parameters`) is believed first. Without it the text is taken apart at `, name=`; so a description
such as `x, functionName=decoy` looks like a member. Two rules hold against it: keys stand in the order of a HashMap, so that of two
`functionName` the one out of order is part of a text; where order does not tell them apart, the first counts. A name that the call does
not have at all can still be made up: keep `event.original`. Above 8,191 characters the text is not indexed, but `_source` has it.

## Recall without event.original

Each attack of docs/scenarios.md as native records, and as documents without the original. "same" means the same detections, verdicts
and severities.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page as it ought to be."""
    lines = [HEAD, "| platform | attacks | same | fire at medium or more | same finding ids |"]
    lines.append("| --- | --- | --- | --- | --- |")
    gaps: list[str] = []
    for name in NAMES:
        row, missed = _recall(name)
        lines.append(row)
        gaps += missed
    lines += ["", "| attack | not found without the original | instead |", "| --- | --- | --- |"]
    lines += gaps
    for mapped in MAPPED:
        lines += ["", *_section(mapped)]
    return "\n".join(lines) + "\n"


def _recall(name: str) -> tuple[str, list[str]]:
    same = alarming = alike = total = 0
    gaps = []
    for attack, records in attacks(name).items():
        native, rebuilt = hunt(records), hunt(hits(records))
        before, after = _said(native), _said(rebuilt)
        total += 1
        same += before == after
        alarming += bool(rebuilt.alarms)
        alike += _ids(native) == _ids(rebuilt)
        if before != after:
            gaps.append(f"| {attack} | {_shown(before - after)} | {_shown(after - before)} |")
    return f"| {name} | {total} | {same} | {alarming} | {alike} |", gaps


def _said(outcome: Outcome) -> Counter[str]:
    return Counter(f"{f.detection}: {f.verdict}, {f.severity}" for f in outcome.findings)


def _ids(outcome: Outcome) -> set[str]:
    return {finding.finding_id for finding in outcome.findings}


def _shown(said: Counter[str]) -> str:
    return "; ".join(sorted(said.elements())) or "nothing"


def _section(mapped: Mapped) -> Iterator[str]:
    yield f"## {mapped.dataset} ({mapped.feed})"
    yield ""
    if mapped.base:
        yield f"The record lies whole under `{mapped.base}`, but for what is renamed:"
        yield ""
    yield "| native | document |"
    yield "| --- | --- |"
    for row in mapped.rows:
        yield f"| {row.native} | {row.document} |"
    if mapped.lost:
        yield ""
        yield f"Lost: {'; '.join(mapped.lost)}."


if __name__ == "__main__":
    main()
