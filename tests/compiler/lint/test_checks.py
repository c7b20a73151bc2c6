"""Each check by itself: the good detection passes it, and each mistake is found by it alone.

A row is one change of tests/compiler/data/an1053_aws/aws_good_chain.yml (or of its feed), and the
problem that the check must tell, on the line where the marker stands.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from compiler.lint import (
    attack,
    cases,
    chain,
    entities,
    identity,
    prose,
    stages,
    tunables,
    verdicts,
)
from compiler.lint.check import ERROR, WARNING, Check, Issue
from compiler.lint.run import has_errors, lint
from compiler.lint.table import CHECKS, ESSENTIAL

if TYPE_CHECKING:
    from conftest import Folder


class Mistake(NamedTuple):
    """One change, the check that must find it, what it must say, and near which text."""

    check: type[Check]
    old: str
    new: str
    problem: str
    marker: str
    in_feed: bool = False

    @property
    def id(self) -> str:
        """Return a name for the test."""
        return f"{self.check.id}: {self.problem}"[:60]


LAMBDA_RE = r"eventName|re: '^(CreateFunction|UpdateFunctionCode)(\d{8}(v\d)?)?$'"
MISTAKES = [
    Mistake(identity.FileName, "name: aws_good_chain", "name: aws_chain", "is not the file's name", "name: aws_chain"),
    Mistake(identity.Folder, "analytic: AN1053", "analytic: AN1054", "the folder 'an1053_aws' is not", "analytic:"),
    Mistake(identity.Folder, "name: aws_good_chain", "name: good_chain", "begins with aws_", "name: good"),
    Mistake(identity.UniqueId, "id: 6d3f3c2a", "id: x6d3f3c2a", "is not a uuid", "id: x"),
    Mistake(identity.UniqueId, "id: 6d3f3c2a", "id: 6D3F3C2A", "is not written as", "id: 6D"),
    Mistake(attack.AttackIds, "DET0374,", "DET374,", "'DET374' is not an id", "DET374"),
    Mistake(attack.AttackIds, "T1098.003", "T1098.3", "'T1098.3' is not an id", "T1098.3"),
    Mistake(attack.AttackIds, "DC0069", "DS0069", "'DS0069' is not an id", "DS0069"),
    Mistake(attack.AttackIds, "analytic: AN1053", "analytic: '1053'", "is not an analytic", "analytic"),
    Mistake(attack.Tactics, "[execution]", "[Execution]", "'Execution' is not a tactic", "tactics"),
    Mistake(chain.StagesUsed, "    run: {match: {account: account, function: function}, when: after}\n", "", "'run' is not in the chain", "  run: {use"),
    Mistake(chain.RelationStages, "anchor: write", "anchor: wrote", "'wrote' is no stage", "anchor: wrote"),
    Mistake(chain.RelationStages, "    run: {match", "    ran: {match", "'ran' is no stage", "ran: {match"),
    Mistake(chain.RelationStages, "    run: {match", "    write: {match", "cannot be related to itself", "write: {match"),
    Mistake(chain.RelationStages, "    run: {match", "    run: {from: grunt, match", "'grunt' is no related stage", "run: {from"),
    Mistake(chain.RelationStages, "    run: {match", "    run: {from: run, match", "leads back to itself", "run: {from"),
    Mistake(chain.MatchKeys, "role: role}, when", "role: privilege}, when", "'privilege' is no key of 'grant'", "    grant: {match"),
    Mistake(chain.MatchKeys, "role: role}, when", "nobody: role}, when", "'nobody' is no key of 'write'", "    grant: {match"),
    Mistake(chain.GroupMembers, "  related:\n", "  either: {any: [run, ran]}\n  related:\n", "'ran' is no related stage", "either:"),
    Mistake(chain.GroupMembers, "  related:\n", "  either: {grant: [run, grant]}\n  related:\n", "'grant' is a stage as well", "either:"),
    Mistake(chain.GroupMembers, "  related:\n    grant:", "  either: {run: [grant, run]}\n  related:\n    grant:", "'run' is a stage as well", "either:"),
    Mistake(chain.CaseKeys, "case: [account, function]", "case: [account, actor]", "'actor' is no key of the anchor", "case:"),
    Mistake(verdicts.SeverityMatchesRisk, "risk: 70", "risk: 59", "risk 59 is not high", "risk: 59"),
    Mistake(verdicts.SeverityMatchesRisk, "risk: 70", "risk: 85", "risk 85 is not high", "risk: 85"),
    Mistake(verdicts.SeverityMatchesRisk, "risk: 30", "risk: 40", "risk 40 is not low", "risk: 40"),
    Mistake(verdicts.SeverityMatchesRisk, "risk: 30", "risk: 19", "risk 19 is not low", "risk: 19"),
    Mistake(verdicts.UniqueVerdicts, "name: ran_new", "name: ran_with_privilege # again", "name 'ran_with_privilege' is that of", "# again"),
    Mistake(verdicts.UniqueVerdicts, "risk: 30", "risk: 70 # again", "risk 70 is that of ran_with_privilege", "# again"),
    Mistake(verdicts.VerdictRests, "    require: {run: {at_least: 1, where: {first_seen: {key: [account, function], over: 30d}}}}\n    anchor: {role: {not_in: role_scope}}\n", "", "'ran_new' holds for every anchor", "name: ran_new"),
    Mistake(verdicts.RequirementNames, "      run: {at_least: 2, distinct: actor}", "      write: {at_least: 2}", "'write' is no related stage", "      write: {at"),
    Mistake(verdicts.RequirementNames, "distinct: actor", "distinct: role", "'role' is no key or fact of 'run'", "distinct: role"),
    Mistake(verdicts.RequirementNames, "{privilege: {in", "{actor: {in", "'actor' is no key or fact of 'grant'", "{actor: {in"),
    Mistake(verdicts.RequirementNames, "key: [account, function]", "key: [account, role]", "'role' is no key or fact of 'run'", "key: [account, role]"),
    Mistake(verdicts.RequirementNames, "anchor: {role:", "anchor: {rule:", "'rule' is no key or fact of 'write'", "anchor: {rule"),
    Mistake(verdicts.Placeholders, "{actor} wrote", "{user} wrote", "{user}: 'user' is no stage", "{user}"),
    Mistake(verdicts.Placeholders, "{run.count}", "{runs.count}", "'runs' is no stage", "{runs"),
    Mistake(verdicts.Placeholders, "{grant.privilege}", "{grant.actor}", "'actor' is no key or fact of 'grant'", "{grant.actor}"),
    Mistake(verdicts.Placeholders, "{grant.privilege}", "{}", "is no placeholder", "{} was"),
    Mistake(verdicts.Placeholders, "{function} ran.", "{function ran.", "a brace without its fellow", "{function ran"),
    Mistake(verdicts.Placeholders, "{function} ran.", "{write.count.x} ran.", "is no placeholder", "{write.count.x"),
    Mistake(verdicts.Placeholders, "{function} ran.", "{any.count} ran.", "'any' is no stage", "{any.count"),
    Mistake(verdicts.FirstSeenSane, "over: 30d", "over: 1d", "learn 7d is longer than over 1d", "over: 1d"),
    Mistake(verdicts.FirstSeenSane, "over: 30d", "over: 0d, learn: 0d", "over is nothing", "over: 0d"),
    Mistake(verdicts.FirstSeenSane, "key: [account, function]", "key: [actor]", "compares facts alone", "key: [actor]"),
    Mistake(tunables.TunablesDefined, "in: allowed_deployers", "in: deployers", "'deployers' is no tunable", "in: deployers"),
    Mistake(tunables.TunablesDefined, "{in: role_scope}", "{in: scope}", "'scope' is no tunable", "{in: scope}"),
    Mistake(tunables.TunablesDefined, "window: {tunable: time_window}", "window: {tunable: role_scope}", "is a list, but a duration is needed", "window: {"),
    Mistake(tunables.TunablesDefined, "in: allowed_deployers", "in: time_window", "is a duration, but a list is needed", "in: time_window"),
    Mistake(tunables.TunablesDefined, "detection:\n      selection: {eventSource: iam.amazonaws.com,", "detection: # here\n      selection: {'role|expand': '%scope%', eventSource: iam.amazonaws.com,", "'scope' is no tunable", "# here"),
    Mistake(tunables.TunablesUsed, "tunables:\n", "tunables:\n  idle: {kind: list, default: [], description: x}\n", "'idle' is not used", "idle:"),
    Mistake(tunables.InferredLists, "default: ['*admin*']", "infer: home, default: ['*admin*']", "no stage has a fact 'home'", "infer: home"),
    Mistake(tunables.InferredLists, "kind: duration", "infer: actor, kind: duration", "'time_window' is inferred, but no verdict asks it", "infer: actor"),
    Mistake(tunables.TunableDefaults, "default: 24h", "default: a day", "'a day' is not a time span", "default: a day"),
    Mistake(tunables.TunableDefaults, "default: ['*admin*']", "default: admin", "the default of a list is a list", "default: admin"),
    Mistake(tunables.TunableDefaults, "default: ['*admin*']", "default: [{pattern: x, expires: soon}]", "'soon' is not a day", "expires: soon"),
    Mistake(tunables.SuppressNames, "{key: actor, in", "{key: privilege, in", "'privilege' is no key or fact of 'write'", "{key: privilege"),
    Mistake(tunables.SuppressNames, "{key: actor, in", "{stage: ran, key: actor, in", "'ran' is no stage", "{stage: ran"),
    Mistake(entities.EntityTypes, "{user: actor", "{person: actor", "'person' is not a type of entity", "{person"),
    Mistake(entities.EntityTypes, "entities: {user: actor, role: [role]}\n", "", "names no entities", "name: aws_good_chain"),
    Mistake(entities.EntityNames, "{user: actor", "{user: actress", "'actress' is no key or fact", "{user: actress"),
    Mistake(prose.ProsePresent, "triage: [Ask the author.]\n", "", "triage is missing", "name: aws_good_chain"),
    Mistake(prose.ProsePresent, "[A new pipeline.]", "['']", "false_positives is missing or empty", "false_positives"),
    Mistake(prose.ProsePresent, "references: [https://attack.mitre.org/detectionstrategies/DET0374/]", "references: []", "references is missing", "references"),
    Mistake(prose.ReferenceUrls, "[https://", "[http://", "is no https address", "references"),
    Mistake(cases.TestKinds, "kind: boundary", "kind: negative", "no test of kind boundary", "tests:"),
    Mistake(cases.TestNames, "name: negative", "name: positive", "a test 'positive' already", "kind: negative"),
    Mistake(cases.TestExpectations, "expect: [{verdict: ran_with_privilege}]", "expect: []", "expects a finding", "kind: positive"),
    Mistake(cases.TestExpectations, "[{verdict: ran_new,", "[{verdict: run_new,", "'run_new' is no verdict", "{verdict: run_new"),
    Mistake(cases.TestExpectations, "evidence: {run: 1}", "evidence: {ran: 1}", "'ran' is no stage", "evidence: {ran"),
    Mistake(cases.VerdictsTested, "[{verdict: ran_new, evidence: {run: 1}}]", "[]", "no test expects the verdict 'ran_new'", "name: ran_new"),
    Mistake(stages.EventNameNeedsSource, "{eventSource: iam.amazonaws.com, eventName:", "{eventName:", "eventName without eventSource", "{eventName: [Attach"),
    Mistake(stages.EventNameNeedsSource, "{eventSource: iam.amazonaws.com, eventName:", "{action:", "action without eventSource", "{action: [Attach"),
    Mistake(stages.EventNameNeedsSource, "{eventSource: lambda.amazonaws.com, eventName: Invoke}", "[{eventName|startswith: Invoke}]", "eventName without eventSource", "[{eventName", True),
    Mistake(stages.NoSuchEvents, "AttachRolePolicy,", "PassRole,", "'PassRole' never comes", "PassRole"),
    Mistake(stages.NoSuchEvents, "eventName: Invoke}", "eventName: InvokeFunction}", "'InvokeFunction' never comes", "InvokeFunction", True),
    Mistake(stages.NoSuchEvents, "'^(CreateFunction|", "'^(PassRole|", "never comes", "PassRole|"),
    Mistake(stages.DatedNames, LAMBDA_RE, "eventName: CreateFunction", "'CreateFunction' never comes", "eventName: CreateFunction"),
    Mistake(stages.SelectionsUsed, "condition: selection and not failed", "condition: selection", "'failed' is not in the condition", "failed:"),
    Mistake(stages.KnownFields, "errorCode|exists", "errorCod|exists", "has no field 'errorCod'", "errorCod|"),
    Mistake(stages.KnownFields, "{privilege: privilege}", "{privilege: priv}", "has no field 'priv'", "privilege: priv}"),
    Mistake(stages.KnownFields, "facts: [actor]", "facts: [actress]", "has no field 'actress'", "facts: [actress]", True),
    Mistake(stages.KnownFields, "failed: {errorCode|exists: true}", "failed: {errorCode|fieldref: errorCod}", "has no field 'errorCod'", "detection:"),
    Mistake(stages.KnownFields, "  grant:\n    feed: aws_cloudtrail", "  grant:\n    feed: aws_trail", "there is no feed 'aws_trail'", "feed: aws_trail"),
]  # fmt: skip
# of more than one change: below, and in test_alternatives.py
TOGETHER = {identity.UniqueTitle, chain.GroupsApart}


def test_good_detection_has_no_issue(folder: Folder) -> None:
    assert lint(folder.root) == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.id)
def test_check_finds_the_mistake(folder: Folder, mistake: Mistake) -> None:
    path = folder.change(mistake.old, mistake.new, folder.feed if mistake.in_feed else None)
    issues = lint(folder.root, [mistake.check])
    assert any(mistake.problem in issue.problem for issue in issues), issues
    issue = next(issue for issue in issues if mistake.problem in issue.problem)
    assert issue.id == mistake.check.id
    assert issue.severity == mistake.check.severity
    assert issue.place.split(": ")[0] == f"{path.name}:{folder.line_of(mistake.marker, path)}"


def test_every_check_has_a_mistake_that_it_finds() -> None:
    assert {mistake.check for mistake in MISTAKES} | TOGETHER == set(CHECKS)


def test_checks_have_ids_of_their_own() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    assert {check.severity for check in CHECKS} <= {ERROR, WARNING}
    assert all(check.severity == ERROR for check in ESSENTIAL)


@pytest.mark.parametrize(
    ("kept", "check", "problem"),
    [
        ("id", identity.UniqueId, "aws_good_chain.yml has this id already"),
        ("title", identity.UniqueTitle, "aws_good_chain.yml has this title already"),
    ],
)
def test_second_file_with_the_same_is_found(
    folder: Folder, kept: str, check: type[Check], problem: str
) -> None:
    other = folder.path.with_name("aws_other_chain.yml")
    shutil.copy(folder.path, other)
    folder.change("name: aws_good_chain", "name: aws_other_chain", other)
    folder.change("6d3f3c2a", "6d3f3c2a" if kept == "id" else "7d3f3c2a", other)
    folder.change("title: Function", "title: Function" if kept == "title" else "title: New", other)
    (issue,) = lint(folder.root)
    assert (issue.id, issue.problem) == (check.id, problem)
    assert issue.place.startswith("aws_other_chain.yml:")


def test_file_that_does_not_compile_hides_no_other(folder: Folder) -> None:
    broken = folder.path.with_name("aws_broken.yml")
    broken.write_text("name: [\n", encoding="utf-8")
    folder.change("risk: 70", "risk: 59")
    assert [issue.id for issue in lint(folder.root)] == ["compile", "severity_risk"]


def test_building_block_is_checked_though_nobody_takes_it(folder: Folder) -> None:
    block = "\n  idle:\n    description: x\n    detection: {s: {eventName: A}, condition: s}\n    keys: [nobody]\n"
    folder.feed.write_text(
        folder.feed.read_text(encoding="utf-8").rstrip() + block, encoding="utf-8"
    )
    issues = lint(folder.root)
    assert [issue.id for issue in issues] == ["event_source", "known_fields"]
    assert all(issue.place.startswith("aws_cloudtrail.yml:") for issue in issues)


def test_broken_building_block_is_told_once(folder: Folder) -> None:
    folder.change("eventName: Invoke}", "'eventName|like': x}", folder.feed)
    (issue,) = lint(folder.root)
    assert issue.id == "compile"
    assert "stages.run.detection.selection.eventName|like" in issue.place


def test_native_roots_of_the_feed_go_before_the_built_in(folder: Folder) -> None:
    folder.change(
        "title: AWS CloudTrail", "title: AWS CloudTrail\nnative_roots: [eventName]", folder.feed
    )
    fields = {issue.problem for issue in lint(folder.root, [stages.KnownFields])}
    assert fields == {
        "aws_cloudtrail has no field 'eventSource'",
        "aws_cloudtrail has no field 'errorCode'",
    }


def test_exclusion_lets_one_detection_off_one_check(folder: Folder) -> None:
    folder.change("risk: 70", "risk: 59")
    assert lint(folder.root, exclusions={("severity_risk", "aws_good_chain"): "why"}) == []
    assert lint(folder.root, exclusions={("severity_risk", "aws_other"): "why"}) != []


def test_warnings_are_no_errors(folder: Folder) -> None:
    folder.change("tunables:\n", "tunables:\n  idle: {kind: list, default: [], description: x}\n")
    issues = lint(folder.root)
    assert issues
    assert not has_errors(issues)
    assert has_errors([*issues, Issue("x", ERROR, "a:1", "p", "c")])


def test_issue_reads_as_one_line() -> None:
    issue = Issue(
        "severity_risk", ERROR, "a.yml:3: verdicts[0]", "risk 59 is not high", "high is 60"
    )
    assert (
        str(issue)
        == "a.yml:3: verdicts[0]: error: risk 59 is not high (high is 60) [severity_risk]"
    )
