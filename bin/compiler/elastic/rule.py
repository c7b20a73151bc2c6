"""A detection as a Kibana rule, and its stages as building blocks.

Example: `chain_rule(plan, subject)["rule_id"]` is the same in every run, so that an import updates.

Source: Kibana's detection engine API, "Create a detection rule" (fields of types `esql`).
"""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from . import native
from .query import ROWS, query_of
from .words import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.subject import Subject

    from .plan import Plan

Row = dict[str, Any]
INTERVAL, DELAY, SLACK = 15, 30, 5  # minutes: between runs, for late logs, between two runs
EXCEPTIONS = "flowtrap-exceptions"
_SCORES = {"low": 21, "medium": 47, "high": 73, "critical": 99}
_STAGES = uuid.UUID("5b1f7a52-3f0c-4c68-9d3b-7c1d1f0a2e64")  # ours, for the ids of stages
_ATTACK = "https://attack.mitre.org"
_EXCEPTIONS = "Events that an exception names are taken out before they are joined."


def chain_rule(plan: Plan, subject: Subject, *, by_namespace: bool = False) -> Row:
    """Return the rule of a detection."""
    runtime = subject.runtime
    query = query_of(plan, f"{INTERVAL + SLACK} minutes", by_namespace=by_namespace)
    top = plan.verdicts[0]
    case = [f"flowtrap.{name}" for name in plan.detection["chain"]["case"]]
    window = plan.window_ms // 60_000
    return {
        **_common(plan, subject),
        "rule_id": str(uuid.uuid5(uuid.UUID(runtime["id"]), "kibana")),
        "name": f"Flowtrap: {runtime['title']}",
        "description": " ".join(str(runtime["description"]).split()),
        "query": query,
        "from": f"now-{2 * window + INTERVAL + DELAY}m",
        "risk_score": top.risk,
        "risk_score_mapping": [
            {"field": "flowtrap.risk_score", "operator": "equals", "value": ""}
        ],
        "severity": top.severity,
        "severity_mapping": [
            {"field": "flowtrap.severity", "operator": "equals", "value": name, "severity": name}
            for name in _SCORES
        ],
        "false_positives": list(runtime.get("false_positives") or ()),
        "note": _note(plan, subject),
        "alert_suppression": {
            "group_by": case[:5],
            "duration": {"value": max(1, window // 60), "unit": "h"},
            "missing_fields_strategy": "suppress",
        },
        "exceptions_list": [
            {"id": EXCEPTIONS, "list_id": EXCEPTIONS, "type": "detection",
             "namespace_type": "single"}
        ],
        "related_integrations": _integrations(plan),
        "required_fields": _required(query),
        "setup": _setup(plan),
    }  # fmt: skip


def stage_rules(plan: Plan, subject: Subject) -> Iterator[Row]:
    """Yield a building block for each stage that the detection's rule joins.

    Detections that take a stage from the feed's file give the same rule for it.
    """
    for stage in plan.stages():
        said = plan.feed_of(stage)
        source = subject.stages[stage]
        condition = plan.detection["stages"][stage]["condition"]
        exact = joined("and", [said.feed.own, said.exact(condition)])
        listed = plan.lists.commands(exact)
        named = " ".join([exact, *listed])
        asked = {f for f in said.used if said.feed.column(f) in named}
        query = "\n| ".join(
            [
                f"FROM {native.source([said.feed])} METADATA _id, _index, _version",
                f"WHERE {joined('and', [said.feed.own, said.selecting(condition)])}",
                *said.feed.commands(asked).unflagged(),
                *listed,
                f"WHERE {exact}",
                "KEEP _id, _index, _version, @timestamp, event.id, event.action, event.dataset",
                f"LIMIT {ROWS}",
            ]
        )
        name = f"{source.document.path.stem}.{source.path[-1]}"
        about = source.block_description or f"The stage {stage} of {subject.name}."
        yield {
            **_common(plan, subject),
            "rule_id": str(uuid.uuid5(_STAGES, name)),
            "name": f"Flowtrap stage: {name}",
            "description": " ".join(about.split()),
            "query": query,
            "from": f"now-{INTERVAL + DELAY}m",
            "risk_score": _SCORES["low"],
            "severity": "low",
            "building_block_type": "default",
            "required_fields": _required(query),
        }


def _common(plan: Plan, subject: Subject) -> Row:
    runtime = subject.runtime
    attack = runtime["attack"]
    return {
        "type": "esql",
        "language": "esql",
        "enabled": False,
        "interval": f"{INTERVAL}m",
        "to": "now",
        "max_signals": 100,
        "author": ["Flowtrap"],
        "license": "Apache-2.0",
        "version": 1,
        "references": list(runtime.get("references") or ()),
        "tags": [
            "Flowtrap",
            f"ATT&CK Analytic: {runtime['analytic']}",
            f"ATT&CK Detection Strategy: {attack['strategy']}",
            *(
                f"Data Source: {name}"
                for said in plan.words.values()
                for name in said.feed.datasets
            ),
        ],
        "threat": list(_threat(attack)),
    }


def _threat(attack: Row) -> Iterable[Row]:
    """Yield ATT&CK's tactics; the techniques stand under the first, for the file joins them so."""
    names = _names()
    for number, name in enumerate(attack["tactics"]):
        tactic, title = names["tactics"][name]
        yield {
            "framework": "MITRE ATT&CK",
            "tactic": {"id": tactic, "name": title, "reference": f"{_ATTACK}/tactics/{tactic}/"},
            "technique": [] if number else list(_techniques(attack["techniques"])),
        }


def _techniques(ids: list[str]) -> Iterable[Row]:
    parents = dict.fromkeys(one.partition(".")[0] for one in ids)
    for parent in parents:
        below = [one for one in ids if one.startswith(f"{parent}.")]
        yield {**_technique(parent), "subtechnique": [_technique(one) for one in below]}


def _technique(name: str) -> Row:
    path = name.replace(".", "/")
    return {
        "id": name,
        "name": _names()["techniques"][name],
        "reference": f"{_ATTACK}/techniques/{path}/",
    }


@lru_cache(maxsize=1)
def _names() -> Row:
    loaded: Row = yaml.safe_load(Path(__file__).with_name("attack.yml").read_text("utf-8"))
    return loaded


def _note(plan: Plan, subject: Subject) -> str:
    lines = ["## Triage", ""]
    lines += [f"{n}. {_flat(text)}" for n, text in enumerate(subject.runtime["triage"], 1)]
    lines += ["", "## What this rule cannot see", ""]
    lines += [f"* {text}" for text in limits(plan)]
    return "\n".join([*lines, "", f"{_EXCEPTIONS} {plan.lists.about}"])


def _flat(text: object) -> str:
    """Return one line without a number of its own."""
    return re.sub(r"^\d+\. ", "", " ".join(str(text).split()))


def limits(plan: Plan) -> list[str]:
    """Return in sentences what the native form loses against Flowtrap's own engine."""
    texts = [f"Left out, verdict {text}." for text in plan.left_out]
    texts += [f"It {effect}: {what}." for what, effect in plan.lost.items()]
    for said in plan.words.values():
        texts += [" ".join(note.split()) for note in said.feed.notes]
    return [*texts, "Cases of one key more than a window apart become one row."]


def _integrations(plan: Plan) -> list[Row]:
    used = {plan.feed_of(stage).feed.name: plan.feed_of(stage).feed for stage in plan.stages()}
    return [{**one.package, "version": ">=1.0.0"} for one in used.values()]


def _required(query: str) -> list[Row]:
    kinds = {"@timestamp": "date", "event.ingested": "date"}
    return [
        {"name": name, "type": kinds.get(name, "keyword")}
        for name in ("@timestamp", *native.columns_of(query))
    ]


def _setup(plan: Plan) -> str:
    feeds = dict.fromkeys(plan.feed_of(stage).feed.index for stage in plan.stages())
    return (
        f"Needs documents of the Elastic integrations in {', '.join(feeds)}, and the index "
        f"{native.COLUMNS_INDEX}, which `flowtrap elastic deploy` makes: a column that no index "
        'maps makes the query fail. With "Preserve original event" the record is read first; what '
        f"the rule cannot see without is told above.{plan.lists.needs}"
    )
