"""What goes wrong is told in one line, nothing is lost, and the next run makes good for it."""

from __future__ import annotations

import json

import pytest
from builders import elastic_running as running
from builders import make_examples
from builders.elastic_meddler import Meddler
from builders.kept_originals import index_of, load
from elasticsearch import Elasticsearch

PASSWORD = "correct-horse"
EVERYTHING = ("--final", "--step=400d", "--slices=1")


@pytest.fixture
def indices(node: Elasticsearch, room: str) -> list[str]:
    return load(node, room, make_examples.every_record())


@pytest.fixture
def proxy(node_url: str):
    with Meddler(node_url) as meddler:
        yield meddler


def lines(done) -> list[str]:
    return done.stderr.splitlines()


def test_wrong_password_is_one_line_without_it():
    with Meddler() as proxy:
        proxy.meddle = lambda request, forward: (401, {"error": {"reason": "unable to"}})
        done = running.run(
            proxy.origin, "t", "--user=eve", FLOWTRAP_ELASTIC_PASSWORD=PASSWORD
        )  # fmt: skip
    assert done.returncode == 1
    assert (
        lines(done)[0] == f"flowtrap: {proxy.origin}: the user, password or API key is wrong (401)"
    )
    assert PASSWORD not in done.stderr
    assert len(lines(done)) == 2


def test_credentials_in_the_address_are_refused_and_not_repeated():
    done = running.run(f"http://eve:{PASSWORD}@127.0.0.1:9", "t")
    assert done.returncode == 1
    assert "the address holds a user or password" in done.stderr
    assert PASSWORD not in done.stderr


def test_credentials_do_not_travel_in_the_clear():
    done = running.run("http://192.0.2.1:9200", "t", FLOWTRAP_ELASTIC_API_KEY=PASSWORD)
    assert done.returncode == 1
    assert "would travel in the clear" in done.stderr


def test_cluster_that_is_not_there_is_one_line_after_the_patience():
    done = running.run("http://127.0.0.1:9", "t", "--patience=1s")
    assert done.returncode == 1
    assert "http://127.0.0.1:9: cannot be reached" in lines(done)[0]


def test_busy_cluster_is_given_up_after_the_patience_in_one_line():
    with Meddler() as proxy:
        proxy.meddle = lambda request, forward: (429, {"error": {"type": "busy"}})
        done = running.run(proxy.origin, "t", "--patience=2s")
    assert done.returncode == 1
    assert "too busy: it kept answering 429" in lines(done)[0]
    assert 2 <= len(proxy.requests) <= 6


@pytest.mark.server
def test_busy_cluster_is_asked_again(proxy: Meddler, node, room, indices):
    refused: list[str] = []

    def meddle(request, forward):
        path = request.path.partition("?")[0]
        if refused.count(path) < 2:
            refused.append(path)
            return 429, {"error": {"type": "es_rejected_execution_exception"}}
        return forward()

    proxy.meddle = meddle
    done = running.run(proxy.origin, room, *indices, *EVERYTHING)
    assert done.returncode == 0, done.stderr
    assert "/_bulk" in refused
    assert running.findings(node, room)


@pytest.mark.server
def test_findings_that_a_busy_cluster_did_not_take_are_sent_again(proxy, node, room, indices):
    turned_away: list[str] = []

    def meddle(request, forward):
        if not request.path.startswith("/_bulk") or turned_away:
            return forward()
        heads = [json.loads(line) for line in request.body.splitlines()[::2]]
        turned_away.extend(head["index"]["_id"] for head in heads)
        busy = {"status": 429, "error": {"type": "es_rejected_execution_exception"}}
        return 200, {"errors": True, "items": [{"index": busy} for _ in heads]}

    proxy.meddle = meddle
    done = running.run(proxy.origin, room, *indices, *EVERYTHING)
    assert done.returncode == 0, done.stderr
    assert set(turned_away) == set(running.findings(node, room)) != set()


@pytest.mark.server
@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"timed_out": True}, "the search was cut short by a time-out"),
        (
            {"_shards": {"total": 3, "successful": 2, "skipped": 0, "failed": 1,
                         "failures": [{"reason": {"reason": "disk is gone"}}]}},
            "1 of 3 shards failed: disk is gone",
        ),
    ],
    ids=["timed out", "shards failed"],
)  # fmt: skip
def test_partial_answer_is_incomplete_and_read_again(
    proxy, node, node_url, room, indices, change, line
):
    def meddle(request, forward):
        status, answer = forward()
        if request.path.startswith("/_search") and b'"pit"' in request.body:
            answer = {**answer, **change, "hits": {"hits": []}}
        return status, answer

    proxy.meddle = meddle
    done = running.run(proxy.origin, room, *indices, *EVERYTHING)
    assert done.returncode == 2, done.stderr
    assert line in done.stderr
    assert "INCOMPLETE" in done.stderr
    assert "no state was saved" in done.stderr
    assert not running.findings(node, room)
    again = running.run(node_url, room, *indices, *EVERYTHING)
    assert again.returncode == 0, again.stderr
    assert running.findings(node, room)


@pytest.mark.server
def test_red_index_is_one_line_and_the_rest_is_read(node, node_url, room, indices):
    red = f"{index_of(room, 'gcp_audit')}-red"
    node.indices.create(
        index=red,
        settings={"index.routing.allocation.require.box": "nowhere"},
        mappings={"properties": {"@timestamp": {"type": "date"}}},
        wait_for_active_shards=0,
        timeout="1s",
    )
    done = running.run(node_url, room, *indices, *EVERYTHING)
    told = [line for line in lines(done) if "is red" in line]
    assert len(told) == 1, done.stderr
    assert index_of(room, "gcp_audit") in told[0]
    assert done.returncode == 2, done.stderr
    assert running.findings(node, room)


@pytest.mark.server
def test_search_that_is_refused_is_one_line_and_the_rest_is_read(proxy, node, room, indices):
    refusal = {"type": "search_phase_execution_exception", "reason": "_source is disabled"}
    dated = {"properties": {"@timestamp": {"type": "date"}}}
    node.indices.create(index=index_of(room, "gcp_audit"), mappings=dated)

    def meddle(request, forward):
        other = index_of(room, "gcp_audit") in request.path
        return (400, {"error": refusal}) if other and "_search" in request.path else forward()

    proxy.meddle = meddle
    done = running.run(proxy.origin, room, *indices, *EVERYTHING)
    told = f"{index_of(room, 'gcp_audit')}*: cannot be searched: _source is disabled"
    assert [told in line for line in lines(done)].count(True) == 1, done.stderr
    assert done.returncode == 2
    assert running.findings(node, room)


@pytest.mark.server
def test_cluster_without_any_feed_is_told(node_url, room):
    done = running.run(node_url, room, "--index=aws_cloudtrail=absent-*")
    assert done.returncode == 1
    assert "no index of any feed is there" in done.stderr


def test_unknown_feed_and_missing_cluster_are_usage_errors():
    assert "is no FEED=PATTERN" in running.run("http://127.0.0.1:9", "t", "--index=x").stderr
    assert "name the cluster" in running.run("", "t").stderr
