"""The example exports give exactly the expected cases, and the script still writes them."""

from __future__ import annotations

import json

import pytest
from builders import example_tenants, make_examples
from builders.hunting import hunt, text_of

# detection, verdict, severity; on AWS the function's name, elsewhere what kind of automation it names
EXPECTED = {
    ("aws_lambda_created_then_acted", "acted_with_privilege", "critical", "thumbnailer"),
    ("aws_lambda_replaced_then_acted", "new_key_used", "critical", "report-export"),
    ("aws_lambda_trigger_planted", "backdoored_user", "critical", "onboarding-helper"),
    ("aws_lambda_created_then_acted", "acted", "high", "onboarding-helper"),
    ("aws_lambda_outbound", "outbound_with_privilege", "high", "log-shipper"),
    ("aws_lambda_opened", "opened", "medium", "payment-webhook"),
    ("gcp_function_written_then_acted", "key_made_and_used", "critical", "function"),
    ("gcp_function_opened", "created_and_opened", "high", "function"),
    ("azure_function_written_then_acted", "acted", "high", "function"),
    ("m365_flow_then_links", "many_links", "high", "flow"),
    ("m365_flow_then_forwarding", "forwarded_outside_and_hidden", "high", "flow"),
    ("workspace_script_reads_data", "much_read_and_may_leave", "high", "script"),
    ("workspace_delegation_used_on_many", "many_read", "high", "app"),
}
LIMIT_BYTES = 1_000_000
FLOWS = "vpc-flow/123456789012_vpcflowlogs_us-east-1_20260313.log"


@pytest.fixture(scope="module")
def outcome():
    return hunt(paths=[str(make_examples.EXAMPLES)])


def test_script_writes_identical_files():
    """If it fails, run python -m builders.make_examples and read the change."""
    committed = {
        str(path.relative_to(make_examples.EXAMPLES)): path.read_text(encoding="utf-8")
        for path in sorted(make_examples.EXAMPLES.rglob("*"))
        if path.is_file()
    }
    assert committed == make_examples.files()


def test_examples_are_small_and_synthetic():
    text = "".join(make_examples.files().values())
    assert len(text.encode()) < LIMIT_BYTES
    accounts = {record["recipientAccountId"] for record in make_examples.every_record()}
    assert accounts == {"123456789012"}


def test_examples_give_exactly_the_expected_cases(outcome):
    found = {
        (finding.detection, finding.verdict, finding.severity, automation_of(finding))
        for finding in outcome.alarms
    }
    assert found == EXPECTED


def automation_of(finding):
    arns = [entity.value for entity in finding.entities if entity.type == "function"]
    if finding.detection.startswith("aws_"):
        return ",".join(sorted(arn.rsplit(":", 1)[-1] for arn in arns))
    kinds = {entity.type for entity in finding.entities}
    return next(kind for kind in ("function", "flow", "script", "app") if kind in kinds)


def test_examples_are_read_whole(outcome):
    counters = outcome.hunt.counters
    flows = make_examples.files()[FLOWS].count("\n")
    others = sum(map(len, map(example_tenants.records_of, example_tenants.TENANTS)))
    split = sum(len(r.get("events", ())) - 1 for r in workspace() if "events" in r)
    assert counters.read == len(make_examples.every_record()) + flows - 1 + others + split
    assert not outcome.hunt.incomplete
    assert counters.unrecognised == counters.duplicate == 0


def workspace():
    """Return the Workspace records: each member of an activity is read as a record."""
    return example_tenants.records_of(example_tenants.TENANTS[-1])


def test_examples_show_every_analytic_and_platform(outcome):
    shown = {(finding.analytic, finding.detection.split("_")[0]) for finding in outcome.alarms}
    assert shown == {
        ("AN1053", "aws"),
        ("AN1053", "gcp"),
        ("AN1053", "azure"),
        ("AN1054", "m365"),
        ("AN1055", "workspace"),
    }


def test_examples_give_the_same_without_the_byte_filter(outcome):
    again = hunt(paths=[str(make_examples.EXAMPLES)], sifting=False, accelerators=False)
    assert again.plain() == outcome.plain()


def test_outbound_case_names_the_far_end(outcome):
    told = [text_of(finding) for finding in outcome.alarms if "log-shipper" in text_of(finding)]
    assert any("203.0.113.99:443" in text for text in told)
    assert not any("10.0.0.2" in text for text in told)


def test_every_finding_is_plain_json(outcome):
    for finding in outcome.findings:
        assert json.loads(text_of(finding))["finding_id"] == finding.finding_id
