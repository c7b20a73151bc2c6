"""The words that a search looks for lose no event that a stage matches.

Splunk compares words without regard to case; a word ends at what is no letter, digit or underscore,
and underscores part words too. `holds` does the same to the record's text.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from builders import scenarios_aws
from builders.platforms import PLATFORMS

from compiler.runtime_json import DETECTIONS, compile_all, detection_paths
from compiler.splunk.terms import filters, literals, spl, terms_of
from compiler.yaml_document import read
from flowtrap.content.runtime import from_document
from flowtrap.feed.wrappers import unwrap
from flowtrap.match.matcher import Matcher
from flowtrap.model.errors import RecordError
from flowtrap.model.tunable import Tunables
from flowtrap.normalise.table import recognise


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"^CreateFunction(\d{8}(v\d)?)?$", ["CreateFunction*"]),
        (
            r"^(Create|Update)EventSourceMapping(\d{8})?$",
            ["CreateEventSourceMapping*", "UpdateEventSourceMapping*"],
        ),
        (r"^GetFunction(Configuration)?(\d{8})?$", ["GetFunction*"]),
        (r"^PutTargets$", ["PutTargets"]),
        (r"/(listkeys|regeneratekey)/action$", ["/listkeys/action", "/regeneratekey/action"]),
        (r"Function$", None),
        (r"^.*Function$", None),
        (r"^(a|b).", None),
        (r"^Functions?$", ["Function*"]),
    ],
)
def test_literals_of_a_pattern(pattern, words):
    found = literals(pattern)
    assert found == words


def test_an_or_with_an_unknown_way_narrows_nothing():
    known = ["in", "eventName", ["invoke"]]
    unknown = ["exists", "errorCode", True]
    assert terms_of("aws_cloudtrail", ["or", known, unknown]) is None
    assert terms_of("aws_cloudtrail", ["and", known, unknown]) == frozenset([("invoke",)])
    assert terms_of("aws_cloudtrail", ["not", known]) is None


def test_terms_as_a_search():
    terms = frozenset([("invoke",), ("consent to application.",), ("roles", "write"), ("Create*",)])
    assert spl(
        terms
    ) == '("consent to application." OR Create* OR invoke OR (roles write))'.replace(
        '("consent to application." OR Create* OR invoke',
        '(Create* OR "consent to application." OR invoke',
    )


def holds(text: str, terms: frozenset[tuple[str, ...]]) -> bool:
    """Tell whether a record's text has all words of some term, as Splunk would."""
    return any(all(pattern_of(word).search(text) for word in words) for words in terms)


@cache
def pattern_of(word: str) -> re.Pattern[str]:
    inner = ".*?".join(re.escape(part) for part in word.strip("*").split("*"))
    start = "" if word.startswith("*") else "(?<![A-Za-z0-9])"
    end = "" if word.endswith("*") else "(?![A-Za-z0-9])"
    return re.compile(start + inner + end, re.IGNORECASE)


def records() -> list[Any]:
    """Return the records of every detection's own tests and of every scenario."""
    found = []
    for path in detection_paths(DETECTIONS):
        for case in read(path).value["tests"]:
            found += [event for event in case["events"] if set(event) != {"file"}]
    for attack in scenarios_aws.ATTACKS:
        found += attack.build(attack.world).records()
    for platform in PLATFORMS:
        for attack in platform.attacks:
            found += attack.build(attack.delay, False).records()
    return found


def test_no_event_that_matches_is_lost():
    document = compile_all()
    rows = document["detections"]
    lost, seen = set(), 0
    asked = [(row["name"], filters(row)) for row in rows]
    matchers = [
        Matcher(list(d.stages.values()), Tunables(d.defaults(), now_ms=0))
        for d in from_document(document)
    ]
    for record in records():
        for one in unwrap(record) if isinstance(record, dict) else [record]:
            spec = recognise(one) if isinstance(one, dict) else None
            if spec is None:
                continue
            try:
                event = spec.normalise(one)
            except RecordError:
                continue
            text = json.dumps(one)
            for (name, terms), matcher in zip(asked, matchers, strict=True):
                wanted = terms.get(event.feed)
                if wanted is None or not matcher.hits(event):
                    continue
                seen += 1
                if not holds(text, wanted):
                    lost.add((name, event.feed, text[:300]))
    assert seen > 2_000
    assert not lost, sorted(lost)[:10]


def test_the_comparison_reports_a_loss():
    terms = frozenset([("invoke",), ("roles", "write")])
    assert holds('{"eventName": "Invoke"}', terms)
    assert holds('{"operationName": "Microsoft.Authorization\\/roles\\/write"}', terms)
    assert not holds('{"eventName": "InvokeAsync"}', terms)
    assert not holds('{"eventName": "roles read"}', terms)
