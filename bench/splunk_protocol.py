"""chaindetect against a no-op EventingCommand of splunklib, over the same chunks, side by side.

    python bench/splunk_protocol.py --events 200000

Each side is a process that is fed over its pipe and timed by the CPU it used, so that what else the
machine does matters less. Two loads: twelve extracted fields with their `__mv_` twins, and `_raw` of
1.5 kB with `_time`, as `| fields _time, _raw` sends it. `no-op` is our row loop that writes every row
back, as splunklib's command does; `chaindetect` parses, matches and correlates besides.

splunk-sdk is a pinned extra (`pip install '.[splunk]'`), used here and nowhere else.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from itertools import islice
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO / "tests"), str(REPO / "package" / "lib"), str(REPO / "bin"), str(REPO / "bench")]  # fmt: skip
BAR = 1.8
ROWS_A_CHUNK = 10_000
PEER = """
import sys
from splunklib.searchcommands import Configuration, EventingCommand, dispatch
@Configuration()
class Noop(EventingCommand):
    def transform(self, records):
        return records
dispatch(Noop, sys.argv, sys.stdin, sys.stdout, "__main__")
"""
OWN = """
import sys
sys.path.insert(0, sys.argv[1])
from flowtrap_splunk.protocol import NO_ROWS
from flowtrap_splunk.serve import serve
class Noop:
    kind, preview = "events", False
    def __init__(self, info, messages): pass
    def choose(self, columns): return None
    def take(self, table): return table
    def finish(self): return NO_ROWS
    def settle(self): pass
sys.exit(serve(Noop, "noop", sys.stdin.buffer, sys.stdout.buffer))
"""


def lines_of(events: int) -> list[str]:
    """Return CloudTrail events of which one in twenty bears a name that matters."""
    from make_data import Generator

    return list(islice(Generator(events, "management").lines(), events))


def raw_load(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of `| fields _time, _raw`."""
    rows = [["1773133200", "", line.rstrip("\n"), ""] for line in lines]
    return ["_time", "__mv__time", "_raw", "__mv__raw"], rows


def field_load(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of twelve extracted fields."""
    names = ["_time", "eventTime", "eventName", "eventSource", "awsRegion", "eventID",
             "sourceIPAddress", "userAgent", "recipientAccountId", "eventType",
             "userIdentity.arn", "requestParameters.functionName"]  # fmt: skip
    rows = []
    for line in lines:
        record = json.loads(line)
        record["userIdentity.arn"] = record.get("userIdentity", {}).get("arn")
        parameters = record.get("requestParameters") or {}
        record["requestParameters.functionName"] = parameters.get("functionName")
        cells = ["1773133200", *(str(record.get(name) or "") for name in names[1:])]
        rows.append([part for cell in cells for part in (cell, "")])
    return [twin for name in names for twin in (name, "__mv_" + name)], rows


def chunks_of(columns: list[str], rows: list[list[str]], args: list[str]) -> list[bytes]:
    """Return the chunks that splunkd would send."""
    from builders.search_commands import chunk, getinfo

    chunks = [getinfo(args, "https://127.0.0.1:1", "")]
    for begin in range(0, len(rows), ROWS_A_CHUNK):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows[begin : begin + ROWS_A_CHUNK])
        chunks.append(chunk({"action": "execute", "finished": False}, text.getvalue().encode()))
    return [*chunks, chunk({"action": "execute", "finished": True})]


def cpu_seconds(command: list[str], chunks: list[bytes]) -> tuple[float, int]:
    """Return the CPU seconds of a command over chunks, and how many bytes it wrote."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    written = 0

    def drain() -> None:
        nonlocal written
        while piece := process.stdout.read1(1 << 20):
            written += len(piece)

    reader = threading.Thread(target=drain)
    reader.start()
    for piece in chunks:
        process.stdin.write(piece)
    process.stdin.close()
    reader.join()
    errors = process.stderr.read().decode()
    if process.wait():
        raise SystemExit(f"{command[:3]} failed: {errors[-800:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, written


def main() -> None:
    """Measure all sides in turn, several times, and print the best of each."""
    from builders.search_commands import make_app

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="runs all sides; needs splunk-sdk")
    options = parser.parse_args()
    lines = lines_of(options.events)
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(REPO, Path(folder))
        chain = [options.python, str(app / "bin" / "chaindetect.py")]
        sides = {
            "splunklib no-op": ([options.python, "-c", PEER], []),
            "our no-op": ([options.python, "-c", OWN, str(app / "lib")], []),
            "chaindetect": (chain, ["detection=aws_lambda_created_then_acted"]),
        }
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        held = True
        for load, table in (("12 fields", field_load(lines)), ("_raw", raw_load(lines))):
            held &= compare(load, table, sides, options)
    sys.exit(not held)


def compare(load, table, sides, options) -> bool:
    """Print one load's table; tell whether the bar holds."""
    best = {}
    for _ in range(options.rounds):
        for name, (command, args) in sides.items():
            seconds, written = cpu_seconds(command, chunks_of(*table, args))
            best[name] = min(best.get(name, (seconds, written)), (seconds, written))
    base = best["splunklib no-op"][0]
    print(f"{load}: {options.events:,} events, {time.strftime('%Y-%m-%d')}, CPU time")
    for name, (seconds, written) in best.items():
        rate = options.events / seconds
        print(
            f"  {name:<16}{rate:>10,.0f} events/s  ratio {base / seconds:5.2f}  wrote {written:,}"
        )
    ratio = base / best["chaindetect"][0]
    print(f"  chaindetect: {ratio:.2f} times splunklib's no-op (bar: {BAR})")
    return ratio >= BAR


if __name__ == "__main__":
    main()
