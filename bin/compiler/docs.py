"""The catalogue of detections, docs/detections.md, made from the files.

    PYTHONPATH=package/lib:bin python -m compiler.docs

A part for each analytic and platform, a section for each detection. The same files give the same
page; tests/compiler/test_docs.py fails when the page is not current.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .building_blocks import Library
from .detection_file import read_subject
from .runtime_json import DETECTIONS, detection_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .subject import Subject

PAGE = DETECTIONS.parent / "docs" / "detections.md"
_HEAD = """\
# Detections

What fires, on what, and what it cannot see; by MITRE analytic and platform. Written from
`detections/` by `PYTHONPATH=package/lib:bin python -m compiler.docs`; edit the files there, not
this page. How to read them: [detection-format.md](detection-format.md). How to quiet or widen them:
[tuning.md](tuning.md).
"""
_ANALYTICS = {"AN1053": "IaaS", "AN1054": "office suite", "AN1055": "SaaS"}  # MITRE, DET0374
_PLATFORMS = {
    "aws": "AWS",
    "gcp": "Google Cloud",
    "gws": "Google Workspace",
    "m365": "Microsoft 365",
    "workspace": "Google Workspace",
}
PATTERNS_SHOWN = 4
_WHEN = {"before": "before it", "after": "after it", "around": "before or after it"}


def catalogue(folder: Path | str = DETECTIONS) -> str:
    """Return the page about every detection of a folder."""
    folder = Path(folder)
    library = Library(folder / "feeds")
    subjects = [read_subject(path, library) for path in detection_paths(folder)]
    groups: dict[str, list[Subject]] = {}
    for subject in subjects:
        groups.setdefault(_group(subject), []).append(subject)
    lines = [_HEAD, *_overview(groups)]
    for title in sorted(groups):
        lines += ["", f"## {title}", "", *_feed_lines(groups[title], library)]
        for subject in groups[title]:
            lines += ["", *_section(subject)]
    return "\n".join(lines) + "\n"


def write_catalogue(folder: Path | str, target: Path | str) -> None:
    """Write the page."""
    Path(target).write_text(catalogue(folder), encoding="utf-8")


def _group(subject: Subject) -> str:
    """Return `AN1053 (IaaS) on AWS`: the analytic, and the platform that the folder names."""
    analytic = str(subject.runtime["analytic"])
    kind = f" ({_ANALYTICS[analytic]})" if analytic in _ANALYTICS else ""
    platform = subject.document.path.parent.name.partition("_")[2]
    return f"{analytic}{kind} on {_PLATFORMS.get(platform, platform.capitalize())}"


def _overview(groups: Mapping[str, Sequence[Subject]]) -> list[str]:
    rows = [
        (
            f"[{s.name}](#{s.name})",
            s.runtime["title"],
            title,
            ", ".join(_feeds(s)),
            str(len(s.runtime["verdicts"])),
            _highest(s),
        )
        for title in sorted(groups)
        for s in groups[title]
    ]
    return _table(("detection", "what", "analytic, platform", "feeds", "verdicts", "at most"), rows)


def _feed_lines(subjects: Iterable[Subject], library: Library) -> Iterator[str]:
    """Yield the feeds of a group, and which of their logs are off by default."""
    names = dict.fromkeys(feed for subject in subjects for feed in _feeds(subject))
    for name in names:
        document = library.feed(name)
        yield f"* **{name}**: {_flat(document.at(('title',), name))}"
        for text in document.at(("optional",), []) or []:
            yield f"  * {_flat(text)}"


def _feeds(subject: Subject) -> list[str]:
    return list(dict.fromkeys(stage.feed for stage in subject.stages.values()))


def _highest(subject: Subject) -> str:
    verdict = max(subject.runtime["verdicts"], key=lambda row: row["risk"])
    return f"{verdict['severity']} ({verdict['risk']})"


def _section(subject: Subject) -> Iterator[str]:
    runtime = subject.runtime
    yield from (f"### {subject.name}", "", f"**{runtime['title']}**", "")
    if runtime.get("description"):
        yield from (str(runtime["description"]).strip(), "")
    yield from (f"{_attack_line(runtime)} Window: {_window(runtime)}.", "")
    yield from _table(("stage", "feed", "place in the chain", "what"), _stage_rows(subject))
    yield ""
    if subject.groups:
        groups = (f"`{name}` ({', '.join(of)})" for name, of in subject.groups.items())
        yield from (f"Any one stage will do of {'; '.join(groups)}.", "")
    rows = sorted(runtime["verdicts"], key=lambda row: -row["risk"])
    cells = [
        (row["name"], row["severity"], str(row["risk"]), _asks(row), row["say"]) for row in rows
    ]
    yield from _table(("verdict", "severity", "risk", "asks for", "says"), cells)
    yield from _tunables(runtime["tunables"])
    for part, title in (
        ("blind", "Blind spots"),
        ("false_positives", "False positives"),
        ("triage", "Triage"),
        ("references", "References"),
    ):
        yield from _prose(title, runtime.get(part))


def _attack_line(runtime: dict[str, Any]) -> str:
    attack = runtime["attack"]
    techniques = ", ".join(
        f"[{name}](https://attack.mitre.org/techniques/{name.replace('.', '/')}/)"
        for name in attack["techniques"]
    )
    tactics = ", ".join(attack["tactics"])
    return f"{attack['strategy']}, {runtime['analytic']}; {techniques}; {tactics}."


def _window(runtime: dict[str, Any]) -> str:
    window = runtime["chain"]["window"]
    if isinstance(window, str):
        return window
    name = window["tunable"]
    return f"`{name}` ({runtime['tunables'][name]['default']})"


def _stage_rows(subject: Subject) -> Iterator[tuple[str, ...]]:
    for name, stage in subject.stages.items():
        yield name, stage.feed, _place(subject, name), stage.block_description


def _place(subject: Subject, name: str) -> str:
    relation = subject.runtime["chain"]["related"].get(name)
    if relation is None:
        return "anchor"
    keys = ", ".join(relation["match"])
    by = f" by way of {relation['from']}" if relation.get("from") else ""
    return f"{_WHEN[relation['when']]}{by}, same {keys}"


def _asks(verdict: dict[str, Any]) -> str:
    """Return `acts ≥ 1 (first seen), grant ≥ 1 (privilege in role_scope)`."""
    parts = [
        f"{stage} {_count(rule)}{_where(rule.get('where'))}"
        for stage, rules in verdict["require"].items()
        for rule in (rules if isinstance(rules, list) else [rules])
    ]
    anchor = _where(verdict.get("anchor"))
    return ", ".join(parts + ([f"anchor{anchor}"] if anchor else [])) or "the anchor alone"


def _count(rule: dict[str, Any]) -> str:
    if not rule["at_least"]:
        return "none"
    return f"≥ {rule['at_least']}{' different ' + rule['distinct'] if rule.get('distinct') else ''}"


def _where(conditions: list[dict[str, Any]] | None) -> str:
    return f" ({'; '.join(map(_condition, conditions))})" if conditions else ""


def _condition(row: dict[str, Any]) -> str:
    if row["op"] == "first_seen":
        return f"first {', '.join(row['key'])} in {row['over']}"
    return f"{row['field']} {row['op'].replace('_', ' ')} {row.get('tunable', row.get('value'))}"


def _tunables(tunables: dict[str, Any]) -> Iterator[str]:
    if not tunables:
        return
    yield ""
    rows = [
        (f"`{name}`", row["kind"], _default(row["default"]), row["description"])
        for name, row in tunables.items()
    ]
    yield from _table(("tunable", "kind", "default", "what"), rows)


def _default(default: Any) -> str:
    if not isinstance(default, list):
        return str(default)
    patterns = [str(row["pattern"] if isinstance(row, dict) else row) for row in default]
    shown = ", ".join(patterns[:PATTERNS_SHOWN])
    more = len(patterns) - PATTERNS_SHOWN
    return (f"{shown} and {more} more" if more > 0 else shown) or "empty"


def _prose(title: str, value: Any) -> Iterator[str]:
    texts = [value] if isinstance(value, str) else value or []
    if texts:
        yield from ("", f"{title}:", "")
        mark = "1." if title == "Triage" else "*"
        yield from (f"{mark} {_flat(text)}" for text in texts)


def _table(head: Sequence[str], rows: Any) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return lines + [f"| {' | '.join(map(_cell, row))} |" for row in rows]


def _flat(text: object) -> str:
    """Return one line; a star is no emphasis, a number at the start no list of its own."""
    line = re.sub(r"^\d+\. ", "", " ".join(str(text).split()))
    return line.replace("*", "\\*").replace("<", "&lt;")


def _cell(text: object) -> str:
    return _flat(text).replace("|", "\\|")


if __name__ == "__main__":
    write_catalogue(DETECTIONS, PAGE)
