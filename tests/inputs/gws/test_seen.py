"""The keys of what was delivered, in the model of the KV store."""

from __future__ import annotations

import json
import logging
import random

import pytest
from builders.splunkd import SESSION_KEY

from flowtrap_inputs.checkpoint import COLLECTION
from flowtrap_inputs.gws import seen as module
from flowtrap_inputs.gws.seen import SLOT_S, Seen
from flowtrap_inputs.health import Health
from flowtrap_splunk.kv_rows import KVRows
from flowtrap_splunk.splunkd import Splunkd as Client

NAME = "flowtrap_workspace://corp"
NOW_S = 1_800_000_000.0


@pytest.fixture
def health():
    return Health(NAME)


@pytest.fixture
def seen(splunkd, health):
    """Return `seen()`, what a new run has."""
    rows = KVRows(Client(splunkd.uri, SESSION_KEY), COLLECTION)
    return lambda: Seen(rows, NAME, "drive", health, logging.getLogger("test"))


def errors(health):
    return json.loads(health.event())["errors"]


def test_what_was_saved_is_known_to_the_next_run(seen):
    first = seen()
    keys = [(n << 50, NOW_S + n * 100) for n in range(30)]
    assert all(first.add(*key) for key in keys)
    assert not any(first.add(*key) for key in keys)
    first.save()
    second = seen()
    assert not any(second.add(*key) for key in keys)
    assert second.add(7, NOW_S)


def test_what_was_not_saved_comes_again(seen):
    seen().add(1, NOW_S)
    assert seen().add(1, NOW_S)


def test_what_is_old_is_forgotten(splunkd, seen):
    keys = seen()
    for n in range(5):
        keys.add(n, NOW_S + n * SLOT_S)
    keys.save()
    keys.forget_before(NOW_S + 3 * SLOT_S)
    slots = sorted(row["slot"] for row in splunkd.rows[COLLECTION].values())
    assert slots == [NOW_S + n * SLOT_S for n in (2, 3, 4)]


def test_damage_is_told_and_lets_events_come_twice(splunkd, seen, health):
    keys = seen()
    keys.add(1, NOW_S)
    keys.save()
    (row,) = splunkd.rows[COLLECTION].values()
    for content in ("!", "", row["content"][:-4], None):
        row["content"] = content
        assert seen().add(1, NOW_S)
    assert errors(health) == {"checkpoint": 4}


def test_a_document_of_a_busy_tenant_is_small(splunkd, seen):
    """1,000,000 activities a day are 7,000 in ten minutes."""
    dice = random.Random(1)
    keys = seen()
    for _ in range(7_000):
        keys.add(dice.getrandbits(64), NOW_S)
    keys.save()
    (row,) = splunkd.rows[COLLECTION].values()
    assert 74_000 < len(json.dumps(row)) < 76_000


def test_a_full_document_takes_no_more_and_says_so(seen, health, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEYS", 2)
    keys = seen()
    assert [keys.add(n, NOW_S) for n in (1, 2, 3, 3, 1)] == [True, True, True, True, False]
    assert errors(health) == {"seen_full": 2}


def test_few_documents_are_in_memory(seen, monkeypatch):
    monkeypatch.setattr(module, "MOST_SLOTS", 3)
    keys = seen()
    for n in range(10):
        keys.add(n, NOW_S + n * SLOT_S)
        keys.save()
    assert len(keys._slots) == 3
    assert not any(keys.add(n, NOW_S + n * SLOT_S) for n in range(10))
