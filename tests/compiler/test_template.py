"""The template compiles as it is, and nothing but its unfilled tests is wrong with it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from compiler import load_detection
from compiler.lint.run import lint
from compiler.runtime_json import DETECTIONS

if TYPE_CHECKING:
    from pathlib import Path


def test_template_lacks_only_its_tests(tmp_path: Path) -> None:
    shutil.copytree(DETECTIONS / "feeds", tmp_path / "feeds")
    path = tmp_path / "an1053_aws" / "aws_new.yml"
    path.parent.mkdir()
    text = (DETECTIONS / "_template.yml").read_text(encoding="utf-8")
    path.write_text(text.replace("name: template", "name: aws_new", 1), encoding="utf-8")
    assert load_detection(path)["name"] == "aws_new"
    assert {issue.id for issue in lint(tmp_path)} == {"test_expectations", "verdicts_tested"}
