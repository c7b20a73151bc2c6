"""A file is whole or not there; a reader that leaves ends the writing, not the run."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from cli.outlet import outlet


def test_file_appears_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    with outlet(str(path)) as file:
        file.write("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert [item.name for item in tmp_path.iterdir()] == ["findings.json"]


def test_old_file_stays_if_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    path.write_text("old")
    with pytest.raises(RecursionError), outlet(str(path)) as file:
        fail_halfway(file)
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["findings.json"]


def fail_halfway(file) -> None:
    file.write("half")
    raise RecursionError


def test_old_files_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    path.write_text("old")
    path.chmod(0o640)
    with outlet(str(path)) as file:
        file.write("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with outlet(str(tmp_path / "link")) as file:
        file.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_device_is_written_to_as_it_is() -> None:
    with outlet("/dev/null") as file:
        file.write("x")
    assert not Path("/dev/null").is_file()


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), outlet(str(tmp_path / "none" / "file")):
        pass


def test_reader_that_left_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with outlet(None) as file:
            file.write("x" * 100_000)
        monkeypatch.undo()
