"""The counters for people: the parts add up, and an incomplete run says why."""

from __future__ import annotations

from cli.counters import RECORDS, counter_lines
from flowtrap.model.counters import Counters


def test_parts_add_up_and_zeroes_are_left_out() -> None:
    counters = Counters(read=1_087, matched=212, unmatched=60, filtered_out=815, suppressed=2)
    assert counter_lines(counters, incomplete=False) == [
        "read 1,087 records: 212 matched + 60 unmatched + 815 filtered_out",
        "hits: 2 suppressed",
    ]


def test_every_counter_has_its_line() -> None:
    counters = Counters(**dict.fromkeys(Counters().to_dict(), 7))
    text = " ".join(counter_lines(counters, incomplete=False))
    for name in Counters().to_dict():
        assert name in text
    assert set(RECORDS) < set(Counters().to_dict())


def test_incomplete_run_says_why() -> None:
    lines = counter_lines(Counters(read=2, matched=1, parse_error=1), incomplete=True)
    assert lines[-1].startswith("INCOMPLETE: 1 could not be parsed;")


def test_unreadable_input_is_a_reason_without_a_counter() -> None:
    assert "could not be read, see above" in counter_lines(Counters(), incomplete=True)[-1]
