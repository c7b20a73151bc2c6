"""The catalogue page: every detection, stage and verdict is on it, and tables stay tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.detection_file import read_subject
from compiler.docs import PAGE, catalogue, write_catalogue
from compiler.runtime_json import DETECTIONS, detection_paths

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Folder


def test_page_of_one_detection(folder: Folder) -> None:
    lines = catalogue(folder.root).splitlines()
    assert "### aws_good_chain" in lines
    assert (
        "| run | aws_cloudtrail | after it, same account, function | A function was called. |"
        in lines
    )
    assert "| `time_window` | duration | 24h | Window. |" in lines
    assert "1. Ask the author." in lines
    assert any(
        line.startswith("| ran_with_privilege | high | 70 | ") and "| {actor} wrote" in line
        for line in lines
    )
    assert any("Window: `time_window` (24h)." in line for line in lines)


def test_bars_and_stars_do_not_break_it(folder: Folder) -> None:
    folder.change("description: A function was written.", "description: 'a|b *c*'")
    assert "| anchor | a\\|b \\*c\\* |" in catalogue(folder.root)


def test_page_of_the_shipped_detections(tmp_path: Path) -> None:
    target = tmp_path / "page.md"
    write_catalogue(DETECTIONS, target)
    page = target.read_text(encoding="utf-8")
    assert page == catalogue(DETECTIONS)
    for path in detection_paths(DETECTIONS):
        for verdict in read_subject(path).runtime["verdicts"]:
            assert f"| {verdict['name']} | {verdict['severity']} |" in page


def test_committed_page_is_current() -> None:
    """If it fails: read the change, then run python -m compiler.docs (see the page's head)."""
    assert PAGE.read_text(encoding="utf-8") == catalogue(DETECTIONS)


def test_every_detection_stands_under_its_analytic_and_platform() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for path in detection_paths(DETECTIONS):
        analytic = path.parent.name.partition("_")[0].upper()
        heading = next(
            line for line in reversed(lines[: lines.index(f"### {path.stem}")]) if line[:3] == "## "
        )
        assert heading.startswith(f"## {analytic} (")


def test_platform_that_nobody_named_is_shown_by_its_folder(folder: Folder) -> None:
    folder.path.parent.rename(folder.root / "an1053_oci")
    assert "## AN1053 (IaaS) on Oci" in catalogue(folder.root)
