"""Runs of an input in processes of their own, which a test may end at any point with SIGKILL.

The processes are forked from one that has imported everything: a hundred runs cost little.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import unittest.mock
from collections.abc import Callable
from typing import Any

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["builders.m365_runs"])


def _start_server() -> None:
    """Start the process that others are forked from; before Python 3.13 it knows no sys.path."""
    with unittest.mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        multiprocessing.forkserver.ensure_running()


LONGEST_S = 60


class Killed:
    """One run of `target(*args)`; `kill` may be called from any thread, at any time."""

    def __init__(self, target: Callable[..., None], *args: Any) -> None:
        _start_server()
        self._process = _processes.Process(target=target, args=args, daemon=True)

    def kill(self) -> None:
        """End it at once, if it has not ended."""
        if self._process.pid and self._process.exitcode is None:
            os.kill(self._process.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end, as Splunk does."""
        if self._process.pid and self._process.exitcode is None:
            os.kill(self._process.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Return its exit code, negative for a signal."""
        self._process.start()
        self._process.join(LONGEST_S)
        code = self._process.exitcode
        assert code is not None, "the run does not end"
        self._process.close()
        return code
