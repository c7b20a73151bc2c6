"""The byte filter passes over only what no stage can match, and says what waits."""

from __future__ import annotations

import io
import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap.feed import front_door
from flowtrap.feed.decode import fast_finder
from flowtrap.feed.front_door import PROBE, FrontDoor, Need
from flowtrap.model.feed import FeedSpec, RawKey

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEC = FeedSpec("trail", lambda record: True, lambda record: None, name_field="eventName")  # type: ignore[arg-type, return-value]
FUNCTION = RawKey((re.compile(rb'"fn": ?"(\w+)"'),), (b'"fn"',))
NEEDS = {
    "Create": (Need(),),
    "Invoke": (Need(FUNCTION, 7),),
    "Act": (Need(FUNCTION),),
    "Marked": (Need(FUNCTION, 7, b"exec-env"),),
}


class Door:
    """A front door with what came through and what waits."""

    def __init__(self) -> None:
        self.waiting: list = []
        self.door = FrontDoor(
            SPEC,
            lambda name: NEEDS.get(name, ()),
            lambda line, place, keys: self.waiting.append((place, keys)),
            lambda line: b"stranger" not in line,
        )

    def sift(self, *lines: bytes) -> list:
        return list(self.door.sift(list(lines), lambda: 1_000))


def native(name: bytes, rest: bytes = b"") -> bytes:
    start = b'{"eventVersion":"1.11","eventSource":"x.amazonaws.com","eventName":"'
    return start + name + b'"' + rest + b"}\n"


def test_a_name_that_no_stage_asks_for_is_passed_over() -> None:
    door = Door()
    assert door.sift(native(b"Describe"), native(b"Create")) == [native(b"Create")]
    assert door.door.filtered == 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"eventName" : "Create"}\n',
        b'{"eventName":  "Create"}\n',
        b'{"eventName":"Cre\\u0061te"}\n',
        b'{"event\\u004eame":"Create"}\n',
        b'{"other":1}\n',
        b"not json\n",
        b'{"requestParameters":{"eventName":"Describe"},"eventName":"Create"}\n',
        b'{"a":{"eventName":"Describe"},"eventSource":"x.amazonaws.com","event\\u004eame":"Create","eventName":"y"}\n',
        b'{"eventName":"Create\n',
    ],
)
def test_what_the_bytes_do_not_tell_is_parsed(line: bytes) -> None:
    assert Door().sift(line) == [line]


def test_a_name_is_trusted_once_a_record_of_the_feed_bore_it() -> None:
    stranger, ours = native(b"Describe", b',"stranger":1'), native(b"Describe")
    assert Door().sift(stranger, stranger, ours, stranger) == [stranger, stranger]


def test_a_related_record_waits_under_its_key_and_place() -> None:
    door = Door()
    first, second = native(b"Describe"), native(b"Invoke", b',"fn":"billing"')
    assert door.sift(first, second) == []
    assert door.waiting == [(1_000 - len(second), [(7, b"billing")])]
    assert (door.door.filtered, door.door.waiting) == (1, 1)


def test_a_related_record_without_its_key_cannot_match() -> None:
    door = Door()
    assert door.sift(native(b"Invoke")) == []
    assert door.door.filtered == 1


def test_a_key_that_is_there_but_unreadable_means_parsing() -> None:
    line = native(b"Invoke", b',"fn":"bill\\u0069ng"')
    assert Door().sift(line) == [line]


def test_a_record_that_lacks_a_text_cannot_match() -> None:
    door = Door()
    marked = native(b"Marked", b',"fn":"a","agent":"exec-env"')
    assert door.sift(native(b"Marked", b',"fn":"a","agent":"Lambda"'), marked) == []
    assert [keys for _, keys in door.waiting] == [[(7, b"a")]]


@pytest.mark.parametrize("escape", [b"\\u0065", b"\\/"])
def test_escapes_may_hide_a_text_or_a_key(escape: bytes) -> None:
    line = native(b"Marked", b',"fn":"a","agent":"' + escape + b'"')
    assert Door().sift(line) == [line]


def test_an_anchor_is_parsed_only_if_it_can_bear_its_key() -> None:
    door = Door()
    bears = native(b"Act", b',"fn":"billing"')
    assert door.sift(native(b"Act"), bears) == [bears]


def test_line_numbers_count_every_line() -> None:
    door = Door().door
    numbers = [
        door.number
        for _ in door.sift([native(b"No"), native(b"Create"), native(b"No"), native(b"Create")])
    ]
    assert numbers == [2, 4]


NAMES = st.sampled_from([b"Create", b"Invoke", b"Act", b"Describe", b"List"])
LINES = st.lists(
    st.builds(native, NAMES, st.sampled_from([b"", b',"fn":"a"', b',"eventName":"Create"', b',"x":1']))
    | st.sampled_from([b"\n", b"{}\n", b"not json\n", b'{"eventName" : "Create"}\n', b'{"eventName":"Cr\n']),
    max_size=30,
)  # fmt: skip


@pytest.mark.skipif(fast_finder(b"x") is None, reason="ahocorasick_rs is not installed")
@given(LINES, st.sampled_from([16, 100, 150, 1_000]), st.booleans())
def test_by_the_block_as_by_the_line(lines: list[bytes], size: int, cut: bool) -> None:
    """The same lines come through with the same numbers, and wait at the same places."""
    content = b"".join(lines)
    content = content[:-1] if cut else content
    lines = content.splitlines(keepends=True)
    by_line, by_block = Door(), Door()
    ends = itertools.accumulate(map(len, lines))
    place = [0]

    def counted() -> Iterator[bytes]:
        for line, end in zip(lines, ends):
            place[0] = end
            yield line

    wanted = [(by_line.door.number, x) for x in by_line.door.sift(counted(), lambda: place[0])]
    stream = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front_door, "BLOCK_BYTES", size)
        found = [(by_block.door.number, x) for x in by_block.door.sift(stream, stream.tell)]
    assert found == wanted
    assert by_block.waiting == by_line.waiting
    assert by_block.door.filtered == by_line.door.filtered


@pytest.mark.skipif(fast_finder(b"x") is None, reason="ahocorasick_rs is not installed")
@pytest.mark.parametrize("size", [16, 100, 1_000])
def test_no_line_is_lost_where_sifting_by_the_block_ends(size: int, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(front_door, "PROBE", 4)
    monkeypatch.setattr(front_door, "BLOCK_BYTES", size)
    lines = [native(b"Create", b',"n":%d' % n) for n in range(50)] + [native(b"Describe")]
    stream = io.BufferedReader(io.BytesIO(b"".join(lines)))  # type: ignore[arg-type]
    door = Door().door
    assert [(door.number, line) for line in door.sift(stream, stream.tell)] == [
        *enumerate(lines, 1)
    ]
    assert door.off


def test_sifting_ends_where_it_does_not_pay() -> None:
    door = Door()
    lines = [native(b"Create")] * PROBE + [native(b"Describe")]
    assert door.sift(*lines) == lines
    assert door.door.off


def test_a_feed_without_names_asks_the_same_of_every_record() -> None:
    spec = SPEC._replace(name_field="")
    waiting: list = []
    door = FrontDoor(
        spec, lambda name: NEEDS["Invoke"], lambda line, place, keys: waiting.append(keys), bool
    )
    assert list(door.sift([b'"fn":"a"\n', b"nothing\n", b'"fn":3\n'])) == [b'"fn":3\n']
    assert waiting == [[(7, b"a")]]
