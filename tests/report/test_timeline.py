"""The time axis: to scale, quiet stretches cut out, no mark on another."""

from __future__ import annotations

from itertools import pairwise

from builders import findings as made
from hypothesis import given
from hypothesis import strategies as st

from report.events import happenings
from report.scale import BREAK_WIDTH, axis, quiet_stretches, ticks
from report.timeline import LABELS, RIGHT, marks, timeline

HOUR = 3_600_000
TIMES = st.lists(st.integers(0, 40 * 24 * HOUR), min_size=1, max_size=60)


@given(TIMES)
def test_axis_keeps_order_and_stays_within(times: list[int]) -> None:
    line = axis(times, LABELS, RIGHT)
    places = [line.x(time) for time in sorted(set(times))]
    assert all(LABELS <= x <= RIGHT for x in places)
    assert all(before <= after for before, after in pairwise(places))


@given(TIMES)
def test_bursts_share_one_scale(times: list[int]) -> None:
    line = axis(times, LABELS, RIGHT)
    scales = [b.width / (b.last_ms - b.first_ms) for b in line.bursts if b.last_ms > b.first_ms]
    assert all(abs(scale - scales[0]) < 1e-9 + 1e-6 * scales[0] for scale in scales)


@given(TIMES)
def test_ticks_leave_room_for_their_labels(times: list[int]) -> None:
    line = axis(times, LABELS, RIGHT)
    places = [line.x(time) for burst in line.bursts for time in ticks(burst, 84)]
    assert all(after - before >= 83.9 for before, after in pairwise(places))


def test_gap_of_hours_is_cut_out() -> None:
    line = axis([0, 20_000, 45_000, 5 * HOUR, 5 * HOUR + 4_000], 0, 1000)
    assert [(b.first_ms, b.last_ms) for b in line.bursts] == [
        (0, 45_000),
        (5 * HOUR, 5 * HOUR + 4_000),
    ]
    assert [(b.width, b.length_ms) for b in line.breaks] == [(BREAK_WIDTH, 5 * HOUR - 45_000)]


def test_even_events_are_not_cut() -> None:
    assert quiet_stretches([n * HOUR for n in range(9)]) == set()
    assert quiet_stretches([0, 5 * HOUR]) == set()


def test_short_cases_are_not_cut() -> None:
    assert quiet_stretches([0, 1_000, 2_000, 200_000]) == set()


@given(st.integers(1, 200))
def test_marks_do_not_touch_and_cover_every_event(count: int) -> None:
    events = happenings(made.finding(events=max(4, count)))
    line = axis([event.time_ms for event in events], LABELS, RIGHT)
    for stage in ("created", "acts"):
        own = [event for event in events if stage in event.stages]
        row = marks(own, line)
        for before, after in pairwise(row):
            assert before.x + before.width / 2 < after.x - after.width / 2
        assert row[0].target == own[0].number


def test_many_events_at_one_instant_stay_readable() -> None:
    finding = made.finding(events=4)
    one = finding.evidence[-1]
    crowd = [one.__class__(**{**vars(one), "event_id": f"e{n}"}) for n in range(50)]
    events = happenings(made.finding(events=4, evidence=(*finding.evidence[:3], *crowd)))
    drawn = timeline(events, frozenset({"acts"}), "created")
    assert drawn is not None
    (mark,) = drawn.lanes[-1].marks
    assert mark.text == "4–53"
    assert mark.title.endswith("and 42 more")


def test_lanes_follow_the_order_of_first_events_and_tell_what_counts() -> None:
    drawn = timeline(happenings(made.finding()), frozenset({"acts", "grant"}), "created")
    assert drawn is not None
    assert [(lane.name, lane.telling, lane.anchor) for lane in drawn.lanes] == [
        ("created", False, True), ("grant", True, False), ("run", False, False), ("acts", True, False),
    ]  # fmt: skip
    assert drawn.ticks[0].day == "2026-03-10"
    assert [pause.text for pause in drawn.pauses] == ["5 h"]


def test_no_evidence_draws_nothing() -> None:
    assert timeline((), frozenset(), "") is None
