"""Jobs done by several threads, their results taken by one.

Example: `for blob, outcome in run(blobs, fetch, threads=8, stop=stop): ...`

The threads are daemons: one that waits for a server does not keep a stopped input alive.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Callable, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from .stop import Stop

POLL_S = 0.1
GRACE_S = 2.0  # for jobs under way when the caller leaves
Job = TypeVar("Job")


def run(
    jobs: Iterable[Job], work: Callable[[Job], None], *, threads: int, stop: Stop
) -> Generator[tuple[Job, Exception | None], None, None]:
    """Yield each job as it ends, with the exception that ended it, None where it went well.

    Raises StoppedError. A caller that leaves early, or is stopped, leaves the rest undone.
    """
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    ended: queue.SimpleQueue[tuple[Job, Exception | None]] = queue.SimpleQueue()
    left_early = threading.Event()
    total = 0
    for job in jobs:
        waiting.put(job)
        total += 1

    def worker() -> None:
        while not left_early.is_set() and not stop.is_set():
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                work(job)
            except Exception as error:  # handed to the caller, whose thread it is to judge it
                ended.put((job, error))
            else:
                ended.put((job, None))

    workers = [threading.Thread(target=worker, daemon=True) for _ in range(min(threads, total))]
    for thread in workers:
        thread.start()
    try:
        for _ in range(total):
            yield _next(ended, stop)
    finally:
        left_early.set()
        until = time.monotonic() + GRACE_S
        for thread in workers:
            thread.join(max(0.0, until - time.monotonic()))


def _next(
    ended: queue.SimpleQueue[tuple[Job, Exception | None]], stop: Stop
) -> tuple[Job, Exception | None]:
    while True:
        stop.check()
        try:
            return ended.get(timeout=POLL_S)
        except queue.Empty:
            continue
