"""Checkpoints in the model of the KV store: saved whole, and never a reason to stop."""

from __future__ import annotations

import json
import logging

import pytest
from builders.splunkd import SESSION_KEY, Splunkd, make_certificate

from flowtrap.model.errors import StateError
from flowtrap_inputs.checkpoint import COLLECTION, Checkpoints, forget
from flowtrap_inputs.health import Health
from flowtrap_splunk.kv_rows import KVRows
from flowtrap_splunk.splunkd import Splunkd as Client

NAME = "flowtrap_workspace://corp"


@pytest.fixture
def server(tmp_path):
    with Splunkd(make_certificate(tmp_path)) as splunkd:
        yield splunkd


@pytest.fixture
def health():
    return Health(NAME)


@pytest.fixture
def checkpoints(server, health):
    rows = KVRows(Client(server.uri, SESSION_KEY), COLLECTION)
    return Checkpoints(rows, health, logging.getLogger("test"))


def test_what_is_saved_is_loaded_and_an_inputs_end_is_its_end(server, checkpoints):
    assert checkpoints.load(NAME) is None
    for record in ({"n": 1}, {"n": 2}):
        checkpoints.save(NAME, record)
        assert checkpoints.load(NAME) == record
    assert len(server.rows[COLLECTION]) == 1
    checkpoints.save("flowtrap_workspace://other", {"n": 3})
    forget(server.uri, SESSION_KEY, "flowtrap_workspace", "corp")
    assert checkpoints.load(NAME) is None
    assert checkpoints.load("flowtrap_workspace://other") == {"n": 3}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"content": '{"n":9}'}, "is damaged"),
        ({"content": None}, "is damaged"),
        ({"version": "1"}, "is damaged"),
        ({"version": 2}, "was written by a later version"),
        ({"input": "flowtrap_m365://x"}, "belongs to 'flowtrap_m365://x'"),
    ],
)
def test_one_that_cannot_be_used_is_told_and_set_aside(
    server, checkpoints, health, caplog, damage, said
):
    checkpoints.save(NAME, {"n": 1})
    server.rows[COLLECTION]["flowtrap_workspace:corp"].update(damage)
    assert checkpoints.load(NAME) is None
    assert said in caplog.text
    assert json.loads(health.event())["errors"] == {"checkpoint": 1}
    assert "flowtrap_workspace:corp:unusable" in server.rows[COLLECTION]
    checkpoints.save(NAME, {"n": 2})
    assert checkpoints.load(NAME) == {"n": 2}


def test_more_than_a_megabyte_is_refused(checkpoints):
    with pytest.raises(StateError, match="is 1,000"):
        checkpoints.save(NAME, {"x": "x" * 1_000_000})
