"""flowtrap.yml is read strictly: every mistake is one line with file, line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.config import ConfigError, Settings, read

NOW_MS = 1_773_133_200_000  # 2026-03-10T09:00:00Z


def settings_of(text: str, detections, tmp_path: Path) -> Settings:
    path = tmp_path / "flowtrap.yml"
    path.write_text(text, encoding="utf-8")
    return read(str(path), detections, NOW_MS)


def test_values_are_read(detections, tmp_path: Path) -> None:
    settings = settings_of(
        """
tunables:
  time_window: 48h
  allowed_deployers:
    - "*/github-*"
    - {pattern: deploy, scope: 001234567012, reason: CI, owner: platform, expires: 2027-01-31}
detections:
  aws_written_run: {enabled: false}
  aws_other: {time_window: 7d, role_scope: [ops]}
""",
        detections,
        tmp_path,
    )
    assert settings.tunables["time_window"] == "48h"
    assert settings.tunables["allowed_deployers"] == [
        {"pattern": "*/github-*"},
        {
            "pattern": "deploy",
            "scope": "001234567012",  # YAML alone would make it 175345162
            "reason": "CI",
            "owner": "platform",
            "expires": "2027-01-31",
        },
    ]
    assert settings.disabled == {"aws_written_run"}
    assert settings.overrides["aws_other"] == {
        "time_window": "7d",
        "role_scope": [{"pattern": "ops"}],
    }
    assert settings.expired == ()


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "tunables:\n", "tunables:\n  time_window:\n"]
)
def test_nothing_set_is_no_mistake(text: str, detections, tmp_path: Path) -> None:
    assert settings_of(text, detections, tmp_path).tunables == {}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("tunabels:\n  a: 1\n", 1, "'tunabels' is not known (did you mean tunables?)"),
        (
            "tunables:\n  time_windw: 1h\n",
            2,
            "'time_windw' is not known (did you mean time_window?)",
        ),
        ("tunables:\n  x: 1\n", 2, "known are allowed_deployers, role_scope, time_window"),
        ("tunables:\n  time_window: 10x\n", 2, "'10x' is not a time span (use 30s, 10m, 2h or 1d)"),
        ("tunables:\n  time_window: 0h\n", 2, "'0h' is not a time span"),
        ("tunables:\n  time_window: [1h]\n", 2, "is not a time span"),
        ("tunables:\n  time_window: 1h\n  time_window: 2h\n", 3, "'time_window' stands here twice"),
        ("tunables:\n  allowed_deployers: ci\n", 2, "allowed_deployers is not a list"),
        ("tunables:\n  allowed_deployers:\n    - {scope: '1'}\n", 3, "an entry has no pattern"),
        ("tunables:\n  allowed_deployers:\n    -\n", 3, "an entry has no pattern"),
        (
            "tunables:\n  allowed_deployers:\n    - {pattern: a, expire: 2027-01-31}\n",
            3,
            "'expire' is not known (did you mean expires?)",
        ),
        (
            "tunables:\n  allowed_deployers:\n    - {pattern: a, expires: soon}\n",
            3,
            "'soon' is not a day",
        ),
        (
            "tunables:\n  allowed_deployers:\n    - {pattern: a, expires: 2027-02-30}\n",
            3,
            "'2027-02-30' is not a day",
        ),
        (
            "tunables:\n  allowed_deployers:\n    - {pattern: [a]}\n",
            3,
            "pattern is not a single value",
        ),
        ("tunables:\n  allowed_deployers:\n    - *ci\n", 3, "put a value that begins with * "),
        ("tunables: [\n", 2, "is not YAML"),
        ("- a\n", 1, "the file is not a mapping"),
        ("detections:\n  aws_writen_run: {}\n", 2, "did you mean aws_written_run?"),
        ("detections:\n  aws_other: {enabled: maybe}\n", 2, "enabled is neither true nor false"),
        ("detections:\n  aws_written_run:\n    role_scope: [a]\n", 3, "'role_scope' is not known"),
    ],
)
def test_mistake_names_its_line(text: str, line: int, problem: str, detections, tmp_path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(text, detections, tmp_path)
    messages = [str(item) for item in caught.value.problems]
    assert len(messages) == 1
    assert messages[0].startswith(f"{tmp_path / 'flowtrap.yml'}:{line}: ")
    assert problem in messages[0]


def test_all_mistakes_are_told_in_the_files_order(detections, tmp_path: Path) -> None:
    text = "detections:\n  nobody: {}\ntunables:\n  time_window: x\n  allowed_deployers: y\n"
    with pytest.raises(ConfigError) as caught:
        settings_of(text, detections, tmp_path)
    lines = [str(item).split(":")[1] for item in caught.value.problems]
    assert lines == ["2", "4", "5"]


def test_file_that_is_not_there_is_one_line(detections, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read(str(tmp_path / "none.yml"), detections, NOW_MS)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"tunables: \x00", b"\x80"])
def test_file_that_is_no_text_is_one_line(content: bytes, detections, tmp_path: Path) -> None:
    path = tmp_path / "flowtrap.yml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not YAML"):
        read(str(path), detections, NOW_MS)


def test_expired_entry_is_told_and_the_last_day_still_counts(detections, tmp_path: Path) -> None:
    text = (
        "tunables:\n  allowed_deployers:\n"
        "    - {pattern: today, expires: 2026-03-10}\n"
        "    - {pattern: yesterday, expires: 2026-03-09}\n"
    )
    expired = settings_of(text, detections, tmp_path).expired
    assert len(expired) == 1
    assert ":4: " in expired[0]
    assert "'yesterday' expired on 2026-03-09" in expired[0]


def test_own_value_beats_the_common_one_beats_the_default(detections, tmp_path: Path) -> None:
    text = (
        "tunables:\n  time_window: 48h\n  allowed_deployers: [ci]\n"
        "detections:\n  aws_other: {time_window: 7d, allowed_deployers: [ops]}\n"
    )
    settled, tunables = settings_of(text, detections, tmp_path).apply(detections, NOW_MS)
    spans = {d.name: tunables.over(d.defaults()).span_ms("time_window") for d in settled}
    assert spans == {"aws_written_run": 48 * 3_600_000, "aws_other": 7 * 86_400_000}
    lists = {d.name: tunables.over(d.defaults()).patterns("allowed_deployers") for d in settled}
    assert [e.pattern for e in lists["aws_written_run"].entries] == ["ci"]
    assert [e.pattern for e in lists["aws_other"].entries] == ["ci", "ops"]


def test_common_list_adds_to_the_default(detections, tmp_path: Path) -> None:
    settings = settings_of("tunables:\n  role_scope: [ops]\n", detections, tmp_path)
    settled, tunables = settings.apply(detections, NOW_MS)
    scope = tunables.over(settled[1].defaults()).patterns("role_scope")
    assert [entry.pattern for entry in scope.entries] == ["*admin*", "ops"]


def test_disabled_detection_is_left_out(detections, tmp_path: Path) -> None:
    settings = settings_of("detections:\n  aws_other: {enabled: false}\n", detections, tmp_path)
    settled, _ = settings.apply(detections, NOW_MS)
    assert [detection.name for detection in settled] == ["aws_written_run"]
