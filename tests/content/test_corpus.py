"""Every event of the shared corpus is read and counted; none crashes or is lost silently.

18 CloudTrail and 11 flow records of the corpus have no time (rule tests that left it out, "..."),
4 flow records are OCSF copies, 4 entries of Google Cloud have no time, one Microsoft 365 record has
a 65th second: they are counted as such and make the run incomplete.
"""

from __future__ import annotations

import json

import pytest
from builders.hunting import hunt

pytestmark = pytest.mark.corpus

FEEDS = {
    "aws_cloudtrail": {"read": 1_087, "no_time": 18, "unrecognised": 0},
    "aws_vpcflow": {"read": 15, "no_time": 11, "unrecognised": 4},
    "gcp_audit": {"read": 144, "no_time": 4, "unrecognised": 0},
    "m365_audit": {"read": 39, "no_time": 1, "unrecognised": 0},
}
FATES = (
    "matched",
    "unmatched",
    "filtered_out",
    "duplicate",
    "parse_error",
    "no_time",
    "unrecognised",
)


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("sifting", [True, False], ids=["sifted", "whole"])
def test_every_event_is_read_and_its_fate_counted(corpus, feed, sifting):
    counters = hunt(paths=[str(corpus / feed)], sifting=sifting).hunt.counters
    assert counters.read == FEEDS[feed]["read"]
    assert sum(getattr(counters, fate) for fate in FATES) == counters.read
    assert counters.parse_error == 0


@pytest.mark.parametrize("feed", FEEDS)
def test_what_cannot_be_used_is_counted_and_told(corpus, feed):
    outcome = hunt(paths=[str(corpus / feed)], sifting=False)
    counters = outcome.hunt.counters
    assert counters.no_time == FEEDS[feed]["no_time"]
    assert counters.unrecognised == FEEDS[feed]["unrecognised"]
    assert outcome.hunt.incomplete
    assert outcome.messages


def test_sifting_and_accelerators_change_no_finding(corpus):
    paths = [str(corpus / feed) for feed in FEEDS]
    plain = hunt(paths=paths, sifting=False, accelerators=False).plain()
    assert hunt(paths=paths).plain() == plain


def test_decoded_events_give_what_files_give(corpus):
    folder = corpus / "aws_cloudtrail"
    records = [
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert hunt(records).plain() == hunt(paths=[str(folder)]).plain()


def test_open_permission_of_the_corpus_is_found(corpus):
    """The corpus holds one AddPermission for everybody, as it happened: A07."""
    alarms = hunt(paths=[str(corpus / "aws_cloudtrail")]).alarms
    assert any("stratus-red-team-backdoor-f-func" in str(finding) for finding in alarms)
