"""What every test may ask for: where things are, golden files, the shared corpus, hypothesis.

Runs on Python 3.9 as well, with pytest and hypothesis alone, for the core's tests.

`FLOWTRAP_CASES=20000 pytest …` asks more of every property; `pytest --update-golden` rewrites the
golden files from what the code gives now (read the difference before you commit it).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from typing import Callable

REPO = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("FLOWTRAP_CORPUS") or REPO.parent / "shared" / "corpus")
CASES = int(os.environ.get("FLOWTRAP_CASES") or 100)

settings.register_profile(
    "flowtrap",
    max_examples=CASES,
    deadline=None,  # shared machines stall; time is the benchmark's business
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("flowtrap")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`."""
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite golden files from today's output"
    )


@pytest.fixture(scope="session")
def repo() -> Path:
    """Return the root of the clone."""
    return REPO


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Return the folder of synthetic samples."""
    return REPO / "tests" / "data"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the shared corpus of real events, beside the clone or at FLOWTRAP_CORPUS."""
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus at {CORPUS} (set FLOWTRAP_CORPUS to its folder)")
    return CORPUS


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return `golden(name, text)`, which compares text with the file tests/golden/<name>.

    A failure means that the output has changed. If it was meant to, run with --update-golden.
    """

    def compare(name: str, text: str) -> None:
        path = REPO / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: run pytest --update-golden"
        assert text == path.read_text(encoding="utf-8"), f"{name}: see tests/conftest.py::golden"

    return compare
