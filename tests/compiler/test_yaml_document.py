"""YAML with lines: values are what the author sees, and every path knows its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.yaml_document import dotted, parse, read
from flowtrap.model.errors import DetectionError

HERE = Path("x.yml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z"),
        ("2026-03-02", "2026-03-02"),
        ("yes", "yes"),
        ("off", "off"),
        ("true", True),
        ("False", False),
        ("012345678901", "012345678901"),
        ("123456789012", 123456789012),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("1.5", 1.5),
        ("-3", -3),
        ("'3'", "3"),
        ("null", None),
        ("~", None),
        ("", None),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("=", "="),
    ],
)
def test_scalar_is_what_it_looks_like(text: str, value: Any) -> None:
    found = parse(f"a: {text}", HERE).value["a"]
    assert found == value
    assert type(found) is type(value)


def test_paths_know_their_lines() -> None:
    document = parse("a: 1\nb:\n  c:\n    - x\n    - d: 2\n", HERE)
    assert document.line(("b",)) == 2
    assert document.line(("b", "c", 0)) == 4
    assert document.line(("b", "c", 1, "d")) == 5
    assert document.line(("b", "nothing", "deeper")) == 2
    assert document.place(("b", "c", 1, "d")) == "x.yml:5: b.c[1].d"
    assert document.place() == "x.yml:1"
    assert dotted(("a", 0, "b")) == "a[0].b"


def test_anchors_and_merge_keys_work() -> None:
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\nd: {<<: *a}\n"
    value = parse(text, HERE).value
    assert value["b"] == {"x": 1, "y": 3}
    assert value["c"] == [{"x": 1, "y": 2}] * 2
    assert value["d"] == value["a"]


def test_at_gives_a_default() -> None:
    document = parse("a: [1]", HERE)
    assert document.at(("a", 0)) == 1
    assert document.at(("a", 7), "none") == "none"
    assert document.at(("b", "c")) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: }\n", "x.yml:2: is not YAML"),
        ("a: 1\nb: 2\na: 3", "x.yml:3: is not YAML: the key 'a' is written twice"),
        ("a: *b", "x.yml:1: is not YAML"),
        ("a: !!python/object:os.system {}", "x.yml:1: is not YAML"),
        ("? [a]\n: 1", "a key must be text"),
        ("a: \x01", "x.yml"),
    ],
)
def test_bad_yaml_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DetectionError) as caught:
        parse(text, HERE)
    assert message in str(caught.value)


def test_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DetectionError, match="cannot be read"):
        read(tmp_path / "none.yml")
