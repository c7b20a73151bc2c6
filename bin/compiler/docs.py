"""The catalogue of detections, a Markdown page made from the files.

Example: `catalogue(Path("detections"))` -> `# Detections …`, a table and a section for each. The
same files give the same page.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .building_blocks import Library
from .detection_file import read_subject
from .runtime_json import DETECTIONS, detection_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .subject import Subject

_WHEN = {"before": "before it", "after": "after it", "around": "before or after it"}


def catalogue(folder: Path | str = DETECTIONS) -> str:
    """Return the page about every detection of a folder."""
    folder = Path(folder)
    library = Library(folder / "feeds")
    subjects = [read_subject(path, library) for path in detection_paths(folder)]
    lines = [
        "# Detections",
        "",
        "Made by the compiler from `detections/`; edit the files there, not this page.",
        "",
        *_overview(subjects),
    ]
    for subject in subjects:
        lines += ["", *_section(subject)]
    return "\n".join(lines) + "\n"


def write_catalogue(folder: Path | str, target: Path | str) -> None:
    """Write the page."""
    Path(target).write_text(catalogue(folder), encoding="utf-8")


def _overview(subjects: Sequence[Subject]) -> list[str]:
    rows = [
        (
            f"[{s.name}](#{s.name})",
            s.runtime["title"],
            s.runtime["analytic"],
            ", ".join(_feeds(s)),
            str(len(s.runtime["verdicts"])),
            _highest(s),
        )
        for s in subjects
    ]
    return _table(("detection", "what", "analytic", "feeds", "verdicts", "at most"), rows)


def _feeds(subject: Subject) -> list[str]:
    return list(dict.fromkeys(stage.feed for stage in subject.stages.values()))


def _highest(subject: Subject) -> str:
    verdict = max(subject.runtime["verdicts"], key=lambda row: row["risk"])
    return f"{verdict['severity']} ({verdict['risk']})"


def _section(subject: Subject) -> Iterator[str]:
    runtime = subject.runtime
    yield from (f"## {subject.name}", "", f"**{runtime['title']}**", "")
    if runtime.get("description"):
        yield from (str(runtime["description"]).strip(), "")
    yield from (f"{_attack_line(runtime)} Window: {_window(runtime)}.", "")
    yield from _table(("stage", "feed", "place in the chain", "what"), _stage_rows(subject))
    yield ""
    rows = sorted(runtime["verdicts"], key=lambda row: -row["risk"])
    cells = [(row["name"], row["severity"], str(row["risk"]), row["say"]) for row in rows]
    yield from _table(("verdict", "severity", "risk", "says"), cells)
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
    return f"{len(default)} entries" if len(default) > 1 else f"{len(default) or 'no'} entry"


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
