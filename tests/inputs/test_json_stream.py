"""Arrays read as a stream: the vendor's own bytes, whatever the chunks; nothing taken for a whole."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs.errors import MalformedError
from flowtrap_inputs.json_stream import records

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6)
SPACE = st.sampled_from(["", " ", "\r\n\t "])


def cut(body: bytes, size: int) -> list[bytes]:
    return [body[at : at + size] for at in range(0, len(body), size)]


@given(OBJECTS, SPACE, st.booleans(), st.integers(1, 40), st.booleans())
def test_each_object_with_its_own_bytes(objects, space, ascii_only, size, mark):
    texts = [
        json.dumps(one, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") for one in objects
    ]
    if any(b"\xed" in text for text in texts) and not ascii_only:
        texts = [json.dumps(one).encode() for one in objects]
    gap = space.encode()
    body = gap + b"[" + gap + (gap + b"," + gap).join(texts) + gap + b"]" + gap
    found = list(records(cut((b"\xef\xbb\xbf" if mark else b"") + body, size)))
    assert [text for text, _ in found] == texts
    assert [record for _, record in found] == objects


@given(OBJECTS, st.integers(1, 40), st.data())
def test_what_is_cut_off_raises_after_the_whole_objects(objects, size, data):
    body = json.dumps(objects).encode()
    end = data.draw(st.integers(0, len(body) - 1))
    found = []
    with pytest.raises(MalformedError):
        found.extend(record for _, record in records(cut(body[:end], size)))
    assert found == objects[: len(found)]


@given(st.binary(max_size=60), st.integers(1, 9))
def test_any_bytes_are_an_array_or_malformed(body, size):
    try:
        found = [record for _, record in records(cut(body, size))]
    except MalformedError:
        return
    assert all(isinstance(one, dict) for one in found)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{}", b"null", b"[", b"[,]", b"[{},]", b"[{}{}]", b"[1]", b"[null]", b'["a"]', b"[{}]x",
     b"[{}] []", b"<html>", b"[{'a': 1}]", b'[{"a":}]', b"[[{}]]", b'[{"a":1', b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_array_of_objects(body):
    with pytest.raises(MalformedError):
        list(records([body]))


def test_bytes_that_are_no_utf8_pass_through():
    body = b'[{"a":"\xff\xfe"},{"b":"\xc3\xa9"}]'
    assert [text for text, _ in records(cut(body, 3))] == [b'{"a":"\xff\xfe"}', b'{"b":"\xc3\xa9"}']


def test_hostile_nesting_is_malformed_and_what_came_before_is_had():
    body = b'[{"Id":1},{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}]"
    found = []
    with pytest.raises(MalformedError, match="nested too deep"):
        found.extend(records(cut(body, 65_536)))
    assert found == [(b'{"Id":1}', {"Id": 1})]


def test_object_beyond_all_bounds_is_malformed(monkeypatch):
    monkeypatch.setattr("flowtrap_inputs.json_stream.MOST_CHARACTERS", 10_000)
    with pytest.raises(MalformedError, match="cut off inside an object"):
        list(records(b'{"a":"' + b"x" * 100 if n else b'[{"a":"' for n in range(10_000)))


def test_memory_is_that_of_an_object_and_a_chunk():
    one = json.dumps({"Id": "x" * 1000}).encode()

    def chunks():
        yield b"["
        for n in range(20_000):
            yield (b"," if n else b"") + one
        yield b"]"

    tracemalloc.start()
    assert sum(1 for _ in records(chunks())) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 500_000
