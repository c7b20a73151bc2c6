"""Every AWS event of the shared corpus is read, recognised and counted; none crashes or is lost."""

from __future__ import annotations

import json

import pytest
from builders.hunting import hunt

pytestmark = pytest.mark.corpus

CLOUDTRAIL_EVENTS = 1_087
FLOW_EVENTS = 15
PARTS = ("matched", "unmatched", "filtered_out", "duplicate", "parse_error", "no_time")


def add_up(counters) -> int:
    return sum(getattr(counters, part) for part in PARTS) + counters.unrecognised


@pytest.mark.parametrize(
    ("feed", "events"), [("aws_cloudtrail", CLOUDTRAIL_EVENTS), ("aws_vpcflow", FLOW_EVENTS)]
)
@pytest.mark.parametrize("sifting", [True, False])
def test_every_event_is_read_and_counted(corpus, feed, events, sifting):
    outcome = hunt(paths=[str(corpus / feed)], sifting=sifting)
    counters = outcome.hunt.counters
    assert counters.read == events
    assert add_up(counters) == events
    assert counters.parse_error == counters.no_time == counters.unrecognised == 0
    assert not outcome.messages or sifting
    assert not outcome.hunt.incomplete


def test_sifting_changes_no_finding(corpus):
    paths = [str(corpus / "aws_cloudtrail"), str(corpus / "aws_vpcflow")]
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


def test_open_permissions_of_the_corpus_are_found(corpus):
    """The corpus holds one successful AddPermission for `*`: a real A07."""
    alarms = hunt(paths=[str(corpus / "aws_cloudtrail")]).alarms
    assert any("stratus-red-team-backdoor-f-func" in str(finding) for finding in alarms)
