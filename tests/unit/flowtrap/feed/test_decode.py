"""What counts as JSON, whatever is installed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.feed import decode


@pytest.fixture(params=[True, False], ids=["accelerated", "standard"])
def accelerated(request):
    decode.set_accelerators(request.param)
    yield request.param
    decode.set_accelerators(True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b' {"a": [null, true, 1.5, "\\u00e9"]}\r\n', {"a": [None, True, 1.5, "é"]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": 1}\0\0', {"a": 1}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        ('{"a": "é"}'.encode(), {"a": "é"}),
    ],
    ids=["duplicate", "plain", "bom", "nul", "latin-1", "surrogate", "utf-8"],
)
def test_loads_what_vendors_write(accelerated, text, expected):
    assert decode.loads(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"{",
        b'{"a": NaN}',
        b"[Infinity]",
        b"-Infinity",
        b'{"a":1},{"a":2}',
        b"[" * 100_000,
    ],
)
def test_loads_refuses_what_is_not_json(accelerated, text):
    with pytest.raises(ValueError):
        decode.loads(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_both_decoders_agree(value):
    text = json.dumps(value).encode()
    decode.set_accelerators(False)
    standard = decode.loads(text)
    decode.set_accelerators(True)
    assert standard == decode.loads(text) == value
