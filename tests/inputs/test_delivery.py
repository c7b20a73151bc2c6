"""The XML stream that splunkd reads: bytes, order, back-pressure, a pipe that breaks."""

from __future__ import annotations

import io
import json
import os
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowtrap_inputs.delivery import CHUNK_BYTES, EventStream
from flowtrap_inputs.errors import ClosedError
from flowtrap_inputs.health import Health


def a_stream(pipe):
    return EventStream(pipe, "flowtrap_workspace://a&b", Health("x"))


def read(pipe: io.BytesIO):
    return list(ElementTree.fromstring(pipe.getvalue()))


def test_an_event_goes_out_with_its_time_index_and_sourcetype():
    pipe = io.BytesIO()
    stream = a_stream(pipe)
    stream.write(b'{"a":"<&>"}', time_s=1764000000.1234, sourcetype="s", index="main")
    stream.write(b"{}", time_s=None, sourcetype="s")
    stream.close()
    first, second = read(pipe)
    assert first.get("stanza") == "flowtrap_workspace://a&b"
    assert [(one.tag, one.text) for one in first] == [
        ("time", "1764000000.123"), ("index", "main"), ("sourcetype", "s"), ("data", '{"a":"<&>"}'),
    ]  # fmt: skip
    assert [one.tag for one in second] == ["sourcetype", "data"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_any_json_comes_out_as_it_went_in_in_order(texts):
    """As JSON: what XML cannot hold is written as JSON's escape, which says the same."""
    pipe = io.BytesIO()
    stream = a_stream(pipe)
    sent = [json.dumps({"t": text}, ensure_ascii=False) for text in texts]
    for text in sent:
        stream.write(text.encode(), time_s=1.0, sourcetype="s")
    stream.close()
    out = [one.findtext("data") for one in read(pipe)]
    assert [json.loads(text) for text in out] == [json.loads(text) for text in sent]
    for one, other in zip(out, sent, strict=True):
        if not set(other) & {"\x7f", "\ufffe", "\uffff"} and other.isprintable():
            assert one == other


def test_bytes_that_are_no_utf8_do_not_break_the_stream():
    pipe = io.BytesIO()
    stream = a_stream(pipe)
    stream.write(b'{"a":"\xff\x00"}\r\n', time_s=1.0, sourcetype="s")
    stream.close()
    assert read(pipe)[0].findtext("data") == '{"a":"\ufffd\\u0000"}\r\n'


def test_a_slow_reader_holds_the_writer_back():
    """No more than a chunk and what the pipe holds is taken while nobody reads."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb") as writer:
        stream = a_stream(writer)
        taken = []

        def write_all():
            for _ in range(400):
                stream.write(b"x" * 1000, time_s=1.0, sourcetype="s")
                taken.append(1)
            stream.close()
            writer.close()

        thread = threading.Thread(target=write_all)
        thread.start()
        time.sleep(0.3)
        held = len(taken)
        assert held * 1000 <= 2 * CHUNK_BYTES + 65_536
        assert len(list(ElementTree.fromstring(reader.read()))) == 400
        thread.join()


def test_flush_returns_when_it_is_out():
    pipe = io.BytesIO()
    stream = a_stream(pipe)
    stream.write(b"{}", time_s=1.0, sourcetype="s")
    assert pipe.getvalue() == b""
    stream.flush()
    assert b"{}" in pipe.getvalue()


def test_a_pipe_that_nobody_reads_is_told():
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb", buffering=0) as writer:
        stream = a_stream(writer)
        stream.write(b"{}", time_s=1.0, sourcetype="s")
        for act in (stream.flush, stream.flush, stream.close):
            with pytest.raises(ClosedError):
                act()
