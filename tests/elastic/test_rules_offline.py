"""All rules through Elastic's offline validator of ES|QL; rules that must fail do.

It is `detection-rules-esql-py`, which needs Python 3.12: build.sh makes .venv-esql for it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from builders.elastic_scenarios import plans
from builders.hunting import detections

from compiler.elastic import lookup, native
from compiler.elastic.export import rules
from compiler.elastic.lists import LISTS

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-esql" / "bin" / "python"


def ask(asked: list[tuple[str, str]]) -> dict[str, str]:
    """Return what is wrong with each query, by name: "" where nothing is."""
    if not PYTHON.exists():
        reason = "no .venv-esql: it needs Python 3.12 or later (./build.sh test makes it)"
        (pytest.fail if os.environ.get("FLOWTRAP_CI") else pytest.skip)(reason)
    fields = lookup.mappings(detections())["properties"]
    question = {
        "schema": {**native.columns(), "event.original": "keyword"},
        "lookups": {lookup.INDEX: {name: row["type"] for name, row in fields.items()}},
        "rules": asked,
    }
    run = subprocess.run(
        [str(PYTHON), str(Path(__file__).with_name("ask_esql.py"))],
        input=json.dumps(question), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-1000:]
    answer: dict[str, str] = json.loads(run.stdout)
    return answer


@pytest.mark.slow
def test_all_rules_are_valid():
    """Every rule with its lists compiled and from the index, and every building block."""
    asked = [
        (f"{rule['name']} ({lists})", rule["query"])
        for lists in LISTS
        for rule in rules(plans("", {"allowed_deployers": ["ci-*"]}, lists))
    ]
    answers = ask(asked)
    assert len(answers) == len(asked) > 250
    assert {name: fault for name, fault in answers.items() if fault} == {}


BLOCK = (
    'FROM logs-aws.cloudtrail-* METADATA _id, _index, _version\n| WHERE event.action == "Invoke"'
)
KEPT = "\n| KEEP _id, _index, _version, event.action\n| LIMIT 10"
FAULTY = {
    "a string that does not end": (f'{BLOCK} AND user.name == "x{KEPT}', "EsqlSyntaxError"),
    "a command that is none": (f"{BLOCK}\n| MV_EXPANDED event.action{KEPT}", "EsqlSyntaxError"),
    "a function that is none": (f"{BLOCK}\n| EVAL x = COALESCED(user.name){KEPT}", "COALESCED"),
    "a field of no integration": (f"{BLOCK} AND aws.cloudtrail.erorr_code IS NULL{KEPT}", "erorr_code"),
    "a column that no command made": (f"{BLOCK}\n| STATS n = COUNT(*) BY edge\n| KEEP n", "edge"),
    "a list that the index lacks": (
        f'{BLOCK}\n| EVAL detection = "x"\n| LOOKUP JOIN flowtrap-lists ON detection'
        f"\n| WHERE allowed_nobody IS NULL{KEPT}",
        "allowed_nobody",
    ),
    "numbers compared with texts": (f"{BLOCK}\n| WHERE LENGTH(user.name) == \"x\"{KEPT}", "Type"),
    "no metadata": (f"{BLOCK.replace(' METADATA _id, _index, _version', '')}\n| KEEP event.action", "metadata"),
    "no keep": (f"{BLOCK}\n| LIMIT 10", "keep"),
    "a keep without metadata": (f"{BLOCK}\n| KEEP event.action", "keep"),
}  # fmt: skip


def test_rules_that_must_fail_do():
    answers = ask([("sound", f"{BLOCK}{KEPT}"), *((n, query) for n, (query, _) in FAULTY.items())])
    assert answers.pop("sound") == ""
    wrong = {name: answers[name] for name, (_, word) in FAULTY.items() if word not in answers[name]}
    assert wrong == {}
