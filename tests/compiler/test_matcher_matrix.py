"""tests/matrix/matcher.yml: Sigma block in, verdict on each event out, through compiler and matcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.problems import Problems
from compiler.sigma_condition import condition_of
from compiler.yaml_document import read
from flowtrap.match.condition import possible
from flowtrap.match.matcher import Matcher
from flowtrap.model.detection import Stage
from flowtrap.model.event import Event
from flowtrap.model.tunable import Tunables

MATRIX = Path(__file__).resolve().parents[1] / "matrix" / "matcher.yml"


def rows() -> list[Any]:
    """Return one parameter per event of the matrix."""
    document = read(MATRIX)
    found = []
    for number, case in enumerate(document.value):
        problems = Problems()
        path = (number, "detection")
        ast = condition_of(case["detection"], document, path, problems)
        assert problems.errors == []
        fields = {
            k: tuple(v) if isinstance(v, list) else v for k, v in case.get("fields", {}).items()
        }
        for wanted in ("match", "no_match"):
            for place, record in enumerate(case[wanted]):
                name = f"{case['name']}: {wanted} {place}"
                found.append(pytest.param(ast, record, fields, wanted == "match", id=name))
    return found


@pytest.mark.parametrize(("ast", "record", "fields", "expected"), rows())
def test_event_matches(ast: Any, record: Any, fields: Any, expected: bool) -> None:
    stage = Stage("s", "aws_cloudtrail", ast, {"key": "key"}, {})
    event = Event("aws_cloudtrail", "e", 0, {"key": "k", **fields}, record)
    assert bool(Matcher([stage], Tunables({}, now_ms=0)).hits(event)) is expected
    if expected and isinstance(record.get("eventName"), str):
        assert possible(ast, "eventName", record["eventName"])
