"""chaindetect against a no-op EventingCommand of splunklib, over the same chunks, side by side.

    python bench/splunk_protocol.py --events 200000

Each side is a process that is fed over its pipe and timed by the CPU it used, so that what else the
machine does matters less. Three loads: twelve extracted fields with their `__mv_` twins, `_raw` of 1.5 kB
with `_time`, as `| fields _time, _raw` sends it, and `_raw` where every event is one that the detection
asks for. `our no-op` is our row loop that writes every row back, as splunklib's command does; `chaindetect`
parses, matches and correlates besides. The bar is for the first two: filters on the indexers leave
more than one in twenty, but not all. The last lines are chaindetect's memory over many rows.

splunk-sdk is a pinned extra (`pip install '.[splunk]'`), used here and nowhere else.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REPO = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPO / "tests"), str(REPO / "package" / "lib"), str(REPO / "bin"), str(REPO / "bench")]  # fmt: skip
BAR = 1.8
ROWS_A_CHUNK = 10_000
DETECTION = "aws_lambda_created_then_acted"
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


def telling(lines: list[str], events: int) -> list[str]:
    """Return events that all bear a name that the detection asks for, each with an id of its own."""
    from builders.hunting import detections

    from flowtrap.match.matcher import Matcher
    from flowtrap.model.tunable import Tunables
    from flowtrap_splunk.sift import Sift

    stages = [stage for d in detections() if d.name == DETECTION for stage in d.stages.values()]
    sift = Sift(Matcher(stages, Tunables({}, now_ms=0)), frozenset(["aws_cloudtrail"]))
    chosen = [line for line in lines if not sift.rules_out(line)]
    return [
        json.dumps({**json.loads(line), "eventID": f"{number:08}"}, separators=(",", ":"))
        for number, line in enumerate(islice(cycle(chosen), events))
    ]


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


def chunks_of(columns: list[str], rows: Iterable[list[str]], args: list[str]) -> Iterator[bytes]:
    """Yield the chunks that splunkd would send."""
    from builders.search_commands import chunk, getinfo

    yield getinfo(args, "https://127.0.0.1:1", "")
    remaining = iter(rows)
    while portion := list(islice(remaining, ROWS_A_CHUNK)):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(portion)
        yield chunk({"action": "execute", "finished": False}, text.getvalue().encode())
    yield chunk({"action": "execute", "finished": True})


class Cost(NamedTuple):
    """What a command took."""

    seconds: float  # of CPU
    written: int  # bytes
    peak_mib: float


def cost(command: list[str], chunks: Iterable[bytes]) -> Cost:
    """Run a command over chunks; return what it took.

    Memory is the kernel's high-water mark, read at each answer: what wait4 tells of a child includes
    this process at the fork.
    """
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    written, peak_kib = 0, 0
    status_file = Path(f"/proc/{process.pid}/status")

    def drain() -> None:
        nonlocal written, peak_kib
        while piece := process.stdout.read1(1 << 20):
            written += len(piece)
            with contextlib.suppress(OSError, ValueError):  # it may have ended by now
                told = status_file.read_text().partition("VmHWM:")[2]
                peak_kib = max(peak_kib, int(told.split(maxsplit=1)[0]) if told else 0)

    reader = threading.Thread(target=drain)
    reader.start()
    for piece in chunks:
        process.stdin.write(piece)
    process.stdin.close()
    reader.join()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[:3]} failed: status {status}")
    return Cost(used.ru_utime + used.ru_stime, written, peak_kib / 1024)


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
            "chaindetect": (chain, [f"detection={DETECTION}"]),
        }
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        ratios = [
            compare(load, table, sides, options.rounds)
            for load, table in (
                ("12 fields", field_load(lines)),
                ("_raw", raw_load(lines)),
                ("_raw, every event matters", raw_load(telling(lines, options.events // 4))),
            )
        ]
        weigh(chain, lines, options.events)
    sys.exit(min(ratios[:2]) < BAR)


def compare(load, table, sides, rounds: int) -> float:
    """Print one load's table; return how many times faster chaindetect is than splunklib's no-op."""
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        for name, (command, args) in sides.items():
            took = cost(command, chunks_of(*table, args))
            best[name] = min(best.get(name, took), took)
    base, events = best["splunklib no-op"].seconds, len(table[1])
    print(f"{load}: {events:,} events, {time.strftime('%Y-%m-%d')}, CPU time")
    for name, took in best.items():
        print(
            f"  {name:<16}{events / took.seconds:>10,.0f} events/s  ratio {base / took.seconds:5.2f}"
            f"  peak {took.peak_mib:4.0f} MiB  wrote {took.written:,}"
        )
    return base / best["chaindetect"].seconds


def weigh(chain: list[str], lines: list[str], events: int) -> None:
    """Print the peak memory of chaindetect over few and many rows, in which all or few matter."""
    from make_data import Generator

    few, many, all_many = events // 4, 5 * events, events * 5 // 4
    loads = (
        ("one in twenty matters", few, iter(lines)),
        ("one in twenty matters", many, Generator(many, "management").lines()),
        ("every event matters", few, iter(telling(lines, few))),
        ("every event matters", all_many, _numbered(telling(lines, few), all_many)),
    )
    for load, rows, source in loads:
        columns, _ = raw_load([])
        table = (["1773133200", "", line, ""] for line in islice(source, rows))
        took = cost(chain, chunks_of(columns, table, [f"detection={DETECTION}"]))
        print(
            f"memory: {rows:>9,} rows, {load}: peak {took.peak_mib:.0f} MiB, {took.seconds:.1f} s"
        )


def _numbered(lines: list[str], events: int) -> Iterator[str]:
    for number in range(events):
        line = lines[number % len(lines)]
        yield line.replace(f'"eventID":"{number % len(lines):08}"', f'"eventID":"{number:08}"')


if __name__ == "__main__":
    main()
