"""Files that an intruder wrote: one clear line, the rest is read, bounded memory, honest counters."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from builders import aws  # noqa: F401

REPO = Path(__file__).resolve().parents[2]
LAUNCH = Path(__file__).parent / "launch.py"
ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:billing"
BASE_MIB, MORE_MIB = 64, 128


def record(name: str, minute: int, event_id: str, **request: str) -> bytes:
    """Return a CloudTrail record about one function."""
    user = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/eve", "accountId": ACCOUNT}
    row = {
        "eventVersion": "1.11",
        "userIdentity": {**user, "userName": "eve"},
        "eventTime": f"2026-03-10T09:{minute:02}:00Z",
        "eventSource": "lambda.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.10",
        "userAgent": "aws-cli/2.22.4",
        "requestParameters": {"functionName": "billing", **request},
        "responseElements": {"functionArn": ARN},
        "eventID": event_id,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    }
    return json.dumps(row).encode() + b"\n"


MADE = record("CreateFunction20150331", 0, "w1")
OPENED = record("AddPermission20150331v2", 5, "a1", principal="*", action="lambda:InvokeFunction")
CASE = MADE + OPENED


class Outcome(NamedTuple):
    """How a run ended."""

    code: int
    findings: list[dict]
    messages: list[str]
    peak_mib: int

    @property
    def counted(self) -> dict[str, int]:
        """Return the counters of records."""
        line = next(text for text in self.messages if text.startswith("flowtrap: read "))
        numbers = re.findall(r"([\d,]+) (\w+)", line)
        return {name: int(number.replace(",", "")) for number, name in numbers}


def hunt(*paths: object) -> Outcome:
    """Run the command on some paths."""
    command = [sys.executable, LAUNCH, sys.executable, REPO / "bin/flowtrap", "hunt", *paths]
    done = subprocess.run(
        [*map(str, command), "--format", "json"], capture_output=True, check=True, timeout=300
    )
    *lines, end = done.stdout.decode().strip().split("\n")
    code, peak = map(int, end.split())
    findings = [json.loads(line) for line in lines if line]
    outcome = Outcome(code, findings, done.stderr.decode().splitlines(), peak)
    counted = dict(outcome.counted)
    assert counted.pop("records") == sum(counted.values())
    assert peak < BASE_MIB + MORE_MIB, outcome.messages
    assert all(line.startswith("flowtrap: ") for line in outcome.messages), outcome.messages
    assert all(line.isprintable() for line in outcome.messages)
    return outcome


def said(outcome: Outcome, text: str) -> bool:
    """Tell whether one message, and one only, says this."""
    return sum(text in line for line in outcome.messages) == 1


OPEN, CLOSE = b"[" * 400_000, b"]" * 400_000
LOST_LINES = {
    "cut off": (MADE[:300] + b"\n", "not a record"),
    "80 MB of text": (b"x" * 80_000_000 + b"\n", "more than 16,000,000 bytes"),
    "80 MB of lists": (b'{"a":[' + b"[]," * 26_000_000 + b"[]]}\n", "more than 16,000,000 bytes"),
    "many values": (b'{"a":[' + b"[]," * 5_000_000 + b"[]]}\n", "more than 500,000 values"),
    "deep lists": (OPEN + CLOSE + b"\n", "nested too deep"),
    "deep objects": (b'{"a":' * 400_000 + b"1" + b"}" * 400_000 + b"\n", "nested too deep"),
    "deep wrappers": (b'{"Records":[' * 100_000 + b"{}" + b"]}" * 100_000 + b"\n", "nested too deep"),
    "NaN": (MADE.replace(b'"2026-03-10T09:00:00Z"', b"NaN"), "NaN is not JSON"),
    "Infinity": (MADE.replace(b'"2026-03-10T09:00:00Z"', b"-Infinity"), "-Infinity is not JSON"),
    "10^400": (MADE.replace(b'"2026-03-10T09:00:00Z"', b"1e400"), "is no time in 1970 to 9998"),
    "400 digits": (MADE.replace(b'"2026-03-10T09:00:00Z"', b"9" * 400), "is no time in 1970 to 9998"),
    "9000 digits": (MADE.replace(b'"2026-03-10T09:00:00Z"', b"9" * 9000), "not a record"),
    "year 1": (MADE.replace(b"2026-03-10", b"0001-01-01"), "is no time in 1970 to 9998"),
    "year 9999": (MADE.replace(b"2026-03-10", b"9999-12-31"), "is no time in 1970 to 9998"),
    "no such day": (MADE.replace(b"2026-03-10", b"2026-02-30"), "is no time in 1970 to 9998"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST_LINES)
def test_a_lost_line_is_told_and_the_rest_is_read(name: str, tmp_path: Path) -> None:
    bad, message = LOST_LINES[name]
    path = tmp_path / "a.jsonl"
    path.write_bytes(MADE + bad + OPENED)
    outcome = hunt(path)
    assert outcome.code == 2
    assert outcome.findings
    assert outcome.findings[0]["incomplete"]
    assert said(outcome, message), outcome.messages


KEPT_LINES = {
    "not UTF-8": MADE.replace(b'"eve"', b'"e\xffve"'),
    "leap second": record("Invoke", 0, "r1").replace(b"09:00:00Z", b"08:59:60Z"),
    "duplicate keys": MADE.replace(b'"eventName"', b'"eventName":"Describe","eventName"'),
    "odd keys": MADE.replace(b'{"eventV', b'{"__proto__":{"a":1},"constructor":2,"eventV'),
    "huge count": MADE.replace(b'{"eventV', b'{"n":' + b"9" * 400 + b',"eventV'),
}


@pytest.mark.parametrize("name", KEPT_LINES)
def test_an_odd_record_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(KEPT_LINES[name] + CASE)
    outcome = hunt(path)
    assert (outcome.code, outcome.counted["records"]) == (0, 3)
    assert outcome.findings


@pytest.mark.slow
@pytest.mark.parametrize("filling", [b"\0", b"\n", b"x", b"{"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_ends_early(filling: bytes, layers: int, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", 9) as file:
        file.write(CASE)
        for _ in range(600):
            file.write(filling * 1_048_576)
    for _ in range(layers - 1):
        path.write_bytes(gzip.compress(path.read_bytes()))
    outcome = hunt(path)
    assert outcome.code == 2
    assert outcome.findings
    assert said(outcome, "a bomb?"), outcome.messages


def test_odd_entries_of_a_folder_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "z.jsonl").write_bytes(CASE)
    os.mkfifo(folder / "pipe")
    outside = tmp_path / "secret"
    outside.write_text("{}")
    (folder / "out").symlink_to(outside)
    (folder / "loop").symlink_to(".")
    (folder / "self").symlink_to("self")
    for number, name in enumerate((b"a\nb", b"\x1b[2J", b"\xff\xfe", "\u202egpj".encode())):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"junk %d\n" % number)
    outcome = hunt(folder)
    assert outcome.code == 2
    assert outcome.findings
    assert said(outcome, "is not a regular file")
    assert said(outcome, "is a link out of the folder")
    assert outcome.counted["parse_error"] == 4


def test_a_device_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(CASE)
    outcome = hunt("/dev/zero", path)
    assert (outcome.code, len(outcome.findings) > 0) == (2, True)
    assert said(outcome, "/dev/zero: is a device, not a log")


def test_many_small_files(tmp_path: Path) -> None:
    for number in range(3_000):
        (tmp_path / f"{number}.json").write_bytes(b"{}")
    (tmp_path / "z.jsonl").write_bytes(CASE)
    outcome = hunt(tmp_path)
    assert outcome.findings
    assert outcome.counted["unrecognised"] == 3_000


def test_tables_of_odd_shape(tmp_path: Path) -> None:
    cells = CASE.decode().replace('"', '""').splitlines()
    rows = "".join(f'2026,"{cell}"\n' for cell in cells)
    (tmp_path / "a.csv").write_bytes(b"_time,_raw\n" + rows.encode() + b'2026,"never closed\n')
    wide = ",".join(f"c{n}" for n in range(100_000))
    (tmp_path / "wide.csv").write_text(f"{wide}\n{wide}\n")
    outcome = hunt(tmp_path)
    assert outcome.code == 2
    assert outcome.findings
