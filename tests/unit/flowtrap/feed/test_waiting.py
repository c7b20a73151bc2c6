"""Records that wait come back whole, each once, and only when their key is wanted."""

from __future__ import annotations

import io
import tempfile
from typing import Any

import pytest

from flowtrap.feed import waiting as module
from flowtrap.feed.waiting import WaitingRoom

FUNCTION, ROLE = 1, 2


def taken(room: WaitingRoom, *keys: tuple[int, bytes]) -> list:
    places = [place for group, key in keys for place in room.places(group, {hash(key)})]
    return list(room.take(sorted(set(places))))


def a_room(reports: list | None = None) -> WaitingRoom:
    return WaitingRoom(tempfile.TemporaryFile, (reports if reports is not None else []).append)


def fill(room: WaitingRoom, kind: str, lines: list[bytes], context: Any) -> None:
    content = b"".join(lines)
    again = (lambda: io.BytesIO(content)) if kind == "file" else None
    room.begin(f"{context}.jsonl", again, len(content), context)
    offset = 0
    for line in lines:
        room.wait(line, offset, [(FUNCTION, line[:1])])
        offset += len(line)


@pytest.mark.parametrize("kinds", [("file", "file"), ("stream", "stream"), ("file", "stream")])
@pytest.mark.parametrize("kept", [2, 1_000])
def test_wanted_records_come_back(kinds: tuple, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ENTRIES_KEPT", kept)
    room = a_room()
    fill(room, kinds[0], [b"a1\n", b"b1\n", b"a2\n"], "one")
    fill(room, kinds[1], [b"b2\n", b"a3\n"], "two")
    found = taken(room, (FUNCTION, b"a"))
    assert found == [(b"a1\n", "one"), (b"a2\n", "one"), (b"a3\n", "two")]
    assert taken(room, (FUNCTION, b"a"), (ROLE, b"b")) == []
    assert [line for line, _ in taken(room, (FUNCTION, b"b"))] == [b"b1\n", b"b2\n"]
    assert room.taken == 5
    room.close()


def test_a_record_under_two_wanted_keys_comes_back_once() -> None:
    room = a_room()
    room.begin("one", lambda: io.BytesIO(b"x\n"), 2, None)
    room.wait(b"x\n", 0, [(FUNCTION, b"a"), (ROLE, b"r")])
    assert len(taken(room, (FUNCTION, b"a"), (ROLE, b"r"))) == 1


def test_a_file_that_has_gone_is_reported_and_the_rest_is_read() -> None:
    def gone() -> io.BytesIO:
        raise FileNotFoundError(2, "No such file or directory")

    reports: list = []
    room = a_room(reports)
    room.begin("gone.jsonl", gone, 3, None)
    room.wait(b"a1\n", 0, [(FUNCTION, b"a")])
    fill(room, "file", [b"a2\n"], "there")
    assert [line for line, _ in taken(room, (FUNCTION, b"a"))] == [b"", b"a2\n"]
    assert [str(report) for report in reports] == [
        "gone.jsonl: cannot be read again (No such file or directory) "
        "(what waited in it is lost: run again on files that stay)"
    ]


def test_a_group_tells_the_values_that_wait_in_it() -> None:
    room = a_room()
    fill(room, "stream", [b"a1\n", b"b1\n", b"a2\n"], "one")
    assert room.hashes(FUNCTION) == {hash(b"a"), hash(b"b")}
    assert room.hashes(ROLE) == set()
    room.wait(b"c1\n", 0, [(FUNCTION, b"c")])
    assert hash(b"c") in room.hashes(FUNCTION)
    assert len(room.places(FUNCTION, {hash(b"c")})) == 1
    room.close()
