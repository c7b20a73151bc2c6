"""Groups of stages: one verdict becomes several, in the author's order; sentences follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler import load_detection
from compiler.lint import chain, verdicts
from compiler.lint.run import lint

if TYPE_CHECKING:
    from conftest import Folder

GROUP = "  either: {any: [run, grant]}\n  related:\n"


@pytest.fixture
def grouped(folder: Folder) -> Folder:
    """Return the good detection with a group that its second verdict asks for."""
    folder.change("  related:\n", GROUP)
    seen = "{first_seen: {key: [account, function], over: 30d}}"
    folder.change(f"require: {{run: {{at_least: 1, where: {seen}}}}}", "require: {any: 1}")
    folder.change("'{function} ran.'", "'{function}: {any} ({any.count}), {anyone}'")
    folder.change(
        "facts: [actor, summary]", "facts: {actor: actor, summary: summary, anyone: actor}"
    )
    return folder


def test_a_verdict_for_each_member(grouped: Folder) -> None:
    row = load_detection(grouped.path)
    assert "either" not in row["chain"]
    _, first, second = row["verdicts"]
    assert [list(first["require"]), list(second["require"])] == [["run"], ["grant"]]
    assert first["say"] == "{function}: {run} ({run.count}), {anyone}"
    assert second["say"] == "{function}: {grant} ({grant.count}), {anyone}"
    assert {first["name"], second["name"]} == {"ran_new"}
    assert first["risk"] == second["risk"]


def test_facts_of_a_group_are_those_of_all_members(grouped: Folder) -> None:
    grouped.change("{any.count}", "{any.privilege}")
    (issue,) = lint(grouped.root, [verdicts.Placeholders])
    assert "'privilege' is no key or fact of 'any'" in issue.problem


def test_group_in_a_sentence_must_be_required(grouped: Folder) -> None:
    grouped.change("it ran {run.count} times: {run}.", "{any}")
    (issue,) = lint(grouped.root, [verdicts.Placeholders])
    assert "this verdict does not require it" in issue.problem


def test_group_cannot_be_absent(grouped: Folder) -> None:
    grouped.change("require: {any: 1}", "require: {any: 0}")
    (issue,) = lint(grouped.root, [chain.GroupMembers])
    assert "cannot be required to be absent" in issue.problem


def test_a_stage_is_asked_by_itself_or_as_a_member(grouped: Folder) -> None:
    grouped.change("require: {any: 1}", "require: {any: 1, grant: 1}")
    (issue,) = lint(grouped.root, [chain.GroupsApart])
    assert "'grant' is required twice" in issue.problem
