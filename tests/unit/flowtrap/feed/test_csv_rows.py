"""Tables as Splunk, Purview, Kibana and CloudWatch export them."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.feed import csv_rows

RECORD = '{"eventName": "Invoke", "x": "a, \\"b\\""}'
FLOW = "2 123456789012 eni-0a 10.0.0.1 192.0.2.1 1 2 6 1 1 1 2 ACCEPT OK"


def table(*rows, delimiter=",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def records(content: bytes):
    seen = []
    assert csv_rows.is_table(content.lstrip())
    lines = csv_rows.csv_records(io.BytesIO(content), lambda problem, cure: seen.append(problem))
    return list(lines), seen


@pytest.mark.parametrize("column", ["_raw", "AuditData", "event.original", "@message", "message"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_payload_column_is_the_record_wherever_it_stands(column, delimiter):
    for names, row in (
        (["time", column, "host"], ["1", RECORD, "h"]),
        ([column, "time"], [RECORD, "1"]),
    ):
        content = table(names, row, row, delimiter=delimiter)
        assert records(content) == ([RECORD.encode()] * 2, [])


@pytest.mark.parametrize(
    "names", [["_time", "_raw"], ["@timestamp", "@message"], ["timestamp", "message"], ["_raw"]]
)
def test_a_flow_line_in_a_payload_column_stays_text(names):
    row = [FLOW] if len(names) == 1 else ["1", FLOW]
    assert records(table(names, row))[0] == [FLOW.encode()]


def test_a_message_that_is_prose_leaves_the_row_whole():
    content = table(["eventName", "message"], ["Invoke", "it was called"])
    assert [json.loads(r) for r in records(content)[0]] == [
        {"eventName": "Invoke", "message": "it was called"}
    ]


def test_a_row_without_payload_is_an_object_of_its_filled_cells():
    content = table(
        ["Operation", "AuditData", "UserId"], ["Send", "", "a@example.com"], ["", "", ""]
    )
    assert [json.loads(r) for r in records(content)[0]] == [
        {"Operation": "Send", "UserId": "a@example.com"}
    ]


def test_line_ends_inside_a_cell_become_spaces():
    content = table(["_raw", "x"], ['{\n  "a": 1\r\n}', "1"])
    (line,), _ = records(content)
    assert b"\n" not in line
    assert json.loads(line) == {"a": 1}


@pytest.mark.parametrize("before", [b"\r\n\n", b"#TYPE Selected.System\r\n", b"   "])
def test_what_stands_before_the_header_is_passed_over(before):
    assert records(before + table(["AuditData", "x"], [RECORD, ""]))[0] == [RECORD.encode()]


def test_a_repeated_header_is_no_record():
    content = table(["_raw", "x"], [RECORD, "1"]) * 2
    assert len(records(content)[0]) == 2


def test_nul_bytes_and_a_missing_last_line_end():
    content = b'_raw,x\r\n"{""a"": 1}",\0\r\n"{""a"": 2}",2'
    assert [json.loads(r) for r in records(content)[0]] == [{"a": 1}, {"a": 2}]


def test_a_stray_quote_costs_one_complaint_and_not_the_rest(monkeypatch):
    old = csv.field_size_limit()
    monkeypatch.setattr(csv_rows, "MAX_FIELD_CHARACTERS", 1)
    csv.field_size_limit(10_000)
    try:
        good = b'1,"{""a"": 1}"\r\n'
        content = b"x,_raw\r\n" + good + b'1,"{""a"": 1\r\n' + b"filler\r\n" * 2_000 + good * 2
        lines, seen = records(content)
        assert lines[0] == lines[-1] == b'{"a": 1}'
        assert len(seen) == 1
        assert "not CSV" in seen[0]
    finally:
        csv.field_size_limit(old)


def test_a_big_cell_is_read():
    big = json.dumps({"a": "x" * 1_000_000})
    assert records(table(["_raw", "x"], [big, "1"]))[0] == [big.encode()]


@pytest.mark.parametrize(
    "start",
    [
        b"version account-id interface-id srcaddr\n",
        b"2 123456789012 eni-0a 10.0.0.1\n",
        b'{"a": 1, "b": 2}\n',
        b"a,b,a\n",
        b"a,,b\n",
        b"single\n",
        b"it happened, they said; then!\n",
        b"",
    ],
)
def test_other_text_is_no_table(start):
    assert not csv_rows.is_table(start)


CELL = st.text(alphabet='{}",;\n\r aé1', max_size=30)


@given(st.lists(st.tuples(CELL, CELL), max_size=8))
def test_any_rows_come_back(rows):
    names = ["alpha", "beta"]
    content = table(names, *rows)
    expected = [
        {n: c for n, c in zip(names, row) if c} for row in rows if any(row) and list(row) != names
    ]
    assert [json.loads(r) for r in records(content)[0]] == expected
