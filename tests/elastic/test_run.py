"""`elastic run` over the real node: the same cases as `hunt`, in one go and in many."""

from __future__ import annotations

import dataclasses
import json

import pytest
from builders import all_scenarios
from builders import elastic_running as running
from builders.hunting import hunt
from builders.kept_originals import load
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


def test_daily_steps_and_a_second_run_give_the_same_cases(node, node_url, room, expected):
    indices = load(node, room, _records())
    first = running.run(node_url, room, *indices, "--step=1d")
    assert first.returncode == 0, first.stderr
    second = running.run(node_url, room, *indices, "--final")
    assert second.returncode == 0, second.stderr
    assert {key: _said(row["flowtrap"]) for key, row in running.findings(node, room).items()} == {
        key: _said(dataclasses.asdict(finding)) for key, finding in expected.items()
    }


def _said(row):
    """Return what a finding says; how many events it shows may lag behind, but not its verdict."""
    return row["detection"], row["verdict"], row["severity"], row["first_time"]
