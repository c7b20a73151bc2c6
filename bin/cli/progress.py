"""A progress bar over the bytes of a hunt, on standard error and only on a terminal."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

_PACKED = (".gz", ".zst", ".zstd")


@contextlib.contextmanager
def shown(console: Console, paths: Sequence[str]) -> Iterator[Callable[[int], None]]:
    """Yield the function that a hunt tells how many bytes of its present source it has read."""
    if not console.is_terminal:
        yield lambda size_bytes: None
        return
    columns = (
        TextColumn("reading"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("read", total=total_bytes(paths))
        tally = Tally()
        yield lambda size_bytes: bar.update(task, completed=tally.add(size_bytes))


class Tally:
    """Sums the bytes of one source after another; a smaller number begins the next source."""

    def __init__(self) -> None:
        self._before = self._present = 0

    def add(self, size_bytes: int) -> int:
        """Take the bytes read of the present source and return those read of all."""
        if size_bytes < self._present:
            self._before += self._present
        self._present = size_bytes
        return self._before + self._present


def total_bytes(paths: Sequence[str]) -> int | None:
    """Return the bytes to read, None where compression or a stream hides how many there will be."""
    total = 0
    for name in _files(paths):
        if name == "-" or name.endswith(_PACKED):
            return None
        with contextlib.suppress(OSError):
            total += os.stat(name).st_size  # noqa: PTH116  # a Path for each of 100,000 files is slow
    return total


def _files(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112  # as above
            yield path
        for folder, _, names in os.walk(path):
            yield from (f"{folder}/{name}" for name in names)
