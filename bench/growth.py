"""How the engine alone grows: more open cases, one hot key. One measurement, one process.

python bench/growth.py open-cases 8000      # and 1000000: the cost of an event must not double
python bench/growth.py memory 200000        # bytes an open entity, nothing spilled
python bench/growth.py hot-key 3000         # 3,000 anchors and 3,000 related hits on one key
python bench/growth.py hops 2000            # edits x views x grants, in shapes that tempt to n²
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "package" / "lib"))

from flowtrap.correlation.engine import Engine, Limits  # noqa: E402
from flowtrap.model.detection import Detection  # noqa: E402
from flowtrap.model.hit import Hit  # noqa: E402
from flowtrap.model.tunable import Tunables  # noqa: E402

START_MS = 1_700_000_000_000
RELATED = 200_000  # events whose cost is weighed


def detection() -> Detection:
    """Return write -> effect by account and function, within 24 h."""

    def stage(name: str) -> dict[str, Any]:
        keys = {"account": "account", "function": "function"}
        return {
            "feed": "f",
            "condition": ["in", "action", [name]],
            "keys": keys,
            "facts": {"actor": "actor"},
        }

    match = {"account": "account", "function": "function"}
    return Detection.from_dict(
        {
            "name": "growth",
            "id": "0",
            "title": "Growth",
            "analytic": "AN1053",
            "attack": {},
            "stages": {"write": stage("write"), "effect": stage("effect")},
            "chain": {
                "anchor": "write",
                "case": ["account", "function"],
                "window": "24h",
                "related": {"effect": {"match": match, "when": "after"}},
            },
            "verdicts": [
                {
                    "name": "acted",
                    "severity": "high",
                    "risk": 80,
                    "say": "{function}",
                    "require": {"effect": {"at_least": 1}},
                }
            ],
        }
    )


def hit(number: int, function: int, time_ms: int) -> Hit:
    """Return a hit as large as a real one."""
    values = {
        "account": "210000000001",
        "function": f"svc-{function:07}",
        "actor": "arn:aws:iam::210000000001:user/x",
    }
    ident = f"{number:08x}-0000-4000-8000-{function:012x}"
    actor = "arn:aws:sts::210000000001:assumed-role/ci/x"
    return Hit(
        time_ms,
        ident,
        "aws_cloudtrail",
        "UpdateFunctionCode",
        actor,
        "UpdateFunctionCode svc",
        values,
    )


def engine(limits: Limits) -> Engine:
    """Return an engine that spills to a temporary file."""
    return Engine(
        [detection()], Tunables({}, now_ms=START_MS), limits=limits, spill=tempfile.TemporaryFile
    )


def open_cases(count: int) -> dict[str, Any]:
    """Open `count` cases, then weigh related events that fall evenly on 8,000 of them."""
    one = engine(Limits())
    for number in range(count):
        one.add(0, hit(number, number, START_MS + number % 1000))
    related = [hit(n + 2_000_000, n * 13 % 8_000, START_MS + 5_000 + n) for n in range(RELATED)]
    gc.collect()
    began = time.process_time()
    for item in related:
        one.add(1, item)
    added = time.process_time()
    findings = one.flush()
    done = time.process_time()
    total = count + RELATED
    return {
        "open_cases": count,
        "add_us": 1e6 * (added - began) / RELATED,
        "flush_us": 1e6 * (done - added) / total,
        "event_us": 1e6 * (added - began) / RELATED + 1e6 * (done - added) / total,
        "findings": len(findings),
        "spilled": one.counters.spilled,
        "peak_mb": _peak_mb(),
    }


def memory(count: int) -> dict[str, Any]:
    """Open `count` cases with nothing spilled, and weigh them."""
    one = engine(Limits(hits_in_memory=10 * count))
    gc.collect()
    before = _resident_bytes()
    for number in range(count):
        one.add(0, hit(number, number, START_MS + number))
    gc.collect()
    return {"open_cases": count, "bytes_each": (_resident_bytes() - before) / count}


def hot_key(count: int) -> dict[str, Any]:
    """Weigh `count` anchors and `count` related hits that all share one key, in no order."""
    one = engine(Limits())
    spread = 86_400_000 * 3
    hits: list[tuple] = []
    for number in range(count):
        hits.append((0, hit(number, 1, START_MS + number * 7919 * 1000 % spread)))
        hits.append((1, hit(number + count, 1, START_MS + number * 104729 * 1000 % spread)))
    gc.collect()
    began = time.process_time()
    for index, item in hits:
        one.add(index, item)
    findings = one.flush()
    spent = time.process_time() - began
    return {
        "events": 2 * count,
        "event_us": 1e6 * spent / (2 * count),
        "findings": len(findings),
        "evidence": findings[0].evidence_totals if findings else {},
    }


def hop_detection() -> Detection:
    """Return edit -> view -> grant -> grants of the same app, as the detections of files have it."""

    def stage(name: str, *keys: str) -> dict[str, Any]:
        return {
            "feed": "f",
            "condition": ["in", "action", [name]],
            "keys": {key: key for key in keys},
            "facts": {"actor": "actor"},
        }

    def joined(key: str, when: str, parent: str = "") -> dict[str, Any]:
        return {"match": {key: key}, "when": when, **({"from": parent} if parent else {})}

    return Detection.from_dict(
        {
            "name": "hops",
            "id": "1",
            "title": "Hops",
            "analytic": "AN1055",
            "attack": {},
            "stages": {
                "edit": stage("edit", "file"),
                "view": stage("view", "file", "user"),
                "grant": stage("grant", "user", "app"),
                "same": stage("grant", "app"),
            },
            "chain": {
                "anchor": "edit",
                "case": ["file"],
                "window": "24h",
                "related": {
                    "view": joined("file", "after"),
                    "grant": joined("user", "after", "view"),
                    "same": joined("app", "around", "grant"),
                },
            },
            "verdicts": [
                {
                    "name": name,
                    "severity": "high",
                    "risk": risk,
                    "say": "{grant.actor} granted {grant.app} ({same.count})",
                    "require": {
                        "view": {"at_least": views, "distinct": "actor"},
                        "grant": {"at_least": 1, "where": [never] if risk > 80 else []},
                        "same": {"at_least": views, "distinct": "actor"},
                    },
                }
                for name, risk, views in (("all", 90, 5), ("many", 80, 5), ("few", 50, 1))
                for never in ({"op": "equals", "field": "actor", "value": "nobody"},)
            ],
        }
    )


SHAPES = {  # files, users, apps, grants a user, of count
    "one file, few users": lambda n: (1, max(n // 50, 2), 1, 1),
    "one file, one user": lambda n: (1, 1, 1, n),
    "one file, many users": lambda n: (1, n, 1, 1),
    "one app, many files": lambda n: (n, n, 1, 1),
    "many apps": lambda n: (1, n // 10, n, 10),
}


def hop_hits(count: int, shape: str) -> list[tuple[int, Hit]]:
    """Return `count` edits, as many views, and grants, all within 20 hours."""
    files, users, apps, grants = SHAPES[shape](count)
    hits = []

    def put(index: int, ident: str, second: float, **values: str) -> None:
        time_ms = START_MS + int(72_000_000 * second)
        hits.append((index, Hit(time_ms, ident, "f", "act", "x", "did", values)))

    for n in range(count):
        user, at = f"u{n % users}", (n * 7919 % count) / count
        put(0, f"e{n}", at, file=f"f{n % files}", actor="mallory")
        put(1, f"v{n}", at + 1e-4, file=f"f{n % files}", user=user, actor=user)
    for n in range(users * grants):
        user, at = f"u{n % users}", (n * 104729 % count) / count + 2e-4
        for index in (2, 3):
            put(index, f"g{n}", at, user=user, app=f"a{n % apps}", actor=user)
    return hits


def hop_seconds(count: int, shape: str) -> tuple[float, int, int]:
    """Return the CPU seconds of one shape, its events and its findings."""
    one = Engine([hop_detection()], Tunables({}, now_ms=START_MS))
    hits = hop_hits(count, shape)
    gc.collect()
    began = time.process_time()
    for index, item in hits:
        one.add(index, item)
    findings = one.flush()
    return time.process_time() - began, len(hits), len(findings)


def hops(count: int) -> dict[str, Any]:
    """Weigh an event of each shape, at `count` and at four times that."""
    rows: dict[str, Any] = {"count": count}
    for shape in SHAPES:
        few, events, findings = hop_seconds(count, shape)
        many, more, _ = hop_seconds(4 * count, shape)
        each = {"event_us": 1e6 * few / events, "event_us_at_4": 1e6 * many / more}
        rows[shape] = {**each, "findings": findings}
    return rows


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident_bytes() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


MEASURES = {"open-cases": open_cases, "memory": memory, "hot-key": hot_key, "hops": hops}


def main() -> None:
    """Run one measurement."""
    name, count = sys.argv[1], int(sys.argv[2])
    print(json.dumps(MEASURES[name](count)))


if __name__ == "__main__":
    main()
