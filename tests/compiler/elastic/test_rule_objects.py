"""The rules as objects against what Kibana's import demands; objects that must be refused are.

Source: Kibana's detection engine API, 8.19, "Import detection rules", rules of type `esql`.
"""

from __future__ import annotations

import copy

import jsonschema
import pytest
from builders.elastic_scenarios import plans

from compiler.elastic.export import rules
from compiler.elastic.lists import LISTS


def an_object(required: dict, **optional: dict) -> dict:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def many(items: dict, least: int = 0) -> dict:
    return {"type": "array", "items": items, "minItems": least}


TEXT = {"type": "string", "minLength": 1}
TEXTS = many(TEXT)
SEVERITY = {"enum": ["low", "medium", "high", "critical"]}
SCORE = {"type": "integer", "minimum": 0, "maximum": 100}
TIMES = {"type": "string", "pattern": r"^now(-[1-9]\d*[smhd])?$"}
ID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
URL = {"type": "string", "pattern": "^https://"}


def attack(prefix: str, **more: dict) -> dict:
    name = {"type": "string", "pattern": f"^{prefix}$"}
    return an_object({"id": name, "name": TEXT, "reference": URL}, **more)


SUBTECHNIQUES = many(attack(r"T\d{4}\.\d{3}"))
TECHNIQUES = many(attack(r"T\d{4}", subtechnique=SUBTECHNIQUES))
RULE = an_object(
    {
        "type": {"const": "esql"},
        "language": {"const": "esql"},
        "rule_id": ID,
        "name": TEXT,
        "description": TEXT,
        "query": TEXT,
        "risk_score": SCORE,
        "severity": SEVERITY,
        "from": TIMES,
        "to": TIMES,
        "interval": {"type": "string", "pattern": r"^[1-9]\d*[smh]$"},
        "enabled": {"const": False},
        "max_signals": {"type": "integer", "minimum": 1, "maximum": 1000},
        "author": many(TEXT, 1),
        "license": TEXT,
        "version": {"type": "integer", "minimum": 1},
        "tags": many(TEXT, 1),
        "references": many(URL, 1),
        "threat": many(
            an_object(
                {"framework": {"const": "MITRE ATT&CK"}, "tactic": attack(r"TA\d{4}")},
                technique=TECHNIQUES,
            ),
            1,
        ),
        "required_fields": many(an_object({"name": TEXT, "type": TEXT}), 1),
    },
    building_block_type={"const": "default"},
    false_positives=TEXTS,
    note=TEXT,
    setup=TEXT,
    risk_score_mapping=many(
        an_object({"field": TEXT, "operator": {"const": "equals"}, "value": {"type": "string"}})
    ),
    severity_mapping=many(
        an_object(
            {"field": TEXT, "operator": {"const": "equals"}, "value": TEXT, "severity": SEVERITY}
        )
    ),
    alert_suppression=an_object(
        {
            "group_by": {**many(TEXT, 1), "maxItems": 5},
            "duration": an_object(
                {"value": {"type": "integer", "minimum": 1}, "unit": {"enum": ["s", "m", "h"]}}
            ),
            "missing_fields_strategy": {"enum": ["suppress", "doNotSuppress"]},
        }
    ),
    exceptions_list=many(
        an_object(
            {
                "id": TEXT,
                "list_id": TEXT,
                "type": {"const": "detection"},
                "namespace_type": {"enum": ["single", "agnostic"]},
            }
        )
    ),
    related_integrations=many(an_object({"package": TEXT, "version": TEXT}, integration=TEXT)),
)
VALIDATOR = jsonschema.Draft202012Validator(RULE)


@pytest.fixture(scope="module")
def objects() -> list[dict]:
    return [rule for lists in LISTS for rule in rules(plans("", lists=lists))]


def test_every_rule_is_one_that_kibana_takes(objects):
    faults = [
        f"{rule['name']}: {error.json_path}: {error.message[:200]}"
        for rule in objects
        for error in VALIDATOR.iter_errors(rule)
    ]
    assert faults == []


def test_each_tactic_is_named_once(objects):
    for rule in objects:
        tactics = [row["tactic"]["id"] for row in rule["threat"]]
        assert len(tactics) == len(set(tactics)), rule["name"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("severity",), "severe"),
        (("risk_score",), 101),
        (("from",), "now-2d-1h"),
        (("interval",), "15"),
        (("rule_id",), "one"),
        (("type",), "eql"),
        (("threat", 0, "tactic", "id"), "T1648"),
        (("threat", 0, "technique", 0, "id"), "T1648.001"),
        (("alert_suppression", "duration", "unit"), "d"),
        (("exceptions_list", 0, "namespace_type"), "all"),
        (("invented",), 1),
    ],
)
def test_an_object_that_kibana_refuses_is_refused(objects, path, value):
    rule = copy.deepcopy(objects[0])
    assert VALIDATOR.is_valid(rule)
    *parents, last = path
    place = rule
    for step in parents:
        place = place[step]
    place[last] = value
    assert not VALIDATOR.is_valid(rule)


@pytest.mark.parametrize("name", RULE["required"])
def test_an_object_that_lacks_a_field_is_refused(objects, name):
    assert not VALIDATOR.is_valid({k: v for k, v in objects[0].items() if k != name})
