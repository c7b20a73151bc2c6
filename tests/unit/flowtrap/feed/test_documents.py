"""Documents are split into the records they hold, at any chunk size, damaged or not."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.feed.documents import SAMPLE, Splitter
from flowtrap.feed.framing import split_exact
from flowtrap.feed.structure import is_one_value

CHUNKS = [1, 2, 3, 7, 64, 1000, 128 * 1024]


def split(text: bytes, chunk_bytes: int = 128 * 1024, limit_bytes: int = 10_000_000):
    seen = []
    splitter = Splitter(
        io.BytesIO(text), lambda problem, cure: seen.append(problem), limit_bytes, chunk_bytes
    )
    return list(splitter.records()), seen


def values(text: bytes, chunk_bytes: int = 128 * 1024):
    pieces, seen = split(text, chunk_bytes)
    assert not seen
    assert not any(b"\n" in piece for piece in pieces)
    return [json.loads(piece) for piece in pieces]


def compact(value) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


# Every way in which lists of records were seen to be written.
LAYOUTS = {
    "Records": lambda rs: compact({"Records": rs}),
    "spaced": lambda rs: json.dumps({"records": rs}).encode(),
    "pretty": lambda rs: json.dumps({"Records": rs}, indent=2).encode(),
    "indent 0": lambda rs: json.dumps(rs, indent=0).encode(),
    "pretty CRLF": lambda rs: json.dumps(rs, indent="\t").replace("\n", "\r\n").encode(),
    "array": lambda rs: compact(rs),
    "array, a record a line": lambda rs: b"[\n" + b",\n".join(map(compact, rs)) + b"\n]\n",
    "objects, one after another": lambda rs: b"".join(map(compact, rs)),
    "pretty objects": lambda rs: b"\n".join(json.dumps(r, indent=4).encode() for r in rs),
    "lines with commas": lambda rs: b",\n".join(map(compact, rs)),
    "two documents": lambda rs: compact({"Records": rs[:3]}) + b"\n" + compact({"Records": rs[3:]}),
    "arrays a line": lambda rs: compact(rs[:1]) + b"\n" + compact(rs[1:]) + b"\n",
    "document, lines": lambda rs: (
        compact({"value": rs[:2]}) + b"\n" + b"\n".join(map(compact, rs[2:]))
    ),
    "answer": lambda rs: compact(
        {"took": 1, "_shards": {"total": 1}, "hits": {"total": {"value": 9}, "hits": rs}, "x": [{}]}
    ),
    "page": lambda rs: compact({"kind": "k", "etag": '"', "items": rs, "nextPageToken": "}]"}),
    "subscription": lambda rs: compact(
        {"messageType": "D", "logEvents": rs, "subscriptionFilters": []}
    ),
}
KEY = st.sampled_from(["id", "eventVersion", "a", "k"])
VALUE = st.recursive(
    st.none() | st.integers() | st.text(alphabet='{}[]",:\\\n aé', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=12,
)
# Same first key with anything behind it, also a list of objects with the same first key inside.
RECORD = st.builds(lambda rest: {"id": 1, **rest}, st.dictionaries(KEY, VALUE, max_size=3))
ANY_RECORD = st.dictionaries(KEY, VALUE, min_size=1, max_size=3)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(st.lists(RECORD, max_size=12) | st.lists(ANY_RECORD, max_size=12), st.sampled_from(CHUNKS))
def test_the_records_come_back(layout, records, chunk_bytes):
    assert values(LAYOUTS[layout](records), chunk_bytes) == records


@pytest.mark.parametrize("layout", LAYOUTS)
def test_many_records_come_back(layout):
    records = [{"id": n, "x": {"y": ["z" * (n % 50), n]}} for n in range(SAMPLE * 20)]
    assert values(LAYOUTS[layout](records), 1000) == records


@pytest.mark.parametrize("layout", ["Records", "spaced", "pretty", "array", "answer"])
def test_lists_of_objects_inside_a_record_do_not_break_it(layout):
    inner = [{"id": 1, "b": "}"}, {"id": 2}, {"c": 3}]
    records = [{"id": n, "targets": inner if n % 3 else []} for n in range(SAMPLE * 5)]
    assert values(LAYOUTS[layout](records), 1000) == records


@pytest.mark.parametrize("layout", ["Records", "spaced", "pretty", "array"])
def test_records_that_begin_with_different_keys_stay_apart(layout):
    records = [{"a": n, "id": 1} if n % 5 == 1 else {"id": n} for n in range(300)]
    assert values(LAYOUTS[layout](records), 1000) == records


def test_braces_in_strings_do_not_matter():
    records = [{"id": n, "agent": '}{"]},{"id"', "b": "{" * (n % 4)} for n in range(200)]
    assert values(compact({"Records": records}), 100) == records


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b" \r\n\0 ", []),
        (b"{}", [{}]),
        (b'{"Records":[]}', []),
        (b'{"Records":[]}\n{"Records":[{"a":1}]}', [{"a": 1}]),
        (
            b'{"digestS3Object":"x","logFiles":[{"a":1}]}',
            [{"digestS3Object": "x", "logFiles": [{"a": 1}]}],
        ),
        (
            b'{"Records":[{"a":1},"text",{"a":2},null,[1],{"a":3}]}',
            [{"a": 1}, "text", {"a": 2}, None, [1], {"a": 3}],
        ),
        (b'\x1e{"a":1}\n\x1e{"a":2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"Records": [{"a": 1} ,\n\n {"a": 2}, {"a": 3} ] }', [{"a": 1}, {"a": 2}, {"a": 3}]),
    ],
)
def test_odd_shapes(text, expected):
    for chunk_bytes in CHUNKS:
        assert values(text, chunk_bytes) == expected


@pytest.mark.parametrize("layout", ["Records", "pretty", "array", "answer"])
@pytest.mark.parametrize("chunk_bytes", [10, 1000])
def test_a_cut_document_gives_the_whole_records_and_one_complaint(layout, chunk_bytes):
    records = [{"id": n, "x": "y" * 20} for n in range(100)]
    text = LAYOUTS[layout](records)
    for cut in range(len(text) // 2, len(text) // 2 + 60):
        pieces, seen = split(text[:cut], chunk_bytes)
        assert [json.loads(p) for p in pieces[:-1]] == records[: len(pieces) - 1]
        assert len(pieces) >= 45
        assert len(seen) == 1


def test_a_broken_record_costs_only_itself():
    good = [{"id": n} for n in range(100)]
    texts = list(map(compact, good))
    for damage in (b'{"id":"5}', b'{"id":5', b'{"id":5}}', b'{"id":5,"x":[}', b'{"id":"a\nb"}'):
        for at in (0, 1, 50):
            parts = [*texts[:at], damage, *texts[at:]]
            pieces, _ = split(b'{"Records":[' + b",".join(parts) + b"]}", 50)
            kept = [p for p in pieces if p in texts]
            assert len(kept) >= 98, (damage, at)


def test_a_broken_line_between_others_costs_only_itself():
    text = b'{\n "a": 1\n}\n{"a": {"b": 1}\n{\n "a": 2\n}\n{"a": "x\n{"a": 3}\n'
    pieces, _ = split(text)
    good = [
        json.loads(p)
        for p in pieces
        if p.replace(b" ", b"") in (b'{"a":1}', b'{"a":2}', b'{"a":3}')
    ]
    assert good == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert len(pieces) == 5


@pytest.mark.parametrize("chunk_bytes", [1000, 128 * 1024])
def test_a_record_beyond_the_limit_is_one_complaint_and_the_rest_is_read(chunk_bytes):
    records = [{"id": n} for n in range(100)]
    parts = list(map(compact, records))
    parts.insert(50, compact({"id": 0, "x": "y" * 3_000_000}))
    for text in (b'{"Records":[' + b",".join(parts) + b"]}", b"\n".join(parts)):
        pieces, seen = split(text, chunk_bytes, limit_bytes=1_000_000)
        assert [json.loads(p) for p in pieces] == records
        assert len(seen) == 1


def test_a_structure_without_end_is_one_complaint():
    pieces, seen = split(b'{"a": [' + b'{"b": [' * 300_000, limit_bytes=1_000_000)
    assert pieces == []
    assert len(seen) == 1


def test_a_late_record_with_another_first_key_stays_joined_and_can_be_parted():
    records = [{"id": n} for n in range(SAMPLE * 3)]
    records[70] = {"x": 1, "id": 70}
    pieces, _ = split(compact({"Records": records}))
    (joined,) = (piece for piece in pieces if b'"x"' in piece)
    assert [json.loads(p) for p in split_exact(joined)] == [{"id": 69}, {"x": 1, "id": 70}]
    assert len(pieces) == len(records) - 1


def test_a_late_list_that_looks_like_the_separator_is_cut_but_never_silently():
    records = [{"id": n} for n in range(SAMPLE * 3)]
    records[70] = {"id": 70, "list": [{"x": 1}, {"id": 2}]}
    pieces, _ = split(compact({"Records": records}))
    whole = [piece for piece in pieces if is_one_value(piece)]
    assert len(whole) == len(records) - 1
    assert len(pieces) == len(records) + 1


class Endless:
    """A stream of one document of some 60 MB, made as it is read; notes the largest request."""

    def __init__(self) -> None:
        self.parts_left, self.largest = 500, 0
        self._part = b'{"id":1,"x":"' + b"y" * 985 + b'"},'

    def read(self, size: int) -> bytes:
        self.largest = max(self.largest, size)
        self.parts_left -= 1
        if self.parts_left == 499:
            return b'{"Records":['
        return self._part * 120 if self.parts_left > 0 else b""


def test_memory_is_bounded_by_a_record_not_by_the_document():
    stream = Endless()
    count = sum(1 for _ in Splitter(stream, lambda problem, cure: None, 10**8).records())
    assert count == 498 * 120
    assert stream.largest <= 256 * 1024
