"""`elastic run` over the real node: the same cases as `hunt`, in one go and in many."""

from __future__ import annotations

import dataclasses
import json

import pytest
from builders import all_scenarios, elastic_documents
from builders import elastic_running as running
from builders.hunting import hunt
from builders.kept_originals import MAPPINGS, load
from elasticsearch import Elasticsearch, helpers

from elastic.documents import finding_document
from elastic.sources import FEEDS
from flowtrap.normalise.table import FEEDS as SPECS

pytestmark = pytest.mark.server
EVERYTHING = ("--final", "--step=400d")


@pytest.fixture(scope="module")
def expected():
    """Return the findings of `hunt` over all scenarios of all platforms."""
    return {finding.finding_id: finding for finding in hunt(_records()).findings}


def _records():
    return [record for name in all_scenarios.NAMES for record in all_scenarios.everything(name)]


def test_every_feed_has_a_place():
    assert FEEDS.keys() == {spec.name for spec in SPECS}


def test_all_scenarios_give_what_hunt_gives(node: Elasticsearch, node_url, room, expected):
    indices = load(node, room, _records())
    done = running.run(node_url, room, *indices, *EVERYTHING)
    assert done.returncode == 0, done.stderr
    found = running.findings(node, room)
    assert {key: row["flowtrap"] for key, row in found.items()} == {
        key: json.loads(json.dumps(finding_document(finding)))["flowtrap"]
        for key, finding in expected.items()
    }
    assert all(row["version"] == row["flowtrap"]["revision"] for row in found.values())
    assert "filtered_out" in done.stderr


def test_documents_without_their_original_give_what_hunt_gives_on_them(node, node_url, room):
    hits = list(elastic_documents.hits(_records()))
    expected = {finding.finding_id: finding.verdict for finding in hunt(hits).findings}
    index = f"logs-{room}"
    node.indices.create(index=index, mappings=MAPPINGS)
    rows = ({"_index": index, "_source": hit["_source"]} for hit in hits)
    helpers.bulk(node, rows, refresh=True)
    everywhere = [f"--index={feed}={index}" for feed in FEEDS]
    done = running.run(node_url, room, *everywhere, *EVERYTHING)
    assert done.returncode in (0, 2), done.stderr
    found = running.findings(node, room)
    assert len(expected) > 20
    assert {key: row["flowtrap"]["verdict"] for key, row in found.items()} == expected


def test_daily_steps_and_a_second_run_give_the_same_cases(node, node_url, room, expected):
    indices = load(node, room, _records())
    first = running.run(node_url, room, *indices, "--step=1d")
    assert first.returncode == 0, first.stderr
    second = running.run(node_url, room, *indices, "--final")
    assert second.returncode == 0, second.stderr
    assert {key: _said(row["flowtrap"]) for key, row in running.findings(node, room).items()} == {
        key: _said(dataclasses.asdict(finding)) for key, finding in expected.items()
    }


def test_steps_are_as_short_as_a_batch_asks(node, node_url, room, expected):
    indices = load(node, room, _records())
    done = running.run(node_url, room, *indices, "--final", "--batch=300", "--save-every=0s")
    assert done.returncode == 0, done.stderr
    head = node.get(index="flowtrap-state", id=room)["_source"]
    assert head["generation"] > len(_records()) / 300 / 4  # a step most often saves a state
    told = {key: row["flowtrap"] for key, row in running.findings(node, room).items()}
    assert {key: _said(row) for key, row in told.items() if "verdict" in row} == {
        key: _said(dataclasses.asdict(finding)) for key, finding in expected.items()
    }
    assert all("superseded_by" in row for row in told.values() if "verdict" not in row)


def _said(row):
    """Return what a finding says; how many events it shows may lag behind, but not its verdict."""
    return row["detection"], row["verdict"], row["severity"], row["first_time"]
