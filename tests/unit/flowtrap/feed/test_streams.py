"""The guarded stream: true offsets, bounded lines, complaints instead of exceptions."""

from __future__ import annotations

import io

import pytest

from flowtrap.feed.streams import BUFFER_BYTES, TranscodedRaw, buffered, complainer
from flowtrap.model.errors import InputError


class Trickle(io.RawIOBase):
    """Gives a few bytes a read, as a slow pipe does, and may fail in the end."""

    def __init__(self, text: bytes, step: int, error: OSError | None = None) -> None:
        super().__init__()
        self._text, self._step, self._error = text, step, error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if not self._text and self._error:
            raise self._error
        count = min(self._step, len(buffer), len(self._text))
        buffer[:count], self._text = self._text[:count], self._text[count:]
        return count


def complaints():
    seen = []
    return seen, lambda problem, cure: seen.append(problem)


def test_peek_shows_a_whole_line_of_a_slow_pipe():
    stream = buffered(Trickle(b'{"a": 1}\n{"b": 2}\n', 3), complaints()[1])
    assert stream.peek(1).startswith(b'{"a": 1}\n')
    assert list(stream) == [b'{"a": 1}\n', b'{"b": 2}\n']


def test_a_byte_order_mark_becomes_spaces_so_that_offsets_hold():
    stream = buffered(io.BytesIO(b"\xef\xbb\xbfversion\nb"), complaints()[1])
    assert list(stream) == [b"   version\n", b"b"]


def test_a_failing_disk_ends_the_stream_with_a_complaint():
    seen, complain = complaints()
    stream = buffered(Trickle(b"a\nb\n", 2, OSError(5, "Input/output error")), complain)
    assert list(stream) == [b"a\n", b"b\n"]
    assert seen == ["reading stopped: Input/output error"]


@pytest.mark.parametrize("size", [900_000, 3_000_000])
@pytest.mark.parametrize("ending", [b"\n", b""])
def test_an_endless_line_is_one_complaint_and_the_rest_is_read_at_true_offsets(size, ending):
    seen, complain = complaints()
    text = b'{"a": 1}\n' + b"x" * size + b'\n{"b": 2}\n{"c": 3}' + ending
    stream = buffered(io.BytesIO(text), complain)
    stream.raw.limit_lines(0, 500_000)
    lines = list(stream)
    assert len(seen) == 1
    assert sum(map(len, lines)) == len(text)
    assert max(map(len, lines)) <= 500_000 + 2 * BUFFER_BYTES
    real = [(sum(map(len, lines[:n])), line) for n, line in enumerate(lines) if b"{" in line]
    assert [line.strip() for _, line in real] == [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']
    assert all(text[offset:].startswith(line) for offset, line in real)


def test_a_line_within_the_limit_is_left_alone():
    seen, complain = complaints()
    text = b"y" * 499_000 + b"\n" + b"z" * 499_000
    stream = buffered(io.BytesIO(text), complain)
    stream.raw.limit_lines(0, 500_000)
    assert b"".join(stream) == text
    assert not seen


def test_two_endless_lines_are_two_complaints():
    seen, complain = complaints()
    stream = buffered(io.BytesIO((b"x" * 900_000 + b"\n") * 2 + b"end"), complain)
    stream.raw.limit_lines(0, 300_000)
    assert list(stream)[-1] == b"end"
    assert len(seen) == 2


def test_seek_works_where_the_file_below_can():
    stream = buffered(io.BytesIO(b"abc\ndef\n"), complaints()[1])
    assert stream.seekable()
    stream.seek(4)
    assert stream.readline() == b"def\n"
    assert stream.tell() == 8
    assert not buffered(Trickle(b"a", 1), complaints()[1]).seekable()


def test_closing_closes_what_is_below():
    below = io.BytesIO(b"a")
    buffered(below, complaints()[1]).close()
    assert below.closed


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_another_encoding_is_read_as_utf8(step):
    text = '{"user": "Zoë"}\r\n{"b": "\U0001f600"}\n'
    raw = TranscodedRaw(io.BufferedReader(Trickle(text.encode("utf-16"), step)), "utf-16")
    assert io.BufferedReader(raw).read().decode() == text


def test_complainer_raises_where_nobody_listens():
    with pytest.raises(InputError, match=r"^a\.json: broken \(mend it\)$"):
        complainer("a.json", None)("broken", "mend it")
