"""A file that changes between the scan and the second reading: what waited in it is told as lost."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from builders.hunting import detections
from test_hostile_files import MADE, OPENED, record

from flowtrap.model.tunable import Tunables
from flowtrap.pipeline import Hunt

WAITING = record("Invoke", 10, "r1")


def cut(path: Path) -> None:
    path.write_bytes(MADE[:100])


def rewritten(path: Path) -> None:
    path.write_bytes(b" " * path.stat().st_size)


@pytest.mark.parametrize("change", [Path.unlink, cut, rewritten])
def test_what_waited_is_told_as_lost(change, tmp_path: Path) -> None:
    path, reports = tmp_path / "a.jsonl", []
    path.write_bytes((MADE + OPENED) * 15 + WAITING)
    hunt = Hunt(detections(), Tunables({}, now_ms=0), spill=io.BytesIO, report=reports.append)
    hunt.read([str(path)])
    change(path)
    assert hunt.findings()
    assert hunt.incomplete
    assert sum("cannot be read again" in str(report) for report in reports) == 1
    counted = hunt.counters.to_dict()
    assert (counted["read"], counted["parse_error"]) == (31, 1)


def test_a_file_that_grows_loses_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path in (first, second):
        path.write_bytes((MADE + OPENED) * 15 + WAITING)
    reports: list = []
    hunt = Hunt(detections(), Tunables({}, now_ms=0), spill=io.BytesIO, report=reports.append)
    hunt.read([str(first), str(second)])
    with first.open("ab") as file:
        file.write(WAITING)
    assert hunt.findings()
    assert not reports
    assert hunt.counters.read == 62
