"""What a checkpoint holds: all of it comes back, and it has a size that nothing exceeds."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs.m365 import progress as limits
from flowtrap_inputs.m365.activity_api import Blob
from flowtrap_inputs.m365.progress import Progress, Recent, key_of, unpack

NOW_S = 1_800_000_000
BLOBS = st.builds(Blob, st.text(min_size=1, max_size=20), st.integers(NOW_S - limits.WEEK_S, NOW_S))


@given(st.lists(BLOBS, max_size=30), st.lists(BLOBS, max_size=5))
def test_comes_back_from_json(done, parked):
    one = Progress(NOW_S - 10, NOW_S - 1000, NOW_S - 20)
    for blob in done:
        one.finish(blob)
    for blob in parked:
        one.park(blob, NOW_S)
    again = Progress.from_plain(json.loads(json.dumps(one.plain())))
    assert again == one
    assert all(again.is_done(blob) for blob in done + parked)


@given(st.lists(BLOBS, min_size=1, max_size=60, unique=True), st.integers(0, 40))
def test_what_is_forgotten_is_not_listed_again(blobs, most):
    """Whatever `forget` drops was made before the next listing begins."""
    one = Progress(NOW_S, NOW_S - limits.WEEK_S)
    for blob in blobs:
        one.finish(blob)
    one.forget(one.begin_s(NOW_S, limits.WEEK_S), most)
    begin_s = one.begin_s(NOW_S, limits.WEEK_S)
    assert all(one.is_done(blob) for blob in blobs if blob.created_s >= begin_s)
    late = sum(1 for blob in blobs if blob.created_s // limits.SLOT_S >= NOW_S // limits.SLOT_S)
    assert sum(map(len, one.done.values())) <= most + late


def test_parked_content_is_tried_again_rarer_and_rarer():
    one, blob, now_s, waits = Progress(NOW_S, NOW_S), Blob("a", NOW_S), NOW_S, []
    for _ in range(8):
        one.park(blob, now_s)
        assert one.due(now_s) == []
        waits.append(one.parked["a"].next_s - now_s)
        now_s = one.parked["a"].next_s
        assert one.due(now_s) == [blob]
    assert waits == [900, 1800, 3600, 7200, 14_400, 28_800, 28_800, 28_800]


def test_recent_forgets_the_oldest_and_saves_the_newest(monkeypatch):
    monkeypatch.setattr(limits, "MOST_RECENT", 5)
    monkeypatch.setattr(limits, "MOST_RECENT_SAVED", 3)
    recent = Recent()
    assert all(recent.is_new(n) for n in range(7))
    assert not recent.is_new(6)
    assert list(unpack(recent.plain())) == [4, 5, 6]
    assert recent.is_new(0)


def test_largest_checkpoint_is_below_a_megabyte():
    """As many contents in one stretch of ten minutes as the vendor lets anyone fetch come on top."""
    names = [f"type{n}" for n in range(5)]
    types = {}
    for name in names:
        one = Progress(NOW_S, NOW_S - limits.WEEK_S)
        for number in range(limits.MOST_DONE // len(names)):
            one.finish(Blob(f"{name}{number}", NOW_S - 60 * number))
        for number in range(limits.MOST_PARKED):
            one.park(
                Blob(
                    f"{number:020d}$20261124120000000000001$audit_general$Audit_General$emea0001",
                    NOW_S,
                ),
                NOW_S,
            )
        types[name] = one
    for number in range(18_000):
        types[names[0]].finish(Blob(f"busy{number}", NOW_S))
    plain = {
        "types": {name: one.plain() for name, one in types.items()},
        "recent": Recent(map(key_of, map(str, range(limits.MOST_RECENT)))).plain(),
    }
    assert len(json.dumps(plain)) <= 1_000_000
