"""The cost of a hit does not grow with the number of hits, however they hang together.

CPU time of one n against 4 n, with room for noise: a square would be 16. The shapes are those of
bench/growth.py, but for the one in which each finding is larger as well.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

_PATH = Path(__file__).resolve().parents[4] / "bench" / "growth.py"
_SPEC = importlib.util.spec_from_file_location("growth", _PATH)
assert _SPEC
assert _SPEC.loader
growth: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(growth)

MOST = 7.0
SHAPES = [shape for shape in growth.SHAPES if shape != "one app, many files"]


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_hits_cost_about_four_times_as_much(shape: str) -> None:
    def ratio(count: int) -> float:
        few = min(growth.hop_seconds(count, shape)[0] for _ in range(2))
        return growth.hop_seconds(4 * count, shape)[0] / few

    assert any(ratio(100) < MOST for _ in range(3))
