"""What the tests of the Splunk compiler share: the detections, and a staging copy."""

from __future__ import annotations

import pytest

from addon.staging import stage
from compiler.runtime_json import compile_all


@pytest.fixture(scope="session")
def detections():
    return compile_all()["detections"]


@pytest.fixture(scope="session")
def staged(tmp_path_factory):
    """Return the folder that ucc-gen would build from."""
    folder = tmp_path_factory.mktemp("staging") / "work"
    folder.mkdir()
    stage(folder)
    return folder
