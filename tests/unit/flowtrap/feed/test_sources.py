"""Files, folders and stdin: order, links, what cannot be read."""

from __future__ import annotations

import gzip
import io
import os
import sys
import types

import pytest

from flowtrap.feed import decode, sources
from flowtrap.feed.framing import record_lines

LINE = b'{"a": 1}\n'


@pytest.fixture
def reports():
    return []


def walk(paths, reports):
    return list(sources.walk([str(path) for path in paths], reports.append))


def read(source) -> bytes:
    with source.open() as stream:
        return stream.read()


def test_a_folder_is_read_by_name_down_to_its_leaves(tmp_path, reports):
    for name in ("b/2.json", "b/1.json", "a.json", "c.jsonl", "b/a/z", "B.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LINE)
    labels = [os.path.relpath(s.label, tmp_path) for s in walk([tmp_path], reports)]
    assert labels == ["B.json", "a.json", "b/1.json", "b/2.json", "b/a/z", "c.jsonl"]
    assert not reports


def test_a_source_tells_its_label_size_and_whether_offsets_hold(tmp_path, reports):
    plain, packed = tmp_path / "a.json", tmp_path / "b.json"
    plain.write_bytes(LINE)
    packed.write_bytes(gzip.compress(LINE))
    first, second = walk([plain, packed], reports)
    assert (first.label, first.size_bytes, first.seekable) == (str(plain), len(LINE), True)
    assert second.seekable is False
    assert read(first) == read(second) == LINE


def test_an_opened_plain_file_can_be_read_from_an_offset(tmp_path, reports):
    (tmp_path / "a").write_bytes(LINE + b'{"b": 2}\n')
    (source,) = walk([tmp_path], reports)
    with source.open() as stream:
        stream.seek(len(LINE))
        assert stream.readline() == b'{"b": 2}\n'


@pytest.mark.parametrize("layers", [1, 2])
def test_gzip_is_told_by_its_bytes_also_twice(tmp_path, reports, layers):
    content = LINE * 1000
    for _ in range(layers):
        content = gzip.compress(content)
    (tmp_path / "no-extension").write_bytes(content)
    assert read(walk([tmp_path], reports)[0]) == LINE * 1000


def test_zstd_is_read_where_a_module_is_installed(tmp_path, reports):
    zstandard = pytest.importorskip("zstandard")
    (tmp_path / "a.zst").write_bytes(zstandard.ZstdCompressor().compress(LINE))
    assert read(walk([tmp_path], reports)[0]) == LINE


def test_zstd_without_a_module_is_one_report(tmp_path, reports, monkeypatch):
    monkeypatch.setattr(decode, "zstandard", None)
    monkeypatch.setattr(decode, "own_zstd", None)
    (tmp_path / "a.zst").write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 20)
    assert read(walk([tmp_path], reports)[0]) == b""
    assert "pip install zstandard" in str(reports[0])


def test_a_cut_gzip_gives_its_lines_and_one_report(tmp_path, reports):
    content = b"".join(b'{"n": %d}\n' % (n * 7919 % 1_000_003) for n in range(50_000))
    packed = gzip.compress(content)
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    (source,) = walk([tmp_path], reports)
    with source.open() as stream:
        lines = list(record_lines(stream, source.label, reports.append).lines)
    assert len(lines) > 10_000
    assert content.startswith(b"".join(lines))
    assert [str(r) for r in reports] == [
        f"{source.label}: the gzip stream ends in the middle: cut off? "
        "(what could be read was read; fetch the file again)"
    ]


@pytest.mark.parametrize(
    "magic", [b"PK\x03\x04", b"PAR1", b"BZh91AY", b"\xfd7zXZ\0", b"SQLite format 3\0"]
)
def test_what_is_no_log_is_reported_with_a_cure(tmp_path, reports, magic):
    (tmp_path / "a").write_bytes(magic + b"\0" * 100)
    assert read(walk([tmp_path], reports)[0]) == b""
    assert len(reports) == 1
    assert reports[0].cure


