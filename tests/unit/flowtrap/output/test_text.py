"""What an intruder writes into a log must neither steer a terminal nor hide in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.output.text import sanitise, shorten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:billing", None),
        ("Zürich 東京 – “quoted”", None),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\x9b31mred", "a\\x9b31mred"),
        ("line\r\nnext\tcolumn", "line\\r\\nnext\\tcolumn"),
        ("exe\u202ecod.", "exe\\u202ecod."),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("para\u2029graph", "para\\u2029graph"),
        ("no\u00a0break", "no\\xa0break"),
        ("lone\ud800", "lone\\ud800"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("nul\x00del\x7f", "nul\\x00del\\x7f"),
        ("", None),
    ],
)
def test_sanitise_spells_out_what_is_hidden(text: str, shown: str | None) -> None:
    assert sanitise(text) == (text if shown is None else shown)


@given(st.text())
def test_sanitise_leaves_nothing_that_acts(text: str) -> None:
    shown = sanitise(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert sanitise(shown) == shown
    shown.encode("utf-8")


def test_shorten_at_the_limit_and_one_beyond() -> None:
    assert shorten("abcde", 5) == "abcde"
    assert shorten("abcdef", 5) == "abcde… (+1 characters)"
