"""docs/scenarios.md says what the detections answer today."""

from __future__ import annotations

from builders import scenarios_page


def test_page_is_current():
    """If it fails: read the change, then run python -m builders.scenarios_page."""
    assert scenarios_page.PAGE.read_text(encoding="utf-8") == scenarios_page.page()


def test_page_shows_every_attack_firing_and_every_look_alike_quiet():
    wanted = ""
    for line in scenarios_page.page().splitlines():
        if line.startswith("## "):
            wanted = "fires" if line.endswith("attacks") else "quiet"
        elif line.startswith("| ") and not line.startswith(("| scenario", "| ---")):
            assert line.split(" | ")[2] == wanted, line
