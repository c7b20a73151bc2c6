"""An intruder's keys and values cannot make the byte filter pass over a record that matters.

Each line is a record whose real name some stage asks for, beside a decoy that none does; a full
parse sees the real one, so the filter must let the line through, by the line and by the block.
"""

from __future__ import annotations

import io

import pytest

from flowtrap.feed import decode
from flowtrap.feed.front_door import FrontDoor, Need, hidden_finder
from flowtrap.model.feed import FeedSpec

SPEC = FeedSpec("trail", lambda record: True, lambda record: None, name_field="eventName")  # type: ignore[arg-type, return-value]
BORING = b'{"eventSource":"x","eventName":"Describe"}\n'
DECOY = b'"p":{"eventName":"Describe"}'
HIDDEN = [
    rb'{"event\u004eame":"Create",' + DECOY + b"}\n",
    rb'{"\u0065ventName":"Create",' + DECOY + b"}\n",
    rb'{"eventNam\u0065" : "Create",' + DECOY + b"}\n",
    rb"{" + DECOY + rb',"event\u004Eame":"Create"}' + b"\n",
    rb'{"tag":"a\\b","event\u004eame":"Create",' + DECOY + b"}\n",
    b'{"eventName" :"Create",' + DECOY + b"}\n",
    b'{"eventName"\t: "Create",' + DECOY + b"}\n",
    b'{"eventName"\0:"Create",' + DECOY + b"}\n",
    b"{" + DECOY + b',"eventName":\r"Create"}\n',
    b'{"eventName":"Describe","eventName":"Create"}\n',
    rb'{"eventName":"Describe","_raw":"{\"eventName\":\"Create\"}"}' + b"\n",
    rb'{"eventName":"Describe","_raw":"{\u0022eventName\u0022:\u0022Create\u0022}"}' + b"\n",
    rb'{"eventName":"Describe","_raw":"{\"event\\u004eame\":\"Create\"}"}' + b"\n",
    rb'{"eventName":"Describ\u0065"}' + b"\n",
    b'{"a":1,' + DECOY + b'}{"eventName":"Create"}\n',
    b'{"a":1,' + DECOY + b'}\r{"eventName":"Create"}\n',
    b'\xef\xbb\xbf{"eventName" : "Create"}\n',
    b'{"eventName":"' + b"C" * 100_000 + b'"}\n',
    b'{"eventName":"Creat\n',
    b'{"eventName":"Describe\n',
    b'{"eventName":\n',
    b'{"eventName"\n',
    rb'{"eventName":"Describe\"Create"}' + b"\n",
]


def door() -> FrontDoor:
    """Return a door where only Create is asked for."""
    needs = {"Create": (Need(),)}
    return FrontDoor(SPEC, lambda name: needs.get(name, ()), lambda *_: None, lambda _: True)


def by_line(content: list[bytes]) -> list[bytes]:
    return list(door().sift(content))


def by_block(content: list[bytes]) -> list[bytes]:
    return list(door().sift(io.BufferedReader(io.BytesIO(b"".join(content)))))  # type: ignore[arg-type]


@pytest.mark.parametrize("sift", [by_line, by_block])
@pytest.mark.parametrize("line", HIDDEN)
def test_a_hidden_name_means_parsing(line: bytes, sift) -> None:
    assert sift([BORING, BORING, line, BORING]) == [line]
    assert sift([BORING, BORING, line]) == [line]


@pytest.mark.parametrize("sift", [by_line, by_block])
@pytest.mark.parametrize("accelerated", [True, False])
@pytest.mark.parametrize(
    "rest",
    [rb'"a":"\n\t\\ \u00e9 \u003c"', rb'"a":"\"quoted\""', b'"a":"eventNames"', b'"b":"\xff"'],
)
def test_backslashes_alone_do_not(rest: bytes, accelerated: bool, sift) -> None:
    decode.set_accelerators(accelerated)
    try:
        assert sift([BORING, b'{"eventName":"Describe",' + rest + b"}\n"] * 3) == []
    finally:
        decode.set_accelerators(True)


def test_a_hidden_name_is_found_however_it_is_spelt() -> None:
    hidden = hidden_finder(b"eventName")
    assert hidden(rb'{"\u0065\u0076\u0065\u006E\u0074\u004e\u0061\u006d\u0065":1}')
    assert not hidden(rb'{"eventName":"a","x":"\u0065vent"}')
