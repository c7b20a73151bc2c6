"""A JSON array of objects, read as its bytes arrive, object by object, each with its own bytes.

Example: `for text, record in records([b'[{"Id":"a"},', b'{"Id":"b"}]']): ...` gives
`(b'{"Id":"a"}', {"Id": "a"})` and then the next; memory holds one object and one chunk.

The bytes are those of the vendor, untouched: spacing, order of keys, escapes and numbers stay as
they are. Bytes that are not UTF-8 pass through too. What is not such an array, or ends before its
closing bracket, raises MalformedError, after the whole objects before that point were given out.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any

from .errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_CHARACTERS = 16 * 1024 * 1024  # of one object

_parse: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(strict=False).raw_decode
_SPACE = re.compile(r"[ \t\r\n]*")


class _Window:
    """The part of the text that is not used up yet."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._pieces = (decoder.decode(chunk) for chunk in chunks)
        self.text, self.at = "", 0

    def more(self, characters: int) -> bool:
        """Read on until so many characters are at hand, or one more piece; False at the end."""
        pieces, length = [self.text[self.at :]], len(self.text) - self.at
        before = length
        for piece in self._pieces:
            pieces.append(piece)
            length += len(piece)
            if length > before and length >= characters:
                break
        self.text, self.at = "".join(pieces), 0
        return length > before

    def mark(self) -> str:
        """Return the next character that is not white space, "" at the end; stop before it."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more(0):
                return ""

    def object(self) -> tuple[bytes, dict[str, Any]]:
        """Return the object that begins here, with its bytes; stop after it.

        An object that is cut by the window's end is parsed again when twice as much is at hand,
        so that a long one costs O(its length).
        """
        while True:
            try:
                record, end = _parse(self.text, self.at)
            except RecursionError:
                raise MalformedError("an object of the answer is nested too deep") from None
            except ValueError:
                length = len(self.text) - self.at
                if length > MOST_CHARACTERS or not self.more(2 * length):
                    raise MalformedError(
                        "the answer is not JSON, or is cut off inside an object"
                    ) from None
                continue
            text, self.at = self.text[self.at : end], end
            return text.encode("utf-8", "surrogateescape"), record


def records(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield the bytes of each object of the array, and what they say; raise MalformedError."""
    window = _Window(chunks)
    mark = window.mark()
    if mark == "\ufeff":  # a byte order mark
        window.at += 1
        mark = window.mark()
    _expect(mark, "[")
    window.at += 1
    mark = window.mark()
    while mark != "]":
        _expect(mark, "{")
        yield window.object()
        mark = window.mark()
        _expect(mark, ",]")
        if mark == ",":
            window.at += 1
            mark = window.mark()
            _expect(mark, "{")
    window.at += 1
    if window.mark():
        raise MalformedError("the answer goes on after its end")


def _expect(mark: str, those: str) -> None:
    if not mark:
        raise MalformedError("the answer is cut off")
    if mark not in those:
        raise MalformedError("the answer is not a JSON array of objects")
