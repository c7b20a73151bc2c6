"""The feed table: each record to one feed, by its content."""

from __future__ import annotations

from builders import aws

from flowtrap.normalise.table import FEEDS, recognise


def test_feeds_have_their_names():
    names = {spec.name: spec.name_field for spec in FEEDS}
    assert len(names) == len(FEEDS)
    assert {feed: name for feed, name in names.items() if name} == {
        "aws_cloudtrail": "eventName",
        "m365_audit": "Operation",
    }


def test_recognise():
    event = aws.get_secret(aws.user("eve"), "prod/db", 0)
    assert recognise(event).name == "aws_cloudtrail"
    assert (
        recognise({"interfaceId": "eni-1", "srcAddr": "10.0.0.1", "start": 1}).name == "aws_vpcflow"
    )
    assert recognise({"message": "hello"}) is None
    assert recognise({}) is None


def test_no_record_is_of_two_feeds():
    flow = dict.fromkeys(("srcaddr", "dstaddr", "start", "eventName", "userIdentity"), "x")
    assert sum(spec.recognise(flow) for spec in FEEDS) == 1
