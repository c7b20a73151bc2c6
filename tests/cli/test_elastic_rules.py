"""`flowtrap elastic rules`: the file, the settings that are compiled into it, and what goes wrong."""

from __future__ import annotations

import json

import pytest

from cli.main import flowtrap


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = flowtrap.main(["elastic", "rules", *arguments], standalone_mode=False)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def test_a_file_to_import(run, tmp_path):
    code, out, err = run("--output", "rules.ndjson", "--detection", "aws_lambda_opened")
    assert (code, out) == (0, "")
    assert "1 rules and 4 building" in err
    rows = [json.loads(line) for line in (tmp_path / "rules.ndjson").read_text().splitlines()]
    assert rows[1]["name"].startswith("Flowtrap: ")


def test_settings_are_compiled_in(run, tmp_path):
    hostile = 'ev"il\\\\*'
    settings = {"tunables": {"time_window": "48h", "allowed_functions": [hostile]}}
    (tmp_path / "flowtrap.yml").write_text(json.dumps(settings))
    _, out, _ = run("--detection", "aws_lambda_opened")
    rule = json.loads(out.splitlines()[1])
    assert '"ev\\"il' in rule["query"]
    assert "172800 seconds" in rule["query"]
    assert rule["from"] == "now-5805m"


def test_what_lies_in_flattened_fields_is_read_only_where_it_is_asked_for(run):
    """A field below a flattened one is null without the runtime fields, so it is not named."""
    name, below = (
        "gcp_function_written_then_acted",
        "gcp.audit.request.function.serviceAccountEmail",
    )
    reading = f", {below}, "
    _, without, _ = run("--detection", name)
    _, within, _ = run("--detection", name, "--runtime-fields")
    assert reading not in json.loads(without.splitlines()[1])["query"]
    assert reading in json.loads(within.splitlines()[1])["query"]


def test_a_detection_that_is_off_has_no_rule(run, tmp_path):
    (tmp_path / "flowtrap.yml").write_text("detections: {aws_lambda_opened: {enabled: false}}")
    _, out, err = run("--detection", "aws_lambda_opened")
    assert len(out.splitlines()) == 1
    assert "0 rules" in err


def test_an_unknown_detection_is_one_line(run):
    code, out, err = run("--detection", "aws_lambda_opend")
    assert code == 1
    assert out == ""
    assert "did you mean aws_lambda_opened?" in err


def test_lists_from_the_index_are_not_in_the_rules(run, tmp_path):
    asked = ("--detection", "aws_lambda_opened", "--lists", "index")
    _, before, _ = run(*asked)
    assert "LOOKUP JOIN flowtrap-lists ON detection" in json.loads(before.splitlines()[1])["query"]
    (tmp_path / "flowtrap.yml").write_text("tunables: {allowed_functions: [one, t*w*o*three]}")
    assert run(*asked)[1] == before
    assert run(*asked[:2])[1] != before
