"""`hunt --format html`: one page on stdout or in a file, with the raw events behind its evidence."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from builders.html_page import Page
from click.testing import CliRunner

from cli import second_look
from cli.main import flowtrap as group
from flowtrap.model.counters import Counters
from report.page import COUNTER_MEANINGS

from .conftest import BILLING, CASE, QUIET

REPO = Path(__file__).resolve().parents[2]
EXAMPLES = REPO / "tests" / "data" / "examples"


@pytest.fixture
def html(flowtrap):
    """Return `html(path, …)`, which gives the page and the result."""

    def run(*arguments, **options):
        result = flowtrap("hunt", *arguments, "--format", "html", **options)
        return Page(result.stdout), result

    return run


def raw_texts(page: Page) -> list[dict]:
    return [json.loads(code.text) for code in page.all("code") if "pre" in code.parents]


def test_page_shows_the_case_and_its_raw_events(html, logs) -> None:
    page, result = html(logs(*CASE, *QUIET))
    assert result.exit_code == 0, result.output
    assert page.one("h1").text == "1 high case"
    assert BILLING in {e.text for e in page.all("code", "value")}
    assert raw_texts(page) == list(CASE)
    assert "read 3 records" in result.stderr


def test_output_goes_to_a_file(flowtrap, logs, tmp_path: Path) -> None:
    result = flowtrap("hunt", logs(*CASE), "--format", "html", "--output", "found.html")
    assert result.stdout == ""
    text = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>\n")
    assert text.endswith("</html>\n")


def test_same_run_gives_the_same_bytes_where_the_time_is_fixed(html, logs, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1773133200")
    path = logs(*CASE)
    first, second = html(path)[1].stdout, html(path)[1].stdout
    assert first == second
    assert "2026-03-10 09:00:00 UTC" in first


def test_packed_and_wrapped_records_are_found_again(html, tmp_path: Path) -> None:
    document = json.dumps({"Records": list(CASE)}).encode()
    (tmp_path / "trail.json.gz").write_bytes(gzip.compress(document))
    lines = "".join(json.dumps({"result": {"_raw": json.dumps(row)}}) + "\n" for row in CASE)
    (tmp_path / "splunk.json").write_text(lines)
    for name in ("trail.json.gz", "splunk.json"):
        assert raw_texts(html(name)[0]) == list(CASE)


def test_standard_input_cannot_be_read_again_and_the_page_says_so(html) -> None:
    page, _ = html("-", input="".join(f"{json.dumps(row)}\n" for row in CASE))
    assert "standard input and pipes cannot be read again" in page.by_id("case-1").text
    assert raw_texts(page) == []


def test_files_beside_standard_input_are_read_again(html, logs) -> None:
    page, _ = html(logs(CASE[0]), "-", input=f"{json.dumps(CASE[1])}\n")
    assert raw_texts(page) == [CASE[0]]


def test_incomplete_run_is_told_with_its_messages(html, logs) -> None:
    page, result = html(logs(*CASE, '{"eventName": '))
    assert result.exit_code == 2
    assert "1 could not be parsed" in page.one("div", "alert").text
    assert "not a record" in page.one("ul", "messages").text
    assert page.all("p", "partly")


def test_unreadable_input_is_told(html, logs) -> None:
    page, result = html("none.jsonl", logs(*CASE))
    assert result.exit_code == 1
    assert "Not all input could be read" in page.one("div", "alert").text
    assert "none.jsonl" in page.one("ul", "messages").text


def test_suppressed_is_listed_where_it_is_asked_for(html, logs, tmp_path: Path) -> None:
    (tmp_path / "flowtrap.yml").write_text(
        "tunables:\n  allowed_deployers:\n"
        "    - {pattern: '*user/eve', reason: the deployer, owner: platform}\n"
    )
    path = logs(*CASE)
    page, _ = html(path, "--show-suppressed")
    (row,) = page.one("table", "rows").children[1].children
    assert "the deployer, platform" in row.text
    assert "flowtrap.yml" in page.one("dl", "facts").text
    assert not html(path)[0].all("table", "rows")


def test_span_of_time_is_told(html, logs) -> None:
    page, _ = html(logs(*CASE), "--since", "2026-03-10T09:00", "--until", "2026-03-10T09:10")
    facts = page.one("dl", "facts").text
    assert "from 2026-03-10 09:00:00 UTC until 2026-03-10 09:10:00 UTC" in facts


def test_second_look_stops_at_its_bound(html, logs, monkeypatch) -> None:
    monkeypatch.setattr(second_look, "MOST_CHARACTERS", 1)
    page, _ = html(logs(*CASE))
    assert raw_texts(page) == [CASE[0]]


def test_nothing_is_read_twice_without_findings(html, logs, monkeypatch) -> None:
    monkeypatch.setattr(second_look, "Hunt", None)
    page, _ = html(logs(*QUIET))
    assert page.one("h1").text == "No cases found"


def test_examples_have_every_raw_event(monkeypatch) -> None:
    """VPC flow logs bear no ids: theirs are found by reading every record."""
    monkeypatch.chdir(REPO)
    result = CliRunner().invoke(group, ["hunt", str(EXAMPLES), "--format", "html"])
    page = Page(result.stdout)
    assert len(page.all("li", "step")) == len(page.all("details", "raw")) > 30
    assert "aws_vpcflow" in result.stdout


def test_every_counter_has_a_meaning() -> None:
    assert set(COUNTER_MEANINGS) == set(Counters().to_dict())


def test_lines_without_ids_are_read_up_to_a_bound(monkeypatch) -> None:
    monkeypatch.setattr(second_look, "MOST_LINES", 3)
    flows = str(next((EXAMPLES / "vpc-flow").iterdir()))
    result = CliRunner().invoke(group, ["hunt", flows, str(EXAMPLES), "--format", "html"])
    page = Page(result.stdout)
    assert 0 < len(page.all("details", "raw")) < len(page.all("li", "step"))
    assert "not found again" in result.stdout
