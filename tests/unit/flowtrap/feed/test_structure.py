"""Where values end, and where lists of records begin."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.feed.structure import (
    INCOMPLETE,
    BrokenJson,
    is_one_value,
    list_opening,
    scalar_end,
    value_end,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='{}[]",:\\\n aé'),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
)


@given(
    st.dictionaries(st.text(), JSON), st.sampled_from([None, 1]), st.sampled_from(["", " ", ",{}"])
)
def test_a_value_ends_where_its_text_does(value, indent, behind):
    text = json.dumps(value, indent=indent).encode()
    assert value_end(text + behind.encode(), 0) == len(text)


@given(st.dictionaries(st.text(), JSON), st.data())
def test_a_cut_value_is_incomplete(value, data):
    text = json.dumps(value).encode()
    cut = data.draw(st.integers(0, len(text) - 1))
    assert value_end(text[:cut], 0) == INCOMPLETE


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (b'{"a":{"b":1}\n{"c":1}\n', 13),
        (b'{"a": "b\n{"c":1}', 8),
        (b'{"a": "b\\\n"}', 9),
        (b'{"a":1,{"b":1}', 7),
        (b'{"a":[1}', 7),
        (b"}", 0),
    ],
    ids=["no comma", "no quote", "escaped line end", "no brace", "no bracket", "no opening"],
)
def test_damage_is_told_with_its_place(text, at):
    with pytest.raises(BrokenJson) as broken:
        value_end(text, 0)
    assert broken.value.at == at


def test_a_depth_asks_for_an_outer_end():
    text = b'{"hits": {"hits": [{"a": 1}], "x": "}"}, "y": []} rest'
    assert value_end(text, text.index(b"], "), depth=3) == text.index(b" rest")


def test_deep_nesting_is_no_recursion():
    text = b"[" * 200_000 + b"]" * 200_000
    assert value_end(text, 0) == len(text)


def test_a_long_text_without_brackets_takes_no_long_time():
    assert value_end(b'{"a": "' + b"x" * 5_000_000, 0) == INCOMPLETE
    assert value_end(b"{" + b"x" * 5_000_000, 0) == INCOMPLETE
    assert value_end(b"{" + b'"a":1,' * 200_000, 0) == INCOMPLETE


@pytest.mark.parametrize(
    ("text", "end"), [(b'"a\\"b", 1', 6), (b"-1.5e3]", 6), (b" null}", 5), (b"}", 0)]
)
def test_a_scalar_ends(text, end):
    assert scalar_end(text, 0) == end


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"a":1}\r\n', True),
        (b"[1]", True),
        (b'{"a":1}{"b":2}', False),
        (b'{"a":', False),
        (b"1", False),
    ],
)
def test_is_one_value(line, expected):
    assert is_one_value(line) is expected


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        (b'{"Records":[{"a":1}]}', 2),
        (b'{ "records" : [ \n {"a":1}]}', 2),
        (b"[{}]", 1),
        (b"[ ]", 1),
        (b'{"value":[]}', 2),
        (b'{"@odata.context":"https://x","value":[{"id":"1"}]}', 2),
        (b'{"kind":"admin#reports#activities","etag":"\\"x\\"","items":[{"kind":"a"}]}', 2),
        (b'{"took":1,"_shards":{"total":1},"hits":{"total":{"value":1},"hits":[{"_id":1}]}}', 3),
        (b'{"preview":false,"fields":[{"name":"_raw"}],"results":[{"_raw":"{}"}]}', 2),
        (b'{"messageType":"DATA_MESSAGE","subscriptionFilters":["a"],"logEvents":[{"id":"1"}]}', 2),
    ],
)
def test_lists_of_records_are_known(text, depth):
    opening = list_opening(text, 0)
    assert opening is not None
    assert opening.depth == depth
    assert text[opening.at :].lstrip()[:1] in b"{]"


@pytest.mark.parametrize(
    "text",
    [
        b'{"eventVersion":"1.08","Records":[{"a":1}]}',  # a record that has such a member
        b'{"kind":"admin#reports#activity","id":{},"events":[{"name":"x"}]}',
        b'{"events":[{"name":"x"}],"actor":{}}',
        b'{"records":["a"]}',
        b'{"value":{"a":1}}',
        b"[1, 2]",
        b"{}",
        b"text",
        b"",
        b'{"took":1,"_shards":{"total":',
    ],
)
def test_anything_else_is_no_list_of_records(text):
    assert list_opening(text, 0) is None
