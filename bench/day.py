"""Weighs a hunt over a tenant's day on all platforms, and counts what it finds.

    python bench/day.py [USERS [SEED]]     # 10,000 people; ./build.sh bench-day

Prints seeded attacks found, other findings of medium severity or more, CPU time against
orjson.loads of the same lines, and peak memory. The day is that of tests/builders/tenant_day.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]


class Seeded(NamedTuple):
    """An attack of the day, and a text that a finding of it must hold."""

    id: str
    mark: str


ALARMING = ("medium", "high", "critical")
DECODE = (
    "import orjson, sys\nfor p in sys.argv[1:]:\n for line in open(p, 'rb'): orjson.loads(line)"
)


def main() -> None:
    """Make the day, hunt through it, and print one table."""
    users, seed = (int(text) for text in (sys.argv[1:] + ["10000", "7"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "day"
        seeded = _made(folder, users, seed)
        paths = [str(path) for path in sorted(folder.iterdir())]
        out = Path(scratch) / "findings.jsonl"
        flowtrap = [str(ROOT / "bin" / "flowtrap"), "hunt", "--format", "json", "--output"]
        hunt = _weighed([sys.executable, *flowtrap, str(out), str(folder)])
        plain = _weighed([sys.executable, "-c", DECODE, *paths])
        findings = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        lines = sum(Path(path).read_bytes().count(b"\n") for path in paths)
        size = sum(Path(path).stat().st_size for path in paths)
    alarms = [json.dumps(f) for f in findings if f["severity"] in ALARMING]
    found = [one.id for one in seeded if any(one.mark in text for text in alarms)]
    others = [text for text in alarms if not any(one.mark in text for one in seeded)]
    rows = {
        "people": f"{users:,}",
        "records": f"{lines:,} lines, {size / 1e6:,.0f} MB",
        "seeded attacks found": f"{len(found)} of {len(seeded)}",
        "other findings of medium or more": str(len(others)),
        "CPU": f"{hunt['cpu_s']:.1f} s, {hunt['cpu_s'] / plain['cpu_s']:.1f} x orjson.loads",
        "peak memory": f"{hunt['peak_mb']:.0f} MiB",
    }
    for name, value in rows.items():
        sys.stdout.write(f"{name:34} {value}\n")
    for text in others:
        sys.stdout.write(f"other: {text[:300]}\n")


def _made(folder: Path, users: int, seed: int) -> list[Seeded]:
    """Make the day in a process of its own: a child's peak memory counts from its parent's."""
    command = [sys.executable, "-m", "builders.tenant_day", str(folder), str(users), str(seed)]
    paths = os.pathsep.join(str(ROOT / part) for part in ("package/lib", "bin", "tests"))
    run = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    return [Seeded(*line.split("\t")) for line in run.stdout.splitlines()]


def _weighed(command: list[str]) -> dict[str, Any]:
    """Run a command; return its CPU seconds and peak memory in MiB."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 2):
        raise SystemExit(f"bench/day.py: {command[:3]} failed (run it by hand to see why)")
    return {"cpu_s": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}


if __name__ == "__main__":
    began = time.monotonic()
    main()
    sys.stdout.write(f"{'measured in':34} {time.monotonic() - began:.0f} s\n")
