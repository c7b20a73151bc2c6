"""The byte filter is sound: on or off, accelerated or not, the findings are the same.

Records are random and written down in every way JSON allows (raw_records); the shipped detections
read them once through the front door, once without it, and once already decoded.
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import os
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_records import STYLES, record, records, write

import compiler
from flowtrap.content import runtime
from flowtrap.feed import front_door
from flowtrap.model.tunable import Tunables
from flowtrap.pipeline import Hunt

if TYPE_CHECKING:
    from pathlib import Path

CASES = max(1, int(os.environ.get("FLOWTRAP_CASES", "2400")) // 240)
NOW_MS = 1_790_000_000_000


@functools.lru_cache(maxsize=1)
def detections() -> list[Any]:
    """Return the shipped detections."""
    return runtime.from_document(compiler.compile_all())


def hunt(**options: Any) -> Hunt:
    """Return a hunt with default tunables."""
    return Hunt(detections(), Tunables({}, now_ms=NOW_MS), spill=io.BytesIO, **options)


def plain(hunt: Hunt) -> list[dict[str, Any]]:
    """Return the findings as plain data, after checking that every record is accounted for."""
    found = [finding.to_dict() for finding in hunt.findings()]
    counted = hunt.counters.to_dict()
    parts = ("matched", "unmatched", "filtered_out", "duplicate", "parse_error", "no_time")
    assert counted["read"] == sum(counted[name] for name in (*parts, "unrecognised"))
    return found


def read(path: Path, **options: Any) -> list[dict[str, Any]]:
    """Hunt over one file."""
    reader = hunt(**options)
    reader.read([str(path)])
    return plain(reader)


def decoded(lines: list[str]) -> list[dict[str, Any]]:
    """Hunt over records that are already decoded."""
    reader = hunt()
    reader.events(json.loads(line) for line in lines)
    return plain(reader)


WRITERS: dict[str, Callable[[list[str]], bytes]] = {
    "lines": lambda lines: "\n".join([*lines, ""]).encode(),
    "no end": lambda lines: "\n".join(lines).encode(),
    "crlf": lambda lines: "\r\n".join(lines).encode(),
    "gz": lambda lines: gzip.compress("\n".join([*lines, ""]).encode()),
    "Records": lambda lines: ('{"Records":[' + ",".join(lines) + "]}").encode(),
    "Records gz": lambda lines: gzip.compress(('{"Records":[' + ",".join(lines) + "]}").encode()),
    "spaced Records": lambda lines: ('{ "Records" : [\n' + " ,\n".join(lines) + "\n] }\n").encode(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records")


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32), count=st.integers(0, 120), writer=st.sampled_from(sorted(WRITERS))
)
def test_filter_on_and_off_agree(
    folder: Path, style: str, seed: int, count: int, writer: str
) -> None:
    dice, how = random.Random(seed), STYLES[style]
    lines = [write(made, dice, how) for made in records(dice, count, decoys=not how.hides)]
    path = folder / "records.json"
    path.write_bytes(WRITERS[writer](lines))
    off = read(path, sifting=False)
    assert read(path) == off
    assert read(path, accelerators=False) == off
    assert decoded(lines) == off


def test_filter_switches_itself_off_where_most_records_matter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_door, "PROBE", 10)
    dice = random.Random(3)
    lines = [write(made, dice, STYLES["compact"]) for made in records(dice, 400)]
    path = folder / "busy.json"
    path.write_bytes(WRITERS["lines"](lines))
    assert read(path) == read(path, sifting=False)


def test_filter_passes_over_what_no_detection_asks_for(folder: Path) -> None:
    dice = random.Random(5)
    made = [{**record(dice, n, decoys=False), "eventName": "DescribeVolumes"} for n in range(200)]
    path = folder / "boring.json"
    path.write_bytes(WRITERS["lines"]([write(row, dice, STYLES["compact"]) for row in made]))
    reader = hunt()
    reader.read([str(path)])
    assert reader.findings() == []
    assert reader.counters.filtered_out > 150


def test_comparison_reports_a_difference(folder: Path) -> None:
    dice = random.Random(11)
    lines = [write(made, dice, STYLES["compact"]) for made in records(dice, 60)]
    whole = decoded(lines)
    assert whole
    acts = [line for line in lines if "AttachUserPolicy" not in line]
    assert decoded(acts) != whole
