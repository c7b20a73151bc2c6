"""What a run keeps in the cluster: its state, one run at a time, and findings by revision."""

from __future__ import annotations

import dataclasses

import pytest
from builders.findings import finding as make_finding
from elasticsearch import Elasticsearch

from elastic import state
from elastic.client import Cluster
from elastic.sink import Sink, Written
from elastic.state import IndexState, Saved
from flowtrap.model.errors import StateError
from flowtrap.model.finding import Superseded
from flowtrap.sieve import Waiting

pytestmark = pytest.mark.server


@pytest.fixture
def cluster(node: Elasticsearch) -> Cluster:
    return Cluster(node, "the node", patience_s=10)


def test_state_is_what_was_saved_last(cluster, room, monkeypatch):
    monkeypatch.setattr(state, "PART_CHARACTERS", 100)
    one = IndexState(cluster, "mine", f"state-{room}")
    assert one.load() is None
    waiting = [
        Waiting("aws_cloudtrail", "here", n, ['{"a": "\\u00e9\ud800\\n"}'] * n) for n in (9, 1)
    ]
    for number in (1, 2):
        one.save(Saved(number, {"hits": [*map(str, range(2_500))], "none": {}}, waiting))
    for loaded in (IndexState(cluster, "mine", f"state-{room}").load(), one.load()):
        assert loaded.until_ms == 2
        assert loaded.engine["none"] == {}
        assert list(loaded.engine["hits"]) == [*map(str, range(2_500))]
        assert list(loaded.waiting) == waiting
    assert IndexState(cluster, "another", f"state-{room}").load() is None


def test_parts_of_the_old_state_are_gone(node, cluster, room, monkeypatch):
    monkeypatch.setattr(state, "PART_CHARACTERS", 100)
    one = IndexState(cluster, "mine", f"state-{room}")
    one.load()
    one.save(Saved(1, {"hits": [*map(str, range(200))]}, ()))
    one.save(Saved(2, {"hits": []}, ()))
    node.indices.refresh(index=f"state-{room}")
    assert node.count(index=f"state-{room}")["count"] == 2


def test_the_slower_of_two_runs_is_refused_and_changes_nothing(cluster, room):
    first, second = (IndexState(cluster, "mine", f"state-{room}") for _ in range(2))
    first.load()
    second.load()
    first.save(Saved(1, {"by": "first", "hits": []}, ()))
    with pytest.raises(StateError, match="was replaced by another run"):
        second.save(Saved(1, {"by": "second", "hits": []}, ()))
    assert IndexState(cluster, "mine", f"state-{room}").load().engine["by"] == "first"


def test_damaged_state_is_told(node, cluster, room):
    one = IndexState(cluster, "mine", f"state-{room}")
    one.load()
    one.save(Saved(1, {"by": "me", "hits": []}, ()))
    node.update(index=f"state-{room}", id="mine", doc={"sha256": "0"})
    with pytest.raises(StateError, match="is damaged"):
        IndexState(cluster, "mine", f"state-{room}").load()
    node.update(index=f"state-{room}", id="mine", doc={"format": 1})
    with pytest.raises(StateError, match="is of another version of Flowtrap"):
        IndexState(cluster, "mine", f"state-{room}").load()


def test_newer_revision_replaces_and_an_older_does_not(node, cluster, room):
    sink = Sink(cluster, f"findings-{room}")
    finding = make_finding(revision=2)
    assert sink.write([finding], []) == Written(created=1)
    newer = dataclasses.replace(finding, revision=3, verdict="more")
    assert sink.write([newer], []) == Written(updated=1)
    assert sink.write([finding], []) == Written(older=1)
    kept = node.get(index=f"findings-{room}", id=finding.finding_id)
    assert (kept["_version"], kept["_source"]["flowtrap"]["verdict"]) == (3, "more")


def test_superseded_finding_is_no_alert_any_more(node, cluster, room):
    sink = Sink(cluster, f"findings-{room}")
    finding = make_finding(revision=2)
    sink.write([finding], [])
    gone = Superseded(finding.finding_id, 2, finding.detection, finding.last_time, "another")
    sink.write([], [gone])
    kept = node.get(index=f"findings-{room}", id=finding.finding_id)["_source"]
    assert kept["event"]["kind"] == "event"
    assert kept["flowtrap"]["superseded_by"] == "another"


def test_template_maps_what_is_searched(node, cluster, room):
    Sink(cluster, f"findings-{room}").write([make_finding()], [])
    fields = node.field_caps(index=f"findings-{room}", fields="*")["fields"]
    assert fields["flowtrap.verdict"].keys() == {"keyword"}
    assert fields["@timestamp"].keys() == {"date"}
