"""Which layout is this? The same records come back from every layout, plain lines at no cost."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.feed.framing import record_lines, split_exact
from flowtrap.feed.streams import buffered
from flowtrap.model.errors import InputError

HEADER = b"version account-id interface-id srcaddr dstaddr srcport dstport\n"
FLOW = b"2 123456789012 eni-0a1b2c3d 10.0.0.1 192.0.2.7 443 49152\n"


def frame(content: bytes, **options):
    seen = []
    framed = record_lines(io.BytesIO(content), "x", seen.append, **options)
    return framed, list(framed.lines), seen


def table(records) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["_time", "_raw"])
    rows.writerows(["1", json.dumps(record)] for record in records)
    return text.getvalue().encode()


def lines(records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


PLAIN = {
    "lines": lines,
    "CRLF": lambda rs: lines(rs).replace(b"\n", b"\r\n"),
    "no last line end": lambda rs: lines(rs).rstrip(b"\n"),
    "blank lines": lambda rs: b"\n\n" + lines(rs).replace(b"\n", b"\n \n"),
    "byte-order mark": lambda rs: b"\xef\xbb\xbf" + lines(rs),
    "NUL tail": lambda rs: lines(rs) + b"\0" * 512,
    "first line broken": lambda rs: b'{"a": {"b": "c\n' + lines(rs),
    "first line half": lambda rs: b'me": "x"}\n' + lines(rs),
}
OTHER = {
    "Records": lambda rs: json.dumps({"Records": rs}, separators=(",", ":")).encode(),
    "pretty": lambda rs: json.dumps({"value": rs}, indent=1).encode(),
    "array": lambda rs: json.dumps(rs).encode(),
    "BOM, array": lambda rs: b"\xef\xbb\xbf" + json.dumps(rs, indent=2).encode(),
    "pretty objects": lambda rs: b"".join(json.dumps(r, indent=2).encode() + b"\n" for r in rs),
    "joined": lambda rs: b"".join(json.dumps(r).encode() for r in rs),
    "UTF-16": lambda rs: lines(rs).decode().encode("utf-16"),
    "UTF-16 without mark": lambda rs: lines(rs).decode().encode("utf-16-le"),
    "UTF-16 document": lambda rs: json.dumps({"Records": rs}, indent=2).encode("utf-16"),
    "CSV": table,
    "CSV in UTF-16": lambda rs: table(rs).decode().encode("utf-16"),
}
RECORD = st.builds(
    lambda rest: {"eventVersion": "1.11", **rest},
    st.dictionaries(
        st.sampled_from(["eventName", "user", "x"]),
        st.text(alphabet='{}[]",\\ aé€', max_size=20) | st.lists(st.integers(), max_size=3),
    ),
)


@pytest.mark.parametrize("layout", PLAIN)
@given(st.lists(RECORD, min_size=1, max_size=8))
def test_plain_layouts_give_the_bytes_of_the_file_line_by_line(layout, records):
    content = PLAIN[layout](records)
    framed, items, seen = frame(content)
    assert framed.plain
    assert not seen
    masked = content.replace(b"\xef\xbb\xbf", b"   ")
    assert b"".join(items) == masked
    decoded = [
        json.loads(i)
        for i in items
        if i.strip(b" \r\n\0") and i.lstrip()[:1] == b"{" and not i.startswith(b'{"a": {"b": "c')
    ]
    assert decoded == records


@pytest.mark.parametrize("layout", OTHER)
@given(st.lists(RECORD, min_size=2, max_size=40))
def test_other_layouts_give_the_same_records(layout, records):
    framed, items, seen = frame(OTHER[layout](records))
    assert not framed.plain
    assert not seen
    assert [json.loads(item) for item in items] == records
    assert not any(b"\n" in item.rstrip(b"\n") for item in items)


def test_plain_lines_are_the_buffered_stream_itself():
    stream = buffered(io.BytesIO(b'{"a":1}\n'), lambda problem, cure: None)
    framed = record_lines(stream)
    assert framed.lines is stream
    assert isinstance(record_lines(io.BytesIO(b'{"a":1}\n')).lines, io.BufferedReader)


@pytest.mark.parametrize(
    "content", [HEADER + FLOW * 3, FLOW * 3, b"", b"\n\n", b"plain text\n", b"[1] a\n"]
)
def test_text_is_plain(content):
    framed, items, _ = frame(content)
    assert framed.plain
    assert b"".join(items) == content


@pytest.mark.parametrize(
    "content",
    [
        b'{"id":{"time":"x"},"events":[{"name":"a"}]}\n',  # a Workspace record
        b'{"events":[{"name":"a"}],"actor":{}}\n',
        b'{"detail-type":"AWS API Call","detail":{"eventName":"x"}}\n',
        b'{"awsAccountId":"1","logFiles":[{"s3Bucket":"b"}]}',  # a digest, all there is
        b"{}",
    ],
)
def test_single_objects_and_their_lines_are_plain(content):
    framed, items, _ = frame(content)
    assert framed.plain
    assert items == [content]


def test_documents_line_by_line_are_split():
    content = b'{"Records":[{"a":1},{"a":2}]}\n{"Records":[{"a":3}]}\n'
    assert frame(content)[1] == [b'{"a":1}', b'{"a":2}', b'{"a":3}']


def test_a_line_beyond_the_limit_is_one_report():
    content = b'{"a": 1}\n{"b": "' + b"x" * 2_000_000 + b'"}\n{"c": 3}\n'
    framed, items, seen = frame(content, limit_bytes=500_000)
    assert framed.plain
    assert [i for i in items if i.startswith(b"{")][-1] == b'{"c": 3}\n'
    assert [str(e) for e in seen] == [
        "x: a line or record of more than 500,000 bytes was left out; the rest is read "
        "(write one record a line)"
    ]


def test_a_first_line_beyond_the_limit_is_one_report():
    content = b'{"b": "' + b"x" * 2_000_000 + b'"}\n{"c": 3}\n'
    _, items, seen = frame(content, limit_bytes=500_000)
    assert items[-1].strip() == b'{"c": 3}'
    assert len(seen) == 1


def test_a_long_first_line_within_the_limit_is_read():
    content = b'{"b": "' + b"x" * 700_000 + b'"}\n{"c": 3}\n'
    items = frame(content)[1]
    assert [len(json.loads(i)) for i in items] == [1, 1]


def test_without_report_a_cut_document_raises():
    with pytest.raises(InputError, match="cut off"):
        list(record_lines(io.BytesIO(b'{"Records":[{"a":1},{"a"'), "x").lines)


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (b'{"a":1},{"b":2}', [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}]}\n{"Records":[{"b":2}', [b'{"a":1}', b'{"b":2}']),
        (b'{"a":1}', [b'{"a":1}']),
        (b'{"a":[{"b":1}', [b'{"a":[{"b":1}']),
        (b"no json", [b"no json"]),
        (b"", []),
    ],
)
def test_split_exact_gives_all_that_a_piece_holds(piece, expected):
    assert list(split_exact(piece)) == expected


def test_a_corpus_file_is_plain_and_whole(corpus):
    for path in sorted(corpus.glob("*/*.jsonl")):
        content = path.read_bytes()
        framed, items, seen = frame(content)
        assert framed.plain
        assert b"".join(items) == content
        assert not seen


@pytest.mark.parametrize("indent", [None, 2])
def test_the_corpus_comes_back_from_one_document(corpus, indent):
    for path in sorted(corpus.glob("*/*.jsonl")):
        records = [json.loads(line) for line in path.read_bytes().splitlines()]
        separators = (",", ":") if indent is None else None
        content = json.dumps({"Records": records}, indent=indent, separators=separators).encode()
        framed, items, _ = frame(content)
        found = []
        for item in items:
            try:
                found.append(json.loads(item))
            except ValueError:
                found += [json.loads(piece) for piece in split_exact(item)]
        assert found == records, path.name
        assert not framed.plain
