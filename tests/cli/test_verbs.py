"""`compile`, `new` and the launcher."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import click
import pytest
import yaml

from cli import content
from cli.new import filled, write_detection

REPO = Path(__file__).resolve().parents[2]
TEMPLATE = "# how to\nname: NAME\nid: UUID\nanalytic: AN1053\ntitle: what\ntests: []\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "_template.yml").write_text(TEMPLATE)
    return tmp_path


def test_compile_check_writes_nothing(flowtrap, tmp_path: Path) -> None:
    result = flowtrap("compile", "--check", "--output", "runtime.json")
    assert result.exit_code == 0
    assert result.stderr == "flowtrap: 1 detections compile\n"
    assert list(tmp_path.iterdir()) == []


def test_compile_writes_what_the_core_reads(flowtrap, tmp_path: Path) -> None:
    assert flowtrap("compile", "--output", "runtime.json").exit_code == 0
    (detection,) = json.loads((tmp_path / "runtime.json").read_bytes())["detections"]
    assert detection["name"] == "aws_written_run"
    assert flowtrap("compile", "--output", "-").stdout == (tmp_path / "runtime.json").read_text()


def test_new_detection_has_name_id_and_place(folder: Path) -> None:
    path = write_detection("aws_lambda_alias_moved", "AN1053", "aws", folder)
    assert path == folder / "an1053_aws" / "aws_lambda_alias_moved.yml"
    row = yaml.safe_load(path.read_text())
    assert row["name"] == "aws_lambda_alias_moved"
    assert uuid.UUID(row["id"]).version == 4
    assert path.read_text().startswith("# how to\n")


def test_new_ids_differ() -> None:
    assert filled(TEMPLATE, "aws_a", "AN1053") != filled(TEMPLATE, "aws_a", "AN1053")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "aws",
        "Aws_x",
        "aws-x",
        "aws__x",
        "aws_x_",
        "../aws_x",
        "aws_x/y",
        "gcp_x",
        "aws_" + "x" * 60,
    ],
)
def test_new_refuses_a_bad_name(name: str, folder: Path) -> None:
    with pytest.raises(click.UsageError):
        write_detection(name, "AN1053", "aws", folder)
    assert [item.name for item in folder.iterdir()] == ["_template.yml"]


def test_new_never_overwrites(folder: Path) -> None:
    path = write_detection("aws_alias_moved", "AN1053", "aws", folder)
    before = path.read_bytes()
    with pytest.raises(click.UsageError, match="is there already"):
        write_detection("aws_alias_moved", "AN1054", "aws", folder)
    assert path.read_bytes() == before


def test_new_verb_says_what_to_do_next(flowtrap, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(content, "DETECTIONS", folder)
    result = flowtrap("new", "aws_alias_moved")
    assert result.exit_code == 0
    assert "run bin/flowtrap lint" in result.stderr
    again = flowtrap("new", "aws_alias_moved")
    assert again.exit_code == 1
    assert len(again.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", [(), ("hunt",), ("lint",), ("compile",), ("new",)])
def test_help_fits_and_is_no_error(flowtrap, verb) -> None:
    result = flowtrap(*verb, "--help")
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_version_is_the_cores(flowtrap) -> None:
    import flowtrap as core

    assert flowtrap("--version").stdout == f"flowtrap {core.__version__}\n"


def test_launcher_works_from_any_folder(tmp_path: Path) -> None:
    command = [sys.executable, str(REPO / "bin" / "flowtrap"), "--version"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"flowtrap ")


def test_example_settings_are_right() -> None:
    from cli import config

    settings = config.read(str(REPO / "flowtrap.example.yml"), content.load(), 0)
    assert settings.expired == ()
    assert set(settings.tunables) >= {"time_window", "allowed_deployers", "role_scope"}


def test_lint_prints_a_line_an_issue_and_fails_on_errors(
    flowtrap, folder: Path, monkeypatch
) -> None:
    (folder / "feeds").mkdir()
    (folder / "an1053_aws").mkdir()
    (folder / "an1053_aws" / "aws_bad.yml").write_text("name: aws_bad\n")
    monkeypatch.setattr(content, "DETECTIONS", folder)
    result = flowtrap("lint")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines
    assert all("aws_bad.yml:" in line and ": error: " in line for line in lines)
    assert result.stderr == f"flowtrap: {len(lines)} issues\n"


def test_lint_of_nothing_wrong_is_done(flowtrap, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(content, "DETECTIONS", folder)
    result = flowtrap("lint")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "flowtrap: no issues\n")
