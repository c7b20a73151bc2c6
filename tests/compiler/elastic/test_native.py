"""How a feed's fields are computed: in working order, original first, flags in the one place for them."""

from __future__ import annotations

import pytest

from compiler.elastic import native

GCP = native.feed("gcp_audit")


def test_the_original_is_read_before_the_integrations_columns():
    (reading, choice) = GCP.commands({"resource"}).before
    assert reading.startswith("GROK event.original ")
    assert choice == "EVAL gc_resource = COALESCE(gc_resource_0, gcp.audit.resource_name)"


def test_a_column_that_is_no_keyword_is_read_as_text():
    assert (
        GCP.commands({"src"}).before[-1] == "EVAL gc_src = COALESCE(gc_src_0, TO_STRING(source.ip))"
    )


def test_each_field_is_computed_once_and_after_what_it_names():
    commands = GCP.commands({"account", "project"})
    assert [line.partition(" = ")[0] for line in commands.before][-2:] == [
        "EVAL gc_project",
        "EVAL gc_account",
    ]


def test_what_depends_on_a_flag_comes_after_it():
    commands = GCP.commands({"open_to_all", "resource"})
    assert list(commands.flags) == ["gc_has_everywhere"]
    assert [line.partition(" = ")[0] for line in commands.after] == ["EVAL gc_open_to_all"]
    lines = commands.lines("gc_open_to_all gc_resource", ["event.id"])
    counted = next(line for line in lines if line.startswith("STATS "))
    assert 'gc_has_everywhere = COUNT(*) WHERE KQL("' in counted
    assert counted.endswith(" BY _id")
    for kept in ("event.id", "gc_resource", "gc_everywhere"):
        assert f"{kept} = VALUES({kept})" in counted
    assert "gc_resource_0 = VALUES" not in counted


def test_without_flags_nothing_is_aggregated():
    assert not [line for line in GCP.commands({"resource"}).lines("", []) if "STATS" in line]
    unflagged = GCP.commands({"open_to_all"}).unflagged()
    assert "EVAL gc_has_everywhere = false" in unflagged
    assert not [line for line in unflagged if "STATS" in line]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("allUsers", '"allUsers"'),
        ("0.0.0.0/0", '"0.0.0.0/0"'),
        ('say "x"', r'"say \"x\""'),
        ("*", "*"),
        ("*@example.com", "*@example.com"),
        ("a:b*", r"a\:b*"),
    ],
)
def test_values_are_sought_as_they_are(value, said):
    assert native._kql(["f"], [value]) == f"f: {said}"


def test_each_pair_of_field_and_value_is_asked_by_itself():
    assert native._kql(["a", "b"], ["x", "y"]) == 'a: "x" or a: "y" or b: "x" or b: "y"'


def test_columns_are_told_with_their_capitals_and_in_back_quotes():
    query = """FROM x
| EVAL a = `b.http://c_d/e`, c = o365.audit.UserId, d = "not.a.column"
| EVAL flowtrap.x = 1"""
    assert native.columns_of(query) == ["b.http://c_d/e", "o365.audit.UserId"]
