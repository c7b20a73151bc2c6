"""Anchors with verdicts, and the runs of them that make a case (semantics 5 and 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flowtrap.model.detection import FirstSeen

from . import entry as entries_
from .reach import Seen
from .views import union

if TYPE_CHECKING:
    from flowtrap.model.detection import Requirement, Verdict
    from flowtrap.model.hit import Hit

    from .reach import Reach
    from .related import Related, Relations
    from .views import Span


class Judged(NamedTuple):
    """An anchor, its verdict, and what is related to it."""

    anchor: Hit
    verdict: Verdict
    related: Related


def together(case: list[Judged]) -> dict[str, list[Span]]:
    """Return by stage what is related to any anchor of a case, in few spans."""
    spans: dict[str, list[Span]] = {}
    seen: dict[str, dict[Reach, list[bytes]]] = {}
    for item in case:
        for stage, found in item.related.items():
            if isinstance(found, Seen):
                seen.setdefault(stage, {}).setdefault(found.reach, []).append(found.anchor)
            else:
                spans.setdefault(stage, []).extend(found)
    for stage, reaches in seen.items():
        for reach, anchors in reaches.items():
            spans.setdefault(stage, []).extend(reach.spans(anchors))
    return {stage: union(found) for stage, found in spans.items()}


def judge(
    anchor: Hit, relations: Relations, watermark_ms: int | None, final: bool
) -> Judged | None:
    """Return the anchor with its verdict of highest risk, None where no verdict holds."""
    related = relations.of(anchor)
    use = relations.uses[relations.detection.anchor]
    closed = _closed(anchor, relations, watermark_ms, final)
    for verdict in relations.detection.verdicts:
        if not verdict.present <= related.keys():
            continue
        if all(_required(rule, related, relations, closed) for rule in verdict.require) and all(
            relations.passes(rule, use, anchor) for rule in verdict.anchor
        ):
            return Judged(anchor, verdict, related)
    return None


def _required(rule: Requirement, related: Related, relations: Relations, closed: bool) -> bool:
    spans = related.get(rule.stage, [])
    if rule.at_least:
        return bool(spans) and relations.meets(rule, spans)
    return closed and not relations.meets(rule, spans)


def may_hold(anchor: Hit, relations: Relations, unsettled: frozenset[str]) -> bool:
    """Tell whether the anchor may have a verdict, whatever still comes of the unsettled stages.

    What has been seen before may turn out otherwise as well, so `first_seen` counts as met.
    """
    related = relations.of(anchor)
    use = relations.uses[relations.detection.anchor]
    return any(
        verdict.present - unsettled <= related.keys()
        and all(
            rule.stage in unsettled or _may_meet(rule, related, relations)
            for rule in verdict.require
        )
        and all(
            isinstance(rule, FirstSeen) or relations.passes(rule, use, anchor)
            for rule in verdict.anchor
        )
        for verdict in relations.detection.verdicts
    )


def _may_meet(rule: Requirement, related: Related, relations: Relations) -> bool:
    if any(isinstance(condition, FirstSeen) for condition in rule.where):
        return True
    return _required(rule, related, relations, closed=True)


def _closed(anchor: Hit, relations: Relations, watermark_ms: int | None, final: bool) -> bool:
    """Tell whether absence is decided: nothing can come any more that lies in the window."""
    if final:
        return True
    return watermark_ms is not None and watermark_ms > anchor.time_ms + relations.window_ms


def runs(judged: list[Judged], window_ms: int) -> list[list[Judged]]:
    """Split anchors in time order where the next lies more than a window later."""
    cases: list[list[Judged]] = []
    for item in judged:
        if cases and item.anchor.time_ms - cases[-1][-1].anchor.time_ms <= window_ms:
            cases[-1].append(item)
        else:
            cases.append([item])
    return cases


def judge_log(
    log: list[bytes], relations: Relations, watermark_ms: int | None, final: bool
) -> list[list[Judged]]:
    """Return the cases of one case key."""
    anchors = [entries_.unpack(entry) for entry in log]
    judged = [judge(anchor, relations, watermark_ms, final) for anchor in anchors]
    return runs([item for item in judged if item], relations.window_ms)
