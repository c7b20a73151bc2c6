"""All three commands as processes on the Pythons that Splunk brings: 3.9 and 3.13.

From the hand-written part, and from the built package where `./build.sh build` has made one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from builders import scenarios_aws
from builders.hunting import hunt
from builders.search_commands import executes, getinfo, raw_rows, run
from builders.splunkd import SESSION_KEY

PYENV = Path.home() / ".pyenv" / "versions"
ATTACK = scenarios_aws.ATTACKS[0]
RECORDS = ATTACK.build(ATTACK.world).records()
ROWS = [{"_time": str(1_773_133_200 + n), "user": "ab"[n % 2], "n": str(n)} for n in range(9)]


@pytest.fixture(params=["3.9", "3.13"])
def python(request: pytest.FixtureRequest) -> str:
    """Return an interpreter of a version."""
    version = str(request.param)
    for name in (*sorted(map(str, PYENV.glob(f"{version}.*/bin/python"))), f"python{version}"):
        path = shutil.which(name)
        said = path and subprocess.run([path, "-V"], capture_output=True, text=True, check=False)
        if path and said and said.stdout.startswith(f"Python {version}."):
            return path
    pytest.skip(f"Python {version} is not on this machine")


@pytest.fixture(params=["hand-written", "built"])
def installed(
    request: pytest.FixtureRequest, app: Path, repo: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of an add-on."""
    if request.param == "hand-written":
        return app
    archives = sorted(
        (repo / "output").glob("TA_flowtrap-*.tar.gz"), key=lambda p: p.stat().st_mtime
    )
    if not archives:
        pytest.skip("no package in output/: ./build.sh build makes one")
    folder = tmp_path_factory.mktemp("built")
    with tarfile.open(archives[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "TA_flowtrap"


@pytest.mark.parametrize("state", [[], ["state=x"]])
def test_chaindetect(installed, splunkd, python, state):
    first = getinfo(["detection=aws_*", *state], splunkd.uri, SESSION_KEY)
    outcome = run(installed, "chaindetect", first, executes(raw_rows(RECORDS), 7), python=python)
    wanted = json.loads(json.dumps(hunt(RECORDS).plain()))
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.findings == [f for f in wanted if f["detection"].startswith("aws_")]


def test_windowcount(installed, python):
    first = getinfo(["by=user", "window=4s"])
    outcome = run(installed, "windowcount", first, executes(ROWS, 4), python=python)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert [row["window_count"] for row in outcome.rows] == list("112233333")


def test_firstseen(installed, splunkd, python):
    first = getinfo(["key=user", "state=seen", "learn=1s"], splunkd.uri, SESSION_KEY)
    outcome = run(installed, "firstseen", first, executes(ROWS, 4), python=python)
    assert (outcome.code, outcome.stderr) == (0, "")
    answers = {int(row["n"]): row["is_new"] for row in outcome.rows}
    assert answers == {0: "unknown", 1: "true", **dict.fromkeys(range(2, 9), "false")}
