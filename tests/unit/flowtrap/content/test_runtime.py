"""The compiled detections: read from a file or bytes, or told in one line what is wrong."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from flowtrap.content.runtime import from_document, load
from flowtrap.model.errors import DetectionError

if TYPE_CHECKING:
    from pathlib import Path

DETECTION: dict[str, Any] = {
    "name": "aws_chain",
    "id": "3f2a6c1e-8d47-4b0a-9a54-6e1c7f20b9d1",
    "title": "Chain",
    "analytic": "AN1053",
    "attack": {"strategy": "DET0374", "techniques": ["T1648"]},
    "stages": {
        "write": {
            "feed": "aws_cloudtrail",
            "condition": ["in", "eventName", ["createfunction"]],
            "keys": {"function": "function"},
            "facts": {"actor": "actor"},
        }
    },
    "chain": {"anchor": "write", "case": ["function"], "window": "24h", "related": {}},
    "verdicts": [
        {"name": "low", "severity": "low", "risk": 20, "say": "x", "require": {}, "anchor": []},
        {"name": "high", "severity": "high", "risk": 70, "say": "x", "require": {}, "anchor": []},
    ],
}


def document(**changes: Any) -> dict[str, Any]:
    return {"format": 1, "detections": [{**copy.deepcopy(DETECTION), **changes}]}


def test_load_reads_bytes_and_files(tmp_path: Path) -> None:
    text = json.dumps(document()).encode()
    path = tmp_path / "detections.json"
    path.write_bytes(text)
    assert load(text) == load(path) == load(str(path)) == from_document(document())
    (detection,) = load(text)
    assert detection.name == "aws_chain"
    assert [verdict.name for verdict in detection.verdicts] == ["high", "low"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "is not of format 1"),
        (b'{"format": 2, "detections": []}', "is not of format 1"),
        (b'{"format": 1}', "holds no list"),
        (b'{"format": 1, "detections": [{}]}', "'chain' is missing"),
        (b'{"format": 1, "detections": [3]}', "is damaged"),
    ],
)
def test_damaged_document_is_told(content: bytes, problem: str) -> None:
    with pytest.raises(DetectionError, match=problem) as caught:
        load(content)
    assert "bin/flowtrap compile" in str(caught.value)


def test_bad_part_is_told_with_its_place() -> None:
    verdict = {**DETECTION["verdicts"][0], "severity": "dire"}
    with pytest.raises(DetectionError, match=r"detections\[0\]: low: 'dire' is not a severity"):
        from_document(document(verdicts=[verdict]))


def test_absent_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DetectionError, match="cannot be read"):
        load(tmp_path / "none.json")
