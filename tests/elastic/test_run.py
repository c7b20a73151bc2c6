"""`elastic run` over the real node: the same cases as `hunt`, in one go and in many."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from builders import all_scenarios, elastic_running as running
from builders.hunting import hunt
from builders.kept_originals import index_of, load
from elasticsearch import Elasticsearch

pytestmark = pytest.mark.server
EVERYTHING = ("--final", "--step=400d")


@pytest.fixture(scope="module")
def expected():
    """Return the findings of `hunt` over all scenarios of all platforms."""
    return {finding.finding_id: finding for finding in hunt(_records()).findings}


def _records():
    return [record for name in all_scenarios.NAMES for record in all_scenarios.everything(name)]


def test_all_scenarios_give_what_hunt_gives(node: Elasticsearch, node_url, room, expected):
    indices = load(node, room, _records())
    done = running.run(node_url, room, *indices, *EVERYTHING)
    assert done.returncode == 0, done.stderr
    found = running.findings(node, room)
    assert {key: row["flowtrap"] for key, row in found.items()} == {
        key: json.loads(json.dumps(dataclasses.asdict(finding)))
        for key, finding in expected.items()
    }
    assert "filtered_out" in done.stderr
