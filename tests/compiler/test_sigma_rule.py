"""Each stage is a Sigma rule that pySigma reads, converts and agrees with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sigma.backends.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.rule import SigmaRule

from compiler.building_blocks import Library
from compiler.detection_file import read_subject
from compiler.runtime_json import DETECTIONS, detection_paths
from compiler.sigma_rule import sigma_rule

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Folder


def test_rule_says_what_the_stage_says(folder: Folder) -> None:
    subject = read_subject(folder.path)
    rule = SigmaRule.from_yaml(sigma_rule(subject, "write"))
    assert rule.title == "Function written, its role granted, then run: write"
    assert str(rule.logsource.product) == "aws"
    assert [str(tag) for tag in rule.tags] == [
        "attack.execution",
        "attack.t1648",
        "attack.t1098.003",
    ]
    assert "A function was written." in str(rule.description)
    assert rule.detection.condition == ["selection and not failed"]


def test_rule_converts(folder: Folder) -> None:
    text = sigma_rule(read_subject(folder.path), "grant")
    (query,) = SplunkBackend().convert(SigmaCollection.from_yaml(text))
    assert (
        query
        == 'eventSource="iam.amazonaws.com" eventName IN ("AttachRolePolicy", "PutRolePolicy")'
    )


def test_normalised_fields_are_named(folder: Folder) -> None:
    folder.change(
        "eventName: [AttachRolePolicy, PutRolePolicy]}", "role: x, eventName: AttachRolePolicy}"
    )
    rule = SigmaRule.from_yaml(sigma_rule(read_subject(folder.path), "grant"))
    assert str(rule.description).endswith("Made by Flowtrap's normaliser: role.")


def test_id_and_text_are_stable(folder: Folder) -> None:
    subject = read_subject(folder.path)
    assert sigma_rule(subject, "run") == sigma_rule(read_subject(folder.path), "run")
    assert (
        SigmaRule.from_yaml(sigma_rule(subject, "run")).id
        != SigmaRule.from_yaml(sigma_rule(subject, "grant")).id
    )


@pytest.mark.parametrize("path", detection_paths(DETECTIONS), ids=lambda path: path.stem)
def test_shipped_stages_are_sigma_rules(path: Path) -> None:
    subject = read_subject(path, Library(DETECTIONS / "feeds"))
    for name in subject.stages:
        rule = SigmaRule.from_yaml(sigma_rule(subject, name))
        assert rule.detection.parsed_condition[0].parsed is not None
