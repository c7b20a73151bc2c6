"""docs/scenarios.md says what the detections answer today."""

from __future__ import annotations

from builders import scenarios_page


def test_page_is_current():
    """If it fails: read the change, then run python -m builders.scenarios_page."""
    assert scenarios_page.PAGE.read_text(encoding="utf-8") == scenarios_page.page()


def test_page_shows_every_attack_firing_and_every_look_alike_quiet():
    answers = [
        row.split(" | ") for row in scenarios_page.page().splitlines() if row.startswith("| ")
    ]
    for row in answers:
        if row[0].startswith("| A"):
            assert row[2] == "fires", row
        elif row[0].startswith(("| B", "| trap")):
            assert row[2] == "quiet", row
