"""The sentence of a finding: what its placeholders say."""

from __future__ import annotations

import pytest

from flowtrap.correlation.engine import Engine
from flowtrap.model.detection import Detection
from flowtrap.model.hit import Hit
from flowtrap.model.tunable import Tunables


def explained(say: str, users: tuple[str, ...]) -> str:
    stage = {"feed": "f", "condition": ["and"], "keys": {"app": "app"}}
    row = {
        "name": "told",
        "id": "0b6ed6a4-6a7a-4c3c-a7c4-7f3c1d5a9b10",
        "title": "Told",
        "analytic": "AN1055",
        "attack": {},
        "stages": {
            "grant": {**stage, "facts": {"by": "by"}},
            "use": {**stage, "facts": {"user": "user"}, "condition": ["or"]},
        },
        "chain": {
            "anchor": "grant",
            "case": ["app"],
            "window": "24h",
            "related": {"use": {"match": {"app": "app"}, "when": "after"}},
        },
        "verdicts": [
            {"name": "v", "severity": "high", "risk": 80, "say": say, "require": {}, "anchor": []}
        ],
    }
    engine = Engine([Detection.from_dict(row)], Tunables({}, now_ms=0))
    engine.add(0, Hit(0, "g", "f", "grant", "eve", "granted", {"app": "a", "by": "eve"}))
    for number, user in enumerate(users, 1):
        values = {"app": "a", "user": user}
        engine.add(1, Hit(number, f"u{number}", "f", "use", user, f"use {number}", values))
    return engine.flush()[0].explanation


@pytest.mark.parametrize(
    ("say", "text"),
    [
        ("{by}: {grant}", "eve: granted"),
        ("{use} of {use.count}", "use 1 of 5"),
        ("{use.user}", "ann, bob, cy +1"),
        ("{use.user.count} users", "4 users"),
        ("{nobody} {use.nothing} {use.nothing.count}", "unknown unknown 0"),
    ],
)
def test_placeholders(say, text):
    assert explained(say, ("ann", "bob", "ann", "cy", "dee")) == text
