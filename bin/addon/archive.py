"""The archive, the same bytes from the same tree: names sorted, one owner, one time.

Splunk wants no execute bits on plain files and no hidden names; the time is the commit's, so that
two builds of one commit differ in what ucc-gen itself stamps, and in nothing else.
"""

from __future__ import annotations

import gzip
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER, _FILE = 0o755, 0o644


def pack(product: Path, target: Path, time_s: int) -> None:
    """Write a folder as NAME/… into a .tar.gz file."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=time_s) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for path in (product, *sorted(product.rglob("*"))):
            _add(archive, path, str(path.relative_to(product.parent)), time_s)


def _add(archive: tarfile.TarFile, path: Path, name: str, time_s: int) -> None:
    entry = archive.gettarinfo(str(path), name)
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = time_s, 0, 0, "", ""
    entry.mode = _FOLDER if path.is_dir() else _FILE
    if path.is_dir():
        archive.addfile(entry)
        return
    with path.open("rb") as file:
        archive.addfile(entry, file)
