"""Saved state in the KV store: one run at a time, whole generations, what is damaged is refused."""

from __future__ import annotations

import random
import threading

import pytest
from builders.splunkd import SESSION_KEY
from builders.splunkd import Splunkd as Server

from flowtrap.model.errors import StateError
from flowtrap_splunk import kv_state, lease
from flowtrap_splunk.errors import LeaseError, SplunkdError
from flowtrap_splunk.kv_state import KVState
from flowtrap_splunk.splunkd import Splunkd


class Clock:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def a_state(server: Server, clock: Clock | None = None, **more) -> KVState:
    clock = clock or Clock()
    splunkd = Splunkd(server.uri, SESSION_KEY, sleep=clock.sleep)
    return KVState(splunkd, "s", "search 1", clock=clock, sleep=clock.sleep, **more)


def kinds(server: Server) -> list[str]:
    return sorted(row["kind"] for row in server.rows["flowtrap_state"].values())


def save(server: Server, content: dict) -> None:
    state = a_state(server)
    state.acquire()
    state.load()
    state.stage(content)
    state.commit()
    state.release()


def test_what_is_saved_is_loaded_and_the_old_is_cleared_away(splunkd):
    assert a_state(splunkd).load() is None
    for number in range(3):
        save(splunkd, {"n": number})
        assert a_state(splunkd).load() == {"n": number}
        assert kinds(splunkd) == ["head", "part"]


def test_a_large_state_lies_in_parts_below_the_stores_limit(splunkd, monkeypatch):
    monkeypatch.setattr(kv_state, "PART_CHARACTERS", 10_000)
    dice = random.Random(1)
    content = {"x": [dice.random() for _ in range(5_000)]}
    save(splunkd, content)
    assert kinds(splunkd).count("part") > 4
    assert a_state(splunkd).load() == content


def test_a_state_beyond_the_bound_is_refused(splunkd, monkeypatch):
    monkeypatch.setattr(kv_state, "MAX_STATE_BYTES", 100)
    dice = random.Random(1)
    with pytest.raises(StateError, match="lower maxhits"):
        a_state(splunkd).stage({"x": [dice.random() for _ in range(100)]})


def test_a_second_run_waits_and_then_gives_up(splunkd):
    clock = Clock()
    first = a_state(splunkd, clock)
    first.acquire()
    with pytest.raises(LeaseError, match="s:lease is held by search 1"):
        a_state(splunkd, clock, wait_s=20).acquire()
    first.release()
    a_state(splunkd, clock, wait_s=0).acquire()


def test_the_lease_of_a_dead_run_ends_by_itself(splunkd):
    clock = Clock()
    a_state(splunkd, clock).acquire()
    began = clock.now
    a_state(splunkd, clock).acquire()
    assert clock.now - began <= lease.LEASE_S + 1
    assert lease.WAIT_S > lease.LEASE_S


def test_of_many_who_find_a_lease_expired_one_takes_it(splunkd):
    clock = Clock()
    a_state(splunkd, clock).acquire()
    clock.now += lease.LEASE_S + 1
    taken, refused = [], []

    def take() -> None:
        try:
            state = a_state(splunkd, wait_s=-1)
            state._lease._clock = clock
            state.acquire()
            taken.append(state)
        except LeaseError:
            refused.append(1)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 7)


def test_of_two_runs_from_one_state_one_can_save(splunkd):
    """Even without the lease: the slower one is told, and what was saved stands."""
    save(splunkd, {"n": 0})
    slow, quick = a_state(splunkd), a_state(splunkd)
    for state in (slow, quick):
        assert state.load() == {"n": 0}
    slow.stage({"n": "slow"})
    quick.stage({"n": "quick"})
    quick.commit()
    with pytest.raises(LeaseError, match="was replaced by another run"):
        slow.commit()
    assert a_state(splunkd).load() == {"n": "quick"}
    assert kinds(splunkd) == ["head", "part"]


def test_a_run_that_wakes_after_two_others_cannot_save(splunkd):
    save(splunkd, {"n": 0})
    slow = a_state(splunkd)
    slow.load()
    slow.stage({"n": "slow"})
    save(splunkd, {"n": 1})
    save(splunkd, {"n": 2})
    with pytest.raises(LeaseError):
        slow.commit()
    assert a_state(splunkd).load() == {"n": 2}


@pytest.mark.parametrize("damage", ["content", "gone", "sha256"])
def test_a_damaged_state_is_refused_in_one_line(splunkd, damage):
    save(splunkd, {"n": 0})
    rows = splunkd.rows["flowtrap_state"]
    part = next(key for key, row in rows.items() if row["kind"] == "part")
    if damage == "content":
        rows[part]["content"] = "!" + rows[part]["content"][1:]
    elif damage == "gone":
        del rows[part]
    else:
        next(row for row in rows.values() if row["kind"] == "head")["sha256"] = "0"
    with pytest.raises(StateError, match="is damaged in the KV store"):
        a_state(splunkd).load()


def test_a_store_that_starts_is_waited_for_and_one_that_stays_down_is_told(splunkd):
    clock = Clock()
    splunkd.failing["flowtrap_state"] = 503
    state = a_state(splunkd, clock)
    with pytest.raises(SplunkdError, match="wait for the KV store"):
        state.load()
    assert clock.now > 1_000_000


def test_a_wrong_session_key_is_told(splunkd):
    with pytest.raises(SplunkdError, match="the session has ended"):
        Splunkd(splunkd.uri, "other").get("configs/conf-x")
