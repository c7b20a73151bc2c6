"""Logs keep every hit, in order, whatever the cap and the scratch file."""

from __future__ import annotations

import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.correlation import entry as entries
from flowtrap.correlation.hit_log import HitLogs, Limits
from flowtrap.model.hit import Hit


def an_entry(time_ms: int, event_id: str = "e") -> bytes:
    return entries.pack(Hit(time_ms, event_id, "feed", "act", "who", "what", {"k": "v"}))


ADDS = st.lists(st.tuples(st.integers(1, 2), st.integers(-3, 3), st.integers(0, 50)), max_size=60)


@given(adds=ADDS, cap=st.integers(1, 20))
def test_spilled_logs_equal_logs_in_memory(adds: list, cap: int) -> None:
    roomy, tight = HitLogs(Limits()), HitLogs(Limits(cap), tempfile.TemporaryFile)
    for table, key, time_ms in adds:
        for logs in (roomy, tight):
            logs.append(table, key, an_entry(time_ms))
    for table in (1, 2):
        assert dict(tight.scan(table)) == dict(roomy.scan(table))
        for key in range(-3, 4):
            assert tight.log(table, key) == roomy.log(table, key)
    tight.close()


def test_spilling_is_counted() -> None:
    logs = HitLogs(Limits(3), tempfile.TemporaryFile)
    for time_ms in range(10):
        logs.append(1, 1, an_entry(time_ms))
    assert logs.spilled == 8
    assert len(logs.log(1, 1)) == 10
    logs.close()


def test_eviction_drops_the_oldest_and_counts_them() -> None:
    logs = HitLogs(Limits(20, evict=True))
    for time_ms in reversed(range(40)):
        logs.append(1, time_ms % 4, an_entry(time_ms))
    left = sorted(entries.time_ms(e) for _, log in logs.scan(1) for e in log)
    assert len(left) + logs.evicted == 40
    assert len(left) <= 20
    assert max(left) == 39


def test_keep_shortens_a_log_and_removes_an_empty_one() -> None:
    logs = HitLogs(Limits())
    for time_ms in range(3):
        logs.append(1, 7, an_entry(time_ms))
    logs.keep(1, 7, logs.log(1, 7)[2:])
    assert [entries.time_ms(e) for e in logs.log(1, 7)] == [2]
    logs.keep(1, 7, [])
    assert not logs.has(1, 7)


@pytest.mark.parametrize("time_ms", [-62_135_596_800_000, -1, 0, 1, 253_402_300_799_999])
def test_entry_gives_back_its_hit(time_ms: int) -> None:
    hit = Hit(time_ms, "id \udcff", "feed", "act", "who", "what", {"k": "v", "f": ("a", "b")})
    assert entries.unpack(entries.pack(hit)) == hit


@given(st.lists(st.tuples(st.integers(-5, 5), st.sampled_from(["", "a", "b", "ab"])), max_size=12))
def test_entries_sort_by_time_then_event_id(pairs: list) -> None:
    ordered = sorted(an_entry(*pair) for pair in pairs)
    assert [(entries.time_ms(e), entries.event_id(e)) for e in ordered] == sorted(pairs)


def test_equal_hits_give_equal_entries_whatever_their_strings_are_made_of() -> None:
    plain = Hit(1, "e", "feed", "act", "who", "what", {"k": "value"})
    built = Hit(1, "e", "".join(["fe", "ed"]), "act", "who", "what", {"k": "".join(["va", "lue"])})
    assert entries.pack(plain) == entries.pack(built)
