"""Every spelling of a time, and what is none."""

from __future__ import annotations

import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.model.errors import RecordError
from flowtrap.normalise.times import time_ms

NEW_YEAR = 1_767_225_600_000  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01T00:00:00z", NEW_YEAR),
        ("2026-01-01 00:00:00", NEW_YEAR),
        ("2026-01-01T00:00:00", NEW_YEAR),
        ("2026-01-01T00:00Z", NEW_YEAR),
        ("2026-01-01T00:00:00.123456789Z", NEW_YEAR + 123),
        ("2026-01-01 00:00:00.653891982", NEW_YEAR + 653),
        ("2026-01-01T00:00:00.5Z", NEW_YEAR + 500),
        ("2026-01-01T00:00:00,25Z", NEW_YEAR + 250),
        ("2026-01-01T00:00:00+00:00", NEW_YEAR),
        ("2026-01-01T01:00:00+01:00", NEW_YEAR),
        ("2025-12-31T19:00:00-0500", NEW_YEAR),
        ("2026-01-01 00:00:00 UTC", NEW_YEAR),
        (" 2026-01-01T00:00:00Z ", NEW_YEAR),
        ("2025-12-31T23:59:60Z", NEW_YEAR),
        ("Jan 1, 2026 @ 00:00:00.000", NEW_YEAR),
        ("Jan 1, 2026 @ 00:00:00", NEW_YEAR),
        (1_767_225_600, NEW_YEAR),
        (1_767_225_600.25, NEW_YEAR + 250),
        (1_767_225_600_000, NEW_YEAR),
        (1_767_225_600_000_000, NEW_YEAR),
        (1_767_225_600_000_000_000, NEW_YEAR),
        ("1767225600", NEW_YEAR),
        ("1767225600.0", NEW_YEAR),
        ("1767225600000", NEW_YEAR),
        (0, 0),
        ("1970-01-01T00:00:00Z", 0),
        ("9998-12-31T23:59:59Z", 253_370_764_799_000),
    ],
)
def test_time_ms_reads_every_spelling(spelling, expected):
    assert time_ms(spelling) == expected


@pytest.mark.parametrize(
    "spelling",
    [
        None, "", "-", "...", "eventTime", "redacted", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:61:00Z", "2026-01-01T00:00:61Z", "2026-01-01T+1:00:00Z",
        "2026-01-01T00-00:00Z", "+026-01-01T00:00:00Z", "2026_01-01T00:00:00Z", "20 6-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00+01:00", "٢٠٢٦-01-01T00:00:00Z", -1, 1e30, float("nan"), float("inf"),
        10**400, True, [], {}, ["2026-01-01T00:00:00Z"], b"2026-01-01T00:00:00Z", "1" * 5_000,
    ],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_time_ms_refuses_what_is_no_time(spelling):
    with pytest.raises(RecordError):
        time_ms(spelling)


def test_error_says_what_is_wrong_and_what_to_do():
    with pytest.raises(RecordError, match=r"'redacted' is no time.*ISO 8601"):
        time_ms("redacted")
    with pytest.raises(RecordError, match="no time"):
        time_ms(None)


@given(st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(9998, 12, 31)))  # noqa: DTZ001
def test_time_ms_agrees_with_the_calendar(moment):
    aware = moment.replace(tzinfo=datetime.timezone.utc)
    expected = (aware - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // (
        datetime.timedelta(milliseconds=1)
    )
    assert time_ms(moment.isoformat()) == expected
    assert time_ms(moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)) == expected // 1000 * 1000


@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.none(), st.binary()))
def test_time_ms_never_fails_otherwise(value):
    with contextlib.suppress(RecordError):
        assert 0 <= time_ms(value) < 253_370_764_800_000
