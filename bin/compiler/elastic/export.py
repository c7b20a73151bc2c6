"""All rules of a folder of detections, and the one file that Kibana imports.

Example: `ndjson(rules(natives(folder, settled)))` gives the lines of the file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.alternatives import written_out
from compiler.building_blocks import Library
from compiler.detection_file import read_subject
from compiler.runtime_json import detection_paths

from .lists import LISTS
from .plan import plan_of
from .rule import EXCEPTIONS, chain_rule, stage_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from compiler.subject import Subject
    from flowtrap.model.detection import Detection
    from flowtrap.model.tunable import Tunables

    from .plan import Plan

Row = dict[str, Any]


@dataclass(frozen=True)
class Native:
    """A detection and its plan; `plan.verdicts` is empty where nothing can be asked natively."""

    subject: Subject
    plan: Plan


def natives(
    folder: Path,
    settled: Mapping[str, Tunables],
    lists: str = "compiled",
    *,
    runtime_fields: bool = False,
) -> Iterator[Native]:
    """Yield the detections of a folder that have tunables in `settled`, with their plans.

    `lists` says how queries come to the lists of flowtrap.yml, a name of `lists.LISTS`.
    """
    library = Library(folder / "feeds")
    for path in detection_paths(folder):
        if path.stem in settled:
            subject = read_subject(path, library)
            blocks = {name: stage.block for name, stage in subject.stages.items()}
            runtime = written_out(subject.runtime)
            own = settled[path.stem]
            plan = plan_of(runtime, blocks, own, LISTS[lists], runtime_fields=runtime_fields)
            yield Native(subject, plan)


def settled_by(detections: Iterable[Detection], site: Tunables) -> dict[str, Tunables]:
    """Return each detection's tunables, the site's values laid over its own defaults."""
    return {
        one.name: site.over({name: row["default"] for name, row in one.tunables.items()})
        for one in detections
    }


def rules(found: Iterable[Native], *, by_namespace: bool = False) -> Iterator[Row]:
    """Yield each detection's rule, then the building blocks of their stages, each once."""
    told = [one for one in found if one.plan.verdicts]
    for one in told:
        yield chain_rule(one.plan, one.subject, by_namespace=by_namespace)
    blocks: dict[str, Row] = {}
    for one in told:
        for row in stage_rules(one.plan, one.subject):
            blocks.setdefault(row["rule_id"], row)
    yield from blocks.values()


def ndjson(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of the file: the exception list that every rule asks, then the rules."""
    exceptions = {
        "list_id": EXCEPTIONS,
        "type": "detection",
        "namespace_type": "single",
        "name": "Flowtrap exceptions",
        "description": "Events that no Flowtrap rule looks at; empty until you add to it.",
        "tags": ["Flowtrap"],
        "os_types": [],
    }
    for row in (exceptions, *rows):
        yield json.dumps(row, ensure_ascii=True) + "\n"
