"""A lease that is renewed, and one that is lost; taking it is in test_kv_state.py."""

from __future__ import annotations

import pytest
from builders.splunkd import SESSION_KEY

from flowtrap_splunk.errors import LeaseError
from flowtrap_splunk.kv_rows import KVRows
from flowtrap_splunk.lease import LEASE_S, Lease
from flowtrap_splunk.splunkd import Splunkd


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lease(splunkd, clock):
    """Return `lease()`, what one more run asks for."""
    rows = KVRows(Splunkd(splunkd.uri, SESSION_KEY), "c")
    return lambda: Lease(rows, {"_key": "x:lease"}, "me", clock=clock, sleep=clock.sleep, wait_s=0)


def test_one_that_is_renewed_lives_on(lease, clock):
    mine = lease()
    mine.acquire()
    for _ in range(10):
        clock.now += 60
        mine.renew()
    with pytest.raises(LeaseError, match="x:lease is held by me"):
        lease().acquire()
    mine.release()
    lease().acquire()


def test_one_that_was_taken_over_is_not_renewed(lease, clock):
    mine, other = lease(), lease()
    mine.acquire()
    clock.now += LEASE_S + 1
    other.acquire()
    with pytest.raises(LeaseError, match="is no longer ours"):
        mine.renew()
    mine.release()
    other.renew()


def test_one_that_is_about_to_end_is_not_renewed(lease, clock):
    """A renewal that is late on its way could hit the lease of who took it over."""
    mine = lease()
    mine.acquire()
    clock.now += LEASE_S - 10
    with pytest.raises(LeaseError):
        mine.renew()
