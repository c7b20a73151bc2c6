"""A real browser reads the page as its templates mean it, and its script runs under the policy.

Needs Chromium: `chromium` or `google-chrome` on the PATH, or FLOWTRAP_CHROMIUM. Skipped without.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from builders import findings as made
from builders.html_page import Page

from report import Run, render

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("FLOWTRAP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine (or FLOWTRAP_CHROMIUM)"),
]


def seen_by_browser(document: str, folder: Path) -> tuple[Page, str]:
    """Return the page after its script ran, and what the browser logged."""
    path = folder / "report.html"
    path.write_text(document, encoding="utf-8")
    profile = folder / "profile"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return Page(done.stdout), done.stderr


def shape(page: Page) -> list[tuple[str, str | None]]:
    return [(e.tag, e.attributes.get("class")) for e in page.elements]


def test_script_runs_and_the_policy_holds_it_up_nowhere(tmp_path: Path) -> None:
    page, log = seen_by_browser(render(made.many(5, 40), Run()), tmp_path)
    assert not any("hidden" in e.attributes for e in page.all(cls="needs-js") if e.tag != "p")
    assert page.by_id("shown").text == "5 shown"
    assert "CONSOLE" not in log, log


def test_hostile_page_has_the_same_shape_as_its_source(tmp_path: Path) -> None:
    document = render([made.hostile(text) for text in made.HOSTILE], Run(inputs=made.HOSTILE))
    page, log = seen_by_browser(document, tmp_path)
    assert shape(page) == shape(Page(document))
    assert "CONSOLE" not in log, log
