"""The feed table: each record to one feed, by its content."""

from __future__ import annotations

from builders import aws

from flowtrap.normalise.table import FEEDS, recognise


def test_feeds_have_their_names():
    assert [spec.name for spec in FEEDS] == ["aws_cloudtrail", "aws_vpcflow", "gcp_audit"]
    assert [spec.name_field for spec in FEEDS] == ["eventName", "", ""]
    names = [spec.name for spec in FEEDS]
    assert names[:2] == ["aws_cloudtrail", "aws_vpcflow"]
    assert {"azure_activity", "azure_functions", "entra_audit"} <= set(names)
    assert [spec.name_field for spec in FEEDS][:2] == ["eventName", ""]
    assert [spec.name for spec in FEEDS] == [
        "aws_cloudtrail",
        "aws_vpcflow",
        "m365_audit",
        "m365_graph",
    ]
    assert [spec.name_field for spec in FEEDS] == ["eventName", "", "Operation", ""]
    fields = {spec.name: spec.name_field for spec in FEEDS}
    assert len(fields) == len(FEEDS)
    assert (fields["aws_cloudtrail"], fields["aws_vpcflow"]) == ("eventName", "")
    assert (fields["gws_reports"], fields["gws_script_logs"]) == ("", "")


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
