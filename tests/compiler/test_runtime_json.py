"""The compiled file: same input, same bytes; all mistakes of all files at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler import compile_all, write
from compiler.problems import DetectionErrors
from compiler.runtime_json import DETECTIONS, detection_paths, dumps
from flowtrap.content.runtime import from_document, load
from flowtrap.model.errors import DetectionError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Folder


def test_written_file_is_what_the_core_loads(folder: Folder, tmp_path: Path) -> None:
    target = tmp_path / "new" / "detections.json"
    assert write(folder.root, target) == 1
    assert load(target) == from_document(compile_all(folder.root))
    assert [path.name for path in target.parent.iterdir()] == ["detections.json"]


def test_order_is_the_authors(folder: Folder, tmp_path: Path) -> None:
    write(folder.root, tmp_path / "d.json")
    (detection,) = load(tmp_path / "d.json")
    assert list(detection.stages) == ["write", "grant", "run"]
    assert list(detection.entities) == ["user", "role"]


def test_bytes_are_the_same_each_time(folder: Folder) -> None:
    assert dumps(compile_all(folder.root)) == dumps(compile_all(folder.root))


def test_files_are_taken_by_name_without_templates(folder: Folder) -> None:
    for name in ("an1053_aws/_template.yml", "an1054_m365/a.yml", "an1053_aws/z.yml", "x.yml"):
        path = folder.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("", encoding="utf-8")
    names = [path.name for path in detection_paths(folder.root)]
    assert names == ["a.yml", "aws_good_chain.yml", "z.yml"]


def test_mistakes_of_all_files_are_told(folder: Folder) -> None:
    folder.change("anchor: write", "anchor: wrote")
    other = folder.path.with_name("aws_other.yml")
    other.write_text("name: [\n", encoding="utf-8")
    with pytest.raises(DetectionErrors) as caught:
        compile_all(folder.root)
    assert "aws_good_chain.yml" in str(caught.value)
    assert "aws_other.yml" in str(caught.value)


def test_mistake_in_a_shared_block_is_told_once(folder: Folder) -> None:
    other = folder.path.with_name("aws_other.yml")
    other.write_bytes(folder.path.read_bytes())
    folder.change("eventName: Invoke}", "'eventName|like': x}", folder.feed)
    with pytest.raises(DetectionError) as caught:
        compile_all(folder.root)
    assert len(str(caught.value).splitlines()) == 1


def test_nothing_is_written_over_by_a_mistake(folder: Folder, tmp_path: Path) -> None:
    target = tmp_path / "detections.json"
    target.write_text("old", encoding="utf-8")
    folder.change("anchor: write", "anchor: wrote")
    with pytest.raises(DetectionError):
        write(folder.root, target)
    assert target.read_text(encoding="utf-8") == "old"


def test_shipped_detections_compile() -> None:
    detections = from_document(compile_all(DETECTIONS))
    assert [d.name for d in detections] == sorted(d.name for d in detections)
    assert detections
