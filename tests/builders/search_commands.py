"""Runs a search command as splunkd does: a process, chunks in, chunks out.

`FLOWTRAP_COMMAND_PYTHON=python3.9 pytest tests/splunk` runs the commands on another Python.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Row = dict
PYTHON = os.environ.get("FLOWTRAP_COMMAND_PYTHON") or sys.executable
_START = re.compile(rb"chunked 1\.0,(\d+),(\d+)\n")


class Outcome(NamedTuple):
    """What a command gave: rows as dictionaries, messages by level, and how it ended."""

    rows: list[dict[str, str]]
    messages: list[tuple[str, str]]
    code: int
    stderr: str
    replies: list[dict[str, Any]]
    bodies: list[bytes]

    def told(self, level: str) -> str:
        """Return the messages of a level."""
        return "\n".join(text for kind, text in self.messages if kind == level)

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Return the findings as plain data in a fixed order."""
        rows = [json.loads(row["_raw"]) for row in self.rows if not row["superseded_by"]]
        return sorted(rows, key=lambda row: (row["detection"], row["finding_id"]))

    @property
    def superseded(self) -> dict[str, str]:
        """Return, by finding_id, what has taken the place of findings told before."""
        return {r["finding_id"]: r["superseded_by"] for r in self.rows if r["superseded_by"]}

    def add_to(self, told: dict[str, dict[str, Any]]) -> None:
        """Take what was told into what was told before, as a reader of the index does."""
        told.update({finding["finding_id"]: finding for finding in self.findings})
        for name in self.superseded:
            del told[name]


def make_app(repo: Path, folder: Path) -> Path:
    """Copy the add-on's hand-written part and the compiled detections into a folder."""
    from compiler import runtime_json

    app = folder / "TA_flowtrap"
    ignore = shutil.ignore_patterns("__pycache__", "detections.json")
    shutil.copytree(repo / "package", app, ignore=ignore)
    target = app / "lib" / "flowtrap" / "content" / "detections.json"
    target.write_text(runtime_json.dumps(runtime_json.compile_all()), encoding="ascii")
    return app


def chunk(metadata: dict[str, Any], body: bytes = b"") -> bytes:
    """Return one chunk."""
    text = json.dumps(metadata).encode()
    return b"chunked 1.0,%d,%d\n" % (len(text), len(body)) + text + body


def getinfo(
    args: Sequence[str], uri: str = "", key: str = "", latest: str = "0", **more: Any
) -> bytes:
    """Return the first chunk that splunkd sends; the search's time range ends at `latest`."""
    searchinfo = {
        "args": list(args), "raw_args": list(args), "dispatch_dir": "/tmp", "sid": "1700000000.1",
        "app": "search", "owner": "admin", "username": "admin", "session_key": key,
        "splunkd_uri": uri, "splunk_version": "9.4.0", "search": "%7C%20x", "command": "x",
        "maxresultrows": 50000, "earliest_time": "0", "latest_time": latest,
    }  # fmt: skip
    return chunk({"action": "getinfo", "preview": False, "searchinfo": searchinfo, **more})


def execute(rows: Sequence[Row], *, finished: bool, columns: Sequence[str] = ()) -> bytes:
    """Return a chunk of rows; lists become `__mv_` columns."""
    if not rows and not columns:
        return chunk({"action": "execute", "finished": finished})
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([twin for name in names for twin in (name, "__mv_" + name)])
    for row in rows:
        writer.writerow([cell for name in names for cell in _cells(row.get(name, ""))])
    return chunk({"action": "execute", "finished": finished}, text.getvalue().encode())


def _cells(value: Any) -> tuple[str, str]:
    if isinstance(value, list):
        quoted = (str(item).replace("$", "$$") for item in value)
        return "\n".join(map(str, value)), ";".join(f"${item}$" for item in quoted)
    return str(value), ""


def executes(rows: Sequence[Row], size: int, *, header_only_end: bool = True) -> list[bytes]:
    """Return rows as chunks of a size; the last is a header only, or the rows' own."""
    starts = range(0, len(rows), size)
    chunks = [execute(rows[n : n + size], finished=False) for n in starts]
    if header_only_end or not chunks:
        return [*chunks, execute([], finished=True)]
    last = rows[starts[-1] :]
    return [*chunks[:-1], execute(last, finished=True)]


def raw_rows(records: Iterable[Any]) -> list[Row]:
    """Return native records as a search sends them."""
    return [
        {"_time": "1773133200", "_raw": r if isinstance(r, str) else json.dumps(r), "host": "h"}
        for r in records
    ]


def start(app: Path, command: str, python: str = PYTHON) -> subprocess.Popen[bytes]:
    """Start a command in an environment without this project's paths."""
    env = {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [python, "-W", "error", str(app / "bin" / f"{command}.py"), "__EXECUTE__"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
        cwd=app.parent,
    )  # fmt: skip


def run(
    app: Path,
    command: str,
    first: bytes,
    chunks: Iterable[bytes],
    *,
    python: str = PYTHON,
    launch: Callable[[], Any] | None = None,
    started: Callable[[Any], None] = lambda process: None,
) -> Outcome:
    """Run a command over chunks, in lockstep as splunkd does; `launch` starts it in another way."""
    process = launch() if launch else start(app, command, python)
    assert process.stdin
    assert process.stdout
    started(process)
    errors: list[bytes] = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    replies: list[dict[str, Any]] = []
    bodies: list[bytes] = []
    try:
        for piece in (first, *chunks):
            process.stdin.write(piece)
            process.stdin.flush()
            reply = read_reply(process.stdout)
            if reply is None:
                break
            replies.append(reply[0])
            bodies.append(reply[1])
            if reply[0].get("finished"):
                break
        process.stdin.close()
    except BrokenPipeError:
        pass
    process.stdout.read()
    code = process.wait(60)
    reader.join()
    for pipe in (process.stdout, process.stderr):
        pipe.close()
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    messages = [
        (level, text)
        for reply in replies
        for level, text in reply.get("inspector", {}).get("messages", ())
    ]
    rows = [row for body in bodies for row in rows_of(body)]
    return Outcome(rows, messages, code, errors[0].decode(), replies, bodies)


def read_reply(stream: Any) -> tuple[dict[str, Any], bytes] | None:
    """Read one chunk that a command sent, None where it ended before."""
    line = stream.readline()
    found = _START.fullmatch(line)
    if not found:
        assert not line, f"no chunk: {line!r}"
        return None
    metadata, body = stream.read(int(found[1])), stream.read(int(found[2]))
    if len(body) < int(found[2]):
        return None
    return json.loads(metadata), body


def rows_of(body: bytes) -> list[dict[str, str]]:
    """Return a body's rows."""
    return list(csv.DictReader(io.StringIO(body.decode("utf-8"), newline="")))
