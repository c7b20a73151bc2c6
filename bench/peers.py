"""One competitor, one file, one process: prints one line of JSON about what it found.

    python bench/peers.py orjson-all output/bench/management-100000.jsonl

The chain that Flowtrap's star, DuckDB and (two steps of it) eql look for: a function is written; its
role gets a policy within 24 h before or after; within 24 h after the write a session of that role
that bears the function's name does something of lasting effect or reads a secret; runs are counted.
Nothing here measures itself: bench/run.py weighs the whole process.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = ROOT / "output" / "bench" / "detections.json"
NOW_MS = 1_790_000_000_000
HOURS = 24
WRITES = (
    "CreateFunction20150331",
    "UpdateFunctionCode20150331v2",
    "UpdateFunctionConfiguration20150331v2",
)
GRANTS = ("AttachRolePolicy", "PutRolePolicy")
EFFECTS = ("AttachUserPolicy", "CreateAccessKey", "CreateUser", "CreateRole", "GetSecretValue")
LITERALS = (
    "CreateFunction20150331",
    "UpdateFunctionCode20150331v2",
    "AttachRolePolicy",
    '"eventName":"Invoke"',
)


def orjson_all(path: str) -> dict[str, Any]:
    """Decode every line with orjson."""
    import orjson

    return _decode(path, orjson.loads)


def json_all(path: str) -> dict[str, Any]:
    """Decode every line with json."""
    return _decode(path, json.loads)


def _decode(path: str, loads: Callable[[bytes], Any]) -> dict[str, Any]:
    count = 0
    with Path(path).open("rb", buffering=1 << 18) as lines:
        for line in lines:
            loads(line)
            count += 1
    return {"events": count}


# -- flowtrap --------------------------------------------------------------------------------------


def star_row() -> dict[str, Any]:
    """Return the star join as a compiled detection."""
    ok = ["not", ["exists", "errorCode", True]]

    def stage(service: str, names: tuple, keys: dict[str, str], *more: Any) -> dict[str, Any]:
        named = ["in", "eventName", [name.lower() for name in names]]
        source = (
            ["in", "eventSource", [f"{service}.amazonaws.com"]] if service else ["or", *_SOURCES]
        )
        return {
            "feed": "aws_cloudtrail",
            "condition": ["and", named, source, ok, *more],
            "keys": {"account": "account", **keys},
            "facts": {"actor": "actor"},
        }

    session = ["in", "userIdentity.type", ["assumedrole"]]
    joined = {"account": "account", "function": "function"}
    return {
        "name": "bench_star",
        "id": "00000000-0000-4000-8000-00000000be9c",
        "title": "Star join",
        "analytic": "AN1053",
        "attack": {
            "strategy": "DET0374",
            "techniques": ["T1648"],
            "tactics": [],
            "data_components": [],
        },
        "stages": {
            "write": stage("lambda", WRITES, {"function": "function", "role": "role"}),
            "grant": stage("iam", GRANTS, {"role": "role"}),
            "run": stage("lambda", ("Invoke",), {"function": "function"}),
            "effect": stage(
                "", EFFECTS, {"role": "session_role", "function": "session_function"}, session
            ),
        },
        "chain": {
            "anchor": "write",
            "case": ["account", "function"],
            "window": f"{HOURS}h",
            "related": {
                "grant": {"match": {"account": "account", "role": "role"}, "when": "around"},
                "run": {"match": joined, "when": "after"},
                "effect": {"match": {**joined, "role": "role"}, "when": "after"},
            },
        },
        "verdicts": [
            {
                "name": "chain",
                "severity": "high",
                "risk": 80,
                "say": "{function} was written, given {grant}, run {run.count} times, and did {effect}.",
                "require": {"grant": {"at_least": 1}, "effect": {"at_least": 1}},
                "anchor": [],
            }
        ],
        "suppress": [],
        "entities": {"function": ["function"], "role": ["role"], "user": ["actor"]},
        "tunables": {},
    }


_SOURCES = [["in", "eventSource", [f"{name}.amazonaws.com"]] for name in ("iam", "secretsmanager")]


def flowtrap(path: str, *, shipped: bool, accelerators: bool) -> dict[str, Any]:
    """Hunt over the file: with the shipped detections, or with the star join alone."""
    sys.path.insert(0, str(ROOT / "package" / "lib"))
    from flowtrap.content import runtime
    from flowtrap.model.tunable import Tunables
    from flowtrap.pipeline import Hunt

    source = RUNTIME if shipped else json.dumps({"format": 1, "detections": [star_row()]}).encode()
    detections = runtime.load(source)
    messages: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        hunt = Hunt(
            detections,
            Tunables({}, now_ms=NOW_MS),
            spill=lambda: tempfile.TemporaryFile(dir=folder),  # noqa: SIM115 - the hunt closes it
            accelerators=accelerators,
            report=lambda error: messages.append(str(error)),
        )
        hunt.read([path])
        findings = hunt.findings()
    return {
        "findings": len(findings),
        "verdicts": _count(f"{f.detection}/{f.verdict}" for f in findings),
        "anchors": sorted(e.event_id for f in findings for e in f.evidence if e.stage == "write"),
        "runs": sum(f.evidence_totals.get("run", 0) for f in findings),
        "entities": sorted({e.value for f in findings for e in f.entities if "maint-" in e.value}),
        "counters": hunt.counters.to_dict(),
        "messages": messages[:5],
    }


def _count(names: Iterator[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


# -- DuckDB ----------------------------------------------------------------------------------------


def duckdb_star(path: str) -> dict[str, Any]:
    """Run the star join as SQL over the JSON lines; only the columns it needs are read."""
    import duckdb

    columns = {
        "eventName": "VARCHAR",
        "eventSource": "VARCHAR",
        "eventTime": "TIMESTAMP",
        "eventID": "VARCHAR",
        "errorCode": "VARCHAR",
        "recipientAccountId": "VARCHAR",
        "userIdentity": "STRUCT(type VARCHAR, arn VARCHAR)",
        "requestParameters": "JSON",
        "responseElements": "JSON",
        "resources": "JSON",
    }
    with duckdb.connect(config={"threads": 1}) as database:
        rows = database.execute(
            _STAR_SQL.format(
                columns=json.dumps(columns).replace('"', "'"),
                path=path,
                names=_sql_list((*WRITES, *GRANTS, *EFFECTS, "Invoke")),
                writes=_sql_list(WRITES),
                grants=_sql_list(GRANTS),
                effects=_sql_list(EFFECTS),
                window=f"INTERVAL {HOURS} HOUR",
            )
        ).fetchall()
    return {"anchors": sorted(row[0] for row in rows), "runs": sum(row[1] for row in rows)}


def _sql_list(names: tuple) -> str:
    return ", ".join(f"'{name}'" for name in names)


_STAR_SQL = """
WITH hits AS MATERIALIZED (
  SELECT eventName AS name, eventID AS id, eventTime AS t, recipientAccountId AS account,
    userIdentity.type AS kind,
    split_part(regexp_replace(coalesce(responseElements->>'functionArn', resources->0->>'ARN',
      requestParameters->>'functionName'), '^.*:function:', ''), ':', 1) AS function,
    regexp_extract(coalesce(responseElements->>'role', requestParameters->>'role',
      requestParameters->>'roleName'), '([^/]+)$', 1) AS role,
    split_part(userIdentity.arn, '/', 2) AS session_role, split_part(userIdentity.arn, '/', 3) AS session
  FROM read_json('{path}', format = 'newline_delimited', columns = {columns})
  WHERE eventName IN ({names}) AND errorCode IS NULL
),
anchors AS (SELECT * FROM hits WHERE name IN ({writes})),
grants AS (SELECT DISTINCT a.id FROM anchors a JOIN hits g ON g.name IN ({grants})
  AND g.account = a.account AND g.role = a.role AND g.t BETWEEN a.t - {window} AND a.t + {window} AND g.id <> a.id),
