"""The table for people: 80 columns whatever the log holds, evidence in order, nothing obeyed."""

from __future__ import annotations

import dataclasses
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cli.table import chosen, console_for, write_table
from flowtrap.model.finding import Entity

from .conftest import BILLING, evidence, make_finding


def table_of(*findings) -> str:
    file = io.StringIO()
    write_table(findings, file)
    return file.getvalue()


def joined(text: str) -> str:
    """Return the text without its folds."""
    return "".join(text.split())


def test_block_tells_what_when_who_and_why() -> None:
    text = table_of(make_finding())
    for part in (
        "[HIGH] Function written, then run",
        "risk 70",
        BILLING,
        "2026-03-10 09:00:00 – 2026-03-10 09:01:00 UTC",
        "eve wrote billing and ran it",
        "09:01:00 run   Invoke billing",
        "aws_written_run, ran",
    ):
        assert part in text
    assert text.endswith("1 finding: 1 high\n")
    assert "\x1b" not in text


def test_no_findings_says_so() -> None:
    assert table_of() == "no findings\n"


def test_summary_counts_the_worst_first() -> None:
    text = table_of(make_finding(), make_finding(severity="critical"), make_finding())
    assert text.splitlines()[-1] == "3 findings: 1 critical, 2 high"


def test_long_values_fold_within_80_columns_and_lose_nothing() -> None:
    arn = "arn:aws:lambda:ap-southeast-2:123456789012:function:" + "very-long-name-" * 12
    text = table_of(
        make_finding(
            title="A title " * 20,
            entities=(Entity("service_account", arn), Entity("function", BILLING)),
            explanation=f"somebody wrote {arn} " * 3,
            evidence=(evidence("effect", 0, f"Invoke {arn}"),),
        )
    )
    assert max(map(cell_len, text.splitlines())) <= 80
    assert joined(text).count(joined(arn)) == 5


def test_long_stage_name_folds_too() -> None:
    stage = "a_stage_with_a_name_of_forty_characters__"
    text = table_of(make_finding(evidence=(evidence(stage, 0, "Invoke"),), evidence_totals={}))
    assert max(map(cell_len, text.splitlines())) <= 80
    assert stage[:16] in text
    assert stage[-8:] in text


def test_evidence_is_in_time_order_with_the_first_of_each_stage() -> None:
    runs = [evidence("run", minute, f"Invoke {minute}") for minute in range(1, 40)]
    late = evidence("effect", 59, "CreateAccessKey")
    shown = chosen([late, *reversed(runs)], 12)
    assert len(shown) == 12
    assert shown[-1] == late
    assert [item.summary for item in shown[:-1]] == [f"Invoke {n}" for n in range(1, 12)]


def test_dates_are_shown_where_there_are_several() -> None:
    later = dataclasses.replace(evidence("run", 1, "Invoke"), time="2026-03-11T00:00:00.250Z")
    text = table_of(make_finding(evidence=(evidence("write", 0, "Create"), later)))
    assert "03-10 09:00:00 write Create" in text
    assert "03-11 00:00:00 run   Invoke" in text


def test_event_with_several_parts_is_shown_once() -> None:
    both = evidence("trigger", 0, "PutTargets rule nightly")
    text = table_of(make_finding(evidence=(both, dataclasses.replace(both, stage="pointed"))))
    assert "09:00:00 trigger PutTargets rule nightly\n           pointed\n" in text
    assert text.count("PutTargets") == 1


def test_rest_of_the_evidence_is_counted() -> None:
    text = table_of(make_finding(evidence_totals={"write": 1, "run": 1_234}))
    assert "+1233 more" in text
    assert "in all: write 1, run 1234" in text
    assert "more" not in table_of(make_finding())


def test_many_values_of_a_type_are_counted() -> None:
    users = tuple(Entity("user", f"user-{n}") for n in range(10))
    text = table_of(make_finding(entities=users))
    assert "user-5" in text
    assert "user-6" not in text
    assert "+4 more" in text


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "\u202eevil", "[bold red]x[/]", "[/nothing]", ":smile:"]
)
def test_log_text_is_shown_not_obeyed(hostile: str) -> None:
    text = table_of(
        make_finding(
            title=hostile,
            explanation=hostile,
            entities=(Entity("user", hostile),),
            evidence=(evidence("run", 0, hostile),),
        )
    )
    assert "\x1b" not in text
    assert "\u202e" not in text
    if hostile.startswith(("[", ":")):
        assert text.count(hostile) == 4


@given(st.text(max_size=300))
def test_any_text_stays_within_80_columns(value: str) -> None:
    text = table_of(
        make_finding(explanation=value, entities=(Entity("user", value or "-"),), title=value)
    )
    assert max(map(cell_len, text.splitlines())) <= 80
    assert not {unicodedata.category(c) for c in text.replace("\n", "")} & {"Cc", "Cf", "Cs"}


class Terminal(io.StringIO):
    """A stand-in for a terminal."""

    def isatty(self) -> bool:
        """Return True."""
        return True


def colours(monkeypatch: pytest.MonkeyPatch, **environment: str) -> bool:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    write_table([make_finding()], terminal)
    return "\x1b[" in terminal.getvalue()


def test_terminal_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    assert colours(monkeypatch)


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not colours(monkeypatch, NO_COLOR="1")


def test_file_gets_80_columns() -> None:
    assert console_for(io.StringIO()).width == 80
