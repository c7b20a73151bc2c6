"""Where data goes: standard output, or a file that is whole or not there at all.

A reader that leaves (`… | head`) ends the writing, not the run.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def outlet(path: str | None) -> Iterator[IO[str]]:
    """Open standard output (None or `-`) or a file, written beside it and moved into place."""
    if path in (None, "-"):
        with _forgiving():
            yield sys.stdout
            sys.stdout.flush()
    elif Path(str(path)).exists() and not Path(str(path)).is_file():
        with _forgiving(), Path(str(path)).open("w", encoding="utf-8") as device:
            yield device
    else:
        with _whole_file(Path(str(path)).resolve()) as file:
            yield file


@contextlib.contextmanager
def _forgiving() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        discard_stdout()


def discard_stdout() -> None:
    """Let the interpreter's last flush go nowhere: whoever read the pipe has left."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


@contextlib.contextmanager
def _whole_file(path: Path) -> Iterator[IO[str]]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  # it is a descriptor
            yield file
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """Return the permissions of the file to replace, else those of a new one."""
    if path.exists():
        return path.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
