"""`flowtrap hunt`: data on stdout, everything else on stderr, and the design's exit codes."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import BILLING, CASE, QUIET, detection_row, record

REPO = Path(__file__).resolve().parents[2]


def test_case_is_shown_and_the_counters_end_on_stderr(flowtrap, logs) -> None:
    result = flowtrap("hunt", logs(*CASE, *QUIET))
    assert result.exit_code == 0, result.output
    assert "[HIGH] Function written, then run" in result.stdout
    assert result.stdout.endswith("1 finding: 1 high\n")
    assert result.stderr.splitlines()[-1].startswith("flowtrap: read 3 records: 2 matched")
    assert "flowtrap:" not in result.stdout


def test_json_is_one_finding_a_line(flowtrap, logs) -> None:
    result = flowtrap("hunt", logs(*CASE), "--format", "json")
    (row,) = map(json.loads, result.stdout.splitlines())
    assert row["verdict"] == "ran"
    assert {"type": "function", "value": BILLING} in row["entities"]
    assert row["evidence_totals"] == {"write": 1, "run": 1}


def test_nothing_found_is_done(flowtrap, logs) -> None:
    result = flowtrap("hunt", logs(*QUIET))
    assert result.exit_code == 0
    assert result.stdout == "no findings\n"
    assert flowtrap("hunt", logs(*QUIET), "--format", "json").stdout == ""


def test_standard_input_and_packed_files_are_read(flowtrap, tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(item)}\n" for item in CASE)
    (tmp_path / "trail.json.gz").write_bytes(gzip.compress(lines.encode()))
    packed = flowtrap("hunt", "trail.json.gz", "--format", "json")
    piped = flowtrap("hunt", "-", "--format", "json", input=lines)
    assert packed.exit_code == piped.exit_code == 0
    assert packed.stdout == piped.stdout != ""


def test_output_goes_to_a_file(flowtrap, logs, tmp_path: Path) -> None:
    result = flowtrap("hunt", logs(*CASE), "--output", "found.txt")
    assert result.stdout == ""
    text = (tmp_path / "found.txt").read_text(encoding="utf-8")
    assert text.endswith("1 finding: 1 high\n")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["found.txt", "trail.jsonl"]


def test_output_to_no_folder_is_bad_usage_without_a_traceback(flowtrap, logs) -> None:
    result = flowtrap("hunt", logs(*CASE), "--output", "none/found.txt")
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("trail.jsonl", "--format", "xml"),
        ("trail.jsonl", "--nonsense"),
        ("trail.jsonl", "--since", "soon"),
        ("trail.jsonl", "--since", "2026-03-11", "--until", "2026-03-10"),
        ("trail.jsonl", "--detection", "aws_writen_run"),
        ("trail.jsonl", "--config", "none.yml"),
    ],
)
def test_bad_usage_is_exit_1_and_one_line(flowtrap, logs, arguments) -> None:
    logs(*CASE)
    result = flowtrap("hunt", *arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("flowtrap: ")


def test_unknown_verb_is_exit_1(flowtrap) -> None:
    assert flowtrap("hutn").exit_code == 1


def test_missing_path_is_exit_1_but_the_rest_is_read(flowtrap, logs) -> None:
    result = flowtrap("hunt", "none.jsonl", logs(*CASE))
    assert result.exit_code == 1
    assert "none.jsonl" in result.stderr
    assert "1 finding" in result.stdout


def test_nothing_to_read_is_no_clean_bill(flowtrap, logs, tmp_path: Path) -> None:
    empty = flowtrap("hunt", logs(name="empty.jsonl"))
    assert (empty.exit_code, "no records were found" in empty.stderr) == (1, True)
    foreign = flowtrap("hunt", logs({"hello": "world"}, name="foreign.jsonl"))
    assert (foreign.exit_code, "belongs to a known feed" in foreign.stderr) == (1, True)


def test_damaged_record_makes_the_run_incomplete(flowtrap, logs) -> None:
    path = logs(*CASE, '{"eventName": ')
    result = flowtrap("hunt", path, "--format", "json")
    assert result.exit_code == 2
    assert f"{path}:3: " in result.stderr
    assert "INCOMPLETE: 1 could not be parsed" in result.stderr
    assert json.loads(result.stdout)["incomplete"] is True


def test_findings_can_fail_the_run(flowtrap, logs) -> None:
    assert flowtrap("hunt", logs(*CASE), "--fail-on-findings").exit_code == 3
    assert flowtrap("hunt", logs(*QUIET), "--fail-on-findings").exit_code == 0
    damaged = logs(*CASE, "{", name="damaged.jsonl")
    assert flowtrap("hunt", damaged, "--fail-on-findings").exit_code == 3


def test_since_and_until_take_in_their_ends(flowtrap, logs) -> None:
    path = logs(*CASE)
    whole = ("--since", "2026-03-10T09:00", "--until", "2026-03-10T09:10")
    assert "1 finding" in flowtrap("hunt", path, *whole).stdout
    assert flowtrap("hunt", path, "--until", "2026-03-10T09:09:59").stdout == "no findings\n"
    assert flowtrap("hunt", path, "--since", "2026-03-10T09:00:01").stdout == "no findings\n"


def test_accelerators_change_nothing(flowtrap, logs) -> None:
    path = logs(*CASE)
    plain = flowtrap("hunt", path, "--format", "json", "--no-accelerators")
    assert plain.stdout == flowtrap("hunt", path, "--format", "json").stdout


def test_settings_here_are_read_and_suppression_can_be_shown(flowtrap, logs, tmp_path) -> None:
    (tmp_path / "flowtrap.yml").write_text(
        "tunables:\n  allowed_deployers:\n"
        "    - {pattern: '*user/eve', reason: the deployer, owner: platform}\n"
    )
    quiet = flowtrap("hunt", logs(*CASE))
    assert quiet.stdout == "no findings\n"
    assert "suppressed:" not in quiet.stderr
    shown = flowtrap("hunt", logs(*CASE), "--show-suppressed")
    assert "aws_written_run/write" in shown.stderr
    assert "(allowed_deployers '*user/eve': the deployer, platform)" in shown.stderr
    assert shown.stdout == "no findings\n"


def test_wrong_settings_are_exit_1_a_line_each(flowtrap, logs, tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text("tunables:\n  time_windw: 1h\n  allowed_deployers: x\n")
    result = flowtrap("hunt", logs(*CASE), "--config", "site.yml")
    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "site.yml:2",
        "site.yml:3",
    ]


def test_log_text_cannot_steer_the_terminal(flowtrap, logs) -> None:
    write, run = CASE
    hostile = record("Invoke", 11, "r2", userAgent="x")
    hostile["userIdentity"] = {**hostile["userIdentity"], "arn": "\x1b]0;owned\x07\u202eeve"}
    result = flowtrap("hunt", logs(write, run, hostile))
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


LAUNCHER = """
import json, sys
from cli import content, main
content.compiled = lambda: json.loads({document!r})
sys.exit(main.main())
"""


def launch(*arguments: str, **options) -> subprocess.Popen:
    """Start the command line as a process of its own, with one detection compiled."""
    document = json.dumps({"format": 1, "detections": [detection_row()]})
    environment = {**os.environ, "PYTHONPATH": f"{REPO}/package/lib:{REPO}/bin"}
    command = [sys.executable, "-c", LAUNCHER.format(document=document)]
    return subprocess.Popen([*command, *arguments], env=environment, **options)


def test_reader_that_leaves_is_no_error(logs) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with launch("hunt", logs(*CASE), stdout=writing, stderr=subprocess.PIPE, text=True) as run:
        os.close(writing)
        _, messages = run.communicate(timeout=60)
    assert run.returncode == 0, messages
    assert "Traceback" not in messages
    assert "BrokenPipe" not in messages


def test_terminal_that_knows_no_dashes_gets_them_spelt_out(logs, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with launch("hunt", logs(*CASE), **pipes) as run:
        data, messages = run.communicate(timeout=60)
    assert run.returncode == 0, messages
    assert b"09:00:00 \\u2013 2026-03-10 09:10:00 UTC" in data


def test_interrupt_is_exit_130_and_leaves_nothing(tmp_path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with launch("hunt", "-", "--output", "found.txt", cwd=tmp_path, **pipes) as run:
        run.stdin.write(json.dumps(CASE[0]).encode() + b"\n")
        run.stdin.flush()
        wait_until_reading(run)
        run.send_signal(signal.SIGINT)
        data, messages = run.communicate(timeout=60)
    assert run.returncode == 130, messages
    assert data == b""
    assert (
        messages.strip() == b"flowtrap: stopped before the end: there are no findings of this run"
    )
    assert not list(tmp_path.iterdir())


def wait_until_reading(run: subprocess.Popen) -> None:
    """Wait until the process has slept for some time in a call on descriptor 0, its input."""
    asleep = 0
    deadline = time.monotonic() + 60
    while asleep < 5 and time.monotonic() < deadline and run.poll() is None:
        call = (
            Path(f"/proc/{run.pid}/syscall").read_text().split()
        )  # "running", or number, arguments
        asleep = asleep + 1 if call[1:2] == ["0x0"] else 0
        time.sleep(0.05)
