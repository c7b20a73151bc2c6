"""Rules, exception list and dashboards over the model of Kibana; the saved objects by themselves."""

from __future__ import annotations

import json

import pytest
from builders.kibana import PASSWORD, KibanaModel

from elastic import dashboards
from elastic.client import Access
from elastic.dashboards import LOGS_VIEW, saved_objects
from elastic.errors import ClusterError
from elastic.kibana import Kibana
from elastic.kibana_shelves import Exceptions, Rules, SavedObjects
from elastic.shelf import carry_out, plan, removal
from elastic.templates import finding_fields

ACCESS = Access(url="http://127.0.0.1:1", user="elastic", password=PASSWORD)
LIST = {
    "list_id": "flowtrap-exceptions",
    "type": "detection",
    "namespace_type": "single",
    "name": "Flowtrap exceptions",
    "description": "x",
}


def rule(number, query="from x"):
    return {"rule_id": f"r{number}", "name": f"Rule {number}", "tags": ["Flowtrap"], "query": query}


@pytest.fixture
def model():
    with KibanaModel() as kibana:
        yield kibana


def shelves(model, rules, space=""):
    one = Kibana(model.origin, ACCESS, space=space)
    return [Exceptions(one, LIST), Rules(one, rules), SavedObjects(one, saved_objects())]


def deploy(model, rules):
    """Bring the model up to date; return what was done, by kind."""
    steps = plan(shelves(model, rules))
    for step in steps:
        carry_out(step)
    return {(step.verb, step.shelf.kind): step.names for step in steps}


def test_first_deploy_creates_the_second_keeps(model):
    rules = [rule(n) for n in range(3)]
    first = deploy(model, rules)
    assert {verb for verb, _ in first} == {"create"}
    assert model.rules.keys() == {"r0", "r1", "r2"}
    assert model.objects.keys() == {f"{o['type']}/{o['id']}" for o in saved_objects()}
    second = deploy(model, rules)
    assert {verb for verb, _ in second} == {"keep"}
    assert {kind: names for (_, kind), names in second.items()} == {
        kind: names for (_, kind), names in first.items()
    }


def test_only_what_differs_is_sent(model):
    deploy(model, [rule(0), rule(1), rule(2)])
    done = deploy(model, [rule(0), rule(1, "from y"), rule(3)])
    assert done["update", "rule"] == ("r1",)
    assert done["create", "rule"] == ("r3",)
    assert done["remove", "rule"] == ("r2",)
    assert done["keep", "rule"] == ("r0",)
    assert model.rules["r1"]["query"] == "from y"
    assert "r2" not in model.rules


def test_an_update_keeps_what_users_set(model):
    deploy(model, [rule(0)])
    model.rules["r0"] |= {"enabled": True, "actions": [{"id": "mail"}]}
    model.lists["flowtrap-exceptions"]["items"] = ["mine"]
    deploy(model, [rule(0, "from y")])
    assert model.rules["r0"]["enabled"] is True
    assert model.rules["r0"]["actions"] == [{"id": "mail"}]
    assert model.rules["r0"]["query"] == "from y"
    assert model.lists["flowtrap-exceptions"]["items"] == ["mine"]


def test_an_edited_dashboard_is_put_back(model):
    deploy(model, [])
    model.objects["dashboard/flowtrap-case"]["attributes"]["description"] = "mine"
    model.objects["index-pattern/flowtrap-findings"]["attributes"]["title"] = "x"
    done = deploy(model, [])
    assert set(done["update", "saved object"]) == {
        "dashboard/flowtrap-case",
        "index-pattern/flowtrap-findings",
    }


def test_remove_takes_what_is_ours_and_nothing_else(model):
    deploy(model, [rule(0)])
    model.rules["copy"] = {**rule(0), "rule_id": "copy", "meta": {}}
    model.objects["dashboard/other"] = {"type": "dashboard", "id": "other"}
    for step in removal(shelves(model, [rule(0)])):
        carry_out(step)
    assert model.rules.keys() == {"copy"}
    assert model.objects.keys() == {"dashboard/other"}
    assert model.lists == {}
    assert removal(shelves(model, [rule(0)])) == []


def test_a_plan_changes_nothing(model):
    plan(shelves(model, [rule(0)]))
    assert not model.rules
    assert not model.objects
    assert not model.lists


def test_requests_go_to_the_space(model):
    plan(shelves(model, [], space="soc"))
    assert all(path.split(" ")[1].startswith("/s/soc/api/") for path in model.requests)


