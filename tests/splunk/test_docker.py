"""The built package in Splunk's own image: every saved search finds what `hunt` finds.

Needs a Docker engine and `./build.sh build`. It has not been run where Flowtrap is built: no engine
is there. The parts that need no server are tested below it.
"""

from __future__ import annotations

import fnmatch
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders.all_scenarios import NAMES, event_of, everything
from builders.hunting import hunt
from builders.splunk_server import (
    IMAGE,
    SplunkServer,
    bodies,
    differences,
    engine,
    payload,
    standing,
)
from docker.errors import APIError, DockerException

from compiler.splunk.sources import SOURCES

MINUTES_2 = 125  # a run reads what was indexed more than a minute ago
TRUNCATE = 10_000  # of a sourcetype that no add-on describes: props.conf


def records() -> list[Any]:
    return [record for name in NAMES for record in everything(name)]


def wanted() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(json.dumps(hunt(records()).plain()))
    return rows


@pytest.fixture
def server(repo: Path) -> Iterator[SplunkServer]:
    """Return a Splunk with the package installed."""
    packages = sorted(
        (repo / "output").glob("TA_flowtrap-*.tar.gz"), key=lambda p: p.stat().st_mtime
    )
    if not packages:
        pytest.skip("no package in output/: ./build.sh build makes one")
    try:
        client = engine()
    except DockerException as error:
        pytest.skip(f"no Docker engine answers here: {error}")
    try:
        try:
            client.images.pull(IMAGE)
        except APIError as error:
            pytest.skip(f"{IMAGE} cannot be had: {error}")
        with SplunkServer.started(client, packages[-1]) as running:
            yield running
    finally:
        client.close()


@pytest.mark.server
@pytest.mark.slow
def test_every_saved_search_finds_what_hunt_finds(server):
    searches = server.searches()
    assert len(searches) > 20
    for name in searches:
        server.unschedule(name)
    server.send(map(payload, records()))
    time.sleep(MINUTES_2)
    for _ in range(2):  # a second run reads the same again, and tells nothing new
        for name in searches:
            server.run(name)
    found = server.rows(
        "index=summary sourcetype=flowtrap:finding | sort 0 _indextime revision | fields _raw"
    )
    assert differences(standing(json.loads(row["_raw"]) for row in found), wanted()) == []


# -- what needs no server ----------------------------------------------------------------------


def test_every_record_becomes_an_event_that_its_macro_selects():
    for record in records():
        sent = payload(record)
        event = event_of(record)
        assert any(fnmatch.fnmatch(sent["sourcetype"], t) for t in SOURCES[event.feed].sourcetypes)
        assert "*" not in sent["sourcetype"]
        assert sent["time"] * 1000 == pytest.approx(event.time_ms)
        assert sent["event"] == record
        assert len(json.dumps(record)) < TRUNCATE


def test_bodies_hold_every_event_once():
    sent = list(map(payload, everything("aws")[:7]))
    posts = list(bodies(sent, 3))
    decoder, read = json.JSONDecoder(), []
    for post in posts:
        text = post.decode()
        while text:
            one, end = decoder.raw_decode(text)
            read.append(one)
            text = text[end:]
    assert len(posts) == 3
    assert read == sent


def test_the_comparison_reports_what_is_missing_unwanted_and_different():
    rows = wanted()
    found = standing(rows)
    assert differences(found, rows) == []
    one, two, *rest = rows
    changed = {**two, "verdict": "other"}
    lines = differences(standing([changed, *rest, {**one, "finding_id": "x"}]), rows)
    assert [line.split(":")[0] for line in lines] == ["missing", "unwanted", "differs"]
    assert lines[-1].endswith(": verdict")


def test_what_is_superseded_does_not_stand():
    told = [{"finding_id": "a", "revision": 1}, {"finding_id": "b"}]
    gone = {"finding_id": "a", "superseded_by": "b"}
    assert standing([*told, gone]) == {"b": {"finding_id": "b"}}
