"""What a condition asks of a record's bytes is really asked of them."""

from __future__ import annotations

import pytest

from flowtrap.match.literals import required

FIELDS = frozenset({"userAgent", "userIdentity.type"})
AGENT = ["re", "userAgent", "exec\\-env/AWS_Lambda", ""]
USER = ["re", "userIdentity.type", "^IAMUser$", ""]
TEXT = b"exec-env/AWS_Lambda"


@pytest.mark.parametrize(
    ("ast", "texts"),
    [
        (AGENT, {TEXT}),
        (USER, {b"IAMUser"}),
        (["and", AGENT, USER, ["in", "eventName", ["x"]]], {TEXT, b"IAMUser"}),
        (["or", AGENT, ["and", USER, AGENT]], {TEXT}),
        (["or", AGENT, USER], set()),
        (["not", AGENT], set()),
        (["re", "userAgent", "exec", "i"], set()),  # any case
        (["in", "userAgent", ["exec"]], set()),  # any case
        (["re", "elsewhere", "exec", ""], set()),
        (["re", "userAgent", "^exec.*Lambda$", ""], set()),
        (["re", "userAgent", "a|b", ""], set()),
        (["re", "userAgent", "caf\u00e9", ""], set()),  # JSON may escape it
        (["re", "userAgent", 'a"b', ""], set()),
        (["re", "userAgent", "443", ""], set()),  # may be written 4.43e2
        (["or"], set()),
    ],
)
def test_required_texts(ast, texts):
    assert required(ast, FIELDS) == texts