def test_many_rules_are_found_by_the_page(model, monkeypatch):
    monkeypatch.setattr("elastic.kibana_shelves.PAGE", 2)
    rules = [rule(n) for n in range(5)]
    deploy(model, rules)
    assert deploy(model, rules)["keep", "rule"] == tuple(f"r{n}" for n in range(5))


# --- failures -------------------------------------------------------------------------------------


def failure(call):
    with pytest.raises(ClusterError) as error:
        call()
    text = str(error.value)
    assert "\n" not in text
    assert PASSWORD not in text
    return text


def test_wrong_password(model):
    one = Kibana(model.origin, Access(user="elastic", password="no"))
    text = failure(Rules(one, []).installed)
    assert "the user, password or API key is wrong (401)" in text


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "do not allow this (403)"), (500, "answered 500"), (302, "elsewhere")],
)
def test_refusals_are_one_line(model, status, words):
    model.answers = [status]
    assert words in failure(lambda: plan(shelves(model, [])))


def test_old_version():
    with KibanaModel("8.12.2") as model:
        text = failure(Kibana(model.origin, ACCESS).check_version)
    assert "is version 8.12.2; the rules need 8.19 or newer" in text


def test_a_refused_rule_is_named(model):
    model.refused = {"r1": "query is bad"}
    text = failure(lambda: deploy(model, [rule(0), rule(1)]))
    assert "refused 1, the first is r1: query is bad" in text


def test_nothing_listens():
    with KibanaModel() as model:
        url = model.origin
    assert "cannot be reached" in failure(Kibana(url, ACCESS).check_version)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("kibana.example.com", "is no address"),
        ("https://a:b@kibana.example.com", "holds a user or password"),
        ("http://kibana.example.com:5601", "in the clear"),
    ],
)
def test_bad_addresses(url, words):
    assert words in failure(lambda: Kibana(url, ACCESS))


def test_bad_space():
    assert "is no space" in failure(lambda: Kibana("http://127.0.0.1", ACCESS, space="../x"))


# --- saved objects -----------------------------------------------------------------------------

OBJECTS = list(saved_objects())
OF_LOGS = {"data_stream.dataset", "@timestamp"}  # fields of every integration


@pytest.mark.parametrize("saved", OBJECTS, ids=lambda saved: saved["id"])
def test_json_in_json_and_references(saved):
    before = OBJECTS[: OBJECTS.index(saved)]
    known = {(one["type"], one["id"]) for one in before}
    for reference in saved["references"]:
        assert (reference["type"], reference["id"]) in known
    attributes = saved["attributes"]
    texts = [attributes[n] for n in attributes if n.endswith("JSON") or n == "visState"]
    meta = attributes.get("kibanaSavedObjectMeta")
    texts += [meta["searchSourceJSON"]] if meta else []
    for text in texts:
        json.loads(text)
    names = {reference["name"] for reference in saved["references"]}
    source = json.loads(meta["searchSourceJSON"]) if meta else {}
    assert source.get("indexRefName") in {*names, None}
    for panel in json.loads(attributes.get("panelsJSON", "[]")):
        assert f"{panel['panelIndex']}:{panel['panelRefName']}" in names


@pytest.mark.parametrize("saved", OBJECTS, ids=lambda saved: saved["id"])
def test_every_field_is_in_the_template(saved):
    fields = set(saved["attributes"].get("columns", []))
    state = json.loads(saved["attributes"].get("visState", "{}"))
    fields |= {agg["params"]["field"] for agg in state.get("aggs", []) if agg["params"]}
    source = json.loads(
        saved["attributes"].get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}")
    )
    asked = source.get("query", {}).get("query", "")
    fields |= {asked.split(" : ")[0]} if asked else set()
    logs = any(reference["id"] == LOGS_VIEW for reference in saved["references"])
    assert fields <= (OF_LOGS if logs and saved["type"] == "visualization" else finding_fields())


def test_panels_do_not_overlap_and_fit():
    for saved in OBJECTS:
        cells = set()
        for panel in json.loads(saved["attributes"].get("panelsJSON", "[]")):
            grid = panel["gridData"]
            assert grid["x"] + grid["w"] <= dashboards._WIDE
            own = {
                (grid["x"] + dx, grid["y"] + dy)
                for dx in range(grid["w"])
                for dy in range(grid["h"])
            }
            assert not own & cells
            cells |= own