def test_a_missing_path_is_reported_and_the_others_are_read(tmp_path, reports):
    (tmp_path / "a").write_bytes(LINE)
    found = walk([tmp_path / "nowhere", tmp_path / "a"], reports)
    assert [read(source) for source in found] == [LINE]
    assert str(reports[0]) == (
        f"{tmp_path / 'nowhere'}: there is no such file or folder (check the spelling; - reads stdin)"
    )


def test_an_empty_folder_is_reported(tmp_path, reports):
    (tmp_path / "empty").mkdir()
    assert walk([tmp_path], reports) == []
    assert "holds no files" in str(reports[0])


def test_a_file_that_vanishes_is_one_report(tmp_path, reports):
    (tmp_path / "a").write_bytes(LINE)
    (source,) = walk([tmp_path], reports)
    (tmp_path / "a").unlink()
    assert read(source) == b""
    assert source.seekable is False
    assert len(reports) == 1


def test_an_unreadable_file_is_one_report(tmp_path, reports, monkeypatch):
    (tmp_path / "a").write_bytes(LINE)
    (source,) = walk([tmp_path], reports)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(sources.Path, "open", refuse)
    assert read(source) == b""
    assert [r.problem for r in reports] == ["cannot be read: Permission denied"]


def test_an_unreadable_folder_is_one_report(tmp_path, reports, monkeypatch):
    (tmp_path / "a").write_bytes(LINE)
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    (tmp_path / "locked").mkdir()
    monkeypatch.setattr(sources.os, "scandir", refuse)
    assert [read(s) for s in walk([tmp_path], reports)] == [LINE]
    assert len(reports) == 1


def test_links_out_of_the_folder_are_reported_and_not_followed(tmp_path, reports):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(LINE)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(LINE)
    (folder / "inner").symlink_to(folder / "a")
    (folder / "loop").symlink_to(folder)
    (folder / "out").symlink_to(outside / "secret")
    (folder / "outdir").symlink_to(outside)
    (folder / "dangling").symlink_to(folder / "gone")
    assert [s.label for s in walk([folder], reports)] == [str(folder / "a")]
    assert sorted(r.place for r in reports) == [str(folder / "out"), str(folder / "outdir")]


def test_a_link_that_is_given_itself_is_followed(tmp_path, reports):
    (tmp_path / "a").write_bytes(LINE)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (source,) = walk([tmp_path / "link"], reports)
    assert read(source) == LINE


def test_a_pipe_in_a_folder_is_reported_not_waited_for(tmp_path, reports):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_bytes(LINE)
    assert len(walk([tmp_path], reports)) == 1
    assert "not a regular file" in str(reports[0])


def test_a_pipe_that_is_given_itself_is_read(tmp_path, reports):
    reader, writer = os.pipe()
    os.write(writer, gzip.compress(LINE))
    os.close(writer)
    (source,) = walk([f"/dev/fd/{reader}"], reports)
    assert (source.seekable, source.size_bytes) == (False, 0)
    assert read(source) == LINE
    os.close(reader)


def test_stdin(reports, monkeypatch):
    stdin = types.SimpleNamespace(buffer=io.BytesIO(gzip.compress(LINE)))
    monkeypatch.setattr(sys, "stdin", stdin)
    (source,) = sources.walk(["-"], reports.append)
    assert (source.label, source.seekable, source.size_bytes) == ("stdin", False, 0)
    assert read(source) == LINE


def test_a_label_can_be_shown(tmp_path, reports):
    name = b"a\x1b[31m\xff\n\xc3\xa9"
    (tmp_path / os.fsdecode(name)).write_bytes(LINE)
    (source,) = walk([tmp_path], reports)
    assert source.label == f"{tmp_path}/a\\x1b[31m\\xff\\né"
    assert read(source) == LINE


def test_an_empty_file_is_an_empty_stream(tmp_path, reports):
    (tmp_path / "a").write_bytes(b"")
    assert read(walk([tmp_path], reports)[0]) == b""
    assert not reports
