"""What the documents show works: the example detection compiles, the settings are read, links lead on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cli import config, content
from compiler import load_detection
from compiler.building_blocks import Library

REPO = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md", "CHANGELOG.md", "docs/tuning.md", "docs/detection-format.md", "docs/detections.md",
    "docs/report.md",
)  # fmt: skip


def blocks(page: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (REPO / page).read_text(encoding="utf-8"), re.DOTALL)


def test_example_detection_compiles(tmp_path: Path) -> None:
    text = blocks("docs/detection-format.md")[0]
    path = tmp_path / "aws_lambda_alias_moved.yml"
    path.write_text(text.replace("6f7a1e0c-…", "6f7a1e0c-9d5b-4c55-8c7e-1a2b3c4d5e6f"))
    row = load_detection(path, Library(content.DETECTIONS / "feeds"))
    assert row["chain"]["window"] == {"tunable": "time_window"}
    assert set(row["stages"]) == {"moved", "acts"}


@pytest.mark.parametrize("page", ["README.md", "docs/tuning.md"])
def test_settings_shown_are_right(page: str, tmp_path: Path) -> None:
    path = tmp_path / "flowtrap.yml"
    for block in blocks(page):
        path.write_text(block)
        config.read(str(path), content.load(), 0)


def test_tuning_page_names_every_tunable() -> None:
    text = (REPO / "docs/tuning.md").read_text(encoding="utf-8")
    known = {name for detection in content.load() for name in detection.tunables}
    assert not {name for name in known if f"| `{name}` |" not in text}


def test_readme_and_changelog_name_every_detection() -> None:
    names = {detection.name for detection in content.load()}
    for page in ("README.md", "CHANGELOG.md"):
        text = (REPO / page).read_text(encoding="utf-8")
        assert not {name for name in names if f"`{name}`" not in text}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (REPO / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert ((REPO / page).parent / target).exists(), target


def test_example_events_are_yaml() -> None:
    for block in blocks("docs/detection-format.md")[1:]:
        yaml.safe_load(block.replace(", …", ""))
