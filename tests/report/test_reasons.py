"""Why it fired, in words: every requirement and condition of every shipped verdict can be said."""

from __future__ import annotations

import pytest

from cli import content
from flowtrap.model.detection import FirstSeen, Membership, Requirement
from report.moments import clock, milliseconds, period, span
from report.reasons import condition_text, requirement_text

DAY = 86_400_000


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Requirement("s", 1), "at least 1 event"),
        (Requirement("s", 3), "at least 3 events"),
        (Requirement("s", 3, "principal"), "events with at least 3 different values of principal"),
        (Requirement("s", 0), "none at all"),
        (
            Requirement("s", 1, None, (Membership("privilege", "in", "role_scope"),)),
            "at least 1 event; privilege is on the list role_scope",
        ),
    ],
)
def test_requirement_in_words(rule: Requirement, text: str) -> None:
    assert requirement_text(rule) == text


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (
            Membership("a_b", "not_in", "internal_domains"),
            "a b is not on the list internal_domains",
        ),
        (Membership("a", "equals", "x"), "a is x"),
        (Membership("a", "not_equals", "x"), "a is not x"),
        (
            FirstSeen(("account", "role"), 30 * DAY, 0),
            "not seen in the 30 d before (same account, role)",
        ),
    ],
)
def test_condition_in_words(condition: object, text: str) -> None:
    assert condition_text(condition) == text


def test_every_shipped_verdict_can_be_said() -> None:
    for detection in content.load():
        for verdict in detection.verdicts:
            assert all(map(requirement_text, verdict.require))
            assert all(map(condition_text, verdict.anchor))


def test_times_in_words() -> None:
    start = milliseconds("2026-03-10T23:59:30Z")
    assert clock(start) == "23:59:30"
    assert clock(start + 250) == "23:59:30.250"
    assert period(start, start) == "2026-03-10 23:59:30 UTC"
    assert period(start, start + 60_000) == "2026-03-10 23:59:30 – 2026-03-11 00:00:30 UTC"
    assert [span(n) for n in (40, 9_000, 60_000, 272_000, 17_520_000, 90_061_000)] == [
        "40 ms", "9 s", "1 min", "4 min 32 s", "4 h 52 min", "1 d 1 h",
    ]  # fmt: skip
