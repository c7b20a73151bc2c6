"""The exported rules: what Kibana asks of each, ids that stay, and one file that is imported whole."""

from __future__ import annotations

import json
import re

import pytest

from compiler.elastic import docs, native
from compiler.elastic.export import natives, ndjson, rules, settled_by
from compiler.runtime_json import DETECTIONS, compile_all
from flowtrap.content.runtime import from_document
from flowtrap.model.tunable import Tunables


@pytest.fixture(scope="module")
def found():
    detections = from_document(compile_all(), place="detections")
    settled = settled_by(detections, Tunables({}, now_ms=0))
    return list(natives(DETECTIONS, settled))


@pytest.fixture(scope="module")
def exported(found):
    return list(rules(found))


def test_every_detection_has_a_rule(found):
    assert [one.subject.name for one in found if not one.plan.verdicts] == []


def test_ids_and_names_are_all_different(exported):
    for key in ("rule_id", "name"):
        values = [rule[key] for rule in exported]
        assert len(values) == len(set(values))


def test_an_id_never_changes(found, exported):
    again = [rule["rule_id"] for rule in rules(found, by_namespace=True)]
    assert again == [rule["rule_id"] for rule in exported]


def test_every_rule_says_what_kibana_asks(exported):
    for rule in exported:
        assert rule["type"] == rule["language"] == "esql"
        assert rule["severity"] in ("low", "medium", "high", "critical")
        assert 0 < rule["risk_score"] <= 100
        assert re.fullmatch(r"now-\d+m", rule["from"])
        assert rule["interval"] == "15m"
        assert any(tag.startswith("ATT&CK Analytic: AN") for tag in rule["tags"])
        assert "ATT&CK Detection Strategy: DET0374" in rule["tags"]
        assert all(row["tactic"]["id"].startswith("TA") for row in rule["threat"])
        assert rule["references"]


def test_a_run_looks_back_over_two_windows(found, exported):
    chains = [rule for rule in exported if "building_block_type" not in rule]
    for one, rule in zip(found, chains, strict=True):
        minutes = int(rule["from"][4:-1])
        assert minutes >= 2 * one.plan.window_ms / 60_000 + 15 + 30
        assert rule["alert_suppression"]["group_by"]
        assert rule["related_integrations"]
        assert rule["false_positives"]
        assert "What this rule cannot see" in rule["note"]


def test_building_blocks_keep_the_event(exported):
    blocks = [rule for rule in exported if rule.get("building_block_type")]
    assert blocks
    for rule in blocks:
        assert "METADATA _id, _index, _version" in rule["query"]
        assert "KEEP _id, _index, _version" in rule["query"]
        assert "STATS" not in rule["query"]


def test_required_fields_are_the_columns_of_the_query(exported):
    for rule in exported:
        names = {row["name"] for row in rule["required_fields"]}
        assert names == {"@timestamp", *native.columns_of(rule["query"])}


def test_the_file_has_the_exception_list_first(exported):
    lines = list(ndjson(exported))
    head = json.loads(lines[0])
    assert head["list_id"] == "flowtrap-exceptions"
    asked = {one["list_id"] for rule in exported for one in rule.get("exceptions_list", ())}
    assert asked == {head["list_id"]}
    assert all(line.endswith("\n") and "\n" not in line[:-1] for line in lines)


def test_no_field_name_is_anything_but_a_text():
    for path in native.FEEDS.glob("*.yml"):
        feed = native.feed(path.stem)
        assert all(isinstance(name, str) for name in feed.fields), path.name
        for own in feed.fields.values():
            ways = (own.column, own.eval, own.readings, own.kql)
            assert sum(map(bool, ways)) == 1, own.name


def test_only_flattened_fields_are_searched():
    for feed in native.feeds():
        for own in feed.fields.values():
            sought = [part.partition(":")[0] for part in own.kql.split(" or ") if part]
            assert all(map(feed.is_flattened, sought)), own.name


def test_what_is_read_below_a_flattened_field_is_a_runtime_field():
    below = {name for names in native.runtime_fields().values() for name in names}
    read = [n for n in native.columns() if any(f.is_flattened(n) for f in native.feeds())]
    assert below == set(read)
    assert set(native.runtime_fields()) == {
        "logs-gcp.audit-*",
        "logs-azure.activitylogs-*",
        "logs-azure.platformlogs-*",
        "logs-azure_functions.functionapplogs-*",
        "logs-azure_app_service.app_service_logs-*",
    }


def test_every_rule_asks_the_index_that_maps_its_columns(exported):
    known = native.columns()
    for rule in exported:
        assert f", {native.COLUMNS_INDEX}* METADATA" in rule["query"].partition("\n")[0]
        computed = {"user.name"}  # what a rule's rows have of the actor
        assert set(native.columns_of(rule["query"])) <= known.keys() | computed


def test_the_page_is_current():
    assert docs.PAGE.read_text("utf-8") == docs.page(), (
        "run PYTHONPATH=package/lib:bin python -m compiler.elastic.docs"
    )
