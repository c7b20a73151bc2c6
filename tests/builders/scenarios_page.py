"""Writes docs/scenarios.md: what each AWS scenario gives, as the detections answer today.

PYTHONPATH=package/lib:bin:tests python -m builders.scenarios_page
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from builders.hunting import ALARMING, hunt
from builders.scenarios_aws import ATTACKS, QUIET

if TYPE_CHECKING:
    from builders.hunting import Outcome
    from flowtrap.model.finding import Finding

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenarios.md"
HEAD = """\
# AWS scenarios

What the shipped detections answer to each scenario at default tunables. Written by
`python -m builders.scenarios_page`; tests/content/test_scenarios_page.py fails when it is not
current. The records are synthetic: tests/builders/scenarios_aws.py.

"Fires" means at least one finding of medium severity or more. Without optional logs: the Lambda and
S3 data events (Invoke, GetObject, PutObject) are taken out.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page's text."""
    return "\n".join([HEAD, *_attacks(), "", *_look_alikes(), ""])


def _attacks() -> list[str]:
    rows = [
        "## Attacks",
        "",
        "| scenario | what happens | answer | detection: verdict (severity) | without optional logs |",
        "| --- | --- | --- | --- | --- |",
    ]
    for attack in ATTACKS:
        chain = attack.build(attack.world)
        full = hunt(chain.records())
        bare = hunt([step.record for step in chain.steps if step.part != "optional"])
        rows.append(
            f"| {attack.id} | {attack.title} | {_answer(full)} | {_told(full)} | {_answer(bare)} |"
        )
    return rows


def _look_alikes() -> list[str]:
    rows = [
        "## Look-alikes and traps",
        "",
        "| scenario | what happens | answer | detection: verdict (severity) |",
        "| --- | --- | --- | --- |",
    ]
    for quiet in QUIET:
        outcome = hunt(quiet.build())
        rows.append(f"| {quiet.id} | {quiet.title} | {_answer(outcome)} | {_told(outcome)} |")
    return rows


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
