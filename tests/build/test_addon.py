"""The built Splunk add-on: made by ucc-gen, whole, the same twice, and accepted by AppInspect.

Slow, and in need of .venv-ucc and .venv-appinspect, which ./build.sh test makes.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from addon import inspection, product, staging
from addon.archive import pack
from addon.inspection import REASONS

REPO = Path(__file__).resolve().parents[2]
UCC, APPINSPECT = REPO / ".venv-ucc", REPO / ".venv-appinspect"
STAMPED = {"appserver/templates/base.html", "default/app.conf"}  # the build's time, in seconds
HAS_COMMANDS = (REPO / "package/default/commands.conf").is_file()

pytestmark = pytest.mark.slow


def needs(venv: Path) -> None:
    if not (venv / "installed").is_file():
        pytest.skip(f"{venv.name} is not there: run ./build.sh package")


def faults(folder: Path, document) -> list[str]:
    found = product.problems(folder, document, staging.version())
    return found if HAS_COMMANDS else [f for f in found if "commands.conf is missing" not in f]


def test_the_product_is_whole(addon):
    assert faults(*addon) == []


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("lib/x/_speed.cpython-39-x86_64-linux-gnu.so", "x", "native code"),
        ("lib/flowtrap/__pycache__/x.pyc", "x", "leftover"),
        ("default/.hidden", "x", "hidden"),
        ("VERSION", "9.9.9\n", "says version 9.9.9"),
        ("bin/broken.py", "def x(:\n", "bin/broken.py:1"),
        ("bin/flowtrap_m365.py", "print(1)\n", "is not the one of package/bin"),
        ("default/inputs.conf", "[other]\nindex = x\n", "package/bin/other.py is missing"),
        ("default/macros.conf", "[a]\nx\n", "is no setting"),
        ("default/savedsearches.conf", "[a]\nsearch = index=x\n", "differs from the detections"),
        ("lib/flowtrap/pipeline.py", None, "pipeline.py is missing"),
        ("bin/TA_flowtrap_rh_settings.py", None, "rh_settings.py is missing"),
    ],
)
def test_a_fault_of_the_product_is_told(addon, tmp_path, path, text, told):
    folder = tmp_path / "TA_flowtrap"
    shutil.copytree(addon[0], folder)
    file = folder / path
    if text is None:
        file.unlink()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert any(told in problem for problem in faults(folder, addon[1]))


def test_two_builds_differ_in_the_time_alone(addon, build, tmp_path):
    again, _ = build(tmp_path)
    first = {
        str(p.relative_to(addon[0])): p.read_bytes() for p in addon[0].rglob("*") if p.is_file()
    }
    second = {str(p.relative_to(again)): p.read_bytes() for p in again.rglob("*") if p.is_file()}
    assert set(first) == set(second)
    differing = {name for name in first if first[name] != second[name]}
    assert differing <= STAMPED
    for name in differing:
        assert re.sub(rb"\d{10}", b"", first[name]) == re.sub(rb"\d{10}", b"", second[name])


def test_the_archive_is_the_same_from_the_same_tree(addon, tmp_path):
    for name in ("a", "b"):
        pack(addon[0], tmp_path / name, 1_700_000_000)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with tarfile.open(tmp_path / "a") as archive:
        members = archive.getmembers()
    assert members[0].name == "TA_flowtrap"
    assert {(m.uid, m.uname, m.mtime) for m in members} == {(0, "", 1_700_000_000)}
    assert {m.mode for m in members if m.isfile()} == {0o644}


def test_the_tree_stays_as_it_was(addon):
    told = subprocess.run(
        ["git", "status", "--porcelain", "package", "globalConfig.json"],
        cwd=REPO,
        capture_output=True,
        text=True,
    )
    changed = [line for line in told.stdout.splitlines() if "__pycache__" not in line]
    assert not [
        line
        for line in changed
        if re.search(r"savedsearches|macros\.conf|detections\.json|_rh_", line)
    ]


def test_ksconf_accepts_every_conf_file(addon, tmp_path):
    confs = [*sorted((addon[0] / "default").glob("*.conf")), addon[0] / "metadata/default.meta"]
    command = [UCC / "bin" / "ksconf", "check"]
    done = subprocess.run([*command, *confs], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    broken = tmp_path / "broken.conf"
    broken.write_text("[a\nb = 1\n", encoding="utf-8")
    assert subprocess.run([*command, broken], capture_output=True).returncode != 0


@pytest.mark.parametrize("run", inspection.RUNS)
def test_appinspect(addon, tmp_path, run):
    needs(APPINSPECT)
    archive = tmp_path / "TA_flowtrap-0.tar.gz"
    pack(addon[0], archive, 1_700_000_000)
    report = inspection.inspect(APPINSPECT, archive, run, tmp_path / "report.json")
    assert list(inspection.faults(report)) == []
    told = report["summary"]
    assert (told["error"], told["failure"], told["future_failure"]) == (0, 0, 0)


def test_a_failure_of_appinspect_is_told():
    check = {"result": "failure", "name": "check_x", "messages": [{"message": "bad"}]}
    known = {"result": "warning", "name": next(iter(REASONS)), "messages": []}
    unknown = {"result": "warning", "name": "check_y", "messages": [{"message": "new"}]}
    report = {"groups": [{"checks": [check, known, unknown]}]}
    assert [fault.split(":")[0] for fault in inspection.faults(report)] == [
        "failure",
        "a warning without a reason",
    ]


def test_every_known_warning_is_in_the_page():
    page = (REPO / "docs/splunk.md").read_text("utf-8")
    assert [name for name in REASONS if name not in page] == []
