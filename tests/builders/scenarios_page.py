"""Writes docs/scenarios.md: what each scenario gives, as the detections answer today.

PYTHONPATH=package/lib:bin:tests python -m builders.scenarios_page
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from builders import scenarios_aws
from builders.hunting import ALARMING, hunt
from builders.platforms import PLATFORMS
from builders.scenario import Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builders.hunting import Outcome
    from builders.scenario import Chain, Quiet
    from flowtrap.model.finding import Finding

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenarios.md"
HEAD = """\
# Scenarios

What the shipped detections answer to each scenario at default tunables. Written by
`python -m builders.scenarios_page`; tests/content/test_scenarios_page.py fails when it is not
current. The records are synthetic: tests/builders/scenarios_*.py.

"Fires" means at least one finding of medium severity or more. Without optional logs: what a tenant
logs only on request is taken out (on AWS the Lambda and S3 data events; see each detection).
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


class Row(NamedTuple):
    """A scenario as the page shows it: its attack chain, or the records of a look-alike."""

    id: str
    title: str
    steps: list[Step]


def platforms() -> dict[str, tuple[list[Row], list[Row]]]:
    """Return the attacks and the look-alikes of every platform."""
    chains = [(attack, attack.build(attack.world)) for attack in scenarios_aws.ATTACKS]
    found = {"AWS": (_rows(chains), _quiet(scenarios_aws.QUIET))}
    for platform in PLATFORMS:
        built = [(attack, attack.build(attack.delay, False)) for attack in platform.attacks]
        found[platform.name] = (_rows(built), _quiet(platform.quiet))
    return found


def _rows(chains: Iterable[tuple[Any, Chain]]) -> list[Row]:
    return [Row(attack.id, attack.title, chain.steps) for attack, chain in chains]


def _quiet(scenarios: Iterable[Quiet]) -> list[Row]:
    return [Row(q.id, q.title, [Step("noise", r) for r in q.build()]) for q in scenarios]


def page() -> str:
    """Return the page's text."""
    lines = [HEAD]
    for name, (attacks, quiet) in platforms().items():
        lines += [f"## {name}: attacks", "", *_attacks(attacks), ""]
        lines += [f"## {name}: look-alikes and traps", "", *_look_alikes(quiet), ""]
    return "\n".join(lines)


def _attacks(rows: list[Row]) -> list[str]:
    lines = [
        "| scenario | what happens | answer | detection: verdict (severity) | without optional logs |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        full = hunt([step.record for step in row.steps])
        bare = hunt([step.record for step in row.steps if step.part != "optional"])
        lines.append(
            f"| {row.id} | {row.title} | {_answer(full)} | {_told(full)} | {_answer(bare)} |"
        )
    return lines


def _look_alikes(rows: list[Row]) -> list[str]:
    lines = [
        "| scenario | what happens | answer | detection: verdict (severity) |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        outcome = hunt([step.record for step in row.steps])
        lines.append(f"| {row.id} | {row.title} | {_answer(outcome)} | {_told(outcome)} |")
    return lines


def _answer(outcome: Outcome) -> str:
    return "fires" if outcome.alarms else "quiet"


def _told(outcome: Outcome) -> str:
    """Return the findings, alarming ones first; those below medium in brackets."""
    ranked = sorted(outcome.findings, key=lambda f: (-f.risk_score, f.detection))
    return "<br>".join(dict.fromkeys(map(_short, ranked))) or "–"


def _short(finding: Finding) -> str:
    text = f"{finding.detection}: {finding.verdict} ({finding.severity})"
    return text if finding.severity in ALARMING else f"[{text}]"


if __name__ == "__main__":
    main()
