"""The conf text of three detections is what the golden files say, and all searches keep the rules.

A difference means that what Splunk administrators see has changed: read it, then refresh with
`--update-golden`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from compiler.splunk import conf
from compiler.splunk.addon import filled, list_names
from compiler.splunk.macros import events_macro, macros
from compiler.splunk.searches import attack_ids, is_on, searches, title
from compiler.splunk.sources import SOURCES
from flowtrap.model.errors import DetectionError
from flowtrap.model.finding import SEVERITIES
from flowtrap.normalise.table import FEEDS

REPO = Path(__file__).resolve().parents[3]
SHOWN = ("aws_lambda_outbound", "m365_flow_then_forwarding", "workspace_script_then_shared")


@pytest.mark.parametrize("name", SHOWN)
def test_golden(detections, name, golden):
    row = next(row for row in detections if row["name"] == name)
    shown = searches(detections)[title(row)] | {"cron_schedule": "(staggered)"}
    macro = events_macro(row)
    text = conf.text({title(row): shown}) + "\n" + conf.text({macro: macros([row])[macro]}, head="")
    golden(f"splunk/{name}.conf", text)


def test_every_detection_has_a_search_with_ids(detections):
    found = searches(detections)
    assert len(found) == len(detections) + 2  # missing sources, inputs that lag
    for row in detections:
        search = found[title(row)]
        told = json.loads(search["action.correlationsearch.annotations"])
        assert told == attack_ids(row)
        assert told["mitre_attack"][0] == "T1648"
        assert told["mitre_strategy"] == ["DET0374"]
        assert told["mitre_analytic"] == [row["analytic"]]
        assert f"detection={row['name']} state={row['name']}" in search["search"]
        assert search["action.notable.param.severity"] in SEVERITIES
        risks = json.loads(search["action.risk.param._risk"])
        assert any("risk_object_field" in risk for risk in risks)
        assert all(0 < risk.get("risk_score", 1) <= 100 for risk in risks)


def test_searches_are_staggered(detections):
    minutes = Counter(search["cron_schedule"] for search in searches(detections).values())
    assert max(minutes.values()) <= -(-len(detections) // 10)
    assert all(re.fullmatch(r"\d+(-59/10)? (\*|\d+) \* \* \*", cron) for cron in minutes)


def test_only_what_needs_optional_logs_is_off(detections):
    off = [row["name"] for row in detections if not is_on(row)]
    assert "aws_lambda_outbound" in off
    assert len(off) < 5


def test_every_feed_has_a_source():
    assert set(SOURCES) == {spec.name for spec in FEEDS}
    assert all(source.macro in macros([]) for source in SOURCES.values())


def test_the_page_offers_every_list_and_nothing_else(detections):
    config = json.loads((REPO / "globalConfig.json").read_text("utf-8"))
    tabs = {
        tab.get("name"): tab for tab in filled(config, detections)["pages"]["configuration"]["tabs"]
    }
    choice = next(e for e in tabs["list_entry"]["entity"] if e["field"] == "tunable")
    offered = [one["value"] for one in choice["options"]["autoCompleteFields"]]
    assert offered == list_names(detections)
    durations = {
        n for row in detections for n, t in row["tunables"].items() if t["kind"] == "duration"
    }
    assert durations == {entity["field"] for entity in tabs["tunables"]["entity"]}


def test_conf_text_is_read_back():
    stanzas = {"a b": {"search": "x \n| y", "n": "1"}, "c": {"k": ""}}
    assert conf.parse(conf.text(stanzas)) == {"a b": {"search": "x\n| y", "n": "1"}, "c": {"k": ""}}


@pytest.mark.parametrize(
    "source", ["[a\nb = 1", "[a]\nb = 1\nb = 2", "[a]\nb", "[a]\nx = 1\n[a]\ny = 1"]
)
def test_a_broken_conf_is_refused(source):
    with pytest.raises(DetectionError):
        conf.parse(source)
