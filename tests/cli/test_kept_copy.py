"""A copy of what the detections compile to is used only as long as nothing that made it changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli import content, kept_copy


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "detections"
    (folder / "aws").mkdir(parents=True)
    (folder / "aws" / "one.yml").write_text("name: one\n")
    return folder


def test_digest_changes_with_a_files_content_name_and_absence(sources):
    seen = [kept_copy.digest([sources])]
    (sources / "aws" / "one.yml").write_text("name: two\n")
    seen.append(kept_copy.digest([sources]))
    (sources / "aws" / "one.yml").rename(sources / "aws" / "two.yml")
    seen.append(kept_copy.digest([sources]))
    (sources / "tool.py").write_text("")
    seen.append(kept_copy.digest([sources]))
    (sources / "aws" / "two.yml").unlink()
    seen.append(kept_copy.digest([sources]))
    assert len(set(seen)) == 5
    (sources / "notes.txt").write_text("of no account")
    assert kept_copy.digest([sources]) == seen[-1]


def test_copy_is_found_again_for_its_digest_alone(tmp_path):
    path = tmp_path / "output" / "copy.json"
    assert kept_copy.kept(path, "a") is None
    kept_copy.keep(path, "a", {"format": 1})
    assert kept_copy.kept(path, "a") == {"format": 1}
    assert kept_copy.kept(path, "b") is None
    assert [p.name for p in path.parent.iterdir()] == ["copy.json"]


@pytest.mark.parametrize("damage", ["", "[", "[]", "{}", '{"digest": "a", "document": 1}'])
def test_damaged_copy_is_made_anew(tmp_path, damage):
    path = tmp_path / "copy.json"
    path.write_text(damage)
    assert kept_copy.kept(path, "a") is None


def test_copy_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept_copy.keep(tmp_path / "file" / "copy.json", "a", {})
    assert (tmp_path / "file").read_text() == "in the way"


def test_edited_detection_is_compiled_again(monkeypatch, tmp_path):
    folder = tmp_path / "detections"
    folder.mkdir()
    for part in ("feeds", "an1053_aws"):
        source = content.DETECTIONS / part
        if source.is_dir():
            (folder / part).mkdir()
            for path in source.glob("*.yml"):
                (folder / part / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(content, "DETECTIONS", folder)
    monkeypatch.setattr(content, "COPY", tmp_path / "copy.json")
    first = content.compiled()
    assert json.loads((tmp_path / "copy.json").read_text())["document"] == first
    edited = next(p for p in folder.glob("*/aws_lambda_opened.yml"))
    edited.write_text(edited.read_text().replace("title: ", "title: Edited. ", 1))
    titles = {row["name"]: row["title"] for row in content.compiled()["detections"]}
    assert titles["aws_lambda_opened"].startswith("Edited. ")
