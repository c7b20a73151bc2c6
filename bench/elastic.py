"""Weighs `elastic run` beside reading the same documents with the bare client's scan helper.

    python bench/elastic.py [EVENTS [ROUNDS [recent]]]     # 1,000,000, 3; ./build.sh bench-elastic

Starts the real Elasticsearch of the tests, loads CloudTrail records of make_data.py into it as the
Elastic integration keeps them (`event.original`, `event.action`, `event.dataset`), 5 % of which
bear a name that some detection asks for, and prints one table. With `recent` the ten days of the
records end now, so that much is still open and kept in the state; else they ended long ago. Both readers are processes of their
own over the same index, measured by the wall clock and by `os.wait4`; rounds alternate.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / part) for part in ("package/lib", "bin", "tests", "bench")]

from builders.elastic_node import VERSION, Node, assembled  # noqa: E402  # found by the line above
from builders.kept_originals import MAPPINGS  # noqa: E402
from elasticsearch import Elasticsearch, helpers  # noqa: E402
from make_data import START, Generator  # noqa: E402

INDEX = "logs-aws.cloudtrail-default"
BAR_TIME, BAR_MIB = 0.35, 200
SCAN = f"""
import sys
from elasticsearch import Elasticsearch, helpers
with Elasticsearch(sys.argv[1]) as client:
    print(sum(1 for _ in helpers.scan(client, index="{INDEX}", size=1000)))
"""


class Weight(NamedTuple):
    """What one process cost."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def main() -> None:
    """Load the node, read it both ways, print a table; exit with 1 where a bar is missed."""
    given = [word for word in sys.argv[1:] if word != "recent"]
    events, rounds = map(int, given + ["1000000", "3"][len(given) :])
    folder = Path(tempfile.mkdtemp(prefix="flowtrap-bench-"))
    folder.chmod(0o755)
    try:
        with Node(folder / "node", assembled(), heap="1g", quick=False) as node:
            began = time.monotonic()
            _load(node.url, events, recent="recent" in sys.argv)
            print(f"{events:,} documents loaded in {time.monotonic() - began:.0f} s")
            print(
                f"load average {os.getloadavg()[0]:.1f}, Elasticsearch {VERSION}, rounds {rounds}"
            )
            held = _weigh(node.url, rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if held else 1)


def _weigh(url: str, rounds: int) -> bool:
    scan, run = [], []
    for number in range(rounds):
        scan.append(_weighed([sys.executable, "-c", SCAN, url]))
        run.append(_weighed(_run_command(url, number)))
    rows = {"client.helpers.scan, size 1,000": scan, "flowtrap elastic run": run}
    print("| what | wall s | CPU s of the process | peak MiB |\n| --- | ---: | ---: | ---: |")
    for name, weights in rows.items():
        walls = [one.wall_s for one in weights]
        cpu = statistics.median(one.cpu_s for one in weights)
        peak = max(one.peak_mib for one in weights)
        span = f"{statistics.median(walls):.1f} ({min(walls):.1f}–{max(walls):.1f})"
        print(f"| {name} | {span} | {cpu:.1f} | {peak:.0f} |")
    ratio = statistics.median(o.wall_s for o in run) / statistics.median(o.wall_s for o in scan)
    peak = max(one.peak_mib for one in run)
    print(f"\nwall time {ratio:.2f} × (bar ≤ {BAR_TIME}), peak {peak:.0f} MiB (bar ≤ {BAR_MIB})")
    return ratio <= BAR_TIME and peak <= BAR_MIB


def _run_command(url: str, number: int) -> list[str]:
    place = [f"--url={url}", f"--state=bench-{number}", f"--output=findings-{number}"]
    launcher = str(ROOT / "bin" / "flowtrap")
    return [sys.executable, launcher, "elastic", "run", *place, "--since=2025-12-01"]


def _weighed(command: list[str]) -> Weight:
    began = time.monotonic()
    child = subprocess.Popen(command, cwd=tempfile.gettempdir())
    _, status, used = os.wait4(child.pid, 0)
    wall_s = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"bench/elastic.py: {command[:4]} ended with {child.returncode}")
    return Weight(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _load(url: str, events: int, *, recent: bool = False) -> None:
    """Load in a process of its own: a child's peak memory counts from its parent's."""
    if os.fork() == 0:
        with Elasticsearch(url, request_timeout=120) as client:
            settings = {"number_of_replicas": 0, "refresh_interval": -1}
            client.indices.create(index=INDEX, mappings=MAPPINGS, settings=settings)
            helpers.bulk(
                client, _documents(events, _days_since() if recent else 0), chunk_size=2_000
            )
            client.indices.refresh(index=INDEX)
        os._exit(0)
    _, status = os.wait()
    if status:
        raise SystemExit("bench/elastic.py: the documents could not be loaded")


def _days_since() -> int:
    """Return how many whole days ago the records of the generator end."""
    last = START + datetime.timedelta(days=10)
    return (datetime.datetime.now(datetime.timezone.utc) - last).days


def _documents(events: int, later_days: int) -> Iterator[dict[str, Any]]:
    for line in Generator(events, "management").lines():
        record = json.loads(line)
        if later_days:
            told = datetime.datetime.fromisoformat(record["eventTime"])
            time = told + datetime.timedelta(days=later_days)
            record["eventTime"] = f"{time:%Y-%m-%dT%H:%M:%SZ}"
            line = json.dumps(record, separators=(",", ":"))
        told = {
            "original": line, "dataset": "aws.cloudtrail", "action": record["eventName"],
        }  # fmt: skip
        source = {"@timestamp": record["eventTime"], "event": told}
        yield {"_index": INDEX, "_source": source}


if __name__ == "__main__":
    main()
