"""Every Azure and Entra event of the shared corpus is read, counted, and of its feed.

Three Activity Log records and one of Entra have no time: notes of a tool's documentation.
"""

from __future__ import annotations

import json

import pytest
from builders.hunting import hunt

from flowtrap.normalise.table import recognise

pytestmark = pytest.mark.corpus

FEEDS = {"azure_activity": {"read": 131, "no_time": 3}, "entra_audit": {"read": 32, "no_time": 1}}


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("sifting", [True, False], ids=["sifted", "whole"])
def test_every_event_is_read_and_its_fate_counted(corpus, feed, sifting):
    outcome = hunt(paths=[str(corpus / feed)], sifting=sifting)
    counters = outcome.hunt.counters
    assert counters.read == FEEDS[feed]["read"]
    assert counters.no_time == FEEDS[feed]["no_time"]
    assert counters.unrecognised == counters.parse_error == 0
    assert not outcome.alarms


@pytest.mark.parametrize("feed", FEEDS)
def test_every_event_is_of_its_feed(corpus, feed):
    for path in sorted((corpus / feed).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert recognise(json.loads(line)).name == feed
