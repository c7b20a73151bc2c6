"""Templates and lists on the real node, and the verb from end to end beside a model of Kibana."""

from __future__ import annotations

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

from elastic.client import Cluster
from elastic.cluster_shelves import Lists, Templates
from elastic.documents import finding_document
from elastic.errors import ClusterError
from elastic.lists import list_rows, unsaid
from elastic.shelf import carry_out, plan, removal
from elastic.templates import finding_fields
from flowtrap.model.tunable import Tunables, wildcard

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
    return list_rows(detections(), Tunables(site, now_ms=NOW_MS))


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


def test_lists_are_kept_while_they_are_equal(cluster, room):
    shelf = Lists(cluster, rows(), f"flowtrap-lists-{room}")
    assert done([shelf]) == {("create", "lookup index")}
    assert done([shelf]) == {("keep", "lookup index")}


VALUES = ("ab", "abc", "abbc", "ab-bc", "xabc", "AB-BC-cd", "ab-x-cd", "cd", "abcd", "")
PATTERNS = ("ab", "ab*", "*cd", "ab*cd", "*b-b*", "ab*bc*", "*", "*bc*cd")


def test_the_query_of_the_page_agrees_with_hunts_patterns(cluster, room, repo, node: Elasticsearch):
    index = f"flowtrap-lists-{room}"
    site = {"allowed_deployers": list(PATTERNS)}
    done([Lists(cluster, rows(site), index)])
    shown = (repo / "docs" / "elastic-deploy.md").read_text().split("```esql\n")[1].split("```")[0]
    where = shown.replace("flowtrap-lists", index).replace(
        "aws.cloudtrail.user_identity.arn", "who"
    )
    for value in VALUES:
        query = f'ROW who = "{value}" {where} | WHERE detection == "aws_lambda_opened"'
        found = node.esql.query(query=f"{query} | KEEP pattern | LIMIT 99")["values"]
        expected = {pattern for pattern in PATTERNS if wildcard(pattern).fullmatch(value)}
        assert {row[0] for row in found} == expected, value


def test_rows_leave_out_what_cannot_be_said_or_has_expired():
    patterns = {row["pattern"] for row in rows().values()}
    assert "*/GitHub-deploy" in patterns
    assert not patterns & {"a*b*c*d", "gone"}
    assert "allowed_deployers: a*b*c*d" in unsaid(detections(), Tunables(SITE, now_ms=NOW_MS))


def test_changed_lists_replace_their_rows(cluster, room, node: Elasticsearch):
    index = f"flowtrap-lists-{room}"
    done([Lists(cluster, rows(), index)])
    fewer = {"allowed_deployers": ["only-this"]}
    assert done([Lists(cluster, rows(fewer), index)]) == {("update", "lookup index")}
    node.indices.refresh(index=index)
    found = node.search(index=index, size=1000)["hits"]["hits"]
    assert {hit["_id"] for hit in found} == rows(fewer).keys()


def test_a_stopped_write_is_done_again(cluster, room, node: Elasticsearch, monkeypatch):
    index = f"flowtrap-lists-{room}"
    shelf = Lists(cluster, rows(), index)
    monkeypatch.setattr(shelf, "_write", _stop)
    with pytest.raises(KeyboardInterrupt):
        done([shelf])
    assert done([Lists(cluster, rows(), index)]) == {("update", "lookup index")}


def _stop():
    raise KeyboardInterrupt


def test_a_strange_index_is_left_alone(cluster, room, node: Elasticsearch):
    node.indices.create(index=f"flowtrap-lists-{room}")
    with pytest.raises(ClusterError, match="that Flowtrap did not make"):
        plan([Lists(cluster, {}, f"flowtrap-lists-{room}")])


# --- the verb -----------------------------------------------------------------------------------


def deploy(node_url, *options, password=PASSWORD):
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


def test_the_verb_fails_in_one_line(node_url):
    with KibanaModel() as kibana:
        failed = deploy(node_url, f"--kibana={kibana.origin}", "--yes", password="wrong")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[1:] == [
        f"flowtrap: {kibana.origin}: the user, password or API key is wrong (401)"
    ]
    assert failed.stdout == ""
