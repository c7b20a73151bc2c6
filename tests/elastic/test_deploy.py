"""Templates and lists on the real node, and the verb from end to end beside a model of Kibana."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
from builders import findings
from builders.elastic_running import environment
from builders.hunting import NOW_MS, detections
from builders.kibana import PASSWORD, KibanaModel
from elasticsearch import Elasticsearch

from compiler.elastic import lookup
from elastic.client import Cluster
from elastic.cluster_shelves import Lists, Templates
from elastic.documents import finding_document
from elastic.errors import ClusterError
from elastic.shelf import carry_out, plan, removal
from elastic.templates import finding_fields
from flowtrap.model.tunable import Tunables

pytestmark = pytest.mark.server
LAUNCHER = str(Path(__file__).resolve().parents[2] / "bin" / "flowtrap")
SITE = {
    "allowed_deployers": [
        {
            "pattern": "*/GitHub-deploy",
            "scope": "123456789012",
            "reason": "CI",
            "owner": "platform",
        },
        {"pattern": "a*b*c*d", "reason": "too many"},
        {"pattern": "gone", "expires": "2020-01-01"},
    ]
}


def done(shelves):
    steps = plan(shelves)
    for step in steps:
        carry_out(step)
    return {(step.verb, step.shelf.kind) for step in steps}


@pytest.fixture
def cluster(node, node_url):
    return Cluster(node, node_url, patience_s=5)


def rows(site=SITE):
    return lookup.rows(detections(), Tunables(site, now_ms=NOW_MS))


# --- templates ----------------------------------------------------------------------------------


def templates(cluster, room):
    return Templates(cluster, f"flowtrap-findings-{room}", f"flowtrap-state-{room}")


def test_templates_are_created_kept_and_removed(cluster, room, node: Elasticsearch):
    assert done([templates(cluster, room)]) == {("create", "index template")}
    assert done([templates(cluster, room)]) == {("keep", "index template")}
    for step in removal([templates(cluster, room)]):
        carry_out(step)
    assert removal([templates(cluster, room)]) == []
    assert not node.indices.exists_index_template(name=f"flowtrap-findings-{room}")


def test_a_changed_template_is_replaced(cluster, room, node: Elasticsearch):
    name = f"flowtrap-findings-{room}"
    node.indices.put_index_template(
        name=name, index_patterns=[name], meta={"managed_by": "flowtrap", "digest": "old"}
    )
    assert ("update", "index template") in done([templates(cluster, room)])
    assert done([templates(cluster, room)]) == {("keep", "index template")}


def test_a_strange_template_is_left_alone(cluster, room, node: Elasticsearch):
    name = f"flowtrap-findings-{room}"
    node.indices.put_index_template(name=name, index_patterns=[f"{room}-x"])
    with pytest.raises(ClusterError, match="that Flowtrap did not make"):
        plan([templates(cluster, room)])


def test_a_finding_is_found_by_every_field(cluster, room, node: Elasticsearch):
    done([templates(cluster, room)])
    index = f"flowtrap-findings-{room}"
    document = json.loads(json.dumps(finding_document(findings.finding(1))))
    node.index(index=index, id="1", document=document, refresh=True)
    mapped = node.indices.get_mapping(index=index)[index]["mappings"]
    assert mapped["dynamic"] == "false"
    told = set(_fields(document))
    assert told <= finding_fields()
    for field in sorted(told):
        found = node.search(index=index, query={"exists": {"field": field}})
        assert found["hits"]["total"]["value"] == 1, field
    charted = node.search(
        index=index, size=0, aggs={"a": {"terms": {"field": "flowtrap.evidence.summary"}}}
    )
    assert charted["aggregations"]["a"]["buckets"]


def _fields(node, prefix=""):
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _fields(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for one in value:
                yield from _fields(one, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_hostile_findings_are_taken(cluster, room, node: Elasticsearch):
    done([templates(cluster, room)])
    index = f"flowtrap-findings-{room}"
    for number, text in enumerate(findings.HOSTILE):
        odd = findings.finding(number, title=text.encode("utf-8", "replace").decode())
        node.index(index=index, id=str(number), document=finding_document(odd))
    node.indices.refresh(index=index)
    assert node.count(index=index)["count"] == len(findings.HOSTILE)


# --- lists --------------------------------------------------------------------------------------


def lists(cluster, room, site=SITE, extra=()):
    wanted = {
        "settings": lookup.settings(),
        "mappings": lookup.mappings(detections()),
        "rows": rows(site) | dict(extra),
    }
    return Lists(cluster, f"flowtrap-lists-{room}", wanted)


def there(node, room):
    found = node.search(index=f"flowtrap-lists-{room}", size=1000)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in found}


def test_lists_are_kept_while_they_are_equal(cluster, room, node: Elasticsearch):
    assert done([lists(cluster, room)]) == {("create", "lookup index")}
    assert done([lists(cluster, room)]) == {("keep", "lookup index")}
    assert there(node, room) == rows()


def test_the_query_of_the_page_asks_a_list(cluster, room, repo, node: Elasticsearch):
    done([lists(cluster, room)])
    shown = (repo / "docs" / "elastic-deploy.md").read_text().split("```esql\n")[1].split("```")[0]
    query = shown.replace("flowtrap-lists", f"flowtrap-lists-{room}")
    answers = [
        node.esql.query(query=f"{one} | KEEP allowed | LIMIT 1")["values"]
        for one in (query, query.replace('"123456789012"', '"210987654321"'))
    ]
    assert answers == [[[True]], [[False]]]


def test_rows_show_people_their_live_entries():
    entries = rows()["aws_lambda_opened"]["entries"]
    patterns = [row["pattern"] for row in entries if row["list"] == "allowed_deployers"]
    assert patterns == ["*/GitHub-deploy", "a*b*c*d"]
    assert {"list": "allowed_deployers", **SITE["allowed_deployers"][0]} in entries


def test_changed_lists_replace_their_rows(cluster, room, node: Elasticsearch):
    done([lists(cluster, room, extra={"gone": {"detection": "gone"}})])
    fewer = {"allowed_deployers": ["only-this"]}
    assert done([lists(cluster, room, fewer)]) == {("update", "lookup index")}
    assert there(node, room) == rows(fewer)


def test_an_index_of_an_earlier_flowtrap_gets_its_new_fields(cluster, room, node: Elasticsearch):
    node.indices.create(
        index=f"flowtrap-lists-{room}",
        settings={"index.mode": "lookup"},
        mappings={
            "dynamic": "strict",
            "_meta": {"managed_by": "flowtrap", "digest": "old"},
            "properties": {"pattern": {"type": "keyword"}, "detection": {"type": "keyword"}},
        },
    )
    node.index(index=f"flowtrap-lists-{room}", document={"pattern": "x"}, refresh=True)
    assert done([lists(cluster, room)]) == {("update", "lookup index")}
    assert there(node, room) == rows()


def test_a_stopped_write_is_done_again(cluster, room, monkeypatch):
    shelf = lists(cluster, room)
    monkeypatch.setattr(shelf, "_write", _stop)
    with pytest.raises(KeyboardInterrupt):
        done([shelf])
    assert done([lists(cluster, room)]) == {("update", "lookup index")}


def _stop(rows):
    raise KeyboardInterrupt


def test_a_strange_index_is_left_alone(cluster, room, node: Elasticsearch):
    node.indices.create(index=f"flowtrap-lists-{room}")
    with pytest.raises(ClusterError, match="that Flowtrap did not make"):
        plan([lists(cluster, room)])


# --- the verb -----------------------------------------------------------------------------------


def deploy(node_url, *options, password=PASSWORD, cwd=None):
    return subprocess.run(
        [
            sys.executable,
            LAUNCHER,
            "elastic",
            "deploy",
            f"--url={node_url}",
            "--user=elastic",
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env=environment(FLOWTRAP_ELASTIC_PASSWORD=password),
    )


def test_the_verb_installs_keeps_and_removes(node_url, node: Elasticsearch):
    shown = deploy(node_url)
    assert shown.returncode == 0, shown.stderr
    assert "create index template: flowtrap-findings, flowtrap-state" in shown.stdout
    assert "nothing was changed" in shown.stderr
    with KibanaModel() as kibana:
        options = (f"--kibana={kibana.origin}",)
        try:
            made = deploy(node_url, *options, "--yes")
            assert made.returncode == 0, made.stderr
            assert node.indices.exists(index="flowtrap-lists")
            assert len(kibana.rules) > 20
            assert all(not rule["enabled"] for rule in kibana.rules.values())
            again = deploy(node_url, *options, "--yes")
            assert "nothing to do" in again.stderr
            assert {line.split()[0] for line in again.stdout.splitlines()} == {"keep"}
        finally:
            gone = deploy(node_url, *options, "--remove", "--yes")
        assert gone.returncode == 0, gone.stderr
        assert not node.indices.exists(index="flowtrap-lists")
        assert not node.indices.exists_index_template(name="flowtrap-findings")
        assert (kibana.rules, kibana.lists, kibana.objects) == ({}, {}, {})


def test_an_edit_of_a_list_changes_no_rule(node_url, node: Elasticsearch, tmp_path):
    settings = tmp_path / "flowtrap.yml"
    settings.write_text("tunables: {allowed_functions: [one]}")
    with KibanaModel() as kibana:
        options = (f"--kibana={kibana.origin}", "--yes")
        try:
            assert deploy(node_url, *options, cwd=tmp_path).returncode == 0
            rules = copy.deepcopy(kibana.rules)
            settings.write_text("tunables: {allowed_functions: [one, two*], role_scope: [mine]}")
            edited = deploy(node_url, *options, cwd=tmp_path)
            changed = [line for line in edited.stdout.splitlines() if not line.startswith("keep")]
            assert changed == ["update lookup index: flowtrap-lists"]
            assert kibana.rules == rules
            compiled = deploy(node_url, *options, "--lists=compiled", cwd=tmp_path)
            changed = [line for line in compiled.stdout.splitlines() if not line.startswith("keep")]
            assert [line.partition(":")[0] for line in changed] == [
                "update rule",
                "remove lookup index",
            ]
            assert not node.indices.exists(index="flowtrap-lists")
        finally:
            deploy(node_url, *options, "--remove")


def test_the_verb_fails_in_one_line(node_url):
    with KibanaModel() as kibana:
        failed = deploy(node_url, f"--kibana={kibana.origin}", "--yes", password="wrong")
    assert failed.returncode == 1
    assert failed.stderr.splitlines() == [
        f"flowtrap: {kibana.origin}: the user, password or API key is wrong (401)"
    ]
    assert failed.stdout == ""
