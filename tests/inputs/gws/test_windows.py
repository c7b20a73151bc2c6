"""Which times are read: nothing is left out, the past is read again, no window is longer than an hour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs.gws.settings import DAY_S, HOUR_S
from flowtrap_inputs.gws.windows import (
    Progress,
    is_recent_due,
    is_whole_due,
    new_windows,
    old_windows,
)

NOW_S = 1_800_000_123.5


@given(st.floats(0, 20 * HOUR_S))
def test_what_is_new_is_covered_without_a_gap(ago_s):
    windows = list(new_windows("drive", Progress(NOW_S - ago_s), NOW_S))
    covered(windows, NOW_S - ago_s)


@given(st.floats(1, 100 * HOUR_S))
def test_the_past_is_covered_without_a_gap(span_s):
    windows = list(old_windows("drive", Progress(NOW_S), span_s, NOW_S))
    covered(windows[::-1], NOW_S - span_s)


def covered(windows, start_s):
    at_s = start_s
    for window in windows:
        assert window.start_s <= at_s - 1 + 1e-6
        assert window.end_s - window.start_s <= HOUR_S + 1 + 1e-6
        at_s = window.end_s
    assert at_s == NOW_S or not windows


def test_nothing_before_the_inputs_start_is_read_again():
    progress = Progress(NOW_S, first_s=NOW_S - 5000)
    windows = list(old_windows("drive", progress, 72 * HOUR_S, NOW_S))
    assert windows[-1].start_s == progress.first_s - 1


def test_gmail_is_asked_for_thirty_days_at_most():
    (first, *_) = new_windows("gmail", Progress(0.0), NOW_S)
    assert NOW_S - first.start_s < 30 * DAY_S
    (first, *_) = new_windows("drive", Progress(0.0), NOW_S)
    assert 179 * DAY_S < NOW_S - first.start_s < 180 * DAY_S


def test_the_past_is_due_in_its_turn():
    for application, each_s in (("drive", 300), ("admin", 300), ("token", 1800), ("login", 1800)):
        for late_s, due in ((1, False), (0, True)):
            progress = Progress(NOW_S, recent_s=NOW_S - each_s + late_s)
            assert is_recent_due(application, progress, NOW_S) is due
    assert is_whole_due(Progress(NOW_S, whole_s=NOW_S - DAY_S), NOW_S)
    assert not is_whole_due(Progress(NOW_S, whole_s=NOW_S - DAY_S + 1), NOW_S)


def test_a_time_that_lies_ahead_is_none():
    good = {"read_until_s": NOW_S + 60, "recent_s": 0.0, "whole_s": 0, "first_s": 5.0}
    assert Progress.from_dict(good, NOW_S) == Progress(NOW_S + 60, first_s=5.0)
    for bad in (NOW_S + 2 * HOUR_S, None, "1", True, float("nan"), -1):
        assert Progress.from_dict({**good, "read_until_s": bad}, NOW_S) is None
