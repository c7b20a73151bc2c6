"""firstseen against the words of the design: no equal key in the period before; unknown until learnt."""

from __future__ import annotations

import random

import pytest
from builders.search_commands import executes, getinfo, run
from builders.splunkd import SESSION_KEY

DAY_S = 86_400
START = 1_770_000_000


def run_it(app, splunkd, rows, *more, size=7):
    args = ["key=user,role", "state=seen", "over=3d", "learn=2d", *more]
    first = getinfo(args, splunkd.uri, SESSION_KEY)
    outcome = run(app, "firstseen", first, executes(rows, size))
    assert (outcome.code, outcome.stderr) == (0, "")
    return outcome


def row(day: float, user: str, n: object = "", role: str = "r") -> dict[str, str]:
    return {"_time": str(START + day * DAY_S), "user": user, "role": role, "n": str(n)}


def by_hand(rows, upto):
    """Return the answers of the rows in [upto), knowing all rows."""
    since = min(float(r["_time"]) for r in rows)
    found = {}
    for one in rows[upto]:
        time = float(one["_time"])
        before = [
            r
            for r in rows
            if r["user"] == one["user"] and time - 3 * DAY_S <= float(r["_time"]) < time
        ]
        learnt = time - since >= 2 * DAY_S
        found[one["n"]] = "false" if before else "true" if learnt else "unknown"
    return found


@pytest.mark.parametrize("seed", range(4))
def test_answers_over_many_runs_are_those_by_hand(app, splunkd, seed):
    dice = random.Random(seed)
    day, rows = 0.0, []
    for n in range(120):
        day += dice.choice((0, 0.01, 0.1, 0.2))
        rows.append(row(day, dice.choice("abcdefghijkl") * dice.randint(1, 4), n))
    for begin in range(0, 120, 30):
        portion = rows[begin : begin + 30]
        sent = portion[::-1] if seed % 2 else dice.sample(portion, 30) if seed == 2 else portion
        outcome = run_it(app, splunkd, sent, size=dice.choice((1, 7, 50)))
        answers = {r["n"]: r["is_new"] for r in outcome.rows}
        assert answers == by_hand(rows[: begin + 30], slice(begin, begin + 30))
        again = run_it(app, splunkd, sent)
        assert {r["n"]: r["is_new"] for r in again.rows} == answers


def test_every_part_of_the_key_must_be_there(app, splunkd):
    outcome = run_it(app, splunkd, [row(0, "a", role=""), row(5, "a"), row(5.5, "a", role="q")])
    assert [r["is_new"] for r in outcome.rows] == ["", "unknown", "unknown"]
    assert "1 rows lack" in outcome.told("INFO")


def test_keys_are_bounded_and_it_is_told(app, splunkd):
    rows = [row(n / 100, f"user{n}") for n in range(50)]
    outcome = run_it(app, splunkd, rows, "maxkeys=10")
    assert "holds 10 keys (at most 10)" in outcome.told("INFO")
    assert "40 keys beyond maxkeys" in outcome.told("WARN")


def test_held_rows_are_bounded_and_it_is_told(app, splunkd):
    outcome = run_it(app, splunkd, [row(n / 100, f"user{n}") for n in range(50)], "maxrows=10")
    assert len(outcome.rows) == 50
    assert any(outcome.bodies[1:-1])
    assert "did not fit into maxrows=10" in outcome.told("WARN")


def test_a_state_of_another_command_is_refused(app, splunkd):
    args = ["detection=aws_*", "state=seen"]
    run(app, "chaindetect", getinfo(args, splunkd.uri, SESSION_KEY), executes([], 7))
    first = getinfo(["key=user", "state=seen"], splunkd.uri, SESSION_KEY)
    outcome = run(app, "firstseen", first, executes([row(0, "a")], 7))
    assert outcome.code == 1
    assert "is not a state of firstseen" in outcome.told("ERROR")