effects AS (SELECT DISTINCT a.id FROM anchors a JOIN hits e ON e.name IN ({effects}) AND e.kind = 'AssumedRole'
  AND e.account = a.account AND e.session = a.function AND e.session_role = a.role
  AND e.t BETWEEN a.t AND a.t + {window} AND e.id <> a.id),
runs AS (SELECT a.id, count(DISTINCT r.id) AS n FROM anchors a JOIN hits r ON r.name = 'Invoke'
  AND r.account = a.account AND r.function = a.function AND r.t BETWEEN a.t AND a.t + {window} AND r.id <> a.id GROUP BY a.id)
SELECT a.id, coalesce(n, 0) FROM anchors a SEMI JOIN grants USING (id) SEMI JOIN effects USING (id) LEFT JOIN runs USING (id)
"""


# -- eql -------------------------------------------------------------------------------------------

_EQL = """
sequence with maxspan={hours}h
  [any where eventName in ({writes})] by recipientAccountId, function
  [any where eventName in ({effects}) and userIdentity.type == "AssumedRole"] by recipientAccountId, session
"""


def eql_pairs(path: str) -> dict[str, Any]:
    """Stream every event, decoded by orjson, through the eql engine: write -> effect."""
    import orjson

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import eql

        found: list[list[str]] = []
        engine = eql.PythonEngine()
        names = {"writes": json.dumps(WRITES)[1:-1], "effects": json.dumps(EFFECTS)[1:-1]}
        with engine.schema:
            engine.add_query(eql.parse_query(_EQL.format(hours=HOURS, **names)))
            engine.add_output_hook(
                lambda out: found.append([e.data["eventID"] for e in out.events])
            )
            with Path(path).open("rb", buffering=1 << 18) as lines:
                engine.stream_events(_eql_event(eql, orjson.loads(line)) for line in lines)
    return {"pairs": len(found)}


def _eql_event(eql: Any, record: dict[str, Any]) -> Any:
    moment = datetime.fromisoformat(record["eventTime"][:19]).replace(tzinfo=timezone.utc)
    if record["eventName"] in WRITES:
        record["function"] = (record["requestParameters"] or {}).get("functionName", "")
    elif record["eventName"] in EFFECTS:
        record["session"] = record["userIdentity"].get("arn", "").rsplit("/", 1)[-1]
    return eql.Event("generic", int(moment.timestamp()) * 10_000_000, record)


# -- ripgrep ---------------------------------------------------------------------------------------


def ripgrep(path: str) -> dict[str, Any]:
    """Count the lines that hold one of four literals."""
    command = ["rg", "--count", "--fixed-strings", "--threads", "1"]
    for literal in LITERALS:
        command += ["-e", literal]
    out = subprocess.run([*command, path], stdout=subprocess.PIPE, check=False).stdout
    return {"lines": int(re.sub(rb"\D", b"", out) or 0)}


def missing(name: str) -> str:
    """Return why a competitor cannot run here, "" if it can."""
    if name == "ripgrep" and shutil.which("rg") is None:
        return "rg is not installed (Debian: apt-get install ripgrep)"
    module = {"orjson-all": "orjson", "duckdb-star": "duckdb", "eql-pairs": "eql"}.get(name)
    if module and importlib.util.find_spec(module) is None:  # not imported: run.py must stay small
        return f"{module} is not installed"
    return ""


PEERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "flowtrap": lambda path: flowtrap(path, shipped=True, accelerators=False),
    "flowtrap+": lambda path: flowtrap(path, shipped=True, accelerators=True),
    "flowtrap-star": lambda path: flowtrap(path, shipped=False, accelerators=False),
    "flowtrap-star+": lambda path: flowtrap(path, shipped=False, accelerators=True),
    "orjson-all": orjson_all,
    "json-all": json_all,
    "duckdb-star": duckdb_star,
    "eql-pairs": eql_pairs,
    "ripgrep": ripgrep,
}


def main() -> None:
    """Run one competitor."""
    name, path = sys.argv[1:3]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    print(json.dumps(PEERS[name](path)))


if __name__ == "__main__":
    main()
