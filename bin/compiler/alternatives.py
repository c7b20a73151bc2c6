"""Stages of which any one will do: `chain.either` names them as a group, verdicts ask for that.

    either: {acts: [acts_by_name, acts_by_id]}
    require: {acts: 1}

is written out as one verdict for each member, of the same name and risk: the runtime knows no
groups. In `say`, `{acts.actor}` reads the member that the verdict rests on.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row: TypeAlias = dict[str, Any]
Groups: TypeAlias = "Mapping[str, list[str]]"


def groups_of(runtime: Row) -> Groups:
    """Return the groups of a detection: name -> members."""
    return runtime["chain"].get("either") or {}


def written_out(runtime: Row) -> Row:
    """Return a runtime form without groups."""
    groups = groups_of(runtime)
    chain = {name: value for name, value in runtime["chain"].items() if name != "either"}
    verdicts = [each for row in runtime["verdicts"] for each in _each(row, groups)]
    return {**runtime, "chain": chain, "verdicts": verdicts}


def _each(verdict: Row, groups: Groups) -> Iterator[Row]:
    """Yield a verdict for each choice of members, in the author's order."""
    asked = [name for name in verdict["require"] if name in groups]
    for members in product(*(groups[name] for name in asked)):
        chosen = dict(zip(asked, members, strict=True))
        require = {chosen.get(name, name): rule for name, rule in verdict["require"].items()}
        yield {**verdict, "require": require, "say": _said(verdict["say"], chosen)}


def _said(say: str, chosen: Mapping[str, str]) -> str:
    return re.sub(
        r"\{([a-z0-9_]+)(?=[.}])", lambda found: "{" + chosen.get(found[1], found[1]), say
    )
