"""Runs chaindetect as a child of a process that has imported it already: a run costs a fork.

    with Nursery(app) as nursery:
        run(app, "chaindetect", first, chunks, launch=nursery.start)

The child is a process of its own with three pipes and can be killed like any other; it saves only
the quarter of a second that Python takes to start and to import.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

NURSERY = """
import os, socket, sys
sys.path.insert(0, sys.argv[2])
from flowtrap_splunk.chain_detect import ChainDetect
from flowtrap_splunk.serve import serve
asked = socket.socket(fileno=int(sys.argv[1]))
while True:
    message, pipes, _, _ = socket.recv_fds(asked, 1, 3)
    if not message:
        break
    child = os.fork()
    if not child:
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
        os.closerange(3, 64)
        os._exit(serve(ChainDetect, "chaindetect", sys.stdin.buffer, sys.stdout.buffer))
    for pipe in pipes:
        os.close(pipe)
    asked.sendall(child.to_bytes(4, "big"))
    status = os.waitpid(child, 0)[1]
    asked.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
"""


class Forked:
    """One run: the part of `subprocess.Popen` that `run` uses."""

    def __init__(self, asked: socket.socket) -> None:
        pairs = [os.pipe(), os.pipe(), os.pipe()]
        (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err) = pairs
        theirs = [theirs_in, theirs_out, theirs_err]
        socket.send_fds(asked, [b"1"], theirs)
        for pipe in theirs:
            os.close(pipe)
        self.stdin: IO[bytes] = os.fdopen(ours_in, "wb")
        self.stdout: IO[bytes] = os.fdopen(ours_out, "rb")
        self.stderr: IO[bytes] = os.fdopen(ours_err, "rb")
        self.pid = int.from_bytes(asked.recv(4), "big")
        self._asked = asked

    def wait(self, timeout: float) -> int:
        """Return the exit code, negative for a signal."""
        self._asked.settimeout(timeout)
        return int.from_bytes(self._asked.recv(4), "big", signed=True)


class Nursery:
    """The process that forks, as a context; one run at a time."""

    def __init__(self, app: Path) -> None:
        self.app = app
        self._asked, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY, str(theirs.fileno()), str(app / "lib")],
            pass_fds=[theirs.fileno()],
            env={"PATH": os.environ.get("PATH", "")},
        )
        theirs.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *args: object) -> None:
        self._asked.close()
        self._process.wait(30)

    def start(self) -> Forked:
        """Start a run."""
        return Forked(self._asked)
