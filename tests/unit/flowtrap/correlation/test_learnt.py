"""A list without entries is inferred from what hits show, in each tenant by itself."""

from __future__ import annotations

import itertools
import json

import pytest

from flowtrap.correlation.engine import Engine
from flowtrap.model.detection import Detection
from flowtrap.model.hit import Hit
from flowtrap.model.tunable import Tunables

ROW = {
    "name": "forwarded",
    "id": "9a4c1de0-0c1b-4d55-8c55-0f3a6bbf3e11",
    "title": "Forwarded to outside",
    "analytic": "AN1054",
    "attack": {"strategy": "DET0374", "techniques": ["T1648"]},
    "stages": {
        "forward": {
            "feed": "f",
            "condition": ["in", "action", ["forward"]],
            "keys": {"account": "account", "user": "user"},
            "facts": {"home_domain": "home_domain", "target": "target"},
        },
    },
    "chain": {"anchor": "forward", "case": ["account", "user"], "window": "24h", "related": {}},
    "verdicts": [
        {
            "name": "outside",
            "severity": "high",
            "risk": 80,
            "say": "{user} forwards to {target}",
            "require": {},
            "anchor": [{"field": "target", "op": "not_in", "tunable": "internal_domains"}],
        }
    ],
    "tunables": {
        "internal_domains": {
            "kind": "list",
            "default": [],
            "description": "ours",
            "infer": "home_domain",
        }
    },
}


def forward(number: int, account: str, home: str, target: str) -> Hit:
    values = {"account": account, "user": f"u{number}", "home_domain": home, "target": target}
    return Hit(number * 1_000, f"e{number}", "f", "forward", f"u{number}", "forward", values)


HITS = (
    forward(1, "t1", "example.com", "example.org"),  # example.org is at home in t1
    forward(2, "t1", "Example.ORG", "example.com"),
    forward(3, "t1", "example.com", "example.net"),  # nobody's home
    forward(4, "t2", "example.net", "example.com"),  # at home in another tenant only
)


def users(engine: Engine) -> list[str]:
    return [f.explanation.split()[0] for f in engine.flush()]


def an_engine(**values: object) -> Engine:
    return Engine([Detection.from_dict(ROW)], Tunables(values, now_ms=0))


@pytest.mark.parametrize("hits", list(itertools.permutations(HITS)))
def test_domains_of_the_tenants_own_users_are_internal_in_any_order(hits):
    engine = an_engine()
    for hit in hits:
        engine.add(0, hit)
    assert users(engine) == ["u3", "u4"]


def test_a_list_with_entries_is_not_inferred():
    engine = an_engine(internal_domains=["example.net"])
    for hit in HITS:
        engine.add(0, hit)
    assert users(engine) == ["u1", "u2", "u4"]


def test_what_was_learnt_is_kept_in_saved_state():
    first = an_engine()
    first.add(0, HITS[1])
    second = an_engine()
    second.restore(json.loads(json.dumps(first.snapshot())))
    second.add(0, HITS[0])
    assert users(second) == []
