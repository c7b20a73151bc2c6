"""The page about the native rules, docs/elastic-rules.md, made from the detections.

    PYTHONPATH=package/lib:bin python -m compiler.elastic.docs

tests/compiler/elastic/test_docs.py fails when the page is not current.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compiler.runtime_json import DETECTIONS, compile_all
from flowtrap.content.runtime import from_document
from flowtrap.model.tunable import Tunables

from . import native
from .export import natives, settled_by
from .query import query_of
from .rule import DELAY, INTERVAL, SLACK, limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .export import Native

PAGE = DETECTIONS.parent / "docs" / "elastic-rules.md"
_HEAD = f"""\
# Rules for Kibana's detection engine

Written by `PYTHONPATH=package/lib:bin python -m compiler.elastic.docs`; edit the detections, not
this page. What each rule catches: [elastic-scenarios.md](elastic-scenarios.md).

```
bin/flowtrap elastic rules --output rules.ndjson [--config flowtrap.yml] [--detection NAME]
```

Import the file in Kibana under **Security → Rules → Import**. It holds one ES|QL rule for each
detection, a building block for each stage that such a rule joins, and an exception list that all of
them ask. All come switched off; ids never change, so that a later import with "overwrite" updates
them. They need Elasticsearch 8.19 or later; suppression by case needs a Platinum licence.

A query fails over a column that no index maps, and the integrations map many fields only when the
first document has them: `event.original`, where it is never kept, not at all. So every rule also
asks the empty index `{native.COLUMNS_INDEX}`, which maps them all. `bin/flowtrap elastic deploy`
makes it (without `--kibana` as well); who runs the rules needs `read` on it.

What a rule reads: `event.original`, where the integration's setting "Preserve original event" keeps
it, else the integration's own fields. A field that the integration flattens cannot be read by
ES|QL; a rule can search it for values that are known beforehand, such as `allUsers`. With
`bin/flowtrap elastic deploy --runtime-fields` it is read as well, without the original event
([elastic-deploy.md](elastic-deploy.md)).

## How a rule works

One query does what the engine does: it selects the events of all stages, reads keys from them,
joins each anchor with what is related to it inside its own window (sliding, both ends included, a
key for each edge, as many hops as the chain has), judges the verdicts, and gives a row for each
case. `flowtrap.verdict`, `flowtrap.severity` and `flowtrap.risk_score` say which verdict held; the
alert takes severity and risk from them. `flowtrap.evidence` lists `stage:event.id/event.action`, or
the document's `_id` where there is no event.id.

A rule runs every {INTERVAL} minutes over twice the window and {INTERVAL + DELAY} minutes, and tells
what became true in the last {INTERVAL + SLACK} minutes. An event that arrives more than {DELAY}
minutes late may be missed. To look at old cases, run its query by hand without the line that has
NOW() and a span.

Windows of `flowtrap.yml` are compiled into the queries, and so are its lists, with scope and
expiry: after a change, write and import the rules again. With `--lists index`, as `flowtrap elastic
deploy` does it, the queries read the lists from the index `flowtrap-lists`, and an edit of a list
changes no rule ([elastic-deploy.md](elastic-deploy.md); all but `internal_domains`). Both tell the
same. A rule costs the same either way with ten entries a list (3.6 and 2.9 s over 3,007 events),
and a fifth with the index at a hundred, half of them scoped (28.3 and 5.5 s; on two busy cores).
The exception list takes events out before they are joined, whatever their stage.

What must be seen for the first time is first among the events of the rule's look-back. Domains are
the site's own where an event that the rule selects shows a member of it.

Verdicts below medium severity are not told. All verdicts, and first sight over thirty days, are
what `flowtrap elastic run` is for: it runs the engine itself.

Every query runs on a real Elasticsearch 8.19 and passes Elastic's offline validator
(`detection-rules-esql-py`) in the tests. None is in EQL, which loses something of every verdict
([decisions/0008](decisions/0008-why-no-rule-is-in-eql.md)).

`--by-namespace` never joins events of different `data_stream.namespace`: for a service provider who
keeps customers apart by it.
"""


def page() -> str:
    """Return the page's text."""
    detections = from_document(compile_all(), place="detections")
    settled = settled_by(detections, Tunables({}, now_ms=0))
    found = list(natives(DETECTIONS, settled))
    lines = [_HEAD, "## The rules", "", *_overview(found)]
    for one in found:
        lines += ["", *_section(one)]
    return "\n".join(lines) + "\n"


def _overview(found: list[Native]) -> Iterator[str]:
    yield "| detection | data sets | verdicts told | left out |"
    yield "| --- | --- | --- | --- |"
    for one in found:
        told = dict.fromkeys(v.name for v in one.plan.verdicts)
        left = len(dict.fromkeys(text.partition(":")[0] for text in one.plan.left_out))
        name = one.subject.name
        yield f"| [{name}](#{name}) | {', '.join(_data_sets(one))} | {len(told)} | {left or '–'} |"


def _data_sets(one: Native) -> list[str]:
    used = {name for stage in one.plan.stages() for name in one.plan.feed_of(stage).feed.datasets}
    return sorted(used)


def _section(one: Native) -> Iterator[str]:
    yield f"### {one.subject.name}"
    yield ""
    yield f"**{one.subject.runtime['title']}**"
    yield ""
    told = dict.fromkeys(f"{v.name} ({v.severity} {v.risk})" for v in one.plan.verdicts)
    yield f"Tells: {', '.join(told) or 'nothing natively'}."
    yield ""
    yield "What the native form cannot express:"
    yield ""
    yield from (f"* {text}" for text in limits(one.plan))
    if one.plan.verdicts:
        columns = native.columns_of(query_of(one.plan, "1 minute"))
        yield ""
        yield f"Columns that it names: {', '.join(f'`{name}`' for name in columns)}."


if __name__ == "__main__":
    Path(PAGE).write_text(page(), encoding="utf-8")
