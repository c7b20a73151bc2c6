"""Indices as real clusters hold them: what can be read is read, and what cannot is told."""

from __future__ import annotations

import pytest
from builders import all_scenarios
from builders import elastic_running as running
from builders.elastic_meddler import Meddler
from builders.kept_originals import MAPPINGS, documents, index_of
from elasticsearch import Elasticsearch, helpers

from elastic.client import Access, Cluster, connect
from elastic.sources import Source
from elastic.survey import survey

pytestmark = pytest.mark.server
EVERYTHING = ("--final", "--step=400d", "--slices=1")
FEED = "gcp_audit"
TIME = {"@timestamp": {"type": "date"}}


def records():
    """Return those of one attack, all of one feed."""
    return next(iter(all_scenarios.attacks("gcp").values()))


def fill(node: Elasticsearch, index: str, mappings=MAPPINGS, **more) -> str:
    """Make an index of a test and put the records in."""
    settings = {"number_of_replicas": 0, **more.pop("settings", {})}
    node.indices.create(index=index, mappings=mappings, settings=settings, **more)
    rows = [{"_index": index, "_source": kept.source} for kept in documents(records())]
    helpers.bulk(node, rows, refresh=True)
    return index


def run(node, node_url, room, pattern, *options):
    """Return what a run said and the findings it wrote."""
    done = running.run(node_url, room, f"--index={FEED}={pattern}", *EVERYTHING, *options)
    return done.returncode, done.stderr, running.findings(node, room)


@pytest.mark.parametrize(
    ("mappings", "more"),
    [
        (MAPPINGS, {}),
        ({"properties": {**MAPPINGS["properties"], "@timestamp": {"type": "date_nanos"}}}, {}),
        (MAPPINGS, {"settings": {"index.mapping.source.mode": "synthetic"}}),
        ({"dynamic": False, "properties": TIME}, {}),
        ({**MAPPINGS, "_source": {"excludes": ["gcp", "user_agent"]}}, {}),
        (MAPPINGS, {"aliases": {"alias-{room}": {"filter": {"term": {"event.dataset": "gcp.audit"}}}}}),
        (MAPPINGS, {"settings": {"index.hidden": True}}),
    ],
    ids=["plain", "nanoseconds", "synthetic source", "nothing but the time is mapped",
         "fields left out of the source", "alias", "hidden, as behind a data stream"],
)  # fmt: skip
def test_documents_that_can_be_read_are(node, node_url, room, mappings, more):
    more = {**more, "aliases": {k.format(room=room): v for k, v in more.get("aliases", {}).items()}}
    hidden = "index.hidden" in more.get("settings", {})
    name = f".ds-{index_of(room, FEED)}" if hidden else index_of(room, FEED)
    fill(node, name, mappings, **more)
    pattern = f"alias-{room}" if more["aliases"] else f"{name}*"
    code, said, found = run(node, node_url, room, pattern)
    assert code == 0, said
    assert found, said
    assert "unrecognised" not in said
    assert ("only a part of _source is kept, and only that is seen" in said) is (
        "_source" in mappings
    )


def test_what_cannot_be_read_is_told_and_the_rest_is_read(node, node_url, room):
    name = fill(node, index_of(room, FEED))
    hollow = fill(node, f"{name}-hollow", {**MAPPINGS, "_source": {"enabled": False}})
    blind = fill(node, f"{name}-blind", {"dynamic": False})
    closed = fill(node, f"{name}-closed")
    node.indices.close(index=closed)
    ignored = {**TIME, "@timestamp": {"type": "date", "ignore_malformed": True}}
    node.indices.create(index=f"{name}-odd", mappings={"dynamic": False, "properties": ignored})
    node.index(index=f"{name}-odd", document={"@timestamp": "yesterday"}, refresh=True)
    code, said, found = run(node, node_url, room, f"{name}*,absent-{room}")
    assert code == 2, said
    assert found
    for line in (
        f"closed, so that it is not read: {closed}",
        f"there is no index absent-{room}",
        f"without @timestamp and event.ingested, so that it cannot be read: {blind}",
        f"without _source, so that it cannot be read: {hollow}",
        "documents without a time, so that they cannot be read: 1",
        f"no event.ingested in {name}*,absent-{room}: what arrives there later than --lateness",
    ):
        assert line in said, said
    assert "INCOMPLETE" in said
    assert "the next run goes on from" in said  # what can never be read does not hold it up


def test_source_without_any_time_holds_the_state_and_the_rest_is_read(node, node_url, room):
    fill(node, index_of(room, FEED))
    blind = fill(node, index_of(room, "gws_reports"), {"dynamic": False})
    texts = {"properties": {"@timestamp": {"type": "keyword"}}, "dynamic": False}
    worded = fill(node, index_of(room, "m365_audit"), texts)
    others = (f"--index=gws_reports={blind}", f"--index=m365_audit={worded}*")
    code, said, found = run(node, node_url, room, f"{index_of(room, FEED)}*", *others)
    assert code == 2, said
    assert found
    assert f"{blind}: has no date field @timestamp or event.ingested (map one as a date)" in said
    assert f"@timestamp is keyword, no date, in {worded} (map it as a date, or name" in said
    assert "no state was saved" in said


def test_original_left_out_of_the_source_is_read_from_its_fields(node, node_url, room):
    name = fill(
        node, index_of(room, FEED), {**MAPPINGS, "_source": {"excludes": ["event.original"]}}
    )
    code, said, found = run(node, node_url, room, f"{name}*")
    assert code == 0, said
    assert found
    assert f"only a part of _source is kept, and only that is seen: {name}" in said
    assert "documents kept no event.original, so their fields were read" in said


# --- other clusters: the node has none, so a proxy plays their part --------------------------------


def ask(proxy: Meddler, pattern: str):
    cluster = Cluster(connect(Access(url=proxy.origin)), "here", patience_s=5)
    return survey(cluster, Source(pattern, (FEED,)))


def test_remote_cluster_that_does_not_answer_is_missed(node, node_url, room):
    name = fill(node, index_of(room, FEED))
    date = {"date": {"aggregatable": True}}
    failure = {"indices": ["near:x"], "failure": {"error": {"reason": "it is away"}}}
    answer = {"indices": [name], "fields": {"@timestamp": date}, "failures": [failure]}
    with Meddler(node_url) as proxy:
        assert ask(proxy, f"{name}*").missed == ()
        proxy.meddle = lambda request, forward: (
            200,
            answer if "_field_caps" in request.path else {"count": 0},
        )
        seen = ask(proxy, f"far:{name}*,near:x,*:any")
    assert seen.missed == (
        "remote cluster far did not answer, or has no such index",
        "remote cluster near did not answer, or has no such index",
        "near:x: it is away",
    )


def test_remote_cluster_that_was_skipped_makes_the_run_incomplete(node, node_url, room):
    name = fill(node, index_of(room, FEED))
    with Meddler(node_url) as proxy:

        def skip(request, forward):
            status, answer = forward()
            if "_search" in request.path:
                answer["_clusters"] = {"total": 2, "successful": 1, "skipped": 1}
            return status, answer

        proxy.meddle = skip
        code, said, found = run(node, proxy.origin, room, f"{name}*")
    assert code == 2, said
    assert found
    assert "1 of 2 remote clusters did not answer in full" in said
    assert "no state was saved" in said
