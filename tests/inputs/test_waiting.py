"""The stop, the limiter and the tries, with a clock that a test turns."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs import pool
from flowtrap_inputs.errors import RefusedError, StoppedError, TransientError
from flowtrap_inputs.limiter import Limiter
from flowtrap_inputs.retry import Retry
from flowtrap_inputs.stop import Stop


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 1000.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def stop(self):
        return Stop(clock=self.clock, sleep=self.sleep)


def test_pause_ends_when_told():
    time = Time()
    stop = time.stop()

    def sleep(seconds):
        time.now += seconds
        if time.now > 1005:
            stop.set()

    stop = Stop(clock=time.clock, sleep=sleep)
    with pytest.raises(StoppedError):
        stop.pause(60)
    assert 1005 < time.now < 1005.2


def test_stop_is_a_signals_handler():
    stop = Stop()
    before = signal.signal(signal.SIGUSR1, stop.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
    assert stop.is_set()


@given(st.integers(1, 50), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_never_more_than_the_limit_in_any_minute(per_minute, gaps):
    time = Time()
    limiter = Limiter(per_minute, time.stop(), clock=time.clock)
    starts = []
    for gap in gaps:
        time.now += gap
        limiter.take()
        starts.append(time.now)
    for at in range(per_minute, len(starts)):
        assert starts[at] - starts[at - per_minute] >= 60 - 1e-6


def test_limiter_does_not_wait_below_the_limit():
    time = Time()
    limiter = Limiter(100, time.stop(), clock=time.clock)
    for _ in range(100):
        limiter.take()
    assert time.now == 1000
    limiter.take()
    assert time.now == pytest.approx(1060)


def test_hold_keeps_all_threads_back():
    time = Time()
    limiter = Limiter(100, time.stop(), clock=time.clock)
    limiter.hold(30)
    limiter.hold(10)
    limiter.take()
    assert time.now == pytest.approx(1030)


def test_limit_is_shared_by_threads():
    time, stop = Time(), Stop()
    limiter = Limiter(40, stop, clock=time.clock)
    taken = []

    def take():
        try:
            while True:
                limiter.take()
                taken.append(1)
        except StoppedError:
            return

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        if len(taken) >= 40:
            break
        threading.Event().wait(0.01)
    stop.set()
    for thread in threads:
        thread.join(5)
    assert len(taken) == 40


def test_transient_errors_are_tried_again_and_the_last_is_raised():
    time, seen = Time(), []
    retry = Retry(
        time.stop(), tries=4, chance=lambda: 1.0, on_retry=lambda error, s: seen.append(s)
    )

    def attempt():
        raise TransientError("no")

    with pytest.raises(TransientError):
        retry.call(attempt)
    assert seen == [1, 2, 4]
    assert time.now == pytest.approx(1007)


def test_retry_after_is_waited_for_in_full():
    time = Time()
    answers = [TransientError("later", retry_after_s=42), None]

    def attempt():
        answer = answers.pop(0)
        if answer:
            raise answer
        return "done"

    assert Retry(time.stop(), chance=lambda: 0.0).call(attempt) == "done"
    assert time.now == pytest.approx(1042)


def test_retry_after_of_more_than_an_hour_is_for_the_next_run():
    def attempt():
        raise TransientError("later", retry_after_s=90_000)

    with pytest.raises(TransientError):
        Retry(Time().stop()).call(attempt)


def test_other_errors_are_not_tried_again():
    def attempt():
        attempts.append(1)
        raise RefusedError("no", status=400)

    attempts = []
    with pytest.raises(RefusedError):
        Retry(Time().stop()).call(attempt)
    assert len(attempts) == 1


@given(st.integers(1, 80), st.floats(0, 1))
def test_waits_are_spread_and_bounded(tried, chance):
    wait_s = Retry(Stop(), chance=lambda: chance).wait_s(tried, None)
    assert min(60, 2.0 ** (tried - 1)) / 2 <= wait_s <= 60


def test_pool_gives_every_job_with_how_it_ended():
    def work(job):
        if job % 7 == 0:
            raise ValueError(job)

    outcomes = dict(pool.run(range(100), work, threads=8, stop=Stop()))
    assert set(outcomes) == set(range(100))
    assert {job for job, error in outcomes.items() if error} == set(range(0, 100, 7))


def test_pool_that_is_left_early_leaves_the_rest():
    done = []
    gate = threading.Event()

    def work(job):
        gate.wait(5)
        threading.Event().wait(0.001)
        done.append(job)

    outcomes = pool.run(range(1000), work, threads=2, stop=Stop())
    gate.set()
    next(outcomes)
    outcomes.close()
    assert len(done) < 1000


def test_pool_stops():
    stop = Stop()
    outcomes = pool.run(range(10), lambda job: stop.set(), threads=1, stop=stop)
    with pytest.raises(StoppedError):
        list(outcomes)
