"""Where logs come from: files, folders and stdin, each a source that is opened for its bytes.

    for source in walk(["exports/", "-"], report):
        with source.open() as stream: ...

Nothing here raises for bad input: each problem is one report, and the rest is still read.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Callable

from flowtrap.model.errors import InputError

from .compression import DecompressedRaw, codec_of
from .decode import can_read_zstd
from .streams import buffered, complainer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flowtrap.model.errors import FlowtrapError

    from .streams import Complain

    Report = Callable[[FlowtrapError], None]

STDIN = "-"
RECORD_BYTES = 8 * 1024  # few records are longer
LAYERS = 3  # Firehose compresses CloudWatch's gzip once more
_FOREIGN = {
    b"PK\x03\x04": ("a zip archive (or workbook)", "unpack it, or save the sheet as CSV"),
    b"PAR1": ("a Parquet file", "export it as JSON lines"),
    b"BZh": ("compressed with bzip2", "unpack it: bunzip2 FILE"),
    b"\xfd7zXZ": ("compressed with xz", "unpack it: unxz FILE"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "unpack it"),
    b"Obj\x01": ("an Avro file", "export it as JSON lines"),
    b"SQLite format 3": ("an SQLite database", "export it as JSON lines"),
    b"ElfFile\0": ("a Windows event log", "it holds none of the feeds; leave it out"),
}


@dataclass(frozen=True)
class Source:
    """One file or stdin. `label` names it in messages and stays the same from run to run.

    `size_bytes` is that of the file as it lies on disk, 0 where there is none (stdin, a pipe).
    """

    label: str
    path: str
    size_bytes: int
    report: Report

    @property
    def seekable(self) -> bool:
        """Tell whether offsets in the opened stream are stable: a regular file, not compressed."""
        try:
            if self.path == STDIN or not stat.S_ISREG(os.stat(self.path).st_mode):  # noqa: PTH116
                return False
            with Path(self.path).open("rb") as file:
                return codec_of(file.read(8)) is None
        except OSError:
            return False

    def again(self) -> Callable[[], BinaryIO]:
        """Return what opens the file again, to read single records of. Only if `seekable`.

        It raises OSError if the file is another one by then, is shorter, or was written anew.
        """
        was = os.stat(self.path)  # noqa: PTH116  as above

        def open_again() -> BinaryIO:
            file = self._bytes()
            now = os.fstat(file.fileno())
            if not _is_same(was, now):
                file.close()
                raise OSError(errno.ESTALE, "it has changed since")
            return buffered(file, complainer(self.label, self.report), RECORD_BYTES)

        return open_again

    def open(self) -> BinaryIO:
        """Return the bytes, decompressed; an empty stream, and a report, if they cannot be read."""
        complain = complainer(self.label, self.report)
        try:
            stream = buffered(self._bytes(), complain)
        except OSError as error:
            complain(f"cannot be read: {_reason(error)}", "check that it is there and readable")
            return io.BufferedReader(io.BytesIO())
        return _unpacked(stream, complain)

    def _bytes(self) -> BinaryIO:
        if self.path == STDIN:
            return sys.stdin.buffer
        return Path(self.path).open("rb", buffering=0)


def _is_same(was: os.stat_result, now: os.stat_result) -> bool:
    """Tell whether a file still holds what it held; it may have grown."""
    if (was.st_dev, was.st_ino) != (now.st_dev, now.st_ino) or now.st_size < was.st_size:
        return False
    return now.st_size > was.st_size or now.st_mtime_ns == was.st_mtime_ns


def _unpacked(stream: io.BufferedReader, complain: Complain) -> BinaryIO:
    """Return the stream with its layers of compression taken off."""
    for _ in range(LAYERS):
        head = stream.peek(16)[:16]
        codec = codec_of(head)
        if codec is None:
            return _known(stream, head, complain)
        if codec.name == "zstd" and not can_read_zstd():
            complain("is compressed with zstd", "pip install zstandard, or unpack it: unzstd FILE")
            return _nothing(stream)
        stream = buffered(DecompressedRaw(stream, codec, complain), complain)
    return stream


def _known(stream: BinaryIO, head: bytes, complain: Complain) -> BinaryIO:
    for magic, (what, cure) in _FOREIGN.items():
        if head.startswith(magic):
            complain(f"is {what}, not a log", cure)
            return _nothing(stream)
    return stream


def _nothing(stream: BinaryIO) -> BinaryIO:
    stream.close()
    return io.BufferedReader(io.BytesIO())


def walk(paths: Sequence[str], report: Report) -> Iterator[Source]:
    """Yield a source for each file among `paths` and in their folders, by name, folder by folder.

    `-` is stdin. Inside a folder, links to what lies outside of it are reported and not followed;
    links to what lies inside are passed over, as that is read anyway. What is missing, unreadable
    or no file is reported once.
    """
    for path in paths:
        if path == STDIN:
            yield Source("stdin", STDIN, 0, report)
            continue
        try:
            mode = os.stat(path)  # noqa: PTH116  a str keeps what the user wrote
        except (OSError, ValueError) as error:
            report(_missing(path, error))
            continue
        if stat.S_ISDIR(mode.st_mode):
            yield from _folder(path, report)
        elif _is_endless(path, mode.st_mode):
            cure = "give a file, a folder, a pipe or -"
            report(InputError("is a device, not a log", place=label_of(path), cure=cure))
        else:
            size = mode.st_size if stat.S_ISREG(mode.st_mode) else 0
            yield Source(label_of(path), path, size, report)


def _is_endless(path: str, mode: int) -> bool:
    """Tell whether this is a device such as /dev/zero; a terminal and /dev/null are none."""
    if stat.S_ISBLK(mode):
        return True
    return stat.S_ISCHR(mode) and path != os.devnull and not _is_terminal(path)


def _is_terminal(path: str) -> bool:
    try:
        with Path(path).open("rb", buffering=0) as file:
            return file.isatty()
    except OSError:
        return False


def _folder(path: str, report: Report) -> Iterator[Source]:
    empty = True
    for source in _files(path, os.path.realpath(path), report):
        empty = False
        yield source
    if empty:
        cure = "give the folder that holds the exported logs"
        report(InputError("holds no files", place=label_of(path), cure=cure))


def _files(folder: str, root: str, report: Report) -> Iterator[Source]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        cure = "check its permissions"
        report(InputError(f"cannot be read: {_reason(error)}", place=label_of(folder), cure=cure))
        return
    for entry in entries:
        try:
            yield from _entry(entry, root, report)
        except OSError as error:
            problem = f"cannot be read: {_reason(error)}"
            report(InputError(problem, place=label_of(entry.path), cure="check its permissions"))


def _entry(entry: os.DirEntry[str], root: str, report: Report) -> Iterator[Source]:
    if entry.is_symlink():
        _report_link(entry, root, report)
    elif entry.is_dir(follow_symlinks=False):
        yield from _files(entry.path, root, report)
    elif entry.is_file(follow_symlinks=False):
        size = entry.stat(follow_symlinks=False).st_size
        yield Source(label_of(entry.path), entry.path, size, report)
    else:
        cure = "give it by itself if it is to be read"
        report(InputError("is not a regular file", place=label_of(entry.path), cure=cure))


def _report_link(entry: os.DirEntry[str], root: str, report: Report) -> None:
    target = os.path.realpath(entry.path)
    if os.path.commonpath([root, target]) != root:
        problem = f"is a link out of the folder, to {label_of(target)}"
        cure = "give its target by itself if it is to be read"
        report(InputError(problem, place=label_of(entry.path), cure=cure))


def label_of(path: str) -> str:
    """Return a path as text that can be shown: no control characters, no broken encoding."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _missing(path: str, error: Exception) -> InputError:
    if isinstance(error, FileNotFoundError):
        cure = "check the spelling; - reads stdin"
        return InputError("there is no such file or folder", place=label_of(path), cure=cure)
    problem = f"cannot be read: {_reason(error)}"
    return InputError(problem, place=label_of(path), cure="check its permissions")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
