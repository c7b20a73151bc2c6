"""A small folder of detections, and copies of it with something changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


class Folder:
    """A copy of tests/compiler/data that a test may change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "an1053_aws" / "aws_good_chain.yml"
        self.feed = root / "feeds" / "aws_cloudtrail.yml"

    def change(self, old: str, new: str, path: Path | None = None) -> Path:
        """Replace text that must be there once or more; return the file."""
        path = path or self.path
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path.name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    def line_of(self, text: str, path: Path | None = None) -> int:
        """Return the line where the text stands first."""
        lines = (path or self.path).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a fresh copy."""
    root = tmp_path / "detections"
    shutil.copytree(DATA, root)
    return Folder(root)
