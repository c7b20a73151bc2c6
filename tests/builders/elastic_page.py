"""Writes docs/elastic-scenarios.md: what the native rules tell of each scenario, beside the engine.

PYTHONPATH=package/lib:bin:tests python -m builders.elastic_page      (starts a node of its own)
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from elasticsearch import Elasticsearch

from builders.elastic_node import Node, assembled
from builders.elastic_scenarios import (
    FOLDERS,
    Case,
    Told,
    cases,
    namespace,
    reads_flattened,
    told,
    unread,
)
from builders.hunting import ALARMING, hunt

Verdicts = set[tuple[str, str]]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "elastic-scenarios.md"
_HEAD = """\
# What the native rules catch

Every scenario of [scenarios.md](scenarios.md) as documents of Elastic's integrations, asked of a real
Elasticsearch 8.19 with the rules that `flowtrap elastic rules` writes, at default tunables; beside it
what the engine tells of the same events (`hunt`, `elastic run`). Written by
`python -m builders.elastic_page`; tests/elastic/test_rules_scenarios.py fails when it is not current.

**Caught**: both tell of the case. **Missed**: only the engine does. **Over-reported**: only the rule
does. **Quiet**: neither. "Original kept" is the integration's setting "Preserve original event";
"without" is an integration as it comes, where the fields are all there is, mapped as the
integration and Fleet map them; "runtime fields" is the same after
`elastic deploy --runtime-fields` ([elastic-deploy.md](elastic-deploy.md)). A verdict is named where the rule's differs from the engine's, and
so are records that no integration reads. Why a rule cannot say more: its page in
[elastic-rules.md](elastic-rules.md).
"""


def page(node: Elasticsearch, room: str) -> str:
    """Return the page's text; the node is asked for all of it."""
    total: dict[str, Counter[str]] = {}
    parts: list[str] = []
    for platform in FOLDERS:
        kept = told(node, room, platform, original=True)
        bare = told(node, room, platform, original=False)
        below = bare
        if reads_flattened(platform):
            below = told(node, room, platform, original=False, runtime=True)
        answers = {"original kept": kept, "without": bare, "runtime fields": below}
        lines = [f"## {platform}", "", f"| scenario | {' | '.join(answers)} | verdicts |"]
        lines.append("| --- | --- | --- | --- | --- |")
        lines += [_row(case, answers, total) for case in cases(platform)]
        parts += [*lines, ""]
    head = ["| | caught | missed | over-reported | quiet |", "| --- | --- | --- | --- | --- |"]
    for name, counts in total.items():
        shown = (counts[word] for word in ("caught", "missed", "over-reported", "quiet"))
        head.append(f"| {name} | {' | '.join(map(str, shown))} |")
    return "\n".join([_HEAD, *head, "", *parts])


def _row(case: Case, answers: dict[str, Told], total: dict[str, Counter[str]]) -> str:
    core = {(f.detection, f.verdict) for f in hunt(case.records).findings if f.severity in ALARMING}
    ours = {name: told.get(namespace(case.id), set()) for name, told in answers.items()}
    words = {name: _word(core, some) for name, some in ours.items()}
    for name, word in words.items():
        total.setdefault(name, Counter())[word] += 1
    return f"| {case.id} | {' | '.join(words.values())} | {_differs(core, ours, unread(case))} |"


def _word(core: Verdicts, rules: Verdicts) -> str:
    by_core, by_rules = ({name for name, _ in some} for some in (core, rules))
    if by_core & by_rules:
        return "caught"
    return "missed" if by_core else "over-reported" if by_rules else "quiet"


def _differs(core: Verdicts, ours: dict[str, Verdicts], unread_records: int) -> str:
    """Return where the rules differ from the engine; what is as with the original is not repeated."""
    (_, kept), *others = ours.items()
    parts = [_against(core, kept)]
    for name, some in others:
        if some != kept:
            parts.append(f"{name}: {_against(core, some) or 'as the engine'}")
    if unread_records:
        parts.append(f"records that no integration reads: {unread_records}")
    return "; ".join(filter(None, parts)) or "–"


def _against(core: Verdicts, rules: Verdicts) -> str:
    only = [f"engine only {name}: {verdict}" for name, verdict in sorted(core - rules)]
    only += [f"rule only {name}: {verdict}" for name, verdict in sorted(rules - core)]
    return "; ".join(only)


def main() -> None:
    """Start a node, write the page."""
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
        Node(Path(folder), assembled()) as node,
        Elasticsearch(node.url, request_timeout=120) as client,
    ):
        PAGE.write_text(page(client, "page"), encoding="utf-8")


if __name__ == "__main__":
    main()
