"""One built add-on for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from addon import staging, ucc

UCC = Path(__file__).resolve().parents[2] / ".venv-ucc"


@pytest.fixture(scope="session")
def build():
    """Return what makes the product in an empty folder: its folder, and the detections in it."""

    def made(folder: Path):
        if not (UCC / "installed").is_file():
            pytest.skip(".venv-ucc is not there: run ./build.sh package")
        work, output = folder / "work", folder / "made"
        work.mkdir()
        output.mkdir()
        document = staging.stage(work)
        ucc.generate(work, output, staging.version(), UCC)
        shutil.rmtree(output / staging.NAME / "lib/bin", ignore_errors=True)
        for cache in list((output / staging.NAME).rglob("__pycache__")):
            shutil.rmtree(cache)
        return output / staging.NAME, document

    return made


@pytest.fixture(scope="session")
def addon(build, tmp_path_factory):
    return build(tmp_path_factory.mktemp("addon"))
