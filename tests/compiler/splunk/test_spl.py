"""Every search that ships is sound SPL as far as our checker goes, and the checker can fail."""

from __future__ import annotations

import json

import pytest

from compiler.splunk.spl import Spl
from compiler.splunk.spl_query import Checker, Names
from compiler.splunk.spl_words import CUSTOM, OF_ENTITIES, OF_FINDINGS

NAMES = Names(
    macros={
        "source": "(index=* sourcetype=x)",
        "two(2)": "eval a=$x$",
        "loop": "`loop`",
        "kept": 'index=s sourcetype="flowtrap:finding"',
    },
    lookups={"known": frozenset(("sourcetype", "feed"))},
    detections=frozenset(("m365_flow",)),
)
GOOD = (
    '`source` (a OR "b c") | chaindetect detection=m365_flow state=m365_flow | where risk_score>=40',
    "`kept` | timechart span=1d count by severity",
    "`kept` | stats count as cases max(risk_score) as risk by analytic | sort 0 - risk",
    "| tstats count where index=* by sourcetype | lookup known sourcetype OUTPUT feed | where isnotnull(feed)",
    "`kept` | spath path=evidence{} output=one | fields finding_id one | mvexpand one | spath input=one | table stage time",
    'index=a [search `kept` | fields finding_id | format "(" "(" "" ")" "OR" ")"]',
    '`kept` | eval day=strftime(_time,"%F"), n=if(isnull(user_x),1,2)'.replace("user_x", "title"),
)
PLANTED = {
    "a macro that is not there": ("`sauce` | stats count", "no macro"),
    "an argument too few": ("`two(1)` | stats count", "no macro `two(1)`"),
    "macros in a circle": ("`loop`", "circle"),
    "a lone backtick": ("`source | stats count", "backtick"),
    "an open quote": ('index="a | stats count', "quote"),
    "an open bracket": ("index=a (b OR c | stats count", "not closed"),
    "a bracket too many": ("index=a b) | stats count", "no partner"),
    "crossed brackets": ("index=a [search (b] )", "no partner"),
    "a command that is none": ("index=a | stast count", "no command stast"),
    "a built-in of that name": ("index=a | correlate detection=m365_flow", "no command correlate"),
    "an unknown option": ("index=a | chaindetect detection=m365_flow stat=x", "no option stat"),
    "an unknown detection": ("index=a | chaindetect detection=m365_flwo", "no detection"),
    "no detection": ("index=a | chaindetect state=x", "needs detection"),
    "a word too many": ("index=a | chaindetect m365_flow detection=m365_flow", "does not take"),
    "an unknown function": ("index=a | eval b=strptme(c,\"%F\")", "no function strptme"),
    "too few arguments": ("index=a | eval b=if(c,1)", "if takes 3"),
    "too many arguments": ("index=a | eval b=isnull(c,1)", "isnull takes 1"),
    "an unknown aggregation": ("index=a | stats cuont(x) by y", "no aggregation cuont"),
    "an aggregation of nothing": ("index=a | stats max by y", "max needs a field"),
    "an unknown lookup": ("index=a | lookup unknown sourcetype", "no lookup unknown"),
    "an unknown column": ("index=a | lookup known sourcetype OUTPUT feet", "no column feet"),
    "a field that stats took away": ("index=a | stats count by x | where y>1", "field y"),
    "a misspelt alias": ("index=a | stats sum(n) as total by x | sort 0 - totl", "field totl"),
    "a field that findings lack": ("`kept` | where risk>40", "field risk"),
    "a field that chaindetect lacks": ("index=a | chaindetect detection=m365_flow | table finding", "field finding"),
    "a field that table took away": ("`kept` | table title | dedup finding_id", "field finding_id"),
    "an empty command": ("index=a | | stats count", "empty command"),
    "no operator": ('index=a | where b "c"', "operator is missing"),
    "an unfinished expression": ("index=a | where b>", "ends with >"),
    "no assignment": ("index=a | eval b", "no assignment"),
    "a generating command amid": ("index=a | tstats count by x", "must begin"),
    "a command that cannot begin": ("| where a=1", "cannot begin"),
    "an error in a subsearch": ("index=a [search `kept` | fields nothing]", "field nothing"),
}  # fmt: skip


@pytest.mark.parametrize("query", GOOD)
def test_a_sound_search_has_no_problem(query):
    assert Checker(NAMES).problems(query) == []


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_caught(name):
    query, told = PLANTED[name]
    found = Checker(NAMES).problems(query)
    assert any(told in problem for problem in found), found


def test_every_search_of_the_addon(staged):
    spl = Spl.of_addon(staged / "package")
    assert spl.problems() == []
    assert len(spl.searches) > len(spl.detections)
    assert len(spl.views) == 5


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("search", "no macro"),
        ("drilldown", "no macro"),
        ("risk", "no field usr"),
        ("title", "no field verdikt"),
        ("view", "no command"),
        ("token", "token severityy"),
        ("unused", "nothing uses it"),
        ("lookup", "no lookup"),
    ],
)
def test_an_error_planted_in_the_addon_is_caught(staged, where, told):
    spl = Spl.of_addon(staged / "package")
    name = next(iter(spl.searches))
    row = dict(spl.searches[name])
    views, macros, lookups = dict(spl.views), dict(spl.macros), dict(spl.lookups)
    cases = "flowtrap_cases.xml"
    if where == "search":
        row["search"] = row["search"].replace("`flowtrap_new_events`", "`flowtrap_new_event`")
    elif where == "drilldown":
        key = "action.notable.param.drilldown_searches"
        row[key] = row[key].replace("`flowtrap_findings`", "`flowtrap_finding`")
    elif where == "risk":
        row["action.risk.param._risk"] = json.dumps([{"risk_object_field": "usr"}])
    elif where == "title":
        row["action.notable.param.rule_title"] = "x: $verdikt$"
    elif where == "view":
        views[cases] = views[cases].replace("| timechart", "| timechrat")
    elif where == "token":
        views[cases] = views[cases].replace("$severity$", "$severityy$")
    elif where == "unused":
        macros["flowtrap_old"] = {"definition": "index=x"}
    else:
        del lookups["flowtrap_sources"]
    planted = spl._replace(
        searches={**spl.searches, name: row}, views=views, macros=macros, lookups=lookups
    )
    assert any(told in problem for problem in planted.problems()), planted.problems()


def test_the_checker_knows_the_command_as_it_is():
    """What it says of columns and options is what the command gives and takes."""
    rows = pytest.importorskip(
        "flowtrap_splunk.finding_rows", reason="the commands are not here yet"
    )
    command = pytest.importorskip("flowtrap_splunk.chain_detect")
    columns = {name for name in rows.FINDING_FIELDS if not name.startswith("__mv_")}
    assert columns == OF_FINDINGS | OF_ENTITIES | {"_time", "_raw"}
    assert {option.name for option in command.OPTIONS} == CUSTOM["chaindetect"]
