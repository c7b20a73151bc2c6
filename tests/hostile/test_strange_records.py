"""No record makes a normaliser, a matcher or the pipeline fail: it is read, or left out and counted.

Long runs: `FLOWTRAP_CASES=200000 ./build.sh test -k strange`.
"""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest
from builders.hunting import detections
from hypothesis import given, settings
from hypothesis import strategies as st
from strange import bent, seeds

from flowtrap.feed.wrappers import unwrap
from flowtrap.intake import every_default
from flowtrap.match.matcher import Matcher
from flowtrap.model.errors import RecordError
from flowtrap.model.tunable import Tunables
from flowtrap.normalise.table import FEEDS
from flowtrap.output.text import sanitise
from flowtrap.pipeline import Hunt

NAMES = [spec.name for spec in FEEDS]
TUNABLES = Tunables({}, now_ms=1_790_000_000_000)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    from flowtrap.correlation.engine import Engine

    stages = Engine(detections(), TUNABLES, spill=io.BytesIO).stages
    return Matcher(stages, every_default(detections(), TUNABLES))


def check(record: dict[str, Any], matcher: Matcher) -> None:
    """Fail if a record is not either no feed's, or left out for a reason, or a sound event."""
    before = repr(record)
    for spec in [spec for spec in FEEDS if spec.recognise(record)]:
        try:
            event = spec.normalise(record)
        except (RecordError, RecursionError):  # the pipeline counts both
            continue
        assert type(event.time_ms) is int
        assert 0 <= event.time_ms < 253_370_764_800_000
        assert type(event.event_id) is str
        assert event.event_id
        for name, value in event.fields.items():
            values = value if type(value) is tuple else (value,)
            assert all(type(item) is str for item in values), name
        assert isinstance(event.fields["summary"], str)
        matcher.hits(event)
    assert repr(record) == before


@pytest.mark.parametrize("feed", NAMES)
@settings(max_examples=settings.default.max_examples)
@given(seed=st.integers(0, 2**48))
def test_a_strange_record_is_read_or_left_out(feed: str, seed: int, matcher: Matcher) -> None:
    dice = random.Random(seed)
    records = seeds()[feed]
    for _ in range(10):
        check(bent(dice.choice(records), dice), matcher)


@pytest.mark.parametrize("feed", NAMES)
def test_every_feed_has_seeds(feed: str) -> None:
    assert seeds()[feed]


@given(seed=st.integers(0, 2**48))
def test_a_strange_wrapper_is_taken_off_or_left_on(seed: int) -> None:
    dice = random.Random(seed)
    record = dice.choice(seeds()[dice.choice(NAMES)])
    made: Any = record
    for _ in range(dice.randrange(4)):
        made = dice.choice(WRAPS)(made)
        if dice.random() < 0.5:
            made = bent(made, dice)
    for inside in unwrap(made):
        assert isinstance(inside, (dict, str))
        for spec in FEEDS if isinstance(inside, dict) else ():
            spec.recognise(inside)


WRAPS: Any = (
    lambda inner: {"Records": [inner]},
    lambda inner: {"detail-type": "x", "detail": inner},
    lambda inner: {"result": {"_raw": json.dumps(inner)}},
    lambda inner: {"_source": {"event": {"original": json.dumps(inner)}}},
    lambda inner: {"hits": {"hits": [{"_source": inner}]}},
    lambda inner: {"message": {"data": json.dumps(inner)}},
    lambda inner: {"AuditData": inner},
    lambda inner: {"Type": "Notification", "Message": json.dumps(inner)},
    lambda inner: {"value": [inner]},
    lambda inner: {"events": [{"message": json.dumps(inner)}]},
)


@given(seed=st.integers(0, 2**48))
@settings(max_examples=max(10, settings.default.max_examples // 10))
def test_a_run_goes_on_and_its_counters_add_up(seed: int) -> None:
    dice = random.Random(seed)
    records = [bent(dice.choice(seeds()[dice.choice(NAMES)]), dice) for _ in range(60)]
    hunt = Hunt(detections(), TUNABLES, spill=io.BytesIO)
    hunt.events(records)
    for finding in hunt.findings():
        json.dumps(finding.to_dict(), allow_nan=False)
        sanitise(finding.explanation)
    counted = hunt.counters.to_dict()
    parts = ("matched", "unmatched", "filtered_out", "duplicate", "parse_error", "no_time")
    assert counted["read"] == sum(counted[name] for name in (*parts, "unrecognised"))
