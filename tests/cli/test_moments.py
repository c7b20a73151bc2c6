"""--since and --until: ISO times, UTC unless they say otherwise; a bare --until day is a whole day."""

from __future__ import annotations

import click
import pytest

from cli.moments import Moment, order_problem

NINE = 1_773_133_200_000  # 2026-03-10T09:00:00Z


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T09:00",
        "2026-03-10 09:00:00",
        "2026-03-10T09:00:00Z",
        "2026-03-10T11:00:00+02:00",
    ],
)
def test_time_is_utc_unless_it_says_otherwise(text: str) -> None:
    assert Moment().convert(text, None, None) == NINE
    assert Moment(end=True).convert(text, None, None) == NINE


def test_day_begins_and_ends() -> None:
    begin = Moment().convert("2026-03-10", None, None)
    assert begin == NINE - 9 * 3_600_000
    assert Moment(end=True).convert("2026-03-10", None, None) == begin + 86_400_000 - 1


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "2026-03-10T25:00", "10/03/2026"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a time"):
        Moment().convert(text, None, None)


def test_bounds_the_wrong_way_round() -> None:
    assert order_problem(2, 1)
    assert not order_problem(1, 1)
    assert not order_problem(None, 1)
