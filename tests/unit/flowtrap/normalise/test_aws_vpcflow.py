"""Flow logs: text with default and custom columns, JSON copies, lines without addresses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.model.errors import RecordError
from flowtrap.normalise.aws_vpcflow import DEFAULT_COLUMNS, SPEC

LINE = (
    "2 123456789012 eni-0a1b2c3d4e5f60718 10.0.1.20 203.0.113.9 49152 443 6 9 5120 "
    "1767225600 1767225660 ACCEPT OK"
)
NODATA = "2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1767225600 1767225660 - NODATA"


def event_of(line, header=None):
    columns = SPEC.text.header(header or line)
    return SPEC.normalise(SPEC.text.parse(columns, line))


def test_line_of_version_2():
    event = event_of(LINE)
    assert event.feed == "aws_vpcflow"
    assert event.time_ms == 1_767_225_600_000
    assert event.fields == {
        "account": "123456789012",
        "eni": "eni-0a1b2c3d4e5f60718",
        "actor": "eni-0a1b2c3d4e5f60718",
        "src": "10.0.1.20",
        "dst": "203.0.113.9",
        "src_port": "49152",
        "dst_port": "443",
        "dest": "203.0.113.9:443",
        "protocol": "6",
        "packets": "9",
        "bytes": "5120",
        "action": "ACCEPT",
        "external": "true",
        "summary": "ACCEPT 10.0.1.20 to 203.0.113.9:443 on eni-0a1b2c3d4e5f60718, 5120 bytes",
    }


def test_line_without_addresses_is_an_event():
    event = event_of(NODATA)
    assert "src" not in event.fields
    assert "dst" not in event.fields
    assert "dest" not in event.fields
    assert event.fields["summary"] == "eni-0a1b2c3d4e5f60718 NODATA"


def test_custom_columns_follow_their_header():
    header = "interface-id start pkt-dstaddr dstaddr dstport flow-direction action region"
    line = "eni-0a1b2c3d 1767225600 2001:db8::9 10.0.9.9 443 egress REJECT eu-west-1"
    fields = event_of(line, header).fields
    assert fields["dst"] == "2001:db8::9"
    assert fields["dest"] == "[2001:db8::9]:443"
    assert (fields["direction"], fields["action"]) == ("egress", "REJECT")
    assert fields["region"] == "eu-west-1"
    assert SPEC.text.header(" ".join(f"${{{word}}}" for word in header.split())) == tuple(
        header.split()
    )


@pytest.mark.parametrize(
    "line",
    [
        "", "{}", json.dumps({"eventName": "x"}), "[1]", "<xml>", "hello world", "start end action",
        "version account-id nonsense", "version interface-id srcaddr srcaddr", LINE + " extra",
        LINE.replace("1767225600", "soon"), LINE.replace(" OK", " FINE"), "3" + LINE[1:],
        "eventTime,eventName,eventSource", "the srcaddr of",
    ],
)  # fmt: skip
def test_other_text_is_no_flow(line):
    assert SPEC.text.header(line) is None


def test_line_of_another_width_has_no_time():
    with pytest.raises(RecordError):
        SPEC.normalise(SPEC.text.parse(DEFAULT_COLUMNS, "2 123456789012 eni-1"))
    with pytest.raises(RecordError):
        SPEC.normalise(SPEC.text.parse(DEFAULT_COLUMNS, " ".join(DEFAULT_COLUMNS)))


def spelled(key, style):
    words = key.split("-")
    if style == "camel":
        return words[0] + "".join(word.title() for word in words[1:])
    return {"snake": "_", "dash": "-", "joined": ""}[style].join(words)


@pytest.mark.parametrize("style", ["camel", "snake", "dash", "joined"])
@pytest.mark.parametrize("number", [str, int, float], ids=["text", "whole", "float"])
def test_copies_are_the_same_event(style, number):
    record = {
        spelled(key, style): number(float(value)) if key in NUMBERS and number is not str else value
        for key, value in zip(DEFAULT_COLUMNS, LINE.split())
    }
    assert SPEC.recognise(record)
    copy, line = SPEC.normalise(record), event_of(LINE)
    assert copy[:4] == line[:4]


NUMBERS = ("version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end")


def test_panther_copy():
    record = {
        "account": 12.0,
        "interfaceId": "eni-0a1b2c3d",
        "srcAddr": "10.0.1.20",
        "dstAddr": "null",
        "start": "2026-01-01 00:00:00.000",
        "status": "NODATA",
        "p_log_type": "AWS.VPCFlow",
    }
    assert SPEC.recognise(record)
    event = SPEC.normalise(record)
    assert event.time_ms == 1_767_225_600_000
    assert event.fields["account"] == "000000000012"
    assert event.fields["summary"] == "eni-0a1b2c3d NODATA"


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"srcAddr": "10.0.0.1"},
        {"start": 1, "end": 2, "action": "x", "type": "y"},
        {"status": "OK"},
    ],
)
def test_other_records_are_no_flow(record):
    assert not SPEC.recognise(record)


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("203.0.113.9", True), ("8.8.4.4", True), ("192.0.2.1", True), ("2001:db8::1", True),
        ("2600::1", True), ("64:ff9b::808:808", True), ("::ffff:8.8.8.8", True),
        ("10.0.0.1", False), ("172.16.0.1", False), ("172.32.0.1", True), ("192.168.1.1", False),
        ("100.64.0.1", False), ("100.128.0.1", True), ("127.0.0.1", False), ("169.254.169.254", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("0.0.0.0", False), ("fd00::1", False),
        ("fe80::1", False), ("ff02::1", False), ("::1", False), ("::", False),
        ("::ffff:10.0.0.1", False), ("nonsense", False), ("1.2.3", False),
    ],
)  # fmt: skip
def test_external_is_a_public_unicast_address(address, outside):
    fields = event_of(LINE.replace("203.0.113.9", address)).fields
    assert fields.get("external") == ("true" if outside else None)


def test_id_tells_lines_apart():
    assert event_of(LINE).event_id == event_of(LINE).event_id
    assert event_of(LINE).event_id != event_of(LINE.replace("5120", "5121")).event_id


def test_raw_key_shows_the_interface():
    assert SPEC.raw_keys["eni"].values(LINE.encode()) == [b"eni-0a1b2c3d4e5f60718"]


def anything():
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    return scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.text(), scalars, max_size=3)


@given(st.dictionaries(st.sampled_from(DEFAULT_COLUMNS), anything()), st.booleans())
def test_odd_records_do_not_crash(record, timed):
    record = {**record, "start": 1_767_225_600} if timed else record
    SPEC.recognise(record)
    try:
        event = SPEC.normalise(record)
    except RecordError:
        assert not timed
    else:
        assert all(isinstance(value, str) and value for value in event.fields.values())


@pytest.mark.corpus
def test_corpus_is_read_or_refused(corpus):
    records = [
        json.loads(line)
        for path in sorted((corpus / "aws_vpcflow").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    flows = [record for record in records if SPEC.recognise(record)]
    assert len(records) == 15
    assert len(flows) == 11
    for record in flows:  # these copies have no time at all
        with pytest.raises(RecordError):
            SPEC.normalise(record)
        assert SPEC.normalise({**record, "start": 1_767_225_600.0}).fields["summary"]
