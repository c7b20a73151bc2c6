"""windowcount against a count by hand, in both orders, chunkings, with ties, and beyond its bounds."""

from __future__ import annotations

import random

import pytest
from builders.search_commands import executes, getinfo, run

WINDOW_S = 60
ARGS = ["by=user", "window=60s", "distinct=src"]


def random_rows(seed: int, number: int = 300) -> list[dict[str, str]]:
    """Return rows oldest first, with ties, gaps of exactly a window, and rows without a key."""
    dice = random.Random(seed)
    time, rows = 1_773_133_200.0, []
    for n in range(number):
        time += dice.choice((0, 0, 0.25, 5, 30, 60, 61))
        user = dice.choice(("al", "bo", "cy", ""))
        rows.append({"_time": f"{time:.3f}", "user": user, "src": dice.choice("123"), "n": str(n)})
    return rows


def counted(rows):
    """Return the counts of each row by hand."""
    found = {}
    for row in rows:
        last = float(row["_time"])
        inside = [
            r
            for r in rows
            if r["user"] == row["user"] and last - WINDOW_S <= float(r["_time"]) <= last
        ]
        counts = (str(len(inside)), str(len({r["src"] for r in inside})))
        found[row["n"]] = counts if row["user"] else ("", "")
    return found


def shown(outcome):
    return {row["n"]: (row["window_count"], row["window_distinct"]) for row in outcome.rows}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("size", "newest_first"), [(1, False), (7, True), (7, False), (50_000, True)]
)
def test_counts_are_those_by_hand(app, seed, size, newest_first):
    rows = random_rows(seed)
    sent = rows[::-1] if newest_first else rows
    outcome = run(
        app, "windowcount", getinfo(ARGS), executes(sent, size, header_only_end=seed != 1)
    )
    assert (outcome.code, outcome.stderr, outcome.told("WARN")) == (0, "", "")
    assert [row["n"] for row in outcome.rows] == [row["n"] for row in sent]
    assert shown(outcome) == counted(rows)


def test_beyond_ten_thousand_and_across_a_bucket_edge(app):
    rows = [{"_time": f"{599.0 + n / 10_000:.4f}", "user": "al"} for n in range(12_000)]
    outcome = run(app, "windowcount", getinfo(["by=user", "window=1m"]), executes(rows, 5_000))
    assert outcome.rows[-1]["window_count"] == "12000"
    assert "window_distinct" not in outcome.rows[-1]


def test_rows_leave_as_soon_as_they_are_complete(app):
    rows = random_rows(4)
    outcome = run(app, "windowcount", getinfo(ARGS), executes(rows[::-1], 10))
    assert any(body for body in outcome.bodies[1:-1])


def test_memory_is_bounded_and_it_is_told(app):
    rows = [{"_time": str(1_000_000 - n), "user": "al"} for n in range(500)]
    args = ["by=user", "window=1d", "maxrows=50"]
    outcome = run(app, "windowcount", getinfo(args), executes(rows, 100))
    assert len(outcome.rows) == 500
    assert max(int(row["window_count"]) for row in outcome.rows) <= 51
    assert "did not fit into maxrows=50" in outcome.told("WARN")


def test_disorder_is_told_and_no_row_is_lost(app):
    rows = random_rows(5)
    random.Random(5).shuffle(rows)
    outcome = run(app, "windowcount", getinfo(ARGS), executes(rows, 7))
    assert {row["n"] for row in outcome.rows} == {row["n"] for row in rows}
    assert "sort 0 _time" in outcome.told("WARN")


def test_columns_of_both_kinds_of_chunk_and_mv_twins_are_kept(app):
    rows = [{"_time": "1", "user": "al", "x": ["a$", "b"]}, {"_time": "1", "user": "al", "x": "c"}]
    other = [{"_time": "1", "user": "al", "y": "z"}]
    chunks = [*executes(rows, 9)[:-1], *executes(other, 9)]
    outcome = run(app, "windowcount", getinfo(["by=user", "window=1m"]), chunks)
    assert [row["window_count"] for row in outcome.rows] == ["3", "3", "3"]
    assert outcome.rows[0]["__mv_x"] == "$a$$$;$b$"
    assert outcome.rows[2]["y"] == "z"


@pytest.mark.parametrize(
    ("args", "says"),
    [(["by=user"], "window is missing"), (["by=,", "window=1m"], "by names no field")],
)
def test_wrong_arguments(app, args, says):
    outcome = run(app, "windowcount", getinfo(args), [])
    assert outcome.code == 1
    assert says in outcome.told("ERROR")
